//! A requirement that no import of a component asks for.

use std::collections::BTreeSet;

use transparency::name::ExternName;
use transparency::release::{Release, Requirement};

use crate::error::Result;
use crate::ops::session::solve::Sessions;
use component::bundle::wiring::serves;

/// What to say of a requirement that no import asks for; nothing where one does.
///
/// The package of an import need not be the package that exports it, so what counts is what the releases that are allowed
/// export.
///
/// # Errors
/// Whatever keeps the package from being read or believed.
pub(super) fn unused(
    requirement: &Requirement,
    imports: &BTreeSet<ExternName>,
    sessions: &mut Sessions<'_>,
) -> Result<Option<String>> {
    let name = &requirement.name;
    let missing: Vec<_> = requirement.serves.difference(imports).collect();
    let missing: Vec<_> = missing.iter().map(|import| format!("`{import}`")).collect();
    if !missing.is_empty() {
        return Ok(Some(format!(
            "the component does not import {}, for which it requires `{name}`",
            missing.join(", ")
        )));
    }
    // Of what has no registry or is not there, publishing says more.
    if !requirement.serves.is_empty() || sessions.origins().of(name).is_none() {
        return Ok(None);
    }
    let (_, Some(log)) = sessions.find(name)? else {
        return Ok(None);
    };
    let mut allowed = log
        .log()
        .releases()
        .filter(|release| requirement.req.matches(release.version()));
    // What an import under a plain name implements is not in the record, so it may be anything.
    let is_served = |import: &ExternName, release: &Release| {
        import.interface().is_none()
            || release
                .exports()
                .iter()
                .any(|export| serves(export, import))
    };
    let is_used = |release: &Release| imports.iter().any(|import| is_served(import, release));
    Ok((!allowed.any(is_used))
        .then(|| format!("the component imports nothing that `{name}` exports, which it requires")))
}
