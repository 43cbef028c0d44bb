//! Reading a registry with proof: from files to what may be believed, in the order of `docs/trust.md`.
//!
//! A [`Client`] knows a policy, where to read, and what is remembered. [`Client::open`] climbs to a trusted checkpoint
//! that continues what this machine saw before and what the project has of the registry, its lock's checkpoint and the
//! one that lies with it; the [`Session`] then answers every question at that one checkpoint: package logs, inclusion,
//! whether an older checkpoint is a prefix, contents. What verified goes to the shelf, and only that.
//!
//! The order of reading is: checkpoint; map entry and the log's right edge; operator records and the tiles of their
//! proofs; then, for any number of packages, map pages level by level; package files and the tiles of their heads; the
//! tiles of what their records name. Each step asks for all that it needs at once, and what needs nothing is no step. The
//! map's root comes along with the operator's records, and a small log's tiles with the first package files: so a
//! registry of up to 256 packages and 4,096 entries opens in three round trips, and answers for 256 packages in one more.

mod content;
mod error;
pub(crate) mod evidence;
mod news;
mod opening;
mod past;
mod reader;
mod records;
mod start;

use std::collections::{BTreeMap, BTreeSet};

use transparency::Unverified;
use transparency::checkpoint::{
    Checkpoint, Evidence, MapEntry, SignedCheckpoint, TrustError, TrustedCheckpoint,
};
use transparency::clock::earliest;
use transparency::digest::Hash;
use transparency::log::{ConsistencyProof, VerifiedTiles};
use transparency::map::{Key, VerifiedPages};
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::package::{self, Absence, Head, Presence, Proofs, Replay, Seen};
use transparency::policy::Policy;
use transparency::tile::{Part, Tile, WIDTH};

pub use error::{ClientError, Remedy};
use news::News;
use opening::Opening;
use past::Past;
use reader::{Reader, Wanted};
use records::{End, Records};
pub use start::StandIn;
use start::Start;

use crate::cache::Shelf;
use crate::layout;
use crate::storage::Source;
use crate::trust::{self, Memory, Sighting, Since, TrustStore};

/// The most package logs that are read at once: bounds what is in memory between two steps.
const BATCH: usize = 256;

/// The most tiles of the lowest level that are read before it is known which of them are needed, 8 kB each.
const TILES_AHEAD: u64 = 16;

/// How a registry is read: under which policy, from where, remembering what.
pub struct Client<'a> {
    policy: &'a Policy,
    source: Option<&'a dyn Source>,
    vendored: Option<&'a Shelf>,
    shelf: Option<&'a Shelf>,
    trust: Option<&'a TrustStore>,
    stand_in: StandIn,
    continued: Vec<Checkpoint>,
    /// The clock; none where times are not looked at.
    now: Option<Time>,
    pasts: Vec<Size>,
}

impl<'a> Client<'a> {
    /// A client that remembers nothing and has no clock: for who checks a registry by itself, or writes to it.
    pub fn new(policy: &'a Policy, source: &'a dyn Source) -> Self {
        Self {
            policy,
            source: Some(source),
            vendored: None,
            shelf: None,
            trust: None,
            stand_in: StandIn::Nothing,
            continued: Vec::new(),
            now: None,
            pasts: Vec::new(),
        }
    }

    /// A client that knows what this machine saw before, and keeps what it verifies. Without a source it is offline, and
    /// reads the shelf alone. A registry whose time is ahead of `now` is refused: nothing else is made of the clock.
    pub fn with_memory(
        policy: &'a Policy,
        source: Option<&'a dyn Source>,
        shelf: &'a Shelf,
        trust: &'a TrustStore,
        now: Time,
    ) -> Self {
        Self {
            policy,
            source,
            vendored: None,
            shelf: Some(shelf),
            trust: Some(trust),
            stand_in: StandIn::Nothing,
            continued: Vec::new(),
            now: Some(now),
            pasts: Vec::new(),
        }
    }

