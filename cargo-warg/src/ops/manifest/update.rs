//! Moving what is locked: everything, or just what is named.
//!
//! The solver prefers the locked version of what may not move, and of nothing else. Then it decides as ever. A
//! component goes to its highest version, a WIT package to the lowest that does. The exact versions in `wit/` are
//! requirements: they move only where `pins` says so, with what the manifests say of the packages that are named. Then the
//! texts, the manifests and the lock change together or not at all.

mod namespace;
mod pins;
mod stated;
mod yanked;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use resolver::NamedLocation;
use resolver::closure::{Flaw, check_member};
use resolver::lockfile::{Lockfile, Root as LockedRoot, changes};
use resolver::problem::{Problem, RootRequirement};
use resolver::resolution::Resolution;
use resolver::unresolved::{GaveUp, Unresolved};
use semver::Version;
use transparency::name::PackageName;
use transparency::release::Objection;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::{Track, VersionReq};

pub use self::pins::HeldPin;
use self::pins::{
    held, is_movable, is_pin_near, pins_in_scope, relax, requires_pin, set_pins, twins,
};
pub use self::stated::StatedChange;
use self::stated::{Manifests, relax_stated, set_stated, stated_in_scope};
use self::yanked::solve;
use crate::error::{Class, Classified as _, Error, Result};
use crate::lock_file::LockFile;
use crate::notice::Notice;
use crate::ops::lock::held_by::held_by;
use crate::ops::lock::tree::not_locked;
use crate::ops::lock::verify::Text;
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, relative};
use crate::spec::{NamespaceSpec, PackageSpec};
use component::wit::pins::{PinChange, PinEdit};
use component::wit::root::Pin;

/// What is to move, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The packages; all where none is given, and no namespace.
    pub specs: &'a [PackageSpec],
    /// Namespaces, of which all packages are meant.
    pub namespaces: &'a [NamespaceSpec],
    /// The members that may change; all where none is given.
    pub members: &'a [String],
    /// The version that the packages are to have.
    pub precise: Option<&'a Version>,
    /// What the packages depend on may move, too.
    pub recursive: bool,
    /// The exact versions in `wit/` may move, too.
    pub pins: bool,
    /// Nothing is written.
    pub dry_run: bool,
}

impl Request<'_> {
    /// Whether a locked release is named, or all are meant.
    fn is_about(&self, one: &Selection) -> bool {
        let (mut specs, mut namespaces) = (self.specs.iter(), self.namespaces.iter());
        let is_all = self.specs.is_empty() && self.namespaces.is_empty();
        is_all
            || specs.any(|spec| spec.matches(&one.name, &one.version))
            || namespaces.any(|spec| spec.matches(&one.name, &one.version))
    }
}

/// What an update moved, and what keeps the rest.
#[derive(Debug)]
pub struct Updated {
    /// What became of the lock; of a dry run, what would.
    pub lock: Outcome,
    /// The versions in `wit/` that changed; of a dry run, that would.
    pub pins: Vec<PinChange>,
    /// The requirements of manifests that changed with them; of a dry run, that would.
    pub stated: Vec<StatedChange>,
    /// The versions in `wit/` that hold back what could move.
    pub held: Vec<HeldPin>,
    /// The newest usable version of what is locked in an older one.
    pub newer: BTreeMap<Selection, Version>,
    /// What the user should know of the versions in `wit/`.
    pub notices: Vec<Notice>,
}

impl Updated {
    /// Nothing was locked before, so nothing moved.
    fn of_lock(lock: Outcome) -> Self {
        Self {
            lock,
            pins: Vec::new(),
            stated: Vec::new(),
            held: Vec::new(),
            newer: BTreeMap::new(),
            notices: Vec::new(),
        }
    }
}

