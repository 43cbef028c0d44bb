//! Files of secrets: keys and tokens, which only their owner may read and change.

use std::fs;
use std::io;
use std::path::Path;

use registry::file::{self, Exposed, Tree};

/// The text of a file of secrets; none where nothing has the name. A link that leads nowhere is an error.
///
/// # Errors
/// As [`file::read_secret`].
pub(crate) fn read_secret(path: &Path, limit: u64) -> io::Result<Option<String>> {
    match file::read_secret(path, limit) {
        Err(_) if is_missing(path) => Ok(None),
        read => read.map(Some),
    }
}

/// Writes a file of secrets that is not there yet, for its owner alone.
///
/// # Errors
/// Something has the name; a system that says no.
pub(crate) fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = Tree::private(file::folder_of(path));
    match folder.create(Path::new(name), text.as_bytes()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) => Err(error),
    }
}

/// Whether nothing has the name, no link either.
pub(crate) fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The command that keeps others from a secret file.
pub(crate) fn closing(path: &Path, how: &Exposed) -> String {
    match how {
        Exposed::File { .. } => format!("run `chmod 600 {}`", path.display()),
        Exposed::Folder { folder, .. } => format!("run `chmod go-w {}`", folder.display()),
    }
}
