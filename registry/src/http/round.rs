//! The files that come together, and how many bytes of them there may be.

use std::sync::atomic::{AtomicU64, Ordering};

/// A round of files.
#[derive(Debug)]
pub(super) struct Round {
    came: AtomicU64,
    most: u64,
}

impl Round {
    pub(super) fn of(most: u64) -> Self {
        Self {
            came: AtomicU64::new(0),
            most,
        }
    }

    /// Counts bytes that came.
    pub(super) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.came.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether more has come than may.
    pub(super) fn is_full(&self) -> bool {
        self.came.load(Ordering::Relaxed) > self.most
    }
}
