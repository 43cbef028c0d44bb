//! The WIT of what components export, so that others can import it.
//!
//! A component's bytes hold its exported interfaces whole, and of other packages as much as it uses. Several components
//! may hold parts of one package; these are united, where they agree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use transparency::digest::Digest;
use wit_component::{OutputToString, WitPrinter};
use wit_parser::{InterfaceId, PackageName as WitName, Resolve, Span, WorldKey};

use super::binary::{BinaryError, open_component};
use super::deps::Selected;
use super::text::{GaveUp, Group, Groups, TextError, guarded, print};

/// Components whose exports cannot be written as WIT.
#[derive(Debug, thiserror::Error)]
pub enum ExportsError {
    /// A content that does not decode.
    #[error("the content of `{component}` cannot be read")]
    Content {
        /// The component and its version.
        component: String,
        /// Why not.
        source: BinaryError,
    },
    /// Two components hold different things under one name.
    #[error("`{component}` holds another `{interface}` than the components before it")]
    Contradiction {
        /// The component and its version.
        component: String,
        /// The interface.
        interface: String,
    },
    /// The parts do not fit together.
    #[error("the WIT of `{component}` does not fit that of the components before it: {message}")]
    Merge {
        /// The component and its version.
        component: String,
        /// The merger's words.
        message: String,
    },
    /// A part cannot be printed.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The WIT library met input that it does not expect.
    #[error("the WIT of the components cannot be united")]
    GaveUp(#[from] GaveUp),
}

/// A package, as far as components export it or use it in what they export.
pub(super) struct Export {
    pub(super) package: WitName,
    /// Of the components that it came from, ascending.
    pub(super) digests: Vec<Digest>,
    pub(super) text: String,
}

/// Checks, before a component is published, that what it exports can be written as WIT and read again: whoever depends
/// on it will have that done by `fetch`.
///
/// # Errors
/// What a component does that WIT has no words for.
pub fn check(component: &Selected<'_>) -> Result<(), ExportsError> {
    let mut groups = Groups::default();
    for export in exports(std::slice::from_ref(component), |_| false)? {
        let path = format!("{}.wit", export.package);
        groups.insert(Group::parse(Path::new(&path), &export.text)?)?;
    }
    groups.check()?;
    Ok(())
}

/// The interfaces that components export, and those whose types they use, as packages; without those that are served.
pub(super) fn exports(
    components: &[Selected<'_>],
    served: impl Fn(&WitName) -> bool,
) -> Result<Vec<Export>, ExportsError> {
    // What is united lists its items in the order in which they came.
    let mut components = components.to_vec();
    components.sort_by_key(|component| (component.name, component.version));
    let mut union = Resolve::default();
    let mut exported = Vec::new();
    for (place, component) in components.iter().enumerate() {
        exported.extend(unite(&mut union, place, component)?);
    }
    let needed = guarded(|| needed(&union, &exported))?;

    // Of each package only what is exported or used: what a component merely imports is the host's affair.
    let mut exports = Vec::new();
    let ids: Vec<_> = union.packages.iter().map(|(id, _)| id).collect();
    for id in ids {
        let package = &mut union.packages[id];
        package.worlds.clear();
        package.interfaces.retain(|_, id| needed.contains_key(id));
        let name = package.name.clone();
        if package.interfaces.is_empty() || served(&name) {
            continue;
        }
        let digests: BTreeSet<_> = package
            .interfaces
            .values()
            .filter_map(|id| needed.get(id))
            .flatten()
            .copied()
            .collect();
        exports.push(Export {
            package: name,
            digests: digests.into_iter().collect(),
            text: print(&union, id)?,
        });
    }
    Ok(exports)
}

/// Adds a component to the union; the interfaces that it exports.
fn unite(
    union: &mut Resolve,
    place: usize,
    component: &Selected<'_>,
) -> Result<Vec<(InterfaceId, Digest)>, ExportsError> {
    let name = || format!("{}@{}", component.name, component.version);
    let merge_error = |message| ExportsError::Merge {
        component: name(),
        message,
    };
    let (mut resolve, world) =
        open_component(component.bytes).map_err(|source| ExportsError::Content {
            component: name(),
            source,
        })?;
    // The decoder gives every component's world one name; a union needs one for each.
    if let Some(id) = resolve.worlds[world].package {
        let mut name = resolve.packages[id].name.clone();
        resolve.package_names.shift_remove(&name);
        name.name = format!("component{place}");
        resolve.packages[id].name = name.clone();
        resolve.package_names.insert(name, id);
    }
    let mut exported: Vec<_> = resolve.worlds[world]
        .exports
        .keys()
        .filter_map(|key| match key {
            WorldKey::Interface(id) => Some((*id, component.digest)),
            WorldKey::Name(_) => None,
        })
        .collect();
    // The merger takes the first of two types of one name, and does not compare them.
    let contradiction = guarded(|| {
        let needed = needed(&resolve, &exported);
        needed.into_keys().find(|id| !agree(union, &resolve, *id))
    })?;
    if let Some(id) = contradiction {
        return Err(ExportsError::Contradiction {
            component: name(),
            interface: resolve.id_of(id).unwrap_or_default(),
        });
    }
    let remap =
        guarded(|| union.merge(resolve))?.map_err(|error| merge_error(format!("{error:#}")))?;
    for (id, _) in &mut exported {
        *id = remap
            .map_interface(*id, Span::default())
            .map_err(|error| merge_error(error.to_string()))?;
    }
    Ok(exported)
}

/// The interfaces, and all whose types they use, each with the contents that it came from.
fn needed(
    resolve: &Resolve,
    exported: &[(InterfaceId, Digest)],
) -> BTreeMap<InterfaceId, BTreeSet<Digest>> {
    let mut needed: BTreeMap<InterfaceId, BTreeSet<Digest>> = BTreeMap::new();
    let mut open = exported.to_vec();
    while let Some((id, digest)) = open.pop() {
        if needed.entry(id).or_default().insert(digest) {
            open.extend(resolve.interface_direct_deps(id).map(|id| (id, digest)));
        }
    }
    needed
}

/// Whether the union holds the same under the names that an interface shares with it.
pub(super) fn agree(union: &Resolve, resolve: &Resolve, id: InterfaceId) -> bool {
    let Some(other) = same_interface(union, resolve, id) else {
        return true;
    };
    shared(union, other, resolve, id) == shared(resolve, id, union, other)
}

/// The interface of the union that has an interface's name, if any.
fn same_interface(union: &Resolve, resolve: &Resolve, id: InterfaceId) -> Option<InterfaceId> {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package?].name;
    let package = union.package_names.get(package)?;
    let interfaces = &union.packages[*package].interfaces;
    interfaces.get(interface.name.as_ref()?).copied()
}

/// An interface as text, reduced to the items that another also has, by name; none where it cannot be printed.
fn shared(
    resolve: &Resolve,
    id: InterfaceId,
    others: &Resolve,
    other: InterfaceId,
) -> Option<String> {
    let other = &others.interfaces[other];
    let mut reduced = resolve.clone();
    let interface = &mut reduced.interfaces[id];
    interface
        .types
        .retain(|name, _| other.types.contains_key(name));
    interface.types.sort_keys();
    interface
        .functions
        .retain(|name, _| other.functions.contains_key(name));
    interface.functions.sort_keys();
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.emit_docs(false);
    printer.print_interface(&reduced, id).ok()?;
    Some(printer.output.into())
}
