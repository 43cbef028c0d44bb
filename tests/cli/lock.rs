//! `cargo warg lock`: what it writes, what it leaves alone, and why it finds a lock stale.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use resolver::lockfile::MAX_LOCK;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox, files};

/// What a lock says a member selects, without kinds.
fn selects(project: &Project, member: &str) -> Vec<String> {
    let lock = project.read("warg.lock");
    let (_, rest) = lock
        .split_once(&format!("[[root]]\nname = \"{member}\"\n"))
        .unwrap_or_else(|| panic!("no root `{member}` in {lock}"));
    let rest = rest.split("\n\n").next().unwrap();
    let (_, rest) = rest.split_once("selects = [").unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    list.lines()
        .filter_map(|line| {
            line.trim()
                .trim_end_matches(',')
                .strip_prefix('"')?
                .strip_suffix('"')
        })
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

/// A project that depends on `acme:logger`, and whose `wit/` imports `acme:http@1.0.0`.
fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write("wit/world.wit", world("import acme:http/types@1.0.0;"));
    app
}

fn world(items: &str) -> String {
    format!("package example:app@0.1.0;\n\nworld app {{\n  {items}\n}}\n")
}

#[test]
fn a_lock_is_written_once_and_a_second_run_touches_nothing() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding acme:logger v1.0.0")
        .stderr_contains("Adding acme:clock v1.1.0")
        .stderr_lacks("Proved")
        .stderr_contains("Locked 4 packages in warg.lock");
    // Components at their highest, WIT at its lowest.
    let expected = [
        "acme:clock@1.1.0",
        "acme:logger@1.0.0",
        "acme:http@1.0.0",
        "acme:io@1.0.1",
    ];
    assert_eq!(selects(&app, "app"), expected);
    let file = app.path().join("warg.lock");
    let long_ago =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Up to date warg.lock, 4 packages");
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["lock", "--check"]).code(0);
    app.warg(&["lock", "--offline"]).code(0);
    app.warg(&["lock", "--frozen"]).code(0);
    assert_eq!(registry.snapshot(&app), before);
    assert_eq!(
        fs::metadata(&file).unwrap().modified().unwrap(),
        long_ago,
        "it was written again"
    );
}

#[test]
fn a_newer_release_does_not_move_a_lock_and_the_checkpoint_stays() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let lock = app.read("warg.lock");
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    app.warg(&["lock"]).code(0).stderr_contains("Up to date");
    assert_eq!(app.read("warg.lock"), lock);
}

#[test]
fn an_unrelated_dependency_changes_its_own_closure_and_the_checkpoint_only() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let before = app.read("warg.lock");
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    app.append_to_manifest(
        "[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding test:other v1.0.0")
        .stderr_lacks("acme:clock 1");
    let after = app.read("warg.lock");
    let gone: Vec<_> = before
        .lines()
        .filter(|line| !after.contains(line))
        .collect();
    for line in &gone {
        let word = line.split(' ').next().unwrap();
        assert!(
            ["size", "root", "checkpoint"].contains(&word),
            "`{line}` is gone: {gone:?}"
        );
    }
    let new: Vec<_> = after
        .lines()
        .filter(|line| !before.contains(line))
        .collect();
    let about_other = |line: &&&str| {
        line.contains("test:other")
            || ["size", "root", "checkpoint", "digest", "record", "index"]
                .contains(&line.split(' ').next().unwrap())
    };
    assert_eq!(new.iter().filter(about_other).count(), new.len(), "{new:?}");
}

