//! Registries that a project adds, shows and removes, and one that is written in a folder and read from a server.

use std::fs;

use fixtures::component::from_wit;
use fixtures::server::{Answer, Server};

use crate::story::stocked;
use crate::support::{Project, Sandbox, copy, files};

const LOGGER: &str = "package acme:logger@1.0.0;\ninterface api { log: func(line: string); }\nworld w { export api; }\n";

fn fingerprint(app: &Project, registry: &str) -> String {
    let listed = app.json(&["registry", "list"]);
    let registries = listed["registries"].as_array().unwrap();
    let one = registries.iter().find(|one| one["registry"] == registry);
    one.unwrap()["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_registry_is_added_by_its_policy_and_all_else_in_the_manifest_stays() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = sandbox.cargo_project("app", "# mine\n");
    app.write("../acme.policy", registry.world.policy_text());
    let add = [
        "registry",
        "add",
        "../acme-registry",
        "--policy",
        "../acme.policy",
        "--name",
        "acme",
        "--namespace",
        "test",
        "--namespace",
        "acme",
    ];
    app.warg(&add).code(0).stderr_contains("Added `acme`, ");
    let manifest = app.read("Cargo.toml");
    assert!(
        manifest.contains("# mine\n")
            && manifest
                .contains("acme = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }"),
        "{manifest}"
    );
    assert_eq!(app.read("trust/acme.policy"), registry.world.policy_text());
    app.warg(&["add", "acme:clock"]).code(0);
    let manifest = app.read("Cargo.toml");
    app.warg(&add).code(0).stderr_contains("Unchanged");
    app.warg(&[&add[..], &["--default"]].concat())
        .code(0)
        .stderr_contains("Added");
    assert_ne!(app.read("Cargo.toml"), manifest);
    let listed = app.json(&["registry", "list"]);
    let one = &listed["registries"][0];
    assert_eq!(one["origin"], registry.world.origin().as_str());
    assert_eq!(one["namespaces"], serde_json::json!(["acme", "test"]));
    assert_eq!(one["default"], true);
    assert_eq!(one["publish"], serde_json::Value::Null);
    let shown = app.warg(&["registry", "list"]).code(0).stdout;
    for text in [
        "acme (default)",
        "namespaces: acme, test",
        "fingerprint: sha256:",
    ] {
        assert!(shown.contains(text), "{shown}");
    }
}

#[test]
fn a_policy_from_the_web_is_believed_by_its_fingerprint_alone() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let text = registry.world.policy_text();
    let operator = registry.app(&sandbox, "operator", "");
    let said = fingerprint(&operator, "acme");
    let served = copy_of(&sandbox, &registry.folder);
    fs::write(served.join("acme.policy"), &text).unwrap();
    let server = Server::of_folder(&served);
    let url = server.url();
    let at = format!("{url}/acme.policy");
    let app = sandbox.cargo_project("app", "");
    let before = files(app.path());
    let add = |more: &[&str]| {
        let line = [
            "registry",
            "add",
            url.as_str(),
            "--default",
            "--name",
            "acme",
        ];
        app.warg(&[&line[..], more].concat())
    };
    add(&[])
        .code(2)
        .stderr_contains("nothing says whom to believe about")
        .stderr_contains("help: ask the registry's operator for its policy");
    add(&["--policy", &at])
        .code(2)
        .stderr_contains("could be anybody's")
        .stderr_contains("`--fingerprint sha256:…`");
    assert_eq!(server.requests().len(), 0, "nothing was read");
    let other = format!("sha256:{}", "0".repeat(64));
    add(&["--policy", &at, "--fingerprint", &other])
        .code(13)
        .stderr_contains(&said)
        .stderr_contains(&other);
    add(&["--policy", &at, "--fingerprint", "1234"])
        .code(2)
        .stderr_contains("expected sha256: and 64 hexadecimal digits");
    add(&["--policy", &at, "--fingerprint", &said, "--offline"])
        .code(2)
        .stderr_contains("with --offline");
    assert_eq!(files(app.path()), before, "nothing was written");
    add(&["--policy", &at, "--fingerprint", &said]).code(0);
    assert_eq!(app.read("trust/acme.policy"), text);
    assert_eq!(fingerprint(&app, "acme"), said);
    let shown = app.json(&["info", "acme:clock"]);
    assert_eq!(shown["fingerprint"], said.as_str());
    app.warg(&["add", "acme:clock"]).code(0);
}

