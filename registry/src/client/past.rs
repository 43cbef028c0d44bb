//! A registry as it was: the same questions, answered at a checkpoint that its log went through.
//!
//! The current log continues the past one. So every proof is taken from the current tiles, and one more thing is checked:
//! that an entry lies before the size of then. The past map has pages of its own, which are read and proved.
//!
//! A package's past log is the beginning of its current log. The current one is loaded first, as always. The head that the
//! past map names must be one of its records, and the record after that head must lie behind the past size. So a registry
//! cannot show a past that its present contradicts.
//!
//! A past is not remembered: what this machine remembers of a registry is what it saw of the current one.

use std::collections::BTreeMap;
use std::sync::Arc;

use transparency::checkpoint::{MapEntry, PastOpening, TrustedCheckpoint};
use transparency::digest::{Digest, Hash};
use transparency::map::{Key, MapError, VerifiedPages};
use transparency::name::PackageName;
use transparency::number::{Index, Length, Size};
use transparency::package::{self, Presence, Proofs, Seen};
use transparency::tile::Part;

use super::packages::Batch;
use super::reader::Wanted;
use super::records::borrowed;
use super::{ClientError, Loaded, LoadedLog, LoadedPackage, Session, evidence, loaded, prove};
use crate::layout;
use crate::trust::Sighting;

/// What the registry was, where a session answers for that.
#[derive(Clone)]
pub(super) struct Past {
    pub(super) checkpoint: TrustedCheckpoint,
    pub(super) pages: VerifiedPages,
}

impl Session<'_> {
    /// The same registry as it was when its log had `size` entries. Package logs, absences, inclusion and contents are what
    /// they were then, by the map that the log ended with. What this takes is read in the same round trips as what is read
    /// anyway.
    ///
    /// Package logs that this session has loaded are not read again.
    ///
    /// Trust still comes from the current checkpoint ([`Session::newest`], [`LoadedLog::newest`],
    /// [`Session::check_prefix`]), and this machine remembers the current one, as it would without this call. A content
    /// that was withdrawn since is refused.
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

    /// Why there is no map entry for a size. Either the entry that ends the log there is something else: its bundle shows
    /// that, and where the nearest map entries are. Or the registry lost the file.
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

    /// For each entry of the bundle that holds an index, whether it is a map entry; all of them are proved. Also the
    /// position of that index in the bundle.
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

    /// Takes in the pages of the past map that lead to these keys and have been read. The next ones are read with the next
    /// round trip.
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

    /// The pages of the past map that are needed next; none where this is no session of the past.
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

    /// Where the past map says that packages ended; for packages that were not there yet, before their first record.
    /// Nothing is said of packages whose pages are not read yet, nor where this is no session of the past.
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
        (loaded, ends, proofs): Batch,
    ) -> Result<BTreeMap<PackageName, Loaded>, ClientError> {
        if self.past.is_none() {
            return Ok(loaded);
        }
        let mut were = BTreeMap::new();
        for (name, now) in loaded {
            let end = ends.get(&name);
            let end = end.ok_or_else(|| ClientError::Unasked { name: name.clone() })?;
            evidence::check_sighting(self, &name, end, &now)?;
            let was = self.as_it_was(&name, now, end, &proofs)?;
            were.insert(name, was);
        }
        Ok(were)
    }

    /// The head that the past map names is a record of the current log, and the record after it lies behind the past size.
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
        let replayed = match &now {
            Ok(LoadedPackage::Present(now)) => {
                now.log
                    .replay_past(&head, &past.checkpoint, &records, proofs)
            }
            Ok(LoadedPackage::Absent(_)) | Err(_) => {
                package::Log::replay(&head, &past.checkpoint, &records, proofs)
            }
        };
        let log = match replayed {
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
            Ok(LoadedPackage::Present(now)) => Some(now),
            Ok(LoadedPackage::Absent(_)) | Err(_) => None,
        };
        Ok(Ok(LoadedPackage::Present(Arc::new(LoadedLog {
            log,
            head,
            indices,
            records,
            newest,
        }))))
    }
}