    /// The same client, which opens a registry of the future too: for its operator, who sets its clock right.
    #[must_use]
    pub fn danger_whatever_time(self) -> Self {
        Self { now: None, ..self }
    }

    /// The same client, which reads the registry's own files alone and keeps none: for who checks them.
    #[must_use]
    pub fn without_shelf(self) -> Self {
        Self {
            shelf: None,
            ..self
        }
    }

    /// The same client, which will be asked about an older checkpoint of this size ([`Session::check_prefix`]): what that
    /// takes is then read along the way.
    #[must_use]
    pub fn expecting(mut self, past: Size) -> Self {
        self.pasts.push(past);
        self
    }

    /// The same, held to a checkpoint that the project has of the registry, a lock's: the registry must be what went on
    /// from there, or nothing of it is believed, nor remembered.
    #[must_use]
    pub fn continuing(mut self, checkpoint: Checkpoint) -> Self {
        self.continued.push(checkpoint);
        self
    }

    /// The same, reading what lies with the project before anything else. It is one more mirror: believed no more than
    /// the registry, never written, and not doubted on behalf of a copy that is good elsewhere. Its checkpoint is held
    /// against the registry's: the larger one is taken, and continues the smaller one.
    #[must_use]
    pub fn vendored(self, vendored: &'a Shelf) -> Self {
        Self {
            vendored: Some(vendored),
            ..self
        }
    }

    /// The same, where something else may stand in for a registry that cannot be asked what it is now.
    #[must_use]
    pub fn or(self, stand_in: StandIn) -> Self {
        Self { stand_in, ..self }
    }

    /// Climbs to the registry's checkpoint, and demands that it continues the last one that this machine saw, and those
    /// that the project has.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; anything that does not verify; a registry that went back or forked.
    pub fn open(&self) -> Result<Session<'a>, ClientError> {
        let mut reached = None;
        let turn = || self.source.is_some_and(Source::turn);
        loop {
            match self.open_once() {
                // Another process may have seen a newer checkpoint after this one was read. Then there is one to read.
                Err(ClientError::SetBack { size, .. }) if reached < Some(size) => {
                    reached = Some(size);
                }
                // Or this mirror lags, and another one does not.
                Err(ClientError::SetBack { .. } | ClientError::Behind { .. }) if turn() => {
                    reached = None;
                }
                Ok(session) if session.is_behind() && turn() => reached = None,
                opened => return opened,
            }
        }
    }

    fn open_once(&self) -> Result<Session<'a>, ClientError> {
        let climb = |mut reader: Reader<'a>| {
            let start = Start::choose(self, &mut reader)?;
            let mut session = Session::climb(self, reader, &start.note)?;
            if let Some(now) = self.now {
                let checked = session.checkpoint.check_time(now);
                checked.map_err(|source| ClientError::trust(self.policy, source))?;
            }
            session.unasked = start.unasked.map(Box::new);
            session.check_memories(self, start.other.as_deref())?;
            session.reader.keep()?;
            Ok(session)
        };
        let doubted = |error: &ClientError| error.remedy() == Remedy::Investigate;
        let opened = match climb(Reader::new(self)) {
            // As in `Session::attempt`: once more, without the shelf.
            Err(error) if doubted(&error) => {
                let mut reader = Reader::new(self);
                if reader.distrust_shelf() {
                    climb(reader)
                } else {
                    Err(error)
                }
            }
            opened => opened,
        };
        match opened {
            Err(error) if doubted(&error) => Err(self.read_apart().unwrap_or(error)),
            opened => opened,
        }
    }

    /// The files of two histories do not go together. Read apart from the other's, those of the longer one may prove that
    /// there are two.
    fn read_apart(&self) -> Option<ClientError> {
        let mut reader = Reader::new(self);
        let start = Start::choose(self, &mut reader).ok()?;
        let other = start.other?;
        let is_vendored = start.unasked.is_some();
        let mut session = Session::climb(self, reader.only(is_vendored), &start.note).ok()?;
        let checked = session.check_other(&other);
        checked
            .err()
            .filter(|error| matches!(error, ClientError::Misbehavior { .. }))
    }
}

