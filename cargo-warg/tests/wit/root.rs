//! A project's `wit/`: what it pins, and what it holds itself.

use std::collections::BTreeSet;
use std::fs;

use cargo_warg::error::Classify as _;
use cargo_warg::wit::root;
use component::wit::root::{Root, RootError};
use component::wit::text::MARK;
use component::wit::text::TextError;
use fixtures::component::wit_package;

use crate::world::{folder, planned};

fn pins(root: &Root) -> Vec<String> {
    let references = root.references();
    let mut seen = BTreeSet::new();
    references
        .iter()
        .map(|reference| root.pin(reference).unwrap())
        .filter(|pin| seen.insert((pin.name.clone(), pin.version.clone())))
        .map(|pin| {
            let place = pin.location.as_ref().unwrap();
            let file = place.file().file_name().unwrap().to_str().unwrap();
            format!(
                "{}@{} {file}:{}:{}",
                pin.name,
                pin.version,
                place.line(),
                place.column()
            )
        })
        .collect()
}

#[test]
fn a_missing_folder_asks_for_nothing() {
    let dir = folder(&[]);
    let root = root::read(&dir.path().join("wit")).unwrap();
    assert_eq!(pins(&root), [""; 0]);
    assert!(root.locals().is_empty());
}

#[test]
fn every_version_named_is_a_pin_at_its_first_place() {
    let dir = folder(&[
        (
            "wit/a.wit",
            "package my:app@1.0.0;\n\nworld app {\n  include wasi:http/proxy@0.2.3;\n  import wasi:io/poll@0.2.6;\n}\n",
        ),
        (
            "wit/b.wit",
            "interface i {\n  use wasi:http/types@0.2.3.{method};\n}\n",
        ),
    ]);
    let root = root::read(&dir.path().join("wit")).unwrap();
    assert_eq!(
        pins(&root),
        ["wasi:http@0.2.3 a.wit:4:21", "wasi:io@0.2.6 a.wit:5:18"]
    );
}

#[test]
fn local_packages_serve_their_version_and_pin_what_they_use() {
    let dir = folder(&[
        (
            "wit/world.wit",
            "package my:app;\nworld app { import acme:clock/now@1.0.0; import my:types/t@0.1.0; import my:bare/b; }\npackage my:types@0.1.0 { interface t { use acme:units/u@2.0.0.{second}; } }\n",
        ),
        (
            "wit/deps/clock/clock.wit",
            "package acme:clock@1.0.0;\ninterface now { use wasi:clocks/wall-clock@0.2.3.{datetime}; now: func() -> datetime; }\n",
        ),
        ("wit/deps/bare.wit", "package my:bare;\ninterface b {}\n"),
        (
            "wit/deps/wasi-io-0.2.3/package.wit",
            &format!("package wasi:io@0.2.3;\n{MARK}00\n"),
        ),
        ("wit/deps/notes.txt", "no WIT"),
        ("wit/deps/empty/readme.md", "no WIT"),
    ]);
    let root = root::read(&dir.path().join("wit")).unwrap();
    assert_eq!(
        pins(&root),
        [
            "acme:units@2.0.0 world.wit:3:55",
            "wasi:clocks@0.2.3 clock.wit:2:33"
        ]
    );
    let locals: Vec<_> = root
        .locals()
        .iter()
        .map(|local| local.package.to_string())
        .collect();
    assert_eq!(locals, ["acme:clock@1.0.0", "my:bare", "my:types@0.1.0"]);
    assert_eq!(root.fetched().iter().collect::<Vec<_>>(), ["wasi-io-0.2.3"]);
}

#[test]
fn a_local_package_may_be_binary() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app { import acme:units/u@2.0.0; }\n",
    )]);
    fs::create_dir_all(dir.path().join("wit/deps")).unwrap();
    let units = wit_package("package acme:units@2.0.0; interface u { type second = u32; }");
    fs::write(dir.path().join("wit/deps/units.wasm"), units).unwrap();
    let root = root::read(&dir.path().join("wit")).unwrap();
    assert_eq!(pins(&root), [""; 0]);
    assert_eq!(planned(dir.path(), &[], &[]).unwrap().write.len(), 0);
}

#[test]
fn a_reference_without_version_needs_a_local_package() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app {\n  import wasi:io/poll;\n}\n",
    )]);
    let root = root::read(&dir.path().join("wit")).unwrap();
    let error = root.pin(&root.references()[0]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, RootError::Unversioned { .. }), "{text}");
    assert!(
        text.starts_with("`wasi:io/poll` names no version"),
        "{text}"
    );
    let help = error.help().unwrap();
    assert!(help.starts_with("write `wasi:io/poll@VERSION`"), "{help}");
    let place = error.annotations()[0].location.below(dir.path());
    assert_eq!(place.to_string(), "wit/world.wit:3:18");

    for (place, text) in [
        (
            "wit/deps/wasi-io-0.2.3/package.wit",
            format!("package wasi:io@0.2.3;\n{MARK}00\n"),
        ),
        (
            "wit/deps/io.wit",
            "package wasi:io@0.2.3;\ninterface poll {}\n".to_owned(),
        ),
    ] {
        let dir = folder(&[
            (
                "wit/world.wit",
                "package my:app;\nworld app { import wasi:io/poll; }\n",
            ),
            (place, &text),
        ]);
        let root = root::read(&dir.path().join("wit")).unwrap();
        let help = root.pin(&root.references()[0]).unwrap_err().help().unwrap();
        assert!(help.starts_with("write `wasi:io/poll@0.2.3`:"), "{help}");
    }
}

#[test]
fn one_package_version_in_two_folders_is_an_error_that_names_both() {
    let io = "package wasi:io@0.2.3;\ninterface poll {}\n";
    let fetched = format!("{io}{MARK}00\n");
    let cases: [[(&str, &str); 2]; 4] = [
        [("wit/deps/a/io.wit", io), ("wit/deps/b/io.wit", io)],
        [("wit/deps/a.wit", io), ("wit/deps/b/io.wit", io)],
        [
            ("wit/deps/a/io.wit", io),
            ("wit/deps/wasi-io-0.2.3/package.wit", &fetched),
        ],
        [
            ("wit/deps/z/io.wit", io),
            ("wit/deps/wasi-io-0.2.3/package.wit", &fetched),
        ],
    ];
    for case in cases {
        let dir = folder(&case);
        match root::read(&dir.path().join("wit")) {
            Err(RootError::Text(TextError::Duplicate {
                package,
                first,
                second,
                ..
            })) => {
                assert_eq!(package, "wasi:io@0.2.3");
                let found: BTreeSet<_> = [first, second].into();
                let expected = case.map(|(path, _)| {
                    let path = dir.path().join(path);
                    let in_folder = path.parent().unwrap() != dir.path().join("wit/deps");
                    if in_folder {
                        path.parent().unwrap().to_owned()
                    } else {
                        path
                    }
                });
                assert_eq!(found, expected.into(), "{case:?}");
            }
            other => panic!("{case:?}: {other:?}"),
        }
    }
}

#[test]
fn what_does_not_parse_is_shown_with_its_place() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app {\n  imprt x;\n}\n",
    )]);
    let error = root::read(&dir.path().join("wit")).unwrap_err();
    let [place] = error.annotations().try_into().unwrap();
    let place = place.location.below(dir.path());
    assert_eq!(place.to_string(), "wit/world.wit:3:3");
    assert_eq!(&place.text()[place.span()], "imprt");
    assert!(error.to_string().starts_with("expected"), "{error}");
}
