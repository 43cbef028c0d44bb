//! Bundling: a component and its closed set become one component.
//!
//! The closed set is that of a member, as `warg.lock` has it. Or it is solved for the component itself: from what
//! `--require` says, or from what an earlier bundle says that the component requires. The contents are read as `fetch`
//! reads them: nothing is composed that was not verified against its registry. What lies in folders is taken from where
//! the project says that it lies.

pub mod embedded;
pub mod inspect;
pub mod rebuild;
pub mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use resolver::lockfile::Lockfile;
use resolver::problem::{Member as RootMember, Problem, RootRequirement};
use transparency::content::Content;
use transparency::digest::Digest;
use transparency::name::Kind;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::lock_file;
use crate::notice::Notice;
use crate::ops::bundle::embedded::{BundleError, LockedBundle};
use crate::ops::lock;
use crate::ops::lock::verify::Whose;
use crate::ops::session::Sessions;
use crate::ops::session::project::{Held, Project};
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;
use component::bundle::wiring::{Plan, Unused};
use component::bundle::{ComposeError, Composition, EmbeddedError, Part, PartName, Wiring};
use component::content::Interface;
use component::span::Location;

/// What a root is called that no cargo project built.
pub const COMPONENT: &str = "component";

/// What is to be bundled.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The component, or a bundle, whose root is then taken.
    pub content: &'a [u8],
    /// What messages call it.
    pub shown: &'a str,
    /// A lock to take the closed set from, instead of the workspace's.
    pub lock: Option<&'a Path>,
    /// What the component requires; if anything, no project's closed set is taken.
    pub requires: &'a [Requirement],
    /// Nothing is read but what this machine keeps.
    pub offline: bool,
}

