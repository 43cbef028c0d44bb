//! Adopting: what a lock takes from another machine's personal registry is released anew in this user's own.
//!
//! That is for a solve: another machine's registry cannot be asked for anything that was not locked. Versions and digests
//! stay as they are. Origin, record, index and checkpoint become those of this user's own, and the lock reads as if it had
//! been made with it.
//!
//! What gets into the user's own registry is what the other one's verified log vouches for, under the names that are
//! locked. A version that is there with other contents is never replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use resolver::lockfile::{LockedRelease, Lockfile};
use transparency::checkpoint::Checkpoint;
use transparency::name::{Kind, Origin};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Error, Result};
use crate::ops::lock::verify::{Whose, check};
use crate::ops::session::Sessions;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::is_personal;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use crate::ops::session::supply::Adopted;
use registry::client::LoadedPackage;

/// Locks, as if all that they take from personal registries were this user's own; and how many releases that took.
pub(in crate::ops) struct Rehomed {
    pub(in crate::ops) locks: Vec<Lockfile>,
    pub(in crate::ops) adopted: usize,
}

/// Adopts what some locks have of other machines; none where that is nothing.
///
/// # Errors
/// What does not lie with the project, or is not what its log vouches for; a version that this user's registry has with
/// other contents; whatever keeps that registry from being written.
pub(in crate::ops) fn adopt(
    locks: &[&Lockfile],
    sessions: &Sessions<'_>,
) -> Result<Option<Rehomed>> {
    let registries = sessions.registries();
    if !registries.has_personal() {
        return Ok(None);
    }
    let own = registries.own()?;
    let foreign = foreign(locks, registries, own);
    if foreign.is_empty() {
        return Ok(None);
    }
    let supply = sessions.supply().ok_or_else(|| {
        let message = "warg.lock is not up to date, and was made with the personal registry of another machine";
        Error::new(Class::Lock, message).with_help("run `cargo warg lock`, and commit what it changes")
    })?;
    let selections: BTreeSet<_> = foreign.iter().map(|(selection, _)| *selection).collect();
    let here = match own {
        Some(own) => Here::of(own, &selections)?.releases,
        None => BTreeMap::new(),
    };
    check_digests(&foreign, &here)?;
    let is_missing = |selection: &Selection| !here.contains_key(selection);
    let adopted = verified(locks, &foreign, is_missing, registries)?;
    let count = adopted.len();
    if count > 0 {
        supply.adopt(registries, adopted)?;
    }
    let own = registries.own()?.ok_or_else(|| {
        Error::new(
            Class::Other,
            "this user's personal registry was founded, and is not there",
        )
    })?;
    let here = Here::of(own, &selections)?;
    let locks = locks.iter().map(|lock| here.rehome(lock, registries));
    Ok(Some(Rehomed {
        locks: locks.collect(),
        adopted: count,
    }))
}

/// What is locked from other machines and Cargo.toml leaves open: each with its release.
fn foreign<'l>(
    locks: &[&'l Lockfile],
    registries: &Registries,
    own: Option<&Configured>,
) -> Vec<(&'l Selection, &'l LockedRelease)> {
    let packages = locks.iter().flat_map(|lock| &lock.packages);
    let releases = packages.filter_map(|(selection, package)| {
        let release = package.release.as_ref()?;
        let is_own = own.is_some_and(|own| *own.policy.origin() == release.origin);
        let is_foreign = is_personal(&release.origin) && !is_own;
        (is_foreign && registries.leaves_open(&selection.name.namespace()))
            .then_some((selection, release))
    });
    releases.collect()
}

