//! The text of a Cargo.toml, and locations in it.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use registry::file;
use toml_edit::{Document, Item, Key, TableLike};

use crate::path::shown_from;
use component::span::{Location, Text};

use super::error::{MAX_MANIFEST, ManifestError};

/// The text of a manifest, parsed with the location of every key and value.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) document: Document<String>,
    text: Text,
}

impl Source {
    /// Reads a manifest. `root` is the folder that messages name it from.
    pub(super) fn read(path: &Path, root: &Path) -> Result<Self, ManifestError> {
        Self::parse(path, root, &read_text(path)?)
    }

    pub(super) fn parse(path: &Path, root: &Path, text: &str) -> Result<Self, ManifestError> {
        let shown = Text::new(Path::new(&shown_from(root, path)), text);
        let document = match text.parse::<Document<String>>() {
            Ok(document) => document,
            Err(error) => {
                return Err(ManifestError::Toml {
                    location: shown.at(error.span().unwrap_or_default()),
                    message: error.message().trim().to_owned(),
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            document,
            text: shown,
        })
    }

    /// The folder that relative paths in the manifest start from.
    pub(super) fn folder(&self) -> &Path {
        super::folder_of(&self.path)
    }

    pub(super) fn at(&self, span: Option<Range<usize>>) -> Location {
        self.text.at(span.unwrap_or_default())
    }

    /// Where a key stands.
    pub(super) fn at_key(&self, key: &Key) -> Location {
        self.at(key.span())
    }

    /// Where a key's value stands; the key, where the value is a table without a location of its own.
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
    file::read_text(path, MAX_MANIFEST).map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::FileTooLarge => ManifestError::Size { path },
            _ => ManifestError::Read { path, source },
        }
    })
}
