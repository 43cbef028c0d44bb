//! One member's dependencies as a graph of numbered nodes, grown as the solver asks.
//!
//! A node is a (kind, name, track), whose numbers are the versions of that track. A requirement that spans tracks goes
//! through a *choice* between them, whose numbers are the tracks; a choice is shared by all who require the same, and is
//! never shown to anyone. What does not exist is a node too, so that a release which requires it is merely avoided.
//!
//! pubgrub 0.4.0 answers wrongly where a version depends on its own node in vain, so this never happens: such a
//! dependency is dropped if the version itself satisfies it, and else makes the version unavailable.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use pubgrub::Dependencies;
use semver::Version;
use transparency::name::{ExternName, Kind, Origin, PackageName};
use transparency::number::Size;
use transparency::release::Requirement;
use transparency::version::{Track, VersionReq};
use version_ranges::Ranges;

use crate::budget::{Budget, Meter};
use crate::index::{Package, TrackReleases};
use crate::numbers::Numbers;
use crate::preference::{Order, Preferences};
use crate::problem::RootRequirement;
use crate::provider::{Graph, NodeId, Offer};
use crate::requirement::{Versions, numbers, place};
use crate::scope::{Candidate, LocalTrack, Place, Scope, Source, Stop};

/// What a node stands for; its order settles ties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The member itself.
    Root,
    /// The versions of one track.
    Track(Kind, PackageName, Track),
    /// The tracks of a requirement that spans several.
    Choice(Kind, PackageName, VersionReq, BTreeSet<ExternName>),
    /// What no release can be: a package that does not exist, or not with that kind, or not in the registry that a
    /// requirement names.
    Nowhere(Kind, PackageName, Option<Origin>),
}

/// Why a version, or what stands for one, cannot be chosen after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No package of that name exists.
    Absent {
        /// The size of the log at which its absence was proved.
        size: Size,
    },
    /// It is of a registry that has no say.
    Outside,
    /// No registry is configured for its namespace.
    NoRegistry {
        /// The one that the requirement names.
        said: Option<Origin>,
    },
    /// The requirement names another registry than the one of its namespace.
    OtherRegistry {
        /// The one that it names.
        said: Origin,
        /// The one of the namespace.
        here: Origin,
    },
    /// The package holds something else.
    OtherKind {
        /// What it holds.
        actual: Kind,
    },
    /// It requires another version of its own track.
    Itself {
        /// What it requires.
        requirement: Requirement,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { size } => {
                write!(
                    f,
                    "does not exist (proved at the checkpoint of size {size})"
                )
            }
            Self::Outside => f.write_str("is of a registry that the lock has no checkpoint of"),
            Self::NoRegistry { said: None } => {
                f.write_str("is of a namespace that no registry is configured for")
            }
            Self::NoRegistry { said: Some(said) } => write!(
                f,
                "is of a namespace that no registry is configured for (the requirement names `{said}`)"
            ),
            Self::OtherRegistry { said, here } => {
                write!(
                    f,
                    "belongs to `{here}` here, and the requirement names `{said}`"
                )
            }
            Self::OtherKind { actual } => write!(f, "is a {actual} package"),
            Self::Itself { requirement } => write!(f, "requires {requirement} of itself"),
        }
    }
}

/// What a node is made of.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Root,
    Track {
        versions: Versions,
        candidates: Vec<Candidate<'a>>,
    },
    /// Each track by its node, with the numbers that match there; the tracks ascend by their highest match.
    Choice(Vec<(Track, NodeId, Ranges<u32>)>),
    Nowhere(Reason),
}

#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) key: Rc<Key>,
    offer: Rc<Offer>,
    pub(crate) body: Body<'a>,
}

#[derive(Debug, Default)]
struct Nodes<'a> {
    ids: BTreeMap<Rc<Key>, NodeId>,
    nodes: Vec<Node<'a>>,
}

/// One member's graph, as far as the solver has asked for it.
#[derive(Debug)]
pub(crate) struct MemberGraph<'a> {
    scope: &'a Scope<'a>,
    roots: Vec<&'a RootRequirement>,
    preferences: &'a Preferences,
    nodes: RefCell<Nodes<'a>>,
    meter: Meter,
}

