//! The claims of a lock, checked again from bytes.
//!
//! The lock's checkpoints are a past of the ones that are trusted now. Each locked release is in its package's verified
//! log, with the digest, record and requirements that the lock says, and no newer than its `exclude-newer` allows; its
//! record lies where the lock says, inside the lock's checkpoint; and its content is what the record says. A lock that
//! says otherwise is refused: it was edited, or made by somebody who was shown another registry.

mod claim;
mod known;

use std::collections::{BTreeMap, BTreeSet};

use registry::client::LoadedLog;
use resolver::cutoff::Cutoff;
use resolver::index::Address;
use resolver::lockfile::{LockedPackage, LockedRelease, Lockfile};
use resolver::problem::Origins;
use transparency::content::Content;
use transparency::digest::Hash;
use transparency::name::Origin;
use transparency::number::{Index, Length, Position, Time};
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

pub use self::claim::{ClaimError, Whose};
pub(in crate::ops) use self::known::{Text, check_known};
use crate::error::{Class, Error, Result};
use crate::notice::Notice;
use crate::ops::session::Sessions;
use crate::ops::session::contents::Wanted;
use crate::ops::session::notices::yanked_notice;

/// What checking a lock gave.
pub struct Checked {
    /// The contents that were asked to be kept.
    pub contents: BTreeMap<Selection, Content>,
    /// How many contents were checked.
    pub count: usize,
    /// The releases that are advised against.
    pub yanked: Vec<Notice>,
}

/// All claims that do not hold, as one failure; none where all of them do.
fn refuse(whose: Whose<'_>, errors: Vec<ClaimError>) -> Result<()> {
    let location = |error: &ClaimError| whose.location(error.selection());
    let refused = match <[ClaimError; 1]>::try_from(errors) {
        Ok([error]) => {
            let location = location(&error);
            location.into_iter().fold(whose.refusal(error), Error::at)
        }
        Err(errors) if errors.is_empty() => return Ok(()),
        Err(errors) => {
            let lines = errors.iter().map(|error| format!("\n  {error}"));
            let lines: String = lines.collect();
            let message = format!("{} claims of the lock do not hold{lines}", errors.len());
            let refused = Error::new(Class::Refused, message);
            let refused = errors.iter().filter_map(location).fold(refused, Error::at);
            let refusals = errors.into_iter().map(|error| whose.refusal(error));
            let help: BTreeSet<_> = refusals.flat_map(|error| error.help().to_vec()).collect();
            help.into_iter().fold(refused, Error::with_help)
        }
    };
    Err(refused)
}

/// Checks every claim of a lock, where `origins` says which registry each name belongs to. The contents of selections that
/// `keep` names are handed back.
///
/// # Errors
/// All releases that are not as the lock says; whatever keeps a registry from being read or believed.
pub fn check(
    origins: &Origins,
    whose: Whose<'_>,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
    keep: impl Fn(&Selection) -> bool,
) -> Result<Checked> {
    let locked: Vec<_> = lock
        .packages
        .iter()
        .filter_map(|(selection, package)| Some((selection, package, package.release.as_ref()?)))
        .collect();
    // Before anything is read of a registry that has no say here.
    refuse(whose, elsewhere(&locked, origins))?;
    sessions
        .check_lock(lock)
        .map_err(|error| whose.accused(error))?;
    let addresses: BTreeSet<_> = locked
        .iter()
        .map(|(selection, _, release)| address(selection, release))
        .collect();
    sessions.load(&addresses)?;
    let (mut refused, mut yanked) = (Vec::new(), Vec::new());
    let mut asks = Asks::new();
    let mut made = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (selection, package, locked_release) in &locked {
        let log = sessions.log(&address(selection, locked_release));
        let release = match check_release(selection, package, locked_release, log, origins) {
            Ok(release) => release,
            Err(error) => {
                refused.push(error);
                continue;
            }
        };
        yanked.extend(yanked_notice(selection, release, || {
            whose.location(selection)
        }));
        let time = release.time();
        found.insert(*selection, release.clone());
        let too_new = check_age(selection, locked_release, time, lock, sessions, &mut made)?;
        refused.extend(too_new);
        asks.entry(locked_release.origin.clone())
            .or_default()
            .push((locked_release.record, locked_release.index));
    }
    check_exports(lock, &found, &mut refused);
    refuse(whose, refused)?;
    check_included(whose, &asks, sessions)?;
    let mut wanted = Wanted::default();
    for (selection, _, locked_release) in &locked {
        let Some(release) = found.remove(selection) else {
            continue; // then it was refused
        };
        check_index(selection, locked_release, release.position(), sessions)?;
        wanted.push(&locked_release.origin, selection, release);
    }
    let contents = wanted.read(sessions, keep)?;
    Ok(Checked {
        contents,
        count: locked.len(),
        yanked,
    })
}

