//! Whether a lock is still good for the manifests, and if not, why, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use transparency::name::{Kind, Namespace, Origin, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;

use super::{LockedPackage, Lockfile, Root, SOLVER};
use crate::beside::contradiction;
use crate::cutoff::{Cutoff, ExcludeNewer};
use crate::problem::{Local, Member, Mode, Options, Problem, RootRequirement};
use transparency::selection::Selection;

/// All reasons why a lock is stale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lock is not up to date ({} reasons)", .0.len())]
pub struct Staleness(pub Vec<Stale>);

/// One reason why a lock is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// Solved under another resolution mode.
    Mode {
        /// The mode that the lock was solved with.
        locked: Mode,
        /// The mode that is asked for now.
        now: Mode,
    },
    /// Solved with another `exclude-newer`.
    ExcludeNewer {
        /// The cut-off that the lock was solved with.
        locked: Option<Cutoff>,
        /// The cut-off that is asked for now.
        now: Option<Cutoff>,
    },
    /// Solved with another `exclude-newer` of a package.
    ExcludeNewerPackage {
        /// The package that the cut-off is for.
        name: PackageName,
        /// The cut-off in the lock. None where the package has none of its own.
        locked: Option<ExcludeNewer>,
        /// The cut-off asked for now. None where the package has none of its own.
        now: Option<ExcludeNewer>,
    },
    /// Solved by another algorithm.
    Solver {
        /// The number of the algorithm that the lock was solved with.
        locked: u64,
    },
    /// The default registry is another.
    DefaultOrigin {
        /// The default registry that the lock was solved with.
        locked: Option<Origin>,
        /// The default registry that is configured now.
        now: Option<Origin>,
    },
    /// A namespace belongs to another registry.
    Namespace {
        /// The namespace that moved.
        namespace: Namespace,
        /// Its registry in the lock. None where the lock does not name the namespace.
        locked: Option<Origin>,
        /// Its registry by the configuration. None where it has none of its own.
        now: Option<Origin>,
    },
    /// A member that the lock does not know.
    MemberAdded {
        /// The name of the member.
        member: String,
    },
    /// A member of the lock that is none any more.
    MemberRemoved {
        /// The name of the member.
        member: String,
    },
    /// A requirement that the lock does not have.
    RequirementAdded {
        /// The name of the member.
        member: String,
        /// What the member requires now.
        requirement: Requirement,
    },
    /// A requirement of the lock that is none any more.
    RequirementRemoved {
        /// The name of the member.
        member: String,
        /// What the member no longer requires.
        requirement: Requirement,
    },
    /// A package is required otherwise than the lock has it.
    RequirementChanged {
        /// The name of the member.
        member: String,
        /// The requirement in the lock.
        locked: Requirement,
        /// The requirement of the manifest or text now.
        now: Requirement,
    },
    /// A manifest names a version, and a text a higher one of its track: the lock has both as versions that texts name.
    NotOfTexts {
        /// The name of the member.
        member: String,
        /// What the manifest requires.
        requirement: Requirement,
    },
    /// Other versions are held.
    Held {
        /// The name of the member.
        member: String,
    },
    /// A local package now replaces a release.
    LocalAppeared {
        /// The name of the member.
        member: String,
        /// The version that is locked.
        selection: Selection,
        /// The local package's version.
        version: Version,
    },
    /// A local package is not there any more, or has another version.
    LocalGone {
        /// The name of the member.
        member: String,
        /// The version that is locked.
        selection: Selection,
    },
    /// A local package requires something else.
    LocalChanged {
        /// The name of the member.
        member: String,
        /// The local package that changed.
        selection: Selection,
    },
}

impl Stale {
    /// Whether it is an option of the lock, which flags of one run could have given.
    pub fn is_option(&self) -> bool {
        matches!(
            self,
            Self::Mode { .. } | Self::ExcludeNewer { .. } | Self::ExcludeNewerPackage { .. }
        )
    }
}

impl Lockfile {
    /// Compares the lock with what is asked for now: options, members, their requirements, their local packages.
    ///
    /// A lock that was read is closed in itself, so one that agrees with all this satisfies it. Nothing is solved and
    /// nothing verified.
    ///
    /// # Errors
    /// All reasons why it is stale.
    pub fn check(&self, problem: &Problem) -> Result<(), Staleness> {
        let mut stale = self.check_options(&problem.options);
        let names: BTreeSet<&String> = self.roots.keys().chain(problem.members.keys()).collect();
        for name in names {
            match (self.roots.get(name), problem.members.get(name)) {
                (Some(root), Some(member)) => {
                    check_requirements(name, root, member, problem, &mut stale);
                    stale.extend(self.stale_locals(name, root, member, problem));
                }
                (None, Some(_)) => stale.push(Stale::MemberAdded {
                    member: name.clone(),
                }),
                (_, None) => stale.push(Stale::MemberRemoved {
                    member: name.clone(),
                }),
            }
        }
        if stale.is_empty() {
            Ok(())
        } else {
            Err(Staleness(stale))
        }
    }

