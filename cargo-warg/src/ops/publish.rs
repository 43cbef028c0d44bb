//! Publishing: from a file or folder to a release in a registry.
//!
//! A WIT package says its name, version and requirements itself. A component has none of these in its bytes: its name
//! and version are given, or stand in the manifest of the selected member; its requirements are that member's
//! dependencies, if it is the member that is published. What it imports and exports is read from the bytes. An import
//! that no requirement serves is the host's.

mod carried;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use registry::layout::MAX_CONTENT;
use resolver::resolution::Selection;
use semver::{Comparator, Op, Version};
use transparency::digest::Digest;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::number::Time;
use transparency::release::{Requirement, Statement};
use transparency::version::VersionReq;

use super::batch::{Destination, Draft, Item, Outcome, named};
use super::lock;
use super::project::Project;
use super::registries::Registries;
use crate::component::{Interface, kind_of};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Context as _, Error, OrFail as _, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Dependency, Location, Member, Patch, Workspace};
use crate::network::Network;
use crate::wit::publish::Package as WitPackage;

/// What is to be published, where, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// A component, or a WIT package as a folder or file of text or in its binary form; `-` is stdin.
    pub path: &'a Path,
    /// The name and version, where they are given.
    pub release: Option<(&'a PackageName, &'a Version)>,
    /// The registry; by default the one that has the namespace.
    pub registry: Option<&'a str>,
    /// The name of the key to sign with, or its vkey; by default the one that may.
    pub key: Option<&'a str>,
    /// What the release carries of its closed set.
    pub carries: Option<Carries>,
    /// Do everything but publish.
    pub dry_run: bool,
    /// The time.
    pub now: Time,
}

/// What a dep-solved release carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// The lock of its member alone.
    Lock,
    /// That, and the closed set composed into one component.
    LockAndBundle,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// The release.
    pub item: Item,
    /// What became of it.
    pub outcome: Outcome,
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// What the publisher may want to mend.
    pub warnings: Vec<String>,
}

/// Publishes.
///
/// # Errors
/// What cannot be read, is no component or WIT package, or has no name; a registry that cannot be read, believed or
/// written; a key that may not; a version that is there with another content or other claims; of a release that carries
/// its lock, whatever keeps it from being solved again.
pub fn publish(
    workspace: Workspace,
    dirs: &Dirs,
    network: &Network,
    publication: &Publication<'_>,
) -> Result<Published> {
    refuse_patched(&workspace)?;
    let Read {
        mut item,
        member,
        mut warnings,
    } = read(&workspace, publication)?;
    let (project, opened);
    let registries = match &member {
        Some(member) if publication.carries.is_some() || workspace.lock_path().exists() => {
            project = Project::of(workspace, dirs, network)?;
            refuse_patched_lock(&project, member)?;
            if let Some(carries) = publication.carries {
                warnings = carried::attach(&project, member, &mut item, carries)?;
            }
            &project.registries
        }
        _ if publication.carries.is_some() => return Err(carried::no_member(&item)),
        _ => {
            opened = Registries::open(&workspace, dirs, network)?;
            &opened
        }
    };
    let registry = match publication.registry {
        Some(alias) => registries.of_alias(alias)?,
        None => registries.of_package(&item.name)?,
    };
    let keys = Keys::open(dirs).classified()?;
    let signer = publication.key.map(|key| named(&keys, key)).transpose();
    let destination = Destination {
        registry,
        keys: &keys,
        signer: signer.classified()?,
        dirs,
        now: publication.now,
    };
    let outcomes = if publication.dry_run {
        destination.check(&[Draft::Release(&item)])?
    } else {
        destination.append(&[Draft::Release(&item)])?
    };
    let outcome = outcomes.into_iter().next().unwrap_or(Outcome::Existed);
    Ok(Published {
        item,
        outcome,
        registry: registry.alias.clone(),
        warnings,
    })
}

/// What is made beside patches was made with something that nobody else gets.
fn refuse_patched(workspace: &Workspace) -> Result<()> {
    let Some(patch) = workspace.patches().next() else {
        return Ok(());
    };
    let Patch {
        name,
        path,
        location,
    } = patch;
    let message = format!(
        "`{name}` is patched with {}, and what is published must be made with what everybody gets",
        path.display()
    );
    Err(Error::new(Class::Other, message).at(location.clone()).with_help(
        "remove [workspace.metadata.warg.patch], run `cargo warg lock`, build again, and publish that",
    ))
}

