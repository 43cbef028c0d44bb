//! A registry as it was: the same questions, answered at a checkpoint that its log went through.
//!
//! The log of now is a tree over the log of then, so every proof is taken from the tiles of now, and one more number is
//! checked: that an entry lies before the size of then. The map of then has pages of its own. A package's log is the
//! beginning of its log of now: that one is loaded first, as always, and the head that the map of then says must be on its
//! way, with its next record behind. So a registry cannot have had a past that its present contradicts.
//!
//! Nothing here is remembered: what this machine saw is what it saw of the registry of now.

use std::collections::BTreeMap;

use transparency::checkpoint::{MapEntry, PastOpening, TrustedCheckpoint};
use transparency::digest::{Digest, Hash};
use transparency::map::{Key, MapError, VerifiedPages};
use transparency::name::PackageName;
use transparency::number::{Index, Length, Size};
use transparency::package::{self, Presence, Proofs, Seen};
use transparency::tile::Part;

use super::reader::Wanted;
use super::records::borrowed;
use super::{ClientError, Loaded, LoadedLog, LoadedPackage, Session, evidence, loaded, prove};
use crate::layout;
use crate::trust::Sighting;

/// What the registry was, where a session answers for that.
pub(super) struct Past {
    pub(super) checkpoint: TrustedCheckpoint,
    pub(super) pages: VerifiedPages,
}

