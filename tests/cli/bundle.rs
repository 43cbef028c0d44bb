//! A closed set in one component: bundled, looked into, and bundled again to the same bytes.

use std::fs;
use std::process::Stdio;

use cargo_warg::ops::bundle::embedded::LockedBundle;
use fixtures::component;
use wasmparser::Validator;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

const APP: &str = "\
package acme:app@0.1.0;
world w { import acme:logger/api@1.0.0; import wasi:clocks/now@0.2.3; export run: func(); }
package acme:logger@1.0.0 { interface api { log: func(line: string); } }
package wasi:clocks@0.2.3 { interface now { now: func() -> u64; } }
";

/// An app that requires `acme:logger`, which requires `acme:clock`; locked, and built as `app.wasm`.
fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    let on = "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n";
    let app = registry.app(sandbox, "app", on);
    app.write("app.wasm", component::from_wit(APP, "w"));
    app.warg(&["lock"]).code(0);
    app
}

fn bytes(project: &Project, path: &str) -> Vec<u8> {
    fs::read(project.path().join(path)).unwrap()
}

/// The names of what a component imports and exports.
fn outside(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let interface = ::component::content::Interface::of_component(bytes).unwrap();
    let names = |names: std::collections::BTreeSet<transparency::name::ExternName>| {
        names.iter().map(ToString::to_string).collect()
    };
    (names(interface.imports), names(interface.exports))
}

#[test]
fn a_component_and_its_closed_set_become_one_that_wants_the_host_only() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0)
        .stderr_contains("Bundled app, 3 components, ")
        .stderr_contains(" → bundle.wasm");
    let bundled = bytes(&app, "bundle.wasm");
    Validator::new().validate_all(&bundled).unwrap();
    assert_eq!(
        outside(&bundled),
        (
            vec!["wasi:clocks/now@0.2.3".to_owned()],
            vec!["run".to_owned()]
        )
    );
    let bundle = LockedBundle::open(&bundled).unwrap();
    assert_eq!(bundle.name(), "app");
    assert_eq!(
        bundle.embedded.lock,
        app.read("warg.lock"),
        "the only root's"
    );
    let nested: Vec<_> = bundle
        .embedded
        .nested
        .iter()
        .map(|one| {
            bundle
                .packages(one)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect();
    assert_eq!(
        nested,
        [
            "component acme:clock@1.1.0",
            "component acme:logger@1.0.0",
            ""
        ]
    );

    // Again, by another user, offline, through a pipe, of the bundle itself, into a file that is there.
    app.warg(&["bundle", "--offline", "bundle.wasm", "-o", "bundle.wasm"])
        .code(0);
    assert_eq!(bytes(&app, "bundle.wasm"), bundled);
    let other = app.with_home(sandbox.join("other-home"));
    let mut child = other
        .command(&["bundle", "-q"])
        .stdin(Stdio::from(
            fs::File::open(app.path().join("app.wasm")).unwrap(),
        ))
        .spawn()
        .unwrap();
    let mut piped = Vec::new();
    std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut piped).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(piped == bundled);

    let json = app.json(&["bundle", "app.wasm", "-o", "bundle.wasm"]);
    assert_eq!(json["components"], 3);
    assert_eq!(json["path"], "bundle.wasm");
    assert_eq!(json["packages"].as_array().unwrap().len(), 2);
    assert_eq!(json["size"], bundled.len());
}

