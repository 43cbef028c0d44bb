//! Package logs: who may write what, and what a log says in the end.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::collections::BTreeSet;

use semver::Version;
use story::{
    ORIGIN, World, at, base64, fault, fault_of, grant, init, key, name, namespace, recover,
    release, resigned, revoke, same_id, vkey,
};
use transparency::KeyringError;
use transparency::digest::{Digest, Hash};
use transparency::key::{KeyError, VerifyingKey};
use transparency::name::Kind;
use transparency::note::NoteError;
use transparency::number::{Index, Length, Position};
use transparency::operator;
use transparency::package::{
    Action, AuthorityError, ExtensionError, Fault, HeadError, Log, LogError, Permission, Presence,
    Proofs, Scope, Seen, Under, asks,
};
use transparency::record::{ChainError, Record, RecordError, Subject};
use transparency::release::Objection;
use transparency::requirement::Requirement;
use transparency::statement::Attachment;
use transparency::statement::Defect;
use transparency::statement::MAX_REQUIREMENTS;
use transparency::statement::Statement;
use transparency::version::parse_version;

const LOGGER: &str = "acme:logger";
const ALL: [Permission; 4] = [
    Permission::Own,
    Permission::Release,
    Permission::Yank,
    Permission::Annotate,
];

fn version(text: &str) -> Version {
    parse_version(text).unwrap()
}

fn yank(of: &str) -> Action {
    Action::Yank {
        version: version(of),
        reason: "it leaks".into(),
    }
}

fn unyank(of: &str) -> Action {
    Action::Unyank {
        version: version(of),
        reason: "it does not leak".into(),
    }
}

fn annotate(scope: Scope, value: &str) -> Action {
    Action::Annotate {
        scope,
        key: "note".into(),
        value: value.into(),
    }
}

#[test]
fn a_record_of_which_one_action_is_refused_changes_nothing_at_all() {
    let mut world = World::new();
    let first = init(world.under(0));
    let found = fault(&world, LOGGER, "alice", vec![first.clone(), yank("1.0.0")]);
    assert!(matches!(found, Some(Fault::NoVersion { .. })), "{found:?}");
    world.write(LOGGER, "alice", vec![first, release("1.0.0")]);
    let actions = vec![
        grant("bob", &[Permission::Release]),
        grant("alice", &[Permission::Yank]),
        revoke("bob", &[Permission::Release]),
        release("1.1.0"),
        yank("1.0.0"),
        yank("1.1.0"),
        annotate(Scope::Package, "one"),
        annotate(Scope::Package, "two"),
        release("1.0.0"),
    ];
    let found = fault(&world, LOGGER, "alice", actions);
    assert!(matches!(found, Some(Fault::Repeated { .. })), "{found:?}");
}

#[test]
fn a_package_lives_from_its_first_record_on() {
    let mut world = World::with_logger();
    world.now = at(1);
    world.write(
        LOGGER,
        "alice",
        vec![
            grant("bob", &[Permission::Release, Permission::Yank]),
            grant("carol", &[Permission::Annotate]),
        ],
    );
    world.write(
        LOGGER,
        "bob",
        vec![release("1.1.0+linux"), release("0.9.0"), yank("1.0.0")],
    );
    world.write(
        LOGGER,
        "carol",
        vec![
            annotate(Scope::Package, "maintained – by carol"),
            annotate(Scope::Version(version("1.1.0+linux")), "first"),
            annotate(Scope::Version(version("1.1.0+linux")), "second"),
            Action::Ignored("?later something".into()),
        ],
    );
    world.now = at(2);
    world.write(
        LOGGER,
        "alice",
        vec![
            revoke("bob", &[Permission::Release]),
            yank("0.9.0"),
            unyank("0.9.0"),
        ],
    );
    world.now = at(3);
    let shown = world.publish();
    let log = shown.log(LOGGER).unwrap();

    assert_eq!(log.name().as_str(), LOGGER);
    assert_eq!(log.origin().as_str(), ORIGIN);
    assert_eq!(log.kind(), Some(Kind::Component));
    assert_eq!(log.length(), Length::new(5));
    assert_eq!(log.head(), shown.head(LOGGER).hash());
    assert_eq!(log.time(), Some(at(2)));
    let releases: Vec<_> = log
        .releases()
        .map(|release| (release.version().to_string(), release.is_yanked()))
        .collect();
    let expected = [("0.9.0", false), ("1.0.0", true), ("1.1.0+linux", false)];
    assert_eq!(
        releases,
        expected.map(|(version, yanked)| (version.to_string(), yanked))
    );
    let released = log.release(&version("1.1.0+linux")).unwrap();
    assert_eq!(released.position(), Position::new(2));
    assert_eq!(released.record(), log.hash_at(Position::new(2)).unwrap());
    assert_eq!((released.time(), released.signer()), (at(1), &vkey("bob")));
    assert_eq!(
        (released.digest(), released.size()),
        (&Digest::of(b"1.1.0+linux"), 7)
    );
    assert!(
        log.release(&version("1.1.0")).is_none(),
        "a version is named with its build metadata"
    );
    assert!(log.permits(&vkey("bob"), Permission::Yank));
    assert!(!log.permits(&vkey("bob"), Permission::Release));
    let annotations: Vec<_> = log
        .annotations()
        .map(|(scope, _, value)| (scope.to_string(), value))
        .collect();
    assert_eq!(
        annotations,
        [
            ("*".to_string(), "maintained – by carol"),
            ("1.1.0+linux".to_string(), "second")
        ]
    );
}

