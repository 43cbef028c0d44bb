//! Packages: from what the map says of one to a replayed log, or to the proof that there is none.
//!
//! Steps 3 to 5 of the ladder, for any number of packages at once: map pages level by level, the files of their records
//! and the tiles of their heads, the tiles of what their records name; then each log is replayed, and held against what
//! this machine saw of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use transparency::map::Key;
use transparency::name::PackageName;
use transparency::number::{Index, Length};
use transparency::package::{self, Absence, Head, OpenedRecord, Presence, Proofs, Replay, Seen};
use transparency::tile::{Tile, WIDTH};

use super::loaded::first_part;
use super::opening::Opening;
use super::reader::Wanted;
use super::records::{End, Records, Way, borrowed};
use super::{ClientError, Loaded, LoadedLog, LoadedPackage, RefusedLog, Session, evidence, prove};
use crate::layout;
use crate::trust::Sighting;

/// The most package logs that are read at once: bounds what is in memory between two steps.
const BATCH: usize = 256;

/// The most tiles of the lowest level that are read before it is known which of them are needed, 8 kB each.
const TILES_AHEAD: u64 = 16;

impl Session<'_> {
    /// Steps 3 to 5 for some packages: what the map says of them, and their logs or the proof that there is none.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; anything that does not verify; a log that does not continue what this
    /// machine saw of it.
    pub fn load(
        &mut self,
        names: &BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, LoadedPackage>, ClientError> {
        let loaded = self.load_each(names)?.into_iter();
        loaded.map(|(name, package)| Ok((name, package?))).collect()
    }

    /// The same, where one log that breaks the rules says nothing of the others: for who can do without the package.
    ///
    /// # Errors
    /// As [`Session::load`], but for logs that the registry committed to as they are.
    pub fn load_each(
        &mut self,
        names: &BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, Loaded>, ClientError> {
        let mut loaded = BTreeMap::new();
        let names: Vec<_> = names.iter().collect();
        for batch in names.chunks(BATCH) {
            loaded.extend(self.attempt(|session| {
                let (known, unknown): (Vec<&PackageName>, Vec<_>) = batch
                    .iter()
                    .partition(|name| session.logs.contains_key(**name));
                let batch = session.known_batch(&known)?;
                let mut were = session.as_they_were(batch)?;
                if !unknown.is_empty() {
                    let batch = session.load_seen(&unknown)?;
                    were.extend(session.as_they_were(batch)?);
                }
                Ok(were)
            })?);
        }
        Ok(loaded)
    }

    /// Packages whose logs were loaded before, at this very checkpoint. Of a session of the past, where they ended then, and
    /// the proofs of that.
    fn known_batch(&mut self, names: &[&PackageName]) -> Result<Batch, ClientError> {
        let keys: Vec<_> = names.iter().map(|name| Key::of(name)).collect();
        self.read_pages_then(&keys)?;
        let ends = self.past_ends(names)?;
        let mut asks: BTreeSet<_> = heads_of(&ends).collect();
        let logs = names.iter().filter_map(|name| self.logs.get(*name));
        let logs: Vec<_> = logs.cloned().collect();
        for log in logs.iter().filter(|_| self.past.is_some()) {
            let operator = self.checkpoint.operator();
            asks.extend(package::asks(operator, log.log.name(), log.records()));
            let next = ends.get(log.log.name()).map(|end| end.seen.length);
            let next = next.and_then(|next| usize::try_from(next.get()).ok());
            asks.extend(next.and_then(|next| log.indices.get(next)).copied());
        }
        let proofs = prove(&mut self.reader, &mut self.tiles, asks)?;
        let now = |log: Arc<LoadedLog>| (log.log.name().clone(), Ok(LoadedPackage::Present(log)));
        Ok((logs.into_iter().map(now).collect(), ends, proofs))
    }

    /// Loads packages from the registry itself, and renews their files in the cache. Those files also say where a record
    /// lies in the log, which loading does not prove. A cached file with a wrong index would stay wrong for ever.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn load_afresh(
        &mut self,
        names: &BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, LoadedPackage>, ClientError> {
        self.reader.distrust_cache();
        self.logs.retain(|name, _| !names.contains(name));
        self.load(names)
    }

    /// One package, as [`Session::load`].
    ///
    /// # Errors
    /// As those of [`Session::load`].
    pub fn load_one(&mut self, name: &PackageName) -> Result<LoadedPackage, ClientError> {
        let mut loaded = self.load(&BTreeSet::from([name.clone()]))?;
        loaded
            .remove(name)
            .ok_or_else(|| ClientError::Unasked { name: name.clone() })
    }

    /// Packages that continue what was seen of them; of what verified, nothing is kept yet.
    pub(super) fn load_seen(&mut self, names: &[&PackageName]) -> Result<Batch, ClientError> {
        let batch = self.load_batch(names)?;
        self.check_sightings(&batch.0)?;
        for (name, package) in &batch.0 {
            if let Ok(LoadedPackage::Present(log)) = package {
                self.logs.insert(name.clone(), Arc::clone(log));
            }
        }
        Ok(batch)
    }

    /// Packages as they are now; where they ended then, if this session is of the past; and the proofs of all that.
    fn load_batch(&mut self, names: &[&PackageName]) -> Result<Batch, ClientError> {
        let keys: Vec<_> = names.iter().map(|name| Key::of(name)).collect();
        let tiles_ahead = self.tiles_ahead();
        self.reader.guess_tiles(&tiles_ahead);
        self.read_pages(&keys)?;
        let mut asks = BTreeSet::new();
        let mut logs = Vec::new();
        let mut loaded = BTreeMap::new();
        for (name, key) in names.iter().zip(&keys) {
            let slot = self.pages.slot(key).map_err(|source| ClientError::Map {
                address: self.address(),
                source,
            })?;
            self.check_counted(name, slot.map_or(Length::ZERO, |slot| slot.length))?;
            let Some(slot) = slot else { continue };
            let (name, length, size) = ((*name).clone(), slot.length, self.tiles.size());
            if length.get() > size.get() {
                let refused = RefusedLog::longer(name.clone(), length, size);
                loaded.insert(name, Err(refused));
                continue;
            }
            let head = slot.head;
            logs.push(End { name, length, head });
            asks.insert(slot.index);
        }
        let mut ends = self.past_ends(names)?;
        asks.extend(heads_of(&ends));
        let heads: Vec<_> = asks.iter().copied().collect();
        let needed = self.tiles.needed_for_inclusion(&heads);
        let read = self
            .reader
            .package_records(&logs, &mut self.tiles, &needed)?;
        let mut records = BTreeMap::new();
        for (
            end,
            Way {
                records: read,
                fault,
            },
        ) in logs.into_iter().zip(read)
        {
            let name = end.name.clone();
            if let Some(fault) = fault {
                let address = self
                    .reader
                    .address_of(&layout::package(&name, first_part()));
                let refused = RefusedLog::broken(end, address, fault, read);
                loaded.insert(name, Err(refused));
                continue;
            }
            let operator = self.checkpoint.operator();
            asks.extend(package::asks(operator, &name, borrowed(&read)));
            records.insert(name, read);
        }
        self.read_pages_then(&keys)?;
        ends.extend(self.past_ends(names)?);
        asks.extend(heads_of(&ends));
        asks.extend(behind(&ends, &records));
        let proofs = prove(&mut self.reader, &mut self.tiles, asks)?;
        self.reader.keep_tiles_ahead(&mut self.tiles, &tiles_ahead);
        let none = Records::new();
        let of = |name: &PackageName| records.get(name).unwrap_or(&none);
        let all = names.iter().flat_map(|name| of(name));
        let mut opening = Opening::of(all.map(|(_, bytes)| bytes.as_slice()));
        let mut replayed = BTreeMap::new();
        for &name in names.iter().filter(|name| !loaded.contains_key(**name)) {
            let records = of(name);
            if let Some(evidence) = evidence::disorder(self, records) {
                return Err(evidence::misbehavior(self, evidence));
            }
            let mut opened = opening.by_ref().take(records.len());
            let replay = self.replay(name, records, &mut opened, &proofs);
            opened.for_each(drop); // what comes next is another log's
            let replay = match replay {
                Ok(replay) => Ok(replay),
                Err(error) => Err(self.refuse(name, error, records)?),
            };
            replayed.insert(name, replay);
        }
        for (name, replayed) in replayed {
            let package = replayed.map(|replayed| match replayed {
                Replayed::Absent(absence) => LoadedPackage::Absent(absence),
                Replayed::Present(log, head) => {
                    let records = records.remove(name).unwrap_or_default();
                    let (indices, records) = records.into_iter().unzip();
                    LoadedPackage::Present(Arc::new(LoadedLog {
                        log,
                        head,
                        indices,
                        records,
                        newest: None,
                    }))
                }
            });
            loaded.insert(name.clone(), package);
        }
        Ok((loaded, ends, proofs))
    }

    /// Reads the map pages that lead to these keys, level by level. Those of the past come along as far as they are known.
    pub(super) fn read_pages(&mut self, keys: &[Key]) -> Result<(), ClientError> {
        loop {
            self.take_pages_then(keys)?;
            let needed = self.pages.needed(keys);
            if needed.is_empty() {
                return Ok(());
            }
            let wanted = needed.iter().map(|(_, page)| layout::map_page(page));
            let wanted: Vec<_> = wanted.map(Wanted::fixed).collect();
            let pages = self.reader.need(&wanted)?;
            for ((key, page), bytes) in needed.iter().zip(pages) {
                let path = layout::map_page(page);
                self.pages
                    .admit(key, &bytes)
                    .map_err(|source| ClientError::Map {
                        address: self.reader.address_of(&path),
                        source,
                    })?;
            }
        }
    }

    /// The tiles of a small log that are not there yet: which of them records name is known only once those are read.
    fn tiles_ahead(&self) -> Vec<Tile> {
        let width = u64::from(WIDTH);
        let tiles = self.tiles.size().get().div_ceil(width);
        if tiles > TILES_AHEAD {
            return Vec::new();
        }
        let firsts: Vec<_> = (0..tiles).map(|tile| Index::new(tile * width)).collect();
        self.tiles.needed_for_inclusion(&firsts)
    }

    /// Replays a package's log, whose records were opened.
    fn replay(
        &self,
        name: &PackageName,
        records: &Records,
        opened: &mut impl Iterator<Item = OpenedRecord>,
        proofs: &Proofs,
    ) -> Result<Replayed, ClientError> {
        let presence = Presence::open(&self.checkpoint, name, &self.pages, proofs)
            .map_err(|source| ClientError::Head(Box::new(source)))?;
        let head = match presence {
            Presence::Absent(absence) => return Ok(Replayed::Absent(absence)),
            Presence::Present(head) => head,
        };
        let length = Length::new(u64::try_from(records.len()).unwrap_or(u64::MAX));
        let mut replay = || {
            let mut replay = Replay::begin(&head, &self.checkpoint, length, proofs)?;
            for (index, _) in records {
                if let Some(record) = opened.next() {
                    replay.take(*index, record)?;
                }
            }
            replay.finish()
        };
        let log = replay().map_err(|source| ClientError::Log {
            address: self.reader.address_of(&layout::package(name, first_part())),
            source: Box::new(source),
        })?;
        Ok(Replayed::Present(log, head))
    }

    /// The map counts all records of a package that were seen. If it does not, that is evidence, found before any file of
    /// the package is read.
    fn check_counted(&mut self, name: &PackageName, counted: Length) -> Result<(), ClientError> {
        let remembered = self.memory.as_ref().and_then(|memory| memory.package(name));
        let sightings = [self.news.get(name), remembered].map(Option::<&Sighting>::copied);
        for sighting in sightings.into_iter().flatten() {
            if counted < sighting.seen.length
                && self.tiles.size().holds(sighting.index)
                && let Some(evidence) = evidence::hidden(self, name, &sighting)
            {
                return Err(evidence::misbehavior(self, evidence));
            }
        }
        Ok(())
    }

    /// Step 5: every log continues what was seen of it, and has what came since. Where that holds, this is what was seen.
    fn check_sightings(
        &mut self,
        loaded: &BTreeMap<PackageName, Loaded>,
    ) -> Result<(), ClientError> {
        for (name, package) in loaded {
            if let Some(new) = self.news.get(name).copied() {
                evidence::check_sighting(self, name, &new, package)?;
            }
        }
        let Some(trust) = self.trust else {
            return Ok(());
        };
        while let Some(memory) = self.memory.clone() {
            let mut sightings = BTreeMap::new();
            for (name, package) in loaded {
                if let Some(seen) = memory.package(name) {
                    if !self.tiles.size().holds(seen.index) {
                        continue; // another process saw a later checkpoint than this session's, and more of the package
                    }
                    evidence::check_sighting(self, name, seen, package)?;
                }
                if let Ok(LoadedPackage::Present(loaded)) = package {
                    let sighting = Sighting {
                        seen: Seen {
                            length: loaded.head.length(),
                            head: loaded.head.hash(),
                        },
                        index: loaded.head.index(),
                    };
                    sightings.insert(name.clone(), sighting);
                }
            }
            if let Some(memory) = trust.remember(&memory, &sightings)? {
                self.memory = Some(memory);
                break;
            }
            // Another process saw other heads meanwhile: these are to be continued, too.
            self.memory = trust.read()?;
        }
        Ok(())
    }
}

/// A package's log, and its head; or the proof that there is none.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that are asked for are present"
)]
enum Replayed {
    Present(package::Log, Head),
    Absent(Absence),
}

/// What loading some packages gave: what they are now, where they ended then, and the proofs.
pub(super) type Batch = (
    BTreeMap<PackageName, Loaded>,
    BTreeMap<PackageName, Sighting>,
    Proofs,
);

/// Where the last records before some ends lie, as the map says.
fn heads_of(ends: &BTreeMap<PackageName, Sighting>) -> impl Iterator<Item = Index> {
    let heads = ends.values().filter(|end| end.seen.length > Length::ZERO);
    heads.map(|end| end.index)
}

/// Where the first records behind some ends lie, as the files say.
fn behind(
    ends: &BTreeMap<PackageName, Sighting>,
    records: &BTreeMap<PackageName, Records>,
) -> BTreeSet<Index> {
    let nexts = ends.iter().filter_map(|(name, end)| {
        let next = usize::try_from(end.seen.length.get()).ok()?;
        let (index, _) = records.get(name)?.get(next)?;
        Some(*index)
    });
    nexts.collect()
}
