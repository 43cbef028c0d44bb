//! A registry cannot take back what a machine saw: then it is behind, or it is convicted. A machine's own files may be
//! damaged, too: a damaged trust store is refused, and a damaged cache is read anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::cell::Cell;
use std::fs;
use std::thread;

use fixtures::storage::{Failure, Faulty, Memory};
use fixtures::world::World;
use registry::client::{Client, ClientError, Remedy};
use registry::layout::ObjectPath;
use registry::storage::{Source, StorageError};
use registry::trust::{NewsRead, Sighting, TrustStore};
use transparency::digest::Hash;
use transparency::key::Algorithm;
use transparency::number::{Index, Length, Time};
use transparency::policy::Policy;

use fixtures::forge::{self, Forge};
use story::machine::Machine;
use story::{chain, copy, evidence, name};

/// A registry with two releases of two packages, and a machine that read it all.
fn seen(seed: u64) -> (World, Machine) {
    let mut world = World::in_memory(seed);
    for version in ["1.0.0", "1.1.0"] {
        world.release("acme:clock", version).publish();
        world.release("acme:logger", version).publish();
    }
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    (world, machine)
}

fn refused(machine: &Machine, source: &dyn Source) -> ClientError {
    let remembered = machine.remembered();
    let kept = machine.kept();
    let error = machine
        .read(source)
        .map(drop)
        .expect_err("not to be believed");
    assert_eq!(
        machine.remembered(),
        remembered,
        "what is refused is not remembered: {error:?}"
    );
    for (path, bytes) in machine.kept() {
        assert!(
            kept.get(&path).is_none_or(|kept| *kept == bytes),
            "{} was replaced",
            path.display()
        );
    }
    error
}

#[test]
fn a_registry_that_was_set_back_is_behind() {
    let mut world = World::in_memory(1);
    world.release("acme:clock", "1.0.0").publish();
    let older = world.fork();
    world.release("acme:clock", "1.1.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let error = refused(&machine, older.storage());
    let ClientError::SetBack { size, seen, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!((size.get(), seen.get()), (4, 6));
    assert_eq!(error.remedy(), Remedy::Retry);
    let older_checkpoint = older.storage().objects().remove("checkpoint").unwrap();
    world
        .storage()
        .tamper(|objects| _ = objects.insert("checkpoint".into(), older_checkpoint));
    let error = refused(&machine, world.storage());
    assert_eq!(
        error.remedy(),
        Remedy::Retry,
        "the newer tiles are there, and prove nothing: {error:?}"
    );
}

#[test]
fn a_fork_is_convicted_whether_it_is_smaller_equal_or_larger() {
    for releases in 1..=3 {
        let mut world = World::in_memory(2);
        world.release("acme:clock", "1.0.0").publish();
        let mut fork = world.fork();
        for patch in 1..=2 {
            world
                .release("acme:clock", &format!("1.0.{patch}"))
                .publish();
        }
        for patch in 1..=releases {
            fork.release("acme:clock", &format!("1.1.{patch}"))
                .publish();
        }
        let machine = Machine::new(world.policy());
        machine.read(world.storage()).unwrap();
        let error = refused(&machine, fork.storage());
        assert_eq!(
            evidence(world.policy(), &error),
            "fork",
            "{releases} releases"
        );
        assert_eq!(error.remedy(), Remedy::Report);
        machine
            .read(world.storage())
            .expect("the branch that was seen is believed still");
    }
}

#[test]
fn a_fork_of_hundreds_of_entries_is_convicted() {
    let mut world = World::in_memory(3);
    world.release("acme:clock", "1.0.0").publish();
    let fork = world.fork();
    chain::annotate(&world, "acme:clock", 300);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    chain::annotate(&fork, "acme:clock", 700);
    // The fork has the same first records, in another tile.
    let error = refused(&machine, fork.storage());
    assert_eq!(error.remedy(), Remedy::Report, "{error:?}");
    assert_eq!(evidence(world.policy(), &error), "fork");
}

#[test]
fn a_package_that_vanishes_inside_a_consistent_log_convicts_the_registry() {
    let (world, machine) = seen(4);
    let mut forge = Forge::of(&world);
    forge.omit("acme:clock");
    forge.sign();
    let mut session = machine
        .open(world.storage())
        .expect("the log itself is consistent");
    session
        .load_one(&name("acme:logger"))
        .expect("this one is still there");
    let error = session.load_one(&name("acme:clock")).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
    let fresh = Machine::new(world.policy());
    fresh
        .read(world.storage())
        .expect("who never saw it cannot know: that is what monitors are for");
}

#[test]
fn a_package_that_shrinks_convicts_the_registry() {
    let (world, machine) = seen(5);
    let mut forge = Forge::of(&world);
    let mut session = world.session();
    let loaded = story::present(session.load_one(&name("acme:clock")).unwrap());
    let first = transparency::number::Position::ZERO;
    let slot = forge.slot("acme:clock");
    slot.length = Length::new(1);
    slot.head = loaded.log().hash_at(first).unwrap();
    slot.index = loaded.index_hint(first).unwrap();
    forge.sign();
    let error = machine.read(world.storage()).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
    assert_eq!(error.remedy(), Remedy::Report);

    // Without the entry bundle that holds the lost record nothing is proved. The registry is not believed either.
    world
        .storage()
        .tamper(|objects| objects.retain(|path, _| !path.starts_with("tile/entries/")));
    let error = machine.read(world.storage()).unwrap_err();
    assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Investigate);
}

#[test]
fn an_operator_log_that_is_cut_convicts_whoever_signed_it_even_to_one_who_has_only_a_lock() {
    let (mut world, _) = seen(31);
    let before = Forge::of(&world).entry;
    world.withdraw("acme:clock", "1.0.0", "unlawful");
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let locked = world.session().checkpoint().checkpoint().clone();

    // A thief of a checkpoint key could append consistently, with a map entry that commits to less.
    let mut forge = Forge::of(&world);
    forge.entry.operator_length = before.operator_length;
    forge.entry.operator_head = before.operator_head;
    forge.entry.operator_index = before.operator_index;
    forge.sign();
    let error = refused(&machine, world.storage());
    assert_eq!(evidence(world.policy(), &error), "omitted");

    // A machine that never saw the registry believes this checkpoint alone. With the lock beside it, it does not.
    let error = world.session().check_prefix(&locked).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Report, "{error}");
    assert_eq!(evidence(world.policy(), &error), "omitted");
}

