//! Which single change would make a member solvable.
//!
//! Nothing is reasoned here: each change is tried by solving again, the nearest first, and only as often as a person
//! waits. A change is one that the member can make:
//!
//! - another version in one of its requirements or pins, or of an interface that a component is to export;
//! - another table;
//! - a later `exclude-newer`;
//! - no local package, or nothing held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use semver::{Comparator, Op, Version};
use transparency::name::{ExternName, Kind, PackageName};
use transparency::number::Time;
use transparency::requirement::Requirement;
use transparency::version::{Track, VersionReq, without_build};

use super::explanation::same_interface;
use super::{Fact, Group, Premise, Step};
use crate::attempt::Attempt;
use crate::attempt::MessageBudget;
use crate::attempt::attempt;
use crate::cutoff::{Cutoff, ExcludeNewer};
use crate::ground::Ground;
use crate::index::Address;
use crate::location::NamedLocation;
use crate::problem::{Local, Member, Options, RootRequirement, Written};
use crate::reason::Reason;
use crate::scope::{Exclusion, Scope};

/// How many changes are tried. Each costs a solve, and a person waits.
pub const MAX_TRIES: u32 = 200;

/// How many changes of requirements are told. Who reads three reads no more.
pub const MAX_HINTS: usize = 3;

/// A change that makes the member solvable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Another version in a requirement.
    Requirement {
        /// The requirement as it is.
        requirement: Requirement,
        /// Where it is written.
        location: Option<NamedLocation>,
        /// How it is written there.
        written: Option<Written>,
        /// An existing version that it does not allow.
        works: Version,
        /// The requirement that does.
        req: VersionReq,
    },
    /// Another version of an interface that a component is to export.
    Export {
        /// Where the interface is named.
        location: Option<NamedLocation>,
        /// What is asked for.
        asked: ExternName,
        /// The export that would work.
        works: ExternName,
    },
    /// A requirement of another kind.
    Kind {
        /// The requirement as it is.
        requirement: Requirement,
        /// Where it is written.
        location: Option<NamedLocation>,
        /// What the package is.
        actual: Kind,
    },
    /// A later cut-off in `exclude-newer`.
    ExcludeNewer {
        /// Of this package only. None: of all packages.
        name: Option<PackageName>,
        /// The earliest time that works of those tried. None: only no cut-off works.
        until: Option<Time>,
    },
    /// The registry's releases instead of a local package.
    Local {
        /// The local package to do without.
        local: Local,
    },
    /// Any version of what is held.
    Held {
        /// The requirement that holds it.
        held: Requirement,
    },
}

/// How near a change is. First comes what should stay as it was, then how many existing versions lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    other_track: bool,
    distance: usize,
    downwards: bool,
}

/// Tries changes for one member, and counts.
struct Trial<'t, 'a> {
    ground: &'t Rc<Ground<'a>>,
    tries: u32,
    allowance: &'t mut MessageBudget,
    unexplored: &'t mut BTreeSet<Address>,
}

/// What came of trying changes.
pub(super) struct Hints {
    pub(super) all: Vec<Hint>,
    /// Whether they only mend what the conflict speaks of: another conflict remains.
    pub(super) are_partial: bool,
}

/// The single changes, of what the conflict speaks of, that make the member solvable. Where there are none: those that
/// mend this conflict and leave another.
pub(super) fn hints(
    ground: &Rc<Ground<'_>>,
    roots: &BTreeSet<&RootRequirement>,
    steps: &[Step],
    allowance: &mut MessageBudget,
    unexplored: &mut BTreeSet<Address>,
) -> Hints {
    let scope = ground.scope();
    let mut trial = Trial {
        ground,
        tries: 0,
        allowance,
        unexplored,
    };
    let others = trial.others(roots, steps);
    let mut candidates: Vec<(Nearness, &RootRequirement, Hint)> = Vec::new();
    for root in roots {
        let found = requirements(ground, root);
        let found = found.into_iter().chain(exports(scope, root));
        candidates.extend(found.map(|(nearness, hint)| (nearness, *root, hint)));
    }
    candidates.sort_by_key(|(nearness, root, _)| (*nearness, *root));
    let mut all = trial.of_requirements(&scope.member.requirements, &candidates);
    all.extend(others);
    let core: BTreeSet<RootRequirement> = roots.iter().map(|root| (*root).clone()).collect();
    let are_partial = all.is_empty() && core.len() < scope.member.requirements.len();
    if are_partial {
        trial.tries = 0;
        all = trial.of_requirements(&core, &candidates);
    }
    Hints { all, are_partial }
}

