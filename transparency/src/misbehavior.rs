//! Evidence of misbehavior: what convinces somebody who has only the policy that a registry contradicted itself.
//!
//! All five sorts rest on signatures by keys that the operate key made checkpoint keys, revoked or not, and on proofs;
//! none on who shows them. Where two checkpoints are used together, no proof that they are consistent is needed: if they
//! are not, that is misbehavior too. An honest registry never signs what one of these can be made of. How a file of
//! evidence is written stands in [`format`](mod@format).

pub mod format;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::checkpoint::{Checkpoint, CheckpointError, MapEntry, MapEntryError, SignedCheckpoint};
use crate::digest::Hash;
use crate::key::VerifyingKey;
use crate::log::{
    ConsistencyProof, InclusionProof, ProofError, check_consistency, check_inclusion,
};
use crate::map::{Key, MapError, check_presence};
use crate::name::Origin;
use crate::number::{Index, Length, Position, Size};
use crate::operator;
use crate::package;
use crate::policy::Policy;
use crate::record::{Grammar, RecordError, SignedRecord, Subject};
use crate::unverified::Unverified;

/// Why evidence proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProved {
    /// A checkpoint in it does not read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A map entry in it does not read.
    #[error(transparent)]
    MapEntry(#[from] MapEntryError),
    /// A record in it does not read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A part of it is of another registry than the policy.
    #[error("it is about `{found}`, but the policy is for `{expected}`")]
    Origin {
        /// The policy's registry.
        expected: Origin,
        /// The other one.
        found: Origin,
    },
    /// Its operator records do not replay from the policy's key.
    #[error("its operator records are refused")]
    Operator(#[from] operator::AdmitError),
    /// A checkpoint in it bears no good signature by a key that was ever a checkpoint key of these operator records.
    #[error(
        "its checkpoint of size {size} is not signed by a checkpoint key of its operator records"
    )]
    Signature {
        /// The checkpoint's size.
        size: Size,
    },
    /// The map that should be the newer one does not lie behind the older one.
    #[error("its newer map, entry {newer}, must lie behind the older one, entry {older}")]
    Order {
        /// Where the log holds the older map.
        older: Index,
        /// Where it holds the newer one.
        newer: Index,
    },
    /// The two checkpoints are consistent.
    #[error("its two checkpoints are consistent: both have this root at size {size}")]
    Consistent {
        /// The size of the smaller one.
        size: Size,
    },
    /// The root said to be the larger tree's at the smaller size is not proved to be.
    #[error("the larger checkpoint is not proved to extend the root that is shown")]
    Extension(#[source] ProofError),
    /// A map entry is not proved to be in the log.
    #[error("a map entry is not proved to be entry {index} of the checkpoint of size {size}")]
    MapNotIncluded {
        /// Where it is said to be.
        index: Index,
        /// The checkpoint's size.
        size: Size,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// A record is not proved to be in the log.
    #[error("a record is not proved to be entry {index} of the checkpoint of size {size}")]
    RecordNotIncluded {
        /// Where it is said to be.
        index: Index,
        /// The checkpoint's size.
        size: Size,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The pages do not show what the map says of the package.
    #[error("the map pages prove nothing about `{subject}`")]
    Pages {
        /// The package; or the operator, of whom no page speaks.
        subject: Subject,
        /// What is wrong with them; none where there must be no page.
        #[source]
        source: Option<MapError>,
    },
    /// Two records of different logs, or of different positions.
    #[error("its two records do not claim one position of one log")]
    OtherPosition,
    /// One record, twice.
    #[error("its two records are one and the same")]
    SameRecord,
    /// Two records of one log, each at its index.
    #[error(
        "its two records are in order: neither is the other one again, nor behind one that follows it"
    )]
    InOrder,
    /// The log did not shrink.
    #[error("`{subject}` did not shrink: it had {older} records, and later {newer}")]
    Grew {
        /// The package, or the operator.
        subject: Subject,
        /// How many records it had.
        older: Length,
        /// How many it had later.
        newer: Length,
    },
    /// The map covers the record, or the record stands behind what the map covers.
    #[error(
        "the map at entry {map} does not omit record {position} of `{subject}`, entry {index}: it counts {length} records"
    )]
    NotOmitted {
        /// Where the log holds the map.
        map: Index,
        /// The package, or the operator.
        subject: Subject,
        /// The record's position.
        position: Position,
        /// The record's index in the log.
        index: Index,
        /// How many records the map counts.
        length: Length,
    },
}

