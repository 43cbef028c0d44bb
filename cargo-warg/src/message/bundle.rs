//! What was bundled, and what is in a bundle.

use std::path::Path;

use serde::Serialize;

use super::{LockedPackage, Notice, Proved};
use crate::ops::bundle::Bundled;
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::bundle::inspect::Inspected;
use component::bundle::Wiring;
use transparency::digest::Digest;

/// A bundle that was made.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Bundle {
    /// The root, as its lock calls it.
    pub name: String,
    /// The file; null where it went to stdout.
    pub path: Option<String>,
    /// The SHA-256 of the bundle, `sha256:…`.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// The number of its encoding.
    pub format: u64,
    /// The SHA-256 of the root's content, `sha256:…`.
    pub root: String,
    /// How many components are in it, the root among them.
    pub components: usize,
    /// The closed set.
    pub packages: Vec<LockedPackage>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

impl From<(&Bundled, Option<&Path>)> for Bundle {
    fn from((bundled, path): (&Bundled, Option<&Path>)) -> Self {
        Self {
            name: bundled.name.clone(),
            path: path.map(|path| path.display().to_string()),
            digest: Digest::of(&bundled.bytes).to_string(),
            size: bundled.bytes.len(),
            format: component::bundle::FORMAT,
            root: bundled.root.to_string(),
            components: bundled.components,
            packages: LockedPackage::all(&bundled.lock),
            proved: Proved::all(&bundled.proved),
            notices: Notice::all(&bundled.notices),
        }
    }
}

/// What a component says of itself. Nothing of it was verified.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Inspect {
    /// The SHA-256 of its bytes, `sha256:…`.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// What is inside; null where it carries no lock.
    pub bundle: Option<BundleContents>,
    /// What it wants of the host.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
}

/// What a bundle says that is in it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct BundleContents {
    /// The number of its encoding.
    pub format: u64,
    /// The root, as its lock calls it.
    pub name: String,
    /// The SHA-256 of the root's content, `sha256:…`.
    pub root: String,
    /// What the root requires, as locks write it.
    pub requires: Vec<String>,
    /// The closed set.
    pub packages: Vec<LockedPackage>,
    /// What the root redirects.
    pub wire: Vec<BundleRedirection>,
    /// The checkpoints that it was solved at.
    pub checkpoints: Vec<BundleCheckpoint>,
}

/// An import that is redirected.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct BundleRedirection {
    /// The import.
    pub import: String,
    /// The package that serves it.
    pub package: String,
}

/// A checkpoint, as a lock says it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct BundleCheckpoint {
    /// The origin.
    pub origin: String,
    /// The size of the log.
    pub size: u64,
    /// The root of that log, in base64 as in the checkpoint.
    pub root: String,
}

impl From<&Inspected> for Inspect {
    fn from(inspected: &Inspected) -> Self {
        Self {
            digest: inspected.digest.to_string(),
            size: inspected.size,
            bundle: inspected.bundle.as_ref().map(BundleContents::from),
            imports: inspected.imports.iter().map(ToString::to_string).collect(),
            exports: inspected.exports.iter().map(ToString::to_string).collect(),
        }
    }
}

impl BundleRedirection {
    pub(super) fn all(wire: &Wiring) -> Vec<Self> {
        let redirections = wire.0.iter();
        redirections
            .map(|(import, name)| Self {
                import: import.to_string(),
                package: name.to_string(),
            })
            .collect()
    }
}

impl From<&LockedBundle> for BundleContents {
    fn from(bundle: &LockedBundle) -> Self {
        let LockedBundle { embedded, lock, .. } = bundle;
        let requires = lock.roots.values().flat_map(|root| &root.requires);
        let checkpoints = lock.registries.values().map(|one| BundleCheckpoint {
            origin: one.origin.to_string(),
            size: one.size.get(),
            root: one.root.base64(),
        });
        Self {
            format: embedded.format,
            name: bundle.name().to_owned(),
            root: embedded.root.to_string(),
            requires: requires.map(ToString::to_string).collect(),
            packages: LockedPackage::all(lock),
            wire: BundleRedirection::all(&embedded.wire),
            checkpoints: checkpoints.collect(),
        }
    }
}
