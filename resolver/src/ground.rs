//! What lies below the requirements of a member: numbered nodes, and the node that each requirement leads to.
//!
//! It is the same whatever the member requires. So all solves that differ only in that share one ground, and what a
//! release depends on is found out once. What a requirement leads to is kept by its number in the index, since versions
//! of a package mostly require the same.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;
use version_ranges::Ranges;

use crate::index::{Address, Choices, TrackReleases};
use crate::node::Body;
use crate::node::Edge;
use crate::node::Key;
use crate::node::Needs;
use crate::node::Node;
use crate::numbers::NodeId;
use crate::order::Order;
use crate::preference::Preferences;
use crate::provider::Offer;
use crate::reason::Reason;
use crate::requirement::{index, numbers, runs_below};
use crate::scope::{Found, Scope, Source};
use crate::stock::Stock;

/// What whoever requires something asks it to export.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asks<'r> {
    /// A member: all of these, letter by letter, since its texts name them so.
    Member(&'r BTreeSet<ExternName>),
    /// A release, or what stands in for it: whatever serves what its `for` names.
    Release,
}

impl<'r> Asks<'r> {
    fn of(self, requirement: &'r Requirement) -> &'r BTreeSet<ExternName> {
        match self {
            Self::Member(exports) => exports,
            Self::Release => &requirement.serves,
        }
    }

    fn is_literal(self) -> bool {
        matches!(self, Self::Member(exports) if !exports.is_empty())
    }

    fn are_met(self, requirement: &Requirement, found: &BTreeSet<ExternName>) -> bool {
        match self {
            Self::Member(exports) => exports.is_subset(found),
            Self::Release => requirement.is_served_by(found),
        }
    }
}

/// Numbers by other numbers, of which few are known: what nobody asks for is not even touched.
#[derive(Debug, Default)]
struct Table(Vec<u32>);

impl Table {
    fn new(len: usize) -> Self {
        Self(vec![0; len])
    }

    fn get(&self, at: u32) -> Option<u32> {
        self.0.get(index(at))?.checked_sub(1)
    }

    fn set(&mut self, at: u32, number: u32) {
        if let Some(slot) = self.0.get_mut(index(at)) {
            *slot = number.saturating_add(1);
        }
    }
}

#[derive(Debug, Default)]
struct Known<'a> {
    ids: HashMap<Rc<Key>, NodeId>,
    nodes: Vec<Node<'a>>,
    /// The node of each aim that the index numbers.
    aims: Table,
    /// The position in `leads` of each requirement that the index numbers.
    led: Table,
    leads: Vec<(NodeId, Ranges<u32>)>,
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
        let numbered = scope.index.numbered();
        let ground = Self {
            scope,
            preferences,
            known: RefCell::new(Known {
                aims: Table::new(numbered.aims()),
                led: Table::new(numbered.len()),
                ..Known::default()
            }),
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
                .get(index(id.0))
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
        nodes.nodes.push(Node::new(key, offer, body));
        id
    }

    fn is_direct(&self, kind: Kind, name: &PackageName) -> bool {
        self.scope.direct.contains(&(kind, name))
    }

    /// The node of a track. Its numbers are those of its stock.
    fn track_node(
        &self,
        kind: Kind,
        name: &PackageName,
        track: &Track,
        stock: Stock<'a>,
    ) -> NodeId {
        let key = Key::Track(kind, name.clone(), track.clone());
        if let Some(id) = self.find(&key) {
            return id;
        }
        let excluded = match stock {
            Stock::Releases(package, found) => {
                let rules = self.scope.rules(package, track, self.preferences);
                rules.excluded(found)
            }
            Stock::Locals(_) | Stock::Nothing => BTreeMap::new(),
        };
        let versions = stock.versions();
        let number_of = |version: &Version| versions.number(version);
        let preferred = self.preferences.of(kind, name).iter();
        let preferred = preferred.filter_map(number_of).collect();
        let order = Order::of(self.scope.options.mode, kind, self.is_direct(kind, name));
        let offer = if excluded.is_empty() {
            Offer::of_all(versions.len(), preferred, order)
        } else {
            let candidates = (0..versions.len()).map(|number| !excluded.contains_key(&number));
            Offer::new(candidates, preferred, order)
        };
        let own = self.preferences.own(kind, name);
        let offer = offer.with_own(own.filter_map(number_of).collect());
        self.add(key, offer, Body::Track { stock, excluded })
    }

