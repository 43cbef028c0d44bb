//! Times as HTTP writes them (RFC 9110, 5.6.7).

use std::time::{Duration, SystemTime};

/// Reads one; none where it is no time, or lies before 1970.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    let seconds = u64::try_from(date.ok()?.as_second()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