/// Solves again with what is to move free to do so, and writes what comes of it.
///
/// # Errors
/// A package that is not locked; a version that is not to be had; no solution; `--locked` and something that would move;
/// a registry that cannot be read or believed. Then nothing is changed.
pub fn update(
    project: &Project,
    sessions: &mut Sessions<'_>,
    request: Request<'_>,
    flags: Flags,
) -> Result<Updated> {
    let file = project.workspace.lock_file();
    let old = match (file.lock()?, request.specs, request.namespaces) {
        (Some(old), _, _) => old,
        (None, [], [])
            if project.problem.members.is_empty() || !(request.dry_run || request.pins) =>
        {
            let lock = lock::lock(project, sessions, request.members, flags)?;
            return Ok(Updated::of_lock(lock));
        }
        (None, _, _) => lock::read_existing(project)?,
    };
    let (old, adopted) = lock::as_own(old, project, sessions)?;
    let named = old.packages.keys().filter(|one| request.is_about(one));
    sessions.renew(named.map(|one| &one.name))?;
    lock::load_known(&[&old], Text::Whole, project, sessions)?;
    let mut problem = project.problem_moving(Some(&old), request.members, sessions.origins());
    let specs = namespace::expand(&request, &old, &problem, sessions)?;
    let request = Request {
        specs: &specs,
        ..request
    };
    let moving = moving(&old, &problem, &request)?;
    set_free(&mut problem, &moving);
    if request.specs.is_empty() {
        problem.locked.clear();
    }
    let pins = pins_in_scope(project, &problem, &request);
    let stated = stated_in_scope(project, &moving, &request);
    relax_stated(&mut problem, project, sessions, &stated, request.precise)?;
    if let Some(version) = request.precise {
        check_releases(sessions, &moving, version)?;
        let pins = if request.pins { pins.as_slice() } else { &[] };
        require(&mut problem, project, &moving, version, pins);
    } else if request.pins {
        relax(&mut problem, project, sessions, &pins)?;
    }
    let resolution = solve(sessions, &problem, &old, &moving);
    let resolution = resolution.map_err(|error| unsolved(project, error))?;
    // What was asked of this run alone does not stand in the lock.
    let mut asked = project.problem_under(sessions.origins());
    let edit = if request.pins {
        set_pins(&mut asked, project, &resolution, &pins, request.precise)?
    } else {
        PinEdit::default()
    };
    let manifests = set_stated(&mut asked, project, &resolution, &stated, request.precise)?;
    check_needed(&asked, &resolution, &moving, request.precise)?;
    let new = Arc::new(lock::build(&asked, &resolution, sessions)?);
    lock::literal::check(&new, project)?;
    lock::check_replaced(&old, &new, project, sessions)?;
    let lock_changes = changes(Some(&old), &new);
    // A newer checkpoint alone is no change of what is locked.
    let same = new.options == old.options
        && new.roots == old.roots
        && lock_changes.is_empty()
        && edit.changes().is_empty()
        && manifests.changes.is_empty();
    if flags.locked && !same {
        return Err(would_change(
            &file.path().display().to_string(),
            &lock_changes,
        ));
    }
    // With --locked, a newer checkpoint is not written either.
    let written = if request.dry_run || flags.locked {
        false
    } else {
        write(file, &new, &edit, &manifests)?
    };
    let mut notices = project.notices.clone();
    notices.extend(sessions.yanked(&resolution));
    notices.extend(sessions.refused());
    notices.extend(sessions.passed_over(&asked, &resolution, Some(&old)));
    let held = if request.pins || request.precise.is_some() {
        Vec::new()
    } else {
        held(project, sessions, &pins)
    };
    let mut of_pins: Vec<_> = HeldPin::notice(&held).into_iter().collect();
    if request.pins {
        of_pins.extend(twins(project, &pins));
    }
    let changes = edit.changes().iter().cloned().map(|mut change| {
        let file = change.file.display().to_string();
        change.file = relative(&project.workspace, &file).into();
        change
    });
    Ok(Updated {
        pins: changes.collect(),
        stated: manifests.changes,
        held,
        newer: newer(&new, sessions, &asked),
        notices: of_pins,
        lock: Outcome {
            notices,
            lock: Some(new),
            changes: lock_changes,
            written,
            proved: sessions.proved(),
            adopted,
        },
    })
}

