//! The file of evidence: text, in one spelling, line by line.
//!
//! ```text
//! warg-misbehavior/v1
//! SORT                    fork, two-records, repeated, shrunk or omitted
//! operator BASE64         one operator record; as many lines as there are records, from record 0 on
//!                         then, of a fork:
//! checkpoint BASE64       the smaller checkpoint, a whole signed note
//! checkpoint BASE64       the larger one
//! root BASE64             32 bytes: the root of the larger one's log at the smaller one's size
//! proof BASE64            32 bytes: one hash of the consistency proof; as many lines as it has hashes
//!                         of two-records: RECORD, RECORD
//!                         of repeated:    RECORD, RECORD
//!                         of shrunk:      `subject NAME`, the older MAP, the newer MAP
//!                         of omitted:     MAP, RECORD
//!
//! RECORD is               checkpoint BASE64, record BASE64, index DECIMAL, proof BASE64 (a line per hash)
//! MAP is                  checkpoint BASE64, entry BASE64, index DECIMAL, proof BASE64 (a line per hash), page BASE64 (a line per
//!                         page, root first)
//! ```
//!
//! Each line ends with one line feed. A line is its label, one space, and a value: base64 of RFC 4648 §4, padded, of the
//! exact bytes; or, of `subject`, a package's name or `operator`; or, of `index`, a decimal number. All lines of a RECORD or
//! MAP follow one another in this order.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};

use super::{Committed, CommittedMap, Located, LoggedRecord, Misbehavior, NotProved, Sort};
use crate::digest::Hash;
use crate::log::{ConsistencyProof, InclusionProof, MAX_PROOF, ProofError};
use crate::number::Index;
use crate::policy::Policy;
use crate::record::Subject;
use crate::unverified::Unverified;

/// The longest file of evidence, in bytes. The operator records up to a key's grant are most of it: this is room for some
/// ten thousand.
pub const MAX_EVIDENCE: usize = 16 * 1024 * 1024;
/// The most pages on the way to a package: one for each byte of its key.
const MAX_PAGES: usize = 32;

const FIRST_LINE: &str = "warg-misbehavior/v1";

/// Why a file is not one of evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// More bytes than evidence needs.
    #[error("longer than {MAX_EVIDENCE} bytes")]
    TooLong,
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 text")]
    Text,
    /// Another first line.
    #[error("not evidence: it does not begin with `{FIRST_LINE}`")]
    FirstLine,
    /// A version or sort that this version does not know.
    #[error("written by a newer cargo warg")]
    Newer,
    /// Another line than the one that must stand there, or none.
    #[error("line {line}: expected `{label} …`")]
    Label {
        /// Which line, from 1.
        line: usize,
        /// The label that must stand there.
        label: &'static str,
    },
    /// A value that is not in its one spelling.
    #[error("line {line}: not the one spelling of the value of `{label}`")]
    Value {
        /// Which line, from 1.
        line: usize,
        /// The word that the line begins with.
        label: &'static str,
    },
    /// More proof lines or pages than there can be.
    #[error("line {line}: too many lines `{label} …`")]
    TooMany {
        /// The first line too many, from 1.
        line: usize,
        /// The word that the lines begin with.
        label: &'static str,
    },
    /// Lines behind the last one.
    #[error("line {line}: nothing must stand here")]
    Trailing {
        /// The first of them, from 1.
        line: usize,
    },
    /// The last line does not end.
    #[error("the last line does not end")]
    EndOfLine,
    /// A proof that is none.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// It reads, and proves nothing, whoever signed it.
    #[error(transparent)]
    NotProved(#[from] NotProved),
}

