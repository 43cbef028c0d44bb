//! Online means asked: what each command asks of a registry, what it makes of the answer and of none, and that every one
//! of them holds a registry to what this machine saw and to what the project has of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fixtures::component;
use fixtures::server::{Answer, Server};
use fixtures::world::World;

use transparency::key::Algorithm;
use transparency::operator;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox, copy, files};

const APP: &str = "package acme:app@0.1.0;\nworld w { import acme:logger/api@1.0.0; export run: func(); }\n\
                   package acme:logger@1.0.0 { interface api { log: func(line: string); } }\n";

/// An app that needs `acme:logger`, which needs `acme:clock`, and is built as `app.wasm`.
fn app_at(registry: &Registry, sandbox: &Sandbox, url: &str) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.append_to_manifest(&format!(
        "{}\n[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
        registry.configure_at(&app, url)
    ));
    app.write("app.wasm", component::from_wit(APP, "w"));
    app
}

fn app(registry: &Registry, sandbox: &Sandbox) -> Project {
    app_at(registry, sandbox, registry.folder.to_str().unwrap())
}

/// The project on a machine that saw nothing yet, as a CI runner.
fn fresh(app: &Project, sandbox: &Sandbox, name: &str) -> Project {
    app.with_home(sandbox.join(format!("homes/{name}")))
}

/// Puts a folder back to what it was.
fn restore(folder: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) {
    fs::remove_dir_all(folder).unwrap();
    for (path, bytes) in before {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

const BUNDLE: &[&str] = &["bundle", "app.wasm", "-o", "bundle.wasm"];

#[test]
fn what_happened_since_a_folder_was_vendored_is_found_by_whoever_is_online() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["vendor"]).code(0);
    fresh(&app, &sandbox, "before")
        .warg(&["verify", "--deny", "warnings"])
        .code(0);

    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    let denied = ["verify", "--deny", "yanked"];
    fresh(&app, &sandbox, "yanked")
        .warg(&denied)
        .code(10)
        .stderr_contains("it is slow");
    for command in [&["fetch"][..], BUNDLE] {
        fresh(&app, &sandbox, "yanked-too")
            .warg(command)
            .code(0)
            .stderr_contains("acme:clock@1.1.0 is yanked: it is slow");
    }
    fresh(&app, &sandbox, "offline")
        .warg(&["verify", "--deny", "yanked", "--offline"])
        .code(0);

    registry.world.withdraw("acme:clock", "1.1.0", "it steals");
    for command in [&["verify"][..], &["fetch"], BUNDLE] {
        fresh(&app, &sandbox, "withdrawn")
            .warg(command)
            .code(13)
            .stderr_contains("it steals");
    }
    fresh(&app, &sandbox, "offline")
        .warg(&["verify", "--offline"])
        .code(0);
}

#[test]
fn contents_and_tiles_of_a_vendored_folder_serve_the_checkpoint_of_now() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app_at(&registry, &sandbox, &server.url());
    app.warg(&["vendor"]).code(0);
    let stranger = fresh(&app, &sandbox, "same");
    let asked = server.requests().len();
    stranger.warg(&["verify"]).code(0);
    assert_eq!(server.requests().len() - asked, 1, "it is what it was");
    registry.wit("test:more", "1.0.0", &[], "interface more {}\n");
    let stranger = fresh(&app, &sandbox, "grown");
    stranger.warg(&["verify"]).code(0);
    for content in registry.contents() {
        let requests = server.requests();
        let after = requests.iter().skip(asked);
        assert!(
            !after
                .clone()
                .any(|request| request.target.ends_with(&content)),
            "{content} lies with the project"
        );
    }
}

#[test]
fn a_registry_that_does_not_continue_the_vendored_folder_is_convicted() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["lock"]).code(0);
    let fork = sandbox.join("fork");
    copy(&registry.folder, &fork);
    registry.wit("test:more", "1.0.0", &[], "interface more {}\n");
    app.warg(&["vendor"]).code(0);
    let mut other = Registry {
        world: World::of_folder(&fork, 1),
        folder: fork.clone(),
    };
    for releases in 1..=2 {
        other.wit(&format!("test:fork{releases}"), "1.0.0", &[], story::IO);
        let manifest = app.read("Cargo.toml");
        let url = registry.folder.to_str().unwrap();
        app.write("Cargo.toml", manifest.replace(url, fork.to_str().unwrap()));
        for command in [&["verify"][..], &["fetch"], BUNDLE] {
            fresh(&app, &sandbox, &format!("fork-{releases}"))
                .warg(command)
                .code(14)
                .stderr_contains("misbehaved");
        }
        app.write("Cargo.toml", manifest);
    }
}

