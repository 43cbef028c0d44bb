//! Importing: every WIT package version that some folders hold, released in one batch.
//!
//! An import keeps what is. A package that could not be published is released as unusable, with the reason, so that its
//! bytes and its absence from solving are both on the record. What a registry has already is left as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::digest::Digest;
use transparency::field::{MAX_FREE_TEXT, is_free_text};
use transparency::name::{Kind, PackageName};
use transparency::number::Time;
use transparency::release::Statement;
use transparency::version::without_build;

use super::batch::{Destination, Draft, Item, Outcome, named};
use super::registries::{Configured, Registries};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Workspace};
use crate::network::Network;
use crate::wit::binary::Refusal;
use crate::wit::import::{Imported as Found, read_deps_folder};

/// What is to be imported, where, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// Folders of `.wit` files, or folders of them; each serves its own references.
    pub folders: &'a [PathBuf],
    /// The registry; by default the one that has the namespaces.
    pub registry: Option<&'a str>,
    /// The name of the key to sign with, or its vkey; by default the one that may.
    pub key: Option<&'a str>,
    /// The time.
    pub now: Time,
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

/// What came of an import.
#[derive(Debug)]
pub struct Report {
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// Every package version, each behind those it refers to.
    pub packages: Vec<Imported>,
    /// Packages that no registry can hold, with the reason, and where they are declared.
    pub skipped: Vec<(Refusal, PathBuf)>,
}

/// Imports.
///
/// # Errors
/// Folders that do not read; two different contents for one version, in the folders or with what is released; a
/// registry that cannot be read, believed or written; a key that may not. Then nothing is released.
pub fn import(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    import: &Import<'_>,
) -> Result<Report> {
    let mut skipped = Vec::new();
    let items = read(import.folders, &mut skipped)?;
    let registries = Registries::open(workspace, dirs, network)?;
    if items.is_empty() {
        return Err(nothing_to_release(&skipped));
    }
    let registry = registry_of(&registries, import.registry, &items)?;
    let keys = Keys::open(dirs).classified()?;
    let signer = import.key.map(|key| named(&keys, key)).transpose();
    let destination = Destination {
        registry,
        keys: &keys,
        signer: signer.classified()?,
        dirs,
        now: import.now,
    };
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

/// The releases of all folders, once each.
fn read(folders: &[PathBuf], skipped: &mut Vec<(Refusal, PathBuf)>) -> Result<Vec<Item>> {
    let mut seen: BTreeMap<(PackageName, Version), (Digest, PathBuf)> = BTreeMap::new();
    let mut items = Vec::new();
    for folder in folders {
        let read = read_deps_folder(folder)
            .classified()
            .context(|| format!("cannot import {}", folder.display()))?;
        skipped.extend(read.skipped);
        for found in read.packages {
            let digest = Digest::of(&found.bytes);
            let version = (found.name.clone(), without_build(&found.version));
            match seen.get(&version) {
                None => {
                    seen.insert(version, (digest, found.path.clone()));
                    items.push(item(found, digest));
                }
                Some((first, _)) if *first == digest => {}
                Some((first, path)) => return Err(differs(&found, digest, *first, path)),
            }
        }
    }
    Ok(items)
}

/// Nothing is left of what the folders hold.
fn nothing_to_release(skipped: &[(Refusal, PathBuf)]) -> Error {
    let mut message = "the folders hold nothing that can be released".to_owned();
    for (refusal, path) in skipped {
        message.push_str("\n  ");
        message.push_str(&path.display().to_string());
        message.push_str(": ");
        message.push_str(&refusal.to_string());
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

fn registry_of<'r>(
    registries: &'r Registries,
    alias: Option<&str>,
    items: &[Item],
) -> Result<&'r Configured> {
    if let Some(alias) = alias {
        return registries.of_alias(alias);
    }
    let mut found: Option<&Configured> = None;
    for item in items {
        let registry = registries.of_package(&item.name)?;
        match found {
            Some(first) if first.alias != registry.alias => {
                let message = format!(
                    "the folders hold packages of two registries, `{}` and `{}`",
                    first.alias, registry.alias
                );
                return Err(Error::new(Class::Usage, message)
                    .with_help("name one with `--registry`, or import them one by one"));
            }
            _ => found = Some(registry),
        }
    }
    found.ok_or_else(|| {
        Error::new(
            Class::Other,
            "the folders hold nothing that can be released",
        )
    })
}
