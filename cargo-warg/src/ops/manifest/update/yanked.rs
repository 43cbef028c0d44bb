//! Yanked releases that were locked: they stay only where nothing else will do.
//!
//! A solve that may move things leaves them all aside. Of a member that has no solution so, and of no other, all that it
//! had locked are let back in, and then left aside again, as many at a time as can be: none that is left in the end can
//! be spared, as far as that is found out within what these trials may take together.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::Lockfile;
use resolver::problem::{Member, Problem};
use resolver::resolution::Resolution;
use resolver::trial::Trials;
use resolver::unresolved::Unresolved;
use transparency::release::Release;
use transparency::selection::Selection;

use crate::error::{Error, Result};
use crate::ops::session::Sessions;

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
    let resolution = loop {
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
    let mut trials = Trials::default();
    let mut spared = false;
    for (name, (yanked, _)) in back {
        for chunk in in_doubt(&mut problem, &name, yanked, &resolution) {
            spared |= spare(sessions, &mut problem, &name, chunk, &mut trials)?;
        }
    }
    if !spared {
        return Ok(resolution);
    }
    match sessions.solve(&problem) {
        // The trials saw a solution, and this solve was not given enough to find it.
        Err(error) if unsolved(&error).is_some() => Ok(resolution),
        solved => solved,
    }
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

/// Leaves aside what can be of a chunk: all of it, or what can be of its halves. Whether that is anything.
fn spare(
    sessions: &mut Sessions<'_>,
    problem: &mut Problem,
    name: &str,
    chunk: Vec<Selection>,
    trials: &mut Trials,
) -> Result<bool> {
    let mut spared = false;
    let mut ahead = vec![chunk];
    while let Some(chunk) = ahead.pop() {
        let Some(member) = problem.members.get_mut(name) else {
            break;
        };
        if chunk.is_empty() {
            continue;
        }
        member.selects.retain(|one| !chunk.contains(one));
        if sessions.could_solve(&problem.options, member, trials)? {
            spared = true;
        } else {
            ahead.extend(halves(&chunk));
            member.selects.extend(chunk);
        }
    }
    Ok(spared)
}