    fn registry_track(
        &self,
        package: &'a Choices,
        track: &Track,
        found: Option<&'a TrackReleases>,
    ) -> NodeId {
        let stock = found.map_or(Stock::Nothing, |found| Stock::Releases(package, found));
        self.track_node(package.kind(), &package.address().name, track, stock)
    }

    /// The numbers of a track's node that a requirement matches and that export what is asked for.
    fn matching(&self, id: NodeId, requirement: &Requirement, asks: Asks<'_>) -> Ranges<u32> {
        let node = self.node(id);
        let Body::Track { stock, .. } = &node.body else {
            return Ranges::empty();
        };
        let matching = stock.versions().matching(&requirement.req);
        if asks.of(requirement).is_empty() {
            return matching;
        }
        let exports_all = |number: &u32| {
            let found = stock.source(*number).and_then(Source::exports);
            found.is_none_or(|found| asks.are_met(requirement, found))
        };
        let runs = runs_below(&matching, node.offer().len());
        numbers(runs.flat_map(|(from, past)| from..past).filter(exports_all))
    }

    /// Where a requirement leads: a node, and which of its numbers will do.
    ///
    /// # Errors
    /// The package that is not loaded.
    pub(crate) fn lead(
        &self,
        requirement: &Requirement,
        asks: Asks<'_>,
    ) -> Result<(NodeId, Ranges<u32>), Address> {
        let (kind, name, req) = (requirement.kind, &requirement.name, &requirement.req);
        let found = self.scope.find(requirement);
        let locals = self.scope.locals_of(kind, name);
        let tracks: Vec<(&Track, NodeId)> = match (found, req.track()) {
            (Found::Missing(address), _) => return Err(address),
            (Found::Nowhere(reason), _) => {
                let key = Key::Nowhere(kind, name.clone(), requirement.origin.clone());
                let id = self.find(&key).unwrap_or_else(|| {
                    let offer = Offer::new([true], Vec::new(), Order::HighestFirst);
                    self.add(key, offer, Body::Nowhere(reason))
                });
                return Ok((id, Ranges::full()));
            }
            (Found::Local, Some(track)) => {
                let found = locals.and_then(|tracks| tracks.get(&track));
                let found = found.expect("only a requirement on a local track is found `Local`");
                let id = self.track_node(kind, name, &track, Stock::Locals(found));
                return Ok((id, self.matching(id, requirement, asks)));
            }
            (Found::Registry(package), Some(track)) => {
                let id = self.registry_track(package, &track, package.track(&track));
                return Ok((id, self.matching(id, requirement, asks)));
            }
            (Found::Local, None) => locals
                .into_iter()
                .flatten()
                .map(|(track, found)| {
                    let id = self.track_node(kind, name, track, Stock::Locals(found));
                    (track, id)
                })
                .collect(),
            (Found::Registry(package), None) => package
                .tracks()
                .filter(|(track, _)| !self.scope.shadows(kind, name, track))
                .map(|(track, found)| (track, self.registry_track(package, track, Some(found))))
                .collect(),
        };
        let exports = asks.of(requirement).clone();
        let key = Key::Choice(kind, name.clone(), req.clone(), exports, asks.is_literal());
        let id = match self.find(&key) {
            Some(id) => id,
            None => self.add_choice(key, requirement, asks, tracks),
        };
        Ok((id, Ranges::full()))
    }

