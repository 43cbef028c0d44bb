//! Deriving a closed set again, from nothing but what its lock says it answers.
//!
//! Checking a closed set needs no solver: every requirement is met, there is one version a track, and nothing that is not
//! needed. Deriving goes further. The same requirements, held versions, options and checkpoints give exactly these lines,
//! so nobody chose anything that is not written down. Deriving needs the algorithm that the lock names. Where this build
//! does not know that algorithm, the set is only checked.

use std::collections::BTreeSet;

use resolver::lockfile::member_lock::{self, Difference, difference};
use resolver::lockfile::{Lockfile, SOLVER};
use transparency::release::Release;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Classify, Result};
use crate::ops::lock::build;
use crate::ops::manifest::update::gave_up;
use crate::ops::session::Sessions;

/// What came of deriving a closed set again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derivation {
    /// Solving gives the same lines.
    Derived {
        /// The versions that the lock holds.
        held: BTreeSet<Requirement>,
    },
    /// The lock was solved by an algorithm that this build does not know.
    Checked {
        /// The number of that solver.
        solver: u64,
    },
}

/// Why a lock is not what its own words give.
#[derive(Debug, thiserror::Error)]
pub enum DerivationError {
    /// Solving gives something else.
    #[error("solving again gives another lock: {0}")]
    Differs(Difference),
    /// Nothing that a lock can hold makes solving give this set.
    #[error("no versions that the lock could hold make a solve from nothing give it")]
    Underivable,
    /// Which track a requirement gets cannot be held.
    #[error(
        "`{requirement}` allows versions that are not compatible with each other; what is published must choose"
    )]
    Tracks {
        /// The requirement.
        requirement: Requirement,
    },
}

impl Classify for DerivationError {
    fn class(&self) -> Class {
        match self {
            Self::Differs(_) => Class::Refused,
            Self::Underivable | Self::Tracks { .. } => Class::Lock,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Differs(_) => {
                "whoever published it did not solve it as the lock says: ask them, and do not rely on it".to_owned()
            }
            Self::Underivable => {
                "remove warg.lock, run `cargo warg lock`, build again, and publish that".to_owned()
            }
            Self::Tracks { .. } => {
                "write a requirement that stays within one major version (below 1.0.0: one minor version)".to_owned()
            }
        })
    }
}

/// Finds what the lock of one root must hold, and gives it with that. The sessions are at the lock's checkpoints.
///
/// # Errors
/// A lock that cannot be derived whatever it holds; whatever keeps a package from being read or believed.
pub(crate) fn fix_held(lock: Lockfile, sessions: &mut Sessions<'_>) -> Result<Lockfile> {
    let mut requires = lock.roots.values().flat_map(|root| &root.requires);
    if let Some(requirement) = requires.find(|one| one.req.track().is_none()) {
        let requirement = requirement.clone();
        return Err(DerivationError::Tracks { requirement }).classified();
    }
    sessions.load_locked(&lock)?;
    let yanked: Vec<Selection> = {
        let is_yanked = |selection: &&Selection| {
            let release = sessions.release(selection);
            release.is_some_and(Release::is_yanked)
        };
        lock.packages.keys().filter(is_yanked).cloned().collect()
    };
    let held = member_lock::hold(
        lock,
        |selection| yanked.contains(selection),
        |problem| sessions.solve(problem),
    )?;
    held.ok_or(DerivationError::Underivable).classified()
}

/// Solves a lock again, at its checkpoints, and compares. The sessions are at these.
///
/// # Errors
/// The first difference that matters; no solution; whatever keeps a package from being read or believed.
pub(crate) fn derive(lock: &Lockfile, sessions: &mut Sessions<'_>) -> Result<Derivation> {
    if lock.solver != SOLVER {
        return Ok(Derivation::Checked {
            solver: lock.solver,
        });
    }
    sessions.load_locked(lock)?;
    let problem = lock.problem();
    let resolution = sessions.solve(&problem);
    let resolution = resolution.map_err(|error| match gave_up(&error) {
        Some(_) => error.with_help(
            "the closed set was checked, and meets every requirement; that solving gives it was not found out",
        ),
        None => error,
    })?;
    let again = build(&problem, &resolution, sessions)?;
    match difference(lock, &again) {
        Some(difference) => Err(DerivationError::Differs(difference)).classified(),
        None => Ok(Derivation::Derived {
            held: lock
                .only_root()
                .map(|(_, root)| root.held.clone())
                .unwrap_or_default(),
        }),
    }
}
