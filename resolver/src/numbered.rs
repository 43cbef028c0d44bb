//! Every requirement of an index, numbered. Whoever meets one for the second time need not read its text again.
//!
//! What a number stands for never changes, so whoever solves can keep what it found out beside the number.

use std::collections::HashMap;
use std::sync::Arc;

use transparency::name::{Kind, Origin, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::requirement::index;

/// What the releases of a track require, by the numbers of requirements: side by side, since who looks at one release
/// mostly looks at its neighbours.
#[derive(Debug, Clone, Default)]
pub(crate) struct Required {
    numbers: Vec<u32>,
    /// For each release, where its numbers begin and end, and whether it requires something of its own package.
    releases: Vec<(u32, u32, bool)>,
}

impl Required {
    /// Adds what the next release requires.
    pub(crate) fn push(&mut self, numbers: impl IntoIterator<Item = u32>, has_itself: bool) {
        let from = next(self.numbers.len());
        self.numbers.extend(numbers);
        self.releases
            .push((from, next(self.numbers.len()), has_itself));
    }

    /// Adds a release that requires the same as the one before.
    pub(crate) fn push_same(&mut self) {
        self.releases.extend(self.releases.last().copied());
    }

    /// The numbers of what a release requires, in the order of its requirements, and whether one of them is of its own
    /// package.
    pub(crate) fn get(&self, release: u32) -> Option<(&[u32], bool)> {
        let (from, past, has_itself) = self.releases.get(index(release))?;
        let numbers = self.numbers.get(index(*from)..index(*past))?;
        Some((numbers, *has_itself))
    }
}

/// The track of a package that a requirement aims at, whichever of its versions it allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Aim {
    kind: Kind,
    name: PackageName,
    origin: Option<Origin>,
    track: Track,
}

/// The requirements of an index by their numbers, and the numbers of what they aim at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbered {
    numbers: HashMap<Arc<Requirement>, u32>,
    aims: HashMap<Aim, u32>,
    /// Each requirement, and what it aims at. None where it spans tracks.
    all: Vec<(Arc<Requirement>, Option<u32>)>,
}

impl Numbered {
    /// The number of a requirement, a new one where it has none.
    pub(crate) fn number(&mut self, requirement: &Requirement) -> u32 {
        if let Some(number) = self.numbers.get(requirement) {
            return *number;
        }
        let number = next(self.all.len());
        let aim = requirement.req.track().map(|track| {
            let aim = Aim {
                kind: requirement.kind,
                name: requirement.name.clone(),
                origin: requirement.origin.clone(),
                track,
            };
            let next = next(self.aims.len());
            *self.aims.entry(aim).or_insert(next)
        });
        let requirement = Arc::new(requirement.clone());
        self.numbers.insert(Arc::clone(&requirement), number);
        self.all.push((requirement, aim));
        number
    }

    /// A requirement by its number, and the number of what it aims at.
    pub(crate) fn get(&self, number: u32) -> Option<(&Requirement, Option<u32>)> {
        let (requirement, aim) = self.all.get(index(number))?;
        Some((requirement, *aim))
    }

    /// How many requirements there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many aims there are.
    pub(crate) fn aims(&self) -> usize {
        self.aims.len()
    }
}

fn next(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
