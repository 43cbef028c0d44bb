//! The log: every small tree against the recursive definitions of RFC 6962, and larger ones through their tiles.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use transparency::digest::Hash;
use transparency::log::{
    Appender, ConsistencyProof, InclusionProof, MAX_PROOF, ProofError, TileError, VerifiedTiles,
    check_consistency, check_inclusion,
};
use transparency::number::{Index, Size};
use transparency::tile::Tile;

/// RFC 6962 §2.1 word by word.
struct Tree {
    leaves: Vec<Hash>,
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

/// On which side of the path a hash of a proof joins it; and what a consistency proof starts from.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Left,
    Right,
    Given,
    Nothing,
}

fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

impl Tree {
    fn of(size: usize) -> Self {
        let leaves = (0..size).map(|i| Hash::of_leaf(format!("entry {i}").as_bytes()));
        Self {
            leaves: leaves.collect(),
            known: RefCell::default(),
        }
    }

    fn mth(&self, start: usize, end: usize) -> Hash {
        match end - start {
            0 => return Hash::of_empty(),
            1 => return self.leaves[start],
            _ => (),
        }
        if let Some(hash) = self.known.borrow().get(&(start, end)) {
            return *hash;
        }
        let middle = start + split(end - start);
        let hash = Hash::of_node(&self.mth(start, middle), &self.mth(middle, end));
        self.known.borrow_mut().insert((start, end), hash);
        hash
    }

    fn root(&self, size: usize) -> Hash {
        self.mth(0, size)
    }

    fn path(&self, m: usize, start: usize, end: usize) -> Vec<Hash> {
        let n = end - start;
        if n == 1 {
            return Vec::new();
        }
        let k = split(n);
        let (mut path, sibling) = if m < k {
            (self.path(m, start, start + k), self.mth(start + k, end))
        } else {
            (self.path(m - k, start + k, end), self.mth(start, start + k))
        };
        path.push(sibling);
        path
    }

    fn inclusion(&self, index: usize, size: usize) -> InclusionProof {
        InclusionProof::new(self.path(index, 0, size)).unwrap()
    }

    fn subproof(&self, m: usize, start: usize, end: usize, known: bool) -> Vec<Hash> {
        let n = end - start;
        if m == n {
            return if known {
                Vec::new()
            } else {
                vec![self.mth(start, end)]
            };
        }
        let k = split(n);
        let (mut proof, sibling) = if m <= k {
            (
                self.subproof(m, start, start + k, known),
                self.mth(start + k, end),
            )
        } else {
            (
                self.subproof(m - k, start + k, end, false),
                self.mth(start, start + k),
            )
        };
        proof.push(sibling);
        proof
    }

    fn consistency(&self, older: usize, newer: usize) -> ConsistencyProof {
        let hashes = match older {
            0 => Vec::new(),
            _ => self.subproof(older, 0, newer, true),
        };
        ConsistencyProof::new(hashes).unwrap()
    }

    /// Every tile of the log of that size.
    fn tiles(&self, size: usize) -> BTreeMap<Tile, Vec<u8>> {
        let mut tiles = BTreeMap::new();
        let mut width = 1;
        for level in 0..8 {
            let subtrees: Vec<Hash> = (0..size / width)
                .map(|i| self.mth(i * width, (i + 1) * width))
                .collect();
            for (index, hashes) in (0..).zip(subtrees.chunks(256)) {
                let tile = Tile::new(level, index, hashes.len().try_into().unwrap()).unwrap();
                tiles.insert(tile, tile.print_hashes(hashes).unwrap());
            }
            width = width.saturating_mul(256);
        }
        tiles
    }

    fn verified(&self, length: usize) -> VerifiedTiles {
        let tiles = self.tiles(length);
        let edge = VerifiedTiles::edge(size(length));
        let edge = edge.iter().map(|tile| (*tile, tiles[tile].clone()));
        VerifiedTiles::open(size(length), self.root(length), edge.collect()).unwrap()
    }
}