#[test]
fn a_package_that_goes_another_way_convicts_the_registry() {
    let mut world = World::in_memory(6);
    let first = world.release("acme:clock", "1.0.0").publish();
    let mut other = world.fork();
    world.release("acme:clock", "1.1.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();

    let second = other.release("acme:clock", "6.6.6").sign();
    let mut forge = Forge::of(&world);
    let index = forge.append(second.clone());
    let slot = forge.slot("acme:clock");
    slot.head = Hash::of_leaf(&second);
    slot.index = index;
    forge::write_package(
        &world,
        &name("acme:clock"),
        &[(Index::new(2), &first), (index, &second)],
    );
    forge.sign();
    let error = machine.read(world.storage()).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "two-records");
}

#[test]
fn offline_all_that_was_read_is_there_with_the_registry_gone() {
    let (world, machine) = seen(7);
    let found = machine.read(world.storage()).unwrap();
    drop(world);
    assert_eq!(machine.read_offline().unwrap(), found);
}

#[test]
fn a_second_reading_asks_the_registry_for_its_checkpoint_alone() {
    let (world, machine) = seen(8);
    let source = story::source::Recording::new(world.storage());
    let remembered = machine.remembered();
    machine.read(&source).unwrap();
    assert_eq!(source.asked(), ["checkpoint".to_owned()].into());
    assert_eq!(machine.remembered(), remembered);
}

#[test]
fn a_trust_store_with_any_damage_refuses_and_says_where() {
    let (world, machine) = seen(9);
    let path = machine.trust.folder().join("seen");
    let good = fs::read(&path).unwrap();
    let refused = |what: &str| {
        let opened = machine.open(world.storage());
        let error = opened.err().unwrap_or_else(|| panic!("{what}: believed"));
        assert_eq!(error.remedy(), Remedy::Investigate, "{what}: {error:?}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{what}: {error}"
        );
    };
    let flip = |position: usize| {
        let mut bytes = good.clone();
        bytes[position] ^= if position.is_multiple_of(2) {
            0x01
        } else {
            0x80
        };
        bytes
    };
    // All flips and cuts are found by reading alone; a few through the whole client.
    for position in 0..good.len() {
        fs::write(&path, flip(position)).unwrap();
        assert!(machine.trust.read().is_err(), "byte {position} flipped");
        fs::write(&path, &good[..position]).unwrap();
        assert!(machine.trust.read().is_err(), "cut after {position} bytes");
    }
    refused("cut before the last byte");
    fs::write(&path, flip(good.len() / 2)).unwrap();
    refused("flipped in the middle");
    fs::remove_file(&path).unwrap();
    refused("lost");
    fs::write(&path, &good).unwrap();
    machine.read(world.storage()).expect("mended");
    fs::remove_dir_all(machine.trust.folder()).unwrap();
    machine.read(world.storage()).expect("forgotten on purpose");
}

