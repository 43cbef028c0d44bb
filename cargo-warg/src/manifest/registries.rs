//! The registries of a workspace, and which namespace belongs to which.
//!
//! A namespace belongs to exactly one registry, for the whole workspace and for everything that its dependencies require.
//! Otherwise one name could mean two packages. A dependency may name its registry; that must agree with the table of
//! namespaces. Namespaces that are named nowhere belong to the default registry.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use transparency::name::{Namespace, PackageName};

use super::alias::Alias;
use super::error::ManifestError;
use component::span::{Location, Text};

/// Where a registry's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Below an `http://` or `https://` address, without a slash at its end.
    Http(String),
    /// In a folder, absolute.
    Folder(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => f.write_str(url),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A configured registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its short name.
    pub alias: Alias,
    /// Where its files are.
    pub address: Address,
    /// Further addresses that serve the same, tried where the first one is unavailable or behind.
    pub mirrors: Vec<String>,
    /// The folder that publishers write to, where readers have another address; absolute. It may not exist.
    pub publish: Option<PathBuf>,
    /// Where readers find it, where `address` is the folder that publishers write to: see [`Registry::to_write`].
    pub served: Option<Served>,
    /// The policy file, absolute: the trust anchor. It may not exist.
    pub policy: PathBuf,
    /// Where it is configured.
    pub location: Location,
}

/// Where the readers of a registry find it that is written to in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The first address.
    pub address: Address,
    /// The others.
    pub mirrors: Vec<String>,
}

impl Registry {
    /// One that no manifest configures.
    pub fn new(alias: Alias, address: Address, policy: PathBuf) -> Self {
        Self {
            location: Text::new(Path::new("the command line"), "").at(0..0),
            alias,
            address,
            mirrors: Vec::new(),
            publish: None,
            served: None,
            policy,
        }
    }

    /// Has it read where it is written to, if that folder is on this machine: what readers are served may be older.
    pub fn to_write(&mut self) {
        let Some(folder) = self.publish.clone().filter(|folder| folder.is_dir()) else {
            return;
        };
        let folder = Address::Folder(folder);
        if self.served.is_none() && self.address != folder {
            self.served = Some(Served {
                address: std::mem::replace(&mut self.address, folder),
                mirrors: std::mem::take(&mut self.mirrors),
            });
        }
    }
}

/// The registries of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    by_alias: BTreeMap<Alias, Registry>,
    namespaces: BTreeMap<Namespace, (Alias, Location)>,
    default: Option<(Alias, Location)>,
}

impl Registries {
    /// All of them, by short name.
    pub fn iter(&self) -> impl Iterator<Item = &Registry> {
        self.by_alias.values()
    }

    /// The one of this short name.
    pub fn find(&self, alias: &str) -> Option<&Registry> {
        self.iter()
            .find(|registry| registry.alias.as_str() == alias)
    }

    /// The one that serves what no namespace entry covers.
    pub fn default_registry(&self) -> Option<&Registry> {
        self.by_alias.get(&self.default.as_ref()?.0)
    }

    /// Which namespaces belong to which registry: those of the table, and those of dependencies that name their own.
    pub fn namespaces(&self) -> impl Iterator<Item = (&Namespace, &Registry)> {
        self.namespaces
            .iter()
            .filter_map(|(namespace, (alias, _))| Some((namespace, self.by_alias.get(alias)?)))
    }

    /// The registry of a namespace: its own, or the default.
    pub fn of_namespace(&self, namespace: &Namespace) -> Option<&Registry> {
        match self.namespaces.get(namespace) {
            Some((alias, _)) => self.by_alias.get(alias),
            None => self.default_registry(),
        }
    }

    /// The registry of a package.
    pub fn of_package(&self, name: &PackageName) -> Option<&Registry> {
        self.of_namespace(&name.namespace())
    }

    /// All of them, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Registry> {
        self.by_alias.values_mut()
    }

    /// Adds one that the command line names, in the place of the one of its short name. A namespace that is named with it is
    /// that one's, and so is what none was configured for.
    pub(super) fn give(&mut self, registry: Registry, namespace: Option<Namespace>) {
        let claim = (registry.alias.clone(), registry.location.clone());
        if let Some(namespace) = namespace {
            self.namespaces.insert(namespace, claim.clone());
        }
        self.default.get_or_insert(claim);
        self.by_alias.insert(registry.alias.clone(), registry);
    }

    pub(super) fn insert(&mut self, registry: Registry) -> Result<(), ManifestError> {
        if let Some(first) = self.by_alias.get(&registry.alias) {
            return Err(ManifestError::Twice {
                what: format!("the registry `{}`", registry.alias),
                first: first.location.clone(),
                second: registry.location,
            });
        }
        self.by_alias.insert(registry.alias.clone(), registry);
        Ok(())
    }

    pub(super) fn set_default(
        &mut self,
        alias: Alias,
        location: Location,
    ) -> Result<(), ManifestError> {
        if let Some((_, first)) = &self.default {
            return Err(ManifestError::Twice {
                what: "`default-registry`".to_owned(),
                first: first.clone(),
                second: location,
            });
        }
        self.default = Some((alias, location));
        Ok(())
    }

    pub(super) fn claim(
        &mut self,
        namespace: Namespace,
        alias: Alias,
        location: Location,
    ) -> Result<(), ManifestError> {
        match self.namespaces.get(&namespace) {
            Some((other, _)) if *other == alias => Ok(()),
            Some(other) => Err(ManifestError::TwoRegistries {
                namespace,
                first: Box::new(other.clone()),
                second: Box::new((alias, location)),
            }),
            None => {
                self.namespaces.insert(namespace, (alias, location));
                Ok(())
            }
        }
    }

    /// Takes the claims of dependencies that name their registry, once all tables are read, and holds every alias
    /// that is named anywhere against the registries there are.
    pub(super) fn settle<'a>(
        &mut self,
        claims: impl Iterator<Item = (Namespace, &'a Alias, &'a Location)>,
    ) -> Result<(), ManifestError> {
        for (namespace, alias, location) in claims {
            self.claim(namespace, alias.clone(), location.clone())?;
        }
        let named = self.namespaces.values().chain(&self.default);
        for (alias, location) in named {
            if !self.by_alias.contains_key(alias) {
                return Err(ManifestError::UnknownRegistry {
                    location: location.clone(),
                    alias: alias.clone(),
                    known: self.by_alias.keys().cloned().collect(),
                });
            }
        }
        Ok(())
    }
}
