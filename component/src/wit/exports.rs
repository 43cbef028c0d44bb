//! The WIT of what components export, so that others can import it.
//!
//! A component's bytes hold its exported interfaces whole, and of other packages as much as it uses. Several components
//! may hold parts of one package; these are united, where they agree. What is selected or local serves instead of them, and
//! is neither taken from components nor compared with what they hold.
//!
//! The references in a component's bytes are those of the project that it was built in, which may have raised them within
//! their tracks. Where two components differ only by that, the higher version counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use transparency::digest::Digest;
use wit_parser::{
    InterfaceId, PackageId, PackageName as WitName, Resolve, Span, Type, TypeDefKind, TypeId,
    TypeOwner, WorldKey,
};

use super::agreement::{Comparison, same_interface};
use super::binary::{BinaryError, open_component};
use super::guard::{GaveUp, guarded};
use super::selected::{Form, Selected};
use super::text::{Group, Groups, TextError, print};

/// Components whose exports cannot be written as WIT.
#[derive(Debug, thiserror::Error)]
pub enum ExportsError {
    /// A content that does not decode.
    #[error("the content of `{component}` cannot be read")]
    Content {
        /// The component and its version.
        component: String,
        /// The error that caused it.
        source: BinaryError,
    },
    /// Two components hold different things under one name.
    #[error("`{component}` holds another `{interface}` than the components before it")]
    Contradiction {
        /// The component and its version.
        component: String,
        /// The interface in which they differ, by its full name.
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
    let mut union = Union::new(&served);
    let mut texts = Vec::new();
    for component in &components {
        match component.form {
            Form::Binary(bytes) => union.add_binary(component, bytes)?,
            Form::Text(groups) => texts.push((component, groups)),
        }
    }
    if !texts.is_empty() {
        let mut around = at_hand.clone();
        for export in union.clone().packages()? {
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
    union.packages()
}

/// What components export, united where they hold parts of the same packages.
#[derive(Clone)]
struct Union<'s> {
    /// The packages that something else serves.
    served: &'s dyn Fn(&WitName) -> bool,
    resolve: Resolve,
    /// How many were added.
    count: usize,
    exported: Vec<(InterfaceId, Digest)>,
}

impl<'s> Union<'s> {
    fn new(served: &'s dyn Fn(&WitName) -> bool) -> Self {
        Self {
            served,
            resolve: Resolve::default(),
            count: 0,
            exported: Vec::new(),
        }
    }

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
        mut resolve: Resolve,
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
        let served = self.served_in(&resolve);
        let (union, count) = (&mut self.resolve, self.count);
        let needed = guarded(|| needed(&resolve, &exported, &served))?;
        // The merger takes the first of two types of one name, and does not compare them.
        let contradiction = guarded(|| {
            let mut comparison = Comparison::new(&resolve, union);
            needed.keys().find(|id| !comparison.agrees(**id))
        })?;
        if let Some(id) = contradiction {
            return Err(ExportsError::Contradiction {
                component: title(component),
                interface: resolve.id_of(*id).unwrap_or_default(),
            });
        }
        hide_others(&mut resolve, &needed, &served, count);
        let raised = raised(union, &resolve, needed.keys());
        let remap =
            guarded(|| union.merge(resolve))?.map_err(|error| merge_error(format!("{error:#}")))?;
        for (user, used) in raised {
            let used = remap
                .map_type(used, Span::default())
                .map_err(|error| merge_error(error.to_string()))?;
            union.types[user].kind = TypeDefKind::Type(Type::Id(used));
        }
        for (id, _) in &mut exported {
            *id = remap
                .map_interface(*id, Span::default())
                .map_err(|error| merge_error(error.to_string()))?;
        }
        self.exported.extend(exported);
        self.count += 1;
        Ok(())
    }

    fn served_in(&self, resolve: &Resolve) -> BTreeSet<PackageId> {
        let packages = resolve.packages.iter();
        let served = packages.filter(|(_, package)| (self.served)(&package.name));
        served.map(|(id, _)| id).collect()
    }

    /// Of each package only what is exported or used: what a component merely imports is the host's affair.
    fn packages(mut self) -> Result<Vec<Export>, ExportsError> {
        let served = self.served_in(&self.resolve);
        let needed = guarded(|| needed(&self.resolve, &self.exported, &served))?;
        let union = &mut self.resolve;
        let mut exports = Vec::new();
        let ids: Vec<_> = union.packages.iter().map(|(id, _)| id).collect();
        for id in ids {
            let package = &mut union.packages[id];
            package.worlds.clear();
            package.interfaces.retain(|_, id| needed.contains_key(id));
            if package.interfaces.is_empty() {
                continue;
            }
            let name = package.name.clone();
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

/// The interfaces, and all whose types they use, each with the contents that it came from. Interfaces of packages that
/// something else serves are left out, and so is what those use.
fn needed(
    resolve: &Resolve,
    exported: &[(InterfaceId, Digest)],
    served: &BTreeSet<PackageId>,
) -> BTreeMap<InterfaceId, BTreeSet<Digest>> {
    let mut needed: BTreeMap<InterfaceId, BTreeSet<Digest>> = BTreeMap::new();
    let mut open = exported.to_vec();
    while let Some((id, digest)) = open.pop() {
        let package = resolve.interfaces[id].package;
        let is_served = package.is_some_and(|package| served.contains(&package));
        if !is_served && needed.entry(id).or_default().insert(digest) {
            open.extend(resolve.interface_direct_deps(id).map(|id| (id, digest)));
        }
    }
    needed
}

/// Hides from the merger what it must not compare. Of packages that something else serves, only the names stay. Interfaces
/// that are not needed get a name that no other component has.
fn hide_others(
    resolve: &mut Resolve,
    needed: &BTreeMap<InterfaceId, BTreeSet<Digest>>,
    served: &BTreeSet<PackageId>,
    count: usize,
) {
    for (package_id, package) in &mut resolve.packages {
        let interfaces = std::mem::take(&mut package.interfaces).into_iter();
        let hidden = interfaces.map(|(name, id)| {
            if needed.contains_key(&id) {
                return (name, id);
            }
            let interface = &mut resolve.interfaces[id];
            interface.functions.clear();
            if served.contains(&package_id) {
                return (name, id);
            }
            let name = format!("{name} of component{count}");
            interface.name = Some(name.clone());
            (name, id)
        });
        package.interfaces = hidden.collect();
    }
}

/// The types that the union uses of a lower version than what is added does, and those that the union is to use instead.
fn raised<'i>(
    union: &Resolve,
    added: &Resolve,
    interfaces: impl Iterator<Item = &'i InterfaceId>,
) -> Vec<(TypeId, TypeId)> {
    let mut raised = Vec::new();
    for id in interfaces {
        let Some(other) = same_interface(union, added, *id) else {
            continue;
        };
        let theirs = &union.interfaces[other].types;
        for (name, ty) in &added.interfaces[*id].types {
            if let Some(their_type) = theirs.get(name)
                && let Some((_, before)) = used(union, *their_type)
                && let Some((after_type, after)) = used(added, *ty)
                && before.version < after.version
            {
                raised.push((*their_type, after_type));
            }
        }
    }
    raised
}

/// The type of another interface that a type stands for, and the package which that is in.
fn used(resolve: &Resolve, id: TypeId) -> Option<(TypeId, &WitName)> {
    let TypeDefKind::Type(Type::Id(used)) = resolve.types[id].kind else {
        return None;
    };
    let TypeOwner::Interface(interface) = resolve.types[used].owner else {
        return None;
    };
    let package = resolve.interfaces[interface].package?;
    Some((used, &resolve.packages[package].name))
}
