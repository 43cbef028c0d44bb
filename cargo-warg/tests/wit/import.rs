//! Folders of WIT, imported: what is found in them, and what is left out.

use std::path::{Path, PathBuf};

use cargo_warg::error::Error;
use component::content::kind_of;
use component::wit::import::{Imported, declared};
use transparency::name::Kind;
use upstream::tree::{ImportError, WitTree};

use crate::world::{encode, folder, version};

/// What a tree of folders holds by itself, without any registry.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) packages: Vec<Imported>,
    pub(crate) skipped: Vec<Skipped>,
}

/// A file, folder or package that was left out.
#[derive(Debug)]
pub(crate) struct Skipped {
    pub(crate) path: PathBuf,
    pub(crate) why: Error,
}

pub(crate) fn read_deps_folder(dir: &Path) -> Result<Import, ImportError> {
    let tree = WitTree::read(&[dir.to_owned()])?;
    let mut packages = Vec::new();
    let mut skipped = Vec::new();
    for name in tree.in_order() {
        let first = tree.at_hand.text_of(name);
        let twins = tree.twins.iter();
        let twins = twins.filter(|twin| twin.names().any(|one| one == name));
        for text in first.into_iter().chain(twins) {
            let (path, at_hand) = (text.path().to_owned(), tree.at_hand.instead(text));
            let imported = declared(name)
                .and_then(|_| encode(&at_hand, name))
                .and_then(|bytes| Imported::open(bytes, &path));
            match imported {
                Ok(imported) => packages.push(imported),
                Err(why) => skipped.push(Skipped {
                    path,
                    why: Error::classified(why.declared_in(at_hand.text_of(name), name)),
                }),
            }
        }
    }
    skipped.extend(tree.skipped.into_iter().map(|skipped| Skipped {
        path: skipped.path,
        why: Error::classified(skipped.why),
    }));
    Ok(Import { packages, skipped })
}

#[test]
fn flat_files_folders_and_nested_packages_are_all_found() {
    let dir = folder(&[
        (
            "flat-a.wit",
            "package x:a@1.0.0;\ninterface i { use x:b/i@1.0.0.{t}; }\n",
        ),
        (
            "flat-b.wit",
            "package x:b@1.0.0;\ninterface i { type t = u8; }\npackage x:nested@1.0.0 { interface n {} }\n",
        ),
        (
            "http-0.2.3/one.wit",
            "package x:http@0.2.3;\ninterface one { use x:a/i@1.0.0.{t}; }\n",
        ),
        ("http-0.2.3/two.wit", "interface two {}\n"),
        ("app/wit/world.wit", "package x:app;\nworld w {}\n"),
        (
            "app/wit/deps/b/b.wit",
            "package x:b@1.0.0;\ninterface i { type t = u8; }\npackage x:nested@1.0.0 { interface n {} }\n",
        ),
    ]);
    let import = read_deps_folder(dir.path()).unwrap();
    let found: Vec<_> = import
        .packages
        .iter()
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    assert_eq!(
        found,
        ["x:b@1.0.0", "x:nested@1.0.0", "x:a@1.0.0", "x:http@0.2.3"]
    );
    let skipped: Vec<_> = import
        .skipped
        .iter()
        .filter_map(|skipped| skipped.why.chain().next())
        .collect();
    assert_eq!(skipped, ["`x:app` has no version"]);
}

#[test]
fn what_publishing_refuses_is_kept_with_its_reason() {
    let dir = folder(&[
        (
            "old.wit",
            "package x:a@0.2.3;\ninterface i { type t = u8; }\n",
        ),
        (
            "new.wit",
            "package x:a@0.2.4;\ninterface j { use x:a/i@0.2.3.{t}; }\n",
        ),
    ]);
    let import = read_deps_folder(dir.path()).unwrap();
    assert_eq!(import.packages.len(), 2);
    let new = &import.packages[1];
    assert_eq!(new.version, version("0.2.4"));
    assert_eq!(kind_of(&new.bytes).unwrap(), Kind::Wit);
    let reason = new.requirements.as_ref().unwrap_err().to_string();
    assert_eq!(
        reason,
        "it refers to `x:a@0.2.3`, which is of its own track"
    );
}

