//! What `fetch` writes into `wit/deps`: planned and compared.
//!
//! A plan is a pure function of the project's own texts and the verified contents of what was selected; it names every
//! file with its text, and is checked by parsing the whole `wit/` as it will be. Only files that `fetch` wrote are ever
//! replaced or removed: see [`MARK`].
//!
//! Each selected WIT package is printed with its references set to the selected versions. Of a component, the
//! interfaces that it exports are printed, with those whose types they use; these come from the component's bytes at
//! the version that they have there, unless that very version is selected or local.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use transparency::digest::Digest;
use transparency::version::Track;
use wit_parser::PackageName as WitName;

use super::binary::{BinaryError, Decoded};
use super::exports::{Export, ExportsError, exports};
use super::root::{PACKAGE_FILE, Root, folder_name};
use super::selected::{Form, Selected};
use super::text::MARK;
use super::text::{Group, Groups, Lack, TextError, print, print_meaning, wit_name};

/// What the last line of a file begins with, before the digests of what it was printed from: see [`MARK`].
const MARK_START: &str = "// cargo warg: from ";

/// Contents that make no sound `wit/deps`.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A content that does not decode.
    #[error("the content of `{package}` cannot be read")]
    Content {
        /// The package version.
        package: String,
        /// The error that caused it.
        source: BinaryError,
    },
    /// A package refers to one of which no version is there.
    #[error("`{user}` refers to `{package}`, of which no version is selected")]
    Missing {
        /// The package version that refers.
        user: String,
        /// What it refers to.
        package: String,
    },
    /// A package uses what the selected version of another lacks.
    #[error("`{user}` uses {what} of `{provider}`, which has no such {kind}", kind = what.kind())]
    Lacks {
        /// The package version that uses it.
        user: String,
        /// The package version that lacks it.
        provider: String,
        /// What is lacking.
        what: Lacking,
    },
    /// The WIT of the components' exports.
    #[error(transparent)]
    Exports(#[from] ExportsError),
    /// A folder to be written holds other files.
    #[error("{} is in the way: `{package}` is to be written there, and the folder holds texts that `fetch` did not write", path.display())]
    Occupied {
        /// The folder in `wit/deps` that is in the way.
        path: PathBuf,
        /// What is to be written.
        package: String,
    },
    /// The folder as it would be does not parse.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// What one package uses of another that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacking {
    /// An interface of the package, by name.
    Interface(String),
    /// A world of the package, by name.
    World(String),
    /// A type that an interface of the package has not.
    Type {
        /// The interface that is there.
        interface: String,
        /// The type in it.
        name: String,
    },
}

impl Lacking {
    fn kind(&self) -> &'static str {
        match self {
            Self::Interface(_) => "interface",
            Self::World(_) => "world",
            Self::Type { .. } => "type",
        }
    }
}

impl std::fmt::Display for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interface(name) => write!(f, "the interface `{name}`"),
            Self::World(name) => write!(f, "the world `{name}`"),
            Self::Type { interface, name } => {
                write!(f, "the type `{name}` of the interface `{interface}`")
            }
        }
    }
}

/// What lies in a folder of `wit/deps` that a plan is to write to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Whether it is a folder that `fetch` wrote.
    pub fetched: bool,
    /// Whether it has a [`PACKAGE_FILE`].
    pub has_file: bool,
    /// The text of that file, where it can be read.
    pub text: Option<String>,
    /// Whether it has other `.wit` files.
    pub has_others: bool,
}

/// What is to be done to `wit/deps`; paths begin at the project's `wit/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The project's `wit/`.
    pub dir: PathBuf,
    /// Files that are missing or differ, with the text they are to have.
    pub write: BTreeMap<PathBuf, String>,
    /// Files that have their text already.
    pub keep: BTreeMap<PathBuf, String>,
    /// Files that `fetch` wrote for what is no longer selected.
    pub remove: BTreeSet<PathBuf>,
}

/// One package version of the plan, with the text of its file, and what that says.
struct Planned {
    package: WitName,
    text: String,
    group: Group,
}

