//! What a content says of itself, to be compared with what its record says.
//!
//! Publishing derives a release's claims from here. Whoever reads the release derives them again, and refuses a content that
//! contradicts its record.

use transparency::content::Derived;
use transparency::name::Kind;

use crate::content::{ContentError, Interface, kind_of};
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
    match kind_of(bytes)? {
        Kind::Component => {
            let Interface { imports, exports } = Interface::of_component(bytes)?;
            Ok(Derived::Component { imports, exports })
        }
        Kind::Wit => {
            let decoded = Decoded::open(bytes)?;
            let (name, version) = decoded.declares()?;
            Ok(Derived::Wit {
                name,
                version,
                requirements: decoded.requirements()?,
            })
        }
    }
}
