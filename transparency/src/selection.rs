//! One package at one version, as locks and bundles name it: `component acme:clock@1.0.4`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use semver::Version;

use crate::field::split_word;
use crate::name::{Kind, NameError, PackageName};
use crate::version::{VersionError, parse_version};

/// One package of a closed set: `component acme:clock@1.0.4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selection {
    /// What it holds.
    pub kind: Kind,
    /// The name of the package.
    pub name: PackageName,
    /// The version selected.
    pub version: Version,
}

/// A text that is not a selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Not of the form `KIND NAME@VERSION`.
    #[error("`{text}` is not of the form `KIND NAME@VERSION`")]
    Form {
        /// What stood there.
        text: String,
    },
    /// The kind or name in it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version in it.
    #[error(transparent)]
    Version(#[from] VersionError),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}@{}", self.kind, self.name, self.version)
    }
}

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let form = || SelectionError::Form {
            text: text.to_owned(),
        };
        let (kind, rest) = split_word(text, b' ').ok_or_else(form)?;
        let (name, version) = split_word(rest, b'@').ok_or_else(form)?;
        Ok(Self {
            kind: kind.parse()?,
            name: name.parse()?,
            version: parse_version(version)?,
        })
    }
}
