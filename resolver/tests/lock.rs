//! `warg.lock`: what is written, what is read, what is refused, and when it is stale.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod world;

use std::collections::{BTreeMap, BTreeSet};

use resolver::Unresolved;
use resolver::closure::{Claim, Flaw, check_closed_set};
use resolver::cutoff::{Cutoff, ExcludeNewer};
use resolver::lockfile::{
    Change, Inconsistency, LockedPackage, Lockfile, MAX_LOCK, MAX_VERSIONS, ReadError, Root,
    SOLVER, Stale, changes, sides,
};
use resolver::problem::{Mode, Options, RootRequirement};
use transparency::name::Kind;
use transparency::number::Time;
use world::{World, checkpoint, name, requirement, selection};

const ROOT: &str = "registry.example/components";

fn workspace() -> World {
    let mut world = World::new();
    for version in ["1.0.4", "1.1.0"] {
        world.component("acme:clock", version, &[]);
        world.exports("acme:clock", version, &["acme:clock/now"]);
    }
    world.component(
        "acme:logger",
        "1.2.0",
        &["component acme:clock ^1.0 for acme:clock/now"],
    );
    for version in ["0.2.3", "0.2.6"] {
        world.wit("wasi:io", version, &[]);
        let io = format!("wit wasi:io ^{version}");
        world.wit("wasi:http", version, &[&io]);
    }
    world.app_requires("component acme:logger ^1.2");
    world.app_requires_at("wit wasi:http =0.2.3", "wit/world.wit:3", &[]);
    let io = RootRequirement::new(requirement("wit wasi:io =0.2.6"));
    world.member("web").requirements.insert(io);
    world
}

fn text() -> String {
    workspace().lock().to_string()
}

#[track_caller]
fn refused(text: &str) -> ReadError {
    match text.parse::<Lockfile>() {
        Err(error) => error,
        Ok(_) => panic!("it was read:\n{text}"),
    }
}

/// The error of a good lock of which one text was replaced.
#[track_caller]
fn edited(from: &str, to: &str) -> ReadError {
    let text = text();
    assert!(text.contains(from), "no `{from}` in\n{text}");
    refused(&text.replacen(from, to, 1))
}

#[test]
fn the_whole_text() {
    let mut world = workspace();
    world.app_has_local(Kind::Wit, "acme:api", "0.3.0", &["wit wasi:io ^0.2.3"]);
    world.app_requires("wit acme:api =0.3.0");
    world.problem.options.mode = Mode::Highest;
    world.problem.options.exclude_newer = Time::from_unix(2_000_000_000).map(Cutoff::At);
    let wasi = "wasi".parse().unwrap();
    let origin = ROOT.parse().unwrap();
    world
        .problem
        .options
        .origins
        .namespaces
        .insert(wasi, origin);
    let mut lock = world.lock();
    let held = requirement("component acme:clock =1.1.0");
    lock.roots.get_mut("app").unwrap().held.insert(held);
    let text = lock.to_string();
    let expected = r#"# This file is written by cargo warg. It is not meant to be edited.
version = 1

[options]
default-origin = "registry.example/components"
exclude-newer = "2033-05-18T03:33:20Z"
resolution = "highest"

[options.namespaces]
wasi = "registry.example/components"

[[registry]]
origin = "registry.example/components"
size = 48213
root = "Ixd3GYkLbrqkUE3JwHGP5gtNlnr+i/9dqJlEsNzFdcA="
checkpoint = "CHECKPOINT"

[[root]]
name = "app"
requires = [
    "component acme:logger ^1.2 from registry.example/components",
    "wit acme:api =0.3.0 from registry.example/components",
    "wit wasi:http =0.2.3 from registry.example/components",
]
selects = [
    "component acme:clock@1.1.0",
    "component acme:logger@1.2.0",
    "wit acme:api@0.3.0",
    "wit wasi:http@0.2.3",
    "wit wasi:io@0.2.6",
]
held = [
    "component acme:clock =1.1.0",
]

[[root]]
name = "web"
requires = [
    "wit wasi:io =0.2.6 from registry.example/components",
]
selects = [
    "wit wasi:io@0.2.6",
]
"#;
    let head = text.split("\n[[package]]").next().unwrap();
    let checkpoint = checkpoint();
    let expected = expected
        .replace("CHECKPOINT", &checkpoint.digest().to_string())
        .replace(
            "Ixd3GYkLbrqkUE3JwHGP5gtNlnr+i/9dqJlEsNzFdcA=",
            &checkpoint.root.base64(),
        );
    assert_eq!(head, expected);
    let local = "
[[package]]
kind = \"wit\"
name = \"acme:api\"
version = \"0.3.0\"
requires = [
    \"wit wasi:io ^0.2.3 from registry.example/components\",
]
";
    assert!(text.contains(local), "{text}");
    let release = lock.packages[&selection("component acme:logger@1.2.0")]
        .release
        .clone()
        .unwrap();
    let logger = format!(
        "
[[package]]
kind = \"component\"
name = \"acme:logger\"
version = \"1.2.0\"
origin = \"{ROOT}\"
digest = \"{}\"
record = \"{}\"
index = {}
requires = [
    \"component acme:clock ^1.0 from {ROOT} for acme:clock/now\",
]
",
        release.digest, release.record, release.index
    );
    assert!(text.contains(&logger), "{text}");
    assert_eq!(text.parse::<Lockfile>().unwrap(), lock);
}

