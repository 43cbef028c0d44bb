//! Changing a package that is there: yanks, permissions, annotations. One signed record each, by the same way that releases
//! take; what is so already is left alone.

use std::path::{Path, PathBuf};

use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{Origin, PackageName};
use transparency::number::Time;
use transparency::package;

use registry::client::LoadedPackage;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Workspace};
use crate::network::Network;
use crate::ops::registry::append::{Change, Destination, Draft, Outcome};
use crate::ops::session::configured::Configured;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;

/// Where a change is made, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Changing<'a> {
    /// The package.
    pub name: &'a PackageName,
    /// The registry; by default the one that has the namespace.
    pub registry: Option<&'a str>,
    /// The name of the key to sign with, or its vkey; by default the one that may.
    pub key: Option<&'a str>,
    /// Do everything but write.
    pub dry_run: bool,
    /// The time.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// What was changed.
#[derive(Debug)]
pub struct Changed {
    /// The change.
    pub change: Change,
    /// What became of it.
    pub outcome: Outcome,
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// The registry's origin.
    pub origin: Origin,
    /// The folder that was written to, where readers have another address.
    pub folder: Option<PathBuf>,
}

/// Changes a package. `change` is told what a text means that names a key.
///
/// # Errors
/// A registry that cannot be read, believed or written; a package, version or key that is not there; a key that may not;
/// a change that the package's log does not allow.
pub fn change(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    changing: &Changing<'_>,
    change: impl FnOnce(&dyn Fn(&str) -> Result<VerifyingKey>) -> Result<Change>,
) -> Result<Changed> {
    let registries = Registries::open(workspace, dirs, network)?;
    let registry = match changing.registry {
        Some(alias) => registries.of_alias(alias)?,
        None => registries.of_package(changing.name)?,
    };
    registry.folder()?; // said before anything is read
    let keys = Keys::open(dirs).classified()?;
    let change = change(&|text| find_key(text, changing.name, registry, &keys))?;
    let destination = Destination::open(
        registry,
        &keys,
        changing.key,
        dirs,
        changing.now,
        changing.sure,
    )?;
    let drafts = [Draft::Change(changing.name, &change)];
    let outcomes = if changing.dry_run {
        destination.check(&drafts)?
    } else {
        destination.append(&drafts)?
    };
    Ok(Changed {
        outcome: outcomes.into_iter().next().unwrap_or(Outcome::Existed),
        change,
        registry: registry.alias.clone(),
        origin: registry.policy.origin().clone(),
        folder: registry.written().map(Path::to_owned),
    })
}

/// The key that a text means: a vkey; or the name of a key of the package; or of one of this user's.
fn find_key(
    text: &str,
    name: &PackageName,
    registry: &Configured,
    keys: &Keys,
) -> Result<VerifyingKey> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let mut session = registry.session(Reading::Now)?;
    let loaded = session
        .load_one(name)
        .map_err(|error| registry.failure(error))?;
    let log = match &loaded {
        LoadedPackage::Present(loaded) => Some(loaded.log()),
        LoadedPackage::Absent(_) => None,
    };
    let held = log.into_iter().flat_map(package::Log::keys);
    let mut found: Vec<_> = held
        .map(|(key, _)| key)
        .filter(|key| key.name() == text)
        .cloned()
        .collect();
    if found.is_empty() {
        let own = keys.all().map(SigningKey::verifying_key);
        found.extend(own.filter(|key| key.name() == text).cloned());
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(
            Class::Usage,
            format!("no key of `{name}` and none of yours is named `{text}`"),
        )
        .with_help("give its whole line, as `cargo warg key list` prints it: NAME+ID+KEY")),
        several => {
            let lines: Vec<_> = several.iter().map(ToString::to_string).collect();
            let message = format!("several keys are named `{text}`");
            Err(Error::new(Class::Usage, message)
                .with_help(format!("give the whole line: {}", lines.join(" or "))))
        }
    }
}
