//! A release of a verified package log: what its record says, and what the log and the operator made of it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;

use semver::Version;

use crate::digest::{Digest, Hash};
use crate::key::VerifyingKey;
use crate::name::{ExternName, Kind, PackageName};
use crate::number::{Position, Time};
use crate::operator;
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

/// Whether a release can be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// By all.
    Usable,
    /// Only by who has it locked.
    Yanked {
        /// The reason, as it was given.
        reason: String,
    },
    /// By nobody: it never was good.
    Unusable {
        /// What is wrong with it.
        defect: Defect,
    },
    /// By nobody: the operator took its content away.
    Withdrawn {
        /// The reason, as it was given.
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
