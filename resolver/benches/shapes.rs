//! Shapes that are hard for solvers, solved whole, beside pubgrub by itself on the same data.
//!
//! Prints the table of `docs/benchmarks.md`: medians of three, taken alternately, in processor time. pubgrub by itself
//! has numbers and no messages. Ours has names, versions and requirements in an index, and ends with a closed set or a
//! conflict that is explained.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

mod measured;
#[path = "../tests/shape/mod.rs"]
mod shape;

use std::collections::BTreeSet;

use measured::{TIMES, median, ms, ratio, shapes, timed};
use resolver::ahead::Ahead;
use resolver::index::Index;
use resolver::{Unresolved, resolve};
use shape::Shape;

fn main() {
    let only = std::env::args()
        .nth(1)
        .filter(|word| !word.starts_with('-'));
    let is_meant = |name: &str| {
        only.as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    println!("| shape | answer | pubgrub alone | `resolve` | ratio |\n|---|---|---|---|---|");
    for (name, shape, plain) in shapes() {
        if is_meant(name) {
            beside_pubgrub(name, &shape, plain);
        }
    }
    if is_meant("loaded as it is needed") {
        println!(
            "\n| a chain, loaded as it is needed | rounds | solves | time |\n|---|---|---|---|"
        );
        for length in [500, 1_000, 2_000] {
            loaded_as_needed(length, false);
            loaded_as_needed(length, true);
        }
    }
}

fn beside_pubgrub(name: &str, shape: &Shape, plain: bool) {
    let (provider, index, problem) = (shape.by_itself(), shape.index(), shape.problem());
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    let mut answer = "";
    for _ in 0..TIMES {
        if plain {
            // Dropping a derivation of such a depth is not counted as pubgrub's work. It may also take more stack than
            // there is.
            let (time, ()) = timed(|| std::mem::forget(pubgrub::resolve(&provider, 0u32, 0u32)));
            theirs.push(time);
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
    let (beside, ratio) = if theirs.is_empty() {
        (String::new(), String::new())
    } else {
        let theirs = median(theirs);
        (ms(theirs), ratio(ours, theirs))
    };
    println!("| {name} | {answer} | {beside} | {} | {ratio} |", ms(ours));
}

/// Each package of a chain is known once the one before is loaded. With a guess of what will be needed, as the program
/// does, one solve is enough.
fn loaded_as_needed(length: usize, is_guessed: bool) {
    let mut shape = Shape::chain(length);
    shape.packages[length] = vec![vec![]]; // the last is there
    let problem = shape.problem();
    let (time, (rounds, solves)) = timed(|| {
        let mut index = Index::new();
        let mut ahead = Ahead::new(&problem);
        let (mut rounds, mut solves) = (0, 0);
        loop {
            let guessed = if is_guessed {
                ahead.next(&problem.options, &index)
            } else {
                BTreeSet::new()
            };
            let missing = if guessed.is_empty() {
                solves += 1;
                match resolve(&problem, &index) {
                    Err(Unresolved::Missing(missing)) => missing,
                    end => {
                        assert!(end.is_ok(), "a chain has no conflicts");
                        return (rounds, solves);
                    }
                }
            } else {
                guessed
            };
            rounds += 1;
            for address in missing {
                let number = address.name.name().trim_start_matches('p');
                shape.load(&mut index, number.parse().expect("a package of the chain"));
            }
        }
    });
    let how = if is_guessed {
        "guessed ahead"
    } else {
        "asked for"
    };
    println!("| {length}, {how} | {rounds} | {solves} | {} |", ms(time));
}
