//! Packages that are taken from a folder in development: by everybody, and never into what is published.

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// A cargo package beside the app that makes `acme:clock`.
fn clock_project(sandbox: &Sandbox, version: &str) -> Project {
    let project = sandbox.cargo_project(
        "clock",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", manifest.replace("0.1.0", version));
    project
}

fn logger_app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let on = "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n";
    registry.app(sandbox, "app", on)
}

const PATCH: &str = "[workspace.metadata.warg.patch]\n\"acme:clock\" = { path = \"../clock\" }\n";

#[test]
fn a_patch_stands_for_a_transitive_dependency_and_its_coming_and_going_is_noticed() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = logger_app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let unpatched = app.read("warg.lock");
    let manifest = app.read("Cargo.toml");
    clock_project(&sandbox, "1.5.0");
    app.append_to_manifest(PATCH);
    app.warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains(
            "`app` has acme:clock 1.5.0 as a local package, and the lock has the release",
        )
        .stderr_contains("help: run `cargo warg lock`");
    app.warg(&["lock"]).code(0).stderr_lacks("is not used");
    let lock = app.read("warg.lock");
    assert!(
        lock.contains(
            "[[package]]\nkind = \"component\"\nname = \"acme:clock\"\nversion = \"1.5.0\"\n\n"
        ),
        "a local package has no origin, digest or record: {lock}"
    );
    for command in [
        &["lock", "--locked"][..],
        &["fetch", "--locked"],
        &["verify"],
    ] {
        app.warg(command).code(0);
    }
    assert_eq!(app.read("warg.lock"), lock);

    app.write("Cargo.toml", &manifest);
    app.warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains("the lock has `component acme:clock@1.5.0` as a local package of `app`, and it is not there");
    app.warg(&["lock"]).code(0);
    assert_eq!(app.read("warg.lock"), unpatched);
}

#[test]
fn every_member_sees_a_patch_and_one_that_nobody_needs_is_a_warning() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let workspace = sandbox.virtual_workspace("ws", &["a", "b", "c"]);
    let configure = registry.configure(&workspace);
    workspace.append_to_manifest(&(configure + PATCH));
    for (member, on) in [
        ("a", "\"acme:clock\" = \"1\""),
        ("b", "\"acme:logger\" = \"1.0\""),
    ] {
        let manifest = workspace.read(&format!("{member}/Cargo.toml"));
        workspace.write(
            &format!("{member}/Cargo.toml"),
            format!("{manifest}[package.metadata.warg.dependencies]\n{on}\n"),
        );
    }
    let clock = clock_project(&sandbox, "1.5.0");
    workspace
        .warg(&["lock"])
        .code(0)
        .stderr_lacks("is not used");
    let lock = workspace.read("warg.lock");
    assert_eq!(
        lock.matches("\"component acme:clock@1.5.0\"").count(),
        2,
        "{lock}"
    );
    assert!(
        !lock.contains("name = \"c\""),
        "a member without requirements has no root: {lock}"
    );

    let manifest = clock.read("Cargo.toml");
    clock.write("Cargo.toml", manifest.replace("1.5.0", "7.0.0"));
    for _ in 0..2 {
        workspace.warg(&["lock"]).code(0).stderr_contains(
            "warning: the patch of `acme:clock` is not used: nothing requires version 7.0.0",
        );
    }
    workspace
        .warg(&["lock", "--locked"])
        .code(0)
        .stderr_contains("is not used");
}

#[test]
fn a_wit_package_is_patched_by_its_folder() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n}\n",
    );
    app.warg(&["fetch"]).code(0);
    sandbox.folder_project("io").write(
        "io.wit",
        "package acme:io@1.0.7;\ninterface streams { type source = u64; }\n",
    );
    app.append_to_manifest("[workspace.metadata.warg.patch]\n\"acme:io\" = { path = \"../io\" }\n");
    app.warg(&["fetch"]).code(0);
    assert!(
        app.read("wit/deps/acme-io-1.0.7/package.wit")
            .contains("u64")
    );
    assert!(!app.has("wit/deps/acme-io-1.0.1"));
    app.warg(&["verify"]).code(0);
}

