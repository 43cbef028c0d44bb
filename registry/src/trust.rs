//! What this machine has seen of a registry, so that the registry cannot take it back.
//!
//! Each origin has one folder with one file, `seen`. It holds the key that the policy trusted, the hash of the operator's
//! first record, the head of every package that was relied on, the last checkpoint as signed, and the digest of all that.
//! If some entries before that checkpoint were not held against its map yet, it also holds where they begin ([`Since`]).
//!
//! What is remembered is changed by compare-and-swap under a lock, and heads only grow. So nothing is remembered that was
//! not compared with what another process saw.
//!
//! Another key for the same origin is refused, as another registry. Otherwise whoever changed a policy and an address in
//! one branch would get a registry that was never seen, and of which nothing is remembered.
//!
//! The file is this machine's own, but it is read strictly: a damaged store is refused, since to make a machine forget is
//! an attack.
//!
//! The folder is created whole, by a rename, and by nothing else. So a folder without its file has lost it. Whoever wants
//! to forget a registry removes the folder.

mod evidence;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, MapEntry, SignedCheckpoint, TrustedCheckpoint};
use transparency::digest::{Digest, Hash};
use transparency::key::VerifyingKey;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::package::Seen;
use transparency::policy::Policy;

use crate::file::{self, Tree};
pub use evidence::Saved;

/// Why the trust store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TrustStoreError {
    /// The system says no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// Read or write.
        action: &'static str,
        /// The file or folder that it is about.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file that does not read.
    #[error("{} is damaged: it holds what this machine saw of a registry, and is needed to notice when that is taken back", path.display())]
    Damaged {
        /// The file that is damaged.
        path: PathBuf,
    },
    /// Another key for the same origin.
    #[error("the policy trusts `{found}` for the origin `{}`, but this machine knows that registry under the key `{seen}`", found.name())]
    OtherKey {
        /// The key that was trusted when the registry was seen.
        seen: Box<VerifyingKey>,
        /// The key that the policy trusts now.
        found: Box<VerifyingKey>,
        /// Where this machine has what it saw under that key.
        folder: PathBuf,
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

impl Sighting {
    /// How far the operator log reaches, as a map entry commits to it.
    pub(crate) fn of_operator(entry: &MapEntry) -> Self {
        Self {
            seen: Seen {
                length: entry.operator_length,
                head: entry.operator_head,
            },
            index: entry.operator_index,
        }
    }
}

/// A map entry up to which the log was held against the map; what came since is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The log's size with that entry.
    pub size: Size,
    /// The time of that map entry.
    pub time: Time,
    /// How many operator records it counts.
    pub operator: Length,
}

impl Since {
    /// A map entry that ended the log when it had this size.
    pub(crate) fn map_entry(size: Size, entry: &MapEntry) -> Self {
        Self {
            size,
            time: entry.time,
            operator: entry.operator_length,
        }
    }
}

/// How much of a log was held against its map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewsRead {
    /// The log's size behind which all of it was, or is still to be.
    pub from: Size,
    /// From where on it is still to be; none where that is nothing.
    pub unread: Option<Since>,
}

/// What this machine knows of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    note: Vec<u8>,
    checkpoint: Checkpoint,
    key: VerifyingKey,
    first_record: Hash,
    operator: Sighting,
    /// That of the last map entry.
    time: Time,
    /// From where on the news are not read; none where all were that the last checkpoint has.
    unread: Option<Since>,
    /// The size of the log behind which all was read as news, or is still to be.
    read_from: Size,
    packages: BTreeMap<PackageName, Sighting>,
}

impl Memory {
    fn of(
        checkpoint: &TrustedCheckpoint,
        NewsRead { unread, from }: NewsRead,
        packages: BTreeMap<PackageName, Sighting>,
    ) -> Self {
        Self {
            note: checkpoint.note().to_string().into_bytes(),
            checkpoint: checkpoint.checkpoint().clone(),
            key: checkpoint.operator().anchor().clone(),
            first_record: first_record(checkpoint),
            operator: Sighting::of_operator(checkpoint.entry()),
            time: checkpoint.entry().time,
            unread,
            read_from: from,
            packages,
        }
    }

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

    /// How far the operator log reached: what it granted, revoked and withdrew by then cannot be taken back.
    pub fn operator(&self) -> &Sighting {
        &self.operator
    }

    /// The registry's time: that of the map entry of the last checkpoint.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Where the entries begin that were not held against the map yet: at the last checkpoint, or at an earlier one, if the
    /// registry was not asked since.
    pub fn since(&self) -> Since {
        self.unread.unwrap_or(Since {
            size: self.checkpoint.size,
            time: self.time,
            operator: self.operator.seen.length,
        })
    }

    /// The size of the log behind which all entries were held against the map, except those that [`Memory::since`] names.
    /// Before it lie entries from before this machine saw the registry, and entries that were too many to read.
    pub fn read_from(&self) -> Size {
        self.read_from
    }

    /// Where a package was last seen.
    pub fn package(&self, name: &PackageName) -> Option<&Sighting> {
        self.packages.get(name)
    }

