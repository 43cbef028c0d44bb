//! The versions of one track that a member can see: a registry's releases, or the local packages that stand in for
//! them.

use crate::index::{Choices, TrackReleases};
use crate::requirement::{Versions, index};
use crate::scope::{LocalTrack, Source};

/// The versions of a track, numbered from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stock<'a> {
    Releases(&'a Choices, &'a TrackReleases),
    Locals(&'a LocalTrack<'a>),
    /// The package has no release of the track.
    Nothing,
}

impl<'a> Stock<'a> {
    pub(crate) fn versions(self) -> &'a Versions {
        match self {
            Self::Releases(_, track) => &track.versions,
            Self::Locals(track) => &track.versions,
            Self::Nothing => Versions::NONE,
        }
    }

    pub(crate) fn source(self, number: u32) -> Option<Source<'a>> {
        match self {
            Self::Releases(package, track) => {
                let release = track.releases.get(index(number))?;
                Some(Source::Registry(package, release))
            }
            Self::Locals(track) => track.locals.get(index(number)).copied().map(Source::Local),
            Self::Nothing => None,
        }
    }

    /// What a version requires, in the index's numbers, and whether something of its own package. None of a local
    /// version.
    pub(crate) fn required(self, number: u32) -> Option<(&'a [u32], bool)> {
        match self {
            Self::Releases(_, track) => track.required.get(number),
            Self::Locals(_) | Self::Nothing => None,
        }
    }
}
