//! Requirements as sets of numbers, against `semver`'s own answer for every version of cargo's registry.
#![expect(
    clippy::unwrap_used,
    reason = "the vectors are read, or the test fails"
)]

use std::path::Path;

use resolver::requirement::Versions;
use semver::Version;
use transparency::version::VersionReq;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/semver");

/// Numbers as a sorted list, from the runs of a set.
fn members(versions: &Versions, requirement: &VersionReq) -> Vec<usize> {
    use std::ops::Bound::{Excluded, Included};
    let set = versions.matching(requirement);
    let mut members = Vec::new();
    for run in set.iter() {
        let (Included(from), Excluded(past)) = run else {
            panic!("{requirement}: a run that is not half open: {run:?}");
        };
        members.extend(usize::try_from(*from).unwrap()..usize::try_from(*past).unwrap());
    }
    members
}

fn matching(versions: &Versions, requirement: &VersionReq) -> Vec<usize> {
    let all = versions.all().iter().enumerate();
    let found = all.filter(|(_, version)| requirement.matches(version));
    found.map(|(number, _)| number).collect()
}

#[test]
fn every_requirement_of_cargos_registry_over_every_version() {
    let folder = Path::new(VECTORS);
    if !folder.exists() {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: {VECTORS} is not there");
        }
        return;
    }
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let text = read("versions.csv");
    let versions: Vec<Version> = text
        .lines()
        .map(|line| line.trim_matches('"').parse().unwrap())
        .collect();
    assert_eq!(versions.len(), 40_114);
    let versions = Versions::new(versions);
    let text = read("requirements.csv");
    let requirements: Vec<&str> = text.lines().map(|line| line.trim_matches('"')).collect();
    assert_eq!(requirements.len(), 29_018);
    let mut broken = 0;
    for text in &requirements {
        let requirement = VersionReq::from_user(text).unwrap();
        let expected = matching(&versions, &requirement);
        assert_eq!(members(&versions, &requirement), expected, "{text}");
        broken += usize::from(versions.matching(&requirement).iter().count() > 1);
    }
    // Sets that are no one run are what a translation to ranges of versions gets wrong.
    assert!(broken > 10_000, "only {broken} sets are broken");
}

/// Every operator, with every number of parts, with and without pre-release, over versions around it.
#[test]
fn every_form_of_comparator() {
    let parts = [
        "0", "0.0", "0.0.1", "0.2", "0.2.1", "1", "1.0", "1.2", "1.2.1", "2.0.0",
    ];
    let pre = ["", "-alpha", "-rc.1"];
    let mut versions = Vec::new();
    for major in 0..3 {
        for minor in 0..3 {
            for patch in 0..3 {
                for suffix in [
                    "",
                    "-0",
                    "-alpha",
                    "-beta",
                    "-rc.1",
                    "-rc.2",
                    "+build",
                    "-rc.1+build",
                ] {
                    versions.push(format!("{major}.{minor}.{patch}{suffix}").parse().unwrap());
                }
            }
        }
    }
    let versions = Versions::new(versions);
    let mut comparators = Vec::new();
    for operator in ["=", "^", "~", ">", ">=", "<", "<="] {
        for part in parts {
            for pre in pre {
                if pre.is_empty() || part.matches('.').count() == 2 {
                    comparators.push(format!("{operator}{part}{pre}"));
                }
            }
        }
    }
    comparators.push("*".to_owned());
    let mut asked = 0;
    for one in &comparators {
        for other in &comparators {
            let text = if one == other {
                one.clone()
            } else {
                format!("{one},{other}")
            };
            let Ok(requirement) = VersionReq::from_user(&text) else {
                continue; // `*` stands alone
            };
            assert_eq!(
                members(&versions, &requirement),
                matching(&versions, &requirement),
                "{text}"
            );
            asked += 1;
        }
    }
    assert!(asked > 9_000, "{asked}");
}
