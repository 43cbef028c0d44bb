//! `cargo warg publish`: what goes into a registry, what does not, and why.

use std::fs;
use std::path::Path;

use crate::support::{Project, Said, Sandbox, files};

const CLOCK: &str =
    "package acme:clock@1.0.0;\ninterface now { get: func() -> u64; }\nworld w { export now; }\n";
const LOGGER: &str = "package acme:logger@1.2.0;\ninterface api { log: func(line: string); }\n\
    world w { import acme:clock/now@1.0.0; export api; }\n\
    package acme:clock@1.0.0 { interface now { get: func() -> u64; } }\n";

fn logger() -> Vec<u8> {
    fixtures::component::from_wit(LOGGER, "w")
}

/// A project whose registry `acme` has the namespaces `acme` and `test`.
fn project(sandbox: &Sandbox, extra: &str) -> Project {
    let app = sandbox.cargo_project("app", extra);
    app.registry("acme", &["acme", "test"]);
    app
}

/// The records that a registry's folder holds of a package, as text.
fn records(sandbox: &Sandbox, package: &str) -> String {
    let files = files(&sandbox.join("acme-registry").join("package").join(package));
    files
        .values()
        .map(|bytes| String::from_utf8_lossy(bytes))
        .collect()
}

/// What its bundle takes from a package at its publisher is what it is required for: by the release that is locked, though an
/// older one would serve something else.
#[test]
fn a_component_requires_a_package_for_what_the_locked_release_serves() {
    let sandbox = Sandbox::new();
    let app = project(
        &sandbox,
        "[package.metadata.warg]\npackage = \"acme:logger\"\n\
         [package.metadata.warg.dependencies]\n\"acme:c\" = \"1.0\"\n",
    );
    let other = |interface: &str| {
        format!("package acme:t@1.0.0 {{ interface {interface} {{ f: func(); }} }}")
    };
    let serving = |version: &str, interface: &str| {
        format!(
            "package acme:c@{version};\nworld w {{ export acme:t/{interface}@1.0.0; }}\n{}",
            other(interface)
        )
    };
    app.publish_component("acme:c", "1.0.0", &serving("1.0.0", "i"))
        .code(0);
    app.publish_component("acme:c", "1.1.0", &serving("1.1.0", "j"))
        .code(0);
    app.warg(&["lock"]).code(0);
    let both = "package acme:logger@0.1.0;\nworld w { import acme:t/i@1.0.0; import acme:t/j@1.0.0; }\n\
        package acme:t@1.0.0 { interface i { f: func(); } interface j { f: func(); } }";
    app.write("logger.wasm", fixtures::component::from_wit(both, "w"));
    app.warg(&["publish", "logger.wasm"]).code(0);
    let said = records(&sandbox, "acme/logger");
    let line = "\nrequire component acme:c ^1.0 for acme:t/j@1.0.0\n";
    assert!(said.contains(line), "no {line:?} in {said}");
    // What the locked release does not serve is not named, though an older one would.
    let one = "package acme:logger@0.2.0;\nworld w { import acme:t/i@1.0.0; }\n\
        package acme:t@1.0.0 { interface i { f: func(); } }";
    app.write("logger.wasm", fixtures::component::from_wit(one, "w"));
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@0.2.0"])
        .code(0);
    let said = records(&sandbox, "acme/logger");
    let line = "\nrequire component acme:c ^1.0\n";
    assert!(said.contains(line), "no {line:?} in {said}");
}

