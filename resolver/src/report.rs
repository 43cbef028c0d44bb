//! Why there is no solution: the derivation as data, and its text.
//!
//! pubgrub's derivation tree speaks of nodes and numbers. This file turns it into steps that speak of
//! packages, versions that exist, and requirements as they were written; choices between tracks have no place in them.
//! Nothing is decided here, but which pins of the member's own could be changed to make it work: that is tried out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pubgrub::{DerivationTree, External, Term};
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Requirement;
use transparency::version::{Track, VersionReq};
use version_ranges::Ranges;

use crate::graph::{Body, Exclusion, Key, MemberGraph, Reason, Source};
use crate::preference::Preferences;
use crate::problem::RootRequirement;
use crate::provider::NodeId;
use crate::resolution::is_solvable;

type Tree = DerivationTree<NodeId, Ranges<u32>, Reason>;

/// How many other pins are tried to find one that works. Each costs a solve, and a person waits.
pub const MAX_TRIES: u32 = 200;
/// How many steps are printed. Nobody follows more, and the last ones conclude.
pub const MAX_STEPS: usize = 60;

/// Some versions of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// Versions of a track.
    Versions {
        /// The package.
        name: PackageName,
        /// The track.
        track: Track,
        /// Whether these are all that exist in the track.
        all: bool,
        /// Runs of versions that exist, each with its first and last.
        runs: Vec<(Version, Version)>,
    },
    /// Whatever meets a requirement that spans tracks.
    Matching {
        /// The package.
        name: PackageName,
        /// The requirement.
        req: VersionReq,
        /// In which tracks alone; empty where in any.
        tracks: Vec<Track>,
    },
    /// A package that is not there, or not as what it is required as.
    Nothing {
        /// As what it is required.
        kind: Kind,
        /// Its name.
        name: PackageName,
    },
}

/// A requirement, and for the member's own what else it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The requirement.
    pub requirement: Requirement,
    /// What must be exported.
    pub exports: BTreeSet<ExternName>,
    /// Where it is written.
    pub location: Option<String>,
}

/// Something that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Some versions, or the member itself, require something.
    Requires {
        /// Who; none for the member.
        by: Option<Group>,
        /// What.
        wishes: Vec<Wish>,
        /// The versions that exist, where none of them will do.
        unmet: Option<Vec<Version>>,
    },
    /// Versions that match, but are no candidates.
    Excluded {
        /// The package.
        name: PackageName,
        /// Why each is none.
        versions: Vec<(Version, Exclusion)>,
    },
    /// Versions that cannot be chosen.
    Unavailable {
        /// Which.
        group: Group,
        /// Why.
        reason: Reason,
    },
}

/// What follows from a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// All of these together …
    pub with: Vec<Group>,
    /// … need one of these.
    pub needs: Vec<Group>,
}

/// What a step rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Premise {
    /// A fact.
    Fact(Fact),
    /// The conclusion of an earlier step, by its place.
    Step(usize),
}

/// One deduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it rests on.
    pub premises: Vec<Premise>,
    /// What follows.
    pub conclusion: Conclusion,
}

/// A change that makes the member solvable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Another version in a pin.
    Pin {
        /// Where the pin is written.
        location: Option<String>,
        /// The package.
        name: PackageName,
        /// What the pin says.
        pinned: Version,
        /// What would work.
        works: Version,
    },
    /// Another version of an interface that a component is to export.
    Export {
        /// Where the interface is named.
        location: Option<String>,
        /// What is asked for.
        asked: ExternName,
        /// What would work.
        works: ExternName,
    },
}

/// Why a member's requirements cannot all be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    member: String,
    steps: Vec<Step>,
    hints: Vec<Hint>,
}

impl std::error::Error for Conflict {}

impl Conflict {
    /// The member.
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The derivation, each step after those that it rests on; the last concludes that there is no solution.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Changes to the member's own pins of which each alone would make it solvable.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    pub(crate) fn explain(
        member: &str,
        graph: &MemberGraph<'_>,
        tree: &Tree,
        preferences: &Preferences,
    ) -> Self {
        let mut explainer = Explainer {
            graph,
            steps: Vec::new(),
            roots: BTreeSet::new(),
        };
        explainer.walk(tree);
        let hints = hints(graph, &explainer.roots, preferences);
        Self {
            member: member.to_owned(),
            steps: explainer.steps,
            hints,
        }
    }
}

