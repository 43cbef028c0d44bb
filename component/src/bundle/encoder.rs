//! A wired closed set, written down: the host's imports, the components, one instance of each, the root's exports, and
//! the section that says what is inside.

mod exported;
mod merged;
mod refused;
mod renumbered;
mod sections;

use std::collections::BTreeMap;

use wasm_encoder::reencode::ReencodeComponent as _;
use wasm_encoder::{
    Alias, Component, ComponentExportKind, ComponentExternName, ComponentSectionId,
    ComponentTypeRef, CustomSection, RawSection, TypeBounds,
};
use wasmparser::{ComponentExternalKind, Validator};

use super::error::ComposeError;
use super::host::{HostImports, Want, import_of, needs};
use super::outside::Type;
use super::section::SECTION;
use super::wiring::{Plan, Server};
use crate::content::features;
use exported::ExportedTypes;
use refused::{Mark, refused};
use renumbered::{Renumbered, unwritten};
use sections::Sections;

/// Makes one component of a plan.
///
/// # Errors
/// Types that do not go together.
pub fn encode(plan: &Plan<'_>) -> Result<Vec<u8>, ComposeError> {
    let host = HostImports::of(plan)?;
    let mut encoder = Encoder::new(plan, &host);
    for position in 0..host.imports.len() {
        encoder.mark(Mark::Host(position));
        encoder.import(position)?;
    }
    for number in &plan.order {
        encoder.nest(*number);
    }
    for number in &plan.order {
        encoder.instantiate(*number);
    }
    encoder.export();
    let bytes = encoder.out.bytes;
    let marks = encoder.marks;
    match Validator::new_with_features(features()).validate_all(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(refused(plan, &host, &marks, &bytes, &error)),
    }
}

struct Encoder<'p, 'a> {
    plan: &'p Plan<'a>,
    host: &'p HostImports,
    out: Sections,
    marks: Vec<(usize, Mark)>,
    /// The numbers of the host's imports, as written.
    host_items: Vec<u32>,
    /// The numbers of types of parts, as written.
    types: BTreeMap<(usize, u32), u32>,
    /// What was aliased: sort, instance and export.
    aliases: BTreeMap<(u8, u32, String), u32>,
    /// Each part's component and instance.
    components: BTreeMap<usize, u32>,
    instances: BTreeMap<usize, u32>,
}

/// The sort as a number, as it stands in binaries.
fn sort(kind: ComponentExportKind) -> u8 {
    match kind {
        ComponentExportKind::Module => 0,
        ComponentExportKind::Func => 1,
        ComponentExportKind::Value => 2,
        ComponentExportKind::Type => 3,
        ComponentExportKind::Component => 4,
        ComponentExportKind::Instance => 5,
    }
}

