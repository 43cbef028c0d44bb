//! Where a registry's files lie: their paths, and how large each sort of file may be. No other module knows a path or such
//! a limit.

use std::fmt;

use transparency::digest::Digest;
use transparency::name::PackageName;
use transparency::number::Size;
use transparency::record::Subject;
use transparency::tile::{Part, Tile};

/// The largest content: components of hundreds of megabytes are accidents.
pub const MAX_CONTENT: u64 = 256 * 1024 * 1024;

/// A file of a registry: its path, with `/` between the parts, and the most bytes it may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectPath {
    path: String,
    limit: u64,
}

impl ObjectPath {
    fn new(path: String, limit: impl TryInto<u64>) -> Self {
        let limit = limit.try_into().unwrap_or(MAX_CONTENT);
        Self { path, limit }
    }

    /// The path below the registry's folder or address.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The most bytes that such a file has; more is refused unread.
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// The one file that changes.
pub fn checkpoint() -> ObjectPath {
    ObjectPath::new("checkpoint".into(), transparency::note::MAX_NOTE)
}

/// The tag by which the source recognizes the kept checkpoint ([`Tag`](crate::storage::Tag)). This machine keeps it beside
/// its copy.
pub fn checkpoint_tag() -> ObjectPath {
    ObjectPath::new("checkpoint.tag".into(), MAX_TAG)
}

/// The longest note of that sort: an address and two headers.
const MAX_TAG: u64 = 16 * 1024;

/// A tile of the log.
pub fn tile(tile: Tile) -> ObjectPath {
    ObjectPath::new(tile.path(), tile.byte_len())
}

/// An entry bundle.
pub fn entries(part: Part) -> ObjectPath {
    ObjectPath::new(part.entries_path(), part.max_entries())
}

/// A page of the map, by its digest.
pub fn map_page(page: &Digest) -> ObjectPath {
    let hex = page.hex();
    let (folder, file) = hex.split_at(2);
    ObjectPath::new(format!("map/{folder}/{file}"), transparency::map::MAX_PAGE)
}

/// The map entry that ends the log at a size.
pub fn map_at(size: Size) -> ObjectPath {
    ObjectPath::new(
        format!("map/at/{size}"),
        transparency::checkpoint::MAX_MAP_ENTRY,
    )
}

/// Below this folder, a folder for each namespace has one for each of its packages.
pub const PACKAGES: &str = "package";

/// A file of a package's records.
pub fn package(name: &PackageName, part: Part) -> ObjectPath {
    let (namespace, package) = (name.namespace(), name.name());
    ObjectPath::new(
        format!("{PACKAGES}/{namespace}/{package}/{part}"),
        part.max_records(),
    )
}

/// A file of the operator's records.
pub fn operator(part: Part) -> ObjectPath {
    ObjectPath::new(format!("operator/{part}"), part.max_records())
}

/// A file of the records of either sort of log.
pub fn records(subject: &Subject, part: Part) -> ObjectPath {
    match subject {
        Subject::Operator => operator(part),
        Subject::Package(name) => package(name, part),
    }
}

/// A file that an operator serves, of this name and no more than so many bytes: it is no part of a registry's layout.
pub fn policy(name: &str, limit: u64) -> ObjectPath {
    ObjectPath::new(name.to_owned(), limit)
}

/// A content, by its digest.
pub fn content(digest: &Digest) -> ObjectPath {
    let hex = digest.hex();
    let (folder, file) = hex.split_at(2);
    ObjectPath::new(format!("content/sha256/{folder}/{file}"), MAX_CONTENT)
}

/// The content of a release, by its digest and the size that its record says.
pub fn content_of(digest: &Digest, size: u64) -> ObjectPath {
    let path = content(digest);
    ObjectPath {
        limit: size.min(MAX_CONTENT),
        ..path
    }
}

/// What is not served and not synced lies below this folder.
pub const PRIVATE: &str = ".private";

/// A content that no committed record names yet.
pub fn staged(digest: &Digest) -> ObjectPath {
    ObjectPath::new(format!("{PRIVATE}/staged/{}", digest.hex()), MAX_CONTENT)
}

/// The largest commit: the entries of one batch.
const MAX_COMMIT: u64 = 1024 * 1024 * 1024;

/// The entries that are to follow a log of this size. Whoever creates this object has decided so.
pub fn commit(size: Size) -> ObjectPath {
    ObjectPath::new(format!("{PRIVATE}/commit/{size}"), MAX_COMMIT)
}
