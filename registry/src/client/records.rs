//! Reading records: the logs of packages from their ends, the operator's from its beginning.
//!
//! The map names the head of a package's log, and each record names the one before it. So the log's files are read from the
//! last one to the first, and each record is known to be the registry's own before the next file is read. The operator's
//! log has no such head: its length stands in a map entry that is not believed yet. So it is replayed from the policy's key
//! on while it comes, file by file.
//!
//! A server without any key can answer with whatever it likes, as large as a file may be. So no more comes in one round
//! than [`ROUND`], and what has come is looked at before more is asked for.

use transparency::Unverified;
use transparency::digest::Hash;
use transparency::log::VerifiedTiles;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position};
use transparency::operator;
use transparency::package::{Action, Fault, LogError};
use transparency::policy::Policy;
use transparency::record::{ChainError, SignedRecord, Subject, claimed_previous};
use transparency::tile::{Part, Tile};

use super::ClientError;
use super::reader::{Reader, Wanted};
use crate::layout;

/// The most bytes of records that are in memory before they are looked at, and one file's more.
pub(super) const ROUND: u64 = 32 * 1024 * 1024;

/// The most files of one log that are asked for at once: the number of its records is only a claim until they are there.
const FILES_AT_ONCE: usize = 16;

/// Records with the indices at which the log is said to hold them.
pub(super) type Records = Vec<(Index, Vec<u8>)>;

pub(super) fn borrowed(records: &Records) -> impl Iterator<Item = (Index, &[u8])> {
    records
        .iter()
        .map(|(index, bytes)| (*index, bytes.as_slice()))
}

/// A package's log, as the map says that it ends.
pub(super) struct End {
    pub(super) name: PackageName,
    pub(super) length: Length,
    pub(super) head: Hash,
}

/// The records of a package on the way to its head.
pub(super) struct Way {
    pub(super) records: Records,
    /// What is wrong with the first of them, where it is not known which ones lie before it.
    pub(super) fault: Option<Box<LogError>>,
}

/// A package's log, of which the last files have come.
struct Backwards {
    name: PackageName,
    subject: Subject,
    length: u64,
    /// How many files have not been asked for.
    left: u64,
    /// The hash of the last record that has not come.
    next: Hash,
    /// The last file first.
    files: Vec<Records>,
    fault: Option<Box<LogError>>,
}

impl Backwards {
    fn of(end: &End) -> Self {
        let length = end.length.get();
        Self {
            name: end.name.clone(),
            subject: Subject::Package(end.name.clone()),
            length,
            left: length.div_ceil(u64::from(transparency::tile::WIDTH)),
            next: end.head,
            files: Vec::new(),
            fault: None,
        }
    }

    /// The next files to ask for.
    fn parts(&mut self) -> Vec<Part> {
        let numbers = (0..self.left).rev().take(FILES_AT_ONCE);
        let parts: Vec<_> = numbers
            .filter_map(|number| Part::of(self.length, number))
            .collect();
        let asked = u64::try_from(parts.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(asked);
        parts
    }

    /// Takes in the file before those that have come.
    fn take(&mut self, reader: &Reader<'_>, part: Part, bytes: &[u8]) -> Result<(), ClientError> {
        if self.fault.is_some() {
            return Ok(()); // nothing says what lies before the record at fault
        }
        let mut records = parse(reader, &self.subject, part, bytes)?;
        for offset in (0..records.len()).rev() {
            let Some((_, record)) = records.get(offset) else {
                continue;
            };
            let hash = Hash::of_leaf(record);
            if hash != self.next {
                let last = records.get(offset + 1);
                let last = last.or_else(|| self.files.last()?.first());
                let position = part.first() + u64::try_from(offset).unwrap_or(u64::MAX) + 1;
                let position = Position::new(position);
                let fault = last.and_then(|(_, last)| fault_of(last, position, hash));
                let fault = fault.ok_or_else(|| ClientError::Unchained {
                    address: reader.address_of(&layout::records(&self.subject, part)),
                })?;
                self.fault = Some(Box::new(LogError::Record {
                    name: self.name.clone(),
                    position,
                    fault,
                }));
                self.left = 0;
                records.drain(..=offset);
                break;
            }
            // What is no record is refused when the log is replayed.
            self.next = claimed_previous(record).unwrap_or(Hash::ZERO);
        }
        self.files.push(records);
        Ok(())
    }

    fn into_way(self) -> Way {
        Way {
            records: self.files.into_iter().rev().flatten().collect(),
            fault: self.fault,
        }
    }
}

/// What is wrong with a record by itself, that it does not say which one lies before it.
fn fault_of(record: &[u8], position: Position, before: Hash) -> Option<Fault> {
    let record = match Unverified::<SignedRecord<Action>>::parse(record) {
        Ok(record) => record,
        Err(error) => return Some(error.into()),
    };
    let (expected, found) = (position, record.claims().position);
    if expected != found {
        return Some(ChainError::Position { expected, found }.into());
    }
    let (expected, found) = (before, record.claims().previous);
    (found == Hash::ZERO).then(|| ChainError::Previous { expected, found }.into())
}

impl Reader<'_> {
    /// The records of some packages, in the order asked for, each on the way to its head; and further tiles in the same
    /// round trip.
    pub(super) fn package_records(
        &mut self,
        ends: &[End],
        verified: &mut VerifiedTiles,
        needed: &[Tile],
    ) -> Result<Vec<Way>, ClientError> {
        let mut logs: Vec<_> = ends.iter().map(Backwards::of).collect();
        let mut tiles = needed;
        loop {
            let mut wanted: Vec<_> = tiles.iter().copied().map(Wanted::tile).collect();
            let mut parts = Vec::new();
            for (number, log) in logs.iter_mut().enumerate() {
                for part in log.parts() {
                    wanted.push(Wanted::records(&log.subject, part));
                    parts.push((number, part));
                }
            }
            if wanted.is_empty() {
                return Ok(logs.into_iter().map(Backwards::into_way).collect());
            }
            let mut tiles_left = tiles.iter();
            let mut parts_left = parts.into_iter();
            let mut rest = wanted.as_slice();
            while !rest.is_empty() {
                let files = self.need_some(rest, ROUND)?;
                rest = rest.get(files.len()..).unwrap_or_default();
                for bytes in files {
                    if let Some(tile) = tiles_left.next() {
                        verified.admit(*tile, &bytes)?;
                    } else if let Some((number, part)) = parts_left.next()
                        && let Some(log) = logs.get_mut(number)
                    {
                        log.take(self, part, &bytes)?;
                    }
                }
            }
            tiles = &[];
        }
    }

