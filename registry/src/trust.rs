//! What this machine has seen of a registry, so that the registry cannot take it back.
//!
//! For each policy key: the last checkpoint as signed, the hash of the operator's first record, and the head of every
//! package that was relied on. The checkpoint moves by compare-and-swap under a lock; heads only grow. These files are
//! this machine's own memory, but reading them is strict all the same: a store that is damaged refuses, since forgetting
//! would be the attack.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, SignedCheckpoint};
use transparency::digest::Hash;
use transparency::name::PackageName;
use transparency::note::Note;
use transparency::number::Index;
use transparency::package::Seen;
use transparency::policy::Policy;

use crate::cache::registry_id;

/// Why the trust store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TrustStoreError {
    /// The system says no.
    #[error("cannot {action} {}", place.display())]
    Io {
        /// Read or write.
        action: &'static str,
        /// Which file.
        place: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file that does not read.
    #[error("{} is damaged: it holds what this machine saw of a registry, and is needed to notice when that is taken back", place.display())]
    Damaged {
        /// Which file.
        place: PathBuf,
    },
}

/// Where a package was last seen: how far its log reached, and where the registry's log holds its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// Length and head.
    pub seen: Seen,
    /// The index of the head.
    pub index: Index,
}

/// What this machine knows of a registry.
#[derive(Debug, Clone)]
pub struct Memory {
    note: Vec<u8>,
    checkpoint: Checkpoint,
    first_record: Hash,
    packages: BTreeMap<PackageName, Sighting>,
}

impl Memory {
    /// The last checkpoint, as signed.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// The last checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The hash of operator record 0.
    pub fn first_record(&self) -> Hash {
        self.first_record
    }

    /// Where a package was last seen.
    pub fn package(&self, name: &PackageName) -> Option<&Sighting> {
        self.packages.get(name)
    }
}

/// The memory of one registry, in the machine's state folder.
#[derive(Debug, Clone)]
pub struct TrustStore {
    folder: PathBuf,
}

const CHECKPOINT: &str = "checkpoint";
const SEEN: &str = "seen";
const SEEN_FIRST_LINE: &str = "warg-seen/v1";

impl TrustStore {
    /// The store for a policy's registry, in a state folder that need not exist yet.
    pub fn open(state: &Path, policy: &Policy) -> Self {
        Self {
            folder: state.join("trust").join(registry_id(policy)),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn io(&self, action: &'static str, file: &str) -> impl FnOnce(io::Error) -> TrustStoreError {
        let place = self.folder.join(file);
        move |source| TrustStoreError::Io {
            action,
            place,
            source,
        }
    }

    fn damaged(&self, file: &str) -> TrustStoreError {
        TrustStoreError::Damaged {
            place: self.folder.join(file),
        }
    }

    /// What is remembered; none where this machine never saw the registry.
    ///
    /// # Errors
    /// Files that cannot be read, or are damaged.
    pub fn read(&self) -> Result<Option<Memory>, TrustStoreError> {
        let Some(note) = self.read_file(CHECKPOINT)? else {
            return Ok(None);
        };
        let signed =
            Unverified::<SignedCheckpoint>::parse(&note).map_err(|_| self.damaged(CHECKPOINT))?;
        let seen = self.read_file(SEEN)?.ok_or_else(|| self.damaged(SEEN))?;
        let (first_record, packages) = parse_seen(&seen).ok_or_else(|| self.damaged(SEEN))?;
        Ok(Some(Memory {
            checkpoint: signed.claims().checkpoint().clone(),
            note,
            first_record,
            packages,
        }))
    }

    fn read_file(&self, file: &str) -> Result<Option<Vec<u8>>, TrustStoreError> {
        match fs::read(self.folder.join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            bytes => Ok(Some(bytes.map_err(self.io("read", file))?)),
        }
    }

    /// Moves to a newer checkpoint, if the one remembered still is the one it was compared with; false where another
    /// process moved first, and the comparison must be made again.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn advance(
        &self,
        from: Option<&Memory>,
        to: &Note,
        first_record: Hash,
    ) -> Result<bool, TrustStoreError> {
        let _lock = self.lock()?;
        let current = self.read_file(CHECKPOINT)?;
        if current.as_deref() != from.map(Memory::note) {
            return Ok(false);
        }
        let to = to.to_string();
        if current.as_deref() == Some(to.as_bytes()) {
            return Ok(true); // the usual case: nothing happened since
        }
        // `seen` first: a checkpoint without it would count as damaged.
        if from.is_none() {
            self.write_file(SEEN, print_seen(first_record, &BTreeMap::new()).as_bytes())?;
        }
        self.write_file(CHECKPOINT, to.as_bytes())?;
        Ok(true)
    }

    /// Remembers where packages were seen. A longer log replaces a shorter one, never the other way round.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn remember(
        &self,
        sightings: &BTreeMap<PackageName, Sighting>,
    ) -> Result<(), TrustStoreError> {
        let _lock = self.lock()?;
        let Some(memory) = self.read()? else {
            return Ok(()); // it follows a checkpoint
        };
        let mut packages = memory.packages.clone();
        for (name, sighting) in sightings {
            let known = packages.entry(name.clone()).or_insert(*sighting);
            if known.seen.length < sighting.seen.length {
                *known = *sighting;
            }
        }
        if packages == memory.packages {
            return Ok(());
        }
        self.write_file(SEEN, print_seen(memory.first_record, &packages).as_bytes())
    }

    fn lock(&self) -> Result<File, TrustStoreError> {
        let lock = || -> io::Result<File> {
            fs::create_dir_all(&self.folder)?;
            let lock = File::create(self.folder.join("lock"))?;
            lock.lock()?;
            Ok(lock)
        };
        lock().map_err(self.io("lock", "lock"))
    }

    fn write_file(&self, file: &str, bytes: &[u8]) -> Result<(), TrustStoreError> {
        let write = || -> io::Result<()> {
            let mut temporary = tempfile::NamedTempFile::new_in(&self.folder)?;
            temporary.write_all(bytes)?;
            temporary.as_file().sync_all()?;
            temporary
                .persist(self.folder.join(file))
                .map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(self.io("write", file))
    }
}

fn print_seen(first_record: Hash, packages: &BTreeMap<PackageName, Sighting>) -> String {
    let mut text = format!("{SEEN_FIRST_LINE}\n{first_record}\n");
    for (name, Sighting { seen, index }) in packages {
        text.push_str(&format!("{name} {} {} {index}\n", seen.length, seen.head));
    }
    text
}

fn parse_seen(bytes: &[u8]) -> Option<(Hash, BTreeMap<PackageName, Sighting>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.strip_suffix('\n')?.split('\n');
    if lines.next()? != SEEN_FIRST_LINE {
        return None;
    }
    let first_record = lines.next()?.parse().ok()?;
    let mut packages = BTreeMap::new();
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        let [name, length, head, index] = words.as_slice() else {
            return None;
        };
        let seen = Seen {
            length: length.parse().ok()?,
            head: head.parse().ok()?,
        };
        let index = index.parse().ok()?;
        packages.insert(name.parse().ok()?, Sighting { seen, index });
    }
    Some((first_record, packages))
}