/// A package as a checkpoint has it.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that are asked for are present"
)]
#[derive(Debug, Clone)]
pub enum Package {
    /// Its verified log.
    Present(LoadedLog),
    /// It is proved not to be there.
    Absent(Absence),
}

/// A verified package log, its head, and where the registry says each of its records lies.
#[derive(Debug, Clone)]
pub struct LoadedLog {
    log: package::Log,
    head: Head,
    indices: Vec<Index>,
    records: Vec<Vec<u8>>,
    /// The log as it is now, where this is what it was.
    newest: Option<Box<LoadedLog>>,
}

impl LoadedLog {
    /// The log.
    pub fn log(&self) -> &package::Log {
        &self.log
    }

    /// The head that it was replayed to.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The log as of the newest checkpoint, with what was yanked and withdrawn since; this one, if it is not of the past.
    pub fn newest(&self) -> &Self {
        self.newest.as_deref().unwrap_or(self)
    }

    /// Where the registry says that a record lies; a hint, until [`Session::check_included`] shows it.
    pub fn index_hint(&self, position: Position) -> Option<Index> {
        let place = usize::try_from(position.get()).ok()?;
        self.indices.get(place).copied()
    }

    /// The records with their indices, as the package's files have them.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Index, &[u8])> {
        let records = self.records.iter().map(Vec::as_slice);
        self.indices.iter().copied().zip(records)
    }
}

/// One trusted checkpoint, and the questions that can be asked at it; or at one that it is a continuation of
/// ([`Session::at`]).
pub struct Session<'a> {
    policy: &'a Policy,
    trust: Option<&'a TrustStore>,
    reader: Reader<'a>,
    /// The registry of now. All tiles, proofs and evidence are of this one.
    checkpoint: TrustedCheckpoint,
    tiles: VerifiedTiles,
    pages: VerifiedPages,
    operator_records: Vec<(Index, Vec<u8>)>,
    memory: Option<Memory>,
    past: Option<Past>,
    unasked: Option<Box<ClientError>>,
    /// What came since this machine last looked.
    news: News,
}

impl<'a> Session<'a> {
    /// Step 1 of the ladder: everything up to a checkpoint that is trusted on its own.
    fn climb(
        client: &Client<'a>,
        mut reader: Reader<'a>,
        note: &[u8],
    ) -> Result<Self, ClientError> {
        let claims = Unverified::<SignedCheckpoint>::parse(note)
            .map_err(|error| ClientError::trust(client.policy, error.into()))?;
        let Checkpoint { size, root, .. } = *claims.claims().checkpoint();
        if size == Size::ZERO {
            // No file of such a log is missing: there is none that could be there.
            return Err(ClientError::trust(client.policy, TrustError::Empty));
        }
        let continued = client.continued.iter().map(|older| older.size);
        let pasts = client.pasts.iter().copied().chain(continued);
        let pasts: BTreeSet<Size> = pasts.filter(|past| *past < size).collect();
        reader.guess(pasts.iter().map(|past| layout::map_at(*past)));
        let (map_entry, mut tiles) = reader.ending(size, root)?;
        let claimed = MapEntry::parse(&map_entry)
            .map_err(|error| ClientError::trust(client.policy, error.into()))?;
        reader.guess([layout::map_page(&claimed.root)]);
        for past in pasts {
            reader.guess_tiles(&tiles.needed_for_consistency(past));
            let last = past.last().into_iter().collect::<Vec<_>>();
            reader.guess_tiles(&tiles.needed_for_inclusion(&last));
        }
        let last = size.last().unwrap_or(Index::ZERO);
        let indices = [last, claimed.operator_index];
        let needed = tiles.needed_for_inclusion(&indices);
        let length = claimed.operator_length;
        let operator_records =
            reader.operator_records(client.policy, length, &mut tiles, &needed)?;
        let proofs = prove(&mut reader, &mut tiles, indices.into())?;
        let proof = |index: &Index| {
            proofs.get(index).ok_or(ClientError::Outside {
                index: *index,
                size,
            })
        };
        let records: Vec<_> = operator_records
            .iter()
            .map(|(index, bytes)| (*index, bytes.as_slice()))
            .collect();
        let evidence = Evidence {
            note,
            map_entry: &map_entry,
            operator_records: &records,
            map_entry_proof: proof(&last)?,
            operator_proof: proof(&claimed.operator_index)?,
        };
        let checkpoint = TrustedCheckpoint::open(client.policy, &evidence)
            .map_err(|error| ClientError::trust(client.policy, error))?;
        Ok(Self {
            policy: client.policy,
            trust: client.trust,
            pages: checkpoint.pages(),
            checkpoint,
            reader,
            tiles,
            operator_records,
            memory: None,
            past: None,
            unasked: None,
            news: News::new(),
        })
    }

