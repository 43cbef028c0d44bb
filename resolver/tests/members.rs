//! A workspace's members beside one another: neither their names nor their order decide anything, and what one asks for
//! moves no other.
#![expect(clippy::unwrap_used, reason = "a failure names its seed")]

mod generated;
mod random;
mod small;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use generated::{generated, kind_of};
use random::Random;
use resolver::Unresolved;
use resolver::closed_set::ClosedSet;
use resolver::lockfile::Lockfile;
use resolver::problem::{Member, RootRequirement};
use small::{has_solution, random_world};
use transparency::name::Kind;
use transparency::release::Objection;
use transparency::selection::Selection;
use transparency::version::Track;
use world::{World, requirement, selection};

/// The same world with members that are called otherwise.
fn renamed(world: &World, names: &BTreeMap<&str, &str>) -> World {
    let mut other = world.clone();
    let members = std::mem::take(&mut other.problem.members).into_iter();
    other.problem.members = members
        .map(|(name, member)| (names[name.as_str()].to_owned(), member))
        .collect();
    other
}

/// Each member's closed set. None where a member has none.
fn sets(world: &World) -> Option<BTreeMap<String, ClosedSet>> {
    match world.solve() {
        Ok(resolution) => Some(resolution.members),
        Err(Unresolved::Conflict(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Solves after a lock, as `lock` does.
fn after(world: &World, lock: &Lockfile) -> World {
    let mut world = world.clone();
    for member in world.problem.members.values_mut() {
        member.selects = BTreeSet::new();
        member.keep = false;
    }
    lock.prefer(&mut world.problem, |_, own| own.is_current);
    world
}

#[test]
fn neither_names_nor_order_decide_what_members_get() {
    let names = BTreeMap::from([("app", "zoo"), ("web", "bee")]);
    let (mut solved, mut unsolvable) = (0, 0);
    for seed in 0..10_000 {
        let world = random_world(&mut Random::new(seed));
        let other = renamed(&world, &names);
        let (one, two) = (sets(&world), sets(&other));
        assert_eq!(one.is_some(), two.is_some(), "seed {seed}");
        for (name, set) in one.iter().flatten() {
            let renamed = two.as_ref().unwrap().get(names[name.as_str()]);
            assert_eq!(Some(set), renamed, "seed {seed}: {name}");
        }
        // Each is judged by itself: by what it requires, and what anyone had locked.
        let members = || world.problem.members.values();
        let locked = members()
            .flat_map(|member| member.selects.clone())
            .collect();
        let is_solvable = members().all(|member| has_solution(&world, member, &locked));
        assert_eq!(one.is_some(), is_solvable, "seed {seed}");
        solved += u32::from(one.is_some());
        unsolvable += u32::from(one.is_none());
    }
    assert!(
        solved > 2_000 && unsolvable > 2_000,
        "{solved} {unsolvable}"
    );
}

#[test]
fn a_member_that_comes_moves_no_other_and_one_that_is_renamed_keeps_its_lock() {
    let names = BTreeMap::from([("app", "zoo"), ("web", "bee")]);
    let (mut came, mut with_yanked) = (0, 0);
    for seed in 0..8_000 {
        let mut random = Random::new(seed);
        let mut world = random_world(&mut random);
        let Some(_) = sets(&world) else { continue };
        let lock = world.lock();
        // Meanwhile, things are yanked and released.
        let mut yanked = false;
        for (_, releases) in world.packages.values_mut() {
            if random.one_in(3) && !releases.is_empty() {
                let position = random.below(releases.len());
                let reason = String::new();
                releases[position].objection = Some(Objection::Yanked { reason });
                yanked = true;
            }
        }
        // What was withdrawn or unusable stays so in the lock's world: only yanks leave a lock as good as it was.
        let before = sets(&after(&world, &lock));
        let Some(before) = before.filter(|sets| {
            sets.iter()
                .all(|(name, set)| set.packages.keys().eq(&lock.roots[name].selects))
        }) else {
            continue;
        };
        let renamed = sets(&after(&renamed(&world, &names), &lock)).unwrap();
        for (name, set) in &before {
            // Two members that require the same cannot be told apart.
            let mut roots = lock.roots.values();
            let root = &lock.roots[name];
            if roots.all(|other| other == root || other.requires != root.requires) {
                assert_eq!(Some(set), renamed.get(names[name.as_str()]), "seed {seed}");
            }
        }
        let newcomer = Member {
            requirements: world.problem.members["app"].requirements.clone(),
            ..Member::default()
        };
        for name in ["aaa", "zzz"] {
            let mut more = world.clone();
            let members = &mut more.problem.members;
            members.insert(name.to_owned(), newcomer.clone());
            let more = sets(&after(&more, &lock)).unwrap();
            for (other, set) in &before {
                assert_eq!(Some(set), more.get(other), "seed {seed}: {other}");
            }
        }
        came += 1;
        with_yanked += u32::from(yanked);
    }
    assert!(came > 1_000 && with_yanked > 300, "{came} {with_yanked}");
}

fn clocks() -> World {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "1.3.0"] {
        world.component("acme:clock", version, &[]);
        world.component("acme:logger", version, &[]);
    }
    world
}

fn requires(world: &mut World, member: &str, text: &str) {
    let root = RootRequirement::new(requirement(text));
    world.member(member).requirements.insert(root);
}

fn locks(world: &mut World, member: &str, texts: &[&str]) {
    world.member(member).selects = texts.iter().map(|text| selection(text)).collect();
}

fn selected(world: &World, member: &str) -> Vec<String> {
    let sets = sets(world).unwrap();
    sets[member]
        .packages
        .keys()
        .map(Selection::to_string)
        .collect()
}

#[test]
fn a_member_is_recognised_by_what_it_requires_before_its_name() {
    let mut world = clocks();
    requires(&mut world, "one", "component acme:clock ^1");
    requires(&mut world, "two", "component acme:logger ^1");
    requires(&mut world, "two", "component acme:clock ^1");
    locks(&mut world, "one", &["component acme:clock@1.0.0"]);
    locks(
        &mut world,
        "two",
        &["component acme:clock@1.1.0", "component acme:logger@1.0.0"],
    );
    let lock = world.lock();

    let swapped = renamed(&world, &BTreeMap::from([("one", "two"), ("two", "one")]));
    let swapped = after(&swapped, &lock);
    assert_eq!(selected(&swapped, "two"), ["component acme:clock@1.0.0"]);
    assert_eq!(selected(&swapped, "one")[0], "component acme:clock@1.1.0");

    // A member that now requires what another one requires keeps its own lock.
    let mut alike = world.clone();
    requires(&mut alike, "one", "component acme:logger ^1");
    let alike = after(&alike, &lock);
    assert_eq!(
        selected(&alike, "one"),
        ["component acme:clock@1.0.0", "component acme:logger@1.0.0"]
    );

    // A locked version that no member uses any more is still preferred to a newer one.
    let mut gone = clocks();
    requires(&mut gone, "three", "component acme:logger ^1");
    let gone = after(&gone, &lock);
    assert_eq!(selected(&gone, "three"), ["component acme:logger@1.0.0"]);
}

/// What is asked for in a solve that has a lock, and what must move for it.
#[derive(Debug, Default)]
struct Moves {
    cases: u32,
    needless: u32,
}

/// Whether a member could have kept all that it had locked.
fn could_stay(world: &World, lock: &Lockfile) -> bool {
    let mut world = world.clone();
    for (name, root) in &lock.roots {
        let exact =
            |one: &Selection| requirement(&format!("{} {} ={}", one.kind, one.name, one.version));
        world.member(name).held = root.selects.iter().map(exact).collect();
    }
    sets(&world).is_some()
}

/// How many packages of a lock have another version of their track.
fn moved(world: &World, lock: &Lockfile) -> usize {
    let sets = sets(world).unwrap();
    let track = |one: &Selection| (one.kind, one.name.clone(), Track::of(&one.version));
    let moved = lock.roots.iter().map(|(name, root)| {
        let now = sets[name].packages.keys();
        // Minimal version selection raises a WIT package for each release that it passes, even one that is not selected.
        let is_raised =
            |old: &Selection, one: &Selection| one.kind == Kind::Wit && old.version < one.version;
        let other = |one: &&Selection| {
            let mut locked = root.selects.iter();
            !root.selects.contains(*one)
                && locked.any(|old| track(old) == track(one) && !is_raised(old, one))
        };
        now.filter(other).count()
    });
    moved.sum()
}

#[test]
fn what_comes_new_goes_by_what_is_locked_and_not_the_reverse() {
    let (mut added, mut precise) = (Moves::default(), Moves::default());
    for seed in 0..12_000 {
        let mut random = Random::new(seed);
        let versions = ["1.0.0", "1.1.0", "1.2.0", "2.0.0"];
        let mut world = generated(&mut random, &versions);
        let names = ["x:a", "x:b", "x:c", "x:d", "x:e"];
        let wish = |random: &mut Random, reqs: &[&str]| {
            let package = random.pick(&names);
            format!("{} {package} {}", kind_of(package), random.pick(reqs))
        };
        for _ in 0..2 {
            let wish = wish(&mut random, &["^1", "^1.1", "^1.0.0"]);
            world.app_requires(&wish);
        }
        if sets(&world).is_none() {
            continue;
        }
        // Locked at random versions, not at the newest.
        let mut old = world.clone();
        for (_, releases) in old.packages.values_mut() {
            releases.retain(|release| release.version.minor == 0 || !random.one_in(2));
        }
        if sets(&old).is_none() {
            continue;
        }
        let lock = old.lock();
        let is_precise = random.one_in(2);
        let reqs: &[&str] = if is_precise {
            &["=1.0.0", "=1.1.0", "=1.2.0"]
        } else {
            &["^1", "^1.1", "^2"]
        };
        let wish = wish(&mut random, reqs);
        world.app_requires(&wish);
        let world = after(&world, &lock);
        if sets(&world).is_none() || !could_stay(&world, &lock) {
            continue;
        }
        let tally = if is_precise { &mut precise } else { &mut added };
        tally.cases += 1;
        tally.needless += u32::from(moved(&world, &lock) > 0);
    }
    assert!(
        added.cases > 1_000 && precise.cases > 500,
        "{added:?} {precise:?}"
    );
    assert_eq!(
        (added.needless, precise.needless),
        (0, 0),
        "{added:?} {precise:?}"
    );
}
