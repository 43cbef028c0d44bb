//! `cargo warg vendor`: what is locked lies with the project, and is believed no more than a registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox, copy, files};

const WORLD: &str = "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n";

/// An app that needs the component `acme:logger`, which needs `acme:clock`, and the WIT package `acme:http`, which needs
/// `acme:io`.
fn app(registry: &Registry, sandbox: &Sandbox, name: &str) -> Project {
    let dependencies = "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n";
    let app = registry.app(sandbox, name, dependencies);
    app.write("wit/world.wit", WORLD);
    app
}

/// The project as another machine has it, that never saw a registry and has none in reach.
fn elsewhere(app: &Project, sandbox: &Sandbox, name: &str) -> Project {
    let folder = format!("{name}/far/app");
    copy(app.path(), &sandbox.join(&folder));
    let _ = fs::remove_dir_all(sandbox.join(&folder).join("wit/deps"));
    let home = sandbox.join(format!("{name}/home"));
    sandbox.folder_project(&folder).with_home(home)
}

#[test]
fn a_machine_that_never_saw_a_network_fetches_and_verifies() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    let manifest = app.read("Cargo.toml");
    app.warg(&["vendor"])
        .code(0)
        .stderr_contains("      Locked 4 packages in warg.lock")
        .stderr_contains("    Vendored 4 contents and the evidence into ")
        .stderr_contains("     Changed ");
    let changed = manifest.replace(
        "default-registry = \"acme\"\n",
        "default-registry = \"acme\"\nvendor = \"vendor/warg\"\n",
    );
    assert_eq!(app.read("Cargo.toml"), changed);
    assert!(app.read("vendor/warg/.gitattributes").contains("* -text"));
    app.warg(&["fetch"]).code(0);
    let deps = files(&app.path().join("wit/deps"));

    let far = elsewhere(&app, &sandbox, "far");
    let before = files(&far.path().join("vendor"));
    far.warg(&["verify", "--offline"])
        .code(0)
        .stderr_contains("Verified warg.lock: 4 packages, 4 contents");
    far.warg(&["fetch", "--offline", "--locked"]).code(0);
    assert_eq!(files(&far.path().join("wit/deps")), deps);
    // Nor does it take a flag: nothing else has to be read.
    let other = elsewhere(&app, &sandbox, "other");
    other.warg(&["fetch", "--locked"]).code(0);
    other.warg(&["verify"]).code(0);
    other.warg(&["lock", "--offline"]).code(0);
    assert_eq!(
        files(&far.path().join("vendor")),
        before,
        "reading writes nothing"
    );
    // What was not vendored is not there.
    far.warg(&["add", "test:other", "--offline"])
        .code(12)
        .stderr_contains("`cargo warg vendor` brings it up to date");
}

#[test]
fn one_lock_and_checkpoint_are_the_same_bytes_everywhere_and_what_is_not_needed_goes() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let first = files(&app.path().join("vendor/warg"));
    assert!(
        !first
            .keys()
            .any(|path| path.to_str().unwrap().contains("other")),
        "{first:#?}"
    );
    app.warg(&["vendor"])
        .code(0)
        .stderr_contains("  Up to date ")
        .stderr_lacks("Changed");
    // Another user's machine, into another folder.
    let other = app.with_home(sandbox.join("other"));
    other.warg(&["vendor", "../outside/warg"]).code(0);
    assert!(
        app.read("Cargo.toml")
            .contains("vendor = \"../outside/warg\"\n")
    );
    assert_eq!(files(&sandbox.join("outside/warg")), first);
    app.warg(&["verify", "--offline"]).code(0);

    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace("\"acme:logger\" = \"1.0\"\n", ""),
    );
    app.write("../outside/warg/content/sha256/.tmpabc", "left by a kill");
    app.write("../outside/warg/notes.txt", "somebody's");
    other
        .warg(&["vendor"])
        .code(0)
        .stderr_contains("Vendored 2 contents");
    let less = files(&sandbox.join("outside/warg"));
    assert!(less.len() < first.len());
    assert!(!less.contains_key(Path::new("content/sha256/.tmpabc")));
    assert!(less.contains_key(Path::new("notes.txt")), "not ours");
    app.warg(&["verify", "--offline"]).code(0);
}

