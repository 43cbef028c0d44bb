//! One registry, with its policy and what this machine and the project remember of it.
//!
//! All commands open a registry by [`Configured::session`]. It compares the registry with what this machine saw of it, and
//! with what the project's lock has of it (`held`). So no command can forget either.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use registry::cache::Cache;
use registry::client::{Client, ClientError, Session};
use registry::http::Http;
use registry::layout::{self, ObjectPath};
use registry::storage::{Folder, Source, StorageError};
use registry::trust::TrustStore;
use transparency::checkpoint::Checkpoint;
use transparency::name::{Origin, PackageName};
use transparency::number::Size;
use transparency::policy::Policy;

use crate::clock;
use crate::dirs::Dirs;
use crate::error::{Class, Error, Result};
use crate::lock_file::LockFile;
use crate::manifest::{self, Address, Alias};
use crate::network::Network;
use crate::ops::session::personal::ALIAS;
use crate::ops::session::reading::Reading;

/// A registry with its policy, and this machine's and the project's memory of it.
pub struct Configured {
    /// What Cargo.toml calls it.
    pub alias: Alias,
    /// Where it is.
    pub address: Address,
    /// The trust anchor.
    pub policy: Policy,
    mirrors: Vec<String>,
    /// The folder that it is written to, where the manifest names one.
    publish: Option<PathBuf>,
    /// What readers have instead of `address`, which is that folder.
    served: Option<Box<Configured>>,
    network: Network,
    dirs: Dirs,
    source: Far,
    /// What lies with the project, where something does.
    vendored: Option<Cache>,
    cache: Cache,
    trust: TrustStore,
    lock_file: Arc<LockFile>,
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

/// A client that is held to what this machine saw of a registry, and to the checkpoints that a project's lock has of it.
///
/// # Errors
/// A clock that cannot be read.
pub(crate) fn held<'a>(
    policy: &'a Policy,
    source: Option<&'a dyn Source>,
    cache: &'a Cache,
    trust: &'a TrustStore,
    locked: Vec<Checkpoint>,
) -> Result<Client<'a>> {
    let client = Client::with_memory(policy, source, cache, trust, clock::now()?);
    Ok(locked.into_iter().fold(client, Client::continuing))
}

/// Where a registry is read from.
enum Far {
    Folder(Folder),
    /// Made when it is first read, so that who needs no network sets up none.
    Http(OnceLock<Http>),
    /// It is the personal registry of another machine.
    Elsewhere,
}

impl Configured {
    /// Opens it: nothing is read but whether something lies with the project.
    pub(crate) fn open(
        registry: &manifest::Registry,
        policy: Policy,
        dirs: &Dirs,
        network: &Network,
        vendor: Option<&Path>,
        lock_file: Arc<LockFile>,
    ) -> Self {
        let served = registry.served.clone().map(|served| {
            let registry = manifest::Registry {
                address: served.address,
                mirrors: served.mirrors,
                served: None,
                ..registry.clone()
            };
            let policy = policy.clone();
            let lock_file = Arc::clone(&lock_file);
            Box::new(Self::open(
                &registry, policy, dirs, network, None, lock_file,
            ))
        });
        let vendored = vendor.map(|folder| Cache::open(folder, &policy));
        Self {
            // A registry that nothing was locked from when the folder was written is not there.
            vendored: vendored
                .filter(|cache| !matches!(cache.get(&layout::checkpoint()), Ok(None))),
            alias: registry.alias.clone(),
            address: registry.address.clone(),
            source: match &registry.address {
                Address::Folder(path) => Far::Folder(Folder::new(path)),
                Address::Http(_) => Far::Http(OnceLock::new()),
            },
            mirrors: registry.mirrors.clone(),
            publish: registry.publish.clone(),
            served,
            network: network.clone(),
            dirs: dirs.clone(),
            cache: Cache::open(dirs.cache(), &policy),
            trust: TrustStore::open(dirs.state(), &policy),
            policy,
            lock_file,
        }
    }

    /// The same, as a personal registry that lies on another machine: what lies with the project is all that is read.
    pub(super) fn of_elsewhere(self) -> Self {
        Self {
            source: Far::Elsewhere,
            ..self
        }
    }

