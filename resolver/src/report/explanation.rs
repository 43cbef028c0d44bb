//! From pubgrub's derivation to steps that speak of packages.
//!
//! Three things go on the way. Causes that only say which versions there are, or what a choice between tracks is, are no
//! premises: every group of versions shows it. A step that rests on a single fact only repeats it, so those who rest on
//! the step get the fact. And requirements of the member itself that are taken in one after the other are taken in at
//! once. In conclusions a choice is replaced by the versions that it could be.
//!
//! First all of it is outlined, in numbers. What is told is then put into versions and requirements: the last steps, and
//! before them as many as are cheap. Of what is left out, only the conclusions are told that these rest on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use pubgrub::{External, Term};
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::{Track, VersionReq};
use version_ranges::Ranges;

use super::{Conclusion, Extent, Fact, Group, MAX_STEPS, Need, Premise, Step, Unmet, Wish};
use crate::derivation::{Cause, Derivation, Given, is_same};
use crate::graph::MemberGraph;
use crate::location::NamedLocation;
use crate::node::Body;
use crate::node::Key;
use crate::node::Needs;
use crate::numbers::NodeId;
use crate::numbers::Numbers;
use crate::problem::{Local, RootRequirement};
use crate::requirement::{Versions, runs_below};
use crate::scope::{Exclusion, Source};

/// How many steps are put into words, shown or not.
const MAX_TOLD: usize = 5_000;

/// How many runs of versions these may name altogether, beside those of the steps that are shown.
const MAX_RUNS: usize = 100_000;

/// What became of a cause.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing: it says what is obvious.
    Nothing,
    /// It repeats a fact, by the index of its cause.
    Fact(usize),
    /// A step, by its index in the outline.
    Step(usize),
}

/// A step in numbers.
struct Outlined {
    /// The index of the cause whose terms are concluded.
    cause: usize,
    premises: Vec<Outcome>,
}

/// A package as the member sees it.
struct View<'a> {
    /// Ascending by version.
    sources: Vec<Source<'a>>,
    versions: Arc<[Version]>,
    locals: Vec<&'a Local>,
    /// How many versions would be of each track if none were a pre-release: these are tracks of their own, and would be
    /// taken for one of that.
    like: BTreeMap<Track, usize>,
}

impl<'a> View<'a> {
    fn new(mut sources: Vec<Source<'a>>) -> Self {
        sources.dedup_by(|a, b| a.version() == b.version());
        let mut like: BTreeMap<Track, usize> = BTreeMap::new();
        for source in &sources {
            let Version {
                major,
                minor,
                patch,
                ..
            } = source.version();
            let track = Track::of(&Version::new(*major, *minor, *patch));
            let count = like.entry(track).or_default();
            *count = count.saturating_add(1);
        }
        Self {
            versions: sources.iter().map(|one| one.version().clone()).collect(),
            locals: sources
                .iter()
                .filter_map(|source| match source {
                    Source::Local(local) => Some(*local),
                    Source::Registry(..) => None,
                })
                .collect(),
            sources,
            like,
        }
    }

    /// Where a version lies, if it is local.
    fn local(&self, version: &Version) -> Option<String> {
        let position = self.versions.binary_search(version).ok()?;
        match self.sources.get(position)? {
            Source::Local(local) => Some(local.location.clone().unwrap_or_default()),
            Source::Registry(..) => None,
        }
    }

    /// How far runs reach that have so many versions.
    fn extent(&self, runs: &[(Version, Version)], count: usize) -> Extent {
        if count == self.sources.len() {
            return Extent::Package;
        }
        let mut tracks = runs.iter().map(|(first, _)| Track::of(first));
        let Some(track) = tracks.next() else {
            return Extent::Some;
        };
        let is_whole = self.like.get(&track).is_none_or(|all| *all == count);
        if is_whole && tracks.all(|other| other == track) {
            Extent::Track(track)
        } else {
            Extent::Some
        }
    }
}

/// What there is to tell of a conflict.
pub(super) struct Explanation {
    pub(super) steps: Vec<Step>,
    /// How many more there were before these.
    pub(super) left_out: usize,
}

