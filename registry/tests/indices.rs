//! Files say at which index the log holds a record, and nobody signs that. Whoever serves or keeps files can say another
//! index. It changes no answer: neither the times of releases, beside a clock that the operator set, nor what is read of
//! the honest files afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeMap;

use fixtures::world::World;
use registry::client::{ClientError, Remedy};
use registry::layout;
use transparency::number::{Index, Time};
use transparency::operator::Action;
use transparency::record::Subject;
use transparency::tile::Part;

use story::machine::Machine;
use story::{chain, copy, name, present};

const DAYS: u64 = 24 * 60 * 60;

/// A release of a year ahead, taken back by the operator; and later records of the operator, the package, and others between.
fn set_right(seed: u64) -> World {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    let right = world.now();
    world.wait(365 * DAYS);
    world.release("acme:clock", "1.1.0").publish();
    world.release("acme:logger", "1.0.0").publish();
    world.set_clock(Time::from_unix(right.unix() + 60).unwrap());
    let record = chain::operator(&world, vec![Action::Clock(right)]).remove(0);
    world.append(&[record]).unwrap();
    world.wait(60);
    world.release("acme:logger", "1.1.0").publish();
    world.wait(30 * DAYS);
    world.release("acme:clock", "1.2.0").publish();
    world.operate(vec![Action::Refresh(60)]);
    world.release("acme:logger", "1.2.0").publish();
    world
}

/// The file of a log, with another index for one of its records.
fn moved(file: &[u8], part: Part, position: usize, index: Index) -> Vec<u8> {
    let mut records = part.parse_records(file).unwrap();
    records[position].0 = index;
    part.print_records(&records).unwrap()
}

/// Every file of a log, with one false index that ascends: its path, its bytes, and what is false.
fn lies(world: &World) -> Vec<(String, Vec<u8>, String)> {
    let objects = world.storage().objects();
    let mut lies = Vec::new();
    for subject in [Subject::Operator, Subject::Package(name("acme:clock"))] {
        let part = Part::new(0, 3).unwrap();
        let path = layout::records(&subject, part).to_string();
        let file = &objects[&path];
        let records = part.parse_records(file).unwrap();
        let honest: Vec<_> = records.iter().map(|(index, _)| index.get()).collect();
        for position in 0..honest.len() {
            let first = position
                .checked_sub(1)
                .map_or(0, |before| honest[before] + 1);
            let end = honest.get(position + 1).copied();
            for index in first..end.unwrap_or(world.size().get()) {
                if index != honest[position] {
                    let bytes = moved(file, part, position, Index::new(index));
                    let what = format!("record {position} of {subject} at {index}");
                    lies.push((path.clone(), bytes, what));
                }
            }
        }
    }
    assert!(lies.len() > 20, "{}", lies.len());
    lies
}

/// The times of releases, as a machine reads them.
fn told(
    machine: &Machine,
    source: &fixtures::storage::Memory,
) -> Result<BTreeMap<String, Time>, ClientError> {
    let mut session = machine.open(source)?;
    let mut told = BTreeMap::new();
    for package in ["acme:clock", "acme:logger"] {
        let loaded = present(session.load_one(&name(package))?);
        for release in loaded.log().releases() {
            told.insert(format!("{package} {}", release.version()), release.time());
        }
    }
    Ok(told)
}

#[test]
fn no_index_that_a_mirror_makes_up_changes_since_when_a_release_is_there() {
    let world = set_right(1);
    let honest = told(&Machine::new(world.policy()), world.storage()).unwrap();
    assert!(honest["acme:clock 1.1.0"] < honest["acme:clock 1.2.0"]);
    let mut refused = 0;
    for (path, bytes, what) in lies(&world) {
        let mirror = copy(&world.storage().objects());
        mirror.tamper(|objects| _ = objects.insert(path, bytes));
        let machine = Machine::new(world.policy());
        match told(&machine, &mirror) {
            Ok(told) => assert_eq!(told, honest, "{what}"),
            Err(error) => {
                assert_eq!(error.remedy(), Remedy::Investigate, "{what}: {error:?}");
                refused += 1;
            }
        }
        // What the lie left in the machine's cache does no harm once the mirror is honest again.
        let afterwards = told(&machine, world.storage());
        assert_eq!(afterwards.unwrap(), honest, "after: {what}");
    }
    assert!(refused > 10, "{refused}");
}

#[test]
fn no_index_that_stands_in_a_poisoned_cache_changes_an_answer_of_an_honest_registry() {
    let world = set_right(2);
    let honest = told(&Machine::new(world.policy()), world.storage()).unwrap();
    let at = world.session().checkpoint().checkpoint().size;
    for (path, bytes, what) in lies(&world) {
        let machine = Machine::new(world.policy());
        told(&machine, world.storage()).unwrap();
        let file = machine.cached_file(&path);
        assert!(file.exists(), "{what}");
        std::fs::write(file, bytes).unwrap();
        let answer = told(&machine, world.storage());
        assert_eq!(answer.unwrap(), honest, "{what}");
        // A past checkpoint is read with the same files.
        let session = machine.open(world.storage()).unwrap();
        let past = transparency::number::Size::new(at.get() - 2);
        let mut session = session.at(past).expect(&what);
        let loaded = present(session.load_one(&name("acme:clock")).expect(&what));
        for release in loaded.log().releases() {
            let key = format!("acme:clock {}", release.version());
            assert_eq!(release.time(), honest[&key], "{what}");
        }
    }
}

#[test]
fn where_an_operator_gave_a_namespace_is_read_again_where_the_cache_lies() {
    let mut world = World::in_memory(3);
    world.operate(vec![Action::Namespace(
        "test".parse().unwrap(),
        [world.publisher().verifying_key().clone()].into(),
    )]);
    world.release("test:mine", "1.0.0").publish();
    world.operate(vec![Action::Refresh(60)]);
    let part = Part::new(0, 3).unwrap();
    let path = layout::operator(part).to_string();
    let machine = Machine::new(world.policy());
    let read = |source| {
        let mut session = machine.open(source)?;
        session.load_one(&name("test:mine")).map(drop)
    };
    // The mirror lies first. What it said is in the cache before anything is decided by it.
    let mirror = copy(&world.storage().objects());
    let lie = moved(&mirror.objects()[&path], part, 1, Index::new(1));
    mirror.tamper(|objects| _ = objects.insert(path, lie));
    let error = read(&mirror).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Investigate, "{error:?}");
    read(world.storage()).unwrap();
}
