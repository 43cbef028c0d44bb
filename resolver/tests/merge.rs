//! Merging what two branches locked: without git, on locks that were solved from generated registries.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod generated;
mod random;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use generated::{generated, kind_of};
use random::Random;
use resolver::cutoff::Cutoff;
use resolver::lockfile::Lockfile;
use resolver::lockfile::merge::{Merge, MergeError, Side, is_kept};
use resolver::problem::{Mode, RootRequirement};
use transparency::checkpoint::Checkpoint;
use transparency::digest::Hash;
use transparency::name::Kind;
use transparency::number::Size;
use world::{World, origin, selection};

/// The lock of a world, as at a checkpoint of this size.
fn lock_at(world: &World, size: u64) -> Lockfile {
    let checkpoint = Checkpoint {
        origin: origin(),
        size: Size::new(size),
        root: Hash::of_leaf(&size.to_be_bytes()),
    };
    world.lock().at([(origin(), checkpoint)].into())
}

/// What `cargo warg lock` makes of a merge, where the world is what the registry has now, at size 48,213.
fn merged(world: &World, merge: &Merge) -> Lockfile {
    let mut after = world.clone();
    after.problem = merge.prefer(&world.problem);
    let resolution = after.solve().unwrap();
    let lock = after.lock();
    if is_kept(&after.problem, &resolution) {
        lock.at(merge.latest())
    } else {
        lock
    }
}

fn app_selects(lock: &Lockfile) -> Vec<String> {
    let selects = lock.roots["app"].selects.iter();
    selects.map(ToString::to_string).collect()
}

fn clocks() -> World {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "1.2.0", "2.0.0"] {
        world.component("acme:clock", version, &[]);
    }
    world.component("acme:logger", "1.0.0", &["component acme:clock ^1.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock ^1.1"]);
    world
}

/// The world's lock with these versions preferred.
fn locked(world: &World, size: u64, requires: &[&str], prefers: &[&str]) -> Lockfile {
    let mut world = world.clone();
    for requirement in requires {
        world.app_requires(requirement);
    }
    world.member("app").selects = prefers.iter().map(|text| selection(text)).collect();
    lock_at(&world, size)
}

#[test]
fn the_greater_version_and_the_larger_checkpoint_are_kept_and_nothing_is_solved() {
    let mut world = clocks();
    let logger = "component acme:logger ^1";
    let ours = locked(&world, 300, &[logger], &["component acme:clock@1.0.0"]);
    let theirs = locked(&world, 400, &[logger], &["component acme:clock@1.1.0"]);
    world.app_requires(logger);
    let lock = merged(&world, &Merge::of(ours.clone(), theirs.clone()));
    assert_eq!(lock, theirs, "1.2.0 is there, and nobody asked for it");
    assert_eq!(merged(&world, &Merge::of(theirs, ours)), lock);
}

#[test]
fn what_either_side_added_is_there_and_what_nobody_requires_is_not() {
    let mut world = clocks();
    let (logger, timer) = ("component acme:logger ^1", "component acme:timer ^1");
    let ours = locked(&world, 300, &[logger], &["component acme:clock@1.0.0"]);
    let theirs = locked(&world, 300, &[timer], &["component acme:clock@1.1.0"]);
    world.app_requires(timer);
    let only_theirs = merged(&world, &Merge::of(ours.clone(), theirs.clone()));
    assert_eq!(
        app_selects(&only_theirs),
        ["component acme:clock@1.1.0", "component acme:timer@1.0.0"]
    );
    world.app_requires(logger);
    let both = merged(&world, &Merge::of(ours, theirs));
    assert_eq!(
        app_selects(&both),
        [
            "component acme:clock@1.1.0",
            "component acme:logger@1.0.0",
            "component acme:timer@1.0.0"
        ]
    );
    assert_eq!(both.registries[&origin()].size, Size::new(300));
}

#[test]
fn what_the_greater_versions_do_not_meet_is_solved_with_both_as_preferences() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let ours = locked(&world, 300, &["component acme:clock =1.0.0"], &[]);
    let theirs = locked(&world, 400, &[clock], &["component acme:clock@1.1.0"]);
    world.app_requires("component acme:clock >=1.0.0,<1.1.0");
    let lock = merged(&world, &Merge::of(ours, theirs));
    assert_eq!(app_selects(&lock), ["component acme:clock@1.0.0"]);
    assert_eq!(
        lock.registries[&origin()].size,
        Size::new(48_213),
        "a solve ran, at the newest checkpoint"
    );
}

