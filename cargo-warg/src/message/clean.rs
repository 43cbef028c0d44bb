//! What `clean` removed.

use serde::Serialize;

use crate::ops::machine::clean::{Removed, Sort};

/// What was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Clean {
    /// Whether it was only counted.
    pub dry_run: bool,
    /// How many files in all.
    pub files: u64,
    /// How many bytes in all.
    pub bytes: u64,
    /// Each file or folder.
    pub removed: Vec<CleanedPath>,
}

/// A file or folder that was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CleanedPath {
    /// What it was.
    pub sort: CleanedSort,
    /// Where it was, absolute.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What sort of thing was removed.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CleanedSort {
    /// Verified files that were kept.
    Cache,
    /// Temporary files of a run that was killed.
    Left,
    /// What `fetch` wrote.
    Deps,
}

impl Clean {
    /// What was removed, or would be.
    pub fn new(removed: &[Removed], dry_run: bool) -> Self {
        let paths = removed.iter().map(|one| CleanedPath {
            sort: match one.sort {
                Sort::Cache => CleanedSort::Cache,
                Sort::Left => CleanedSort::Left,
                Sort::Deps => CleanedSort::Deps,
            },
            path: one.path.display().to_string(),
            files: one.files,
            bytes: one.bytes,
        });
        Self {
            dry_run,
            files: removed.iter().map(|one| one.files).sum(),
            bytes: removed.iter().map(|one| one.bytes).sum(),
            removed: paths.collect(),
        }
    }
}
