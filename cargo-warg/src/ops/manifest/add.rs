//! Adding dependencies: the kind is found out, the right table is edited, and the result is locked.
//!
//! A WIT package is written with a full version, the newest that will do: resolving takes the lowest that satisfies, so
//! a bare `0.2` would bring the oldest. Where the project's own texts name a version, that is the one. Where locking
//! fails, the manifest is as it was.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use registry::file::Tree;
use resolver::index::Address;
use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::number::Size;
use transparency::package::Log;
use transparency::release::Release;
use transparency::version::VersionReq;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::address::{address_text, resolve};
use crate::manifest::edit::NewDependency;
use crate::manifest::{ManifestArgs, ManifestError, Member, Workspace};
use crate::network::Network;
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::session::Sessions;
use crate::ops::session::near::did_you_mean;
use crate::ops::session::project::Project;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use crate::ops::session::supply::Supply;
use crate::output;
use component::content::kind_of;
use component::wit::root::Root;

/// A package to add, and the requirement as the user wrote it, where there is one.
pub struct Wanted {
    /// The package.
    pub name: PackageName,
    /// The text, and what it means.
    pub requirement: Option<(String, VersionReq)>,
    /// The folder or file that it is taken from in development.
    pub path: Option<PathBuf>,
}

/// A dependency that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its kind, which decided the table.
    pub kind: Kind,
    /// The package.
    pub name: PackageName,
    /// The requirement that was written; none where only a path was.
    pub requirement: Option<String>,
    /// The path that was written, from the manifest's folder.
    pub path: Option<String>,
    /// Whether the manifest did not say so already.
    pub changed: bool,
}

/// Adds dependencies to the selected member, and locks.
///
/// # Errors
/// A package that is proved not to be there, or has no release that will do; whatever locking says.
pub fn add(
    workspace: &Workspace,
    args: &ManifestArgs,
    dirs: &Dirs,
    network: &Network,
    wanted: &[Wanted],
    flags: Flags,
    supply: Option<&dyn Supply>,
) -> Result<(Vec<Added>, Outcome)> {
    let wanted = once(wanted)?;
    let member = workspace.only_selected().classified()?;
    let root = crate::wit::root::read(&member.wit)
        .classified()
        .map_err(|error| error.below(workspace.root()))?;
    let registries = Registries::open(workspace, dirs, network)?;
    let reading = Reading::now(flags.offline);
    let mut sessions = Sessions::new(&registries, reading).supplied_by(supply);
    lock::adopt_locked(workspace.lock_file(), &sessions)?;
    let released = wanted.iter().filter(|one| one.path.is_none());
    sessions.take_own(released.clone().map(|one| &one.name))?;
    sessions.bring(released.map(|one| {
        let req = one.requirement.as_ref().map(|(_, req)| req.clone());
        (&one.name, req.unwrap_or(VersionReq::STAR))
    }))?;
    let mut chosen = Vec::new();
    for one in wanted {
        if let Some(path) = &one.path {
            chosen.push((&one.name, at_path(one, path, member)?));
            continue;
        }
        let found = sessions
            .find(&one.name)
            .map(|(address, log)| (address, log.cloned()));
        let (address, log) = found.map_err(|error| sessions.with_supply(error))?;
        let Some(log) = log else {
            let size = sessions.of(&address.origin)?.size();
            let error = absent(&address, size, &registries.package_names());
            return Err(sessions.with_supply(error));
        };
        let log = log.log();
        let may = |version: &Version| !sessions.is_held_back(log, version);
        let found = choose(one, &named(&root, &one.name), log, may);
        let (kind, requirement) = found.map_err(|error| sessions.with_supply(error))?;
        let requirement = Some(requirement);
        let path = None;
        chosen.push((
            &one.name,
            Stated {
                kind,
                requirement,
                path,
            },
        ));
    }
    let _turn = wait_for_turn(dirs)?;
    let mut edit = workspace.edit(member).classified()?;
    let mut added = Vec::new();
    for (name, stated) in chosen {
        let Stated {
            kind,
            requirement,
            path,
        } = stated;
        let changed = edit
            .set_dependency(&NewDependency {
                kind,
                alias: name,
                package: None,
                requirement: requirement.as_deref(),
                path: path.as_deref(),
                registry: None,
            })
            .classified()?;
        added.push(Added {
            kind,
            name: name.clone(),
            requirement,
            path,
            changed,
        });
    }
    edit.save().classified()?;
    let locked = Project::load(args, dirs, network).and_then(|project| {
        let mut sessions = Sessions::new(&project.registries, reading).supplied_by(supply);
        lock::lock(&project, &mut sessions, &args.packages, flags)
    });
    match locked {
        Ok(outcome) => Ok((added, outcome)),
        Err(error) => Err(match edit.revert() {
            Ok(()) => error
                .labelled("as `add` would have written it", |one| edit.is_new(one))
                .with_help(format!("{} is as it was before", member.manifest.display())),
            Err(failure) => error.with_help(left_over(failure, &added)),
        }),
    }
}

