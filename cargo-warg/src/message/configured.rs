//! The registries that a project configures.

use serde::Serialize;

use crate::ops;

/// A registry that was added to Cargo.toml.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryAdd {
    /// What Cargo.toml calls it.
    pub registry: String,
    /// The origin.
    pub origin: String,
    /// Its address, as Cargo.toml has it.
    pub address: String,
    /// The policy file.
    pub policy: String,
    /// The SHA-256 of the policy file.
    pub fingerprint: String,
    /// How many entries its log had; null where it was not asked.
    pub size: Option<u64>,
    /// Whether Cargo.toml changed.
    pub changed: bool,
}

/// The registries that Cargo.toml configures.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryList {
    /// All of them, by name.
    pub registries: Vec<ListedRegistry>,
}

/// A registry that Cargo.toml configures.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ListedRegistry {
    /// What Cargo.toml calls it.
    pub registry: String,
    /// Where it is read: an http address, or a folder.
    pub address: String,
    /// Further addresses that serve the same.
    pub mirrors: Vec<String>,
    /// The folder that it is written to; null where that is none but the address.
    pub publish: Option<String>,
    /// The policy file.
    pub policy: String,
    /// The SHA-256 of the policy file; null where that cannot be read.
    pub fingerprint: Option<String>,
    /// What its log is called; null where the policy does not say it.
    pub origin: Option<String>,
    /// What is wrong with the policy; null where nothing is.
    pub problem: Option<String>,
    /// The namespaces that belong to it.
    pub namespaces: Vec<String>,
    /// Whether it has every namespace that no other registry has.
    pub default: bool,
}

/// A registry that was taken out of Cargo.toml.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RegistryRemove {
    /// What Cargo.toml called it.
    pub registry: String,
    /// What needed it, where it was to go all the same.
    pub needed: Vec<String>,
    /// Its policy file, which stays.
    pub policy: String,
}

impl From<&ops::registry::add::Added> for RegistryAdd {
    fn from(added: &ops::registry::add::Added) -> Self {
        Self {
            registry: added.alias.to_string(),
            origin: added.origin.to_string(),
            address: added.address.clone(),
            policy: added.policy.display().to_string(),
            fingerprint: added.fingerprint.to_string(),
            size: added.size.map(transparency::number::Size::get),
            changed: added.changed,
        }
    }
}

impl From<&[ops::registry::list::Listed]> for RegistryList {
    fn from(listed: &[ops::registry::list::Listed]) -> Self {
        let registries = listed.iter().map(|one| {
            let trusted = one.trusted.as_ref();
            let fingerprint = trusted.ok().and_then(|(_, fingerprint)| *fingerprint);
            let publish = one.publish.as_ref();
            ListedRegistry {
                registry: one.alias.to_string(),
                address: one.address.to_string(),
                mirrors: one.mirrors.clone(),
                publish: publish.map(|folder| folder.display().to_string()),
                policy: one.policy.display().to_string(),
                fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
                origin: trusted.ok().map(|(origin, _)| origin.to_string()),
                problem: trusted
                    .err()
                    .map(|error| error.chain().collect::<Vec<_>>().join(": ")),
                namespaces: one.namespaces.iter().map(ToString::to_string).collect(),
                default: one.default,
            }
        });
        Self {
            registries: registries.collect(),
        }
    }
}

impl From<&ops::registry::remove::Removed> for RegistryRemove {
    fn from(removed: &ops::registry::remove::Removed) -> Self {
        Self {
            registry: removed.alias.to_string(),
            needed: removed.needed.clone(),
            policy: removed.policy.display().to_string(),
        }
    }
}
