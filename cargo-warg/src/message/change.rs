//! What `yank`, `unyank`, `grant`, `revoke` and `annotate` did.

use serde::Serialize;
use transparency::name::PackageName;
use transparency::package::{Permission, Scope};

use super::Message;
use super::registry::folder_text;
use crate::ops::registry::append::{Change, Outcome};
use crate::ops::registry::change::Changed;

/// A version was advised against.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Yank {
    /// The package.
    pub name: String,
    /// The version.
    pub version: String,
    /// The reason, as the record has it.
    pub why: String,
    /// The record that says so.
    pub record: Recorded,
}

/// A yank was taken back.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Unyank {
    /// The package.
    pub name: String,
    /// The version.
    pub version: String,
    /// The reason, as the record has it.
    pub why: String,
    /// The record that says so.
    pub record: Recorded,
}

/// A key was given permissions.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Grant {
    /// The package.
    pub name: String,
    /// The key, as its vkey.
    pub key: String,
    /// Which of `own`, `release`, `yank`, `annotate`.
    pub permissions: Vec<String>,
    /// Whether it was done in the name of the namespace's holder.
    pub recover: bool,
    /// The record that says so.
    pub record: Recorded,
}

/// Permissions were taken from a key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Revoke {
    /// The package.
    pub name: String,
    /// The key, as its vkey.
    pub key: String,
    /// Which of `own`, `release`, `yank`, `annotate`.
    pub permissions: Vec<String>,
    /// The record that says so.
    pub record: Recorded,
}

/// Something was said about a version or a package.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Annotate {
    /// The package.
    pub name: String,
    /// The version; null where it is about the package.
    pub version: Option<String>,
    /// What the note is about.
    pub about: String,
    /// The note.
    pub value: String,
    /// The record that says so.
    pub record: Recorded,
}

/// The record that says it, and where it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Recorded {
    /// What came of it.
    pub outcome: RecordOutcome,
    /// The registry, as Cargo.toml calls it.
    pub registry: String,
    /// The registry's origin.
    pub origin: String,
    /// The folder that was written to; null where that is where readers find the registry, too.
    pub folder: Option<String>,
    /// The name of the key that signed, or would; null where no record was needed.
    pub signer: Option<String>,
    /// Where the registry's log holds it; null where nothing was written.
    pub index: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RecordOutcome {
    /// It is in the registry now.
    Recorded,
    /// It was so already.
    Unchanged,
    /// A dry run: it would be written.
    Checked,
}

impl From<&Changed> for Recorded {
    fn from(changed: &Changed) -> Self {
        let (outcome, signer, index) = match &changed.outcome {
            Outcome::Published { signer, index } => {
                (RecordOutcome::Recorded, Some(signer), Some(index.get()))
            }
            Outcome::Existed => (RecordOutcome::Unchanged, None, None),
            Outcome::Checked { signer } => (RecordOutcome::Checked, Some(signer), None),
        };
        Self {
            outcome,
            registry: changed.registry.to_string(),
            origin: changed.origin.to_string(),
            folder: folder_text(changed.folder.as_deref()),
            signer: signer.cloned(),
            index,
        }
    }
}

fn words<'p>(permissions: impl IntoIterator<Item = &'p Permission>) -> Vec<String> {
    let words = permissions.into_iter().map(ToString::to_string);
    words.collect()
}

impl Message {
    /// What was changed of a package.
    pub fn of_change(name: &PackageName, changed: &Changed) -> Self {
        let name = name.to_string();
        let record = Recorded::from(changed);
        match changed.change.clone() {
            Change::Yank { version, reason } => Self::Yank(Yank {
                name,
                version: version.to_string(),
                why: reason,
                record,
            }),
            Change::Unyank { version, reason } => Self::Unyank(Unyank {
                name,
                version: version.to_string(),
                why: reason,
                record,
            }),
            Change::Grant {
                key,
                permissions,
                recover,
            } => Self::Grant(Grant {
                name,
                key: key.to_string(),
                permissions: words(&permissions),
                recover,
                record,
            }),
            Change::Revoke { key, permissions } => Self::Revoke(Revoke {
                name,
                key: key.to_string(),
                permissions: words(&permissions),
                record,
            }),
            Change::Annotate { scope, key, value } => Self::Annotate(Annotate {
                name,
                version: match scope {
                    Scope::Package => None,
                    Scope::Version(version) => Some(version.to_string()),
                },
                about: key,
                value,
                record,
            }),
        }
    }
}
