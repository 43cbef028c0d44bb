//! Evidence that a registry's log contains by itself: a record that stands in it twice or out of order, two records at one
//! position, a map that leaves a record out.
//!
//! A record that breaks the rules is no evidence against the registry: it says who signed it, and readers refuse it. It
//! must not hide evidence that comes after it, either. So records count here by what they claim to be, whether they are
//! valid or not: who signs a checkpoint answers for everything in the log.

use std::collections::BTreeMap;

use transparency::checkpoint::MapEntry;
use transparency::digest::{Digest, Hash};
use transparency::map::{Key, VerifiedPages};
use transparency::misbehavior::Misbehavior;
use transparency::number::{Index, Length, Position};
use transparency::record::Subject;

use crate::client::{ClientError, Session, evidence};

/// How many packages are looked up in wrong maps before no further such map is examined. One bad entry makes every later
/// map wrong. Examining all of them would take the square of the log's length.
const MOST_LOOKED_UP: usize = 1 << 20;

/// Where the log holds the records of each log, by what they say that they are.
pub(super) struct RecordIndices<'e> {
    entries: &'e [Vec<u8>],
    records: BTreeMap<Subject, BTreeMap<Position, Index>>,
    looked_up: usize,
}

impl<'e> RecordIndices<'e> {
    /// The indices of the records in all entries of a log.
    ///
    /// # Errors
    /// An entry that stands there twice, or has the position of another one, or lies behind one that follows it, as
    /// evidence.
    pub(super) fn of(
        session: &mut Session<'_>,
        entries: &'e [Vec<u8>],
    ) -> Result<Self, ClientError> {
        // First of all, since a copy makes what stands between it and the first one seem wrong, too.
        if let Some(evidence) = copy(session, entries) {
            return Err(evidence::misbehavior(session, evidence));
        }
        let mut indices = Self {
            entries,
            records: BTreeMap::new(),
            looked_up: 0,
        };
        for (index, entry) in (0..).map(Index::new).zip(entries) {
            let Some((subject, position)) = evidence::record_of(session, entry) else {
                continue;
            };
            let records = indices.records.entry(subject).or_default();
            let behind = records.range(position..).next();
            let behind = behind.map(|(position, index)| (*position, *index));
            records.entry(position).or_insert(index);
            let Some((taken, behind)) = behind else {
                continue;
            };
            let Some(other) = indices.entry(behind) else {
                continue;
            };
            let evidence = if taken == position {
                evidence::two_records(session, (behind, other), (index, entry))
            } else {
                evidence::repeated(session, (index, entry), (behind, other))
            };
            if let Some(evidence) = evidence {
                return Err(evidence::misbehavior(session, evidence));
            }
        }
        Ok(indices)
    }

    fn entry(&self, index: Index) -> Option<&'e [u8]> {
        let entry = self.entries.get(usize::try_from(index.get()).ok()?)?;
        Some(entry)
    }

    /// The evidence that a map entry does not count a record before it. `known` are pages that need not be read.
    pub(super) fn omitted(
        &mut self,
        session: &mut Session<'_>,
        index: Index,
        known: &BTreeMap<Digest, Vec<u8>>,
    ) -> Option<Misbehavior> {
        let entry = self.entry(index)?;
        let found = MapEntry::parse(entry).ok()?;
        if self.looked_up > MOST_LOOKED_UP {
            return None;
        }
        self.looked_up = self.looked_up.saturating_add(self.records.len());
        let map = || VerifiedPages::open(found.root, found.packages);
        let keys = self.records.keys().filter_map(key).collect();
        let read = evidence::map(session, map(), keys, known);
        self.records.iter().find_map(|(subject, records)| {
            let counted = match key(subject) {
                None => found.operator_length,
                Some(key) => counted(&read, &key)?,
            };
            let (_, left_out) = records.range(counted.next()..).next()?;
            let (left_out, record) = (*left_out, self.entry(*left_out)?);
            if left_out >= index {
                return None;
            }
            let pages = match subject {
                Subject::Operator => Vec::new(),
                Subject::Package(name) => evidence::pages(session, map(), name)?,
            };
            evidence::omitted(session, (index, entry), &pages, (left_out, record))
        })
    }
}

/// The key of a package; none of the operator, of whom the map entry itself speaks.
fn key(subject: &Subject) -> Option<Key> {
    match subject {
        Subject::Operator => None,
        Subject::Package(name) => Some(Key::of(name)),
    }
}

/// How many records a map counts of a package; none where its pages are not to be had.
fn counted(map: &VerifiedPages, key: &Key) -> Option<Length> {
    let slot = map.slot(key).ok()?;
    Some(slot.map_or(Length::ZERO, |slot| slot.length))
}

/// The evidence that a record is which stands in the log twice.
fn copy(session: &mut Session<'_>, entries: &[Vec<u8>]) -> Option<Misbehavior> {
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
