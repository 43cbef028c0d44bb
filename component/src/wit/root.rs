//! A project's `wit/`, read without resolving: what it needs from elsewhere, and what it holds itself.
//!
//! The project's own text pins exact versions, since bindings generators need the literal one. A folder in `wit/deps`
//! that `fetch` did not write, and a package nested in the text, is a *local package*: it serves its name and version,
//! and its own references are pins like the project's.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use registry::file::{self, STAGED};
use semver::Version;
use transparency::name::{NameError, PackageName};
use transparency::version::{Track, VersionError, parse_version};
use wit_parser::{PackageName as WitName, Resolve};

use super::binary::{BinaryError, Decoded};
use super::text::{
    Group, Groups, Location, MAX_TEXT, Reference, TextError, entries, has_extension, wit_files,
};
use crate::component::MAX_CONTENT;

/// What the last line of a file that `fetch` wrote begins with; a hexadecimal digest follows.
///
/// It is the last, since a parser takes each comment before an item for that item's documentation, which is part of what
/// a package says.
pub const MARK: &str = "// cargo warg: from sha256:";
/// The file that `fetch` writes into a folder of `wit/deps`.
pub const PACKAGE_FILE: &str = "package.wit";

/// A `wit/` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// One of its texts, or two that contradict each other.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A `.wasm` file in `wit/deps`.
    #[error("{} is not a WIT package", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: BinaryError,
    },
    /// A reference that names no version, and nothing local serves it.
    #[error("`{package}/{item}` names no version, and no local package serves it")]
    Unversioned {
        /// The package.
        package: String,
        /// The interface or world.
        item: String,
        /// The versions of the package that lie in `deps`.
        versions: BTreeSet<Version>,
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
    /// The package.
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

/// A project's `wit/`.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
    /// Whether the folder has `.wit` files of its own; they are then the first group.
    has_text: bool,
    groups: Groups,
    locals: BTreeSet<Local>,
    /// Folders of `wit/deps` that `fetch` wrote, by name.
    fetched: BTreeSet<String>,
    /// Folders with texts that nobody reads, since they lie beside `deps`.
    unread: Vec<PathBuf>,
}

impl Root {
    /// The `wit/` of a project that has none, and no folder for one.
    pub(super) fn none() -> Self {
        Self {
            dir: PathBuf::new(),
            has_text: false,
            groups: Groups::default(),
            locals: BTreeSet::new(),
            fetched: BTreeSet::new(),
            unread: Vec::new(),
        }
    }

    /// Reads a `wit/` folder, or one `.wit` file; a missing one asks for nothing.
    ///
    /// # Errors
    /// Texts that do not parse, and two that declare one package version.
    pub fn read(path: &Path) -> Result<Self, RootError> {
        let mut root = Self::none();
        root.dir = if path.is_file() {
            path.parent().map(Path::to_owned).unwrap_or_default()
        } else {
            path.to_owned()
        };
        let text = if path.is_file() {
            Some(Group::read_file(path)?)
        } else {
            Group::read_dir(path)?
        };
        if let Some(group) = text {
            root.has_text = true;
            root.add_locals(group.names().skip(1), group.path());
            root.groups.insert(group)?;
        }
        if path.is_dir() {
            for entry in entries(&root.deps())? {
                root.read_dependency(&entry)?;
            }
            for entry in entries(path)? {
                if entry.is_dir() && entry != root.deps() && !wit_files(&entry)?.is_empty() {
                    root.unread.push(entry);
                }
            }
        }
        Ok(root)
    }

