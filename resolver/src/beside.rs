//! Pins of a member's texts that lie in one track, which a closed set else has once.
//!
//! Hosts have worlds of several versions side by side. Each world's pins are its own, since names in WIT are literal.
//! So the highest pin of a track is the track's version, for everything that depends on it. The other pins come beside
//! it, exactly as they are named. What they require is required by the member.

use std::collections::BTreeMap;

use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::version::Track;

use crate::closed_set::Provenance;
use crate::preference::Preferences;
use crate::problem::{Member, RootRequirement, Written};
use crate::scope::Scope;
use transparency::selection::Selection;

/// A member without what comes beside, and that.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) member: Member,
    pub(crate) packages: BTreeMap<Selection, Provenance>,
}

/// The version that a text names, where this is what a requirement stands for.
fn pinned(root: &RootRequirement) -> Option<Version> {
    named(root).filter(|_| root.written == Some(Written::Reference))
}

/// The one version of a WIT package that a requirement allows.
fn named(root: &RootRequirement) -> Option<Version> {
    let version = root.requirement.req.pinned()?;
    (root.requirement.kind == Kind::Wit).then_some(version)
}

/// A version that a manifest names, where texts name a higher one of its track. No closed set has both, though the same
/// two would go together if only texts named them.
pub(crate) fn contradiction(member: &Member) -> Option<&RootRequirement> {
    let mut highest: BTreeMap<(&PackageName, Track), Version> = BTreeMap::new();
    for root in &member.requirements {
        if let Some(version) = pinned(root) {
            let track = (&root.requirement.name, Track::of(&version));
            let known = highest.entry(track).or_insert_with(|| version.clone());
            *known = version.max(known.clone());
        }
    }
    member.requirements.iter().find(|root| {
        let Some(version) = named(root).filter(|_| pinned(root).is_none()) else {
            return false;
        };
        let pinned = highest.get(&(&root.requirement.name, Track::of(&version)));
        pinned.is_some_and(|pinned| *pinned != version)
    })
}

impl Beside {
    /// What comes beside for a member. None where each track is named once, or where one of the versions cannot be had:
    /// then the member's requirements as they are have no answer, and the report says why.
    pub(crate) fn of(scope: &Scope<'_>, preferences: &Preferences) -> Option<Self> {
        let mut tracks: BTreeMap<(&PackageName, Track), BTreeMap<Version, &RootRequirement>> =
            BTreeMap::new();
        for root in &scope.member.requirements {
            if let Some(version) = pinned(root) {
                let track = (&root.requirement.name, Track::of(&version));
                tracks.entry(track).or_default().insert(version, root);
            }
        }
        tracks.retain(|_, versions| versions.len() > 1);
        if tracks.is_empty() {
            return None;
        }
        let mut beside = Self {
            member: scope.member.clone(),
            packages: BTreeMap::new(),
        };
        for mut versions in tracks.into_values() {
            versions.pop_last();
            for (version, root) in versions {
                beside.take(scope, preferences, &version, root)?;
            }
        }
        Some(beside)
    }

    fn take(
        &mut self,
        scope: &Scope<'_>,
        preferences: &Preferences,
        version: &Version,
        root: &RootRequirement,
    ) -> Option<()> {
        let name = &root.requirement.name;
        let mut sources = scope.sources(Kind::Wit, name).into_iter();
        let source = sources.find(|source| {
            let found = source.version();
            (found.major, found.minor, found.patch, &found.pre)
                == (version.major, version.minor, version.patch, &version.pre)
        })?;
        if scope.exclusion(source, preferences).is_some() {
            return None;
        }
        self.member.requirements.remove(root);
        for requirement in source.requirements() {
            self.member.requirements.insert(RootRequirement {
                location: root.location.clone(),
                written: Some(Written::Through(source.selection())),
                ..RootRequirement::new(requirement.clone())
            });
        }
        self.packages
            .insert(source.selection(), Provenance::of(source));
        Some(())
    }
}
