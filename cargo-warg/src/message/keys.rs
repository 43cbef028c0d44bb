//! This user's keys. Never their secrets.

use serde::Serialize;

use crate::keys::{Kept, Role};

/// This user's keys; or those that were made or taken in.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Keys {
    /// The public halves, as vkeys.
    pub keys: Vec<String>,
    /// The same, with what is said of each.
    pub details: Vec<ListedKey>,
}

/// A key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ListedKey {
    /// The public half, as a vkey.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it signs: `publisher`, `operate`, `checkpoint`, or `personal` for all of this user's personal registry.
    pub role: String,
    /// The registry that it operates or signs checkpoints of; null of a publisher's.
    pub origin: Option<String>,
    /// What its owner calls it; null where that is nothing.
    pub label: Option<String>,
}

/// A key whose secret half was copied.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct KeyExport {
    /// The key.
    pub key: ListedKey,
    /// The file that holds the secret half now.
    pub path: String,
}

/// A key that was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct KeyRemove {
    /// The key.
    pub key: ListedKey,
    /// The file of removed keys, where it is now.
    pub path: String,
}

impl From<&Kept> for ListedKey {
    fn from(kept: &Kept) -> Self {
        let key = kept.key.verifying_key();
        let role = kept.about.role;
        Self {
            key: key.to_string(),
            name: key.name().to_owned(),
            role: role.to_string(),
            origin: (role != Role::Publisher).then(|| key.name().to_owned()),
            label: kept.about.label.clone(),
        }
    }
}

impl<'k> FromIterator<&'k Kept> for Keys {
    fn from_iter<I: IntoIterator<Item = &'k Kept>>(kept: I) -> Self {
        let details: Vec<_> = kept.into_iter().map(ListedKey::from).collect();
        Self {
            keys: details.iter().map(|one| one.key.clone()).collect(),
            details,
        }
    }
}
