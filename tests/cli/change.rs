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
        .stderr_contains("      Yanked acme:clock@1.1.0: runs 100% too fast — in “summer”\n")
        .stderr_lacks("Proved");
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
    with(&["--offline"]).code(2).stderr_contains(
        "reads the registry that it writes to, and nothing that --offline could spare",
    );
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
    yank(&app, "acme:clock@1.0.0", "wrong").code(101);
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

/// `NAME+ID+KEY` of one of a user's keys.
fn vkey(user: &Project, name: &str) -> String {
    let listed = user.warg(&["key", "list"]).code(0).stdout;
    let mut lines = listed.lines();
    let found = lines.find(|line| line.starts_with(&format!("{name}+")));
    let (key, _role) = found.unwrap().split_once("  ").unwrap();
    key.to_owned()
}

#[test]
fn who_is_granted_may_and_who_is_revoked_may_not() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let bob = app.with_home(sandbox.join("bob"));
    bob.warg(&["key", "new", "bob"]).code(0);
    let key = vkey(&bob, "bob");
    // Bob writes to the same folder, so he has the registry's own key too, as CI would.
    let registrys = app.secrets().pop().unwrap();
    let keys = bob.home().join("config/keys");
    let own = fs::read_to_string(&keys).unwrap();
    fs::write(&keys, format!("{own}{registrys}\n")).unwrap();
    let as_bob = |arguments: &[&str]| bob.warg(arguments);
    app.write("c.wasm", fixtures::component::from_wit(CLOCK, "w"));
    let publish = |version: &str| as_bob(&["publish", "-v", "c.wasm", "--as", version]);
    publish("acme:clock@1.2.0").code(13);
    app.warg(&["grant", "acme:clock", &key, "release,yank"])
        .code(0)
        .stderr_contains("     Granted release, yank of acme:clock to bob (");
    assert!(last_record(&sandbox).contains(&format!("\ngrant {key} release,yank\n")));
    publish("acme:clock@1.2.0")
        .code(0)
        .stderr_contains("signed by `bob`");
    as_bob(&["yank", "acme:clock@1.2.0", "--reason", "mine"]).code(0);
    as_bob(&["annotate", "acme:clock", "see-also", "x"])
        .code(13)
        .stderr_contains("none of your keys may annotate `acme:clock`");
    as_bob(&["grant", "acme:clock", "bob", "own"])
        .code(13)
        .stderr_contains("none of your keys may give or take permissions of `acme:clock`")
        .stderr_lacks("--recover");
    app.warg(&["grant", "acme:clock", "bob", "yank", "release"])
        .code(0)
        .stderr_contains(") has release, yank of acme:clock already");
    // By the name of a key of the package.
    app.warg(&["revoke", "acme:clock", "bob", "release,annotate"])
        .code(0)
        .stderr_contains("     Revoked release, annotate of acme:clock from bob (");
    assert!(last_record(&sandbox).contains(&format!("\nrevoke {key} release\n")));
    publish("acme:clock@1.3.0").code(13);
    as_bob(&["unyank", "acme:clock@1.2.0", "--reason", "well"]).code(0);
    app.warg(&["revoke", "acme:clock", &key, "release"])
        .code(0)
        .stderr_contains("does not have release of acme:clock in `acme`");
    app.warg(&["revoke", "acme:clock", "bob", "yank"]).code(0);
    app.warg(&["revoke", "acme:clock", "bob", "yank"])
        .code(2)
        .stderr_contains("no key of `acme:clock` and none of yours is named `bob`")
        .stderr_contains("help: give its whole line");
    good(&app);
}

#[test]
fn the_last_owner_cannot_go_and_an_owner_can_do_everything() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["key", "new", "acme/dev"]).code(0);
    let before = files(&sandbox.join("acme-registry"));
    app.warg(&["revoke", "acme:clock", "acme/ci", "own"])
        .code(13)
        .stderr_contains(
            "key `acme/ci` is the last owner of `acme:clock`, and the last owner cannot go",
        )
        .stderr_contains(
            "help: give another key `own` first: `cargo warg grant acme:clock VKEY own`",
        );
    app.warg(&["revoke", "acme:clock", "acme/ci", "release"])
        .code(13)
        .stderr_contains("key `acme/ci` owns `acme:clock`, and who owns may `release` too");
    app.warg(&["grant", "acme:clock", "acme/dev", "everything"])
        .code(2)
        .stderr_contains("expected `own`, `release`, `yank` or `annotate`");
    app.warg(&["grant", "acme:clok", "acme/dev", "own"])
        .code(11)
        .stderr_contains("proved absent");
    app.warg(&["grant", "acme:clock", "nobody", "own"]).code(2);
    assert_eq!(files(&sandbox.join("acme-registry")), before);
    // Handing over.
    app.warg(&["grant", "acme:clock", "acme/dev", "own"])
        .code(0);
    app.warg(&["revoke", "acme:clock", "acme/ci", "own"])
        .code(0);
    app.warg(&["revoke", "acme:clock", "acme/dev", "own"])
        .code(13)
        .stderr_contains("last owner");
    app.warg(&["yank", "-v", "acme:clock@1.0.0", "--reason", "wrong"])
        .code(0)
        .stderr_contains("signed by `acme/dev`");
    good(&app);
}

