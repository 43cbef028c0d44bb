//! The log: an append-only Merkle tree over all records, hashed as RFC 6962 says, and what proves that an entry is in it
//! or that one log extends another.
//!
//! [`check_inclusion`] and [`check_consistency`] are the only functions that accept a proof; each demands exactly as many
//! hashes as the sizes ask for. Whose root it is, they do not ask: checkpoints say that.
//!
//! Readers that have tiles instead of proofs admit them into [`VerifiedTiles`]; a sequencer grows the log with an
//! [`Appender`]. Source: RFC 6962 §2.1, the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2, C2SP tlog-tiles.

mod appender;
mod shape;
mod tiles;

pub use appender::{Appended, Appender};
pub use tiles::{TileError, VerifiedTiles};

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::digest::{DigestError, Hash};
use crate::number::{Index, Size};

/// The most hashes that a proof can have: one a level of a tree whose size has 64 bits, and the one that a consistency
/// proof starts from.
pub const MAX_PROOF: usize = 65;

/// A proof that is malformed, or that does not prove what it is shown for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// More hashes than any proof has.
    #[error("a proof has at most {MAX_PROOF} hashes, not {found}")]
    TooLong {
        /// How many there were.
        found: usize,
    },
    /// A line of a proof is not a hash.
    #[error("line {line} of the proof is not a hash")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: DigestError,
    },
    /// The last line of a proof does not end.
    #[error("the last line of the proof has no end of line")]
    EndOfLine,
    /// The entry lies behind the end of the log.
    #[error("a log of {size} entries has none at index {index}")]
    Outside {
        /// The entry's index.
        index: Index,
        /// The log's size.
        size: Size,
    },
    /// The log that should be the newer one is smaller.
    #[error("a log of {newer} entries cannot extend one of {older}")]
    Shrunk {
        /// The size of the older log.
        older: Size,
        /// The size of the newer log.
        newer: Size,
    },
    /// Another number of hashes than the sizes ask for.
    #[error("the proof must have {expected} hashes and has {found}")]
    Length {
        /// How many it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to root {computed}, not to {expected} of the log of {size} entries")]
    Root {
        /// The size of the log whose root it is.
        size: Size,
        /// The log's root.
        expected: Hash,
        /// Where the proof leads.
        computed: Hash,
    },
}

macro_rules! proof {
    ($name:ident) => {
        impl $name {
            /// A proof from its hashes, in the order of RFC 6962: from the entries towards the root.
            ///
            /// # Errors
            /// More than [`MAX_PROOF`] hashes.
            pub fn new(hashes: Vec<Hash>) -> Result<Self, ProofError> {
                if hashes.len() <= MAX_PROOF {
                    Ok(Self(hashes))
                } else {
                    Err(ProofError::TooLong {
                        found: hashes.len(),
                    })
                }
            }

            /// The hashes, from the entries towards the root.
            pub fn hashes(&self) -> &[Hash] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0
                    .iter()
                    .try_for_each(|hash| writeln!(f, "{}", hash.base64()))
            }
        }

        impl FromStr for $name {
            type Err = ProofError;

            fn from_str(text: &str) -> Result<Self, ProofError> {
                parse_lines(text).map(Self)
            }
        }
    };
}

/// The hashes that lead from an entry to the root of a log. Written as lines of base64, as C2SP tlog-proof has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof(Vec<Hash>);

proof!(InclusionProof);

/// The hashes that lead from a part of the older log to the roots of both. Written as lines of base64, as C2SP
/// tlog-witness has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof(Vec<Hash>);

proof!(ConsistencyProof);

fn parse_lines(text: &str) -> Result<Vec<Hash>, ProofError> {
    let mut hashes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, tail) = rest.split_once('\n').ok_or(ProofError::EndOfLine)?;
        let number = hashes.len().saturating_add(1);
        if number > MAX_PROOF {
            return Err(ProofError::TooLong {
                found: text.lines().count(),
            });
        }
        let hash = Hash::from_base64(line).map_err(|source| ProofError::Line {
            line: number,
            source,
        })?;
        hashes.push(hash);
        rest = tail;
    }
    Ok(hashes)
}

