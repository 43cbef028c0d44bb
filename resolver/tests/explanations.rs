//! Explanations of conflicts in small random registries: nothing in them is made up, nothing is left out, each step
//! follows, and each hint works. All of it is judged by exhaustive search, without any help of the crate's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod random;
mod small;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use random::Random;
use resolver::problem::{Member, RootRequirement};
use resolver::report::{Conclusion, Conflict, Fact, Group, Hint, MAX_HINTS, Premise};
use resolver::{Exclusion, Reason, Unresolved};
use semver::Version;
use small::{has_solution, random_world};
use transparency::name::{Kind, PackageName};
use transparency::release::Objection;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::{Track, VersionReq};
use world::{Release, World, name};

/// A version, or what stands for a package that is not there.
type Thing<'a> = (Kind, &'a PackageName, Option<Version>);

/// What is chosen. It has at most one version of a track.
type Chosen<'a> = BTreeSet<Thing<'a>>;

fn releases<'w>(world: &'w World, kind: Kind, name: &PackageName) -> &'w [Release] {
    match world.packages.get(name) {
        Some((found, releases)) if *found == kind => releases,
        _ => &[],
    }
}

/// The versions that a group means.
fn things<'a>(world: &World, group: &'a Group) -> Vec<Thing<'a>> {
    let Group {
        kind, name, runs, ..
    } = group;
    if runs.is_empty() {
        return vec![(*kind, name, None)];
    }
    let all = releases(world, *kind, name);
    let mut found = Vec::new();
    for (first, last) in runs {
        let track = Track::of(first);
        let within =
            |version: &Version| Track::of(version) == track && first <= version && version <= last;
        let versions = all.iter().map(|release| &release.version);
        found.extend(
            versions
                .filter(|version| within(version))
                .map(|version| (*kind, name, Some(version.clone()))),
        );
    }
    found
}

/// What could serve a requirement.
fn servers<'a>(world: &World, requirement: &'a Requirement) -> Vec<Thing<'a>> {
    let Requirement {
        kind,
        name,
        req,
        origin,
        ..
    } = requirement;
    let is_here = origin.as_ref().is_none_or(|said| *said == world::origin());
    match world.packages.get(name) {
        Some((found, releases)) if is_here && found == kind => releases
            .iter()
            .filter(|release| req.matches(&release.version))
            .map(|release| (*kind, name, Some(release.version.clone())))
            .collect(),
        _ => vec![(*kind, name, None)],
    }
}

/// The part of a fact that a version must meet, if the fact is about that version.
fn obligations<'a>(world: &World, fact: &'a Fact, thing: &Thing<'_>) -> Vec<&'a Requirement> {
    let Fact::Requires {
        by: Some(by),
        wishes,
        ..
    } = fact
    else {
        return Vec::new();
    };
    let (kind, name, Some(version)) = thing else {
        return Vec::new();
    };
    if !things(world, by).contains(thing) {
        return Vec::new();
    }
    let release = releases(world, *kind, name)
        .iter()
        .find(|release| release.version == *version);
    let Some(release) = release else {
        return Vec::new();
    };
    wishes
        .iter()
        .map(|wish| &wish.requirement)
        .filter(|wanted| release.requirements.contains(*wanted))
        .collect()
}

/// What a fact rules out.
fn ruled_out<'a>(world: &World, fact: &'a Fact) -> Vec<Thing<'a>> {
    match fact {
        Fact::Requires { .. } => Vec::new(),
        Fact::Excluded {
            kind,
            name,
            versions,
        } => versions
            .iter()
            .map(|(version, _)| (*kind, name, Some(version.clone())))
            .collect(),
        Fact::Unavailable { group, .. } => things(world, group),
    }
}

