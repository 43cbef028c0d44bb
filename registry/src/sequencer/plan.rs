//! One batch: what is to be written, worked out before anything is.
//!
//! A plan follows from the registry as it is, the records and a time, and from nothing else: planning a committed batch
//! again gives the same files.

use std::collections::{BTreeMap, BTreeSet};

use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, MapEntry};
use transparency::clock::{earliest, is_ahead};
use transparency::digest::{Digest, Hash};
use transparency::key::SigningKey;
use transparency::log::{Appended, Appender};
use transparency::map::{self, Key, Slot, Updated};
use transparency::name::PackageName;
use transparency::number::{Index, Length, Size, Time};
use transparency::operator;
use transparency::package::{self, Action};
use transparency::policy::Policy;
use transparency::record::{SignedRecord, Subject};
use transparency::statement::Statement;
use transparency::statement::defect;
use transparency::tile::{Part, Tile};

use super::commit::{Commit, CommitProblem};
use super::{MAX_SKEW, Receipt, SequencerError};
use crate::client::{LoadedPackage, Session};
use crate::layout::{self, ObjectPath};
use crate::storage::{Storage, StorageError};

type Records = Vec<(Index, Vec<u8>)>;

pub(super) struct Plan {
    /// The log that the batch follows.
    after: Checkpoint,
    /// Its entries, the map entry last.
    entries: Vec<Vec<u8>>,
    /// The entries of the bundle that was not full, which the new ones follow.
    begun: Vec<Vec<u8>>,
    appended: Appended,
    map: Updated,
    /// All records of each package that grows, and how many of them it had.
    packages: BTreeMap<PackageName, (Records, Length)>,
    operator_records: (Records, Length),
    operator: operator::Log,
    /// That of the map entry.
    time: Time,
    /// The contents of the new releases.
    contents: BTreeSet<Digest>,
}

/// A batch while records are added to it.
struct Draft<'s, 'a> {
    session: &'s mut Session<'a>,
    storage: &'s dyn Storage,
    operator: operator::Log,
    operator_records: Records,
    packages: BTreeMap<PackageName, Growing>,
    records: Vec<Vec<u8>>,
    contents: BTreeSet<Digest>,
}

struct Growing {
    log: package::Log,
    records: Records,
    had: Length,
}

impl Draft<'_, '_> {
    fn next_index(&self) -> Result<Index, SequencerError> {
        let added = u64::try_from(self.records.len()).map_err(|_| SequencerError::Full)?;
        let size = self.session.size().get();
        size.checked_add(added)
            .map(Index::new)
            .ok_or(SequencerError::Full)
    }

    /// Loads the packages that some records are of.
    fn load(&mut self, records: &[Vec<u8>]) -> Result<(), SequencerError> {
        let mut names = BTreeSet::new();
        for bytes in records {
            if let Some(Subject::Package(name)) = Subject::claimed_by(bytes) {
                names.insert(name);
            }
        }
        for (name, package) in self.session.load(&names)? {
            let growing = match package {
                LoadedPackage::Absent(absence) => Growing {
                    log: package::Log::vacant(&absence),
                    records: Vec::new(),
                    had: Length::ZERO,
                },
                LoadedPackage::Present(loaded) => Growing {
                    log: loaded.log().clone(),
                    records: loaded
                        .records()
                        .map(|(index, bytes)| (index, bytes.to_vec()))
                        .collect(),
                    had: loaded.log().length(),
                },
            };
            self.packages.insert(name, growing);
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8], now: Time) -> Result<Receipt, SequencerError> {
        if Subject::claimed_by(bytes) == Some(Subject::Operator) {
            let record = Unverified::<SignedRecord<operator::Action>>::parse(bytes)?;
            self.add_operator_record(bytes, &record, now)
        } else {
            let record = Unverified::<SignedRecord<Action>>::parse(bytes)?;
            self.add_package_record(bytes, &record, now)
        }
    }

    fn add_operator_record(
        &mut self,
        bytes: &[u8],
        record: &Unverified<SignedRecord<operator::Action>>,
        now: Time,
    ) -> Result<Receipt, SequencerError> {
        let record = record.claims();
        let existing = self.operator.hash_at(record.position);
        if let Some(receipt) = existing_receipt(
            existing,
            record,
            self.operator.length(),
            self.operator.head(),
            &self.operator_records,
        )? {
            return Ok(receipt);
        }
        check_time(record.time, now)?;
        let index = self.next_index()?;
        self.operator.admit(index, bytes)?;
        self.operator_records.push((index, bytes.to_vec()));
        self.records.push(bytes.to_vec());
        Ok(Receipt {
            index,
            existed: false,
        })
    }