#[test]
fn every_damaged_file_of_the_cache_heals_online_and_is_refused_offline() {
    let mut world = World::in_memory(10);
    world.release("acme:clock", "1.0.0").publish();
    chain::annotate(&world, "acme:clock", 300);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    // Grown since: the next reading needs the proof of consistency, too.
    chain::annotate(&world, "acme:clock", 300);
    let found = Machine::new(world.policy()).read(world.storage()).unwrap();
    let before = machine.kept();
    let trusted = machine.remembered();
    let restore = || {
        for (path, bytes) in before.iter().chain(&trusted) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    };
    for (path, bytes) in &before {
        let case = path.display();
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        for damaged in [flipped, bytes[..bytes.len() / 2].to_vec(), Vec::new()] {
            restore();
            fs::write(path, &damaged).unwrap();
            assert_eq!(machine.read(world.storage()).unwrap(), found, "{case}");
            assert_eq!(machine.read_offline().unwrap(), found, "{case} healed");
        }
    }
    restore();
    machine.read(world.storage()).unwrap();
    let whole = machine.kept();
    let mut needed = 0;
    for (path, bytes) in &whole {
        let case = path.display();
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 3] ^= 1;
        fs::write(path, &flipped).unwrap();
        match machine.read_offline() {
            Ok(offline) => assert_eq!(offline, found, "{case}"),
            Err(error) => {
                needed += 1;
                assert_eq!(error.remedy(), Remedy::Investigate, "{case}: {error:?}");
                fs::remove_file(path).unwrap();
                let error = machine.read_offline().map(drop).unwrap_err();
                assert_eq!(error.remedy(), Remedy::Retry, "{case} lost: {error:?}");
                fs::create_dir(path).unwrap();
                let error = machine.read_offline().map(drop).unwrap_err();
                assert_eq!(
                    error.remedy(),
                    Remedy::Mend,
                    "{case} is a folder: {error:?}"
                );
                let error = machine.read(world.storage()).map(drop);
                let remedy = error.as_ref().err().map(ClientError::remedy);
                // The checkpoint is written only when it is read, the others when they are missing.
                assert_eq!(remedy, Some(Remedy::Mend), "{case} is a folder: {error:?}");
                fs::remove_dir(path).unwrap();
            }
        }
        fs::write(path, bytes).unwrap();
    }
    assert!(needed >= 7, "only {needed} files were needed offline");
}