/// Where a lock says that records lie, by registry.
type Asks = BTreeMap<Origin, Vec<(Hash, Index)>>;

/// Demands that records lie where the lock says, those of one registry at once.
fn check_included(whose: Whose<'_>, asks: &Asks, sessions: &mut Sessions<'_>) -> Result<()> {
    for (origin, records) in asks {
        sessions
            .with(origin, |session| session.check_included(records))
            .map_err(|error| match error.class() {
                Class::Refused => whose
                    .accused(error)
                    .context("a record does not lie in the log where the lock says"),
                _ => error,
            })?;
    }
    Ok(())
}

/// Finds out whether a locked release is newer than the lock's `exclude-newer` allows.
///
/// A span mostly ends later at the current checkpoint than at the lock's. What is old enough at the current one needs no
/// other proof. But a registry whose time was wrong may go back in time. What was selected before that was old enough at
/// the lock's own checkpoint. When each of these was made is kept in `made`.
fn check_age(
    selection: &Selection,
    locked: &LockedRelease,
    time: Time,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
    made: &mut BTreeMap<Origin, Time>,
) -> Result<Option<ClaimError>> {
    let origin = &locked.origin;
    let Some((cutoff, limit)) = sessions.cutoff(&selection.name, origin, &lock.options) else {
        return Ok(None);
    };
    let is_old = |limit: Option<Time>| limit.is_some_and(|limit| time <= limit);
    if is_old(limit) {
        return Ok(None);
    }
    let mut checkpoints = lock.registries.values();
    if let (Cutoff::Before(_), Some(checkpoint)) =
        (cutoff, checkpoints.find(|one| one.origin == *origin))
    {
        let then = match made.get(origin) {
            Some(then) => *then,
            None => sessions.with(origin, |session| session.time_of(checkpoint))?,
        };
        made.insert(origin.clone(), then);
        if is_old(cutoff.limit(Some(then))) {
            return Ok(None);
        }
    }
    let operator = sessions.of(origin)?.checkpoint().operator();
    Ok(Some(ClaimError::TooNew {
        selection: selection.clone(),
        cutoff,
        time,
        was_set: !operator.clocks_since(Length::ZERO).is_empty(),
    }))
}

/// What the lock takes from another registry than the one that has the namespace here: a lock has its own table, and
/// not every lock was made under this one.
fn elsewhere(
    locked: &[(&Selection, &LockedPackage, &LockedRelease)],
    origins: &Origins,
) -> Vec<ClaimError> {
    let elsewhere = locked.iter().filter_map(|(selection, _, release)| {
        let expected = origins.of(&selection.name);
        (expected != Some(&release.origin)).then(|| ClaimError::OtherRegistry {
            selection: (*selection).clone(),
            found: release.origin.clone(),
            expected: expected.map_or_else(|| "no registry".to_owned(), ToString::to_string),
        })
    });
    elsewhere.collect()
}

/// What is asked of a package to export, it does export, by its record and not by the lock: letter by letter what a member
/// asks for, and of what a package asks for what serves it.
fn check_exports(
    lock: &Lockfile,
    found: &BTreeMap<&Selection, Release>,
    refused: &mut Vec<ClaimError>,
) {
    let mut told = BTreeSet::new();
    for (member, root) in &lock.roots {
        let own = root.requires.iter();
        let own = own.map(|one| (member.clone(), one, true));
        let packages = root.selects.iter().filter_map(|selection| {
            let package = lock.packages.get(selection)?;
            let requires = package.requires.iter();
            Some(requires.map(move |one| (selection.to_string(), one, false)))
        });
        let asking = own.chain(packages.flatten());
        for (by, requirement, is_literal) in asking.filter(|(_, one, _)| !one.serves.is_empty()) {
            let meets = |selection: &&Selection| {
                selection.kind == requirement.kind
                    && selection.name == requirement.name
                    && requirement.req.matches(&selection.version)
            };
            for selection in root.selects.iter().filter(meets) {
                // What a local package exports is seen when it is built; a release that is not here is refused already.
                let Some(exports) = found.get(selection).map(Release::exports) else {
                    continue;
                };
                let missing: Vec<_> = if is_literal {
                    requirement.serves.difference(exports).collect()
                } else {
                    requirement.unserved_by(exports).collect()
                };
                for export in missing {
                    // Two members may have what does not serve a third.
                    if told.insert((selection, by.clone(), export)) {
                        refused.push(ClaimError::NotExported {
                            selection: selection.clone(),
                            by: by.clone(),
                            export: export.clone(),
                        });
                    }
                }
            }
        }
    }
}

