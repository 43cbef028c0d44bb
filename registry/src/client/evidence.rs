//! What to say, and what to show, when a registry does not continue what this machine saw of it.
//!
//! Misbehavior needs a proof. Without the files for one, a registry that is merely behind is unavailable, and any other
//! difference is a refusal.

use std::collections::BTreeMap;
use std::sync::Arc;

use transparency::Unverified;
use transparency::digest::{Digest, Hash};
use transparency::log::ConsistencyProof;
use transparency::map::{Key, VerifiedPages};
use transparency::misbehavior::{CommittedMap, LoggedRecord, Misbehavior};
use transparency::name::PackageName;
use transparency::number::{Index, Position, Size};
use transparency::operator;
use transparency::package::{self, ExtensionError, Proofs};
use transparency::policy::Policy;
use transparency::record::{SignedRecord, Subject};
use transparency::tile::Part;

use super::reader::Wanted;
use super::{ClientError, Loaded, LoadedLog, LoadedPackage, Session, loaded, prove};
use crate::layout;
use crate::trust::{Memory, Saved, Sighting, TrustStore};

/// The registry has fewer entries than this machine saw: behind, or on another branch.
pub(super) fn older(session: &mut Session<'_>, memory: &Memory) -> ClientError {
    match branched(session, memory) {
        Some(evidence) => misbehavior(session, evidence),
        None => ClientError::SetBack {
            origin: session.policy.origin().clone(),
            address: session.address(),
            size: session.tiles.size(),
            seen: memory.checkpoint().size,
        },
    }
}

/// Proof that the smaller checkpoint of today is not a state of the larger one of before, where the registry still has
/// the larger one's tiles.
fn branched(session: &mut Session<'_>, memory: &Memory) -> Option<Misbehavior> {
    let seen = memory.checkpoint();
    let mut tiles = session.reader.edge(seen.size, seen.root).ok()?;
    let size = session.tiles.size();
    let needed = tiles.needed_for_consistency(size);
    session.reader.admit(&mut tiles, &needed).ok()?;
    let note = session.checkpoint.note().to_string();
    Misbehavior::fork(
        session.policy,
        &operator_records(session),
        note.as_bytes(),
        memory.note(),
        &tiles.root_at(size).ok()?,
        &tiles.prove_consistency(size).ok()?,
    )
    .ok()
}

/// The registry is as large as it was, or larger, but does not contain what this machine saw.
pub(super) fn fork(
    session: &Session<'_>,
    memory: &Memory,
    proof: &ConsistencyProof,
) -> ClientError {
    let seen = memory.checkpoint().size;
    match branched_off(session, memory.note(), seen, proof) {
        Some(evidence) => misbehavior(session, evidence),
        // What this machine remembers is not signed by a key of this operator log.
        None => ClientError::Diverged {
            origin: session.policy.origin().clone(),
            seen,
        },
    }
}

/// Proof that a smaller checkpoint, as signed, is not a state of the registry of now.
pub(super) fn branched_off(
    session: &Session<'_>,
    older: &[u8],
    size: Size,
    proof: &ConsistencyProof,
) -> Option<Misbehavior> {
    let note = session.checkpoint.note().to_string();
    let root = session.tiles.root_at(size).ok()?;
    let operator_records = operator_records(session);
    let newer = note.as_bytes();
    Misbehavior::fork(
        session.policy,
        &operator_records,
        older,
        newer,
        &root,
        proof,
    )
    .ok()
}

/// Demands that a package log continues what was seen of it: it is at least as long, it contains the last record that was
/// seen, and that record has the same index in the registry's log.
pub(super) fn check_sighting(
    session: &mut Session<'_>,
    name: &PackageName,
    sighting: &Sighting,
    now: &Loaded,
) -> Result<(), ClientError> {
    let Some(last) = sighting.seen.length.last() else {
        return Ok(()); // it was not there
    };
    let extends = match now {
        Ok(LoadedPackage::Absent(_)) => return Err(vanished(session, name, sighting, None)),
        Ok(LoadedPackage::Present(loaded)) => loaded.log.check_extends(&sighting.seen),
        Err(refused) => refused.check_extends(&sighting.seen),
    };
    if let Err(error) = extends {
        return Err(vanished(session, name, sighting, Some((now, error))));
    }
    match loaded::record_at(now, last) {
        Some((found, record)) if found != sighting.index => {
            let subject = Subject::Package(name.clone());
            Err(moved(session, subject, (sighting.index, found), record))
        }
        _ => Ok(()),
    }
}

