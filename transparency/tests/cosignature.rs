//! Cosignatures of witnesses.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use proptest::prelude::*;
use story::{OPERATE, at, base64, key, vkey, witness};
use transparency::cosignature::{CosignatureError, check_cosignature, check_quorum, cosign};
use transparency::key::KeyError;
use transparency::note::{Note, SignatureLine};
use transparency::number::Time;
use transparency::policy::Policy;

const TEXT: &str = "registry.example\n2\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n";

/// A signature line with these bytes behind the witness's id.
fn line(name: &str, body: &[u8]) -> SignatureLine {
    let id = u32::from_str_radix(&witness(name).verifying_key().id().to_string(), 16).unwrap();
    let bytes = [&id.to_be_bytes(), body].concat();
    let note = format!("x\n\n— {name} {}\n", base64(&bytes));
    Note::parse(note.as_bytes()).unwrap().signatures()[0].clone()
}

#[test]
fn a_witness_signs_a_time_and_the_text() {
    let key = witness("w.example");
    let verifier = key.verifying_key().verifier().unwrap();
    let good = cosign(TEXT, &key, at(7));
    assert!(good.is_by(&verifier));
    let time = check_cosignature(TEXT, &good, &verifier).unwrap();
    assert_eq!(time, at(7).unix());
    // By the letter of the specification: 8 bytes of time, 64 of signature, over three lines of header and text.
    let (time, signature) = good.signature().split_at(8);
    assert_eq!(time, at(7).unix().to_be_bytes());
    let message = format!("cosignature/v1\ntime {}\n{TEXT}", at(7).unix());
    verifier.verify(message.as_bytes(), signature).unwrap();
    // Another text, another time, another key.
    let bad = |found: Result<u64, CosignatureError>| {
        assert!(
            matches!(
                found,
                Err(CosignatureError::Key(KeyError::Signature { .. }))
            ),
            "{found:?}"
        );
    };
    bad(check_cosignature("another\n", &good, &verifier));
    let other_time = [&at(8).unix().to_be_bytes(), signature].concat();
    bad(check_cosignature(
        TEXT,
        &line("w.example", &other_time),
        &verifier,
    ));
    bad(check_cosignature(
        TEXT,
        &good,
        &witness("v.example").verifying_key().verifier().unwrap(),
    ));
    // A plain signature over the text is not a cosignature, even by that very key.
    bad(check_cosignature(
        TEXT,
        &line(
            "w.example",
            &[&[0; 8], key.sign(TEXT.as_bytes()).as_slice()].concat(),
        ),
        &verifier,
    ));
}

#[test]
fn a_malformed_line_is_refused() {
    let verifier = witness("w.example").verifying_key().verifier().unwrap();
    for length in [1, 7, 8, 64, 71, 73, 200] {
        let found = check_cosignature(TEXT, &line("w.example", &vec![1; length]), &verifier);
        assert!(
            matches!(found, Err(CosignatureError::Form { .. })),
            "{length}: {found:?}"
        );
    }
}

/// C2SP: a time is at most 2⁶³ − 1, whoever signed it.
#[test]
fn a_time_beyond_63_bits_is_refused() {
    let key = witness("w.example");
    let verifier = key.verifying_key().verifier().unwrap();
    let last = u64::MAX / 2;
    for (time, good) in [
        (0, true),
        (last, true),
        (last + 1, false),
        (u64::MAX, false),
    ] {
        let message = format!("cosignature/v1\ntime {time}\n{TEXT}");
        let body = [
            time.to_be_bytes().as_slice(),
            key.sign(message.as_bytes()).as_slice(),
        ]
        .concat();
        let found = check_cosignature(TEXT, &line("w.example", &body), &verifier);
        assert_eq!(found.is_ok(), good, "{time}: {found:?}");
    }
}

#[test]
fn the_quorum_counts_each_witness_of_the_policy_once() {
    let keys = ["a", "b"].map(witness);
    let [a, b] = &keys;
    let policy = Policy::parse(
        format!(
            "log {}\nwitness A {}\nwitness B {}\ngroup G all A B\nquorum G\n",
            vkey(OPERATE),
            a.verifying_key(),
            b.verifying_key()
        )
        .as_bytes(),
    )
    .unwrap();
    let note = || Note::sign(TEXT.into(), &key(OPERATE));
    let count = |note: &Note| match check_quorum(note, &policy) {
        Ok(_) => 2,
        Err(CosignatureError::Quorum { count }) => count,
        Err(other) => panic!("{other}"),
    };
    let c = witness("c");
    let by = |key, minute| cosign(TEXT, key, at(minute));
    assert_eq!(count(&note()), 0);
    assert_eq!(count(&note().with(by(a, 1))), 1);
    assert_eq!(count(&note().with(by(a, 1)).with(by(a, 2))), 1);
    assert_eq!(count(&note().with(by(&c, 1)).with(by(b, 2))), 1);
    assert_eq!(count(&note().with(by(b, 1)).with(by(a, 2))), 2);
    let bad = note()
        .with(by(a, 1))
        .with(by(b, 1))
        .with(cosign("another\n", a, at(1)));
    assert!(matches!(
        check_quorum(&bad, &policy),
        Err(CosignatureError::Key(_))
    ));
}

proptest! {
    #[test]
    fn any_cosignature_checks_and_no_other_does(text in "[a-z\n]{1,60}", seconds in 0u64..253_402_300_800, flip in 0usize..72) {
        let key = witness("w.example");
        let verifier = key.verifying_key().verifier().unwrap();
        let good = cosign(&text, &key, Time::from_unix(seconds).unwrap());
        prop_assert_eq!(check_cosignature(&text, &good, &verifier), Ok(seconds));
        let mut body = good.signature().to_vec();
        body[flip] ^= 1;
        prop_assert!(check_cosignature(&text, &line("w.example", &body), &verifier).is_err());
    }
}
