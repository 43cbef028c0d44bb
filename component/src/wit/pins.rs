//! Other versions in the references of a project's own texts, with every other byte as it is.
//!
//! The parser does not say where a version stands, so the text is read here token by token: comments are skipped, and what
//! follows the form `namespace:name/item@version` is a reference. What comes of it is then parsed and compared: a change
//! that does anything but set those versions is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::PackageName;

use super::text::{Group, Reference, TextError, wit_name};

/// Which versions become which.
pub type Moves = BTreeMap<(PackageName, Version), Version>;

/// A text that cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// It does not read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The parser finds other references than were to be changed.
    #[error("the versions in {} cannot be changed safely", path.display())]
    Unsure {
        /// The folder or file.
        path: PathBuf,
    },
}

/// A version that becomes another one in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinChange {
    /// The file of the text that names the version.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The package whose version is named.
    pub name: PackageName,
    /// The version that is there.
    pub before: Version,
    /// The version that stands there afterwards.
    pub after: Version,
}

/// A file and what is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// The path of the file that is written.
    pub path: PathBuf,
    /// Its text as it was read.
    pub before: String,
    /// Its text afterwards.
    pub after: String,
}

/// Changes of the texts of `wit/`, all of them or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinEdit {
    files: Vec<FileEdit>,
    changes: Vec<PinChange>,
}

/// Whether a file is part of a project's own text, and not of `deps`.
pub fn is_own(wit: &Path, file: &Path) -> bool {
    file == wit || (file.parent() == Some(wit) && file.extension().is_some_and(|end| end == "wit"))
}

impl PinEdit {
    /// Finds what is to be changed in the texts of a `wit/`, or in one file.
    ///
    /// # Errors
    /// A text that does not parse; one where it is not sure that just these versions change.
    pub fn plan(
        wit: &Path,
        texts: Vec<(PathBuf, String)>,
        moves: &Moves,
    ) -> Result<Self, PinError> {
        let mut edit = Self::default();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (path, text) in texts {
            let changed = edit.change(&path, &text, moves);
            before.push((path.clone(), text.clone()));
            after.push((path.clone(), changed.clone()));
            if changed != text {
                edit.files.push(FileEdit {
                    path,
                    before: text,
                    after: changed,
                });
            }
        }
        if edit.files.is_empty() {
            return Ok(edit);
        }
        let before = Group::of_texts(wit, before)?;
        let after = Group::of_texts(wit, after)?;
        let expected = before.references().into_iter().map(|mut reference| {
            let moved = moves
                .iter()
                .find(|((name, version), _)| reference.package == wit_name(name, version));
            if let Some((_, version)) = moved {
                reference.package.version = Some(version.clone());
            }
            meaning(reference)
        });
        let found = after.references().into_iter().map(meaning);
        if expected.collect::<BTreeSet<_>>() == found.collect() {
            return Ok(edit);
        }
        Err(PinError::Unsure {
            path: wit.to_owned(),
        })
    }

    /// The text with its versions changed; what changed is noted.
    fn change(&mut self, path: &Path, text: &str, moves: &Moves) -> String {
        let mut changed = String::with_capacity(text.len());
        let mut rest = 0;
        for found in references(text) {
            let Ok(name) = found.name.parse::<PackageName>() else {
                continue;
            };
            let Some(version) = text.get(found.version.clone()) else {
                continue;
            };
            let Ok(before) = version.parse::<Version>() else {
                continue;
            };
            let Some(after) = moves.get(&(name.clone(), before.clone())) else {
                continue;
            };
            let start = found.version.start;
            changed.push_str(text.get(rest..start).unwrap_or_default());
            changed.push_str(&after.to_string());
            rest = found.version.end;
            let above = text.get(..start).unwrap_or_default();
            self.changes.push(PinChange {
                file: path.to_owned(),
                line: above.matches('\n').count().saturating_add(1),
                name,
                before,
                after: after.clone(),
            });
        }
        changed.push_str(text.get(rest..).unwrap_or_default());
        changed
    }

    /// The files that change, in the order of the texts.
    pub fn files(&self) -> &[FileEdit] {
        &self.files
    }

    /// What changes, in the order of the texts.
    pub fn changes(&self) -> &[PinChange] {
        &self.changes
    }

    /// Takes in the changes of another `wit/`; those of the same files stand here already.
    pub fn merge(&mut self, other: Self) {
        for file in other.files {
            if self.files.iter().all(|mine| mine.path != file.path) {
                let changes = other.changes.iter();
                let here = changes.filter(|change| change.file == file.path);
                self.changes.extend(here.cloned());
                self.files.push(file);
            }
        }
    }
}

/// A reference without its location.
fn meaning(reference: Reference) -> (String, String, String, bool, BTreeSet<String>) {
    (
        reference.user.to_string(),
        reference.package.to_string(),
        reference.item,
        reference.world,
        reference.types,
    )
}

/// A package that a text refers to with a version, and where the version stands.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    name: String,
    version: Range<usize>,
}

/// A token: a word, a sign, or a version with its `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Sign(char),
}

