//! Keys: their text forms, and exactly which signatures are good.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use story::{base64, key, vkey};
use transparency::digest::Digest;
use transparency::key::{Algorithm, KeyError, SigningKey, VerifyingKey};

/// A vkey of these bytes, whatever they are, with the id that belongs to them.
fn vkey_text(name: &str, algorithm: u8, public: &[u8]) -> String {
    let tail = [&[algorithm], public].concat();
    let id = Digest::of(&[name.as_bytes(), b"\n", &tail].concat());
    format!("{name}+{}+{}", &id.hex()[..8], base64(&tail))
}

/// Keys of Go's `note` package, with every mangling of its tests.
#[test]
fn gos_keys_and_no_mangling_of_them() {
    let good = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let key: VerifyingKey = good.parse().unwrap();
    assert_eq!(
        (key.name(), key.id().to_string().as_str()),
        ("PeterNeumann", "c74f20a3")
    );
    assert_eq!(key.to_string(), good);
    let signing: SigningKey = secret.parse().unwrap();
    assert_eq!(signing.verifying_key(), &key);
    assert_eq!(signing.danger_secret_text(), secret);
    let manglings = |text: &str| {
        let mut all = Vec::new();
        for from in 0..text.len() {
            for to in from..=text.len() {
                if (from, to) != (0, text.len()) {
                    all.push(text[from..to].to_string());
                }
            }
            let mut bytes = text.as_bytes().to_vec();
            bytes[from] += 1;
            all.push(String::from_utf8(bytes).unwrap());
        }
        all
    };
    for bad in manglings(good) {
        assert!(bad.parse::<VerifyingKey>().is_err(), "{bad}");
    }
    for bad in manglings(secret) {
        assert!(bad.parse::<SigningKey>().is_err(), "{bad}");
    }
    for (bad, why) in [
        (
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "too long, id adjusted",
        ),
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "unknown type, id adjusted",
        ),
        (
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "upper case",
        ),
        (
            " PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "a space",
        ),
        (
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
            "a line end",
        ),
    ] {
        assert!(bad.parse::<VerifyingKey>().is_err(), "{why}");
    }
}

#[test]
fn what_is_wrong_with_a_key_is_said() {
    let error = |text: &str| text.parse::<VerifyingKey>().unwrap_err();
    assert!(matches!(error("acme/ci"), KeyError::Form { .. }));
    assert!(matches!(
        error(&vkey_text("a\u{85}b", 1, &[0; 32])),
        KeyError::Form { .. }
    ));
    assert!(matches!(
        error(&vkey_text(&"x".repeat(256), 1, &[0; 32])),
        KeyError::Form { .. }
    ));
    assert!(
        vkey_text(&"x".repeat(255), 1, &[0; 32])
            .parse::<VerifyingKey>()
            .is_ok()
    );
    assert!(matches!(
        error(&vkey_text("a", 6, &[0; 32])),
        KeyError::Algorithm { algorithm: 6, .. }
    ));
    let good = vkey("acme/ci").to_string();
    assert!(matches!(
        error(&good.replace("acme/ci", "acme/cd")),
        KeyError::Id { .. }
    ));
    for name in ["", "a b", "a+b", "a\nb", "\u{2003}", &"x".repeat(256)] {
        let found = SigningKey::from_seed(name, Algorithm::Ed25519, [1; 32]).map(|_| ());
        assert!(matches!(found, Err(KeyError::Name { .. })), "{name:?}");
    }
    let secret = key("acme/ci").danger_secret_text();
    let found = secret
        .replace("acme/ci", "acme/cd")
        .parse::<SigningKey>()
        .map(|_| ())
        .unwrap_err();
    assert_eq!(found, KeyError::Secret);
    assert!(
        !found.to_string().contains("PRIVATE+KEY+acme"),
        "a secret is never repeated"
    );
    let bad = good.parse::<SigningKey>().map(|_| ()).unwrap_err();
    assert_eq!(bad, KeyError::Secret);
}

