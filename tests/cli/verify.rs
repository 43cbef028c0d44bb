//! `cargo warg verify`, and what it and the others refuse: edited locks, damaged folders, registries that lie.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fixtures::component;
use fixtures::world::World;
use resolver::lockfile::Lockfile;
use transparency::Unverified;
use transparency::digest::{Digest, Hash};
use transparency::misbehavior::Misbehavior;
use transparency::number::{Index, Size, Time};
use transparency::selection::Selection;

use crate::story::{self, Registry, fetched};
use crate::support::{Project, Sandbox, copy, files};

/// Puts a folder back to what it was.
fn restore(folder: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) {
    fs::remove_dir_all(folder).unwrap();
    for (path, bytes) in before {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn what_was_fetched_verifies_without_the_registry() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    fs::remove_dir_all(&registry.folder).unwrap();
    let before = files(app.path());
    app.warg(&["verify", "--offline"])
        .code(0)
        .stderr_lacks("Proved")
        .stderr_contains("Verified warg.lock: 4 packages, 4 contents, and 3 files of wit/deps");
    app.warg(&["fetch", "--offline"]).code(0);
    app.warg(&["fetch", "--frozen"]).code(0);
    app.warg(&["lock", "--offline"]).code(0);
    app.warg(&["verify"])
        .code(12)
        .stderr_contains("there is no registry at");
    // What is not kept cannot be solved for.
    app.append_to_manifest(
        "[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    app.warg(&["lock", "--offline"])
        .code(12)
        .stderr_contains("help: offline, `cargo warg fetch` keeps what is needed");
    assert_eq!(
        files(app.path())[Path::new("warg.lock")],
        before[Path::new("warg.lock")]
    );
}

#[test]
fn without_a_fetch_there_is_nothing_to_verify_offline() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    let stranger = app.with_home(sandbox.join("stranger"));
    let before = registry.snapshot(&app);
    for command in [
        &["verify", "--offline"][..],
        &["fetch", "--offline"],
        &["fetch", "--frozen"],
    ] {
        stranger
            .warg(command)
            .code(12)
            .stderr_contains(
                "nothing of the registry `registry.example/world-1` is kept on this machine",
            )
            .stderr_contains("help: run `cargo warg fetch` once");
    }
    stranger.warg(&["lock", "--frozen"]).code(0);
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn a_lock_that_is_not_as_cargo_warg_writes_it_is_no_lock() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    let lock = app.read("warg.lock");
    for (case, text, says, help) in [
        (
            "a comment",
            lock.replacen("[[root]]", "# mine\n[[root]]", 1),
            " --> warg.lock:",
            "restore it",
        ),
        (
            "a space",
            lock.replacen("name = ", "name =  ", 1),
            " --> warg.lock:",
            "restore it",
        ),
        (
            "the order",
            swap_first_packages(&lock),
            " --> warg.lock:",
            "restore it",
        ),
        (
            "not TOML",
            lock.replacen("[[root]]", "[[root", 1),
            "not TOML",
            "restore it",
        ),
        (
            "cut off",
            lock[..lock.len() / 2].to_owned(),
            "",
            "restore it",
        ),
        (
            "empty",
            String::new(),
            "it does not say `version = 1`",
            "restore it",
        ),
        (
            "an unknown key",
            lock.replacen("[[root]]\n", "[[root]]\ncolor = \"red\"\n", 1),
            " --> warg.lock:",
            "restore it",
        ),
        (
            "the future",
            lock.replacen("version = 1\n", "version = 2\n", 1),
            "format 2, written by a newer cargo warg",
            "update cargo warg",
        ),
        (
            "a merge",
            lock.replacen(
                "[[root]]\n",
                "<<<<<<< ours\n[[root]]\n=======\n[[root]]\n>>>>>>> theirs\n",
                1,
            ),
            "conflict markers",
            "run `cargo warg lock`",
        ),
    ] {
        assert_ne!(text, lock, "{case}");
        app.write("warg.lock", &text);
        let before = registry.snapshot(&app);
        // What a merge may have left is merged by what may write a lock; see merge.rs.
        let mergeable = ["the order", "a merge"].contains(&case);
        let writing = [&["fetch"][..], &["lock"], &["add", "acme:clock"]];
        let reading = [
            &["verify"][..],
            &["verify", "--offline"],
            &["lock", "--locked"],
            &["fetch", "--locked"],
        ];
        let writing = writing.into_iter().filter(|_| !mergeable);
        for command in reading.into_iter().chain(writing) {
            app.warg(command)
                .code(10)
                .stderr_contains("warg.lock cannot be used")
                .stderr_contains(says)
                .stderr_contains("help: ")
                .stderr_contains(help);
        }
        assert_eq!(registry.snapshot(&app), before, "{case}");
    }
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["verify"])
        .code(10)
        .stderr_contains("warg.lock is missing")
        .stderr_contains("help: run `cargo warg lock`");
}