#[test]
fn the_bytes_of_a_lock_do_not_depend_on_where_by_whom_and_in_which_order() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let tables = [
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n\"acme:clock\" = \"1\"\n\
         [package.metadata.warg.wit-dependencies]\n\"acme:http\" = \"1.0.0\"\n\"test:other\" = \"1.0.0\"\n",
        "[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n\"acme:http\" = \"1.0.0\"\n\
         [package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n\"acme:logger\" = { version = \"1.0\" }\n",
    ];
    let mut locks = Vec::new();
    for (folder, tables) in ["one", "two/deep down"].iter().zip(tables) {
        let app = sandbox
            .folder_project(folder)
            .with_home(sandbox.join(format!("home of {folder}")));
        let manifest = format!(
            "{tables}[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{}",
            registry.configure(&app)
        );
        app.write("Cargo.toml", manifest);
        app.write("src/lib.rs", "");
        let program = env!("CARGO_BIN_EXE_cargo-warg");
        for umask in ["022", "077"] {
            let _ = fs::remove_file(app.path().join("warg.lock"));
            let mut command = std::process::Command::new("sh");
            command.args([
                "-c",
                &format!("umask {umask}; exec \"$0\" warg lock"),
                program,
            ]);
            let like = app.command(&[]);
            for (name, value) in like.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            assert!(
                command
                    .current_dir(app.path())
                    .output()
                    .unwrap()
                    .status
                    .success()
            );
            let mode = fs::metadata(app.path().join("warg.lock"))
                .unwrap()
                .permissions()
                .mode();
            let open = if umask == "022" { 0o644 } else { 0o600 };
            assert_eq!(mode & 0o777, open, "as any other file of the project");
            locks.push((format!("{folder} {umask}"), app.read("warg.lock")));
        }
    }
    for (case, lock) in &locks {
        assert_eq!(lock, &locks[0].1, "{case}");
    }
    let lock = &locks[0].1;
    for trace in [
        sandbox.path().to_str().unwrap(),
        "trust/",
        "\"acme\"",
        "registry\" =",
    ] {
        assert!(!lock.contains(trace), "`{trace}` in {lock}");
    }
}

#[test]
fn why_a_lock_is_stale_is_said_by_name_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let workspace = sandbox.virtual_workspace("ws", &["a", "b", "c"]);
    let manifest = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", manifest + &registry.configure(&workspace));
    let member = |name: &str, tables: &str| {
        let package =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        workspace.write(&format!("{name}/Cargo.toml"), package + tables);
    };
    let on = |dependency: &str| format!("[package.metadata.warg.dependencies]\n{dependency}\n");
    workspace
        .warg(&["lock", "--locked"])
        .code(0)
        .stderr_contains("Nothing to lock");
    member("a", &on("\"acme:logger\" = \"1.0\""));
    member("b", &on("\"acme:clock\" = \"1.0\""));
    workspace
        .warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains("warg.lock is missing")
        .stderr_contains("help: run `cargo warg lock`");
    assert!(!workspace.has("warg.lock"));
    workspace.warg(&["lock"]).code(0);
    let lock = workspace.read("warg.lock");

    let stale = |case: &str, reason: &str| {
        let before = registry.snapshot(&workspace);
        for command in [
            &["lock", "--locked"][..],
            &["lock", "--check"],
            &["fetch", "--locked"],
            &["verify"],
        ] {
            workspace
                .warg(command)
                .code(10)
                .stderr_contains("is not up to date")
                .stderr_contains(reason)
                .stderr_contains("help: run `cargo warg lock`");
        }
        assert_eq!(registry.snapshot(&workspace), before, "{case}");
    };
    member(
        "a",
        &on("\"acme:logger\" = \"1.0\"\n\"acme:clock\" = \"1.1\""),
    );
    stale(
        "added",
        "`a` requires `component acme:clock ^1.1 from registry.example/world-1`, which is not in the lock",
    );
    member("a", "");
    stale(
        "no dependency left",
        "the lock has `a`, which is no member, or requires nothing any more",
    );
    member("a", &on("\"acme:logger\" = \"=1.0.0\""));
    stale(
        "changed",
        "`a` requires `component acme:logger =1.0.0 from registry.example/world-1`, and the lock has \
         `component acme:logger ^1.0 from registry.example/world-1`",
    );
    member("a", &on("\"acme:clock\" = \"1.0\""));
    stale(
        "removed",
        "the lock has `component acme:logger ^1.0 from registry.example/world-1`, which `a` does not require",
    );
    member("a", &on("\"acme:logger\" = \"1.0\""));
    member("c", &on("\"acme:clock\" = \"1.0\""));
    stale("member", "the member `c` is not in the lock");
    member("c", "");
    workspace.write("a/wit/a.wit", world("import acme:io/streams@1.0.0;"));
    stale(
        "a pin in wit/",
        "`a` requires `wit acme:io =1.0.0 from registry.example/world-1`",
    );
    fs::remove_dir_all(workspace.path().join("a/wit")).unwrap();
    workspace.warg(&["lock", "--locked"]).code(0);
    assert_eq!(workspace.read("warg.lock"), lock);
}

