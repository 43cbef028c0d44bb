//! Releases that carry their closed set: `publish --with-lock` and `--bundle`, and `verify` of a release or a bundle.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fixtures::component::from_wit;
use fixtures::world::Telling;
use registry::storage::Folder;
use resolver::lockfile::Lockfile;
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::Origin;
use transparency::operator;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::story::Registry;
use crate::support::{Project, Sandbox, copy, files};

const CLOCK: &str = "interface now { now: func() -> u32; }";
const LOGGER: &str = "interface log { log: func() -> u32; }";

fn clock(version: &str) -> String {
    format!("package acme:clock@{version};\n{CLOCK}\nworld w {{ export now; }}")
}

/// Imports the clock of 1.0.0, and exports a logger.
fn logger(version: &str) -> Vec<u8> {
    let text = format!(
        "package acme:logger@{version};\n{LOGGER}\nworld w {{ import acme:clock/now@1.0.0; export log; }}\n\
         package acme:clock@1.0.0 {{ {CLOCK} }}"
    );
    from_wit(&text, "w")
}

/// Imports a logger of 1.0.0 and the clock, and exports nothing.
fn app() -> Vec<u8> {
    let text = format!(
        "package acme:app@0.1.0;\nworld w {{ import acme:logger/log@1.0.0; import acme:clock/now@1.0.0; }}\n\
         package acme:logger@1.0.0 {{ {LOGGER} }}\npackage acme:clock@1.0.0 {{ {CLOCK} }}"
    );
    from_wit(&text, "w")
}

/// A registry with `acme:clock` 1.0.0 and 1.1.0 and `acme:logger` 1.0.0, which requires the clock; and a workspace that
/// depends on both, locked.
pub(crate) fn published(sandbox: &Sandbox) -> Project {
    let project = sandbox.virtual_workspace("work", &["logger", "app"]);
    project.registry("acme", &["acme"]);
    for version in ["1.0.0", "1.1.0"] {
        project
            .publish_component("acme:clock", version, &clock(version))
            .code(0);
    }
    append(
        &project,
        "logger",
        "package = \"acme:logger\"\n[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n",
    );
    set_version(&project, "logger", "1.0.0");
    project.write("logger.wasm", logger("1.0.0"));
    project
        .warg(&["publish", "logger.wasm", "-p", "logger"])
        .code(0);
    append(
        &project,
        "app",
        "package = \"acme:app\"\n[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n\
         \"acme:clock\" = \"1.0\"\n",
    );
    project.write("app.wasm", app());
    project.warg(&["lock"]).code(0);
    project
}

fn append(project: &Project, member: &str, table: &str) {
    let path = format!("{member}/Cargo.toml");
    let text = project.read(&path);
    project.write(&path, format!("{text}\n[package.metadata.warg]\n{table}"));
}

fn set_version(project: &Project, member: &str, version: &str) {
    let path = format!("{member}/Cargo.toml");
    let text = project.read(&path);
    let lines = text.lines().map(|line| {
        if line.starts_with("version") {
            format!("version = \"{version}\"\n")
        } else {
            format!("{line}\n")
        }
    });
    project.write(&path, lines.collect::<String>());
}

/// Somebody else, who has the policy and nothing else.
fn stranger(sandbox: &Sandbox, project: &Project) -> Project {
    let stranger = sandbox.folder_project("stranger");
    stranger.write("src/lib.rs", "");
    stranger.write(
        "Cargo.toml",
        "[package]\nname = \"stranger\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
         [workspace.metadata.warg]\ndefault-registry = \"acme\"\n[workspace.metadata.warg.registries]\n\
         acme = { url = \"../acme-registry\", policy = \"acme.policy\" }\n",
    );
    let policies = fs::read_dir(project.path().join("trust")).unwrap();
    let policy = policies.map(|entry| entry.unwrap().path()).next().unwrap();
    fs::copy(policy, stranger.path().join("acme.policy")).unwrap();
    stranger.with_home(sandbox.join("stranger-home"))
}

#[test]
fn a_closed_set_that_takes_too_long_to_derive_was_checked_and_is_told_so() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--with-lock"])
        .code(0);
    let stranger = stranger(&sandbox, &project);
    let verify = ["verify", "acme:app@0.1.0"];
    stranger
        .warg_with(&[("__CARGO_WARG_TEST_STEPS", "1")], &verify)
        .code(11)
        .stderr_contains(
            "whether the lock of acme:app@0.1.0 follows from its requirements was not found out",
        )
        .stderr_contains("gave up on the requirements of ")
        .stderr_contains("the closed set was checked, and meets every requirement");
    stranger.warg(&verify).code(0);
}