    fn add_package_record(
        &mut self,
        bytes: &[u8],
        record: &Unverified<SignedRecord<Action>>,
        now: Time,
    ) -> Result<Receipt, SequencerError> {
        let record = record.claims();
        let index = self.next_index()?;
        let Subject::Package(name) = &record.subject else {
            unreachable!("the grammar of package actions allows no other subject");
        };
        let growing = self
            .packages
            .get_mut(name)
            .expect("`load` loaded the package that every record claims");
        if let Some(receipt) = existing_receipt(
            growing.log.hash_at(record.position),
            record,
            growing.log.length(),
            growing.log.head(),
            &growing.records,
        )? {
            return Ok(receipt);
        }
        check_time(record.time, now)?;
        growing.log.admit(&self.operator, bytes)?;
        let kind = growing.log.kind();
        growing.records.push((index, bytes.to_vec()));
        for action in &record.actions {
            if let Action::Annotate { value, .. } = action {
                self.take_named_file(value)?;
            }
            let (Action::Release(statement), Some(kind)) = (action, kind) else {
                continue;
            };
            if let Some(defect) = defect(name, kind, statement)
                && statement.unusable.is_none()
            {
                return Err(SequencerError::Defective {
                    name: name.clone(),
                    version: statement.version.clone(),
                    defect: Box::new(defect),
                });
            }
            self.check_contents(name, statement)?;
        }
        self.records.push(bytes.to_vec());
        Ok(Receipt {
            index,
            existed: false,
        })
    }

    /// Demands that the content of a release, its lock and its bundle are there, or staged.
    fn check_contents(
        &mut self,
        name: &PackageName,
        statement: &Statement,
    ) -> Result<(), SequencerError> {
        let version = &statement.version;
        let bundle = statement.bundle.as_ref().map(|(bundle, _)| bundle);
        let attachments = statement.lock.iter().chain(bundle);
        let wanted = attachments.map(|attachment| (attachment.digest, attachment.size));
        for (digest, size) in wanted.chain([(statement.digest, statement.size)]) {
            if let Some(reason) = self.operator.withdrawn(&digest) {
                return Err(SequencerError::Withdrawn {
                    name: name.clone(),
                    version: version.clone(),
                    digest,
                    reason: reason.to_owned(),
                });
            }
            let bytes = match self.storage.get(&layout::content(&digest))? {
                Some(bytes) => Some(bytes),
                None => self.storage.get(&layout::staged(&digest))?,
            };
            let good = |bytes: Vec<u8>| {
                Digest::of(&bytes) == digest && u64::try_from(bytes.len()) == Ok(size)
            };
            if !bytes.is_some_and(good) {
                return Err(SequencerError::Content {
                    name: name.clone(),
                    version: version.clone(),
                    digest,
                });
            }
            self.contents.insert(digest);
        }
        Ok(())
    }

    /// Takes along a file that an annotation names by its digest, where one is staged: what an importer keeps to show where a
    /// content came from. Nobody needs it to use a release, so one that is missing is no fault.
    fn take_named_file(&mut self, value: &str) -> Result<(), SequencerError> {
        let Ok(digest) = value.parse::<Digest>() else {
            return Ok(());
        };
        if self.operator.withdrawn(&digest).is_some() {
            return Ok(());
        }
        let staged = self.storage.get(&layout::staged(&digest))?;
        if staged.is_some_and(|bytes| Digest::of(&bytes) == digest) {
            self.contents.insert(digest);
        }
        Ok(())
    }

    fn finish(self, time: Time) -> Result<Plan, SequencerError> {
        let after = self.session.checkpoint().checkpoint().clone();
        let entry = self.session.checkpoint().entry().clone();
        let mut slots = Vec::new();
        for (name, growing) in &self.packages {
            if growing.log.length() == growing.had {
                continue;
            }
            let last = growing.records.last();
            let (index, _) = last.expect("a package that grew has a last record");
            slots.push(Slot {
                key: Key::of(name),
                length: growing.log.length(),
                head: growing.log.head(),
                index: *index,
            });
        }
        let storage = self.storage;
        let map = map::update(&entry.root, slots, |page| {
            let path = layout::map_page(page);
            storage
                .get(&path)?
                .ok_or_else(|| missing(storage.address_of(&path)))
        })?;
        let had = self.session.checkpoint().operator().length();
        Plan::assemble(Parts {
            begun: begun_bundle(self.session, storage)?,
            appender: Appender::open(self.session.tiles()),
            after,
            records: self.records,
            // Behind the one before, unless a clock of this batch takes that one back.
            time: time.max(earliest(self.operator.clocks_since(had), entry.time)),
            map,
            packages: self
                .packages
                .into_iter()
                .map(|(name, growing)| (name, (growing.records, growing.had)))
                .collect(),
            operator_records: (self.operator_records, had),
            operator: self.operator,
            contents: self.contents,
        })
    }
}

