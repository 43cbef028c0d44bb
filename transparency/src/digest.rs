//! SHA-256, and the two things it is used for: naming bytes, and RFC 6962 tree hashing.
//!
//! This is the only file that hashes. The two uses have two types, so that the digest of a content can never stand
//! where the hash of a log entry is asked for.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use base64ct::{Base64, Encoding};
use sha2::{Digest as _, Sha256};

/// A text that is not a digest or hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("`{text}` is not `sha256:` and 64 lower-case hexadecimal digits")]
    Hex {
        /// What stood there.
        text: String,
    },
    /// Not the canonical base64 of 32 bytes.
    #[error("`{text}` is not the base64 of 32 bytes")]
    Base64 {
        /// What stood there.
        text: String,
    },
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// One write for all: records hold several hashes, and each is printed whenever one is read.
fn write_hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
    }
    f.write_str(core::str::from_utf8(&text).unwrap_or_default())
}

/// Lower-case hexadecimal to bytes; none for anything else.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    // Without a branch, many digits are looked at together: locks have hundreds of thousands.
    let is_digit = |byte: u8| (byte.wrapping_sub(b'0') < 10) | (byte.wrapping_sub(b'a') < 6);
    // Of the codes of digits, the low half counts from 0, and of those of letters from 1: these have the bit of 64.
    let value = |byte: u8| (byte & 0x0f).wrapping_add((byte >> 6).wrapping_mul(9));
    let good = text.bytes().fold(true, |good, byte| good & is_digit(byte));
    let pairs = text.as_bytes().as_chunks::<2>().0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (value(*high) << 4) | value(*low);
    }
    good.then_some(bytes)
}

macro_rules! sha256_value {
    ($name:ident) => {
        impl $name {
            /// Thirty-two zero bytes: what stands where there is nothing before.
            pub const ZERO: Self = Self([0; 32]);

            /// A value that was computed elsewhere. It proves nothing until it is compared.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("sha256:")?;
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                text.strip_prefix("sha256:")
                    .and_then(parse_hex)
                    .map(Self)
                    .ok_or_else(|| DigestError::Hex {
                        text: text.to_string(),
                    })
            }
        }
    };
}

/// The SHA-256 of some bytes: a content, a map page, a checkpoint's text. Written `sha256:<hex>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

sha256_value!(Digest);

impl Digest {
    /// The digest of bytes that lie in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a sequence of parts, as if they lay one behind the other.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut sha256 = Sha256::new();
        for part in parts {
            sha256.update(part);
        }
        Self(sha256.finalize().into())
    }

    /// The 64 hexadecimal digits, as in the names of files.
    pub fn hex(&self) -> String {
        let mut text = self.to_string();
        text.drain(.."sha256:".len());
        text
    }
}

/// A hash of RFC 6962 §2.1: of a log entry, or of a tree over entries.
///
/// A record's hash is its leaf hash; `prev`, package heads, the lock and the tiles all hold that one value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

sha256_value!(Hash);

impl Hash {
    /// The hash of a log entry: SHA-256(0x00 ‖ entry).
    pub fn of_leaf(entry: &[u8]) -> Self {
        Self(Digest::of_parts(&[&[0x00], entry]).0)
    }

    /// The hash of a tree over two others: SHA-256(0x01 ‖ left ‖ right).
    pub fn of_node(left: &Self, right: &Self) -> Self {
        let mut sha256 = Sha256::new();
        sha256.update([0x01]);
        sha256.update(left.0);
        sha256.update(right.0);
        Self(sha256.finalize().into())
    }

    /// The root of the empty tree: SHA-256 of nothing.
    pub fn of_empty() -> Self {
        Self(Digest::of(b"").0)
    }

    /// Base64, as in a checkpoint.
    pub fn base64(&self) -> String {
        Base64::encode_string(&self.0)
    }

    /// The inverse of [`Hash::base64`].
    ///
    /// # Errors
    /// Anything but the one base64 spelling of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        match Base64::decode(text, &mut bytes) {
            Ok(decoded) if decoded.len() == 32 && Base64::encode_string(decoded) == text => {
                Ok(Self(bytes))
            }
            _ => Err(DigestError::Base64 {
                text: text.to_string(),
            }),
        }
    }
}