#[test]
fn a_stranger_derives_what_was_published() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--bundle"])
        .code(0)
        .stderr_contains("with its lock and bundle");
    // The same again is nothing new.
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--bundle"])
        .code(0)
        .stderr_contains("Unchanged");
    let stranger = stranger(&sandbox, &project);
    let verify = ["verify", "acme:app@0.1.0"];
    stranger
        .warg(&verify)
        .code(0)
        .stderr_is(
            "    Verified acme:app@0.1.0, with its closed set of 2 packages, derived from nothing, and its bundle, composed again\n",
        );
    stranger
        .warg(&["verify", "acme:app@0.1.0", "-v"])
        .code(0)
        .stderr_contains("Checked acme:app@0.1.0: its record, signed by `acme/ci`, entry ")
        .stderr_contains(", and its content (sha256:")
        .stderr_contains("Checked its closed set: 2 packages, 2 contents")
        .stderr_contains("Derived the same closed set, from nothing")
        .stderr_contains("Composed the same bundle");
    stranger
        .warg(&["verify", "acme:app"])
        .code(101)
        .stderr_contains("a release has a version: `acme:app@1.2.0`");
    let said = stranger.json(&["info", "acme:app"]);
    let carried = &said["releases"][0];
    let told = stranger.warg(&["info", "acme:app"]).code(0).stdout;
    for file in ["lock", "bundle"] {
        let digest = carried[file]["digest"].as_str().unwrap();
        let size = carried[file]["size"].as_u64().unwrap();
        let line = format!("{file} {digest} ({size} bytes)");
        assert!(told.contains(&line), "{told}");
    }
    // Whatever comes later.
    for version in ["1.2.0", "1.3.0"] {
        project
            .publish_component("acme:clock", version, &clock(version))
            .code(0);
    }
    stranger
        .warg(&verify)
        .code(0)
        .stderr_contains("derived from nothing");
    // And with what is kept alone.
    fs::remove_dir_all(sandbox.join("acme-registry")).unwrap();
    stranger
        .warg(&["verify", "acme:app@0.1.0", "--offline"])
        .code(0)
        .stderr_contains("derived from nothing");
}

#[test]
fn what_the_project_prefers_is_held() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["update", "acme:clock", "--precise", "1.0.0"])
        .code(0);
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--with-lock"])
        .code(0);
    let stranger = stranger(&sandbox, &project);
    stranger
        .warg(&["verify", "acme:app@0.1.0"])
        .code(0)
        .stderr_contains("with its closed set of 2 packages, derived with 1 version held");
    stranger
        .warg(&["verify", "acme:app@0.1.0", "-v"])
        .code(0)
        .stderr_contains(
            "Derived the same closed set, with 1 version held: component acme:clock =1.0.0",
        );
    let said = stranger.json(&["verify", "acme:app@0.1.0"]);
    assert_eq!(
        said["closed-set"]["held"],
        serde_json::json!(["component acme:clock =1.0.0"])
    );
    assert_eq!(said["closed-set"]["derived"], true);
    assert!(said["closed-set"]["bundle"].is_null());
    // What is yanked since is said, and denied where that is asked for.
    project
        .warg(&["yank", "acme:clock@1.0.0", "--reason", "leaks"])
        .code(0);
    stranger
        .warg(&["verify", "acme:app@0.1.0"])
        .code(0)
        .stderr_contains("acme:clock@1.0.0 is yanked: leaks");
    stranger
        .warg(&["verify", "acme:app@0.1.0", "--deny", "yanked"])
        .code(10)
        .stderr_contains("acme:clock@1.0.0 is yanked: leaks");
}

#[test]
fn a_yanked_release_that_is_locked_is_published_and_derived() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["yank", "acme:clock@1.1.0", "--reason", "leaks"])
        .code(0);
    // Locked again at a checkpoint that has the yank.
    append_dependency(&project, "logger");
    project.warg(&["lock"]).code(0);
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--with-lock"])
        .code(0);
    let stranger = stranger(&sandbox, &project);
    stranger
        .warg(&["verify", "acme:app@0.1.0"])
        .code(0)
        .stderr_contains("acme:clock@1.1.0 is yanked: leaks")
        .stderr_contains("with 1 version held");
}

