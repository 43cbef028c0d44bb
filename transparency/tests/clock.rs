//! Times that were wrong. Time goes back only across an operator's `clock`, and no further than that says.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::fmt::Write as _;

use story::{
    CHECKPOINT, OPERATE, World, at, fault, fault_of, grant_role, key, namespace, operator_fault,
    release, resigned, witness,
};
use transparency::checkpoint::{Clocks, TrustError};
use transparency::cosignature::cosign;
use transparency::note::Note;
use transparency::number::Time;
use transparency::operator::{self, Role};
use transparency::package::{AuthorityError, Fault, Log, LogError};
use transparency::policy::Policy;
use transparency::record::ChainError;
use transparency::version::parse_version;

const LOGGER: &str = "acme:logger";
/// Ten years, in minutes.
const AGES: u64 = 10 * 365 * 24 * 60;

fn clock(minute: u64) -> operator::Action {
    operator::Action::Clock(at(minute))
}

/// A registry of which everything behind minute 5 was written ten years ahead.
fn ahead() -> World {
    let mut world = World::with_logger();
    world.now = at(5);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    world.now = at(AGES);
    world.write(LOGGER, "alice", vec![release("1.2.0")]);
    world.operate(OPERATE, vec![operator::Action::Refresh(60)]);
    world
}

fn released_at(log: &Log, version: &str) -> Time {
    log.release(&parse_version(version).unwrap())
        .unwrap()
        .time()
}

#[test]
fn without_a_clock_no_time_goes_back() {
    let mut world = ahead();
    world.now = at(10);
    let error = fault(&world, LOGGER, "alice", vec![release("1.3.0")]);
    assert!(
        matches!(error, Some(Fault::Chain(ChainError::Time { .. }))),
        "{error:?}"
    );
    let error = operator_fault(&world, OPERATE, vec![operator::Action::Refresh(1)]);
    assert!(
        matches!(error, Some(operator::Fault::Chain(ChainError::Time { .. }))),
        "{error:?}"
    );
}

#[test]
fn behind_a_clock_a_time_goes_back_once_and_no_further_than_it_says() {
    let mut world = ahead();
    world.now = at(10);
    assert_eq!(operator_fault(&world, OPERATE, vec![clock(6)]), None);
    // The clock's own record may not be earlier than the clock says.
    world.now = at(4);
    let error = operator_fault(&world, OPERATE, vec![clock(6)]);
    assert!(error.is_some(), "it is before its own clock");
    world.now = at(10);
    let mut right = World::with_logger();
    right.now = at(10);
    let error = operator_fault(&right, OPERATE, vec![clock(11)]);
    assert_eq!(
        error,
        Some(operator::Fault::Clock {
            time: at(11),
            record: at(10)
        })
    );
    world.operate(OPERATE, vec![clock(6)]);
    let log = world.operator_log();
    assert_eq!(log.clocks().len(), 1);
    assert_eq!(log.clocks()[0].time(), at(6));
    // Behind it, the operator's times do not go back again.
    world.now = at(9);
    assert!(operator_fault(&world, OPERATE, vec![operator::Action::Refresh(1)]).is_some());

    // A package goes back across it, to no earlier than it says.
    world.now = at(5);
    assert!(fault(&world, LOGGER, "alice", vec![release("1.3.0")]).is_some());
    world.now = at(6);
    assert_eq!(fault(&world, LOGGER, "alice", vec![release("1.3.0")]), None);
    world.now = at(20);
    world.write(LOGGER, "alice", vec![release("1.3.0")]);
    // Time goes back only there: the next record has no clock right before it.
    world.now = at(19);
    assert!(fault(&world, LOGGER, "alice", vec![release("1.4.0")]).is_some());
}

