//! Versions and requirements: the longest that are read, and what they mean.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use transparency::version::{
    MAX_REQUIREMENT, MAX_VERSION, VersionError, VersionReq, parse_version,
};

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

#[test]
fn a_user_writes_requirements_up_to_the_limit() {
    let padded = |length: usize| format!("{:>length$}", "1.2");
    for length in [MAX_REQUIREMENT - 1, MAX_REQUIREMENT] {
        let read = VersionReq::from_user(&padded(length)).unwrap();
        assert_eq!(read.to_string(), "^1.2");
    }
    for length in [MAX_REQUIREMENT + 1, MAX_REQUIREMENT + 2] {
        let text = padded(length);
        let error = VersionReq::from_user(&text).unwrap_err();
        assert_eq!(error, VersionError::Requirement { text });
    }
}

#[test]
fn only_an_exact_full_version_is_pinned_and_it_alone_matches() {
    let version = parse_version("1.2.3-rc.1").unwrap();
    let exact = VersionReq::exact(&version);
    assert_eq!(exact.pinned(), Some(version.clone()));
    assert!(exact.matches(&version));
    assert!(!exact.matches(&parse_version("1.2.3").unwrap()));
    for other in ["^1.2.3", "~1.2.3", ">=1.2.3", "=1.2", "=1.2.3,<2.0.0", "*"] {
        let requirement: VersionReq = other.parse().unwrap();
        assert_eq!(requirement.pinned(), None, "{other}");
    }
}
