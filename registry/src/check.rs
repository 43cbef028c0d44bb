//! Replaying a whole registry: every entry, every rule, every committed root.
//!
//! A client checks proofs, and asks about few packages. This checks everything: that each map entry follows from the
//! entries before it, that the files beside the log say what the log says, and that every content is there. It is given
//! nothing but the policy, and reads the registry as a client does.

mod conviction;

use std::collections::BTreeMap;

use transparency::Unverified;
use transparency::checkpoint::{MapEntry, MapEntryError};
use transparency::clock::earliest;
use transparency::content::{Content, ContentError, Derived, check_bytes};
use transparency::digest::{Digest, Hash};
use transparency::log::{Appended, Appender, VerifiedTiles};
use transparency::map::{self, Key, MapError, Slot, UpdateError};
use transparency::name::PackageName;
use transparency::number::{Index, Length, Size, Time};
use transparency::operator;
use transparency::package::{self, Action, LogError};
use transparency::policy::Policy;
use transparency::record::{RecordError, SignedRecord, Subject};
use transparency::release::Release;
use transparency::statement::Attachment;
use transparency::statement::Statement;
use transparency::tile::{FileError, Part, WIDTH};

use crate::client::{Client, ClientError, Doubted, Remedy, Session, evidence};
use crate::layout::{self, ObjectPath};
use crate::storage::{Source, StorageError};
use conviction::RecordIndices;

/// What a registry was found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Entries of the log.
    pub size: Size,
    /// Records among them.
    pub records: u64,
    /// Map entries among them, each of which was computed again.
    pub map_entries: u64,
    /// How many packages have records among them.
    pub packages: u64,
    /// How many releases the packages have, withdrawn and yanked ones included.
    pub releases: u64,
    /// Contents that were read and compared.
    pub contents: u64,
}