#[test]
fn a_cache_that_is_partly_empty_and_partly_damaged_is_whole_afterwards() {
    let (world, machine) = seen(11);
    let found = machine.read(world.storage()).unwrap();
    let whole = machine.kept();
    let (root_pages, others): (Vec<_>, Vec<_>) = whole
        .iter()
        .partition(|(path, _)| path.to_string_lossy().contains("/map/"));
    // The pages are read and verified before the damaged package files are; they must not be lost by starting again.
    for (path, _) in root_pages {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in others {
        if path.to_string_lossy().contains("/package/") {
            fs::write(path, &bytes[1..]).unwrap();
        }
    }
    assert_eq!(machine.read(world.storage()).unwrap(), found);
    assert_eq!(machine.kept(), whole);
    assert_eq!(machine.read_offline().unwrap(), found);
}

#[test]
fn readers_that_race_for_the_trust_store_end_with_the_largest_checkpoint() {
    let mut world = World::in_memory(12);
    let mut states = Vec::new();
    for patch in 0..6 {
        world
            .release("acme:clock", &format!("1.0.{patch}"))
            .publish();
        states.push(world.storage().objects());
    }
    let machine = Machine::new(world.policy());
    thread::scope(|scope| {
        for turn in 0..8 {
            let (machine, states) = (&machine, &states);
            scope.spawn(move || {
                for step in 0..states.len() {
                    let state = &states[(turn * 5 + step * (turn + 1)) % states.len()];
                    match machine.read(&copy(state)) {
                        Ok(_) | Err(ClientError::SetBack { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            });
        }
    });
    let memory = machine.trust.read().unwrap().unwrap();
    assert_eq!(
        memory.checkpoint(),
        world.session().checkpoint().checkpoint()
    );
    let sighting = memory.package(&name("acme:clock")).unwrap();
    assert_eq!(sighting.seen.length.get(), 6);
    machine
        .read_offline()
        .expect("the cache has all of the largest");
}

#[test]
fn a_slow_reader_does_not_shorten_what_a_faster_one_saw() {
    let mut world = World::in_memory(15);
    world.release("acme:clock", "1.0.0").publish();
    let older = world.fork();
    world.release("acme:clock", "1.1.0").publish();
    let machine = Machine::new(world.policy());
    let mut slow = machine.open(older.storage()).unwrap();
    machine.read(world.storage()).unwrap();
    let remembered = machine.remembered();
    slow.load_one(&name("acme:clock"))
        .expect("what it opened with is consistent");
    assert_eq!(machine.remembered(), remembered);
}

#[test]
fn what_another_process_saw_meanwhile_is_continued_or_convicts() {
    let mut world = World::in_memory(32);
    let first = world.release("acme:clock", "1.0.0").publish();
    let mut other = world.fork();
    let second = world.release("acme:clock", "1.1.0").publish();
    let third = world.fork().release("acme:clock", "1.2.0").sign();
    let another = other.release("acme:clock", "6.6.6").sign();
    let clock = name("acme:clock");
    // One checkpoint says that the package went another way, and a later one that it went the first way on.
    let mut forge = Forge::of(&world);
    let index = forge.append(another.clone());
    let slot = forge.slot("acme:clock");
    (slot.head, slot.index) = (Hash::of_leaf(&another), index);
    forge::write_package(
        &world,
        &clock,
        &[(Index::new(2), &first), (index, &another)],
    );
    forge.sign();
    let astray = copy(&world.storage().objects());
    let mut forge = Forge::of(&world);
    let index = forge.append(third.clone());
    let slot = forge.slot("acme:clock");
    (slot.head, slot.index) = (Hash::of_leaf(&third), index);
    slot.length = Length::new(3);
    let records: [(Index, &[u8]); 3] = [
        (Index::new(2), &first),
        (Index::new(4), &second),
        (index, &third),
    ];
    forge::write_package(&world, &clock, &records);
    forge.sign();

    let machine = Machine::new(world.policy());
    let mut early = machine.open(&astray).unwrap();
    let mut late = machine.open(world.storage()).unwrap();
    early.load_one(&clock).expect("nobody saw it yet");
    let remembered = machine.remembered();
    let error = late.load_one(&clock).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "two-records");
    assert_eq!(machine.remembered(), remembered, "it is not overwritten");
}

#[test]
fn a_folder_that_is_removed_while_a_session_runs_is_not_made_again_in_part() {
    let (mut world, machine) = seen(34);
    let memory = machine.trust.read().unwrap().unwrap();
    world.release("acme:clock", "1.2.0").publish();
    fs::remove_dir_all(machine.trust.folder()).unwrap();
    let session = world.session();
    let read = NewsRead {
        from: memory.read_from(),
        unread: None,
    };
    let moved = machine
        .trust
        .advance(Some(&memory), session.checkpoint(), read);
    assert!(moved.unwrap().is_none());
    assert!(!machine.trust.folder().exists());
    machine.read(world.storage()).unwrap();
}

#[test]
fn a_store_that_could_not_be_read_again_is_not_written() {
    let (_, machine) = seen(35);
    let memory = machine.trust.read().unwrap().unwrap();
    let remembered = machine.remembered();
    let clock = *memory.package(&name("acme:clock")).unwrap();
    let sightings = (0..345_000_u32).map(|number| {
        let package = name(&format!("{}:a{number:063}", "a".repeat(64)));
        (
            package,
            Sighting {
                index: Index::new(u64::MAX - 1),
                ..clock
            },
        )
    });
    let sightings = sightings.chain([(name("acme:clock"), clock)]).collect();
    let error = machine.trust.remember(&memory, &sightings).unwrap_err();
    let told = std::error::Error::source(&error).unwrap().to_string();
    assert!(told.contains("would be larger than"), "{told}");
    assert_eq!(machine.remembered(), remembered);
}

#[test]
fn an_origin_is_known_under_one_key() {
    let (world, machine) = seen(33);
    let remembered = machine.remembered();
    let other = fixtures::world::key(7, world.origin().as_str(), Algorithm::Ed25519);
    let policy = Policy::without_witnesses(other.verifying_key().clone()).unwrap();
    let trust = TrustStore::open(&machine.state(), &policy);
    for source in [Some(world.storage() as &dyn Source), None] {
        let client = Client::with_memory(&policy, source, &machine.cache, &trust, Time::LAST);
        let error = client.open().err().expect("another registry");
        assert_eq!(error.remedy(), Remedy::Investigate);
        for key in [world.operate_key(), &other] {
            let key = key.verifying_key().to_string();
            assert!(error.to_string().contains(&key), "{error}");
        }
    }
    assert_eq!(machine.remembered(), remembered);
    machine.read(world.storage()).unwrap();
}

#[test]
#[cfg(unix)]
fn a_kept_file_that_cannot_be_opened_is_read_from_the_registry() {
    let (world, machine) = seen(16);
    let found = machine.read(world.storage()).unwrap();
    for path in machine.kept().into_keys() {
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&path, &path).unwrap();
    }
    assert_eq!(machine.read(world.storage()).unwrap(), found);
    assert_eq!(machine.read_offline().unwrap(), found);
}

/// A registry that grows, and is seen by somebody else of this machine, just after its checkpoint was read.
struct Overtaken<'a> {
    older: &'a Memory,
    newer: &'a Memory,
    machine: &'a Machine,
    times: Cell<u32>,
}

impl Overtaken<'_> {
    fn now(&self) -> &Memory {
        if self.times.get() == 0 {
            self.older
        } else {
            self.newer
        }
    }
}

impl Source for Overtaken<'_> {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.now().get(path);
        if path.as_str() == "checkpoint" && self.times.get() == 0 {
            self.machine.read(self.newer).unwrap();
            self.times.set(1);
        }
        found
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.older.address_of(path)
    }
}

