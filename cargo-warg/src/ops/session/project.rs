//! What a workspace asks for: manifests and `wit/` folders, as one problem to solve.
//!
//! Components come from the tables. WIT packages come from the tables and from the text of `wit/`, whose references are
//! exact pins: bindings generators need the literal version. A reference that a local package serves is no requirement.
//! Nor is a reference that a component dependency serves: the dependency must export exactly what it names. A dependency
//! that is not built yet says in its own `wit/` what it will export.

mod folder;
mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use resolver::lockfile::Lockfile;
use resolver::lockfile::own::Own;
use resolver::problem::{
    Local, Member as RootMember, Options, Origins, Problem, RootRequirement, Written,
};
use resolver::unresolved::Unresolved;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::VersionReq;

use self::folder::{Folders, Key, Patched, key};
pub use self::folder::{Held, Unbuilt};
use self::serving::{Served, Serving};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{Dependency, ManifestArgs, Member, Patch, Workspace};
use crate::network::Network;
use crate::notice::Notice;
use crate::ops::session::registries::Registries;
use crate::path::shown_from;
use component::span::Location;
use component::wit::root::{Pin, Root, UNREAD};
use component::wit::text::Group;

/// A workspace with everything that is read of it before solving.
pub struct Project {
    /// The manifests.
    pub workspace: Workspace,
    /// The registries that they name.
    pub registries: Arc<Registries>,
    /// Each member's `wit/`, by the member's name.
    pub roots: BTreeMap<String, Root>,
    /// The exact versions that each member's `wit/` names, and nothing local and no component serves.
    pub pins: BTreeMap<String, Vec<Pin>>,
    /// What is to be solved, without what an old lock prefers.
    pub problem: Problem,
    /// What lies in folders.
    held: BTreeMap<Key, Held>,
    /// What each member takes of components that are not built.
    served: BTreeMap<String, Served>,
    /// What is patched: it lies in a folder and is local to every member.
    pub patches: Vec<Local>,
    /// What the user may want to know of it.
    pub notices: Vec<Notice>,
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

    /// As [`load`](Self::load), of a workspace whose manifests are read already.
    ///
    /// # Errors
    /// Policies and `.wit` files that do not read, and path dependencies that are not what they are called.
    pub fn of(workspace: Workspace, dirs: &Dirs, network: &Network) -> Result<Self> {
        let registries = Registries::open(&workspace, dirs, network)?;
        Self::with(workspace, Arc::new(registries))
    }

