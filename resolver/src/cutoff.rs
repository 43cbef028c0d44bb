//! Where `exclude-newer` ends: a moment, or a span before the time of the registry's checkpoint.
//!
//! A span never looks at this machine's clock. It counts back from the time of the map entry that ends the log at the
//! checkpoint solved at: a signed value, the same for everybody who solves at that checkpoint. So a lock holds the span
//! as it was asked for, nothing in it changes by the mere passing of time, and whoever solves again gets the same.

use std::fmt;
use std::str::FromStr;

use transparency::number::Time;

/// A length of time, in whole hours: `36h`, `14d`, `1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u32);

impl Span {
    /// The longest span, in hours: a hundred years. A longer one means a slip of the hand.
    pub const MAX_HOURS: u32 = 100 * 366 * HOURS_OF_DAY;

    /// A span of hours. None where there is nothing in it, or more than [`Span::MAX_HOURS`].
    pub fn from_hours(hours: u32) -> Option<Self> {
        (1..=Self::MAX_HOURS)
            .contains(&hours)
            .then_some(Self(hours))
    }

    /// This long before a moment, but not before 1970.
    pub fn before(self, moment: Time) -> Time {
        let seconds = u64::from(self.0) * 3600;
        // What is not later than a time is one.
        Time::from_unix(moment.unix().saturating_sub(seconds)).unwrap_or(moment)
    }
}

const HOURS_OF_DAY: u32 = 24;
const HOURS_OF_WEEK: u32 = 7 * HOURS_OF_DAY;

impl fmt::Display for Span {
    /// In days where it is whole days, else in hours: one spelling for one length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(HOURS_OF_DAY) {
            write!(f, "{}d", self.0 / HOURS_OF_DAY)
        } else {
            write!(f, "{}h", self.0)
        }
    }
}

/// Up to when releases are candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cutoff {
    /// Releases signed later than this are left aside.
    At(Time),
    /// Releases signed later than this long before the registry's checkpoint are left aside.
    Before(Span),
}

impl Cutoff {
    /// The last moment that is not left aside. Where a span has no checkpoint to count from, nothing is old enough.
    pub fn limit(self, checkpoint: Option<Time>) -> Option<Time> {
        match self {
            Self::At(time) => Some(time),
            Self::Before(span) => checkpoint.map(|time| span.before(time)),
        }
    }
}

impl fmt::Display for Cutoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => fmt::Display::fmt(time, f),
            Self::Before(span) => fmt::Display::fmt(span, f),
        }
    }
}

/// What `exclude-newer` says where it may also say that nothing is too new: for a package, or instead of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExcludeNewer {
    /// `false`: no release is too new.
    Nothing,
    /// Releases after this are left aside.
    After(Cutoff),
}

impl ExcludeNewer {
    /// The cut-off, where there is one.
    pub fn cutoff(self) -> Option<Cutoff> {
        match self {
            Self::Nothing => None,
            Self::After(cutoff) => Some(cutoff),
        }
    }
}

/// The word for [`ExcludeNewer::Nothing`]: in a lock and in a manifest a boolean.
pub(crate) const NOTHING: &str = "false";

impl fmt::Display for ExcludeNewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str(NOTHING),
            Self::After(cutoff) => fmt::Display::fmt(cutoff, f),
        }
    }
}

impl FromStr for ExcludeNewer {
    type Err = CutoffError;

    fn from_str(text: &str) -> Result<Self, CutoffError> {
        match text {
            NOTHING => Ok(Self::Nothing),
            text => text.parse().map(Self::After),
        }
    }
}

/// A text that is neither a date, a time nor a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no date, time or span: expected one like `2026-11-22`, `2026-11-22T20:06:00Z` or `14d` (h, d or w)"
)]
pub struct CutoffError {
    /// The text that was given.
    pub text: String,
}

impl FromStr for Cutoff {
    type Err = CutoffError;

    fn from_str(text: &str) -> Result<Self, CutoffError> {
        let read = match Time::from_user(text) {
            Ok(time) => Some(Self::At(time)),
            Err(_) => span(text).map(Self::Before),
        };
        read.ok_or_else(|| CutoffError {
            text: text.to_owned(),
        })
    }
}

fn span(text: &str) -> Option<Span> {
    let (number, hours) = if let Some(number) = text.strip_suffix('h') {
        (number, 1)
    } else if let Some(number) = text.strip_suffix('d') {
        (number, HOURS_OF_DAY)
    } else {
        (text.strip_suffix('w')?, HOURS_OF_WEEK)
    };
    // `parse` takes a sign, too.
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = number.parse().ok()?;
    Span::from_hours(number.checked_mul(hours)?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn what_reads_prints_in_one_way() {
        for (text, printed) in [
            ("14d", "14d"),
            ("1w", "7d"),
            ("2w", "14d"),
            ("36h", "36h"),
            ("48h", "2d"),
            ("007d", "7d"),
            ("1h", "1h"),
            ("36600d", "36600d"),
            ("2026-11-22", "2026-11-22T23:59:59Z"),
            ("2026-11-22T20:06:00Z", "2026-11-22T20:06:00Z"),
            ("2026-11-22T20:06:00+02:00", "2026-11-22T18:06:00Z"),
            ("2026-11-22T20:06:00.999Z", "2026-11-22T20:06:00Z"),
        ] {
            let read: Cutoff = text.parse().unwrap();
            assert_eq!(read.to_string(), printed, "{text}");
            assert_eq!(printed.parse::<Cutoff>().unwrap(), read, "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "d",
            "14",
            "14 d",
            "0d",
            "0h",
            "-1d",
            "+1d",
            "1.5d",
            "14m",
            "14D",
            "36601d",
            "99999999999h",
            "2026-13-01",
            "2026-02-30",
            "2026-11-22T20:06:00",
            "1969-12-31",
            "yesterday",
            "４d",
        ] {
            assert!(text.parse::<Cutoff>().is_err(), "`{text}` was read");
        }
    }

    #[test]
    fn a_span_counts_from_the_checkpoint_and_a_moment_does_not() {
        let time = |seconds| Time::from_unix(seconds).unwrap();
        let span: Cutoff = "1d".parse().unwrap();
        assert_eq!(span.limit(Some(time(100_000))), Some(time(13_600)));
        assert_eq!(span.limit(Some(time(5))), Some(time(0)), "not before 1970");
        assert_eq!(span.limit(None), None);
        let moment = Cutoff::At(time(7));
        assert_eq!(moment.limit(None), Some(time(7)));
        assert_eq!(moment.limit(Some(time(100_000))), Some(time(7)));
    }
}
