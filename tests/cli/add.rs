//! `cargo warg add`: the right table, nothing else touched, and everything as it was where it fails.

use crate::story;
use crate::support::Sandbox;

#[test]
fn the_kind_is_found_out_and_comments_stay() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "\n# what we build upon\n[package.metadata.warg.dependencies] # components\n\"acme:clock\" = \"1.0\" # ticks\n",
    );
    let before = app.read("Cargo.toml");
    app.warg(&["add", "acme:http", "acme:logger"])
        .code(0)
        .stderr_contains("Adding WIT package acme:http 1.0.0 to Cargo.toml")
        .stderr_contains("Adding component acme:logger 1.0.0 to Cargo.toml")
        .stderr_contains("Locked 4 packages");
    let after = app.read("Cargo.toml");
    for line in before.lines() {
        assert!(after.contains(line), "`{line}` is gone: {after}");
    }
    let (_, components) = after
        .split_once("[package.metadata.warg.dependencies]")
        .unwrap();
    let components = components.split("\n[").next().unwrap();
    assert!(
        components.contains("\"acme:logger\" = \"1.0.0\""),
        "{after}"
    );
    let (_, wit) = after
        .split_once("[package.metadata.warg.wit-dependencies]")
        .unwrap();
    assert!(wit.contains("\"acme:http\" = \"1.0.0\""), "{after}");
    // The same again changes nothing.
    app.warg(&["add", "acme:http"])
        .code(0)
        .stderr_contains("Unchanged");
    assert_eq!(app.read("Cargo.toml"), after);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn of_wit_a_full_version_is_written_and_of_components_what_was_asked_for() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    for (spec, line, locked) in [
        ("acme:io", "\"acme:io\" = \"2.0.0\"", "wit acme:io@2.0.0"),
        ("acme:io@1", "\"acme:io\" = \"1.1.0\"", "wit acme:io@1.1.0"),
        (
            "acme:io@1.0",
            "\"acme:io\" = \"1.1.0\"",
            "wit acme:io@1.1.0",
        ),
        (
            "acme:io@1.0.1",
            "\"acme:io\" = \"1.0.1\"",
            "wit acme:io@1.0.1",
        ),
        (
            "acme:io@=1.0.0",
            "\"acme:io\" = \"=1.0.0\"",
            "wit acme:io@1.0.0",
        ),
        (
            "acme:io@~1.0",
            "\"acme:io\" = \"1.0.1\"",
            "wit acme:io@1.0.1",
        ),
        (
            "acme:clock",
            "\"acme:clock\" = \"1.1.0\"",
            "component acme:clock@1.1.0",
        ),
        (
            "acme:clock@1",
            "\"acme:clock\" = \"1\"",
            "component acme:clock@1.1.0",
        ),
        (
            "acme:clock@=1.0.0",
            "\"acme:clock\" = \"=1.0.0\"",
            "component acme:clock@1.0.0",
        ),
    ] {
        let app = registry.app(
            &sandbox,
            &format!("app-{}", spec.replace([':', '@', '=', '~', '.'], "-")),
            "",
        );
        app.warg(&["add", spec]).code(0);
        let manifest = app.read("Cargo.toml");
        assert!(manifest.contains(line), "{spec}: {manifest}");
        let lock = app.read("warg.lock");
        assert!(lock.contains(locked), "{spec}: {lock}");
    }
}