#[test]
fn a_component_is_released_with_what_its_bytes_and_its_manifest_say() {
    let sandbox = Sandbox::new();
    let app = project(
        &sandbox,
        "[package.metadata.warg]\npackage = \"acme:logger\"\n\
         [package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n\
         \"acme:local\" = { path = \"../local\", version = \"0.3\", for = [\"acme:local/a@0.3.1\"] }\n",
    );
    app.publish_component("acme:clock", "1.0.0", CLOCK)
        .code(0)
        .stderr_lacks("warning");
    let local = "package acme:local@0.3.1;\ninterface a { f: func(); }\nworld w { export a; }";
    app.publish_component("acme:local", "0.3.1", local).code(0);
    app.write("logger.wasm", logger());
    // The name and version of the crate, 0.1.0.
    app.warg(&["publish", "-v", "logger.wasm"])
        .code(0)
        .stderr_contains("Published acme:logger@0.1.0 (component) in `acme`")
        .stderr_contains("signed by `acme/ci`")
        .stderr_contains("warning: the component does not import `acme:local/a@0.3.1`")
        .stderr_contains("--> Cargo.toml:");
    let said = records(&sandbox, "acme/logger");
    for line in [
        "\nacme:logger\n0\n",
        "\ninit component under operator 0 sha256:",
        "\nrelease 0.1.0 sha256:",
        "\nrequire component acme:clock ^1.0 for acme:clock/now@1.0.0\n",
        "\nrequire component acme:local ^0.3 for acme:local/a@0.3.1\n",
        "\nimport acme:clock/now@1.0.0\n",
        "\nexport acme:logger/api@1.2.0\n",
    ] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
    // Under another name the manifest's dependencies are none of its business.
    app.warg(&["publish", "logger.wasm", "--as", "acme:other@2.0.0", "-v"])
        .code(0)
        .stderr_lacks("Requiring");
    assert!(!records(&sandbox, "acme/other").contains("require"));
    app.warg(&["registry", "check", "acme"])
        .code(0)
        .stderr_contains("4 packages and of 4 releases");
}

#[test]
fn a_wit_package_is_released_from_a_folder_a_file_its_binary_form_and_stdin() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.write(
        "wit/a.wit",
        "package acme:a@1.0.0;\ninterface i { use acme:b/j@0.2.1.{t}; f: func() -> t; }\n",
    );
    app.write(
        "wit/deps/b/b.wit",
        "package acme:b@0.2.1;\ninterface j { type t = u32; }\n",
    );
    app.warg(&["publish", "wit/deps/b/b.wit", "--registry", "acme"])
        .code(0)
        .stderr_contains("acme:b@0.2.1");
    app.warg(&["publish", "wit/", "-v"])
        .code(0)
        .stderr_contains("Requiring wit acme:b ^0.2.1");
    assert!(records(&sandbox, "acme/a").contains("\nrequire wit acme:b ^0.2.1\n"));
    let binary = fixtures::component::wit_package("package acme:c@3.0.0;\ninterface k {}\n");
    app.write("c.wasm", &binary);
    app.warg(&["publish", "c.wasm"])
        .code(0)
        .stderr_contains("acme:c@3.0.0 (wit) in `acme`");
    app.warg(&["publish", "c.wasm", "--as", "acme:c@3.0.0"])
        .code(0)
        .stderr_contains("already, the same");
    app.warg(&["publish", "c.wasm", "--as", "acme:c@3.0.1"])
        .code(2)
        .stderr_contains("the text says that it is");
    app.warg_stdin(&logger(), &["publish", "-", "--as", "acme:logger@1.0.0"])
        .code(0);
    app.warg(&["registry", "check", "acme"]).code(0);
}

