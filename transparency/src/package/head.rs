//! From the map to a package's head, or to the proof that there is no such package.

use alloc::collections::BTreeMap;

use crate::checkpoint::{Checkpoint, TrustedCheckpoint};
use crate::digest::Hash;
use crate::log::{InclusionProof, ProofError};
use crate::map::{Key, MapError, VerifiedPages};
use crate::name::PackageName;
use crate::number::{Index, Length};

/// Inclusion proofs by the index that each is for.
pub type Proofs = BTreeMap<Index, InclusionProof>;

/// Why the map does not show what a package's head is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The pages do not lead to the package, or to its absence.
    #[error("the map pages for `{name}` do not prove anything")]
    Map {
        /// The package that was looked for.
        name: PackageName,
        /// What is wrong with them.
        #[source]
        source: MapError,
    },
    /// The pages are those of another map than the checkpoint's.
    #[error("the map pages for `{name}` are not of the checkpoint's map")]
    OtherMap {
        /// The package that was looked for.
        name: PackageName,
    },
    /// The head record is not proved to be in the log.
    #[error("the last record of `{name}` is not proved to be entry {index} of the log")]
    NotIncluded {
        /// The package whose head it is.
        name: PackageName,
        /// Where the map says it is.
        index: Index,
        /// What is wrong with the proof; none where there was none.
        #[source]
        source: Option<ProofError>,
    },
}

/// What a checkpoint says of a package.
#[derive(Debug, Clone)]
pub enum Presence {
    /// It is there.
    Present(Head),
    /// It is not there, which is proved as well.
    Absent(Absence),
}

impl Presence {
    /// Reads where a package lies in the map: from pages that go down to where its entry is or would be, and the proof
    /// that its last record is in the log, where there is one.
    ///
    /// # Errors
    /// Pages or a proof that do not show it.
    pub fn open(
        checkpoint: &TrustedCheckpoint,
        name: &PackageName,
        pages: &VerifiedPages,
        proofs: &Proofs,
    ) -> Result<Self, HeadError> {
        let entry = checkpoint.entry();
        if !pages.is_of(&entry.root, entry.packages) {
            return Err(HeadError::OtherMap { name: name.clone() });
        }
        let slot = pages
            .slot(&Key::of(name))
            .map_err(|source| HeadError::Map {
                name: name.clone(),
                source,
            })?;
        let Some(slot) = slot else {
            return Ok(Self::Absent(Absence {
                name: name.clone(),
                checkpoint: checkpoint.checkpoint().clone(),
            }));
        };
        let not_included = |source| HeadError::NotIncluded {
            name: name.clone(),
            index: slot.index,
            source,
        };
        let proof = proofs.get(&slot.index).ok_or_else(|| not_included(None))?;
        checkpoint
            .check_included(&slot.head, slot.index, proof)
            .map_err(|source| not_included(Some(source)))?;
        Ok(Self::Present(Head {
            name: name.clone(),
            checkpoint: checkpoint.checkpoint().clone(),
            length: slot.length,
            hash: slot.head,
            index: slot.index,
        }))
    }
}

/// Proof that a package is not in a registry, at a checkpoint.
#[derive(Debug, Clone)]
pub struct Absence {
    name: PackageName,
    checkpoint: Checkpoint,
}

impl Absence {
    /// An absence that no map was read for: for tests and benchmarks of what chooses among releases.
    #[cfg(feature = "danger")]
    pub fn danger_unproved(name: PackageName, checkpoint: Checkpoint) -> Self {
        Self { name, checkpoint }
    }

    /// The package that the map does not have.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Where it was proved absent.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// How long a package's log is and what its last record is, at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    name: PackageName,
    checkpoint: Checkpoint,
    length: Length,
    hash: Hash,
    index: Index,
}

impl Head {
    /// The package whose head it is.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The checkpoint that it was proved at.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// How many records it has.
    pub fn length(&self) -> Length {
        self.length
    }

    /// The hash of the last one.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Where the log holds the last one.
    pub fn index(&self) -> Index {
        self.index
    }
}