fn swap_first_packages(lock: &str) -> String {
    let mut parts: Vec<_> = lock.split("[[package]]\n").collect();
    parts.swap(1, 2);
    parts.join("[[package]]\n")
}

/// Changes one claim of a lock.
type Edit<'a> = &'a dyn Fn(&mut Lockfile);

#[test]
fn a_claim_that_the_log_contradicts_is_refused_by_name() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    let good: Lockfile = app.read("warg.lock").parse().unwrap();
    let clock: Selection = "component acme:clock@1.1.0".parse().unwrap();
    let logger: Selection = "component acme:logger@1.0.0".parse().unwrap();
    let origin = registry.world.origin().clone();
    let index = good.packages[&clock].release.as_ref().unwrap().index;
    let edits: [(&str, Edit<'_>, u8, &str); 9] = [
        (
            "digest",
            &|lock| release(lock, &clock).digest = Digest::of(b"evil"),
            13,
            "the digest of component acme:clock@1.1.0 is sha256:",
        ),
        (
            "record",
            &|lock| release(lock, &clock).record = Hash::ZERO,
            13,
            "the record of component acme:clock@1.1.0 is sha256:",
        ),
        (
            "index",
            &|lock| release(lock, &clock).index = Index::new(index.get() - 1),
            13,
            "a record does not lie in the log where the lock says",
        ),
        (
            "requirements",
            &|lock| {
                let package = lock.packages.get_mut(&logger).unwrap();
                let text = package
                    .requires
                    .first()
                    .unwrap()
                    .to_string()
                    .replace("^1.0", "^1.1");
                package.requires = [text.parse().unwrap()].into();
            },
            13,
            "the requirements of component acme:logger@1.0.0 is",
        ),
        (
            "root",
            &|lock| lock.registries.get_mut(&origin).unwrap().root = Hash::ZERO,
            13,
            "never had the root that is claimed for size",
        ),
        (
            "smaller size",
            &|lock| {
                let checkpoint = lock.registries.get_mut(&origin).unwrap();
                checkpoint.size = Size::new(checkpoint.size.get() - 1);
            },
            13,
            "never had the root that is claimed for size",
        ),
        (
            // A registry that lags says no more than that.
            "larger size",
            &|lock| {
                let checkpoint = lock.registries.get_mut(&origin).unwrap();
                checkpoint.size = Size::new(checkpoint.size.get() + 100);
            },
            12,
            "knows nothing yet of size",
        ),
        (
            "a version that is not there",
            &|lock| renumber(lock, &clock, "component acme:clock@1.1.5"),
            13,
            "`acme:clock` has no such release",
        ),
        (
            "another version",
            &|lock| renumber(lock, &clock, "component acme:clock@1.0.0"),
            13,
            "the digest of component acme:clock@1.0.0 is sha256:",
        ),
    ];
    for (case, edit, code, says) in edits {
        let mut lock = good.clone();
        edit(&mut lock);
        app.write("warg.lock", lock.to_string());
        let before = registry.snapshot(&app);
        for command in [
            &["verify"][..],
            &["fetch"],
            &["fetch", "--locked"],
            &["verify", "--offline"],
        ] {
            let said = app.warg(command).code(code.into()).stderr_contains(says);
            said.stderr_contains("help: ").stderr_contains("lock");
        }
        assert_eq!(registry.snapshot(&app), before, "{case}");
    }
    app.write("warg.lock", good.to_string());
    app.warg(&["verify"]).code(0);
}

