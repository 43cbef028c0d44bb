//! The lowest versions that go together, found without a search: Go's minimal version selection.
//!
//! Where the lowest version is wanted, each requirement visits the version that it would take alone, a locked one first,
//! and that version's requirements are taken in likewise, until nothing new is visited. The floor of a node is then what
//! all its requirements together would take. Every version that is visited counts, as in Go, also one that a higher floor
//! passes: so no order and no name has a say, and a further requirement raises floors and never lowers one.
//!
//! Floors forbid nothing. They are what the solver tries first; where they are no solution, it searches as ever. See
//! `docs/decisions/lowest-wit-highest-component.md`.

use std::collections::{BTreeSet, VecDeque};

use version_ranges::Ranges;

use crate::budget::Meter;
use crate::graph::{Body, Edge, Ground, Needs};
use crate::index::Address;
use crate::preference::Order;
use crate::provider::NodeId;
use crate::requirement::place;

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
            reached: Vec::new(),
            ahead: VecDeque::new(),
        };
        let mut missing = BTreeSet::new();
        for edge in roots {
            walk.take(edge);
        }
        loop {
            while let Some((id, number)) = walk.ahead.pop_front() {
                match ground.needs(id, number) {
                    Ok(Needs::Edges(edges)) => {
                        meter.edges(edges.len());
                        for edge in edges.iter() {
                            walk.take(edge);
                        }
                    }
                    Ok(Needs::Unavailable(_)) => {}
                    Err(addresses) => missing.extend(addresses),
                }
            }
            if !walk.visit_floors() {
                break;
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let floors = walk.nodes.iter().map(|node| node.as_ref()?.floor(ground));
        Ok(Self(floors.collect()))
    }

    pub(crate) fn get(&self, node: NodeId) -> Option<u32> {
        self.0.get(place(node.0)).copied().flatten()
    }
}

/// A node that was reached.
struct Reached {
    id: NodeId,
    /// What all requirements so far allow.
    bound: Ranges<u32>,
    visited: BTreeSet<u32>,
}

impl Reached {
    fn floor(&self, ground: &Ground<'_>) -> Option<u32> {
        ground.node(self.id).offer().choose(&self.bound)
    }
}

struct Walk<'w, 'a> {
    ground: &'w Ground<'a>,
    /// By the node's number; none where it was not reached, or its lowest version is not what is wanted.
    nodes: Vec<Option<Reached>>,
    reached: Vec<NodeId>,
    ahead: VecDeque<(NodeId, u32)>,
}

impl Walk<'_, '_> {
    /// Takes in one requirement.
    fn take(&mut self, edge: &Edge<'_>) {
        let (is_walked, alone) = {
            let node = self.ground.node(edge.target);
            let is_walked = match &node.body {
                Body::Track { .. } => node.offer().order() == Order::LowestFirst,
                Body::Choice(_) => true,
                Body::Root | Body::Nowhere(_) => false,
            };
            (is_walked, node.offer().choose(&edge.set))
        };
        if !is_walked {
            return;
        }
        let at = place(edge.target.0);
        if self.nodes.len() <= at {
            self.nodes.resize_with(at.saturating_add(1), || None);
        }
        let Some(slot) = self.nodes.get_mut(at) else {
            return;
        };
        let reached = slot.get_or_insert_with(|| {
            self.reached.push(edge.target);
            Reached {
                id: edge.target,
                bound: Ranges::full(),
                visited: BTreeSet::new(),
            }
        });
        if !reached.bound.subset_of(&edge.set) {
            reached.bound = reached.bound.intersection(&edge.set);
        }
        if let Some(number) = alone
            && reached.visited.insert(number)
        {
            self.ahead.push_back((edge.target, number));
        }
    }

    /// Visits the floors that no requirement takes alone, as where one allows 1 and 3, and another 2 and 3. False where
    /// there are none.
    fn visit_floors(&mut self) -> bool {
        for id in &self.reached {
            let Some(Some(reached)) = self.nodes.get_mut(place(id.0)) else {
                continue;
            };
            if let Some(floor) = reached.floor(self.ground)
                && reached.visited.insert(floor)
            {
                self.ahead.push_back((*id, floor));
            }
        }
        !self.ahead.is_empty()
    }
}
