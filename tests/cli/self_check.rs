//! `cargo warg self-check`: what is configured, trusted and reachable, and an exit code that says how it stands.

use std::fs;

use crate::story;
use crate::support::{Project, Sandbox, files};

fn problems(app: &Project, flags: &[&str], code: i32) -> Vec<String> {
    let line = [&["self-check", "--message-format", "json"], flags].concat();
    let said = app.warg(&line).code(code);
    let documents = said.documents();
    assert_eq!(documents[0]["reason"], "self-check");
    if code == 0 {
        assert_eq!(documents.len(), 1);
    } else {
        assert_eq!(documents[1]["reason"], "error");
    }
    let problems = documents[0]["problems"].as_array().unwrap();
    let text = |one: &serde_json::Value| one["message"].as_str().unwrap().to_owned();
    problems.iter().map(text).collect()
}

#[test]
fn all_is_well_and_no_secret_is_shown() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.publish_wit("package acme:io@1.0.0;\ninterface i {}\n")
        .code(0);
    app.warg(&["add", "acme:io"]).code(0);
    app.warg(&["self-check"])
        .code(0)
        .stderr_contains("     Version cargo-warg ")
        .stderr_contains("cargo 1.")
        .stderr_contains("         Key acme/ci (")
        .stderr_contains("    Registry `acme` at ")
        .stderr_contains("no witness has to sign")
        .stderr_contains("        Seen at size 4 (")
        .stderr_contains("     Reached size 4, proved, and it continues what was seen")
        .stderr_contains("  Up to date warg.lock, 1 package")
        .stderr_contains("        Good all of it");
    let said = app.json(&["self-check"]);
    assert_eq!(said["registries"][0]["name"], "acme");
    assert_eq!(said["registries"][0]["size"], 4);
    assert_eq!(said["registries"][0]["seen-size"], 4);
    assert_eq!(said["lock"], "up-to-date");
    assert_eq!(said["keys"].as_array().unwrap().len(), 3);
    let said = app.json(&["self-check", "--offline"]);
    assert!(said["registries"][0]["size"].is_null());
}

#[test]
fn it_changes_nothing_where_nothing_was_seen_and_needs_no_workspace() {
    let sandbox = Sandbox::new();
    let nowhere = sandbox.folder_project("nowhere");
    nowhere
        .warg(&["self-check"])
        .code(0)
        .stderr_contains("        Keys none: `cargo warg key new` makes one")
        .stderr_contains("   Workspace none here");
    assert!(!nowhere.home().exists());
    let empty = sandbox.cargo_project("empty", "");
    empty
        .warg(&["self-check", "--offline"])
        .code(0)
        .stderr_contains("        Lock none, and nothing asks for one");
    assert!(
        files(&sandbox.path())
            .keys()
            .all(|path| path.starts_with("empty"))
    );
}

#[test]
fn each_problem_is_named_and_the_gravest_is_the_exit_code() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let dependencies = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
    let app = registry.app(&sandbox, "app", dependencies);
    let found = problems(&app, &[], 10);
    assert!(found[0].ends_with("warg.lock is missing"), "{found:?}");
    app.warg(&["lock"]).code(0);
    assert!(problems(&app, &[], 0).is_empty());
    // Out of reach.
    let aside = sandbox.join("aside");
    fs::rename(&registry.folder, &aside).unwrap();
    assert_eq!(problems(&app, &[], 12).len(), 1);
    assert!(problems(&app, &["--offline"], 0).is_empty());
    // Back to an earlier state: smaller than what was seen.
    let other = story::Registry::new(&sandbox, "small", 1);
    fs::rename(&other.folder, &registry.folder).unwrap();
    let found = problems(&app, &[], 12);
    assert!(
        found[0].contains("a lagging copy, or was set back"),
        "{found:?}"
    );
    // A checkpoint that nobody signed.
    fs::remove_dir_all(&registry.folder).unwrap();
    fs::rename(&aside, &registry.folder).unwrap();
    let checkpoint = registry.folder.join("checkpoint");
    let good = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, good.replace("\n\u{2014} ", "\n\u{2014} x")).unwrap();
    assert_eq!(problems(&app, &[], 13).len(), 1);
    fs::write(&checkpoint, good).unwrap();
    // No policy, and keys that others can read.
    let policy = app.read("trust/acme.policy");
    fs::remove_file(app.path().join("trust/acme.policy")).unwrap();
    app.warg(&["key", "new", "a"]).code(0);
    let keys = app.home().join("config/keys");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&keys, open).unwrap();
    let found = problems(&app, &[], 13);
    assert!(
        found[0].contains("open to others: its mode is 644"),
        "{found:?}"
    );
    assert!(
        found[1].contains("the policy of registry `acme` is missing"),
        "{found:?}"
    );
    app.warg(&["self-check"])
        .code(13)
        .stderr_contains("     Problem keys: the key file ")
        .stderr_contains("\n  help: ")
        .stderr_contains("error: 2 problems found");
    app.write("trust/acme.policy", policy);
    // A file where the cache should be.
    fs::remove_dir_all(app.home().join("cache")).unwrap();
    fs::write(app.home().join("cache"), "").unwrap();
    let found = problems(&app, &["--offline"], 101);
    assert!(found[0].starts_with("cannot write into "), "{found:?}");
}
