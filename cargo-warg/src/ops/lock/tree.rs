//! What depends on what, from the lock alone.
//!
//! A tree is a list of lines, each with its depth. What a package depends on is shown where the package stands first.
//! Members have closed sets of their own, so one package can depend on different versions in two of them. Then both are
//! shown.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::{Lockfile, Root};
use transparency::name::{Kind, PackageName};
use transparency::selection::Selection;

use crate::error::{Class, Error, Result};
use crate::spec::{PackageSpec, nearest};

/// What is to be shown.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The members, by name.
    pub members: BTreeSet<String>,
    /// What depends on these, instead of what members depend on.
    pub invert: Vec<PackageSpec>,
    /// What depends on each package that is locked in several versions.
    pub duplicates: bool,
    /// How deep; everything where none is given.
    pub depth: Option<usize>,
    /// Packages of this kind only.
    pub kind: Option<Kind>,
}

/// A member or a package of its closed set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A package.
    Package(Selection),
    /// A member, by name.
    Member(String),
}

/// A line of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// How far it is from the line that the tree begins with.
    pub depth: usize,
    /// What stands there.
    pub item: Item,
    /// Whether nothing more follows below the same line.
    pub last: bool,
    /// Whether what it depends on was shown before.
    pub repeated: bool,
}

pub(crate) type Edges<'l> = BTreeMap<&'l Selection, BTreeSet<&'l Selection>>;

/// The dependencies within one member's closed set.
pub(crate) struct MemberGraph<'l> {
    /// What the member requires, as selected.
    pub(crate) direct: BTreeSet<&'l Selection>,
    /// What each package requires, as selected.
    pub(crate) edges: Edges<'l>,
}

impl<'l> MemberGraph<'l> {
    pub(crate) fn new(lock: &'l Lockfile, root: &'l Root) -> Self {
        let mut by_package: BTreeMap<(Kind, &PackageName), Vec<&Selection>> = BTreeMap::new();
        for selection in &root.selects {
            let key = (selection.kind, &selection.name);
            by_package.entry(key).or_default().push(selection);
        }
        let meeting = |requires: &'l BTreeSet<transparency::requirement::Requirement>| {
            let met = requires.iter().flat_map(|requirement| {
                let there = by_package.get(&(requirement.kind, &requirement.name));
                let versions = there.into_iter().flatten().copied();
                versions.filter(|selection| requirement.req.matches(&selection.version))
            });
            met.collect::<BTreeSet<_>>()
        };
        let edges = root.selects.iter().map(|selection| {
            let package = lock.packages.get(selection);
            let met = package.map(|package| meeting(&package.requires));
            (selection, met.unwrap_or_default())
        });
        Self {
            direct: meeting(&root.requires),
            edges: edges.collect(),
        }
    }

    /// The packages of which something below is otherwise than in another member's closed set.
    fn differing(&self, other: &Self) -> BTreeSet<&'l Selection> {
        let mut parents: BTreeMap<&Selection, Vec<&'l Selection>> = BTreeMap::new();
        for (parent, children) in &self.edges {
            for child in children {
                parents.entry(child).or_default().push(parent);
            }
        }
        let differs = |(selection, met): &(&&'l Selection, &BTreeSet<_>)| {
            other.edges.get(*selection) != Some(met)
        };
        let mut ahead: Vec<_> = self
            .edges
            .iter()
            .filter(differs)
            .map(|(one, _)| *one)
            .collect();
        let mut differing = BTreeSet::new();
        while let Some(selection) = ahead.pop() {
            if differing.insert(selection) {
                ahead.extend(parents.get(selection).into_iter().flatten());
            }
        }
        differing
    }
}

