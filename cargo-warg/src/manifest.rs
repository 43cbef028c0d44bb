//! What a workspace's manifests ask for: dependencies, registries, and who belongs to which.
//!
//! cargo says which members there are and which are selected; our tables ([`tables`]) and cargo-component's
//! ([`cargo_component`]) are then read from the text of each Cargo.toml that has any, so that every error and every
//! dependency has its line and column. Ours are strict: a key that is not known is an error. [`edit`] changes a
//! manifest and keeps its comments and order.
//!
//! Nothing here looks at `wit/` or at the lock, and nothing is solved.

pub mod address;
mod alias;
pub mod cargo_component;
pub mod edit;
pub mod error;
pub mod known;
pub mod registries;
pub mod settings;
pub mod source;
pub mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cargo_metadata::{Metadata, MetadataCommand};
use registry::file;
use semver::Version;
use transparency::name::{ExternName, Kind, Namespace, PackageName};
use transparency::version::VersionReq;

pub use self::alias::Alias;
use self::edit::ManifestEdit;
pub use self::error::ManifestError;
pub use self::registries::{Address, Registries, Registry, Served};
pub use self::settings::{Patch, Settings, Solving};
use self::source::Source;
use crate::keys::without_secrets;
use crate::lock_file::LockFile;
use component::bundle::Wiring;
use component::span::{Location, Text};

/// Which workspace, and which of its members: cargo's flags of the same names.
#[derive(Debug, Clone, Default)]
pub struct ManifestArgs {
    /// `--manifest-path`; otherwise cargo looks upwards from the current folder.
    pub manifest_path: Option<PathBuf>,
    /// `-p`: members by name.
    pub packages: Vec<String>,
    /// `--workspace`: all members.
    pub workspace: bool,
    /// `--locked` or `--frozen`, passed on to cargo.
    pub locked: bool,
    /// `--offline` or `--frozen`, passed on to cargo.
    pub offline: bool,
    /// How to solve in this run, where it differs from what the manifest says.
    pub solving: Solving,
}

/// A cargo workspace, as far as it concerns us. A package without workspace is one with a single member.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    members: Vec<Member>,
    selected: BTreeSet<String>,
    settings: Settings,
    lock_file: Arc<LockFile>,
}

/// A cargo package of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// The cargo package's name.
    pub name: String,
    /// The cargo package's version.
    pub version: Version,
    /// Its Cargo.toml, absolute.
    pub manifest: PathBuf,
    /// The name to publish under.
    pub package: Option<PackageName>,
    /// What it depends on: components first, each kind by name.
    pub dependencies: Vec<Dependency>,
    /// What it redirects, by import: the package that serves it in a bundle whatever requirements say, and where that is
    /// stated.
    pub wire: BTreeMap<ExternName, (PackageName, Location)>,
    /// Its WIT: `wit/` beside the manifest, or what cargo-component's `target.path` says. Absolute; it may not exist.
    pub wit: PathBuf,
}

/// A dependency of a member, as its manifest states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Which table it stands in.
    pub kind: Kind,
    /// Its key in the table. It differs from the name where `package = "…"` is given.
    pub alias: PackageName,
    /// The package.
    pub name: PackageName,
    /// Which releases will do; none where only a path is given.
    pub requirement: Option<VersionReq>,
    /// The same, as it is written.
    pub written: Option<String>,
    /// Where it is taken from in development, absolute; it may not exist.
    pub path: Option<PathBuf>,
    /// The registry that it names itself.
    pub registry: Option<Alias>,
    /// `for = […]`: the imports that a component serves. Empty: the interfaces of the package of its own name.
    pub serves: BTreeSet<ExternName>,
    /// Where it is stated.
    pub location: Location,
}

impl Dependency {
    /// The requirement, or any release where only a path is given.
    pub fn requirement_or_any(&self) -> VersionReq {
        self.requirement.clone().unwrap_or(VersionReq::STAR)
    }
}

impl Workspace {
    /// Asks cargo for the workspace and reads our tables.
    ///
    /// # Errors
    /// cargo's own error where it cannot read the workspace; a table that does not parse, with line and column; a
    /// selected member that does not exist; a namespace that two registries claim.
    pub fn load(args: &ManifestArgs) -> Result<Self, ManifestError> {
        let metadata = metadata(args)?;
        Self::from_metadata(&metadata, args, metadata.workspace_root.as_std_path())
    }

