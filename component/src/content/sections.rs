//! The one walk over the sections of a component.

use wasmparser::{Chunk, Encoding, Parser, Payload};

use super::{ContentError, check_binary};

/// Shows each section of a component, its header first. Nested modules and components stay closed.
///
/// # Errors
/// Bytes that are no component, or do not read; what the caller makes of a section.
pub(crate) fn each_section<'a, E: From<ContentError>>(
    bytes: &'a [u8],
    mut each: impl FnMut(Payload<'a>) -> Result<(), E>,
) -> Result<(), E> {
    check_binary(bytes)?;
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let chunk = parser.parse(rest, true).map_err(ContentError::from)?;
        let Chunk::Parsed { consumed, payload } = chunk else {
            return Ok(()); // Not where all is there.
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match &payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => return Err(ContentError::Module.into()),
            Payload::End(_) => return Ok(()),
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let length = unchecked_range.end.saturating_sub(unchecked_range.start);
                let after = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(length..));
                let Some(after) = after else {
                    return Err(ContentError::Invalid {
                        offset: unchecked_range.start,
                        message: "a section is longer than the component".to_owned(),
                    }
                    .into());
                };
                rest = after;
            }
            _ => {}
        }
        each(payload)?;
    }
}
