//! The policy files of registries. A policy is read before anything else of its registry; nothing is trusted without one.

use std::path::{Path, PathBuf};

use component::span::{Location, Text};
use registry::file;
use transparency::policy::{Policy, PolicyError};

use crate::error::{Class, Classify};
use crate::manifest::{self, Alias};

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// There is no such file.
    #[error("the policy{} is missing: there is no file {}", of(alias.as_ref()), path.display())]
    Missing {
        /// The registry; none where the command line names the file.
        alias: Option<Alias>,
        /// Where the policy should be.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read the policy{}, {}", of(alias.as_ref()), path.display())]
    Read {
        /// The registry; none where the command line names the file.
        alias: Option<Alias>,
        /// Where the policy is.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It is not a policy.
    #[error("{} is not a policy: {}", path.display(), without_line(problem))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which rule of policies it breaks.
        problem: PolicyError,
        /// The line, where one is wrong.
        line: Option<Location>,
    },
}

fn of(alias: Option<&Alias>) -> String {
    alias.map_or_else(String::new, |alias| format!(" of registry `{alias}`"))
}

/// The line is shown beside it.
fn without_line(problem: &PolicyError) -> String {
    match problem {
        PolicyError::Line { problem, .. } => problem.to_string(),
        problem => problem.to_string(),
    }
}

impl Classify for PolicyFileError {
    fn class(&self) -> Class {
        match self {
            Self::Missing { alias: Some(_), .. } | Self::Malformed { .. } => Class::Refused,
            Self::Missing { alias: None, .. } | Self::Read { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Missing { path, .. } => format!(
                "nothing is trusted without a policy: ask the registry's operator for its key, and write into {}:\n\
                 log ORIGIN+ID+KEY\n\
                 quorum none",
                path.display()
            ),
            Self::Malformed { .. } => {
                "a policy has a line `log VKEY` with the operator's key, and a line `quorum none` or one that names \
                 witnesses"
                    .to_owned()
            }
            Self::Read { .. } => return None,
        })
    }

    fn annotations(&self) -> Vec<component::span::Annotation> {
        match self {
            Self::Malformed { line, .. } => line.iter().cloned().map(Into::into).collect(),
            Self::Missing { .. } | Self::Read { .. } => Vec::new(),
        }
    }
}

/// The largest policy file, in bytes: thousands of witnesses.
pub const MAX_POLICY: u64 = 1024 * 1024;

/// Reads the policy file of a registry.
///
/// # Errors
/// A file that is missing, cannot be read, or is no policy.
pub fn read_policy(registry: &manifest::Registry) -> Result<Policy, PolicyFileError> {
    read_policy_file(&registry.policy, Some(&registry.alias))
}

/// Reads a policy file.
///
/// # Errors
/// Those of [`read_policy`].
pub fn read_policy_file(path: &Path, alias: Option<&Alias>) -> Result<Policy, PolicyFileError> {
    let (alias, path) = (alias.cloned(), path.to_owned());
    match file::read(&path, MAX_POLICY) {
        Ok(bytes) => parse_policy(&bytes, &path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(PolicyFileError::Missing { alias, path })
        }
        Err(source) => Err(PolicyFileError::Read {
            alias,
            path,
            source,
        }),
    }
}

/// Reads the text of a policy that lies there.
///
/// # Errors
/// It is no policy.
pub fn parse_policy(bytes: &[u8], path: &Path) -> Result<Policy, PolicyFileError> {
    Policy::parse(bytes).map_err(|problem| PolicyFileError::Malformed {
        line: match &problem {
            PolicyError::Line { line, .. } => {
                let text = Text::new(path, String::from_utf8_lossy(bytes));
                Some(text.line(u64::try_from(*line).unwrap_or(u64::MAX)))
            }
            _ => None,
        },
        path: path.to_owned(),
        problem,
    })
}
