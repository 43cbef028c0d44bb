//! Why a release cannot go into a registry, and what to do about it.

use semver::Version;
use transparency::digest::Digest;
use transparency::key::VerifyingKey;
use transparency::name::{Kind, Namespace, PackageName};
use transparency::package::{LogError, Permission};
use transparency::record::RecordError;
use transparency::statement::Defect;

use crate::error::{Class, Classify};

/// Why a release cannot go into a registry.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The key that was asked for may not, or none of this user's keys may.
    #[error(
        "{} {} `{name}` in registry `{registry}`: {}",
        no_key(key.as_deref()),
        deed(*permission),
        who(holders)
    )]
    NotPermitted {
        /// The key's name, where one was asked for.
        key: Option<String>,
        /// What it would have to be permitted.
        permission: Permission,
        /// Whether the namespace gives it the right to take the package over.
        recoverable: bool,
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that may.
        holders: Vec<String>,
    },
    /// What only a holder of the namespace may do, by a key that does not hold it.
    #[error(
        "{} the namespace `{namespace}` in registry `{registry}`: {}",
        no_holder(key.as_deref()),
        holds(holders)
    )]
    NotHolder {
        /// The key's name, where one was asked for.
        key: Option<String>,
        /// The namespace.
        namespace: Namespace,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that hold it.
        holders: Vec<String>,
    },
    /// A change of a version that is not there.
    #[error("`{name}` has no version {version} in registry `{registry}`")]
    NoVersion {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The newest versions that are there, newest first.
        newest: Vec<Version>,
    },
    /// It is yanked already, and its record says another reason.
    #[error("{name}@{version} is yanked already, for another reason: {existing}")]
    OtherReason {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The reason that is on record.
        existing: String,
    },
    /// Nobody could give or take permissions any more.
    #[error("key `{key}` is the last owner of `{name}`, and the last owner cannot go")]
    LastOwner {
        /// The key's name.
        key: String,
        /// The package.
        name: PackageName,
    },
    /// Taking what the key was not given by name, but has as an owner.
    #[error("key `{key}` owns `{name}`, and who owns may `{permission}` too")]
    Implied {
        /// The key's name.
        key: String,
        /// The package.
        name: PackageName,
        /// What was to be taken.
        permission: Permission,
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
        /// The reason, as it was given.
        reason: String,
    },
    /// Nobody could use it.
    #[error("{name}@{version} could not be used by anyone")]
    Defect {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// What is wrong with it.
        #[source]
        defect: Box<Defect>,
    },
    /// More than a record can say: thousands of imports, say.
    #[error("no record can hold what is to be said: {draft}")]
    Record {
        /// What was to be said.
        draft: String,
        /// The error that caused it.
        #[source]
        source: RecordError,
    },
    /// The log would refuse the record.
    #[error("the registry `{registry}` would refuse the record")]
    Log {
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The error that caused it.
        #[source]
        source: Box<LogError>,
    },
}

fn no_key(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("key `{key}` may not"),
        None => "none of your keys may".to_owned(),
    }
}

fn no_holder(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("key `{key}` does not hold"),
        None => "none of your keys holds".to_owned(),
    }
}

/// What a permission is for, before the name of a package.
fn deed(permission: Permission) -> &'static str {
    match permission {
        Permission::Own => "give or take permissions of",
        Permission::Release => "release",
        Permission::Yank => "yank or unyank releases of",
        Permission::Annotate => "annotate",
    }
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

impl Classify for AppendError {
    fn class(&self) -> Class {
        match self {
            Self::NoVersion { .. } => Class::Unsolved,
            // Nobody was dishonest: it is too much.
            Self::Record { .. } => Class::Other,
            Self::NotPermitted { .. }
            | Self::NotHolder { .. }
            | Self::OtherReason { .. }
            | Self::LastOwner { .. }
            | Self::Implied { .. }
            | Self::NoCheckpointKey { .. }
            | Self::OtherContent { .. }
            | Self::OtherClaims { .. }
            | Self::OtherBuild { .. }
            | Self::Kind { .. }
            | Self::Withdrawn { .. }
            | Self::Defect { .. }
            | Self::Log { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotPermitted {
                recoverable: true, ..
            } => {
                "your key holds the namespace: `--recover` gives `own` in its name, for everyone to see"
                    .to_owned()
            }
            Self::NotPermitted {
                name, permission, ..
            } => format!(
                "an owner of the package can give your key the right: `cargo warg grant {name} VKEY {permission}`, with \
                 the line of `cargo warg key list`"
            ),
            Self::NoVersion { newest, .. } if newest.is_empty() => "it has none".to_owned(),
            Self::NoVersion { newest, .. } => {
                let newest: Vec<_> = newest.iter().map(ToString::to_string).collect();
                format!("the newest ones are {}", newest.join(", "))
            }
            Self::OtherReason { name, version, .. } => format!(
                "a record never changes: take the yank back with `cargo warg unyank {name}@{version}`, then yank it anew"
            ),
            Self::LastOwner { name, .. } => {
                format!("give another key `own` first: `cargo warg grant {name} VKEY own`")
            }
            Self::Implied { name, key, .. } => format!(
                "take `own` instead: `cargo warg revoke {name} {key} own`; what it was given by name it keeps"
            ),
            Self::NotHolder { .. } => {
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
            Self::Record { .. } => {
                "it has to say less: fewer imports, exports and requirements, or a shorter text".to_owned()
            }
            Self::Withdrawn { .. } | Self::Defect { .. } => return None,
        })
    }
}
