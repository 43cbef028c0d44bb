//! Files of secrets: keys and tokens, which only their owner may read and change.

use std::fs;
use std::io;
use std::path::Path;

use registry::file::{self, Exposed};

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
