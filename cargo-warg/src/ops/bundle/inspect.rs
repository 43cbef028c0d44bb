//! What a component says of itself: its imports and exports, and where it is a bundle, what is inside.
//!
//! Nothing is read but its bytes, and nothing of what they say is verified.

use std::collections::BTreeSet;

use transparency::digest::Digest;
use transparency::name::ExternName;

use crate::error::{Classified as _, Error, Result};
use crate::ops::bundle::embedded::{BundleError, LockedBundle};
use component::bundle::EmbeddedError;
use component::content::Interface;

/// A component, as it says of itself.
#[derive(Debug)]
pub struct Inspected {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: usize,
    /// What is inside, where it says so.
    pub bundle: Option<LockedBundle>,
    /// What it wants of the host.
    pub imports: BTreeSet<ExternName>,
    /// What it exports.
    pub exports: BTreeSet<ExternName>,
}

/// Reads a component.
///
/// # Errors
/// Bytes that are no valid component; a bundle that was changed after it was made, or is of a later encoding.
pub fn inspect(content: &[u8]) -> Result<Inspected> {
    let bundle = match LockedBundle::open(content) {
        Ok(bundle) => Some(bundle),
        Err(BundleError::Embedded(EmbeddedError::Missing)) => None,
        Err(error) => return Err(Error::classified(error)),
    };
    let Interface { imports, exports } = Interface::of_component(content).classified()?;
    Ok(Inspected {
        digest: Digest::of(content),
        size: content.len(),
        bundle,
        imports,
        exports,
    })
}
