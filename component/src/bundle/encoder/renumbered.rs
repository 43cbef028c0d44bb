//! Types of a part, written with the numbers that they have in the bundle.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error as ReencodeError, Reencode, ReencodeComponent};

use crate::bundle::error::ComposeError;

/// A type with other numbers in it.
pub(super) struct Renumbered<'m>(pub(super) &'m dyn Fn(u32) -> Option<u32>);

impl Reencode for Renumbered<'_> {
    type Error = Infallible;
}

impl ReencodeComponent for Renumbered<'_> {
    fn component_type_index(&mut self, index: u32) -> u32 {
        // The validator refuses an index that is not there.
        (self.0)(index).unwrap_or(u32::MAX)
    }
}

pub(super) fn unwritten<T>(
    written: Result<T, ReencodeError<Infallible>>,
) -> Result<T, ComposeError> {
    written.map_err(|error| ComposeError::Bundle {
        message: error.to_string(),
    })
}
