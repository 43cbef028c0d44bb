//! Records: signed, immutable statements, each chained to the one before it.
//!
//! One grammar serves publishers and the operator: the same seven lines, then actions, then one signature. What the
//! actions may be is the business of [`package`](crate::package) and [`operator`](crate::operator); this file says what
//! holds of every record: it is canonical text, and origin, subject, position, previous hash and the signer's whole
//! key are inside the signed bytes, so that nothing can be replayed elsewhere.
//!
//! The grammar stands byte by byte in `docs/protocol.md`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use crate::clock::{self, Clock};
use crate::digest::{DigestError, Hash};
use crate::field;
use crate::key::{Algorithm, KeyError, SigningKey, Verifier, VerifyingKey};
use crate::name::{NameError, Origin, PackageName};
use crate::note::{Note, NoteError};
use crate::number::{Index, Length, NumberError, Position, Time};
use crate::requirement::RequirementError;
use crate::unverified::Unverified;
use crate::version::VersionError;

/// The longest record, in bytes: what the length of an entry in a C2SP entry bundle can say.
pub const MAX_RECORD: usize = 65_535;

/// The first line of every record.
const FIRST_LINE: &str = "warg-record/v1";

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More bytes than an entry can have.
    #[error("the record is longer than {MAX_RECORD} bytes")]
    TooLong,
    /// Not a signed note.
    #[error("the record is not a signed note")]
    Note(#[from] NoteError),
    /// Another number of signatures than one.
    #[error("the record has {count} signatures; it must have exactly one")]
    Signatures {
        /// How many it has.
        count: usize,
    },
    /// Signed under another name or id than that of the key it names.
    #[error("the record names key `{named}` but is signed by `{signed}`")]
    Signer {
        /// The name in the text.
        named: String,
        /// The name at the signature.
        signed: String,
    },
    /// A format that this version does not know.
    #[error("the record begins with `{line}`: it was written by a newer cargo warg")]
    Newer {
        /// Its first line.
        line: String,
    },
    /// A line that does not read.
    #[error("line {line} of the record: {problem}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineError,
    },
    /// An empty line, or a character that cannot stand in a record.
    #[error("line {line} of the record is not printable ASCII with single spaces")]
    Plain {
        /// Which one, from 1.
        line: usize,
    },
    /// It reads, but is not spelled as it must be.
    #[error("the record is not in canonical form: line {line} differs from its one spelling")]
    Spelling {
        /// The first line that differs, from 1.
        line: usize,
    },
}

/// What is wrong with a line of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The record ends where a line must stand.
    #[error("missing: expected {expected}")]
    Missing {
        /// What must stand there.
        expected: &'static str,
    },
    /// A line of another form.
    #[error("expected `{expected}`")]
    Form {
        /// The form it must have.
        expected: &'static str,
    },
    /// An action that this version does not know.
    #[error("unknown action `{word}`: it was written by a newer cargo warg")]
    Newer {
        /// Its first word.
        word: String,
    },
    /// Not a permission of this log.
    #[error("`{word}` is not one of {expected}")]
    Permission {
        /// What stood there.
        word: String,
        /// The permissions there are.
        expected: &'static str,
    },
    /// Free text that is badly encoded, too long, empty, or has control characters.
    #[error(
        "`{text}` is not a percent-encoded text of 1 to {} bytes without control characters",
        field::MAX_FREE_TEXT
    )]
    FreeText {
        /// What stood there.
        text: String,
    },
    /// A digest or hash.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// A package, namespace, registry or interface whose name does not parse.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A number or time.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A version that does not parse.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// A requirement that does not parse.
    #[error(transparent)]
    Requirement(#[from] RequirementError),
    /// A key that does not parse.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl LineError {
    pub(crate) fn free_text(text: &str) -> Result<String, Self> {
        field::decode(text).ok_or_else(|| Self::FreeText {
            text: text.to_string(),
        })
    }
}

/// Whose log a record belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The operator's; written `operator`.
    Operator,
    /// A package's; written as its name.
    Package(PackageName),
}

impl Subject {
    /// Whose log bytes say that they are a record of: their third line. A claim, to choose a grammar by.
    pub fn claimed_by(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\n').nth(2)?;
        core::str::from_utf8(line).ok()?.parse().ok()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Package(name) => name.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "operator" => Ok(Self::Operator),
            name => Ok(Self::Package(name.parse()?)),
        }
    }
}

