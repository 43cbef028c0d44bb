//! Errors of `upstream`: what they ask of the caller, and what to do about them.

use component::span::Annotation;
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
