//! Evidence: what convicts a registry, what does not, and the file that it is written to.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use proptest::prelude::*;
use story::{
    CHECKPOINT, OPERATE, ORIGIN, Shown, World, at, base64, grant_role, init, key, name, release,
    revoke_role, vkey,
};
use transparency::Unverified;
use transparency::checkpoint::Checkpoint;
use transparency::digest::Hash;
use transparency::log::{ConsistencyProof, InclusionProof};
use transparency::misbehavior::format::{FormatError, MAX_EVIDENCE};
use transparency::misbehavior::{CommittedMap, LoggedRecord, Misbehavior, NotProved};
use transparency::note::Note;
use transparency::number::{Index, Length, Size};
use transparency::operator::{self, Role};
use transparency::policy::Policy;
use transparency::record::Subject;

const LOGGER: &str = "acme:logger";

/// The parts of a shown registry that evidence is made of, owned.
struct Map<'s> {
    shown: &'s Shown,
    proof: InclusionProof,
    pages: Vec<&'s [u8]>,
}

impl<'s> Map<'s> {
    fn of(shown: &'s Shown, package: &str) -> Self {
        Self {
            shown,
            proof: shown.entry_proof(),
            pages: shown.page_path(package),
        }
    }

    fn of_operator(shown: &'s Shown) -> Self {
        Self {
            shown,
            proof: shown.entry_proof(),
            pages: Vec::new(),
        }
    }

    fn parts(&self) -> CommittedMap<'_> {
        CommittedMap {
            checkpoint: &self.shown.note,
            entry: &self.shown.entry,
            index: self.shown.size().last().unwrap(),
            proof: &self.proof,
            pages: &self.pages,
        }
    }
}

struct Entry<'s> {
    shown: &'s Shown,
    index: Index,
    proof: InclusionProof,
}

impl<'s> Entry<'s> {
    fn of(shown: &'s Shown, index: u64) -> Self {
        let index = Index::new(index);
        Self {
            shown,
            index,
            proof: shown.inclusion(index),
        }
    }

    fn parts(&self) -> LoggedRecord<'_> {
        let position = usize::try_from(self.index.get()).unwrap();
        LoggedRecord {
            checkpoint: &self.shown.note,
            record: &self.shown.world.entries[position],
            index: self.index,
            proof: &self.proof,
        }
    }
}

fn subject(package: &str) -> Subject {
    Subject::Package(name(package))
}

/// Two logs that part after the package's first record.
fn forked() -> (Shown, Shown) {
    let world = World::with_logger();
    let (mut one, mut other) = (world.clone(), world);
    one.write(LOGGER, "alice", vec![release("1.1.0")]);
    other.write(LOGGER, "alice", vec![release("6.6.6")]);
    other.publish();
    other.write(LOGGER, "alice", vec![release("7.0.0")]);
    (one.publish(), other.publish())
}

fn root_at(shown: &Shown, size: usize) -> Hash {
    story::root(&shown.leaves[..size])
}

fn fork() -> Misbehavior {
    let (small, large) = forked();
    let size = small.leaves.len();
    Misbehavior::fork(
        &small.world.policy,
        &small.world.operator_bytes(),
        &small.note,
        &large.note,
        &root_at(&large, size),
        &large.consistency(size),
    )
    .unwrap()
}

fn two_records() -> Misbehavior {
    let (one, other) = forked();
    Misbehavior::two_records(
        &one.world.policy,
        &one.world.operator_bytes(),
        &Entry::of(&one, 2).parts(),
        &Entry::of(&other, 2).parts(),
    )
    .unwrap()
}

/// A log in which the package has two records, then one, then none.
fn shrinking() -> [Shown; 3] {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let two = world.publish();
    let one = world.publish_as(|slots, _| slots[0].length = Length::new(1));
    let none = world.publish_as(|slots, _| slots.clear());
    [two, one, none]
}

