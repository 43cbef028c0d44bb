//! A project's `wit/`, read without resolving: what it needs from elsewhere, and what it holds itself.
//!
//! The project's own text pins exact versions, since bindings generators need the literal one. A folder in `wit/deps`
//! that `fetch` did not write, and a package nested in the text, is a *local package*: it serves its name and version,
//! and its own references are pins like the project's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::name::{NameError, PackageName};
use transparency::version::{Track, VersionError, parse_version};
use wit_parser::{PackageName as WitName, Resolve};

use super::binary::{BinaryError, Decoded};
use super::text::{Group, Groups, Location, Reference, TextError};

/// The file that `fetch` writes into a folder of `wit/deps`.
pub const PACKAGE_FILE: &str = "package.wit";

/// What to do about a text beside `deps`.
pub const UNREAD: &str =
    "of the folders in `wit/`, only what lies in `wit/deps` is read: move it there";

/// A `wit/` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// One of its texts, or two that contradict each other.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A `.wasm` file in `wit/deps`.
    #[error("{} is not a WIT package", path.display())]
    Binary {
        /// The path of the `.wasm` file.
        path: PathBuf,
        /// The error that caused it.
        source: BinaryError,
    },
    /// A reference that names no version, and nothing local serves it.
    #[error("`{package}/{item}` names no version, and no local package serves it")]
    Unversioned {
        /// The package that is referred to.
        package: String,
        /// The interface or world.
        item: String,
        /// The versions of the package that lie in `deps`.
        versions: BTreeSet<Version>,
        /// Where a text declares it that is not read, since it lies beside `deps`.
        unread: Option<Location>,
        /// Where it is used first.
        location: Option<Location>,
    },
    /// A reference to a package whose name no registry can hold.
    #[error("no registry can hold this package: {problem}")]
    Name {
        /// Where it is used first.
        location: Option<Location>,
        /// What is wrong with it.
        problem: NameError,
    },
    /// A reference to a version that no registry can hold.
    #[error("no registry can hold this version: {problem}")]
    Version {
        /// Where it is used first.
        location: Option<Location>,
        /// What is wrong with it.
        problem: VersionError,
    },
}

/// An exact version that the project's text, or a local package's, names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The package that the version is of.
    pub name: PackageName,
    /// The version, literally.
    pub version: Version,
    /// Where it is named first.
    pub location: Option<Location>,
    /// Whether a text names it that is another project's.
    pub is_shared: bool,
}

/// A package version that the project holds itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// The name, and the version where the text has one.
    pub package: WitName,
    /// The file or folder that declares it.
    pub path: PathBuf,
}

/// What lies in a `wit/`, as it was read.
#[derive(Debug, Default)]
pub struct Contents {
    /// The folder, which may be missing.
    pub dir: PathBuf,
    /// The packages of its own `.wit` files.
    pub text: Option<Group>,
    /// What lies in its `deps`, ascending by path.
    pub deps: Vec<(PathBuf, Entry)>,
    /// Folders with texts that nobody reads, since they lie beside `deps`; with the texts, where they parse.
    pub unread: Vec<(PathBuf, Option<Group>)>,
}

/// What lies in a `wit/deps`.
#[derive(Debug)]
pub enum Entry {
    /// A folder that `fetch` wrote: its [`PACKAGE_FILE`] ends in the mark.
    Fetched,
    /// A folder that holds nothing but what an interrupted `fetch` left.
    Remnant,
    /// Another folder, or a `.wit` file.
    Text(Group),
    /// A `.wasm` file.
    Binary(Box<Decoded>),
}

/// A project's `wit/`.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
    /// Whether the folder has `.wit` files of its own; they are then the first group.
    has_text: bool,
    groups: Groups,
    /// The packages, and their tracks, of which one of its worlds names an interface in several versions.
    twins: BTreeSet<(String, Track)>,
    locals: BTreeSet<Local>,
    /// Folders of `wit/deps` that `fetch` wrote, by name.
    fetched: BTreeSet<String>,
    /// Those of them that hold a whole text.
    marked: BTreeSet<String>,
    /// Folders with texts that nobody reads, since they lie beside `deps`.
    unread: Vec<(PathBuf, Option<Group>)>,
}

impl Root {
    /// The `wit/` of a project that has none, and no folder for one.
    pub(super) fn none() -> Self {
        Self {
            dir: PathBuf::new(),
            has_text: false,
            groups: Groups::default(),
            twins: BTreeSet::new(),
            locals: BTreeSet::new(),
            fetched: BTreeSet::new(),
            marked: BTreeSet::new(),
            unread: Vec::new(),
        }
    }