#[test]
fn the_same_again_is_success_and_anything_else_under_that_version_is_refused() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.publish_component("acme:clock", "1.0.0", CLOCK).code(0);
    let before = files(&sandbox.join("acme-registry"));
    app.publish_component("acme:clock", "1.0.0", CLOCK)
        .code(0)
        .stderr_contains("Unchanged");
    app.publish_component("acme:clock", "1.0.0", LOGGER)
        .code(13)
        .stderr_contains("acme:clock@1.0.0 is released already, with other contents: sha256:")
        .stderr_contains("a release never changes");
    app.publish_component("acme:clock", "1.0.0+b2", CLOCK)
        .code(13)
        .stderr_contains("released already, as 1.0.0:");
    app.publish_wit("package acme:clock@2.0.0;\ninterface i {}\n")
        .code(13)
        .stderr_contains("is of kind `component`");
    app.append_to_manifest(
        "[package.metadata.warg]\npackage = \"acme:clock\"\n[package.metadata.warg.dependencies]\n\"acme:x\" = \"1\"\n",
    );
    // `registry` wrote [package.metadata.warg.registries] above: TOML lets the parent's table follow.
    app.publish_component("acme:clock", "1.0.0", CLOCK)
        .code(13)
        .stderr_contains("with other requirements");
    assert_eq!(files(&sandbox.join("acme-registry")), before);
}

#[test]
fn a_dry_run_checks_everything_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    let before = files(&sandbox.join("acme-registry"));
    app.write("c.wasm", logger());
    app.warg(&[
        "publish",
        "c.wasm",
        "--as",
        "acme:logger@1.0.0",
        "--dry-run",
    ])
    .code(0)
    .stderr_contains("Checked acme:logger@1.0.0")
    .stderr_contains("nothing was published");
    app.warg(&[
        "publish",
        "c.wasm",
        "--as",
        "other:logger@1.0.0",
        "--registry",
        "acme",
        "-n",
    ])
    .code(13)
    .stderr_contains("gave it to nobody");
    assert_eq!(files(&sandbox.join("acme-registry")), before);
    assert!(!app.home().join("state/pending").exists());
}

#[test]
fn who_may_not_is_told_who_may() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.publish_component("acme:clock", "1.0.0", CLOCK).code(0);
    app.warg(&["key", "new", "acme/dev"]).code(0);
    app.write("c.wasm", logger());
    let publish =
        |name: &str, key: &str| app.warg(&["publish", "c.wasm", "--as", name, "--key", key]);
    publish("acme:clock@1.1.0", "acme/dev")
        .code(13)
        .stderr_contains(
            "key `acme/dev` may not release `acme:clock` in registry `acme`: `acme/ci` may",
        );
    publish("acme:new@1.0.0", "acme/dev")
        .code(13)
        .stderr_contains("key `acme/dev` does not hold the namespace `acme` in registry `acme`: `acme/ci` holds it");
    publish("acme:new@1.0.0", "nobody")
        .code(101)
        .stderr_contains("no secret key named `nobody`");
    publish("acme:new@1.0.0", "acme/ci").code(0);

    let stranger = app.with_home(sandbox.join("stranger"));
    let said = stranger.warg(&["publish", "c.wasm", "--as", "acme:clock@1.1.0"]);
    said.code(13)
        .stderr_contains("none of your keys may release `acme:clock`")
        .stderr_contains("`acme/ci` may");
    let said = stranger.warg(&["publish", "c.wasm", "--as", "acme:fresh@1.1.0"]);
    said.code(13)
        .stderr_contains("none of your keys holds the namespace `acme`")
        .stderr_contains("help: ");
}

#[test]
fn publishing_to_a_folder_takes_the_registrys_own_key_too() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.write("c.wasm", logger());
    let secrets = app.secrets();
    let [publisher, _operate, _checkpoint] = secrets.as_slice() else {
        panic!("three keys")
    };
    let ci = app.with_home(sandbox.join("ci"));
    let line = ["publish", "c.wasm", "--as", "acme:logger@1.0.0"];
    let said = ci.warg_with(&[("CARGO_WARG_KEY", publisher)], &line);
    said.code(13)
        .stderr_contains("takes the registry's checkpoint key; you do not have it: acme-")
        .stderr_contains("CARGO_WARG_KEY");
    assert!(
        !ci.home().join("state/pending").exists(),
        "nothing was signed for nobody"
    );
    let all = secrets.join("\n");
    let said = ci.warg_with(&[("CARGO_WARG_KEY", &all)], &line).code(0);
    said.holds_no_secret(&secrets);
    assert!(
        !ci.home().join("config").exists(),
        "the variable is not written anywhere"
    );
    let said = ci.warg_with(&[("CARGO_WARG_KEY", "PRIVATE+KEY+nonsense")], &line);
    said.code(101)
        .stderr_contains("line 1 of `CARGO_WARG_KEY`")
        .stderr_lacks("nonsense");
}

