//! What the bytes of a content are, and what they say of themselves.
//!
//! Publishing derives a release's claims from here, and fetching compares a record's claims with the same: a content
//! that contradicts its record is refused. Components are read with wasmparser alone; a WIT package in its binary form
//! is a component too, one that exports component types and nothing else.

use std::collections::BTreeSet;

use transparency::content::Derived;
use transparency::name::{ExternName, Kind, NameError, PackageName};
use wasmparser::{
    BinaryReaderError, ComponentExternalKind, Encoding, Parser, Payload, Validator, WasmFeatures,
};

use crate::wit::binary::{BinaryError, Decoded, Refusal};

/// The largest content, in bytes. A component of a whole Python runtime has 18 million.
pub const MAX_CONTENT: u64 = 256 << 20;

/// The version of a component's encoding.
const COMPONENT_VERSION: u16 = 13;

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
        /// The name.
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
    /// A WIT package that does not decode.
    #[error(transparent)]
    Wit(#[from] BinaryError),
    /// A WIT package that decodes and may not be released.
    #[error("the WIT package may not be released")]
    Refused(#[source] Box<Refusal>),
}

impl From<Refusal> for ContentError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
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

/// What wasmparser accepts by default, and what components of WASI 0.3 may use: the whole async ABI.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_ERROR_CONTEXT
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
}

/// Refuses a name that the component model once had for what a component depends on.
fn check_name(name: &str) -> Result<(), ContentError> {
    let old = ["unlocked-dep=<", "locked-dep=<"];
    let Some(package) = old.iter().find_map(|old| name.strip_prefix(old)) else {
        return Ok(());
    };
    let end = package.find(['@', '>']).unwrap_or(package.len());
    Err(ContentError::OldName {
        name: name.to_owned(),
        package: package.get(..end).and_then(|name| name.parse().ok()),
    })
}

/// The names at a component's outside, and what is exported under them.
#[derive(Default)]
struct Outside<'a> {
    imports: Vec<&'a str>,
    exports: Vec<(&'a str, ComponentExternalKind)>,
}

impl<'a> Outside<'a> {
    /// Of bytes that need not be valid; nothing inside of nested modules and components is read.
    fn of(bytes: &'a [u8]) -> Result<Self, ContentError> {
        check_binary(bytes)?;
        let mut outside = Self::default();
        let mut depth = 0u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } if depth == 0 => return Err(ContentError::Module),
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let name = import?.name.name;
                        check_name(name)?;
                        outside.imports.push(name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export?;
                        outside.exports.push((export.name.name, export.kind));
                    }
                }
                _ => {}
            }
        }
        Ok(outside)
    }

    fn kind(&self) -> Kind {
        let types_only = self
            .exports
            .iter()
            .all(|(_, kind)| *kind == ComponentExternalKind::Type);
        if self.imports.is_empty() && !self.exports.is_empty() && types_only {
            Kind::Wit
        } else {
            Kind::Component
        }
    }
}

/// Whether bytes are a component or a WIT package, by their outside; they need not be valid.
///
/// # Errors
/// A core module, or no WebAssembly at all.
pub fn kind_of(bytes: &[u8]) -> Result<Kind, ContentError> {
    Ok(Outside::of(bytes)?.kind())
}

/// What a component imports and exports, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Ascending.
    pub imports: BTreeSet<ExternName>,
    /// Ascending.
    pub exports: BTreeSet<ExternName>,
}

impl Interface {
    /// Validates a component and reads its outside.
    ///
    /// # Errors
    /// Bytes that are not a valid component, and a WIT package.
    pub fn of_component(bytes: &[u8]) -> Result<Self, ContentError> {
        let outside = Outside::of(bytes)?;
        if outside.kind() == Kind::Wit {
            return Err(ContentError::WitPackage);
        }
        check_valid(bytes)?;
        let imports = outside.imports.iter().map(|name| name.parse());
        let exports = outside.exports.iter().map(|(name, _)| name.parse());
        Ok(Self {
            imports: imports.collect::<Result<_, _>>()?,
            exports: exports.collect::<Result<_, _>>()?,
        })
    }
}

/// Whether bytes could be WebAssembly at all, before anything is read of them.
///
/// # Errors
/// More than a content may have, and what does not begin as a binary does.
pub(crate) fn check_binary(bytes: &[u8]) -> Result<(), ContentError> {
    if u64::try_from(bytes.len()).map_or(true, |size| size > MAX_CONTENT) {
        return Err(ContentError::TooLarge);
    }
    let Some(encoding) = bytes.strip_prefix(b"\0asm") else {
        return Err(if is_wit_text(bytes) {
            ContentError::WitText
        } else {
            ContentError::NotWasm
        });
    };
    if let [low, high, 1, 0, ..] = *encoding
        && let version = u16::from_le_bytes([low, high])
        && version < COMPONENT_VERSION
    {
        return Err(ContentError::Outdated { version });
    }
    Ok(())
}

/// Whether bytes begin as a file of WIT does, comments aside.
fn is_wit_text(bytes: &[u8]) -> bool {
    let Ok(mut rest) = std::str::from_utf8(bytes) else {
        return false;
    };
    loop {
        rest = rest.trim_start();
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            break;
        };
    }
    let begins = |word: &str| {
        let after = rest.strip_prefix(word);
        after.is_some_and(|after| after.starts_with(char::is_whitespace))
    };
    ["package", "interface", "world", "use"]
        .into_iter()
        .any(begins)
}

/// Whether bytes are valid, all that is in them included.
///
/// # Errors
/// WebAssembly that does not validate.
pub(crate) fn check_valid(bytes: &[u8]) -> Result<(), ContentError> {
    check_binary(bytes)?;
    Validator::new_with_features(features()).validate_all(bytes)?;
    Ok(())
}

/// What a content is and says of itself, to be compared with what its record says.
///
/// # Errors
/// Bytes that are neither a valid component nor a WIT package that may be released.
pub fn derive(bytes: &[u8]) -> Result<Derived, ContentError> {
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