impl Session<'_> {
    /// The same registry as it was when its log had `size` entries: package logs, absences, inclusion and contents are what
    /// they were then, by the map that the log ended with. What that takes is read with what is read anyway.
    ///
    /// The checkpoint of now stays what everything hangs from ([`Session::newest`], [`LoadedLog::newest`],
    /// [`Session::check_prefix`]), and what this machine remembers moves as it does without this. A content that was
    /// withdrawn since is refused.
    ///
    /// # Errors
    /// A size at which the registry had no checkpoint, or that it has not reached; a file that is missing or cannot be read;
    /// a past that its present contradicts.
    pub fn at(mut self, size: Size) -> Result<Self, ClientError> {
        self.past = None;
        if size != self.tiles.size() {
            let checkpoint = self.attempt(|session| session.descend(size))?;
            let pages = checkpoint.pages();
            self.past = Some(Past { checkpoint, pages });
        }
        Ok(self)
    }

    pub(super) fn descend(&mut self, size: Size) -> Result<TrustedCheckpoint, ClientError> {
        let Some(last) = size.last() else {
            return Err(self.no_checkpoint_at(size, Vec::new()));
        };
        self.check_reach(size)?;
        let consistency = self.tiles.needed_for_consistency(size);
        self.reader.guess_tiles(&consistency);
        let inclusion = self.tiles.needed_for_inclusion(&[last]);
        self.reader.guess_tiles(&inclusion);
        let Some(map_entry) = self.reader.find(&layout::map_at(size))? else {
            return Err(self.explain_no_checkpoint(size, last));
        };
        let claimed = MapEntry::parse(&map_entry);
        if let Ok(entry) = &claimed {
            self.reader.guess([layout::map_page(&entry.root)]);
        }
        self.reader.admit(&mut self.tiles, &consistency)?;
        let proofs = prove(&mut self.reader, &mut self.tiles, [last].into())?;
        let leaf = Hash::of_leaf(&map_entry);
        Self::check_leaf(&self.checkpoint, &proofs, &leaf, last)?;
        let claimed = match claimed {
            Err(_) if !MapEntry::is_one(&map_entry) => {
                return Err(self.explain_no_checkpoint(size, last));
            }
            claimed => claimed.map_err(|error| ClientError::trust(self.policy, error.into()))?,
        };
        let operator = Sighting::of_operator(&claimed);
        self.check_operator(&operator)?;
        self.check_time(&operator, claimed.time)?;
        self.open_past(size, &map_entry, &claimed)
    }

    fn open_past(
        &mut self,
        size: Size,
        map_entry: &[u8],
        claimed: &MapEntry,
    ) -> Result<TrustedCheckpoint, ClientError> {
        let next = usize::try_from(claimed.operator_length.get()).ok();
        let next = next.and_then(|next| self.operator_records.get(next));
        let next = next.map(|(index, _)| *index);
        let last = size.last().unwrap_or(Index::ZERO);
        let asks = [last, claimed.operator_index].into_iter().chain(next);
        let proofs = prove(&mut self.reader, &mut self.tiles, asks.collect())?;
        let outside = |index| ClientError::Outside {
            index,
            size: self.tiles.size(),
        };
        let proof = |index| proofs.get(&index).ok_or_else(|| outside(index));
        let records: Vec<_> = self
            .operator_records
            .iter()
            .map(|(index, bytes)| (*index, bytes.as_slice()))
            .collect();
        let opening = PastOpening {
            size,
            root: self.tiles.root_at(size)?,
            consistency: &self.tiles.prove_consistency(size)?,
            map_entry,
            map_entry_proof: proof(last)?,
            operator_records: &records,
            operator_proof: proof(claimed.operator_index)?,
            operator_next: next
                .map(|next| Ok::<_, ClientError>((next, proof(next)?)))
                .transpose()?,
        };
        self.checkpoint
            .past(&opening)
            .map_err(|source| ClientError::trust(self.policy, source))
    }

    /// The same of a size that somebody claims to have seen a checkpoint of, which then is false.
    pub(super) fn explain_no_prefix(&mut self, size: Size, last: Index) -> ClientError {
        match self.explain_no_checkpoint(size, last) {
            ClientError::NoCheckpoint { origin, size, .. } => {
                ClientError::NeverCheckpoint { origin, size }
            }
            error => error,
        }
    }

    /// Why there is no map entry for a size: the entry that ends the log there is something else, as its bundle shows, and
    /// with it where the nearest ones are; or the registry lost the file.
    fn explain_no_checkpoint(&mut self, size: Size, last: Index) -> ClientError {
        match self.entries_around(last) {
            Ok((entries, position)) if entries.get(position).is_some_and(|is_map| !is_map) => {
                let first = last.get() - u64::try_from(position).unwrap_or(0);
                let sizes = entries.iter().zip(first..).filter(|(is_map, _)| **is_map);
                let sizes: Vec<_> = sizes.map(|(_, index)| Size::new(index + 1)).collect();
                let (before, behind): (Vec<_>, Vec<_>) =
                    sizes.into_iter().partition(|one| *one < size);
                let nearest = before.last().into_iter().chain(behind.first());
                self.no_checkpoint_at(size, nearest.copied().collect())
            }
            // What is not to be had is the map entry: that is what the user can be told.
            Ok(_) | Err(ClientError::Missing { .. }) => ClientError::Missing {
                address: self.reader.address_of(&layout::map_at(size)),
            },
            Err(error) => error,
        }
    }

    /// Of the entries in the bundle that holds an index, whether each is a map entry, proved. With it comes the position of
    /// that index in the bundle.
    fn entries_around(&mut self, index: Index) -> Result<(Vec<bool>, usize), ClientError> {
        let size = self.tiles.size();
        let (part, position) =
            Part::holding(size.get(), index.get()).ok_or(ClientError::Outside { index, size })?;
        let entries = self.verified_entries(part)?;
        let are_maps = entries.iter().map(|entry| MapEntry::is_one(entry));
        Ok((are_maps.collect(), position))
    }

    fn no_checkpoint_at(&self, size: Size, nearest: Vec<Size>) -> ClientError {
        ClientError::NoCheckpoint {
            origin: self.policy.origin().clone(),
            size,
            nearest,
        }
    }

    /// Takes in those pages of the map of then on the way to these keys that are here; the next ones are to come along.
    pub(super) fn take_pages_then(&mut self, keys: &[Key]) -> Result<(), ClientError> {
        loop {
            let needed = self.needed_then(keys);
            let mut took = false;
            for (key, page) in needed {
                let path = layout::map_page(&page);
                match self.reader.take_here(&path) {
                    Some(bytes) => {
                        self.admit_then(&key, &page, &bytes)?;
                        took = true;
                    }
                    None => self.reader.guess([path]),
                }
            }
            if !took {
                return Ok(());
            }
        }
    }

    /// Reads the other ones.
    pub(super) fn read_pages_then(&mut self, keys: &[Key]) -> Result<(), ClientError> {
        loop {
            let needed = self.needed_then(keys);
            if needed.is_empty() {
                return Ok(());
            }
            let wanted = needed.iter().map(|(_, page)| layout::map_page(page));
            let wanted: Vec<_> = wanted.map(Wanted::fixed).collect();
            let pages = self.reader.need(&wanted)?;
            for ((key, page), bytes) in needed.iter().zip(pages) {
                self.admit_then(key, page, &bytes)?;
            }
        }
    }

    /// The pages of the map of then that are needed next; none where this is no session of the past.
    fn needed_then(&self, keys: &[Key]) -> Vec<(Key, Digest)> {
        let past = self.past.as_ref();
        past.map_or_else(Vec::new, |past| past.pages.needed(keys))
    }

    fn admit_then(&mut self, key: &Key, page: &Digest, bytes: &[u8]) -> Result<(), ClientError> {
        let Some(past) = &mut self.past else {
            return Ok(()); // then none was needed
        };
        past.pages
            .admit(key, bytes)
            .map_err(|source| ClientError::Map {
                address: self.reader.address_of(&layout::map_page(page)),
                source,
            })
    }

    /// Where the map of then says that packages ended, those that were not there before their first record. Nothing of those
    /// whose pages are not there yet, or where this is no session of the past.
    pub(super) fn past_ends(
        &self,
        names: &[&PackageName],
    ) -> Result<BTreeMap<PackageName, Sighting>, ClientError> {
        let mut ends = BTreeMap::new();
        let Some(past) = &self.past else {
            return Ok(ends);
        };
        for name in names {
            let slot = match past.pages.slot(&Key::of(name)) {
                Err(MapError::Missing { .. }) => continue,
                slot => slot.map_err(|source| ClientError::Map {
                    address: self.address(),
                    source,
                })?,
            };
            let (length, head, index) = match slot {
                Some(slot) => (slot.length, slot.head, slot.index),
                None => (Length::ZERO, Hash::ZERO, Index::ZERO),
            };
            let seen = Seen { length, head };
            ends.insert((*name).clone(), Sighting { seen, index });
        }
        Ok(ends)
    }

    /// Packages as they were then, from what they are now.
    pub(super) fn as_they_were(
        &mut self,
        loaded: BTreeMap<PackageName, Loaded>,
        ends: &BTreeMap<PackageName, Sighting>,
        proofs: &Proofs,
    ) -> Result<BTreeMap<PackageName, Loaded>, ClientError> {
        if self.past.is_none() {
            return Ok(loaded);
        }
        let mut were = BTreeMap::new();
        for (name, now) in loaded {
            let end = ends.get(&name);
            let end = end.ok_or_else(|| ClientError::Unasked { name: name.clone() })?;
            evidence::check_sighting(self, &name, end, &now)?;
            let was = self.as_it_was(&name, now, end, proofs)?;
            were.insert(name, was);
        }
        Ok(were)
    }

    /// The head that the map of then says is on the way of the log of now, and the next record lies behind it.
    fn check_next(
        &self,
        name: &PackageName,
        next: Option<&(Index, &[u8])>,
        end: &Sighting,
        proofs: &Proofs,
    ) -> Result<(), ClientError> {
        let Some((index, record)) = next else {
            return Ok(());
        };
        Self::check_leaf(&self.checkpoint, proofs, &Hash::of_leaf(record), *index)?;
        if self.size().holds(*index) {
            return Err(ClientError::LeftOut {
                name: name.clone(),
                position: end.seen.length.next(),
                index: *index,
                size: self.size(),
            });
        }
        Ok(())
    }

    /// A log that is refused now was good then, if what is wrong with it came later.
    fn as_it_was(
        &self,
        name: &PackageName,
        now: Loaded,
        end: &Sighting,
        proofs: &Proofs,
    ) -> Result<Loaded, ClientError> {
        let records: Vec<(Index, &[u8])> = match &now {
            Ok(LoadedPackage::Present(now)) => now.records().collect(),
            Ok(LoadedPackage::Absent(_)) => return Ok(now),
            Err(refused) => match refused.whole() {
                Some(records) => borrowed(records).collect(),
                None => return Ok(now),
            },
        };
        let length = usize::try_from(end.seen.length.get()).unwrap_or(usize::MAX);
        self.check_next(name, records.get(length), end, proofs)?;
        let Some(past) = &self.past else {
            return Ok(now);
        };
        let presence = Presence::open(&past.checkpoint, name, &past.pages, proofs)
            .map_err(|source| ClientError::Head(Box::new(source)))?;
        let head = match presence {
            Presence::Absent(absence) => return Ok(Ok(LoadedPackage::Absent(absence))),
            Presence::Present(head) => head,
        };
        let records: Vec<_> = records.into_iter().take(length).collect();
        let log = match package::Log::replay(&head, &past.checkpoint, &records, proofs) {
            Ok(log) => log,
            Err(_) if now.is_err() => return Ok(now),
            Err(source) => {
                let path = layout::package(name, loaded::first_part());
                return Err(ClientError::Log {
                    address: self.reader.address_of(&path),
                    source: Box::new(source),
                });
            }
        };
        let (indices, records) = records
            .into_iter()
            .map(|(index, bytes)| (index, bytes.to_vec()))
            .unzip();
        let newest = match now {
            Ok(LoadedPackage::Present(now)) => Some(Box::new(now)),
            Ok(LoadedPackage::Absent(_)) | Err(_) => None,
        };
        Ok(Ok(LoadedPackage::Present(LoadedLog {
            log,
            head,
            indices,
            records,
            newest,
        })))
    }
}
