//! Versions, requirements and tracks, each in one spelling.
//!
//! What a requirement *means* is `semver::VersionReq::matches`, exactly; how it is *written* is fixed here and in
//! `docs/protocol.md`, so that a record reads the same whichever library printed it. A track is the part of a version
//! that decides compatibility: two versions of one track have one canonical interface name in the component model.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use semver::{BuildMetadata, Comparator, Op, Prerelease, Version};

use crate::field::is_spelling;

/// The longest version, in bytes. The longest of cargo's registry has 70.
pub const MAX_VERSION: usize = 128;
/// The longest requirement, in bytes: a few comparators of a version each.
pub const MAX_REQUIREMENT: usize = 512;

/// A text that is not a version or requirement in its canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not a version of Semantic Versioning 2.0.0.
    #[error("`{text}` is not a version: expected MAJOR.MINOR.PATCH, such as 1.2.3 or 0.3.0-rc.1")]
    Version {
        /// What stood there.
        text: String,
    },
    /// Not a requirement at all.
    #[error(
        "`{text}` is not a version requirement: expected one such as `1.2`, `^0.2.3`, `=1.0.0` or `>=1.2, <1.5`"
    )]
    Requirement {
        /// What stood there.
        text: String,
    },
    /// A requirement, but in another spelling than the canonical one.
    #[error("the requirement `{text}` must be written `{canonical}`")]
    Spelling {
        /// What stood there.
        text: String,
        /// How it is to be written.
        canonical: String,
    },
}

/// A version in its one spelling.
///
/// # Errors
/// Anything that Semantic Versioning 2.0.0 does not allow, or longer than [`MAX_VERSION`].
pub fn parse_version(text: &str) -> Result<Version, VersionError> {
    let error = || VersionError::Version {
        text: text.to_string(),
    };
    if text.len() > MAX_VERSION {
        return Err(error());
    }
    // `semver` reads no version in two spellings: no leading zero, sign or space.
    text.parse().map_err(|_| error())
}

/// A `semver` requirement in canonical spelling: comparators `^ ~ = > >= < <=`, the operator always written, joined by
/// a comma without space; `*` alone for any version.
///
/// ```
/// use transparency::version::VersionReq;
/// let requirement = VersionReq::from_user("1.2, <1.5").unwrap();
/// assert_eq!(requirement.to_string(), "^1.2,<1.5");
/// assert!("1.2".parse::<VersionReq>().is_err(), "records hold the canonical spelling only");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VersionReq(semver::VersionReq);

impl VersionReq {
    /// Any version that is not a pre-release.
    pub const STAR: Self = Self(semver::VersionReq::STAR);

    /// A requirement as a person writes it: a bare `1.2` is `^1.2`, `1.*` is `~1`, spaces are free.
    ///
    /// # Errors
    /// What `semver` does not read.
    pub fn from_user(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError::Requirement {
            text: text.to_string(),
        };
        if text.len() > MAX_REQUIREMENT {
            return Err(error());
        }
        text.parse::<semver::VersionReq>()
            .map(Self::from_semver)
            .map_err(|_| error())
    }

    /// The same requirement without wildcards: `1.*` and `~1` match the same versions.
    fn from_semver(mut requirement: semver::VersionReq) -> Self {
        for comparator in &mut requirement.comparators {
            if comparator.op == Op::Wildcard {
                comparator.op = Op::Tilde;
            }
        }
        Self(requirement)
    }

    /// Exactly this version, build metadata aside.
    pub fn exact(version: &Version) -> Self {
        Self::of(Op::Exact, version)
    }

    /// This version or a later one of its track.
    pub fn caret(version: &Version) -> Self {
        Self::of(Op::Caret, version)
    }

    fn of(op: Op, version: &Version) -> Self {
        Self(semver::VersionReq {
            comparators: Vec::from([Comparator {
                op,
                major: version.major,
                minor: Some(version.minor),
                patch: Some(version.patch),
                pre: version.pre.clone(),
            }]),
        })
    }

    /// Whether a version meets the requirement: `semver`'s own answer, pre-releases included.
    pub fn matches(&self, version: &Version) -> bool {
        self.0.matches(version)
    }

    /// The comparators, in the order written.
    pub fn comparators(&self) -> &[Comparator] {
        &self.0.comparators
    }

    /// The version, where the requirement is `=` and a full version.
    pub fn pinned(&self) -> Option<Version> {
        match self.comparators() {
            [one] if one.op == Op::Exact => Some(Version {
                major: one.major,
                minor: one.minor?,
                patch: one.patch?,
                pre: one.pre.clone(),
                build: BuildMetadata::EMPTY,
            }),
            _ => None,
        }
    }

