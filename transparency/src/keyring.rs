//! Which keys may do what in a log.
//!
//! Both kinds of logs keep one, and both follow the same rules: a key that is named twice with one name and id but
//! different bytes is refused, and the last key with the root permission cannot go.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::key::{Algorithm, KeyError, KeyId, Verifier, VerifyingKey};
use crate::undo;

/// Why a permission cannot be given or taken, or an action not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The key may not do this.
    #[error("key `{name}` ({id}) has no permission to `{permission}`")]
    NotPermitted {
        /// The key's name.
        name: String,
        /// The key's id.
        id: KeyId,
        /// What it would have to be permitted.
        permission: &'static str,
    },
    /// Another key of that log has the same name and id.
    #[error("another key of this log already has the name `{name}` and the id {id}")]
    SameId {
        /// The shared name.
        name: String,
        /// The shared id.
        id: KeyId,
    },
    /// A permission is taken that the key does not have.
    #[error("key `{name}` does not have the permission `{permission}` that is revoked")]
    NotHeld {
        /// The key's name.
        name: String,
        /// The permission that it lacks, as records write it.
        permission: &'static str,
    },
    /// The last key that can give permissions would lose that.
    #[error("key `{name}` is the last one with the permission `{permission}`, which cannot go")]
    Last {
        /// The key's name.
        name: String,
        /// The permission, as records write it.
        permission: &'static str,
    },
    /// A witness's key.
    #[error("key `{name}` is a witness's: it cannot sign records or checkpoints")]
    Type {
        /// The key's name.
        name: String,
    },
    /// Not a key at all.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A permission of one kind of log.
pub(crate) trait Permission: Copy + Ord + fmt::Debug {
    /// The one that gives and takes all permissions.
    const ROOT: Self;
    /// Whether holding `self` permits `other`.
    fn implies(self, other: Self) -> bool;
    /// The word in records.
    fn word(self) -> &'static str;
}

#[derive(Debug, Clone)]
struct Holder<P> {
    verifier: Verifier,
    permissions: BTreeSet<P>,
}

#[derive(Debug, Clone)]
pub(crate) struct Keyring<P> {
    holders: BTreeMap<VerifyingKey, Holder<P>>,
    /// Every key that was ever named, so that name and id stay unique after a revocation too.
    named: BTreeMap<(String, KeyId), VerifyingKey>,
}

/// What a keyring had of some keys.
pub(crate) struct Before<P> {
    holders: undo::Before<VerifyingKey, Holder<P>>,
    named: undo::Before<(String, KeyId), VerifyingKey>,
}

impl<P: Permission> Before<P> {
    pub(crate) fn nothing() -> Self {
        Self {
            holders: Vec::new(),
            named: Vec::new(),
        }
    }

    pub(crate) fn keep(&mut self, keyring: &Keyring<P>, key: &VerifyingKey) {
        undo::keep(&mut self.holders, &keyring.holders, key.clone());
        let named = (key.name().to_string(), key.id());
        undo::keep(&mut self.named, &keyring.named, named);
    }

    pub(crate) fn put_back(self, keyring: &mut Keyring<P>) {
        undo::put_back(&mut keyring.holders, self.holders);
        undo::put_back(&mut keyring.named, self.named);
    }
}

impl<P: Permission> Keyring<P> {
    pub(crate) fn new() -> Self {
        Self {
            holders: BTreeMap::new(),
            named: BTreeMap::new(),
        }
    }

    pub(crate) fn verifier(&self, key: &VerifyingKey) -> Option<&Verifier> {
        self.holders.get(key).map(|holder| &holder.verifier)
    }

    /// The keys that hold a permission.
    pub(crate) fn with(&self, permission: P) -> impl Iterator<Item = &Verifier> {
        self.holders
            .values()
            .filter(move |holder| holder.holds(permission))
            .map(|holder| &holder.verifier)
    }

    /// The keys and what each was granted.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&VerifyingKey, &BTreeSet<P>)> {
        self.holders
            .iter()
            .map(|(key, holder)| (key, &holder.permissions))
    }

    pub(crate) fn check(&self, key: &VerifyingKey, permission: P) -> Result<(), KeyringError> {
        match self.holders.get(key) {
            Some(holder) if holder.holds(permission) => Ok(()),
            _ => Err(KeyringError::NotPermitted {
                name: key.name().to_string(),
                id: key.id(),
                permission: permission.word(),
            }),
        }
    }

    pub(crate) fn grant(
        &mut self,
        key: &VerifyingKey,
        permissions: &BTreeSet<P>,
    ) -> Result<(), KeyringError> {
        check_type(key)?;
        let named = (key.name().to_string(), key.id());
        match self.named.get(&named) {
            Some(other) if other != key => {
                return Err(KeyringError::SameId {
                    name: named.0,
                    id: named.1,
                });
            }
            _ => {}
        }
        if let Some(holder) = self.holders.get_mut(key) {
            holder.permissions.extend(permissions);
        } else {
            let holder = Holder {
                verifier: key.verifier()?,
                permissions: permissions.clone(),
            };
            self.holders.insert(key.clone(), holder);
        }
        self.named.insert(named, key.clone());
        Ok(())
    }

    pub(crate) fn revoke(
        &mut self,
        key: &VerifyingKey,
        permissions: &BTreeSet<P>,
    ) -> Result<(), KeyringError> {
        let lacks = |permission: &&P| {
            let holder = self.holders.get(key);
            !holder.is_some_and(|holder| holder.permissions.contains(*permission))
        };
        if let Some(permission) = permissions.iter().find(lacks) {
            return Err(KeyringError::NotHeld {
                name: key.name().to_string(),
                permission: permission.word(),
            });
        }
        let others = self.with(P::ROOT).any(|other| other.key() != key);
        if permissions.contains(&P::ROOT) && !others {
            return Err(KeyringError::Last {
                name: key.name().to_string(),
                permission: P::ROOT.word(),
            });
        }
        if let Some(holder) = self.holders.get_mut(key) {
            holder
                .permissions
                .retain(|held| !permissions.contains(held));
            if holder.permissions.is_empty() {
                self.holders.remove(key);
            }
        }
        Ok(())
    }
}

/// Demands a key that can sign records: a witness's key cannot.
pub(crate) fn check_type(key: &VerifyingKey) -> Result<(), KeyringError> {
    match key.algorithm() {
        Algorithm::Ed25519 => Ok(()),
        Algorithm::CosignatureV1 => Err(KeyringError::Type {
            name: key.name().to_string(),
        }),
    }
}

impl<P: Permission> Holder<P> {
    fn holds(&self, permission: P) -> bool {
        self.permissions.iter().any(|held| held.implies(permission))
    }
}
