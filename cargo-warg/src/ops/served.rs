//! Which component would serve what a project's WIT refers to, where a reference has no answer as a WIT package.
//!
//! The package of an interface and the package that exports it differ in general: `acme:b` may export `acme:x/i`. Nothing
//! guesses that while solving; but where there is no solution, the dependencies are asked for what they export, and what is
//! told was tried.

use std::collections::BTreeSet;

use resolver::problem::{Problem, RootRequirement, Written};
use resolver::resolution::Unresolved;
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::{Release, Requirement};
use transparency::version::VersionReq;

use super::project::{Project, requirement};
use super::solve::Sessions;
use crate::error::Error;
use crate::wit::root::Root;
use crate::wit::text::wit_name;

/// The failure to solve, with the dependencies that would serve what cannot be met otherwise.
pub(super) fn with_servers(
    error: Error,
    project: &Project,
    problem: &Problem,
    sessions: &mut Sessions<'_>,
) -> Error {
    let Some(Unresolved::Conflict(conflict)) = error.cause::<Unresolved>() else {
        return error;
    };
    let (member, references) = (conflict.member().to_owned(), conflict.references());
    let helps: Vec<_> = references
        .into_iter()
        .filter_map(|(name, version)| {
            let interfaces = interfaces(project, &member, &name, &version);
            let pin = Pin {
                member: &member,
                name: &name,
                version: &version,
                interfaces: &interfaces,
            };
            pin.dependency(project, problem, sessions)
                .or_else(|| pin.component(problem, sessions))
        })
        .collect();
    helps.into_iter().fold(error, Error::with_help)
}

/// The interfaces of a package that a member's texts refer to.
fn interfaces(
    project: &Project,
    member: &str,
    name: &PackageName,
    version: &Version,
) -> BTreeSet<ExternName> {
    let references = project.roots.get(member).map(Root::references);
    let package = wit_name(name, version);
    let references = references.into_iter().flatten();
    let of_package = references.filter(|one| one.package == package && !one.world);
    of_package
        .filter_map(|one| one.extern_name().parse().ok())
        .collect()
}

/// What a member's texts refer to.
struct Pin<'p> {
    member: &'p str,
    name: &'p PackageName,
    version: &'p Version,
    interfaces: &'p BTreeSet<ExternName>,
}

impl Pin<'_> {
    /// A component dependency of the manifest that exports it.
    fn dependency(
        &self,
        project: &Project,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
    ) -> Option<String> {
        let member = project.workspace.member(self.member)?;
        let components = member
            .dependencies
            .iter()
            .filter(|one| one.kind == Kind::Component && one.path.is_none());
        for dependency in components {
            let required = requirement(dependency);
            let Some(exporting) = self.exporting(&required.name, &required.req, problem, sessions)
            else {
                continue;
            };
            let mut serving = required.clone();
            serving.serves.extend(self.interfaces.iter().cloned());
            if self.works(problem, &serving, sessions) {
                let serves: Vec<_> = serving
                    .serves
                    .iter()
                    .map(|one| format!("\"{one}\""))
                    .collect();
                return Some(format!(
                    "{} {exporting} exports what is referred to: write `for = [{}]` at that dependency ({})",
                    required.name,
                    serves.join(", "),
                    dependency.location
                ));
            }
        }
        None
    }

    /// The component of that very name.
    fn component(&self, problem: &Problem, sessions: &mut Sessions<'_>) -> Option<String> {
        let any = VersionReq::from_user("*").ok()?;
        let newest = self.exporting(self.name, &any, problem, sessions)?;
        let req = VersionReq::caret(&newest);
        let mut serving = Requirement::new(Kind::Component, self.name.clone(), req);
        serving.serves.clone_from(self.interfaces);
        self.works(problem, &serving, sessions).then(|| {
            format!(
                "{} is a component that exports what is referred to: `cargo warg add {}` makes it a dependency",
                self.name, self.name
            )
        })
    }

    /// The newest usable release that a requirement allows and that exports all that is referred to.
    fn exporting(
        &self,
        name: &PackageName,
        req: &VersionReq,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
    ) -> Option<Version> {
        if self.interfaces.is_empty() || !matches!(sessions.find(name), Ok((_, Some(_)))) {
            return None;
        }
        let usable = sessions.usable(name, &problem.options).into_iter();
        let exporting = usable.filter(|release| {
            req.matches(release.version()) && self.interfaces.is_subset(release.exports())
        });
        exporting.map(Release::version).max().cloned()
    }

    /// Whether there is a solution where a component serves the reference.
    fn works(&self, problem: &Problem, serving: &Requirement, sessions: &mut Sessions<'_>) -> bool {
        let mut changed = problem.clone();
        let Some(member) = changed.members.get_mut(self.member) else {
            return false;
        };
        let is_pin = |root: &RootRequirement| {
            root.written == Some(Written::Reference)
                && root.requirement.name == *self.name
                && root.requirement.req == VersionReq::exact(self.version)
        };
        let is_dependency = |root: &RootRequirement| {
            root.requirement.kind == serving.kind && root.requirement.name == serving.name
        };
        member
            .requirements
            .retain(|root| !is_pin(root) && !is_dependency(root));
        member.requirements.insert(RootRequirement {
            exports: serving.serves.clone(),
            ..RootRequirement::new(serving.clone())
        });
        sessions.solve(&changed).is_ok()
    }
}