/// Demands that a version has one content, here and wherever it was locked.
fn check_digests(
    foreign: &[(&Selection, &LockedRelease)],
    here: &BTreeMap<Selection, LockedRelease>,
) -> Result<()> {
    let mut known: BTreeMap<&Selection, &LockedRelease> = here.iter().collect();
    let mut differing = String::new();
    for (selection, release) in foreign {
        let first = *known.entry(selection).or_insert(release);
        if first.digest != release.digest {
            let LockedRelease { origin, digest, .. } = release;
            // Writing to a string cannot fail.
            let _ = write!(
                differing,
                "\n  {selection} is {digest} in `{origin}`, and {} in `{}`",
                first.digest, first.origin
            );
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "what is locked has other contents under the same version in another personal registry, and nothing of it was adopted{differing}"
    );
    Err(Error::new(Class::Refused, message).with_help(
        "find out which of them is what its author published: a version that was imported never changes. Restore warg.lock, or \
         require another version",
    ))
}

/// What is missing, each verified by the log of the registry that it was locked from.
fn verified(
    locks: &[&Lockfile],
    foreign: &[(&Selection, &LockedRelease)],
    is_missing: impl Fn(&Selection) -> bool,
    registries: &Registries,
) -> Result<Vec<Adopted>> {
    let mut found: BTreeMap<Selection, Adopted> = BTreeMap::new();
    let origins: BTreeSet<&Origin> = foreign.iter().map(|(_, one)| &one.origin).collect();
    for origin in origins {
        let namespaces = foreign.iter().map(|(one, _)| one.name.namespace());
        let table = registries.origins_with(origin, namespaces);
        for lock in locks {
            let part = part(lock, origin, |one| {
                is_missing(one) && !found.contains_key(one)
            });
            part.packages.iter().try_for_each(|(selection, package)| {
                check_derivable(selection, &package.requires)
            })?;
            if part.packages.is_empty() {
                continue;
            }
            let mut sessions = Sessions::new(registries, Reading::Now);
            let checked = check(
                &table,
                Whose::Workspace(registries.lock_file()),
                &part,
                &mut sessions,
                |_| true,
            )?;
            for (selection, content) in checked.contents {
                let adopted = Adopted {
                    selection: selection.clone(),
                    content,
                    from: origin.clone(),
                };
                found.insert(selection, adopted);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What a lock has from one registry.
fn part(lock: &Lockfile, origin: &Origin, of: impl Fn(&Selection) -> bool) -> Lockfile {
    let mut part = Lockfile::empty(lock.options.clone());
    let checkpoint = lock.registries.get(origin);
    part.registries
        .extend(checkpoint.map(|one| (origin.clone(), one.clone())));
    let packages = lock.packages.iter().filter(|(selection, package)| {
        let release = package.release.as_ref();
        release.is_some_and(|release| release.origin == *origin) && of(selection)
    });
    let packages = packages.map(|(selection, package)| (selection.clone(), package.clone()));
    part.packages.extend(packages);
    part
}

/// Demands that a release says nothing that its bytes do not: this user signs for the bytes, and not for what somebody wrote
/// beside them.
fn check_derivable(selection: &Selection, requires: &BTreeSet<Requirement>) -> Result<()> {
    if selection.kind == Kind::Wit || requires.is_empty() {
        return Ok(());
    }
    let requires: Vec<_> = requires.iter().map(ToString::to_string).collect();
    let message = format!(
        "{selection} cannot be adopted: its record requires {}, which its bytes do not say",
        requires.join(", ")
    );
    Err(Error::new(Class::Refused, message)
        .with_help("publish it in a registry of your team, and name that in Cargo.toml"))
}

/// What this user's own registry has of some packages.
struct Here {
    checkpoint: Checkpoint,
    releases: BTreeMap<Selection, LockedRelease>,
}

impl Here {
    fn of(own: &Configured, selections: &BTreeSet<&Selection>) -> Result<Self> {
        let names = selections.iter().map(|one| one.name.clone()).collect();
        let mut session = own.session(Reading::Now)?;
        let loaded = session.load(&names).map_err(|error| own.failure(error))?;
        let checkpoint = session.checkpoint().checkpoint().clone();
        let releases = selections.iter().filter_map(|selection| {
            let Some(LoadedPackage::Present(log)) = loaded.get(&selection.name) else {
                return None;
            };
            let release = log.log().release(&selection.version)?;
            let release = LockedRelease {
                origin: checkpoint.origin.clone(),
                digest: *release.digest(),
                record: release.record(),
                index: log.index_hint(release.position())?,
            };
            Some(((*selection).clone(), release))
        });
        Ok(Self {
            releases: releases.collect(),
            checkpoint,
        })
    }

    /// A lock, as if it had been made with this registry.
    fn rehome(&self, lock: &Lockfile, registries: &Registries) -> Lockfile {
        let mut lock = lock.clone();
        let own = &self.checkpoint.origin;
        let moves = |namespace: &_, origin: &Origin| {
            is_personal(origin) && registries.leaves_open(namespace)
        };
        let rehomed = |requires: &BTreeSet<Requirement>| {
            let requires = requires.iter().cloned().map(|mut one| {
                let from = one.origin.as_mut();
                if let Some(from) = from.filter(|from| moves(&one.name.namespace(), from)) {
                    from.clone_from(own);
                }
                one
            });
            requires.collect::<BTreeSet<_>>()
        };
        for (namespace, origin) in &mut lock.options.origins.namespaces {
            if moves(namespace, origin) {
                origin.clone_from(own);
            }
        }
        for root in lock.roots.values_mut() {
            root.requires = rehomed(&root.requires);
        }
        for (selection, package) in &mut lock.packages {
            package.requires = rehomed(&package.requires);
            let Some(release) = &mut package.release else {
                continue;
            };
            if moves(&selection.name.namespace(), &release.origin)
                && let Some(here) = self.releases.get(selection)
            {
                release.clone_from(here);
            }
        }
        let packages = lock.packages.values();
        let used: BTreeSet<_> = packages
            .filter_map(|package| Some(package.release.as_ref()?.origin.clone()))
            .collect();
        lock.registries
            .retain(|origin, _| !is_personal(origin) || used.contains(origin));
        if used.contains(own) {
            lock.registries.insert(own.clone(), self.checkpoint.clone());
        }
        lock
    }
}

/// Demands that a registry which a namespace moved to has what was locked from a personal one: the same version is the same
/// content.
///
/// # Errors
/// All that are not.
pub(in crate::ops) fn check_moved(old: &Lockfile, new: &Lockfile) -> Result<()> {
    let moved = old.packages.iter().filter_map(|(selection, package)| {
        let before = package.release.as_ref()?;
        let after = new.packages.get(selection)?.release.as_ref()?;
        let is_moved = is_personal(&before.origin) && before.origin != after.origin;
        (is_moved && before.digest != after.digest).then(|| {
            format!(
                "\n  {selection} was {} in `{}`, and is {} in `{}`",
                before.digest, before.origin, after.digest, after.origin
            )
        })
    });
    let moved: String = moved.collect();
    if moved.is_empty() {
        return Ok(());
    }
    let message = format!(
        "another registry has other contents under the versions that were locked from a personal one{moved}"
    );
    Err(Error::new(Class::Refused, message).with_help(
        "find out which of them is what its author published. If it is the new one, remove warg.lock, and run `cargo warg lock`",
    ))
}