impl Planned {
    fn new(
        root: &Root,
        package: WitName,
        digests: &[Digest],
        text: &str,
    ) -> Result<Self, TextError> {
        let text = marked(digests, text);
        let group = Group::parse(&root.dir().join(planned_path(&package)), &text)?;
        Ok(Self {
            package,
            text,
            group,
        })
    }
}

/// Plans what `wit/deps` is to hold for a closed set: `wit` are all its WIT packages, `components` those that the
/// project depends on itself. `found` says what lies in a folder now.
///
/// # Errors
/// Contents that do not decode or do not fit together, and a `wit/` that would not parse; what `found` says.
pub fn plan(
    root: &Root,
    wit: &[Selected<'_>],
    components: &[Selected<'_>],
    mut found: impl FnMut(&Path) -> Result<Found, TextError>,
) -> Result<Plan, PlanError> {
    let planned = texts(root, wit, components)?;
    let mut plan = Plan {
        dir: root.dir().to_owned(),
        write: BTreeMap::new(),
        keep: BTreeMap::new(),
        remove: BTreeSet::new(),
    };
    let mut stale = root.fetched().clone();
    for Planned { package, text, .. } in planned {
        let folder = folder_name(&package);
        let file = planned_path(&package);
        let was_fetched = stale.remove(&folder);
        let path = root.deps().join(folder);
        let found = found(&path)?;
        // Another `fetch` may have written it since the root was read.
        let fetched = was_fetched || found.fetched;
        if found.has_others || (found.has_file && !fetched) {
            return Err(PlanError::Occupied {
                path,
                package: package.to_string(),
            });
        }
        if found.text.as_ref() == Some(&text) {
            plan.keep.insert(file, text);
        } else {
            plan.write.insert(file, text);
        }
    }
    plan.remove = stale
        .into_iter()
        .map(|folder| Path::new("deps").join(folder).join(PACKAGE_FILE))
        .collect();
    Ok(plan)
}

/// The texts of a closed set, sound beside the project's own: the part of a plan that looks at no folder.
fn texts(
    root: &Root,
    wit: &[Selected<'_>],
    components: &[Selected<'_>],
) -> Result<Vec<Planned>, PlanError> {
    let mut planned = packages(root, wit)?;
    let selected: BTreeSet<_> = wit
        .iter()
        .map(|selected| wit_name(selected.name, selected.version))
        .collect();
    let served = |package: &WitName| selected.contains(package) || root.holds(package);
    let groups = groups_of(root, &planned)?;
    for export in exports(components, served, &groups)? {
        let Export {
            package,
            digests,
            text,
        } = export;
        planned.push(Planned::new(root, package, &digests, &text)?);
    }
    check(root, &planned)?;
    Ok(planned)
}

/// Checks that whoever requires a release, and has nothing else, will get texts that parse: `wit` are all WIT packages of
/// its closed set, `components` the release itself where it is a component. Where it is a WIT package, they need not have
/// enabled the features that it names.
///
/// # Errors
/// As [`plan`].
pub fn check_alone(
    release: &WitName,
    wit: &[Selected<'_>],
    components: &[Selected<'_>],
) -> Result<(), PlanError> {
    let root = Root::none();
    let planned = texts(&root, wit, components)?;
    Ok(groups_of(&root, &planned)?.check_gates(release)?)
}

fn planned_path(package: &WitName) -> PathBuf {
    Path::new("deps")
        .join(folder_name(package))
        .join(PACKAGE_FILE)
}

/// The selected WIT packages that are not local, their references set to what is selected or local.
fn packages(root: &Root, wit: &[Selected<'_>]) -> Result<Vec<Planned>, PlanError> {
    let mut versions: BTreeMap<(String, Track), Version> = BTreeMap::new();
    for local in root.locals() {
        if let Some(version) = &local.package.version {
            versions.insert(key(&local.package, version), version.clone());
        }
    }
    for selected in wit {
        let name = wit_name(selected.name, selected.version);
        let highest = versions.entry(key(&name, selected.version));
        let highest = highest.or_insert_with(|| selected.version.clone());
        *highest = selected.version.clone().max(highest.clone());
    }
    let names: BTreeSet<&WitName> = root.locals().iter().map(|local| &local.package).collect();
    let selected: BTreeSet<WitName> = wit
        .iter()
        .map(|selected| wit_name(selected.name, selected.version))
        .collect();
    let select = |name: &WitName| {
        let version = name.version.as_ref()?;
        // A track may have several, of which each is what its name says.
        if names.contains(name) || selected.contains(name) {
            return Some(version.clone());
        }
        versions.get(&key(name, version)).cloned()
    };
    let mut planned = Vec::new();
    let mut texts = Vec::new();
    for selected in wit {
        let package = wit_name(selected.name, selected.version);
        if root.holds(&package) {
            continue;
        }
        match selected.form {
            Form::Binary(bytes) => {
                let decoded = Decoded::open(bytes).map_err(|source| PlanError::Content {
                    package: package.to_string(),
                    source,
                })?;
                let text = decoded.print_with(select)?;
                planned.push(Planned::new(root, package, &[selected.digest], &text)?);
            }
            Form::Text(groups) => texts.push((package, selected.digest, groups)),
        }
    }
    if texts.is_empty() {
        return Ok(planned);
    }
    let mut groups = groups_of(root, &planned)?;
    for group in texts.iter().flat_map(|(_, _, groups)| *groups) {
        // One text may declare several of them.
        if groups.get(group.name()).is_none() {
            groups.insert(group.clone().with_versions(select))?;
        }
    }
    // What is missing is told once all is planned, and what a component exports comes later.
    let (groups, _) = groups.with_stubs()?;
    let mut by_text: BTreeMap<&WitName, Vec<(WitName, Digest)>> = BTreeMap::new();
    for (package, digest, _) in texts {
        if let Some(text) = groups.get(&package) {
            by_text
                .entry(text.name())
                .or_default()
                .push((package, digest));
        }
    }
    for (main, packages) in by_text {
        let Some((resolve, _)) = groups.resolve(main)? else {
            continue;
        };
        for (package, digest) in packages {
            if let Some(id) = resolve.package_names.get(&package) {
                let text = print(&resolve, *id)?;
                planned.push(Planned::new(root, package, &[digest], &text)?);
            }
        }
    }
    Ok(planned)
}

/// The project's own texts, and those that are planned.
fn groups_of(root: &Root, planned: &[Planned]) -> Result<Groups, TextError> {
    let mut groups = root.groups().clone();
    for planned in planned {
        groups.insert(planned.group.clone())?;
    }
    Ok(groups)
}

fn key(name: &WitName, version: &Version) -> (String, Track) {
    (
        format!("{}:{}", name.namespace, name.name),
        Track::of(version),
    )
}

fn marked(digests: &[Digest], text: &str) -> String {
    let digests: Vec<_> = digests.iter().map(ToString::to_string).collect();
    let mark = format!("{MARK_START}{}", digests.join(" "));
    debug_assert!(mark.starts_with(MARK));
    format!("{}\n{mark}\n", text.trim_end())
}

/// The whole `wit/` as it will be: everything referred to is there, and all of it parses.
fn check(root: &Root, planned: &[Planned]) -> Result<(), PlanError> {
    let groups = groups_of(root, planned)?;
    let written: BTreeSet<&WitName> = planned.iter().map(|planned| &planned.package).collect();
    let references = groups
        .iter()
        .filter(|group| written.contains(group.name()))
        .flat_map(Group::references);
    for reference in references {
        if !root.holds(&reference.package) && groups.get(&reference.package).is_none() {
            return Err(PlanError::Missing {
                user: reference.user.to_string(),
                package: reference.package.to_string(),
            });
        }
        let provider = groups.get(&reference.package);
        if let Some(lack) = provider.and_then(|provider| provider.lacks(&reference)) {
            return Err(PlanError::Lacks {
                user: reference.user.to_string(),
                provider: reference.package.to_string(),
                what: match lack {
                    Lack::Interface => Lacking::Interface(reference.item),
                    Lack::World => Lacking::World(reference.item),
                    Lack::Type(name) => Lacking::Type {
                        interface: reference.item,
                        name,
                    },
                },
            });
        }
    }
    groups.check()?;
    Ok(())
}

/// How a file in `wit/deps` differs from what the closed set asks for; paths begin at the project's `wit/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It is not there.
    Missing(PathBuf),
    /// It is of other contents, or refers to other versions, than are selected now.
    Behind(PathBuf),
    /// It says something else than the contents that it names.
    Changed(PathBuf),
    /// It is there, for nothing that is selected.
    Stale(PathBuf),
}

impl Difference {
    /// Whether another `fetch` is all that it takes. This is a guess, for the message only: a file that was edited together with
    /// its last line looks like an older one.
    pub fn is_behind(&self) -> bool {
        match self {
            Self::Missing(_) | Self::Behind(_) | Self::Stale(_) => true,
            Self::Changed(_) => false,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{} is missing", path.display()),
            Self::Behind(path) => write!(f, "{} is of an older selection", path.display()),
            Self::Changed(path) => write!(f, "{} was changed", path.display()),
            Self::Stale(path) => write!(f, "{} is for nothing that is selected", path.display()),
        }
    }
}

/// The files in `wit/deps` that say something else than the plan. Comments, documentation and layout do not count. `read` gives
/// the text of a file, where there is one.
///
/// # Errors
/// What `read` says.
pub fn compare(
    root: &Root,
    plan: &Plan,
    mut read: impl FnMut(&Path) -> Result<Option<String>, TextError>,
) -> Result<Vec<Difference>, TextError> {
    let mut groups = root.groups().clone();
    for (file, text) in plan.keep.iter().chain(&plan.write) {
        groups.insert(Group::parse(&plan.dir.join(file), text)?)?;
    }
    let mut differences = Vec::new();
    for (file, text) in &plan.write {
        let path = plan.dir.join(file);
        let Some(found) = read(&path)? else {
            differences.push(Difference::Missing(file.clone()));
            continue;
        };
        let planned = meaning(&groups, &path, text, &|_| None);
        let same = |select: &dyn Fn(&WitName) -> Option<Version>| {
            planned.is_some() && meaning(&groups, &path, &found, select) == planned
        };
        if same(&|_| None) {
            continue;
        }
        let is_behind = is_of_others(text, &found) || same(&|name| select(&groups, name));
        differences.push(if is_behind {
            Difference::Behind(file.clone())
        } else {
            Difference::Changed(file.clone())
        });
    }
    differences.extend(plan.remove.iter().cloned().map(Difference::Stale));
    differences.sort();
    Ok(differences)
}

/// What a text says among groups, with the versions that `select` answers. None where it does not parse, and where it declares
/// further packages: those would be somebody else's.
fn meaning(
    groups: &Groups,
    path: &Path,
    text: &str,
    select: &dyn Fn(&WitName) -> Option<Version>,
) -> Option<String> {
    let group = Group::parse(path, text).ok()?.with_versions(select);
    if group.names().nth(1).is_some() {
        return None;
    }
    let name = group.name().clone();
    let mut groups = groups.clone();
    groups.replace(group);
    let (resolve, id) = groups.resolve(&name).ok()??;
    print_meaning(&resolve, id).ok()
}

/// The version of a package's track that is there.
fn select(groups: &Groups, name: &WitName) -> Option<Version> {
    let track = Track::of(name.version.as_ref()?);
    let mut versions = groups
        .names()
        .filter(|found| found.namespace == name.namespace && found.name == name.name)
        .filter_map(|found| found.version.as_ref());
    versions
        .find(|version| Track::of(version) == track)
        .cloned()
}

/// Whether a text says of itself that it was printed from other contents than this one.
fn is_of_others(planned: &str, found: &str) -> bool {
    let digests = |text: &str| -> Option<Vec<Digest>> {
        let line = text.trim_end().lines().next_back()?;
        let named = line.strip_prefix(MARK_START)?.split(' ');
        named.map(|digest| digest.parse().ok()).collect()
    };
    digests(found).is_some_and(|found| digests(planned) != Some(found))
}
