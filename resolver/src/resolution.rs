//! Solving: one closed set per member, or the reason why there is none.
//!
//! [`resolve`] is pure and synchronous. Each member is solved by itself, and prefers what it had locked, then what any
//! member had. Neither names nor their order decide anything. A run that finishes saw only loaded packages, so what
//! else the index holds cannot change the answer. The other half, which judges a closed set without knowing how it was
//! found, is [`closure`](crate::closure).

use std::collections::{BTreeMap, BTreeSet};

use transparency::selection::Selection;

use crate::attempt::{Ended, MessageBudget, search};
use crate::beside::Beside;
use crate::budget::Budget;
use crate::closed_set::{ClosedSet, Provenance};
use crate::graph::MemberGraph;
use crate::ground::Ground;
use crate::index::{Address, Index};
use crate::kept::kept;
use crate::node::Body;
use crate::numbers::NodeId;
use crate::preference::{Preferences, locked};
use crate::problem::{Local, Problem};
use crate::provider::Provider;
use crate::reason::Reason;
use crate::report::Conflict;
use crate::scope::{Found, Scope, Stop};
use crate::unresolved::{GaveUp, Unowned, Unresolved};

/// The answer: a closed set for each member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// By the member's name.
    pub members: BTreeMap<String, ClosedSet>,
}

impl Resolution {
    /// All that any member selects.
    pub fn packages(&self) -> BTreeMap<&Selection, &Provenance> {
        self.members
            .values()
            .flat_map(|set| &set.packages)
            .collect()
    }
}

/// Solves every member's requirements.
///
/// # Errors
/// What is to be loaded first, or why there is no answer.
pub fn resolve(problem: &Problem, index: &Index) -> Result<Resolution, Unresolved> {
    resolve_within(problem, index, Budget::default())
}

/// The same with another budget for each member.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_within(
    problem: &Problem,
    index: &Index,
    mut budget: Budget,
) -> Result<Resolution, Unresolved> {
    resolve_round(problem, index, &mut budget)
}

/// The same for whoever loads what is missing and solves again. What a round took that ended without an answer is taken
/// off the budget, so that those rounds together take no more than twice what one may. A conflict stands, whatever is
/// loaded for its hints: where the next round gives up, the one before was right.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_round(
    problem: &Problem,
    index: &Index,
    budget: &mut Budget,
) -> Result<Resolution, Unresolved> {
    check_locals(problem)?;
    let mut scopes = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let mut unowned = Vec::new();
    for (name, member) in &problem.members {
        let scope = Scope::new(&problem.options, index, member);
        unowned.extend(without_owner(name, &scope));
        missing.extend(first_needed(&scope));
        scopes.insert(name, scope);
    }
    if !unowned.is_empty() {
        return Err(Unresolved::NoRegistry(unowned));
    }
    if !missing.is_empty() {
        return Err(Unresolved::Missing(missing));
    }
    let mut resolution = Resolution::default();
    let locked = locked(problem);
    let mut lost = 0u64;
    for (name, scope) in &scopes {
        let preferences = Preferences::of_member(scope, &locked);
        let by_itself = scopes.len() == 1;
        let mut solve = |scope| solve((name, by_itself), scope, &preferences, *budget, &mut lost);
        let solved = if let Some(kept) = kept(scope, &preferences) {
            Ok(kept)
        } else if let Some(Beside { member, packages }) = Beside::of(scope, &preferences) {
            let scope = Scope::new(&problem.options, index, &member);
            let lacking = first_needed(&scope);
            if lacking.is_empty() {
                solve(&scope).map(|mut set| {
                    set.packages.extend(packages);
                    set
                })
            } else {
                Err(Unresolved::Missing(lacking))
            }
        } else {
            solve(scope)
        };
        match solved {
            Ok(set) => {
                resolution.members.insert((*name).clone(), set);
            }
            // What all members lack is loaded at once.
            Err(Unresolved::Missing(more)) => missing.extend(more),
            Err(error) if missing.is_empty() => {
                budget.steps = budget.steps.saturating_sub(lost);
                return Err(error);
            }
            Err(_) => break,
        }
    }
    if !missing.is_empty() {
        budget.steps = budget.steps.saturating_sub(lost);
        return Err(Unresolved::Missing(missing));
    }
    Ok(resolution)
}