fn copy_of(sandbox: &Sandbox, folder: &std::path::Path) -> std::path::PathBuf {
    let served = sandbox.join("served");
    copy(folder, &served);
    served
}

#[test]
fn what_does_not_fit_is_not_added() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = sandbox.cargo_project("app", "");
    let other = sandbox.cargo_project("other", "");
    other.registry("other", &["other"]);
    app.write("../acme.policy", registry.world.policy_text());
    let before = files(app.path());
    let add = |address: &str, policy: &str, more: &[&str]| {
        let line = ["registry", "add", address, "--policy", policy];
        app.warg(&[&line[..], more].concat())
    };
    // Another registry's policy; a folder that is none; a server that is not there.
    add("../acme-registry", "../other/trust/other.policy", &[]).code(13);
    add("../nowhere", "../acme.policy", &["--name", "acme"])
        .code(12)
        .stderr_contains("`--offline` adds it without asking it");
    add(
        "ftp://registry.example",
        "../acme.policy",
        &["--name", "acme"],
    )
    .code(101)
    .stderr_contains("`ftp://registry.example` cannot be the address of a registry");
    for policy in [
        "../acme.policy",
        "https://me:hidden@registry.example/acme.policy",
    ] {
        for address in [
            "https://me:hidden@registry.example/acme",
            "../acme-registry",
        ] {
            if (address, policy) == ("../acme-registry", "../acme.policy") {
                continue;
            }
            let said = add(address, policy, &["--name", "acme", "--offline"]).code_is_no_success();
            assert!(!said.stderr.contains("hidden"), "{said}");
        }
    }
    add("../acme-registry", "../no.policy", &[]).code(101);
    assert_eq!(files(app.path()), before);
    add(
        "../nowhere",
        "../acme.policy",
        &["--name", "acme", "--offline"],
    )
    .code(0)
    .stderr_contains("nobody was asked");
    add("../acme-registry", "../acme.policy", &["--name", "second"])
        .code(2)
        .stderr_contains("is in Cargo.toml already, as `acme`");
    add("../acme-registry", "../acme.policy", &["--name", "acme"])
        .code(101)
        .stderr_contains("there is a registry `acme` already, and it is another");
}

#[test]
fn a_registry_is_removed_where_nothing_needs_it() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = sandbox.cargo_project("app", "");
    app.write("../acme.policy", registry.world.policy_text());
    app.warg(&[
        "registry",
        "add",
        "../acme-registry",
        "--policy",
        "../acme.policy",
        "--name",
        "acme",
    ])
    .code(0)
    .stderr_contains("no package is taken from it yet");
    let remove = ["registry", "remove", "acme"];
    app.warg(&remove)
        .code(0)
        .stderr_contains("its policy stays");
    app.warg(&remove)
        .code(2)
        .stderr_contains("Cargo.toml configures no registry `acme`");
    let app = sandbox.cargo_project("needy", "");
    app.write("trust/acme.policy", registry.world.policy_text());
    app.append_to_manifest(
        "[package.metadata.warg]\ndefault-registry = \"acme\" # all\n[package.metadata.warg.registries]\n# ours\n\
         acme = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }\n[package.metadata.warg.namespaces]\n\
         acme = \"acme\"\n[package.metadata.warg.dependencies]\n\"acme:clock\" = { version = \"1\", registry = \"acme\" }\n",
    );
    app.warg(&["lock"]).code(0);
    app.warg(&remove)
        .code(2)
        .stderr_contains("the dependency `acme:clock` names the registry `acme`");
    let manifest = app.read("Cargo.toml").replace(", registry = \"acme\"", "");
    app.write("Cargo.toml", &manifest);
    app.warg(&remove)
        .code(2)
        .stderr_contains("the namespace `acme` belongs to it; it is the default registry; warg.lock has a package of it");
    assert_eq!(app.read("Cargo.toml"), manifest);
    app.warg(&["registry", "remove", "acme", "--yes"]).code(0);
    let manifest = app.read("Cargo.toml");
    assert!(
        !manifest.contains("\"acme\"") && !manifest.contains("# ours"),
        "{manifest}"
    );
    assert!(
        manifest.contains("\"acme:clock\" = { version = \"1\" }"),
        "{manifest}"
    );
}

