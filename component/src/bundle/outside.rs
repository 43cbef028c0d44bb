//! The outside of a component, as composing needs it: its imports with the types that they are made of, and its exports.
//!
//! Nested modules and components are not read. Only what cannot be read at all is refused here; the validator checks the
//! whole bundle later.

use transparency::name::{ExternName, Kind};
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentDefinedType, ComponentExport, ComponentExternName,
    ComponentExternalKind, ComponentFuncType, ComponentOuterAliasKind, ComponentType,
    ComponentTypeRef, ComponentValType, InstanceTypeDeclaration, Payload,
};

use crate::content::{ContentError, each_section, kind};

/// An import at a component's outside.
pub(super) struct Import<'a> {
    pub(super) name: ExternName,
    /// The name with its attributes.
    pub(super) written: ComponentExternName<'a>,
    pub(super) ty: ComponentTypeRef,
}

/// An export at a component's outside.
pub(super) struct Export<'a> {
    pub(super) name: ExternName,
    /// The name with its attributes.
    pub(super) written: ComponentExternName<'a>,
    pub(super) kind: ComponentExternalKind,
    /// Of a function, its type, where the component says it.
    pub(super) func: Option<u32>,
}

/// What stands at one position of a component's types.
pub(super) enum Type<'a> {
    /// A type that is written out here.
    Defined(ComponentType<'a>),
    /// An export of an instance.
    Alias { instance: u32, name: &'a str },
    /// The import of this number.
    Import(usize),
    /// The same as another one further up, which is not the same as any before it.
    Same(u32),
    /// The export of this number, which is the same as another one, further up.
    Export { export: usize, same: u32 },
    /// A type of something nested. No import can be made of it.
    Inside,
}

/// A component seen from outside.
pub(super) struct Outside<'a> {
    pub(super) imports: Vec<Import<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) types: Vec<Type<'a>>,
    /// For each instance, the import that it is.
    pub(super) instances: Vec<Option<usize>>,
    /// For each function, its type, where the component says it.
    funcs: Vec<Option<u32>>,
}

impl<'a> Outside<'a> {
    /// # Errors
    /// Bytes that are no component, or do not read.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ContentError> {
        let mut outside = Self {
            imports: Vec::new(),
            exports: Vec::new(),
            types: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
        };
        each_section(bytes, |payload| outside.admit(payload))?;
        let exports = outside.exports.iter().map(|export| export.kind);
        if kind(outside.imports.len(), exports) == Kind::Wit {
            return Err(ContentError::WitPackage);
        }
        Ok(outside)
    }

    fn admit(&mut self, payload: Payload<'a>) -> Result<(), ContentError> {
        match payload {
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    self.types.push(Type::Defined(ty?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.admit_alias(&alias?);
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    let number = self.imports.len();
                    match import.ty {
                        ComponentTypeRef::Instance(_) => self.instances.push(Some(number)),
                        ComponentTypeRef::Type(_) => self.types.push(Type::Import(number)),
                        ComponentTypeRef::Func(index) => self.funcs.push(Some(index)),
                        _ => {}
                    }
                    self.imports.push(Import {
                        name: import.name.name.parse()?,
                        written: import.name,
                        ty: import.ty,
                    });
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    if let CanonicalFunction::Lift { type_index, .. } = function? {
                        self.funcs.push(Some(type_index));
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    instance?;
                    self.instances.push(None);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let ComponentExport {
                        name, kind, index, ..
                    } = export?;
                    let mut func = None;
                    match kind {
                        ComponentExternalKind::Type => {
                            let same = self.first_of(index);
                            let same = match self.ty(same) {
                                Some(Type::Export { same, .. }) => *same,
                                _ => same,
                            };
                            let export = self.exports.len();
                            self.types.push(Type::Export { export, same });
                        }
                        ComponentExternalKind::Instance => self.instances.push(None),
                        ComponentExternalKind::Func => {
                            let position = usize::try_from(index).ok();
                            func = position.and_then(|position| *self.funcs.get(position)?);
                            self.funcs.push(func);
                        }
                        _ => {}
                    }
                    self.exports.push(Export {
                        name: name.name.parse()?,
                        written: name,
                        kind,
                        func,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn admit_alias(&mut self, alias: &ComponentAlias<'a>) {
        match *alias {
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Type,
                instance_index,
                name,
            } => self.types.push(Type::Alias {
                instance: instance_index,
                name,
            }),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Instance,
                ..
            } => self.instances.push(None),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Func,
                ..
            } => self.funcs.push(None),
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Type,
                count: 0,
                index,
            } => self.push_same(index),
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Type,
                ..
            } => self.types.push(Type::Inside),
            _ => {}
        }
    }

    /// A type that is the same as another. It is followed to the first one here, once: otherwise each import that uses it would
    /// walk the whole chain, which may be a million long.
    fn push_same(&mut self, index: u32) {
        self.types.push(Type::Same(self.first_of(index)));
    }

    fn first_of(&self, index: u32) -> u32 {
        match self.ty(index) {
            Some(Type::Same(first)) => *first,
            _ => index,
        }
    }

    pub(super) fn ty(&self, index: u32) -> Option<&Type<'a>> {
        self.types.get(usize::try_from(index).ok()?)
    }

    /// The import that an instance is.
    pub(super) fn instance(&self, index: u32) -> Option<usize> {
        *self.instances.get(usize::try_from(index).ok()?)?
    }

    /// What an imported instance is declared to have.
    pub(super) fn declarations(
        &self,
        import: &Import<'_>,
    ) -> Option<&[InstanceTypeDeclaration<'a>]> {
        let ComponentTypeRef::Instance(mut index) = import.ty else {
            return None;
        };
        loop {
            match self.ty(index)? {
                Type::Defined(ComponentType::Instance(declarations)) => return Some(declarations),
                // What stands further up, so this ends.
                Type::Same(same) | Type::Export { same, .. } if *same < index => index = *same,
                _ => return None,
            }
        }
    }
}

/// Names the types that a type refers to.
pub(super) fn each_reference(ty: &ComponentType<'_>, mut each: impl FnMut(u32)) {
    let mut value = |ty: &ComponentValType| {
        if let ComponentValType::Type(index) = ty {
            each(*index);
        }
    };
    match ty {
        ComponentType::Func(ComponentFuncType { params, result, .. }) => {
            params.iter().for_each(|(_, ty)| value(ty));
            result.iter().for_each(value);
        }
        ComponentType::Defined(defined) => match defined {
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Flags(_)
            | ComponentDefinedType::Enum(_) => {}
            ComponentDefinedType::Record(fields) => fields.iter().for_each(|(_, ty)| value(ty)),
            ComponentDefinedType::Variant(cases) => {
                cases
                    .iter()
                    .filter_map(|case| case.ty.as_ref())
                    .for_each(value);
            }
            ComponentDefinedType::List(ty)
            | ComponentDefinedType::FixedLengthList(ty, _)
            | ComponentDefinedType::Option(ty) => value(ty),
            ComponentDefinedType::Map(key, of) => {
                value(key);
                value(of);
            }
            ComponentDefinedType::Tuple(types) => types.iter().for_each(value),
            ComponentDefinedType::Result { ok, err } => {
                ok.iter().chain(err).for_each(value);
            }
            ComponentDefinedType::Own(index) | ComponentDefinedType::Borrow(index) => each(*index),
            ComponentDefinedType::Future(ty) | ComponentDefinedType::Stream(ty) => {
                ty.iter().for_each(value);
            }
        },
        ComponentType::Component(_)
        | ComponentType::Instance(_)
        | ComponentType::Resource { .. } => {}
    }
}