/// The shape of an inclusion proof: two that have the same are told apart by the roots alone.
fn inclusion_shape(index: usize, size: usize) -> Vec<Step> {
    if size == 1 {
        return Vec::new();
    }
    let k = split(size);
    let (mut shape, step) = if index < k {
        (inclusion_shape(index, k), Step::Right)
    } else {
        (inclusion_shape(index - k, size - k), Step::Left)
    };
    shape.push(step);
    shape
}

fn consistency_shape(older: usize, newer: usize, known: bool) -> Vec<Step> {
    if older == newer {
        return if known { Vec::new() } else { vec![Step::Given] };
    }
    if older == 0 {
        return vec![Step::Nothing];
    }
    let k = split(newer);
    let (mut shape, step) = if older <= k {
        (consistency_shape(older, k, known), Step::Right)
    } else {
        (consistency_shape(older - k, newer - k, false), Step::Left)
    };
    shape.push(step);
    shape
}

fn size(value: usize) -> Size {
    Size::new(value.try_into().unwrap())
}

fn index(value: usize) -> Index {
    Index::new(value.try_into().unwrap())
}

fn flipped(hash: &Hash) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[31] ^= 1;
    Hash::from_bytes(bytes)
}

/// A list of hashes with one left out, one added, two exchanged, or one changed, each at every position.
fn tampered(hashes: &[Hash]) -> Vec<(String, Vec<Hash>)> {
    let mut all = Vec::new();
    for at in 0..=hashes.len() {
        let mut longer = hashes.to_vec();
        longer.insert(at, Hash::of_leaf(b"stray"));
        all.push((format!("a stray hash at {at}"), longer));
    }
    for at in 0..hashes.len() {
        let mut shorter = hashes.to_vec();
        shorter.remove(at);
        all.push((format!("without hash {at}"), shorter));
        let mut changed = hashes.to_vec();
        changed[at] = flipped(&changed[at]);
        all.push((format!("hash {at} flipped"), changed));
        if at > 0 {
            let mut exchanged = hashes.to_vec();
            exchanged.swap(at - 1, at);
            all.push((format!("hashes {} and {at} exchanged", at - 1), exchanged));
        }
    }
    all
}

#[test]
fn every_entry_of_every_small_log_is_proved_and_nothing_else() {
    let tree = Tree::of(101);
    for n in 0..=100 {
        let tiles = tree.verified(n);
        let root = tree.root(n);
        let check = |leaf: &Hash, i: usize, n: usize, root: &Hash, proof: &InclusionProof| {
            check_inclusion(leaf, index(i), size(n), root, proof)
        };
        for i in 0..n {
            let leaf = tree.leaves[i];
            let proof = tree.inclusion(i, n);
            assert_eq!(tiles.prove_inclusion(index(i)).as_ref(), Ok(&proof));
            assert_eq!(tiles.leaf(index(i)), Some(leaf), "entry {i} of {n}");
            assert_eq!(check(&leaf, i, n, &root, &proof), Ok(()), "{i} of {n}");

            for (what, hashes) in tampered(proof.hashes()) {
                let proof = InclusionProof::new(hashes).unwrap();
                let refused = check(&leaf, i, n, &root, &proof).is_err();
                assert!(refused, "entry {i} of {n}: {what}");
            }
            let other_leaf = check(&flipped(&leaf), i, n, &root, &proof);
            assert!(other_leaf.is_err(), "entry {i} of {n}, leaf flipped");
            let other_root = check(&leaf, i, n, &flipped(&root), &proof);
            assert!(other_root.is_err(), "entry {i} of {n}, root flipped");
            for j in (0..=n).filter(|j| *j != i) {
                let other_index = check(&leaf, j, n, &root, &proof);
                assert!(other_index.is_err(), "entry {i} of {n} shown as {j}");
            }
            for m in [n - 1, n + 1] {
                let fits = i < m && inclusion_shape(i, m) == inclusion_shape(i, n);
                let other_size = check(&leaf, i, m, &root, &proof);
                assert_eq!(other_size.is_ok(), fits, "entry {i} of {n} shown of {m}");
            }
        }
        let outside = check(
            &tree.leaves[n],
            n,
            n,
            &root,
            &InclusionProof::new(vec![]).unwrap(),
        );
        assert!(outside.is_err(), "entry {n} of {n}");
        assert!(tiles.prove_inclusion(index(n)).is_err());
        assert_eq!(tiles.leaf(index(n)), None);
    }
}

