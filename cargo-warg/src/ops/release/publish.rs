//! Publishing: from files and folders to releases in a registry.
//!
//! A WIT package says its name, version and requirements itself. A text may declare several packages. Each is released,
//! behind those it refers to, all in one append.
//!
//! A component has none of these in its bytes. Its name and version are given, or stand in the manifest of the selected
//! member. Its requirements are that member's dependencies, if the member itself is published: see `builder`. What it
//! imports and exports is read from the bytes. An import that no requirement serves is the host's.
//!
//! Nothing is signed that nobody could use: see `append::consumer`.

mod builder;
mod requirement;
mod texts;
mod unused;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use transparency::number::Time;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::statement::Statement;

use self::builder::Builder;
use self::requirement::requirements;
use self::texts::Texts;
use self::unused::unused;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Member, Patch, Workspace};
use crate::network::Network;
use crate::notice::Notice;
use crate::ops::registry::append::{Destination, Draft, Item, Outcome, Unusable, registry_of};
use crate::ops::release::attach;
use crate::ops::release::attach::Carries;
use crate::ops::release::purpose;
use crate::ops::session::Sessions;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::is_personal;
use crate::ops::session::project::Project;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use crate::output;
use crate::wit::publish::Texts as WitTexts;
use component::content::Interface;
use component::span::Location;
use component::wit::publish::{PublishError, WitPackage};

/// What is to be published, where, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// A component, or a WIT package as a folder or file of text or in its binary form; `-` is stdin. Several are WIT
    /// packages. Without any, the `wit/` of each selected member that declares a version.
    pub paths: &'a [PathBuf],
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
    /// Read nothing but what this machine keeps of what is referred to, required and locked.
    pub offline: bool,
    /// The time that the records are written at.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// The releases, each behind those it refers to, and what became of each.
    pub releases: Vec<(Item, Outcome)>,
    /// What texts refer to that only a registry has.
    pub taken: BTreeSet<Selection>,
    /// The member whose component it was found to be, though nothing says so.
    pub found: Option<String>,
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// The folder that was written to, where readers have another address.
    pub folder: Option<PathBuf>,
    /// What the publisher may want to mend.
    pub notices: Vec<Notice>,
}

/// Releases what the workspace holds: a component, or WIT packages.
///
/// # Errors
/// What cannot be read, is no component or WIT package, or has no name; a registry that cannot be read, believed or
/// written; a key that may not; a version that is there with another content or other claims; what nobody could use; of a
/// release that carries its lock, whatever keeps it from being solved again.
pub fn publish(
    workspace: Workspace,
    dirs: &Dirs,
    network: &Network,
    publication: &Publication<'_>,
) -> Result<Published> {
    refuse_patched(&workspace)?;
    let component = match publication.paths {
        [path] => Some(read(path)?),
        _ => None,
    };
    match component {
        Some(Read::Component(bytes, interface)) => {
            let component = component_item(&workspace, publication.release, bytes, interface)?;
            publish_component(workspace, dirs, network, publication, component)
        }
        one => publish_wit(&workspace, dirs, network, publication, one),
    }
}

