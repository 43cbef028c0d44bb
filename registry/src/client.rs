//! Reading a registry with proof: from files to what may be believed, in the order of `docs/trust.md`.
//!
//! A [`Client`] knows a policy, where to read, and what is remembered. [`Client::open`] climbs to a trusted checkpoint
//! that continues what this machine saw before and what the project has of the registry, its lock's checkpoint and the
//! one that lies with it; the [`Session`] then answers every question at that one checkpoint: package logs, inclusion,
//! whether an older checkpoint is a prefix, contents. What verified goes to the cache, and only that.
//!
//! The order of reading is: checkpoint; map entry and the log's right edge; operator records and the tiles of their
//! proofs; then, for any number of packages, map pages level by level; package files and the tiles of their heads; the
//! tiles of what their records name. Each step asks for all that it needs at once, and what needs nothing is no step. The
//! map's root comes along with the operator's records, and a small log's tiles with the first package files: so a
//! registry of up to 256 packages and 4,096 entries opens in three round trips, and answers for 256 packages in one more.

mod apart;
mod content;
mod doubts;
mod error;
pub(crate) mod evidence;
mod loaded;
mod memories;
mod news;
mod opening;
mod packages;
mod past;
mod reader;
mod records;
mod refused;
mod start;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use transparency::Unverified;
use transparency::checkpoint::{
    Checkpoint, MapEntry, Opening, SignedCheckpoint, TrustError, TrustedCheckpoint,
};
use transparency::digest::Hash;
use transparency::log::VerifiedTiles;
use transparency::map::VerifiedPages;
use transparency::name::PackageName;
use transparency::number::{Index, Position, Size, Time};
use transparency::package::Proofs;
use transparency::policy::Policy;
use transparency::record::Subject;
use transparency::tile::{Part, WIDTH};

use doubts::Doubts;
pub use error::{ClientError, Remedy};
pub use loaded::{Loaded, LoadedLog, LoadedPackage};
use news::News;
use past::Past;
use reader::{Reader, Wanted};
use records::{Records, borrowed};
pub use refused::RefusedLog;
pub use start::StandIn;
use start::Start;

use crate::cache::Cache;
use crate::layout;
use crate::storage::Source;
use crate::trust::{Memory, Sighting, TrustStore};