#[test]
fn what_a_clock_takes_back_counts_as_no_later_than_it_says() {
    let mut world = ahead();
    world.now = at(10);
    world.operate(OPERATE, vec![clock(6)]);
    world.now = at(AGES);
    world.write(LOGGER, "alice", vec![release("1.3.0")]);
    let log = world.publish().log(LOGGER).unwrap();
    assert_eq!(released_at(&log, "1.0.0"), at(0));
    assert_eq!(released_at(&log, "1.1.0"), at(5));
    assert_eq!(released_at(&log, "1.2.0"), at(6), "it was before the clock");
    assert_eq!(released_at(&log, "1.3.0"), at(AGES), "this one lies behind");
    // A second clock takes it back further.
    world.now = at(11);
    world.operate(OPERATE, vec![clock(3)]);
    let log = world.publish().log(LOGGER).unwrap();
    assert_eq!(released_at(&log, "1.1.0"), at(3));
    assert_eq!(released_at(&log, "1.2.0"), at(3));
    assert_eq!(released_at(&log, "1.3.0"), at(3));
}

#[test]
fn where_records_and_clocks_lie_is_proved_before_a_time_is_taken_back() {
    let mut world = ahead();
    world.now = at(10);
    world.operate(OPERATE, vec![clock(6)]);
    world.write(LOGGER, "alice", vec![release("1.3.0")]);
    let shown = world.publish();
    let checkpoint = shown.open().unwrap();
    let (head, records) = (shown.head(LOGGER), shown.records(LOGGER));
    let proofs = shown.proofs(LOGGER);
    Log::replay(&head, &checkpoint, &records, &proofs).unwrap();
    // The namespace and its package's beginning; the record before the clock, the clock, and the record behind.
    assert_eq!(proofs.len(), 5);
    for missing in proofs.keys() {
        let mut some = proofs.clone();
        some.remove(missing);
        let error = Log::replay(&head, &checkpoint, &records, &some).unwrap_err();
        let LogError::Record { fault, .. } = error else {
            panic!("without {missing}: {error}");
        };
        assert!(
            matches!(fault, Fault::Authority(AuthorityError::NotIncluded { index, .. }) if index == *missing),
            "without {missing}: {fault}"
        );
    }
}

#[test]
fn a_log_has_two_proofs_for_a_clock_however_long_it_is_and_none_where_all_of_it_is_older() {
    let mut world = World::with_logger();
    let write = |world: &mut World, minutes: core::ops::Range<u64>| {
        for minute in minutes {
            world.now = at(minute);
            let version = format!("2.{minute}.0");
            world.write(LOGGER, "alice", vec![release(&version)]);
        }
    };
    let proofs = |world: &mut World| world.publish().proofs(LOGGER).len();
    write(&mut world, 10..40);
    let without = proofs(&mut world);
    world.operate(OPERATE, vec![clock(20)]);
    // The clock, the last record before it, and the first one behind.
    write(&mut world, 40..70);
    assert_eq!(proofs(&mut world), without + 3);
    // Another clock needs no proof as long as every record of the package is earlier than it says.
    world.now = at(100);
    world.operate(OPERATE, vec![clock(90)]);
    assert_eq!(proofs(&mut world), without + 3);
    write(&mut world, 110..140);
    assert_eq!(proofs(&mut world), without + 5);
    let log = world.publish().log(LOGGER).unwrap();
    assert_eq!(released_at(&log, "2.39.0"), at(20));
    assert_eq!(released_at(&log, "2.40.0"), at(40));
    assert_eq!(released_at(&log, "2.139.0"), at(139));
}

#[test]
fn the_time_of_the_next_record_is_now_where_a_clock_takes_the_last_one_back() {
    let mut world = ahead();
    let now = at(10);
    let actions = [clock(6)];
    let operator = world.operator_log();
    assert_eq!(operator.next_time(now, &[]), at(AGES));
    assert_eq!(operator.next_time(now, &actions), now);
    assert_eq!(operator.next_time(at(2), &actions), at(6));
    let log = world.publish().log(LOGGER).unwrap();
    assert_eq!(log.next_time(&operator, now), at(AGES));
    world.now = now;
    world.operate(OPERATE, vec![clock(6)]);
    let operator = world.operator_log();
    let log = world.publish().log(LOGGER).unwrap();
    assert_eq!(log.next_time(&operator, now), now);
    assert_eq!(log.next_time(&operator, at(2)), at(6));
}