fn shrunk() -> Misbehavior {
    let [two, one, _] = shrinking();
    let (older, newer) = (Map::of(&two, LOGGER), Map::of(&one, LOGGER));
    let policy = &two.world.policy;
    Misbehavior::shrunk(
        policy,
        &two.world.operator_bytes(),
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    )
    .unwrap()
}

fn omitted() -> Misbehavior {
    let [_, one, _] = shrinking();
    let map = Map::of(&one, LOGGER);
    Misbehavior::omitted(
        &one.world.policy,
        &one.world.operator_bytes(),
        &map.parts(),
        &Entry::of(&one, 2).parts(),
    )
    .unwrap()
}

/// A log in which the package's last record stands again behind the map that counts it.
fn copied() -> Shown {
    let mut world = World::with_logger();
    world.publish();
    world.entries.push(world.entries[1].clone());
    world.publish()
}

/// A log in which the package's last record stands before the one that it follows.
fn swapped() -> Shown {
    let mut world = World::with_logger();
    for version in ["1.1.0", "1.2.0"] {
        world.write(LOGGER, "alice", vec![release(version)]);
    }
    world.entries.swap(2, 3);
    world.publish()
}

fn repeated_of(shown: &Shown, first: u64, second: u64) -> Result<Misbehavior, NotProved> {
    Misbehavior::repeated(
        &shown.world.policy,
        &shown.world.operator_bytes(),
        &Entry::of(shown, first).parts(),
        &Entry::of(shown, second).parts(),
    )
}

fn every_sort() -> [(&'static str, Misbehavior); 6] {
    [
        ("fork", fork()),
        ("two-records", two_records()),
        ("repeated", repeated_of(&copied(), 1, 3).unwrap()),
        ("repeated", repeated_of(&swapped(), 3, 2).unwrap()),
        ("shrunk", shrunk()),
        ("omitted", omitted()),
    ]
}

#[test]
fn every_sort_convinces_who_has_only_the_policy() {
    let policy = Policy::without_witnesses(vkey(OPERATE)).unwrap();
    for (sort, evidence) in every_sort() {
        let file = evidence.to_string();
        assert!(
            file.starts_with(&format!("warg-misbehavior/v1\n{sort}\noperator ")),
            "{sort}"
        );
        let read = Unverified::<Misbehavior>::parse(file.as_bytes()).unwrap();
        let read = read.open(&policy).unwrap();
        assert_eq!(read, evidence, "{sort}");
        assert_eq!(read.to_string(), file, "{sort}");
        assert_eq!(read.origin().as_str(), ORIGIN);
        let words = read.explain();
        assert!(
            words.starts_with("The registry `registry.example` signed a checkpoint of size "),
            "{words}"
        );
        assert!(
            !words.contains('\n'),
            "{sort} is explained in one paragraph"
        );
    }
}

#[test]
fn the_words_name_what_was_signed() {
    let (small, large) = forked();
    let words = fork().explain();
    for part in [
        "size 4",
        "size 6",
        &root_at(&small, 4).base64(),
        &root_at(&large, 4).base64(),
        &root_at(&large, 6).base64(),
    ] {
        assert!(words.contains(part), "`{part}` is not in: {words}");
    }
    assert!(
        two_records()
            .explain()
            .contains("record 1 of `acme:logger`"),
        "{}",
        two_records().explain()
    );
    assert!(
        shrunk()
            .explain()
            .contains("counts 2 records of `acme:logger`"),
        "{}",
        shrunk().explain()
    );
    assert!(
        omitted().explain().contains(
            "entry 4 is a map that covers all entries before and counts 1 records of `acme:logger`"
        ),
        "{}",
        omitted().explain()
    );
}

#[test]
fn it_is_about_one_registry_and_its_operate_key() {
    let other = Policy::without_witnesses(vkey("other.example")).unwrap();
    let mallory = Policy::without_witnesses(vkey("registry.example#mallory")).unwrap();
    for (sort, evidence) in every_sort() {
        assert!(
            matches!(evidence.check(&other), Err(NotProved::Origin { .. })),
            "{sort}"
        );
        let error = evidence.check(&mallory);
        assert!(
            matches!(error, Err(NotProved::Operator(_))),
            "{sort}: {error:?}"
        );
        let read = Unverified::<Misbehavior>::parse(evidence.to_string().as_bytes()).unwrap();
        assert!(read.open(&mallory).is_err(), "{sort}");
    }
}

/// What anybody could write down convicts nobody: all of it must be signed by the registry's keys.
#[test]
fn a_strangers_signature_convicts_nobody() {
    let (mut small, large) = forked();
    let size = small.leaves.len();
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: small.size(),
        root: root_at(&small, size),
    };
    for stranger in ["registry.example#stranger", OPERATE, "alice"] {
        small.note = checkpoint.sign(&key(stranger)).to_string().into_bytes();
        let policy = &small.world.policy;
        let records = small.world.operator_bytes();
        let error = Misbehavior::fork(
            policy,
            &records,
            &small.note,
            &large.note,
            &root_at(&large, size),
            &large.consistency(size),
        );
        assert_eq!(
            error,
            Err(NotProved::Signature { size: Size::new(4) }),
            "{stranger}"
        );
    }
    // Without operator records, or with too few of them, no key is known.
    let (small, large) = forked();
    let error = Misbehavior::fork(
        &small.world.policy,
        &[],
        &small.note,
        &large.note,
        &root_at(&large, size),
        &large.consistency(size),
    );
    assert!(
        matches!(error, Err(NotProved::Signature { .. })),
        "{error:?}"
    );
}

