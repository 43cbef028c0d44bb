//! Packages come from OCI registries, with what these say of them; what moved there is an alarm, and what is unchanged costs two
//! requests.

use std::collections::BTreeSet;

use fixtures::component::wit_package;
use fixtures::oci::{Registry, Tokens};
use fixtures::population::{PREFIX, Population};
use fixtures::server::{Answer, Server};

use crate::support::{Project, Sandbox};

const IO: &str = "package wasi:io@0.2.0;\ninterface streams { f: func(); }\n";
const HTTP: &str = "package wasi:http@0.2.0;\nworld proxy { import wasi:io/streams@0.2.0; }\n\
                    package wasi:io@0.2.0 { interface streams { f: func(); } }";

fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.registry("team", &["wasi"]);
    app
}

/// An upstream like GitHub's: with opaque tokens, and a prefix.
fn upstream() -> (Registry, String) {
    let registry = Registry::new();
    registry.want(Tokens::Public);
    registry.push("webassembly/wasi/io", "0.2.0", &wit_package(IO));
    registry.push("webassembly/wasi/http", "0.2.0", &wit_package(HTTP));
    let address = format!("oci:{}/webassembly", registry.host());
    (registry, address)
}

#[test]
fn a_package_comes_from_an_oci_registry_with_what_it_refers_to() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, address) = upstream();
    app.warg(&["registry", "import", &address, "wasi:http"])
        .code(0)
        .stderr_contains("Imported 2 versions of 2 packages into `team`");
    let reference = format!("{}/webassembly/wasi/http:0.2.0", registry.host());
    let told = app.json(&["info", "wasi:http@0.2.0"]).to_string();
    assert!(told.contains(&reference), "{told}");
    app.warg(&["add", "wasi:http"]).code(0);
    // From here the registry upstream may be gone.
    drop(registry);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    app.warg(&["registry", "check", "team"]).code(0);
}

#[test]
fn what_is_unchanged_costs_a_token_and_a_list() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, address) = upstream();
    let import = ["registry", "import", &address, "wasi:http", "wasi:io"];
    app.warg(&import).code(0);
    let before = registry.server().requests().len();
    app.warg(&import).code(0).stderr_contains("2 already there");
    let asked = registry.server().requests().len() - before;
    // One more for all of them: how the registry wants to be asked.
    assert!(asked <= 2 * 2 + 1, "{asked} requests for two packages");
}

#[test]
fn a_tag_that_was_moved_is_an_alarm() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, address) = upstream();
    let import = ["registry", "import", &address, "wasi:io"];
    app.warg(&import).code(0);
    let recheck = ["registry", "import", &address, "wasi:io", "--recheck"];
    app.warg(&recheck).code(0);
    let blobs = |registry: &Registry| {
        let requests = registry.server().requests().into_iter();
        requests
            .filter(|one| one.target.contains("/blobs/"))
            .count()
    };
    let before = blobs(&registry);
    app.warg(&recheck).code(0);
    assert_eq!(
        blobs(&registry),
        before,
        "a manifest that is the same is enough"
    );
    let evil = IO.replace("f: func()", "evil: func()");
    registry.push("webassembly/wasi/io", "0.2.0", &wit_package(&evil));
    app.warg(&recheck)
        .code(13)
        .stderr_contains("wasi:io@0.2.0 moved");
    app.warg(&import).code(0).stderr_contains("1 already there");
}

#[test]
fn a_host_that_names_its_registry_is_followed_and_no_other() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, _) = upstream();
    let host = Server::of_objects([].into());
    let address = format!("wasm-pkg:{}", host.address());
    let import = ["registry", "import", &address, "wasi:http"];
    app.warg(&import)
        .code(12)
        .stderr_contains("does not say in which OCI registry its packages lie");
    let file = format!(
        "{{\"oci\":{{\"registry\":\"{}\",\"namespacePrefix\":\"webassembly/\"}}}}",
        registry.host()
    );
    let file = Answer::Full {
        status: 200,
        headers: Vec::new(),
        body: file.into(),
    };
    host.always(".well-known/wasm-pkg/registry.json", file);
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 2 versions");
}

