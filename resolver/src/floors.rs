//! The lowest versions that go together, found without a search: Go's minimal version selection.
//!
//! Where the lowest version is wanted, each requirement visits the version that it would take by itself, a locked one
//! first. That version's requirements are taken in likewise, until nothing new is visited. The floor of a node is then
//! what all its requirements together would take. Every version that is visited counts, as in Go, also one that a
//! higher floor passes. So no order and no name has a say, and a further requirement raises floors and never lowers
//! one.
//!
//! Floors forbid nothing. Where they go together they are the answer that a search would end with: it tries them first,
//! and what they all meet never makes it try anything else. Where they are no solution, the search goes on without
//! them. See `docs/decisions/lowest-wit-highest-component.md`.

use std::collections::BTreeSet;

use version_ranges::Ranges;

use crate::budget::Meter;
use crate::ground::Ground;
use crate::index::Address;
use crate::node::Body;
use crate::node::Edge;
use crate::numbers::NodeId;
use crate::order::Order;
use crate::requirement::index;

/// The floor of each node that has one.
#[derive(Debug)]
pub(crate) struct Floors(Vec<Option<u32>>);

impl Floors {
    /// Walks everything that can be reached from these edges at the lowest.
    ///
    /// # Errors
    /// Packages that are not loaded: all that the walk came to.
    pub(crate) fn of(
        ground: &Ground<'_>,
        roots: &[Edge<'_>],
        meter: &Meter,
    ) -> Result<Self, BTreeSet<Address>> {
        let mut walk = Walk {
            ground,
            nodes: Vec::new(),
            taken: vec![false; ground.scope().index.numbered().len()],
            raised: Vec::new(),
            ahead: Vec::new(),
        };
        let mut missing = BTreeSet::new();
        for edge in roots {
            walk.take(edge.target, &edge.set);
        }
        loop {
            while let Some((id, number)) = walk.ahead.pop() {
                let mut edges = 0;
                let end = ground.follow(id, number, |requirement, target, set| {
                    edges += 1;
                    if requirement.is_none_or(|number| walk.is_new(number)) {
                        walk.take(target, set);
                    }
                });
                meter.edges(edges);
                missing.extend(end.err().into_iter().flatten());
            }
            if !walk.visit_floors() {
                break;
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let nodes = (0u32..).zip(&walk.nodes);
        let floors = nodes.map(|(id, reached)| {
            let bound = &reached.as_ref()?.bound;
            ground.node(NodeId(id)).offer().choose(bound)
        });
        Ok(Self(floors.collect()))
    }

    pub(crate) fn get(&self, node: NodeId) -> Option<u32> {
        self.0.get(index(node.0)).copied().flatten()
    }

    /// The floors of all that is needed from these edges on, where each meets what the others require of it. None too
    /// where something is needed of which the lowest is not what is wanted.
    pub(crate) fn solution(
        &self,
        ground: &Ground<'_>,
        roots: &[Edge<'_>],
    ) -> Option<Vec<(NodeId, u32)>> {
        let mut needed = vec![false; self.0.len()];
        let mut solution = Vec::new();
        let mut need = |solution: &mut Vec<(NodeId, u32)>, target: NodeId, set: &Ranges<u32>| {
            let floor = self.get(target).filter(|floor| set.contains(floor));
            match (floor, needed.get_mut(index(target.0))) {
                (Some(floor), Some(needed)) => {
                    if !std::mem::replace(needed, true) {
                        solution.push((target, floor));
                    }
                    true
                }
                _ => false,
            }
        };
        for edge in roots {
            need(&mut solution, edge.target, &edge.set).then_some(())?;
        }
        let mut at = 0;
        while let Some((id, number)) = solution.get(at).copied() {
            at += 1;
            let mut are_met = true;
            let follows = ground.follow(id, number, |_, target, set| {
                are_met &= need(&mut solution, target, set);
            });
            (follows == Ok(true) && are_met).then_some(())?;
        }
        Some(solution)
    }
}

/// A node that was reached.
struct Reached {
    /// What all requirements so far allow.
    bound: Ranges<u32>,
    /// Whether each version was visited, by its number.
    visited: Vec<bool>,
    /// Whether its floor may be one that was not visited.
    is_raised: bool,
}

impl Reached {
    fn visit(&mut self, id: NodeId, number: u32, ahead: &mut Vec<(NodeId, u32)>) {
        if let Some(visited) = self.visited.get_mut(index(number))
            && !std::mem::replace(visited, true)
        {
            ahead.push((id, number));
        }
    }
}

struct Walk<'w, 'a> {
    ground: &'w Ground<'a>,
    /// By the node's number. None where it was not reached, or its lowest version is not what is wanted.
    nodes: Vec<Option<Reached>>,
    /// The requirements that were taken in, by their numbers in the index.
    taken: Vec<bool>,
    /// The nodes that are raised.
    raised: Vec<NodeId>,
    ahead: Vec<(NodeId, u32)>,
}

impl Walk<'_, '_> {
    fn is_new(&mut self, requirement: u32) -> bool {
        let taken = self.taken.get_mut(index(requirement));
        taken.is_none_or(|taken| !std::mem::replace(taken, true))
    }

    /// Takes in one requirement.
    fn take(&mut self, target: NodeId, set: &Ranges<u32>) {
        let node = self.ground.node(target);
        let is_walked = match &node.body {
            Body::Track { .. } => node.offer().order() == Order::LowestFirst,
            Body::Choice(_) => true,
            Body::Root | Body::Nowhere(_) => false,
        };
        if !is_walked {
            return;
        }
        let at = index(target.0);
        if self.nodes.len() <= at {
            self.nodes.resize_with(at.saturating_add(1), || None);
        }
        let Some(slot) = self.nodes.get_mut(at) else {
            return;
        };
        let reached = slot.get_or_insert_with(|| Reached {
            bound: Ranges::full(),
            visited: vec![false; index(node.offer().len())],
            is_raised: false,
        });
        if !reached.bound.subset_of(set) {
            reached.bound = reached.bound.intersection(set);
            if !std::mem::replace(&mut reached.is_raised, true) {
                self.raised.push(target);
            }
        }
        if let Some(number) = node.offer().choose(set) {
            reached.visit(target, number, &mut self.ahead);
        }
    }

    /// Visits the floors that no requirement takes by itself, as where one allows 1 and 3, and another 2 and 3. Returns
    /// whether there are any.
    fn visit_floors(&mut self) -> bool {
        for id in self.raised.drain(..) {
            let Some(Some(reached)) = self.nodes.get_mut(index(id.0)) else {
                continue;
            };
            reached.is_raised = false;
            if let Some(floor) = self.ground.node(id).offer().choose(&reached.bound) {
                reached.visit(id, floor, &mut self.ahead);
            }
        }
        !self.ahead.is_empty()
    }
}