impl<'p, 'a> Encoder<'p, 'a> {
    fn new(plan: &'p Plan<'a>, host: &'p HostImports) -> Self {
        let parts = plan
            .order
            .iter()
            .filter_map(|number| plan.parts.get(*number));
        let contents: usize = parts.map(|part| part.content.len()).sum();
        // Everything but the contents is small, so this one allocation holds the whole bundle.
        let room = contents / 16 + plan.embedded.len() + 4096;
        let mut bytes = Vec::with_capacity(contents.saturating_add(room));
        bytes.extend_from_slice(&Component::HEADER);
        Self {
            plan,
            host,
            out: Sections::new(bytes),
            marks: Vec::new(),
            host_items: Vec::new(),
            types: BTreeMap::new(),
            aliases: BTreeMap::new(),
            components: BTreeMap::new(),
            instances: BTreeMap::new(),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.out.close();
        self.marks.push((self.out.bytes.len(), mark));
    }

    /// An export of an instance, aliased once.
    fn alias(&mut self, instance: u32, kind: ComponentExportKind, name: &str) -> u32 {
        let key = (sort(kind), instance, name.to_owned());
        if let Some(number) = self.aliases.get(&key) {
            return *number;
        }
        self.out.aliases().alias(Alias::InstanceExport {
            instance,
            kind,
            name,
        });
        let number = self.out.count(kind);
        self.aliases.insert(key, number);
        number
    }

    /// The number under which a host's import is written.
    fn host_item(&self, want: Want) -> Option<u32> {
        let position = self.host.positions.get(&want)?;
        self.host_items.get(*position).copied()
    }

    /// Writes the types that an import of a part is made of, those further up first.
    fn write_types(&mut self, want: Want) -> Result<(), ComposeError> {
        let plan = self.plan;
        let (Some(wired), Some(import)) = (plan.parts.get(want.part), import_of(plan, want)) else {
            return Ok(());
        };
        for index in needs(wired, import)? {
            let key = (want.part, index);
            if self.types.contains_key(&key) {
                continue;
            }
            let of = |import| Want {
                part: want.part,
                import,
            };
            let number = match wired.outside.ty(index) {
                Some(Type::Alias { instance, name }) => {
                    let instance = wired.outside.instance(*instance);
                    let instance = instance.and_then(|import| self.host_item(of(import)));
                    instance.map(|instance| self.alias(instance, ComponentExportKind::Type, name))
                }
                Some(Type::Import(import)) => self.host_item(of(*import)),
                Some(Type::Same(same) | Type::Export { same, .. }) => {
                    self.types.get(&(want.part, *same)).copied()
                }
                Some(Type::Defined(ty)) => {
                    let types = &self.types;
                    let renumber = |index| types.get(&(want.part, index)).copied();
                    let dst = self.out.types().ty();
                    unwritten(Renumbered(&renumber).parse_component_type(dst, ty.clone()))?;
                    Some(self.out.count(ComponentExportKind::Type))
                }
                Some(Type::Inside) | None => None,
            };
            if let Some(number) = number {
                self.types.insert(key, number);
            }
        }
        Ok(())
    }

    /// Writes an import of the host.
    fn import(&mut self, position: usize) -> Result<(), ComposeError> {
        let plan = self.plan;
        let wanted = self
            .host
            .imports
            .get(position)
            .map(|one| one.wanted.as_slice());
        let wanted = wanted.unwrap_or_default();
        for want in wanted {
            self.write_types(*want)?;
        }
        let Some((first, import)) = wanted
            .first()
            .and_then(|want| Some((*want, import_of(plan, *want)?)))
        else {
            return Ok(());
        };
        let of_first = |index| {
            let number = self.types.get(&(first.part, index)).copied();
            number.unwrap_or(u32::MAX)
        };
        let ty = match import.ty {
            wasmparser::ComponentTypeRef::Func(index) => ComponentTypeRef::Func(of_first(index)),
            wasmparser::ComponentTypeRef::Type(wasmparser::TypeBounds::Eq(index)) => {
                ComponentTypeRef::Type(TypeBounds::Eq(of_first(index)))
            }
            wasmparser::ComponentTypeRef::Type(wasmparser::TypeBounds::SubResource) => {
                ComponentTypeRef::Type(TypeBounds::SubResource)
            }
            wasmparser::ComponentTypeRef::Instance(_) => {
                let instance = self.merge(wanted)?;
                self.out.types().instance(&instance);
                ComponentTypeRef::Instance(self.out.count(ComponentExportKind::Type))
            }
            // `needs` refused them.
            wasmparser::ComponentTypeRef::Module(_)
            | wasmparser::ComponentTypeRef::Component(_)
            | wasmparser::ComponentTypeRef::Value(_) => return Ok(()),
        };
        self.out
            .imports()
            .import(ComponentExternName::from(import.written), ty);
        let number = self.out.count(ty.kind());
        self.host_items.push(number);
        Ok(())
    }

    /// Writes a part's bytes, as they are.
    fn nest(&mut self, number: usize) {
        let plan = self.plan;
        let Some(part) = plan.parts.get(number) else {
            return;
        };
        self.mark(Mark::Nested(number));
        self.out.write(&RawSection {
            id: ComponentSectionId::Component.into(),
            data: part.content,
        });
        let component = self.out.count(ComponentExportKind::Component);
        self.components.insert(number, component);
    }

    /// Writes a part's instance, with what serves it.
    fn instantiate(&mut self, number: usize) {
        let plan = self.plan;
        let Some((part, component)) = plan
            .parts
            .get(number)
            .zip(self.components.get(&number).copied())
        else {
            return;
        };
        self.mark(Mark::Instance(number));
        let mut arguments: Vec<(&str, ComponentExportKind, u32)> = Vec::new();
        for (position, (import, server)) in
            part.outside.imports.iter().zip(&part.servers).enumerate()
        {
            let argument = match *server {
                Server::Host => {
                    let want = Want {
                        part: number,
                        import: position,
                    };
                    // Of the sort that the host's import is, which is that of who wants most of it.
                    let host = self.host.positions.get(&want);
                    let host =
                        host.and_then(|position| self.host.imports.get(*position)?.wanted.first());
                    let host = host.and_then(|want| import_of(plan, *want));
                    host.map(|host| kind_of(host.ty)).zip(self.host_item(want))
                }
                Server::Type { import, name } => {
                    let of = part.servers.get(import).copied();
                    let of = of.and_then(|server| self.served(server));
                    of.map(|(_, instance)| {
                        let kind = ComponentExportKind::Type;
                        (kind, self.alias(instance, kind, name))
                    })
                }
                server @ Server::Part { .. } => self.served(server),
            };
            if let Some((kind, item)) = argument {
                arguments.push((import.written.name, kind, item));
            }
        }
        self.out.instances().instantiate(component, arguments);
        let instance = self.out.count(ComponentExportKind::Instance);
        self.instances.insert(number, instance);
    }

    /// The export of a part that serves an import.
    fn served(&mut self, server: Server<'_>) -> Option<(ComponentExportKind, u32)> {
        let Server::Part { part, export } = server else {
            return None;
        };
        let export = self.plan.parts.get(part)?.outside.exports.get(export)?;
        let instance = *self.instances.get(&part)?;
        let kind = export.kind.into();
        Some((kind, self.alias(instance, kind, export.written.name)))
    }

    /// Writes what the root exports, and the section.
    fn export(&mut self) {
        let plan = self.plan;
        self.mark(Mark::Exports);
        let root = plan.order.last().copied();
        let root = root.and_then(|root| {
            let instance = *self.instances.get(&root)?;
            Some((root, plan.parts.get(root)?, instance))
        });
        if let Some((number, part, instance)) = root {
            let aliased: Vec<_> = part
                .outside
                .exports
                .iter()
                .map(|export| {
                    let kind: ComponentExportKind = export.kind.into();
                    (
                        export,
                        kind,
                        self.alias(instance, kind, export.written.name),
                    )
                })
                .collect();
            let mut types = ExportedTypes::new(number, part);
            for (position, (export, kind, item)) in aliased.into_iter().enumerate() {
                let ty = export
                    .func
                    .and_then(|index| self.write_func(&mut types, index));
                let name = ComponentExternName::from(export.written);
                let ty = ty.map(ComponentTypeRef::Func);
                self.out.exports().export(name, kind, item, ty);
                let exported = self.out.count(kind);
                if kind == ComponentExportKind::Type {
                    types.exported.insert(position, exported);
                }
            }
        }
        self.out.write(&CustomSection {
            name: SECTION.into(),
            data: self.plan.embedded.as_bytes().into(),
        });
    }
}

fn kind_of(ty: wasmparser::ComponentTypeRef) -> ComponentExportKind {
    let kind: ComponentExternalKind = ty.kind();
    kind.into()
}
