//! The one place where an operation reads the time.

use std::time::{SystemTime, UNIX_EPOCH};

use transparency::number::Time;

use crate::error::{Class, Error, Result};

/// The time of this machine, in whole seconds.
///
/// # Errors
/// A clock before 1970 or past the year 9999.
pub fn now() -> Result<Time> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| Time::from_unix(since.as_secs()))
        .ok_or_else(|| Error::new(Class::Other, "the clock of this machine is not set"))
}
