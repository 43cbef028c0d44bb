//! `yank`, `unyank`, `grant`, `revoke` and `annotate`: one signed record each, or none where it is so already.

use std::fs;

use crate::support::{Project, Said, Sandbox, files};

const CLOCK: &str =
    "package acme:clock@1.0.0;\ninterface now { get: func() -> u64; }\nworld w { export now; }\n";

/// A project whose registry `acme` has the namespace `acme`, and in it the component `acme:clock` in two versions.
fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.publish_component("acme:clock", "1.0.0", CLOCK).code(0);
    app.publish_component("acme:clock", "1.1.0", CLOCK).code(0);
    app
}

/// The last record that the registry's folder holds of `acme:clock`.
fn last_record(sandbox: &Sandbox) -> String {
    let all = files(&sandbox.join("acme-registry/package/acme/clock"));
    let all = all
        .values()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .max_by_key(String::len)
        .unwrap();
    let start = all.rfind("warg-record/v1").unwrap();
    all[start..].to_owned()
}

fn good(app: &Project) {
    app.warg(&["registry", "check", "acme"]).code(0);
}

fn yank(app: &Project, release: &str, reason: &str) -> Said {
    app.warg(&["yank", release, "--reason", reason])
}

fn unyank(app: &Project, release: &str) -> Said {
    app.warg(&["unyank", release, "--reason", "all is well"])
}

#[test]
fn a_yanked_release_stays_with_who_has_it_and_goes_to_nobody_else() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["add", "acme:clock@1"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.1.0\""));
    yank(&app, "acme:clock@1.1.0", "runs 100% too fast — in “summer”")
        .code(0)
        .stderr_contains(
            "      Yanked acme:clock@1.1.0: runs 100% too fast — in “summer”\n      Proved entry ",
        )
        .stderr_contains("of `acme` is its record, signed by `acme/ci`");
    assert!(last_record(&sandbox).contains("\nyank 1.1.0 runs%20100%25%20too%20fast%20%E2%80%94"));
    app.warg(&["verify"])
        .code(0)
        .stderr_contains("runs 100% too fast");
    app.warg(&["lock"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.1.0\""), "it is locked");
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.0.0\""));

    unyank(&app, "acme:clock@1.1.0")
        .code(0)
        .stderr_contains("    Unyanked acme:clock@1.1.0: all is well\n");
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"]).code(0);
    assert!(app.read("warg.lock").contains("\"1.1.0\""));
    good(&app);
}

#[test]
fn what_is_so_already_gets_no_record() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    unyank(&app, "acme:clock@1.0.0")
        .code(0)
        .stderr_contains("   Unchanged acme:clock@1.0.0 is not yanked in `acme`");
    yank(&app, "acme:clock@1.0.0", "wrong").code(0);
    let before = files(&sandbox.join("acme-registry"));
    yank(&app, "acme:clock@1.0.0", "wrong")
        .code(0)
        .stderr_contains(
            "   Unchanged acme:clock@1.0.0 is yanked already, for this reason, in `acme`",
        );
    yank(&app, "acme:clock@1.0.0", "very wrong")
        .code(13)
        .stderr_contains("acme:clock@1.0.0 is yanked already, for another reason: wrong")
        .stderr_contains("help: a record never changes: take the yank back with `cargo warg unyank acme:clock@1.0.0");
    assert_eq!(files(&sandbox.join("acme-registry")), before);
    good(&app);
}

