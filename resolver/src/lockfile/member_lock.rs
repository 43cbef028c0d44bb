//! The lock of one member, as a release carries it: enough to solve it again, from nothing.
//!
//! What a workspace locks depends on its past: what was locked before is preferred, by each member also what others
//! had. A stranger has no past. So a published lock states as `held` what a solve without preferences would answer
//! otherwise. With these versions held, its requirements, options and checkpoints have exactly one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::VersionReq;

use super::{Lockfile, Root, SOLVER};
use crate::problem::{Member, Options, Problem, RootRequirement};
use crate::resolution::Resolution;
use transparency::selection::Selection;

impl Lockfile {
    /// The lock where nobody requires anything.
    pub fn empty(options: Options) -> Self {
        Self {
            options,
            solver: SOLVER,
            registries: BTreeMap::new(),
            roots: BTreeMap::new(),
            packages: BTreeMap::new(),
        }
    }

    /// The lock of a root that requires nothing.
    pub fn of_nothing(root: &str, options: Options) -> Self {
        Self {
            roots: [(root.to_owned(), Root::default())].into(),
            ..Self::empty(options)
        }
    }

    /// The part of the lock that is about one member. None where the lock has no such member.
    pub fn member_lock(&self, member: &str) -> Option<Self> {
        let root = self.roots.get(member)?;
        let packages: BTreeMap<_, _> = self
            .packages
            .iter()
            .filter(|(selection, _)| root.selects.contains(selection))
            .map(|(selection, package)| (selection.clone(), package.clone()))
            .collect();
        let releases = packages.values().filter_map(|one| one.release.as_ref());
        let origins: BTreeSet<_> = releases.map(|release| &release.origin).collect();
        let registries = self.registries.iter();
        let registries = registries.filter(|(origin, _)| origins.contains(origin));
        Some(Self {
            options: self.options.clone(),
            solver: self.solver,
            registries: registries
                .map(|(origin, checkpoint)| (origin.clone(), checkpoint.clone()))
                .collect(),
            roots: [(member.to_owned(), root.clone())].into(),
            packages,
        })
    }

    /// The root of a lock that has only one, with its name.
    pub fn only_root(&self) -> Option<(&str, &Root)> {
        let mut roots = self.roots.iter();
        match (roots.next(), roots.next()) {
            (Some((name, root)), None) => Some((name, root)),
            _ => None,
        }
    }

    /// The same lock with other versions held, for every root.
    #[must_use]
    pub fn holding(mut self, held: &BTreeSet<Requirement>) -> Self {
        for root in self.roots.values_mut() {
            root.held.clone_from(held);
        }
        self
    }

    /// What this lock says was solved, without anything to prefer. Of local packages, which are nobody else's, it knows
    /// nothing.
    pub fn problem(&self) -> Problem {
        let member = |root: &Root| Member {
            requirements: root.requires.iter().map(RootRequirement::of_lock).collect(),
            held: root.held.clone(),
            ..Member::default()
        };
        let roots = self.roots.iter();
        Problem {
            options: self.options.clone(),
            members: roots
                .map(|(name, root)| (name.clone(), member(root)))
                .collect(),
            ..Problem::default()
        }
    }
}

impl Root {
    /// The first that is held besides the versions that are selected. None where there is nothing of that kind.
    pub fn held_besides(&self) -> Option<&Requirement> {
        let selected: BTreeSet<_> = self.selects.iter().map(pin).collect();
        self.held.iter().find(|held| !selected.contains(held))
    }
}