#[test]
fn a_revoked_key_still_convicts_and_a_bad_line_excuses_nothing() {
    let second = "registry.example#second";
    let mut world = World::with_logger();
    world.operate(OPERATE, vec![grant_role(second, &[Role::Checkpoint])]);
    world.operate(OPERATE, vec![revoke_role(second, &[Role::Checkpoint])]);
    let honest = world.publish();
    let lie = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: honest.size(),
        root: Hash::of_leaf(b"lie"),
    };
    let bad = Note::sign("something else\n".into(), &key(CHECKPOINT)).signatures()[0].clone();
    let lie = lie.sign(&key(second)).with(bad).to_string();
    let evidence = |records: &[&[u8]]| {
        Misbehavior::fork(
            &world.policy,
            records,
            lie.as_bytes(),
            &honest.note,
            &root_at(&honest, honest.leaves.len()),
            &ConsistencyProof::new(Vec::new()).unwrap(),
        )
    };
    let all = world.operator_bytes();
    evidence(&all).unwrap();
    evidence(&all[..2]).unwrap();
    assert!(
        matches!(evidence(&all[..1]), Err(NotProved::Signature { .. })),
        "before it was granted"
    );
    assert!(
        matches!(evidence(&all[1..]), Err(NotProved::Operator(_))),
        "the chain begins with record 0"
    );
}

#[test]
fn honest_checkpoints_are_no_fork() {
    let mut world = World::with_logger();
    let older = world.publish();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let newer = world.publish();
    let records = world.operator_bytes();
    let size = older.leaves.len();
    let make = |older: &Shown, newer: &Shown, root: &Hash, proof: &ConsistencyProof| {
        Misbehavior::fork(
            &world.policy,
            &records,
            &older.note,
            &newer.note,
            root,
            proof,
        )
        .unwrap_err()
    };
    let proof = newer.consistency(size);
    assert_eq!(
        make(&older, &newer, &root_at(&newer, size), &proof),
        NotProved::Consistent { size: older.size() }
    );
    // Another root than the tree's does not prove.
    let error = make(&older, &newer, &Hash::ZERO, &proof);
    assert!(matches!(error, NotProved::Extension(_)), "{error}");
    let error = make(&newer, &older, &root_at(&newer, size), &proof);
    assert!(matches!(error, NotProved::Extension(_)), "{error}");
    // Twice the same.
    let error = make(
        &older,
        &older,
        &root_at(&older, size),
        &ConsistencyProof::new(Vec::new()).unwrap(),
    );
    assert!(matches!(error, NotProved::Consistent { .. }), "{error}");
}

