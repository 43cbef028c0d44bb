//! Names: one grammar, and their parts.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use transparency::name::{ExternName, InterfaceName, MAX_NAME_PART, PackageName};
use transparency::version::parse_version;

#[test]
fn a_package_has_a_namespace_and_a_name() {
    let package: PackageName = "acme:http-2".parse().unwrap();
    assert_eq!(package.namespace().as_str(), "acme");
    assert_eq!(package.name(), "http-2");
    assert_eq!(package.to_string(), "acme:http-2");
}

#[test]
fn each_part_is_words_of_small_letters_and_digits() {
    let longest = "x".repeat(MAX_NAME_PART);
    let longer = format!("{longest}x");
    for part in ["a", "a1", "a-1", "a-b2-c", &longest] {
        for text in [format!("{part}:z"), format!("z:{part}")] {
            assert_eq!(text.parse::<PackageName>().unwrap().to_string(), text);
        }
    }
    for part in [
        "", "1", "1a", "-a", "a-", "a--b", "A", "aB", "a_b", "a.b", "a b", "é", "aé", &longer,
    ] {
        for text in [format!("{part}:z"), format!("z:{part}")] {
            assert!(text.parse::<PackageName>().is_err(), "`{text}`");
        }
    }
    for text in ["", "a", ":", "a:b:c", "a:b/c", "a:b@1.0.0"] {
        assert!(text.parse::<PackageName>().is_err(), "`{text}`");
    }
}

#[test]
fn an_interface_has_a_package_and_perhaps_a_version() {
    for (text, version) in [
        ("wasi:io/poll@0.2.3", Some("0.2.3")),
        ("wasi:io/poll@0.3.0-rc.1", Some("0.3.0-rc.1")),
        ("wasi:io/poll", None),
    ] {
        let named: ExternName = text.parse().unwrap();
        let interface = named.interface().unwrap();
        assert_eq!(interface.package.as_str(), "wasi:io");
        assert_eq!(interface.interface, "poll");
        let version = version.map(|version| parse_version(version).unwrap());
        assert_eq!(interface.version, version);
        assert_eq!(interface.to_string(), text);
    }
    for text in [
        "run",
        "wasi:io",
        "wasi:io@0.2.3",
        "wasi:io/",
        "wasi:io/Poll",
        "wasi:io/poll@",
        "wasi:io/poll@0.2",
        "wasi/poll",
        "wasi:io:x/poll",
        "wasi:io/poll/more",
    ] {
        assert!(text.parse::<InterfaceName>().is_err(), "`{text}`");
        assert_eq!(
            text.parse::<ExternName>().unwrap().interface(),
            None,
            "`{text}`"
        );
    }
}
