//! A record that was looked at by itself: read, and its signature checked by the key that it names.
//!
//! That is nearly all of the work of a replay, and no record needs another one for it: so it can be done in any order, on
//! as many cores as there are. Whether the record follows, and whether its key may sign here, is the log's to say, in order
//! ([`Replay`](super::Replay)); of what is wrong, the log tells what it would have found first.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Action, Fault};
use crate::key::{Verifier, VerifyingKey};
use crate::keyring::Keyring;
use crate::record::{RecordError, SignedRecord};
use crate::unverified::Unverified;

/// A record that was read, and whose signature was checked by the key that it names; or what is wrong with it.
#[derive(Debug, Clone)]
pub struct OpenedRecord(Result<Checked, RecordError>);

#[derive(Debug, Clone)]
struct Checked {
    record: SignedRecord<Action>,
    signature: Result<(), Fault>,
}

impl OpenedRecord {
    /// Opens some records.
    pub fn open_all<'b>(records: impl IntoIterator<Item = &'b [u8]>) -> Vec<Self> {
        let mut verifiers: BTreeMap<VerifyingKey, Verifier> = BTreeMap::new();
        let mut open = |bytes| {
            Self::open(bytes, |record| {
                let signer = &record.signer;
                if !verifiers.contains_key(signer) {
                    verifiers.insert(signer.clone(), signer.verifier()?);
                }
                match verifiers.get(signer) {
                    Some(verifier) => Ok(record.check_signature(verifier)?),
                    None => Ok(()), // it was put there
                }
            })
        };
        records.into_iter().map(&mut open).collect()
    }

    /// Opens a record, whose signer may be one of these keys.
    pub(super) fn open_by(bytes: &[u8], keyring: &Keyring<super::Permission>) -> Self {
        Self::open(bytes, |record| match keyring.verifier(&record.signer) {
            Some(verifier) => Ok(record.check_signature(verifier)?),
            None => Ok(record.check_signature(&record.signer.verifier()?)?),
        })
    }

    /// Opens a record of which it is known that its signature is good.
    pub(super) fn open_signed(bytes: &[u8]) -> Self {
        Self::open(bytes, |_| Ok(()))
    }

    fn open(bytes: &[u8], check: impl FnOnce(&SignedRecord<Action>) -> Result<(), Fault>) -> Self {
        let record = Unverified::<SignedRecord<Action>>::parse(bytes);
        Self(record.map(|record| {
            let record = record.into_claims();
            Checked {
                signature: check(&record),
                record,
            }
        }))
    }

    /// What it says; nothing where it does not read.
    pub(super) fn claims(&self) -> Option<&SignedRecord<Action>> {
        self.0.as_ref().ok().map(|checked| &checked.record)
    }

    /// The record, and whether its signature is good.
    pub(super) fn into_parts(self) -> Result<(SignedRecord<Action>, Result<(), Fault>), Fault> {
        let Checked { record, signature } = self.0?;
        Ok((record, signature))
    }
}
