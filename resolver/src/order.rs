//! From which end versions are tried.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use semver::Version;
use transparency::name::Kind;
use transparency::version::Track;

use crate::problem::Mode;

/// From which end candidates are tried that nobody prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The lowest version first: minimal version selection.
    LowestFirst,
    /// The highest version first.
    HighestFirst,
}

impl Order {
    /// The order of a package's versions within a track, and of the tracks of a requirement that spans several.
    pub fn of(mode: Mode, kind: Kind, direct: bool) -> Self {
        match (mode, kind) {
            (Mode::Lowest, _) | (Mode::Default | Mode::LowestDirect, Kind::Wit) => {
                Self::LowestFirst
            }
            (Mode::LowestDirect, _) if direct => Self::LowestFirst,
            (Mode::Highest, _) | (Mode::Default | Mode::LowestDirect, Kind::Component) => {
                Self::HighestFirst
            }
        }
    }

    /// Puts locked versions of a package into the order in which they are tried. The tracks come as ever, and of each
    /// track the greatest version first.
    pub(crate) fn arrange(self, versions: &mut [&Version]) {
        versions.sort_unstable_by(|a, b| b.cmp(a));
        if self == Self::LowestFirst {
            let mut lowest: BTreeMap<Track, &Version> = BTreeMap::new();
            for version in versions.iter() {
                lowest.insert(Track::of(version), version); // they descend, so the last stays
            }
            versions.sort_by_key(|version| {
                let lowest = lowest.get(&Track::of(version)).copied();
                (lowest, Reverse(*version))
            });
        }
    }
}
