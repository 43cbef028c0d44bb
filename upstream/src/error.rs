//! Why an upstream does not bring what was asked for.

use std::io;
use std::path::PathBuf;

use std::error::Error;

use component::content::ContentError;
use component::wit::publish::PublishError;
use component::wit::text::TextError;
use registry::fetch::FetchError;
use registry::http::Url;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;

use crate::crates::CrateError;
use crate::document::manifest::OciManifestError;
use crate::document::metadata::MetadataError;
use crate::document::token::NoToken;
use crate::login::LoginUse;
use crate::tree::ImportError;

/// Why an upstream does not bring what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// There is no such package.
    #[error("{upstream} has no package `{package}`")]
    NoPackage {
        /// The package that was asked for.
        package: PackageName,
        /// The address of the upstream.
        upstream: String,
    },
    /// The package has no such version.
    #[error("{upstream} has no `{package}@{version}`")]
    NoVersion {
        /// The package that was asked for.
        package: PackageName,
        /// The version that was asked for.
        version: Version,
        /// The address of the upstream.
        upstream: String,
    },
    /// The upstream lets nobody see whether there is such a package.
    #[error("{upstream} has no package `{package}`, or it is private{login}")]
    AbsentOrPrivate {
        /// The package that was asked for.
        package: PackageName,
        /// The address of the upstream.
        upstream: String,
        /// What became of this user's login.
        login: LoginUse,
    },
    /// What a server did not bring.
    #[error("cannot fetch {address}")]
    Fetch {
        /// The address that was asked.
        address: String,
        /// Why the last try failed.
        #[source]
        source: Box<FetchError>,
    },
    /// An answer that makes no sense.
    #[error("{address} was answered with {status}")]
    Status {
        /// The address that was asked.
        address: String,
        /// The status of the answer.
        status: u16,
    },
    /// An answer that is not what it should be.
    #[error("what {address} answered does not read")]
    Json {
        /// The address that was asked.
        address: String,
        /// Where, and what is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The list of tags goes on where it cannot.
    #[error("the list of tags at {address} goes on at {to}, which is not followed")]
    Link {
        /// The address of the list.
        address: String,
        /// Where it would go on.
        to: String,
    },
    /// A list of tags without an end.
    #[error("{upstream} has more tags for `{package}` than are read")]
    TooManyTags {
        /// The package that was asked for.
        package: PackageName,
        /// The address of the upstream.
        upstream: String,
    },
    /// A host that does not say where its packages lie.
    #[error(
        "{host} does not say in which OCI registry its packages lie: it has no `/.well-known/wasm-pkg/registry.json`"
    )]
    NoMetadata {
        /// The host that was asked.
        host: String,
    },
    /// A host that says it in a way that cannot be followed.
    #[error("{address} does not say in which OCI registry packages lie")]
    Metadata {
        /// The address of what it says.
        address: String,
        /// Why it does not.
        #[source]
        source: Box<MetadataError>,
    },
    /// A crate that cannot be had.
    #[error("cannot fetch {address}")]
    Crate {
        /// The crate and its version.
        address: String,
        /// Why it does not come.
        #[source]
        source: Box<CrateError>,
    },
    /// The registry wants a token, and none is to be got.
    #[error("{host} wants a token, and none was got")]
    NoToken {
        /// The host of the registry.
        host: String,
        /// Why none was got.
        #[source]
        source: Box<NoToken>,
    },
    /// This user's login cannot be had.
    #[error("cannot get the login for {host}")]
    Login {
        /// The host of the registry.
        host: String,
        /// What its keeper says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A manifest that leads to no content.
    #[error("{reference} is no component and no WIT package, as OCI registries have them")]
    Manifest {
        /// The package version.
        reference: String,
        /// Why it leads to none.
        #[source]
        source: Box<OciManifestError>,
    },
    /// What a manifest names is not there.
    #[error("{reference} names {digest}, which is not there")]
    NoBlob {
        /// The package version.
        reference: String,
        /// What is missing.
        digest: Digest,
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
        /// What the bytes say.
        found: String,
    },
    /// Two texts for one package version.
    #[error("{} and {} declare `{package}`, and differ", first.display(), second.display())]
    TwoTexts {
        /// The package version.
        package: String,
        /// A file or folder.
        first: PathBuf,
        /// Another file or folder.
        second: PathBuf,
    },
    /// A text refers to a package that lies elsewhere.
    #[error("`{user}` refers to `{package}`, which {upstream} does not have")]
    Unmet {
        /// The package version whose text refers.
        user: String,
        /// The package version that it refers to.
        package: String,
        /// The address of the upstream.
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
        /// Where it should lie.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl UpstreamError {
    pub(crate) fn fetch(url: &Url, source: FetchError) -> Self {
        Self::Fetch {
            address: without_query(url),
            source: Box::new(source),
        }
    }

    /// Whether an answer had more bytes than it might.
    pub(crate) fn is_too_large(&self) -> bool {
        let Self::Fetch { source, .. } = self else {
            return false;
        };
        matches!(**source, FetchError::TooLarge { .. })
    }

    pub(crate) fn status(url: &Url, status: u16) -> Self {
        Self::Status {
            address: without_query(url),
            status,
        }
    }

    pub(crate) fn json(url: &Url, source: serde_json::Error) -> Self {
        Self::Json {
            address: without_query(url),
            source,
        }
    }
}

/// An address for messages.
pub(crate) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
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
