//! How much work a solve may take: in steps, never by a clock, so that it gives up at the same place everywhere.
//!
//! A step is a round of pubgrub, an edge that it is given, an operation on sets, or a deduction that is put into words;
//! a round also pays for the nodes that backtracking goes through. What is given out earns a little more, so a world
//! that is solved in proportion to its size never runs out, however large it is; what grows faster does.
//!
//! A budget is no part of the algorithm: whoever gives up has no answer, so a larger budget only turns that into one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::numbers::Counts;
use crate::provider::NodeId;

/// What one solve may take. Each member's has its own, whatever the others took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Steps.
    pub steps: u64,
    /// Sets that pubgrub may keep at one time, one with many segments counting more: this is memory.
    pub sets: u64,
}

impl Default for Budget {
    /// Some seconds, and at most some hundred megabytes.
    fn default() -> Self {
        Self {
            steps: 60_000_000,
            sets: 600_000,
        }
    }
}

/// What each edge that is given out adds.
const STEPS_OF_AN_EDGE: u64 = 200;
const SETS_OF_AN_EDGE: u64 = 12;

/// What a round costs by itself, and how many nodes cost a step more in it.
const STEPS_OF_A_ROUND: u64 = 4;
const NODES_OF_A_STEP: u64 = 8;

/// What a solve has taken of its budget.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Budget,
    began: Counts,
    /// Steps beside the operations on sets.
    steps: Cell<u64>,
    edges: Cell<u64>,
    /// In how many conflicts each node was, as pubgrub said last.
    conflicts: RefCell<BTreeMap<NodeId, u32>>,
}

impl Meter {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            budget,
            began: Counts::now(),
            steps: Cell::new(0),
            edges: Cell::new(0),
            conflicts: RefCell::default(),
        }
    }

    /// Counts a round, in a graph of so many nodes.
    pub(crate) fn round(&self, nodes: usize) {
        let nodes = u64::try_from(nodes).unwrap_or(u64::MAX) / NODES_OF_A_STEP;
        let steps = nodes.saturating_add(STEPS_OF_A_ROUND);
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    /// Counts edges that are given out.
    pub(crate) fn edges(&self, edges: usize) {
        let edges = u64::try_from(edges).unwrap_or(u64::MAX);
        self.steps.set(self.steps.get().saturating_add(edges));
        self.edges.set(self.edges.get().saturating_add(edges));
    }

    /// Notes in how many conflicts a node was.
    pub(crate) fn conflicts(&self, node: NodeId, count: u32) {
        self.conflicts.borrow_mut().insert(node, count);
    }

    /// How many steps were taken.
    pub(crate) fn taken(&self) -> u64 {
        let work = Counts::now().work.wrapping_sub(self.began.work);
        self.steps.get().saturating_add(work)
    }

    /// Whether more was taken than there is.
    pub(crate) fn is_spent(&self) -> bool {
        let edges = self.edges.get();
        let earned = |each: u64, base: u64| base.saturating_add(edges.saturating_mul(each));
        let now = Counts::now().kept;
        // Sets of an earlier solve may have gone meanwhile.
        let kept = now.saturating_sub(self.began.kept);
        self.taken() > earned(STEPS_OF_AN_EDGE, self.budget.steps)
            || kept > earned(SETS_OF_AN_EDGE, self.budget.sets)
    }

    /// The nodes that were in conflicts, the most often first.
    pub(crate) fn most_conflicts(&self) -> Vec<NodeId> {
        let conflicts = self.conflicts.borrow();
        let mut nodes: Vec<_> = conflicts.iter().collect();
        nodes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        nodes.into_iter().map(|(node, _)| *node).collect()
    }
}
