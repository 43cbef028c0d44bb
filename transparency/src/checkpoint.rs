//! Checkpoints: what a registry signs, and when it may be believed.
//!
//! A [`Checkpoint`] is three lines: origin, size, root. The last entry of its log is a [`MapEntry`], which commits to the
//! state of all packages and of the operator log. A [`TrustedCheckpoint`] is one of which all was checked, in the order
//! of [`TrustedCheckpoint::open`]: it is the rung that every other fact about a registry hangs from.
//!
//! Follows C2SP `tlog-checkpoint.md`, without extension lines.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::clock::is_ahead;
use crate::cosignature::{CosignatureError, check_quorum};
use crate::digest::{Digest, DigestError, Hash};
use crate::field::is_spelling;
use crate::key::SigningKey;
use crate::log::{
    ConsistencyProof, InclusionProof, ProofError, check_consistency, check_inclusion,
};
use crate::map::VerifiedPages;
use crate::name::{NameError, Origin};
use crate::note::{Note, NoteError};
use crate::number::{Index, Length, NumberError, Size, Time};
use crate::operator;
use crate::policy::Policy;
use crate::unverified::Unverified;

/// The longest map entry, in bytes: an origin, two hashes and a few numbers.
pub const MAX_MAP_ENTRY: usize = 1024;

/// Why bytes are not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error("the checkpoint is not a signed note")]
    Note(#[from] NoteError),
    /// Not three lines.
    #[error("a checkpoint has exactly three lines: origin, size and root")]
    Lines,
    /// Line 1 is no origin.
    #[error("line 1 of the checkpoint: {0}")]
    Origin(NameError),
    /// Line 2 is no number of entries.
    #[error("line 2 of the checkpoint: {0}")]
    Size(NumberError),
    /// Line 3 is no Merkle root: a hash in base64.
    #[error("line 3 of the checkpoint: {0}")]
    Root(DigestError),
}

/// A log's origin, size and root: a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The registry whose log it is of.
    pub origin: Origin,
    /// The number of entries of its log.
    pub size: Size,
    /// The root of its log.
    pub root: Hash,
}

impl Checkpoint {
    /// The SHA-256 of the three lines: how a lock names the checkpoint.
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_string().as_bytes())
    }

    /// Signs it with a checkpoint key.
    pub fn sign(&self, key: &SigningKey) -> Note {
        Note::sign(self.to_string(), key)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.base64())
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<_> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(CheckpointError::Lines);
        };
        Ok(Self {
            origin: origin.parse().map_err(CheckpointError::Origin)?,
            size: size.parse().map_err(CheckpointError::Size)?,
            root: Hash::from_base64(root).map_err(CheckpointError::Root)?,
        })
    }
}

/// A checkpoint with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// The three lines.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, signatures and all.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

impl Unverified<SignedCheckpoint> {
    /// Reads a checkpoint; its signatures are not looked at.
    ///
    /// # Errors
    /// Bytes that are not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self::new(SignedCheckpoint {
            checkpoint: note.text().parse()?,
            note,
        }))
    }
}

/// Why bytes are not a map entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapEntryError {
    /// Of another form.
    #[error(
        "not a map entry: expected the lines `warg-map/v1`, origin, root, packages, operator log, time"
    )]
    Form,
    /// A format that this version does not know.
    #[error("the map entry was written by a newer cargo warg")]
    Newer,
}

/// The registry's state, as the log commits to it: the root of the map, and the head of the operator log.
///
/// Six lines:
///
/// ```text
/// warg-map/v1
/// registry.example/components
/// sha256:<root page>
/// <number of packages>
/// <length of the operator log> sha256:<its head> <index of its head>
/// 2026-11-22T20:06:00Z
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapEntry {
    /// The registry whose map it is of.
    pub origin: Origin,
    /// The digest of the map's root page.
    pub root: Digest,
    /// How many packages the map has.
    pub packages: u64,
    /// How many records the operator log has.
    pub operator_length: Length,
    /// The hash of the last one.
    pub operator_head: Hash,
    /// Where the log holds the last one.
    pub operator_index: Index,
    /// When it was written.
    pub time: Time,
}

