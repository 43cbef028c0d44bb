//! What lies in folders: WIT packages as texts, components that are built, and projects of which one will be built.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use registry::file;
use resolver::NamedLocation;
use resolver::problem::Local;
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::VersionReq;

use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::{Dependency, ManifestArgs, Member, Patch, Workspace};
use crate::ops::session::project::{relative, requirement, same_file};
use component::content::{ContentError, Interface, MAX_CONTENT};
use component::wit::exported::Exported;
use component::wit::local::LocalPackages;
use component::wit::root::Root;
use component::wit::text::Group;

/// A local package in its folder: members may take one name and version from several folders.
pub(super) type Key = (Selection, Option<String>);

pub(super) fn key(local: &Local) -> Key {
    (local.selection(), local.location.clone())
}

/// What a folder holds.
#[derive(Debug)]
pub enum Held {
    /// The texts of WIT packages.
    Wit(Vec<Group>),
    /// A component that is built.
    Component {
        /// Its bytes.
        bytes: Vec<u8>,
        /// What it exports.
        exports: BTreeSet<ExternName>,
    },
    /// A project that will make a component.
    Project(Box<Unbuilt>),
}

/// A project whose component is not built yet: its `wit/` says what that will export.
#[derive(Debug)]
pub struct Unbuilt {
    /// Its manifest.
    pub(super) member: Member,
    exported: OnceCell<Exported>,
}

impl Unbuilt {
    /// The WIT packages that it takes from folders.
    pub(super) fn wit_folders(&self) -> impl Iterator<Item = &Dependency> {
        of_kind(&self.member, Kind::Wit).filter(|dependency| dependency.path.is_some())
    }

    /// What it will export.
    ///
    /// # Errors
    /// A `wit/` that cannot be used.
    pub(super) fn exported(&self, roots: &BTreeMap<String, Root>) -> Result<&Exported> {
        if let Some(exported) = self.exported.get() {
            return Ok(exported);
        }
        let read = roots.values().find(|root| root.dir() == self.member.wit);
        let exported = match read {
            Some(root) => Exported::of(root).classified()?,
            None => Exported::of(&crate::wit::root::read(&self.member.wit).classified()?)
                .classified()?,
        };
        Ok(self.exported.get_or_init(|| exported))
    }
}

/// A patch, as its folder has it.
pub(super) struct Patched {
    pub(super) patched: Local,
    /// It, and what it depends on by path.
    pub(super) with: BTreeSet<Local>,
}

/// What is read of folders.
pub(super) struct Folders<'a> {
    workspace: &'a Workspace,
    pub(super) held: BTreeMap<Key, Held>,
}