    fn check_options(&self, now: &Options) -> Vec<Stale> {
        let locked = &self.options;
        let mut stale = Vec::new();
        if locked.mode != now.mode {
            stale.push(Stale::Mode {
                locked: locked.mode,
                now: now.mode,
            });
        }
        if locked.exclude_newer != now.exclude_newer {
            stale.push(Stale::ExcludeNewer {
                locked: locked.exclude_newer,
                now: now.exclude_newer,
            });
        }
        let (before, after) = (&locked.exclude_newer_package, &now.exclude_newer_package);
        let names: BTreeSet<&PackageName> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (locked, now) = (before.get(name), after.get(name));
            if locked != now {
                stale.push(Stale::ExcludeNewerPackage {
                    name: name.clone(),
                    locked: locked.copied(),
                    now: now.copied(),
                });
            }
        }
        if self.solver != SOLVER {
            stale.push(Stale::Solver {
                locked: self.solver,
            });
        }
        if locked.origins.default != now.origins.default {
            stale.push(Stale::DefaultOrigin {
                locked: locked.origins.default.clone(),
                now: now.origins.default.clone(),
            });
        }
        let (before, after) = (&locked.origins.namespaces, &now.origins.namespaces);
        let namespaces: BTreeSet<&Namespace> = before.keys().chain(after.keys()).collect();
        for namespace in namespaces {
            let (locked, now) = (before.get(namespace), after.get(namespace));
            if locked != now {
                stale.push(Stale::Namespace {
                    namespace: namespace.clone(),
                    locked: locked.cloned(),
                    now: now.cloned(),
                });
            }
        }
        stale
    }

    /// Whether something requires a package in a way that both the locked version and a local one meet, in another track:
    /// solving takes the local one for that.
    fn spans(&self, root: &Root, selection: &Selection, local: &Version) -> bool {
        let packages = root.selects.iter().filter_map(|one| self.packages.get(one));
        let requirements = packages.flat_map(|package| &package.requires);
        root.requires.iter().chain(requirements).any(|requirement| {
            requirement.kind == selection.kind
                && requirement.name == selection.name
                && requirement.req.track().is_none()
                && requirement.req.matches(local)
                && requirement.req.matches(&selection.version)
        })
    }

    /// What is stale of a member because of its local packages.
    pub(super) fn stale_locals(
        &self,
        name: &str,
        root: &Root,
        member: &Member,
        problem: &Problem,
    ) -> Vec<Stale> {
        let mut stale = Vec::new();
        let is_release = |package: &LockedPackage| package.release.is_some();
        if member.locals.is_empty() && self.packages.values().all(is_release) {
            return stale;
        }
        let mut locals: BTreeMap<(Kind, &PackageName), Vec<&Local>> = BTreeMap::new();
        for local in &member.locals {
            locals
                .entry((local.kind, &local.name))
                .or_default()
                .push(local);
        }
        for selection in &root.selects {
            let Some(package) = self.packages.get(selection) else {
                continue;
            };
            let found = locals.get(&(selection.kind, &selection.name));
            let found = found.map_or(&[][..], Vec::as_slice);
            let member = name.to_owned();
            let same = found
                .iter()
                .find(|local| local.version == selection.version);
            let track = Track::of(&selection.version);
            let stands_in = |local: &&&Local| {
                Track::of(&local.version) == track
                    || (!root.selects.contains(&local.selection())
                        && self.spans(root, selection, &local.version))
            };
            let of_track = found.iter().find(stands_in);
            match (package.release.is_some(), same, of_track) {
                (true, _, Some(local)) => stale.push(Stale::LocalAppeared {
                    member,
                    selection: selection.clone(),
                    version: local.version.clone(),
                }),
                (false, None, _) => stale.push(Stale::LocalGone {
                    member,
                    selection: selection.clone(),
                }),
                (false, Some(local), _) => {
                    let requirements = local.requirements.iter();
                    let origins = &problem.options.origins;
                    let requires = requirements.map(|requirement| origins.settle(requirement));
                    if !requires.eq(package.requires.iter().cloned()) {
                        stale.push(Stale::LocalChanged {
                            member,
                            selection: selection.clone(),
                        });
                    }
                }
                (true, _, None) => {}
            }
        }
        stale
    }
}

