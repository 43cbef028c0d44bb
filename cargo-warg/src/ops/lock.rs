//! `warg.lock`: read, compared with what the workspace asks for, solved anew where it must be, written where it changed.
//!
//! The fast path never solves: a lock that satisfies the manifests stays as it is, byte for byte. Solving again with the
//! lock as preference would not be a no-op.

pub(super) mod adopt;
pub mod at;
pub mod deny;
pub mod held_by;
pub(super) mod literal;
pub mod member_lock;
pub mod tree;
pub mod verify;

use std::collections::BTreeSet;
use std::sync::Arc;

use resolver::closed_set::Provenance;
use resolver::lockfile::merge::{Merge, MergeError, is_kept};
use resolver::lockfile::{Change, Lockfile, ReadError, Stale, Staleness, changes};
use resolver::problem::{Origins, Problem};
use resolver::resolution::Resolution;

use self::adopt::{adopt, check_moved};
use self::verify::{Text, check_known};
use crate::error::{Class, Classified as _, Error, Result};
use crate::lock_file::{LockFile, LockText};
use crate::notice::{Notice, Tolerated};
use crate::ops::session::Sessions;
use crate::ops::session::personal::is_personal;
use crate::ops::session::project::Project;
use crate::ops::session::proved::Proved;
use crate::ops::session::served::with_servers;
use crate::ops::session::solve::origins_of;

/// What became of the lock.
#[derive(Debug)]
pub struct Outcome {
    /// The lock as it is now; none where nothing asks for one.
    pub lock: Option<Arc<Lockfile>>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Whether the file was written.
    pub written: bool,
    /// What was shown on the way; empty where the lock was only compared.
    pub proved: Vec<Proved>,
    /// How many releases of other machines' personal registries were released in this user's own for it.
    pub adopted: usize,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

impl Outcome {
    /// The same, with what there is to know of the project itself.
    fn with_notices_of(mut self, project: &Project) -> Self {
        self.notices = [project.notices.clone(), self.notices].concat();
        if let Some(lock) = &self.lock {
            self.notices.extend(project.unused_patches(lock));
        }
        self
    }
}

/// What `--locked` and `--offline` ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags {
    /// Nothing may change.
    pub locked: bool,
    /// Nothing is read but what this machine keeps.
    pub offline: bool,
}

/// Where a new lock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Over the lock of the workspace.
    Workspace,
    /// Nowhere: the caller has it in the [`Outcome`].
    Aside,
}

impl Put {
    fn write(self, project: &Project, lock: &Arc<Lockfile>) -> Result<bool> {
        match self {
            Self::Workspace => project.workspace.lock_file().write(lock),
            Self::Aside => Ok(false),
        }
    }
}

/// Whether there is a lock that is what the workspace asks for.
pub(super) fn is_current(project: &Project) -> bool {
    let lock = project.workspace.lock_file().lock();
    lock.is_ok_and(|lock| lock.is_some_and(|lock| lock.check(&project.problem).is_ok()))
}

/// A lock that is shown, and whether it still is what the workspace asks for.
#[derive(Debug)]
pub struct Current {
    /// The lock.
    pub lock: Arc<Lockfile>,
    /// Why it is stale, if so.
    pub notices: Vec<Notice>,
}

/// The lock of a workspace, to be shown: a stale one too, unless nothing may be stale.
///
/// # Errors
/// A lock that is missing or does not read; `--locked` and one that is stale.
pub fn read_current(project: &Project, locked: bool) -> Result<Current> {
    let lock = read_existing(project)?;
    let notices = match check_current(&lock, project) {
        Err(error) if locked => return Err(error),
        Err(error) => vec![Notice::StaleLock(Tolerated::from(&error))],
        Ok(()) => Vec::new(),
    };
    Ok(Current { lock, notices })
}

/// The lock of a workspace that must be there; where nothing asks for one, a missing lock is an empty one.
///
/// # Errors
/// A lock that is missing or does not read.
pub fn read_existing(project: &Project) -> Result<Arc<Lockfile>> {
    let file = project.workspace.lock_file();
    match file.lock()? {
        Some(lock) => Ok(lock),
        None if project.problem.members.is_empty() => {
            Ok(Arc::new(Lockfile::empty(project.problem.options.clone())))
        }
        None => Err(
            Error::new(Class::Lock, format!("{} is missing", file.path().display()))
                .with_help("run `cargo warg lock`"),
        ),
    }
}