struct Explainer<'g, 'a> {
    graph: &'g MemberGraph<'a>,
    steps: Vec<Step>,
    /// The member's own requirements that the conflict speaks of.
    roots: BTreeSet<&'a RootRequirement>,
}

impl Explainer<'_, '_> {
    /// Makes a step of each derived node, causes first. A shared node becomes one step, and the walk keeps its own
    /// stack, since trees of hard conflicts are deep.
    fn walk(&mut self, tree: &Tree) {
        let address = |tree: &Tree| std::ptr::from_ref(tree).addr();
        let mut done: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut stack = vec![(tree, false)];
        while let Some((tree, causes_done)) = stack.pop() {
            let DerivationTree::Derived(derived) = tree else {
                if stack.is_empty() && self.steps.is_empty() {
                    self.lone_fact(tree);
                }
                continue;
            };
            if done.contains_key(&address(tree)) {
                continue;
            }
            let causes = [derived.cause1.as_ref(), derived.cause2.as_ref()];
            if !causes_done {
                stack.push((tree, true));
                stack.extend(causes.into_iter().rev().map(|cause| (cause, false)));
                continue;
            }
            let mut premises: Vec<Premise> = Vec::new();
            for cause in causes {
                let premise = match cause {
                    DerivationTree::External(external) => self.fact(external).map(Premise::Fact),
                    DerivationTree::Derived(_) => {
                        let step = done.get(&address(cause)).copied().flatten();
                        step.map(Premise::Step)
                    }
                };
                premises.extend(premise.filter(|premise| !premises.contains(premise)));
            }
            premises.sort_by_key(|premise| match premise {
                Premise::Fact(Fact::Requires { .. }) => 0,
                Premise::Fact(Fact::Unavailable { .. }) => 1,
                Premise::Fact(Fact::Excluded { .. }) => 2,
                Premise::Step(_) => 3,
            });
            let step = match premises.as_slice() {
                [] => None,
                // Nothing new but a definition: the step before says it all, unless this is the end.
                [Premise::Step(step)] if !derived.terms.is_empty() => Some(*step),
                _ => {
                    let conclusion = self.conclusion(&derived.terms);
                    self.steps.push(Step {
                        premises,
                        conclusion,
                    });
                    Some(self.steps.len().saturating_sub(1))
                }
            };
            done.insert(address(tree), step);
        }
    }

    fn lone_fact(&mut self, tree: &Tree) {
        if let DerivationTree::External(external) = tree
            && let Some(fact) = self.fact(external)
        {
            self.steps.push(Step {
                premises: vec![Premise::Fact(fact)],
                conclusion: Conclusion {
                    with: Vec::new(),
                    needs: Vec::new(),
                },
            });
        }
    }

    /// What an external cause says; nothing where it only says which versions exist, as every group does, or what a
    /// choice is.
    fn fact(&mut self, external: &External<NodeId, Ranges<u32>, Reason>) -> Option<Fact> {
        match external {
            External::NotRoot(..) => None,
            External::NoVersions(id, set) => {
                let (name, versions) = self.excluded(*id, set)?;
                (!versions.is_empty()).then_some(Fact::Excluded { name, versions })
            }
            External::Custom(id, set, reason) => Some(Fact::Unavailable {
                group: self.group(*id, set)?,
                reason: reason.clone(),
            }),
            External::FromDependencyOf(by, versions, on, set) => {
                self.requires(*by, versions, *on, set)
            }
        }
    }

    fn excluded(
        &self,
        id: NodeId,
        set: &Ranges<u32>,
    ) -> Option<(PackageName, Vec<(Version, Exclusion)>)> {
        let node = self.graph.node(id);
        let mut versions = Vec::new();
        match &node.body {
            Body::Track { candidates, .. } => {
                let excluded = (0..).zip(candidates);
                let excluded = excluded.filter(|(number, _)| set.contains(number));
                versions.extend(excluded.filter_map(|(_, candidate)| {
                    let why = candidate.exclusion.clone()?;
                    Some((candidate.source.version().clone(), why))
                }));
            }
            Body::Choice(tracks) => {
                // Every track of the choice that is left has only excluded versions.
                for (number, (_, track, matching)) in (0u32..).zip(tracks) {
                    if set.contains(&number) {
                        let (_, more) = self.excluded(*track, matching)?;
                        versions.extend(more);
                    }
                }
            }
            Body::Root | Body::Nowhere(_) => {}
        }
        Some((key_name(&node.key)?.clone(), versions))
    }

