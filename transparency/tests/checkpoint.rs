//! Checkpoints: when one may be believed, and every reason why not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use story::{
    CHECKPOINT, OPERATE, ORIGIN, Shown, World, at, grant_role, key, release, revoke_role, root,
    vkey, witness,
};
use transparency::Unverified;
use transparency::checkpoint::{
    Checkpoint, CheckpointError, MapEntry, MapEntryError, PastOpening, SignedCheckpoint, TrustError,
};
use transparency::cosignature::{CosignatureError, cosign};
use transparency::digest::{Digest, Hash};
use transparency::key::{KeyError, SigningKey, VerifyingKey};
use transparency::log::{ConsistencyProof, InclusionProof, ProofError};
use transparency::note::{Note, NoteError};
use transparency::number::{Index, Length, Size};
use transparency::operator::{self, Role};
use transparency::policy::Policy;

const LOGGER: &str = "acme:logger";

fn parse(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    Unverified::<SignedCheckpoint>::parse(bytes).map(|signed| signed.claims().checkpoint().clone())
}

fn text_of(shown: &Shown) -> String {
    let text = String::from_utf8(shown.note.clone()).unwrap();
    text.rsplit_once("\n\n").unwrap().0.to_string() + "\n"
}

fn signed(text: &str, keys: &[&SigningKey]) -> Vec<u8> {
    let [first, others @ ..] = keys else {
        panic!("a note is signed by somebody")
    };
    let note = others
        .iter()
        .fold(Note::sign(text.into(), first), |note, key| {
            note.with(Note::sign(text.into(), key).signatures()[0].clone())
        });
    note.to_string().into_bytes()
}

#[test]
fn a_registry_is_believed_from_its_policy_on() {
    let mut world = World::with_logger();
    let first = world.publish();
    world.now = at(1);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let second = world.publish();
    let (older, newer) = (first.open().unwrap(), second.open().unwrap());
    assert_eq!(newer.checkpoint().origin.as_str(), ORIGIN);
    assert_eq!(newer.checkpoint().size, Size::new(5));
    assert_eq!(newer.checkpoint().root, root(&second.leaves));
    assert_eq!(newer.note().to_string().as_bytes(), second.note);
    assert_eq!((newer.entry().packages, newer.entry().time), (1, at(1)));
    assert_eq!(newer.entry().operator_head, newer.operator().head());
    let checkpoint = older.checkpoint();
    newer
        .check_extends(checkpoint.size, &checkpoint.root, &second.consistency(3))
        .unwrap();
    let error = older.check_extends(
        newer.checkpoint().size,
        &newer.checkpoint().root,
        &ConsistencyProof::new(vec![]).unwrap(),
    );
    assert!(matches!(error, Err(ProofError::Shrunk { .. })));
    let error = newer.check_extends(
        checkpoint.size,
        &Hash::of_leaf(b"fork"),
        &second.consistency(3),
    );
    assert!(matches!(error, Err(ProofError::Root { .. })));
    let leaf = second.leaves[3];
    newer
        .check_included(&leaf, Index::new(3), &second.inclusion(Index::new(3)))
        .unwrap();
    newer
        .check_included(&leaf, Index::new(2), &second.inclusion(Index::new(2)))
        .unwrap_err();
    // Its name in locks is the digest of the three lines, whoever signed them.
    assert_eq!(
        newer.checkpoint().digest(),
        Digest::of(text_of(&second).as_bytes())
    );
}

#[test]
fn the_policy_decides_whose_registry_it_is() {
    let shown = World::with_logger().publish();
    let other = Policy::without_witnesses(vkey("other.example")).unwrap();
    assert!(matches!(
        shown.open_by(&other),
        Err(TrustError::Origin { .. })
    ));
    // The same name, another key.
    let other = Policy::without_witnesses(vkey("registry.example#mallory")).unwrap();
    let Err(TrustError::Operator(error)) = shown.open_by(&other) else {
        panic!("opened by another's policy");
    };
    assert!(
        matches!(error.fault, operator::Fault::NotAnchor { .. }),
        "{error:?}"
    );
}

