//! What differs between two locks, for people.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::version::Track;

use super::Lockfile;
use transparency::selection::Selection;

/// A package that is locked otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The package was not locked before.
    Adding(Selection),
    /// It was `before` and has another version.
    Updating {
        /// The package as it was.
        before: Selection,
        /// The version that is locked now.
        version: Version,
    },
    /// The package is not locked any more.
    Removing(Selection),
    /// What is locked for it is another thing: a local package became a release or the reverse, whatever their versions, or
    /// the same version requires something else.
    Replacing {
        /// The package as it was.
        before: Selection,
        /// The version that is locked now.
        version: Version,
    },
}

impl Change {
    /// The package as it is locked now. None where it is gone.
    pub fn after(&self) -> Option<Selection> {
        match self {
            Self::Adding(selection) => Some(selection.clone()),
            Self::Updating { before, version } | Self::Replacing { before, version } => {
                Some(Selection {
                    version: version.clone(),
                    ..before.clone()
                })
            }
            Self::Removing(_) => None,
        }
    }

    /// What happens, as a status verb.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Adding(_) => "Adding",
            Self::Updating { before, version } => match version.cmp(&before.version) {
                Ordering::Less => "Downgrading",
                Ordering::Equal | Ordering::Greater => "Updating",
            },
            Self::Removing(_) => "Removing",
            Self::Replacing { .. } => "Replacing",
        }
    }
}

impl fmt::Display for Change {
    /// What follows the verb: `acme:clock v1.0.4 -> v1.1.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (selection, now) = match self {
            Self::Adding(selection) | Self::Removing(selection) => (selection, None),
            Self::Replacing { before, version } if *version == before.version => (before, None),
            Self::Updating { before, version } | Self::Replacing { before, version } => {
                (before, Some(version))
            }
        };
        write!(f, "{} v{}", selection.name, selection.version)?;
        match now {
            Some(version) => write!(f, " -> v{version}"),
            None => Ok(()),
        }
    }
}

type Versions<'l> = BTreeMap<(Kind, &'l PackageName), BTreeSet<&'l Version>>;

fn versions<'l>(mine: &'l Lockfile, other: Option<&Lockfile>) -> Versions<'l> {
    let mut only: Versions<'l> = BTreeMap::new();
    for selection in mine.packages.keys() {
        if other.is_none_or(|other| !other.packages.contains_key(selection)) {
            only.entry((selection.kind, &selection.name))
                .or_default()
                .insert(&selection.version);
        }
    }
    only
}

fn is_local(lock: &Lockfile, selection: &Selection) -> bool {
    let package = lock.packages.get(selection);
    package.is_some_and(|package| package.release.is_none())
}

/// What changes from one lock to the next, by package. Versions of one track are paired first, then what is left of the
/// same package, lowest with lowest.
pub fn changes(before: Option<&Lockfile>, after: &Lockfile) -> Vec<Change> {
    let mut gone = before
        .map(|before| versions(before, Some(after)))
        .unwrap_or_default();
    let mut new = versions(after, before);
    let packages: BTreeSet<_> = gone.keys().chain(new.keys()).copied().collect();
    let mut changes = Vec::new();
    for (kind, name) in packages {
        let mut gone = gone.remove(&(kind, name)).unwrap_or_default();
        let mut new = new.remove(&(kind, name)).unwrap_or_default();
        let selection = |version: &Version| Selection {
            kind,
            name: name.clone(),
            version: version.clone(),
        };
        for same_track in [true, false] {
            for version in gone.clone() {
                let fits =
                    |other: &&&Version| !same_track || Track::of(other) == Track::of(version);
                if let Some(other) = new.iter().find(fits).copied() {
                    gone.remove(version);
                    new.remove(other);
                    let (old, now) = (selection(version), other.clone());
                    let was_local = before.is_some_and(|before| is_local(before, &old));
                    let change = if was_local == is_local(after, &selection(other)) {
                        Change::Updating {
                            before: old,
                            version: now,
                        }
                    } else {
                        // The version of a folder or file says nothing about releases.
                        Change::Replacing {
                            before: old,
                            version: now,
                        }
                    };
                    changes.push(change);
                }
            }
        }
        changes.extend(
            gone.into_iter()
                .map(|version| Change::Removing(selection(version))),
        );
        changes.extend(
            new.into_iter()
                .map(|version| Change::Adding(selection(version))),
        );
    }
    for (selection, package) in &after.packages {
        let old = before.and_then(|before| before.packages.get(selection));
        if old.is_some_and(|old| old != package) {
            changes.push(Change::Replacing {
                before: selection.clone(),
                version: selection.version.clone(),
            });
        }
    }
    changes
}