    fn requires(
        &mut self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Fact> {
        let (group, wishes) = if by == MemberGraph::ROOT {
            let mut wishes = Vec::new();
            for root in self.graph.roots() {
                let edge = self.graph.edge(None, &root.requirement, &root.exports);
                if edge.is_ok_and(|edge| edge.is_some_and(|(id, found)| id == on && found == *set))
                {
                    self.roots.insert(root);
                    wishes.push(Wish {
                        requirement: root.requirement.clone(),
                        exports: root.exports.clone(),
                        location: root.location.clone(),
                    });
                }
            }
            (None, wishes)
        } else {
            (
                Some(self.group(by, versions)?),
                self.wishes(by, versions, on, set)?,
            )
        };
        Some(Fact::Requires {
            by: group,
            unmet: self.unmet(on, set, &wishes),
            wishes,
        })
    }

    /// What these versions require of that node; nothing where the dependency is a choice's own.
    fn wishes(
        &self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Vec<Wish>> {
        let node = self.graph.node(by);
        let Body::Track { candidates, .. } = &node.body else {
            return None;
        };
        let sources: Vec<Source<'_>> = (0..)
            .zip(candidates)
            .filter(|(number, _)| versions.contains(number))
            .map(|(_, candidate)| candidate.source)
            .collect();
        let target = self.graph.node(on);
        let name = key_name(&target.key)?.clone();
        drop((node, target));
        let mut found = BTreeSet::new();
        for source in sources {
            let requirements = source.requirements().iter();
            for requirement in requirements.filter(|requirement| requirement.name == name) {
                let selection = source.selection();
                let edge = self
                    .graph
                    .edge(Some(&selection), requirement, &BTreeSet::new());
                if edge.is_ok_and(|edge| edge.is_some_and(|(id, found)| id == on && found == *set))
                {
                    found.insert(requirement.clone());
                }
            }
        }
        let wishes = found.into_iter().map(|requirement| Wish {
            requirement,
            exports: BTreeSet::new(),
            location: None,
        });
        Some(wishes.collect())
    }

    /// The versions that exist, where a requirement matches none of them.
    fn unmet(&self, on: NodeId, set: &Ranges<u32>, wishes: &[Wish]) -> Option<Vec<Version>> {
        let node = self.graph.node(on);
        let is_unmet = match &node.body {
            Body::Track { versions, .. } => !(0..)
                .zip(versions.all())
                .any(|(number, _)| set.contains(&number)),
            Body::Choice(tracks) => tracks.is_empty(),
            Body::Root | Body::Nowhere(_) => false,
        };
        let wish = wishes.first().filter(|_| is_unmet)?;
        Some(existing(self.graph, &wish.requirement))
    }

    fn group(&self, id: NodeId, set: &Ranges<u32>) -> Option<Group> {
        let node = self.graph.node(id);
        match (&*node.key, &node.body) {
            (Key::Track(_, name, track), Body::Track { versions, .. }) => {
                let mut runs: Vec<(Version, Version)> = Vec::new();
                let mut all = true;
                let mut open = false;
                for (number, version) in (0..).zip(versions.all()) {
                    let contained = set.contains(&number);
                    match runs.last_mut() {
                        _ if !contained => all = false,
                        Some((_, last)) if open => *last = version.clone(),
                        _ => runs.push((version.clone(), version.clone())),
                    }
                    open = contained;
                }
                Some(Group::Versions {
                    name: name.clone(),
                    track: track.clone(),
                    all,
                    runs,
                })
            }
            (Key::Choice(_, name, req, _), Body::Choice(options)) => {
                let within = (0u32..).zip(options);
                let within = within.filter(|(number, _)| set.contains(number));
                let mut tracks: Vec<Track> = within.map(|(_, (track, ..))| track.clone()).collect();
                if tracks.len() == options.len() {
                    tracks.clear();
                }
                Some(Group::Matching {
                    name: name.clone(),
                    req: req.clone(),
                    tracks,
                })
            }
            (Key::Nowhere(kind, name), _) => Some(Group::Nothing {
                kind: *kind,
                name: name.clone(),
            }),
            (Key::Root | Key::Track(..) | Key::Choice(..), _) => None,
        }
    }

    fn conclusion(&self, terms: &pubgrub::Map<NodeId, Term<Ranges<u32>>>) -> Conclusion {
        let mut sorted: Vec<_> = terms.iter().collect();
        sorted.sort_by(|a, b| self.graph.node(*a.0).key.cmp(&self.graph.node(*b.0).key));
        let mut conclusion = Conclusion {
            with: Vec::new(),
            needs: Vec::new(),
        };
        for (id, term) in sorted {
            match term {
                Term::Positive(set) => conclusion.with.extend(self.group(*id, set)),
                Term::Negative(set) => conclusion.needs.extend(self.group(*id, set)),
            }
        }
        conclusion
    }
}

fn key_name(key: &Key) -> Option<&PackageName> {
    match key {
        Key::Root => None,
        Key::Track(_, name, _) | Key::Choice(_, name, ..) | Key::Nowhere(_, name) => Some(name),
    }
}

/// Everything of a requirement's package that a member could be offered, ascending.
fn sources<'a>(graph: &MemberGraph<'a>, requirement: &Requirement) -> Vec<Source<'a>> {
    let scope = graph.scope();
    let (kind, name) = (requirement.kind, &requirement.name);
    let locals = scope.member.locals.iter();
    let mut found: Vec<Source<'a>> = locals
        .filter(|local| local.kind == kind && local.name == *name)
        .map(Source::Local)
        .collect();
    let shadowed: BTreeSet<Track> = found
        .iter()
        .map(|source| Track::of(source.version()))
        .collect();
    let package = scope
        .address(None, requirement)
        .ok()
        .and_then(|address| scope.index.package(&address));
    if let Some(package) = package.filter(|package| package.kind() == kind) {
        let releases = package.releases().into_iter();
        found.extend(
            releases
                .filter(|release| !shadowed.contains(&Track::of(&release.version)))
                .map(|release| Source::Registry(package, release)),
        );
    }
    found.sort_by(|a, b| a.version().cmp(b.version()));
    found
}

