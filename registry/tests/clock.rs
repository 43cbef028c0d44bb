//! One record by a fast clock: it dates a registry ahead, nobody reads or writes it then, and its operator sets it right.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::forge::Forge;
use fixtures::storage::{Failure, Faulty, Memory};
use fixtures::world::World;
use registry::cache::Cache;
use registry::check::check;
use registry::client::{Client, ClientError, Remedy};
use registry::sequencer::{CommitProblem, Sequencer, SequencerError};
use registry::storage::Storage;
use transparency::checkpoint::TrustError;
use transparency::number::Time;
use transparency::operator::Action;
use transparency::record::{Record, Subject};
use transparency::version::parse_version;

use story::machine::Machine;
use story::{derive, name, present};

const AGES: u64 = 10 * 365 * 24 * 60 * 60;

fn later(time: Time, seconds: u64) -> Time {
    Time::from_unix(time.unix() + seconds).unwrap()
}

/// A registry with one release of ten years ahead; and the time of its last right one.
fn ahead(seed: u64) -> (World, Time) {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    let right = world.now();
    world.wait(AGES);
    world.release("acme:clock", "1.1.0").publish();
    (world, right)
}

fn clock_record(world: &World, time: Time, now: Time) -> Vec<u8> {
    let session = world.session();
    let operator = session.checkpoint().operator();
    let actions = vec![Action::Clock(time)];
    let record = Record {
        origin: world.origin().clone(),
        subject: Subject::Operator,
        position: operator.length().next(),
        previous: operator.head(),
        time: operator.next_time(now, &actions),
        signer: world.operate_key().verifying_key().clone(),
        actions,
    };
    record.sign(world.operate_key()).unwrap()
}

fn open(machine: &Machine, world: &World, now: Time) -> Result<(), ClientError> {
    let cache: &Cache = &machine.cache;
    let source = Some(world.storage() as &dyn registry::storage::Source);
    let client = Client::with_memory(world.policy(), source, cache, &machine.trust, now);
    let mut session = client.open()?;
    session.load_one(&name("acme:clock")).map(drop)
}

#[test]
fn a_registry_of_the_future_is_neither_read_nor_written_until_its_clock_is_set_right() {
    let (mut world, right) = ahead(1);
    let now = later(right, 3600);
    // A machine whose clock is as fast reads the registry, and remembers it.
    let fast = Machine::new(world.policy());
    open(&fast, &world, world.now()).unwrap();
    let slow = Machine::new(world.policy());
    let error = open(&slow, &world, now).unwrap_err();
    let ClientError::Trust { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(**source, TrustError::Ahead { .. }), "{source}");
    assert_eq!(error.remedy(), Remedy::Investigate);
    assert!(slow.remembered().is_empty());

    let future = world.now();
    let record = world.release("acme:logger", "1.0.0").sign();
    let error = world.sequencer().append(&[record], now).unwrap_err();
    assert!(matches!(error, SequencerError::Skew { .. }), "{error:?}");
    // As long as the registry's time is ahead, a record of the right time is refused, too.
    let actions = vec![Action::Refresh(60)];
    let session = world.session();
    let operator = session.checkpoint().operator();
    let record = Record {
        origin: world.origin().clone(),
        subject: Subject::Operator,
        position: operator.length().next(),
        previous: operator.head(),
        time: operator.next_time(now, &actions),
        signer: world.operate_key().verifying_key().clone(),
        actions,
    };
    let record = record.sign(world.operate_key()).unwrap();
    let error = world.sequencer().append(&[record], now).unwrap_err();
    assert!(
        matches!(error, SequencerError::Ahead { time, .. } if time == future),
        "{error:?}"
    );

    let record = clock_record(&world, right, now);
    world.sequencer().append(&[record], now).unwrap();
    world.set_clock(now);
    world.release("acme:clock", "1.2.0").publish();
    open(&slow, &world, world.now()).unwrap();
    open(&fast, &world, world.now()).unwrap();
    let loaded = present(world.session().load_one(&name("acme:clock")).unwrap());
    let time = |version: &str| {
        let version = parse_version(version).unwrap();
        loaded.log().release(&version).unwrap().time()
    };
    assert_eq!(time("1.0.0"), right);
    assert_eq!(time("1.1.0"), right, "it counts as no later");
    assert_eq!(time("1.2.0"), world.now());
    assert!(world.session().checkpoint().entry().time <= world.now());
    let report = check(world.policy(), world.storage(), derive).unwrap();
    assert_eq!(report.records, 5);
    // The checkpoint of the wrong time can still be read as a past one.
    for size in [2, 4, 6, 8] {
        let size = transparency::number::Size::new(size);
        let mut past = world.session().at(size).unwrap();
        past.load_one(&name("acme:clock")).unwrap();
    }
}