/// What a path holds.
struct Read {
    item: Item,
    /// The member that is published, where it is one.
    member: Option<String>,
    warnings: Vec<String>,
}

impl From<Item> for Read {
    fn from(item: Item) -> Self {
        Self {
            item,
            member: None,
            warnings: Vec::new(),
        }
    }
}

/// A lock may remember a patch that the manifest has no more: then what was built was built with it.
fn refuse_patched_lock(project: &Project, member: &str) -> Result<()> {
    let path = project.workspace.lock_path();
    // One that does not read is nothing that anything was built with; who publishes with the lock is told.
    let Ok(Some(lock)) = lock::read(&path) else {
        return Ok(());
    };
    let asked = project.problem.members.get(member);
    let is_asked = |selection: &Selection| {
        let mut locals = asked.iter().flat_map(|member| &member.locals);
        locals.any(|local| local.selection() == *selection)
    };
    let root = lock.roots.get(member);
    let mut selects = root.iter().flat_map(|root| &root.selects);
    let patched = selects.find(|selection| {
        let package = lock.packages.get(selection);
        package.is_some_and(|package| package.release.is_none()) && !is_asked(selection)
    });
    let Some(Selection { name, version, .. }) = patched else {
        return Ok(());
    };
    let message = format!(
        "{} still has `{name}` {version} from a folder, which nothing asks for any more: what is published must be made \
         with what everybody gets",
        path.display()
    );
    Err(Error::new(Class::Lock, message)
        .with_help("run `cargo warg lock`, build again, and publish that"))
}

/// The release that a path holds, and warnings about it.
fn read(workspace: &Workspace, publication: &Publication<'_>) -> Result<Read> {
    let Publication { path, release, .. } = *publication;
    let shown = if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    };
    let cannot = || format!("cannot publish {shown}");
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "wit") {
        let package = WitPackage::read(path).classified().context(cannot)?;
        return Ok(wit_item(package, release)?.into());
    }
    let bytes = read_file(path).or_fail(Class::Other, || format!("cannot read {shown}"))?;
    match kind_of(&bytes).classified().context(cannot)? {
        Kind::Wit => {
            let package = WitPackage::open(bytes).classified().context(cannot)?;
            Ok(wit_item(package, release)?.into())
        }
        Kind::Component => {
            let interface = Interface::of_component(&bytes)
                .classified()
                .context(cannot)?;
            component_item(workspace, release, bytes, interface)
        }
    }
}

/// Reads no more than what may be published and one byte.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_CONTENT.saturating_add(1);
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn statement(version: Version, content: &[u8]) -> Statement {
    let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
    Statement::new(version, Digest::of(content), size)
}

fn wit_item(package: WitPackage, release: Option<(&PackageName, &Version)>) -> Result<Item> {
    if let Some((name, version)) = release
        && (*name != package.name || *version != package.version)
    {
        let message = format!(
            "the text says that it is {}@{}, not {name}@{version}",
            package.name, package.version
        );
        return Err(Error::new(Class::Usage, message)
            .with_help("leave `--as` out: a WIT package says its own name and version"));
    }
    let mut statement = statement(package.version, &package.bytes);
    statement.requirements = package.requirements;
    Ok(Item {
        name: package.name,
        kind: Kind::Wit,
        statement,
        content: package.bytes,
        attached: Vec::new(),
    })
}

fn component_item(
    workspace: &Workspace,
    release: Option<(&PackageName, &Version)>,
    content: Vec<u8>,
    interface: Interface,
) -> Result<Read> {
    let (name, version, member) = if let Some((name, version)) = release {
        (name.clone(), version.clone(), member_of(workspace, name)?)
    } else {
        let member = workspace.only_selected().classified()?;
        let name = member.package.clone().ok_or_else(|| no_name(member))?;
        (name, member.version.clone(), Some(member))
    };
    let mut statement = statement(version, &content);
    let mut warnings = Vec::new();
    for dependency in member.iter().flat_map(|member| &member.dependencies) {
        if dependency.kind != Kind::Component {
            continue;
        }
        let requirement = requirement(dependency)?;
        warnings.extend(
            unused(&requirement, &interface.imports)
                .map(|what| format!("{}: {what}", dependency.location)),
        );
        statement.requirements.insert(requirement);
    }
    statement.imports = interface.imports;
    statement.exports = interface.exports;
    let item = Item {
        name,
        kind: Kind::Component,
        statement,
        content,
        attached: Vec::new(),
    };
    Ok(Read {
        item,
        member: member.map(|member| member.name.clone()),
        warnings,
    })
}