/// The lines of a tree.
///
/// # Errors
/// A package to be shown that is not locked for these members.
pub fn tree(lock: &Lockfile, query: &Query) -> Result<Vec<Node>> {
    let graphs = graphs(lock, query);
    if query.duplicates || !query.invert.is_empty() {
        return inverted(&graphs, query);
    }
    let mut nodes = Vec::new();
    let mut shown = Shown::default();
    for (position, (name, graph)) in graphs.iter().enumerate() {
        let children = |line: &Line| {
            let below = match &line.item {
                Item::Member(_) => Some(&graph.direct),
                Item::Package(selection) => graph.edges.get(selection),
            };
            let below = below.into_iter().flatten();
            let items = below.map(|selection| Item::Package((*selection).clone()));
            items.map(|item| Line::new(item, [position])).collect()
        };
        let root = Line::new(Item::Member((*name).clone()), [position]);
        walk(root, query, children, &mut nodes, |line| {
            shown.before(position, &line.item, &graphs)
        });
    }
    Ok(nodes)
}

/// What stands on a line, and in which members' closed sets it is looked at there, by their positions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    item: Item,
    members: BTreeSet<usize>,
}

impl Line {
    fn new(item: Item, members: impl IntoIterator<Item = usize>) -> Self {
        Self {
            item,
            members: members.into_iter().collect(),
        }
    }
}

fn graphs<'l>(lock: &'l Lockfile, query: &'l Query) -> Vec<(&'l String, MemberGraph<'l>)> {
    let nothing = || MemberGraph {
        direct: BTreeSet::new(),
        edges: BTreeMap::new(),
    };
    let graphs = query.members.iter().map(|name| {
        let root = lock.roots.get(name);
        (
            name,
            root.map_or_else(nothing, |root| MemberGraph::new(lock, root)),
        )
    });
    graphs.collect()
}

/// In which members' trees each package was shown with all that is below it.
#[derive(Default)]
struct Shown<'l> {
    members: BTreeMap<Item, Vec<usize>>,
    differing: BTreeMap<(usize, usize), BTreeSet<&'l Selection>>,
}

impl<'l> Shown<'l> {
    /// Whether the same was shown before, in this member's tree or in another's; from now on it was.
    fn before(
        &mut self,
        position: usize,
        item: &Item,
        graphs: &[(&'l String, MemberGraph<'l>)],
    ) -> bool {
        let Item::Package(selection) = item else {
            return false;
        };
        let members = self.members.entry(item.clone()).or_default();
        let same = members.iter().any(|other| {
            *other == position || {
                let differing = self
                    .differing
                    .entry((*other, position))
                    .or_insert_with(|| match (graphs.get(position), graphs.get(*other)) {
                        (Some((_, here)), Some((_, there))) => here.differing(there),
                        _ => BTreeSet::new(),
                    });
                !differing.contains(selection)
            }
        });
        if !same {
            members.push(position);
        }
        same
    }
}

/// Adds the lines of one tree. `before` says of what has something below it whether it was shown before, and is told
/// what is shown now.
fn walk(
    root: Line,
    query: &Query,
    children: impl Fn(&Line) -> Vec<Line>,
    nodes: &mut Vec<Node>,
    mut before: impl FnMut(&Line) -> bool,
) {
    let wanted = |line: &Line| match (query.kind, &line.item) {
        (Some(kind), Item::Package(selection)) => selection.kind == kind,
        _ => true,
    };
    // No recursion: a lock may hold a long chain.
    let mut ahead = vec![(0_usize, root, true)];
    while let Some((depth, line, last)) = ahead.pop() {
        let mut below = children(&line);
        below.retain(wanted);
        let cut = query.depth.is_some_and(|most| depth >= most);
        let repeated = !cut && !below.is_empty() && before(&line);
        if !cut && !repeated {
            let after = below.into_iter().rev().enumerate();
            ahead.extend(
                after.map(|(position, child)| (depth.saturating_add(1), child, position == 0)),
            );
        }
        nodes.push(Node {
            depth,
            item: line.item,
            last,
            repeated,
        });
    }
}

