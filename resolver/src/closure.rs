//! Whether a closed set is one: judged from requirements alone, whoever found it.
//!
//! The solver's answers, kept selections and locks are all held against this, and so is what a stranger claims.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use semver::{BuildMetadata, Version};
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Requirement;
use transparency::version::Track;

use crate::problem::Member;
use crate::resolution::{ClosedSet, Selection};

/// What is wrong with a closed set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Nothing in it meets a requirement.
    Unsatisfied {
        /// Who requires it; none where the member itself does.
        by: Option<Selection>,
        /// What is required.
        requirement: Requirement,
    },
    /// Two versions of one track.
    TwoOfOneTrack {
        /// One.
        one: Selection,
        /// The other.
        other: Selection,
    },
    /// Nothing in it requires the package.
    Unneeded {
        /// The package.
        selection: Selection,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfied {
                by: None,
                requirement,
            } => write!(f, "nothing selected meets `{requirement}`"),
            Self::Unsatisfied {
                by: Some(by),
                requirement,
            } => write!(
                f,
                "nothing selected meets `{requirement}`, which `{by}` requires"
            ),
            Self::TwoOfOneTrack { one, other } => {
                write!(f, "`{one}` and `{other}` are of one track")
            }
            Self::Unneeded { selection } => {
                write!(f, "nothing selected requires `{selection}`")
            }
        }
    }
}

/// A package of a closed set, as far as the check needs it.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// What it requires.
    pub requirements: &'a BTreeSet<Requirement>,
    /// What it exports, where this is known.
    pub exports: Option<&'a BTreeSet<ExternName>>,
}

/// Packages of which closed sets are made, and which of them meets which requirement.
///
/// It judges from requirements alone, and knows nothing of how a set was found. A lock's members share one.
#[derive(Debug)]
pub struct Claims<'a> {
    /// Ascending by selection; a package's place is its number here.
    packages: Vec<(&'a Selection, Claim<'a>)>,
    /// For each package, its requirements, and the places of all versions of what each one names. Which of them meet it is
    /// asked again each time: a stranger's lock may have thousands of both.
    required: Vec<Vec<(&'a Requirement, Range<usize>)>>,
}

impl<'a> Claims<'a> {
    /// Takes the packages in ascending order, as maps hold them.
    pub fn new(packages: impl IntoIterator<Item = (&'a Selection, Claim<'a>)>) -> Self {
        let mut claims = Self {
            packages: packages.into_iter().collect(),
            required: Vec::new(),
        };
        let required = claims.packages.iter().map(|(_, claim)| {
            let requirements = claim.requirements.iter();
            requirements
                .map(|requirement| (requirement, claims.versions(requirement)))
                .collect()
        });
        claims.required = required.collect();
        claims
    }

    /// The places of all versions of the package that a requirement names.
    fn versions(&self, requirement: &Requirement) -> Range<usize> {
        let key = (requirement.kind, &requirement.name);
        let key_of = |selection: &'a Selection| (selection.kind, &selection.name);
        let from = self
            .packages
            .partition_point(|(selection, _)| key_of(selection) < key);
        let to = self
            .packages
            .partition_point(|(selection, _)| key_of(selection) <= key);
        from..to
    }

