//! How long to wait, and how often to try.

use std::time::{Duration, SystemTime};

use crate::fetch::FetchError;

/// How long to wait for a server, and how often to try. The default is for people and for CI alike.
#[derive(Debug, Clone)]
pub struct Timeouts {
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

impl Default for Timeouts {
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

impl Timeouts {
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

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;
    use crate::fetch::RetryAfter;

    fn busy(after: Option<RetryAfter>) -> FetchError {
        FetchError::Busy {
            status: StatusCode::SERVICE_UNAVAILABLE,
            after,
        }
    }

    #[test]
    fn pauses_double_are_a_random_part_and_end() {
        let timeouts = Timeouts::default();
        let now = SystemTime::UNIX_EPOCH;
        let pause = |rounds, error: &FetchError| timeouts.pause(rounds, error, now);
        for (rounds, most) in [(1, 500), (2, 1000), (3, 2000)] {
            let pauses: Vec<_> = (0..50).map(|_| pause(rounds, &busy(None))).collect();
            let most = Duration::from_millis(most);
            assert!(
                pauses
                    .iter()
                    .all(|pause| pause.is_some_and(|pause| pause <= most))
            );
            assert!(
                pauses.iter().any(|pause| *pause != pauses[0]),
                "they are random"
            );
            assert!(
                pauses
                    .iter()
                    .any(|pause| pause.is_some_and(|pause| pause > most / 4))
            );
        }
        assert_eq!(pause(4, &busy(None)), None);
        assert_eq!(pause(1, &FetchError::WebPage), None);
    }

    #[test]
    fn what_a_server_asks_for_is_kept_up_to_a_limit() {
        let timeouts = Timeouts::default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, seconds) in [
            ("0", Some(0)),
            ("30", Some(30)),
            ("31", None),
            ("99999999999999999999", Some(1)), // no number: as if it had not been said
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 09:49:47 GMT", None),
            ("Mon, 01 Jan 1900 00:00:00 GMT", Some(1)),
        ] {
            let after = RetryAfter::parse(text);
            let pause = timeouts.pause(1, &busy(after), now);
            match after {
                Some(_) => assert_eq!(pause, seconds.map(Duration::from_secs), "{text}"),
                None => assert!(pause.is_some_and(|pause| pause <= timeouts.pause), "{text}"),
            }
        }
    }
}
