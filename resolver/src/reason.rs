//! Why a version cannot be chosen after all.

use std::fmt;

use transparency::name::{Kind, Origin};
use transparency::number::Size;
use transparency::requirement::Requirement;

/// Why a version, or what stands for one, cannot be chosen after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No package of that name exists.
    Absent {
        /// The size of the log at which its absence was proved.
        size: Size,
    },
    /// It is of a registry that has no say.
    Outside,
    /// Its log breaks the rules.
    Refused {
        /// Which one, and where.
        reason: String,
    },
    /// No registry is configured for its namespace.
    NoRegistry {
        /// The one that the requirement names.
        said: Option<Origin>,
    },
    /// The requirement names another registry than the one of its namespace.
    OtherRegistry {
        /// The one that it names.
        said: Origin,
        /// The one of the namespace.
        here: Origin,
    },
    /// The package holds something else.
    OtherKind {
        /// What the package holds.
        actual: Kind,
    },
    /// It requires another version of its own track.
    Itself {
        /// The requirement on its own track.
        requirement: Requirement,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { size } => {
                write!(
                    f,
                    "does not exist (proved at the checkpoint of size {size})"
                )
            }
            Self::Outside => f.write_str("is of a registry that the lock has no checkpoint of"),
            Self::Refused { reason } => write!(f, "cannot be used: {reason}"),
            Self::NoRegistry { said: None } => {
                f.write_str("is of a namespace that no registry is configured for")
            }
            Self::NoRegistry { said: Some(said) } => write!(
                f,
                "is of a namespace that no registry is configured for (the requirement names `{said}`)"
            ),
            Self::OtherRegistry { said, here } => {
                write!(
                    f,
                    "belongs to `{here}` here, and the requirement names `{said}`"
                )
            }
            Self::OtherKind { actual } => write!(f, "is a {actual} package"),
            Self::Itself { requirement } => write!(f, "requires {requirement} of itself"),
        }
    }
}
