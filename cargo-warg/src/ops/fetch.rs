//! Bringing what is locked to this machine, and writing `wit/deps`.
//!
//! What is locked is checked as `verify` checks it, and with the contents the evidence is kept: so `verify --offline`
//! works afterwards. `wit/deps` gets the WIT packages of each member's closed set, and the WIT of what its component
//! dependencies export.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::{Lockfile, Root as LockedRoot};
use resolver::resolution::Selection;
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use transparency::release::Requirement;

use super::claims::{self, Checked, Whose};
use super::lock::{self, Flags, Outcome};
use super::project::Project;
use super::registries::Reading;
use super::solve::{Proved, Sessions};
use crate::error::{Class, Classified as _, Error, Result};
use crate::wit::deps::{Plan, Selected, apply, plan};

/// What fetching did.
pub struct Fetched {
    /// What became of the lock on the way.
    pub lock: Outcome,
    /// How many contents are there and checked.
    pub contents: usize,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// Files below `wit/deps` that were written, by member.
    pub written: BTreeMap<String, usize>,
    /// Files below `wit/deps` that were removed, by member.
    pub removed: BTreeMap<String, usize>,
    /// Things that the user should know.
    pub warnings: Vec<String>,
}

/// Fetches what is locked; locks first where the lock is missing or stale, unless nothing may change.
///
/// # Errors
/// Whatever locking or checking says; contents that make no sound `wit/deps`; files that cannot be written.
pub fn fetch(project: &Project, packages: &[String], flags: Flags) -> Result<Fetched> {
    // What is to be locked first is solved at what the registry has now, as `lock` does, whatever lies with the project.
    let reading = if lock::is_current(project) {
        Reading::using(flags.offline)
    } else {
        Reading::now(flags.offline)
    };
    let mut sessions = Sessions::new(&project.registries, reading);
    let outcome = lock::lock(project, &mut sessions, packages, flags)?;
    let mut fetched = Fetched {
        contents: 0,
        proved: Vec::new(),
        written: BTreeMap::new(),
        removed: BTreeMap::new(),
        warnings: Vec::new(),
        lock: outcome,
    };
    let Some(lock) = &fetched.lock.lock else {
        return Ok(fetched);
    };
    let checked = check(project, lock, &mut sessions)?;
    let mut plans = Vec::new();
    for (member, root) in selected_roots(lock, packages) {
        plans.push((member, plan_of(project, member, root, &checked)?));
    }
    // All plans are sound before the first file is written.
    for (member, plan) in &plans {
        apply(plan).classified()?;
        fetched.written.insert((*member).clone(), plan.write.len());
        fetched.removed.insert((*member).clone(), plan.remove.len());
    }
    fetched.contents = checked.count;
    fetched.proved = sessions.proved();
    fetched.warnings = sessions.silent();
    fetched.warnings.extend(checked.warnings());
    Ok(fetched)
}

/// The contents that WIT is made of are kept; all are checked.
pub(super) fn check(
    project: &Project,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
) -> Result<Checked> {
    let direct: BTreeSet<(Kind, PackageName)> = lock
        .roots
        .values()
        .flat_map(|root| &root.requires)
        .map(|requirement| (requirement.kind, requirement.name.clone()))
        .collect();
    claims::check(
        Whose::Workspace,
        lock,
        &project.registries,
        sessions,
        |selection| {
            selection.kind == Kind::Wit
                || direct.contains(&(selection.kind, selection.name.clone()))
        },
    )
}

fn selected_roots<'l>(
    lock: &'l Lockfile,
    packages: &'l [String],
) -> impl Iterator<Item = (&'l String, &'l LockedRoot)> {
    let roots = lock.roots.iter();
    roots.filter(move |(member, _)| packages.is_empty() || packages.contains(member))
}

/// What a member's `wit/deps` is to hold.
pub(super) fn plan_of(
    project: &Project,
    member: &str,
    root: &LockedRoot,
    checked: &Checked,
) -> Result<Plan> {
    let wit = project
        .roots
        .get(member)
        .ok_or_else(|| Error::new(Class::Lock, format!("`{member}` is no member any more")))?;
    let is_wit = |selection: &Selection| selection.kind == Kind::Wit;
    let is_component = |selection: &Selection| {
        let required = |one: &Requirement| {
            one.kind == selection.kind
                && one.name == selection.name
                && one.req.matches(&selection.version)
        };
        selection.kind == Kind::Component && root.requires.iter().any(required)
    };
    let packages = contents(project, root, checked, is_wit);
    let components = contents(project, root, checked, is_component);
    plan(wit, &packages, &components)
        .classified()
        .map_err(|error| error.context(format!("wit/deps of `{member}` cannot be made")))
}

/// Some of a member's closed set, with their contents: fetched ones, and those that lie in a folder.
fn contents<'c>(
    project: &'c Project,
    root: &'c LockedRoot,
    checked: &'c Checked,
    of: impl Fn(&Selection) -> bool,
) -> Vec<Selected<'c>> {
    let selects = root.selects.iter().filter(|selection| of(selection));
    let found = selects.filter_map(|selection| {
        let (digest, bytes) = if let Some(content) = checked.contents.get(selection) {
            (content.digest(), content.bytes())
        } else {
            let bytes = project.local_contents.get(selection)?;
            (Digest::of(bytes), bytes.as_slice())
        };
        Some(Selected {
            name: &selection.name,
            version: &selection.version,
            digest,
            bytes,
        })
    });
    found.collect()
}