    /// Whether it is this user's personal registry.
    fn is_own(&self) -> bool {
        self.alias.as_str() == ALIAS
    }

    fn is_elsewhere(&self) -> bool {
        matches!(self.source, Far::Elsewhere)
    }

    /// Its folder.
    ///
    /// # Errors
    /// It has none, or none on this machine: a server cannot be written to.
    pub fn folder(&self) -> Result<&Path> {
        if self.is_elsewhere() {
            let origin = self.policy.origin();
            let message = format!("`{origin}` is the personal registry of another machine");
            return Err(
                Error::new(Class::Usage, message).with_help("only that machine writes to it")
            );
        }
        let alias = &self.alias;
        let url = match (&self.address, &self.publish) {
            (Address::Folder(path), _) => return Ok(path),
            (Address::Http(_), Some(folder)) => {
                let folder = folder.display();
                let message = format!(
                    "registry `{alias}` is written to in {folder}, which is not on this machine"
                );
                return Err(Error::new(Class::Usage, message).with_help(
                    "write to it where that folder is; `publish` beside its `url` names the folder",
                ));
            }
            (Address::Http(url), None) => url,
        };
        let message = format!("registry `{alias}` is at {url}: only a folder can be written to");
        Err(Error::new(Class::Usage, message).with_help(
            "where this machine has the folder that is served there, name it beside `url`: `publish = \"../folder\"`",
        ))
    }

    /// Its folder, where readers have another address: messages say then where something was written.
    pub fn written(&self) -> Option<&Path> {
        match (&self.served, &self.address) {
            (Some(_), Address::Folder(path)) => Some(path),
            _ => None,
        }
    }

    /// Its folder, to write to. What readers are served is looked at first, so that this machine remembers it and the folder
    /// has to continue it: one that is behind would become another history. A server that does not answer, or is behind
    /// the folder, says nothing against it.
    ///
    /// # Errors
    /// Those of [`Configured::folder`]; what readers are served is not to be believed.
    pub fn writable(&self) -> Result<&Path> {
        let folder = self.folder()?;
        if let Some(served) = &self.served {
            match served.session(Reading::Using) {
                Err(error) if error.class() != Class::Unavailable => return Err(error),
                _ => {}
            }
        }
        Ok(folder)
    }