/// Every pair of sizes of a log and its fork, from the size where they part on.
#[test]
fn every_fork_is_proved_and_nothing_before_it() {
    let world = World::with_logger();
    let grow = |mut world: World, digit: u64| {
        let mut shown = vec![world.publish()];
        for number in 0..9 {
            world.write(
                LOGGER,
                "alice",
                vec![release(&format!("{digit}.{number}.0"))],
            );
            shown.push(world.publish());
        }
        shown
    };
    let (left, right) = (grow(world.clone(), 5), grow(world, 6));
    let records = left[0].world.operator_bytes();
    for (a, small) in left.iter().enumerate() {
        for (b, large) in right.iter().enumerate().skip(a) {
            let size = small.leaves.len();
            let found = Misbehavior::fork(
                &small.world.policy,
                &records,
                &small.note,
                &large.note,
                &root_at(large, size),
                &large.consistency(size),
            );
            assert_eq!(
                found.is_ok(),
                a > 0,
                "sizes {size} and {} (step {b})",
                large.leaves.len()
            );
        }
    }
}

#[test]
fn two_records_must_claim_one_position_of_one_log() {
    let mut world = World::with_logger();
    world.write("acme:clock", "alice", vec![init(world.under(0))]);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    world.operate(OPERATE, vec![operator::Action::Refresh(1)]);
    let shown = world.publish();
    let records = world.operator_bytes();
    let make = |one: &Entry<'_>, other: &Entry<'_>| {
        Misbehavior::two_records(&world.policy, &records, &one.parts(), &other.parts()).unwrap_err()
    };
    for (one, other) in [(1, 2), (1, 3), (0, 1), (0, 4)] {
        let error = make(&Entry::of(&shown, one), &Entry::of(&shown, other));
        assert_eq!(error, NotProved::OtherPosition, "entries {one} and {other}");
    }
    assert_eq!(
        make(&Entry::of(&shown, 1), &Entry::of(&shown, 1)),
        NotProved::SameRecord
    );
    // A record that no log holds: two honest signers raced, and one of them lost.
    let (one, mut other) = forked();
    other.leaves = one.leaves.clone();
    other.note = one.note.clone();
    let error = make(&Entry::of(&one, 2), &Entry::of(&other, 2));
    assert!(
        matches!(error, NotProved::RecordNotIncluded { .. }),
        "{error}"
    );
    // An entry that is no record.
    let error = make(&Entry::of(&shown, 5), &Entry::of(&shown, 1));
    assert!(matches!(error, NotProved::Record(_)), "{error}");
}

#[test]
fn a_record_that_stands_in_the_log_twice_or_before_what_it_follows_convicts() {
    let copied = copied();
    let words = repeated_of(&copied, 1, 3).unwrap().explain();
    assert!(words.contains("entry 3 is that record again"), "{words}");
    let swapped = swapped();
    let words = repeated_of(&swapped, 3, 2).unwrap().explain();
    assert!(
        words.contains("cannot lie before one that it follows"),
        "{words}"
    );
    // Each has one spelling: the earlier index comes first, and of two records the earlier one.
    assert_eq!(repeated_of(&copied, 3, 1), Err(NotProved::InOrder));
    assert_eq!(repeated_of(&swapped, 2, 3), Err(NotProved::InOrder));
    // Nothing else is evidence: neither one index twice, nor records that are in order.
    assert_eq!(repeated_of(&copied, 1, 1), Err(NotProved::InOrder));
    for (first, second) in [(0, 1), (1, 0), (1, 3), (3, 1), (1, 2), (0, 3)] {
        assert_eq!(
            repeated_of(&swapped, first, second),
            Err(NotProved::InOrder),
            "entries {first} and {second}"
        );
    }
    // A record that is only claimed to stand there proves nothing either.
    let mut said = Entry::of(&copied, 3);
    said.index = Index::new(2);
    let error = Misbehavior::repeated(
        &copied.world.policy,
        &copied.world.operator_bytes(),
        &Entry::of(&copied, 1).parts(),
        &LoggedRecord {
            record: &copied.world.entries[1],
            ..said.parts()
        },
    );
    assert!(
        matches!(error, Err(NotProved::RecordNotIncluded { .. })),
        "{error:?}"
    );
}

