//! Opening records on all cores.
//!
//! Replaying logs is mostly parsing records and checking signatures. Each record is parsed and checked independently of the
//! others ([`OpenedRecord`]), so threads take chunks of records, of whichever logs, one thread for each core. The rest is
//! done by one thread and in order: the chain, and who may do what. So the results, and the error that is reported when
//! there are several, are the same as on one core.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use transparency::package::OpenedRecord;

use crate::arena;

/// How many records a thread takes at once: enough that taking costs nothing, and few enough that the last thread is not
/// waited for.
const CHUNK: usize = 16;

/// The most bytes of records that are open at once. Open, a record takes some times its bytes.
const WINDOW: usize = 4 * 1024 * 1024;

/// Records on their way to being opened, which come out in the order that they went in.
pub(super) struct Opening<'r> {
    closed: VecDeque<&'r [u8]>,
    opened: VecDeque<OpenedRecord>,
    threads: usize,
}

impl<'r> Opening<'r> {
    pub(super) fn of(records: impl Iterator<Item = &'r [u8]>) -> Self {
        let closed: VecDeque<_> = records.collect();
        let chunks = closed.len().div_ceil(CHUNK);
        let threads = if chunks > 1 {
            thread::available_parallelism().map_or(1, NonZero::get)
        } else {
            1
        };
        Self {
            closed,
            opened: VecDeque::new(),
            threads: threads.min(chunks),
        }
    }
}

impl Iterator for Opening<'_> {
    type Item = OpenedRecord;

    fn next(&mut self) -> Option<OpenedRecord> {
        if self.opened.is_empty() {
            let mut bytes = 0_usize;
            let fit = self.closed.iter().take_while(|record| {
                bytes = bytes.saturating_add(record.len());
                bytes <= WINDOW
            });
            let fit = fit.count().max(1).min(self.closed.len());
            let window: Vec<_> = self.closed.drain(..fit).collect();
            self.opened = open(&window, self.threads).into();
        }
        self.opened.pop_front()
    }
}

/// Opens records, in their order.
fn open(records: &[&[u8]], threads: usize) -> Vec<OpenedRecord> {
    let chunks: Vec<_> = records.chunks(CHUNK).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(number) else {
                return done;
            };
            done.push((number, OpenedRecord::open_all(chunk.iter().copied())));
        }
    };
    let other = || {
        arena::reserve();
        work()
    };
    let mut done = thread::scope(|scope| {
        let others = threads.min(chunks.len()).saturating_sub(1);
        // Where the system gives no more threads, those that there are do it all.
        let others: Vec<_> = (0..others)
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, other).ok())
            .collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().flat_map(|(_, records)| records).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opened records tell nothing of themselves but how they print.
    fn print(records: &[OpenedRecord]) -> Vec<String> {
        records.iter().map(|record| format!("{record:?}")).collect()
    }

    #[test]
    fn records_come_out_in_their_order_whatever_the_number_of_threads() {
        let texts: Vec<_> = (0..100)
            .map(|number| format!("no record {number}"))
            .collect();
        let records: Vec<_> = texts.iter().map(String::as_bytes).collect();
        let alone = print(&open(&records, 1));
        for threads in [2, 3, 64] {
            assert_eq!(print(&open(&records, threads)), alone, "{threads}");
        }
        let one_by_one: Vec<_> = Opening::of(records.into_iter()).collect();
        assert_eq!(print(&one_by_one), alone);
    }

    #[test]
    fn no_more_is_open_at_once_than_fits() {
        let large = vec![b'x'; WINDOW / 3];
        let mut opening = Opening::of((0..8).map(|_| large.as_slice()));
        let mut left = Vec::new();
        while opening.next().is_some() {
            left.push(opening.opened.len());
        }
        assert_eq!(left, [2, 1, 0, 2, 1, 0, 1, 0]);
    }
}