    /// The file's bytes: a line a fact, an empty line, the note, and the digest of all before it.
    pub fn print(&self) -> Vec<u8> {
        let mut text = format!(
            "{FIRST_LINE}\n{}\n{}\n{}\n{}\n",
            self.key, self.first_record, self.time, self.read_from
        );
        if let Some(Since {
            size,
            time,
            operator,
        }) = self.unread
        {
            text.extend([format!("{UNREAD} {size} {time} {operator}\n")]);
        }
        let mut line = |subject: &str, Sighting { seen, index }: &Sighting| {
            text.extend([format!("{subject} {} {} {index}\n", seen.length, seen.head)]);
        };
        line(OPERATOR, &self.operator);
        for (name, sighting) in &self.packages {
            line(name.as_str(), sighting);
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend(&self.note);
        let digest = Digest::of(&bytes);
        bytes.extend(format!("{digest}\n").bytes());
        bytes
    }

    /// Reads a file's bytes; none where they are not what was written.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let end = text.strip_suffix('\n')?.rfind('\n')?.checked_add(1)?;
        let (text, digest) = text.split_at_checked(end)?;
        if digest.strip_suffix('\n')?.parse() != Ok(Digest::of(text.as_bytes())) {
            return None;
        }
        let (facts, note) = text.split_once("\n\n")?;
        let mut lines = facts.split('\n').peekable();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let key = lines.next()?.parse().ok()?;
        let first_record = lines.next()?.parse().ok()?;
        let time = lines.next()?.parse().ok()?;
        let read_from = lines.next()?.parse().ok()?;
        let unread = match lines.peek()?.strip_prefix(UNREAD) {
            Some(_) => Some(parse_since(lines.next()?)?),
            None => None,
        };
        let (_, operator) = parse_sighting(lines.next()?).filter(|(name, _)| *name == OPERATOR)?;
        let mut packages = BTreeMap::new();
        for line in lines {
            let (name, sighting) = parse_sighting(line)?;
            packages.insert(name.parse().ok()?, sighting);
        }
        let signed = Unverified::<SignedCheckpoint>::parse(note.as_bytes()).ok()?;
        let memory = Self {
            note: note.as_bytes().to_vec(),
            checkpoint: signed.claims().checkpoint().clone(),
            key,
            first_record,
            operator,
            time,
            unread,
            read_from,
            packages,
        };
        // Of two lines about one package, neither can be believed.
        (memory.print() == bytes).then_some(memory)
    }
}

/// The operator's line; no package has a name without colon.
const OPERATOR: &str = "operator";

/// The line of what is not read, before the operator's.
const UNREAD: &str = "unread-since";

fn parse_since(line: &str) -> Option<Since> {
    let words: Vec<_> = line.split(' ').collect();
    let [_, size, time, operator] = words.as_slice() else {
        return None;
    };
    Some(Since {
        size: size.parse().ok()?,
        time: time.parse().ok()?,
        operator: operator.parse().ok()?,
    })
}

fn parse_sighting(line: &str) -> Option<(&str, Sighting)> {
    let words: Vec<_> = line.split(' ').collect();
    let [name, length, head, index] = words.as_slice() else {
        return None;
    };
    let seen = Seen {
        length: length.parse().ok()?,
        head: head.parse().ok()?,
    };
    let index = index.parse().ok()?;
    Some((name, Sighting { seen, index }))
}

/// The hash of the operator's first record: what a policy key may never begin anew.
pub(crate) fn first_record(checkpoint: &TrustedCheckpoint) -> Hash {
    let first = checkpoint.operator().hash_at(Position::ZERO);
    first.unwrap_or(Hash::ZERO) // there is one: the policy's key signs it
}

/// The name under which this machine remembers a registry: of its origin alone.
fn origin_id(policy: &Policy) -> String {
    Digest::of(policy.origin().as_str().as_bytes()).hex()
}

/// The memory of one registry, in the machine's state folder.
#[derive(Debug, Clone)]
pub struct TrustStore {
    state: Tree,
    /// The folder of the registry, below the state.
    below: PathBuf,
    folder: PathBuf,
    /// The policy's operate key.
    key: VerifyingKey,
}

/// The folder of all registries, below the state.
const FOLDER: &str = "trust";

const FILE: &str = "seen";
const FIRST_LINE: &str = "warg-seen/v1";

/// The largest such file, in bytes: half a million packages.
const MAX_SEEN: u64 = 64 * 1024 * 1024;

