//! Sizes, positions and times, each a type of its own, so that no two can be exchanged by mistake.
//!
//! All print and parse as canonical decimals, but [`Time`], which is RFC 3339 in whole seconds of UTC.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use crate::field::is_spelling;

/// A text that is not the canonical spelling of a number or time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not decimal digits, a leading zero, or more than 64 bits.
    #[error("`{text}` is not a decimal number without leading zeros")]
    Decimal {
        /// What stood there.
        text: String,
    },
    /// A time that is not written `YYYY-MM-DDTHH:MM:SSZ`.
    #[error("`{text}` is not a time of the form 2026-11-22T20:06:00Z")]
    Time {
        /// What stood there.
        text: String,
    },
}

fn decimal(text: &str) -> Result<u64, NumberError> {
    let error = || NumberError::Decimal {
        text: text.to_string(),
    };
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error());
    }
    text.parse().map_err(|_| error())
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The least that there is.
            pub const ZERO: Self = Self(0);

            /// Gives a number its meaning.
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The bare number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NumberError;

            fn from_str(text: &str) -> Result<Self, NumberError> {
                decimal(text).map(Self)
            }
        }
    };
}

number! {
    /// The index of an entry in the log, from 0.
    Index
}
number! {
    /// The number of entries of the log.
    Size
}
number! {
    /// The position of a record in its package log or in the operator log, from 0.
    Position
}
number! {
    /// The number of records of a package log or of the operator log.
    Length
}

impl Index {
    /// The smallest size of a log that holds this entry; none for the largest index.
    pub fn size(self) -> Option<Size> {
        self.0.checked_add(1).map(Size)
    }
}

impl Size {
    /// The index of the last entry of a log of this size; none for the empty log.
    pub fn last(self) -> Option<Index> {
        self.0.checked_sub(1).map(Index)
    }

    /// Whether a log of this size holds an entry at `index`.
    pub fn holds(self, index: Index) -> bool {
        index.0 < self.0
    }
}

impl Length {
    /// The position of the last record; none where there is none.
    pub fn last(self) -> Option<Position> {
        self.0.checked_sub(1).map(Position)
    }

    /// The position that the next record takes.
    pub fn next(self) -> Position {
        Position(self.0)
    }

    /// The length with one more record; none at the end of 64 bits.
    pub fn plus_one(self) -> Option<Length> {
        self.0.checked_add(1).map(Length)
    }

    /// Whether a log of this length holds a record at `position`.
    pub fn holds(self, position: Position) -> bool {
        position.0 < self.0
    }
}

/// A moment: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted, up to 9999-12-30T22:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The last second that jiff's calendar has: 26 hours before the year 10,000, so that any offset can be added.
    const MAX: u64 = 253_402_207_200;
    /// The last moment that can be written.
    pub const LAST: Self = Self(Self::MAX);

    /// A moment from seconds since 1970; none past the last that can be written.
    pub fn from_unix(seconds: u64) -> Option<Self> {
        (seconds <= Self::MAX).then_some(Self(seconds))
    }

    /// Seconds since 1970.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// A moment as a person writes it, by RFC 3339: a time with any offset, whose fraction of a second is dropped, or a
    /// date, which means the whole day: its last second, in UTC.
    ///
    /// # Errors
    /// A text that is neither, or before 1970.
    pub fn from_user(text: &str) -> Result<Self, NumberError> {
        let error = || NumberError::Time {
            text: text.to_string(),
        };
        if text.len() > MAX_USER_TIME {
            return Err(error());
        }
        if text.len() == "2026-11-22".len() {
            let canonical = alloc::format!("{text}T23:59:59Z");
            return canonical.parse().map_err(|_| error());
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| error())?;
        let seconds = u64::try_from(timestamp.as_second()).map_err(|_| error())?;
        Self::from_unix(seconds).ok_or_else(error)
    }
}

/// The longest time that a person writes, in bytes: RFC 3339 with nanoseconds and an offset has 35.
const MAX_USER_TIME: usize = 64;

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        match timestamp {
            Some(timestamp) => timestamp.fmt(f),
            // No such time is made: it would be past `MAX`.
            None => write!(f, "@{}", self.0),
        }
    }
}

impl FromStr for Time {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let time = text
            .parse::<jiff::Timestamp>()
            .ok()
            .and_then(|timestamp| u64::try_from(timestamp.as_second()).ok())
            .and_then(Self::from_unix);
        // jiff reads offsets, fractions and spaces too: only the one spelling that it prints counts.
        match time {
            Some(time) if is_spelling(text, &time) => Ok(time),
            _ => Err(NumberError::Time {
                text: text.to_string(),
            }),
        }
    }
}
