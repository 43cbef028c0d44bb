//! The configured registries, with their policies: from the names of Cargo.toml to origins that can be read.
//!
//! A policy is read before anything else of its registry. Nothing is trusted without one. Two aliases for one origin are
//! an error: a lock names origins, so nobody could tell which alias was meant.
//!
//! All commands open a registry by [`Configured::session`]. It compares the registry with what this machine saw of it, and
//! with what the project's lock has of it (`held`). So no command can forget either.

mod personal;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use registry::cache::Cache;
use registry::client::{Client, ClientError, Session, StandIn};
use registry::file;
use registry::http::Http;
use registry::layout::{self, ObjectPath};
use registry::storage::{Folder, Source, StorageError};
use registry::trust::TrustStore;
use resolver::problem::Origins;
use semver::Version;
use transparency::checkpoint::Checkpoint;
use transparency::digest::Digest;
use transparency::name::{Namespace, Origin, PackageName};
use transparency::number::Size;
use transparency::package::Log;
use transparency::policy::{Policy, PolicyError};
use transparency::release::Release;

use self::personal::{Personal, not_vendored};
use crate::clock;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Classify, Error, Result};
use crate::lock_file::LockFile;
use crate::manifest::{self, Address, Alias, Workspace};
use crate::network::Network;
use crate::ops::session::personal::{ALIAS, is_held_back, is_personal, is_reserved};
use component::span::{Location, Text};

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// There is no such file.
    #[error("the policy{} is missing: there is no file {}", of(alias.as_ref()), path.display())]
    Missing {
        /// The registry; none where the command line names the file.
        alias: Option<Alias>,
        /// Where the policy should be.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read the policy{}, {}", of(alias.as_ref()), path.display())]
    Read {
        /// The registry; none where the command line names the file.
        alias: Option<Alias>,
        /// Where the policy is.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It is not a policy.
    #[error("{} is not a policy: {}", path.display(), without_line(problem))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which rule of policies it breaks.
        problem: PolicyError,
        /// The line, where one is wrong.
        line: Option<Location>,
    },
}

fn of(alias: Option<&Alias>) -> String {
    alias.map_or_else(String::new, |alias| format!(" of registry `{alias}`"))
}

/// The line is shown beside it.
fn without_line(problem: &PolicyError) -> String {
    match problem {
        PolicyError::Line { problem, .. } => problem.to_string(),
        problem => problem.to_string(),
    }
}

impl Classify for PolicyFileError {
    fn class(&self) -> Class {
        match self {
            Self::Missing { alias: Some(_), .. } | Self::Malformed { .. } => Class::Refused,
            Self::Missing { alias: None, .. } | Self::Read { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Missing { path, .. } => format!(
                "nothing is trusted without a policy: ask the registry's operator for its key, and write into {}:\n\
                 log ORIGIN+ID+KEY\n\
                 quorum none",
                path.display()
            ),
            Self::Malformed { .. } => {
                "a policy has a line `log VKEY` with the operator's key, and a line `quorum none` or one that names \
                 witnesses"
                    .to_owned()
            }
            Self::Read { .. } => return None,
        })
    }

    fn annotations(&self) -> Vec<component::span::Annotation> {
        match self {
            Self::Malformed { line, .. } => line.iter().cloned().map(Into::into).collect(),
            Self::Missing { .. } | Self::Read { .. } => Vec::new(),
        }
    }
}

/// The largest policy file, in bytes: thousands of witnesses.
pub const MAX_POLICY: u64 = 1024 * 1024;

/// Reads the policy file of a registry.
///
/// # Errors
/// A file that is missing, cannot be read, or is no policy.
pub fn read_policy(registry: &manifest::Registry) -> std::result::Result<Policy, PolicyFileError> {
    read_policy_file(&registry.policy, Some(&registry.alias))
}

