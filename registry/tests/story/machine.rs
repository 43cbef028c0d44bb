//! A machine: a cache and a trust store, in a folder that goes with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use registry::cache::Cache;
use registry::client::{Client, ClientError, Session};
use registry::storage::Source;
use registry::trust::TrustStore;
use tempfile::TempDir;
use transparency::number::Time;
use transparency::policy::Policy;

use super::read_all;

pub struct Machine {
    folder: TempDir,
    pub policy: Policy,
    pub cache: Cache,
    pub trust: TrustStore,
}

impl Machine {
    /// A new one, which never saw the registry of this policy.
    pub fn new(policy: &Policy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy.clone();
        Self {
            cache: Cache::open(folder.path().join("cache"), &policy),
            trust: TrustStore::open(&folder.path().join("state"), &policy),
            folder,
            policy,
        }
    }

    /// Where the cache lies.
    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Where it remembers registries.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn open<'a>(&'a self, source: &'a dyn Source) -> Result<Session<'a>, ClientError> {
        Client::with_memory(
            &self.policy,
            Some(source),
            &self.cache,
            &self.trust,
            Time::LAST,
        )
        .open()
    }

    /// Reads all of a registry.
    pub fn read(&self, source: &dyn Source) -> Result<String, ClientError> {
        read_all(&mut self.open(source)?)
    }

    /// The same from the cache alone.
    pub fn read_offline(&self) -> Result<String, ClientError> {
        let client = Client::with_memory(&self.policy, None, &self.cache, &self.trust, Time::LAST);
        read_all(&mut client.open()?)
    }

    /// Where the cache has a file of the registry.
    pub fn cached_file(&self, path: &str) -> PathBuf {
        let id = registry::cache::registry_id(&self.policy);
        self.cache().join("registry").join(id).join(path)
    }

    /// Every file of the cache, with its bytes.
    pub fn kept(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.cache())
    }

    /// Every piece of evidence that was saved.
    pub fn evidence(&self) -> Vec<Vec<u8>> {
        files(&self.state().join("trust/misbehavior"))
            .into_values()
            .collect()
    }

    /// Every file of the trust store.
    pub fn remembered(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(self.trust.folder())
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}