/// Trees of what needs a package. A line knows the members in whose closed sets all above it holds, so that none is
/// said to need a version that only another has.
fn inverted(graphs: &[(&String, MemberGraph<'_>)], query: &Query) -> Result<Vec<Node>> {
    let mut parents: BTreeMap<&Selection, BTreeMap<Item, BTreeSet<usize>>> = BTreeMap::new();
    let mut add = |child, parent, position| {
        let parents = parents.entry(child).or_default();
        parents.entry(parent).or_default().insert(position);
    };
    let mut members: BTreeMap<&Selection, BTreeSet<usize>> = BTreeMap::new();
    for (position, (name, graph)) in graphs.iter().enumerate() {
        for child in &graph.direct {
            add(*child, Item::Member((*name).clone()), position);
        }
        for (parent, children) in &graph.edges {
            members.entry(parent).or_default().insert(position);
            for child in children {
                add(*child, Item::Package((*parent).clone()), position);
            }
        }
    }
    let mut nodes = Vec::new();
    let mut shown = BTreeSet::new();
    let all = members.keys().copied().collect();
    for root in roots(&all, query)? {
        let line = Line {
            item: Item::Package(root.clone()),
            members: members.get(root).cloned().unwrap_or_default(),
        };
        let children = |line: &Line| {
            let Item::Package(selection) = &line.item else {
                return Vec::new();
            };
            let above = parents.get(selection).into_iter().flatten();
            let here = above.filter_map(|(parent, positions)| {
                let members: BTreeSet<_> = positions.intersection(&line.members).copied().collect();
                (!members.is_empty()).then(|| Line {
                    item: parent.clone(),
                    members,
                })
            });
            here.collect()
        };
        walk(line, query, children, &mut nodes, |line| {
            !shown.insert(line.clone())
        });
    }
    Ok(nodes)
}

/// The packages with which inverted trees begin.
fn roots<'l>(all: &BTreeSet<&'l Selection>, query: &Query) -> Result<Vec<&'l Selection>> {
    let mut versions: BTreeMap<(Kind, &PackageName), usize> = BTreeMap::new();
    for selection in all {
        let count = versions
            .entry((selection.kind, &selection.name))
            .or_default();
        *count = count.saturating_add(1);
    }
    for spec in &query.invert {
        if !all.iter().any(|one| spec.matches(&one.name, &one.version)) {
            return Err(not_locked(spec, all.iter().copied()));
        }
    }
    let is_root = |selection: &Selection| {
        let several = versions.get(&(selection.kind, &selection.name));
        let meant = |spec: &PackageSpec| spec.matches(&selection.name, &selection.version);
        (query.invert.is_empty() || query.invert.iter().any(meant))
            && (!query.duplicates || several.is_some_and(|count| *count > 1))
            && query.kind.is_none_or(|kind| selection.kind == kind)
    };
    let roots = all.iter().copied();
    Ok(roots.filter(|selection| is_root(selection)).collect())
}

/// The failure to find what the user names among what is locked, with what it may have been meant to be.
pub fn not_locked<'a>(
    spec: &PackageSpec,
    locked: impl IntoIterator<Item = &'a Selection>,
) -> Error {
    let locked: Vec<_> = locked.into_iter().collect();
    let versions: Vec<_> = locked
        .iter()
        .filter(|selection| selection.name == spec.name)
        .map(|selection| selection.version.to_string())
        .collect();
    let error = Error::new(
        Class::Usage,
        format!("`{spec}` is not among the packages that are locked"),
    );
    if !versions.is_empty() {
        return error.with_help(format!(
            "of `{}` is locked {}",
            spec.name,
            versions.join(", ")
        ));
    }
    match nearest(
        spec.name.as_str(),
        locked.iter().map(|selection| selection.name.as_str()),
    ) {
        Some(near) => error.with_help(format!("a package of a similar name is locked: `{near}`")),
        None => error,
    }
}