/// What is to stand in the manifest.
struct Stated {
    kind: Kind,
    requirement: Option<String>,
    path: Option<String>,
}

/// What lies at a path decides the table. Whether it is the package of this name is found out when it is locked.
fn at_path(wanted: &Wanted, path: &Path, member: &Member) -> Result<Stated> {
    let found =
        resolve(path).or_fail(Class::Other, || format!("cannot find {}", path.display()))?;
    let is_wit = |path: &Path| path.extension().is_some_and(|end| end == "wit");
    let holds_wit = || {
        let mut entries = fs::read_dir(&found).into_iter().flatten().flatten();
        entries.any(|entry| is_wit(&entry.path()))
    };
    let kind = if found.join("Cargo.toml").is_file() {
        Kind::Component
    } else if found.is_file() && !is_wit(&found) {
        kind_of(&output::read(&found)?).classified()?
    } else if found.is_file() || holds_wit() {
        Kind::Wit
    } else {
        let message = format!("`{}` is not at {}", wanted.name, path.display());
        return Err(Error::new(Class::Other, message).with_help(
            "a path names a folder with a Cargo.toml, one with the .wit files of a package, or a `.wasm` component",
        ));
    };
    let text = |(text, _): &(String, VersionReq)| text.clone();
    Ok(Stated {
        kind,
        requirement: wanted.requirement.as_ref().map(text),
        path: Some(address_text(
            member.folder(),
            &found,
            "a dependency of itself",
        )?),
    })
}

/// The packages, each once.
fn once(wanted: &[Wanted]) -> Result<Vec<&Wanted>> {
    let mut all: Vec<&Wanted> = Vec::new();
    for one in wanted {
        let text = |one: &Wanted| one.requirement.as_ref().map(|(text, _)| text.clone());
        match all.iter().find(|other| other.name == one.name) {
            None => all.push(one),
            Some(other) if text(other) == text(one) => {}
            Some(_) => {
                let message = format!("`{}` is named twice, with different versions", one.name);
                return Err(Error::new(Class::Usage, message).with_help(
                    "a dependency has one requirement: name one that allows what you need, such as `>=1.0, <1.3`",
                ));
            }
        }
    }
    Ok(all)
}

/// The versions of a package that the project's own texts name.
fn named(root: &Root, name: &PackageName) -> BTreeSet<Version> {
    let references = root.references().into_iter();
    let named = references.filter_map(|reference| {
        let package = format!("{}:{}", reference.package.namespace, reference.package.name);
        reference
            .package
            .version
            .filter(|_| package == name.as_str())
    });
    named.collect()
}

/// What to say where the manifest keeps what could not be locked.
fn left_over(failure: ManifestError, added: &[Added]) -> String {
    let lines: Vec<_> = added
        .iter()
        .filter(|one| one.changed)
        .map(|one| format!("`\"{}\"`", one.name))
        .collect();
    format!(
        "the manifest was not put back ({:#}): take out {}",
        Error::classified(failure),
        lines.join(", ")
    )
}

