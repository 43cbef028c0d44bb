//! Errors of WIT texts, contents and bundles: what the user can do about them, and where they are.

use crate::error::{Class, Classify};
use component::bundle::{ComposeError, EmbeddedError};
use component::content::ContentError;
use component::span::Annotation;
use component::wit::binary::{BinaryError, Refusal};
use component::wit::deps::PlanError;
use component::wit::exports::ExportsError;
use component::wit::pins::PinError;
use component::wit::publish::PublishError;
use component::wit::root::{RootError, UNREAD};
use component::wit::text::TextError;

impl Classify for TextError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Duplicate { .. } => Some("remove one of the two".to_owned()),
            Self::TooWide { .. } => Some(
                "let fewer worlds include or import so much, or make several packages of them".to_owned(),
            ),
            Self::Gated { .. } => Some(
                "gate what refers to it as well, by the same `@unstable`: others parse the package with features of their own"
                    .to_owned(),
            ),
            Self::Read { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Parse { .. }
            | Self::Package { .. }
            | Self::TooManyFeatures { .. }
            | Self::Print { .. }
            | Self::GaveUp(_) => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Parse { location, .. } => vec![location.clone().into()],
            Self::Gated { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
            }
            Self::Duplicate { declarations, .. } => {
                declarations.iter().cloned().map(Annotation::from).collect()
            }
            Self::Read { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::TooWide { .. }
            | Self::TooManyFeatures { .. }
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
                unread: Some(_), ..
            } => Some(UNREAD.to_owned()),
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

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Text(error) => error.annotations(),
            Self::Unversioned {
                location, unread, ..
            } => {
                let unread = unread
                    .iter()
                    .map(|location| location.labelled("it is here, and is not read"));
                location
                    .iter()
                    .cloned()
                    .map(Annotation::from)
                    .chain(unread)
                    .collect()
            }
            Self::Name { location, .. } | Self::Version { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
            }
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
            Self::Binary(BinaryError::TooLarge) => Some(
                "its binary form holds, for each interface and each world, the types of all that those use: let them use \
                 fewer, or make several packages of them"
                    .to_owned(),
            ),
            Self::Empty { .. }
            | Self::Encode { .. }
            | Self::GaveUp(_)
            | Self::Binary(_)
            | Self::NoContents { .. } => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Text(error) => error.annotations(),
            Self::NoContents { location, .. } | Self::Refused { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
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

impl Classify for PlanError {
    fn class(&self) -> Class {
        match self {
            // The contents are what their records say, and do not go together: other versions must be chosen.
            Self::Missing { .. }
            | Self::Lacks { .. }
            | Self::Exports(ExportsError::Contradiction { .. }) => Class::Unsolved,
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
            Self::Exports(ExportsError::Contradiction { interface, .. }) => Some(format!(
                "require another version of one of these components; or refer to `{interface}` in `wit/`, where its package is \
                 released, or put that package into `wit/deps`: its own text counts more than what components hold of it"
            )),
            Self::Exports(_)
            | Self::Content { .. }
            | Self::Missing { .. }
            | Self::Lacks { .. }
            | Self::Text(_) => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Text(error) => error.annotations(),
            Self::Content { .. }
            | Self::Missing { .. }
            | Self::Lacks { .. }
            | Self::Exports(_)
            | Self::Occupied { .. } => Vec::new(),
        }
    }
}

impl Classify for PinError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unsure { .. } => {
                Some("change them by hand, and run `cargo warg lock`".to_owned())
            }
            Self::Text(_) => None,
        }
    }
}

impl Classify for ContentError {
    fn class(&self) -> Class {
        Class::Other
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Outdated { .. } => "build it again with current tools".to_owned(),
            Self::WitText => "stdin and other files are read as binaries; `cargo warg publish` takes WIT as text from a file that \
                              ends in `.wit`, or from a folder of such files"
                .to_owned(),
            Self::OldName {
                package: Some(package),
                ..
            } => format!(
                "require `{package}` in Cargo.toml, import its interfaces by their own names, and build the component again"
            ),
            Self::OldName { package: None, .. }
            | Self::TooLarge
            | Self::NotWasm
            | Self::Module
            | Self::Component
            | Self::WitPackage
            | Self::Invalid { .. }
            | Self::Name(_) => return None,
        })
    }
}

impl Classify for ComposeError {
    fn class(&self) -> Class {
        match self {
            Self::Format { .. }
            | Self::Content { .. }
            | Self::Unmet { .. }
            | Self::Redirected { .. }
            | Self::Ambiguous { .. }
            | Self::ExportsNothing { .. }
            | Self::Older { .. }
            | Self::OtherTrack { .. }
            | Self::Cycle { .. }
            | Self::Mismatch { .. }
            | Self::HostMismatch { .. }
            | Self::HostUses { .. }
            | Self::HostSort { .. }
            | Self::HostCircle { .. }
            | Self::Export { .. }
            | Self::Invalid { .. }
            | Self::Bundle { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Format { .. } => "update cargo warg".to_owned(),
            Self::Redirected { name, .. } => {
                format!("require `{name}` as well: what is redirected to must be locked")
            }
            Self::Ambiguous { import, .. } => {
                format!("say which one it is, with `for = [\"{import}\"]` at that dependency")
            }
            Self::ExportsNothing { import, .. }
            | Self::Older { import, .. }
            | Self::OtherTrack { import, .. } => format!(
                "require a release that exports `{import}`; or redirect the import, in [package.metadata.warg.wire]; a \
                 dependency that is for other imports only says so with `for = […]`"
            ),
            Self::Cycle { .. } => {
                "a component is instantiated after what serves it: one of them must do without, or be redirected in \
                 [package.metadata.warg.wire]"
                    .to_owned()
            }
            Self::HostUses { of, .. } => format!(
                "a host knows nothing of a package's types: let a package serve both, or leave `{of}` to the host"
            ),
            Self::Content { .. }
            | Self::Unmet { .. }
            | Self::Mismatch { .. }
            | Self::HostMismatch { .. }
            | Self::HostSort { .. }
            | Self::HostCircle { .. }
            | Self::Export { .. }
            | Self::Invalid { .. }
            | Self::Bundle { .. } => return None,
        })
    }
}

impl Classify for EmbeddedError {
    fn class(&self) -> Class {
        match self {
            Self::Content(_) | Self::Format { .. } => Class::Other,
            Self::Missing
            | Self::Several { .. }
            | Self::NotLast
            | Self::TooLong
            | Self::Line { .. }
            | Self::NotCanonical
            | Self::NoRoot { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Missing => {
                "bundle it again with `cargo warg bundle`, and keep custom sections: `wasm-tools strip` takes them away".to_owned()
            }
            Self::Format { .. } => "update cargo warg".to_owned(),
            Self::Content(_) => return None,
            Self::Several { .. }
            | Self::NotLast
            | Self::TooLong
            | Self::Line { .. }
            | Self::NotCanonical
            | Self::NoRoot { .. } => "it was changed after it was made: get it from where it was made, or bundle it again".to_owned(),
        })
    }
}