fn publish_component(
    workspace: Workspace,
    dirs: &Dirs,
    network: &Network,
    publication: &Publication<'_>,
    component: ComponentItem,
) -> Result<Published> {
    let ComponentItem {
        mut item,
        mut member,
        mut required,
    } = component;
    let mut notices = Vec::new();
    let reading = Reading::now(publication.offline);
    let registries = Arc::new(Registries::open(&workspace, dirs, network)?);
    let mut sessions = Sessions::new(&registries, reading);
    let mut found = None;
    if member.is_none() {
        let builder = builder::of(&workspace, &item, publication.carries, &mut sessions)?;
        if let Builder::Member(builder) = builder {
            required = requirements(builder)?;
            let stated = required.iter().map(|(_, requirement)| requirement.clone());
            item.statement.requirements.extend(stated);
            member = Some(builder.name.clone());
            found.clone_from(&member);
        } else if let Builder::Named(other) = builder {
            notices.push(builder::of_another_name(&item, other));
        }
    }
    let lock_file = Arc::clone(workspace.lock_file());
    match &member {
        Some(member) if publication.carries.is_some() || lock_file.path().exists() => {
            let project = Project::with(workspace, Arc::clone(&registries))?;
            refuse_patched_lock(&project, member)?;
            if let Some(carries) = publication.carries {
                let told = attach::attach(&project, member, &mut item, carries, &mut sessions)?;
                notices.extend(told);
            }
        }
        _ if publication.carries.is_some() => return Err(attach::no_member(&item)),
        _ => {}
    }
    if let Some(alias) = publication.registry {
        let origin = registries.of_alias(alias)?.policy.origin();
        sessions.assign(item.name.namespace(), origin.clone());
    }
    if publication.carries.is_none() {
        // A lock that does not read is told by what asks for it.
        let lock = lock_file.lock().ok().flatten();
        let lock = lock.and_then(|lock| lock.member_lock(member.as_deref()?));
        purpose::state(&mut item.statement, lock.as_ref(), &mut sessions)?;
    }
    // Composing the bundle of a release with its lock found out the same, and said it.
    if publication.carries.is_none() {
        for (location, requirement) in &required {
            let imports = &item.statement.imports;
            notices.extend(unused(requirement, location, imports, &mut sessions)?);
        }
    }
    let releases = Releases {
        items: vec![item],
        locations: Locations::new(),
    };
    let (registry, folder, releases) = send(releases, &registries, &sessions, dirs, publication)?;
    Ok(Published {
        releases,
        taken: BTreeSet::new(),
        found,
        registry,
        folder,
        notices,
    })
}

fn publish_wit(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    publication: &Publication<'_>,
    one: Option<Read>,
) -> Result<Published> {
    let read = match one {
        Some(read) => vec![read],
        None => read_all(workspace, publication)?,
    };
    let registries = Registries::open(workspace, dirs, network)?;
    let mut sessions = Sessions::new(&registries, Reading::now(publication.offline));
    let Texts {
        items,
        locations,
        taken,
        mut notices,
    } = texts::make(read, publication, &registries, &mut sessions)?;
    if publication.carries.is_some() {
        return Err(attach::no_wit(&items));
    }
    if let (Some((name, version)), [item]) = (publication.release, items.as_slice()) {
        check_name(item, name, version)?;
    }
    for item in &items {
        let Some(member) = whose_component(workspace, item, &mut sessions)? else {
            continue;
        };
        let (name, member) = (&item.name, &member.name);
        let message = format!(
            "`{name}` would be a WIT package for good, and is the name that `{member}` publishes its component under"
        );
        if publication.paths.is_empty() {
            return Err(Error::new(Class::Usage, message).with_help(
                "give one of the two another name; or name the folders to be published, if it is meant",
            ));
        }
        // What is signed is signed: a warning behind it would be too late.
        if !publication.sure && !publication.dry_run {
            return Err(Error::new(Class::Usage, message).with_help(
                "give one of the two another name; or say `--yes`, if it is meant: the component will then need another one",
            ));
        }
        notices.push(Notice::ComponentsName {
            package: name.clone(),
            member: member.clone(),
        });
    }
    let releases = Releases { items, locations };
    let (registry, folder, releases) = send(releases, &registries, &sessions, dirs, publication)?;
    Ok(Published {
        releases,
        taken,
        found: None,
        registry,
        folder,
        notices,
    })
}

/// Where the text of each release refers to each package.
type Locations = BTreeMap<(PackageName, Version), BTreeMap<PackageName, Location>>;

/// Releases that go into a registry together.
struct Releases {
    items: Vec<Item>,
    locations: Locations,
}

/// What was sent: the registry, the folder that was written to where readers have another address, and what became of each
/// release.
type Sent = (Alias, Option<PathBuf>, Vec<(Item, Outcome)>);

