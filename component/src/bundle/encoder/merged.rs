//! The type of one import of the host that several parts use.

use std::collections::BTreeMap;

use wasm_encoder::reencode::ReencodeComponent as _;
use wasm_encoder::{Alias, ComponentExternName, ComponentOuterAliasKind, InstanceType};
use wasmparser::{
    ComponentAlias, ComponentType, ComponentTypeRef, InstanceTypeDeclaration, TypeBounds,
};

use super::Encoder;
use super::renumbered::{Renumbered, unwritten};
use crate::bundle::error::ComposeError;
use crate::bundle::host::{Want, import_of};
use crate::bundle::outside::each_reference;

impl Encoder<'_, '_> {
    /// The type of an instance that has all that several parts use of it: what the first declares as it stands there,
    /// then what others declare beyond that.
    pub(super) fn merge(&self, wanted: &[Want]) -> Result<InstanceType, ComposeError> {
        let mut merged = InstanceType::new();
        // What is exported: the number of the type where it is one.
        let mut exported: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        let mut outer: BTreeMap<u32, u32> = BTreeMap::new();
        for want in wanted {
            let wired = self.plan.parts.get(want.part);
            let found = wired.zip(import_of(self.plan, *want));
            let declared = found.and_then(|(wired, import)| wired.outside.declarations(import));
            let declared = declared.unwrap_or_default();
            let needed = needed_here(declared, |name| exported.contains_key(name));
            let mut numbers: Vec<Option<u32>> = Vec::new();
            for declaration in declared {
                let position = numbers.len();
                let is_needed = needed.get(position).copied().unwrap_or(false);
                match declaration {
                    InstanceTypeDeclaration::Type(ty) => {
                        let number = if is_needed {
                            let number = merged.type_count();
                            let renumber = |index: u32| at(&numbers, index);
                            let dst = merged.ty();
                            unwritten(Renumbered(&renumber).parse_component_type(dst, ty.clone()))?;
                            Some(number)
                        } else {
                            None
                        };
                        numbers.push(number);
                    }
                    InstanceTypeDeclaration::Alias(ComponentAlias::Outer {
                        count: 0,
                        index,
                        ..
                    }) => {
                        numbers.push(at(&numbers, *index));
                    }
                    InstanceTypeDeclaration::Alias(ComponentAlias::Outer { index, .. }) => {
                        let known = self.types.get(&(want.part, *index)).copied();
                        let number = known.filter(|_| is_needed).map(|index| {
                            *outer.entry(index).or_insert_with(|| {
                                let number = merged.type_count();
                                merged.alias(Alias::Outer {
                                    kind: ComponentOuterAliasKind::Type,
                                    count: 1,
                                    index,
                                });
                                number
                            })
                        });
                        numbers.push(number);
                    }
                    InstanceTypeDeclaration::Export { name, ty } => {
                        let is_type = matches!(ty, ComponentTypeRef::Type(_));
                        let known = exported.get(name.name).copied();
                        let number = if let Some(number) = known {
                            number
                        } else {
                            let renumber = |index: u32| at(&numbers, index);
                            let ty = unwritten(Renumbered(&renumber).component_type_ref(*ty))?;
                            let number = is_type.then(|| merged.type_count());
                            merged.export(ComponentExternName::from(*name), ty);
                            exported.insert(name.name, number);
                            number
                        };
                        if is_type {
                            numbers.push(number);
                        }
                    }
                    // `needs` refused them.
                    InstanceTypeDeclaration::Alias(_) | InstanceTypeDeclaration::CoreType(_) => {}
                }
            }
        }
        Ok(merged)
    }
}

fn at(numbers: &[Option<u32>], index: u32) -> Option<u32> {
    *numbers.get(usize::try_from(index).ok()?)?
}

/// Which types of an instance's declarations are needed for those of its exports that are not there yet.
fn needed_here(
    declared: &[InstanceTypeDeclaration<'_>],
    is_there: impl Fn(&str) -> bool,
) -> Vec<bool> {
    /// What stands at one position of the types.
    enum Local<'d, 'a> {
        Type(&'d ComponentType<'a>),
        Same(u32),
        Leaf,
    }
    let mut locals: Vec<Local<'_, '_>> = Vec::new();
    let mut wanted: Vec<u32> = Vec::new();
    for declaration in declared {
        match declaration {
            InstanceTypeDeclaration::Type(ty) => locals.push(Local::Type(ty)),
            InstanceTypeDeclaration::Alias(ComponentAlias::Outer {
                count: 0, index, ..
            }) => {
                locals.push(Local::Same(*index));
            }
            InstanceTypeDeclaration::Alias(ComponentAlias::Outer { .. }) => {
                locals.push(Local::Leaf);
            }
            InstanceTypeDeclaration::Export { name, ty } => {
                match ty {
                    ComponentTypeRef::Func(index)
                    | ComponentTypeRef::Type(TypeBounds::Eq(index))
                        if !is_there(name.name) =>
                    {
                        wanted.push(*index);
                    }
                    _ => {}
                }
                if matches!(ty, ComponentTypeRef::Type(_)) {
                    locals.push(Local::Leaf);
                }
            }
            InstanceTypeDeclaration::Alias(_) | InstanceTypeDeclaration::CoreType(_) => {}
        }
    }
    let mut needed = vec![false; locals.len()];
    let mut ahead = wanted;
    while let Some(index) = ahead.pop() {
        let Some(position) = usize::try_from(index).ok() else {
            continue;
        };
        match needed.get_mut(position) {
            Some(needed) if !*needed => *needed = true,
            _ => continue,
        }
        match locals.get(position) {
            Some(Local::Type(ty)) => each_reference(ty, |index| ahead.push(index)),
            Some(Local::Same(index)) => ahead.push(*index),
            Some(Local::Leaf) | None => {}
        }
    }
    needed
}
