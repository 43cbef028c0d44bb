//! Which part of a lock belongs to which member, and what it makes a new solve prefer.
//!
//! A member's root is the one of its name, where that requires what the member requires. Otherwise it is a root that
//! requires just that and belongs to nobody, as after a cargo package was renamed. Otherwise it is the root of its
//! name. What roots had locked that are nobody's any more is still locked, and every member prefers it after its own.

use std::collections::{BTreeMap, BTreeSet};

use transparency::requirement::Requirement;

use super::{Lockfile, Root, SOLVER};
use crate::problem::{Member, Problem};
use transparency::selection::Selection;

/// The root of a lock that is a member's own.
#[derive(Debug, Clone, Copy)]
pub struct Own<'l> {
    /// What it is called in the lock.
    pub name: &'l str,
    /// What the member requires and got.
    pub root: &'l Root,
    /// Whether it answers all that the member asks for now: nothing about the member changed since.
    pub is_current: bool,
}

impl Lockfile {
    /// The own root of each member that has one, by the member's name.
    pub fn own(&self, problem: &Problem) -> BTreeMap<String, Own<'_>> {
        let origins = &problem.options.origins;
        let members = problem.members.iter().map(|(name, member)| {
            let requirements = member.requirements.iter();
            let requires: BTreeSet<Requirement> =
                requirements.map(|root| root.settle(origins)).collect();
            (name, member, requires)
        });
        let members: Vec<_> = members.collect();
        let same: BTreeSet<&String> = members
            .iter()
            .filter(|(name, _, requires)| self.requires(name) == Some(requires))
            .map(|(name, ..)| *name)
            .collect();
        let mut own = BTreeMap::new();
        for (name, member, requires) in &members {
            let of_name = self.roots.get_key_value(*name);
            let found = if same.contains(name) {
                of_name
            } else {
                // Of several that are alike in what they require, the greatest: names decide nothing.
                let alike = self
                    .roots
                    .iter()
                    .filter(|(other, root)| !same.contains(other) && root.requires == *requires);
                alike.max_by_key(|(_, root)| &root.selects).or(of_name)
            };
            if let Some((found, root)) = found {
                let is_current = root.requires == *requires
                    && self.solver == SOLVER
                    && self.stale_locals(name, root, member, problem).is_empty();
                let own_root = Own {
                    name: found,
                    root,
                    is_current,
                };
                own.insert((*name).clone(), own_root);
            }
        }
        own
    }

    fn requires(&self, name: &str) -> Option<&BTreeSet<Requirement>> {
        self.roots.get(name).map(|root| &root.requires)
    }

    /// Has a problem prefer what this lock selected. A member that `keeps` says so of stays as it is, as long as that
    /// is valid.
    ///
    /// A lock that was solved under another mode says nothing about this one. Its versions were taken from the other
    /// end.
    pub fn prefer(&self, problem: &mut Problem, keeps: impl Fn(&str, &Own<'_>) -> bool) {
        if self.options.mode != problem.options.mode {
            return;
        }
        let own = self.own(problem);
        for (name, member) in &mut problem.members {
            if let Some(own) = own.get(name) {
                member.keep = keeps(name, own);
                let stays = |one: &&Selection| self.stays(member, one);
                member.selects = own.root.selects.iter().filter(stays).cloned().collect();
            }
        }
        problem.locked.extend(self.left_over(&own).cloned());
    }

    /// A local package was no release, so its version says nothing about releases. A member that keeps what it has keeps
    /// the local packages that are still there.
    fn stays(&self, member: &Member, selection: &Selection) -> bool {
        let mut locals = member.locals.iter();
        self.is_release(selection)
            || (member.keep && locals.any(|local| local.selection() == *selection))
    }

    fn is_release(&self, selection: &Selection) -> bool {
        let package = self.packages.get(selection);
        package.is_some_and(|package| package.release.is_some())
    }

    /// The releases of roots that are nobody's any more.
    pub(super) fn left_over<'l>(
        &'l self,
        own: &BTreeMap<String, Own<'_>>,
    ) -> impl Iterator<Item = &'l Selection> {
        let owned: BTreeSet<String> = own.values().map(|own| own.name.to_owned()).collect();
        let roots = self.roots.iter();
        let left = roots.filter(move |(name, _)| !owned.contains(*name));
        left.flat_map(|(_, root)| &root.selects)
            .filter(|selection| self.is_release(selection))
    }
}
