//! Every claim of `warg.lock`, checked again from bytes.
//!
//! Four things are checked. The lock is what the workspace asks for. Its claims hold against the registries as they are
//! trusted now: see [`lock::verify`]. `fetch` can write `wit/deps` by it. What `fetch` wrote
//! there, if it did, is what follows from the lock.
//!
//! A release that was yanked since the lock was made, and a registry that fell silent, are warnings, until the caller
//! denies them.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::{LockedPackage, Lockfile};
use semver::Version;
use transparency::number::Time;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Class, Error, OrFail as _, Result};
use crate::ops::contents::fetch;
use crate::ops::lock;
use crate::ops::lock::held_by::{HeldBy, held_by_in_lock};
use crate::ops::lock::verify::{Checked, Yanked};
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;
use crate::ops::session::proved::Proved;
use crate::ops::session::registries::Reading;
use crate::wit::deps::compare;
use component::wit::deps::Difference;

/// A warning that is to be an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deny {
    /// A locked release was yanked.
    Yanked,
    /// A registry's newest checkpoint is older than its operator promised.
    Silent,
    /// Anything else that there would be a warning of.
    Other,
}

/// How verifying went: what was shown until it ended, and why it failed, if it did.
#[derive(Default)]
pub struct Verified {
    /// Members whose manifests and `wit/` the lock is up to date with.
    pub members: usize,
    /// The packages of the lock, once it is known to be up to date.
    pub packages: Vec<(Selection, LockedPackage)>,
    /// How many contents were checked.
    pub contents: usize,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// Files below `wit/deps` that say what they should.
    pub files: usize,
    /// What was yanked since, and not denied.
    pub yanked: Vec<Yanked>,
    /// What keeps the project on each of them, where something does: requirements that allow no usable release. With an
    /// empty list, no release can be used at all.
    pub held_by: BTreeMap<Selection, Vec<HeldBy>>,
    /// Other things that the user should know.
    pub warnings: Vec<String>,
    /// What failed, the gravest last.
    pub failures: Vec<Error>,
}

impl Verified {
    /// How many of the packages lie in folders: nothing vouches for these.
    pub fn locals(&self) -> usize {
        let packages = self.packages.iter();
        packages.filter(|(_, one)| one.release.is_none()).count()
    }

    /// All that the user should know.
    pub fn all_warnings(&self) -> impl Iterator<Item = String> {
        let yanked = self.yanked.iter().map(ToString::to_string);
        yanked.chain(self.warnings.iter().cloned())
    }
}

/// What verifying depends on beside the project.
pub struct Asked {
    /// Nothing is read but what this machine keeps.
    pub offline: bool,
    /// The warnings that are errors.
    pub deny: BTreeSet<Deny>,
    /// The time of this machine: how old a checkpoint is follows from it.
    pub now: Time,
}

/// Checks every claim of the lock again, and what `fetch` wrote, if it did. What does not depend on a failed check is
/// checked all the same.
pub fn verify(project: &Project, asked: &Asked) -> Verified {
    let mut verified = Verified::default();
    let mut sessions = Sessions::new(&project.registries, Reading::checking(asked.offline));
    let checked = check(project, &mut sessions, &mut verified);
    verified.proved = sessions.proved();
    if let Err(error) = checked {
        verified.failures.push(error);
    }
    weigh(asked, &mut verified);
    let gravity = |error: &Error| error.class().gravity();
    verified.failures.sort_by_key(gravity);
    verified
}

fn check(project: &Project, sessions: &mut Sessions<'_>, verified: &mut Verified) -> Result<()> {
    let lock = lock::read_existing(project)?;
    lock::check_current(&lock, project)?;
    verified.members = lock.roots.len();
    verified.packages = lock.packages.clone().into_iter().collect();
    let checked = fetch::check(project, &lock, sessions)?;
    verified.contents = checked.count;
    check_deps(project, &lock, &checked, verified);
    verified.yanked = checked.yanked;
    let held = verified.yanked.iter().filter_map(|one| {
        let by = held(project, &lock, sessions, &one.selection)?;
        Some((one.selection.clone(), by))
    });
    verified.held_by = held.collect();
    Ok(())
}

