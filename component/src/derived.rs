//! What a content says of itself, to be compared with what its record says.
//!
//! Publishing derives a release's claims from here. Whoever reads the release derives them again, and refuses a content that
//! contradicts its record.

use transparency::content::Derived;

use crate::content::{ContentError, Interface};
use crate::wit::binary::{BinaryError, Decoded, Refusal};

/// Bytes of which no claims can be derived.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// They are no content, or a component that is not valid.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A WIT package that does not decode.
    #[error(transparent)]
    Wit(#[from] BinaryError),
    /// A WIT package that decodes and may not be released.
    #[error("the WIT package may not be released")]
    Refused(#[source] Box<Refusal>),
}

impl From<Refusal> for DeriveError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// What a content is and says of itself.
///
/// # Errors
/// Bytes that are neither a valid component nor a WIT package that may be released.
pub fn derive(bytes: &[u8]) -> Result<Derived, DeriveError> {
    if let Some(Interface { imports, exports }) = Interface::read(bytes)? {
        return Ok(Derived::Component { imports, exports });
    }
    let decoded = Decoded::open(bytes)?;
    let (name, version) = decoded.declares()?;
    Ok(Derived::Wit {
        name,
        version,
        requirements: decoded.requirements()?,
    })
}
