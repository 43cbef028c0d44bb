//! A package log that breaks the rules, and that its registry committed to, concerns that package alone. What somebody else
//! may have changed on the way is an error of reading instead. It leaves no package out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::forge::{self, Forge};
use fixtures::storage::Memory;
use fixtures::world::World;
use registry::client::{ClientError, Loaded, LoadedPackage, Remedy};
use registry::layout;
use transparency::digest::Hash;
use transparency::name::Kind;
use transparency::number::{Index, Length, Position, Time};
use transparency::operator;
use transparency::package::{Action, Scope};
use transparency::record::{Record, Subject};
use transparency::tile::Part;

use story::machine::Machine;
use story::{evidence, name, names, present};

const CLOCK: &str = "acme:clock";

/// A registry with two packages, of which the first will be as good as it is for now.
fn world(seed: u64) -> World {
    let mut world = World::in_memory(seed);
    world.release(CLOCK, "1.0.0").publish();
    world.release("acme:logger", "1.0.0").publish();
    world
}

/// What would be the next record of a package.
fn next(world: &World) -> Record<Action> {
    let loaded = present(world.session().load_one(&name(CLOCK)).unwrap());
    Record {
        origin: world.origin().clone(),
        subject: Subject::Package(name(CLOCK)),
        position: loaded.log().length().next(),
        previous: loaded.log().head(),
        time: world.now(),
        signer: world.publisher().verifying_key().clone(),
        actions: vec![Action::Annotate {
            scope: Scope::Package,
            key: "number".into(),
            value: "1".into(),
        }],
    }
}

fn sign(world: &World, record: &Record<Action>) -> Vec<u8> {
    record.sign(world.publisher()).unwrap()
}

