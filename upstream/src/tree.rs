//! Trees of folders of WIT, and the texts that they hold.
//!
//! A text that is wrong, or cannot be read, is left out and told, with the reason; the others are not touched by it.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use component::wit::at_hand::{AtHand, in_order};
use component::wit::text::{Group, TextError};
use registry::file::Obstacle;
use wit_parser::PackageName as WitName;

use crate::folder::{entries, read_dir, read_file, wit_files};

/// How deep folders may lie in each other: `a/wit/deps/b/wit/deps/c` has seven.
pub const MAX_DEPTH: usize = 16;

/// What of a tree cannot be imported, or that there is nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder that cannot be read, or a text that does not parse.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Folders deeper than [`MAX_DEPTH`].
    #[error("{} lies more than {MAX_DEPTH} folders deep", path.display())]
    TooDeep {
        /// The folder that does.
        path: PathBuf,
    },
    /// No package version at all.
    #[error("{} holds no WIT package", path.display())]
    Empty {
        /// The folder that was named.
        path: PathBuf,
    },
}

/// A file, folder or package that is left out.
#[derive(Debug)]
pub struct Skipped {
    /// The folder or file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: ImportError,
}

/// What trees of folders hold.
#[derive(Debug, Default)]
pub struct WitTree {
    /// The texts; those of all trees serve each other.
    pub at_hand: AtHand,
    /// Texts for a package version that an earlier one declares by another text.
    pub twins: Vec<Group>,
    /// Texts that are wrong.
    pub skipped: Vec<Skipped>,
}

impl WitTree {
    /// Reads every text in some folders and all below them. A folder's `.wit` files are one package, or each its own where
    /// they name different ones, as those of a `deps` are. A `deps` within a folder of a `deps` is nobody's: WIT tools
    /// look into one such folder alone.
    ///
    /// # Errors
    /// A folder that holds nothing.
    pub fn read(folders: &[PathBuf]) -> Result<Self, ImportError> {
        let mut tree = Self::default();
        for folder in folders {
            let mut groups = Vec::new();
            let before = tree.skipped.len();
            read_tree(folder, &mut groups, &mut tree.skipped);
            if groups.is_empty() && tree.skipped.len() == before {
                return Err(ImportError::Empty {
                    path: folder.clone(),
                });
            }
            for group in groups {
                tree.take(group)?;
            }
        }
        Ok(tree)
    }

    fn take(&mut self, group: Group) -> Result<(), ImportError> {
        let given = self.at_hand.given();
        let same = group
            .names()
            .find_map(|name| given.get(name))
            .map(|other| other.same_text(&group));
        match same {
            // A package version may lie there more than once, as the same text.
            Some(true) => {}
            Some(false) => self.twins.push(group),
            None => self.at_hand.give(group)?,
        }
        Ok(())
    }

    /// Takes out the texts of which all packages are of a sort, with the path of each.
    ///
    /// # Errors
    /// None that can be: what is left was there before.
    pub fn take_out(
        &mut self,
        is_such: impl Fn(&WitName) -> bool,
    ) -> Result<Vec<Group>, ImportError> {
        let given = std::mem::take(&mut self.at_hand);
        let twins = std::mem::take(&mut self.twins);
        let mut out = Vec::new();
        for group in given.given().iter().cloned().chain(twins) {
            if group.names().all(&is_such) {
                out.push(group);
            } else {
                self.take(group)?;
            }
        }
        Ok(out)
    }

    /// The names of all packages, each after those it refers to; behind them those that only a text has of which another
    /// package is declared twice.
    pub fn in_order(&self) -> Vec<&WitName> {
        let given = self.at_hand.given();
        let mut names = in_order(given);
        for name in self.twins.iter().flat_map(Group::names) {
            if given.get(name).is_none() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn read_tree(dir: &Path, groups: &mut Vec<Group>, skipped: &mut Vec<Skipped>) {
    let top = real(dir);
    let mut seen = BTreeSet::new();
    let mut open = VecDeque::from([(dir.to_owned(), MAX_DEPTH)]);
    while let Some((dir, depth)) = open.pop_front() {
        let mut skip = |path: PathBuf, why| skipped.push(Skipped { path, why });
        let Some(below) = depth.checked_sub(1) else {
            skip(dir.clone(), ImportError::TooDeep { path: dir });
            continue;
        };
        let real = real(&dir);
        if let Some(error) = led_out(&dir, &top) {
            skip(dir, error.into());
            continue;
        }
        if !seen.insert(real) {
            continue; // another way to what is read already: the same texts
        }
        let (read, folders) =
            match read_folder(&dir, &top).and_then(|read| Ok((read, entries(&dir)?))) {
                Ok(read) => read,
                Err(error) => {
                    skip(dir, error.into());
                    continue;
                }
            };
        for (path, read) in read {
            match read {
                Ok(group) => groups.push(group),
                Err(error) => skip(path, error.into()),
            }
        }
        for entry in folders {
            if entry.is_dir() && !is_nobodys(&entry) {
                open.push_back((entry, below));
            }
        }
    }
}

/// Where a path leads to.
pub(crate) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// What is wrong with a file or folder that a link leads to, out of the tree: nobody asked to import what lies there.
pub(crate) fn led_out(path: &Path, top: &Path) -> Option<TextError> {
    let real = fs::canonicalize(path).ok()?;
    if real.starts_with(top) {
        return None;
    }
    let obstacle = if top.starts_with(&real) {
        Obstacle::Upward
    } else {
        Obstacle::Outward
    };
    Some(TextError::Read {
        path: path.to_owned(),
        source: obstacle.into(),
    })
}

/// Whether a folder is the `deps` of a folder in a `deps`.
fn is_nobodys(dir: &Path) -> bool {
    let is_deps = |path: &Path| path.ends_with("deps");
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let mut around = absolute.ancestors();
    around.next().is_some_and(is_deps) && around.nth(1).is_some_and(is_deps)
}

/// A file or folder, and its text or what is wrong with it.
type Read = (PathBuf, Result<Group, TextError>);

/// The texts of a folder's own files: one, or one a file where they name different packages.
fn read_folder(dir: &Path, top: &Path) -> Result<Vec<Read>, TextError> {
    let files = wit_files(dir)?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let each = || -> Vec<Read> {
        let read = |file: PathBuf| {
            let read = led_out(&file, top).map_or_else(|| read_file(&file), Err);
            (file, read)
        };
        files.iter().cloned().map(read).collect()
    };
    if absolute.ends_with("deps") {
        return Ok(each());
    }
    // Without a file that a link leads to, a package would be another than its author's.
    let led_out = files.iter().find_map(|file| led_out(file, top));
    let together = match led_out.map_or_else(|| read_dir(dir), Err) {
        Ok(group) => {
            return Ok(group
                .map(|group| (dir.to_owned(), Ok(group)))
                .into_iter()
                .collect());
        }
        Err(error) => error,
    };
    // What is wrong with one package of several files is not to be hidden by reading each file alone.
    let each = each();
    let names: BTreeSet<_> = each
        .iter()
        .filter_map(|(_, read)| Some(read.as_ref().ok()?.name().clone()))
        .collect();
    if names.len() > 1 {
        return Ok(each);
    }
    Ok(vec![(dir.to_owned(), Err(together))])
}
