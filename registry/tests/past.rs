//! A registry as it was: what it answered at each of its checkpoints, it answers again, whatever happened since; and a
//! past that its present contradicts is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fixtures::world::World;
use registry::client::{Client, ClientError, LoadedPackage, Remedy, Session};
use registry::sequencer::Sequencer;
use transparency::checkpoint::{Checkpoint, TrustError};
use transparency::digest::{Digest, Hash};
use transparency::number::{Length, Position, Size, Time};
use transparency::operator::{Action, Role};
use transparency::package::{self, Permission};

use fixtures::forge::Forge;
use story::machine::Machine;
use story::{PACKAGES, chain, derive, evidence, name, names, present};

/// All that a session says of its packages, every release proved to be where it lies.
fn tell(session: &mut Session<'_>) -> Result<String, ClientError> {
    let checkpoint = session.checkpoint().checkpoint().clone();
    let entry = session.checkpoint().entry().clone();
    let mut told = format!("{checkpoint}{entry}{:?}\n", session.checkpoint().operator());
    for (name, package) in session.load(&names(&PACKAGES))? {
        let LoadedPackage::Present(loaded) = package else {
            writeln!(told, "{name} is absent").unwrap();
            continue;
        };
        writeln!(told, "{:?} {:?}", loaded.log(), loaded.head()).unwrap();
        for release in loaded.log().releases() {
            let index = loaded.index_hint(release.position()).unwrap();
            session.check_included(&[(release.record(), index)])?;
            writeln!(told, "{} at {index}", release.version()).unwrap();
        }
    }
    Ok(told)
}

/// Numbers that follow from a seed.
struct Dice(u64, u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.1 += 1;
        let digest = Digest::of(format!("{} {}", self.0, self.1).as_bytes());
        u64::from_be_bytes(*digest.as_bytes().first_chunk().unwrap()) % sides
    }
}