/// Whether a byte of a package's or operator's file is a hint: where the log is said to hold a record.
fn is_hint(path: &Path, bytes: &[u8], at: usize) -> bool {
    let path = path.to_str().unwrap();
    if !path.contains("/package/") && !path.contains("/operator/") {
        return false;
    }
    let mut start = 0;
    while start < bytes.len() {
        let length = usize::from(u16::from_be_bytes([bytes[start + 8], bytes[start + 9]]));
        if at < start + 8 {
            return true;
        }
        start += 10 + length;
        if at < start {
            return false;
        }
    }
    false
}

#[test]
fn a_byte_that_was_changed_is_refused() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let far = elsewhere(&app, &sandbox, "far");
    let folder = far.path().join("vendor/warg");
    let all = files(&folder);
    let mut codes: BTreeMap<i32, usize> = BTreeMap::new();
    for (path, bytes) in &all {
        if path == Path::new(".gitattributes") {
            continue;
        }
        for at in [0, 1, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(folder.join(path), changed).unwrap();
            let _ = fs::remove_dir_all(far.home());
            let said = far.warg(&["verify", "--offline"]);
            let code = said.exit_code();
            *codes.entry(code).or_default() += 1;
            let name = path.to_str().unwrap();
            if is_hint(path, bytes, at) {
                assert!(code == 0 || code == 13, "byte {at} of {name}: {said}");
            } else if name.ends_with("/checkpoint") || name.contains("/map/at/") {
                // It may say how many files there are to be.
                assert!(code == 12 || code == 13, "byte {at} of {name}: {said}");
            } else {
                assert_eq!(code, 13, "byte {at} of {name}: {said}");
            }
        }
        fs::write(folder.join(path), bytes).unwrap();
    }
    assert!(codes[&13] > 40, "{codes:?}");
    let _ = fs::remove_dir_all(far.home());
    far.warg(&["verify", "--offline"]).code(0);
    // Not even where the registry has the good byte, and this machine too.
    app.warg(&["fetch"]).code(0);
    let content = all.keys().find(|path| path.starts_with("content")).unwrap();
    let mut changed = all[content].clone();
    changed[9] ^= 1;
    app.write(&format!("vendor/warg/{}", content.display()), changed);
    app.warg(&["verify"]).code(13);
    app.warg(&["fetch"]).code(13);
    app.warg(&["vendor"])
        .code(0)
        .stderr_contains("of them 1 written");
    app.warg(&["verify"]).code(0);
}

#[test]
fn a_file_that_is_missing_comes_from_the_registry_or_is_asked_for() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let far = elsewhere(&app, &sandbox, "far");
    let content = files(&app.path().join("vendor/warg"));
    let content = content
        .keys()
        .find(|path| path.starts_with("content"))
        .unwrap();
    for project in [&app, &far] {
        fs::remove_file(project.path().join("vendor/warg").join(content)).unwrap();
    }
    far.warg(&["verify", "--offline"])
        .code(12)
        .stderr_contains("vendor/warg/content/sha256/")
        .stderr_contains("`cargo warg vendor` brings it up to date");
    app.with_home(sandbox.join("fresh"))
        .warg(&["verify"])
        .code(0);
    // The whole folder, too.
    fs::remove_dir_all(far.path().join("vendor")).unwrap();
    far.warg(&["verify", "--offline"]).code(12);
    fs::remove_dir_all(app.path().join("vendor")).unwrap();
    app.warg(&["verify"]).code(0);
}

/// Other people's packages, a few in each append: the world's clock moves on with each record.
fn grow(registry: &mut Registry, numbers: std::ops::Range<usize>) {
    let numbers: Vec<_> = numbers.collect();
    for chunk in numbers.chunks(8) {
        let name = |number: &usize| format!("test:n{number}");
        let records: Vec<_> = chunk
            .iter()
            .map(|number| registry.world.release(&name(number), "1.0.0").sign())
            .collect();
        registry.world.append(&records).unwrap();
    }
}

