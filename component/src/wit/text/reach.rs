//! How much worlds reach: what resolving costs beyond the length of a text.
//!
//! The WIT library gives each world every interface that its imports use, directly or not. A megabyte of text has room for
//! thousands of worlds and thousands of interfaces, and their product would take minutes.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{
    AstItem, InterfaceId, PackageName as WitName, Type, TypeDefKind, TypeOwner, UnresolvedPackage,
    WorldId, WorldItem,
};

use super::{Group, TextError};

/// The most interfaces, and uses of one by another, that all worlds of some texts may reach, counted for each world. All
/// worlds of all versions of WASI together reach some thousands; this many take about two seconds.
pub(super) const MAX_REACH: usize = 1 << 18;

/// What a world or an interface is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// By the places of the package and of the item.
    Interface(usize, InterfaceId),
    World(usize, WorldId),
}

/// What is made of what, through all packages.
struct Graph<'g> {
    places: BTreeMap<&'g WitName, usize>,
    /// The interfaces and worlds of each package, by name.
    items: BTreeMap<(usize, &'g str), Node>,
    edges: BTreeMap<Node, BTreeSet<Node>>,
}

impl<'g> Graph<'g> {
    fn of(groups: impl Iterator<Item = &'g Group>) -> Self {
        let packages: Vec<_> = groups.flat_map(Group::packages).collect();
        let places = (0..).zip(&packages);
        let places = places.map(|(place, package)| (&package.name, place));
        let mut graph = Self {
            places: places.collect(),
            items: BTreeMap::new(),
            edges: BTreeMap::new(),
        };
        for (place, package) in (0..).zip(&packages) {
            for (id, interface) in &package.interfaces {
                // Those that stand for another package's have none.
                if let Some(name) = &interface.name {
                    let node = Node::Interface(place, id);
                    graph.items.insert((place, name), node);
                }
            }
            for (id, world) in &package.worlds {
                let node = Node::World(place, id);
                graph.items.insert((place, &world.name), node);
            }
        }
        for (place, package) in (0..).zip(&packages) {
            graph.add(place, package);
        }
        graph
    }

    fn add(&mut self, place: usize, package: &UnresolvedPackage) {
        let foreign = self.foreign(package);
        let interface = |id: InterfaceId| {
            let found = foreign.get(&Node::Interface(place, id)).copied();
            found.unwrap_or(Node::Interface(place, id))
        };
        let mut edges: Vec<(Node, Node)> = Vec::new();
        for (_, ty) in &package.types {
            let from = match ty.owner {
                TypeOwner::Interface(id) => interface(id),
                TypeOwner::World(id) => Node::World(place, id),
                TypeOwner::None => continue,
            };
            if let TypeDefKind::Type(Type::Id(used)) = ty.kind
                && let TypeOwner::Interface(used) = package.types[used].owner
            {
                edges.push((from, interface(used)));
            }
        }
        for (id, world) in &package.worlds {
            let from = Node::World(place, id);
            for item in world.imports.values().chain(world.exports.values()) {
                if let WorldItem::Interface { id, .. } = item {
                    edges.push((from, interface(*id)));
                }
            }
            for include in &world.includes {
                let world = Node::World(place, include.id);
                edges.push((from, foreign.get(&world).copied().unwrap_or(world)));
            }
        }
        for (from, to) in edges.into_iter().filter(|(from, to)| from != to) {
            self.edges.entry(from).or_default().insert(to);
        }
    }

    /// The items of other packages that stand in a package for those that it uses, and which they are.
    fn foreign(&self, package: &UnresolvedPackage) -> BTreeMap<Node, Node> {
        let own = self.places.get(&package.name).copied().unwrap_or_default();
        let mut foreign = BTreeMap::new();
        for (name, items) in &package.foreign_deps {
            let Some(place) = self.places.get(name) else {
                continue;
            };
            for (item, (id, _)) in items {
                let node = match id {
                    AstItem::Interface(id) => Node::Interface(own, *id),
                    AstItem::World(id) => Node::World(own, *id),
                };
                let found = self.items.get(&(*place, item.as_str()));
                foreign.extend(found.map(|found| (node, *found)));
            }
        }
        foreign
    }
}

/// Counts what all worlds reach.
///
/// # Errors
/// More than [`MAX_REACH`].
pub(super) fn check<'g>(
    main: &'g Group,
    others: impl Iterator<Item = &'g Group>,
) -> Result<(), TextError> {
    let graph = Graph::of(std::iter::once(main).chain(others));
    let mut steps = 0_usize;
    for world in graph
        .edges
        .keys()
        .filter(|node| matches!(node, Node::World(..)))
    {
        let mut seen = BTreeSet::from([*world]);
        let mut ahead = vec![*world];
        while let Some(node) = ahead.pop() {
            let edges = graph.edges.get(&node).into_iter().flatten();
            for next in edges {
                steps = steps.saturating_add(1);
                if seen.insert(*next) {
                    steps = steps.saturating_add(1);
                    ahead.push(*next);
                }
                if steps > MAX_REACH {
                    return Err(TextError::TooWide {
                        path: main.path.clone(),
                    });
                }
            }
        }
    }
    Ok(())
}