/// A record, and the proof that a signed checkpoint's log holds it.
#[derive(Debug, Clone, Copy)]
pub struct LoggedRecord<'a> {
    /// The checkpoint, a signed note.
    pub checkpoint: &'a [u8],
    /// The record, of a package or of the operator.
    pub record: &'a [u8],
    /// Where the log holds it.
    pub index: Index,
    /// That the log holds it there.
    pub proof: &'a InclusionProof,
}

/// A map that a signed checkpoint's log commits to, as far as it speaks of one package: the last one, or one before.
#[derive(Debug, Clone, Copy)]
pub struct CommittedMap<'a> {
    /// The checkpoint, a signed note.
    pub checkpoint: &'a [u8],
    /// The map entry.
    pub entry: &'a [u8],
    /// Where the log holds it. It covers all entries before.
    pub index: Index,
    /// That the log holds it there.
    pub proof: &'a InclusionProof,
    /// The pages that lead to the package or to its absence, root first. None where the evidence is about the operator
    /// log, whose length stands in the map entry itself.
    pub pages: &'a [&'a [u8]],
}

/// Proof that a registry misbehaved. Whoever made one has checked it; others ask [`Misbehavior::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misbehavior {
    operator: Vec<Vec<u8>>,
    /// The older or first one, the newer or second one.
    checkpoints: [SignedCheckpoint; 2],
    sort: Sort,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sort {
    Fork {
        root: Hash,
        proof: ConsistencyProof,
    },
    TwoRecords([Located; 2]),
    Repeated([Located; 2]),
    Shrunk {
        subject: Subject,
        maps: [Committed; 2],
    },
    Omitted {
        map: Committed,
        record: Located,
    },
}

/// A record in a log, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Located {
    bytes: Vec<u8>,
    subject: Subject,
    position: Position,
    signer: VerifyingKey,
    hash: Hash,
    index: Index,
    proof: InclusionProof,
}

/// What a committed map says of one log, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Committed {
    bytes: Vec<u8>,
    index: Index,
    proof: InclusionProof,
    pages: Vec<Vec<u8>>,
    /// Zero where the map does not have the package.
    length: Length,
}

impl Misbehavior {
    /// Two signed checkpoints, of which the larger does not extend the smaller: at the smaller one's size its log has
    /// another root, which is shown and proved. Of equal sizes, that root is the second one's, and the proof is empty.
    ///
    /// `operator_records` are the operator's, from record 0 on, at least up to those that granted the checkpoint keys.
    ///
    /// # Errors
    /// Whatever keeps it from being proved.
    pub fn fork(
        policy: &Policy,
        operator_records: &[&[u8]],
        older: &[u8],
        newer: &[u8],
        root: &Hash,
        proof: &ConsistencyProof,
    ) -> Result<Self, NotProved> {
        Self::fork_claim(operator_records, older, newer, root, proof)?.checked(policy)
    }

    /// Two different records that claim one position of one log, each proved to be in the log.
    ///
    /// Whether the records are good does not matter: who signs a checkpoint answers for what its log holds.
    ///
    /// # Errors
    /// Whatever keeps it from being proved.
    pub fn two_records(
        policy: &Policy,
        operator_records: &[&[u8]],
        first: &LoggedRecord<'_>,
        second: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        Self::two_records_claim(operator_records, first, second)?.checked(policy)
    }

    /// One record at two indices of the log; or two records of one log, of which the later one lies before the earlier one. So
    /// what the registry was at a size would be for it to choose.
    ///
    /// Of one record, the index before comes first; of two, the earlier record.
    ///
    /// # Errors
    /// Whatever keeps it from being proved.
    pub fn repeated(
        policy: &Policy,
        operator_records: &[&[u8]],
        first: &LoggedRecord<'_>,
        second: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        Self::repeated_claim(operator_records, first, second)?.checked(policy)
    }

