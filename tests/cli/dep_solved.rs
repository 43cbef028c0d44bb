//! Releases that carry their closed set: `publish --with-lock` and `--bundle`, and `verify` of a release or a bundle.

use std::fs;

use fixtures::component::from_wit;

use crate::support::{Project, Sandbox};

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
fn published(sandbox: &Sandbox) -> Project {
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
        .stderr_contains("Checked its closed set: 2 packages, 2 contents")
        .stderr_contains("Derived the same closed set, from nothing")
        .stderr_contains("Composed the same bundle")
        .stderr_contains("Verified acme:app@0.1.0 (sha256:");
    // Whatever comes later.
    for version in ["1.2.0", "1.3.0"] {
        project
            .publish_component("acme:clock", version, &clock(version))
            .code(0);
    }
    stranger
        .warg(&verify)
        .code(0)
        .stderr_contains("Derived the same closed set, from nothing");
    // And with what is kept alone.
    fs::remove_dir_all(sandbox.join("acme-registry")).unwrap();
    stranger
        .warg(&["verify", "acme:app@0.1.0", "--offline"])
        .code(0)
        .stderr_contains("Derived the same closed set, from nothing");
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
        .stderr_contains("Derived the same closed set, with 1 version held");
    let said = stranger.json(&["verify", "acme:app@0.1.0"]);
    assert_eq!(said["closed-set"]["held"], 1);
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
        .stderr_contains("warning: acme:logger@1.0.0 carries no lock")
        .stderr_contains("Verified acme:logger@1.0.0");
    project
        .warg(&["verify", "acme:logger@9.9.9"])
        .code(101)
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
        .stderr_contains("Composed the same bundle")
        .stderr_contains("Verified bundle.wasm: `app`");
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
