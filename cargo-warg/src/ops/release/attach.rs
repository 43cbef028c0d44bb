//! What a dep-solved release carries: the lock of its member alone, and perhaps its bundle.
//!
//! A stranger must get the same from the registry alone. So nothing may come from a folder, the lock must be what the
//! manifests ask for and its claims must hold, and it is solved again as the stranger will: from nothing, at the lock's
//! checkpoints. What comes out otherwise than the project has it is written down as held.

use resolver::lockfile::Lockfile;
use transparency::digest::Digest;
use transparency::name::Kind;
use transparency::selection::Selection;
use transparency::statement::Attachment;

use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::Member;
use crate::notice::Notice;
use crate::ops::bundle;
use crate::ops::lock;
use crate::ops::lock::verify::Whose;
use crate::ops::registry::append::Item;
use crate::ops::release::derivation;
use crate::ops::release::purpose;
use crate::ops::session::Sessions;
use crate::ops::session::personal::is_personal;
use crate::ops::session::project::Project;
use component::bundle::wiring::{Plan, Unused};
use component::bundle::{Composition, FORMAT, Part, PartName};

/// What a dep-solved release carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// The lock of its member alone.
    Lock,
    /// That, and the closed set composed into one component.
    LockAndBundle,
}

/// Puts the member's lock, and the bundle where it is asked for, into the release. Returns what the publisher may want to
/// mend.
///
/// # Errors
/// A lock that is missing or stale, or holds what others do not get; a claim of it that does not hold; imports that the
/// requirements do not account for; a closed set that cannot be solved again, or composed.
pub(crate) fn attach(
    project: &Project,
    member: &str,
    item: &mut Item,
    carries: Carries,
    now: &mut Sessions<'_>,
) -> Result<Vec<Notice>> {
    let lock = lock::member_lock(project, member)?;
    let options = || project.problem.options.clone();
    let lock = lock.unwrap_or_else(|| Lockfile::of_nothing(member, options()));
    refuse_folders(project, &lock)?;
    refuse_personal(&lock)?;
    let is_component = |selection: &Selection| selection.kind == Kind::Component;
    let checked = lock::verify::check(
        project.registries.origins(),
        Whose::Workspace(project.workspace.lock_file()),
        &lock,
        now,
        is_component,
    )?;
    let mut then = Sessions::at_lock(now, &lock);
    let lock = derivation::fix_held(lock, &mut then).map_err(|error| {
        error.context(format!("the closed set of `{member}` cannot be published"))
    })?;
    let wire = project
        .workspace
        .member(member)
        .map(Member::wiring)
        .unwrap_or_default();
    purpose::state_locked(&mut item.statement, &lock, now)?;
    let text = lock.to_string();
    let composition = Composition {
        root: Part {
            // The record decides the wiring, as for whoever requires the release.
            requirements: &item.statement.requirements,
            content: &item.content,
        },
        digest: item.statement.digest,
        parts: bundle::fetched(&lock, &checked.contents)?,
        wire: &wire,
        name: member,
        lock: &text,
    };
    let plan = Plan::new(&composition).classified()?;
    plan.unused().iter().try_for_each(refuse_unused)?;
    if carries == Carries::LockAndBundle {
        let bytes = component::bundle::encode(&plan).classified()?;
        item.statement.bundle = Some((attachment(&bytes), FORMAT));
        item.attached.push(bytes);
    }
    let bytes = text.into_bytes();
    item.statement.lock = Some(attachment(&bytes));
    item.attached.push(bytes);
    Ok(checked.yanked)
}

/// A release says what it needs, and no more. What its dependencies say is their publishers' business.
fn refuse_unused(unused: &Unused) -> Result<()> {
    match unused {
        Unused::Requirement {
            by: PartName::Package(_),
            ..
        } => Ok(()),
        Unused::Requirement { .. } | Unused::Redirection { .. } => {
            Err(Error::new(Class::Other, unused)
                .with_help("build the component again, or take that out of the manifest"))
        }
    }
}

/// A release that no member is the source of has no closed set.
pub(crate) fn no_member(item: &Item) -> Error {
    let name = &item.name;
    let message = format!("no selected member of the workspace is published as `{name}`");
    Error::new(Class::Usage, message).with_help(format!(
        "a release carries the closed set of a member: write `package = \"{name}\"` into its [package.metadata.warg]"
    ))
}

/// Nor has a WIT package one.
pub(crate) fn no_wit(items: &[Item]) -> Error {
    let names: Vec<_> = items
        .iter()
        .map(|item| format!("`{}`", item.name))
        .collect();
    let message = format!(
        "{} is a WIT package, which carries no lock",
        names.join(", ")
    );
    Error::new(Class::Usage, message).with_help("leave `--with-lock` and `--bundle` out")
}

fn attachment(bytes: &[u8]) -> Attachment {
    Attachment {
        digest: Digest::of(bytes),
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    }
}

/// Refuses a lock that only one machine can read.
fn refuse_personal(lock: &Lockfile) -> Result<()> {
    let Some(origin) = lock.registries.keys().find(|origin| is_personal(origin)) else {
        return Ok(());
    };
    let message =
        format!("the lock names the personal registry `{origin}`, which nobody else can ask");
    Err(Error::new(Class::Lock, message).with_help(
        "move its namespaces to a registry of your team: name that in Cargo.toml, run `cargo warg lock`, and build again",
    ))
}

fn refuse_folders(project: &Project, lock: &Lockfile) -> Result<()> {
    let paths = project.local_paths();
    let mut packages = lock.packages.iter();
    let Some((selection, _)) = packages.find(|(_, package)| package.release.is_none()) else {
        return Ok(());
    };
    let path = paths.get(selection).map_or("a folder", String::as_str);
    let message = format!("{selection} is taken from {path}, where nobody else can get it");
    Err(Error::new(Class::Lock, message).with_help(format!(
        "publish `{}` first, take its path out of the manifest, run `cargo warg lock`, and build again",
        selection.name
    )))
}