/// The failure of a solve, with what to know of it.
fn unsolved(project: &Project, error: Error) -> Error {
    let error = project.with_unread(error);
    match gave_up(&error) {
        Some(_) => {
            error.with_help("nothing was written: the lock stays as it is, and goes on working")
        }
        None => error,
    }
}

/// What a fresh solve selects for the members that may change, with a lock's releases where nothing else will do. A member
/// whose solve gives up keeps what it has locked, where that still holds. The answer names these members.
///
/// # Errors
/// No solution; a registry that cannot be read or believed.
pub fn solve_afresh(
    project: &Project,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
    members: &[String],
) -> Result<(Resolution, Vec<GaveUp>)> {
    let mut problem = project.problem_moving(Some(lock), members, sessions.origins());
    let moving = moving(
        lock,
        &problem,
        &Request {
            members,
            ..Request::default()
        },
    )?;
    set_free(&mut problem, &moving);
    problem.locked.clear();
    let mut kept = Vec::new();
    loop {
        let error = match solve(sessions, &problem, lock, &moving) {
            Ok(resolution) => return Ok((resolution, kept)),
            Err(error) => error,
        };
        let Some(gave_up) = gave_up(&error).cloned() else {
            return Err(project.with_unread(error));
        };
        let member = problem.members.get_mut(&gave_up.member);
        let (Some(member), Some(root)) = (member, lock.roots.get(&gave_up.member)) else {
            return Err(error);
        };
        if std::mem::replace(&mut member.keep, true) {
            return Err(error);
        }
        member.selects.clone_from(&root.selects);
        member.moves.clear();
        kept.push(gave_up);
    }
}

/// Where a solve gave up, if that is what failed.
pub(crate) fn gave_up(error: &Error) -> Option<&GaveUp> {
    match error.cause() {
        Some(Unresolved::GaveUp(gave_up)) => Some(gave_up),
        _ => None,
    }
}

/// What each member that may change has locked of what is to move.
fn moving(
    old: &Lockfile,
    problem: &Problem,
    request: &Request<'_>,
) -> Result<BTreeMap<String, BTreeSet<Selection>>> {
    let mut moving: BTreeMap<String, BTreeSet<Selection>> = BTreeMap::new();
    let may_change = |name: &String| problem.members.get(name).is_some_and(|member| !member.keep);
    let own = old.own(problem);
    let roots = || {
        let own = own.iter().filter(|(name, _)| may_change(name));
        own.map(|(name, own)| (name, own.root))
    };
    for spec in request.specs {
        let mut selects = roots().flat_map(|(_, root)| &root.selects);
        if !selects.any(|one| spec.matches(&one.name, &one.version)) {
            return Err(not_locked(
                spec,
                roots().flat_map(|(_, root)| &root.selects),
            ));
        }
    }
    for (name, root) in roots() {
        let named = root.selects.iter().filter(|one| {
            request.specs.is_empty()
                || request
                    .specs
                    .iter()
                    .any(|spec| spec.matches(&one.name, &one.version))
        });
        let mut named: BTreeSet<Selection> = named.cloned().collect();
        if request.recursive {
            add_dependencies(old, root, &mut named);
        }
        moving.insert(name.clone(), named);
    }
    if let Some(precise) = request.precise {
        for (name, selections) in &mut moving {
            let mut chosen = BTreeSet::new();
            for spec in request.specs {
                let meant = selections.iter();
                let meant = meant.filter(|one| spec.matches(&one.name, &one.version));
                chosen.extend(one_track(name, spec, &meant.cloned().collect(), precise)?);
            }
            *selections = chosen;
        }
    }
    Ok(moving)
}

/// With all that they depend on within a member's closed set.
fn add_dependencies(old: &Lockfile, root: &LockedRoot, named: &mut BTreeSet<Selection>) {
    let mut ahead: Vec<Selection> = named.iter().cloned().collect();
    while let Some(selection) = ahead.pop() {
        let package = old.packages.get(&selection);
        for requirement in package.iter().flat_map(|package| &package.requires) {
            let met = root.selects.iter().filter(|one| meets(one, requirement));
            for selection in met {
                if named.insert(selection.clone()) {
                    ahead.push(selection.clone());
                }
            }
        }
    }
}

