//! Upstreams on disk: folders of WIT texts, and wkg's layout.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;

use fixtures::component::{from_wit, wit_package};
use semver::Version;
use tempfile::TempDir;
use transparency::name::{Kind, PackageName};
use upstream::{Local, Texts, Upstream};

const CLOCK: &str = "package acme:clock@1.0.0; interface now { get: func() -> u64; }";
const LOGGER: &str = "package acme:logger@1.2.0; interface log { use acme:clock/now@1.0.0.{}; say: func(what: string); }";

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn put(dir: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[test]
fn a_folder_of_texts_brings_each_package_as_its_text_says() {
    let dir = TempDir::new().unwrap();
    put(dir.path(), "clock/clock.wit", CLOCK);
    let uses = "package acme:logger@1.2.0; interface log { use acme:clock/now@1.0.0.{instant}; say: func(at: instant); }";
    let clock =
        "package acme:clock@1.0.0; interface now { type instant = u64; get: func() -> instant; }";
    put(dir.path(), "clock/clock.wit", clock);
    put(dir.path(), "logger/logger.wit", uses);
    let texts = Texts::open(dir.path()).unwrap();
    let packages = texts.packages().unwrap().unwrap();
    assert_eq!(packages, [name("acme:clock"), name("acme:logger")].into());
    let versions = texts.versions(&name("acme:logger")).unwrap().versions;
    assert_eq!(versions, [Version::new(1, 2, 0)].into());
    let release = texts
        .fetch(&name("acme:logger"), &Version::new(1, 2, 0))
        .unwrap();
    assert_eq!(release.kind, Kind::Wit);
    assert_eq!(release.claims.reference, dir.path().display().to_string());
    assert_eq!(texts.to_string(), release.claims.reference);
    let again = Texts::open(dir.path()).unwrap();
    let again = again
        .fetch(&name("acme:logger"), &Version::new(1, 2, 0))
        .unwrap();
    assert_eq!(again, release, "the same text makes the same bytes");
    let absent = texts.fetch(&name("acme:logger"), &Version::new(1, 3, 0));
    assert!(told(absent.unwrap_err()).contains("has no `acme:logger@1.3.0`"));
    let absent = texts.versions(&name("acme:other"));
    assert!(told(absent.unwrap_err()).contains("has no package `acme:other`"));
}

#[test]
fn texts_that_refer_elsewhere_or_differ_are_told() {
    let dir = TempDir::new().unwrap();
    put(
        dir.path(),
        "a/logger.wit",
        "package acme:logger@1.0.0; interface log { use acme:clock/now@1.0.0.{instant}; f: func(at: instant); }",
    );
    put(
        dir.path(),
        "b/x.wit",
        "package acme:x@1.0.0; interface one { f: func(); }",
    );
    put(
        dir.path(),
        "c/x.wit",
        "package acme:x@1.0.0; interface two { f: func(); }",
    );
    let texts = Texts::open(dir.path()).unwrap();
    let version = Version::new(1, 0, 0);
    let unmet = texts.fetch(&name("acme:logger"), &version).unwrap_err();
    assert!(told(unmet).contains("`acme:logger@1.0.0` refers to `acme:clock@1.0.0`, which "));
    let two = texts.fetch(&name("acme:x"), &version).unwrap_err();
    assert!(told(two).contains("declare `acme:x@1.0.0`, and differ"));
}

#[test]
fn a_text_that_is_wrong_is_handed_out_with_the_reason_and_the_others_are_there() {
    let dir = TempDir::new().unwrap();
    put(dir.path(), "clock/clock.wit", CLOCK);
    put(
        dir.path(),
        "broken/x.wit",
        "package acme:x@1.0.0; interface {",
    );
    put(
        dir.path(),
        "private/x.wit",
        "package acme:private; interface i {}",
    );
    let mut texts = Texts::open(dir.path()).unwrap();
    let mut left_out = texts.left_out();
    let (path, why) = left_out.pop().unwrap();
    assert!(path.ends_with("broken"), "{}", path.display());
    assert!(told(why).contains("expected"));
    // What has no version is nothing that its author would release.
    assert!(left_out.is_empty(), "{left_out:?}");
    assert!(texts.left_out().is_empty(), "it is told once");
    let packages = texts.packages().unwrap().unwrap();
    assert_eq!(packages, [name("acme:clock")].into());
}

#[test]
fn what_lies_in_a_second_text_of_a_package_is_refused_with_it_and_not_passed_over() {
    let dir = TempDir::new().unwrap();
    let text = |items| format!("package acme:x@1.0.0; interface one {{ {items} }}");
    put(dir.path(), "a/x.wit", text(""));
    let twin = text("f: func();") + "package acme:within@1.0.0 { interface i {} }";
    put(dir.path(), "b/x.wit", twin);
    let texts = Texts::open(dir.path()).unwrap();
    let within = name("acme:within");
    assert!(texts.packages().unwrap().unwrap().contains(&within));
    let error = texts.fetch(&within, &Version::new(1, 0, 0)).unwrap_err();
    assert!(told(error).contains("declare `acme:x@1.0.0`, and differ"));
}

#[test]
fn wkgs_layout_brings_what_lies_under_a_version() {
    let dir = TempDir::new().unwrap();
    put(dir.path(), "acme/clock/1.0.0.wasm", wit_package(CLOCK));
    put(dir.path(), "acme/clock/newest.wasm", "?");
    put(dir.path(), "acme/clock/README.md", "?");
    let component = from_wit("package acme:app; world app { export run: func(); }", "app");
    put(dir.path(), "acme/app/0.1.0.wasm", &component);
    let local = Local::new(dir.path());
    assert_eq!(local.to_string(), format!("local:{}", dir.path().display()));
    let packages = local.packages().unwrap().unwrap();
    assert_eq!(packages, [name("acme:app"), name("acme:clock")].into());
    let listing = local.versions(&name("acme:clock")).unwrap();
    assert_eq!(listing.versions, [Version::new(1, 0, 0)].into());
    assert_eq!(listing.others, ["newest"]);
    let clock = local
        .fetch(&name("acme:clock"), &Version::new(1, 0, 0))
        .unwrap();
    assert_eq!((clock.kind, &clock.bytes), (Kind::Wit, &wit_package(CLOCK)));
    let app = local
        .fetch(&name("acme:app"), &Version::new(0, 1, 0))
        .unwrap();
    assert_eq!((app.kind, &app.bytes), (Kind::Component, &component));
    let same = local
        .content(&app.name, &app.version, &app.digest, 1)
        .unwrap();
    assert_eq!(same, component);
    let other = local.content(&app.name, &app.version, &clock.digest, 1);
    assert!(told(other.unwrap_err()).contains("and not sha256:"));
}

#[test]
fn what_is_no_package_or_another_one_is_refused_in_words() {
    let dir = TempDir::new().unwrap();
    put(dir.path(), "acme/logger/1.2.0.wasm", wit_package(CLOCK));
    put(dir.path(), "acme/module/1.0.0.wasm", b"\0asm\x01\0\0\0");
    put(dir.path(), "acme/text/1.0.0.wasm", LOGGER);
    let local = Local::new(dir.path());
    for (package, version, words) in [
        (
            "acme:logger",
            "1.2.0",
            "should be `acme:logger@1.2.0`, and its bytes say that they are `acme:clock@1.0.0`",
        ),
        ("acme:module", "1.0.0", "a core module, not a component"),
        ("acme:text", "1.0.0", "WIT as text, not WebAssembly"),
        ("acme:module", "2.0.0", "has no `acme:module@2.0.0`"),
    ] {
        let error = local
            .fetch(&name(package), &version.parse().unwrap())
            .unwrap_err();
        let told = told(error);
        assert!(told.contains(words), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_out_of_wkgs_layout() {
    use std::os::unix::fs::symlink;
    let elsewhere = TempDir::new().unwrap();
    put(
        elsewhere.path(),
        "acme/clock/1.0.0.wasm",
        wit_package(CLOCK),
    );
    let clock = elsewhere.path().join("acme/clock");
    let dir = TempDir::new().unwrap();
    put(dir.path(), "acme/own/1.0.0.wasm", wit_package(CLOCK));
    put(dir.path(), "acme/clock/1.0.0.wasm", wit_package(CLOCK));
    let local = Local::new(dir.path());
    let one = Version::new(1, 0, 0);
    let words = "it is a link to what does not lie in the folder";

    // A link within the folder is followed.
    let at = dir.path().join("acme/clock/1.0.0.wasm");
    fs::rename(&at, dir.path().join("acme/clock/newest.wasm")).unwrap();
    symlink("newest.wasm", &at).unwrap();
    assert!(local.fetch(&name("acme:clock"), &one).is_ok());

    fs::remove_file(&at).unwrap();
    symlink(clock.join("1.0.0.wasm"), &at).unwrap();
    let file = told(local.fetch(&name("acme:clock"), &one).unwrap_err());
    assert!(file.contains(words), "{file}");

    fs::remove_dir_all(dir.path().join("acme/clock")).unwrap();
    symlink(&clock, dir.path().join("acme/clock")).unwrap();
    let package = told(local.versions(&name("acme:clock")).unwrap_err());
    assert!(package.contains(words), "{package}");
    let package = told(local.fetch(&name("acme:clock"), &one).unwrap_err());
    assert!(package.contains(words), "{package}");
    assert!(
        local.versions(&name("acme:own")).is_ok(),
        "others are not touched by it"
    );

    fs::remove_dir_all(dir.path().join("acme")).unwrap();
    symlink(elsewhere.path().join("acme"), dir.path().join("acme")).unwrap();
    let namespace = told(local.packages().unwrap_err());
    assert!(namespace.contains(words), "{namespace}");
}
