//! What `fetch` writes into `wit/deps`, and what it leaves alone.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_warg::wit::deps::{apply, compare};
use cargo_warg::wit::root;
use component::wit::deps::{Difference, PlanError};
use component::wit::text::MARK;
use transparency::digest::Digest;

use crate::world::{Content, folder, planned, write};

fn units(at: &str, types: &str) -> Content {
    Content::wit(&format!(
        "package acme:units@{at}; interface u {{ {types} }} world w {{}}"
    ))
}

fn user(of: &str) -> Content {
    Content::wit(&format!(
        "package acme:user@1.0.0; interface i {{ use acme:units/u@{of}.{{second, hour}}; }} \
         package acme:units@{of} {{ interface u {{ type second = u32; type hour = u32; }} }}"
    ))
}

#[test]
fn references_are_set_to_what_is_selected() {
    let dir = folder(&[]);
    let set = [
        units("0.2.6", "type second = u32; type hour = u32;"),
        user("0.2.3"),
    ];
    let plan = planned(dir.path(), &set, &[]).unwrap();
    let text = &plan.write[Path::new("deps/acme-user-1.0.0/package.wit")];
    assert!(
        text.ends_with(&format!(
            "\n// cargo warg: from {}\n",
            Digest::of(&set[1].bytes)
        )),
        "{text}"
    );
    assert!(
        text.contains("use acme:units/u@0.2.6.{second, hour};"),
        "{text}"
    );
}

#[test]
fn a_selected_version_that_lacks_a_type_is_named_with_its_user() {
    let set = [units("0.2.6", "type second = u32;"), user("0.2.3")];
    let error = planned(folder(&[]).path(), &set, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`acme:user@1.0.0` uses the type `hour` of the interface `u` of `acme:units@0.2.6`, which has no such type"
    );
    let set = [
        Content::wit("package acme:units@0.2.6; interface other {}"),
        user("0.2.3"),
    ];
    let error = planned(folder(&[]).path(), &set, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`acme:user@1.0.0` uses the interface `u` of `acme:units@0.2.6`, which has no such interface"
    );
    let error = planned(folder(&[]).path(), &[user("0.2.3")], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`acme:user@1.0.0` refers to `acme:units@0.2.3`, of which no version is selected"
    );
}

#[test]
fn a_local_package_is_never_written_and_serves_the_others() {
    let dir = folder(&[(
        "wit/deps/mine/units.wit",
        "package acme:units@0.2.6;\ninterface u { type second = u32; type hour = u32; }\n",
    )]);
    let set = [
        units("0.2.6", "type second = u32; type hour = u32;"),
        user("0.2.3"),
    ];
    for set in [&set[..], &set[1..]] {
        let plan = planned(dir.path(), set, &[]).unwrap();
        let all = plan.write.len() + plan.keep.len();
        let user = Path::new("deps/acme-user-1.0.0/package.wit");
        let text = plan
            .write
            .get(user)
            .or_else(|| plan.keep.get(user))
            .unwrap();
        assert!(all == 1 && text.contains("acme:units/u@0.2.6"), "{plan:?}");
        apply(&plan).unwrap();
    }
    let plan = planned(dir.path(), &[], &[]).unwrap();
    assert_eq!(plan.remove.len(), 1, "only what fetch wrote");
    apply(&plan).unwrap();
    assert!(dir.path().join("wit/deps/mine/units.wit").is_file());
    assert!(!dir.path().join("wit/deps/acme-user-1.0.0").exists());
}

#[test]
fn a_folder_with_other_texts_is_not_written_into() {
    let other = "package my:text@1.0.0;\ninterface i {}\n";
    let ours = format!("package acme:units@1.0.0;\n{MARK}00\n");
    let cases = [
        vec![("wit/deps/acme-units-1.0.0/mine.wit", other)],
        vec![("wit/deps/acme-units-1.0.0/package.wit", other)],
        vec![
            ("wit/deps/acme-units-1.0.0/package.wit", ours.as_str()),
            ("wit/deps/acme-units-1.0.0/mine.wit", other),
        ],
    ];
    for files in cases {
        let dir = folder(&files);
        let error = planned(dir.path(), &[units("1.0.0", "")], &[]).unwrap_err();
        assert!(
            matches!(error, PlanError::Occupied { .. }),
            "{files:?}: {error:?}"
        );
    }
}

#[test]
fn a_second_run_writes_nothing_and_a_smaller_set_removes_what_is_left_over() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app { import acme:units/u@1.0.0; }\n",
    )]);
    let both = [units("1.0.0", "type second = u32;"), units("2.0.0", "")];
    let plan = planned(dir.path(), &both, &[]).unwrap();
    apply(&plan).unwrap();
    let path = dir.path().join("wit/deps/acme-units-1.0.0/package.wit");
    let before = fs::metadata(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let ordinary = fs::metadata(dir.path().join("wit/world.wit")).unwrap();
        assert_eq!(before.permissions().mode(), ordinary.permissions().mode());
    }

    let again = planned(dir.path(), &both, &[]).unwrap();
    assert_eq!(
        (again.write.len(), again.keep.len(), again.remove.len()),
        (0, 2, 0)
    );
    apply(&again).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().modified().unwrap(),
        before.modified().unwrap()
    );

    let fewer = planned(dir.path(), &both[..1], &[]).unwrap();
    apply(&fewer).unwrap();
    assert!(!dir.path().join("wit/deps/acme-units-2.0.0").exists());
    let left: Vec<_> = fs::read_dir(dir.path().join("wit")).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[test]
