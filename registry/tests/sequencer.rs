//! What is appended is there, whoever reads, and whatever happens in between.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::convert::Infallible;

use fixtures::storage::{Failure, Faulty};
use fixtures::world::World;
use registry::check::{check, check_session};
use registry::client::{Client, LoadedPackage};
use registry::sequencer::{Sequencer, SequencerError};
use transparency::content::Derived;

/// The contents of these worlds are not components. Each is taken for what its record says.
#[expect(clippy::unnecessary_wraps, reason = "a derivation may fail")]
fn derive(_: &[u8]) -> Result<Derived, Infallible> {
    Ok(Derived::Component {
        imports: [].into(),
        exports: [].into(),
    })
}

#[test]
fn what_is_checked_is_what_the_session_was_held_to() {
    let mut world = World::in_memory(9);
    world.release("acme:clock", "1.0.0").publish();
    let before = world.fork();
    world.release("acme:clock", "1.1.0").publish();
    let storage = story::copy(&world.storage().objects());
    storage.tamper(|objects| objects.extend(before.storage().objects()));
    let newer = world.storage().objects().remove("checkpoint").unwrap();
    let session = Client::new(world.policy(), &storage).open().unwrap();
    storage.tamper(|objects| _ = objects.insert("checkpoint".into(), newer));
    let report = check_session(session, world.policy(), &storage, derive).unwrap();
    assert_eq!(report.size, before.size());
}

#[test]
fn a_release_is_there_for_all_who_read() {
    let mut world = World::in_memory(1);
    assert_eq!(world.size().get(), 2, "an operator record and a map entry");
    world.release("acme:clock", "1.0.0").publish();
    assert_eq!(world.size().get(), 4, "a package record and a map entry");
    world
        .release("acme:logger", "1.2.0")
        .requires("acme:clock", "^1.0")
        .publish();
    world
        .release("acme:logger", "1.2.1")
        .requires("acme:clock", "^1.0")
        .publish();

    let mut session = world.session();
    let LoadedPackage::Present(loaded) = session.load_one(&"acme:logger".parse().unwrap()).unwrap()
    else {
        panic!("acme:logger is there");
    };
    let versions: Vec<_> = loaded
        .log()
        .releases()
        .map(|r| r.version().to_string())
        .collect();
    assert_eq!(versions, ["1.2.0", "1.2.1"]);
    let LoadedPackage::Absent(absence) = session.load_one(&"acme:nobody".parse().unwrap()).unwrap()
    else {
        panic!("acme:nobody is not there");
    };
    assert_eq!(absence.checkpoint().size, session.size());
    let report = check(world.policy(), world.storage(), derive).unwrap();
    assert_eq!(
        (report.packages, report.releases, report.records),
        (2, 3, 4)
    );
}

#[test]
fn hundreds_of_records_fill_tiles_and_files_and_replace_partial_ones() {
    let mut world = World::in_memory(2);
    for patch in 0..300 {
        world
            .release("acme:busy", &format!("1.0.{patch}"))
            .publish();
    }
    let report = check(world.policy(), world.storage(), derive).unwrap();
    assert_eq!(report.releases, 300);
    let objects = world.storage().objects();
    let partials = |prefix: &str| {
        let partial = format!("{prefix}/000.p/");
        objects
            .keys()
            .filter(|path| path.starts_with(&partial))
            .count()
    };
    assert_eq!(partials("tile/0"), 0, "the full tile replaced them");
    assert_eq!(partials("tile/entries"), 0, "the full bundle replaced them");
    assert_eq!(
        partials("package/acme/busy"),
        0,
        "the full file replaced them"
    );
}

#[test]
fn whichever_call_fails_the_registry_stays_good_and_a_second_try_succeeds() {
    for failure in [Failure::Before, Failure::After] {
        for at in 0.. {
            let mut world = World::in_memory(3);
            world.release("acme:clock", "1.0.0").publish();
            let record = world.release("acme:clock", "1.1.0").sign();
            let faulty = Faulty::new(world.storage(), failure, at);
            let sequencer = Sequencer::new(&faulty, world.policy(), world.checkpoint_key());
            let result = sequencer.append(std::slice::from_ref(&record), world.now());
            if faulty.calls() <= at {
                result.expect("no call failed");
                assert!(at > 10, "{failure:?}: only {at} calls");
                break;
            }
            let case = format!("{failure:?} at call {at}");
            check(world.policy(), world.storage(), derive).expect(&case);
            // Whether the record was accepted or not, sending the same bytes again is success, and it is there once.
            world.append(std::slice::from_ref(&record)).expect(&case);
            let report = check(world.policy(), world.storage(), derive).expect(&case);
            assert_eq!((report.releases, report.records), (2, 3), "{case}");
        }
    }
}

#[test]
fn another_record_at_a_taken_position_is_a_conflict_that_names_the_head() {
    let mut world = World::in_memory(4);
    world.release("acme:clock", "1.0.0").publish();
    let first = world.release("acme:clock", "1.1.0").sign();
    let second = world.release("acme:clock", "1.2.0").sign();
    world.append(&[first]).unwrap();
    let error = world.append(&[second]).unwrap_err();
    assert!(
        matches!(&error, SequencerError::Conflict { length, .. } if length.get() == 2),
        "{error}"
    );
}
