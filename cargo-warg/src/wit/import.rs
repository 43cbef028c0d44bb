//! From a tree of folders of WIT to every package version that it holds, in dependency order.
//!
//! An import keeps what is: a package that publishing would refuse is returned with its bytes and the reason, so that
//! it can be released as unusable. A package without version cannot be released at all, and is named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;
use transparency::release::Requirement;
use wit_parser::PackageName as WitName;

use super::binary::{Decoded, Refusal};
use super::publish::{PublishError, encode_package};
use super::text::{Group, Groups, TextError, entries, wit_files};

/// How deep folders may lie in each other: `a/wit/deps/b/wit/deps/c` has seven.
pub const MAX_DEPTH: usize = 16;

/// A tree that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A text that does not parse, or two that declare one package version.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A package that does not resolve or encode.
    #[error("`{package}` in {} cannot be imported", path.display())]
    Package {
        /// The package version.
        package: String,
        /// The folder or file that declares it.
        path: PathBuf,
        /// Why not.
        source: Box<PublishError>,
    },
    /// Folders deeper than [`MAX_DEPTH`].
    #[error("{} lies more than {MAX_DEPTH} folders deep", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// Packages that refer to each other in a circle.
    #[error("packages refer to each other in a circle: {}", names.join(", "))]
    Cycle {
        /// Those left over.
        names: Vec<String>,
    },
    /// No package version at all.
    #[error("{} holds no WIT package with a version", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// A package version to be released.
#[derive(Debug)]
pub struct Imported {
    /// From its text.
    pub name: PackageName,
    /// From its text.
    pub version: Version,
    /// The binary form.
    pub bytes: Vec<u8>,
    /// What its text refers to; or why it can only be released as unusable.
    pub requirements: Result<BTreeSet<Requirement>, Refusal>,
    /// The folder or file that declares it.
    pub path: PathBuf,
}

/// What a tree of folders holds.
#[derive(Debug)]
pub struct Import {
    /// Each after those it refers to.
    pub packages: Vec<Imported>,
    /// Packages that no registry can hold, with the reason, and where they are declared.
    pub skipped: Vec<(Refusal, PathBuf)>,
}

/// Every package version in a folder and all below it.
///
/// A folder's `.wit` files are one package, or each its own where they say so; packages of the tree serve each other.
///
/// # Errors
/// Texts that do not parse or resolve, and two different ones for one package version.
pub fn read_deps_folder(dir: &Path) -> Result<Import, ImportError> {
    let mut groups = Groups::default();
    read_tree(dir, MAX_DEPTH, &mut groups)?;
    let mut import = Import {
        packages: Vec::new(),
        skipped: Vec::new(),
    };
    for name in in_order(&groups)? {
        let path = groups
            .get(name)
            .map_or_else(|| dir.to_owned(), |group| group.path().to_owned());
        let wrap = |source: PublishError| ImportError::Package {
            package: name.to_string(),
            path: path.clone(),
            source: Box::new(source),
        };
        let bytes = encode_package(&groups, name).map_err(wrap)?;
        let decoded = Decoded::open(&bytes).map_err(|error| wrap(error.into()))?;
        match decoded.declares() {
            Ok((name, version)) => import.packages.push(Imported {
                name,
                version,
                requirements: decoded.requirements(),
                bytes,
                path,
            }),
            Err(refusal) => import.skipped.push((refusal, path)),
        }
    }
    if import.packages.is_empty() && import.skipped.is_empty() {
        return Err(ImportError::Empty {
            path: dir.to_owned(),
        });
    }
    Ok(import)
}

fn read_tree(dir: &Path, depth: usize, groups: &mut Groups) -> Result<(), ImportError> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(ImportError::TooDeep {
            path: dir.to_owned(),
        });
    };
    for group in read_folder(dir)? {
        insert(groups, group)?;
    }
    for entry in entries(dir)? {
        if entry.is_dir() {
            read_tree(&entry, below, groups)?;
        }
    }
    Ok(())
}

/// The groups of a folder's own files: one, or one a file where each names its package.
fn read_folder(dir: &Path) -> Result<Vec<Group>, TextError> {
    let together = Group::read_dir(dir);
    let error = match together {
        Ok(group) => return Ok(group.into_iter().collect()),
        Err(error) => error,
    };
    let files = wit_files(dir)?;
    let each: Result<Vec<_>, _> = files.iter().map(|file| Group::read_file(file)).collect();
    match each {
        Ok(groups) if groups.len() > 1 => Ok(groups),
        _ => Err(error),
    }
}

/// A package version may lie in a tree more than once, as the same text.
fn insert(groups: &mut Groups, group: Group) -> Result<(), TextError> {
    let same = |other: &Group| other.same_text(&group);
    if groups.get(group.name()).is_some_and(same) {
        return Ok(());
    }
    groups.insert(group)
}

/// The names of all packages, each after those it refers to, else ascending.
fn in_order(groups: &Groups) -> Result<Vec<&WitName>, ImportError> {
    let mut waits: BTreeMap<&WitName, BTreeSet<WitName>> =
        groups.names().map(|name| (name, BTreeSet::new())).collect();
    for reference in groups.iter().flat_map(Group::references) {
        if groups.get(&reference.package).is_some()
            && let Some(waits) = waits.get_mut(&reference.user)
        {
            waits.insert(reference.package);
        }
    }
    let mut order: Vec<&WitName> = Vec::new();
    let mut done: BTreeSet<&WitName> = BTreeSet::new();
    while !waits.is_empty() {
        let ready: Vec<&WitName> = waits
            .iter()
            .filter(|(_, waits)| waits.iter().all(|name| done.contains(name)))
            .map(|(name, _)| *name)
            .collect();
        if ready.is_empty() {
            return Err(ImportError::Cycle {
                names: waits.keys().map(ToString::to_string).collect(),
            });
        }
        for name in ready {
            waits.remove(name);
            done.insert(name);
            order.push(name);
        }
    }
    Ok(order)
}