/// For each permission held and each action: exactly the holders that the design names may do it.
#[test]
fn who_may_do_what() {
    let mut base = World::with_logger();
    base.write(
        LOGGER,
        "alice",
        vec![
            grant("zoe", &[Permission::Annotate]),
            release("2.0.0"),
            yank("2.0.0"),
        ],
    );
    let actions: [(&str, Action, Permission); 7] = [
        (
            "grant",
            grant("new", &[Permission::Annotate]),
            Permission::Own,
        ),
        (
            "revoke",
            revoke("zoe", &[Permission::Annotate]),
            Permission::Own,
        ),
        ("release", release("1.1.0"), Permission::Release),
        ("yank", yank("1.0.0"), Permission::Yank),
        ("unyank", unyank("2.0.0"), Permission::Yank),
        (
            "annotate a version",
            annotate(Scope::Version(version("1.0.0")), "x"),
            Permission::Annotate,
        ),
        (
            "annotate all",
            annotate(Scope::Package, "x"),
            Permission::Annotate,
        ),
    ];
    for held in 1u8..16 {
        let held: Vec<_> = ALL
            .into_iter()
            .enumerate()
            .filter(|(position, _)| held >> position & 1 == 1)
            .map(|(_, permission)| permission)
            .collect();
        let mut world = base.clone();
        world.write(LOGGER, "alice", vec![grant("bob", &held)]);
        for (what, action, needed) in &actions {
            let found = fault(&world, LOGGER, "bob", vec![action.clone()]);
            let may = held.contains(needed) || held.contains(&Permission::Own);
            if may {
                assert_eq!(found, None, "{held:?} may {what}");
            } else {
                let Some(Fault::Keyring(KeyringError::NotPermitted { permission, .. })) = found
                else {
                    panic!("{held:?} may not {what}: {found:?}");
                };
                assert_eq!(permission, needed.to_string(), "{held:?}, {what}");
            }
        }
        // A permission that is revoked is gone entirely.
        world.write(LOGGER, "alice", vec![revoke("bob", &held)]);
        for (what, action, _) in &actions {
            let found = fault(&world, LOGGER, "bob", vec![action.clone()]);
            assert!(
                matches!(found, Some(Fault::NoKey { .. })),
                "{what} after revocation: {found:?}"
            );
        }
    }
    for (what, action, _) in actions {
        let found = fault(&base, LOGGER, "mallory", vec![action]);
        assert!(
            matches!(found, Some(Fault::NoKey { .. })),
            "a stranger: {what}: {found:?}"
        );
    }
}

#[test]
fn the_last_owner_cannot_go_but_one_of_two_can() {
    let mut world = World::with_logger();
    let last = fault(
        &world,
        LOGGER,
        "alice",
        vec![revoke("alice", &[Permission::Own])],
    );
    assert!(
        matches!(last, Some(Fault::Keyring(KeyringError::Last { .. }))),
        "{last:?}"
    );
    let hand_over = vec![
        grant("bob", &[Permission::Own]),
        revoke("alice", &[Permission::Own]),
    ];
    assert_eq!(fault(&world, LOGGER, "alice", hand_over.clone()), None);
    // After its own revocation the key may not do what the rest of the same record says.
    let too_much = [hand_over.clone(), vec![release("1.1.0")]].concat();
    let found = fault(&world, LOGGER, "alice", too_much);
    assert!(
        matches!(
            found,
            Some(Fault::Keyring(KeyringError::NotPermitted { .. }))
        ),
        "{found:?}"
    );
    world.write(LOGGER, "alice", hand_over);
    let log = world.publish().log(LOGGER).unwrap();
    assert!(log.permits(&vkey("bob"), Permission::Own));
    assert!(!log.permits(&vkey("alice"), Permission::Annotate));
    assert_eq!(log.keys().count(), 1);
}

#[test]
fn what_is_not_held_cannot_be_revoked() {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![grant("bob", &[Permission::Own])]);
    for (from, what) in [("bob", Permission::Release), ("stranger", Permission::Own)] {
        let found = fault(&world, LOGGER, "alice", vec![revoke(from, &[what])]);
        assert!(
            matches!(found, Some(Fault::Keyring(KeyringError::NotHeld { .. }))),
            "{from}: {found:?}"
        );
    }
}