/// Demands the same of the operator log.
pub(super) fn check_operator(
    session: &mut Session<'_>,
    sighting: &Sighting,
) -> Result<(), ClientError> {
    let last = sighting.seen.length.last();
    let now = last.and_then(|last| session.checkpoint.operator().hash_at(last));
    if now != Some(sighting.seen.head) {
        return Err(operator_cut(session, sighting));
    }
    let records = session.operator_records.iter().cloned();
    match last.and_then(|last| record_at(records, last)) {
        Some((found, record)) if found != sighting.index => {
            let indices = (sighting.index, found);
            Err(moved(session, Subject::Operator, indices, &record))
        }
        _ => Ok(()),
    }
}

/// Demands that a record of a package lies where it was seen to lie, which is proved.
pub(super) fn check_index(
    session: &mut Session<'_>,
    loaded: &LoadedLog,
    position: Position,
    seen: Index,
) -> Result<(), ClientError> {
    match loaded.record_at(position) {
        Some((found, record)) if found != seen => {
            let subject = Subject::Package(loaded.log.name().clone());
            Err(moved(session, subject, (seen, found), record))
        }
        _ => Ok(()),
    }
}

fn record_at<R>(mut records: impl Iterator<Item = R>, position: Position) -> Option<R> {
    records.nth(usize::try_from(position.get()).ok()?)
}

/// A record is said to lie elsewhere than it did. Where both indices are proved, the registry wrote it twice.
fn moved(
    session: &mut Session<'_>,
    subject: Subject,
    (seen, found): (Index, Index),
    record: &[u8],
) -> ClientError {
    let (first, second) = (seen.min(found), seen.max(found));
    match repeated(session, (first, record), (second, record)) {
        Some(evidence) => misbehavior(session, evidence),
        None => ClientError::Moved {
            origin: session.policy.origin().clone(),
            subject,
            seen,
            found,
        },
    }
}

/// Evidence, made of a record that lies behind one which it does not follow. It is that same record again, or another one
/// at its position, or one that should lie before it.
pub(super) fn not_behind(
    session: &mut Session<'_>,
    before: &Sighting,
    position: Position,
    (index, record): Indexed<'_>,
) -> Option<Misbehavior> {
    let first = entry(session, before.index)?;
    if before.seen.head == Hash::of_leaf(record) {
        repeated(session, (before.index, &first), (index, record))
    } else if before.seen.length.last() == Some(position) {
        two_records(session, (before.index, &first), (index, record))
    } else {
        repeated(session, (index, record), (before.index, &first))
    }
}

/// Proof that of the records of one log, one lies before the record that it follows; none where they are in order, or where
/// it is only said so.
pub(super) fn disorder(
    session: &mut Session<'_>,
    records: &[(Index, Vec<u8>)],
) -> Option<Misbehavior> {
    let pair = records.windows(2).find_map(|pair| match pair {
        [one, next] if next.0 <= one.0 => Some((one, next)),
        _ => None,
    });
    let ((before, record), (behind, next)) = pair?;
    repeated(session, (*before, record), (*behind, next))
}

/// A record, or a map entry, and where the log is said to hold it.
type Indexed<'a> = (Index, &'a [u8]);

/// One record at two indices, or two records of which the later one lies before.
pub(crate) fn repeated(
    session: &mut Session<'_>,
    first: Indexed<'_>,
    second: Indexed<'_>,
) -> Option<Misbehavior> {
    let proved = Proved::of(session, [first.0, second.0])?;
    Misbehavior::repeated(
        session.policy,
        &operator_records(session),
        &proved.record(first)?,
        &proved.record(second)?,
    )
    .ok()
}