#[test]
fn what_is_written_is_read_back_and_crlf_too() {
    let lock = workspace().lock();
    let text = lock.to_string();
    assert_eq!(text.parse::<Lockfile>().unwrap(), lock);
    assert!(lock.has_lines_of(&text));
    let crlf = text.replace('\n', "\r\n");
    assert_eq!(crlf.parse::<Lockfile>().unwrap(), lock);
    assert!(lock.has_lines_of(&crlf));
    assert!(!lock.has_lines_of(&text[..text.len() - 1]));

    let mut empty = World::new();
    empty.member("app");
    empty.problem.options.origins.default = None;
    let lock = empty.lock();
    assert_eq!(lock.to_string().parse::<Lockfile>().unwrap(), lock);
}

#[test]
fn strange_names_stay_on_their_lines() {
    let mut world = workspace();
    let odd = "a\"b\\c\nd\u{7f}é";
    let io = RootRequirement::new(requirement("wit wasi:io =0.2.6"));
    world.member(odd).requirements.insert(io);
    let lock = world.lock();
    let text = lock.to_string();
    assert!(
        text.contains("name = \"a\\\"b\\\\c\\u000Ad\\u007Fé\"\n"),
        "{text}"
    );
    assert_eq!(text.parse::<Lockfile>().unwrap(), lock);
}

