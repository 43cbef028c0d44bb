//! The shape of the tree: which subtrees a proof names, and which complete subtrees they are made of. Numbers only.

use alloc::vec::Vec;
use core::ops::Range;

use crate::number::{Index, Size};

/// A complete subtree: entries `number` × 2^`height` up to, and without, (`number` + 1) × 2^`height`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) height: u32,
    pub(super) number: u64,
}

/// Where RFC 6962 splits a tree over this range: after the largest power of two below its length. None for one entry.
fn split(range: &Range<u64>) -> Option<u64> {
    let length = range.end.checked_sub(range.start)?;
    let height = length.checked_sub(1)?.checked_ilog2()?;
    range.start.checked_add(1u64.checked_shl(height)?)
}

/// The subtrees of an inclusion proof (RFC 6962 §2.1.1), from the entry towards the root.
pub(super) fn inclusion(index: Index, size: Size) -> Vec<Range<u64>> {
    let mut siblings = Vec::new();
    let mut range = 0..size.get();
    while let Some(middle) = split(&range) {
        if index.get() < middle {
            siblings.push(middle..range.end);
            range.end = middle;
        } else {
            siblings.push(range.start..middle);
            range.start = middle;
        }
    }
    siblings.reverse();
    siblings
}

/// The subtrees of a consistency proof (RFC 6962 §2.1.2), from the end of the older log towards the root.
pub(super) fn consistency(older: Size, newer: Size) -> Vec<Range<u64>> {
    let older = older.get();
    let mut subtrees = Vec::new();
    if older == 0 {
        return subtrees;
    }
    let mut range = 0..newer.get();
    while older < range.end {
        let Some(middle) = split(&range) else { break };
        if older <= middle {
            subtrees.push(middle..range.end);
            range.end = middle;
        } else {
            subtrees.push(range.start..middle);
            range.start = middle;
        }
    }
    // The older log is itself the leftmost subtree: its root is known.
    if range.start != 0 {
        subtrees.push(range);
    }
    subtrees.reverse();
    subtrees
}

/// The complete subtrees that a subtree of the tree is made of, from left to right: the larger ones come first. Hashing
/// them together from the right gives the subtree's hash.
pub(super) fn complete(mut range: Range<u64>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(fits) = range
        .end
        .checked_sub(range.start)
        .and_then(u64::checked_ilog2)
    {
        let height = range.start.trailing_zeros().min(fits);
        let (Some(number), Some(length)) =
            (range.start.checked_shr(height), 1u64.checked_shl(height))
        else {
            break;
        };
        nodes.push(Node { height, number });
        range.start = range.start.saturating_add(length); // at most `end`, since it fits
    }
    nodes
}