#[test]
fn a_version_whose_entry_one_side_took_out_is_not_selected_any_more() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let ours = locked(&world, 300, &[clock], &["component acme:clock@1.0.0"]);
    let mut theirs = locked(&world, 300, &[clock], &["component acme:clock@1.1.0"]);
    // As git merges a downgrade by one branch with a branch that changed the lines beside it.
    theirs.packages.clone_from(&ours.packages);
    world.app_requires(clock);
    let lock = merged(&world, &Merge::of(ours, theirs));
    assert_eq!(app_selects(&lock), ["component acme:clock@1.0.0"]);
}

#[test]
fn a_yanked_release_stays_where_a_side_has_it_and_a_withdrawn_one_does_not() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let ours = locked(&world, 300, &[clock], &["component acme:clock@1.0.0"]);
    let theirs = locked(&world, 400, &[clock], &["component acme:clock@1.1.0"]);
    world.app_requires(clock);
    world.yank("acme:clock", "1.1.0", "slow");
    let merge = Merge::of(ours, theirs);
    assert_eq!(
        app_selects(&merged(&world, &merge)),
        ["component acme:clock@1.1.0"]
    );
    world.withdraw("acme:clock", "1.1.0", "harmful");
    let moved = merged(&world, &merge);
    assert_eq!(app_selects(&moved), ["component acme:clock@1.2.0"]);
}

#[test]
fn a_side_that_was_solved_in_another_way_is_no_set_to_keep() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let ours = locked(&world, 300, &[clock], &["component acme:clock@1.1.0"]);
    let mut theirs = locked(&world, 400, &[clock], &[]);
    theirs.options.mode = Mode::Lowest;
    world.app_requires(clock);
    world.problem.options.mode = Mode::Lowest;
    let merge = Merge::of(ours.clone(), theirs);
    assert_eq!(
        app_selects(&merged(&world, &merge)),
        ["component acme:clock@1.2.0"],
        "the one that was solved in this way"
    );
    // What another algorithm solved is solved again, and was not kept even where it comes out the same.
    let mut older = ours.clone();
    older.solver += 1;
    let mut solved = world.clone();
    solved.problem.options.mode = Mode::Default;
    for merge in [
        Merge::of(ours.clone(), older.clone()),
        Merge::of(older.clone(), older),
    ] {
        assert!(!merge.prefer(&solved.problem).members["app"].keep);
        let lock = merged(&solved, &merge);
        assert_eq!(app_selects(&lock), app_selects(&ours));
        assert_eq!(lock.registries[&origin()].size, Size::new(48_213));
    }
    // A span of `exclude-newer` is counted from the checkpoint, so a set that was good at one is judged again at another.
    world.problem.options.mode = Mode::Default;
    world.problem.options.exclude_newer = Some("1d".parse::<Cutoff>().unwrap());
    let problem = Merge::of(ours.clone(), ours.clone()).prefer(&world.problem);
    assert!(!problem.members["app"].keep);
    world.problem.options.exclude_newer = Some("2026-11-22".parse().unwrap());
    let problem = Merge::of(ours.clone(), ours).prefer(&world.problem);
    assert!(problem.members["app"].keep);
}

#[test]
fn what_either_side_took_for_one_requirement_is_not_kept_twice() {
    let mut world = clocks();
    let clock = "component acme:clock >=1.0.0";
    let ours = locked(&world, 300, &[clock], &["component acme:clock@1.1.0"]);
    let theirs = locked(&world, 400, &[clock], &["component acme:clock@2.0.0"]);
    world.app_requires(clock);
    let lock = merged(&world, &Merge::of(ours.clone(), theirs.clone()));
    assert_eq!(app_selects(&lock), ["component acme:clock@2.0.0"]);
    assert_eq!(merged(&world, &Merge::of(theirs, ours)), lock);
    assert_eq!(merged(&world, &Merge::of(lock.clone(), lock.clone())), lock);
}

#[test]
fn what_a_side_needed_for_something_else_does_not_stay_for_a_requirement_that_has_a_greater_one() {
    let mut world = clocks();
    let (clock, logger) = ("component acme:clock >=1.0.0", "component acme:logger ^1");
    let prefers = ["component acme:clock@2.0.0", "component acme:clock@1.1.0"];
    let ours = locked(&world, 300, &[clock, logger], &prefers);
    assert_eq!(app_selects(&ours).len(), 3, "both clocks are needed");
    let merge = Merge::of(ours.clone(), ours.clone());
    let mut same = world.clone();
    same.app_requires(clock);
    same.app_requires(logger);
    assert_eq!(merged(&same, &merge), ours);
    // Theirs depends on the logger no more.
    let theirs = locked(&world, 400, &[clock], &prefers);
    world.app_requires(clock);
    let lock = merged(&world, &Merge::of(ours, theirs));
    assert_eq!(app_selects(&lock), ["component acme:clock@2.0.0"]);
}