#[test]
fn keys_that_cannot_be_granted() {
    let world = World::with_logger();
    let granting = |key: VerifyingKey| Action::Grant {
        key,
        permissions: [Permission::Release].into(),
        under: None,
    };
    let witness = story::witness("w").verifying_key().clone();
    let found = fault(&world, LOGGER, "alice", vec![granting(witness)]);
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::Type { .. }))),
        "{found:?}"
    );

    let found = fault(&world, LOGGER, "alice", vec![granting(no_point())]);
    assert!(
        matches!(
            found,
            Some(Fault::Keyring(KeyringError::Key(KeyError::Point { .. })))
        ),
        "{found:?}"
    );

    let (one, other) = same_id("twin");
    assert_eq!((one.name(), one.id()), (other.name(), other.id()));
    assert_ne!(one, other);
    let both = vec![granting(one.clone()), granting(other.clone())];
    let found = fault(&world, LOGGER, "alice", both);
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::SameId { .. }))),
        "{found:?}"
    );
    // Nor after the first one is gone: what it signed is still in the log.
    let gone = Action::Revoke {
        key: one.clone(),
        permissions: [Permission::Release].into(),
    };
    let found = fault(
        &world,
        LOGGER,
        "alice",
        vec![granting(one), gone, granting(other)],
    );
    assert!(
        matches!(found, Some(Fault::Keyring(KeyringError::SameId { .. }))),
        "{found:?}"
    );
}

/// A vkey whose 32 bytes are the neutral element: of small order, so anything could be signed under it.
fn no_point() -> VerifyingKey {
    let mut tail = vec![1u8];
    tail.push(1);
    tail.extend([0; 31]);
    let id = Digest::of(&[b"weak\n".as_slice(), &tail].concat());
    let id = &id.hex()[..8];
    format!("weak+{id}+{}", base64(&tail)).parse().unwrap()
}

#[test]
fn a_record_is_all_or_none() {
    let world = World::with_logger();
    let found = fault(
        &world,
        LOGGER,
        "alice",
        vec![release("1.1.0"), release("1.0.0")],
    );
    let Some(Fault::Repeated {
        version: repeated,
        existing,
    }) = found
    else {
        panic!("{found:?}");
    };
    assert_eq!((repeated, existing), (version("1.0.0"), version("1.0.0")));
    // `fault` saw that the head did not move; neither did anything else.
    let operator = world.operator_log();
    let mut log = Log::danger_before_first_record(ORIGIN.parse().unwrap(), name(LOGGER));
    log.admit(&operator, &world.packages[&name(LOGGER)][0].1)
        .unwrap();
    let bad = world
        .draft(
            LOGGER,
            "alice",
            vec![
                release("1.1.0"),
                grant("bob", &[Permission::Own]),
                release("1.0.0"),
            ],
        )
        .sign(&key("alice"))
        .unwrap();
    log.admit(&operator, &bad).unwrap_err();
    assert_eq!(log.releases().count(), 1);
    assert!(!log.permits(&vkey("bob"), Permission::Annotate));
}

#[test]
fn a_version_is_released_once_whatever_its_build_metadata() {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![release("2.0.0+linux")]);
    for again in ["1.0.0", "1.0.0+other", "2.0.0", "2.0.0+linux", "2.0.0+mac"] {
        let found = fault(&world, LOGGER, "alice", vec![release(again)]);
        assert!(
            matches!(found, Some(Fault::Repeated { .. })),
            "{again}: {found:?}"
        );
    }
    for other in ["2.0.1+linux", "2.0.0-rc.1", "1.0.1"] {
        assert_eq!(
            fault(&world, LOGGER, "alice", vec![release(other)]),
            None,
            "{other}"
        );
    }
    // Not in one record either, and a yank frees no version.
    let found = fault(
        &world,
        LOGGER,
        "alice",
        vec![release("3.0.0"), yank("3.0.0"), release("3.0.0+b")],
    );
    assert!(matches!(found, Some(Fault::Repeated { .. })), "{found:?}");
}

#[test]
fn only_what_is_released_can_be_yanked_or_annotated() {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![release("2.0.0+linux")]);
    for action in [
        yank("9.0.0"),
        unyank("9.0.0"),
        yank("2.0.0"),
        yank("1.0.0+x"),
        annotate(Scope::Version(version("9.0.0")), "x"),
        annotate(Scope::Version(version("2.0.0")), "x"),
    ] {
        let found = fault(&world, LOGGER, "alice", vec![action.clone()]);
        assert!(
            matches!(found, Some(Fault::NoVersion { .. })),
            "{action:?}: {found:?}"
        );
    }
    let found = fault(&world, LOGGER, "alice", vec![unyank("1.0.0")]);
    assert!(
        matches!(found, Some(Fault::Yanked { yanked: false, .. })),
        "{found:?}"
    );
    let found = fault(&world, LOGGER, "alice", vec![yank("1.0.0"), yank("1.0.0")]);
    assert!(
        matches!(found, Some(Fault::Yanked { yanked: true, .. })),
        "{found:?}"
    );
}

#[test]
fn init_comes_first_and_once() {
    let world = World::with_logger();
    let under = world.under(0);
    let init_again = init(under);
    for actions in [
        vec![init_again.clone()],
        vec![release("2.0.0"), init_again.clone()],
    ] {
        assert_eq!(fault(&world, LOGGER, "alice", actions), Some(Fault::Init));
    }
    let fresh = World::new();
    for actions in [
        vec![init_again.clone(), init_again.clone()],
        vec![Action::Ignored("?x".into()), init_again.clone()],
        vec![recover("alice", under), init_again],
        vec![recover("alice", under)],
    ] {
        assert_eq!(fault(&fresh, LOGGER, "alice", actions), Some(Fault::Init));
    }
    let found = fault(&fresh, LOGGER, "alice", vec![release("1.0.0")]);
    assert!(matches!(found, Some(Fault::NoKey { .. })), "{found:?}");
}

