//! What came since this machine last looked, read entry by entry where it is little.
//!
//! The map says how many records each package has, and who holds the checkpoint key can leave one out. Only somebody who
//! saw that record would notice. So a machine that continues a log which it saw before reads the new entries, and demands
//! that the map counts the records among them: those of the operator and of packages that it relied on before, at once;
//! those of every other package, when this session loads it. It also checks what holds of every log: a later record lies
//! behind an earlier one, and times do not go back.
//!
//! Where the registry was not asked, nobody knows what came. Then the trust store keeps where the unread entries begin, and
//! the next session that asks reads them.
//!
//! A project's lock remembers a checkpoint as well. Where that is older than all that this machine ever read of the log, what came
//! since then is news, too: another project may have shown it the registry in between.
//!
//! A machine that sees a registry for the first time, or after very long, believes what the map tells it. Monitors hold the
//! map against the whole log.

use std::collections::BTreeMap;

use transparency::checkpoint::MapEntry;
use transparency::clock::earliest;
use transparency::digest::Hash;
use transparency::map::Key;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position};
use transparency::package::Seen;
use transparency::record::Subject;
use transparency::tile::Part;

use super::doubts::Doubts;
use super::{ClientError, Session, evidence};
use crate::trust::{Memory, NewsRead, Sighting, Since};

/// The most new entries that are read: sixteen files, and what came within days in a registry of thousands of packages.
pub(super) const MOST: u64 = 4096;

/// The last record of each log that came since.
pub(super) type News = BTreeMap<PackageName, Sighting>;

impl Session<'_> {
    /// Reads what came since, and holds the map against what it says of the operator and of remembered packages. If the
    /// registry is not asked, all of it is left to be read later; if it is too much, nothing of it will be.
    pub(super) fn read_news(
        &mut self,
        since: Since,
        memory: Option<&Memory>,
        doubts: &mut Doubts,
    ) -> Result<NewsRead, ClientError> {
        let (from, size) = (since.size, self.tiles.size());
        let unread = None;
        if from == size {
            return Ok(NewsRead { from, unread });
        }
        if !self.reader.asks() || self.unasked.is_some() {
            let unread = Some(since);
            return Ok(NewsRead { from, unread });
        }
        if size.get().saturating_sub(from.get()) > MOST {
            return Ok(NewsRead { from: size, unread });
        }
        let mut latest = BTreeMap::new();
        let mut time = (since.time, since.operator);
        let parts = Part::all(size.get()).skip_while(|part| {
            let end = part.first().saturating_add(u64::from(part.width()));
            end <= from.get()
        });
        for part in parts {
            let entries = self.verified_entries(part)?;
            let new = (part.first()..).map(Index::new).zip(&entries);
            for (index, entry) in new.filter(|(index, _)| !from.holds(*index)) {
                if MapEntry::is_one(entry) {
                    let entry = MapEntry::parse(entry)
                        .map_err(|error| ClientError::trust(self.policy, error.into()));
                    let Some(entry) = doubts.weigh(entry)? else {
                        continue;
                    };
                    let clocks = self.checkpoint.operator().clocks_since(time.1);
                    if entry.time < earliest(clocks, time.0) {
                        doubts.weigh::<()>(Err(ClientError::TimeBack {
                            origin: self.policy.origin().clone(),
                            seen: time.0,
                            found: entry.time,
                        }))?;
                    }
                    time = (entry.time, entry.operator_length);
                } else if let Some((subject, position)) = evidence::record_of(self, entry) {
                    self.take_new(&mut latest, subject, position, (index, entry))?;
                }
            }
        }
        self.check_news(memory, latest, doubts)?;
        Ok(NewsRead { from, unread })
    }

    /// Takes in the next record of a log, which lies behind those that it follows.
    fn take_new(
        &mut self,
        latest: &mut BTreeMap<Subject, Sighting>,
        subject: Subject,
        position: Position,
        (index, entry): (Index, &Vec<u8>),
    ) -> Result<(), ClientError> {
        let head = Hash::of_leaf(entry);
        if let Some(before) = latest.get(&subject).copied()
            && before.seen.length.holds(position)
            && let Some(evidence) = evidence::not_behind(self, &before, position, (index, entry))
        {
            return Err(evidence::misbehavior(self, evidence));
        }
        let Some(length) = Length::new(position.get()).plus_one() else {
            return Ok(()); // no log is so long
        };
        let seen = Seen { length, head };
        latest.insert(subject, Sighting { seen, index });
        Ok(())
    }

    fn check_news(
        &mut self,
        memory: Option<&Memory>,
        mut latest: BTreeMap<Subject, Sighting>,
        doubts: &mut Doubts,
    ) -> Result<(), ClientError> {
        if let Some(operator) = latest.remove(&Subject::Operator) {
            doubts.weigh(self.check_operator(&operator))?;
        }
        for (subject, sighting) in latest {
            if let Subject::Package(name) = subject {
                self.news.insert(name, sighting);
            }
        }
        let known = self.news.iter();
        let known: Vec<_> = known
            .filter(|(name, _)| memory.is_some_and(|memory| memory.package(name).is_some()))
            .map(|(name, sighting)| (name.clone(), *sighting))
            .collect();
        let keys: Vec<_> = known.iter().map(|(name, _)| Key::of(name)).collect();
        self.read_pages(&keys)?;
        for ((name, sighting), key) in known.iter().zip(&keys) {
            let slot = self.pages.slot(key).map_err(|source| ClientError::Map {
                address: self.address(),
                source,
            })?;
            let said = slot.map(|slot| Sighting {
                seen: Seen {
                    length: slot.length,
                    head: slot.head,
                },
                index: slot.index,
            });
            if said != Some(*sighting) {
                // What is wrong shows when its log is read, which is held against the news as well.
                doubts.weigh(self.load_seen(&[name]))?;
            }
        }
        Ok(())
    }

    /// The entries of a bundle, each compared with the log's tiles. They are not kept: they are read once.
    pub(super) fn verified_entries(&mut self, part: Part) -> Result<Vec<Vec<u8>>, ClientError> {
        let needed = self.tiles.needed_for_inclusion(&[Index::new(part.first())]);
        self.reader.admit(&mut self.tiles, &needed)?;
        let entries = self.bundle(part)?;
        for (index, entry) in (part.first()..).map(Index::new).zip(&entries) {
            let hash = Hash::of_leaf(entry);
            if self.tiles.leaf(index) != Some(hash) {
                let proof = self.tiles.prove_inclusion(index)?;
                self.checkpoint
                    .check_included(&hash, index, &proof)
                    .map_err(|source| ClientError::NotIncluded {
                        hash,
                        index,
                        source,
                    })?;
            }
        }
        Ok(entries)
    }
}