/// The references of a text that name a version: `namespace:name/item@version`.
fn references(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    // The last tokens, as far as they can begin a reference.
    let mut seen: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let skipped = skipped(rest);
        if skipped > 0 {
            at += skipped;
            continue;
        }
        if let Some(after) = rest.strip_prefix('@') {
            if let [
                ..,
                Token::Word(namespace),
                Token::Sign(':'),
                Token::Word(name),
                Token::Sign('/'),
                Token::Word(_),
            ] = seen.as_slice()
            {
                let blank = blank(after);
                let start = at + 1 + blank;
                let length = version_length(after.get(blank..).unwrap_or_default());
                found.push(Found {
                    name: format!("{namespace}:{name}"),
                    version: start..start + length,
                });
                at = start + length;
            } else {
                at += 1;
            }
            seen.clear();
            continue;
        }
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (token, length) = if word > 0 {
            let name = rest.get(..word).unwrap_or_default();
            (Token::Word(name.trim_start_matches('%')), word)
        } else {
            let sign = rest.chars().next().unwrap_or(' ');
            (Token::Sign(sign), sign.len_utf8())
        };
        seen.push(token);
        at += length;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '%'
}

/// How long the space, comment or quoted text is with which a text begins.
fn skipped(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return comment_length(text);
    }
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.find('"').map_or(text.len(), |end| end + 2);
    }
    text.len() - text.trim_start().len()
}

/// How long the space and comments are with which a text begins.
fn blank(text: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.starts_with('"')) {
        match skipped(rest) {
            0 => break,
            length => at += length,
        }
    }
    at
}

/// Comments of this form may stand within each other.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// How long the version is with which a text begins. A dot belongs to it where more of it follows: `0.2.3.{a}` has none
/// at its end.
fn version_length(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+');
    let mut length = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let goes_on = characters.peek().is_some_and(|(_, next)| is_part(*next));
        if is_part(c) || (c == '.' && goes_on) {
            length = at + c.len_utf8();
        } else {
            break;
        }
    }
    length
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn moves(list: &[(&str, &str, &str)]) -> Moves {
        let moves = list.iter().map(|(name, before, after)| {
            let version = |text: &str| text.parse().unwrap();
            ((name.parse().unwrap(), version(before)), version(after))
        });
        moves.collect()
    }

    fn changed(text: &str, list: &[(&str, &str, &str)]) -> (String, Vec<usize>) {
        let mut edit = PinEdit::default();
        let changed = edit.change(Path::new("a.wit"), text, &moves(list));
        let lines = edit.changes.iter().map(|change| change.line).collect();
        (changed, lines)
    }

    #[test]
    fn every_form_of_reference_is_found_and_nothing_else_changes() {
        let text = "package wasi:http@0.2.3;\r\n\
            // import wasi:http/types@0.2.3;\r\n\
            use wasi:http/types@0.2.3 as t; /* wasi:http/types@0.2.3 /* nested */ wasi:http/x@0.2.3 */\r\n\
            interface i {\n  use wasi:http/types@0.2.3.{request, response as r};\n\
            \x20 use %wasi : http / %types @ 0.2.3.{a}; @since(version = 0.2.3)\n f: func();\n}\n\
            world w {\n\tinclude wasi:http/proxy@0.2.3 with { a as b }; export wasi:io/streams@0.2.3;\n\
            \timport wasi:http/types@0.2.30; import wasi:http/types@0.2.3-rc.1; import wasi:http/types;\n}";
        let (after, lines) = changed(text, &[("wasi:http", "0.2.3", "0.2.12")]);
        let expected = text
            .replace(
                "use wasi:http/types@0.2.3 as",
                "use wasi:http/types@0.2.12 as",
            )
            .replace("@0.2.3.{request", "@0.2.12.{request")
            .replace("@ 0.2.3.{a}", "@ 0.2.12.{a}")
            .replace("proxy@0.2.3 ", "proxy@0.2.12 ");
        assert_eq!(after, expected);
        assert_eq!(lines, [3, 5, 6, 10]);
    }

    #[test]
    fn versions_with_all_their_parts_are_read_whole() {
        for (text, length) in [
            ("0.2.3.{a}", 5),
            ("0.3.0-rc.1.{a}", 10),
            ("0.3.0-rc.1+b.2;", 14),
            ("1.0.0;", 5),
            ("1.0.0", 5),
            ("", 0),
        ] {
            assert_eq!(version_length(text), length, "{text}");
        }
        let (after, _) = changed(
            "use a:b/c@0.3.0-rc.1.{d};",
            &[("a:b", "0.3.0-rc.1", "0.3.0")],
        );
        assert_eq!(after, "use a:b/c@0.3.0.{d};");
    }

    #[test]
    fn texts_that_end_in_the_middle_are_read_to_their_end() {
        for text in [
            "/* a",
            "\"a",
            "a:b/c@",
            "a:b/c@ /*",
            "//",
            "@",
            "/* */ */",
            "é:b/c@1.0.0",
        ] {
            let (after, _) = changed(text, &[("a:b", "1.0.0", "2.0.0")]);
            assert_eq!(after, text);
        }
    }
}
