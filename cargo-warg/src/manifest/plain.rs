//! The workspace of a plain manifest, without asking cargo: starting it takes longer than most of what we do.
//!
//! Plain is a package by itself, or one that is the only member of the workspace whose root it is, with nothing inherited
//! that concerns us. Of everything else, and of everything that cargo might refuse and we could notice, cargo is asked: its
//! answer and its messages are the ones that count. What passes here has the same answer from cargo, or is refused by it
//! for reasons that do not concern us.

use std::fs;
use std::path::{Component, Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};
use semver::{Version, VersionReq};
use serde_json::json;
use toml_edit::{Document, Item, TableLike};

use super::ManifestArgs;
use super::source::MAX_MANIFEST;

/// The keys of a manifest that a plain one may have.
const KNOWN: [&str; 15] = [
    "package",
    "workspace",
    "lib",
    "bin",
    "example",
    "test",
    "bench",
    "features",
    "lints",
    "profile",
    "badges",
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "target",
];

/// The keys of `[workspace]` that it may have: none that names further members.
const KNOWN_OF_WORKSPACE: [&str; 5] = ["metadata", "resolver", "package", "lints", "dependencies"];

const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

const EDITIONS: [&str; 4] = ["2015", "2018", "2021", "2024"];

/// What `cargo metadata --no-deps` would say, as far as it is read; none where cargo must be asked.
pub(super) fn metadata(args: &ManifestArgs) -> Option<Metadata> {
    let manifest = find(args.manifest_path.as_deref())?;
    let text = read(&manifest)?;
    let document = text.parse::<Document<String>>().ok()?;
    let root = manifest.parent()?;
    if document.iter().any(|(key, _)| !KNOWN.contains(&key)) {
        return None;
    }
    let workspace = document.get("workspace");
    match workspace {
        Some(workspace) => {
            let mut keys = workspace.as_table_like()?.iter();
            if keys.any(|(key, _)| !KNOWN_OF_WORKSPACE.contains(&key)) {
                return None;
            }
        }
        // It may be a member of a workspace further up.
        None if root.ancestors().skip(1).any(has_manifest) => return None,
        None => {}
    }
    let has_target = ["src/lib.rs", "src/main.rs"].map(|file| root.join(file).is_file());
    if has_target == [false, false] || !dependencies_are_plain(&document)? {
        return None;
    }
    let package = document.get("package")?.as_table_like()?;
    let (name, version) = identity(package)?;
    let id = format!("path+file://{}#{name}@{version}", root.display());
    let metadata = json!({
        "version": 1,
        "packages": [{
            "name": name,
            "version": version.to_string(),
            "id": id,
            "dependencies": [],
            "targets": [],
            "features": {},
            "manifest_path": manifest.to_str()?,
            "metadata": tables_of(Some(package))?,
        }],
        "workspace_members": [id],
        "workspace_default_members": [id],
        "workspace_root": root.to_str()?,
        "target_directory": root.join("target").to_str()?,
        "metadata": tables_of(workspace.and_then(Item::as_table_like))?,
    });
    MetadataCommand::parse(metadata.to_string()).ok()
}

/// The manifest that cargo would take.
fn find(given: Option<&Path>) -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    let Some(given) = given else {
        let folder = current.ancestors().find(|folder| has_manifest(folder))?;
        return Some(folder.join("Cargo.toml"));
    };
    let manifest = current.join(given);
    let mut parts = manifest.components();
    let is_straight = parts.all(|part| !matches!(part, Component::ParentDir | Component::CurDir));
    (is_straight && manifest.file_name()? == "Cargo.toml").then_some(manifest)
}

fn has_manifest(folder: &Path) -> bool {
    folder.join("Cargo.toml").exists()
}

fn read(manifest: &Path) -> Option<String> {
    let metadata = fs::metadata(manifest).ok()?;
    let is_small = metadata.is_file() && metadata.len() <= MAX_MANIFEST;
    is_small.then(|| fs::read_to_string(manifest).ok())?
}

