//! A package as users name it: `acme:logger`, or some of its versions, `acme:logger@1`.
//!
//! What follows the `@` is a version or its beginning, as in cargo's package specs; a track (`1`, `0.2`) is one.

use std::fmt;
use std::str::FromStr;

use semver::Version;
use transparency::name::{Namespace, PackageName};
use transparency::version::{parse_version, without_build};

/// A package, and which of its versions are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSpec {
    /// The package.
    pub name: PackageName,
    /// The versions; all where none is given.
    pub version: Option<VersionPrefix>,
}

/// All packages of a namespace, and which of their versions are meant: `wasi:*`, `wasi:*@0.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceSpec {
    /// The namespace.
    pub namespace: Namespace,
    /// The versions; all where none is given.
    pub version: Option<VersionPrefix>,
}

/// A package, or all of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// The one.
    Package(PackageSpec),
    /// All of them.
    Namespace(NamespaceSpec),
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let Some(namespace) = name.strip_suffix(":*") else {
            return text.parse().map(Self::Package);
        };
        Ok(Self::Namespace(NamespaceSpec {
            namespace: namespace.parse().map_err(|error| format!("{error}"))?,
            version: version.map(str::parse).transpose()?,
        }))
    }
}

impl fmt::Display for NamespaceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}:*@{version}", self.namespace),
            None => write!(f, "{}:*", self.namespace),
        }
    }
}

/// A version, or its beginning: `1`, `0.2`, `1.2.3`, `0.3.0-rc.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionPrefix {
    /// Every version that begins so; a pre-release belongs to its own text alone.
    Begins {
        /// The first number.
        major: u64,
        /// The second, where it is given.
        minor: Option<u64>,
    },
    /// This one, build metadata aside.
    Full(Version),
}

impl VersionPrefix {
    /// Whether a version is meant.
    pub fn matches(&self, version: &Version) -> bool {
        match self {
            Self::Begins { major, minor } => {
                version.pre.is_empty()
                    && version.major == *major
                    && minor.is_none_or(|minor| version.minor == minor)
            }
            Self::Full(full) => without_build(full) == without_build(version),
        }
    }
}

impl PackageSpec {
    /// Whether a package is meant.
    pub fn matches(&self, name: &PackageName, version: &Version) -> bool {
        let version_fits = self
            .version
            .as_ref()
            .is_none_or(|prefix| prefix.matches(version));
        self.name == *name && version_fits
    }
}

impl FromStr for VersionPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(version) = parse_version(text) {
            return Ok(Self::Full(version));
        }
        let number = |text: &str| -> Option<u64> {
            let number: u64 = text.parse().ok()?;
            (number.to_string() == text).then_some(number)
        };
        let (major, minor) = match text.split_once('.') {
            Some((major, minor)) => (number(major), Some(number(minor))),
            None => (number(text), None),
        };
        match (major, minor) {
            (Some(major), None) => Ok(Self::Begins { major, minor: None }),
            (Some(major), Some(Some(minor))) => Ok(Self::Begins {
                major,
                minor: Some(minor),
            }),
            _ => Err(format!(
                "`{text}` is neither a version nor the beginning of one: expected such as 1.2.3, 1 or 0.2"
            )),
        }
    }
}

impl FromStr for PackageSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            name: name.parse().map_err(|error| format!("{error}"))?,
            version,
        })
    }
}

impl fmt::Display for VersionPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begins { major, minor: None } => write!(f, "{major}"),
            Self::Begins {
                major,
                minor: Some(minor),
            } => write!(f, "{major}.{minor}"),
            Self::Full(version) => version.fmt(f),
        }
    }
}

impl fmt::Display for PackageSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// Which of some names a mistyped one was meant to be, if one is near.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // As cargo does: a third of the letters may be others.
    let most = text.len().max(3) / 3;
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_spec_means_the_versions_that_begin_as_it_does() {
        for (spec, meant, others) in [
            ("acme:a", &["0.1.0", "1.2.3", "2.0.0-rc.1"][..], &[][..]),
            (
                "acme:a@1",
                &["1.0.0", "1.2.3+b"],
                &["0.1.0", "2.0.0", "1.0.0-rc.1"],
            ),
            ("acme:a@0.2", &["0.2.0", "0.2.9"], &["0.3.0", "1.2.0"]),
            ("acme:a@0.0.1", &["0.0.1"], &["0.0.2"]),
            (
                "acme:a@1.2.3",
                &["1.2.3", "1.2.3+b"],
                &["1.2.4", "1.2.3-rc.1"],
            ),
            (
                "acme:a@0.3.0-rc.1",
                &["0.3.0-rc.1"],
                &["0.3.0-rc.2", "0.3.0"],
            ),
        ] {
            let read: PackageSpec = spec.parse().unwrap();
            assert_eq!(read.to_string(), spec);
            let matches = |version: &&str| {
                read.matches(&"acme:a".parse().unwrap(), &version.parse().unwrap())
            };
            assert!(meant.iter().all(&matches), "{spec}");
            assert!(!others.iter().any(matches), "{spec}");
            assert!(!read.matches(&"acme:b".parse().unwrap(), &"1.2.3".parse().unwrap()));
        }
    }

    #[test]
    fn what_is_no_beginning_of_a_version_is_no_spec() {
        for text in [
            "logger",
            "acme:a@",
            "acme:a@^1",
            "acme:a@1.",
            "acme:a@01",
            "acme:a@1.x",
            "acme:a@+1",
            "acme:a@1.2.3.4",
        ] {
            assert!(text.parse::<PackageSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_the_packages_of_a_namespace() {
        for (text, shown) in [("wasi:*", "wasi:*"), ("wasi:*@0.2", "wasi:*@0.2")] {
            match text.parse() {
                Ok(Pattern::Namespace(spec)) => assert_eq!(spec.to_string(), shown),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!("wasi:io@0.2".parse(), Ok(Pattern::Package(_))));
        for text in ["*", "wasi:h*", ":*", "wasi:*@^1", "*:io"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["acme:logger", "acme:clock", "wasi:http"];
        assert_eq!(nearest("acme:loger", names), Some("acme:logger"));
        assert_eq!(nearest("acme:colck", names), Some("acme:clock"));
        assert_eq!(nearest("test:other", names), None);
    }
}