#[test]
fn only_a_key_that_is_granted_and_not_revoked_signs() {
    let second = "registry.example#second";
    let refused = |shown: &Shown| match shown.open() {
        Err(TrustError::Signature(error)) => error,
        other => panic!("{other:?}"),
    };
    // A key that nobody granted; and the operate key itself, which signs no checkpoints.
    for signer in [second, OPERATE] {
        let mut world = World::with_logger();
        world.signer = signer;
        let error = refused(&world.publish());
        assert!(
            matches!(error, NoteError::NoKnownKey { .. }),
            "{signer}: {error}"
        );
    }
    // A granted key is good. It is refused as soon as the log has its revocation.
    let mut world = World::with_logger();
    world.operate(OPERATE, vec![grant_role(second, &[Role::Checkpoint])]);
    world.signer = second;
    world.publish().open().unwrap();
    world.operate(OPERATE, vec![revoke_role(second, &[Role::Checkpoint])]);
    let error = refused(&world.publish());
    assert!(
        error.to_string().contains("no signature by a known key"),
        "{error}"
    );
    world.signer = CHECKPOINT;
    world.publish().open().unwrap();
    // Showing an operator log that ends before the revocation does not help: the map entry says how long it is.
    world.signer = second;
    let mut shown = world.publish();
    shown.world.operator.pop();
    assert!(matches!(shown.open(), Err(TrustError::OperatorHead { .. })));
}

#[test]
fn signatures_of_others_are_ignored_and_bad_ones_of_known_keys_are_not() {
    let mut world = World::with_logger();
    let mut shown = world.publish();
    let text = text_of(&shown);
    shown.note = signed(
        &text,
        &[&key("stranger"), &key(CHECKPOINT), &witness("w.example")],
    );
    shown.open().unwrap();
    // A good line beside a bad one of the same key.
    let bad = Note::sign("another text\n".into(), &key(CHECKPOINT)).signatures()[0].clone();
    let note = Note::sign(text.clone(), &key(CHECKPOINT)).with(bad);
    shown.note = note.to_string().into_bytes();
    assert!(matches!(
        shown.open(),
        Err(TrustError::Signature(NoteError::Key(
            KeyError::Signature { .. }
        )))
    ));
    // A key of the same name, but not of the same id, is a stranger.
    shown.note = signed(&text, &[&key("registry.example#mallory")]);
    assert!(matches!(
        shown.open(),
        Err(TrustError::Signature(NoteError::NoKnownKey { .. }))
    ));
}

#[test]
fn the_policys_quorum_cosigns() {
    let [a, b, c] = ["a.example", "b.example", "c.example"].map(witness);
    let policy = |tail: &str| {
        let witnesses = [("A", &a), ("B", &b), ("C", &c)]
            .map(|(name, key)| format!("witness {name} {}\n", key.verifying_key()))
            .concat();
        Policy::parse(format!("log {}\n{witnesses}{tail}", vkey(OPERATE)).as_bytes()).unwrap()
    };
    let shown = World::with_logger().publish();
    let text = text_of(&shown);
    let cosigned = |witnesses: &[&SigningKey]| {
        let mut shown = shown.clone();
        let note = witnesses
            .iter()
            .fold(Note::sign(text.clone(), &key(CHECKPOINT)), |note, key| {
                note.with(cosign(&text, key, at(3)))
            });
        shown.note = note.to_string().into_bytes();
        shown
    };
    let quorum = |shown: &Shown, tail: &str| match shown.open_by(&policy(tail)) {
        Ok(_) => true,
        Err(TrustError::Cosignature(CosignatureError::Quorum { .. })) => false,
        Err(other) => panic!("{other}"),
    };
    let two_of_three = "group G 2 A B C\nquorum G\n";
    assert!(quorum(&cosigned(&[]), "quorum none\n"));
    assert!(!quorum(&cosigned(&[]), two_of_three));
    assert!(!quorum(&cosigned(&[&a]), two_of_three));
    assert!(
        !quorum(&cosigned(&[&a, &a]), two_of_three),
        "a key has one vote"
    );
    assert!(quorum(&cosigned(&[&c, &a]), two_of_three));
    assert!(quorum(
        &cosigned(&[&witness("d.example"), &a, &b]),
        two_of_three
    ));
    assert!(
        !quorum(&cosigned(&[&witness("d.example"), &a]), two_of_three),
        "unknown witnesses have no vote"
    );
    // A checkpoint key does not cosign, and a cosignature is no checkpoint signature.
    let mut only = shown.clone();
    only.note = format!("{text}\n{}", cosign(&text, &a, at(3))).into_bytes();
    assert!(matches!(only.open(), Err(TrustError::Signature(_))));
    // A bad line of a known witness refuses the note, whatever the quorum.
    let mut bad = cosigned(&[&a, &b]);
    let note = Note::parse(&bad.note)
        .unwrap()
        .with(cosign("another\n", &c, at(3)));
    bad.note = note.to_string().into_bytes();
    for tail in ["quorum none\n", two_of_three] {
        let error = bad.open_by(&policy(tail)).unwrap_err();
        assert!(
            matches!(error, TrustError::Cosignature(CosignatureError::Key(_))),
            "{error}"
        );
    }
}

