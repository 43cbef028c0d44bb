//! A release of a verified package log: what its record says, and what the log and the operator made of it.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::fmt;

use semver::Version;

use crate::digest::{Digest, Hash};
use crate::key::VerifyingKey;
use crate::name::{ExternName, Kind, PackageName};
use crate::number::{Position, Time};
use crate::record::SignedRecord;
use crate::requirement::Requirements;
use crate::statement::{Attachment, Defect, Statement, defect};

/// What a file is to a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The component or WIT package itself.
    Content,
    /// The closed set it was released with.
    Lock,
    /// The closed set composed into one component.
    Bundle,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "content",
            Self::Lock => "lock",
            Self::Bundle => "bundle",
        })
    }
}

/// What speaks against selecting a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// Its publisher took it back. Who has it locked may keep it, and nobody else may select it.
    Yanked {
        /// Why, in the publisher's words.
        reason: String,
    },
    /// It never was good. Nobody may select it; its log holds it for the record only.
    Unusable {
        /// What is wrong with it.
        defect: Defect,
    },
    /// The operator took its content away. Nobody may select it.
    Withdrawn {
        /// Why, in the operator's words.
        reason: String,
    },
}

impl Objection {
    /// What the release is, in a word: `yanked`, `unusable` or `withdrawn`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yanked { .. } => "yanked",
            Self::Unusable { .. } => "unusable",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// Why: in the words of the publisher or of the operator, or what the defect is.
    pub fn reason(&self) -> String {
        match self {
            Self::Yanked { reason } | Self::Withdrawn { reason } => reason.clone(),
            Self::Unusable { defect } => defect.to_string(),
        }
    }
}

impl fmt::Display for Objection {
    /// What follows the release's name in a sentence: `is yanked: drifts`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yanked { reason } => write!(f, "is yanked: {reason}"),
            Self::Unusable { defect } => write!(f, "is not usable: {defect}"),
            Self::Withdrawn { reason } => {
                write!(f, "was withdrawn by the operator: {reason}")
            }
        }
    }
}

/// A release of a verified package log.
///
/// Only a [`Log`](crate::package::Log) makes one, of a record that it took in. So whoever holds a release, a solver for
/// one, knows by its type that the record was chained, signed and permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub(crate) fn new<A>(
        name: &PackageName,
        kind: Kind,
        statement: Statement,
        record: &SignedRecord<A>,
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

    pub(crate) fn withdraw(&mut self, reason: &str) {
        self.withdrawn = Some(reason.into());
    }

    /// A release that no record states: for tests and benchmarks of what chooses among releases. Its statement is not
    /// looked at; what is to speak against it is said.
    #[cfg(feature = "danger")]
    pub fn danger_unverified(
        kind: Kind,
        statement: Statement,
        record: Hash,
        time: Time,
        objection: Option<Objection>,
    ) -> Self {
        let (mut defect, mut yanked, mut withdrawn) = (None, None, None);
        match objection {
            None => {}
            Some(Objection::Unusable { defect: found }) => defect = Some(found),
            Some(Objection::Yanked { reason }) => yanked = Some(reason),
            Some(Objection::Withdrawn { reason }) => withdrawn = Some(reason),
        }
        Self {
            kind,
            statement,
            record,
            position: Position::ZERO,
            time,
            signer: VerifyingKey::danger_of_nobody(),
            defect,
            yanked,
            withdrawn,
        }
    }

    /// What its package holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version that was released.
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
    pub fn requirements(&self) -> &Requirements {
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

    /// The position of its record in the package log.
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

    /// Whether anybody may select it.
    pub fn is_usable(&self) -> bool {
        self.withdrawn.is_none() && self.defect.is_none() && self.yanked.is_none()
    }

    /// What speaks against selecting it, the gravest where several things do: a withdrawal, a defect, a yank. None of a
    /// [usable](Self::is_usable) one.
    pub fn objection(&self) -> Option<Objection> {
        if let Some(reason) = self.withdrawn.clone() {
            Some(Objection::Withdrawn { reason })
        } else if let Some(defect) = self.defect.clone() {
            Some(Objection::Unusable { defect })
        } else {
            let reason = self.yanked.clone()?;
            Some(Objection::Yanked { reason })
        }
    }
}