    /// The position in `leads` of a requirement that the index numbers.
    ///
    /// # Errors
    /// The package that is not loaded.
    fn led(&self, number: u32) -> Result<usize, Address> {
        let known = self.known.borrow();
        if let Some(led) = known.led.get(number) {
            return Ok(index(led));
        }
        let (requirement, aim) = self.numbered(number);
        // Requirements with one aim lead to one node.
        let target = aim.and_then(|aim| known.aims.get(aim)).map(NodeId);
        drop(known);
        let lead = match target {
            Some(target) if matches!(self.node(target).body, Body::Track { .. }) => {
                (target, self.matching(target, requirement, Asks::Release))
            }
            Some(target) => (target, Ranges::full()),
            None => self.lead(requirement, Asks::Release)?,
        };
        let mut known = self.known.borrow_mut();
        let at = known.leads.len();
        if let Some(aim) = aim {
            known.aims.set(aim, lead.0.0);
        }
        known.led.set(number, u32::try_from(at).unwrap_or(u32::MAX));
        known.leads.push(lead);
        Ok(at)
    }

    fn numbered(&self, number: u32) -> (&'a Requirement, Option<u32>) {
        let found = self.scope.index.numbered().get(number);
        found.expect("releases are numbered by the index that holds them")
    }

    /// Where a version leads, requirement by requirement: by the requirement's number in the index where it has one,
    /// the node and which of its numbers will do. False where the version cannot be chosen after all.
    ///
    /// It keeps less than [`needs`](Self::needs), for who looks at many versions of which few are chosen.
    ///
    /// # Errors
    /// Packages that are not loaded. What leads elsewhere was followed.
    pub(crate) fn follow(
        &self,
        id: NodeId,
        number: u32,
        mut to: impl FnMut(Option<u32>, NodeId, &Ranges<u32>),
    ) -> Result<bool, BTreeSet<Address>> {
        let stock = match &self.node(id).body {
            Body::Track { stock, .. } => Some(*stock),
            Body::Root | Body::Choice(_) | Body::Nowhere(_) => None,
        };
        let required = stock.and_then(|stock| stock.required(number));
        let Some((numbers, false)) = required else {
            return Ok(match self.needs(id, number)? {
                Needs::Edges(edges) => {
                    for edge in &*edges {
                        to(None, edge.target, &edge.set);
                    }
                    true
                }
                Needs::Unavailable(_) => false,
            });
        };
        let mut missing = BTreeSet::new();
        for number in numbers {
            match self.led(*number) {
                Ok(at) => {
                    if let Some((target, set)) = self.known.borrow().leads.get(at) {
                        to(Some(*number), *target, set);
                    }
                }
                Err(address) => {
                    missing.insert(address);
                }
            }
        }
        if missing.is_empty() {
            Ok(true)
        } else {
            Err(missing)
        }
    }