    /// What a `wit/` asks for, and what it holds.
    ///
    /// # Errors
    /// Two texts that declare one package version.
    pub fn new(contents: Contents) -> Result<Self, RootError> {
        let mut root = Self::none();
        root.dir = contents.dir;
        root.unread = contents.unread;
        // These come first: no text may declare what one of them holds, wherever the text lies.
        for (path, entry) in &contents.deps {
            let name = path.file_name().and_then(|name| name.to_str());
            match (entry, name) {
                (Entry::Fetched, Some(name)) => {
                    root.marked.insert(name.to_owned());
                    root.fetched.insert(name.to_owned());
                }
                (Entry::Remnant, Some(name)) => {
                    root.fetched.insert(name.to_owned());
                }
                _ => {}
            }
        }
        if let Some(group) = contents.text {
            root.has_text = true;
            root.twins = group.twins();
            root.add_locals(group.names().skip(1), group.path());
            root.groups.insert(group)?;
        }
        for (path, entry) in contents.deps {
            match entry {
                Entry::Text(group) => root.add_group(group)?,
                Entry::Binary(decoded) => root.add_binary(&path, decoded.into_resolve())?,
                Entry::Fetched | Entry::Remnant => {}
            }
        }
        Ok(root)
    }

    fn add_group(&mut self, group: Group) -> Result<(), RootError> {
        for name in group.names() {
            if let Some((path, text)) = self.other_of(name) {
                return Err(group.duplicate(name, &path, text).into());
            }
        }
        self.add_locals(group.names(), group.path());
        self.groups.insert(group)?;
        Ok(())
    }

    /// A binary package brings along as much of other packages as it needs, and serves those too.
    fn add_binary(&mut self, path: &Path, resolve: Resolve) -> Result<(), RootError> {
        let names: Vec<_> = resolve
            .packages
            .iter()
            .map(|(_, package)| &package.name)
            .collect();
        for name in &names {
            if let Some((first, _)) = self.other_of(name) {
                return Err(RootError::Text(TextError::Duplicate {
                    package: name.to_string(),
                    first,
                    second: path.to_owned(),
                    declarations: Vec::new(),
                }));
            }
        }
        self.add_locals(names.into_iter(), path);
        self.groups.insert_binary(resolve);
        Ok(())
    }

    /// The file or folder that declares a package version already, and its text if that is read; a folder of `fetch`
    /// counts by its name.
    fn other_of(&self, name: &WitName) -> Option<(PathBuf, Option<&Group>)> {
        if let Some(group) = self.groups.get(name) {
            return Some((group.path().to_owned(), Some(group)));
        }
        if let Some(local) = self.local(name) {
            return Some((local.path.clone(), None));
        }
        let fetched = folder_name(name);
        self.marked
            .contains(&fetched)
            .then(|| (self.deps().join(fetched), None))
    }

