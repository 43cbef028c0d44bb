//! Shapes that are hard for solvers, solved whole, beside pubgrub alone on the same data.
//!
//! Prints the table of `docs/benchmarks.md`: medians of five, taken alternately. pubgrub alone has numbers, and no messages; ours
//! has names, versions and requirements in an index, and ends with a closed set or a conflict that is explained.
#![expect(clippy::unwrap_used, reason = "a benchmark without data is none")]
#![expect(clippy::print_stdout, reason = "that is what it is for")]

#[path = "../tests/shape/mod.rs"]
mod shape;

use std::hint::black_box;
use std::time::{Duration, Instant};

use resolver::{Unresolved, resolve};
use shape::Shape;

const TIMES: usize = 5;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = black_box(work());
    (start.elapsed(), value)
}

fn main() {
    let shapes: Vec<(&str, Shape, bool)> = vec![
        ("300 × 10, carets", Shape::carets(300, 10), true),
        ("600 × 10, carets", Shape::carets(600, 10), true),
        ("2,000 × 10, carets", Shape::carets(2_000, 10), true),
        ("5,000 × 10, carets", Shape::carets(5_000, 10), true),
        ("boto, 4 × 300", Shape::boto(300), true),
        ("boto, 4 × 500", Shape::boto(500), true),
        ("8 pigeons", Shape::pigeons(8), true),
        ("9 pigeons", Shape::pigeons(9), false),
        ("10,000 that want another", Shape::wanting(10_000), true),
        ("`*` over 5,000 tracks", Shape::tracks(5_000), true),
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
                let (time, end) = timed(|| pubgrub::resolve(&provider, 0u32, 0u32));
                std::mem::forget(end);
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
        let (beside, ratio) = match alone.is_empty() {
            true => ("".to_owned(), "".to_owned()),
            false => {
                let alone = median(alone);
                let ratio = ours.as_secs_f64() / alone.as_secs_f64();
                (ms(alone), format!("{ratio:.2}"))
            }
        };
        println!("| {name} | {answer} | {beside} | {} | {ratio} |", ms(ours));
    }
}
