//! What `--message-format json` prints: one document a line on stdout, each with its `reason`.
//!
//! These types are the shape of those documents and nothing else: nothing is read into them, and nothing that is
//! trusted is built from them. The schema of all of them is `docs/schemas/message.json`, generated from the types, and
//! `docs/json.md` shows each; fields are only ever added. A command prints one document of its own reason, or one of an
//! error.

mod add;
mod bundle;
mod clean;
mod configured;
mod fetch;
mod info;
mod keys;
mod lock;
mod notice;
mod outdated;
mod registry;
mod remove;
mod sbom;
mod self_check;
mod tree;
mod update;
mod vendor;
mod verify;

mod change;

use serde::Serialize;

pub use self::add::{Add, AddedDependency};
pub use self::bundle::{Bundle, BundleCheckpoint, BundleContents, BundleRedirection, Inspect};
pub use self::change::{Annotate, Grant, RecordOutcome, Recorded, Revoke, Unyank, Yank};
pub use self::clean::{Clean, CleanedPath, CleanedSort};
pub use self::configured::{ListedRegistry, RegistryAdd, RegistryList, RegistryRemove};
pub use self::fetch::{Fetch, FetchedMember};
pub use self::info::{Info, InfoRelease, MemberVersion, PackageKey, Standing};
pub use self::keys::{KeyExport, KeyRemove, Keys, ListedKey};
pub use self::lock::{Action, Change, Lock, LockedPackage, Proved};
pub use self::notice::Notice;
pub use self::outdated::{HeldBy, Mark, Outdated, OutdatedPackage};
pub use self::registry::{
    ImportedPackage, Init, MovedPackage, Publish, RegistryCheck, RegistryClock, RegistryImport,
    RegistryNew, SkippedPackage,
};
pub use self::remove::{Remove, RemovedDependency};
pub use self::sbom::Sbom;
pub use self::self_check::{
    CheckedFolder, CheckedKey, CheckedLock, CheckedPolicy, CheckedRegistry, SelfCheck, time_text,
};
pub use self::tree::{Tree, TreeKind, TreeNode};
pub use self::update::{Behind, HeldPin, PinChange, Update};
pub use self::vendor::Vendor;
pub use self::verify::{ClosedSet, Composed, Verify, VerifyBundle, VerifyRelease};
use crate::error::Error;
use component::span;

/// A document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Message {
    /// Of `cargo warg yank`: a version was advised against.
    Yank(Yank),
    /// Of `cargo warg unyank`: a yank was taken back.
    Unyank(Unyank),
    /// Of `cargo warg grant`: a key was given permissions.
    Grant(Grant),
    /// Of `cargo warg revoke`: permissions were taken from a key.
    Revoke(Revoke),
    /// Of `cargo warg annotate`: something was said about a version or a package.
    Annotate(Annotate),
    /// The command failed. It is the last document.
    Error(Failure),
    /// Of `cargo warg lock`: what became of the lock.
    Lock(Lock),
    /// Of `cargo warg add`: what was added to Cargo.toml.
    Add(Add),
    /// Of `cargo warg bundle`: the component that was made.
    Bundle(Bundle),
    /// Of `cargo warg inspect`: what a component says of itself.
    Inspect(Inspect),
    /// Of `cargo warg fetch`: what is on this machine now.
    Fetch(Fetch),
    /// Of `cargo warg vendor`: what lies with the project now.
    Vendor(Vendor),
    /// Of `cargo warg clean`: what was removed.
    Clean(Clean),
    /// Of `cargo warg self-check`: what is configured, trusted and reachable.
    SelfCheck(SelfCheck),
    /// Of `cargo warg verify`: what was checked.
    Verify(Verify),
    /// Of `cargo warg verify NAME@VERSION`: what was checked.
    VerifyRelease(VerifyRelease),
    /// Of `cargo warg verify FILE`: what was checked.
    VerifyBundle(VerifyBundle),
    /// Of `cargo warg sbom`: the bill of materials.
    Sbom(Sbom),
    /// Of `cargo warg tree`: what depends on what.
    Tree(Tree),
    /// Of `cargo warg update`: what moved.
    Update(Update),
    /// Of `cargo warg remove`: what was removed.
    Remove(Remove),
    /// Of `cargo warg info`: what is known of a package.
    Info(Info),
    /// Of `cargo warg publish`: what was published.
    Publish(Publish),
    /// Of `cargo warg registry import`: what was imported.
    RegistryImport(RegistryImport),
    /// Of `cargo warg registry check`: what was found good.
    RegistryCheck(RegistryCheck),
    /// Of `cargo warg registry clock`: what the operator said.
    RegistryClock(RegistryClock),
    /// Of `cargo warg registry new`: what was made.
    RegistryNew(RegistryNew),
    /// Of `cargo warg registry add`: what was added to Cargo.toml.
    RegistryAdd(RegistryAdd),
    /// Of `cargo warg registry list`: what Cargo.toml configures.
    RegistryList(RegistryList),
    /// Of `cargo warg registry remove`: what was taken out of Cargo.toml.
    RegistryRemove(RegistryRemove),
    /// Of `cargo warg key list`: this user's keys; of `cargo warg key new` and `key import`: those that are new.
    Keys(Keys),
    /// Of `cargo warg key export`: the key that was copied. Its secret is never in a document.
    KeyExport(KeyExport),
    /// Of `cargo warg key remove`: the key that was removed.
    KeyRemove(KeyRemove),
    /// Of `cargo warg init`: which manifests changed.
    Init(Init),
    /// Of `cargo warg outdated`: which newer versions there are.
    Outdated(Outdated),
}