#[test]
fn a_machine_reads_a_newer_folder_after_an_older_one_and_never_the_other_way_round() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let far = elsewhere(&app, &sandbox, "far");
    far.warg(&["verify", "--offline"]).code(0);
    let old = files(&app.path().join("vendor"));
    grow(&mut registry, 0..232);
    // Another registry state, the same lock: the log has more than one tile now, and the machine saw the first.
    app.warg(&["vendor"]).code(0).stderr_lacks("Locked");
    let bring = |folder: &BTreeMap<PathBuf, Vec<u8>>| {
        let vendor = far.path().join("vendor");
        fs::remove_dir_all(&vendor).unwrap();
        for (path, bytes) in folder {
            far.write(&format!("vendor/{}", path.display()), bytes);
        }
    };
    let new = files(&app.path().join("vendor"));
    assert_ne!(old, new);
    bring(&new);
    far.warg(&["verify", "--offline"]).code(0);
    grow(&mut registry, 232..248);
    app.warg(&["vendor"]).code(0);
    bring(&files(&app.path().join("vendor")));
    far.warg(&["verify", "--offline"]).code(0);
    // Back to the first: this machine knows better, and has not all files of what it knows.
    bring(&old);
    far.warg(&["verify", "--offline"]).code(12);
    // Old is not wrong: who saw nothing newer believes it.
    let _ = fs::remove_dir_all(far.home());
    far.warg(&["verify", "--offline"]).code(0);
    // With the registry in reach, what the old folder lacks is read there.
    fs::remove_dir_all(app.path().join("vendor")).unwrap();
    copy(&far.path().join("vendor"), &app.path().join("vendor"));
    app.warg(&["verify"]).code(0);
}

#[test]
fn the_lock_went_on_and_the_folder_did_not() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    app.warg(&["lock"]).code(0);
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.2.0\""));
    let far = elsewhere(&app, &sandbox, "far");
    far.warg(&["verify", "--offline"])
        .code(12)
        .stderr_contains("`cargo warg vendor` brings it up to date");
    app.warg(&["verify"]).code(0);
    app.warg(&["vendor"]).code(0);
    let far = elsewhere(&app, &sandbox, "later");
    far.warg(&["verify", "--offline"]).code(0);
}

#[test]
fn what_is_not_locked_yet_is_not_solved_at_the_state_of_an_old_folder() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    // On a machine that saw nothing newer: the folder alone would do.
    let fresh = app.with_home(sandbox.join("fresh"));
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    fresh.warg(&["fetch"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.2.0\""));
    fresh.warg(&["verify"]).code(0);
}

#[test]
fn whoever_stops_in_between_leaves_the_old_folder_or_the_new_one() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let old = files(&app.path().join("vendor/warg"));
    grow(&mut registry, 0..8);
    let good = |what: &str| {
        let far = elsewhere(&app, &sandbox, what);
        let said = far.warg(&["verify", "--offline"]);
        assert_eq!(said.exit_code(), 0, "{what}: {said}");
        fs::remove_dir_all(sandbox.join(what)).unwrap();
    };
    let put = |state: &BTreeMap<PathBuf, Vec<u8>>| {
        fs::remove_dir_all(app.path().join("vendor")).unwrap();
        for (path, bytes) in state {
            app.write(&format!("vendor/warg/{}", path.display()), bytes);
        }
    };
    // Killed after some time, from not yet begun to done.
    for steps in 0..12 {
        put(&old);
        let mut child = app.start(&["vendor"]);
        std::thread::sleep(Duration::from_millis(steps * 30));
        let _ = child.kill();
        let _ = child.wait();
        good(&format!("killed-{steps}"));
    }
    // And the states that it goes through, for sure.
    app.warg(&["vendor"]).code(0);
    let new = files(&app.path().join("vendor/warg"));
    let is_checkpoint = |path: &Path| path.ends_with("checkpoint");
    let both: BTreeMap<_, _> = old
        .iter()
        .chain(&new)
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect();
    let mut before = both.clone();
    for (path, bytes) in old.iter().filter(|(path, _)| is_checkpoint(path)) {
        before.insert(path.clone(), bytes.clone());
    }
    assert_ne!(before, both);
    for (what, state) in [("files", &before), ("checkpoint", &both), ("swept", &new)] {
        put(state);
        good(what);
        app.warg(&["vendor"]).code(0);
        assert_eq!(files(&app.path().join("vendor/warg")), new, "{what}");
    }
}

#[test]
fn what_a_killed_run_left_is_no_strangers_file() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    // It was killed before it wrote its mark; and another one is at work.
    let (old, new) = (
        "vendor/warg/.cargo-warg-Ab3dE6",
        "vendor/warg/.cargo-warg-Cd4eF7",
    );
    for path in [old, new] {
        app.write(path, "# Written by");
    }
    let hours_ago = SystemTime::now() - Duration::from_hours(2);
    let file = fs::File::options().write(true).open(app.path().join(old));
    file.unwrap().set_modified(hours_ago).unwrap();
    app.warg(&["vendor"]).code(0);
    assert!(!app.has(old) && app.has(new));
    app.warg(&["verify", "--offline"]).code(0);
    // Beside what somebody else put there, it changes nothing.
    app.write("theirs/.cargo-warg-Ab3dE6", "");
    app.write("theirs/precious", "");
    app.warg(&["vendor", "theirs"])
        .code(2)
        .stderr_contains("theirs holds something that `cargo warg vendor` did not write");
}

