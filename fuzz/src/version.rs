//! Versions, requirements, and the sets of versions that requirements become.

use std::collections::BTreeSet;

use resolver::requirement::Versions;
use semver::{BuildMetadata, Op, Prerelease, Version};
use transparency::version::{Track, VersionReq, parse_version, without_build};

pub(crate) fn version(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(version) = parse_version(text) {
        assert_eq!(version.to_string(), text);
        assert!(VersionReq::exact(&version).matches(&without_build(&version)));
        assert!(VersionReq::caret(&version).matches(&version));
        let track = Some(Track::of(&version));
        assert_eq!(VersionReq::exact(&version).track(), track);
        if version.pre.is_empty() {
            let caret = VersionReq::caret(&version).track();
            assert!(
                caret.is_none() || caret == track,
                "a requirement of one track"
            );
        }
    }
    let canonical = text.parse::<VersionReq>();
    if let Ok(requirement) = &canonical {
        assert_eq!(requirement.to_string(), text);
    }
    let Ok(requirement) = VersionReq::from_user(text) else {
        assert!(canonical.is_err(), "canonical, and yet no requirement");
        return;
    };
    // What a person writes is printed in canonical form, and that reads as the same requirement.
    let written = requirement.to_string();
    let again: VersionReq = match written.parse() {
        Ok(again) => again,
        // With its operators written out it may be longer than the limit. Then every reader refuses it.
        Err(_) if written.len() > transparency::version::MAX_REQUIREMENT => return,
        Err(error) => panic!("`{text}` is written `{written}`, which does not read: {error}"),
    };
    assert_eq!(again, requirement);
    // It means what semver says that the text means.
    let semver: semver::VersionReq = text.parse().expect("semver read it before");
    let track = requirement.track();
    for version in near(&requirement) {
        let matches = requirement.matches(&version);
        assert_eq!(matches, semver.matches(&version), "`{text}` and {version}");
        assert_eq!(matches, again.matches(&version));
        if let (true, Some(track)) = (matches, &track) {
            assert_eq!(
                *track,
                Track::of(&version),
                "`{text}` is of one track, and matches {version}"
            );
        }
    }
}

/// Versions equal to and next to each version that a requirement names.
fn near(requirement: &VersionReq) -> BTreeSet<Version> {
    let around = |number: u64| {
        [
            number.saturating_sub(1),
            number,
            number.saturating_add(1),
            0,
        ]
    };
    let mut versions = BTreeSet::new();
    for comparator in requirement.comparators().iter().take(4) {
        for major in around(comparator.major) {
            for minor in around(comparator.minor.unwrap_or(0)) {
                for patch in around(comparator.patch.unwrap_or(0)) {
                    for pre in [Prerelease::EMPTY, comparator.pre.clone()] {
                        versions.insert(Version {
                            major,
                            minor,
                            patch,
                            pre,
                            build: BuildMetadata::EMPTY,
                        });
                    }
                }
            }
        }
    }
    versions
}

/// The first line is a requirement, the others are versions. The set that it becomes must hold exactly the versions
/// that it matches.
pub(crate) fn requirement(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.lines();
    let Some(requirement) = lines
        .next()
        .and_then(|line| VersionReq::from_user(line).ok())
    else {
        return;
    };
    let versions: Vec<Version> = lines
        .filter_map(|line| parse_version(line).ok())
        .chain(near(&requirement))
        .collect();
    let versions = Versions::new(versions);
    let set = versions.matching(&requirement);
    for (number, version) in (0u32..).zip(versions.all()) {
        assert_eq!(versions.get(number), Some(version));
        assert_eq!(versions.number(version), Some(number));
        assert_eq!(
            set.contains(&number),
            requirement.matches(version),
            "`{requirement}` and {version}"
        );
    }
    let past = u32::try_from(versions.all().len()).expect("a short input");
    assert!(!set.contains(&past), "a number that no version has");
    // Such a requirement names one version: `=` and the whole of it.
    if let Some(pinned) = requirement.pinned() {
        assert!(
            requirement
                .comparators()
                .iter()
                .all(|one| one.op == Op::Exact)
        );
        assert!(requirement.matches(&pinned));
    }
}
