//! Removing what can be had again: this user's cache, what runs that were killed left in a workspace, and what `fetch`
//! wrote. Keys, and what this machine saw of registries, are never touched: nothing brings them back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use registry::file::{STAGED, Tree, folder_of};
use registry::layout::PRIVATE;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, OrFail as _, Result};
use crate::manifest::{Place, Workspace};

/// The folders of the cache that are ours.
const CACHE: [&str; 2] = ["content", "registry"];

/// How old what a run left must be: a younger one may be in use.
const LEFT: Duration = Duration::from_hours(1);

/// What temporary names end with: six letters and digits.
const RANDOM: usize = 6;

/// What is to be removed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The workspace, where there is one.
    pub workspace: Option<&'a Workspace>,
    /// Also what `fetch` wrote into `wit/deps`.
    pub deps: bool,
    /// Only count.
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
    if let Some(workspace) = wanted.workspace {
        let left = left(workspace);
        found.extend(left.into_iter().map(|path| (Sort::Left, path)));
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

/// Temporary files and folders beside what the commands write.
fn left(workspace: &Workspace) -> Vec<PathBuf> {
    let mut places = vec![workspace.root().to_owned()];
    let manifests = [workspace.root_manifest()].into_iter();
    let members = workspace.members().iter();
    for manifest in manifests.chain(members.clone().map(|member| member.manifest.clone())) {
        if let Some(folder) = manifest.parent() {
            places.push(folder.to_owned());
        }
    }
    for member in members {
        places.push(member.wit.clone());
        let deps = member.wit.join("deps");
        if deps.is_symlink() {
            continue; // nothing is removed through a link
        }
        let packages = fs::read_dir(&deps).into_iter().flatten().flatten();
        let folders =
            packages.filter(|package| package.file_type().is_ok_and(|sort| sort.is_dir()));
        places.extend(folders.map(|package| package.path()));
        places.push(deps);
    }
    places.extend(workspace.vendor().map(Path::to_owned));
    for registry in workspace.registries().iter() {
        places.extend(registry.policy.parent().map(Path::to_owned));
        if let Place::Folder(folder) = &registry.place {
            places.extend(folder.parent().map(Path::to_owned));
            let private = folder.join(PRIVATE);
            let tmp = private.join("tmp");
            if !private.is_symlink() && !tmp.is_symlink() {
                places.push(tmp);
            }
        }
    }
    places.sort();
    places.dedup();
    let mut left = Vec::new();
    for folder in places {
        let Ok(entries) = fs::read_dir(folder) else {
            continue; // not there, or not ours to read
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let random = name.to_str().and_then(|name| name.strip_prefix(STAGED));
            if random.is_some_and(is_random) && is_old(&entry.path()) {
                left.push(entry.path());
            }
        }
    }
    left.sort();
    left
}

/// Whether an end is one of a temporary name, and no word: `.cargo-warg-backup` is somebody's. Of a hundred temporary names
/// one reads like a word, and stays.
fn is_random(end: &str) -> bool {
    let is_word = end.bytes().all(|byte| byte.is_ascii_alphabetic())
        && (end.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
            || end.bytes().all(|byte| byte.is_ascii_uppercase()));
    let is_number = end.bytes().all(|byte| byte.is_ascii_digit());
    end.len() == RANDOM
        && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !is_word
        && !is_number
}

fn is_old(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| SystemTime::now().duration_since(modified));
    matches!(age, Ok(Ok(age)) if age >= LEFT)
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
