//! What one record is to say, and whether the registry says it already.
//!
//! A release brings a package into being, or adds to it. A change is about a package that is there: it is compared with
//! what the package's log amounts to, so what is so already needs no record, and what the log would refuse is refused
//! here, in words of the one who asked for it.

use std::collections::BTreeSet;
use std::fmt;

use semver::Version;
use transparency::key::VerifyingKey;
use transparency::name::PackageName;
use transparency::operator;
use transparency::package::{Action, Log, Permission, Scope, Under};
use transparency::release::Release;
use transparency::version::without_build;

use crate::ops::registry::append::{AppendError, Item};

/// How many versions a message names.
const SHOWN: usize = 10;

/// What one record is to say.
#[derive(Debug, Clone, Copy)]
pub enum Draft<'a> {
    /// A release.
    Release(&'a Item),
    /// A change of a package that is there.
    Change(&'a PackageName, &'a Change),
}

/// A change of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Advises against a version.
    Yank {
        /// The version, build metadata included.
        version: Version,
        /// The publisher's reason.
        reason: String,
    },
    /// Takes that back.
    Unyank {
        /// The version, build metadata included.
        version: Version,
        /// The publisher's reason.
        reason: String,
    },
    /// Lets a key do something.
    Grant {
        /// The key.
        key: VerifyingKey,
        /// What the key may do from then on.
        permissions: BTreeSet<Permission>,
        /// In the name of the namespace's holder, who need not own the package: only `own`, to recover it.
        recover: bool,
    },
    /// Takes permissions from a key.
    Revoke {
        /// The key.
        key: VerifyingKey,
        /// Which; those that it does not have are not missed.
        permissions: BTreeSet<Permission>,
    },
    /// Says something about a version or the package.
    Annotate {
        /// What it is said of.
        scope: Scope,
        /// Under which key.
        key: String,
        /// What is said under it.
        value: String,
    },
}

/// What a signer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// A permission in the package's log.
    Permission(Permission),
    /// To hold the namespace.
    Namespace,
}

impl<'a> Draft<'a> {
    pub(crate) fn name(&self) -> &'a PackageName {
        match self {
            Self::Release(item) => &item.name,
            Self::Change(name, _) => name,
        }
    }

    /// The files that its record names.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &'a [u8]> {
        let item = match *self {
            Self::Release(item) => Some(item),
            Self::Change(..) => None,
        };
        let all = item.map(|item| [&item.content].into_iter().chain(&item.attached));
        all.into_iter().flatten().map(Vec::as_slice)
    }

    /// What its signer needs, in a log that may be empty yet.
    pub(crate) fn right(&self, log: &Log) -> Right {
        match self {
            Self::Release(_) if log.kind().is_none() => Right::Namespace,
            Self::Release(_) => Right::Permission(Permission::Release),
            Self::Change(_, change) => match change {
                Change::Yank { .. } | Change::Unyank { .. } => Right::Permission(Permission::Yank),
                Change::Grant { recover: true, .. } => Right::Namespace,
                Change::Grant { .. } | Change::Revoke { .. } => Right::Permission(Permission::Own),
                Change::Annotate { .. } => Right::Permission(Permission::Annotate),
            },
        }
    }

    /// Whether the holder of the namespace could do it in the namespace's name.
    pub(crate) fn is_recoverable(&self) -> bool {
        match self {
            Self::Change(_, Change::Grant { permissions, .. }) => {
                *permissions == BTreeSet::from([Permission::Own])
            }
            _ => false,
        }
    }

    /// Whether the log, which has records, says so already.
    pub(crate) fn is_said(&self, log: &Log, registry: &str) -> Result<bool, AppendError> {
        match self {
            Self::Release(item) => is_released(log, item, registry),
            Self::Change(_, change) => change.is_said(log, registry),
        }
    }

    /// The actions that say it. The log does not say so yet.
    pub(crate) fn actions(&self, log: &Log, operator: &operator::Log) -> Vec<Action> {
        let name = self.name();
        let under = || {
            let grant = operator.grants(&name.namespace()).last()?;
            Some(Under {
                position: grant.position(),
                record: grant.record(),
            })
        };
        match *self {
            Self::Release(item) => {
                let kind = item.kind;
                let under = if log.kind().is_none() { under() } else { None };
                let init = under.map(|under| Action::Init { kind, under });
                let release = Action::Release(item.statement.clone());
                let version = &item.statement.version;
                let annotations = item
                    .annotations
                    .iter()
                    .map(|(key, value)| Action::Annotate {
                        scope: Scope::Version(version.clone()),
                        key: key.clone(),
                        value: value.clone(),
                    });
                init.into_iter()
                    .chain([release])
                    .chain(annotations)
                    .collect()
            }
            Self::Change(_, change) => vec![match change.clone() {
                Change::Yank { version, reason } => Action::Yank { version, reason },
                Change::Unyank { version, reason } => Action::Unyank { version, reason },
                Change::Grant {
                    key,
                    permissions,
                    recover,
                } => Action::Grant {
                    key,
                    permissions,
                    under: if recover { under() } else { None },
                },
                Change::Revoke { key, permissions } => {
                    let held = granted(log, &key);
                    let permissions = permissions.intersection(&held).copied().collect();
                    Action::Revoke { key, permissions }
                }
                Change::Annotate { scope, key, value } => Action::Annotate { scope, key, value },
            }],
        }
    }
}

