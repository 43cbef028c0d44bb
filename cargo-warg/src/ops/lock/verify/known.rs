//! What a lock knows of its registries, compared with what they say now, before another lock takes its place.
//!
//! A lock may be all that is left of what a registry once said, so none is written over one that its registry contradicts.
//! A release is the record and the content that were locked, and lies where it lay. That it was yanked or withdrawn since
//! is no contradiction, and what it requires follows from its record.
//!
//! Logs that are loaded are compared. A registry is asked only about a record that it says to lie elsewhere, and about one
//! that a merge may have put under another name.

use resolver::lockfile::{LockedRelease, Lockfile};
use transparency::record::Subject;
use transparency::release::Release;
use transparency::selection::Selection;

use super::{Asks, ClaimError, Whose, address, check_included, check_index, check_record, refuse};
use crate::error::Result;
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;

/// What the text of a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Text {
    /// As a command wrote it.
    Whole,
    /// A side of a merge, of which git may have put the lines of one release under the name of another.
    Merged,
}

/// Demands that the package logs that are loaded hold what a lock has of them. What a log that breaks the rules has in front
/// of its fault is not asked; only that it has the record, where that is known.
///
/// # Errors
/// All releases that are not as the lock says; a record that lies elsewhere, with evidence where its registry wrote it twice.
pub(in crate::ops) fn check_known(
    lock: &Lockfile,
    text: Text,
    project: &Project,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    let whose = Whose::Workspace(project.workspace.lock_file());
    let (mut refused, mut elsewhere, mut asks) = (Vec::new(), Vec::new(), Asks::new());
    for (selection, package) in &lock.packages {
        let Some(locked) = &package.release else {
            continue;
        };
        let address = address(selection, locked);
        let log = match sessions.loaded(&address) {
            None => continue, // nothing was asked of it
            Some(Ok(log)) => log,
            Some(Err(broken)) => {
                if broken.lacks(&locked.record) && !is_misplaced(text, selection, locked, sessions)?
                {
                    let selection = selection.clone();
                    refused.push(ClaimError::NoRelease { selection, address });
                }
                continue;
            }
        };
        match check_record(selection, locked, log) {
            Ok(release) => {
                let position = release.position();
                if log.and_then(|log| log.index_hint(position)) != Some(locked.index) {
                    let records = asks.entry(locked.origin.clone()).or_default();
                    records.push((locked.record, locked.index));
                    elsewhere.push((selection, locked, position));
                }
            }
            Err(error) => {
                if !is_misplaced(text, selection, locked, sessions)? {
                    refused.push(error);
                }
            }
        }
    }
    refuse(whose, refused)?;
    check_included(whose, &asks, sessions)?;
    elsewhere
        .into_iter()
        .try_for_each(|(selection, locked, position)| {
            check_index(selection, locked, position, sessions)
        })
}

/// Whether what stands under a name is a release of another one, which a merge put there: a record of another package's log,
/// or another release of this one.
fn is_misplaced(
    text: Text,
    selection: &Selection,
    locked: &LockedRelease,
    sessions: &mut Sessions<'_>,
) -> Result<bool> {
    if text == Text::Whole {
        return Ok(false);
    }
    let owner = sessions.with(&locked.origin, |session| {
        Ok(session.owner_of(&locked.record, locked.index))
    })?;
    let Some(Subject::Package(owner)) = owner else {
        return Ok(false);
    };
    let is_it =
        |release: &Release| release.record() == locked.record && *release.digest() == locked.digest;
    let log = sessions.log(&address(selection, locked));
    Ok(owner != selection.name || log.is_some_and(|log| log.log().releases().any(is_it)))
}