fn append_dependency(project: &Project, member: &str) {
    let path = format!("{member}/Cargo.toml");
    let text = project.read(&path);
    project.write(&path, format!("{text}\"acme:logger\" = \"1.0\"\n"));
}

#[test]
fn a_release_without_a_lock_is_said_to_have_none() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["verify", "acme:logger@1.0.0"])
        .code(0)
        .stderr_is(
            "    Verified acme:logger@1.0.0, which carries no lock: nothing says which releases it was made with\n",
        );
    project
        .warg(&["verify", "acme:logger@9.9.9"])
        .code(11)
        .stderr_contains("`acme:logger` has no release 9.9.9")
        .stderr_contains("its newest is 1.0.0");
    project
        .warg(&["verify", "acme:nobody@1.0.0"])
        .stderr_contains("acme:nobody");
}

#[test]
fn what_others_do_not_get_is_not_published() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    let publish = ["publish", "app.wasm", "-p", "app", "--with-lock"];
    let good = project.read("app/Cargo.toml");
    // A stale lock.
    project.write(
        "app/Cargo.toml",
        good.replace("\"acme:clock\" = \"1.0\"", "\"acme:clock\" = \"=1.0.0\""),
    );
    project
        .warg(&publish)
        .code(10)
        .stderr_contains("is not up to date");
    // A requirement that spans tracks is refused by every publication.
    project.write(
        "app/Cargo.toml",
        good.replace("\"acme:clock\" = \"1.0\"", "\"acme:clock\" = \">=1.0\""),
    );
    project.warg(&["lock"]).code(0);
    project
        .warg(&publish)
        .code(101)
        .stderr_contains("allows versions that are not compatible");
    // A path.
    project.write(
        "app/Cargo.toml",
        good.replace(
            "\"acme:logger\" = \"1.0\"",
            "\"acme:logger\" = { path = \"../logger\", version = \"1.0\" }",
        ),
    );
    project.warg(&["lock"]).code(0);
    project
        .warg(&publish)
        .code(10)
        .stderr_contains("component acme:logger@1.0.0 is taken from")
        .stderr_contains("help: publish `acme:logger` first");
    // A requirement that serves nothing.
    project.write("app/Cargo.toml", &good);
    project.warg(&["lock"]).code(0);
    project.write("other.wasm", from_wit("package a:b@1.0.0; world w {}", "w"));
    project
        .warg(&["publish", "other.wasm", "-p", "app", "--with-lock"])
        .code(101)
        .stderr_contains("exports nothing that it imports");
    // No lock at all.
    fs::remove_file(project.path().join("warg.lock")).unwrap();
    project
        .warg(&publish)
        .code(10)
        .stderr_contains("warg.lock is missing");
    // Nobody's member, and a WIT package.
    project
        .warg(&[
            "publish",
            "app.wasm",
            "--as",
            "acme:other@1.0.0",
            "--with-lock",
        ])
        .code(2)
        .stderr_contains("no selected member of the workspace is published as `acme:other`");
    project.write("a.wit", "package acme:words@1.0.0;\ninterface a {}\n");
    project
        .warg(&["publish", "a.wit", "--with-lock"])
        .code(2)
        .stderr_contains("`acme:words` is a WIT package, which carries no lock");
    project
        .warg(&["info", "acme:app"])
        .stderr_contains("acme:app");
}

#[test]
fn a_lock_that_remembers_a_patch_is_not_published_with() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    let manifest = project.read("Cargo.toml");
    sandbox.cargo_project(
        "clock",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[workspace.metadata.warg.patch]\n\"acme:clock\" = {{ path = \"../clock\" }}\n"),
    );
    let path = sandbox.join("clock/Cargo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text: String = text
        .lines()
        .map(|line| {
            if line.starts_with("version") {
                "version = \"1.1.0\"\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    fs::write(path, text).unwrap();
    project.warg(&["lock"]).code(0);
    project.write("Cargo.toml", manifest);
    project
        .warg(&["publish", "app.wasm", "-p", "app"])
        .code(10)
        .stderr_contains(
            "still has `acme:clock` 1.1.0 from a folder, which nothing asks for any more",
        )
        .stderr_contains("help: run `cargo warg lock`, build again, and publish that");
}

#[test]
fn a_bundle_says_what_is_in_it_and_one_byte_tells() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["bundle", "app.wasm", "-p", "app", "-o", "bundle.wasm"])
        .code(0);
    project
        .warg(&["verify", "bundle.wasm"])
        .code(0)
        .stderr_contains(
            "Verified bundle.wasm: `app` with its closed set of 2 packages, composed again",
        );
    let good = fs::read(project.path().join("bundle.wasm")).unwrap();
    let mut codes = [0; 256];
    for at in (8..good.len()).step_by(61) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        project.write("bad.wasm", bad);
        let said = project.warg(&["verify", "bad.wasm"]);
        assert!(
            matches!(said.exit_code(), 13 | 101),
            "byte {at}: {}",
            said.stderr
        );
        codes[usize::try_from(said.exit_code()).unwrap()] += 1;
    }
    assert!(codes[13] > 10, "most are refused, not merely unreadable");
    project
        .warg(&["verify", "app.wasm"])
        .code(13)
        .stderr_contains("the component carries no lock");
    let said = project.json(&["verify", "bundle.wasm"]);
    assert_eq!(said["bundle"], "same");
}