type Edge = (NodeId, Ranges<u32>);

impl<'a> MemberGraph<'a> {
    /// The graph below these requirements of a member's. Node 0 is the root.
    pub(crate) fn new(
        scope: &'a Scope<'a>,
        roots: impl IntoIterator<Item = &'a RootRequirement>,
        preferences: &'a Preferences,
        budget: Budget,
    ) -> Self {
        let graph = Self {
            scope,
            roots: roots.into_iter().collect(),
            preferences,
            nodes: RefCell::default(),
            meter: Meter::new(budget),
        };
        let offer = Offer::new([true], Vec::new(), Order::HighestFirst);
        graph.add(Key::Root, offer, Body::Root);
        graph
    }

    /// What was taken of the budget.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.scope
    }

    pub(crate) fn roots(&self) -> &[&'a RootRequirement] {
        &self.roots
    }

    pub(crate) fn node(&self, id: NodeId) -> Ref<'_, Node<'a>> {
        Ref::map(self.nodes.borrow(), |nodes| {
            nodes
                .nodes
                .get(place(id.0))
                .expect("ids are given to nodes only, and nodes stay")
        })
    }

    fn find(&self, key: &Key) -> Option<NodeId> {
        self.nodes.borrow().ids.get(key).copied()
    }

    fn add(&self, key: Key, offer: Offer, body: Body<'a>) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        let id = NodeId(u32::try_from(nodes.nodes.len()).unwrap_or(u32::MAX));
        let key = Rc::new(key);
        nodes.ids.insert(Rc::clone(&key), id);
        nodes.nodes.push(Node {
            key,
            offer: Rc::new(offer),
            body,
        });
        id
    }

    fn is_direct(&self, kind: Kind, name: &PackageName) -> bool {
        self.scope.direct.contains(&(kind, name))
    }

    /// The node of a track; its numbers are those of `releases`.
    fn track_node(
        &self,
        kind: Kind,
        name: &PackageName,
        track: &Track,
        versions: &Versions,
        sources: impl Iterator<Item = Source<'a>>,
    ) -> NodeId {
        let key = Key::Track(kind, name.clone(), track.clone());
        if let Some(id) = self.find(&key) {
            return id;
        }
        let candidates: Vec<Candidate<'_>> = sources
            .map(|source| Candidate {
                source,
                exclusion: self.scope.exclusion(source, self.preferences),
            })
            .collect();
        let preferred = self.preferences.of(kind, name).iter();
        let offer = Offer::new(
            candidates
                .iter()
                .map(|candidate| candidate.exclusion.is_none()),
            preferred
                .filter_map(|version| versions.number(version))
                .collect(),
            Order::of(self.scope.options.mode, kind, self.is_direct(kind, name)),
        );
        let body = Body::Track {
            versions: versions.clone(),
            candidates,
        };
        self.add(key, offer, body)
    }

    fn local_track(
        &self,
        kind: Kind,
        name: &PackageName,
        track: &Track,
        found: &'a LocalTrack<'a>,
    ) -> NodeId {
        let sources = found.locals.iter().map(|local| Source::Local(local));
        self.track_node(kind, name, track, &found.versions, sources)
    }

    fn registry_track(
        &self,
        package: &'a Package,
        track: &Track,
        found: Option<&'a TrackReleases>,
    ) -> NodeId {
        let nothing = Versions::default();
        let versions = found.map_or(&nothing, |found| &found.versions);
        let releases = found.map_or(&[][..], |found| &found.releases);
        let sources = releases
            .iter()
            .map(|release| Source::Registry(package, release));
        self.track_node(
            package.kind(),
            &package.address().name,
            track,
            versions,
            sources,
        )
    }

    /// The numbers of a track's node that a requirement matches and that export what is asked for.
    fn matching(
        &self,
        id: NodeId,
        requirement: &VersionReq,
        exports: &BTreeSet<ExternName>,
    ) -> Ranges<u32> {
        let node = self.node(id);
        let Body::Track {
            versions,
            candidates,
        } = &node.body
        else {
            return Ranges::empty();
        };
        let matching = versions.matching(requirement);
        if exports.is_empty() {
            return matching;
        }
        let exporting = (0..).zip(candidates).filter(|(number, candidate)| {
            let found = candidate.source.exports();
            matching.contains(number) && found.is_none_or(|found| exports.is_subset(found))
        });
        numbers(exporting.map(|(number, _)| number))
    }

    /// Where a requirement leads: a node, and which of its numbers will do. None where the package is not loaded.
    pub(crate) fn edge(
        &self,
        requirement: &'a Requirement,
        exports: &BTreeSet<ExternName>,
    ) -> Option<Edge> {
        let (kind, name, req) = (requirement.kind, &requirement.name, &requirement.req);
        let tracks: Vec<(&Track, NodeId)> = match (self.scope.place(requirement), req.track()) {
            (Place::Missing(_), _) => return None,
            (Place::Nowhere(reason), _) => {
                let key = Key::Nowhere(kind, name.clone(), requirement.origin.clone());
                let id = self.find(&key).unwrap_or_else(|| {
                    let offer = Offer::new([true], Vec::new(), Order::HighestFirst);
                    self.add(key, offer, Body::Nowhere(reason))
                });
                return Some((id, Ranges::full()));
            }
            (Place::Local, Some(track)) => {
                let tracks = self.scope.locals.get(&(kind, name));
                let found = tracks.and_then(|tracks| tracks.get(&track))?;
                let id = self.local_track(kind, name, &track, found);
                return Some((id, self.matching(id, req, exports)));
            }
            (Place::Registry(package), Some(track)) => {
                let id = self.registry_track(package, &track, package.track(&track));
                return Some((id, self.matching(id, req, exports)));
            }
            (Place::Local, None) => self
                .scope
                .locals
                .get(&(kind, name))
                .into_iter()
                .flatten()
                .map(|(track, found)| (track, self.local_track(kind, name, track, found)))
                .collect(),
            (Place::Registry(package), None) => package
                .tracks()
                .filter(|(track, _)| !self.scope.shadows(kind, name, track))
                .map(|(track, found)| (track, self.registry_track(package, track, Some(found))))
                .collect(),
        };
        let key = Key::Choice(kind, name.clone(), req.clone(), exports.clone());
        let id = match self.find(&key) {
            Some(id) => id,
            None => self.add_choice(key, requirement, exports, tracks),
        };
        Some((id, Ranges::full()))
    }

    fn add_choice(
        &self,
        key: Key,
        requirement: &Requirement,
        exports: &BTreeSet<ExternName>,
        tracks: Vec<(&Track, NodeId)>,
    ) -> NodeId {
        let (kind, name) = (requirement.kind, &requirement.name);
        let highest = |id: NodeId, set: &Ranges<u32>| match &self.node(id).body {
            Body::Track { versions, .. } => (0..)
                .zip(versions.all())
                .filter(|(number, _)| set.contains(number))
                .last()
                .map(|(_, version)| version.clone()),
            _ => None,
        };
        let mut options: Vec<(Version, Track, NodeId, Ranges<u32>)> = tracks
            .into_iter()
            .filter_map(|(track, id)| {
                let set = self.matching(id, &requirement.req, exports);
                let highest = highest(id, &set)?;
                Some((highest, track.clone(), id, set))
            })
            .collect();
        options.sort_by(|a, b| a.0.cmp(&b.0));
        let has_candidates = |(_, _, id, set): &(Version, Track, NodeId, Ranges<u32>)| {
            self.node(*id).offer.count(set) > 0
        };
        let number_of = |version: &Version| {
            let track = Track::of(version);
            let place = options.iter().position(|(_, found, id, set)| {
                *found == track
                    && match &self.node(*id).body {
                        Body::Track { versions, .. } => versions
                            .number(version)
                            .is_some_and(|number| set.contains(&number)),
                        _ => false,
                    }
            })?;
            u32::try_from(place).ok()
        };
        let held = self.scope.member.held.iter();
        let held = held
            .filter(|held| held.kind == kind && held.name == *name)
            .filter_map(|held| held.req.pinned());
        let preferred = held
            .chain(self.preferences.of(kind, name).iter().cloned())
            .filter_map(|version| number_of(&version))
            .collect();
        let offer = Offer::new(
            options.iter().map(has_candidates),
            preferred,
            Order::of(self.scope.options.mode, kind, self.is_direct(kind, name)),
        );
        let options = options
            .into_iter()
            .map(|(_, track, id, set)| (track, id, set))
            .collect();
        self.add(key, offer, Body::Choice(options))
    }

    fn release_dependencies(
        &self,
        id: NodeId,
        source: Source<'a>,
    ) -> Result<Dependencies<NodeId, Numbers, Reason>, Stop> {
        let selection = source.selection();
        let is_itself = |requirement: &&'a Requirement| {
            requirement.kind == selection.kind
                && requirement.name == selection.name
                && requirement.req.matches(&selection.version)
                && !matches!(self.scope.place(requirement), Place::Nowhere(_))
        };
        let requirements: Vec<&Requirement> = source
            .requirements()
            .iter()
            .filter(|requirement| !is_itself(requirement))
            .collect();
        let missing = self.scope.missing(requirements.iter().copied());
        if !missing.is_empty() {
            return Err(Stop::Missing(missing));
        }
        let mut edges = Vec::new();
        for requirement in requirements {
            let Some((target, set)) = self.edge(requirement, &BTreeSet::new()) else {
                continue;
            };
            if target == id {
                return Ok(Dependencies::Unavailable(Reason::Itself {
                    requirement: requirement.clone(),
                }));
            }
            edges.push((target, set));
        }
        Ok(self.given(edges))
    }

    fn given(&self, edges: Vec<Edge>) -> Dependencies<NodeId, Numbers, Reason> {
        self.meter.edges(edges.len());
        let edges = edges.into_iter().map(|(id, set)| (id, set.into()));
        Dependencies::Available(edges.collect())
    }

    /// The nodes that a chosen version depends on.
    pub(crate) fn targets(&self, id: NodeId, number: u32) -> Vec<NodeId> {
        match self.dependencies(id, number) {
            Ok(Dependencies::Available(edges)) => edges.into_iter().map(|(id, _)| id).collect(),
            Ok(Dependencies::Unavailable(_)) | Err(_) => Vec::new(),
        }
    }

    fn root_dependencies(&self) -> Result<Dependencies<NodeId, Numbers, Reason>, Stop> {
        let requirements = self.roots.iter().map(|root| &root.requirement);
        let missing = self.scope.missing(requirements);
        if !missing.is_empty() {
            return Err(Stop::Missing(missing));
        }
        let roots = self.roots.iter();
        let edges = roots.filter_map(|root| self.edge(&root.requirement, &root.exports));
        Ok(self.given(edges.collect()))
    }
}