/// One thing that happens in a registry.
fn happens(world: &mut World, dice: &mut Dice, released: &mut Vec<(&'static str, String, bool)>) {
    let package = ["acme:clock", "acme:logger", "wasi:io"][usize::try_from(dice.roll(3)).unwrap()];
    let number = usize::try_from(dice.roll(1000)).unwrap();
    match dice.roll(8) {
        0 if !released.is_empty() => {
            let number = number % released.len();
            let (package, version, yanked) = &mut released[number];
            let version = version.parse().unwrap();
            let reason = "so it is".to_owned();
            let action = if *yanked {
                package::Action::Unyank { version, reason }
            } else {
                package::Action::Yank { version, reason }
            };
            *yanked = !*yanked;
            let record = world.record(package, vec![action]);
            world.append(&[record]).unwrap();
        }
        1 if !released.is_empty() => {
            let (package, version, _) = &released[number % released.len()];
            world.withdraw(package, version, "unlawful");
        }
        2 => world.operate(vec![Action::Refresh(dice.roll(100) + 1)]),
        3 => {
            let holder = world.publisher().verifying_key().clone();
            let keys = [
                holder,
                world
                    .stranger(&format!("k{number}"))
                    .verifying_key()
                    .clone(),
            ];
            world.operate(vec![Action::Namespace(
                package.split(':').next().unwrap().parse().unwrap(),
                keys.into(),
            )]);
        }
        4 if released.iter().any(|(one, ..)| *one == package) => {
            chain::annotate(world, package, dice.roll(200) + 1);
        }
        _ => {
            let version = format!("1.0.{}", released.len());
            world.release(package, &version).publish();
            released.push((package, version, false));
        }
    }
}

/// The publisher's key goes, and so does the one that signed every checkpoint so far; and then there is one more release.
fn keys_change(world: &mut World, told: &mut BTreeMap<Size, String>) {
    let new = world.stranger("acme/new");
    let own = [Permission::Own].into();
    world.release("acme:clock", "2.0.0").publish();
    let grant = package::Action::Grant {
        key: new.verifying_key().clone(),
        permissions: own,
        under: None,
    };
    let revoke = package::Action::Revoke {
        key: world.publisher().verifying_key().clone(),
        permissions: [Permission::Own].into(),
    };
    let record = world.record("acme:clock", vec![grant, revoke]);
    world.append(&[record]).unwrap();
    note_down(world, told);
    let signer = world.stranger(world.origin().as_str());
    let records = chain::operator(
        world,
        vec![
            Action::Grant(signer.verifying_key().clone(), [Role::Checkpoint].into()),
            Action::Revoke(
                world.checkpoint_key().verifying_key().clone(),
                [Role::Checkpoint].into(),
            ),
        ],
    );
    world.append(&records[..1]).unwrap();
    note_down(world, told);
    let sequencer = Sequencer::new(world.storage(), world.policy(), &signer);
    sequencer.append(&records[1..], world.now()).unwrap();
    note_down(world, told);
    let later = world.release("wasi:io", "3.0.0").sign();
    let sequencer = Sequencer::new(world.storage(), world.policy(), &signer);
    sequencer.append(&[later], world.now()).unwrap();
    note_down(world, told);
}

fn note_down(world: &World, told: &mut BTreeMap<Size, String>) {
    let mut session = world.session();
    told.insert(session.size(), tell(&mut session).unwrap());
}

#[test]
fn what_a_registry_said_at_each_checkpoint_it_says_again() {
    for seed in 0..5 {
        let mut world = World::in_memory(seed);
        let mut dice = Dice(seed, 0);
        let mut told = BTreeMap::new();
        let mut released = Vec::new();
        note_down(&world, &mut told);
        for _ in 0..20 {
            happens(&mut world, &mut dice, &mut released);
            note_down(&world, &mut told);
        }
        keys_change(&mut world, &mut told);

        let machine = Machine::new(world.policy());
        let mut newest = machine.open(world.storage()).unwrap();
        let now = tell(&mut newest).unwrap();
        let remembered = machine.remembered();
        let sizes: Vec<_> = told.keys().copied().collect();
        for size in sizes.iter().rev() {
            let session = machine.open(world.storage()).unwrap();
            let mut session = session.at(*size).unwrap();
            assert_eq!(
                (session.size(), session.checkpoint().is_past()),
                (*size, *size != newest.size())
            );
            // The same from a session that has loaded the present.
            let mut went_on = newest.clone().at(*size).unwrap();
            assert_eq!(tell(&mut went_on).unwrap(), told[size], "{seed} at {size}");
            assert_eq!(
                tell(&mut session).unwrap(),
                told[size],
                "seed {seed}, size {size}"
            );
            assert_eq!(
                session.newest().checkpoint(),
                newest.checkpoint().checkpoint()
            );
            for state in told.values() {
                let state: Checkpoint = state
                    .split_inclusive('\n')
                    .take(3)
                    .collect::<String>()
                    .parse()
                    .unwrap();
                session
                    .check_prefix(&state)
                    .expect("before or behind, the log of now went through it");
            }
            assert_eq!(
                machine.remembered(),
                remembered,
                "the past is not what was seen"
            );
        }
        // From one past to another and back to the present; then all of it again from the cache.
        let mut session = machine.open(world.storage()).unwrap();
        for size in sizes.iter().chain(sizes.iter().rev()) {
            session = session.at(*size).unwrap();
            assert_eq!(tell(&mut session).unwrap(), told[size]);
        }
        let offline = Client::with_memory(
            &machine.policy,
            None,
            &machine.cache,
            &machine.trust,
            Time::LAST,
        );
        for size in &sizes {
            let mut session = offline.open().unwrap().at(*size).unwrap();
            assert_eq!(tell(&mut session).unwrap(), told[size], "offline, {size}");
        }
        assert_eq!(tell(&mut offline.open().unwrap()).unwrap(), now);
        assert_eq!(machine.remembered(), remembered);
    }
}

#[test]
fn what_happened_since_stays_in_reach() {
    let mut world = World::in_memory(20);
    for version in ["1.0.0", "1.1.0"] {
        world.release("acme:clock", version).publish();
    }
    let then = world.size();
    world.yank("acme:clock", "1.0.0", "broken");
    world.withdraw("acme:clock", "1.1.0", "unlawful");
    let mut session = world.session().at(then).unwrap();
    let loaded = present(session.load_one(&name("acme:clock")).unwrap());
    let releases = |log: &package::Log| {
        let objections = log
            .releases()
            .map(|one| one.objection().map(|one| one.word()));
        objections.collect::<Vec<_>>()
    };
    assert_eq!(releases(loaded.log()), [None, None]);
    let now = releases(loaded.newest().log());
    assert_eq!(now, [Some("yanked"), Some("withdrawn")]);
    assert_eq!(loaded.log().length(), Length::new(2));
    assert_eq!(loaded.newest().log().length(), Length::new(3));
    // A content that was withdrawn since is not handed out, although it was there at that time.
    let names = name("acme:clock");
    let mut contents = loaded.log().releases().map(|release| {
        let content = session.content(&names, release, derive);
        content.map(|content| content.bytes().to_vec())
    });
    contents.next().unwrap().unwrap();
    let error = contents.next().unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Content(_)), "{error:?}");
}

