//! Files that a command is told to read or write: `-` is stdin or stdout, as wasm-tools has it.

use std::io::{self, Read as _};
use std::path::Path;

use registry::file;

use crate::error::{Class, Error, OrFail as _, Result};
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
/// A file that holds something of another kind, such as a manifest, a policy or keys; one that cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if !is_empty_or_like(path, bytes) {
        let path = path.display();
        let message = format!("{path} holds something else than what is to be written to it");
        return Err(Error::new(Class::Usage, message).with_help(format!(
            "name another file; or remove {path} first, if nobody needs it"
        )));
    }
    file::output(path, bytes).or_fail(Class::Other, || format!("cannot write {}", path.display()))
}

/// What components begin with.
const MAGIC: &[u8] = b"\0asm";

/// How many bytes tell locks and bills of materials from other texts.
const HEAD: usize = 24;

/// Whether a file is empty, or begins as what is to be written begins: then it is an older one of the same kind. A missing
/// file, and what is no file, is left to the writing.
fn is_empty_or_like(path: &Path, bytes: &[u8]) -> bool {
    let length = if bytes.starts_with(MAGIC) {
        MAGIC.len()
    } else {
        HEAD.min(bytes.len())
    };
    let mut head = Vec::new();
    let there = file::open(path).and_then(|file| {
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut head)
    });
    there.is_err() || head.is_empty() || bytes.starts_with(&head)
}

/// A path as messages name it.
pub fn shown(path: &Path) -> String {
    if is_stream(path) {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}
