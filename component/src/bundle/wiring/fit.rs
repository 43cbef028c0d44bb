//! Which export fits which import, as far as names say. Types are not compared.

use std::collections::BTreeSet;

use transparency::name::{ExternName, InterfaceName, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::bundle::outside::Import;

/// How well an export fits an import; smaller is better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Exact,
    /// A later version of the same track.
    Later(semver::Version),
}

pub(super) fn fit(import: &Import<'_>, export: &ExternName) -> Option<Fit> {
    if import.name == *export {
        return Some(Fit::Exact);
    }
    let named = import.written.implements;
    let wanted = import.name.interface();
    let wanted = wanted.or_else(|| named?.parse().ok())?;
    fit_of_interfaces(wanted, export.interface()?)
}

fn fit_of_interfaces(wanted: InterfaceName, found: InterfaceName) -> Option<Fit> {
    if (&wanted.package, &wanted.interface) != (&found.package, &found.interface) {
        return None;
    }
    if wanted.version == found.version {
        return Some(Fit::Exact);
    }
    let (wanted, found) = (wanted.version?, found.version?);
    (Track::of(&wanted) == Track::of(&found) && found >= wanted).then_some(Fit::Later(found))
}

/// Whether an export serves an import, as far as their names say: not what an import under a plain name implements.
pub fn serves(export: &ExternName, import: &ExternName) -> bool {
    let fit = || fit_of_interfaces(import.interface()?, export.interface()?);
    import == export || fit().is_some()
}

/// Whether a name that stands in a `for` or in a redirection means an import; without a version it means all.
pub(super) fn means(pattern: &ExternName, import: &ExternName) -> bool {
    if pattern == import {
        return true;
    }
    match (pattern.interface(), import.interface()) {
        (Some(pattern), Some(import)) => {
            let same =
                (&pattern.package, &pattern.interface) == (&import.package, &import.interface);
            same && pattern.version.is_none()
        }
        _ => false,
    }
}

/// The name of an interface in all of its versions.
pub(super) fn unversioned(import: &ExternName) -> Option<ExternName> {
    let interface = import.interface()?;
    let text = format!("{}/{}", interface.package, interface.interface);
    text.parse().ok()
}

/// Whether a name is of an interface of this package.
pub(super) fn is_of(package: &PackageName, name: &ExternName) -> bool {
    name.interface().is_some_and(|one| one.package == *package)
}

/// Which imports a requirement is for, to be stated in the record of a release.
///
/// - Where the requirement has a `for`: what stands there. If all of that is of the required package, it is what the
///   component really imports of it.
/// - Else the imports that are interfaces of the required package, as far as the package exports them.
/// - Else, where the component imports nothing of that package: all imports that it exports.
/// - Nothing, where an import has a plain name: what it is, is not known, so the package may serve it.
///
/// With that in its record, a release is served by the same interfaces later on. A later version of the package that exports
/// more takes no further imports from the host, and one that lacks what is stated is not selected.
pub fn purpose(
    requirement: &Requirement,
    imports: &BTreeSet<ExternName>,
    exports: &BTreeSet<ExternName>,
) -> BTreeSet<ExternName> {
    if !requirement.serves.is_empty() {
        // A text may refer to more than the component imports in the end.
        let named = requirement.serves.intersection(imports).cloned();
        let named: BTreeSet<ExternName> = named.collect();
        let mut serves = requirement.serves.iter();
        let is_own = serves.all(|one| is_of(&requirement.name, one));
        return if is_own && !named.is_empty() {
            named
        } else {
            requirement.serves.clone()
        };
    }
    let is_served = |import: &&ExternName| exports.iter().any(|export| serves(export, import));
    let own = imports.iter().filter(|one| is_of(&requirement.name, one));
    let own: BTreeSet<ExternName> = own.cloned().collect();
    let is_unknown = |import: &ExternName| import.interface().is_none() && !is_served(&import);
    if own.is_empty() && imports.iter().any(is_unknown) {
        return BTreeSet::new();
    }
    let among = if own.is_empty() { imports } else { &own };
    let served: BTreeSet<ExternName> = among.iter().filter(is_served).cloned().collect();
    if served.is_empty() { own } else { served }
}
