//! What a solve is likely to need, before it asks. Loading it together takes fewer rounds.
//!
//! A guess follows each requirement to the release that would be tried first, and then that release's requirements.
//! What was followed is not followed again, so all rounds together cost what one walk does. A guess decides nothing:
//! what else an index holds cannot change an answer.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use transparency::name::{Kind, PackageName};
use transparency::release::Release;
use transparency::requirement::Requirement;

use crate::index::{Address, Choices, Index, leads_to};
use crate::order::Order;
use crate::problem::{Options, Problem};
use crate::requirement::index;
use transparency::selection::Selection;

/// The requirements that were met on the way, and those that wait for their packages.
#[derive(Debug, Default)]
pub struct Ahead {
    seen: HashSet<Requirement>,
    waiting: Vec<Requirement>,
    locked: BTreeSet<Selection>,
    /// What lies in folders: nobody is asked for it.
    local: BTreeSet<(Kind, PackageName)>,
}

impl Ahead {
    /// Begins with what the members require.
    pub fn new(problem: &Problem) -> Self {
        let mut ahead = Self::default();
        for member in problem.members.values() {
            ahead.locked.extend(member.selects.iter().cloned());
            let locals = member.locals.iter();
            ahead
                .local
                .extend(locals.map(|local| (local.kind, local.name.clone())));
        }
        for member in problem.members.values() {
            for root in &member.requirements {
                ahead.meet(&root.requirement);
            }
        }
        ahead
    }

    fn meet(&mut self, requirement: &Requirement) {
        let is_local = self
            .local
            .contains(&(requirement.kind, requirement.name.clone()));
        if !is_local && self.seen.insert(requirement.clone()) {
            self.waiting.push(requirement.clone());
        }
    }

    /// Follows what can be followed. Which packages it takes to go on. None where there is no further to go.
    pub fn next(&mut self, options: &Options, index: &Index) -> BTreeSet<Address> {
        let mut missing = BTreeSet::new();
        let mut still_waiting = Vec::new();
        while let Some(requirement) = self.waiting.pop() {
            let Some(origin) = options.origins.of(&requirement.name) else {
                continue;
            };
            let address = Address {
                origin: origin.clone(),
                name: requirement.name.clone(),
            };
            if !index.holds(&address) {
                missing.insert(address);
                still_waiting.push(requirement);
                continue;
            }
            let package = index.package(&address);
            let package = package.filter(|package| package.kind() == requirement.kind);
            let first = package.and_then(|package| self.first(options, package, &requirement));
            for needed in first.into_iter().flat_map(leads_to) {
                self.meet(needed);
            }
        }
        self.waiting = still_waiting;
        missing
    }

    /// Goes on from packages that were asked for though no guess led to them: from the newest usable release of each.
    pub fn went_to(&mut self, packages: &BTreeSet<Address>, index: &Index) {
        for package in packages.iter().filter_map(|address| index.package(address)) {
            let newest = package.releases().into_iter().rfind(|one| one.is_usable());
            for needed in newest.into_iter().flat_map(leads_to) {
                self.meet(needed);
            }
        }
    }

    /// The release that a requirement would be tried with first.
    fn first<'i>(
        &self,
        options: &Options,
        package: &'i Choices,
        requirement: &Requirement,
    ) -> Option<&'i Release> {
        let (kind, name) = (requirement.kind, &requirement.name);
        let Some(track) = requirement.req.track() else {
            let matching = package.releases().into_iter();
            let mut matching = matching.filter(|one| requirement.req.matches(one.version()));
            return match kind {
                Kind::Wit => matching.find(|one| one.is_usable()),
                Kind::Component => matching.rfind(|one| one.is_usable()),
            };
        };
        let track = package.track(&track)?;
        let matching = track.versions.matching(&requirement.req);
        let locked = self.locked.iter();
        let mut locked = locked.filter(|one| one.kind == kind && one.name == *name);
        let locked = locked.find_map(|one| {
            let number = track.versions.number(&one.version)?;
            matching.contains(&number).then_some(number)
        });
        if let Some(number) = locked {
            return track.releases.get(index(number)).map(Arc::as_ref);
        }
        let releases = (0u32..).zip(&track.releases);
        let mut matching = releases
            .filter(|(number, _)| matching.contains(number))
            .map(|(_, release)| release.as_ref());
        let usable = |release: &&Release| release.is_usable();
        match Order::of(options.mode, kind, false) {
            Order::LowestFirst => matching.find(usable),
            Order::HighestFirst => matching.filter(usable).last(),
        }
    }
}
