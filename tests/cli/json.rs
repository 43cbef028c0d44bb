//! `--message-format json`: what each command prints. The support code holds every line against the schema.

use crate::story;
use crate::support::Sandbox;

#[test]
fn lock_fetch_and_verify_say_what_they_did() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n",
    );
    let lock = app.json(&["lock"]);
    assert_eq!(lock["reason"], "lock");
    assert_eq!(lock["written"], true);
    assert_eq!(lock["changes"].as_array().unwrap().len(), 4);
    assert_eq!(lock["changes"][0]["action"], "add");
    assert_eq!(lock["changes"][0]["name"], "acme:clock");
    assert_eq!(lock["packages"].as_array().unwrap().len(), 4);
    assert_eq!(lock["proved"][0]["logs"], 4);
    assert_eq!(app.json(&["lock"])["written"], false);
    let fetched = app.json(&["fetch"]);
    assert_eq!(fetched["reason"], "fetch");
    assert_eq!(fetched["members"][0]["name"], "app");
    assert_eq!(fetched["members"][0]["written"], 3);
    let verified = app.json(&["verify"]);
    assert_eq!(verified["reason"], "verify");
    assert_eq!(verified["packages"], 4);
}

#[test]
fn a_failure_is_a_document_with_the_exit_code_and_stderr_says_the_same() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:io/streams@1.0.0; }\n",
    );
    let said = app
        .warg(&["verify", "--message-format", "json"])
        .code(10)
        .stderr_contains("error: ");
    let failure = said.document();
    assert_eq!(failure["reason"], "error");
    assert_eq!(failure["code"], 10);
    let message = failure["message"].as_str().unwrap();
    assert!(said.stderr.contains(message), "{said}");
    assert_eq!(failure["help"][0], "run `cargo warg lock`");
}

#[test]
fn what_is_made_published_and_checked_is_said() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    let made = app.json(&["key", "new", "acme/ci"]);
    assert_eq!(made["reason"], "keys");
    assert_eq!(app.json(&["key", "list"])["keys"], made["keys"]);
    let manifest = app.path().join("Cargo.toml").display().to_string();
    assert_eq!(
        app.json(&["init", "--name", "acme:app"])["changed"][0],
        manifest
    );
    assert_eq!(app.json(&["init"])["changed"].as_array().unwrap().len(), 0);
    let new = [
        "registry",
        "new",
        "../r",
        "--name",
        "r",
        "--namespace",
        "acme=acme/ci",
    ];
    let founded = app.json(&new);
    assert_eq!(founded["reason"], "registry-new");
    assert_eq!(founded["founded"], true);
    assert!(
        app.read("trust/r.policy")
            .contains(founded["operate"].as_str().unwrap())
    );

    app.write(
        "pub/io/io.wit",
        "package acme:io@1.0.0;\ninterface streams { type source = u32; }\n",
    );
    app.write("pub/odd/odd.wit", "package acme:odd;\ninterface i {}\n");
    let imported = app
        .warg(&[
            "registry",
            "import",
            "pub",
            "--registry",
            "r",
            "--message-format",
            "json",
        ])
        .code(101)
        .document();
    assert_eq!(imported["packages"][0]["name"], "acme:io");
    assert_eq!(imported["packages"][0]["outcome"], "recorded");
    assert_eq!(imported["skipped"].as_array().unwrap().len(), 1);
    let again = app.json(&["publish", "pub/io"]);
    assert_eq!(again["outcome"], "unchanged");
    app.write(
        "pub/io/io.wit",
        "package acme:io@1.1.0;\ninterface streams { type source = u32; }\n",
    );
    let dry = app.json(&["publish", "pub/io", "--dry-run"]);
    assert_eq!(dry["outcome"], "checked");
    let published = app.json(&["publish", "pub/io"]);
    assert_eq!(published["outcome"], "recorded");
    assert_eq!(published["signer"], "acme/ci");
    assert_eq!(published["digest"], dry["digest"]);
    let added = app.json(&["add", "acme:io"]);
    assert_eq!(added["dependencies"][0]["requirement"], "1.1.0");
    assert_eq!(added["lock"]["changes"][0]["after"], "1.1.0");
    let checked = app.json(&["registry", "check", "r"]);
    assert_eq!(checked["packages"], 1);
    assert_eq!(checked["releases"], 2);
}
