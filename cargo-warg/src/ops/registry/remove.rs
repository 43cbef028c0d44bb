//! Taking a registry out of a project, where nothing there needs it any more.

use std::path::PathBuf;

use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{Alias, Workspace};
use crate::ops::session::policy::read_policy;

/// What was removed.
#[derive(Debug)]
pub struct Removed {
    /// What Cargo.toml called it.
    pub alias: Alias,
    /// What needed it, where the user said that it is to go all the same.
    pub needed: Vec<String>,
    /// The policy, which stays where it is.
    pub policy: PathBuf,
}

/// Removes a registry from the root manifest. `all_the_same` says that its namespaces go with it, and that what is locked
/// of it is no reason to keep it.
///
/// # Errors
/// There is none of that name; a dependency names it; the lock or a namespace needs it.
pub fn remove(workspace: &Workspace, alias: &str, all_the_same: bool) -> Result<Removed> {
    let registries = workspace.registries();
    let registry = registries.find(alias).ok_or_else(|| {
        let known: Vec<_> = registries.iter().map(|one| one.alias.to_string()).collect();
        let error = Error::new(
            Class::Usage,
            format!("Cargo.toml configures no registry `{alias}`"),
        );
        if known.is_empty() {
            return error;
        }
        error.with_help(format!("it configures {}", known.join(", ")))
    })?;
    let alias = registry.alias.clone();
    let members = workspace.members().iter();
    let mut dependencies = members.flat_map(|member| &member.dependencies);
    if let Some(named) = dependencies.find(|one| one.registry.as_ref() == Some(&alias)) {
        let message = format!(
            "the dependency `{}` names the registry `{alias}`",
            named.name
        );
        return Err(Error::new(Class::Usage, message)
            .at(named.location.clone())
            .with_help("remove the dependency, or its `registry`, first"));
    }
    let mut needed: Vec<String> = registries
        .namespaces()
        .filter(|(_, of)| of.alias == alias)
        .map(|(namespace, _)| format!("the namespace `{namespace}` belongs to it"))
        .collect();
    if registries
        .default_registry()
        .is_some_and(|one| one.alias == alias)
    {
        needed.push("it is the default registry".to_owned());
    }
    let origin = read_policy(registry).ok();
    let origin = origin.map(|policy| policy.origin().clone());
    match workspace.lock_file().lock() {
        Ok(lock) => {
            let packages = lock.iter().flat_map(|lock| lock.packages.values());
            let releases = packages.filter_map(|package| package.release.as_ref());
            let locked = releases.filter(|release| Some(&release.origin) == origin.as_ref());
            match locked.count() {
                0 => {}
                1 => needed.push("warg.lock has a package of it".to_owned()),
                count => needed.push(format!("warg.lock has {count} packages of it")),
            }
        }
        Err(error) if all_the_same => {
            needed.push(error.chain().collect::<Vec<_>>().join(": "));
        }
        Err(error) => return Err(error),
    }
    if !needed.is_empty() && !all_the_same {
        let message = format!("the registry `{alias}` is needed: {}", needed.join("; "));
        return Err(Error::new(Class::Usage, message)
            .at(registry.location.clone())
            .with_help(
                "give its namespaces to another registry and run `cargo warg lock`; or say `--yes`, and its namespaces go with \
                 it",
            ));
    }
    let mut edit = workspace.edit_root().classified()?;
    edit.remove_registry(&alias);
    edit.save().classified()?;
    Ok(Removed {
        alias,
        needed,
        policy: registry.policy.clone(),
    })
}