fn release<'l>(
    lock: &'l mut Lockfile,
    selection: &Selection,
) -> &'l mut resolver::lockfile::LockedRelease {
    lock.packages
        .get_mut(selection)
        .unwrap()
        .release
        .as_mut()
        .unwrap()
}

fn renumber(lock: &mut Lockfile, from: &Selection, to: &str) {
    let to: Selection = to.parse().unwrap();
    let package = lock.packages.remove(from).unwrap();
    lock.packages.insert(to.clone(), package);
    for root in lock.roots.values_mut() {
        root.selects.remove(from);
        root.selects.insert(to.clone());
    }
}

#[test]
fn what_is_in_wit_deps_is_what_follows_from_the_lock() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    let file = "wit/deps/acme-io-1.0.1/package.wit";
    let good = app.read(file);
    // Meaning is compared, not spelling.
    app.write(file, format!("// a remark\n\n{good}"));
    app.warg(&["verify"]).code(0);
    let mark = good.lines().last().unwrap();
    app.write(file, good.replace("u32", "u64"));
    let before = registry.snapshot(&app);
    app.warg(&["verify"])
        .code(13)
        .stderr_contains(
            "what `cargo warg fetch` wrote for `app` is not what follows from warg.lock",
        )
        .stderr_contains("acme-io-1.0.1")
        .stderr_contains("help: `cargo warg fetch` writes it anew");
    // A package that is slipped in is another package.
    let more = format!("package evil:x@1.0.0 {{ interface i {{}} }}\n{mark}");
    app.write(file, good.replace(mark, &more));
    app.warg(&["verify"])
        .code(13)
        .stderr_contains("acme-io-1.0.1");
    app.write(file, format!("nonsense\n{mark}\n"));
    app.warg(&["verify"])
        .code(13)
        .stderr_contains("acme-io-1.0.1");
    // Next to an edited file, one that is missing changes nothing.
    let other = "wit/deps/acme-http-1.0.0/package.wit";
    let good_other = app.read(other);
    fs::remove_file(app.path().join(other)).unwrap();
    app.warg(&["verify"])
        .code(13)
        .stderr_contains("deps/acme-http-1.0.0/package.wit is missing");
    assert_eq!(registry.snapshot(&app)[1], before[1]);
    app.warg(&["fetch"]).code(0);
    assert_eq!((app.read(file), app.read(other)), (good, good_other));
    app.warg(&["verify"]).code(0);
}

#[test]
fn what_fetch_cannot_write_is_not_verified() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let patch = "[workspace.metadata.warg.patch]\n\"acme:io\" = { path = \"io\" }\n";
    let app = registry.app(&sandbox, "app", patch);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n",
    );
    // What the release uses is not there.
    app.write("io/io.wit", "package acme:io@1.0.1;\ninterface other {}\n");
    let locked = app.warg(&["lock"]).exit_code();
    let fetched = app.warg(&["fetch"]).exit_code();
    assert_ne!(fetched, 0);
    let verified = app.warg(&["verify"]).exit_code();
    assert_eq!((locked, verified), (0, fetched), "nothing was fetched");
}

