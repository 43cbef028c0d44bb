//! Errors of `resolver`: locks that do not read, and problems without an answer.

use component::span::{Annotation, Location};
use resolver::lockfile::merge::{MergeError, Side};
use resolver::lockfile::{BuildError, ReadError, Staleness};
use resolver::unresolved::Unresolved;

use crate::error::{Class, Classify};
use crate::ops::session::registries::name_registries;

impl Classify for ReadError {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Future { .. } => "update cargo warg".to_owned(),
            Self::Conflicted { .. } => {
                "run `cargo warg lock`: it takes the greater version of each package from both sides".to_owned()
            }
            Self::NotCanonical { .. } | Self::Inconsistent(_) => {
                "if a merge did it, run `cargo warg lock`: it keeps what the lock selects; otherwise restore it".to_owned()
            }
            Self::TooLong
            | Self::Syntax { .. }
            | Self::NoVersion
            | Self::Unexpected { .. }
            | Self::Value { .. }
            | Self::Checkpoint { .. } => "it is not meant to be edited: restore it, or remove it and run `cargo warg lock`"
                .to_owned(),
        })
    }
}

impl Classify for MergeError {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Markers { .. } | Self::Side { side: Side::Ours | Side::Theirs, .. } => {
                "take one of the two sides (`git checkout --ours warg.lock`, or `--theirs`), then run `cargo warg lock`"
                    .to_owned()
            }
            Self::Side { side: Side::Whole, source } => return source.help(),
        })
    }
}

impl Classify for Staleness {
    fn class(&self) -> Class {
        Class::Lock
    }
}

impl Classify for BuildError {
    fn class(&self) -> Class {
        Class::Other
    }
}

impl Classify for Unresolved {
    fn class(&self) -> Class {
        match self {
            // What is left to choose from is less than what was published, and that is to be looked into first.
            Self::Conflict(conflict) if conflict.has_refused() => Class::Refused,
            Self::Conflict(_) | Self::GaveUp(_) => Class::Unsolved,
            Self::Missing(_) | Self::NoRegistry(_) | Self::LocalsDiffer { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NoRegistry(unowned) => {
                let names = unowned.iter().map(|one| one.requirement.name.namespace());
                Some(name_registries(&names.collect()))
            }
            Self::GaveUp(gave_up) => Some(match gave_up.packages.first() {
                Some(name) => format!(
                    "narrow what may be chosen, beginning with {name}: require a version of it, or hold back what newly \
                     asks for it (`exclude-newer`)"
                ),
                None => {
                    "narrow what may be chosen: require fewer versions of each package".to_owned()
                }
            }),
            Self::Missing(_) | Self::Conflict(_) | Self::LocalsDiffer { .. } => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        let locations = match self {
            Self::Conflict(conflict) => conflict.locations(),
            Self::NoRegistry(unowned) => {
                let locations = unowned.iter().filter_map(|one| one.location.as_ref());
                locations.collect()
            }
            Self::Missing(_) | Self::GaveUp(_) | Self::LocalsDiffer { .. } => Vec::new(),
        };
        let in_texts = locations
            .into_iter()
            .filter_map(resolver::NamedLocation::known::<Location>);
        in_texts.cloned().map(Annotation::from).collect()
    }
}
