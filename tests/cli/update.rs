//! `cargo warg update`: what moves, what stays, and what is said of it.

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// On `acme:logger` 1.0.0, which needs `acme:clock`; `wit/` imports from `acme:http@1.0.0`, which needs `acme:io`.
fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write("wit/world.wit", WORLD);
    app.warg(&["lock"]).code(0);
    app
}

const WORLD: &str = "\
// Two comments, which stay: acme:http/types@1.0.0
package example:app@0.1.0;

world app {
\timport  acme:http/types@1.0.0; // trailing
  /* import acme:http/types@1.0.0; */ import acme:io/streams@1.0.1;
}
";

/// A logger 1.1.0 that needs clock 1.2 at least, and 2.0.0; a clock 1.2.0.
fn newer(registry: &mut Registry) {
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    for (version, clock) in [("1.1.0", "^1.2"), ("2.0.0", "^1.2")] {
        registry.component(
            "acme:logger",
            version,
            &[("acme:clock", clock)],
            &format!(
                "package acme:logger@{version};\ninterface api {{ log: func(line: string); }}\n\
                 world w {{ import acme:clock/now@1.0.0; export api; }}\n\
                 package acme:clock@1.0.0 {{ interface now {{ get: func() -> u64; }} }}\n"
            ),
        );
    }
}

fn newer_wit(registry: &mut Registry) {
    registry.wit_text(
        "acme:http",
        "1.2.0",
        &[("acme:io", "^1.1.0")],
        "package acme:http@1.2.0;\ninterface types { use acme:io/streams@1.1.0.{source}; get: func() -> source; }\n\
         package acme:io@1.1.0 { interface streams { type source = u32; } }\n",
    );
}

#[test]
fn everything_moves_that_may_and_what_is_newer_still_is_said() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    newer(&mut registry);
    let before = registry.snapshot(&app);
    app.warg(&["update", "--dry-run"])
        .code(0)
        .stderr_contains("    Updating acme:clock v1.1.0 -> v1.2.0\n")
        .stderr_contains("    Updating acme:logger v1.0.0 -> v1.1.0 (available: v2.0.0)\n")
        .stderr_contains("warning: not updating warg.lock due to dry run")
        .stderr_lacks("Locked");
    app.warg(&["update", "--locked"])
        .code(10)
        .stderr_contains("would change, and --locked was given")
        .stderr_contains("Updating acme:clock v1.1.0 -> v1.2.0");
    assert_eq!(registry.snapshot(&app), before);
    app.warg(&["update"])
        .code(0)
        .stderr_contains("Updating acme:clock v1.1.0 -> v1.2.0")
        .stderr_contains("Updating acme:logger v1.0.0 -> v1.1.0 (available: v2.0.0)")
        .stderr_contains("pass `--verbose` to see 1 unchanged package behind the latest");
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["update", "--locked"]).code(0);
    app.warg(&["update", "-v", "--offline"])
        .code(0)
        .stderr_contains("Unchanged acme:io v1.0.1 (available: v2.0.0)");
    app.warg(&["fetch", "--locked"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn what_is_named_moves_and_only_what_must_with_it() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    newer(&mut registry);
    registry.component("acme:clock", "1.3.0", &[], &story::clock("1.3.0"));
    app.warg(&["update", "acme:clock@2"])
        .code(2)
        .stderr_contains("`acme:clock@2` is not among the packages that are locked")
        .stderr_contains("of `acme:clock` is locked 1.1.0");
    app.warg(&["update", "acme:clock", "--dry-run"])
        .code(0)
        .stderr_contains("Updating acme:clock v1.1.0 -> v1.3.0")
        .stderr_lacks("Updating acme:logger");
    // Its new version needs more than what is locked; with --recursive that would go to its highest anyhow.
    app.warg(&["update", "acme:logger@1"])
        .code(0)
        .stderr_contains("Updating acme:logger v1.0.0 -> v1.1.0")
        .stderr_contains("Updating acme:clock v1.1.0 -> v1.3.0");
    app.warg(&["update", "acme:clock", "--precise", "1.2.0"])
        .code(0)
        .stderr_contains("Downgrading acme:clock v1.3.0 -> v1.2.0");
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["update", "acme:logger"])
        .code(0)
        .stderr_lacks("acme:clock v");
    app.warg(&["update", "acme:logger", "--recursive"])
        .code(0)
        .stderr_contains("Updating acme:clock v1.2.0 -> v1.3.0");
    app.warg(&["lock", "--locked"]).code(0);
    assert!(
        !app.read("warg.lock").contains("held"),
        "held is for published locks"
    );
}