fn existing(graph: &MemberGraph<'_>, requirement: &Requirement) -> Vec<Version> {
    let sources = sources(graph, requirement).into_iter();
    sources.map(|source| source.version().clone()).collect()
}

/// Which single change to a pin that the conflict speaks of would make the member solvable, nearest version first.
fn hints(
    graph: &MemberGraph<'_>,
    roots: &BTreeSet<&RootRequirement>,
    preferences: &Preferences,
) -> Vec<Hint> {
    let mut tries = 0;
    let mut hints: Vec<Hint> = Vec::new();
    for root in roots {
        let hint = if root.exports.is_empty() {
            pin_hint(graph, root, preferences, &mut tries)
        } else {
            export_hint(graph, root, preferences, &mut tries)
        };
        hints.extend(hint.filter(|hint| !hints.contains(hint)));
    }
    hints
}

/// Whether the member could be solved if each of its requirements that `is_meant` were `changed` so.
fn works(
    graph: &MemberGraph<'_>,
    preferences: &Preferences,
    tries: &mut u32,
    change: impl Fn(&RootRequirement) -> Option<RootRequirement>,
) -> bool {
    *tries = tries.saturating_add(1);
    let changed: Vec<RootRequirement> = graph
        .roots()
        .iter()
        .map(|root| change(root).unwrap_or_else(|| (*root).clone()))
        .collect();
    is_solvable(graph.scope(), &changed, preferences)
}

/// Places of a sorted list, those nearest to `middle` first and the higher of two equally near.
fn nearest_first(len: usize, middle: usize) -> impl Iterator<Item = usize> {
    (0..=len).flat_map(move |distance| {
        let above = middle.checked_add(distance).filter(|place| *place < len);
        let below = middle
            .checked_sub(distance)
            .and_then(|place| place.checked_sub(1));
        [above, below].into_iter().flatten()
    })
}

fn pin_hint(
    graph: &MemberGraph<'_>,
    root: &RootRequirement,
    preferences: &Preferences,
    tries: &mut u32,
) -> Option<Hint> {
    let pinned = root.requirement.req.pinned()?;
    let sources = sources(graph, &root.requirement);
    let middle = sources.partition_point(|source| *source.version() < pinned);
    for place in nearest_first(sources.len(), middle) {
        let source = *sources.get(place)?;
        let version = source.version();
        let is_other = !root.requirement.req.matches(version);
        let usable = graph.scope().exclusion(source, preferences).is_none();
        if !is_other || !usable {
            continue;
        }
        if *tries >= MAX_TRIES {
            return None;
        }
        let repinned = works(graph, preferences, tries, |other| {
            let same = other.requirement.kind == root.requirement.kind
                && other.requirement.name == root.requirement.name
                && other.requirement.req == root.requirement.req;
            same.then(|| {
                let mut other = other.clone();
                other.requirement.req = VersionReq::exact(version);
                other
            })
        });
        if repinned {
            return Some(Hint::Pin {
                location: root.location.clone(),
                name: root.requirement.name.clone(),
                pinned,
                works: version.clone(),
            });
        }
    }
    None
}

