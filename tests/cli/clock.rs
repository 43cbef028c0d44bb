//! A registry that was written to with a wrong clock, and the way back, through the program alone.

use transparency::number::{Index, Time};
use transparency::operator::Action;
use transparency::tile::Part;

use crate::story::{IO, Registry};
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

#[test]
fn a_mirror_that_moves_a_clock_makes_no_release_seem_younger() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 1);
    registry.wit("acme:a", "1.0.0", &[], IO);
    let right = registry.world.now();
    registry.world.wait(365 * 24 * 60 * 60);
    registry.wit("acme:a", "1.1.0", &[], IO);
    registry
        .world
        .set_clock(Time::from_unix(right.unix() + 60).unwrap());
    registry.world.operate(vec![Action::Clock(right)]);
    registry.world.wait(30 * 24 * 60 * 60);
    registry.wit("acme:b", "1.0.0", &[], IO);
    registry.world.operate(vec![Action::Refresh(60)]);
    let now = registry.world.now().to_string();
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.wit-dependencies]\n\"acme:a\" = \"1\"\n",
    );
    let newest = ["lock", "--exclude-newer", "14d", "--resolution", "highest"];
    at(&app, &now, &newest).code(0);
    let honest = app.read("warg.lock");
    assert!(honest.contains("wit acme:a@1.1.0"), "{honest}");

    // No key is used: the operator's file says that the clock lies before the release which it takes back.
    let path = registry.folder.join("operator/000.p/3");
    let file = std::fs::read(&path).unwrap();
    let part = Part::new(0, 3).unwrap();
    let mut records = part.parse_records(&file).unwrap();
    records[1].0 = Index::new(1);
    std::fs::write(&path, part.print_records(&records).unwrap()).unwrap();
    std::fs::remove_file(app.path().join("warg.lock")).unwrap();
    let stranger = app.with_home(sandbox.join("stranger"));
    at(&stranger, &now, &newest)
        .code(13)
        .stderr_contains("entry 1 of the log is not proved to be the record");
    at(&stranger, &now, &["info", "acme:a"]).code(13);
    assert!(!app.has("warg.lock"));

    // What it left in the cache changes nothing once the mirror is honest again.
    std::fs::write(&path, file).unwrap();
    at(&stranger, &now, &newest).code(0);
    assert_eq!(app.read("warg.lock"), honest);
    let span = ["--exclude-newer", "14d", "--resolution", "highest"];
    at(&stranger, &now, &[&["verify"], &span[..]].concat()).code(0);
    at(&app, &now, &[&["fetch"], &span[..]].concat()).code(0);
}