impl Trial<'_, '_> {
    /// The changes of one requirement each that make these requirements solvable: of each one, the nearest.
    fn of_requirements(
        &mut self,
        requirements: &BTreeSet<RootRequirement>,
        candidates: &[(Nearness, &RootRequirement, Hint)],
    ) -> Vec<Hint> {
        let mut hints: Vec<Hint> = Vec::new();
        let mut helped: BTreeSet<&RootRequirement> = BTreeSet::new();
        for (_, root, hint) in candidates {
            if self.tries >= MAX_TRIES || hints.len() >= MAX_HINTS {
                break;
            }
            if helped.contains(root) {
                continue;
            }
            let changed = changed(requirements, root, hint);
            if self.solves(self.ground, &changed) {
                helped.insert(root);
                hints.push(hint.clone());
            }
        }
        hints
    }

    fn solves(&mut self, ground: &Rc<Ground<'_>>, roots: &BTreeSet<RootRequirement>) -> bool {
        self.tries = self.tries.saturating_add(1);
        match attempt(ground, roots, self.allowance) {
            Attempt::Solved => true,
            Attempt::Missing(addresses) => {
                self.unexplored.extend(addresses);
                false
            }
            Attempt::Unsolvable(_) | Attempt::GaveUp => false,
        }
    }

    fn solves_with(&mut self, options: &Options, member: &Member) -> bool {
        let scope = Scope::new(options, self.ground.scope().index, member);
        let ground = Ground::new(&scope, self.ground.preferences());
        self.solves(&ground, &member.requirements)
    }

    /// Changes of anything but versions: each of what the steps speak of.
    fn others(&mut self, roots: &BTreeSet<&RootRequirement>, steps: &[Step]) -> Vec<Hint> {
        let mut hints = Vec::new();
        let Mentioned {
            kinds,
            times,
            held,
            locals,
        } = Mentioned::of(self.ground.scope().member, steps);
        let scope = self.ground.scope();
        let (options, member) = (scope.options, scope.member);
        for (name, actual) in kinds {
            let meant = roots.iter().find(|root| {
                root.requirement.name == name
                    && root.requirement.kind != actual
                    && !matches!(root.written, Some(Written::Reference | Written::Through(_)))
            });
            let Some(root) = meant else { continue };
            let hint = Hint::Kind {
                requirement: root.requirement.clone(),
                location: root.location.clone(),
                actual,
            };
            if self.solves(self.ground, &changed(&member.requirements, root, &hint)) {
                hints.push(hint);
            }
        }
        hints.extend(self.exclude_newer(&times));
        for local in locals {
            let mut member = member.clone();
            member.locals.remove(&local);
            if self.solves_with(options, &member) {
                hints.push(Hint::Local { local });
            }
        }
        for held in held {
            let mut member = member.clone();
            member.held.remove(&held);
            if self.solves_with(options, &member) {
                hints.push(Hint::Held { held });
            }
        }
        hints
    }
}

impl Trial<'_, '_> {
    /// The least change of `exclude-newer`: later for one package, later for all, none at all.
    fn exclude_newer(&mut self, times: &BTreeMap<PackageName, BTreeSet<Time>>) -> Option<Hint> {
        const MAX_TIMES: usize = 8;
        let mut changes: Vec<(Option<&PackageName>, Option<Time>)> = Vec::new();
        for (name, times) in times {
            let times = times.iter().take(MAX_TIMES);
            changes.extend(times.map(|time| (Some(name), Some(*time))));
        }
        let all: BTreeSet<Time> = times.values().flatten().copied().collect();
        if !all.is_empty() {
            let times = all.into_iter().take(MAX_TIMES);
            changes.extend(times.map(|time| (None, Some(time))));
            changes.push((None, None));
        }
        let works = changes.into_iter().find(|(name, until)| {
            let scope = self.ground.scope();
            let mut options = scope.options.clone();
            let cutoff = until.map(Cutoff::At);
            match (name, cutoff) {
                (Some(name), Some(cutoff)) => {
                    let own = ExcludeNewer::After(cutoff);
                    options.exclude_newer_package.insert((*name).clone(), own);
                }
                _ => options.exclude_newer = cutoff,
            }
            self.tries < MAX_TRIES && self.solves_with(&options, scope.member)
        });
        works.map(|(name, until)| Hint::ExcludeNewer {
            name: name.cloned(),
            until,
        })
    }
}

/// What steps speak of, beside requirements.
#[derive(Default)]
struct Mentioned {
    kinds: BTreeSet<(PackageName, Kind)>,
    times: BTreeMap<PackageName, BTreeSet<Time>>,
    held: BTreeSet<Requirement>,
    locals: BTreeSet<Local>,
}

