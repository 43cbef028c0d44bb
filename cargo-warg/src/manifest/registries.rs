//! The registries of a workspace, and which namespace belongs to which.
//!
//! A namespace belongs to exactly one registry, for the whole workspace and for everything that its dependencies require.
//! Otherwise one name could mean two packages. A dependency may name its registry; that must agree with the table of
//! namespaces. Namespaces that are named nowhere belong to the default registry.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use transparency::name::{Namespace, PackageName};

use super::alias::Alias;
use super::error::ManifestError;
use component::span::Location;

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
    /// The policy file, absolute: the trust anchor. It may not exist.
    pub policy: PathBuf,
    /// Where it is configured.
    pub location: Location,
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
