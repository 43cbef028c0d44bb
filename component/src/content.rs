//! What the bytes of a content are: a component, or a WIT package in its binary form.
//!
//! The binary form of a WIT package is a component too: one that imports nothing and exports types alone. Components are
//! read with wasmparser, in one walk over their sections, and validated as a whole.

mod error;
mod sections;

use std::collections::BTreeSet;

use transparency::name::{ExternName, Kind};
use wasmparser::{ComponentExternalKind, Payload, Validator, WasmFeatures};

pub use self::error::ContentError;
pub(crate) use self::error::plain;
pub(crate) use self::sections::each_section;

/// The largest content, in bytes. A component of a whole Python runtime has 18 million.
pub const MAX_CONTENT: u64 = 256 << 20;

/// The version of a component's encoding.
const COMPONENT_VERSION: u16 = 13;

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
struct Names<'a> {
    imports: Vec<&'a str>,
    exports: Vec<(&'a str, ComponentExternalKind)>,
}

impl<'a> Names<'a> {
    /// Of bytes that need not be valid; nothing inside of nested modules and components is read.
    fn of(bytes: &'a [u8]) -> Result<Self, ContentError> {
        let mut names = Self::default();
        each_section(bytes, |payload| names.admit(payload))?;
        Ok(names)
    }

    fn admit(&mut self, payload: Payload<'a>) -> Result<(), ContentError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let name = import?.name.name;
                    check_name(name)?;
                    self.imports.push(name);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.exports.push((export.name.name, export.kind));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn kind(&self) -> Kind {
        let exports = self.exports.iter().map(|(_, kind)| *kind);
        kind(self.imports.len(), exports)
    }
}

/// What a component is, by how many imports it has and what it exports: a WIT package imports nothing and exports types
/// alone.
pub(crate) fn kind(
    imports: usize,
    mut exports: impl ExactSizeIterator<Item = ComponentExternalKind>,
) -> Kind {
    if imports == 0 && exports.len() > 0 && exports.all(|kind| kind == ComponentExternalKind::Type)
    {
        Kind::Wit
    } else {
        Kind::Component
    }
}

/// Whether bytes are a component or a WIT package, by their outside; they need not be valid.
///
/// # Errors
/// A core module, or no WebAssembly at all.
pub fn kind_of(bytes: &[u8]) -> Result<Kind, ContentError> {
    Ok(Names::of(bytes)?.kind())
}

/// What a component imports and exports, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The names of what it imports, ascending.
    pub imports: BTreeSet<ExternName>,
    /// The names of what it exports, ascending.
    pub exports: BTreeSet<ExternName>,
}

impl Interface {
    /// Validates a component and reads its outside.
    ///
    /// # Errors
    /// Bytes that are not a valid component, and a WIT package.
    pub fn of_component(bytes: &[u8]) -> Result<Self, ContentError> {
        Self::read(bytes)?.ok_or(ContentError::WitPackage)
    }

    /// The same of bytes that may be a WIT package; none where they are, which then need not be valid.
    ///
    /// # Errors
    /// A component that is not valid, a core module, or no WebAssembly at all.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, ContentError> {
        let names = Names::of(bytes)?;
        if names.kind() == Kind::Wit {
            return Ok(None);
        }
        check_valid(bytes)?;
        let imports = names.imports.iter().map(|name| name.parse());
        let exports = names.exports.iter().map(|(name, _)| name.parse());
        Ok(Some(Self {
            imports: imports.collect::<Result<_, _>>()?,
            exports: exports.collect::<Result<_, _>>()?,
        }))
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