    /// Those of them that meet it and have the exports asked for, as far as theirs are known.
    fn meeting(
        &self,
        requirement: &Requirement,
        versions: Range<usize>,
        exports: Option<&BTreeSet<ExternName>>,
    ) -> impl Iterator<Item = usize> {
        let exporting = move |claim: &Claim<'_>| match (exports, claim.exports) {
            (Some(asked), Some(found)) => asked.is_subset(found),
            (None, _) | (_, None) => true,
        };
        versions.filter(move |place| {
            self.packages.get(*place).is_some_and(|(selection, claim)| {
                requirement.req.matches(&selection.version) && exporting(claim)
            })
        })
    }

    /// The places of a closed set's packages.
    ///
    /// # Errors
    /// The first that is none of these.
    pub fn places<'s>(&self, set: &'s BTreeSet<Selection>) -> Result<Vec<usize>, &'s Selection> {
        let mut ahead = self.packages.iter().map(|(found, _)| *found).enumerate();
        // Both ascend, so one walk finds all.
        set.iter()
            .map(|selection| {
                ahead
                    .find(|(_, found)| *found >= selection)
                    .filter(|(_, found)| *found == selection)
                    .map(|(place, _)| place)
                    .ok_or(selection)
            })
            .collect()
    }

    /// Judges a closed set, given by ascending places: every requirement met, one version per track, and nothing that
    /// is not needed.
    ///
    /// Each root comes with the exports that it asks for; they are checked where a claim has its exports.
    pub fn check<'r>(
        &self,
        roots: impl IntoIterator<Item = (&'r Requirement, &'r BTreeSet<ExternName>)>,
        set: &[usize],
    ) -> Vec<Flaw> {
        let roots: Vec<_> = roots.into_iter().collect();
        let mut flaws = self.check_tracks(&roots, set);
        let mut chosen = vec![false; self.packages.len()];
        for place in set {
            if let Some(chosen) = chosen.get_mut(*place) {
                *chosen = true;
            }
        }
        let is_chosen = |place: usize| chosen.get(place).copied().unwrap_or(false);
        let mut needed = vec![false; self.packages.len()];
        // What is still to be met, and by whom it is required.
        let roots = roots.iter().map(|(requirement, exports)| {
            let versions = self.versions(requirement);
            (None, *requirement, versions, Some(*exports))
        });
        let mut ahead: Vec<_> = roots.collect();
        while let Some((by, requirement, versions, exports)) = ahead.pop() {
            let mut is_met = false;
            let met = self.meeting(requirement, versions, exports);
            for place in met.filter(|place| is_chosen(*place)) {
                is_met = true;
                let Some(needed) = needed.get_mut(place).filter(|needed| !**needed) else {
                    continue;
                };
                *needed = true;
                let by = self.packages.get(place).map(|(selection, _)| *selection);
                let required = self.required.get(place).into_iter().flatten();
                ahead.extend(
                    required
                        .map(|(requirement, versions)| (by, *requirement, versions.clone(), None)),
                );
            }
            if !is_met {
                flaws.push(Flaw::Unsatisfied {
                    by: by.cloned(),
                    requirement: requirement.clone(),
                });
            }
        }
        for (place, (selection, _)) in self.packages.iter().enumerate() {
            if is_chosen(place) && !needed.get(place).copied().unwrap_or(false) {
                flaws.push(Flaw::Unneeded {
                    selection: (*selection).clone(),
                });
            }
        }
        flaws.sort();
        flaws
    }

    /// Each package's versions against the first of their track. WIT that the member pins to one version each may be of
    /// one track: its worlds are apart.
    fn check_tracks(
        &self,
        roots: &[(&Requirement, &BTreeSet<ExternName>)],
        set: &[usize],
    ) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let mut firsts = BTreeMap::new();
        let pins = roots.iter().filter(|(one, _)| one.kind == Kind::Wit);
        let pins = pins.filter_map(|(one, _)| Some((&one.name, one.req.pinned()?)));
        let pins: BTreeSet<(&PackageName, Version)> = pins.collect();
        let is_pinned = |selection: &Selection| {
            let version = Version {
                build: BuildMetadata::EMPTY,
                ..selection.version.clone()
            };
            selection.kind == Kind::Wit && pins.contains(&(&selection.name, version))
        };
        for (selection, _) in set.iter().filter_map(|place| self.packages.get(*place)) {
            let key = (
                selection.kind,
                &selection.name,
                Track::of(&selection.version),
            );
            match firsts.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(*selection);
                }
                Entry::Occupied(entry) if is_pinned(entry.get()) && is_pinned(selection) => {}
                Entry::Occupied(entry) => flaws.push(Flaw::TwoOfOneTrack {
                    one: (*entry.get()).clone(),
                    other: (*selection).clone(),
                }),
            }
        }
        flaws
    }
}

/// Judges one closed set of which every package is part; see [`Claims::check`].
pub fn check_closed_set<'a>(
    roots: impl IntoIterator<Item = (&'a Requirement, &'a BTreeSet<ExternName>)>,
    set: &BTreeMap<&'a Selection, Claim<'a>>,
) -> Vec<Flaw> {
    let claims = Claims::new(set.iter().map(|(selection, claim)| (*selection, *claim)));
    let all: Vec<usize> = (0..set.len()).collect();
    claims.check(roots, &all)
}

/// Judges a member's closed set against what the member requires now.
pub fn check_member(member: &Member, set: &ClosedSet) -> Vec<Flaw> {
    let roots = member.requirements.iter();
    let claims = set.packages.iter().map(|(selection, provenance)| {
        let claim = Claim {
            requirements: provenance.requirements(),
            exports: provenance.exports(),
        };
        (selection, claim)
    });
    check_closed_set(
        roots.map(|root| (&root.requirement, &root.exports)),
        &claims.collect(),
    )
}
