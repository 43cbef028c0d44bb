//! The memory of a thread, asked of the system at once.
//!
//! glibc gives each thread but the first an arena of its own. The arena grows by a few pages at a time, with a system call
//! each: a thousand of them to read a large lock, and each waits for the page faults of all other threads. So each thread
//! asks for enough at once. Where memory comes from another allocator, this costs nothing and has no effect.

use std::hint::black_box;
use std::sync::Once;

/// What is larger is mapped on its own.
const LARGE: usize = 8 * 1024 * 1024;

/// What an arena is to have from its beginning. Memory that is not used is not taken.
const FIRST: usize = 6 * 1024 * 1024;

/// Has the memory of this thread ready.
pub fn reserve() {
    static ONCE: Once = Once::new();
    // glibc learns from a mapped block that is given back: smaller blocks come out of arenas from then on, and arenas keep
    // that much.
    ONCE.call_once(|| take(LARGE));
    take(FIRST);
}

fn take(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(bytes)));
}