#[test]
fn a_holder_of_the_namespace_can_take_a_package_over_for_everyone_to_see() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["key", "new", "acme/dev"]).code(0);
    app.warg(&["grant", "acme:clock", "acme/dev", "own"])
        .code(0);
    app.warg(&["revoke", "acme:clock", "acme/ci", "own"])
        .code(0);
    let grant = |permissions: &str, flags: &[&str]| {
        let line = [
            "grant",
            "acme:clock",
            "acme/ci",
            permissions,
            "--key",
            "acme/ci",
        ];
        app.warg(&[&line, flags].concat())
    };
    grant("own", &[])
        .code(13)
        .stderr_contains("key `acme/ci` may not give or take permissions of `acme:clock` in registry `acme`: `acme/dev` may")
        .stderr_contains("help: your key holds the namespace: `--recover`");
    grant("release", &["--recover"])
        .code(2)
        .stderr_contains("--recover gives `own` and nothing else");
    grant("own", &["--recover"])
        .code(0)
        .stderr_contains("in the name of the namespace's holder");
    assert!(last_record(&sandbox).contains(" own under operator 0 sha256:"));
    let line = [
        "grant",
        "acme:clock",
        "acme/ci",
        "own",
        "--recover",
        "--key",
        "acme/dev",
    ];
    app.warg(&line).code(0).stderr_contains("Unchanged");
    let key = vkey(&app, "acme/ci");
    app.warg(&["revoke", "acme:clock", &key, "own", "--key", "acme/dev"])
        .code(0);
    app.warg(&line)
        .code(13)
        .stderr_contains("key `acme/dev` does not hold the namespace `acme`");
    good(&app);
}

#[test]
fn a_note_is_about_a_package_or_a_release() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let annotate =
        |subject: &str, key: &str, value: &str| app.warg(&["annotate", subject, key, value]);
    annotate("acme:clock", "see-also", "https://acme.example/?a=b")
        .code(0)
        .stderr_contains("   Annotated acme:clock: see-also = https://acme.example/?a=b");
    assert!(last_record(&sandbox).contains("\nannotate * see-also https://acme.example/?a=b\n"));
    annotate("acme:clock@1.0.0", "audit.by", "Bob, twice").code(0);
    assert!(last_record(&sandbox).contains("\nannotate 1.0.0 audit.by Bob,%20twice\n"));
    annotate("acme:clock@1.0.0", "audit.by", "Bob, twice")
        .code(0)
        .stderr_contains("   Unchanged acme:clock@1.0.0 says so under `audit.by` already");
    annotate("acme:clock@1.0.0", "audit.by", "Alice").code(0);
    annotate("acme:clock@9.0.0", "audit.by", "Alice")
        .code(11)
        .stderr_contains("has no version 9.0.0");
    annotate("acme:clock", "Audit", "Alice")
        .code(2)
        .stderr_contains("lower-case words");
    annotate("acme:clock", "audit", "\u{202e}ecilA").code(2);
    annotate("acme:clok", "audit", "Alice").code(11);
    good(&app);
}

#[test]
fn each_change_is_a_document() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["key", "new", "bob"]).code(0);
    let yank = ["yank", "acme:clock@1.0.0", "--reason", "wrong"];
    let said = app.json(&[&yank[..], &["--dry-run"]].concat());
    assert_eq!(said["record"]["outcome"], "checked");
    assert_eq!(said["record"]["signer"], "acme/ci");
    let said = app.json(&yank);
    assert_eq!(said["reason"], "yank");
    assert_eq!(said["why"], "wrong");
    assert_eq!(said["record"]["outcome"], "recorded");
    assert_eq!(said["record"]["index"], 6);
    let said = app.json(&yank);
    assert_eq!(said["record"]["outcome"], "unchanged");
    assert!(said["record"]["index"].is_null());
    let said = app.json(&["unyank", "acme:clock@1.0.0", "--reason", "well"]);
    assert_eq!(said["reason"], "unyank");
    let said = app.json(&["grant", "acme:clock", "bob", "yank,release"]);
    assert_eq!(said["permissions"], serde_json::json!(["release", "yank"]));
    assert_eq!(said["recover"], false);
    let said = app.json(&["revoke", "acme:clock", "bob", "yank"]);
    assert_eq!(said["key"], vkey(&app, "bob").as_str());
    let said = app.json(&["annotate", "acme:clock", "see-also", "x"]);
    assert!(said["version"].is_null());
    let line = [
        "annotate",
        "acme:clok",
        "see-also",
        "x",
        "--message-format",
        "json",
    ];
    let said = app.warg(&line).code(11).document();
    assert_eq!(said["code"], 11);
}
