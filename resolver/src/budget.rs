//! How much work a solve may take. It is counted in steps, never by a clock: so a solve gives up at the same step on
//! every machine.
//!
//! A step is a round of pubgrub, an edge that it is given, or an operation on sets. Going back on decisions pays for
//! those that stood. Each edge that is given out adds a few steps to the budget. So a world that is solved in
//! proportion to its size never runs out, however large it is. What grows faster does.
//!
//! A budget is no part of the algorithm. Whoever gives up has no answer, so a larger budget only turns that into one.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use crate::numbers::Counts;
use crate::numbers::NodeId;

/// What one solve may take. Each member's has its own, whatever the others took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many steps it may take to begin with.
    pub steps: u64,
    /// How many steps each edge adds that is given out.
    pub steps_of_an_edge: u64,
    /// How many sets pubgrub may keep at one time. This bounds memory, so a set with many segments counts more.
    pub sets: u64,
}

impl Default for Budget {
    /// Some seconds, and at most some hundred megabytes.
    fn default() -> Self {
        Self {
            steps: 60_000_000,
            steps_of_an_edge: 200,
            sets: 600_000,
        }
    }
}

/// How many sets each edge adds that is given out.
const SETS_OF_AN_EDGE: u64 = 12;

/// What a round costs, and how many decisions that stood cost a step more where one is taken again.
const STEPS_OF_A_ROUND: usize = 4;
const DECISIONS_OF_A_STEP: usize = 4;

/// The decisions that stand, as far as it can be seen from those that are taken. A node that is decided again was taken
/// back before, and with it all that were decided after it.
#[derive(Debug, Default)]
struct Decisions {
    nodes: Vec<NodeId>,
    positions: HashMap<NodeId, usize>,
}

impl Decisions {
    /// Takes a decision. Returns how many stood, if one was taken back for it, and else 0.
    fn decide(&mut self, node: NodeId) -> usize {
        let stood = match self.positions.get(&node).copied() {
            Some(position) => {
                let stood = self.nodes.len();
                for undone in self.nodes.drain(position..) {
                    self.positions.remove(&undone);
                }
                stood
            }
            None => 0,
        };
        self.positions.insert(node, self.nodes.len());
        self.nodes.push(node);
        stood
    }
}

/// What a solve has taken of its budget.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Budget,
    began: Counts,
    /// Steps beside the operations on sets.
    steps: Cell<u64>,
    edges: Cell<u64>,
    decisions: RefCell<Decisions>,
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
            decisions: RefCell::default(),
            conflicts: RefCell::default(),
        }
    }

    /// Counts a round, which decides this node.
    pub(crate) fn round(&self, node: NodeId) {
        let stood = self.decisions.borrow_mut().decide(node);
        self.steps((stood / DECISIONS_OF_A_STEP).saturating_add(STEPS_OF_A_ROUND));
    }

    /// Counts steps that earn nothing.
    pub(crate) fn steps(&self, steps: usize) {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
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

    /// How many steps were taken beyond those that were earned.
    pub(crate) fn excess(&self) -> u64 {
        self.taken().saturating_sub(self.earned())
    }

    /// How many steps the edges added.
    fn earned(&self) -> u64 {
        self.edges
            .get()
            .saturating_mul(self.budget.steps_of_an_edge)
    }

    /// Whether more was taken than there is.
    pub(crate) fn is_spent(&self) -> bool {
        let sets = self.edges.get().saturating_mul(SETS_OF_AN_EDGE);
        let now = Counts::now().kept;
        // Sets of an earlier solve may have gone meanwhile.
        let kept = now.saturating_sub(self.began.kept);
        self.taken() > self.budget.steps.saturating_add(self.earned())
            || kept > self.budget.sets.saturating_add(sets)
    }

    /// The nodes that were in conflicts, the most often first.
    pub(crate) fn most_conflicts(&self) -> Vec<NodeId> {
        let conflicts = self.conflicts.borrow();
        let mut nodes: Vec<_> = conflicts.iter().collect();
        nodes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        nodes.into_iter().map(|(node, _)| *node).collect()
    }
}
