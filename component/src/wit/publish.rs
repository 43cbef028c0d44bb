//! From a folder of WIT to the content of a release.
//!
//! The name and version are the text's own; the content is the binary form; requirements are read back from those
//! bytes, so a publisher and everyone who fetches see the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;
use transparency::requirement::Requirement;
use wit_component::encode;
use wit_parser::{PackageId, PackageName as WitName, Resolve};

use super::binary::{BinaryError, Decoded, MAX_WIT, Refusal};
use super::guard::{GaveUp, guarded};
use super::size;
use super::text::{Group, Groups, Location, TextError};

/// A folder or file that cannot be published as a WIT package.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Its text, or one that it refers to.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Nothing to publish there.
    #[error("{} holds no .wit file", path.display())]
    Empty {
        /// The folder without texts.
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
    /// Its text declares nothing, so there is nothing that a content could hold.
    #[error("`{package}` holds no interface and no world")]
    NoContents {
        /// The package version.
        package: String,
        /// Where it is declared.
        location: Option<Location>,
    },
    /// It is sound, and may not be released.
    #[error("{why}")]
    Refused {
        /// The package version.
        package: String,
        /// The rule that it breaks.
        why: Box<Refusal>,
        /// Where that is, in a text.
        location: Option<Location>,
    },
}

impl PublishError {
    /// The same, at the location where a text declares the package, unless it has a better one.
    #[must_use]
    pub fn declared_in(mut self, text: Option<&Group>, name: &WitName) -> Self {
        match &mut self {
            Self::NoContents { location, .. } | Self::Refused { location, .. } => {
                if location.is_none() {
                    *location = text.and_then(|text| text.declaration(name));
                }
            }
            Self::Text(_)
            | Self::Empty { .. }
            | Self::Encode { .. }
            | Self::GaveUp(_)
            | Self::Binary(_) => {}
        }
        self
    }
}

/// A WIT package, ready to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitPackage {
    /// From its text.
    pub name: PackageName,
    /// From its text.
    pub version: Version,
    /// The binary form.
    pub bytes: Vec<u8>,
    /// What its text refers to.
    pub requirements: BTreeSet<Requirement>,
}

impl WitPackage {
    /// It as a text, whose path is for messages only.
    ///
    /// # Errors
    /// Bytes that do not print.
    pub fn text(&self, path: &Path) -> Result<Group, PublishError> {
        let text = Decoded::open(&self.bytes)?.print()?;
        Ok(Group::parse(path, &text)?)
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
            location: None,
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

/// The binary forms of the packages of the group that declares one of them.
///
/// # Errors
/// Texts that do not resolve, with all features or with fewer.
pub(super) fn encode_group(groups: &Groups, name: &WitName) -> Result<Contents, PublishError> {
    let Some(resolve) = groups.resolve_as_printed(name)? else {
        return Ok(Contents::new());
    };
    groups.check_gates(name)?;
    let names = groups.get(name).into_iter().flat_map(Group::names);
    let encoded = names.filter_map(|name| {
        let id = resolve.package_names.get(name)?;
        Some((name.clone(), encode_package(&resolve, *id, name)))
    });
    Ok(encoded.collect())
}

/// The binary forms of packages, or why one has none.
pub type Contents = BTreeMap<WitName, Result<Vec<u8>, PublishError>>;

fn encode_package(
    resolve: &Resolve,
    id: PackageId,
    name: &WitName,
) -> Result<Vec<u8>, PublishError> {
    let package = &resolve.packages[id];
    if package.interfaces.is_empty() && package.worlds.is_empty() {
        return Err(PublishError::NoContents {
            package: name.to_string(),
            location: None,
        });
    }
    let limit = usize::try_from(MAX_WIT).unwrap_or(usize::MAX);
    if guarded(|| size::exceeds(resolve, id, limit))? {
        return Err(BinaryError::TooLarge.into());
    }
    guarded(|| encode(resolve, id, false))?.map_err(|error| PublishError::Encode {
        package: name.to_string(),
        message: format!("{error:#}"),
    })
}