/// The part of the lock that is about one member, which is what the workspace asks for; none where the member asks for
/// nothing.
///
/// # Errors
/// A lock that is missing, does not read, or is stale.
pub(super) fn member_lock(project: &Project, member: &str) -> Result<Option<Lockfile>> {
    if !project.problem.members.contains_key(member) {
        return Ok(None);
    }
    let lock = read_existing(project)?;
    check_current(&lock, project)?;
    let alone = lock.member_lock(member).ok_or_else(|| {
        let message = format!("warg.lock has no closed set of `{member}`");
        Error::new(Class::Lock, message).with_help("run `cargo warg lock`")
    });
    alone.map(Some)
}

/// Makes the lock what the workspace asks for.
///
/// # Errors
/// `--locked` and a lock that is missing or stale; no solution; a registry that cannot be read or believed.
pub fn lock(
    project: &Project,
    sessions: &mut Sessions<'_>,
    packages: &[String],
    flags: Flags,
) -> Result<Outcome> {
    lock_to(project, sessions, packages, flags, Put::Workspace)
}

/// As [`lock()`], but the caller says where the new lock goes.
///
/// # Errors
/// Those of [`lock()`].
pub fn lock_to(
    project: &Project,
    sessions: &mut Sessions<'_>,
    packages: &[String],
    flags: Flags,
    put: Put,
) -> Result<Outcome> {
    let outcome = bring_up_to_date(project, sessions, packages, flags, put)?;
    Ok(outcome.with_notices_of(project))
}

fn bring_up_to_date(
    project: &Project,
    sessions: &mut Sessions<'_>,
    packages: &[String],
    flags: Flags,
    put: Put,
) -> Result<Outcome> {
    let path = project.workspace.lock_path();
    let text = project.workspace.lock_file().text()?;
    let old = match text.as_ref().map(|text| (text, text.lock())) {
        None => None,
        Some((_, Ok(lock))) => Some(lock),
        Some((text, Err(error))) if is_mergeable(error) && !flags.locked => {
            return merge(project, sessions, text, error, put);
        }
        Some((text, Err(error))) => return Err(text.refuse(error)),
    };
    if old.is_none() && project.problem.members.is_empty() {
        return Ok(unchanged(None));
    }
    match &old {
        Some(old) => match old.check(&project.problem) {
            Ok(()) => {
                literal::check(old, project)?;
                return Ok(unchanged(Some(Arc::clone(old)))); // nothing is asked: that is `verify`'s
            }
            Err(staleness) if flags.locked => {
                let message = format!(
                    "{} is not up to date, and --locked was given",
                    path.display()
                );
                return Err(stale(&staleness, project, message));
            }
            Err(_) => {}
        },
        None if flags.locked => {
            let message = format!("{} is missing, and --locked was given", path.display());
            return Err(Error::new(Class::Lock, message)
                .with_help("run `cargo warg lock`, and commit the file it writes"));
        }
        None => {}
    }
    let mut notices = Vec::new();
    let (old, adopted) = match old {
        None => {
            take_own(project, &[], sessions)?;
            (None, 0)
        }
        Some(old) => {
            let (old, adopted) = as_own(old, project, sessions)?;
            (Some(old), adopted)
        }
    };
    if let Some(old) = &old {
        load_known(&[old], Text::Whole, project, sessions)?;
        notices.extend(withdrawn(old, sessions)?);
    }
    let problem = project.problem_after(old.as_deref(), packages, sessions.origins());
    let resolution = sessions
        .solve(&problem)
        .map_err(|error| with_servers(error, project, &problem, sessions))
        .map_err(|error| project.with_unread(error))?;
    notices.extend(sessions.yanked(&resolution));
    notices.extend(sessions.refused());
    notices.extend(sessions.passed_over(&problem, &resolution, old.as_deref()));
    let new = Arc::new(build(&problem, &resolution, sessions)?);
    literal::check(&new, project)?;
    if let Some(old) = &old {
        check_replaced(old, &new, project, sessions)?;
    }
    let written = put.write(project, &new)?;
    Ok(Outcome {
        changes: changes(old.as_deref(), &new),
        lock: Some(new),
        written,
        proved: sessions.proved(),
        adopted,
        notices,
    })
}

/// A lock that something is to be solved after, as if it had been made with this user's personal registry: other machines'
/// releases are adopted, and sessions take from it what Cargo.toml leaves open. Also how many were adopted.
pub(super) fn as_own(
    lock: Arc<Lockfile>,
    project: &Project,
    sessions: &mut Sessions<'_>,
) -> Result<(Arc<Lockfile>, usize)> {
    let rehomed = adopt(&[&lock], sessions)?;
    let adopted = rehomed.as_ref().map_or(0, |rehomed| rehomed.adopted);
    let rehomed = rehomed.and_then(|rehomed| rehomed.locks.into_iter().next());
    let lock = rehomed.map_or(lock, Arc::new);
    take_own(project, &[&lock], sessions)?;
    Ok((lock, adopted))
}

