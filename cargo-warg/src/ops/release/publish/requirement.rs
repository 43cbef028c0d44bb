//! What the component of a member requires, as its record says it to everyone.

use semver::{Comparator, Op};
use transparency::name::{Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::VersionReq;

use crate::error::{Class, Error, Result};
use crate::manifest::{Dependency, Member};
use component::span::Location;

/// What the component of a member requires, and where its manifest says so.
pub(super) fn requirements(member: &Member) -> Result<Vec<(Location, Requirement)>> {
    let dependencies = member.dependencies.iter();
    let components = dependencies.filter(|one| one.kind == Kind::Component);
    let required = components.map(|one| Ok((one.location.clone(), requirement(one)?)));
    required.collect()
}

/// What a dependency says to everyone: its name and the releases that will do. Paths are nobody else's business.
pub(super) fn requirement(dependency: &Dependency) -> Result<Requirement> {
    let Dependency { name, location, .. } = dependency;
    let Some(req) = dependency.requirement.clone() else {
        return Err(Error::new(
            Class::Other,
            format!("`{name}` is a path without a version, which means nothing to others"),
        )
        .at(location.clone())
        .with_help(format!(
            "publish it first, and state its version: \"{name}\" = {{ path = \"…\", version = \"1.2\" }}"
        )));
    };
    if req.track().is_none() {
        return Err(no_track(name, &req, location));
    }
    Ok(Requirement {
        serves: dependency.serves.clone(),
        ..Requirement::new(Kind::Component, name.clone(), req)
    })
}

fn no_track(name: &PackageName, req: &VersionReq, location: &Location) -> Error {
    let is_of_pre_releases = req.comparators().iter().any(|one| !one.pre.is_empty());
    let message = if is_of_pre_releases {
        format!(
            "the requirement `{req}` of `{name}` allows more than one pre-release, and a pre-release promises nothing of \
             the next one; what is published must choose"
        )
    } else {
        format!(
            "the requirement `{req}` of `{name}` allows versions that are not compatible with each other; what is \
             published must choose"
        )
    };
    let instead = req
        .comparators()
        .iter()
        .find_map(instead)
        .unwrap_or_else(|| "1.2".to_owned());
    let error = Error::new(Class::Other, message).at(location.clone());
    error.with_help(format!(
        "write \"{name}\" = \"{instead}\", or another requirement that stays within one major version (below 1.0.0: \
         one minor version)"
    ))
}

/// A requirement of one track that begins where this comparator does.
fn instead(comparator: &Comparator) -> Option<String> {
    let Comparator {
        op,
        major,
        minor,
        patch,
        pre,
        ..
    } = comparator;
    if matches!(op, Op::Less | Op::LessEq) {
        return None;
    }
    let part = |part: &Option<u64>| part.map(|part| format!(".{part}")).unwrap_or_default();
    let text = if pre.is_empty() {
        format!("{major}{}{}", part(minor), part(patch))
    } else {
        format!("={major}{}{}-{pre}", part(minor), part(patch))
    };
    let track = VersionReq::from_user(&text).ok()?.track();
    track.map(|_| text)
}
