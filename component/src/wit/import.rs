//! A package version that is released as it is, be it from a text or from its binary form.
//!
//! An import keeps what is: a package that publishing would refuse is returned with its bytes and the reason, so that
//! it can be released as unusable.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;
use transparency::requirement::Requirement;
use wit_parser::PackageName as WitName;

use super::binary::{Decoded, Refusal, release_name};
use super::publish::PublishError;

/// A package version to be released.
#[derive(Debug)]
pub struct Imported {
    /// From its text.
    pub name: PackageName,
    /// From its text.
    pub version: Version,
    /// The binary form.
    pub bytes: Vec<u8>,
    /// What its text refers to; or why it can only be released as unusable.
    pub requirements: Result<BTreeSet<Requirement>, Refusal>,
    /// The folder or file that declares it.
    pub path: PathBuf,
}

impl Imported {
    /// Reads what a package says of itself.
    ///
    /// # Errors
    /// Bytes that do not decode, and a name or version that no registry can hold.
    pub fn open(bytes: Vec<u8>, path: &Path) -> Result<Self, PublishError> {
        let decoded = Decoded::open(&bytes)?;
        let (name, version) = declared(decoded.name())?;
        Ok(Self {
            name,
            version,
            requirements: decoded.requirements(),
            bytes,
            path: path.to_owned(),
        })
    }
}

/// The name and version that a package would be released under, before anything is made of it.
///
/// # Errors
/// A name or version that a registry cannot hold.
pub fn declared(name: &WitName) -> Result<(PackageName, Version), PublishError> {
    release_name(name).map_err(|why| PublishError::Refused {
        package: name.to_string(),
        why: Box::new(why),
        location: None,
    })
}
