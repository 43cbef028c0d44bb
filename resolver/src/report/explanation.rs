//! From pubgrub's derivation tree to steps that speak of packages.
//!
//! Three things go on the way. Causes that only say which versions there are, or what a choice between tracks is, are no
//! premises: every group of versions shows it. A step that rests on a single fact only repeats it, so those who rest on
//! the step get the fact. And requirements of the member itself that are taken in one after the other are taken in at
//! once. What a choice stands for takes its place in conclusions: the versions that it could be.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{DerivationTree, Derived, External, Term};
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Requirement;
use transparency::version::{Track, VersionReq};
use version_ranges::Ranges;

use super::{Conclusion, Extent, Fact, Group, Need, Premise, Step, Unmet, Wish};
use crate::graph::{Body, Key, MemberGraph, Reason};
use crate::numbers::Numbers;
use crate::problem::RootRequirement;
use crate::provider::NodeId;
use crate::scope::{Exclusion, Source};

pub(crate) type Tree = DerivationTree<NodeId, Numbers, Reason>;

/// What became of a derived node.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there are few at a time")]
enum Outcome {
    /// Nothing: it says what is obvious.
    Nothing,
    /// It repeats a fact.
    Fact(Fact),
    /// A step.
    Step(usize),
}

pub(super) struct Explainer<'g, 'a> {
    graph: &'g MemberGraph<'a>,
    steps: Vec<Step>,
    /// The member's own requirements that the steps rest on.
    roots: BTreeSet<&'a RootRequirement>,
}

/// The member's own requirements that a tree speaks of.
pub(super) fn roots<'a>(graph: &MemberGraph<'a>, tree: &Tree) -> BTreeSet<&'a RootRequirement> {
    let mut explainer = Explainer::new(graph);
    explainer.walk(tree);
    explainer.roots
}

impl<'g, 'a> Explainer<'g, 'a> {
    pub(super) fn new(graph: &'g MemberGraph<'a>) -> Self {
        Self {
            graph,
            steps: Vec::new(),
            roots: BTreeSet::new(),
        }
    }

    /// The steps, and the member's own requirements among their facts.
    pub(super) fn finish(self) -> (Vec<Step>, BTreeSet<&'a RootRequirement>) {
        (at_once(self.steps), self.roots)
    }

    /// Makes a step of each derived node, causes first. A shared node becomes one step, and the walk keeps its own
    /// stack, since trees of hard conflicts are deep.
    pub(super) fn walk(&mut self, tree: &Tree) {
        let address = |tree: &Tree| std::ptr::from_ref(tree).addr();
        let mut done: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut stack = vec![(tree, false)];
        while let Some((node, causes_done)) = stack.pop() {
            if done.contains_key(&address(node)) {
                continue;
            }
            let outcome = match node {
                DerivationTree::External(external) => {
                    self.fact(external).map_or(Outcome::Nothing, Outcome::Fact)
                }
                DerivationTree::Derived(derived) => {
                    let causes = [derived.cause1.as_ref(), derived.cause2.as_ref()];
                    if !causes_done {
                        stack.push((node, true));
                        stack.extend(causes.into_iter().rev().map(|cause| (cause, false)));
                        continue;
                    }
                    let outcomes = causes.map(|cause| done.get(&address(cause)).cloned());
                    self.derive(derived, outcomes.into_iter().flatten())
                }
            };
            done.insert(address(node), outcome);
        }
        if let Some(Outcome::Fact(fact)) = done.remove(&address(tree)) {
            self.push(vec![Premise::Fact(fact)], Conclusion::default());
        }
    }

    fn derive(
        &mut self,
        derived: &Derived<NodeId, Numbers, Reason>,
        causes: impl Iterator<Item = Outcome>,
    ) -> Outcome {
        let Some(conclusion) = self.conclusion(&derived.terms) else {
            return Outcome::Nothing;
        };
        let mut premises: Vec<Premise> = Vec::new();
        for cause in causes {
            let premise = match cause {
                Outcome::Nothing => continue,
                Outcome::Fact(fact) => Premise::Fact(fact),
                Outcome::Step(step) => Premise::Step(step),
            };
            if !premises.contains(&premise) {
                premises.push(premise);
            }
        }
        match premises.as_slice() {
            [] => Outcome::Nothing,
            [Premise::Fact(fact)] => Outcome::Fact(fact.clone()),
            [Premise::Step(step)] => Outcome::Step(*step),
            _ => self.push(premises, conclusion),
        }
    }

