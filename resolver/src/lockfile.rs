//! `warg.lock`: the closed sets, every digest, and the checkpoints they were solved at.
//!
//! A lockfile is canonical text: the writer is [`Lockfile`]'s `Display`, and the reader takes nothing that the writer
//! would not write, but for CRLF. It has no paths, URLs, aliases or times of writing, so the same solve gives the same
//! bytes everywhere. Reading shows that a lock is well formed and closed in itself. What else it says is a claim until
//! it is verified.
//!
//! Whether a lock is still good for the manifests is [`Lockfile::check`], which never solves: solving again with the
//! lock as preference is not a no-op.

mod change;
pub mod member_lock;
pub mod merge;
pub mod own;
mod reader;
mod stale;
mod writer;

use std::collections::{BTreeMap, BTreeSet};

use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{ExternName, Kind, Origin, PackageName};
use transparency::number::Index;
use transparency::requirement::Requirement;

use crate::closed_set::Provenance;
use crate::closure::{Claim, Flaw, Packages};
use crate::problem::{Options, Problem};
use crate::resolution::Resolution;
use transparency::selection::Selection;

pub use change::{Change, changes};
pub use reader::{MAX_LOCK, ReadError, ValueError, sides};
pub use stale::{Stale, Staleness};

/// The version of the format. Readers refuse any other.
pub const VERSION: u64 = 1;
/// The number of the solving algorithm: what gives other answers gets another number.
pub const SOLVER: u64 = 1;

/// How many versions of one package a lock may have. It has one of each track, so nobody needs that many. A requirement
/// is judged by all of them, so a stranger's lock could otherwise cost minutes.
pub const MAX_VERSIONS: usize = 1_000;

/// A whole `warg.lock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// The options solved under.
    pub options: Options,
    /// The number of the algorithm that solved it.
    pub solver: u64,
    /// The checkpoints solved at, by origin.
    pub registries: BTreeMap<Origin, Checkpoint>,
    /// What each member requires and got, by the cargo package's name.
    pub roots: BTreeMap<String, Root>,
    /// Everything that any member selects.
    pub packages: BTreeMap<Selection, LockedPackage>,
}

/// A member: what it requires, and its closed set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// What it requires, each with its registry.
    pub requires: BTreeSet<Requirement>,
    /// What was selected for it.
    pub selects: BTreeSet<Selection>,
    /// What preferences had fixed. Only a published lock has any.
    pub held: BTreeSet<Requirement>,
}

/// A package that is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its release. A local package has none.
    pub release: Option<LockedRelease>,
    /// What it requires, each with its registry.
    pub requires: BTreeSet<Requirement>,
}

/// Which release of which registry a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRelease {
    /// The registry that has the release.
    pub origin: Origin,
    /// The SHA-256 of its content.
    pub digest: Digest,
    /// The hash of the record that released it.
    pub record: Hash,
    /// The index of that record in the log.
    pub index: Index,
}

/// Why a resolution cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No index was given for a release.
    #[error("the index of `{selection}` in the log of `{origin}` is not known")]
    NoIndex {
        /// The release that has no index.
        selection: Selection,
        /// The registry that the package is from.
        origin: Origin,
    },
    /// One member selected a release, another a local package of the same name and version.
    #[error("`{selection}` is a local package for one member and a release for another")]
    TwoSources {
        /// The package that is locked.
        selection: Selection,
    },
    /// What is to be written contradicts itself.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

