//! Which component would serve what a project's WIT refers to, where a reference has no answer as a WIT package.
//!
//! The package of an interface and the package that exports it differ in general: `acme:b` may export `acme:x/i`. Nothing
//! guesses that while solving; but where there is no solution, the dependencies are asked for what they export, and what is
//! told was tried.

use std::collections::BTreeSet;

use resolver::index::Address;
use resolver::problem::{Problem, RootRequirement, Written};
use resolver::trial::Trials;
use resolver::unresolved::Unresolved;
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Release;
use transparency::requirement::Requirement;
use transparency::version::VersionReq;

use crate::error::{Class, Error, Result};
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, requirement};
use component::wit::root::Root;
use component::wit::text::wit_name;

/// The failure to solve, with the dependencies that would serve what cannot be met otherwise.
pub(crate) fn with_servers(
    error: Error,
    project: &Project,
    problem: &Problem,
    sessions: &mut Sessions<'_>,
) -> Error {
    let Some(Unresolved::Conflict(conflict)) = error.cause::<Unresolved>() else {
        return error;
    };
    let (member, references) = (conflict.member().to_owned(), conflict.references());
    let mut helps = Vec::new();
    let mut trials = Trials::default();
    for (name, version) in references {
        let interfaces = interfaces(project, &member, &name, &version);
        let pin = Pin {
            member: &member,
            name: &name,
            version: &version,
            interfaces: &interfaces,
        };
        match pin.served(project, problem, sessions, &mut trials) {
            Ok(help) => helps.extend(help),
            // A registry that does not do what it should weighs more than requirements that do not go together.
            Err(found) if matches!(found.class(), Class::Misbehavior | Class::Refused) => {
                return found;
            }
            Err(found) => {
                let why: Vec<_> = found.chain().collect();
                helps.push(format!(
                    "whether a component serves `{name}` is not known: {}",
                    why.join(": ")
                ));
            }
        }
    }
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
    /// What would serve it.
    fn served(
        &self,
        project: &Project,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
        trials: &mut Trials,
    ) -> Result<Option<String>> {
        if self.interfaces.is_empty() {
            return Ok(None);
        }
        match self.dependency(project, problem, sessions, trials)? {
            Some(help) => Ok(Some(help)),
            None => self.component(problem, sessions, trials),
        }
    }

    /// A component dependency of the manifest that exports it.
    fn dependency(
        &self,
        project: &Project,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
        trials: &mut Trials,
    ) -> Result<Option<String>> {
        let Some(member) = project.workspace.member(self.member) else {
            return Ok(None);
        };
        let components = member
            .dependencies
            .iter()
            .filter(|one| one.kind == Kind::Component && one.path.is_none());
        for dependency in components {
            let required = requirement(dependency);
            let exporting = self.exporting(&required.name, &required.req, problem, sessions)?;
            let Some(exporting) = exporting else {
                continue;
            };
            let mut serving = required.clone();
            serving.serves.extend(self.interfaces.iter().cloned());
            if self.works(problem, &serving, sessions, trials)? {
                let serves: Vec<_> = serving
                    .serves
                    .iter()
                    .map(|one| format!("\"{one}\""))
                    .collect();
                return Ok(Some(format!(
                    "{} {exporting} exports what is referred to: write `for = [{}]` at that dependency ({})",
                    required.name,
                    serves.join(", "),
                    dependency.location
                )));
            }
        }
        Ok(None)
    }

    /// The component of that very name.
    fn component(
        &self,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
        trials: &mut Trials,
    ) -> Result<Option<String>> {
        let Ok(any) = VersionReq::from_user("*") else {
            return Ok(None);
        };
        let Some(newest) = self.exporting(self.name, &any, problem, sessions)? else {
            return Ok(None);
        };
        let req = VersionReq::caret(&newest);
        let mut serving = Requirement::new(Kind::Component, self.name.clone(), req);
        serving.serves.clone_from(self.interfaces);
        let works = self.works(problem, &serving, sessions, trials)?;
        Ok(works.then(|| {
            format!(
                "{} is a component that exports what is referred to: `cargo warg add {}` makes it a dependency",
                self.name, self.name
            )
        }))
    }

    /// The newest usable release that a requirement allows and that exports all that is referred to.
    fn exporting(
        &self,
        name: &PackageName,
        req: &VersionReq,
        problem: &Problem,
        sessions: &mut Sessions<'_>,
    ) -> Result<Option<Version>> {
        let Some(origin) = sessions.origins().of(name).cloned() else {
            return Ok(None);
        };
        let address = Address {
            origin,
            name: name.clone(),
        };
        sessions.load_each(&BTreeSet::from([address]))?;
        let usable = sessions.usable(name, &problem.options).into_iter();
        let exporting = usable.filter(|release| {
            req.matches(release.version()) && self.interfaces.is_subset(release.exports())
        });
        Ok(exporting.map(Release::version).max().cloned())
    }

    /// Whether there is a solution where a component serves the reference.
    fn works(
        &self,
        problem: &Problem,
        serving: &Requirement,
        sessions: &mut Sessions<'_>,
        trials: &mut Trials,
    ) -> Result<bool> {
        let Some(mut member) = problem.members.get(self.member).cloned() else {
            return Ok(false);
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
        sessions.could_solve(&problem.options, &member, trials)
    }
}
