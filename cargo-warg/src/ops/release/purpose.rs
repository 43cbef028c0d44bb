//! What a component requires each package for, as its record is to say.
//!
//! Whoever requires the component wires it by its record. So the record names what the publisher's own bundle takes from each
//! package: the root and the dependency are one component, wired by one rule.

use std::collections::BTreeSet;

use resolver::lockfile::Lockfile;
use transparency::name::{ExternName, Kind};
use transparency::release::Release;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::statement::Statement;

use crate::error::Result;
use crate::ops::session::Sessions;
use component::bundle::wiring::{purpose, serves};

/// States it of a component that is published without a closed set. Where its member has a release locked, by that one alone:
/// the publisher's own bundle is wired by it, even if it serves nothing. Where none is locked, by the lowest that is usable and
/// serves any import, so that later ones change nothing.
///
/// # Errors
/// Whatever keeps a package from being read or believed.
pub(crate) fn state(
    statement: &mut Statement,
    lock: Option<&Lockfile>,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    each(statement, |requirement, imports| {
        if !requirement.serves.is_empty() || sessions.origins().of(&requirement.name).is_none() {
            return Ok((requirement.clone(), BTreeSet::new()));
        }
        let (_, log) = sessions.find(&requirement.name)?;
        let releases = log.into_iter().flat_map(|log| log.log().releases());
        let mut allowed: Vec<&Release> = releases
            .filter(|one| requirement.req.matches(one.version()))
            .collect();
        let locked = lock.and_then(|lock| locked(lock, requirement));
        let is_locked = |one: &&&Release| locked.is_some_and(|it| it.version == *one.version());
        let stated = allowed.iter().find(is_locked).copied().or_else(|| {
            allowed.retain(|one| one.is_usable());
            allowed.sort_by(|one, other| one.version().cmp(other.version()));
            let mut allowed = allowed.into_iter();
            allowed.find(|release| {
                let mut exports = release.exports().iter();
                exports.any(|export| imports.iter().any(|import| serves(export, import)))
            })
        });
        let exports = stated.map(|release| release.exports().clone());
        Ok((requirement.clone(), exports.unwrap_or_default()))
    })
}

/// What a member's lock has of what a requirement asks for.
fn locked<'l>(lock: &'l Lockfile, requirement: &Requirement) -> Option<&'l Selection> {
    let mut packages = lock.packages.keys();
    packages.find(|one| {
        one.kind == requirement.kind
            && one.name == requirement.name
            && requirement.req.matches(&one.version)
    })
}

/// The same of one that carries its closed set: by what that selects, and what the lock says that each is for.
pub(crate) fn state_locked(
    statement: &mut Statement,
    lock: &Lockfile,
    sessions: &Sessions<'_>,
) -> Result<()> {
    each(statement, |requirement, _| {
        let is_same = |one: &&Requirement| {
            (one.kind, &one.name, &one.req)
                == (requirement.kind, &requirement.name, &requirement.req)
        };
        let roots = lock.roots.values();
        let asked = roots.flat_map(|root| &root.requires).find(is_same);
        let release = locked(lock, requirement);
        let release = release.and_then(|selection| sessions.release(selection));
        let exports = release.map(|release| release.exports().clone());
        Ok((
            asked.unwrap_or(requirement).clone(),
            exports.unwrap_or_default(),
        ))
    })
}

/// Writes into each requirement what it is for, by the requirement and the exports that `found` gives.
fn each(
    statement: &mut Statement,
    mut found: impl FnMut(
        &Requirement,
        &BTreeSet<ExternName>,
    ) -> Result<(Requirement, BTreeSet<ExternName>)>,
) -> Result<()> {
    let named: BTreeSet<ExternName> = statement
        .requirements
        .iter()
        .flat_map(|one| one.serves.iter().cloned())
        .collect();
    let mut stated = BTreeSet::new();
    for requirement in &statement.requirements {
        let mut requirement = requirement.clone();
        if requirement.kind == Kind::Component {
            // What another is for by name is no question.
            let imports: BTreeSet<ExternName> = if requirement.serves.is_empty() {
                statement.imports.difference(&named).cloned().collect()
            } else {
                statement.imports.clone()
            };
            let (by, exports) = found(&requirement, &imports)?;
            requirement.serves = purpose(&by, &imports, &exports);
        }
        stated.insert(requirement);
    }
    statement.requirements = stated.into();
    Ok(())
}
