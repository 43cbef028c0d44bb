//! WIT as text: files to groups of packages, references out of them, and packages back to text.
//!
//! A *group* is what one folder, or one file, declares: a main package and those nested in its text. References are
//! read without resolving, so a project whose `wit/deps` is missing can still say what it needs.

mod gates;
mod reach;
mod stub;
mod twins;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::thread;

use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;
use wit_component::{OutputToString, WitPrinter};
use wit_parser::{
    AstItem, PackageId, PackageName as WitName, Resolve, SourceMap, Span, UnresolvedPackage,
    UnresolvedPackageGroup,
};

pub use self::gates::Features;
use super::normal_form::settle;
pub use crate::span::Location;
use crate::span::Text;

/// What the last line of a file that `fetch` wrote begins with; a hexadecimal digest follows.
///
/// It is the last, since a parser takes each comment before an item for that item's documentation, which is part of what
/// a package says.
pub const MARK: &str = "// cargo warg: from sha256:";
/// The largest WIT text read, in bytes, all files of a folder together. The longest of WASI has 50 thousand; and the WIT
/// libraries recurse along a chain of types, so that the text bounds the stack that they take: see `guarded`.
pub const MAX_TEXT: u64 = 1 << 20;
/// The most files read of one folder, and the most folders of one `deps`: far above any in use, low enough that a
/// wrong path does not read a disk.
pub const MAX_ENTRIES: usize = 4096;

/// The texts of a group, by the name that the parser knows each by.
#[derive(Debug, Clone, Default)]
struct Texts(BTreeMap<String, Text>);

impl Texts {
    fn push(&mut self, map: &mut SourceMap, path: &Path, text: String) {
        self.0
            .insert(path.display().to_string(), Text::new(path, text.clone()));
        map.push(path, text);
    }

    /// None where the span is in none of them.
    fn locate(&self, map: &SourceMap, span: Span) -> Option<Location> {
        let found = map.resolve_span(span)?;
        Some(self.0.get(found.path)?.at(found.range))
    }

    /// Where a package is declared; none where the text spells it in another way than usual.
    fn declaration(&self, name: &WitName) -> Option<Location> {
        let name = name.to_string();
        self.0.values().find_map(|text| {
            let mut found = text.as_str().match_indices(&name);
            let (start, _) = found.find(|(start, _)| {
                let (before, after) = text.as_str().split_at(*start);
                let after = after.get(name.len()..).unwrap_or("").trim_start();
                before.trim_end().ends_with("package") && after.starts_with([';', '{'])
            })?;
            Some(text.at(start..start.saturating_add(name.len())))
        })
    }
}

