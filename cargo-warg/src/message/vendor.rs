//! What `vendor` did.

use serde::Serialize;

use super::Notice;
use super::lock::{Lock, Proved};
use crate::ops::contents::vendor::Vendored;

/// What is locked lies with the project, with its evidence.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Vendor {
    /// The folder, absolute; null where nothing is locked, and nothing was done.
    pub folder: Option<String>,
    /// Files that belong there.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them are contents.
    pub contents: usize,
    /// Files that were written.
    pub written: usize,
    /// Files that were removed: nothing that is locked needs them.
    pub removed: usize,
    /// Whether Cargo.toml was changed to name the folder.
    pub configured: bool,
    /// What became of the lock on the way; null where nothing is locked.
    pub lock: Option<Lock>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

impl Vendor {
    /// Of a workspace that locks nothing.
    pub fn nothing() -> Self {
        Self {
            folder: None,
            files: 0,
            bytes: 0,
            contents: 0,
            written: 0,
            removed: 0,
            configured: false,
            lock: None,
            proved: Vec::new(),
            notices: Vec::new(),
        }
    }
}

impl From<&Vendored> for Vendor {
    fn from(done: &Vendored) -> Self {
        Self {
            folder: Some(done.folder.display().to_string()),
            files: done.files,
            bytes: done.bytes,
            contents: done.contents,
            written: done.written,
            removed: done.removed,
            configured: done.configured,
            lock: Some(Lock::from(&done.lock)),
            proved: Proved::all(&done.proved),
            notices: Notice::all(&done.notices),
        }
    }
}
