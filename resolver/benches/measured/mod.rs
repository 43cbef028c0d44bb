//! The shapes that are measured, and how.

use std::hint::black_box;
use std::time::Duration;

use crate::shape::Shape;

/// How often each is measured. The tables have the median.
pub(crate) const TIMES: usize = 3;

/// The shortest time that the kernel measures well enough.
const LEAST: Duration = Duration::from_millis(80);

/// A shape by its name, and whether pubgrub by itself ends with it in less than a minute.
pub(crate) fn shapes() -> Vec<(&'static str, Shape, bool)> {
    vec![
        ("300 × 10, carets", Shape::carets(300, 10), true),
        ("600 × 10, carets", Shape::carets(600, 10), true),
        ("2,000 × 10, carets", Shape::carets(2_000, 10), true),
        ("5,000 × 10, carets", Shape::carets(5_000, 10), true),
        ("boto, 4 × 300", Shape::boto(300), true),
        ("boto, 4 × 500", Shape::boto(500), true),
        ("6 pigeons", Shape::pigeons(6), true),
        ("7 pigeons", Shape::pigeons(7), true),
        ("8 pigeons", Shape::pigeons(8), true),
        ("9 pigeons", Shape::pigeons(9), false),
        ("10,000 that want another", Shape::wanting(10_000), true),
        ("`*` over 5,000 tracks", Shape::tracks(5_000), true),
        (
            "`*` over 5,000 tracks of which none can be used",
            Shape::unusable(5_000),
            false,
        ),
        ("a chain of 60,000", Shape::chain(60_000), true),
    ]
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The processor time of this thread: other programs may run.
pub(crate) fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// What one run of some work takes, of as many as it takes to tell.
pub(crate) fn timed<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let start = spent();
    let mut runs = 0u32;
    loop {
        let value = black_box(work());
        runs += 1;
        let taken = spent().saturating_sub(start);
        if taken >= LEAST {
            return (taken / runs, value);
        }
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

pub(crate) fn ratio(ours: Duration, theirs: Duration) -> String {
    format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64())
}
