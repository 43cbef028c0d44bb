//! A registry that signs impossible numbers. A reader allocates for bytes that it has, never for what a number claims.
//! It asks for a bounded number of files, and says what is wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::cell::Cell;

use fixtures::world::World;
use registry::check::check;
use registry::client::{Client, ClientError, Remedy};
use registry::layout::{self, ObjectPath};
use registry::storage::{Source, StorageError};
use transparency::checkpoint::{Checkpoint, MapEntry};
use transparency::digest::{Digest, Hash};
use transparency::log::{TileError, VerifiedTiles};
use transparency::number::{Index, Length, Size};
use transparency::operator;
use transparency::record::{Record, Subject};
use transparency::tile::{Part, Tile};

use fixtures::forge::{self, Forge};
use story::machine::Machine;
use story::source::Recording;
use story::{derive, name, read_all};

/// Numbers at the edges of what 64 bits, tiles and proofs can say.
const EVIL: [u64; 9] = [
    1 << 16,
    1 << 20,
    (1 << 32) + 1,
    1 << 56,
    1 << 60,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// The most files that a lie may make a reader ask for.
const MAX_ASKED: usize = 64;

fn world(seed: u64) -> World {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    world.release("acme:logger", "1.0.0").publish();
    world
}

/// Reads all, counts what was asked for, and returns why it was refused; nothing of it may be kept or remembered.
fn refused(world: &World, what: &str) -> ClientError {
    let source = Recording::new(world.storage());
    let machine = Machine::new(world.policy());
    let error = machine.read(&source).map(drop).expect_err(what);
    assert!(
        source.asked().len() <= MAX_ASKED,
        "{what}: asked for {} files",
        source.asked().len()
    );
    assert!(
        matches!(error.remedy(), Remedy::Retry | Remedy::Investigate),
        "{what}: {error:?}"
    );
    check(world.policy(), world.storage(), derive).expect_err(what);
    error
}

#[test]
fn a_package_of_more_records_than_there_are_atoms() {
    for length in EVIL {
        let world = world(1);
        let mut forge = Forge::of(&world);
        forge.slot("acme:clock").length = Length::new(length);
        forge.sign();
        let error = refused(&world, &format!("length {length}"));
        assert!(
            matches!(error, ClientError::Longer { .. }),
            "{length}: {error:?}"
        );
    }
}

#[test]
fn a_package_of_as_many_records_as_the_log_has_entries() {
    // The number is possible. The files are asked for, and there are fewer.
    let world = world(12);
    let mut forge = Forge::of(&world);
    let size = Length::new(world.size().get());
    forge.slot("acme:clock").length = size;
    forge.sign();
    let error = refused(&world, "as long as the log");
    assert!(matches!(error, ClientError::Missing { .. }), "{error:?}");
}

#[test]
fn a_package_whose_head_lies_nowhere() {
    for index in EVIL {
        let world = world(2);
        let mut forge = Forge::of(&world);
        forge.slot("acme:clock").index = Index::new(index);
        forge.sign();
        let error = refused(&world, &format!("index {index}"));
        assert!(matches!(error, ClientError::Head(_)), "{index}: {error:?}");
    }
}

#[test]
fn records_that_are_said_to_lie_nowhere() {
    for index in EVIL {
        let mut world = World::in_memory(3);
        let record = world.release("acme:clock", "1.0.0").publish();
        forge::write_package(&world, &name("acme:clock"), &[(Index::new(index), &record)]);
        let error = refused(&world, &format!("hint {index}"));
        assert!(
            matches!(error, ClientError::Log { .. }),
            "{index}: {error:?}"
        );

        let path = layout::operator(Part::new(0, 1).unwrap());
        let mut operator = world.storage().get(&path).unwrap().unwrap();
        operator[..8].copy_from_slice(&index.to_be_bytes());
        forge::write_package(&world, &name("acme:clock"), &[(Index::new(2), &record)]);
        forge::write(&world, &path, operator);
        let error = refused(&world, &format!("operator hint {index}"));
        assert!(
            matches!(error, ClientError::Trust { .. }),
            "{index}: {error:?}"
        );
    }
}

#[test]
fn an_operator_log_without_end() {
    for number in EVIL {
        let lengthy = world(4);
        let mut forge = Forge::of(&lengthy);
        forge.entry.operator_length = Length::new(number);
        forge.sign();
        let error = refused(&lengthy, &format!("operator length {number}"));
        assert!(
            matches!(error, ClientError::Longer { .. }),
            "{number}: {error:?}"
        );

        let moved = world(5);
        let mut forge = Forge::of(&moved);
        forge.entry.operator_index = Index::new(number);
        forge.sign();
        let error = refused(&moved, &format!("operator index {number}"));
        assert!(
            matches!(error, ClientError::Outside { .. }),
            "{number}: {error:?}"
        );
    }
    let world = world(6);
    let mut forge = Forge::of(&world);
    forge.entry.operator_length = Length::ZERO;
    forge.sign();
    let error = refused(&world, "no operator");
    assert!(matches!(error, ClientError::Trust { .. }), "{error:?}");
}

#[test]
fn a_map_of_more_packages_than_it_holds() {
    for packages in EVIL {
        let world = world(7);
        let page = b"warg-map-leaf/v1\n".to_vec();
        let mut forge = Forge::of(&world);
        forge.root_page(page, packages);
        forge.sign();
        let error = refused(&world, &format!("{packages} packages"));
        assert!(
            matches!(error, ClientError::Map { .. }),
            "{packages}: {error:?}"
        );
    }
}

#[test]
fn a_map_whose_pages_lead_nowhere_or_overflow() {
    let branch = |count: u64, children: usize| {
        let mut page = b"warg-map-branch/v1\n".to_vec();
        for child in 0..256 {
            let (count, digest) = if child < children {
                (count, *Digest::of(b"nowhere").as_bytes())
            } else {
                (0, [0; 32])
            };
            page.extend(count.to_be_bytes());
            page.extend(digest);
        }
        page
    };
    for count in EVIL {
        for children in [1, 2, 255, 256] {
            let Some(packages) = count.checked_mul(u64::try_from(children).unwrap()) else {
                let world = world(8);
                let mut forge = Forge::of(&world);
                forge.root_page(branch(count, children), count);
                forge.sign();
                let error = refused(&world, &format!("{children} children of {count}"));
                assert!(matches!(error, ClientError::Map { .. }), "{error:?}");
                continue;
            };
            let world = world(9);
            let mut forge = Forge::of(&world);
            forge.root_page(branch(count, children), packages);
            forge.sign();
            let source = Recording::new(world.storage());
            let mut session = Client::new(world.policy(), &source).open().unwrap();
            // A registry that had the page could go on lying. Here nobody has it.
            match session.load_one(&name("acme:clock")) {
                Ok(_) => assert!(children < 256, "an empty child proves absence"),
                Err(error) => assert!(matches!(error, ClientError::Missing { .. }), "{error:?}"),
            }
            assert!(source.asked().len() <= MAX_ASKED);
        }
    }
}

#[test]
fn a_log_of_more_entries_than_there_are_files() {
    for size in EVIL.into_iter().chain([0]) {
        let world = world(10);
        let size = Size::new(size);
        let map_entry = world.session().checkpoint().entry().to_string();
        forge::write(&world, &layout::map_at(size), map_entry.into_bytes());
        let bare = Checkpoint {
            origin: world.origin().clone(),
            size,
            root: Hash::of_empty(),
        };
        forge::sign(&world, &bare);
        let error = refused(&world, &format!("size {size}, no tiles"));
        // The empty log has no files, so none can be missing. Such a checkpoint is false even with a good signature.
        let expected = match error {
            ClientError::Missing { .. } => size > Size::ZERO,
            ClientError::Trust { .. } => size == Size::ZERO,
            _ => false,
        };
        assert!(expected, "{size}: {error:?}");
        // A right edge whose root is even the right one: any hashes can be chosen for that.
        let edge: Vec<_> = VerifiedTiles::edge(size)
            .into_iter()
            .map(|tile| {
                let bytes = vec![7; tile.byte_len()];
                forge::write(&world, &layout::tile(tile), bytes.clone());
                (tile, bytes)
            })
            .collect();
        let root = edge_root(size, edge);
        forge::sign(&world, &Checkpoint { root, ..bare });
        refused(&world, &format!("size {size}, with an edge"));
    }
}

/// The root that a right edge has.
fn edge_root(size: Size, edge: Vec<(Tile, Vec<u8>)>) -> Hash {
    match VerifiedTiles::open(size, Hash::ZERO, edge) {
        Err(TileError::Root { computed, .. }) => computed,
        _ => Hash::of_empty(),
    }
}

#[test]
fn questions_about_indices_outside_are_answered_without_reading() {
    let world = world(11);
    let source = Recording::new(world.storage());
    let mut session = Client::new(world.policy(), &source).open().unwrap();
    read_all(&mut session).unwrap();
    let asked = source.asked();
    for number in EVIL {
        let error = session
            .check_included(&[(Hash::ZERO, Index::new(number))])
            .unwrap_err();
        assert!(
            matches!(error, ClientError::Outside { .. }),
            "{number}: {error:?}"
        );
        let claimed = Checkpoint {
            size: Size::new(number),
            ..session.checkpoint().checkpoint().clone()
        };
        let error = session.check_prefix(&claimed).unwrap_err();
        assert!(
            matches!(error, ClientError::Behind { .. }),
            "{number}: {error:?}"
        );
    }
    assert_eq!(source.asked(), asked);
}

/// A server that has as many operator records as one likes to read, in a log whose tiles prove whatever is asked.
struct Flood {
    checkpoint: Vec<u8>,
    map_entry: Vec<u8>,
    /// The tiles of each level: one is like the other.
    levels: Vec<Vec<u8>>,
    operator_files: Cell<usize>,
}

impl Flood {
    const LEVELS: u32 = 3;

    fn of(world: &World) -> Self {
        let size = 256_u64.pow(Self::LEVELS);
        let entry = MapEntry {
            origin: world.origin().clone(),
            root: Digest::of(b""),
            packages: 0,
            operator_length: Length::new(size - 1),
            operator_head: Hash::ZERO,
            operator_index: Index::new(size - 2),
            time: world.now(),
        };
        let map_entry = entry.to_string().into_bytes();
        let mut root = Hash::of_leaf(&map_entry);
        let mut levels = Vec::new();
        for _ in 0..Self::LEVELS {
            levels.push(root.as_bytes().repeat(256));
            for _ in 0..8 {
                root = Hash::of_node(&root, &root);
            }
        }
        levels.push(root.as_bytes().to_vec());
        let checkpoint = Checkpoint {
            origin: world.origin().clone(),
            size: Size::new(size),
            root,
        };
        let key = world.stranger(world.origin().as_str());
        Self {
            checkpoint: checkpoint.sign(&key).to_string().into_bytes(),
            map_entry,
            levels,
            operator_files: Cell::new(0),
        }
    }
}

impl Source for Flood {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        let text = path.as_str();
        if text == "checkpoint" {
            return Ok(Some(self.checkpoint.clone()));
        }
        if text.starts_with("map/at/") {
            return Ok(Some(self.map_entry.clone()));
        }
        if text.starts_with("operator/") {
            self.operator_files.set(self.operator_files.get() + 1);
            let record = [&0_u64.to_be_bytes()[..], &1_u16.to_be_bytes(), b"x"].concat();
            return Ok((self.operator_files.get() < 1000).then(|| record.repeat(256)));
        }
        let level = text
            .strip_prefix("tile/")
            .and_then(|rest| rest.split('/').next());
        let level = level.and_then(|level| level.parse::<usize>().ok());
        Ok(level.and_then(|level| self.levels.get(level).cloned()))
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        path.to_string()
    }
}