#[test]
fn nothing_can_be_replayed_elsewhere() {
    let mut world = World::with_logger();
    world.write(
        "acme:clock",
        "alice",
        vec![init(world.under(0)), release("1.0.0")],
    );
    let chain = |found: Option<Fault>| match found {
        Some(Fault::Chain(error)) => error,
        other => panic!("{other:?}"),
    };
    let draft = world.draft(LOGGER, "alice", vec![release("1.1.0")]);
    let sign = |draft: &Record<Action>| draft.sign(&key("alice")).unwrap();

    let mut elsewhere = draft.clone();
    elsewhere.origin = "other.example".parse().unwrap();
    let error = chain(fault_of(&world, LOGGER, &sign(&elsewhere)));
    assert!(matches!(error, ChainError::Origin { .. }), "{error}");

    let clock = world.draft("acme:clock", "alice", vec![release("1.1.0")]);
    let error = chain(fault_of(&world, LOGGER, &sign(&clock)));
    assert!(matches!(error, ChainError::Subject { .. }), "{error}");

    for position in [0, 2] {
        let mut other = draft.clone();
        other.position = Position::new(position);
        let error = chain(fault_of(&world, LOGGER, &sign(&other)));
        assert!(matches!(error, ChainError::Position { .. }), "{error}");
    }

    let mut other = draft.clone();
    other.previous = Hash::ZERO;
    let error = chain(fault_of(&world, LOGGER, &sign(&other)));
    assert!(matches!(error, ChainError::Previous { .. }), "{error}");

    // The operator's record is not a package's, though the key signed both.
    let operator = world
        .operator_draft("alice", vec![namespace("acme", &[])])
        .sign(&key("alice"))
        .unwrap();
    let found = fault_of(&world, LOGGER, &operator);
    assert!(
        matches!(
            found,
            Some(Fault::Record(RecordError::Line { line: 3, .. }))
        ),
        "{found:?}"
    );
}

#[test]
fn time_does_not_run_backwards() {
    let mut world = World::with_logger();
    world.now = at(10);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    assert_eq!(
        fault(&world, LOGGER, "alice", vec![release("1.2.0")]),
        None,
        "it may stand still"
    );
    world.now = at(9);
    let found = fault(&world, LOGGER, "alice", vec![release("1.2.0")]);
    assert!(
        matches!(found, Some(Fault::Chain(ChainError::Time { .. }))),
        "{found:?}"
    );
}

#[test]
fn one_good_signature_by_the_key_named() {
    let world = World::with_logger();
    let good = world
        .draft(LOGGER, "alice", vec![release("1.1.0")])
        .sign(&key("alice"))
        .unwrap();
    assert_eq!(fault_of(&world, LOGGER, &good), None);
    // Signed for 1.1.0, says 1.1.1.
    let text = String::from_utf8(good.clone()).unwrap();
    let found = fault_of(&world, LOGGER, text.replace("1.1.0", "1.1.1").as_bytes());
    assert!(
        matches!(
            found,
            Some(Fault::Signature(NoteError::Key(KeyError::Signature { .. })))
        ),
        "{found:?}"
    );
    // A stranger's signature under a stranger's name, below what alice is said to say.
    let found = fault_of(
        &world,
        LOGGER,
        &resigned(&good, "1.1.0", "1.1.0", "mallory"),
    );
    assert!(
        matches!(found, Some(Fault::Record(RecordError::Signer { .. }))),
        "{found:?}"
    );
    // Two signatures, both good.
    let line = text.lines().last().unwrap();
    let found = fault_of(&world, LOGGER, format!("{text}{line}\n").as_bytes());
    assert!(
        matches!(
            found,
            Some(Fault::Record(RecordError::Signatures { count: 2 }))
        ),
        "{found:?}"
    );
    // A key of the same name and id as alice's would still not be alice's: the vkey is in the text.
    let (one, other) = same_id("twin");
    assert_ne!(one.to_string(), other.to_string());
}

#[test]
fn a_signer_that_is_no_key_at_all() {
    let mut world = World::new();
    world.operate(
        story::OPERATE,
        vec![operator::Action::Namespace(
            "weak".parse().unwrap(),
            [no_point()].into(),
        )],
    );
    let mut draft = world.draft("weak:thing", "alice", vec![init(world.under(1))]);
    draft.signer = no_point();
    // Under the neutral element, (R = A, s = 0) is a signature over anything for those who do not look.
    let mut signature = u32::from_str_radix(&no_point().id().to_string(), 16)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    signature.push(1);
    signature.extend([0; 63]);
    let mut draft_text = draft.clone();
    draft_text.signer = vkey("alice");
    let text = String::from_utf8(draft_text.sign(&key("alice")).unwrap()).unwrap();
    let (text, _) = text.rsplit_once("\n\n").unwrap();
    let text = text.replace(&vkey("alice").to_string(), &no_point().to_string());
    let bytes = format!("{text}\n\n— weak {}\n", base64(&signature));
    let found = fault_of(&world, "weak:thing", bytes.as_bytes());
    assert!(
        matches!(found, Some(Fault::Key(KeyError::Point { .. }))),
        "{found:?}"
    );
}

