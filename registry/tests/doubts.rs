//! Where several things are wrong with a registry, evidence wins. A second lie, which is refused and convicts nobody, does not
//! hide the first one. What is refused is neither remembered nor kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::forge::Forge;
use fixtures::world::World;
use registry::check::{CheckError, check, check_session};
use registry::client::{Client, ClientError, Remedy};
use registry::layout;
use registry::storage::Source as _;
use transparency::checkpoint::TrustError;
use transparency::digest::Hash;
use transparency::name::Origin;
use transparency::number::{Length, Position, Time};
use transparency::operator::{self, Role};
use transparency::package::{Action, Scope};
use transparency::record::{Record, Subject};
use transparency::tile::Part;

use story::chain;
use story::machine::Machine;
use story::{derive, evidence, name, present};

const HOUR: u64 = 60 * 60;

/// A second lie.
type Lie = fn(&mut Forge<'_>, &World);

fn ahead(forge: &mut Forge<'_>, world: &World) {
    forge.entry.time = Time::from_unix(world.now().unix() + HOUR).unwrap();
}

fn back(forge: &mut Forge<'_>, world: &World) {
    forge.entry.time = Time::from_unix(world.now().unix() - HOUR).unwrap();
}

/// An annotation that nobody counts, of whatever origin, position and signer.
fn stray(world: &World, origin: &Origin, position: u64, signed: bool) -> Vec<u8> {
    let loaded = present(world.session().load_one(&name("acme:clock")).unwrap());
    let signer = world.publisher();
    let record = Record {
        origin: origin.clone(),
        subject: Subject::Package(name("acme:clock")),
        position: Position::new(position),
        previous: loaded.log().head(),
        time: world.now(),
        signer: signer.verifying_key().clone(),
        actions: vec![Action::Annotate {
            scope: Scope::Package,
            key: "seen".into(),
            value: "x".into(),
        }],
    };
    let bytes = record.sign(signer).unwrap();
    if signed {
        return bytes;
    }
    let text = String::from_utf8(bytes).unwrap();
    text.replace("annotate * seen x", "annotate * seen y")
        .into_bytes()
}

fn junk(forge: &mut Forge<'_>, _: &World) {
    forge.append("no record");
}

/// A record of another registry, which says that it is one of the package.
fn foreign(forge: &mut Forge<'_>, world: &World) {
    let origin: Origin = "elsewhere.example".parse().unwrap();
    forge.append(stray(world, &origin, 1, true));
    forge.append(stray(world, &origin, 0, true));
}

/// The first record of another package, with a signature of something else.
fn badly_signed(forge: &mut Forge<'_>, world: &World) {
    let bytes = stray(world, world.origin(), 7, false);
    let text = String::from_utf8(bytes).unwrap();
    forge.append(text.replace("acme:clock", "acme:other"));
}

/// A map entry that makes every reader refuse the checkpoint.
fn beyond_belief(forge: &mut Forge<'_>, _: &World) {
    forge.entry.operator_head = Hash::of_leaf(b"another record");
}

/// Files of the package that are no files.
fn garbled(_: &mut Forge<'_>, world: &World) {
    let part = Part::new(0, 1).unwrap();
    let path = layout::package(&name("acme:clock"), part);
    fixtures::forge::write(world, &path, vec![0; 9]);
}

fn open(machine: &Machine, world: &World) -> Result<(), ClientError> {
    let (cache, trust) = (&machine.cache, &machine.trust);
    let source = Some(world.storage() as &dyn registry::storage::Source);
    Client::with_memory(&machine.policy, source, cache, trust, world.now())
        .open()
        .map(drop)
}

/// What checking the whole registry ends with, by who has its clock and remembers it.
fn checked(machine: &Machine, world: &World) -> CheckError {
    let (cache, trust) = (&machine.cache, &machine.trust);
    let source = world.storage();
    let client = Client::with_memory(&machine.policy, Some(source), cache, trust, world.now());
    match client.without_cache().open_to_check() {
        Err(error) => error.into(),
        Ok(opened) => {
            let checked = check_session(opened, &machine.policy, source, derive);
            checked.map(drop).expect_err("not good")
        }
    }
}

fn sort(machine: &Machine, error: &CheckError) -> String {
    let CheckError::Client(error) = error else {
        panic!("no evidence: {error:?}");
    };
    evidence(&machine.policy, error)
}

/// A registry as a machine read it.
fn read(seed: u64) -> (World, Machine) {
    let mut world = World::in_memory(seed);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    (world, machine)
}

/// A yank that the map does not count, and a second lie.
fn hidden_yank(seed: u64, lie: Lie) -> (World, Machine) {
    let (mut world, machine) = read(seed);
    let before = *Forge::of(&world).slot("acme:clock");
    world.yank("acme:clock", "1.0.0", "it is bad");
    let mut forge = Forge::of(&world);
    lie(&mut forge, &world);
    *forge.slot("acme:clock") = before;
    forge.sign();
    (world, machine)
}

#[test]
fn no_second_lie_hides_a_map_that_leaves_a_record_out() {
    let lies: [Lie; 6] = [ahead, back, junk, foreign, badly_signed, garbled];
    for (seed, lie) in (1..).zip(lies) {
        let (world, machine) = hidden_yank(seed, lie);
        let (kept, remembered) = (machine.kept(), machine.remembered());
        let error = open(&machine, &world).unwrap_err();
        assert_eq!(evidence(world.policy(), &error), "omitted", "lie {seed}");
        assert_eq!(
            sort(&machine, &checked(&machine, &world)),
            "omitted",
            "lie {seed}"
        );
        // A machine that never saw the registry finds it as well.
        let stranger = Machine::new(world.policy());
        let found = checked(&stranger, &world);
        assert_eq!(sort(&stranger, &found), "omitted", "lie {seed}");
        assert_eq!(machine.remembered(), remembered, "lie {seed}");
        assert_eq!(machine.kept(), kept, "lie {seed}");
    }
}

#[test]
fn no_second_lie_hides_a_fork() {
    let lies: [Lie; 4] = [ahead, back, junk, beyond_belief];
    for (seed, lie) in (11..).zip(lies) {
        let mut world = World::in_memory(seed);
        world.release("acme:clock", "1.0.0").publish();
        let mut fork = world.fork();
        world.release("acme:logger", "1.0.0").publish();
        let machine = Machine::new(world.policy());
        machine.read(world.storage()).unwrap();
        let remembered = machine.remembered();
        fork.release("acme:logger", "2.0.0").publish();
        fork.release("acme:logger", "2.1.0").publish();
        let mut forge = Forge::of(&fork);
        lie(&mut forge, &fork);
        forge.sign();
        let error = open(&machine, &fork).unwrap_err();
        assert_eq!(evidence(world.policy(), &error), "fork", "lie {seed}");
        assert_eq!(machine.remembered(), remembered, "lie {seed}");
        assert_eq!(
            sort(&machine, &checked(&machine, &fork)),
            "fork",
            "lie {seed}"
        );
    }
}

/// Forks beside which no file of the other history lies. Each is made of the registry as it was before `acme:logger`.
type Fork = fn(&mut World);

fn smaller(fork: &mut World) {
    fork.release("acme:tool", "1.0.0").publish();
}

fn unreadable_operator(fork: &mut World) {
    fork.release("acme:tool", "1.0.0").publish();
    fork.release("acme:tool", "1.1.0").publish();
    let refresh = chain::operator(fork, vec![operator::Action::Refresh(60)]).remove(0);
    let text = String::from_utf8(refresh).unwrap();
    let text = text.replace("refresh 60", "nonsense 1");
    govern(fork, text.as_bytes());
}

fn revoked_key(fork: &mut World) {
    fork.release("acme:tool", "1.0.0").publish();
    fork.release("acme:tool", "1.1.0").publish();
    let key = fork.checkpoint_key().verifying_key().clone();
    let revoke = operator::Action::Revoke(key, [Role::Checkpoint].into());
    let record = chain::operator(fork, vec![revoke]).remove(0);
    govern(fork, &record);
}

/// Puts any bytes behind the operator's first record, whose file is gone then.
fn govern(world: &World, record: &[u8]) {
    let path = layout::operator(Part::new(0, 1).unwrap());
    let first = world.storage().get(&path).unwrap().unwrap();
    let mut forge = Forge::of(world);
    let index = forge.append(record);
    forge.entry.operator_length = Length::new(2);
    forge.entry.operator_head = Hash::of_leaf(record);
    forge.entry.operator_index = index;
    forge.sign();
    let mut records = Part::new(0, 1).unwrap().parse_records(&first).unwrap();
    records.push((index, record));
    let both = Part::new(0, 2).unwrap();
    let bytes = both.print_records(&records).unwrap();
    fixtures::forge::write(world, &layout::operator(both), bytes);
    world.storage().tamper(|objects| {
        objects.remove(path.as_str());
    });
}

#[test]
fn checking_convicts_a_fork_by_what_the_machine_kept() {
    let forks: [Fork; 3] = [smaller, unreadable_operator, revoked_key];
    for (seed, lie) in (31..).zip(forks) {
        let mut world = World::in_memory(seed);
        world.release("acme:clock", "1.0.0").publish();
        let mut fork = world.fork();
        let lagging = world.fork();
        world.release("acme:logger", "1.0.0").publish();
        world.release("acme:logger", "1.1.0").publish();
        let machine = Machine::new(world.policy());
        machine.read(world.storage()).unwrap();
        let (kept, remembered) = (machine.kept(), machine.remembered());
        lie(&mut fork);
        let error = open(&machine, &fork).unwrap_err();
        assert_eq!(evidence(world.policy(), &error), "fork", "fork {seed}");
        let found = checked(&machine, &fork);
        assert_eq!(sort(&machine, &found), "fork", "fork {seed}");
        assert_eq!((machine.kept(), machine.remembered()), (kept, remembered));
        // A copy that is only behind convicts nobody.
        let found = checked(&machine, &lagging);
        assert!(
            matches!(&found, CheckError::Client(ClientError::SetBack { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn a_registry_that_is_only_ahead_is_refused_and_leaves_nothing_behind() {
    let (mut world, machine) = read(21);
    world.release("acme:clock", "1.1.0").publish();
    let mut forge = Forge::of(&world);
    ahead(&mut forge, &world);
    forge.sign();
    let (kept, remembered) = (machine.kept(), machine.remembered());
    let error = open(&machine, &world).unwrap_err();
    let is_ahead = |error: &ClientError| matches!(error, ClientError::Trust { source, .. } if matches!(**source, TrustError::Ahead { .. }));
    assert!(is_ahead(&error), "{error:?}");
    assert_eq!((machine.kept(), machine.remembered()), (kept, remembered));
    let found = checked(&machine, &world);
    assert!(
        matches!(&found, CheckError::Client(error) if is_ahead(error)),
        "{found:?}"
    );
}

#[test]
fn of_entries_that_are_merely_bad_the_first_is_told_and_nobody_is_convicted() {
    let (world, _) = read(22);
    let mut forge = Forge::of(&world);
    let index = forge.append("no record");
    badly_signed(&mut forge, &world);
    foreign(&mut forge, &world);
    forge.entry.time = Time::from_unix(world.now().unix() + 1).unwrap();
    forge.sign();
    let error = check(world.policy(), world.storage(), derive).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Investigate, "{error:?}");
    assert!(
        matches!(error, CheckError::Entry { index: found, .. } if found == index),
        "{error:?}"
    );
}