/// Two records at one position.
pub(crate) fn two_records(
    session: &mut Session<'_>,
    first: Indexed<'_>,
    second: Indexed<'_>,
) -> Option<Misbehavior> {
    let proved = Proved::of(session, [first.0, second.0])?;
    Misbehavior::two_records(
        session.policy,
        &operator_records(session),
        &proved.record(first)?,
        &proved.record(second)?,
    )
    .ok()
}

/// Evidence that a map entry does not count a record which the log holds before it. The map's pages that lead to the
/// package, or prove its absence, belong to it. For the operator's records no pages are needed.
pub(crate) fn omitted(
    session: &mut Session<'_>,
    map_entry: Indexed<'_>,
    pages: &[Vec<u8>],
    record: Indexed<'_>,
) -> Option<Misbehavior> {
    let proved = Proved::of(session, [map_entry.0, record.0])?;
    let pages: Vec<_> = pages.iter().map(Vec::as_slice).collect();
    let map = CommittedMap {
        checkpoint: &proved.note,
        entry: map_entry.1,
        index: map_entry.0,
        proof: proved.proofs.get(&map_entry.0)?,
        pages: &pages,
    };
    let record = proved.record(record)?;
    Misbehavior::omitted(session.policy, &operator_records(session), &map, &record).ok()
}

/// The signed checkpoint of now, and the proofs that entries lie in its log.
struct Proved {
    note: Vec<u8>,
    proofs: Proofs,
}

impl Proved {
    fn of(session: &mut Session<'_>, indices: [Index; 2]) -> Option<Self> {
        let proofs = prove(&mut session.reader, &mut session.tiles, indices.into()).ok()?;
        Some(Self {
            note: session.checkpoint.note().to_string().into_bytes(),
            proofs,
        })
    }

    fn record<'a>(&'a self, (index, record): Indexed<'a>) -> Option<LoggedRecord<'a>> {
        Some(LoggedRecord {
            checkpoint: &self.note,
            record,
            index,
            proof: self.proofs.get(&index)?,
        })
    }
}

/// A package is gone, shorter than it was, or went another way.
fn vanished(
    session: &mut Session<'_>,
    name: &PackageName,
    sighting: &Sighting,
    now: Option<(&Loaded, ExtensionError)>,
) -> ClientError {
    let evidence = match &now {
        Some((loaded, ExtensionError::Diverged { position, .. })) => {
            let record = loaded::record_at(loaded, *position);
            record.and_then(|record| replaced(session, sighting, record))
        }
        _ => hidden(session, name, sighting),
    };
    match evidence {
        Some(evidence) => misbehavior(session, evidence),
        None => ClientError::Lost {
            origin: session.policy.origin().clone(),
            name: name.clone(),
            source: now.map(|(_, error)| Box::new(error)),
        },
    }
}

/// Evidence that the current map does not count a package's record that was seen, though the log still holds it. The map
/// alone shows it, whatever the package's files say.
pub(super) fn hidden(
    session: &mut Session<'_>,
    name: &PackageName,
    sighting: &Sighting,
) -> Option<Misbehavior> {
    let map = session.checkpoint.pages();
    let pages = pages(session, map, name)?;
    uncounted(session, &pages, sighting)
}

/// The operator log is shorter than it was, or went another way.
fn operator_cut(session: &mut Session<'_>, sighting: &Sighting) -> ClientError {
    let last = sighting.seen.length.last();
    let now = last.and_then(|last| record_at(session.operator_records.iter().cloned(), last));
    let evidence = match &now {
        Some((index, record)) => replaced(session, sighting, (*index, record)),
        None => uncounted(session, &[], sighting),
    };
    match evidence {
        Some(evidence) => misbehavior(session, evidence),
        None => ClientError::OperatorCut {
            origin: session.policy.origin().clone(),
            seen: sighting.seen.length,
            found: session.checkpoint.operator().length(),
        },
    }
}

/// Two records at one position: the one that was seen, and the one that stands there now.
fn replaced(
    session: &mut Session<'_>,
    sighting: &Sighting,
    now: Indexed<'_>,
) -> Option<Misbehavior> {
    let seen = entry(session, sighting.index)?;
    two_records(session, (sighting.index, &seen), now)
}