/// What requires a locked package so that no usable release will do instead. It is empty where no release of the package
/// can be used at all. None where another one will do.
fn held(
    project: &Project,
    lock: &Lockfile,
    sessions: &Sessions<'_>,
    locked: &Selection,
) -> Option<Vec<HeldBy>> {
    let problem = &project.problem;
    let usable = sessions.usable(&locked.name, &problem.options);
    let versions: Vec<_> = usable.into_iter().map(Release::version).collect();
    let Some(newest) = versions.iter().max() else {
        return Some(Vec::new());
    };
    let mut found = Vec::new();
    let roots = lock.roots.iter();
    for (member, _) in roots.filter(|(_, root)| root.selects.contains(locked)) {
        let held = |version: &Version| {
            let mut held = held_by_in_lock(problem, member, locked, version, lock);
            held.retain(|by| *by != HeldBy::Lowest);
            held
        };
        if !versions.iter().any(|version| held(version).is_empty()) {
            for by in held(newest) {
                if !found.contains(&by) {
                    found.push(by); // members that share a requirement say it once
                }
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// What is locked for each member can be written by `fetch`, and what it wrote is what follows from the lock.
fn check_deps(project: &Project, lock: &Lockfile, checked: &Checked, verified: &mut Verified) {
    for (member, root) in fetch::writable(project, lock) {
        let Some(wit) = project.roots.get(member) else {
            continue;
        };
        let compared = fetch::plan_of(project, member, root, checked).and_then(|plan| {
            if wit.fetched().is_empty() {
                return Ok(0);
            }
            let differences = compare(wit, &plan).or_fail(Class::Refused, || {
                format!("cannot read what `cargo warg fetch` wrote for `{member}`")
            })?;
            if differences.is_empty() {
                return Ok(plan.keep.len() + plan.write.len());
            }
            Err(different(member, &differences))
        });
        match compared {
            Ok(files) => verified.files += files,
            Err(error) => verified.failures.push(error),
        }
    }
}

/// What was edited is to be looked at. What is behind is nobody's doing: the lock went on, and `fetch` did not.
fn different(member: &str, differences: &[Difference]) -> Error {
    let is_behind = differences.iter().all(Difference::is_behind);
    let how = if is_behind {
        "is behind"
    } else {
        "is not what follows from"
    };
    let mut message = format!("what `cargo warg fetch` wrote for `{member}` {how} warg.lock");
    for difference in differences {
        message.push_str("\n  ");
        message.push_str(&difference.to_string());
    }
    if is_behind {
        return Error::new(Class::Lock, message).with_help("run `cargo warg fetch`");
    }
    Error::new(Class::Refused, message)
        .with_help("`cargo warg fetch` writes it anew; folders of your own belong beside it, without its last line")
}

/// Makes errors of what is denied, and warnings of the rest.
fn weigh(asked: &Asked, verified: &mut Verified) {
    let silent = silent(&verified.proved, asked);
    if asked.deny.contains(&Deny::Yanked) && !verified.yanked.is_empty() {
        let yanked = std::mem::take(&mut verified.yanked);
        verified
            .failures
            .push(denied_yanked(&yanked, &verified.held_by));
    }
    if !asked.deny.contains(&Deny::Silent) {
        verified.warnings.extend(silent);
    } else if !silent.is_empty() {
        verified.failures.push(denied_silent(&silent));
    }
    if asked.deny.contains(&Deny::Other) && !verified.warnings.is_empty() {
        let warnings = std::mem::take(&mut verified.warnings);
        verified
            .failures
            .push(denied("warg.lock", "warnings", "warnings", &warnings));
    }
}

/// The registries that could not be asked, or say nothing new for longer than their operators promised, as sentences.
pub fn silent(proved: &[Proved], asked: &Asked) -> Vec<String> {
    let silent = proved.iter().filter_map(|one| silence(one, asked));
    silent.collect()
}

/// The failure where that is denied.
pub fn denied_silent(silent: &[String]) -> Error {
    let message = format!("{}, and `--deny silent` was given", silent.join("; "));
    Error::new(Class::Unavailable, message).with_help(
        "read a registry that is up to date; what was yanked or withdrawn since cannot be known",
    )
}

/// The failure where something is denied of what no file here can mend.
pub fn denied(this: &str, what: &str, flag: &str, all: &[String]) -> Error {
    let lines = format!("\n  {}", all.join("\n  "));
    let message = format!("{this} has {what}, and `--deny {flag}` was given{lines}");
    Error::new(Class::Lock, message)
}

/// That a registry could not be asked, or says nothing new for longer than its operator promised. Offline, that is this
/// machine's doing.
fn silence(proved: &Proved, asked: &Asked) -> Option<String> {
    if let Some(silence) = proved.silence() {
        return Some(silence);
    }
    let (age, refresh) = (proved.age(asked.now), proved.refresh?);
    (age > refresh && !asked.offline).then(|| {
        format!(
            "the newest checkpoint of `{}` is of {}, and its operator promised one every {refresh} seconds",
            proved.checkpoint.origin, proved.time
        )
    })
}

/// The lock has to move: nobody lied, and trying again changes nothing.
fn denied_yanked(yanked: &[Yanked], held: &BTreeMap<Selection, Vec<HeldBy>>) -> Error {
    let lines = yanked.iter().map(|one| format!("\n  {one}"));
    let lines: String = lines.collect();
    let message = format!("warg.lock has yanked releases, and `--deny yanked` was given{lines}");
    let locations = yanked.iter().filter_map(|one| one.location.clone());
    let mut error = locations.fold(Error::new(Class::Lock, message), Error::at);
    let movable = yanked
        .iter()
        .filter(|one| !held.contains_key(&one.selection));
    let names: BTreeSet<_> = movable.map(|one| one.selection.name.to_string()).collect();
    if !names.is_empty() {
        let names = names.into_iter().collect::<Vec<_>>().join(" ");
        error = error.with_help(format!(
            "run `cargo warg update {names}`, and commit what it changes"
        ));
    }
    for (Selection { name, version, .. }, by) in held {
        if by.is_empty() {
            error = error.with_help(format!(
                "no other release of {name} can be used: ask its publisher for one, or require another package"
            ));
            continue;
        }
        let by: Vec<_> = by.iter().map(ToString::to_string).collect();
        error = error.with_help(format!(
            "{name} {version} is held by {}: change that, then run `cargo warg update {name}`",
            by.join(" and ")
        ));
    }
    error
}
