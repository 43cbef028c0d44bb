//! Our solver beside plain pubgrub and resolvo, on the same registries of shapes that are hard for solvers.
//!
//! Prints a table of `docs/benchmarks.md`: medians of three, taken alternately, in processor time. What takes long is
//! measured once. The peers have numbers. Ours has names, versions and requirements in an index, and ends with a closed
//! set or a conflict that is explained.

#[path = "../../benches/measured/mod.rs"]
mod measured;
mod numbers;
#[path = "../../tests/shape/mod.rs"]
mod shape;

use std::time::Duration;

use measured::{TIMES, median, ms, ratio, shapes, timed};
use numbers::{End, Numbers};
use resolver::{Unresolved, resolve};
use shape::Shape;

/// A shape that takes longer than this is measured once only.
const LONG: Duration = Duration::from_secs(5);

fn main() {
    let only = std::env::args().nth(1);
    println!("| shape | answer | `resolve` | pubgrub alone | ratio | resolvo | ratio |");
    println!("|---|---|---|---|---|---|---|");
    for (name, shape, plain) in shapes() {
        if only
            .as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
        {
            measure(name, &shape, plain);
        }
    }
}

fn measure(name: &str, shape: &Shape, plain: bool) {
    let (index, problem) = (shape.index(), shape.problem());
    let (provider, numbers) = (shape.by_itself(), Numbers::of(shape));
    let (mut ours, mut pubgrub, mut resolvo) = (Vec::new(), Vec::new(), Vec::new());
    let mut answer = "";
    // Numbers do not say that a version cannot be used.
    let mut has_resolvo = !shape.unusable;
    for _ in 0..TIMES {
        let (time, end) = timed(|| resolve(&problem, &index));
        answer = match end {
            Ok(_) => "solved",
            Err(Unresolved::Conflict(_)) => "conflict",
            Err(_) => "?",
        };
        ours.push(time);
        if plain {
            // Dropping a derivation of such a depth is not counted as pubgrub's work. It may also take more stack than
            // there is.
            let (time, ()) = timed(|| std::mem::forget(pubgrub::resolve(&provider, 0u32, 0u32)));
            pubgrub.push(time);
        }
        if has_resolvo {
            let (time, end) = timed(|| numbers.solve());
            match end {
                End::Solved => assert_eq!(answer, "solved", "{name}"),
                End::Conflict => assert_eq!(answer, "conflict", "{name}"),
                End::Cancelled => has_resolvo = false,
            }
            resolvo.push(time);
        }
        // A peer that takes this long is not measured again.
        let all = [&ours, &pubgrub, &resolvo];
        if all
            .iter()
            .any(|times| times.last().is_some_and(|time| *time > LONG))
        {
            break;
        }
    }
    let ours = median(ours);
    let beside = |theirs: Vec<Duration>| {
        if theirs.is_empty() {
            return " | ".to_owned();
        }
        let theirs = median(theirs);
        format!("{} | {}", ms(theirs), ratio(ours, theirs))
    };
    let (pubgrub, mut resolvo) = (beside(pubgrub), beside(resolvo));
    if !has_resolvo && !shape.unusable {
        resolvo = "more than a minute | ".to_owned();
    }
    println!(
        "| {name} | {answer} | {} | {pubgrub} | {resolvo} |",
        ms(ours)
    );
}
