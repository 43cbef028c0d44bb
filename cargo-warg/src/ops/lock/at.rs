//! The lock as it would have been solved at a past checkpoint, and where it may be written.
//!
//! A lock never goes back: one whose checkpoints are later than those asked for stays, and the answer is written elsewhere.
//! Nor does such a lock say what to prefer: it was not there then. So what comes out is what `lock` wrote at that time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use resolver::lockfile::{Lockfile, changes};
use transparency::checkpoint::Checkpoint;
use transparency::name::Origin;
use transparency::number::Size;

use crate::error::{Class, Error, Result};
use crate::ops::lock::verify::Text;
use crate::ops::lock::{Outcome, Put, build, check_pasts, check_replaced, load_known, unchanged};
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, same_file};
use crate::ops::session::registries::Registries;
use crate::output;

/// A size that the log of a registry had: of the one that is named, or of the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What Cargo.toml calls the registry.
    pub alias: Option<String>,
    /// The size.
    pub size: Size,
}

/// The sizes of registries, by origin.
///
/// # Errors
/// A registry that Cargo.toml does not have, is named twice, or would have to be named.
pub fn sizes(registries: &Registries, pasts: &[Past]) -> Result<BTreeMap<Origin, Size>> {
    let mut sizes = BTreeMap::new();
    for Past { alias, size } in pasts {
        let registry = match alias {
            Some(alias) => registries.of_alias(alias)?,
            None => registries.only().ok_or_else(|| {
                let message = format!("`--at {size}` does not say of which registry");
                let help = registries
                    .aliases()
                    .map(|alias| format!("`--at {alias}={size}`"));
                let help = help.collect::<Vec<_>>().join(" or ");
                let error = Error::new(Class::Usage, message);
                if help.is_empty() {
                    return error.with_help(
                        "no registry is configured: Cargo.toml has none to ask for its past",
                    );
                }
                error.with_help(format!("write {help}"))
            })?,
        };
        let origin = registry.policy.origin().clone();
        if let Some(other) = sizes.insert(origin, *size) {
            let alias = &registry.alias;
            let message = format!("`--at` asks for registry `{alias}` at {other} and at {size}");
            return Err(Error::new(Class::Usage, message)
                .with_help("a lock has one checkpoint of each registry: run the command twice"));
        }
    }
    Ok(sizes)
}

/// Makes the lock what the workspace would have asked for at a past; `sessions` are of that past, at `sizes`.
///
/// # Errors
/// A lock that does not read, or, where it is to be written over, is later; no solution; a registry that cannot be read or
/// believed, or had no checkpoint of such a size.
pub fn lock_at(
    project: &Project,
    sessions: &mut Sessions<'_>,
    sizes: &BTreeMap<Origin, Size>,
    packages: &[String],
    put: Put,
) -> Result<Outcome> {
    solve_at(project, sessions, sizes, packages, put).map_err(|error| {
        if sessions.is_offline() && error.class() == Class::Unavailable {
            error.with_help("or run it once without `--offline`: what it reads of the past is kept")
        } else {
            error
        }
    })
}

fn solve_at(
    project: &Project,
    sessions: &mut Sessions<'_>,
    sizes: &BTreeMap<Origin, Size>,
    packages: &[String],
    put: Put,
) -> Result<Outcome> {
    let old = project.workspace.lock_file().lock()?;
    if old.is_none() && project.problem.members.is_empty() {
        return Ok(unchanged(None));
    }
    let later = old.as_deref().and_then(|old| later(old, sizes));
    if let (Some((later, size)), Put::Workspace) = (later, put) {
        let message = format!(
            "{} was solved at size {} of `{}`, and a lock never goes back to {size}",
            project.workspace.lock_path().display(),
            later.size,
            later.origin
        );
        return Err(Error::new(Class::Usage, message).with_help(
            "`-o FILE` writes what would have been locked then to another file, and `-o -` to stdout",
        ));
    }
    sessions.open_all()?;
    let preferred = old.as_ref().filter(|_| later.is_none());
    if let Some(old) = preferred {
        check_pasts(old, project, sessions)?;
        let is_at = |one: &Checkpoint| sizes.get(&one.origin).is_none_or(|size| one.size == *size);
        if old.check(&project.problem).is_ok() && old.registries.values().all(is_at) {
            return Ok(unchanged(Some(Arc::clone(old))));
        }
        load_known(&[old], Text::Whole, project, sessions)?;
    }
    let problem = project.problem_after(preferred.map(Arc::as_ref), packages, sessions.origins());
    let resolution = sessions.solve(&problem)?;
    let mut notices = sessions.yanked(&resolution);
    notices.extend(sessions.lost_since(&resolution));
    notices.extend(sessions.refused());
    let new = Arc::new(build(&problem, &resolution, sessions)?);
    if let Some(old) = preferred {
        check_replaced(old, &new, project, sessions)?;
    }
    let written = put.write(project, &new)?;
    let outcome = Outcome {
        changes: changes(old.as_deref(), &new),
        lock: Some(new),
        written,
        proved: sessions.proved(),
        adopted: 0,
        notices,
    };
    Ok(outcome.with_notices_of(project))
}

/// A checkpoint of a lock that is larger than what is asked for, and that.
fn later<'l>(lock: &'l Lockfile, sizes: &BTreeMap<Origin, Size>) -> Option<(&'l Checkpoint, Size)> {
    let mut checkpoints = lock.registries.values();
    checkpoints.find_map(|one| {
        let size = sizes.get(&one.origin).filter(|size| **size < one.size)?;
        Some((one, *size))
    })
}

/// Writes a lock to another file than its own, whole or not at all.
///
/// # Errors
/// The file that it must not be; one that cannot be written.
pub fn write_to(path: &Path, lock: &Lockfile, project: &Project) -> Result<()> {
    let help = "without `-o`, it is written where that is allowed";
    check_is_other(path, project, help)?;
    output::write(path, lock.to_string().as_bytes())
}

/// Whether a file is another than the lock of the workspace.
///
/// # Errors
/// The lock itself, with this help.
pub fn check_is_other(path: &Path, project: &Project, help: &str) -> Result<()> {
    if !same_file(path, project.workspace.lock_path()) {
        return Ok(());
    }
    let message = format!("`-o {}` is the lock itself", path.display());
    Err(Error::new(Class::Usage, message).with_help(help))
}
