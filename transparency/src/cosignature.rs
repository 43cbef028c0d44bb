//! Cosignatures of witnesses: "at this time, this was the largest tree that I found consistent".
//!
//! Which witnesses count, and how many of them, is the policy's; this file only checks what they signed.
//!
//! Follows C2SP `tlog-cosignature.md`, `cosignature/v1`.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use crate::key::{KeyError, SIGNATURE_LENGTH, SigningKey, Verifier, VerifyingKey};
use crate::note::{Note, SignatureLine};
use crate::number::Time;
use crate::policy::Policy;

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

/// Checks one line by one witness.
///
/// # Errors
/// A malformed line, or a signature that does not verify.
pub fn check_cosignature(
    text: &str,
    line: &SignatureLine,
    witness: &Verifier,
) -> Result<(), CosignatureError> {
    let form = || CosignatureError::Form {
        name: witness.key().name().into(),
    };
    let (time, signature) = line.signature().split_first_chunk::<8>().ok_or_else(form)?;
    if signature.len() != SIGNATURE_LENGTH {
        return Err(form());
    }
    let message = message(text, u64::from_be_bytes(*time));
    Ok(witness.verify(message.as_bytes(), signature)?)
}

/// Demands the policy's quorum of a checkpoint's note. Lines of unknown keys are ignored; a bad line of a known witness
/// refuses the note.
///
/// # Errors
/// A bad cosignature, or too few.
pub fn check_quorum(note: &Note, policy: &Policy) -> Result<(), CosignatureError> {
    let mut cosigners: BTreeSet<VerifyingKey> = BTreeSet::new();
    for witness in policy.witnesses() {
        for line in note.signatures().iter().filter(|line| line.is_by(witness)) {
            check_cosignature(note.text(), line, witness)?;
            cosigners.insert(witness.key().clone());
        }
    }
    if policy.is_quorum(&cosigners) {
        Ok(())
    } else {
        Err(CosignatureError::Quorum {
            count: cosigners.len(),
        })
    }
}
