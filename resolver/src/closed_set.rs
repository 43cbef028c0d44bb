//! What was selected for one member, and where each package comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use transparency::name::{ExternName, Origin};
use transparency::release::Release;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::problem::Local;
use crate::scope::Source;

/// Where a selected package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A release of a registry.
    Registry {
        /// The registry that has it.
        origin: Origin,
        /// The release as the package log has it.
        release: Arc<Release>,
    },
    /// A package that lies in a folder.
    Local(Local),
}

impl Provenance {
    /// What the package requires.
    pub fn requirements(&self) -> &BTreeSet<Requirement> {
        match self {
            Self::Registry { release, .. } => release.requirements(),
            Self::Local(local) => &local.requirements,
        }
    }

    /// What the component exports, where this is known.
    pub fn exports(&self) -> Option<&BTreeSet<ExternName>> {
        match self {
            Self::Registry { release, .. } => Some(release.exports()),
            Self::Local(local) => local.exports.as_ref(),
        }
    }

    pub(crate) fn of(source: Source<'_>) -> Self {
        match source {
            Source::Registry(package, release) => Self::Registry {
                origin: package.address().origin.clone(),
                release: Arc::clone(release),
            },
            Source::Local(local) => Self::Local(local.clone()),
        }
    }
}

/// What was selected for one root, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedSet {
    /// The packages and where each comes from.
    pub packages: BTreeMap<Selection, Provenance>,
}
