//! Whether a change would work is tried within what all trials share.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod world;

use std::collections::BTreeSet;

use resolver::index::Index;
use resolver::trial::{Trial, Trials};
use world::{World, address};

fn solve(trials: &mut Trials, world: &World, index: &Index) -> Trial {
    let member = &world.problem.members["app"];
    trials.solve(&world.problem.options, index, member)
}

#[test]
fn a_trial_says_what_a_solve_would_find_and_what_is_to_be_loaded() {
    let mut world = World::new();
    world.component("t:a", "1.0.0", &["component t:b ^1"]);
    world.component("t:b", "1.0.0", &[]);
    world.app_requires("component t:a ^1");
    let mut trials = Trials::default();
    let mut index = Index::new();
    for name in ["t:a", "t:b"] {
        let trial = solve(&mut trials, &world, &index);
        assert_eq!(trial, Trial::Missing(BTreeSet::from([address(name)])));
        world.load(&mut index, &name.parse().unwrap());
    }
    let trial = solve(&mut trials, &world, &index);
    assert_eq!(trial, Trial::Solved);
    world.app_requires("component t:b =1.2.3");
    let trial = solve(&mut trials, &world, &index);
    assert_eq!(trial, Trial::Unsolved);
}

#[test]
fn trials_end_where_as_many_were_made_as_one_message_is_worth() {
    let mut world = World::new();
    world.component("t:a", "1.0.0", &[]);
    world.app_requires("component t:a ^1");
    let index = world.index();
    let mut trials = Trials::within(2, 1_000_000);
    let mut ends = Vec::new();
    for _ in 0..3 {
        ends.push(solve(&mut trials, &world, &index));
    }
    assert_eq!(ends, [Trial::Solved, Trial::Solved, Trial::Unsolved]);
}

#[test]
fn where_no_step_is_left_no_trial_begins() {
    let mut world = World::new();
    world.component("t:a", "1.0.0", &[]);
    world.app_requires("component t:a ^1");
    let index = world.index();
    let mut trials = Trials::within(200, 0);
    assert_eq!(solve(&mut trials, &world, &index), Trial::Unsolved);
}
