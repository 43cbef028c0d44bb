//! What a bundle says of itself: a custom section at its end, with the lock that it was made from.
//!
//! ```text
//! format 1
//! root sha256:…                          the digest of the root's content
//! wire acme:clock/now acme:fake-clock    each redirection, ascending
//!
//! …the lock of that root alone, as warg.lock
//! ```
//! The lock is a text here, which whoever solves reads. Reading shows that the section is well written and that the root is
//! in the bundle. All of that is a claim until the bundle was made again from verified contents.

use std::fmt::Write as _;
use std::ops::Range;

use transparency::digest::Digest;
use wasmparser::Payload;

use super::error::EmbeddedError;
use super::{FORMAT, Wiring};
use crate::content::each_section;

/// The name of the custom section.
pub const SECTION: &str = "cargo-warg:lock";
/// The largest section, in bytes: the largest lock, of 16 MiB, and a thousand redirections.
pub const MAX_SECTION: usize = 17 << 20;

/// What a bundle says of itself, and where its components lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// The number of its encoding.
    pub format: u64,
    /// The digest of the root's content.
    pub root: Digest,
    /// What the root redirects.
    pub wire: Wiring,
    /// The lock of the root alone, as text.
    pub lock: String,
    /// The components in it, in the order in which they lie there.
    pub nested: Vec<Nested>,
}

/// A component inside of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Where it lies, in bytes from the start of the bundle.
    pub range: Range<usize>,
    /// The SHA-256 of those bytes.
    pub digest: Digest,
}

impl Embedded {
    /// The root's own component.
    pub fn root(&self) -> Option<&Nested> {
        // It is the last: nothing is served by it.
        self.nested.iter().rfind(|one| one.digest == self.root)
    }
}

/// The text of the section.
pub(super) fn text(format: u64, root: &Digest, wire: &Wiring, lock: &str) -> String {
    let mut text = format!("format {format}\nroot {root}\n");
    for (import, name) in &wire.0 {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "wire {import} {name}");
    }
    let _ = write!(text, "\n{lock}");
    text
}

/// Reads what a bundle says of itself, and checks that the components in it are those that it names.
///
/// # Errors
/// No component; no section, or several; a section that no cargo warg writes; other components than it names.
pub fn open(bytes: &[u8]) -> Result<Embedded, EmbeddedError> {
    let mut sections: Vec<&[u8]> = Vec::new();
    let mut is_last = false;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    each_section(bytes, |payload| {
        is_last = false;
        match payload {
            Payload::CustomSection(custom) if custom.name() == SECTION => {
                sections.push(custom.data());
                is_last = true;
            }
            Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                ranges.push(offset(unchecked_range.start)..offset(unchecked_range.end));
            }
            _ => {}
        }
        Ok::<(), EmbeddedError>(())
    })?;
    let section = match sections.as_slice() {
        [] => return Err(EmbeddedError::Missing),
        [section] => *section,
        several => {
            return Err(EmbeddedError::Several {
                count: several.len(),
            });
        }
    };
    if !is_last {
        return Err(EmbeddedError::NotLast);
    }
    let mut embedded = parse(section)?;
    embedded.nested = nested(bytes, ranges, &embedded.root)?;
    Ok(embedded)
}

fn parse(section: &[u8]) -> Result<Embedded, EmbeddedError> {
    if section.len() > MAX_SECTION {
        return Err(EmbeddedError::TooLong);
    }
    let line = |line: u64, expected| EmbeddedError::Line { line, expected };
    let text = std::str::from_utf8(section).map_err(|_| line(1, "text"))?;
    let (first, rest) = text.split_once('\n').ok_or(line(1, "`format NUMBER`"))?;
    let format = first.strip_prefix("format ");
    let format: u64 = format
        .and_then(|number| number.parse().ok())
        .ok_or(line(1, "`format NUMBER`"))?;
    if format != FORMAT {
        return Err(EmbeddedError::Format { format });
    }
    let (head, lock) = rest
        .split_once("\n\n")
        .ok_or(line(2, "lines up to an empty one"))?;
    let mut lines = (2..).zip(head.lines());
    let root = lines
        .next()
        .and_then(|(_, line)| line.strip_prefix("root ")?.parse().ok())
        .ok_or(line(2, "`root DIGEST`"))?;
    let mut wire = Wiring::default();
    for (number, text) in lines {
        let words = text
            .strip_prefix("wire ")
            .and_then(|words| words.split_once(' '));
        let (import, name) = words.ok_or(line(number, "`wire IMPORT PACKAGE`"))?;
        let import = import.parse().map_err(|_| line(number, "an import"))?;
        let name = name.parse().map_err(|_| line(number, "a package"))?;
        wire.0.insert(import, name);
    }
    // CRLF, doubled and unsorted lines.
    if super::section::text(format, &root, &wire, lock) != text {
        return Err(EmbeddedError::NotCanonical);
    }
    Ok(Embedded {
        format,
        root,
        wire,
        lock: lock.to_owned(),
        nested: Vec::new(),
    })
}

/// The components that lie in these ranges, of which the last is to be the root.
fn nested(
    bytes: &[u8],
    ranges: Vec<Range<usize>>,
    root: &Digest,
) -> Result<Vec<Nested>, EmbeddedError> {
    let nested: Vec<_> = ranges
        .into_iter()
        .map(|range| Nested {
            digest: Digest::of(bytes.get(range.clone()).unwrap_or_default()),
            range,
        })
        .collect();
    if nested.last().is_none_or(|last| last.digest != *root) {
        return Err(EmbeddedError::NoRoot { digest: *root });
    }
    Ok(nested)
}
