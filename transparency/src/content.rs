//! Contents: bytes that are what a release's record says.
//!
//! The last rung. What a component imports and exports, and what a WIT package is called and refers to, is derived from
//! the bytes by whoever can parse them; here it is only compared with the record. A content that contradicts its record
//! is refused like one with another digest: the publisher signed something else.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use semver::Version;

use crate::digest::Digest;
use crate::name::{ExternName, Kind, PackageName};
use crate::operator;
use crate::release::{Release, Role};
use crate::requirement::Requirement;
use crate::statement::Attachment;
use crate::version::without_build;

/// What bytes turn out to be, once parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// A component, with what can be seen of it from outside.
    Component {
        /// What it imports.
        imports: BTreeSet<ExternName>,
        /// What it exports.
        exports: BTreeSet<ExternName>,
    },
    /// A WIT package in its binary form.
    Wit {
        /// The package that it says it is, without the version.
        name: PackageName,
        /// The version that it says it has.
        version: Version,
        /// The requirements that its references become.
        requirements: BTreeSet<Requirement>,
    },
}

impl Derived {
    /// What kind of package they can be the content of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Component { .. } => Kind::Component,
            Self::Wit { .. } => Kind::Wit,
        }
    }
}

/// Why bytes are not a release's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Bytes of another digest or size than the record says.
    #[error(
        "the {role} of {name}@{version} is {found} ({found_size} bytes), but its record says {expected} ({expected_size} bytes)"
    )]
    Digest {
        /// Which of the release's files.
        role: Role,
        /// The package whose release it is of.
        name: PackageName,
        /// The version of that release.
        version: Version,
        /// The digest in the record.
        expected: Digest,
        /// The size in the record.
        expected_size: u64,
        /// The digest of the bytes.
        found: Digest,
        /// How many bytes there are.
        found_size: u64,
    },
    /// The operator took the content away.
    #[error("the {role} of {name}@{version} was withdrawn by the registry's operator: {reason}")]
    Withdrawn {
        /// Which of the release's files.
        role: Role,
        /// The package whose release it was of.
        name: PackageName,
        /// The version of that release.
        version: Version,
        /// The reason, as it was given.
        reason: String,
    },
    /// A component in a WIT package's release, or the other way round.
    #[error("the content of {name}@{version} is a {found}, but the package is of kind {expected}")]
    Kind {
        /// The package whose release it is of.
        name: PackageName,
        /// The version of that release.
        version: Version,
        /// The package's kind.
        expected: Kind,
        /// What the bytes are.
        found: Kind,
    },
    /// The bytes say otherwise than the record.
    #[error("the content of {name}@{version} contradicts its record: {what} {}", list(.only_content, .only_record))]
    Contradiction {
        /// The package whose release it is of.
        name: PackageName,
        /// The version of that release.
        version: Version,
        /// Imports, exports, requirements or name.
        what: &'static str,
        /// What only the bytes say.
        only_content: Vec<String>,
        /// What only the record says.
        only_record: Vec<String>,
    },
}

/// How many names of a side a message shows: a component may have tens of thousands.
const SHOWN: usize = 10;

fn list(only_content: &[String], only_record: &[String]) -> String {
    let side = |side: &str, items: &[String]| match items {
        [] => String::new(),
        items => match items.split_at_checked(SHOWN) {
            Some((first, rest)) if !rest.is_empty() => alloc::format!(
                " {side} says {}, and {} more;",
                first.join(", "),
                rest.len()
            ),
            _ => alloc::format!(" {side} says {};", items.join(", ")),
        },
    };
    let sides = [
        side("only the content", only_content),
        side("only the record", only_record),
    ];
    sides.concat().trim_matches([' ', ';']).to_string()
}

/// The bytes of a release, checked against its record.
#[derive(Debug, Clone)]
pub struct Content {
    digest: Digest,
    /// Shared with who keeps them.
    bytes: Arc<Vec<u8>>,
    derived: Derived,
}

impl Content {
    /// Takes bytes for the content of a release: same size, same digest, not withdrawn, and what `derive` finds in them is
    /// what the record says.
    ///
    /// # Errors
    /// Bytes that are not that; whatever `derive` says.
    pub fn open<E>(
        name: &PackageName,
        release: &Release,
        bytes: impl Into<Arc<Vec<u8>>>,
        derive: impl FnOnce(&[u8]) -> Result<Derived, E>,
    ) -> Result<Result<Self, ContentError>, E> {
        let bytes = bytes.into();
        if let Err(error) = check_bytes(name, release, &bytes) {
            return Ok(Err(error));
        }
        let derived = derive(&bytes)?;
        Ok(check_derived(name, release, &derived).map(|()| Self {
            digest: *release.digest(),
            bytes,
            derived,
        }))
    }