/// The receipt of a record that is there already; none where its position is the next one.
fn existing_receipt<A>(
    existing: Option<Hash>,
    record: &SignedRecord<A>,
    length: Length,
    head: Hash,
    records: &Records,
) -> Result<Option<Receipt>, SequencerError> {
    let number = usize::try_from(record.position.get()).ok();
    match (existing, number.and_then(|number| records.get(number))) {
        (None, _) => Ok(None),
        (Some(hash), Some((index, _))) if hash == record.hash() => Ok(Some(Receipt {
            index: *index,
            existed: true,
        })),
        _ => Err(SequencerError::Conflict {
            subject: record.subject.clone(),
            position: record.position,
            length,
            head,
        }),
    }
}

/// The time that a record claims.
fn time_of(bytes: &[u8]) -> Result<Time, SequencerError> {
    if Subject::claimed_by(bytes) == Some(Subject::Operator) {
        let record = Unverified::<SignedRecord<operator::Action>>::parse(bytes)?;
        Ok(record.claims().time)
    } else {
        Ok(Unverified::<SignedRecord<Action>>::parse(bytes)?
            .claims()
            .time)
    }
}

/// The latest clock that both admits a record and gives its batch a time. The time of a map entry is that of its
/// sequencer's clock, or that of the map entry before it, if the clock is behind.
fn latest_clock(oldest: Time, time: Time) -> Time {
    let latest = Time::from_unix(oldest.unix().saturating_add(MAX_SKEW));
    latest.map_or(time, |latest| latest.min(time))
}

/// Demands that a record is of now.
fn check_time(found: Time, now: Time) -> Result<(), SequencerError> {
    if found.unix().abs_diff(now.unix()) > MAX_SKEW {
        return Err(SequencerError::Skew { found, now });
    }
    Ok(())
}

fn missing(address: String) -> StorageError {
    StorageError::Io {
        action: "read",
        address,
        source: std::io::ErrorKind::NotFound.into(),
    }
}

/// The entries of the bundle at the log's right edge, each compared with the log's tiles.
fn begun_bundle(
    session: &mut Session<'_>,
    storage: &dyn Storage,
) -> Result<Vec<Vec<u8>>, SequencerError> {
    let size = session.size().get();
    let Some(part) = Part::of(size, size / 256) else {
        return Ok(Vec::new());
    };
    let entries = session.bundle(part)?;
    let good = (part.first()..).zip(&entries).all(|(index, entry)| {
        session.tiles().leaf(Index::new(index)) == Some(Hash::of_leaf(entry))
    });
    if good {
        Ok(entries)
    } else {
        Err(SequencerError::Entries {
            address: storage.address_of(&layout::entries(part)),
        })
    }
}

/// What a plan is made of.
struct Parts {
    after: Checkpoint,
    appender: Appender,
    begun: Vec<Vec<u8>>,
    records: Vec<Vec<u8>>,
    time: Time,
    map: Updated,
    packages: BTreeMap<PackageName, (Records, Length)>,
    operator_records: (Records, Length),
    operator: operator::Log,
    contents: BTreeSet<Digest>,
}

impl Plan {
    /// The first batch of a registry.
    pub(super) fn founding(
        policy: &Policy,
        record: Vec<u8>,
        time: Time,
    ) -> Result<Self, SequencerError> {
        let origin = policy.origin().clone();
        let mut operator = operator::Log::empty(origin.clone(), policy.operate_key().clone());
        operator.admit(Index::ZERO, &record)?;
        Self::assemble(Parts {
            after: Checkpoint {
                origin,
                size: Size::ZERO,
                root: Hash::of_empty(),
            },
            appender: Appender::empty(),
            begun: Vec::new(),
            operator_records: (vec![(Index::ZERO, record.clone())], Length::ZERO),
            records: vec![record],
            time,
            map: map::build(Vec::new())?,
            packages: BTreeMap::new(),
            operator,
            contents: BTreeSet::new(),
        })
    }