/// A failure.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// The exit code of the run.
    pub code: u8,
    /// What went wrong.
    pub message: String,
    /// Why, each cause after what it caused.
    pub causes: Vec<String>,
    /// Where: first what is wrong, then what it is at odds with.
    pub locations: Vec<Location>,
    /// What to do about it.
    pub help: Vec<String>,
}

/// A stretch of a text file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Location {
    /// The file, relative to the workspace root where it lies below.
    pub file: String,
    /// The line that it begins in, counted from 1.
    pub line: usize,
    /// The column that it begins in, in characters, counted from 1.
    pub column: usize,
    /// Where it begins, in bytes from the start of the file.
    pub start: usize,
    /// Where it ends, in bytes from the start of the file.
    pub end: usize,
    /// What there is to say of it, where the message does not say it.
    pub label: Option<String>,
}

impl From<&span::Annotation> for Location {
    fn from(annotation: &span::Annotation) -> Self {
        let span::Annotation { location, label } = annotation;
        Self {
            file: location.file().display().to_string(),
            line: location.line(),
            column: location.column(),
            start: location.span().start,
            end: location.span().end,
            label: label.clone(),
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut chain = error.chain();
        Self {
            code: error.class().exit_code(),
            message: chain.next().unwrap_or_default(),
            causes: chain.collect(),
            locations: error.annotations().map(Location::from).collect(),
            help: error.help().to_vec(),
        }
    }
}

impl From<&Error> for Message {
    fn from(error: &Error) -> Self {
        Self::Error(Failure::from(error))
    }
}

/// What a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An implementation.
    Component,
    /// Interfaces.
    Wit,
}

impl From<transparency::name::Kind> for Kind {
    fn from(kind: transparency::name::Kind) -> Self {
        match kind {
            transparency::name::Kind::Component => Self::Component,
            transparency::name::Kind::Wit => Self::Wit,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::path::Path;

    use super::*;

    /// The committed schema is that of the types. `CARGO_WARG_BLESS=1` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_types() {
        // As written, not as read: what may be null is there all the same.
        let settings = schemars::generate::SchemaSettings::default().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<Message>();
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/message.json");
        if std::env::var_os("CARGO_WARG_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == text,
            "docs/schemas/message.json is not the schema of message.rs: CARGO_WARG_BLESS=1 cargo test -p cargo-warg --lib"
        );
    }
}
