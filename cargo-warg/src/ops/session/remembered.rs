//! What the project remembers of its registries: the checkpoints that `warg.lock` was solved at.
//!
//! They lie in version control, so a machine that never saw a registry, as a CI runner, has them. Of a lock that a merge
//! left with both sides, it is those of both. A lock that does not read remembers nothing that could be held against a
//! registry, and that is an error: forgetting would be the attack.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use registry::client::ClientError;
use resolver::lockfile::Lockfile;
use resolver::lockfile::merge::Merge;
use transparency::checkpoint::Checkpoint;
use transparency::name::{Origin, PackageName};

use crate::error::{Error, Result};
use crate::ops::session::lock_file;

/// The checkpoints of a lock, read when the first registry is opened.
#[derive(Debug)]
pub(crate) struct Remembered {
    path: PathBuf,
    checkpoints: OnceLock<Vec<Checkpoint>>,
}

/// A registry that does not go with the lock.
pub(crate) const NOT_OF_THE_LOCK: &str = "the lock does not go with its registry";

/// The failure to open a registry that is held to what the project's lock has of it.
pub(crate) fn opening(error: ClientError, tell: impl FnOnce(ClientError) -> Error) -> Error {
    let is_of_lock = matches!(
        error,
        ClientError::Behind { .. } | ClientError::NotPrefix { .. }
    );
    let failure = tell(error);
    if is_of_lock {
        failure.context(NOT_OF_THE_LOCK)
    } else {
        failure
    }
}

impl Remembered {
    /// Those of the lock in a file, which need not be there.
    pub(crate) fn of_lock(path: PathBuf) -> Self {
        Self {
            path,
            checkpoints: OnceLock::new(),
        }
    }

    /// The checkpoints of one registry.
    ///
    /// # Errors
    /// A lock that does not read.
    pub(crate) fn of(&self, origin: &Origin) -> Result<Vec<Checkpoint>> {
        let checkpoints = if let Some(checkpoints) = self.checkpoints.get() {
            checkpoints
        } else {
            let read = self.read()?;
            self.checkpoints.get_or_init(|| read)
        };
        let of_origin = checkpoints.iter().filter(|one| one.origin == *origin);
        Ok(of_origin.cloned().collect())
    }

    /// The names of the packages that are locked, as far as the lock reads.
    pub(super) fn package_names(&self) -> BTreeSet<PackageName> {
        let locks = self.locks().unwrap_or_default().into_iter();
        let packages = locks.flat_map(|lock| lock.packages);
        packages.map(|(selection, _)| selection.name).collect()
    }

    fn read(&self) -> Result<Vec<Checkpoint>> {
        let checkpoints = self.locks()?.into_iter().flat_map(|lock| lock.registries);
        Ok(checkpoints.map(|(_, checkpoint)| checkpoint).collect())
    }

    /// The lock; both sides of one that a merge left.
    fn locks(&self) -> Result<Vec<Lockfile>> {
        let Some(text) = lock_file::read_text(&self.path)? else {
            return Ok(Vec::new());
        };
        match lock_file::parse(&text, &self.path) {
            Ok(lock) => Ok(vec![lock]),
            Err(refused) => match Merge::read(&text) {
                Ok(merge) => Ok(merge.sides().to_vec()),
                Err(_) => Err(refused),
            },
        }
    }
}
