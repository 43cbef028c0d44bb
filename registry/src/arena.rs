//! The memory of a thread, asked of the system at once.
//!
//! glibc gives each thread but the first an arena of its own, which it lets grow by a few pages at a time, with a system call for each time: a
//! thousand of them to read a large lock, and each waits for the page faults of all other threads. Where memory comes from elsewhere, this
//! costs nothing and does nothing.

use std::hint::black_box;
use std::sync::Once;

/// What is larger is mapped on its own.
const LARGE: usize = 8 * 1024 * 1024;

/// What an arena is to have from its beginning. Memory that is not used is not taken.
const FIRST: usize = 6 * 1024 * 1024;

/// Has the memory of this thread ready.
pub fn reserve() {
    static ONCE: Once = Once::new();
    // glibc learns from a block that was mapped, and is given back: what is smaller comes out of arenas from then on, and these keep it.
    ONCE.call_once(|| take(LARGE));
    take(FIRST);
}

fn take(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(bytes)));
}