    /// The same of another workspace than the one that is worked on. Its paths are named from this folder.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_seen_from(folder: &Path, args: &ManifestArgs) -> Result<Self, ManifestError> {
        Self::from_metadata(&metadata(args)?, args, folder)
    }

    fn from_metadata(
        metadata: &Metadata,
        args: &ManifestArgs,
        seen_from: &Path,
    ) -> Result<Self, ManifestError> {
        let root = metadata.workspace_root.as_std_path();
        let root_manifest = root.join("Cargo.toml");
        let mut settings = Settings::default();
        let mut members = Vec::new();
        let mut root_read = false;

        for package in metadata.workspace_packages() {
            let manifest = package.manifest_path.as_std_path();
            let is_root = manifest == root_manifest;
            let mut member = Member {
                name: package.name.to_string(),
                version: package.version.clone(),
                manifest: manifest.to_owned(),
                package: None,
                dependencies: Vec::new(),
                wire: BTreeMap::new(),
                wit: folder_of(manifest).join("wit"),
            };
            // Most manifests have none of these tables, and their text is not needed.
            let has = |table| package.metadata.get(table).is_some();
            let has_workspace_table = is_root && metadata.workspace_metadata.get("warg").is_some();
            if has("warg") || has("component") || has_workspace_table {
                let source = Source::read(manifest, seen_from)?;
                if is_root {
                    root_read = true;
                    tables::read_workspace(&source, root, &mut settings)?;
                }
                let warg = has("warg")
                    .then(|| {
                        tables::read_package(&source, is_root.then_some((root, &mut settings)))
                    })
                    .transpose()?
                    .unwrap_or_default();
                let component = has("component")
                    .then(|| cargo_component::read(&source))
                    .transpose()?
                    .unwrap_or_default();
                member.adopt(warg, component)?;
            }
            members.push(member);
        }
        if !root_read && metadata.workspace_metadata.get("warg").is_some() {
            let source = Source::read(&root_manifest, seen_from)?;
            tables::read_workspace(&source, root, &mut settings)?;
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        settings.registries.settle(
            members
                .iter()
                .flat_map(|member| &member.dependencies)
                .filter_map(|dependency| {
                    let registry = dependency.registry.as_ref()?;
                    Some((dependency.name.namespace(), registry, &dependency.location))
                }),
        )?;
        let selected = select(metadata, &members, args)?;
        settings.solving = settings.solving.overridden_by(&args.solving);
        Ok(Self {
            root: root.to_owned(),
            lock_file: Arc::new(LockFile::new(root.join("warg.lock"))),
            members,
            selected,
            settings,
        })
    }

    /// A folder without a manifest: it has no members and no registries.
    pub fn nowhere(folder: &Path) -> Self {
        Self {
            lock_file: Arc::new(LockFile::new(folder.join("warg.lock"))),
            root: folder.to_owned(),
            members: Vec::new(),
            selected: BTreeSet::new(),
            settings: Settings::default(),
        }
    }

    /// Whether there is a manifest.
    pub fn has_manifest(&self) -> bool {
        self.root_manifest().is_file()
    }

    /// The same for who writes to registries: one that `publish` names a folder for is read there, if it is on this
    /// machine. Without a network, nothing is held against what readers are served.
    #[must_use]
    pub fn publishing(mut self, offline: bool) -> Self {
        for registry in self.settings.registries.iter_mut() {
            registry.to_write();
            registry.served = registry.served.take().filter(|_| !offline);
        }
        self
    }

    /// The same with a registry that the command line names, which has a namespace, and all that no other one is
    /// configured for.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry, namespace: Option<Namespace>) -> Self {
        self.settings.registries.give(registry, namespace);
        self
    }

    /// The folder of the root manifest, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the root manifest is no package itself.
    pub fn is_virtual(&self) -> bool {
        let root = self.root_manifest();
        !self.members.iter().any(|member| member.manifest == root)
    }

    /// The root manifest.
    pub fn root_manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// Where `warg.lock` belongs: beside `Cargo.lock`.
    pub fn lock_path(&self) -> &Path {
        self.lock_file.path()
    }

    /// `warg.lock`, which is read once.
    pub fn lock_file(&self) -> &Arc<LockFile> {
        &self.lock_file
    }

    /// All members, by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The members that the flags select, by name.
    pub fn selected(&self) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(|member| self.selected.contains(&member.name))
    }

    /// The member of this name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The one selected member.
    ///
    /// # Errors
    /// Several are selected: a command that changes one manifest needs to know which.
    pub fn only_selected(&self) -> Result<&Member, ManifestError> {
        let mut selected = self.selected();
        match (selected.next(), selected.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(ManifestError::WhichMember {
                members: self.selected.iter().cloned().collect(),
            }),
        }
    }

    /// The registries, and which namespace belongs to which.
    pub fn registries(&self) -> &Registries {
        &self.settings.registries
    }

    /// How to solve: what the manifest says, or what the flags of this run say instead.
    pub fn solving(&self) -> &Solving {
        &self.settings.solving
    }

    /// What is taken from folders in development, by name.
    pub fn patches(&self) -> impl Iterator<Item = &Patch> {
        self.settings.patches.values()
    }

    /// The folder where what is locked lies with the project, absolute; it may not exist.
    pub fn vendor(&self) -> Option<&Path> {
        self.settings.vendor.as_deref()
    }

    /// The registry that a dependency comes from.
    ///
    /// # Errors
    /// None is configured for its namespace.
    pub fn registry_of(&self, dependency: &Dependency) -> Result<&Registry, ManifestError> {
        self.registries()
            .of_package(&dependency.name)
            .ok_or_else(|| ManifestError::NoRegistry {
                name: dependency.name.clone(),
                location: Some(dependency.location.clone()),
            })
    }

    /// Starts a change of the root manifest.
    pub fn edit_root(&self) -> Result<ManifestEdit, ManifestError> {
        ManifestEdit::open(&self.root_manifest(), &self.root)
    }

    /// Starts a change of a member's manifest.
    pub fn edit(&self, member: &Member) -> Result<ManifestEdit, ManifestError> {
        ManifestEdit::open(&member.manifest, &self.root)
    }
}

