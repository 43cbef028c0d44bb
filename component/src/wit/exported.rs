//! What a project says in its `wit/` that its component will export: the texts that others can import before it is built.
//!
//! They are what [`exports`](super::exports) would find in the component: the interfaces that a world of the project's
//! own package exports, and those whose types they use, as far as the project holds them itself. What is not at hand is
//! referred to, as it is in the project's text.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{InterfaceId, PackageName as WitName, Resolve, WorldKey};

use super::root::Root;
use super::text::{Group, Reference, TextError, print};
use crate::span::Location;

/// What a project's component will export.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    texts: Vec<Group>,
    /// By full name: `ns:name/item@1.2.3`.
    names: BTreeSet<String>,
    /// Whether a world includes one that is not at hand, which may export anything.
    is_open: bool,
    /// Where the project refers to each package item first.
    locations: BTreeMap<String, Location>,
}

impl Exported {
    /// Reads it out of a project's `wit/`.
    ///
    /// # Errors
    /// Texts that do not resolve, whatever is elsewhere.
    pub fn of(root: &Root) -> Result<Self, TextError> {
        let Some(name) = root.package() else {
            return Ok(Self::default());
        };
        let (groups, stubs) = root.groups().with_stubs()?;
        let Some((mut resolve, package)) = groups.resolve(name)? else {
            return Ok(Self::default());
        };
        let worlds = resolve.packages[package].worlds.values();
        let keys = worlds.flat_map(|world| resolve.worlds[*world].exports.keys());
        let ids: BTreeSet<InterfaceId> = keys
            .filter_map(|key| match key {
                WorldKey::Interface(id) => Some(*id),
                WorldKey::Name(_) => None,
            })
            .collect();
        let mut exported = Self {
            names: ids.iter().filter_map(|id| resolve.id_of(*id)).collect(),
            ..Self::default()
        };
        for group in root.groups().iter() {
            let is_main = group.name() == name;
            for reference in group.references() {
                let world = reference.world && stubs.contains(&reference.package);
                exported.is_open |= is_main && world;
                if let Some(location) = reference.location.clone() {
                    let locations = &mut exported.locations;
                    locations.entry(reference.extern_name()).or_insert(location);
                }
            }
        }
        let needed = needed(&resolve, ids, &stubs);
        let packages: Vec<_> = resolve.packages.iter().map(|(id, _)| id).collect();
        for id in packages {
            let package = &mut resolve.packages[id];
            package.worlds.clear();
            package.interfaces.retain(|_, id| needed.contains(id));
            if !package.interfaces.is_empty() {
                let text = print(&resolve, id)?;
                exported.texts.push(Group::parse(root.dir(), &text)?);
            }
        }
        Ok(exported)
    }

    /// The package of a reference, if it is exported or used in what is.
    pub fn text(&self, package: &WitName) -> Option<&Group> {
        self.texts.iter().find(|group| group.name() == package)
    }

    /// Whether the component will export what a reference names, as far as this can be known.
    pub fn may_export(&self, reference: &Reference) -> bool {
        self.is_open || self.names.contains(&reference.extern_name())
    }

    /// The versions under which the texts hold the package of a reference.
    pub fn other_versions(&self, reference: &Reference) -> Vec<&WitName> {
        let WitName {
            namespace, name, ..
        } = &reference.package;
        let names = self.texts.iter().map(Group::name);
        names
            .filter(|found| found.namespace == *namespace && found.name == *name)
            .collect()
    }

    /// Where the project itself makes a reference of one of these texts.
    pub fn location(&self, reference: &Reference) -> Option<&Location> {
        self.locations.get(&reference.extern_name())
    }
}

/// The interfaces, and all whose types they use, without those of stand-ins.
fn needed(
    resolve: &Resolve,
    exported: BTreeSet<InterfaceId>,
    stubs: &BTreeSet<WitName>,
) -> BTreeSet<InterfaceId> {
    let is_stub = |id: InterfaceId| {
        let package = resolve.interfaces[id].package;
        package.is_none_or(|package| stubs.contains(&resolve.packages[package].name))
    };
    let mut needed = BTreeSet::new();
    let mut open: Vec<InterfaceId> = exported.into_iter().collect();
    while let Some(id) = open.pop() {
        if !is_stub(id) && needed.insert(id) {
            open.extend(resolve.interface_direct_deps(id));
        }
    }
    needed
}
