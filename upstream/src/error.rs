//! Why an upstream does not bring what was asked for.

use std::io;
use std::path::PathBuf;

use component::content::ContentError;
use component::wit::publish::PublishError;
use component::wit::text::TextError;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;

use crate::tree::ImportError;

/// Why an upstream does not bring what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// There is no such package.
    #[error("{upstream} has no package `{package}`")]
    NoPackage {
        /// The package.
        package: PackageName,
        /// The upstream.
        upstream: String,
    },
    /// The package has no such version.
    #[error("{upstream} has no `{package}@{version}`")]
    NoVersion {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
        /// The upstream.
        upstream: String,
    },
    /// Bytes that are not those that their digest names.
    #[error("{reference} has {came}, and not {asked}")]
    Differs {
        /// Where they lie.
        reference: String,
        /// The digest that they should have.
        asked: Digest,
        /// The digest that they have.
        came: Digest,
    },
    /// Bytes that are no content of a package.
    #[error("{reference} is no component and no WIT package")]
    Content {
        /// Where they lie.
        reference: String,
        /// What they are.
        #[source]
        source: Box<ContentError>,
    },
    /// A WIT package that cannot be released.
    #[error("the WIT package in {reference} cannot be taken")]
    Wit {
        /// Where it lies.
        reference: String,
        /// What is wrong with it.
        #[source]
        source: Box<PublishError>,
    },
    /// The bytes are those of another package, or another version.
    #[error("{reference} should be `{asked}`, and its bytes say that they are `{found}`")]
    OtherPackage {
        /// Where they lie.
        reference: String,
        /// What was asked for.
        asked: String,
        /// What came.
        found: String,
    },
    /// Two texts for one package version.
    #[error("{} and {} declare `{package}`, and differ", first.display(), second.display())]
    TwoTexts {
        /// The package version.
        package: String,
        /// A file or folder.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// A text refers to a package that lies elsewhere.
    #[error("`{user}` refers to `{package}`, which {upstream} does not have")]
    Unmet {
        /// The package version whose text refers.
        user: String,
        /// The package version that it refers to.
        package: String,
        /// The upstream.
        upstream: String,
    },
    /// Folders of texts that hold nothing.
    #[error(transparent)]
    Texts(#[from] ImportError),
    /// A folder that cannot be listed.
    #[error(transparent)]
    Folder(#[from] TextError),
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Whether bytes are those that a digest names.
pub(crate) fn check_digest(
    reference: &str,
    asked: &Digest,
    bytes: &[u8],
) -> Result<(), UpstreamError> {
    let came = Digest::of(bytes);
    if came == *asked {
        return Ok(());
    }
    Err(UpstreamError::Differs {
        reference: reference.to_owned(),
        asked: *asked,
        came,
    })
}