    /// Climbs to its checkpoint, which continues what this machine saw and what the project's lock has.
    ///
    /// # Errors
    /// Whatever keeps it from being read or believed; a lock that does not read.
    pub fn session(&self, reading: Reading) -> Result<Session<'_>> {
        self.session_expecting(reading, [])
    }

    /// The same, where older checkpoints of these sizes will be asked about.
    ///
    /// # Errors
    /// Those of [`Configured::session`].
    pub fn session_expecting(
        &self,
        reading: Reading,
        pasts: impl IntoIterator<Item = Size>,
    ) -> Result<Session<'_>> {
        self.climb(
            &pasts
                .into_iter()
                .fold(self.client(reading)?, Client::expecting),
        )
    }

    /// Climbs to its checkpoint, even if that is of the future: for its operator, who sets its clock right.
    ///
    /// # Errors
    /// Those of [`Configured::session`].
    pub fn danger_session_whatever_time(&self) -> Result<Session<'_>> {
        self.climb(&self.client(Reading::Now)?.danger_whatever_time())
    }

    fn client(&self, reading: Reading) -> Result<Client<'_>> {
        let source = match reading {
            _ if self.is_elsewhere() => None,
            // It lies on this machine, and nowhere else.
            Reading::Offline if self.is_own() => Some(self.source()?),
            Reading::Offline => None,
            _ => Some(self.source()?),
        };
        let locked = self.lock_file.checkpoints_of(self.policy.origin())?;
        let client = held(&self.policy, source, &self.cache, &self.trust, locked)?;
        let client = match &self.vendored {
            Some(cache) if reading != Reading::Now || self.is_elsewhere() => client.vendored(cache),
            _ => client,
        };
        Ok(client.or(reading.stand_in()))
    }

    fn climb<'a>(&'a self, client: &Client<'a>) -> Result<Session<'a>> {
        client
            .open()
            .map_err(|error| opening(error, |error| self.failure(error)))
    }

    /// A file that a session read and this machine has: from what lies with the project, offline, or from the cache.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn kept(
        &self,
        path: &ObjectPath,
        offline: bool,
    ) -> std::result::Result<Option<Vec<u8>>, StorageError> {
        let offline = offline || self.is_elsewhere();
        if let Some(vendored) = self.vendored.as_ref().filter(|_| offline)
            && let Some(bytes) = vendored.get(path)?
        {
            return Ok(Some(bytes));
        }
        self.cache.get(path)
    }

    /// Where such a file lies, for messages.
    pub fn kept_address(&self, path: &ObjectPath) -> String {
        self.cache.address_of(path)
    }

    /// What it is read from, where the network may be used.
    fn source(&self) -> Result<&dyn Source> {
        let http = match &self.source {
            Far::Folder(folder) => return Ok(folder),
            Far::Http(http) => http,
            Far::Elsewhere => return Err(not_vendored(self.policy.origin())),
        };
        if let Some(http) = http.get() {
            return Ok(http);
        }
        let made = self
            .network
            .registry(&self.address.to_string(), &self.mirrors, &self.dirs)?;
        Ok(http.get_or_init(|| made))
    }

    /// Reads from another mirror from now on, since this one is behind; false where there is none that was not asked.
    pub fn next_mirror(&self) -> bool {
        self.source().is_ok_and(Source::next_mirror)
    }

    /// Whether it can be reached at all: reads its checkpoint, and believes nothing of it.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn reach(&self) -> Result<()> {
        let (source, path) = (self.source()?, layout::checkpoint());
        match source.get(&path) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let address = source.address_of(&path);
                Err(self.failure(ClientError::NoRegistry { address }))
            }
            Err(error) => Err(self.failure(error.into())),
        }
    }

    /// The names of its packages that are known here: of those that this machine kept something of, and, where it is a
    /// folder, of all.
    pub(in crate::ops) fn package_names(&self) -> BTreeSet<PackageName> {
        let mut names = self.cache.package_names();
        names.extend(self.vendored.iter().flat_map(Cache::package_names));
        if let Far::Folder(folder) = &self.source {
            names.extend(folder.package_names());
        }
        names
    }

    /// What this machine saw of it.
    pub(crate) fn trust(&self) -> &TrustStore {
        &self.trust
    }

    /// A failure of reading it.
    pub fn failure(&self, error: ClientError) -> Error {
        let is_old = matches!(
            error,
            ClientError::Missing { .. } | ClientError::Behind { .. } | ClientError::SetBack { .. }
        );
        let failure = Error::classified(error);
        // No retry brings what only another machine has.
        if self.is_elsewhere() && failure.class() == Class::Unavailable {
            return not_vendored(self.policy.origin()).with_help(format!("{failure:#}"));
        }
        if let (Some(served), true) = (&self.served, is_old) {
            return failure.with_help(format!(
                "readers of `{}` are served more than the folder has: bring it up to date from {} before anything is written \
                 to it",
                self.alias, served.address
            ));
        }
        if let (Some(folder), true) = (&self.publish, is_old) {
            return failure.with_help(format!(
                "what was written in {} is not served at {} yet",
                folder.display(),
                self.address
            ));
        }
        match &self.vendored {
            Some(_) if is_old => failure.with_help(
                "what lies with the project may be older than warg.lock or this machine's memory: `cargo warg vendor` \
                 brings it up to date",
            ),
            _ => failure,
        }
    }
}

/// What another machine has cannot be asked for: it is to lie with the project.
pub(super) fn not_vendored(origin: &Origin) -> Error {
    let message = format!(
        "`{origin}` is the personal registry of another machine, and what was locked from it does not lie with this project"
    );
    Error::new(Class::Other, message).with_help(
        "on the machine that locked it, run `cargo warg vendor`, and commit the vendored folder and trust/; or move its \
         namespaces to a registry of your team: name that in Cargo.toml, and run `cargo warg lock`",
    )
}