/// What bytes say is the hash of the record before them: their fifth line. A claim, to follow a chain backwards by.
pub fn claimed_previous(bytes: &[u8]) -> Option<Hash> {
    let line = bytes.split(|byte| *byte == b'\n').nth(4)?;
    core::str::from_utf8(line).ok()?.parse().ok()
}

/// The lines of a record behind the first seven, read one after the other.
pub(crate) struct Lines<'t> {
    rest: core::iter::Peekable<core::str::Split<'t, char>>,
    number: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text.split('\n').peekable(),
            number: 0,
        }
    }

    /// The next line, whose number then stands in errors.
    pub(crate) fn next(&mut self, expected: &'static str) -> Result<&'t str, LineError> {
        self.number = self.number.saturating_add(1);
        self.rest.next().ok_or(LineError::Missing { expected })
    }

    /// What stands behind `word` and a space, if the next line begins so.
    pub(crate) fn next_if(&mut self, word: &str) -> Option<&'t str> {
        let behind = self.rest.peek()?.strip_prefix(word)?.strip_prefix(' ')?;
        self.rest.next();
        self.number = self.number.saturating_add(1);
        Some(behind)
    }

    fn is_at_end(&mut self) -> bool {
        self.rest.peek().is_none()
    }
}

/// What the records of one kind of log may do: the grammar of their actions.
pub(crate) trait Grammar: Sized {
    /// Whether such actions may stand in that log.
    fn belongs_to(subject: &Subject) -> bool;
    /// Reads one action, which begins at the next line.
    fn read(lines: &mut Lines<'_>) -> Result<Self, LineError>;
    /// Its lines, in canonical form, each with its line end.
    fn write(&self, text: &mut String);
}

/// One record: who says what, where in which chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<A> {
    /// The registry that it is for.
    pub origin: Origin,
    /// The log that it is for.
    pub subject: Subject,
    /// Its position there.
    pub position: Position,
    /// The hash of the record before it; zeros for record 0.
    pub previous: Hash,
    /// When the signer says it was written.
    pub time: Time,
    /// The key that signs it.
    pub signer: VerifyingKey,
    /// What it does, in order.
    pub actions: Vec<A>,
}

#[expect(private_bounds, reason = "the two kinds of actions are all there are")]
impl<A: Grammar> Record<A> {
    /// The text that is signed, with its last line end.
    fn text(&self) -> String {
        use fmt::Write as _;
        let mut text = String::with_capacity(512);
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "{FIRST_LINE}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.origin, self.subject, self.position, self.previous, self.time, self.signer
        );
        for action in &self.actions {
            action.write(&mut text);
        }
        text
    }

    /// Signs the record: the bytes that are sent, stored and hashed.
    ///
    /// # Errors
    /// A record that readers would refuse: signed by another key than it names, without actions, too long.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, RecordError> {
        let bytes = Note::sign(self.text(), key).to_string().into_bytes();
        Unverified::<SignedRecord<A>>::parse(&bytes)?;
        Ok(bytes)
    }

    fn parse(text: &str) -> Result<Self, RecordError> {
        let mut lines = Lines::new(text.strip_suffix('\n').unwrap_or(text));
        Self::read(&mut lines).map_err(|problem| match problem {
            Problem::Newer(line) => RecordError::Newer { line },
            Problem::Line(problem) => RecordError::Line {
                line: lines.number,
                problem,
            },
        })
    }

    fn read(lines: &mut Lines<'_>) -> Result<Self, Problem> {
        let first = lines.next(FIRST_LINE)?;
        if first != FIRST_LINE {
            return Err(if first.starts_with("warg-record/") {
                Problem::Newer(first.to_string())
            } else {
                Problem::Line(LineError::Form {
                    expected: FIRST_LINE,
                })
            });
        }
        let mut record = Self {
            origin: lines.next("the origin")?.parse().map_err(LineError::from)?,
            subject: lines
                .next("the package")?
                .parse()
                .map_err(LineError::from)?,
            position: lines
                .next("the position")?
                .parse()
                .map_err(LineError::from)?,
            previous: lines
                .next("the previous hash")?
                .parse()
                .map_err(LineError::from)?,
            time: lines.next("the time")?.parse().map_err(LineError::from)?,
            signer: lines
                .next("the signer's key")?
                .parse()
                .map_err(LineError::from)?,
            actions: Vec::new(),
        };
        if record.signer.algorithm() != Algorithm::Ed25519 {
            return Err(Problem::Line(LineError::Form {
                expected: "a key of type 01",
            }));
        }
        if !A::belongs_to(&record.subject) {
            lines.number = 3;
            return Err(Problem::Line(LineError::Form {
                expected: "the log that the record is read for",
            }));
        }
        loop {
            record.actions.push(A::read(lines)?);
            if lines.is_at_end() {
                return Ok(record);
            }
        }
    }
}