impl Member {
    /// The folder of its manifest, absolute.
    pub fn folder(&self) -> &Path {
        folder_of(&self.manifest)
    }

    /// What it redirects, without the locations.
    pub fn wiring(&self) -> Wiring {
        let wire = self.wire.iter();
        Wiring(
            wire.map(|(import, (name, _))| (import.clone(), name.clone()))
                .collect(),
        )
    }

    /// Takes what both tables say, where they do not contradict each other.
    fn adopt(
        &mut self,
        ours: tables::PackageTable,
        theirs: cargo_component::ComponentTable,
    ) -> Result<(), ManifestError> {
        self.package = match (ours.package, theirs.package) {
            (Some((a, ours)), Some((b, theirs))) if a != b => {
                return Err(ManifestError::TwoNames { ours, theirs });
            }
            (Some((name, _)), _) | (None, Some((name, _))) => Some(name),
            (None, None) => None,
        };
        if let Some(path) = theirs.wit {
            self.wit = path;
        }
        self.wire = ours.wire;
        self.dependencies = merge(ours.dependencies, theirs.dependencies)?;
        Ok(())
    }
}

/// What the tables of one manifest say, read as that of a workspace with one member, without asking cargo.
///
/// # Errors
/// As [`Workspace::load`], for what stands in this text.
pub fn read_tables(path: &Path, text: &str) -> Result<Vec<Dependency>, ManifestError> {
    let root = folder_of(path);
    let source = Source::parse(path, root, text)?;
    let mut settings = Settings::default();
    tables::read_workspace(&source, root, &mut settings)?;
    let ours = tables::read_package(&source, Some((root, &mut settings)))?;
    let dependencies = merge(
        ours.dependencies,
        cargo_component::read(&source)?.dependencies,
    )?;
    settings
        .registries
        .settle(dependencies.iter().filter_map(|dependency| {
            let registry = dependency.registry.as_ref()?;
            Some((dependency.name.namespace(), registry, &dependency.location))
        }))?;
    Ok(dependencies)
}

