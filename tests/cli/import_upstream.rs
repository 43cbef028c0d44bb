//! Packages that no log vouches for are released as they lie upstream, with what refers to what in order. A version is released
//! once: other bytes under its name are told, and replace nothing.

use fixtures::component;
use fixtures::oci::{Registry, Tokens};

use crate::support::{Project, Sandbox};

/// Puts bytes where wkg's layout has a version.
fn put(sandbox: &Sandbox, name: &str, version: &str, bytes: &[u8]) {
    let path = format!("up/{}/{version}.wasm", name.replace(':', "/"));
    let path = sandbox.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// The same of a WIT package.
fn put_wit(sandbox: &Sandbox, name: &str, version: &str, text: &str) {
    let text = format!("package {name}@{version};\n{text}\n");
    put(sandbox, name, version, &component::wit_package(&text));
}

/// A project with the registry `team`, which has the namespaces `wasi` and `acme`.
fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.registry("team", &["wasi", "acme"]);
    app
}

const HTTP: &str = "world proxy { import wasi:io/streams@0.2.3; }\n\
                    package wasi:io@0.2.3 { interface streams { g: func(); } }";

fn fill(sandbox: &Sandbox) {
    put_wit(
        sandbox,
        "wasi:io",
        "0.2.0",
        "interface streams { f: func(); }",
    );
    put_wit(
        sandbox,
        "wasi:io",
        "0.2.3",
        "interface streams { g: func(); }",
    );
    put_wit(sandbox, "wasi:other", "0.1.0", "interface i {}");
    put_wit(sandbox, "wasi:http", "0.2.3", HTTP);
}

#[test]
fn a_package_comes_with_all_versions_and_with_what_it_refers_to() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    fill(&sandbox);
    let import = ["registry", "import", "local:../up", "wasi:http"];
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 3 versions of 2 packages into `team`");
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 0 versions of 0 packages into `team` (1 already there)");
    app.warg(&["add", "wasi:http"]).code(0);
    app.warg(&["verify"]).code(0);
    let lock = app.read("warg.lock");
    assert!(lock.contains("wit wasi:io@0.2.3"), "{lock}");
}

#[test]
fn a_whole_namespace_comes_in_one_command() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    fill(&sandbox);
    let world = "package acme:c@1.0.0;\nworld w { export f: func(); }\n";
    put(
        &sandbox,
        "acme:c",
        "1.0.0",
        &component::from_wit(world, "w"),
    );
    app.warg(&["registry", "import", "local:../up", "wasi:*"])
        .code(0)
        .stderr_contains("Imported 4 versions of 3 packages");
    // Without a name, all there is.
    app.warg(&["registry", "import", "local:../up", "--registry", "team"])
        .code(0)
        .stderr_contains("Imported 1 version of 1 package into `team` (4 already there)");
    app.warg(&["registry", "check", "team"]).code(0);
}

#[test]
fn other_bytes_under_a_released_version_are_an_alarm_and_replace_nothing() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    fill(&sandbox);
    app.warg(&["registry", "import", "local:../up", "wasi:io"])
        .code(0);
    let before = app.json(&["info", "wasi:io@0.2.3"])["releases"][0]["digest"].clone();
    put_wit(
        &sandbox,
        "wasi:io",
        "0.2.3",
        "interface streams { evil: func(); }",
    );
    // What is released is not fetched again, unless it is named or all is to be compared.
    app.warg(&["registry", "import", "local:../up", "wasi:io"])
        .code(0);
    for again in [
        &["registry", "import", "local:../up", "wasi:io@0.2.3"][..],
        &["registry", "import", "local:../up", "wasi:io", "--recheck"],
    ] {
        let report = app.warg(again).code(13);
        report
            .stderr_contains("wasi:io@0.2.3 moved")
            .stderr_contains(before.as_str().unwrap())
            .stderr_contains("1 moved upstream");
    }
    assert_eq!(
        app.json(&["info", "wasi:io@0.2.3"])["releases"][0]["digest"],
        before
    );
}

#[test]
fn one_bad_package_is_left_out_and_the_others_come() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    fill(&sandbox);
    put(&sandbox, "wasi:bad", "1.0.0", b"\0asm\x01\0\0\0");
    put(&sandbox, "wasi:worse", "1.0.0", b"nothing");
    let other = component::wit_package("package wasi:io@0.2.0;\ninterface i {}\n");
    put(&sandbox, "wasi:liar", "1.0.0", &other);
    app.warg(&["registry", "import", "local:../up", "wasi:*"])
        .code(13)
        .stderr_contains("a core module, not a component")
        .stderr_contains("its bytes say that they are `wasi:io@0.2.0`")
        .stderr_contains("Imported 4 versions of 3 packages into `team` (3 skipped)");
    app.warg(&["registry", "import", "local:../up", "wasi:none"])
        .code(11)
        .stderr_contains("wasi:none");
}

/// An OCI registry on loopback with the packages of [`fill`], below `webassembly/`.
fn oci() -> Registry {
    let registry = Registry::new();
    registry.want(Tokens::Public);
    for (name, version, text) in [
        (
            "wasi/io",
            "0.2.0",
            "package wasi:io@0.2.0;\ninterface streams { f: func(); }",
        ),
        (
            "wasi/io",
            "0.2.3",
            "package wasi:io@0.2.3;\ninterface streams { g: func(); }",
        ),
        (
            "wasi/http",
            "0.2.3",
            &format!("package wasi:http@0.2.3;\n{HTTP}"),
        ),
    ] {
        let content = component::wit_package(text);
        registry.push(&format!("webassembly/{name}"), version, &content);
    }
    registry
}