/// Its signed text, changed.
fn changed(world: &World, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(sign(world, &next(world))).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// Records that no honest registry would append, each with what is wrong with it.
fn bad_records(world: &World) -> Vec<(&'static str, Vec<u8>)> {
    let with = |change: &dyn Fn(&mut Record<Action>)| {
        let mut record = next(world);
        change(&mut record);
        sign(world, &record)
    };
    let stranger = world.stranger("mallory");
    let by_stranger = {
        let mut record = next(world);
        record.signer = stranger.verifying_key().clone();
        record.sign(&stranger).unwrap()
    };
    vec![
        (
            "an unknown action",
            changed(world, "annotate", "frobnicate"),
        ),
        ("another format", changed(world, "1\n", "7\n")),
        ("no text", b"\xff\xfe\0".to_vec()),
        ("no record", b"one\ntwo\nthree\nfour\nfive\nsix\n".to_vec()),
        (
            "a signature of other bytes",
            changed(world, "number", "letter"),
        ),
        ("a key that is not of the log", by_stranger),
        (
            "another package",
            with(&|record| record.subject = Subject::Package(name("acme:logger"))),
        ),
        (
            "another registry",
            with(&|record| record.origin = "registry.example/other".parse().unwrap()),
        ),
        (
            "another position",
            with(&|record| record.position = Position::new(7)),
        ),
        (
            "no record before it",
            with(&|record| record.previous = Hash::ZERO),
        ),
        (
            "a time that went back",
            with(&|record| record.time = Time::from_unix(1).unwrap()),
        ),
        (
            "a second beginning",
            with(&|record| {
                let under = world.under(&"acme".parse().unwrap());
                record.actions = vec![Action::Init {
                    kind: Kind::Component,
                    under,
                }];
            }),
        ),
        (
            "a version that is not there",
            with(&|record| {
                record.actions = vec![Action::Yank {
                    version: "9.9.9".parse().unwrap(),
                    reason: "none".into(),
                }];
            }),
        ),
    ]
}

/// What comes of asking for everything.
fn load(machine: &Machine, world: &World) -> Result<Vec<Loaded>, ClientError> {
    let mut session = machine.open(world.storage())?;
    let loaded = session.load_each(&names(&[CLOCK, "acme:logger", "acme:nobody"]))?;
    Ok(loaded.into_values().collect())
}

/// The first package is refused and the others can be used. Whoever needs the first one gets the error.
fn assert_refused(world: &World, what: &str) -> ClientError {
    let machine = Machine::new(world.policy());
    let loaded = load(&machine, world).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let [clock, logger, nobody] = loaded.try_into().unwrap();
    let refused = clock.expect_err(what);
    assert!(
        refused.to_string().contains("acme:clock"),
        "{what}: {refused}"
    );
    assert!(matches!(logger, Ok(LoadedPackage::Present(_))), "{what}");
    assert!(matches!(nobody, Ok(LoadedPackage::Absent(_))), "{what}");
    let mut session = machine.open(world.storage()).unwrap();
    let error = session.load_one(&name(CLOCK)).expect_err(what);
    assert_eq!(error.remedy(), Remedy::Investigate, "{what}: {error:?}");
    session.load_one(&name("acme:logger")).expect(what);
    error
}

#[test]
fn a_log_that_breaks_a_rule_says_nothing_of_other_packages() {
    let count = bad_records(&world(1)).len();
    for number in 0..count {
        let mut world = world(1);
        world.yank(CLOCK, "1.0.0", "broken");
        let (what, record) = bad_records(&world).swap_remove(number);
        let mut forge = Forge::of(&world);
        forge.extend(CLOCK, record);
        forge.sign();
        let error = assert_refused(&world, what);
        assert!(
            matches!(error, ClientError::Log { .. }),
            "{what}: {error:?}"
        );
    }
}

#[test]
fn good_records_behind_a_bad_one_do_not_heal_a_log() {
    let world = world(2);
    let bad = changed(&world, "annotate", "frobnicate");
    let mut record = next(&world);
    (record.position, record.previous) = (Position::new(2), Hash::of_leaf(&bad));
    let good = sign(&world, &record);
    let mut forge = Forge::of(&world);
    forge.extend(CLOCK, bad);
    forge.extend(CLOCK, good);
    forge.sign();
    assert_refused(&world, "a bad record in the middle");
}

#[test]
fn an_entry_of_the_map_that_cannot_be_says_nothing_of_other_packages() {
    for index in [0, 3, 1 << 40, u64::MAX] {
        let world = world(3);
        let mut forge = Forge::of(&world);
        forge.slot(CLOCK).index = Index::new(index);
        forge.sign();
        let error = assert_refused(&world, "a head that lies elsewhere");
        assert!(matches!(error, ClientError::Head(_)), "{index}: {error:?}");
    }
    let world = world(3);
    let mut forge = Forge::of(&world);
    forge.slot(CLOCK).length = Length::new(1 << 40);
    forge.sign();
    let error = assert_refused(&world, "more records than the log has entries");
    assert!(matches!(error, ClientError::Longer { .. }), "{error:?}");
}

/// The records of a package, as its file has them.
fn records(world: &World, length: u16) -> Vec<(Index, Vec<u8>)> {
    let part = Part::new(0, length).unwrap();
    let path = layout::package(&name(CLOCK), part).to_string();
    let file = world.storage().objects()[&path].clone();
    let records = part.parse_records(&file).unwrap().into_iter();
    records
        .map(|(index, record)| (index, record.to_vec()))
        .collect()
}

fn write(world: &World, records: &[(Index, Vec<u8>)]) {
    let borrowed = records.iter();
    let borrowed: Vec<_> = borrowed
        .map(|(index, record)| (*index, record.as_slice()))
        .collect();
    forge::write_package(world, &name(CLOCK), &borrowed);
}

/// Somebody changed what lies in a mirror: nothing of it is left out, all of it is refused.
fn assert_error(world: &World, what: &str) {
    let machine = Machine::new(world.policy());
    let error = load(&machine, world).expect_err(what);
    assert_eq!(error.remedy(), Remedy::Investigate, "{what}: {error:?}");
    let cache = machine.kept().into_keys();
    let of_it = |path: &std::path::PathBuf| path.display().to_string().contains("acme/clock");
    let kept: Vec<_> = cache.filter(of_it).collect();
    assert!(kept.is_empty(), "{what}: {kept:?}");
}

#[test]
fn files_that_somebody_changed_make_no_package_go_away() {
    let honest = || {
        let mut world = world(4);
        world.yank(CLOCK, "1.0.0", "broken");
        world
    };
    let count = bad_records(&honest()).len();
    for number in 0..count {
        let world = honest();
        let (what, record) = bad_records(&world).swap_remove(number);
        let good = records(&world, 2);
        // Instead of the last record, and of the first one.
        for position in 0..2 {
            let mut records = good.clone();
            records[position].1.clone_from(&record);
            write(&world, &records);
            assert_error(&world, what);
        }
    }
    let world = honest();
    let good = records(&world, 2);
    for position in 0..2 {
        for index in [0, 2, 3, 4, 5, 1 << 40, u64::MAX] {
            let mut records = good.clone();
            if records[position].0 == Index::new(index) {
                continue;
            }
            records[position].0 = Index::new(index);
            write(&world, &records);
            let machine = Machine::new(world.policy());
            // What a record says does not depend on its log index. Whether it may say so can depend on it.
            match load(&machine, &world) {
                Ok(loaded) => assert!(loaded.iter().all(Result::is_ok), "{position} at {index}"),
                Err(error) => assert_eq!(error.remedy(), Remedy::Investigate),
            }
        }
    }
}

#[test]
fn a_false_index_of_an_operator_record_makes_no_package_go_away() {
    // Time goes back where the operator set a fast clock right. So the log index decides whether the yank may stand.
    let mut world = world(5);
    let right = world.now();
    world.wait(10 * 365 * 24 * 60 * 60);
    world.release(CLOCK, "1.1.0").publish();
    world.set_clock(right);
    let session = world.session();
    let operator = session.checkpoint().operator();
    let actions = vec![operator::Action::Clock(right)];
    let record = Record {
        origin: world.origin().clone(),
        subject: Subject::Operator,
        position: operator.length().next(),
        previous: operator.head(),
        time: operator.next_time(right, &actions),
        signer: world.operate_key().verifying_key().clone(),
        actions,
    };
    let record = record.sign(world.operate_key()).unwrap();
    world.append(&[record]).unwrap();
    world.yank(CLOCK, "1.0.0", "broken");
    let part = Part::new(0, 2).unwrap();
    let path = layout::operator(part);
    let file = world.storage().objects()[&path.to_string()].clone();
    let good = part.parse_records(&file).unwrap();
    let size = world.size().get();
    let mut refused = 0;
    for position in 0..good.len() {
        for index in 0..size + 2 {
            let mut records = good.clone();
            records[position].0 = Index::new(index);
            let bytes = part.print_records(&records).unwrap();
            forge::write(&world, &path, bytes);
            let machine = Machine::new(world.policy());
            match load(&machine, &world) {
                Ok(loaded) => assert!(loaded.iter().all(Result::is_ok), "{position} at {index}"),
                Err(error) => {
                    assert_eq!(error.remedy(), Remedy::Investigate);
                    refused += usize::from(matches!(error, ClientError::Log { .. }));
                }
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn what_is_wrong_with_an_index_is_only_told_of_an_index_that_is_proved() {
    // The time goes back, which an operator's clock between the two would allow. Where they lie, the files say.
    let world = world(6);
    let (_, record) = bad_records(&world)
        .into_iter()
        .find(|(what, _)| *what == "a time that went back")
        .unwrap();
    let mut forge = Forge::of(&world);
    let index = forge.extend(CLOCK, record);
    forge.sign();
    assert_refused(&world, "a time that went back");
    let mut records = records(&world, 2);
    records[0].0 = Index::new(index.get() - 1);
    write(&world, &records);
    assert_error(&world, "the record before it lies elsewhere");
}

#[test]
fn a_refused_log_continues_what_this_machine_saw_of_it() {
    let saw = |seed| {
        let mut world = world(seed);
        world.yank(CLOCK, "1.0.0", "broken");
        let machine = Machine::new(world.policy());
        load(&machine, &world).unwrap();
        (world, machine)
    };
    // Another record instead of one that was seen, and a bad one behind.
    let (world, machine) = saw(7);
    let mut record = next(&world);
    (record.position, record.previous) =
        (Position::new(1), Hash::of_leaf(&records(&world, 2)[0].1));
    let other = sign(&world, &record);
    (record.position, record.previous) = (Position::new(2), Hash::of_leaf(&other));
    let text = String::from_utf8(sign(&world, &record)).unwrap();
    let mut forge = Forge::of(&world);
    forge.slot(CLOCK).length = Length::new(1);
    forge.extend(CLOCK, other);
    forge.extend(CLOCK, text.replacen("annotate", "frobnicate", 1));
    forge.sign();
    let error = load(&machine, &world).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "two-records");

    // Fewer records than were seen, the last of which does not read.
    let (world, machine) = saw(8);
    let mut forge = Forge::of(&world);
    let garbage = b"no record".to_vec();
    let index = forge.append(garbage.clone());
    forge.omit(CLOCK);
    forge.add(CLOCK, &garbage, index);
    write(&world, &[(index, garbage)]);
    forge.sign();
    let error = load(&machine, &world).unwrap_err();
    assert_eq!(evidence(world.policy(), &error), "omitted");

    // More records, as they should be: what was seen is continued, so other packages may be used.
    let (world, machine) = saw(9);
    let bad = changed(&world, "annotate", "frobnicate");
    let mut forge = Forge::of(&world);
    forge.extend(CLOCK, bad);
    forge.sign();
    let loaded = load(&machine, &world).unwrap();
    assert!(loaded[0].is_err() && loaded[1].is_ok());
}

#[test]
fn a_machine_knows_a_refused_log_again_without_the_registry() {
    for (what, record) in bad_records(&world(10)) {
        let world = world(10);
        let mut forge = Forge::of(&world);
        forge.extend(CLOCK, record);
        forge.sign();
        let machine = Machine::new(world.policy());
        let online: Vec<_> = load(&machine, &world).unwrap();
        let client = registry::client::Client::with_memory(
            &machine.policy,
            None,
            &machine.cache,
            &machine.trust,
            Time::LAST,
        );
        let mut session = client.open().unwrap();
        let offline = session.load_each(&names(&[CLOCK, "acme:logger"])).unwrap();
        let refused = offline[&name(CLOCK)].as_ref().expect_err(what);
        assert_eq!(
            Some(refused.to_string()),
            online[0].as_ref().err().map(ToString::to_string),
            "{what}"
        );
        assert!(offline[&name("acme:logger")].is_ok(), "{what}");
    }
}

#[test]
fn a_log_that_is_refused_now_was_good_before() {
    let world = world(11);
    let then = world.size();
    let bad = changed(&world, "annotate", "frobnicate");
    let mut forge = Forge::of(&world);
    forge.extend(CLOCK, bad);
    forge.sign();
    let source: &Memory = world.storage();
    let machine = Machine::new(world.policy());
    let mut past = machine.open(source).unwrap().at(then).unwrap();
    let loaded = present(past.load_one(&name(CLOCK)).unwrap());
    assert_eq!(loaded.log().length(), Length::new(1));
    assert_refused(&world, "an unknown action");
}
