//! Paths and files of tlog-tiles: one spelling each, and no bytes that make a reader panic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use proptest::prelude::*;
use transparency::digest::Hash;
use transparency::number::{Index, Size};
use transparency::tile::{FileError, MAX_NUMBER, Part, PathError, Tile};

fn part(number: u64, width: u16) -> Part {
    Part::new(number, width).unwrap()
}

#[test]
fn a_log_of_70_000_entries_has_the_tiles_that_the_specification_says() {
    let size = Size::new(70_000);
    let level = |level, count: u64| {
        let tiles = (0..).map_while(|index| Tile::of(size, level, index));
        let tiles: Vec<Tile> = tiles.collect();
        let full = tiles.iter().filter(|tile| tile.is_full()).count();
        assert_eq!(tiles.len() as u64, count, "level {level}");
        (full, tiles.last().map(|tile| tile.path()))
    };
    let path = |path: &str| Some(path.to_owned());
    assert_eq!(level(0, 274), (273, path("tile/0/273.p/112")));
    assert_eq!(level(1, 2), (1, path("tile/1/001.p/17")));
    assert_eq!(level(2, 1), (0, path("tile/2/000.p/1")));
    assert_eq!(level(3, 0), (0, None));
    assert_eq!(level(63, 0), (0, None));
}

#[test]
fn files_of_a_sequence_hold_each_item_once() {
    for count in (0..=1030).chain([65_535, 65_536, 65_537]) {
        let mut next = 0;
        for (number, file) in (0..).zip(Part::all(count)) {
            assert_eq!(file.number(), number, "{file} of {count}");
            assert_eq!(file.first(), next, "{file} of {count}");
            for position in 0..u64::from(file.width()) {
                let held = Part::holding(count, next + position);
                let position = usize::try_from(position).unwrap();
                assert_eq!(held, Some((file, position)), "{file} of {count}");
            }
            next += u64::from(file.width());
        }
        assert_eq!(next, count);
        assert_eq!(Part::holding(count, count), None);
        assert_eq!(Part::of(count, count.div_ceil(256)), None);
    }
}

#[test]
fn other_spellings_of_a_path_are_refused() {
    for wrong in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/+5",
        "tile/0/000.p/5.p/5",
        "tile/00/000",
        "tile/-1/000",
        "tile/+0/000",
        "tile/64/000",
        "tile/256/000",
        "tile/0/+01",
        "tile/0/ 01",
        "tile/0/000 ",
        "/tile/0/000",
        "tile//000",
        "tile/0//000",
        "tile/0/x001/x234/067/",
        "tile/0/X001/000",
        "tile/8/0/000",
        "tile/entries/000",
        "tile/data/000",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/٠٠٠",
    ] {
        assert!(wrong.parse::<Tile>().is_err(), "{wrong:?}");
    }
    let last = part(MAX_NUMBER, 256).to_string();
    assert_eq!(last, "x072/x057/x594/x037/x927/935");
    assert_eq!(last.parse(), Ok(part(MAX_NUMBER, 256)));
}

#[test]
fn indices_that_no_file_has_are_refused() {
    assert_eq!(Tile::new(64, 0, 1), Err(PathError::Level { level: 64 }));
    assert_eq!(Tile::new(0, 0, 0), Err(PathError::Width { width: 0 }));
    assert_eq!(Tile::new(0, 0, 257), Err(PathError::Width { width: 257 }));
    let number = MAX_NUMBER + 1;
    assert_eq!(Part::new(number, 1), Err(PathError::Number { number }));
    assert_eq!(Part::of(u64::MAX, MAX_NUMBER), Some(part(MAX_NUMBER, 255)));
    assert_eq!(Part::of(u64::MAX, number), None);
}

#[test]
fn a_missing_partial_file_is_cut_out_of_the_full_one() {
    let hashes: Vec<Hash> = (0..=255u8).map(|i| Hash::of_leaf(&[i])).collect();
    let entries: Vec<Vec<u8>> = (0..=255u8).map(|i| vec![i; usize::from(i)]).collect();
    let records: Vec<_> = (3..).map(Index::new).zip(&entries).collect();
    let partial = Tile::new(0, 7, 9).unwrap();
    let file = part(7, 9);

    let full = partial.full().print_hashes(&hashes).unwrap();
    let cut = partial.cut(&full).unwrap();
    assert_eq!(partial.parse_hashes(cut).unwrap(), hashes[..9]);
    assert!(
        partial.cut(&full[..8160]).is_err(),
        "255 hashes are not a full tile"
    );

    let full = file.full().print_entries(&entries).unwrap();
    assert_eq!(file.cut_entries(&full).unwrap(), entries[..9]);
    assert!(file.cut_entries(&full[..full.len() - 1]).is_err());

    let full = file.full().print_records(&records).unwrap();
    let cut = file.cut_records(&full).unwrap();
    assert_eq!(cut.len(), 9);
    assert_eq!(cut[8], (Index::new(11), &entries[8][..]));
}

