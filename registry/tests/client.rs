//! The ladder of trust, step by step: what a reader says when a step does not hold, and what can be done about it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use fixtures::storage::Memory;
use fixtures::world::World;
use registry::client::{ClientError, LoadedPackage, Remedy};
use registry::sequencer::{Founding, Sequencer, found};
use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, SignedCheckpoint, TrustError};
use transparency::content::ContentError;
use transparency::cosignature::cosign;
use transparency::digest::{Digest, Hash};
use transparency::key::{Algorithm, SigningKey};
use transparency::number::{Size, Time};
use transparency::operator::{Action, Role};
use transparency::policy::Policy;

use story::machine::Machine;
use story::{chain, derive, name, present};

fn opening(machine: &Machine, world: &World) -> ClientError {
    let opened = machine.open(world.storage());
    opened.err().expect("the registry is not to be believed")
}

fn note(world: &World) -> Vec<u8> {
    world.storage().objects()["checkpoint"].clone()
}

fn publish_checkpoint(world: &World, note: &impl ToString) {
    let note = note.to_string().into_bytes();
    world.storage().tamper(|objects| {
        objects.insert("checkpoint".into(), note);
    });
}

fn checkpoint(world: &World) -> Checkpoint {
    world.session().checkpoint().checkpoint().clone()
}

#[test]
fn an_unknown_package_is_proved_absent_at_the_checkpoint() {
    let mut world = World::in_memory(1);
    world.release("acme:clock", "1.0.0").publish();
    let machine = Machine::new(world.policy());
    let mut session = machine.open(world.storage()).unwrap();
    let LoadedPackage::Absent(absence) = session.load_one(&name("acme:clocks")).unwrap() else {
        panic!("nobody published acme:clocks");
    };
    assert_eq!(absence.checkpoint(), &checkpoint(&world));
}

#[test]
fn an_address_without_registry_says_so() {
    let world = World::in_memory(2);
    let machine = Machine::new(world.policy());
    let nothing = Memory::default();
    let error = machine.open(&nothing).err().unwrap();
    assert_eq!(
        error.to_string(),
        "there is no registry at memory:checkpoint"
    );
    assert_eq!(error.remedy(), Remedy::Retry);
    let error = machine.read_offline().unwrap_err();
    assert!(
        matches!(error, ClientError::NothingKept { .. }),
        "{error:?}"
    );
    assert_eq!(error.remedy(), Remedy::Retry);
}

#[test]
fn a_checkpoint_by_a_key_that_the_operator_never_named_is_refused() {
    let world = World::in_memory(3);
    let machine = Machine::new(world.policy());
    let stranger = world.stranger(world.origin().as_str());
    publish_checkpoint(&world, &checkpoint(&world).sign(&stranger));
    let error = opening(&machine, &world);
    assert!(is_signature(&error), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Investigate);
    assert!(machine.kept().is_empty() && machine.remembered().is_empty());
}

fn is_signature(error: &ClientError) -> bool {
    matches!(error, ClientError::Trust { source, .. } if matches!(**source, TrustError::Signature(_)))
}

#[test]
fn a_revoked_checkpoint_key_signs_nothing_any_more() {
    let world = World::in_memory(4);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let new = world.stranger(world.origin().as_str());
    let old = world.checkpoint_key();
    let roles = || [Role::Checkpoint].into();
    let grant = Action::Grant(new.verifying_key().clone(), roles());
    let revoke = Action::Revoke(old.verifying_key().clone(), roles());
    let records = chain::operator(&world, vec![grant, revoke]);
    world.append(&records[..1]).unwrap();
    let sequencer = Sequencer::new(world.storage(), world.policy(), &new);
    sequencer.append(&records[1..], world.now()).unwrap();

    machine.read(world.storage()).unwrap();
    publish_checkpoint(&world, &checkpoint(&world).sign(old));
    let error = opening(&machine, &world);
    assert!(is_signature(&error), "{error:?}");
}