impl Graph for MemberGraph<'_> {
    type Name = Rc<Key>;
    type Reason = Reason;
    type Stop = Stop;

    fn name(&self, node: NodeId) -> Rc<Key> {
        Rc::clone(&self.node(node).key)
    }

    fn offer(&self, node: NodeId) -> Rc<Offer> {
        Rc::clone(&self.node(node).offer)
    }

    fn dependencies(
        &self,
        id: NodeId,
        number: u32,
    ) -> Result<Dependencies<NodeId, Numbers, Reason>, Stop> {
        let node = self.node(id);
        let source = match &node.body {
            Body::Root => None,
            Body::Nowhere(reason) => return Ok(Dependencies::Unavailable(reason.clone())),
            Body::Choice(tracks) => {
                let chosen = tracks.get(place(number));
                let edges = chosen.map(|(_, node, set)| (*node, set.clone()));
                return Ok(self.given(edges.into_iter().collect()));
            }
            Body::Track { candidates, .. } => candidates
                .get(place(number))
                .map(|candidate| candidate.source),
        };
        drop(node);
        match source {
            None => self.root_dependencies(),
            Some(source) => self.release_dependencies(id, source),
        }
    }

    fn go_on(&self) -> Result<(), Stop> {
        self.meter.round(self.nodes.borrow().nodes.len());
        if self.meter.is_spent() {
            return Err(Stop::Spent);
        }
        Ok(())
    }

    fn conflicts(&self, node: NodeId, count: u32) {
        self.meter.conflicts(node, count);
    }
}
