//! A package as a session has loaded it.

use std::sync::Arc;

use transparency::number::{Index, Position};
use transparency::package::{self, Absence, Head};
use transparency::tile::Part;

use super::RefusedLog;

/// A package as a checkpoint has it.
#[derive(Debug, Clone)]
pub enum LoadedPackage {
    /// Its verified log.
    Present(Arc<LoadedLog>),
    /// It is proved not to be there.
    Absent(Absence),
}

/// A verified package log, its head, and where the registry says each of its records lies.
#[derive(Debug, Clone)]
pub struct LoadedLog {
    pub(super) log: package::Log,
    pub(super) head: Head,
    pub(super) indices: Vec<Index>,
    pub(super) records: Vec<Vec<u8>>,
    /// The log as it is now, where this is what it was.
    pub(super) newest: Option<Arc<LoadedLog>>,
}

/// A package as a checkpoint has it, or as it cannot be used.
pub type Loaded = Result<LoadedPackage, RefusedLog>;

impl LoadedLog {
    /// The package log, verified up to its head.
    pub fn log(&self) -> &package::Log {
        &self.log
    }

    /// The head that it was replayed to.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The log as of the newest checkpoint, with what was yanked and withdrawn since; this one, if it is not of the past, or
    /// if its log of now is refused.
    pub fn newest(&self) -> &Self {
        self.newest.as_deref().unwrap_or(self)
    }

    /// Where the registry says that a record lies; a hint, until [`Session::check_included`](super::Session::check_included) shows it.
    pub fn index_hint(&self, position: Position) -> Option<Index> {
        let position = usize::try_from(position.get()).ok()?;
        self.indices.get(position).copied()
    }

    pub(super) fn record_at(&self, position: Position) -> Option<(Index, &[u8])> {
        self.records().nth(usize::try_from(position.get()).ok()?)
    }

    /// The records with their indices, as the package's files have them.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Index, &[u8])> {
        let records = self.records.iter().map(Vec::as_slice);
        self.indices.iter().copied().zip(records)
    }
}

/// A record of a package, and where it is said to lie.
pub(super) fn record_at(loaded: &Loaded, position: Position) -> Option<(Index, &[u8])> {
    match loaded {
        Ok(LoadedPackage::Present(loaded)) => loaded.record_at(position),
        Ok(LoadedPackage::Absent(_)) => None,
        Err(refused) => refused.record_at(position),
    }
}

/// The first file of a log, for messages.
pub(super) fn first_part() -> Part {
    Part::new(0, 1).expect("0 is a number and 1 a width")
}
