//! What solving costs grows with what is looked at, and not faster: counted in steps, on shapes that are known to be hard.
mod shape;

use resolver::resolution::Resolution;
use resolver::{Budget, Unresolved, resolve_within};
use shape::Shape;

fn within(shape: &Shape, steps: u64) -> Result<Resolution, Unresolved> {
    let budget = Budget {
        steps,
        ..Budget::default()
    };
    resolve_within(&shape.problem(), &shape.index(), budget)
}

/// What is earned by edges is enough; a search would take more with every package.
#[test]
fn the_lowest_versions_that_go_together_are_found_without_a_search() {
    for packages in [50, 400, 2_000] {
        let shape = Shape::carets(packages, 10);
        let answer = within(&shape, 1_000);
        assert!(
            answer.is_ok(),
            "{packages} packages: {:?}",
            answer.err().map(|e| e.to_string())
        );
    }
}

#[test]
fn two_that_hardly_ever_agree_are_brought_together() {
    assert!(within(&Shape::boto(300), 20_000_000).is_ok());
}

/// The steps of a conflict that are told do not grow with it, so neither do its words.
#[test]
fn a_conflict_over_very_many_versions_is_told_in_so_many_steps() {
    for shape in [
        Shape::wanting(3_000),
        Shape::tracks(3_000),
        Shape::chain(20_000),
    ] {
        let answer = within(&shape, 1_000_000);
        let Err(Unresolved::Conflict(conflict)) = answer else {
            panic!("expected a conflict, got {:?}", answer.map(drop));
        };
        let text = conflict.to_string();
        assert!(text.contains("steps are left out)"), "{text}");
        assert!(text.ends_with("your requirements cannot be met."), "{text}");
        assert!(text.lines().count() <= 62, "{text}");
        assert!(
            conflict.steps().len() <= 5_200,
            "{}",
            conflict.steps().len()
        );
        let runs: usize = conflict.steps().iter().map(runs).sum();
        assert!(runs < 1_000_000, "{runs} runs of versions are kept");
    }
}

#[test]
fn plain_pubgrub_finds_the_same_shapes_solvable() {
    let shapes = [
        Shape::carets(40, 5),
        Shape::boto(20),
        Shape::pigeons(4),
        Shape::wanting(20),
        Shape::tracks(20),
        Shape::chain(20),
    ];
    for shape in shapes {
        let alone = pubgrub::resolve(&shape.alone(), 0u32, 0u32).is_ok();
        assert_eq!(within(&shape, 60_000_000).is_ok(), alone);
    }
}

fn runs(step: &resolver::report::Step) -> usize {
    let with = step.conclusion.with.iter();
    let needs = step.conclusion.needs.iter().map(|need| &need.group);
    with.chain(needs).map(|group| group.runs.len()).sum()
}

#[test]
fn eight_pigeons_are_too_many_for_seven_holes() {
    let answer = resolver::resolve(&Shape::pigeons(8).problem(), &Shape::pigeons(8).index());
    assert!(matches!(answer, Err(Unresolved::Conflict(_))));
}