/// Appends the releases, or does everything but that.
fn send(
    releases: Releases,
    registries: &Registries,
    sessions: &Sessions<'_>,
    dirs: &Dirs,
    publication: &Publication<'_>,
) -> Result<Sent> {
    let Releases { items, locations } = releases;
    let registry = registry_of(
        registries,
        publication.registry,
        items.iter().map(|item| &item.name),
    )?;
    refuse_personal(registry, &items)?;
    let keys = Keys::open(dirs).classified()?;
    let destination = Destination::open(
        registry,
        &keys,
        publication.key,
        dirs,
        publication.now,
        publication.sure,
    )?;
    let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
    let unusable = destination.unusable(&drafts, sessions)?;
    if let Some(Unusable {
        position,
        why,
        reference,
    }) = unusable.into_iter().next()
    {
        let item = items.get(position);
        let of_item = item.and_then(|item| {
            let version = &item.statement.version;
            locations.get(&(item.name.clone(), version.clone()))
        });
        let location = reference.and_then(|name| of_item?.get(&name).cloned());
        return Err(location.into_iter().fold(why, Error::at));
    }
    let outcomes = if publication.dry_run {
        destination.check(&drafts)?
    } else {
        destination.append(&drafts)?
    };
    let alias = registry.alias.clone();
    let folder = registry.written().map(Path::to_owned);
    Ok((alias, folder, items.into_iter().zip(outcomes).collect()))
}

/// Refuses to publish where nobody else can read it, and what names such a registry.
fn refuse_personal(registry: &Configured, items: &[Item]) -> Result<()> {
    let help = "move its namespaces to a registry of your team: name that in Cargo.toml, and run `cargo warg lock`";
    let origin = registry.policy.origin();
    if is_personal(origin) {
        let message = format!(
            "`{origin}` is a personal registry: it holds what was imported, and nothing is published there"
        );
        return Err(Error::new(Class::Usage, message).with_help(help));
    }
    for item in items {
        let requirements = item.statement.requirements.iter();
        let mut origins = requirements.filter_map(|one| one.origin.as_ref());
        if let Some(origin) = origins.find(|origin| is_personal(origin)) {
            let message = format!(
                "the record of {} would name the personal registry `{origin}`, which nobody else can ask",
                item.name
            );
            return Err(Error::new(Class::Other, message).with_help(help));
        }
    }
    Ok(())
}

/// The member whose component has the name of this WIT package, where that name is not released yet. A name holds either
/// components or WIT, and its first release decides which.
fn whose_component<'w>(
    workspace: &'w Workspace,
    item: &Item,
    sessions: &mut Sessions<'_>,
) -> Result<Option<&'w Member>> {
    let mut members = workspace.members().iter();
    let member = members.find(|member| member.package.as_ref() == Some(&item.name));
    if member.is_none() || sessions.origins().of(&item.name).is_none() {
        return Ok(None);
    }
    let is_released = sessions.find(&item.name)?.1.is_some();
    Ok(member.filter(|_| !is_released))
}

/// Refuses to publish from a workspace with patches: what is made there was made with something that nobody else gets.
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
enum Read {
    /// A text, and those beside it.
    Text(Box<WitTexts>),
    /// A WIT package in its binary form, and the path.
    Wit(PathBuf, WitPackage),
    /// A component.
    Component(Vec<u8>, Interface),
}

/// A component to be released.
struct ComponentItem {
    item: Item,
    /// The member that is published, where it is one.
    member: Option<String>,
    /// What it requires, and where the manifest says so.
    required: Vec<(Location, Requirement)>,
}

/// A lock may remember a patch that the manifest has no more: then what was built was built with it.
fn refuse_patched_lock(project: &Project, member: &str) -> Result<()> {
    let file = project.workspace.lock_file();
    // One that does not read is nothing that anything was built with; who publishes with the lock is told.
    let Ok(Some(lock)) = file.lock() else {
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
        file.path().display()
    );
    Err(Error::new(Class::Lock, message)
        .with_help("run `cargo warg lock`, build again, and publish that"))
}

/// What a path holds.
fn read(path: &Path) -> Result<Read> {
    let cannot = || format!("cannot publish {}", output::shown(path));
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "wit") {
        let texts = WitTexts::read(path).classified().context(cannot)?;
        return Ok(Read::Text(Box::new(texts)));
    }
    let bytes = output::read(path)?;
    let interface = Interface::read(&bytes).classified().context(cannot)?;
    if let Some(interface) = interface {
        return Ok(Read::Component(bytes, interface));
    }
    let package = WitPackage::open(bytes).classified().context(cannot)?;
    Ok(Read::Wit(path.to_owned(), package))
}

