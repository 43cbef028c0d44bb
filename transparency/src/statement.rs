//! What a `release` action says, and what can be wrong with that.
//!
//! Requirements live in the signed record, so solving reads logs only. A statement is a claim until a
//! [`Log`](crate::package::Log) admitted the record that holds it.

use alloc::collections::BTreeSet;
use alloc::string::String;

use semver::Version;

use crate::digest::Digest;
use crate::name::{ExternName, Kind, PackageName};
use crate::requirement::{Requirement, Requirements};
use crate::version::Track;

/// A file that belongs to a release: its digest and its size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
}

/// What a `release` action says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The version; build metadata included, but it does not tell two versions apart.
    pub version: Version,
    /// The SHA-256 of the content.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// What it requires, ascending.
    pub requirements: Requirements,
    /// What the component imports, ascending.
    pub imports: BTreeSet<ExternName>,
    /// What the component exports, ascending.
    pub exports: BTreeSet<ExternName>,
    /// The closed set it was released with.
    pub lock: Option<Attachment>,
    /// The same closed set composed into one component, and the number of the encoding that composed it.
    pub bundle: Option<(Attachment, u64)>,
    /// Why it is kept for the record only.
    pub unusable: Option<String>,
}

impl Statement {
    /// A release without any lines below it.
    pub fn new(version: Version, digest: Digest, size: u64) -> Self {
        Self {
            version,
            digest,
            size,
            requirements: Requirements::default(),
            imports: BTreeSet::new(),
            exports: BTreeSet::new(),
            lock: None,
            bundle: None,
            unusable: None,
        }
    }
}

/// How many requirements a usable release has at most.
///
/// A solver looks at each of them for every release that it tries, so their number is what a hostile log makes expensive.
/// Counted on 2026-11-30: the packages of WASI 0.2.0 to 0.2.12 refer to five others at most (`wasi:cli`). Of the 684 crates
/// that this project and its tools are built from, half name three or fewer, and the most have 52 (`wasmtime` 31.0.0; 58
/// with those for its tests). Without a limit a record has room for 2,600.
pub const MAX_REQUIREMENTS: usize = 256;

/// Why a release cannot be used, though the log that holds it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Its publisher says so.
    #[error("{reason}")]
    Stated {
        /// The reason, as it was given.
        reason: String,
    },
    /// A requirement that could be met in several tracks, or in none.
    #[error("its requirement `{requirement}` does not lie in one track")]
    Tracks {
        /// The requirement, as the release states it.
        requirement: Requirement,
    },
    /// A requirement of the package itself, in the track of the release.
    #[error("its requirement `{requirement}` names the package itself, in its own track")]
    Itself {
        /// The requirement, as the release states it.
        requirement: Requirement,
    },
    /// More requirements than anybody should have to look at.
    #[error("it has {count} requirements, and {MAX_REQUIREMENTS} are the most")]
    Crowded {
        /// How many requirements it has.
        count: usize,
    },
    /// A WIT package that refers to two versions of one track: they have one canonical name.
    #[error("it refers to several versions of `{name}` in one track")]
    Doubled {
        /// The package required.
        name: PackageName,
    },
    /// A WIT package with what only components have.
    #[error("a WIT package cannot {what}")]
    NotWit {
        /// What it does all the same.
        what: &'static str,
    },
}

/// What is wrong with a release, though its record is good.
///
/// The sequencer asks this too, so that a registry takes in a release like that only when its record says so itself.
pub fn defect(name: &PackageName, kind: Kind, statement: &Statement) -> Option<Defect> {
    if let Some(reason) = statement.unusable.clone() {
        return Some(Defect::Stated { reason });
    }
    if kind == Kind::Wit {
        let not_wit = |what| Some(Defect::NotWit { what });
        if !statement.imports.is_empty() || !statement.exports.is_empty() {
            return not_wit("import or export");
        }
        if statement.lock.is_some() || statement.bundle.is_some() {
            return not_wit("have a lock or bundle");
        }
        let of_wit = |requirement: &Requirement| requirement.kind == Kind::Wit;
        if !statement.requirements.iter().all(of_wit) {
            return not_wit("require a component");
        }
    }
    let count = statement.requirements.len();
    if count > MAX_REQUIREMENTS {
        return Some(Defect::Crowded { count });
    }
    let own = Track::of(&statement.version);
    let mut seen = BTreeSet::new();
    for requirement in &statement.requirements {
        let Some(track) = requirement.req.track() else {
            return Some(Defect::Tracks {
                requirement: requirement.clone(),
            });
        };
        if requirement.name == *name && track == own {
            return Some(Defect::Itself {
                requirement: requirement.clone(),
            });
        }
        if kind == Kind::Wit && !seen.insert((&requirement.name, track)) {
            return Some(Defect::Doubled {
                name: requirement.name.clone(),
            });
        }
    }
    None
}
