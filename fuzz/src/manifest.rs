//! Cargo.toml: what its tables say, and changes that keep all else.

use std::path::Path;

use cargo_warg::manifest::edit::{ManifestEdit, NewDependency};
use cargo_warg::manifest::{self, Dependency, ManifestError};
use transparency::name::{Kind, PackageName};

fn read(text: &str) -> Result<Vec<Dependency>, ManifestError> {
    manifest::read_tables(Path::new("/w/Cargo.toml"), text)
}

pub(crate) fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match read(text) {
        Ok(dependencies) => {
            for dependency in dependencies {
                let location = &dependency.location;
                assert!(
                    location.line() <= text.lines().count() + 1,
                    "a location in the text"
                );
                assert!(dependency.requirement.is_some() || dependency.path.is_some());
            }
        }
        Err(error) => {
            // The error has a text for the terminal.
            let said = error.to_string();
            assert!(!said.is_empty());
        }
    }
}

pub(crate) fn edit(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let path = Path::new("/w/Cargo.toml");
    let open = |text: &str| ManifestEdit::parse(path, Path::new("/w"), text.to_owned());
    let Ok(mut edit) = open(text) else {
        return;
    };
    assert_eq!(edit.text(), text, "nothing was changed yet");
    // Only manifests that read are changed.
    let Ok(before) = read(text.strip_prefix('\u{feff}').unwrap_or(text)) else {
        return;
    };
    let name: PackageName = "acme:logger".parse().expect("a name");
    let new = NewDependency {
        kind: if data.len().is_multiple_of(2) {
            Kind::Wit
        } else {
            Kind::Component
        },
        alias: &name,
        package: None,
        requirement: Some("1.2.3"),
        path: None,
        registry: None,
    };
    if edit.set_dependency(&new).is_err() {
        return;
    }
    let after_text = edit.text();
    let after = read(after_text.strip_prefix('\u{feff}').unwrap_or(&after_text))
        .unwrap_or_else(|error| panic!("what was written does not read: {error}\n{after_text}"));
    let is_it = |one: &&Dependency| one.kind == new.kind && one.alias == name;
    let stated = after.iter().filter(is_it);
    for stated in stated.clone() {
        let requirement = stated.requirement.as_ref().map(ToString::to_string);
        assert_eq!(requirement.as_deref(), Some("^1.2.3"), "{after_text}");
    }
    assert!(stated.count() > 0, "it is not there:\n{after_text}");
    // All else is as it was.
    let others = |all: &[Dependency]| -> Vec<(Kind, PackageName, String)> {
        let others = all
            .iter()
            .filter(|one| one.alias != name && one.name != name);
        others
            .map(|one| {
                (
                    one.kind,
                    one.alias.clone(),
                    format!("{:?}", one.requirement),
                )
            })
            .collect()
    };
    assert_eq!(others(&after), others(&before));
    let mut again = open(&after_text).expect("it was read");
    assert!(
        !again.set_dependency(&new).expect("as before"),
        "the second time changed something"
    );
}