impl<'a> Folders<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            held: BTreeMap::new(),
        }
    }

    fn relative(&self, path: &Path) -> String {
        relative(self.workspace, &path.display().to_string())
    }

    fn keep(&mut self, local: &Local, held: Held) {
        self.held.entry(key(local)).or_insert(held);
    }

    /// What a dependency requires. One with a path requires what lies there. That must be a version that the dependency
    /// allows: otherwise a registry's release would quietly be taken instead.
    pub(super) fn required(
        &mut self,
        dependency: &Dependency,
        locals: &mut BTreeSet<Local>,
        on_the_way: &mut BTreeSet<PathBuf>,
    ) -> Result<Requirement> {
        let mut requirement = requirement(dependency);
        let Some(path) = &dependency.path else {
            return Ok(requirement);
        };
        let version = match dependency.kind {
            Kind::Component => self.component(dependency, path, locals, on_the_way)?,
            Kind::Wit => self.wit(dependency, path, locals)?,
        };
        match &dependency.requirement {
            None => requirement.req = VersionReq::exact(&version),
            Some(req) if req.matches(&version) => {}
            Some(req) => {
                let message = format!(
                    "`{}` at {} is version {version}, which `{req}` does not allow",
                    dependency.name,
                    path.display()
                );
                return Err(Error::new(Class::Other, message)
                    .at(dependency.location.clone())
                    .with_help("state the version that lies there, or leave `version` out"));
            }
        }
        Ok(requirement)
    }

    /// What lies in a patch's folder: a cargo package that makes a component, or a WIT package.
    pub(super) fn patch(&mut self, patch: &Patch) -> Result<Patched> {
        let Patch {
            name,
            path,
            location,
        } = patch;
        let kind = if path.join("Cargo.toml").is_file() {
            Kind::Component
        } else {
            Kind::Wit
        };
        let dependency = Dependency {
            kind,
            alias: name.clone(),
            name: name.clone(),
            requirement: None,
            written: None,
            path: Some(path.clone()),
            registry: None,
            serves: BTreeSet::new(),
            location: location.clone(),
        };
        if !path.is_dir() {
            return Err(
                Error::new(Class::Other, wrong_path(&dependency, path)).with_help(
                    "a patch names a folder: one with a Cargo.toml, or one with the .wit files of a package",
                ),
            );
        }
        let mut with = BTreeSet::new();
        let version = match kind {
            Kind::Component => {
                self.component(&dependency, path, &mut with, &mut BTreeSet::new())?
            }
            Kind::Wit => self.wit(&dependency, path, &mut with)?,
        };
        let is_it =
            |local: &&Local| local.kind == kind && local.name == *name && local.version == version;
        let patched = with.iter().find(is_it).cloned();
        Ok(Patched {
            patched: patched
                .ok_or_else(|| Error::new(Class::Other, wrong_path(&dependency, path)))?,
            with,
        })
    }

    /// A WIT package in a folder, and those nested in its text.
    pub(super) fn wit(
        &mut self,
        dependency: &Dependency,
        path: &Path,
        locals: &mut BTreeSet<Local>,
    ) -> Result<Version> {
        let read = crate::wit::publish::read_path(path)
            .and_then(LocalPackages::of)
            .classified()
            .map_err(|error| in_context(error, dependency, path))?;
        let main = read.main().ok_or_else(|| not_there(dependency, path))?;
        check_name(dependency, path, &main.name)?;
        let version = main.version.clone();
        for package in read.packages {
            let mut local = Local::new(Kind::Wit, package.name, package.version);
            local.requirements = package.requirements;
            local.location = Some(self.relative(path));
            self.keep(&local, Held::Wit(vec![read.group.clone()]));
            locals.insert(local);
        }
        Ok(version)
    }

    /// A component in a folder: a cargo package, or a `.wasm` file. What it depends on by path comes along.
    fn component(
        &mut self,
        dependency: &Dependency,
        path: &Path,
        locals: &mut BTreeSet<Local>,
        on_the_way: &mut BTreeSet<PathBuf>,
    ) -> Result<Version> {
        if path.is_file() {
            let local = self.component_file(dependency, path)?;
            let version = local.version.clone();
            locals.insert(local);
            return Ok(version);
        }
        let outside;
        let manifest = path.join("Cargo.toml");
        let in_workspace = self
            .workspace
            .members()
            .iter()
            .find(|member| same_file(&member.manifest, &manifest));
        let member = if let Some(member) = in_workspace {
            member
        } else {
            outside = self.load_outside(dependency, &manifest)?;
            outside
                .members()
                .iter()
                .find(|member| same_file(&member.manifest, &manifest))
                .ok_or_else(|| not_there(dependency, path))?
        };
        let package = member.package.as_ref().ok_or_else(|| {
            let message = format!(
                "what lies at {} does not say that it is `{}`",
                path.display(),
                dependency.name
            );
            let error = Error::new(Class::Other, message).at(dependency.location.clone());
            error.with_help(format!(
                "write `package = \"{}\"` into [package.metadata.warg] of {}",
                dependency.name,
                manifest.display()
            ))
        })?;
        check_name(dependency, path, package)?;
        let mut local = Local::new(Kind::Component, package.clone(), member.version.clone());
        local.location = Some(self.relative(path));
        let version = local.version.clone();
        if !on_the_way.insert(path.to_owned()) {
            return Ok(version); // a circle of path dependencies; each is there once
        }
        for further in of_kind(member, Kind::Component) {
            let requirement = self.required(further, locals, on_the_way)?;
            let key = (requirement.kind, requirement.name.clone());
            let location = NamedLocation::new(further.location.clone());
            local.requirement_locations.insert(key, location);
            local.requirements.insert(requirement);
        }
        let unbuilt = Unbuilt {
            member: member.clone(),
            exported: OnceCell::new(),
        };
        self.keep(&local, Held::Project(Box::new(unbuilt)));
        locals.insert(local);
        Ok(version)
    }

    /// Reads a workspace beside this one. Its paths are named from this one.
    fn load_outside(&self, dependency: &Dependency, manifest: &Path) -> Result<Workspace> {
        let folder = manifest.parent().unwrap_or(manifest);
        if !manifest.is_file() {
            return Err(not_there(dependency, folder).with_help(
            "a path names a folder with a Cargo.toml, a `.wasm` component, or, of a WIT package, its folder",
        ));
        }
        let args = ManifestArgs {
            manifest_path: Some(manifest.to_owned()),
            ..ManifestArgs::default()
        };
        Workspace::load_seen_from(self.workspace.root(), &args)
            .classified()
            .map_err(|error| in_context(error, dependency, folder))
    }

    fn component_file(&mut self, dependency: &Dependency, path: &Path) -> Result<Local> {
        let bytes = file::read(path, MAX_CONTENT)
            .or_fail(Class::Other, || format!("cannot read {}", path.display()))
            .map_err(|error| in_context(error, dependency, path))?;
        let interface: std::result::Result<_, ContentError> = Interface::of_component(&bytes);
        let Interface { imports, exports } = interface
            .classified()
            .map_err(|error| in_context(error, dependency, path))?;
        let version = lowest(&dependency.requirement_or_any());
        let mut local = Local::new(Kind::Component, dependency.name.clone(), version);
        local.imports = imports;
        local.exports = Some(exports.clone());
        local.location = Some(self.relative(path));
        self.keep(&local, Held::Component { bytes, exports });
        Ok(local)
    }
}