fn two_at_once_both_succeed() {
    let set = [units("1.0.0", ""), units("2.0.0", ""), units("3.0.0", "")];
    for _ in 0..50 {
        let dir = folder(&[]);
        fs::create_dir(dir.path().join("wit")).unwrap();
        let plan = planned(dir.path(), &set, &[]).unwrap();
        std::thread::scope(|scope| {
            let both = [scope.spawn(|| apply(&plan)), scope.spawn(|| apply(&plan))];
            for one in both {
                one.join().unwrap().unwrap();
            }
        });
        let again = planned(dir.path(), &set, &[]).unwrap();
        assert_eq!((again.write.len(), again.keep.len()), (0, 3));
        let left: Vec<_> = fs::read_dir(dir.path().join("wit")).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
    }
}

#[test]
fn what_a_killed_run_left_is_filled_or_removed() {
    let remnants: [&[&str]; 3] = [&[], &["package.wit"], &[".cargo-warg-abcdef"]];
    for remnant in remnants {
        let dir = folder(&[]);
        let deps = dir.path().join("wit/deps");
        for place in ["acme-units-1.0.0", "acme-units-2.0.0"] {
            fs::create_dir_all(deps.join(place)).unwrap();
            for file in remnant {
                write(&deps.join(place).join(file), "");
            }
        }
        let set = [units("1.0.0", "")];
        let plan = planned(dir.path(), &set, &[]).unwrap();
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert_eq!(compare(&root, &plan).unwrap().len(), 2, "{remnant:?}");
        apply(&plan).unwrap();
        let filled = fs::read(deps.join("acme-units-1.0.0/package.wit")).unwrap();
        let filled = String::from_utf8(filled).unwrap();
        let last = filled.lines().last().unwrap();
        assert!(last.starts_with(MARK), "{remnant:?}");
        assert!(!deps.join("acme-units-2.0.0").exists(), "{remnant:?}");
        let again = planned(dir.path(), &set, &[]).unwrap();
        assert_eq!((again.write.len(), again.remove.len()), (0, 0));
    }
}

#[test]
fn a_folder_with_a_users_own_files_is_no_remnant() {
    for file in ["README.md", "types.wit"] {
        let dir = folder(&[
            ("wit/deps/mine/package.wit", ""),
            (&format!("wit/deps/mine/{file}"), "package my:types;\n"),
        ]);
        if file == "types.wit" {
            let plan = planned(dir.path(), &[], &[]).unwrap();
            assert_eq!(plan.remove.len(), 0);
            apply(&plan).unwrap();
        } else {
            assert!(root::read(&dir.path().join("wit")).is_err(), "no package");
        }
        assert!(dir.path().join("wit/deps/mine/package.wit").exists());
    }
}

#[test]
fn a_fetched_folder_with_a_users_file_beside_keeps_that() {
    let dir = folder(&[("wit/deps/acme-units-2.0.0/NOTES", "mine")]);
    apply(&planned(dir.path(), &[units("2.0.0", "")], &[]).unwrap()).unwrap();
    apply(&planned(dir.path(), &[], &[]).unwrap()).unwrap();
    let left: Vec<_> = fs::read_dir(dir.path().join("wit/deps/acme-units-2.0.0"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["NOTES"]);
}

#[test]
fn comparing_sees_meaning_and_not_layout() {
    let dir = folder(&[]);
    let set = [units("1.0.0", "type second = u32;"), units("2.0.0", "")];
    let differences = |set: &[Content]| {
        let root = root::read(&dir.path().join("wit")).unwrap();
        let plan = planned(dir.path(), set, &[]).unwrap();
        compare(&root, &plan).unwrap()
    };
    let file = PathBuf::from("deps/acme-units-1.0.0/package.wit");
    assert_eq!(differences(&set[..1]), [Difference::Missing(file.clone())]);
    apply(&planned(dir.path(), &set, &[]).unwrap()).unwrap();
    assert_eq!(differences(&set), []);

    let path = dir.path().join("wit").join(&file);
    let text = fs::read_to_string(&path).unwrap();
    write(&path, &text.replace("  type", "  // a comment\n\ttype"));
    assert_eq!(differences(&set), [], "layout and comments");
    write(&path, &text.replace("u32", "u64"));
    assert_eq!(
        differences(&set),
        [Difference::Changed(file.clone())],
        "a type"
    );
    write(&path, &format!("nonsense\n{MARK}00\n"));
    assert_eq!(
        differences(&set),
        [Difference::Changed(file.clone())],
        "no WIT"
    );
    let nested = format!("package evil:x {{ interface i {{}} }}\n{MARK}");
    write(&path, &text.replace(MARK, &nested));
    assert_eq!(
        differences(&set),
        [Difference::Changed(file.clone())],
        "a package more"
    );
    let (before, _) = text.split_once(MARK).unwrap();
    let hex = "0".repeat(64);
    write(&path, &format!("{before}{MARK}{hex}\n"));
    assert_eq!(differences(&set), [], "the same, whatever it is from");
    write(
        &path,
        &format!("{}{MARK}{hex}\n", before.replace("u32", "u64")),
    );
    assert_eq!(
        differences(&set),
        [Difference::Behind(file.clone())],
        "printed from another content, it says"
    );
    write(&path, &text);
    let other = PathBuf::from("deps/acme-units-2.0.0/package.wit");
    assert_eq!(differences(&set[..1]), [Difference::Stale(other)]);
}
