//! A user's keys: what they are for, copies of them, and how they go.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Project, Sandbox};

fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.warg(&["key", "new", "acme/ci", "--label", "the office's"])
        .code(0);
    app.warg(&[
        "registry",
        "new",
        "../reg",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
        "--origin",
        "acme.example",
    ])
    .code(0);
    app
}

#[test]
fn each_key_says_what_it_is_for() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let listed = app.warg(&["key", "list"]).code(0).stdout;
    let said: Vec<_> = listed
        .lines()
        .map(|line| line.split_once("  ").unwrap().1)
        .collect();
    assert_eq!(
        said,
        [
            "publisher  the office's",
            "operate of acme.example",
            "checkpoint of acme.example"
        ]
    );
    let details = app.json(&["key", "list"])["details"].clone();
    assert_eq!(details[0]["label"], "the office's");
    assert_eq!(details[1]["role"], "operate");
    assert_eq!(details[1]["origin"], "acme.example");
    let keys = app.json(&["key", "list"])["keys"].clone();
    for (position, detail) in details.as_array().unwrap().iter().enumerate() {
        assert_eq!(detail["key"], keys[position]);
    }
    app.warg(&["key", "new", "a", "--label", "one\ntwo"])
        .code(2);
}

#[test]
fn a_key_is_copied_to_a_private_file_removed_and_taken_back() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let keys = app.json(&["key", "list"]);
    let file = sandbox.join("stick/acme.key");
    let path = file.display().to_string();
    let export = ["key", "export", "acme.example", "-o", path.as_str()];
    app.warg(&export)
        .code(101)
        .stderr_contains("2 secret keys are named `acme.example`");
    let export = [&export[..], &["--role", "operate"]].concat();
    app.warg(&export).code(0).stderr_contains("Exported");
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    app.warg(&export)
        .code(101)
        .stderr_contains("no key is written over another");

    let remove = ["key", "remove", "acme.example", "--role", "operate"];
    app.warg(&remove)
        .code(2)
        .stderr_contains("this machine has no other operate key of `acme.example`")
        .stderr_contains("`cargo warg key export acme.example --role operate -o FILE`");
    app.warg(&[&remove[..], &["--yes"]].concat())
        .code(0)
        .stderr_contains("keys.removed");
    assert_eq!(app.secrets().len(), 2);
    let removed = app.home().join("config/keys.removed");
    assert_eq!(fs::read(&removed).unwrap(), fs::read(&file).unwrap());
    let mode = fs::metadata(&removed).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    app.warg(&remove)
        .code(101)
        .stderr_contains("there is no secret key named `acme.example`");

    let import = ["key", "import", path.as_str()];
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported key `acme.example` (operate of acme.example)");
    app.warg(&import).code(0).stderr_contains("Unchanged");
    let again = app.json(&["key", "list"]);
    let sorted = |value: &serde_json::Value| {
        let mut lines: Vec<_> = value["details"]
            .as_array()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(
        sorted(&again),
        sorted(&keys),
        "with all that was said of it"
    );
    app.warg(&["registry", "clock", "acme", "2026-11-22T20:06:00Z", "--yes"]);
    app.warg(&["key", "remove", "acme/ci"]).code(0);
}

#[test]
fn a_secret_goes_to_a_pipe_and_never_among_what_is_printed_for_people() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let output = app.command(&["key", "export", "acme/ci"]).output().unwrap();
    assert!(output.status.success());
    let secret = String::from_utf8(output.stdout).unwrap();
    assert!(
        secret.starts_with("# label: the office's\nPRIVATE+KEY+acme/ci+"),
        "the file's lines"
    );
    assert!(
        !String::from_utf8(output.stderr)
            .unwrap()
            .contains("PRIVATE")
    );
    app.warg(&["key", "export", "acme/ci", "--message-format", "json"])
        .code(2)
        .stderr_contains("a secret key is not for a terminal, nor for a JSON document");

    let other = app.with_home(sandbox.join("other"));
    other
        .warg_stdin(secret.as_bytes(), &["key", "import", "-"])
        .code(0);
    assert_eq!(
        other.json(&["key", "list"])["details"][0]["label"],
        "the office's"
    );
    other
        .warg_stdin(b"\n# nothing\n", &["key", "import", "-"])
        .code(101)
        .stderr_contains("stdin holds no secret key");
    let file = sandbox.join("open.key");
    fs::write(&file, &secret).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    other
        .warg(&["key", "import", &file.display().to_string()])
        .code(101)
        .stderr_contains("cannot read keys from");
    // A file that holds another key of the same name.
    let third = app.with_home(sandbox.join("third"));
    third.warg(&["key", "new", "acme/ci"]).code(0);
    third
        .warg_stdin(secret.as_bytes(), &["key", "import", "-"])
        .code(101)
        .stderr_contains("there is a key named `acme/ci` already");
}
