//! What an upstream brings, and what it claims of it.

use std::collections::BTreeMap;
use std::path::Path;

use component::content::{self, ContentError};
use component::wit::import::Imported;
use registry::http::excerpt;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use transparency::version::without_build;

use crate::error::UpstreamError;

/// Bytes, and their digest, which was made of them here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// As they came.
    pub bytes: Vec<u8>,
    /// Of these bytes.
    pub digest: Digest,
}

impl Document {
    /// Takes these bytes, and makes their digest.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::of(&bytes),
            bytes,
        }
    }
}

/// What an upstream says of a release. Nobody signed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Where it lies: `ghcr.io/webassembly/wasi/http:0.2.3`, `crate:wasip2@=1.0.1`, a path.
    pub reference: String,
    /// The OCI manifest, which names the content's digest.
    pub manifest: Option<Document>,
    /// The OCI config, which the manifest names.
    pub config: Option<Document>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
    /// The digest of the crate's archive, as cargo checked it.
    pub checksum: Option<Digest>,
}

/// One version of a package, as an upstream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The package that was asked for. A WIT package has the same name in its bytes.
    pub name: PackageName,
    /// The version that was asked for, likewise.
    pub version: Version,
    /// What the bytes are.
    pub kind: Kind,
    /// The content's own bytes.
    pub bytes: Vec<u8>,
    /// Of these bytes.
    pub digest: Digest,
    /// What the upstream says of it.
    pub claims: Claims,
}

impl Fetched {
    /// Looks at what came for a package version.
    ///
    /// # Errors
    /// A core module, what is no WebAssembly, and a WIT package of another name or version. A component bears no name.
    pub(crate) fn open(
        name: &PackageName,
        version: &Version,
        bytes: Vec<u8>,
        claims: Claims,
    ) -> Result<Self, UpstreamError> {
        let refused = |source: ContentError| UpstreamError::Content {
            reference: claims.reference.clone(),
            source: Box::new(source),
        };
        let kind = content::kind_of(&bytes).map_err(refused)?;
        let bytes = match kind {
            Kind::Component => bytes,
            Kind::Wit => {
                let found = Imported::open(bytes, Path::new(&claims.reference));
                let found = found.map_err(|source| UpstreamError::Wit {
                    reference: claims.reference.clone(),
                    source: Box::new(source),
                })?;
                if (&found.name, without_build(&found.version)) != (name, without_build(version)) {
                    return Err(UpstreamError::OtherPackage {
                        reference: claims.reference,
                        asked: format!("{name}@{version}"),
                        found: excerpt(&format!("{}@{}", found.name, found.version)),
                    });
                }
                found.bytes
            }
        };
        Ok(Self {
            name: name.clone(),
            version: version.clone(),
            kind,
            digest: Digest::of(&bytes),
            bytes,
            claims,
        })
    }
}