    fn push(&mut self, mut premises: Vec<Premise>, conclusion: Conclusion) -> Outcome {
        in_reading_order(&mut premises);
        self.steps.push(Step {
            premises,
            conclusion,
        });
        Outcome::Step(self.steps.len().saturating_sub(1))
    }

    /// What an external cause says; nothing where it only says which versions exist, as every group does, or what a
    /// choice is.
    fn fact(&mut self, external: &External<NodeId, Numbers, Reason>) -> Option<Fact> {
        match external {
            External::NotRoot(..) => None,
            External::NoVersions(id, set) => {
                let (kind, name) = self.package(*id)?;
                let versions = self.excluded(*id, set.ranges());
                (!versions.is_empty()).then_some(Fact::Excluded {
                    kind,
                    name,
                    versions,
                })
            }
            External::Custom(id, set, reason) => Some(Fact::Unavailable {
                group: self.group(*id, set.ranges())?,
                reason: reason.clone(),
            }),
            External::FromDependencyOf(by, versions, on, set) => {
                self.requires(*by, versions.ranges(), *on, set.ranges())
            }
        }
    }

    fn package(&self, id: NodeId) -> Option<(Kind, PackageName)> {
        match &*self.graph.node(id).key {
            Key::Root => None,
            Key::Track(kind, name, _)
            | Key::Choice(kind, name, ..)
            | Key::Nowhere(kind, name, _) => Some((*kind, name.clone())),
        }
    }

    fn excluded(&self, id: NodeId, set: &Ranges<u32>) -> Vec<(Version, Exclusion)> {
        let node = self.graph.node(id);
        let mut versions = Vec::new();
        match &node.body {
            Body::Track { candidates, .. } => {
                let meant = (0..).zip(candidates);
                let meant = meant.filter(|(number, _)| set.contains(number));
                versions.extend(meant.filter_map(|(_, candidate)| {
                    let why = candidate.exclusion.clone()?;
                    Some((candidate.source.version().clone(), why))
                }));
            }
            Body::Choice(tracks) => {
                // Every track of the choice that is left has only excluded versions.
                for (number, (_, track, matching)) in (0u32..).zip(tracks) {
                    if set.contains(&number) {
                        versions.extend(self.excluded(*track, matching));
                    }
                }
            }
            Body::Root | Body::Nowhere(_) => {}
        }
        versions
    }

    fn requires(
        &mut self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Fact> {
        let leads_there = |found: Option<(NodeId, Ranges<u32>)>| {
            found.is_some_and(|(id, found)| id == on && found == *set)
        };
        let (group, wishes) = if by == MemberGraph::ROOT {
            let mut wishes = Vec::new();
            for root in self.graph.roots() {
                let edge = self.graph.edge(&root.requirement, &root.exports);
                if leads_there(edge) {
                    self.roots.insert(root);
                    wishes.push(Wish::of(root));
                }
            }
            (None, wishes)
        } else {
            let group = self.group(by, versions)?;
            let sources = self.track_sources(by, versions)?;
            let (_, name) = self.package(on)?;
            let mut found: BTreeSet<&Requirement> = BTreeSet::new();
            for source in sources {
                let requirements = source.requirements().iter();
                for requirement in requirements.filter(|requirement| requirement.name == name) {
                    if leads_there(self.graph.edge(requirement, &BTreeSet::new())) {
                        found.insert(requirement);
                    }
                }
            }
            let wishes = found.into_iter().map(|requirement| Wish {
                requirement: requirement.clone(),
                exports: Vec::new(),
                location: None,
                written: None,
            });
            (Some(group), wishes.collect())
        };
        Some(Fact::Requires {
            by: group,
            unmet: self.unmet(on, set, wishes.first()),
            wishes,
        })
    }

    /// The versions of a track by their numbers; nothing where the node is a choice.
    fn track_sources(&self, id: NodeId, set: &Ranges<u32>) -> Option<Vec<Source<'a>>> {
        let Body::Track { candidates, .. } = &self.graph.node(id).body else {
            return None;
        };
        let meant = (0..).zip(candidates);
        let meant = meant.filter(|(number, _)| set.contains(number));
        Some(meant.map(|(_, candidate)| candidate.source).collect())
    }

