//! A registry that was written to with a wrong clock, and the way back, through the program alone.

use crate::support::{Project, Said, Sandbox};

const RIGHT: &str = "2026-12-01T12:00:00Z";
const FAST: &str = "2036-12-01T12:00:00Z";
const NEXT: &str = "2026-12-01T13:00:00Z";
const LATER: &str = "2026-12-20T13:00:00Z";

fn at(project: &Project, time: &str, arguments: &[&str]) -> Said {
    project.warg_with(&[("__CARGO_WARG_TEST_CLOCK", time)], arguments)
}

fn write(project: &Project, version: &str) {
    let text = format!("package acme:a@{version};\ninterface i {{}}\n");
    project.write("a/a.wit", text);
}

/// A project with the keys of a new registry beside it.
fn with_registry(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    at(&app, RIGHT, &["key", "new", "acme/ci"]).code(0);
    let made = [
        "registry",
        "new",
        "../r",
        "--name",
        "r",
        "--namespace",
        "acme=acme/ci",
    ];
    at(&app, RIGHT, &made).code(0);
    app
}

#[test]
fn a_registry_with_one_publish_of_ten_years_ahead_is_usable_again() {
    let sandbox = Sandbox::new();
    let app = with_registry(&sandbox);
    write(&app, "1.0.0");
    at(&app, RIGHT, &["publish", "a"]).code(0);

    // A fast clock looks like a registry that was idle: the signer is asked.
    write(&app, "1.1.0");
    at(&app, FAST, &["publish", "a"])
        .code(2)
        .stderr_contains(
            "is of 2026-12-01T12:00:00Z, more than 30 days before 2036-12-01T12:00:00Z",
        )
        .stderr_contains("--yes");
    at(&app, FAST, &["publish", "a", "--yes"]).code(0);

    // Whoever has the right time is told both, whatever he does.
    write(&app, "1.2.0");
    let stranger = app.with_home(sandbox.join("stranger"));
    let dependency = ["add", "acme:a@=1.1.0"];
    for (who, command) in [
        (&stranger, &dependency[..]),
        (&app, &dependency[..]),
        (&app, &["publish", "a"][..]),
        (&app, &["yank", "acme:a@1.1.0", "--reason", "x"][..]),
        (&app, &["registry", "check", "r"][..]),
    ] {
        at(who, NEXT, command)
            .code(13)
            .stderr_contains("is of 2036-12-01T12:00:00Z, but the clock of this machine says 2026-12-01T13:00:00Z")
            .stderr_contains("cargo warg registry clock");
    }

    // Only a time that was right can be named, and only by the operator.
    for wrong in ["2026-12-02T00:00:00Z", "2036-12-31T00:00:00Z"] {
        at(&app, NEXT, &["registry", "clock", "r", wrong]).code(2);
    }
    at(
        &app,
        NEXT,
        &["registry", "clock", "r", "1990-12-01T00:00:00Z"],
    )
    .code(2)
    .stderr_contains("the last time that was right is to be 1990-12-01T00:00:00Z, more than");
    at(&stranger, NEXT, &["registry", "clock", "r", RIGHT])
        .code(13)
        .stderr_contains("the operate key of registry `r` is not among your keys");
    at(&app, NEXT, &["registry", "clock", "r", RIGHT])
        .code(0)
        .stderr_contains("times later than 2026-12-01T12:00:00Z before entry");

    at(&app, NEXT, &["publish", "a"]).code(0);
    at(&app, NEXT, &["registry", "check", "r"]).code(0);
    // No cooldown hides what the fast clock dated: it counts as of the last right time.
    write(&app, "1.3.0");
    at(&app, LATER, &["publish", "a"]).code(0);
    for who in [&stranger, &app] {
        let wanted = ["add", "acme:a@=1.1.0", "--exclude-newer", "14d"];
        at(who, LATER, &wanted).code(0);
        at(who, LATER, &["verify", "--exclude-newer", "14d"]).code(0);
    }
}

#[test]
fn a_lock_whose_span_counted_from_a_wrong_time_stays_good() {
    let sandbox = Sandbox::new();
    let app = with_registry(&sandbox);
    let (old_enough, wrong, right) = (
        "2026-12-11T12:00:00Z",
        "2026-12-30T12:00:00Z",
        "2026-12-21T12:00:00Z",
    );
    for (version, time) in [("1.0.0", RIGHT), ("1.1.0", old_enough), ("1.2.0", wrong)] {
        write(&app, version);
        at(&app, time, &["publish", "a"]).code(0);
    }
    let span = ["--exclude-newer", "14d"];
    at(
        &app,
        wrong,
        &[&["add", "acme:a@=1.1.0"], &span[..]].concat(),
    )
    .code(0);
    at(&app, right, &["registry", "clock", "r", right]).code(0);
    // Counted from now, 1.1.0 is too new; the lock is as honest as it was.
    for command in [
        &["lock", "--locked"][..],
        &["fetch", "--locked"],
        &["verify"],
    ] {
        at(&app, right, &[command, &span[..]].concat()).code(0);
    }
    at(&app, right, &[&["update"], &span[..]].concat())
        .code(11)
        .stderr_contains("1.1.0");
}

/// git takes the registry's lines of one side and a package of the other, where their lines lie apart.
#[test]
fn a_merge_across_a_clock_is_not_taken_for_an_edit_alone() {
    let sandbox = Sandbox::new();
    let app = with_registry(&sandbox);
    let (old_enough, wrong, right) = (
        "2026-12-11T12:00:00Z",
        "2026-12-30T12:00:00Z",
        "2026-12-21T12:00:00Z",
    );
    for (version, time) in [("1.0.0", RIGHT), ("1.1.0", old_enough), ("1.2.0", wrong)] {
        write(&app, version);
        at(&app, time, &["publish", "a"]).code(0);
    }
    let span = ["--exclude-newer", "14d"];
    let run = |time: &str, command: &[&str]| at(&app, time, &[command, &span[..]].concat());
    let pristine = app.read("Cargo.toml");
    run(wrong, &["add", "acme:a@=1.1.0"]).code(0);
    let (manifest, ours) = (app.read("Cargo.toml"), app.read("warg.lock"));
    at(&app, right, &["registry", "clock", "r", right]).code(0);
    app.write("Cargo.toml", pristine);
    std::fs::remove_file(app.path().join("warg.lock")).unwrap();
    run(right, &["add", "acme:a@=1.0.0"]).code(0);
    let theirs = app.read("warg.lock");
    let registry = |lock: &str| {
        let from = lock.find("[[registry]]").unwrap();
        lock[from..lock.find("[[root]]").unwrap()].to_owned()
    };
    app.write("Cargo.toml", manifest);
    app.write(
        "warg.lock",
        ours.replace(&registry(&ours), &registry(&theirs)),
    );
    run(right, &["lock", "--locked"]).code(0);
    run(right, &["verify"])
        .code(13)
        .stderr_contains("but has wit acme:a@1.1.0, which was released at 2026-12-11T12:00:00Z")
        .stderr_contains("two locks of before and after that, merged, may say this")
        .stderr_contains("`cargo warg update acme:a` moves off it");
}
