//! Which member built a component that is published under a name given with it.
//!
//! A member that is published under that name did. Of one whose manifest says no name, nothing but the component tells: its
//! imports are what the member's dependencies export. It then is that member's, with all that the member requires, since a
//! release that leaves out what it requires is of no use, and for good.

use transparency::name::Kind;
use transparency::selection::Selection;

use super::requirement::requirement;
use super::unused::is_used;
use crate::error::{Class, Error, Result};
use crate::manifest::{Member, Workspace};
use crate::notice::Notice;
use crate::ops::registry::append::Item;
use crate::ops::release::attach::Carries;
use crate::ops::session::Sessions;

/// Who built a component that is no member's by its name.
pub(super) enum Builder<'w> {
    /// None of the selected members, as far as can be told.
    Nobody,
    /// A member whose manifest says no name.
    Member(&'w Member),
    /// One that is published under another name, by what is imported.
    Named(&'w Member),
}

/// Who built it.
///
/// # Errors
/// Two members that may have; whatever keeps a registry from being read or believed.
pub(super) fn of<'w>(
    workspace: &'w Workspace,
    item: &Item,
    carries: Option<Carries>,
    sessions: &mut Sessions<'_>,
) -> Result<Builder<'w>> {
    if let (Some(_), Ok(only)) = (carries, workspace.only_selected())
        && only.package.is_none()
    {
        return Ok(Builder::Member(only)); // whose else would the lock be?
    }
    let mut nameless = Vec::new();
    let mut named = None;
    for member in workspace.selected() {
        if !uses(member, item, sessions)? {
            continue;
        }
        match member.package {
            None => nameless.push(member),
            Some(_) => named = named.or(Some(member)),
        }
    }
    match (nameless.as_slice(), named) {
        ([], None) => Ok(Builder::Nobody),
        ([], Some(named)) => Ok(Builder::Named(named)),
        ([only], _) => Ok(Builder::Member(only)),
        ([one, other, ..], _) => Err(which(item, one, other)),
    }
}

/// Whether a component imports what a member depends on.
fn uses(member: &Member, item: &Item, sessions: &mut Sessions<'_>) -> Result<bool> {
    let dependencies = member.dependencies.iter();
    let components = dependencies.filter(|one| one.kind == Kind::Component);
    for dependency in components {
        // Nothing depends on itself.
        if dependency.name == item.name {
            return Ok(false);
        }
    }
    let dependencies = member.dependencies.iter();
    for dependency in dependencies.filter(|one| one.kind == Kind::Component) {
        // What others cannot get is told of where it is sure that it is required.
        if let Ok(requirement) = requirement(dependency)
            && is_used(&requirement, &item.statement.imports, sessions)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn which(item: &Item, one: &Member, other: &Member) -> Error {
    let message = format!(
        "`{}` imports what `{}` depends on, and what `{}` does: which of them is it?",
        item.name, one.name, other.name
    );
    Error::new(Class::Usage, message).with_help(format!(
        "choose one with `-p`, or write `package = \"{}\"` into its [package.metadata.warg]",
        item.name
    ))
}

/// What to say of a component that imports what a member depends on, which is published under another name.
pub(super) fn of_another_name(item: &Item, member: &Member) -> Notice {
    Notice::OtherMembersComponent {
        release: Selection {
            kind: item.kind,
            name: item.name.clone(),
            version: item.statement.version.clone(),
        },
        member: member.name.clone(),
        package: member.package.clone(),
    }
}
