//! How to solve: by flags, by Cargo.toml, as the lock remembers it, and by which clock.

use crate::story::{self, Registry, clock};
use crate::support::{Project, Sandbox};

const DAY: u64 = 24 * 60 * 60;

fn clock_app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
    registry.app(sandbox, "app", on)
}

/// The version of `acme:clock` that is locked.
fn locked(app: &Project) -> String {
    let lock = app.read("warg.lock");
    let (_, rest) = lock.split_once("\"component acme:clock@").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn flags_hold_for_one_run_and_cargo_toml_for_all() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = clock_app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let plain = app.read("warg.lock");
    assert_eq!(locked(&app), "1.1.0");
    // Another mode does not prefer what was locked: its answer is that of a project that never had a lock.
    app.warg(&["lock", "--resolution", "lowest"]).code(0);
    assert_eq!(locked(&app), "1.0.0");
    assert!(
        app.read("warg.lock")
            .contains("\nresolution = \"lowest\"\n\n")
    );
    for command in [
        &["lock", "--locked"][..],
        &["fetch", "--locked"],
        &["verify"],
    ] {
        app.warg(command)
            .code(10)
            .stderr_contains(
                "the lock was solved with resolution `lowest`, and `default` is asked for",
            )
            .stderr_contains("help: what flags say holds for one run");
        let again = [command, &["--resolution", "lowest"]].concat();
        app.warg(&again).code(0);
    }
    app.warg(&["lock"]).code(0);
    assert_eq!(app.read("warg.lock"), plain);

    app.append_to_manifest(
        "[workspace.metadata.warg.exclude-newer-package]\n\"acme:clock\" = false\n",
    );
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "default-registry",
            "resolution = \"lowest-direct\"\ndefault-registry",
        ),
    );
    app.warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains("and `lowest-direct` is asked for")
        .stderr_contains(
            "the `exclude-newer` of `acme:clock` in the lock is none, and `false` is asked for",
        );
    app.warg(&["lock"]).code(0);
    assert_eq!(locked(&app), "1.0.0");
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["lock", "--locked", "--resolution", "highest"])
        .code(10)
        .stderr_contains("resolution `lowest-direct`, and `highest` is asked for");
    app.warg(&["lock", "--resolution", "default"]).code(0);
    assert_eq!(locked(&app), "1.1.0");
    let lock = app.read("warg.lock");
    assert!(
        lock.contains("\n[options.exclude-newer-package]\n\"acme:clock\" = false\n"),
        "{lock}"
    );
    assert!(!lock.contains("resolution"), "{lock}");
    app.warg(&["add", "acme:logger", "--resolution", "default"])
        .code(0);
}

#[test]
fn what_is_too_new_is_left_aside_up_to_a_time_and_messages_say_when_it_was_released() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 1);
    registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
    let first = registry.world.now();
    registry.world.wait(10 * DAY);
    registry.component("acme:clock", "1.1.0", &[], &clock("1.1.0"));
    let second = registry.world.now();
    let app = clock_app(&sandbox, &registry);
    for (cutoff, version) in [(second, "1.1.0"), (first, "1.0.0")] {
        app.warg(&["lock", "--exclude-newer", &cutoff.to_string()])
            .code(0);
        assert_eq!(locked(&app), version);
        let lock = app.read("warg.lock");
        assert!(
            lock.contains(&format!("exclude-newer = \"{cutoff}\"\n")),
            "{lock}"
        );
        app.warg(&["lock", "--locked"])
            .code(10)
            .stderr_contains(&format!(
                "the `exclude-newer` of the lock is `{cutoff}`, and none is asked for"
            ));
    }
    // A time of TOML's own says the same, and a date means its whole day.
    let date = &first.to_string()[..10];
    let with = |value: &str| {
        let project = sandbox.cargo_project("dated", "");
        let configure = registry.configure(&project);
        let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
        let key = format!("exclude-newer = {value}\ndefault-registry");
        project.append_to_manifest(&(on.to_owned() + &configure.replace("default-registry", &key)));
        project
    };
    let mut locks = Vec::new();
    for value in [
        date.to_owned(),
        format!("\"{date}\""),
        format!("\"{date}T23:59:59Z\""),
    ] {
        let project = with(&value);
        project.warg(&["lock"]).code(0);
        assert_eq!(locked(&project), "1.0.0");
        locks.push(project.read("warg.lock"));
    }
    assert!(locks.iter().all(|lock| *lock == locks[0]), "{locks:?}");

    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace("\"acme:clock\" = \"1\"", "\"acme:clock\" = \"1.1\""),
    );
    app.warg(&["lock", "--exclude-newer", &first.to_string()])
        .code(11)
        .stderr_contains("acme:clock")
        .stderr_contains(&second.to_string());
    app.warg(&["lock", "--exclude-newer", "yesterday"])
        .code(2)
        .stderr_contains("`yesterday` is no date, time or span");
    app.warg(&["lock", "--exclude-newer-package", "acme:clock"])
        .code(2);
    app.warg(&["lock", "--resolution", "newest"])
        .code(2)
        .stderr_contains("lowest-direct");
    for (value, says) in [
        ("\"soon\"", "`soon` is no date, time or span"),
        (
            "14",
            "`exclude-newer` must be a date, a time, a span such as \"14d\", or false",
        ),
        ("true", "`exclude-newer` must be"),
    ] {
        with(value)
            .warg(&["lock"])
            .code(101)
            .stderr_contains("Cargo.toml:")
            .stderr_contains(says);
    }
}

