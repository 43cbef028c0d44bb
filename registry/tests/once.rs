//! A record stands in the log once, and later records lie behind earlier ones. Who holds the checkpoint key could otherwise
//! choose when a record was written: make a grant outlive its end, or give one checkpoint two pasts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::storage::Memory;
use fixtures::world::World;
use registry::check::{CheckError, check};
use registry::client::{Client, ClientError, Remedy};
use registry::layout;
use transparency::digest::Hash;
use transparency::key::SigningKey;
use transparency::name::Kind;
use transparency::number::{Index, Length, Position};
use transparency::operator;
use transparency::package::{Action, Scope, Under};
use transparency::record::{Record, Subject};
use transparency::tile::Part;
use transparency::version::parse_version;

use fixtures::forge::{self, Forge};
use story::machine::Machine;
use story::{derive, evidence, name, present};

/// What a replay of the whole registry says.
fn checked(world: &World) -> CheckError {
    check(world.policy(), world.storage(), derive).expect_err("not good")
}

/// The sort of the evidence that the replay ends with.
fn convicted(world: &World) -> String {
    let error = checked(world);
    assert_eq!(error.remedy(), Remedy::Report, "{error:?}");
    let CheckError::Client(error) = &error else {
        panic!("no evidence: {error:?}");
    };
    evidence(world.policy(), error)
}

/// The records of a package, as an honest reader has them.
fn records(world: &World, package: &str) -> Vec<(Index, Vec<u8>)> {
    let part = |length: Length| Part::new(0, u16::try_from(length.get()).unwrap()).unwrap();
    let loaded = present(world.session().load_one(&name(package)).unwrap());
    let part = part(loaded.log().length());
    let file =
        world.storage().objects()[&layout::package(&name(package), part).to_string()].clone();
    let records = part.parse_records(&file).unwrap();
    let owned = records.into_iter();
    owned
        .map(|(index, record)| (index, record.to_vec()))
        .collect()
}

fn write_package(world: &World, package: &str, records: &[(Index, Vec<u8>)]) {
    let borrowed: Vec<_> = records
        .iter()
        .map(|(index, record)| (*index, record.as_slice()))
        .collect();
    forge::write_package(world, &name(package), &borrowed);
}

/// A namespace that `mallory` held until the operator gave it to others, and a registry that writes this end again behind
/// a package that mallory begins only now.
fn outlived() -> (World, Machine, transparency::checkpoint::Checkpoint) {
    let mut world = World::in_memory(1);
    world.release("acme:clock", "1.0.0").publish();
    let mallory = world.stranger("mallory");
    let hold = |key: &SigningKey| {
        let keys = [key.verifying_key().clone()].into();
        operator::Action::Namespace("test".parse().unwrap(), keys)
    };
    world.operate(vec![hold(&mallory)]);
    let session = world.session();
    let log = session.checkpoint().operator();
    let held = Under {
        position: log.length().last().unwrap(),
        record: log.head(),
    };
    let back = hold(world.publisher());
    world.operate(vec![back]);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let locked = world.session().checkpoint().checkpoint().clone();

    let begin = Record {
        origin: world.origin().clone(),
        subject: Subject::Package(name("test:mine")),
        position: Position::ZERO,
        previous: Hash::ZERO,
        time: world.now(),
        signer: mallory.verifying_key().clone(),
        actions: vec![Action::Init {
            kind: Kind::Component,
            under: held,
        }],
    };
    let begin = begin.sign(&mallory).unwrap();
    let part = Part::new(0, 3).unwrap();
    let file = world.storage().objects()[&layout::operator(part).to_string()].clone();
    let mut operator = part.parse_records(&file).unwrap();
    let mut forge = Forge::of(&world);
    let index = forge.append(begin.clone());
    forge.add("test:mine", &begin, index);
    let end = operator.pop().unwrap().1;
    let again = forge.append(end);
    operator.push((again, end));
    forge.entry.operator_index = again;
    forge::write(
        &world,
        &layout::operator(part),
        part.print_records(&operator).unwrap(),
    );
    write_package(&world, "test:mine", &[(index, begin)]);
    forge.sign();
    (world, machine, locked)
}

#[test]
fn a_copy_of_an_operator_record_convicts_before_whoever_saw_the_first_one() {
    let (world, machine, locked) = outlived();
    let mut stranger = Client::new(world.policy(), world.storage()).open().unwrap();
    stranger
        .load_one(&name("test:mine"))
        .expect("who saw nothing before is shown proofs of all of it");
    let error = machine.read(world.storage()).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    let error = stranger.check_prefix(&locked).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    let then = Client::new(world.policy(), world.storage()).open().unwrap();
    let error = then.at(locked.size).err().unwrap();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    assert_eq!(convicted(&world), "repeated");
}

/// A yank that is written again behind another size; with the files of a registry that says the copy is it.
fn moved_yank(seed: u64) -> (World, Machine, transparency::number::Size) {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    world.yank("acme:clock", "1.0.0", "broken");
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let then = world.size();
    let mut records = records(&world, "acme:clock");
    let mut forge = Forge::of(&world);
    let index = forge.append(records[1].1.clone());
    forge.slot("acme:clock").index = index;
    records[1].0 = index;
    write_package(&world, "acme:clock", &records);
    forge.sign();
    (world, machine, then)
}

#[test]
fn a_copy_of_a_package_record_gives_no_checkpoint_two_pasts() {
    let (world, machine, then) = moved_yank(2);
    let error = machine.read(world.storage()).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    let mut past = world.session().at(then).unwrap();
    let error = past.load_one(&name("acme:clock")).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    // A machine that has only the index, from a lock, finds the proof of both.
    let mut session = world.session();
    let loaded = present(session.load_one(&name("acme:clock")).unwrap());
    let error = session
        .check_index(&loaded, Position::new(1), Index::new(4))
        .unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    assert_eq!(convicted(&world), "repeated");
}

