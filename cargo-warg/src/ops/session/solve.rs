//! Solving with what the registries prove: load what the solver asks for, and ask it again.
//!
//! Loading more than the solver asks for cannot change its answer, so what the likely candidates require is loaded along
//! the way: fewer round trips.

use std::collections::BTreeSet;

use registry::client::LoadedLog;
use resolver::Budget;
use resolver::ahead::Ahead;
use resolver::closed_set::Provenance;
use resolver::cutoff::Cutoff;
use resolver::index::{Address, Index};
use resolver::obstacle::{Obstacle, obstacle};
use resolver::problem::{Member, Options, Problem};
use resolver::report::Conflict;
use resolver::resolution::{Resolution, resolve_round};
use resolver::trial::{Trial, Trials};
use resolver::unresolved::Unresolved;
use semver::Version;
use transparency::name::{Origin, PackageName};
use transparency::number::Time;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Class, Error, Result};
use crate::ops::session::Sessions;
use crate::ops::session::near::did_you_mean;
use crate::ops::session::registries::name_registries;

/// How often packages are loaded that only a hint needs. Each time the conflict is solved and explained anew, which no other
/// budget bounds; a change that needs more to be known is left out.
const MAX_EXPLORED: u32 = 4;

impl Sessions<'_> {
    /// Solves with what the registries have, loading what is needed.
    ///
    /// # Errors
    /// No solution; whatever keeps a package from being read or believed.
    pub(super) fn solve_here(&mut self, problem: &Problem) -> Result<Resolution> {
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
                    let mut likely = ahead.next(&problem.options, &self.index);
                    if likely.is_empty() {
                        ahead.went_to(&addresses, &self.index);
                        likely = ahead.next(&problem.options, &self.index);
                    }
                    while !likely.is_empty() && self.load_ahead(&likely)? {
                        likely = ahead.next(&problem.options, &self.index);
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

    /// The releases of a package that may be selected, ascending; none where it was not loaded. What `exclude-newer`
    /// leaves aside is none.
    pub fn usable(&self, name: &PackageName, options: &Options) -> Vec<&Release> {
        let Some(log) = self.log_of(name).map(LoadedLog::log) else {
            return Vec::new();
        };
        let cutoff = self.cutoff(name, log.origin(), options);
        let releases = log.releases().filter(|release| {
            // A span without a checkpoint to count from leaves everything aside.
            release.is_usable()
                && !self.is_held_back(log, release.version())
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
        index.insert_outside(address("t:one"));
        check_asked(&index, &asked).unwrap();
        let lost = check_loaded(&index, &asked).unwrap_err();
        assert_eq!(
            lost.to_string(),
            "`t:two` of `registry.example/components` was loaded, and nothing is known of it"
        );
        index.insert_outside(address("t:two"));
        check_loaded(&index, &asked).unwrap();
        check_asked(&index, &asked).unwrap_err();
        check_asked(&index, &BTreeSet::new()).unwrap_err();
    }
}
