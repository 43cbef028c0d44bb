//! Which version is tried first.
//!
//! What a member's own lock selected comes first, then what any member had locked, the greatest first. After these the
//! mode takes the lowest or the highest. A preference never forbids anything. It orders candidates, and lets a yanked
//! release stay where it is locked. It reads no member's name, and nothing that another member selects in the same
//! solve. So neither names nor their order decide what a member gets, or whether there is anything to get.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::version::Track;

use crate::order::Order;
use crate::problem::{Local, Problem};
use crate::scope::Scope;
use transparency::selection::Selection;

/// The releases that any member of a problem had locked.
pub(crate) fn locked(problem: &Problem) -> BTreeSet<&Selection> {
    let of_members = problem.members.values().flat_map(|member| {
        // What is local to one member is no release that another could prefer.
        let locals: BTreeSet<Selection> = member.locals.iter().map(Local::selection).collect();
        let selects = member.selects.iter();
        selects.filter(move |one| !locals.contains(one))
    });
    of_members.chain(&problem.locked).collect()
}

/// Versions to try first, the most preferred first.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    by_package: BTreeMap<(Kind, PackageName), Vec<Version>>,
    /// What the member itself had locked.
    own: BTreeMap<(Kind, PackageName), BTreeSet<Version>>,
}

impl Preferences {
    /// What a member prefers: what it had locked itself, then what is [`locked`] for anyone.
    pub(crate) fn of_member(scope: &Scope<'_>, locked: &BTreeSet<&Selection>) -> Self {
        let member = scope.member;
        let moves: BTreeSet<_> = member.moves.iter().map(track_of).collect();
        let others = locked.iter().copied();
        let mut preferences = Self::default();
        preferences.extend(scope, &member.selects);
        for selection in &member.selects {
            let package = (selection.kind, selection.name.clone());
            let own = preferences.own.entry(package).or_default();
            own.insert(selection.version.clone());
        }
        preferences.extend(scope, others.filter(|one| !moves.contains(&track_of(one))));
        preferences
    }

    /// Prefers these to all that come after them.
    fn extend<'s>(
        &mut self,
        scope: &Scope<'_>,
        selections: impl IntoIterator<Item = &'s Selection>,
    ) {
        let mut packages: BTreeMap<(Kind, &PackageName), Vec<&Version>> = BTreeMap::new();
        for Selection {
            kind,
            name,
            version,
        } in selections
        {
            packages.entry((*kind, name)).or_default().push(version);
        }
        for ((kind, name), mut versions) in packages {
            let direct = scope.direct.contains(&(kind, name));
            Order::of(scope.options.mode, kind, direct).arrange(&mut versions);
            let known = self.by_package.entry((kind, name.clone())).or_default();
            for version in versions {
                if !known.contains(version) {
                    known.push(version.clone());
                }
            }
        }
    }

    /// The versions of a package that the member itself had locked.
    pub fn own(&self, kind: Kind, name: &PackageName) -> impl Iterator<Item = &Version> {
        let own = self.own.get(&(kind, name.clone()));
        own.into_iter().flatten()
    }

    /// The versions of a package to try first.
    pub fn of(&self, kind: Kind, name: &PackageName) -> &[Version] {
        self.by_package
            .get(&(kind, name.clone()))
            .map_or(&[], Vec::as_slice)
    }
}

fn track_of(selection: &Selection) -> (Kind, &PackageName, Track) {
    let Selection {
        kind,
        name,
        version,
    } = selection;
    (*kind, name, Track::of(version))
}
