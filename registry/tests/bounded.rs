//! A server without any key answers with as many bytes as a file may have. How many of them a reader holds, before it finds
//! that they are not the registry's, does not grow with how much it asks for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::cell::Cell;

use fixtures::world::World;
use registry::client::{Client, ClientError};
use registry::layout::{self, ObjectPath};
use registry::storage::{Source, StorageError};
use transparency::checkpoint::{Checkpoint, MapEntry};
use transparency::digest::{Digest, Hash};
use transparency::log::Appender;
use transparency::number::{Index, Length, Size};
use transparency::operator;
use transparency::tile::{MAX_ENTRY, MAX_RECORDS, Part};

use story::{chain, names};

/// What may be in memory before it is looked at, and one file more.
const MOST: usize = 32 * 1024 * 1024 + MAX_RECORDS;

/// What a file of 256 made-up records has.
const MAX_ENTRY_FILE: usize = 256 * (10 + MAX_ENTRY);

/// A registry that answers for some paths with as much as a file of that name may have.
struct Stuffed<'w> {
    world: &'w World,
    matches: fn(&str) -> bool,
    is_gone: fn(&str) -> bool,
    /// Whether each answer has one file only.
    apart: bool,
    /// How many bytes were made up, and the most of them in one answer.
    made_up: Cell<usize>,
    at_once: Cell<usize>,
}

impl<'w> Stuffed<'w> {
    fn new(world: &'w World, matches: fn(&str) -> bool) -> Self {
        Self {
            world,
            matches,
            is_gone: |_| false,
            apart: false,
            made_up: Cell::new(0),
            at_once: Cell::new(0),
        }
    }

    fn find(&self, path: &ObjectPath) -> Option<Vec<u8>> {
        if (self.is_gone)(path.as_str()) {
            return None;
        }
        if !(self.matches)(path.as_str()) {
            return self.world.storage().objects().remove(path.as_str());
        }
        let record = [
            &[0; 8][..],
            &u16::MAX.to_be_bytes(),
            &b"x".repeat(MAX_ENTRY),
        ]
        .concat();
        let bytes = record.repeat(usize::try_from(path.limit()).unwrap() / record.len());
        self.made_up.set(self.made_up.get() + bytes.len());
        Some(bytes)
    }
}

impl Source for Stuffed<'_> {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.find(path))
    }

    fn get_many(
        &self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let (mut found, mut came) = (Vec::new(), 0);
        for path in paths {
            if self.apart && !found.is_empty() {
                break;
            }
            let bytes = self.find(path);
            let length = bytes.as_ref().map_or(0, Vec::len);
            if u64::try_from(came + length).unwrap() > most && !found.is_empty() {
                break;
            }
            came += length;
            found.push(bytes);
        }
        self.at_once.set(self.at_once.get().max(came));
        Ok(found)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        path.to_string()
    }
}

const PACKAGES: [&str; 4] = ["acme:a", "acme:b", "acme:c", "acme:d"];

fn world(records: u64) -> World {
    let mut world = World::in_memory(1);
    for package in PACKAGES {
        world.release(package, "1.0.0").publish();
        if records > 1 {
            chain::annotate(&world, package, records - 1);
        }
    }
    world
}

fn load(source: &Stuffed<'_>) -> ClientError {
    let client = Client::new(source.world.policy(), source);
    client.open().unwrap().load(&names(&PACKAGES)).unwrap_err()
}

#[test]
fn a_file_is_no_larger_than_its_records_can_be() {
    let one = layout::operator(Part::new(0, 1).unwrap()).limit();
    assert_eq!(usize::try_from(one).unwrap(), 10 + MAX_ENTRY);
    let full = layout::operator(Part::new(0, 256).unwrap()).limit();
    assert_eq!(usize::try_from(full).unwrap(), MAX_RECORDS);
}

#[test]
fn package_files_are_looked_at_as_they_come() {
    // Of two files each, all of which would be 134 megabytes.
    let world = world(512);
    let source = Stuffed::new(&world, |path| path.starts_with("package/"));
    let error = load(&source);
    assert!(matches!(error, ClientError::Unchained { .. }), "{error:?}");
    assert!(
        source.made_up.get() <= MOST + MAX_RECORDS,
        "{}",
        source.made_up.get()
    );
}