#[test]
fn a_clock_that_is_set_by_half_is_finished_by_whoever_comes_next() {
    let (world, right) = ahead(2);
    let now = later(right, 3600);
    let objects = world.storage().objects();
    let record = clock_record(&world, right, now);
    let append = |storage: &dyn Storage, now| {
        let sequencer = Sequencer::new(storage, world.policy(), world.checkpoint_key());
        sequencer.append(std::slice::from_ref(&record), now)
    };
    let memory = story::copy(&objects);
    let unharmed = Faulty::new(&memory, Failure::Before, u64::MAX);
    append(&unharmed, now).unwrap();
    for failure in [Failure::Before, Failure::After] {
        for step in 0..unharmed.calls() {
            let memory = story::copy(&objects);
            let _ = append(&Faulty::new(&memory, failure, step), now);
            append(&memory, later(now, 60)).unwrap();
            let session = Client::new(world.policy(), &memory).open().unwrap();
            let time = session.checkpoint().entry().time;
            assert!(time >= now && time <= later(now, 60), "step {step}: {time}");
        }
    }
}

#[test]
fn a_batch_that_a_fast_clock_began_waits_for_the_operators_word() {
    let mut world = World::in_memory(4);
    world.release("acme:clock", "1.0.0").publish();
    let right = world.now();
    let now = later(right, 3600);
    world.wait(AGES);
    let fast = world.release("acme:clock", "1.1.0").sign();
    let future = world.now();
    world.set_clock(now);
    let honest = world.release("acme:logger", "1.0.0").sign();
    let now = world.now();
    let clock = clock_record(&world, right, now);
    let objects = world.storage().objects();
    let append = |storage: &dyn Storage, record: &Vec<u8>, now| {
        let sequencer = Sequencer::new(storage, world.policy(), world.checkpoint_key());
        sequencer.append(std::slice::from_ref(record), now)
    };
    let memory = story::copy(&objects);
    let unharmed = Faulty::new(&memory, Failure::Before, u64::MAX);
    append(&unharmed, &fast, future).unwrap();
    let mut waited = 0;
    for failure in [Failure::Before, Failure::After] {
        for step in 0..unharmed.calls() {
            let memory = story::copy(&objects);
            let _ = append(&Faulty::new(&memory, failure, step), &fast, future);
            match append(&memory, &honest, now) {
                Ok(_) => continue,
                Err(SequencerError::Commit { problem, .. }) => {
                    assert!(
                        matches!(problem, CommitProblem::Ahead { time, .. } if time == future),
                        "step {step}: {problem:?}"
                    );
                    let session = Client::new(world.policy(), &memory).open().unwrap();
                    assert_eq!(session.checkpoint().entry().time, right, "step {step}");
                    waited += 1;
                }
                Err(SequencerError::Ahead { .. }) => {}
                Err(error) => panic!("step {step}: {error:?}"),
            }
            append(&memory, &clock, now).unwrap();
            append(&memory, &honest, now).unwrap();
            let report = check(world.policy(), &memory, derive).unwrap();
            assert_eq!(report.releases, 3, "step {step}");
        }
    }
    assert!(waited > 4, "{waited}");
}

#[test]
fn a_time_that_goes_back_without_the_operators_word_is_refused_where_both_are_seen() {
    let mut world: World<Memory> = World::in_memory(3);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let locked = world.session().checkpoint().checkpoint().clone();
    let mut forge = Forge::of(&world);
    forge.entry.time = Time::from_unix(forge.entry.time.unix() - 1).unwrap();
    forge.sign();
    let error = machine.read(world.storage()).unwrap_err();
    assert!(matches!(error, ClientError::TimeBack { .. }), "{error:?}");
    let error = world.session().check_prefix(&locked).unwrap_err();
    assert!(matches!(error, ClientError::TimeBack { .. }), "{error:?}");
    let error = world.session().at(locked.size).err().unwrap();
    assert!(matches!(error, ClientError::TimeBack { .. }), "{error:?}");
    check(world.policy(), world.storage(), derive).unwrap_err();
}
