//! What is configured, trusted and reachable, looked at one by one: a finding does not keep the next from being looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use registry::file;
use registry::trust::TrustStore;
use transparency::key::VerifyingKey;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::keys::{self, Keys};
use crate::manifest::{ManifestArgs, Registry, Workspace};
use crate::network::Network;
use crate::ops::lock;
use crate::ops::session::configured::Configured;
use crate::ops::session::policy::read_policy;
use crate::ops::session::project::Project;
use crate::ops::session::reading::Reading;

/// What was found.
pub struct Report {
    /// What cargo says of its version; none where it cannot be run.
    pub cargo: Option<String>,
    /// The folders of this user.
    pub folders: Vec<Folder>,
    /// The file of secret keys, which may not exist.
    pub key_file: PathBuf,
    /// The public halves of this user's keys.
    pub keys: Result<Vec<VerifyingKey>>,
    /// The workspace, where there is one.
    pub workspace: Option<Result<WorkspaceReport>>,
}

/// A folder of this user.
pub struct Folder {
    /// What it is for.
    pub purpose: &'static str,
    /// Where it is, or will be.
    pub path: PathBuf,
    /// Whether files can be written there.
    pub writable: Result<()>,
}

/// A workspace.
pub struct WorkspaceReport {
    /// The root manifest.
    pub manifest: PathBuf,
    /// The registries, by their names in Cargo.toml.
    pub registries: Vec<RegistryReport>,
    /// The folder of what is vendored, and whether it is there.
    pub vendor: Option<(PathBuf, bool)>,
    /// How many packages the lock has, if it is what the workspace asks for, where anything asks for one; none where a
    /// policy is missing, and it was not looked at.
    pub lock: Option<Result<Option<usize>>>,
}

/// A registry.
pub struct RegistryReport {
    /// As Cargo.toml has it.
    pub configured: Registry,
    /// Whom this project trusts.
    pub policy: Result<PolicyReport>,
    /// What this machine saw of it.
    pub seen: Result<Option<Seen>>,
    /// The size that it has now, proved, and a continuation of what was seen; none where it was not asked.
    pub now: Option<Result<u64>>,
}

/// A policy.
pub struct PolicyReport {
    /// The operate key, whose name is the origin.
    pub key: VerifyingKey,
    /// The witnesses.
    pub witnesses: Vec<String>,
    /// Which of them must have signed; none where nobody must.
    pub quorum: Option<String>,
}

/// What this machine saw of a registry.
pub struct Seen {
    /// How large its log was.
    pub size: u64,
    /// When something was noted last.
    pub when: Option<SystemTime>,
    /// The folder that remembers it.
    pub folder: PathBuf,
}

impl Report {
    /// Everything that is wrong, in the order of the report.
    pub fn problems(&self) -> Vec<&Error> {
        let mut problems: Vec<_> = self
            .folders
            .iter()
            .filter_map(|folder| folder.writable.as_ref().err())
            .collect();
        problems.extend(self.keys.as_ref().err());
        match &self.workspace {
            None => {}
            Some(Err(error)) => problems.push(error),
            Some(Ok(workspace)) => {
                for registry in &workspace.registries {
                    problems.extend(registry.policy.as_ref().err());
                    problems.extend(registry.seen.as_ref().err());
                    problems.extend(registry.now.as_ref().and_then(|now| now.as_ref().err()));
                }
                problems.extend(workspace.lock.as_ref().and_then(|lock| lock.as_ref().err()));
            }
        }
        problems
    }

    /// The class of the gravest problem; none where all is well.
    pub fn worst(&self) -> Option<Class> {
        let classes = self.problems().into_iter().map(Error::class);
        classes.max_by_key(|class| class.gravity())
    }
}