    /// Step 2: the checkpoint continues all that is remembered of the registry, by this machine and by the project. Only
    /// then is it what this machine saw last.
    fn check_memories(
        &mut self,
        client: &Client<'a>,
        other: Option<&[u8]>,
    ) -> Result<(), ClientError> {
        let mut seen = match self.trust {
            Some(trust) => trust.read()?,
            None => None,
        };
        let mut unread = self.check_seen(seen.as_ref())?;
        if let Some(other) = other {
            self.check_other(other)?;
        }
        for older in &client.continued {
            let entry = self.check_went_through(older)?;
            if let (Some(entry), None) = (entry, &seen) {
                let left = self.read_news(Since::map_entry(older.size, &entry), None)?;
                unread = [unread, left]
                    .into_iter()
                    .flatten()
                    .min_by_key(|left| left.size);
            }
        }
        let Some(trust) = self.trust else {
            return Ok(());
        };
        loop {
            self.memory = trust.advance(seen.as_ref(), &self.checkpoint, unread)?;
            if self.memory.is_some() {
                return Ok(());
            }
            // Another process moved first: what it saw is to be continued, too.
            seen = trust.read()?;
            unread = match &seen {
                Some(_) => self.check_seen(seen.as_ref())?,
                None => unread, // it was removed on purpose, while this session ran
            };
        }
    }

    /// The checkpoint continues what this machine saw. What came since and is not read is returned.
    fn check_seen(&mut self, seen: Option<&Memory>) -> Result<Option<Since>, ClientError> {
        let Some(seen) = seen else {
            return Ok(None);
        };
        seen.check_key(self.policy)?;
        let first_record = trust::first_record(&self.checkpoint);
        if seen.first_record() != first_record {
            return Err(ClientError::OtherOperator {
                origin: self.policy.origin().clone(),
                seen: seen.first_record(),
                found: first_record,
            });
        }
        if seen.checkpoint().size > self.size() {
            return Err(evidence::older(self, seen));
        }
        let proof = self.consistency_with(seen.checkpoint().size)?;
        let Checkpoint { size, root, .. } = seen.checkpoint();
        if self.checkpoint.check_extends(*size, root, &proof).is_err() {
            return Err(evidence::fork(self, seen, &proof));
        }
        self.check_operator(seen.operator())?;
        self.check_time(seen.operator(), seen.time())?;
        self.read_news(seen.since(), Some(seen))
    }

