//! The lock of one member: what a stranger solves again, from nothing.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod generated;
mod random;
mod world;

use std::convert::Infallible;

use generated::{generated, kind_of};
use random::Random;
use resolver::lockfile::Lockfile;
use resolver::lockfile::member_lock::{Difference, difference, hold};
use resolver::problem::{Mode, RootRequirement};
use transparency::release::Objection;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use world::{World, name, selection};

/// The published lock of a member, as `hold` finds it.
fn published(world: &World, member: &str) -> Option<Lockfile> {
    let member_lock = world.lock().member_lock(member).unwrap();
    let is_yanked = |selection: &Selection| {
        let (_, releases) = &world.packages[&selection.name];
        let mut releases = releases.iter();
        let release = releases.find(|release| release.version == selection.version);
        matches!(release.unwrap().objection, Some(Objection::Yanked { .. }))
    };
    let solved = hold(member_lock, is_yanked, |problem| {
        let mut stranger = world.clone();
        stranger.problem = problem.clone();
        Ok::<_, Infallible>(stranger.solve().unwrap())
    });
    solved.unwrap()
}

/// What is solved from that lock on a machine that has nothing else.
fn again(world: &World, lock: &Lockfile) -> Lockfile {
    let mut stranger = world.clone();
    stranger.problem = lock.problem();
    stranger.lock()
}

fn held(lock: &Lockfile) -> Vec<String> {
    let (_, root) = lock.only_root().unwrap();
    root.held.iter().map(ToString::to_string).collect()
}

fn clocks() -> World {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        world.component("acme:clock", version, &[]);
    }
    world.component("acme:logger", "1.0.0", &["component acme:clock ^1.0"]);
    world.app_requires("component acme:logger ^1");
    world
}

#[test]
fn what_a_solve_gives_anyway_is_not_held() {
    let world = clocks();
    let lock = published(&world, "app").unwrap();
    assert_eq!(held(&lock), [""; 0]);
    assert_eq!(again(&world, &lock), lock);
}

#[test]
fn what_was_locked_before_is_held() {
    let mut world = clocks();
    let old = selection("component acme:clock@1.1.0");
    world.member("app").selects.insert(old);
    let lock = published(&world, "app").unwrap();
    assert_eq!(held(&lock), ["component acme:clock =1.1.0"]);
    assert_eq!(again(&world, &lock), lock);
    assert_eq!(lock.to_string().parse::<Lockfile>().as_ref(), Ok(&lock));
}

#[test]
fn a_yanked_release_that_was_locked_is_held_and_comes_again() {
    let mut world = clocks();
    let old = selection("component acme:clock@1.1.0");
    world.member("app").selects.insert(old);
    world.yank("acme:clock", "1.1.0", "leaks");
    let lock = published(&world, "app").unwrap();
    assert_eq!(held(&lock), ["component acme:clock =1.1.0"]);
    assert_eq!(again(&world, &lock), lock);
}

#[test]
fn what_another_member_had_locked_is_held_and_its_packages_are_not_there() {
    let mut world = clocks();
    world.component("acme:timer", "1.0.0", &["component acme:clock =1.0.0"]);
    world.member("a").requirements.insert(RootRequirement::new(
        "component acme:timer ^1".parse().unwrap(),
    ));
    let old = selection("component acme:clock@1.0.0");
    world.member("a").selects.insert(old);
    let lock = published(&world, "app").unwrap();
    assert_eq!(held(&lock), ["component acme:clock =1.0.0"]);
    let (_, root) = lock.only_root().unwrap();
    assert_eq!(root.held_besides(), None, "what is held is selected");
    let mut besides = root.clone();
    let other: Requirement = "component acme:clock =1.1.0".parse().unwrap();
    besides.held.insert(other.clone());
    assert_eq!(besides.held_besides(), Some(&other));
    assert_eq!(lock.packages.len(), 2);
    assert_eq!(lock.roots.len(), 1);
    assert_eq!(world.lock().member_lock("b"), None);
}

