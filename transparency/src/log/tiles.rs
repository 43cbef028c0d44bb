//! Tiles that a root authenticates, and the proofs that they hold.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Range;

use super::shape::{self, Node};
use super::{ConsistencyProof, InclusionProof};
use crate::digest::Hash;
use crate::number::{Index, Size};
use crate::tile::{FileError, Tile, hashes_at};

/// A tile that the log's root does not vouch for, or one that is lacking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Bytes that are no such tile.
    #[error("`{tile}` is malformed")]
    File {
        /// The tile whose bytes they should be.
        tile: Tile,
        /// What is wrong with its bytes.
        source: FileError,
    },
    /// The right edge of the log is made of other tiles than those given.
    #[error(
        "the right edge of a log of {size} entries is made of other tiles than the {found} given"
    )]
    Edge {
        /// The size of the log.
        size: Size,
        /// How many tiles were given.
        found: usize,
    },
    /// The tiles of the right edge lead to another root.
    #[error(
        "the tiles of the right edge lead to root {computed}, not to {expected} of the log of {size} entries"
    )]
    Root {
        /// The size of the log.
        size: Size,
        /// The log's root.
        expected: Hash,
        /// Where the tiles lead.
        computed: Hash,
    },
    /// A tile that is not a full tile of this log.
    #[error("`{tile}` is not a full tile of a log of {size} entries")]
    Foreign {
        /// The tile that was given.
        tile: Tile,
        /// The size of the log.
        size: Size,
    },
    /// A full tile whose hash is not the one that the level above has.
    #[error("`{tile}` has hash {computed}, and the level above says {expected}")]
    Hash {
        /// The tile that was given.
        tile: Tile,
        /// The hash that the level above has.
        expected: Hash,
        /// The tile's own.
        computed: Hash,
    },
    /// A tile that is needed first.
    #[error("`{tile}` is needed and was not admitted")]
    Missing {
        /// The tile that is to be admitted first.
        tile: Tile,
    },
    /// An index or size that the log does not reach.
    #[error("a log of {size} entries does not reach {reach}")]
    Outside {
        /// The size of the log.
        size: Size,
        /// The size that it would need.
        reach: Size,
    },
}

/// The hashes of one tile and all complete subtrees above them: row 0 is the tile, each next row half as long.
#[derive(Debug, Clone)]
pub(super) struct Rows(Vec<Vec<Hash>>);

impl Rows {
    pub(super) fn new(hashes: Vec<Hash>) -> Self {
        let mut rows = Vec::new();
        let mut row = hashes;
        while !row.is_empty() {
            let (pairs, _) = row.as_chunks::<2>();
            let next = pairs
                .iter()
                .map(|[left, right]| Hash::of_node(left, right))
                .collect();
            rows.push(core::mem::replace(&mut row, next));
        }
        Self(rows)
    }

    fn node(&self, row: usize, column: usize) -> Option<Hash> {
        self.0.get(row)?.get(column).copied()
    }

    /// The root of a log from the partial tiles of its right edge, lowest level first; or that of one full tile. In each,
    /// the rows of odd length end in a complete subtree that has no sibling yet.
    pub(super) fn root<'a>(edge: impl IntoIterator<Item = &'a Self>) -> Hash {
        let mut root = None;
        for row in edge.into_iter().flat_map(|rows| &rows.0) {
            if let (1, Some(last)) = (row.len() % 2, row.last()) {
                root = Some(match root {
                    Some(right) => Hash::of_node(last, &right),
                    None => *last,
                });
            }
        }
        root.unwrap_or_else(Hash::of_empty)
    }
}

/// Where the hash of a complete subtree lies: a tile, by level and index; a row of it; a column in that row.
struct Slot {
    level: u8,
    index: u64,
    row: usize,
    column: usize,
}

impl Slot {
    fn of(node: Node) -> Option<Self> {
        let row = node.height % 8;
        let length = 256u64.checked_shr(row)?;
        Some(Self {
            level: u8::try_from(node.height / 8).ok()?,
            index: node.number.checked_div(length)?,
            row: usize::try_from(row).ok()?,
            column: usize::try_from(node.number.checked_rem(length)?).ok()?,
        })
    }
}

