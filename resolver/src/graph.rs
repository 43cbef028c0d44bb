//! One member's dependencies as a graph of numbered nodes, grown as the solver asks.
//!
//! A node is a (kind, name, track), whose numbers are the versions of that track. A requirement that spans tracks goes
//! through a *choice* between them, whose numbers are the tracks; a choice is shared by all who require the same, and is
//! never shown to anyone. What does not exist is a node too, so that a release which requires it is merely avoided.
//!
//! The nodes below a member's requirements are the same whatever these are, so all solves that only differ in them share
//! one [`Ground`], and what a release depends on is found out once.
//!
//! pubgrub 0.4.0 answers wrongly where a version depends on its own node in vain, so this never happens: such a
//! dependency is dropped if the version itself satisfies it, and else makes the version unavailable.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
use crate::floors::Floors;
use crate::index::{Address, Package, TrackReleases};
use crate::numbers::Numbers;
use crate::preference::{Order, Preferences};
use crate::problem::RootRequirement;
use crate::provider::{Graph, NodeId, Offer};
use crate::requirement::{Versions, numbers, place, runs_below};
use crate::scope::{Candidate, LocalTrack, Place, Scope, Source, Stop};

/// What a node stands for; its order settles ties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Its log breaks the rules.
    Refused {
        /// Which one, and where.
        reason: String,
    },
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
            Self::Refused { reason } => write!(f, "cannot be used: {reason}"),
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
    /// What each number depends on, as far as that was asked for.
    needs: Vec<Option<Needs<'a>>>,
}

impl Node<'_> {
    /// What can be chosen of it.
    pub(crate) fn offer(&self) -> &Offer {
        &self.offer
    }
}

/// Where a requirement leads.
#[derive(Debug, Clone)]
pub(crate) struct Edge<'a> {
    pub(crate) target: NodeId,
    /// The numbers of it that will do.
    pub(crate) set: Ranges<u32>,
    /// The requirement; none where a choice leads to one of its tracks.
    pub(crate) requirement: Option<&'a Requirement>,
}

/// What a number depends on, or why it cannot be chosen after all.
#[derive(Debug, Clone)]
pub(crate) enum Needs<'a> {
    Edges(Rc<[Edge<'a>]>),
    Unavailable(Reason),
}

#[derive(Debug, Default)]
struct Known<'a> {
    ids: HashMap<Rc<Key>, NodeId>,
    nodes: Vec<Node<'a>>,
    /// Where requirements of releases lead, by their numbers in the index: versions of a package mostly require the same.
    edges: Vec<Option<(NodeId, Ranges<u32>)>>,
}

/// What lies below the requirements of a member, as far as any solver has asked for it. Node 0 is the root.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    scope: &'a Scope<'a>,
    preferences: &'a Preferences,
    known: RefCell<Known<'a>>,
}