    /// A package, or the operator log, that has fewer records in a later map than in an earlier one, or is gone.
    ///
    /// # Errors
    /// Whatever keeps it from being proved.
    pub fn shrunk(
        policy: &Policy,
        operator_records: &[&[u8]],
        subject: &Subject,
        older: &CommittedMap<'_>,
        newer: &CommittedMap<'_>,
    ) -> Result<Self, NotProved> {
        Self::shrunk_claim(operator_records, subject, older, newer)?.checked(policy)
    }

    /// A map that does not count a record which the log holds before it.
    ///
    /// # Errors
    /// Whatever keeps it from being proved.
    pub fn omitted(
        policy: &Policy,
        operator_records: &[&[u8]],
        map: &CommittedMap<'_>,
        record: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        Self::omitted_claim(operator_records, map, record)?.checked(policy)
    }

    fn checked(self, policy: &Policy) -> Result<Self, NotProved> {
        self.check(policy)?;
        Ok(self)
    }

    fn fork_claim(
        operator_records: &[&[u8]],
        older: &[u8],
        newer: &[u8],
        root: &Hash,
        proof: &ConsistencyProof,
    ) -> Result<Self, NotProved> {
        let checkpoints = [read_checkpoint(older)?, read_checkpoint(newer)?];
        let [older, newer] = checkpoints.each_ref().map(SignedCheckpoint::checkpoint);
        check_consistency(older.size, root, newer.size, &newer.root, proof)
            .map_err(NotProved::Extension)?;
        if *root == older.root {
            return Err(NotProved::Consistent { size: older.size });
        }
        let sort = Sort::Fork {
            root: *root,
            proof: proof.clone(),
        };
        Ok(Self::new(operator_records, checkpoints, sort))
    }

    fn two_records_claim(
        operator_records: &[&[u8]],
        first: &LoggedRecord<'_>,
        second: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        let checkpoints = [
            read_checkpoint(first.checkpoint)?,
            read_checkpoint(second.checkpoint)?,
        ];
        let [one, other] = checkpoints.each_ref().map(SignedCheckpoint::checkpoint);
        let (first, second) = (first.locate(one)?, second.locate(other)?);
        if first.subject != second.subject || first.position != second.position {
            return Err(NotProved::OtherPosition);
        }
        if first.hash == second.hash {
            return Err(NotProved::SameRecord);
        }
        let sort = Sort::TwoRecords([first, second]);
        Ok(Self::new(operator_records, checkpoints, sort))
    }

    fn repeated_claim(
        operator_records: &[&[u8]],
        first: &LoggedRecord<'_>,
        second: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        let checkpoints = [
            read_checkpoint(first.checkpoint)?,
            read_checkpoint(second.checkpoint)?,
        ];
        let [one, other] = checkpoints.each_ref().map(SignedCheckpoint::checkpoint);
        let (first, second) = (first.locate(one)?, second.locate(other)?);
        let again = first.hash == second.hash && first.index < second.index;
        let before = first.subject == second.subject
            && first.position < second.position
            && first.index >= second.index;
        if !again && !before {
            return Err(NotProved::InOrder);
        }
        let sort = Sort::Repeated([first, second]);
        Ok(Self::new(operator_records, checkpoints, sort))
    }

    fn shrunk_claim(
        operator_records: &[&[u8]],
        subject: &Subject,
        older: &CommittedMap<'_>,
        newer: &CommittedMap<'_>,
    ) -> Result<Self, NotProved> {
        let checkpoints = [
            read_checkpoint(older.checkpoint)?,
            read_checkpoint(newer.checkpoint)?,
        ];
        let [one, other] = checkpoints.each_ref().map(SignedCheckpoint::checkpoint);
        if older.index >= newer.index {
            return Err(NotProved::Order {
                older: older.index,
                newer: newer.index,
            });
        }
        let maps = [older.commit(one, subject)?, newer.commit(other, subject)?];
        let [older, newer] = maps.each_ref().map(|map| map.length);
        if newer >= older {
            return Err(NotProved::Grew {
                subject: subject.clone(),
                older,
                newer,
            });
        }
        let sort = Sort::Shrunk {
            subject: subject.clone(),
            maps,
        };
        Ok(Self::new(operator_records, checkpoints, sort))
    }

