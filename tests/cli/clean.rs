//! `cargo warg clean`: what can be fetched again goes, and nothing else.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::story;
use crate::support::{Sandbox, files};

#[test]
fn the_cache_goes_and_keys_and_memory_stay() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let dependencies = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
    let app = registry.app(&sandbox, "app", dependencies);
    app.warg(&["key", "new", "acme/ci"]).code(0);
    app.warg(&["fetch"]).code(0);
    let cached = files(&app.home().join("cache"));
    let kept = [
        files(&app.home().join("config")),
        files(&app.home().join("state")),
    ];
    app.warg(&["clean", "--dry-run"])
        .code(0)
        .stderr_contains(&format!("     Summary {} files, ", cached.len()))
        .stderr_contains("warning: nothing was removed: this is a dry run");
    assert_eq!(files(&app.home().join("cache")), cached);
    let said = app.json(&["clean"]);
    assert_eq!(said["files"], cached.len());
    let bytes: usize = cached.values().map(Vec::len).sum();
    assert_eq!(said["bytes"], bytes);
    assert_eq!(said["removed"][0]["sort"], "cache");
    assert!(files(&app.home().join("cache")).is_empty());
    assert_eq!(
        [
            files(&app.home().join("config")),
            files(&app.home().join("state"))
        ],
        kept
    );
    app.warg(&["verify", "--offline"]).code(12);
    app.warg(&["verify"]).code(0);
    app.warg(&["clean"]).code(0);
    app.warg(&["clean"])
        .code(0)
        .stderr_contains("     Removed 0 files, 0 bytes");
    // It needs no workspace.
    let nowhere = sandbox.folder_project("nowhere");
    nowhere.warg(&["clean"]).code(0);
}

#[test]
fn what_killed_runs_left_goes_once_it_is_old() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    let manifest = app.read("Cargo.toml");
    let vendored = "default-registry = \"acme\"\nvendor = \"vendor/warg\"\n";
    app.write(
        "Cargo.toml",
        manifest.replace("default-registry = \"acme\"\n", vendored),
    );
    let left = [
        ".cargo-warg-Ab3dE6",
        "wit/.cargo-warg-Ab3dE6",
        "wit/deps/.cargo-warg-Ab3dE6",
        "wit/deps/acme-io-1.0.0/.cargo-warg-Ab3dE6",
        "trust/.cargo-warg-Ab3dE6",
        "vendor/warg/.cargo-warg-Ab3dE6",
        "../acme-registry/.private/tmp/.cargo-warg-Ab3dE6",
        "../.cargo-warg-Cd4eF7/checkpoint",
        "../home/cache/.cargo-warg-Ab3dE6",
        "../home/config/.cargo-warg-Ab3dE6",
        "../home/state/.cargo-warg-Ab3dE6",
        "../home/state/pending/0a1b/.cargo-warg-Ab3dE6",
        "../home/state/trust/0a1b/.cargo-warg-Ab3dE6",
        "made/.cargo-warg-Ab3dE6",
    ];
    let others = [
        ".cargo-warg-.bak",
        ".cargo-warg-Ab3dE6x",
        ".cargo-warg-mine-6",
        ".cargo-warg-backup",
        ".cargo-warg-202611",
        "../home/config/.cargo-warg-backup",
        "wit/deps/mine/a.wit",
    ];
    for path in left.iter().chain(&others) {
        app.write(path, "left");
    }
    app.warg(&["clean"]).code(0);
    for path in left.iter().chain(&others) {
        assert!(app.has(path), "{path} may be in use");
    }
    let old = SystemTime::now() - Duration::from_hours(2);
    for path in left.iter().chain(&others) {
        let path = app.path().join(path);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    File::open(sandbox.join(".cargo-warg-Cd4eF7"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    // Where `-o` named a file, beside that.
    app.in_folder(app.path().join("made"))
        .warg(&["clean", "-v"])
        .code(0)
        .stderr_contains("    Removing ")
        .stderr_contains(".cargo-warg-Ab3dE6: 1 file, 4 bytes");
    for path in left {
        assert!(!app.has(path), "{path}");
    }
    for path in others {
        assert!(app.has(path), "{path} is nobody's but the user's");
    }
}

#[test]
fn what_fetch_wrote_goes_when_asked_for() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    let world = "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n";
    app.write("wit/world.wit", world);
    app.write(
        "wit/deps/mine/a.wit",
        "package mine:parts@1.0.0;\ninterface i {}\n",
    );
    app.warg(&["fetch"]).code(0);
    assert!(app.has("wit/deps/acme-http-1.0.0/package.wit"));
    app.warg(&["clean"]).code(0);
    assert!(app.has("wit/deps/acme-http-1.0.0/package.wit"));
    app.write("wit/deps/acme-http-1.0.0/NOTES.md", "mine");
    app.warg(&["clean", "--deps"])
        .code(0)
        .stderr_contains("Removed 2 files");
    assert!(!app.has("wit/deps/acme-http-1.0.0/package.wit"));
    assert_eq!(
        app.read("wit/deps/acme-http-1.0.0/NOTES.md"),
        "mine",
        "it is the user's"
    );
    fs::remove_dir_all(app.path().join("wit/deps/acme-http-1.0.0")).unwrap();
    assert_eq!(
        fs::read_dir(app.path().join("wit/deps")).unwrap().count(),
        1
    );
    assert!(app.has("wit/deps/mine/a.wit"));
    app.warg(&["fetch"]).code(0);
    assert!(app.has("wit/deps/acme-http-1.0.0/package.wit"));
}
