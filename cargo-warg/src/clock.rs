//! Here alone an operation reads the time, and what a signer is asked about it.

use std::time::{SystemTime, UNIX_EPOCH};

use registry::sequencer::MAX_IDLE;
use transparency::number::Time;

use crate::error::{Class, Error, Result};

/// The time to take instead of the clock's, set by tests of this program, which must not depend on the day. Whoever sets it
/// gains nothing that setting the clock would not give.
const TESTS_CLOCK: &str = "__CARGO_WARG_TEST_CLOCK";

/// The time of this machine, in whole seconds.
///
/// # Errors
/// A clock before 1970 or past the year 9999.
pub fn now() -> Result<Time> {
    let now = match std::env::var(TESTS_CLOCK) {
        Ok(time) => time.parse().ok(),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| Time::from_unix(since.as_secs())),
    };
    now.ok_or_else(|| Error::new(Class::Other, "the clock of this machine is not set"))
}

/// Asks, before anything is signed for a registry that was idle for long: a clock that is fast looks just so, and what it
/// dates ahead stays. The message begins with what that last time is.
///
/// # Errors
/// A registry whose last time is more than 30 days ago, unless the user is sure.
pub fn check_idle(what: &str, last: Time, now: Time, sure: bool) -> Result<()> {
    if sure || now.unix().saturating_sub(last.unix()) <= MAX_IDLE {
        return Ok(());
    }
    Err(Error::new(
        Class::Usage,
        format!("{what} {last}, more than 30 days before {now}, which is what the clock of this machine says"),
    )
    .with_help("if that clock is right, run it again with `--yes`; a record by a fast one would date the registry ahead"))
}
