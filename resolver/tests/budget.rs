//! How many steps a solve may take. Steps are counted, so that hard worlds end, and end at the same step on every
//! machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod world;

use resolver::resolution::Resolution;
use resolver::{Budget, Unresolved, resolve_round, resolve_within};
use world::{World, selection};

/// Pigeons that each want a hole of their own. There is no short proof that there are too few holes.
fn pigeons(count: usize, holes: usize) -> World {
    let mut world = World::new();
    for hole in 0..holes {
        for pigeon in 0..count {
            world.component(&format!("t:h{hole}"), &format!("1.{pigeon}.0"), &[]);
        }
    }
    for pigeon in 0..count {
        for hole in 0..holes {
            let wants = format!("component t:h{hole} =1.{pigeon}.0");
            let name = format!("t:p{pigeon}");
            world.component(&name, &format!("1.{hole}.0"), &[&wants]);
        }
        world.app_requires(&format!("component t:p{pigeon} ^1"));
    }
    world
}

fn small() -> Budget {
    Budget {
        steps: 20_000,
        ..Budget::default()
    }
}

#[test]
fn a_solve_that_takes_too_long_gives_up_and_says_where_the_work_went() {
    let world = pigeons(9, 8);
    let index = world.index();
    let Err(Unresolved::GaveUp(gave_up)) = resolve_within(&world.problem, &index, small()) else {
        panic!("nine pigeons were dealt with in no time");
    };
    assert_eq!(gave_up.member, "app");
    assert!(gave_up.steps > small().steps, "{gave_up}");
    assert!(gave_up.packages.len() > 1, "{gave_up}");
    let text = gave_up.to_string();
    assert!(
        text.starts_with("gave up on the requirements of `app` after ")
            && text.contains("conflicts of t:"),
        "{text}"
    );
    // The same work ends with the same message.
    let again = resolve_within(&world.problem, &index, small());
    assert_eq!(again, Err(Unresolved::GaveUp(gave_up)));
}

#[test]
fn the_default_budget_ends_every_solve() {
    let world = pigeons(12, 11);
    assert!(matches!(world.solve(), Err(Unresolved::GaveUp(_))));
}

#[test]
fn a_larger_budget_turns_giving_up_into_an_answer_and_never_changes_one() {
    for (pigeons_and_holes, solvable) in [((5, 4), false), ((6, 6), true)] {
        let (count, holes) = pigeons_and_holes;
        let world = pigeons(count, holes);
        let index = world.index();
        let answer = world.solve();
        assert_eq!(answer.is_ok(), solvable);
        let mut gave_up = 0;
        for steps in [0, 100, 1_000, 10_000, 100_000, 1_000_000] {
            let budget = Budget {
                steps,
                ..Budget::default()
            };
            match resolve_within(&world.problem, &index, budget) {
                Err(Unresolved::GaveUp(_)) => gave_up += 1,
                other => assert_eq!(other, answer, "{steps} steps"),
            }
        }
        assert!(
            gave_up < 6,
            "a million steps are enough for {count} pigeons"
        );
    }
}

/// The fewest steps, in doublings, with which a world's solve does not give up, and what comes of it.
fn just_enough(world: &World) -> (Budget, Result<Resolution, Unresolved>) {
    let index = world.index();
    let budgets = (0..26).map(|power| Budget {
        steps: 1 << power,
        steps_of_an_edge: 0,
        ..Budget::default()
    });
    let mut ends = budgets.map(|budget| {
        let end = resolve_within(&world.problem, &index, budget);
        (budget, end)
    });
    ends.find(|(_, end)| !matches!(end, Err(Unresolved::GaveUp(_))))
        .unwrap()
}

/// A conflict is told as soon as it is found. What would help may take more steps than there are. Then that is said.
#[test]
fn help_that_takes_too_long_is_left_out_and_that_is_said() {
    let mut world = pigeons(6, 5);
    // A change that is to be tried, which takes nearly as long to refute.
    world.component("t:p0", "2.0.0", &["component t:h0 =1.0.0"]);
    let (budget, end) = just_enough(&world);
    let Err(Unresolved::Conflict(conflict)) = end else {
        panic!("six pigeons fit into five holes");
    };
    assert!(conflict.gave_out(), "with {} steps", budget.steps);
    let last = conflict.help().pop().unwrap();
    assert!(last.starts_with("not every change was tried"), "{last}");
    let Err(Unresolved::Conflict(conflict)) = world.solve() else {
        panic!("six pigeons fit into five holes");
    };
    assert!(!conflict.gave_out());
}