#[test]
fn every_small_log_extends_its_beginnings_and_nothing_else() {
    let tree = Tree::of(101);
    for n in 0..=100 {
        let tiles = tree.verified(n);
        let new = tree.root(n);
        for m in 0..=n {
            let old = tree.root(m);
            let proof = tree.consistency(m, n);
            assert_eq!(tiles.prove_consistency(size(m)).as_ref(), Ok(&proof));
            assert_eq!(tiles.root_at(size(m)), Ok(old), "{m} of {n}");
            let good = check_consistency(size(m), &old, size(n), &new, &proof);
            assert_eq!(good, Ok(()), "{m} → {n}");

            for (what, hashes) in tampered(proof.hashes()) {
                let proof = ConsistencyProof::new(hashes).unwrap();
                let refused = check_consistency(size(m), &old, size(n), &new, &proof).is_err();
                assert!(refused, "{m} → {n}: {what}");
            }
            let other_old = check_consistency(size(m), &flipped(&old), size(n), &new, &proof);
            assert!(other_old.is_err(), "{m} → {n}, older root flipped");
            let other_new = check_consistency(size(m), &old, size(n), &flipped(&new), &proof);
            // Every log extends the empty one, whatever its root.
            let anything = m == 0 && n > 0;
            assert_eq!(other_new.is_ok(), anything, "{m} → {n}, newer root flipped");
            let around = [
                (m + 1, n),
                (m, n + 1),
                (m.wrapping_sub(1), n),
                (m, n.wrapping_sub(1)),
            ];
            for (a, b) in around {
                if a > 200 || b > 200 {
                    continue; // below zero
                }
                let fits = match a {
                    0 => m == 0 && (b > 0 || n == 0), // whatever the newer root
                    _ => a <= b && consistency_shape(a, b, true) == consistency_shape(m, n, true),
                };
                let other = check_consistency(size(a), &old, size(b), &new, &proof);
                assert_eq!(other.is_ok(), fits, "{m} → {n} shown as {a} → {b}");
            }
        }
        assert!(tiles.prove_consistency(size(n + 1)).is_err());
        assert!(tiles.root_at(size(n + 1)).is_err());
    }
}

#[test]
fn two_histories_have_no_consistency_proof() {
    let tree = Tree::of(40);
    let mut fork = Tree::of(40);
    fork.leaves[7] = Hash::of_leaf(b"another story");
    for m in 8..=40 {
        for n in m..=40 {
            for proof in [tree.consistency(m, n), fork.consistency(m, n)] {
                let forked =
                    check_consistency(size(m), &tree.root(m), size(n), &fork.root(n), &proof);
                assert!(forked.is_err(), "{m} → {n}");
            }
        }
    }
}

#[test]
fn the_largest_sizes_have_the_longest_proofs() {
    let last = Index::new(u64::MAX - 1);
    let hashes = |n| InclusionProof::new(vec![Hash::ZERO; n]);
    let check = |n: usize| {
        let proof = hashes(n).unwrap();
        check_inclusion(&Hash::ZERO, last, Size::new(u64::MAX), &Hash::ZERO, &proof)
    };
    assert!(
        matches!(check(63), Err(ProofError::Root { .. })),
        "{:?}",
        check(63)
    );
    let refused = ProofError::Length {
        expected: 63,
        found: 64,
    };
    assert_eq!(check(64), Err(refused));
    let too_long = Err(ProofError::TooLong { found: 66 });
    assert_eq!(hashes(66), too_long);
    let written = |count: usize| {
        let line = format!("{}\n", Hash::ZERO.base64());
        line.repeat(count).parse::<InclusionProof>()
    };
    assert_eq!(written(MAX_PROOF).unwrap().hashes().len(), MAX_PROOF);
    assert_eq!(
        written(MAX_PROOF + 1),
        Err(ProofError::TooLong { found: 66 })
    );

    let proof = ConsistencyProof::new(vec![Hash::ZERO; MAX_PROOF]).unwrap();
    let (m, n) = (Size::new((1 << 62) + 1), Size::new(u64::MAX));
    let checked = check_consistency(m, &Hash::ZERO, n, &Hash::ZERO, &proof);
    assert!(
        matches!(checked, Err(ProofError::Root { .. })),
        "{checked:?}"
    );
}