impl Unverified<Misbehavior> {
    /// Reads a file of evidence. It contradicts itself, then; whether the registry signed it, [`Unverified::open`] asks.
    ///
    /// # Errors
    /// Bytes that are not evidence in its one spelling, or that contradict nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_EVIDENCE {
            return Err(FormatError::TooLong);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| FormatError::Text)?;
        let text = text.strip_suffix('\n').ok_or(FormatError::EndOfLine)?;
        let mut lines = text.split('\n');
        match lines.next() {
            Some(FIRST_LINE) => {}
            Some(first) if first.starts_with("warg-misbehavior/") => {
                return Err(FormatError::Newer);
            }
            _ => return Err(FormatError::FirstLine),
        }
        let sort = lines.next().unwrap_or_default();
        let mut reader = Reader {
            lines: lines.peekable(),
            number: 2,
        };
        let operator = reader.blobs("operator", usize::MAX)?;
        let operator: Vec<&[u8]> = operator.iter().map(Vec::as_slice).collect();
        let misbehavior = match sort {
            "fork" => {
                let (older, newer) = (reader.blob("checkpoint")?, reader.blob("checkpoint")?);
                let root = reader.value("root", |text| Hash::from_base64(text).ok())?;
                let proof = ConsistencyProof::new(reader.hashes()?)?;
                reader.end()?;
                Misbehavior::fork_claim(&operator, &older, &newer, &root, &proof)?
            }
            "two-records" => {
                let (first, second) = (reader.record()?, reader.record()?);
                reader.end()?;
                Misbehavior::two_records_claim(&operator, &first.parts(), &second.parts())?
            }
            "repeated" => {
                let (first, second) = (reader.record()?, reader.record()?);
                reader.end()?;
                Misbehavior::repeated_claim(&operator, &first.parts(), &second.parts())?
            }
            "shrunk" => {
                let subject = reader.value("subject", |text| text.parse::<Subject>().ok())?;
                let (older, newer) = (reader.map()?, reader.map()?);
                reader.end()?;
                let (older_pages, newer_pages) = (older.pages(), newer.pages());
                Misbehavior::shrunk_claim(
                    &operator,
                    &subject,
                    &older.parts(&older_pages),
                    &newer.parts(&newer_pages),
                )?
            }
            "omitted" => {
                let (map, record) = (reader.map()?, reader.record()?);
                reader.end()?;
                let pages = map.pages();
                Misbehavior::omitted_claim(&operator, &map.parts(&pages), &record.parts())?
            }
            _ => return Err(FormatError::Newer),
        };
        Ok(Self::new(misbehavior))
    }

    /// Believes it, if the registry of this policy signed it: see [`Misbehavior::check`].
    ///
    /// # Errors
    /// As [`Misbehavior::check`].
    pub fn open(self, policy: &Policy) -> Result<Misbehavior, NotProved> {
        let misbehavior = self.into_claims();
        misbehavior.check(policy)?;
        Ok(misbehavior)
    }
}

/// The lines of a file, each of which must be spelled as it would be printed.
struct Reader<'t> {
    lines: core::iter::Peekable<core::str::Split<'t, char>>,
    number: usize,
}

struct RecordBlock {
    checkpoint: Vec<u8>,
    record: Vec<u8>,
    index: Index,
    proof: InclusionProof,
}

impl RecordBlock {
    fn parts(&self) -> LoggedRecord<'_> {
        LoggedRecord {
            checkpoint: &self.checkpoint,
            record: &self.record,
            index: self.index,
            proof: &self.proof,
        }
    }
}

struct MapBlock {
    checkpoint: Vec<u8>,
    entry: Vec<u8>,
    index: Index,
    proof: InclusionProof,
    pages: Vec<Vec<u8>>,
}

impl MapBlock {
    fn pages(&self) -> Vec<&[u8]> {
        self.pages.iter().map(Vec::as_slice).collect()
    }

    fn parts<'a>(&'a self, pages: &'a [&'a [u8]]) -> CommittedMap<'a> {
        CommittedMap {
            checkpoint: &self.checkpoint,
            entry: &self.entry,
            index: self.index,
            proof: &self.proof,
            pages,
        }
    }
}