#[test]
fn what_is_unknown_kills_the_log_unless_it_says_that_it_may_be_ignored() {
    let world = World::with_logger();
    let good = world
        .draft(LOGGER, "alice", vec![release("1.1.0")])
        .sign(&key("alice"))
        .unwrap();
    for (line, ignored) in [
        ("?frobnicate 1 2", true),
        ("? x", true),
        ("?", true),
        ("frobnicate 1 2", false),
        ("Release 1.1.0", false),
    ] {
        let bytes = resigned(
            &good,
            "release 1.1.0",
            &format!("{line}\nrelease 1.1.0"),
            "alice",
        );
        let found = fault_of(&world, LOGGER, &bytes);
        if ignored {
            assert_eq!(found, None, "{line}");
        } else {
            let found = found.expect(line);
            assert!(
                found.to_string().contains("written by a newer cargo warg"),
                "{line}: {found}"
            );
        }
    }
    let bytes = resigned(&good, "warg-record/v1", "warg-record/v2", "alice");
    let found = fault_of(&world, LOGGER, &bytes);
    assert!(
        matches!(found, Some(Fault::Record(RecordError::Newer { .. }))),
        "{found:?}"
    );
    // A `?` line changes nothing but the length and the head.
    let mut other = world.clone();
    other.write(LOGGER, "alice", vec![Action::Ignored("?nothing".into())]);
    let (before, after) = (
        world.clone().publish().log(LOGGER).unwrap(),
        other.publish().log(LOGGER).unwrap(),
    );
    assert_eq!(before.releases().count(), after.releases().count());
    assert!(before.keys().eq(after.keys()));
    assert_ne!(before.head(), after.head());
}

#[test]
fn a_namespace_holder_recovers_a_package_whose_owners_are_gone() {
    let mut world = World::with_logger();
    world.operate(story::OPERATE, vec![namespace("acme", &["dave", "erin"])]);
    let under = world.under(1);
    let recovery = vec![
        recover("dave", under),
        revoke("alice", &[Permission::Own]),
        release("1.1.0"),
    ];
    assert_eq!(fault(&world, LOGGER, "dave", recovery.clone()), None);
    world.write(LOGGER, "dave", recovery);
    let log = world.publish().log(LOGGER).unwrap();
    assert!(
        log.permits(&vkey("dave"), Permission::Own)
            && !log.permits(&vkey("alice"), Permission::Yank)
    );
    // A holder can hand it to someone else, without ever being a key of the log.
    assert_eq!(
        fault(&world, LOGGER, "erin", vec![recover("frank", under)]),
        None
    );
}

#[test]
fn recovery_gives_ownership_and_nothing_else() {
    let mut world = World::with_logger();
    world.operate(
        story::OPERATE,
        vec![namespace("acme", &["dave"]), namespace("other", &["oscar"])],
    );
    let (old, new) = (world.under(0), world.under(1));
    for permissions in [
        vec![Permission::Release],
        vec![Permission::Own, Permission::Release],
    ] {
        let action = Action::Grant {
            key: vkey("dave"),
            permissions: permissions.into_iter().collect(),
            under: Some(new),
        };
        assert_eq!(
            fault(&world, LOGGER, "dave", vec![action]),
            Some(Fault::Recovery)
        );
    }
    let authority = |found: Option<Fault>| match found {
        Some(Fault::Authority(error)) => error,
        other => panic!("{other:?}"),
    };
    // Not the holder.
    let error = authority(fault(
        &world,
        LOGGER,
        "mallory",
        vec![recover("mallory", new)],
    ));
    assert!(matches!(error, AuthorityError::NotHolder { .. }), "{error}");
    // Not even an owner, if it names a record that does not give it the namespace.
    let error = authority(fault(&world, LOGGER, "alice", vec![recover("bob", new)]));
    assert!(matches!(error, AuthorityError::NotHolder { .. }), "{error}");
    // The holder before, by the record that was replaced.
    let error = authority(fault(&world, LOGGER, "alice", vec![recover("alice", old)]));
    assert!(matches!(error, AuthorityError::Replaced { .. }), "{error}");
    // A record that gives another namespace, one that does not exist, and one with another hash.
    let error = authority(fault(&world, "else:where", "dave", vec![init(new)]));
    assert!(matches!(error, AuthorityError::NoGrant { .. }), "{error}");
    for under in [
        Under {
            position: Position::new(7),
            ..new
        },
        Under {
            record: Hash::ZERO,
            ..new
        },
        Under {
            position: Position::ZERO,
            ..new
        },
    ] {
        let error = authority(fault(&world, LOGGER, "dave", vec![recover("dave", under)]));
        assert!(matches!(error, AuthorityError::NoGrant { .. }), "{error}");
    }
    // A recovery permits no action that stands before it in the record.
    let found = fault(
        &world,
        LOGGER,
        "dave",
        vec![release("6.6.6"), recover("dave", new)],
    );
    assert!(
        matches!(
            found,
            Some(Fault::Keyring(KeyringError::NotPermitted { .. }))
        ),
        "{found:?}"
    );
}

