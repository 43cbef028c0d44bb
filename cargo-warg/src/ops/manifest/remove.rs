//! Removing dependencies: out of the manifest, and what is left is locked. Where locking fails, the manifest is as it
//! was.

use std::collections::BTreeMap;

use transparency::name::PackageName;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{ManifestArgs, Member, Workspace};
use crate::network::Network;
use crate::notice::Notice;
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::manifest::add::wait_for_turn;
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, relative};
use crate::ops::session::reading::Reading;
use crate::ops::session::supply::Supply;
use crate::spec::nearest;
use component::span::Location;

/// What is to be removed, and how.
#[derive(Clone, Copy)]
pub struct Removal<'a> {
    /// The packages.
    pub names: &'a [PackageName],
    /// What may change.
    pub flags: Flags,
    /// Nothing is written.
    pub dry_run: bool,
    /// What fills this user's personal registry, where that may be.
    pub supply: Option<&'a dyn Supply>,
}

/// What was removed.
#[derive(Debug)]
pub struct Removed {
    /// The packages, and the tables in which each stood.
    pub dependencies: BTreeMap<PackageName, Vec<String>>,
    /// Where `wit/` still refers to one of them.
    pub references: Vec<Location>,
    /// What the user should know.
    pub notices: Vec<Notice>,
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
    removal: Removal<'_>,
) -> Result<Removed> {
    let Removal {
        names,
        flags,
        dry_run,
        supply,
    } = removal;
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
    let notices = references(&project, member, names);
    let locations = notices.iter().flat_map(Notice::annotations);
    let mut removed = Removed {
        dependencies,
        references: locations.map(|one| one.location).collect(),
        notices,
        lock: None,
    };
    if dry_run {
        return Ok(removed);
    }
    edit.save().classified()?;
    let locked = Project::load(args, dirs, network).and_then(|project| {
        let reading = Reading::now(flags.offline);
        let mut sessions = Sessions::new(&project.registries, reading).supplied_by(supply);
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
            let kept = kept.cloned().map(|release| Notice::StaysLocked { release });
            removed.notices.extend(kept);
            removed.lock = Some(outcome);
            Ok(removed)
        }
        Err(error) => {
            let error = removed
                .notices
                .iter()
                .fold(error, |error, notice| match notice {
                    Notice::StillReferredTo {
                        reference,
                        location,
                        ..
                    } => error.with_help(format!("{location} still refers to {reference}")),
                    _ => error,
                });
            let manifest = member.manifest.display();
            Err(match edit.revert() {
                Ok(()) => error
                    .labelled("as `remove` would have left it", |one| edit.is_new(one))
                    .with_help(format!("{manifest} is as it was before")),
                Err(failure) => error.with_help(format!(
                    "{manifest} was not put back ({:#})",
                    Error::classified(failure)
                )),
            })
        }
    }
}

/// Where the member's `wit/` refers to a package, each item once.
fn references(project: &Project, member: &Member, names: &[PackageName]) -> Vec<Notice> {
    let root = project.roots.get(&member.name);
    let references = root
        .map(component::wit::root::Root::references)
        .unwrap_or_default();
    let still = references.into_iter().filter_map(|reference| {
        let package = format!("{}:{}", reference.package.namespace, reference.package.name);
        let name = names.iter().find(|name| name.as_str() == package)?;
        let location = reference.location.as_ref()?;
        Some(Notice::StillReferredTo {
            package: name.clone(),
            reference: reference.extern_name(),
            location: location.below(project.workspace.root()),
        })
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
