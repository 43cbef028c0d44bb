//! Trees of folders of WIT, and the texts that they hold.
//!
//! A text that is wrong is left out and told, with the reason; the others are not touched by it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use component::wit::at_hand::{AtHand, in_order};
use component::wit::publish::PublishError;
use component::wit::text::{Group, Groups, TextError};
use wit_parser::PackageName as WitName;

use super::folder::{entries, read_dir, read_file, wit_files};
use crate::error::{Class, Classify};
use component::span::Place;

/// How deep folders may lie in each other: `a/wit/deps/b/wit/deps/c` has seven.
pub const MAX_DEPTH: usize = 16;

/// A tree that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder that cannot be read, or two texts that declare one package version.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Folders deeper than [`MAX_DEPTH`].
    #[error("{} lies more than {MAX_DEPTH} folders deep", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// No package version at all.
    #[error("{} holds no WIT package", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// A file, folder or package that is left out.
#[derive(Debug)]
pub struct Skipped {
    /// The folder or file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: PublishError,
}

/// What trees of folders hold.
#[derive(Debug, Default)]
pub struct Tree {
    /// The texts; those of all trees serve each other.
    pub at_hand: AtHand,
    /// Texts of a later tree for a package version that an earlier one declares by another text.
    pub twins: Vec<Group>,
    /// Texts that are wrong.
    pub skipped: Vec<Skipped>,
}

impl Tree {
    /// Reads every text in some folders and all below them. A folder's `.wit` files are one package, or each its own where
    /// they name different ones, as those of a `deps` are. A `deps` within a folder of a `deps` is nobody's: WIT tools
    /// look into one such folder alone.
    ///
    /// # Errors
    /// What cannot be read; two different texts for one package version in one folder.
    pub fn read(folders: &[PathBuf]) -> Result<Self, ImportError> {
        let mut tree = Self::default();
        for folder in folders {
            let mut groups = Groups::default();
            let before = tree.skipped.len();
            read_tree(folder, &mut groups, &mut tree.skipped)?;
            if groups.iter().next().is_none() && tree.skipped.len() == before {
                return Err(ImportError::Empty {
                    path: folder.clone(),
                });
            }
            for group in groups.iter() {
                let given = tree.at_hand.given();
                let mut others = group.names().filter_map(|name| given.get(name));
                match others.next() {
                    Some(other) if other.same_text(group) => {}
                    Some(_) => tree.twins.push(group.clone()),
                    None => tree.at_hand.give(group.clone())?,
                }
            }
        }
        Ok(tree)
    }

    /// The names of all packages, each after those it refers to.
    pub fn in_order(&self) -> Vec<&WitName> {
        in_order(self.at_hand.given())
    }

    /// The file or folder that declares a package.
    pub fn path_of(&self, name: &WitName) -> &Path {
        let text = self.at_hand.text_of(name);
        text.map_or(Path::new(""), Group::path)
    }
}

fn read_tree(
    dir: &Path,
    groups: &mut Groups,
    skipped: &mut Vec<Skipped>,
) -> Result<(), ImportError> {
    let mut open = VecDeque::from([(dir.to_owned(), MAX_DEPTH)]);
    while let Some((dir, depth)) = open.pop_front() {
        let Some(below) = depth.checked_sub(1) else {
            return Err(ImportError::TooDeep { path: dir });
        };
        for (path, read) in read_folder(&dir)? {
            match read {
                // A package version may lie in a tree more than once, as the same text.
                Ok(group) => groups.add(group)?,
                Err(error) if is_unreadable(&error) => return Err(error.into()),
                Err(error) => skipped.push(Skipped {
                    path,
                    why: error.into(),
                }),
            }
        }
        for entry in entries(&dir)? {
            if entry.is_dir() && !is_nobodys(&entry) {
                open.push_back((entry, below));
            }
        }
    }
    Ok(())
}

/// Whether the system does not let it be read, for which no text is to blame.
fn is_unreadable(error: &TextError) -> bool {
    match error {
        TextError::Read { source, .. } => source.kind() != io::ErrorKind::InvalidData,
        _ => false,
    }
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
fn read_folder(dir: &Path) -> Result<Vec<Read>, TextError> {
    let files = wit_files(dir)?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let each = || -> Vec<Read> {
        let read = |file: PathBuf| (file.clone(), read_file(&file));
        files.iter().cloned().map(read).collect()
    };
    if absolute.ends_with("deps") {
        return Ok(each());
    }
    let together = match read_dir(dir) {
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

impl Classify for ImportError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Text(error) => error.help(),
            Self::TooDeep { .. } | Self::Empty { .. } => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Text(error) => error.places(),
            Self::TooDeep { .. } | Self::Empty { .. } => Vec::new(),
        }
    }
}
