//! Manners of the command line: what is never repeated, what is said in JSON, and how much is said at all.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use fixtures::component::from_wit;
use serde_json::Value;

use crate::support::Sandbox;

#[test]
fn a_secret_key_among_the_arguments_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let key = app.secrets().remove(0);
    let namespace = format!("acme={key}");
    for line in [
        &["key", "new", &key][..],
        &["publish", "a.wasm", "--as", "acme:a@1.0.0", "--key", &key],
        &[
            "registry",
            "new",
            "../r",
            "--name",
            "r",
            "--namespace",
            &namespace,
        ],
        &["yank", "acme:a@1.0.0", "--reason", &key],
        &["info", &key],
        &[&key],
        &["lock", "--what", &key],
        &["lock", "--message-format", "json", &key],
    ] {
        // Whatever is run here is held to print no secret.
        app.warg(line)
            .code(2)
            .stderr_contains("an argument holds a secret key")
            .stderr_contains("help: what was typed may be in the history of the shell");
    }
    // Nor is one repeated that stands in a file where it does not belong.
    app.append_to_manifest(&format!(
        "[package.metadata.warg.wire]\nother = \"{key}\"\n"
    ));
    app.warg(&["lock"])
        .code_is_no_success()
        .stderr_contains("PRIVATE+KEY+…");
}

#[test]
fn a_command_line_that_does_not_parse_is_a_document_too() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    for (line, message) in [
        (
            &["lock", "--what"][..],
            "unexpected argument '--what' found",
        ),
        (&["lokc"], "unrecognized subcommand 'lokc'"),
        (
            &["add"],
            "the following required arguments were not provided",
        ),
        (
            &["key", "list", "--offline"],
            "`--offline` means nothing to `cargo warg key list`",
        ),
        (
            &["lock", "-p", "nosuch"],
            "the workspace has no package `nosuch`",
        ),
    ] {
        for json in [
            &["--message-format", "json"][..],
            &["--message-format=json"],
        ] {
            let said = app.warg(&[json, line].concat()).code(2);
            let document: Value = serde_json::from_str(said.stdout.trim()).unwrap();
            assert_eq!(document["reason"], "error", "{said}");
            assert_eq!(document["code"], 2, "{said}");
            let says = document["message"].as_str().unwrap();
            assert!(says.starts_with(message), "{said}");
            assert!(!document["help"].as_array().unwrap().is_empty(), "{said}");
        }
    }
    let help = app.warg(&["--help"]).code(0);
    assert!(help.stdout.contains("Usage:"), "{help}");
}

#[test]
fn a_publish_that_broke_off_says_that_it_may_take_effect() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let text = "package acme:a@1.0.0;\ninterface a {}\n";
    app.publish_wit(text).code(0);
    let checkpoint = sandbox.join("acme-registry/checkpoint");
    fs::set_permissions(&checkpoint, Permissions::from_mode(0o444)).unwrap();
    app.publish_wit(&text.replace("1.0.0", "1.1.0"))
        .code(101)
        .stderr_contains("it is read-only")
        .stderr_contains("help: it may take effect all the same, with the next publish of anybody");
    fs::set_permissions(&checkpoint, Permissions::from_mode(0o644)).unwrap();
    app.publish_wit(&text.replace("1.0.0", "1.2.0")).code(0);
    let info = app.warg(&["info", "acme:a"]).code(0);
    assert!(info.stdout.contains("1.1.0"), "{info}");
    app.publish_wit(&text.replace("1.0.0", "1.1.0")).code(0);
}

#[test]
fn a_publish_that_committed_nothing_does_not_say_that_it_may_take_effect() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let text = "package acme:a@1.0.0;\ninterface a {}\n";
    // The content can be handed in, and the commit cannot be written.
    let commits = sandbox.join("acme-registry/.private/commit");
    fs::remove_dir_all(&commits).unwrap();
    let elsewhere = sandbox.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &commits).unwrap();
    let said = app.publish_wit(text).code(101);
    assert!(said.stderr.contains("is a link"), "{said}");
    assert!(!said.stderr.contains("take effect"), "{said}");
    fs::remove_file(&commits).unwrap();
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    app.publish_wit(text).code(0);
}

