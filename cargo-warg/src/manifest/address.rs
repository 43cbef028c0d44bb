//! Folders, as Cargo.toml names them.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::{Class, Error, Result};

/// A path without `.`, `..` and links, as far as it exists.
///
/// # Errors
/// A system that says no.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut rest = Vec::new();
    let mut existing = path.as_path();
    loop {
        match existing.canonicalize() {
            Ok(found) => {
                let mut resolved = found;
                for part in rest.iter().rev() {
                    match part {
                        Component::ParentDir => drop(resolved.pop()),
                        part => resolved.push(part),
                    }
                }
                return Ok(resolved);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut parts = existing.components();
                match parts.next_back() {
                    Some(part) => rest.push(part),
                    None => return Err(error),
                }
                existing = parts.as_path();
            }
            Err(error) => return Err(error),
        }
    }
}

/// The folder as Cargo.toml names it: relative to the workspace root, so that the text means the same on other machines
/// that have both side by side; absolute where the two have nothing in common. `what` is what the folder is to be.
///
/// # Errors
/// The root itself; a path that is not UTF-8.
pub fn address_text(root: &Path, folder: &Path, what: &str) -> Result<String> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let common = root
        .components()
        .zip(folder.components())
        .take_while(|(a, b)| a == b);
    let shared = common.clone().count();
    let related = common
        .into_iter()
        .any(|(part, _)| matches!(part, Component::Normal(_)));
    let text = if related {
        let up = root.components().skip(shared).map(|_| "..");
        let down = folder.components().skip(shared);
        let down: Option<Vec<_>> = down.map(|part| part.as_os_str().to_str()).collect();
        down.map(|down| up.chain(down).collect::<Vec<_>>().join("/"))
    } else {
        folder.to_str().map(str::to_owned)
    };
    match text {
        Some(text) if text.is_empty() => Err(Error::new(
            Class::Usage,
            format!("the folder of Cargo.toml itself cannot be {what}"),
        )),
        Some(text) => Ok(text),
        None => Err(Error::new(
            Class::Usage,
            format!(
                "{} cannot be written into Cargo.toml: it is not UTF-8",
                folder.display()
            ),
        )),
    }
}