impl<'a> Ground<'a> {
    pub(crate) fn new(scope: &'a Scope<'a>, preferences: &'a Preferences) -> Rc<Self> {
        let ground = Self {
            scope,
            preferences,
            known: RefCell::default(),
        };
        let offer = Offer::new([true], Vec::new(), Order::HighestFirst);
        ground.add(Key::Root, offer, Body::Root);
        Rc::new(ground)
    }

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.scope
    }

    pub(crate) fn preferences(&self) -> &'a Preferences {
        self.preferences
    }

    pub(crate) fn node(&self, id: NodeId) -> Ref<'_, Node<'a>> {
        Ref::map(self.known.borrow(), |nodes| {
            nodes
                .nodes
                .get(place(id.0))
                .expect("ids are given to nodes only, and nodes stay")
        })
    }

    fn find(&self, key: &Key) -> Option<NodeId> {
        self.known.borrow().ids.get(key).copied()
    }

    fn add(&self, key: Key, offer: Offer, body: Body<'a>) -> NodeId {
        let mut nodes = self.known.borrow_mut();
        let id = NodeId(u32::try_from(nodes.nodes.len()).unwrap_or(u32::MAX));
        let key = Rc::new(key);
        nodes.ids.insert(Rc::clone(&key), id);
        nodes.nodes.push(Node {
            key,
            offer: Rc::new(offer),
            body,
            needs: Vec::new(),
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
        sources: impl Iterator<Item = (Source<'a>, &'a [u32])>,
    ) -> NodeId {
        let key = Key::Track(kind, name.clone(), track.clone());
        if let Some(id) = self.find(&key) {
            return id;
        }
        let candidates: Vec<Candidate<'_>> = sources
            .map(|(source, required)| Candidate {
                source,
                required,
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
        let own = self.preferences.own(kind, name);
        let offer = offer.with_own(own.filter_map(|one| versions.number(one)).collect());
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
        let locals = found.locals.iter();
        let sources = locals.map(|local| (Source::Local(local), &[][..]));
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
        let required = found.map_or(&[][..], |found| &found.required);
        let sources = releases.iter().zip(required).map(|(release, required)| {
            let required: &[u32] = required;
            (Source::Registry(package, release), required)
        });
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

    /// Where a requirement leads: a node, and which of its numbers will do.
    ///
    /// # Errors
    /// The package that is not loaded.
    fn lead(
        &self,
        requirement: &Requirement,
        exports: &BTreeSet<ExternName>,
    ) -> Result<(NodeId, Ranges<u32>), Address> {
        let (kind, name, req) = (requirement.kind, &requirement.name, &requirement.req);
        let found = self.scope.place(requirement);
        let locals = self.scope.locals_of(kind, name);
        let tracks: Vec<(&Track, NodeId)> = match (found, req.track()) {
            (Place::Missing(address), _) => return Err(address),
            (Place::Nowhere(reason), _) => {
                let key = Key::Nowhere(kind, name.clone(), requirement.origin.clone());
                let id = self.find(&key).unwrap_or_else(|| {
                    let offer = Offer::new([true], Vec::new(), Order::HighestFirst);
                    self.add(key, offer, Body::Nowhere(reason))
                });
                return Ok((id, Ranges::full()));
            }
            (Place::Local, Some(track)) => {
                let found = locals.and_then(|tracks| tracks.get(&track));
                let found = found.expect("only a local track's place is `Local`");
                let id = self.local_track(kind, name, &track, found);
                return Ok((id, self.matching(id, req, exports)));
            }
            (Place::Registry(package), Some(track)) => {
                let id = self.registry_track(package, &track, package.track(&track));
                return Ok((id, self.matching(id, req, exports)));
            }
            (Place::Local, None) => locals
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
        Ok((id, Ranges::full()))
    }

    /// Where a release's requirement leads, by its number.
    fn lead_once(
        &self,
        number: u32,
        requirement: &Requirement,
    ) -> Result<(NodeId, Ranges<u32>), Address> {
        let known = self.known.borrow();
        if let Some(Some(known)) = known.edges.get(place(number)) {
            return Ok(known.clone());
        }
        drop(known);
        let led = self.lead(requirement, &BTreeSet::new())?;
        let edges = &mut self.known.borrow_mut().edges;
        let known = edges.len().max(place(number).saturating_add(1));
        edges.resize(known, None);
        if let Some(slot) = edges.get_mut(place(number)) {
            *slot = Some(led.clone());
        }
        Ok(led)
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
            Body::Track { versions, .. } => {
                last_of(set, versions.all().len()).and_then(|number| versions.get(number).cloned())
            }
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
        let places: BTreeMap<&Track, usize> = options.iter().map(|one| &one.1).zip(0..).collect();
        let number_of = |version: &Version| {
            let track = Track::of(version);
            let place = *places.get(&track)?;
            let (_, _, id, set) = options.get(place)?;
            let Body::Track { versions, .. } = &self.node(*id).body else {
                return None;
            };
            let is_match = versions
                .number(version)
                .is_some_and(|number| set.contains(&number));
            is_match.then(|| u32::try_from(place).ok()).flatten()
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
        let own = self.preferences.own(kind, name);
        let offer = offer.with_own(own.filter_map(number_of).collect());
        let options = options
            .into_iter()
            .map(|(_, track, id, set)| (track, id, set))
            .collect();
        self.add(key, offer, Body::Choice(options))
    }

    /// What a number depends on; of the root, nothing here.
    ///
    /// # Errors
    /// Packages that are not loaded.
    pub(crate) fn needs(&self, id: NodeId, number: u32) -> Result<Needs<'a>, BTreeSet<Address>> {
        let source = {
            let node = self.node(id);
            if let Some(Some(needs)) = node.needs.get(place(number)) {
                return Ok(needs.clone());
            }
            match &node.body {
                Body::Root => return Ok(Needs::Edges(Rc::new([]))),
                Body::Nowhere(reason) => return Ok(Needs::Unavailable(reason.clone())),
                Body::Choice(tracks) => {
                    let chosen = tracks.get(place(number));
                    let edge = chosen.map(|(_, target, set)| Edge {
                        target: *target,
                        set: set.clone(),
                        requirement: None,
                    });
                    return Ok(Needs::Edges(edge.into_iter().collect()));
                }
                Body::Track { candidates, .. } => candidates
                    .get(place(number))
                    .map(|candidate| (candidate.source, candidate.required)),
            }
        };
        let needs = match source {
            Some((source, required)) => self.needs_of(id, source, required)?,
            None => Needs::Edges(Rc::new([])),
        };
        let mut nodes = self.known.borrow_mut();
        if let Some(node) = nodes.nodes.get_mut(place(id.0)) {
            let known = node.needs.len().max(place(number).saturating_add(1));
            node.needs.resize(known, None);
            if let Some(slot) = node.needs.get_mut(place(number)) {
                *slot = Some(needs.clone());
            }
        }
        Ok(needs)
    }

    fn needs_of(
        &self,
        id: NodeId,
        source: Source<'a>,
        required: &[u32],
    ) -> Result<Needs<'a>, BTreeSet<Address>> {
        let (kind, name, version) = (source.kind(), source.name(), source.version());
        let mut missing = BTreeSet::new();
        let mut edges = Vec::new();
        let mut itself = None;
        let mut numbers = required.iter();
        for requirement in source.requirements() {
            let number = numbers.next();
            let is_itself = requirement.kind == kind
                && requirement.name == *name
                && requirement.req.matches(version)
                && !matches!(self.scope.place(requirement), Place::Nowhere(_));
            if is_itself {
                continue;
            }
            let led = match number {
                Some(number) => self.lead_once(*number, requirement),
                None => self.lead(requirement, &BTreeSet::new()),
            };
            let (target, set) = match led {
                Ok(led) => led,
                Err(address) => {
                    missing.insert(address);
                    continue;
                }
            };
            if target == id {
                itself = itself.or(Some(requirement));
                continue;
            }
            edges.push(Edge {
                target,
                set,
                requirement: Some(requirement),
            });
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(match itself {
            Some(requirement) => Needs::Unavailable(Reason::Itself {
                requirement: requirement.clone(),
            }),
            None => Needs::Edges(edges.into()),
        })
    }
}

/// The greatest number of a set below `len`.
fn last_of(set: &Ranges<u32>, len: usize) -> Option<u32> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    runs_below(set, len)
        .last()
        .map(|(_, past)| past.saturating_sub(1))
}

/// One solve's graph: the ground, and what a member requires on it.
#[derive(Debug)]
pub(crate) struct MemberGraph<'a, 'r> {
    ground: Rc<Ground<'a>>,
    roots: Vec<&'r RootRequirement>,
    /// What the root depends on, by its requirements.
    edges: Vec<Edge<'r>>,
    /// The lowest versions that go together, by node: see [`floors`].
    floors: Floors,
    meter: Meter,
}

impl<'a, 'r> MemberGraph<'a, 'r> {
    /// The graph below these requirements of a member's.
    ///
    /// # Errors
    /// Packages that are not loaded.
    pub(crate) fn new(
        ground: &Rc<Ground<'a>>,
        roots: impl IntoIterator<Item = &'r RootRequirement>,
        budget: Budget,
    ) -> Result<Self, BTreeSet<Address>> {
        let roots: Vec<&'r RootRequirement> = roots.into_iter().collect();
        let meter = Meter::new(budget);
        let mut missing = BTreeSet::new();
        let mut edges = Vec::new();
        for root in &roots {
            match ground.lead(&root.requirement, &root.exports) {
                Ok((target, set)) => edges.push(Edge {
                    target,
                    set,
                    requirement: Some(&root.requirement),
                }),
                Err(address) => {
                    missing.insert(address);
                }
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let floors = Floors::of(ground, &edges, &meter)?;
        Ok(Self {
            ground: Rc::clone(ground),
            roots,
            edges,
            floors,
            meter,
        })
    }

    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn ground(&self) -> &Rc<Ground<'a>> {
        &self.ground
    }

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.ground.scope
    }

    pub(crate) fn node(&self, id: NodeId) -> Ref<'_, Node<'a>> {
        self.ground.node(id)
    }

    /// What was taken of the budget.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The member's requirements, each with where it leads.
    pub(crate) fn roots(&self) -> impl Iterator<Item = (&'r RootRequirement, &Edge<'r>)> {
        self.roots.iter().copied().zip(&self.edges)
    }

    /// The nodes that a chosen version depends on.
    pub(crate) fn targets(&self, id: NodeId, number: u32) -> Vec<NodeId> {
        if id == Self::ROOT {
            return self.edges.iter().map(|edge| edge.target).collect();
        }
        match self.ground.needs(id, number) {
            Ok(Needs::Edges(edges)) => edges.iter().map(|edge| edge.target).collect(),
            Ok(Needs::Unavailable(_)) | Err(_) => Vec::new(),
        }
    }

    fn given(&self, edges: &[Edge<'_>]) -> Dependencies<NodeId, Numbers, Reason> {
        self.meter.edges(edges.len());
        let edges = edges
            .iter()
            .map(|edge| (edge.target, edge.set.clone().into()));
        Dependencies::Available(edges.collect())
    }
}

impl Graph for MemberGraph<'_, '_> {
    type Name = Rc<Key>;
    type Reason = Reason;
    type Stop = Stop;

    fn name(&self, node: NodeId) -> Rc<Key> {
        Rc::clone(&self.node(node).key)
    }

    fn offer(&self, node: NodeId) -> Rc<Offer> {
        Rc::clone(&self.node(node).offer)
    }

    fn choose(&self, node: NodeId, set: &Ranges<u32>) -> Option<u32> {
        self.meter.round(node);
        let floor = self.floors.get(node);
        floor
            .filter(|number| set.contains(number))
            .or_else(|| self.node(node).offer.choose(set))
    }

    fn dependencies(
        &self,
        id: NodeId,
        number: u32,
    ) -> Result<Dependencies<NodeId, Numbers, Reason>, Stop> {
        if id == Self::ROOT {
            return Ok(self.given(&self.edges));
        }
        match self.ground.needs(id, number) {
            Ok(Needs::Edges(edges)) => Ok(self.given(&edges)),
            Ok(Needs::Unavailable(reason)) => Ok(Dependencies::Unavailable(reason)),
            Err(missing) => Err(Stop::Missing(missing)),
        }
    }

    fn go_on(&self) -> Result<(), Stop> {
        if self.meter.is_spent() {
            return Err(Stop::Spent);
        }
        Ok(())
    }

    fn conflicts(&self, node: NodeId, count: u32) {
        self.meter.conflicts(node, count);
    }
}
