//! Files that a command is told to read or write: `-` is stdin or stdout, as wasm-tools has it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::component::MAX_CONTENT;
use crate::error::{Class, OrFail as _, Result};

/// The file that `-o` names; none where it names none, or stdout.
pub fn file(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !is_stream(path))
}

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

/// Writes a file, whole or not at all. A link stays one, and what it leads to is written.
///
/// # Errors
/// A file that cannot be written, or that is not to be.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(&led_to(path), bytes)
        .or_fail(Class::Other, || format!("cannot write {}", path.display()))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What is no file of its own, as `/dev/null`, is written to, not replaced.
    let there = fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_dir()) {
        // Renaming asks the folder alone, and would replace what its owner made read-only.
        let mut file = fs::OpenOptions::new().write(true).open(path)?;
        let permissions = file.metadata()?.permissions();
        if permissions.readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if !file.metadata()?.is_file() {
            return file.write_all(bytes);
        }
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let permissions = there.map_or_else(
        || fs::Permissions::from_mode(0o666),
        |there| there.permissions(),
    );
    let mut file = tempfile::Builder::new()
        .prefix(".cargo-warg")
        .permissions(permissions)
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// What a path leads to, where it is a link; that need not be there.
fn led_to(path: &Path) -> PathBuf {
    match fs::read_link(path) {
        Ok(to) => fs::canonicalize(path).unwrap_or_else(|_| folder_of(path).join(to)),
        Err(_) => path.to_owned(),
    }
}

/// A path as messages name it.
pub fn shown(path: &Path) -> String {
    if is_stream(path) {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_stays_one_and_what_may_not_be_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("app-1.wasm"), "old").unwrap();
        symlink("app-1.wasm", at("app.wasm")).unwrap();
        symlink("app-2.wasm", at("next.wasm")).unwrap();
        for (link, file) in [("app.wasm", "app-1.wasm"), ("next.wasm", "app-2.wasm")] {
            write(&at(link), b"new").unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read(at(file)).unwrap(), b"new");
        }
        let kept = at("app-1.wasm");
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o444)).unwrap();
        for (path, why) in [
            (kept.clone(), "permission denied"),
            (at("nowhere/app.wasm"), "there is no folder"),
            (folder.path().to_owned(), "directory"),
        ] {
            let error = write(&path, b"newer").unwrap_err();
            let error = error.chain().collect::<Vec<_>>().join(": ");
            assert!(error.to_lowercase().contains(why), "{error}");
        }
        assert_eq!(fs::read(&kept).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