/// Until the file is dropped, no other command of this user changes a manifest: it would write over this one's changes, or
/// what this one takes back would be the other's.
pub(crate) fn wait_for_turn(dirs: &Dirs) -> Result<File> {
    let state = Tree::private(dirs.make_state().classified()?);
    let name = Path::new("add.lock");
    let turn = state.lock(name);
    turn.or_fail(Class::Other, || {
        format!("cannot lock {}", state.root().join(name).display())
    })
}

/// The failure to find a package that a registry proves not to have, with the one that may have been meant of those that are
/// known.
pub fn absent(address: &Address, size: Size, known: &BTreeSet<PackageName>) -> Error {
    let error = Error::new(
        Class::Unsolved,
        format!(
            "`{}` is not in the registry `{}`: proved absent at its checkpoint of size {size}",
            address.name, address.origin
        ),
    );
    error.with_help(did_you_mean(&address.name, known).unwrap_or_else(|| {
        "check the spelling; or the namespace belongs to another registry".to_owned()
    }))
}

/// How many versions a message names.
const SHOWN: usize = 10;

/// The kind of a package, and the requirement to write.
fn choose(
    wanted: &Wanted,
    named: &BTreeSet<Version>,
    log: &Log,
    may: impl Fn(&Version) -> bool,
) -> Result<(Kind, String)> {
    let name = log.name();
    let Some(kind) = log.kind() else {
        return Err(Error::new(Class::Other, format!("`{name}` has no records")));
    };
    let matches = |release: &&Release| {
        let requirement = wanted.requirement.as_ref();
        may(release.version()) && requirement.is_none_or(|(_, one)| one.matches(release.version()))
    };
    let matching: Vec<&Release> = log.releases().filter(matches).collect();
    let newest_of = |pre: bool| {
        matching
            .iter()
            .rev()
            .copied()
            .find(|release| release.is_usable() && (pre || release.version().pre.is_empty()))
    };
    let Some(newest) = newest_of(false).or_else(|| newest_of(true)) else {
        return Err(nothing_matches(wanted, kind, &matching, log));
    };
    let is_named = |release: &&&Release| release.is_usable() && named.contains(release.version());
    let newest = match kind {
        Kind::Wit => matching.iter().rfind(is_named).copied().unwrap_or(newest),
        Kind::Component => newest,
    };
    let requirement = match (&wanted.requirement, kind) {
        (Some((text, _)), Kind::Component) => text.clone(),
        (Some((text, requirement)), Kind::Wit) if is_full(requirement) => text.clone(),
        (_, Kind::Wit) | (None, Kind::Component) => newest.version().to_string(),
    };
    Ok((kind, requirement))
}

/// Whether every comparator names a full version, so that "the lowest that satisfies" is what the text says.
fn is_full(requirement: &VersionReq) -> bool {
    let comparators = requirement.comparators();
    !comparators.is_empty() && comparators.iter().all(|one| one.patch.is_some())
}

fn nothing_matches(wanted: &Wanted, kind: Kind, matching: &[&Release], log: &Log) -> Error {
    let (word, name) = (kind.noun(), &wanted.name);
    let mut message = match &wanted.requirement {
        Some((text, _)) => format!("no usable release of the {word} `{name}` matches `{text}`"),
        None => format!("the {word} `{name}` has no usable release"),
    };
    for release in matching.iter().rev().take(SHOWN) {
        if let Some(objection) = release.objection() {
            let line = format!("\n  {name} {} {objection}", release.version());
            message.push_str(&line);
        }
    }
    let error = Error::new(Class::Unsolved, message);
    let usable: Vec<_> = log
        .releases()
        .filter(|release| release.is_usable())
        .collect();
    let versions: Vec<_> = usable
        .iter()
        .rev()
        .take(SHOWN)
        .map(|release| release.version().to_string())
        .collect();
    if versions.is_empty() {
        return error;
    }
    error.with_help(format!("the newest ones are {}", versions.join(", ")))
}