    /// The one track that all versions lie in which could ever match; none where they could lie in several, or where
    /// no version can match. Decided from the text alone.
    pub fn track(&self) -> Option<Track> {
        if let Some(version) = self.pinned() {
            return Some(Track::of(&version));
        }
        let mut low = [0u64; 3];
        let mut high: Option<[u64; 3]> = None;
        for comparator in self.comparators() {
            if !comparator.pre.is_empty() {
                return None; // such a comparator matches pre-releases, each a track of its own, and releases
            }
            let (from, to) = bounds(comparator)?;
            low = low.max(from);
            high = match (high, to) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let high = high?;
        let [major, minor, patch] = low;
        let (track, end) = match (major, minor) {
            (0, 0) => (Track::Patch(patch), [0, 0, patch.checked_add(1)?]),
            (0, _) => (Track::Minor(minor), [0, minor.checked_add(1)?, 0]),
            _ => (Track::Major(major), [major.checked_add(1)?, 0, 0]),
        };
        (low < high && high <= end).then_some(track)
    }
}

/// The half-open interval of releases that a comparator allows; an absent end is no bound. None where a bound leaves
/// 64 bits.
fn bounds(comparator: &Comparator) -> Option<([u64; 3], Option<[u64; 3]>)> {
    let Comparator {
        op,
        major,
        minor,
        patch,
        ..
    } = comparator;
    let low = [*major, minor.unwrap_or(0), patch.unwrap_or(0)];
    // The first version past all that share the parts written.
    let past = match (minor, patch) {
        (Some(minor), Some(patch)) => [*major, *minor, patch.checked_add(1)?],
        (Some(minor), None) => [*major, minor.checked_add(1)?, 0],
        (None, _) => [major.checked_add(1)?, 0, 0],
    };
    Some(match op {
        Op::Exact | Op::Wildcard => (low, Some(past)),
        Op::Greater => (past, None),
        Op::GreaterEq => (low, None),
        Op::Less => ([0; 3], Some(low)),
        Op::LessEq => ([0; 3], Some(past)),
        Op::Tilde => {
            let end = match minor {
                Some(minor) => [*major, minor.checked_add(1)?, 0],
                None => past,
            };
            (low, Some(end))
        }
        Op::Caret => {
            let end = match (major, minor, patch) {
                (1.., _, _) | (0, None, _) => [major.checked_add(1)?, 0, 0],
                (0, Some(1..), _) | (0, Some(0), None) => {
                    [0, minor.unwrap_or(0).checked_add(1)?, 0]
                }
                (0, Some(0), Some(_)) => past,
            };
            (low, Some(end))
        }
        _ => return None, // `Op` may grow; what is unknown lies in no one track
    })
}

/// Whether a requirement that reads can only have this spelling, as nearly all can: comparators with their operators, of
/// numbers alone. What else `semver` takes has a space, a letter, a star, a plus sign, or no operator.
fn is_plain(text: &str) -> bool {
    let mut has_operator = false;
    let mut is_usual = |byte: u8| {
        match byte {
            b'^' | b'~' | b'=' | b'<' | b'>' => has_operator = true,
            b',' if has_operator => has_operator = false,
            b'0'..=b'9' | b'.' => {}
            _ => return false,
        }
        has_operator || byte == b','
    };
    text.bytes().all(&mut is_usual) && has_operator
}

impl fmt::Display for VersionReq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.comparators.is_empty() {
            return f.write_str("*");
        }
        for (number, comparator) in self.0.comparators.iter().enumerate() {
            if number > 0 {
                f.write_str(",")?;
            }
            write!(f, "{comparator}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for VersionReq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialOrd for VersionReq {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VersionReq {
    /// By the text: any total order serves where requirements are written in order.
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl FromStr for VersionReq {
    type Err = VersionError;

    /// Reads the canonical spelling only, as records and locks hold it.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let requirement = Self::from_user(text)?;
        if is_plain(text) || is_spelling(text, &requirement) {
            Ok(requirement)
        } else {
            Err(VersionError::Spelling {
                text: text.to_string(),
                canonical: requirement.to_string(),
            })
        }
    }
}

/// The part of a version that decides compatibility: `1` of 1.2.3, `0.2` of 0.2.6, `0.0.1` of 0.0.1; a pre-release is
/// its own track, whole.
///
/// ```
/// use transparency::version::{Track, parse_version};
/// let track = |text| Track::of(&parse_version(text).unwrap()).to_string();
/// assert_eq!((track("1.2.3"), track("0.2.6"), track("0.0.1")), ("1".into(), "0.2".into(), "0.0.1".into()));
/// assert_eq!(track("0.3.0-rc.1"), "0.3.0-rc.1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// 0.0.x: every patch for itself.
    Patch(u64),
    /// 0.x: every minor version for itself.
    Minor(u64),
    /// 1 and above.
    Major(u64),
    /// A pre-release, for itself.
    Pre(u64, u64, u64, Prerelease),
}

impl Track {
    /// The track of a version. Build metadata does not count.
    pub fn of(version: &Version) -> Self {
        let Version {
            major,
            minor,
            patch,
            ref pre,
            ..
        } = *version;
        match (major, minor) {
            _ if !pre.is_empty() => Self::Pre(major, minor, patch, pre.clone()),
            (0, 0) => Self::Patch(patch),
            (0, _) => Self::Minor(minor),
            _ => Self::Major(major),
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Patch(patch) => write!(f, "0.0.{patch}"),
            Self::Minor(minor) => write!(f, "0.{minor}"),
            Self::Major(major) => write!(f, "{major}"),
            Self::Pre(major, minor, patch, pre) => write!(f, "{major}.{minor}.{patch}-{pre}"),
        }
    }
}

/// A version without its build metadata: what makes two releases the same version.
pub fn without_build(version: &Version) -> Version {
    Version {
        build: BuildMetadata::EMPTY,
        ..version.clone()
    }
}