    /// A batch of records; none where all of them are there already.
    pub(super) fn new(
        session: &mut Session<'_>,
        storage: &dyn Storage,
        records: &[Vec<u8>],
        now: Time,
    ) -> Result<(Option<Self>, Vec<Receipt>), SequencerError> {
        let mut draft = Self::draft(session, storage);
        draft.load(records)?;
        let receipts = records
            .iter()
            .map(|record| draft.add(record, now))
            .collect::<Result<Vec<_>, _>>()?;
        if draft.records.is_empty() {
            return Ok((None, receipts));
        }
        let plan = draft.finish(now)?;
        if is_ahead(plan.time, now) {
            return Err(SequencerError::Ahead {
                time: plan.time,
                now,
            });
        }
        Ok((Some(plan), receipts))
    }

    fn draft<'s, 'a>(session: &'s mut Session<'a>, storage: &'s dyn Storage) -> Draft<'s, 'a> {
        Draft {
            operator: session.checkpoint().operator().clone(),
            operator_records: session.operator_records().to_vec(),
            session,
            storage,
            packages: BTreeMap::new(),
            records: Vec::new(),
            contents: BTreeSet::new(),
        }
    }

    /// The batch of a commit, planned again with the clock that its sequencer had, so that the same things are refused. A
    /// batch that is ahead of `now` is refused too, unless `now` is none.
    pub(super) fn recover(
        session: &mut Session<'_>,
        storage: &dyn Storage,
        bytes: &[u8],
        now: Option<Time>,
    ) -> Result<Self, SequencerError> {
        let address = storage.address_of(&layout::commit(session.size()));
        let wrong = |problem| SequencerError::Commit {
            address: address.clone(),
            problem,
        };
        let commit = Commit::parse(bytes, session.checkpoint().checkpoint())
            .ok_or_else(|| wrong(CommitProblem::Damaged))?;
        let Commit { records, time } = commit;
        let refused = |error| match error {
            // The folder is at fault, and not the batch.
            SequencerError::Client(_) | SequencerError::Storage(_) => error,
            SequencerError::Skew { found, .. } => wrong(CommitProblem::Times { found, time }),
            error => wrong(CommitProblem::Record(Box::new(error))),
        };
        let times: Result<Vec<_>, _> = records.iter().map(|record| time_of(record)).collect();
        let oldest = times.map_err(refused)?.into_iter().min();
        let oldest = oldest.ok_or_else(|| wrong(CommitProblem::Empty))?;
        let clock = latest_clock(oldest, time);
        let mut draft = Self::draft(session, storage);
        draft.load(&records)?;
        for record in &records {
            if draft.add(record, clock).map_err(refused)?.existed {
                return Err(wrong(CommitProblem::Known));
            }
        }
        let plan = draft.finish(clock)?;
        // A clock so far behind its entry would have refused to write.
        if plan.time < time || is_ahead(plan.time, clock) {
            return Err(wrong(CommitProblem::Times {
                found: oldest,
                time,
            }));
        }
        if plan.commit() != bytes {
            return Err(wrong(CommitProblem::Damaged));
        }
        match now {
            Some(now) if is_ahead(time, now) => Err(wrong(CommitProblem::Ahead { time, now })),
            _ => Ok(plan),
        }
    }

    fn assemble(parts: Parts) -> Result<Self, SequencerError> {
        let Parts {
            after,
            mut appender,
            begun,
            mut records,
            time,
            map,
            packages,
            operator_records,
            operator,
            contents,
        } = parts;
        let last = operator_records.0.last();
        let (operator_index, _) = last.expect("a registry begins with an operator record");
        let entry = MapEntry {
            origin: after.origin.clone(),
            root: map.root,
            packages: map.count,
            operator_length: operator.length(),
            operator_head: operator.head(),
            operator_index: *operator_index,
            time,
        };
        records.push(entry.to_string().into_bytes());
        let leaves: Vec<_> = records.iter().map(|entry| Hash::of_leaf(entry)).collect();
        let appended = appender.append(&leaves).ok_or(SequencerError::Full)?;
        Ok(Self {
            after,
            entries: records,
            begun,
            appended,
            map,
            packages,
            operator_records,
            operator,
            time,
            contents,
        })
    }

    /// The operator log with the batch.
    pub(super) fn operator(&self) -> &operator::Log {
        &self.operator
    }