/// RFC 8032 §7.1, test 2.
#[test]
fn ed25519_is_that_of_the_rfc() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let key = SigningKey::from_seed("rfc", Algorithm::Ed25519, seed.try_into().unwrap()).unwrap();
    assert_eq!(key.verifying_key().public_bytes().as_slice(), public);
    assert_eq!(key.sign(&[0x72]).as_slice(), signature);
    let verifier = key.verifying_key().verifier().unwrap();
    verifier.verify(&[0x72], &signature).unwrap();
    for length in [0, 63, 65] {
        let mut other = signature.clone();
        other.resize(length, 0);
        assert!(
            matches!(
                verifier.verify(&[0x72], &other),
                Err(KeyError::Signature { .. })
            ),
            "{length} bytes"
        );
    }
}

/// The edge cases of C2SP/CCTV: which are accepted is part of the format, and pinned here flag by flag.
#[test]
fn exactly_these_edge_cases_verify() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors/ed25519/ed25519vectors.json");
    let Ok(bytes) = fs::read(&file) else {
        #[expect(clippy::print_stderr, reason = "a skipped test must say that it was")]
        {
            eprintln!("skipped: there is no {}", file.display());
        }
        return;
    };
    let vectors: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(vectors.len(), 914);
    let mut accepted = BTreeSet::new();
    let mut count = 0;
    for vector in &vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let bytes = |field: &str| -> Vec<u8> {
            let text = text(field);
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let flags: BTreeSet<&str> = vector["flags"]
            .as_array()
            .map_or_else(BTreeSet::new, |flags| {
                flags.iter().map(|flag| flag.as_str().unwrap()).collect()
            });
        let key: VerifyingKey = vkey_text("cctv", 1, &bytes("key")).parse().unwrap();
        let good = key
            .verifier()
            .and_then(|verifier| verifier.verify(text("msg").as_bytes(), &bytes("sig")));
        let refused_flags = ["low_order_A", "low_order_R", "low_order_residue"];
        let expected = !refused_flags.iter().any(|flag| flags.contains(flag));
        assert_eq!(
            good.is_ok(),
            expected,
            "vector {}: {flags:?}",
            vector["number"]
        );
        if good.is_ok() {
            count += 1;
            accepted.insert(flags);
        }
    }
    // Nothing of small order, nothing non-canonical, and only what verifies without the cofactor.
    let expected = [
        BTreeSet::new(),
        BTreeSet::from(["low_order_component_A"]),
        BTreeSet::from(["low_order_component_A", "low_order_component_R"]),
    ];
    assert_eq!(accepted, BTreeSet::from(expected));
    assert_eq!(count, 43);
}

proptest! {
    #[test]
    fn any_text_is_a_key_or_an_error(text in any::<String>(), tail in "[A-Za-z0-9+/=]{0,60}") {
        let _ = text.parse::<VerifyingKey>();
        let _ = text.parse::<SigningKey>().map(|_| ());
        let _ = format!("{text}+00000000+{tail}").parse::<VerifyingKey>();
        let _ = format!("PRIVATE+KEY+{text}+00000000+{tail}").parse::<SigningKey>().map(|_| ());
    }

    #[test]
    fn keys_print_and_parse(seed in any::<[u8; 32]>(), name in "[!-*,-~é]{1,40}", witness in any::<bool>()) {
        let algorithm = if witness { Algorithm::CosignatureV1 } else { Algorithm::Ed25519 };
        let key = SigningKey::from_seed(&name, algorithm, seed).unwrap();
        prop_assert_eq!(key.verifying_key().to_string().parse::<VerifyingKey>().unwrap(), key.verifying_key().clone());
        let again: SigningKey = key.danger_secret_text().parse().unwrap();
        prop_assert_eq!(again.verifying_key(), key.verifying_key());
    }

    #[test]
    fn any_32_bytes_are_a_key_that_verifies_nothing_or_none(public in any::<[u8; 32]>(), signature in any::<[u8; 64]>()) {
        let key: VerifyingKey = vkey_text("x", 1, &public).parse().unwrap();
        if let Ok(verifier) = key.verifier() {
            prop_assert!(verifier.verify(b"message", &signature).is_err());
        }
    }
}

#[test]
fn what_messages_show_of_a_key_is_how_it_is_written() {
    let secret = SigningKey::from_seed("acme/ci", Algorithm::Ed25519, [7; 32]).unwrap();
    let key = secret.verifying_key();
    assert_eq!(format!("{key:?}"), key.to_string());
    assert_eq!(format!("{:?}", key.id()), key.id().to_string());
    assert!(key.to_string().contains(&format!("+{}+", key.id())));
}
