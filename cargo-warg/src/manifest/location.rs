//! Places in a Cargo.toml, and the text that they are in.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::{Document, Item, Key, TableLike};

use super::error::ManifestError;

/// The largest manifest that is read, in bytes. cargo has read it before; this keeps a special file out.
pub const MAX_MANIFEST: u64 = 16 * 1024 * 1024;

/// A line and column of a manifest; prints as `Cargo.toml:12:5`, which editors and terminals can follow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The manifest, relative to the workspace root where it lies below.
    pub file: Arc<Path>,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text of a manifest, parsed with the place of every key and value.
pub(super) struct Source {
    pub(super) path: PathBuf,
    shown: Arc<Path>,
    pub(super) document: Document<String>,
    /// The byte offset of each line.
    lines: Vec<usize>,
}

impl Source {
    /// Reads a manifest. `root` is the folder that messages name it from.
    pub(super) fn read(path: &Path, root: &Path) -> Result<Self, ManifestError> {
        Self::parse(path, root, &read_text(path)?)
    }

    pub(super) fn parse(path: &Path, root: &Path, text: &str) -> Result<Self, ManifestError> {
        let shown: Arc<Path> = path.strip_prefix(root).unwrap_or(path).into();
        let starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let lines: Vec<usize> = std::iter::once(0).chain(starts).collect();
        let document = match text.parse::<Document<String>>() {
            Ok(document) => document,
            Err(error) => {
                return Err(ManifestError::Toml {
                    location: locate(&shown, &lines, text, error.span()),
                    message: error.message().to_owned(),
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            shown,
            document,
            lines,
        })
    }

    /// The folder that relative paths in the manifest start from.
    pub(super) fn folder(&self) -> &Path {
        super::folder_of(&self.path)
    }

    pub(super) fn at(&self, span: Option<Range<usize>>) -> Location {
        locate(&self.shown, &self.lines, self.document.raw(), span)
    }

    /// Where a key stands.
    pub(super) fn at_key(&self, key: &Key) -> Location {
        self.at(key.span())
    }

    /// Where a key's value stands; the key, where the value is a table without a place of its own.
    pub(super) fn at_value(&self, key: &Key, item: &Item) -> Location {
        self.at(item.span().or_else(|| key.span()))
    }

    /// Where a path of keys ends, as far as the manifest goes along.
    pub(super) fn at_path(&self, path: &[&str]) -> Location {
        let mut table: Option<&dyn TableLike> = Some(self.document.as_table());
        let mut span = None;
        for name in path {
            let Some((key, item)) = table.and_then(|table| table.get_key_value(name)) else {
                break;
            };
            span = key.span().or(span);
            table = item.as_table_like();
        }
        self.at(span)
    }
}

pub(super) fn read_text(path: &Path) -> Result<String, ManifestError> {
    let failed = |source| ManifestError::Read {
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(failed)?.len() > MAX_MANIFEST {
        return Err(ManifestError::Size {
            path: path.to_owned(),
        });
    }
    fs::read_to_string(path).map_err(failed)
}

fn locate(file: &Arc<Path>, lines: &[usize], text: &str, span: Option<Range<usize>>) -> Location {
    let offset = span.map_or(0, |span| span.start);
    let line = lines.partition_point(|start| *start <= offset).max(1);
    let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
    let before = text.get(start..offset).unwrap_or("");
    Location {
        file: file.clone(),
        line,
        column: before.chars().count().saturating_add(1),
    }
}