/// Reads a policy file.
///
/// # Errors
/// Those of [`read_policy`].
pub fn read_policy_file(
    path: &Path,
    alias: Option<&Alias>,
) -> std::result::Result<Policy, PolicyFileError> {
    let (alias, path) = (alias.cloned(), path.to_owned());
    match file::read(&path, MAX_POLICY) {
        Ok(bytes) => parse_policy(&bytes, &path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(PolicyFileError::Missing { alias, path })
        }
        Err(source) => Err(PolicyFileError::Read {
            alias,
            path,
            source,
        }),
    }
}

/// Reads the text of a policy that lies there.
///
/// # Errors
/// It is no policy.
pub fn parse_policy(bytes: &[u8], path: &Path) -> std::result::Result<Policy, PolicyFileError> {
    Policy::parse(bytes).map_err(|problem| PolicyFileError::Malformed {
        line: match &problem {
            PolicyError::Line { line, .. } => {
                let text = Text::new(path, String::from_utf8_lossy(bytes));
                Some(text.line(u64::try_from(*line).unwrap_or(u64::MAX)))
            }
            _ => None,
        },
        path: path.to_owned(),
        problem,
    })
}

/// What a registry is opened for: what is read, and what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What the registry is now: it is asked, and nothing else will do.
    Now,
    /// What a lock names, to check it. The registry is asked what it is now; what lies with the project is read before it,
    /// and stands in for one that cannot be asked.
    Checking,
    /// What a lock names, to use it. The registry is asked once; what lies with the project, or what this machine keeps,
    /// stands in for one that does not answer.
    Using,
    /// What this machine keeps, and what lies with the project. Nothing is asked.
    Offline,
}

impl Reading {
    /// To check what a lock names.
    pub fn checking(offline: bool) -> Self {
        if offline {
            Self::Offline
        } else {
            Self::Checking
        }
    }

    /// To use what a lock names.
    pub fn using(offline: bool) -> Self {
        if offline { Self::Offline } else { Self::Using }
    }

    /// What the registries are now.
    pub fn now(offline: bool) -> Self {
        if offline { Self::Offline } else { Self::Now }
    }