/// How a registry is read: under which policy, from where, remembering what.
pub struct Client<'a> {
    policy: &'a Policy,
    source: Option<&'a dyn Source>,
    vendored: Option<&'a Cache>,
    cache: Option<&'a Cache>,
    /// The cache of a client without one: read for evidence alone, and never written.
    past_cache: Option<&'a Cache>,
    trust: Option<&'a TrustStore>,
    /// Where evidence of misbehavior is saved.
    saving: Option<&'a TrustStore>,
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
            cache: None,
            past_cache: None,
            trust: None,
            saving: None,
            stand_in: StandIn::Nothing,
            continued: Vec::new(),
            now: None,
            pasts: Vec::new(),
        }
    }

    /// A client that knows what this machine saw before, and keeps what it verifies. Without a source it is offline, and
    /// reads the cache alone. A registry whose time is ahead of `now` is refused: nothing else is made of the clock.
    pub fn with_memory(
        policy: &'a Policy,
        source: Option<&'a dyn Source>,
        cache: &'a Cache,
        trust: &'a TrustStore,
        now: Time,
    ) -> Self {
        Self {
            policy,
            source,
            vendored: None,
            cache: Some(cache),
            past_cache: None,
            trust: Some(trust),
            saving: Some(trust),
            stand_in: StandIn::Nothing,
            continued: Vec::new(),
            now: Some(now),
            pasts: Vec::new(),
        }
    }

    /// The same client, which saves evidence of misbehavior in a trust store that it remembers nothing in.
    #[must_use]
    pub fn saving_evidence(self, store: &'a TrustStore) -> Self {
        Self {
            saving: Some(store),
            ..self
        }
    }

    /// The same client, which opens a registry of the future too: for its operator, who sets its clock right.
    #[must_use]
    pub fn danger_whatever_time(self) -> Self {
        Self { now: None, ..self }
    }

    /// The same client, which reads the registry's own files alone and keeps none: for who checks them. A
    /// fork is still proved with what the cache has of the history that this machine saw: the registry may not serve it.
    #[must_use]
    pub fn without_cache(self) -> Self {
        Self {
            past_cache: self.cache.or(self.past_cache),
            cache: None,
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
    pub fn vendored(self, vendored: &'a Cache) -> Self {
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
        let next_mirror = || self.source.is_some_and(Source::next_mirror);
        loop {
            match self.open_once() {
                // Another process may have seen a newer checkpoint after this one was read. Then there is one to read.
                Err(ClientError::SetBack { size, .. }) if reached < Some(size) => {
                    reached = Some(size);
                }
                // Or this mirror lags, and another one does not.
                Err(ClientError::SetBack { .. } | ClientError::Behind { .. }) if next_mirror() => {
                    reached = None;
                }
                Ok(session) if session.is_behind() && next_mirror() => reached = None,
                opened => return opened,
            }
        }
    }

    fn open_once(&self) -> Result<Session<'a>, ClientError> {
        let opened = match self.climb(Reader::new(self)).and_then(Doubted::settle) {
            // As in `Session::attempt`: once more, without the cache.
            Err(error) if is_doubted(&error) => {
                let mut reader = Reader::new(self);
                if reader.distrust_cache() {
                    self.climb(reader).and_then(Doubted::settle)
                } else {
                    Err(error)
                }
            }
            opened => opened,
        };
        opened.map_err(|error| self.or_apart(error))
    }

    /// Climbs to the registry's checkpoint for who reads the whole log to see what is wrong with it: a registry that is
    /// refused for what it is beside this machine's clock and memory is opened as well, where nothing convicts it yet.
    /// Nothing of it is remembered then.
    ///
    /// # Errors
    /// As [`Client::open`], but for such a refusal.
    pub fn open_to_check(&self) -> Result<Doubted<'a>, ClientError> {
        let opened = self.climb(Reader::new(self));
        let refusal = match &opened {
            Ok(doubted) => doubted.refusal.as_ref(),
            Err(error) => Some(error),
        };
        // Without the cache, a fork may look like a copy that lags, or that lacks a file.
        let evidence = refusal
            .filter(|error| error.remedy() != Remedy::Report)
            .and_then(|_| self.read_apart());
        evidence.map_or(opened, Err)
    }

    /// All that may convict the registry is compared before it is refused for anything else.
    fn climb(&self, mut reader: Reader<'a>) -> Result<Doubted<'a>, ClientError> {
        let start = Start::choose(self, &mut reader)?;
        let mut session = Session::climb(self, reader, &start.note)?;
        session.unasked = start.unasked.map(Arc::new);
        let mut doubts = Doubts::default();
        doubts.weigh(session.check_now(self.now))?;
        let (seen, news) = session.check_memories(self, start.other.as_deref(), &mut doubts)?;
        let refusal = doubts.into_refusal();
        if refusal.is_none() {
            session.remember(seen, news)?;
            session.reader.keep()?;
        }
        Ok(Doubted { session, refusal })
    }

    /// The error, or evidence where two checkpoints give some by themselves.
    fn or_apart(&self, error: ClientError) -> ClientError {
        if is_doubted(&error) {
            self.read_apart().unwrap_or(error)
        } else {
            error
        }
    }
}

/// A session, perhaps one of a registry that is refused: for who only reads it to see what is wrong with it
/// ([`check_session`](crate::check::check_session)).
pub struct Doubted<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) refusal: Option<ClientError>,
}

impl<'a> Doubted<'a> {
    fn settle(self) -> Result<Session<'a>, ClientError> {
        self.refusal.map_or(Ok(self.session), Err)
    }
}

impl<'a> From<Session<'a>> for Doubted<'a> {
    fn from(session: Session<'a>) -> Self {
        Self {
            session,
            refusal: None,
        }
    }
}

fn is_doubted(error: &ClientError) -> bool {
    error.remedy() == Remedy::Investigate
}

