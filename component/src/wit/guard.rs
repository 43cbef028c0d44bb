//! Calls into the WIT libraries, which recurse along what they read, and assert on it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

/// The WIT library panicked: its assertions are no judgement that callers can be shown, but they end here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the WIT library ran into an assertion of its own")]
pub struct GaveUp;

/// The stack that the WIT libraries get, in bytes; memory is taken only where it is used. A chain of 59
/// thousand types, which fits in [`MAX_TEXT`], needs more than 2 MiB and less than 8.
const STACK: usize = 256 << 20;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread has [`STACK`].
    static ROOMY: Cell<bool> = const { Cell::new(false) };
}

/// Does work on a thread whose stack has room for the WIT libraries, so that not every call of them needs a thread of its
/// own: a hundred packages make five hundred calls.
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
        // Some systems promise no memory that they lack: the caller's own stack has to do.
        None => work.take().map(|work| work()),
    };
    done.expect("work is taken once")
}

/// Runs a call into the WIT libraries, whose decoder and printer assert on what a stranger may have written: some valid
/// components have no WIT, and not all of them get an error. What ends here is not reported as a crash.
///
/// They also recurse as deep as a text is long, and running out of stack ends the process; so it has a large one of its
/// own, unless it runs [`with_stack`].
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
        // Some systems promise no memory that they lack: the caller's own stack has to do.
        None => run(),
    }
}