impl TrustStore {
    /// The store for a policy's registry, in a state folder that need not exist yet.
    pub fn open(state: &Path, policy: &Policy) -> Self {
        let below = Path::new(FOLDER).join(origin_id(policy));
        Self {
            state: Tree::private(state),
            folder: state.join(&below),
            below,
            key: policy.operate_key().clone(),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn io(&self, action: &'static str) -> impl FnOnce(io::Error) -> TrustStoreError {
        let path = self.file();
        move |source| TrustStoreError::Io {
            action,
            path,
            source,
        }
    }

    /// What is remembered; none where this machine never saw the registry.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or got lost; a registry that was seen under another key than the policy's.
    pub fn read(&self) -> Result<Option<Memory>, TrustStoreError> {
        let damaged = || TrustStoreError::Damaged { path: self.file() };
        match file::read(&self.file(), MAX_SEEN) {
            Err(error) if error.kind() == ErrorKind::NotFound => match self.is_empty() {
                Ok(true) => Ok(None),
                Ok(false) => Err(damaged()),
                Err(error) => Err(self.io("read")(error)),
            },
            bytes => {
                let bytes = bytes.map_err(self.io("read"))?;
                let memory = Memory::parse(&bytes).ok_or_else(damaged)?;
                if memory.key == self.key {
                    return Ok(Some(memory));
                }
                Err(TrustStoreError::OtherKey {
                    seen: Box::new(memory.key),
                    found: Box::new(self.key.clone()),
                    folder: self.folder.clone(),
                })
            }
        }
    }

    /// Whether there is no folder, or nothing in it.
    fn is_empty(&self) -> io::Result<bool> {
        match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            entries => Ok(entries?.next().is_none()),
        }
    }

    /// Remembers a newer checkpoint, if the one remembered is still the one that it was compared with. Returns what is
    /// remembered then; none if another process was faster, and the comparison must be made again. A checkpoint that is a
    /// past of the remembered one changes nothing. `news` says how much of the log up to it was held against its map.
    ///
    /// # Errors
    /// A file that cannot be read or written, or is damaged.
    pub fn advance(
        &self,
        from: Option<&Memory>,
        to: &TrustedCheckpoint,
        news: NewsRead,
    ) -> Result<Option<Memory>, TrustStoreError> {
        if to.is_past() {
            return Ok(from.cloned());
        }
        let Some(from) = from else {
            return self.begin(Memory::of(to, news, BTreeMap::new()));
        };
        let Some(_lock) = self.lock()? else {
            return Ok(None);
        };
        match self.read()? {
            Some(current)
                if current.note == from.note
                    && current.unread == from.unread
                    && current.read_from == from.read_from =>
            {
                let moved = Memory::of(to, news, current.packages.clone());
                if moved != current {
                    self.write(&moved)?; // usually nothing happened since
                }
                Ok(Some(moved))
            }
            _ => Ok(None),
        }
    }

    /// Makes the folder, whole; none where there is one by now.
    fn begin(&self, memory: Memory) -> Result<Option<Memory>, TrustStoreError> {
        let begun = self
            .state
            .begin(&self.below, OsStr::new(FILE), &self.print(&memory)?);
        let begun = begun.map_err(self.io("write"))?;
        Ok(begun.then_some(memory))
    }

    /// Remembers where packages were seen, if what was remembered of them is still what they were compared with. Returns
    /// what is remembered then; none if another process remembered something else, and the comparison must be made again.
    ///
    /// # Errors
    /// A file that cannot be read or written, or is damaged.
    pub fn remember(
        &self,
        from: &Memory,
        sightings: &BTreeMap<PackageName, Sighting>,
    ) -> Result<Option<Memory>, TrustStoreError> {
        let mut news = sightings.iter();
        let is_new = news.any(|(name, sighting)| from.package(name) != Some(sighting));
        if !is_new || self.read()?.is_none() {
            return Ok(Some(from.clone())); // or it was removed on purpose, while this session ran
        }
        let Some(_lock) = self.lock()? else {
            return Ok(Some(from.clone()));
        };
        let Some(mut memory) = self.read()? else {
            return Ok(Some(from.clone()));
        };
        let mut grew = false;
        for (name, sighting) in sightings {
            let known = memory.packages.get(name);
            if known != from.package(name) {
                // What lies behind the log that was read is later than it, and stays.
                if known.is_some_and(|known| !from.checkpoint.size.holds(known.index)) {
                    continue;
                }
                return Ok(None);
            }
            grew |= known != Some(sighting);
            memory.packages.insert(name.clone(), *sighting);
        }
        if grew {
            self.write(&memory)?;
        }
        Ok(Some(memory))
    }

    /// Locks the folder; none where there is none by now. It makes no folder: one with nothing but a lock in it would count
    /// as damaged.
    fn lock(&self) -> Result<Option<File>, TrustStoreError> {
        match self.state.lock_in(&self.below.join("lock")) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            lock => lock.map(Some).map_err(self.io("lock")),
        }
    }

    fn write(&self, memory: &Memory) -> Result<(), TrustStoreError> {
        let file = self.below.join(FILE);
        let written = self.state.replace(&file, &self.print(memory)?);
        written.map_err(self.io("write"))
    }

    /// The file's bytes, if they are no more than are read again.
    fn print(&self, memory: &Memory) -> Result<Vec<u8>, TrustStoreError> {
        let bytes = memory.print();
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_SEEN) {
            return Ok(bytes);
        }
        let message = format!(
            "this machine remembers {} packages of the registry, and the file would be larger than {MAX_SEEN} bytes",
            memory.packages.len()
        );
        let source = io::Error::new(ErrorKind::FileTooLarge, message);
        Err(self.io("write")(source))
    }
}
