//! Removing dependencies: out of the manifest, and what is left is locked. Where locking fails, the manifest is as it
//! was.

use std::collections::BTreeMap;

use transparency::name::PackageName;
use transparency::selection::Selection;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{ManifestArgs, Member, Workspace};
use crate::network::Network;
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::manifest::add::wait_for_turn;
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, relative};
use crate::ops::session::registries::Reading;
use crate::spec::nearest;

/// What was removed.
#[derive(Debug)]
pub struct Removed {
    /// The packages, and the tables in which each stood.
    pub dependencies: BTreeMap<PackageName, Vec<String>>,
    /// Where `wit/` still refers to one of them: the location, and what stands there.
    pub references: Vec<(String, String)>,
    /// What is locked of them all the same.
    pub kept: Vec<Selection>,
    /// What became of the lock; of a dry run none.
    pub lock: Option<Outcome>,
}

/// Removes dependencies of the selected member, and locks.
///
/// # Errors
/// A package that is no dependency; whatever locking says.
pub fn remove(
    workspace: &Workspace,
    args: &ManifestArgs,
    dirs: &Dirs,
    network: &Network,
    names: &[PackageName],
    flags: Flags,
    dry_run: bool,
) -> Result<Removed> {
    let member = workspace.only_selected().classified()?;
    let project = Project::load(args, dirs, network)?;
    let _turn = wait_for_turn(dirs)?;
    let mut edit = workspace.edit(member).classified()?;
    let mut dependencies = BTreeMap::new();
    for name in names {
        let tables = edit.remove_dependency(name);
        if tables.is_empty() && !dependencies.contains_key(name) {
            return Err(no_dependency(workspace, member, name));
        }
        dependencies.entry(name.clone()).or_insert(tables);
    }
    let references = references(&project, member, names);
    let mut removed = Removed {
        dependencies,
        references,
        kept: Vec::new(),
        lock: None,
    };
    if dry_run {
        return Ok(removed);
    }
    edit.save().classified()?;
    let locked = Project::load(args, dirs, network).and_then(|project| {
        let mut sessions = Sessions::new(&project.registries, Reading::now(flags.offline));
        lock::lock(&project, &mut sessions, &args.packages, flags)
    });
    match locked {
        Ok(outcome) => {
            let root = outcome
                .lock
                .as_ref()
                .and_then(|lock| lock.roots.get(&member.name));
            let selects = root.iter().flat_map(|root| &root.selects);
            let kept = selects.filter(|selection| names.contains(&selection.name));
            removed.kept = kept.cloned().collect();
            removed.lock = Some(outcome);
            Ok(removed)
        }
        Err(error) => {
            let error = removed
                .references
                .iter()
                .fold(error, |error, (location, what)| {
                    error.with_help(format!("{location} still refers to {what}"))
                });
            Err(error.with_help(match edit.revert() {
                Ok(()) => format!("{} is as it was before", member.manifest.display()),
                Err(failure) => format!(
                    "{} was not put back ({:#})",
                    member.manifest.display(),
                    Error::classified(failure)
                ),
            }))
        }
    }
}

/// Where the member's `wit/` refers to a package, each item once.
fn references(project: &Project, member: &Member, names: &[PackageName]) -> Vec<(String, String)> {
    let root = project.roots.get(&member.name);
    let references = root
        .map(component::wit::root::Root::references)
        .unwrap_or_default();
    let still = references.into_iter().filter_map(|reference| {
        let package = format!("{}:{}", reference.package.namespace, reference.package.name);
        let named = names.iter().any(|name| name.as_str() == package);
        let location = reference.location.as_ref().filter(|_| named)?;
        let location = location.below(project.workspace.root()).to_string();
        Some((location, reference.extern_name()))
    });
    still.collect()
}

fn no_dependency(workspace: &Workspace, member: &Member, name: &PackageName) -> Error {
    let manifest = relative(workspace, &member.manifest.display().to_string());
    let message = format!("`{name}` is no dependency in {manifest}");
    let error = Error::new(Class::Usage, message);
    let known = member
        .dependencies
        .iter()
        .map(|dependency| dependency.name.as_str());
    match nearest(name.as_str(), known) {
        Some(near) => error.with_help(format!("a dependency of a similar name is there: `{near}`")),
        None => error,
    }
}