#[test]
fn a_file_that_does_not_read_is_named() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.warg(&["bundle", "Cargo.toml", "-o", "x.wasm"])
        .code_is_no_success()
        .stderr_contains("Cargo.toml cannot be bundled");
    app.warg(&["verify", "Cargo.toml"])
        .code_is_no_success()
        .stderr_contains("Cargo.toml cannot be verified");
    app.warg_stdin(
        b"package acme:a@1.0.0;\ninterface a {}\n",
        &["publish", "-"],
    )
    .code_is_no_success()
    .stderr_contains("WIT as text, not WebAssembly")
    .stderr_contains("takes WIT as text from a file that ends in `.wit`");
    for command in ["inspect", "bundle", "verify", "sbom"] {
        app.warg_stdin(b"/* a */ // b\nworld w {}\n", &[command, "-"])
            .code_is_no_success()
            .stderr_contains("error: stdin ")
            .stderr_contains("WIT as text, not WebAssembly");
    }
    app.write("app.wasm", "no component");
    app.warg(&["lock", "--component", "app.wasm"])
        .code_is_no_success()
        .stderr_contains("error: app.wasm cannot be locked");
    let wit = fixtures::component::wit_package("package acme:a@1.0.0;\ninterface a {}\n");
    app.write("p.wasm", wit);
    app.warg(&["bundle", "p.wasm", "-o", "x.wasm"])
        .code_is_no_success()
        .stderr_contains("error: p.wasm cannot be bundled");
}

#[test]
fn init_does_not_pass_over_another_name_and_says_how_long_one_may_be() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.warg(&["init", "--name", "acme:app"]).code(0);
    app.warg(&["init", "--name", "acme:app"])
        .code(0)
        .stderr_contains("Unchanged");
    let before = app.read("Cargo.toml");
    app.warg(&["init", "--name", "acme:other"])
        .code(2)
        .stderr_contains("`app` is published under `acme:app` already")
        .stderr_contains("help: to rename it, change `package` in ");
    assert_eq!(app.read("Cargo.toml"), before);
    let long = format!("acme:{}", "a".repeat(65));
    app.warg(&["init", "--name", &long])
        .code(2)
        .stderr_contains("at most 64 bytes");
}

#[test]
fn nobody_is_blamed_for_a_bundle_of_ones_own() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let clock = "package acme:clock@1.0.0;\ninterface now { get: func() -> u64; }\nworld w { export now; }\n";
    app.write("clock.wasm", from_wit(clock, "w"));
    let root = "package acme:app@1.0.0;\nworld w { import acme:clock/now@1.0.0; export run: func(); }\n\
                package acme:clock@1.0.0 { interface now { get: func() -> u64; } }\n";
    app.write("app.wasm", from_wit(root, "w"));
    app.append_to_manifest(
        "[package.metadata.warg.dependencies]\n\"acme:clock\" = { path = \"clock.wasm\", version = \"1\" }\n",
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    app.warg(&["inspect", "bundle.wasm"])
        .code(0)
        .stderr_contains("comes from a folder, which no registry vouches for")
        .stderr_lacks("cargo warg verify");
    app.warg(&["verify", "bundle.wasm"])
        .code(13)
        .stderr_contains("from a folder, which no registry vouches for")
        .stderr_lacks("publisher signed")
        .stderr_lacks("tell them");
}

#[test]
fn success_is_told_in_a_short_line_and_proofs_with_v() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let text = "package acme:a@1.0.0;\ninterface a {}\n";
    app.publish_wit(text).code(0).stderr_lacks("Proved");
    app.write(
        "wit/app.wit",
        "package acme:app@0.1.0;\nworld app { import acme:a/a@1.0.0; }\n",
    );
    app.warg(&["fetch"]).code(0).stderr_lacks("Proved");
    for line in [&["lock"][..], &["fetch"], &["verify"]] {
        let said = app.warg(line).code(0).stderr_lacks("Proved");
        assert!(said.stderr.lines().count() <= 2, "{said}");
    }
    app.warg(&["verify", "-v"])
        .code(0)
        .stderr_contains("Proved 1 log with 1 record of");
    let json = app.json(&["verify"]);
    assert!(json["proved"][0]["root"].is_string(), "{json}");
}