fn check_requirements(
    name: &str,
    root: &Root,
    member: &Member,
    problem: &Problem,
    stale: &mut Vec<Stale>,
) {
    let requirements = member.requirements.iter();
    let origins = &problem.options.origins;
    let now: BTreeSet<Requirement> = requirements.map(|root| root.settle(origins)).collect();
    let mut removed: Vec<&Requirement> = root.requires.difference(&now).collect();
    for requirement in now.difference(&root.requires) {
        let is_same = |locked: &&Requirement| {
            locked.kind == requirement.kind && locked.name == requirement.name
        };
        let member = name.to_owned();
        stale.push(match removed.iter().position(is_same) {
            Some(position) => Stale::RequirementChanged {
                member,
                locked: removed.remove(position).clone(),
                now: requirement.clone(),
            },
            None => Stale::RequirementAdded {
                member,
                requirement: requirement.clone(),
            },
        });
    }
    stale.extend(
        removed
            .into_iter()
            .map(|requirement| Stale::RequirementRemoved {
                member: name.to_owned(),
                requirement: requirement.clone(),
            }),
    );
    if let Some(RootRequirement { requirement, .. }) = contradiction(member) {
        stale.push(Stale::NotOfTexts {
            member: name.to_owned(),
            requirement: requirement.clone(),
        });
    }
    if root.held != member.held {
        stale.push(Stale::Held {
            member: name.to_owned(),
        });
    }
}

fn or_none<T: fmt::Display>(value: Option<&T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"))
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode { locked, now } => write!(
                f,
                "the lock was solved with resolution `{locked}`, and `{now}` is asked for"
            ),
            Self::ExcludeNewer { locked, now } => write!(
                f,
                "the `exclude-newer` of the lock is {}, and {} is asked for",
                or_none(locked.as_ref()),
                or_none(now.as_ref())
            ),
            Self::ExcludeNewerPackage { name, locked, now } => write!(
                f,
                "the `exclude-newer` of `{name}` in the lock is {}, and {} is asked for",
                or_none(locked.as_ref()),
                or_none(now.as_ref())
            ),
            Self::Solver { locked } => write!(
                f,
                "the lock was solved by algorithm {locked}, and this cargo warg solves by {SOLVER}"
            ),
            Self::DefaultOrigin { locked, now } => write!(
                f,
                "the default registry of the lock is {}, and {} is configured",
                or_none(locked.as_ref()),
                or_none(now.as_ref())
            ),
            Self::Namespace {
                namespace,
                locked,
                now,
            } => write!(
                f,
                "the registry of the namespace `{namespace}` in the lock is {}, and {} is configured",
                or_none(locked.as_ref()),
                or_none(now.as_ref())
            ),
            Self::MemberAdded { member } => write!(f, "the member `{member}` is not in the lock"),
            Self::MemberRemoved { member } => {
                write!(
                    f,
                    "the lock has `{member}`, which is no member, or requires nothing any more"
                )
            }
            Self::RequirementAdded {
                member,
                requirement,
            } => write!(
                f,
                "`{member}` requires `{requirement}`, which is not in the lock"
            ),
            Self::RequirementRemoved {
                member,
                requirement,
            } => write!(
                f,
                "the lock has `{requirement}`, which `{member}` does not require"
            ),
            Self::RequirementChanged {
                member,
                locked,
                now,
            } => write!(
                f,
                "`{member}` requires `{now}`, and the lock has `{locked}`"
            ),
            Self::NotOfTexts {
                member,
                requirement,
            } => write!(
                f,
                "the manifest of `{member}` requires `{requirement}` for all of its worlds, and the lock has it for one"
            ),
            Self::Held { member } => {
                write!(
                    f,
                    "the versions held for `{member}` are not those of the lock"
                )
            }
            Self::LocalAppeared {
                member,
                selection,
                version,
            } => write!(
                f,
                "`{member}` has {} {version} as a local package, and the lock has the release `{selection}`",
                selection.name
            ),
            Self::LocalGone { member, selection } => write!(
                f,
                "the lock has `{selection}` as a local package of `{member}`, and it is not there"
            ),
            Self::LocalChanged { member, selection } => write!(
                f,
                "the local package `{selection}` of `{member}` does not require what the lock says"
            ),
        }
    }
}
