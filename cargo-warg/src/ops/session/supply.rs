//! What fills this user's personal registry while something is solved.
//!
//! That writes to a registry and asks upstreams, so it belongs to operations above those that solve: they hand it in with
//! [`Sessions`]. Imports go in rounds: all that one solve lacked is imported at once, and everything is solved afresh.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use resolver::index::{Address, Index};
use resolver::problem::Problem;
use resolver::resolution::Resolution;
use resolver::unresolved::Unresolved;
use transparency::content::Content;
use transparency::name::{Namespace, Origin, PackageName};
use transparency::selection::Selection;
use transparency::version::VersionReq;

use crate::error::{Class, Error, Result};
use crate::ops::session::Sessions;
use crate::ops::session::personal::held_back;
use crate::ops::session::registries::Registries;

/// How many rounds of imports one solve may take. Each brings what the one before showed to be missing, with all that it
/// refers to, so two are many.
const MAX_ROUNDS: usize = 11;

/// A release that another machine's personal registry vouches for, verified, to be released in this user's own.
#[derive(Debug)]
pub struct Adopted {
    /// What it is.
    pub selection: Selection,
    /// Its content, which is what its record says.
    pub content: Content,
    /// Whose personal registry it is from.
    pub from: Origin,
}

/// What fills this user's personal registry.
pub trait Supply {
    /// Releases all of these in it. Where there is none, it is founded first.
    ///
    /// # Errors
    /// A key that is not there; a registry that cannot be read, believed or written.
    fn adopt(&self, registries: &Registries, adopted: Vec<Adopted>) -> Result<()>;

    /// Whether it is known where packages of a namespace lie. Nobody is asked for it.
    ///
    /// # Errors
    /// A file of this user that does not read.
    fn knows(&self, namespace: &Namespace) -> Result<bool>;

    /// Founds it, if it may be filled with packages of one of these namespaces.
    ///
    /// # Errors
    /// Folders that cannot be written; keys that cannot be kept; an answer that cannot be read.
    fn found(&self, namespaces: &BTreeSet<Namespace>) -> Result<()>;

    /// Imports packages, each from where its namespace's packages lie, as far as this user wants that: of WIT packages all
    /// versions that are not there yet, of components those of the tracks that are required.
    ///
    /// # Errors
    /// A registry that cannot be read, believed or written. What cannot be imported is told by [`Supply::why_not`].
    fn import(
        &self,
        registries: &Registries,
        wanted: &BTreeMap<PackageName, VersionReq>,
    ) -> Result<()>;

    /// The gravest reason for which something could not be imported, told once.
    fn why_not(&self) -> Option<Error>;

    /// What this user may do so that more can be imported.
    fn helps(&self) -> Vec<String>;
}