#[test]
fn what_cannot_be_added_leaves_everything_as_it_was() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component(
        "acme:broken",
        "1.0.0",
        &[("acme:nothing", "^1.0")],
        &story::clock("1.0.0"),
    );
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.warg(&["lock"]).code(0);
    let before = registry.snapshot(&app);
    for (line, code, says) in [
        (
            &["add", "acme:clock@3"][..],
            11,
            "no usable release of the component `acme:clock` matches `3`",
        ),
        (
            &["add", "acme:clock", "acme:cluck"],
            11,
            "`acme:cluck` is not in the registry",
        ),
        (&["add", "acme:broken"], 11, "acme:nothing does not exist"),
        (
            &["add", "acme:clock", "--locked"],
            10,
            "is not up to date, and --locked was given",
        ),
        (&["add", "acme:clock@latest"], 2, "latest"),
        (&["add", "clock"], 2, "clock"),
    ] {
        app.warg(line).code(code).stderr_contains(says);
        assert_eq!(registry.snapshot(&app), before, "{line:?}");
    }
    let said = app.warg(&["add", "acme:clock@3"]).code(11);
    said.stderr_contains("help: the newest ones are 1.1.0, 1.0.0");
    app.warg(&["add", "acme:broken"])
        .code(11)
        .stderr_contains("Cargo.toml is as it was before");
}

#[test]
fn one_member_of_a_workspace_is_meant() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let workspace = sandbox.virtual_workspace("ws", &["a", "b"]);
    let manifest = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", manifest + &registry.configure(&workspace));
    let before = registry.snapshot(&workspace);
    workspace
        .warg(&["add", "acme:clock"])
        .code(2)
        .stderr_contains("several packages could be meant")
        .stderr_contains("help: choose one with `-p`: `a`, `b`");
    assert_eq!(registry.snapshot(&workspace), before);
    workspace.warg(&["add", "-p", "b", "acme:clock"]).code(0);
    assert!(workspace.read("b/Cargo.toml").contains("acme:clock"));
    assert!(!workspace.read("a/Cargo.toml").contains("acme:clock"));
    sandbox
        .folder_project("ws/a")
        .warg(&["add", "acme:clock"])
        .code(0);
    assert!(workspace.read("a/Cargo.toml").contains("acme:clock"));
    workspace.warg(&["fetch"]).code(0);
    workspace.warg(&["verify"]).code(0);
}

#[test]
fn without_the_network_only_what_is_kept_can_be_added() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    let before = registry.snapshot(&app);
    app.warg(&["add", "--offline", "acme:clock"])
        .code(12)
        .stderr_contains("nothing of the registry")
        .stderr_contains("help: run `cargo warg fetch` once");
    assert_eq!(registry.snapshot(&app), before);
    app.warg(&["add", "acme:clock"]).code(0);
    app.warg(&["fetch"]).code(0);
    app.warg(&["add", "--offline", "acme:clock@1.1"]).code(0);
}

#[test]
fn what_the_texts_name_already_is_the_version_that_is_written() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@1.0.1;\n}\n",
    );
    app.warg(&["add", "acme:io"])
        .code(0)
        .stderr_contains("Adding WIT package acme:io 1.0.1 to Cargo.toml")
        .stderr_contains("Locked 1 package in warg.lock")
        .stderr_contains("note: `cargo warg fetch` brings what is locked here");
    app.warg(&["add", "acme:io@1"])
        .code(0)
        .stderr_contains("Unchanged WIT package acme:io 1.0.1");
    // What is asked for by its exact version is written, or refused with the location of what the text names.
    app.warg(&["add", "acme:io@1.1.0"])
        .code(11)
        .stderr_contains("acme:io@1.0.1 (wit/world.wit:4:18)");
}

#[test]
fn one_package_has_one_requirement() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    let before = registry.snapshot(&app);
    app.warg(&["add", "acme:clock@1.0", "acme:clock@1.1"])
        .code(2)
        .stderr_contains("`acme:clock` is named twice, with different versions")
        .stderr_contains("help: a dependency has one requirement");
    assert_eq!(registry.snapshot(&app), before);
    app.warg(&["add", "acme:clock@1.0", "acme:clock@1.0"])
        .code(0);
}