#[test]
fn a_closed_namespace_takes_no_new_package() {
    let mut world = World::new();
    world.operate(story::OPERATE, vec![namespace("acme", &[])]);
    let found = fault(&world, LOGGER, "alice", vec![init(world.under(1))]);
    let Some(Fault::Authority(error @ AuthorityError::NotHolder { .. })) = found else {
        panic!("{found:?}");
    };
    assert!(error.to_string().ends_with("gives it to nobody"), "{error}");
}

#[test]
fn the_later_of_two_namespace_lines_in_one_record_counts() {
    let mut world = World::new();
    world.operate(
        story::OPERATE,
        vec![namespace("two", &["alice"]), namespace("two", &["bob"])],
    );
    let under = world.under(1);
    assert_eq!(fault(&world, "two:x", "bob", vec![init(under)]), None);
    let found = fault(&world, "two:x", "alice", vec![init(under)]);
    assert!(
        matches!(
            found,
            Some(Fault::Authority(AuthorityError::NotHolder { .. }))
        ),
        "{found:?}"
    );
}

/// The namespace changed hands after the package began: the log stays good, by the indices of three records in the log.
#[test]
fn what_was_permitted_then_stays_good() {
    let mut world = World::with_logger();
    world.operate(story::OPERATE, vec![namespace("acme", &["dave"])]);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let shown = world.publish();
    shown.log(LOGGER).unwrap();
    let (head, checkpoint, records) = (
        shown.head(LOGGER),
        shown.open().unwrap(),
        shown.records(LOGGER),
    );
    let proofs = shown.proofs(LOGGER);
    assert_eq!(
        proofs.keys().map(|index| index.get()).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    let fault = |records: &[(Index, &[u8])], proofs: &Proofs| match Log::replay(
        &head,
        &checkpoint,
        records,
        proofs,
    )
    .unwrap_err()
    {
        LogError::Record {
            position,
            fault: Fault::Authority(error),
            ..
        } => (position.get(), error),
        other => panic!("{other}"),
    };
    // Each of the three proofs is demanded, and each must be the one for its index.
    for lacking in proofs.keys() {
        let mut fewer = proofs.clone();
        fewer.remove(lacking);
        let (position, error) = fault(&records, &fewer);
        assert_eq!(
            (position, &error),
            (
                0,
                &AuthorityError::NotIncluded {
                    index: *lacking,
                    source: None
                }
            )
        );
        let mut wrong = proofs.clone();
        wrong.insert(*lacking, shown.inclusion(Index::new(4)));
        let (_, error) = fault(&records, &wrong);
        let AuthorityError::NotIncluded {
            index,
            source: Some(_),
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(index, *lacking);
    }
    // The registry says that the first record stood elsewhere.
    let mut moved = records.clone();
    moved[0].0 = Index::new(3);
    let mut more = proofs.clone();
    more.insert(Index::new(3), shown.inclusion(Index::new(3)));
    let (_, error) = fault(&moved, &more);
    assert!(
        matches!(
            error,
            AuthorityError::NotIncluded {
                source: Some(_),
                ..
            }
        ),
        "{error}"
    );
}

/// Only a reader can see that the sequencer appended in the wrong order.
#[test]
fn permission_comes_before_what_it_permits() {
    // The package's first record stands before the operator record that it names.
    let mut world = World::new();
    let mut later = world.clone();
    later.operate(story::OPERATE, vec![namespace("new", &["nora"])]);
    let under = later.under(1);
    world.write("new:thing", "nora", vec![init(under), release("1.0.0")]);
    world.operate(story::OPERATE, vec![namespace("new", &["nora"])]);
    assert_eq!(world.under(1), under);
    let error = world.publish().log("new:thing").unwrap_err();
    let LogError::Record {
        fault: Fault::Authority(error),
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert!(matches!(error, AuthorityError::Order { .. }), "{error}");

    // The namespace was given to someone else before the record that names the old grant.
    let mut world = World::new();
    world.operate(story::OPERATE, vec![namespace("acme", &["dave"])]);
    world.write(
        LOGGER,
        "alice",
        vec![init(world.under(0)), release("1.0.0")],
    );
    let error = world.publish().log(LOGGER).unwrap_err();
    let LogError::Record {
        fault: Fault::Authority(error),
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(
        error,
        AuthorityError::Replaced {
            position: Position::new(0),
            later: Position::new(1)
        }
    );
}

#[test]
fn a_log_ends_with_exactly_its_head() {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let old = world.publish();
    world.write(LOGGER, "alice", vec![release("1.2.0")]);
    let shown = world.publish();
    let (head, checkpoint, records) = (
        shown.head(LOGGER),
        shown.open().unwrap(),
        shown.records(LOGGER),
    );
    let proofs = shown.proofs(LOGGER);
    let replay = |records: &[(Index, &[u8])]| Log::replay(&head, &checkpoint, records, &proofs);
    replay(&records).unwrap();
    for few in [0, 1, 2] {
        let error = replay(&records[..few]).unwrap_err();
        assert!(matches!(error, LogError::Length { .. }), "{few}: {error}");
    }
    // As long, but another last record.
    let mut other = old.world.clone();
    other.write(LOGGER, "alice", vec![release("6.6.6")]);
    let other = other.publish();
    let error = replay(&other.records(LOGGER)).unwrap_err();
    assert!(matches!(error, LogError::Head { .. }), "{error}");
    // A head of another checkpoint.
    let error = Log::replay(&old.head(LOGGER), &checkpoint, &records, &proofs).unwrap_err();
    assert!(matches!(error, LogError::Checkpoint { .. }), "{error}");
}

#[test]
fn presence_and_absence_are_proved() {
    let mut world = World::with_logger();
    let shown = world.publish();
    let Presence::Absent(absence) = shown.presence("acme:clock") else {
        panic!("acme:clock is there");
    };
    assert_eq!(absence.name().as_str(), "acme:clock");
    assert_eq!(absence.checkpoint(), shown.open().unwrap().checkpoint());
    let mut log = Log::vacant(&absence);
    assert_eq!(
        (log.kind(), log.length(), log.head()),
        (None, Length::ZERO, Hash::ZERO)
    );
    let first = world
        .draft("acme:clock", "alice", vec![init(world.under(0))])
        .sign(&key("alice"))
        .unwrap();
    log.admit(&world.operator_log(), &first).unwrap();

    let checkpoint = shown.open().unwrap();
    let open = |pages: &transparency::map::VerifiedPages, proofs: &Proofs| {
        Presence::open(&checkpoint, &name(LOGGER), pages, proofs)
    };
    let error = open(&checkpoint.pages(), &Proofs::new()).unwrap_err();
    assert!(matches!(error, HeadError::Map { .. }), "{error}");
    let mut pages = checkpoint.pages();
    for page in shown.page_path(LOGGER) {
        pages
            .admit(&transparency::map::Key::of(&name(LOGGER)), page)
            .unwrap();
    }
    let error = open(&pages, &Proofs::new()).unwrap_err();
    assert!(
        matches!(error, HeadError::NotIncluded { source: None, .. }),
        "{error}"
    );
    let wrong = [(Index::new(1), shown.inclusion(Index::new(0)))].into();
    let error = open(&pages, &wrong).unwrap_err();
    assert!(
        matches!(
            error,
            HeadError::NotIncluded {
                source: Some(_),
                ..
            }
        ),
        "{error}"
    );
    // The pages of another map.
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let newer = world.publish();
    let error = Presence::open(
        &newer.open().unwrap(),
        &name(LOGGER),
        &pages,
        &Proofs::new(),
    )
    .unwrap_err();
    assert!(matches!(error, HeadError::OtherMap { .. }), "{error}");
}

#[test]
fn a_log_extends_what_was_seen_of_it() {
    let mut world = World::with_logger();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let old = world.publish();
    let seen = Seen {
        length: old.head(LOGGER).length(),
        head: old.head(LOGGER).hash(),
    };
    world.write(LOGGER, "alice", vec![release("1.2.0")]);
    let log = world.publish().log(LOGGER).unwrap();
    log.check_extends(&seen).unwrap();
    log.check_extends(&Seen {
        length: Length::ZERO,
        head: Hash::ZERO,
    })
    .unwrap();
    log.check_extends(&Seen {
        length: log.length(),
        head: log.head(),
    })
    .unwrap();

    let longer = Seen {
        length: Length::new(4),
        head: log.head(),
    };
    assert!(matches!(
        log.check_extends(&longer),
        Err(ExtensionError::Shrank { .. })
    ));
    let mut fork = World::with_logger();
    fork.write(LOGGER, "alice", vec![release("6.6.6")]);
    let fork = fork.publish().log(LOGGER).unwrap();
    assert!(matches!(
        fork.check_extends(&seen),
        Err(ExtensionError::Diverged { .. })
    ));
}

#[test]
fn what_the_operator_withdrew_is_nobodys_choice() {
    let mut world = World::with_logger();
    let content = Digest::of(b"1.0.0");
    world.operate(
        story::OPERATE,
        vec![operator::Action::Withdraw(
            content,
            "by order of a court".into(),
        )],
    );
    world.write(LOGGER, "alice", vec![yank("1.0.0"), release("1.1.0")]);
    let log = world.publish().log(LOGGER).unwrap();
    let objection = |of: &str| log.release(&version(of)).unwrap().objection();
    assert_eq!(
        objection("1.0.0"),
        Some(Objection::Withdrawn {
            reason: "by order of a court".into()
        })
    );
    assert_eq!(objection("1.1.0"), None);
    // The gravest one is the release's objection. Each of them can also be asked for.
    let reasons = |of: &str| {
        let release = log.release(&version(of)).unwrap();
        (release.withdrawn(), release.yanked())
    };
    assert_eq!(
        reasons("1.0.0"),
        (Some("by order of a court"), Some("it leaks"))
    );
    assert_eq!(reasons("1.1.0"), (None, None));
}

/// A thousand releases that require the same two hundred packages hold those once.
#[test]
fn releases_that_require_the_same_share_it() {
    let mut world = World::new();
    let statement = |minor: u64, requires: &str| {
        let mut statement = Statement::new(version(&format!("1.{minor}.0")), Digest::of(b"x"), 1);
        statement.requirements = [requires.parse().unwrap()].into_iter().collect();
        Action::Release(statement)
    };
    let first = vec![
        init(world.under(0)),
        statement(0, "component acme:clock ^1"),
        statement(1, "component acme:clock ^1"),
    ];
    world.write(LOGGER, "alice", first);
    world.write(
        LOGGER,
        "alice",
        vec![
            statement(2, "component acme:clock ^1"),
            statement(3, "component acme:clock ^2"),
        ],
    );
    let log = world.publish().log(LOGGER).unwrap();
    let requirements: Vec<&BTreeSet<Requirement>> =
        log.releases().map(|one| &**one.requirements()).collect();
    let shared: Vec<bool> = requirements
        .windows(2)
        .map(|pair| std::ptr::eq(pair[0], pair[1]))
        .collect();
    assert_eq!(shared, [true, true, false]);
}

/// What is wrong with a release does not touch the log.
#[test]
fn defects_make_a_release_unusable_and_nothing_else() {
    let require = |text: &str| text.parse::<Requirement>().unwrap();
    let statement = |requirements: &[&str]| {
        let mut statement = Statement::new(version("1.5.0"), Digest::of(b"x"), 1);
        statement.requirements = requirements.iter().map(|text| require(text)).collect();
        statement
    };
    let mut stated = statement(&[]);
    stated.unusable = Some("bytes kept for the record".into());
    let mut imports = statement(&[]);
    imports
        .imports
        .insert("wasi:io/poll@0.2.3".parse().unwrap());
    let mut locked = statement(&[]);
    locked.lock = Some(Attachment {
        digest: Digest::of(b"lock"),
        size: 4,
    });
    let wit_only: Vec<(&str, Statement)> = vec![
        ("imports", imports),
        ("a lock", locked),
        ("a component", statement(&["component acme:clock ^1"])),
        (
            "two of a track",
            statement(&["wit acme:io ^1.0", "wit acme:io ^1.2"]),
        ),
    ];
    let many = |count: usize| {
        let texts: Vec<String> = (0..count).map(|n| format!("wit acme:p{n} ^1.0")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        statement(&texts)
    };
    let neither = statement(&["wit acme:io ^1", "wit acme:io ^2", "wit acme:clock ^1"]);
    let both: Vec<(&str, Statement)> = vec![
        ("sound", neither),
        ("stated", stated),
        ("many", many(MAX_REQUIREMENTS)),
        ("crowded", many(MAX_REQUIREMENTS + 1)),
        ("two tracks", statement(&["wit acme:io >=1.0.0,<3.0.0"])),
        ("itself", statement(&["wit acme:logger ^1.0"])),
    ];
    for kind in [Kind::Component, Kind::Wit] {
        for (what, statement) in both.iter().chain(&wit_only) {
            let mut world = World::new();
            let under = world.under(0);
            world.write(
                LOGGER,
                "alice",
                vec![
                    Action::Init { kind, under },
                    Action::Release(statement.clone()),
                    release("1.0.0"),
                ],
            );
            let log = world.publish().log(LOGGER).unwrap();
            let bad = log.release(&version("1.5.0")).unwrap().objection();
            let only_wit = wit_only.iter().any(|(other, _)| other == what);
            let usable = matches!(*what, "sound" | "many") || kind == Kind::Component && only_wit;
            assert_eq!(bad.is_none(), usable, "{kind}, {what}: {bad:?}");
            if let Some(Objection::Unusable { defect }) = &bad {
                let expected = match *what {
                    "stated" => matches!(defect, Defect::Stated { .. }),
                    "crowded" => matches!(defect, Defect::Crowded { count: 257 }),
                    "two tracks" => matches!(defect, Defect::Tracks { .. }),
                    "itself" => matches!(defect, Defect::Itself { .. }),
                    "two of a track" => matches!(defect, Defect::Doubled { .. }),
                    _ => matches!(defect, Defect::NotWit { .. }),
                };
                assert!(expected, "{what}: {defect:?}");
            }
            let good = log.release(&version("1.0.0")).unwrap();
            assert!(good.is_usable(), "{what}");
        }
    }
}

#[test]
fn only_records_that_name_an_operator_record_are_asked_about() {
    let mut world = World::with_logger();
    for minor in 1..20 {
        world.write(LOGGER, "alice", vec![release(&format!("1.{minor}.0"))]);
    }
    let shown = world.publish();
    let asked = asks(&world.operator_log(), &name(LOGGER), shown.records(LOGGER));
    assert_eq!(asked, [Index::new(0), Index::new(1)].into());
    // Bytes that are no record need no proofs. Replaying refuses them.
    let junk = [(Index::new(9), b"junk under operator junk".as_slice())];
    assert_eq!(asks(&world.operator_log(), &name(LOGGER), junk), [].into());
}

#[test]
fn subjects_are_told_apart() {
    assert_eq!("operator".parse(), Ok(Subject::Operator));
    assert_eq!(
        "a:operator".parse(),
        Ok(Subject::Package(name("a:operator")))
    );
}
