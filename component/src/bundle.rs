//! A closed set composed into one component, and what that component says of itself.
//!
//! [`wiring`] decides for each import who serves it. It follows the requirements: that some package in the closed set exports
//! a name is never enough. `host` makes one import of what several parts want of the host. `encoder` writes it all down.
//!
//! The bytes are a function of the parts, the wiring, the lock and the number of the [`FORMAT`]. No clock, path or name of
//! a tool has a part in them. So nothing here has to be trusted: a verifier makes the bundle again from verified contents
//! and compares the bytes.
//!
//! The rules stand in `docs/bundles.md`.

mod encoder;
mod error;
mod host;
mod outside;
mod section;
pub mod wiring;

use std::collections::{BTreeMap, BTreeSet};

use transparency::digest::Digest;
use transparency::name::{ExternName, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

pub use self::encoder::encode;
pub use self::error::{ComposeError, EmbeddedError, Part as PartName};
pub use self::section::{Embedded, MAX_SECTION, Nested, SECTION, open};
use self::wiring::Plan;

/// The number of the encoding, as the `bundle` line of a record has it. Any change that makes other bytes of the same closed
/// set takes the next number. What a number means never changes.
pub const FORMAT: u64 = 1;

/// One component of a closed set.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What it requires; of kind component only what it is wired to.
    pub requirements: &'a BTreeSet<Requirement>,
    /// The component's bytes, whole.
    pub content: &'a [u8],
}

/// Which package serves an import whatever the requirements say, by the import's name. An interface without a version
/// means all of its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wiring(pub BTreeMap<ExternName, PackageName>);

/// What is to be composed.
#[derive(Debug, Clone)]
pub struct Composition<'a> {
    /// The component that the closed set is for.
    pub root: Part<'a>,
    /// The SHA-256 of the root's content, as whoever read it found. The bundle says it; nothing here makes it anew.
    pub digest: Digest,
    /// The components that were selected for it.
    pub parts: BTreeMap<Selection, Part<'a>>,
    /// What the root redirects.
    pub wire: &'a Wiring,
    /// What messages call the root.
    pub name: &'a str,
    /// The lock of this root alone, its WIT packages too: the text that the bundle is to carry.
    pub lock: &'a str,
}

/// Makes one component of a closed set.
///
/// # Errors
/// An unknown format; parts that do not read; imports that the requirements do not settle; components that need each
/// other; types that do not go together.
pub fn compose(composition: &Composition<'_>, format: u64) -> Result<Vec<u8>, ComposeError> {
    if format != FORMAT {
        return Err(ComposeError::Format { format });
    }
    encode(&Plan::new(composition)?)
}
