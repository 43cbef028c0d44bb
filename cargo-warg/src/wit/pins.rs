//! The versions in a project's own texts, changed in its files: all of them or none.

use std::io;
use std::path::{Path, PathBuf};

use component::wit::pins::{Moves, PinEdit, PinError};
use component::wit::text::TextError;
use registry::file;

use crate::error::{Class, Classify};

use upstream::folder::{read_text, read_texts, wit_files};

/// A text that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It does not read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Somebody else wrote it meanwhile.
    #[error("{} was changed by another program meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Classify for SaveError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Changed { .. } => Some("run the command again".to_owned()),
            Self::Text(_) | Self::Write { .. } => None,
        }
    }
}

/// Finds what is to be changed in the texts of a `wit/`, or in one file; nothing is written.
///
/// # Errors
/// A text that does not read; one where it is not sure that just these versions change.
pub fn plan(wit: &Path, moves: &Moves) -> Result<PinEdit, PinError> {
    let files = if wit.is_file() {
        Vec::from([wit.to_owned()])
    } else {
        wit_files(wit)?
    };
    PinEdit::plan(wit, read_texts(files)?, moves)
}

/// Writes the texts over what was read, each whole. Where one cannot be written, those written before
/// it are put back.
///
/// # Errors
/// A text that was changed meanwhile, or cannot be written.
pub fn save(edit: &PinEdit) -> Result<(), SaveError> {
    let files = edit.files();
    for (position, file) in files.iter().enumerate() {
        if let Err(error) = replace(&file.path, &file.before, &file.after) {
            let written = files.get(..position).unwrap_or_default();
            for file in written {
                // The first failure is the one to report.
                let _ = replace(&file.path, &file.after, &file.before);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Puts back the texts from before [`save`].
///
/// # Errors
/// As those of `save`.
pub fn revert(edit: &PinEdit) -> Result<(), SaveError> {
    let mut files = edit.files().iter();
    files.try_for_each(|file| replace(&file.path, &file.after, &file.before))
}

fn replace(path: &Path, expected: &str, text: &str) -> Result<(), SaveError> {
    if read_text(path)? != expected {
        return Err(SaveError::Changed {
            path: path.to_owned(),
        });
    }
    file::replace(path, text.as_bytes()).map_err(|source| SaveError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn where_one_text_cannot_be_written_all_are_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a", "b"].map(|name| folder.path().join(format!("{name}.wit")));
        let text = |name: &str| format!("package a:b;\nworld {name} {{ import x:y/z@1.0.0; }}\n");
        for (file, name) in files.iter().zip(["one", "two"]) {
            fs::write(file, text(name)).unwrap();
        }
        let version = |text: &str| text.parse().unwrap();
        let moves = Moves::from([(("x:y".parse().unwrap(), version("1.0.0")), version("1.1.0"))]);
        let edit = plan(folder.path(), &moves).unwrap();
        assert_eq!(edit.changes().len(), 2);
        fs::write(&files[1], text("three")).unwrap();
        assert!(matches!(save(&edit), Err(SaveError::Changed { path }) if path == files[1]));
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), text("one"));
        fs::write(&files[1], text("two")).unwrap();
        save(&edit).unwrap();
        assert!(fs::read_to_string(&files[0]).unwrap().contains("@1.1.0"));
        revert(&edit).unwrap();
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), text("one"));
        assert_eq!(fs::read_to_string(&files[1]).unwrap(), text("two"));
    }
}
