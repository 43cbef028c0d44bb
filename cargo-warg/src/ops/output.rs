//! Files that a command is told to read or write: `-` is stdin or stdout, as wasm-tools has it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::component::MAX_CONTENT;
use crate::error::{Class, OrFail as _, Result};

/// Whether a path means stdin or stdout.
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a component, or stdin; no more than a content may have and one byte.
///
/// # Errors
/// A file that cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_CONTENT.saturating_add(1);
    let mut read = || {
        if is_stream(path) {
            return io::stdin().lock().take(limit).read_to_end(&mut bytes);
        }
        let file = fs::File::open(path)?;
        let length = file.metadata()?.len().min(limit);
        bytes.reserve_exact(usize::try_from(length).unwrap_or(0).saturating_add(1));
        file.take(limit).read_to_end(&mut bytes)
    };
    read().or_fail(Class::Other, || format!("cannot read {}", shown(path)))?;
    Ok(bytes)
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        // What is no file of its own, as `/dev/null`, is written to, not replaced.
        let there = fs::metadata(path);
        if there
            .as_ref()
            .is_ok_and(|there| !there.is_file() && !there.is_dir())
        {
            return fs::OpenOptions::new()
                .write(true)
                .open(path)?
                .write_all(bytes);
        }
        let permissions = there.map_or_else(
            |_| fs::Permissions::from_mode(0o666),
            |there| there.permissions(),
        );
        let mut file = tempfile::Builder::new()
            .prefix(".tmp")
            .permissions(permissions)
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().or_fail(Class::Other, || format!("cannot write {}", path.display()))
}

/// A path as messages name it.
pub fn shown(path: &Path) -> String {
    if is_stream(path) {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}