    /// What there is, where nothing meets a requirement.
    fn unmet(&self, on: NodeId, set: &Ranges<u32>, wish: Option<&Wish>) -> Option<Unmet> {
        let is_unmet = match &self.graph.node(on).body {
            Body::Track { versions, .. } => !(0..)
                .zip(versions.all())
                .any(|(number, _)| set.contains(&number)),
            Body::Choice(tracks) => tracks.is_empty(),
            Body::Root | Body::Nowhere(_) => false,
        };
        let wish = wish.filter(|_| is_unmet)?;
        let Requirement {
            kind, name, req, ..
        } = &wish.requirement;
        let sources = self.graph.scope().sources(*kind, name);
        let matching = sources.iter().filter(|one| req.matches(one.version()));
        let mut similar: BTreeSet<&ExternName> = BTreeSet::new();
        for source in matching.clone() {
            let exports = source.exports().into_iter().flatten();
            similar.extend(exports.filter(|found| {
                wish.exports
                    .iter()
                    .any(|(asked, _)| same_interface(asked, found))
            }));
        }
        let lacks_export = !wish.exports.is_empty() && matching.count() > 0;
        let local = sources.iter().find_map(|source| match source {
            Source::Local(local) if req.track() == Some(Track::of(&local.version)) => {
                Some((local.version.clone(), local.location.clone()))
            }
            Source::Local(_) | Source::Registry(..) => None,
        });
        Some(Unmet {
            existing: sources.iter().map(|one| one.version().clone()).collect(),
            local,
            exported: lacks_export.then(|| similar.into_iter().cloned().collect()),
        })
    }

    /// Versions by their numbers; nothing where none are meant that exist.
    fn group(&self, id: NodeId, set: &Ranges<u32>) -> Option<Group> {
        let node = self.graph.node(id);
        let (kind, name) = self.package(id)?;
        let mut runs: Vec<(Version, Version)> = Vec::new();
        match &node.body {
            Body::Root => return None,
            Body::Nowhere(_) => {
                return Some(Group {
                    kind,
                    name,
                    runs,
                    extent: Extent::Nothing,
                    local: None,
                });
            }
            Body::Track { versions, .. } => add_runs(&mut runs, versions.all(), set),
            Body::Choice(options) => {
                for (number, (_, track, matching)) in (0u32..).zip(options) {
                    if let Body::Track { versions, .. } = &self.graph.node(*track).body
                        && set.contains(&number)
                    {
                        add_runs(&mut runs, versions.all(), matching);
                    }
                }
                runs.sort();
            }
        }
        let (first, _) = runs.first()?;
        let sources = self.graph.scope().sources(kind, &name);
        let local = sources.iter().find_map(|source| match source {
            Source::Local(local) if local.version == *first => {
                Some(local.location.clone().unwrap_or_default())
            }
            Source::Local(_) | Source::Registry(..) => None,
        });
        Some(Group {
            kind,
            name,
            extent: extent(&runs, &sources),
            runs,
            local,
        })
    }

    /// What terms say; nothing where it is obvious, as one of them speaks of versions that do not exist.
    fn conclusion(&self, terms: &pubgrub::Map<NodeId, Term<Numbers>>) -> Option<Conclusion> {
        let mut sorted: Vec<_> = terms.iter().collect();
        sorted.sort_by(|a, b| self.graph.node(*a.0).key.cmp(&self.graph.node(*b.0).key));
        let mut conclusion = Conclusion::default();
        for (id, term) in sorted {
            match term {
                Term::Positive(_) if *id == MemberGraph::ROOT => {}
                Term::Positive(set) => conclusion.with.push(self.group(*id, set.ranges())?),
                Term::Negative(set) => {
                    if let Some(group) = self.group(*id, set.ranges()) {
                        let only_of = self.leaves_out_tracks_of(*id, set.ranges());
                        conclusion.needs.push(Need { group, only_of });
                    }
                }
            }
        }
        Some(conclusion)
    }

    /// The requirement of a choice that has tracks which are not of this set.
    fn leaves_out_tracks_of(&self, id: NodeId, set: &Ranges<u32>) -> Option<VersionReq> {
        let node = self.graph.node(id);
        match (&*node.key, &node.body) {
            (Key::Choice(_, _, req, _), Body::Choice(options)) => (0u32..)
                .zip(options)
                .any(|(number, _)| !set.contains(&number))
                .then(|| req.clone()),
            _ => None,
        }
    }
}

