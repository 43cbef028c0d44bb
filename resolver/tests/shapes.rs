//! The cost of solving grows with the number of edges that are looked at, and not faster. It is counted in steps, on
//! shapes that are known to be hard.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod shape;

use resolver::index::{Address, Index};
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

/// The budget grows by one step for each edge that is looked at, which is what looking at it costs. Nothing is left for a
/// search.
#[test]
fn the_lowest_versions_that_go_together_are_found_without_a_search() {
    let budget = Budget {
        steps: 0,
        steps_of_an_edge: 1,
        sets: 0,
    };
    for packages in [50, 400, 2_000] {
        let shape = Shape::carets(packages, 10);
        let answer = resolve_within(&shape.problem(), &shape.index(), budget);
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

/// Releases that cannot be used take no steps of the search. One step of the explanation tells all of them.
#[test]
fn tracks_of_which_nothing_can_be_used_cost_no_search() {
    for versions in [2_000, 8_000] {
        let shape = Shape::unusable(versions);
        let budget = Budget {
            steps: 100,
            steps_of_an_edge: 0,
            ..Budget::default()
        };
        let answer = resolve_within(&shape.problem(), &shape.index(), budget);
        let Err(Unresolved::Conflict(conflict)) = answer else {
            panic!("expected a conflict, got {:?}", answer.map(drop));
        };
        assert!(conflict.steps().len() <= 4, "{}", conflict.steps().len());
        assert!(!conflict.gave_out());
    }
}

/// The solver chooses among the very releases that were verified. Nothing in between copies or changes one.
#[test]
fn the_releases_that_are_chosen_from_are_those_of_the_log_itself() {
    let mut shape = Shape::new(3);
    shape.packages[0] = (0..20).map(|_| vec![(1, 0, None), (2, 0, None)]).collect();
    let log = shape.log(0);
    let mut index = Index::new();
    index.insert(&log);
    let address = Address {
        origin: log.origin().clone(),
        name: log.name().clone(),
    };
    let choices = index.package(&address).unwrap();
    let releases = choices.releases();
    assert_eq!(releases.len(), 20);
    for (chosen_from, release) in releases.into_iter().zip(log.releases()) {
        assert!(std::ptr::eq(chosen_from, release));
    }
}

/// Nine pigeons took minutes where the order of decisions went by how often each had conflicted.
#[test]
fn what_is_learned_of_one_pigeon_serves_for_the_next() {
    for (count, steps) in [(6, 100_000), (7, 1_000_000), (8, 8_000_000)] {
        let shape = Shape::pigeons(count);
        let answer = within(&shape, steps);
        assert!(
            matches!(answer, Err(Unresolved::Conflict(_))),
            "{count} pigeons, {steps} steps: {:?}",
            answer.map(drop).map_err(|error| error.to_string())
        );
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
        let is_solvable = pubgrub::resolve(&shape.by_itself(), 0u32, 0u32).is_ok();
        assert_eq!(within(&shape, 60_000_000).is_ok(), is_solvable);
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