#[test]
fn what_is_behind_the_lock_in_wit_deps_is_not_refused() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    let behind = |said: &str| {
        app.warg(&["verify"])
            .code(10)
            .stderr_contains("what `cargo warg fetch` wrote for `app` is behind warg.lock")
            .stderr_contains(said)
            .stderr_contains("help: run `cargo warg fetch`");
    };
    // Missing.
    let io = "wit/deps/acme-io-1.0.1/package.wit";
    fs::remove_file(app.path().join(io)).unwrap();
    behind("deps/acme-io-1.0.1/package.wit is missing");
    app.warg(&["fetch"]).code(0);
    // Older: what is selected now, what was, and what refers to it.
    registry.wit("acme:io", "1.0.2", &[], story::IO);
    app.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"acme:io\" = \"1.0.2\"\n");
    app.warg(&["lock"]).code(0);
    behind("deps/acme-io-1.0.1/package.wit is for nothing that is selected");
    behind("deps/acme-io-1.0.2/package.wit is missing");
    let http = "wit/deps/acme-http-1.0.0/package.wit";
    behind("deps/acme-http-1.0.0/package.wit is of an older selection");
    // An older text that was edited is no older text.
    let old = app.read(http);
    app.write(
        http,
        old.replacen("interface", "interface more {}\n\ninterface", 1),
    );
    app.warg(&["verify"])
        .code(13)
        .stderr_contains("deps/acme-http-1.0.0/package.wit was changed");
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn a_folder_that_was_set_back_is_unavailable() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    let old = files(&registry.folder);
    let size = registry.world.size();
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    let seen = registry.world.size();
    app.warg(&["verify"]).code(0);
    restore(&registry.folder, &old);
    let before = registry.snapshot(&app);
    for command in [&["verify"][..], &["fetch"], &["add", "acme:clock"]] {
        app.warg(command)
            .code(12)
            .stderr_contains(&format!(
                "has {size} entries, but this machine saw it with {seen}"
            ))
            .stderr_contains(registry.folder.to_str().unwrap())
            .stderr_contains("help: read a registry that is up to date");
    }
    assert_eq!(registry.snapshot(&app), before);
    // What was locked and kept is as good as before.
    app.warg(&["verify", "--offline"]).code(0);
    app.warg(&["lock"]).code(0).stderr_lacks("warning");
}

#[test]
fn a_registry_that_forked_is_convicted_and_the_evidence_is_saved() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    let fork = sandbox.join("fork");
    copy(&registry.folder, &fork);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    app.warg(&["verify"]).code(0);
    let mut other = Registry {
        world: World::of_folder(&fork, 1),
        folder: fork.clone(),
    };
    for releases in 1..=2 {
        // As long as the other history, then longer.
        other.wit(&format!("test:fork{releases}"), "1.0.0", &[], story::IO);
        let url = registry.folder.to_str().unwrap();
        let manifest = app.read("Cargo.toml");
        app.write("Cargo.toml", manifest.replace(url, fork.to_str().unwrap()));
        let before = other.snapshot(&app);
        for command in [
            &["verify"][..],
            &["fetch"],
            &["update"],
            &["add", "acme:clock"],
        ] {
            let said = app.warg(command).code(14);
            let said = said
                .stderr_contains("the registry `registry.example/world-1` misbehaved")
                .stderr_contains("help: the evidence is saved in ");
            let (_, rest) = said.stderr.split_once("the evidence is saved in ").unwrap();
            let path = rest.split(';').next().unwrap();
            let evidence = fs::read(path).unwrap();
            let read = Unverified::<Misbehavior>::parse(&evidence).unwrap();
            read.open(registry.world.policy()).unwrap();
        }
        assert_eq!(other.snapshot(&app), before);
        app.write("Cargo.toml", manifest);
        app.warg(&["verify"]).code(0);
    }
    app.warg(&["verify", "--offline"]).code(0);
    // Where it cannot be saved, that is said, and the registry is convicted all the same.
    let evidence = app.home().join("state/trust/misbehavior");
    fs::remove_dir_all(&evidence).unwrap();
    fs::write(&evidence, "in the way").unwrap();
    let url = registry.folder.to_str().unwrap();
    let manifest = app.read("Cargo.toml");
    app.write("Cargo.toml", manifest.replace(url, fork.to_str().unwrap()));
    app.warg(&["verify"])
        .code(14)
        .stderr_contains("misbehaved")
        .stderr_contains("help: the evidence could not be saved: ");
}