impl Mentioned {
    fn of(member: &Member, steps: &[Step]) -> Self {
        let mut mentioned = Self::default();
        let mut names: BTreeSet<(Kind, &PackageName)> = BTreeSet::new();
        for premise in steps.iter().flat_map(|step| &step.premises) {
            let Premise::Fact(fact) = premise else {
                continue;
            };
            match fact {
                Fact::Requires { by, wishes, unmet } => {
                    if let Some(Group {
                        kind,
                        name,
                        local: Some(_),
                        ..
                    }) = by
                    {
                        names.insert((*kind, name));
                    }
                    if unmet.as_ref().is_some_and(|unmet| unmet.local.is_some()) {
                        let wishes = wishes.iter().map(|wish| &wish.requirement);
                        names.extend(wishes.map(|wanted| (wanted.kind, &wanted.name)));
                    }
                }
                Fact::Excluded { name, versions, .. } => {
                    for (_, why) in versions {
                        match why {
                            Exclusion::TooNew { time, .. } => {
                                let times = mentioned.times.entry(name.clone());
                                times.or_default().insert(*time);
                            }
                            Exclusion::NotHeld { held } => {
                                mentioned.held.insert(held.clone());
                            }
                            Exclusion::Objection(_) => {}
                        }
                    }
                }
                Fact::Unavailable {
                    group,
                    reason: Reason::OtherKind { actual },
                } => {
                    mentioned.kinds.insert((group.name.clone(), *actual));
                }
                Fact::Unavailable { .. } => {}
            }
        }
        let locals = member.locals.iter();
        let locals = locals.filter(|local| names.contains(&(local.kind, &local.name)));
        mentioned.locals = locals.cloned().collect();
        mentioned
    }
}

/// A member's requirements after a change of one of them.
fn changed(
    all: &BTreeSet<RootRequirement>,
    root: &RootRequirement,
    hint: &Hint,
) -> BTreeSet<RootRequirement> {
    let mut all = all.clone();
    let mut root = root.clone();
    all.remove(&root);
    match hint {
        Hint::Requirement { req, .. } => root.requirement.req = req.clone(),
        Hint::Export { asked, works, .. } => {
            root.exports.remove(asked);
            root.exports.insert(works.clone());
        }
        Hint::Kind { actual, .. } => root.requirement.kind = *actual,
        Hint::ExcludeNewer { .. } | Hint::Local { .. } | Hint::Held { .. } => {}
    }
    all.insert(root);
    all
}

/// Other versions for a requirement: each that exists, may be chosen, and is not allowed.
fn requirements(ground: &Ground<'_>, root: &RootRequirement) -> Vec<(Nearness, Hint)> {
    let scope = ground.scope();
    let Requirement {
        kind, name, req, ..
    } = &root.requirement;
    let sources = scope.sources(*kind, name);
    let is_ours =
        |local: &Local| local.kind == *kind && local.name == *name && req.matches(&local.version);
    if scope.member.locals.iter().any(is_ours) {
        return Vec::new(); // what lies in a folder has the version that it has
    }
    if matches!(root.written, Some(Written::Through(_))) {
        return Vec::new(); // what a release requires, it requires for good
    }
    let matching = |position: &usize| {
        sources
            .get(*position)
            .is_some_and(|source| req.matches(source.version()))
    };
    let positions = 0..sources.len();
    let written = positions
        .end
        .min(sources.partition_point(|source| Some(source.version()) < floor(req).as_ref()));
    let first = positions.clone().find(matching).unwrap_or(written);
    let past = positions
        .clone()
        .rfind(matching)
        .map_or(written, |last| last.saturating_add(1));
    let track = req.track().or_else(|| floor(req).as_ref().map(Track::of));
    let mut found = Vec::new();
    for position in positions.filter(|position| !matching(position)) {
        let Some(source) = sources.get(position) else {
            continue;
        };
        if scope.exclusion(*source, ground.preferences()).is_some() {
            continue;
        }
        let works = source.version().clone();
        let Some(req) = rewritten(req, &works) else {
            continue;
        };
        let nearness = Nearness {
            other_track: track != Some(Track::of(&works)),
            distance: if position < first {
                first.saturating_sub(position)
            } else {
                position.saturating_sub(past).saturating_add(1)
            },
            downwards: position < first,
        };
        let hint = Hint::Requirement {
            requirement: root.requirement.clone(),
            location: root.location.clone(),
            written: root.written.clone(),
            works,
            req,
        };
        found.push((nearness, hint));
    }
    found
}

