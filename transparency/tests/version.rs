//! Versions and requirements: the longest that are read, and what they mean.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::cmp::Ordering;

use transparency::version::{
    MAX_REQUIREMENT, MAX_VERSION, Track, VersionError, VersionReq, parse_version,
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
fn a_version_has_one_spelling() {
    for text in [
        "0.0.0",
        "1.2.3",
        "1.2.3-0",
        "1.2.3-rc.1.x-y",
        "1.2.3+001",
        "1.2.3-a+b.c",
    ] {
        assert_eq!(parse_version(text).unwrap().to_string(), text);
    }
    let others = [
        "",
        "1",
        "1.2",
        "01.2.3",
        "1.02.3",
        "1.2.03",
        "1.2.3-01",
        "1.2.3-a.00",
        "+1.2.3",
        "1.+2.3",
        "v1.2.3",
        " 1.2.3",
        "1.2.3 ",
        "1. 2.3",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-a..b",
        "1.2.3-a b",
        "1.2.3\n",
        "1.2.3.4",
        "1.2.*",
        "1.2.x",
        "18446744073709551616.0.0",
    ];
    for text in others {
        assert!(parse_version(text).is_err(), "{text:?}");
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

#[test]
fn a_version_lies_in_the_track_of_its_first_part_that_is_not_zero() {
    for (version, track, text) in [
        ("0.0.0", Track::Patch(0), "0.0.0"),
        ("0.0.7", Track::Patch(7), "0.0.7"),
        ("0.2.6", Track::Minor(2), "0.2"),
        ("1.0.0", Track::Major(1), "1"),
        ("12.3.4+build", Track::Major(12), "12"),
    ] {
        assert_eq!(Track::of(&parse_version(version).unwrap()), track);
        assert_eq!(track.to_string(), text);
    }
    for version in ["0.0.1-a", "0.2.0-rc.1", "1.2.3-rc.1"] {
        let track = Track::of(&parse_version(version).unwrap());
        assert_eq!(track.to_string(), version);
        assert!(matches!(track, Track::Pre(..)), "{version}");
    }
}

#[test]
fn a_requirement_has_the_track_that_all_it_matches_lie_in() {
    for (requirement, track) in [
        ("=1.2.3", Some("1")),
        ("=1.2.3-rc.1", Some("1.2.3-rc.1")),
        ("=1.2", Some("1")),
        ("=1", Some("1")),
        ("=0.2", Some("0.2")),
        ("=0", None),
        ("1.*", Some("1")),
        ("1.2.*", Some("1")),
        ("0.2.*", Some("0.2")),
        ("0.*", None),
        ("^1.2", Some("1")),
        ("^0.2", Some("0.2")),
        ("^0.2.3", Some("0.2")),
        ("^0.0", None),
        ("^0.0.3", Some("0.0.3")),
        ("^0", None),
        ("~1", Some("1")),
        ("~1.2", Some("1")),
        ("~1.2.3", Some("1")),
        ("~0.2", Some("0.2")),
        ("~0.2.3", Some("0.2")),
        ("~0.0.3", None),
        ("~0", None),
        (">=1.2.0", None),
        (">1.2.0", None),
        ("<1.2.0", None),
        ("<=1.2.0", None),
        ("*", None),
        (">=1.2.0,<2.0.0", Some("1")),
        (">=1.2.0,<2.0.1", None),
        (">=1.2.0,<1.5.0", Some("1")),
        (">=1.2.0,<=1.5.0", Some("1")),
        (">=1.2.0,<=1.5", Some("1")),
        (">=1.2.0,<=1", Some("1")),
        (">=1.2.0,<=2.0.0", None),
        (">1.2.0,<2.0.0", Some("1")),
        (">1.2,<2.0.0", Some("1")),
        (">1,<3.0.0", Some("2")),
        (">0,<2.0.0", Some("1")),
        (">0.2,<0.4.0", Some("0.3")),
        (">0.0.2,<0.0.4", Some("0.0.3")),
        (">=0.0.3,<0.0.4", Some("0.0.3")),
        (">=0.0.3,<=0.0.3", Some("0.0.3")),
        (">=0.0.3,<0.0.5", None),
        (">=0.2.0,<0.3.0", Some("0.2")),
        (">=0.2.0,<0.4.0", None),
        // No version at all.
        (">=1.2.0,<1.2.0", None),
        (">=1.3.0,<1.2.0", None),
        // Pre-releases, too, and each has a track.
        (">=1.2.0-rc.1,<2.0.0", None),
        // Behind the last number there is.
        ("^18446744073709551615", None),
    ] {
        let requirement = VersionReq::from_user(requirement).unwrap();
        let found = requirement.track().map(|track| track.to_string());
        assert_eq!(found.as_deref(), track, "{requirement}");
    }
}

#[test]
fn requirements_are_ordered_and_shown_by_their_text() {
    let requirement = |text: &str| text.parse::<VersionReq>().unwrap();
    let (a, b) = (requirement("=1.10.0"), requirement("^1.2"));
    assert_eq!(a.partial_cmp(&b), Some(Ordering::Less));
    assert_eq!(b.partial_cmp(&a), Some(Ordering::Greater));
    assert_eq!(format!("{b:?}"), "^1.2");
}

#[test]
fn a_requirement_that_reads_prints_as_it_stands() {
    let mut texts = vec![String::new()];
    let mut read = 0;
    for _ in 0..6 {
        let longer = |text: &String| {
            let pieces = [
                "^", "~", "=", "<", ">", "0", "12", ".", ",", "*", "x", "-", "+", " ",
            ];
            pieces.map(|piece| format!("{text}{piece}"))
        };
        // A text is made longer only if some ending makes a requirement of it.
        let can_go_on = |text: &String| {
            let finished = [".0", "0", "0.0.0", "a", ",^0"];
            finished
                .iter()
                .any(|end| VersionReq::from_user(&format!("{text}{end}")).is_ok())
        };
        texts.retain(|text| text.is_empty() || can_go_on(text));
        texts = texts.iter().flat_map(longer).collect();
        for text in &texts {
            if let Ok(requirement) = text.parse::<VersionReq>() {
                assert_eq!(requirement.to_string(), *text);
                read += 1;
            }
        }
    }
    assert!(read > 100, "{read}");
}
