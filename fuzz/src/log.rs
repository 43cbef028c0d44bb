//! Files of the log, proofs from them, and whether a damaged one is noticed.

use std::sync::OnceLock;

use transparency::digest::Hash;
use transparency::log::{
    Appender, ConsistencyProof, InclusionProof, MAX_PROOF, VerifiedTiles, check_consistency,
    check_inclusion,
};
use transparency::number::{Index, Size};
use transparency::tile::{Part, Tile};

/// The first bytes as a number.
fn number(data: &mut &[u8]) -> u64 {
    let (bytes, rest) = data.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    *data = rest;
    u64::from_be_bytes(*bytes)
}

/// Two bytes of which file it is, then its bytes: read as entries, as records and as hashes.
pub(crate) fn tile(data: &[u8]) {
    let Some((width, bytes)) = data.split_first_chunk::<2>() else {
        return;
    };
    let width = u16::from_be_bytes(*width) % 258;
    let Ok(part) = Part::new(u64::from(width), width) else {
        return;
    };
    let held = usize::from(width);
    if let Ok(entries) = part.parse_entries(bytes) {
        assert_eq!(entries.len(), held);
        assert_eq!(part.print_entries(&entries).as_deref(), Ok(bytes));
    }
    if let Ok(records) = part.parse_records(bytes) {
        assert_eq!(records.len(), held);
        assert_eq!(part.print_records(&records).as_deref(), Ok(bytes));
    }
    // A full file holds what every partial one held.
    if let (Ok(all), Ok(cut)) = (part.full().parse_entries(bytes), part.cut_entries(bytes)) {
        assert_eq!(all.get(..held), Some(cut.as_slice()));
    }
    if let (Ok(all), Ok(cut)) = (part.full().parse_records(bytes), part.cut_records(bytes)) {
        assert_eq!(all.get(..held), Some(cut.as_slice()));
    }
    let tile = Tile::new(3, 7, width).expect("a width that is one");
    if let Ok(hashes) = tile.parse_hashes(bytes) {
        assert_eq!(hashes.len(), held);
        assert_eq!(tile.print_hashes(&hashes).as_deref(), Ok(bytes));
    }
    if let Ok(cut) = tile.cut(bytes) {
        assert!(bytes.starts_with(cut));
        tile.parse_hashes(cut).expect("as many as it holds");
    }
}

/// A proof as text, and the same hashes against any sizes.
pub(crate) fn proof(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(proof) = text.parse::<InclusionProof>() {
            assert_eq!(proof.to_string(), text);
            assert!(proof.hashes().len() <= MAX_PROOF);
        }
        if let Ok(proof) = text.parse::<ConsistencyProof>() {
            assert_eq!(proof.to_string(), text);
        }
    }
    let mut rest = data;
    let (index, older, newer) = (number(&mut rest), number(&mut rest), number(&mut rest));
    let (hashes, _) = rest.as_chunks::<32>();
    let hashes: Vec<Hash> = hashes.iter().copied().map(Hash::from_bytes).collect();
    let (older, newer) = (Size::new(older), Size::new(newer));
    let (one, other) = (Hash::of_leaf(b"one"), Hash::of_leaf(b"other"));
    // Nobody can find a hash that fits, so only the trivial proofs hold.
    if let Ok(proof) = InclusionProof::new(hashes.clone()) {
        let held = check_inclusion(&one, Index::new(index), newer, &other, &proof);
        assert!(held.is_err(), "another root");
    }
    if let Ok(proof) = ConsistencyProof::new(hashes) {
        let held = check_consistency(older, &one, newer, &other, &proof);
        assert!(held.is_err(), "two roots that nothing connects");
    }
}

fn leaves() -> &'static [Hash] {
    static LEAVES: OnceLock<Vec<Hash>> = OnceLock::new();
    LEAVES.get_or_init(|| {
        (0u32..600)
            .map(|n| Hash::of_leaf(&n.to_be_bytes()))
            .collect()
    })
}

/// A log of as many entries as the first bytes say, grown in two steps. Everything is proved of it, and one damaged
/// byte of its tiles is noticed. The rest stands for tiles that a stranger sent.
pub(crate) fn log(data: &[u8]) {
    let mut rest = data;
    let choice = number(&mut rest);
    let of = |shift: u32, below: usize| {
        usize::try_from((choice >> shift) & 0xffff).unwrap_or(0) % below.max(1)
    };
    let all = &leaves()[..of(0, leaves().len() + 1)];
    let (size, older) = (all.len(), of(16, all.len() + 1));
    let mut appender = Appender::empty();
    let before = appender.append(&all[..older]).expect("a short log");
    let after = appender.append(&all[older..]).expect("a short log");
    let whole = Appender::empty().append(all).expect("a short log");
    assert_eq!((after.size, after.root), (whole.size, whole.root));

    let edge = VerifiedTiles::edge(whole.size);
    let of_edge = |bytes: &[(Tile, Vec<u8>)]| -> Vec<(Tile, Vec<u8>)> {
        let tiles = bytes.iter().filter(|(tile, _)| edge.contains(tile));
        tiles.cloned().collect()
    };
    let mut tiles = VerifiedTiles::open(whole.size, whole.root, of_edge(&whole.tiles))
        .expect("the edge of this very log");
    if size > 0 {
        let index = Index::new(u64::try_from(of(32, size)).expect("small"));
        for tile in tiles.needed_for_inclusion(&[index]) {
            let (_, bytes) = whole
                .tiles
                .iter()
                .find(|(one, _)| *one == tile)
                .expect("full");
            let mut damaged = bytes.clone();
            damaged[of(48, bytes.len())] ^= 1;
            assert!(tiles.admit(tile, &damaged).is_err(), "a damaged {tile}");
            tiles.admit(tile, bytes).expect("a tile of this log");
        }
        let proof = tiles.prove_inclusion(index).expect("all tiles are there");
        let position = of(32, size);
        check_inclusion(&all[position], index, whole.size, &whole.root, &proof)
            .expect("it is there");
        let mut damaged = of_edge(&whole.tiles);
        if let Some((_, bytes)) = damaged.first_mut() {
            let at = of(48, bytes.len());
            bytes[at] ^= 1;
            assert!(VerifiedTiles::open(whole.size, whole.root, damaged).is_err());
        }
    }
    for tile in tiles.needed_for_consistency(before.size) {
        let (_, bytes) = whole
            .tiles
            .iter()
            .find(|(one, _)| *one == tile)
            .expect("full");
        tiles.admit(tile, bytes).expect("a tile of this log");
    }
    let proof = tiles
        .prove_consistency(before.size)
        .expect("all tiles are there");
    check_consistency(before.size, &before.root, whole.size, &whole.root, &proof).expect("it grew");
    assert_eq!(tiles.root_at(before.size), Ok(before.root));

    // What a stranger sends for a log of any size.
    let size = Size::new(number(&mut rest));
    let mut sent = Vec::new();
    for tile in VerifiedTiles::edge(size) {
        let (bytes, tail) = rest.split_at(tile.byte_len().min(rest.len()));
        sent.push((tile, bytes.to_vec()));
        rest = tail;
    }
    assert!(VerifiedTiles::open(size, Hash::of_leaf(data), sent).is_err());
}