#[test]
fn what_somebody_else_put_there_is_left_alone() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.write("theirs/content/precious", "");
    app.warg(&["vendor", "theirs"])
        .code(2)
        .stderr_contains("theirs holds something that `cargo warg vendor` did not write")
        .stderr_contains("help: ");
    app.warg(&["vendor", "."])
        .code(2)
        .stderr_contains("the folder of Cargo.toml itself cannot be the folder to vendor into");
    assert!(app.has("theirs/content/precious"));
    assert!(!app.read("Cargo.toml").contains("vendor"));
    app.warg(&["vendor", "--locked"])
        .code(10)
        .stderr_contains("missing, and --locked was given");
    app.warg(&["vendor", "--offline"]).code(12);
    assert!(!app.has("vendor"));
    app.warg(&["lock"]).code(0);
    app.warg(&["fetch"]).code(0);
    app.warg(&["vendor", "--frozen"]).code(0);
    let vendored = files(&app.path().join("vendor/warg"));
    // Offline again, in a home that never saw the registry: out of the folder itself.
    let far = elsewhere(&app, &sandbox, "far");
    far.warg(&["vendor", "--frozen", "second"]).code(0);
    assert_eq!(files(&far.path().join("second")), vendored);
    let empty = sandbox.cargo_project("empty", "");
    empty
        .warg(&["vendor"])
        .code(0)
        .stderr_contains("Nothing to vendor");
    assert!(!empty.has("vendor"));
    for (value, code) in [("1", 101), ("\"a\"\nvendor = \"b\"", 101)] {
        let line = format!("default-registry = \"acme\"\nvendor = {value}\n");
        let manifest = registry.app(&sandbox, "bad", "");
        let text = manifest.read("Cargo.toml");
        manifest.write(
            "Cargo.toml",
            text.replace("default-registry = \"acme\"\n", &line),
        );
        manifest.warg(&["lock"]).code(code);
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_leads_nowhere() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.warg(&["vendor"]).code(0);
    let home = sandbox.join("precious");
    for link in ["content", "content/sha256", "registry", "registry/theirs"] {
        let path = app.path().join("vendor/warg").join(link);
        let aside = sandbox.join("aside");
        let was_there = fs::rename(&path, &aside).is_ok();
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("letters"), "mine").unwrap();
        symlink(&home, &path).unwrap();
        let before = files(&home);
        app.warg(&["vendor"])
            .code(2)
            .stderr_contains(&format!("{} is a link", path.display()))
            .stderr_contains("help: ");
        assert_eq!(files(&home), before, "{link}");
        fs::remove_file(&path).unwrap();
        if was_there {
            fs::rename(&aside, &path).unwrap();
        }
    }
    app.warg(&["vendor"])
        .code(0)
        .stderr_contains("  Up to date ");
}

#[test]
fn a_workspace_says_it_once_and_comments_stay() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let work = sandbox.virtual_workspace("work", &["a", "b"]);
    let configured = registry.configure(&work);
    work.append_to_manifest(&format!(
        "{}\n",
        configured.replace("default-registry", "# who serves what\ndefault-registry")
    ));
    let a = work.read("a/Cargo.toml");
    work.write(
        "a/Cargo.toml",
        format!("{a}[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n"),
    );
    let said = work.json(&["vendor"]);
    assert_eq!(said["reason"], "vendor");
    assert_eq!(said["contents"], 1);
    assert_eq!(said["configured"], true);
    assert_eq!(said["lock"]["written"], true);
    assert_eq!(said["written"], said["files"]);
    let manifest = work.read("Cargo.toml");
    assert!(manifest.contains("# who serves what\n"), "{manifest}");
    assert!(
        manifest.contains("vendor = \"vendor/warg\"\n"),
        "{manifest}"
    );
    let said = work.json(&["vendor"]);
    assert_eq!((&said["written"], &said["removed"]), (&0.into(), &0.into()));
    assert_eq!(said["configured"], false);
    // A member's manifest cannot say it.
    let a = work.read("a/Cargo.toml");
    work.write(
        "a/Cargo.toml",
        format!("{a}[package.metadata.warg]\nvendor = \"v\"\n"),
    );
    work.warg(&["verify"])
        .code(101)
        .stderr_contains("a/Cargo.toml:");
}
