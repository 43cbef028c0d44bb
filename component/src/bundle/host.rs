//! What the parts of a bundle want of the host, as one list of imports.
//!
//! An interface that several parts import on one track is imported once: in the highest of their versions, and with all
//! items that any of them uses. Any other import is one import for all parts that have it under the same name.
//!
//! An import may be made of types of other imports. It stands after those. A function that is named after a resource stands
//! after that resource.
//!
//! Types are copied as the parts write them, with new numbers. Parts may mean different things by one name; the validator
//! finds that where they are instantiated.

use std::collections::{BTreeMap, BTreeSet};

use transparency::version::Track;
use wasmparser::{
    ComponentAlias, ComponentOuterAliasKind, ComponentType, ComponentTypeRef,
    InstanceTypeDeclaration, TypeBounds,
};

use super::error::ComposeError;
use super::outside::{Import, Type, each_reference};
use super::wiring::{Plan, Server, Wired};
use crate::order::{Next, Sorted, sort};

/// What imports of the host are one.
type Key = String;

/// An import of the bundle.
pub(super) struct HostImport {
    /// Who wants it: parts and their imports, the highest version first.
    pub(super) wanted: Vec<Want>,
}

/// An import of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Want {
    pub(super) part: usize,
    pub(super) import: usize,
}

/// All of them, each after those of whose types it is made.
pub(super) struct HostImports {
    pub(super) imports: Vec<HostImport>,
    /// Which of them each import of a part is.
    pub(super) positions: BTreeMap<Want, usize>,
}

/// The resource that a function belongs to by its name, as `[static]file.open` does. The resource must be imported before
/// the function, even if the function's type does not use it.
fn resource_of(name: &str) -> Option<&str> {
    let (_, name) = name.strip_prefix('[')?.split_once(']')?;
    Some(name.split_once('.').map_or(name, |(resource, _)| resource))
}

fn key(import: &Import<'_>) -> Key {
    match import.name.interface() {
        Some(interface) => match &interface.version {
            Some(version) => format!(
                "{}/{}@{}",
                interface.package,
                interface.interface,
                Track::of(version)
            ),
            None => import.name.to_string(),
        },
        None => import.name.to_string(),
    }
}

impl HostImports {
    /// # Errors
    /// Imports that no host has, or that are made of what no host knows.
    pub(super) fn of(plan: &Plan<'_>) -> Result<Self, ComposeError> {
        let mut by_key: BTreeMap<Key, Vec<Want>> = BTreeMap::new();
        for (part, wired) in plan
            .order
            .iter()
            .filter_map(|number| Some((*number, plan.parts.get(*number)?)))
        {
            for (import, server) in wired.servers.iter().enumerate() {
                if let (Server::Host, Some(found)) = (server, wired.outside.imports.get(import)) {
                    by_key
                        .entry(key(found))
                        .or_default()
                        .push(Want { part, import });
                }
            }
        }
        for wanted in by_key.values_mut() {
            let version = |want: &Want| import_of(plan, *want)?.name.interface()?.version;
            wanted.sort_by_cached_key(|want| (std::cmp::Reverse(version(want)), *want));
        }
        let mut made_of: BTreeMap<&Key, BTreeSet<&Key>> = BTreeMap::new();
        let known = |key: &str| by_key.get_key_value(key).map(|(key, _)| key);
        for (own, wanted) in &by_key {
            let mut keys = BTreeSet::new();
            for want in wanted {
                for used in uses(plan, *want)? {
                    let used = import_of(
                        plan,
                        Want {
                            part: want.part,
                            import: used,
                        },
                    );
                    keys.extend(used.and_then(|import| known(&key(import))));
                }
            }
            let resource = wanted.first().and_then(|want| import_of(plan, *want));
            let resource = resource.and_then(|import| resource_of(import.written.name));
            keys.extend(resource.and_then(known));
            keys.remove(own);
            made_of.insert(own, keys);
        }
        let Sorted { order, stuck } = sort(&made_of, Next::OfRound);
        if !stuck.is_empty() {
            let stuck = stuck.iter().filter_map(|key| by_key.get(*key)?.first());
            return Err(ComposeError::HostCircle {
                imports: stuck
                    .filter_map(|want| Some(import_of(plan, *want)?.name.clone()))
                    .collect(),
            });
        }
        let mut imports = Vec::with_capacity(order.len());
        let mut positions = BTreeMap::new();
        for (position, key) in order.into_iter().enumerate() {
            let wanted = by_key.get(key).cloned().unwrap_or_default();
            positions.extend(wanted.iter().map(|want| (*want, position)));
            imports.push(HostImport { wanted });
        }
        Ok(Self { imports, positions })
    }
}

