//! Importing from folders: every WIT package version whose text they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::digest::Digest;
use transparency::name::{Namespace, PackageName};
use transparency::number::Time;
use transparency::version::without_build;
use wit_parser::PackageName as WitName;

use super::{FoundItem, Report, Skipped, item, nothing_to_release, release, skip};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::Workspace;
use crate::network::Network;
use crate::ops::registry::append::{Destination, Outcome, registry_of};
use crate::ops::registry::personal;
use crate::ops::registry::references::{self, Making};
use crate::ops::session::Sessions;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::ALIAS;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use component::wit::import::{Imported as Found, declared};
use component::wit::publish::PublishError;
use upstream::tree::WitTree;

/// What is to be imported, where, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// Folders of `.wit` files, or folders of them; each serves its own references.
    pub folders: &'a [PathBuf],
    /// The registry; by default the one that has the namespaces.
    pub registry: Option<&'a str>,
    /// The name of the key to sign with, or its vkey; by default the one that may.
    pub key: Option<&'a str>,
    /// Read nothing but what this machine keeps of what is referred to.
    pub offline: bool,
    /// The time that the records are written at.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// Releases every WIT package version that some folders hold.
///
/// # Errors
/// Folders that hold nothing that can be released; packages of two registries, where none is named; a registry that cannot
/// be read, believed or written. Then nothing is released.
pub fn import(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    import: &Import<'_>,
) -> Result<Report> {
    let to_own = import.registry == Some(ALIAS);
    if to_own {
        personal::found(dirs, import.now)?;
    }
    let registries = Registries::open(workspace, dirs, network)?;
    let mut sessions = Sessions::new(&registries, Reading::now(import.offline));
    if to_own {
        sessions.take_all_own()?;
    }
    let mut skipped = Vec::new();
    let to = import.registry.map(|alias| registries.of_alias(alias));
    let to = to.transpose()?;
    let mut found = read(import.folders, to, &registries, &mut sessions, &mut skipped)?;
    if import.registry.is_none() {
        leave_ownerless(&registries, &mut found, &mut skipped);
    }
    if found.is_empty() {
        return Err(nothing_to_release(&skipped));
    }
    let registry = registry_of(
        &registries,
        import.registry,
        found.iter().map(|(_, item)| &item.name),
    )?;
    let keys = Keys::open(dirs).classified()?;
    if to_own {
        let namespaces = found.iter().map(|(_, item)| item.name.namespace());
        personal::open_namespaces(registry, &keys, namespaces.collect(), import.now)?;
    }
    let destination = Destination::open(
        registry,
        &keys,
        import.key,
        dirs,
        import.now,
        import.sure || to_own,
    )?;
    let packages = release(&destination, found, &sessions, &mut skipped)?;
    if to_own {
        let existed = packages
            .iter()
            .filter(|one| one.outcome == Outcome::Existed);
        let existed = existed.map(|one| (&one.name, &one.version));
        // A path would tell others about this user.
        personal::confirm(&destination, existed, "a folder")?;
    }
    if packages.is_empty() {
        return Err(nothing_to_release(&skipped));
    }
    Ok(Report {
        registry: registry.alias.clone(),
        packages,
        unchanged: 0,
        unversioned: 0,
        moved: Vec::new(),
        skipped,
    })
}

/// Leaves out packages that no registry is configured for.
fn leave_ownerless(
    registries: &Registries,
    found: &mut Vec<FoundItem>,
    skipped: &mut Vec<Skipped>,
) {
    found.retain(|(from, item)| match registries.of_package(&item.name) {
        Ok(_) => true,
        Err(why) => {
            skip(skipped, from, why);
            false
        }
    });
}