#[test]
fn the_map_entry_and_the_operator_head_are_where_they_must_be() {
    let mut world = World::with_logger();
    let old = world.publish();
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let shown = world.publish();
    // An older map entry of the same registry.
    let mut stale = shown.clone();
    stale.entry = old.entry.clone();
    assert!(matches!(stale.open(), Err(TrustError::MapNotIncluded(_))));
    // Another registry's.
    let mut foreign = shown.clone();
    foreign.entry = String::from_utf8(shown.entry.clone())
        .unwrap()
        .replace(ORIGIN, "other.example")
        .into_bytes();
    assert!(matches!(foreign.open(), Err(TrustError::MapOrigin { .. })));
    // What ends the log is a record.
    let mut unfinished = shown.clone();
    unfinished.entry = world.entries[1].clone();
    assert!(matches!(
        unfinished.open(),
        Err(TrustError::MapEntry(MapEntryError::Form))
    ));
    // The operator's head is said to be elsewhere; its length, or its head, to be others.
    let lie = |lie: fn(&mut MapEntry)| {
        world
            .clone()
            .publish_as(|_, entry| lie(entry))
            .open()
            .unwrap_err()
    };
    let error = lie(|entry| entry.operator_index = Index::new(1));
    assert!(
        matches!(error, TrustError::OperatorNotIncluded { .. }),
        "{error}"
    );
    let error = lie(|entry| entry.operator_index = Index::new(99));
    assert!(
        matches!(
            error,
            TrustError::OperatorNotIncluded {
                source: ProofError::Outside { .. },
                ..
            }
        ),
        "{error}"
    );
    let error = lie(|entry| entry.operator_length = Length::new(2));
    assert!(matches!(error, TrustError::OperatorHead { .. }), "{error}");
    let error = lie(|entry| entry.operator_head = Hash::ZERO);
    assert!(matches!(error, TrustError::OperatorHead { .. }), "{error}");
}

#[test]
fn a_registry_without_an_operator_or_without_entries_is_none() {
    let mut bare = World::bare();
    assert!(matches!(
        bare.publish().open(),
        Err(TrustError::Signature(_))
    ));
    let mut shown = World::new().publish();
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: Size::ZERO,
        root: Hash::of_empty(),
    };
    shown.note = checkpoint.sign(&key(CHECKPOINT)).to_string().into_bytes();
    let error = shown.open().unwrap_err();
    assert!(matches!(error, TrustError::Empty), "{error}");
}

/// No byte of what a registry shows can be changed.
#[test]
fn no_byte_of_the_evidence_can_be_changed() {
    let mut world = World::with_logger();
    let shown = world.publish();
    let trusted = shown.open().unwrap();
    let flips = |bytes: &[u8]| -> Vec<Vec<u8>> {
        (0..bytes.len())
            .flat_map(|position| [0x01u8, 0x20, 0x80].map(|bit| (position, bit)))
            .map(|(position, bit)| {
                let mut flipped = bytes.to_vec();
                flipped[position] ^= bit;
                flipped
            })
            .collect()
    };
    for (number, note) in flips(&shown.note).into_iter().enumerate() {
        let other = Shown {
            note,
            ..shown.clone()
        };
        assert!(other.open().is_err(), "flip {number} of the note");
    }
    for (number, entry) in flips(&shown.entry).into_iter().enumerate() {
        let other = Shown {
            entry,
            ..shown.clone()
        };
        assert!(other.open().is_err(), "flip {number} of the map entry");
    }
    for (number, record) in flips(&world.operator[0].1).into_iter().enumerate() {
        let mut other = shown.clone();
        other.world.operator[0].1 = record;
        assert!(
            other.open().is_err(),
            "flip {number} of the operator record"
        );
    }
    drop(trusted);
}

