//! `cargo warg fetch`: what lands in `wit/deps`, path dependencies, and what survives a kill.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::story::{self, Registry};
use crate::support::{Project, Said, Sandbox, files};

fn world(items: &str) -> String {
    format!("package example:app@0.1.0;\n\nworld app {{\n  {items}\n}}\n")
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

#[test]
fn a_fetch_locks_keeps_and_writes_and_a_second_one_changes_nothing() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["fetch"])
        .code(0)
        .stderr_contains("Locked 4 packages in warg.lock")
        .stderr_contains("Fetched 4 contents, and wrote wit/deps of `app`\n")
        .stderr_lacks("brings what is locked here");
    for file in ["acme-http-1.0.0", "acme-io-1.0.1", "acme-logger-1.0.0"] {
        let text = app.read(&format!("wit/deps/{file}/package.wit"));
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("// cargo warg: from sha256:"), "{text}");
    }
    let before = registry.snapshot(&app);
    app.warg(&["fetch"])
        .code(0)
        .stderr_is("     Fetched 4 contents\n");
    assert_eq!(registry.snapshot(&app), before);
    // What is not needed any more goes; what is the user's stays.
    app.write(
        "wit/deps/mine/mine.wit",
        "package test:mine@1.0.0;\ninterface mine {}\n",
    );
    app.write("wit/world.wit", world("import acme:io/streams@1.1.0;"));
    app.warg(&["fetch", "-v"])
        .code(0)
        .stderr_contains("1 written, 2 removed");
    assert!(!app.has("wit/deps/acme-http-1.0.0") && !app.has("wit/deps/acme-io-1.0.1"));
    assert!(app.has("wit/deps/acme-io-1.1.0/package.wit") && app.has("wit/deps/mine/mine.wit"));
    app.warg(&["verify"]).code(0);
}

#[test]
fn quiet_is_quiet() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    for command in [
        &["-q", "lock"][..],
        &["fetch", "-q"],
        &["verify", "-q"],
        &["verify", "--offline", "--quiet"],
        &["add", "-q", "acme:clock"],
        &["lock", "--locked", "-q"],
    ] {
        let said = app.warg(command).code(0);
        assert!(said.stdout.is_empty() && said.stderr.is_empty(), "{said}");
    }
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["verify", "-q"])
        .code(10)
        .stderr_contains("error: ");
}

#[test]
fn a_folder_that_is_in_the_way_is_named_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    app.write(
        "wit/deps/acme-io-1.0.1/notes.wit",
        "package test:notes@1.0.0;\n",
    );
    let before = registry.snapshot(&app);
    app.warg(&["fetch"])
        .code(101)
        .stderr_contains("wit/deps/acme-io-1.0.1")
        .stderr_contains("is in the way");
    assert_eq!(registry.snapshot(&app), before);
    fs::remove_dir_all(app.path().join("wit/deps")).unwrap();
    // A file instead of a folder: nothing can be written below it, as on a disk that is full.
    app.write("wit/deps", "");
    let before = registry.snapshot(&app);
    app.warg(&["fetch"]).code(101).stderr_contains("wit/deps");
    assert_eq!(registry.snapshot(&app), before);
    fs::remove_file(app.path().join("wit/deps")).unwrap();
    app.warg(&["fetch"]).code(0);
}

#[test]
fn where_nothing_can_be_written_the_error_names_the_path() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let before = registry.snapshot(&app);
    for folder in ["cache", "state"] {
        let home = sandbox.join(format!("home with a file as {folder}"));
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(folder), "").unwrap();
        let app = app.with_home(&home);
        app.warg(&["fetch"])
            .code(101)
            .stderr_contains(home.join(folder).to_str().unwrap());
        assert!(!app.has("wit/deps"));
    }
    let _ = fs::remove_file(app.path().join("warg.lock"));
    assert_eq!(registry.snapshot(&app), before);
    // Where the lock belongs lies a folder.
    fs::create_dir(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"]).code(101).stderr_contains("warg.lock");
    assert!(
        fs::read_dir(app.path().join("warg.lock"))
            .unwrap()
            .next()
            .is_none()
    );
    fs::remove_dir(app.path().join("warg.lock")).unwrap();
    app.warg(&["fetch"]).code(0);
    assert_eq!(
        hidden(app.path()),
        Vec::<String>::new(),
        "temporary files are left"
    );
}

