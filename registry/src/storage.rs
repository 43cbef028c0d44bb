//! The outside world, in three operations: get, create-only put, and advance.
//!
//! Everything is put once and never changed; only the checkpoint advances, by compare-and-swap. That is all that object
//! stores offer everywhere, and enough: see [`sequencer`](crate::sequencer) for why a crash between any two operations
//! is harmless. Reading needs [`Source`] alone.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use transparency::Unverified;
use transparency::checkpoint::SignedCheckpoint;
use transparency::number::Size;

use crate::http::FetchError;
use crate::layout::{self, ObjectPath, PRIVATE};

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The system says no: a full disk, no permission, no such folder.
    #[error("cannot {action} {place}")]
    Io {
        /// Read, write or the like.
        action: &'static str,
        /// Which file or address.
        place: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It could not be fetched over the network.
    #[error("cannot fetch {place}")]
    Fetch {
        /// The address.
        place: String,
        /// Why the last try failed.
        #[source]
        source: Box<FetchError>,
    },
    /// More bytes than such an object may have.
    #[error("{place} has more than {limit} bytes")]
    TooLarge {
        /// Which file or address.
        place: String,
        /// The most it may have.
        limit: u64,
    },
    /// There is another object with that name already.
    #[error("{place} exists with other contents")]
    Exists {
        /// Which file or address.
        place: String,
    },
    /// The checkpoint is not the one that was to be replaced.
    #[error("the checkpoint was moved by another process")]
    Moved,
    /// The checkpoint would go back.
    #[error("the checkpoint would go back from size {from} to {to}")]
    Back {
        /// The size it has.
        from: Size,
        /// The size it would have.
        to: Size,
    },
}

/// By what a source knows a version of an object again; whatever the source likes, in lines of printable text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(pub String);

/// What a source says of an object of which a version may be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Current {
    /// There is no such object.
    Absent,
    /// It is what it was when the tag was given.
    Same,
    /// It is this.
    Found {
        /// Its bytes.
        bytes: Vec<u8>,
        /// By what this version is known again, where the source can tell.
        tag: Option<Tag>,
    },
}

/// Where a registry's files are read from.
pub trait Source {
    /// An object's bytes; none where there is no such object.
    ///
    /// # Errors
    /// An object that cannot be read, or is too large.
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError>;

    /// Several objects at once, in the order asked for: one round trip where the source is far away.
    ///
    /// # Errors
    /// The first that cannot be read.
    fn get_all(&self, paths: &[ObjectPath]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        paths.iter().map(|path| self.get(path)).collect()
    }

    /// An object that may be known: its bytes need not come again if it still is what the tag says.
    ///
    /// # Errors
    /// As [`Source::get`].
    fn get_again(&self, path: &ObjectPath, known: Option<&Tag>) -> Result<Current, StorageError> {
        let _ = known; // where reading costs nothing, there is nothing to save
        Ok(match self.get(path)? {
            Some(bytes) => Current::Found { bytes, tag: None },
            None => Current::Absent,
        })
    }

    /// The same, without waiting for a source that does not answer: where there is something else to go on with.
    ///
    /// # Errors
    /// As [`Source::get`].
    fn get_once(&self, path: &ObjectPath, known: Option<&Tag>) -> Result<Current, StorageError> {
        self.get_again(path, known)
    }

    /// Reads from another mirror first from now on, since this one lags behind; false where every mirror had its turn.
    fn turn(&self) -> bool {
        false
    }

    /// Where an object lies, for messages.
    fn place(&self, path: &ObjectPath) -> String;
}

/// Where a registry's files are written to.
pub trait Storage: Source {
    /// Creates an object, durably. One that exists with the same bytes is success.
    ///
    /// # Errors
    /// One that exists with other bytes; a system that says no.
    fn put(&self, path: &ObjectPath, bytes: &[u8]) -> Result<(), StorageError>;

    /// Replaces the checkpoint, durably, if it still is the one given (none: if there is none), and never by a smaller one.
    ///
    /// # Errors
    /// Another checkpoint stands there, or the size would shrink; a system that says no.
    fn advance(&self, from: Option<&[u8]>, to: &[u8]) -> Result<(), StorageError>;

    /// Removes what may go: a private object, or a partial file whose full one exists. One that is gone is success.
    ///
    /// # Errors
    /// A system that says no.
    fn remove(&self, path: &ObjectPath) -> Result<(), StorageError>;
}