fn export_hint(
    graph: &MemberGraph<'_>,
    root: &RootRequirement,
    preferences: &Preferences,
    tries: &mut u32,
) -> Option<Hint> {
    let sources = sources(graph, &root.requirement);
    for asked in &root.exports {
        let interface = asked.interface()?;
        let mut others: Vec<(&Version, &ExternName)> = Vec::new();
        let mut offered: Vec<(Version, &ExternName)> = Vec::new();
        for source in sources.iter().rev() {
            if !root.requirement.req.matches(source.version()) {
                continue;
            }
            for export in source.exports() {
                let Some(found) = export.interface() else {
                    continue;
                };
                if let Some(version) = found.version
                    && found.package == interface.package
                    && found.interface == interface.interface
                    && export != asked
                {
                    offered.push((version, export));
                }
            }
        }
        offered.sort();
        offered.dedup();
        others.extend(offered.iter().map(|(version, export)| (version, *export)));
        let middle = interface.version.as_ref().map_or(0, |version| {
            others.partition_point(|(other, _)| *other < version)
        });
        for place in nearest_first(others.len(), middle) {
            let (_, export) = *others.get(place)?;
            if *tries >= MAX_TRIES {
                return None;
            }
            let works = works(graph, preferences, tries, |other| {
                (other == root).then(|| {
                    let mut other = other.clone();
                    other.exports.remove(asked);
                    other.exports.insert(export.clone());
                    other
                })
            });
            if works {
                return Some(Hint::Export {
                    location: root.location.clone(),
                    asked: asked.clone(),
                    works: export.clone(),
                });
            }
        }
    }
    None
}

/// `a`, `a and b`, `a, b and c`.
fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// The versions, or the first and last few of very many.
fn versions_text(versions: &[Version]) -> String {
    const ENDS: usize = 4;
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    let hidden = texts.len().saturating_sub(ENDS.saturating_mul(2));
    if hidden > 1 {
        let (first, rest) = texts.split_at(ENDS);
        let last = rest.get(hidden..).unwrap_or_default();
        return format!("{}, {hidden} more, {}", first.join(", "), list(last, "and"));
    }
    list(&texts, "and")
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Versions {
                name,
                track,
                all,
                runs,
            } => {
                if runs.is_empty() {
                    return write!(f, "another {name} {}", Family(track));
                }
                if *all && !is_one(runs) {
                    return write!(f, "every {name} {}", Family(track));
                }
                let texts: Vec<String> = runs
                    .iter()
                    .map(|(first, last)| {
                        if first == last {
                            first.to_string()
                        } else {
                            format!("{first} to {last}")
                        }
                    })
                    .collect();
                write!(f, "{name} {}", list(&texts, "or"))
            }
            Self::Matching { name, req, tracks } => {
                write!(f, "{name} {req}")?;
                let texts: Vec<String> = tracks
                    .iter()
                    .map(|track| Family(track).to_string())
                    .collect();
                match texts.as_slice() {
                    [] => Ok(()),
                    texts => write!(f, " in {}", list(texts, "or")),
                }
            }
            Self::Nothing { kind, name } => write!(f, "{kind} {name}"),
        }
    }
}

fn is_one(runs: &[(Version, Version)]) -> bool {
    matches!(runs, [(first, last)] if first == last)
}

/// A track as people write it: `1.x`, `0.2.x`.
struct Family<'t>(&'t Track);