#[test]
fn p_keeps_the_other_members_where_they_are_and_members_have_pins_of_their_own() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let workspace = sandbox.virtual_workspace("ws", &["a", "b"]);
    let manifest = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", manifest + &registry.configure(&workspace));
    workspace.write("a/wit/a.wit", world("import acme:io/streams@1.0.0;"));
    workspace.write("b/wit/b.wit", world("import acme:io/streams@1.1.0;"));
    for member in ["a", "b"] {
        let manifest = workspace.read(&format!("{member}/Cargo.toml"));
        let table = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n";
        workspace.write(&format!("{member}/Cargo.toml"), manifest + table);
    }
    workspace.warg(&["lock"]).code(0);
    assert_eq!(
        selects(&workspace, "a"),
        ["acme:clock@1.1.0", "acme:io@1.0.0"]
    );
    assert_eq!(
        selects(&workspace, "b"),
        ["acme:clock@1.1.0", "acme:io@1.1.0"]
    );
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    // `a` asks for what only the new release has; `-p a` moves nobody else.
    let manifest = workspace.read("a/Cargo.toml").replace("\"1.0\"", "\"1.2\"");
    workspace.write("a/Cargo.toml", manifest);
    workspace.warg(&["lock", "-p", "a"]).code(0);
    assert_eq!(
        selects(&workspace, "a"),
        ["acme:clock@1.2.0", "acme:io@1.0.0"]
    );
    assert_eq!(
        selects(&workspace, "b"),
        ["acme:clock@1.1.0", "acme:io@1.1.0"]
    );
    workspace.warg(&["fetch", "-p", "a"]).code(0);
    assert!(workspace.has("a/wit/deps/acme-io-1.0.0/package.wit"));
    assert!(!workspace.has("b/wit/deps"), "only `a` was asked for");
    workspace.warg(&["fetch"]).code(0);
    assert!(workspace.has("b/wit/deps/acme-io-1.1.0/package.wit"));
    workspace.warg(&["verify"]).code(0);
    workspace
        .warg(&["lock", "-p", "nobody"])
        .code(2)
        .stderr_contains("no package `nobody`")
        .stderr_contains("help: its packages are: `a`, `b`");
    // From a member's folder, the workspace is found.
    let inside = sandbox.folder_project("ws/a");
    inside.warg(&["lock", "--locked"]).code(0);
}

#[test]
fn a_project_without_tables_takes_its_requirements_from_wit() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Nothing to lock");
    app.warg(&["fetch"]).code(0);
    assert!(!app.has("warg.lock"));
    app.write(
        "wit/world.wit",
        world("include acme:http/types@1.0.0;").replace("include", "import"),
    );
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding acme:http v1.0.0");
    assert_eq!(selects(&app, "app"), ["acme:http@1.0.0", "acme:io@1.0.1"]);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn the_tables_of_cargo_component_are_read_as_they_are() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.component]\npackage = \"acme:app\"\n\
         [package.metadata.component.target.dependencies]\n\"acme:io\" = \"1.1.0\"\n\
         [package.metadata.component.dependencies]\n\"acme:clock\" = \"1.0\"\n",
    );
    app.write("wit/world.wit", world("import acme:io/streams@1.1.0;"));
    let manifest = app.read("Cargo.toml");
    app.warg(&["lock"]).code(0);
    assert_eq!(selects(&app, "app"), ["acme:clock@1.1.0", "acme:io@1.1.0"]);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    assert_eq!(app.read("Cargo.toml"), manifest);

    let target = registry.app(
        &sandbox,
        "target",
        "[package.metadata.component]\npackage = \"acme:target\"\ntarget = \"acme:http/types@1.0.0\"\n",
    );
    target.warg(&["lock"]).code(0);
    assert_eq!(
        selects(&target, "target"),
        ["acme:http@1.0.0", "acme:io@1.0.1"]
    );
}

#[test]
fn a_lock_that_git_checked_out_with_crlf_is_the_same_lock() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let crlf = app.read("warg.lock").replace('\n', "\r\n");
    app.write("warg.lock", &crlf);
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["lock"]).code(0).stderr_contains("Up to date");
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    assert_eq!(app.read("warg.lock"), crlf, "it was rewritten");
}

