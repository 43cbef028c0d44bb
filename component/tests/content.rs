//! What bytes are, and what they claim.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use component::content::{ContentError, Interface, kind_of};
use component::derived::derive;
use component::wit::binary::{BinaryError, Decoded};
use fixtures::component::{IO, LOGGER, from_wit, wit_package};
use transparency::name::Kind;

fn logger() -> Vec<u8> {
    from_wit(LOGGER, "logger")
}

#[test]
fn a_component_says_what_it_imports_and_exports() {
    let component = logger();
    let Interface { imports, exports } = Interface::of_component(&component).unwrap();
    let names = |names: BTreeSet<transparency::name::ExternName>| -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        names(imports),
        [
            "acme:clock/now@1.0.0",
            "acme:logger/internal@1.2.0",
            "wasi:io/error@0.2.3",
            "wasi:io/streams@0.2.3"
        ]
    );
    assert_eq!(names(exports), ["acme:logger/api@1.2.0"]);
    assert_eq!(component, logger(), "made twice, the same");
}

#[test]
fn names_inside_of_a_component_are_not_its_own() {
    let bytes = wat::parse_str(
        "(component
            (import \"run\" (func))
            (component (import \"inner:a/b\" (instance)) (export \"c\" (instance 0)))
            (core module (import \"x\" \"y\" (func)))
            (export \"go\" (func 0)))",
    )
    .unwrap();
    let Interface { imports, exports } = Interface::of_component(&bytes).unwrap();
    let all: Vec<_> = imports
        .iter()
        .chain(&exports)
        .map(ToString::to_string)
        .collect();
    assert_eq!(all, ["run", "go"]);
}

#[test]
fn anything_else_is_told_apart() {
    let module = wat::parse_str("(module)").unwrap();
    assert!(matches!(kind_of(&module), Err(ContentError::Module)));
    assert!(matches!(
        kind_of(b"package a:b;"),
        Err(ContentError::WitText)
    ));
    assert!(matches!(kind_of(b"hello"), Err(ContentError::NotWasm)));
    assert!(matches!(kind_of(b""), Err(ContentError::NotWasm)));
    let wit = wit_package(IO);
    assert!(matches!(
        Interface::of_component(&wit),
        Err(ContentError::WitPackage)
    ));
    let component = logger();
    let error = Decoded::open(&component).unwrap_err().to_string();
    assert_eq!(error, "a component, not a WIT package");
    let unsound = wat::parse_str("(component (export \"a\" (func 0)))");
    let error = Interface::of_component(&unsound.unwrap()).unwrap_err();
    assert!(matches!(error, ContentError::Invalid { .. }), "{error}");
    let world =
        wat::parse_str("(component (type $t (component)) (export \"t\" (type $t)))").unwrap();
    assert!(derive(&world).is_err(), "a type that is no WIT");
}

#[test]
fn names_that_the_component_model_no_longer_has_are_refused() {
    let bytes = wat::parse_str("(component (import \"unlocked-dep=<a:b@*>\" (instance)))").unwrap();
    assert!(matches!(
        Interface::of_component(&bytes),
        Err(ContentError::OldName { package: Some(package), .. }) if package.as_str() == "a:b"
    ));
}

#[test]
fn a_component_in_an_encoding_of_before_is_told_so() {
    let old = b"\0asm\x0c\0\x01\0";
    let error = Interface::of_component(old).unwrap_err();
    assert!(error.to_string().contains("encoding 12"), "{error}");
}

#[test]
fn a_message_of_the_validator_shows_nothing_of_its_insides() {
    let two = "(component (import \"a\" (type $a (sub resource))) (import \"b\" (type $b (sub resource)))
        (component $c (import \"x\" (type $x (sub resource))) (import \"y\" (func (param \"p\" (own $x)))))
        (import \"f\" (func $f (param \"p\" (own $b))))
        (instance (instantiate $c (with \"x\" (type $a)) (with \"y\" (func $f)))))";
    let error = Interface::of_component(&wat::parse_str(two).unwrap()).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("resource types are not the same"), "{said}");
    assert!(!said.contains('{'), "{said}");
}

/// Every cut and every flipped byte gives an error or another content, and never a panic that escapes.
#[test]
fn damaged_contents_never_panic() {
    let wit = wit_package(IO);
    let component = logger();
    let mut refused = 0;
    for bytes in [&wit, &component] {
        for end in 0..bytes.len() {
            refused += u32::from(derive(&bytes[..end]).is_err());
        }
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            refused += u32::from(derive(&damaged).is_err());
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_binary_has_a_limit_too() {
    let mut bytes = wit_package("package my:types@1.0.0; interface i { type t = u8; }");
    let custom_section = [0, 2, 1, b'x'];
    bytes.extend(custom_section.repeat(1 << 20));
    assert_eq!(kind_of(&bytes).unwrap(), Kind::Wit);
    let error = Decoded::open(&bytes).unwrap_err();
    assert!(matches!(error, BinaryError::TooLarge), "{error:?}");
}