impl MapEntry {
    const FIRST_LINE: &str = "warg-map/v1";

    /// Whether the bytes of an entry begin as a map entry does, rather than a record.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"warg-map/")
    }

    /// Reads a map entry, and demands its one spelling.
    ///
    /// # Errors
    /// Bytes that are not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, MapEntryError> {
        let form = || MapEntryError::Form;
        match bytes.split(|byte| *byte == b'\n').next() {
            Some(first) if first == Self::FIRST_LINE.as_bytes() => {}
            _ if Self::is_one(bytes) => return Err(MapEntryError::Newer),
            _ => return Err(form()),
        }
        if bytes.len() > MAX_MAP_ENTRY {
            return Err(form());
        }
        let text = core::str::from_utf8(bytes).map_err(|_| form())?;
        let lines: Vec<_> = text.split('\n').collect();
        let [_, origin, root, packages, operator, time, ""] = lines.as_slice() else {
            return Err(form());
        };
        let operator: Vec<_> = operator.split(' ').collect();
        let [length, head, index] = operator.as_slice() else {
            return Err(form());
        };
        let entry = Self {
            origin: origin.parse().map_err(|_| form())?,
            root: root.parse().map_err(|_| form())?,
            packages: packages.parse::<Size>().map_err(|_| form())?.get(),
            operator_length: length.parse().map_err(|_| form())?,
            operator_head: head.parse().map_err(|_| form())?,
            operator_index: index.parse().map_err(|_| form())?,
            time: time.parse().map_err(|_| form())?,
        };
        if is_spelling(text, &entry) {
            Ok(entry)
        } else {
            Err(form())
        }
    }
}

impl fmt::Display for MapEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", Self::FIRST_LINE, self.origin)?;
        writeln!(f, "{}\n{}", self.root, self.packages)?;
        writeln!(
            f,
            "{} {} {}",
            self.operator_length, self.operator_head, self.operator_index
        )?;
        writeln!(f, "{}", self.time)
    }
}

/// Why a checkpoint is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It does not read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It is of another registry than the policy.
    #[error("the checkpoint is of `{found}`, but the policy is for `{expected}`")]
    Origin {
        /// The policy's registry.
        expected: Origin,
        /// The registry that the checkpoint names.
        found: Origin,
    },
    /// Its last entry is not a map entry.
    #[error("the last entry of the checkpoint's log")]
    MapEntry(#[from] MapEntryError),
    /// The map entry is of another registry.
    #[error("the map entry is of `{found}`, but the policy is for `{expected}`")]
    MapOrigin {
        /// The policy's registry.
        expected: Origin,
        /// The map entry's.
        found: Origin,
    },
    /// The operator log does not hold.
    #[error("the operator log is refused")]
    Operator(#[from] operator::AdmitError),
    /// The operator records are not those that the map entry commits to.
    #[error(
        "the operator log ends with record {found} of length {length}, but the map entry says {expected} of length {expected_length}"
    )]
    OperatorHead {
        /// The head that the map entry says.
        expected: Hash,
        /// The length that it says.
        expected_length: Length,
        /// The head of the records given.
        found: Hash,
        /// How many were given.
        length: Length,
    },
    /// No checkpoint key signed it, or one of them badly.
    #[error("the checkpoint is not signed by a checkpoint key of the operator log")]
    Signature(#[source] NoteError),
    /// The policy's witnesses did not cosign it.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
    /// The map entry is not the log's last entry.
    #[error("the map entry is not proved to be the last entry of the log")]
    MapNotIncluded(#[source] ProofError),
    /// The operator's head is not where the map entry says.
    #[error("the head of the operator log is not proved to be entry {index} of the log")]
    OperatorNotIncluded {
        /// Where it is said to be.
        index: Index,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The operator's last record is said to be at another index of the log than the map entry says.
    #[error(
        "the head of the operator log is entry {expected} of the log by the map entry, but is said to be entry {found}"
    )]
    OperatorIndex {
        /// What the map entry says.
        expected: Index,
        /// What is said with the record.
        found: Index,
    },
    /// The log is empty.
    #[error(
        "the checkpoint's log is empty: a registry begins with an operator record and a map entry"
    )]
    Empty,
    /// The registry's time is ahead.
    #[error(
        "the registry's map entry is of {time}, but {clocks} {now}: that is more than ten minutes ahead"
    )]
    Ahead {
        /// The time of the map entry.
        time: Time,
        /// Whose clock it is ahead of.
        clocks: Clocks,
        /// What that one says.
        now: Time,
    },
    /// The log never was what is said of its past.
    #[error("the log of now is not proved to continue the one of {size} entries")]
    NotPast {
        /// The size that it is said to have had.
        size: Size,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The operator log as a past map entry has it is no beginning of the one of now.
    #[error(
        "the map entry of size {size} says that the operator log had {length} records, which is not how the one of now began"
    )]
    PastOperator {
        /// The size that the log had.
        size: Size,
        /// How many records the map entry says.
        length: Length,
    },
    /// A past map entry does not count an operator record that lies before it, or that is not proved to lie behind it.
    #[error(
        "the map entry of size {size} says that the operator log had {length} records, but the next one is not proved to lie behind it"
    )]
    PastOperatorCut {
        /// The size that the log had.
        size: Size,
        /// How many records the map entry says.
        length: Length,
        /// What is wrong with the proof; none where there is none, or where it shows the record before the map entry.
        #[source]
        source: Option<ProofError>,
    },
}