#[test]
fn a_registry_of_another_origin_is_refused_whoever_signed_it() {
    let world = World::in_memory(5);
    let other = World::in_memory(6);
    let machine = Machine::new(world.policy());
    let error = machine.open(other.storage()).err().unwrap();
    let ClientError::Trust { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(**source, TrustError::Origin { .. }), "{source:?}");
    assert_eq!(error.remedy(), Remedy::Investigate);
}

#[test]
fn another_first_record_under_the_same_key_is_refused() {
    let world = World::in_memory(7);
    let machine = Machine::new(world.policy());
    machine.read(world.storage()).unwrap();
    let anew = Memory::default();
    let founding = Founding {
        operate: world.operate_key(),
        checkpoint: world.checkpoint_key(),
        namespaces: &[],
        now: world.now(),
    };
    found(&anew, &founding).unwrap();
    let error = machine.open(&anew).err().unwrap();
    assert!(
        matches!(error, ClientError::OtherOperator { .. }),
        "{error:?}"
    );
    assert_eq!(error.remedy(), Remedy::Investigate);
    machine
        .read(world.storage())
        .expect("the registry as it was is believed still");
}

#[test]
fn what_is_missing_asks_for_another_try_and_what_is_damaged_for_an_investigation() {
    let mut world = World::in_memory(8);
    world.release("acme:clock", "1.0.0").publish();
    let objects = world.storage().objects();
    for (path, bytes) in &objects {
        let machine = Machine::new(world.policy());
        let read = |change: Option<Vec<u8>>| {
            let registry = story::copy(&objects);
            registry.tamper(|objects| match change {
                Some(bytes) => _ = objects.insert(path.clone(), bytes),
                None => _ = objects.remove(path),
            });
            machine.read(&registry)
        };
        let too_large = vec![b'x'; 20_000_000];
        match read(None) {
            Ok(_) => continue, // a file of the time before the release
            Err(error) => {
                assert_eq!(error.remedy(), Remedy::Retry, "{path} missing: {error:?}");
                assert!(error.to_string().contains(path), "{path} missing: {error}");
            }
        }
        for (what, bytes) in [
            ("empty", Vec::new()),
            ("cut", bytes[..bytes.len() - 1].to_vec()),
            ("too large", too_large),
        ] {
            let error = read(Some(bytes)).map(drop).expect_err(path);
            assert_eq!(
                error.remedy(),
                Remedy::Investigate,
                "{path} {what}: {error:?}"
            );
        }
        let kept = machine.kept();
        let damaged = kept
            .iter()
            .find(|(_, bytes)| !objects.values().any(|good| good == *bytes));
        assert_eq!(damaged, None, "{path}: what did not verify was kept");
    }
}

#[test]
fn partial_files_may_go_once_full_ones_are_there() {
    let mut world = World::in_memory(9);
    world.release("acme:clock", "1.0.0").publish();
    chain::annotate(&world, "acme:clock", 100);
    let refresh = |count| vec![Action::Refresh(60); count];
    let operator = chain::operator(&world, refresh(60));
    world.append(&operator).unwrap();
    let earlier = world.storage().objects();
    let found = Machine::new(world.policy()).read(world.storage()).unwrap();

    chain::annotate(&world, "acme:clock", 160);
    let operator = chain::operator(&world, refresh(200));
    world.append(&operator).unwrap();
    let note = String::from_utf8(earlier["checkpoint"].clone()).unwrap();
    publish_checkpoint(&world, &note);
    let now = world.storage().objects();
    let gone: Vec<_> = earlier
        .keys()
        .filter(|path| !now.contains_key(*path))
        .collect();
    for sort in ["tile/0/", "tile/entries/", "package/", "operator/"] {
        let went = gone.iter().any(|path| path.starts_with(sort));
        assert!(went, "no partial file went of {sort}: {gone:?}");
    }
    let machine = Machine::new(world.policy());
    assert_eq!(machine.read(world.storage()).unwrap(), found);
    assert_eq!(
        machine.read_offline().unwrap(),
        found,
        "what was cut off is not needed, and not kept"
    );
    let kept = machine.kept();
    assert!(
        !kept.keys().any(|path| path.ends_with("000")),
        "{:?}",
        kept.keys()
    );

    // A full file that does not hold what the partial one held is noticed.
    for (path, bytes) in now
        .iter()
        .filter(|(path, _)| path.ends_with("/000") && !path.starts_with("tile/entries"))
    {
        let registry = story::copy(&now);
        registry.tamper(|objects| objects.get_mut(path).unwrap()[bytes.len() / 10] ^= 1);
        let error = Machine::new(world.policy())
            .read(&registry)
            .map(drop)
            .expect_err(path);
        assert_eq!(error.remedy(), Remedy::Investigate, "{path}: {error:?}");
    }
}

