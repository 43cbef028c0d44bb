//! A project's `wit/`, read from its folder.

use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use component::content::MAX_CONTENT;
use component::wit::binary::Decoded;
use component::wit::root::{Contents, Entry, PACKAGE_FILE, Root, RootError};
use component::wit::text::MARK;
use component::wit::text::{MAX_TEXT, TextError};
use registry::file::{self, Obstacle, STAGED};

use upstream::folder::{entries, has_extension, read_dir, read_file, wit_files};

/// Reads a `wit/` folder, or one `.wit` file; a missing one asks for nothing.
///
/// # Errors
/// Texts that do not parse, and two that declare one package version.
pub fn read(path: &Path) -> Result<Root, RootError> {
    if path.is_file() {
        return Root::new(Contents {
            dir: path.parent().map(Path::to_owned).unwrap_or_default(),
            text: Some(read_file(path)?),
            ..Contents::default()
        });
    }
    let mut contents = Contents {
        dir: path.to_owned(),
        text: read_dir(path)?,
        ..Contents::default()
    };
    if path.is_dir() {
        let deps = path.join("deps");
        for entry in entries(&deps)? {
            if let Some(read) = read_entry(&entry)? {
                contents.deps.push((entry, read));
            }
        }
        for entry in entries(path)? {
            if entry.is_dir() && entry != deps && !wit_files(&entry)?.is_empty() {
                // What is wrong in it matters to nobody.
                let text = read_dir(&entry).ok().flatten();
                contents.unread.push((entry, text));
            }
        }
    }
    Root::new(contents)
}

/// What lies in `deps`; none where it is nothing of WIT.
fn read_entry(path: &Path) -> Result<Option<Entry>, RootError> {
    if path.is_symlink() && !path.exists() {
        return Err(RootError::Text(TextError::Read {
            path: path.to_owned(),
            source: Obstacle::Dangling.into(),
        }));
    }
    if has_mark(path)? {
        return Ok(Some(Entry::Fetched));
    }
    if is_remnant(path)? {
        return Ok(Some(Entry::Remnant));
    }
    Ok(if path.is_dir() {
        read_dir(path)?.map(Entry::Text)
    } else if has_extension(path, "wit") {
        Some(Entry::Text(read_file(path)?))
    } else if has_extension(path, "wasm") {
        Some(Entry::Binary(Box::new(read_binary(path)?)))
    } else {
        None
    })
}

/// What `fetch` wrote in `wit/deps`: whole folders. Where a folder holds something else too, only the file that `fetch`
/// wrote.
///
/// # Errors
/// A folder that cannot be read.
pub fn fetched_paths(root: &Root) -> Result<Vec<PathBuf>, RootError> {
    let path = |name: &String| {
        let folder = root.deps().join(name);
        Ok(if holds_only_ours(&folder)? {
            folder
        } else {
            folder.join(PACKAGE_FILE)
        })
    };
    root.fetched().iter().map(path).collect()
}

/// Whether `fetch` wrote a folder of `wit/deps`: its `package.wit` ends in [`MARK`], or it holds nothing but what an
/// interrupted run left, which no parser reads. A folder behind a link never counts: `fetch` makes no links, and would
/// write and remove somewhere else.
pub(super) fn is_fetched(folder: &Path) -> Result<bool, TextError> {
    Ok(has_mark(folder)? || is_remnant(folder)?)
}

fn is_linked(folder: &Path) -> bool {
    let file = folder.join(PACKAGE_FILE);
    let on_the_way = folder.parent().into_iter().chain([folder, file.as_path()]);
    on_the_way.into_iter().any(Path::is_symlink)
}

/// Whether a folder is empty, or holds only an empty `package.wit` and files that `fetch` was at work on.
fn is_remnant(folder: &Path) -> Result<bool, TextError> {
    // A file that is missing has no length either.
    let length = folder
        .join(PACKAGE_FILE)
        .metadata()
        .map_or(0, |about| about.len());
    Ok(length == 0 && folder.is_dir() && !is_linked(folder) && holds_only_ours(folder)?)
}

/// Whether nothing lies in a folder beside `package.wit` and files that `fetch` was at work on.
pub(super) fn holds_only_ours(folder: &Path) -> Result<bool, TextError> {
    Ok(entries(folder)?.iter().all(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name == PACKAGE_FILE || name.starts_with(STAGED))
    }))
}

fn has_mark(folder: &Path) -> Result<bool, TextError> {
    if is_linked(folder) {
        return Ok(false);
    }
    let path = folder.join(PACKAGE_FILE);
    match last_line(&path) {
        Ok(line) => Ok(line.starts_with(MARK.as_bytes())),
        Err(error) if file::is_absent(&error) => Ok(false),
        Err(source) => Err(TextError::Read { path, source }),
    }
}

/// The last line of a file, without its end. It is read from the end of the file, and no more of it than a text may have.
/// Of a file that is no text, it may be nonsense.
fn last_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = file::open(path)?;
    let length = file.metadata()?.len();
    let mut read = 4096;
    loop {
        let from = length.saturating_sub(read);
        file.seek(io::SeekFrom::Start(from))?;
        let mut end = Vec::new();
        file.by_ref().take(read).read_to_end(&mut end)?;
        let line = end.trim_ascii_end();
        let start = line.iter().rposition(|byte| *byte == b'\n');
        if let Some(start) = start {
            return Ok(line
                .get(start.saturating_add(1)..)
                .unwrap_or_default()
                .to_vec());
        }
        if from == 0 || read > MAX_TEXT {
            return Ok(line.to_vec());
        }
        read *= 2;
    }
}

fn read_binary(path: &Path) -> Result<Decoded, RootError> {
    let bytes = file::read(path, MAX_CONTENT).map_err(|source| TextError::Read {
        path: path.to_owned(),
        source: file::explained(path, source),
    })?;
    Decoded::open(&bytes).map_err(|source| RootError::Binary {
        path: path.to_owned(),
        source,
    })
}