#[test]
fn an_exact_version_is_refused_with_the_reason_where_it_cannot_be() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    newer(&mut registry);
    registry
        .world
        .yank("acme:clock", "1.0.0", "it stands still");
    let before = registry.snapshot(&app);
    app.warg(&["update", "acme:clock", "--precise", "1.0.5"])
        .code(11)
        .stderr_contains("`acme:clock` has no version 1.0.5")
        .stderr_contains("the newest usable ones are 1.2.0, 1.1.0");
    app.warg(&["update", "acme:clock", "--precise", "1.0.0"])
        .code(11)
        .stderr_contains("`acme:clock` 1.0.0 is yanked: it stands still");
    // A requirement that does not allow it is named, with its location.
    app.warg(&["update", "acme:logger", "--precise", "2.0.0"])
        .code(11)
        .stderr_contains("nothing that `app` depends on takes acme:logger 2.0.0")
        .stderr_contains("help: it is required as ^1.0 at Cargo.toml:");
    app.warg(&["update", "acme:http", "--precise", "1.2.0"])
        .code(11);
    app.warg(&["update", "acme:io", "acme:clock", "--precise", "1.1.0"])
        .code(11);
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn a_yanked_release_is_left_where_something_else_will_do_and_kept_where_nothing_does() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    registry.world.yank("acme:http", "1.0.0", "it leaks");
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    app.warg(&["update"])
        .code(0)
        .stderr_contains("warning: acme:http@1.0.0 is yanked: it leaks");
    let lock = app.read("warg.lock");
    assert!(lock.contains("wit acme:http@1.0.0"), "{lock}");
}

/// The components `acme:b` and `acme:c` with one release each, and what happens to them once both are locked: both are
/// yanked, and `acme:b` has another.
fn yanked_pair(sandbox: &Sandbox) -> (Registry, impl Fn(&mut Registry)) {
    let mut registry = Registry::new(sandbox, "acme", 1);
    let component = |name: &str| {
        format!(
            "package {name}@1.0.0;\ninterface api {{ f: func(); }}\nworld w {{ export api; }}\n"
        )
    };
    registry.component("acme:b", "1.1.0", &[], &component("acme:b"));
    registry.component("acme:c", "1.0.0", &[], &component("acme:c"));
    let then = move |registry: &mut Registry| {
        registry.component("acme:b", "1.2.0", &[], &component("acme:b"));
        registry.world.yank("acme:b", "1.1.0", "it leaks");
        registry.world.yank("acme:c", "1.0.0", "it is slow");
    };
    (registry, then)
}

#[test]
fn a_yanked_release_that_has_to_stay_keeps_no_other() {
    let sandbox = Sandbox::new();
    let (mut registry, then) = yanked_pair(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:b\" = \"1\"\n\"acme:c\" = \"=1.0.0\"\n",
    );
    app.warg(&["lock"]).code(0);
    then(&mut registry);
    let said = app.warg(&["outdated"]).code(0);
    let line = said.stdout.lines().find(|line| line.contains("acme:b"));
    let versions: Vec<_> = line.unwrap().split_whitespace().skip(2).collect();
    assert_eq!(versions, ["1.1.0", "(yanked)", "1.2.0", "1.2.0"]);
    app.warg(&["update"])
        .code(0)
        .stderr_contains("Updating acme:b v1.1.0 -> v1.2.0")
        .stderr_contains("warning: acme:c@1.0.0 is yanked: it is slow")
        .stderr_lacks("it leaks");
    app.warg(&["lock", "--locked"]).code(0);
}

#[test]
fn a_yanked_release_that_something_locked_has_to_have_keeps_no_other() {
    let sandbox = Sandbox::new();
    let (mut registry, then) = yanked_pair(&sandbox);
    for (name, requires) in [("acme:on-b", "acme:b"), ("acme:on-c", "acme:c")] {
        let text = format!(
            "package {name}@1.0.0;\ninterface api {{ f: func(); }}\nworld w {{ export api; }}\n"
        );
        registry.component(name, "1.0.0", &[(requires, "^1.0")], &text);
    }
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:on-b\" = \"1\"\n\"acme:on-c\" = \"1\"\n",
    );
    app.warg(&["lock"]).code(0);
    then(&mut registry);
    app.warg(&["update"])
        .code(0)
        .stderr_contains("Updating acme:b v1.1.0 -> v1.2.0")
        .stderr_contains("warning: acme:c@1.0.0 is yanked: it is slow")
        .stderr_lacks("it leaks");
}

