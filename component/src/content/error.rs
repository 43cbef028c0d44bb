//! Why bytes are no content.

use transparency::name::{NameError, PackageName};
use wasmparser::BinaryReaderError;

use super::{COMPONENT_VERSION, MAX_CONTENT};

/// Bytes that are no content.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Larger than [`MAX_CONTENT`].
    #[error("larger than {MAX_CONTENT} bytes")]
    TooLarge,
    /// They do not begin as WebAssembly does.
    #[error("not WebAssembly: a binary begins with `\\0asm`")]
    NotWasm,
    /// The text of a WIT package, where a binary is asked for.
    #[error("WIT as text, not WebAssembly")]
    WitText,
    /// A component in an encoding of before 2024.
    #[error(
        "a component in encoding {version}, which tools of before 2024 wrote; it is {COMPONENT_VERSION} since then"
    )]
    Outdated {
        /// The version of its encoding.
        version: u16,
    },
    /// An import or export under a name of a kind that components no longer have.
    #[error("`{name}` names a dependency in a way that components no longer have")]
    OldName {
        /// The name of the import or export.
        name: String,
        /// The package that it names, where it names one.
        package: Option<PackageName>,
    },
    /// A core module.
    #[error("a core module, not a component: `wasm-tools component new` makes a component of it")]
    Module,
    /// A component where a WIT package is asked for.
    #[error("a component, not a WIT package")]
    Component,
    /// A WIT package where a component is asked for.
    #[error("a WIT package, not a component")]
    WitPackage,
    /// WebAssembly that does not validate.
    #[error("not valid at byte {offset}: {message}")]
    Invalid {
        /// The byte at which it is not, from the start.
        offset: u64,
        /// The validator's words.
        message: String,
    },
    /// An import or export under a name that no record can hold.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl From<BinaryReaderError> for ContentError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid {
            offset: error.offset(),
            message: plain(error.message()).to_owned(),
        }
    }
}

/// The validator's words without what only its own source explains.
pub(crate) fn plain(message: &str) -> &str {
    message
        .split_once(" (ResourceId {")
        .map_or(message, |(words, _)| words)
}