#[test]
fn a_patch_that_is_not_built_yet_may_serve_an_interface_of_the_world() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
    let app = registry.app(&sandbox, "app", on);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:clock/now@1.1.0;\n}\n",
    );
    app.warg(&["lock"]).code(0);
    let clock = clock_project(&sandbox, "1.5.0");
    app.append_to_manifest(PATCH);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("no world in the wit/ of ../clock exports it");
    clock.write("wit/clock.wit", story::clock("1.1.0"));
    app.warg(&["lock"]).code(0);
    assert!(
        app.read("warg.lock")
            .contains("\"component acme:clock@1.5.0\"")
    );
    for command in [&["lock", "--locked"][..], &["fetch"], &["verify"]] {
        app.warg(command).code(0);
    }
}

#[test]
fn nothing_is_published_beside_a_patch() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = logger_app(&sandbox, &registry);
    clock_project(&sandbox, "1.5.0");
    app.append_to_manifest(PATCH);
    app.warg(&["key", "new", "acme/ci"]).code(0);
    app.write("own.wit", "package acme:own@1.0.0;\ninterface i {}\n");
    let before = registry.snapshot(&app);
    for arguments in [
        &["publish", "own.wit"][..],
        &["publish", "own.wit", "--dry-run"],
    ] {
        app.warg(arguments)
            .code(101)
            .stderr_contains("`acme:clock` is patched with ")
            .stderr_contains("Cargo.toml:")
            .stderr_contains("help: remove [workspace.metadata.warg.patch]");
    }
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn a_patch_is_a_folder_that_holds_the_package_and_nothing_else() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = logger_app(&sandbox, &registry);
    let manifest = app.read("Cargo.toml");
    clock_project(&sandbox, "1.5.0");
    sandbox.cargo_project("nameless", "");
    for (patch, says, help) in [
        (
            "\"acme:clock\" = { registry = \"acme\" }",
            "`acme:clock` can be patched with a folder only, not with `registry`",
            "write \"acme:clock\" = { path = ",
        ),
        (
            "\"acme:clock\" = \"1.5.0\"",
            "must be a table with a path",
            "",
        ),
        ("\"acme:clock\" = {}", "lacks the key `path`", ""),
        (
            "\"acme:clock\" = { paht = \"../clock\" }",
            "unknown key `paht`",
            "did you mean `path`?",
        ),
        (
            "\"acme:clock\" = { path = \"../nowhere\" }",
            "`acme:clock` is not at",
            "a patch names a folder",
        ),
        (
            "\"acme:logger\" = { path = \"../clock\" }",
            "`acme:logger` is not at",
            "",
        ),
        (
            "\"acme:clock\" = { path = \"../nameless\" }",
            "does not say that it is `acme:clock`",
            "[package.metadata.warg]",
        ),
    ] {
        app.write(
            "Cargo.toml",
            format!("{manifest}\n[workspace.metadata.warg.patch]\n{patch}\n"),
        );
        let said = app.warg(&["lock"]).code(101).stderr_contains(says);
        if !help.is_empty() {
            said.stderr_contains("help: ").stderr_contains(help);
        }
        assert!(!app.has("warg.lock"), "{patch}");
    }
    // A member that takes the same package from another folder: whose is meant is not for us to say.
    clock_project(&sandbox, "1.5.0");
    let other = sandbox.cargo_project(
        "other",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    assert!(other.has("Cargo.toml"));
    let by_path = manifest.replace(
        "\"acme:logger\" = \"1.0\"",
        "\"acme:clock\" = { path = \"../other\" }",
    );
    app.write("Cargo.toml", format!("{by_path}\n{PATCH}"));
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("`acme:clock` is patched with")
        .stderr_contains("and `app` takes it from")
        .stderr_contains("help: keep one of the two");
}

#[test]
fn a_patch_that_nothing_uses_is_told_by_verify_and_may_be_denied() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = logger_app(&sandbox, &registry);
    app.append_to_manifest("[workspace.metadata.warg.patch]\n\"acme:io\" = { path = \"../io\" }\n");
    app.write(
        "../io/io.wit",
        "package acme:io@7.0.0;\ninterface streams {}\n",
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["verify"])
        .code(0)
        .stderr_contains("the patch of `acme:io` is not used");
    app.warg(&["verify", "--deny", "warnings"])
        .code_is_no_success()
        .stderr_contains("the patch of `acme:io` is not used");
}