/// A lock has a table of its own; whose a namespace is, this project says.
#[test]
fn a_lock_made_under_another_table_of_namespaces_is_not_bundled_from() {
    let sandbox = Sandbox::new();
    let clock = |version: &str| {
        format!(
            "package acme:clock@{version};\ninterface now {{ now: func() -> u32; }}\nworld w {{ export now; }}"
        )
    };
    let mut theirs = Registry::new(&sandbox, "theirs", 2);
    theirs.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
    let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n";
    let other = theirs.app(&sandbox, "app", on);
    other.warg(&["lock"]).code(0);
    let ours = Registry::new(&sandbox, "acme", 1);
    let app = ours.app(&sandbox, "mine", "");
    app.write("trust/theirs.policy", theirs.world.policy_text());
    app.append_to_manifest(&format!(
        "theirs = {{ url = \"{}\", policy = \"trust/theirs.policy\" }}\n",
        theirs.folder.display()
    ));
    app.write("their.lock", other.read("warg.lock"));
    app.write(
        "app.wasm",
        component::from_wit(
            "package acme:app@0.1.0;\nworld w { import acme:clock/now@1.0.0; }\n\
             package acme:clock@1.0.0 { interface now { now: func() -> u32; } }",
            "w",
        ),
    );
    let bundle = ["bundle", "app.wasm", "--lock", "their.lock", "-o", "b.wasm"];
    app.warg(&bundle)
        .code(13)
        .stderr_contains(
            "the lock takes component acme:clock@1.0.0 from `registry.example/world-2`, but here that name belongs to \
             `registry.example/world-1`",
        )
        .stderr_contains("help: this project's table decides");
    assert!(!app.has("b.wasm"));
    app.append_to_manifest("[workspace.metadata.warg.namespaces]\nacme = \"theirs\"\n");
    app.warg(&bundle).code(0);
}

#[test]
fn inspect_says_what_is_inside_and_that_nothing_was_verified() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    // Neither a project nor a registry is needed.
    let elsewhere = sandbox.folder_project("elsewhere");
    fs::remove_dir_all(&registry.folder).unwrap();
    let said = elsewhere
        .warg(&["inspect", "../app/bundle.wasm"])
        .code(0)
        .stderr_contains("note: nothing was verified: these are claims of the component; `cargo warg verify ../app/bundle.wasm` checks them");
    for line in [
        "format:     1\n",
        "root:       app sha256:",
        "packages:   component acme:clock@1.1.0 sha256:",
        "            component acme:logger@1.0.0 sha256:",
        "imports:    wasi:clocks/now@0.2.3\n",
        "exports:    run\n",
        "checkpoint: ",
    ] {
        assert!(said.stdout.contains(line), "no {line} in {said}");
    }
    let json = elsewhere.json(&["inspect", "../app/bundle.wasm"]);
    assert_eq!(json["bundle"]["format"], 1);
    assert_eq!(json["bundle"]["packages"][1]["name"], "acme:logger");

    let said = elsewhere
        .warg_stdin(&component::from_wit(APP, "w"), &["inspect"])
        .code(0)
        .stderr_contains("note: it carries no lock");
    assert!(
        said.stdout.contains("imports:    acme:logger/api@1.0.0\n"),
        "{said}"
    );
    assert!(elsewhere.json(&["inspect", "../app/app.wasm"])["bundle"].is_null());
}

#[test]
fn a_component_that_no_project_built_is_locked_and_bundled_by_what_it_is_said_to_require() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let folder = registry.app(&sandbox, "place", "");
    folder.write("app.wasm", component::from_wit(APP, "w"));
    let said = folder
        .warg(&[
            "lock",
            "--component",
            "app.wasm",
            "--require",
            "acme:logger@1.0",
        ])
        .code(0);
    assert!(said.stdout.contains("name = \"component\"\n"), "{said}");
    assert!(!folder.has("warg.lock"), "nothing of the project changes");
    folder
        .warg(&[
            "lock",
            "--component",
            "app.wasm",
            "--require",
            "acme:logger@1.0",
            "-o",
            "app.lock",
        ])
        .code(0)
        .stderr_contains("Locked 2 packages → app.lock");
    assert_eq!(folder.read("app.lock"), said.stdout);

    folder
        .warg(&[
            "bundle",
            "app.wasm",
            "--require",
            "acme:logger@1.0",
            "-o",
            "one.wasm",
        ])
        .code(0)
        .stderr_contains("Bundled component, 3 components");
    folder
        .warg(&["bundle", "app.wasm", "--lock", "app.lock", "-o", "two.wasm"])
        .code(0);
    assert_eq!(bytes(&folder, "one.wasm"), bytes(&folder, "two.wasm"));
    // What the bundle says of its root is asked again.
    let again = folder.warg(&["lock", "--component", "one.wasm"]).code(0);
    assert_eq!(again.stdout, said.stdout);

    // Without a word, its imports are the host's; then no project is needed.
    let nowhere = sandbox.folder_project("nowhere");
    nowhere
        .warg(&["bundle", "../place/app.wasm", "-o", "alone.wasm"])
        .code(0);
    let alone = bytes(&nowhere, "alone.wasm");
    let names = ["acme:logger/api@1.0.0", "wasi:clocks/now@0.2.3"].map(str::to_owned);
    assert_eq!(outside(&alone), (names.to_vec(), vec!["run".to_owned()]));
    assert!(
        nowhere.json(&["inspect", "alone.wasm"])["bundle"]["packages"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    nowhere
        .warg(&[
            "bundle",
            "../place/app.wasm",
            "--require",
            "acme:logger@1.0",
            "-o",
            "x.wasm",
        ])
        .code(2)
        .stderr_contains("there is no Cargo.toml here");
    assert!(!nowhere.has("x.wasm"));
}

#[test]
fn a_component_never_goes_to_a_terminal_and_nothing_half_written_stays() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let command = app.command(&["bundle", "app.wasm"]);
    let mut in_terminal = std::process::Command::new("python3");
    in_terminal.args([
        "-c",
        "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
    ]);
    in_terminal
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(app.path());
    in_terminal.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = in_terminal.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("error: a component is binary, and stdout is a terminal"),
        "{said}"
    );
    assert!(said.contains("help: name a file with `-o FILE`"), "{said}");

    // What fails writes nothing, and leaves what was there.
    app.write("bundle.wasm", "before");
    app.write("app.wasm", "no component");
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(101);
    assert_eq!(app.read("bundle.wasm"), "before");
    let names = fs::read_dir(app.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().starts_with(".tmp"))
    );
}