/// A registry that serves something else under a name that the record gives.
#[test]
fn a_lock_that_is_missing_or_another_is_refused() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--with-lock"])
        .code(0);
    let stranger = stranger(&sandbox, &project);
    let said = stranger.json(&["verify", "acme:app@0.1.0"]);
    let digest = said["closed-set"]["lock"].as_str().unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    let path = sandbox.join(format!(
        "acme-registry/content/sha256/{}/{}",
        &hex[..2],
        &hex[2..]
    ));
    let good = fs::read_to_string(&path).unwrap();
    let other = stranger.with_home(sandbox.join("another-home"));
    fs::remove_file(&path).unwrap();
    other
        .warg(&["verify", "acme:app@0.1.0"])
        .code(12)
        .stderr_contains("the record of acme:app@0.1.0 names a lock, which cannot be had");
    fs::write(&path, good.replace("1.1.0", "1.0.0")).unwrap();
    other
        .warg(&["verify", "acme:app@0.1.0"])
        .code(13)
        .stderr_contains("the lock of acme:app@0.1.0 is sha256:");
}

/// A publisher who signs what they like, and a project that takes from them.
pub(crate) fn forger(sandbox: &Sandbox) -> (Registry, Project) {
    let mut registry = Registry::new(sandbox, "acme", 11);
    for version in ["1.0.0", "1.1.0"] {
        registry.component("acme:clock", version, &[], &clock(version));
    }
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg]\npackage = \"acme:app\"\n\
         [package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n",
    );
    app.write("app.wasm", timer());
    app.warg(&["lock"]).code(0);
    (registry, app)
}

/// Imports a clock, and exports nothing.
pub(crate) fn timer() -> Vec<u8> {
    let text = format!(
        "package acme:app@0.1.0;\nworld w {{ import acme:clock/now@1.0.0; }}\npackage acme:clock@1.0.0 {{ {CLOCK} }}"
    );
    from_wit(&text, "w")
}

