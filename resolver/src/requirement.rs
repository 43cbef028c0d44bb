//! Versions as numbers, and requirements as sets of numbers.
//!
//! A verified log is complete, so its versions are numbered in their order. A requirement becomes the exact set of the
//! numbers that it matches, pre-releases and build metadata included. `semver` decides what matches. This file only
//! knows which versions to ask it about. (`version_ranges`' own translation of requirements was measured to be wrong.)

use std::ops::Bound;

use semver::{Comparator, Op, Version};
use transparency::version::VersionReq;
use version_ranges::Ranges;

/// Versions in ascending order, numbered from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    all: Vec<Version>,
    /// The numbers of those that are no pre-releases: over them every comparator matches one unbroken run.
    stable: Vec<u32>,
}

impl Versions {
    /// Numbers these versions, in whichever order they come. Equal ones count once.
    pub fn new(versions: impl IntoIterator<Item = Version>) -> Self {
        let mut all: Vec<Version> = versions.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let stable = (0..)
            .zip(&all)
            .filter(|(_, version)| version.pre.is_empty())
            .map(|(number, _)| number)
            .collect();
        Self { all, stable }
    }

    /// What no version meets.
    pub(crate) const NONE: &Self = &Self {
        all: Vec::new(),
        stable: Vec::new(),
    };

    /// All of them, ascending.
    pub fn all(&self) -> &[Version] {
        &self.all
    }

    /// How many they are.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    /// The version of a number.
    pub fn get(&self, number: u32) -> Option<&Version> {
        self.all.get(index(number))
    }

    /// The number of a version, build metadata counted.
    pub fn number(&self, version: &Version) -> Option<u32> {
        let index = self.all.binary_search(version).ok()?;
        u32::try_from(index).ok()
    }

    /// The numbers of exactly those versions that the requirement matches.
    pub fn matching(&self, requirement: &VersionReq) -> Ranges<u32> {
        let (mut from, mut to) = (0, self.stable.len());
        match requirement.comparators() {
            [] => {}
            [one] => (from, to) = self.stable_run(one, |version| requirement.matches(version)),
            several => {
                for comparator in several {
                    let single = semver::VersionReq {
                        comparators: vec![comparator.clone()],
                    };
                    let (low, high) =
                        self.stable_run(comparator, |version| single.matches(version));
                    from = from.max(low);
                    to = to.min(high);
                }
            }
        }
        let stable = self.stable.get(from..to).unwrap_or_default();
        let pre_releases = self.pre_releases(requirement);
        // Nearly always there is nothing else in between.
        if let (Some(first), Some(last), true) =
            (stable.first(), stable.last(), pre_releases.is_empty())
            && index(last - first) + 1 == stable.len()
        {
            return Ranges::between(*first, last + 1);
        }
        numbers(stable.iter().copied().chain(pre_releases))
    }

    /// The positions in `stable` of the versions that one comparator matches, which `matches` says of each.
    fn stable_run(
        &self,
        comparator: &Comparator,
        matches: impl Fn(&Version) -> bool,
    ) -> (usize, usize) {
        let matches = |number: &u32| self.get(*number).is_some_and(&matches);
        let stable = &self.stable;
        match comparator.op {
            Op::Greater | Op::GreaterEq => {
                let from = stable.partition_point(|number| !matches(number));
                (from, stable.len())
            }
            Op::Less | Op::LessEq => (0, stable.partition_point(matches)),
            // `=`, `^`, `~`: a run that starts at the version written.
            _ => {
                let floor = floor(comparator);
                let from = stable.partition_point(|number| {
                    self.get(*number).is_some_and(|found| triple(found) < floor)
                });
                let run = stable.get(from..).unwrap_or_default();
                let is_all = run.last().is_none_or(matches);
                let count = if is_all {
                    run.len()
                } else {
                    run.partition_point(matches)
                };
                (from, from.saturating_add(count))
            }
        }
    }

    /// The pre-releases that match. Only those of a version that a comparator names with a pre-release can.
    fn pre_releases(&self, requirement: &VersionReq) -> Vec<u32> {
        let mut found = Vec::new();
        for comparator in requirement.comparators() {
            if comparator.pre.is_empty() {
                continue;
            }
            let floor = floor(comparator);
            let from = self.all.partition_point(|version| triple(version) < floor);
            let run = (0..).zip(&self.all).skip(from);
            found.extend(
                run.take_while(|(_, version)| triple(version) == floor)
                    .filter(|(_, version)| !version.pre.is_empty() && requirement.matches(version))
                    .map(|(number, _)| number),
            );
        }
        found
    }
}

/// The set of these numbers, in as few runs as they make.
pub fn numbers(numbers: impl IntoIterator<Item = u32>) -> Ranges<u32> {
    let mut sorted: Vec<u32> = numbers.into_iter().collect();
    if !sorted.is_sorted() {
        sorted.sort_unstable();
    }
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in sorted {
        let past = number.saturating_add(1);
        match runs.last_mut() {
            Some((_, end)) if *end >= number => *end = past,
            _ => runs.push((number, past)),
        }
    }
    runs.into_iter()
        .map(|(from, past)| (Bound::Included(from), Bound::Excluded(past)))
        .collect()
}

/// The runs of a set below `len`, half open and ascending. None is empty.
pub(crate) fn runs_below(set: &Ranges<u32>, len: u32) -> impl Iterator<Item = (u32, u32)> {
    let runs = set.iter().map(move |(from, to)| {
        let from = match from {
            Bound::Included(from) => *from,
            Bound::Excluded(from) => from.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match to {
            Bound::Included(to) => to.saturating_add(1),
            Bound::Excluded(to) => *to,
            Bound::Unbounded => len,
        };
        (from.min(len), to.min(len))
    });
    runs.filter(|(from, to)| from < to)
}

/// A number as the index of an element in a slice.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn triple(version: &Version) -> (u64, u64, u64) {
    (version.major, version.minor, version.patch)
}

/// The least version without pre-release that the parts written allow.
fn floor(comparator: &Comparator) -> (u64, u64, u64) {
    let Comparator {
        major,
        minor,
        patch,
        ..
    } = comparator;
    (*major, minor.unwrap_or(0), patch.unwrap_or(0))
}