    fn stand_in(self) -> StandIn {
        match self {
            Self::Now | Self::Offline => StandIn::Nothing,
            Self::Checking => StandIn::Vendored,
            Self::Using => StandIn::Kept,
        }
    }
}

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
    fn of_elsewhere(self) -> Self {
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

/// All registries of a workspace, by origin.
pub struct Registries {
    by_origin: BTreeMap<Origin, Configured>,
    /// What Cargo.toml says of namespaces.
    configured: Origins,
    /// That, and which ones the lock takes from personal registries.
    origins: Origins,
    personal: Personal,
    lock_file: Arc<LockFile>,
    /// What the manifests require.
    required: BTreeSet<PackageName>,
}

impl Registries {
    /// Reads the policy of every configured registry.
    ///
    /// # Errors
    /// A policy that is missing or malformed; two registries with one origin.
    pub fn open(workspace: &Workspace, dirs: &Dirs, network: &Network) -> Result<Self> {
        let mut by_origin: BTreeMap<Origin, Configured> = BTreeMap::new();
        let mut by_alias = BTreeMap::new();
        for registry in workspace.registries().iter() {
            let policy = read_policy(registry)
                .classified()
                .map_err(|error| error.below(workspace.root()))?;
            let origin = policy.origin().clone();
            check_not_personal(registry, &origin)?;
            if let Some(other) = by_origin.get(&origin) {
                return Err(Error::new(
                    Class::Other,
                    format!(
                        "registries `{}` and `{}` have one origin, `{origin}`",
                        other.alias, registry.alias
                    ),
                )
                .at(registry.location.clone())
                .with_help(
                    "keep one of them: each origin is one registry, and the lock names origins only",
                ));
            }
            by_alias.insert(registry.alias.clone(), origin.clone());
            let vendor = workspace.vendor();
            by_origin.insert(
                origin,
                Configured::open(
                    registry,
                    policy,
                    dirs,
                    network,
                    vendor,
                    Arc::clone(workspace.lock_file()),
                ),
            );
        }
        let origin_of = |alias: &Alias| by_alias.get(alias).cloned();
        let table = workspace.registries();
        let default = table.default_registry();
        let configured = Origins {
            default: default.and_then(|registry| origin_of(&registry.alias)),
            namespaces: table
                .namespaces()
                .filter_map(|(namespace, registry)| {
                    Some((namespace.clone(), origin_of(&registry.alias)?))
                })
                .collect(),
        };
        let personal = Personal::open(
            dirs,
            network,
            workspace.root(),
            workspace.vendor(),
            workspace.lock_file(),
        );
        let mut origins = configured.clone();
        let locked = personal.namespaces().iter();
        add_open(
            &mut origins,
            locked.map(|(one, origin)| (one.clone(), origin.clone())),
        );
        let members = workspace.members().iter();
        let required = members.flat_map(|member| &member.dependencies);
        let required = required.map(|dependency| dependency.name.clone());
        Ok(Self {
            by_origin,
            configured,
            origins,
            personal,
            lock_file: Arc::clone(workspace.lock_file()),
            required: required.collect(),
        })
    }

    /// The names of packages that this machine and this project know of, without asking anybody: for suggestions.
    pub(in crate::ops) fn package_names(&self) -> BTreeSet<PackageName> {
        let mut names = self.required.clone();
        names.extend(self.lock_file.package_names());
        let registries = self.by_origin.values().chain(self.personal.opened());
        names.extend(registries.flat_map(Configured::package_names));
        names
    }

    /// Whether the lock names a personal registry.
    pub(in crate::ops) fn has_personal(&self) -> bool {
        !self.personal.namespaces().is_empty()
    }

    /// The lock that the registries are held to.
    pub(in crate::ops) fn lock_file(&self) -> &LockFile {
        &self.lock_file
    }

    /// This user's personal registry; none where nothing was ever imported into it.
    ///
    /// # Errors
    /// A policy that is not its.
    pub(in crate::ops) fn own(&self) -> Result<Option<&Configured>> {
        self.personal.own()
    }

    /// The releases of a package of this user's personal registry that are there for other projects alone.
    pub(in crate::ops) fn held_back(&self, log: &Log) -> Result<BTreeSet<Version>> {
        let is_own = is_personal(log.origin())
            && self
                .own()?
                .is_some_and(|own| own.policy.origin() == log.origin());
        let mut held: BTreeSet<_> = log
            .releases()
            .map(Release::version)
            .filter(|version| is_own && is_held_back(log, version))
            .cloned()
            .collect();
        if !held.is_empty() {
            for locked in self.lock_file.selections() {
                if locked.name == *log.name() {
                    held.remove(&locked.version);
                }
            }
        }
        Ok(held)
    }

    /// Whether Cargo.toml has no registry for a namespace: then it belongs to a personal one, or to none.
    pub(in crate::ops) fn leaves_open(&self, namespace: &Namespace) -> bool {
        self.configured.default.is_none() && !self.configured.namespaces.contains_key(namespace)
    }

    /// Which registry each name belongs to where something is to be solved: of what Cargo.toml leaves open, the personal
    /// registry with this origin has the namespaces that the lock takes from any personal registry, and these.
    pub(in crate::ops) fn origins_with(
        &self,
        own: &Origin,
        namespaces: impl IntoIterator<Item = Namespace>,
    ) -> Origins {
        let locked = self.personal.namespaces().keys().cloned();
        let all = locked.chain(namespaces);
        let mut origins = self.configured.clone();
        add_open(&mut origins, all.map(|namespace| (namespace, own.clone())));
        origins
    }

    /// Which registry each name belongs to.
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// The registry of an origin.
    ///
    /// # Errors
    /// None has it: a lock from another configuration, say.
    pub fn of_origin(&self, origin: &Origin) -> Result<&Configured> {
        if is_personal(origin) {
            return self.personal.find(origin);
        }
        self.by_origin.get(origin).ok_or_else(|| {
            let message = format!("no registry of Cargo.toml has the origin `{origin}`");
            Error::new(Class::Refused, message)
        })
    }

    /// The registry that a package belongs to.
    ///
    /// # Errors
    /// None is configured for its namespace.
    pub fn of_package(&self, name: &PackageName) -> Result<&Configured> {
        match self.origins.of(name) {
            Some(origin) => self.of_origin(origin),
            None => Err(no_registry(name)),
        }
    }

    /// The registry, where Cargo.toml has only one.
    pub fn only(&self) -> Option<&Configured> {
        let mut all = self.by_origin.values();
        all.next().filter(|_| all.next().is_none())
    }

    /// What Cargo.toml calls the registries.
    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.by_origin.values().map(|registry| &registry.alias)
    }

    /// A content that lies on this machine or with the project, whichever registry it came from: its digest says that it is
    /// that one, and nothing says that anybody released it.
    pub fn kept_content(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = layout::content(digest);
        let mut registries = self.by_origin.values().chain(self.personal.opened());
        registries.find_map(|registry| {
            // What cannot be read is not had.
            let kept = registry.kept(&path, true).ok().flatten();
            kept.filter(|bytes| Digest::of(bytes) == *digest)
        })
    }

    /// The registry that Cargo.toml calls so, or this user's personal one.
    ///
    /// # Errors
    /// There is none.
    pub fn of_alias(&self, alias: &str) -> Result<&Configured> {
        if alias == ALIAS {
            return self.own()?.ok_or_else(|| {
                let message = "this user has no personal registry yet";
                Error::new(Class::Usage, message)
                    .with_help("it is founded when something is first imported into it")
            });
        }
        self.by_origin
            .values()
            .find(|registry| registry.alias.as_str() == alias)
            .ok_or_else(|| {
                let known: Vec<_> = self
                    .by_origin
                    .values()
                    .map(|registry| format!("`{}`", registry.alias))
                    .collect();
                let known = if known.is_empty() {
                    "Cargo.toml names none; `cargo warg registry new` makes one".to_owned()
                } else {
                    format!("Cargo.toml names {}", known.join(", "))
                };
                Error::new(Class::Usage, format!("there is no registry `{alias}`")).with_help(known)
            })
    }
}

