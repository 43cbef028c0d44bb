//! What was fetched.

use serde::Serialize;

use super::{Lock, Notice, Proved};
use crate::ops::contents::fetch::Fetched;

/// What is on this machine now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Fetch {
    /// What became of the lock on the way.
    pub lock: Lock,
    /// Contents that are here, each checked against its record.
    pub contents: usize,
    /// The members whose `wit/deps` was made.
    pub members: Vec<FetchedMember>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A member's `wit/deps`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct FetchedMember {
    /// The cargo package's name.
    pub name: String,
    /// Files that were written.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

impl From<&Fetched> for Fetch {
    fn from(fetched: &Fetched) -> Self {
        let members = fetched.written.iter().map(|(name, written)| FetchedMember {
            name: name.clone(),
            written: *written,
            removed: fetched.removed.get(name).copied().unwrap_or(0),
        });
        Self {
            lock: Lock::from(&fetched.lock),
            contents: fetched.contents,
            members: members.collect(),
            proved: Proved::all(&fetched.proved),
            notices: Notice::all(&fetched.notices),
        }
    }
}
