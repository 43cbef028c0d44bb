//! WIT as text: files to groups of packages, references out of them, and packages back to text.
//!
//! A *group* is what one folder, or one file, declares: a main package and those nested in its text. References are
//! read without resolving, so a project whose `wit/deps` is missing can still say what it needs.

mod features;
mod gates;
mod group;
mod groups;
mod print;
mod reach;
mod stub;
mod twins;

use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;
use wit_parser::PackageName as WitName;

pub use self::features::Features;
pub use self::group::{Group, Lack, Printed, Reference};
pub use self::groups::Groups;
#[cfg(test)]
pub(super) use self::groups::RESOLVED;
pub(super) use self::print::{print, print_meaning};
use super::guard::GaveUp;
pub use crate::span::Location;

/// What the last line of a file that `fetch` wrote begins with. A hexadecimal digest follows.
///
/// It is the last line because a parser takes a comment before an item for the item's documentation, and documentation is
/// part of what a package says.
pub const MARK: &str = "// cargo warg: from sha256:";
/// The largest WIT text read, in bytes, all files of a folder together. The longest of WASI has 50 thousand. The limit also
/// bounds the stack that the WIT libraries take, since they recurse along a chain of types: see `guard`.
pub const MAX_TEXT: u64 = 1 << 20;
/// The most files read of one folder, and the most folders of one `deps`. No project comes near it, and a wrong path does not
/// read a whole disk.
pub const MAX_ENTRIES: usize = 4096;

/// A text that cannot be read, parsed, resolved or printed.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system does not let it be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error that caused it.
        source: io::Error,
    },
    /// Larger than [`MAX_TEXT`].
    #[error("{} is larger than {MAX_TEXT} bytes", path.display())]
    TooLarge {
        /// The file, or the folder whose texts are.
        path: PathBuf,
    },
    /// More than [`MAX_ENTRIES`] files or folders.
    #[error("{} holds more than {MAX_ENTRIES} entries", path.display())]
    TooMany {
        /// The folder with too many entries.
        path: PathBuf,
    },
    /// Worlds that reach more than two hundred thousand interfaces, uses, and items of included worlds.
    #[error(
        "the worlds in {} and what they refer to reach more than {} interfaces, uses of one by another, and functions and types of \
         included worlds, counted for each world",
        path.display(), reach::MAX_REACH
    )]
    TooWide {
        /// The file or folder.
        path: PathBuf,
    },
    /// The parser refuses it, at a location.
    #[error("{message}")]
    Parse {
        /// Where in the text.
        location: Location,
        /// The parser's words.
        message: String,
    },
    /// The parser refuses it, and says not where.
    #[error("{}: {message}", path.display())]
    Package {
        /// The file or folder.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// It can be parsed with all features, and not with fewer.
    #[error("whoever {features} cannot parse it: {why}")]
    Gated {
        /// Where, if the parser says so.
        location: Option<Location>,
        /// What is enabled then.
        features: Features,
        /// What refers to what.
        why: String,
    },
    /// More features, and text, than are tried.
    #[error("{} and what it refers to are too large to be tried with each of its features", path.display())]
    TooManyFeatures {
        /// The file or folder.
        path: PathBuf,
    },
    /// Two files or folders declare one package version.
    #[error("`{package}` is declared twice, in {} and in {}", first.display(), second.display())]
    Duplicate {
        /// The package version.
        package: String,
        /// One of the two.
        first: PathBuf,
        /// The other file or folder.
        second: PathBuf,
        /// Where the texts say so: the other's first.
        declarations: Vec<Location>,
    },
    /// It resolves but cannot be written as text.
    #[error("`{package}` cannot be printed as WIT: {message}")]
    Print {
        /// The package version.
        package: String,
        /// The printer's words.
        message: String,
    },
    /// The WIT library met input that it does not expect.
    #[error("the WIT library gave up on this input")]
    GaveUp(#[from] GaveUp),
}

fn refusal(path: &Path, location: Option<Location>, message: String) -> TextError {
    match location {
        Some(location) => TextError::Parse { location, message },
        None => TextError::Package {
            path: path.to_owned(),
            message,
        },
    }
}

/// The WIT name of a package version.
pub fn wit_name(name: &PackageName, version: &Version) -> WitName {
    WitName {
        namespace: name.namespace().as_str().to_owned(),
        name: name.name().to_owned(),
        version: Some(version.clone()),
    }
}
