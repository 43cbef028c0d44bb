//! A wired closed set, written down: the host's imports, the components, one instance of each, the root's exports, and
//! the section that says what is inside.

mod exported;

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error as ReencodeError, Reencode, ReencodeComponent};
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentExternName, ComponentImportSection, ComponentInstanceSection, ComponentOuterAliasKind,
    ComponentSection, ComponentSectionId, ComponentTypeRef, ComponentTypeSection, CustomSection,
    InstanceType, RawSection, TypeBounds,
};
use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentType,
    InstanceTypeDeclaration, Payload, Validator,
};

use super::error::ComposeError;
use super::host::{HostImports, Want, declarations, each_reference, import_of, needs};
use super::outside::Type;
use super::section::SECTION;
use super::wiring::{Plan, Server};
use crate::content::{ContentError, each_section, features, plain as words};
use exported::ExportedTypes;

/// What stands from a certain byte on, for messages.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// An import of the host, by number.
    Host(usize),
    /// A part's bytes.
    Nested(usize),
    /// A part's instance.
    Instance(usize),
    Exports,
}

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

/// Sections as they are written, items of one sort in one section.
pub(super) struct Out {
    bytes: Vec<u8>,
    open: Open,
    types: u32,
    funcs: u32,
    instances: u32,
    components: u32,
    modules: u32,
    values: u32,
}

enum Open {
    None,
    Types(ComponentTypeSection),
    Imports(ComponentImportSection),
    Aliases(ComponentAliasSection),
    Instances(ComponentInstanceSection),
    Exports(ComponentExportSection),
}

macro_rules! section {
    ($name:ident, $variant:ident, $section:ty) => {
        pub(super) fn $name(&mut self) -> &mut $section {
            if !matches!(self.open, Open::$variant(_)) {
                self.close();
                self.open = Open::$variant(<$section>::new());
            }
            match &mut self.open {
                Open::$variant(section) => section,
                _ => unreachable!("it was opened above"),
            }
        }
    };
}

impl Out {
    section!(types, Types, ComponentTypeSection);
    section!(imports, Imports, ComponentImportSection);
    section!(aliases, Aliases, ComponentAliasSection);
    section!(instances, Instances, ComponentInstanceSection);
    section!(exports, Exports, ComponentExportSection);

    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::None) {
            Open::None => {}
            Open::Types(section) => section.append_to_component(&mut self.bytes),
            Open::Imports(section) => section.append_to_component(&mut self.bytes),
            Open::Aliases(section) => section.append_to_component(&mut self.bytes),
            Open::Instances(section) => section.append_to_component(&mut self.bytes),
            Open::Exports(section) => section.append_to_component(&mut self.bytes),
        }
    }

    fn write(&mut self, section: &impl ComponentSection) {
        self.close();
        section.append_to_component(&mut self.bytes);
    }

    /// The number that the next item of a sort gets.
    pub(super) fn count(&mut self, kind: ComponentExportKind) -> u32 {
        let counter = match kind {
            ComponentExportKind::Module => &mut self.modules,
            ComponentExportKind::Func => &mut self.funcs,
            ComponentExportKind::Value => &mut self.values,
            ComponentExportKind::Type => &mut self.types,
            ComponentExportKind::Instance => &mut self.instances,
            ComponentExportKind::Component => &mut self.components,
        };
        let number = *counter;
        *counter = counter.saturating_add(1);
        number
    }
}

pub(super) struct Encoder<'p, 'a> {
    pub(super) plan: &'p Plan<'a>,
    host: &'p HostImports,
    pub(super) out: Out,
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

/// A type with other numbers in it.
pub(super) struct Renumbered<'m>(pub(super) &'m dyn Fn(u32) -> Option<u32>);

impl Reencode for Renumbered<'_> {
    type Error = Infallible;
}

impl ReencodeComponent for Renumbered<'_> {
    fn component_type_index(&mut self, index: u32) -> u32 {
        // Of what is not there the validator says so.
        (self.0)(index).unwrap_or(u32::MAX)
    }
}

