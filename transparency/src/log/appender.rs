//! Growing a log: which tiles are new, and the new root.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::tiles::{Rows, VerifiedTiles};
use crate::digest::Hash;
use crate::number::Size;
use crate::tile::{Tile, hashes_at};

/// The right edge of a log: all that appending needs.
///
/// It is opened from verified tiles only, so that a sequencer never builds on an edge that its own root does not vouch for.
#[derive(Debug, Clone)]
pub struct Appender {
    size: Size,
    root: Hash,
    /// For each level the hashes of its partial tile; absent where it has none.
    edge: BTreeMap<u8, Vec<Hash>>,
}

/// What appending changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Every tile that became full, and every partial tile that the right edge now has and did not have, lowest level
    /// first, with its bytes.
    pub tiles: Vec<(Tile, Vec<u8>)>,
    /// The log's size now.
    pub size: Size,
    /// The log's root now.
    pub root: Hash,
}

impl Appender {
    /// The log without entries.
    pub fn empty() -> Self {
        Self {
            size: Size::ZERO,
            root: Hash::of_empty(),
            edge: BTreeMap::new(),
        }
    }

    /// The right edge of a verified log.
    pub fn open(tiles: &VerifiedTiles) -> Self {
        let edge = VerifiedTiles::edge(tiles.size())
            .into_iter()
            .filter_map(|tile| Some((tile.level(), tiles.edge_hashes(tile.level())?.to_vec())))
            .collect();
        Self {
            size: tiles.size(),
            root: tiles.root(),
            edge,
        }
    }

    /// The number of entries.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The Merkle root over all entries so far.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Appends entries by their leaf hashes, all or none: none past 64 bits.
    pub fn append(&mut self, leaves: &[Hash]) -> Option<Appended> {
        let added = u64::try_from(leaves.len()).ok()?;
        let size = Size::new(self.size.get().checked_add(added)?);
        let mut edge = self.edge.clone();
        let mut tiles = Vec::new();
        let mut carried = leaves.to_vec();
        let mut level = 0u8;
        // Each level takes what the one below completed, and hands on a hash for each tile that it fills itself.
        while !carried.is_empty() {
            let mut hashes = edge.remove(&level).unwrap_or_default();
            hashes.append(&mut carried);
            let (full, partial) = hashes.as_chunks::<256>();
            let mut index = hashes_at(self.size, level) / 256;
            for full in full {
                carried.push(Rows::root([&Rows::new(full.to_vec())]));
                tiles.push(print(level, index, full)?);
                index = index.checked_add(1)?;
            }
            if !partial.is_empty() {
                tiles.push(print(level, index, partial)?);
                edge.insert(level, partial.to_vec());
            }
            level = level.checked_add(1)?;
        }
        let rows: Vec<Rows> = edge.values().cloned().map(Rows::new).collect();
        let root = Rows::root(&rows);
        *self = Self { size, root, edge };
        Some(Appended { tiles, size, root })
    }
}

fn print(level: u8, index: u64, hashes: &[Hash]) -> Option<(Tile, Vec<u8>)> {
    let tile = Tile::new(level, index, u16::try_from(hashes.len()).ok()?).ok()?;
    Some((tile, tile.print_hashes(hashes).ok()?))
}
