//! Small random registries of every shape that is known to be hard, and exhaustive search in them.

use std::collections::{BTreeMap, BTreeSet};

use resolver::problem::{Member, Mode, RootRequirement};
use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::release::Objection;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::Track;

use crate::random::Random;
use crate::world::{self, World, name, origin, requirement};

const NAMES: [&str; 5] = ["t:a", "t:b", "t:c", "t:d", "t:e"];
const VERSIONS: [&str; 13] = [
    "0.0.1",
    "0.0.2",
    "0.1.0",
    "0.1.1",
    "0.2.0-rc.1",
    "0.2.0",
    "1.0.0-alpha",
    "1.0.0",
    "1.1.0+build.5",
    "1.2.0",
    "1.3.0-beta.2",
    "2.0.0",
    "2.1.0",
];
const REQUIREMENTS: [&str; 24] = [
    "*",
    "^1",
    "^1",
    "^1.1",
    "=1.0.0",
    "=1.1.0",
    "=1.2.0",
    ">=1.0.0",
    ">=0.1",
    "<2",
    ">=1.1.0,<2.1.0",
    "^0.1",
    "^0.2",
    "^0.2.0-rc.1",
    "=1.0.0-alpha",
    ">=1.0.0-alpha",
    "~1.1",
    "<0.0.1",
    "=9.9.9",
    "^2",
    "=2.0.0",
    "^0.0.1",
    ">=1.2,<1.1",
    ">=1.3.0-beta.1",
];

fn random_requirement(
    random: &mut Random,
    names: &[&str],
    kinds: &BTreeMap<&str, Kind>,
) -> Requirement {
    let package = *random.pick(names);
    let mut kind = kinds[package];
    if random.one_in(80) {
        kind = if kind == Kind::Wit {
            Kind::Component
        } else {
            Kind::Wit
        };
    }
    requirement(&format!("{kind} {package} {}", random.pick(&REQUIREMENTS)))
}

/// What a release may require besides: of a namespace that nobody serves, or from another registry.
fn released_requirement(
    random: &mut Random,
    names: &[&str],
    kinds: &BTreeMap<&str, Kind>,
) -> Requirement {
    let mut requirement = random_requirement(random, names, kinds);
    match random.below(60) {
        0 => requirement.name = name("ghost:a"),
        1 => requirement.origin = Some("elsewhere.example/x".parse().unwrap()),
        2 => requirement.origin = Some(origin()),
        _ => {}
    }
    requirement
}

pub(crate) fn random_world(random: &mut Random) -> World {
    let mut world = World::new();
    let origins = &mut world.problem.options.origins;
    origins.default = None;
    origins.namespaces = [("t".parse().unwrap(), origin())].into();
    let names = &NAMES[..2 + random.below(NAMES.len() - 1)];
    let kinds: BTreeMap<&str, Kind> = names
        .iter()
        .map(|name| (*name, *random.pick(&[Kind::Component, Kind::Wit])))
        .collect();
    for package in names {
        if random.one_in(40) {
            world.nobody_has(package);
            continue;
        }
        world
            .packages
            .insert(name(package), (kinds[package], Vec::new()));
        for version in VERSIONS {
            if random.below(5) < 2 {
                continue;
            }
            let count = *random.pick(&[0, 0, 0, 1, 1, 2]);
            let requires: Vec<String> = (0..count)
                .map(|_| released_requirement(random, names, &kinds).to_string())
                .collect();
            let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
            let release = match kinds[package] {
                Kind::Component => world.component(package, version, &requires),
                Kind::Wit => world.wit(package, version, &requires),
            };
            let reason = String::new();
            release.objection = match random.below(16) {
                0 => Some(Objection::Yanked { reason }),
                1 => Some(Objection::Withdrawn { reason }),
                2 => Some(world::unusable(&reason)),
                _ => None,
            };
        }
    }
    world.problem.options.mode = *random.pick(&[
        Mode::Default,
        Mode::Default,
        Mode::Lowest,
        Mode::LowestDirect,
        Mode::Highest,
    ]);
    for member in ["app", "web"].iter().take(1 + random.below(2)) {
        for _ in 0..=random.below(2) {
            let requirement = random_requirement(random, names, &kinds);
            let root = RootRequirement::new(requirement);
            world.member(member).requirements.insert(root);
        }
        for _ in 0..random.below(4) {
            let package = *random.pick(names);
            let selection = format!("{} {package}@{}", kinds[package], random.pick(&VERSIONS));
            world
                .member(member)
                .selects
                .insert(selection.parse().unwrap());
        }
        world.member(member).keep = random.one_in(4);
    }
    world
}

/// What the search chooses for each track.
pub(crate) type Chosen<'w> = BTreeMap<(&'w PackageName, Track), &'w Version>;

/// Everything that may be chosen: what is usable, and what is yanked where `locked` allows it.
pub(crate) fn candidates<'w>(
    world: &'w World,
    requirement: &'w Requirement,
    locked: &BTreeSet<Selection>,
) -> Vec<(&'w PackageName, &'w Version, &'w BTreeSet<Requirement>)> {
    let Some((name, (kind, releases))) = world.packages.get_key_value(&requirement.name) else {
        return Vec::new();
    };
    if requirement
        .origin
        .as_ref()
        .is_some_and(|said| *said != origin())
    {
        return Vec::new();
    }
    let may = |version: &Version, objection: Option<&Objection>| match objection {
        None => true,
        Some(Objection::Yanked { .. }) => locked.contains(&Selection {
            kind: *kind,
            name: name.clone(),
            version: version.clone(),
        }),
        Some(Objection::Withdrawn { .. } | Objection::Unusable { .. }) => false,
    };
    releases
        .iter()
        .filter(|release| *kind == requirement.kind && requirement.req.matches(&release.version))
        .filter(|release| may(&release.version, release.objection.as_ref()))
        .map(|release| (name, &release.version, &release.requirements))
        .collect()
}

/// Whether all of `open` can be met on top of what is chosen.
fn search<'w>(
    world: &'w World,
    locked: &BTreeSet<Selection>,
    chosen: &mut Chosen<'w>,
    open: &mut Vec<&'w Requirement>,
) -> bool {
    let Some(requirement) = open.pop() else {
        return true;
    };
    for (name, version, requirements) in candidates(world, requirement, locked) {
        let key = (name, Track::of(version));
        match chosen.get(&key) {
            Some(other) if *other == version => {
                let before = open.clone();
                if search(world, locked, chosen, open) {
                    return true;
                }
                *open = before;
            }
            Some(_) => {}
            None => {
                let before = (open.clone(), chosen.clone());
                chosen.insert(key, version);
                open.extend(requirements);
                if search(world, locked, chosen, open) {
                    return true;
                }
                (*open, *chosen) = before;
            }
        }
    }
    open.push(requirement);
    false
}

pub(crate) fn has_solution(world: &World, member: &Member, locked: &BTreeSet<Selection>) -> bool {
    let mut open: Vec<&Requirement> = member
        .requirements
        .iter()
        .map(|root| &root.requirement)
        .collect();
    search(world, locked, &mut BTreeMap::new(), &mut open)
}
