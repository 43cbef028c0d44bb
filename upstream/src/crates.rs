//! The WIT in one version of a crate of cargo's registry.
//!
//! Cargo fetches it, by a manifest that is made for it, and checks its archive by the checksum of cargo's index. Nothing is
//! built, and no other version is looked at.
//!
//! Cargo takes its configuration from the folders around the one that it runs in, and a project's could name another source
//! or a program to run. So it runs in the root of the file system, wherever the manifest lies. What cargo has from elsewhere
//! than its registry is refused.

use std::fs;
use std::path::{self, Path, PathBuf};
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
/// The file that cargo is asked for.
const MANIFEST: &str = "Cargo.toml";
/// The largest lock.
const MAX_LOCK: u64 = 16 << 20;
/// How much of what cargo says is repeated.
const MAX_SAID: usize = 2000;

/// How cargo names its own registry, whatever mirror or protocol brings it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// The file that a folder of vendored sources has in each package, and that cargo believes there in place of its index.
const VENDORED: &str = ".cargo-checksum.json";

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
    /// Cargo was told to take it from somewhere else.
    #[error("cargo's configuration takes it from {}, and not from cargo's registry", folder.display())]
    Elsewhere {
        /// Where its files lie.
        folder: PathBuf,
    },
}

/// This user's cargo.
#[derive(Debug, Clone)]
pub struct Cargo {
    /// Cargo, by its path, or by its name in `PATH`.
    pub program: PathBuf,
    /// A folder of this user's alone, for the manifest.
    pub scratch: PathBuf,
    /// Whether it may ask the network.
    pub offline: bool,
}

/// What cargo fetched.
pub(crate) struct FetchedCrate {
    /// Where cargo unpacked it.
    pub(crate) folder: PathBuf,
    /// Its version with the build metadata that its author gave it.
    pub(crate) version: Version,
    /// Of the archive that cargo downloaded.
    pub(crate) checksum: Digest,
}

impl Cargo {
    /// Fetches a version of a crate, build metadata aside.
    pub(crate) fn fetch(&self, name: &str, version: &Version) -> Result<FetchedCrate, CrateError> {
        let scratch = |source| CrateError::Scratch {
            path: self.scratch.clone(),
            source,
        };
        let around = path::absolute(&self.scratch).map_err(scratch)?;
        Tree::private(&around).make().map_err(scratch)?;
        let folder = NewFolder::beside(&around.join("crate")).map_err(scratch)?;
        let tree = Tree::private(folder.path());
        for (file, text) in [
            (MANIFEST, &manifest(name, version)),
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
        let found = Package::find(&metadata.stdout, name, version).ok_or(CrateError::Output)?;
        let lock = file::read_text(&folder.path().join("Cargo.lock"), MAX_LOCK).map_err(scratch)?;
        let checksum = checksum(&lock, name, &found.version);
        let folder = found.folder().ok_or(CrateError::Output)?;
        let is_vendored = fs::symlink_metadata(folder.join(VENDORED)).is_ok();
        if found.source.as_deref() != Some(REGISTRY) || is_vendored {
            return Err(CrateError::Elsewhere { folder });
        }
        Ok(FetchedCrate {
            folder,
            version: found.version,
            checksum: checksum.ok_or(CrateError::Output)?,
        })
    }

    /// Runs cargo for the manifest in a folder, with no project around it.
    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<Output, CrateError> {
        let root = folder.ancestors().last().unwrap_or(folder);
        let ran = process::run(
            Command::new(&self.program)
                .args(arguments)
                .arg("--manifest-path")
                .arg(folder.join(MANIFEST))
                .current_dir(root),
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

/// What cargo says of a package.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: Version,
    /// None of a package that lies in a folder.
    source: Option<String>,
    manifest_path: PathBuf,
}

impl Package {
    fn find(metadata: &[u8], name: &str, version: &Version) -> Option<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
        }
        let metadata: Metadata = serde_json::from_slice(metadata).ok()?;
        let mut packages = metadata.packages.into_iter();
        packages
            .find(|package| package.name == name && package.version.cmp_precedence(version).is_eq())
    }

    fn folder(&self) -> Option<PathBuf> {
        self.manifest_path.parent().map(Path::to_owned)
    }
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
    let version = version.to_string();
    let is = |table: &toml_edit::Table, key, wanted: &str| {
        text(table, key).is_some_and(|text| text == wanted)
    };
    let found = packages.iter().find(|table| {
        is(table, "name", name) && is(table, "version", &version) && is(table, "source", REGISTRY)
    })?;
    format!("sha256:{}", text(found, "checksum")?).parse().ok()
}