#[test]
fn a_fork_that_is_dated_ahead_as_well_is_convicted_all_the_same() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    let fork = sandbox.join("fork");
    copy(&registry.folder, &fork);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    app.warg(&["verify"]).code(0);
    let now = registry.world.now();
    let mut other = Registry {
        world: World::of_folder(&fork, 1),
        folder: fork.clone(),
    };
    other.wit("test:fork", "1.0.0", &[], story::IO);
    other.lie(|forge| forge.entry.time = Time::from_unix(now.unix() + 3600).unwrap());
    let url = registry.folder.to_str().unwrap();
    let manifest = app.read("Cargo.toml");
    app.write("Cargo.toml", manifest.replace(url, fork.to_str().unwrap()));
    for command in [&["verify"][..], &["registry", "check", "acme"]] {
        app.warg_with(&[("__CARGO_WARG_TEST_CLOCK", &now.to_string())], command)
            .code(14)
            .stderr_contains("help: the evidence is saved in ");
    }
    // Who did not see the other history is told of the time.
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.with_home(sandbox.join("stranger"))
        .warg_with(&[("__CARGO_WARG_TEST_CLOCK", &now.to_string())], &["lock"])
        .code(13)
        .stderr_contains("but the clock of this machine says");
}

/// A small registry, and a project whose lock and contents are known.
fn small(sandbox: &Sandbox) -> (Registry, Project) {
    let mut registry = Registry::new(sandbox, "acme", 3);
    registry.wit("acme:io", "1.0.0", &[], story::IO);
    registry.component("acme:clock", "1.0.0", &[], &story::clock("1.0.0"));
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n\
         [package.metadata.warg.wit-dependencies]\n\"acme:io\" = \"1.0.0\"\n",
    );
    (registry, app)
}

#[test]
fn a_file_that_is_flipped_cut_or_missing_is_refused_or_does_not_matter() {
    let sandbox = Sandbox::new();
    let (registry, app) = small(&sandbox);
    app.warg(&["fetch"]).code(0);
    let good = files(app.path());
    let served = files(&registry.folder);
    let (mut refused, mut harmless) = (0, Vec::new());
    for (path, bytes) in &served {
        if path.starts_with(".private") || bytes.is_empty() {
            continue;
        }
        let at = registry.folder.join(path);
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        let cut = &bytes[..bytes.len() - 1];
        for (case, damage) in [
            ("flipped", Some(&flipped[..])),
            ("cut", Some(cut)),
            ("missing", None),
        ] {
            match damage {
                Some(damage) => fs::write(&at, damage).unwrap(),
                None => fs::remove_file(&at).unwrap(),
            }
            let case = format!("{} {case}", path.display());
            restore(app.path(), &good);
            fs::remove_file(app.path().join("warg.lock")).unwrap();
            fs::remove_dir_all(app.path().join("wit")).unwrap();
            let home = sandbox.join("home of one case");
            let _ = fs::remove_dir_all(&home);
            let app = app.with_home(&home);
            let said = app.warg(&["fetch"]);
            let now = files(app.path());
            match said.exit_code() {
                0 => {
                    assert_eq!(now, good, "{case}");
                    harmless.push(case.clone());
                }
                12 | 13 => {
                    refused += 1;
                    assert!(
                        !now.contains_key(Path::new("wit/deps/acme-io-1.0.0/package.wit")),
                        "{case}"
                    );
                    assert!(said.stderr.contains("error: "), "{case}: {said}");
                }
                _ => panic!("{case}: {said}"),
            }
            // Nothing bad was kept: with the file back, the same home goes on.
            fs::write(&at, bytes).unwrap();
            app.warg(&["fetch"]).code(0);
            assert_eq!(files(app.path()), good, "{case}");
        }
    }
    assert!(
        refused > 20,
        "{refused} cases were refused, and harmless were {harmless:?}"
    );
    // Entries are for those who read everything; older states are for nobody; a lone wider tile serves for none.
    for case in harmless {
        let read_by_nobody = case.starts_with("tile/entries")
            || case.starts_with("map/")
            || case.starts_with("tile/0/");
        assert!(
            read_by_nobody || case.contains(".p/"),
            "{case} was harmless"
        );
    }
}

