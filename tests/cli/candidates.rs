//! One release that cannot be used never ends a search: it is left out, and told.

use transparency::package::{Action, Scope};

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox, files};

/// A project that requires `acme:a`, where the namespaces `acme` and `test` have a registry, and no other has.
fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:a\" = \"0.9\"\n",
    );
    let manifest = app.read("Cargo.toml");
    let manifest = manifest.replace("default-registry = \"acme\"\n", "")
        + "[workspace.metadata.warg.namespaces]\nacme = \"acme\"\ntest = \"acme\"\n";
    app.write("Cargo.toml", manifest);
    app
}

const EMPTY: &str = "package acme:a@1.0.0;\nworld w {}\n";

#[test]
fn a_release_that_needs_a_namespace_without_registry_stops_nobody() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component("acme:a", "0.9.0", &[], EMPTY);
    registry.component("acme:a", "0.9.1", &[("ghost:b", "^1")], EMPTY);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding acme:a v0.9.0")
        .stderr_contains(
            "acme:a 0.9.1 is no choice: it requires ghost:b ^1, which is of a namespace that no registry is configured for",
        );
    app.warg(&["update"]).code(0).stderr_lacks("0.9.1 ->");
    let said = app.warg(&["outdated"]).code(0);
    assert!(
        said.stdout
            .contains("it requires ghost:b ^1, which is of a namespace"),
        "{said}"
    );
    let json = app.json(&["outdated"]);
    let obstacle = json["packages"][0]["held-by"][0]["obstacle"].as_str();
    assert!(
        obstacle.is_some_and(|text| text.contains("ghost:b ^1")),
        "{json}"
    );
    app.warg(&["verify"]).code(0);
    app.warg(&["fetch"]).code(0);
}

#[test]
fn where_nothing_else_is_left_the_conflict_names_the_namespaces_and_what_to_add() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component("acme:a", "0.9.0", &[("spook:c", "^1")], EMPTY);
    registry.component("acme:a", "0.9.1", &[("ghost:b", "^1")], EMPTY);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("acme:a 0.9.1 requires ghost:b ^1")
        .stderr_contains("no registry is configured for the namespace `ghost`")
        .stderr_contains("you require acme:a \"0.9\" (Cargo.toml:")
        .stderr_contains("`ghost = \"REGISTRY\"` and `spook = \"REGISTRY\"` in [workspace.metadata.warg.namespaces]");
}

#[test]
fn every_namespace_of_ones_own_that_has_no_registry_is_named_at_once() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let manifest = app.read("Cargo.toml");
    let more = "\"acme:a\" = \"0.9\"\n\"ghost:b\" = \"1\"\n\"spook:c\" = \"2\"\n";
    app.write(
        "Cargo.toml",
        manifest.replace("\"acme:a\" = \"0.9\"\n", more),
    );
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("no registry is configured for the namespaces `ghost` and `spook`")
        .stderr_contains("`app` requires ghost:b ^1 (Cargo.toml:")
        .stderr_contains("`app` requires spook:c ^2 (Cargo.toml:")
        .stderr_contains("`ghost = \"REGISTRY\"` and `spook = \"REGISTRY\"`");
}

#[test]
fn of_many_releases_that_are_no_choice_the_newest_is_named_and_the_others_are_counted() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component("acme:a", "0.9.0", &[], EMPTY);
    for patch in 1..=9 {
        let version = format!("0.9.{patch}");
        registry.component("acme:a", &version, &[("ghost:b", "^1")], EMPTY);
    }
    let app = app(&sandbox, &registry);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("acme:a 0.9.9 is no choice: it requires ghost:b ^1")
        .stderr_contains("; nor are 8 other releases above 0.9.0")
        .stderr_lacks("acme:a 0.9.8");
}

/// A component whose newest release needs a package that every other release does without, and that package.
pub(crate) fn with_needed(registry: &mut Registry) {
    registry.component("acme:a", "0.9.0", &[], EMPTY);
    registry.component(
        "acme:bad",
        "1.0.0",
        &[],
        "package acme:bad@1.0.0;\nworld w {}\n",
    );
    registry.component("acme:a", "0.9.1", &[("acme:bad", "^1")], EMPTY);
}