#[test]
fn only_a_size_that_ends_in_a_map_entry_was_a_checkpoint() {
    let mut world = World::in_memory(21);
    world.release("acme:clock", "1.0.0").publish();
    chain::annotate(&world, "acme:clock", 5);
    world.release("acme:clock", "1.1.0").publish();
    let now = world.size().get();
    let good = [2, 4, 10, 12];
    assert_eq!(now, 12);
    let at = |size: u64| world.session().at(Size::new(size));
    for size in (0..=now).filter(|size| !good.contains(size)) {
        let error = at(size).map(drop).unwrap_err();
        let ClientError::NoCheckpoint { nearest, .. } = &error else {
            panic!("{size}: {error:?}");
        };
        let before = good.iter().rev().find(|good| **good < size);
        let behind = good.iter().find(|good| **good > size);
        let expected: Vec<_> = before.into_iter().chain(behind).copied().collect();
        let nearest: Vec<_> = nearest.iter().map(|size| size.get()).collect();
        assert_eq!(nearest, if size == 0 { vec![] } else { expected }, "{size}");
        assert_eq!(error.remedy(), Remedy::Ask);
    }
    for size in good {
        at(size).unwrap();
    }
    let error = at(now + 1).map(drop).unwrap_err();
    assert!(matches!(error, ClientError::Behind { .. }), "{error:?}");
    assert_eq!(
        at(6).map(drop).unwrap_err().to_string(),
        format!(
            "the registry `{}` never had a checkpoint of 6 entries; the nearest ones are of 4 and 10",
            world.origin()
        )
    );
    // A lost file does not prove that there was none. Neither does one that says something else.
    world
        .storage()
        .tamper(|objects| _ = objects.remove("map/at/4"));
    let error = at(4).map(drop).unwrap_err();
    assert!(matches!(error, ClientError::Missing { .. }), "{error:?}");
    let other = world.storage().objects()["map/at/10"].clone();
    world
        .storage()
        .tamper(|objects| _ = objects.insert("map/at/4".into(), other));
    let error = at(4).map(drop).unwrap_err();
    assert!(
        matches!(error, ClientError::NotIncluded { .. }),
        "{error:?}"
    );
}

