//! Composing a bundle again, from verified contents and what its lock says, and comparing byte by byte.

use std::collections::BTreeMap;

use transparency::content::Content;
use transparency::digest::Digest;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Classify, Result};
use crate::notice::Notice;
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::bundle::fetched;
use component::bundle::{Composition, Part, compose};

/// What came of composing a bundle again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuilt {
    /// The same bytes.
    Same {
        /// How many.
        size: u64,
    },
    /// The bundle is of an encoding that this build does not know.
    Unknown {
        /// Its number.
        format: u64,
    },
}

impl Rebuilt {
    /// That it was not composed again, if so.
    pub fn notice(self) -> Option<Notice> {
        match self {
            Self::Same { .. } => None,
            Self::Unknown { format } => Some(Notice::NotComposed { format }),
        }
    }
}

/// Why a bundle is not what its lock gives.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// It says something else of itself than it should.
    #[error("it says that its {what} is {found}, but it is {expected}")]
    Claim {
        /// Root or lock.
        what: &'static str,
        /// What it says.
        found: Digest,
        /// What the record says.
        expected: Digest,
    },
    /// Composing gives other bytes.
    #[error("composing again gives other bytes: byte {at} is the first that differs, in {part}")]
    Bytes {
        /// The first byte that differs, from 0.
        at: usize,
        /// Which part of the bundle it is in.
        part: String,
    },
}

impl Classify for RebuildError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn help(&self) -> Option<String> {
        Some(
            "it was not made from this closed set by cargo warg, or was changed since: do not run it; `cargo warg bundle` \
             makes it anew"
                .to_owned(),
        )
    }
}

/// Composes a bundle again, from the root that it names and the contents of its closed set, and compares.
///
/// # Errors
/// What cannot be composed; other bytes.
pub(crate) fn rebuild(
    bundle: &[u8],
    claimed: &LockedBundle,
    root: Part<'_>,
    contents: &BTreeMap<Selection, Content>,
) -> Result<Rebuilt> {
    let embedded = &claimed.embedded;
    let composition = Composition {
        root,
        digest: embedded.root,
        parts: fetched(&claimed.lock, contents)?,
        wire: &embedded.wire,
        name: claimed.name(),
        lock: &embedded.lock,
    };
    let again = compose(&composition, embedded.format).classified()?;
    if again == bundle {
        return Ok(Rebuilt::Same {
            size: u64::try_from(bundle.len()).unwrap_or(u64::MAX),
        });
    }
    let pairs = bundle.iter().zip(&again);
    let at = pairs.take_while(|(one, other)| one == other).count();
    let around = embedded.nested.iter().find(|one| one.range.contains(&at));
    let part = match around {
        Some(nested) if nested.digest == embedded.root => "the root".to_owned(),
        Some(nested) => {
            let packages = claimed.packages(nested).iter();
            let packages: Vec<_> = packages.map(ToString::to_string).collect();
            packages.join(" and ")
        }
        None => "what holds its components together".to_owned(),
    };
    Err(RebuildError::Bytes { at, part }).classified()
}
