//! What keeps a version of a package away from a member: the requirements that it does not meet.

use std::collections::BTreeSet;
use std::fmt;

use resolver::closed_set::ClosedSet;
use resolver::lockfile::Lockfile;
use resolver::obstacle::Obstacle;
use resolver::problem::Problem;
use semver::Version;
use transparency::name::Kind;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

/// What keeps a version away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldBy {
    /// The member's own requirement, and where it stands.
    Member {
        /// The requirement's versions.
        requirement: String,
        /// Where the requirement stands.
        location: Option<String>,
    },
    /// Another package's requirement.
    Package {
        /// The package that requires it.
        by: Selection,
        /// The requirement's versions.
        requirement: String,
    },
    /// What the version itself requires is nowhere.
    Obstacle(Obstacle),
    /// Nothing but the rule that the lowest version of a WIT package is taken that does.
    Lowest,
}

impl fmt::Display for HeldBy {
    /// `^1.0 of acme:logger 1.0.0`, `=0.2.3 at wit/app.wit:3:10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member {
                requirement,
                location: Some(location),
            } => write!(f, "{requirement} at {location}"),
            Self::Member {
                requirement,
                location: None,
            } => f.write_str(requirement),
            Self::Package { by, requirement } => {
                write!(f, "{requirement} of {} {}", by.name, by.version)
            }
            Self::Obstacle(obstacle) => write!(f, "it {obstacle}"),
            Self::Lowest => f.write_str("the lowest that does"),
        }
    }
}

/// What keeps a version of a package away from a member that has this closed set: the requirements that the selected
/// version meets, and this one does not. A package may be there in several versions. What holds another of them says
/// nothing of this one.
pub fn held_by(
    problem: &Problem,
    member: &str,
    selected: &Selection,
    version: &Version,
    set: &ClosedSet,
) -> Vec<HeldBy> {
    let packages = set.packages.iter();
    let packages = packages.map(|(by, provenance)| (by, provenance.requirements()));
    held_among((problem, member), selected, version, packages)
}

/// The same of the closed set that a member has in a lock.
pub fn held_by_in_lock(
    problem: &Problem,
    member: &str,
    selected: &Selection,
    version: &Version,
    lock: &Lockfile,
) -> Vec<HeldBy> {
    let selects = lock.roots.get(member).map(|root| &root.selects);
    let packages = selects.into_iter().flatten();
    let packages = packages.filter_map(|by| Some((by, &lock.packages.get(by)?.requires)));
    held_among((problem, member), selected, version, packages)
}

fn held_among<'s>(
    (problem, member): (&Problem, &str),
    selected: &Selection,
    version: &Version,
    packages: impl Iterator<Item = (&'s Selection, &'s BTreeSet<Requirement>)>,
) -> Vec<HeldBy> {
    let is_met = |requirement: &Requirement| {
        requirement.kind == selected.kind
            && requirement.name == selected.name
            && requirement.req.matches(&selected.version)
    };
    let mut held = Vec::new();
    let mut is_required = false;
    let member = problem.members.get(member);
    for root in member.iter().flat_map(|member| &member.requirements) {
        if is_met(&root.requirement) {
            is_required = true;
            if !root.requirement.req.matches(version) {
                held.push(HeldBy::Member {
                    requirement: root.requirement.req.to_string(),
                    location: root.location.as_ref().map(ToString::to_string),
                });
            }
        }
    }
    for (by, requirements) in packages {
        for requirement in requirements.iter().filter(|one| is_met(one)) {
            is_required = true;
            if !requirement.req.matches(version) {
                held.push(HeldBy::Package {
                    by: by.clone(),
                    requirement: requirement.req.to_string(),
                });
            }
        }
    }
    if held.is_empty() && is_required && selected.kind == Kind::Wit {
        held.push(HeldBy::Lowest);
    }
    held
}
