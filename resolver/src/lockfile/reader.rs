//! The one way to read a lock.
//!
//! The canonical form is rigid, so it is read line by line, many times faster than as TOML in general. Each value has
//! one spelling. What is left of the form is the order of lines, and what is left out where it is empty. The reader
//! watches both. Where it saw anything else, what was read is written again and compared. A general TOML parser is
//! asked only to say better what is wrong: a file that is no TOML at all, or one of a newer format.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, DigestError, Hash};
use transparency::field::{is_spelling, split_word};
use transparency::name::{Kind, NameError, Namespace, Origin, PackageName};
use transparency::number::{Index, NumberError, Size};
use transparency::requirement::Requirement;
use transparency::requirement::RequirementError;
use transparency::version::{VersionError, parse_version};

use super::writer::{HEADER, Head, Quoted, is_special};
use super::{Inconsistency, LockedPackage, LockedRelease, Lockfile, Root, SOLVER, VERSION};
use crate::cutoff::{Cutoff, CutoffError, ExcludeNewer, NOTHING};
use crate::problem::{Mode, ModeError, Options, Origins};
use transparency::selection::{Selection, SelectionError};

/// The longest lock, in bytes: some 40,000 packages. What is longer was not written by solving.
pub const MAX_LOCK: usize = 16 * 1024 * 1024;

/// Why a text is not a lock. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is longer than [`MAX_LOCK`].
    #[error("it is longer than {MAX_LOCK} bytes")]
    TooLong,
    /// Two branches were merged, and nobody decided.
    #[error("it has conflict markers of a merge")]
    Conflicted {
        /// The line of the first marker.
        line: u64,
    },
    /// It has a later format.
    #[error("it is of format {version}, written by a newer cargo warg")]
    Future {
        /// The version of that format.
        version: u64,
    },
    /// It is not TOML.
    #[error("it is not TOML: {message}")]
    Syntax {
        /// The line where it was found.
        line: u64,
        /// What the TOML parser says.
        message: String,
    },
    /// The format's version is missing.
    #[error("it does not say `version = {VERSION}`")]
    NoVersion,
    /// Something else than what a lock has here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// The line where it was found.
        line: u64,
        /// What a lock has there.
        expected: &'static str,
        /// What the text has there.
        found: String,
    },
    /// A value that is none of its kind.
    #[error("{problem}")]
    Value {
        /// The line where it was found.
        line: u64,
        /// What is wrong with it.
        problem: ValueError,
    },
    /// The checkpoint's digest is not that of its three lines.
    #[error("this is not the digest of the checkpoint above, which is `{computed}`")]
    Checkpoint {
        /// The line where it was found.
        line: u64,
        /// What would be right.
        computed: Digest,
    },
    /// In another order or spelling than the writer's.
    #[error("it is not as cargo warg writes it: expected `{expected}`, found `{found}`")]
    NotCanonical {
        /// The first line that differs.
        line: u64,
        /// What the writer writes there.
        expected: String,
        /// What the text has there.
        found: String,
    },
    /// It contradicts itself.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

impl ReadError {
    /// The line that it is about, counted from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Conflicted { line }
            | Self::Syntax { line, .. }
            | Self::Unexpected { line, .. }
            | Self::Value { line, .. }
            | Self::Checkpoint { line, .. }
            | Self::NotCanonical { line, .. } => Some(*line),
            Self::TooLong | Self::Future { .. } | Self::NoVersion | Self::Inconsistent(_) => None,
        }
    }
}