    /// The checkpoint continues a smaller one, as signed, that is not remembered: the project's, or the registry's where
    /// the project has a larger one.
    fn check_other(&mut self, note: &[u8]) -> Result<(), ClientError> {
        let claims = Unverified::<SignedCheckpoint>::parse(note)
            .map_err(|error| ClientError::trust(self.policy, error.into()))?;
        let older = claims.claims().checkpoint();
        self.check_origin(older)?;
        let proof = self.consistency_with(older.size)?;
        let extends = self
            .checkpoint
            .check_extends(older.size, &older.root, &proof);
        extends.map_err(
            |source| match evidence::branched_off(self, note, older.size, &proof) {
                Some(evidence) => evidence::misbehavior(self, evidence),
                None => ClientError::NotPrefix {
                    origin: older.origin.clone(),
                    size: older.size,
                    source,
                },
            },
        )
    }

    fn consistency_with(&mut self, older: Size) -> Result<ConsistencyProof, ClientError> {
        let needed = self.tiles.needed_for_consistency(older);
        self.reader.admit(&mut self.tiles, &needed)?;
        Ok(self.tiles.prove_consistency(older)?)
    }

    /// The operator log reaches as far as it did, along the same way. Without this, a thief with a revoked checkpoint key
    /// could append a map entry that commits to the operator log before the revocation: an honest append to every witness.
    fn check_operator(&mut self, sighting: &Sighting) -> Result<(), ClientError> {
        evidence::check_operator(self, sighting)
    }

    /// The registry's time did not go back since it had so many operator records, unless one of the later ones says so.
    fn check_time(&self, operator: &Sighting, seen: Time) -> Result<(), ClientError> {
        let log = self.checkpoint.operator();
        let found = self.checkpoint.entry().time;
        if found < earliest(log.clocks_since(operator.seen.length), seen) {
            return Err(ClientError::TimeBack {
                origin: self.policy.origin().clone(),
                seen,
                found,
            });
        }
        Ok(())
    }

    /// The checkpoint at which it answers.
    pub fn checkpoint(&self) -> &TrustedCheckpoint {
        self.past
            .as_ref()
            .map_or(&self.checkpoint, |past| &past.checkpoint)
    }

    /// The checkpoint of now, with the operator log of now; of a session that is not of the past, its own.
    pub fn newest(&self) -> &TrustedCheckpoint {
        &self.checkpoint
    }

    /// The log's size, at the checkpoint at which it answers.
    pub fn size(&self) -> Size {
        self.checkpoint().checkpoint().size
    }

    /// Why it is not known what the registry is now, though it was asked: it could not be reached, or what lies with the
    /// project is newer than what it says. None where it answered, or nothing was to be asked.
    pub fn unasked(&self) -> Option<&ClientError> {
        self.unasked.as_deref()
    }

    fn is_behind(&self) -> bool {
        matches!(self.unasked(), Some(ClientError::Behind { .. }))
    }

    /// Where this session reads from, for messages.
    pub fn place(&self) -> String {
        self.reader.place(&layout::checkpoint())
    }

    pub(crate) fn tiles(&self) -> &VerifiedTiles {
        &self.tiles
    }

    pub(crate) fn operator_records(&self) -> &[(Index, Vec<u8>)] {
        &self.operator_records
    }