/// The version that a requirement names first.
fn floor(req: &VersionReq) -> Option<Version> {
    let Comparator {
        major,
        minor,
        patch,
        pre,
        ..
    } = req.comparators().first()?;
    Some(Version {
        pre: pre.clone(),
        ..Version::new(*major, minor.unwrap_or(0), patch.unwrap_or(0))
    })
}

/// A version in the manner of a requirement: `=` and `~` stay what they are, all else becomes `^`.
fn rewritten(req: &VersionReq, version: &Version) -> Option<VersionReq> {
    let req = match req.comparators() {
        [one] if one.op == Op::Exact => VersionReq::exact(version),
        [one] if one.op == Op::Tilde => {
            VersionReq::from_user(&format!("~{}", without_build(version))).ok()?
        }
        _ => VersionReq::caret(version),
    };
    req.matches(version).then_some(req)
}

/// Other versions of the interfaces that a requirement wants exported: each that an allowed release exports.
fn exports(scope: &Scope<'_>, root: &RootRequirement) -> Vec<(Nearness, Hint)> {
    let Requirement {
        kind, name, req, ..
    } = &root.requirement;
    let sources = scope.sources(*kind, name);
    let mut found = Vec::new();
    for asked in &root.exports {
        let mut offered: Vec<(Version, &ExternName)> = Vec::new();
        for source in &sources {
            if !req.matches(source.version()) {
                continue;
            }
            let exports = source.exports().into_iter().flatten();
            offered.extend(
                exports
                    .filter(|export| *export != asked && same_interface(asked, export))
                    .filter_map(|export| Some((export.interface()?.version?, export))),
            );
        }
        offered.sort();
        offered.dedup();
        let version = asked.interface().and_then(|interface| interface.version);
        let middle = version.as_ref().map_or(0, |version| {
            offered.partition_point(|(other, _)| other < version)
        });
        for (position, (other, works)) in offered.iter().enumerate() {
            let downwards = position < middle;
            let distance = if downwards {
                middle.saturating_sub(position)
            } else {
                position.saturating_sub(middle).saturating_add(1)
            };
            let nearness = Nearness {
                other_track: version.as_ref().map(Track::of) != Some(Track::of(other)),
                distance,
                downwards,
            };
            let location = root.export_locations.get(asked);
            let hint = Hint::Export {
                location: location.or(root.location.as_ref()).cloned(),
                asked: asked.clone(),
                works: (*works).clone(),
            };
            found.push((nearness, hint));
        }
    }
    found
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn named(location: &impl fmt::Display) -> &dyn fmt::Display {
            location
        }
        let location = match self {
            Self::Requirement {
                requirement,
                location,
                written,
                works,
                req,
            } => {
                let name = &requirement.name;
                match written {
                    Some(Written::Text(text)) => {
                        let op = text.trim_start().get(..1);
                        let op = op.filter(|op| matches!(*op, "^" | "=" | "~")).unwrap_or("");
                        let works = without_build(works);
                        write!(f, "change {name} \"{text}\" to \"{op}{works}\"")?;
                    }
                    Some(Written::Reference) => {
                        let pinned = requirement.req.pinned().unwrap_or(Version::new(0, 0, 0));
                        let works = without_build(works);
                        write!(f, "change {name}@{pinned} to {name}@{works}")?;
                    }
                    Some(Written::Path(_) | Written::Through(_)) | None => {
                        write!(f, "change {name} {} to {req}", requirement.req)?;
                    }
                }
                location.as_ref().map(named)
            }
            Self::Export {
                location,
                asked,
                works,
            } => {
                write!(f, "change {asked} to {works}")?;
                location.as_ref().map(named)
            }
            Self::Kind {
                requirement,
                location,
                actual,
            } => {
                let table = match actual {
                    Kind::Component => "dependencies",
                    Kind::Wit => "wit-dependencies",
                };
                write!(f, "move {} to the `{table}`", requirement.name)?;
                location.as_ref().map(named)
            }
            Self::ExcludeNewer { name, until } => {
                return match (name, until) {
                    (Some(name), Some(time)) => {
                        write!(f, "allow {name} until {time} in `exclude-newer-package`")
                    }
                    (_, Some(time)) => write!(f, "move `exclude-newer` to {time}"),
                    (_, None) => write!(f, "leave `exclude-newer` out"),
                };
            }
            Self::Local { local } => {
                write!(
                    f,
                    "take {} from its registry instead of the local {}",
                    local.name, local.version
                )?;
                local.location.as_ref().map(named)
            }
            Self::Held { held } => return write!(f, "do not hold {} at {}", held.name, held.req),
        };
        match location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}