/// One trusted checkpoint, and the questions that can be asked at it; or at one that it is a continuation of
/// ([`Session::at`]). A copy goes on from there, without asking anew what is there.
#[derive(Clone)]
pub struct Session<'a> {
    policy: &'a Policy,
    trust: Option<&'a TrustStore>,
    saving: Option<&'a TrustStore>,
    reader: Reader<'a>,
    /// The registry of now. All tiles, proofs and evidence are of this one.
    checkpoint: TrustedCheckpoint,
    tiles: VerifiedTiles,
    pages: VerifiedPages,
    operator_records: Vec<(Index, Vec<u8>)>,
    memory: Option<Memory>,
    past: Option<Past>,
    unasked: Option<Arc<ClientError>>,
    /// What came since this machine last looked.
    news: News,
    /// The package logs of now that were loaded.
    logs: BTreeMap<PackageName, Arc<LoadedLog>>,
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
        let (checkpoint, operator_records) =
            believe(client.policy, &mut reader, &mut tiles, note, &map_entry)?;
        Ok(Self {
            policy: client.policy,
            trust: client.trust,
            saving: client.saving,
            pages: checkpoint.pages(),
            checkpoint,
            reader,
            tiles,
            operator_records,
            memory: None,
            past: None,
            unasked: None,
            news: News::new(),
            logs: BTreeMap::new(),
        })
    }

    /// Reads the operator's records once more, from the registry itself: where the log holds them, files only say, and what
    /// the cache said was kept before anything hung on it.
    fn read_operator_afresh(&mut self) -> Result<(), ClientError> {
        let note = self.checkpoint.note().to_string();
        let map_entry = self.checkpoint.entry().to_string();
        let (note, map_entry) = (note.as_bytes(), map_entry.as_bytes());
        let (reader, tiles) = (&mut self.reader, &mut self.tiles);
        (self.checkpoint, self.operator_records) =
            believe(self.policy, reader, tiles, note, map_entry)?;
        if let Some(Past { checkpoint, pages }) = self.past.take() {
            let checkpoint = self.descend(checkpoint.checkpoint().size)?;
            self.past = Some(Past { checkpoint, pages });
        }
        Ok(())
    }

    /// The checkpoint at which it answers.
    pub fn checkpoint(&self) -> &TrustedCheckpoint {
        self.past
            .as_ref()
            .map_or(&self.checkpoint, |past| &past.checkpoint)
    }

    /// The current checkpoint, with the operator log as of it, also where the session reads a past.
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
    pub fn address(&self) -> String {
        self.reader.address_of(&layout::checkpoint())
    }

    pub(crate) fn tiles(&self) -> &VerifiedTiles {
        &self.tiles
    }

    pub(crate) fn operator_records(&self) -> &[(Index, Vec<u8>)] {
        &self.operator_records
    }

    /// The entries of a bundle, as its file has them. Nothing shows yet that they are the log's, so nothing is kept.
    pub(crate) fn bundle(&mut self, part: Part) -> Result<Vec<Vec<u8>>, ClientError> {
        let bytes = self.reader.pass(Wanted::entries(part))?;
        let entries = part
            .parse_entries(&bytes)
            .map_err(|source| ClientError::File {
                address: self.reader.address_of(&layout::entries(part)),
                source,
            })?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Does something with the cache, and again without it if that was refused: what a power cut or a curious hand did to
    /// the cache is not the registry's fault. What was read for it is kept if all of it verified.
    fn attempt<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let result = match work(self) {
            Err(error) if is_doubted(&error) && self.reader.distrust_cache() => {
                self.read_operator_afresh().and_then(|()| work(self))
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

    /// Demands that a package's files give a record the index that a lock proved of it before. Where both indices are
    /// proved, the registry wrote the record twice.
    ///
    /// # Errors
    /// Files that say another index.
    pub fn check_index(
        &mut self,
        loaded: &LoadedLog,
        position: Position,
        seen: Index,
    ) -> Result<(), ClientError> {
        evidence::check_index(self, loaded, position, seen)
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
                Self::check_leaf(session.checkpoint(), &proofs, hash, *index)
            })
        })
    }

    /// Whose record an entry of the log is; none where this record does not lie there, or cannot be read.
    pub fn owner_of(&mut self, record: &Hash, index: Index) -> Option<Subject> {
        let entry = evidence::entry(self, index)?;
        (Hash::of_leaf(&entry) == *record)
            .then(|| Subject::claimed_by(&entry))
            .flatten()
    }

    fn check_leaf(
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
        Self::check_leaf(&self.checkpoint, &proofs, &leaf, last)?;
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
            address: self.address(),
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

/// The checkpoint that a note says, and the operator's records: what `tiles` lead to, if a map entry is the log's last one and
/// those records vouch for the keys.
fn believe(
    policy: &Policy,
    reader: &mut Reader<'_>,
    tiles: &mut VerifiedTiles,
    note: &[u8],
    map_entry: &[u8],
) -> Result<(TrustedCheckpoint, Records), ClientError> {
    let refused = |error| ClientError::trust(policy, error);
    let claimed = MapEntry::parse(map_entry).map_err(|error| refused(error.into()))?;
    let size = tiles.size();
    let last = size.last().unwrap_or(Index::ZERO);
    let indices = [last, claimed.operator_index];
    let needed = tiles.needed_for_inclusion(&indices);
    let length = claimed.operator_length;
    let operator_records = reader.operator_records(policy, length, tiles, &needed)?;
    let proofs = prove(reader, tiles, indices.into())?;
    let proof = |index: Index| {
        let proof = proofs.get(&index);
        proof.ok_or(ClientError::Outside { index, size })
    };
    let records: Vec<_> = borrowed(&operator_records).collect();
    let opening = Opening {
        note,
        map_entry,
        operator_records: &records,
        map_entry_proof: proof(last)?,
        operator_proof: proof(claimed.operator_index)?,
    };
    let checkpoint = TrustedCheckpoint::open(policy, &opening).map_err(refused)?;
    Ok((checkpoint, operator_records))
}

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
