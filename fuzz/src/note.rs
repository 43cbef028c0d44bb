//! Signed notes, checkpoints with their cosignatures, and map entries.

use transparency::Unverified;
use transparency::checkpoint::{MapEntry, SignedCheckpoint};
use transparency::cosignature::{check_cosignature, cosign};
use transparency::key::{Algorithm, SigningKey};
use transparency::note::{MAX_SIGNATURES, Note};
use transparency::number::Time;

pub(crate) fn note(data: &[u8]) {
    let Ok(note) = Note::parse(data) else {
        return;
    };
    assert_eq!(note.to_string().as_bytes(), data);
    assert!(note.text().ends_with('\n'));
    assert!((1..=MAX_SIGNATURES).contains(&note.signatures().len()));
    assert!(data.starts_with(note.text().as_bytes()));
}

/// The key that cosigns the seeds.
pub(crate) fn witness() -> SigningKey {
    SigningKey::from_seed("witness.example/w1", Algorithm::CosignatureV1, [9; 32])
        .expect("a good name")
}

pub(crate) fn checkpoint(data: &[u8]) {
    let Ok(signed) = Unverified::<SignedCheckpoint>::parse(data) else {
        return;
    };
    let signed = signed.claims();
    let (checkpoint, note) = (signed.checkpoint(), signed.note());
    assert_eq!(note.to_string().as_bytes(), data);
    assert_eq!(
        checkpoint.to_string(),
        note.text(),
        "three lines, in one spelling"
    );
    assert_eq!(checkpoint.to_string().parse().as_ref(), Ok(checkpoint));

    let witness = witness();
    let verifier = witness.verifying_key().verifier().expect("a real key");
    for line in note.signatures() {
        if check_cosignature(note.text(), line, &verifier).is_err() {
            continue;
        }
        // A good signature was made by that key, and there is only one for each message.
        let (time, _) = line
            .signature()
            .split_first_chunk::<8>()
            .expect("it was checked");
        if let Some(time) = Time::from_unix(u64::from_be_bytes(*time)) {
            let again = cosign(note.text(), &witness, time);
            assert_eq!(again.signature(), line.signature());
        }
    }
}

pub(crate) fn map_entry(data: &[u8]) {
    let Ok(entry) = MapEntry::parse(data) else {
        return;
    };
    assert!(MapEntry::is_one(data));
    assert_eq!(entry.to_string().as_bytes(), data);
}