/// A text that cannot be read, parsed, resolved or printed.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system does not let it be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error that caused it.
        source: io::Error,
    },
    /// Larger than [`MAX_TEXT`].
    #[error("{} is larger than {MAX_TEXT} bytes", path.display())]
    TooLarge {
        /// The file, or the folder whose texts are.
        path: PathBuf,
    },
    /// More than [`MAX_ENTRIES`] files or folders.
    #[error("{} holds more than {MAX_ENTRIES} entries", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// Worlds that reach more than two hundred thousand interfaces, uses, and items of included worlds.
    #[error(
        "the worlds in {} and what they refer to reach more than {} interfaces, uses of one by another, and functions and types of \
         included worlds, counted for each world",
        path.display(), reach::MAX_REACH
    )]
    TooWide {
        /// The file or folder.
        path: PathBuf,
    },
    /// The parser refuses it, at a location.
    #[error("{message}")]
    Parse {
        /// Where in the text.
        location: Location,
        /// The parser's words.
        message: String,
    },
    /// The parser refuses it, and says not where.
    #[error("{}: {message}", path.display())]
    Package {
        /// The file or folder.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// It can be parsed with all features, and not with fewer.
    #[error("whoever {features} cannot parse it: {why}")]
    Gated {
        /// Where, if the parser says so.
        location: Option<Location>,
        /// What is enabled then.
        features: Features,
        /// What refers to what.
        why: String,
    },
    /// More features, and text, than are tried.
    #[error("{} and what it refers to are too large to be tried with each of its features", path.display())]
    TooManyFeatures {
        /// The file or folder.
        path: PathBuf,
    },
    /// Two files or folders declare one package version.
    #[error("`{package}` is declared twice, in {} and in {}", first.display(), second.display())]
    Duplicate {
        /// The package version.
        package: String,
        /// One of the two.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Where the texts say so: the other's first.
        declarations: Vec<Location>,
    },
    /// It resolves but cannot be written as text.
    #[error("`{package}` cannot be printed as WIT: {message}")]
    Print {
        /// The package version.
        package: String,
        /// The printer's words.
        message: String,
    },
    /// The WIT library met input that it does not expect.
    #[error("the WIT library gave up on this input")]
    GaveUp(#[from] GaveUp),
}

impl TextError {
    /// A package version that a group declares and another file or folder has.
    pub(super) fn duplicate(
        name: &WitName,
        first: &Path,
        first_text: Option<&Group>,
        second: &Group,
    ) -> Self {
        let groups = [Some(second), first_text];
        Self::Duplicate {
            package: name.to_string(),
            first: first.to_owned(),
            second: second.path.clone(),
            declarations: groups
                .into_iter()
                .flatten()
                .filter_map(|group| group.texts.declaration(name))
                .collect(),
        }
    }
}

/// The WIT library panicked: its assertions are no judgement that callers can be shown, but they end here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the WIT library ran into an assertion of its own")]
pub struct GaveUp;

/// The stack that the WIT libraries get, in bytes; memory is taken only where it is used. A chain of 59
/// thousand types, which fits in [`MAX_TEXT`], needs more than 2 MiB and less than 8.
const STACK: usize = 256 << 20;

#[cfg(test)]
thread_local! {
    /// How many times groups were resolved.
    pub(super) static RESOLVED: Cell<usize> = const { Cell::new(0) };
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread has [`STACK`].
    static ROOMY: Cell<bool> = const { Cell::new(false) };
}

/// Does work on a thread whose stack has room for the WIT libraries, so that not every call of them needs a thread of its
/// own: a hundred packages make five hundred calls.
///
/// # Panics
/// Where the work does.
pub fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let mut run = || {
        ROOMY.set(true);
        work.take().map(|work| work())
    };
    let ran = thread::scope(|scope| {
        let thread = thread::Builder::new().name("main".into()).stack_size(STACK);
        Some(thread.spawn_scoped(scope, &mut run).ok()?.join())
    });
    let done = match ran {
        Some(Ok(done)) => done,
        Some(Err(panic)) => panic::resume_unwind(panic),
        // Some systems promise no memory that they lack: the caller's own stack has to do.
        None => work.take().map(|work| work()),
    };
    done.expect("work is taken once")
}

/// Runs a call into the WIT libraries, whose decoder and printer assert on what a stranger may have written: some valid
/// components have no WIT, and not all of them get an error. What ends here is not reported as a crash.
///
/// They also recurse as deep as a text is long, and running out of stack ends the process; so it has a large one of its
/// own, unless it runs [`with_stack`].
pub(super) fn guarded<T: Send>(call: impl FnOnce() -> T + Send) -> Result<T, GaveUp> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                report(info);
            }
        }));
    });
    let mut call = Some(call);
    let mut run = || {
        let before = GUARDED.replace(true);
        let result = panic::catch_unwind(AssertUnwindSafe(|| call.take().map(|call| call())));
        GUARDED.set(before);
        result.ok().flatten().ok_or(GaveUp)
    };
    if ROOMY.get() {
        return run();
    }
    let ran = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        Some(thread.spawn_scoped(scope, &mut run).ok()?.join())
    });
    match ran {
        Some(result) => result.unwrap_or(Err(GaveUp)),
        // Some systems promise no memory that they lack: the caller's own stack has to do.
        None => run(),
    }
}

/// What a text that `fetch` wrote was printed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// This content.
    Of(Digest),
    /// What several contents hold of the package, so it is none of its contents.
    OfParts,
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(digest) => digest.fmt(f),
            Self::OfParts => f.write_str("what several components hold of it"),
        }
    }
}

/// A use of another package's interface or world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The package whose text it stands in.
    pub user: WitName,
    /// The package meant, with its version where the text has one.
    pub package: WitName,
    /// The interface or world.
    pub item: String,
    /// Whether the item is included as a world.
    pub world: bool,
    /// The types used of it.
    pub types: BTreeSet<String>,
    /// Where it is used first.
    pub location: Option<Location>,
}

impl Reference {
    /// The name that a component exports the item under: `ns:pkg/item@1.2.3`.
    pub fn extern_name(&self) -> String {
        self.package.interface_id(&self.item)
    }
}

/// The packages that one folder or file declares.
#[derive(Debug, Clone)]
pub struct Group {
    path: PathBuf,
    /// Of the texts: two groups of the same files are the same packages.
    digest: Digest,
    /// Shared, since the same groups come together in many ways.
    parsed: Arc<UnresolvedPackageGroup>,
    texts: Arc<Texts>,
}

