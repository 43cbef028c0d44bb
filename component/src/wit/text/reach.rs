//! How much worlds reach: what resolving costs beyond the length of a text.
//!
//! The WIT library adds to each world every interface that its imports use, directly or not, and a copy of each world that it
//! includes. A megabyte of text has room for thousands of worlds and for thousands of items that each of them reaches. Millions
//! of copies would take minutes, or gigabytes.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{
    AstItem, Docs, Function, InterfaceId, PackageName as WitName, Param, Type, TypeDef,
    TypeDefKind, TypeOwner, UnresolvedPackage, WorldId, WorldItem,
};

use super::TextError;
use super::group::Group;

/// The most interfaces, uses of one by another, and functions and types of included worlds, that all worlds of some texts
/// may reach, counted for each world. All worlds of all versions of WASI together reach some thousands; this many take about
/// two seconds, and 100 MB.
pub(super) const MAX_REACH: usize = 1 << 18;

/// What a world or an interface is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// By the position of the package, and the item in it.
    Interface(usize, InterfaceId),
    World(usize, WorldId),
}

/// What is made of what, through all packages.
struct Graph<'g> {
    positions: BTreeMap<&'g WitName, usize>,
    /// The interfaces and worlds of each package, by name.
    items: BTreeMap<(usize, &'g str), Node>,
    edges: BTreeMap<Node, BTreeSet<Node>>,
    /// What a world costs each that includes it, where that is anything.
    copies: BTreeMap<Node, usize>,
}

/// The bytes of names and documentation that count as one function more.
const BYTES: usize = 256;

impl<'g> Graph<'g> {
    fn of(groups: impl Iterator<Item = &'g Group>) -> Self {
        let packages: Vec<_> = groups.flat_map(Group::packages).collect();
        let positions = (0..).zip(&packages);
        let positions = positions.map(|(position, package)| (&package.name, position));
        let mut graph = Self {
            positions: positions.collect(),
            items: BTreeMap::new(),
            edges: BTreeMap::new(),
            copies: BTreeMap::new(),
        };
        for (position, package) in (0..).zip(&packages) {
            for (id, interface) in &package.interfaces {
                // Those that stand for another package's have none.
                if let Some(name) = &interface.name {
                    let node = Node::Interface(position, id);
                    graph.items.insert((position, name), node);
                }
            }
            for (id, world) in &package.worlds {
                let node = Node::World(position, id);
                graph.items.insert((position, &world.name), node);
            }
        }
        for (position, package) in (0..).zip(&packages) {
            graph.add(position, package);
        }
        graph
    }

    fn add(&mut self, position: usize, package: &UnresolvedPackage) {
        let foreign = self.foreign(package);
        let interface = |id: InterfaceId| {
            let found = foreign.get(&Node::Interface(position, id)).copied();
            found.unwrap_or(Node::Interface(position, id))
        };
        let mut edges: Vec<(Node, Node)> = Vec::new();
        for (_, ty) in &package.types {
            let from = match ty.owner {
                TypeOwner::Interface(id) => interface(id),
                TypeOwner::World(id) => Node::World(position, id),
                TypeOwner::None => continue,
            };
            if let TypeDefKind::Type(Type::Id(used)) = ty.kind
                && let TypeOwner::Interface(used) = package.types[used].owner
            {
                edges.push((from, interface(used)));
            }
        }
        for (id, world) in &package.worlds {
            let from = Node::World(position, id);
            for item in world.imports.values().chain(world.exports.values()) {
                if let WorldItem::Interface { id, .. } = item {
                    edges.push((from, interface(*id)));
                }
            }
            for include in &world.includes {
                let world = Node::World(position, include.id);
                edges.push((from, foreign.get(&world).copied().unwrap_or(world)));
            }
            let items = world.imports.values().chain(world.exports.values());
            let copies = items.map(|item| item_weight(package, item));
            let copies = copies.fold(0, usize::saturating_add);
            if copies > 0 {
                self.copies.insert(from, copies);
            }
        }
        for (from, to) in edges.into_iter().filter(|(from, to)| from != to) {
            self.edges.entry(from).or_default().insert(to);
        }
    }

