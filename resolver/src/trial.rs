//! Whether a member could be solved in another way, for whoever wants to tell a change that works. There is no answer,
//! and no explanation where there is none.

use std::collections::BTreeSet;

use crate::attempt::Attempt;
use crate::attempt::MessageBudget;
use crate::attempt::attempt;
use crate::beside::Beside;
use crate::budget::Budget;
use crate::ground::Ground;
use crate::index::{Address, Index};
use crate::preference::Preferences;
use crate::problem::{Member, Options};
use crate::report::MAX_TRIES;
use crate::resolution::first_needed;
use crate::scope::Scope;

/// Trials that share what they may take: as many, and as many steps, as one message is worth.
#[derive(Debug)]
pub struct Trials {
    left: u32,
    allowance: MessageBudget,
}

/// How a trial went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// There is a solution.
    Solved,
    /// There is none, or none was found within what is left.
    Unsolved,
    /// These packages are to be loaded first.
    Missing(BTreeSet<Address>),
}

impl Default for Trials {
    fn default() -> Self {
        Self {
            left: MAX_TRIES,
            allowance: MessageBudget::of_a_message(Budget::default()),
        }
    }
}

impl Trials {
    /// So many trials, which take so many steps together.
    pub fn within(tries: u32, steps: u64) -> Self {
        Self {
            left: tries,
            allowance: MessageBudget::of(steps),
        }
    }

    /// Tries to solve a member as it is here.
    pub fn solve(&mut self, options: &Options, index: &Index, member: &Member) -> Trial {
        let Some(left) = self.left.checked_sub(1) else {
            return Trial::Unsolved;
        };
        self.left = left;
        let scope = Scope::new(options, index, member);
        let missing = first_needed(&scope);
        if !missing.is_empty() {
            return Trial::Missing(missing);
        }
        // What is preferred decides which solution there is, and never whether.
        let preferences = Preferences::of_member(&scope, &BTreeSet::new());
        let Some(beside) = Beside::of(&scope, &preferences) else {
            return self.attempt(&scope, &preferences);
        };
        let scope = Scope::new(options, index, &beside.member);
        let missing = first_needed(&scope);
        if missing.is_empty() {
            self.attempt(&scope, &preferences)
        } else {
            Trial::Missing(missing)
        }
    }

    fn attempt(&mut self, scope: &Scope<'_>, preferences: &Preferences) -> Trial {
        let ground = Ground::new(scope, preferences);
        match attempt(&ground, &scope.member.requirements, &mut self.allowance) {
            Attempt::Solved => Trial::Solved,
            Attempt::Missing(addresses) => Trial::Missing(addresses),
            Attempt::Unsolvable(_) | Attempt::GaveUp => Trial::Unsolved,
        }
    }
}