#[test]
fn what_is_no_component_or_has_no_name_is_said_so() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    let publish = |path: &str| app.warg(&["publish", path, "--as", "acme:x@1.0.0"]);
    app.write("module.wasm", b"\0asm\x01\0\0\0");
    publish("module.wasm")
        .code(101)
        .stderr_contains("a core module, not a component");
    app.write("text.wasm", "hello");
    publish("text.wasm")
        .code(101)
        .stderr_contains("not WebAssembly");
    let mut broken = logger();
    broken.truncate(broken.len() - 3);
    app.write("broken.wasm", &broken);
    publish("broken.wasm")
        .code(101)
        .stderr_contains("not valid at byte");
    publish("none.wasm")
        .code(101)
        .stderr_contains("cannot read none.wasm");
    app.write("empty/readme.md", "");
    publish("empty")
        .code(101)
        .stderr_contains("holds no .wit file");
    app.write("bad.wit", "package acme:x@1.0.0;\ninterface {}\n");
    publish("bad.wit").code(101).stderr_contains("bad.wit:2");
    app.write("noversion.wit", "package acme:x;\ninterface i {}\n");
    publish("noversion.wit")
        .code(101)
        .stderr_contains("has no version");
    app.write("c.wasm", logger());
    app.warg(&["publish", "c.wasm"])
        .code(2)
        .stderr_contains("--as NAMESPACE:NAME@VERSION");
    app.warg(&[
        "publish",
        "c.wasm",
        "--as",
        "acme:x@1.0.0",
        "--registry",
        "other",
    ])
    .code(2)
    .stderr_contains("there is no registry `other`")
    .stderr_contains("`acme`");
    app.warg(&["publish", "c.wasm", "--as", "far:x@1.0.0"])
        .code(101)
        .stderr_contains("no registry is configured for the namespace `far`");
    app.warg(&["registry", "check", "acme"])
        .code(0)
        .stderr_contains("2 entries");
}

#[test]
fn a_dependency_that_says_nothing_to_others_is_refused() {
    for (dependency, expected) in [
        ("{ path = \"../local\" }", "state its version"),
        ("\"*\"", "write \"acme:dep\" = \"1.2\""),
        ("\">=1.4, <3\"", "write \"acme:dep\" = \"1.4\""),
        ("\"0.1 , >=0.2\"", "write \"acme:dep\" = \"0.1\""),
        ("\">=2.0.0-rc.1\"", "write \"acme:dep\" = \"=2.0.0-rc.1\""),
        ("\"1.0.0-rc.1\"", "promises nothing of the next one"),
    ] {
        let sandbox = Sandbox::new();
        let manifest = format!(
            "[package.metadata.warg]\npackage = \"acme:x\"\n[package.metadata.warg.dependencies]\n\"acme:dep\" = {dependency}\n"
        );
        let app = project(&sandbox, &manifest);
        app.write("c.wasm", logger());
        app.warg(&["publish", "c.wasm"])
            .code(101)
            .stderr_contains(expected)
            .stderr_contains("Cargo.toml:8:1");
        app.warg(&["registry", "check", "acme"])
            .code(0)
            .stderr_contains("2 entries");
    }
}

