//! A project reaches nothing outside of itself: neither what this user's configuration means, nor folders of other projects.

use std::os::unix::fs::symlink;

use fixtures::component;

use crate::support::{Project, Sandbox};

/// Puts a version of `wasi:io` where wkg's layout has it, below a folder.
fn put(sandbox: &Sandbox, folder: &str, version: &str) {
    let text = format!("package wasi:io@{version};\ninterface streams {{ f: func(); }}\n");
    let path = sandbox.join(format!("{folder}/wasi/io/{version}.wasm"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, component::wit_package(&text)).unwrap();
}

/// This user's wasm-pkg configuration, with a folder that is named from where the file lies.
fn config(sandbox: &Sandbox) -> String {
    let file = sandbox.join("wkg.toml");
    let text = "[namespace_registries]\nwasi = \"up.example\"\n[registry.\"up.example\"]\ntype = \"local\"\n\
                [registry.\"up.example\".local]\nroot = \"up\"\n";
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn added(sandbox: &Sandbox, name: &str) -> Project {
    let app = sandbox.cargo_project(name, "");
    let file = config(sandbox);
    app.warg_with(&[("WKG_CONFIG_FILE", &file)], &["add", "wasi:io", "--yes"])
        .code(0);
    app
}

#[test]
fn a_folder_that_a_configuration_names_is_never_one_of_the_project() {
    let sandbox = Sandbox::new();
    put(&sandbox, "up", "0.2.3");
    let app = added(&sandbox, "app");
    // A project that brings a folder of that name.
    put(&sandbox, "hostile/up", "0.2.99");
    let hostile = sandbox.cargo_project("hostile", "");
    let file = config(&sandbox);
    let env = [("WKG_CONFIG_FILE", file.as_str())];
    hostile
        .warg_with(&env, &["add", "wasi:io@0.2.99", "--yes"])
        .code_is_no_success();
    hostile.warg_with(&env, &["update"]).code(0);
    app.warg(&["update"]).code(0);
    assert!(!app.read("warg.lock").contains("0.2.99"));
    // Nor is a configuration that the project brings read.
    hostile.write("wkg.toml", "[namespace_registries]\n");
    hostile
        .warg_with(
            &[("WKG_CONFIG_FILE", "wkg.toml")],
            &["add", "ba:tool", "--yes"],
        )
        .code(101)
        .stderr_contains("`WKG_CONFIG_FILE` is wkg.toml, which is no absolute path");
}

#[test]
fn what_is_vendored_follows_no_link_out_of_the_project() {
    let sandbox = Sandbox::new();
    put(&sandbox, "up", "0.2.3");
    let victim = added(&sandbox, "victim");
    let before = victim.read("vendor/warg/.gitattributes");
    let hostile = sandbox.cargo_project("hostile", "");
    std::fs::create_dir(hostile.path().join("vendor")).unwrap();
    symlink(
        "../../victim/vendor/warg",
        hostile.path().join("vendor/warg"),
    )
    .unwrap();
    std::fs::remove_file(victim.path().join("vendor/warg/.gitattributes")).unwrap();
    let file = config(&sandbox);
    hostile
        .warg_with(&[("WKG_CONFIG_FILE", &file)], &["add", "wasi:io", "--yes"])
        .stderr_contains("lies elsewhere");
    assert!(!victim.path().join("vendor/warg/.gitattributes").exists());
    victim.write("vendor/warg/.gitattributes", &before);
    hostile
        .warg(&["vendor"])
        .code(2)
        .stderr_contains("leads out of the project by a link");
    victim.warg(&["verify"]).code(0);
}
