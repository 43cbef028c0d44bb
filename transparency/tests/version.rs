//! Versions: the longest that are read.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use transparency::version::{MAX_VERSION, VersionError, parse_version};

/// A version of so many bytes.
fn long(length: usize) -> String {
    let version = format!("1.0.0-{}", "x".repeat(length - "1.0.0-".len()));
    assert_eq!(version.len(), length);
    version
}

#[test]
fn versions_up_to_the_limit_are_read_and_no_longer_ones() {
    for length in ["1.0.0-x".len(), MAX_VERSION - 1, MAX_VERSION] {
        let text = long(length);
        assert_eq!(parse_version(&text).unwrap().to_string(), text);
    }
    for length in [MAX_VERSION + 1, MAX_VERSION + 2, 2 * MAX_VERSION] {
        let text = long(length);
        let error = parse_version(&text).unwrap_err();
        assert_eq!(error, VersionError::Version { text });
    }
}
