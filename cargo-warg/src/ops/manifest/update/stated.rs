//! The versions of WIT packages that manifests name: how those that an update is told of move with the texts.

use std::collections::{BTreeMap, BTreeSet};

use resolver::NamedLocation;
use resolver::problem::{Member, Problem, RootRequirement};
use resolver::resolution::Resolution;
use semver::Version;
use transparency::name::Kind;
use transparency::selection::Selection;
use transparency::version::{VersionReq, parse_version};

use crate::error::{Classified as _, Error, Result};
use crate::manifest::Dependency;
use crate::manifest::edit::{ManifestEdit, NewDependency};
use crate::ops::manifest::update::Request;
use crate::ops::manifest::update::pins::newer_of_track;
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;

/// A version in a manifest that became another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedChange {
    /// Where it stands.
    pub location: component::span::Location,
    /// The package.
    pub name: transparency::name::PackageName,
    /// What stood there.
    pub before: String,
    /// What takes its place.
    pub after: String,
}

/// The manifests that change with the texts.
#[derive(Default)]
pub(super) struct Manifests {
    edits: Vec<ManifestEdit>,
    pub(super) changes: Vec<StatedChange>,
}

/// The WIT dependencies that the request names, of members that may change: those of which what they lock is to move.
pub(super) fn stated_in_scope<'p>(
    project: &'p Project,
    moving: &BTreeMap<String, BTreeSet<Selection>>,
    request: &Request<'_>,
) -> Vec<(&'p String, &'p Dependency)> {
    if request.specs.is_empty() || !request.pins {
        return Vec::new();
    }
    let mut stated = Vec::new();
    for member in project.workspace.members() {
        let Some(moving) = moving.get(&member.name) else {
            continue;
        };
        let is_meant = |dependency: &&Dependency| {
            let moves = |one: &Selection| {
                let req = dependency.requirement.as_ref();
                one.kind == Kind::Wit
                    && one.name == dependency.name
                    && req.is_some_and(|req| req.matches(&one.version))
            };
            dependency.kind == Kind::Wit && dependency.path.is_none() && moving.iter().any(moves)
        };
        let meant = member.dependencies.iter().filter(is_meant);
        stated.extend(meant.map(|dependency| (&member.name, dependency)));
    }
    stated
}

/// What a requirement says for another version, if it has to say something else: a full version becomes that one; what is
/// less exact stays while it allows it.
fn moved(dependency: &Dependency, to: &Version) -> Option<String> {
    let written = dependency.written.as_deref()?.trim();
    let (operator, version) = exact(written);
    if parse_version(version).is_ok() {
        let text = format!("{operator}{to}");
        return (text != written).then_some(text);
    }
    let allows = dependency.requirement.as_ref()?.matches(to);
    (!allows).then(|| to.to_string())
}

/// The operator of a requirement of one version, and that.
fn exact(written: &str) -> (&str, &str) {
    let version = written.trim_start_matches(['=', '^']).trim_start();
    let operator = written.len().saturating_sub(version.len());
    written.split_at(operator)
}

/// The version that a requirement names in full.
fn full(dependency: &Dependency) -> Option<Version> {
    let written = dependency.written.as_deref()?.trim();
    parse_version(exact(written).1).ok()
}

/// Puts another requirement in the place of a manifest's; false where the member has none for it.
fn restate(member: &mut Member, dependency: &Dependency, req: VersionReq) -> bool {
    let is_it = |one: &&RootRequirement| {
        one.requirement.kind == Kind::Wit
            && one.requirement.name == dependency.name
            && Some(&one.requirement.req) == dependency.requirement.as_ref()
            && one.location == Some(NamedLocation::new(dependency.location.clone()))
    };
    let Some(mut restated) = member.requirements.iter().find(is_it).cloned() else {
        return false;
    };
    member.requirements.remove(&restated);
    restated.requirement.req = req;
    member.requirements.insert(restated);
    true
}

/// Lets what manifests name go to the version that is asked for; or up within its track, the newest first.
pub(super) fn relax_stated(
    problem: &mut Problem,
    project: &Project,
    sessions: &mut Sessions<'_>,
    stated: &[(&String, &Dependency)],
    precise: Option<&Version>,
) -> Result<()> {
    for (name, dependency) in stated {
        let req = match (precise, full(dependency)) {
            (Some(precise), _) => match moved(dependency, precise) {
                Some(text) => read(&text)?,
                None => continue,
            },
            (None, Some(version)) => VersionReq::caret(&version),
            (None, None) => continue,
        };
        let newer = match (precise, full(dependency)) {
            (None, Some(version)) => {
                sessions.find(&dependency.name)?;
                newer_of_track(project, sessions, &dependency.name, &version)
            }
            _ => Vec::new(),
        };
        let Some(member) = problem.members.get_mut(*name) else {
            continue;
        };
        if !restate(member, dependency, req) {
            continue;
        }
        // The solver prefers these from the highest down.
        member
            .selects
            .extend(newer.into_iter().map(|version| Selection {
                kind: Kind::Wit,
                name: dependency.name.clone(),
                version,
            }));
    }
    Ok(())
}

