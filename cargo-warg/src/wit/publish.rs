//! What lies at a path that is to be published as a WIT package, or that serves one.

use std::path::Path;

use component::wit::publish::PublishError;
use component::wit::text::{Group, TextError};

use upstream::folder::{entries, has_extension, read_dir, read_file};

/// The packages in a folder's own `.wit` files, or in one file.
///
/// # Errors
/// A folder without `.wit` file; texts that cannot be read or do not parse.
pub fn read_path(path: &Path) -> Result<Group, PublishError> {
    if path.is_dir() {
        read_dir(path)?.ok_or_else(|| PublishError::Empty {
            path: path.to_owned(),
        })
    } else {
        Ok(read_file(path)?)
    }
}

/// What lies at a path that is to be published: a text, and the texts in the `deps` that belong to it.
#[derive(Debug)]
pub struct Texts {
    /// The text.
    pub text: Group,
    /// The texts of the folder's `deps`, or those beside it where it lies in a `deps` itself.
    pub beside: Vec<Group>,
}

impl Texts {
    /// Reads a `wit/` folder, or one `.wit` file.
    ///
    /// # Errors
    /// Texts that do not parse.
    pub fn read(path: &Path) -> Result<Self, PublishError> {
        let text = read_path(path)?;
        let own = path.is_dir().then(|| path.join("deps"));
        let around = path.parent().filter(|parent| parent.ends_with("deps"));
        let mut beside = Vec::new();
        for folder in own.as_deref().into_iter().chain(around) {
            let entries = entries(folder)?;
            for entry in entries.iter().filter(|entry| *entry != path) {
                beside.extend(read_entry(entry)?);
            }
        }
        Ok(Self { text, beside })
    }
}

/// The group of a folder's `deps` entry; none for what is no WIT text.
fn read_entry(entry: &Path) -> Result<Option<Group>, TextError> {
    if entry.is_dir() {
        read_dir(entry)
    } else if has_extension(entry, "wit") {
        read_file(entry).map(Some)
    } else {
        Ok(None)
    }
}