impl Group {
    /// The packages in some texts together, each with its path.
    ///
    /// # Errors
    /// Texts that are larger than [`MAX_TEXT`] together, and those that do not parse.
    pub fn of_texts(
        path: &Path,
        texts: impl IntoIterator<Item = (PathBuf, String)>,
    ) -> Result<Self, TextError> {
        let mut map = SourceMap::new();
        let mut kept = Texts::default();
        let mut all = String::new();
        for (file, text) in texts {
            all.push_str(&text);
            if is_too_large(&all) {
                return Err(TextError::TooLarge {
                    path: path.to_owned(),
                });
            }
            kept.push(&mut map, &file, text);
            all.push('\0'); // no WIT text holds one
        }
        Self::of_sources(path, map, kept, Digest::of(all.as_bytes()))
    }

    /// The packages in a text; the path is for messages only.
    pub fn parse(path: &Path, text: &str) -> Result<Self, TextError> {
        if is_too_large(text) {
            return Err(TextError::TooLarge {
                path: path.to_owned(),
            });
        }
        let (mut map, mut texts) = (SourceMap::new(), Texts::default());
        texts.push(&mut map, path, text.to_owned());
        Self::of_sources(path, map, texts, Digest::of(text.as_bytes()))
    }

    fn of_sources(
        path: &Path,
        map: SourceMap,
        texts: Texts,
        digest: Digest,
    ) -> Result<Self, TextError> {
        match guarded(|| map.parse())? {
            Ok(parsed) => Ok(Self {
                path: path.to_owned(),
                digest,
                parsed: Arc::new(parsed),
                texts: Arc::new(texts),
            }),
            Err((map, error)) => {
                let location = texts.locate(&map, error.kind().span());
                Err(refusal(path, location, error.to_string()))
            }
        }
    }

    /// The folder or file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the other was read from the same texts, wherever they lie.
    pub fn same_text(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// The SHA-256 of the texts.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The name of the main package.
    pub fn name(&self) -> &WitName {
        &self.parsed.main.name
    }

    /// What it was printed from, where its last line says that `fetch` wrote it.
    pub fn printed_from(&self) -> Option<Printed> {
        let mut texts = self.texts.0.values();
        let text = texts.next().filter(|_| texts.next().is_none())?;
        let last = text.as_str().trim_end().lines().next_back()?;
        let hex = last.strip_prefix(MARK)?;
        let digest = format!("sha256:{hex}").parse();
        Some(digest.map_or(Printed::OfParts, Printed::Of))
    }

    /// Where it declares one of its packages; none where the text spells the name in another way than usual.
    pub fn declaration(&self, name: &WitName) -> Option<Location> {
        self.texts.declaration(name)
    }

    /// In bytes, all texts together.
    fn length(&self) -> usize {
        self.texts.0.values().map(|text| text.as_str().len()).sum()
    }

    fn packages(&self) -> impl Iterator<Item = &UnresolvedPackage> {
        std::iter::once(&self.parsed.main).chain(&self.parsed.nested)
    }

    /// The names of all packages, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &WitName> {
        self.packages().map(|package| &package.name)
    }

    /// All uses of other packages, in the order of the text; those of packages nested here included.
    pub fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        for package in self.packages() {
            for (name, items) in &package.foreign_deps {
                for (item, (id, _)) in items {
                    let (world, span, types) = match id {
                        AstItem::Interface(id) => {
                            let interface = &package.interfaces[*id];
                            (
                                false,
                                interface.span,
                                interface.types.keys().cloned().collect(),
                            )
                        }
                        AstItem::World(id) => (true, package.worlds[*id].span, BTreeSet::new()),
                    };
                    references.push(Reference {
                        user: package.name.clone(),
                        package: name.clone(),
                        item: item.clone(),
                        world,
                        types,
                        location: self.texts.locate(&self.parsed.source_map, span),
                    });
                }
            }
        }
        references
    }

    /// The same packages, with the foreign packages that `select` answers referred to at that version.
    #[must_use]
    pub(super) fn with_versions(mut self, select: impl Fn(&WitName) -> Option<Version>) -> Self {
        let parsed = Arc::make_mut(&mut self.parsed);
        let own: BTreeSet<WitName> = std::iter::once(&parsed.main)
            .chain(&parsed.nested)
            .map(|package| package.name.clone())
            .collect();
        for package in std::iter::once(&mut parsed.main).chain(&mut parsed.nested) {
            let foreign = std::mem::take(&mut package.foreign_deps).into_iter();
            package.foreign_deps = foreign
                .map(|(mut name, items)| {
                    if let Some(version) = select(&name).filter(|_| !own.contains(&name)) {
                        name.version = Some(version);
                    }
                    (name, items)
                })
                .collect();
        }
        self
    }

    /// What a reference asks for that these packages lack; none where they hold all of it, or where it means another
    /// package.
    pub fn lacks(&self, reference: &Reference) -> Option<Lack> {
        let package = self
            .packages()
            .find(|package| package.name == reference.package)?;
        if reference.world {
            let found = package
                .worlds
                .iter()
                .any(|(_, world)| world.name == reference.item);
            return (!found).then_some(Lack::World);
        }
        let interface = package
            .interfaces
            .iter()
            .find(|(_, interface)| interface.name.as_ref() == Some(&reference.item));
        let Some((_, interface)) = interface else {
            return Some(Lack::Interface);
        };
        reference
            .types
            .iter()
            .find(|name| !interface.types.contains_key(*name))
            .map(|name| Lack::Type(name.clone()))
    }
}

