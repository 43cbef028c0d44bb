//! Paths that Cargo.toml names: how they are kept and shown.
//!
//! A path is kept in its normal form, without `.` and `..`, as far as no link lies on the way: `app/../registry` is
//! `registry`, but what is behind `link/..` only the system can say, so that stays as it was written. A message names what
//! lies beside the workspace or below it from the workspace's folder, and anything else by its whole path.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The path that a text means which stands in a file of this folder.
pub(crate) fn joined(folder: &Path, text: &str) -> PathBuf {
    normal(&folder.join(text))
}

/// A path without turns, where each is one that can be left out.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let is_turn = part == Component::ParentDir
            && matches!(plain.components().next_back(), Some(Component::Normal(_)))
            && fs::symlink_metadata(&plain).is_ok_and(|about| about.is_dir());
        if is_turn {
            plain.pop();
        } else if part != Component::CurDir {
            plain.push(part);
        }
    }
    plain
}

/// A path as messages write it: from this folder, where the two have anything in common.
pub(crate) fn shown_from(folder: &Path, path: &Path) -> String {
    let path = normal(path);
    let shared = folder.components().zip(path.components());
    let shared: Vec<_> = shared
        .take_while(|(one, other)| one == other)
        .map(|(part, _)| part)
        .collect();
    if !shared
        .iter()
        .any(|part| matches!(part, Component::Normal(_)))
    {
        return path.display().to_string();
    }
    let up = folder
        .components()
        .skip(shared.len())
        .map(|_| OsStr::new(".."));
    let down = path
        .components()
        .skip(shared.len())
        .map(Component::as_os_str);
    let way: PathBuf = up.chain(down).collect();
    if way.as_os_str().is_empty() {
        return ".".to_owned();
    }
    way.display().to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_left_out_where_no_link_lies_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("app/wit")).unwrap();
        for (text, kept) in [
            ("../registry", "registry"),
            ("./wit/./../x", "app/x"),
            ("wit/../../registry/y", "registry/y"),
            ("nowhere/../x", "app/nowhere/../x"),
        ] {
            assert_eq!(joined(&root.join("app"), text), root.join(kept), "{text}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/", root.join("app/link")).unwrap();
            let behind = joined(&root.join("app"), "link/../x");
            assert_eq!(behind, root.join("app/link/../x"));
        }
        assert_eq!(joined(Path::new("/"), "../x"), Path::new("/../x"));
    }

    #[test]
    fn what_lies_near_is_named_from_the_workspace() {
        let root = Path::new("/w/app");
        for (path, shown) in [
            ("/w/app", "."),
            ("/w/app/wit/a.wit:3:1", "wit/a.wit:3:1"),
            ("/w/b", "../b"),
            ("/elsewhere/b", "/elsewhere/b"),
        ] {
            assert_eq!(shown_from(root, Path::new(path)), shown);
        }
    }
}
