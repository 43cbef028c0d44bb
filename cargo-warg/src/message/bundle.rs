//! What was bundled, and what is in a bundle.

use std::path::Path;

use serde::Serialize;

use super::{LockedPackage, Proved};
use crate::ops::bundle::Bundled;
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
    pub warnings: Vec<String>,
}

impl From<(&Bundled, Option<&Path>)> for Bundle {
    fn from((bundled, path): (&Bundled, Option<&Path>)) -> Self {
        Self {
            name: bundled.name.clone(),
            path: path.map(|path| path.display().to_string()),
            digest: Digest::of(&bundled.bytes).to_string(),
            size: bundled.bytes.len(),
            format: crate::bundle::FORMAT,
            root: bundled.root.to_string(),
            components: bundled.components,
            packages: LockedPackage::all(&bundled.lock),
            proved: Proved::all(&bundled.proved),
            warnings: bundled.warnings.clone(),
        }
    }
}