/// Adopts what the lock in a file has of other machines, before anything is asked of this user's personal registry. One that
/// does not read is told by what locks.
pub(super) fn adopt_locked(file: &LockFile, sessions: &Sessions<'_>) -> Result<()> {
    match file.lock() {
        Ok(Some(lock)) => adopt(&[&lock], sessions).map(drop),
        _ => Ok(()),
    }
}

/// Takes what Cargo.toml leaves open from this user's personal registry, where the project or a lock asks for some of that.
fn take_own(project: &Project, locks: &[&Lockfile], sessions: &mut Sessions<'_>) -> Result<()> {
    let members = project.problem.members.values();
    let asked = members.flat_map(|member| &member.requirements);
    let asked = asked.map(|root| &root.requirement.name);
    let locked = locks.iter().flat_map(|lock| lock.packages.keys());
    sessions.take_own(asked.chain(locked.map(|selection| &selection.name)))
}

/// Whether a text that is no lock still says what was locked: one that a merge left with both sides, or put together.
fn is_mergeable(error: &ReadError) -> bool {
    matches!(
        error,
        ReadError::Conflicted { .. } | ReadError::NotCanonical { .. } | ReadError::Inconsistent(_)
    )
}

/// Makes a lock of what a merge left: the greater version of each package as preference, at the larger checkpoint of
/// each registry where nothing had to be solved.
fn merge(
    project: &Project,
    sessions: &mut Sessions<'_>,
    text: &LockText,
    refused: &ReadError,
    put: Put,
) -> Result<Outcome> {
    let merge = text.merge().map_err(|error| {
        let line = match error {
            MergeError::Markers { line } => Some(*line),
            MergeError::Side { .. } => None,
        };
        let path = project.workspace.lock_path();
        text.located(Error::classified(error.clone()), line)
            .context(format!("{} cannot be merged", path.display()))
    })?;
    let sides: Vec<_> = merge.sides().iter().collect();
    let rehomed = adopt(&sides, sessions)?;
    let adopted = rehomed.as_ref().map_or(0, |rehomed| rehomed.adopted);
    let rehomed = rehomed.map(|rehomed| Merge::with_sides(rehomed.locks));
    let merge = rehomed.as_ref().unwrap_or(merge);
    let sides: Vec<_> = merge.sides().iter().collect();
    take_own(project, &sides, sessions)?;
    load_known(&sides, Text::Merged, project, sessions)?;
    let mut notices = vec![if merge.has_sides() {
        Notice::MergedLock
    } else {
        Notice::RewrittenLock {
            why: refused.clone(),
        }
    }];
    for side in &sides {
        for notice in withdrawn(side, sessions)? {
            if !notices.contains(&notice) {
                notices.push(notice); // both sides may have locked it
            }
        }
    }
    let problem = merge.prefer(&project.problem_under(sessions.origins()));
    let resolution = sessions
        .solve(&problem)
        .map_err(|error| project.with_unread(error))?;
    notices.extend(sessions.yanked(&resolution));
    notices.extend(sessions.refused());
    let mut new = build(&problem, &resolution, sessions)?;
    if is_kept(&problem, &resolution) {
        // Nothing was solved, so the checkpoints are those of the sides: whoever merges, and whenever, gets these bytes.
        new = new.at(merge.latest());
    }
    let new = Arc::new(new);
    literal::check(&new, project)?;
    for side in sides {
        check_known(side, Text::Merged, project, sessions)?;
        check_moved(side, &new)?;
    }
    let written = put.write(project, &new)?;
    Ok(Outcome {
        changes: changes(merge.ours(), &new),
        lock: Some(new),
        written,
        proved: sessions.proved(),
        adopted,
        notices,
    })
}

/// Demands that what a lock was solved at is a past of what its registries are now.
///
/// # Errors
/// A registry that is behind the lock; a checkpoint that its log never had.
fn check_pasts(lock: &Lockfile, project: &Project, sessions: &mut Sessions<'_>) -> Result<()> {
    sessions.expect(lock);
    // A registry that is configured no more has nothing to say about what is to be locked.
    let configured = |origin| project.registries.of_origin(origin).is_ok();
    let checkpoints = lock.registries.values();
    for checkpoint in checkpoints.filter(|one| configured(&one.origin)) {
        sessions.check_past(checkpoint)?;
    }
    Ok(())
}

/// Loads what some locks have, and demands that their registries do not contradict them.
///
/// # Errors
/// Those of [`check_pasts`]; a release that is no more what was locked, or lies elsewhere.
pub(super) fn load_known(
    locks: &[&Lockfile],
    text: Text,
    project: &Project,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    for lock in locks {
        check_pasts(lock, project, sessions)?;
    }
    for lock in locks {
        sessions.load_locked(lock)?;
    }
    for lock in locks {
        check_known(lock, text, project, sessions)?;
    }
    Ok(())
}