#[test]
fn a_span_counts_from_the_checkpoint_and_never_puts_a_time_into_the_lock() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 1);
    registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
    registry.world.wait(10 * DAY);
    registry.component("acme:clock", "1.1.0", &[], &clock("1.1.0"));
    let app = clock_app(&sandbox, &registry);
    app.append_to_manifest("");
    let manifest = app.read("Cargo.toml");
    let with_span = manifest.replace(
        "default-registry",
        "exclude-newer = \"1w\"\ndefault-registry",
    );
    app.write("Cargo.toml", &with_span);
    app.warg(&["lock"]).code(0);
    assert_eq!(locked(&app), "1.0.0", "1.1.0 is as new as the checkpoint");
    let lock = app.read("warg.lock");
    assert!(lock.contains("\nexclude-newer = \"7d\"\n"), "{lock}");
    assert!(!lock.contains("2026"), "{lock}");
    app.warg(&["fetch", "--locked"]).code(0);
    app.warg(&["verify", "--offline"]).code(0);

    // However much time passes, a lock that is up to date stays as it is.
    registry.world.wait(8 * DAY);
    registry.component(
        "acme:other",
        "1.0.0",
        &[],
        &clock("1.0.0").replace("acme:clock", "acme:other"),
    );
    app.warg(&["lock"]).code(0).stderr_contains("Up to date");
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["verify"]).code(0);
    assert_eq!(app.read("warg.lock"), lock);
    // Solved afresh at the checkpoint of now, 1.1.0 is old enough; twice gives the same bytes.
    let mut afresh = Vec::new();
    for _ in 0..2 {
        std::fs::remove_file(app.path().join("warg.lock")).unwrap();
        app.warg(&["lock"]).code(0);
        assert_eq!(locked(&app), "1.1.0");
        afresh.push(app.read("warg.lock"));
    }
    assert_eq!(afresh[0], afresh[1]);
    assert!(!afresh[0].contains("2026"), "{}", afresh[0]);

    // A package's own says more or less, whatever holds for the others.
    app.warg(&["lock", "--exclude-newer-package", "acme:clock=300d"])
        .code(11)
        .stderr_contains("acme:clock");
    app.warg(&[
        "lock",
        "--exclude-newer",
        "300d",
        "--exclude-newer-package",
        "acme:clock=8d",
    ])
    .code(0);
    assert_eq!(locked(&app), "1.1.0");
    app.warg(&[
        "lock",
        "--exclude-newer",
        "300d",
        "--exclude-newer-package",
        "acme:clock=false",
    ])
    .code(0);
    assert_eq!(locked(&app), "1.1.0");
    app.warg(&["lock", "--exclude-newer", "300d"]).code(11);
}

#[test]
fn a_lock_that_has_what_its_own_exclude_newer_leaves_aside_is_refused() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 1);
    registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
    let first = registry.world.now();
    registry.world.wait(10 * DAY);
    registry.component("acme:clock", "1.1.0", &[], &clock("1.1.0"));
    let app = clock_app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let lock = app.read("warg.lock");
    let manifest = app.read("Cargo.toml");
    for cutoff in ["7d", &first.to_string()] {
        let key = format!("exclude-newer = \"{cutoff}\"\n");
        let with = format!("{key}default-registry");
        app.write("Cargo.toml", manifest.replace("default-registry", &with));
        // Written by hand into a lock of a newer release.
        let with = format!("{key}\n[[registry]]");
        let edited = lock.replacen("[[registry]]", &with, 1);
        let edited = edited.replacen("\n\nexclude-newer", "\nexclude-newer", 1);
        app.write("warg.lock", &edited);
        app.warg(&["lock", "--locked"]).code(0);
        for command in [&["verify"][..], &["fetch", "--locked"]] {
            app.warg(command)
                .code(13)
                .stderr_contains("the lock says `exclude-newer`")
                .stderr_contains("but has component acme:clock@1.1.0, which was released at");
        }
    }
}
