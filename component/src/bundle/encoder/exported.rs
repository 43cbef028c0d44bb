//! Functions that are exported with the types that they are made of.
//!
//! A bundle that exports a type of its root makes a new type of it. A function that the root exports uses the root's own
//! types, which nobody outside can name. So the type of the function is written once more, with the exported types in it.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::ComponentExportKind;
use wasm_encoder::reencode::ReencodeComponent as _;
use wasmparser::ComponentType;

use super::super::host::Want;
use super::super::outside::{Type, each_reference};
use super::super::wiring::{Server, Wired};
use super::Encoder;
use super::renumbered::Renumbered;

/// The types of the root, as far as they are written for its exports.
pub(super) struct ExportedTypes<'p, 'a> {
    root: usize,
    wired: &'p Wired<'a>,
    /// The numbers of exported types, by the position of the export.
    pub(super) exported: BTreeMap<usize, u32>,
    /// The numbers of the others, by the root's.
    written: BTreeMap<u32, u32>,
}

impl<'p, 'a> ExportedTypes<'p, 'a> {
    pub(super) fn new(root: usize, wired: &'p Wired<'a>) -> Self {
        Self {
            root,
            wired,
            exported: BTreeMap::new(),
            written: BTreeMap::new(),
        }
    }

    /// The types that a type is made of, in the order in which they stand. None if no exported type is among them, or if one
    /// of them cannot be written outside of the root.
    fn needs(&self, index: u32) -> Option<BTreeSet<u32>> {
        let mut is_exported = false;
        let mut needed = BTreeSet::new();
        let mut ahead = vec![index];
        while let Some(index) = ahead.pop() {
            if !needed.insert(index) {
                continue;
            }
            match self.wired.outside.ty(index)? {
                Type::Defined(ty @ (ComponentType::Defined(_) | ComponentType::Func(_))) => {
                    each_reference(ty, |index| ahead.push(index));
                }
                Type::Same(same) => ahead.push(*same),
                Type::Export { .. } => is_exported = true,
                Type::Alias { .. } | Type::Import(_) => {}
                Type::Defined(_) | Type::Inside => return None,
            }
        }
        is_exported.then_some(needed)
    }
}

impl<'p, 'a> Encoder<'p, 'a> {
    /// Writes the type of an exported function, where it is made of exported types; its number.
    pub(super) fn write_func(
        &mut self,
        types: &mut ExportedTypes<'p, 'a>,
        index: u32,
    ) -> Option<u32> {
        for index in types.needs(index)? {
            if types.written.contains_key(&index) {
                continue;
            }
            let number = match types.wired.outside.ty(index)? {
                Type::Export { export, .. } => *types.exported.get(export)?,
                Type::Same(same) => *types.written.get(same)?,
                Type::Import(import) => self.host_item(Want {
                    part: types.root,
                    import: *import,
                })?,
                Type::Alias { instance, name } => {
                    let import = types.wired.outside.instance(*instance)?;
                    let instance = self.instance_of(types, import)?;
                    self.alias(instance, ComponentExportKind::Type, name)
                }
                Type::Defined(ty) => {
                    let written = &types.written;
                    let renumber = |index| written.get(&index).copied();
                    let into = self.out.types().ty();
                    Renumbered(&renumber)
                        .parse_component_type(into, ty.clone())
                        .ok()?;
                    self.out.count(ComponentExportKind::Type)
                }
                Type::Inside => return None,
            };
            types.written.insert(index, number);
        }
        types.written.get(&index).copied()
    }

    /// The instance that an import of the root is.
    fn instance_of(&mut self, types: &ExportedTypes<'_, '_>, import: usize) -> Option<u32> {
        match *types.wired.servers.get(import)? {
            Server::Host => self.host_item(Want {
                part: types.root,
                import,
            }),
            server @ Server::Part { .. } => self.served(server).map(|(_, instance)| instance),
            Server::Type { .. } => None,
        }
    }
}