fn unwritten<T>(written: Result<T, ReencodeError<Infallible>>) -> Result<T, ComposeError> {
    written.map_err(|error| ComposeError::Bundle {
        message: error.to_string(),
    })
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
        // All but the contents is small; one allocation then holds the whole.
        let room = contents / 16 + plan.embedded.len() + 4096;
        let mut bytes = Vec::with_capacity(contents.saturating_add(room));
        bytes.extend_from_slice(&Component::HEADER);
        Self {
            plan,
            host,
            out: Out {
                bytes,
                open: Open::None,
                types: 0,
                funcs: 0,
                instances: 0,
                components: 0,
                modules: 0,
                values: 0,
            },
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
    pub(super) fn alias(&mut self, instance: u32, kind: ComponentExportKind, name: &str) -> u32 {
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
    pub(super) fn host_item(&self, want: Want) -> Option<u32> {
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

    /// The type of an instance that has all that several parts use of it: what the first declares as it stands there,
    /// then what others declare beyond that.
    fn merge(&self, wanted: &[Want]) -> Result<InstanceType, ComposeError> {
        let mut merged = InstanceType::new();
        // What is exported: the number of the type where it is one.
        let mut exported: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        let mut outer: BTreeMap<u32, u32> = BTreeMap::new();
        for want in wanted {
            let wired = self.plan.parts.get(want.part);
            let found = wired.zip(import_of(self.plan, *want));
            let declared = found.and_then(|(wired, import)| declarations(wired, import));
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
                        let is_type = matches!(ty, wasmparser::ComponentTypeRef::Type(_));
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
    pub(super) fn served(&mut self, server: Server<'_>) -> Option<(ComponentExportKind, u32)> {
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

fn at(numbers: &[Option<u32>], index: u32) -> Option<u32> {
    *numbers.get(usize::try_from(index).ok()?)?
}

fn kind_of(ty: wasmparser::ComponentTypeRef) -> ComponentExportKind {
    let kind: ComponentExternalKind = ty.kind();
    kind.into()
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
                    wasmparser::ComponentTypeRef::Func(index)
                    | wasmparser::ComponentTypeRef::Type(wasmparser::TypeBounds::Eq(index))
                        if !is_there(name.name) =>
                    {
                        wanted.push(*index);
                    }
                    _ => {}
                }
                if matches!(ty, wasmparser::ComponentTypeRef::Type(_)) {
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

/// What the validator refused, in the words of who composes.
fn refused(
    plan: &Plan<'_>,
    host: &HostImports,
    marks: &[(usize, Mark)],
    bytes: &[u8],
    error: &BinaryReaderError,
) -> ComposeError {
    let offset = usize::try_from(error.offset()).unwrap_or(usize::MAX);
    let message = plain(error.message());
    let bundle = |message| ComposeError::Bundle { message };
    let passed = marks.partition_point(|(start, _)| *start <= offset);
    let Some((_, mark)) = passed.checked_sub(1).and_then(|last| marks.get(last)) else {
        return bundle(message);
    };
    match *mark {
        Mark::Host(position) => {
            let want = host
                .imports
                .get(position)
                .and_then(|one| one.wanted.first());
            let found =
                want.and_then(|want| Some((plan.parts.get(want.part)?, import_of(plan, *want)?)));
            match found {
                Some((part, import)) => ComposeError::HostMismatch {
                    by: part.name.clone(),
                    import: import.name.clone(),
                    message,
                },
                None => bundle(message),
            }
        }
        Mark::Nested(number) => match plan.parts.get(number) {
            Some(part) => ComposeError::Invalid {
                part: part.name.clone(),
                message,
            },
            None => bundle(message),
        },
        Mark::Instance(number) => {
            let Some(part) = plan.parts.get(number) else {
                return bundle(message);
            };
            let mut imports = part.outside.imports.iter().zip(&part.servers);
            let said = imports.find(|(import, _)| message.contains(&format!("`{}`", import.name)));
            let Some((import, server)) = said else {
                return ComposeError::Invalid {
                    part: part.name.clone(),
                    message,
                };
            };
            let (by, import) = (part.name.clone(), import.name.clone());
            let head = format!("type mismatch for import `{import}`: ");
            let message = message.strip_prefix(&head).unwrap_or(&message).to_owned();
            match server {
                Server::Part { part, .. } => match plan.parts.get(*part) {
                    Some(server) => ComposeError::Mismatch {
                        by,
                        import,
                        server: server.name.clone(),
                        message,
                    },
                    None => bundle(message),
                },
                Server::Host | Server::Type { .. } => ComposeError::HostMismatch {
                    by,
                    import,
                    message,
                },
            }
        }
        Mark::Exports => match plan.order.last().and_then(|root| plan.parts.get(*root)) {
            Some(root) => ComposeError::Export {
                root: root.name.clone(),
                export: export_at(bytes, error.offset()),
                message,
            },
            None => bundle(message),
        },
    }
}

/// The name of the export that is written at an offset of a bundle; empty where there is none.
fn export_at(bytes: &[u8], offset: u64) -> String {
    let mut name = String::new();
    // It was written here, so it reads.
    let _ = each_section(bytes, |payload| {
        if let Payload::ComponentExportSection(section) = payload {
            for export in section.into_iter_with_offsets() {
                let (start, export) = export.map_err(ContentError::from)?;
                if start <= offset {
                    export.name.name.clone_into(&mut name);
                }
            }
        }
        Ok::<(), ContentError>(())
    });
    name
}

/// The validator's words on one line: what holds, then why.
fn plain(message: &str) -> String {
    let lines = words(message).lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && *line != "Caused by:");
    let lines = lines.map(|line| {
        let numbered = line.split_once(": ");
        match numbered {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join(": ")
}
