//! What a bundle says of itself: read back as it was written, and refused where it was changed.

use component::bundle::{Composition, Embedded, EmbeddedError, FORMAT, SECTION, compose, open};
use transparency::digest::Digest;
use wasm_encoder::{Component, ComponentSection as _, CustomSection};

use crate::world::{World, relay};

/// What stands for a lock: whoever composes or opens a bundle does not read it.
const LOCK: &str = "# a lock\nversion = 1\n";

fn world() -> World {
    let clock = relay(&[], &["acme:clock/now@1.0.0"]);
    World::new(
        &["acme:clock ^1.0"],
        relay(&["acme:clock/now@1.0.0"], &["acme:app/api@1.0.0"]),
    )
    .part("acme:clock@1.0.0", &[], clock)
    .redirect("acme:other/api@1.0.0", "acme:clock")
    .locked(LOCK)
}

/// The bytes without the section, and the section's text.
fn parts(bundle: &[u8]) -> (Vec<u8>, String) {
    let at = bundle
        .windows(SECTION.len())
        .rposition(|window| window == SECTION.as_bytes())
        .unwrap();
    let text = String::from_utf8(bundle[at + SECTION.len()..].to_vec()).unwrap();
    let mut section = Vec::new();
    custom(&text).append_to_component(&mut section);
    (bundle[..bundle.len() - section.len()].to_vec(), text)
}

fn custom(text: &str) -> CustomSection<'_> {
    CustomSection {
        name: SECTION.into(),
        data: text.as_bytes().into(),
    }
}

fn with(bytes: &[u8], texts: &[&str]) -> Result<Embedded, EmbeddedError> {
    let mut bytes = bytes.to_vec();
    for text in texts {
        custom(text).append_to_component(&mut bytes);
    }
    open(&bytes)
}

/// Whoever composes read the root before, and has its digest.
#[test]
fn the_digest_of_the_root_is_told_and_not_made_again() {
    let world = world();
    let composition = Composition {
        digest: Digest::of(b"other bytes"),
        ..world.composition()
    };
    let bundle = compose(&composition, FORMAT).unwrap();
    let Err(EmbeddedError::NoRoot { digest }) = open(&bundle) else {
        panic!("no component in it has that digest");
    };
    assert_eq!(digest, composition.digest);
}

#[test]
fn what_is_written_is_read() {
    let world = world();
    let bundle = world.bundle();
    let embedded = open(&bundle.bytes).unwrap();
    let composition = world.composition();
    assert_eq!(embedded.format, 1);
    assert_eq!(embedded.lock, composition.lock);
    assert_eq!(embedded.wire, *composition.wire);
    assert_eq!(embedded.root, Digest::of(composition.root.content));
    assert_eq!(embedded.root().unwrap().digest, embedded.root);
    let nested = embedded
        .nested
        .iter()
        .map(|one| &bundle.bytes[one.range.clone()]);
    assert!(nested.eq(bundle.components.iter().map(Vec::as_slice)));
    let (_, text) = parts(&bundle.bytes);
    let digest = embedded.root;
    assert!(
        text.starts_with(&format!(
            "format 1\nroot {digest}\nwire acme:other/api@1.0.0 acme:clock\n\n# a lock"
        )),
        "{text}"
    );
}

#[test]
fn what_is_larger_than_any_component_is_refused_as_that() {
    let mut bytes = Component::HEADER.to_vec();
    bytes.resize((256 << 20) + 1, 0);
    assert_eq!(
        open(&bytes).unwrap_err().to_string(),
        "larger than 268435456 bytes"
    );
}

#[test]
fn what_was_changed_is_refused_each_in_its_own_words() {
    let bundle = world().bundle();
    let (bytes, text) = parts(&bundle.bytes);
    assert!(with(&bytes, &[&text]).is_ok());
    let refused = |texts: &[&str]| with(&bytes, texts).unwrap_err().to_string();
    assert_eq!(
        refused(&[]),
        "the component carries no lock: it is no bundle, or its custom section was stripped"
    );
    assert_eq!(refused(&[&text, &text]), "the component carries 2 locks");
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        refused(&[&text.replacen(from, to, 1)])
    };
    assert_eq!(
        edited("format 1", "format 2"),
        "made by a newer cargo warg: the bundle is of format 2, and this one knows format 1"
    );
    assert_eq!(
        edited("format 1", "format 01"),
        "the section is not as cargo warg writes it"
    );
    assert_eq!(
        edited("format 1", "format one"),
        "line 1 of the section is not as cargo warg writes it: expected `format NUMBER`"
    );
    assert_eq!(
        edited("root sha256:", "root sha-256:"),
        "line 2 of the section is not as cargo warg writes it: expected `root DIGEST`"
    );
    assert_eq!(
        edited("wire acme:other/api@1.0.0 ", "wire "),
        "line 3 of the section is not as cargo warg writes it: expected `wire IMPORT PACKAGE`"
    );
    assert_eq!(
        refused(&[&text.replace('\n', "\r\n")]),
        "line 1 of the section is not as cargo warg writes it: expected `format NUMBER`"
    );
    let forged = edited(
        "root sha256:",
        &format!("root sha256:{}\nwire a:", "0".repeat(64)),
    );
    assert!(forged.starts_with("line 3"), "{forged}");
    let twice = "wire acme:other/api@1.0.0 acme:clock\n";
    assert_eq!(
        edited(twice, &twice.repeat(2)),
        "the section is not as cargo warg writes it"
    );
    // Another root.
    let root = Digest::of(b"another").to_string();
    let own = open(&bundle.bytes).unwrap().root.to_string();
    assert_eq!(
        edited(&own, &root),
        format!("the bundle does not contain the root that it names, {root}")
    );

    let mut followed = bundle.bytes.clone();
    CustomSection {
        name: "more".into(),
        data: b"".as_slice().into(),
    }
    .append_to_component(&mut followed);
    assert_eq!(
        open(&followed).unwrap_err().to_string(),
        "the lock of a bundle is the last thing in it, and here something follows"
    );
    let mut empty = wat::parse_str("(component)").unwrap();
    custom(&text).append_to_component(&mut empty);
    assert_eq!(
        open(&empty).unwrap_err().to_string(),
        format!("the bundle does not contain the root that it names, {own}")
    );
    assert_eq!(
        open(&wat::parse_str("(module)").unwrap())
            .unwrap_err()
            .to_string(),
        "a core module, not a component: `wasm-tools component new` makes a component of it"
    );
    assert_eq!(
        open(b"hello").unwrap_err().to_string(),
        "not WebAssembly: a binary begins with `\\0asm`"
    );
}

#[test]
fn no_byte_can_be_changed_or_taken_away_without_a_word_or_a_refusal() {
    let bundle = world().bundle();
    let embedded = open(&bundle.bytes).unwrap();
    let mut unnoticed = 0;
    for position in 0..bundle.bytes.len() {
        let mut changed = bundle.bytes.clone();
        changed[position] ^= 0x20;
        // A change outside of the parts and the section is only found by composing the bundle again.
        if open(&changed).is_ok_and(|found| found == embedded) {
            unnoticed += 1;
        }
        let _ = open(&bundle.bytes[..position]);
    }
    let nested: usize = embedded.nested.iter().map(|one| one.range.len()).sum();
    let (bytes, _) = parts(&bundle.bytes);
    assert!(unnoticed < bytes.len() - nested, "{unnoticed}");
}