/// Whose clock a registry's time is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// The clock of whoever reads.
    Reader,
    /// Those of the witnesses that the policy's quorum asks for.
    Witnesses,
}

impl fmt::Display for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reader => "the clock of this machine says",
            Self::Witnesses => "its witnesses cosigned it at",
        })
    }
}

/// What a registry shows so that its checkpoint be believed.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The file `checkpoint`.
    pub note: &'a [u8],
    /// The file `map/at/<size>`.
    pub map_entry: &'a [u8],
    /// The operator's records, as many as the map entry says, oldest first, each with its index.
    pub operator_records: &'a [(Index, &'a [u8])],
    /// That the map entry is entry size − 1.
    pub map_entry_proof: &'a InclusionProof,
    /// That the last operator record is where the map entry says.
    pub operator_proof: &'a InclusionProof,
}

/// What shows what a registry was before. All proofs are of the log of now.
#[derive(Debug, Clone, Copy)]
pub struct PastOpening<'a> {
    /// The size that the log had.
    pub size: Size,
    /// The root that it had then.
    pub root: Hash,
    /// That the log of now begins with one of that size and root.
    pub consistency: &'a ConsistencyProof,
    /// The file `map/at/<size>`.
    pub map_entry: &'a [u8],
    /// That it is entry size − 1.
    pub map_entry_proof: &'a InclusionProof,
    /// The operator's records, at least as many as that map entry says, oldest first, each with its index.
    pub operator_records: &'a [(Index, &'a [u8])],
    /// That the last of those which it says is where it says.
    pub operator_proof: &'a InclusionProof,
    /// Where the first record behind those lies, and that it lies there; none where the operator wrote none since.
    pub operator_next: Option<(Index, &'a InclusionProof)>,
}

/// A checkpoint of which all was checked: signed by the registry, cosigned as the policy asks, ending with a map entry
/// that names the operator log which gave the key that signed it. Or the past of such a one.
///
/// Whether it continues what was seen before is the next question: [`TrustedCheckpoint::check_extends`].
#[derive(Debug, Clone)]
pub struct TrustedCheckpoint {
    checkpoint: Checkpoint,
    /// What was signed: this checkpoint, or a larger one that it is the past of. Proofs are of that log.
    signed: SignedCheckpoint,
    entry: MapEntry,
    operator: operator::Log,
}