    fn omitted_claim(
        operator_records: &[&[u8]],
        map: &CommittedMap<'_>,
        record: &LoggedRecord<'_>,
    ) -> Result<Self, NotProved> {
        let checkpoints = [
            read_checkpoint(map.checkpoint)?,
            read_checkpoint(record.checkpoint)?,
        ];
        let [one, other] = checkpoints.each_ref().map(SignedCheckpoint::checkpoint);
        let record = record.locate(other)?;
        let map = map.commit(one, &record.subject)?;
        if record.index >= map.index || map.length.holds(record.position) {
            return Err(NotProved::NotOmitted {
                map: map.index,
                subject: record.subject,
                position: record.position,
                index: record.index,
                length: map.length,
            });
        }
        let sort = Sort::Omitted { map, record };
        Ok(Self::new(operator_records, checkpoints, sort))
    }

    fn new(operator_records: &[&[u8]], checkpoints: [SignedCheckpoint; 2], sort: Sort) -> Self {
        Self {
            operator: operator_records
                .iter()
                .map(|record| record.to_vec())
                .collect(),
            checkpoints,
            sort,
        }
    }

    /// Checks that the registry of this policy did this: that the evidence is about it, and that keys which its operate
    /// key made checkpoint keys signed both checkpoints. All else was checked when the evidence was made or read.
    ///
    /// # Errors
    /// Evidence about another registry, operator records that do not replay, or a checkpoint that none of their keys signed.
    pub fn check(&self, policy: &Policy) -> Result<(), NotProved> {
        for signed in &self.checkpoints {
            check_origin(policy.origin(), &signed.checkpoint().origin)?;
        }
        // Where the log holds the operator records does not matter here: any indices do that ascend.
        let indices = (0..).map(Index::new);
        let records = indices.zip(self.operator.iter().map(Vec::as_slice));
        let operator = operator::Log::replay(
            policy.origin().clone(),
            policy.operate_key().clone(),
            records,
        )?;
        for signed in &self.checkpoints {
            let note = signed.note();
            // One good signature convicts. That another one is bad excuses nothing: else a registry could add a bad
            // line to all that it signs, and nothing would ever count against it.
            let good = operator.checkpoint_keys_ever().any(|key| {
                note.signatures().iter().any(|line| {
                    line.is_by(key) && key.verify(note.text().as_bytes(), line.signature()).is_ok()
                })
            });
            if !good {
                return Err(NotProved::Signature {
                    size: signed.checkpoint().size,
                });
            }
        }
        Ok(())
    }

    /// The registry that it is about.
    pub fn origin(&self) -> &Origin {
        let [checkpoint, _] = &self.checkpoints;
        &checkpoint.checkpoint().origin
    }

    /// What was signed and why it cannot be honest, in a paragraph for a person.
    pub fn explain(&self) -> String {
        let origin = self.origin();
        let [one, other] = self.checkpoints.each_ref().map(|signed| {
            let Checkpoint { size, root, .. } = signed.checkpoint();
            alloc::format!("a checkpoint of size {size} with root {}", root.base64())
        });
        let [first, _] = self
            .checkpoints
            .each_ref()
            .map(|signed| signed.checkpoint().size);
        match &self.sort {
            Sort::Fork { root, .. } => alloc::format!(
                "The registry `{origin}` signed {one}, and also {other}. The second log does not continue the first: at size {first} its root is {}. So it showed different logs to different people.",
                root.base64()
            ),
            Sort::TwoRecords([a, b]) => alloc::format!(
                "The registry `{origin}` signed {one}, whose entry {} is record {} of `{}`, {}, by `{}`; and it signed {other}, whose entry {} says to be the same record, but is {}, by `{}`. A position of a log can be taken only once.",
                a.index,
                a.position,
                a.subject,
                a.hash,
                a.signer.name(),
                b.index,
                b.hash,
                b.signer.name()
            ),
            Sort::Repeated([a, b]) if a.hash == b.hash => alloc::format!(
                "The registry `{origin}` signed {one}, whose entry {} is record {} of `{}`, {}, by `{}`; and it signed {other}, whose entry {} is that record again. A record stands in the log once: else the registry could choose when it was written.",
                a.index,
                a.position,
                a.subject,
                a.hash,
                a.signer.name(),
                b.index
            ),
            Sort::Repeated([a, b]) => alloc::format!(
                "The registry `{origin}` signed {one}, whose entry {} is record {} of `{}`, {}; and it signed {other}, whose entry {} is record {} of it, {}. A record cannot lie before one that it follows.",
                a.index,
                a.position,
                a.subject,
                a.hash,
                b.index,
                b.position,
                b.hash
            ),
            Sort::Shrunk { subject, maps } => {
                let [older, newer] = maps;
                alloc::format!(
                    "The registry `{origin}` signed {one}, whose entry {} is a map that counts {} records of `{subject}`; and it signed {other}, whose entry {} is a later map, which counts {}. Records are never removed.",
                    older.index,
                    older.length,
                    newer.index,
                    newer.length
                )
            }
            Sort::Omitted { map, record } => alloc::format!(
                "The registry `{origin}` signed {one}, whose entry {} is a map that covers all entries before and counts {} records of `{}`; but it also signed {other}, whose entry {} is record {} of it, {}, by `{}`. So the map hides a record that is in the log.",
                map.index,
                map.length,
                record.subject,
                record.index,
                record.position,
                record.hash,
                record.signer.name()
            ),
        }
    }
}

