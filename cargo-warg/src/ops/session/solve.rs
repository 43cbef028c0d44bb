//! Solving with what the registries prove: load what the solver asks for, and ask it again.
//!
//! One checkpoint a registry for everything that one operation does. Loading more than the solver asks for cannot
//! change its answer, so what the likely candidates require is loaded along the way: fewer round trips.
//!
//! [`Sessions::at`] and [`Sessions::at_lock`] read the registries as they were. Everything that sessions do is then done
//! at those checkpoints, and gives what it gave then: so does solving, and proving where the log holds a record.

use std::collections::{BTreeMap, BTreeSet};

use registry::client::{ClientError, LoadedLog, Package, RefusedLog, Session};
use resolver::Budget;
use resolver::ahead::Ahead;
use resolver::closed_set::Provenance;
use resolver::cutoff::Cutoff;
use resolver::index::{Address, Index};
use resolver::lockfile::Lockfile;
use resolver::obstacle::{Obstacle, obstacle};
use resolver::problem::{Member, Options, Origins, Problem};
use resolver::report::Conflict;
use resolver::resolution::{Resolution, Unresolved, resolve_round};
use resolver::trial::{Trial, Trials};
use semver::Version;
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{Kind, Namespace, Origin, PackageName};
use transparency::number::{Index as LogIndex, Size, Time};
use transparency::package::Log;
use transparency::release::{Release, Status};
use transparency::selection::Selection;
use transparency::version::Track;

use crate::error::{Class, Error, Result};
use crate::ops::session::evidence::NOT_OF_THE_LOCK;
use crate::ops::session::near::did_you_mean;
use crate::ops::session::registries::{Reading, Registries, name_registries, no_registry};

/// How often packages are loaded that only a hint needs. Each time the conflict is solved and explained anew, which no other
/// budget bounds; a change that needs more to be known is left out.
const MAX_EXPLORED: u32 = 4;

/// The registries as they are being read: one session each, opened when first needed.
pub struct Sessions<'a> {
    registries: &'a Registries,
    reading: Reading,
    open: BTreeMap<Origin, Session<'a>>,
    /// The sizes that will be asked about, by registry: see [`Sessions::expect`].
    pasts: BTreeMap<Origin, Size>,
    /// The pasts that are read instead of what the registries are now.
    at: BTreeMap<Origin, At>,
    /// Whether only the registries in `at` may be read, and only their packages selected.
    alone: bool,
    /// The logs that there are, or why one is not to be used.
    loaded: BTreeMap<Address, std::result::Result<Option<LoadedLog>, RefusedLog>>,
    index: Index,
    /// Which registry each name belongs to, where that is not as the project has it: see [`Sessions::assign`].
    elsewhere: Option<Origins>,
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

/// What was shown of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Package logs that were replayed whole.
    pub logs: usize,
    /// Records in them, each chained, signed and permitted.
    pub records: u64,
    /// Packages that were proved not to be there.
    pub absent: usize,
    /// When the checkpoint's map entry was written, by its registry's clock.
    pub time: Time,
    /// How many seconds the operator promised at most to let pass between checkpoints; none without a promise.
    pub refresh: Option<u64>,
    /// Why it is not known what the registry is now, though it was asked.
    pub unasked: Option<String>,
}

impl Proved {
    /// How many seconds ago the checkpoint was made; none where the registry's clock is ahead of this one.
    pub fn age(&self, now: Time) -> u64 {
        now.unix().saturating_sub(self.time.unix())
    }

    /// That the registry could not be asked what it is now, as a sentence.
    pub fn silence(&self) -> Option<String> {
        let (origin, time) = (&self.checkpoint.origin, self.time);
        let why = self.unasked.as_ref()?;
        Some(format!(
            "what happened in `{origin}` since {time} is not known: {why}"
        ))
    }
}

