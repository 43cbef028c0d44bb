//! Folders with `.wit` files: read within limits, as the packages that their texts declare.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use component::wit::text::{Group, MAX_ENTRIES, MAX_TEXT, TextError};
use registry::file;

/// The packages in a folder's own `.wit` files, subfolders aside; none where it has no such file.
///
/// # Errors
/// Files that cannot be read, and texts that do not parse.
pub fn read_dir(dir: &Path) -> Result<Option<Group>, TextError> {
    let files = wit_files(dir)?;
    if files.is_empty() {
        return Ok(None);
    }
    read_files(dir, files).map(Some)
}

/// The packages in one file.
///
/// # Errors
/// As of [`read_dir`].
pub fn read_file(file: &Path) -> Result<Group, TextError> {
    read_files(file, vec![file.to_owned()])
}

fn read_files(path: &Path, files: Vec<PathBuf>) -> Result<Group, TextError> {
    Group::of_texts(path, read_texts(files)?)
}

/// The texts of some files, of which each is no larger than a group may be.
pub fn read_texts(files: Vec<PathBuf>) -> Result<Vec<(PathBuf, String)>, TextError> {
    let mut rest = MAX_TEXT;
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let text = read_text(&file)?;
        // What is too large together is refused by the group, with its path: no more is read of it than that.
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        texts.push((file, text));
        match rest.checked_sub(length) {
            Some(left) => rest = left,
            None => break,
        }
    }
    Ok(texts)
}

/// The entries of a folder, ascending by name; none where the folder is missing.
pub fn entries(dir: &Path) -> Result<Vec<PathBuf>, TextError> {
    let unreadable = |source| TextError::Read {
        path: dir.to_owned(),
        source,
    };
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in listing {
        paths.push(entry.map_err(unreadable)?.path());
        if paths.len() > MAX_ENTRIES {
            return Err(TextError::TooMany {
                path: dir.to_owned(),
            });
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a path ends in an extension.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The `.wit` files that lie directly in a folder, ascending by name.
pub fn wit_files(dir: &Path) -> Result<Vec<PathBuf>, TextError> {
    let mut files = entries(dir)?;
    files.retain(|path| has_extension(path, "wit") && !path.is_dir());
    Ok(files)
}

/// A file of at most [`MAX_TEXT`] bytes.
pub fn read_text(path: &Path) -> Result<String, TextError> {
    file::read_text(path, MAX_TEXT).map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::FileTooLarge => TextError::TooLarge { path },
            _ => TextError::Read {
                source: file::explained(&path, source),
                path,
            },
        }
    })
}