#[test]
fn a_member_that_has_to_keep_a_yanked_release_has_no_other_keep_one() {
    let sandbox = Sandbox::new();
    let (mut registry, then) = yanked_pair(&sandbox);
    let work = sandbox.virtual_workspace("work", &["k", "m"]);
    work.append_to_manifest(&registry.configure(&work));
    for (member, on) in [
        ("k", "\"acme:c\" = \"=1.0.0\""),
        ("m", "\"acme:b\" = \"1\""),
    ] {
        let path = format!("{member}/Cargo.toml");
        let manifest = work.read(&path);
        work.write(
            &path,
            format!("{manifest}[package.metadata.warg.dependencies]\n{on}\n"),
        );
    }
    work.warg(&["lock"]).code(0);
    then(&mut registry);
    work.warg(&["update"])
        .code(0)
        .stderr_contains("Updating acme:b v1.1.0 -> v1.2.0")
        .stderr_lacks("it leaks");
}

#[test]
fn of_many_yanked_releases_only_those_stay_that_have_to() {
    let sandbox = Sandbox::new();
    let mut registry = Registry::new(&sandbox, "acme", 1);
    let names: Vec<_> = (0..24).map(|number| format!("acme:p{number}")).collect();
    let text = |name: &String| {
        format!(
            "package {name}@1.0.0;\ninterface api {{ f: func(); }}\nworld w {{ export api; }}\n"
        )
    };
    for name in &names {
        registry.component(name, "1.0.0", &[], &text(name));
    }
    let requires = names.iter().map(|name| format!("\"{name}\" = \"1\"\n"));
    let requires: String = requires.collect();
    let table = format!("[package.metadata.warg.dependencies]\n{requires}");
    let app = registry.app(&sandbox, "app", &table);
    app.warg(&["lock"]).code(0);
    for name in &names {
        registry.world.yank(name, "1.0.0", "it leaks");
    }
    let others = || names.iter().step_by(2);
    for name in others() {
        registry.component(name, "1.1.0", &[], &text(name));
    }
    let mut updated = app.warg(&["update"]).code(0);
    for name in others() {
        updated = updated.stderr_contains(&format!("Updating {name} v1.0.0 -> v1.1.0"));
    }
}

#[test]
fn pins_hold_back_and_with_the_flag_the_texts_change_and_nothing_else_in_them() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    newer_wit(&mut registry);
    let before = registry.snapshot(&app);
    app.warg(&["update"])
        .code(0)
        .stderr_contains("note: 2 versions in wit/ hold back newer ones, as acme:http@1.0.0, and 1.2.0 is there\n")
        .stderr_contains("--> wit/world.wit:5:")
        .stderr_contains("help: pass `--pins` to change them");
    app.warg(&["update", "--pins", "--dry-run"])
        .code(0)
        .stderr_contains("    Changing wit/world.wit:5 acme:http@1.0.0 -> 1.2.0\n")
        .stderr_contains("    Changing wit/world.wit:6 acme:io@1.0.1 -> 1.1.0\n")
        .stderr_contains("Updating acme:http v1.0.0 -> v1.2.0")
        .stderr_contains("not updating warg.lock or wit/ due to dry run");
    app.warg(&["update", "--pins", "--locked"]).code(10);
    let texts =
        |snapshot: &story::Snapshot| snapshot[0][std::path::Path::new("wit/world.wit")].clone();
    assert_eq!(texts(&registry.snapshot(&app)), texts(&before));

    // http 1.2.0 needs io 1.1.0, which the text pins lower: it cannot move alone.
    app.warg(&["update", "acme:http", "--pins"])
        .code(0)
        .stderr_lacks("Changing");
    assert_eq!(app.read("wit/world.wit"), WORLD);

    app.warg(&["update", "--pins"])
        .code(0)
        .stderr_contains("Changing wit/world.wit:5 acme:http@1.0.0 -> 1.2.0")
        .stderr_contains("Updating acme:io v1.0.1 -> v1.1.0")
        .stderr_contains("`cargo warg fetch` brings what is locked here")
        .stderr_lacks("run `cargo warg fetch`");
    let expected = WORLD
        .replace(
            "import  acme:http/types@1.0.0;",
            "import  acme:http/types@1.2.0;",
        )
        .replace(
            "import acme:io/streams@1.0.1;",
            "import acme:io/streams@1.1.0;",
        );
    assert_eq!(app.read("wit/world.wit"), expected);
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["fetch", "--locked"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn an_exact_version_moves_a_pin_to_it_even_to_another_track() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.write(
        "wit/world.wit",
        WORLD.replace("acme:http/types@1.0.0; // ", "test:other/other@1.0.0; // "),
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["update", "acme:io", "--precise", "2.0.0"])
        .code(11)
        .stderr_contains("nothing that `app` depends on takes acme:io 2.0.0")
        .stderr_contains("help: it is required as =1.0.1 at wit/world.wit:6:");
    app.warg(&["update", "acme:io", "--precise", "2.0.0", "--pins"])
        .code(0)
        .stderr_contains("Changing wit/world.wit:6 acme:io@1.0.1 -> 2.0.0")
        .stderr_contains("Updating acme:io v1.0.1 -> v2.0.0");
    app.warg(&["lock", "--locked"]).code(0);
}

