//! Input that is wrong: what is said of it, and that nothing is lost.

use std::fs;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// A project without dependencies, on a stocked registry.
fn empty_app(sandbox: &Sandbox) -> (Registry, Project) {
    let registry = story::stocked(sandbox);
    let app = registry.app(sandbox, "app", "");
    (registry, app)
}

fn on(dependency: &str) -> String {
    format!("[package.metadata.warg.dependencies]\n{dependency}\n")
}

fn on_wit(dependency: &str) -> String {
    format!("[package.metadata.warg.wit-dependencies]\n{dependency}\n")
}

/// The line and column where a text begins in a file of a project, as messages write them.
fn location(project: &Project, file: &str, text: &str) -> String {
    let contents = project.read(file);
    let at = contents
        .find(text)
        .unwrap_or_else(|| panic!("no {text:?} in {contents}"));
    let before = &contents[..at];
    let line = before.matches('\n').count() + 1;
    let column = at - before.rfind('\n').map_or(0, |end| end + 1) + 1;
    format!("{file}:{line}:{column}")
}

#[test]
fn a_package_that_is_proved_absent_is_said_to_be_with_the_checkpoint() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    let size = registry.world.size();
    let before = registry.snapshot(&app);
    app.warg(&["add", "acme:loger"])
        .code(11)
        .stderr_contains("`acme:loger` is not in the registry `registry.example/world-1`")
        .stderr_contains(&format!("proved absent at its checkpoint of size {size}"))
        .stderr_contains("help: did you mean `acme:logger`?");
    assert_eq!(registry.snapshot(&app), before);

    app.append_to_manifest(&on("\"acme:loger\" = \"1.0\""));
    let at = location(&app, "Cargo.toml", "\"acme:loger\"");
    let before = registry.snapshot(&app);
    for command in ["lock", "fetch"] {
        app.warg(&[command])
            .code(11)
            .stderr_contains(&format!(
                "acme:loger does not exist (proved at the checkpoint of size {size})"
            ))
            .stderr_contains(&format!("you require acme:loger \"1.0\" ({at})"));
    }
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn a_namespace_has_exactly_one_registry() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    let other = Registry::new(&sandbox, "other", 2);
    app.write("trust/other.policy", other.world.policy_text());
    let manifest = app.read("Cargo.toml");

    // None: neither a default nor a line for the namespace.
    app.write(
        "Cargo.toml",
        manifest.replace("default-registry = \"acme\"\n", "") + &on("\"acme:clock\" = \"1\""),
    );
    let before = registry.snapshot(&app);
    for command in [&["lock"][..], &["add", "acme:logger"]] {
        app.warg(command)
            .code(101)
            .stderr_contains("no registry is configured for")
            .stderr_contains("acme")
            .stderr_contains("help: ")
            .stderr_contains("[workspace.metadata.warg.namespaces]");
    }
    assert_eq!(registry.snapshot(&app), before);

    // Two: the namespace's line says one, the dependency another.
    let two = format!(
        "other = {{ url = \"{}\", policy = \"trust/other.policy\" }}\n[workspace.metadata.warg.namespaces]\nacme = \"acme\"\n{}",
        other.folder.display(),
        on("\"acme:clock\" = { version = \"1\", registry = \"other\" }"),
    );
    app.write("Cargo.toml", manifest.clone() + &two);
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("the namespace `acme` belongs to two registries, `acme` and `other`")
        .stderr_contains("------ `acme`")
        .stderr_contains("^^^^^^^^^^^^ `other`");
    // A registry that nobody configured.
    app.write(
        "Cargo.toml",
        manifest.clone() + &on("\"acme:clock\" = { version = \"1\", registry = \"nowhere\" }"),
    );
    let at = location(&app, "Cargo.toml", "\"acme:clock\"");
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("there is no registry `nowhere`")
        .stderr_contains(&format!(" --> {at}\n"))
        .stderr_contains("help: ");
    // One registry under two names.
    let twice = format!(
        "again = {{ url = \"{}\", policy = \"trust/acme.policy\" }}\n",
        registry.folder.display()
    );
    app.write("Cargo.toml", manifest + &twice);
    app.warg(&["lock"]).code(101).stderr_contains(
        "registries `acme` and `again` have one origin, `registry.example/world-1`",
    );
    assert_eq!(registry.snapshot(&app)[1], before[1]);
    assert!(!app.has("warg.lock"));
}