/// Adds what a table of namespaces leaves open; with a default registry, that is nothing.
fn add_open(origins: &mut Origins, more: impl Iterator<Item = (Namespace, Origin)>) {
    if origins.default.is_some() {
        return;
    }
    for (namespace, origin) in more {
        origins.namespaces.entry(namespace).or_insert(origin);
    }
}

/// Demands that Cargo.toml names no personal registry: it lies on one machine, and no other could read the project.
fn check_not_personal(registry: &manifest::Registry, origin: &Origin) -> Result<()> {
    let message = if registry.alias.as_str() == ALIAS {
        format!("`{ALIAS}` is what every user's personal registry is called")
    } else if is_reserved(origin) {
        format!(
            "the policy of registry `{}` is that of a personal one, `{origin}`",
            registry.alias
        )
    } else {
        return Ok(());
    };
    Err(Error::new(Class::Other, message)
        .at(registry.location.clone())
        .with_help("a registry that others read has another name and another origin: `cargo warg registry new` makes one"))
}

/// No registry has a package's namespace.
pub fn no_registry(name: &PackageName) -> Error {
    let namespace = name.namespace();
    Error::new(
        Class::Other,
        format!("no registry is configured for the namespace `{namespace}` of `{name}`"),
    )
    .with_help(name_registries(&BTreeSet::from([namespace])))
}

/// What to do about namespaces without a registry.
pub fn name_registries(namespaces: &BTreeSet<Namespace>) -> String {
    let lines: Vec<_> = namespaces
        .iter()
        .map(|namespace| format!("`{namespace} = \"REGISTRY\"`"))
        .collect();
    format!(
        "say in Cargo.toml which one has {}: {} in [workspace.metadata.warg.namespaces], or \
         `default-registry = \"REGISTRY\"` in [workspace.metadata.warg] (where there is no workspace, in \
         [package.metadata.warg])",
        if lines.len() == 1 { "it" } else { "each" },
        lines.join(" and ")
    )
}