#[test]
fn with_locked_a_newer_checkpoint_is_not_written_either() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    registry.wit("test:other", "1.1.0", &[], "interface other {}\n");
    let lock = app.read("warg.lock");
    app.warg(&["update", "--locked"]).code(0);
    assert_eq!(app.read("warg.lock"), lock);
    app.warg(&["update"]).code(0);
    assert_ne!(app.read("warg.lock"), lock);
}

#[test]
fn a_local_package_that_is_gone_makes_no_yanked_release_good() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.world.yank("acme:io", "1.0.1", "it leaks");
    let io = sandbox.folder_project("io");
    io.write("io.wit", format!("package acme:io@1.0.1;\n{}", story::IO));
    let work = sandbox.virtual_workspace("work", &["one", "two"]);
    work.append_to_manifest(&registry.configure(&work));
    let plain = work.read("one/Cargo.toml");
    let on = |io: &str| {
        let table = format!("[package.metadata.warg.wit-dependencies]\n\"acme:io\" = {io}\n");
        work.write("one/Cargo.toml", format!("{plain}{table}"));
    };
    on("{ path = \"../../io\", version = \"1\" }");
    work.warg(&["lock"]).code(0);
    let lock = work.read("warg.lock");
    on("\"1\"");
    for command in [&["lock", "-p", "two"][..], &["update"]] {
        work.write("warg.lock", &lock);
        work.warg(command).code(0).stderr_lacks("yanked");
        let lock = work.read("warg.lock");
        assert!(lock.contains("wit acme:io@1.0.0"), "{lock}");
    }
}

#[test]
fn p_says_whose_lock_may_move() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let work = sandbox.virtual_workspace("work", &["one", "two"]);
    work.append_to_manifest(&registry.configure(&work));
    for member in ["one", "two"] {
        let manifest = work.read(&format!("{member}/Cargo.toml"));
        work.write(
            &format!("{member}/Cargo.toml"),
            format!("{manifest}[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n"),
        );
    }
    work.warg(&["lock"]).code(0);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    work.warg(&["update", "-p", "two"])
        .code(0)
        .stderr_contains("Adding acme:clock v1.2.0");
    let lock = work.read("warg.lock");
    assert!(
        lock.contains("acme:clock@1.1.0") && lock.contains("acme:clock@1.2.0"),
        "{lock}"
    );
    work.warg(&["update", "acme:clock@1", "-p", "two", "--precise", "1.0.0"])
        .code(0);
    work.warg(&["update", "acme:clock"])
        .code(0)
        .stderr_contains("acme:clock");
    let lock = work.read("warg.lock");
    assert!(
        !lock.contains("acme:clock@1.1.0") && lock.contains("acme:clock@1.2.0"),
        "{lock}"
    );
}

#[test]
fn as_json_it_says_what_moved_and_what_holds() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    newer(&mut registry);
    newer_wit(&mut registry);
    let dry = app.json(&["update", "--dry-run"]);
    assert_eq!(dry["dry-run"], true);
    assert_eq!(dry["lock"]["written"], false);
    let updated = app.json(&["update"]);
    assert_eq!(updated["lock"]["written"], true);
    assert_eq!(updated["lock"]["changes"], dry["lock"]["changes"]);
    assert_eq!(updated["lock"]["changes"][0]["after"], "1.2.0");
    assert_eq!(updated["held"][0]["name"], "acme:http");
    assert_eq!(updated["held"][0]["available"], "1.2.0");
    assert!(
        updated["behind"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == "acme:logger")
    );
    let moved = app.json(&["update", "--pins"]);
    assert_eq!(moved["pins"][0]["file"], "wit/world.wit");
    assert_eq!(moved["pins"][0]["line"], 5);
    assert_eq!(moved["pins"][0]["after"], "1.2.0");
}

