//! Folders with texts, and releases as a closed set holds them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_warg::wit::deps::plan;
use cargo_warg::wit::publish::Texts;
use cargo_warg::wit::root;
use component::wit::at_hand::AtHand;
use component::wit::deps::{Plan, PlanError};
use component::wit::publish::{PublishError, WitPackage};
use component::wit::selected::{Form, Selected};
use fixtures::component::{LOGGER, from_wit, wit_package};
use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;
use wit_parser::PackageName as WitName;

/// A folder with these files, gone when dropped.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&dir.path().join(path), text);
    }
    dir
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// The chain of an error, as a user reads it.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A package version and its content, as a closed set would hold it.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) name: PackageName,
    pub(crate) version: Version,
    pub(crate) bytes: Vec<u8>,
}

impl Content {
    pub(crate) fn wit(text: &str) -> Self {
        let WitPackage {
            name,
            version,
            bytes,
            ..
        } = WitPackage::open(wit_package(text)).unwrap();
        Self {
            name,
            version,
            bytes,
        }
    }

    pub(crate) fn component(name: &str, at: &str, text: &str, world: &str) -> Self {
        Self {
            name: name.parse().unwrap(),
            version: version(at),
            bytes: from_wit(text, world),
        }
    }

    pub(crate) fn selected(&self) -> Selected<'_> {
        Selected {
            name: &self.name,
            version: &self.version,
            digest: Digest::of(&self.bytes),
            form: Form::Binary(&self.bytes),
        }
    }
}

pub(crate) fn logger() -> Content {
    Content::component("acme:logger", "1.2.0", LOGGER, "logger")
}

pub(crate) fn planned(
    dir: &Path,
    wit: &[Content],
    components: &[Content],
) -> Result<Plan, PlanError> {
    let wit: Vec<_> = wit.iter().map(Content::selected).collect();
    let components: Vec<_> = components.iter().map(Content::selected).collect();
    plan(&root::read(&dir.join("wit")).unwrap(), &wit, &components)
}

pub(crate) fn paths(files: &BTreeMap<PathBuf, String>) -> Vec<&str> {
    files.keys().map(|path| path.to_str().unwrap()).collect()
}

/// The content of a package of texts that no registry has anything for.
pub(crate) fn encode(at_hand: &AtHand, name: &WitName) -> Result<Vec<u8>, PublishError> {
    let needs = at_hand.needs(name, |_| Ok::<_, PublishError>(false))?;
    let mut contents = at_hand.encode(name, &needs, &[])?;
    contents.remove(name).unwrap()
}

/// The package of a `wit/` folder or of one `.wit` file, by the texts that lie there alone.
pub(crate) fn read_package(path: &Path) -> Result<WitPackage, PublishError> {
    let Texts { text, beside } = Texts::read(path)?;
    let name = text.name().clone();
    let mut at_hand = AtHand::default();
    at_hand.give(text)?;
    for text in beside {
        at_hand.put_beside(text)?;
    }
    let package = encode(&at_hand, &name).and_then(WitPackage::open);
    package.map_err(|error| error.declared_in(at_hand.given().get(&name), &name))
}
