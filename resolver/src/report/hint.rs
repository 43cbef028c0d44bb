//! Which single change to the member's own pins would make it solvable.
//!
//! Nothing is reasoned here: each change is tried by solving again, the nearest version first, and only as often as a
//! person waits.

use std::collections::BTreeSet;
use std::fmt;

use semver::Version;
use transparency::name::{ExternName, PackageName};
use transparency::release::Requirement;
use transparency::version::{Track, VersionReq};

use crate::graph::MemberGraph;
use crate::preference::Preferences;
use crate::problem::RootRequirement;
use crate::resolution::is_solvable;
use crate::scope::Source;

/// How many other pins are tried to find one that works. Each costs a solve, and a person waits.
pub const MAX_TRIES: u32 = 200;

/// A change that makes the member solvable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Another version in a pin.
    Pin {
        /// Where the pin is written.
        location: Option<String>,
        /// The package.
        name: PackageName,
        /// What the pin says.
        pinned: Version,
        /// What would work.
        works: Version,
    },
    /// Another version of an interface that a component is to export.
    Export {
        /// Where the interface is named.
        location: Option<String>,
        /// What is asked for.
        asked: ExternName,
        /// What would work.
        works: ExternName,
    },
}

/// Everything of a requirement's package that a member could be offered, ascending.
fn sources<'a>(graph: &MemberGraph<'a>, requirement: &Requirement) -> Vec<Source<'a>> {
    let scope = graph.scope();
    let (kind, name) = (requirement.kind, &requirement.name);
    let locals = scope.member.locals.iter();
    let mut found: Vec<Source<'a>> = locals
        .filter(|local| local.kind == kind && local.name == *name)
        .map(Source::Local)
        .collect();
    let shadowed: BTreeSet<Track> = found
        .iter()
        .map(|source| Track::of(source.version()))
        .collect();
    let package = scope
        .address(None, requirement)
        .ok()
        .and_then(|address| scope.index.package(&address));
    if let Some(package) = package.filter(|package| package.kind() == kind) {
        let releases = package.releases().into_iter();
        found.extend(
            releases
                .filter(|release| !shadowed.contains(&Track::of(&release.version)))
                .map(|release| Source::Registry(package, release)),
        );
    }
    found.sort_by(|a, b| a.version().cmp(b.version()));
    found
}

pub(super) fn existing(graph: &MemberGraph<'_>, requirement: &Requirement) -> Vec<Version> {
    let sources = sources(graph, requirement).into_iter();
    sources.map(|source| source.version().clone()).collect()
}

/// Which single change to a pin that the conflict speaks of would make the member solvable, nearest version first.
pub(super) fn hints(
    graph: &MemberGraph<'_>,
    roots: &BTreeSet<&RootRequirement>,
    preferences: &Preferences,
) -> Vec<Hint> {
    let mut tries = 0;
    let mut hints: Vec<Hint> = Vec::new();
    for root in roots {
        let hint = if root.exports.is_empty() {
            pin_hint(graph, root, preferences, &mut tries)
        } else {
            export_hint(graph, root, preferences, &mut tries)
        };
        hints.extend(hint.filter(|hint| !hints.contains(hint)));
    }
    hints
}

/// Whether the member could be solved if each of its requirements that `is_meant` were `changed` so.
fn works(
    graph: &MemberGraph<'_>,
    preferences: &Preferences,
    tries: &mut u32,
    change: impl Fn(&RootRequirement) -> Option<RootRequirement>,
) -> bool {
    *tries = tries.saturating_add(1);
    let changed: Vec<RootRequirement> = graph
        .roots()
        .iter()
        .map(|root| change(root).unwrap_or_else(|| (*root).clone()))
        .collect();
    is_solvable(graph.scope(), &changed, preferences)
}

/// Places of a sorted list, those nearest to `middle` first and the higher of two equally near.
fn nearest_first(len: usize, middle: usize) -> impl Iterator<Item = usize> {
    (0..=len).flat_map(move |distance| {
        let above = middle.checked_add(distance).filter(|place| *place < len);
        let below = middle
            .checked_sub(distance)
            .and_then(|place| place.checked_sub(1));
        [above, below].into_iter().flatten()
    })
}

fn pin_hint(
    graph: &MemberGraph<'_>,
    root: &RootRequirement,
    preferences: &Preferences,
    tries: &mut u32,
) -> Option<Hint> {
    let pinned = root.requirement.req.pinned()?;
    let sources = sources(graph, &root.requirement);
    let middle = sources.partition_point(|source| *source.version() < pinned);
    for place in nearest_first(sources.len(), middle) {
        let source = *sources.get(place)?;
        let version = source.version();
        let is_other = !root.requirement.req.matches(version);
        let usable = graph.scope().exclusion(source, preferences).is_none();
        if !is_other || !usable {
            continue;
        }
        if *tries >= MAX_TRIES {
            return None;
        }
        let repinned = works(graph, preferences, tries, |other| {
            let same = other.requirement.kind == root.requirement.kind
                && other.requirement.name == root.requirement.name
                && other.requirement.req == root.requirement.req;
            same.then(|| {
                let mut other = other.clone();
                other.requirement.req = VersionReq::exact(version);
                other
            })
        });
        if repinned {
            return Some(Hint::Pin {
                location: root.location.clone(),
                name: root.requirement.name.clone(),
                pinned,
                works: version.clone(),
            });
        }
    }
    None
}

fn export_hint(
    graph: &MemberGraph<'_>,
    root: &RootRequirement,
    preferences: &Preferences,
    tries: &mut u32,
) -> Option<Hint> {
    let sources = sources(graph, &root.requirement);
    for asked in &root.exports {
        let interface = asked.interface()?;
        let mut others: Vec<(&Version, &ExternName)> = Vec::new();
        let mut offered: Vec<(Version, &ExternName)> = Vec::new();
        for source in sources.iter().rev() {
            if !root.requirement.req.matches(source.version()) {
                continue;
            }
            for export in source.exports() {
                let Some(found) = export.interface() else {
                    continue;
                };
                if let Some(version) = found.version
                    && found.package == interface.package
                    && found.interface == interface.interface
                    && export != asked
                {
                    offered.push((version, export));
                }
            }
        }
        offered.sort();
        offered.dedup();
        others.extend(offered.iter().map(|(version, export)| (version, *export)));
        let middle = interface.version.as_ref().map_or(0, |version| {
            others.partition_point(|(other, _)| *other < version)
        });
        for place in nearest_first(others.len(), middle) {
            let (_, export) = *others.get(place)?;
            if *tries >= MAX_TRIES {
                return None;
            }
            let works = works(graph, preferences, tries, |other| {
                (other == root).then(|| {
                    let mut other = other.clone();
                    other.exports.remove(asked);
                    other.exports.insert(export.clone());
                    other
                })
            });
            if works {
                return Some(Hint::Export {
                    location: root.location.clone(),
                    asked: asked.clone(),
                    works: export.clone(),
                });
            }
        }
    }
    None
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin {
                location,
                name,
                pinned,
                works,
            } => {
                if let Some(location) = location {
                    write!(f, "{location}: ")?;
                }
                write!(f, "with {name} {works} instead of {pinned} it would work")
            }
            Self::Export {
                location,
                asked,
                works,
            } => {
                if let Some(location) = location {
                    write!(f, "{location}: ")?;
                }
                write!(f, "with {works} instead of {asked} it would work")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_the_higher_of_two() {
        let order: Vec<usize> = nearest_first(5, 2).collect();
        assert_eq!(order, [2, 1, 3, 0, 4]);
    }
}
