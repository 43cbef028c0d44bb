//! Real input: everything that crates of cargo's registry ship of WASI, published, locked, fetched and verified.

use std::process::Command;

use crate::support::{Project, Sandbox};

/// A project whose registry holds all of WASI; its `wit/` includes `wasi:http/proxy@0.2.3`.
fn app_on_all_of_wasi(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    import_wasi(&app);
    world(&app, "include wasi:http/proxy@0.2.3;");
    app
}

fn import_wasi(app: &Project) {
    app.registry("wasi", &["acme", "wasi"]);
    let folders = fixtures::wasi::folders().expect("the crates that ship WASI");
    let folders: Vec<_> = folders.iter().map(|path| path.to_str().unwrap()).collect();
    let mut import = vec!["registry", "import", "--registry", "wasi"];
    import.extend(folders);
    app.warg(&import)
        .code(0)
        .stderr_contains("60 versions of 7 packages");
}

fn world(project: &Project, items: &str) {
    let text = format!("package example:app@0.1.0;\n\nworld app {{\n  {items}\n}}\n");
    project.write("wit/world.wit", text);
}

/// The versions that a lock selects for `app`, as `name@version`, without the kind.
fn selected(project: &Project) -> Vec<String> {
    let lock = project.read("warg.lock");
    let (_, rest) = lock.split_once("selects = [").unwrap();
    let (selects, _) = rest.split_once(']').unwrap();
    selects
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

/// WASI 0.2's seven packages, all at one version.
fn all_at(version: &str) -> Vec<String> {
    [
        "cli",
        "clocks",
        "filesystem",
        "http",
        "io",
        "random",
        "sockets",
    ]
    .map(|name| format!("wasi:{name}@{version}"))
    .into()
}

/// Lock, fetch, verify, once more without the registry, and the lock stays as it is.
fn everything_holds(project: &Project) {
    project.warg(&["lock"]).code(0);
    let lock = project.read("warg.lock");
    project.warg(&["lock", "--locked"]).code(0);
    project.warg(&["fetch", "--locked"]).code(0);
    project
        .warg(&["verify"])
        .code(0)
        .stderr_contains("Verified");
    project.warg(&["verify", "--offline"]).code(0);
    project.warg(&["fetch", "--frozen"]).code(0);
    assert_eq!(lock, project.read("warg.lock"), "the lock changed");
}

#[test]
fn the_proxy_world_locks_all_of_0_2_3_and_bindings_are_generated_from_what_was_fetched() {
    let sandbox = Sandbox::new();
    let app = app_on_all_of_wasi(&sandbox);
    everything_holds(&app);
    assert_eq!(selected(&app), all_at("0.2.3"));
    app.warg(&["registry", "check", "wasi"]).code(0);

    let library = "wit_bindgen::generate!({ world: \"app\", generate_all });\n";
    app.write("src/lib.rs", library);
    let manifest = app.read("Cargo.toml");
    let fixture = include_str!("../../fixtures/app/Cargo.toml");
    let bindgen = fixture
        .lines()
        .find(|line| line.starts_with("wit-bindgen"))
        .expect("the example crate depends on wit-bindgen");
    app.write(
        "Cargo.toml",
        format!("{manifest}\n[dependencies]\n{bindgen}\n"),
    );
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/wasi-app");
    let checked = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--target-dir", target])
        .current_dir(app.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "cargo check: {said}");
}

#[test]
fn a_dependency_that_needs_a_newer_version_moves_just_that_track() {
    let sandbox = Sandbox::new();
    let app = app_on_all_of_wasi(&sandbox);
    // A WIT package that refers to wasi:io@0.2.6, whose text it fetches like everybody else.
    let feed = sandbox.cargo_project(
        "feed",
        &app.read("Cargo.toml")
            .split_once("edition = \"2024\"\n")
            .unwrap()
            .1
            .replace("trust/", "../app/trust/"),
    );
    feed.write(
        "wit/feed.wit",
        "package acme:feed@1.0.0;\n\ninterface feed {\n  use wasi:io/streams@0.2.6.{input-stream};\n  \
         open: func() -> input-stream;\n}\n",
    );
    everything_holds(&feed);
    assert_eq!(selected(&feed), ["wasi:io@0.2.6"]);
    feed.warg(&["publish", "wit"]).code(0);

    world(
        &app,
        "include wasi:http/proxy@0.2.3;\n  import acme:feed/feed@1.0.0;",
    );
    everything_holds(&app);
    let mut expected = all_at("0.2.3");
    expected.retain(|package| package != "wasi:io@0.2.3");
    expected.push("wasi:io@0.2.6".to_owned());
    expected.push("acme:feed@1.0.0".to_owned());
    expected.sort();
    assert_eq!(selected(&app), expected);
    let http = app.read("wit/deps/wasi-http-0.2.3/package.wit");
    assert!(
        http.contains("wasi:io/streams@0.2.6"),
        "references are set to what is selected: {http}"
    );
}

#[test]
fn an_update_of_the_pins_moves_all_of_wasi_to_the_newest_of_its_track() {
    let sandbox = Sandbox::new();
    let app = app_on_all_of_wasi(&sandbox);
    everything_holds(&app);
    app.warg(&["update"]).code(0).stderr_contains(
        "1 version in wit/ holds back newer ones, as wasi:http@0.2.3, and 0.2.12 is there",
    );
    assert_eq!(selected(&app), all_at("0.2.3"), "only the flag moves a pin");
    app.warg(&["update", "--pins"])
        .code(0)
        .stderr_contains("Changing wit/world.wit:4 wasi:http@0.2.3 -> 0.2.12")
        .stderr_contains("Updating wasi:io v0.2.3 -> v0.2.12");
    everything_holds(&app);
    assert_eq!(selected(&app), all_at("0.2.12"));
}

#[test]
fn all_of_a_namespace_moves_in_texts_manifests_and_lock_at_once_and_back() {
    let sandbox = Sandbox::new();
    let work = sandbox.virtual_workspace("work", &["clock", "proxy"]);
    import_wasi(&work);
    let text = |world: &str| format!("package example:app@0.1.0;\n\nworld app {{\n  {world}\n}}\n");
    work.write(
        "clock/wit/world.wit",
        text("import wasi:clocks/monotonic-clock@0.2.3;"),
    );
    work.write(
        "proxy/wit/world.wit",
        text("include wasi:http/proxy@0.2.3;"),
    );
    let manifest = work.read("proxy/Cargo.toml");
    work.write(
        "proxy/Cargo.toml",
        format!(
            "{manifest}\n[package.metadata.warg.wit-dependencies] # ours\n\"wasi:http\" = \"0.2.3\"\n\
             \"wasi:cli\" = {{ version = \"=0.2.3\" }}\n\"wasi:io\" = \"0.2\"\n"
        ),
    );
    everything_holds(&work);
    let of_user = || {
        let names = [
            "warg.lock",
            "proxy/Cargo.toml",
            "proxy/wit/world.wit",
            "clock/wit/world.wit",
        ];
        names.map(|name| work.read(name))
    };
    let before = of_user();
    let update = |more: &[&str]| work.warg(&[&["update", "wasi:*", "--pins"], more].concat());

    update(&["--precise", "0.9.0"])
        .code(11)
        .stderr_contains("no package of `wasi:*` that is locked has a usable version 0.9.0");
    update(&["--precise", "0.2.12", "--dry-run"])
        .code(0)
        .stderr_contains("Changing proxy/Cargo.toml:7 wasi:http \"0.2.3\" -> \"0.2.12\"");
    update(&["--precise", "0.2.12", "--locked"]).code(10);
    assert_eq!(of_user(), before, "all or nothing");

    let said = work.json(&["update", "wasi:*", "--pins", "--precise", "0.2.12"]);
    assert_eq!(said["stated"].as_array().unwrap().len(), 2, "{said}");
    assert_eq!(said["pins"].as_array().unwrap().len(), 2, "{said}");
    let [lock, manifest, ..] = of_user();
    assert!(!lock.contains("0.2.3"), "{lock}");
    for line in [
        "\"wasi:http\" = \"0.2.12\"",
        "{ version = \"=0.2.12\" }",
        "\"wasi:io\" = \"0.2\"",
        "# ours",
    ] {
        assert!(manifest.contains(line), "{manifest}");
    }
    everything_holds(&work);
    update(&["--precise", "0.2.3"]).code(0);
    assert_eq!(of_user(), before, "and back");
    everything_holds(&work);

    // One member goes on alone. What has no such version, as wasi:io, goes where the others need it.
    let said = work.warg(&[
        "update",
        "wasi:*",
        "--pins",
        "--precise",
        "0.3.0",
        "-p",
        "clock",
    ]);
    said.code(0)
        .stderr_contains("Changing clock/wit/world.wit:4 wasi:clocks@0.2.3 -> 0.3.0");
    let after = of_user();
    assert_eq!(after[1..3], before[1..3], "the other one stays");
    assert!(after[3].contains("monotonic-clock@0.3.0"), "{}", after[3]);
    everything_holds(&work);

    // Without a version, what is named goes to the newest of its track.
    update(&["-p", "proxy"]).code(0);
    assert!(
        work.read("proxy/Cargo.toml")
            .contains("\"wasi:http\" = \"0.2.12\"")
    );
    everything_holds(&work);
}

#[test]
fn wasi_0_2_and_0_3_live_side_by_side() {
    let sandbox = Sandbox::new();
    let app = app_on_all_of_wasi(&sandbox);
    world(
        &app,
        "include wasi:http/proxy@0.2.3;\n  import wasi:clocks/monotonic-clock@0.3.0;",
    );
    everything_holds(&app);
    let mut expected = all_at("0.2.3");
    expected.push("wasi:clocks@0.3.0".to_owned());
    expected.sort();
    assert_eq!(selected(&app), expected);
}

#[test]
fn a_component_on_a_newer_wasi_does_not_move_the_pins_of_the_root() {
    let sandbox = Sandbox::new();
    let app = app_on_all_of_wasi(&sandbox);
    app.publish_component(
        "acme:gateway",
        "1.0.0",
        "package root:component;\n\
         package wasi:http@0.2.6 { interface types { type status-code = u16; } }\n\
         package acme:gateway@1.0.0 { interface handle { handle: func() -> u16; } }\n\
         world w { import wasi:http/types@0.2.6; export acme:gateway/handle@1.0.0; }",
    )
    .code(0);
    app.warg(&["add", "acme:gateway@1.0"])
        .code(0)
        .stderr_contains("component acme:gateway 1.0");
    everything_holds(&app);
    let mut expected = all_at("0.2.3");
    expected.push("acme:gateway@1.0.0".to_owned());
    expected.sort();
    assert_eq!(selected(&app), expected);
    assert!(
        app.has("wit/deps/acme-gateway-1.0.0/package.wit"),
        "the WIT of its exports"
    );
}
