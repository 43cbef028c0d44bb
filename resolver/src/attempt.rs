//! A search with pubgrub. One is to be the answer. Another only serves a message, and ends when that is not worth more.

use std::collections::BTreeSet;
use std::rc::Rc;

use pubgrub::PubGrubError;

use crate::budget::Budget;
use crate::derivation::Derivation;
use crate::graph::MemberGraph;
use crate::ground::Ground;
use crate::index::Address;
use crate::numbers::NodeId;
use crate::problem::RootRequirement;
use crate::provider::Provider;
use crate::scope::Stop;

/// What part of the steps of a solve all attempts together may take that only serve one message.
const PART_OF_A_MESSAGE: u64 = 3;

/// What one attempt may take of what is left: one that leads nowhere leaves something for those behind it.
const SHARES: u64 = 8;

/// How many sets an attempt may keep.
const SETS_OF_AN_ATTEMPT: u64 = 300_000;

/// How a search ends without an answer.
pub(crate) enum Ended {
    /// There is no answer.
    Unsolvable(Derivation),
    /// It was stopped on the way.
    Stopped(Stop),
}

/// The numbers that are chosen, of all that is needed. pubgrub is asked only where the lowest versions are not the
/// answer.
pub(crate) fn search(
    provider: &Provider<MemberGraph<'_, '_>>,
) -> Result<Vec<(NodeId, u32)>, Ended> {
    if let Some(lowest) = provider.0.without_search() {
        return Ok(lowest);
    }
    match pubgrub::resolve(provider, MemberGraph::ROOT, 0u32) {
        Ok(chosen) => Ok(provider.0.reached(chosen)),
        Err(PubGrubError::NoSolution(tree)) => Err(Ended::Unsolvable(Derivation::of(tree))),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => Err(Ended::Stopped(source)),
    }
}

/// How it goes with other requirements than the member's own.
pub(crate) enum Attempt<'a, 'r> {
    /// They have an answer.
    Solved,
    /// They have no answer.
    Unsolvable(Box<(MemberGraph<'a, 'r>, Derivation)>),
    /// These packages would have to be loaded to know.
    Missing(BTreeSet<Address>),
    /// It takes longer than a message is worth.
    GaveUp,
}

/// How many steps attempts may still take.
#[derive(Debug)]
pub(crate) struct MessageBudget {
    /// What the steps are taken off.
    budget: Budget,
    gave_out: bool,
}

impl MessageBudget {
    /// As much as one message is worth to whoever had this budget for the solve.
    pub(crate) fn of_a_message(budget: Budget) -> Self {
        Self {
            budget: Budget {
                steps: budget.steps / PART_OF_A_MESSAGE,
                sets: budget.sets.min(SETS_OF_AN_ATTEMPT),
                ..budget
            },
            gave_out: false,
        }
    }

    /// A budget of so many steps.
    pub(crate) fn of(steps: u64) -> Self {
        Self {
            budget: Budget {
                steps,
                sets: SETS_OF_AN_ATTEMPT,
                ..Budget::default()
            },
            gave_out: false,
        }
    }

    /// How many steps are left.
    pub(crate) fn left(&self) -> u64 {
        self.budget.steps
    }

    /// Whether an attempt got less than it would have taken.
    pub(crate) fn gave_out(&self) -> bool {
        self.gave_out
    }
}

/// Solves these requirements instead of the member's, within a share of the steps that are left.
pub(crate) fn attempt<'a, 'r>(
    ground: &Rc<Ground<'a>>,
    roots: impl IntoIterator<Item = &'r RootRequirement>,
    allowance: &mut MessageBudget,
) -> Attempt<'a, 'r> {
    // Each edge earns steps, so a meter without any would let an attempt begin, as often as there are changes to try.
    if allowance.budget.steps == 0 {
        allowance.gave_out = true;
        return Attempt::GaveUp;
    }
    let budget = Budget {
        steps: allowance.budget.steps / SHARES,
        ..allowance.budget
    };
    let provider = match MemberGraph::new(ground, roots, budget) {
        Ok(graph) => Provider(graph),
        Err(addresses) => return Attempt::Missing(addresses),
    };
    let end = search(&provider);
    let left = &mut allowance.budget.steps;
    *left = left.saturating_sub(provider.0.meter().taken());
    match end {
        Ok(_) => Attempt::Solved,
        Err(Ended::Unsolvable(tree)) => Attempt::Unsolvable(Box::new((provider.0, tree))),
        Err(Ended::Stopped(Stop::Missing(addresses))) => Attempt::Missing(addresses),
        Err(Ended::Stopped(Stop::Spent)) => {
            allowance.gave_out = true;
            Attempt::GaveUp
        }
    }
}