/// Begins to tell of a release of the app, as its record must be.
pub(crate) fn telling<'r>(registry: &'r mut Registry, version: &str) -> Telling<'r, Folder> {
    let telling = registry.world.release("acme:app", version);
    telling
        .content(timer())
        .requires("acme:clock", "^1.0")
        .imports("acme:clock/now@1.0.0")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_lock_that_a_publisher_made_up_is_refused_for_what_is_wrong_with_it() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = forger(&sandbox);
    let good: Lockfile = app.read("warg.lock").parse().unwrap();
    let clock: Selection = "component acme:clock@1.1.0".parse().unwrap();
    app.warg(&["update", "acme:clock", "--precise", "1.0.0"])
        .code(0);
    let older = app.read("warg.lock");
    let changed = |change: &dyn Fn(&mut Lockfile)| {
        let mut lock = good.clone();
        change(&mut lock);
        lock.to_string()
    };
    let origin = good.packages[&clock]
        .release
        .as_ref()
        .unwrap()
        .origin
        .clone();
    let elsewhere: Origin = "other.example/components".parse().unwrap();
    let cases: [(&str, String, i32, &[&str]); 12] = [
        ("0.1.0", good.to_string(), 0, &["derived from nothing"]),
        (
            "0.1.1",
            "no lock\n".to_owned(),
            13,
            &["it is no lock as cargo warg writes it"],
        ),
        (
            "0.1.2",
            older,
            13,
            &[
                "solving again gives another lock: component acme:clock: the published lock has 1.0.0, and solving again has 1.1.0",
            ],
        ),
        (
            "0.1.3",
            changed(&|lock| lock.solver = 7),
            0,
            &["the closed set was checked, not derived again: solving algorithm 7 is not known"],
        ),
        (
            "0.1.4",
            changed(&|lock| {
                lock.roots
                    .insert("another".to_owned(), lock.roots["app"].clone());
            }),
            13,
            &["it has 2 roots, and a release's lock has one"],
        ),
        (
            "0.1.5",
            changed(&|lock| lock.packages.get_mut(&clock).unwrap().release = None),
            13,
            &["it has component acme:clock@1.1.0 from a folder, which nobody else has"],
        ),
        (
            "0.1.6",
            changed(&|lock| {
                let root = lock.roots.get_mut("app").unwrap();
                root.requires = root
                    .requires
                    .iter()
                    .map(|one| one.to_string().replace("^1.0", "^1.1").parse().unwrap())
                    .collect();
            }),
            13,
            &[
                "it answers other requirements than the record has:",
                "only the lock: component acme:clock ^1.1",
                "only the record: component acme:clock ^1.0",
            ],
        ),
        (
            "0.1.7",
            good.to_string()
                .replace(&format!("\"{origin}\""), &format!("\"{elsewhere}\""))
                .replace(&format!("from {origin}"), &format!("from {elsewhere}"))
                .replace(
                    &good.registries[&origin].digest().to_string(),
                    &Checkpoint {
                        origin: elsewhere.clone(),
                        ..good.registries[&origin].clone()
                    }
                    .digest()
                    .to_string(),
                ),
            13,
            &[
                "the lock takes component acme:clock@1.1.0 from `other.example/components`, but here that name belongs to",
            ],
        ),
        (
            "0.1.8",
            changed(&|lock| {
                lock.registries.get_mut(&origin).unwrap().root = Hash::of_leaf(b"never");
            }),
            13,
            &["the lock does not go with its registry"],
        ),
        (
            "0.1.9",
            good.to_string().replace('\n', "\r\n"),
            13,
            &["its bytes are not those that cargo warg writes"],
        ),
        (
            "0.1.10",
            changed(&|lock| {
                let held = &mut lock.roots.get_mut("app").unwrap().held;
                held.insert("component acme:logger =9.9.9".parse().unwrap());
            }),
            13,
            &["it holds `component acme:logger =9.9.9`, which is no version that it selects"],
        ),
        (
            "0.1.11",
            changed(&|lock| {
                lock.solver = 7; // so that no solve tells
                let root = lock.roots.get_mut("app").unwrap();
                root.requires = root
                    .requires
                    .iter()
                    .map(|one| Requirement {
                        origin: Some(elsewhere.clone()),
                        ..one.clone()
                    })
                    .collect();
            }),
            13,
            &[
                "`component acme:clock ^1.0 from other.example/components` is not of the registry of its namespace",
            ],
        ),
    ];
    for (version, lock, code, says) in cases {
        telling(&mut registry, version)
            .lock(lock.into_bytes())
            .publish();
        let release = format!("acme:app@{version}");
        let mut said = app.warg(&["verify", &release]).code(code);
        for text in says {
            said = said.stderr_contains(text);
        }
        if code == 13 {
            said.stderr_contains(&format!("the lock of {release} does not hold"))
                .stderr_lacks("Verified");
        }
    }
}

/// Whoever depends on such a release is told that its requirement is of another registry than theirs.
#[test]
fn a_record_that_requires_of_another_registry_than_its_lock_is_refused() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = forger(&sandbox);
    let lock = app.read("warg.lock").into_bytes();
    registry
        .world
        .release("acme:app", "0.1.0")
        .content(timer())
        .requires_from("acme:clock", "^1.0", "other.example/components")
        .imports("acme:clock/now@1.0.0")
        .lock(lock)
        .publish();
    app.warg(&["verify", "acme:app@0.1.0"])
        .code(13)
        .stderr_contains("it answers other requirements than the record has:")
        .stderr_contains("only the record: component acme:clock ^1.0 from other.example/components")
        .stderr_lacks("Verified");
}

