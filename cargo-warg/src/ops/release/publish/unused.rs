//! What a component imports, held against what it requires, or would.

use std::collections::BTreeSet;

use transparency::name::ExternName;
use transparency::release::Release;
use transparency::requirement::Requirement;

use crate::error::Result;
use crate::notice::Notice;
use crate::ops::session::Sessions;
use component::bundle::wiring::serves;
use component::span::Location;

/// What to say of a requirement that no import asks for, and where it stands; nothing where one does.
///
/// The package of an import need not be the package that exports it, so what counts is what the releases that are allowed
/// export.
///
/// # Errors
/// Whatever keeps the package from being read or believed.
pub(super) fn unused(
    requirement: &Requirement,
    location: &Location,
    imports: &BTreeSet<ExternName>,
    sessions: &mut Sessions<'_>,
) -> Result<Option<Notice>> {
    let missing: Vec<_> = requirement.serves.difference(imports).cloned().collect();
    if !missing.is_empty() {
        return Ok(Some(Notice::NotImported {
            package: requirement.name.clone(),
            imports: missing,
            location: location.clone(),
        }));
    }
    if !requirement.serves.is_empty() {
        return Ok(None);
    }
    // What an import under a plain name implements is not in the record, so it may be anything.
    let is_plain = imports.iter().any(|import| import.interface().is_none());
    // Of what has no registry or is not there, publishing says more.
    let is_served = is_served(requirement, imports, sessions)?;
    Ok(
        (!is_plain && is_served == Some(false)).then(|| Notice::NothingImported {
            package: requirement.name.clone(),
            location: location.clone(),
        }),
    )
}

/// Whether a component imports what it would if it had this requirement.
///
/// # Errors
/// Whatever keeps the package from being read or believed.
pub(super) fn is_used(
    requirement: &Requirement,
    imports: &BTreeSet<ExternName>,
    sessions: &mut Sessions<'_>,
) -> Result<bool> {
    if !requirement.serves.is_empty() {
        return Ok(requirement.serves.is_subset(imports));
    }
    Ok(is_served(requirement, imports, sessions)? == Some(true))
}

/// Whether a release that is allowed exports what a component imports; none where there is no such package.
fn is_served(
    requirement: &Requirement,
    imports: &BTreeSet<ExternName>,
    sessions: &mut Sessions<'_>,
) -> Result<Option<bool>> {
    let name = &requirement.name;
    if sessions.origins().of(name).is_none() {
        return Ok(None);
    }
    let (_, Some(log)) = sessions.find(name)? else {
        return Ok(None);
    };
    let mut allowed = log
        .log()
        .releases()
        .filter(|release| requirement.req.matches(release.version()));
    let is_served = |import: &ExternName, release: &Release| {
        let mut exports = release.exports().iter();
        exports.any(|export| serves(export, import))
    };
    let is_used = |release: &Release| imports.iter().any(|import| is_served(import, release));
    Ok(Some(allowed.any(is_used)))
}