#[test]
fn a_registry_that_is_gone_is_said_where_what_is_vendored_stands_in_and_denied_as_silent() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["vendor"]).code(0);
    fs::remove_dir_all(&registry.folder).unwrap();
    for (command, said) in [
        (&["verify"][..], 0),
        (&["fetch"], 0),
        (BUNDLE, 0),
        (&["verify", "--deny", "silent"], 12),
        (&["verify", "--deny", "warnings"], 12),
    ] {
        fresh(&app, &sandbox, "gone")
            .warg(command)
            .code(said)
            .stderr_contains("what happened in `registry.example/world-1` since ")
            .stderr_contains("there is no registry at ");
    }
    // Whoever asked not to ask knows it.
    fresh(&app, &sandbox, "offline")
        .warg(&["verify", "--offline", "--deny", "silent"])
        .code(0);
}

#[test]
fn a_registry_behind_the_vendored_folder_tells_nothing_of_today() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["lock"]).code(0);
    let old = files(&registry.folder);
    registry.wit("test:more", "1.0.0", &[], "interface more {}\n");
    app.warg(&["vendor"]).code(0);
    restore(&registry.folder, &old);
    for (deny, code) in [("yanked", 0), ("silent", 12)] {
        fresh(&app, &sandbox, "behind")
            .warg(&["verify", "--deny", deny])
            .code(code)
            .stderr_contains("and knows nothing yet of size");
    }
}

#[test]
fn what_a_thief_of_a_checkpoint_key_vendored_convicts_online() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["lock"]).code(0);
    let stolen = sandbox.join("stolen");
    copy(&registry.folder, &stolen);
    let mut thief = Registry {
        world: World::of_folder(&stolen, 1),
        folder: stolen.clone(),
    };
    thief.wit("test:stolen", "1.0.0", &[], "interface stolen {}\n");
    let (url, other) = (registry.folder.to_str().unwrap(), stolen.to_str().unwrap());
    app.write("Cargo.toml", app.read("Cargo.toml").replace(url, other));
    fresh(&app, &sandbox, "thief").warg(&["vendor"]).code(0);
    app.write("Cargo.toml", app.read("Cargo.toml").replace(other, url));
    // The vendored folder alone shows nothing of it.
    fresh(&app, &sandbox, "offline")
        .warg(&["verify", "--offline"])
        .code(0);
    registry
        .world
        .operate(vec![operator::Action::Refresh(86_400)]);
    for command in [&["verify"][..], &["fetch"]] {
        fresh(&app, &sandbox, "honest")
            .warg(command)
            .code(14)
            .stderr_contains("misbehaved");
    }
}

#[test]
fn every_command_asks_as_often_as_its_help_says() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app_at(&registry, &sandbox, &server.url());
    app.warg(&["fetch"]).code(0);
    let asked = |command: &[&str]| {
        let before = server.count("checkpoint");
        let all = server.requests().len();
        app.warg(command).code(0);
        (
            server.count("checkpoint") - before,
            server.requests().len() - all,
        )
    };
    for command in [
        &["lock"][..],
        &["lock", "--locked"],
        &["tree"],
        &["sbom"],
        &["verify", "--offline"],
        &["fetch", "--offline"],
    ] {
        assert_eq!(asked(command), (0, 0), "{command:?}");
    }
    for command in [&["fetch"][..], &["fetch", "--locked"], BUNDLE] {
        assert_eq!(asked(command), (1, 1), "{command:?}");
    }
    for command in [
        &["verify"][..],
        &["update"],
        &["update", "acme:clock"],
        &["outdated"],
        &["info", "acme:clock"],
        &["verify", "acme:clock@1.1.0"],
        &["verify", "bundle.wasm"],
        &["vendor"],
    ] {
        let (checkpoints, _) = asked(command);
        assert_eq!(checkpoints, 1, "{command:?}");
    }
    for command in ["lock", "tree", "sbom"] {
        let help = app.warg(&[command, "--help"]).code(0).stdout;
        assert!(help.contains("asks no registry"), "{command}: {help}");
    }
}

#[test]
fn fetch_and_bundle_ask_once_and_go_on_with_what_is_at_hand() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app_at(&registry, &sandbox, &server.url());
    app.warg(&["fetch"]).code(0);
    server.everything(Answer::Status(503));
    for command in [&["fetch"][..], BUNDLE] {
        let before = server.requests().len();
        app.warg(command)
            .code(0)
            .stderr_contains("warning: what happened in `registry.example/world-1` since ")
            .stderr_contains("503");
        assert_eq!(server.requests().len() - before, 1, "{command:?}");
    }
    // Whoever has nothing has to have it from there; and what is checked is checked by what the registry is now.
    fresh(&app, &sandbox, "nothing").warg(&["fetch"]).code(12);
    for command in [
        &["verify"][..],
        &["update"],
        &["outdated"],
        &["info", "acme:clock"],
        &["verify", "acme:clock@1.1.0"],
    ] {
        app.warg(command).code(12).stderr_contains("503");
    }
}

