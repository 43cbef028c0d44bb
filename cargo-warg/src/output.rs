//! Files that a command is told to read or write: `-` is stdin or stdout, as wasm-tools has it.

use std::io;
use std::path::Path;

use registry::file;

use crate::error::{Class, OrFail as _, Result};
use component::content::MAX_CONTENT;

/// The file that `-o` names; none where it names none, or stdout.
pub fn named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !is_stream(path))
}

/// Whether a path means stdin or stdout.
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a component, or stdin.
///
/// # Errors
/// A file that cannot be read, and more than a content may have.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = if is_stream(path) {
        file::read_stream(io::stdin().lock(), MAX_CONTENT)
    } else {
        file::read_argument(path, MAX_CONTENT).map_err(|error| file::explained(path, error))
    };
    bytes.or_fail(Class::Other, || format!("cannot read {}", shown(path)))
}

/// Writes a file, whole or not at all. A link stays one, and what it leads to is written.
///
/// # Errors
/// A file that cannot be written, or that is not to be.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    file::output(path, bytes).or_fail(Class::Other, || format!("cannot write {}", path.display()))
}

/// A path as messages name it.
pub fn shown(path: &Path) -> String {
    if is_stream(path) {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}
