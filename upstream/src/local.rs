//! A folder in wkg's layout, as its `local` backend has it: `root/<namespace>/<name>/<version>.wasm`.
//!
//! Links are followed within the folder alone.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use component::content::MAX_CONTENT;
use registry::file;
use registry::http::excerpt;
use semver::Version;
use transparency::name::PackageName;
use transparency::version::parse_version;

use crate::Upstream;
use crate::error::UpstreamError;
use crate::fetched::{Claims, Fetched};
use crate::folder::{entries, has_extension};
use crate::listing::Listing;
use crate::tree::{led_out, real};

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

    /// Refuses a file or folder that a link leads to, out of the root.
    fn check_within(&self, path: &Path) -> Result<(), UpstreamError> {
        match led_out(path, &real(&self.root)) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
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
            self.check_within(&namespace)?;
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
        let folder = self.folder(package);
        self.check_within(&folder)?;
        for path in entries(&folder)? {
            if !has_extension(&path, "wasm") {
                continue;
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            match parse_version(&stem) {
                Ok(version) => {
                    listing.versions.insert(version);
                }
                Err(_) => listing.others.push(excerpt(&stem)),
            }
        }
        if listing.versions.is_empty() {
            return Err(self.absent(package));
        }
        Ok(listing)
    }

    fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, UpstreamError> {
        let path = self.folder(package).join(format!("{version}.wasm"));
        self.check_within(&path)?;
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