fn address(selection: &Selection, release: &LockedRelease) -> Address {
    Address {
        origin: release.origin.clone(),
        name: selection.name.clone(),
    }
}

/// Checks that a package's own files name the same index for a locked record as the lock does. By now it is proved that
/// the record lies there. If the files named another index, the record would be in the log twice, and the registry could
/// choose when it was written.
fn check_index(
    selection: &Selection,
    locked: &LockedRelease,
    position: Position,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    let address = address(selection, locked);
    let check = |sessions: &mut Sessions<'_>| {
        let log = sessions.log(&address);
        let log = log.filter(|log| log.index_hint(position) != Some(locked.index));
        let Some(log) = log.cloned() else {
            return Ok(());
        };
        sessions.with(&address.origin, |session| {
            session.check_index(&log, position, locked.index)
        })
    };
    match check(sessions) {
        // The files that this machine keeps may be wrong, and the registry's right.
        Err(error) if error.class() == Class::Refused && !sessions.is_offline() => {
            let names = BTreeSet::from([address.name.clone()]);
            sessions.load_afresh(&address.origin, &names)?;
            check(sessions)
        }
        checked => checked,
    }
}

/// Compares what the lock says of a release with its package log: which record and which content it is.
fn check_record<'l>(
    selection: &Selection,
    locked: &LockedRelease,
    log: Option<&'l LoadedLog>,
) -> std::result::Result<&'l Release, ClaimError> {
    let address = address(selection, locked);
    let selection = || selection.clone();
    let Some(log) = log else {
        return Err(ClaimError::NoPackage {
            selection: selection(),
            address,
        });
    };
    if let Some(kind) = log.log().kind().filter(|kind| *kind != selection().kind) {
        return Err(ClaimError::Kind {
            selection: selection(),
            found: kind.noun(),
        });
    }
    let Some(release) = log.log().release(&selection().version) else {
        return Err(ClaimError::NoRelease {
            selection: selection(),
            address,
        });
    };
    let differs = |what, claimed, found| differs(&selection(), what, claimed, found);
    let (claimed, found) = (locked.digest, *release.digest());
    if claimed != found {
        return Err(differs("digest", claimed.to_string(), found.to_string()));
    }
    let (claimed, found) = (locked.record, release.record());
    if claimed != found {
        return Err(differs("record", claimed.to_string(), found.to_string()));
    }
    Ok(release)
}

fn differs(
    selection: &Selection,
    what: &'static str,
    claimed: String,
    found: String,
) -> ClaimError {
    ClaimError::Differs {
        selection: selection.clone(),
        what,
        claimed,
        found,
    }
}

/// The same, and what the release requires, and whether it is to be used.
fn check_release<'l>(
    selection: &Selection,
    package: &LockedPackage,
    locked: &LockedRelease,
    log: Option<&'l LoadedLog>,
    origins: &Origins,
) -> std::result::Result<&'l Release, ClaimError> {
    let release = check_record(selection, locked, log)?;
    let found = release.requirements().iter();
    // A record that names another registry than this project's table is refused, not read as if it did not.
    let found = found.map(|requirement| match requirement.origin {
        Some(_) => requirement.clone(),
        None => origins.settle(requirement),
    });
    let found: BTreeSet<_> = found.collect();
    if package.requires != found {
        let (claimed, found) = (listed(&package.requires), listed(&found));
        return Err(differs(selection, "requirements", claimed, found));
    }
    match release.objection() {
        None | Some(Objection::Yanked { .. }) => Ok(release),
        Some(Objection::Unusable { defect }) => Err(ClaimError::Unusable {
            selection: selection.clone(),
            reason: defect.to_string(),
        }),
        Some(Objection::Withdrawn { reason }) => Err(ClaimError::Withdrawn {
            selection: selection.clone(),
            reason,
        }),
    }
}

/// Requirements, as a message lists them.
fn listed(requirements: &BTreeSet<Requirement>) -> String {
    let texts: Vec<_> = requirements.iter().map(ToString::to_string).collect();
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join(", ")
    }
}
