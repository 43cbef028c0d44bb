//! One member's dependencies as a graph of numbered nodes, grown as the solver asks.
//!
//! A node is a (kind, name, track), whose numbers are the versions of that track. A requirement that spans tracks goes
//! through a *choice* between them, whose numbers are the tracks. A choice is shared by all who require the same, and
//! is never shown to anyone. What does not exist is a node too, so that a release which requires it is merely avoided.
//!
//! What lies below a member's requirements is in the [`Ground`]. Here one set of requirements is put on top of it.
//!
//! pubgrub 0.4.0 answers wrongly where a version depends on its own node in vain, so this never happens. Such a
//! dependency is dropped if the version itself satisfies it, and else makes the version unavailable.

use std::cell::Ref;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use pubgrub::Dependencies;
use version_ranges::Ranges;

use crate::budget::{Budget, Meter};
use crate::floors::Floors;
use crate::ground::{Asks, Ground};
use crate::index::Address;
use crate::node::{Edge, Key, Needs, Node};
use crate::numbers::NodeId;
use crate::numbers::Numbers;
use crate::problem::RootRequirement;
use crate::provider::{Graph, Offer};
use crate::reason::Reason;
use crate::scope::{Scope, Stop};

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
            match ground.lead(&root.requirement, Asks::Member(&root.exports)) {
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
        self.ground.scope()
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

    /// The lowest versions that go together, which a search would end with. None where they do not go together, or where
    /// not all that is needed is wanted at the lowest.
    pub(crate) fn without_search(&self) -> Option<Vec<(NodeId, u32)>> {
        if self.meter.is_spent() {
            return None;
        }
        self.floors.solution(&self.ground, &self.edges)
    }

    /// What can be reached from the root among the numbers chosen.
    pub(crate) fn reached(
        &self,
        chosen: impl IntoIterator<Item = (NodeId, u32)>,
    ) -> Vec<(NodeId, u32)> {
        let mut chosen: HashMap<NodeId, u32> = chosen.into_iter().collect();
        let mut reached = Vec::new();
        let mut reach = |reached: &mut Vec<_>, id: NodeId| {
            if let Some(number) = chosen.remove(&id) {
                reached.push((id, number));
            }
        };
        for edge in &self.edges {
            reach(&mut reached, edge.target);
        }
        let mut at = 0;
        while let Some((id, number)) = reached.get(at).copied() {
            at += 1;
            if let Ok(Needs::Edges(edges)) = self.ground.needs(id, number) {
                for edge in &*edges {
                    reach(&mut reached, edge.target);
                }
            }
        }
        reached
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
            Ok(Needs::Unavailable(reason)) => Ok(Dependencies::Unavailable((*reason).clone())),
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
