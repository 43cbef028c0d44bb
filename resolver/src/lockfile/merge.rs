//! What two branches locked, as one preference. The text may have git's conflict markers, or be put together line by
//! line into something that is no lock.
//!
//! Nothing that such a text says gets into a lock. It says which versions to try first: of each member, what either
//! side selected, of each track the greater version. It also says at which checkpoints, which the caller proves to be
//! pasts of what is trusted now. Where the greater versions make closed sets and the registries still have them, those
//! sets are the answer, at the larger checkpoint of each registry. Everything else is solved.
//!
//! Sides are never told apart. Merging theirs into ours gives what merging ours into theirs gives, and merging a lock
//! with itself gives that lock.

use std::collections::{BTreeMap, BTreeSet};

use transparency::checkpoint::Checkpoint;
use transparency::name::{Kind, Origin, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;

use super::reader::{ReadError, first_marker, read_draft, sides};
use super::{LockedPackage, Lockfile, Root, SOLVER};
use crate::closure::{Claim, Packages};
use crate::cutoff::Cutoff;
use crate::problem::{Mode, Options, Problem};
use crate::resolution::Resolution;
use transparency::selection::Selection;

/// Why a text cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// It has markers, and they are not in their order.
    #[error("its conflict markers are not in their order")]
    Markers {
        /// The line of the first marker.
        line: u64,
    },
    /// A side is not read even line by line.
    #[error("{side} cannot be read")]
    Side {
        /// Which side it is. Lines count without markers and without the other side.
        side: Side,
        /// What is wrong with it.
        source: ReadError,
    },
}

/// Which part of a merged text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the branch has that was merged into.
    Ours,
    /// What the merged branch has.
    Theirs,
    /// The whole: there are no markers.
    Whole,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ours => "our side",
            Self::Theirs => "their side",
            Self::Whole => "it",
        })
    }
}

/// What the sides of a merge locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    sides: Vec<Lockfile>,
}

impl Merge {
    /// Reads both sides of a text with conflict markers, or a text without them, whether or not it is canonical and
    /// closed. A side need not be what its branch had: git has put lines of the other into it, where it could.
    ///
    /// # Errors
    /// Markers are out of order, or a line of a side is not one of a lock.
    pub fn read(text: &str) -> Result<Self, MergeError> {
        let read =
            |side, text: &str| read_draft(text).map_err(|source| MergeError::Side { side, source });
        let sides = match (sides(text), first_marker(text)) {
            (Some((ours, theirs)), _) => {
                vec![read(Side::Ours, &ours)?, read(Side::Theirs, &theirs)?]
            }
            (None, Some(line)) => return Err(MergeError::Markers { line }),
            (None, None) => vec![read(Side::Whole, text)?],
        };
        Ok(Self { sides })
    }

    /// A merge of two locks that were read already.
    pub fn of(ours: Lockfile, theirs: Lockfile) -> Self {
        Self {
            sides: vec![ours, theirs],
        }
    }

    /// The same merge of other sides: each as it would be, had it been locked elsewhere.
    #[must_use]
    pub fn with_sides(sides: Vec<Lockfile>) -> Self {
        Self { sides }
    }

    /// The sides. None of them need be canonical or closed.
    pub fn sides(&self) -> &[Lockfile] {
        &self.sides
    }

    /// Whether there were two sides.
    pub fn has_sides(&self) -> bool {
        self.sides.len() > 1
    }

    /// What our side has, to tell what changed. It need not be canonical or closed.
    pub fn ours(&self) -> Option<&Lockfile> {
        self.sides.first()
    }

    /// Every checkpoint that a side was solved at: by registry, the smaller first, each once.
    pub fn checkpoints(&self) -> Vec<&Checkpoint> {
        let mut all: Vec<&Checkpoint> = self
            .sides
            .iter()
            .flat_map(|side| side.registries.values())
            .collect();
        all.sort_by_key(|one| (&one.origin, one.size, one.root));
        all.dedup();
        all
    }

    /// The larger checkpoint of each registry.
    pub fn latest(&self) -> BTreeMap<Origin, Checkpoint> {
        let ascending = self.checkpoints().into_iter();
        ascending
            .map(|one| (one.origin.clone(), one.clone()))
            .collect()
    }

