//! Personal registries, opened: this user's own, and those of other machines that a lock names.
//!
//! Which namespaces are a personal registry's follows from the lock, as long as that is only read: so a lock is current on
//! every machine. Where something is to be solved, what Cargo.toml leaves open belongs to this user's own.
//!
//! That of another machine cannot be asked, and never will be. What lies with the project is all there is of it, and what
//! this machine kept of that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use component::span::Text;
use transparency::name::{Namespace, Origin};
use transparency::policy::Policy;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::lock_file::LockFile;
use crate::manifest::{Address, Alias, Registry};
use crate::network::Network;
use crate::ops::session::configured::{Configured, not_vendored};
use crate::ops::session::personal::{
    ALIAS, POLICY, PREFIX, REGISTRY, digits, folder, is_personal, policy_path,
};
use crate::ops::session::policy::{PolicyFileError, read_policy_file};

/// The personal registries that a project has to do with.
pub(super) struct Personal {
    dirs: Dirs,
    network: Network,
    /// The project's root, where `trust/` is.
    root: PathBuf,
    vendor: Option<PathBuf>,
    lock_file: Arc<LockFile>,
    /// This user's own; opened when it is first needed, if it is there.
    own: OnceLock<Configured>,
    /// Those that the lock names, opened when they are first needed.
    locked: BTreeMap<Origin, OnceLock<Configured>>,
    /// Which namespaces the lock takes from which of them.
    namespaces: BTreeMap<Namespace, Origin>,
}

impl Personal {
    /// What the lock says of them: none is opened.
    pub(super) fn open(
        dirs: &Dirs,
        network: &Network,
        root: &Path,
        vendor: Option<&Path>,
        lock_file: &Arc<LockFile>,
    ) -> Self {
        let claims = lock_file.claims(PREFIX, is_personal);
        let origins = claims.iter().map(|(_, origin)| origin.clone());
        Self {
            dirs: dirs.clone(),
            network: network.clone(),
            root: root.to_owned(),
            vendor: vendor.map(Path::to_owned),
            lock_file: Arc::clone(lock_file),
            own: OnceLock::new(),
            locked: origins.map(|origin| (origin, OnceLock::new())).collect(),
            // Of a lock that a merge left with several, nothing is read by this before it is merged.
            namespaces: claims.into_iter().collect(),
        }
    }

    /// Which namespaces the lock takes from personal registries.
    pub(super) fn namespaces(&self) -> &BTreeMap<Namespace, Origin> {
        &self.namespaces
    }

    /// This user's own; none where nothing was ever imported.
    pub(super) fn own(&self) -> Result<Option<&Configured>> {
        if let Some(own) = self.own.get() {
            return Ok(Some(own));
        }
        let (folder, alias) = (folder(&self.dirs), alias(ALIAS)?);
        let path = folder.join(POLICY);
        let policy = match read_policy_file(&path, Some(&alias)) {
            Err(PolicyFileError::Missing { .. }) => return Ok(None),
            policy => policy.classified()?,
        };
        if !is_personal(policy.origin()) {
            return Err(not_its(&path, policy.origin()));
        }
        let own = self.made(alias, folder.join(REGISTRY), path, policy);
        Ok(Some(self.own.get_or_init(|| own)))
    }

    /// The one of an origin: this user's own, or one that the lock names.
    pub(super) fn find(&self, origin: &Origin) -> Result<&Configured> {
        if let Some(own) = self.own()?.filter(|own| own.policy.origin() == origin) {
            return Ok(own);
        }
        let (Some(locked), Some(below), Some(digits)) =
            (self.locked.get(origin), policy_path(origin), digits(origin))
        else {
            return Err(not_vendored(origin));
        };
        if let Some(found) = locked.get() {
            return Ok(found);
        }
        let (path, alias) = (self.root.join(below), alias(&format!("{ALIAS}-{digits}"))?);
        let policy = match read_policy_file(&path, Some(&alias)) {
            Err(PolicyFileError::Missing { .. }) => return Err(not_vendored(origin)),
            policy => policy.classified(),
        };
        let policy = policy.map_err(|error| error.below(&self.root))?;
        if policy.origin() != origin {
            return Err(not_its(&path, policy.origin()).below(&self.root));
        }
        let nowhere = self.vendor.clone().unwrap_or_default();
        let made = self.made(alias, nowhere, path, policy).of_elsewhere();
        Ok(locked.get_or_init(|| made))
    }

    /// Those that are open.
    pub(super) fn opened(&self) -> impl Iterator<Item = &Configured> {
        let locked = self.locked.values().filter_map(OnceLock::get);
        self.own.get().into_iter().chain(locked)
    }

    fn made(&self, alias: Alias, folder: PathBuf, path: PathBuf, policy: Policy) -> Configured {
        let registry = Registry {
            location: Text::new(&path, "").at(0..0),
            ..Registry::new(alias, Address::Folder(folder), path)
        };
        let (vendor, lock_file) = (self.vendor.as_deref(), Arc::clone(&self.lock_file));
        Configured::open(
            &registry,
            policy,
            &self.dirs,
            &self.network,
            vendor,
            lock_file,
        )
    }
}

fn alias(text: &str) -> Result<Alias> {
    let alias = Alias::parse(text);
    alias.ok_or_else(|| Error::new(Class::Other, format!("`{text}` cannot name a registry")))
}

/// A policy that is another registry's than the one that its path is for.
fn not_its(path: &Path, found: &Origin) -> Error {
    let message = format!("{} is the policy of `{found}`", path.display());
    Error::new(Class::Refused, message)
        .with_help("find out who changed it, and why: it decides what is believed")
}