#[test]
fn nothing_is_trusted_without_a_policy_or_under_another_ones_key() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    app.append_to_manifest(&on("\"acme:clock\" = \"1\""));
    let policy = registry.world.policy_text();

    fs::remove_file(app.path().join("trust/acme.policy")).unwrap();
    let before = registry.snapshot(&app);
    for command in [
        &["lock"][..],
        &["fetch"],
        &["verify"],
        &["add", "acme:logger"],
    ] {
        app.warg(command)
            .code(13)
            .stderr_contains("the policy of registry `acme`")
            .stderr_contains("trust/acme.policy")
            .stderr_contains("is missing")
            .stderr_contains("help: nothing is trusted without a policy");
    }
    assert_eq!(registry.snapshot(&app), before);
    assert!(!app.home().join("cache").exists() && !app.home().join("state").exists());

    for (text, why) in [
        ("log nonsense\nquorum none\n", " --> trust/acme.policy:1:1"),
        ("quorum none\n", "log"),
        (&policy.replace("quorum none\n", ""), "quorum"),
        (
            &policy.replace("quorum none", "quorum 3"),
            " --> trust/acme.policy:2:1",
        ),
        (
            &format!("{policy}{}", policy.lines().next().unwrap()),
            " --> trust/acme.policy:3:1",
        ),
    ] {
        app.write("trust/acme.policy", text);
        app.warg(&["lock"])
            .code(13)
            .stderr_contains("trust/acme.policy is not a policy")
            .stderr_contains(why)
            .stderr_contains("help: a policy has a line `log VKEY`");
    }

    // Another operator under the same name: his key did not sign this registry.
    let key = fixtures::world::key(
        99,
        registry.world.origin().as_str(),
        transparency::key::Algorithm::Ed25519,
    );
    app.write(
        "trust/acme.policy",
        format!("log {}\nquorum none\n", key.verifying_key()),
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(13)
        .stderr_contains("the checkpoint of the registry `registry.example/world-1` is refused")
        .stderr_contains("help: ");
    assert_eq!(registry.snapshot(&app), before);
    assert!(
        !app.home().join("cache").exists(),
        "nothing is kept that was not proved"
    );
    app.write("trust/acme.policy", policy);
    app.warg(&["lock"]).code(0);
}

#[test]
fn what_does_not_parse_in_a_manifest_is_named_with_line_and_column() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    let manifest = app.read("Cargo.toml");
    for (lines, at, says) in [
        (
            on("\"acme/clock\" = \"1\""),
            "\"acme/clock\"",
            "is not a package name",
        ),
        (
            on("\"Acme:clock\" = \"1\""),
            "\"Acme:clock\"",
            "is not a package name",
        ),
        (
            on("\"acme:clock\" = \"one\""),
            "\"one\"",
            "is not a version requirement",
        ),
        (
            on("\"acme:clock\" = 1"),
            "1\n",
            "must be a version or a table",
        ),
        (
            on("\"acme:clock\" = {}"),
            "\"acme:clock\"",
            "has neither a version nor a path",
        ),
        (
            on("\"acme:clock\" = { version = \"1\", git = \"x\" }"),
            "git",
            "unknown key `git`",
        ),
        (
            on("\"acme:clock\" = { version = \"1\", for = [\"now\", \"a b\"] }"),
            "\"a b\"",
            "is not the name of an import",
        ),
        (
            on_wit("\"acme:io\" = { version = \"1\", for = [] }"),
            "for",
            "unknown key `for`",
        ),
        (
            "[package.metadata.warg.dependency]\n".into(),
            "dependency",
            "unknown key `dependency`",
        ),
        (
            "[package.metadata.warg]\npackage = \"app\"\n".into(),
            "\"app\"\n",
            "is not a package name",
        ),
    ] {
        app.write("Cargo.toml", format!("{manifest}\n{lines}"));
        let at = {
            let written = app.read("Cargo.toml");
            let from = manifest.len();
            let offset = from + written[from..].find(at).unwrap();
            let line = written[..offset].matches('\n').count() + 1;
            let column = offset - written[..offset].rfind('\n').unwrap();
            format!(" --> Cargo.toml:{line}:{column}\n")
        };
        let before = registry.snapshot(&app);
        for command in ["lock", "verify"] {
            app.warg(&[command])
                .code(101)
                .stderr_contains(&at)
                .stderr_contains(says);
        }
        assert_eq!(registry.snapshot(&app), before);
    }
    app.write("Cargo.toml", manifest + "[package.metadata.warg\n");
    app.warg(&["lock"]).code(101).stderr_contains("Cargo.toml:");
}

#[test]
fn what_does_not_parse_in_wit_is_named_with_line_and_column() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@1.0;\n}\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("wit/world.wit:4:");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams;\n}\n",
    );
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("wit/world.wit:4:")
        .stderr_contains("acme:io");
    app.write("wit/world.wit", [0xff, 0xfe]);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("wit/world.wit");
    assert_eq!(registry.snapshot(&app)[1], before[1]);
    assert!(!app.has("warg.lock"));
}

#[test]
fn a_pin_that_no_release_matches_names_the_line_and_the_pin_that_would_work() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@1.0.7;\n}\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("the requirements of `app` cannot all be met")
        .stderr_contains("you require acme:io@1.0.7 (wit/world.wit:4:")
        .stderr_contains("of which only 1.0.0, 1.0.1, 1.1.0 and 2.0.0 exist")
        .stderr_contains("help: change acme:io@1.0.7 to acme:io@1.1.0 (wit/world.wit:4:");
    assert_eq!(registry.snapshot(&app), before);
    // And it does.
    app.write(
        "wit/world.wit",
        app.read("wit/world.wit").replace("1.0.7", "1.1.0"),
    );
    app.warg(&["lock"]).code(0);
}

