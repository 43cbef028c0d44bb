//! The claims of a lock that do not hold, and how they are told of whose lock it is.

use registry::client::ClientError;
use resolver::cutoff::Cutoff;
use resolver::index::Address;
use transparency::name::{ExternName, Origin};
use transparency::number::Time;
use transparency::selection::Selection;

use crate::error::{Class, Classify, Error};
use crate::lock_file::LockFile;
use component::span::Location;

/// A claim of the lock that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// A package of another registry than the one that its namespace has here.
    #[error(
        "the lock takes {selection} from `{found}`, but here that name belongs to `{expected}`"
    )]
    OtherRegistry {
        /// What is locked.
        selection: Selection,
        /// The registry in the lock.
        found: Origin,
        /// The registry that Cargo.toml gives the namespace.
        expected: String,
    },
    /// No such package.
    #[error("the lock has {selection}, but `{}` is proved not to be in `{}`", address.name, address.origin)]
    NoPackage {
        /// What is locked.
        selection: Selection,
        /// The package.
        address: Address,
    },
    /// The package has another kind.
    #[error("the lock has {selection}, but that package is a {found}")]
    Kind {
        /// What is locked.
        selection: Selection,
        /// What it is.
        found: &'static str,
    },
    /// No such version.
    #[error("the lock has {selection}, but `{}` has no such release in `{}`", address.name, address.origin)]
    NoRelease {
        /// What is locked.
        selection: Selection,
        /// The package.
        address: Address,
    },
    /// A release that is what the lock says in all but one thing.
    #[error(
        "the lock says that the {what} of {selection} is {claimed}, but in the package log it is {found}"
    )]
    Differs {
        /// What is locked.
        selection: Selection,
        /// Digest, record or requirements.
        what: &'static str,
        /// What the lock says.
        claimed: String,
        /// What the log says.
        found: String,
    },
    /// A release that does not export what the member asks of it.
    #[error(
        "the lock has {selection} for `{by}`, which asks it for `{export}`, but the release does not export that"
    )]
    NotExported {
        /// What is locked.
        selection: Selection,
        /// The member, or the package.
        by: String,
        /// What it asks for.
        export: ExternName,
    },
    /// A release that the lock's own `exclude-newer` leaves aside.
    #[error(
        "the lock says `exclude-newer` {cutoff}, but has {selection}, which was released at {time}"
    )]
    TooNew {
        /// What is locked.
        selection: Selection,
        /// What the lock says.
        cutoff: Cutoff,
        /// When it was released.
        time: Time,
        /// Whether the registry's clock was ever set right.
        was_set: bool,
    },
    /// A release that nobody can use.
    #[error("{selection} is locked, but is not usable: {reason}")]
    Unusable {
        /// What is locked.
        selection: Selection,
        /// Why nobody can use it.
        reason: String,
    },
    /// A content that the operator took away.
    #[error(
        "{selection} is locked, but its content was withdrawn by the registry's operator: {reason}"
    )]
    Withdrawn {
        /// What is locked.
        selection: Selection,
        /// The operator's words.
        reason: String,
    },
}

/// What to do about a lock that says what no log says.
const EDITED: &str = "warg.lock was edited, or its registry says something else than it did: restore the lock where it is not \
                      what is in version control; else keep it, for it is evidence, and ask the registry's operator";

impl Classify for ClaimError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Withdrawn { selection, .. } | Self::Unusable { selection, .. } => format!(
                "`cargo warg update {}` moves off it, where another release will do",
                selection.name
            ),
            Self::OtherRegistry { .. } => OTHER_TABLE.to_owned(),
            Self::TooNew {
                selection,
                was_set: true,
                ..
            } => format!(
                "the registry's operator set its clock right: two locks of before and after that, merged, may say this, and \
                 so may one that was edited. `cargo warg update {}` moves off it, or allow it in `exclude-newer-package`",
                selection.name
            ),
            _ => EDITED.to_owned(),
        })
    }
}

/// What to do about a lock that was made under another table of namespaces.
const OTHER_TABLE: &str = "this project's table decides: if the lock is right, write the namespace into \
                           [workspace.metadata.warg.namespaces]";

/// What to do about a lock of a release or bundle that says so.
const DISTRUST: &str =
    "whoever made it vouched for something that does not hold: tell them, and do not rely on it";

/// Which lock it is.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'f> {
    /// The workspace's own, or a member's part of it.
    Workspace(&'f LockFile),
    /// One that a release or a bundle carries.
    Carried,
}

impl Whose<'_> {
    /// The failure as it is told of this lock: only the workspace's is a file with lines, and can be mended.
    pub(super) fn refusal(self, error: ClaimError) -> Error {
        match (self, &error) {
            (Self::Workspace(_), _) | (Self::Carried, ClaimError::OtherRegistry { .. }) => {
                Error::classified(error)
            }
            (Self::Carried, ClaimError::Withdrawn { .. } | ClaimError::Unusable { .. }) => {
                Error::new(Class::Refused, error)
            }
            (Self::Carried, _) => Error::new(Class::Refused, error).with_help(DISTRUST),
        }
    }

    /// A failure of the registry, with what to do where it may be the lock that is wrong: only what the registry was asked to
    /// prove of the lock says so.
    pub(super) fn accused(self, error: Error) -> Error {
        match (error.cause(), self) {
            (Some(ClientError::NotIncluded { .. }), Self::Workspace(_)) => error.with_help(EDITED),
            (
                Some(ClientError::NotPrefix { .. } | ClientError::NotIncluded { .. }),
                Self::Carried,
            ) => error.with_help(DISTRUST),
            _ => error,
        }
    }

    /// The line that names a locked package.
    pub(super) fn location(self, selection: &Selection) -> Option<Location> {
        match self {
            Self::Workspace(file) => file.location(selection),
            Self::Carried => None,
        }
    }
}

impl ClaimError {
    pub(super) fn selection(&self) -> &Selection {
        match self {
            Self::OtherRegistry { selection, .. }
            | Self::NoPackage { selection, .. }
            | Self::Kind { selection, .. }
            | Self::NoRelease { selection, .. }
            | Self::Differs { selection, .. }
            | Self::NotExported { selection, .. }
            | Self::TooNew { selection, .. }
            | Self::Unusable { selection, .. }
            | Self::Withdrawn { selection, .. } => selection,
        }
    }
}