fn meets(selection: &Selection, requirement: &Requirement) -> bool {
    selection.kind == requirement.kind
        && selection.name == requirement.name
        && requirement.req.matches(&selection.version)
}

/// What is to have a certain version: all that lies in one track, since pins may lie beside each other in it.
fn one_track(
    member: &str,
    spec: &PackageSpec,
    selections: &BTreeSet<Selection>,
    precise: &Version,
) -> Result<BTreeSet<Selection>> {
    let is_near = |one: &&Selection| Track::of(&one.version) == Track::of(precise);
    let near: BTreeSet<_> = selections.iter().filter(is_near).cloned().collect();
    if !near.is_empty() {
        return Ok(near);
    }
    let tracks = selections.iter().map(|one| Track::of(&one.version));
    let tracks: BTreeSet<_> = tracks.collect();
    if tracks.len() < 2 {
        return Ok(selections.clone());
    }
    let specs = tracks
        .iter()
        .map(|track| format!("`{}@{track}`", spec.name));
    let message = format!("`{spec}` is locked in several versions for `{member}`");
    Err(Error::new(Class::Usage, message).with_help(format!(
        "name one: {}",
        specs.collect::<Vec<_>>().join(" or ")
    )))
}

/// Takes what is to move out of what members prefer, so that no lock holds it: not the member's own, nor another's.
fn set_free(problem: &mut Problem, moving: &BTreeMap<String, BTreeSet<Selection>>) {
    for (name, member) in &mut problem.members {
        if let Some(moving) = moving.get(name) {
            member.selects.retain(|one| !moving.contains(one));
            member.moves.clone_from(moving);
        }
    }
}

/// How many versions a message names.
const SHOWN: usize = 10;

/// Demands that the version asked for is there of each package, and may be selected.
fn check_releases(
    sessions: &mut Sessions<'_>,
    moving: &BTreeMap<String, BTreeSet<Selection>>,
    version: &Version,
) -> Result<()> {
    let moving: BTreeSet<_> = moving.values().flatten().collect();
    let names: BTreeSet<_> = moving.iter().map(|one| &one.name).collect();
    for name in names {
        let is_locked = |one: &&&Selection| one.name == *name && one.version == *version;
        check_release(
            sessions,
            name,
            version,
            moving.iter().any(|one| is_locked(&one)),
        )?;
    }
    Ok(())
}

fn check_release(
    sessions: &mut Sessions<'_>,
    name: &PackageName,
    version: &Version,
    is_locked: bool,
) -> Result<()> {
    let (_, log) = sessions.find(name)?;
    let Some(log) = log.map(registry::client::LoadedLog::log) else {
        return Ok(()); // proved absent: a local package, or the solver says it better
    };
    let refuse = |message: String| {
        let error = Error::new(Class::Unsolved, message);
        let releases: Vec<_> = log.releases().collect();
        let usable = releases.iter().rev().filter(|release| release.is_usable());
        let versions: Vec<_> = usable
            .take(SHOWN)
            .map(|one| one.version().to_string())
            .collect();
        if versions.is_empty() {
            return error;
        }
        error.with_help(format!(
            "the newest usable ones are {}",
            versions.join(", ")
        ))
    };
    let Some(release) = log.release(version) else {
        return Err(refuse(format!("`{name}` has no version {version}")));
    };
    match release.objection() {
        None => Ok(()),
        Some(Objection::Yanked { .. }) if is_locked => Ok(()),
        Some(objection) => Err(refuse(format!("`{name}` {version} {objection}"))),
    }
}

