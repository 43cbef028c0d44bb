//! Roots that were made to keep the planner busy: small files with many types, with deep ones, or with types that
//! refer to each other.

use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentImportSection, ComponentOuterAliasKind,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, PrimitiveValType, TypeBounds,
};

use crate::world::World;

fn function(types: &mut ComponentTypeSection, of: u32) {
    types
        .function()
        .params([("a", ComponentValType::Type(of))])
        .result(None);
}

fn imports(component: &mut Component, ty: impl Fn(u32) -> ComponentTypeRef, count: u32) {
    let mut section = ComponentImportSection::new();
    for number in 0..count {
        section.import(format!("i{number}").as_str(), ty(number));
    }
    component.section(&section);
}

#[test]
fn types_deeper_than_any_runtime_takes_are_refused_before_they_are_followed() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(PrimitiveValType::U8);
    for under in 0..4_000 {
        types.defined_type().list(ComponentValType::Type(under));
    }
    function(&mut types, 4_000);
    let mut root = Component::new();
    root.section(&types);
    imports(&mut root, |_| ComponentTypeRef::Func(4_001), 4_000);
    assert_eq!(
        World::new(&[], root.finish()).refusal(),
        "`app` is not valid: type nesting is too deep"
    );
}

#[test]
fn names_for_names_of_a_type_are_followed_once() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(PrimitiveValType::U8);
    let mut names = ComponentAliasSection::new();
    for index in 0..30_000 {
        names.alias(Alias::Outer {
            kind: ComponentOuterAliasKind::Type,
            count: 0,
            index,
        });
    }
    let mut functions = ComponentTypeSection::new();
    function(&mut functions, 30_000);
    let mut root = Component::new();
    root.section(&types).section(&names).section(&functions);
    imports(&mut root, |_| ComponentTypeRef::Func(30_001), 30_000);
    World::new(&[], root.finish()).bundle();
}

#[test]
fn imports_that_are_types_of_each_other_in_a_row_are_ordered_at_once() {
    let mut root = Component::new();
    let bounds = |number: u32| match number.checked_sub(1) {
        None => TypeBounds::SubResource,
        Some(before) => TypeBounds::Eq(before),
    };
    imports(
        &mut root,
        |number| ComponentTypeRef::Type(bounds(number)),
        20_000,
    );
    World::new(&[], root.finish()).bundle();
}