#[test]
fn a_clock_has_one_spelling() {
    let mut world = World::new();
    world.operate(OPERATE, vec![clock(0)]);
    let bytes = world.operator[1].1.clone();
    let line = format!("\nclock {}\n", at(0));
    assert!(String::from_utf8_lossy(&bytes).contains(&line));
    for wrong in [
        "clock",
        "clock 2026",
        "clock 2026-11-18T11:06:40Z x",
        "clock 2026-11-18T11:06:40+00:00",
    ] {
        let changed = resigned(&bytes, line.trim(), wrong, OPERATE);
        let mut world = World::new();
        world.append_operator(changed);
        assert!(world.replay_operator().is_err(), "{wrong}");
    }
}

#[test]
fn a_registry_ahead_of_the_reader_or_of_the_quorum_is_refused_with_both_times() {
    let shown = World::with_logger().publish();
    let checkpoint = shown.open().unwrap();
    let entry = checkpoint.entry().time;
    let seconds = |seconds: u64| Time::from_unix(entry.unix() - seconds).unwrap();
    checkpoint.check_time(seconds(600)).unwrap();
    assert_eq!(
        checkpoint.check_time(seconds(601)),
        Err(TrustError::Ahead {
            time: entry,
            clocks: Clocks::Reader,
            now: seconds(601)
        })
    );

    // Of three witnesses, two are asked for: the later one of the earlier two decides nothing, and neither does one alone.
    let keys = ["a", "b", "c"].map(witness);
    let mut policy = format!("log {}\n", key(OPERATE).verifying_key());
    for (name, key) in ["a", "b", "c"].iter().zip(&keys) {
        writeln!(policy, "witness {name} {}", key.verifying_key()).unwrap();
    }
    policy += "group two 2 a b c\nquorum two\n";
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let text = Note::parse(&shown.note).unwrap().text().to_owned();
    let open = |ages: [u64; 3]| {
        let mut shown = shown.clone();
        let mut note = Note::parse(&shown.note).unwrap();
        for (key, age) in keys.iter().zip(ages) {
            note = note.with(cosign(&text, key, seconds(age)));
        }
        shown.note = note.to_string().into_bytes();
        shown.open_by(&policy).map(drop)
    };
    assert_eq!(open([0, 0, 0]), Ok(()));
    assert_eq!(open([600, 10_000, 600]), Ok(()));
    let error = open([0, 10_000, 601]);
    assert_eq!(
        error,
        Err(TrustError::Ahead {
            time: entry,
            clocks: Clocks::Witnesses,
            now: seconds(601)
        })
    );
}

/// Whoever holds the checkpoint key has no say about clocks.
#[test]
fn only_an_operate_key_sets_a_clock() {
    let mut world = ahead();
    world.now = at(10);
    assert!(operator_fault(&world, CHECKPOINT, vec![clock(6)]).is_some());
    let second = "registry.example#second";
    world.now = at(AGES);
    world.operate(OPERATE, vec![grant_role(second, &[Role::Operate])]);
    world.now = at(10);
    assert_eq!(operator_fault(&world, second, vec![clock(6)]), None);
    assert_eq!(
        operator_fault(
            &world,
            second,
            vec![namespace("test", &["alice"]), clock(6)]
        ),
        None
    );
    let bytes = world
        .draft(LOGGER, "alice", vec![release("9.0.0")])
        .sign(&key("alice"))
        .unwrap();
    let bytes = resigned(
        &bytes,
        "release 9.0.0",
        "clock 2026-11-18T11:06:40Z",
        "alice",
    );
    assert!(fault_of(&world, LOGGER, &bytes).is_some());
}