/// A map entry of now that does not count the record which was seen, though the log still holds it.
fn uncounted(
    session: &mut Session<'_>,
    pages: &[Vec<u8>],
    sighting: &Sighting,
) -> Option<Misbehavior> {
    let record = entry(session, sighting.index)?;
    let last = session.tiles.size().last()?;
    let map_entry = session.checkpoint.entry().to_string();
    let map_entry = (last, map_entry.as_bytes());
    omitted(session, map_entry, pages, (sighting.index, &record))
}

/// An entry of the log, from its bundle.
pub(super) fn entry(session: &mut Session<'_>, index: Index) -> Option<Vec<u8>> {
    let (part, position) = Part::holding(session.tiles.size().get(), index.get())?;
    session.bundle(part).ok()?.into_iter().nth(position)
}

/// A map with those pages that lead to these keys, as far as they are to be had. What is `known` need not be read.
pub(crate) fn map(
    session: &mut Session<'_>,
    mut map: VerifiedPages,
    mut keys: Vec<Key>,
    known: &BTreeMap<Digest, Vec<u8>>,
) -> VerifiedPages {
    loop {
        let needed = map.needed(&keys);
        if needed.is_empty() {
            return map;
        }
        for (key, page) in needed {
            let wanted = Wanted::fixed(layout::map_page(&page));
            let bytes = match known.get(&page) {
                Some(bytes) => Some(bytes.clone()),
                None => session.reader.pass(wanted).ok(),
            };
            if bytes.is_none_or(|bytes| map.admit(&key, &bytes).is_err()) {
                let leads_there = |key| map.needed(&[key]).iter().any(|(_, next)| *next == page);
                keys.retain(|key| !leads_there(*key));
            }
        }
    }
}

/// The pages of a map that lead to a package or its absence, root first.
pub(crate) fn pages(
    session: &mut Session<'_>,
    mut map: VerifiedPages,
    name: &PackageName,
) -> Option<Vec<Vec<u8>>> {
    let key = Key::of(name);
    let mut pages = Vec::new();
    while let Some((key, page)) = map.needed(&[key]).pop() {
        let bytes = session
            .reader
            .need_one(Wanted::fixed(layout::map_page(&page)))
            .ok()
            .map(Arc::unwrap_or_clone)?;
        map.admit(&key, &bytes).ok()?;
        pages.push(bytes);
    }
    Some(pages)
}

fn operator_records<'s>(session: &'s Session<'_>) -> Vec<&'s [u8]> {
    let records = session.operator_records.iter();
    records.map(|(_, record)| record.as_slice()).collect()
}

pub(crate) fn misbehavior(session: &Session<'_>, evidence: Misbehavior) -> ClientError {
    convicted(session.policy, session.saving, evidence)
}

/// The error that evidence makes. It is saved first.
pub(super) fn convicted(
    policy: &Policy,
    store: Option<&TrustStore>,
    evidence: Misbehavior,
) -> ClientError {
    ClientError::Misbehavior {
        origin: policy.origin().clone(),
        saved: Saved::by(store, &evidence),
        evidence: Box::new(evidence),
    }
}

/// Whose record an entry is, and which one of that log; none where it does not read, or is another registry's. Whether the
/// record is valid does not matter: who signs a checkpoint answers for everything in the log.
pub(crate) fn record_of(session: &Session<'_>, entry: &[u8]) -> Option<(Subject, Position)> {
    let (origin, record) = match Subject::claimed_by(entry)? {
        Subject::Operator => {
            let record = Unverified::<SignedRecord<operator::Action>>::parse(entry).ok()?;
            let record = record.claims();
            (record.origin.clone(), (Subject::Operator, record.position))
        }
        package @ Subject::Package(_) => {
            let record = Unverified::<SignedRecord<package::Action>>::parse(entry).ok()?;
            let record = record.claims();
            (record.origin.clone(), (package, record.position))
        }
    };
    (origin == *session.policy.origin()).then_some(record)
}
