//! A personal registry is filled from upstreams, with its user's word, and compared with what lies there.

use std::fs;

use fixtures::{component, oci};

use super::*;

/// Puts bytes where wkg's layout has a version, in the folder `up`.
fn put(sandbox: &Sandbox, name: &str, version: &str, bytes: &[u8]) {
    let path = format!("up/{}/{version}.wasm", name.replace(':', "/"));
    let path = sandbox.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// An upstream of binaries: `wasi:io`, and `wasi:http`, which uses it; and the component `ba:tool`.
fn binaries(sandbox: &Sandbox) {
    for version in ["0.2.0", "0.2.3"] {
        let io =
            format!("package wasi:io@{version};\ninterface streams {{ type source = u32; }}\n");
        put(sandbox, "wasi:io", version, &component::wit_package(&io));
        let http = format!(
            "package wasi:http@{version};\n\
             interface types {{ use wasi:io/streams@{version}.{{source}}; get: func() -> source; }}\n\
             package wasi:io@{version} {{ interface streams {{ type source = u32; }} }}\n"
        );
        put(
            sandbox,
            "wasi:http",
            version,
            &component::wit_package(&http),
        );
    }
    tool(sandbox, "1.0.0");
}

fn tool(sandbox: &Sandbox, version: &str) {
    let text = format!(
        "package ba:tool@{version};\ninterface api {{ f: func(); }}\nworld w {{ export api; }}\n"
    );
    put(
        sandbox,
        "ba:tool",
        version,
        &component::from_wit(&text, "w"),
    );
}

/// This user's wasm-pkg configuration, which says where `wasi` and `ba` lie: the variable, and the file.
fn known(sandbox: &Sandbox) -> (&'static str, String) {
    let file = sandbox.join("wkg.toml");
    let up = sandbox.join("up");
    let text = format!(
        "[namespace_registries]\nwasi = \"up.example\"\nba = \"up.example\"\n\
         [registry.\"up.example\"]\ntype = \"local\"\n[registry.\"up.example\".local]\nroot = \"{}\"\n",
        up.display()
    );
    fs::write(&file, text).unwrap();
    ("WKG_CONFIG_FILE", file.display().to_string())
}

#[test]
fn from_a_new_crate_to_a_verified_lock() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let app = sandbox.cargo_project("app", "");
    let env = [(variable, file.as_str())];
    // Nobody can be asked here, and nothing happens without a word.
    let manifest = app.read("Cargo.toml");
    app.warg_with(&env, &["add", "wasi:http"])
        .code(101)
        .stderr_contains("no registry is configured for the namespace `wasi`")
        .stderr_contains("pass `--yes`, which imports packages of `wasi` from local:");
    assert_eq!(app.read("Cargo.toml"), manifest);
    assert!(!app.home().join("data").exists());
    app.warg_with(&env, &["add", "wasi:http", "--yes"])
        .code(0)
        .stderr_contains("    Imported 4 versions into this user's personal registry")
        .stderr_contains("      Adding WIT package wasi:http 0.2.3 to Cargo.toml")
        .stderr_contains("      Locked 2 packages in warg.lock")
        .stderr_contains("    Vendored 2 contents");
    app.warg(&["verify", "--deny", "warnings"]).code(0);
    // The word was given for this pair, and for every project of this user.
    let agreed = fs::read_to_string(app.home().join("config/upstreams.toml")).unwrap();
    assert!(agreed.contains("wasi = \"local:"), "{agreed}");
    let other = sandbox.cargo_project("other", "");
    fs::rename(sandbox.join("up"), sandbox.join("gone")).unwrap();
    other
        .warg(&["add", "wasi:http"])
        .code(0)
        .stderr_lacks("Imported");
    other.warg(&["verify"]).code(0);
}

#[test]
fn with_every_upstream_gone_what_is_locked_goes_on_working() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "wasi:http", "ba:tool", "--yes"])
        .code(0);
    app.warg(&["fetch"]).code(0);
    fs::remove_dir_all(sandbox.join("up")).unwrap();
    for command in [
        &["lock"][..],
        &["fetch"],
        &["verify", "--deny", "warnings"],
        &["remove", "wasi:http"],
        &["add", "wasi:io"],
        &["lock", "--offline"],
        &["fetch", "--offline"],
        &["verify", "--offline"],
    ] {
        app.warg_with(&env, command).code(0);
    }
    // What is not there is told with the reason, and a retry may help or not, as the upstream says.
    app.warg_with(&env, &["add", "wasi:cli"])
        .code_is_no_success()
        .stderr_contains("`wasi:cli` is not in the registry `personal/");
}

