//! What a member keeps of its lock, without a search.

use transparency::selection::Selection;
use transparency::version::Track;

use crate::beside::contradiction;
use crate::closed_set::{ClosedSet, Provenance};
use crate::closure::check_member;
use crate::index::Address;
use crate::preference::Preferences;
use crate::scope::{Scope, Source};

/// The old selection of a member that is to keep it, where it is still valid.
pub(crate) fn kept(scope: &Scope<'_>, preferences: &Preferences) -> Option<ClosedSet> {
    let member = scope.member;
    if !member.keep || contradiction(member).is_some() {
        return None;
    }
    let mut set = ClosedSet::default();
    for selection in &member.selects {
        let source = source_of(scope, selection)?;
        if scope.exclusion(source, preferences).is_some() {
            return None;
        }
        for requirement in source.requirements() {
            let is_local = member.locals.iter().any(|local| {
                local.kind == requirement.kind
                    && local.name == requirement.name
                    && requirement.req.matches(&local.version)
            });
            if !is_local {
                scope.address(requirement).ok()?;
            }
        }
        set.packages
            .insert(selection.clone(), Provenance::of(source));
    }
    check_member(member, &set).is_empty().then_some(set)
}

fn source_of<'a>(scope: &Scope<'a>, selection: &'a Selection) -> Option<Source<'a>> {
    if let Some(local) = scope.local(selection) {
        return Some(Source::Local(local));
    }
    if scope.shadows(
        selection.kind,
        &selection.name,
        &Track::of(&selection.version),
    ) {
        return None;
    }
    let address = Address {
        origin: scope.options.origins.of(&selection.name)?.clone(),
        name: selection.name.clone(),
    };
    let package = scope.index.package(&address)?;
    let release = package.release(&selection.version)?;
    (package.kind() == selection.kind).then_some(Source::Registry(package, release))
}
