//! Which newer versions there are of what is locked, what `update` would give, and what holds the newest back.

use std::collections::BTreeMap;

use resolver::closed_set::ClosedSet;
use resolver::index::Address;
use resolver::lockfile::Lockfile;
use semver::Version;
use transparency::release::Objection;
use transparency::selection::Selection;
use transparency::version::Track;

use crate::error::Result;
use crate::notice::Notice;
use crate::ops::lock;
use crate::ops::lock::held_by::{HeldBy, held_by};
use crate::ops::lock::verify::Text;
use crate::ops::manifest::update::solve_afresh;
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;

/// A locked package of which something newer is there, or which should not be used any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is locked.
    pub locked: Selection,
    /// Why it should not be used; none where nothing is wrong with it.
    pub objection: Option<Objection>,
    /// What `update` would give; none where it would be gone.
    pub compatible: Option<Version>,
    /// The newest usable version, of any track; none where nothing is usable.
    pub latest: Option<Version>,
    /// What keeps `update` from giving the newest.
    pub held_by: Vec<HeldBy>,
}

/// What is outdated.
#[derive(Debug)]
pub struct Outdated {
    /// The rows of each member, by its name.
    pub members: BTreeMap<String, Vec<Row>>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
}

/// Compares what is locked for some members with what could be.
///
/// # Errors
/// No lock; no solution; a registry that cannot be read or believed.
pub fn outdated(
    project: &Project,
    offline: bool,
    locked: bool,
    members: &[String],
) -> Result<Outdated> {
    let lock::Current { lock, mut notices } = lock::read_current(project, locked)?;
    let mut sessions = Sessions::new(&project.registries, Reading::now(offline));
    lock::load_known(&[&lock], Text::Whole, project, &mut sessions)?;
    let locked = lock.packages.iter().filter_map(|(selection, package)| {
        let origin = package.release.as_ref()?.origin.clone();
        let name = selection.name.clone();
        // A registry that is configured no more has nothing to say about what is locked.
        project.registries.of_origin(&origin).ok()?;
        Some(Address { origin, name })
    });
    sessions.load_each(&locked.collect())?;
    let (fresh, kept) = solve_afresh(project, &lock, &mut sessions, &[])?;
    notices.extend(sessions.refused());
    notices.extend(kept.into_iter().map(Notice::GaveUp));
    let mut rows = BTreeMap::new();
    for name in members {
        let (Some(root), Some(set)) = (lock.roots.get(name), fresh.members.get(name)) else {
            continue;
        };
        let releases = root.selects.iter().filter(|one| is_release(&lock, one));
        let here = releases.filter_map(|selection| row(project, name, selection, set, &sessions));
        rows.insert(name.clone(), here.collect());
    }
    Ok(Outdated {
        members: rows,
        notices,
        proved: sessions.proved(),
    })
}

fn is_release(lock: &Lockfile, selection: &Selection) -> bool {
    let package = lock.packages.get(selection);
    package.is_some_and(|package| package.release.is_some())
}

fn row(
    project: &Project,
    member: &str,
    locked: &Selection,
    fresh: &ClosedSet,
    sessions: &Sessions<'_>,
) -> Option<Row> {
    let log = sessions.log_of(&locked.name)?.log();
    let objection = log.release(&locked.version)?.objection();
    let latest = sessions.newest(locked, &project.problem.options);
    let same_package = |one: &&Selection| one.kind == locked.kind && one.name == locked.name;
    let now: Vec<_> = fresh.packages.keys().filter(same_package).collect();
    let same = |one: &&&Selection| one.version == locked.version;
    let same_track = |one: &&&Selection| Track::of(&one.version) == Track::of(&locked.version);
    // Pins of one track lie beside each other: of several, what is locked stays itself.
    let mut found = now.iter().find(same);
    found = found.or_else(|| now.iter().find(same_track));
    let compatible = found.or(now.last()).map(|one| one.version.clone());
    let is_newer = latest
        .as_ref()
        .is_some_and(|latest| *latest > locked.version);
    if objection.is_none() && !is_newer && compatible.as_ref() == Some(&locked.version) {
        return None;
    }
    let held_by = match (&latest, &compatible) {
        (Some(latest), Some(compatible)) if latest > compatible => {
            let newest = Selection {
                version: latest.clone(),
                ..locked.clone()
            };
            let obstacle = sessions.obstacle(&project.problem, member, &newest);
            let updated = Selection {
                version: compatible.clone(),
                ..locked.clone()
            };
            let held = held_by(&project.problem, member, &updated, latest, fresh).into_iter();
            match obstacle {
                Some(obstacle) => held
                    .filter(|by| *by != HeldBy::Lowest)
                    .chain([HeldBy::Obstacle(obstacle)])
                    .collect(),
                None => held.collect(),
            }
        }
        _ => Vec::new(),
    };
    Some(Row {
        locked: locked.clone(),
        objection,
        compatible,
        latest,
        held_by,
    })
}