#[test]
fn a_server_that_has_operator_records_without_end_is_left_at_the_first_that_is_refused() {
    let world = world(12);
    let flood = Flood::of(&world);
    let error = Client::new(world.policy(), &flood).open().err().unwrap();
    let asked = flood.operator_files.get();
    assert!(asked <= MAX_ASKED, "asked for {asked} files: {error}");
    assert!(matches!(error, ClientError::Trust { .. }), "{error:?}");
}

/// Long logs are read to their end all the same.
#[test]
fn an_operator_log_of_many_files_is_read_whole() {
    let world = world(13);
    let mut log = world.session().checkpoint().operator().clone();
    let mut records = Vec::new();
    while log.length() <= Length::new(17 * 256) {
        let record = Record {
            origin: world.origin().clone(),
            subject: Subject::Operator,
            position: log.length().next(),
            previous: log.head(),
            time: world.now(),
            signer: world.operate_key().verifying_key().clone(),
            actions: vec![operator::Action::Refresh(60)],
        };
        let record = record.sign(world.operate_key()).unwrap();
        log.admit(Index::new(log.length().get()), &record).unwrap();
        records.push(record);
    }
    world.append(&records).unwrap();
    let session = Client::new(world.policy(), world.storage()).open().unwrap();
    assert_eq!(session.checkpoint().operator().length(), log.length());
}