    /// The operator's records, and further tiles in the same round trip. What has come of a log is replayed before more of it
    /// is asked for. Once a record is refused no more are read: what came will be refused for it.
    pub(super) fn operator_records(
        &mut self,
        policy: &Policy,
        claimed: Length,
        verified: &mut VerifiedTiles,
        needed: &[Tile],
    ) -> Result<Records, ClientError> {
        let size = verified.size();
        if claimed.get() > size.get() {
            return Err(ClientError::Longer {
                subject: Subject::Operator,
                length: claimed,
                size,
            });
        }
        let mut log = operator::Log::empty(policy.origin().clone(), policy.operate_key().clone());
        let mut goes_on = |records: &Records| {
            // All of it is replayed by who opens the checkpoint.
            let is_all = u64::try_from(records.len()).is_ok_and(|come| come >= claimed.get());
            let replayed = usize::try_from(log.length().get()).unwrap_or(usize::MAX);
            let mut come = records.iter().skip(replayed);
            is_all || come.all(|(index, bytes)| log.admit(*index, bytes).is_ok())
        };
        let mut records = Records::new();
        let mut parts = Part::all(claimed.get());
        let mut tiles = needed;
        loop {
            let some: Vec<_> = parts.by_ref().take(FILES_AT_ONCE).collect();
            let mut wanted: Vec<_> = tiles.iter().copied().map(Wanted::tile).collect();
            wanted.extend(
                some.iter()
                    .map(|part| Wanted::records(&Subject::Operator, *part)),
            );
            if wanted.is_empty() {
                return Ok(records);
            }
            let mut tiles_left = tiles.iter();
            let mut parts_left = some.into_iter();
            let mut rest = wanted.as_slice();
            while !rest.is_empty() {
                let files = self.need_some(rest, ROUND)?;
                rest = rest.get(files.len()..).unwrap_or_default();
                for bytes in files {
                    if let Some(tile) = tiles_left.next() {
                        verified.admit(*tile, &bytes)?;
                    } else if let Some(part) = parts_left.next() {
                        records.extend(parse(self, &Subject::Operator, part, &bytes)?);
                    }
                }
                if !goes_on(&records) {
                    return Ok(records);
                }
            }
            tiles = &[];
        }
    }
}

fn parse(
    reader: &Reader<'_>,
    subject: &Subject,
    part: Part,
    bytes: &[u8],
) -> Result<Records, ClientError> {
    let records = part
        .parse_records(bytes)
        .map_err(|source| ClientError::File {
            address: reader.address_of(&layout::records(subject, part)),
            source,
        })?;
    Ok(records
        .into_iter()
        .map(|(index, record)| (index, record.to_vec()))
        .collect())
}