    fn add_choice(
        &self,
        key: Key,
        requirement: &Requirement,
        asks: Asks<'_>,
        tracks: Vec<(&Track, NodeId)>,
    ) -> NodeId {
        let (kind, name) = (requirement.kind, &requirement.name);
        let highest = |id: NodeId, set: &Ranges<u32>| match &self.node(id).body {
            Body::Track { stock, .. } => {
                let versions = stock.versions();
                last_of(set, versions.all().len()).and_then(|number| versions.get(number).cloned())
            }
            _ => None,
        };
        let mut options: Vec<(Version, Track, NodeId, Ranges<u32>)> = tracks
            .into_iter()
            .filter_map(|(track, id)| {
                let set = self.matching(id, requirement, asks);
                let highest = highest(id, &set)?;
                Some((highest, track.clone(), id, set))
            })
            .collect();
        options.sort_by(|a, b| a.0.cmp(&b.0));
        let has_candidates = |(_, _, id, set): &(Version, Track, NodeId, Ranges<u32>)| {
            self.node(*id).offer().count(set) > 0
        };
        let positions: BTreeMap<&Track, usize> =
            options.iter().map(|one| &one.1).zip(0..).collect();
        let number_of = |version: &Version| {
            let track = Track::of(version);
            let position = *positions.get(&track)?;
            let (_, _, id, set) = options.get(position)?;
            let Body::Track { stock, .. } = &self.node(*id).body else {
                return None;
            };
            let is_match = stock
                .versions()
                .number(version)
                .is_some_and(|number| set.contains(&number));
            is_match.then(|| u32::try_from(position).ok()).flatten()
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

    /// What a number depends on. The root depends on nothing here.
    ///
    /// # Errors
    /// Packages that are not loaded.
    pub(crate) fn needs(&self, id: NodeId, number: u32) -> Result<Needs<'a>, BTreeSet<Address>> {
        let stock = {
            let node = self.node(id);
            if let Some(needs) = node.needs(number) {
                return Ok(needs.clone());
            }
            match &node.body {
                Body::Root => return Ok(Needs::Edges(Rc::new([]))),
                Body::Nowhere(reason) => {
                    return Ok(Needs::Unavailable(Rc::new(reason.clone())));
                }
                Body::Choice(tracks) => {
                    let chosen = tracks.get(index(number));
                    let edge = chosen.map(|(_, target, set)| Edge {
                        target: *target,
                        set: set.clone(),
                        requirement: None,
                    });
                    return Ok(Needs::Edges(edge.into_iter().collect()));
                }
                Body::Track { stock, .. } => *stock,
            }
        };
        let needs = match (stock.required(number), stock.source(number)) {
            (Some((numbers, false)), _) => self.elsewhere(numbers)?,
            (required, Some(source)) => {
                let numbers = required.map_or(&[][..], |(numbers, _)| numbers);
                self.needs_of(id, source, numbers)?
            }
            (_, None) => Needs::Edges(Rc::new([])),
        };
        if let Some(node) = self.known.borrow_mut().nodes.get_mut(index(id.0)) {
            node.keep(number, needs.clone());
        }
        Ok(needs)
    }

    /// Where these requirements lead, of which none is of the package that has them.
    fn elsewhere(&self, numbers: &[u32]) -> Result<Needs<'a>, BTreeSet<Address>> {
        let mut missing = BTreeSet::new();
        let mut edges = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.led(*number) {
                Ok(at) => edges.extend(self.edge(at, self.numbered(*number).0)),
                Err(address) => {
                    missing.insert(address);
                }
            }
        }
        if missing.is_empty() {
            Ok(Needs::Edges(edges.into()))
        } else {
            Err(missing)
        }
    }

    fn edge(&self, at: usize, requirement: &'a Requirement) -> Option<Edge<'a>> {
        let known = self.known.borrow();
        let (target, set) = known.leads.get(at)?;
        Some(Edge {
            target: *target,
            set: set.clone(),
            requirement: Some(requirement),
        })
    }

    /// What a version needs that may require its own package, or lies in a folder.
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
                && source
                    .exports()
                    .is_none_or(|found| requirement.is_served_by(found))
                && !matches!(self.scope.find(requirement), Found::Nowhere(_));
            if is_itself {
                continue;
            }
            let edge = match number {
                Some(number) => self.led(*number).map(|at| self.edge(at, requirement)),
                None => self.lead(requirement, Asks::Release).map(|(target, set)| {
                    Some(Edge {
                        target,
                        set,
                        requirement: Some(requirement),
                    })
                }),
            };
            match edge {
                Ok(Some(edge)) if edge.target == id => itself = itself.or(Some(requirement)),
                Ok(edge) => edges.extend(edge),
                Err(address) => {
                    missing.insert(address);
                }
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(match itself {
            Some(requirement) => Needs::Unavailable(Rc::new(Reason::Itself {
                requirement: requirement.clone(),
            })),
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
