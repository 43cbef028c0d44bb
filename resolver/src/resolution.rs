//! Solving: one closed set per member, or the reason why there is none.
//!
//! [`resolve`] is pure and synchronous. Each member is solved by itself, and prefers what it had locked, then what any
//! member had. Neither names nor their order decide anything. A run that finishes saw only loaded packages, so what
//! else the index holds cannot change the answer. The other half, which judges a closed set without knowing how it was
//! found, is [`closure`](crate::closure).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use transparency::name::PackageName;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::Track;

use crate::attempt::{Ended, MessageBudget, search};
use crate::beside::{Beside, contradiction};
use crate::budget::Budget;
use crate::closed_set::{ClosedSet, Provenance};
use crate::closure::check_member;
use crate::graph::MemberGraph;
use crate::ground::Ground;
use crate::index::{Address, Index};
use crate::node::Body;
use crate::node::Key;
use crate::numbers::NodeId;
use crate::preference::{Preferences, locked};
use crate::problem::{Local, Problem};
use crate::provider::Provider;
use crate::reason::Reason;
use crate::report::{Conflict, list};
use crate::scope::{Found, Scope, Source, Stop};

/// How many packages are named where a solve gave up.
const MAX_CULPRITS: usize = 5;

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

/// Where a solve gave up. Whether there is a solution is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "gave up on the requirements of `{member}` after {steps} steps{}",
    most_of_it(packages)
)]
pub struct GaveUp {
    /// Whose solve it was.
    pub member: String,
    /// How many steps it took.
    pub steps: u64,
    /// The packages in whose conflicts most of the work went, the worst first.
    pub packages: Vec<PackageName>,
}

fn most_of_it(packages: &[PackageName]) -> String {
    let names: Vec<String> = packages.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(", most of them for conflicts of {}", list(names, "and")),
    }
}

impl GaveUp {
    fn of(member: &str, graph: &MemberGraph<'_, '_>) -> Self {
        let mut packages: Vec<PackageName> = Vec::new();
        for node in graph.meter().most_conflicts() {
            let name = match &*graph.node(node).key {
                Key::Root => continue,
                Key::Track(_, name, _) | Key::Choice(_, name, ..) | Key::Nowhere(_, name, _) => {
                    name.clone()
                }
            };
            if packages.len() < MAX_CULPRITS && !packages.contains(&name) {
                packages.push(name);
            }
        }
        Self {
            member: member.to_owned(),
            steps: graph.meter().taken(),
            packages,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// These packages are needed to go on. Load them all, then solve again.
    #[error("{} packages are not loaded", .0.len())]
    Missing(BTreeSet<Address>),
    /// A member's requirements cannot all be met.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// It takes more work than a solve may.
    #[error(transparent)]
    GaveUp(GaveUp),
    /// What members themselves require belongs to no registry.
    #[error("{}", without_registry(.0))]
    NoRegistry(Vec<Unowned>),
    /// Two members see different local packages under one name and version.
    #[error(
        "`{one}` and `{other}` each have a local package `{selection}`, and the two differ in what they require"
    )]
    LocalsDiffer {
        /// The name of one member.
        one: String,
        /// The name of the other member.
        other: String,
        /// What both call their package.
        selection: Selection,
    },
}

/// A requirement of a member's own, for whose namespace no registry is configured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unowned {
    /// The name of the member.
    pub member: String,
    /// The requirement that no registry can serve.
    pub requirement: Requirement,
    /// Where it says so.
    pub location: Option<String>,
}

impl fmt::Display for Unowned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requirement { name, req, .. } = &self.requirement;
        write!(f, "`{}` requires {name} {req}", self.member)?;
        match &self.location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

fn without_registry(all: &[Unowned]) -> String {
    let namespaces = all.iter().map(|one| one.requirement.name.namespace());
    let namespaces: BTreeSet<_> = namespaces.collect();
    let named: Vec<_> = namespaces.iter().map(|one| format!("`{one}`")).collect();
    let lines: Vec<_> = all.iter().map(|one| format!("\n  {one}")).collect();
    format!(
        "no registry is configured for the namespace{} {}{}",
        if named.len() == 1 { "" } else { "s" },
        list(&named, "and"),
        lines.concat()
    )
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

/// The old selection of a member that is to keep it, where it is still valid.
fn kept(scope: &Scope<'_>, preferences: &Preferences) -> Option<ClosedSet> {
    let member = scope.member;
    if !member.keep || contradiction(member).is_some() {
        return None;
    }
    let mut set = ClosedSet::default();
    for selection in &member.selects {
        let source = source_of(scope, selection)?;
        if scope.exclusion(source, preferences).is_some() {
            return None;
        }
        for requirement in source.requirements() {
            let is_local = member.locals.iter().any(|local| {
                local.kind == requirement.kind
                    && local.name == requirement.name
                    && requirement.req.matches(&local.version)
            });
            if !is_local {
                scope.address(requirement).ok()?;
            }
        }
        set.packages
            .insert(selection.clone(), Provenance::of(source));
    }
    check_member(member, &set).is_empty().then_some(set)
}

fn source_of<'a>(scope: &Scope<'a>, selection: &'a Selection) -> Option<Source<'a>> {
    if let Some(local) = scope.local(selection) {
        return Some(Source::Local(local));
    }
    if scope.shadows(
        selection.kind,
        &selection.name,
        &Track::of(&selection.version),
    ) {
        return None;
    }
    let address = Address {
        origin: scope.options.origins.of(&selection.name)?.clone(),
        name: selection.name.clone(),
    };
    let package = scope.index.package(&address)?;
    let release = package.release(&selection.version)?;
    (package.kind() == selection.kind).then_some(Source::Registry(package, release))
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
