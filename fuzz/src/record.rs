//! Records of both grammars: whole, and by their actions only.

use std::sync::OnceLock;

use transparency::Unverified;
use transparency::key::{Algorithm, SigningKey};
use transparency::note::Note;
use transparency::record::{SignedRecord, Subject};
use transparency::{operator, package};

fn signer() -> &'static SigningKey {
    static SIGNER: OnceLock<SigningKey> = OnceLock::new();
    SIGNER.get_or_init(|| {
        SigningKey::from_seed("acme/ci", Algorithm::Ed25519, [3; 32]).expect("a good name")
    })
}

/// A signature of that key. Reading a record does not ask what it is over.
fn signature() -> &'static str {
    static LINE: OnceLock<String> = OnceLock::new();
    LINE.get_or_init(|| {
        let note = Note::sign("any text\n".to_owned(), signer());
        let line = note.signatures().first().expect("it was signed");
        line.to_string()
    })
}

/// The first byte says how the rest is read: as a whole record, or as the actions of a package's or an operator's.
pub(crate) fn record(data: &[u8]) {
    let Some((way, rest)) = data.split_first() else {
        return;
    };
    let actions = |subject: &str| {
        let actions = std::str::from_utf8(rest).ok()?;
        Some(format!(
            "warg-record/v1\nregistry.example\n{subject}\n7\nsha256:{}\n2026-11-22T20:06:00Z\n{}\n{actions}\n\n{}",
            "5a".repeat(32),
            signer().verifying_key(),
            signature(),
        ))
    };
    match way % 4 {
        0 => {
            of_package(rest);
            of_operator(rest);
        }
        1 => {
            if let Some(text) = actions("operator") {
                of_operator(text.as_bytes());
            }
        }
        _ => {
            if let Some(text) = actions("acme:logger") {
                of_package(text.as_bytes());
            }
        }
    }
}

fn of_package(bytes: &[u8]) {
    let Ok(record) = Unverified::<SignedRecord<package::Action>>::parse(bytes) else {
        return;
    };
    let record = record.claims();
    assert_eq!(Subject::claimed_by(bytes).as_ref(), Some(&record.subject));
    assert!(matches!(record.subject, Subject::Package(_)));
    assert!(Unverified::<SignedRecord<operator::Action>>::parse(bytes).is_err());
    same_text(bytes, record.sign(signer()), &record.signer);
}

fn of_operator(bytes: &[u8]) {
    let Ok(record) = Unverified::<SignedRecord<operator::Action>>::parse(bytes) else {
        return;
    };
    let record = record.claims();
    assert_eq!(Subject::claimed_by(bytes), Some(Subject::Operator));
    assert!(Unverified::<SignedRecord<package::Action>>::parse(bytes).is_err());
    same_text(bytes, record.sign(signer()), &record.signer);
}

/// Signing what was read makes the same text: nothing was lost, and there is no second spelling.
fn same_text(
    bytes: &[u8],
    again: Result<Vec<u8>, transparency::record::RecordError>,
    by: &transparency::key::VerifyingKey,
) {
    if by != signer().verifying_key() {
        assert!(again.is_err(), "signed by another key than it names");
        return;
    }
    let again = Note::parse(&again.expect("it was read before")).expect("it was signed");
    let note = Note::parse(bytes).expect("it is a record");
    assert_eq!(again.text(), note.text());
}
