//! What became of `warg.lock`.

use serde::Serialize;

use super::{Kind, Notice};
use crate::ops;
use resolver::lockfile;

/// What became of the lock.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Lock {
    /// Whether `warg.lock` was written: its lines changed. With `--component`: whether a file was.
    pub written: bool,
    /// The file that the lock was written to instead, as `-o` names it; null without `-o`.
    pub output: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Everything that is locked now.
    pub packages: Vec<LockedPackage>,
    /// What was shown of each registry; empty where nothing had to be read.
    pub proved: Vec<Proved>,
    /// How many releases of other machines' personal registries were released in this user's own for it.
    pub adopted: usize,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A package that is locked otherwise than before.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What happened.
    pub action: Action,
    /// What the package holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version that was locked; null where the package is new.
    pub before: Option<String>,
    /// The version that is locked now; null where the package is gone.
    pub after: Option<String>,
}

/// How the lock of a package changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is new.
    Add,
    /// It has a higher version than before.
    Update,
    /// It has a lower version than before.
    Downgrade,
    /// It is gone.
    Remove,
    /// The version is the same, and what is locked for it is not.
    Replace,
}

/// A package that is locked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct LockedPackage {
    /// What it holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The origin of its registry; null of a local package.
    pub origin: Option<String>,
    /// The SHA-256 of its content, `sha256:…`; null of a local package.
    pub digest: Option<String>,
}

/// What was shown of a registry.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Proved {
    /// The origin.
    pub origin: String,
    /// The size of its log at the checkpoint.
    pub size: u64,
    /// The root of that log, in base64 as in the checkpoint.
    pub root: String,
    /// Package logs that were replayed whole.
    pub logs: usize,
    /// Records in them.
    pub records: u64,
    /// Packages that were proved not to be there.
    pub absent: usize,
    /// When the checkpoint's map entry was written, by RFC 3339.
    pub time: String,
}

impl From<&ops::lock::Outcome> for Lock {
    fn from(outcome: &ops::lock::Outcome) -> Self {
        let packages = outcome.lock.iter().flat_map(|lock| &lock.packages);
        Self {
            written: outcome.written,
            output: None,
            changes: outcome.changes.iter().map(Change::from).collect(),
            packages: packages.map(LockedPackage::from).collect(),
            proved: Proved::all(&outcome.proved),
            adopted: outcome.adopted,
            notices: Notice::all(&outcome.notices),
        }
    }
}

impl From<(&ops::bundle::Locked, bool)> for Lock {
    fn from((locked, written): (&ops::bundle::Locked, bool)) -> Self {
        let changes = lockfile::changes(None, &locked.lock);
        Self {
            written,
            output: None,
            changes: changes.iter().map(Change::from).collect(),
            packages: LockedPackage::all(&locked.lock),
            proved: Proved::all(&locked.proved),
            adopted: 0,
            notices: Notice::all(&locked.notices),
        }
    }
}

impl From<&lockfile::Change> for Change {
    fn from(change: &lockfile::Change) -> Self {
        let (action, selection) = match change {
            lockfile::Change::Adding(selection) => (Action::Add, selection),
            lockfile::Change::Removing(selection) => (Action::Remove, selection),
            lockfile::Change::Replacing { before, .. } => (Action::Replace, before),
            lockfile::Change::Updating { before, version } if *version < before.version => {
                (Action::Downgrade, before)
            }
            lockfile::Change::Updating { before, .. } => (Action::Update, before),
        };
        let same = Some(selection.version.to_string());
        let (before, after) = match change {
            lockfile::Change::Adding(_) => (None, same),
            lockfile::Change::Removing(_) => (same, None),
            lockfile::Change::Replacing { version, .. }
            | lockfile::Change::Updating { version, .. } => (same, Some(version.to_string())),
        };
        Self {
            action,
            kind: selection.kind.into(),
            name: selection.name.to_string(),
            before,
            after,
        }
    }
}

impl
    From<(
        &transparency::selection::Selection,
        &lockfile::LockedPackage,
    )> for LockedPackage
{
    fn from(
        (selection, package): (
            &transparency::selection::Selection,
            &lockfile::LockedPackage,
        ),
    ) -> Self {
        let release = package.release.as_ref();
        Self {
            kind: selection.kind.into(),
            name: selection.name.to_string(),
            version: selection.version.to_string(),
            origin: release.map(|release| release.origin.to_string()),
            digest: release.map(|release| release.digest.to_string()),
        }
    }
}

impl LockedPackage {
    /// All that a lock has.
    pub fn all(lock: &lockfile::Lockfile) -> Vec<Self> {
        lock.packages.iter().map(Self::from).collect()
    }
}

impl Proved {
    /// Of every registry that was read.
    pub fn all(proved: &[ops::session::proved::Proved]) -> Vec<Self> {
        proved.iter().map(Self::from).collect()
    }
}

impl From<&ops::session::proved::Proved> for Proved {
    fn from(proved: &ops::session::proved::Proved) -> Self {
        Self {
            origin: proved.checkpoint.origin.to_string(),
            size: proved.checkpoint.size.get(),
            root: proved.checkpoint.root.base64(),
            logs: proved.logs,
            records: proved.records,
            absent: proved.absent,
            time: proved.time.to_string(),
        }
    }
}