#[test]
fn lock_lists_nothing_anew_and_update_does() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "ba:tool", "--yes"]).code(0);
    tool(&sandbox, "1.1.0");
    app.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"0.2.0\"\n");
    app.warg_with(&env, &["lock", "--yes"])
        .code(0)
        .stderr_lacks("1.1.0");
    app.warg_with(&env, &["update", "--dry-run"])
        .code(0)
        .stderr_lacks("1.1.0");
    app.warg_with(&env, &["update", "ba:tool"])
        .code(0)
        .stderr_contains("ba:tool v1.0.0 -> v1.1.0");
    app.warg(&["verify"]).code(0);
}

#[test]
fn what_a_registry_refers_to_is_imported_where_nobody_else_has_it() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let maker = sandbox.cargo_project("maker", "");
    maker.registry("acme", &["acme", "wasi"]);
    maker
        .publish_wit("package wasi:io@0.2.3;\ninterface streams { type source = u32; }\n")
        .code(0);
    maker
        .publish_wit(
            "package acme:api@1.0.0;\ninterface a { use wasi:io/streams@0.2.3.{source}; }\n",
        )
        .code(0);
    // Who configured `acme` for its own namespace alone has WASI from elsewhere.
    let app = sandbox.cargo_project("app", "");
    let tables = maker.read("Cargo.toml");
    let tables = tables.split_once("[package.metadata.warg").unwrap().1;
    let tables: String = tables
        .lines()
        .filter(|line| !line.starts_with("wasi"))
        .flat_map(|line| [line, "\n"])
        .collect();
    app.append_to_manifest(&format!("[package.metadata.warg{tables}"));
    copy(&maker.path().join("trust"), &app.path().join("trust"));
    app.warg_with(&env, &["add", "acme:api"])
        .code_is_no_success()
        .stderr_contains("pass `--yes`");
    app.warg_with(&env, &["add", "acme:api", "--yes"]).code(0);
    let lock = app.read("warg.lock");
    assert!(lock.contains("wasi = \"personal/"), "{lock}");
    app.warg(&["verify", "--deny", "warnings"]).code(0);
}

#[test]
fn what_a_project_brought_is_compared_with_what_lies_upstream() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let theirs = stranger(
        &sandbox,
        "0.2.3",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    mine.warg_with(&env, &["lock"])
        .code(0)
        .stderr_contains("Adopted");
    let other = sandbox.cargo_project("other", "");
    other
        .warg_with(&env, &["add", "wasi:io@0.2.3", "--yes"])
        .code(13)
        .stderr_contains("wasi:io@0.2.3 is sha256:")
        .stderr_contains("in this user's personal registry, and sha256:");
}

/// An OCI registry on this machine that has `wasi:http` and `wasi:io`, and a wasm-pkg configuration that leads there.
fn oci(sandbox: &Sandbox) -> (oci::Registry, String) {
    let registry = oci::Registry::new();
    binaries(sandbox);
    for name in ["io", "http"] {
        for version in ["0.2.0", "0.2.3"] {
            let bytes = fs::read(sandbox.join(format!("up/wasi/{name}/{version}.wasm"))).unwrap();
            registry.push(&format!("webassembly/wasi/{name}"), version, &bytes);
        }
    }
    let file = sandbox.join("wkg.toml");
    let host = registry.host();
    let text = format!(
        "[namespace_registries]\nwasi = {{ registry = \"mine\", metadata = {{ oci = {{ registry = \"{host}\", \
         namespacePrefix = \"webassembly/\" }} }} }}\n"
    );
    fs::write(&file, text).unwrap();
    (registry, file.display().to_string())
}

#[test]
fn an_oci_registry_is_asked_once_for_what_is_imported_and_never_again() {
    let sandbox = Sandbox::new();
    let (registry, file) = oci(&sandbox);
    let env = [("WKG_CONFIG_FILE", file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "wasi:http", "--yes"]).code(0);
    let asked = registry.server().requests().len();
    // The tags of two packages; manifest, config and content of four versions.
    assert!(asked <= 2 + 4 * 3, "{asked} requests");
    for command in [
        &["verify", "--deny", "warnings"][..],
        &["lock"],
        &["fetch"],
        &["vendor"],
        &["verify"],
        &["add", "wasi:io"],
        &["remove", "wasi:io"],
    ] {
        app.warg_with(&env, command).code(0);
    }
    let other = sandbox.cargo_project("other", "");
    other.warg_with(&env, &["add", "wasi:http"]).code(0);
    other.warg_with(&env, &["verify"]).code(0);
    assert_eq!(
        registry.server().requests().len(),
        asked,
        "nothing more was asked"
    );
    // What there is anew is two requests a package at most: here, the tags of each.
    other.warg_with(&env, &["update"]).code(0);
    assert!(registry.server().requests().len() <= asked + 2 * 2);
}