#[test]
fn logins_of_docker_open_what_is_private() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, address) = upstream();
    registry.want(Tokens::Private("me".into(), "secret".into()));
    let import = ["registry", "import", &address, "wasi:http"];
    app.warg(&import)
        .code(11)
        .stderr_contains("has no package `wasi:http`, or it is private");
    let docker = app.home().join(".docker");
    std::fs::create_dir_all(&docker).unwrap();
    let config = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"bWU6c2VjcmV0\"}}}}}}",
        registry.host()
    );
    std::fs::write(docker.join("config.json"), config).unwrap();
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 2 versions");
}

#[test]
fn the_wit_of_a_crate_comes_whole() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.warg(&["registry", "import", "crate:wasip2@=1.0.1", "wasi:*"])
        .code(0)
        .stderr_contains("Imported 7 versions of 7 packages into `team`");
    let told = app.json(&["info", "wasi:http@0.2.4"]).to_string();
    assert!(told.contains("crate:wasip2@=1.0.1"), "{told}");
    app.warg(&["add", "wasi:http@0.2"]).code(0);
    app.warg(&["verify"]).code(0);
}

#[test]
fn texts_of_a_crate_that_are_wrong_are_told_and_the_others_come() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    // Its tests have texts that are wrong in many ways.
    let import = ["registry", "import", "crate:wit-parser@=0.263.0", "wasi:io"];
    app.warg(&import)
        .code(101)
        .stderr_contains("parse-fail/use-cycle1.wit")
        .stderr_contains("Imported 1 version of 1 package into `team` (")
        .stderr_contains(" skipped)");
}

#[test]
fn a_login_goes_to_another_server_of_tokens_where_this_user_says_so() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let (registry, address) = upstream();
    registry.want(Tokens::Private("me".into(), "secret".into()));
    // Another host for the registry, and the same server: it gives tokens there.
    let giver = format!("localhost:{}", registry.server().address().port());
    registry.give_tokens_at(format!("http://{giver}/token"));
    let docker = app.home().join(".docker");
    std::fs::create_dir_all(&docker).unwrap();
    let config = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"bWU6c2VjcmV0\"}}}}}}",
        registry.host()
    );
    std::fs::write(docker.join("config.json"), config).unwrap();
    let import = ["registry", "import", &address, "wasi:http"];
    app.warg(&import)
        .code(11)
        .stderr_contains(&format!("was not sent, since tokens are given at {giver}"));
    let line = format!("# who gives tokens\n{} {giver}\n", registry.host());
    std::fs::write(app.home().join("config/token-servers"), line).unwrap();
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 2 versions");
}

#[test]
fn as_many_packages_as_the_world_has_come_in_one_command() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    let population = Population::light();
    let namespaces: BTreeSet<&str> = population
        .names
        .iter()
        .filter_map(|name| Some(name.split_once(':')?.0))
        .collect();
    let namespaces: Vec<_> = namespaces.into_iter().collect();
    app.registry("team", &namespaces);
    let server = population.registry.server();
    let address = format!("oci:{}/{PREFIX}", population.registry.host());
    let mut import = vec!["registry", "import", &address, "--registry", "team"];
    import.extend(population.names.iter().map(String::as_str));
    let (packages, versions) = (population.names.len(), population.versions);
    app.warg(&import).code(0).stderr_contains(&format!(
        "Imported {versions} versions of {packages} packages into `team`"
    ));
    // How the registry wants to be asked; a token and a list for each package; manifest, config and content of each version.
    assert_eq!(server.requests().len(), 1 + 2 * packages + 3 * versions);
    let before = server.requests().len();
    app.warg(&import)
        .code(0)
        .stderr_contains(&format!("{versions} already there"));
    assert_eq!(server.requests().len() - before, 1 + 2 * packages);
}
