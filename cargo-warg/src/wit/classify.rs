//! What the user can do about texts and contents that are wrong, and where they are.

use super::binary::Refusal;
use super::deps::{ApplyError, PlanError};
use super::import::ImportError;
use super::publish::PublishError;
use super::root::RootError;
use super::text::TextError;
use crate::component::ContentError;
use crate::error::{Class, Classify};
use crate::place::Place;

impl Classify for TextError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Duplicate { .. } => Some("remove one of the two".to_owned()),
            _ => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Parse { location, .. } => vec![location.clone().into()],
            Self::Duplicate { declarations, .. } => {
                declarations.iter().cloned().map(Place::from).collect()
            }
            Self::Read { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::TooWide { .. }
            | Self::Package { .. }
            | Self::Print { .. }
            | Self::GaveUp(_) => Vec::new(),
        }
    }
}

impl Classify for RootError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Text(error) => error.help(),
            Self::Unversioned {
                package,
                item,
                versions,
                ..
            } => {
                let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
                let names = if versions.is_empty() {
                    vec![format!("`{package}/{item}@VERSION`")]
                } else {
                    let name = |version| format!("`{package}/{item}@{version}`");
                    versions.iter().map(name).collect()
                };
                Some(format!(
                    "write {}: the text of a project names exact versions",
                    names.join(" or ")
                ))
            }
            Self::Binary { .. } | Self::Name { .. } | Self::Version { .. } => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Text(error) => error.places(),
            Self::Unversioned { location, .. }
            | Self::Name { location, .. }
            | Self::Version { location, .. } => location.iter().cloned().map(Place::from).collect(),
            Self::Binary { .. } => Vec::new(),
        }
    }
}

impl Classify for PublishError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Text(error) => error.help(),
            Self::Refused { why, .. } => refusal_help(why),
            _ => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Text(error) => error.places(),
            Self::NoContents { location, .. } | Self::Refused { location, .. } => {
                location.iter().cloned().map(Place::from).collect()
            }
            Self::Empty { .. } | Self::Encode { .. } | Self::GaveUp(_) | Self::Binary(_) => {
                Vec::new()
            }
        }
    }
}

fn refusal_help(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::NoVersion { package } => Some(format!("write `package {package}@VERSION;`")),
        Refusal::Unversioned { package, item } => Some(format!("write `{package}/{item}@VERSION`")),
        Refusal::TwoVersions { second, .. } => Some(format!("use {second} in both places")),
        Refusal::Name(_)
        | Refusal::Version(_)
        | Refusal::Itself { .. }
        | Refusal::Reprint { .. } => None,
    }
}

impl Classify for ImportError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Text(error) => error.help(),
            Self::TooDeep { .. } | Self::Empty { .. } => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Text(error) => error.places(),
            Self::TooDeep { .. } | Self::Empty { .. } => Vec::new(),
        }
    }
}

impl Classify for PlanError {
    fn class(&self) -> Class {
        match self {
            // The contents are what their records say, and do not go together: other versions must be chosen.
            Self::Missing { .. } | Self::Lacks { .. } => Class::Unsolved,
            Self::Content { .. } | Self::Exports(_) | Self::Occupied { .. } | Self::Text(_) => {
                Class::Other
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Occupied { .. } => Some(
                "give that folder another name, or remove it; what it holds is then a package of your own, or fetched"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    fn places(&self) -> Vec<Place> {
        match self {
            Self::Text(error) => error.places(),
            _ => Vec::new(),
        }
    }
}

impl Classify for ApplyError {
    fn class(&self) -> Class {
        Class::Other
    }
}

impl Classify for ContentError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Outdated { .. } => "build it again with current tools".to_owned(),
            Self::OldName {
                package: Some(package),
                ..
            } => format!(
                "require `{package}` in Cargo.toml, import its interfaces by their own names, and build the component again"
            ),
            _ => return None,
        })
    }
}