/// Finds what a lock of one root must hold so that solving it gives its closed set. At first that is what is yanked, since
/// only what is locked may be. Then it is each time what the solve did not select of the locked versions. The locked set
/// stays a solution, so each solve has one.
///
/// None where even so the solve gives something else: the lock is no answer to what it says it answers, or one of its
/// requirements spans tracks, and which of them it got cannot be held.
///
/// # Errors
/// What `solve` says.
pub fn hold<E>(
    lock: Lockfile,
    is_yanked: impl Fn(&Selection) -> bool,
    mut solve: impl FnMut(&Problem) -> Result<Resolution, E>,
) -> Result<Option<Lockfile>, E> {
    let Some((name, root)) = lock.only_root() else {
        return Ok(None);
    };
    let (name, root) = (name.to_owned(), root.clone());
    let yanked = root.selects.iter().filter(|one| is_yanked(one));
    let mut held: BTreeSet<_> = yanked.map(pin).collect();
    let mut lock = lock.holding(&held);
    loop {
        let resolution = solve(&lock.problem())?;
        let solved: BTreeSet<&Selection> = match resolution.members.get(&name) {
            Some(set) => set.packages.keys().collect(),
            None => BTreeSet::new(),
        };
        let locked = root.selects.iter().collect();
        if solved == locked {
            return Ok(Some(lock));
        }
        let before = held.len();
        let missed = root.selects.iter().filter(|one| !solved.contains(one));
        held.extend(missed.map(pin));
        if held.len() == before {
            return Ok(None);
        }
        lock = lock.holding(&held);
    }
}

fn pin(selection: &Selection) -> Requirement {
    let Selection {
        kind,
        name,
        version,
    } = selection;
    Requirement::new(*kind, name.clone(), VersionReq::exact(version))
}

/// Where a lock that was solved again differs from the one that was published: the first thing that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Another version of a package, or only one of the two has it.
    Selects {
        /// What the package holds.
        kind: Kind,
        /// The name of the package.
        name: PackageName,
        /// The versions in the published lock.
        published: Vec<Version>,
        /// The versions that solving gives.
        solved: Vec<Version>,
    },
    /// The same closed set, written otherwise.
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// The line in the published lock. None past its end.
        published: Option<String>,
        /// The line that solving gives. None past the end.
        solved: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selects {
                kind,
                name,
                published,
                solved,
            } => {
                let versions = |versions: &[Version]| match versions {
                    [] => "does not have it".to_owned(),
                    versions => {
                        let texts: Vec<_> = versions.iter().map(ToString::to_string).collect();
                        format!("has {}", texts.join(" and "))
                    }
                };
                write!(
                    f,
                    "{kind} {name}: the published lock {}, and solving again {}",
                    versions(published),
                    versions(solved)
                )
            }
            Self::Line {
                line,
                published,
                solved,
            } => {
                let text = |line: &Option<String>| match line {
                    Some(line) => format!("`{line}`"),
                    None => "nothing more".to_owned(),
                };
                write!(
                    f,
                    "line {line}: the published lock says {}, and solving again {}",
                    text(published),
                    text(solved)
                )
            }
        }
    }
}

/// Compares a published lock with what solving again gives. None where both are the same bytes.
pub fn difference(published: &Lockfile, solved: &Lockfile) -> Option<Difference> {
    let selects = |lock: &Lockfile| -> BTreeSet<Selection> {
        let roots = lock.roots.values();
        roots
            .flat_map(|root| root.selects.iter().cloned())
            .collect()
    };
    let (ours, theirs) = (selects(published), selects(solved));
    if let Some(first) = ours.symmetric_difference(&theirs).next() {
        let versions = |set: &BTreeSet<Selection>| {
            let same = |one: &&Selection| one.kind == first.kind && one.name == first.name;
            set.iter()
                .filter(same)
                .map(|one| one.version.clone())
                .collect()
        };
        return Some(Difference::Selects {
            kind: first.kind,
            name: first.name.clone(),
            published: versions(&ours),
            solved: versions(&theirs),
        });
    }
    let (published, solved) = (published.to_string(), solved.to_string());
    let (mut ours, mut theirs) = (published.lines(), solved.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => {
                return Some(Difference::Line {
                    line,
                    published: one.map(ToOwned::to_owned),
                    solved: other.map(ToOwned::to_owned),
                });
            }
        }
    }
}
