//! Package logs loaded for an operation, and what is known of the packages then.

use std::collections::{BTreeMap, BTreeSet};

use registry::client::{LoadedLog, LoadedPackage, RefusedLog};
use resolver::index::Address;
use resolver::lockfile::Lockfile;
use transparency::name::{Kind, Origin, PackageName};
use transparency::package::Log;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Class, Error, Result};
use crate::ops::session::Sessions;
use crate::ops::session::near::did_you_mean;
use crate::ops::session::registries::no_registry;

impl Sessions<'_> {
    /// Loads packages, each from its registry, all of one registry at once.
    ///
    /// # Errors
    /// Whatever keeps one from being read or believed.
    pub fn load(&mut self, addresses: &BTreeSet<Address>) -> Result<()> {
        self.load_each(addresses)?;
        for address in addresses {
            if let Some(Err(refused)) = self.loaded.get(address) {
                let registry = self.registries.of_origin(&address.origin)?;
                return Err(registry.failure(refused.clone().into()));
            }
        }
        Ok(())
    }

    /// The same, where a log that breaks the rules is no error: of that package there is nothing to choose, which is told
    /// where it matters, and by [`Sessions::refused`].
    ///
    /// # Errors
    /// Whatever keeps one from being read, or from being known to be what its registry committed to.
    pub(in crate::ops) fn load_each(&mut self, addresses: &BTreeSet<Address>) -> Result<()> {
        let mut by_origin: BTreeMap<&Origin, BTreeSet<PackageName>> = BTreeMap::new();
        for address in addresses
            .iter()
            .filter(|one| !self.loaded.contains_key(one))
        {
            let names = by_origin.entry(&address.origin).or_default();
            names.insert(address.name.clone());
        }
        for (origin, names) in by_origin {
            if self.alone && !self.at.contains_key(origin) {
                for name in names {
                    let origin = origin.clone();
                    let address = Address { origin, name };
                    self.index.insert_outside(address.clone());
                    self.loaded.insert(address, Ok(None));
                }
                continue;
            }
            let packages = self.with(origin, |session| session.load_each(&names))?;
            for (name, package) in packages {
                let address = Address {
                    origin: origin.clone(),
                    name,
                };
                let log = match package {
                    Ok(LoadedPackage::Present(log)) => {
                        let held_back = self.registries.held_back(log.log())?;
                        if held_back.is_empty() {
                            self.index.insert(log.log());
                        } else {
                            self.index.insert_without(log.log(), &held_back);
                            self.held_back.insert(address.clone(), held_back);
                        }
                        Ok(Some(log))
                    }
                    Ok(LoadedPackage::Absent(absence)) => {
                        self.index.insert_absent(&absence);
                        Ok(None)
                    }
                    Err(refused) => {
                        let reason = refused.to_string();
                        self.index.insert_refused(address.clone(), reason);
                        Err(refused)
                    }
                };
                self.loaded.insert(address, log);
            }
        }
        Ok(())
    }

    /// Loads what nobody asked for yet, which can change no answer. Where that fails, it answers false, and the packages
    /// count as not loaded: whoever needs one finds out why.
    ///
    /// # Errors
    /// A registry that contradicts itself.
    pub fn load_ahead(&mut self, addresses: &BTreeSet<Address>) -> Result<bool> {
        match self.load_each(addresses) {
            Ok(()) => Ok(true),
            Err(error) if error.class() == Class::Misbehavior => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Loads all that a lock names, in one go: a new solve will ask for nearly all of it.
    ///
    /// # Errors
    /// A registry that contradicts itself.
    pub fn load_locked(&mut self, lock: &Lockfile) -> Result<()> {
        let packages = lock.packages.iter();
        let addresses = packages.filter_map(|(selection, package)| {
            let origin = package.release.as_ref()?.origin.clone();
            self.registries.of_origin(&origin).ok()?;
            let name = selection.name.clone();
            Some(Address { origin, name })
        });
        let addresses = addresses.collect();
        self.load_ahead(&addresses).map(|_| ())
    }

    /// Solves from now on as if a package's log were this one, which goes on where its registry's ends.
    ///
    /// # Errors
    /// Whatever keeps the package from being read or believed.
    pub(crate) fn suppose(&mut self, log: &Log) -> Result<()> {
        let address = Address {
            origin: log.origin().clone(),
            name: log.name().clone(),
        };
        match self.load(&BTreeSet::from([address.clone()])) {
            // Whoever read the log knows more than this machine keeps.
            Err(error) if self.is_offline() && error.class() == Class::Unavailable => {
                self.loaded.insert(address, Ok(None));
            }
            loaded => loaded?,
        }
        self.index.insert(log);
        Ok(())
    }

    /// A package's log, loaded if need be; none where it is proved absent.
    ///
    /// # Errors
    /// No registry for its namespace; whatever keeps it from being read or believed.
    pub fn find(&mut self, name: &PackageName) -> Result<(Address, Option<&LoadedLog>)> {
        let address = self.known_address(name)?;
        self.load(&BTreeSet::from([address.clone()]))?;
        let log = self.log(&address);
        Ok((address, log))
    }

    /// What a package holds, or is [supposed](Sessions::suppose) to hold; none where there is none, or where its log
    /// [breaks the rules](Sessions::why_refused).
    ///
    /// # Errors
    /// Whatever keeps the package from being read, or from being known to be what its registry committed to.
    pub(crate) fn kind_of(&mut self, name: &PackageName) -> Result<Option<Kind>> {
        let address = self.known_address(name)?;
        self.load_each(&BTreeSet::from([address.clone()]))?;
        let package = self.index.package(&address);
        Ok(package.map(resolver::index::Choices::kind))
    }

    /// How the log of a package that was loaded breaks the rules.
    pub(crate) fn why_refused(&self, name: &PackageName) -> Option<&RefusedLog> {
        self.loaded.get(&self.address(name)?)?.as_ref().err()
    }

    fn address(&self, name: &PackageName) -> Option<Address> {
        Some(Address {
            origin: self.origins().of(name)?.clone(),
            name: name.clone(),
        })
    }

    /// The same of a name that somebody asks for.
    fn known_address(&self, name: &PackageName) -> Result<Address> {
        self.address(name).ok_or_else(|| {
            let near = did_you_mean(name, &self.package_names());
            near.into_iter().fold(no_registry(name), Error::with_help)
        })
    }

    /// The names of packages that are known of, without asking anybody, but for those that are proved not to be there.
    pub(in crate::ops) fn package_names(&self) -> BTreeSet<PackageName> {
        let mut names = self.registries.package_names();
        for (address, log) in &self.loaded {
            match log {
                Ok(None) => names.remove(&address.name),
                Ok(Some(_)) | Err(_) => names.insert(address.name.clone()),
            };
        }
        names
    }

    /// The log of a package that was loaded; none where it is proved absent, or was not loaded.
    pub fn log(&self, address: &Address) -> Option<&LoadedLog> {
        self.loaded.get(address)?.as_ref().ok()?.as_deref()
    }

    /// The same of a package that may break the rules; none where it was not loaded.
    pub(in crate::ops) fn loaded(
        &self,
        address: &Address,
    ) -> Option<std::result::Result<Option<&LoadedLog>, &RefusedLog>> {
        let loaded = self.loaded.get(address)?.as_ref();
        Some(loaded.map(Option::as_deref))
    }

    /// The log of a package by its name, where it was loaded and is there.
    pub fn log_of(&self, name: &PackageName) -> Option<&LoadedLog> {
        self.log(&self.address(name)?)
    }

    /// The release of a selection, where its package was loaded.
    pub fn release(&self, selection: &Selection) -> Option<&Release> {
        self.log_of(&selection.name)?
            .log()
            .release(&selection.version)
    }

    /// The release of a selection as it is now, with the yank and the withdrawal since, where its package was loaded; where
    /// no past is read, as [`Sessions::release`].
    pub fn release_now(&self, selection: &Selection) -> Option<&Release> {
        let loaded = self.log_of(&selection.name)?.newest();
        loaded.log().release(&selection.version)
    }
}
