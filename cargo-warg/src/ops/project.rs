//! What a workspace asks for: manifests and `wit/` folders, as one problem to solve.
//!
//! Components come from the tables. WIT packages come from the tables and from the text of `wit/`, whose references are
//! exact pins: bindings generators need the literal version. A reference that a local package serves is no requirement,
//! nor is one that a component dependency serves: that dependency must then export it, letter by letter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use registry::file;
use resolver::lockfile::Lockfile;
use resolver::lockfile::own::Own;
use resolver::problem::{Local, Member as RootMember, Options, Problem, RootRequirement, Written};
use resolver::resolution::Selection;
use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Requirement;
use transparency::version::VersionReq;

use super::registries::Registries;
use crate::component::{ContentError, Interface, MAX_CONTENT};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::{Dependency, ManifestArgs, Member, Patch, Workspace};
use crate::network::Network;
use crate::place::Location;
use crate::wit::publish::Package as WitPackage;
use crate::wit::root::{Pin, Root};
use crate::wit::text::Reference;

/// A workspace with everything that is read of it before solving.
pub struct Project {
    /// The manifests.
    pub workspace: Workspace,
    /// The registries that they name.
    pub registries: Registries,
    /// Each member's `wit/`, by the member's name.
    pub roots: BTreeMap<String, Root>,
    /// The exact versions that each member's `wit/` names, and nothing local and no component serves.
    pub pins: BTreeMap<String, Vec<Pin>>,
    /// What is to be solved, without what an old lock prefers.
    pub problem: Problem,
    /// The contents that path dependencies have already: WIT packages, and components that are built.
    pub local_contents: BTreeMap<Selection, Vec<u8>>,
    /// What is patched: it lies in a folder and is local to every member.
    pub patches: Vec<Local>,
    /// Things that the user may want to know.
    pub notes: Vec<String>,
}

impl Project {
    /// Reads a workspace.
    ///
    /// # Errors
    /// Manifests, policies and `.wit` files that do not read, and path dependencies that are not what they are called.
    pub fn load(args: &ManifestArgs, dirs: &Dirs, network: &Network) -> Result<Self> {
        let workspace = Workspace::load(args).classified()?;
        Self::of(workspace, dirs, network)
    }

    /// The same of a workspace whose manifests are read already.
    ///
    /// # Errors
    /// As there.
    pub fn of(workspace: Workspace, dirs: &Dirs, network: &Network) -> Result<Self> {
        let registries = Registries::open(&workspace, dirs, network)?;
        let mut reader = Reader {
            workspace: &workspace,
            local_contents: BTreeMap::new(),
            pins: BTreeMap::new(),
            notes: Vec::new(),
        };
        let mut roots = BTreeMap::new();
        let mut members = BTreeMap::new();
        for member in workspace.members() {
            let root = Root::read(&member.wit)
                .classified()
                .map_err(|error| error.below(workspace.root()))?;
            let asked = reader.member(member, &root)?;
            if !asked.requirements.is_empty() || !asked.locals.is_empty() {
                members.insert(member.name.clone(), asked);
            }
            roots.insert(member.name.clone(), root);
        }
        let mut patches = Vec::new();
        for patch in workspace.patches() {
            let locals = reader.patch(patch)?;
            for (member, asked) in &mut members {
                if !asked.requirements.is_empty() {
                    adopt(patch, &locals, member, asked)?;
                }
            }
            patches.push(locals.patched);
        }
        let Reader {
            local_contents,
            pins,
            notes,
            ..
        } = reader;
        let solving = workspace.solving();
        let options = Options {
            origins: registries.origins().clone(),
            mode: solving.mode(),
            exclude_newer: solving.cutoff(),
            exclude_newer_package: solving.exclude_newer_package.clone(),
        };
        Ok(Self {
            problem: Problem {
                options,
                members,
                ..Problem::default()
            },
            workspace,
            registries,
            roots,
            local_contents,
            pins,
            patches,
            notes,
        })
    }

    /// The patches that no member of a lock selects, as sentences.
    pub fn unused_patches(&self, lock: &Lockfile) -> Vec<String> {
        let unused = |patch: &&Local| !lock.packages.contains_key(&patch.selection());
        let sentence = |patch: &Local| {
            let Local { name, version, .. } = patch;
            format!(
                "the patch of `{name}` is not used: nothing requires version {version}, which is in {}",
                patch.location.as_deref().unwrap_or("a folder")
            )
        };
        self.patches.iter().filter(unused).map(sentence).collect()
    }

    /// Where each local package lies, as messages write it.
    pub fn local_places(&self) -> BTreeMap<Selection, String> {
        let members = self.problem.members.values();
        let locals = members.flat_map(|member| &member.locals);
        let places = locals.filter_map(|local| Some((local.selection(), local.location.clone()?)));
        places.collect()
    }

