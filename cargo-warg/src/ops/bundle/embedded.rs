//! A bundle with the lock that it carries: read, and each of its components found in that lock.
//!
//! All of that is a claim until the bundle was made again from verified contents.

use std::collections::BTreeMap;

use component::bundle::{self, Embedded, EmbeddedError, Nested};
use resolver::lockfile::{Lockfile, ReadError};
use transparency::digest::Digest;
use transparency::name::Kind;
use transparency::selection::Selection;

use crate::error::{Class, Classify};

/// Why a component is no bundle whose lock could be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It does not say what is in it.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The lock does not read.
    #[error("the lock in the bundle does not read")]
    Lock(#[source] ReadError),
    /// The lock is not of one root.
    #[error("the lock in the bundle is of {count} roots, not of one")]
    Roots {
        /// How many.
        count: usize,
    },
    /// A component in it that the lock does not name.
    #[error("a component in the bundle is not one that it names: it has {digest}")]
    Unnamed {
        /// What it has.
        digest: Digest,
    },
}

impl Classify for BundleError {
    fn class(&self) -> Class {
        match self {
            Self::Embedded(error) => error.class(),
            Self::Lock(_) | Self::Roots { .. } | Self::Unnamed { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Embedded(error) => error.help(),
            Self::Lock(_) | Self::Roots { .. } | Self::Unnamed { .. } => Some(
                "it was changed after it was made: get it from where it was made, or bundle it again"
                    .to_owned(),
            ),
        }
    }
}

/// A bundle, as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedBundle {
    /// Its section, and where its components lie.
    pub embedded: Embedded,
    /// The lock in the section: of one root.
    pub lock: Lockfile,
    /// The packages of the lock that have each digest; local ones have none.
    named: BTreeMap<Digest, Vec<Selection>>,
}

impl LockedBundle {
    /// Reads what a bundle says of itself, and looks whether the components in it are those that its lock names.
    ///
    /// # Errors
    /// No component; no section, or several; a section that no cargo warg writes; other components than it names.
    pub fn open(bytes: &[u8]) -> Result<Self, BundleError> {
        let embedded = bundle::open(bytes)?;
        let lock: Lockfile = embedded.lock.parse().map_err(BundleError::Lock)?;
        if lock.roots.len() != 1 {
            return Err(BundleError::Roots {
                count: lock.roots.len(),
            });
        }
        let (named, mut locals) = named(&lock);
        let bundle = Self {
            embedded,
            lock,
            named,
        };
        for nested in &bundle.embedded.nested {
            if nested.digest == bundle.embedded.root || !bundle.packages(nested).is_empty() {
                continue;
            }
            // A local package has no digest in a lock.
            locals = locals.checked_sub(1).ok_or(BundleError::Unnamed {
                digest: nested.digest,
            })?;
        }
        Ok(bundle)
    }

    /// The name of the root, as its lock has it.
    pub fn name(&self) -> &str {
        self.lock.only_root().map_or("", |(name, _)| name)
    }

    /// Which packages of the lock a component in it is; none of the root, and of local packages.
    pub fn packages(&self, nested: &Nested) -> &[Selection] {
        self.named.get(&nested.digest).map_or(&[], Vec::as_slice)
    }
}

/// The components of a lock by digest, and how many of them are local.
fn named(lock: &Lockfile) -> (BTreeMap<Digest, Vec<Selection>>, usize) {
    let mut named: BTreeMap<Digest, Vec<Selection>> = BTreeMap::new();
    let mut locals = 0usize;
    let packages = lock.packages.iter();
    for (selection, package) in packages.filter(|(one, _)| one.kind == Kind::Component) {
        match &package.release {
            Some(release) => named
                .entry(release.digest)
                .or_default()
                .push(selection.clone()),
            None => locals = locals.saturating_add(1),
        }
    }
    (named, locals)
}
