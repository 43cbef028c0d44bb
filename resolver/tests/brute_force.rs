//! The solver against exhaustive search, on small random registries of every shape that is known to be hard.
#![expect(clippy::unwrap_used, reason = "a failure names its seed")]

mod random;
mod small;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use random::Random;
use resolver::Unresolved;
use resolver::closed_set::ClosedSet;
use resolver::closed_set::Provenance;
use resolver::closure::{Flaw, check_member};
use resolver::index::Index;
use resolver::order::Order;
use resolver::problem::{Member, Mode, RootRequirement};
use semver::Version;
use small::{candidates, has_solution, random_world};
use transparency::name::{Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::Track;
use world::{World, origin, requirement, selection};

impl Random {
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

/// Judges an answer with no code of the crate under test.
fn assert_valid(
    world: &World,
    member: &Member,
    set: &ClosedSet,
    locked: &BTreeSet<Selection>,
    case: &str,
) {
    let mut tracks = BTreeSet::new();
    for selection in set.packages.keys() {
        assert!(
            tracks.insert((
                selection.kind,
                &selection.name,
                Track::of(&selection.version)
            )),
            "{case}: two of one track: {selection}"
        );
    }
    let mut met: BTreeSet<&Selection> = BTreeSet::new();
    let mut open: Vec<&Requirement> = member
        .requirements
        .iter()
        .map(|root| &root.requirement)
        .collect();
    while let Some(requirement) = open.pop() {
        let before = met.len();
        let mut is_met = false;
        for (name, version, requirements) in candidates(world, requirement, locked) {
            let selection = Selection {
                kind: requirement.kind,
                name: name.clone(),
                version: version.clone(),
            };
            if let Some((selection, _)) = set.packages.get_key_value(&selection) {
                is_met = true;
                if met.insert(selection) {
                    open.extend(requirements);
                }
            }
        }
        assert!(is_met, "{case}: nothing meets {requirement} ({before} met)");
    }
    let unneeded: Vec<_> = set
        .packages
        .keys()
        .filter(|found| !met.contains(found))
        .collect();
    assert!(unneeded.is_empty(), "{case}: not needed: {unneeded:?}");
    assert_eq!(
        check_member(member, set),
        [],
        "{case}: check_closed_set disagrees"
    );
}

/// No version that is wanted at its highest, and that nobody had locked, could be a higher one of its track that serves the
/// same requirements, while all else stays. How many higher ones were tried.
fn assert_none_is_higher_by_itself(
    world: &World,
    member: &Member,
    set: &ClosedSet,
    locked: &BTreeSet<Selection>,
    case: &str,
) -> u32 {
    let mode = world.problem.options.mode;
    let is_root = |one: &Selection| {
        let mut roots = member.requirements.iter().map(|root| &root.requirement);
        roots.any(|root| root.kind == one.kind && root.name == one.name)
    };
    let is_free = |one: &&Selection| {
        !locked.contains(one) && Order::of(mode, one.kind, is_root(one)) == Order::HighestFirst
    };
    // A closed set does not say where its packages are from.
    let is_from_here = |one: &Requirement| one.origin.as_ref().is_none_or(|said| *said == origin());
    let mut tried = 0;
    for chosen in set.packages.keys().filter(is_free) {
        let (_, releases) = &world.packages[&chosen.name];
        let others = set.packages.iter().filter(|(other, _)| *other != chosen);
        let mut served: Vec<&Requirement> = others.flat_map(|(_, it)| it.requirements()).collect();
        served.extend(member.requirements.iter().map(|root| &root.requirement));
        // A requirement that spans tracks may be served by another track, too. It stays with this one.
        served.retain(|one| {
            one.kind == chosen.kind && one.name == chosen.name && one.req.matches(&chosen.version)
        });
        let serves = |version: &Version| served.iter().all(|one| one.req.matches(version));
        let higher = releases.iter().filter(|release| {
            release.objection.is_none()
                && release.requirements.iter().all(is_from_here)
                && release.version > chosen.version
                && serves(&release.version)
                && Track::of(&release.version) == Track::of(&chosen.version)
        });
        for release in higher {
            let mut set = set.clone();
            set.packages.remove(chosen);
            let raised = Selection {
                version: release.version.clone(),
                ..chosen.clone()
            };
            let provenance = Provenance::Registry {
                origin: origin(),
                release: Arc::new(release.unverified(chosen.kind)),
            };
            set.packages.insert(raised, provenance);
            let mut flaws = check_member(member, &set);
            // Packages that the higher version does not need may be left out.
            flaws.retain(|flaw| !matches!(flaw, Flaw::Unneeded { .. }));
            let version = &release.version;
            assert!(
                !flaws.is_empty(),
                "{case}: {chosen} could be {version} by itself"
            );
            tried += 1;
        }
    }
    tried
}

/// The same packages, inserted in another order.
fn shuffled(world: &World, random: &mut Random) -> Index {
    let mut packages: Vec<_> = world.packages.keys().chain(&world.absent).collect();
    random.shuffle(&mut packages);
    let mut world = world.clone();
    for (_, releases) in world.packages.values_mut() {
        random.shuffle(releases);
    }
    let mut index = Index::new();
    for package in packages {
        world.load(&mut index, package);
    }
    index
}

#[derive(Debug, Default)]
struct Tally {
    solved: u32,
    unsolvable: u32,
    two_tracks: u32,
    kept: u32,
    raised: u32,
}

fn check_case(seed: u64, tally: &mut Tally) {
    let case = format!("seed {seed}");
    let mut random = Random::new(seed);
    let world = random_world(&mut random);
    let answer = world.solve();

    let again = resolver::resolve(&world.problem, &shuffled(&world, &mut random));
    assert_eq!(answer, again, "{case}: another order, another answer");
    let mut extra: Vec<PackageName> = world.packages.keys().cloned().collect();
    extra.retain(|_| random.one_in(3));
    assert_eq!(answer, world.solve_lazily(&extra), "{case}: loaded lazily");

    // Each member may keep what any member had locked, even if it is yanked.
    let members = world.problem.members.values();
    let locked: BTreeSet<Selection> = members
        .flat_map(|member| member.selects.iter().cloned())
        .collect();
    for (name, member) in &world.problem.members {
        let solvable = has_solution(&world, member, &locked);
        match &answer {
            Ok(resolution) => {
                assert!(solvable, "{case}: {name} has no solution, and got one");
                let set = &resolution.members[name];
                assert_valid(&world, member, set, &locked, &format!("{case}, {name}"));
                let names: BTreeSet<_> = set.packages.keys().map(|found| &found.name).collect();
                tally.raised += assert_none_is_higher_by_itself(
                    &world,
                    member,
                    set,
                    &locked,
                    &format!("{case}, {name}"),
                );
                tally.two_tracks += u32::from(names.len() < set.packages.len());
                tally.kept += u32::from(member.keep && set.packages.keys().eq(&member.selects));
                tally.solved += 1;
            }
            Err(Unresolved::Conflict(conflict)) if conflict.member() == name => {
                assert!(
                    !solvable,
                    "{case}: {name} has a solution, and got none:\n{conflict}"
                );
                let text = conflict.to_string();
                assert!(text.ends_with(" cannot be met."), "{case}: {text}");
                tally.unsolvable += 1;
                return;
            }
            Err(Unresolved::Conflict(_)) => {
                // An earlier member was solvable.
                assert!(
                    solvable,
                    "{case}: {name} has no solution, and another was blamed"
                );
                return;
            }
            Err(other) => panic!("{case}: {other}"),
        }
    }
}

#[test]
fn exhaustive_search_agrees() {
    let mut tally = Tally::default();
    let cases = 120_000;
    (0..cases).for_each(|seed| check_case(seed, &mut tally));
    // The generator made each of the cases that matter.
    let at_least = |count: u32, of: u64| u64::from(count) * of > cases;
    assert!(at_least(tally.solved, 3), "{tally:?}");
    assert!(at_least(tally.unsolvable, 3), "{tally:?}");
    assert!(at_least(tally.two_tracks, 20), "{tally:?}");
    assert!(at_least(tally.kept, 4_000), "{tally:?}");
    assert!(at_least(tally.raised, 100), "{tally:?}");
}

/// The lowest versions that go together are what a search ends with, so whether there is one to be made changes nothing.
#[test]
fn a_component_beside_moves_no_wit_package() {
    // Its highest version is wanted: where it is needed, there is a search.
    let beside = selection("component t:beside@1.0.0");
    let (mut without_search, mut conflicts) = (0, 0);
    for seed in 0..12_000 {
        let mut world = random_world(&mut Random::new(seed));
        world.problem.options.mode = Mode::Default;
        for member in world.problem.members.values_mut() {
            member.keep = false;
        }
        let mut searched = world.clone();
        searched.component("t:beside", "1.0.0", &[]);
        for member in searched.problem.members.values_mut() {
            let root = RootRequirement::new(requirement("component t:beside ^1"));
            member.requirements.insert(root);
        }
        match (world.solve(), searched.solve()) {
            (Ok(lowest), Ok(mut searched)) => {
                for set in searched.members.values_mut() {
                    assert!(set.packages.remove(&beside).is_some(), "seed {seed}");
                }
                assert_eq!(lowest, searched, "seed {seed}");
                let packages = lowest.packages();
                without_search += u32::from(packages.keys().all(|one| one.kind == Kind::Wit));
            }
            (Err(_), Err(_)) => conflicts += 1,
            (one, other) => panic!("seed {seed}: {one:?} and {other:?}"),
        }
    }
    let counts = (without_search, conflicts);
    assert!(counts.0 > 1_000 && counts.1 > 1_000, "{counts:?}");
}

/// 50 packages of 30 versions each: too many to search, enough to be checked and solved twice.
#[test]
fn large_registries_have_valid_answers_that_do_not_change() {
    let mut solved = 0;
    for seed in 0..40 {
        let case = format!("large seed {seed}");
        let mut random = Random::new(seed);
        let mut world = World::new();
        let names: Vec<String> = (0..50).map(|number| format!("t:p{number}")).collect();
        for (position, package) in names.iter().enumerate() {
            for number in 0..30 {
                let version = format!("{}.{}.0", 1 + number / 15, number % 15);
                let requires: Vec<String> = (0..random.below(4))
                    .map(|_| {
                        let target = &names[random.below(names.len())];
                        let (major, minor) = (1 + random.below(2), random.below(15));
                        match random.below(4) {
                            0 => format!("component {target} >={major}.{minor}.0"),
                            1 => format!("component {target} >={major}.0.0,<={major}.{minor}.0"),
                            _ => format!("component {target} ^{major}.{}", minor / 2),
                        }
                    })
                    .collect();
                let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
                world.component(package, &version, &requires);
            }
            if position < 5 {
                world.app_requires(&format!("component {package} ^1.{}", random.below(10)));
            }
        }
        let answer = world.solve();
        assert_eq!(
            answer,
            resolver::resolve(&world.problem, &shuffled(&world, &mut random)),
            "{case}"
        );
        assert_eq!(answer, world.solve_lazily(&[]), "{case}");
        if let Ok(resolution) = answer {
            let member = &world.problem.members["app"];
            assert_valid(
                &world,
                member,
                &resolution.members["app"],
                &BTreeSet::new(),
                &case,
            );
            solved += 1;
        }
    }
    assert!(
        solved >= 10,
        "only {solved} of 40 large registries could be solved"
    );
}