/// Whether a fact holds in the world, exactly as it is written.
fn assert_true(world: &World, member: &Member, fact: &Fact, case: &str) {
    match fact {
        Fact::Requires { by, wishes, unmet } => {
            assert!(!wishes.is_empty(), "{case}: requires nothing: {fact:?}");
            match by {
                None => {
                    for wish in wishes {
                        let root = RootRequirement::new(wish.requirement.clone());
                        assert!(member.requirements.contains(&root), "{case}: {wish:?}");
                    }
                }
                Some(group) => {
                    let versions = things(world, group);
                    assert!(!versions.is_empty(), "{case}: {group:?}");
                    for thing in versions {
                        assert!(
                            !obligations(world, fact, &thing).is_empty(),
                            "{case}: {thing:?} does not require {wishes:?}"
                        );
                    }
                }
            }
            let wish = &wishes[0].requirement;
            let matching = servers(world, wish);
            if let Some(unmet) = unmet {
                assert!(matching.is_empty(), "{case}: it is met: {fact:?}");
                let mut all: Vec<Version> = releases(world, wish.kind, &wish.name)
                    .iter()
                    .map(|release| release.version.clone())
                    .collect();
                all.sort();
                assert_eq!(*unmet.existing, *all, "{case}");
            } else {
                assert!(!matching.is_empty(), "{case}: nothing meets {fact:?}");
            }
            for wish in wishes {
                assert_eq!(
                    servers(world, &wish.requirement),
                    matching,
                    "{case}: {fact:?}"
                );
            }
        }
        Fact::Excluded {
            kind,
            name,
            versions,
        } => {
            for (version, why) in versions {
                let release = releases(world, *kind, name)
                    .iter()
                    .find(|release| release.version == *version);
                let release = release.unwrap_or_else(|| panic!("{case}: no {name} {version}"));
                let objection = release.objection.clone().map(Exclusion::Objection);
                let case = format!("{case}: {name} {version}");
                assert_eq!(objection.as_ref(), Some(why), "{case}");
            }
        }
        Fact::Unavailable { group, reason } => match reason {
            Reason::Absent { .. } => assert!(world.absent.contains(&group.name), "{case}"),
            Reason::Outside => panic!("{case}: no registry of these worlds is left out"),
            Reason::Refused { .. } => panic!("{case}: no log of these worlds breaks a rule"),
            Reason::NoRegistry { said } => {
                assert_eq!(group.name.as_str(), "ghost:a", "{case}");
                assert_eq!(*said, None, "{case}");
            }
            Reason::OtherRegistry { said, here } => {
                assert!(said != here && *here == world::origin(), "{case}");
            }
            Reason::OtherKind { actual } => {
                let (kind, _) = &world.packages[&group.name];
                assert!(kind == actual && group.kind != *actual, "{case}");
            }
            Reason::Itself { requirement } => {
                for (_, name, version) in things(world, group) {
                    let version = version.unwrap_or_else(|| panic!("{case}: {group:?}"));
                    let release = releases(world, group.kind, name)
                        .iter()
                        .find(|release| release.version == version);
                    assert!(
                        release.is_some_and(|one| one.requirements.contains(requirement))
                            && requirement.name == *name
                            && requirement.req.track() == Some(Track::of(&version))
                            && !requirement.req.matches(&version),
                        "{case}: {fact:?}"
                    );
                }
            }
        },
    }
}

/// Whether something can be chosen that agrees with these facts and nothing else.
fn agrees<'a>(
    world: &World,
    facts: &[&'a Fact],
    out: &BTreeSet<Thing<'a>>,
    chosen: &mut Chosen<'a>,
    open: &mut Vec<&'a Requirement>,
) -> bool {
    let Some(requirement) = open.pop() else {
        return true;
    };
    for thing in servers(world, requirement) {
        if out.contains(&thing) {
            continue;
        }
        let (kind, name, version) = &thing;
        let same_track = |other: &&Thing<'_>| {
            other.0 == *kind
                && other.1 == *name
                && other.2.as_ref().map(Track::of) == version.as_ref().map(Track::of)
        };
        let before = (open.clone(), chosen.clone());
        match chosen.iter().find(same_track) {
            Some(other) if *other == thing => {}
            Some(_) => continue,
            None => {
                for fact in facts {
                    open.extend(obligations(world, fact, &thing));
                }
                chosen.insert(thing);
            }
        }
        if agrees(world, facts, out, chosen, open) {
            return true;
        }
        (*open, *chosen) = before;
    }
    open.push(requirement);
    false
}

fn cited(conflict: &Conflict) -> Vec<&Fact> {
    let premises = conflict.steps().iter().flat_map(|step| &step.premises);
    premises
        .filter_map(|premise| match premise {
            Premise::Fact(fact) => Some(fact),
            Premise::Step(_) => None,
        })
        .collect()
}

