//! The operator log: what the operate keys may do, and what the registry says of itself in the end.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::collections::BTreeSet;

use story::{
    CHECKPOINT, OPERATE, ORIGIN, World, at, grant_role, key, name, namespace, operator_fault,
    operator_fault_of, resigned, revoke_role, same_id, vkey, witness,
};
use transparency::KeyringError;
use transparency::digest::{Digest, Hash};
use transparency::key::{Algorithm, KeyError, SigningKey, VerifyingKey};
use transparency::note::NoteError;
use transparency::number::{Index, Length, Position};
use transparency::operator::{Action, Fault, Log, Role};
use transparency::record::{ChainError, RecordError};

const SECOND: &str = "registry.example#second";

fn every_action() -> Vec<Action> {
    vec![
        grant_role(SECOND, &[Role::Operate, Role::Checkpoint]),
        revoke_role(SECOND, &[Role::Operate]),
        namespace("acme", &["alice", "bob"]),
        namespace("closed", &[]),
        Action::Witness(
            witness("w.example").verifying_key().clone(),
            "https://w.example/ two".into(),
        ),
        Action::Withdraw(Digest::of(b"bad"), "harmful: é".into()),
        Action::Refresh(3600),
        Action::Ignored("?later word".into()),
    ]
}

#[test]
fn a_record_of_which_one_action_is_refused_changes_nothing_at_all() {
    let mut world = World::new();
    world.now = at(5);
    for again in [false, true] {
        let mut actions = every_action();
        actions.push(Action::Clock(at(4)));
        actions.push(Action::Init);
        let found = operator_fault(&world, OPERATE, actions);
        assert!(matches!(found, Some(Fault::Init)), "{found:?}, {again}");
        world.operate(OPERATE, every_action());
    }
}

#[test]
fn a_registry_says_what_it_is() {
    let mut world = World::new();
    world.now = at(5);
    world.operate(OPERATE, every_action());
    let log = world.operator_log();
    assert_eq!(log.origin().as_str(), ORIGIN);
    assert_eq!(log.anchor(), &vkey(OPERATE));
    assert_eq!((log.length(), log.time()), (Length::new(2), Some(at(5))));
    assert_eq!(log.hash_at(Position::new(1)), Some(log.head()));
    assert_eq!(log.hash_at(Position::new(2)), None);
    let keys = |keys: Vec<&transparency::key::Verifier>| -> BTreeSet<VerifyingKey> {
        keys.into_iter()
            .map(|verifier| verifier.key().clone())
            .collect()
    };
    let expected = BTreeSet::from([vkey(CHECKPOINT), vkey(SECOND)]);
    assert_eq!(keys(log.checkpoint_keys().collect()), expected);
    assert_eq!(
        keys(log.operate_keys().collect()),
        BTreeSet::from([vkey(OPERATE)])
    );
    let acme = log.grants(&name("acme:x").namespace());
    assert_eq!(acme.len(), 2);
    assert_eq!(
        (acme[1].position(), acme[1].index()),
        (Position::new(1), Index::new(1))
    );
    assert_eq!(acme[1].record(), log.head());
    assert_eq!(
        acme[1].keys(),
        &BTreeSet::from([vkey("alice"), vkey("bob")])
    );
    assert_eq!(log.grants(&name("closed:x").namespace())[0].keys().len(), 0);
    assert_eq!(log.grants(&name("none:x").namespace()), []);
    assert_eq!(log.namespaces().count(), 2);
    assert_eq!(
        log.witnesses().map(|(_, url)| url).collect::<Vec<_>>(),
        ["https://w.example/ two"]
    );
    assert_eq!(log.withdrawn(&Digest::of(b"bad")), Some("harmful: é"));
    assert_eq!(log.withdrawn(&Digest::of(b"good")), None);
    assert_eq!(log.refresh(), Some(3600));
}

/// Operate keys sign records, checkpoint keys do not; and the two roles do not imply each other.
#[test]
fn who_may_do_what() {
    let mut base = World::new();
    base.operate(OPERATE, vec![grant_role(SECOND, &[Role::Operate])]);
    for (roles, may) in [
        (vec![Role::Operate], true),
        (vec![Role::Checkpoint], false),
        (vec![Role::Operate, Role::Checkpoint], true),
    ] {
        let mut world = base.clone();
        let third = "registry.example#third";
        world.operate(OPERATE, vec![grant_role(third, &roles)]);
        for action in every_action() {
            let found = operator_fault(&world, third, vec![action.clone()]);
            if may {
                assert_eq!(found, None, "{roles:?} may {action:?}");
            } else {
                let denied = matches!(
                    found,
                    Some(Fault::Keyring(KeyringError::NotPermitted {
                        permission: "operate",
                        ..
                    }))
                );
                assert!(denied, "{roles:?} may not {action:?}: {found:?}");
            }
        }
        assert_eq!(
            world
                .operator_log()
                .checkpoint_keys()
                .any(|verifier| *verifier.key() == vkey(third)),
            roles.contains(&Role::Checkpoint)
        );
    }
    for action in every_action() {
        let found = operator_fault(&base, "alice", vec![action.clone()]);
        let denied = matches!(
            found,
            Some(Fault::Keyring(KeyringError::NotPermitted { .. }))
        );
        assert!(denied, "a namespace's holder, {action:?}: {found:?}");
    }
}