/// A registry that signed a map which it took back with the next one; the size of the first.
fn took_back(world: &World, lie: impl FnOnce(&mut Forge<'_>)) -> Size {
    let honest = Forge::of(world);
    let entry = honest.entry.clone();
    drop(honest);
    let mut slots = Forge::of(world);
    let clock = *slots.slot("acme:clock");
    let mut forge = Forge::of(world);
    lie(&mut forge);
    let lied = forge.sign().size;
    let mut forge = Forge::of(world);
    forge.restore(clock);
    forge.entry.operator_length = entry.operator_length;
    forge.entry.operator_head = entry.operator_head;
    forge.entry.operator_index = entry.operator_index;
    forge.sign();
    lied
}

fn contradicted(world: &World, size: Size) -> ClientError {
    let machine = Machine::new(world.policy());
    machine
        .read(world.storage())
        .expect("what it says now is in order");
    let (remembered, kept) = (machine.remembered(), machine.kept());
    let session = machine.open(world.storage()).unwrap().at(size);
    let error = session
        .and_then(|mut session| session.load_one(&name("acme:clock")))
        .map(drop)
        .expect_err("a past that the present contradicts");
    assert_eq!(machine.remembered(), remembered);
    let pages = |kept: &BTreeMap<_, Vec<u8>>| kept.len();
    assert!(
        pages(&machine.kept()) <= pages(&kept) + 1,
        "but for the map entry"
    );
    error
}

#[test]
fn a_past_that_the_present_contradicts_is_refused() {
    let world = || {
        let mut world = World::in_memory(22);
        for version in ["1.0.0", "1.1.0"] {
            world.release("acme:clock", version).publish();
        }
        world.operate(vec![Action::Refresh(60)]);
        world
    };
    // A release that was there is left out of the map, to make another one the newest.
    let cut = world();
    let loaded = present(cut.session().load_one(&name("acme:clock")).unwrap());
    let size = took_back(&cut, |forge| {
        let slot = forge.slot("acme:clock");
        slot.length = Length::new(1);
        slot.head = loaded.log().hash_at(Position::ZERO).unwrap();
        slot.index = loaded.index_hint(Position::ZERO).unwrap();
    });
    let error = contradicted(&cut, size);
    assert!(matches!(error, ClientError::LeftOut { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Investigate);

    // The whole package.
    let gone = world();
    let size = took_back(&gone, |forge| _ = forge.omit("acme:clock"));
    let error = contradicted(&gone, size);
    assert!(matches!(error, ClientError::LeftOut { .. }), "{error:?}");

    // A release that is in the log of nobody.
    let mut other = world();
    let mut fork = other.fork();
    other.release("acme:clock", "1.2.0").publish();
    let record = fork.release("acme:clock", "6.6.6").sign();
    let size = took_back(&other, |forge| {
        let index = forge.append(record.clone());
        let slot = forge.slot("acme:clock");
        slot.head = Hash::of_leaf(&record);
        slot.index = index;
    });
    let error = contradicted(&other, size);
    assert_eq!(evidence(other.policy(), &error), "two-records");

    // More records than there are.
    let more = world();
    let mut fork = more.fork();
    let record = fork.release("acme:clock", "6.6.6").sign();
    let size = took_back(&more, |forge| {
        let index = forge.append(record.clone());
        let slot = forge.slot("acme:clock");
        slot.length = Length::new(3);
        slot.head = Hash::of_leaf(&record);
        slot.index = index;
    });
    let error = contradicted(&more, size);
    assert_eq!(evidence(more.policy(), &error), "omitted");

    // An operator record that it would rather not have written.
    let operator = world();
    let first = operator.session().at(Size::new(2)).unwrap();
    let first = first.checkpoint().entry().clone();
    let size = took_back(&operator, |forge| {
        forge.entry.operator_length = first.operator_length;
        forge.entry.operator_head = first.operator_head;
        forge.entry.operator_index = first.operator_index;
    });
    let error = contradicted(&operator, size);
    assert!(
        matches!(&error, ClientError::Trust { source, .. }
            if matches!(**source, TrustError::PastOperatorCut { .. })),
        "{error:?}"
    );
}

#[test]
fn the_past_of_a_small_registry_costs_no_further_round_trip() {
    let mut world = World::in_memory(23);
    for package in 0..20 {
        let name = format!("acme:package-{package}");
        world.release(&name, "1.0.0").publish();
    }
    let then = world.size();
    chain::annotate(&world, "acme:package-3", 40);
    world.release("acme:package-4", "1.1.0").publish();
    let trips = || world.storage().round_trips();
    let before = trips();
    let client = Client::new(world.policy(), world.storage()).expecting(then);
    let session = client.open().unwrap();
    assert_eq!(trips() - before, 3, "as without a past");
    let before = trips();
    let mut session = session.at(then).unwrap();
    assert_eq!(trips() - before, 0, "its map entry came along");
    let before = trips();
    let wanted = names(&["acme:package-3", "acme:package-4", "acme:package-5"]);
    let loaded = session.load(&wanted).unwrap();
    let lengths = loaded
        .into_values()
        .map(|one| present(one).log().length().get());
    assert_eq!(lengths.collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(
        trips() - before,
        1,
        "the root page of then comes with the package files"
    );
    let before = trips();
    session.load(&wanted).unwrap();
    assert_eq!(trips() - before, 0, "what was loaded is here");
}

/// Every checkpoint's log ends with a map entry. Where the log has another record, there was no checkpoint.
#[test]
fn a_claimed_checkpoint_at_which_the_log_holds_a_record_is_refused() {
    let mut world = World::in_memory(21);
    world.release("acme:clock", "1.0.0").publish();
    let mut session = world.session();
    let checkpoint = session.checkpoint().checkpoint().clone();
    for size in [1, 3] {
        let leaves: Vec<_> = ["operator/000.p/1", "package/acme/clock/000.p/1"]
            .iter()
            .map(|path| Hash::of_leaf(&world.storage().objects()[*path][10..]))
            .collect();
        let map_entry = Hash::of_leaf(&world.storage().objects()["map/at/2"]);
        let root = match size {
            1 => leaves[0],
            _ => Hash::of_node(&Hash::of_node(&leaves[0], &map_entry), &leaves[1]),
        };
        let claimed = Checkpoint {
            size: Size::new(size),
            root,
            ..checkpoint.clone()
        };
        let error = session.check_prefix(&claimed).unwrap_err();
        assert!(
            matches!(error, ClientError::NeverCheckpoint { .. }),
            "{size}: {error:?}"
        );
        assert_eq!(error.remedy(), Remedy::Investigate);
    }
}