/// Demands the same once more, of what could not be loaded before it was solved, and that what moved from a personal registry
/// kept its contents.
///
/// # Errors
/// Those of [`load_known`] and [`check_moved`].
pub(super) fn check_replaced(
    old: &Lockfile,
    new: &Lockfile,
    project: &Project,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    check_known(old, Text::Whole, project, sessions)?;
    check_moved(old, new)
}

/// The lock of a resolution, every selected release proved to be where it says. Of personal registries it names those
/// namespaces alone that something is selected from: another machine has other ones at hand.
///
/// # Errors
/// A record that is not where its registry says.
pub(super) fn build(
    problem: &Problem,
    resolution: &Resolution,
    sessions: &mut Sessions<'_>,
) -> Result<Lockfile> {
    let indices = sessions.prove_indices(resolution)?;
    let checkpoints = sessions.checkpoints(&origins_of(resolution))?;
    let pruned = pruned(problem, resolution, sessions.origins());
    let problem = pruned.as_ref().unwrap_or(problem);
    Lockfile::from_resolution(problem, resolution, checkpoints, |_, selection| {
        indices.get(selection).copied()
    })
    .classified()
}

/// The problem under the origins that it was solved under in the end, without namespaces of personal registries that nothing
/// is selected from; none where there is none of a personal registry.
fn pruned(problem: &Problem, resolution: &Resolution, origins: &Origins) -> Option<Problem> {
    let namespaces = &origins.namespaces;
    if !namespaces.values().any(is_personal) {
        return None;
    }
    let packages = resolution.packages();
    let released = packages.iter().filter_map(|(selection, from)| match from {
        Provenance::Registry { .. } => Some(selection.name.namespace()),
        Provenance::Local(_) => None,
    });
    let released: BTreeSet<_> = released.collect();
    let mut pruned = problem.clone();
    pruned.options.origins.clone_from(origins);
    let namespaces = &mut pruned.options.origins.namespaces;
    namespaces.retain(|namespace, origin| !is_personal(origin) || released.contains(namespace));
    Some(pruned)
}

/// Demands that a lock is what the workspace asks for.
///
/// # Errors
/// A lock that is stale, with every reason; one that selects a version under another name than a text has for it.
pub fn check_current(lock: &Lockfile, project: &Project) -> Result<()> {
    lock.check(&project.problem).map_err(|staleness| {
        let path = project.workspace.lock_path();
        let message = format!("{} is not up to date", path.display());
        stale(&staleness, project, message)
    })?;
    literal::check(lock, project)
}

fn unchanged(lock: Option<Arc<Lockfile>>) -> Outcome {
    Outcome {
        lock,
        changes: Vec::new(),
        written: false,
        proved: Vec::new(),
        adopted: 0,
        notices: Vec::new(),
    }
}

fn stale(staleness: &Staleness, project: &Project, mut message: String) -> Error {
    for reason in &staleness.0 {
        message.push_str("\n  ");
        message.push_str(&reason.to_string());
    }
    let locations = staleness.0.iter().filter_map(|reason| match reason {
        Stale::RequirementAdded {
            member,
            requirement,
        }
        | Stale::RequirementChanged {
            member,
            now: requirement,
            ..
        } => project.location_of(member, requirement.kind, &requirement.name),
        _ => None,
    });
    let error = locations
        .fold(Error::new(Class::Lock, message), Error::at)
        .with_help("run `cargo warg lock`, and commit what it changes");
    if staleness.0.iter().any(Stale::is_option) {
        return error.with_help(
            "what flags say holds for one run: give them again, or write them into [workspace.metadata.warg]",
        );
    }
    error
}

/// The locked packages whose contents an operator withdrew since.
fn withdrawn(lock: &Lockfile, sessions: &mut Sessions<'_>) -> Result<Vec<Notice>> {
    sessions.expect(lock);
    let mut gone = Vec::new();
    for (selection, package) in &lock.packages {
        let release = package.release.as_ref();
        // A registry that is configured no more has nothing to say about what is to be locked.
        let Some(release) = release.filter(|release| sessions.knows(&release.origin)) else {
            continue;
        };
        let session = sessions.of(&release.origin)?;
        let operator = session.checkpoint().operator();
        if let Some(reason) = operator.withdrawn(&release.digest) {
            gone.push(Notice::Withdrawn {
                release: selection.clone(),
                origin: release.origin.clone(),
                reason: reason.to_owned(),
            });
        }
    }
    Ok(gone)
}