fn check_locals(problem: &Problem) -> Result<(), Unresolved> {
    let mut seen: BTreeMap<Selection, (&String, &Local)> = BTreeMap::new();
    for (name, member) in &problem.members {
        for local in &member.locals {
            let (other, before) = *seen.entry(local.selection()).or_insert((name, local));
            if before.requirements != local.requirements {
                return Err(Unresolved::LocalsDiffer {
                    one: other.clone(),
                    other: name.clone(),
                    selection: local.selection(),
                });
            }
        }
    }
    Ok(())
}

/// What a member itself requires and no registry can serve. Nothing else could be chosen instead, so all of it is
/// told at once. What a release requires in vain only makes that release no choice.
fn without_owner(name: &str, scope: &Scope<'_>) -> Vec<Unowned> {
    let roots = scope.member.requirements.iter();
    let unowned = roots.filter(|root| {
        matches!(
            scope.find(&root.requirement),
            Found::Nowhere(Reason::NoRegistry { .. })
        )
    });
    unowned
        .map(|root| Unowned {
            member: name.to_owned(),
            requirement: root.requirement.clone(),
            location: root.location.clone(),
        })
        .collect()
}

/// What a member's solve looks at before anything else.
pub(crate) fn first_needed(scope: &Scope<'_>) -> BTreeSet<Address> {
    let member = scope.member;
    let roots = member.requirements.iter().map(|root| &root.requirement);
    let mut missing = scope.missing(roots);
    if member.keep {
        for selection in &member.selects {
            if scope.local(selection).is_none()
                && let Some(origin) = scope.options.origins.of(&selection.name)
            {
                missing.insert(Address {
                    origin: origin.clone(),
                    name: selection.name.clone(),
                });
            }
        }
        missing.retain(|address| !scope.index.holds(address));
    }
    missing
}

fn solve<'a>(
    (name, by_itself): (&str, bool),
    scope: &'a Scope<'a>,
    preferences: &'a Preferences,
    budget: Budget,
    taken: &mut u64,
) -> Result<ClosedSet, Unresolved> {
    let ground = Ground::new(scope, preferences);
    let graph = MemberGraph::new(&ground, &scope.member.requirements, budget);
    let provider = Provider(graph.map_err(Unresolved::Missing)?);
    let end = search(&provider);
    *taken = taken.saturating_add(provider.0.meter().excess());
    end.map(|chosen| closed_set(&provider.0, &chosen))
        .map_err(|end| match end {
            Ended::Unsolvable(tree) => {
                let mut allowance = MessageBudget::of_a_message(budget);
                let whole = allowance.left();
                let conflict =
                    Conflict::explain((name, by_itself), provider.0, tree, &mut allowance);
                *taken = taken.saturating_add(whole.saturating_sub(allowance.left()));
                Unresolved::Conflict(Box::new(conflict))
            }
            Ended::Stopped(Stop::Missing(addresses)) => Unresolved::Missing(addresses),
            Ended::Stopped(Stop::Spent) => Unresolved::GaveUp(GaveUp::of(name, &provider.0)),
        })
}

/// The versions among the numbers that are chosen.
fn closed_set(graph: &MemberGraph<'_, '_>, chosen: &[(NodeId, u32)]) -> ClosedSet {
    let sources = chosen.iter().filter_map(|(id, number)| {
        let Body::Track { stock, .. } = &graph.node(*id).body else {
            return None;
        };
        stock.source(*number)
    });
    let mut sources: Vec<_> = sources.map(|source| (source.selection(), source)).collect();
    // Sorted while they are small.
    sources.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let packages = sources.into_iter();
    let packages = packages.map(|(selection, source)| (selection, Provenance::of(source)));
    ClosedSet {
        packages: packages.collect(),
    }
}