fn read_checkpoint(bytes: &[u8]) -> Result<SignedCheckpoint, NotProved> {
    Ok(Unverified::<SignedCheckpoint>::parse(bytes)?
        .claims()
        .clone())
}

fn check_origin(expected: &Origin, found: &Origin) -> Result<(), NotProved> {
    if expected == found {
        Ok(())
    } else {
        Err(NotProved::Origin {
            expected: expected.clone(),
            found: found.clone(),
        })
    }
}

impl LoggedRecord<'_> {
    fn locate(&self, checkpoint: &Checkpoint) -> Result<Located, NotProved> {
        let subject = self.record.split(|byte| *byte == b'\n').nth(2);
        if subject == Some(Subject::Operator.to_string().as_bytes()) {
            self.locate_as::<operator::Action>(checkpoint)
        } else {
            self.locate_as::<package::Action>(checkpoint)
        }
    }

    fn locate_as<A: Grammar>(&self, checkpoint: &Checkpoint) -> Result<Located, NotProved> {
        let record = Unverified::<SignedRecord<A>>::parse(self.record)?;
        let record = record.claims();
        check_origin(&checkpoint.origin, &record.origin)?;
        let Checkpoint { size, root, .. } = checkpoint;
        check_inclusion(&record.hash(), self.index, *size, root, self.proof).map_err(|source| {
            NotProved::RecordNotIncluded {
                index: self.index,
                size: *size,
                source,
            }
        })?;
        Ok(Located {
            bytes: self.record.to_vec(),
            subject: record.subject.clone(),
            position: record.position,
            signer: record.signer.clone(),
            hash: record.hash(),
            index: self.index,
            proof: self.proof.clone(),
        })
    }
}

impl CommittedMap<'_> {
    fn commit(&self, checkpoint: &Checkpoint, subject: &Subject) -> Result<Committed, NotProved> {
        let entry = MapEntry::parse(self.entry)?;
        check_origin(&checkpoint.origin, &entry.origin)?;
        let (Checkpoint { size, root, .. }, index) = (checkpoint, self.index);
        check_inclusion(&Hash::of_leaf(self.entry), index, *size, root, self.proof).map_err(
            |source| NotProved::MapNotIncluded {
                index,
                size: *size,
                source,
            },
        )?;
        let pages = |source| NotProved::Pages {
            subject: subject.clone(),
            source,
        };
        let length = match subject {
            Subject::Operator if self.pages.is_empty() => entry.operator_length,
            Subject::Operator => return Err(pages(None)),
            Subject::Package(name) => check_presence(&entry.root, &Key::of(name), self.pages)
                .map_err(|source| pages(Some(source)))?
                .map_or(Length::ZERO, |slot| slot.length),
        };
        Ok(Committed {
            bytes: self.entry.to_vec(),
            index,
            proof: self.proof.clone(),
            pages: self.pages.iter().map(|page| page.to_vec()).collect(),
            length,
        })
    }
}
