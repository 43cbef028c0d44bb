//! What the user is told of registries and of a solve beside its result.

use std::collections::BTreeMap;

use registry::client::RefusedLog;
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

use crate::notice::Notice;
use crate::ops::session::Sessions;
use crate::ops::session::proved::Proved;
use component::span::Location;

impl Proved {
    /// That the registry could not be asked what it is now.
    pub fn unasked(&self) -> Option<Notice> {
        Some(Notice::Unasked {
            origin: self.checkpoint.origin.clone(),
            since: self.time,
            why: self.unasked.clone()?,
        })
    }
}

impl Sessions<'_> {
    /// The packages whose logs break the rules. The user is told, since a solve could have chosen from them.
    pub fn refused(&self) -> Vec<Notice> {
        let notice = |(address, log): (&Address, &Result<_, RefusedLog>)| {
            let why = log.as_ref().err()?.to_string();
            let address = address.clone();
            Some(Notice::RefusedLog { address, why })
        };
        self.loaded.iter().filter_map(notice).collect()
    }

    /// The registries that could not be asked what they are now.
    pub fn silent(&self) -> Vec<Notice> {
        self.proved().iter().filter_map(Proved::unasked).collect()
    }

    /// The selected releases that are yanked: they were locked before, so they stay.
    pub fn yanked(&self, resolution: &Resolution) -> Vec<Notice> {
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
            yanked.extend(release.and_then(|release| yanked_notice(selection, release, || None)));
        }
        yanked
    }

    /// The selected releases that were yanked or withdrawn since the past that is read.
    pub fn lost_since(&self, resolution: &Resolution) -> Vec<Notice> {
        let mut lost = Vec::new();
        for selection in resolution.packages().keys() {
            let (Some(then), Some(now)) = (self.release(selection), self.release_now(selection))
            else {
                continue;
            };
            let release = (*selection).clone();
            match now.objection() {
                objection if objection == then.objection() => {}
                Some(Objection::Yanked { reason }) => {
                    lost.push(Notice::YankedSince { release, reason });
                }
                Some(Objection::Withdrawn { reason }) => {
                    lost.push(Notice::WithdrawnSince { release, reason });
                }
                None | Some(Objection::Unusable { .. }) => {}
            }
        }
        lost
    }

    /// Newer releases of what was locked just now that were no choice because of what they require: of each
    /// track the newest one with its reason, and how many others.
    pub fn passed_over(
        &self,
        problem: &Problem,
        resolution: &Resolution,
        old: Option<&Lockfile>,
    ) -> Vec<Notice> {
        let is_new = |one: &&Selection| old.is_none_or(|old| !old.packages.contains_key(*one));
        let mut notices: BTreeMap<&Selection, Vec<Notice>> = BTreeMap::new();
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
                let notice = Notice::PassedOver {
                    release: Selection {
                        version: newest.clone(),
                        ..selection.clone()
                    },
                    obstacle: Box::new(obstacle),
                    instead: selection.version.clone(),
                    others: passed.count(),
                };
                let told = notices.entry(selection).or_default();
                if !told.contains(&notice) {
                    told.push(notice); // of members that select the same, once
                }
            }
        }
        notices.into_values().flatten().collect()
    }
}

/// That a selected release is yanked, if it is, and where a lock has it.
pub fn yanked_notice(
    selection: &Selection,
    release: &Release,
    location: impl FnOnce() -> Option<Location>,
) -> Option<Notice> {
    match release.objection()? {
        Objection::Yanked { reason } => Some(Notice::Yanked {
            release: selection.clone(),
            reason,
            location: location(),
        }),
        Objection::Withdrawn { .. } | Objection::Unusable { .. } => None,
    }
}