/// Checks that the entry with hash `leaf` is at `index` in the log of `size` entries with this root.
///
/// # Errors
/// An index outside the log, another number of hashes than the path has, or hashes that lead to another root.
pub fn check_inclusion(
    leaf: &Hash,
    index: Index,
    size: Size,
    root: &Hash,
    proof: &InclusionProof,
) -> Result<(), ProofError> {
    let last = match size.last() {
        Some(last) if size.holds(index) => last,
        _ => return Err(ProofError::Outside { index, size }),
    };
    check_length(&proof.0, shape::inclusion(index, size).len())?;
    let mut ascent = Ascent::new(index, last);
    let mut computed = *leaf;
    for hash in &proof.0 {
        computed = match ascent.sibling() {
            Side::Left => Hash::of_node(hash, &computed),
            Side::Right => Hash::of_node(&computed, hash),
        };
    }
    check_root(size, root, &computed)
}

/// Checks that the log of `newer` entries with root `newer_root` begins with the whole log of `older` entries with root
/// `older_root`. Every log extends the empty one, and itself, by the proof without hashes.
///
/// # Errors
/// A newer log that is smaller, another number of hashes than the sizes ask for, or hashes that lead to another root.
pub fn check_consistency(
    older: Size,
    older_root: &Hash,
    newer: Size,
    newer_root: &Hash,
    proof: &ConsistencyProof,
) -> Result<(), ProofError> {
    if older > newer {
        return Err(ProofError::Shrunk { older, newer });
    }
    check_length(&proof.0, shape::consistency(older, newer).len())?;
    let (Some(older_last), Some(newer_last)) = (older.last(), newer.last()) else {
        check_root(older, older_root, &Hash::of_empty())?;
        return match newer.last() {
            Some(_) => Ok(()),
            None => check_root(newer, newer_root, &Hash::of_empty()),
        };
    };
    if older == newer {
        return check_root(newer, newer_root, older_root);
    }
    // Both ascend together, from the last complete subtree that ends where the older log ends.
    let mut ascent = Ascent::new(older_last, newer_last);
    ascent.rise(older_last.get().trailing_ones());
    let mut hashes = proof.0.iter();
    let start = if older.get().is_power_of_two() {
        Some(older_root) // the older log is that subtree
    } else {
        hashes.next()
    };
    // The proof is not empty: `check_length` counted it.
    let start = start.copied().unwrap_or(Hash::ZERO);
    let (mut older_computed, mut newer_computed) = (start, start);
    for hash in hashes {
        match ascent.sibling() {
            Side::Left => {
                older_computed = Hash::of_node(hash, &older_computed);
                newer_computed = Hash::of_node(hash, &newer_computed);
            }
            Side::Right => newer_computed = Hash::of_node(&newer_computed, hash),
        }
    }
    check_root(older, older_root, &older_computed)?;
    check_root(newer, newer_root, &newer_computed)
}

enum Side {
    Left,
    Right,
}

/// A node on its way to the root, by its position in its row and the last position of that row.
struct Ascent {
    position: u64,
    last: u64,
}

impl Ascent {
    fn new(position: Index, last: Index) -> Self {
        Self {
            position: position.get(),
            last: last.get(),
        }
    }

    /// On which side the next sibling is; then goes up to their parent.
    fn sibling(&mut self) -> Side {
        if self.position % 2 == 1 {
            self.rise(1);
            Side::Left
        } else if self.position == self.last {
            // The last of its row and alone: it is carried up until it has a left sibling.
            self.rise(self.position.trailing_zeros().saturating_add(1));
            Side::Left
        } else {
            self.rise(1);
            Side::Right
        }
    }

    fn rise(&mut self, rows: u32) {
        self.position = self.position.checked_shr(rows).unwrap_or(0);
        self.last = self.last.checked_shr(rows).unwrap_or(0);
    }
}

fn check_length(hashes: &[Hash], expected: usize) -> Result<(), ProofError> {
    if hashes.len() == expected {
        Ok(())
    } else {
        Err(ProofError::Length {
            expected,
            found: hashes.len(),
        })
    }
}

fn check_root(size: Size, expected: &Hash, computed: &Hash) -> Result<(), ProofError> {
    if computed == expected {
        Ok(())
    } else {
        Err(ProofError::Root {
            size,
            expected: *expected,
            computed: *computed,
        })
    }
}
