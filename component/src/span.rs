//! Locations in texts: where a failure, a dependency or a pin stands.
//!
//! A location carries the text that it is in. So its line can be shown without reading the file again, which may have
//! changed by then.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A text that was read from a file.
#[derive(Clone)]
pub struct Text {
    file: Arc<Path>,
    contents: Arc<Contents>,
}

struct Contents {
    text: String,
    /// The byte offset of each line, found when a line is first asked for: most texts are read and never shown.
    lines: OnceLock<Vec<usize>>,
}

impl Contents {
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n');
            let starts = ends.map(|(at, _)| at.saturating_add(1));
            std::iter::once(0).chain(starts).collect()
        })
    }
}

impl Text {
    /// The contents of a file, with the name that messages call it by.
    pub fn new(file: &Path, text: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            contents: Arc::new(Contents {
                text: text.into(),
                lines: OnceLock::new(),
            }),
        }
    }

    /// The whole contents of the file.
    pub fn as_str(&self) -> &str {
        &self.contents.text
    }

    /// A stretch of it, in bytes; what lies outside is cut off, and what splits a character is widened.
    pub fn at(&self, span: Range<usize>) -> Location {
        let text = self.as_str();
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end.max(start));
        Location {
            text: self.clone(),
            span: start..end,
        }
    }

    /// A whole line, counted from 1, without its end. The last, where there are not so many.
    pub fn line(&self, number: u64) -> Location {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = self.line_of(index);
        let text = self.as_str().get(line.clone()).unwrap_or("");
        let end = line.start.saturating_add(text.trim_end().len());
        self.at(line.start..end)
    }

    /// The bytes of a line, counted from 0, with its end.
    fn line_of(&self, index: usize) -> Range<usize> {
        let lines = self.contents.lines();
        let index = index.min(lines.len().saturating_sub(1));
        let start = lines.get(index).copied().unwrap_or(0);
        let next = lines.get(index.saturating_add(1)).copied();
        start..next.unwrap_or(self.as_str().len())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.file.display())
    }
}

/// A stretch of a text; prints as `Cargo.toml:12:5`, which editors and terminals can follow.
#[derive(Clone)]
pub struct Location {
    text: Text,
    span: Range<usize>,
}

impl Location {
    /// The file, relative to the workspace root where it lies below.
    pub fn file(&self) -> &Path {
        &self.text.file
    }

    /// Counted from 1.
    pub fn line(&self) -> usize {
        let lines = self.text.contents.lines();
        lines
            .partition_point(|start| *start <= self.span.start)
            .max(1)
    }

    /// In characters, counted from 1.
    pub fn column(&self) -> usize {
        let line = self.text.line_of(self.line().saturating_sub(1));
        let before = self.text.as_str().get(line.start..self.span.start);
        before.unwrap_or("").chars().count().saturating_add(1)
    }

    /// In bytes, from the start of the file.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The whole line that it begins in, in bytes from the start of the file, without its end.
    pub fn whole_line(&self) -> Range<usize> {
        let line = self.text.line_of(self.line().saturating_sub(1));
        let text = self.text().get(line.clone()).unwrap_or("");
        let length = text.trim_end_matches(['\r', '\n']).len();
        line.start..line.start.saturating_add(length)
    }

    /// The text that it is a stretch of.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The same location, the file named from this folder where it lies below.
    #[must_use]
    pub fn below(&self, folder: &Path) -> Self {
        let mut location = self.clone();
        if let Ok(file) = self.text.file.strip_prefix(folder) {
            location.text.file = file.into();
        }
        location
    }

    /// The same location, in a file that is called so.
    #[must_use]
    pub fn named(&self, file: &Path) -> Self {
        let mut location = self.clone();
        location.text.file = file.into();
        location
    }

    fn key(&self) -> (&Path, usize, usize) {
        (self.file(), self.span.start, self.span.end)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file().display();
        write!(f, "{file}:{}:{}", self.line(), self.column())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Location {}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Location {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// A location that a failure is about, and what to say of it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Where in the text.
    pub location: Location,
    /// A few words under the line; none where the message says it all.
    pub label: Option<String>,
}

impl From<Location> for Annotation {
    fn from(location: Location) -> Self {
        Self {
            location,
            label: None,
        }
    }
}

impl Location {
    /// The location, with a few words under its line.
    pub fn labelled(&self, label: impl Into<String>) -> Annotation {
        Annotation {
            location: self.clone(),
            label: Some(label.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_columns_count_characters() {
        let text = Text::new(Path::new("/w/a.toml"), "é = 1\r\nbb = \"日本\" # x\n");
        for (span, said) in [
            (0..2, "a.toml:1:1"),
            (2..3, "a.toml:1:2"),
            (8..10, "a.toml:2:1"),
            (20..21, "a.toml:2:9"),
            (26..26, "a.toml:3:1"),
            (9999..9999, "a.toml:3:1"),
        ] {
            let location = text.at(span.clone()).below(Path::new("/w"));
            assert_eq!(location.to_string(), said, "{span:?}");
        }
        let inside = text.at(1..1);
        assert_eq!(inside.span(), 0..2, "half a character is widened");
    }

    #[test]
    fn a_line_is_found_by_its_number() {
        let text = Text::new(Path::new("f"), "one\r\n\ntwo");
        for (number, said, span) in [(1, "f:1:1", 0..3), (2, "f:2:1", 5..5), (3, "f:3:1", 6..9)] {
            let line = text.line(number);
            assert_eq!((line.to_string().as_str(), line.span()), (said, span));
        }
        assert_eq!(text.line(7).span(), 6..9);
        assert_eq!(text.line(0).span(), 0..3);
        assert_eq!(text.at(1..7).whole_line(), 0..3);
        assert_eq!(text.at(9..9).whole_line(), 6..9);
    }
}
