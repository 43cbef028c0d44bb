//! The file `warg.lock`, read: what a session is held to, and what operations begin from.

use std::io;
use std::path::Path;

use component::span::Text;
use registry::file;
use resolver::lockfile::{Lockfile, MAX_LOCK, ReadError};

use crate::error::{Class, Error, OrFail as _, Result};

/// Reads the lock of a workspace; none where there is none.
///
/// # Errors
/// A file that cannot be read, or is no lock.
pub fn read(path: &Path) -> Result<Option<Lockfile>> {
    let text = read_text(path)?;
    text.map(|text| parse(&text, path)).transpose()
}

/// Its text; none where there is no file.
///
/// # Errors
/// A file that cannot be read, or is longer than any lock.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>> {
    let failed = || format!("cannot read {}", path.display());
    let limit = u64::try_from(MAX_LOCK).unwrap_or(u64::MAX);
    match file::read(path, limit) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .or_fail(Class::Lock, failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(refuse(ReadError::TooLong, "", path))
        }
        Err(error) => Err(Error::caused(Class::Other, failed(), error)),
    }
}

/// The lock in a text that was read from a file.
///
/// # Errors
/// A text that is no lock, with its line.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Lockfile> {
    text.parse().map_err(|error| refuse(error, text, path))
}

/// The failure to read a lock, at its line.
pub(crate) fn refuse(error: ReadError, text: &str, path: &Path) -> Error {
    let line = error.line();
    located(Error::classified(error), line, text, path)
        .context(format!("{} cannot be used", path.display()))
}

/// The failure, at a line of the lock.
pub(crate) fn located(error: Error, line: Option<u64>, text: &str, path: &Path) -> Error {
    match line {
        Some(line) => error
            .at(Text::new(path, text).line(line))
            .below(path.parent().unwrap_or(path)),
        None => error,
    }
}