/// What is wrong with a registry.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read or believed at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file is missing.
    #[error("{address} is missing")]
    Missing {
        /// Where it should be.
        address: String,
    },
    /// A file does not read.
    #[error("{address} is damaged")]
    File {
        /// Where the file lies: a path or a URL.
        address: String,
        /// What is wrong with it.
        #[source]
        source: FileError,
    },
    /// A file says something else than the log.
    #[error("{address} is not what follows from the log")]
    Differs {
        /// Where the file lies: a path or a URL.
        address: String,
    },
    /// The entries have another root than the checkpoint.
    #[error("the entries of the log do not have the root of its checkpoint: they have {computed}")]
    Root {
        /// The root that they have, in base64.
        computed: String,
    },
    /// An entry is neither a record nor a map entry.
    #[error("entry {index} is refused")]
    Entry {
        /// Its index in the log.
        index: Index,
        /// The error that caused it.
        #[source]
        source: Box<EntryError>,
    },
    /// A content that is not what its record says.
    #[error(transparent)]
    Content(Box<ContentError>),
    /// A content that cannot be parsed.
    #[error("the content of {name}@{version} cannot be read")]
    Underivable {
        /// The package that the content is of.
        name: PackageName,
        /// The version that the content is of.
        version: semver::Version,
        /// The error that caused it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl CheckError {
    /// What the reader should do.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Client(error) => error.remedy(),
            Self::Storage(error) => error.remedy(),
            Self::Missing { .. } => Remedy::Retry,
            Self::File { .. }
            | Self::Differs { .. }
            | Self::Root { .. }
            | Self::Entry { .. }
            | Self::Content(_)
            | Self::Underivable { .. } => Remedy::Investigate,
        }
    }
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It is not a record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It stands in the log before.
    #[error("it is entry {first} again")]
    Again {
        /// Where it stands first.
        first: Index,
    },
    /// It is not a map entry.
    #[error(transparent)]
    MapEntry(#[from] MapEntryError),
    /// A package record that is refused.
    #[error(transparent)]
    Package(#[from] LogError),
    /// An operator record that is refused.
    #[error(transparent)]
    Operator(#[from] operator::AdmitError),
    /// The map could not be computed.
    #[error(transparent)]
    Map(#[from] UpdateError<MapError>),
    /// The map entry is not the one that the entries before it make.
    #[error("the map entry says\n{found}but the entries before it make\n{expected}")]
    Committed {
        /// What it says.
        found: Box<str>,
        /// What it should say.
        expected: Box<str>,
    },
    /// A map entry before the operator's first record.
    #[error("there is no operator record before it")]
    NoOperator,
    /// Its time is before that of the map entry before it.
    #[error("its time {found} is before that of the map entry before it, {previous}")]
    Time {
        /// The time of the map entry before it.
        previous: Time,
        /// The time of this map entry.
        found: Time,
    },
}

type Records = Vec<(Index, Vec<u8>)>;

/// The registry as the entries so far make it.
struct Replay {
    operator: operator::Log,
    operator_records: Records,
    packages: BTreeMap<PackageName, (package::Log, Records)>,
    /// The packages that changed since the last map entry.
    changed: BTreeMap<PackageName, Slot>,
    root: Digest,
    count: u64,
    /// Of every map so far.
    pages: BTreeMap<Digest, Vec<u8>>,
    /// Of the last map entry, and how many operator records it counted.
    time: Option<(Time, Length)>,
    states: Vec<State>,
    /// Every entry so far, and where it stands.
    leaves: BTreeMap<Hash, Index>,
}

/// What a map entry committed to: the registry as it could be read at that size.
struct State {
    size: Size,
    map_entry: Vec<u8>,
    operator_length: Length,
    /// The packages that changed with it.
    packages: Vec<(PackageName, Length)>,
}

impl Replay {
    fn new(policy: &Policy) -> Result<Self, MapError> {
        let empty = map::build(Vec::new())?;
        let origin = policy.origin().clone();
        Ok(Self {
            operator: operator::Log::empty(origin, policy.operate_key().clone()),
            operator_records: Vec::new(),
            packages: BTreeMap::new(),
            changed: BTreeMap::new(),
            root: empty.root,
            count: empty.count,
            pages: empty.pages.into_iter().collect(),
            time: None,
            states: Vec::new(),
            leaves: BTreeMap::new(),
        })
    }

    fn take(&mut self, index: Index, bytes: &[u8]) -> Result<(), EntryError> {
        if let Some(first) = self.leaves.insert(Hash::of_leaf(bytes), index) {
            return Err(EntryError::Again { first });
        }
        if MapEntry::is_one(bytes) {
            return self.take_map_entry(index, bytes);
        }
        if Subject::claimed_by(bytes) == Some(Subject::Operator) {
            self.operator.admit(index, bytes)?;
            self.operator_records.push((index, bytes.to_vec()));
            return Ok(());
        }
        let record = Unverified::<SignedRecord<Action>>::parse(bytes)?;
        self.take_package_record(index, bytes, &record.claims().subject)
    }

    fn take_package_record(
        &mut self,
        index: Index,
        bytes: &[u8],
        subject: &Subject,
    ) -> Result<(), EntryError> {
        let Subject::Package(name) = subject else {
            unreachable!("the grammar of package actions allows no other subject");
        };
        let (log, records) = self.packages.entry(name.clone()).or_insert_with(|| {
            let origin = self.operator.origin().clone();
            let log = package::Log::danger_before_first_record(origin, name.clone());
            (log, Vec::new())
        });
        log.admit(&self.operator, bytes)?;
        records.push((index, bytes.to_vec()));
        let slot = Slot {
            key: Key::of(name),
            length: log.length(),
            head: log.head(),
            index,
        };
        self.changed.insert(name.clone(), slot);
        Ok(())
    }

    fn take_map_entry(&mut self, index: Index, bytes: &[u8]) -> Result<(), EntryError> {
        let found = MapEntry::parse(bytes)?;
        let changed = std::mem::take(&mut self.changed);
        let slots = changed.values().copied().collect();
        let updated = map::update(&self.root, slots, |page| {
            let bytes = self.pages.get(page).cloned();
            bytes.ok_or(MapError::Missing { page: *page })
        })?;
        (self.root, self.count) = (updated.root, updated.count);
        self.pages.extend(updated.pages);
        let (operator_index, _) = self.operator_records.last().ok_or(EntryError::NoOperator)?;
        let expected = MapEntry {
            origin: self.operator.origin().clone(),
            root: self.root,
            packages: self.count,
            operator_length: self.operator.length(),
            operator_head: self.operator.head(),
            operator_index: *operator_index,
            time: found.time,
        };
        if found != expected {
            return Err(EntryError::Committed {
                found: found.to_string().into(),
                expected: expected.to_string().into(),
            });
        }
        if let Some((previous, length)) = self.time
            && found.time < earliest(self.operator.clocks_since(length), previous)
        {
            return Err(EntryError::Time {
                previous,
                found: found.time,
            });
        }
        self.time = Some((found.time, found.operator_length));
        if let Some(size) = index.size() {
            self.states.push(State {
                size,
                map_entry: bytes.to_vec(),
                operator_length: found.operator_length,
                packages: changed
                    .into_iter()
                    .map(|(name, slot)| (name, slot.length))
                    .collect(),
            });
        }
        Ok(())
    }
}

/// Checks a registry. `derive` says what the bytes of a content are, once parsed.
///
/// # Errors
/// The evidence, where what the registry signed alone shows that it misbehaved; else the first thing that is wrong.
pub fn check<E>(
    policy: &Policy,
    source: &dyn Source,
    derive: impl Fn(&[u8]) -> Result<Derived, E>,
) -> Result<Report, CheckError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    check_session(Client::new(policy, source).open()?, policy, source, derive)
}

/// Checks a registry at the checkpoint of a session which reads the registry's own files and keeps none
/// ([`Client::without_cache`]). So what is replayed is what the session checked. If several things are wrong, evidence is
/// reported first, even if the session was refused already.
///
/// # Errors
/// As [`check`].
pub fn check_session<'s, E>(
    opened: impl Into<Doubted<'s>>,
    policy: &Policy,
    source: &dyn Source,
    derive: impl Fn(&[u8]) -> Result<Derived, E>,
) -> Result<Report, CheckError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let Doubted {
        mut session,
        refusal,
    } = opened.into();
    let checkpoint = session.checkpoint().checkpoint().clone();
    let mut entries = Vec::new();
    for part in Part::all(checkpoint.size.get()) {
        entries.extend(session.bundle(part)?);
    }
    let replay = replay(
        &mut session,
        policy,
        &entries,
        refusal.map(CheckError::Client),
    )?;
    let appended = append_all(&entries);
    if appended.root != checkpoint.root {
        return Err(CheckError::Root {
            computed: appended.root.base64(),
        });
    }
    let files = Files { source };
    for (tile, bytes) in &appended.tiles {
        files.compare(&layout::tile(*tile), bytes)?;
    }
    for page in live_pages(&replay) {
        let path = layout::map_page(&page);
        files.demand(&path)?;
    }
    for (page, bytes) in &replay.pages {
        files.compare_if_there(&layout::map_page(page), || Ok(bytes.clone()))?;
    }
    files.compare_records(&replay.operator_records, &Subject::Operator)?;
    files.compare_states(&replay, &entries, &appended)?;
    let mut report = Report {
        size: checkpoint.size,
        records: 0,
        map_entries: count(replay.states.len()),
        packages: count(replay.packages.len()),
        releases: 0,
        contents: 0,
    };
    report.records = checkpoint.size.get().saturating_sub(report.map_entries);
    for (name, (log, records)) in &replay.packages {
        files.compare_records(records, &Subject::Package(name.clone()))?;
        for release in log.releases() {
            report.releases = report.releases.saturating_add(1);
            if replay.operator.withdrawn(release.digest()).is_none() {
                files.check_content(name, release, &derive)?;
                report.contents = report.contents.saturating_add(1);
            }
            let Statement { lock, bundle, .. } = release.statement();
            let bundle = bundle.as_ref().map(|(bundle, _)| bundle);
            for attachment in lock.iter().chain(bundle) {
                if replay.operator.withdrawn(&attachment.digest).is_none() {
                    files.check_attachment(attachment)?;
                    report.contents = report.contents.saturating_add(1);
                }
            }
        }
    }
    Ok(report)
}