    /// The problem, preferring what the sides selected. A member for which the greater versions make a closed set is to
    /// keep that set, where it still can.
    pub fn prefer(&self, problem: &Problem) -> Problem {
        let mut problem = problem.clone();
        // What was solved under another mode says nothing about this one.
        let sides: Vec<_> = self
            .sides
            .iter()
            .filter(|side| side.options.mode == problem.options.mode)
            .collect();
        let packages = packages(&sides);
        // What another algorithm solved is to be solved again.
        let is_current = |side: &Lockfile| side.solver == SOLVER;
        let can_keep = sides.len() == self.sides.len()
            && self.sides.iter().all(is_current)
            && !counts_spans(&problem.options);
        let own: Vec<_> = sides.iter().map(|side| side.own(&problem)).collect();
        for (side, own) in sides.iter().zip(&own) {
            problem.locked.extend(side.left_over(own).cloned());
        }
        let origins = &problem.options.origins;
        for (name, member) in &mut problem.members {
            let roots: Vec<&Root> = own
                .iter()
                .filter_map(|own| own.get(name).map(|own| own.root))
                .collect();
            let selects = roots.iter().flat_map(|root| &root.selects);
            let selected: BTreeSet<&Selection> = selects.collect();
            // A version whose entry the other side took out is not selected any more.
            let selected: BTreeSet<&Selection> = selected
                .into_iter()
                .filter(|selection| packages.contains_key(*selection))
                .collect();
            let greater = greater(&selected);
            let requirements = member.requirements.iter();
            let requirements: BTreeSet<Requirement> =
                requirements.map(|root| root.settle(origins)).collect();
            let is_release = |selection: &&Selection| {
                let package = packages.get(*selection);
                package.is_some_and(|package| package.release.is_some())
            };
            // What was a local package was no release: one that is gone makes none of its version good.
            let stands = |selection: &Selection| {
                let mut locals = member.locals.iter();
                is_release(&selection) || locals.any(|local| local.selection() == *selection)
            };
            let solved = |set: &BTreeSet<Selection>| {
                let mut roots = roots.iter();
                roots.any(|root| root.selects == *set && root.requires == requirements)
            };
            if can_keep
                && let Some((set, is_exact)) = closed_set(&requirements, &greater, &packages)
                && (is_exact || solved(&set))
                && set.iter().all(stands)
            {
                member.keep = true;
                member.selects = set;
                continue;
            }
            // Where the greater version will not do, the other is still better than a third. But the mode that takes
            // the lowest would take it first.
            let preferred = match problem.options.mode {
                Mode::Lowest => greater,
                Mode::Default | Mode::LowestDirect | Mode::Highest => selected,
            };
            member.selects = preferred.into_iter().filter(is_release).cloned().collect();
        }
        problem
    }
}

/// Whether every member kept the set that it was to keep: then nothing was solved.
pub fn is_kept(problem: &Problem, resolution: &Resolution) -> bool {
    problem.members.iter().all(|(name, member)| {
        let found = resolution.members.get(name);
        member.keep && found.is_some_and(|set| set.packages.keys().eq(member.selects.iter()))
    })
}

/// Whether a cut-off depends on the checkpoint: then a set that was good at one is not known to be good at another.
fn counts_spans(options: &Options) -> bool {
    let own = options.exclude_newer_package.values();
    let cutoffs = own.filter_map(|one| one.cutoff());
    cutoffs
        .chain(options.exclude_newer)
        .any(|cutoff| matches!(cutoff, Cutoff::Before(_)))
}

/// All entries of all sides. Of an entry that differs, the greater is taken.
fn packages<'l>(sides: &[&'l Lockfile]) -> BTreeMap<&'l Selection, &'l LockedPackage> {
    let mut packages: BTreeMap<&Selection, &LockedPackage> = BTreeMap::new();
    for (selection, package) in sides.iter().flat_map(|side| &side.packages) {
        let order = |package: &LockedPackage| {
            let release = package.release.as_ref();
            (
                release.map(|release| release.record),
                package.requires.clone(),
            )
        };
        let slot = packages.entry(selection).or_insert(package);
        if order(package) > order(slot) {
            *slot = package;
        }
    }
    packages
}

/// Of each track the greatest version.
fn greater<'l>(selected: &BTreeSet<&'l Selection>) -> BTreeSet<&'l Selection> {
    let mut greatest: BTreeMap<(Kind, &PackageName, Track), &Selection> = BTreeMap::new();
    for selection in selected {
        // They ascend, so the last of a track is its greatest.
        let track = Track::of(&selection.version);
        greatest.insert((selection.kind, &selection.name, track), selection);
    }
    greatest.into_values().collect()
}

/// What of some packages a member needs, where these make a closed set, and whether each requirement is met just once.
/// Where one is met by several tracks, only a solve knows whether it takes all of them.
fn closed_set(
    requirements: &BTreeSet<Requirement>,
    from: &BTreeSet<&Selection>,
    packages: &BTreeMap<&Selection, &LockedPackage>,
) -> Option<(BTreeSet<Selection>, bool)> {
    let mut set: BTreeSet<&Selection> = BTreeSet::new();
    let mut is_exact = true;
    let mut ahead: Vec<&Requirement> = requirements.iter().collect();
    while let Some(requirement) = ahead.pop() {
        let meets = |selection: &&&Selection| {
            selection.kind == requirement.kind
                && selection.name == requirement.name
                && requirement.req.matches(&selection.version)
        };
        for (position, selection) in from.iter().filter(meets).enumerate() {
            is_exact &= position == 0;
            if set.insert(selection)
                && let Some(package) = packages.get(*selection)
            {
                ahead.extend(&package.requires);
            }
        }
    }
    let nothing = BTreeSet::new();
    let packages = Packages::new(set.iter().filter_map(|selection| {
        let claim = Claim {
            requirements: &packages.get(*selection)?.requires,
            exports: None,
        };
        Some((*selection, claim))
    }));
    let all: Vec<usize> = (0..set.len()).collect();
    let roots = requirements.iter();
    let flaws = packages.check(roots.map(|requirement| (requirement, &nothing)), &all);
    let set = set.into_iter().cloned().collect();
    flaws.is_empty().then_some((set, is_exact))
}
