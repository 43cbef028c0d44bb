//! One release that cannot be used never ends a search: it is left out, and told.

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

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
    let obstacle = json["packages"][0]["holds"][0]["obstacle"].as_str();
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