#[test]
fn the_operator_log_too_has_one_record_a_position() {
    let world = World::with_logger();
    let operate = |seconds: u64| {
        let mut world = world.clone();
        world.operate(OPERATE, vec![operator::Action::Refresh(seconds)]);
        world.publish()
    };
    let (one, other) = (operate(1), operate(2));
    let evidence = Misbehavior::two_records(
        &world.policy,
        &world.operator_bytes(),
        &Entry::of(&one, 2).parts(),
        &Entry::of(&other, 2).parts(),
    )
    .unwrap();
    assert!(
        evidence.explain().contains("record 1 of `operator`"),
        "{}",
        evidence.explain()
    );
}

#[test]
fn only_what_shrank_is_shrunk() {
    let shown = shrinking();
    let (policy, records) = (&shown[0].world.policy, shown[0].world.operator_bytes());
    let make = |older: &Shown, newer: &Shown, of: &str| {
        let (older, newer) = (Map::of(older, of), Map::of(newer, of));
        Misbehavior::shrunk(
            policy,
            &records,
            &subject(of),
            &older.parts(),
            &newer.parts(),
        )
    };
    let [two, one, none] = &shown;
    make(two, one, LOGGER).unwrap();
    make(two, none, LOGGER).unwrap();
    make(one, none, LOGGER).unwrap();
    assert!(matches!(
        make(one, two, LOGGER),
        Err(NotProved::Order { .. })
    ));
    assert!(matches!(
        make(two, two, LOGGER),
        Err(NotProved::Order { .. })
    ));
    assert!(matches!(
        make(two, one, "acme:absent"),
        Err(NotProved::Grew { .. })
    ));
    // Pages of another package, or none.
    let (mut older, newer) = (Map::of(two, LOGGER), Map::of(one, LOGGER));
    older.pages.clear();
    let error = Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    );
    assert!(
        matches!(
            error,
            Err(NotProved::Pages {
                source: Some(_),
                ..
            })
        ),
        "{error:?}"
    );
    // A map entry that is not the last.
    let mut other = (*two).clone();
    other.entry = one.entry.clone();
    let (older, newer) = (
        Map {
            shown: &other,
            ..Map::of(two, LOGGER)
        },
        Map::of(one, LOGGER),
    );
    let error = Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    );
    assert!(
        matches!(error, Err(NotProved::MapNotIncluded { .. })),
        "{error:?}"
    );
}

#[test]
fn growing_honestly_is_not_shrinking() {
    let mut world = World::with_logger();
    let mut before = world.publish();
    for minor in 1..6 {
        world.now = at(minor);
        world.write(LOGGER, "alice", vec![release(&format!("1.{minor}.0"))]);
        let after = world.publish();
        let (older, newer) = (Map::of(&before, LOGGER), Map::of(&after, LOGGER));
        let error = Misbehavior::shrunk(
            &world.policy,
            &world.operator_bytes(),
            &subject(LOGGER),
            &older.parts(),
            &newer.parts(),
        );
        assert!(matches!(error, Err(NotProved::Grew { .. })), "{error:?}");
        for index in (0..after.size().get() - 1).filter(|index| {
            !after.world.entries[usize::try_from(*index).unwrap()].starts_with(b"warg-map")
        }) {
            let entry = Entry::of(&after, index);
            let operator = index == 0;
            let map = if operator {
                Map::of_operator(&after)
            } else {
                Map::of(&after, LOGGER)
            };
            let error = Misbehavior::omitted(
                &world.policy,
                &world.operator_bytes(),
                &map.parts(),
                &entry.parts(),
            );
            assert!(
                matches!(error, Err(NotProved::NotOmitted { .. })),
                "entry {index}: {error:?}"
            );
        }
        before = after;
    }
}

