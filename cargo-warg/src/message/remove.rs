//! What was removed from a manifest.

use serde::Serialize;

use super::{Lock, Notice};
use crate::ops::manifest::remove::Removed;

/// What was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Remove {
    /// Whether this is what would happen, and nothing was written.
    pub dry_run: bool,
    /// The dependencies.
    pub dependencies: Vec<RemovedDependency>,
    /// Where `wit/` still refers to one of them, `FILE:LINE:COLUMN`.
    pub references: Vec<String>,
    /// What became of the lock; null of a dry run.
    pub lock: Option<Lock>,
    /// What the user should know of what was removed.
    pub notices: Vec<Notice>,
}

/// A dependency that was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RemovedDependency {
    /// The package.
    pub name: String,
    /// The tables of Cargo.toml in which it stood.
    pub tables: Vec<String>,
}

impl From<(bool, &Removed)> for Remove {
    fn from((dry_run, removed): (bool, &Removed)) -> Self {
        let dependencies = removed.dependencies.iter();
        let references = removed.references.iter();
        Self {
            dry_run,
            dependencies: dependencies
                .map(|(name, tables)| RemovedDependency {
                    name: name.to_string(),
                    tables: tables.clone(),
                })
                .collect(),
            references: references.map(ToString::to_string).collect(),
            lock: removed.lock.as_ref().map(Lock::from),
            notices: Notice::all(&removed.notices),
        }
    }
}
