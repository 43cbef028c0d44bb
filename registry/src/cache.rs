//! What was verified, kept on this machine.
//!
//! A cache holds the verified files of one registry under their own paths, so it is a small mirror. It is read as the
//! registry is, with the same checks, and `--offline` reads nothing else. No file gets here before it was verified.
//! Contents are shared by all registries, since their digest names them.
//!
//! Files are written whole or not at all, but not synced: what a power cut damages is refused when it is read, and
//! fetched again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use transparency::digest::Digest;
use transparency::name::PackageName;
use transparency::policy::Policy;

use crate::file::Tree;
use crate::layout::{self, ObjectPath};
use crate::storage::{Folder, Source, StorageError};

/// The name under which this machine keeps what it knows of a registry: of its origin *and* the policy's key, so that
/// two registries that claim one origin never meet.
pub fn registry_id(policy: &Policy) -> String {
    Digest::of(policy.operate_key().to_string().as_bytes()).hex()
}

/// Where a registry's own files lie below the folder of a cache.
fn below(policy: &Policy) -> PathBuf {
    PathBuf::from("registry").join(registry_id(policy))
}

/// Contents are named by their digests, so registries share them.
fn is_shared(path: &ObjectPath) -> bool {
    path.as_str().starts_with("content/")
}

/// The verified files of one registry.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Where all caches are, and where this one's own files lie in it.
    tree: Tree,
    below: PathBuf,
    files: Folder,
    contents: Folder,
}

impl Cache {
    /// The cache of a policy's registry in a machine's cache folder, which need not exist yet.
    pub fn open(cache: impl Into<PathBuf>, policy: &Policy) -> Self {
        let cache = cache.into();
        Self {
            tree: Tree::private(&cache).unsynced(),
            below: below(policy),
            files: Folder::new(cache.join(below(policy))),
            contents: Folder::new(cache),
        }
    }

    /// Where a file of a policy's registry lies, below the folder that the cache is opened in.
    pub fn file(policy: &Policy, path: &ObjectPath) -> PathBuf {
        if is_shared(path) {
            PathBuf::from(path.as_str())
        } else {
            below(policy).join(path.as_str())
        }
    }

    /// The names of the packages that something is kept of.
    pub fn package_names(&self) -> BTreeSet<PackageName> {
        self.files.package_names()
    }

    fn folder(&self, path: &ObjectPath) -> &Folder {
        if is_shared(path) {
            &self.contents
        } else {
            &self.files
        }
    }

    /// Keeps files that were verified; what was there under their paths is replaced. The checkpoint comes last, so that
    /// a checkpoint that is kept has its log's end beside it.
    pub(crate) fn keep(
        &self,
        verified: &BTreeMap<ObjectPath, Arc<Vec<u8>>>,
    ) -> Result<(), StorageError> {
        let last = layout::checkpoint();
        let checkpoint = verified.get_key_value(&last);
        let others = verified.iter().filter(|(path, _)| **path != last);
        for (path, bytes) in others.chain(checkpoint) {
            let file = if is_shared(path) {
                PathBuf::from(path.as_str())
            } else {
                self.below.join(path.as_str())
            };
            let kept = self.tree.replace(&file, bytes);
            kept.map_err(|source| StorageError::Io {
                action: "write",
                address: self.address_of(path),
                source,
            })?;
        }
        Ok(())
    }
}

impl Source for Cache {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        self.folder(path).get(path)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.folder(path).address_of(path)
    }
}