/// One line: under it signed records are kept, and it stands in messages.
impl fmt::Display for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Release(item) => write!(f, "{name}@{}", item.statement.version),
            Self::Change(_, change) => match change {
                Change::Yank { version, reason } => write!(f, "yank {name}@{version}: {reason}"),
                Change::Unyank { version, reason } => {
                    write!(f, "unyank {name}@{version}: {reason}")
                }
                Change::Grant {
                    key, permissions, ..
                } => write!(f, "grant {name} {key} {}", words(permissions)),
                Change::Revoke { key, permissions } => {
                    write!(f, "revoke {name} {key} {}", words(permissions))
                }
                Change::Annotate { scope, key, value } => {
                    write!(f, "annotate {name} {scope} {key}: {value}")
                }
            },
        }
    }
}

/// `release,yank`.
pub(crate) fn words(permissions: &BTreeSet<Permission>) -> String {
    let words: Vec<_> = permissions.iter().map(ToString::to_string).collect();
    words.join(",")
}

/// What a key was given by name.
fn granted(log: &Log, key: &VerifyingKey) -> BTreeSet<Permission> {
    let found = log.keys().find(|(held, _)| *held == key);
    found.map(|(_, held)| held.clone()).unwrap_or_default()
}

/// Whether the release is there already, the same.
fn is_released(log: &Log, item: &Item, registry: &str) -> Result<bool, AppendError> {
    let statement = &item.statement;
    let (name, version) = (item.name.clone(), statement.version.clone());
    let registry = registry.to_owned();
    if let Some(existing) = log.kind().filter(|kind| *kind != item.kind) {
        return Err(AppendError::Kind {
            name,
            registry,
            existing,
            new: item.kind,
        });
    }
    let same = |release: &&Release| without_build(release.version()) == without_build(&version);
    let Some(existing) = log.releases().find(same) else {
        return Ok(false);
    };
    if *existing.version() != version {
        return Err(AppendError::OtherBuild {
            name,
            version,
            existing: existing.version().clone(),
        });
    }
    if *existing.digest() != statement.digest {
        return Err(AppendError::OtherContent {
            name,
            version,
            existing: *existing.digest(),
            new: statement.digest,
        });
    }
    if let Some(reason) = existing.withdrawn() {
        return Err(AppendError::Withdrawn {
            name,
            version,
            registry,
            reason: reason.to_owned(),
        });
    }
    if existing.statement() != statement {
        return Err(AppendError::OtherClaims { name, version });
    }
    Ok(true)
}

/// The release of a version that is to be changed.
fn release<'l>(
    log: &'l Log,
    version: &Version,
    registry: &str,
) -> Result<&'l Release, AppendError> {
    log.release(version).ok_or_else(|| {
        let all: Vec<_> = log.releases().map(Release::version).collect();
        AppendError::NoVersion {
            name: log.name().clone(),
            version: version.clone(),
            registry: registry.to_owned(),
            newest: all.into_iter().rev().take(SHOWN).cloned().collect(),
        }
    })
}

impl Change {
    fn is_said(&self, log: &Log, registry: &str) -> Result<bool, AppendError> {
        Ok(match self {
            Self::Yank { version, reason } => {
                let release = release(log, version, registry)?;
                match release.yanked() {
                    None => false,
                    Some(existing) if existing == reason => true,
                    Some(existing) => {
                        return Err(AppendError::OtherReason {
                            name: log.name().clone(),
                            version: version.clone(),
                            existing: existing.to_owned(),
                        });
                    }
                }
            }
            Self::Unyank { version, .. } => !release(log, version, registry)?.is_yanked(),
            Self::Grant {
                key, permissions, ..
            } => permissions.is_subset(&granted(log, key)),
            Self::Revoke { key, permissions } => return is_revoked(log, key, permissions),
            Self::Annotate { scope, key, value } => {
                if let Scope::Version(version) = scope {
                    release(log, version, registry)?;
                }
                log.annotations()
                    .any(|said| said == (scope, key.as_str(), value.as_str()))
            }
        })
    }
}

/// Whether a key has none of these permissions.
fn is_revoked(
    log: &Log,
    key: &VerifyingKey,
    permissions: &BTreeSet<Permission>,
) -> Result<bool, AppendError> {
    let held = granted(log, key);
    let (name, key_name) = (log.name().clone(), key.name().to_owned());
    let other_owner = log
        .keys()
        .any(|(other, _)| other != key && log.permits(other, Permission::Own));
    if held.contains(&Permission::Own) {
        let keeps_own = !permissions.contains(&Permission::Own);
        // It could go on doing what was taken from it.
        if let (true, Some(permission)) = (keeps_own, permissions.first()) {
            return Err(AppendError::Implied {
                key: key_name,
                name,
                permission: *permission,
            });
        }
        if !other_owner {
            return Err(AppendError::LastOwner {
                key: key_name,
                name,
            });
        }
    }
    Ok(permissions.is_disjoint(&held))
}
