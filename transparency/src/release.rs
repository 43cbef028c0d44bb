//! What a release is: the claims that a `release` action makes, and what the log made of them.
//!
//! Requirements live in the signed record, so solving reads logs only. A statement is a claim until a
//! [`Log`](crate::package::Log) admitted the record that holds it; [`Release`] is what then may be believed.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use semver::Version;

use crate::content::Role;
use crate::digest::{Digest, Hash};
use crate::field::split_word;
use crate::key::VerifyingKey;
use crate::name::{ExternName, Kind, NameError, Origin, PackageName};
use crate::number::{Position, Time};
use crate::operator;
use crate::package::Action;
use crate::record::SignedRecord;
use crate::version::{Track, VersionError, VersionReq};

/// A text that is not a requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// Not of the form `KIND NAME REQ [from ORIGIN] [for IMPORT,…]`.
    #[error(
        "`{text}` is not a requirement: expected `KIND NAME REQUIREMENT [from ORIGIN] [for IMPORT,…]`"
    )]
    Form {
        /// What stood there.
        text: String,
    },
    /// One of the names in it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version requirement in it.
    #[error(transparent)]
    Version(#[from] VersionError),
}

/// What one package asks of another: `component acme:clock ^1.0 for acme:clock/now`.
///
/// The same text stands in records (after `require`) and in locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// The kind asked for.
    pub kind: Kind,
    /// The package asked for.
    pub name: PackageName,
    /// Which versions will do.
    pub req: VersionReq,
    /// The registry meant, where the text says so.
    pub origin: Option<Origin>,
    /// Which imports it serves, ascending; only of a component. Empty where the package's own name decides.
    pub serves: BTreeSet<ExternName>,
}

impl Requirement {
    /// A requirement without origin and without `for`.
    pub fn new(kind: Kind, name: PackageName, req: VersionReq) -> Self {
        Self {
            kind,
            name,
            req,
            origin: None,
            serves: BTreeSet::new(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind, self.name, self.req)?;
        if let Some(origin) = &self.origin {
            write!(f, " from {origin}")?;
        }
        for (place, import) in self.serves.iter().enumerate() {
            f.write_str(if place == 0 { " for " } else { "," })?;
            write!(f, "{import}")?;
        }
        Ok(())
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        Self::parse_behind(text, &mut None)
    }
}

impl Requirement {
    /// Reads one of many, which mostly name one origin: where it is the one last read, it is shared with what was read.
    ///
    /// # Errors
    /// As `FromStr`.
    pub fn parse_behind(text: &str, last: &mut Option<Origin>) -> Result<Self, RequirementError> {
        let form = || RequirementError::Form {
            text: text.to_string(),
        };
        let mut rest = Some(text);
        let mut next = || {
            let (word, behind) = rest.map(|rest| match split_word(rest, b' ') {
                Some((word, behind)) => (word, Some(behind)),
                None => (rest, None),
            })?;
            rest = behind;
            Some(word)
        };
        let mut word = || next().ok_or_else(form);
        let mut requirement = Self::new(word()?.parse()?, word()?.parse()?, word()?.parse()?);
        let mut following = next();
        if following == Some("from") {
            let origin = Origin::parse_behind(next().ok_or_else(form)?, last)?;
            requirement.origin = Some(origin);
            following = next();
        }
        let mut ascending = true;
        if following == Some("for") {
            for import in next().ok_or_else(form)?.split(',') {
                let import: ExternName = import.parse()?;
                ascending &= requirement.serves.last() < Some(&import);
                requirement.serves.insert(import);
            }
            following = next();
        }
        let wit_serves = requirement.kind == Kind::Wit && !requirement.serves.is_empty();
        // Each word has one spelling, and stands behind one space: what is left is their order.
        if following.is_some() || wit_serves || !ascending {
            return Err(form());
        }
        Ok(requirement)
    }
}

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
    pub requirements: BTreeSet<Requirement>,
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
            requirements: BTreeSet::new(),
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
        /// Why.
        reason: String,
    },
    /// A requirement that could be met in several tracks, or in none.
    #[error("its requirement `{requirement}` does not lie in one track")]
    Tracks {
        /// The requirement.
        requirement: Requirement,
    },
    /// A requirement of the package itself, in the track of the release.
    #[error("its requirement `{requirement}` names the package itself, in its own track")]
    Itself {
        /// The requirement.
        requirement: Requirement,
    },
    /// More requirements than anybody should have to look at.
    #[error("it has {count} requirements, and {MAX_REQUIREMENTS} are the most")]
    Crowded {
        /// How many.
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

/// Whether a release can be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// By all.
    Usable,
    /// Only by who has it locked.
    Yanked {
        /// Why.
        reason: String,
    },
    /// By nobody: it never was good.
    Unusable {
        /// Why.
        defect: Defect,
    },
    /// By nobody: the operator took its content away.
    Withdrawn {
        /// Why.
        reason: String,
    },
}

