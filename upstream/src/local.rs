//! A folder in wkg's layout, as its `local` backend has it: `root/<namespace>/<name>/<version>.wasm`.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use component::content::MAX_CONTENT;
use registry::file;
use semver::Version;
use transparency::name::PackageName;
use transparency::version::parse_version;

use crate::Upstream;
use crate::error::UpstreamError;
use crate::fetched::{Claims, Fetched};
use crate::folder::{entries, has_extension};
use crate::listing::Listing;

/// Packages in such a folder.
#[derive(Debug, Clone)]
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// The folder, of which nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn folder(&self, package: &PackageName) -> PathBuf {
        self.root
            .join(package.namespace_text())
            .join(package.name())
    }

    fn absent(&self, package: &PackageName) -> UpstreamError {
        UpstreamError::NoPackage {
            package: package.clone(),
            upstream: self.to_string(),
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local:{}", self.root.display())
    }
}

/// The last part of a path, as text.
fn word(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

impl Upstream for Local {
    fn packages(&self) -> Result<Option<BTreeSet<PackageName>>, UpstreamError> {
        let mut found = BTreeSet::new();
        for namespace in entries(&self.root)?
            .into_iter()
            .filter(|path| path.is_dir())
        {
            for folder in entries(&namespace)?
                .into_iter()
                .filter(|path| path.is_dir())
            {
                let words = word(&namespace).zip(word(&folder));
                let name = words.and_then(|(namespace, name)| {
                    format!("{namespace}:{name}").parse::<PackageName>().ok()
                });
                found.extend(name);
            }
        }
        Ok(Some(found))
    }

    fn versions(&self, package: &PackageName) -> Result<Listing, UpstreamError> {
        let mut listing = Listing::default();
        for path in entries(&self.folder(package))? {
            if !has_extension(&path, "wasm") {
                continue;
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            match parse_version(&stem) {
                Ok(version) => {
                    listing.versions.insert(version);
                }
                Err(_) => listing.others.push(stem.into_owned()),
            }
        }
        if listing.versions.is_empty() {
            return Err(self.absent(package));
        }
        Ok(listing)
    }

    fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, UpstreamError> {
        let path = self.folder(package).join(format!("{version}.wasm"));
        let bytes = match file::read(&path, MAX_CONTENT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(UpstreamError::NoVersion {
                    package: package.clone(),
                    version: version.clone(),
                    upstream: self.to_string(),
                });
            }
            Err(error) => {
                return Err(UpstreamError::Read {
                    source: file::explained(&path, error),
                    path,
                });
            }
        };
        let claims = Claims {
            reference: path.display().to_string(),
            ..Claims::default()
        };
        Fetched::open(package, version, bytes, claims)
    }
}
