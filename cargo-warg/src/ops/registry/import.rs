//! Importing: every WIT package version that some folders hold, released in one batch.
//!
//! An import keeps what is. A package that could not be published is released as unusable, with the reason, so that its
//! bytes and its absence from solving are both on the record. What a registry has already is left as it is. One that is
//! wrong, or that nobody could use, is left out and told, and the others are imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::digest::Digest;
use transparency::field::{MAX_FREE_TEXT, is_free_text};
use transparency::name::{Kind, Origin, PackageName};
use transparency::number::Time;
use transparency::statement::Statement;
use transparency::version::without_build;
use wit_parser::PackageName as WitName;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Workspace};
use crate::network::Network;
use crate::ops::registry::append::{
    Destination, Draft, Item, Outcome, Unusable, named, registry_of,
};
use crate::ops::registry::references::{self, Making};
use crate::ops::session::registries::{Reading, Registries};
use crate::ops::session::solve::Sessions;
use crate::wit::import::Tree;
use component::wit::binary::Refusal;
use component::wit::import::{Imported as Found, declared};
use component::wit::publish::PublishError;

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
    /// The time.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// A package version that was found.
#[derive(Debug)]
pub struct Imported {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// Why nobody will be able to use it, if so.
    pub unusable: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A file, folder or package that was left out.
#[derive(Debug)]
pub struct Skipped {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: Error,
}

/// What came of an import.
#[derive(Debug)]
pub struct Report {
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// Every package version, each behind those it refers to.
    pub packages: Vec<Imported>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// Imports.
///
/// # Errors
/// Folders that do not read, or hold nothing that can be released; two different contents for one version, in the folders or
/// with what is released; a registry that cannot be read, believed or written; a key that may not. Then nothing is
/// released.
pub fn import(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    import: &Import<'_>,
) -> Result<Report> {
    let registries = Registries::open(workspace, dirs, network)?;
    let mut sessions = Sessions::new(&registries, Reading::now(import.offline));
    let mut skipped = Vec::new();
    let to = import.registry.map(|alias| registries.of_alias(alias));
    let to = to.transpose()?.map(|registry| registry.policy.origin());
    let found = read(import.folders, to, &mut sessions, &mut skipped)?;
    if found.is_empty() {
        return Err(nothing_to_release(&skipped));
    }
    let (paths, mut items): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let registry = registry_of(&registries, import.registry, &items)?;
    let keys = Keys::open(dirs).classified()?;
    let signer = import.key.map(|key| named(&keys, key)).transpose();
    let destination = Destination {
        registry,
        keys: &keys,
        signer: signer.classified()?,
        dirs,
        now: import.now,
        sure: import.sure,
    };
    leave_out(&destination, &mut items, paths, &sessions, &mut skipped)?;
    if items.is_empty() {
        return Err(nothing_to_release(&skipped));
    }
    let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
    let outcomes = destination.append(&drafts)?;
    let packages = items.into_iter().zip(outcomes);
    Ok(Report {
        registry: registry.alias.clone(),
        packages: packages
            .map(|(item, outcome)| Imported {
                name: item.name,
                version: item.statement.version,
                unusable: item.statement.unusable,
                outcome,
            })
            .collect(),
        skipped,
    })
}

/// Leaves out what nobody could use, and then what nobody can use without that.
fn leave_out(
    destination: &Destination<'_>,
    items: &mut Vec<Item>,
    mut paths: Vec<PathBuf>,
    sessions: &Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<()> {
    loop {
        let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
        let unusable = destination.unusable(&drafts, sessions)?;
        if unusable.is_empty() {
            return Ok(());
        }
        for Unusable { place, why, .. } in unusable.into_iter().rev() {
            items.remove(place);
            let path = paths.remove(place);
            skipped.push(Skipped { path, why });
        }
    }
}

/// The releases of all folders, once each, and where each lies. They go to the registry of their namespaces, or to this one.
fn read(
    folders: &[PathBuf],
    to: Option<&Origin>,
    sessions: &mut Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<(PathBuf, Item)>> {
    let mut tree = Tree::read(folders)
        .classified()
        .context(|| cannot(folders))?;
    let wrong = tree.skipped.drain(..).map(|wrong| Skipped {
        path: wrong.path,
        why: Error::classified(wrong.why),
    });
    skipped.extend(wrong);
    if let Some(origin) = to {
        for (name, _) in tree
            .in_order()
            .into_iter()
            .filter_map(|name| declared(name).ok())
        {
            sessions.assign(name.namespace(), origin.clone());
        }
    }
    let mut seen: BTreeMap<(PackageName, Version), (Digest, PathBuf)> = BTreeMap::new();
    let mut items = Vec::new();
    let twins = tree.twins.iter();
    let twins = twins.map(|twin| (twin, Making::new(tree.at_hand.instead(twin))));
    let mut twins: Vec<_> = twins.collect();
    let mut making = Making::new(tree.at_hand.clone());
    for name in tree.in_order() {
        let path = tree.path_of(name);
        let Some(found) = make_or_skip(&mut making, name, path, sessions, skipped)? else {
            continue;
        };
        let twins = twins.iter_mut();
        for (twin, making) in twins.filter(|(twin, _)| twin.names().any(|one| one == name)) {
            let Some(other) = make_or_skip(making, name, twin.path(), sessions, skipped)? else {
                continue;
            };
            let (first, digest) = (Digest::of(&found.bytes), Digest::of(&other.bytes));
            if first != digest {
                return Err(differs(&other, digest, first, path));
            }
        }
        let digest = Digest::of(&found.bytes);
        let version = (found.name.clone(), without_build(&found.version));
        match seen.get(&version) {
            None => {
                seen.insert(version, (digest, path.to_owned()));
                items.push((path.to_owned(), item(found, digest)));
            }
            Some((first, _)) if *first == digest => {}
            Some((first, path)) => return Err(differs(&found, digest, *first, path)),
        }
    }
    Ok(items)
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
    let placed = |error: PublishError| error.declared_in(text.as_ref(), name);
    declared(name).map_err(placed).classified()?;
    let Some(made) = making.make(name, sessions)? else {
        return Ok(None);
    };
    let found = Found::open(made.bytes, path).map_err(placed).classified()?;
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
            let path = path.to_owned();
            skipped.push(Skipped { path, why });
            Ok(None)
        }
    }
}

impl Skipped {
    /// What is said of it, in a line: the place, where there is one, and the reason.
    pub fn reason(&self) -> String {
        let reason: Vec<_> = self.why.chain().collect();
        let reason = reason.join(": ");
        match self.why.places().next() {
            Some(place) => format!("{}: {reason}", place.location),
            None => reason,
        }
    }
}

/// Nothing is left of what the folders hold.
fn nothing_to_release(skipped: &[Skipped]) -> Error {
    let mut message = "the folders hold nothing that can be released".to_owned();
    for one in skipped {
        message.push_str("\n  ");
        message.push_str(&one.path.display().to_string());
        message.push_str(": ");
        message.push_str(&one.reason());
    }
    Error::new(Class::Other, message)
}

fn differs(found: &Found, digest: Digest, first: Digest, path: &Path) -> Error {
    Error::new(
        Class::Other,
        format!(
            "{}@{} has two contents: {first} in {}, and {digest} in {}",
            found.name,
            found.version,
            path.display(),
            found.path.display()
        ),
    )
    .with_help("leave one of the two out")
}

fn item(found: Found, digest: Digest) -> Item {
    let size = u64::try_from(found.bytes.len()).unwrap_or(u64::MAX);
    let mut statement = Statement::new(found.version, digest, size);
    match found.requirements {
        Ok(requirements) => statement.requirements = requirements,
        Err(refusal) => statement.unusable = Some(reason(&refusal)),
    }
    Item {
        name: found.name,
        kind: Kind::Wit,
        statement,
        content: found.bytes,
        attached: Vec::new(),
    }
}

/// The reason as a record can hold it: of one line, and of limited length.
fn reason(refusal: &Refusal) -> String {
    let mut text = String::new();
    for character in refusal.to_string().chars() {
        let mut next = [0; 4];
        let fits = text.len().saturating_add(character.len_utf8()) <= MAX_FREE_TEXT;
        if fits && is_free_text(character.encode_utf8(&mut next)) {
            text.push(character);
        }
    }
    text
}
