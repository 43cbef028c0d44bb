//! Ed25519 keys in C2SP's text forms: vkeys, and the private form of Go's `note` package.
//!
//! This is the only file that signs and the only one that checks a signature. A [`VerifyingKey`] is a text that names a
//! key; a [`Verifier`] is the same key made ready, which costs a point decompression: logs make it once a key, not
//! once a record. Verification is always strict (`verify_strict`): no small-order keys, no malleable signatures.
//!
//! Follows C2SP `signed-note.md` (key ids and vkeys) and `tlog-cosignature.md` (key type 0x04).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64ct::{Base64, Encoding};
use ed25519_dalek::Signer;

use crate::digest::{Digest, parse_hex};

/// The longest key name, in bytes: that of an origin, which is the name of a registry's keys.
pub const MAX_KEY_NAME: usize = 255;

/// The length of an Ed25519 signature in bytes.
pub const SIGNATURE_LENGTH: usize = 64;

const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// Why a text is not a key, or a signature not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A text that is not written `NAME+ID+BASE64`.
    #[error("`{text}` is not a verifier key: expected `NAME+ID+BASE64`")]
    Form {
        /// What stood there.
        text: String,
    },
    /// A secret key that does not parse; its text is not repeated.
    #[error("not a secret key: expected `PRIVATE+KEY+NAME+ID+BASE64`")]
    Secret,
    /// The id is not the one that name and key have.
    #[error("the id in `{text}` does not belong to its name and key: a part of it was changed")]
    Id {
        /// What stood there.
        text: String,
    },
    /// A name with a space, a plus or a control character, or none.
    #[error(
        "`{name}` cannot name a key: expected 1 to 255 characters without space, `+` or control characters"
    )]
    Name {
        /// What stood there.
        name: String,
    },
    /// An algorithm that this version does not know.
    #[error(
        "key `{name}` is of type {algorithm:#04x}, which this version of cargo warg does not know"
    )]
    Algorithm {
        /// The key's name.
        name: String,
        /// The type byte.
        algorithm: u8,
    },
    /// Not a point of the curve, or one of small order.
    #[error("the bytes of key `{name}` are not an Ed25519 public key")]
    Point {
        /// The key's name.
        name: String,
    },
    /// The signature does not verify.
    #[error("the signature by `{name}` does not verify")]
    Signature {
        /// The key's name.
        name: String,
    },
}

/// The first four bytes of the hash of a key and its name. A hint where to look, never a proof of identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Type 0x01: the text of a note. Publishers, operators, checkpoints.
    Ed25519,
    /// Type 0x04: a timestamped cosignature. Witnesses.
    CosignatureV1,
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::CosignatureV1),
            _ => None,
        }
    }
}

/// Whether a text can name a key of ours: C2SP's rule, with a length.
pub(crate) fn is_key_name(name: &str) -> bool {
    name.len() <= MAX_KEY_NAME && is_signer_name(name)
}

/// Whether a text can stand as the name of a signer: of a key that nobody here knows, it may be of any length.
pub(crate) fn is_signer_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// The type and length of an ML-DSA-44 key, as C2SP's cosignatures have it.
const ML_DSA_44: (u8, usize) = (0x06, 1312);

/// Whether a text is the vkey of a witness that signs by ML-DSA-44, which no version of this program can check yet.
pub(crate) fn is_ml_dsa_witness(text: &str) -> bool {
    let read = || {
        let (name, tail) = text.split_once('+')?;
        let (id, encoded) = tail.split_once('+')?;
        let bytes = Base64::decode_vec(encoded).ok()?;
        let (algorithm, key) = bytes.split_first()?;
        let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &bytes]);
        let good = is_key_name(name)
            && (*algorithm, key.len()) == ML_DSA_44
            && Base64::encode_string(&bytes) == encoded
            && digest.as_bytes().starts_with(&parse_hex::<4>(id)?);
        good.then_some(())
    };
    read().is_some()
}

fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> KeyId {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[algorithm.byte()], public]);
    let [a, b, c, d, ..] = *digest.as_bytes();
    KeyId([a, b, c, d])
}

/// `ID+BASE64(type ‖ 32 bytes)`, the tail of both text forms.
fn parse_tail(tail: &str) -> Option<(KeyId, u8, [u8; 32])> {
    let (id, encoded) = tail.split_once('+')?;
    let mut decoded = [0; 33];
    let bytes = Base64::decode(encoded, &mut decoded).ok()?;
    if Base64::encode_string(bytes) != encoded {
        return None;
    }
    let (algorithm, key) = bytes.split_first()?;
    Some((KeyId(parse_hex(id)?), *algorithm, key.try_into().ok()?))
}