#[test]
fn nothing_is_vendored_into_a_folder_of_another_project_unasked() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let other = sandbox.cargo_project("other", "");
    other.append_to_manifest("[package.metadata.warg]\nvendor = \"../app/vendor/warg\"\n");
    let before = files(app.path());
    other
        .warg(&["add", "wasi:cli"])
        .code(0)
        .stderr_contains("run `cargo warg vendor`")
        .stderr_lacks("Vendored");
    assert_eq!(files(app.path()), before);
}

#[test]
fn whatever_locks_first_checks_the_lock_as_it_was_solved() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    import(&app(&sandbox, "importer"));
    for command in ["fetch", "vendor"] {
        let app = app(&sandbox, command);
        app.warg(&[command])
            .code(0)
            .stderr_contains("Locked 2 packages");
        app.warg(&[command, "--locked"]).code(0);
        fs::remove_file(app.path().join("warg.lock")).unwrap();
        app.warg(&[command])
            .code(0)
            .stderr_contains("Locked 2 packages");
        app.warg(&["vendor"]).code(0);
        app.warg(&["verify", "--deny", "warnings"]).code(0);
    }
}

/// A project whose lock has `wasi:http` and `wasi:io` as another machine imported them from `up`; this user adopted them.
fn adopted(sandbox: &Sandbox) -> (&'static str, String) {
    binaries(sandbox);
    let (variable, file) = known(sandbox);
    let theirs = sandbox
        .cargo_project("theirs", "")
        .with_home(sandbox.join("theirs-home"));
    theirs
        .warg_with(&[(variable, &file)], &["add", "wasi:http", "--yes"])
        .code(0);
    let mine = cloned(&theirs, sandbox, "mine").with_home(sandbox.join("home"));
    mine.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import wasi:io/streams@0.2.3; }\n",
    );
    mine.warg(&["lock"])
        .code(0)
        .stderr_contains("Adopted 2 releases");
    (variable, file)
}

#[test]
fn what_was_adopted_is_for_all_projects_once_it_is_imported_by_hand() {
    let sandbox = Sandbox::new();
    adopted(&sandbox);
    let other = sandbox.cargo_project("other", "");
    other.warg(&["add", "wasi:io@0.2.3"]).code(11);
    let up = format!("local:{}", sandbox.join("up").display());
    let imported = [
        "registry",
        "import",
        &up,
        "wasi:http",
        "--registry",
        "personal",
    ];
    other.warg(&imported).code(0);
    // What it refers to was confirmed with it.
    other.warg(&["add", "wasi:io@0.2.3"]).code(0);
    other.warg(&["add", "wasi:http@0.2.3"]).code(0);
    other.warg(&["verify", "--deny", "warnings"]).code(0);
    let before = own(&sandbox);
    other.warg(&imported).code(0);
    assert_eq!(own(&sandbox), before, "confirmed once");
}

#[test]
fn what_was_adopted_is_for_all_projects_once_it_is_imported_along() {
    let sandbox = Sandbox::new();
    let (variable, file) = adopted(&sandbox);
    let env = [(variable, file.as_str())];
    let other = sandbox.cargo_project("other", "");
    other
        .warg_with(&env, &["add", "wasi:http", "--yes"])
        .code(0);
    other.warg(&["verify", "--deny", "warnings"]).code(0);
    other.warg(&["add", "wasi:io@0.2.3"]).code(0);
}

#[test]
fn what_was_adopted_with_other_bytes_is_told_when_it_is_imported_by_hand() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let theirs = stranger(
        &sandbox,
        "0.2.3",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    mine.warg(&["lock"]).code(0).stderr_contains("Adopted");
    let up = format!("local:{}", sandbox.join("up").display());
    let other = sandbox.cargo_project("other", "");
    let imported = [
        "registry",
        "import",
        &up,
        "wasi:io",
        "--registry",
        "personal",
    ];
    other.warg(&imported).code(13);
    other.warg(&["add", "wasi:io@0.2.3"]).code(11);
}
