//! What is known of a package.

use std::collections::BTreeMap;

use serde::Serialize;
use transparency::release::Objection;
use transparency::release::Role;
use transparency::statement::Attachment;

use super::{Kind, Notice};
use crate::ops;

/// A package, as its verified log has it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Info {
    /// The package.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What Cargo.toml calls its registry.
    pub registry: String,
    /// The origin of its registry.
    pub origin: String,
    /// The SHA-256 of the registry's policy file; null where the policy is no file.
    pub fingerprint: Option<String>,
    /// The size of the registry's log at the checkpoint that all of this was proved at.
    pub size: u64,
    /// The root of that log, in base64.
    pub root: String,
    /// How many records the package has.
    pub records: u64,
    /// The hash of the last of them.
    pub head: String,
    /// Which keys may do what.
    pub keys: Vec<PackageKey>,
    /// The vkeys that hold the namespace: each may make itself an owner.
    pub holders: Vec<String>,
    /// What was said about the package as a whole, by key.
    pub annotations: BTreeMap<String, String>,
    /// What the workspace has locked of it.
    pub locked: Vec<MemberVersion>,
    /// The releases that were asked for, the newest first.
    pub releases: Vec<InfoRelease>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A key, and what it may do.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PackageKey {
    /// The vkey.
    pub key: String,
    /// Which of `own`, `release`, `yank`, `annotate`; `own` implies the others.
    pub permissions: Vec<String>,
}

/// A version that a member has locked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct MemberVersion {
    /// The member.
    pub member: String,
    /// The version.
    pub version: String,
}

/// A release.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct InfoRelease {
    /// The version.
    pub version: String,
    /// Whether it can be selected.
    pub standing: Standing,
    /// Why not; null where it can.
    pub why: Option<String>,
    /// When it was released.
    pub time: String,
    /// The vkey that released it.
    pub signer: String,
    /// The SHA-256 of its content.
    pub digest: String,
    /// The size of its content in bytes.
    pub size: u64,
    /// The hash of its record.
    pub record: String,
    /// The position of the record among the package's, from 0.
    pub position: u64,
    /// The index of the record in the registry's log, proved; null where what this machine keeps does not prove it.
    pub index: Option<u64>,
    /// What it requires.
    pub requires: Vec<String>,
    /// What the component imports.
    pub imports: Vec<String>,
    /// What the component exports.
    pub exports: Vec<String>,
    /// The closed set that it was published with; null where it carries none.
    pub lock: Option<Carried>,
    /// That set composed into one component; null where it carries none.
    pub bundle: Option<Carried>,
    /// What was said about it, by key.
    pub annotations: BTreeMap<String, String>,
}

/// A file that a release carries beside its content, as its record has it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Carried {
    /// Its SHA-256.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Whether a release can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Freely.
    Usable,
    /// Only where it is locked already.
    Yanked,
    /// Never: its content is gone.
    Withdrawn,
    /// Never: it stands in the log for the record only.
    Unusable,
}

impl From<Option<&Objection>> for Standing {
    fn from(objection: Option<&Objection>) -> Self {
        match objection {
            None => Self::Usable,
            Some(Objection::Yanked { .. }) => Self::Yanked,
            Some(Objection::Withdrawn { .. }) => Self::Withdrawn,
            Some(Objection::Unusable { .. }) => Self::Unusable,
        }
    }
}

fn texts<T: ToString>(things: impl IntoIterator<Item = T>) -> Vec<String> {
    things.into_iter().map(|thing| thing.to_string()).collect()
}

impl From<&ops::release::info::Info> for Info {
    fn from(info: &ops::release::info::Info) -> Self {
        let keys = info.keys.iter().map(|(key, permissions)| PackageKey {
            key: key.to_string(),
            permissions: texts(permissions),
        });
        let locked = info.locked.iter().flat_map(|(member, versions)| {
            versions.iter().map(|version| MemberVersion {
                member: member.clone(),
                version: version.to_string(),
            })
        });
        Self {
            name: info.name.to_string(),
            kind: info.kind.into(),
            registry: info.registry.to_string(),
            fingerprint: info.fingerprint.map(|fingerprint| fingerprint.to_string()),
            origin: info.checkpoint.origin.to_string(),
            size: info.checkpoint.size.get(),
            root: info.checkpoint.root.base64(),
            records: info.records.get(),
            head: info.head.to_string(),
            keys: keys.collect(),
            holders: texts(&info.holders),
            annotations: info.annotations.clone(),
            locked: locked.collect(),
            releases: info.releases.iter().map(InfoRelease::from).collect(),
            notices: Notice::all(&info.notices),
        }
    }
}

impl From<&ops::release::info::Released> for InfoRelease {
    fn from(released: &ops::release::info::Released) -> Self {
        let release = &released.release;
        let objection = release.objection();
        Self {
            version: release.version().to_string(),
            standing: objection.as_ref().into(),
            why: objection.as_ref().map(Objection::reason),
            time: release.time().to_string(),
            signer: release.signer().to_string(),
            digest: release.digest().to_string(),
            size: release.size(),
            record: release.record().to_string(),
            position: release.position().get(),
            index: released.index.map(transparency::number::Index::get),
            requires: texts(release.requirements()),
            imports: texts(release.imports()),
            exports: texts(release.exports()),
            lock: release.attachment(Role::Lock).map(Carried::from),
            bundle: release.attachment(Role::Bundle).map(Carried::from),
            annotations: released.annotations.clone(),
        }
    }
}

impl From<Attachment> for Carried {
    fn from(Attachment { digest, size }: Attachment) -> Self {
        Self {
            digest: digest.to_string(),
            size,
        }
    }
}
