//! What was written to a registry or found in one.

use std::path::Path;

use serde::Serialize;

use super::{Kind, Notice, RecordOutcome};
use crate::ops;
use crate::ops::registry::append::{Item, Outcome};

/// What was published.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Publish {
    /// What the package holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The SHA-256 of the content.
    pub digest: String,
    /// The size of the content in bytes.
    pub size: u64,
    /// What it requires.
    pub requires: Vec<String>,
    /// The SHA-256 of the lock that it carries; null where it carries none.
    pub lock: Option<String>,
    /// The SHA-256 of its bundle; null where it has none.
    pub bundle: Option<String>,
    /// What Cargo.toml calls the registry.
    pub registry: String,
    /// The folder that was written to; null where that is where readers find the registry, too.
    pub folder: Option<String>,
    /// What became of it; `checked` of a dry run.
    pub outcome: RecordOutcome,
    /// The name of the key that signed, or would; null where nothing was to be signed.
    pub signer: Option<String>,
    /// Where the registry's log holds the record, proved; null where none was written.
    pub index: Option<u64>,
    /// What the publisher may want to mend.
    pub notices: Vec<Notice>,
}

/// What came of an import.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryImport {
    /// What Cargo.toml calls the registry.
    pub registry: String,
    /// Every package version that was looked at, each behind those it refers to.
    pub packages: Vec<ImportedPackage>,
    /// How many versions of an upstream were released before, and were not fetched again.
    pub unchanged: usize,
    /// Versions that are other bytes upstream than those that were released.
    pub moved: Vec<MovedPackage>,
    /// What was left out.
    pub skipped: Vec<SkippedPackage>,
    /// What the user should know: of each version that is unusable or moved, and of all that was left out.
    pub notices: Vec<Notice>,
}

/// A package version that was imported.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ImportedPackage {
    /// The package.
    pub name: String,
    /// The version.
    pub version: String,
    /// What became of it.
    pub outcome: RecordOutcome,
    /// Where the registry's log holds its record; null where it was there before.
    pub index: Option<u64>,
    /// Why nobody will be able to use it; null where everybody will.
    pub unusable: Option<String>,
}

/// A version that is other bytes upstream than those that were released.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MovedPackage {
    /// The package.
    pub name: String,
    /// The version.
    pub version: String,
    /// Where it lies upstream.
    pub from: String,
    /// The SHA-256 of the content that was released, and stays.
    pub released: String,
    /// The SHA-256 of the content that lies there now.
    pub found: String,
}

/// What was left out of an import.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SkippedPackage {
    /// The file or folder that declares it, or the reference of its upstream.
    pub path: String,
    /// Why: no registry can hold it, its text is wrong, or nobody could use it.
    pub why: String,
}

/// What a whole registry was found to hold, all of it good.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryCheck {
    /// The origin.
    pub origin: String,
    /// Entries of the log.
    pub size: u64,
    /// Records among them.
    pub records: u64,
    /// Map entries among them, each of which was computed again.
    pub map_entries: u64,
    /// Packages.
    pub packages: u64,
    /// Releases.
    pub releases: u64,
    /// Contents that were read and compared.
    pub contents: u64,
}

/// A registry's clock that was set right.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryClock {
    /// What Cargo.toml calls the registry.
    pub registry: String,
    /// Its origin.
    pub origin: String,
    /// What its time was.
    pub was: String,
    /// Its last time that was right.
    pub time: String,
    /// Where the log holds the record that says so.
    pub index: u64,
}

/// A registry that was made.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryNew {
    /// The origin.
    pub origin: String,
    /// Its folder.
    pub folder: String,
    /// The policy file.
    pub policy: String,
    /// The SHA-256 of the policy file, by which others believe a copy of it.
    pub fingerprint: String,
    /// The vkey that signs operator records.
    pub operate: String,
    /// The vkey that signs checkpoints.
    pub checkpoint: String,
    /// Whether it was founded now; otherwise an earlier run did, and this one finished it.
    pub founded: bool,
    /// Whether Cargo.toml changed.
    pub configured: bool,
}