impl<'t> Reader<'t> {
    /// The value of the next line, if it has this label.
    fn next_if(&mut self, label: &str) -> Option<&'t str> {
        let value = self.lines.peek()?.strip_prefix(label)?.strip_prefix(' ')?;
        self.lines.next();
        self.number = self.number.saturating_add(1);
        Some(value)
    }

    fn value<T>(
        &mut self,
        label: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FormatError> {
        let Some(text) = self.next_if(label) else {
            return Err(FormatError::Label {
                line: self.number.saturating_add(1),
                label,
            });
        };
        read(text).ok_or(FormatError::Value {
            line: self.number,
            label,
        })
    }

    fn blob(&mut self, label: &'static str) -> Result<Vec<u8>, FormatError> {
        self.value(label, decode)
    }

    fn several<T>(
        &mut self,
        label: &'static str,
        limit: usize,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, FormatError> {
        let mut values = Vec::new();
        while let Some(text) = self.next_if(label) {
            let line = self.number;
            if values.len() >= limit {
                return Err(FormatError::TooMany { line, label });
            }
            values.push(read(text).ok_or(FormatError::Value { line, label })?);
        }
        Ok(values)
    }

    fn blobs(&mut self, label: &'static str, limit: usize) -> Result<Vec<Vec<u8>>, FormatError> {
        self.several(label, limit, decode)
    }

    fn hashes(&mut self) -> Result<Vec<Hash>, FormatError> {
        self.several("proof", MAX_PROOF, |text| Hash::from_base64(text).ok())
    }

    fn record(&mut self) -> Result<RecordBlock, FormatError> {
        Ok(RecordBlock {
            checkpoint: self.blob("checkpoint")?,
            record: self.blob("record")?,
            index: self.value("index", |text| text.parse().ok())?,
            proof: InclusionProof::new(self.hashes()?)?,
        })
    }

    fn map(&mut self) -> Result<MapBlock, FormatError> {
        Ok(MapBlock {
            checkpoint: self.blob("checkpoint")?,
            entry: self.blob("entry")?,
            index: self.value("index", |text| text.parse().ok())?,
            proof: InclusionProof::new(self.hashes()?)?,
            pages: self.blobs("page", MAX_PAGES)?,
        })
    }

    fn end(&mut self) -> Result<(), FormatError> {
        match self.lines.next() {
            None => Ok(()),
            Some(_) => Err(FormatError::Trailing {
                line: self.number.saturating_add(1),
            }),
        }
    }
}

/// The bytes of their one spelling in base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text).ok()?;
    (Base64::encode_string(&bytes) == text).then_some(bytes)
}

fn blob(f: &mut fmt::Formatter<'_>, label: &str, bytes: &[u8]) -> fmt::Result {
    writeln!(f, "{label} {}", Base64::encode_string(bytes))
}

fn blobs(f: &mut fmt::Formatter<'_>, label: &str, list: &[impl AsRef<[u8]>]) -> fmt::Result {
    list.iter()
        .try_for_each(|bytes| blob(f, label, bytes.as_ref()))
}

fn hashes(f: &mut fmt::Formatter<'_>, list: &[Hash]) -> fmt::Result {
    list.iter()
        .try_for_each(|hash| blob(f, "proof", hash.as_bytes()))
}

fn record(f: &mut fmt::Formatter<'_>, checkpoint: &str, record: &Located) -> fmt::Result {
    blob(f, "checkpoint", checkpoint.as_bytes())?;
    blob(f, "record", &record.bytes)?;
    writeln!(f, "index {}", record.index)?;
    hashes(f, record.proof.hashes())
}

fn map(f: &mut fmt::Formatter<'_>, checkpoint: &str, map: &Committed) -> fmt::Result {
    blob(f, "checkpoint", checkpoint.as_bytes())?;
    blob(f, "entry", &map.bytes)?;
    writeln!(f, "index {}", map.index)?;
    hashes(f, map.proof.hashes())?;
    blobs(f, "page", &map.pages)
}

impl fmt::Display for Misbehavior {
    /// Prints the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sort = match &self.sort {
            Sort::Fork { .. } => "fork",
            Sort::TwoRecords(_) => "two-records",
            Sort::Repeated(_) => "repeated",
            Sort::Shrunk { .. } => "shrunk",
            Sort::Omitted { .. } => "omitted",
        };
        writeln!(f, "{FIRST_LINE}\n{sort}")?;
        blobs(f, "operator", &self.operator)?;
        let notes: [String; 2] = self
            .checkpoints
            .each_ref()
            .map(|signed| signed.note().to_string());
        let [one, other] = &notes;
        match &self.sort {
            Sort::Fork { root, proof } => {
                blob(f, "checkpoint", one.as_bytes())?;
                blob(f, "checkpoint", other.as_bytes())?;
                blob(f, "root", root.as_bytes())?;
                hashes(f, proof.hashes())
            }
            Sort::TwoRecords([first, second]) | Sort::Repeated([first, second]) => {
                record(f, one, first)?;
                record(f, other, second)
            }
            Sort::Shrunk {
                subject,
                maps: [older, newer],
            } => {
                writeln!(f, "subject {subject}")?;
                map(f, one, older)?;
                map(f, other, newer)
            }
            Sort::Omitted {
                map: covered,
                record: omitted,
            } => {
                map(f, one, covered)?;
                record(f, other, omitted)
            }
        }
    }
}
