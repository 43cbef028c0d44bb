//! Crates of cargo's registry that ship WIT, fetched for real by the cargo that runs the tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::error::Error as _;
use std::fs;

use semver::Version;
use tempfile::TempDir;
use transparency::name::{Kind, PackageName};
use upstream::{Cargo, Texts, Upstream as _};

fn cargo(scratch: &TempDir) -> Cargo {
    Cargo {
        program: env!("CARGO").into(),
        scratch: scratch.path().join("upstream"),
        offline: false,
    }
}

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

#[test]
fn a_crate_brings_the_wit_that_it_ships_with_the_checksum_that_cargo_checked() {
    let scratch = TempDir::new().unwrap();
    let cargo = cargo(&scratch);
    for (version, wasi, checksum) in [
        (
            "1.0.1+reviewed",
            "0.2.4",
            "sha256:0562428422c63773dad2c345a1882263bbf4d65cf3f42e90921f787ef5ad58e7",
        ),
        ("2.0.1", "0.2.12", ""),
    ] {
        let version: Version = version.parse().unwrap();
        let texts = Texts::of_crate(&cargo, "wasip2", &version).unwrap();
        let http = texts.versions(&name("wasi:http")).unwrap().versions;
        let wasi: Version = wasi.parse().unwrap();
        assert_eq!(http, [wasi.clone()].into());
        let fetched = texts.fetch(&name("wasi:http"), &wasi).unwrap();
        assert_eq!(fetched.kind, Kind::Wit);
        // The build metadata is the author's.
        let reference = format!("+wasi-{wasi}");
        assert!(fetched.claims.reference.ends_with(&reference));
        let found = fetched.claims.checksum.unwrap().to_string();
        assert!(found.starts_with(checksum), "{found}");
    }
    let left = fs::read_dir(scratch.path().join("upstream")).unwrap();
    assert_eq!(left.count(), 0, "the manifest is gone");
}

#[cfg(unix)]
#[test]
fn a_project_around_the_scratch_folder_has_no_say_in_what_cargo_does() {
    use std::os::unix::fs::PermissionsExt as _;

    let project = TempDir::new().unwrap();
    let path = |name: &str| project.path().join(name);
    let put = |name: &str, text: &str| {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        fs::write(path(name), text).unwrap();
    };
    let forged = "package wasi:http@0.2.99;\ninterface forged {}\n";
    put("vendor/wasip2/wit/http.wit", forged);
    put("vendor/wasip2/src/lib.rs", "");
    let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "0".repeat(64));
    put("vendor/wasip2/.cargo-checksum.json", &checksum);
    let manifest = "[package]\nname = \"wasip2\"\nversion = \"1.0.1\"\nedition = \"2021\"\n";
    put("vendor/wasip2/Cargo.toml", manifest);
    let ran = path("ran");
    let script = format!("#!/bin/sh\ntouch '{}'\nexec rustc \"$@\"\n", ran.display());
    put("rustc.sh", &script);
    fs::set_permissions(path("rustc.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let config = format!(
        "[source.crates-io]\nreplace-with = \"project\"\n[source.project]\ndirectory = \"vendor\"\n\
         [build]\nrustc = \"{}\"\n",
        path("rustc.sh").display()
    );
    put(".cargo/config.toml", &config);
    let texts = Texts::of_crate(&cargo(&project), "wasip2", &Version::new(1, 0, 1)).unwrap();
    let http = texts.versions(&name("wasi:http")).unwrap().versions;
    assert_eq!(http, [Version::new(0, 2, 4)].into());
    let checksum = texts.checksum().unwrap().to_string();
    assert!(checksum.starts_with("sha256:05624284"), "{checksum}");
    assert!(!ran.exists(), "the project's compiler was run");
}

#[test]
fn a_version_that_is_not_there_is_told_in_cargos_words() {
    let scratch = TempDir::new().unwrap();
    let error = Texts::of_crate(&cargo(&scratch), "wasip2", &Version::new(1, 99, 0)).unwrap_err();
    assert!(
        error.to_string().contains("crate:wasip2@=1.99.0"),
        "{error}"
    );
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("cargo finds no such version"), "{cause}");
}

#[test]
fn a_crate_without_wit_is_refused() {
    let scratch = TempDir::new().unwrap();
    let error = Texts::of_crate(&cargo(&scratch), "either", &Version::new(1, 15, 0)).unwrap_err();
    assert!(
        error.to_string().contains("holds no WIT package"),
        "{error}"
    );
}