/// What several paths hold, or else the `wit/` of the selected members.
fn read_all(workspace: &Workspace, publication: &Publication<'_>) -> Result<Vec<Read>> {
    if publication.release.is_some() {
        let message = "`--as` names one release, and several are to be published";
        return Err(Error::new(Class::Usage, message)
            .with_help("leave it out: WIT packages say their own names and versions"));
    }
    let mut all = Vec::new();
    for path in publication.paths {
        let read = read(path)?;
        if matches!(read, Read::Component(..)) {
            let message = format!(
                "{} is a component, which is published alone",
                path.display()
            );
            return Err(Error::new(Class::Usage, message)
                .with_help(format!("run `cargo warg publish {}`", path.display())));
        }
        all.push(read);
    }
    if !publication.paths.is_empty() {
        return Ok(all);
    }
    for member in workspace.selected().filter(|member| member.wit.exists()) {
        let path = member
            .wit
            .strip_prefix(workspace.root())
            .unwrap_or(&member.wit);
        let texts = WitTexts::read(&member.wit);
        let texts = match texts {
            Err(PublishError::Empty { .. }) => continue,
            texts => texts
                .classified()
                .map_err(|error| error.below(workspace.root()))
                .context(|| format!("cannot publish {}", path.display()))?,
        };
        // A project's own worlds need no version, and are nobody else's then.
        if texts.text.names().any(|name| name.version.is_some()) {
            all.push(Read::Text(Box::new(texts)));
        }
    }
    if all.is_empty() {
        let message = "no selected member has a `wit/` that declares a package version";
        return Err(Error::new(Class::Usage, message)
            .with_help("name what is to be published: a folder of .wit files, or a component"));
    }
    Ok(all)
}

fn statement(version: Version, content: &[u8]) -> Statement {
    let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
    Statement::new(version, Digest::of(content), size)
}

fn wit_item(package: WitPackage) -> Item {
    let mut statement = statement(package.version, &package.bytes);
    statement.requirements = package.requirements.into();
    Item {
        name: package.name,
        kind: Kind::Wit,
        statement,
        content: package.bytes,
        attached: Vec::new(),
        annotations: Vec::new(),
    }
}

/// A WIT package says its own name.
fn check_name(item: &Item, name: &PackageName, version: &Version) -> Result<()> {
    let own = &item.statement.version;
    if (name, version) == (&item.name, own) {
        return Ok(());
    }
    let message = format!(
        "the text says that it is {}@{own}, not {name}@{version}",
        item.name
    );
    Err(Error::new(Class::Usage, message)
        .with_help("leave `--as` out: a WIT package says its own name and version"))
}

fn component_item(
    workspace: &Workspace,
    release: Option<(&PackageName, &Version)>,
    content: Vec<u8>,
    interface: Interface,
) -> Result<ComponentItem> {
    let (name, version, member) = if let Some((name, version)) = release {
        (name.clone(), version.clone(), member_of(workspace, name)?)
    } else if workspace.members().is_empty() {
        return Err(Error::new(
            Class::Usage,
            "a component does not say its name, and no manifest does",
        )
        .with_help("give it with `--as NAMESPACE:NAME@VERSION`"));
    } else {
        let member = workspace.only_selected().classified()?;
        let name = member.package.clone().ok_or_else(|| no_name(member))?;
        (name, member.version.clone(), Some(member))
    };
    let mut statement = statement(version, &content);
    let required = member.map(requirements).transpose()?.unwrap_or_default();
    let stated = required.iter().map(|(_, requirement)| requirement.clone());
    statement.requirements.extend(stated);
    statement.imports = interface.imports;
    statement.exports = interface.exports;
    let item = Item {
        name,
        kind: Kind::Component,
        statement,
        content,
        attached: Vec::new(),
        annotations: Vec::new(),
    };
    Ok(ComponentItem {
        item,
        member: member.map(|member| member.name.clone()),
        required,
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