#[test]
fn what_lies_in_a_folder_is_added_by_its_path() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "# mine\n");
    sandbox.cargo_project(
        "clock",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    app.write(
        "../types/wit/types.wit",
        "package acme:types@0.3.0;\ninterface types { type id = u32; }\n",
    );
    let logger =
        fixtures::component::from_wit(&story::clock("1.0.0").replace("clock", "logger"), "w");
    app.write("../built/logger.wasm", logger);
    app.warg(&["add", "acme:clock", "--path", "../app/../clock/"])
        .code(0)
        .stderr_contains("Adding component acme:clock ../clock to Cargo.toml");
    // From within the project, as from its root.
    let within = app.in_folder(app.path().join("src"));
    within
        .warg(&["add", "acme:types@0.3.0", "--path", "../../types/wit"])
        .code(0)
        .stderr_contains("Adding WIT package acme:types 0.3.0 ../types/wit to Cargo.toml");
    let said = app.json(&["add", "acme:logger", "--path", "../built/logger.wasm"]);
    assert_eq!(said["dependencies"][0]["path"], "../built/logger.wasm");
    assert_eq!(
        said["dependencies"][0]["requirement"],
        serde_json::Value::Null
    );
    let manifest = app.read("Cargo.toml");
    for line in [
        "# mine",
        "\"acme:clock\" = { path = \"../clock\" }",
        "\"acme:logger\" = { path = \"../built/logger.wasm\" }",
        "\"acme:types\" = { version = \"0.3.0\", path = \"../types/wit\" }",
    ] {
        assert!(manifest.contains(line), "{line} in {manifest}");
    }
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["add", "acme:clock", "--path", "../clock"])
        .code(0)
        .stderr_contains("Unchanged component acme:clock ../clock is in Cargo.toml already");
}

#[test]
fn a_path_at_which_the_package_is_not_changes_nothing() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    sandbox.cargo_project(
        "clock",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    sandbox.cargo_project("nameless", "");
    std::fs::create_dir(sandbox.join("empty")).unwrap();
    let before = registry.snapshot(&app);
    for (line, message) in [
        (
            &["acme:clock", "--path", "../nowhere"][..],
            "`acme:clock` is not at ../nowhere",
        ),
        (
            &["acme:clock", "--path", "../empty"],
            "help: a path names a folder with a Cargo.toml",
        ),
        (
            &["acme:other", "--path", "../clock"],
            "`acme:other` is not at ",
        ),
        (
            &["acme:clock", "--path", "../nameless"],
            "does not say that it is `acme:clock`",
        ),
        (
            &["acme:clock@2", "--path", "../clock"],
            "is version 0.1.0, which `^2` does not allow",
        ),
        (
            &["acme:clock", "--path", "."],
            "the folder of Cargo.toml itself cannot be",
        ),
        (
            &["acme:clock", "acme:io", "--path", "../clock"],
            "several are named",
        ),
    ] {
        app.warg(&[&["add"], line].concat())
            .code_is_no_success()
            .stderr_contains(message);
        assert_eq!(registry.snapshot(&app), before, "{line:?}");
    }
}

#[test]
fn a_location_in_what_was_taken_back_says_so() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    let before = app.read("Cargo.toml");
    for (line, verb) in [
        (
            &[
                "add",
                "acme:clock@=1.0.0",
                "acme:io@2.0.0",
                "acme:clockwork",
            ][..],
            "add",
        ),
        (&["add", "acme:http@1.0.0", "acme:io@=1.0.0"], "add"),
    ] {
        let json = [line, &["--message-format", "json"]].concat();
        let said = app.warg(&json).code(11).document();
        assert_eq!(app.read("Cargo.toml"), before);
        for location in said["locations"].as_array().unwrap() {
            let end = usize::try_from(location["end"].as_u64().unwrap()).unwrap();
            let number = usize::try_from(location["line"].as_u64().unwrap()).unwrap();
            let is_there = before.len() >= end && before.lines().nth(number - 1).is_some();
            let label = location["label"].as_str().unwrap_or_default();
            let is_told = label.contains(&format!("as `{verb}` would have written it"));
            let line = before.lines().nth(number - 1).unwrap_or_default();
            assert!(is_told || is_there && line.contains("logger"), "{said}");
        }
    }
    let said = app
        .warg(&["add", "acme:http@1.0.0", "acme:io@=1.0.0"])
        .code(11);
    assert!(
        said.stderr.contains("as `add` would have written it"),
        "{said}"
    );
}
