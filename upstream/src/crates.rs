//! The WIT in one version of a crate of cargo's registry.
//!
//! Cargo fetches it, by a manifest that is made for it, and checks its archive by the checksum of cargo's index. Nothing is
//! built, and no other version is looked at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use registry::file::{self, NewFolder, Tree};
use semver::Version;
use serde::Deserialize;
use toml_edit::DocumentMut;
use transparency::digest::Digest;

use crate::process::{self, Limits, Output, ProcessError};

/// What cargo may say: its metadata of a crate with a thousand dependencies has some ten million bytes.
const LIMITS: Limits = Limits {
    time: Duration::from_mins(10), // cargo has its own timeouts for the network; a crate may come with hundreds of others
    output: 128 << 20,
};
/// The largest lock.
const MAX_LOCK: u64 = 16 << 20;
/// How much of what cargo says is repeated.
const MAX_SAID: usize = 2000;

/// Why a crate cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CrateError {
    /// The folder for cargo's manifest cannot be made.
    #[error("cannot write in {}", path.display())]
    Scratch {
        /// The folder for the manifest.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// Cargo does not run.
    #[error("cargo brings nothing")]
    Cargo(#[source] ProcessError),
    /// There is no such crate or version.
    #[error("cargo finds no such version: {said}")]
    Absent {
        /// Cargo's own words.
        said: String,
    },
    /// Cargo does not fetch it.
    #[error("cargo does not fetch it: {said}")]
    Failed {
        /// Cargo's own words.
        said: String,
    },
    /// What cargo says does not read.
    #[error("what cargo says of it does not read")]
    Output,
}

/// This user's cargo.
#[derive(Debug, Clone)]
pub struct Cargo {
    /// Cargo, by its path, or by its name in `PATH`.
    pub program: PathBuf,
    /// A folder of this user's alone, for the manifest. Cargo reads the configuration of the folders around it.
    pub scratch: PathBuf,
    /// Whether it may ask the network.
    pub offline: bool,
}

impl Cargo {
    /// Where cargo unpacks a version of a crate, and the digest of its archive.
    pub(crate) fn fetch(
        &self,
        name: &str,
        version: &Version,
    ) -> Result<(PathBuf, Option<Digest>), CrateError> {
        let scratch = |source| CrateError::Scratch {
            path: self.scratch.clone(),
            source,
        };
        Tree::private(&self.scratch).make().map_err(scratch)?;
        let folder = NewFolder::beside(&self.scratch.join("crate")).map_err(scratch)?;
        let tree = Tree::private(folder.path());
        for (file, text) in [
            ("Cargo.toml", &manifest(name, version)),
            ("lib.rs", &String::new()),
        ] {
            let path = Path::new(file);
            tree.create(path, text.as_bytes()).map_err(scratch)?;
        }
        let offline: &[&str] = if self.offline { &["--offline"] } else { &[] };
        let fetched = self.run(folder.path(), &[&["fetch"], offline].concat())?;
        if !fetched.success {
            return Err(failure(&fetched));
        }
        let asked = ["metadata", "--format-version=1", "--offline", "--locked"];
        let metadata = self.run(folder.path(), &asked)?;
        if !metadata.success {
            return Err(failure(&metadata));
        }
        let found = source_folder(&metadata.stdout, name, version).ok_or(CrateError::Output)?;
        let lock = file::read_text(&folder.path().join("Cargo.lock"), MAX_LOCK).map_err(scratch)?;
        Ok((found, checksum(&lock, name, version)))
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<Output, CrateError> {
        let ran = process::run(
            Command::new(&self.program)
                .args(arguments)
                .current_dir(folder),
            b"",
            LIMITS,
        );
        ran.map_err(CrateError::Cargo)
    }
}

/// A package that needs the crate for no target that there is: so it is fetched, and nothing is ever compiled.
fn manifest(name: &str, version: &Version) -> String {
    format!(
        "[package]\nname = \"cargo-warg-upstream-crate\"\nversion = \"0.0.0\"\nedition = \"2021\"\npublish = false\n\n\
         [lib]\npath = \"lib.rs\"\n\n[workspace]\n\n[target.'cfg(any())'.dependencies]\n\
         {name} = {{ version = \"={version}\", default-features = false }}\n"
    )
}

fn failure(output: &Output) -> CrateError {
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.trim().chars().take(MAX_SAID).collect();
    let is_absent = ["no matching package", "failed to select a version"];
    if is_absent.iter().any(|words| said.contains(words)) {
        CrateError::Absent { said }
    } else {
        CrateError::Failed { said }
    }
}

/// Where cargo says that a package lies.
fn source_folder(metadata: &[u8], name: &str, version: &Version) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: Version,
        manifest_path: PathBuf,
    }
    let metadata: Metadata = serde_json::from_slice(metadata).ok()?;
    let mut packages = metadata.packages.into_iter();
    let found = packages
        .find(|package| package.name == name && package.version.cmp_precedence(version).is_eq());
    found?.manifest_path.parent().map(Path::to_owned)
}

/// The checksum that cargo checked a package by.
fn checksum(lock: &str, name: &str, version: &Version) -> Option<Digest> {
    let lock: DocumentMut = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array_of_tables()?;
    let text = |table: &toml_edit::Table, key: &str| {
        table
            .get(key)
            .and_then(|item| item.as_str())
            .map(str::to_owned)
    };
    let found = packages.iter().find(|table| {
        let is_version = |text: String| {
            let parsed: Option<Version> = text.parse().ok();
            parsed.is_some_and(|parsed| parsed.cmp_precedence(version).is_eq())
        };
        text(table, "name").as_deref() == Some(name)
            && text(table, "version").is_some_and(is_version)
    })?;
    format!("sha256:{}", text(found, "checksum")?).parse().ok()
}