#[test]
fn a_checkpoint_has_three_lines_in_one_spelling() {
    let good = "registry.example\n5\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n";
    let check = |text: &str| parse(&signed(text, &[&key(CHECKPOINT)]));
    assert_eq!(check(good).unwrap().to_string(), good);
    let lines = |text: &str| matches!(check(text), Err(CheckpointError::Lines));
    assert!(lines(&format!("{good}extension\n")));
    assert!(lines("registry.example\n5\n"));
    assert!(lines("registry.example\n"));
    let changed = |from: &str, to: &str| check(&good.replace(from, to)).unwrap_err();
    for size in [
        "05",
        "+5",
        "-5",
        "",
        " 5",
        "5 ",
        "18446744073709551616",
        "0x5",
    ] {
        let error = changed("\n5\n", &format!("\n{size}\n"));
        // An empty line ends the text of a note elsewhere.
        let expected = matches!(error, CheckpointError::Size(_))
            || (size.is_empty()
                && matches!(error, CheckpointError::Note(_) | CheckpointError::Size(_)));
        assert!(expected, "{size}: {error:?}");
    }
    for hash in [
        "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo",
        "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp=",
        "qqo=",
        "sha256:00",
    ] {
        let error = changed("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=", hash);
        assert!(
            matches!(error, CheckpointError::Root(_)),
            "{hash}: {error:?}"
        );
    }
    for origin in ["a b", "a+b", "é.example"] {
        let error = changed("registry.example", origin);
        assert!(
            matches!(error, CheckpointError::Origin(_)),
            "{origin}: {error:?}"
        );
    }
}

#[test]
fn a_map_entry_has_one_spelling() {
    let entry = String::from_utf8(World::with_logger().publish().entry).unwrap();
    assert_eq!(
        MapEntry::parse(entry.as_bytes()).unwrap().to_string(),
        entry
    );
    assert!(MapEntry::is_one(entry.as_bytes()) && !MapEntry::is_one(b"warg-record/v1\n"));
    for (what, bad) in [
        ("a line more", format!("{entry}x\n")),
        ("no last line end", entry.trim_end().to_string()),
        ("a carriage return", entry.replace("Z\n", "Z\r\n")),
        ("two spaces", entry.replace(" 0\n", "  0\n")),
        ("a leading zero", entry.replace(" 0\n", " 00\n")),
        ("an offset", entry.replace("Z\n", "+00:00\n")),
        ("upper case", entry.replace("sha256:", "SHA256:")),
        ("nothing", String::new()),
        (
            "another first line",
            entry.replace("warg-map/v1", "warg-mop/v1"),
        ),
        ("too long", entry.replace(ORIGIN, &"x".repeat(2000))),
    ] {
        let error = MapEntry::parse(bad.as_bytes()).unwrap_err();
        assert_eq!(error, MapEntryError::Form, "{what}");
    }
    let newer = entry.replace("/v1", "/v2");
    assert_eq!(MapEntry::parse(newer.as_bytes()), Err(MapEntryError::Newer));
    assert_eq!(MapEntry::parse(&[0xff]), Err(MapEntryError::Form));
}

/// The checkpoints of a log by others: text, root and signature.
#[test]
fn checkpoints_of_tessera() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/tlog");
    if !folder.is_dir() {
        #[expect(clippy::print_stderr, reason = "a skipped test must say that it was")]
        {
            eprintln!("skipped: there is no {}", folder.display());
        }
        return;
    }
    let log: VerifyingKey =
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
            .parse()
            .unwrap();
    let verifier = log.verifier().unwrap();
    for size in 0..=15u64 {
        let file = fs::read(folder.join(format!("checkpoint.{size}"))).unwrap();
        let signed = Unverified::<SignedCheckpoint>::parse(&file);
        let signed = signed.unwrap_or_else(|error| panic!("checkpoint.{size}: {error:?}"));
        let signed = signed.claims();
        assert_eq!(signed.checkpoint().size, Size::new(size));
        assert_eq!(
            signed.checkpoint().origin.as_str(),
            "example.com/log/testdata"
        );
        signed.note().check_signed_by([&verifier]).unwrap();
        assert_eq!(
            signed.note().to_string().as_bytes(),
            file,
            "checkpoint.{size} is printed as it was"
        );
    }
    assert_eq!(
        fs::read(folder.join("checkpoint")).unwrap(),
        fs::read(folder.join("checkpoint.15")).unwrap()
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_checkpoint_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        let _ = MapEntry::parse(&bytes);
    }

    #[test]
    fn any_lines_are_a_map_entry_in_canonical_form_or_an_error(
        lines in prop::collection::vec("warg-map/v1|registry\\.example|sha256:[0-9a-f]{64}|[0-9]{1,21}|[0-9] sha256:[0-9a-f]{64} [0-9]|[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z|", 5..8)
    ) {
        let text = lines.join("\n") + "\n";
        if let Ok(entry) = MapEntry::parse(text.as_bytes()) {
            prop_assert_eq!(entry.to_string(), text);
        }
    }

    #[test]
    fn checkpoints_print_and_parse(size in any::<u64>(), bytes in any::<[u8; 32]>()) {
        let checkpoint = Checkpoint { origin: ORIGIN.parse().unwrap(), size: Size::new(size), root: Hash::from_bytes(bytes) };
        let note = checkpoint.sign(&key(CHECKPOINT)).to_string();
        prop_assert_eq!(parse(note.as_bytes()).unwrap(), checkpoint);
    }
}

