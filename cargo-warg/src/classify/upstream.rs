//! Errors of `upstream`: what they ask of the caller, and what to do about them.

use component::span::Annotation;
use upstream::UpstreamError;
use upstream::tree::ImportError;

use crate::error::{Class, Classify};

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

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Text(error) => error.annotations(),
            Self::TooDeep { .. } | Self::Empty { .. } => Vec::new(),
        }
    }
}

impl Classify for UpstreamError {
    fn class(&self) -> Class {
        match self {
            Self::NoPackage { .. } | Self::NoVersion { .. } | Self::Unmet { .. } => Class::Unsolved,
            Self::Differs { .. } | Self::OtherPackage { .. } => Class::Refused,
            Self::Content { .. } | Self::TwoTexts { .. } | Self::Read { .. } => Class::Other,
            Self::Wit { source, .. } => source.class(),
            Self::Texts(error) => error.class(),
            Self::Folder(error) => error.class(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Content { source, .. } => source.help(),
            Self::Wit { source, .. } => source.help(),
            Self::Texts(error) => error.help(),
            Self::Folder(error) => error.help(),
            Self::OtherPackage { .. } | Self::Differs { .. } => {
                Some("nothing of it was taken: tell whoever put it there".to_owned())
            }
            Self::TwoTexts { .. } => Some("leave one of the two out".to_owned()),
            Self::Unmet { .. } => Some("name the folder that has it as well".to_owned()),
            Self::NoPackage { .. } | Self::NoVersion { .. } | Self::Read { .. } => None,
        }
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Wit { source, .. } => source.annotations(),
            Self::Texts(error) => error.annotations(),
            Self::Folder(error) => error.annotations(),
            Self::NoPackage { .. }
            | Self::NoVersion { .. }
            | Self::Differs { .. }
            | Self::Content { .. }
            | Self::OtherPackage { .. }
            | Self::TwoTexts { .. }
            | Self::Unmet { .. }
            | Self::Read { .. } => Vec::new(),
        }
    }
}