/// Name and version, where both are stated and cargo takes them.
fn identity(package: &dyn TableLike) -> Option<(&str, Version)> {
    let name = package.get("name")?.as_str()?;
    let mut letters = name.chars();
    let first = letters.next()?;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !first.is_ascii_alphabetic() || !letters.all(is_letter) {
        return None;
    }
    let version = Version::parse(package.get("version")?.as_str()?).ok()?;
    if package.contains_key("workspace") {
        return None; // the root is elsewhere
    }
    match package.get("edition") {
        None => {}
        Some(edition) => {
            let edition = edition.as_str()?;
            EDITIONS.contains(&edition).then_some(())?;
        }
    }
    Some((name, version))
}

/// Whether no dependency has a path, which could make a member of what lies there, and all are as cargo wants them.
fn dependencies_are_plain(document: &Document<String>) -> Option<bool> {
    let mut holders: Vec<&dyn TableLike> = vec![document.as_table()];
    if let Some(workspace) = document.get("workspace") {
        holders.push(workspace.as_table_like()?);
    }
    if let Some(targets) = document.get("target") {
        for (_, target) in targets.as_table_like()?.iter() {
            holders.push(target.as_table_like()?);
        }
    }
    for holder in holders {
        for dependencies in DEPENDENCIES.iter().filter_map(|key| holder.get(key)) {
            for (_, dependency) in dependencies.as_table_like()?.iter() {
                let req = match dependency.as_str() {
                    Some(req) => Some(req),
                    None => {
                        let table = dependency.as_table_like()?;
                        if table.contains_key("path") {
                            return Some(false);
                        }
                        table.get("version").map(Item::as_str).unwrap_or_default()
                    }
                };
                if let Some(req) = req {
                    VersionReq::parse(req).ok()?;
                }
            }
        }
    }
    Some(true)
}