fn own<'a>(facts: &[&'a Fact]) -> Vec<&'a Requirement> {
    let wishes = facts.iter().filter_map(|fact| match fact {
        Fact::Requires {
            by: None, wishes, ..
        } => Some(wishes),
        _ => None,
    });
    wishes.flatten().map(|wish| &wish.requirement).collect()
}

/// The cited facts have no solution by themselves.
fn assert_enough(world: &World, conflict: &Conflict, case: &str) {
    let facts = cited(conflict);
    let out = facts
        .iter()
        .flat_map(|fact| ruled_out(world, fact))
        .collect();
    let mut chosen = Chosen::new();
    let mut open = own(&facts);
    assert!(
        !agrees(world, &facts, &out, &mut chosen, &mut open),
        "{case}: what is said leaves {chosen:?}\n{conflict}"
    );
}

fn is_met(world: &World, chosen: &Chosen<'_>, requirement: &Requirement) -> bool {
    servers(world, requirement)
        .iter()
        .any(|one| chosen.contains(one))
}

fn is_so(world: &World, chosen: &Chosen<'_>, fact: &Fact) -> bool {
    let own = own(&[fact]);
    own.into_iter().all(|wanted| is_met(world, chosen, wanted))
        && chosen.iter().all(|thing| {
            obligations(world, fact, thing)
                .into_iter()
                .all(|wanted| is_met(world, chosen, wanted))
        })
        && !ruled_out(world, fact)
            .iter()
            .any(|one| chosen.contains(one))
}

fn follows(world: &World, chosen: &Chosen<'_>, conclusion: &Conclusion) -> bool {
    let any = |group: &Group| things(world, group).iter().any(|one| chosen.contains(one));
    let others = |group: &Group, req: &VersionReq| {
        let own = things(world, group);
        chosen.iter().any(|thing| {
            let (kind, name, Some(version)) = thing else {
                return false;
            };
            (*kind, *name) == (group.kind, &group.name)
                && req.matches(version)
                && !own.contains(thing)
        })
    };
    !conclusion.with.iter().all(any)
        || conclusion.needs.iter().any(|need| {
            let ruled_out = need.only_of.as_ref();
            any(&need.group) && !ruled_out.is_some_and(|req| others(&need.group, req))
        })
}

/// Whatever agrees with a step's premises agrees with its conclusion. True where there was not too much to try.
fn assert_follows(world: &World, conflict: &Conflict, position: usize, case: &str) -> bool {
    const MAX_CHOICES: usize = 3_000;
    let step = &conflict.steps()[position];
    let mut groups: Vec<&Group> = Vec::new();
    let mut named: BTreeSet<Thing<'_>> = BTreeSet::new();
    let mut conclusions = vec![&step.conclusion];
    for premise in &step.premises {
        match premise {
            Premise::Step(earlier) => {
                assert!(
                    *earlier < position,
                    "{case}: step {position} rests on a later one"
                );
                conclusions.push(&conflict.steps()[*earlier].conclusion);
            }
            Premise::Fact(fact) => {
                named.extend(ruled_out(world, fact));
                if let Fact::Requires { by, wishes, .. } = fact {
                    groups.extend(by);
                    for wish in wishes {
                        named.extend(servers(world, &wish.requirement));
                    }
                }
            }
        }
    }
    for conclusion in &conclusions {
        groups.extend(&conclusion.with);
        groups.extend(conclusion.needs.iter().map(|need| &need.group));
    }
    for group in groups {
        named.extend(things(world, group));
    }
    let mut tracks: BTreeMap<(Kind, &PackageName, Option<Track>), Vec<Thing<'_>>> = BTreeMap::new();
    for thing in named {
        let track = thing.2.as_ref().map(Track::of);
        tracks
            .entry((thing.0, thing.1, track))
            .or_default()
            .push(thing);
    }
    let tracks: Vec<Vec<Thing<'_>>> = tracks.into_values().collect();
    let choices: usize = tracks.iter().map(|track| track.len() + 1).product();
    if choices > MAX_CHOICES {
        return false;
    }
    for choice in 0..choices {
        let mut rest = choice;
        let mut chosen = Chosen::new();
        for track in &tracks {
            let here = rest % (track.len() + 1);
            rest /= track.len() + 1;
            chosen.extend(here.checked_sub(1).map(|position| track[position].clone()));
        }
        let agrees = step.premises.iter().all(|premise| match premise {
            Premise::Fact(fact) => is_so(world, &chosen, fact),
            Premise::Step(earlier) => {
                follows(world, &chosen, &conflict.steps()[*earlier].conclusion)
            }
        });
        assert!(
            !agrees || follows(world, &chosen, &step.conclusion),
            "{case}: step {position} does not follow with {chosen:?}: {:#?}\n{conflict}",
            step.conclusion
        );
    }
    true
}