/// Replays all entries. Behind those that are refused it goes on to search for evidence.
fn replay(
    session: &mut Session<'_>,
    policy: &Policy,
    entries: &[Vec<u8>],
    mut refusal: Option<CheckError>,
) -> Result<Replay, CheckError> {
    let mut indices = RecordIndices::of(session, entries)?;
    let mut replay = Replay::new(policy)
        .map_err(|source| refused(Index::ZERO, UpdateError::Map(source).into()))?;
    for (index, entry) in (0..).map(Index::new).zip(entries) {
        if let Err(error) = replay.take(index, entry) {
            if let Some(evidence) = indices.omitted(session, index, &replay.pages) {
                return Err(evidence::misbehavior(session, evidence).into());
            }
            refusal.get_or_insert(refused(index, error));
        }
    }
    refusal.map_or(Ok(replay), Err)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn append_all(entries: &[Vec<u8>]) -> Appended {
    let leaves: Vec<_> = entries.iter().map(|entry| Hash::of_leaf(entry)).collect();
    let appended = Appender::empty().append(&leaves);
    appended.expect("a log that was read fits 64 bits")
}

fn refused(index: Index, source: EntryError) -> CheckError {
    CheckError::Entry {
        index,
        source: Box::new(source),
    }
}

/// The pages of the last map: those that must be there.
fn live_pages(replay: &Replay) -> Vec<Digest> {
    let slots = replay.packages.iter().filter_map(|(name, (log, records))| {
        let (index, _) = records.last()?;
        Some(Slot {
            key: Key::of(name),
            length: log.length(),
            head: log.head(),
            index: *index,
        })
    });
    let live = map::build(slots.collect());
    let live = live.expect("packages have different keys, and records");
    live.pages.into_iter().map(|(digest, _)| digest).collect()
}

/// The last file of a sequence of `count`, if it is partial or just full.
fn last_part(count: u64) -> Option<Part> {
    Part::of(count, count.checked_sub(1)? / u64::from(WIDTH))
}

/// The items that a file holds, of all there are.
fn of_part<T>(items: &[T], part: Part) -> &[T] {
    let first = usize::try_from(part.first()).unwrap_or(usize::MAX);
    let items = items.get(first..).unwrap_or_default();
    items.get(..usize::from(part.width())).unwrap_or(items)
}

struct Files<'a> {
    source: &'a dyn Source,
}

