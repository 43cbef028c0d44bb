//! The names of origins, namespaces, packages, interfaces and kinds.
//!
//! Every name has one spelling; parsing refuses all others, so comparing names is comparing bytes. Those of packages and
//! origins, which a solve and a lock have by the thousand, are shared where they are copied.

use alloc::borrow::{Borrow, ToOwned as _};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use semver::Version;

use crate::field::split_word;
use crate::version::{Track, parse_version};

/// The longest namespace and the longest name after the colon, in bytes. A path component may have 255 on every
/// platform; 64 leaves room and is longer than any name in use.
pub const MAX_NAME_PART: usize = 64;
/// The longest origin, in bytes: what a C2SP cosignature can carry.
pub const MAX_ORIGIN: usize = 255;
/// The longest import or export name, in bytes. Interface names are two or three name parts and a version.
pub const MAX_EXTERN_NAME: usize = 512;

/// A text that is not a name of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `namespace:name`, or one of the two is malformed.
    #[error(
        "`{text}` is not a package name: expected `namespace:name`, each in lower-case words joined by `-`, at most 64 bytes"
    )]
    Package {
        /// What stood there.
        text: String,
    },
    /// Not a namespace.
    #[error(
        "`{text}` is not a namespace: expected lower-case words joined by `-`, at most 64 bytes"
    )]
    Namespace {
        /// What stood there.
        text: String,
    },
    /// Not an origin.
    #[error(
        "`{text}` is not an origin: expected 1 to 255 printable ASCII characters without space or `+`"
    )]
    Origin {
        /// What stood there.
        text: String,
    },
    /// Not a kind.
    #[error("`{text}` is not a kind: expected `component` or `wit`")]
    Kind {
        /// What stood there.
        text: String,
    },
    /// Not the name of an import or export.
    #[error(
        "`{text}` is not the name of an import or export: expected up to 512 printable ASCII characters without space or comma"
    )]
    Extern {
        /// What stood there.
        text: String,
    },
}

/// `[a-z][a-z0-9]*(-[a-z0-9]+)*`, at most [`MAX_NAME_PART`] bytes.
fn is_name_part(text: &str) -> bool {
    let mut in_word = false;
    let mut is_good = |byte: u8| {
        let was_in_word = in_word;
        in_word = byte.is_ascii_lowercase() || byte.is_ascii_digit();
        in_word || (byte == b'-' && was_in_word)
    };
    text.len() <= MAX_NAME_PART
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(&mut is_good)
        && in_word
}

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// The text that it was parsed from.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

/// The part of a package name before the colon: what the operator gives to keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

text_type!(Namespace);

/// So that a map by namespaces is asked without making one.
impl Borrow<str> for Namespace {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_name_part(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Namespace {
                text: text.to_owned(),
            })
        }
    }
}

/// A package's full name, `namespace:name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(Arc<str>);

text_type!(PackageName);

impl PackageName {
    fn parts(&self) -> (&str, &str) {
        split_word(&self.0, b':').unwrap_or((&self.0, ""))
    }

    /// The part before the colon.
    pub fn namespace(&self) -> Namespace {
        Namespace(self.parts().0.to_owned())
    }

    /// The text of the part before the colon.
    pub fn namespace_text(&self) -> &str {
        self.parts().0
    }

    /// The part after the colon.
    pub fn name(&self) -> &str {
        self.parts().1
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match split_word(text, b':') {
            Some((namespace, name)) if is_name_part(namespace) && is_name_part(name) => {
                Ok(Self(text.into()))
            }
            _ => Err(NameError::Package {
                text: text.to_owned(),
            }),
        }
    }
}

/// The name of a registry's log: what every record, checkpoint and map entry of it begins with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(Arc<str>);

text_type!(Origin);

impl Origin {
    /// Reads one of many, which mostly are the same: where it is the one last read, it is that one, shared.
    ///
    /// # Errors
    /// As `FromStr`.
    pub fn parse_behind(text: &str, last: &mut Option<Self>) -> Result<Self, NameError> {
        if let Some(last) = last.as_ref().filter(|last| last.as_str() == text) {
            return Ok(last.clone());
        }
        let origin: Self = text.parse()?;
        Ok(last.insert(origin).clone())
    }
}

impl FromStr for Origin {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let printable = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'+');
        if printable && (1..=MAX_ORIGIN).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Origin {
                text: text.to_owned(),
            })
        }
    }
}

/// What a package holds; fixed by its first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An implementation: a WebAssembly component.
    Component,
    /// Interfaces: a WIT package in its binary form.
    Wit,
}

impl Kind {
    /// The word in records and locks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Wit => "wit",
        }
    }

    /// What a package of this kind is called in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Wit => "WIT package",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "component" => Ok(Self::Component),
            "wit" => Ok(Self::Wit),
            _ => Err(NameError::Kind {
                text: text.to_owned(),
            }),
        }
    }
}

/// The name of an import or export of a component: `ns:pkg/iface@1.2.3`, or a plain name such as `run`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternName(String);

text_type!(ExternName);

impl ExternName {
    /// Its parts, where it is the name of an interface of a package that could be in a registry.
    pub fn interface(&self) -> Option<InterfaceName> {
        self.0.parse().ok()
    }
}

impl FromStr for ExternName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let printable = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b',');
        if printable && (1..=MAX_EXTERN_NAME).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Extern {
                text: text.to_owned(),
            })
        }
    }
}

/// An interface of a package, with the package's version where it has one: `ns:pkg/iface@1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InterfaceName {
    /// The package that defines it.
    pub package: PackageName,
    /// The part after the slash.
    pub interface: String,
    /// The part after the `@`.
    pub version: Option<Version>,
}

impl InterfaceName {
    /// Whether whoever has this one can serve who asks for that one: the same interface, in the same version or a later one
    /// of its track; whatever the version, where none is asked for.
    pub fn serves(&self, asked: &Self) -> bool {
        if (&self.package, &self.interface) != (&asked.package, &asked.interface) {
            return false;
        }
        match (&self.version, &asked.version) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(found), Some(asked)) => {
                found == asked || (found > asked && Track::of(found) == Track::of(asked))
            }
        }
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.package, self.interface)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

impl FromStr for InterfaceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::Extern {
            text: text.to_string(),
        };
        let (package, rest) = text.split_once('/').ok_or_else(error)?;
        let (interface, version) = match rest.split_once('@') {
            Some((interface, version)) => (
                interface,
                Some(parse_version(version).map_err(|_| error())?),
            ),
            None => (rest, None),
        };
        if !is_name_part(interface) {
            return Err(error());
        }
        Ok(Self {
            package: package.parse()?,
            interface: interface.to_owned(),
            version,
        })
    }
}