#[test]
fn two_texts_for_one_version_are_both_read_and_a_folder_of_none_is_an_error() {
    let two = folder(&[
        ("a/a.wit", "package x:a@1.0.0;\ninterface i {}\n"),
        ("b/a.wit", "package x:a@1.0.0;\ninterface j {}\n"),
    ]);
    let import = read_deps_folder(two.path()).unwrap();
    assert!(import.skipped.is_empty(), "{:?}", import.skipped);
    let paths = import.packages.iter();
    let paths: Vec<_> = paths.map(|one| one.path.file_name().unwrap()).collect();
    assert_eq!(paths, ["a", "b"]);
    let error = read_deps_folder(folder(&[]).path())
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("holds no WIT package"), "{error}");
}

/// What is left out of a folder, by the end of its place, in ascending order; and the names of what is not.
fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let dir = folder(files);
    let import = read_deps_folder(dir.path()).unwrap();
    let place = |skipped: &Skipped| {
        let place = skipped.why.annotations().next();
        let place = place.map(|place| place.location.clone());
        let place = place.map_or_else(
            || skipped.path.display().to_string(),
            |place| place.to_string(),
        );
        let place = place.replace(&format!("{}/", dir.path().display()), "");
        let why: Vec<_> = skipped.why.chain().collect();
        format!("{place}: {}", why.join(": "))
    };
    let mut skipped: Vec<_> = import.skipped.iter().map(place).collect();
    skipped.sort();
    let found = import.packages.iter();
    (skipped, found.map(|one| one.name.to_string()).collect())
}

const GOOD: (&str, &str) = ("good/g.wit", "package x:good@1.0.0;\ninterface i {}\n");

#[test]
fn one_bad_package_is_left_out_with_its_place_and_the_others_are_not() {
    let (skipped, found) = read(&[
        GOOD,
        ("empty/e.wit", "// nothing\npackage x:empty@1.0.0;\n"),
        ("none/n.wit", "package x:none;\n"),
        ("name/n.wit", "package x:KEB-ab@1.0.0;\ninterface i {}\n"),
        ("word/w.wit", "package x:word@1.0.0;\ninterfce i {}\n"),
        (
            "root/r.wit",
            "package x:root@1.0.0;\npackage x:nested@1.0.0 { interface i {} }\n",
        ),
        (
            "user/u.wit",
            "package x:user@1.0.0;\ninterface i { use x:gone/i@1.0.0.{t}; }\n",
        ),
    ]);
    assert_eq!(found, ["x:good", "x:nested"]);
    assert_eq!(
        skipped,
        [
            "empty/e.wit:2:9: `x:empty@1.0.0` holds no interface and no world",
            "name/n.wit:1:9: `x:KEB-ab` is not a package name: expected `namespace:name`, each in lower-case words \
             joined by `-`, at most 64 bytes",
            "none/n.wit:1:9: `x:none` has no version",
            "root/r.wit:1:9: `x:root@1.0.0` holds no interface and no world",
            "user/u.wit:2:19: package 'x:gone@1.0.0' not found. known packages:\n    x:user@1.0.0",
            "word/w.wit:2:1: expected `world`, `interface` or `use`, found an identifier",
        ]
    );
}

#[test]
fn packages_in_a_circle_are_left_out_with_their_places() {
    let (skipped, found) = read(&[
        GOOD,
        (
            "a.wit",
            "package x:a@1.0.0;\ninterface i { use x:b/i@1.0.0.{t}; }\n",
        ),
        (
            "b.wit",
            "package x:b@1.0.0;\ninterface i { use x:a/i@1.0.0.{t}; }\n",
        ),
    ]);
    assert_eq!(found, ["x:good"]);
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    for line in &skipped {
        assert!(
            line.contains(".wit:2:") && line.contains("dependency cycle"),
            "{line}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_package_of_several_files_is_not_hidden_by_reading_each_alone() {
    let text = "package x:a@1.0.0;\ninterface i {}\n";
    let (skipped, found) = read(&[GOOD, ("a/one.wit", text), ("a/two.wit", text)]);
    assert_eq!(found, ["x:good"]);
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert!(skipped[0].contains("duplicate item"), "{skipped:?}");
}

#[test]
fn a_deps_within_a_folder_of_a_deps_is_not_read() {
    let (skipped, found) = read(&[
        ("wit/a.wit", "package x:a@1.0.0;\ninterface i {}\n"),
        ("wit/deps/b/b.wit", "package x:b@1.0.0;\ninterface i {}\n"),
        (
            "wit/deps/b/deps/c/c.wit",
            "package x:c@1.0.0;\ninterface i {}\n",
        ),
        (
            "wit/deps/b/deps/b.wit",
            "package x:b@1.0.0;\ninterface other {}\n",
        ),
    ]);
    assert_eq!(
        (skipped, found),
        (vec![], vec!["x:a".to_owned(), "x:b".to_owned()])
    );
}
