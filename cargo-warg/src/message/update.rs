//! What moved in the lock.

use serde::Serialize;

use super::{Kind, Lock, Notice};
use crate::ops;

/// What moved.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Update {
    /// Whether this is what would happen, and nothing was written.
    pub dry_run: bool,
    /// What became of the lock.
    pub lock: Lock,
    /// The versions in `wit/` that changed.
    pub pins: Vec<PinChange>,
    /// The requirements of manifests that changed with them.
    pub stated: Vec<PinChange>,
    /// The versions in `wit/` that hold back newer ones.
    pub held: Vec<HeldPin>,
    /// What is locked although a newer version is there.
    pub behind: Vec<Behind>,
    /// What the user should know of the versions in `wit/`.
    pub notices: Vec<Notice>,
}

/// A version that became another one in a text.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PinChange {
    /// The file, from the workspace's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The package that is referred to.
    pub name: String,
    /// The version, or the requirement of a manifest, that stood there.
    pub before: String,
    /// What stands there now.
    pub after: String,
}

/// An exact version in `wit/` that holds back a newer one of its track.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HeldPin {
    /// The member.
    pub member: String,
    /// The package.
    pub name: String,
    /// What stands in the text.
    pub version: String,
    /// Where it stands first, `FILE:LINE:COLUMN`.
    pub location: Option<String>,
    /// The newest that could stand there.
    pub available: String,
}

/// A package that is locked in an older version than the newest usable one.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Behind {
    /// What it holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version that is locked.
    pub version: String,
    /// The newest usable one, of any track.
    pub available: String,
}

impl From<(bool, &ops::manifest::update::Updated)> for Update {
    fn from((dry_run, updated): (bool, &ops::manifest::update::Updated)) -> Self {
        let behind = updated.newer.iter().map(|(selection, newer)| Behind {
            kind: selection.kind.into(),
            name: selection.name.to_string(),
            version: selection.version.to_string(),
            available: newer.to_string(),
        });
        Self {
            dry_run,
            lock: Lock::from(&updated.lock),
            pins: updated.pins.iter().map(PinChange::from).collect(),
            stated: updated.stated.iter().map(PinChange::from).collect(),
            held: updated.held.iter().map(HeldPin::from).collect(),
            behind: behind.collect(),
            notices: Notice::all(&updated.notices),
        }
    }
}

impl From<&component::wit::pins::PinChange> for PinChange {
    fn from(change: &component::wit::pins::PinChange) -> Self {
        Self {
            file: change.file.display().to_string(),
            line: change.line,
            name: change.name.to_string(),
            before: change.before.to_string(),
            after: change.after.to_string(),
        }
    }
}

impl From<&ops::manifest::update::StatedChange> for PinChange {
    fn from(change: &ops::manifest::update::StatedChange) -> Self {
        Self {
            file: change.location.file().display().to_string(),
            line: change.location.line(),
            name: change.name.to_string(),
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

impl From<&ops::manifest::update::HeldPin> for HeldPin {
    fn from(held: &ops::manifest::update::HeldPin) -> Self {
        Self {
            member: held.member.clone(),
            name: held.name.to_string(),
            version: held.version.to_string(),
            location: held.location.as_ref().map(ToString::to_string),
            available: held.available.to_string(),
        }
    }
}
