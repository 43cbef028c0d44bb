//! What a replay found wrong, as evidence: a record that stands in the log twice or out of order, two records at one
//! position, a map that leaves a record out.
//!
//! An entry that is merely bad is none: that the registry took it in is seen by whoever reads it, and a record says who
//! signed it.

use std::collections::BTreeMap;

use transparency::checkpoint::MapEntry;
use transparency::digest::Hash;
use transparency::map::{Key, VerifiedPages};
use transparency::misbehavior::Misbehavior;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position};
use transparency::record::Subject;

use super::Replay;
use crate::client::{Session, evidence};

/// The evidence that a record is which stands in the log twice.
pub(super) fn of_copy(session: &mut Session<'_>, entries: &[Vec<u8>]) -> Option<Misbehavior> {
    let mut firsts = BTreeMap::new();
    (0..)
        .map(Index::new)
        .zip(entries)
        .find_map(
            |(index, entry)| match firsts.insert(Hash::of_leaf(entry), index) {
                Some(first) => evidence::repeated(session, (first, entry), (index, entry)),
                None => None,
            },
        )
}

/// The evidence that an entry is, which was refused behind those that the replay took.
pub(super) fn of(
    session: &mut Session<'_>,
    replay: &Replay,
    entries: &[Vec<u8>],
    index: Index,
) -> Option<Misbehavior> {
    let entry = at(entries, index)?;
    if MapEntry::is_one(entry) {
        return omission(session, replay, index, entry);
    }
    let subject = Subject::claimed_by(entry)?;
    let position = claimed_position(entry)?;
    let records = match &subject {
        Subject::Operator => replay.operator_records.as_slice(),
        Subject::Package(name) => records_of(replay, name),
    };
    if let Some((taken, other)) = at_position(records, position) {
        return evidence::two_records(session, (*taken, other), (index, entry));
    }
    // Nothing has its place yet: then it may stand before what it follows.
    let missing = Position::new(u64::try_from(records.len()).ok()?);
    let is_missing = |entry: &[u8]| {
        Subject::claimed_by(entry).as_ref() == Some(&subject)
            && claimed_position(entry) == Some(missing)
    };
    let (late, earlier) = (0..)
        .map(Index::new)
        .zip(entries)
        .find(|(late, entry)| *late > index && is_missing(entry))?;
    evidence::repeated(session, (late, earlier), (index, entry))
}

/// The first record that a map entry does not count.
fn omission(
    session: &mut Session<'_>,
    replay: &Replay,
    index: Index,
    entry: &[u8],
) -> Option<Misbehavior> {
    let found = MapEntry::parse(entry).ok()?;
    let operator_records = &replay.operator_records;
    if let Some((place, record)) = at_position(operator_records, found.operator_length.next()) {
        return evidence::omitted(session, (index, entry), &[], (*place, record));
    }
    replay.packages.iter().find_map(|(name, (log, records))| {
        let map = || VerifiedPages::open(found.root, found.packages);
        let pages = evidence::pages(session, map(), name)?;
        let counted = length_in(map(), &pages, name)?;
        if counted >= log.length() {
            return None;
        }
        let (place, record) = at_position(records, counted.next())?;
        evidence::omitted(session, (index, entry), &pages, (*place, record))
    })
}

fn length_in(mut map: VerifiedPages, pages: &[Vec<u8>], name: &PackageName) -> Option<Length> {
    let key = Key::of(name);
    for page in pages {
        map.admit(&key, page).ok()?;
    }
    let slot = map.slot(&key).ok()?;
    Some(slot.map_or(Length::ZERO, |slot| slot.length))
}

fn records_of<'r>(replay: &'r Replay, name: &PackageName) -> &'r [(Index, Vec<u8>)] {
    let package = replay.packages.get(name);
    package.map_or(&[], |(_, records)| records.as_slice())
}

fn at(entries: &[Vec<u8>], index: Index) -> Option<&[u8]> {
    let entry = entries.get(usize::try_from(index.get()).ok()?)?;
    Some(entry)
}

fn at_position(records: &[(Index, Vec<u8>)], position: Position) -> Option<&(Index, Vec<u8>)> {
    records.get(usize::try_from(position.get()).ok()?)
}

/// Which record of its log the bytes say that they are: their fourth line.
fn claimed_position(bytes: &[u8]) -> Option<Position> {
    let line = bytes.split(|byte| *byte == b'\n').nth(3)?;
    std::str::from_utf8(line).ok()?.parse().ok()
}
