//! Signed notes: a text and the signatures below it.
//!
//! A note says nothing by itself: which signatures are asked for is decided by whoever opens it. Records demand
//! exactly one, by the key they name; checkpoints demand one by a key of the operator log, count the cosignatures that
//! the policy knows, and ignore the rest.
//!
//! Follows C2SP `signed-note.md`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};

use crate::key::{KeyError, KeyId, SigningKey, Verifier, is_signer_name};

/// The longest note, in bytes. A record has at most 65,535, a checkpoint with a hundred cosignatures some 20,000.
pub const MAX_NOTE: usize = 128 * 1024;
/// The most signature lines of a note. C2SP asks verifiers for at least 16; Go and azul stop at 100.
pub const MAX_SIGNATURES: usize = 100;

/// Why bytes are not a signed note, or its signatures not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes than any note has.
    #[error("longer than {MAX_NOTE} bytes")]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("not plain UTF-8 text")]
    Text,
    /// No blank line, no text above it, no signature below it, or no final line end.
    #[error("not a signed note: expected a text, a blank line, and signature lines")]
    Form,
    /// A line below the blank line that is not a signature.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which one, from 1.
        line: usize,
    },
    /// Too many signature lines.
    #[error("more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// None of the signatures is by a key that is asked for.
    #[error("no signature by a known key; it is signed by {signers}")]
    NoKnownKey {
        /// The names and ids that did sign.
        signers: String,
    },
    /// A signature by a known key does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// One signature line: `— NAME BASE64(id ‖ signature)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of that key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The bytes behind the id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether it says to be by this key: same name, same id.
    pub fn is_by(&self, verifier: &Verifier) -> bool {
        self.name == verifier.key().name() && self.id == verifier.key().id()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = Base64::decode_vec(encoded).ok()?;
        // base64ct decodes canonical text only; printing again keeps that true whatever it does.
        if !is_signer_name(name) || Base64::encode_string(&bytes) != encoded {
            return None;
        }
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        (!signature.is_empty()).then(|| Self {
            name: name.to_string(),
            id: KeyId::from_bytes(*id),
            signature: signature.to_vec(),
        })
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.as_bytes().to_vec();
        bytes.extend(&self.signature);
        writeln!(f, "— {} {}", self.name, Base64::encode_string(&bytes))
    }
}

/// A text with its signature lines. Parsed, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note; its signatures are not looked at.
    ///
    /// # Errors
    /// Bytes that are not a signed note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong);
        }
        let whole = core::str::from_utf8(bytes).map_err(|_| NoteError::Text)?;
        if whole.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Text);
        }
        let blank = whole.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, below) = whole
            .split_at_checked(blank.saturating_add(1))
            .ok_or(NoteError::Form)?;
        let lines = below
            .strip_prefix('\n')
            .and_then(|below| below.strip_suffix('\n'))
            .ok_or(NoteError::Form)?;
        let mut signatures = Vec::new();
        for (number, line) in lines.split('\n').enumerate() {
            if number >= MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let line = SignatureLine::parse(line).ok_or(NoteError::SignatureLine {
                line: number.saturating_add(1),
            })?;
            signatures.push(line);
        }
        Ok(Self {
            text: text.to_string(),
            signatures,
        })
    }

    /// Signs a text, which ends with a line end.
    pub fn sign(text: String, key: &SigningKey) -> Self {
        let signature = SignatureLine {
            name: key.verifying_key().name().to_string(),
            id: key.verifying_key().id(),
            signature: key.sign(text.as_bytes()).to_vec(),
        };
        Self {
            text,
            signatures: Vec::from([signature]),
        }
    }

    /// Adds a signature line, such as a witness's cosignature.
    #[must_use]
    pub fn with(mut self, line: SignatureLine) -> Self {
        self.signatures.push(line);
        self
    }

    /// The text, with its last line end: the bytes that are signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Demands a good signature by one of some keys, and that no signature by any of them is bad. Signatures by others
    /// are ignored.
    ///
    /// # Errors
    /// No signature by one of the keys, or one that does not verify.
    pub fn check_signed_by<'v>(
        &self,
        verifiers: impl IntoIterator<Item = &'v Verifier>,
    ) -> Result<(), NoteError> {
        let mut known = false;
        for verifier in verifiers {
            for line in self.signatures.iter().filter(|line| line.is_by(verifier)) {
                verifier.verify(self.text.as_bytes(), &line.signature)?;
                known = true;
            }
        }
        if known {
            return Ok(());
        }
        let signers: Vec<_> = self
            .signatures
            .iter()
            .map(|line| alloc::format!("`{}` ({})", line.name, line.id))
            .collect();
        Err(NoteError::NoKnownKey {
            signers: signers.join(", "),
        })
    }
}

impl SignatureLine {
    /// A line made of its parts; for signatures that are not over the bare text, such as cosignatures.
    pub(crate) fn new(key: &SigningKey, signature: Vec<u8>) -> Self {
        Self {
            name: key.verifying_key().name().to_string(),
            id: key.verifying_key().id(),
            signature,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| line.fmt(f))
    }
}
