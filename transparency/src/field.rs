//! Fields of canonical lines: what a line's words may hold, and free text.
//!
//! Lines are printable ASCII with single spaces, so free text (reasons, annotations) is UTF-8, percent-encoded: every
//! byte but visible ASCII without `%` becomes `%XX`, upper case. Control characters have no encoding: what a stranger
//! signed is printed on somebody's terminal one day.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::digest::parse_hex;

/// The longest free text, in bytes before encoding: a reason is a sentence or two.
pub const MAX_FREE_TEXT: usize = 1024;

/// Whether a character reorders or hides the text around it on a terminal, or controls it. The one list: what records may not
/// hold, and what is escaped before anything else that a stranger wrote is shown.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether a text can stand in a record as free text.
pub fn is_free_text(text: &str) -> bool {
    (1..=MAX_FREE_TEXT).contains(&text.len()) && !text.contains(is_deceptive)
}

/// Whether this is how a value is written: parse, print, compare, without a copy to compare with.
pub fn is_spelling(text: &str, value: &impl fmt::Display) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// What stands before and behind the first of an ASCII character. In words this short, looking at each byte is quicker than
/// searching as `str::split_once` does.
pub fn split_word(text: &str, at: u8) -> Option<(&str, &str)> {
    let position = text.bytes().position(|byte| byte == at)?;
    let (before, rest) = text.split_at_checked(position)?;
    Some((before, rest.get(1..)?))
}

/// What is still to be written of a text that is known.
struct Rest<'t>(&'t str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// The encoded form of a free text.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The free text of an encoded form; none unless it is the one encoding of an allowed text.
pub fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            let digits = core::str::from_utf8(digits).ok()?.to_ascii_lowercase();
            bytes.extend(parse_hex::<1>(&digits)?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (is_free_text(&text) && encode(&text) == encoded).then_some(text)
}
