//! What was verified.

use serde::Serialize;

use super::Proved;
use crate::ops::verify::Verified;

/// What was checked, and found good.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Verify {
    /// Packages of the lock.
    pub packages: usize,
    /// Contents that are what their records say.
    pub contents: usize,
    /// Files of `wit/deps` that say what follows from the lock.
    pub files: usize,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl From<&Verified> for Verify {
    fn from(verified: &Verified) -> Self {
        Self {
            packages: verified.packages,
            contents: verified.contents,
            files: verified.files,
            proved: Proved::all(&verified.proved),
            warnings: verified.warnings.clone(),
        }
    }
}