#[test]
fn a_hidden_operator_record_convicts() {
    let mut world = World::with_logger();
    world.operate(OPERATE, vec![operator::Action::Refresh(1)]);
    let honest = world.publish();
    // A later map that knows one operator record only.
    let lying = world.publish_as(|_, entry| {
        entry.operator_length = Length::new(1);
        entry.operator_index = Index::ZERO;
    });
    let records = world.operator_bytes();
    let (older, newer) = (Map::of_operator(&honest), Map::of_operator(&lying));
    Misbehavior::shrunk(
        &world.policy,
        &records,
        &Subject::Operator,
        &older.parts(),
        &newer.parts(),
    )
    .unwrap();
    let evidence = Misbehavior::omitted(
        &world.policy,
        &records,
        &newer.parts(),
        &Entry::of(&honest, 2).parts(),
    )
    .unwrap();
    let file = evidence.to_string();
    assert_eq!(
        Unverified::<Misbehavior>::parse(file.as_bytes())
            .unwrap()
            .open(&world.policy)
            .unwrap(),
        evidence
    );
    // No page speaks of the operator.
    let newer = Map::of(&lying, LOGGER);
    let error = Misbehavior::omitted(
        &world.policy,
        &records,
        &newer.parts(),
        &Entry::of(&honest, 2).parts(),
    );
    assert!(
        matches!(error, Err(NotProved::Pages { source: None, .. })),
        "{error:?}"
    );
}

#[test]
fn a_map_answers_only_for_what_stands_before_it() {
    let mut world = World::with_logger();
    let early = world.publish();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let late = world.publish();
    let map = Map::of(&early, LOGGER);
    let error = Misbehavior::omitted(
        &world.policy,
        &world.operator_bytes(),
        &map.parts(),
        &Entry::of(&late, 3).parts(),
    );
    assert!(
        matches!(error, Err(NotProved::NotOmitted { .. })),
        "{error:?}"
    );
    // The same holds for what another history has at the map's own index.
    let mut fork = World::with_logger();
    fork.write(LOGGER, "alice", vec![release("6.6.6")]);
    let fork = fork.publish();
    assert_eq!(map.parts().index, Index::new(2));
    let error = Misbehavior::omitted(
        &world.policy,
        &world.operator_bytes(),
        &map.parts(),
        &Entry::of(&fork, 2).parts(),
    );
    assert!(
        matches!(error, Err(NotProved::NotOmitted { .. })),
        "{error:?}"
    );
    // A package that was absent then, too.
    world.write("acme:clock", "alice", vec![init(world.under(0))]);
    let later = world.publish();
    let map = Map::of(&late, "acme:clock");
    let error = Misbehavior::omitted(
        &world.policy,
        &world.operator_bytes(),
        &map.parts(),
        &Entry::of(&later, 5).parts(),
    );
    assert!(
        matches!(error, Err(NotProved::NotOmitted { .. })),
        "{error:?}"
    );
}

/// Evidence can be against any map in a signed log, not only the last one.
#[test]
fn a_map_that_hid_a_record_convicts_under_a_later_checkpoint_too() {
    let mut world = World::with_logger();
    world.publish();
    let hiding = world.publish_as(|slots, _| slots.clear());
    let later = world.publish();
    let index = hiding.size().last().unwrap();
    let proof = later.inclusion(index);
    let map = CommittedMap {
        checkpoint: &later.note,
        entry: &hiding.entry,
        index,
        proof: &proof,
        pages: &hiding.page_path(LOGGER),
    };
    let (policy, records) = (&world.policy, world.operator_bytes());
    let record = Entry::of(&later, 1);
    Misbehavior::omitted(policy, &records, &map, &record.parts()).unwrap();
    let later = Map::of(&later, LOGGER);
    Misbehavior::shrunk(policy, &records, &subject(LOGGER), &map, &later.parts()).unwrap_err();
    let first = Map::of(&hiding, LOGGER);
    Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &first.parts(),
        &later.parts(),
    )
    .unwrap_err();
}

