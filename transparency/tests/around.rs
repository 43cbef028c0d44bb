//! Faults that other clients of such logs had, each as a rule that this one keeps.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use story::{CHECKPOINT, ORIGIN, World, key};
use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, MapEntry, SignedCheckpoint};
use transparency::digest::Hash;
use transparency::log::{Appender, VerifiedTiles};
use transparency::note::Note;
use transparency::number::{Index, Size};
use transparency::package::Action;
use transparency::record::SignedRecord;
use transparency::tile::Part;

/// Lines around a verified text are not part of it. Nor are lines that its signature does not cover, or that its grammar
/// does not know. None of them reaches a reader.
#[test]
fn no_text_around_a_verified_statement_reaches_a_parser() {
    let world = World::with_logger();
    let record = world.entries[1].clone();
    let parse = |bytes: &[u8]| Unverified::<SignedRecord<Action>>::parse(bytes).is_ok();
    assert!(parse(&record));
    let text = String::from_utf8(record).unwrap();
    let (signed, signature) = text.split_once("\n\n").unwrap();
    for around in [
        format!("yank 1.0.0 x\n{text}"),
        format!("\n{text}"),
        format!("{text}yank 1.0.0 x\n"),
        format!("{text}\n"),
        format!("{text}{text}"),
        format!("{signed}\nyank 1.0.0 x\n\n{signature}yank 1.0.0 y\n"),
        format!("{signed}\n\nyank 1.0.0 x\n\n{signature}"),
        format!("{signed}\n\n{signature}\n{signature}"),
    ] {
        assert!(!parse(around.as_bytes()), "{around}");
    }
    // A line within the text reads, and is no longer what was signed.
    let within = format!("{signed}\n?more\n\n{signature}");
    assert!(parse(within.as_bytes()));
    let mut world = world;
    world.packages.clear();
    world.entries.pop();
    world.append("acme:logger", within.into_bytes());
    world.publish().log("acme:logger").unwrap_err();

    // A checkpoint's extension lines, though its key signed them.
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: Size::new(1),
        root: Hash::ZERO,
    };
    for text in [
        format!("{checkpoint}more\n"),
        format!("{checkpoint}\nmore\n"),
        format!("more\n{checkpoint}"),
    ] {
        let note = Note::sign(text, &key(CHECKPOINT)).to_string();
        let parsed = Unverified::<SignedCheckpoint>::parse(note.as_bytes());
        assert!(parsed.is_err(), "{note}");
    }

    // Bytes before, between and behind the records of a file, and lines around a map entry.
    let part = Part::new(0, 1).unwrap();
    let entry = world.publish().entry;
    for file in [
        part.print_records(&[(Index::ZERO, entry.as_slice())])
            .unwrap(),
        part.print_entries(&[entry.as_slice()]).unwrap(),
    ] {
        for around in [
            [b"x", file.as_slice()].concat(),
            [file.as_slice(), b"x"].concat(),
        ] {
            assert!(part.parse_records(&around).is_err() && part.parse_entries(&around).is_err());
        }
    }
    MapEntry::parse(&entry).unwrap();
    MapEntry::parse(&[entry.as_slice(), b"more\n"].concat()).unwrap_err();
    MapEntry::parse(&[b"more\n", entry.as_slice()].concat()).unwrap_err();
}

/// Where the tile lies below one, two or no full levels, and beside a right edge of every shape.
#[test]
fn a_forged_first_tile_is_refused_at_every_shape_of_a_log() {
    let leaves: Vec<_> = (0..70_000_u32)
        .map(|position| Hash::of_leaf(&position.to_be_bytes()))
        .collect();
    for size in [70_000, 66_000, 65_791, 65_536, 65_537, 512, 257, 256, 255] {
        let log = Appender::empty().append(&leaves[..size]).unwrap();
        let tile = |wanted| {
            let mut tiles = log.tiles.iter();
            tiles.find(|(tile, _)| *tile == wanted).unwrap().1.clone()
        };
        for forged in [0, 31, 32, 4096, 8191] {
            let read = |wanted: transparency::tile::Tile| {
                let mut bytes = tile(wanted);
                if (wanted.level(), wanted.index()) == (0, 0)
                    && let Some(byte) = bytes.get_mut(forged)
                {
                    *byte ^= 1;
                }
                bytes
            };
            let edge = VerifiedTiles::edge(log.size).into_iter();
            let edge = edge.map(|tile| (tile, read(tile))).collect();
            // Where the tile is the whole right edge, it is refused with the edge.
            let Ok(mut tiles) = VerifiedTiles::open(log.size, log.root, edge) else {
                assert!(size <= 256, "{size}");
                continue;
            };
            let needed = tiles.needed_for_inclusion(&[Index::ZERO]);
            let refused = needed.into_iter().any(|tile| {
                let admitted = tiles.admit(tile, &read(tile));
                assert_eq!(
                    admitted.is_ok(),
                    (tile.level(), tile.index()) != (0, 0),
                    "{size}, {tile}"
                );
                admitted.is_err()
            });
            assert!(refused || forged / 32 >= size, "{size}, byte {forged}");
            assert!(tiles.leaf(Index::ZERO).is_none() || !refused, "{size}");
        }
    }
}