#[test]
fn an_unchanged_package_of_an_oci_registry_takes_two_requests() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let registry = oci();
    let address = format!("oci:{}/webassembly", registry.host());
    let import = ["registry", "import", &address, "wasi:http"];
    app.warg(&import)
        .code(0)
        .stderr_contains("Imported 3 versions of 2 packages into `team`");
    app.warg(&["registry", "check", "team"]).code(0);
    let info = app.json(&["info", "wasi:http@0.2.3"]);
    let said = &info["releases"][0]["annotations"];
    let reference = format!("{}/webassembly/wasi/http:0.2.3", registry.host());
    assert_eq!(said["oci.reference"], reference);
    // What the manifest was is kept, to show whoever asks what lay there.
    let manifest = said["oci.manifest"].as_str().unwrap();
    let hex = manifest.strip_prefix("sha256:").unwrap();
    let kept = format!(
        "../team-registry/content/sha256/{}/{}",
        &hex[..2],
        &hex[2..]
    );
    assert!(app.read(&kept).contains("application/wasm"));
    let before = registry.server().requests().len();
    app.warg(&import).code(0).stderr_contains("1 already there");
    let asked = registry.server().requests().split_off(before);
    // Without a token, the token, and the tags.
    assert!(asked.len() <= 3, "{asked:?}");
}

#[test]
fn a_tag_that_moved_is_found_by_comparing_all() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let registry = oci();
    let address = format!("oci:{}/webassembly", registry.host());
    app.warg(&["registry", "import", &address, "wasi:io"])
        .code(0);
    let recheck = ["registry", "import", &address, "wasi:io", "--recheck"];
    app.warg(&recheck).code(0);
    let evil =
        component::wit_package("package wasi:io@0.2.3;\ninterface streams { evil: func(); }");
    registry.push("webassembly/wasi/io", "0.2.3", &evil);
    app.warg(&["registry", "import", &address, "wasi:io"])
        .code(0);
    app.warg(&recheck)
        .code(13)
        .stderr_contains("wasi:io@0.2.3 moved");
}

#[test]
fn what_a_package_refers_to_writes_into_nothing_that_the_team_releases() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.publish_wit("package acme:api@1.0.0;\ninterface i { f: func(); }\n")
        .code(0);
    put_wit(
        &sandbox,
        "acme:api",
        "1.9.9",
        "interface i { evil: func(); }",
    );
    let uses = "world w { import acme:api/i@1.9.9; }\n\
                package acme:api@1.9.9 { interface i { evil: func(); } }";
    put_wit(&sandbox, "wasi:io", "0.2.5", uses);
    put_wit(&sandbox, "acme:more", "1.0.0", uses);
    // Neither out of another namespace, nor within one where somebody else releases the package.
    for name in ["wasi:io", "acme:more"] {
        app.warg(&["registry", "import", "local:../up", name])
            .code(11)
            .stderr_contains("acme:api");
    }
    let info = app.json(&["info", "acme:api"]);
    assert_eq!(info["releases"].as_array().unwrap().len(), 1, "{info}");
    // Whoever names it says so, in whichever order.
    app.warg(&["registry", "import", "local:../up", "acme:more", "acme:api"])
        .code(0)
        .stderr_contains("Imported 2 versions of 2 packages");
}

#[test]
fn tags_that_differ_in_build_metadata_alone_are_left_out() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let registry = Registry::new();
    let address = format!("oci:{}/webassembly", registry.host());
    let content = |text: &str| component::wit_package(&format!("package wasi:io@{text}"));
    let good = content("1.0.0;\ninterface i { f: func(); }");
    let evil = content("1.0.0+evil;\ninterface i { evil: func(); }");
    registry.push("webassembly/wasi/io", "1.0.0", &good);
    registry.push("webassembly/wasi/io", "1.0.0_evil", &evil);
    registry.push(
        "webassembly/wasi/io",
        "1.1.0",
        &content("1.1.0;\ninterface i {}"),
    );
    let import = ["registry", "import", &address, "wasi:io"];
    app.warg(&import)
        .code(13)
        .stderr_contains("1.0.0, 1.0.0+evil differ from another tag in build metadata alone")
        .stderr_contains("Imported 1 version of 1 package");
    // One that is released is not hidden by another that comes later.
    let sandbox = Sandbox::new();
    let other = project(&sandbox);
    let registry = Registry::new();
    let address = format!("oci:{}/webassembly", registry.host());
    registry.push("webassembly/wasi/io", "1.0.0", &good);
    let import = ["registry", "import", &address, "wasi:io", "--recheck"];
    other.warg(&import).code(0);
    registry.push("webassembly/wasi/io", "1.0.0_evil", &evil);
    other
        .warg(&import)
        .code(13)
        .stderr_contains("1.0.0+evil differ")
        .stderr_lacks("moved");
}

#[test]
fn a_package_whose_tags_are_no_versions_is_told() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let registry = Registry::new();
    let content = component::wit_package("package wasi:io@0.2.0;\ninterface i {}");
    registry.push("webassembly/wasi/io", "v0.2.0", &content);
    registry.push("webassembly/wasi/io", "latest", &content);
    let address = format!("oci:{}/webassembly", registry.host());
    app.warg(&["registry", "import", &address, "wasi:io"])
        .code(11)
        .stderr_contains("none of its tags is a version: `latest`, `v0.2.0`");
}