/// A project whose lock is ahead of the folder of its registry, with a publisher's keys.
fn ahead(sandbox: &Sandbox) -> (Project, PathBuf, BTreeMap<PathBuf, Vec<u8>>) {
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.publish_component("acme:clock", "1.0.0", &story::clock("1.0.0"))
        .code(0);
    let folder = sandbox.join("acme-registry");
    let old = files(&folder);
    app.publish_component("acme:clock", "1.1.0", &story::clock("1.1.0"))
        .code(0);
    app.append_to_manifest("[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n");
    app.write(
        "app.wasm",
        component::from_wit(
            "package acme:app@0.1.0;\nworld w { import acme:clock/now@1.1.0; export run: func(); }\n\
             package acme:clock@1.1.0 { interface now { get: func() -> u64; } }\n",
            "w",
        ),
    );
    app.warg(&["lock"]).code(0);
    app.warg(BUNDLE).code(0);
    (app, folder, old)
}

#[test]
fn every_command_that_opens_a_registry_holds_it_to_the_projects_lock() {
    let sandbox = Sandbox::new();
    let (app, folder, old) = ahead(&sandbox);
    app.write(
        "other.wasm",
        component::from_wit(&story::clock("1.2.0"), "w"),
    );
    let runner = || {
        // A machine that saw nothing, with the publisher's keys.
        let _ = fs::remove_dir_all(sandbox.join("runner/state"));
        let _ = fs::remove_dir_all(sandbox.join("runner/cache"));
        let _ = fs::remove_dir_all(sandbox.join("runner/config"));
        fs::create_dir_all(sandbox.join("runner")).unwrap();
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(app.home().join("config"))
            .arg(sandbox.join("runner/config"))
            .status();
        assert!(copied.unwrap().success());
        app.with_home(sandbox.join("runner"))
    };
    let commands: &[&[&str]] = &[
        &["verify"],
        &["fetch"],
        &["update"],
        &["outdated"],
        &["info", "acme:clock"],
        &["add", "acme:clock@1.0"],
        &["vendor"],
        &["verify", "acme:clock@1.0.0"],
        &["verify", "bundle.wasm"],
        &["publish", "other.wasm", "--as", "acme:clock@1.2.0"],
        &[
            "publish",
            "other.wasm",
            "--as",
            "acme:clock@1.2.0",
            "--dry-run",
        ],
        &["yank", "acme:clock@1.0.0", "--reason", "old"],
        &["registry", "check", "acme"],
        &["registry", "clock", "acme", "2026-11-21"],
        &[
            "bundle",
            "other.wasm",
            "--require",
            "acme:clock@1.0",
            "-o",
            "out.wasm",
        ],
    ];
    // Set back: it has not yet what the lock was solved at.
    restore(&folder, &old);
    let before = files(&folder);
    for command in commands {
        runner()
            .warg(command)
            .code(12)
            .stderr_contains("the lock does not go with its registry")
            .stderr_contains("knows nothing yet of size");
    }
    assert_eq!(files(&folder), before, "nothing was signed onto it");
    // Forked behind the lock: as long, and another one.
    let elsewhere = app.in_folder(sandbox.join("elsewhere"));
    copy(app.path(), elsewhere.path());
    fs::remove_file(elsewhere.path().join("warg.lock")).unwrap();
    fs::remove_dir_all(app.home().join("state")).unwrap();
    elsewhere
        .publish_component("acme:clock", "1.1.0", &story::clock("1.1.5"))
        .code(0);
    let before = files(&folder);
    for command in commands {
        runner()
            .warg(command)
            .code(13)
            .stderr_contains("the lock does not go with its registry")
            .stderr_contains("never had the root that is claimed for size");
    }
    assert_eq!(files(&folder), before, "nothing was signed onto it");
}

#[test]
fn an_origin_that_is_known_under_another_key_is_refused_with_both() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox);
    app.warg(&["fetch"]).code(0);
    let known = registry.world.operate_key().verifying_key().to_string();
    let other = fixtures::world::key(7, "registry.example/world-1", Algorithm::Ed25519);
    let other = other.verifying_key().to_string();
    app.write("trust/acme.policy", format!("log {other}\nquorum none\n"));
    for command in [
        &["verify"][..],
        &["verify", "--offline"],
        &["fetch"],
        &["update"],
        &["info", "acme:clock"],
    ] {
        app.warg(command)
            .code(13)
            .stderr_contains(&known)
            .stderr_contains(&other)
            .stderr_contains("help: find out who changed the policy");
    }
}
