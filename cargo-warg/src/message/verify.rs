//! What was verified.

use serde::Serialize;
use transparency::number::Index;

use super::{BundleRedirection, Notice, Proved};
use crate::ops::bundle::rebuild::Rebuilt;
use crate::ops::bundle::verify::VerifiedBundle;
use crate::ops::contents::verify::Verified;
use crate::ops::release::derivation::Derivation;
use crate::ops::release::verify::{VerifiedRelease, VerifiedSet};

/// What was checked, and found good.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Verify {
    /// Members whose manifests and `wit/` the lock is up to date with.
    pub members: usize,
    /// Packages of the lock.
    pub packages: usize,
    /// Those of them that lie in folders: no record vouches for these.
    pub locals: usize,
    /// Contents that are what their records say.
    pub contents: usize,
    /// Files of `wit/deps` that say what follows from the lock.
    pub files: usize,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know: which releases are advised against, say.
    pub notices: Vec<Notice>,
}

/// A release that was verified, with what it carries.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct VerifyRelease {
    /// Its package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its content.
    pub digest: String,
    /// The name of the key that released it.
    pub signer: String,
    /// Where the registry's log holds its record, proved; null where what this machine keeps does not show it.
    pub index: Option<u64>,
    /// The closed set that it carries; null where it carries none.
    pub closed_set: Option<ClosedSet>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know: that it, or something in its closed set, is yanked, say.
    pub notices: Vec<Notice>,
}

/// A closed set that was checked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ClosedSet {
    /// The SHA-256 of the lock.
    pub lock: String,
    /// How many packages it has.
    pub packages: usize,
    /// How many of their contents are what their records say.
    pub contents: usize,
    /// Whether solving gave it again; false where this build does not know the solving algorithm.
    pub derived: bool,
    /// The versions that the lock holds; null where it was not derived.
    pub held: Option<Vec<String>>,
    /// What became of the bundle; null where the release has none.
    pub bundle: Option<Composed>,
}

/// Whether a bundle was composed again.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Composed {
    /// It has the same bytes.
    Same,
    /// It is of a format that this build does not know.
    UnknownFormat,
}

/// A bundle that was verified.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct VerifyBundle {
    /// What its lock calls the root. Nobody vouches for that.
    pub name: String,
    /// The SHA-256 of the root. Nobody vouches for that either, but it is what lies in the bundle.
    pub root: String,
    /// How many packages its lock has.
    pub packages: usize,
    /// How many of their contents are what their records say.
    pub contents: usize,
    /// Whether it was composed again.
    pub bundle: Composed,
    /// Which imports are served by another package than the requirements say. Nobody vouches for that.
    pub wire: Vec<BundleRedirection>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know: what is yanked in its closed set, say.
    pub notices: Vec<Notice>,
}

impl From<Rebuilt> for Composed {
    fn from(rebuilt: Rebuilt) -> Self {
        match rebuilt {
            Rebuilt::Same { .. } => Self::Same,
            Rebuilt::Unknown { .. } => Self::UnknownFormat,
        }
    }
}

impl From<&VerifiedSet> for ClosedSet {
    fn from(set: &VerifiedSet) -> Self {
        let held: Option<Vec<_>> = match &set.derivation {
            Derivation::Derived { held } => Some(held.iter().map(ToString::to_string).collect()),
            Derivation::Checked { .. } => None,
        };
        Self {
            lock: set.lock.to_string(),
            packages: set.packages,
            contents: set.contents,
            derived: held.is_some(),
            held,
            bundle: set.bundle.map(Composed::from),
        }
    }
}

impl From<&VerifiedRelease> for VerifyRelease {
    fn from(verified: &VerifiedRelease) -> Self {
        Self {
            name: verified.name.to_string(),
            version: verified.version.to_string(),
            digest: verified.digest.to_string(),
            signer: verified.signer.clone(),
            index: verified.index.map(Index::get),
            closed_set: verified.closed_set.as_ref().map(ClosedSet::from),
            proved: Proved::all(&verified.proved),
            notices: Notice::all(&verified.notices),
        }
    }
}

impl From<&VerifiedBundle> for VerifyBundle {
    fn from(verified: &VerifiedBundle) -> Self {
        Self {
            name: verified.name.clone(),
            root: verified.root.to_string(),
            packages: verified.packages,
            contents: verified.contents,
            bundle: verified.bundle.into(),
            wire: BundleRedirection::all(&verified.wire),
            proved: Proved::all(&verified.proved),
            notices: Notice::all(&verified.notices),
        }
    }
}

impl From<&Verified> for Verify {
    fn from(verified: &Verified) -> Self {
        Self {
            members: verified.members,
            packages: verified.packages.len(),
            locals: verified.locals(),
            contents: verified.contents,
            files: verified.files,
            proved: Proved::all(&verified.proved),
            notices: Notice::all(&verified.notices),
        }
    }
}