/// What a package lacks that another uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The whole interface.
    Interface,
    /// The world.
    World,
    /// A type of the interface, by name.
    Type(String),
}

/// Groups that may refer to each other, and every package version at most once.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    all: Vec<Group>,
    positions: BTreeMap<WitName, usize>,
    binaries: Vec<Resolve>,
}

impl Groups {
    /// Adds a group, unless it is there already as the same text.
    ///
    /// # Errors
    /// As [`Groups::insert`].
    pub fn add(&mut self, group: Group) -> Result<(), TextError> {
        let is_there = |other: &Group| other.same_text(&group);
        if self.get(group.name()).is_some_and(is_there) {
            return Ok(());
        }
        self.insert(group)
    }

    /// Adds a group.
    ///
    /// # Errors
    /// One of its packages stands in another group already.
    pub fn insert(&mut self, group: Group) -> Result<(), TextError> {
        let position = self.all.len();
        for name in group.names() {
            if let Some(other) = self
                .positions
                .get(name)
                .and_then(|position| self.all.get(*position))
            {
                return Err(TextError::duplicate(name, &other.path, Some(other), &group));
            }
        }
        for name in group.names() {
            self.positions.insert(name.clone(), position);
        }
        self.all.push(group);
        Ok(())
    }

    /// Puts a group where the one is that was read from the same path.
    pub(super) fn replace(&mut self, group: Group) {
        self.all.retain(|other| other.path != group.path);
        self.all.push(group);
        self.index();
    }

    /// Takes away the group that declares a package, if any.
    pub(super) fn remove(&mut self, name: &WitName) {
        self.all
            .retain(|group| group.names().all(|found| found != name));
        self.index();
    }

    fn index(&mut self) {
        self.positions = (0..)
            .zip(&self.all)
            .flat_map(|(position, group)| group.names().map(move |name| (name.clone(), position)))
            .collect();
    }

    /// Adds packages that were decoded from bytes, with all they refer to.
    pub(super) fn insert_binary(&mut self, resolve: Resolve) {
        self.binaries.push(resolve);
    }