impl TrustedCheckpoint {
    /// Opens a checkpoint, in this order: the operator records replay from the policy's key; their head and number are
    /// those of the map entry; a checkpoint key that they grant and do not revoke signed; the policy's quorum cosigned, at a
    /// time that the map entry's is not ahead of;
    /// the map entry is the log's last entry; the operator's head is in the log, where its records say.
    ///
    /// # Errors
    /// The first of these that does not hold.
    pub fn open(policy: &Policy, opening: &Opening<'_>) -> Result<Self, TrustError> {
        let signed = Unverified::<SignedCheckpoint>::parse(opening.note)?;
        let signed = signed.claims();
        let Checkpoint { origin, size, root } = &signed.checkpoint;
        if origin != policy.origin() {
            return Err(TrustError::Origin {
                expected: policy.origin().clone(),
                found: origin.clone(),
            });
        }
        let entry = MapEntry::parse(opening.map_entry)?;
        if entry.origin != *origin {
            return Err(TrustError::MapOrigin {
                expected: origin.clone(),
                found: entry.origin,
            });
        }
        let operator = operator::Log::replay(
            origin.clone(),
            policy.operate_key().clone(),
            opening.operator_records.iter().copied(),
        )?;
        if operator.head() != entry.operator_head || operator.length() != entry.operator_length {
            return Err(TrustError::OperatorHead {
                expected: entry.operator_head,
                expected_length: entry.operator_length,
                found: operator.head(),
                length: operator.length(),
            });
        }
        signed
            .note
            .check_signed_by(operator.checkpoint_keys())
            .map_err(TrustError::Signature)?;
        if let Some(cosigned) = check_quorum(&signed.note, policy)? {
            let cosigned = Time::from_unix(cosigned).unwrap_or(Time::LAST);
            check_not_ahead(&entry, cosigned, Clocks::Witnesses)?;
        }
        let last = size.last().ok_or(TrustError::Empty)?;
        let leaf = Hash::of_leaf(opening.map_entry);
        check_inclusion(&leaf, last, *size, root, opening.map_entry_proof)
            .map_err(TrustError::MapNotIncluded)?;
        let (head, index) = (entry.operator_head, entry.operator_index);
        check_inclusion(&head, index, *size, root, opening.operator_proof)
            .map_err(|source| TrustError::OperatorNotIncluded { index, source })?;
        check_operator_index(&operator, index)?;
        Ok(Self {
            checkpoint: signed.checkpoint.clone(),
            signed: signed.clone(),
            entry,
            operator,
        })
    }

    /// What the registry was when its log had fewer entries: the checkpoint that it had then, with the map and the operator
    /// log of then.
    ///
    /// No signature of that time is asked for. A proof shows that the signed log of now begins with that one, so whoever
    /// signed and cosigned this checkpoint answers for every entry of it. The key that signed then may be revoked by now,
    /// and its note is gone: the file `checkpoint` changes. In this order: that log is how this one began; its last entry is
    /// a map entry; the operator log had exactly the records that this entry says, which are the first ones of now, and the
    /// next one lies behind.
    ///
    /// Nothing follows for what may be believed *next*: what was revoked, yanked or withdrawn since is not in it.
    ///
    /// # Errors
    /// The first of these that does not hold.
    pub fn past(&self, opening: &PastOpening<'_>) -> Result<Self, TrustError> {
        let &PastOpening { size, root, .. } = opening;
        let not_past = |source| TrustError::NotPast { size, source };
        if size > self.checkpoint.size {
            let newer = self.checkpoint.size;
            return Err(not_past(ProofError::Shrunk { older: size, newer }));
        }
        self.check_extends(size, &root, opening.consistency)
            .map_err(not_past)?;
        let last = size.last().ok_or(TrustError::Empty)?;
        self.check_included(
            &Hash::of_leaf(opening.map_entry),
            last,
            opening.map_entry_proof,
        )
        .map_err(TrustError::MapNotIncluded)?;
        let origin = &self.checkpoint.origin;
        let entry = MapEntry::parse(opening.map_entry)?;
        if entry.origin != *origin {
            return Err(TrustError::MapOrigin {
                expected: origin.clone(),
                found: entry.origin,
            });
        }
        let operator = self.past_operator(size, &entry, opening)?;
        Ok(Self {
            checkpoint: Checkpoint {
                origin: origin.clone(),
                size,
                root,
            },
            signed: self.signed.clone(),
            entry,
            operator,
        })
    }