/// A bundle.
#[derive(Debug)]
pub struct Bundled {
    /// The root, as its lock calls it.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// The digest of the root's content.
    pub root: Digest,
    /// The lock of the root alone.
    pub lock: Lockfile,
    /// How many components are in it, the root among them.
    pub components: usize,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A lock of one component.
#[derive(Debug)]
pub struct Locked {
    /// The lock.
    pub lock: Lockfile,
    /// What was shown on the way.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// The content of the root, and what it says of itself where it is a bundle.
struct Source<'a> {
    content: &'a [u8],
    digest: Digest,
    requires: Vec<Requirement>,
    wire: Wiring,
}

impl<'a> Source<'a> {
    /// # Errors
    /// A bundle that was changed.
    fn read(content: &'a [u8]) -> Result<Self> {
        match LockedBundle::open(content) {
            Ok(bundle) => {
                let LockedBundle { embedded, lock, .. } = bundle;
                let range = embedded.root().map(|root| root.range.clone());
                let content = range.and_then(|range| content.get(range));
                let roots = lock.roots.values();
                let requires = roots.flat_map(|root| root.requires.iter().cloned());
                let requires = requires.map(|requirement| Requirement {
                    origin: None,
                    ..requirement
                });
                Ok(Self {
                    content: content.unwrap_or_default(),
                    digest: embedded.root,
                    requires: requires.collect(),
                    wire: embedded.wire,
                })
            }
            Err(BundleError::Embedded(EmbeddedError::Missing)) => Ok(Self {
                content,
                digest: Digest::of(content),
                requires: Vec::new(),
                wire: Wiring::default(),
            }),
            Err(error) => Err(Error::classified(error)),
        }
    }
}

/// Bundles a component.
///
/// # Errors
/// A lock that is missing or stale; a claim of it that does not hold; parts that are nowhere; a closed set that does
/// not compose.
pub fn bundle(project: Option<&Project>, asked: &Asked<'_>) -> Result<Bundled> {
    let cannot = || format!("{} cannot be bundled", asked.shown);
    let source = Source::read(asked.content).context(cannot)?;
    let mut wire = source.wire;
    let mut notices = project.map_or_else(Vec::new, |project| project.notices.clone());
    let mut proved = Vec::new();
    let (name, lock) = if let Some((name, lock)) = closed_set(project, asked)? {
        if let Some(member) = project.and_then(|project| project.workspace.member(&name)) {
            wire = member.wiring();
        }
        (name, lock)
    } else {
        let requires = if asked.requires.is_empty() {
            &source.requires
        } else {
            asked.requires
        };
        let locked = lock_component(project, requires, asked.offline)?;
        notices.extend(locked.notices);
        proved = locked.proved;
        (COMPONENT.to_owned(), locked.lock)
    };
    let mut contents = BTreeMap::new();
    if !lock.packages.is_empty() {
        let project = project.ok_or_else(no_workspace)?;
        let mut sessions = Sessions::new(&project.registries, Reading::using(asked.offline));
        let whose = if name == COMPONENT || asked.lock.is_some() {
            Whose::Carried
        } else {
            Whose::Workspace(project.workspace.lock_file())
        };
        let checked = lock::verify::check(
            project.registries.origins(),
            whose,
            &lock,
            &mut sessions,
            |selection| selection.kind == Kind::Component,
        )?;
        proved = sessions.proved();
        for notice in sessions.silent().into_iter().chain(checked.yanked) {
            if !notices.contains(&notice) {
                notices.push(notice); // solving may have said so
            }
        }
        contents = checked.contents;
    }
    let text = lock.to_string();
    let composition = Composition {
        root: Part {
            requirements: requirements(&lock),
            content: source.content,
        },
        digest: source.digest,
        parts: parts(&lock, &contents, project)?,
        wire: &wire,
        name: lock.only_root().map_or("", |(name, _)| name),
        lock: &text,
    };
    let plan = match Plan::new(&composition) {
        Ok(plan) => plan,
        Err(error) => {
            let location = redirection(&error, project, &name);
            let error = Error::classified(error);
            let error = location.into_iter().fold(error, Error::at);
            return Err(error.context(cannot()));
        }
    };
    notices.extend(plan.unused().iter().map(|unused| Notice::Unused {
        location: asked_for(unused, project, &name),
        unused: unused.clone(),
    }));
    let components = plan.components();
    let bytes = component::bundle::encode(&plan)
        .classified()
        .context(cannot)?;
    Ok(Bundled {
        root: source.digest,
        name,
        bytes,
        components,
        lock,
        proved,
        notices,
    })
}

/// The closed set of a project's member, and the member's name; none where the component is not a project's, or its
/// project asks for nothing.
fn closed_set(project: Option<&Project>, asked: &Asked<'_>) -> Result<Option<(String, Lockfile)>> {
    if !asked.requires.is_empty() {
        return Ok(None);
    }
    if let Some(path) = asked.lock {
        let lock = lock_file::read(path)?
            .ok_or_else(|| Error::new(Class::Lock, format!("{} is missing", path.display())))?;
        let mut names = lock.roots.keys();
        let name = match (names.next(), names.next()) {
            (Some(only), None) => only.clone(),
            _ => match project {
                Some(project) => project.workspace.only_selected().classified()?.name.clone(),
                None => return Err(no_workspace()),
            },
        };
        let alone = lock.member_lock(&name).ok_or_else(|| {
            let message = format!("{} has no closed set of `{name}`", path.display());
            Error::new(Class::Lock, message)
        })?;
        return Ok(Some((name, alone)));
    }
    let Some(project) = project else {
        return Ok(None);
    };
    if project.problem.members.is_empty() {
        return Ok(None);
    }
    let name = &project.workspace.only_selected().classified()?.name;
    Ok(lock::member_lock(project, name)?.map(|lock| (name.clone(), lock)))
}

/// What the root of a lock requires: by this it is wired. The member's `wit/` says more precisely than a record what each
/// requirement is for.
pub(super) fn requirements(lock: &Lockfile) -> &BTreeSet<Requirement> {
    static NONE: BTreeSet<Requirement> = BTreeSet::new();
    lock.only_root().map_or(&NONE, |(_, root)| &root.requires)
}

/// The components of a closed set of which nothing lies in a folder, with their contents.
pub(super) fn fetched<'c>(
    lock: &'c Lockfile,
    contents: &'c BTreeMap<Selection, Content>,
) -> Result<BTreeMap<Selection, Part<'c>>> {
    parts(lock, contents, None)
}