/// Has the members that lock a package require just this version of it; their texts' pins too, where those may move.
fn require(
    problem: &mut Problem,
    project: &Project,
    moving: &BTreeMap<String, BTreeSet<Selection>>,
    version: &Version,
    pins: &[(&String, &Pin)],
) {
    for (name, member) in &mut problem.members {
        for selection in moving.get(name).into_iter().flatten() {
            let of_member = pins.iter().filter(|(of, _)| *of == name);
            let of_selection = of_member
                .filter(|(_, pin)| is_pin_near(pin, selection) && is_movable(project, name, pin));
            for (_, pin) in of_selection {
                member.requirements.retain(|one| !requires_pin(one, pin));
            }
            let exact = VersionReq::exact(version);
            let requirement = Requirement::new(selection.kind, selection.name.clone(), exact);
            member.requirements.insert(RootRequirement {
                location: Some(NamedLocation::new("--precise")),
                ..RootRequirement::new(requirement)
            });
            // Where it is yanked, it is locked.
            member.selects.insert(Selection {
                version: version.clone(),
                ..selection.clone()
            });
        }
    }
}

/// Demands that the version that was asked for is one that something needs.
fn check_needed(
    asked: &Problem,
    resolution: &Resolution,
    moving: &BTreeMap<String, BTreeSet<Selection>>,
    precise: Option<&Version>,
) -> Result<()> {
    let Some(precise) = precise else {
        return Ok(());
    };
    for (name, set) in &resolution.members {
        let Some(member) = asked.members.get(name) else {
            continue;
        };
        let flaws = check_member(member, set).into_iter();
        let mut unneeded = flaws.filter_map(|flaw| match flaw {
            Flaw::Unneeded { selection } => Some(selection),
            _ => None,
        });
        let moving = || moving.get(name).into_iter().flatten();
        let is_asked_for = |selection: &Selection| {
            selection.version == *precise && moving().any(|one| one.name == selection.name)
        };
        let unneeded = unneeded.find(is_asked_for);
        let Some(selection) = unneeded else {
            continue;
        };
        let package = &selection.name;
        let message = format!("nothing that `{name}` depends on takes {package} {precise}");
        let locked = moving().filter(|one| one.name == *package);
        let held: Vec<_> = locked
            .flat_map(|locked| held_by(asked, name, locked, precise, set))
            .collect();
        let error = Error::new(Class::Unsolved, message);
        return Err(held.into_iter().fold(error, |error, by| {
            error.with_help(format!("it is required as {by}"))
        }));
    }
    Ok(())
}

/// The manifests and texts first, so that no lock is written for what they do not say; where it cannot be, they are put back.
fn write(
    file: &LockFile,
    new: &Arc<Lockfile>,
    edit: &PinEdit,
    manifests: &Manifests,
) -> Result<bool> {
    manifests.save()?;
    let put_back = |error: Error| manifests.revert().into_iter().fold(error, Error::with_help);
    crate::wit::pins::save(edit)
        .classified()
        .map_err(put_back)?;
    file.write(new).map_err(|error| {
        let error = put_back(error);
        if edit.changes().is_empty() {
            return error;
        }
        error.with_help(match crate::wit::pins::revert(edit) {
            Ok(()) => "the texts of wit/ are as they were before".to_owned(),
            Err(failure) => format!(
                "the texts of wit/ were not put back ({:#})",
                Error::classified(failure)
            ),
        })
    })
}

fn would_change(path: &str, changes: &[resolver::lockfile::Change]) -> Error {
    let mut message = format!("{path} would change, and --locked was given");
    for change in changes {
        message.push_str("\n  ");
        message.push_str(change.verb());
        message.push(' ');
        message.push_str(&change.to_string());
    }
    Error::new(Class::Lock, message).with_help("`--dry-run` shows the same, and is no failure")
}

/// The newest usable version of each locked release that is older.
fn newer(
    lock: &Lockfile,
    sessions: &Sessions<'_>,
    asked: &Problem,
) -> BTreeMap<Selection, Version> {
    let packages = lock.packages.iter();
    let releases = packages.filter(|(_, package)| package.release.is_some());
    let newer = releases.filter_map(|(selection, _)| {
        let newest = sessions.newest(selection, &asked.options)?;
        (newest > selection.version).then(|| (selection.clone(), newest))
    });
    newer.collect()
}