/// Files whose names begin with a dot: what an interrupted write would leave.
fn hidden(folder: &Path) -> Vec<String> {
    let names = files(folder).into_keys();
    let names = names.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one workspace, and all that can be asked of it"
)]
fn path_dependencies_are_locked_without_digest_and_what_they_require_comes_along() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let workspace = sandbox.virtual_workspace("ws", &["app", "greeter"]);
    let manifest = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", manifest + &registry.configure(&workspace));
    let package = |name: &str, tables: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{tables}")
    };
    let greeter = "[package.metadata.warg]\npackage = \"test:greeter\"\n\
                   [package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n";
    workspace.write("greeter/Cargo.toml", package("greeter", greeter));
    // A component of another project, one that is built, and a WIT package in a folder.
    let outside = sandbox.cargo_project(
        "outside",
        "[package.metadata.warg]\npackage = \"test:outside\"\n",
    );
    workspace.write(
        "built/c.wasm",
        fixtures::component::from_wit(&story::clock("3.0.0").replace("acme:", "test:"), "w"),
    );
    workspace.write(
        "text/text.wit",
        "package test:text@1.2.0;\ninterface text { use acme:io/streams@1.0.0.{source}; }\n",
    );
    workspace.write(
        "text/deps/io/io.wit",
        format!("package acme:io@1.0.0;\n{}", story::IO),
    );
    let tables = "[package.metadata.warg.dependencies]\n\
         \"test:greeter\" = { path = \"../greeter\", version = \"0.1\" }\n\
         \"test:outside\" = { path = \"../../outside\" }\n\
         \"test:clock\" = { path = \"../built/c.wasm\", version = \"3.0\" }\n\
         [package.metadata.warg.wit-dependencies]\n\
         \"test:text\" = { path = \"../text\" }\n";
    workspace.write("app/Cargo.toml", package("app", tables));
    workspace
        .warg(&["lock"])
        .code(0)
        .stderr_contains("Adding test:greeter v0.1.0");
    let lock = workspace.read("warg.lock");
    for (name, entry) in [
        (
            "test:greeter",
            "version = \"0.1.0\"\nrequires = [\"component acme:clock ^1.0 from registry.example/world-1\"]\n",
        ),
        ("test:outside", "version = \"0.1.0\"\n"),
        ("test:clock", "version = \"3.0.0\"\n"),
        (
            "test:text",
            "version = \"1.2.0\"\nrequires = [\"wit acme:io ^1.0.0 from registry.example/world-1\"]\n",
        ),
    ] {
        let (_, found) = lock
            .split_once(&format!("\nname = \"{name}\"\n"))
            .unwrap_or_else(|| panic!("{name}: {lock}"));
        let found = found
            .split("\n[[")
            .next()
            .unwrap()
            .trim_end()
            .replace("\n]", "]")
            .replace(",]", "]");
        let flat = found
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace("[ ", "[");
        let expected = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(flat, expected, "{name}");
    }
    assert!(
        !lock.contains("../") && !lock.contains("built"),
        "no paths: {lock}"
    );
    workspace.warg(&["fetch"]).code(0);
    for file in ["test-text-1.2.0", "acme-io-1.0.0", "test-clock-3.0.0"] {
        assert!(
            workspace.has(&format!("app/wit/deps/{file}/package.wit")),
            "{file}"
        );
    }
    workspace.warg(&["verify"]).code(0);
    workspace.warg(&["verify", "--offline"]).code(0);

    // A path dependency that requires something else makes the lock stale.
    workspace.write(
        "greeter/Cargo.toml",
        package("greeter", &greeter.replace("1.0", "1.1")),
    );
    workspace
        .warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains("the local package `component test:greeter@0.1.0` of `app` does not require what the lock says");
    workspace.write(
        "greeter/Cargo.toml",
        package("greeter", greeter).replace("0.1.0", "0.1.1"),
    );
    workspace
        .warg(&["lock", "--locked"])
        .code(10)
        .stderr_contains("the lock has `component test:greeter@0.1.0` as a local package of `app`, and it is not there");
    workspace.write("greeter/Cargo.toml", package("greeter", greeter));
    workspace.warg(&["lock", "--locked"]).code(0);

    // What is not where it is said to be.
    drop(outside);
    for (tables, says) in [
        (
            "[package.metadata.warg.dependencies]\n\"test:greeter\" = { path = \"../nowhere\" }\n",
            "`test:greeter` is not at ",
        ),
        (
            "[package.metadata.warg.dependencies]\n\"test:other\" = { path = \"../greeter\" }\n",
            "but `test:greeter`",
        ),
        (
            "[package.metadata.warg.dependencies]\n\"test:text\" = { path = \"../text/text.wit\" }\n",
            "cannot be used as `test:text`",
        ),
        (
            "[package.metadata.warg.wit-dependencies]\n\"test:text\" = { path = \"../built\" }\n",
            "cannot be used as `test:text`",
        ),
        (
            "[package.metadata.warg.wit-dependencies]\n\"test:txt\" = { path = \"../text\" }\n",
            "but `test:text`",
        ),
    ] {
        workspace.write("app/Cargo.toml", package("app", tables));
        let before = registry.snapshot(&workspace);
        workspace
            .warg(&["lock"])
            .code(101)
            .stderr_contains("app/Cargo.toml:6:1")
            .stderr_contains(says);
        assert_eq!(registry.snapshot(&workspace), before, "{tables}");
    }
    // A path whose package is not of the version that is asked for.
    workspace.write(
        "app/Cargo.toml",
        package("app", "[package.metadata.warg.dependencies]\n\"test:greeter\" = { path = \"../greeter\", version = \"2\" }\n"),
    );
    workspace
        .warg(&["lock"])
        .code(101)
        .stderr_contains("app/Cargo.toml:6:1")
        .stderr_contains("is version 0.1.0, which `^2` does not allow");
}