/// What a solve asks of a registry that nothing was taken from, the lock has no checkpoint of.
#[test]
fn what_other_registries_publish_later_changes_nothing() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 11);
    registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
    let zones = [("test:zones", "^1.0")];
    registry.component("acme:clock", "1.1.0", &zones, &clock("1.1.0"));
    let mut other = Registry::new(&sandbox, "other", 12);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n",
    );
    app.write("trust/other.policy", other.world.policy_text());
    app.append_to_manifest(&format!(
        "other = {{ url = \"{}\", policy = \"trust/other.policy\" }}\n\
         [workspace.metadata.warg.namespaces]\ntest = \"other\"\n",
        other.folder.display()
    ));
    app.warg(&["lock"]).code(0);
    let lock = app.read("warg.lock");
    assert!(lock.contains("component acme:clock@1.0.0"), "{lock}");
    telling(&mut registry, "0.1.0")
        .lock(lock.into_bytes())
        .publish();
    let derived = || {
        app.warg(&["verify", "acme:app@0.1.0"])
            .code(0)
            .stderr_contains("derived from nothing");
    };
    derived();
    let text = "package test:zones@1.0.0;\ninterface z { z: func(); }\nworld w { export z; }";
    other.component("test:zones", "1.0.0", &[], text);
    derived();
}

/// What lies with the project is what its own lock needs, of a certain day.
#[test]
fn a_release_is_verified_against_the_registry_and_not_against_what_is_vendored() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = forger(&sandbox);
    let lock = app.read("warg.lock").into_bytes();
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    app.warg(&["vendor"]).code(0);
    telling(&mut registry, "0.1.0").lock(lock).publish();
    registry.world.yank("acme:clock", "1.1.0", "leaks");
    let app = app.with_home(sandbox.join("another-home"));
    for subject in ["bundle.wasm", "acme:app@0.1.0"] {
        app.warg(&["verify", subject, "--deny", "yanked"])
            .code(10)
            .stderr_contains("acme:clock@1.1.0 is yanked: leaks");
    }
}

/// Nobody signed how a file was wired.
#[test]
fn whoever_verifies_a_bundle_is_told_what_it_redirects() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = forger(&sandbox);
    let fake = format!(
        "package acme:fake@1.0.0;\nworld w {{ export acme:clock/now@1.0.0; }}\npackage acme:clock@1.0.0 {{ {CLOCK} }}"
    );
    registry.component("acme:fake", "1.0.0", &[], &fake);
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "\"acme:clock\" = \"1.0\"\n",
            "\"acme:clock\" = \"1.0\"\n\"acme:fake\" = \"1.0\"\n[package.metadata.warg.wire]\n\
             \"acme:clock/now@1.0.0\" = \"acme:fake\"\n",
        ),
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    app.warg(&["verify", "bundle.wasm"]).code(0).stderr_contains(
        "warning: `acme:clock/now@1.0.0` is redirected to `acme:fake`: whoever made the bundle chose that",
    );
    let said = app.json(&["verify", "bundle.wasm"]);
    assert_eq!(said["wire"][0]["package"], "acme:fake");
}

#[test]
fn a_bundle_that_a_publisher_made_up_is_refused_for_what_is_wrong_with_it() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = forger(&sandbox);
    let lock = app.read("warg.lock").into_bytes();
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    let good = fs::read(app.path().join("bundle.wasm")).unwrap();
    app.write("other.wasm", {
        let text = format!(
            "package acme:app@0.1.0;\nworld w {{ import acme:clock/now@1.0.0; export acme:clock/now@1.0.0; }}\n\
             package acme:clock@1.0.0 {{ {CLOCK} }}"
        );
        from_wit(&text, "w")
    });
    app.warg(&["bundle", "other.wasm", "-o", "other-bundle.wasm"])
        .code(0);
    let other = fs::read(app.path().join("other-bundle.wasm")).unwrap();
    app.warg(&["update", "acme:clock", "--precise", "1.0.0"])
        .code(0);
    app.warg(&["bundle", "app.wasm", "-o", "older.wasm"])
        .code(0);
    let older = fs::read(app.path().join("older.wasm")).unwrap();
    // What holds the components together is changed, and nothing that the section speaks of: an empty section more.
    let mut padded = good.clone();
    padded.splice(8..8, [0, 2, 1, b'x']);
    let cases: [(&str, Vec<u8>, u64, i32, &str); 7] = [
        (
            "0.2.0",
            good.clone(),
            1,
            0,
            ", and its bundle, composed again",
        ),
        (
            "0.2.1",
            good.clone(),
            9,
            0,
            "the bundle was not composed again: format 9 is not known to this cargo warg",
        ),
        ("0.2.2", older, 1, 13, "it says that its lock is sha256:"),
        ("0.2.3", other, 1, 13, "it says that its root is sha256:"),
        ("0.2.4", timer(), 1, 13, "the component carries no lock"),
        ("0.2.5", b"nothing".to_vec(), 1, 13, "not WebAssembly"),
        (
            "0.2.6",
            padded,
            1,
            13,
            "composing again gives other bytes: byte 8 is the first that differs, in what holds its components together",
        ),
    ];
    for (version, bundle, format, code, says) in cases {
        telling(&mut registry, version)
            .lock(lock.clone())
            .bundle(bundle, format)
            .publish();
        let release = format!("acme:app@{version}");
        let said = app
            .warg(&["verify", &release])
            .code(code)
            .stderr_contains(says);
        if code != 0 {
            said.stderr_contains(&format!("the bundle of {release} does not hold"))
                .stderr_lacks("Verified");
        }
    }
    app.warg(&["verify", "acme:app@0.2.1", "--deny", "warnings"])
        .code(10)
        .stderr_contains("acme:app@0.2.1 has warnings, and `--deny warnings` was given")
        .stderr_contains("format 9 is not known to this cargo warg");
    // The operator takes a bundle away.
    telling(&mut registry, "0.3.0")
        .lock(lock)
        .bundle(good.clone(), 1)
        .publish();
    let withdrawn = operator::Action::Withdraw(Digest::of(&good), "not ours".to_owned());
    registry.world.operate(vec![withdrawn]);
    app.warg(&["verify", "acme:app@0.3.0"])
        .code(13)
        .stderr_contains(
            "the bundle of acme:app@0.3.0 was withdrawn by the registry's operator: not ours",
        );
}

