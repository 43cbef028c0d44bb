//! Sets of numbers as pubgrub works with them, and what that work costs.
//!
//! All runs are half open. `Ranges` does not know that nothing lies between 1 and 2: of `[1, 1]` and `[2, 2]` it makes
//! two runs, and what is left of a package whose versions are refused one by one would have a run for each. `[1, 2)`
//! and `[2, 3)` it joins.
//!
//! pubgrub asks once a round whether to go on, and a round can be long. So every operation on a set is counted, with
//! the segments that it reads, and every set for as long as it is kept. pubgrub makes its sets itself and hands nothing
//! along, so the counts are the thread's. They decide nothing here: a `budget::Meter` reads them as
//! differences.

use std::cell::Cell;
use std::fmt;

/// A node of a graph: what pubgrub calls a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

use pubgrub::VersionSet;
use version_ranges::Ranges;

thread_local! {
    static WORK: Cell<u64> = const { Cell::new(0) };
    static KEPT: Cell<u64> = const { Cell::new(0) };
}

/// How many segments cost as much as it takes to come to a set at all.
const SEGMENTS_OF_A_STEP: usize = 8;

/// What sets have cost on this thread so far, as far as differences of it mean something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    /// Operations, each with an eighth of the segments that it looked at.
    pub(crate) work: u64,
    /// Sets that are kept now, each with its further segments.
    pub(crate) kept: u64,
}

impl Counts {
    pub(crate) fn now() -> Self {
        Self {
            work: WORK.get(),
            kept: KEPT.get(),
        }
    }
}

/// A set of numbers.
pub struct Numbers(Ranges<u32>);

impl Numbers {
    /// The runs that it is made of.
    pub fn ranges(&self) -> &Ranges<u32> {
        &self.0
    }

    fn segments(&self) -> usize {
        self.0.iter().size_hint().0
    }

    /// What it takes to keep it: most sets have one segment, which costs nothing further.
    fn weight(&self) -> u64 {
        let further = self.segments() / SEGMENTS_OF_A_STEP;
        u64::try_from(further).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Counts one operation on both sets.
    fn count(&self, other: &Self) {
        let segments = self.segments().saturating_add(other.segments());
        let steps = u64::try_from(segments / SEGMENTS_OF_A_STEP).unwrap_or(u64::MAX);
        WORK.set(WORK.get().wrapping_add(steps).wrapping_add(1));
    }
}

impl From<Ranges<u32>> for Numbers {
    fn from(ranges: Ranges<u32>) -> Self {
        let numbers = Self(ranges);
        KEPT.set(KEPT.get().wrapping_add(numbers.weight()));
        numbers
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        KEPT.set(KEPT.get().wrapping_sub(self.weight()));
    }
}

impl Clone for Numbers {
    fn clone(&self) -> Self {
        Self::from(self.0.clone())
    }
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self.count(other);
        self.0 == other.0
    }
}

impl Eq for Numbers {}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl VersionSet for Numbers {
    type V = u32;

    fn empty() -> Self {
        Ranges::empty().into()
    }

    fn singleton(number: u32) -> Self {
        Ranges::between(number, number.saturating_add(1)).into()
    }

    fn complement(&self) -> Self {
        self.count(self);
        self.0.complement().into()
    }

    fn intersection(&self, other: &Self) -> Self {
        self.count(other);
        self.0.intersection(&other.0).into()
    }

    fn contains(&self, number: &u32) -> bool {
        self.0.contains(number)
    }

    fn full() -> Self {
        Ranges::full().into()
    }

    fn union(&self, other: &Self) -> Self {
        self.count(other);
        self.0.union(&other.0).into()
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.count(other);
        self.0.is_disjoint(&other.0)
    }

    fn subset_of(&self, other: &Self) -> bool {
        self.count(other);
        self.0.subset_of(&other.0)
    }
}
