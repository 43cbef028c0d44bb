//! What was added to a manifest.

use serde::Serialize;

use super::{Kind, Lock};
use crate::ops;

/// What was added.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Add {
    /// The dependencies.
    pub dependencies: Vec<AddedDependency>,
    /// What became of the lock.
    pub lock: Lock,
}

/// A dependency that was added.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct AddedDependency {
    /// What the package holds, which decided the table.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The requirement that stands in the manifest; null where only a path does.
    pub requirement: Option<String>,
    /// The path that was written, from the manifest's folder; null where the package comes from a registry.
    pub path: Option<String>,
    /// Whether the manifest did not say so already.
    pub changed: bool,
}

impl From<(&[ops::manifest::add::Added], &ops::lock::Outcome)> for Add {
    fn from((added, lock): (&[ops::manifest::add::Added], &ops::lock::Outcome)) -> Self {
        let dependencies = added.iter().map(|one| AddedDependency {
            kind: one.kind.into(),
            name: one.name.to_string(),
            requirement: one.requirement.clone(),
            path: one.path.clone(),
            changed: one.changed,
        });
        Self {
            dependencies: dependencies.collect(),
            lock: Lock::from(lock),
        }
    }
}