/// The registry takes a record that this version knows nothing of.
pub(crate) fn spoil(registry: &mut Registry) {
    let action = Action::Annotate {
        scope: Scope::Package,
        key: "license".into(),
        value: "MIT".into(),
    };
    let record = registry.world.record("acme:bad", vec![action]);
    let text = String::from_utf8(record).unwrap();
    let record = text.replacen("annotate", "frobnicate", 1);
    registry.lie(|forge| _ = forge.extend("acme:bad", record));
}

const SPOILT: &str = "record 1 of `acme:bad` is refused";
const NEWER: &str = "unknown action `frobnicate`: it was written by a newer cargo warg";

#[test]
fn a_log_that_breaks_the_rules_stops_nobody_who_can_do_without() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    with_needed(&mut registry);
    spoil(&mut registry);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding acme:a v0.9.0")
        .stderr_contains("acme:a 0.9.1 is no choice: it requires acme:bad ^1, which cannot be used")
        .stderr_contains("nothing of acme:bad can be chosen")
        .stderr_contains(SPOILT)
        .stderr_contains(NEWER);
    app.warg(&["update"]).code(0).stderr_contains(NEWER);
    let said = app.warg(&["outdated"]).code(0);
    assert!(said.stdout.contains("it requires acme:bad ^1"), "{said}");
    app.warg(&["verify"]).code(0);
    app.warg(&["fetch"]).code(0);
    app.warg(&["tree"]).code(0);
    app.warg(&["add", "acme:clock"]).code(0);
    app.warg(&["--offline", "update"]).code(0);
    app.warg(&["info", "acme:a"]).code(0);
    app.warg(&["verify", "acme:a@0.9.0"]).code(0);
}

#[test]
fn whoever_needs_a_log_that_breaks_the_rules_is_told_how() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    with_needed(&mut registry);
    let app = app(&sandbox, &registry);
    app.warg(&["fetch"])
        .code(0)
        .stderr_contains("Adding acme:bad v1.0.0");
    spoil(&mut registry);
    // It is locked: what is proved of it now is that it cannot be.
    for line in [
        ["verify", "-q"].as_slice(),
        &["fetch"],
        &["info", "acme:bad"],
        &["verify", "acme:bad@1.0.0"],
        &["yank", "acme:bad@1.0.0", "--reason", "none"],
        &["add", "acme:bad"],
    ] {
        let before = app.read("Cargo.toml");
        let said = app.warg(line).code(13);
        said.stderr_contains(SPOILT).stderr_contains(NEWER);
        assert_eq!(app.read("Cargo.toml"), before);
    }
    app.warg(&["outdated"]).code(0).stderr_contains(NEWER);
    // Whoever can do without it does, and is told why.
    app.warg(&["update"])
        .code(0)
        .stderr_contains("acme:a v0.9.1 -> v0.9.0")
        .stderr_contains(NEWER);
    app.warg(&["verify"]).code(0);
    // Whoever cannot is left with the log's own error.
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace("\"acme:a\" = \"0.9\"", "\"acme:a\" = \"=0.9.1\""),
    );
    app.warg(&["lock"])
        .code(13)
        .stderr_contains("acme:a 0.9.1 requires acme:bad ^1")
        .stderr_contains("acme:bad cannot be used: record 1")
        .stderr_contains(NEWER);
}

#[test]
fn a_log_that_somebody_changed_on_the_way_stops_everybody() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    with_needed(&mut registry);
    let app = app(&sandbox, &registry);
    let file = files(&registry.folder)
        .into_keys()
        .find(|path| path.to_string_lossy().contains("acme/bad"))
        .unwrap();
    let file = registry.folder.join(file);
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    for line in [["lock"].as_slice(), &["update"], &["add", "acme:a"]] {
        app.warg(line)
            .code(13)
            .stderr_lacks("no choice")
            .stderr_lacks("can be chosen");
    }
    assert!(!app.path().join("warg.lock").exists());
}