/// A registry that is written in a folder; its publisher's project names a server for readers.
fn published_elsewhere(sandbox: &Sandbox) -> (Project, Server) {
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.write("logger.wasm", from_wit(LOGGER, "w"));
    let server = Server::of_folder(sandbox.join("acme-registry"));
    let manifest = app.read("Cargo.toml");
    let both = format!("url = \"{}\", publish = \"../acme-registry\"", server.url());
    app.write(
        "Cargo.toml",
        manifest.replace("url = \"../acme-registry\"", &both),
    );
    (app, server)
}

#[test]
fn one_manifest_serves_readers_and_publishers() {
    let sandbox = Sandbox::new();
    let (app, server) = published_elsewhere(&sandbox);
    let folder = sandbox.join("acme-registry");
    let written = format!(", at {}", folder.display());
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@1.0.0"])
        .code(0)
        .stderr_contains(&written);
    assert!(
        server.count("checkpoint") > 0,
        "what readers have was looked at"
    );
    let yank = ["yank", "acme:logger@1.0.0", "--reason", "wrong"];
    app.warg(&yank).code(0).stderr_contains(&written);
    app.warg(&["unyank", "acme:logger@1.0.0", "--reason", "right"])
        .code(0);
    let document = app.json(&yank);
    assert_eq!(document["record"]["folder"], folder.display().to_string());
    app.warg(&["unyank", "acme:logger@1.0.0", "--reason", "right"])
        .code(0);
    app.write("i/i.wit", "package acme:i@1.0.0;\ninterface i {}\n");
    app.warg(&["registry", "import", "i", "--registry", "acme"])
        .code(0);
    app.warg(&["registry", "check", "acme"]).code(0);

    // Somebody else has the manifest and no such folder.
    let reader = sandbox.join("far/away/app");
    copy(app.path(), &reader);
    let reader = app.in_folder(&reader).with_home(sandbox.join("reader"));
    reader.warg(&["add", "acme:logger"]).code(0);
    reader.warg(&["fetch"]).code(0);
    reader
        .warg(&["publish", "i", "--offline"])
        .code(2)
        .stderr_contains("which is not on this machine");
    reader.warg(&yank).code(2);
}

#[test]
fn a_folder_that_is_behind_what_readers_are_served_is_not_written_to() {
    let sandbox = Sandbox::new();
    let (app, server) = published_elsewhere(&sandbox);
    let old = sandbox.join("old");
    copy(&sandbox.join("acme-registry"), &old);
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@1.0.0"])
        .code(0);
    // Another machine of the same publisher, whose copy of the folder is older.
    let manifest = app.read("Cargo.toml");
    app.write("Cargo.toml", manifest.replace("../acme-registry", "../old"));
    let home = sandbox.join("second");
    copy(&app.home().join("config"), &home.join("config"));
    set_private(&home.join("config/keys"));
    let second = app.with_home(&home);
    let before = files(&old);
    second
        .warg(&["publish", "logger.wasm", "--as", "acme:logger@1.1.0"])
        .code(12)
        .stderr_contains("readers of `acme` are served more than the folder has");
    assert_eq!(files(&old), before);

    // Readers who are served nothing, or less, keep nobody from writing.
    server.everything(Answer::Status(404));
    app.write("Cargo.toml", &manifest);
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@1.1.0"])
        .code(0);
}

