//! Why a release cannot go into a registry, and what to do about it.

use semver::Version;
use transparency::digest::Digest;
use transparency::key::VerifyingKey;
use transparency::name::{Kind, Namespace, PackageName};
use transparency::package::LogError;
use transparency::record::RecordError;
use transparency::release::Defect;

use crate::error::{Class, Classify};

/// Why a release cannot go into a registry.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The key that was asked for may not.
    #[error(
        "key `{key}` may not release `{name}` in registry `{registry}`: {}",
        who(holders)
    )]
    NotPermitted {
        /// The key's name.
        key: String,
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that may.
        holders: Vec<String>,
    },
    /// None of this user's keys may.
    #[error(
        "none of your keys may release `{name}` in registry `{registry}`: {}",
        who(holders)
    )]
    NoKey {
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that may.
        holders: Vec<String>,
    },
    /// A new package in a namespace that the key does not hold.
    #[error(
        "key `{key}` does not hold the namespace `{namespace}` in registry `{registry}`: {}",
        holds(holders)
    )]
    NotHolder {
        /// The key's name.
        key: String,
        /// The namespace.
        namespace: Namespace,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that hold it.
        holders: Vec<String>,
    },
    /// A new package in a namespace that none of this user's keys holds.
    #[error(
        "none of your keys holds the namespace `{namespace}` in registry `{registry}`: {}",
        holds(holders)
    )]
    NoHolder {
        /// The namespace.
        namespace: Namespace,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that hold it.
        holders: Vec<String>,
    },
    /// The registry's own key is not here.
    #[error(
        "publishing to a folder writes the registry's log, which takes the registry's checkpoint key; you do not have \
         it: {}",
        list(keys)
    )]
    NoCheckpointKey {
        /// The keys that sign the registry's checkpoints.
        keys: Vec<VerifyingKey>,
    },
    /// The version is there, with other contents.
    #[error("{name}@{version} is released already, with other contents: {existing}, not {new}")]
    OtherContent {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The digest of what is there.
        existing: Digest,
        /// The digest of what was to be published.
        new: Digest,
    },
    /// The version is there, with the same contents and other claims.
    #[error("{name}@{version} is released already, with other requirements than those stated now")]
    OtherClaims {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
    },
    /// A version that differs only in build metadata is there.
    #[error(
        "{name}@{version} is released already, as {existing}: build metadata does not tell versions apart"
    )]
    OtherBuild {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The version that is there.
        existing: Version,
    },
    /// The package holds something else.
    #[error(
        "`{name}` is of kind `{existing}` in registry `{registry}`, and cannot hold a release of kind `{new}`"
    )]
    Kind {
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// What it holds.
        existing: Kind,
        /// What was to be published.
        new: Kind,
    },
    /// The operator took this content away.
    #[error(
        "the operator of registry `{registry}` withdrew the content of {name}@{version}: {reason}"
    )]
    Withdrawn {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// Why.
        reason: String,
    },
    /// Nobody could use it.
    #[error("{name}@{version} could not be used by anyone")]
    Defect {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// Why not.
        #[source]
        defect: Box<Defect>,
    },
    /// More than a record can say: thousands of imports, say.
    #[error("no record can hold what is to be said of {name}@{version}")]
    Record {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// Why not.
        #[source]
        source: RecordError,
    },
    /// The log would refuse the record.
    #[error("the registry `{registry}` would refuse the record")]
    Log {
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// Why.
        #[source]
        source: Box<LogError>,
    },
}

/// `acme/ci and acme/dev may`, or that nobody may.
fn who(names: &[String]) -> String {
    match names {
        [] => "nobody may".to_owned(),
        names => format!("{} may", quoted(names)),
    }
}

fn holds(names: &[String]) -> String {
    match names {
        [] => "its operator gave it to nobody".to_owned(),
        [one] => format!("`{one}` holds it"),
        names => format!("{} hold it", quoted(names)),
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn list(keys: &[VerifyingKey]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    keys.join(", ")
}

impl Classify for BatchError {
    fn class(&self) -> Class {
        match self {
            Self::NotPermitted { .. }
            | Self::NoKey { .. }
            | Self::NotHolder { .. }
            | Self::NoHolder { .. }
            | Self::NoCheckpointKey { .. }
            | Self::OtherContent { .. }
            | Self::OtherClaims { .. }
            | Self::OtherBuild { .. }
            | Self::Kind { .. }
            | Self::Withdrawn { .. }
            | Self::Defect { .. }
            | Self::Record { .. }
            | Self::Log { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotPermitted { .. } | Self::NoKey { .. } => {
                "an owner of the package can grant `release` to your key".to_owned()
            }
            Self::NotHolder { .. } | Self::NoHolder { .. } => {
                "send the operator your public key: `cargo warg key list` prints it".to_owned()
            }
            Self::NoCheckpointKey { .. } => {
                "ask whoever keeps the registry to publish, or for that key: its line goes into your key file, or into \
                 the variable `CARGO_WARG_KEY`"
                    .to_owned()
            }
            Self::OtherContent { .. } | Self::OtherClaims { .. } | Self::OtherBuild { .. } => {
                "a release never changes: publish under a new version".to_owned()
            }
            Self::Kind { .. } => "publish under another name".to_owned(),
            Self::Log { .. } => {
                "if it says that a time is wrong, look at the clock of this machine".to_owned()
            }
            Self::Withdrawn { .. } | Self::Defect { .. } | Self::Record { .. } => return None,
        })
    }
}