    /// The SHA-256 of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes whose digest and size the record has.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.bytes)
    }

    /// What they are.
    pub fn derived(&self) -> &Derived {
        &self.derived
    }
}

/// A lock or bundle of a release, checked against its record.
///
/// The bytes are those that the publisher signed for; what they say is a claim like any other.
#[derive(Debug, Clone)]
pub struct Attached {
    bytes: Arc<Vec<u8>>,
}

impl Attached {
    /// Takes bytes for the lock or bundle of a release; none where its record has none: same size, same digest, and not
    /// withdrawn by the operator.
    ///
    /// # Errors
    /// Bytes that are not that.
    pub fn open(
        name: &PackageName,
        release: &Release,
        role: Role,
        operator: &operator::Log,
        bytes: impl Into<Arc<Vec<u8>>>,
    ) -> Result<Option<Self>, ContentError> {
        let bytes = bytes.into();
        let Some(Attachment { digest, size }) = release.attachment(role) else {
            return Ok(None);
        };
        check_kept(name, release, role, operator.withdrawn(&digest))?;
        check_digest(name, release, role, (&digest, size), &bytes)?;
        Ok(Some(Self { bytes }))
    }

    /// The bytes, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.bytes)
    }
}

/// Checks that bytes have the size and digest that a release's record says, and were not withdrawn. What they are is not
/// looked at: for releases that are kept for the record only.
///
/// # Errors
/// Bytes that are not that.
pub fn check_bytes(
    name: &PackageName,
    release: &Release,
    bytes: &[u8],
) -> Result<(), ContentError> {
    check_kept(name, release, Role::Content, release.withdrawn())?;
    let said = (release.digest(), release.size());
    check_digest(name, release, Role::Content, said, bytes)
}

fn check_kept(
    name: &PackageName,
    release: &Release,
    role: Role,
    withdrawn: Option<&str>,
) -> Result<(), ContentError> {
    match withdrawn {
        None => Ok(()),
        Some(reason) => Err(ContentError::Withdrawn {
            role,
            name: name.clone(),
            version: release.version().clone(),
            reason: reason.to_string(),
        }),
    }
}

fn check_digest(
    name: &PackageName,
    release: &Release,
    role: Role,
    (expected, expected_size): (&Digest, u64),
    bytes: &[u8],
) -> Result<(), ContentError> {
    let found_size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let found = Digest::of(bytes);
    if found_size == expected_size && found == *expected {
        return Ok(());
    }
    Err(ContentError::Digest {
        role,
        name: name.clone(),
        version: release.version().clone(),
        expected: *expected,
        expected_size,
        found,
        found_size,
    })
}

fn check_derived(
    name: &PackageName,
    release: &Release,
    derived: &Derived,
) -> Result<(), ContentError> {
    let contradiction = |what, content: Vec<String>, record: Vec<String>| {
        let only = |these: &[String], those: &[String]| {
            let only = these.iter().filter(|item| !those.contains(item));
            only.cloned().collect::<Vec<_>>()
        };
        let (only_content, only_record) = (only(&content, &record), only(&record, &content));
        if only_content.is_empty() && only_record.is_empty() {
            return Ok(());
        }
        Err(ContentError::Contradiction {
            name: name.clone(),
            version: release.version().clone(),
            what,
            only_content,
            only_record,
        })
    };
    if derived.kind() != release.kind() {
        return Err(ContentError::Kind {
            name: name.clone(),
            version: release.version().clone(),
            expected: release.kind(),
            found: derived.kind(),
        });
    }
    match derived {
        Derived::Component { imports, exports } => {
            contradiction("imports:", texts(imports), texts(release.imports()))?;
            contradiction("exports:", texts(exports), texts(release.exports()))
        }
        Derived::Wit {
            name: found,
            version,
            requirements,
        } => {
            let id = |name: &PackageName, version: &Version| {
                Vec::from([alloc::format!("{name}@{}", without_build(version))])
            };
            contradiction(
                "name and version:",
                id(found, version),
                id(name, release.version()),
            )?;
            contradiction(
                "requirements:",
                texts(requirements),
                texts(release.requirements()),
            )
        }
    }
}

fn texts(set: &BTreeSet<impl ToString>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}