#[test]
fn a_file_holds_as_many_as_its_name_says() {
    let file = part(0, 2);
    let bytes = file.print_entries(&["one", "two"]).unwrap();
    assert_eq!(bytes, b"\x00\x03one\x00\x03two");
    let truncated = FileError::Truncated {
        number: 1,
        width: 2,
    };
    for end in 5..bytes.len() {
        assert_eq!(file.parse_entries(&bytes[..end]), Err(truncated.clone()));
    }
    let trailing = part(0, 1).parse_entries(&bytes);
    assert_eq!(trailing, Err(FileError::Trailing { bytes: 5, width: 1 }));
    // The length that the first entry claims is not believed.
    let claimed = part(0, 1).parse_entries(b"\xff\xffshort");
    assert!(matches!(
        claimed,
        Err(FileError::Truncated { number: 0, .. })
    ));

    let short = file.print_entries(&["one"]);
    assert_eq!(short, Err(FileError::Width { width: 2, found: 1 }));
    let longest = vec![0; 65_535];
    assert!(part(0, 1).print_entries(&[&longest]).is_ok());
    let long = vec![0; 65_536];
    let refused = FileError::TooLong {
        number: 1,
        bytes: 65_536,
    };
    assert_eq!(file.print_entries(&[&longest, &long]), Err(refused.clone()));
    let records = [(Index::ZERO, &longest), (Index::ZERO, &long)];
    assert_eq!(file.print_records(&records), Err(refused));
}

proptest! {
    #[test]
    fn a_path_reads_back(level in 0u8..=63, number in 0..=MAX_NUMBER, width in 1u16..=256, shift in 0u32..56) {
        let number = number >> shift;
        let tile = Tile::new(level, number, width).unwrap();
        prop_assert_eq!(tile.path().parse(), Ok(tile));
        let file = part(number, width);
        prop_assert_eq!(file.to_string().parse(), Ok(file));
        prop_assert_eq!(file.entries_path(), format!("tile/entries/{file}"));
    }

    #[test]
    fn a_text_that_reads_as_a_path_is_how_the_path_is_written(
        text in prop_oneof![
            ".*",
            "tile/[0-9]{1,2}/(x[0-9]{3}/){0,2}[0-9]{1,4}(\\.p/[0-9]{1,3})?",
            "tile/[0-6]/x?0{0,3}/?[0-9]{3}(\\.p/[+ ]?[0-9]{1,3})?",
        ],
    ) {
        if let Ok(tile) = text.parse::<Tile>() {
            prop_assert_eq!(tile.path(), text.clone());
        }
        let file = text.strip_prefix("tile/0/").unwrap_or(&text);
        if let Ok(part) = file.parse::<Part>() {
            prop_assert_eq!(part.to_string(), file);
        }
    }

    #[test]
    fn files_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..=256), first: u64) {
        let file = part(0, entries.len().try_into().unwrap());
        let bytes = file.print_entries(&entries).unwrap();
        prop_assert_eq!(file.parse_entries(&bytes).unwrap(), entries.clone());
        let records: Vec<_> = entries.iter().map(|entry| (Index::new(first), &entry[..])).collect();
        let bytes = file.print_records(&records).unwrap();
        prop_assert_eq!(file.parse_records(&bytes).unwrap(), records);
    }

    #[test]
    fn bytes_that_read_as_a_file_are_how_it_is_written(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            prop::collection::vec(prop_oneof![9 => Just(0u8), 1 => 0u8..4], 0..600),
        ],
        width in 1u16..=32,
    ) {
        let file = part(3, width);
        if let Ok(entries) = file.parse_entries(&bytes) {
            prop_assert_eq!(file.print_entries(&entries).unwrap(), bytes.clone());
        }
        if let Ok(records) = file.parse_records(&bytes) {
            prop_assert_eq!(file.print_records(&records).unwrap(), bytes.clone());
        }
        let tile = Tile::new(0, 0, width).unwrap();
        if let Ok(hashes) = tile.parse_hashes(&bytes) {
            prop_assert_eq!(tile.print_hashes(&hashes).unwrap(), bytes);
        }
    }
}
