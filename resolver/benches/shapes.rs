//! Shapes that are hard for solvers, solved whole, beside pubgrub alone on the same data.
//!
//! Prints the table of `docs/benchmarks.md`: medians of three, taken alternately, in processor time. pubgrub alone has numbers, and no messages; ours
//! has names, versions and requirements in an index, and ends with a closed set or a conflict that is explained.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

#[path = "../tests/shape/mod.rs"]
mod shape;

use std::hint::black_box;
use std::time::Duration;

use resolver::{Unresolved, resolve};
use shape::Shape;

const TIMES: usize = 3;

/// As long as a time must be, so that the kernel's account of it means something.
const LEAST: Duration = Duration::from_millis(80);

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The processor time of this thread: other programs may run.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// What one run of some work takes, of as many as it takes to tell.
fn timed<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
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

fn main() {
    let shapes: Vec<(&str, Shape, bool)> = vec![
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
    ];
    let only = std::env::args()
        .nth(1)
        .filter(|word| !word.starts_with('-'));
    println!("| shape | answer | pubgrub alone | `resolve` | ratio |\n|---|---|---|---|---|");
    for (name, shape, plain) in shapes {
        if only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            continue;
        }
        let (provider, index, problem) = (shape.alone(), shape.index(), shape.problem());
        let (mut alone, mut ours) = (Vec::new(), Vec::new());
        let mut answer = "";
        for _ in 0..TIMES {
            if plain {
                // What a derivation of such a depth takes to drop is not pubgrub's work, and may be more than a stack.
                let (time, ()) =
                    timed(|| std::mem::forget(pubgrub::resolve(&provider, 0u32, 0u32)));
                alone.push(time);
            }
            let (time, end) = timed(|| resolve(&problem, &index));
            answer = match end {
                Ok(_) => "solved",
                Err(Unresolved::Conflict(_)) => "conflict",
                Err(Unresolved::GaveUp(_)) => "gave up",
                Err(_) => "?",
            };
            ours.push(time);
        }
        let ours = median(ours);
        let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        let (beside, ratio) = if alone.is_empty() {
            (String::new(), String::new())
        } else {
            let alone = median(alone);
            let ratio = ours.as_secs_f64() / alone.as_secs_f64();
            (ms(alone), format!("{ratio:.2}"))
        };
        println!("| {name} | {answer} | {beside} | {} | {ratio} |", ms(ours));
    }
}