    /// Where a member says that it requires a package: in its manifest, or in its `wit/`.
    pub fn place_of(&self, member: &str, kind: Kind, name: &PackageName) -> Option<Location> {
        let mut dependencies = self.workspace.member(member)?.dependencies.iter();
        let written = dependencies.find(|one| one.kind == kind && one.name == *name);
        if let Some(dependency) = written {
            return Some(dependency.location.clone());
        }
        let mut pins = self.pins.get(member)?.iter();
        let pin = pins.find(|pin| kind == Kind::Wit && pin.name == *name)?;
        Some(pin.location.as_ref()?.below(self.workspace.root()))
    }

    /// The problem, preferring what a lock selected. Members that `-p` does not name keep what they have, and so do those of
    /// which nothing changed: what one member asks for moves no other.
    pub fn problem_after(&self, lock: Option<&Lockfile>, packages: &[String]) -> Problem {
        self.problem_keeping(lock, |name, own| {
            own.is_current || is_left_out(packages, name)
        })
    }

    /// The same where all may move but the members that `-p` does not name.
    pub fn problem_moving(&self, lock: Option<&Lockfile>, packages: &[String]) -> Problem {
        self.problem_keeping(lock, |name, _| is_left_out(packages, name))
    }

    fn problem_keeping(
        &self,
        lock: Option<&Lockfile>,
        keeps: impl Fn(&str, &Own<'_>) -> bool,
    ) -> Problem {
        let mut problem = self.problem.clone();
        if let Some(lock) = lock {
            lock.prefer(&mut problem, keeps);
        }
        problem
    }
}

/// Whether `-p` names others alone.
fn is_left_out(packages: &[String], member: &str) -> bool {
    !packages.is_empty() && !packages.iter().any(|package| package == member)
}

/// A path as it is written in messages: below the workspace, without its folder.
pub(super) fn relative(workspace: &Workspace, place: &str) -> String {
    let root = format!("{}/", workspace.root().display());
    place.strip_prefix(&root).unwrap_or(place).to_owned()
}

struct Reader<'a> {
    workspace: &'a Workspace,
    local_contents: BTreeMap<Selection, Vec<u8>>,
    pins: BTreeMap<String, Vec<Pin>>,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn member(&mut self, member: &Member, root: &Root) -> Result<RootMember> {
        let mut asked = RootMember::default();
        let references = root.references();
        let served_by = |reference: &Reference| {
            let mut components = of_kind(member, Kind::Component);
            components.find(|dependency| serves(dependency, reference))
        };
        for dependency in &member.dependencies {
            let mut on_the_way = BTreeSet::new();
            let requirement = self.required(dependency, &mut asked.locals, &mut on_the_way)?;
            let mut exports = BTreeSet::new();
            let mut export_locations = BTreeMap::new();
            // What a project of this workspace exports is seen when it is built.
            if dependency.kind == Kind::Component && dependency.path.is_none() {
                exports.extend(dependency.serves.iter().cloned());
                let served = references
                    .iter()
                    .filter(|reference| served_by(reference) == Some(dependency));
                for reference in served {
                    let Ok(name) = reference.extern_name().parse::<ExternName>() else {
                        continue;
                    };
                    if let Some(location) = &reference.location {
                        let location = self.relative(&location.to_string());
                        export_locations.entry(name.clone()).or_insert(location);
                    }
                    exports.insert(name);
                }
            }
            asked.requirements.insert(RootRequirement {
                requirement,
                exports,
                location: Some(dependency.location.to_string()),
                written: dependency.written.clone().map(Written::Text),
                export_locations,
            });
        }
        let pins = root
            .pins(|reference| served_by(reference).is_some())
            .classified()
            .map_err(|error| error.below(self.workspace.root()))?;
        let mut required = Vec::new();
        for pin in pins {
            // A path dependency serves the pin as a folder of `wit/deps` does.
            let local = |local: &Local| local.name == pin.name && local.version == pin.version;
            if asked.locals.iter().any(local) {
                continue;
            }
            asked.requirements.insert(self.pinned(&pin));
            required.push(pin);
        }
        self.pins.insert(member.name.clone(), required);
        self.deps_locals(member, root, &mut asked);
        Ok(asked)
    }

    /// What a pin requires.
    fn pinned(&self, pin: &Pin) -> RootRequirement {
        let exact = VersionReq::exact(&pin.version);
        let location = pin.location.as_ref();
        RootRequirement {
            location: location.map(|location| location.below(self.workspace.root()).to_string()),
            written: Some(Written::Reference),
            ..RootRequirement::new(Requirement::new(Kind::Wit, pin.name.clone(), exact))
        }
    }