/// The tiles of one log that its root vouches for. Every hash in here is part of the tree with that root.
///
/// Does no I/O: it says which tiles it needs, and the caller brings their bytes.
///
/// ```
/// # use transparency::{digest::Hash, log::{Appender, VerifiedTiles, check_inclusion}, number::{Index, Size}};
/// let entries = ["one", "two", "three"].map(|entry| Hash::of_leaf(entry.as_bytes()));
/// let log = Appender::empty().append(&entries).unwrap();
///
/// let tiles = VerifiedTiles::open(log.size, log.root, log.tiles).unwrap();
/// let proof = tiles.prove_inclusion(Index::new(1)).unwrap();
/// check_inclusion(&entries[1], Index::new(1), log.size, &log.root, &proof).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct VerifiedTiles {
    size: Size,
    root: Hash,
    tiles: BTreeMap<(u8, u64), Rows>,
}

impl VerifiedTiles {
    /// The partial tiles at the right edge of a log, lowest level first. All of them together make its root.
    pub fn edge(size: Size) -> Vec<Tile> {
        (0u8..8)
            .filter_map(|level| Tile::of(size, level, hashes_at(size, level) / 256))
            .collect()
    }

    /// Recomputes the root from the tiles of the right edge, in any order, and so authenticates each of their hashes.
    ///
    /// # Errors
    /// Other tiles than [`VerifiedTiles::edge`] names, malformed ones, or ones that lead to another root.
    pub fn open(
        size: Size,
        root: Hash,
        edge_tiles: Vec<(Tile, Vec<u8>)>,
    ) -> Result<Self, TileError> {
        let edge = Self::edge(size);
        let found = edge_tiles.len();
        let given: BTreeMap<Tile, Vec<u8>> = edge_tiles.into_iter().collect();
        if found != edge.len() || !edge.iter().all(|tile| given.contains_key(tile)) {
            return Err(TileError::Edge { size, found });
        }
        let mut tiles = BTreeMap::new();
        for (tile, bytes) in given {
            let hashes = tile
                .parse_hashes(&bytes)
                .map_err(|source| TileError::File { tile, source })?;
            tiles.insert((tile.level(), tile.index()), Rows::new(hashes));
        }
        let computed = Rows::root(tiles.values());
        if computed == root {
            Ok(Self { size, root, tiles })
        } else {
            Err(TileError::Root {
                size,
                expected: root,
                computed,
            })
        }
    }

    /// The number of entries of the log.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The root of the log.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The full tiles that are still needed to know and prove these entries, parents first. Entries outside the log need
    /// none: proving them is an error.
    pub fn needed_for_inclusion(&self, indices: &[Index]) -> Vec<Tile> {
        let inside = indices.iter().filter(|index| self.size.holds(**index));
        // The entry's own hash lies beside its sibling's, or in the right edge.
        self.needed(inside.flat_map(|index| shape::inclusion(*index, self.size)))
    }

    /// The full tiles that are still needed to compute the root of the first `older` entries and to prove that this log
    /// extends them, parents first.
    pub fn needed_for_consistency(&self, older: Size) -> Vec<Tile> {
        // What the older root is made of lies beside what the proof is made of, or in the right edge. No log is extended by
        // a smaller one, and the ranges of that are none.
        self.needed(shape::consistency(older, self.size))
    }