#[test]
fn a_yanked_release_stays_where_it_is_locked_and_is_never_newly_chosen() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let lock = app.read("warg.lock");
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    app.warg(&["lock"]).code(0);
    assert_eq!(app.read("warg.lock"), lock);
    app.warg(&["fetch"])
        .code(0)
        .stderr_contains("warning: acme:clock@1.1.0 is yanked: it is slow");
    app.warg(&["verify"])
        .code(0)
        .stderr_contains("warning: acme:clock@1.1.0 is yanked: it is slow");
    // Something else moves: what is locked stays, yanked or not, and it is said.
    app.append_to_manifest(
        "[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("warning: acme:clock@1.1.0 is yanked: it is slow");
    assert!(selects(&app, "app").contains(&"acme:clock@1.1.0".to_owned()));
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Adding acme:clock v1.0.0");
    let manifest = app
        .read("Cargo.toml")
        .replace("\"acme:logger\" = \"1.0\"", "\"acme:clock\" = \"1.1\"");
    app.write("Cargo.toml", manifest);
    let before = registry.snapshot(&app);
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("acme:clock 1.1.0")
        .stderr_contains("it is slow");
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn update_moves_off_a_withdrawn_content() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["fetch"]).code(0);
    registry.world.withdraw("acme:clock", "1.1.0", "it steals");
    let before = registry.snapshot(&app);
    for command in [&["fetch", "--locked"][..], &["verify"]] {
        app.warg(command)
            .code(13)
            .stderr_contains("acme:clock@1.1.0 is locked, but its content was withdrawn")
            .stderr_contains("it steals")
            .stderr_contains("help: `cargo warg update acme:clock` moves off it");
    }
    assert_eq!(registry.snapshot(&app), before);
    app.warg(&["lock"]).code(0).stderr_contains("Up to date");
    app.warg(&["update", "acme:clock"])
        .code(0)
        .stderr_contains("Downgrading acme:clock v1.1.0 -> v1.0.0");
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn a_lock_that_cannot_be_looked_at_is_not_taken_for_none() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let lock = app.path().join("warg.lock");
    // It leads to itself. Even somebody who may read everything cannot read it.
    symlink("warg.lock", &lock).unwrap();
    for command in [["lock"].as_slice(), &["lock", "--locked"], &["verify"]] {
        app.warg(command).code(101).stderr_contains("cannot read ");
    }
    assert!(lock.is_symlink(), "and it is still there");
    // As long as a lock may be, and one byte more.
    fs::remove_file(&lock).unwrap();
    for (more, why) in [
        (0, "it does not say `version = 1`"),
        (1, "it is longer than 16777216 bytes"),
    ] {
        let text = format!("# {}", "x".repeat(MAX_LOCK - 2 + more));
        app.write("warg.lock", &text);
        app.warg(&["lock"]).code(10).stderr_contains(why);
        assert_eq!(app.read("warg.lock"), text);
    }
}

/// A workspace of members that each require `acme:clock`, the first of which has 1.0.0 locked.
fn clocks(sandbox: &Sandbox, registry: &Registry, members: &[(&str, &str)]) -> Project {
    let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let workspace = sandbox.virtual_workspace("workspace", &names);
    workspace.append_to_manifest(&registry.configure(&workspace));
    for (name, clock) in members {
        require_clock(&workspace, name, clock);
    }
    workspace
}

fn require_clock(workspace: &Project, member: &str, clock: &str) {
    let path = format!("{member}/Cargo.toml");
    let table = format!("\n[package.metadata.warg.dependencies]\n\"acme:clock\" = \"{clock}\"\n");
    workspace.write(&path, workspace.read(&path) + &table);
}

fn add_member(workspace: &Project, name: &str, clock: &str) {
    let manifest = workspace.read("Cargo.toml");
    workspace.write(
        "Cargo.toml",
        manifest.replace("members = [", &format!("members = [\"{name}\", ")),
    );
    workspace.write(&format!("{name}/src/lib.rs"), "");
    workspace.write(
        &format!("{name}/Cargo.toml"),
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    );
    require_clock(workspace, name, clock);
}

#[test]
fn a_new_member_moves_no_other_and_prefers_what_they_have_whatever_it_is_called() {
    for name in ["aaa", "zzz"] {
        let sandbox = Sandbox::new();
        let mut registry = story::stocked(&sandbox);
        let workspace = clocks(&sandbox, &registry, &[("m", "1")]);
        workspace.warg(&["lock"]).code(0);
        assert_eq!(selects(&workspace, "m"), ["acme:clock@1.1.0"]);
        registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
        registry.world.yank("acme:clock", "1.1.0", "it is slow");
        add_member(&workspace, name, "=1.1.0");
        workspace.warg(&["lock"]).code(0);
        for member in ["m", name] {
            assert_eq!(selects(&workspace, member), ["acme:clock@1.1.0"]);
        }
        // What `-p` names moves, and follows nobody.
        let path = format!("{name}/Cargo.toml");
        workspace.write(&path, workspace.read(&path).replace("=1.1.0", "1"));
        workspace.warg(&["lock"]).code(0);
        assert_eq!(selects(&workspace, name), ["acme:clock@1.1.0"]);
        workspace.warg(&["update", "-p", name]).code(0);
        assert_eq!(selects(&workspace, name), ["acme:clock@1.2.0"]);
        assert_eq!(selects(&workspace, "m"), ["acme:clock@1.1.0"]);
    }
}

