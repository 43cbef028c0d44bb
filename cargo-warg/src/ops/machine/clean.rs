//! Removing what can be had again: this user's cache, what runs that were killed left, here and in a workspace, and what
//! `fetch` wrote. Keys, and what this machine saw of registries, are never touched: nothing brings them back.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use registry::file::{Tree, folder_of, left_below, left_in};
use registry::layout::PRIVATE;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, OrFail as _, Result};
use crate::manifest::{Address, Workspace};
use crate::ops::contents::vendor;

/// The folders of the cache that are ours.
const CACHE: [&str; 2] = ["content", "registry"];

/// What is to be removed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The workspace, where there is one.
    pub workspace: Option<&'a Workspace>,
    /// Also what `fetch` wrote into `wit/deps`.
    pub deps: bool,
    /// Count what would be removed, and remove nothing.
    pub dry_run: bool,
}

/// What sort of thing was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Verified files that were kept.
    Cache,
    /// Temporary files of a run that was killed.
    Left,
    /// What `fetch` wrote.
    Deps,
}

/// A file or folder that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// What it was.
    pub sort: Sort,
    /// Where it was.
    pub path: PathBuf,
    /// How many files.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

/// Removes, or counts what it would remove.
///
/// # Errors
/// What cannot be read or removed.
pub fn clean(dirs: &Dirs, wanted: Wanted<'_>) -> Result<Vec<Removed>> {
    let mut found = Vec::new();
    for name in CACHE {
        found.push((Sort::Cache, dirs.cache().join(name)));
    }
    let mut left = left_of_user(dirs);
    if let Some(workspace) = wanted.workspace {
        left.extend(left_of(workspace));
    }
    found.extend(left.into_iter().map(|path| (Sort::Left, path)));
    if let Some(workspace) = wanted.workspace {
        for member in workspace.selected().filter(|_| wanted.deps) {
            let root = crate::wit::root::read(&member.wit)
                .classified()
                .map_err(|error| error.below(workspace.root()))?;
            let fetched = crate::wit::root::fetched_paths(&root).classified()?;
            found.extend(fetched.into_iter().map(|path| (Sort::Deps, path)));
        }
    }
    let mut removed = Vec::new();
    for (sort, path) in found {
        let (files, bytes) = match measure(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            measured => {
                measured.or_fail(Class::Other, || format!("cannot read {}", path.display()))?
            }
        };
        if !wanted.dry_run {
            remove(&path).or_fail(Class::Other, || format!("cannot remove {}", path.display()))?;
        }
        removed.push(Removed {
            sort,
            path,
            files,
            bytes,
        });
    }
    Ok(removed)
}

/// Temporary files and folders beside what is kept for this user, and in the folder that this runs in, as `-o` names files.
fn left_of_user(dirs: &Dirs) -> BTreeSet<PathBuf> {
    let mut left: BTreeSet<_> = left_in(dirs.cache()).into_iter().collect();
    for folder in [dirs.config(), dirs.state(), dirs.data()] {
        left.extend(left_below(folder));
    }
    left.extend(env::current_dir().iter().flat_map(|here| left_in(here)));
    left
}

/// Temporary files and folders beside what the commands write for a workspace.
fn left_of(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let mut folders = vec![workspace.root().to_owned()];
    let manifests = [workspace.root_manifest()].into_iter();
    let members = workspace.members().iter();
    for manifest in manifests.chain(members.clone().map(|member| member.manifest.clone())) {
        if let Some(folder) = manifest.parent() {
            folders.push(folder.to_owned());
        }
    }
    for member in members {
        folders.push(member.wit.clone());
        let deps = member.wit.join("deps");
        if deps.is_symlink() {
            continue; // nothing is removed through a link
        }
        let entries = fs::read_dir(&deps).into_iter().flatten().flatten();
        let packages =
            entries.filter(|package| package.file_type().is_ok_and(|sort| sort.is_dir()));
        folders.extend(packages.map(|package| package.path()));
        folders.push(deps);
    }
    for registry in workspace.registries().iter() {
        folders.extend(registry.policy.parent().map(Path::to_owned));
        if let Address::Folder(folder) = &registry.address {
            folders.extend(folder.parent().map(Path::to_owned));
            let private = folder.join(PRIVATE);
            let tmp = private.join("tmp");
            if !private.is_symlink() && !tmp.is_symlink() {
                folders.push(tmp);
            }
        }
    }
    // A first `vendor` that was killed has not named its folder yet. (Below it, the next one removes what is not needed.)
    folders.extend(workspace.vendor().map(Path::to_owned));
    folders.push(workspace.root().join(vendor::FOLDER));
    folders.iter().flat_map(|folder| left_in(folder)).collect()
}

/// How many files and bytes lie at and below a path. Links are not followed.
fn measure(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok((1, metadata.len()));
    }
    let (mut files, mut bytes) = (0_u64, 0_u64);
    for entry in fs::read_dir(path)? {
        let (more, larger) = measure(&entry?.path())?;
        files = files.saturating_add(more);
        bytes = bytes.saturating_add(larger);
    }
    Ok((files, bytes))
}

/// Removes what lies at a path; what a link leads to stays.
fn remove(path: &Path) -> io::Result<()> {
    let name = Path::new(path.file_name().unwrap_or_default());
    Tree::private(folder_of(path)).remove_all(name).map(drop)
}