/// Where a lock contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    /// More versions of one package than [`MAX_VERSIONS`].
    #[error("it locks more than {MAX_VERSIONS} versions of `{kind} {name}`")]
    TooManyVersions {
        /// What the package holds.
        kind: Kind,
        /// The name of the package.
        name: PackageName,
    },
    /// A member selects what has no entry.
    #[error("`{root}` selects `{selection}`, which has no entry")]
    NoEntry {
        /// The name of the member.
        root: String,
        /// The selection without an entry.
        selection: Selection,
    },
    /// An entry that no member selects.
    #[error("nobody selects `{selection}`")]
    Unselected {
        /// The package of the entry.
        selection: Selection,
    },
    /// A member's closed set is none.
    #[error("the selection of `{root}`: {flaw}")]
    NotClosed {
        /// The name of the member.
        root: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A package is of a registry without an entry.
    #[error("`{selection}` is from `{origin}`, which has no entry")]
    NoRegistry {
        /// The package that is locked.
        selection: Selection,
        /// The registry that the package is from.
        origin: Origin,
    },
    /// A package is of another registry than the options say.
    #[error("`{selection}` is from `{origin}`, which is not the registry of its namespace")]
    OtherRegistry {
        /// The package that is locked.
        selection: Selection,
        /// The registry it is said to be from.
        origin: Origin,
    },
    /// A requirement names another registry than the options say.
    #[error("`{requirement}` is not of the registry of its namespace")]
    RequiredElsewhere {
        /// The requirement as the lock has it.
        requirement: Requirement,
    },
    /// A record's index lies beyond the checkpoint.
    #[error("`{selection}` is said to be entry {index} of a log of {size} entries", size = checkpoint.size)]
    Beyond {
        /// The package that is locked.
        selection: Selection,
        /// What the lock says is its index.
        index: Index,
        /// The checkpoint of its registry.
        checkpoint: Checkpoint,
    },
}

