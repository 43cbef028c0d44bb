//! What the project remembers of its registries: the checkpoints that `warg.lock` was solved at.
//!
//! They lie in version control, so a machine that never saw a registry, as a CI runner, has them. Of a lock that a merge
//! left with both sides, it is those of both. A lock that does not read remembers nothing that could be held against a
//! registry, and that is an error: forgetting would be the attack.

use std::path::PathBuf;
use std::sync::OnceLock;

use resolver::lockfile::merge::Merge;
use transparency::checkpoint::Checkpoint;
use transparency::name::Origin;

use crate::error::Result;
use crate::ops::lock;

/// The checkpoints of a lock, read when the first registry is opened.
#[derive(Debug)]
pub(crate) struct Remembered {
    path: PathBuf,
    checkpoints: OnceLock<Vec<Checkpoint>>,
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

    fn read(&self) -> Result<Vec<Checkpoint>> {
        let Some(text) = lock::read_text(&self.path)? else {
            return Ok(Vec::new());
        };
        let locks = match lock::parse(&text, &self.path) {
            Ok(lock) => vec![lock],
            Err(refused) => match Merge::read(&text) {
                Ok(merge) => merge.sides().to_vec(),
                Err(_) => return Err(refused),
            },
        };
        let checkpoints = locks.into_iter().flat_map(|lock| lock.registries);
        Ok(checkpoints.map(|(_, checkpoint)| checkpoint).collect())
    }
}
