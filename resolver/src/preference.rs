//! Which version is tried first.
//!
//! What a member's own lock selected comes first, then what members before it selected in this solve, then by the mode
//! the lowest or the highest. A preference never forbids anything: it orders candidates, and lets a yanked release stay
//! where it is locked.

use std::collections::BTreeMap;

use semver::Version;
use transparency::name::{Kind, PackageName};

use crate::problem::Mode;
use crate::resolution::Selection;

/// From which end candidates are tried that nobody prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Minimal version selection.
    LowestFirst,
    /// Newest first.
    HighestFirst,
}

impl Order {
    /// The order within a track.
    pub fn of_versions(mode: Mode, kind: Kind, direct: bool) -> Self {
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

    /// The order among the tracks of a requirement that spans several: the highest, but where the mode asks for the
    /// lowest in so many words.
    pub fn of_tracks(mode: Mode, direct: bool) -> Self {
        match mode {
            Mode::Lowest => Self::LowestFirst,
            Mode::LowestDirect if direct => Self::LowestFirst,
            Mode::Default | Mode::LowestDirect | Mode::Highest => Self::HighestFirst,
        }
    }
}

/// Versions to try first, the most preferred first.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    by_package: BTreeMap<(Kind, PackageName), Vec<Version>>,
}

impl Preferences {
    /// Prefers this selection to all that come after it.
    pub fn push(&mut self, selection: &Selection) {
        let versions = self
            .by_package
            .entry((selection.kind, selection.name.clone()))
            .or_default();
        if !versions.contains(&selection.version) {
            versions.push(selection.version.clone());
        }
    }

    /// The versions of a package to try first.
    pub fn of(&self, kind: Kind, name: &PackageName) -> &[Version] {
        self.by_package
            .get(&(kind, name.clone()))
            .map_or(&[], Vec::as_slice)
    }
}

impl<'a> Extend<&'a Selection> for Preferences {
    fn extend<T: IntoIterator<Item = &'a Selection>>(&mut self, selections: T) {
        selections
            .into_iter()
            .for_each(|selection| self.push(selection));
    }
}
