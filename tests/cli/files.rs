//! Files that are not what they should be: links that lead out of the project, pipes and devices, and what others may write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox, files};

const CLOCK: &str = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";

/// A project whose `wit/` imports `acme:http`, and that depends on `acme:clock`.
fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let app = registry.app(sandbox, "app", CLOCK);
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n",
    );
    app
}

fn make_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn link(to: impl AsRef<Path>, path: &Path) {
    let _ = fs::remove_file(path);
    symlink(to, path).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn fetch_writes_and_removes_nothing_through_a_link() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    let outside = sandbox.join("outside");
    fs::create_dir(&outside).unwrap();
    let refused = |name: &str| {
        app.warg(&["fetch"]).code(101).stderr_contains(&format!(
            "wit/{name} is a link, and nothing is written or removed through one"
        ));
        assert!(files(&outside).is_empty(), "{name}");
    };
    // A folder where a package is to be written; and `deps` itself.
    fs::create_dir(app.path().join("wit/deps")).unwrap();
    link(&outside, &app.path().join("wit/deps/acme-http-1.0.0"));
    refused("deps/acme-http-1.0.0");
    fs::remove_dir_all(app.path().join("wit/deps")).unwrap();
    link(&outside, &app.path().join("wit/deps"));
    refused("deps");
    fs::remove_file(app.path().join("wit/deps")).unwrap();
    app.warg(&["fetch"]).code(0);

    // What begins as `fetch` writes it, behind a link, is not `fetch`'s to remove.
    let fetched = app.read("wit/deps/acme-http-1.0.0/package.wit");
    let other = fetched.replace("acme:http@1.0.0", "acme:other@1.0.0");
    fs::write(outside.join("package.wit"), &other).unwrap();
    link(&outside, &app.path().join("wit/deps/acme-other-1.0.0"));
    fs::create_dir(app.path().join("wit/deps/acme-second-1.0.0")).unwrap();
    let second = fetched.replace("acme:http@1.0.0", "acme:second@1.0.0");
    fs::write(sandbox.join("second.wit"), &second).unwrap();
    link(
        sandbox.join("second.wit"),
        &app.path().join("wit/deps/acme-second-1.0.0/package.wit"),
    );
    for command in [&["fetch"][..], &["clean", "--deps"]] {
        app.warg(command).code(0);
        assert_eq!(
            fs::read_to_string(outside.join("package.wit")).unwrap(),
            other
        );
        assert_eq!(
            fs::read_to_string(sandbox.join("second.wit")).unwrap(),
            second
        );
        assert!(app.path().join("wit/deps/acme-other-1.0.0").is_symlink());
    }
}

#[test]
fn a_link_in_the_cache_or_the_state_leads_nowhere() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let outside = sandbox.join("outside");
    fs::create_dir_all(&outside).unwrap();
    for below in ["cache/registry", "cache/content", "state/trust"] {
        let _ = fs::remove_dir_all(app.home());
        let path = app.home().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        link(&outside, &path);
        let said = app.warg(&["fetch"]);
        assert_ne!(said.code, Some(0), "{said}");
        said.stderr_contains(&format!(
            "{} is a link, and nothing is written or removed through one",
            path.display()
        ));
        assert!(files(&outside).is_empty(), "{below}");
        fs::remove_file(&path).unwrap();
    }
    app.warg(&["fetch"]).code(0);
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["fetch"]).code(0);
    let at = |path: &str| app.path().join(path);
    let content = files(&registry.folder)
        .into_keys()
        .find(|path| path.starts_with("content"))
        .unwrap();
    let content = registry.folder.join(content);
    for (path, command, code) in [
        (at("warg.lock"), &["verify"][..], 101),
        (at("trust/acme.policy"), &["verify"], 101),
        (at("Cargo.toml"), &["lock"], 101),
        (at("wit/other.wit"), &["lock"], 101),
        (at("wit/deps/acme-http-1.0.0/package.wit"), &["fetch"], 101),
        (registry.folder.join("checkpoint"), &["verify"], 12),
        (content, &["verify"], 12),
    ] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_dir_all(app.home().join("cache"));
        let before = fs::read(&path).ok();
        make_pipe(&path);
        app.warg(command)
            .code(code)
            .stderr_contains("it is a named pipe, not a regular file")
            .stderr_contains(path.file_name().unwrap().to_str().unwrap());
        link("/dev/zero", &path);
        app.warg(command)
            .code(code)
            .stderr_contains("it is a device, not a regular file");
        fs::remove_file(&path).unwrap();
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
    }
    app.warg(&["verify"]).code(0);
    // What a command is told to read may come through a pipe of the user's shell.
    let said = app.warg(&["inspect", "/dev/null"]);
    assert_ne!(said.code, Some(0), "{said}");
    said.stderr_lacks("regular file");
}

#[test]
fn a_lock_that_its_owner_protects_stays_and_one_behind_a_link_is_written_there() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", CLOCK);
    let lock = app.path().join("warg.lock");
    link("../elsewhere.lock", &lock);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("it is a link to something that is not there");
    fs::remove_file(&lock).unwrap();
    app.warg(&["lock"]).code(0);
    let text = app.read("warg.lock");
    fs::rename(&lock, sandbox.join("elsewhere.lock")).unwrap();
    link("../elsewhere.lock", &lock);
    let world = "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n";
    app.write("wit/world.wit", world);
    app.warg(&["lock"]).code(0);
    assert!(lock.is_symlink());
    assert_ne!(app.read("warg.lock"), text);

    fs::set_permissions(&lock, Permissions::from_mode(0o444)).unwrap();
    let before = app.read("warg.lock");
    fs::remove_file(app.path().join("wit/world.wit")).unwrap();
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("it is read-only");
    assert_eq!(app.read("warg.lock"), before);
}

#[test]
fn what_this_machine_keeps_is_for_its_user_alone() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["key", "new", "acme/ci"]).code(0);
    app.warg(&["fetch"]).code(0);
    let home = app.home();
    for folder in ["cache", "config", "state", "state/trust"] {
        assert_eq!(mode(&home.join(folder)), 0o700, "{folder}");
    }
    for file in files(home).into_keys() {
        assert_eq!(mode(&home.join(&file)) & 0o077, 0, "{}", file.display());
    }
    // A file of keys is as safe as the folder that names it.
    fs::set_permissions(home.join("config"), Permissions::from_mode(0o777)).unwrap();
    for command in [&["key", "list"][..], &["key", "new", "acme/dev"]] {
        app.warg(command)
            .code(101)
            .stderr_contains("where others may write: the mode of that folder is 777")
            .stderr_contains("help: run `chmod go-w ");
    }
}