enum Problem {
    Newer(String),
    Line(LineError),
}

impl From<LineError> for Problem {
    fn from(problem: LineError) -> Self {
        Self::Line(problem)
    }
}

/// A record with its exact bytes, hash and signature.
#[derive(Debug, Clone)]
pub struct SignedRecord<A> {
    record: Record<A>,
    note: Note,
    hash: Hash,
}

impl<A> SignedRecord<A> {
    /// The RFC 6962 leaf hash of its bytes: its identity everywhere.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Checks the one signature, by the key that the record names.
    pub(crate) fn check_signature(&self, verifier: &Verifier) -> Result<(), NoteError> {
        self.note.check_signed_by([verifier])
    }
}

impl<A> Deref for SignedRecord<A> {
    type Target = Record<A>;

    fn deref(&self) -> &Record<A> {
        &self.record
    }
}

#[expect(private_bounds, reason = "the two kinds of actions are all there are")]
impl<A: Grammar> Unverified<SignedRecord<A>> {
    /// Reads a record and demands its one spelling. Its signature is not looked at.
    ///
    /// # Errors
    /// Bytes that are not a record.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLong);
        }
        let note = Note::parse(bytes)?;
        let [signature] = note.signatures() else {
            return Err(RecordError::Signatures {
                count: note.signatures().len(),
            });
        };
        check_plain(note.text())?;
        let record = Record::<A>::parse(note.text())?;
        if signature.name() != record.signer.name() || signature.id() != record.signer.id() {
            return Err(RecordError::Signer {
                named: record.signer.name().to_string(),
                signed: signature.name().to_string(),
            });
        }
        check_spelling(note.text(), &record.text())?;
        Ok(Self::new(SignedRecord {
            hash: Hash::of_leaf(bytes),
            record,
            note,
        }))
    }
}

/// Demands printable ASCII with single spaces, and no empty line. This comes before anything of a record is repeated in a
/// message, and is all that holds of `?` lines. What a newer version writes is for that version to say.
fn check_plain(text: &str) -> Result<(), RecordError> {
    let plain = |line: &str| {
        // A line begins as if behind a space, so that neither its first nor its last byte is one.
        let mut before = b' ';
        let printable = line.bytes().all(|byte| {
            let good = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
            before = byte;
            good
        });
        printable && before != b' '
    };
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    if lines.next() != Some(FIRST_LINE) {
        return Ok(()); // refused by its first line
    }
    match lines.position(|line| !plain(line)) {
        None => Ok(()),
        Some(line) => Err(RecordError::Plain {
            line: line.saturating_add(2),
        }),
    }
}

/// Demands that a text is what its meaning prints as.
fn check_spelling(text: &str, canonical: &str) -> Result<(), RecordError> {
    if text == canonical {
        return Ok(());
    }
    let same = text
        .split('\n')
        .zip(canonical.split('\n'))
        .take_while(|(a, b)| a == b)
        .count();
    Err(RecordError::Spelling {
        line: same.saturating_add(1),
    })
}

