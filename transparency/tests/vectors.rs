//! Vectors that others computed: this project's own reference in another language, and those of transparency-dev.
//!
//! The latter lie outside the project; where their folder is missing, the tests say so and pass.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use transparency::digest::{Digest, Hash};
use transparency::key::{Algorithm, VerifyingKey};
use transparency::log::{
    Appender, ConsistencyProof, InclusionProof, VerifiedTiles, check_consistency, check_inclusion,
};
use transparency::map::{Key, Slot, Updated, build};
use transparency::number::{Index, Length, Size};
use transparency::tile::{Part, Tile};

/// A vector file of this project, made by `fixtures/reference/reference.py`.
fn own(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors");
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// A folder of others' vectors; none, said aloud, where they are not.
fn others(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = folder.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must say that it was")]
    {
        eprintln!("skipped: there is no {}", folder.display());
    }
    None
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn hash(value: &Value) -> Hash {
    Hash::from_base64(text(value)).unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    list(value).iter().map(hash).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
    bytes.iter().flat_map(digits).map(Option::unwrap).collect()
}

fn entry(i: usize) -> Vec<u8> {
    format!("entry {i}\n").repeat(i % 5).into_bytes()
}

/// The log of the first seeded entries: its root, and every file it has then.
struct Log {
    size: Size,
    root: Hash,
    tiles: BTreeMap<Tile, Vec<u8>>,
    entries: Vec<Vec<u8>>,
}

impl Log {
    fn of(size: u64) -> Self {
        let entries: Vec<_> = (0..usize::try_from(size).unwrap()).map(entry).collect();
        let leaves: Vec<_> = entries.iter().map(|entry| Hash::of_leaf(entry)).collect();
        let appended = Appender::empty().append(&leaves).unwrap();
        Self {
            size: appended.size,
            root: appended.root,
            tiles: appended.tiles.into_iter().collect(),
            entries,
        }
    }

    fn verified(&self) -> VerifiedTiles {
        let edge = VerifiedTiles::edge(self.size).into_iter();
        let edge = edge.map(|tile| (tile, self.tiles[&tile].clone()));
        let mut tiles = VerifiedTiles::open(self.size, self.root, edge.collect()).unwrap();
        for (tile, bytes) in self.tiles.iter().rev().filter(|(tile, _)| tile.is_full()) {
            tiles.admit(*tile, bytes).unwrap();
        }
        tiles
    }

    fn bundles(&self) -> Vec<(String, Vec<u8>)> {
        let bundles = Part::all(self.size.get()).zip(self.entries.chunks(256));
        bundles
            .map(|(part, entries)| (part.entries_path(), part.print_entries(entries).unwrap()))
            .collect()
    }
}

#[test]
fn roots_and_proofs_are_the_references() {
    let vectors = own("log.json");
    let log = Log::of(70_000);
    let all = log.verified();
    for (size, root) in (0..).zip(list(&vectors["roots"])) {
        assert_eq!(all.root_at(Size::new(size)), Ok(hash(root)), "size {size}");
        assert_eq!(Log::of(size).root, hash(root), "size {size}");
    }
    for (size, root) in vectors["large_roots"].as_object().unwrap() {
        assert_eq!(
            all.root_at(size.parse().unwrap()),
            Ok(hash(root)),
            "size {size}"
        );
    }
    let mut logs = BTreeMap::new();
    let mut verified = |size: u64| {
        let tiles = logs.entry(size).or_insert_with(|| Log::of(size).verified());
        tiles.clone()
    };
    for case in list(&vectors["inclusion"]) {
        let (index, size) = (Index::new(number(&case["index"])), number(&case["size"]));
        let proof = InclusionProof::new(hashes(&case["proof"])).unwrap();
        let tiles = verified(size);
        assert_eq!(tiles.prove_inclusion(index).as_ref(), Ok(&proof), "{case}");
        let leaf = Hash::of_leaf(&entry(usize::try_from(index.get()).unwrap()));
        let checked = check_inclusion(&leaf, index, Size::new(size), &tiles.root(), &proof);
        assert_eq!(checked, Ok(()), "{case}");
    }
    for case in list(&vectors["consistency"]) {
        let (older, newer) = (Size::new(number(&case["older"])), number(&case["newer"]));
        let proof = ConsistencyProof::new(hashes(&case["proof"])).unwrap();
        let tiles = verified(newer);
        assert_eq!(
            tiles.prove_consistency(older).as_ref(),
            Ok(&proof),
            "{case}"
        );
        let root = tiles.root_at(older).unwrap();
        let newer = Size::new(newer);
        let checked = check_consistency(older, &root, newer, &tiles.root(), &proof);
        assert_eq!(checked, Ok(()), "{case}");
    }
}

#[test]
fn tiles_bundles_and_paths_are_the_references() {
    let vectors = own("tiles.json");
    for case in list(&vectors["paths"]) {
        let width = u16::try_from(number(&case["width"])).unwrap();
        let part = Part::new(number(&case["number"]), width).unwrap();
        assert_eq!(part.to_string(), text(&case["path"]));
    }
    for case in list(&vectors["logs"]) {
        let log = Log::of(number(&case["size"]));
        let tiles = log.tiles.iter();
        let tiles = tiles.map(|(tile, bytes)| (tile.path(), bytes.clone()));
        let files: Vec<_> = tiles.chain(log.bundles()).collect();
        assert_eq!(files.len() as u64, number(&case["files"]), "{}", log.size);
        let mut everything = Vec::new();
        for (path, bytes) in &files {
            everything.extend(format!("{path}\n").into_bytes());
            everything.extend(Digest::of(bytes).as_bytes());
        }
        let files: BTreeMap<_, _> = files.into_iter().collect();
        for (path, digest) in case["ends"].as_object().unwrap() {
            assert_eq!(Digest::of(&files[path]).hex(), text(digest), "{path}");
        }
        let everything = Digest::of(&everything).hex();
        assert_eq!(everything, text(&case["everything"]), "{}", log.size);
    }
    let file = &vectors["package_file"];
    let records = list(&file["records"]).iter().map(|record| {
        let index = Index::new(number(&record["index"]));
        (index, text(&record["record"]))
    });
    let records: Vec<_> = records.collect();
    let part = Part::new(0, u16::try_from(records.len()).unwrap()).unwrap();
    assert_eq!(
        hex(&part.print_records(&records).unwrap()),
        text(&file["hex"])
    );
}

#[test]
fn maps_are_the_references() {
    let vectors = own("map.json");
    let slot = |i: u64| {
        let name = format!("seed:p{i}");
        Slot {
            key: Key::of(&name.parse().unwrap()),
            length: Length::new(i % 9 + 1),
            head: Hash::of_leaf(name.as_bytes()),
            index: Index::new(3 * i + 1),
        }
    };
    let packages = |n: u64| (0..n).map(slot).collect::<Vec<_>>();
    let compare = |map: &Updated, case: &Value| {
        assert_eq!(map.count, number(&case["count"]));
        assert_eq!(
            map.root.to_string(),
            text(&case["root"]),
            "{} packages",
            map.count
        );
        assert_eq!(
            map.pages.len() as u64,
            number(&case["pages"]),
            "{} packages",
            map.count
        );
        let digests = map.pages.iter().flat_map(|(page, _)| page.as_bytes());
        let everything = Digest::of(&digests.copied().collect::<Vec<u8>>()).hex();
        assert_eq!(
            everything,
            text(&case["everything"]),
            "{} packages",
            map.count
        );
    };
    for case in list(&vectors["maps"]) {
        compare(&build(packages(number(&case["count"]))).unwrap(), case);
    }
    let mut deep = packages(number(&vectors["deep"]["count"]));
    for slot in &mut deep {
        let mut key = *slot.key.as_bytes();
        key[..2].fill(7);
        slot.key = Key::from_bytes(key);
    }
    compare(&build(deep).unwrap(), &vectors["deep"]);

    let root_page = |n: u64| {
        let map = build(packages(n)).unwrap();
        let root = map.pages.iter().find(|(page, _)| *page == map.root);
        hex(&root.unwrap().1)
    };
    assert_eq!(root_page(2), text(&vectors["two_packages_page"]));
    assert_eq!(root_page(257), text(&vectors["branch_page_of_257"]));
}

#[test]
fn key_ids_are_the_references() {
    for case in list(&own("keys.json")["keys"]) {
        let key: VerifyingKey = text(&case["vkey"]).parse().unwrap();
        let algorithm = match number(&case["type"]) {
            1 => Algorithm::Ed25519,
            4 => Algorithm::CosignatureV1,
            other => panic!("no key is of type {other}"),
        };
        assert_eq!(key.name(), text(&case["name"]));
        assert_eq!(key.id().to_string(), text(&case["id"]), "{key}");
        assert_eq!(key.algorithm(), algorithm, "{key}");
        assert_eq!(hex(key.public_bytes()), text(&case["public"]), "{key}");
        assert_eq!(key.to_string(), text(&case["vkey"]));
    }
}

/// The JSON files of a folder and the folders in it.
fn json_files(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else {
            let case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            files.push((path, case));
        }
    }
    files
}

/// The hashes of a vector; none where one is not 32 bytes, which is refused before any check. `null` is no hashes.
fn claimed_hashes(value: &Value) -> Option<Vec<Hash>> {
    let hashes = value.as_array().map_or(&[][..], Vec::as_slice);
    hashes.iter().map(claimed_hash).collect()
}

fn claimed_hash(value: &Value) -> Option<Hash> {
    Hash::from_base64(value.as_str()?).ok()
}

/// The one good case of transparency-dev that we refuse: its root is twelve bytes of text.
const NO_ROOT: &str = "sizes-are-equal-one-and-proof-is-empty.json";

#[test]
fn proofs_of_transparency_dev_are_accepted_and_refused_as_they_say() {
    let Some(folder) = others("merkle") else {
        return;
    };
    let inclusion = json_files(&folder.join("inclusion"));
    let consistency = json_files(&folder.join("consistency"));
    assert_eq!((inclusion.len(), consistency.len()), (98, 98));
    for (path, case) in inclusion {
        let accepted = || {
            let leaf = claimed_hash(&case["leafHash"])?;
            let root = claimed_hash(&case["root"])?;
            let proof = InclusionProof::new(claimed_hashes(&case["proof"])?).ok()?;
            let index = Index::new(number(&case["leafIdx"]));
            let size = Size::new(number(&case["treeSize"]));
            check_inclusion(&leaf, index, size, &root, &proof).ok()
        };
        let refused = accepted().is_none();
        assert_eq!(refused, case["wantErr"] == true, "{}", path.display());
    }
    for (path, case) in consistency {
        let accepted = || {
            let older_root = claimed_hash(&case["root1"])?;
            let newer_root = claimed_hash(&case["root2"])?;
            let proof = ConsistencyProof::new(claimed_hashes(&case["proof"])?).ok()?;
            let older = Size::new(number(&case["size1"]));
            let newer = Size::new(number(&case["size2"]));
            check_consistency(older, &older_root, newer, &newer_root, &proof).ok()
        };
        let refused = accepted().is_none();
        let expected = case["wantErr"] == true || path.ends_with(NO_ROOT);
        assert_eq!(refused, expected, "{}", path.display());
    }
}

#[test]
fn the_log_of_tessera_is_computed_again_at_every_size() {
    let Some(folder) = others("tlog") else {
        return;
    };
    let mut log = Appender::empty();
    let mut roots = Vec::new();
    for n in 0..=15u64 {
        let checkpoint = fs::read_to_string(folder.join(format!("checkpoint.{n}"))).unwrap();
        let lines: Vec<&str> = checkpoint.lines().collect();
        assert_eq!(lines[..2], ["example.com/log/testdata", &n.to_string()]);
        let root = Hash::from_base64(lines[2]).unwrap();
        roots.push(root);
        if let Some(part) = Part::of(n, 0) {
            let bytes = fs::read(folder.join(part.entries_path())).unwrap();
            let entries = part.parse_entries(&bytes).unwrap();
            assert_eq!(part.print_entries(&entries).unwrap(), bytes);
            let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::of_leaf(entry)).collect();
            let from_nothing = Appender::empty().append(&leaves).unwrap();
            let grown = log.append(&leaves[leaves.len() - 1..]).unwrap();
            assert_eq!(grown, from_nothing, "at size {n}");
            for (tile, bytes) in grown.tiles {
                assert_eq!(fs::read(folder.join(tile.path())).unwrap(), bytes, "{tile}");
            }
        }
        assert_eq!(log.root(), root, "at size {n}");

        let edge = VerifiedTiles::edge(Size::new(n)).into_iter();
        let edge = edge.map(|tile| (tile, fs::read(folder.join(tile.path())).unwrap()));
        let tiles = VerifiedTiles::open(Size::new(n), root, edge.collect()).unwrap();
        for (m, older) in (0..=n).zip(&roots) {
            let (m, n) = (Size::new(m), Size::new(n));
            assert_eq!(tiles.root_at(m), Ok(*older), "{m} of {n}");
            let proof = tiles.prove_consistency(m).unwrap();
            check_consistency(m, older, n, &root, &proof).unwrap();
        }
    }
}