    /// The bytes of the object that decides the batch.
    pub(super) fn commit(&self) -> Vec<u8> {
        Commit::print(&self.after, &self.entries)
    }

    /// Steps 3 to 5: writes all files, signs, advances from the checkpoint given, cleans up.
    pub(super) fn apply(
        &self,
        storage: &dyn Storage,
        from: Option<&[u8]>,
        key: &SigningKey,
    ) -> Result<(), SequencerError> {
        for digest in &self.contents {
            let (path, staged) = (layout::content(digest), layout::staged(digest));
            if storage.get(&path)?.is_some() {
                continue;
            }
            match storage.get(&staged)? {
                Some(bytes) => storage.put(&path, &bytes)?,
                // Another process may have finished this batch, and cleaned up, in between.
                None if storage.get(&path)?.is_some() => {}
                None => return Err(missing(storage.address_of(&staged)).into()),
            }
        }
        for (page, bytes) in &self.map.pages {
            storage.put(&layout::map_page(page), bytes)?;
        }
        let mut replaced = Vec::new();
        for (name, records) in &self.packages {
            write_records(storage, records, &mut replaced, |part| {
                layout::package(name, part)
            })?;
        }
        write_records(
            storage,
            &self.operator_records,
            &mut replaced,
            layout::operator,
        )?;
        self.write_bundles(storage, &mut replaced)?;
        for (tile, bytes) in &self.appended.tiles {
            storage.put(&layout::tile(*tile), bytes)?;
            if tile.is_full() {
                let partial = |width| Tile::new(tile.level(), tile.index(), width).ok();
                replaced.extend((1..256).filter_map(partial).map(layout::tile));
            }
        }
        let checkpoint = Checkpoint {
            origin: self.after.origin.clone(),
            size: self.appended.size,
            root: self.appended.root,
        };
        let entry = self.entries.last().expect("the map entry was pushed");
        storage.put(&layout::map_at(checkpoint.size), entry)?;
        let note = checkpoint.sign(key).to_string();
        storage.advance(from, note.as_bytes())?;
        // From here on the batch is accepted. What is left is cleaning up; it may fail without harm.
        let staged = self.contents.iter().map(layout::staged);
        let commit = layout::commit(self.after.size);
        for path in replaced.into_iter().chain(staged).chain([commit]) {
            let _ = storage.remove(&path);
        }
        Ok(())
    }

    fn write_bundles(
        &self,
        storage: &dyn Storage,
        replaced: &mut Vec<ObjectPath>,
    ) -> Result<(), SequencerError> {
        let entries: Vec<_> = self.begun.iter().chain(&self.entries).collect();
        let mut number = self.after.size.get() / 256;
        for chunk in entries.chunks(256) {
            let part = Part::of(self.appended.size.get(), number).ok_or(SequencerError::Full)?;
            let path = layout::entries(part);
            let bytes = part
                .print_entries(chunk)
                .map_err(|source| SequencerError::File {
                    address: storage.address_of(&path),
                    source,
                })?;
            storage.put(&path, &bytes)?;
            replaced.extend(partials(part).map(layout::entries));
            number = number.saturating_add(1);
        }
        Ok(())
    }
}

/// The partial files that a full one replaces.
fn partials(part: Part) -> impl Iterator<Item = Part> {
    let widths = if part.is_full() { 1..256 } else { 1..1 };
    widths.filter_map(move |width| Part::new(part.number(), width).ok())
}

/// Writes the files of a log that changed: from the one that its last record was in.
fn write_records(
    storage: &dyn Storage,
    (records, had): &(Records, Length),
    replaced: &mut Vec<ObjectPath>,
    path: impl Fn(Part) -> ObjectPath,
) -> Result<(), SequencerError> {
    let count = u64::try_from(records.len()).map_err(|_| SequencerError::Full)?;
    if count == had.get() {
        return Ok(());
    }
    let from = had.get() / 256;
    for (number, chunk) in (0..)
        .zip(records.chunks(256))
        .skip_while(|(number, _)| *number < from)
    {
        let part = Part::of(count, number).ok_or(SequencerError::Full)?;
        let path_of_part = path(part);
        let bytes = part
            .print_records(chunk)
            .map_err(|source| SequencerError::File {
                address: storage.address_of(&path_of_part),
                source,
            })?;
        storage.put(&path_of_part, &bytes)?;
        replaced.extend(partials(part).map(&path));
    }
    Ok(())
}