/// Which tables of `metadata` there are: what stands in them is read from the text, with its places.
fn tables_of(table: Option<&dyn TableLike>) -> Option<serde_json::Value> {
    let Some(metadata) = table.and_then(|table| table.get("metadata")) else {
        return Some(serde_json::Value::Null);
    };
    let keys = metadata.as_table_like()?.iter();
    Some(keys.map(|(key, _)| (key.to_owned(), json!({}))).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    /// What is read of a workspace.
    fn read_of(metadata: &Metadata) -> String {
        let tables = |value: &serde_json::Value| match value.as_object() {
            Some(tables) => tables.keys().cloned().collect::<Vec<_>>().join(" "),
            None => "none".to_owned(),
        };
        let mut said = vec![
            metadata.workspace_root.to_string(),
            tables(&metadata.workspace_metadata),
        ];
        let selected = metadata.workspace_default_packages();
        for package in metadata.workspace_packages() {
            said.push(format!(
                "{} {} {} [{}] {}",
                package.name,
                package.version,
                package.manifest_path,
                tables(&package.metadata),
                selected.iter().any(|one| one.id == package.id),
            ));
        }
        said.join("\n")
    }

    struct Case {
        folder: tempfile::TempDir,
    }

    impl Case {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self { folder }
        }

        fn args(&self, manifest: &str) -> ManifestArgs {
            ManifestArgs {
                manifest_path: Some(self.folder.path().join(manifest)),
                offline: true,
                ..ManifestArgs::default()
            }
        }

        /// It is plain, and cargo says the same.
        fn is_plain(&self, manifest: &str) {
            let args = self.args(manifest);
            let text = fs::read_to_string(args.manifest_path.as_ref().unwrap()).unwrap();
            let ours = metadata(&args).unwrap_or_else(|| panic!("not plain:\n{text}"));
            let theirs = super::super::ask_cargo(&args).unwrap();
            assert_eq!(read_of(&ours), read_of(&theirs), "{text}");
        }

        fn is_not_plain(&self, manifest: &str) {
            let args = self.args(manifest);
            let text = fs::read_to_string(args.manifest_path.as_ref().unwrap()).unwrap();
            assert!(metadata(&args).is_none(), "taken for plain:\n{text}");
        }
    }

    const APP: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

    #[test]
    fn cargo_says_the_same_of_every_plain_manifest() {
        let tails = [
            "",
            "[workspace]\n",
            "[workspace]\nresolver = \"2\"\n",
            "[workspace.metadata.warg]\ndefault-registry = \"acme\"\n[package.metadata.warg]\n",
            "[package.metadata.component]\npackage = \"acme:app\"\n[package.metadata.other]\n",
            "[dependencies]\n[dev-dependencies]\n[target.'cfg(unix)'.dependencies]\n",
            "[lib]\ncrate-type = [\"cdylib\"]\n[profile.release]\nlto = true\n[features]\na = []\n",
            "[workspace.package]\nlicense = \"MIT\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
            "[dependencies]\nserde = \"1\"\nother = { version = \"1.2\", optional = true }\n",
        ];
        for tail in tails {
            let manifest = format!("{APP}{tail}");
            let case = Case::new(&[("Cargo.toml", &manifest), ("src/lib.rs", "")]);
            case.is_plain("Cargo.toml");
        }
        let old = "[package]\nname = \"Old_app-1\"\nversion = \"1.2.3-rc.1+build\"\n";
        let case = Case::new(&[("Cargo.toml", old), ("src/main.rs", "fn main() {}")]);
        case.is_plain("Cargo.toml");
    }

    #[test]
    fn a_root_below_another_workspace_is_its_own() {
        let root = format!("{APP}[workspace]\n");
        let above = "[workspace]\nmembers = []\n";
        let case = Case::new(&[
            ("Cargo.toml", above),
            ("app/Cargo.toml", &root),
            ("app/src/lib.rs", ""),
        ]);
        case.is_plain("app/Cargo.toml");
    }

    #[test]
    fn cargo_is_asked_where_there_may_be_more_than_one_member() {
        let tails = [
            "[workspace]\nmembers = [\"other\"]\n",
            "[workspace]\nmembers = [\"crates/*\"]\n",
            "[workspace]\ndefault-members = [\".\"]\n",
            "[workspace]\nexclude = [\"other\"]\n",
            "[dependencies]\nother = { path = \"other\" }\n",
            "[dev-dependencies.other]\npath = \"other\"\n",
            "[target.'cfg(unix)'.dependencies]\nother = { path = \"other\" }\n",
            "[workspace.dependencies]\nother = { path = \"other\" }\n",
            "[patch.crates-io]\nother = { path = \"other\" }\n",
        ];
        for tail in tails {
            let manifest = format!("{APP}{tail}");
            let case = Case::new(&[("Cargo.toml", &manifest), ("src/lib.rs", "")]);
            case.is_not_plain("Cargo.toml");
        }
        let member = format!("{APP}\n");
        let case = Case::new(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n"),
            ("app/Cargo.toml", &member),
            ("app/src/lib.rs", ""),
        ]);
        case.is_not_plain("app/Cargo.toml");
        case.is_not_plain("Cargo.toml");
    }

    #[test]
    fn cargo_is_asked_about_everything_that_it_refuses() {
        let manifests = [
            "",
            "[package",
            "[package]\nname = \"app\"\nversion = \"1\"\n",
            "[package]\nname = \"a b\"\nversion = \"0.1.0\"\n",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2023\"\n",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nworkspace = \"..\"\n",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nserde = \"one\"\n",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nserde = 1\n",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[workspace]\nmembers = 1\n",
            "cargo-features = [\"none\"]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\n",
        ];
        for manifest in manifests {
            let case = Case::new(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
            case.is_not_plain("Cargo.toml");
        }
        let case = Case::new(&[("Cargo.toml", APP)]);
        case.is_not_plain("Cargo.toml");
    }

    #[test]
    fn a_version_or_edition_from_the_workspace_is_for_cargo() {
        let manifest = "[package]\nname = \"app\"\nversion.workspace = true\n[workspace.package]\nversion = \"1.0.0\"\n";
        let case = Case::new(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
        case.is_not_plain("Cargo.toml");
    }
}