pub(super) fn of_kind(member: &Member, kind: Kind) -> impl Iterator<Item = &Dependency> {
    let dependencies = member.dependencies.iter();
    dependencies.filter(move |dependency| dependency.kind == kind)
}

/// The lowest version that the text of a requirement names: what a file without a version of its own is taken for.
fn lowest(requirement: &VersionReq) -> Version {
    requirement.comparators().first().map_or_else(
        || Version::new(0, 0, 0),
        |first| Version {
            pre: first.pre.clone(),
            ..Version::new(
                first.major,
                first.minor.unwrap_or(0),
                first.patch.unwrap_or(0),
            )
        },
    )
}

fn wrong_path(dependency: &Dependency, path: &Path) -> String {
    format!("`{}` is not at {}", dependency.name, path.display())
}

fn not_there(dependency: &Dependency, path: &Path) -> Error {
    Error::new(Class::Other, wrong_path(dependency, path)).at(dependency.location.clone())
}

/// A failure to read what lies there, with the dependency's location.
fn in_context(error: Error, dependency: &Dependency, path: &Path) -> Error {
    let (name, path) = (&dependency.name, path.display());
    error
        .context(format!("what lies at {path} cannot be used as `{name}`"))
        .at(dependency.location.clone())
}

fn check_name(dependency: &Dependency, path: &Path, found: &PackageName) -> Result<()> {
    if *found == dependency.name {
        return Ok(());
    }
    let message = format!("{}, but `{found}`", wrong_path(dependency, path));
    Err(Error::new(Class::Other, message)
        .at(dependency.location.clone())
        .with_help(format!(
            "depend on `{found}`, or name the folder of `{}`",
            dependency.name
        )))
}