#[test]
fn pins_that_conflict_name_their_lines_and_the_pin_that_would_work() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    // acme:http@1.0.0 requires acme:io ^1.0.1.
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@1.0.0;\n  import acme:http/types@1.0.0;\n}\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("wit/world.wit:4:")
        .stderr_contains("wit/world.wit:5:")
        .stderr_contains("acme:http 1.0.0 requires acme:io ^1.0.1")
        .stderr_contains("help: change acme:io@1.0.0 to acme:io@1.0.1 (wit/world.wit:4:");
    assert_eq!(registry.snapshot(&app), before);
    app.write(
        "wit/world.wit",
        app.read("wit/world.wit")
            .replace("acme:io/streams@1.0.0", "acme:io/streams@1.0.1"),
    );
    app.warg(&["lock"]).code(0);
}

#[test]
fn a_type_that_a_dependency_uses_and_the_selected_version_lacks_is_named() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = empty_app(&sandbox);
    registry.wit(
        "test:base",
        "1.0.0",
        &[],
        "interface types { type old = u32; }\n",
    );
    registry.wit(
        "test:base",
        "1.1.0",
        &[],
        "interface types { type new = u32; }\n",
    );
    registry.wit_text(
        "test:user",
        "1.0.0",
        &[("test:base", "^1.0.0")],
        "package test:user@1.0.0;\ninterface api { use test:base/types@1.0.0.{old}; get: func() -> old; }\n\
         package test:base@1.0.0 { interface types { type old = u32; } }\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import test:base/types@1.1.0;\n  import test:user/api@1.0.0;\n}\n",
    );
    app.warg(&["lock"]).code(0);
    let before = registry.snapshot(&app);
    app.warg(&["fetch"])
        .code(11)
        .stderr_contains("wit/deps of `app` cannot be made")
        .stderr_contains("`test:user@1.0.0` uses the type")
        .stderr_contains("old")
        .stderr_contains("of `test:base@1.1.0`");
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn two_folders_of_wit_deps_for_one_version_are_an_error_and_one_is_taken_as_it_is() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n}\n",
    );
    let io = format!("package acme:io@1.0.1;\n{}", story::IO);
    app.write("wit/deps/one/io.wit", &io);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("note: acme:io@1.0.1 is taken from wit/deps/one");
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    assert_eq!(app.read("wit/deps/one/io.wit"), io, "it is not ours");
    assert!(
        !app.has("wit/deps/acme-io-1.0.1"),
        "nothing is written for it"
    );
    app.write("wit/deps/two/io.wit", &io);
    let before = registry.snapshot(&app);
    for command in ["lock", "fetch", "verify"] {
        app.warg(&[command])
            .code(101)
            .stderr_contains("acme:io@1.0.1")
            .stderr_contains("wit/deps/one")
            .stderr_contains("wit/deps/two");
    }
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn a_conflict_shows_the_lines_that_it_is_between() {
    let sandbox = Sandbox::new();
    let (_registry, app) = empty_app(&sandbox);
    app.append_to_manifest(&on("\"acme:clock\" = \"1\""));
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:clock/now@1.0.7;\n}\n",
    );
    let manifest = location(&app, "Cargo.toml", "\"acme:clock\" = \"1\"");
    let text = location(&app, "wit/world.wit", "now@1.0.7");
    app.warg(&["lock"])
        .code(11)
        .stderr_contains(&format!("--> {manifest}\n"))
        .stderr_contains(" | \"acme:clock\" = \"1\"\n")
        .stderr_contains(&format!("::: {text}\n"))
        .stderr_contains(" |   import acme:clock/now@1.0.7;\n");
    let failed = app.warg(&["lock", "--message-format", "json"]).code(11);
    let locations = failed.document()["locations"].clone();
    let locations = locations.as_array().unwrap().iter();
    let locations: Vec<String> = locations
        .map(|one| {
            let file = one["file"].as_str().unwrap();
            format!("{file}:{}:{}", one["line"], one["column"])
        })
        .collect();
    assert_eq!(locations, [manifest, text]);
}

#[test]
fn an_interface_that_a_component_is_to_serve_is_asked_for_letter_by_letter() {
    let sandbox = Sandbox::new();
    let (registry, app) = empty_app(&sandbox);
    app.append_to_manifest(&on("\"acme:clock\" = \"1\""));
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:clock/now@1.0.7;\n}\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("you require acme:clock \"1\" (Cargo.toml:")
        .stderr_contains("for acme:clock/now@1.0.7 (wit/world.wit:4:")
        .stderr_contains(
            "help: change acme:clock/now@1.0.7 to acme:clock/now@1.1.0 (wit/world.wit:4:",
        );
    assert_eq!(registry.snapshot(&app), before);
    let text = app.read("wit/world.wit").replace("1.0.7", "1.0.0");
    app.write("wit/world.wit", text);
    // Only the release that exports just that will do, though a higher one is there.
    app.warg(&["fetch"])
        .code(0)
        .stderr_contains("Adding acme:clock v1.0.0");
    app.warg(&["verify"]).code(0);
}