    /// Steps 3 to 5 for some packages: their place in the map, and their logs or the proof that there is none.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; anything that does not verify; a log that does not continue what this
    /// machine saw of it.
    pub fn load(
        &mut self,
        names: &BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, Package>, ClientError> {
        let mut loaded = BTreeMap::new();
        let names: Vec<_> = names.iter().collect();
        for batch in names.chunks(BATCH) {
            loaded.extend(self.attempt(|session| {
                let (fresh, ends, proofs) = session.load_batch(batch)?;
                session.check_sightings(&fresh)?;
                session.as_they_were(fresh, &ends, &proofs)
            })?);
        }
        Ok(loaded)
    }

    /// Loads packages from the registry itself, and puts their files on the shelf anew. Where a record lies in the log is a
    /// hint in those files, which loading does not prove: one that turns out wrong must not stay for good.
    ///
    /// # Errors
    /// As [`Session::load`].
    pub fn load_afresh(
        &mut self,
        names: &BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, Package>, ClientError> {
        self.reader.distrust_shelf();
        self.load(names)
    }

    /// One package, as [`Session::load`].
    ///
    /// # Errors
    /// As there.
    pub fn load_one(&mut self, name: &PackageName) -> Result<Package, ClientError> {
        let mut loaded = self.load(&BTreeSet::from([name.clone()]))?;
        loaded
            .remove(name)
            .ok_or_else(|| ClientError::Unasked { name: name.clone() })
    }

    /// The entries of a bundle, as its file has them. Nothing shows yet that they are the log's, so nothing is kept.
    pub(crate) fn bundle(&mut self, part: Part) -> Result<Vec<Vec<u8>>, ClientError> {
        let bytes = self.reader.pass(Wanted::entries(part))?;
        let entries = part
            .parse_entries(&bytes)
            .map_err(|source| ClientError::File {
                place: self.reader.place(&layout::entries(part)),
                source,
            })?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Does something with the shelf, and again without it if that was refused: what a power cut or a curious hand did to
    /// the shelf is not the registry's fault. What was read for it is kept if all of it verified.
    fn attempt<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let result = match work(self) {
            Err(error) if error.remedy() == Remedy::Investigate && self.reader.distrust_shelf() => {
                work(self)
            }
            result => result,
        };
        match result {
            Ok(value) => {
                self.reader.keep()?;
                Ok(value)
            }
            Err(error) => {
                self.reader.forget();
                Err(error)
            }
        }
    }

    /// Packages as they are now; where they ended then, if this session is of the past; and the proofs of all that.
    fn load_batch(&mut self, names: &[&PackageName]) -> Result<Batch, ClientError> {
        let keys: Vec<_> = names.iter().map(|name| Key::of(name)).collect();
        let tiles_ahead = self.tiles_ahead();
        self.reader.guess_tiles(&tiles_ahead);
        self.read_pages(&keys)?;
        let mut asks = BTreeSet::new();
        let mut logs = Vec::new();
        for (name, key) in names.iter().zip(&keys) {
            let slot = self.pages.slot(key).map_err(|source| ClientError::Map {
                place: self.place(),
                source,
            })?;
            if let Some(slot) = slot {
                logs.push(End {
                    name: (*name).clone(),
                    length: slot.length,
                    head: slot.head,
                });
                asks.insert(slot.index);
            }
        }
        let mut ends = self.past_ends(names)?;
        asks.extend(past::heads(&ends));
        let heads: Vec<_> = asks.iter().copied().collect();
        let needed = self.tiles.needed_for_inclusion(&heads);
        let read = self
            .reader
            .package_records(&logs, &mut self.tiles, &needed)?;
        let mut records = BTreeMap::new();
        for (End { name, .. }, read) in logs.into_iter().zip(read) {
            let borrowed = read.iter().map(|(index, bytes)| (*index, bytes.as_slice()));
            asks.extend(package::asks(self.checkpoint.operator(), &name, borrowed));
            records.insert(name, read);
        }
        self.read_pages_then(&keys)?;
        ends.extend(self.past_ends(names)?);
        asks.extend(past::heads(&ends));
        asks.extend(past::behind(&ends, &records));
        let proofs = prove(&mut self.reader, &mut self.tiles, asks)?;
        self.reader.keep_tiles_ahead(&mut self.tiles, &tiles_ahead);
        let none = Records::new();
        let of = |name: &PackageName| records.get(name).unwrap_or(&none);
        let all = names.iter().flat_map(|name| of(name));
        let mut opening = Opening::of(all.map(|(_, bytes)| bytes.as_slice()));
        let mut replayed = BTreeMap::new();
        for &name in names {
            let records = of(name);
            if let Some(evidence) = evidence::disorder(self, records) {
                return Err(evidence::misbehavior(self, evidence));
            }
            replayed.insert(name, self.replay(name, records, &mut opening, &proofs)?);
        }
        let mut loaded = BTreeMap::new();
        for (name, replayed) in replayed {
            let package = match replayed {
                Replayed::Absent(absence) => Package::Absent(absence),
                Replayed::Present(log, head) => {
                    let records = records.remove(name).unwrap_or_default();
                    let (indices, records) = records.into_iter().unzip();
                    Package::Present(LoadedLog {
                        log,
                        head,
                        indices,
                        records,
                        newest: None,
                    })
                }
            };
            loaded.insert(name.clone(), package);
        }
        Ok((loaded, ends, proofs))
    }

    /// Reads the map pages that lead to these keys, level by level. Those of the past come along as far as they are known.
    fn read_pages(&mut self, keys: &[Key]) -> Result<(), ClientError> {
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
                let place = layout::map_page(page);
                self.pages
                    .admit(key, &bytes)
                    .map_err(|source| ClientError::Map {
                        place: self.reader.place(&place),
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

    /// Replays a package's log, whose records come next out of those that are opened.
    fn replay(
        &self,
        name: &PackageName,
        records: &Records,
        opening: &mut Opening<'_>,
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
                if let Some(record) = opening.next() {
                    replay.take(*index, record)?;
                }
            }
            replay.finish()
        };
        let log = replay().map_err(|source| ClientError::Log {
            place: self.reader.place(&layout::package(name, first_part())),
            source: Box::new(source),
        })?;
        Ok(Replayed::Present(log, head))
    }

    /// Step 5: every log continues what was seen of it, and has what came since; then this is what was seen.
    fn check_sightings(
        &mut self,
        loaded: &BTreeMap<PackageName, Package>,
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
                if let Package::Present(loaded) = package {
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

    /// Demands that a package's files say of a record what was proved of it before, by a lock: where it lies. Both places
    /// proved, the registry wrote it twice.
    ///
    /// # Errors
    /// Files that say another place.
    pub fn check_place(
        &mut self,
        loaded: &LoadedLog,
        position: Position,
        seen: Index,
    ) -> Result<(), ClientError> {
        evidence::check_place(self, loaded, position, seen)
    }

    /// Shows that the log holds each of these records at the index given.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; an entry that is another one.
    pub fn check_included(&mut self, records: &[(Hash, Index)]) -> Result<(), ClientError> {
        self.attempt(|session| {
            let asks = records.iter().map(|(_, index)| *index).collect();
            let proofs = prove(&mut session.reader, &mut session.tiles, asks)?;
            records.iter().try_for_each(|(hash, index)| {
                Self::check_placed(session.checkpoint(), &proofs, hash, *index)
            })
        })
    }

    fn check_placed(
        checkpoint: &TrustedCheckpoint,
        proofs: &Proofs,
        hash: &Hash,
        index: Index,
    ) -> Result<(), ClientError> {
        let proof = proofs.get(&index).ok_or(ClientError::Outside {
            index,
            size: checkpoint.checkpoint().size,
        })?;
        checkpoint
            .check_included(hash, index, proof)
            .map_err(|source| ClientError::NotIncluded {
                hash: *hash,
                index,
                source,
            })
    }

    /// Shows that an unsigned checkpoint, such as a lock's, is a state that the log of now went through, whatever this
    /// session answers for.
    ///
    /// # Errors
    /// Another registry's; a larger size than the log has; a root that it never had; a file that is missing or cannot be read.
    pub fn check_prefix(&mut self, older: &Checkpoint) -> Result<(), ClientError> {
        self.attempt(|session| session.check_went_through(older).map(|_| ()))
    }

    /// When an older checkpoint was made: the time of the map entry that ended the log then.
    ///
    /// # Errors
    /// As [`Session::check_prefix`].
    pub fn time_of(&mut self, older: &Checkpoint) -> Result<Time, ClientError> {
        let entry = self.attempt(|session| session.check_went_through(older))?;
        Ok(entry.map_or_else(|| self.checkpoint.entry().time, |entry| entry.time))
    }

    /// The map entry that ended the log then; none where that is the checkpoint that was climbed to.
    fn check_went_through(&mut self, older: &Checkpoint) -> Result<Option<MapEntry>, ClientError> {
        self.check_origin(older)?;
        self.check_reach(older.size)?;
        let proof = self.consistency_with(older.size)?;
        self.checkpoint
            .check_extends(older.size, &older.root, &proof)
            .map_err(|source| ClientError::NotPrefix {
                origin: self.policy.origin().clone(),
                size: older.size,
                source,
            })?;
        let Some(last) = older.size.last() else {
            return Ok(None);
        };
        if older.size == self.tiles.size() {
            return Ok(None); // it is the one that was climbed to
        }
        // The map entry that ended the log then says how far the operator log reached.
        let path = layout::map_at(older.size);
        let Some(bytes) = self.reader.find(&path)? else {
            return Err(self.explain_no_prefix(older.size, last));
        };
        let proofs = prove(&mut self.reader, &mut self.tiles, [last].into())?;
        let leaf = Hash::of_leaf(&bytes);
        Self::check_placed(&self.checkpoint, &proofs, &leaf, last)?;
        let entry = MapEntry::parse(&bytes)
            .map_err(|error| ClientError::trust(self.policy, error.into()))?;
        let operator = Sighting::of_operator(&entry);
        self.check_operator(&operator)?;
        self.check_time(&operator, entry.time)?;
        Ok(Some(entry))
    }

    fn check_origin(&self, older: &Checkpoint) -> Result<(), ClientError> {
        if older.origin == *self.policy.origin() {
            return Ok(());
        }
        let (expected, found) = (self.policy.origin().clone(), older.origin.clone());
        let other = TrustError::Origin { expected, found };
        Err(ClientError::trust(self.policy, other))
    }

    /// Demands that the log of now is at least of this size.
    fn check_reach(&self, asked: Size) -> Result<(), ClientError> {
        let size = self.tiles.size();
        if asked <= size {
            return Ok(());
        }
        Err(ClientError::Behind {
            origin: self.policy.origin().clone(),
            place: self.place(),
            asked,
            size,
        })
    }

    /// Reads what shows that the log continues any smaller one, so that it can be shown without the registry: the tiles
    /// above all of its entries. Of a log with more entries than `most`, those of the last ones only.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; a tile that is not the log's.
    pub fn read_past(&mut self, most: u64) -> Result<(), ClientError> {
        let size = self.tiles.size().get();
        let first = size.saturating_sub(most);
        let first = first.saturating_sub(first % u64::from(WIDTH));
        let step = usize::from(WIDTH);
        let entries: Vec<_> = (first..size).step_by(step).map(Index::new).collect();
        self.attempt(|session| {
            let needed = session.tiles.needed_for_inclusion(&entries);
            session.reader.admit(&mut session.tiles, &needed)
        })
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
type Batch = (
    BTreeMap<PackageName, Package>,
    BTreeMap<PackageName, Sighting>,
    Proofs,
);

/// The inclusion proofs for some entries; those outside the log are left out.
fn prove(
    reader: &mut Reader<'_>,
    tiles: &mut VerifiedTiles,
    indices: BTreeSet<Index>,
) -> Result<Proofs, ClientError> {
    let asked: Vec<_> = indices
        .into_iter()
        .filter(|index| tiles.size().holds(*index))
        .collect();
    let needed = tiles.needed_for_inclusion(&asked);
    reader.admit(tiles, &needed)?;
    let mut proofs = Proofs::new();
    for index in asked {
        proofs.insert(index, tiles.prove_inclusion(index)?);
    }
    Ok(proofs)
}

/// The first file of a log, for messages.
fn first_part() -> Part {
    Part::new(0, 1).expect("0 is a number and 1 a width")
}