/// The member's own requirements that a derivation speaks of.
pub(super) fn roots<'r>(
    graph: &MemberGraph<'_, 'r>,
    derivation: &Derivation,
) -> BTreeSet<&'r RootRequirement> {
    let mut by_target: BTreeMap<NodeId, Vec<(&'r RootRequirement, &Ranges<u32>)>> = BTreeMap::new();
    for (root, edge) in graph.roots() {
        let known = by_target.entry(edge.target).or_default();
        known.push((root, &edge.set));
    }
    let mut found = BTreeSet::new();
    for (on, set) in derivation.required() {
        let there = by_target.get(&on).into_iter().flatten();
        found.extend(
            there
                .filter(|(_, found)| *found == set.ranges())
                .map(|(root, _)| *root),
        );
    }
    found
}

/// Puts a derivation into steps.
pub(super) fn explain(graph: &MemberGraph<'_, '_>, derivation: &Derivation) -> Explanation {
    let explainer = Explainer {
        graph,
        derivation,
        views: RefCell::default(),
    };
    let outline = explainer.outline();
    explainer.tell(&outline)
}

struct Explainer<'g, 'a, 'r> {
    graph: &'g MemberGraph<'a, 'r>,
    derivation: &'g Derivation,
    views: RefCell<BTreeMap<(Kind, PackageName), Rc<View<'a>>>>,
}

impl<'a> Explainer<'_, 'a, '_> {
    /// What all derived causes rest on, where they say anything.
    fn outline(&self) -> Vec<Outlined> {
        let mut outline: Vec<Outlined> = Vec::new();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (position, cause) in self.derivation.causes.iter().enumerate() {
            let outcome = match cause {
                Cause::Given(given) if self.says(given) => Outcome::Fact(position),
                Cause::Given(_) => Outcome::Nothing,
                Cause::Derived { terms, causes } => {
                    let causes = causes.map(|cause| outcomes.get(cause).copied());
                    let premises = self.premises(causes.into_iter().flatten());
                    match premises.as_slice() {
                        _ if !self.concludes(terms) => Outcome::Nothing,
                        [] => Outcome::Nothing,
                        [one] => *one,
                        _ => {
                            outline.push(Outlined {
                                cause: position,
                                premises,
                            });
                            Outcome::Step(outline.len().saturating_sub(1))
                        }
                    }
                }
            };
            outcomes.push(outcome);
        }
        if let Some(Outcome::Fact(fact)) = outcomes.last() {
            outline.push(Outlined {
                cause: *fact,
                premises: vec![Outcome::Fact(*fact)],
            });
        }
        outline
    }

