//! Two sequencers at one registry, interleaved at every call: both records are there once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::cell::{Cell, RefCell};
use std::convert::Infallible;

use fixtures::storage::{Failure, Faulty, Memory};
use fixtures::world::World;
use registry::check::check;
use registry::layout::ObjectPath;
use registry::sequencer::{Sequencer, SequencerError};
use registry::storage::{Source, Storage, StorageError};
use transparency::content::Derived;

/// The contents of these worlds are not components. Each is taken for what its record says.
#[expect(clippy::unnecessary_wraps, reason = "the form that `check` asks for")]
fn derive(_: &[u8]) -> Result<Derived, Infallible> {
    Ok(Derived::Component {
        imports: [].into(),
        exports: [].into(),
    })
}

/// A storage at which somebody else does something right before one of the calls.
struct Interrupted<'a> {
    inner: &'a dyn Storage,
    at: u64,
    calls: Cell<u64>,
    other: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl<'a> Interrupted<'a> {
    fn new(inner: &'a dyn Storage, at: u64, other: impl FnOnce() + 'a) -> Self {
        Self {
            inner,
            at,
            calls: Cell::new(0),
            other: RefCell::new(Some(Box::new(other))),
        }
    }

    fn call(&self) -> &'a dyn Storage {
        let number = self.calls.replace(self.calls.get() + 1);
        if number == self.at {
            let other = self.other.take();
            other.expect("there is one call of that number")();
        }
        self.inner
    }

    fn was_interrupted(&self) -> bool {
        self.calls.get() > self.at
    }
}

impl Source for Interrupted<'_> {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        self.call().get(path)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.inner.address_of(path)
    }
}

impl Storage for Interrupted<'_> {
    fn put(&self, path: &ObjectPath, bytes: &[u8]) -> Result<(), StorageError> {
        self.call().put(path, bytes)
    }

    fn advance(&self, from: Option<&[u8]>, to: &[u8]) -> Result<(), StorageError> {
        self.call().advance(from, to)
    }

    fn remove(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.call().remove(path)
    }
}

/// A registry, and two records that are ready for it.
fn scene(second: (&str, &str)) -> (World<Memory>, Vec<u8>, Vec<u8>) {
    let mut world = World::in_memory(5);
    world.release("acme:clock", "1.0.0").publish();
    let first = world.release("acme:clock", "1.1.0").sign();
    let second = world.release(second.0, second.1).sign();
    (world, first, second)
}

#[test]
fn two_records_of_different_packages_are_both_there_wherever_one_interrupts_the_other() {
    for at in 0.. {
        let case = format!("interrupted at call {at}");
        let (world, first, second) = scene(("acme:logger", "1.0.0"));
        let storage = Interrupted::new(world.storage(), at, || {
            world.append(std::slice::from_ref(&second)).unwrap();
        });
        let sequencer = Sequencer::new(&storage, world.policy(), world.checkpoint_key());
        sequencer.append(&[first], world.now()).expect(&case);
        if !storage.was_interrupted() {
            assert!(at > 20, "only {at} calls");
            break;
        }
        let report = check(world.policy(), world.storage(), derive).expect(&case);
        assert_eq!(
            (report.packages, report.releases, report.records),
            (2, 3, 4),
            "{case}"
        );
    }
}

#[test]
fn of_two_records_for_one_position_one_is_there_and_the_other_is_told_so() {
    let (mut won, mut lost) = (0, 0);
    for at in 0.. {
        let case = format!("interrupted at call {at}");
        let (world, first, second) = scene(("acme:clock", "1.2.0"));
        let (other, result);
        {
            let answer = RefCell::new(None);
            let storage = Interrupted::new(world.storage(), at, || {
                let appended = world.append(std::slice::from_ref(&second));
                answer.replace(Some(appended));
            });
            let sequencer = Sequencer::new(&storage, world.policy(), world.checkpoint_key());
            result = sequencer.append(&[first], world.now());
            if !storage.was_interrupted() {
                break;
            }
            drop(storage);
            other = answer.into_inner().unwrap();
        }
        match (result, other) {
            (Ok(_), Err(SequencerError::Conflict { .. })) => won += 1,
            (Err(SequencerError::Conflict { .. }), Ok(_)) => lost += 1,
            (result, other) => panic!("{case}: {result:?} and {other:?}"),
        }
        let report = check(world.policy(), world.storage(), derive).expect(&case);
        assert_eq!((report.releases, report.records), (2, 3), "{case}");
    }
    assert!(won > 5 && lost > 5, "{won} and {lost}");
}

#[test]
fn one_that_dies_in_the_middle_of_another_harms_neither() {
    let mut cases = 0;
    let mut at = 0;
    loop {
        let mut dies_at = 0;
        loop {
            let case = format!("interrupted at call {at} by one that dies at its call {dies_at}");
            let (world, first, second) = scene(("acme:logger", "1.0.0"));
            let survived = Cell::new(false);
            let this = dies_at;
            let storage = Interrupted::new(world.storage(), at, || {
                let faulty = Faulty::new(world.storage(), Failure::Before, this);
                let sequencer = Sequencer::new(&faulty, world.policy(), world.checkpoint_key());
                let result = sequencer.append(std::slice::from_ref(&second), world.now());
                survived.set(result.is_ok());
            });
            let sequencer = Sequencer::new(&storage, world.policy(), world.checkpoint_key());
            sequencer.append(&[first], world.now()).expect(&case);
            if !storage.was_interrupted() {
                assert!(at > 20 && cases > 200, "{at} calls, {cases} cases");
                return;
            }
            check(world.policy(), world.storage(), derive).expect(&case);
            world.append(std::slice::from_ref(&second)).expect(&case);
            let report = check(world.policy(), world.storage(), derive).expect(&case);
            assert_eq!(
                (report.packages, report.releases, report.records),
                (2, 3, 4),
                "{case}"
            );
            cases += 1;
            if survived.get() {
                break;
            }
            dies_at += 3; // a third of the cases, spread over all pairs
        }
        at += 1;
    }
}
