//! The outside of a component, as composing needs it: its imports with the types that they are made of, and its exports.
//!
//! Nothing inside of nested modules and components is read. What is refused here is only what cannot be read; whether
//! it is valid, the validator says of the whole bundle.

use transparency::name::ExternName;
use wasmparser::{
    CanonicalFunction, Chunk, ComponentAlias, ComponentExport, ComponentExternName,
    ComponentExternalKind, ComponentOuterAliasKind, ComponentType, ComponentTypeRef, Encoding,
    Parser, Payload,
};

use crate::content::{ContentError, check_binary};

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
    /// Written out.
    Defined(ComponentType<'a>),
    /// An export of an instance.
    Alias { instance: u32, name: &'a str },
    /// The import of this number.
    Import(usize),
    /// The same as another one, further up, which is itself no other's.
    Same(u32),
    /// The export of this number, which is the same as another one, further up.
    Export { export: usize, same: u32 },
    /// Of something inside, which no import can be made of.
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
        check_binary(bytes)?;
        let mut outside = Self {
            imports: Vec::new(),
            exports: Vec::new(),
            types: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
        };
        each_section(bytes, |payload| outside.admit(payload))?;
        let types_only = |exports: &[Export<'_>]| {
            let mut exports = exports.iter();
            exports.all(|export| export.kind == ComponentExternalKind::Type)
        };
        if outside.imports.is_empty() && !outside.exports.is_empty() && types_only(&outside.exports)
        {
            return Err(ContentError::WitPackage);
        }
        Ok(outside)
    }

    fn admit(&mut self, payload: Payload<'a>) -> Result<(), ContentError> {
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => return Err(ContentError::Module),
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

    /// One that is the same as another. Followed here, once: a chain of a million would be walked for each import.
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
}

/// Shows each section of a component, its header first, and leaves nested modules and components closed.
///
/// # Errors
/// Bytes that do not read; what the caller makes of a section.
pub(super) fn each_section<'a, E: From<ContentError>>(
    bytes: &'a [u8],
    mut each: impl FnMut(Payload<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let chunk = parser.parse(rest, true).map_err(ContentError::from)?;
        let Chunk::Parsed { consumed, payload } = chunk else {
            return Ok(()); // Not where all is there.
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match &payload {
            Payload::End(_) => return Ok(()),
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let length = unchecked_range.end.saturating_sub(unchecked_range.start);
                let after = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(length..));
                let Some(after) = after else {
                    return Err(ContentError::Invalid {
                        offset: unchecked_range.start,
                        message: "a section is longer than the component".to_owned(),
                    }
                    .into());
                };
                rest = after;
            }
            _ => {}
        }
        each(payload)?;
    }
}