#[test]
fn contents_that_are_swapped_are_refused() {
    let sandbox = Sandbox::new();
    let (registry, app) = small(&sandbox);
    app.warg(&["lock"]).code(0);
    let contents: Vec<_> = files(&registry.folder.join("content"))
        .into_iter()
        .collect();
    let [one, two] = contents.as_slice() else {
        panic!("two contents")
    };
    let folder = registry.folder.join("content");
    fs::write(folder.join(&one.0), &two.1).unwrap();
    fs::write(folder.join(&two.0), &one.1).unwrap();
    let before = registry.snapshot(&app);
    for command in ["fetch", "verify"] {
        // Where the longer one lies in the registry is found out first: it ends before what lies there does.
        app.warg(&[command])
            .code(13)
            .stderr_contains("sha256:")
            .stderr_contains("acme:io@1.0.0");
    }
    assert_eq!(registry.snapshot(&app), before);
    assert!(
        !app.home().join("cache/content").exists(),
        "nothing is kept that is not what its name says"
    );
}

#[test]
fn records_that_are_swapped_are_refused() {
    let sandbox = Sandbox::new();
    let (registry, app) = small(&sandbox);
    let folder = registry.folder.join("package/acme");
    let swap = |path: &Path| {
        fs::rename(folder.join("clock").join(path), folder.join("swapped")).unwrap();
        fs::rename(
            folder.join("io").join(path),
            folder.join("clock").join(path),
        )
        .unwrap();
        fs::rename(folder.join("swapped"), folder.join("io").join(path)).unwrap();
    };
    let path = files(&folder.join("clock")).into_keys().next().unwrap();
    swap(&path);
    let before = registry.snapshot(&app);
    for command in ["lock", "fetch"] {
        app.warg(&[command])
            .code(13)
            .stderr_contains("package/acme/");
    }
    assert_eq!(registry.snapshot(&app), before);
    swap(&path);
    app.warg(&["fetch"]).code(0);
}

#[test]
fn a_content_that_contradicts_its_record_is_refused() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 4);
    let content = component::from_wit(&story::clock("1.0.0"), "w");
    registry
        .world
        .release("acme:clock", "1.0.0")
        .content(content)
        .exports("acme:clock/now@1.0.0")
        .imports("acme:spy/listen@1.0.0")
        .publish();
    registry
        .world
        .release("acme:text", "1.0.0")
        .content(b"hello".to_vec())
        .publish();
    let app = registry.app(&sandbox, "app", "");
    let manifest = app.read("Cargo.toml");
    for (name, says) in [
        ("acme:clock", "acme:spy/listen@1.0.0"),
        ("acme:text", "not WebAssembly"),
    ] {
        app.write(
            "Cargo.toml",
            format!("{manifest}\n[package.metadata.warg.dependencies]\n\"{name}\" = \"1\"\n"),
        );
        app.warg(&["lock"]).code(0);
        let before = registry.snapshot(&app);
        for command in ["fetch", "verify"] {
            app.warg(&[command])
                .code(13)
                .stderr_contains(&format!("{name}@1.0.0"))
                .stderr_contains(says);
        }
        assert_eq!(registry.snapshot(&app), before);
    }
}