#[test]
fn members_of_a_workspace_are_told_apart() {
    let sandbox = Sandbox::new();
    let work = sandbox.virtual_workspace("work", &["a", "b"]);
    for member in ["a", "b"] {
        let path = format!("{member}/Cargo.toml");
        let manifest = work.read(&path);
        let table = format!("[package.metadata.warg]\npackage = \"acme:{member}\"\n");
        work.write(&path, format!("{manifest}{table}"));
    }
    work.registry("acme", &["acme"]);
    work.write("c.wasm", logger());
    work.warg(&["publish", "c.wasm"])
        .code(2)
        .stderr_contains("-p");
    work.warg(&["publish", "c.wasm", "-p", "b"])
        .code(0)
        .stderr_contains("acme:b@0.1.0");
    work.warg(&["publish", "c.wasm", "--as", "acme:a@7.0.0"])
        .code(0)
        .stderr_contains("acme:a@7.0.0");
}

#[test]
fn processes_that_publish_at_once_all_succeed() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.write("c.wasm", logger());
    // Different packages, and different versions of one package.
    let names: Vec<String> = [
        "acme:a@1.0.0",
        "acme:b@1.0.0",
        "acme:c@1.0.0",
        "acme:c@1.1.0",
        "acme:c@2.0.0",
    ]
    .map(String::from)
    .into();
    let children: Vec<_> = names
        .iter()
        .map(|name| (name, app.start(&["publish", "c.wasm", "--as", name])))
        .collect();
    for (name, child) in children {
        Said::of_child(child, name)
            .code(0)
            .stderr_contains("Published");
    }
    app.warg(&["registry", "check", "acme"])
        .code(0)
        .stderr_contains("3 packages and of 5 releases");
    let left = files(&app.home().join("state/pending"));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_signed_record_that_nobody_acknowledged_is_sent_again() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox, "");
    app.write("c.wasm", logger());
    let private = sandbox.join("acme-registry/.private");
    let aside = sandbox.join("aside");
    // Nothing can be staged: a file lies where the private folder was.
    fs::rename(&private, &aside).unwrap();
    fs::write(&private, "").unwrap();
    let line = ["publish", "c.wasm", "--as", "acme:logger@1.0.0"];
    app.warg(&line)
        .code(101)
        .stderr_contains("cannot write")
        .stderr_contains(".private");
    let pending = app.home().join("state/pending");
    let kept: Vec<u8> = files(&pending).into_values().next().unwrap();
    fs::remove_file(&private).unwrap();
    fs::rename(&aside, &private).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100)); // a record signed anew would bear another time
    app.warg(&line).code(0);
    let record = String::from_utf8(kept[2..].to_vec()).unwrap();
    assert!(
        records(&sandbox, "acme/logger").contains(&record),
        "{record}"
    );
    assert!(files(&pending).is_empty());
    // What does not fit is not sent: the same version with other contents is signed anew, and so is damage.
    fs::rename(&private, &aside).unwrap();
    fs::write(&private, "").unwrap();
    app.warg(&["publish", "c.wasm", "--as", "acme:logger@1.1.0"])
        .code(101);
    fs::remove_file(&private).unwrap();
    fs::rename(&aside, &private).unwrap();
    let path = pending.join(first_file(&pending));
    let mut damaged = fs::read(&path).unwrap();
    let last = damaged.len() - 9;
    damaged[last] ^= 1;
    fs::write(&path, damaged).unwrap();
    app.warg(&["publish", "c.wasm", "--as", "acme:logger@1.1.0"])
        .code(0);
    app.warg(&["registry", "check", "acme"]).code(0);
}

fn first_file(folder: &Path) -> std::path::PathBuf {
    files(folder).into_keys().next().unwrap()
}

