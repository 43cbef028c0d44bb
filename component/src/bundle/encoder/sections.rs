//! The sections of a component, as they are written.

use wasm_encoder::{
    ComponentAliasSection, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentInstanceSection, ComponentSection, ComponentTypeSection,
};

/// Sections as they are written, items of one sort in one section.
pub(super) struct Sections {
    pub(super) bytes: Vec<u8>,
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

impl Sections {
    /// Behind what is written already.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            open: Open::None,
            types: 0,
            funcs: 0,
            instances: 0,
            components: 0,
            modules: 0,
            values: 0,
        }
    }

    section!(types, Types, ComponentTypeSection);
    section!(imports, Imports, ComponentImportSection);
    section!(aliases, Aliases, ComponentAliasSection);
    section!(instances, Instances, ComponentInstanceSection);
    section!(exports, Exports, ComponentExportSection);

    pub(super) fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::None) {
            Open::None => {}
            Open::Types(section) => section.append_to_component(&mut self.bytes),
            Open::Imports(section) => section.append_to_component(&mut self.bytes),
            Open::Aliases(section) => section.append_to_component(&mut self.bytes),
            Open::Instances(section) => section.append_to_component(&mut self.bytes),
            Open::Exports(section) => section.append_to_component(&mut self.bytes),
        }
    }

    pub(super) fn write(&mut self, section: &impl ComponentSection) {
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