#[test]
fn a_dry_run_writes_nothing_and_says_who_may() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let before = files(&sandbox.join("acme-registry"));
    let line = ["yank", "acme:clock@1.0.0", "--reason", "wrong", "--dry-run"];
    app.warg(&line)
        .code(0)
        .stderr_contains("     Checked yanked: acme:clock@1.0.0: wrong")
        .stderr_contains("note: a dry run: nothing was written; `acme/ci` may do it in `acme`");
    assert_eq!(files(&sandbox.join("acme-registry")), before);
    assert!(files(&app.home().join("state/pending")).is_empty());
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["key", "new", "acme/dev"]).code(0);
    let before = files(&sandbox.join("acme-registry"));
    yank(&app, "acme:clock@7.0.0", "wrong")
        .code(11)
        .stderr_contains("`acme:clock` has no version 7.0.0 in registry `acme`")
        .stderr_contains("help: the newest ones are 1.1.0, 1.0.0");
    yank(&app, "acme:clock@1.0.0+other", "wrong")
        .code(11)
        .stderr_contains("has no version 1.0.0+other");
    yank(&app, "acme:clok@1.0.0", "wrong")
        .code(11)
        .stderr_contains("`acme:clok` is not in the registry")
        .stderr_contains("proved absent");
    yank(&app, "far:clock@1.0.0", "wrong")
        .code(101)
        .stderr_contains("no registry is configured for the namespace `far`");
    yank(&app, "acme:clock", "wrong")
        .code(2)
        .stderr_contains("expected NAMESPACE:NAME@VERSION");
    yank(&app, "acme:clock@1.0.0", "two\nlines")
        .code(2)
        .stderr_contains("1 to 1024 bytes on one line");
    yank(&app, "acme:clock@1.0.0", "").code(2);
    app.warg(&["yank", "acme:clock@1.0.0"])
        .code(2)
        .stderr_contains("--reason <TEXT>");
    let with = |flags: &[&str]| {
        let line = ["yank", "acme:clock@1.0.0", "--reason", "wrong"];
        app.warg(&[&line, flags].concat())
    };
    with(&["--registry", "other"])
        .code(2)
        .stderr_contains("there is no registry `other`");
    with(&["--offline"])
        .code(2)
        .stderr_contains("cannot be written to with --offline");
    with(&["--key", "nobody"])
        .code(101)
        .stderr_contains("no secret key named `nobody`");
    with(&["--key", "acme/dev"])
        .code(13)
        .stderr_contains("key `acme/dev` may not yank or unyank releases of `acme:clock` in registry `acme`: `acme/ci` may")
        .stderr_contains("`cargo warg grant acme:clock VKEY yank`");
    let stranger = app.with_home(sandbox.join("stranger"));
    yank(&stranger, "acme:clock@1.0.0", "wrong")
        .code(13)
        .stderr_contains("none of your keys may yank or unyank releases of `acme:clock`");
    assert_eq!(files(&sandbox.join("acme-registry")), before);
    assert!(files(&app.home().join("state/pending")).is_empty());
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "url = \"../acme-registry\"",
            "url = \"https://registry.example/acme\"",
        ),
    );
    assert_ne!(app.read("Cargo.toml"), manifest);
    yank(&app, "acme:clock@1.0.0", "wrong")
        .code(2)
        .stderr_contains(
            "registry `acme` is at https://registry.example/acme: only a folder can be written to",
        );
}

#[test]
fn a_rerun_finishes_what_was_signed_and_not_acknowledged() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let private = sandbox.join("acme-registry/.private");
    let aside = sandbox.join("aside");
    // Nothing can be committed: a file lies where the private folder was.
    fs::rename(&private, &aside).unwrap();
    fs::write(&private, "").unwrap();
    yank(&app, "acme:clock@1.0.0", "wrong").code(12);
    let pending = app.home().join("state/pending");
    let kept: Vec<u8> = files(&pending).into_values().next().unwrap();
    fs::remove_file(&private).unwrap();
    fs::rename(&aside, &private).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100)); // a record signed anew would bear another time
    yank(&app, "acme:clock@1.0.0", "wrong")
        .code(0)
        .stderr_contains("Yanked");
    assert_eq!(last_record(&sandbox).as_bytes(), &kept[2..]);
    assert!(files(&pending).is_empty());
    good(&app);
}