#[test]
fn what_is_locked_no_more_or_changed_in_the_registry_is_not_bundled() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "\"acme:logger\" = \"1.0\"",
            "\"acme:logger\" = \"1.0.0\"\n\"acme:clock\" = \"=1.0.0\"",
        ),
    );
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(10)
        .stderr_contains("warg.lock is not up to date");
    app.write("Cargo.toml", manifest);
    for path in registry.contents() {
        let path = registry.folder.join(path);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(13);
    assert!(!app.has("bundle.wasm"));
}

#[test]
fn a_manifest_redirects_and_the_bundle_says_so() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let fake = "package test:fake@1.0.0; interface mine {} world w { export mine; export acme:clock/now@1.0.0; } package acme:clock@1.0.0 { interface now { get: func() -> u64; } }";
    app.write("fake.wasm", component::from_wit(fake, "w"));
    let manifest = app.read("Cargo.toml");
    let on = "\"test:fake\" = { path = \"fake.wasm\", version = \"1.0\" }\n[package.metadata.warg.wire]\n\"acme:clock/now\" = \"test:fake\"\n";
    app.write(
        "Cargo.toml",
        manifest.replace(
            "\"acme:logger\" = \"1.0\"\n",
            &format!("\"acme:logger\" = \"1.0\"\n{on}"),
        ),
    );
    app.warg(&["lock"]).code(0);
    // The clock is locked, and nothing needs it any more.
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0)
        .stderr_contains("Bundled app, 3 components")
        .stderr_lacks("warning");
    let said = app.json(&["inspect", "bundle.wasm"]);
    assert_eq!(said["bundle"]["wire"][0]["import"], "acme:clock/now");
    assert_eq!(said["bundle"]["wire"][0]["package"], "test:fake");
    assert_eq!(said["bundle"]["packages"].as_array().unwrap().len(), 3);
}

/// What no command can use is told where its lock is asked for, and not when it is too late.
#[test]
fn only_a_component_is_locked() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder_project("place");
    let wit = component::wit_package("package acme:a@1.0.0;\ninterface i {}\n");
    let old = wat::parse_str("(component (import \"unlocked-dep=<acme:clock@*>\" (instance)))");
    for (bytes, says) in [
        (wit, "a WIT package, not a component"),
        (old.unwrap(), "require `acme:clock` in Cargo.toml"),
        (b"\0asm\x0d\0\x01\0\xff".to_vec(), "not valid at byte"),
        (b"\0asm\x01\0\0\0".to_vec(), "a core module"),
    ] {
        folder.write("c.wasm", &bytes);
        for command in [
            &["lock", "--component", "c.wasm"][..],
            &["inspect", "c.wasm"],
        ] {
            folder.warg(command).code(101).stderr_contains(says);
        }
    }
}
