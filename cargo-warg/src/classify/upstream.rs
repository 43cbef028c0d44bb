//! Errors of `upstream`: what they ask of the caller, and what to do about them.

use std::error::Error;

use component::span::Annotation;
use registry::fetch::FetchError;
use upstream::document::manifest::{CONFIG_TYPE, OciManifestError};
use upstream::login::LoginUse;
use upstream::login::docker::DockerError;
use upstream::tree::ImportError;
use upstream::{CrateError, ProcessError, UpstreamError};

use super::registry::{class_of, fetch_help};
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
            Self::NoPackage { .. }
            | Self::NoVersion { .. }
            | Self::AbsentOrPrivate { .. }
            | Self::Unmet { .. } => Class::Unsolved,
            Self::Fetch { source, .. } => class_of(source.remedy()),
            Self::Status { .. } | Self::NoBlob { .. } | Self::NoMetadata { .. } => {
                Class::Unavailable
            }
            Self::Crate { source, .. } => match **source {
                CrateError::Absent { .. } => Class::Unsolved,
                CrateError::Failed { .. } => Class::Unavailable,
                CrateError::Elsewhere { .. } => Class::Refused,
                CrateError::Scratch { .. } | CrateError::Cargo(_) | CrateError::Output => {
                    Class::Other
                }
            },
            Self::Differs { .. }
            | Self::OtherPackage { .. }
            | Self::Json { .. }
            | Self::Link { .. }
            | Self::TooManyTags { .. }
            | Self::Metadata { .. }
            | Self::NoToken { .. } => Class::Refused,
            Self::Login { .. }
            | Self::Manifest { .. }
            | Self::Content { .. }
            | Self::TwoTexts { .. }
            | Self::Read { .. } => Class::Other,
            Self::Wit { source, .. } => source.class(),
            Self::Texts(error) => error.class(),
            Self::Folder(error) => error.class(),
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Content { source, .. } => return source.help(),
            Self::Wit { source, .. } => return source.help(),
            Self::Texts(error) => return error.help(),
            Self::Folder(error) => return error.help(),
            Self::Fetch { source, .. } => match **source {
                FetchError::Busy { .. } | FetchError::Broken { .. } | FetchError::Length { .. } => {
                    "try again later; what was imported before needs no upstream".to_owned()
                }
                _ => return fetch_help(source),
            },
            Self::Login { source, .. } => login_help(&**source),
            Self::AbsentOrPrivate { login, .. } => match login {
                LoginUse::None => "check the name; what is private needs a login: `docker login HOST`, or a line in \
                                   `CARGO_WARG_TOKENS`"
                    .to_owned(),
                LoginUse::Shown => "check the name, and what that login may read".to_owned(),
                LoginUse::Refused => "check the name; if it is private, log in again".to_owned(),
                LoginUse::Withheld { .. } => "check the name; if that host may see the login, put a line `REGISTRY HOST` into `token-servers` in the config folder"
                        .to_owned(),
            },
            Self::Manifest { source, .. } => return manifest_help(source),
            Self::Differs { .. }
            | Self::OtherPackage { .. }
            | Self::Json { .. }
            | Self::Link { .. }
            | Self::TooManyTags { .. }
            | Self::NoToken { .. } => {
                "nothing of it was taken: tell whoever runs that registry, or put it there".to_owned()
            }
            Self::NoMetadata { host } => format!(
                "wkg takes the host itself for a registry then: if that is meant, say `oci:{host}`"
            ),
            Self::Metadata { .. } => {
                "tell whoever runs that host; where the OCI registry is known, `oci:HOST/PREFIX` needs no such file".to_owned()
            }
            Self::Status { .. } => "check the address; the registry may have a fault".to_owned(),
            Self::NoBlob { .. } => {
                "it may be on its way (try again), or was removed: a mirror or a vendored folder may have it".to_owned()
            }
            Self::TwoTexts { .. } => "leave one of the two out".to_owned(),
            Self::Unmet { .. } => "name the folder that has it as well".to_owned(),
            Self::Crate { source, .. } => match **source {
                CrateError::Elsewhere { .. } => {
                    "nothing of it was taken: if those files are meant, import the folder; else mend `source` and `patch` in cargo's configuration"
                        .to_owned()
                }
                _ => return None,
            },
            Self::NoPackage { .. } | Self::NoVersion { .. } | Self::Read { .. } => return None,
        })
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Wit { source, .. } => source.annotations(),
            Self::Texts(error) => error.annotations(),
            Self::Folder(error) => error.annotations(),
            Self::NoPackage { .. }
            | Self::NoVersion { .. }
            | Self::AbsentOrPrivate { .. }
            | Self::Fetch { .. }
            | Self::Status { .. }
            | Self::Json { .. }
            | Self::Link { .. }
            | Self::TooManyTags { .. }
            | Self::NoToken { .. }
            | Self::Login { .. }
            | Self::NoMetadata { .. }
            | Self::Metadata { .. }
            | Self::Crate { .. }
            | Self::Manifest { .. }
            | Self::NoBlob { .. }
            | Self::Differs { .. }
            | Self::Content { .. }
            | Self::OtherPackage { .. }
            | Self::TwoTexts { .. }
            | Self::Unmet { .. }
            | Self::Read { .. } => Vec::new(),
        }
    }
}

/// What to do about a login that cannot be had.
fn login_help(error: &(dyn Error + Send + Sync + 'static)) -> String {
    match error.downcast_ref() {
        Some(DockerError::Helper {
            program,
            source: ProcessError::Start(_),
        }) => format!(
            "put `{program}` into a folder of `PATH`, or take it out of docker's `config.json` and log in again"
        ),
        _ => "mend what it names, or log in again".to_owned(),
    }
}

/// What to do about a manifest that leads to no content.
fn manifest_help(error: &OciManifestError) -> Option<String> {
    Some(match error {
        OciManifestError::Index => {
            "a component is the same for every platform: it is pushed as one artifact, by `wkg publish`".to_owned()
        }
        OciManifestError::NoConfig | OciManifestError::Config { .. } => format!(
            "push it with `wkg publish`, or with `oras push --config FILE:{CONFIG_TYPE}`"
        ),
        OciManifestError::NoContent { .. }
        | OciManifestError::Ambiguous { .. }
        | OciManifestError::OtherLayers => {
            "push it with `wkg publish`: one layer, which the config names".to_owned()
        }
        OciManifestError::Json { .. }
        | OciManifestError::Digest { .. }
        | OciManifestError::TooLarge { .. } => return None,
    })
}
