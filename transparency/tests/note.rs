//! Signed notes: C2SP's example, Go's tests, and everything that is not a note.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use proptest::prelude::*;
use story::{base64, key, vkey};
use transparency::key::{KeyError, SigningKey, Verifier, VerifyingKey};
use transparency::note::{MAX_NOTE, Note, NoteError};

const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn verifier(vkey: &str) -> Verifier {
    vkey.parse::<VerifyingKey>().unwrap().verifier().unwrap()
}

fn peter() -> Verifier {
    verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
}

fn enoch() -> Verifier {
    verifier("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")
}

fn parse(text: &str) -> Result<Note, NoteError> {
    Note::parse(text.as_bytes())
}

/// The example of C2SP signed-note: accents, and an empty line inside the text.
#[test]
fn the_example_of_the_specification() {
    let text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    let line = "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = parse(&format!("{text}\n{line}")).unwrap();
    assert_eq!(note.text(), text);
    assert_eq!(note.to_string(), format!("{text}\n{line}"));
    let [signature] = note.signatures() else {
        panic!("one signature")
    };
    assert_eq!(
        (signature.name(), signature.id().to_string().as_str()),
        ("quasimodo.example/salvatore", "367ba04b")
    );
    assert_eq!(signature.signature().len(), 64);
}

#[test]
fn go_signs_the_same_bytes() {
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let key: SigningKey = secret.parse().unwrap();
    assert_eq!(
        Note::sign(TEXT.into(), &key).to_string(),
        format!("{TEXT}\n{PETER}")
    );
}

#[test]
fn known_signatures_are_checked_and_unknown_ones_ignored() {
    let both = parse(&format!("{TEXT}\n{PETER}{ENOCH}")).unwrap();
    let (peter, enoch, stranger) = (peter(), enoch(), vkey("stranger").verifier().unwrap());
    both.check_signed_by([&peter]).unwrap();
    both.check_signed_by([&enoch]).unwrap();
    both.check_signed_by([&stranger, &enoch, &peter]).unwrap();
    let Err(NoteError::NoKnownKey { signers }) = both.check_signed_by([&stranger]) else {
        panic!("believed without a known key")
    };
    assert_eq!(signers, "`PeterNeumann` (c74f20a3), `EnochRoot` (af0cfe78)");
    assert!(both.check_signed_by([]).is_err());
    // Doubled lines are no harm; a bad line of a known key is, and of an unknown one is not.
    let bad_enoch = [&ENOCH[..60], "ABCD", &ENOCH[60..]].concat();
    let many = parse(&format!("{TEXT}\n{PETER}{PETER}{ENOCH}{ENOCH}{bad_enoch}")).unwrap();
    many.check_signed_by([&peter]).unwrap();
    let error = many.check_signed_by([&peter, &enoch]).unwrap_err();
    assert_eq!(
        error,
        NoteError::Key(KeyError::Signature {
            name: "EnochRoot".into()
        })
    );
    // The same name with another id, or the same id under another name, is another key.
    for line in [
        PETER.replace("x08g", "xxxx"),
        PETER.replace("PeterNeumann", "CarmenSandiego"),
    ] {
        let note = parse(&format!("{TEXT}\n{line}")).unwrap();
        assert!(
            matches!(
                note.check_signed_by([&peter]),
                Err(NoteError::NoKnownKey { .. })
            ),
            "{line}"
        );
    }
}

#[test]
fn what_is_no_note() {
    let check =
        |text: String, expected: NoteError| assert_eq!(parse(&text), Err(expected), "{text:?}");
    check(TEXT.into(), NoteError::Form);
    check(String::new(), NoteError::Form);
    check("\n".into(), NoteError::Form);
    check(format!("{TEXT}\n{}", PETER.trim_end()), NoteError::Form);
    check(format!("{TEXT}{PETER}"), NoteError::Form);
    check(format!("\n{PETER}"), NoteError::Form);
    check(format!("\u{1}{TEXT}\n{PETER}"), NoteError::Text);
    check(
        format!("{TEXT}\n{PETER}").replace('\n', "\r\n"),
        NoteError::Text,
    );
    assert_eq!(
        Note::parse(&[b"\xff", TEXT.as_bytes(), b"\n", PETER.as_bytes()].concat()),
        Err(NoteError::Text)
    );
    let line = |text: String, line| check(text, NoteError::SignatureLine { line });
    check(format!("{TEXT}\n"), NoteError::Form);
    line(format!("{TEXT}\n{PETER}Unexpected line.\n"), 2);
    line(
        format!("{TEXT}\n{}", PETER.replace("PeterNeumann", "Bad Name")),
        1,
    );
    line(
        format!("{TEXT}\n{}", PETER.replace("PeterNeumann", "Bad+Name")),
        1,
    );
    line(format!("{TEXT}\n{}", PETER.replace("PeterNeumann", "")), 1);
    line(format!("{TEXT}\n{}", PETER.replace("— ", "- ")), 1);
    line(format!("{TEXT}\n{}", PETER.replace('=', "")), 1);
    line(format!("{TEXT}\n{}", PETER.replace("AM=", "AN=")), 1);
    line(format!("{TEXT}\n{}", PETER.replace(" x08", "  x08")), 1);
    for short in [0, 1, 3, 4] {
        line(format!("{TEXT}\n— short {}\n", base64(&vec![7; short])), 1);
    }
    check(
        format!("{TEXT}\n{}", PETER.repeat(101)),
        NoteError::TooManySignatures,
    );
    parse(&format!("{TEXT}\n{}", PETER.repeat(100))).unwrap();
    check("x".repeat(MAX_NOTE + 1), NoteError::TooLong);
    assert_eq!(parse(&"\n".repeat(MAX_NOTE)), Err(NoteError::Form));
}

proptest! {
    #[test]
    fn any_bytes_are_a_note_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }

    /// Made of the pieces of notes, so that some are.
    #[test]
    fn any_lines_are_a_note_in_one_spelling_or_an_error(lines in prop::collection::vec("|text|— name [A-Za-z0-9+/]{8}|— name [A-Za-z0-9+/]{6}==|— [a-z ]{0,3} AAAAAAA=", 1..8)) {
        let text = lines.join("\n") + "\n";
        if let Ok(note) = parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn any_text_can_be_signed_and_read(text in "([a-zà-ÿ ]{0,20}\n){1,6}") {
        let note = Note::sign(text.clone(), &key("acme/ci"));
        let read = parse(&note.to_string()).unwrap();
        prop_assert_eq!(&read, &note);
        prop_assert_eq!(read.text(), text);
        read.check_signed_by([&vkey("acme/ci").verifier().unwrap()]).unwrap();
    }
}

/// C2SP: signatures by unknown keys are ignored, whatever their names are.
#[test]
fn a_line_by_an_unknown_key_with_a_long_name_is_ignored() {
    for length in [255, 256, 4096] {
        let long = format!(
            "— {} {}",
            "x".repeat(length),
            PETER.rsplit(' ').next().unwrap()
        );
        let note = parse(&format!("{TEXT}\n{long}{PETER}")).unwrap();
        note.check_signed_by([&peter()]).unwrap();
        assert!(note.check_signed_by([&enoch()]).is_err());
    }
}
