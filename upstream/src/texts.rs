//! A folder of WIT texts, or the WIT in a crate: its packages are released as their texts say, each from the texts of that folder alone.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};

use component::wit::import::declared;
use component::wit::text::{Group, wit_name};
use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;
use wit_parser::PackageName as WitName;

use crate::Upstream;
use crate::address::UpstreamAddress;
use crate::crates::Cargo;
use crate::error::UpstreamError;
use crate::fetched::{Claims, Fetched};
use crate::listing::Listing;
use crate::tree::WitTree;

/// The texts, and where they come from.
#[derive(Debug)]
pub struct Texts {
    /// Where they lie on disk.
    folder: PathBuf,
    tree: WitTree,
    /// How the upstream is written.
    address: String,
    /// Of the archive that they were in.
    checksum: Option<Digest>,
}

impl Texts {
    /// Reads a folder and all below it.
    ///
    /// # Errors
    /// A folder that holds nothing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, UpstreamError> {
        let folder = folder.into();
        let address = folder.display().to_string();
        Self::of_archive(folder, address, None)
    }

    /// The WIT in one version of a crate, which cargo fetches.
    ///
    /// # Errors
    /// Cargo does not bring it; it holds no WIT.
    pub fn of_crate(cargo: &Cargo, name: &str, version: &Version) -> Result<Self, UpstreamError> {
        let address = |version: &Version| {
            let name = name.to_owned();
            let version = version.clone();
            UpstreamAddress::Crate { name, version }.to_string()
        };
        let fetched = cargo.fetch(name, version);
        let fetched = fetched.map_err(|source| UpstreamError::Crate {
            address: address(version),
            source: Box::new(source),
        })?;
        // Cargo passes over the build metadata that was asked for: the author's is what was found.
        let address = address(&fetched.version);
        Self::of_archive(fetched.folder, address, Some(fetched.checksum))
    }

    /// The same of a folder that an archive was unpacked to, which is known by another address.
    fn of_archive(
        folder: PathBuf,
        address: String,
        checksum: Option<Digest>,
    ) -> Result<Self, UpstreamError> {
        Ok(Self {
            tree: WitTree::read(std::slice::from_ref(&folder))?,
            folder,
            address,
            checksum,
        })
    }

    /// Where they lie on disk.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Of the archive that they were in, if they were.
    pub fn checksum(&self) -> Option<Digest> {
        self.checksum
    }

    /// All that was read, with what is wrong.
    pub fn tree(&self) -> &WitTree {
        &self.tree
    }

    fn declared(&self) -> impl Iterator<Item = (PackageName, Version)> {
        let names = self.tree.in_order().into_iter();
        names.filter_map(|name| declared(name).ok())
    }

    /// The binary form of a package, from the texts at hand.
    fn encode(&self, name: &WitName) -> Result<Option<Vec<u8>>, UpstreamError> {
        let mut twins = self.tree.twins.iter();
        if let Some(twin) = twins.find(|twin| twin.names().any(|one| one == name)) {
            return Err(self.two_texts(twin, name));
        }
        let Some(text) = self.tree.at_hand.text_of(name) else {
            return Ok(None);
        };
        let nowhere = |_: &_| Ok::<_, Infallible>(false);
        let Ok(needs) = self.tree.at_hand.needs(name, nowhere);
        if let Some(unmet) = needs.unmet.first() {
            return Err(UpstreamError::Unmet {
                user: unmet.user.to_string(),
                package: unmet.package.to_string(),
                upstream: self.to_string(),
            });
        }
        let refused = |source| UpstreamError::Wit {
            reference: text.path().display().to_string(),
            source: Box::new(source),
        };
        let mut made = self
            .tree
            .at_hand
            .encode(name, &needs, &[])
            .map_err(refused)?;
        made.remove(name).transpose().map_err(refused)
    }

    /// Why a package of a text cannot be had: of one in that text, there is another.
    fn two_texts(&self, twin: &Group, name: &WitName) -> UpstreamError {
        let at_hand = &self.tree.at_hand;
        let mut names = twin.names();
        let doubled = names.find_map(|one| Some((one, at_hand.text_of(one)?.path())));
        let (package, first) = doubled.unwrap_or((name, twin.path()));
        UpstreamError::TwoTexts {
            package: package.to_string(),
            first: first.to_owned(),
            second: twin.path().to_owned(),
        }
    }
}

impl fmt::Display for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Upstream for Texts {
    fn packages(&self) -> Result<Option<BTreeSet<PackageName>>, UpstreamError> {
        Ok(Some(self.declared().map(|(name, _)| name).collect()))
    }

    fn left_out(&mut self) -> Vec<(PathBuf, UpstreamError)> {
        let skipped = self.tree.skipped.drain(..);
        let mut left_out: Vec<_> = skipped.map(|one| (one.path, one.why.into())).collect();
        for name in self.tree.in_order() {
            // What has no version is the author's own, and was never meant to be released.
            let Some(Err(source)) = name.version.is_some().then(|| declared(name)) else {
                continue;
            };
            let twins = self.tree.twins.iter();
            let text = self.tree.at_hand.text_of(name);
            let text = text.or_else(|| {
                twins
                    .into_iter()
                    .find(|twin| twin.names().any(|one| one == name))
            });
            let path = text.map_or(&*self.folder, Group::path);
            let why = UpstreamError::Wit {
                reference: path.display().to_string(),
                source: Box::new(source),
            };
            left_out.push((path.to_owned(), why));
        }
        left_out
    }

    fn versions(&self, package: &PackageName) -> Result<Listing, UpstreamError> {
        let of_package = self.declared().filter(|(name, _)| name == package);
        let versions: BTreeSet<_> = of_package.map(|(_, version)| version).collect();
        if versions.is_empty() {
            return Err(UpstreamError::NoPackage {
                package: package.clone(),
                upstream: self.to_string(),
            });
        }
        Ok(Listing {
            versions,
            others: Vec::new(),
        })
    }

    fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, UpstreamError> {
        let name = wit_name(package, version);
        let bytes = self
            .encode(&name)?
            .ok_or_else(|| UpstreamError::NoVersion {
                package: package.clone(),
                version: version.clone(),
                upstream: self.to_string(),
            })?;
        let claims = Claims {
            reference: self.address.clone(),
            checksum: self.checksum,
            ..Claims::default()
        };
        Fetched::open(package, version, bytes, claims)
    }
}