pub(super) fn import_of<'p, 'a>(plan: &'p Plan<'a>, want: Want) -> Option<&'p Import<'a>> {
    plan.parts.get(want.part)?.outside.imports.get(want.import)
}

/// The types of a part that an import of it is made of, ascending: what stands further up comes first.
pub(super) fn needs(wired: &Wired<'_>, import: &Import<'_>) -> Result<BTreeSet<u32>, ComposeError> {
    let sort = |what| ComposeError::HostSort {
        by: wired.name.clone(),
        import: import.name.clone(),
        what,
    };
    let mut ahead: Vec<u32> = Vec::new();
    match import.ty {
        ComponentTypeRef::Func(index) | ComponentTypeRef::Type(TypeBounds::Eq(index)) => {
            ahead.push(index);
        }
        ComponentTypeRef::Type(TypeBounds::SubResource) => {}
        ComponentTypeRef::Instance(_) => {
            for declaration in wired
                .outside
                .declarations(import)
                .ok_or_else(|| sort("an instance of a type that is not written out"))?
            {
                match declaration {
                    InstanceTypeDeclaration::Alias(ComponentAlias::Outer {
                        kind: ComponentOuterAliasKind::Type,
                        count: 1,
                        index,
                    }) => ahead.push(*index),
                    InstanceTypeDeclaration::Alias(ComponentAlias::Outer {
                        kind: ComponentOuterAliasKind::Type,
                        count: 0,
                        ..
                    })
                    | InstanceTypeDeclaration::Type(
                        ComponentType::Defined(_) | ComponentType::Func(_),
                    )
                    | InstanceTypeDeclaration::Export {
                        ty: ComponentTypeRef::Func(_) | ComponentTypeRef::Type(_),
                        ..
                    } => {}
                    _ => return Err(sort("an instance with more than functions and types")),
                }
            }
        }
        ComponentTypeRef::Module(_) => return Err(sort("a core module")),
        ComponentTypeRef::Component(_) => return Err(sort("a component")),
        ComponentTypeRef::Value(_) => return Err(sort("a value")),
    }
    let mut needed = BTreeSet::new();
    while let Some(index) = ahead.pop() {
        if !needed.insert(index) {
            continue;
        }
        match wired.outside.ty(index) {
            Some(Type::Defined(ty @ (ComponentType::Defined(_) | ComponentType::Func(_)))) => {
                each_reference(ty, |index| ahead.push(index));
            }
            Some(Type::Same(index) | Type::Export { same: index, .. }) => ahead.push(*index),
            Some(Type::Alias { .. } | Type::Import(_)) => {}
            Some(Type::Defined(_) | Type::Inside) | None => {
                return Err(sort("made of types that are the component's own"));
            }
        }
    }
    Ok(needed)
}

/// The imports of the same part of whose types an import is made.
fn uses(plan: &Plan<'_>, want: Want) -> Result<BTreeSet<usize>, ComposeError> {
    let (Some(wired), Some(import)) = (plan.parts.get(want.part), import_of(plan, want)) else {
        return Ok(BTreeSet::new());
    };
    let mut used = BTreeSet::new();
    for index in needs(wired, import)? {
        let of =
            match wired.outside.ty(index) {
                Some(Type::Alias { instance, .. }) => wired
                    .outside
                    .instance(*instance)
                    .ok_or_else(|| ComposeError::HostSort {
                        by: wired.name.clone(),
                        import: import.name.clone(),
                        what: "made of types that are the component's own",
                    })?,
                Some(Type::Import(of)) => *of,
                _ => continue,
            };
        // A type that comes with an instance is served by whoever serves the instance.
        let instance = match wired.servers.get(of) {
            Some(Server::Type { import, .. }) => *import,
            _ => of,
        };
        if let Some(Server::Part { part, .. }) = wired.servers.get(instance)
            && let (Some(server), Some(of)) =
                (plan.parts.get(*part), wired.outside.imports.get(instance))
        {
            return Err(ComposeError::HostUses {
                by: wired.name.clone(),
                import: import.name.clone(),
                of: of.name.clone(),
                server: server.name.clone(),
            });
        }
        used.insert(of);
    }
    Ok(used)
}