impl fmt::Display for Family<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Track::Major(_) | Track::Minor(_) => write!(f, "{}.x", self.0),
            Track::Patch(_) | Track::Pre(..) => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requirement {
            kind, name, req, ..
        } = &self.requirement;
        write!(f, "{kind} {name} {req}")?;
        if !self.exports.is_empty() {
            let exports: Vec<String> = self.exports.iter().map(ToString::to_string).collect();
            write!(f, " with the export {}", list(&exports, "and"))?;
        }
        match &self.location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requires { by, wishes, unmet } => {
                match by {
                    None => f.write_str("you require ")?,
                    Some(group) => write!(f, "{group} requires ")?,
                }
                let texts: Vec<String> = wishes.iter().map(ToString::to_string).collect();
                f.write_str(&list(&texts, "and"))?;
                match unmet.as_deref() {
                    None => Ok(()),
                    Some([]) => f.write_str(", which has no release at all"),
                    Some([one]) => {
                        write!(f, ", which no release meets (the only version is {one})")
                    }
                    Some(versions) => write!(
                        f,
                        ", which no release meets (the existing versions are {})",
                        versions_text(versions)
                    ),
                }
            }
            Self::Excluded { name, versions } => {
                let texts: Vec<String> = versions
                    .iter()
                    .map(|(version, why)| format!("{name} {version} {why}"))
                    .collect();
                f.write_str(&list(&texts, "and"))
            }
            Self::Unavailable { group, reason } => match (group, reason) {
                (Group::Nothing { name, .. }, Reason::Absent { .. }) => {
                    write!(f, "{name} {reason}")
                }
                (Group::Nothing { kind, name }, Reason::OtherKind { actual }) => {
                    write!(f, "{name} is a {actual}, required as {kind}")
                }
                _ => write!(f, "{group} {reason}"),
            },
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts =
            |groups: &[Group]| -> Vec<String> { groups.iter().map(ToString::to_string).collect() };
        let (with, needs) = (texts(&self.with), texts(&self.needs));
        let (with, needs) = (with.as_slice(), needs.as_slice());
        match (with, needs) {
            ([], []) => f.write_str("your requirements cannot be met"),
            ([_], []) => match self.with.first() {
                Some(Group::Versions {
                    name,
                    track,
                    all: true,
                    runs,
                }) if !is_one(runs) => write!(f, "no {name} {} can be used", Family(track)),
                _ => write!(f, "{} cannot be used", list(with, "and")),
            },
            (with, []) => write!(f, "{} cannot be used together", list(with, "and")),
            ([], needs) => write!(f, "you need {}", list(needs, "or")),
            ([one], needs) => write!(f, "{one} needs {}", list(needs, "or")),
            (with, needs) => write!(f, "{} need {}", list(with, "and"), list(needs, "or")),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the requirements of `{}` cannot all be met", self.member)?;
        let referred: BTreeSet<usize> = (0..)
            .zip(&self.steps)
            .flat_map(|(here, step): (usize, &Step)| {
                step.premises
                    .iter()
                    .filter_map(move |premise| match premise {
                        Premise::Step(step) if step.checked_add(1) != Some(here) => Some(*step),
                        Premise::Step(_) | Premise::Fact(_) => None,
                    })
            })
            .collect();
        let numbers: BTreeMap<usize, usize> = referred.into_iter().zip(1..).collect();
        let hidden = self.steps.len().saturating_sub(MAX_STEPS);
        if hidden > 0 {
            write!(f, "\n({hidden} steps are left out)")?;
        }
        for (here, step) in self.steps.iter().enumerate().skip(hidden) {
            let mut follows = false;
            let mut because = Vec::new();
            for premise in &step.premises {
                match premise {
                    Premise::Fact(fact) => because.push(fact.to_string()),
                    Premise::Step(earlier) if earlier.checked_add(1) == Some(here) => {
                        follows = true;
                    }
                    Premise::Step(earlier) => {
                        let conclusion = self.steps.get(*earlier).map(|step| &step.conclusion);
                        if let (Some(conclusion), Some(number)) = (conclusion, numbers.get(earlier))
                        {
                            because.push(format!("{conclusion} ({number})"));
                        }
                    }
                }
            }
            let reasons = list(&because, "and");
            let conclusion = &step.conclusion;
            match (follows, because.is_empty()) {
                (true, true) => write!(f, "\nSo {conclusion}")?,
                (true, false) => write!(f, "\nAnd because {reasons}, {conclusion}")?,
                (false, _) => write!(f, "\nBecause {reasons}, {conclusion}")?,
            }
            match numbers.get(&here) {
                Some(number) => write!(f, ". ({number})")?,
                None => f.write_str(".")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin {
                location,
                name,
                pinned,
                works,
            } => {
                if let Some(location) = location {
                    write!(f, "{location}: ")?;
                }
                write!(f, "with {name} {works} instead of {pinned} it would work")
            }
            Self::Export {
                location,
                asked,
                works,
            } => {
                if let Some(location) = location {
                    write!(f, "{location}: ")?;
                }
                write!(f, "with {works} instead of {asked} it would work")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_the_higher_of_two() {
        let order: Vec<usize> = nearest_first(5, 2).collect();
        assert_eq!(order, [2, 1, 3, 0, 4]);
    }
}