/// A registry in a folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn file(&self, path: &ObjectPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn io<'e>(
        &self,
        action: &'static str,
        path: &'e ObjectPath,
    ) -> impl FnOnce(io::Error) -> StorageError + use<'e, '_> {
        move |source| StorageError::Io {
            action,
            place: self.place(path),
            source,
        }
    }

    /// A written and synced temporary file, beside everything else so that it can be linked into place.
    fn temporary(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let folder = self.root.join(PRIVATE).join("tmp");
        fs::create_dir_all(&folder)?;
        let mut file = create_readable(&folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// Makes a file's parent folders, each durably.
fn make_parent(file: &Path) -> io::Result<()> {
    let Some(parent) = file.parent() else {
        return Ok(());
    };
    if parent.as_os_str().is_empty() || parent.is_dir() {
        return Ok(());
    }
    make_parent(parent)?;
    match fs::create_dir(parent) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_parent(parent),
    }
}

/// A temporary file that all may read whom the umask lets, since a web server may serve the folder.
#[cfg(unix)]
fn create_readable(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    let readable = fs::Permissions::from_mode(0o666);
    builder.permissions(readable).tempfile_in(folder)
}

/// Elsewhere the folder decides who may read.
#[cfg(not(unix))]
fn create_readable(folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Syncs the folder that holds a file, so that its name survives a crash too.
#[cfg(unix)]
pub(crate) fn sync_parent(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Elsewhere a folder cannot be opened as a file; its names are the file system's to keep.
#[cfg(not(unix))]
pub(crate) fn sync_parent(_: &Path) -> io::Result<()> {
    Ok(())
}

/// No such file: also where a part of its path is a file.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

impl Source for Folder {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        let file = match File::open(self.file(path)) {
            Err(error) if is_absent(&error) => return Ok(None),
            file => file.map_err(self.io("read", path))?,
        };
        let too_large = || StorageError::TooLarge {
            place: self.place(path),
            limit: path.limit(),
        };
        let metadata = file.metadata().map_err(self.io("read", path))?;
        if metadata.is_file() && metadata.len() > path.limit() {
            return Err(too_large());
        }
        // It may grow while it is read: no more than the limit is taken in, whatever it said.
        let mut bytes = Vec::new();
        file.take(path.limit().saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(self.io("read", path))?;
        match u64::try_from(bytes.len()) {
            Ok(length) if length <= path.limit() => Ok(Some(bytes)),
            _ => Err(too_large()),
        }
    }

    fn place(&self, path: &ObjectPath) -> String {
        self.file(path).display().to_string()
    }
}

impl Storage for Folder {
    fn put(&self, path: &ObjectPath, bytes: &[u8]) -> Result<(), StorageError> {
        let same = |existing: Option<Vec<u8>>| match existing {
            Some(existing) if existing == bytes => Ok(true),
            Some(_) => Err(StorageError::Exists {
                place: self.place(path),
            }),
            None => Ok(false),
        };
        let file = self.file(path);
        if same(self.get(path)?)? {
            // Whoever created it may have died before its name was safe.
            return sync_parent(&file).map_err(self.io("write", path));
        }
        let write = self.io("write", path);
        let persist = || -> io::Result<bool> {
            make_parent(&file)?;
            match self.temporary(bytes)?.persist_noclobber(&file) {
                Ok(_) => {}
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    sync_parent(&file)?;
                    return Ok(false);
                }
                Err(error) => return Err(error.error),
            }
            sync_parent(&file)?;
            Ok(true)
        };
        // Somebody else may have created it in between: then it must be the same.
        if persist().map_err(write)? || same(self.get(path)?)? {
            Ok(())
        } else {
            Err(StorageError::Exists {
                place: self.place(path),
            })
        }
    }

    fn advance(&self, from: Option<&[u8]>, to: &[u8]) -> Result<(), StorageError> {
        let path = layout::checkpoint();
        let file = self.file(&path);
        let lock = || -> io::Result<File> {
            let place = self.root.join(PRIVATE).join("lock");
            make_parent(&place)?;
            let lock = File::create(place)?;
            lock.lock()?;
            Ok(lock)
        };
        let _lock = lock().map_err(self.io("lock", &path))?;
        let current = self.get(&path)?;
        if current.as_deref() != from {
            return Err(StorageError::Moved);
        }
        if let (Some(from), Some(to)) = (current.as_deref().and_then(size_of), size_of(to))
            && to < from
        {
            return Err(StorageError::Back { from, to });
        }
        let replace = || -> io::Result<()> {
            let temporary = self.temporary(to)?;
            temporary.persist(&file).map_err(|error| error.error)?;
            sync_parent(&file)
        };
        replace().map_err(self.io("write", &path))
    }

    fn remove(&self, path: &ObjectPath) -> Result<(), StorageError> {
        match fs::remove_file(self.file(path)) {
            Err(error) if !is_absent(&error) => Err(self.io("remove", path)(error)),
            _ => {
                // A folder of partial files that is empty now goes too; one that is not stays.
                if let Some(folder) = self.file(path).parent()
                    && folder.extension().is_some_and(|end| end == "p")
                {
                    let _ = fs::remove_dir(folder);
                }
                Ok(())
            }
        }
    }
}

/// The size that a checkpoint claims.
fn size_of(note: &[u8]) -> Option<Size> {
    let signed = Unverified::<SignedCheckpoint>::parse(note).ok()?;
    Some(signed.claims().checkpoint().size)
}