#[test]
fn any_changed_line_is_refused_or_changes_the_meaning() {
    let lock = workspace().lock();
    let text = lock.to_string();
    let lines: Vec<&str> = text.lines().collect();
    for (position, line) in lines.iter().enumerate() {
        for change in [
            "",
            " ",
            "x = 1",
            "]",
            &format!("{line} "),
            &format!(" {line}"),
            &format!("{line} # why"),
        ] {
            if change == *line {
                continue;
            }
            let mut edited = lines.clone();
            edited[position] = change;
            let edited = format!("{}\n", edited.join("\n"));
            let read = edited.parse::<Lockfile>();
            assert!(
                read.is_err(),
                "line {} as `{change}` was read",
                position + 1
            );
        }
        let mut without = lines.clone();
        without.remove(position);
        let without = format!("{}\n", without.join("\n"));
        match without.parse::<Lockfile>() {
            Ok(read) => assert_ne!(read, lock, "line {} does not matter", position + 1),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // What is cut short is refused, or at least stale: a lock that ends after a table says less.
    let problem = workspace().problem;
    for end in 0..text.len() {
        if let Ok(read) = text[..end].parse::<Lockfile>() {
            assert!(read.check(&problem).is_err(), "the first {end} bytes");
        }
    }
}

#[test]
fn what_is_read_is_what_would_be_written() {
    let mut world = workspace();
    world.problem.options.mode = Mode::Highest;
    let wasi = "wasi".parse().unwrap();
    let namespaces = &mut world.problem.options.origins.namespaces;
    namespaces.insert(wasi, ROOT.parse().unwrap());
    let lock = world.lock();
    let text = lock.to_string();
    let check = |edited: &str| match edited.parse::<Lockfile>() {
        Ok(read) => assert_eq!(read.to_string(), edited),
        Err(error) => assert!(edited != text, "{error}"),
    };
    let lines: Vec<&str> = text.lines().collect();
    for one in 0..lines.len() {
        for other in one..lines.len() {
            let mut edited = lines.clone();
            edited.swap(one, other);
            check(&format!("{}\n", edited.join("\n")));
        }
        let mut edited = lines.clone();
        edited.insert(one, lines[one]);
        check(&format!("{}\n", edited.join("\n")));
        edited.drain(one..one + 2);
        check(&format!("{}\n", edited.join("\n")));
    }
    let tables: Vec<&str> = text.split("\n\n").map(str::trim_end).collect();
    for one in 1..tables.len() {
        for other in one..tables.len() {
            let mut edited = tables.clone();
            edited.swap(one, other);
            check(&format!("{}\n", edited.join("\n\n")));
        }
    }
    let position = lines.iter().position(|line| line.starts_with("index = "));
    let index = format!("{}\n", lines[position.unwrap()]);
    let with = |more: &str| format!("{index}{more}");
    for (from, to) in [
        ("name = \"app\"", "name = \"\\u0061pp\""),
        ("name = \"app\"", "name = \"a\tpp\""),
        ("name = \"app\"", "name = \"a\u{7f}pp\""),
        ("name = \"app\"", "name = \"app é\""),
        ("\n\n[[root]]", "\nheld = []\n\n[[root]]"),
        ("\n\n[[package]]", "\nheld = []\n\n[[package]]"),
        (&*index, &*with("requires = []\n")),
        (&*index, &*with("requires = [\n]\n")),
        (&*index, &*index.replace(" = ", " = 0")),
        ("resolution = \"highest\"", "resolution = \"default\""),
        (
            "resolution = \"highest\"",
            "resolution = \"highest\"\nsolver = 1",
        ),
        (
            "\n[options.namespaces]",
            "\n[options.exclude-newer-package]\n\n[options.namespaces]",
        ),
    ] {
        assert!(text.contains(from), "{from} in\n{text}");
        let edited = text.replacen(from, to, 1);
        check(&edited);
        check(&edited.replace('\n', "\r\n").replace("\r\n", "\n"));
    }
}

#[test]
fn every_refusal_says_what_and_where() {
    let says = |error: ReadError| match error.line() {
        Some(line) => format!("line {line}: {error}"),
        None => error.to_string(),
    };
    assert_eq!(
        says(edited("version = 1", "version = 2")),
        "it is of format 2, written by a newer cargo warg"
    );
    assert_eq!(
        says(edited("version = 1", "version = 0")),
        "it does not say `version = 1`"
    );
    assert_eq!(
        says(edited("version = 1\n", "")),
        "it does not say `version = 1`"
    );
    assert_eq!(
        says(edited("name = \"app\"", "name = app")),
        "line 14: it is not TOML: string values must be quoted, expected literal string"
    );
    assert_eq!(
        says(edited("name = \"app\"", "nom = \"app\"")),
        "line 14: expected name, found `nom = \"app\"`"
    );
    assert_eq!(
        says(edited("name = \"app\"", "name = 1")),
        "line 14: expected a string, found `1`"
    );
    assert_eq!(
        says(edited("size = 48213", "size = 048213")),
        "line 9: it is not TOML: unexpected leading zero, expected nothing"
    );
    assert_eq!(
        says(edited("size = 48213", "size = 4_8213")),
        "line 9: `4_8213` is not a decimal number without leading zeros"
    );
    assert!(matches!(
        edited("size = 48213", "size = 48214"),
        ReadError::Checkpoint { line: 11, .. }
    ));
    assert_eq!(
        says(edited(
            "\"component acme:logger ^1.2 from",
            "\"component acme:logger 1.2 from"
        )),
        "line 16: the requirement `1.2` must be written `^1.2`"
    );
    assert_eq!(
        says(edited("acme:clock@1.1.0", "acme:clock 1.1.0")),
        "line 20: `component acme:clock 1.1.0` is not of the form `KIND NAME@VERSION`"
    );
    let swapped = text().replacen(
        "    \"component acme:clock@1.1.0\",\n    \"component acme:logger@1.2.0\",\n",
        "    \"component acme:logger@1.2.0\",\n    \"component acme:clock@1.1.0\",\n",
        1,
    );
    assert_eq!(
        says(refused(&swapped)),
        "line 20: it is not as cargo warg writes it: expected `    \"component acme:clock@1.1.0\",`, found `    \
         \"component acme:logger@1.2.0\",`"
    );
    assert_eq!(
        says(edited("\n[[registry]]", "\n[extra]\nx = 1\n\n[[registry]]")),
        "line 7: expected the header of a table, found `[extra]`"
    );
    let text = text();
    let double = format!("{text}{}", &text[text.rfind("\n[[package]]").unwrap()..]);
    assert!(matches!(refused(&double), ReadError::NotCanonical { .. }));
    assert_eq!(
        says(refused(&"x".repeat(17 << 20))),
        "it is longer than 16777216 bytes"
    );
    let longest = format!("# {}", "x".repeat(MAX_LOCK - 2));
    assert!(
        matches!(refused(&longest), ReadError::NoVersion),
        "as long as it may be"
    );
    assert!(matches!(refused(""), ReadError::NoVersion));
}

#[test]
fn contradictions_within_are_refused() {
    let inconsistency = |error| match error {
        ReadError::Inconsistent(found) => found.to_string(),
        other => panic!("{other}"),
    };
    let says = |from: &str, to: &str| inconsistency(edited(from, to));
    assert_eq!(
        says(
            "    \"component acme:clock@1.1.0\",\n",
            "    \"component acme:clock@1.0.4\",\n"
        ),
        "`app` selects `component acme:clock@1.0.4`, which has no entry"
    );
    assert_eq!(
        says("    \"component acme:clock@1.1.0\",\n", ""),
        "the selection of `app`: nothing selected meets `component acme:clock ^1.0 from registry.example/components \
         for acme:clock/now`, which `component acme:logger@1.2.0` requires"
    );
    assert_eq!(
        says("acme:logger ^1.2", "acme:logger ^1.3"),
        "the selection of `app`: nothing selected meets `component acme:logger ^1.3 from registry.example/components`"
    );
    assert_eq!(
        says(
            "    \"wit wasi:io@0.2.3\",\n",
            "    \"wit wasi:io@0.2.3\",\n    \"wit wasi:io@0.2.6\",\n"
        ),
        "the selection of `app`: `wit wasi:io@0.2.3` and `wit wasi:io@0.2.6` are of one track"
    );
    assert_eq!(
        says(
            "    \"component acme:logger ^1.2 from registry.example/components\",\n",
            ""
        ),
        "the selection of `app`: nothing selected requires `component acme:clock@1.1.0`"
    );
    assert_eq!(
        says("default-origin = \"registry", "default-origin = \"other"),
        "`component acme:logger ^1.2 from registry.example/components` is not of the registry of its namespace"
    );
    let text = text();
    let start = text.find("\n[[registry]]").unwrap();
    let end = text.find("\n[[root]]").unwrap();
    assert_eq!(
        inconsistency(refused(&format!("{}{}", &text[..start], &text[end..]))),
        "`component acme:clock@1.1.0` is from `registry.example/components`, which has no entry"
    );
    let mut lock = workspace().lock();
    let clock = lock
        .packages
        .get_mut(&selection("component acme:clock@1.1.0"))
        .unwrap();
    clock.release.as_mut().unwrap().index = transparency::number::Index::new(48_213);
    assert!(matches!(
        lock.check_consistency(),
        Err(Inconsistency::Beyond { .. })
    ));
    let mut lock = workspace().lock();
    lock.roots.remove("web");
    assert_eq!(
        lock.check_consistency().unwrap_err().to_string(),
        "nobody selects `wit wasi:io@0.2.6`"
    );
}

#[test]
fn a_merge_left_undecided_has_two_sides() {
    let ours = text();
    let theirs = ours.replace("size = 48213", "size = 48300");
    let conflicted = ours.replace(
        "size = 48213\n",
        "<<<<<<< HEAD\nsize = 48213\n||||||| base\nsize = 1\n=======\nsize = 48300\n>>>>>>> topic\n",
    );
    assert_eq!(refused(&conflicted), ReadError::Conflicted { line: 9 });
    assert_eq!(sides(&conflicted), Some((ours.clone(), theirs)));
    assert_eq!(sides(&ours), None);
    assert_eq!(sides("<<<<<<< HEAD\nx\n"), None);
    assert_eq!(sides("<<<<<<< HEAD\n>>>>>>> topic\n"), None);
}

#[test]
fn adding_what_is_unrelated_changes_only_its_closure() {
    let mut world = workspace();
    let before = world.lock();
    world.component("acme:clock", "1.2.0", &[]);
    world.wit("wasi:io", "0.2.4", &[]);
    world.component("acme:paper", "1.0.0", &["component acme:ink ^2"]);
    world.component("acme:ink", "2.1.0", &[]);
    world.app_requires("component acme:paper ^1");
    world.prefer(&before);
    let after = world.lock();
    let added = [
        selection("component acme:ink@2.1.0"),
        selection("component acme:paper@1.0.0"),
    ];
    assert_eq!(
        changes(Some(&before), &after),
        added.clone().map(Change::Adding)
    );
    let (mut removed, mut new): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let (old, now) = (before.to_string(), after.to_string());
    let (old, now): (BTreeSet<_>, BTreeSet<_>) = (old.lines().collect(), now.lines().collect());
    removed.extend(old.difference(&now));
    new.extend(
        now.difference(&old)
            .filter(|line| !line.contains("acme:paper") && !line.contains("acme:ink")),
    );
    assert!(removed.is_empty(), "{removed:?}");
    new.retain(|line| {
        !["version", "digest", "record", "index"].contains(&line.split(' ').next().unwrap())
    });
    assert!(new.is_empty(), "{new:?}");
    world.prefer(&after);
    assert_eq!(world.lock(), after);
}

#[test]
fn changes_are_told_by_package() {
    let mut world = workspace();
    let before = world.lock();
    world.component("acme:clock", "1.2.0", &[]);
    world.component("acme:logger", "2.0.0", &["component acme:clock ^1"]);
    world
        .problem
        .members
        .get_mut("app")
        .unwrap()
        .requirements
        .clear();
    world.app_requires("component acme:logger ^2");
    let lines: Vec<String> = changes(Some(&before), &world.lock())
        .iter()
        .map(|change| format!("{} {change}", change.verb()))
        .collect();
    assert_eq!(
        lines,
        [
            "Updating acme:clock v1.1.0 -> v1.2.0",
            "Updating acme:logger v1.2.0 -> v2.0.0",
            "Removing wasi:http v0.2.3",
            "Removing wasi:io v0.2.3",
        ]
    );
    let back: Vec<String> = changes(Some(&world.lock()), &before)
        .iter()
        .map(|change| format!("{} {change}", change.verb()))
        .collect();
    assert_eq!(back[0], "Downgrading acme:clock v1.2.0 -> v1.1.0");
    assert_eq!(changes(None, &before).len(), 5);
    assert_eq!(changes(Some(&before), &before), []);
}

#[test]
fn versions_of_one_track_are_told_as_one_update_and_then_what_is_left() {
    let with = |versions: &[&str]| {
        let mut world = World::new();
        for version in versions {
            world.component("acme:clock", version, &[]);
            world.app_requires(&format!("component acme:clock ={version}"));
        }
        world.lock()
    };
    let lines = |before: &[&str], after: &[&str]| -> Vec<String> {
        changes(Some(&with(before)), &with(after))
            .iter()
            .map(|change| {
                let now = change.after().map(|now| now.version.to_string());
                let now = now.unwrap_or_else(|| "gone".to_owned());
                format!("{} {change}: {now}", change.verb())
            })
            .collect()
    };
    assert_eq!(
        lines(&["1.0.0", "2.0.0"], &["2.1.0", "3.0.0"]),
        [
            "Updating acme:clock v2.0.0 -> v2.1.0: 2.1.0",
            "Updating acme:clock v1.0.0 -> v3.0.0: 3.0.0",
        ]
    );
    assert_eq!(
        lines(&["1.0.0", "2.0.0"], &["2.1.0"]),
        [
            "Updating acme:clock v2.0.0 -> v2.1.0: 2.1.0",
            "Removing acme:clock v1.0.0: gone",
        ]
    );
    assert_eq!(
        lines(&["2.0.0"], &["1.0.0", "2.1.0"]),
        [
            "Updating acme:clock v2.0.0 -> v2.1.0: 2.1.0",
            "Adding acme:clock v1.0.0: 1.0.0",
        ]
    );
}

#[test]
fn what_a_local_package_serves_may_be_of_a_registry_that_nobody_configured() {
    let mut world = World::new();
    world.problem.options.origins.default = None;
    let namespace = "acme".parse().unwrap();
    let origins = &mut world.problem.options.origins;
    origins.namespaces.insert(namespace, ROOT.parse().unwrap());
    let util = format!("component util:clock ^1.0 from {ROOT}");
    world.component("acme:logger", "1.2.0", &[&util]);
    world.app_has_local(Kind::Component, "util:clock", "1.0.4", &[]);
    world.app_requires("component acme:logger ^1.2");
    let lock = world.lock();
    let text = lock.to_string();
    assert!(text.contains(&util), "{text}");
    assert_eq!(text.parse::<Lockfile>().unwrap(), lock);
}

#[test]
fn one_name_cannot_be_local_here_and_released_there() {
    let mut world = workspace();
    world.app_has_local(Kind::Wit, "wasi:io", "0.2.6", &[]);
    let resolution = world.solve().unwrap();
    let lock = Lockfile::from_resolution(&world.problem, &resolution, [checkpoint()], |_, _| {
        Some(transparency::number::Index::ZERO)
    });
    assert_eq!(
        lock.unwrap_err().to_string(),
        "`wit wasi:io@0.2.6` is a local package for one member and a release for another"
    );
}

/// Why a lock of the workspace is stale after `change`.
fn stale(change: impl FnOnce(&mut World)) -> Vec<String> {
    let mut world = workspace();
    world.app_has_local(Kind::Wit, "acme:api", "0.3.0", &["wit wasi:io ^0.2.3"]);
    world.app_requires("wit acme:api =0.3.0");
    let lock: Lockfile = world.lock().to_string().parse().unwrap();
    assert_eq!(lock.check(&world.problem), Ok(()));
    change(&mut world);
    match lock.check(&world.problem) {
        Ok(()) => Vec::new(),
        Err(staleness) => staleness.0.iter().map(Stale::to_string).collect(),
    }
}

#[test]
fn a_stale_lock_says_why() {
    let options = |world: &mut World| {
        world.problem.options.mode = Mode::Lowest;
        world.problem.options.exclude_newer = Time::from_unix(0).map(Cutoff::At);
        world.problem.options.origins.default = None;
        let other = "other.example/x".parse().unwrap();
        world
            .problem
            .options
            .origins
            .namespaces
            .insert("wasi".parse().unwrap(), other);
        world
            .problem
            .members
            .get_mut("web")
            .unwrap()
            .requirements
            .clear();
    };
    let reasons = stale(options);
    assert_eq!(
        reasons[..4],
        [
            "the lock was solved with resolution `default`, and `lowest` is asked for",
            "the `exclude-newer` of the lock is none, and `1970-01-01T00:00:00Z` is asked for",
            "the default registry of the lock is `registry.example/components`, and none is configured",
            "the registry of the namespace `wasi` in the lock is none, and `other.example/x` is configured",
        ]
    );
    assert_eq!(
        stale(|world| drop(world.problem.members.remove("web"))),
        ["the lock has `web`, which is no member, or requires nothing any more"]
    );
    assert_eq!(
        stale(|world| drop(world.member("zoo").clone())),
        ["the member `zoo` is not in the lock"]
    );
    assert_eq!(
        stale(|world| world.app_requires("wit wasi:cli =0.2.3")),
        [
            "`app` requires `wit wasi:cli =0.2.3 from registry.example/components`, which is not in the lock"
        ]
    );
    assert_eq!(
        stale(|world| world.member("web").requirements.clear()),
        [
            "the lock has `wit wasi:io =0.2.6 from registry.example/components`, which `web` does not require"
        ]
    );
    assert_eq!(
        stale(|world| {
            world.member("web").requirements.clear();
            let io = RootRequirement::new(requirement("wit wasi:io =0.2.3"));
            world.member("web").requirements.insert(io);
        }),
        [
            "`web` requires `wit wasi:io =0.2.3 from registry.example/components`, and the lock has `wit wasi:io =0.2.6 \
          from registry.example/components`"
        ]
    );
    assert_eq!(
        stale(|world| {
            let held = requirement("component acme:clock =1.0.4");
            world.member("app").held.insert(held);
        }),
        ["the versions held for `app` are not those of the lock"]
    );
    assert_eq!(
        stale(|world| world.app_has_local(Kind::Component, "acme:clock", "1.0.9", &[])),
        [
            "`app` has acme:clock 1.0.9 as a local package, and the lock has the release `component acme:clock@1.1.0`"
        ]
    );
    assert_eq!(
        stale(|world| world.member("app").locals.clear()),
        ["the lock has `wit acme:api@0.3.0` as a local package of `app`, and it is not there"]
    );
    assert_eq!(
        stale(|world| {
            world.member("app").locals.clear();
            world.app_has_local(Kind::Wit, "acme:api", "0.3.0", &[]);
        }),
        ["the local package `wit acme:api@0.3.0` of `app` does not require what the lock says"]
    );
}

#[test]
fn what_another_algorithm_solved_is_stale() {
    let world = workspace();
    let mut lock = world.lock();
    lock.solver = 2;
    let lock: Lockfile = lock.to_string().parse().unwrap();
    assert_eq!(
        lock.check(&world.problem).unwrap_err().0,
        [Stale::Solver { locked: 2 }]
    );
}

#[test]
fn what_an_interface_must_export_is_part_of_what_is_required() {
    let mut world = workspace();
    world.exports("acme:clock", "1.1.0", &["acme:clock/now@1.1.0"]);
    world.app_requires_at(
        "component acme:clock ^1",
        "wit/world.wit:5",
        &["acme:clock/now@1.1.0"],
    );
    let lock = world.lock();
    assert!(lock.to_string().contains(
        "\"component acme:clock ^1 from registry.example/components for acme:clock/now@1.1.0\""
    ));
}

fn reasons(lock: &Lockfile, world: &World) -> Vec<Stale> {
    let judged = lock.check(&world.problem);
    judged.err().map_or_else(Vec::new, |staleness| staleness.0)
}

#[test]
fn what_is_too_new_of_one_package_is_written_read_and_compared() {
    let mut world = workspace();
    let cutoffs = &mut world.problem.options.exclude_newer_package;
    cutoffs.insert(name("acme:clock"), ExcludeNewer::Nothing);
    cutoffs.insert(name("wasi:io"), "2033-05-18T03:33:20Z".parse().unwrap());
    let lock = world.lock();
    assert_eq!(lock.to_string().parse().as_ref(), Ok(&lock));
    assert_eq!(reasons(&lock, &world), []);
    let bare = workspace().lock();
    assert_ne!(bare, lock);
    let two = reasons(&bare, &world);
    assert_eq!(two.len(), 2, "{two:?}");
    assert!(two.iter().all(Stale::is_option), "{two:?}");
    assert_eq!(reasons(&lock, &workspace()).len(), 2);
}

#[test]
fn what_flags_can_give_is_told_from_the_rest() {
    let mut world = workspace();
    let lock = world.lock();
    world.problem.options.mode = Mode::Lowest;
    world.problem.options.exclude_newer = Time::from_unix(0).map(Cutoff::At);
    world.problem.members.remove("web");
    let found = reasons(&lock, &world);
    let options: Vec<bool> = found.iter().map(Stale::is_option).collect();
    assert_eq!(options, [true, true, false], "{found:?}");
}

#[test]
fn a_requirement_of_one_package_is_no_change_of_another() {
    let reasons = stale(|world| {
        world.member("web").requirements.clear();
        let cli = RootRequirement::new(requirement("wit wasi:cli =0.2.3"));
        world.member("web").requirements.insert(cli);
    });
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    let reasons = stale(|world| {
        world.member("web").requirements.clear();
        let io = RootRequirement::new(requirement("component wasi:io =0.2.3"));
        world.member("web").requirements.insert(io);
    });
    assert_eq!(reasons.len(), 2, "{reasons:?}");
}

/// What makes a lock stale where the app gets a local clock of another track than the locked 1.1.0.
fn with_clock(local: &str, requirements: &[&str], before: impl FnOnce(&mut World)) -> Vec<String> {
    let mut world = World::new();
    world.component("acme:clock", "1.1.0", &[]);
    world.component("acme:logger", "1.1.0", &[]);
    world.component("acme:logger", "2.1.0", &[]);
    world.wit("acme:words", "1.1.0", &[]);
    world.component("acme:far", "1.0.0", &["component acme:clock ^1"]);
    for requirement in requirements {
        world.app_requires(requirement);
    }
    before(&mut world);
    let lock = world.lock();
    world.app_has_local(Kind::Component, "acme:clock", local, &[]);
    let found = reasons(&lock, &world);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_local_package_of_another_track_stands_in_for_what_one_requirement_meets_both_with() {
    let said = "`app` has acme:clock 2.0.0 as a local package, and the lock has the release `component acme:clock@1.1.0`";
    let nothing = |_: &mut World| {};
    assert_eq!(
        with_clock("2.0.0", &["component acme:clock >=1.0,<3"], nothing),
        [said]
    );
    // Of one track, or not met by both, or of something else.
    assert!(with_clock("2.0.0", &["component acme:clock ^1"], nothing).is_empty());
    assert!(with_clock("3.0.0", &["component acme:clock >=1.0,<3"], nothing).is_empty());
    assert!(
        with_clock(
            "2.0.0",
            &["component acme:clock ^1", "component acme:logger >=1.0,<3"],
            nothing
        )
        .is_empty()
    );
    assert!(
        with_clock(
            "2.0.0",
            &["component acme:far ^1", "wit acme:words >=1.0,<3"],
            nothing
        )
        .is_empty()
    );
}

#[test]
fn a_local_package_that_was_selected_beside_a_release_is_no_news() {
    let mut world = World::new();
    world.component("acme:clock", "1.1.0", &[]);
    world.app_requires("component acme:clock ^1");
    world.app_requires("component acme:clock ^2");
    world.app_requires("component acme:clock >=1.0,<3");
    world.app_has_local(Kind::Component, "acme:clock", "2.0.0", &[]);
    let lock = world.lock();
    let selected: Vec<String> = lock.packages.keys().map(ToString::to_string).collect();
    assert_eq!(
        selected,
        ["component acme:clock@1.1.0", "component acme:clock@2.0.0"]
    );
    assert_eq!(reasons(&lock, &world), []);
}

/// A stranger's lock may have as many versions of one track as fit into it: each is a flaw, not each pair.
#[test]
fn many_versions_of_one_track_are_as_many_flaws() {
    let selections: Vec<_> = (0..50)
        .map(|minor| selection(&format!("component acme:clock@1.{minor}.0")))
        .collect();
    let nothing = BTreeSet::new();
    let claim = Claim {
        requirements: &nothing,
        exports: None,
    };
    let set = selections.iter().map(|selection| (selection, claim));
    let flaws = check_closed_set([], &set.collect());
    let doubled = flaws
        .iter()
        .filter(|flaw| matches!(flaw, Flaw::TwoOfOneTrack { .. }));
    assert_eq!(doubled.count(), 49);
}

#[test]
fn more_versions_of_one_package_than_anybody_needs_are_no_lock() {
    let with = |count: usize| {
        let mut lock = Lockfile {
            options: Options::default(),
            solver: SOLVER,
            registries: BTreeMap::new(),
            roots: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        let mut root = Root::default();
        for major in 1..=count {
            let selection = selection(&format!("wit a:b@{major}.0.0"));
            root.requires
                .insert(requirement(&format!("wit a:b ={major}.0.0")));
            root.selects.insert(selection.clone());
            let package = LockedPackage {
                release: None,
                requires: BTreeSet::new(),
            };
            lock.packages.insert(selection, package);
        }
        lock.roots.insert("app".to_owned(), root);
        lock
    };
    let most = with(MAX_VERSIONS);
    assert_eq!(most.to_string().parse(), Ok(most));
    let error = refused(&with(MAX_VERSIONS + 1).to_string());
    assert_eq!(
        error.to_string(),
        "it locks more than 1000 versions of `wit a:b`"
    );
}

#[test]
fn a_folder_replaces_a_release_whatever_its_version_is() {
    let mut world = World::new();
    world.component("acme:clock", "1.1.0", &[]);
    world.app_requires("component acme:clock *");
    let before = world.lock();
    world.app_has_local(Kind::Component, "acme:clock", "0.0.0", &[]);
    let after = world.lock();
    let told = |before: &Lockfile, after: &Lockfile| {
        let changes = changes(Some(before), after);
        let changes = changes.iter();
        let lines = changes.map(|change| format!("{} {change}", change.verb()));
        lines.collect::<Vec<_>>()
    };
    let there = "Replacing acme:clock v1.1.0 -> v0.0.0";
    assert_eq!(told(&before, &after), [there]);
    assert_eq!(
        told(&after, &before),
        ["Replacing acme:clock v0.0.0 -> v1.1.0"]
    );
}

#[test]
fn a_version_that_moves_from_a_text_to_the_manifest_makes_the_lock_stale() {
    let mut world = World::new();
    for version in ["0.2.3", "0.2.6"] {
        world.wit("wasi:io", version, &[]);
    }
    world.refers("wasi:io@0.2.6", "wit/world.wit:4:10");
    let both = |mut world: World, by_manifest: &str, by_text: &str| {
        if !by_manifest.is_empty() {
            let text = format!("wit wasi:io ={by_manifest}");
            world.writes("app", &text, "Cargo.toml:9:1");
        }
        if !by_text.is_empty() {
            world.refers(&format!("wasi:io@{by_text}"), "wit/world.wit:3:10");
        }
        world
    };
    let lock = both(world.clone(), "", "0.2.3").lock();
    assert_eq!(
        lock.check(&both(world.clone(), "", "0.2.3").problem),
        Ok(())
    );
    for text in ["", "0.2.3"] {
        let moved = both(world.clone(), "0.2.3", text);
        let stale = lock.check(&moved.problem).unwrap_err();
        let told: Vec<_> = stale.0.iter().map(Stale::to_string).collect();
        assert_eq!(
            told,
            [
                "the manifest of `app` requires `wit wasi:io =0.2.3` for all of its worlds, and the lock has it for one"
            ]
        );
        assert!(matches!(moved.solve(), Err(Unresolved::Conflict(_))));
    }
    // The highest version that any text names is the track's version.
    let highest = both(world, "0.2.6", "0.2.3");
    assert_eq!(lock.check(&highest.problem), Ok(()));
    assert_eq!(highest.lock(), lock);
}