    fn premises(&self, causes: impl Iterator<Item = Outcome>) -> Vec<Outcome> {
        let is_same = |one: Outcome, other: Outcome| match (self.given(one), self.given(other)) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => one == other,
        };
        let mut premises: Vec<Outcome> = Vec::new();
        for cause in causes.filter(|cause| *cause != Outcome::Nothing) {
            if !premises.iter().any(|known| is_same(*known, cause)) {
                premises.push(cause);
            }
        }
        premises
    }

    fn given(&self, outcome: Outcome) -> Option<&Given> {
        match outcome {
            Outcome::Fact(position) => match self.derivation.get(position)? {
                Cause::Given(given) => Some(given),
                Cause::Derived { .. } => None,
            },
            Outcome::Nothing | Outcome::Step(_) => None,
        }
    }

    /// Whether an external cause says anything: not where it only says which versions exist, as every group does, or what
    /// a choice is.
    fn says(&self, given: &Given) -> bool {
        match given {
            External::NotRoot(..) => false,
            External::NoVersions(id, set) => self.has_excluded(*id, set.ranges()),
            External::Custom(id, set, _) => self.exists(*id, set.ranges()),
            External::FromDependencyOf(by, versions, _, _) => {
                *by == MemberGraph::ROOT
                    || (self.exists(*by, versions.ranges())
                        && matches!(self.graph.node(*by).body, Body::Track { .. }))
            }
        }
    }

    /// Whether terms say anything: not where one of them speaks of versions that do not exist.
    fn concludes(&self, terms: &[(NodeId, Term<Numbers>)]) -> bool {
        terms.iter().all(|(id, term)| match term {
            Term::Positive(_) if *id == MemberGraph::ROOT => true,
            Term::Positive(set) => self.exists(*id, set.ranges()),
            Term::Negative(_) => true,
        })
    }

    /// Whether a set holds anything that exists, or stands for what does not.
    fn exists(&self, id: NodeId, set: &Ranges<u32>) -> bool {
        let node = self.graph.node(id);
        match &node.body {
            Body::Root => false,
            Body::Nowhere(_) => true,
            Body::Track { .. } | Body::Choice(_) => {
                runs_below(set, node.offer().len()).next().is_some()
            }
        }
    }

    fn has_excluded(&self, id: NodeId, set: &Ranges<u32>) -> bool {
        let node = self.graph.node(id);
        match &node.body {
            Body::Track { .. } => {
                let runs = runs_below(set, node.offer().len());
                let all: u32 = runs.map(|(from, past)| past.saturating_sub(from)).sum();
                all > node.offer().count(set)
            }
            Body::Choice(tracks) => (0u32..).zip(tracks).any(|(number, (_, track, matching))| {
                set.contains(&number) && self.has_excluded(*track, matching)
            }),
            Body::Root | Body::Nowhere(_) => false,
        }
    }

    /// How many runs, and things to look at, it takes to put a set into words.
    fn weight(&self, id: NodeId, set: &Ranges<u32>) -> usize {
        let node = self.graph.node(id);
        match &node.body {
            Body::Root | Body::Nowhere(_) => 1,
            Body::Track { .. } => set.iter().size_hint().0,
            Body::Choice(tracks) => tracks.len(),
        }
    }

    fn weight_of(&self, step: &Outlined) -> usize {
        let mut weight = 1usize;
        let mut add = |more: usize| weight = weight.saturating_add(more);
        if let Some(Cause::Derived { terms, .. }) = self.derivation.get(step.cause) {
            for (id, Term::Positive(set) | Term::Negative(set)) in terms {
                add(self.weight(*id, set.ranges()));
            }
        }
        for premise in &step.premises {
            match self.given(*premise) {
                Some(External::NoVersions(id, set) | External::Custom(id, set, _)) => {
                    add(self.weight(*id, set.ranges()));
                    add(
                        usize::try_from(self.graph.node(*id).offer().len()).unwrap_or(usize::MAX)
                            / 8,
                    );
                }
                Some(External::FromDependencyOf(by, versions, on, _)) => {
                    add(self.weight(*by, versions.ranges()));
                    add(
                        usize::try_from(self.graph.node(*by).offer().len()).unwrap_or(usize::MAX)
                            / 8,
                    );
                    add(
                        usize::try_from(self.graph.node(*on).offer().len()).unwrap_or(usize::MAX)
                            / 64,
                    );
                }
                Some(External::NotRoot(..)) | None => {}
            }
        }
        weight
    }

    /// Puts the last steps into words, and before them as many as are cheap.
    fn tell(&self, outline: &[Outlined]) -> Explanation {
        let len = outline.len();
        let mut first = len;
        let mut runs = 0usize;
        while let Some(before) = first.checked_sub(1) {
            let told = len.saturating_sub(before);
            if told > MAX_STEPS {
                let step = outline.get(before);
                runs = runs.saturating_add(step.map_or(0, |step| self.weight_of(step)));
                if told > MAX_TOLD || runs > MAX_RUNS {
                    break;
                }
            }
            first = before;
        }
        let told = outline.get(first..).unwrap_or_default();
        let mut rests_on: BTreeSet<usize> = BTreeSet::new();
        for premise in told.iter().flat_map(|step| &step.premises) {
            if let Outcome::Step(position) = premise
                && *position < first
            {
                rests_on.insert(*position);
            }
        }
        let mut positions: BTreeMap<usize, usize> = BTreeMap::new();
        let mut steps = Vec::new();
        for position in &rests_on {
            positions.insert(*position, steps.len());
            let conclusion = outline.get(*position).map(|step| self.concluded(step));
            steps.push(Step {
                premises: Vec::new(),
                conclusion: conclusion.unwrap_or_default(),
            });
        }
        for (position, step) in (first..).zip(told) {
            positions.insert(position, steps.len());
            let premises = step.premises.iter().filter_map(|premise| match premise {
                Outcome::Nothing => None,
                Outcome::Fact(_) => Some(Premise::Fact(self.fact(self.given(*premise)?)?)),
                Outcome::Step(earlier) => positions.get(earlier).copied().map(Premise::Step),
            });
            let mut premises: Vec<Premise> = premises.collect();
            in_reading_order(&mut premises);
            steps.push(Step {
                premises,
                conclusion: self.concluded(step),
            });
        }
        Explanation {
            steps: at_once(steps),
            left_out: first.saturating_sub(rests_on.len()),
        }
    }

    fn concluded(&self, step: &Outlined) -> Conclusion {
        match self.derivation.get(step.cause) {
            Some(Cause::Derived { terms, .. }) => self.conclusion(terms),
            Some(Cause::Given(_)) | None => Conclusion::default(),
        }
    }

    fn fact(&self, given: &Given) -> Option<Fact> {
        match given {
            External::NotRoot(..) => None,
            External::NoVersions(id, set) => {
                let (kind, name) = self.package(*id)?;
                Some(Fact::Excluded {
                    kind,
                    name,
                    versions: self.excluded(*id, set.ranges()),
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

    fn view(&self, kind: Kind, name: &PackageName) -> Rc<View<'a>> {
        let mut views = self.views.borrow_mut();
        let view = views.entry((kind, name.clone())).or_insert_with(|| {
            let sources = self.graph.scope().sources(kind, name);
            Rc::new(View::new(sources))
        });
        Rc::clone(view)
    }

    fn excluded(&self, id: NodeId, set: &Ranges<u32>) -> Vec<(Version, Exclusion)> {
        let node = self.graph.node(id);
        let mut versions = Vec::new();
        match &node.body {
            Body::Track { stock, excluded } => {
                let meant = excluded.iter();
                let meant = meant.filter(|(number, _)| set.contains(number));
                versions.extend(meant.filter_map(|(number, why)| {
                    let version = stock.versions().get(*number)?;
                    Some((version.clone(), why.clone()))
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
        &self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Fact> {
        let (group, wishes) = if by == MemberGraph::ROOT {
            let roots = self.graph.roots();
            let roots = roots.filter(|(_, edge)| edge.target == on && edge.set == *set);
            (None, roots.map(|(root, _)| Wish::of(root)).collect())
        } else {
            let group = self.group(by, versions)?;
            let mut found: BTreeSet<&Requirement> = BTreeSet::new();
            let len = self.graph.node(by).offer().len();
            for number in runs_below(versions, len).flat_map(|(from, past)| from..past) {
                let Ok(Needs::Edges(edges)) = self.graph.ground().needs(by, number) else {
                    continue;
                };
                let there = edges.iter();
                let there = there.filter(|edge| edge.target == on && edge.set == *set);
                found.extend(there.filter_map(|edge| edge.requirement));
            }
            let wishes = found.into_iter().map(|requirement| Wish {
                location: self.local_location(by, versions, requirement),
                ..Wish::of_release(requirement)
            });
            (Some(group), wishes.collect::<Vec<_>>())
        };
        Some(Fact::Requires {
            by: group,
            unmet: self.unmet(on, set, wishes.first()),
            wishes,
        })
    }

    /// Where the manifest of a package that lies in a folder says that it requires something.
    fn local_location(
        &self,
        by: NodeId,
        versions: &Ranges<u32>,
        requirement: &Requirement,
    ) -> Option<NamedLocation> {
        let node = self.graph.node(by);
        let Body::Track { stock, .. } = &node.body else {
            return None;
        };
        let key = (requirement.kind, requirement.name.clone());
        let mut meant =
            runs_below(versions, node.offer().len()).flat_map(|(from, past)| from..past);
        meant.find_map(|number| match stock.source(number)? {
            Source::Local(local) => local.requirement_locations.get(&key).cloned(),
            Source::Registry(..) => None,
        })
    }

    /// What there is, where nothing meets a requirement.
    fn unmet(&self, on: NodeId, set: &Ranges<u32>, wish: Option<&Wish>) -> Option<Unmet> {
        let is_unmet = match &self.graph.node(on).body {
            Body::Track { .. } => !self.exists(on, set),
            Body::Choice(tracks) => tracks.is_empty(),
            Body::Root | Body::Nowhere(_) => false,
        };
        let wish = wish.filter(|_| is_unmet)?;
        let Requirement {
            kind, name, req, ..
        } = &wish.requirement;
        let view = self.view(*kind, name);
        let track = req.track();
        let local = view.locals.iter();
        let local = local
            .filter(|local| track == Some(Track::of(&local.version)))
            .map(|local| (local.version.clone(), local.location.clone()));
        Some(Unmet {
            existing: Arc::clone(&view.versions),
            local: local.into_iter().next(),
            exported: exported(&view, wish),
        })
    }

    /// Versions by their numbers. None where none are meant that exist.
    fn group(&self, id: NodeId, set: &Ranges<u32>) -> Option<Group> {
        let node = self.graph.node(id);
        let (kind, name) = self.package(id)?;
        let mut runs: Vec<(Version, Version)> = Vec::new();
        let mut count = 0usize;
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
            Body::Track { stock, .. } => {
                add_runs(&mut runs, &mut count, stock.versions(), set);
            }
            Body::Choice(options) => {
                for (number, (_, track, matching)) in (0u32..).zip(options) {
                    if let Body::Track { stock, .. } = &self.graph.node(*track).body
                        && set.contains(&number)
                    {
                        add_runs(&mut runs, &mut count, stock.versions(), matching);
                    }
                }
                runs.sort();
            }
        }
        let (first, _) = runs.first()?;
        let view = self.view(kind, &name);
        Some(Group {
            kind,
            name,
            extent: view.extent(&runs, count),
            local: view.local(first),
            runs,
        })
    }

    /// The conclusion that terms state.
    fn conclusion(&self, terms: &[(NodeId, Term<Numbers>)]) -> Conclusion {
        let mut sorted: Vec<_> = terms.iter().collect();
        sorted.sort_by(|a, b| self.graph.node(a.0).key.cmp(&self.graph.node(b.0).key));
        let mut conclusion = Conclusion::default();
        for (id, term) in sorted {
            match term {
                Term::Positive(_) if *id == MemberGraph::ROOT => {}
                Term::Positive(set) => conclusion.with.extend(self.group(*id, set.ranges())),
                Term::Negative(set) => {
                    if let Some(group) = self.group(*id, set.ranges()) {
                        let only_of = self.leaves_out_tracks_of(*id, set.ranges());
                        conclusion.needs.push(Need { group, only_of });
                    }
                }
            }
        }
        conclusion
    }

    /// The requirement of a choice that has tracks which are not of this set.
    fn leaves_out_tracks_of(&self, id: NodeId, set: &Ranges<u32>) -> Option<VersionReq> {
        let node = self.graph.node(id);
        match (&*node.key, &node.body) {
            (Key::Choice(_, _, req, ..), Body::Choice(options)) => (0u32..)
                .zip(options)
                .any(|(number, _)| !set.contains(&number))
                .then(|| req.clone()),
            _ => None,
        }
    }
}

/// Where only an export lacks: other versions of it that matching releases export.
fn exported(view: &View<'_>, wish: &Wish) -> Option<Vec<ExternName>> {
    if wish.exports.is_empty() {
        return None;
    }
    let req = &wish.requirement.req;
    let sources = view.sources.iter();
    let mut matching = sources.filter(|one| req.matches(one.version())).peekable();
    matching.peek()?;
    let exports = matching.flat_map(|source| source.exports().into_iter().flatten());
    let similar = exports.filter(|found| {
        let mut asked = wish.exports.iter();
        asked.any(|(asked, _)| same_interface(asked, found))
    });
    let similar: BTreeSet<&ExternName> = similar.collect();
    Some(similar.into_iter().cloned().collect())
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

/// Adds the runs of versions whose numbers are in a set, and how many versions these are.
fn add_runs(
    runs: &mut Vec<(Version, Version)>,
    count: &mut usize,
    versions: &Versions,
    set: &Ranges<u32>,
) {
    let len = u32::try_from(versions.all().len()).unwrap_or(u32::MAX);
    let mut end = None;
    for (from, past) in runs_below(set, len) {
        let numbers = past.saturating_sub(from);
        *count = count.saturating_add(usize::try_from(numbers).unwrap_or(usize::MAX));
        let (Some(first), Some(last)) = (versions.get(from), versions.get(past.saturating_sub(1)))
        else {
            continue;
        };
        // Two runs of a set that touch are one of versions.
        match runs.last_mut() {
            Some((_, open)) if end == Some(from) => *open = last.clone(),
            _ => runs.push((first.clone(), last.clone())),
        }
        end = Some(past);
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
    let mut positions: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept: Vec<Step> = Vec::new();
    let mut before: Option<(usize, bool)> = None;
    for (position, mut step) in steps.into_iter().enumerate() {
        for premise in &mut step.premises {
            if let Premise::Step(earlier) = premise {
                *earlier = positions.get(earlier).copied().unwrap_or(*earlier);
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
        positions.insert(position, kept.len());
        kept.push(step);
        before = Some((position, own_only));
    }
    kept
}
