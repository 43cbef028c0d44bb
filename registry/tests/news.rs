//! A machine that saw a log before reads the entries since, if they are few. So it notices what the map leaves out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeSet;

use fixtures::forge::Forge;
use fixtures::storage::Memory;
use fixtures::world::World;
use registry::client::{Client, ClientError, LoadedPackage, StandIn};
use registry::storage::Source;
use transparency::checkpoint::Checkpoint;
use transparency::number::{Length, Time};
use transparency::operator::{Action, Role};

use story::machine::Machine;
use story::source::Recording;
use story::{chain, evidence, name, present};

/// A registry with a release that a machine read, and a yank of it since, which its map does not count.
fn hidden_yank(seed: u64) -> (World, Machine) {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    world.release("acme:logger", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    let before = *Forge::of(&world).slot("acme:clock");
    machine.read(world.storage()).unwrap();
    world.yank("acme:clock", "1.0.0", "it is bad");
    let mut forge = Forge::of(&world);
    *forge.slot("acme:clock") = before;
    forge.sign();
    (world, machine)
}

#[test]
fn a_yank_that_the_map_leaves_out_convicts_before_whoever_relied_on_the_package() {
    let (world, machine) = hidden_yank(1);
    let remembered = machine.remembered();
    let error = machine.open(world.storage()).map(drop).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
    assert_eq!(machine.remembered(), remembered);
    // A machine that sees the registry for the first time reads what the map says.
    let stranger = Machine::new(world.policy());
    let mut session = stranger.open(world.storage()).unwrap();
    let loaded = present(session.load_one(&name("acme:clock")).unwrap());
    assert!(!loaded.log().releases().next().unwrap().is_yanked());
}

/// A machine's cache as it lies with a project, of this registry.
fn vendored(world: &World) -> Machine {
    let vendored = Machine::new(world.policy());
    vendored.read(world.storage()).unwrap();
    let objects = world.storage().objects().into_iter();
    for (path, bytes) in
        objects.filter(|(path, _)| path.starts_with("map/at/") || path == "checkpoint")
    {
        std::fs::write(vendored.cached_file(&path), bytes).unwrap();
    }
    vendored
}

/// Reads a package while nobody says what the registry is now. What lies with the project stands in.
fn read_unasked(
    machine: &Machine,
    source: Option<&dyn Source>,
    vendored: &Machine,
    locked: Option<&Checkpoint>,
) {
    let (cache, trust) = (&machine.cache, &machine.trust);
    let client = Client::with_memory(&machine.policy, source, cache, trust, Time::LAST)
        .vendored(&vendored.cache)
        .or(StandIn::Kept);
    let client = locked.cloned().into_iter().fold(client, Client::continuing);
    let mut session = client.open().unwrap();
    present(session.load_one(&name("acme:clock")).unwrap());
}

#[test]
fn what_came_while_the_registry_was_not_asked_is_news_when_it_is_asked() {
    for how in ["offline", "silent", "behind", "twice", "locked"] {
        let (world, seen) = hidden_yank(6);
        let vendored = vendored(&world);
        let silent = Memory::default();
        let behind = story::copy(&world.storage().objects());
        let seen_note = seen.trust.read().unwrap().unwrap().note().to_vec();
        behind.tamper(|objects| _ = objects.insert("checkpoint".into(), seen_note));
        let locked = seen.trust.read().unwrap().unwrap().checkpoint().clone();
        let stranger = Machine::new(world.policy());
        let machine = if how == "locked" { &stranger } else { &seen };
        match how {
            "silent" => read_unasked(machine, Some(&silent), &vendored, None),
            "behind" => read_unasked(machine, Some(&behind), &vendored, None),
            "locked" => read_unasked(machine, None, &vendored, Some(&locked)),
            _ => read_unasked(machine, None, &vendored, None),
        }
        if how == "twice" {
            read_unasked(machine, Some(&silent), &vendored, None);
        }
        let memory = machine.trust.read().unwrap().unwrap();
        assert_eq!(memory.checkpoint().size, world.size(), "{how}");
        assert_eq!(memory.since().size, locked.size, "{how}");
        let error = machine.open(world.storage()).map(drop).unwrap_err();
        assert_eq!(evidence(world.policy(), &error), "omitted", "{how}");
    }
}

/// Another project, or none, may have shown this machine the registry since the lock was written.
#[test]
fn what_came_between_the_lock_and_what_this_machine_saw_first_is_news() {
    let (world, seen) = hidden_yank(8);
    let locked = seen.trust.read().unwrap().unwrap().checkpoint().clone();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let memory = machine.trust.read().unwrap().unwrap();
    assert_eq!(memory.read_from(), world.size());
    let source: &dyn Source = world.storage();
    let (cache, trust) = (&machine.cache, &machine.trust);
    let opened = Client::with_memory(&machine.policy, Some(source), cache, trust, Time::LAST)
        .continuing(locked)
        .open();
    let error = opened
        .and_then(|mut session| session.load_one(&name("acme:clock")))
        .unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
}

#[test]
fn what_came_since_the_lock_is_read_once() {
    let mut world = World::in_memory(9);
    world.release("acme:clock", "1.0.0").publish();
    let locked = world.session().checkpoint().checkpoint().clone();
    world.release("acme:clock", "1.1.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    for read in [1, 0] {
        let source = Recording::new(world.storage());
        let (cache, trust) = (&machine.cache, &machine.trust);
        Client::with_memory(&machine.policy, Some(&source), cache, trust, Time::LAST)
            .continuing(locked.clone())
            .open()
            .unwrap();
        let asked = source.asked().into_iter();
        let bundles = asked.filter(|path| path.starts_with("tile/entries/"));
        assert_eq!(bundles.count(), read);
    }
}

#[test]
fn what_was_read_when_the_registry_was_asked_is_no_news_again() {
    let mut world = World::in_memory(7);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    world.yank("acme:clock", "1.0.0", "it is bad");
    read_unasked(&machine, None, &vendored(&world), None);
    let memory = machine.trust.read().unwrap().unwrap();
    assert!(memory.since().size < world.size());
    machine.open(world.storage()).unwrap();
    let memory = machine.trust.read().unwrap().unwrap();
    assert_eq!(memory.since().size, world.size());
    read_unasked(&machine, None, &vendored(&world), None);
    assert_eq!(machine.trust.read().unwrap().unwrap(), memory);
}

#[test]
fn a_package_that_is_loaded_for_the_first_time_is_held_to_the_news_too() {
    let mut world = World::in_memory(2);
    world.release("acme:logger", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    let read =
        |machine: &Machine, world: &World, package: &str| -> Result<LoadedPackage, ClientError> {
            machine.open(world.storage())?.load_one(&name(package))
        };
    read(&machine, &world, "acme:logger").unwrap();
    let locked = world.session().checkpoint().checkpoint().clone();
    world.release("acme:clock", "1.0.0").publish();
    let mut forge = Forge::of(&world);
    forge.omit("acme:clock");
    forge.sign();
    // So is one whom only a lock remembers.
    let mut session = Client::new(world.policy(), world.storage())
        .continuing(locked)
        .open()
        .unwrap();
    let error = session.load_one(&name("acme:clock")).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
    let mut session = machine.open(world.storage()).unwrap();
    session.load_one(&name("acme:logger")).unwrap();
    let error = session.load_one(&name("acme:clock")).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
}

#[test]
fn a_revocation_that_the_map_leaves_out_convicts() {
    let mut world = World::in_memory(3);
    world.release("acme:clock", "1.0.0").publish();
    let spare = world.stranger(world.origin().as_str());
    let roles = || [Role::Checkpoint].into();
    world.operate(vec![Action::Grant(spare.verifying_key().clone(), roles())]);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let before = Forge::of(&world).entry;
    world.operate(vec![Action::Revoke(spare.verifying_key().clone(), roles())]);
    let mut forge = Forge::of(&world);
    forge.entry.operator_length = before.operator_length;
    forge.entry.operator_head = before.operator_head;
    forge.entry.operator_index = before.operator_index;
    forge.sign();
    let error = machine.open(world.storage()).map(drop).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");
}

#[test]
fn a_copy_among_the_news_convicts() {
    let mut world = World::in_memory(4);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    world.release("acme:clock", "1.1.0").publish();
    world.release("acme:clock", "1.2.0").publish();
    let mut forge = Forge::of(&world);
    let copy = forge.entry_at(4).to_vec();
    forge.append(copy);
    forge.sign();
    let error = machine.open(world.storage()).map(drop).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
}

#[test]
fn what_came_since_is_read_once_and_only_where_it_is_little() {
    let mut world = World::in_memory(5);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let bundles = |source: &Recording<'_>| {
        let asked = source.asked().into_iter();
        asked
            .filter(|path| path.starts_with("tile/entries/"))
            .collect::<BTreeSet<_>>()
    };
    let read = |world: &World| {
        let source = Recording::new(world.storage());
        machine.open(&source).unwrap();
        bundles(&source)
    };
    chain::annotate(&world, "acme:clock", 300);
    assert_eq!(
        read(&world),
        [
            "tile/entries/000".to_owned(),
            "tile/entries/001.p/49".to_owned()
        ]
        .into()
    );
    assert_eq!(read(&world), BTreeSet::new());
    for _ in 0..5 {
        chain::annotate(&world, "acme:clock", 900);
    }
    assert_eq!(read(&world), BTreeSet::new(), "that is for monitors");
    let loaded = world.session().load_one(&name("acme:clock")).unwrap();
    assert_eq!(present(loaded).log().length(), Length::new(4801));
}
