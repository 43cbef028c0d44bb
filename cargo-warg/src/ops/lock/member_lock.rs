//! The lock of one member, as a release or a bundle carries it.

use resolver::lockfile::{Lockfile, ReadError};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Classify};

/// Why the lock of a release is not one that the release could carry.
#[derive(Debug, thiserror::Error)]
pub enum MemberLockError {
    /// It is no lock.
    #[error("it is no lock as cargo warg writes it")]
    Read(#[from] ReadError),
    /// It is of no member, or of several.
    #[error("it has {roots} roots, and a release's lock has one")]
    Roots {
        /// How many.
        roots: usize,
    },
    /// It is written otherwise than cargo warg writes it: these bytes come out of no solve.
    #[error(
        "its bytes are not those that cargo warg writes: they say the same in another spelling"
    )]
    Spelling,
    /// It holds what it does not select.
    #[error("it holds `{held}`, which is no version that it selects")]
    Held {
        /// What is held.
        held: Requirement,
    },
    /// Something in it comes from a folder.
    #[error("it has {selection} from a folder, which nobody else has")]
    Folder {
        /// The package.
        selection: Selection,
    },
    /// It answers other requirements than the record states.
    #[error("it answers other requirements than the record has:{}{}", only("the lock", .lock), only("the record", .record))]
    Requirements {
        /// What only the lock has.
        lock: Vec<Requirement>,
        /// What only the record has.
        record: Vec<Requirement>,
    },
}

fn only(whose: &str, requirements: &[Requirement]) -> String {
    requirements.iter().fold(String::new(), |lines, one| {
        lines + "\n  only " + whose + ": " + &one.to_string()
    })
}

impl Classify for MemberLockError {
    fn class(&self) -> Class {
        match self {
            Self::Read(ReadError::Future { .. }) => Class::Other,
            Self::Read(_)
            | Self::Roots { .. }
            | Self::Spelling
            | Self::Held { .. }
            | Self::Folder { .. }
            | Self::Requirements { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read(ReadError::Future { .. }) => "update cargo warg".to_owned(),
            Self::Read(_)
            | Self::Roots { .. }
            | Self::Spelling
            | Self::Held { .. }
            | Self::Folder { .. }
            | Self::Requirements { .. } => DISTRUST.to_owned(),
        })
    }
}

/// What to do about a release whose lock does not hold.
const DISTRUST: &str =
    "the publisher signed a lock that does not hold: tell them, and do not rely on this release";

/// One root, nothing from a folder, and nothing held but what is selected: by what else is held, a publisher could keep
/// versions away and not say which.
pub(crate) fn check_shape(lock: &Lockfile) -> Result<(), MemberLockError> {
    let Some((_, root)) = lock.only_root() else {
        let roots = lock.roots.len();
        return Err(MemberLockError::Roots { roots });
    };
    let mut packages = lock.packages.iter();
    if let Some((selection, _)) = packages.find(|(_, package)| package.release.is_none()) {
        let selection = selection.clone();
        return Err(MemberLockError::Folder { selection });
    }
    match root.held_besides() {
        Some(held) => Err(MemberLockError::Held { held: held.clone() }),
        None => Ok(()),
    }
}