/// Another user, in another folder, with another home, umask, language and time zone.
#[cfg(unix)]
fn elsewhere(sandbox: &Sandbox, project: &Project, arguments: &[&str]) -> Output {
    let command = project.command(arguments);
    let mut elsewhere = Command::new("sh");
    elsewhere.args(["-c", "umask 077; exec \"$0\" \"$@\""]);
    elsewhere
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => elsewhere.env(name, value),
            None => elsewhere.env_remove(name),
        };
    }
    elsewhere
        .envs([
            ("TZ", "Pacific/Kiritimati"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("USER", "somebody"),
        ])
        .env("TMPDIR", sandbox.path())
        .current_dir(command.get_current_dir().unwrap());
    let output = elsewhere.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output
}

#[cfg(unix)]
#[test]
fn two_users_in_two_folders_get_the_same_lock_and_bundle_to_the_byte() {
    let sandbox = Sandbox::new();
    let project = published(&sandbox);
    let moved = sandbox.join("some/where else/work");
    copy(project.path(), &moved);
    // The registry is where the manifest says that it is: beside the workspace.
    let registry = sandbox.join("some/where else/acme-registry");
    std::os::unix::fs::symlink(sandbox.join("acme-registry"), registry).unwrap();
    let clone = project
        .in_folder(&moved)
        .with_home(sandbox.join("other-home"));
    copy(&project.home().join("config"), &clone.home().join("config"));
    let keys = fs::metadata(project.home().join("config/keys")).unwrap();
    fs::set_permissions(clone.home().join("config/keys"), keys.permissions()).unwrap();

    let lock = project.read("warg.lock");
    fs::remove_file(moved.join("warg.lock")).unwrap();
    elsewhere(&sandbox, &clone, &["lock"]);
    assert_eq!(clone.read("warg.lock"), lock);

    let bundle = ["bundle", "app.wasm", "-p", "app", "-o", "bundle.wasm"];
    project.warg(&bundle).code(0);
    elsewhere(&sandbox, &clone, &bundle);
    let read = |folder: &Path| fs::read(folder.join("bundle.wasm")).unwrap();
    assert_eq!(read(project.path()), read(&moved));

    // What the second one publishes is what the first one published: no content is new.
    let contents = || files(&sandbox.join("acme-registry/content"));
    project
        .warg(&["publish", "app.wasm", "-p", "app", "--bundle"])
        .code(0);
    let before = contents();
    set_version(&clone, "app", "0.1.1");
    elsewhere(
        &sandbox,
        &clone,
        &["publish", "app.wasm", "-p", "app", "--bundle"],
    );
    assert_eq!(contents(), before);
    for version in ["0.1.0", "0.1.1"] {
        project
            .warg(&["verify", &format!("acme:app@{version}")])
            .code(0)
            .stderr_contains("derived from nothing")
            .stderr_contains(", and its bundle, composed again");
    }
}