#[test]
fn a_folder_of_another_registry_is_not_written_to() {
    let sandbox = Sandbox::new();
    let (app, _server) = published_elsewhere(&sandbox);
    let other = sandbox.cargo_project("other", "");
    other.registry("other", &["acme"]);
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace("\"../acme-registry\"", "\"../other-registry\""),
    );
    let before = files(&sandbox.join("other-registry"));
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@1.0.0"])
        .code(13);
    assert_eq!(files(&sandbox.join("other-registry")), before);
}

fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_registry_is_founded_written_and_read_without_a_manifest() {
    let sandbox = Sandbox::new();
    let here = sandbox.folder_project("here");
    here.warg(&["key", "new", "acme/ci"]).code(0);
    here.warg(&["key", "list"]).code(0);
    here.warg(&[
        "registry",
        "new",
        "reg",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
    ])
    .code(0)
    .stderr_contains("Founded")
    .stderr_contains("`cargo warg registry add ");
    here.write("logger.wasm", from_wit(LOGGER, "w"));
    let at = ["--registry", "reg", "--policy", "trust/acme.policy"];
    let warg = |line: &[&str]| here.warg(&[line, &at].concat());
    warg(&["publish", "logger.wasm", "--as", "acme:logger@1.0.0"]).code(0);
    warg(&["publish", "logger.wasm"])
        .code(2)
        .stderr_contains("help: give it with `--as NAMESPACE:NAME@VERSION`");
    here.write("i/i.wit", "package acme:i@1.0.0;\ninterface i {}\n");
    warg(&["publish", "i"]).code(0);
    let shown = warg(&["info", "acme:logger"]).code(0).stdout;
    assert!(shown.contains("releases:  1.0.0"), "{shown}");
    warg(&["verify", "acme:logger@1.0.0"]).code(0);
    warg(&["yank", "acme:logger@1.0.0", "--reason", "wrong"]).code(0);
    warg(&["annotate", "acme:i", "site", "https://acme.example"]).code(0);
    warg(&["verify"])
        .code(2)
        .stderr_contains("`--registry` says where");
    here.warg(&["inspect", "logger.wasm"]).code(0);
    here.warg(&["registry", "check", "reg", "--policy", "trust/acme.policy"])
        .code(0);
    for line in [
        &["info", "acme:logger"][..],
        &["verify", "acme:logger@1.0.0"],
        &["publish", "logger.wasm", "--as", "acme:logger@1.1.0"],
        &["yank", "acme:logger@1.0.0", "--reason", "wrong"],
    ] {
        here.warg(line)
            .code(2)
            .stderr_contains("no Cargo.toml lies here or further up")
            .stderr_contains("help: name it: `--registry FOLDER|URL --policy FILE`");
    }

    here.warg(&["lock"]).code(101).stderr_contains(
        "help: this works on a cargo project: run it in one, or name its manifest",
    );

    // In a project, a registry that is named so stands for the one that has the namespace there.
    let app = sandbox.cargo_project("app", "");
    app.registry("other", &["acme"]);
    let named = [
        "--registry",
        "../here/reg",
        "--policy",
        "../here/trust/acme.policy",
    ];
    app.warg(&["info", "acme:logger"]).code(11);
    app.warg(&[&["info", "acme:logger"], &named[..]].concat())
        .code(0);
    let from_within = here.in_folder(here.path().join("reg"));
    from_within
        .warg(&[
            "info",
            "acme:i",
            "--registry",
            ".",
            "--policy",
            "../trust/acme.policy",
        ])
        .code(0);
}