#[test]
fn contents_are_what_their_records_say_or_refused_and_only_good_ones_are_kept() {
    let mut world = World::in_memory(10);
    world.release("acme:clock", "1.0.0").publish();
    world.release("acme:clock", "1.1.0").publish();
    (world
        .release("acme:clock", "1.2.0")
        .imports("wasi:io/streams@0.2.3"))
    .content(b"import wasi:io/poll@0.2.3".into())
    .publish();
    (world
        .release("acme:clock", "1.3.0")
        .content(b"wit NotAName 1.0.0".into()))
    .publish();
    world.release("acme:clock", "1.4.0").publish();
    world.withdraw("acme:clock", "1.4.0", "unsafe");
    let machine = Machine::new(world.policy());
    let path = |text: &[u8]| {
        let hex = Digest::of(text).hex();
        format!("content/sha256/{}/{}", &hex[..2], &hex[2..])
    };
    let first = path(b"the content of acme:clock@1.0.0");
    let withdrawn = path(b"the content of acme:clock@1.4.0");
    let mut session = machine.open(world.storage()).unwrap();
    let loaded = present(session.load_one(&name("acme:clock")).unwrap());
    let mut content = |version: &str| {
        let release = loaded.log().release(&version.parse().unwrap()).unwrap();
        session.content(&name("acme:clock"), release, derive)
    };

    for (what, bytes) in [
        ("other", &b"the content of acme:clock@6.6.6"[..]),
        ("cut", b"the content of acme:clock@1.0."),
    ] {
        world
            .storage()
            .tamper(|objects| _ = objects.insert(first.clone(), bytes.into()));
        let error = content("1.0.0").unwrap_err();
        assert!(
            is_content(&error, |error| matches!(error, ContentError::Digest { .. })),
            "{what}: {error:?}"
        );
        assert_eq!(error.remedy(), Remedy::Investigate);
    }
    world.storage().tamper(|objects| _ = objects.remove(&first));
    assert_eq!(content("1.0.0").unwrap_err().remedy(), Remedy::Retry);

    let error = content("1.2.0").unwrap_err();
    assert!(
        is_content(&error, |error| matches!(
            error,
            ContentError::Contradiction { .. }
        )),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains(
            "only the content says wasi:io/poll@0.2.3; only the record says wasi:io/streams@0.2.3"
        ),
        "{text}"
    );
    let error = content("1.3.0").unwrap_err();
    assert!(
        matches!(error, ClientError::Underivable { .. }),
        "{error:?}"
    );

    for there in [true, false] {
        if !there {
            world
                .storage()
                .tamper(|objects| _ = objects.remove(&withdrawn));
        }
        let error = content("1.4.0").unwrap_err();
        assert!(
            is_content(&error, |error| matches!(
                error,
                ContentError::Withdrawn { .. }
            )),
            "{there}: {error:?}"
        );
        assert_eq!(error.remedy(), Remedy::Investigate);
    }

    // After all these refusals only the good checkpoint is kept.
    assert_eq!(
        content("1.1.0").unwrap().bytes(),
        b"the content of acme:clock@1.1.0"
    );
    let kept = machine.kept();
    let contents: Vec<_> = kept
        .iter()
        .filter(|(path, _)| path.to_string_lossy().contains("content"))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes))
        .collect();
    assert_eq!(contents, ["the content of acme:clock@1.1.0"]);
}

fn is_content(error: &ClientError, is: impl Fn(&ContentError) -> bool) -> bool {
    matches!(error, ClientError::Content(source) if is(source))
}