#[test]
fn a_lock_that_answers_another_question_holds_nothing_that_helps() {
    let world = clocks();
    let mut lock = world.lock().member_lock("app").unwrap();
    let clock = selection("component acme:clock@1.2.0");
    let root = lock.roots.get_mut("app").unwrap();
    root.requires = ["component acme:clock ^1".parse().unwrap()].into();
    root.selects = [selection("component acme:logger@1.0.0"), clock].into();
    let solved = hold(
        lock,
        |_| false,
        |problem| {
            let mut stranger = world.clone();
            stranger.problem = problem.clone();
            Ok::<_, Infallible>(stranger.solve().unwrap())
        },
    );
    assert_eq!(solved, Ok(None));
}

#[test]
fn the_first_difference_that_matters() {
    let mut world = clocks();
    let lock = published(&world, "app").unwrap();
    assert_eq!(difference(&lock, &again(&world, &lock)), None);
    world.component("acme:clock", "1.3.0", &[]);
    let differs = difference(&lock, &again(&world, &lock)).unwrap();
    assert_eq!(
        differs.to_string(),
        "component acme:clock: the published lock has 1.2.0, and solving again has 1.3.0"
    );
    let mut other = lock.clone();
    other.solver = 7;
    let Some(Difference::Line { line, .. }) = difference(&lock, &other) else {
        panic!("the solver stands in a line");
    };
    let line = usize::try_from(line).unwrap();
    let text = other.to_string();
    assert!(text.lines().nth(line - 1).unwrap().contains('7'), "{text}");
}

/// Whatever two members had locked before, and whatever was yanked since, each one's lock can be solved again, from
/// nothing, to the byte.
#[test]
fn every_lock_can_be_solved_again_from_nothing() {
    let (mut cases, mut with_holds) = (0, 0);
    for seed in 0..6000 {
        let mut random = Random::new(seed);
        let versions = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0-rc.1"];
        let mut world = generated(&mut random, &versions);
        world.problem.options.mode = *random.pick(&[
            Mode::Default,
            Mode::Default,
            Mode::Lowest,
            Mode::LowestDirect,
            Mode::Highest,
        ]);
        for member in ["app", "tool"] {
            for _ in 0..=random.below(3) {
                let package = random.pick(&["x:a", "x:b", "x:c", "x:d", "x:e"]);
                let req = random.pick(&["^1", "^1.1", ">=1.0,<1.2", "=1.0.0", "^2", "=2.1.0-rc.1"]);
                let root = format!("{} {package} {req}", kind_of(package));
                let root = RootRequirement::new(root.parse().unwrap());
                world.member(member).requirements.insert(root);
            }
            for _ in 0..random.below(4) {
                let package = random.pick(&["x:a", "x:b", "x:c", "x:d", "x:e"]);
                let (_, releases) = &world.packages[&name(package)];
                let version = random.pick(releases).version.clone();
                let old = format!("{} {package}@{version}", kind_of(package));
                world.member(member).selects.insert(selection(&old));
                if random.one_in(3) {
                    world.yank(package, &version.to_string(), "leaks");
                }
            }
        }
        if world.solve().is_err() {
            continue;
        }
        for member in ["app", "tool"] {
            let lock = published(&world, member).unwrap_or_else(|| panic!("seed {seed}: {member}"));
            let solved = again(&world, &lock);
            assert_eq!(difference(&lock, &solved), None, "seed {seed}: {member}");
            assert_eq!(
                lock.to_string(),
                solved.to_string(),
                "seed {seed}: {member}"
            );
            cases += 1;
            with_holds += usize::from(!held(&lock).is_empty());
        }
    }
    assert!(cases > 2000 && with_holds > 500, "{cases} {with_holds}");
}

#[test]
fn pins_of_one_track_are_solved_again_as_pins() {
    let mut world = World::new();
    world.wit("wasi:io", "0.2.3", &["wit wasi:poll ^0.2.0"]);
    world.wit("wasi:io", "0.2.6", &[]);
    world.wit("wasi:poll", "0.2.0", &[]);
    world.refers("wasi:io@0.2.3", "wit/a.wit:3");
    world.refers("wasi:io@0.2.6", "wit/b.wit:3");
    let lock = published(&world, "app").unwrap();
    assert_eq!(held(&lock), [""; 0]);
    assert_eq!(difference(&lock, &again(&world, &lock)), None);
}