#[test]
fn a_reader_that_was_overtaken_reads_again() {
    let mut world = World::in_memory(13);
    world.release("acme:clock", "1.0.0").publish();
    let older = world.fork();
    world.release("acme:clock", "1.1.0").publish();
    let machine = Machine::new(world.policy());
    let source = Overtaken {
        older: older.storage(),
        newer: world.storage(),
        machine: &machine,
        times: Cell::new(0),
    };
    let session = machine.open(&source).expect("nobody went back");
    assert_eq!(session.size(), world.size());
}

#[test]
fn whichever_read_fails_nothing_is_lost_and_the_next_try_succeeds() {
    let (mut world, machine) = seen(14);
    world.release("acme:clock", "1.2.0").publish();
    let found = Machine::new(world.policy()).read(world.storage()).unwrap();
    let (kept, remembered) = (machine.kept(), machine.remembered());
    for at in 0.. {
        for folder in [machine.cache(), machine.trust.folder().to_owned()] {
            fs::remove_dir_all(folder).unwrap();
        }
        for (path, bytes) in kept.iter().chain(&remembered) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let faulty = Faulty::new(world.storage(), Failure::Before, at);
        let result = machine.read(&faulty);
        if faulty.calls() <= at {
            assert_eq!(result.expect("no call failed"), found);
            assert!(at >= 5, "only {at} calls");
            break;
        }
        let error = result.map(drop).expect_err("a call failed");
        assert_eq!(error.remedy(), Remedy::Retry, "call {at}: {error:?}");
        machine.trust.read().expect("a good trust store");
        match machine.read_offline() {
            Ok(_) => {}
            Err(error) => assert_eq!(
                error.remedy(),
                Remedy::Retry,
                "call {at}, offline: {error:?}"
            ),
        }
        assert_eq!(
            machine.read(world.storage()).unwrap(),
            found,
            "call {at}, second try"
        );
        assert_eq!(
            machine.read_offline().unwrap(),
            found,
            "call {at}, second try, offline"
        );
    }
}