/// Both lists in order; one that both have is taken once.
fn merge(
    mut ours: Vec<Dependency>,
    theirs: Vec<Dependency>,
) -> Result<Vec<Dependency>, ManifestError> {
    let mut by_name: BTreeMap<(Kind, PackageName), Vec<Dependency>> = BTreeMap::new();
    for dependency in &ours {
        by_name
            .entry((dependency.kind, dependency.name.clone()))
            .or_default()
            .push(dependency.clone());
    }
    for dependency in theirs {
        let Some(stated) = by_name.get(&(dependency.kind, dependency.name.clone())) else {
            ours.push(dependency);
            continue;
        };
        let same = |one: &&Dependency| {
            one.requirement == dependency.requirement && one.path == dependency.path
        };
        if !stated.iter().any(|one| same(&one)) {
            let ours = stated.first().map(|one| one.location.clone());
            return Err(ManifestError::Differs {
                name: dependency.name,
                ours: ours.unwrap_or_else(|| dependency.location.clone()),
                theirs: dependency.location,
            });
        }
    }
    ours.sort_by(|a, b| {
        (a.kind, &a.name, &a.alias, &a.location).cmp(&(b.kind, &b.name, &b.alias, &b.location))
    });
    Ok(ours)
}

/// Runs `cargo metadata --no-deps`.
fn metadata(args: &ManifestArgs) -> Result<Metadata, ManifestError> {
    if let Some(path) = nearest(args) {
        // cargo would wait for a pipe to speak, and read a device for ever.
        file::open(&path).map_err(|source| ManifestError::Read { path, source })?;
    }
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(path) = &args.manifest_path {
        command.manifest_path(path);
    }
    let flags = [(args.locked, "--locked"), (args.offline, "--offline")];
    let flags = flags.into_iter().filter(|(given, _)| *given);
    command.other_options(flags.map(|(_, flag)| flag.to_owned()).collect::<Vec<_>>());

    let output = without_secrets(command.cargo_command())
        .output()
        .map_err(ManifestError::CargoRun)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        if let Some(location) = conflicted(args, &said) {
            return Err(ManifestError::Conflicted { location });
        }
        return Err(ManifestError::Cargo {
            said: said.trim().trim_start_matches("error: ").to_owned(),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    MetadataCommand::parse(text).map_err(|problem| ManifestError::CargoOutput { problem })
}

/// The manifest that cargo begins with, if it is there.
fn nearest(args: &ManifestArgs) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    match &args.manifest_path {
        Some(path) => Some(here.join(path)).filter(|path| path.exists()),
        None => here
            .ancestors()
            .map(|folder| folder.join("Cargo.toml"))
            .find(|path| path.exists()),
    }
}

/// Where a merge left its markers in a manifest, which cargo could not read for that.
fn conflicted(args: &ManifestArgs, said: &str) -> Option<Location> {
    // cargo names the one that it cannot read by its path, or, next to a line of it, from the folder it runs in.
    let named = said
        .split(['`', ' ', '\n'])
        .map(|word| word.split(':').next().unwrap_or(word))
        .filter(|word| word.ends_with("Cargo.toml"))
        .map(PathBuf::from);
    let manifests = args.manifest_path.clone().into_iter().chain(named);
    manifests.into_iter().find_map(|path| {
        let text = source::read_text(&path).ok()?;
        let line = text
            .lines()
            .position(|line| line.starts_with("<<<<<<<"))?
            .saturating_add(1);
        Some(Text::new(&path, text).line(u64::try_from(line).ok()?))
    })
}

/// The members that the flags select; without flags those that cargo would take.
fn select(
    metadata: &Metadata,
    members: &[Member],
    args: &ManifestArgs,
) -> Result<BTreeSet<String>, ManifestError> {
    let all = || members.iter().map(|member| member.name.clone());
    if args.workspace {
        return Ok(all().collect());
    }
    if args.packages.is_empty() {
        // cargo has filled this list since 1.71, with regard to the folder that it runs in.
        return Ok(metadata
            .workspace_default_packages()
            .iter()
            .map(|package| package.name.to_string())
            .collect());
    }
    for wanted in &args.packages {
        if !members.iter().any(|member| member.name == *wanted) {
            return Err(ManifestError::NoMember {
                name: wanted.clone(),
                members: all().collect(),
            });
        }
    }
    Ok(args.packages.iter().cloned().collect())
}

fn folder_of(manifest: &Path) -> &Path {
    manifest.parent().unwrap_or(manifest)
}

#[cfg(test)]
mod tests;
