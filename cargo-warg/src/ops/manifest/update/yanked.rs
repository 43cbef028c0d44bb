//! Yanked releases that were locked: they stay only where nothing else will do.
//!
//! A solve that may move things leaves them all aside. Of a member that has no solution so, and of no other, all that it
//! had locked are let back in, and then left aside again, as many at a time as can be: none that is left in the end can
//! be spared.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::Lockfile;
use resolver::problem::{Member, Problem};
use resolver::resolution::{Resolution, Unresolved};
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Error, Result};
use crate::ops::session::solve::Sessions;

/// How many solves may be spent on leaving them aside again, for all members together.
const MAX_TRIES: usize = 32;

/// Solves. What each member may move is in `moving`.
///
/// # Errors
/// No solution, as it is told without any yanked release; a registry that cannot be read or believed.
pub(super) fn solve(
    sessions: &mut Sessions<'_>,
    problem: &Problem,
    old: &Lockfile,
    moving: &BTreeMap<String, BTreeSet<Selection>>,
) -> Result<Resolution> {
    let mut problem = problem.clone();
    let mut back: BTreeMap<String, (BTreeSet<Selection>, Error)> = BTreeMap::new();
    let mut resolution = loop {
        let error = match sessions.solve(&problem) {
            Ok(resolution) => break resolution,
            Err(error) => error,
        };
        let Some(name) = unsolved(&error).map(str::to_owned) else {
            return Err(error);
        };
        if let Some((_, without)) = back.remove(&name) {
            return Err(without);
        }
        let Some(member) = problem.members.get_mut(&name) else {
            return Err(error);
        };
        let mut yanked = moving.get(&name).cloned().unwrap_or_default();
        yanked.retain(|one| {
            let package = old.packages.get(one);
            let was_release = package.is_some_and(|package| package.release.is_some());
            was_release
                && !member.selects.contains(one)
                && sessions.release(one).is_some_and(Release::is_yanked)
        });
        if yanked.is_empty() {
            return Err(error);
        }
        member.selects.extend(yanked.iter().cloned());
        back.insert(name, (yanked, error));
    };
    let mut tries = MAX_TRIES;
    for (name, (yanked, _)) in back {
        for chunk in in_doubt(&mut problem, &name, yanked, &resolution) {
            spare(
                sessions,
                &mut problem,
                &name,
                chunk,
                &mut resolution,
                &mut tries,
            )?;
        }
    }
    Ok(resolution)
}

/// The member that has no solution.
fn unsolved(error: &Error) -> Option<&str> {
    match error.cause()? {
        Unresolved::Conflict(conflict) => Some(conflict.member()),
        Unresolved::GaveUp(gave_up) => Some(&gave_up.member),
        _ => None,
    }
}

/// What of a member's yanked releases might be spared, in chunks of which each is worth a try. What a solution does
/// without is left aside at once; what the member itself requires in this very version stays.
fn in_doubt(
    problem: &mut Problem,
    name: &str,
    yanked: BTreeSet<Selection>,
    resolution: &Resolution,
) -> Vec<Vec<Selection>> {
    let (Some(member), Some(set)) = (problem.members.get_mut(name), resolution.members.get(name))
    else {
        return Vec::new();
    };
    let (used, unused): (BTreeSet<_>, BTreeSet<_>) = yanked
        .into_iter()
        .partition(|one| set.packages.contains_key(one));
    member.selects.retain(|one| !unused.contains(one));
    let (needed, doubtful): (Vec<_>, Vec<_>) =
        used.into_iter().partition(|one| is_pinned(member, one));
    if needed.is_empty() {
        // Without all of them there was no solution.
        halves(&doubtful)
    } else {
        vec![doubtful]
    }
}

fn is_pinned(member: &Member, selection: &Selection) -> bool {
    let mut requirements = member.requirements.iter().map(|root| &root.requirement);
    requirements.any(|one| {
        one.kind == selection.kind
            && one.name == selection.name
            && one.req.pinned().as_ref() == Some(&selection.version)
    })
}

/// Nothing of what cannot be halved.
fn halves(chunk: &[Selection]) -> Vec<Vec<Selection>> {
    if chunk.len() < 2 {
        return Vec::new();
    }
    let (one, other) = chunk.split_at(chunk.len() / 2);
    vec![one.to_vec(), other.to_vec()]
}

/// Leaves aside what can be of a chunk: all of it, or what can be of its halves.
fn spare(
    sessions: &mut Sessions<'_>,
    problem: &mut Problem,
    name: &str,
    chunk: Vec<Selection>,
    resolution: &mut Resolution,
    tries: &mut usize,
) -> Result<()> {
    let mut ahead = vec![chunk];
    while let Some(chunk) = ahead.pop() {
        let Some(member) = problem.members.get_mut(name) else {
            break;
        };
        if chunk.is_empty() || *tries == 0 {
            continue;
        }
        *tries = tries.saturating_sub(1);
        member.selects.retain(|one| !chunk.contains(one));
        match sessions.solve(problem) {
            Ok(without) => *resolution = without,
            Err(error) if unsolved(&error).is_some() => {
                if let Some(member) = problem.members.get_mut(name) {
                    member.selects.extend(chunk.iter().cloned());
                }
                if matches!(error.cause(), Some(Unresolved::GaveUp(_))) {
                    *tries = 0; // one more such solve would be as long
                }
                ahead.extend(halves(&chunk));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
