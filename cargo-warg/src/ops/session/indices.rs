//! Where a registry's log holds the records of releases, each proved.

use std::collections::{BTreeMap, BTreeSet};

use registry::client::LoadedPackage;
use resolver::closed_set::Provenance;
use resolver::index::Address;
use resolver::resolution::Resolution;
use transparency::digest::Hash;
use transparency::name::{Origin, PackageName};
use transparency::number::Index as LogIndex;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Class, Result};
use crate::ops::session::Sessions;

impl Sessions<'_> {
    /// Proves where the log holds the record of each selected release.
    ///
    /// # Errors
    /// A record that is not where the registry says.
    pub fn prove_indices(
        &mut self,
        resolution: &Resolution,
    ) -> Result<BTreeMap<Selection, LogIndex>> {
        match self.try_indices(resolution) {
            // What this machine keeps may be older than what the registry says of it now.
            Err(error) if error.class() == Class::Refused && !self.is_offline() => {
                self.reload(resolution)?;
                self.try_indices(resolution)
            }
            indices => indices,
        }
    }

    /// Where the log holds the records of a package's releases, each proved; none where what this machine keeps does not
    /// prove it.
    ///
    /// # Errors
    /// A record that is not where the registry says.
    pub fn indices(
        &mut self,
        address: &Address,
        releases: &[Release],
    ) -> Result<Vec<Option<LogIndex>>> {
        match self.try_indices_of(address, releases) {
            Err(error) if error.class() == Class::Refused && !self.is_offline() => {
                let names = BTreeSet::from([address.name.clone()]);
                self.load_afresh(&address.origin, &names)?;
                self.try_indices_of(address, releases)
            }
            indices => indices,
        }
    }

    fn try_indices(&mut self, resolution: &Resolution) -> Result<BTreeMap<Selection, LogIndex>> {
        let mut indices = BTreeMap::new();
        let mut asks: BTreeMap<Origin, Vec<(Hash, LogIndex)>> = BTreeMap::new();
        for (selection, provenance) in resolution.packages() {
            let Provenance::Registry { origin, release } = provenance else {
                continue;
            };
            let address = Address {
                origin: origin.clone(),
                name: selection.name.clone(),
            };
            let index = self.log(&address).and_then(|loaded| {
                let release = loaded.log().release(&selection.version)?;
                loaded.index_hint(release.position())
            });
            if let Some(index) = index {
                asks.entry(origin.clone())
                    .or_default()
                    .push((release.record(), index));
                indices.insert(selection.clone(), index);
            }
        }
        for (origin, records) in asks {
            self.with(&origin, |session| session.check_included(&records))?;
        }
        Ok(indices)
    }

    fn try_indices_of(
        &mut self,
        address: &Address,
        releases: &[Release],
    ) -> Result<Vec<Option<LogIndex>>> {
        let hints = releases.iter().map(|release| {
            let log = self.log(address)?;
            Some((release.record(), log.index_hint(release.position())?))
        });
        let mut hints: Vec<Option<(Hash, LogIndex)>> = hints.collect();
        let all: Vec<_> = hints.iter().flatten().copied().collect();
        let checked = self.with(&address.origin, |session| session.check_included(&all));
        match checked {
            // Not every proof is kept: those that are count.
            Err(error) if error.class() == Class::Unavailable && self.is_offline() => {
                for hint in &mut hints {
                    let Some(one) = *hint else { continue };
                    match self.with(&address.origin, |session| session.check_included(&[one])) {
                        Err(error) if error.class() == Class::Unavailable => *hint = None,
                        checked => checked?,
                    }
                }
            }
            checked => checked?,
        }
        let indices = hints.into_iter().map(|hint| hint.map(|(_, index)| index));
        Ok(indices.collect())
    }

    /// Loads the packages of a resolution once more, from the registries themselves.
    fn reload(&mut self, resolution: &Resolution) -> Result<()> {
        let mut by_origin: BTreeMap<Origin, BTreeSet<PackageName>> = BTreeMap::new();
        for (selection, provenance) in resolution.packages() {
            if let Provenance::Registry { origin, .. } = provenance {
                let names = by_origin.entry(origin.clone()).or_default();
                names.insert(selection.name.clone());
            }
        }
        by_origin
            .iter()
            .try_for_each(|(origin, names)| self.load_afresh(origin, names))
    }

    /// Loads packages once more, from their registry itself.
    ///
    /// # Errors
    /// Whatever keeps one from being read or believed.
    pub(in crate::ops) fn load_afresh(
        &mut self,
        origin: &Origin,
        names: &BTreeSet<PackageName>,
    ) -> Result<()> {
        let packages = self.with(origin, |session| session.load_afresh(names))?;
        for (name, package) in packages {
            if let LoadedPackage::Present(log) = package {
                let origin = origin.clone();
                self.loaded.insert(Address { origin, name }, Ok(Some(log)));
            }
        }
        Ok(())
    }
}
