//! The bridge to pubgrub, below names and requirements: nodes are numbers, their versions are numbers.
//!
//! It decides only the order in which pubgrub visits things. What the nodes are and what they depend on is the
//! [`Graph`]'s business. Priorities end in the node's name, so that no order depends on hashing.

use std::cmp::Reverse;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics};
use version_ranges::Ranges;

use crate::numbers::{NodeId, Numbers};
use crate::order::Order;
use crate::requirement::{index, runs_below};

/// What can be chosen of a node, and in which order.
#[derive(Debug, Clone)]
pub struct Offer {
    len: u32,
    /// How many candidates there are below each number. It is one longer than there are numbers, and empty where all are
    /// candidates.
    below: Vec<u32>,
    preferred: Vec<u32>,
    /// Those that the member itself had locked.
    own: Vec<u32>,
    order: Order,
}

impl Offer {
    /// An offer of as many numbers as `candidates` is long, of which only those that are true may be chosen:
    /// those of `preferred` first, the rest in `order`.
    pub fn new(
        candidates: impl IntoIterator<Item = bool>,
        preferred: Vec<u32>,
        order: Order,
    ) -> Self {
        let mut below = vec![0];
        let (mut len, mut count) = (0u32, 0u32);
        for candidate in candidates {
            len = len.saturating_add(1);
            count = count.saturating_add(u32::from(candidate));
            below.push(count);
        }
        let offer = Self::of_all(len, preferred, order);
        if count == len {
            return offer;
        }
        Self { below, ..offer }
    }

    /// The same of so many numbers, all of which may be chosen.
    pub fn of_all(len: u32, preferred: Vec<u32>, order: Order) -> Self {
        Self {
            len,
            below: Vec::new(),
            preferred,
            own: Vec::new(),
            order,
        }
    }

    /// From which end candidates are tried that nobody prefers.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The same offer, of which the member itself had these numbers locked: they are decided before all else.
    #[must_use]
    pub fn with_own(self, own: Vec<u32>) -> Self {
        Self { own, ..self }
    }

    /// How many numbers there are, candidates or not.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no numbers at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn below(&self, number: u32) -> u32 {
        if self.below.is_empty() {
            return number.min(self.len);
        }
        self.below.get(index(number)).copied().unwrap_or(0)
    }

    /// Whether a number may be chosen.
    pub fn is_candidate(&self, number: u32) -> bool {
        number < self.len() && self.below(number) < self.below(number.saturating_add(1))
    }

    /// How many candidates a set holds.
    pub fn count(&self, set: &Ranges<u32>) -> u32 {
        runs_below(set, self.len())
            .map(|(from, to)| self.below(to).saturating_sub(self.below(from)))
            .sum()
    }

    /// Whether a set leaves something that the member itself had locked.
    pub fn is_locked(&self, set: &Ranges<u32>) -> bool {
        let mut own = self.own.iter();
        own.any(|number| self.is_candidate(*number) && set.contains(number))
    }

    /// The candidate of a set to try next.
    pub fn choose(&self, set: &Ranges<u32>) -> Option<u32> {
        let preferred = self.preferred.iter().copied();
        if let Some(number) = preferred
            .filter(|number| self.is_candidate(*number))
            .find(|number| set.contains(number))
        {
            return Some(number);
        }
        let has_some = |(from, to): &(u32, u32)| self.below(*from) < self.below(*to);
        match self.order {
            Order::LowestFirst => {
                let (from, to) = runs_below(set, self.len()).find(has_some)?;
                (from..to).find(|number| self.is_candidate(*number))
            }
            Order::HighestFirst => {
                let (from, to) = runs_below(set, self.len()).filter(has_some).last()?;
                (from..to).rev().find(|number| self.is_candidate(*number))
            }
        }
    }
}

/// What the provider asks: names, offers and dependencies of nodes. Nodes may come into being as they are depended on.
pub trait Graph {
    /// What settles ties, so that the answer is a function of names.
    type Name: Ord + Clone;
    /// Why a version cannot be chosen after all.
    type Reason: Eq + Clone + fmt::Debug + fmt::Display;
    /// Why the solve cannot go on.
    type Stop: Error + 'static;

    /// The name of a node.
    fn name(&self, node: NodeId) -> Self::Name;

    /// What can be chosen of a node.
    fn offer(&self, node: NodeId) -> Rc<Offer>;

    /// The candidate of a set to try next.
    fn choose(&self, node: NodeId, set: &Ranges<u32>) -> Option<u32> {
        self.offer(node).choose(set)
    }

    /// What a version depends on, in an order that is a function of names.
    ///
    /// # Errors
    /// What the graph lacks to answer.
    fn dependencies(
        &self,
        node: NodeId,
        number: u32,
    ) -> Result<Dependencies<NodeId, Numbers, Self::Reason>, Self::Stop>;

    /// Asked before every decision.
    ///
    /// # Errors
    /// Where the solve is to end here, answer or not.
    fn go_on(&self) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// Told in how many conflicts a node was so far.
    fn conflicts(&self, _node: NodeId, _count: u32) {}
}

/// A graph as pubgrub sees it.
#[derive(Debug)]
pub struct Provider<G>(pub G);

impl<G: Graph> DependencyProvider for Provider<G> {
    type P = NodeId;
    type V = u32;
    type VS = Numbers;
    type M = G::Reason;
    type Err = G::Stop;
    /// First come nodes without candidates. Then come those that stay as they are locked, so that what is new goes by them
    /// and not they by it. Then come those that ever conflicted, then those with few candidates. The rest goes by name.
    ///
    /// How often they conflicted has no say. An order that hardly changes lets what is learned in one branch serve in the
    /// next: pigeons that are dealt with in one order take 2^n rounds, and in that of their conflicts far more.
    type Priority = (bool, bool, bool, Reverse<u32>, Reverse<G::Name>);

    fn prioritize(
        &self,
        node: &NodeId,
        set: &Numbers,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let offer = self.0.offer(*node);
        let count = offer.count(set.ranges());
        let conflicts = statistics.conflict_count();
        if conflicts > 0 {
            self.0.conflicts(*node, conflicts);
        }
        (
            count == 0,
            offer.is_locked(set.ranges()),
            conflicts > 0,
            Reverse(count),
            Reverse(self.0.name(*node)),
        )
    }

    fn choose_version(&self, node: &NodeId, set: &Numbers) -> Result<Option<u32>, G::Stop> {
        Ok(self.0.choose(*node, set.ranges()))
    }

    fn get_dependencies(
        &self,
        node: &NodeId,
        number: &u32,
    ) -> Result<Dependencies<NodeId, Numbers, G::Reason>, G::Stop> {
        self.0.dependencies(*node, *number)
    }

    fn should_cancel(&self) -> Result<(), G::Stop> {
        self.0.go_on()
    }
}
