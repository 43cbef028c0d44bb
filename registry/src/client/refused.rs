//! A package log that breaks the rules, and that the registry committed to.
//!
//! Such a log was not changed by a mirror. The map names its head, its records are chained up to the head, and the records
//! that matter for the refusal are proved to be in the registry's log. So the log is bad for everybody and for good, and
//! whoever can do without the package may go on. Anything that is not proved like this is an error of reading: otherwise a
//! mirror could make a package disappear by damaging its files.

use std::fmt;

use transparency::digest::Hash;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position, Size};
use transparency::package::{AuthorityError, ExtensionError, Fault, HeadError, LogError, Seen};
use transparency::record::Subject;

use super::records::{End, Records};
use super::{ClientError, Session, prove};

/// A package log that nobody can use, as its registry committed to it.
#[derive(Debug, Clone)]
pub struct RefusedLog {
    name: PackageName,
    refusal: Refusal,
    length: Length,
    /// The last records, up to the head; all of them, unless one that does not read hides those before it.
    records: Records,
}

#[derive(Debug, Clone)]
enum Refusal {
    /// A record breaks a rule.
    Log {
        address: String,
        source: Box<LogError>,
    },
    /// The map names a head that is not where it says.
    Head(Box<HeadError>),
    /// The map names more records than the registry's log has entries.
    Longer { size: Size },
}

impl RefusedLog {
    /// One that the map says to be longer than is possible.
    pub(super) fn longer(name: PackageName, length: Length, size: Size) -> Self {
        Self {
            name,
            refusal: Refusal::Longer { size },
            length,
            records: Records::new(),
        }
    }

    /// One of which the first of the last records hides those before it.
    pub(super) fn broken(end: End, address: String, source: Box<LogError>, last: Records) -> Self {
        Self {
            name: end.name,
            refusal: Refusal::Log { address, source },
            length: end.length,
            records: last,
        }
    }

    /// The records with their indices, where all of them are known.
    pub(super) fn whole(&self) -> Option<&Records> {
        let count = u64::try_from(self.records.len()).ok()?;
        (count == self.length.get()).then_some(&self.records)
    }

    /// Whether it is known that this is no record of the log.
    pub fn lacks(&self, record: &Hash) -> bool {
        self.whole().is_some_and(|records| {
            let mut hashes = records.iter().map(|(_, record)| Hash::of_leaf(record));
            hashes.all(|found| found != *record)
        })
    }

    /// A record, and where it is said to lie; none where that is not known.
    pub(super) fn record_at(&self, position: Position) -> Option<(Index, &[u8])> {
        let count = u64::try_from(self.records.len()).ok()?;
        let first = self.length.get().checked_sub(count)?;
        let offset = usize::try_from(position.get().checked_sub(first)?).ok()?;
        let (index, record) = self.records.get(offset)?;
        Some((*index, record.as_slice()))
    }

    /// As [`Log::check_extends`](transparency::package::Log::check_extends), as far as the records are known.
    pub(super) fn check_extends(&self, seen: &Seen) -> Result<(), ExtensionError> {
        let Some(position) = seen.length.last() else {
            return Ok(());
        };
        if self.length < seen.length {
            return Err(ExtensionError::Shrank {
                name: self.name.clone(),
                seen: seen.length,
                found: self.length,
            });
        }
        let found = self.record_at(position);
        match found.map(|(_, record)| Hash::of_leaf(record)) {
            Some(found) if found != seen.head => Err(ExtensionError::Diverged {
                name: self.name.clone(),
                position,
                seen: seen.head,
                found,
            }),
            _ => Ok(()),
        }
    }
}

impl From<RefusedLog> for ClientError {
    fn from(refused: RefusedLog) -> Self {
        match refused.refusal {
            Refusal::Log { address, source } => Self::Log { address, source },
            Refusal::Head(source) => Self::Head(source),
            Refusal::Longer { size } => Self::Longer {
                subject: Subject::Package(refused.name),
                length: refused.length,
                size,
            },
        }
    }
}

impl fmt::Display for RefusedLog {
    /// Why it is refused, with all causes, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error: &dyn std::error::Error = match &self.refusal {
            Refusal::Log { source, .. } => source,
            Refusal::Head(source) => source,
            Refusal::Longer { size } => {
                let length = self.length;
                let name = &self.name;
                return write!(
                    f,
                    "`{name}` is said to have {length} records, in a log of {size} entries"
                );
            }
        };
        write!(f, "{error}")?;
        let mut cause = error.source();
        while let Some(source) = cause {
            write!(f, ": {source}")?;
            cause = source.source();
        }
        Ok(())
    }
}

impl Session<'_> {
    /// What a replay refused, if the registry committed to it; else the error.
    pub(super) fn refuse(
        &mut self,
        name: &PackageName,
        error: ClientError,
        records: &Records,
    ) -> Result<RefusedLog, ClientError> {
        let refusal = match error {
            // The map's page says where it lies, and the log's tiles what lies there.
            ClientError::Head(source) if matches!(*source, HeadError::NotIncluded { .. }) => {
                Refusal::Head(source)
            }
            ClientError::Log { address, source } if self.is_of_the_log(&source, records) => {
                Refusal::Log { address, source }
            }
            error => return Err(error),
        };
        Ok(RefusedLog {
            name: name.clone(),
            refusal,
            length: Length::new(u64::try_from(records.len()).unwrap_or(u64::MAX)),
            records: records.clone(),
        })
    }

    /// Whether a refusal follows from what the registry committed to. The records are chained up to the head that the map
    /// names. Their indices in the log, however, stand only in unsigned files. They matter where a record is compared with
    /// the one before it, or with the operator's records; there they must be proved.
    fn is_of_the_log(&mut self, error: &LogError, records: &Records) -> bool {
        let LogError::Record {
            position, fault, ..
        } = error
        else {
            return false;
        };
        if let Fault::Authority(AuthorityError::NotIncluded { .. }) = fault {
            return false;
        }
        let Ok(number) = usize::try_from(position.get()) else {
            return false;
        };
        let Some(judged) = records.get(number.saturating_sub(1)..=number) else {
            return false;
        };
        let judged = judged
            .iter()
            .map(|(index, record)| (Hash::of_leaf(record), *index));
        let clocks = self.checkpoint.operator().clocks().iter();
        let clocks = clocks.map(|clock| (clock.record(), clock.index()));
        let entries: Vec<_> = judged.chain(clocks).collect();
        let asks = entries.iter().map(|(_, index)| *index).collect();
        let Ok(proofs) = prove(&mut self.reader, &mut self.tiles, asks) else {
            return false;
        };
        entries
            .iter()
            .all(|(hash, index)| Self::check_leaf(&self.checkpoint, &proofs, hash, *index).is_ok())
    }
}
