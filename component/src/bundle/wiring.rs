//! Who serves which import of a closed set: decided from requirements, the root's redirections and the exports that
//! there are.
//!
//! An import is served by the requirement whose `for` names it; else by the one direct requirement whose package exports
//! that interface on the same track, in the same version or a later one; else by the host. Types are not compared here.

mod fit;
mod wirer;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use transparency::name::{ExternName, PackageName};
use wasmparser::{ComponentTypeRef, TypeBounds};

pub use self::fit::{purpose, serves};
use self::wirer::Wirer;
use super::error::{ComposeError, Part as PartName};
use super::outside::{Outside, Type};
use super::{Composition, FORMAT, section};
use crate::content::{ContentError, check_valid};
use crate::order::{Next, sort};

/// Who serves an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server<'a> {
    Host,
    /// An export of the package that serves another import, by that import's number: a type that is said to be that one.
    Type {
        import: usize,
        name: &'a str,
    },
    /// An export of a part, both by number.
    Part {
        part: usize,
        export: usize,
    },
}

/// A component of the closed set and who serves its imports.
pub(super) struct Wired<'a> {
    pub(super) name: PartName,
    pub(super) content: &'a [u8],
    pub(super) outside: Outside<'a>,
    /// One for each import.
    pub(super) servers: Vec<Server<'a>>,
}

/// A whole closed set, wired.
pub struct Plan<'a> {
    /// The parts ascending by selection, then the root.
    pub(super) parts: Vec<Wired<'a>>,
    /// Those that the root needs, each after all that serve it; the root is last.
    pub(super) order: Vec<usize>,
    unused: Vec<Unused>,
    /// What the bundle is to say of itself.
    pub(super) embedded: String,
}

/// Something that was asked for and has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unused {
    /// A requirement that serves no import.
    Requirement {
        /// The part that has the requirement.
        by: PartName,
        /// The package that is required.
        name: PackageName,
    },
    /// A redirection of an import that no part has.
    Redirection {
        /// The import that the redirection names.
        import: ExternName,
    },
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requirement { by, name } => write!(
                f,
                "{by} requires `{name}`, which exports nothing that it imports"
            ),
            Self::Redirection { import } => write!(
                f,
                "`{import}` is redirected, and nothing in the closed set imports it"
            ),
        }
    }
}

fn content(part: &PartName, source: ContentError) -> ComposeError {
    ComposeError::Content {
        part: part.clone(),
        source: Box::new(source),
    }
}

fn check_root(part: &PartName, bytes: &[u8]) -> Result<(), ComposeError> {
    check_valid(bytes).map_err(|error| match error {
        ContentError::Invalid { message, .. } => ComposeError::Invalid {
            part: part.clone(),
            message,
        },
        error => content(part, error),
    })
}

impl<'a> Plan<'a> {
    /// Decides who serves what.
    ///
    /// # Errors
    /// Parts that do not read; imports that the requirements do not settle; components that need each other.
    pub fn new(composition: &Composition<'a>) -> Result<Self, ComposeError> {
        let root_name = PartName::Root(composition.name.to_owned());
        let selections = composition.parts.iter();
        let named =
            selections.map(|(selection, part)| (PartName::Package(selection.clone()), *part));
        let named: Vec<_> = named.chain([(root_name, composition.root)]).collect();
        let mut parts = Vec::with_capacity(named.len());
        for (name, part) in &named {
            // The time that planning takes grows with the number and depth of types, which the validator bounds. Published
            // parts were validated; the root is a file that nobody has looked at.
            if matches!(name, PartName::Root(_)) {
                check_root(name, part.content)?;
            }
            let outside = Outside::read(part.content).map_err(|source| content(name, source))?;
            parts.push(Wired {
                name: name.clone(),
                content: part.content,
                outside,
                servers: Vec::new(),
            });
        }
        let wirer = Wirer::new(&parts, composition)?;
        let mut unused = Vec::new();
        let mut wired = Vec::with_capacity(parts.len());
        let mut redirected = BTreeSet::new();
        for (number, (_, part)) in named.iter().enumerate() {
            wired.push(wirer.servers(number, part, &mut redirected, &mut unused)?);
        }
        let unmet = composition.wire.0.keys();
        let unmet = unmet.filter(|import| !redirected.contains(import));
        unused.extend(unmet.map(|import| Unused::Redirection {
            import: import.clone(),
        }));
        for (part, mut servers) in parts.iter_mut().zip(wired) {
            settle_types(&part.outside, &mut servers);
            part.servers = servers;
        }
        let order = order(&parts)?;
        Ok(Self {
            parts,
            order,
            unused,
            embedded: section::text(
                FORMAT,
                &composition.digest,
                composition.wire,
                composition.lock,
            ),
        })
    }

    /// What was asked for and has no effect.
    pub fn unused(&self) -> &[Unused] {
        &self.unused
    }

    /// How many components are in the bundle, the root among them.
    pub fn components(&self) -> usize {
        self.order.len()
    }
}

/// An import of a type may be declared to equal a type of an imported instance. Then whoever serves the instance serves the
/// type as well.
fn settle_types<'a>(outside: &Outside<'a>, servers: &mut [Server<'a>]) {
    for position in 0..servers.len() {
        let import = outside.imports.get(position);
        let Some(ComponentTypeRef::Type(TypeBounds::Eq(mut index))) =
            import.map(|import| import.ty)
        else {
            continue;
        };
        let server = loop {
            match outside.ty(index) {
                // What stands further up, so this ends.
                Some(Type::Same(same) | Type::Export { same, .. }) if *same < index => {
                    index = *same;
                }
                Some(Type::Import(other)) if *other < position => {
                    break servers
                        .get(*other)
                        .copied()
                        .filter(|server| matches!(server, Server::Type { .. }));
                }
                Some(Type::Alias { instance, name }) => {
                    let import = outside.instance(*instance);
                    let of_part =
                        |import: &usize| matches!(servers.get(*import), Some(Server::Part { .. }));
                    break import
                        .filter(of_part)
                        .map(|import| Server::Type { import, name });
                }
                _ => break None,
            }
        };
        if let (Some(slot @ Server::Host), Some(server)) = (servers.get_mut(position), server) {
            *slot = server;
        }
    }
}

/// Those of the parts that the root needs, each after what serves it, in the order of their numbers where that leaves
/// a choice.
fn order(parts: &[Wired<'_>]) -> Result<Vec<usize>, ComposeError> {
    let served_by = |number: usize| -> BTreeSet<usize> {
        let servers = parts.get(number).into_iter().flat_map(|part| &part.servers);
        let servers = servers.filter_map(|server| match server {
            Server::Host | Server::Type { .. } => None,
            Server::Part { part, .. } => Some(*part),
        });
        servers.collect()
    };
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut ahead: Vec<usize> = parts.len().checked_sub(1).into_iter().collect();
    while let Some(number) = ahead.pop() {
        if let Entry::Vacant(entry) = needs.entry(number) {
            ahead.extend(entry.insert(served_by(number)).iter());
        }
    }
    let sorted = sort(&needs, Next::Least);
    if sorted.stuck.is_empty() {
        return Ok(sorted.order);
    }
    let cycle = sorted.circle(&needs).into_iter();
    Err(ComposeError::Cycle {
        cycle: cycle
            .filter_map(|number| Some(parts.get(number)?.name.clone()))
            .collect(),
    })
}