#[test]
fn proofs_are_counted() {
    let shown = World::with_logger().publish();
    let trusted = shown.open().unwrap();
    let mut hashes = shown.inclusion(Index::ZERO).hashes().to_vec();
    hashes.push(Hash::ZERO);
    let proof = InclusionProof::new(hashes).unwrap();
    let error = trusted
        .check_included(&shown.leaves[0], Index::ZERO, &proof)
        .unwrap_err();
    assert!(matches!(error, ProofError::Length { .. }), "{error}");
}

#[test]
fn a_past_is_believed_for_what_was_signed_later_and_for_nothing_less() {
    let mut world = World::with_logger();
    let then = world.publish();
    world.now = at(1);
    world.write(LOGGER, "alice", vec![release("1.1.0")]);
    let now = world.publish();
    let (newer, older) = (now.open().unwrap(), then.open().unwrap());
    let (size, entry) = (then.size(), older.entry().clone());
    let count = usize::try_from(size.get()).unwrap();
    let (consistency, last) = (now.consistency(count), now.inclusion(size.last().unwrap()));
    let operator = now.inclusion(entry.operator_index);
    let records = now.world.operator.iter();
    let records: Vec<_> = records
        .map(|(index, bytes)| (*index, bytes.as_slice()))
        .collect();
    let good = PastOpening {
        size,
        root: older.checkpoint().root,
        consistency: &consistency,
        map_entry: &then.entry,
        map_entry_proof: &last,
        operator_records: &records,
        operator_proof: &operator,
        operator_next: None,
    };
    let past = newer.past(&good).unwrap();
    assert_eq!(past.checkpoint(), older.checkpoint());
    assert_eq!(past.entry(), older.entry());
    assert_eq!(past.operator().head(), older.operator().head());
    assert_eq!(past.note(), newer.note(), "nothing else was signed");
    assert!(past.is_past() && !newer.is_past());
    // A past checkpoint has pasts of its own. It is the last of them.
    let again = past.past(&good).unwrap();
    assert_eq!(again.checkpoint(), older.checkpoint());
    let consistency_now = now.consistency(usize::try_from(now.size().get()).unwrap());
    let of_now = PastOpening {
        size: now.size(),
        root: newer.checkpoint().root,
        consistency: &consistency_now,
        ..good
    };
    let error = past.past(&of_now).map(drop).unwrap_err();
    assert!(matches!(error, TrustError::NotPast { .. }), "{error}");
    // Entries after it are not in it, though the present log has them.
    let behind = Index::new(size.get());
    let leaf = now.leaves[count];
    let proof = now.inclusion(behind);
    newer.check_included(&leaf, behind, &proof).unwrap();
    let error = past.check_included(&leaf, behind, &proof).unwrap_err();
    assert!(matches!(error, ProofError::Outside { .. }), "{error}");

    let refused = |evidence: &PastOpening<'_>| newer.past(evidence).map(drop).unwrap_err();
    let other = Hash::of_leaf(b"another log");
    let error = refused(&PastOpening {
        root: other,
        ..good
    });
    assert!(matches!(error, TrustError::NotPast { .. }), "{error}");
    let size = Size::new(now.size().get() + 1);
    let error = refused(&PastOpening { size, ..good });
    assert!(matches!(error, TrustError::NotPast { .. }), "{error}");
    let error = refused(&PastOpening {
        map_entry: &now.entry,
        ..good
    });
    assert!(matches!(error, TrustError::MapNotIncluded(_)), "{error}");
    let error = refused(&PastOpening {
        operator_records: &[],
        ..good
    });
    assert!(matches!(error, TrustError::OperatorHead { .. }), "{error}");
    let error = refused(&PastOpening {
        operator_proof: &last,
        ..good
    });
    assert!(
        matches!(error, TrustError::OperatorNotIncluded { .. }),
        "{error}"
    );
}
