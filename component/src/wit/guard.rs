//! Calls into the WIT libraries, which recurse along what they read, and assert on it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

/// The WIT library panicked. The panic is caught, but its message is not shown: it speaks of the library, not of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the WIT library ran into an assertion of its own")]
pub struct GaveUp;

/// The stack that the WIT libraries get, in bytes. Memory is taken only where it is used. The longest chain of types that
/// fits in [`MAX_TEXT`](super::text::MAX_TEXT) has 59 thousand; it needs between 2 and 8 MiB.
const STACK: usize = 256 << 20;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread has [`STACK`].
    static ROOMY: Cell<bool> = const { Cell::new(false) };
}

/// Does work on a thread whose stack has room for the WIT libraries. Within it, calls of them need no thread of their own. A
/// hundred packages make five hundred calls, so that saves time.
///
/// # Panics
/// Where the work does.
pub fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let mut run = || {
        ROOMY.set(true);
        work.take().map(|work| work())
    };
    let ran = thread::scope(|scope| {
        let thread = thread::Builder::new().name("main".into()).stack_size(STACK);
        Some(thread.spawn_scoped(scope, &mut run).ok()?.join())
    });
    let done = match ran {
        Some(Ok(done)) => done,
        Some(Err(panic)) => panic::resume_unwind(panic),
        // Some systems refuse to reserve so much memory. Then the caller's own stack has to do.
        None => work.take().map(|work| work()),
    };
    done.expect("work is taken once")
}

/// Runs a call into the WIT libraries.
///
/// Their decoder and printer panic on some input that a stranger may write: some valid components have no WIT, and not all
/// of those get an error. Such a panic becomes [`GaveUp`], and no report of a crash is printed.
///
/// They also recurse as deep as a text is long. Running out of stack would end the process, so the call gets a large stack
/// of its own, unless it runs [`with_stack`].
pub(super) fn guarded<T: Send>(call: impl FnOnce() -> T + Send) -> Result<T, GaveUp> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                report(info);
            }
        }));
    });
    let mut call = Some(call);
    let mut run = || {
        let before = GUARDED.replace(true);
        let result = panic::catch_unwind(AssertUnwindSafe(|| call.take().map(|call| call())));
        GUARDED.set(before);
        result.ok().flatten().ok_or(GaveUp)
    };
    if ROOMY.get() {
        return run();
    }
    let ran = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        Some(thread.spawn_scoped(scope, &mut run).ok()?.join())
    });
    match ran {
        Some(result) => result.unwrap_or(Err(GaveUp)),
        // Some systems refuse to reserve so much memory. Then the caller's own stack has to do.
        None => run(),
    }
}
