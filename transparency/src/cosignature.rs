//! Cosignatures of witnesses: "at this time, this was the largest tree that I found consistent".
//!
//! Which witnesses count, and how many of them, is the policy's; this file only checks what they signed.
//!
//! Follows C2SP `tlog-cosignature.md`, `cosignature/v1`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::key::{KeyError, SIGNATURE_LENGTH, SigningKey, Verifier, VerifyingKey};
use crate::note::{Note, SignatureLine};
use crate::number::Time;
use crate::policy::Policy;

/// The latest time of a cosignature, in seconds since 1970: what C2SP lets a witness sign.
const MAX_TIME: u64 = i64::MAX.unsigned_abs();

/// Why the cosignatures of a checkpoint do not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// A signature line of a known witness that is not a timestamp and a signature.
    #[error("the cosignature by `{name}` is malformed")]
    Form {
        /// The witness's key name.
        name: String,
    },
    /// A signature that does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Too few witnesses cosigned.
    #[error("the policy's quorum is not met: {count} of its witnesses cosigned this checkpoint")]
    Quorum {
        /// How many of the policy's witnesses did.
        count: usize,
    },
}

/// The bytes that a witness signs.
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// Cosigns a checkpoint's text.
pub fn cosign(text: &str, key: &SigningKey, time: Time) -> SignatureLine {
    let mut body = time.unix().to_be_bytes().to_vec();
    body.extend(key.sign(message(text, time.unix()).as_bytes()));
    SignatureLine::new(key, body)
}

/// Checks one line by one witness, and returns the time that the witness says.
///
/// # Errors
/// A malformed line, or a signature that does not verify.
pub fn check_cosignature(
    text: &str,
    line: &SignatureLine,
    witness: &Verifier,
) -> Result<u64, CosignatureError> {
    let form = || CosignatureError::Form {
        name: witness.key().name().into(),
    };
    let (time, signature) = line.signature().split_first_chunk::<8>().ok_or_else(form)?;
    let time = u64::from_be_bytes(*time);
    if signature.len() != SIGNATURE_LENGTH || time > MAX_TIME {
        return Err(form());
    }
    let message = message(text, time);
    witness.verify(message.as_bytes(), signature)?;
    Ok(time)
}

/// Demands the policy's quorum of a checkpoint's note, and returns the time that a quorum says, in seconds since 1970: the
/// latest one that enough witnesses reached. None where the policy demands no witness. Lines of unknown keys are ignored; a
/// bad line of a known witness refuses the note.
///
/// # Errors
/// A bad cosignature, or too few.
pub fn check_quorum(note: &Note, policy: &Policy) -> Result<Option<u64>, CosignatureError> {
    let mut times: BTreeMap<&VerifyingKey, u64> = BTreeMap::new();
    for witness in policy.witnesses() {
        for line in note.signatures().iter().filter(|line| line.is_by(witness)) {
            let time = check_cosignature(note.text(), line, witness)?;
            let latest = times.entry(witness.key()).or_insert(time);
            *latest = time.max(*latest);
        }
    }
    let mut cosigners = BTreeSet::new();
    if policy.is_quorum(&cosigners) {
        return Ok(None);
    }
    let mut latest: Vec<_> = times.into_iter().collect();
    latest.sort_by_key(|(_, time)| Reverse(*time));
    for (key, time) in latest {
        cosigners.insert(key.clone());
        if policy.is_quorum(&cosigners) {
            return Ok(Some(time));
        }
    }
    Err(CosignatureError::Quorum {
        count: cosigners.len(),
    })
}