fn no_name(member: &Member) -> Error {
    let message = format!(
        "a component does not say its name, nor does the manifest of `{}`",
        member.name
    );
    Error::new(Class::Usage, message).with_help(
        "give it with `--as NAMESPACE:NAME@VERSION`, or write `package = \"NAMESPACE:NAME\"` into \
         [package.metadata.warg]; the version is then the crate's",
    )
}

/// The selected member that is published under this name.
fn member_of<'w>(workspace: &'w Workspace, name: &PackageName) -> Result<Option<&'w Member>> {
    let mut named = workspace
        .selected()
        .filter(|member| member.package.as_ref() == Some(name));
    match (named.next(), named.next()) {
        (Some(first), Some(second)) => Err(Error::new(
            Class::Usage,
            format!(
                "`{}` and `{}` are both published as `{name}`",
                first.name, second.name
            ),
        )
        .with_help("choose one with `-p`")),
        (member, _) => Ok(member),
    }
}

/// What a dependency says to everyone: its name and the releases that will do. Paths are nobody else's business.
fn requirement(dependency: &Dependency) -> Result<Requirement> {
    let Dependency { name, location, .. } = dependency;
    let Some(req) = dependency.requirement.clone() else {
        return Err(Error::new(
            Class::Other,
            format!("`{name}` is a path without a version, which means nothing to others"),
        )
        .at(location.clone())
        .with_help(format!(
            "publish it first, and state its version: \"{name}\" = {{ path = \"…\", version = \"1.2\" }}"
        )));
    };
    if req.track().is_none() {
        return Err(no_track(name, &req, location));
    }
    Ok(Requirement {
        serves: dependency.serves.clone(),
        ..Requirement::new(Kind::Component, name.clone(), req)
    })
}

fn no_track(name: &PackageName, req: &VersionReq, location: &Location) -> Error {
    let message = format!(
        "the requirement `{req}` of `{name}` allows versions that are not compatible with each other; what is published \
         must choose"
    );
    let instead = req
        .comparators()
        .iter()
        .find_map(instead)
        .unwrap_or_else(|| "1.2".to_owned());
    let error = Error::new(Class::Other, message).at(location.clone());
    error.with_help(format!(
        "write \"{name}\" = \"{instead}\", or another requirement that stays within one major version (below 1.0.0: \
         one minor version)"
    ))
}

/// A requirement of one track that begins where this comparator does.
fn instead(comparator: &Comparator) -> Option<String> {
    let Comparator {
        op,
        major,
        minor,
        patch,
        pre,
        ..
    } = comparator;
    if matches!(op, Op::Less | Op::LessEq) {
        return None;
    }
    let part = |part: &Option<u64>| part.map(|part| format!(".{part}")).unwrap_or_default();
    let text = if pre.is_empty() {
        format!("{major}{}{}", part(minor), part(patch))
    } else {
        format!("={major}{}{}-{pre}", part(minor), part(patch))
    };
    let track = VersionReq::from_user(&text).ok()?.track();
    track.map(|_| text)
}

/// What to say of a requirement that no import asks for.
fn unused(requirement: &Requirement, imports: &BTreeSet<ExternName>) -> Option<String> {
    let name = &requirement.name;
    if requirement.serves.is_empty() {
        let of_package = |import: &ExternName| {
            import
                .interface()
                .is_some_and(|import| import.package == *name)
        };
        return (!imports.iter().any(of_package))
            .then(|| format!("the component imports nothing of `{name}`, which it requires"));
    }
    let missing: Vec<_> = requirement.serves.difference(imports).collect();
    let missing: Vec<_> = missing.iter().map(|import| format!("`{import}`")).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the component does not import {}, for which it requires `{name}`",
            missing.join(", ")
        )
    })
}