    /// The groups, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.all.iter()
    }

    /// The names of all packages, ascending.
    pub fn names(&self) -> impl Iterator<Item = &WitName> {
        self.positions.keys()
    }

    /// The group that declares a package.
    pub fn get(&self, name: &WitName) -> Option<&Group> {
        self.positions
            .get(name)
            .and_then(|position| self.all.get(*position))
    }

    /// Resolves one package, with the groups that it needs and no others.
    pub fn resolve(&self, name: &WitName) -> Result<Option<(Resolve, PackageId)>, TextError> {
        let needed = self.needed(name);
        let Some((main, others)) = needed.split_first() else {
            return Ok(None);
        };
        let resolve = self.push(main, others, Parsing::Whole)?;
        let id = resolve.package_names.get(name).copied();
        Ok(id.map(|id| (resolve, id)))
    }

    /// Resolves the packages of the group that declares one, all at once, by the texts that will be printed of them: what
    /// is encoded of those is printed as the same texts again. A text has freedoms that no print keeps, but the encoder
    /// does: the order of functions among resources, two ways of writing one type.
    ///
    /// Where what is printed does not resolve, they are as their own text says.
    pub(super) fn resolve_as_printed(&self, name: &WitName) -> Result<Option<Resolve>, TextError> {
        let needed = self.needed(name);
        let Some((main, others)) = needed.split_first() else {
            return Ok(None);
        };
        let resolve = self.push(main, others, Parsing::Whole)?;
        let printed = || -> Result<_, TextError> {
            let ids = main
                .names()
                .filter_map(|name| resolve.package_names.get(name));
            let printed = ids.map(|id| Group::parse(&main.path, &print(&resolve, *id)?));
            let printed: Vec<_> = printed.collect::<Result<_, _>>()?;
            let mut texts: Vec<&Group> = printed.iter().collect();
            texts.extend(others);
            let (main, others) = texts.split_first().unwrap_or((main, others));
            self.push(main, others, Parsing::Whole)
        };
        Ok(Some(printed().unwrap_or(resolve)))
    }

    /// The group that declares a package, and behind it those that it needs; none where no group does.
    fn needed(&self, name: &WitName) -> Vec<&Group> {
        let mut needed: Vec<&Group> = self.get(name).into_iter().collect();
        let mut seen: BTreeSet<&WitName> = needed.iter().map(|main| main.name()).collect();
        let mut next = 0;
        while let Some(group) = needed.get(next) {
            next += 1;
            let foreign = group
                .packages()
                .flat_map(|package| package.foreign_deps.keys());
            for dependency in foreign.filter_map(|name| self.get(name)) {
                if seen.insert(dependency.name()) {
                    needed.push(dependency);
                }
            }
        }
        needed
    }

    /// Resolves everything together: the check that a `wit/` folder is sound.
    pub fn check(&self) -> Result<(), TextError> {
        let Some((main, others)) = self.all.split_first() else {
            return Ok(());
        };
        self.push(main, &others.iter().collect::<Vec<_>>(), Parsing::Whole)?;
        Ok(())
    }

    fn push(
        &self,
        main: &Group,
        others: &[&Group],
        parsing: Parsing<'_>,
    ) -> Result<Resolve, TextError> {
        reach::check(main, others.iter().copied())?;
        #[cfg(test)]
        RESOLVED.set(RESOLVED.get() + 1);
        let parsed = |group: &Group| UnresolvedPackageGroup::clone(&group.parsed);
        guarded(|| {
            let mut resolve = match parsing {
                Parsing::Whole => Resolve {
                    all_features: true,
                    ..Resolve::default()
                },
                Parsing::With(Features(features)) => Resolve {
                    features: features.iter().cloned().collect(),
                    ..Resolve::default()
                },
            };
            for binary in &self.binaries {
                if let Err(error) = resolve.merge(binary.clone()) {
                    return Err(TextError::Package {
                        path: main.path.clone(),
                        message: format!("{error:#}"),
                    });
                }
            }
            let others_parsed = others.iter().map(|group| parsed(group)).collect();
            match resolve.push_groups(parsed(main), others_parsed) {
                Ok(_) => {
                    settle(&mut resolve);
                    Ok(resolve)
                }
                Err(error) => {
                    let span = error.kind().span();
                    let location = std::iter::once(&main)
                        .chain(others)
                        .find_map(|group| group.texts.locate(&resolve.source_map, span));
                    Err(refusal(&main.path, location, error.to_string()))
                }
            }
        })?
    }
}

/// As whom texts are parsed.
#[derive(Debug, Clone, Copy)]
enum Parsing<'f> {
    /// As it is read here: whatever it says.
    Whole,
    /// As somebody does who has enabled these features.
    With(&'f Features),
}

fn refusal(path: &Path, location: Option<Location>, message: String) -> TextError {
    match location {
        Some(location) => TextError::Parse { location, message },
        None => TextError::Package {
            path: path.to_owned(),
            message,
        },
    }
}

/// A package of a `Resolve` as text, its documentation included.
pub(super) fn print(resolve: &Resolve, package: PackageId) -> Result<String, TextError> {
    print_by(WitPrinter::new(OutputToString::default()), resolve, package)
}

/// A package of a `Resolve` as text that is the same wherever the meaning is: the parser takes every comment before
/// an item for documentation.
pub(super) fn print_meaning(resolve: &Resolve, package: PackageId) -> Result<String, TextError> {
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.emit_docs(false);
    print_by(printer, resolve, package)
}

fn print_by(
    mut printer: WitPrinter,
    resolve: &Resolve,
    package: PackageId,
) -> Result<String, TextError> {
    guarded(|| printer.print(resolve, package, &[]))?.map_err(|error| TextError::Print {
        package: resolve
            .packages
            .get(package)
            .map_or_else(String::new, |package| package.name.to_string()),
        message: format!("{error:#}"),
    })?;
    Ok(printer.output.into())
}

/// The WIT name of a package version.
pub fn wit_name(name: &PackageName, version: &Version) -> WitName {
    WitName {
        namespace: name.namespace().as_str().to_owned(),
        name: name.name().to_owned(),
        version: Some(version.clone()),
    }
}

fn is_too_large(text: &str) -> bool {
    u64::try_from(text.len()).map_or(true, |size| size > MAX_TEXT)
}
