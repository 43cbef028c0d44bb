//! What to say, and what to show, when a registry does not continue what this machine saw of it.
//!
//! Only a proof makes it misbehavior. Where the files for one are not to be had, it is "unavailable" for a registry that
//! is merely behind, and a refusal otherwise.

use std::collections::BTreeSet;

use transparency::log::ConsistencyProof;
use transparency::map::{Key, VerifiedPages};
use transparency::misbehavior::{CommittedMap, LoggedRecord, Misbehavior};
use transparency::name::PackageName;
use transparency::number::Index;
use transparency::package::ExtensionError;
use transparency::tile::Part;

use super::reader::Wanted;
use super::{ClientError, LoadedLog, Session, prove};
use crate::layout;
use crate::trust::{Memory, Sighting};

/// The registry has fewer entries than this machine saw: behind, or on another branch.
pub(super) fn older(session: &mut Session<'_>, memory: &Memory) -> ClientError {
    match branched(session, memory) {
        Some(evidence) => misbehavior(session, evidence),
        None => ClientError::SetBack {
            origin: session.policy.origin().clone(),
            place: session.place(),
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
    let seen = memory.checkpoint();
    let note = session.checkpoint.note().to_string();
    let evidence = session.tiles.root_at(seen.size).ok().and_then(|root| {
        let operator_records = operator_records(session);
        let (older, newer) = (memory.note(), note.as_bytes());
        Misbehavior::fork(
            session.policy,
            &operator_records,
            older,
            newer,
            &root,
            proof,
        )
        .ok()
    });
    match evidence {
        Some(evidence) => misbehavior(session, evidence),
        // What this machine remembers is not signed by a key of this operator log.
        None => ClientError::Diverged {
            origin: session.policy.origin().clone(),
            seen: seen.size,
        },
    }
}

/// A package is gone, shorter than it was, or went another way.
pub(super) fn vanished(
    session: &mut Session<'_>,
    name: &PackageName,
    sighting: &Sighting,
    now: Option<(&LoadedLog, ExtensionError)>,
) -> ClientError {
    let evidence = match &now {
        Some((loaded, ExtensionError::Diverged { position, .. })) => {
            let place = usize::try_from(position.get()).ok();
            let record = place.and_then(|place| loaded.records().nth(place));
            record.and_then(|record| replaced(session, sighting, record))
        }
        _ => pages(session, name).and_then(|pages| omitted(session, &pages, sighting)),
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

/// The operator log is shorter than it was, or went another way.
pub(super) fn operator_cut(session: &mut Session<'_>, sighting: &Sighting) -> ClientError {
    let last = sighting.seen.length.last();
    let place = last.and_then(|last| usize::try_from(last.get()).ok());
    let now = place.and_then(|place| session.operator_records.get(place).cloned());
    let evidence = match &now {
        Some((index, record)) => replaced(session, sighting, (*index, record)),
        None => omitted(session, &[], sighting),
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
    (index, record): (Index, &[u8]),
) -> Option<Misbehavior> {
    let seen = entry(session, sighting.index)?;
    let asks = BTreeSet::from([sighting.index, index]);
    let proofs = prove(&mut session.reader, &mut session.tiles, asks).ok()?;
    let note = session.checkpoint.note().to_string();
    let logged = |record, index| {
        Some(LoggedRecord {
            checkpoint: note.as_bytes(),
            record,
            index,
            proof: proofs.get(&index)?,
        })
    };
    Misbehavior::two_records(
        session.policy,
        &operator_records(session),
        &logged(&seen, sighting.index)?,
        &logged(record, index)?,
    )
    .ok()
}

/// A map entry that does not count the record which was seen, though the log still holds it.
fn omitted(
    session: &mut Session<'_>,
    pages: &[Vec<u8>],
    sighting: &Sighting,
) -> Option<Misbehavior> {
    let record = entry(session, sighting.index)?;
    let last = session.tiles.size().last()?;
    let asks = BTreeSet::from([sighting.index, last]);
    let proofs = prove(&mut session.reader, &mut session.tiles, asks).ok()?;
    let pages: Vec<_> = pages.iter().map(Vec::as_slice).collect();
    let note = session.checkpoint.note().to_string();
    let map_entry = session.checkpoint.entry().to_string();
    let map = CommittedMap {
        checkpoint: note.as_bytes(),
        entry: map_entry.as_bytes(),
        proof: proofs.get(&last)?,
        pages: &pages,
    };
    let record = LoggedRecord {
        checkpoint: note.as_bytes(),
        record: &record,
        index: sighting.index,
        proof: proofs.get(&sighting.index)?,
    };
    Misbehavior::omitted(session.policy, &operator_records(session), &map, &record).ok()
}

/// An entry of the log, from its bundle.
fn entry(session: &mut Session<'_>, index: Index) -> Option<Vec<u8>> {
    let (part, place) = Part::holding(session.tiles.size().get(), index.get())?;
    session.bundle(part).ok()?.into_iter().nth(place)
}

/// The map pages that lead to a package or its absence, root first.
fn pages(session: &mut Session<'_>, name: &PackageName) -> Option<Vec<Vec<u8>>> {
    let entry = session.checkpoint.entry();
    let mut verified = VerifiedPages::open(entry.root, entry.packages);
    let key = Key::of(name);
    let mut pages = Vec::new();
    while let Some((key, page)) = verified.needed(&[key]).pop() {
        let bytes = session
            .reader
            .need_one(Wanted::fixed(layout::map_page(&page)))
            .ok()?;
        verified.admit(&key, &bytes).ok()?;
        pages.push(bytes);
    }
    Some(pages)
}

fn operator_records<'s>(session: &'s Session<'_>) -> Vec<&'s [u8]> {
    let records = session.operator_records.iter();
    records.map(|(_, record)| record.as_slice()).collect()
}

fn misbehavior(session: &Session<'_>, evidence: Misbehavior) -> ClientError {
    ClientError::Misbehavior {
        origin: session.policy.origin().clone(),
        evidence: Box::new(evidence),
    }
}