/// A public key with its name: `NAME+ID+BASE64`.
///
/// Parsing shows that the parts belong together, not that the key is one: see [`VerifyingKey::verifier`].
///
/// ```
/// use transparency::key::{SigningKey, Algorithm};
/// let secret = SigningKey::from_seed("acme/ci", Algorithm::Ed25519, [7; 32]).unwrap();
/// let vkey = secret.verifying_key().to_string();
/// assert!(vkey.starts_with("acme/ci+"));
/// assert_eq!(vkey.parse(), Ok(secret.verifying_key().clone()));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifyingKey {
    name: String,
    id: KeyId,
    algorithm: Algorithm,
    public: [u8; 32],
}

impl VerifyingKey {
    /// A key that nobody has: of releases that nobody made.
    #[cfg(feature = "danger")]
    pub(crate) fn danger_of_nobody() -> Self {
        let (name, algorithm, public) = ("nobody".to_string(), Algorithm::Ed25519, [0; 32]);
        Self {
            id: key_id(&name, algorithm, &public),
            name,
            algorithm,
            public,
        }
    }

    /// The name that it signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id, as signature lines hold it.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bare 32 bytes: what makes two keys the same key under two names.
    pub fn public_bytes(&self) -> &[u8; 32] {
        &self.public
    }

    /// Makes the key ready to verify.
    ///
    /// # Errors
    /// Bytes that are not a point of the curve, or a point of small order (under which any message can be signed).
    pub fn verifier(&self) -> Result<Verifier, KeyError> {
        match ed25519_dalek::VerifyingKey::from_bytes(&self.public) {
            Ok(point) if !point.is_weak() => Ok(Verifier {
                key: self.clone(),
                point,
            }),
            _ => Err(KeyError::Point {
                name: self.name.clone(),
            }),
        }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tail = Vec::from([self.algorithm.byte()]);
        tail.extend(self.public);
        write!(
            f,
            "{}+{}+{}",
            self.name,
            self.id,
            Base64::encode_string(&tail)
        )
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let form = || KeyError::Form {
            text: text.to_string(),
        };
        let (name, tail) = text.split_once('+').ok_or_else(form)?;
        let (id, byte, public) = parse_tail(tail).ok_or_else(form)?;
        if !is_key_name(name) {
            return Err(form());
        }
        let algorithm = Algorithm::from_byte(byte).ok_or_else(|| KeyError::Algorithm {
            name: name.to_string(),
            algorithm: byte,
        })?;
        if key_id(name, algorithm, &public) != id {
            return Err(KeyError::Id {
                text: text.to_string(),
            });
        }
        Ok(Self {
            name: name.to_string(),
            id,
            algorithm,
            public,
        })
    }
}

/// A public key that is known to be one, ready to verify.
#[derive(Debug, Clone)]
pub struct Verifier {
    key: VerifyingKey,
    point: ed25519_dalek::VerifyingKey,
}

impl Verifier {
    /// The key that signatures are checked with.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Checks a signature over a message, strictly (RFC 8032, with small-order and non-canonical values refused).
    ///
    /// # Errors
    /// Any signature that does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        signature
            .try_into()
            .map(|bytes| ed25519_dalek::Signature::from_bytes(&bytes))
            .ok()
            .and_then(|signature| self.point.verify_strict(message, &signature).ok())
            .ok_or_else(|| KeyError::Signature {
                name: self.key.name.clone(),
            })
    }
}

/// A secret key with its name. It has no `Debug` and no `Display`: it is never printed.
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// The key of 32 random bytes. Where they come from is the caller's business.
    ///
    /// # Errors
    /// A name that cannot name a key.
    pub fn from_seed(name: &str, algorithm: Algorithm, seed: [u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name {
                name: name.to_string(),
            });
        }
        let secret = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public = secret.verifying_key().to_bytes();
        Ok(Self {
            secret,
            verifying: VerifyingKey {
                name: name.to_string(),
                id: key_id(name, algorithm, &public),
                algorithm,
                public,
            },
        })
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs a message. Ed25519 is deterministic: the same message gives the same 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        self.secret.sign(message).to_bytes()
    }

    /// The secret itself, `PRIVATE+KEY+NAME+ID+BASE64`: for the key file, and for nothing else.
    pub fn danger_secret_text(&self) -> String {
        let mut tail = Vec::from([self.verifying.algorithm.byte()]);
        tail.extend(self.secret.as_bytes());
        let VerifyingKey { name, id, .. } = &self.verifying;
        alloc::format!(
            "{PRIVATE_PREFIX}{name}+{id}+{}",
            Base64::encode_string(&tail)
        )
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, tail) = text
            .strip_prefix(PRIVATE_PREFIX)
            .and_then(|rest| rest.split_once('+'))
            .ok_or(KeyError::Secret)?;
        let (id, byte, seed) = parse_tail(tail).ok_or(KeyError::Secret)?;
        let algorithm = Algorithm::from_byte(byte).ok_or_else(|| KeyError::Algorithm {
            name: name.to_string(),
            algorithm: byte,
        })?;
        let key = Self::from_seed(name, algorithm, seed)?;
        if key.verifying.id == id {
            Ok(key)
        } else {
            Err(KeyError::Secret)
        }
    }
}