#[test]
fn a_copy_is_refused_where_only_one_of_the_indices_is_proved() {
    // A mirror's files say another index, and the map does not: nobody signed that.
    let mut world = World::in_memory(3);
    world.release("acme:clock", "1.0.0").publish();
    world.yank("acme:clock", "1.0.0", "broken");
    let mut records = records(&world, "acme:clock");
    for false_index in [0, 2, 3, 5, u64::MAX] {
        records[1].0 = Index::new(false_index);
        write_package(&world, "acme:clock", &records);
        let machine = Machine::new(world.policy());
        let error = machine.read(world.storage()).unwrap_err();
        assert!(
            matches!(error, ClientError::Log { .. }),
            "{false_index}: {error:?}"
        );
        assert_eq!(error.remedy(), Remedy::Investigate);
    }
}

/// A registry whose log has the third record of a package before the second one.
fn disordered(seed: u64, files_ascend: bool) -> World {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    let log = present(world.session().load_one(&name("acme:clock")).unwrap());
    let mut previous = log.head().hash();
    let mut signed = |position: u64| {
        let record = Record {
            origin: world.origin().clone(),
            subject: Subject::Package(name("acme:clock")),
            position: Position::new(position),
            previous,
            time: world.now(),
            signer: world.publisher().verifying_key().clone(),
            actions: vec![Action::Annotate {
                scope: Scope::Package,
                key: "number".into(),
                value: position.to_string(),
            }],
        };
        let bytes = record.sign(world.publisher()).unwrap();
        previous = Hash::of_leaf(&bytes);
        bytes
    };
    let (second, third) = (signed(1), signed(2));
    let mut all = records(&world, "acme:clock");
    let mut forge = Forge::of(&world);
    let before = forge.append(third.clone());
    let behind = forge.append(second.clone());
    let slot = forge.slot("acme:clock");
    (slot.length, slot.head) = (Length::new(3), Hash::of_leaf(&third));
    slot.index = before;
    let said = if files_ascend {
        Index::new(before.get() - 1)
    } else {
        behind
    };
    all.extend([(said, second), (before, third)]);
    write_package(&world, "acme:clock", &all);
    forge.sign();
    world
}

#[test]
fn a_record_before_the_one_that_it_follows_convicts() {
    let world = disordered(4, false);
    let error = Machine::new(world.policy())
        .read(world.storage())
        .unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "repeated");
    assert_eq!(convicted(&world), "repeated");
    // Files that hide it are believed by a reader, who asks no proof of an index in the middle; a replay finds it.
    let hiding = disordered(4, true);
    assert_eq!(convicted(&hiding), "repeated");
}

#[test]
fn evidence_is_saved_where_it_is_found_whatever_becomes_of_the_error() {
    let world = disordered(9, false);
    let reader = Machine::new(world.policy());
    drop(reader.read(world.storage()));
    assert_eq!(reader.evidence().len(), 1);
    // A writer remembers no checkpoint, and saves the evidence all the same.
    let record = Record {
        origin: world.origin().clone(),
        subject: Subject::Package(name("acme:clock")),
        position: Position::new(3),
        previous: Hash::ZERO,
        time: world.now(),
        signer: world.publisher().verifying_key().clone(),
        actions: vec![Action::Yank {
            version: parse_version("1.0.0").unwrap(),
            reason: "broken".into(),
        }],
    };
    let record = record.sign(world.publisher()).unwrap();
    let writer = Machine::new(world.policy());
    let sequencer = world.sequencer().saving_evidence(&writer.trust);
    drop(sequencer.append(&[record], world.now()));
    assert_eq!(writer.evidence(), reader.evidence());
    assert!(writer.remembered().is_empty());
}

#[test]
fn a_replay_convicts_a_second_record_at_a_position() {
    let mut world = World::in_memory(5);
    let mut other = world.fork();
    world.release("acme:clock", "1.0.0").publish();
    let second = other.release("acme:clock", "6.6.6").publish();
    let mut forge = Forge::of(&world);
    forge.append(second);
    forge.sign();
    assert_eq!(convicted(&world), "two-records");
}

#[test]
fn a_replay_convicts_every_map_that_leaves_a_record_out() {
    // The whole package is left out. The last map has it again.
    let mut world = World::in_memory(6);
    world.release("acme:clock", "1.0.0").publish();
    world.release("acme:logger", "1.0.0").publish();
    let mut forge = Forge::of(&world);
    let slot = forge.omit("acme:clock");
    forge.sign();
    assert_eq!(convicted(&world), "omitted");
    let mut forge = Forge::of(&world);
    forge.restore(slot);
    forge.sign();
    assert_eq!(convicted(&world), "omitted");

    // An operator's record.
    let mut world = World::in_memory(7);
    let before = Forge::of(&world).entry;
    world.operate(vec![operator::Action::Refresh(60)]);
    let mut forge = Forge::of(&world);
    forge.entry.operator_length = before.operator_length;
    forge.entry.operator_head = before.operator_head;
    forge.entry.operator_index = before.operator_index;
    forge.sign();
    assert_eq!(convicted(&world), "omitted");
}

#[test]
fn a_replay_refuses_a_map_that_stands_twice() {
    let mut world: World<Memory> = World::in_memory(8);
    world.release("acme:clock", "1.0.0").publish();
    Forge::of(&world).sign();
    let error = checked(&world);
    let CheckError::Entry { index, source } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(index.get(), 4);
    assert_eq!(source.to_string(), "it is entry 3 again");
}