/// The components of a closed set with their contents: fetched ones, and those that lie in a folder.
fn parts<'c>(
    lock: &'c Lockfile,
    contents: &'c BTreeMap<Selection, Content>,
    project: Option<&'c Project>,
) -> Result<BTreeMap<Selection, Part<'c>>> {
    let member = lock.only_root().map(|(name, _)| name);
    let components = lock.packages.iter();
    let components = components.filter(|(selection, _)| selection.kind == Kind::Component);
    let parts = components.map(|(selection, package)| {
        let fetched = contents.get(selection).map(Content::bytes);
        let local = || match project?.held(member?, selection)? {
            Held::Component { bytes, .. } => Some(bytes.as_slice()),
            Held::Wit(_) | Held::Project(_) => None,
        };
        let content = fetched.or_else(local);
        let part = Part {
            requirements: &package.requires,
            content: content.ok_or_else(|| unbuilt(selection, project))?,
        };
        Ok((selection.clone(), part))
    });
    parts.collect()
}

/// Where the redirection stands that is refused.
fn redirection(error: &ComposeError, project: Option<&Project>, name: &str) -> Option<Location> {
    let ComposeError::Redirected { import, .. } = error else {
        return None;
    };
    let member = project?.workspace.member(name)?;
    Some(member.wire.get(import)?.1.clone())
}

/// Where a member asks for what does nothing.
fn asked_for(unused: &Unused, project: Option<&Project>, name: &str) -> Option<Location> {
    match unused {
        Unused::Requirement {
            by: PartName::Root(_),
            name: package,
        } => project?.location_of(name, Kind::Component, package),
        Unused::Requirement { .. } => None,
        Unused::Redirection { import } => {
            let member = project?.workspace.member(name)?;
            Some(member.wire.get(import)?.1.clone())
        }
    }
}

/// A local component is a folder with sources, and where cargo leaves what it builds of them is not known here.
fn unbuilt(selection: &Selection, project: Option<&Project>) -> Error {
    let paths = project.map(Project::local_paths).unwrap_or_default();
    let path = paths.get(selection).map_or("a folder", String::as_str);
    let (name, version) = (&selection.name, &selection.version);
    let message =
        format!("`{name}@{version}` is taken from {path}, which is not a component that is built");
    Error::new(Class::Other, message).with_help(format!(
        "build it, and name the file: \"{name}\" = {{ path = \"…/{}.wasm\", version = \"{version}\" }}; or publish it",
        name.name()
    ))
}

fn no_workspace() -> Error {
    let message = "there is no Cargo.toml here or further up, so no registry is configured";
    Error::new(Class::Usage, message).with_help(
        "run it where the registries are configured, or name that folder with --manifest-path",
    )
}

/// Locks a component that no cargo project built, at what the registries have now.
///
/// # Errors
/// No solution; a registry that is not configured, cannot be read or be believed.
pub fn lock_component(
    project: Option<&Project>,
    requires: &[Requirement],
    offline: bool,
) -> Result<Locked> {
    if requires.is_empty() {
        let options = project.map(|project| project.problem.options.clone());
        let lock = Lockfile::of_nothing(COMPONENT, options.unwrap_or_default());
        return Ok(Locked {
            lock,
            proved: Vec::new(),
            notices: Vec::new(),
        });
    }
    let project = project.ok_or_else(no_workspace)?;
    let member = RootMember {
        requirements: requires.iter().map(RootRequirement::of_lock).collect(),
        ..RootMember::default()
    };
    let problem = Problem {
        options: project.problem.options.clone(),
        members: BTreeMap::from([(COMPONENT.to_owned(), member)]),
        ..Problem::default()
    };
    let mut sessions = Sessions::new(&project.registries, Reading::now(offline));
    let resolution = sessions.solve(&problem)?;
    let lock = lock::build(&problem, &resolution, &mut sessions)?;
    Ok(Locked {
        notices: sessions.yanked(&resolution),
        proved: sessions.proved(),
        lock,
    })
}

/// What a component says that it requires: where it is a bundle, what its root required.
///
/// # Errors
/// A bundle that was changed; bytes that are no valid component, of which no command could make anything.
pub fn embedded_requirements(content: &[u8]) -> Result<Vec<Requirement>> {
    Interface::of_component(content).classified()?;
    Ok(Source::read(content)?.requires)
}
