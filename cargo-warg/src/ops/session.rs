//! Registries opened and held to what is known of them, and problems solved with what they have.
//!
//! One checkpoint a registry for everything that one operation does.
//!
//! [`Sessions::at`] and [`Sessions::at_lock`] read the registries as they were. Everything that sessions do is then done
//! at those checkpoints, and gives what it gave then: so does solving, and proving where the log holds a record.

pub mod configured;
pub mod contents;
mod indices;
mod load;
pub mod near;
pub mod notices;
pub mod personal;
pub mod policy;
pub mod project;
pub mod proved;
pub mod reading;
pub mod registries;
pub mod served;
pub mod solve;
pub mod supply;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use registry::client::{ClientError, LoadedLog, RefusedLog, Session};
use resolver::index::{Address, Index};
use resolver::lockfile::Lockfile;
use resolver::problem::Origins;
use semver::Version;
use transparency::checkpoint::Checkpoint;
use transparency::digest::Digest;
use transparency::name::{Namespace, Origin, PackageName};
use transparency::number::Size;
use transparency::package::Log;

use crate::error::{Class, Error, Result};
use crate::ops::session::configured::NOT_OF_THE_LOCK;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use crate::ops::session::supply::Supply;

/// The registries as they are being read: one session each, opened when first needed.
pub struct Sessions<'a> {
    registries: &'a Registries,
    reading: Reading,
    open: BTreeMap<Origin, Session<'a>>,
    /// Sessions of now that others opened, to go on from.
    begun: BTreeMap<Origin, Session<'a>>,
    /// The sizes that will be asked about, by registry: see [`Sessions::expect`].
    pasts: BTreeMap<Origin, Size>,
    /// The pasts that are read instead of what the registries are now.
    at: BTreeMap<Origin, At>,
    /// Whether only the registries in `at` may be read, and only their packages selected.
    alone: bool,
    /// The logs that there are, or why one is not to be used.
    loaded: BTreeMap<Address, std::result::Result<Option<Arc<LoadedLog>>, RefusedLog>>,
    index: Index,
    /// What of these logs is there for other projects alone.
    held_back: BTreeMap<Address, BTreeSet<Version>>,
    /// Which registry each name belongs to, where that is not as the project has it: see [`Sessions::assign`].
    elsewhere: Option<Origins>,
    /// What fills this user's personal registry, where that may be.
    supply: Option<&'a dyn Supply>,
    /// Packages that it was asked for, whatever came of it.
    tried: BTreeSet<PackageName>,
}

/// Which past of a registry is read.
enum At {
    /// The one of this size.
    Size(Size),
    /// Exactly this one.
    Checkpoint(Checkpoint),
}

impl At {
    fn size(&self) -> Size {
        match self {
            Self::Size(size) => *size,
            Self::Checkpoint(checkpoint) => checkpoint.size,
        }
    }
}

impl<'a> Sessions<'a> {
    /// No session yet.
    pub fn new(registries: &'a Registries, reading: Reading) -> Self {
        Self {
            registries,
            reading,
            open: BTreeMap::new(),
            begun: BTreeMap::new(),
            pasts: BTreeMap::new(),
            at: BTreeMap::new(),
            alone: false,
            loaded: BTreeMap::new(),
            index: Index::new(),
            held_back: BTreeMap::new(),
            elsewhere: None,
            supply: None,
            tried: BTreeSet::new(),
        }
    }

    /// The registries as they were when their logs had these sizes; those that are not named, as they are now.
    ///
    /// A solve gives what it gave then, and spans of `exclude-newer` count from that checkpoint. What is now stays in reach:
    /// [`LoadedLog::newest`] has the yanks since, and [`Session::newest`] the withdrawals. That a size was one with a
    /// checkpoint is found out when its registry is first read, or by [`Sessions::open_all`].
    pub fn at(
        registries: &'a Registries,
        reading: Reading,
        sizes: &BTreeMap<Origin, Size>,
    ) -> Self {
        let at = sizes
            .iter()
            .map(|(origin, size)| (origin.clone(), At::Size(*size)));
        Self {
            at: at.collect(),
            ..Self::new(registries, reading)
        }
    }

    /// The registries as they were at the checkpoints of a lock: each one's root is demanded, too. Of a registry that the
    /// lock has no checkpoint of, nothing can be selected: what is there is another thing every day, so a solve that asked
    /// it would not follow from the lock.
    ///
    /// What the sessions of now have read is not read again.
    pub fn at_lock(now: &Self, lock: &Lockfile) -> Self {
        let checkpoints = lock.registries.values();
        let at = checkpoints.map(|one| (one.origin.clone(), At::Checkpoint(one.clone())));
        Self {
            at: at.collect(),
            alone: true,
            begun: now.open.clone(),
            ..Self::new(now.registries, now.reading)
        }
    }

