//! Stand-ins for packages that are not at hand: as much of them as others use.
//!
//! A text that refers to a package can be resolved only together with that package. A stand-in takes part instead, and
//! accepts as much as possible: each type that is used of it is a resource, which may stand wherever a type may, and each
//! world that is included has the names that are changed. So what is refused with stand-ins is wrong whatever the real
//! package says. Nothing that is made of a stand-in may be written or released.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{AstItem, PackageName as WitName, UnresolvedPackage, WorldId};

use super::TextError;
use super::group::Group;
use super::groups::Groups;

/// What is used of one package.
#[derive(Debug, Default)]
struct Stub {
    /// The types used of each interface.
    interfaces: BTreeMap<String, BTreeSet<String>>,
    /// The names changed of each world.
    worlds: BTreeMap<String, BTreeSet<String>>,
}

impl Stub {
    fn text(&self, name: &WitName) -> String {
        let mut text = format!("package %{}:%{}", name.namespace, name.name);
        if let Some(version) = &name.version {
            let _ = write!(text, "@{version}");
        }
        text.push_str(";\n");
        for (interface, types) in &self.interfaces {
            let _ = write!(text, "interface %{interface} {{");
            for name in types {
                let _ = write!(text, " resource %{name};");
            }
            text.push_str(" }\n");
        }
        // Used as both, it is an interface: as what it is not, it is refused.
        let worlds = self.worlds.iter();
        for (world, names) in worlds.filter(|(name, _)| !self.interfaces.contains_key(*name)) {
            let _ = write!(text, "world %{world} {{");
            for name in names {
                let _ = write!(text, " import %{name}: func();");
            }
            text.push_str(" }\n");
        }
        text
    }
}

/// The names that a package changes of a world that it includes.
fn changed(package: &UnresolvedPackage, id: WorldId) -> impl Iterator<Item = String> {
    let includes = package.worlds.iter().flat_map(|(_, world)| &world.includes);
    let names = includes
        .filter(move |include| include.id == id)
        .flat_map(|include| &include.names);
    names.map(|name| name.name.clone())
}

impl Groups {
    /// The same groups, and stand-ins for all packages that they use and do not hold; the names of these.
    ///
    /// # Errors
    /// Names that no package can have.
    pub fn with_stubs(&self) -> Result<(Self, BTreeSet<WitName>), TextError> {
        let decoded: BTreeSet<&WitName> = self
            .binaries
            .iter()
            .flat_map(|resolve| &resolve.packages)
            .map(|(_, package)| &package.name)
            .collect();
        let mut stubs: BTreeMap<WitName, Stub> = BTreeMap::new();
        for package in self.all.iter().flat_map(Group::packages) {
            let foreign = package.foreign_deps.iter();
            let outside = |name: &WitName| self.get(name).is_none() && !decoded.contains(name);
            for (name, items) in foreign.filter(|(name, _)| outside(name)) {
                let stub = stubs.entry(name.clone()).or_default();
                for (item, (id, _)) in items {
                    match id {
                        AstItem::Interface(id) => {
                            let types = package.interfaces[*id].types.keys().cloned();
                            let used = stub.interfaces.entry(item.clone()).or_default();
                            used.extend(types);
                        }
                        AstItem::World(id) => {
                            let used = stub.worlds.entry(item.clone()).or_default();
                            used.extend(changed(package, *id));
                        }
                    }
                }
            }
        }
        let mut groups = self.clone();
        for (name, stub) in &stubs {
            let path = name.to_string();
            groups.insert(Group::parse(Path::new(&path), &stub.text(name))?)?;
        }
        Ok((groups, stubs.into_keys().collect()))
    }

    /// Resolves everything together, with stand-ins for what is not at hand: what is refused is wrong whatever that is.
    /// Returns what was resolved.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check_alone(&self) -> Result<Self, TextError> {
        let (groups, _) = self.with_stubs()?;
        groups.check()?;
        Ok(groups)
    }
}
