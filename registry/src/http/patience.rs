//! How long to wait, and how often to try.

use std::time::{Duration, SystemTime};

use super::FetchError;

/// How long to wait for a server, and how often to try. The default is for people and for CI alike.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a connection, with its TLS handshake.
    pub connect: Duration,
    /// For an answer to begin, and between any two pieces of it.
    pub idle: Duration,
    /// For one object, with all its tries: what a server that sends a byte now and then is worth.
    pub whole: Duration,
    /// The slowest line on which a large object arrives in time: this many bytes a second are added to `whole`.
    pub slowest: u64,
    /// How often each mirror is asked.
    pub tries: u32,
    /// The longest pause after the first round of tries. It doubles with each round, and the pause itself is a random part
    /// of it, so that many clients do not come back at once.
    pub pause: Duration,
    /// The longest `Retry-After` that is waited for. A server that wants more is left alone.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            whole: Duration::from_secs(90),
            slowest: 256 * 1024,
            tries: 4,
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// For an object of so many bytes at most, with all its tries.
    pub(super) fn whole(&self, limit: u64) -> Duration {
        let seconds = limit.checked_div(self.slowest).unwrap_or(0);
        self.whole.saturating_add(Duration::from_secs(seconds))
    }

    /// The pause after so many rounds of tries, of which the last failed like this; none where it is no use to go on.
    pub(super) fn pause(
        &self,
        rounds: u32,
        error: &FetchError,
        now: SystemTime,
    ) -> Option<Duration> {
        if rounds >= self.tries || !error.is_passing() {
            return None;
        }
        match error.retry_after(now) {
            Some(asked) if asked > self.longest => None,
            Some(asked) => Some(asked),
            None => {
                let doubled = 2_u32.saturating_pow(rounds.saturating_sub(1));
                let most = self.pause.saturating_mul(doubled);
                Some(most.mul_f64(random_part()))
            }
        }
    }
}

/// A number from 0 to 1. Without randomness, the whole: a pause is no secret.
fn random_part() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}