/// Why a value is none of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is not a digest or hash.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It is not a number or time.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// It is not a version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// It is not a requirement.
    #[error(transparent)]
    Requirement(#[from] RequirementError),
    /// It is not a selection.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// It is not a resolution mode.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// A date, time or span.
    #[error(transparent)]
    Cutoff(#[from] CutoffError),
}

type Result<T> = std::result::Result<T, ReadError>;

impl FromStr for Lockfile {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self> {
        let draft = read(text)?;
        let lockfile = draft.lockfile;
        if draft.is_canonical {
            debug_assert!(is_spelling(text, &lockfile), "written otherwise:\n{text}");
        } else {
            check_canonical(text, &lockfile)?;
        }
        lockfile.check_consistency()?;
        Ok(lockfile)
    }
}

/// What the lines of a text say, whether or not the whole is canonical and closed in itself.
pub(super) fn read_draft(text: &str) -> Result<Lockfile> {
    read(text).map(|draft| draft.lockfile)
}

fn read(text: &str) -> Result<Draft> {
    if text.len() > MAX_LOCK {
        return Err(ReadError::TooLong);
    }
    Reader::new(text)
        .draft()
        .map_err(|error| diagnose(text, error))
}

/// What was read.
struct Draft {
    lockfile: Lockfile,
    /// Whether it is known that it would be written with the lines of the text.
    is_canonical: bool,
}

fn check_canonical(text: &str, lockfile: &Lockfile) -> Result<()> {
    let canonical = lockfile.to_string();
    let mut found = text.lines();
    let mut expected = canonical.lines();
    for line in 1.. {
        match (expected.next(), found.next()) {
            (None, None) => break,
            (expected, found) if expected == found => {}
            (expected, found) => {
                return Err(ReadError::NotCanonical {
                    line,
                    expected: expected.unwrap_or_default().to_owned(),
                    found: found.unwrap_or_default().to_owned(),
                });
            }
        }
    }
    if text.ends_with('\n') {
        return Ok(()); // CRLF
    }
    Err(ReadError::Unexpected {
        line: line_number(text.lines().count()),
        expected: "a newline at the end",
        found: "the end of the file".to_owned(),
    })
}

fn line_number(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// What is wrong with a text that the strict reader refused, in the order in which it would help to know.
fn diagnose(text: &str, refused: ReadError) -> ReadError {
    if let Some(line) = first_marker(text) {
        return ReadError::Conflicted { line };
    }
    match text.parse::<toml_edit::DocumentMut>() {
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let lines = before.unwrap_or_default().matches('\n').count();
            ReadError::Syntax {
                line: line_number(lines).saturating_add(1),
                message: error.message().trim().replace('\n', ", "),
            }
        }
        Ok(document) => {
            let version = document
                .get("version")
                .and_then(toml_edit::Item::as_integer);
            match version.and_then(|version| u64::try_from(version).ok()) {
                Some(VERSION) => refused,
                Some(version) if version > VERSION => ReadError::Future { version },
                Some(_) | None => ReadError::NoVersion,
            }
        }
    }
}

/// What git begins and ends a conflict with, and what parts its sides: seven of a kind, and of all but the last a label
/// after a space where there is one.
const MARKER: usize = 7;

fn is_marker(line: &str, kind: char) -> bool {
    let rest = line.trim_start_matches(kind);
    line.len().saturating_sub(rest.len()) == MARKER && (rest.is_empty() || rest.starts_with(' '))
}

/// The line of the first marker that begins or ends a conflict, from 1.
pub(super) fn first_marker(text: &str) -> Option<u64> {
    let index = text
        .lines()
        .position(|line| is_marker(line, '<') || is_marker(line, '>'))?;
    Some(line_number(index).saturating_add(1))
}

/// The two sides of a merge that was left undecided, without its markers: ours, theirs. None where there are no
/// markers, or not in their order.
pub fn sides(text: &str) -> Option<(String, String)> {
    enum Part {
        Both,
        Ours,
        Base,
        Theirs,
    }
    let (mut ours, mut theirs) = (String::new(), String::new());
    let mut part = Part::Both;
    let mut conflicts = false;
    for line in text.lines() {
        part = match (part, line) {
            (Part::Both, line) if is_marker(line, '<') => {
                conflicts = true;
                Part::Ours
            }
            (Part::Ours, line) if is_marker(line, '|') => Part::Base,
            (Part::Ours | Part::Base, "=======") => Part::Theirs,
            (Part::Theirs, line) if is_marker(line, '>') => Part::Both,
            (part, line) => {
                let into: &mut [&mut String] = match part {
                    Part::Both => &mut [&mut ours, &mut theirs],
                    Part::Ours => &mut [&mut ours],
                    Part::Theirs => &mut [&mut theirs],
                    Part::Base => &mut [],
                };
                for side in into {
                    side.push_str(line);
                    side.push('\n');
                }
                part
            }
        };
    }
    (conflicts && matches!(part, Part::Both)).then_some((ours, theirs))
}

/// What a list has.
trait Item: Ord {
    fn parse(text: &str, last: &mut Option<Origin>) -> std::result::Result<Self, ValueError>
    where
        Self: Sized;
}

impl Item for Selection {
    fn parse(text: &str, _: &mut Option<Origin>) -> std::result::Result<Self, ValueError> {
        Ok(text.parse()?)
    }
}

impl Item for Requirement {
    fn parse(text: &str, last: &mut Option<Origin>) -> std::result::Result<Self, ValueError> {
        Ok(Self::parse_behind(text, last)?)
    }
}

struct Reader<'t> {
    text: &'t str,
    /// What is not read yet.
    rest: &'t str,
    /// The number of the line last taken.
    line: u64,
    /// The origin last read: nearly all are one.
    origin: Option<Origin>,
    /// Whether all roots and packages that were read stand where the writer would put them, and in its spelling.
    is_canonical: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            rest: text,
            line: 0,
            origin: None,
            is_canonical: text.ends_with('\n'),
        }
    }

    fn unexpected<T>(&self, expected: &'static str, found: Option<&str>) -> Result<T> {
        Err(ReadError::Unexpected {
            line: self.line,
            expected,
            found: found.map_or_else(
                || "the end of the file".to_owned(),
                |found| match found {
                    "" => "an empty line".to_owned(),
                    found => format!("`{found}`"),
                },
            ),
        })
    }

    /// The next line, and what follows it: as `str::lines` has them.
    fn split(&self) -> Option<(&'t str, &'t str)> {
        match split_word(self.rest, b'\n') {
            Some((line, rest)) => Some((line.strip_suffix('\r').unwrap_or(line), rest)),
            None => Some((self.rest, "")).filter(|(line, _)| !line.is_empty()),
        }
    }

    fn next(&mut self) -> Option<&'t str> {
        self.line = self.line.saturating_add(1);
        let (line, rest) = self.split()?;
        // Of lines that end in CRLF, it is looked at the whole text.
        self.is_canonical &= self.rest.as_bytes().get(line.len()) != Some(&b'\r');
        self.rest = rest;
        Some(line)
    }

    fn peek(&self) -> Option<&'t str> {
        self.split().map(|(line, _)| line)
    }

    /// Takes the next line, where it is this one.
    fn is_next(&mut self, line: &str) -> bool {
        let behind = self.rest.strip_prefix(line);
        let is_it = behind.is_some_and(|rest| rest.starts_with(['\n', '\r']) || rest.is_empty());
        let found = is_it && self.peek() == Some(line);
        if found {
            self.next();
        }
        found
    }

    /// What stands next between two texts, where these are there and nothing in between is written in another way than as
    /// itself: all strings of a lock, but for strange ones. No line is looked for, and each byte is looked at once.
    fn try_plain(&mut self, before: [&str; 2], behind: &str) -> Option<&'t str> {
        let [first, second] = before;
        let rest = self.rest.strip_prefix(first)?.strip_prefix(second)?;
        let (text, rest) = rest.split_at_checked(plain_length(rest.as_bytes()))?;
        self.rest = rest.strip_prefix(behind)?;
        self.line = self.line.saturating_add(1);
        Some(text)
    }

    /// What follows `key = `, where the next line has this key.
    fn try_raw(&mut self, key: &str) -> Option<&'t str> {
        self.rest.strip_prefix(key)?.strip_prefix(" = ")?;
        let line = self.next()?;
        line.get(key.len().saturating_add(" = ".len())..)
    }

    fn raw(&mut self, key: &'static str) -> Result<&'t str> {
        if let Some(value) = self.try_raw(key) {
            return Ok(value);
        }
        let found = self.next();
        self.unexpected(key, found)
    }

    fn text(&mut self, key: &'static str) -> Result<Cow<'t, str>> {
        if let Some(text) = self.try_plain([key, " = \""], "\"\n") {
            return Ok(Cow::Borrowed(text));
        }
        let raw = self.raw(key)?;
        self.unquote(raw)
    }

    fn unquote(&mut self, raw: &str) -> Result<Cow<'t, str>> {
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        let Some(text) = inner.and_then(unescape) else {
            return self.unexpected("a string", Some(raw));
        };
        self.is_canonical &= is_spelling(raw, &Quoted(&text));
        Ok(Cow::Owned(text))
    }

    fn value<T, E: Into<ValueError>>(&self, value: std::result::Result<T, E>) -> Result<T> {
        value.map_err(|error| ReadError::Value {
            line: self.line,
            problem: error.into(),
        })
    }

    fn parsed<T: FromStr<Err: Into<ValueError>>>(&mut self, key: &'static str) -> Result<T> {
        let text = self.text(key)?;
        self.value(text.parse())
    }

    fn items<T: Item>(&mut self, opening: &str) -> Result<BTreeSet<T>> {
        if opening == "[]" {
            return Ok(BTreeSet::new());
        }
        if opening != "[" {
            return self.unexpected("`[` or `[]`", Some(opening));
        }
        let mut items: Vec<T> = Vec::new();
        while !self.is_next("]") {
            let text = self.item()?;
            let item = T::parse(&text, &mut self.origin);
            let item = self.value(item)?;
            self.is_canonical &= items.last().is_none_or(|last| *last < item);
            items.push(item);
        }
        self.is_canonical &= !items.is_empty();
        Ok(items.into_iter().collect())
    }

    fn item(&mut self) -> Result<Cow<'t, str>> {
        if let Some(text) = self.try_plain(["    ", "\""], "\",\n") {
            return Ok(Cow::Borrowed(text));
        }
        let line = self.next();
        match line.and_then(|line| line.strip_prefix("    ")?.strip_suffix(',')) {
            Some(item) => self.unquote(item),
            None => self.unexpected("an item of the list, or its `]`", line),
        }
    }

    fn list<T: Item>(&mut self, key: &'static str) -> Result<BTreeSet<T>> {
        let opening = self.raw(key)?;
        self.items(opening)
    }

    /// A list that is left out where it is empty.
    fn try_list<T: Item>(&mut self, key: &'static str) -> Result<BTreeSet<T>> {
        let Some(opening) = self.try_raw(key) else {
            return Ok(BTreeSet::new());
        };
        let items = self.items(opening)?;
        self.is_canonical &= !items.is_empty();
        Ok(items)
    }

    fn draft(mut self) -> Result<Draft> {
        let first = self.next();
        if first != Some(HEADER) {
            return self.unexpected("the line that says who writes this file", first);
        }
        let version = self.raw("version")?;
        if version.parse() != Ok(VERSION) {
            return self.unexpected("version 1", Some(version));
        }
        let mut lockfile = Lockfile {
            options: Options::default(),
            solver: SOLVER,
            registries: BTreeMap::new(),
            roots: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        let mut packages: Vec<(Selection, LockedPackage)> = Vec::new();
        // Where roots and packages begin.
        let mut below = None;
        while !self.rest.is_empty() {
            let before = self.text.len().saturating_sub(self.rest.len());
            if !self.is_next("") {
                let found = self.next();
                return self.unexpected("an empty line before the next table", found);
            }
            let header = self.next();
            if let Some("[[root]]" | "[[package]]") = header {
                below.get_or_insert(before);
            } else {
                self.is_canonical &= below.is_none();
            }
            match header {
                Some("[options]") => self.options(&mut lockfile)?,
                Some("[options.exclude-newer-package]") => {
                    self.exclude_newer_package(&mut lockfile.options)?;
                }
                Some("[options.namespaces]") => self.namespaces(&mut lockfile.options.origins)?,
                Some("[[registry]]") => self.registry(&mut lockfile)?,
                Some("[[root]]") => {
                    self.is_canonical &= packages.is_empty();
                    self.root(&mut lockfile.roots)?;
                }
                Some("[[package]]") => {
                    if packages.is_empty() {
                        // Each root selects packages of its own, so there are as many at least.
                        let counts = lockfile.roots.values().map(|root| root.selects.len());
                        packages.reserve_exact(counts.max().unwrap_or_default());
                    }
                    let package = self.package()?;
                    let last = packages.last();
                    self.is_canonical &= last.is_none_or(|(last, _)| *last < package.0);
                    packages.push(package);
                }
                found => return self.unexpected("the header of a table", found),
            }
        }
        lockfile.packages = packages.into_iter().collect();
        let head = self.text.get(..below.unwrap_or(self.text.len()));
        let is_canonical =
            self.is_canonical && head.is_some_and(|head| is_spelling(head, &Head(&lockfile)));
        Ok(Draft {
            lockfile,
            is_canonical,
        })
    }

    fn options(&mut self, lockfile: &mut Lockfile) -> Result<()> {
        if let Some(raw) = self.try_raw("default-origin") {
            let text = self.unquote(raw)?;
            lockfile.options.origins.default = Some(self.value(text.parse::<Origin>())?);
        }
        if let Some(raw) = self.try_raw("exclude-newer") {
            let text = self.unquote(raw)?;
            lockfile.options.exclude_newer = Some(self.value(text.parse::<Cutoff>())?);
        }
        if let Some(raw) = self.try_raw("resolution") {
            let text = self.unquote(raw)?;
            lockfile.options.mode = self.value(text.parse::<Mode>())?;
        }
        if let Some(raw) = self.try_raw("solver") {
            lockfile.solver = self.value(raw.parse::<Size>())?.get();
        }
        Ok(())
    }

    fn exclude_newer_package(&mut self, options: &mut Options) -> Result<()> {
        while let Some(line) = self.peek() {
            let Some((name, cutoff)) = line.split_once(" = ") else {
                break;
            };
            self.next();
            let name = self.unquote(name)?;
            let name: PackageName = self.value(name.parse())?;
            let cutoff = match cutoff {
                NOTHING => ExcludeNewer::Nothing,
                cutoff => {
                    let text = self.unquote(cutoff)?;
                    ExcludeNewer::After(self.value(text.parse())?)
                }
            };
            options.exclude_newer_package.insert(name, cutoff);
        }
        Ok(())
    }

    fn namespaces(&mut self, origins: &mut Origins) -> Result<()> {
        while let Some(line) = self.peek() {
            let Some((namespace, origin)) = line.split_once(" = ") else {
                break;
            };
            self.next();
            let namespace: Namespace = self.value(namespace.parse())?;
            let text = self.unquote(origin)?;
            let origin = self.value(text.parse())?;
            origins.namespaces.insert(namespace, origin);
        }
        Ok(())
    }

    fn registry(&mut self, lockfile: &mut Lockfile) -> Result<()> {
        let origin: Origin = self.parsed("origin")?;
        let size = self.raw("size")?;
        let size: Size = self.value(size.parse())?;
        let root = self.text("root")?;
        let root = self.value(Hash::from_base64(&root))?;
        let said: Digest = self.parsed("checkpoint")?;
        let checkpoint = Checkpoint {
            origin: origin.clone(),
            size,
            root,
        };
        let computed = checkpoint.digest();
        if computed != said {
            return Err(ReadError::Checkpoint {
                line: self.line,
                computed,
            });
        }
        // One that stands there twice is written once. What is read of a merge is then the larger.
        let before = lockfile.registries.get(&origin);
        if before.is_none_or(|before| before.size < checkpoint.size) {
            lockfile.registries.insert(origin, checkpoint);
        }
        Ok(())
    }

    fn root(&mut self, roots: &mut BTreeMap<String, Root>) -> Result<()> {
        let name = self.text("name")?.into_owned();
        let last = roots.last_key_value();
        self.is_canonical &= last.is_none_or(|(last, _)| *last < name);
        let root = Root {
            requires: self.list("requires")?,
            selects: self.list("selects")?,
            held: self.try_list("held")?,
        };
        match roots.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(root);
            }
            Entry::Occupied(entry) => {
                let all = entry.into_mut();
                all.requires.extend(root.requires);
                all.selects.extend(root.selects);
                all.held.extend(root.held);
            }
        }
        Ok(())
    }

    fn package(&mut self) -> Result<(Selection, LockedPackage)> {
        let kind: Kind = self.parsed("kind")?;
        let name: PackageName = self.parsed("name")?;
        let version = self.text("version")?;
        let version = self.value(parse_version(&version))?;
        let release = if self.rest.starts_with("origin = ") {
            let text = self.text("origin")?;
            let origin = Origin::parse_behind(&text, &mut self.origin);
            let origin = self.value(origin)?;
            let digest = self.parsed("digest")?;
            let record = self.parsed("record")?;
            let index = self.raw("index")?;
            Some(LockedRelease {
                origin,
                digest,
                record,
                index: self.value(index.parse::<Index>())?,
            })
        } else {
            None
        };
        let requires = self.try_list("requires")?;
        let selection = Selection {
            kind,
            name,
            version,
        };
        Ok((selection, LockedPackage { release, requires }))
    }
}

/// How many bytes from the beginning stand for themselves: eight are looked at together.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            let plain = usize::try_from(special.trailing_zeros() / 8);
            return length + plain.unwrap_or_default();
        }
        length += word.len();
    }
    length + rest.iter().take_while(|one| !is_special(**one)).count()
}

/// The high bits of those of eight bytes that are special. Behind the first of them, which is the lowest, others may be set.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // Subtracting borrows from the high bit of a byte that is less and had none.
    let less = |word: u64, than: u64| word.wrapping_sub(ONES.wrapping_mul(than)) & !word & HIGH;
    let equal = |byte: u8| less(word ^ u64::from_le_bytes([byte; 8]), 1);
    less(word, 0x20) | equal(b'"') | equal(b'\\') | equal(0x7f)
}

/// The inverse of the writer's escapes. None for any other.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => match characters.next()? {
                quoted @ ('"' | '\\') => plain.push(quoted),
                'u' => {
                    let digits = characters.as_str().get(..4)?;
                    plain.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    characters = characters.as_str().get(4..)?.chars();
                }
                _ => return None,
            },
            plain_one => plain.push(plain_one),
        }
    }
    Some(plain)
}
