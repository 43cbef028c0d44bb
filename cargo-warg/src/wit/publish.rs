//! From a folder of WIT to the content of a release.
//!
//! The name and version are the text's own; the content is the binary form; requirements are read back from those
//! bytes, so a publisher and everyone who fetches see the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;
use transparency::release::Requirement;
use wit_component::encode;
use wit_parser::PackageName as WitName;

use super::binary::{BinaryError, Decoded, Refusal};
use super::text::{GaveUp, Group, Groups, TextError, entries, guarded, has_extension};

/// A folder or file that cannot be published as a WIT package.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Its text, or one that it refers to.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Nothing to publish there.
    #[error("{} holds no .wit file", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// It resolves, but cannot be encoded.
    #[error("`{package}` cannot be encoded: {message}")]
    Encode {
        /// The package version.
        package: String,
        /// The encoder's words.
        message: String,
    },
    /// The encoder met input that it does not expect.
    #[error("the package cannot be encoded")]
    GaveUp(#[from] GaveUp),
    /// Its binary form does not decode.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// It is sound, and may not be released.
    #[error("{why}")]
    Refused {
        /// The package version.
        package: String,
        /// Why not.
        why: Box<Refusal>,
    },
}

/// A WIT package, ready to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// From its text.
    pub name: PackageName,
    /// From its text.
    pub version: Version,
    /// The binary form.
    pub bytes: Vec<u8>,
    /// What its text refers to.
    pub requirements: BTreeSet<Requirement>,
}

impl Package {
    /// Reads and encodes the package of a `wit/` folder or of one `.wit` file. What it refers to is taken from the
    /// folder's `deps`, or from beside it where it lies in a `deps` itself.
    ///
    /// # Errors
    /// Texts that do not parse or resolve, and what may not be released.
    pub fn read(path: &Path) -> Result<Self, PublishError> {
        let group = if path.is_dir() {
            Group::read_dir(path)?.ok_or_else(|| PublishError::Empty {
                path: path.to_owned(),
            })?
        } else {
            Group::read_file(path)?
        };
        let name = group.name().clone();
        let mut groups = Groups::default();
        groups.insert(group)?;
        let beside = path
            .parent()
            .filter(|parent| parent.file_name().is_some_and(|name| name == "deps"));
        for folder in [
            Some(path.join("deps").as_path()).filter(|_| path.is_dir()),
            beside,
        ]
        .into_iter()
        .flatten()
        {
            for entry in entries(folder)? {
                if entry == path {
                    continue;
                }
                if let Some(group) = read_entry(&entry)? {
                    groups.insert(group)?;
                }
            }
        }
        Self::open(encode_package(&groups, &name)?)
    }

    /// Opens a package that is in its binary form already.
    ///
    /// # Errors
    /// What does not decode, and what may not be released.
    pub fn open(bytes: Vec<u8>) -> Result<Self, PublishError> {
        let decoded = Decoded::open(&bytes)?;
        let refused = |source: Refusal| PublishError::Refused {
            package: decoded.name().to_string(),
            why: Box::new(source),
        };
        let (name, version) = decoded.declares().map_err(refused)?;
        let requirements = decoded.requirements().map_err(refused)?;
        Ok(Self {
            name,
            version,
            bytes,
            requirements,
        })
    }
}

/// The group of a folder's `deps` entry; none for what is no WIT text.
fn read_entry(entry: &Path) -> Result<Option<Group>, TextError> {
    if entry.is_dir() {
        Group::read_dir(entry)
    } else if has_extension(entry, "wit") {
        Group::read_file(entry).map(Some)
    } else {
        Ok(None)
    }
}

/// The binary form of one of the packages.
pub(super) fn encode_package(groups: &Groups, name: &WitName) -> Result<Vec<u8>, PublishError> {
    let Some((resolve, id)) = groups.resolve(name)? else {
        return Err(PublishError::Encode {
            package: name.to_string(),
            message: "no such package".to_owned(),
        });
    };
    guarded(|| encode(&resolve, id, false))?.map_err(|error| PublishError::Encode {
        package: name.to_string(),
        message: format!("{error:#}"),
    })
}