#[test]
fn a_package_that_the_map_lacks_wholly_is_omitted() {
    let [_, _, none] = shrinking();
    let map = Map::of(&none, LOGGER);
    for index in [1, 2] {
        let entry = Entry::of(&none, index);
        Misbehavior::omitted(
            &none.world.policy,
            &none.world.operator_bytes(),
            &map.parts(),
            &entry.parts(),
        )
        .unwrap();
    }
}

#[test]
fn evidence_about_an_empty_log_or_of_two_registries_is_none() {
    let [two, one, _] = shrinking();
    let (policy, records) = (&two.world.policy, two.world.operator_bytes());
    let note = |origin: &str, size: u64, root: Hash| {
        let checkpoint = Checkpoint {
            origin: origin.parse().unwrap(),
            size: Size::new(size),
            root,
        };
        checkpoint.sign(&key(CHECKPOINT)).to_string().into_bytes()
    };
    let mut empty = two.clone();
    empty.note = note(ORIGIN, 0, Hash::of_empty());
    let (older, newer) = (
        Map {
            shown: &empty,
            ..Map::of(&two, LOGGER)
        },
        Map::of(&one, LOGGER),
    );
    let error = Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    );
    assert!(
        matches!(error, Err(NotProved::MapNotIncluded { .. })),
        "{error:?}"
    );
    let mut foreign = two.clone();
    foreign.note = note(
        "other.example",
        two.size().get(),
        root_at(&two, two.leaves.len()),
    );
    let older = Map {
        shown: &foreign,
        ..Map::of(&two, LOGGER)
    };
    let error = Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    );
    assert!(matches!(error, Err(NotProved::Origin { .. })), "{error:?}");
    for (what, bytes) in [
        ("note", b"junk".to_vec()),
        (
            "checkpoint",
            Note::sign("x\n".into(), &key(CHECKPOINT))
                .to_string()
                .into_bytes(),
        ),
    ] {
        let error = Misbehavior::fork(
            policy,
            &records,
            &bytes,
            &two.note,
            &Hash::ZERO,
            &ConsistencyProof::new(Vec::new()).unwrap(),
        );
        assert!(
            matches!(error, Err(NotProved::Checkpoint(_))),
            "{what}: {error:?}"
        );
    }
    let mut other = two.clone();
    other.entry = b"junk".to_vec();
    let older = Map {
        shown: &other,
        ..Map::of(&two, LOGGER)
    };
    let error = Misbehavior::shrunk(
        policy,
        &records,
        &subject(LOGGER),
        &older.parts(),
        &newer.parts(),
    );
    assert!(matches!(error, Err(NotProved::MapEntry(_))), "{error:?}");
}

fn parse(text: &str) -> Result<(), FormatError> {
    Unverified::<Misbehavior>::parse(text.as_bytes()).map(|_| ())
}