/// The tables that were added.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Init {
    /// The manifests that changed.
    pub changed: Vec<String>,
}

/// A folder that was written to.
pub(super) fn folder_text(folder: Option<&Path>) -> Option<String> {
    folder.map(|folder| folder.display().to_string())
}

/// What became of a draft, by whom, and where it is.
fn recorded(outcome: &Outcome) -> (RecordOutcome, Option<String>, Option<u64>) {
    match outcome {
        Outcome::Published { signer, index } => (
            RecordOutcome::Recorded,
            Some(signer.clone()),
            Some(index.get()),
        ),
        Outcome::Existed => (RecordOutcome::Unchanged, None, None),
        Outcome::Checked { signer } => (RecordOutcome::Checked, Some(signer.clone()), None),
    }
}

impl Publish {
    /// One of the releases that were published together.
    pub fn of(
        item: &Item,
        outcome: &Outcome,
        published: &ops::release::publish::Published,
    ) -> Self {
        let (outcome, signer, index) = recorded(outcome);
        let requirements = item.statement.requirements.iter();
        Self {
            kind: item.kind.into(),
            name: item.name.to_string(),
            version: item.statement.version.to_string(),
            digest: item.statement.digest.to_string(),
            size: item.statement.size,
            requires: requirements.map(ToString::to_string).collect(),
            lock: item.statement.lock.map(|lock| lock.digest.to_string()),
            bundle: item
                .statement
                .bundle
                .map(|(bundle, _)| bundle.digest.to_string()),
            registry: published.registry.to_string(),
            folder: folder_text(published.folder.as_deref()),
            outcome,
            signer,
            index,
            notices: Notice::all(&published.notices),
        }
    }
}

impl From<&ops::registry::import::Report> for RegistryImport {
    fn from(report: &ops::registry::import::Report) -> Self {
        let packages = report.packages.iter().map(|package| {
            let (outcome, _, index) = recorded(&package.outcome);
            ImportedPackage {
                name: package.name.to_string(),
                version: package.version.to_string(),
                outcome,
                index,
                unusable: package.unusable.clone(),
            }
        });
        let skipped = report.skipped.iter().map(|skipped| SkippedPackage {
            path: skipped.from.clone(),
            why: skipped.reason(),
        });
        Self {
            registry: report.registry.to_string(),
            packages: packages.collect(),
            unchanged: report.unchanged,
            moved: report.moved.iter().map(MovedPackage::from).collect(),
            skipped: skipped.collect(),
            notices: Notice::all(&report.notices()),
        }
    }
}

impl From<&ops::registry::import::Moved> for MovedPackage {
    fn from(moved: &ops::registry::import::Moved) -> Self {
        Self {
            name: moved.name.to_string(),
            version: moved.version.to_string(),
            from: moved.from.clone(),
            released: moved.released.to_string(),
            found: moved.found.to_string(),
        }
    }
}

impl From<&ops::registry::check::Checked> for RegistryCheck {
    fn from(checked: &ops::registry::check::Checked) -> Self {
        let report = &checked.report;
        Self {
            origin: checked.origin.to_string(),
            size: report.size.get(),
            records: report.records,
            map_entries: report.map_entries,
            packages: report.packages,
            releases: report.releases,
            contents: report.contents,
        }
    }
}

impl From<&ops::registry::clock::Set> for RegistryClock {
    fn from(set: &ops::registry::clock::Set) -> Self {
        Self {
            registry: set.registry.to_string(),
            origin: set.origin.to_string(),
            was: set.was.to_string(),
            time: set.time.to_string(),
            index: set.index.get(),
        }
    }
}

impl From<&ops::registry::create::Made> for RegistryNew {
    fn from(made: &ops::registry::create::Made) -> Self {
        Self {
            origin: made.origin.to_string(),
            folder: made.folder.display().to_string(),
            policy: made.policy.display().to_string(),
            fingerprint: made.fingerprint.to_string(),
            operate: made.operate.to_string(),
            checkpoint: made.checkpoint.to_string(),
            founded: made.founded,
            configured: made.configured,
        }
    }
}