    fn add_locals<'a>(&mut self, names: impl Iterator<Item = &'a WitName>, path: &Path) {
        for name in names {
            self.locals.insert(Local {
                package: name.clone(),
                path: path.to_owned(),
            });
        }
    }

    /// The folder, which may be missing.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder's `deps`.
    pub fn deps(&self) -> PathBuf {
        self.dir.join("deps")
    }

    /// The project's own package, where the folder has a text.
    pub fn package(&self) -> Option<&WitName> {
        self.groups
            .iter()
            .next()
            .filter(|_| self.has_text)
            .map(Group::name)
    }

    /// The local packages, ascending by name.
    pub fn locals(&self) -> &BTreeSet<Local> {
        &self.locals
    }

    /// Whether a world of the project's own text imports, or exports, one interface of a pin's package in several versions of
    /// its track. If both were set to one version, the world would name the interface twice.
    pub fn has_twins(&self, pin: &Pin) -> bool {
        let track = (pin.name.to_string(), Track::of(&pin.version));
        self.twins.contains(&track)
    }

    /// Whether the project itself holds a package version.
    pub fn holds(&self, package: &WitName) -> bool {
        self.package() == Some(package) || self.local(package).is_some()
    }

    fn local(&self, package: &WitName) -> Option<&Local> {
        let first = Local {
            package: package.clone(),
            path: PathBuf::new(),
        };
        let local = self.locals.range(first..).next();
        local.filter(|local| local.package == *package)
    }

    /// Folders beside `deps` with texts that are not read.
    pub fn unread(&self) -> impl Iterator<Item = &Path> {
        self.unread.iter().map(|(folder, _)| folder.as_path())
    }

    /// Where a text that is not read, since it lies beside `deps`, declares a package.
    pub fn unread_declaration(&self, namespace: &str, name: &str) -> Option<Location> {
        let mut groups = self.unread.iter().filter_map(|(_, text)| text.as_ref());
        groups.find_map(|group| {
            let mut names = group.names();
            let found = names.find(|found| found.namespace == namespace && found.name == name)?;
            group.declaration(found)
        })
    }

    /// The names of the folders that `fetch` wrote.
    pub fn fetched(&self) -> &BTreeSet<String> {
        &self.fetched
    }

    pub(super) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The references that no local package serves, in the order of the texts.
    pub fn references(&self) -> Vec<Reference> {
        let mut references: Vec<_> = self.groups.iter().flat_map(Group::references).collect();
        references.retain(|reference| !self.holds(&reference.package));
        references
    }

    /// Resolves the project's texts together with others at hand, whatever the packages are that lie elsewhere. Which
    /// features the project enables is its own affair, but `folders`, which hold WIT packages, are to be sound for all.
    ///
    /// # Errors
    /// What is wrong in any of them, and two that declare one package version.
    pub fn check(&self, folders: &[&Group], others: &[&Group]) -> Result<(), TextError> {
        let others = folders.iter().chain(others);
        let others = others.filter(|group| !self.holds(group.name()));
        let locals = self.locals.iter().map(|local| &local.package);
        let at_hand = locals.chain(others.clone().flat_map(|group| group.names()));
        let key = |name: &WitName| {
            let track = Track::of(name.version.as_ref()?);
            Some((name.namespace.clone(), name.name.clone(), track))
        };
        let mut versions: BTreeMap<_, &WitName> = BTreeMap::new();
        for name in at_hand {
            if let Some(key) = key(name) {
                versions.entry(key).or_insert(name);
            }
        }
        // As it will be written: referring to the version of each track that is there.
        let select = |name: &WitName| versions.get(&key(name)?)?.version.clone();
        let mut groups = self.groups.clone();
        for other in others {
            groups.insert(Group::clone(other).with_versions(select))?;
        }
        let groups = groups.check_alone()?;
        let mut folders = folders.iter().filter(|group| !self.holds(group.name()));
        folders.try_for_each(|group| groups.check_gates(group.name()))
    }

    /// What a reference pins that nothing local serves.
    ///
    /// # Errors
    /// A reference without version, or to what no registry can hold.
    pub fn pin(&self, reference: &Reference) -> Result<Pin, RootError> {
        let Reference {
            package,
            item,
            location,
            ..
        } = reference;
        let location = || location.clone();
        let text = format!("{}:{}", package.namespace, package.name);
        let Some(version) = &package.version else {
            return Err(RootError::Unversioned {
                package: text,
                item: item.clone(),
                versions: self.versions(package),
                unread: self.unread_declaration(&package.namespace, &package.name),
                location: location(),
            });
        };
        let name = text.parse().map_err(|problem| RootError::Name {
            location: location(),
            problem,
        })?;
        let version =
            parse_version(&version.to_string()).map_err(|problem| RootError::Version {
                location: location(),
                problem,
            })?;
        Ok(Pin {
            name,
            version,
            location: location(),
            is_shared: false,
        })
    }

    /// The versions of a package that lie in `deps`, or in the project's text.
    fn versions(&self, package: &WitName) -> BTreeSet<Version> {
        let WitName {
            namespace, name, ..
        } = package;
        let locals = self.locals.iter().map(|local| &local.package);
        let locals = locals
            .filter(|local| local.namespace == *namespace && local.name == *name)
            .filter_map(|local| local.version.clone());
        let folder = format!("{namespace}-{name}-");
        let fetched = self.fetched.iter();
        let fetched = fetched.filter_map(|found| found.strip_prefix(&folder)?.parse().ok());
        locals.chain(fetched).collect()
    }
}

/// The folder of a package version, as wkg names it: `wasi-http-0.2.3`.
pub(super) fn folder_name(name: &WitName) -> String {
    match &name.version {
        Some(version) => format!("{}-{}-{version}", name.namespace, name.name),
        None => format!("{}-{}", name.namespace, name.name),
    }
}