#[test]
fn a_client_proves_entries_of_a_large_log_from_the_tiles_it_asks_for() {
    let n = 70_000;
    let tree = Tree::of(n);
    let all = tree.tiles(n);
    let mut tiles = tree.verified(n);
    assert_eq!(
        VerifiedTiles::edge(size(n))
            .iter()
            .map(|t| t.path())
            .collect::<Vec<_>>(),
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"],
    );

    let wanted = [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999].map(index);
    let missing = tiles.prove_inclusion(index(0)).unwrap_err();
    assert!(matches!(missing, TileError::Missing { .. }), "{missing}");
    let needed = tiles.needed_for_inclusion(&wanted);
    assert_eq!(
        needed.iter().map(|t| t.path()).collect::<Vec<_>>(),
        // The last entries lie in the right edge; entry 65,536 in a tile whose parent does.
        [
            "tile/1/000",
            "tile/0/272",
            "tile/0/256",
            "tile/0/255",
            "tile/0/001",
            "tile/0/000"
        ],
    );
    for tile in needed {
        tiles.admit(tile, &all[&tile]).unwrap();
    }
    assert_eq!(
        tiles.needed_for_inclusion(&wanted),
        [],
        "nothing is asked for twice"
    );
    for at in wanted {
        let i = usize::try_from(at.get()).unwrap();
        let proof = tiles.prove_inclusion(at).unwrap();
        assert_eq!(proof, tree.inclusion(i, n), "entry {i}");
        check_inclusion(&tree.leaves[i], at, size(n), &tree.root(n), &proof).unwrap();
    }

    for m in [
        0, 1, 256, 257, 300, 512, 40_000, 65_536, 65_537, 69_999, 70_000,
    ] {
        for tile in tiles.needed_for_consistency(size(m)) {
            tiles.admit(tile, &all[&tile]).unwrap();
        }
        let root = tiles.root_at(size(m)).unwrap();
        assert_eq!(root, tree.root(m), "root of the first {m}");
        let proof = tiles.prove_consistency(size(m)).unwrap();
        assert_eq!(proof, tree.consistency(m, n), "{m} → {n}");
        check_consistency(size(m), &root, size(n), &tree.root(n), &proof).unwrap();
    }
}

