//! What a release is: the claims that a `release` action makes, and what the log made of them.
//!
//! Requirements live in the signed record, so solving reads logs only. A statement is a claim until a
//! [`Log`](crate::package::Log) admitted the record that holds it; [`Release`] is what then may be believed.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use semver::Version;

use crate::digest::Digest;
use crate::name::{ExternName, Kind, NameError, Origin, PackageName};
use crate::version::{VersionError, VersionReq};

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
        let form = || RequirementError::Form {
            text: text.to_string(),
        };
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or_else(form);
        let mut requirement = Self::new(word()?.parse()?, word()?.parse()?, word()?.parse()?);
        let mut words = words.peekable();
        if words.next_if_eq(&"from").is_some() {
            requirement.origin = Some(words.next().ok_or_else(form)?.parse()?);
        }
        if words.next_if_eq(&"for").is_some() {
            for import in words.next().ok_or_else(form)?.split(',') {
                requirement.serves.insert(import.parse()?);
            }
        }
        let wit_serves = requirement.kind == Kind::Wit && !requirement.serves.is_empty();
        if words.next().is_some() || wit_serves || requirement.to_string() != text {
            return Err(form());
        }
        Ok(requirement)
    }
}

/// A lock or bundle that belongs to a release: its digest and its size in bytes.
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