#[test]
fn the_anchor_begins_and_can_hand_over() {
    let bare = World::bare();
    let begin = vec![Action::Init, grant_role(CHECKPOINT, &[Role::Checkpoint])];
    assert_eq!(operator_fault(&bare, OPERATE, begin.clone()), None);
    let found = operator_fault(&bare, SECOND, begin.clone());
    assert!(matches!(found, Some(Fault::NotAnchor { .. })), "{found:?}");

    let mut world = World::new();
    let found = operator_fault(
        &world,
        OPERATE,
        vec![revoke_role(OPERATE, &[Role::Operate])],
    );
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::Last { .. }))),
        "{found:?}"
    );
    let hand_over = vec![
        grant_role(SECOND, &[Role::Operate]),
        revoke_role(OPERATE, &[Role::Operate]),
    ];
    // Having handed over, it may do nothing more, not even in the same record.
    let more = [hand_over.clone(), vec![Action::Refresh(1)]].concat();
    let found = operator_fault(&world, OPERATE, more);
    assert!(
        matches!(
            found,
            Some(Fault::Keyring(KeyringError::NotPermitted { .. }))
        ),
        "{found:?}"
    );
    world.operate(OPERATE, hand_over);
    let found = operator_fault(&world, OPERATE, vec![Action::Refresh(1)]);
    assert!(
        matches!(
            found,
            Some(Fault::Keyring(KeyringError::NotPermitted { .. }))
        ),
        "{found:?}"
    );
    assert_eq!(
        operator_fault(&world, SECOND, vec![Action::Refresh(1)]),
        None
    );
    let found = operator_fault(&world, SECOND, vec![revoke_role(OPERATE, &[Role::Operate])]);
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::NotHeld { .. }))),
        "{found:?}"
    );
}

#[test]
fn init_comes_first_and_once() {
    let (bare, world) = (World::bare(), World::new());
    for actions in [
        vec![Action::Refresh(1)],
        vec![Action::Refresh(1), Action::Init],
        vec![Action::Init, Action::Init],
    ] {
        assert_eq!(operator_fault(&bare, OPERATE, actions), Some(Fault::Init));
    }
    assert_eq!(
        operator_fault(&world, OPERATE, vec![Action::Init]),
        Some(Fault::Init)
    );
}

#[test]
fn keys_that_cannot_be_granted() {
    let world = World::new();
    let found = operator_fault(
        &world,
        OPERATE,
        vec![grant_role("alice", &[Role::Checkpoint])],
    );
    assert!(
        matches!(found, Some(Fault::CheckpointName { .. })),
        "{found:?}"
    );
    assert_eq!(
        operator_fault(&world, OPERATE, vec![grant_role("alice", &[Role::Operate])]),
        None
    );
    let witness = SigningKey::from_seed(ORIGIN, Algorithm::CosignatureV1, [9; 32]).unwrap();
    let witness = witness.verifying_key().clone();
    for action in [
        Action::Grant(witness.clone(), [Role::Checkpoint].into()),
        Action::Namespace("acme".parse().unwrap(), [witness].into()),
    ] {
        let found = operator_fault(&world, OPERATE, vec![action]);
        assert!(
            matches!(found, Some(Fault::Keyring(KeyringError::Type { .. }))),
            "{found:?}"
        );
    }
    let (one, other) = same_id(ORIGIN);
    let grants = [one, other].map(|key| Action::Grant(key, [Role::Checkpoint].into()));
    let found = operator_fault(&world, OPERATE, grants.to_vec());
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::SameId { .. }))),
        "{found:?}"
    );
}