/// Whether two exports differ in nothing but the version.
pub(super) fn same_interface(asked: &ExternName, found: &ExternName) -> bool {
    match (asked.interface(), found.interface()) {
        (Some(asked), Some(found)) => {
            found.package == asked.package && found.interface == asked.interface
        }
        _ => false,
    }
}

/// Adds the runs of versions whose numbers are in a set.
fn add_runs(runs: &mut Vec<(Version, Version)>, all: &[Version], set: &Ranges<u32>) {
    let mut open = false;
    for (number, version) in (0..).zip(all) {
        let contained = set.contains(&number);
        match runs.last_mut() {
            _ if !contained => {}
            Some((_, last)) if open => *last = version.clone(),
            _ => runs.push((version.clone(), version.clone())),
        }
        open = contained;
    }
}

fn extent(runs: &[(Version, Version)], sources: &[Source<'_>]) -> Extent {
    let within = |version: &Version| {
        let track = Track::of(version);
        runs.iter()
            .any(|(first, last)| Track::of(first) == track && first <= version && version <= last)
    };
    let mut versions = sources.iter().map(|source| source.version());
    if versions.clone().all(within) {
        return Extent::Package;
    }
    let Some((first, _)) = runs.first() else {
        return Extent::Some;
    };
    let track = Track::of(first);
    let one_track = runs.iter().all(|(first, _)| Track::of(first) == track);
    // A pre-release is a track of its own, and would be taken for one of this.
    let is_like = |version: &Version| {
        Track::of(&Version::new(version.major, version.minor, version.patch)) == track
    };
    if one_track && versions.all(|version| !is_like(version) || within(version)) {
        Extent::Track(track)
    } else {
        Extent::Some
    }
}

/// Who requires comes before what is required, exclusions after that, and what was concluded before at the end.
fn in_reading_order(premises: &mut Vec<Premise>) {
    let rank = |premise: &Premise| match premise {
        Premise::Fact(Fact::Requires { by: None, .. }) => 0,
        Premise::Fact(Fact::Requires { .. }) => 1,
        Premise::Fact(Fact::Unavailable { .. }) => 2,
        Premise::Fact(Fact::Excluded { .. }) => 3,
        Premise::Step(_) => 4,
    };
    premises.sort_by_key(rank);
    let leads_to = |one: &Premise, other: &Premise| match (one, other) {
        (
            Premise::Fact(Fact::Requires { wishes, .. }),
            Premise::Fact(Fact::Requires { by: Some(by), .. }),
        ) => wishes
            .iter()
            .any(|wish| wish.requirement.kind == by.kind && wish.requirement.name == by.name),
        _ => false,
    };
    if let [first, second, ..] = premises.as_mut_slice()
        && leads_to(second, first)
        && !leads_to(first, second)
        && rank(first) == rank(second)
    {
        std::mem::swap(first, second);
    }
}

/// Takes in at once what is required by the member itself and taken in one after the other.
fn at_once(steps: Vec<Step>) -> Vec<Step> {
    let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
    for step in &steps {
        for premise in &step.premises {
            if let Premise::Step(earlier) = premise {
                let count = uses.entry(*earlier).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    let adds_own_only = |step: &Step| {
        let mut earlier = 0;
        let own_only = step.premises.iter().all(|premise| match premise {
            Premise::Fact(Fact::Requires { by, unmet, .. }) => by.is_none() && unmet.is_none(),
            Premise::Fact(_) => false,
            Premise::Step(_) => {
                earlier += 1;
                true
            }
        });
        own_only && earlier == 1
    };
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept: Vec<Step> = Vec::new();
    let mut before: Option<(usize, bool)> = None;
    for (place, mut step) in steps.into_iter().enumerate() {
        for premise in &mut step.premises {
            if let Premise::Step(earlier) = premise {
                *earlier = places.get(earlier).copied().unwrap_or(*earlier);
            }
        }
        let own_only = adds_own_only(&step);
        let last = kept.len().saturating_sub(1);
        if let Some((earlier, true)) = before
            && own_only
            && uses.get(&earlier) == Some(&1)
            && step.premises.contains(&Premise::Step(last))
            && let Some(merged) = kept.pop()
        {
            step.premises
                .retain(|premise| *premise != Premise::Step(last));
            for premise in merged.premises {
                if !step.premises.contains(&premise) {
                    step.premises.push(premise);
                }
            }
            in_reading_order(&mut step.premises);
        }
        places.insert(place, kept.len());
        kept.push(step);
        before = Some((place, own_only));
    }
    kept
}