    /// The folders of `wit/deps` that nobody fetched, and the packages nested in the text.
    fn deps_locals(&mut self, member: &Member, root: &Root, asked: &mut RootMember) {
        for local in root.locals() {
            let name = format!("{}:{}", local.package.namespace, local.package.name);
            let (Ok(name), Some(version)) = (name.parse(), local.package.version.clone()) else {
                continue; // no registry can hold such a package, so nothing can require it
            };
            let place = self.relative(&local.path.display().to_string());
            if local.path != member.wit {
                self.notes.push(format!(
                    "{name}@{version} is taken from {place}, which `cargo warg fetch` did not write"
                ));
            }
            let mut package = Local::new(Kind::Wit, name, version);
            package.location = Some(place);
            asked.locals.insert(package);
        }
    }

    fn relative(&self, place: &str) -> String {
        relative(self.workspace, place)
    }

    /// What a dependency requires. One with a path requires what lies there, which must be a version that it allows: or
    /// else a registry's release would quietly take its place.
    fn required(
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
            Kind::Wit => {
                let local = self.wit(dependency, path)?;
                let version = local.version.clone();
                locals.insert(local);
                version
            }
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
    fn patch(&mut self, patch: &Patch) -> Result<Patched> {
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
            Kind::Wit => {
                let local = self.wit(&dependency, path)?;
                let version = local.version.clone();
                with.insert(local);
                version
            }
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

    /// A WIT package in a folder.
    fn wit(&mut self, dependency: &Dependency, path: &Path) -> Result<Local> {
        let package = WitPackage::read(path)
            .classified()
            .map_err(|error| in_context(error, dependency, path))?;
        check_name(dependency, path, &package.name)?;
        let mut local = Local::new(Kind::Wit, package.name.clone(), package.version.clone());
        local.requirements = package.requirements;
        local.location = Some(self.relative(&path.display().to_string()));
        self.local_contents.insert(local.selection(), package.bytes);
        Ok(local)
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
            outside = load_outside(dependency, &manifest)?;
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
        local.location = Some(self.relative(&path.display().to_string()));
        let version = local.version.clone();
        if !on_the_way.insert(path.to_owned()) {
            return Ok(version); // a circle of path dependencies; each is there once
        }
        for further in of_kind(member, Kind::Component) {
            let requirement = self.required(further, locals, on_the_way)?;
            local.requirements.insert(requirement);
        }
        locals.insert(local);
        Ok(version)
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
        local.exports = Some(exports);
        local.location = Some(self.relative(&path.display().to_string()));
        self.local_contents.insert(local.selection(), bytes);
        Ok(local)
    }
}

/// A patch, as its folder has it.
struct Patched {
    patched: Local,
    /// It, and what it depends on by path.
    with: BTreeSet<Local>,
}

/// Gives a member what is patched, unless the member itself takes the same package from somewhere else.
fn adopt(patch: &Patch, locals: &Patched, member: &str, asked: &mut RootMember) -> Result<()> {
    let Local { kind, name, .. } = &locals.patched;
    let elsewhere = |local: &&Local| {
        local.kind == *kind && local.name == *name && local.location != locals.patched.location
    };
    let place = |local: &Local| local.location.clone().unwrap_or_default();
    if let Some(other) = asked.locals.iter().find(elsewhere) {
        let message = format!(
            "`{name}` is patched with {}, and `{member}` takes it from {}",
            place(&locals.patched),
            place(other)
        );
        return Err(Error::new(Class::Other, message)
            .at(patch.location.clone())
            .with_help("keep one of the two"));
    }
    asked.locals.extend(locals.with.iter().cloned());
    Ok(())
}

fn of_kind(member: &Member, kind: Kind) -> impl Iterator<Item = &Dependency> {
    let dependencies = member.dependencies.iter();
    dependencies.filter(move |dependency| dependency.kind == kind)
}

/// The requirement that a dependency's entry states.
pub fn requirement(dependency: &Dependency) -> Requirement {
    let mut requirement = Requirement::new(
        dependency.kind,
        dependency.name.clone(),
        dependency.requirement_or_any(),
    );
    requirement.serves.clone_from(&dependency.serves);
    requirement
}

/// Whether a component dependency serves what a `wit/` refers to: by its `for`, or by its own name.
fn serves(dependency: &Dependency, reference: &Reference) -> bool {
    let package = format!("{}:{}", reference.package.namespace, reference.package.name);
    if dependency.serves.is_empty() {
        return dependency.name.as_str() == package;
    }
    let name = reference.extern_name();
    dependency
        .serves
        .iter()
        .any(|served| served.as_str() == name)
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

/// Whether two paths lead to one file, however they are written.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn load_outside(dependency: &Dependency, manifest: &Path) -> Result<Workspace> {
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
    Workspace::load(&args)
        .classified()
        .map_err(|error| in_context(error, dependency, folder))
}

fn wrong_path(dependency: &Dependency, path: &Path) -> String {
    format!("`{}` is not at {}", dependency.name, path.display())
}

fn not_there(dependency: &Dependency, path: &Path) -> Error {
    Error::new(Class::Other, wrong_path(dependency, path)).at(dependency.location.clone())
}

/// A failure to read what lies there, in the place of the dependency.
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
