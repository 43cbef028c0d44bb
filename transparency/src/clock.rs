//! Times that were wrong, and the way back: the operator's action `clock TIME`.
//!
//! Times never go back within a package log, the operator log and across map entries, since cooldowns rest on them. So one
//! record by a fast clock would date all that follows ahead, for as long as that clock was ahead. `clock TIME` says that of
//! what lies before its record, times later than TIME were wrong: the next time behind it may be as early as TIME, and what
//! lies before it counts as no later.

use crate::digest::Hash;
use crate::number::{Index, Position, Time};

/// How far ahead of a reader's clock, or of the witnesses', the time of a map entry may be, in seconds: ten minutes.
pub const MAX_AHEAD: u64 = 600;

/// Whether a time is further ahead of a clock than clocks differ.
pub fn is_ahead(time: Time, now: Time) -> bool {
    time.unix() > now.unix().saturating_add(MAX_AHEAD)
}

/// One `clock` action of the operator log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub(crate) time: Time,
    pub(crate) position: Position,
    pub(crate) record: Hash,
    pub(crate) index: Index,
}

impl Clock {
    /// Later times before it were wrong.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The operator record that it stands in.
    pub fn position(&self) -> Position {
        self.position
    }

    /// That record's hash.
    pub fn record(&self) -> Hash {
        self.record
    }

    /// Where the log is said to hold that record. A hint, until an inclusion proof shows it.
    pub fn index(&self) -> Index {
        self.index
    }
}

/// The earliest time that may follow a time, with some clocks between the two: it is what the earlier one counts as.
pub fn earliest(clocks: &[Clock], previous: Time) -> Time {
    let times = clocks.iter().map(Clock::time);
    times.min().map_or(previous, |time| time.min(previous))
}