/// Looks at everything. `manifest` is none where there is no workspace.
pub fn self_check(
    manifest: Option<&ManifestArgs>,
    dirs: &Dirs,
    network: &Network,
    offline: bool,
) -> Report {
    let folders = [
        ("cache", dirs.cache()),
        ("keys", dirs.config()),
        ("what was seen of registries", dirs.state()),
    ];
    Report {
        cargo: cargo_version(),
        folders: folders
            .into_iter()
            .map(|(purpose, path)| Folder {
                purpose,
                path: path.to_owned(),
                writable: check_writable(path),
            })
            .collect(),
        key_file: keys::file(dirs),
        keys: Keys::open(dirs).classified().map(|keys| {
            let keys = keys.all().map(|key| key.verifying_key().clone());
            keys.collect()
        }),
        workspace: manifest.map(|manifest| workspace(manifest, dirs, network, offline)),
    }
}

fn cargo_version() -> Option<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = keys::without_secrets(std::process::Command::new(cargo));
    let output = command.arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Demands that files can be made in a folder, or in what it would be made in.
fn check_writable(path: &Path) -> Result<()> {
    let existing = path.ancestors().find(|folder| folder.exists());
    match existing.map(file::check_folder_writable) {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(Error::caused(
            Class::Other,
            format!("cannot write into {}", path.display()),
            error,
        )),
        None => Err(Error::new(
            Class::Other,
            format!("{} cannot be made", path.display()),
        )),
    }
}

fn workspace(
    manifest: &ManifestArgs,
    dirs: &Dirs,
    network: &Network,
    offline: bool,
) -> Result<WorkspaceReport> {
    let workspace = Workspace::load(manifest).classified()?;
    let registries = workspace.registries().iter();
    let registries = registries.map(|one| registry(one, &workspace, dirs, network, offline));
    let registries: Vec<_> = registries.collect();
    let vendor = workspace.vendor();
    // Without a policy nothing can be said of the lock, and that was said.
    let trusted = registries.iter().all(|registry| registry.policy.is_ok());
    Ok(WorkspaceReport {
        manifest: workspace.root_manifest(),
        registries,
        vendor: vendor.map(|folder| (folder.to_owned(), folder.is_dir())),
        lock: trusted.then(|| locked(workspace, dirs, network)),
    })
}

fn registry(
    configured: &Registry,
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    offline: bool,
) -> RegistryReport {
    let policy = match read_policy(configured).classified() {
        Ok(policy) => policy,
        Err(error) => {
            return RegistryReport {
                configured: configured.clone(),
                policy: Err(error),
                seen: Ok(None),
                now: None,
            };
        }
    };
    let store = TrustStore::open(dirs.state(), &policy);
    let memory = store
        .read()
        .map_err(|error| Error::classified(registry::client::ClientError::from(error)));
    let report = PolicyReport {
        key: policy.operate_key().clone(),
        witnesses: policy
            .witnesses()
            .iter()
            .map(|witness| witness.key().name().to_owned())
            .collect(),
        quorum: policy.quorum().map(str::to_owned),
    };
    let seen = memory.map(|memory| {
        memory.map(|memory| Seen {
            size: memory.checkpoint().size.get(),
            when: when(store.folder()),
            folder: store.folder().to_owned(),
        })
    });
    let source = Configured::open(
        configured,
        policy,
        dirs,
        network,
        workspace.vendor(),
        Arc::clone(workspace.lock_file()),
    );
    let now = (!offline).then(|| {
        source
            .session(Reading::Now)
            .map(|session| session.size().get())
    });
    RegistryReport {
        configured: configured.clone(),
        policy: Ok(report),
        seen,
        now,
    }
}

/// When a file of a folder was written last.
fn when(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?;
    let times = entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok()?.modified().ok());
    times.max()
}

/// Whether the lock is what the workspace asks for.
fn locked(workspace: Workspace, dirs: &Dirs, network: &Network) -> Result<Option<usize>> {
    let project = Project::of(workspace, dirs, network)?;
    let file = project.workspace.lock_file();
    match file.lock()? {
        Some(lock) => {
            lock::check_current(&lock, &project)?;
            Ok(Some(lock.packages.len()))
        }
        None if project.problem.members.is_empty() => Ok(None),
        None => Err(
            Error::new(Class::Lock, format!("{} is missing", file.path().display()))
                .with_help("run `cargo warg lock`"),
        ),
    }
}