    fn past_operator(
        &self,
        size: Size,
        entry: &MapEntry,
        opening: &PastOpening<'_>,
    ) -> Result<operator::Log, TrustError> {
        let (length, head, index) = (
            entry.operator_length,
            entry.operator_head,
            entry.operator_index,
        );
        let is_beginning = length.last().and_then(|last| self.operator.hash_at(last)) == Some(head);
        if !is_beginning {
            return Err(TrustError::PastOperator { size, length });
        }
        let not_included = |source| TrustError::OperatorNotIncluded { index, source };
        if !size.holds(index) {
            return Err(not_included(ProofError::Outside { index, size }));
        }
        self.check_included(&head, index, opening.operator_proof)
            .map_err(not_included)?;
        if let Some(next) = self.operator.hash_at(length.next()) {
            let cut = |source| TrustError::PastOperatorCut {
                size,
                length,
                source,
            };
            let (index, proof) = opening.operator_next.ok_or_else(|| cut(None))?;
            self.check_included(&next, index, proof)
                .map_err(|source| cut(Some(source)))?;
            if size.holds(index) {
                return Err(cut(None));
            }
        }
        let count = usize::try_from(length.get()).unwrap_or(usize::MAX);
        let operator = operator::Log::replay(
            self.checkpoint.origin.clone(),
            self.operator.anchor().clone(),
            opening.operator_records.iter().take(count).copied(),
        )?;
        if operator.head() != head {
            return Err(TrustError::OperatorHead {
                expected: head,
                expected_length: length,
                found: operator.head(),
                length: operator.length(),
            });
        }
        check_operator_index(&operator, index)?;
        Ok(operator)
    }

    /// Origin, size and root.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed note for which it is believed: its own, or that of the larger one that it is the past of.
    pub fn note(&self) -> &Note {
        &self.signed.note
    }

    /// Whether it is the past of a larger one.
    pub fn is_past(&self) -> bool {
        self.checkpoint.size < self.signed.checkpoint.size
    }

    /// The map entry that ends the log.
    pub fn entry(&self) -> &MapEntry {
        &self.entry
    }

    /// The operator log, whole as of this checkpoint.
    pub fn operator(&self) -> &operator::Log {
        &self.operator
    }

    /// Demands that what it says was not written in the future.
    ///
    /// # Errors
    /// A time of its map entry that is more than ten minutes ahead.
    pub fn check_time(&self, now: Time) -> Result<(), TrustError> {
        check_not_ahead(&self.entry, now, Clocks::Reader)
    }

    /// Its map, before any page of it was read.
    pub fn pages(&self) -> VerifiedPages {
        VerifiedPages::open(self.entry.root, self.entry.packages)
    }

    /// Checks that an entry with this hash is at this index of the log. The proof is of the signed log, which begins with
    /// this one.
    ///
    /// # Errors
    /// A proof that does not show it; an index outside.
    pub fn check_included(
        &self,
        leaf: &Hash,
        index: Index,
        proof: &InclusionProof,
    ) -> Result<(), ProofError> {
        let own = self.checkpoint.size;
        if !own.holds(index) {
            return Err(ProofError::Outside { index, size: own });
        }
        let Checkpoint { size, root, .. } = &self.signed.checkpoint;
        check_inclusion(leaf, index, *size, root, proof)
    }

    /// Checks that the signed log continues an older one, of the size and root given.
    ///
    /// # Errors
    /// A proof that does not show it.
    pub fn check_extends(
        &self,
        size: Size,
        root: &Hash,
        proof: &ConsistencyProof,
    ) -> Result<(), ProofError> {
        let newer = &self.signed.checkpoint;
        check_consistency(size, root, newer.size, &newer.root, proof)
    }
}

fn check_not_ahead(entry: &MapEntry, now: Time, clocks: Clocks) -> Result<(), TrustError> {
    if is_ahead(entry.time, now) {
        return Err(TrustError::Ahead {
            time: entry.time,
            clocks,
            now,
        });
    }
    Ok(())
}

/// Demands that the operator's last record is said to lie where the map entry says, which is proved.
fn check_operator_index(operator: &operator::Log, expected: Index) -> Result<(), TrustError> {
    match operator.index() {
        Some(found) if found != expected => Err(TrustError::OperatorIndex { expected, found }),
        _ => Ok(()),
    }
}
