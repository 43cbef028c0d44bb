//! All packages of a namespace, as an update is told of them: `wasi:*`, `wasi:*@0.2`.

use std::collections::BTreeSet;

use registry::client::LoadedLog;
use resolver::lockfile::Lockfile;
use resolver::problem::Problem;

use crate::error::{Class, Error, Result};
use crate::ops::manifest::update::Request;
use crate::ops::session::Sessions;
use crate::spec::{NamespaceSpec, PackageSpec};

/// The packages that members which may change have locked of the namespaces that are named. With `--precise`, those that
/// have that version: others go where those need them.
///
/// # Errors
/// Nothing of a namespace is locked, or nothing of it has the version; a registry that cannot be read or believed.
pub(super) fn expand(
    request: &Request<'_>,
    old: &Lockfile,
    problem: &Problem,
    sessions: &mut Sessions<'_>,
) -> Result<Vec<PackageSpec>> {
    let mut specs = request.specs.to_vec();
    for namespace in request.namespaces {
        let own = old.own(problem);
        let may_change = own.iter().filter(|(name, _)| {
            let member = problem.members.get(*name);
            member.is_some_and(|member| !member.keep)
        });
        let locked = may_change.flat_map(|(_, own)| &own.root.selects);
        let meant = locked.filter(|one| namespace.matches(&one.name, &one.version));
        let names: BTreeSet<_> = meant.map(|one| one.name.clone()).collect();
        if names.is_empty() {
            let message = format!("nothing of `{namespace}` is among the packages that are locked");
            return Err(Error::new(Class::Usage, message).with_help(
                "`cargo warg tree` shows what is; `-p` may leave out the member that has it",
            ));
        }
        let mut found = Vec::new();
        for name in names {
            if let Some(precise) = request.precise {
                let (_, log) = sessions.find(&name)?;
                let release = log.map(LoadedLog::log).and_then(|log| log.release(precise));
                if !release.is_some_and(transparency::release::Release::is_usable) {
                    continue;
                }
            }
            found.push(PackageSpec {
                name,
                version: namespace.version.clone(),
            });
        }
        match (found.is_empty(), request.precise) {
            (true, Some(precise)) => {
                let message = format!(
                    "no package of `{namespace}` that is locked has a usable version {precise}"
                );
                return Err(Error::new(Class::Unsolved, message));
            }
            _ => specs.append(&mut found),
        }
    }
    Ok(specs)
}

impl NamespaceSpec {
    pub(super) fn matches(
        &self,
        name: &transparency::name::PackageName,
        version: &semver::Version,
    ) -> bool {
        let version_fits = self.version.as_ref();
        name.namespace() == self.namespace
            && version_fits.is_none_or(|prefix| prefix.matches(version))
    }
}