/// Why a record does not follow the one before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Of another registry.
    #[error("it is of the registry `{found}`, not `{expected}`")]
    Origin {
        /// The registry whose log this is.
        expected: Origin,
        /// The one in the record.
        found: Origin,
    },
    /// Of another log.
    #[error("it is a record of `{found}`, not of `{expected}`")]
    Subject {
        /// The log that this is.
        expected: Subject,
        /// The one in the record.
        found: Subject,
    },
    /// At another position.
    #[error("it says to be record {found}, but stands at position {expected}")]
    Position {
        /// Where it stands.
        expected: Position,
        /// Where it says to be.
        found: Position,
    },
    /// Behind another record.
    #[error("it follows {found}, but the record before it is {expected}")]
    Previous {
        /// The hash of the record before it.
        expected: Hash,
        /// The one in the record.
        found: Hash,
    },
    /// Older than the record before it.
    #[error("its time {found} is before that of the record before it, {previous}")]
    Time {
        /// The time of the record before it.
        previous: Time,
        /// The one in the record.
        found: Time,
    },
    /// The registry's log holds it before the record that it follows.
    #[error(
        "it is said to be entry {found}, but the record before it is entry {previous}: later records lie behind earlier ones"
    )]
    Order {
        /// Where the registry's log is said to hold the record before it.
        previous: Index,
        /// Where it is said to hold this one.
        found: Index,
    },
    /// More records than 64 bits can count.
    #[error("the log is full")]
    Full,
}

/// Where a chain of records stands: what its next record must say.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) origin: Origin,
    pub(crate) subject: Subject,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) time: Option<Time>,
    /// Where the registry's log is said to hold the last record; none before the first, and where nobody says.
    pub(crate) index: Option<Index>,
}

impl Chain {
    pub(crate) fn new(origin: Origin, subject: Subject) -> Self {
        Self {
            origin,
            subject,
            hashes: Vec::new(),
            time: None,
            index: None,
        }
    }

    pub(crate) fn length(&self) -> Length {
        Length::new(u64::try_from(self.hashes.len()).unwrap_or(u64::MAX))
    }

    /// The hash of the last record; zeros where there is none.
    pub(crate) fn head(&self) -> Hash {
        self.hashes.last().copied().unwrap_or(Hash::ZERO)
    }

    pub(crate) fn hash_at(&self, position: Position) -> Option<Hash> {
        let index = usize::try_from(position.get()).ok()?;
        self.hashes.get(index).copied()
    }

    /// Checks that a record is the next one.
    pub(crate) fn check<A>(&self, record: &Record<A>) -> Result<(), ChainError> {
        if record.origin != self.origin {
            return Err(ChainError::Origin {
                expected: self.origin.clone(),
                found: record.origin.clone(),
            });
        }
        if record.subject != self.subject {
            return Err(ChainError::Subject {
                expected: self.subject.clone(),
                found: record.subject.clone(),
            });
        }
        let expected = self.length().next();
        if record.position != expected {
            return Err(ChainError::Position {
                expected,
                found: record.position,
            });
        }
        if record.previous != self.head() {
            return Err(ChainError::Previous {
                expected: self.head(),
                found: record.previous,
            });
        }
        self.length().plus_one().map(|_| ()).ok_or(ChainError::Full)
    }

    /// Checks that the next record's time does not go back; but where one of some clocks, which lie between the two, takes
    /// the last one back, it may be that early. That they lie there is the caller's to show.
    pub(crate) fn check_time(&self, found: Time, between: &[Clock]) -> Result<(), ChainError> {
        match self.time {
            Some(previous) if found < clock::earliest(between, previous) => {
                Err(ChainError::Time { previous, found })
            }
            _ => Ok(()),
        }
    }

    /// The time of a record that is written now, with some clocks between it and the last one: no earlier than it may be.
    pub(crate) fn next_time(&self, now: Time, between: &[Clock]) -> Time {
        self.time
            .map_or(now, |last| now.max(clock::earliest(between, last)))
    }

    /// Checks that the next record lies behind the last one. A record stands in a log once, so an index that is said to be
    /// before is false, or the registry wrote a copy.
    pub(crate) fn check_order(&self, found: Index) -> Result<(), ChainError> {
        match self.index {
            Some(previous) if found <= previous => Err(ChainError::Order { previous, found }),
            _ => Ok(()),
        }
    }

    /// Takes a record that [`Chain::check`] found to be the next one, and where it is said to lie.
    pub(crate) fn advance<A>(&mut self, record: &SignedRecord<A>, index: Option<Index>) {
        self.hashes.push(record.hash());
        self.time = Some(record.time);
        self.index = index;
    }
}
