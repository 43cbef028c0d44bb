//! What `self-check` found.

use serde::Serialize;

use super::Failure;
use crate::error::Error;
use crate::ops::machine::self_check::Report;
use transparency::number::Time;

/// What is configured, trusted and reachable. Where something is wrong, an `error` follows, and the exit code is that of the
/// gravest problem.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SelfCheck {
    /// The version of this program.
    pub version: String,
    /// What `cargo --version` says; null where it cannot be run.
    pub cargo: Option<String>,
    /// The folders of this user.
    pub folders: Vec<CheckedFolder>,
    /// The file of secret keys, which may not exist.
    pub key_file: String,
    /// The public halves of this user's keys; empty where they cannot be read.
    pub keys: Vec<CheckedKey>,
    /// The root manifest; null where there is no workspace, or it cannot be read.
    pub manifest: Option<String>,
    /// The registries of the workspace.
    pub registries: Vec<CheckedRegistry>,
    /// The folder of what is vendored; null where Cargo.toml names none.
    pub vendor: Option<String>,
    /// The lock.
    pub lock: CheckedLock,
    /// Everything that is wrong.
    pub problems: Vec<Failure>,
}

/// A folder of this user.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckedFolder {
    /// What it is for.
    pub purpose: String,
    /// Where it is, or will be.
    pub path: String,
    /// Whether files can be written there.
    pub writable: bool,
}

/// The public half of a key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckedKey {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
}

/// A registry.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckedRegistry {
    /// What Cargo.toml calls it.
    pub name: String,
    /// Its folder or address.
    pub address: String,
    /// The policy file.
    pub policy_file: String,
    /// Whom this project trusts; null where the file cannot be used.
    pub policy: Option<CheckedPolicy>,
    /// How large its log was when this machine saw it last; null where it never did.
    pub seen_size: Option<u64>,
    /// When this machine noted something of it last.
    pub seen_time: Option<String>,
    /// How large its log is now, proved, and a continuation of what was seen; null where it was not asked or not reached.
    pub size: Option<u64>,
}

/// A policy.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckedPolicy {
    /// The origin.
    pub origin: String,
    /// The operate key, as its vkey.
    pub key: String,
    /// The names of the witnesses.
    pub witnesses: Vec<String>,
    /// Which of them must have signed; null where nobody must.
    pub quorum: Option<String>,
}

/// The state of the lock.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CheckedLock {
    /// It is what the workspace asks for.
    UpToDate,
    /// It is missing, stale or unreadable.
    Bad,
    /// Nothing asks for one, or it was not looked at.
    None,
}

/// A time of this machine, as records write times.
pub fn time_text(time: std::time::SystemTime) -> Option<String> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Time::from_unix(since.as_secs())?.to_string())
}

impl From<&Report> for SelfCheck {
    fn from(report: &Report) -> Self {
        let workspace = report.workspace.as_ref().and_then(|one| one.as_ref().ok());
        let registries = workspace.into_iter().flat_map(|one| &one.registries);
        let problems = report.problems().into_iter();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cargo: report.cargo.clone(),
            folders: report
                .folders
                .iter()
                .map(|folder| CheckedFolder {
                    purpose: folder.purpose.to_owned(),
                    path: folder.path.display().to_string(),
                    writable: folder.writable.is_ok(),
                })
                .collect(),
            key_file: report.key_file.display().to_string(),
            keys: report
                .keys
                .iter()
                .flatten()
                .map(|key| CheckedKey {
                    name: key.name().to_owned(),
                    id: key.id().to_string(),
                })
                .collect(),
            manifest: workspace.map(|one| one.manifest.display().to_string()),
            registries: registries
                .map(|registry| {
                    let seen = registry.seen.as_ref().ok().and_then(Option::as_ref);
                    CheckedRegistry {
                        name: registry.configured.alias.to_string(),
                        address: registry.configured.address.to_string(),
                        policy_file: registry.configured.policy.display().to_string(),
                        policy: registry.policy.as_ref().ok().map(|policy| CheckedPolicy {
                            origin: policy.key.name().to_owned(),
                            key: policy.key.to_string(),
                            witnesses: policy.witnesses.clone(),
                            quorum: policy.quorum.clone(),
                        }),
                        seen_size: seen.map(|seen| seen.size),
                        seen_time: seen.and_then(|seen| time_text(seen.when?)),
                        size: registry
                            .now
                            .as_ref()
                            .and_then(|now| now.as_ref().ok())
                            .copied(),
                    }
                })
                .collect(),
            vendor: workspace
                .and_then(|one| one.vendor.as_ref())
                .map(|(folder, _)| folder.display().to_string()),
            lock: match workspace.and_then(|one| one.lock.as_ref()) {
                Some(Ok(Some(_))) => CheckedLock::UpToDate,
                Some(Ok(None)) | None => CheckedLock::None,
                Some(Err(_)) => CheckedLock::Bad,
            },
            problems: problems.map(|error: &Error| Failure::from(error)).collect(),
        }
    }
}