/// A release of a verified package log.
#[derive(Debug, Clone)]
pub struct Release {
    kind: Kind,
    statement: Statement,
    record: Hash,
    position: Position,
    time: Time,
    signer: VerifyingKey,
    defect: Option<Defect>,
    yanked: Option<String>,
    withdrawn: Option<String>,
}

impl Release {
    pub(crate) fn new(
        name: &PackageName,
        kind: Kind,
        statement: Statement,
        record: &SignedRecord<Action>,
        time: Time,
    ) -> Self {
        Self {
            kind,
            defect: defect(name, kind, &statement),
            statement,
            record: record.hash(),
            position: record.position,
            time,
            signer: record.signer.clone(),
            yanked: None,
            withdrawn: None,
        }
    }

    pub(crate) fn yank(&mut self, reason: Option<String>) {
        self.yanked = reason;
    }

    pub(crate) fn withdraw(&mut self, operator: &operator::Log) {
        self.withdrawn = operator.withdrawn(&self.statement.digest).map(Into::into);
    }

    /// What its package holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.statement.version
    }

    /// The SHA-256 of its content.
    pub fn digest(&self) -> &Digest {
        &self.statement.digest
    }

    /// The size of its content in bytes.
    pub fn size(&self) -> u64 {
        self.statement.size
    }

    /// What it requires.
    pub fn requirements(&self) -> &BTreeSet<Requirement> {
        &self.statement.requirements
    }

    /// What the component imports.
    pub fn imports(&self) -> &BTreeSet<ExternName> {
        &self.statement.imports
    }

    /// What the component exports.
    pub fn exports(&self) -> &BTreeSet<ExternName> {
        &self.statement.exports
    }

    /// Its lock or bundle, as its record has it; its content is always there.
    pub fn attachment(&self, role: Role) -> Option<Attachment> {
        let Statement {
            digest,
            size,
            lock,
            bundle,
            ..
        } = &self.statement;
        match role {
            Role::Content => Some(Attachment {
                digest: *digest,
                size: *size,
            }),
            Role::Lock => *lock,
            Role::Bundle => bundle.map(|(bundle, _)| bundle),
        }
    }

    /// All that its record says of it.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The hash of its record.
    pub fn record(&self) -> Hash {
        self.record
    }

    /// The place of its record in the package log.
    pub fn position(&self) -> Position {
        self.position
    }

    /// When its record was written, and taken in by the registry; no later than the operator's clocks behind it say.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The key that released it.
    pub fn signer(&self) -> &VerifyingKey {
        &self.signer
    }

    /// Whether it is yanked, whatever else it is.
    pub fn is_yanked(&self) -> bool {
        self.yanked.is_some()
    }

    /// Why it is yanked, whatever else it is; none where it is not.
    pub fn yanked(&self) -> Option<&str> {
        self.yanked.as_deref()
    }

    /// Why the operator took its content away; none where it did not.
    pub fn withdrawn(&self) -> Option<&str> {
        self.withdrawn.as_deref()
    }

    /// Whether it can be selected; the gravest reason against it first.
    pub fn status(&self) -> Status {
        if let Some(reason) = self.withdrawn.clone() {
            Status::Withdrawn { reason }
        } else if let Some(defect) = self.defect.clone() {
            Status::Unusable { defect }
        } else if let Some(reason) = self.yanked.clone() {
            Status::Yanked { reason }
        } else {
            Status::Usable
        }
    }
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