#[test]
fn the_file_has_one_spelling() {
    let good = omitted().to_string();
    parse(&good).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    // Any line left out, doubled, or swapped with the next one is refused, but for operator records, which `open` replays.
    for position in 0..lines.len() {
        let without = [&lines[..position], &lines[position + 1..]]
            .concat()
            .join("\n")
            + "\n";
        let doubled = [&lines[..=position], &lines[position..]]
            .concat()
            .join("\n")
            + "\n";
        let operator = lines[position].starts_with("operator ");
        assert_eq!(parse(&without).is_ok(), operator, "without line {position}");
        assert_eq!(parse(&doubled).is_ok(), operator, "line {position} doubled");
        if operator {
            let policy = Policy::without_witnesses(vkey(OPERATE)).unwrap();
            let opened = |text: &str| {
                Unverified::<Misbehavior>::parse(text.as_bytes())
                    .unwrap()
                    .open(&policy)
                    .is_ok()
            };
            assert!(
                !opened(&without) && !opened(&doubled),
                "operator line {position}"
            );
        }
    }
    let label = |text: &str| matches!(parse(text), Err(FormatError::Label { .. }));
    let value = |text: &str| matches!(parse(text), Err(FormatError::Value { .. }));
    assert!(label(&good.replace("entry ", "entry\t")));
    assert!(label(&good.replace("index ", "Index ")));
    assert!(value(&good.replace("index 2", "index 02")));
    assert!(value(&good.replace("entry ", "entry  ")));
    assert!(value(&good.replace("\nrecord ", "\nrecord =")));
    assert!(value(
        &shrunk()
            .to_string()
            .replace("subject acme:logger", "subject Acme:logger")
    ));
    assert!(value(&fork().to_string().replace("\nroot ", "\nroot A")));
    assert_eq!(parse(good.trim_end()), Err(FormatError::EndOfLine));
    assert_eq!(parse(""), Err(FormatError::EndOfLine));
    assert_eq!(parse("\n"), Err(FormatError::FirstLine));
    assert_eq!(parse(&good.replace("/v1", "/v2")), Err(FormatError::Newer));
    assert_eq!(
        parse(&good.replace("omitted\n", "something\n")),
        Err(FormatError::Newer)
    );
    assert!(matches!(
        parse(&format!("{good}\n")),
        Err(FormatError::Trailing { .. })
    ));
    assert!(matches!(
        parse(&format!("{good}more x\n")),
        Err(FormatError::Trailing { .. })
    ));
    assert_eq!(
        Unverified::<Misbehavior>::parse(b"\xff\n").map(|_| ()),
        Err(FormatError::Text)
    );
    let long = "x".repeat(MAX_EVIDENCE);
    assert_eq!(parse(&long), Err(FormatError::EndOfLine), "not too long");
    assert_eq!(parse(&(long + "\n")), Err(FormatError::TooLong));
    let page = format!("page {}\n", base64(b"x")).repeat(33);
    assert!(matches!(
        parse(&good.replacen("page ", &(page + "page "), 1)),
        Err(FormatError::TooMany { label: "page", .. })
    ));
    let proof = format!("proof {}\n", base64(&[0; 32])).repeat(65);
    assert!(matches!(
        parse(&good.replacen("proof ", &(proof + "proof "), 1)),
        Err(FormatError::TooMany { label: "proof", .. })
    ));
    // It reads, and proves nothing.
    let zero = format!("root {}\n", base64(&[0; 32]));
    let other: String = fork()
        .to_string()
        .lines()
        .map(|line| {
            if line.starts_with("root ") {
                zero.clone()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    assert!(matches!(
        parse(&other),
        Err(FormatError::NotProved(NotProved::Extension(_)))
    ));
}

/// No character of a file can be changed.
#[test]
fn no_character_of_evidence_can_be_changed() {
    let policy = Policy::without_witnesses(vkey(OPERATE)).unwrap();
    for (sort, evidence) in every_sort() {
        let file = evidence.to_string().into_bytes();
        for position in 0..file.len() {
            let mut flipped = file.clone();
            flipped[position] ^= 0x01;
            let opened = Unverified::<Misbehavior>::parse(&flipped)
                .ok()
                .and_then(|read| read.open(&policy).ok());
            assert_eq!(opened, None, "{sort}: byte {position}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_evidence_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Unverified::<Misbehavior>::parse(&bytes);
        let mut begun = b"warg-misbehavior/v1\nfork\n".to_vec();
        begun.extend(&bytes);
        let _ = Unverified::<Misbehavior>::parse(&begun);
    }

    #[test]
    fn any_lines_are_evidence_or_an_error(
        sort in "fork|two-records|repeated|shrunk|omitted",
        lines in prop::collection::vec("(operator|checkpoint|root|proof|record|index|entry|page|subject) [A-Za-z0-9+/]{0,8}={0,2}", 0..20)
    ) {
        let text = format!("warg-misbehavior/v1\n{sort}\n{}\n", lines.join("\n"));
        prop_assert!(parse(&text).is_err());
    }
}