    /// Opens the sessions of all registries whose past is read.
    ///
    /// # Errors
    /// Those of [`Sessions::of`].
    pub fn open_all(&mut self) -> Result<()> {
        let origins: Vec<_> = self.at.keys().cloned().collect();
        origins
            .iter()
            .try_for_each(|origin| self.of(origin).map(drop))
    }

    /// Sessions that are open already.
    pub fn opened(registries: &'a Registries, open: BTreeMap<Origin, Session<'a>>) -> Self {
        let mut sessions = Self::new(registries, Reading::Offline);
        for session in open.values() {
            sessions.index.insert_checkpoint(session.checkpoint());
        }
        sessions.open = open;
        sessions
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.reading == Reading::Offline
    }

    /// Says that a lock's checkpoints will be asked about: what that takes is read along the way.
    pub fn expect(&mut self, lock: &Lockfile) {
        let sizes = lock
            .registries
            .values()
            .map(|one| (one.origin.clone(), one.size));
        self.pasts.extend(sizes);
    }

    /// Whether a registry is configured.
    pub fn knows(&self, origin: &Origin) -> bool {
        self.registries.of_origin(origin).is_ok()
    }

    /// The session of a registry.
    ///
    /// # Errors
    /// No registry of that origin; whatever keeps it from being read or believed.
    pub fn of(&mut self, origin: &Origin) -> Result<&mut Session<'a>> {
        if !self.open.contains_key(origin) {
            let session = self.open(origin)?;
            self.index.insert_checkpoint(session.checkpoint());
            self.open.insert(origin.clone(), session);
        }
        self.open
            .get_mut(origin)
            .ok_or_else(|| Error::new(Class::Other, format!("no session with `{origin}`")))
    }

    fn open(&mut self, origin: &Origin) -> Result<Session<'a>> {
        let registry = self.registries.of_origin(origin)?;
        let at = self.at.get(origin);
        if let Some(session) = self.begun.remove(origin) {
            return match at {
                Some(at) => go_back(session, at).map_err(|error| registry.failure(error)),
                None => Ok(session),
            };
        }
        let asked = self.pasts.get(origin).copied();
        loop {
            let pasts = at.map(At::size).into_iter().chain(asked);
            let session = registry.session_expecting(self.reading, pasts)?;
            let Some(at) = at else {
                return Ok(session);
            };
            match go_back(session, at) {
                // Another mirror may know more.
                Err(ClientError::Behind { .. }) if !self.is_offline() && registry.next_mirror() => {
                }
                session => return session.map_err(|error| registry.failure(error)),
            }
        }
    }

    /// Does something with a session.
    ///
    /// # Errors
    /// As [`Sessions::of`], and what the session says.
    pub fn with<T>(
        &mut self,
        origin: &Origin,
        work: impl FnOnce(&mut Session<'a>) -> std::result::Result<T, ClientError>,
    ) -> Result<T> {
        let result = work(self.of(origin)?);
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.registries.of_origin(origin)?.failure(error)),
        }
    }

    /// Demands that what a lock was solved at is a past of what is read now.
    ///
    /// # Errors
    /// A registry that is behind the lock; a checkpoint that its log never had.
    pub fn check_lock(&mut self, lock: &Lockfile) -> Result<()> {
        self.expect(lock);
        let mut checkpoints = lock.registries.values();
        checkpoints.try_for_each(|one| self.check_past(one))
    }

    /// The same of one registry.
    ///
    /// # Errors
    /// A registry that cannot be read or believed, or that contradicts the checkpoint.
    pub fn check_past(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let origin = &checkpoint.origin;
        loop {
            let checked = self.check_past_once(checkpoint);
            let is_behind = checked.as_ref().is_err_and(|error| {
                let cause = error.cause();
                matches!(cause, Some(ClientError::Behind { .. }))
            });
            // Another mirror may know more. Nothing was read yet at the checkpoint of this one.
            let is_new = !self.loaded.keys().any(|address| address.origin == *origin);
            if !(is_behind
                && is_new
                && !self.is_offline()
                && self.registries.of_origin(origin)?.next_mirror())
            {
                return checked;
            }
            self.open.remove(origin);
        }
    }

    fn check_past_once(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.with(&checkpoint.origin, |session| {
            session.check_prefix(checkpoint)
        })
        .map_err(|error| match error.cause() {
            Some(ClientError::Behind { .. } | ClientError::NotPrefix { .. }) => {
                error.context(NOT_OF_THE_LOCK)
            }
            _ => error,
        })
    }

    /// The checkpoints of some registries.
    ///
    /// # Errors
    /// Those of [`Sessions::of`].
    pub fn checkpoints(&mut self, origins: &BTreeSet<Origin>) -> Result<Vec<Checkpoint>> {
        origins
            .iter()
            .map(|origin| Ok(self.of(origin)?.checkpoint().checkpoint().clone()))
            .collect()
    }

    /// Which registry each name belongs to.
    pub(crate) fn origins(&self) -> &Origins {
        self.elsewhere.as_ref().unwrap_or(self.registries.origins())
    }

    /// Which registry the project takes each name from, whatever was assigned.
    pub(crate) fn usual_origins(&self) -> &'a Origins {
        self.registries.origins()
    }

    /// A content that lies on this machine, whichever registry it came from.
    pub(crate) fn kept_content(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.registries.kept_content(digest)
    }

    /// Takes a namespace from another registry than the project does: what is published there is for those who do.
    pub(crate) fn assign(&mut self, namespace: Namespace, origin: Origin) {
        let mut origins = self.origins().clone();
        origins.namespaces.insert(namespace, origin);
        self.elsewhere = Some(origins);
    }

    /// The same, which may fill this user's personal registry with what a solve needs of it, where something does that.
    #[must_use]
    pub fn supplied_by(self, supply: Option<&'a dyn Supply>) -> Self {
        Self { supply, ..self }
    }

    /// Whether a release of a package that was loaded is there for other projects alone.
    pub(in crate::ops) fn is_held_back(&self, log: &Log, version: &Version) -> bool {
        let address = Address {
            origin: log.origin().clone(),
            name: log.name().clone(),
        };
        let held_back = self.held_back.get(&address);
        held_back.is_some_and(|held_back| held_back.contains(version))
    }

    /// What fills this user's personal registry.
    pub(in crate::ops) fn supply(&self) -> Option<&'a dyn Supply> {
        self.supply
    }

    /// The registries that are read.
    pub(in crate::ops) fn registries(&self) -> &'a Registries {
        self.registries
    }

    /// Takes what Cargo.toml leaves open from this user's own personal registry from now on, whichever one the lock names:
    /// for a solve that asks for these packages.
    ///
    /// # Errors
    /// Whatever keeps that registry from being read or believed.
    pub(in crate::ops) fn take_own<'n>(
        &mut self,
        asked: impl IntoIterator<Item = &'n PackageName>,
    ) -> Result<()> {
        self.take_own_of(asked.into_iter().map(PackageName::namespace).collect())
    }

    /// The same, where packages of these namespaces are asked for.
    fn take_own_of(&mut self, mut open: BTreeSet<Namespace>) -> Result<()> {
        open.retain(|one| self.registries.leaves_open(one));
        if self.alone || open.is_empty() {
            return Ok(());
        }
        if let Some(supply) = self.supply {
            let mut known = BTreeSet::new();
            for namespace in open {
                if supply.knows(&namespace)? {
                    known.insert(namespace);
                }
            }
            if self.registries.own()?.is_none() {
                supply.found(&known)?;
            }
            return self.take_own_and(known);
        }
        self.take_all_own()
    }

    /// The same, whatever is asked for.
    ///
    /// # Errors
    /// Those of [`Sessions::take_own`].
    pub(in crate::ops) fn take_all_own(&mut self) -> Result<()> {
        self.take_own_and(BTreeSet::new())
    }

    /// The same, with namespaces that nothing was imported of yet.
    fn take_own_and(&mut self, known: BTreeSet<Namespace>) -> Result<()> {
        let Some(own) = self.registries.own()? else {
            return Ok(());
        };
        let origin = own.policy.origin();
        let operator = self.of(origin)?.newest().operator();
        let imported: Vec<_> = operator.namespaces().map(|(one, _)| one.clone()).collect();
        let all = imported.into_iter().chain(known);
        self.elsewhere = Some(self.registries.origins_with(origin, all));
        Ok(())
    }

    /// The same sessions, in which nothing is supposed.
    pub(crate) fn afresh(&self) -> Self {
        Self {
            begun: self.open.clone(),
            elsewhere: self.elsewhere.clone(),
            ..Self::new(self.registries, self.reading)
        }
    }
}

/// A session of the past of another one.
fn go_back<'a>(mut session: Session<'a>, at: &At) -> std::result::Result<Session<'a>, ClientError> {
    if let At::Checkpoint(checkpoint) = at {
        session.check_prefix(checkpoint)?;
    }
    session.at(at.size())
}