#[test]
fn an_anchor_that_is_no_key_begins_nothing() {
    // About half of all 32 bytes are no point: take the first of these that is none.
    let none = (0u8..=255)
        .map(|number| {
            let mut tail = vec![1, number];
            tail.extend([0x5a; 31]);
            let id = Digest::of(&[b"x\n".as_slice(), &tail].concat());
            let vkey = format!("x+{}+{}", &id.hex()[..8], story::base64(&tail));
            vkey.parse::<VerifyingKey>().unwrap()
        })
        .find(|key| key.verifier().is_err())
        .unwrap();
    let world = World::bare();
    let good = world
        .operator_draft(OPERATE, vec![Action::Init])
        .sign(&key(OPERATE))
        .unwrap();
    let text = String::from_utf8(good)
        .unwrap()
        .replace(&vkey(OPERATE).to_string(), &none.to_string());
    let id = u32::from_str_radix(&none.id().to_string(), 16)
        .unwrap()
        .to_be_bytes();
    let (text, _) = text.rsplit_once("\n\n").unwrap();
    let bytes = format!(
        "{text}\n\n— x {}\n",
        story::base64(&[&id[..], &[0; 64]].concat())
    );
    let records = [(Index::ZERO, bytes.as_bytes())];
    let error = Log::replay(ORIGIN.parse().unwrap(), none, records).unwrap_err();
    assert!(
        matches!(error.fault, Fault::Key(KeyError::Point { .. })),
        "{error:?}"
    );
}

#[test]
fn nothing_can_be_replayed_elsewhere() {
    let world = World::new();
    let draft = world.operator_draft(OPERATE, vec![Action::Refresh(1)]);
    let sign = |draft: &transparency::record::Record<Action>| draft.sign(&key(OPERATE)).unwrap();
    let chain = |bytes: &[u8]| match operator_fault_of(&world, bytes) {
        Some(Fault::Chain(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut other = draft.clone();
    other.origin = "other.example".parse().unwrap();
    assert!(matches!(chain(&sign(&other)), ChainError::Origin { .. }));
    let mut other = draft.clone();
    other.position = Position::new(2);
    assert!(matches!(chain(&sign(&other)), ChainError::Position { .. }));
    let mut other = draft.clone();
    other.previous = Hash::of_leaf(b"another");
    assert!(matches!(chain(&sign(&other)), ChainError::Previous { .. }));
    let mut earlier = world.clone();
    earlier.now = transparency::number::Time::from_unix(0).unwrap();
    let found = operator_fault(&earlier, OPERATE, vec![Action::Refresh(1)]);
    assert!(
        matches!(found, Some(Fault::Chain(ChainError::Time { .. }))),
        "{found:?}"
    );
    // A package's record, and one that was changed after it was signed.
    let package = world
        .draft("acme:x", "alice", vec![story::release("1.0.0")])
        .sign(&key("alice"))
        .unwrap();
    let found = operator_fault_of(&world, &package);
    assert!(
        matches!(
            found,
            Some(Fault::Record(RecordError::Line { line: 3, .. }))
        ),
        "{found:?}"
    );
    let text = String::from_utf8(sign(&draft))
        .unwrap()
        .replace("refresh 1", "refresh 2");
    let found = operator_fault_of(&world, text.as_bytes());
    assert!(
        matches!(
            found,
            Some(Fault::Signature(NoteError::Key(KeyError::Signature { .. })))
        ),
        "{found:?}"
    );
    // Record 0 is checked like all others.
    let first = World::bare()
        .operator_draft(OPERATE, vec![Action::Init])
        .sign(&key(OPERATE))
        .unwrap();
    let text = String::from_utf8(first)
        .unwrap()
        .replace("init\n", "init\nrefresh 1\n");
    let found = operator_fault_of(&World::bare(), text.as_bytes());
    assert!(matches!(found, Some(Fault::Signature(_))), "{found:?}");
}

#[test]
fn unknown_actions_refuse_the_log() {
    let world = World::new();
    let good = world
        .operator_draft(OPERATE, vec![Action::Refresh(1)])
        .sign(&key(OPERATE))
        .unwrap();
    let found = operator_fault_of(
        &world,
        &resigned(&good, "refresh 1", "move-to new.example", OPERATE),
    );
    assert!(found.unwrap().to_string().contains("newer cargo warg"));
    let bytes = resigned(
        &good,
        "refresh 1",
        "?move-to new.example\nrefresh 1",
        OPERATE,
    );
    assert_eq!(operator_fault_of(&world, &bytes), None);
}

#[test]
fn what_was_ever_a_checkpoint_key_is_remembered_for_evidence_only() {
    let mut world = World::new();
    world.operate(
        OPERATE,
        vec![
            grant_role(SECOND, &[Role::Checkpoint]),
            revoke_role(CHECKPOINT, &[Role::Checkpoint]),
        ],
    );
    let log = world.operator_log();
    let now: Vec<_> = log
        .checkpoint_keys()
        .map(|verifier| verifier.key().clone())
        .collect();
    assert_eq!(now, [vkey(SECOND)]);
    let ever: BTreeSet<_> = log
        .checkpoint_keys_ever()
        .map(|verifier| verifier.key().clone())
        .collect();
    assert_eq!(ever, BTreeSet::from([vkey(SECOND), vkey(CHECKPOINT)]));
}
