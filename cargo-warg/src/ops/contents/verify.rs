//! Every claim of `warg.lock`, checked again from bytes.
//!
//! Four things are checked. The lock is what the workspace asks for. Its claims hold against the registries as they are
//! trusted now: see [`lock::verify`]. `fetch` can write `wit/deps` by it. What `fetch` wrote
//! there, if it did, is what follows from the lock.
//!
//! A release that was yanked since the lock was made, and a registry that fell silent, are warnings, until the caller
//! denies them.

use std::collections::BTreeMap;

use resolver::lockfile::{LockedPackage, Lockfile};
use semver::Version;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Class, Error, OrFail as _, Result};
use crate::notice::Notice;
use crate::ops::contents::fetch;
use crate::ops::lock;
use crate::ops::lock::deny::Asked;
use crate::ops::lock::held_by::{HeldBy, held_by_in_lock};
use crate::ops::lock::verify::Checked;
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;
use crate::wit::deps::compare;
use component::wit::deps::Difference;

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
    /// What the user should know, and did not deny.
    pub notices: Vec<Notice>,
    /// What failed, the gravest last.
    pub failures: Vec<Error>,
}

impl Verified {
    /// How many of the packages lie in folders: nothing vouches for these.
    pub fn locals(&self) -> usize {
        let packages = self.packages.iter();
        packages.filter(|(_, one)| one.release.is_none()).count()
    }
}

/// Checks every claim of the lock again, and what `fetch` wrote, if it did. What does not depend on a failed check is
/// checked all the same.
pub fn verify(project: &Project, asked: &Asked) -> Verified {
    let mut verified = Verified {
        notices: project.notices.clone(),
        ..Verified::default()
    };
    let mut sessions = Sessions::new(&project.registries, Reading::checking(asked.offline));
    let mut held = BTreeMap::new();
    let checked = check(project, &mut sessions, &mut verified, &mut held);
    verified.proved = sessions.proved();
    if let Err(error) = checked {
        verified.failures.push(error);
    }
    let notices = &mut verified.notices;
    notices.extend(asked.silence(&verified.proved));
    let denied = asked.denied("warg.lock", notices, Some(&held));
    verified.failures.extend(denied);
    let gravity = |error: &Error| error.class().gravity();
    verified.failures.sort_by_key(gravity);
    verified
}

/// Checks it, and finds out what holds those of its yanked releases that nothing else can take the place of.
fn check(
    project: &Project,
    sessions: &mut Sessions<'_>,
    verified: &mut Verified,
    held: &mut BTreeMap<Selection, Vec<HeldBy>>,
) -> Result<()> {
    let lock = lock::read_existing(project)?;
    lock::check_current(&lock, project)?;
    verified.members = lock.roots.len();
    verified.packages = lock.packages.clone().into_iter().collect();
    let checked = fetch::check(project, &lock, sessions)?;
    verified.contents = checked.count;
    check_deps(project, &lock, &checked, verified);
    match verified.locals() {
        0 => {}
        packages => verified.notices.push(Notice::Unvouched { packages }),
    }
    let yanked = checked.yanked.iter().filter_map(Notice::yanked);
    held.extend(yanked.filter_map(|release| {
        let by = held_by(project, &lock, sessions, release)?;
        Some((release.clone(), by))
    }));
    verified.notices.extend(checked.yanked);
    verified.notices.extend(project.unused_patches(&lock));
    Ok(())
}

/// What requires a locked package so that no usable release will do instead. It is empty where no release of the package
/// can be used at all. None where another one will do.
fn held_by(
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
