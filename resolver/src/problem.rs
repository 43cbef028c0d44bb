//! What is to be solved: the workspace's members, what each requires, and under which options.
//!
//! A problem is plain data, made by an operation from manifests, WIT texts and the old lock. Everything that can change
//! the answer is in it or in the [`Index`](crate::index::Index).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use semver::Version;
use transparency::name::{ExternName, Kind, Namespace, Origin, PackageName};
use transparency::requirement::Requirement;

use crate::cutoff::{Cutoff, ExcludeNewer};
use crate::location::NamedLocation;
use transparency::selection::Selection;

/// Which registry each name belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// Where names belong whose namespace is not in the table.
    pub default: Option<Origin>,
    /// Namespaces that belong to a certain registry.
    pub namespaces: BTreeMap<Namespace, Origin>,
}

impl Origins {
    /// The registry of a name. None where no registry is configured for it.
    pub fn of(&self, name: &PackageName) -> Option<&Origin> {
        let own = if self.namespaces.is_empty() {
            None
        } else {
            self.namespaces.get(name.namespace_text())
        };
        own.or(self.default.as_ref())
    }

    /// The requirement with its registry written, as locks hold it.
    pub fn settle(&self, requirement: &Requirement) -> Requirement {
        let mut settled = requirement.clone();
        if let Some(origin) = self.of(&requirement.name) {
            settled.origin = Some(origin.clone());
        }
        settled
    }
}

/// Which of several good versions is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The lowest of a WIT package, the highest of a component.
    #[default]
    Default,
    /// The lowest of everything.
    Lowest,
    /// The lowest of what a member requires itself, and the rest as by default.
    LowestDirect,
    /// The highest of everything.
    Highest,
}

impl Mode {
    /// The word in locks. None for the default.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Lowest => Some("lowest"),
            Self::LowestDirect => Some("lowest-direct"),
            Self::Highest => Some("highest"),
        }
    }
}

/// A text that is not a resolution mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a resolution mode: expected `lowest`, `lowest-direct`, `highest` or `default`"
)]
pub struct ModeError {
    /// The text that was given.
    pub text: String,
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        [
            Self::Default,
            Self::Lowest,
            Self::LowestDirect,
            Self::Highest,
        ]
        .into_iter()
        .find(|mode| mode.to_string() == text)
        .ok_or_else(|| ModeError {
            text: text.to_owned(),
        })
    }
}

/// What changes answers beside the requirements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Which registry each name belongs to.
    pub origins: Origins,
    /// Which of several good versions is taken.
    pub mode: Mode,
    /// Up to when releases are candidates. None where all are.
    pub exclude_newer: Option<Cutoff>,
    /// The same for certain packages, whatever holds for the others.
    pub exclude_newer_package: BTreeMap<PackageName, ExcludeNewer>,
}

impl Options {
    /// Up to when releases of a package are candidates. None where all are.
    pub fn cutoff(&self, name: &PackageName) -> Option<Cutoff> {
        match self.exclude_newer_package.get(name) {
            Some(own) => own.cutoff(),
            None => self.exclude_newer,
        }
    }
}

/// How the member wrote a requirement, for messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// As the text of a manifest: `1.2`.
    Text(String),
    /// As a folder or file, without a version: `../clock`.
    Path(String),
    /// As a reference in WIT text: `wasi:http/types@0.2.3`.
    Reference,
    /// By a package that comes beside the others of its track, since a text refers to it.
    Through(Selection),
}

/// What a member itself requires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootRequirement {
    /// Kind, name and versions. A registry written here must be the one of [`Origins`].
    pub requirement: Requirement,
    /// Only releases that export all of these, letter by letter, will do.
    pub exports: BTreeSet<ExternName>,
    /// Where it is written: it is named in messages, and handed back in a report.
    pub location: Option<NamedLocation>,
    /// How it is written there, for messages.
    pub written: Option<Written>,
    /// Where an export is asked for, where that is another location.
    pub export_locations: BTreeMap<ExternName, NamedLocation>,
}

impl RootRequirement {
    /// A requirement by itself: nothing is known of where it was written.
    pub fn new(requirement: Requirement) -> Self {
        Self {
            requirement,
            exports: BTreeSet::new(),
            location: None,
            written: None,
            export_locations: BTreeMap::new(),
        }
    }

    /// As a lock's root has it. The release must export what the requirement is for. A lock does not say who wrote what.
    /// It has several versions of one track only where texts name them, so each that is named by itself may be a text's.
    pub fn of_lock(requirement: &Requirement) -> Self {
        let is_pin = requirement.kind == Kind::Wit && requirement.req.pinned().is_some();
        Self {
            exports: requirement.serves.clone(),
            written: is_pin.then_some(Written::Reference),
            ..Self::new(requirement.clone())
        }
    }

    /// As a lock holds it: the registry written, and after `for` what it serves and must export.
    pub fn settle(&self, origins: &Origins) -> Requirement {
        let mut settled = origins.settle(&self.requirement);
        settled.serves.extend(self.exports.iter().cloned());
        settled
    }
}

/// A package that lies in a folder: a path dependency, or a folder of `wit/deps` that nobody fetched.
///
/// Within its member it stands in for its whole track, as a patched dependency does in cargo: no release of that
/// track is considered, and nothing is loaded for requirements that it can serve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// What the package holds.
    pub kind: Kind,
    /// The name of the package.
    pub name: PackageName,
    /// The version that its manifest or text says.
    pub version: Version,
    /// What it requires, ascending.
    pub requirements: BTreeSet<Requirement>,
    /// What a component imports, ascending.
    pub imports: BTreeSet<ExternName>,
    /// What a component exports, ascending. None where that is not known before it is built.
    pub exports: Option<BTreeSet<ExternName>>,
    /// The path that it lies at, for messages.
    pub location: Option<String>,
    /// Where its own manifest says what it requires.
    pub requirement_locations: BTreeMap<(Kind, PackageName), NamedLocation>,
}

impl Local {
    /// A package without requirements, of which nothing is known of what it exports.
    pub fn new(kind: Kind, name: PackageName, version: Version) -> Self {
        Self {
            kind,
            name,
            version,
            requirements: BTreeSet::new(),
            imports: BTreeSet::new(),
            exports: None,
            location: None,
            requirement_locations: BTreeMap::new(),
        }
    }

    /// Its kind, name and version.
    pub fn selection(&self) -> Selection {
        Selection {
            kind: self.kind,
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }
}

/// One member of the workspace: the root of one closed set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// The requirements of its manifest and texts.
    pub requirements: BTreeSet<RootRequirement>,
    /// The local packages that it sees.
    pub locals: BTreeSet<Local>,
    /// Where a package's track is held: only versions that match are candidates there, if the package is needed.
    pub held: BTreeSet<Requirement>,
    /// What the old lock selected for it: preferred wherever it still will do, and what a yanked release needs.
    pub selects: BTreeSet<Selection>,
    /// What it had locked and is to move: of these tracks, what others have locked is not preferred either.
    pub moves: BTreeSet<Selection>,
    /// Whether `selects` stays as it is as long as it is valid.
    pub keep: bool,
}

/// All that is to be solved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// What changes answers beside the requirements.
    pub options: Options,
    /// The members, by the cargo package's name.
    pub members: BTreeMap<String, Member>,
    /// What the old lock selected for what is no member any more: like what another member had locked.
    pub locked: BTreeSet<Selection>,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str().unwrap_or("default"))
    }
}
