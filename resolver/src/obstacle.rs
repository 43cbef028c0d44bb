//! Why a release that nothing excludes is no choice all the same: something that it requires is nowhere.
//!
//! Such a release is left out of a search and never ends it. Whoever wonders why it was not taken asks here.

use std::fmt;

use transparency::requirement::Requirement;

use crate::index::Index;
use crate::problem::{Member, Options};
use crate::reason::Reason;
use crate::scope::{Found, Scope};
use transparency::selection::Selection;

/// What a release requires, and why nothing can serve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The requirement that nothing can serve.
    pub requirement: Requirement,
    /// Why nothing serves it.
    pub reason: Reason,
}

impl fmt::Display for Obstacle {
    /// `requires ghost:b ^1, which is of a namespace that no registry is configured for`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requirement { name, req, .. } = &self.requirement;
        write!(f, "requires {name} {req}, which {}", self.reason)
    }
}

/// The first requirement of a version that leads nowhere for a member, as far as packages are loaded. None
/// where there is no such requirement, or no such version.
pub fn obstacle(
    options: &Options,
    index: &Index,
    member: &Member,
    selection: &Selection,
) -> Option<Obstacle> {
    let scope = Scope::new(options, index, member);
    let sources = scope.sources(selection.kind, &selection.name);
    let mut found = sources.iter();
    let source = found.find(|source| *source.version() == selection.version)?;
    let mut requirements = source.requirements().iter();
    requirements.find_map(|requirement| match scope.find(requirement) {
        Found::Nowhere(reason) => Some(Obstacle {
            requirement: requirement.clone(),
            reason,
        }),
        Found::Local | Found::Registry(_) | Found::Missing(_) => None,
    })
}
