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
use super::deps::{Form, Selected};
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
    for export in exports(std::slice::from_ref(component), |_| false, &groups)? {
        let path = format!("{}.wit", export.package);
        groups.insert(Group::parse(Path::new(&path), &export.text)?)?;
    }
    groups.check()?;
    Ok(())
}

/// The interfaces that components export, and those whose types they use, as packages; without those that are served.
///
/// What the texts of a component refer to is in `at_hand`, or another component's.
pub(super) fn exports(
    components: &[Selected<'_>],
    served: impl Fn(&WitName) -> bool,
    at_hand: &Groups,
) -> Result<Vec<Export>, ExportsError> {
    // What is united lists its items in the order in which they came.
    let mut components = components.to_vec();
    components.sort_by_key(|component| (component.name, component.version));
    let mut union = Union::default();
    let mut texts = Vec::new();
    for component in &components {
        match component.form {
            Form::Binary(bytes) => union.add_binary(component, bytes)?,
            Form::Text(groups) => texts.push((component, groups)),
        }
    }
    if !texts.is_empty() {
        let mut around = at_hand.clone();
        for export in union.clone().packages(&served)? {
            let path = export.package.to_string();
            around.insert(Group::parse(Path::new(&path), &export.text)?)?;
        }
        for (component, groups) in &texts {
            let others = texts.iter().flat_map(|(_, groups)| *groups);
            let groups = groups.iter().filter(|group| !served(group.name()));
            for group in groups {
                let others = others.clone().filter(|other| !served(other.name()));
                union.add_text(component, group, others, &around)?;
            }
        }
    }
    union.packages(&served)
}

/// What components export, united where they hold parts of the same packages.
#[derive(Clone, Default)]
struct Union {
    resolve: Resolve,
    /// How many were added.
    count: usize,
    exported: Vec<(InterfaceId, Digest)>,
}

impl Union {
    /// Adds what a component exports by its bytes.
    fn add_binary(&mut self, component: &Selected<'_>, bytes: &[u8]) -> Result<(), ExportsError> {
        let (mut resolve, world) =
            open_component(bytes).map_err(|source| ExportsError::Content {
                component: title(component),
                source,
            })?;
        // The decoder gives every component's world one name; a union needs one for each.
        if let Some(id) = resolve.worlds[world].package {
            let mut name = resolve.packages[id].name.clone();
            resolve.package_names.shift_remove(&name);
            name.name = format!("component{}", self.count);
            resolve.packages[id].name = name.clone();
            resolve.package_names.insert(name, id);
        }
        let exports = resolve.worlds[world].exports.keys();
        let exported = exports.filter_map(|key| match key {
            WorldKey::Interface(id) => Some(*id),
            WorldKey::Name(_) => None,
        });
        let exported = exported.collect();
        self.add(component, resolve, exported)
    }

    /// Adds a package that a component will export, by its text.
    fn add_text<'g>(
        &mut self,
        component: &Selected<'_>,
        text: &Group,
        others: impl Iterator<Item = &'g Group>,
        around: &Groups,
    ) -> Result<(), ExportsError> {
        let mut groups = around.clone();
        groups.remove(text.name());
        groups.insert(text.clone())?;
        for other in others {
            if groups.get(other.name()).is_none() {
                groups.insert(other.clone())?;
            }
        }
        let Some((resolve, package)) = groups.resolve(text.name())? else {
            return Ok(());
        };
        let interfaces = resolve.packages[package].interfaces.values();
        let exported = interfaces.copied().collect();
        self.add(component, resolve, exported)
    }

    fn add(
        &mut self,
        component: &Selected<'_>,
        resolve: Resolve,
        exported: Vec<InterfaceId>,
    ) -> Result<(), ExportsError> {
        let merge_error = |message| ExportsError::Merge {
            component: title(component),
            message,
        };
        let mut exported: Vec<_> = exported
            .into_iter()
            .map(|id| (id, component.digest))
            .collect();
        let union = &mut self.resolve;
        // The merger takes the first of two types of one name, and does not compare them.
        let contradiction = guarded(|| {
            let needed = needed(&resolve, &exported);
            needed.into_keys().find(|id| !agree(union, &resolve, *id))
        })?;
        if let Some(id) = contradiction {
            return Err(ExportsError::Contradiction {
                component: title(component),
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
        self.exported.extend(exported);
        self.count += 1;
        Ok(())
    }

    /// Of each package only what is exported or used: what a component merely imports is the host's affair.
    fn packages(mut self, served: &impl Fn(&WitName) -> bool) -> Result<Vec<Export>, ExportsError> {
        let needed = guarded(|| needed(&self.resolve, &self.exported))?;
        let union = &mut self.resolve;
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
                text: print(union, id)?,
            });
        }
        Ok(exports)
    }
}

fn title(component: &Selected<'_>) -> String {
    format!("{}@{}", component.name, component.version)
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