#[test]
fn a_lock_s_checkpoint_is_a_prefix_of_the_log_or_refused() {
    let mut world = World::in_memory(11);
    let mut states = vec![checkpoint(&world)];
    for version in ["1.0.0", "1.1.0"] {
        world.release("acme:clock", version).publish();
        states.push(checkpoint(&world));
    }
    chain::annotate(&world, "acme:clock", 300);
    states.push(checkpoint(&world));
    chain::annotate(&world, "acme:clock", 300);
    let machine = Machine::new(world.policy());
    let mut session = machine.open(world.storage()).unwrap();
    states.push(session.checkpoint().checkpoint().clone());
    for state in &states {
        session
            .check_prefix(state)
            .expect("a state that the log went through");
        let forged = Checkpoint {
            root: Hash::of_leaf(b"forged"),
            ..state.clone()
        };
        let error = session.check_prefix(&forged).unwrap_err();
        assert!(matches!(error, ClientError::NotPrefix { .. }), "{error:?}");
        assert_eq!(error.remedy(), Remedy::Investigate);
        let elsewhere = Checkpoint {
            origin: "elsewhere.example".parse().unwrap(),
            ..state.clone()
        };
        let error = session.check_prefix(&elsewhere).unwrap_err();
        assert_eq!(error.remedy(), Remedy::Investigate, "{error:?}");
    }
    let larger = Checkpoint {
        size: Size::new(session.size().get() + 1),
        ..states[0].clone()
    };
    let error = session.check_prefix(&larger).unwrap_err();
    assert!(matches!(error, ClientError::Behind { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Retry);
}

#[test]
fn a_quorum_of_witnesses_is_demanded_and_each_key_votes_once() {
    let world = World::in_memory(12);
    let witness = |name: &str| {
        SigningKey::from_seed(
            name,
            Algorithm::CosignatureV1,
            *Digest::of(name.as_bytes()).as_bytes(),
        )
        .unwrap()
    };
    let [one, two, three] = ["w.example/1", "w.example/two", "w.example/three"].map(witness);
    let mut text = format!("log {}\n", world.operate_key().verifying_key());
    for (name, key) in [("one", &one), ("two", &two), ("three", &three)] {
        text.extend([format!("witness {name} {}\n", key.verifying_key())]);
    }
    text += "group all 2 one two three\nquorum all\n";
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let machine = Machine::new(&policy);
    let signed = Unverified::<SignedCheckpoint>::parse(&note(&world)).unwrap();
    let bare = signed.claims().note().clone();
    let at = |minute: u64| Time::from_unix(world.now().unix() + 60 * minute).unwrap();
    let with = |keys: &[(&SigningKey, u64)]| {
        keys.iter().fold(bare.clone(), |note, (key, minute)| {
            let line = cosign(note.text(), key, at(*minute));
            note.with(line)
        })
    };
    let stranger = witness("w.example/stranger");
    for (what, note) in [
        ("nobody", with(&[])),
        ("one", with(&[(&one, 0)])),
        ("one, twice", with(&[(&one, 0), (&one, 1)])),
        ("one and a stranger", with(&[(&one, 0), (&stranger, 0)])),
    ] {
        publish_checkpoint(&world, &note);
        let error = opening(&machine, &world);
        let ClientError::Trust { source, .. } = &error else {
            panic!("{what}: {error:?}");
        };
        assert!(
            matches!(**source, TrustError::Cosignature(_)),
            "{what}: {source:?}"
        );
        assert!(machine.remembered().is_empty(), "{what}");
    }
    publish_checkpoint(&world, &with(&[(&three, 3), (&stranger, 0), (&one, 0)]));
    machine.open(world.storage()).expect("two of three");
    // A cosignature over another text is a bad signature, even if enough other witnesses signed.
    let other = cosign("another text\n", &two, at(0));
    publish_checkpoint(&world, &with(&[(&one, 0), (&three, 0)]).with(other));
    let error = opening(&machine, &world);
    assert_eq!(error.remedy(), Remedy::Investigate, "{error:?}");
}