#[test]
fn a_dependency_under_another_name_is_the_package_it_names() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"my:time\" = { package = \"acme:clock\", version = \"1.0\" }\n",
    );
    app.warg(&["fetch"])
        .code(0)
        .stderr_contains("Adding acme:clock v1.1.0");
    assert!(!app.read("warg.lock").contains("my:time"), "no aliases");
    app.warg(&["verify"]).code(0);
}

/// Two runs at once: both succeed, or one says why. Returns whether each succeeded.
fn two_at_once(project: &Project, lines: [&[&str]; 2]) -> [bool; 2] {
    let children = lines.map(|line| (line, project.start(line)));
    let said = children.map(|(line, child)| Said::of_child(child, &line.join(" ")));
    let good = said.each_ref().map(|said| said.exit_code() == 0);
    assert!(good[0] || good[1], "{} {}", said[0], said[1]);
    for said in said.iter().filter(|said| said.exit_code() != 0) {
        assert!(
            said.stderr.contains("by another program meanwhile"),
            "{said}"
        );
    }
    good
}

#[test]
fn two_at_once_both_succeed_or_one_says_why() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    for round in 0..4 {
        let app = registry.app(&sandbox, &format!("app{round}"), "");
        app.write("wit/world.wit", world("import acme:http/types@1.0.0;"));
        let app = app.with_home(sandbox.join(format!("home {round}")));
        for line in [["lock"], ["fetch"]] {
            let _ = fs::remove_file(app.path().join("warg.lock"));
            two_at_once(&app, [&line, &line]);
            app.warg(&["lock", "--locked"]).code(0);
        }
        let packages = ["acme:clock", "acme:logger"];
        let [one, two] = packages.map(|package| ["add", package]);
        // Each waits for its turn, and neither writes over the other.
        assert_eq!(two_at_once(&app, [&one, &two]), [true, true]);
        let manifest = app.read("Cargo.toml");
        for package in packages {
            assert!(manifest.contains(package), "{package}: {manifest}");
        }
        app.warg(&["lock", "--locked"]).code(0);
        app.warg(&["fetch"]).code(0);
        app.warg(&["verify"]).code(0);
        assert_eq!(hidden(app.path()), Vec::<String>::new());
    }
}

#[test]
fn a_kill_at_any_point_leaves_what_was_there_good() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let wits = [
        "import acme:http/types@1.0.0;",
        "import acme:io/streams@1.1.0;",
    ];
    // How long a run takes here and now: the kills are spread over it.
    app.write("wit/world.wit", world(wits[1]));
    let started = Instant::now();
    app.warg(&["fetch"]).code(0);
    let whole = started.elapsed();
    let mut killed = 0;
    for round in 0..30u32 {
        // Each round has something new to prove, to lock, to keep and to write.
        registry.component(
            "acme:clock",
            &format!("1.{}.0", round + 2),
            &[],
            &story::clock("1.0.0"),
        );
        app.write(
            "wit/world.wit",
            world(wits[usize::try_from(round % 2).unwrap()]),
        );
        let line: &[&str] = if round % 3 == 0 {
            &["lock"]
        } else {
            &["fetch"]
        };
        let mut child = app.start(line);
        std::thread::sleep(whole * round / 30);
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap();
        killed += i32::from(said.status.code().is_none());
        if app.has("warg.lock") {
            let lock = app.read("warg.lock");
            lock.parse::<resolver::lockfile::Lockfile>()
                .unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        if round % 5 == 4 {
            app.warg(&["fetch"]).code(0);
            app.warg(&["verify"]).code(0);
            app.warg(&["verify", "--offline"]).code(0);
        }
    }
    assert!(
        killed >= 10,
        "only {killed} of 30 runs were killed on the way"
    );
}

#[test]
fn a_yank_is_told_once_by_what_locks_first() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    registry.world.yank("acme:logger", "1.0.0", "loses lines");
    for (command, more) in [("fetch", "acme:clock"), ("vendor", "test:other")] {
        let table = match command {
            "fetch" => format!("\"{more}\" = \"1\"\n"),
            _ => format!("[package.metadata.warg.wit-dependencies]\n\"{more}\" = \"1.0.0\"\n"),
        };
        let manifest = app.read("Cargo.toml");
        let manifest = if command == "fetch" {
            let dependency = "\"acme:logger\" = \"1.0\"\n";
            manifest.replace(dependency, &format!("{dependency}{table}"))
        } else {
            format!("{manifest}\n{table}")
        };
        app.write("Cargo.toml", manifest);
        let said = app.warg(&[command]).code(0).stderr_contains("Locked ");
        assert_eq!(said.stderr.matches("is yanked").count(), 1, "{said}");
    }
}