impl Sessions<'_> {
    /// Solves, and imports what is missing in this user's personal registry, until nothing is.
    ///
    /// # Errors
    /// No solution; whatever keeps a package from being read, believed or imported.
    pub fn solve(&mut self, problem: &Problem) -> Result<Resolution> {
        let mut problem = Cow::Borrowed(problem);
        for _ in 0..MAX_ROUNDS {
            let solved = self.solve_here(&problem);
            let unresolved = solved.as_ref().err().and_then(Error::cause);
            let (is_conflict, unowned) = match unresolved {
                Some(Unresolved::Conflict(conflict)) => (true, conflict.unowned()),
                Some(_) => (true, BTreeSet::new()),
                None if solved.is_err() => return solved,
                None => (false, BTreeSet::new()),
            };
            if self.take_unowned(unowned)? {
                problem.to_mut().options.origins.clone_from(self.origins());
                continue;
            }
            let wanted = self.missing(&problem, is_conflict)?;
            if !self.import(wanted)? {
                return solved.map_err(|error| self.with_supply(error));
            }
        }
        let message = format!(
            "{MAX_ROUNDS} rounds of imports into the personal registry did not bring all that is required"
        );
        Err(Error::new(Class::Unsolved, message))
    }

    /// Imports packages of this user's personal registry that are not there, or have no release that will do, before they
    /// are asked for.
    ///
    /// # Errors
    /// Whatever keeps a package from being read, believed or imported.
    pub(in crate::ops) fn bring<'n>(
        &mut self,
        asked: impl IntoIterator<Item = (&'n PackageName, VersionReq)>,
    ) -> Result<()> {
        let Some(own) = self.own_origin()? else {
            return Ok(());
        };
        let mut wanted = BTreeMap::new();
        for (name, req) in asked {
            if self.origins().of(name) != Some(&own) {
                continue;
            }
            let address = Address {
                origin: own.clone(),
                name: name.clone(),
            };
            self.load_each(&BTreeSet::from([address.clone()]))?;
            let found = self.log(&address).is_some_and(|log| {
                let mut releases = log.log().releases();
                releases.any(|release| {
                    release.is_usable()
                        && req.matches(release.version())
                        && !self.is_held_back(log.log(), release.version())
                })
            });
            if !found {
                wanted.insert(name.clone(), req);
            }
        }
        self.import(wanted).map(drop)
    }

    /// Looks what there is anew of packages that a lock takes from this user's personal registry.
    ///
    /// # Errors
    /// Whatever keeps a package from being read, believed or imported.
    pub(in crate::ops) fn renew<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n PackageName>,
    ) -> Result<()> {
        let Some(own) = self.own_origin()? else {
            return Ok(());
        };
        let names = names.into_iter();
        let own = names.filter(|name| self.origins().of(name) == Some(&own));
        let wanted = own.map(|name| (name.clone(), VersionReq::STAR)).collect();
        self.import(wanted).map(drop)
    }

    /// Takes namespaces without a registry from this user's personal one, where that may have them; false where nothing changed
    /// by it.
    fn take_unowned(&mut self, unowned: BTreeSet<Namespace>) -> Result<bool> {
        if unowned.is_empty() || self.supply.is_none() {
            return Ok(false);
        }
        let before = self.origins().clone();
        self.take_own_of(unowned)?;
        Ok(*self.origins() != before)
    }

    /// What a solve asked this user's personal registry for, and it does not have: packages that are absent; and where there
    /// is no solution, those that have something that was only ever adopted.
    fn missing(
        &self,
        problem: &Problem,
        is_conflict: bool,
    ) -> Result<BTreeMap<PackageName, VersionReq>> {
        let mut missing = BTreeMap::new();
        let Some(own) = self.own_origin()?.filter(|_| self.supply.is_some()) else {
            return Ok(missing);
        };
        let of_own = self
            .loaded
            .iter()
            .filter(|(address, _)| address.origin == own);
        for (address, log) in of_own {
            let is_missing = match log {
                Ok(None) => true,
                Ok(Some(log)) => is_conflict && !held_back(log.log()).is_empty(),
                Err(_) => false,
            };
            if is_missing {
                let req = self.required(problem, &address.name);
                missing.insert(address.name.clone(), req);
            }
        }
        Ok(missing)
    }

    /// What is asked of a package: by the one requirement there is, or any version.
    fn required(&self, problem: &Problem, name: &PackageName) -> VersionReq {
        let members = problem.members.values();
        let roots = members.flat_map(|member| &member.requirements);
        let roots = roots.map(|root| &root.requirement);
        let logs = self
            .loaded
            .values()
            .filter_map(|log| log.as_ref().ok()?.as_ref());
        let releases = logs.flat_map(|log| log.log().releases());
        let others = releases.flat_map(|release| release.requirements().iter());
        let of_name = roots.chain(others).filter(|one| one.name == *name);
        let all: BTreeSet<_> = of_name.map(|one| one.req.to_string()).collect();
        match all.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => VersionReq::from_user(one).unwrap_or(VersionReq::STAR),
            _ => VersionReq::STAR,
        }
    }

    /// Imports packages that this run has not asked for yet; whether there were any. Then everything is read afresh.
    fn import(&mut self, mut wanted: BTreeMap<PackageName, VersionReq>) -> Result<bool> {
        wanted.retain(|name, _| !self.tried.contains(name));
        let Some(supply) = self.supply.filter(|_| !wanted.is_empty()) else {
            return Ok(false);
        };
        self.tried.extend(wanted.keys().cloned());
        supply.import(self.registries, &wanted)?;
        if let Some(own) = self.own_origin()? {
            self.forget(&own);
        }
        Ok(true)
    }

    /// Forgets what was read of a registry, which went on since.
    fn forget(&mut self, origin: &Origin) {
        self.open.remove(origin);
        self.begun.remove(origin);
        // What is absent elsewhere is asked for again: its proof was not kept.
        self.loaded
            .retain(|address, log| address.origin != *origin && !matches!(log, Ok(None)));
        self.held_back
            .retain(|address, _| address.origin != *origin);
        let mut index = Index::new();
        for session in self.open.values() {
            index.insert_checkpoint(session.checkpoint());
        }
        for (address, log) in &self.loaded {
            match log {
                Ok(Some(log)) => index.insert(log.log()),
                Ok(None) => {}
                Err(refused) => index.insert_refused(address.clone(), refused.to_string()),
            }
        }
        self.index = index;
    }

    fn own_origin(&self) -> Result<Option<Origin>> {
        let own = self.registries.own()?;
        Ok(own.map(|own| own.policy.origin().clone()))
    }

    /// A failure, with why something could not be imported, and what this user may do about it.
    pub(in crate::ops) fn with_supply(&self, error: Error) -> Error {
        let Some(supply) = self.supply else {
            return error;
        };
        let error = match supply.why_not() {
            None => error,
            Some(why) => why.context(error),
        };
        supply.helps().into_iter().fold(error, Error::with_help)
    }
}
