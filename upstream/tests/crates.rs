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
            "1.0.1+wasi-0.2.4",
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
        assert!(fetched.claims.reference.starts_with("crate:wasip2@="));
        let found = fetched.claims.checksum.unwrap().to_string();
        assert!(found.starts_with(checksum), "{found}");
    }
    let left = fs::read_dir(scratch.path().join("upstream")).unwrap();
    assert_eq!(left.count(), 0, "the manifest is gone");
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
