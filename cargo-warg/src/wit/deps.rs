//! What `fetch` writes into `wit/deps`, in its files.

use std::io;
use std::path::{Path, PathBuf};

use component::wit::deps::{Difference, Found, Plan, PlanError};
use component::wit::root::{PACKAGE_FILE, Root};
use component::wit::selected::Selected;
use component::wit::text::TextError;
use registry::file::Tree;

use crate::error::{Class, Classify};

use super::root::{holds_only_ours, is_fetched};
use upstream::folder::{read_text, wit_files};

/// Plans what `wit/deps` is to hold, beside what it holds now.
///
/// # Errors
/// As [`component::wit::deps::plan`]; a folder that cannot be read.
pub fn plan(
    root: &Root,
    wit: &[Selected<'_>],
    components: &[Selected<'_>],
) -> Result<Plan, PlanError> {
    component::wit::deps::plan(root, wit, components, found)
}

fn found(folder: &Path) -> Result<Found, TextError> {
    let file = folder.join(PACKAGE_FILE);
    let files = wit_files(folder)?;
    let has_file = files.contains(&file);
    Ok(Found {
        fetched: is_fetched(folder)?,
        text: has_file.then(|| read_text(&file).ok()).flatten(),
        has_file,
        has_others: files.iter().any(|other| *other != file),
    })
}

/// What in `wit/deps` differs from a plan in meaning.
///
/// # Errors
/// A file that cannot be read.
pub fn compare(root: &Root, plan: &Plan) -> Result<Vec<Difference>, TextError> {
    component::wit::deps::compare(root, plan, |path| {
        path.is_file().then(|| read_text(path)).transpose()
    })
}

/// A file that cannot be written or removed. Those before it in the plan are done, and a second run does the rest.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It cannot be removed.
    #[error("cannot remove {}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Classify for ApplyError {
    fn class(&self) -> Class {
        Class::Other
    }
}

/// Does what a plan says. Whenever it ends, each file has its old text or its new one.
///
/// # Errors
/// Whatever the system refuses; a link on the way.
pub fn apply(plan: &Plan) -> Result<(), ApplyError> {
    // A file is written in `wit/` itself, where no parser looks, and then moved. So what a killed run leaves half done is
    // never read. Each text is synced before it is moved. A text that a power cut had shortened would lack its last line,
    // and look like the user's own.
    let tree = Tree::shared(&plan.dir).staged_in("");
    for (file, text) in &plan.write {
        write_file(&tree, file, text).map_err(|source| ApplyError::Write {
            path: plan.dir.join(file),
            source,
        })?;
    }
    for file in &plan.remove {
        remove_file(&tree, file).map_err(|source| ApplyError::Remove {
            path: plan.dir.join(file),
            source,
        })?;
    }
    Ok(())
}

/// A folder that holds nothing else is removed together with the file: parsers refuse a folder in `deps` without a text.
fn remove_file(tree: &Tree, file: &Path) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if holds_only_ours(&tree.root().join(folder)).unwrap_or(false) {
        return tree.remove_whole(folder).map(drop);
    }
    // It stays where the user put other files beside ours.
    tree.remove(file).map(drop)
}

/// A new folder appears with its file in it.
fn write_file(tree: &Tree, file: &Path, text: &str) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let begun = !tree.root().join(folder).is_dir() && tree.begin(folder, name, text.as_bytes())?;
    if begun {
        Ok(())
    } else {
        tree.replace(file, text.as_bytes())
    }
}