/// The member with other requirements.
fn with_roots(member: &Member, roots: impl IntoIterator<Item = RootRequirement>) -> Member {
    Member {
        requirements: roots.into_iter().collect(),
        ..member.clone()
    }
}

fn with(member: &Member, old: &Requirement, new: Requirement) -> Member {
    let mut roots = member.requirements.clone();
    assert!(roots.remove(&RootRequirement::new(old.clone())), "no {old}");
    roots.insert(RootRequirement::new(new));
    with_roots(member, roots)
}

/// Each hint works. Where there is none, no other version in a requirement does.
fn assert_hints(
    world: &World,
    member: &Member,
    locked: &BTreeSet<Selection>,
    conflict: &Conflict,
    case: &str,
) {
    let mut helped = BTreeSet::new();
    // Where another conflict remains, a hint mends what is spoken of, and nothing mends all.
    let facts = cited(conflict);
    let core = own(&facts).into_iter().cloned().map(RootRequirement::new);
    let base = if conflict.leaves_another() {
        with_roots(member, core)
    } else {
        member.clone()
    };
    for hint in conflict.hints() {
        let changed = match hint {
            Hint::Requirement {
                requirement,
                works,
                req,
                ..
            } => {
                let exists = releases(world, requirement.kind, &requirement.name)
                    .iter()
                    .any(|release| release.version == *works);
                assert!(
                    exists && req.matches(works) && !requirement.req.matches(works),
                    "{case}: {hint}"
                );
                if !conflict.leaves_another() {
                    helped.insert(requirement.clone());
                }
                let mut new = requirement.clone();
                new.req = req.clone();
                with(&base, requirement, new)
            }
            Hint::Kind {
                requirement,
                actual,
                ..
            } => {
                let mut new = requirement.clone();
                new.kind = *actual;
                with(&base, requirement, new)
            }
            other => panic!("{case}: the registries of this test give no cause for {other:?}"),
        };
        assert!(
            has_solution(world, &changed, locked),
            "{case}: {hint} does not work\n{conflict}"
        );
    }
    if helped.len() >= MAX_HINTS {
        return;
    }
    for root in &member.requirements {
        let old = &root.requirement;
        if helped.contains(old) {
            continue;
        }
        for release in releases(world, old.kind, &old.name) {
            if old.req.matches(&release.version) {
                continue;
            }
            let mut new = old.clone();
            new.req = VersionReq::exact(&release.version);
            assert!(
                !has_solution(world, &with(member, old, new.clone()), locked),
                "{case}: nobody was told that {new} works instead of {old}\n{conflict}"
            );
        }
    }
}

/// Each of the member's requirements that the explanation names is needed for the conflict.
fn assert_needed(
    world: &World,
    member: &Member,
    locked: &BTreeSet<Selection>,
    conflict: &Conflict,
    case: &str,
) {
    let facts = cited(conflict);
    let own: BTreeSet<&Requirement> = own(&facts).into_iter().collect();
    let roots = |except: Option<&Requirement>| {
        let rest = own.iter().filter(|one| Some(**one) != except);
        with_roots(member, rest.map(|one| RootRequirement::new((*one).clone())))
    };
    assert!(!has_solution(world, &roots(None), locked), "{case}");
    for requirement in &own {
        assert!(
            has_solution(world, &roots(Some(requirement)), locked),
            "{case}: {requirement} has nothing to do with it\n{conflict}"
        );
    }
}

