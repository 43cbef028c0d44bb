//! An append that was left unfinished in the folder. It is finished if a sequencer would have begun it; otherwise it is
//! never signed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::storage::{Failure, Faulty, Memory};
use fixtures::world::World;
use registry::check::check;
use registry::sequencer::{CommitProblem, Sequencer, SequencerError};
use registry::storage::Storage;
use transparency::number::Time;

use story::{copy, derive};

const YEARS: u64 = 10 * 365 * 24 * 60 * 60;

fn moved(time: Time, seconds: i64) -> Time {
    Time::from_unix(time.unix().checked_add_signed(seconds).unwrap()).unwrap()
}

fn append(
    world: &World,
    storage: &dyn Storage,
    record: &[u8],
    now: Time,
) -> Result<(), SequencerError> {
    Sequencer::new(storage, world.policy(), world.checkpoint_key())
        .append(&[record.to_vec()], now)
        .map(drop)
}

fn commit_path(world: &World) -> String {
    format!(".private/commit/{}", world.size())
}

/// The commit that a sequencer makes of a record, once its clock says so.
fn commit_of(world: &World, record: &[u8], now: Time) -> Vec<u8> {
    let path = commit_path(world);
    for step in 0.. {
        let memory = copy(&world.storage().objects());
        append(
            world,
            &Faulty::new(&memory, Failure::After, step),
            record,
            now,
        )
        .unwrap_err();
        if let Some(commit) = memory.objects().remove(&path) {
            return commit;
        }
    }
    unreachable!("a batch is committed before it is written")
}

/// A commit behind the log's end, of these entries.
fn commit_by_hand(world: &World, entries: &[&[u8]]) -> Vec<u8> {
    let session = world.session();
    let checkpoint = session.checkpoint().checkpoint();
    let root = checkpoint.root.base64();
    let mut bytes = format!("warg-commit/v1\n{}\n{root}\n\n", checkpoint.size).into_bytes();
    for entry in entries {
        bytes.extend(u16::try_from(entry.len()).unwrap().to_be_bytes());
        bytes.extend(*entry);
    }
    bytes
}

/// A text that ends with a line of a time, with another one.
fn dated(mut text: Vec<u8>, time: Time) -> Vec<u8> {
    let line = format!("{time}\n");
    text.truncate(text.len() - line.len());
    text.extend(line.bytes());
    text
}

/// Demands that nobody signs a commit, that it keeps no reader from reading, and that all is well once it is removed.
fn refuse(world: &World, commit: &[u8], record: &[u8], now: Time) -> CommitProblem {
    let memory: Memory = copy(&world.storage().objects());
    let path = commit_path(world);
    memory.tamper(|objects| drop(objects.insert(path.clone(), commit.to_vec())));
    let before = memory.objects();
    let error = append(world, &memory, record, now).unwrap_err();
    assert_eq!(memory.objects(), before, "nothing of it is written");
    check(world.policy(), &memory, derive).unwrap();
    memory.tamper(|objects| drop(objects.remove(&path)));
    append(world, &memory, record, now).unwrap();
    check(world.policy(), &memory, derive).unwrap();
    match error {
        SequencerError::Commit { address, problem } if address.contains(&path) => problem,
        error => panic!("{error:?}"),
    }
}

#[test]
fn what_no_sequencer_would_have_begun_nobody_signs() {
    let mut world = World::in_memory(1);
    world.release("acme:clock", "1.0.0").publish();
    let known = world.release("acme:clock", "1.1.0").sign();
    let yesterday = world.now();
    append(&world, world.storage(), &known, yesterday).unwrap();
    world.wait(24 * 60 * 60);
    let record = world.release("acme:clock", "1.2.0").sign();
    let now = world.now();
    let refuse = |commit: &[u8]| refuse(&world, commit, &record, now);

    let entry = world.session().checkpoint().entry().to_string();
    let again = commit_by_hand(&world, &[entry.as_bytes()]);
    let problem = refuse(&again);
    assert!(matches!(problem, CommitProblem::Empty), "{problem:?}");
    let problem = refuse(&dated(again, moved(now, 60)));
    assert!(matches!(problem, CommitProblem::Empty), "{problem:?}");
    let problem = refuse(&commit_by_hand(&world, &[&known, entry.as_bytes()]));
    assert!(matches!(problem, CommitProblem::Known), "{problem:?}");

    let honest = commit_of(&world, &record, now);
    for seconds in [-3600, -601, 601, 3600, 10 * 365 * 24 * 60 * 60] {
        let problem = refuse(&dated(honest.clone(), moved(now, seconds)));
        assert!(
            matches!(problem, CommitProblem::Times { found, .. } if found == now),
            "{seconds}: {problem:?}"
        );
    }
    // It is dated before the map entry that it follows.
    let problem = refuse(&dated(honest.clone(), moved(yesterday, -60)));
    assert!(
        matches!(
            problem,
            CommitProblem::Times { .. } | CommitProblem::Damaged
        ),
        "{problem:?}"
    );
    let mut longer = honest.clone();
    longer.push(0);
    let problem = refuse(&longer);
    assert!(matches!(problem, CommitProblem::Damaged), "{problem:?}");
    let mut unsigned = record.clone();
    let last = unsigned.len() - 8;
    unsigned[last] = if unsigned[last] == b'A' { b'B' } else { b'A' };
    let problem = refuse(&commit_by_hand(&world, &[&unsigned, entry.as_bytes()]));
    assert!(
        matches!(
            problem,
            CommitProblem::Record(_) | CommitProblem::Times { .. }
        ),
        "{problem:?}"
    );
}

#[test]
fn what_a_sequencer_began_is_finished_at_any_later_time() {
    for (clock, of_record) in [(0, 0), (0, -600), (0, 600), (-600, -1200), (-600, 0)] {
        let mut world = World::in_memory(2);
        world.release("acme:clock", "1.0.0").publish();
        world.wait(3600);
        world.release("acme:clock", "1.1.0").publish();
        let last = world.now();
        // The world's clock moves a minute with every record.
        world.set_clock(moved(last, of_record - 60));
        let record = world.release("acme:logger", "1.0.0").sign();
        let commit = commit_of(&world, &record, moved(last, clock));
        let path = commit_path(&world);
        world
            .storage()
            .tamper(|objects| drop(objects.insert(path, commit)));
        world.set_clock(moved(last, 0));
        world.wait(YEARS);
        let next = world.release("acme:clock", "1.2.0").sign();
        append(&world, world.storage(), &next, world.now()).unwrap();
        let report = check(world.policy(), world.storage(), derive).unwrap();
        assert_eq!(report.releases, 4, "{clock}, {of_record}");
    }
}