#[test]
fn what_keeps_a_yanked_release_from_being_kept_is_told_as_what_it_is() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component(
        "acme:wall",
        "1.0.0",
        &[("acme:clock", "^1.0")],
        "package acme:wall@1.0.0;\nworld w {}\n",
    );
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:wall\" = \"1\"\n",
    );
    app.warg(&["lock"]).code(0);
    registry.world.yank("acme:wall", "1.0.0", "it is crooked");
    app.warg(&["update"]).code(0);
    std::fs::remove_dir_all(registry.folder.join("package/acme/clock")).unwrap();
    app.with_home(sandbox.join("fresh"))
        .warg(&["update"])
        .code(12)
        .stderr_contains("acme/clock/");
}

/// Hosts have worlds of several versions beside each other: what is named moves, and no other pin does.
#[test]
fn pins_of_one_track_move_together_or_each_by_itself_as_they_are_named() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.wit("acme:io", "1.2.0", &[], story::IO);
    let app = registry.app(&sandbox, "app", "");
    let text = |pins: [&str; 3]| {
        let worlds = ["a", "b", "c"].iter().zip(pins);
        let worlds = worlds
            .map(|(world, pin)| format!("world {world} {{ import acme:io/streams@{pin}; }}\n"));
        format!("package example:app@0.1.0;\n{}", worlds.collect::<String>())
    };
    for (pins, arguments, moved) in [
        (
            ["1.0.0", "1.0.1", "1.0.1"],
            &["update", "acme:io", "--precise", "1.1.0", "--pins"][..],
            ["1.1.0", "1.1.0", "1.1.0"],
        ),
        (
            ["1.0.0", "1.0.1", "1.1.0"],
            &["update", "acme:io@1.0.1", "--precise", "1.1.0", "--pins"],
            ["1.0.0", "1.1.0", "1.1.0"],
        ),
        (
            ["1.0.0", "1.0.1", "1.1.0"],
            &["update", "acme:io@1.0.1", "--pins"],
            ["1.0.0", "1.1.0", "1.1.0"],
        ),
        (
            ["1.0.0", "1.0.1", "1.1.0"],
            &["update", "acme:io@1", "--pins"],
            ["1.2.0", "1.2.0", "1.2.0"],
        ),
    ] {
        app.write("wit/world.wit", text(pins));
        app.warg(&["lock"]).code(0);
        app.warg(arguments).code(0);
        assert_eq!(app.read("wit/world.wit"), text(moved), "{arguments:?}");
        app.warg(&["lock", "--locked"]).code(0);
    }
    // The text was changed since it was locked: what is named moves all the same.
    app.write("wit/world.wit", text(["1.0.0"; 3]));
    app.warg(&["lock"]).code(0);
    app.write("wit/world.wit", text(["1.0.1"; 3]));
    app.warg(&["update", "acme:io", "--precise", "1.1.0", "--pins"])
        .code(0);
    assert_eq!(app.read("wit/world.wit"), text(["1.1.0"; 3]));
}

/// A world may import one interface at two versions, but not at one twice.
#[test]
fn pins_that_would_become_one_import_of_a_world_stay_and_their_lines_are_told() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.wit("acme:io", "1.2.0", &[], story::IO);
    let app = registry.app(&sandbox, "app", "");
    let text = "package example:app@0.1.0;
world both {
  import acme:io/streams@1.0.0;
  import acme:io/streams@1.0.1;
}
world other { import acme:http/types@1.0.0; }
";
    app.write("wit/world.wit", text);
    app.warg(&["lock"]).code(0);
    app.warg(&["update", "--pins"])
        .code(0)
        .stderr_contains(
            "warning: acme:io stays at 1.0.0 and 1.0.1 in wit/ of `app`: a world names one",
        )
        .stderr_contains("--> wit/world.wit:3:18\n")
        .stderr_contains("\n4 |   import acme:io/streams@1.0.1;\n")
        .stderr_contains("remove all of these lines but one");
    assert!(
        app.read("wit/world.wit")
            .starts_with(text.split("world other").next().unwrap())
    );
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["fetch"]).code(0);
}