/// A registry in which every release is usable and requires much, so that conflicts take several steps.
fn crowded_world(random: &mut Random) -> World {
    const NAMES: [&str; 6] = ["t:a", "t:b", "t:c", "t:d", "t:e", "t:f"];
    const VERSIONS: [&str; 5] = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0"];
    const REQUIREMENTS: [&str; 12] = [
        "*", ">=1.0.0", ">=1.1.0", "^1", "^1.1", "^2", "=1.0.0", "=1.2.0", "=2.0.0", "=2.1.0",
        "<2", "~1.1",
    ];
    let mut world = World::new();
    let wish = |random: &mut Random| {
        format!(
            "component {} {}",
            random.pick(&NAMES),
            random.pick(&REQUIREMENTS)
        )
    };
    for package in NAMES {
        for version in VERSIONS {
            if random.one_in(4) {
                continue;
            }
            let count = *random.pick(&[0, 1, 1, 2]);
            let requires: Vec<String> = (0..count).map(|_| wish(random)).collect();
            let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
            let release = world.component(package, version, &requires);
            if random.one_in(12) {
                let reason = "gone".to_owned();
                release.objection = Some(Objection::Withdrawn { reason });
            }
        }
        let empty = || (Kind::Component, Vec::new());
        world.packages.entry(name(package)).or_insert_with(empty);
    }
    for _ in 0..=1 + random.below(2) {
        let wish = wish(random);
        world.app_requires(&wish);
    }
    world
}

#[derive(Debug, Default)]
struct Tally {
    conflicts: u64,
    several_steps: u64,
    shared_steps: u64,
    over_tracks: u64,
    steps: u64,
    too_many_choices: u64,
    with_hints: u64,
}

fn check_case(world: &World, case: &str, tally: &mut Tally) {
    let Err(Unresolved::Conflict(conflict)) = world.solve() else {
        return;
    };
    let member = &world.problem.members[conflict.member()];
    assert!(conflict.unexplored().is_empty(), "{case}: all is loaded");
    for fact in cited(&conflict) {
        assert_true(world, member, fact, case);
    }
    assert_enough(world, &conflict, case);
    let steps = conflict.steps();
    for position in 0..steps.len() {
        let tried = assert_follows(world, &conflict, position, case);
        tally.too_many_choices += u64::from(!tried);
    }
    let last = steps.last().map(|step| &step.conclusion);
    assert_eq!(last, Some(&Conclusion::default()), "{case}");
    // What any member had locked may stay with each.
    let members = world.problem.members.values();
    let locked = members
        .flat_map(|member| member.selects.iter().cloned())
        .collect();
    assert_hints(world, member, &locked, &conflict, case);
    assert_needed(world, member, &locked, &conflict, case);
    let needs = steps.iter().flat_map(|step| &step.conclusion.needs);
    tally.conflicts += 1;
    tally.steps += u64::try_from(steps.len()).unwrap_or(0);
    tally.several_steps += u64::from(steps.len() > 2);
    tally.shared_steps += u64::from(conflict.to_string().contains("(1)"));
    tally.over_tracks += u64::from(needs.into_iter().any(|need| need.only_of.is_some()));
    tally.with_hints += u64::from(!conflict.hints().is_empty());
}

#[test]
fn what_is_said_of_registries_of_every_shape_is_true_enough_and_helps() {
    let mut tally = Tally::default();
    for seed in 0..8_000 {
        let world = random_world(&mut Random::new(seed));
        check_case(&world, &format!("seed {seed}"), &mut tally);
    }
    // The generator made each of the cases that matter.
    assert!(tally.conflicts > 4_000, "{tally:?}");
    assert!(tally.with_hints > 2_000, "{tally:?}");
    assert!(tally.too_many_choices * 20 < tally.steps, "{tally:?}");
}

#[test]
fn what_is_said_of_crowded_registries_is_true_enough_and_helps() {
    let mut tally = Tally::default();
    // And some that leave only some tracks of a requirement over several: one in thousands.
    for seed in (0..8_000).chain([22_720, 32_816, 147_458]) {
        let world = crowded_world(&mut Random::new(seed));
        check_case(&world, &format!("crowded seed {seed}"), &mut tally);
    }
    assert!(tally.conflicts > 3_000, "{tally:?}");
    assert!(tally.several_steps > 300, "{tally:?}");
    assert!(tally.shared_steps > 30, "{tally:?}");
    assert!(tally.over_tracks >= 3, "{tally:?}");
    assert!(tally.too_many_choices * 20 < tally.steps, "{tally:?}");
}