    /// The same, with the registries that are opened already.
    ///
    /// # Errors
    /// `.wit` files that do not read, and path dependencies that are not what they are called.
    pub fn with(workspace: Workspace, registries: Arc<Registries>) -> Result<Self> {
        let mut roots = BTreeMap::new();
        for member in workspace.members() {
            let root = crate::wit::root::read(&member.wit)
                .classified()
                .map_err(|error| error.below(workspace.root()))?;
            roots.insert(member.name.clone(), root);
        }
        let mut reader = Reader {
            workspace: &workspace,
            roots: &roots,
            folders: Folders::new(&workspace),
            patches: Vec::new(),
            pins: BTreeMap::new(),
            served: BTreeMap::new(),
            notices: Vec::new(),
        };
        for patch in workspace.patches() {
            let patched = reader.folders.patch(patch)?;
            reader.patches.push((patch, patched));
        }
        let mut members = BTreeMap::new();
        for member in workspace.members() {
            let Some(root) = roots.get(&member.name) else {
                continue;
            };
            let asked = reader
                .member(member, root)
                .map_err(|error| error.below(workspace.root()))?;
            if !asked.requirements.is_empty() || !asked.locals.is_empty() {
                members.insert(member.name.clone(), asked);
            }
        }
        let Reader {
            folders,
            patches,
            pins,
            served,
            notices,
            ..
        } = reader;
        let held = folders.held;
        let patches = patches.into_iter().map(|(_, patched)| patched.patched);
        let patches = patches.collect();
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
            held,
            served,
            pins,
            patches,
            notices,
        })
    }

    /// What lies in the folder from which a member takes a package.
    pub fn held(&self, member: &str, selection: &Selection) -> Option<&Held> {
        let locals = &self.problem.members.get(member)?.locals;
        let local = locals.iter().find(|one| one.selection() == *selection)?;
        self.held.get(&key(local))
    }

    /// The components whose texts a member takes, since they are not built, with those texts.
    pub fn texts(&self, member: &str) -> impl Iterator<Item = (&Selection, &[Group])> {
        let texts = self.served.get(member).into_iter();
        let texts = texts.flat_map(|served| &served.texts);
        texts.map(|((selection, _), groups)| (selection, groups.as_slice()))
    }

    /// The components that these texts use: what they export is needed too.
    pub fn used(&self, member: &str) -> impl Iterator<Item = &Requirement> {
        let used = self.served.get(member).into_iter();
        used.flat_map(|served| &served.used)
    }

    /// The patches that no member of a lock selects.
    pub fn unused_patches(&self, lock: &Lockfile) -> impl Iterator<Item = Notice> {
        let unused = |patch: &&Local| !lock.packages.contains_key(&patch.selection());
        self.patches.iter().filter(unused).map(|patch| {
            let path = patch.location.as_deref().unwrap_or("a folder");
            let mut stated = self.workspace.patches();
            let stated = stated.find(|stated| stated.name == patch.name);
            Notice::UnusedPatch {
                release: patch.selection(),
                path: path.to_owned(),
                location: stated.map(|stated| stated.location.below(self.workspace.root())),
            }
        })
    }

    /// Where each local package lies, as messages write it.
    pub fn local_paths(&self) -> BTreeMap<Selection, String> {
        let members = self.problem.members.values();
        let locals = members.flat_map(|member| &member.locals);
        let paths = locals.filter_map(|local| Some((local.selection(), local.location.clone()?)));
        paths.collect()
    }

    /// Where a member says that it requires a package: in its manifest, or in its `wit/`.
    pub fn location_of(&self, member: &str, kind: Kind, name: &PackageName) -> Option<Location> {
        let mut dependencies = self.workspace.member(member)?.dependencies.iter();
        let written = dependencies.find(|one| one.kind == kind && one.name == *name);
        if let Some(dependency) = written {
            return Some(dependency.location.clone());
        }
        let mut pins = self.pins.get(member)?.iter();
        let pin = pins.find(|pin| kind == Kind::Wit && pin.name == *name)?;
        Some(pin.location.as_ref()?.below(self.workspace.root()))
    }

    /// A failure to solve, with the texts that were meant to serve what the project's own refer to, and are not read.
    pub(crate) fn with_unread(&self, error: Error) -> Error {
        if error.cause::<Unresolved>().is_none() {
            return error;
        }
        let declared = self.pins.iter().filter_map(|(member, pins)| {
            let root = self.roots.get(member)?;
            let declared = pins.iter().filter_map(|pin| {
                let (namespace, name) = (pin.name.namespace(), pin.name.name());
                root.unread_declaration(namespace.as_str(), name)
            });
            Some(
                declared
                    .map(|location| location.below(self.workspace.root()))
                    .collect::<Vec<_>>(),
            )
        });
        let mut declared: Vec<_> = declared.flatten().collect();
        declared.sort();
        declared.dedup();
        if declared.is_empty() {
            return error;
        }
        let locations = declared
            .iter()
            .map(|location| location.labelled("this is not read"));
        locations.fold(error, Error::at).with_help(UNREAD)
    }

    /// The problem, where each name belongs to another registry than as the lock is read.
    pub fn problem_under(&self, origins: &Origins) -> Problem {
        let mut problem = self.problem.clone();
        problem.options.origins.clone_from(origins);
        problem
    }

    /// The problem under these origins, preferring what a lock selected. Members that `-p` does not name keep what they have, and so do those of
    /// which nothing changed: what one member asks for moves no other.
    pub fn problem_after(
        &self,
        lock: Option<&Lockfile>,
        packages: &[String],
        origins: &Origins,
    ) -> Problem {
        self.problem_keeping(lock, origins, |name, own| {
            own.is_current || is_left_out(packages, name)
        })
    }

    /// The same where all may move but the members that `-p` does not name.
    pub fn problem_moving(
        &self,
        lock: Option<&Lockfile>,
        packages: &[String],
        origins: &Origins,
    ) -> Problem {
        self.problem_keeping(lock, origins, |name, _| is_left_out(packages, name))
    }

    fn problem_keeping(
        &self,
        lock: Option<&Lockfile>,
        origins: &Origins,
        keeps: impl Fn(&str, &Own<'_>) -> bool,
    ) -> Problem {
        let mut problem = self.problem_under(origins);
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

/// A path as it is written in messages, from the workspace's folder.
pub(crate) fn relative(workspace: &Workspace, path: &str) -> String {
    shown_from(workspace.root(), Path::new(path))
}

struct Reader<'a> {
    workspace: &'a Workspace,
    roots: &'a BTreeMap<String, Root>,
    folders: Folders<'a>,
    patches: Vec<(&'a Patch, Patched)>,
    pins: BTreeMap<String, Vec<Pin>>,
    served: BTreeMap<String, Served>,
    notices: Vec<Notice>,
}

impl Reader<'_> {
    fn member(&mut self, member: &Member, root: &Root) -> Result<RootMember> {
        let mut asked = RootMember::default();
        let mut required = Vec::new();
        for dependency in &member.dependencies {
            let mut on_the_way = BTreeSet::new();
            let locals = &mut asked.locals;
            let requirement = self.folders.required(dependency, locals, &mut on_the_way)?;
            required.push((dependency, requirement));
        }
        let requirements = required.iter().map(|(_, requirement)| requirement);
        let wit = requirements.filter_map(|requirement| taken(requirement, &asked.locals));
        let wit: BTreeSet<_> = wit.collect();
        if !required.is_empty() || !root.references().is_empty() {
            for (patch, patched) in &self.patches {
                adopt(patch, patched, &member.name, &mut asked)?;
            }
        }
        let serving = Serving {
            workspace: self.workspace,
            roots: self.roots,
            member,
            root,
            locals: &asked.locals,
            wit: &wit,
            folders: &self.folders,
        };
        let mut served = serving.served()?;
        for (position, (dependency, requirement)) in required.into_iter().enumerate() {
            let exports = served.exports.remove(&position).unwrap_or_default();
            let root = self.root_requirement(dependency, requirement, exports);
            asked.requirements.insert(root);
        }
        for pin in &served.pins {
            self.bring_along(pin, &served, &mut asked)?;
            asked.requirements.insert(self.pinned(pin));
        }
        self.check(root, &asked, &served)?;
        for ((_, path), groups) in &served.texts {
            for group in groups {
                self.text_local(group, path.clone(), &mut asked.locals);
            }
        }
        self.pins
            .insert(member.name.clone(), std::mem::take(&mut served.pins));
        self.served.insert(member.name.clone(), served);
        self.deps_locals(member, root, &mut asked);
        Ok(asked)
    }

    /// What a dependency requires, and what it must export beside.
    fn root_requirement(
        &self,
        dependency: &Dependency,
        requirement: Requirement,
        asked: BTreeMap<ExternName, Option<Location>>,
    ) -> RootRequirement {
        let mut root = RootRequirement::new(requirement);
        // What a project of this workspace exports, its texts say; what is built was looked at.
        if dependency.kind == Kind::Component && dependency.path.is_none() {
            root.exports.extend(dependency.serves.iter().cloned());
            for (name, location) in asked {
                if let Some(location) = location {
                    let file = shown_from(self.workspace.root(), location.file());
                    let location = location.named(Path::new(&file));
                    root.export_locations
                        .insert(name.clone(), resolver::NamedLocation::new(location));
                }
                root.exports.insert(name);
            }
        }
        root.location = Some(resolver::NamedLocation::new(dependency.location.clone()));
        root.written = self.written(dependency);
        root
    }

    /// A pin of a text that is another project's may be of a WIT package that this one takes from a folder.
    fn bring_along(&mut self, pin: &Pin, served: &Served, asked: &mut RootMember) -> Result<()> {
        let projects = served.texts.keys().filter_map(|key| {
            let Some(Held::Project(folder)) = self.folders.held.get(key) else {
                return None;
            };
            let dependencies = folder.wit_folders().filter(|one| one.name == pin.name);
            Some(dependencies.cloned().collect::<Vec<_>>())
        });
        let projects: Vec<_> = projects.flatten().collect();
        for dependency in projects {
            let mut with = BTreeSet::new();
            self.folders
                .required(&dependency, &mut with, &mut BTreeSet::new())?;
            let is_it = |local: &Local| local.name == pin.name && local.version == pin.version;
            if with.iter().any(is_it) {
                asked.locals.extend(with);
            }
        }
        Ok(())
    }

    /// All texts at hand are sound together, whatever the others are.
    fn check(&self, root: &Root, asked: &RootMember, served: &Served) -> Result<()> {
        let held = asked.locals.iter().filter(|local| local.kind == Kind::Wit);
        let held = held.filter_map(|local| match self.folders.held.get(&key(local)) {
            Some(Held::Wit(groups)) => Some((local, groups)),
            _ => None,
        });
        // One folder may declare several.
        let folders: BTreeMap<_, _> = held
            .map(|(local, groups)| (&local.location, groups))
            .collect();
        let folders: Vec<_> = folders.into_values().flatten().collect();
        let served: Vec<_> = served.texts.values().flatten().collect();
        root.check(&folders, &served)
            .classified()
            .map_err(|error| error.below(self.workspace.root()))
    }

    /// A text that stands for a component is a local package for whatever else requires it.
    fn text_local(&mut self, group: &Group, path: Option<String>, locals: &mut BTreeSet<Local>) {
        let package = group.name();
        let name = format!("{}:{}", package.namespace, package.name);
        let (Ok(name), Some(version)) = (name.parse(), package.version.clone()) else {
            return; // no registry can hold such a package, so nothing can require it
        };
        let mut local = Local::new(Kind::Wit, name, version);
        local.location = path;
        self.folders
            .held
            .entry(key(&local))
            .or_insert_with(|| Held::Wit(vec![group.clone()]));
        locals.insert(local);
    }

    /// How a dependency states what it requires.
    fn written(&self, dependency: &Dependency) -> Option<Written> {
        let text = dependency.written.clone().map(Written::Text);
        text.or_else(|| {
            let path = dependency.path.as_ref()?.display().to_string();
            Some(Written::Path(relative(self.workspace, &path)))
        })
    }

    /// What a pin requires.
    fn pinned(&self, pin: &Pin) -> RootRequirement {
        let exact = VersionReq::exact(&pin.version);
        let location = pin.location.as_ref();
        RootRequirement {
            location: location.map(|location| {
                resolver::NamedLocation::new(location.below(self.workspace.root()))
            }),
            written: Some(Written::Reference),
            ..RootRequirement::new(Requirement::new(Kind::Wit, pin.name.clone(), exact))
        }
    }

    /// The folders of `wit/deps` that nobody fetched, and the packages nested in the text.
    fn deps_locals(&mut self, member: &Member, root: &Root, asked: &mut RootMember) {
        for folder in root.unread() {
            let path = self.relative(&folder.display().to_string());
            self.notices.push(Notice::UnreadTexts { path });
        }
        let mut beside = Vec::new();
        for local in root.locals() {
            let name = format!("{}:{}", local.package.namespace, local.package.name);
            let (Ok(name), Some(version)) = (name.parse(), local.package.version.clone()) else {
                continue; // no registry can hold such a package, so nothing can require it
            };
            let path = self.relative(&local.path.display().to_string());
            let mut package = Local::new(Kind::Wit, name, version);
            package.location = Some(path.clone());
            if local.path != member.wit {
                beside.push((package.selection(), path));
            }
            asked.locals.insert(package);
        }
        let others = beside.len().saturating_sub(1);
        if let Some((release, path)) = beside.into_iter().next() {
            self.notices.push(Notice::OwnTexts {
                release,
                path,
                others,
            });
        }
    }

    fn relative(&self, path: &str) -> String {
        relative(self.workspace, path)
    }
}

/// The WIT package of a folder that a requirement takes, where no other would do. One that is nested in its text is
/// required by nobody until a text refers to it.
fn taken(requirement: &Requirement, locals: &BTreeSet<Local>) -> Option<Selection> {
    let meets = |local: &&Local| {
        let Local {
            kind,
            name,
            version,
            ..
        } = local;
        let is_it = *kind == requirement.kind && *name == requirement.name;
        is_it && requirement.req.matches(version)
    };
    let mut met = locals.iter().filter(meets);
    let (first, other) = (met.next()?, met.next());
    (requirement.kind == Kind::Wit && other.is_none()).then(|| first.selection())
}

/// Gives a member what is patched, unless the member itself takes the same package from somewhere else.
fn adopt(patch: &Patch, locals: &Patched, member: &str, asked: &mut RootMember) -> Result<()> {
    let Local { kind, name, .. } = &locals.patched;
    let elsewhere = |local: &&Local| {
        local.kind == *kind && local.name == *name && local.location != locals.patched.location
    };
    let path = |local: &Local| local.location.clone().unwrap_or_default();
    if let Some(other) = asked.locals.iter().find(elsewhere) {
        let message = format!(
            "`{name}` is patched with {}, and `{member}` takes it from {}",
            path(&locals.patched),
            path(other)
        );
        return Err(Error::new(Class::Other, message)
            .at(patch.location.clone())
            .with_help("keep one of the two"));
    }
    asked.locals.extend(locals.with.iter().cloned());
    Ok(())
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

/// Whether two paths lead to one file, however they are written.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
