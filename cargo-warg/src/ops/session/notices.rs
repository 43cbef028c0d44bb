//! What the user is told of registries and of a solve beside its result, as sentences.

use std::collections::BTreeSet;

use resolver::closed_set::Provenance;
use resolver::index::Address;
use resolver::lockfile::Lockfile;
use resolver::problem::Problem;
use resolver::resolution::Resolution;
use semver::Version;
use transparency::name::Kind;
use transparency::release::{Objection, Release};
use transparency::selection::Selection;
use transparency::version::Track;

use crate::ops::session::Sessions;
use crate::ops::session::proved::Proved;

impl Proved {
    /// That the registry could not be asked what it is now, as a sentence.
    pub fn silence(&self) -> Option<String> {
        let (origin, time) = (&self.checkpoint.origin, self.time);
        let why = self.unasked.as_ref()?;
        Some(format!(
            "what happened in `{origin}` since {time} is not known: {why}"
        ))
    }
}

impl Sessions<'_> {
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

    /// The registries that could not be asked what they are now, as sentences.
    pub fn silent(&self) -> Vec<String> {
        self.proved().iter().filter_map(Proved::silence).collect()
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

    /// The selected releases that were yanked or withdrawn since the past that is read, as sentences.
    pub fn lost_since(&self, resolution: &Resolution) -> Vec<String> {
        let mut lost = Vec::new();
        for selection in resolution.packages().keys() {
            let (Some(then), Some(now)) = (self.release(selection), self.release_now(selection))
            else {
                continue;
            };
            let Selection { name, version, .. } = selection;
            match now.objection() {
                objection if objection == then.objection() => {}
                Some(Objection::Yanked { reason }) => {
                    lost.push(format!("{name}@{version} was yanked since: {reason}"));
                }
                Some(Objection::Withdrawn { reason }) => lost.push(format!(
                    "{name}@{version} was withdrawn since by the registry's operator: {reason}"
                )),
                None | Some(Objection::Unusable { .. }) => {}
            }
        }
        lost
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
}

/// What to say of a release that is yanked; nothing of any other.
pub fn yanked_warning(selection: &Selection, release: &Release) -> Option<String> {
    let objection = release.objection()?;
    let Selection { name, version, .. } = selection;
    matches!(objection, Objection::Yanked { .. }).then(|| format!("{name}@{version} {objection}"))
}