    /// The items of other packages that stand in a package for those that it uses, and which they are.
    fn foreign(&self, package: &UnresolvedPackage) -> BTreeMap<Node, Node> {
        let own = self
            .positions
            .get(&package.name)
            .copied()
            .unwrap_or_default();
        let mut foreign = BTreeMap::new();
        for (name, items) in &package.foreign_deps {
            let Some(position) = self.positions.get(name) else {
                continue;
            };
            for (item, (id, _)) in items {
                let node = match id {
                    AstItem::Interface(id) => Node::Interface(own, *id),
                    AstItem::World(id) => Node::World(own, *id),
                };
                let found = self.items.get(&(*position, item.as_str()));
                foreign.extend(found.map(|found| (node, *found)));
            }
        }
        foreign
    }
}

/// What it takes to copy what stands in a world into another.
fn item_weight(package: &UnresolvedPackage, item: &WorldItem) -> usize {
    match item {
        WorldItem::Function(function) => function_weight(function),
        WorldItem::Type { id, .. } => type_weight(&package.types[*id]),
        WorldItem::Interface { id, docs, .. } => {
            let interface = &package.interfaces[*id];
            let docs = docs_weight(docs);
            if interface.name.is_some() {
                return docs;
            }
            let functions = interface.functions.values().map(function_weight);
            let types = interface.types.values();
            let types = types.map(|id| type_weight(&package.types[*id]));
            functions.chain(types).fold(docs, usize::saturating_add)
        }
    }
}

fn function_weight(function: &Function) -> usize {
    let params = function.params.iter();
    let params = params.map(|param| param.name.len().saturating_add(size_of::<Param>()));
    let bytes = params.fold(function.name.len(), usize::saturating_add);
    1 + bytes / BYTES + docs_weight(&function.docs)
}

fn type_weight(ty: &TypeDef) -> usize {
    let parts = match &ty.kind {
        TypeDefKind::Record(record) => record.fields.len(),
        TypeDefKind::Variant(variant) => variant.cases.len(),
        TypeDefKind::Flags(flags) => flags.flags.len(),
        TypeDefKind::Enum(cases) => cases.cases.len(),
        TypeDefKind::Tuple(tuple) => tuple.types.len(),
        _ => 0,
    };
    parts.saturating_add(1 + docs_weight(&ty.docs))
}

fn docs_weight(docs: &Docs) -> usize {
    docs.contents.as_ref().map_or(0, String::len) / BYTES
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
                    let copies = graph.copies.get(next).copied().unwrap_or_default();
                    steps = steps.saturating_add(1).saturating_add(copies);
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    /// Worlds that include one which holds something.
    fn including(held: &str, worlds: usize) -> Result<(), TextError> {
        let mut text = format!("package a:b@1.0.0;\nworld held {{ {held} }}\n");
        for n in 0..worlds {
            let _ = writeln!(text, "world w{n} {{ include held; }}");
        }
        check(
            &Group::parse(Path::new("a.wit"), &text).unwrap(),
            std::iter::empty(),
        )
    }

    #[test]
    fn what_stands_in_a_world_counts_for_each_that_includes_it() {
        let numbered =
            |count: usize, item: fn(usize) -> String| -> String { (0..count).map(item).collect() };
        let functions = numbered(1000, |n| format!("import g{n}: func(); "));
        let types = numbered(1000, |n| format!("type t{n} = u8; "));
        let inline = numbered(1000, |n| format!("g{n}: func(); "));
        let inline = format!("export e: interface {{ {inline} }}");
        let docs = format!("/// {}\nimport g: func();", "a".repeat(1000 * BYTES));
        for held in [functions, types, inline, docs] {
            including(&held, 200).unwrap();
            let refused = including(&held, 300);
            assert!(
                matches!(refused, Err(TextError::TooWide { .. })),
                "{}",
                held.get(..40).unwrap()
            );
        }
    }
}