/// Writes into the problem what the manifests will say, and plans their changes.
pub(super) fn set_stated(
    asked: &mut Problem,
    project: &Project,
    resolution: &Resolution,
    stated: &[(&String, &Dependency)],
    precise: Option<&Version>,
) -> Result<Manifests> {
    let mut manifests = Manifests::default();
    for member in project.workspace.members() {
        let of_member = stated.iter().filter(|(name, _)| **name == member.name);
        let mut edit = None;
        for (_, dependency) in of_member {
            let (Some(set), Some(asked)) = (
                resolution.members.get(&member.name),
                asked.members.get_mut(&member.name),
            ) else {
                continue;
            };
            let fits = |version: &&Version| match (precise, full(dependency)) {
                (Some(precise), _) => *version == precise,
                (None, Some(full)) => VersionReq::caret(&full).matches(version),
                (None, None) => false,
            };
            let selected = set.packages.keys();
            let selected =
                selected.filter(|one| one.kind == Kind::Wit && one.name == dependency.name);
            let Some(now) = selected.map(|one| &one.version).filter(fits).max() else {
                continue;
            };
            let Some(text) = moved(dependency, now) else {
                continue;
            };
            if !restate(asked, dependency, read(&text)?) {
                continue;
            }
            let edit = match &mut edit {
                Some(edit) => edit,
                none => none.insert(project.workspace.edit(member).classified()?),
            };
            let is_renamed = dependency.alias != dependency.name;
            edit.set_dependency(&NewDependency {
                kind: Kind::Wit,
                alias: &dependency.alias,
                package: is_renamed.then_some(&dependency.name),
                requirement: Some(&text),
                path: None,
                registry: None,
            })
            .classified()?;
            manifests.changes.push(StatedChange {
                location: dependency.location.clone(),
                name: dependency.name.clone(),
                before: dependency.written.clone().unwrap_or_default(),
                after: text,
            });
        }
        manifests.edits.extend(edit);
    }
    Ok(manifests)
}

fn read(text: &str) -> Result<VersionReq> {
    VersionReq::from_user(text)
        .map_err(|error| Error::caused(crate::error::Class::Other, "a requirement", error))
}

impl Manifests {
    /// Writes them, all or none.
    pub(super) fn save(&self) -> Result<()> {
        for (position, edit) in self.edits.iter().enumerate() {
            if let Err(error) = edit.save() {
                let error = Error::classified(error);
                let saved = self.edits.iter().take(position);
                return Err(reverted(saved).into_iter().fold(error, Error::with_help));
            }
        }
        Ok(())
    }

    /// Puts back what was there. What could not be is told.
    pub(super) fn revert(&self) -> Vec<String> {
        reverted(self.edits.iter())
    }
}

fn reverted<'e>(edits: impl Iterator<Item = &'e ManifestEdit>) -> Vec<String> {
    let failures = edits.filter_map(|edit| edit.revert().err());
    failures
        .map(|failure| {
            format!(
                "a manifest was not put back ({:#})",
                Error::classified(failure)
            )
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::path::Path;

    use super::*;

    fn dependency(written: &str) -> Dependency {
        let text =
            format!("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"{written}\"\n");
        let read = crate::manifest::read_tables(Path::new("/w/Cargo.toml"), &text).unwrap();
        read.into_iter().next().unwrap()
    }

    #[test]
    fn a_version_becomes_the_other_one_and_what_is_less_exact_stays_while_it_allows_it() {
        for (written, to, text) in [
            ("0.2.3", "0.2.12", Some("0.2.12")),
            ("=0.2.3", "0.2.12", Some("=0.2.12")),
            ("^0.2.12", "0.2.3", Some("^0.2.3")),
            ("0.2.12", "0.2.12", None),
            ("0.2", "0.2.12", None),
            ("0.2", "0.3.0", Some("0.3.0")),
            (">=0.2.3, <0.4", "0.3.0", None),
        ] {
            let moved = moved(&dependency(written), &to.parse().unwrap());
            assert_eq!(moved.as_deref(), text, "{written} {to}");
        }
    }
}