#[test]
fn a_local_package_that_is_gone_makes_no_yanked_release_good() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let mut patched = world.clone();
    patched.app_has_local(Kind::Component, "acme:clock", "1.1.0", &[]);
    let ours = locked(&patched, 300, &[clock], &[]);
    assert_eq!(app_selects(&ours), ["component acme:clock@1.1.0"]);
    let theirs = locked(&world, 400, &[clock], &["component acme:clock@1.0.0"]);
    world.app_requires(clock);
    world.yank("acme:clock", "1.1.0", "slow");
    let lock = merged(&world, &Merge::of(ours, theirs));
    assert_eq!(app_selects(&lock), ["component acme:clock@1.0.0"]);
}

#[test]
fn a_local_package_that_both_sides_selected_stays() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    world.app_has_local(Kind::Component, "acme:clock", "1.1.0", &[]);
    let ours = locked(&world, 300, &[clock], &[]);
    let theirs = locked(&world, 400, &[clock], &[]);
    world.app_requires(clock);
    let merge = Merge::of(ours, theirs);
    assert!(merge.prefer(&world.problem).members["app"].keep);
    assert_eq!(
        app_selects(&merged(&world, &merge)),
        ["component acme:clock@1.1.0"]
    );
}

#[test]
fn of_an_entry_that_differs_the_release_counts_whichever_side_has_it() {
    let mut world = clocks();
    let clock = "component acme:clock ^1";
    let mut patched = world.clone();
    patched.app_has_local(Kind::Component, "acme:clock", "1.1.0", &[]);
    let local = locked(&patched, 400, &[clock], &[]);
    let released = locked(&world, 400, &[clock], &["component acme:clock@1.1.0"]);
    world.app_requires(clock);
    for merge in [
        Merge::of(local.clone(), released.clone()),
        Merge::of(released.clone(), local.clone()),
    ] {
        assert!(merge.prefer(&world.problem).members["app"].keep);
        assert_eq!(merged(&world, &merge), released);
    }
}

#[test]
fn both_sides_are_there_to_look_at() {
    let mut world = clocks();
    world.app_requires("component acme:clock ^1");
    let (ours, theirs) = (lock_at(&world, 300), lock_at(&world, 400));
    let merge = Merge::of(ours.clone(), theirs.clone());
    assert_eq!(merge.ours(), Some(&ours));
    assert_eq!(merge.sides(), [ours.clone(), theirs.clone()]);
    let named = [Side::Ours, Side::Theirs, Side::Whole].map(|side| side.to_string());
    assert_eq!(named, ["our side", "their side", "it"]);
    // Without markers, git may have put both tables of one registry into the text: the larger counts.
    let table = |lock: &Lockfile| {
        let text = lock.to_string();
        let begin = text.find("[[registry]]").unwrap();
        let end = text.find("[[root]]").unwrap();
        text[begin..end].to_owned()
    };
    let (smaller, larger) = (table(&ours), table(&theirs));
    for both in [format!("{smaller}{larger}"), format!("{larger}{smaller}")] {
        let text = ours.to_string().replace(&smaller, &both);
        let merge = Merge::read(&text).unwrap();
        assert_eq!((merge.ours(), merge.has_sides()), (Some(&theirs), false));
    }
}

#[test]
fn texts_that_cannot_be_merged_say_why() {
    let mut world = clocks();
    world.app_requires("component acme:clock ^1");
    let lock = world.lock().to_string();
    let conflict = |ours: &str, theirs: &str| {
        let hunk = format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> topic\n");
        lock.replace("size = 48213\n", &hunk)
    };
    assert!(
        Merge::read(&conflict("size = 48213", "size = 48213"))
            .unwrap()
            .has_sides()
    );
    assert!(!Merge::read(&lock).unwrap().has_sides());
    let bare = conflict("size = 48213", "size = 48213")
        .replace(" HEAD", "")
        .replace(" topic", "");
    assert!(
        Merge::read(&bare).unwrap().has_sides(),
        "a label may be missing"
    );
    let of = |side, text: &str| match Merge::read(text) {
        Err(MergeError::Side { side: found, .. }) => assert_eq!(found, side, "{text}"),
        other => panic!("{other:?}"),
    };
    of(Side::Ours, &conflict("size = x", "size = 48213"));
    of(Side::Theirs, &conflict("size = 48213", ""));
    of(Side::Whole, &lock.replace("size = ", "length = "));
    for markers in [
        "<<<<<<< HEAD\nsize = 48213\n",
        "size = 48213\n>>>>>>> topic\n",
        "<<<<<<< HEAD\nsize = 48213\n>>>>>>> topic\n",
        "<<<<<<< HEAD\n<<<<<<< HEAD\nsize = 48213\n=======\n>>>>>>> topic\n",
    ] {
        let text = lock.replace("size = 48213\n", markers);
        assert!(
            matches!(
                Merge::read(&text),
                Err(MergeError::Markers { .. } | MergeError::Side { .. })
            ),
            "{text}"
        );
    }
}