/// The releases of all folders, once each, and where each lies. They go to the registry of their namespaces, or to this one.
fn read(
    folders: &[PathBuf],
    to: Option<&Configured>,
    registries: &Registries,
    sessions: &mut Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<FoundItem>> {
    let mut tree = WitTree::read(folders)
        .classified()
        .context(|| cannot(folders))?;
    for wrong in tree.skipped.drain(..) {
        skip(skipped, &shown(&wrong.path), Error::classified(wrong.why));
    }
    if let Some(registry) = to {
        leave_foreign(&mut tree, registry, registries, sessions, skipped)?;
    }
    let mut versions: Vec<Vec<(Digest, Found)>> = Vec::new();
    let mut positions: BTreeMap<(PackageName, Version), usize> = BTreeMap::new();
    let mut making = Making::new(tree.at_hand.clone());
    let twins = tree.twins.iter();
    let twins = twins.map(|twin| (twin, Making::new(tree.at_hand.instead(twin))));
    let mut twins: Vec<_> = twins.collect();
    for name in tree.in_order() {
        let first = tree.at_hand.text_of(name);
        let first = first.map(|text| (text.path(), &mut making));
        let others = twins.iter_mut();
        let others = others.filter(|(twin, _)| twin.names().any(|one| one == name));
        let others = others.map(|(twin, making)| (twin.path(), making));
        for (path, making) in first.into_iter().chain(others) {
            let Some(found) = make_or_skip(making, name, path, sessions, skipped)? else {
                continue;
            };
            let digest = Digest::of(&found.bytes);
            let version = (found.name.clone(), without_build(&found.version));
            let position = *positions.entry(version).or_insert(versions.len());
            match versions.get_mut(position) {
                None => versions.push(vec![(digest, found)]),
                Some(contents) if contents.iter().any(|(other, _)| *other == digest) => {}
                Some(contents) => contents.push((digest, found)),
            }
        }
    }
    let mut items = Vec::new();
    for contents in versions {
        match <[_; 1]>::try_from(contents) {
            Ok([(digest, found)]) => {
                items.push((found.path.display().to_string(), item(found, digest)));
            }
            Err(contents) => {
                if let Some((_, first)) = contents.first() {
                    skip(skipped, &shown(&first.path), differ(&contents));
                }
            }
        }
    }
    Ok(items)
}

/// Leaves out what belongs to another registry than the one that was named: that one's operator gave the namespace to nobody,
/// and Cargo.toml has another one for it. References to it lead there.
fn leave_foreign(
    tree: &mut WitTree,
    registry: &Configured,
    registries: &Registries,
    sessions: &mut Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<()> {
    let origin = registry.policy.origin();
    let operator = sessions.of(origin)?.newest().operator();
    let names = tree.in_order().into_iter();
    let namespaces = names.filter_map(|name| Some(declared(name).ok()?.0.namespace()));
    let held: BTreeSet<Namespace> = namespaces
        .filter(|namespace| {
            let holders = operator.grants(namespace).last();
            holders.is_some_and(|grant| !grant.keys().is_empty())
        })
        .collect();
    let owner = |name: &WitName| {
        let name = declared(name).ok()?.0;
        let owner = registries.of_package(&name).ok()?;
        if registries.leaves_open(&name.namespace()) {
            return None;
        }
        let is_foreign = owner.alias != registry.alias && !held.contains(&name.namespace());
        is_foreign.then_some(&owner.alias)
    };
    for group in tree.take_out(|name| owner(name).is_some()).classified()? {
        for name in group.names() {
            let Some(owner) = owner(name) else { continue };
            let message = format!("`{name}` belongs to registry `{owner}`");
            skipped.push(Skipped {
                from: shown(group.path()),
                why: Error::new(Class::Other, message),
                is_elsewhere: true,
            });
        }
    }
    for name in tree.in_order() {
        if let Ok((name, _)) = declared(name) {
            sessions.assign(name.namespace(), origin.clone());
        }
    }
    Ok(())
}

/// A path, as messages have it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn cannot(folders: &[PathBuf]) -> String {
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!("cannot import {}", folders.join(", "))
}

/// One of the packages, as it is to be released; none where what is wrong with its text was told of another in it.
fn make(
    making: &mut Making,
    name: &WitName,
    path: &Path,
    sessions: &mut Sessions<'_>,
) -> Result<Option<Found>> {
    let text = making.at_hand().text_of(name).cloned();
    let located = |error: PublishError| error.declared_in(text.as_ref(), name);
    declared(name).map_err(located).classified()?;
    let Some(made) = making.make(name, sessions)? else {
        return Ok(None);
    };
    let found = Found::open(made.bytes, path)
        .map_err(located)
        .classified()?;
    Ok(Some(found))
}

/// The same, where there is one. What is wrong with a text is told, and ends no import.
fn make_or_skip(
    making: &mut Making,
    name: &WitName,
    path: &Path,
    sessions: &mut Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Option<Found>> {
    match make(making, name, path, sessions) {
        Ok(found) => Ok(found),
        Err(why) if references::is_of_a_registry(&why) => Err(why),
        Err(why) => {
            skip(skipped, &shown(path), why);
            Ok(None)
        }
    }
}

/// Several contents of one version: nobody can say which of them is meant.
fn differ(contents: &[(Digest, Found)]) -> Error {
    let mut message = String::new();
    for (digest, found) in contents {
        message.push_str(if message.is_empty() {
            "different contents are called"
        } else {
            ", and"
        });
        let (name, version, path) = (&found.name, &found.version, found.path.display());
        let _ = write!(message, " {name}@{version}: {digest} in {path}");
    }
    message.push_str("; none of them was imported");
    Error::new(Class::Other, message).with_help("leave all but one of them out")
}