#[test]
fn a_crate_that_is_renamed_keeps_its_lock() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let workspace = clocks(&sandbox, &registry, &[("m", "1"), ("other", "=1.0.0")]);
    workspace.warg(&["lock"]).code(0);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    let manifest = workspace.read("m/Cargo.toml");
    workspace.write(
        "m/Cargo.toml",
        manifest.replace("name = \"m\"", "name = \"renamed\""),
    );
    workspace
        .warg(&["lock"])
        .code(0)
        .stderr_lacks("acme:clock v1.1.0 ->");
    assert_eq!(selects(&workspace, "renamed"), ["acme:clock@1.1.0"]);
    assert_eq!(selects(&workspace, "other"), ["acme:clock@1.0.0"]);
    // And is known to `update` by its new name.
    let manifest = workspace.read("m/Cargo.toml");
    workspace.write(
        "m/Cargo.toml",
        manifest.replace("name = \"renamed\"", "name = \"again\""),
    );
    workspace.warg(&["update", "acme:clock"]).code(0);
    assert_eq!(selects(&workspace, "again"), ["acme:clock@1.2.0"]);
}

#[test]
fn what_a_component_exports_under_another_package_is_found_where_nothing_else_serves_it() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let serving = "package acme:b@0.9.0;\nworld w { export acme:x/i@1.0.0; }\n\
                   package acme:x@1.0.0 { interface i { f: func(); } }\n";
    registry.component("acme:b", "0.9.0", &[], serving);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:b\" = \"0.9\"\n",
    );
    app.write("wit/world.wit", world("import acme:x/i@1.0.0;"));
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("acme:x does not exist")
        .stderr_contains(
            "help: acme:b 0.9.0 exports what is referred to: write `for = [\"acme:x/i@1.0.0\"]` at that dependency (Cargo.toml:",
        );
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "\"acme:b\" = \"0.9\"",
            "\"acme:b\" = { version = \"0.9\", for = [\"acme:x/i@1.0.0\"] }",
        ),
    );
    app.warg(&["lock"]).code(0);
}

#[test]
fn a_reference_to_a_component_that_is_no_dependency_yet_says_how_it_becomes_one() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write("wit/world.wit", world("import acme:clock/now@1.1.0;"));
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("acme:clock is a component")
        .stderr_contains("`cargo warg add acme:clock` makes it a dependency");
    app.warg(&["add", "acme:clock"]).code(0);
    app.warg(&["fetch"]).code(0);
}

/// What is told beside a conflict takes no work that the conflict did not, and hides no failure of a registry.
#[test]
fn a_failure_of_a_registry_is_told_where_it_keeps_a_help_from_being_tried() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.component(
        "acme:wall",
        "1.0.0",
        &[("acme:clock", "^1.0")],
        "package acme:wall@1.0.0;\ninterface hour { get: func(); }\nworld w { export hour; }\n",
    );
    let app = registry.app(&sandbox, "app", "");
    app.write("wit/world.wit", world("import acme:wall/hour@1.0.0;"));
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("`cargo warg add acme:wall` makes it a dependency");
    let records = registry.folder.join("package/acme/clock");
    let kept = files(&records);
    for (path, bytes) in &kept {
        let mut wrong = bytes.clone();
        wrong.reverse();
        fs::write(records.join(path), wrong).unwrap();
    }
    let fresh = app.with_home(sandbox.join("fresh"));
    fresh.warg(&["lock"]).code(13);
    fs::remove_dir_all(&records).unwrap();
    let fresh = app.with_home(sandbox.join("another"));
    fresh
        .warg(&["lock"])
        .code(11)
        .stderr_contains("whether a component serves `acme:wall` is not known: ");
}

#[test]
fn a_component_is_not_locked_anew_where_nothing_may_be_solved() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder_project("place");
    folder.write(
        "c.wasm",
        fixtures::component::from_wit("package a:c;\nworld w {}\n", "w"),
    );
    for flag in ["--locked", "--frozen"] {
        folder
            .warg(&["lock", "--component", "c.wasm", flag])
            .code(2)
            .stderr_contains("`--component` solves anew, and with --locked nothing is solved");
    }
    folder.warg(&["lock", "--component", "c.wasm"]).code(0);
}