#[test]
fn a_log_is_read_from_its_end_so_the_first_wrong_file_is_the_last_one_read() {
    let world = world(1100);
    let source = Stuffed::new(&world, |path| path.ends_with("acme/c/003"));
    let error = load(&source);
    assert!(matches!(error, ClientError::Unchained { .. }), "{error:?}");
    assert!(error.to_string().contains("package/acme/c/003"), "{error}");
    assert!(source.made_up.get() <= MAX_RECORDS);
}

#[test]
fn full_files_instead_of_partial_ones_are_cut_as_they_come() {
    let world = world(1);
    let mut source = Stuffed::new(&world, |path| {
        path.starts_with("package/") && path.ends_with("/000")
    });
    source.is_gone = |path| path.starts_with("package/") && path.ends_with("/000.p/1");
    let error = load(&source);
    assert!(matches!(error, ClientError::Unchained { .. }), "{error:?}");
    assert!(
        source.made_up.get() <= MOST + MAX_RECORDS,
        "{}",
        source.made_up.get()
    );
    assert!(source.at_once.get() <= MOST);
}

/// A registry with a checkpoint that nobody signed who may, which counts 60,000 operator records.
fn unsigned() -> World {
    let world = world(1);
    let entry = MapEntry {
        origin: world.origin().clone(),
        root: Digest::of(b""),
        packages: 0,
        operator_length: Length::new(60_000),
        operator_head: Hash::ZERO,
        operator_index: Index::new(65_534),
        time: world.now(),
    };
    let map_entry = entry.to_string().into_bytes();
    let mut log = Appender::empty();
    let leaves = vec![Hash::of_leaf(&map_entry); 65_536];
    let appended = log.append(&leaves).unwrap();
    let checkpoint = Checkpoint {
        origin: world.origin().clone(),
        size: Size::new(65_536),
        root: log.root(),
    };
    let key = world.stranger(world.origin().as_str());
    world.storage().tamper(|objects| {
        for (tile, bytes) in &appended.tiles {
            objects.insert(tile.path(), bytes.clone());
        }
        objects.insert("map/at/65536".into(), map_entry);
        let note = checkpoint.sign(&key).to_string();
        objects.insert("checkpoint".into(), note.into_bytes());
    });
    world
}

#[test]
fn made_up_operator_records_behind_any_number_of_good_ones_are_looked_at_as_they_come() {
    let good = 1024;
    let before = World::in_memory(1);
    let objects = before.storage().objects();
    let first = Part::new(0, 1).unwrap();
    let first_file = &objects[layout::operator(first).as_str()];
    let refresh = |seconds| vec![operator::Action::Refresh(seconds)];
    let signed = chain::operator(&before, (1..good).flat_map(refresh).collect());
    let firsts = first.parse_records(first_file).unwrap();
    let firsts = firsts.into_iter().map(|(_, record)| record.to_vec());
    let records: Vec<_> = (0..).map(Index::new).zip(firsts.chain(signed)).collect();
    let world = unsigned();
    world.storage().tamper(|objects| {
        for part in Part::all(good) {
            let records = records.iter().skip(usize::try_from(part.first()).unwrap());
            let records: Vec<_> = records.take(usize::from(part.width())).cloned().collect();
            let bytes = part.print_records(&records).unwrap();
            objects.insert(layout::operator(part).to_string(), bytes);
        }
    });
    let is_made_up = |path: &str| {
        path.strip_prefix("operator/")
            .is_some_and(|part| part >= "004")
    };
    let mut source = Stuffed::new(&world, is_made_up);
    source.apart = true;
    let error = Client::new(world.policy(), &source).open().err().unwrap();
    let told = format!("{error:?}");
    assert!(told.contains("position: Position(1024)"), "{told}");
    assert_eq!(source.made_up.get(), MAX_ENTRY_FILE);
}

#[test]
fn operator_files_behind_a_checkpoint_that_nobody_signed_are_looked_at_as_they_come() {
    let world = unsigned();
    let source = Stuffed::new(&world, |path| path.starts_with("operator/"));
    let error = Client::new(world.policy(), &source).open().err().unwrap();
    assert!(matches!(error, ClientError::Trust { .. }), "{error:?}");
    assert!(
        source.made_up.get() <= MOST + MAX_RECORDS,
        "{}",
        source.made_up.get()
    );
}
