//! On which side of the operator's clocks the records of a log lie.
//!
//! Files say where the log holds a record or a clock, and nobody signs that. So what a clock takes back, or lets go back, is
//! proved; and as well that it takes back nothing where it is said not to. A clock says something only of records that are
//! as late as its time. Of those, the last one that is said to lie before it, the first one that is said to lie behind it, and
//! the clock itself are proved to lie where they are said to. All others of them follow: within a log, later records lie
//! behind earlier ones. So a log has at most two proofs for each clock, however long it is, and none of clocks that came
//! when all of its records were older.

use alloc::vec::Vec;

use crate::clock::Clock;
use crate::number::{Index, Time};

/// A record, by the index at which it is said to lie and the time at which it was written.
pub(super) type Dated = (Index, Time);

/// Each clock, with the position of each record next to it that must be proved to lie at its index.
pub(super) fn neighbors<'c>(clocks: &'c [Clock], records: &[Dated]) -> Vec<(&'c Clock, usize)> {
    let mut neighbors = Vec::new();
    for clock in clocks {
        let is_spoken_of = |position: &usize| {
            let record = records.get(*position);
            record.is_some_and(|(_, time)| *time >= clock.time())
        };
        let first_behind = records.partition_point(|(index, _)| *index <= clock.index());
        let before = (0..first_behind).rev().find(is_spoken_of);
        let behind = (first_behind..records.len()).find(is_spoken_of);
        neighbors.extend(
            before
                .into_iter()
                .chain(behind)
                .map(|position| (clock, position)),
        );
    }
    neighbors
}