impl<'a> Sessions<'a> {
    /// No session yet.
    pub fn new(registries: &'a Registries, reading: Reading) -> Self {
        Self {
            registries,
            reading,
            open: BTreeMap::new(),
            pasts: BTreeMap::new(),
            at: BTreeMap::new(),
            alone: false,
            loaded: BTreeMap::new(),
            index: Index::new(),
            elsewhere: None,
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
    pub fn at_lock(registries: &'a Registries, reading: Reading, lock: &Lockfile) -> Self {
        let checkpoints = lock.registries.values();
        let at = checkpoints.map(|one| (one.origin.clone(), At::Checkpoint(one.clone())));
        Self {
            at: at.collect(),
            alone: true,
            ..Self::new(registries, reading)
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

    fn open(&self, origin: &Origin) -> Result<Session<'a>> {
        let registry = self.registries.of_origin(origin)?;
        let at = self.at.get(origin);
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

    /// Loads packages, each from its registry, all of one registry at once.
    ///
    /// # Errors
    /// Whatever keeps one from being read or believed.
    pub fn load(&mut self, addresses: &BTreeSet<Address>) -> Result<()> {
        self.load_each(addresses)?;
        for address in addresses {
            if let Some(Err(refused)) = self.loaded.get(address) {
                let registry = self.registries.of_origin(&address.origin)?;
                return Err(registry.failure(refused.clone().into()));
            }
        }
        Ok(())
    }

    /// The same, where a log that breaks the rules is no error: of that package there is nothing to choose, which is told
    /// where it matters, and by [`Sessions::refused`].
    ///
    /// # Errors
    /// Whatever keeps one from being read, or from being known to be what its registry committed to.
    pub(in crate::ops) fn load_each(&mut self, addresses: &BTreeSet<Address>) -> Result<()> {
        let mut by_origin: BTreeMap<&Origin, BTreeSet<PackageName>> = BTreeMap::new();
        for address in addresses
            .iter()
            .filter(|one| !self.loaded.contains_key(one))
        {
            let names = by_origin.entry(&address.origin).or_default();
            names.insert(address.name.clone());
        }
        for (origin, names) in by_origin {
            if self.alone && !self.at.contains_key(origin) {
                for name in names {
                    let origin = origin.clone();
                    let address = Address { origin, name };
                    self.index.insert_outside(address.clone());
                    self.loaded.insert(address, Ok(None));
                }
                continue;
            }
            let packages = self.with(origin, |session| session.load_each(&names))?;
            for (name, package) in packages {
                let address = Address {
                    origin: origin.clone(),
                    name,
                };
                let log = match package {
                    Ok(Package::Present(log)) => {
                        self.index.insert(log.log());
                        Ok(Some(log))
                    }
                    Ok(Package::Absent(absence)) => {
                        self.index.insert_absent(&absence);
                        Ok(None)
                    }
                    Err(refused) => {
                        let reason = refused.to_string();
                        self.index.insert_refused(address.clone(), reason);
                        Err(refused)
                    }
                };
                self.loaded.insert(address, log);
            }
        }
        Ok(())
    }

    /// The packages whose logs break the rules, as sentences. The user is told, since a solve could have chosen from them.
    pub fn refused(&self) -> Vec<String> {
        let refused = self
            .loaded
            .iter()
            .filter_map(|(address, log)| Some((&address.name, log.as_ref().err()?)));
        refused
            .map(|(name, refused)| format!("nothing of {name} can be chosen: {refused}"))
            .collect()
    }

    /// Solves from now on as if a package's log were this one, which goes on where its registry's ends.
    ///
    /// # Errors
    /// Whatever keeps the package from being read or believed.
    pub(crate) fn suppose(&mut self, log: &Log) -> Result<()> {
        let address = Address {
            origin: log.origin().clone(),
            name: log.name().clone(),
        };
        match self.load(&BTreeSet::from([address.clone()])) {
            // Whoever read the log knows more than this machine keeps.
            Err(error) if self.is_offline() && error.class() == Class::Unavailable => {
                self.loaded.insert(address, Ok(None));
            }
            loaded => loaded?,
        }
        self.index.insert(log);
        Ok(())
    }

    /// What a package holds, or is [supposed](Sessions::suppose) to hold; none where there is none, or where its log
    /// [breaks the rules](Sessions::why_refused).
    ///
    /// # Errors
    /// Whatever keeps the package from being read, or from being known to be what its registry committed to.
    pub(crate) fn kind_of(&mut self, name: &PackageName) -> Result<Option<Kind>> {
        let address = self.known_address(name)?;
        self.load_each(&BTreeSet::from([address.clone()]))?;
        let package = self.index.package(&address);
        Ok(package.map(resolver::index::Package::kind))
    }

    /// How the log of a package that was loaded breaks the rules.
    pub(crate) fn why_refused(&self, name: &PackageName) -> Option<&RefusedLog> {
        self.loaded.get(&self.address(name)?)?.as_ref().err()
    }

    fn address(&self, name: &PackageName) -> Option<Address> {
        Some(Address {
            origin: self.origins().of(name)?.clone(),
            name: name.clone(),
        })
    }

    /// The same of a name that somebody asks for.
    fn known_address(&self, name: &PackageName) -> Result<Address> {
        self.address(name).ok_or_else(|| {
            let near = did_you_mean(name, &self.package_names());
            near.into_iter().fold(no_registry(name), Error::with_help)
        })
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

    /// Other sessions of the same, which nothing was loaded in, and nothing supposed.
    pub(crate) fn afresh(&self) -> Self {
        Self {
            elsewhere: self.elsewhere.clone(),
            ..Self::new(self.registries, self.reading)
        }
    }

    /// The names of packages that are known of, without asking anybody, but for those that are proved not to be there.
    pub(in crate::ops) fn package_names(&self) -> BTreeSet<PackageName> {
        let mut names = self.registries.package_names();
        for (address, log) in &self.loaded {
            match log {
                Ok(None) => names.remove(&address.name),
                Ok(Some(_)) | Err(_) => names.insert(address.name.clone()),
            };
        }
        names
    }

    /// The log of a package that was loaded; none where it is proved absent, or was not loaded.
    pub fn log(&self, address: &Address) -> Option<&LoadedLog> {
        self.loaded.get(address)?.as_ref().ok()?.as_ref()
    }

    /// The release of a selection, where its package was loaded.
    pub fn release(&self, selection: &Selection) -> Option<&Release> {
        self.log_of(&selection.name)?
            .log()
            .release(&selection.version)
    }

    /// The releases of a package that may be selected, ascending; none where it was not loaded. What `exclude-newer`
    /// leaves aside is none.
    pub fn usable(&self, name: &PackageName, options: &Options) -> Vec<&Release> {
        let Some(log) = self.log_of(name).map(LoadedLog::log) else {
            return Vec::new();
        };
        let cutoff = self.cutoff(name, log.origin(), options);
        let releases = log.releases().filter(|release| {
            // A span without a checkpoint to count from leaves everything aside.
            release.status() == Status::Usable
                && cutoff
                    .is_none_or(|(_, limit)| limit.is_some_and(|limit| release.time() <= limit))
        });
        releases.collect()
    }

    /// What `exclude-newer` says of a package, and the last moment that this allows at the checkpoint that is read; none
    /// where nothing is too new.
    pub fn cutoff(
        &self,
        name: &PackageName,
        origin: &Origin,
        options: &Options,
    ) -> Option<(Cutoff, Option<Time>)> {
        let cutoff = options.cutoff(name)?;
        Some((cutoff, cutoff.limit(self.index.time(origin))))
    }

    /// The newest usable version of a package; a pre-release only where the one that it is compared with is one.
    pub fn newest(&self, than: &Selection, options: &Options) -> Option<Version> {
        let releases = self.usable(&than.name, options).into_iter();
        let versions = releases.map(Release::version);
        let fit = versions.filter(|version| version.pre.is_empty() || !than.version.pre.is_empty());
        fit.max().cloned()
    }

    /// Why a version is no choice for a member, where what it requires is nowhere.
    pub fn obstacle(
        &self,
        problem: &Problem,
        member: &str,
        selection: &Selection,
    ) -> Option<Obstacle> {
        let member = problem.members.get(member)?;
        obstacle(&problem.options, &self.index, member, selection)
    }

    /// Newer releases of what was locked just now that were no choice because of what they require, as sentences: of each
    /// track the newest one with its reason, and how many others.
    pub fn passed_over(
        &self,
        problem: &Problem,
        resolution: &Resolution,
        old: Option<&Lockfile>,
    ) -> Vec<String> {
        let is_new = |one: &&Selection| old.is_none_or(|old| !old.packages.contains_key(*one));
        let mut sentences = BTreeSet::new();
        for (member, set) in &resolution.members {
            let components = set
                .packages
                .keys()
                .filter(|one| one.kind == Kind::Component);
            for selection in components.filter(is_new) {
                let usable = self.usable(&selection.name, &problem.options);
                let same_track = |version: &&Version| {
                    **version > selection.version
                        && Track::of(version) == Track::of(&selection.version)
                };
                let newer = usable.into_iter().rev().map(Release::version);
                let mut passed = newer.filter(same_track).filter_map(|version| {
                    let newer = Selection {
                        version: version.clone(),
                        ..selection.clone()
                    };
                    Some((version, self.obstacle(problem, member, &newer)?))
                });
                let Some((newest, obstacle)) = passed.next() else {
                    continue;
                };
                let (name, version) = (&selection.name, &selection.version);
                let others = match passed.count() {
                    0 => String::new(),
                    1 => format!("; nor is another release above {version}"),
                    count => format!("; nor are {count} other releases above {version}"),
                };
                sentences.insert(format!(
                    "{name} {newest} is no choice: it {obstacle}{others}"
                ));
            }
        }
        sentences.into_iter().collect()
    }

    /// The log of a package by its name, where it was loaded and is there.
    pub fn log_of(&self, name: &PackageName) -> Option<&LoadedLog> {
        self.log(&self.address(name)?)
    }

    /// A package's log, loaded if need be; none where it is proved absent.
    ///
    /// # Errors
    /// No registry for its namespace; whatever keeps it from being read or believed.
    pub fn find(&mut self, name: &PackageName) -> Result<(Address, Option<&LoadedLog>)> {
        let address = self.known_address(name)?;
        self.load(&BTreeSet::from([address.clone()]))?;
        let log = self.log(&address);
        Ok((address, log))
    }

    /// Solves, loading what is needed.
    ///
    /// # Errors
    /// No solution; whatever keeps a package from being read or believed.
    pub fn solve(&mut self, problem: &Problem) -> Result<Resolution> {
        let mut ahead = Ahead::new(problem);
        let mut budget = budget();
        let mut explored = 0;
        let mut found = None;
        loop {
            match resolve_round(problem, &self.index, &mut budget) {
                Ok(resolution) => return Ok(resolution),
                Err(Unresolved::Missing(addresses)) => {
                    check_asked(&self.index, &addresses)?;
                    self.load_each(&addresses)?;
                    check_loaded(&self.index, &addresses)?;
                    // Where the solver went another way than was guessed, what is newest is the next guess.
                    let mut likely = ahead.next(&problem.options, &self.index);
                    let guessed = !likely.is_empty();
                    if !guessed {
                        likely = self.likely_next(&addresses, &problem.options.origins);
                    }
                    while !likely.is_empty() && self.load_ahead(&likely)? {
                        likely = if guessed {
                            ahead.next(&problem.options, &self.index)
                        } else {
                            self.likely_next(&likely, &problem.options.origins)
                        };
                    }
                }
                Err(Unresolved::Conflict(conflict)) => {
                    if explored == MAX_EXPLORED || !self.explore(&conflict)? {
                        return Err(self.no_solution(conflict));
                    }
                    explored += 1;
                    found = Some(conflict);
                }
                // What was loaded for hints takes no conflict back.
                Err(unresolved) => {
                    return Err(match (unresolved, found) {
                        (Unresolved::GaveUp(_), Some(conflict)) => self.no_solution(conflict),
                        (unresolved, _) => Error::classified(unresolved),
                    });
                }
            }
        }
    }

    /// Whether a member could be solved as it is here, as far as that is found out within these trials.
    ///
    /// # Errors
    /// Whatever keeps a package from being read or believed.
    pub(crate) fn could_solve(
        &mut self,
        options: &Options,
        member: &Member,
        trials: &mut Trials,
    ) -> Result<bool> {
        loop {
            match trials.solve(options, &self.index, member) {
                Trial::Solved => return Ok(true),
                Trial::Unsolved => return Ok(false),
                Trial::Missing(addresses) => self.load_each(&addresses)?,
            }
        }
    }

    /// A conflict, with the changes that would work, and what else is to be done.
    fn no_solution(&self, conflict: Box<Conflict>) -> Error {
        let mut help = conflict.help();
        let unowned = conflict.unowned();
        if !unowned.is_empty() {
            help.push(name_registries(&unowned));
        }
        let absent = conflict.absent();
        if !absent.is_empty() {
            let known = self.package_names();
            let near = absent
                .into_iter()
                .filter_map(|name| did_you_mean(name, &known));
            help.extend(near);
        }
        let error = Error::classified(Unresolved::Conflict(conflict));
        help.into_iter().fold(error, Error::with_help)
    }

    /// Loads what was not loaded where a change was tried, so that it can be told; true where something came of it.
    /// The conflict stands in any case: what cannot be loaded only leaves a hint out.
    ///
    /// # Errors
    /// A registry that contradicts itself.
    fn explore(&mut self, conflict: &Conflict) -> Result<bool> {
        let unexplored = conflict.unexplored();
        let is_new = |address: &Address| !self.index.holds(address);
        Ok(unexplored.iter().any(is_new)
            && self.load_ahead(unexplored)?
            && unexplored.iter().all(|address| self.index.holds(address)))
    }

    /// Loads what nobody asked for yet, which can change no answer. Where that fails, it answers false, and the packages
    /// count as not loaded: whoever needs one finds out why.
    ///
    /// # Errors
    /// A registry that contradicts itself.
    pub fn load_ahead(&mut self, addresses: &BTreeSet<Address>) -> Result<bool> {
        match self.load_each(addresses) {
            Ok(()) => Ok(true),
            Err(error) if error.class() == Class::Misbehavior => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Loads all that a lock names, in one go: a new solve will ask for nearly all of it.
    ///
    /// # Errors
    /// A registry that contradicts itself.
    pub fn load_locked(&mut self, lock: &Lockfile) -> Result<()> {
        let packages = lock.packages.iter();
        let addresses = packages.filter_map(|(selection, package)| {
            let origin = package.release.as_ref()?.origin.clone();
            self.registries.of_origin(&origin).ok()?;
            let name = selection.name.clone();
            Some(Address { origin, name })
        });
        let addresses = addresses.collect();
        self.load_ahead(&addresses).map(|_| ())
    }

    /// What the newest usable releases among packages that were just loaded require: nearly always what others require, too.
    fn likely_next(&self, loaded: &BTreeSet<Address>, origins: &Origins) -> BTreeSet<Address> {
        let logs = loaded.iter().filter_map(|address| self.log(address));
        let mut next = BTreeSet::new();
        for log in logs {
            let usable = |status: &Status| *status == Status::Usable;
            let releases = log.log().releases();
            let newest = releases.filter(|release| usable(&release.status())).last();
            for requirement in newest.iter().flat_map(|release| release.requirements()) {
                if let Some(origin) = origins.of(&requirement.name) {
                    next.insert(Address {
                        origin: origin.clone(),
                        name: requirement.name.clone(),
                    });
                }
            }
        }
        next.retain(|address| !self.loaded.contains_key(address));
        next
    }

    /// Proves where the log holds the record of each selected release.
    ///
    /// # Errors
    /// A record that is not where the registry says.
    pub fn prove_indices(
        &mut self,
        resolution: &Resolution,
    ) -> Result<BTreeMap<Selection, LogIndex>> {
        match self.try_indices(resolution) {
            // What this machine keeps may be older than what the registry says of it now.
            Err(error) if error.class() == Class::Refused && !self.is_offline() => {
                self.reload(resolution)?;
                self.try_indices(resolution)
            }
            indices => indices,
        }
    }

    /// Where the log holds the records of a package's releases, each proved; none where what this machine keeps does not
    /// prove it.
    ///
    /// # Errors
    /// A record that is not where the registry says.
    pub fn indices(
        &mut self,
        address: &Address,
        releases: &[Release],
    ) -> Result<Vec<Option<LogIndex>>> {
        match self.try_indices_of(address, releases) {
            Err(error) if error.class() == Class::Refused && !self.is_offline() => {
                let names = BTreeSet::from([address.name.clone()]);
                let packages = self.with(&address.origin, |session| session.load_afresh(&names))?;
                for package in packages.into_values() {
                    if let Package::Present(log) = package {
                        self.loaded.insert(address.clone(), Ok(Some(log)));
                    }
                }
                self.try_indices_of(address, releases)
            }
            indices => indices,
        }
    }

    fn try_indices_of(
        &mut self,
        address: &Address,
        releases: &[Release],
    ) -> Result<Vec<Option<LogIndex>>> {
        let hints = releases.iter().map(|release| {
            let log = self.log(address)?;
            Some((release.record(), log.index_hint(release.position())?))
        });
        let mut hints: Vec<Option<(Hash, LogIndex)>> = hints.collect();
        let all: Vec<_> = hints.iter().flatten().copied().collect();
        let checked = self.with(&address.origin, |session| session.check_included(&all));
        match checked {
            // Not every proof is kept: those that are count.
            Err(error) if error.class() == Class::Unavailable && self.is_offline() => {
                for hint in &mut hints {
                    let Some(one) = *hint else { continue };
                    match self.with(&address.origin, |session| session.check_included(&[one])) {
                        Err(error) if error.class() == Class::Unavailable => *hint = None,
                        checked => checked?,
                    }
                }
            }
            checked => checked?,
        }
        let indices = hints.into_iter().map(|hint| hint.map(|(_, index)| index));
        Ok(indices.collect())
    }

    fn try_indices(&mut self, resolution: &Resolution) -> Result<BTreeMap<Selection, LogIndex>> {
        let mut indices = BTreeMap::new();
        let mut asks: BTreeMap<Origin, Vec<(Hash, LogIndex)>> = BTreeMap::new();
        for (selection, provenance) in resolution.packages() {
            let Provenance::Registry { origin, release } = provenance else {
                continue;
            };
            let address = Address {
                origin: origin.clone(),
                name: selection.name.clone(),
            };
            let index = self.log(&address).and_then(|loaded| {
                let release = loaded.log().release(&selection.version)?;
                loaded.index_hint(release.position())
            });
            if let Some(index) = index {
                asks.entry(origin.clone())
                    .or_default()
                    .push((release.record, index));
                indices.insert(selection.clone(), index);
            }
        }
        for (origin, records) in asks {
            self.with(&origin, |session| session.check_included(&records))?;
        }
        Ok(indices)
    }

    /// Loads the packages of a resolution once more, from the registries themselves.
    fn reload(&mut self, resolution: &Resolution) -> Result<()> {
        let mut by_origin: BTreeMap<Origin, BTreeSet<PackageName>> = BTreeMap::new();
        for (selection, provenance) in resolution.packages() {
            if let Provenance::Registry { origin, .. } = provenance {
                let names = by_origin.entry(origin.clone()).or_default();
                names.insert(selection.name.clone());
            }
        }
        for (origin, names) in by_origin {
            let packages = self.with(&origin, |session| session.load_afresh(&names))?;
            for (name, package) in packages {
                if let Package::Present(log) = package {
                    let origin = origin.clone();
                    self.loaded.insert(Address { origin, name }, Ok(Some(log)));
                }
            }
        }
        Ok(())
    }

    /// The selected releases that are yanked, as sentences: they were locked before, so they stay.
    pub fn yanked(&self, resolution: &Resolution) -> Vec<String> {
        let mut yanked = Vec::new();
        for (selection, provenance) in resolution.packages() {
            let Provenance::Registry { origin, .. } = provenance else {
                continue;
            };
            let address = Address {
                origin: origin.clone(),
                name: selection.name.clone(),
            };
            let release = self
                .log(&address)
                .and_then(|log| log.log().release(&selection.version));
            yanked.extend(release.and_then(|release| yanked_warning(selection, release)));
        }
        yanked
    }

    /// The release of a selection as it is now, with the yank and the withdrawal since, where its package was loaded; where
    /// no past is read, as [`Sessions::release`].
    pub fn release_now(&self, selection: &Selection) -> Option<&Release> {
        let loaded = self.log_of(&selection.name)?.newest();
        loaded.log().release(&selection.version)
    }

    /// The selected releases that were yanked or withdrawn since the past that is read, as sentences.
    pub fn lost_since(&self, resolution: &Resolution) -> Vec<String> {
        let mut lost = Vec::new();
        for selection in resolution.packages().keys() {
            let (Some(then), Some(now)) = (self.release(selection), self.release_now(selection))
            else {
                continue;
            };
            let Selection { name, version, .. } = selection;
            match now.status() {
                status if status == then.status() => {}
                Status::Yanked { reason } => {
                    lost.push(format!("{name}@{version} was yanked since: {reason}"));
                }
                Status::Withdrawn { reason } => lost.push(format!(
                    "{name}@{version} was withdrawn since by the registry's operator: {reason}"
                )),
                Status::Usable | Status::Unusable { .. } => {}
            }
        }
        lost
    }

    /// What was shown, by registry.
    pub fn proved(&self) -> Vec<Proved> {
        let mut proved = Vec::new();
        for (origin, session) in &self.open {
            let here = self.loaded.iter();
            let here = here.filter(|(address, _)| address.origin == *origin);
            let here: Vec<_> = here.filter_map(|(_, log)| log.as_ref().ok()).collect();
            let logs: Vec<_> = here.iter().filter_map(|log| log.as_ref()).collect();
            proved.push(Proved {
                checkpoint: session.checkpoint().checkpoint().clone(),
                records: logs.iter().map(|log| log.log().length().get()).sum(),
                absent: here.iter().filter(|log| log.is_none()).count(),
                logs: logs.len(),
                time: session.checkpoint().entry().time,
                refresh: session.checkpoint().operator().refresh(),
                unasked: session.unasked().map(chain),
            });
        }
        proved
    }

    /// The registries that could not be asked what they are now, as sentences.
    pub fn silent(&self) -> Vec<String> {
        self.proved().iter().filter_map(Proved::silence).collect()
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
}

/// An error with its causes, in one line.
fn chain(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// A session of the past of another one.
fn go_back<'a>(mut session: Session<'a>, at: &At) -> std::result::Result<Session<'a>, ClientError> {
    if let At::Checkpoint(checkpoint) = at {
        session.check_prefix(checkpoint)?;
    }
    session.at(at.size())
}

/// How many steps a solve may take, set by tests of this program, which must not need worlds that take millions. Whoever
/// sets it gains nothing: a solve that gives up writes nothing.
const TESTS_STEPS: &str = "__CARGO_WARG_TEST_STEPS";

fn budget() -> Budget {
    let steps = std::env::var(TESTS_STEPS).ok();
    let steps = steps.and_then(|steps| steps.parse().ok());
    steps.map_or_else(Budget::default, |steps| Budget {
        steps,
        steps_of_an_edge: 0,
        ..Budget::default()
    })
}

/// Checks that a round of solving asks for something that is not loaded yet. Otherwise solving would never end.
fn check_asked(index: &Index, addresses: &BTreeSet<Address>) -> Result<()> {
    if addresses.iter().all(|one| index.holds(one)) {
        let message = format!(
            "solving asked for {} packages, and none that is not there",
            addresses.len()
        );
        return Err(Error::new(Class::Other, message));
    }
    Ok(())
}

/// Checks that all that a round of solving asked for is loaded now. Otherwise solving would never end.
fn check_loaded(index: &Index, addresses: &BTreeSet<Address>) -> Result<()> {
    match addresses.iter().find(|one| !index.holds(one)) {
        None => Ok(()),
        Some(Address { origin, name }) => {
            let message = format!("`{name}` of `{origin}` was loaded, and nothing is known of it");
            Err(Error::new(Class::Other, message))
        }
    }
}

/// What to say of a release that is yanked; nothing of any other.
pub fn yanked_warning(selection: &Selection, release: &Release) -> Option<String> {
    let Status::Yanked { reason } = release.status() else {
        return None;
    };
    let Selection { name, version, .. } = selection;
    Some(format!("{name}@{version} is yanked: {reason}"))
}

/// The origins that a resolution takes releases from.
pub fn origins_of(resolution: &Resolution) -> BTreeSet<Origin> {
    let packages = resolution.packages();
    let origins = packages.values().filter_map(|provenance| match provenance {
        Provenance::Registry { origin, .. } => Some(origin.clone()),
        Provenance::Local(_) => None,
    });
    origins.collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_brings_nothing_new_ends_with_an_error_and_not_with_another_round() {
        let address = |name: &str| Address {
            origin: "registry.example/components".parse().unwrap(),
            name: name.parse().unwrap(),
        };
        let mut index = Index::new();
        let asked = BTreeSet::from([address("t:one"), address("t:two")]);
        check_asked(&index, &asked).unwrap();
        check_loaded(&index, &asked).unwrap_err();
        index.danger_insert_unproved_absence(address("t:one"), Size::new(7));
        check_asked(&index, &asked).unwrap();
        let lost = check_loaded(&index, &asked).unwrap_err();
        assert_eq!(
            lost.to_string(),
            "`t:two` of `registry.example/components` was loaded, and nothing is known of it"
        );
        index.danger_insert_unproved_absence(address("t:two"), Size::new(7));
        check_loaded(&index, &asked).unwrap();
        check_asked(&index, &asked).unwrap_err();
        check_asked(&index, &BTreeSet::new()).unwrap_err();
    }
}
