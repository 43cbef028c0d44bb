//! Why a solve has no answer.

use std::collections::BTreeSet;
use std::fmt;

use transparency::name::PackageName;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::graph::MemberGraph;
use crate::index::Address;
use crate::location::NamedLocation;
use crate::node::Key;
use crate::report::{Conflict, list};

/// How many packages are named where a solve gave up.
const MAX_CULPRITS: usize = 5;

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
    pub(crate) fn of(member: &str, graph: &MemberGraph<'_, '_>) -> Self {
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
    pub location: Option<NamedLocation>,
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