impl Files<'_> {
    fn compare(&self, path: &ObjectPath, expected: &[u8]) -> Result<(), CheckError> {
        let address = || self.source.address_of(path);
        match self.source.get(path)? {
            None => Err(CheckError::Missing { address: address() }),
            Some(found) if found != expected => Err(CheckError::Differs { address: address() }),
            Some(_) => Ok(()),
        }
    }

    fn demand(&self, path: &ObjectPath) -> Result<(), CheckError> {
        match self.source.get(path)? {
            Some(_) => Ok(()),
            None => Err(CheckError::Missing {
                address: self.source.address_of(path),
            }),
        }
    }

    /// Compares a file that may be gone.
    fn compare_if_there(
        &self,
        path: &ObjectPath,
        expected: impl FnOnce() -> Result<Vec<u8>, FileError>,
    ) -> Result<(), CheckError> {
        let Some(found) = self.source.get(path)? else {
            return Ok(());
        };
        let address = || self.source.address_of(path);
        let expected = expected().map_err(|source| CheckError::File {
            address: address(),
            source,
        })?;
        if found == expected {
            Ok(())
        } else {
            Err(CheckError::Differs { address: address() })
        }
    }

    /// The files of every state that the registry went through. The map entry of each state must be there. A partial file
    /// of an earlier state may be gone; where it is there, it must be right, since whoever still has that checkpoint reads
    /// it.
    fn compare_states(
        &self,
        replay: &Replay,
        entries: &[Vec<u8>],
        appended: &Appended,
    ) -> Result<(), CheckError> {
        let tiles: BTreeMap<_, _> = appended
            .tiles
            .iter()
            .map(|(tile, bytes)| ((tile.level(), tile.index()), bytes))
            .collect();
        for state in &replay.states {
            let State {
                size, map_entry, ..
            } = state;
            self.compare(&layout::map_at(*size), map_entry)?;
            for tile in VerifiedTiles::edge(*size) {
                if let Some(grown) = tiles.get(&(tile.level(), tile.index())) {
                    let expected = grown.get(..tile.byte_len()).unwrap_or(grown);
                    self.compare_if_there(&layout::tile(tile), || Ok(expected.to_vec()))?;
                }
            }
            if let Some(part) = last_part(size.get()) {
                let path = layout::entries(part);
                self.compare_if_there(&path, || part.print_entries(of_part(entries, part)))?;
            }
            let operator = (Subject::Operator, state.operator_length);
            self.compare_last(&operator, &replay.operator_records)?;
            for (name, length) in &state.packages {
                if let Some((_, records)) = replay.packages.get(name) {
                    let package = (Subject::Package(name.clone()), *length);
                    self.compare_last(&package, records)?;
                }
            }
        }
        Ok(())
    }

    /// The last file of a log as it was when it had this length.
    fn compare_last(
        &self,
        (subject, length): &(Subject, Length),
        records: &Records,
    ) -> Result<(), CheckError> {
        let Some(part) = last_part(length.get()) else {
            return Ok(());
        };
        let path = layout::records(subject, part);
        self.compare_if_there(&path, || part.print_records(of_part(records, part)))
    }

    fn compare_records(&self, records: &Records, subject: &Subject) -> Result<(), CheckError> {
        for part in Part::all(count(records.len())) {
            let path = layout::records(subject, part);
            let expected = part
                .print_records(of_part(records, part))
                .map_err(|source| CheckError::File {
                    address: self.source.address_of(&path),
                    source,
                })?;
            self.compare(&path, &expected)?;
        }
        Ok(())
    }

    fn check_attachment(&self, attachment: &Attachment) -> Result<(), CheckError> {
        let path = layout::content(&attachment.digest);
        let address = || self.source.address_of(&path);
        let bytes = self.source.get(&path)?;
        let bytes = bytes.ok_or_else(|| CheckError::Missing { address: address() })?;
        if Digest::of(&bytes) == attachment.digest && count(bytes.len()) == attachment.size {
            Ok(())
        } else {
            Err(CheckError::Differs { address: address() })
        }
    }

    fn check_content<E>(
        &self,
        name: &PackageName,
        release: &Release,
        derive: impl Fn(&[u8]) -> Result<Derived, E>,
    ) -> Result<(), CheckError>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let path = layout::content(release.digest());
        let bytes = self.source.get(&path)?.ok_or_else(|| CheckError::Missing {
            address: self.source.address_of(&path),
        })?;
        if release.statement().unusable.is_some() {
            return check_bytes(name, release, &bytes)
                .map_err(|source| CheckError::Content(Box::new(source)));
        }
        Content::open(name, release, bytes, derive)
            .map_err(|source| CheckError::Underivable {
                name: name.clone(),
                version: release.version().clone(),
                source: Box::new(source),
            })?
            .map_err(|source| CheckError::Content(Box::new(source)))?;
        Ok(())
    }
}