    fn needed(&self, ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<Tile> {
        let mut needed = BTreeSet::new();
        for range in ranges {
            for slot in shape::complete(range).into_iter().filter_map(Slot::of) {
                let (mut level, mut index) = (slot.level, slot.index);
                // Upwards until a tile is there; at the latest that of the right edge.
                while !self.tiles.contains_key(&(level, index)) && needed.insert((level, index)) {
                    (level, index) = (level.saturating_add(1), index / 256);
                }
            }
        }
        let tiles = needed.into_iter().rev();
        tiles
            .filter_map(|(level, index)| Tile::new(level, index, crate::tile::WIDTH).ok())
            .collect()
    }

    /// Takes a full tile in, once its hash is the one that the level above has there.
    ///
    /// # Errors
    /// A tile that is not full or not of this log, that is malformed, or whose hash is another; a parent that was not
    /// admitted before.
    pub fn admit(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), TileError> {
        let (level, index) = (tile.level(), tile.index());
        if !tile.is_full() || Tile::of(self.size, level, index) != Some(tile) {
            let size = self.size;
            return Err(TileError::Foreign { tile, size });
        }
        let expected = self.hash(Node {
            height: u32::from(level).saturating_add(1).saturating_mul(8),
            number: index,
        })?;
        let hashes = tile
            .parse_hashes(bytes)
            .map_err(|source| TileError::File { tile, source })?;
        let rows = Rows::new(hashes);
        let computed = Rows::root([&rows]);
        if computed != expected {
            return Err(TileError::Hash {
                tile,
                expected,
                computed,
            });
        }
        self.tiles.insert((level, index), rows);
        Ok(())
    }

    /// The proof that the log holds its entry at `index`.
    ///
    /// # Errors
    /// An index outside the log, or a tile that was not admitted.
    pub fn prove_inclusion(&self, index: Index) -> Result<InclusionProof, TileError> {
        if !self.size.holds(index) {
            return Err(self.outside(index.get().saturating_add(1)));
        }
        self.subtrees(shape::inclusion(index, self.size))
            .map(InclusionProof)
    }

    /// The proof that the log extends its own first `older` entries.
    ///
    /// # Errors
    /// A size above the log's, or a tile that was not admitted.
    pub fn prove_consistency(&self, older: Size) -> Result<ConsistencyProof, TileError> {
        self.reach(older.get())?;
        self.subtrees(shape::consistency(older, self.size))
            .map(ConsistencyProof)
    }

    /// The root that the log had when it held `older` entries.
    ///
    /// # Errors
    /// A size above the log's, or a tile that was not admitted.
    pub fn root_at(&self, older: Size) -> Result<Hash, TileError> {
        self.reach(older.get())?;
        self.subtree(0..older.get())
    }

    /// The hash of the entry at `index`; none outside the log, or where its tile was not admitted.
    pub fn leaf(&self, index: Index) -> Option<Hash> {
        let rows = self.tiles.get(&(0, index.get() / 256))?;
        rows.node(0, usize::try_from(index.get() % 256).ok()?)
    }

    /// The hashes of the partial tile of a level at the right edge.
    pub(super) fn edge_hashes(&self, level: u8) -> Option<&[Hash]> {
        let rows = self
            .tiles
            .get(&(level, hashes_at(self.size, level) / 256))?;
        rows.0.first().map(Vec::as_slice)
    }

    fn outside(&self, reach: u64) -> TileError {
        TileError::Outside {
            size: self.size,
            reach: Size::new(reach),
        }
    }

    fn reach(&self, size: u64) -> Result<(), TileError> {
        if size <= self.size.get() {
            Ok(())
        } else {
            Err(self.outside(size))
        }
    }

    fn subtrees(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, TileError> {
        let hashes = ranges.into_iter().map(|range| self.subtree(range));
        hashes.collect()
    }

    fn subtree(&self, range: Range<u64>) -> Result<Hash, TileError> {
        let mut hash = None;
        for node in shape::complete(range).into_iter().rev() {
            let left = self.hash(node)?;
            hash = Some(match hash {
                Some(right) => Hash::of_node(&left, &right),
                None => left,
            });
        }
        Ok(hash.unwrap_or_else(Hash::of_empty))
    }

    fn hash(&self, node: Node) -> Result<Hash, TileError> {
        let outside = || self.outside(u64::MAX);
        let slot = Slot::of(node).ok_or_else(outside)?;
        match self.tiles.get(&(slot.level, slot.index)) {
            Some(rows) => rows.node(slot.row, slot.column).ok_or_else(outside),
            None => Err(match Tile::of(self.size, slot.level, slot.index) {
                Some(tile) => TileError::Missing { tile },
                None => outside(),
            }),
        }
    }
}