/// Trying changes has steps of its own, so a large closed set beside a conflict takes no help away.
#[test]
fn a_conflict_in_a_large_closed_set_gets_the_help_of_a_small_one() {
    let help = |packages: usize| {
        let mut world = World::new();
        world.component("t:core", "1.0.0", &[]);
        world.component("t:core", "2.0.0", &[]);
        world.component("t:core", "2.1.0", &[]);
        world.component("t:user", "1.0.0", &["component t:core =2.0.0"]);
        world.app_requires("component t:user ^1");
        world.app_requires("component t:core =2.1.0");
        for position in 0..packages {
            let name = format!("t:p{position}");
            world.component(&name, "1.0.0", &[]);
            world.app_requires(&format!("component {name} ^1"));
        }
        let Err(Unresolved::Conflict(conflict)) = world.solve() else {
            panic!("t:core was had twice");
        };
        assert!(!conflict.gave_out());
        (conflict.to_string(), conflict.help())
    };
    let small = help(0);
    assert!(!small.1.is_empty());
    assert_eq!(help(900), small);
    assert_eq!(help(1_100), small);
}

/// Between two rounds packages are loaded that hints need. The next round has only the steps that are left.
#[test]
fn a_round_that_ends_in_a_conflict_is_taken_off_the_budget() {
    let world = pigeons(6, 5);
    let index = world.index();
    let mut budget = Budget {
        steps_of_an_edge: 0,
        ..Budget::default()
    };
    let mut left = vec![budget.steps];
    for _ in 0..2 {
        let end = resolve_round(&world.problem, &index, &mut budget);
        assert!(matches!(end, Err(Unresolved::Conflict(_))));
        left.push(budget.steps);
    }
    let first = left[0] - left[1];
    assert!(first > 1_000, "{left:?}");
    assert_eq!(left[1] - left[2], first, "the same work");
    budget.steps = first / 10;
    let end = resolve_round(&world.problem, &index, &mut budget);
    assert!(matches!(end, Err(Unresolved::GaveUp(_))));
}

#[test]
fn one_members_budget_does_not_eat_anothers() {
    let mut world = pigeons(9, 8);
    // Before and behind the one that cannot be solved.
    for other in ["another", "zoo"] {
        let root = world::requirement("component t:h0 =1.3.0");
        let root = resolver::problem::RootRequirement::new(root);
        world.member(other).requirements.insert(root);
    }
    let index = world.index();
    let Err(Unresolved::GaveUp(gave_up)) = resolve_within(&world.problem, &index, small()) else {
        panic!("solved");
    };
    assert_eq!(gave_up.member, "app");
    // Where it keeps what it has, the others are solved as ever.
    let app = world.member("app");
    app.requirements.clear();
    app.requirements
        .insert(resolver::problem::RootRequirement::new(world::requirement(
            "component t:p0 ^1",
        )));
    app.selects = ["component t:p0@1.0.0", "component t:h0@1.0.0"]
        .map(selection)
        .into();
    app.keep = true;
    let resolution = resolve_within(&world.problem, &index, small()).unwrap();
    assert_eq!(resolution.members.len(), 3);
}

/// What a world costs grows with its size, so no size is too large.
#[test]
fn what_is_solved_in_proportion_to_its_size_never_runs_out() {
    let mut world = World::new();
    let length = 3_000;
    for position in 0..length {
        let next = format!("component t:p{} ^1", position + 1);
        let next: &[&str] = if position + 1 < length { &[&next] } else { &[] };
        world.component(&format!("t:p{position}"), "1.0.0", next);
    }
    world.app_requires("component t:p0 ^1");
    let budget = Budget {
        steps: 1_000,
        sets: 100,
        ..Budget::default()
    };
    assert!(resolve_within(&world.problem, &world.index(), budget).is_ok());
}