/// What is required and locked comes from what this machine keeps; the folder that is written to is at hand.
#[test]
fn a_release_with_its_lock_is_published_offline_where_another_registry_is_out_of_reach() {
    let sandbox = Sandbox::new();
    let project = sandbox.cargo_project("project", "");
    project.registry("acme", &["acme"]);
    project.registry("mine", &["mine"]);
    project
        .publish_component("acme:clock", "1.0.0", &clock("1.0.0"))
        .code(0);
    project.append_to_manifest(
        "\n[package.metadata.warg]\npackage = \"mine:app\"\n[package.metadata.warg.dependencies]\n\
         \"acme:clock\" = \"1.0\"\n",
    );
    let text = format!(
        "package mine:app@0.1.0;\nworld w {{ import acme:clock/now@1.0.0; }}\n\
         package acme:clock@1.0.0 {{ {CLOCK} }}"
    );
    project.write("app.wasm", from_wit(&text, "w"));
    project.warg(&["fetch"]).code(0);
    let publish = ["publish", "app.wasm", "--bundle"];
    fs::rename(
        sandbox.join("acme-registry"),
        sandbox.join("elsewhere-registry"),
    )
    .unwrap();
    project.warg(&publish).code(12);
    project
        .warg(&[&publish[..], &["--offline"]].concat())
        .code(0)
        .stderr_contains("with its lock and bundle");
}

/// What a package exports beside what is its own, a component that requires it may want of the host. What is signed says so.
#[test]
fn a_release_is_wired_as_a_dependency_as_it_was_at_its_publisher() {
    const I: &str = "interface i { h: func() -> u32; }";
    const API: &str = "interface api { get: func(); }";
    let sandbox = Sandbox::new();
    let project = sandbox.virtual_workspace("work", &["app"]);
    project.registry("acme", &["acme"]);
    let more = &format!(
        "package acme:c1w@1.1.0;\nworld w {{ export acme:c1/api@1.0.0; export acme:t1/i@1.0.0; }}\n\
         package acme:c1@1.0.0 {{ {API} }}\npackage acme:t1@1.0.0 {{ {I} }}"
    );
    let less = format!("package acme:c1@1.0.0;\n{API}\nworld w {{ export api; }}");
    project.publish_component("acme:c1", "1.0.0", &less).code(0);
    append(
        &project,
        "app",
        "package = \"acme:app\"\n[package.metadata.warg.dependencies]\n\"acme:c1\" = \"1\"\n",
    );
    let app = format!(
        "package acme:app@0.1.0;\n{API}\nworld w {{ import acme:c1/api@1.0.0; import acme:t1/i@1.0.0; export api; }}\n\
         package acme:c1@1.0.0 {{ {API} }}\npackage acme:t1@1.0.0 {{ {I} }}"
    );
    project.write("app.wasm", from_wit(&app, "w"));
    project.warg(&["lock"]).code(0);
    project.warg(&["publish", "app.wasm", "--bundle"]).code(0);
    project.warg(&["verify", "acme:app@0.1.0"]).code(0);
    let info = project.warg(&["info", "acme:app@0.1.0"]);
    let signed = "component acme:c1 ^1 for acme:c1/api@1.0.0\n";
    assert!(info.stdout.contains(signed), "{info}");
    // A later release exports what is the host's, and takes nothing from it.
    project.publish_component("acme:c1", "1.1.0", more).code(0);
    let last = format!(
        "package acme:last@0.1.0;\nworld w {{ import acme:app/api@0.1.0; }}\npackage acme:app@0.1.0 {{ {API} }}"
    );
    project.write("last.wasm", from_wit(&last, "w"));
    project
        .warg(&[
            "bundle",
            "last.wasm",
            "--require",
            "acme:app@0.1",
            "-o",
            "b.wasm",
        ])
        .code(0);
    let said = project.warg(&["inspect", "b.wasm"]);
    assert!(said.stdout.contains("acme:c1@1.1.0"), "{said}");
    let host = "imports:    acme:t1/i@1.0.0\n";
    assert!(said.stdout.contains(host), "{said}");
    // What no release that is allowed can serve is not signed.
    let needy = "package acme:needy@0.1.0;\nworld w { import acme:c1/other@1.0.0; }\n\
                 package acme:c1@1.0.0 { interface other { get: func(); } }";
    project.write("needy.wasm", from_wit(needy, "w"));
    let manifest = project.read("app/Cargo.toml");
    project.write("app/Cargo.toml", manifest.replace("acme:app", "acme:needy"));
    project
        .warg(&["publish", "needy.wasm"])
        .code(11)
        .stderr_contains("acme:needy@0.1.0 could not be used by anyone")
        .stderr_contains("acme:c1 ^1 for acme:c1/other@1.0.0, which no such release exports");
}