    fn read_dependency(&mut self, path: &Path) -> Result<(), RootError> {
        if is_fetched(path)? {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                self.fetched.insert(name.to_owned());
            }
        } else if path.is_dir() {
            if let Some(group) = Group::read_dir(path)? {
                self.add_group(group)?;
            }
        } else if has_extension(path, "wit") {
            self.add_group(Group::read_file(path)?)?;
        } else if has_extension(path, "wasm") {
            let decoded = read_binary(path)?;
            self.add_binary(path, decoded.into_resolve())?;
        }
        Ok(())
    }

    fn add_group(&mut self, group: Group) -> Result<(), RootError> {
        for name in group.names() {
            if let Some((path, text)) = self.other_of(name) {
                return Err(TextError::duplicate(name, &path, text, &group).into());
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
        if let Some(local) = self.locals.iter().find(|local| local.package == *name) {
            return Some((local.path.clone(), None));
        }
        let fetched = self.deps().join(folder_name(name));
        has_mark(&fetched)
            .unwrap_or(false)
            .then_some((fetched, None))
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

    /// Whether the project itself holds a package version.
    pub fn holds(&self, package: &WitName) -> bool {
        self.package() == Some(package) || self.locals.iter().any(|local| local.package == *package)
    }

    /// Folders beside `deps` with texts that are not read.
    pub fn unread(&self) -> &[PathBuf] {
        &self.unread
    }

    /// The names of the folders that `fetch` wrote.
    pub fn fetched(&self) -> &BTreeSet<String> {
        &self.fetched
    }

    /// What `fetch` wrote: those folders, but only the file in one that holds something else too.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn fetched_paths(&self) -> Result<Vec<PathBuf>, RootError> {
        let path = |name: &String| {
            let folder = self.deps().join(name);
            Ok(if holds_only_ours(&folder)? {
                folder
            } else {
                folder.join(PACKAGE_FILE)
            })
        };
        self.fetched.iter().map(path).collect()
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

    /// Resolves the project's texts together with others at hand, whatever the packages are that lie elsewhere.
    ///
    /// # Errors
    /// What is wrong in any of them, and two that declare one package version.
    pub fn check(&self, others: &[&Group]) -> Result<(), TextError> {
        let others = others.iter().filter(|group| !self.holds(group.name()));
        let at_hand: Vec<&WitName> = self
            .locals
            .iter()
            .map(|local| &local.package)
            .chain(others.clone().flat_map(|group| group.names()))
            .collect();
        // As it will be written: referring to the version of each track that is there.
        let select = |name: &WitName| {
            let track = Track::of(name.version.as_ref()?);
            let mut versions = at_hand
                .iter()
                .filter(|found| found.namespace == name.namespace && found.name == name.name)
                .filter_map(|found| found.version.as_ref());
            versions
                .find(|version| Track::of(version) == track)
                .cloned()
        };
        let mut groups = self.groups.clone();
        for other in others {
            groups.insert(Group::clone(other).with_versions(select))?;
        }
        groups.check_alone()
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

/// Whether a folder of `wit/deps` is `fetch`'s: its `package.wit` ends in [`MARK`], or it holds nothing but what
/// an interrupted run left, which no parser reads. What lies behind a link is not: `fetch` makes none, and would write and
/// remove somewhere else.
pub(super) fn is_fetched(folder: &Path) -> Result<bool, TextError> {
    Ok(has_mark(folder)? || is_remnant(folder)?)
}

fn is_linked(folder: &Path) -> bool {
    let file = folder.join(PACKAGE_FILE);
    let on_the_way = folder.parent().into_iter().chain([folder, file.as_path()]);
    on_the_way.into_iter().any(Path::is_symlink)
}

/// Whether a folder is empty, or holds only an empty `package.wit` and files that `fetch` was at work on.
fn is_remnant(folder: &Path) -> Result<bool, TextError> {
    // A file that is missing has no length either.
    let length = folder
        .join(PACKAGE_FILE)
        .metadata()
        .map_or(0, |about| about.len());
    Ok(length == 0 && folder.is_dir() && !is_linked(folder) && holds_only_ours(folder)?)
}

/// Whether nothing lies in a folder beside `package.wit` and files that `fetch` was at work on.
pub(super) fn holds_only_ours(folder: &Path) -> Result<bool, TextError> {
    Ok(entries(folder)?.iter().all(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name == PACKAGE_FILE || name.starts_with(STAGED))
    }))
}

fn has_mark(folder: &Path) -> Result<bool, TextError> {
    if is_linked(folder) {
        return Ok(false);
    }
    let path = folder.join(PACKAGE_FILE);
    match last_line(&path) {
        Ok(line) => Ok(line.starts_with(MARK.as_bytes())),
        Err(error) if file::is_absent(&error) => Ok(false),
        Err(source) => Err(TextError::Read { path, source }),
    }
}

/// The last line of a file, without its end. Of a file that is no text it may be no line, but is never longer than a text
/// may be.
fn last_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = file::open(path)?;
    let length = file.metadata()?.len();
    let mut read = 4096;
    loop {
        let from = length.saturating_sub(read);
        file.seek(io::SeekFrom::Start(from))?;
        let mut end = Vec::new();
        file.by_ref().take(read).read_to_end(&mut end)?;
        let line = end.trim_ascii_end();
        let start = line.iter().rposition(|byte| *byte == b'\n');
        if let Some(start) = start {
            return Ok(line
                .get(start.saturating_add(1)..)
                .unwrap_or_default()
                .to_vec());
        }
        if from == 0 || read > MAX_TEXT {
            return Ok(line.to_vec());
        }
        read *= 2;
    }
}

fn read_binary(path: &Path) -> Result<Decoded, RootError> {
    let bytes = file::read(path, MAX_CONTENT).map_err(|source| TextError::Read {
        path: path.to_owned(),
        source,
    })?;
    Decoded::open(&bytes).map_err(|source| RootError::Binary {
        path: path.to_owned(),
        source,
    })
}