#[test]
fn a_tile_that_its_parent_does_not_vouch_for_is_refused() {
    let n = 66_000;
    let tree = Tree::of(n);
    let all = tree.tiles(n);
    let mut tiles = tree.verified(n);
    let top = Tile::new(1, 0, 256).unwrap();
    let below = Tile::new(0, 5, 256).unwrap();

    let orphan = tiles.admit(below, &all[&below]);
    assert_eq!(
        orphan,
        Err(TileError::Missing { tile: top }),
        "a child before its parent"
    );
    tiles.admit(top, &all[&top]).unwrap();
    for at in [0, 31, 4000, 8191] {
        let mut bytes = all[&below].clone();
        bytes[at] ^= 0x80;
        let flipped = tiles.admit(below, &bytes);
        assert!(matches!(flipped, Err(TileError::Hash { .. })), "byte {at}");
        assert_eq!(tiles.leaf(index(5 * 256)), None, "nothing was kept");
    }
    let sibling = Tile::new(0, 6, 256).unwrap();
    let swapped = tiles.admit(below, &all[&sibling]);
    assert!(
        matches!(swapped, Err(TileError::Hash { .. })),
        "another tile's bytes"
    );
    let short = tiles.admit(below, &all[&below][..8191]);
    assert!(matches!(short, Err(TileError::File { .. })), "a byte short");
    for foreign in [
        (0, 257, 256),
        (0, 5, 255),
        (1, 1, 256),
        (63, 0, 256),
        (0, 257, 208),
    ] {
        let foreign = Tile::new(foreign.0, foreign.1, foreign.2).unwrap();
        let bytes = vec![0; foreign.byte_len()];
        let refused = tiles.admit(foreign, &bytes);
        assert!(
            matches!(refused, Err(TileError::Foreign { .. })),
            "{foreign}"
        );
    }
    tiles.admit(below, &all[&below]).unwrap();
    assert_eq!(tiles.leaf(index(5 * 256)), Some(tree.leaves[5 * 256]));
}

#[test]
fn every_bit_of_the_right_edge_decides_the_root() {
    let n = 65_536 + 256 * 3 + 5;
    let tree = Tree::of(n);
    let all = tree.tiles(n);
    let edge: Vec<_> = VerifiedTiles::edge(size(n))
        .into_iter()
        .map(|tile| (tile, all[&tile].clone()))
        .collect();
    let open = |edge| VerifiedTiles::open(size(n), tree.root(n), edge);
    let mut backwards = edge.clone();
    backwards.reverse();
    open(backwards).unwrap();
    for (position, (tile, bytes)) in edge.iter().enumerate() {
        for at in 0..bytes.len() {
            let mut edge = edge.clone();
            edge[position].1[at] ^= 1;
            let refused = open(edge);
            assert!(
                matches!(refused, Err(TileError::Root { .. })),
                "{tile}, byte {at}"
            );
        }
        let mut fewer = edge.clone();
        fewer.remove(position);
        assert!(
            matches!(open(fewer), Err(TileError::Edge { .. })),
            "without {tile}"
        );
        let mut twice = edge.clone();
        twice.push(edge[position].clone());
        assert!(
            matches!(open(twice), Err(TileError::Edge { .. })),
            "{tile} twice"
        );
        let mut longer = edge.clone();
        longer[position].1.extend([0; 32]);
        assert!(
            matches!(open(longer), Err(TileError::File { .. })),
            "{tile} longer"
        );
    }
    let empty = VerifiedTiles::open(Size::ZERO, Hash::of_empty(), vec![]).unwrap();
    assert_eq!(empty.root_at(Size::ZERO), Ok(Hash::of_empty()));
    assert!(VerifiedTiles::open(Size::ZERO, Hash::ZERO, vec![]).is_err());
}

