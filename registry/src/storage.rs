//! The outside world, in three operations: get, create-only put, and advance.
//!
//! Everything is put once and never changed. Only the checkpoint is replaced, by compare-and-swap. Every object store
//! offers these operations, and they are enough: [`sequencer`](crate::sequencer) says why a crash between any two of them
//! is harmless. Reading needs [`Source`] alone.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use transparency::Unverified;
use transparency::checkpoint::SignedCheckpoint;
use transparency::name::PackageName;
use transparency::number::Size;

use crate::fetch::FetchError;
use crate::file::{self, Tree, is_absent};
use crate::layout::{self, ObjectPath, PACKAGES, PRIVATE};

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The system says no: a full disk, no permission, no such folder.
    #[error("cannot {action} {address}")]
    Io {
        /// Read, write or the like.
        action: &'static str,
        /// Which file or address.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It could not be fetched over the network.
    #[error("cannot fetch {address}")]
    Fetch {
        /// The address that was asked.
        address: String,
        /// Why the last try failed.
        #[source]
        source: Box<FetchError>,
    },
    /// More bytes than such an object may have.
    #[error("{address} has more than {limit} bytes")]
    TooLarge {
        /// Which file or address.
        address: String,
        /// The most it may have.
        limit: u64,
    },
    /// There is another object with that name already.
    #[error("{address} exists with other contents")]
    Exists {
        /// Which file or address.
        address: String,
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
        /// The bytes of the object, whole.
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

    /// Several objects at once, in the order asked for: one round trip where the source is far away. As many from the front
    /// as have no more than `most` bytes together; one at least.
    ///
    /// # Errors
    /// The first that cannot be read.
    fn get_many(
        &self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let mut found = Vec::new();
        let mut came = 0_u64;
        for path in paths {
            let bytes = self.get(path)?;
            let length = bytes.as_ref().map_or(0, Vec::len);
            came = came.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            if came > most && !found.is_empty() {
                break;
            }
            found.push(bytes);
        }
        Ok(found)
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

    /// Lets another mirror be read first from now on, since this one lags behind; false once every mirror was read first.
    fn next_mirror(&self) -> bool {
        false
    }

    /// Where an object lies, for messages.
    fn address_of(&self, path: &ObjectPath) -> String;
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

/// About how many names of packages are listed: whoever mistypes one waits for it.
const MAX_NAMES: usize = 10_000;

/// A registry in a folder.
#[derive(Debug, Clone)]
pub struct Folder {
    tree: Tree,
}

impl Folder {
    /// The folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        // Temporary files lie beside everything else, so that they can be linked to their names. All may read them whom the
        // umask lets, since a web server may serve the folder.
        let tmp = Path::new(PRIVATE).join("tmp");
        Self {
            tree: Tree::shared(root).staged_in(tmp),
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        self.tree.root()
    }

    /// The names of packages here, as far as they are listed. They are for suggestions only: nothing proves that they are
    /// all.
    pub fn package_names(&self) -> BTreeSet<PackageName> {
        let listed = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            names.take(MAX_NAMES).collect::<Vec<_>>()
        };
        let packages = self.root().join(PACKAGES);
        let mut names = BTreeSet::new();
        for namespace in listed(&packages) {
            let found = listed(&packages.join(&namespace)).into_iter();
            names.extend(found.filter_map(|name| format!("{namespace}:{name}").parse().ok()));
            if names.len() >= MAX_NAMES {
                break;
            }
        }
        names
    }

    fn file(&self, path: &ObjectPath) -> PathBuf {
        self.root().join(path.as_str())
    }

    fn io<'e>(
        &self,
        action: &'static str,
        path: &'e ObjectPath,
    ) -> impl FnOnce(io::Error) -> StorageError + use<'e, '_> {
        move |source| StorageError::Io {
            action,
            address: self.address_of(path),
            source,
        }
    }
}

impl Source for Folder {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        match file::read(&self.file(path), path.limit()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(StorageError::TooLarge {
                address: self.address_of(path),
                limit: path.limit(),
            }),
            Err(error) => Err(self.io("read", path)(error)),
        }
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.file(path).display().to_string()
    }
}

impl Storage for Folder {
    fn put(&self, path: &ObjectPath, bytes: &[u8]) -> Result<(), StorageError> {
        let same = |existing: Option<Vec<u8>>| match existing {
            Some(existing) if existing == bytes => Ok(true),
            Some(_) => Err(StorageError::Exists {
                address: self.address_of(path),
            }),
            None => Ok(false),
        };
        let file = Path::new(path.as_str());
        if same(self.get(path)?)? {
            // Whoever created it may have died before its name was safe.
            return self.tree.sync(file).map_err(self.io("write", path));
        }
        let created = self.tree.create(file, bytes);
        // Somebody else may have created it in between: then it must be the same.
        if created.map_err(self.io("write", path))? || same(self.get(path)?)? {
            Ok(())
        } else {
            Err(StorageError::Exists {
                address: self.address_of(path),
            })
        }
    }

    fn advance(&self, from: Option<&[u8]>, to: &[u8]) -> Result<(), StorageError> {
        let path = layout::checkpoint();
        let lock = Path::new(PRIVATE).join("lock");
        let _lock = (self.tree.lock(&lock)).map_err(|source| StorageError::Io {
            action: "lock",
            address: self.root().join(&lock).display().to_string(),
            source,
        })?;
        let current = self.get(&path)?;
        if current.as_deref() != from {
            return Err(StorageError::Moved);
        }
        if let (Some(from), Some(to)) = (current.as_deref().and_then(size_of), size_of(to))
            && to < from
        {
            return Err(StorageError::Back { from, to });
        }
        let replaced = self.tree.replace(Path::new(path.as_str()), to);
        replaced.map_err(self.io("write", &path))
    }

    fn remove(&self, path: &ObjectPath) -> Result<(), StorageError> {
        let file = Path::new(path.as_str());
        self.tree.remove(file).map_err(self.io("remove", path))?;
        // A folder of partial files that is empty now goes too; one that is not stays.
        if let Some(folder) = file.parent()
            && folder.extension().is_some_and(|end| end == "p")
        {
            let _ = self.tree.remove_folder(folder);
        }
        Ok(())
    }
}

/// The size that a checkpoint claims.
pub(crate) fn size_of(note: &[u8]) -> Option<Size> {
    let signed = Unverified::<SignedCheckpoint>::parse(note).ok()?;
    Some(signed.claims().checkpoint().size)
}
