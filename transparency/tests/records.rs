//! A whole registry that the Python reference wrote: records, map, checkpoint, cosignatures, evidence.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use story::{CHECKPOINT, key, name, vkey, witness};
use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, MapEntry, Opening, TrustedCheckpoint};
use transparency::cosignature::cosign;
use transparency::digest::Hash;
use transparency::log::InclusionProof;
use transparency::map::{self, Key, Slot};
use transparency::misbehavior::Misbehavior;
use transparency::number::{Index, Length, Position, Time};
use transparency::package::{Log, Permission, Presence, Proofs};
use transparency::policy::Policy;
use transparency::record::SignedRecord;
use transparency::release::Objection;
use transparency::statement::Defect;
use transparency::version::parse_version;
use transparency::{operator, package};

fn vectors() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors/records.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// The records of one log, each with its index.
fn records<'v>(vectors: &'v Value, subject: &str) -> Vec<(Index, &'v [u8])> {
    vectors["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| text(record, "subject") == subject)
        .map(|record| {
            (
                Index::new(record["index"].as_u64().unwrap()),
                text(record, "record").as_bytes(),
            )
        })
        .collect()
}

fn proof(vectors: &Value, index: u64) -> InclusionProof {
    let hashes = vectors["inclusion"][usize::try_from(index).unwrap()]
        .as_array()
        .unwrap();
    let hashes = hashes
        .iter()
        .map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap());
    InclusionProof::new(hashes.collect()).unwrap()
}

#[test]
fn both_sides_sign_the_same_bytes() {
    let vectors = vectors();
    for vector in vectors["records"].as_array().unwrap() {
        let (bytes, signer) = (
            text(vector, "record").as_bytes(),
            key(text(vector, "signer")),
        );
        let (hash, again) = if text(vector, "subject") == "operator" {
            let record = Unverified::<SignedRecord<operator::Action>>::parse(bytes).unwrap();
            (
                record.claims().hash(),
                record.claims().sign(&signer).unwrap(),
            )
        } else {
            let record = Unverified::<SignedRecord<package::Action>>::parse(bytes).unwrap();
            (
                record.claims().hash(),
                record.claims().sign(&signer).unwrap(),
            )
        };
        assert_eq!(String::from_utf8(again).unwrap(), text(vector, "record"));
        assert_eq!(hash.to_string(), text(vector, "hash"));
    }
    // The note: the checkpoint key's line, then the witnesses'.
    let checkpoint: Checkpoint = text(&vectors, "checkpoint").parse().unwrap();
    assert_eq!(
        checkpoint.digest().to_string(),
        text(&vectors, "checkpoint_digest")
    );
    let time = Time::from_unix(vectors["cosigned_at"].as_u64().unwrap()).unwrap();
    let cosigned = |name| cosign(text(&vectors, "checkpoint"), &witness(name), time);
    let note = checkpoint
        .sign(&key(CHECKPOINT))
        .with(cosigned("a.example"))
        .with(cosigned("b.example"));
    assert_eq!(note.to_string(), text(&vectors, "note"));
    // The map and its entry.
    let package = records(&vectors, "acme:logger");
    let slot = Slot {
        key: Key::of(&name("acme:logger")),
        length: Length::new(4),
        head: Hash::of_leaf(package[3].1),
        index: package[3].0,
    };
    let map = map::build(vec![slot]).unwrap();
    let entry = MapEntry::parse(text(&vectors, "map_entry").as_bytes()).unwrap();
    assert_eq!((entry.root, entry.packages), (map.root, map.count));
    assert_eq!(map.pages[0].1, bytes_of(text(&vectors, "page")));
}

#[test]
fn the_whole_ladder_is_climbed_on_the_references_bytes() {
    let vectors = vectors();
    let policy = Policy::parse(text(&vectors, "policy").as_bytes()).unwrap();
    let operator_records = records(&vectors, "operator");
    let checkpoint = TrustedCheckpoint::open(
        &policy,
        &Opening {
            note: text(&vectors, "note").as_bytes(),
            map_entry: text(&vectors, "map_entry").as_bytes(),
            operator_records: &operator_records,
            map_entry_proof: &proof(&vectors, 6),
            operator_proof: &proof(&vectors, 2),
        },
    )
    .unwrap();
    assert_eq!(
        checkpoint.operator().head().to_string(),
        text(&vectors["heads"], "operator")
    );
    let proofs: Proofs = (0..7)
        .map(|index| (Index::new(index), proof(&vectors, index)))
        .collect();
    let package = name("acme:logger");
    let page = bytes_of(text(&vectors, "page"));
    let mut pages = checkpoint.pages();
    pages.admit(&Key::of(&package), &page).unwrap();
    let Presence::Present(head) = Presence::open(&checkpoint, &package, &pages, &proofs).unwrap()
    else {
        panic!("acme:logger is there");
    };
    assert_eq!(
        head.hash().to_string(),
        text(&vectors["heads"], "acme:logger")
    );
    let log = Log::replay(
        &head,
        &checkpoint,
        &records(&vectors, "acme:logger"),
        &proofs,
    )
    .unwrap();
    assert!(
        log.permits(&vkey("carol"), Permission::Own)
            && !log.permits(&vkey("alice"), Permission::Annotate)
    );
    let objection = |version: &str| {
        log.release(&parse_version(version).unwrap())
            .unwrap()
            .objection()
    };
    assert_eq!(objection("1.0.0"), None);
    // Unusable by its own words, and withdrawn by the operator: that weighs more.
    assert_eq!(
        objection("1.1.0-rc.1+linux"),
        Some(Objection::Withdrawn {
            reason: "by order of a court: § 3".into()
        })
    );
    let statement = log
        .release(&parse_version("1.1.0-rc.1+linux").unwrap())
        .unwrap()
        .statement();
    let defect = transparency::statement::defect(&package, log.kind().unwrap(), statement);
    assert_eq!(
        defect,
        Some(Defect::Stated {
            reason: "100 % wrong".into()
        })
    );
    assert_eq!(log.hash_at(Position::new(3)), Some(head.hash()));
}

#[test]
fn evidence_by_the_reference_convinces() {
    let vectors = vectors();
    let policy = Policy::parse(text(&vectors, "policy").as_bytes()).unwrap();
    let files = vectors["misbehavior"].as_array().unwrap();
    let mut sorts = BTreeSet::new();
    for file in files {
        let file = file.as_str().unwrap();
        let evidence = Unverified::<Misbehavior>::parse(file.as_bytes())
            .unwrap()
            .open(&policy)
            .unwrap();
        assert_eq!(evidence.to_string(), file);
        assert!(
            evidence.explain().contains("root"),
            "{}",
            evidence.explain()
        );
        sorts.insert(file.lines().nth(1).unwrap());
    }
    let all = ["fork", "omitted", "repeated", "shrunk", "two-records"];
    assert_eq!(sorts, all.into());
}