/// A branch: some requirements of two members, with what an older lock selected as preference where there is one.
fn branch(random: &mut Random, world: &World, before: Option<&Lockfile>) -> Option<World> {
    let mut branch = world.clone();
    for member in ["app", "tool"] {
        for _ in 0..random.below(4) {
            let package = random.pick(&["x:a", "x:b", "x:c", "x:d", "x:e"]);
            let req = random.pick(&["^1", "^1.1", ">=1", "=1.0.0", "^2"]);
            let root = format!("{} {package} {req}", kind_of(package));
            let root = RootRequirement::new(root.parse().unwrap());
            branch.member(member).requirements.insert(root);
        }
        if let Some(root) = before.and_then(|lock| lock.roots.get(member)) {
            branch.member(member).selects.clone_from(&root.selects);
        }
    }
    branch
        .problem
        .members
        .retain(|_, member| !member.requirements.is_empty());
    branch.solve().ok().map(|_| branch)
}

#[test]
fn merging_is_commutative_and_idempotent_and_gives_what_is_asked_for() {
    let (mut cases, mut kept, mut solved) = (0, 0, 0);
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let world = generated(&mut random, &["1.0.0", "1.1.0", "1.2.0", "2.0.0"]);
        let Some(base) = branch(&mut random, &world, None) else {
            continue;
        };
        let base = base.lock();
        let Some(ours) = branch(&mut random, &world, Some(&base)) else {
            continue;
        };
        let Some(theirs) = branch(&mut random, &world, Some(&base)) else {
            continue;
        };
        let a = lock_at(&ours, 300 + u64::try_from(random.below(3)).unwrap());
        let b = lock_at(&theirs, 300 + u64::try_from(random.below(3)).unwrap());
        // The manifests of both: each requirement that either has, where that can be met at all.
        let mut both = ours.clone();
        for (member, theirs) in &theirs.problem.members {
            let member = both.member(member);
            member
                .requirements
                .extend(theirs.requirements.iter().cloned());
        }
        for member in both.problem.members.values_mut() {
            member.selects = BTreeSet::new();
        }
        // A lock merged with itself is the same lock, whatever was released since.
        for (world, lock) in [(&ours, &a), (&theirs, &b)] {
            let merge = Merge::of(lock.clone(), lock.clone());
            assert_eq!(merged(world, &merge), *lock, "seed {seed}: with itself");
        }
        if both.solve().is_err() {
            continue;
        }
        let one = merged(&both, &Merge::of(a.clone(), b.clone()));
        let other = merged(&both, &Merge::of(b.clone(), a.clone()));
        assert_eq!(one.to_string(), other.to_string(), "seed {seed}: swapped");
        assert_eq!(one.check(&both.problem), Ok(()), "seed {seed}");
        assert_eq!(
            one.to_string().parse::<Lockfile>().as_ref(),
            Ok(&one),
            "seed {seed}"
        );
        // Merging the outcome with a side again changes nothing that is selected, where nothing had to be solved.
        let again = merged(&both, &Merge::of(one.clone(), one.clone()));
        assert_eq!(again, one, "seed {seed}: again");
        cases += 1;
        if one
            .registries
            .values()
            .all(|one| one.size < Size::new(48_213))
        {
            kept += 1;
            let latest = Merge::of(a.clone(), b.clone()).latest();
            let held: BTreeMap<_, _> = one.registries.clone();
            assert!(
                held.iter().all(|(origin, held)| latest[origin] == *held),
                "seed {seed}"
            );
        } else {
            solved += 1;
        }
    }
    assert!(
        cases > 300 && kept > 100 && solved > 20,
        "{cases} {kept} {solved}"
    );
}
