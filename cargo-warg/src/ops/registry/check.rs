//! Checking a registry: the whole log replayed, every rule applied, every committed map computed again.
//!
//! The registry is opened as by any client, so that one which went back behind what this machine saw, or the project's lock,
//! does not pass; and it is replayed at the checkpoint that was held to that. It is replayed all the same where it does not
//! pass, as long as there is a checkpoint: there may be evidence of what it did.

use std::path::{Path, PathBuf};

use registry::cache::Cache;
use registry::check::{CheckError, Report, check_session};
use registry::storage::Folder;
use registry::trust::TrustStore;
use transparency::checkpoint::Checkpoint;
use transparency::name::Origin;
use transparency::policy::Policy;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{Address, Registry, Workspace};
use crate::ops::session::configured::{held, opening};
use crate::ops::session::policy::{read_policy, read_policy_file};
use component::derived::derive;

/// A folder, and whom to believe about it.
#[derive(Debug)]
pub struct Subject {
    folder: PathBuf,
    policy: Policy,
    /// What the lock of the workspace has of it.
    locked: Vec<Checkpoint>,
}

/// What was found good.
#[derive(Debug)]
pub struct Checked {
    /// The registry.
    pub origin: Origin,
    /// What it holds.
    pub report: Report,
}

impl Subject {
    /// A folder under a policy file.
    ///
    /// # Errors
    /// A file that cannot be read, or is no policy.
    pub fn with_policy(folder: &Path, policy: &Path) -> Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            policy: read_policy_file(policy, None).classified()?,
            locked: Vec::new(),
        })
    }

    /// A registry of a workspace, by what Cargo.toml calls it or by its folder.
    ///
    /// # Errors
    /// None is meant, or it is in no folder, or its policy cannot be read.
    pub fn find(workspace: &Workspace, text: &str) -> Result<Self> {
        let registries = workspace.registries();
        let registry = registries
            .find(text)
            .or_else(|| registries.iter().find(|registry| lies_at(registry, text)))
            .ok_or_else(|| {
                let message = format!("Cargo.toml configures no registry `{text}`, and none in such a folder");
                Error::new(Class::Usage, message).with_help(
                    "whom to believe about a folder is said by a policy: name the file with `--policy FILE`",
                )
            })?;
        match &registry.address {
            Address::Folder(folder) => {
                let policy = read_policy(registry)
                    .classified()
                    .map_err(|error| error.below(workspace.root()))?;
                Ok(Self {
                    folder: folder.clone(),
                    locked: workspace.lock_file().checkpoints_of(policy.origin())?,
                    policy,
                })
            }
            Address::Http(url) => Err(Error::new(
                Class::Usage,
                format!(
                    "registry `{}` is at {url}: only a folder can be checked",
                    registry.alias
                ),
            )),
        }
    }

    /// Replays and compares everything.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, dirs: &Dirs) -> Result<Checked> {
        dirs.make_state().classified()?;
        let folder = Folder::new(&self.folder);
        let cache = Cache::open(dirs.cache(), &self.policy);
        let trust = TrustStore::open(dirs.state(), &self.policy);
        let locked = self.locked.clone();
        let client = held(&self.policy, Some(&folder), &cache, &trust, locked)?.without_cache();
        let tell = |error| opening(error, Error::classified);
        let opened = client.open_to_check().map_err(tell)?;
        let checked = check_session(opened, &self.policy, &folder, derive);
        let report = checked.map_err(|error| match error {
            CheckError::Client(error) => tell(error),
            error => Error::classified(error),
        })?;
        Ok(Checked {
            origin: self.policy.origin().clone(),
            report,
        })
    }
}

/// Whether a registry's folder is the one of this path, however it is written.
fn lies_at(registry: &Registry, path: &str) -> bool {
    let Address::Folder(folder) = &registry.address else {
        return false;
    };
    match (folder.canonicalize(), Path::new(path).canonicalize()) {
        (Ok(configured), Ok(asked)) => configured == asked,
        _ => folder.as_path() == Path::new(path),
    }
}