#[test]
fn a_release_that_is_unusable_says_why() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 5);
    registry
        .world
        .release("acme:odd", "1.0.0")
        .unusable("it refers to itself")
        .publish();
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:odd\" = \"1\"\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("acme:odd 1.0.0")
        .stderr_contains("it refers to itself");
    app.warg(&["add", "acme:odd"])
        .code(11)
        .stderr_contains("has no usable release")
        .stderr_contains("it refers to itself");
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn what_is_yanked_and_cannot_move_is_named_with_what_holds_it() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component(
        "acme:watch",
        "1.0.0",
        &[("acme:clock", "=1.0.0")],
        "package acme:watch@1.0.0;\nworld w {}\n",
    );
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:watch\" = \"1.0\"\n",
    );
    app.warg(&["lock"]).code(0);
    registry.world.yank("acme:clock", "1.0.0", "it is late");
    app.warg(&["verify", "--deny", "yanked"])
        .code(10)
        .stderr_contains("acme:clock@1.0.0 is yanked: it is late")
        .stderr_contains(
            "help: acme:clock 1.0.0 is held by =1.0.0 of acme:watch 1.0.0: change that, then run `cargo warg update acme:clock`",
        )
        .stderr_lacks("and commit what it changes");
}

#[test]
fn where_nothing_else_can_be_used_no_command_that_changes_nothing_is_advised() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let text = "package acme:sundial@1.0.0;\nworld w {}\n";
    registry.component("acme:sundial", "1.0.0", &[], text);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:sundial\" = \"1\"\n",
    );
    app.warg(&["lock"]).code(0);
    registry.world.yank("acme:sundial", "1.0.0", "no sun");
    app.warg(&["verify", "--deny", "yanked"])
        .code(10)
        .stderr_contains("help: no other release of acme:sundial can be used")
        .stderr_lacks("cargo warg update");
}

#[test]
fn members_that_share_what_holds_a_release_say_it_once() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    for name in ["acme:hour", "acme:watch"] {
        let text = format!("package {name}@1.0.0;\nworld w {{}}\n");
        registry.component(name, "1.0.0", &[("acme:clock", "=1.0.0")], &text);
    }
    let work = sandbox.virtual_workspace("work", &["one", "two"]);
    work.append_to_manifest(&registry.configure(&work));
    for member in ["one/Cargo.toml", "two/Cargo.toml"] {
        let manifest = work.read(member);
        work.write(
            member,
            manifest
                + "\n[package.metadata.warg.dependencies]\n\"acme:hour\" = \"1.0\"\n\"acme:watch\" = \"1.0\"\n",
        );
    }
    work.warg(&["lock"]).code(0);
    registry.world.yank("acme:clock", "1.0.0", "it is late");
    let said = work.warg(&["verify", "--deny", "yanked"]).code(10);
    for holds in ["=1.0.0 of acme:hour 1.0.0", "=1.0.0 of acme:watch 1.0.0"] {
        assert_eq!(said.stderr.matches(holds).count(), 1, "{said}");
    }
}

/// A checkpoint that nobody signed says nothing of the lock.
#[test]
fn a_registry_that_is_refused_itself_casts_no_doubt_on_the_lock() {
    let sandbox = Sandbox::new();
    let (registry, app) = fetched(&sandbox);
    let checkpoint = registry.folder.join("checkpoint");
    let note = fs::read_to_string(&checkpoint).unwrap();
    let root = note.lines().nth(2).unwrap();
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    fs::write(&checkpoint, note.replace(root, other)).unwrap();
    for command in ["verify", "fetch"] {
        app.warg(&[command])
            .code(13)
            .stderr_lacks("warg.lock was edited");
    }
    fs::write(&checkpoint, note).unwrap();
    let lock = app.read("warg.lock");
    let index = lock.lines().find(|line| line.starts_with("index = "));
    app.write("warg.lock", lock.replacen(index.unwrap(), "index = 1", 1));
    app.warg(&["verify"])
        .code(13)
        .stderr_contains("warg.lock was edited");
}