impl Lockfile {
    /// Writes down what was solved: at which checkpoints, and where the log holds each release.
    ///
    /// # Errors
    /// A release without index, a checkpoint that is missing, or a package with two sources.
    pub fn from_resolution(
        problem: &Problem,
        resolution: &Resolution,
        checkpoints: impl IntoIterator<Item = Checkpoint>,
        mut index_of: impl FnMut(&Origin, &Selection) -> Option<Index>,
    ) -> Result<Self, BuildError> {
        let origins = &problem.options.origins;
        let settle = |requirements: &BTreeSet<Requirement>| {
            let requirements = requirements.iter();
            requirements
                .map(|requirement| origins.settle(requirement))
                .collect()
        };
        let mut lockfile = Self {
            options: problem.options.clone(),
            solver: SOLVER,
            registries: checkpoints
                .into_iter()
                .map(|checkpoint| (checkpoint.origin.clone(), checkpoint))
                .collect(),
            roots: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        for (name, set) in &resolution.members {
            let mut root = Root {
                selects: set.packages.keys().cloned().collect(),
                ..Root::default()
            };
            if let Some(member) = problem.members.get(name) {
                let requirements = member.requirements.iter();
                root.requires = requirements.map(|root| root.settle(origins)).collect();
                root.held.clone_from(&member.held);
            }
            lockfile.roots.insert(name.clone(), root);
            for (selection, provenance) in &set.packages {
                let release = match provenance {
                    Provenance::Local(_) => None,
                    Provenance::Registry { origin, release } => Some(LockedRelease {
                        origin: origin.clone(),
                        digest: *release.digest(),
                        record: release.record(),
                        index: index_of(origin, selection).ok_or_else(|| BuildError::NoIndex {
                            selection: selection.clone(),
                            origin: origin.clone(),
                        })?,
                    }),
                };
                let package = LockedPackage {
                    release,
                    requires: settle(provenance.requirements()),
                };
                let before = lockfile.packages.get(selection);
                if before.is_some_and(|before| *before != package) {
                    return Err(BuildError::TwoSources {
                        selection: selection.clone(),
                    });
                }
                lockfile.packages.insert(selection.clone(), package);
            }
        }
        lockfile.check_consistency()?;
        Ok(lockfile)
    }

    /// The same lock at other checkpoints, if they cover all that it holds, and else as it is.
    #[must_use]
    pub fn at(self, mut checkpoints: BTreeMap<Origin, Checkpoint>) -> Self {
        checkpoints.retain(|origin, _| self.registries.contains_key(origin));
        let moved = Self {
            registries: checkpoints,
            ..self.clone()
        };
        match moved.check_consistency() {
            Ok(()) => moved,
            Err(_) => self,
        }
    }

    /// Judges the lock by itself. Every selection must have an entry, and every entry must be selected. What is selected
    /// and what is required must be of the registry that its name belongs to. Every closed set must be closed.
    ///
    /// # Errors
    /// The first contradiction that is found.
    pub fn check_consistency(&self) -> Result<(), Inconsistency> {
        self.check_versions()?;
        let nothing: BTreeSet<ExternName> = BTreeSet::new();
        let packages = Packages::new(self.packages.iter().map(|(selection, package)| {
            let claim = Claim {
                requirements: &package.requires,
                exports: None,
            };
            (selection, claim)
        }));
        let mut selected = vec![false; self.packages.len()];
        for (name, root) in &self.roots {
            let set =
                packages
                    .indices(&root.selects)
                    .map_err(|selection| Inconsistency::NoEntry {
                        root: name.clone(),
                        selection: selection.clone(),
                    })?;
            let roots = root.requires.iter();
            let roots = roots.map(|requirement| (requirement, &nothing));
            if let Some(flaw) = packages.check(roots, &set).into_iter().next() {
                return Err(Inconsistency::NotClosed {
                    root: name.clone(),
                    flaw,
                });
            }
            self.check_registries(&root.requires)?;
            for index in set {
                if let Some(selected) = selected.get_mut(index) {
                    *selected = true;
                }
            }
        }
        for ((selection, package), selected) in self.packages.iter().zip(selected) {
            if !selected {
                return Err(Inconsistency::Unselected {
                    selection: selection.clone(),
                });
            }
            self.check_registries(&package.requires)?;
            if let Some(release) = &package.release {
                self.check_release(selection, release)?;
            }
        }
        Ok(())
    }

    /// A requirement is judged by all versions of its package, so these are counted before anything else is judged.
    fn check_versions(&self) -> Result<(), Inconsistency> {
        // They ascend, so a package with too many has one that many positions further on.
        let further = self.packages.keys().skip(MAX_VERSIONS);
        let mut pairs = self.packages.keys().zip(further);
        match pairs.find(|(one, other)| (one.kind, &one.name) == (other.kind, &other.name)) {
            Some((one, _)) => Err(Inconsistency::TooManyVersions {
                kind: one.kind,
                name: one.name.clone(),
            }),
            None => Ok(()),
        }
    }

    /// What is required must be of the registry that its name belongs to, if it belongs to one. What a local package
    /// serves need not.
    fn check_registries(&self, requires: &BTreeSet<Requirement>) -> Result<(), Inconsistency> {
        let elsewhere = |one: &&Requirement| {
            let own = self.options.origins.of(&one.name);
            own.is_some() && one.origin.is_some() && one.origin.as_ref() != own
        };
        match requires.iter().find(elsewhere) {
            Some(requirement) => Err(Inconsistency::RequiredElsewhere {
                requirement: requirement.clone(),
            }),
            None => Ok(()),
        }
    }

    fn check_release(
        &self,
        selection: &Selection,
        release: &LockedRelease,
    ) -> Result<(), Inconsistency> {
        let LockedRelease { origin, index, .. } = release;
        if self.options.origins.of(&selection.name) != Some(origin) {
            return Err(Inconsistency::OtherRegistry {
                selection: selection.clone(),
                origin: origin.clone(),
            });
        }
        let checkpoint = self.registries.get(origin);
        let checkpoint = checkpoint.ok_or_else(|| Inconsistency::NoRegistry {
            selection: selection.clone(),
            origin: origin.clone(),
        })?;
        if checkpoint.size.holds(*index) {
            return Ok(());
        }
        Err(Inconsistency::Beyond {
            selection: selection.clone(),
            index: *index,
            checkpoint: checkpoint.clone(),
        })
    }

    /// Whether a text has the lines that this lock would be written with: then writing it changes nothing.
    pub fn has_lines_of(&self, text: &str) -> bool {
        text.ends_with('\n') && self.to_string().lines().eq(text.lines())
    }
}
