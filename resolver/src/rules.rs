//! Which releases of a track are candidates.

use std::collections::BTreeMap;

use semver::Version;
use transparency::number::Time;
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::cutoff::Cutoff;
use crate::index::{Address, Choices, TrackReleases};
use crate::preference::Preferences;
use crate::requirement::index;
use crate::scope::{Exclusion, Scope, Source};

impl Scope<'_> {
    /// What decides which releases of a track are candidates.
    pub(crate) fn rules<'r>(
        &'r self,
        package: &Choices,
        track: &Track,
        preferences: &'r Preferences,
    ) -> Rules<'r> {
        let Address { origin, name } = package.address();
        let kind = package.kind();
        let holds = |held: &&Requirement| {
            held.kind == kind && held.name == *name && held.req.track().as_ref() == Some(track)
        };
        Rules {
            preferred: preferences.of(kind, name),
            limit: self.options.cutoff(name).map(|cutoff| {
                let limit = cutoff.limit(self.index.time(origin));
                (cutoff, limit)
            }),
            held: self.member.held.iter().filter(holds).collect(),
        }
    }

    /// Why a release is no candidate, if it is none.
    pub(crate) fn exclusion(
        &self,
        source: Source<'_>,
        preferences: &Preferences,
    ) -> Option<Exclusion> {
        let Source::Registry(package, release) = source else {
            return None;
        };
        let track = Track::of(release.version());
        self.rules(package, &track, preferences).exclusion(release)
    }
}

/// What decides which releases of a track are candidates.
pub(crate) struct Rules<'a> {
    /// What of the package is locked.
    preferred: &'a [Version],
    /// What `exclude-newer` says of the package, and the last moment that this allows.
    limit: Option<(Cutoff, Option<Time>)>,
    /// What holds the track.
    held: Vec<&'a Requirement>,
}

impl Rules<'_> {
    /// What of a track is no candidate, by number, and why.
    pub(crate) fn excluded(&self, track: &TrackReleases) -> BTreeMap<u32, Exclusion> {
        let of = |number: u32| {
            let release = track.releases.get(index(number))?;
            Some((number, self.exclusion(release)?))
        };
        if self.limit.is_none() && self.held.is_empty() {
            return track.doubtful.iter().copied().filter_map(of).collect();
        }
        let all = (0u32..).zip(&track.releases);
        all.filter_map(|(number, _)| of(number)).collect()
    }

    /// Why a release of the track is no candidate, if it is none.
    pub(crate) fn exclusion(&self, release: &Release) -> Option<Exclusion> {
        match release.objection() {
            None => {}
            Some(Objection::Yanked { .. }) if self.keeps(release.version()) => {}
            Some(objection) => return Some(Exclusion::Objection(objection)),
        }
        if let Some((cutoff, limit)) = self.limit
            && limit.is_none_or(|limit| release.time() > limit)
        {
            return Some(Exclusion::TooNew {
                time: release.time(),
                cutoff,
                limit,
            });
        }
        let mut holds = self.held.iter();
        holds
            .find(|held| !held.req.matches(release.version()))
            .map(|held| Exclusion::NotHeld {
                held: (*held).clone(),
            })
    }

    /// Whether a version is locked, or held by its full number, which is as good: so it stays, although it is yanked.
    fn keeps(&self, version: &Version) -> bool {
        let mut held = self.held.iter();
        self.preferred.contains(version)
            || held.any(|held| held.req.pinned().is_some() && held.req.matches(version))
    }
}