#[test]
fn a_log_grown_entry_by_entry_is_the_log_made_at_once() {
    let end = 1100;
    let tree = Tree::of(end);
    let mut log = Appender::empty();
    let mut before = BTreeMap::new();
    for n in 0..=end {
        if n > 0 {
            let appended = log.append(&tree.leaves[n - 1..n]).unwrap();
            let now = tree.tiles(n);
            let new: BTreeMap<_, _> = appended.tiles.into_iter().collect();
            let expected = now.iter().filter(|(tile, _)| !before.contains_key(*tile));
            assert!(expected.eq(new.iter()), "the new tiles at {n} entries");
            assert_eq!((appended.size, appended.root), (size(n), tree.root(n)));
            before = now;
        }
        assert_eq!((log.size(), log.root()), (size(n), tree.root(n)));
    }
    let nothing = log.append(&[]).unwrap();
    assert_eq!((nothing.tiles, nothing.root), (vec![], tree.root(end)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However the entries come, and however often the sequencer starts anew from what it published.
    #[test]
    fn a_log_grown_in_batches_is_the_log_made_at_once(
        batches in prop::collection::vec(prop_oneof![0usize..4, 250usize..260, 0usize..9000], 1..12),
        reopened in any::<u16>(),
    ) {
        let tree = Tree::of(batches.iter().sum());
        let mut log = Appender::empty();
        let mut published = BTreeMap::new();
        let mut end = 0;
        for (position, batch) in batches.iter().enumerate() {
            let start = end;
            end += batch;
            let appended = log.append(&tree.leaves[start..end]).unwrap();
            published.extend(appended.tiles);
            prop_assert_eq!(appended.root, tree.root(end));
            for (tile, bytes) in tree.tiles(end) {
                prop_assert_eq!(published.get(&tile), Some(&bytes), "{} at {} entries", tile, end);
            }
            if reopened & (1 << position) != 0 {
                let edge = VerifiedTiles::edge(size(end));
                let edge = edge.into_iter().map(|tile| (tile, published[&tile].clone()));
                let edge = VerifiedTiles::open(size(end), appended.root, edge.collect()).unwrap();
                log = Appender::open(&edge);
            }
        }
    }

    /// What is needed for some entries is enough for them, each tile once, parents first.
    #[test]
    fn needed_tiles_suffice(n in 1usize..70_000, seeds in prop::collection::vec(any::<usize>(), 1..20), older: usize) {
        let tree = Tree::of(n);
        let all = tree.tiles(n);
        let mut tiles = tree.verified(n);
        let wanted: BTreeSet<usize> = seeds.iter().map(|seed| seed % n).collect();
        let indices: Vec<Index> = wanted.iter().copied().map(index).collect();
        for tile in tiles.needed_for_inclusion(&indices) {
            tiles.admit(tile, &all[&tile]).unwrap();
        }
        for i in wanted {
            prop_assert_eq!(tiles.prove_inclusion(index(i)), Ok(tree.inclusion(i, n)));
            prop_assert_eq!(tiles.leaf(index(i)), Some(tree.leaves[i]));
        }
        let older = older % (n + 1);
        for tile in tiles.needed_for_consistency(size(older)) {
            tiles.admit(tile, &all[&tile]).unwrap();
        }
        prop_assert_eq!(tiles.root_at(size(older)), Ok(tree.root(older)));
        prop_assert_eq!(tiles.prove_consistency(size(older)), Ok(tree.consistency(older, n)));
        // Of a log larger than this one nothing is known, however much is read.
        let larger = n + 1 + older;
        prop_assert_eq!(tree.verified(n).needed_for_consistency(size(larger)), []);
        prop_assert!(tiles.prove_consistency(size(larger)).is_err());
    }
}

proptest! {
    /// No numbers and hashes make a check panic.
    #[test]
    fn checks_never_panic(
        a: u64,
        b: u64,
        leaf: [u8; 32],
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_PROOF),
    ) {
        let leaf = Hash::from_bytes(leaf);
        let hashes: Vec<Hash> = hashes.into_iter().map(Hash::from_bytes).collect();
        let inclusion = InclusionProof::new(hashes.clone()).unwrap();
        prop_assert!(check_inclusion(&leaf, Index::new(a), Size::new(b), &Hash::ZERO, &inclusion).is_err());
        let consistency = ConsistencyProof::new(hashes).unwrap();
        prop_assert!(check_consistency(Size::new(a), &leaf, Size::new(b), &Hash::ZERO, &consistency).is_err());
        let _ = VerifiedTiles::edge(Size::new(a));
    }

    #[test]
    fn a_written_proof_reads_back(hashes in prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_PROOF)) {
        let proof = InclusionProof::new(hashes.into_iter().map(Hash::from_bytes).collect()).unwrap();
        prop_assert_eq!(proof.to_string().parse(), Ok(proof));
    }

    #[test]
    fn a_text_that_reads_as_a_proof_is_how_the_proof_is_written(
        text in prop_oneof![".*", "([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n){0,3}", "([A-Za-z0-9+/]{43}=\r?\n?){0,3}"],
    ) {
        if let Ok(proof) = text.parse::<ConsistencyProof>() {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