#[test]
fn a_requirement_is_used_where_it_exports_what_is_imported_whatever_the_packages_are_called() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "[package.metadata.warg]\npackage = \"acme:a\"\n");
    app.registry("acme", &["acme"]);
    let x = "package acme:x@1.0.0 { interface i { f: func(); } interface j { g: func(); } }\n";
    let exports = |interface: &str| {
        format!("package acme:b@0.9.0;\nworld w {{ export acme:x/{interface}@1.0.0; }}\n{x}")
    };
    app.publish_component("acme:b", "0.9.0", &exports("i"))
        .code(0);
    app.publish_component("acme:c", "0.9.0", &exports("j"))
        .code(0);
    app.append_to_manifest(
        "[package.metadata.warg.dependencies]\n\"acme:b\" = \"0.9\"\n\"acme:c\" = \"0.9\"\n",
    );
    let imports = format!("package acme:a@0.1.0;\nworld w {{ import acme:x/i@1.0.0; }}\n{x}");
    app.write("a.wasm", fixtures::component::from_wit(&imports, "w"));
    app.warg(&["publish", "a.wasm", "--dry-run"])
        .code(0)
        .stderr_lacks("that `acme:b` exports")
        .stderr_contains("the component imports nothing that `acme:c` exports, which it requires");
}

/// A crate that says no name is recognised by what it depends on and the component imports.
#[test]
fn a_component_that_imports_what_a_crate_depends_on_is_that_crates_with_its_requirements() {
    let sandbox = Sandbox::new();
    let app = sandbox.virtual_workspace("app", &["one", "two"]);
    app.registry("acme", &["acme"]);
    let clock = "package acme:clock@1.0.0;\ninterface now { now: func() -> u64; }\n";
    let exports = format!("{clock}world w {{ export now; }}\n");
    let imports = format!("{clock}world w {{ import now; }}\n");
    app.publish_component("acme:clock", "1.0.0", &exports)
        .code(0)
        .stderr_lacks("Using");
    let depends = |member: &str, table: &str| {
        let manifest = app.read(&format!("{member}/Cargo.toml"));
        let dependency = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
        app.write(
            &format!("{member}/Cargo.toml"),
            format!("{manifest}{table}{dependency}"),
        );
    };
    depends("one", "");
    app.publish_component("acme:timer", "1.0.0", &imports)
        .code(0)
        .stderr_contains("Using the requirements of `one`\n");
    let told = app.warg(&["info", "acme:timer"]).code(0).stdout;
    assert!(told.contains("component acme:clock ^1"), "{told}");
    // What imports nothing of it is something else.
    app.publish_component("acme:other", "1.0.0", "package a:b;\nworld w {}\n")
        .code(0)
        .stderr_lacks("Using")
        .stderr_lacks("warning");
    // Nor is a dependency itself.
    let both = format!("{clock}world w {{ import now; export now; }}\n");
    app.publish_component("acme:clock", "1.1.0", &both)
        .code(0)
        .stderr_lacks("Using");
    depends("two", "");
    let said = app.publish_component("acme:timer", "1.1.0", &imports);
    said.code(2)
        .stderr_contains("which of them is it?")
        .stderr_contains("choose one with `-p`, or write `package = \"acme:timer\"`");
    let file = "acme-timer-1.1.0.wasm";
    app.warg(&["publish", file, "--as", "acme:timer@1.1.0", "-p", "two"])
        .code(0)
        .stderr_contains("Using the requirements of `two`");
    app.write(
        "one/Cargo.toml",
        app.read("one/Cargo.toml").replace(
            "[package.metadata.warg.dep",
            "[package.metadata.warg]\npackage = \"acme:one\"\n[package.metadata.warg.dep",
        ),
    );
    app.warg(&["publish", file, "--as", "acme:timer@1.2.0", "-p", "one"])
        .code(0)
        .stderr_contains("acme:timer@1.2.0 requires nothing, and imports what `one` depends on, which is published as `acme:one`")
        .stderr_contains("write `package = \"acme:timer\"`");
    // Who publishes with the lock of a crate without a name means that crate.
    app.warg(&["lock"]).code(0);
    app.warg(&[
        "publish",
        file,
        "--as",
        "acme:timer@1.3.0",
        "-p",
        "two",
        "--bundle",
    ])
    .code(0)
    .stderr_contains("with its lock and bundle");
}
