//! The form of a package in which its text and its binary form say the same: text → binary → text is the identity.
//!
//! Some choices in a text are lost on the way: where functions stand among resources, how far documentation is indented,
//! what a world imports because its interfaces use it. The WIT library writes some of them down in the first pass and not in
//! the second, which then gives other bytes, or a text that consumers cannot parse. So they are settled here, before anything
//! is encoded.

use std::mem;

use semver::Version;
use wit_parser::{Docs, Resolve, Stability, TypeDef, TypeDefKind, WorldId, WorldItem};

/// How many spaces a tab stands for, where all lines of a documentation are indented.
const TAB: usize = 4;

/// Brings all packages into their normal form.
pub(super) fn settle(resolve: &mut Resolve) {
    for (_, package) in &mut resolve.packages {
        settle_docs(&mut package.docs);
    }
    for (_, ty) in &mut resolve.types {
        settle_type(ty);
    }
    for (_, interface) in &mut resolve.interfaces {
        settle_docs(&mut interface.docs);
        for function in interface.functions.values_mut() {
            settle_docs(&mut function.docs);
        }
    }
    let worlds: Vec<WorldId> = resolve.worlds.iter().map(|(id, _)| id).collect();
    for id in worlds {
        settle_world(resolve, id);
    }
}

fn settle_type(ty: &mut TypeDef) {
    settle_docs(&mut ty.docs);
    match &mut ty.kind {
        TypeDefKind::Record(record) => {
            for field in &mut record.fields {
                settle_docs(&mut field.docs);
            }
        }
        TypeDefKind::Variant(variant) => {
            for case in &mut variant.cases {
                settle_docs(&mut case.docs);
            }
        }
        TypeDefKind::Enum(cases) => {
            for case in &mut cases.cases {
                settle_docs(&mut case.docs);
            }
        }
        TypeDefKind::Flags(flags) => {
            for flag in &mut flags.flags {
                settle_docs(&mut flag.docs);
            }
        }
        _ => {}
    }
}

/// Moves documentation to the margin, and drops space at the ends of lines.
///
/// A parser takes away the space that all lines begin with, but of that it sees spaces only, not tabs; and a printer puts one
/// space before each line. So a text with all lines indented would not come back as it was.
fn settle_docs(docs: &mut Docs) {
    let Some(contents) = docs.contents.take() else {
        return;
    };
    let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
    let indent = |line: &str| line.len() - line.trim_ascii_start().len();
    let written = || lines.iter().filter(|line| !line.is_empty());
    let lines: Vec<String> = if written().any(|line| indent(line) == 0) {
        lines.iter().map(ToString::to_string).collect()
    } else {
        let width = |line: &str| {
            let space = line.bytes().take(indent(line));
            space.map(|byte| if byte == b'\t' { TAB } else { 1 }).sum()
        };
        let margin: usize = written().map(|line| width(line)).min().unwrap_or_default();
        let moved = |line: &&str| {
            let space = " ".repeat(width(line).saturating_sub(margin));
            format!("{space}{}", line.trim_ascii_start())
        };
        lines.iter().map(moved).collect()
    };
    let contents = lines.join("\n");
    let contents = contents.trim_end_matches('\n');
    docs.contents = (!contents.is_empty()).then(|| contents.to_owned());
}

fn settle_world(resolve: &mut Resolve, id: WorldId) {
    let world = &mut resolve.worlds[id];
    settle_docs(&mut world.docs);
    let own = world.stability.clone();
    let package = world.package.and_then(|id| resolve.packages.get(id));
    let version = package.and_then(|package| package.name.version.clone());
    let mut imports = mem::take(&mut world.imports);
    let mut exports = mem::take(&mut world.exports);
    for item in imports.values_mut() {
        if let WorldItem::Interface { id, stability, .. } = item {
            let needed = feature(&resolve.interfaces[*id].stability);
            settle_import(stability, needed, feature(&own));
        }
    }
    for item in imports.values_mut().chain(exports.values_mut()) {
        settle_item(resolve, item, version.as_ref());
    }
    let world = &mut resolve.worlds[id];
    (world.imports, world.exports) = (imports, exports);
}

/// A world also imports what the interfaces that it names use, though its text does not say so. Once such an import is
/// written down, it must be gated as its interface is. Otherwise those who have not enabled the feature could not parse it.
fn settle_import(stability: &mut Stability, needed: Option<&str>, world: Option<&str>) {
    let gates = [world, feature(stability)];
    if let Some(needed) = needed.filter(|needed| !gates.contains(&Some(needed))) {
        *stability = Stability::Unstable {
            feature: needed.to_owned(),
            deprecated: None,
        };
    }
}

fn settle_item(resolve: &mut Resolve, item: &mut WorldItem, version: Option<&Version>) {
    match item {
        WorldItem::Function(function) => {
            settle_docs(&mut function.docs);
            settle_since(&mut function.stability, version);
        }
        WorldItem::Type { id, .. } => settle_since(&mut resolve.types[*id].stability, version),
        WorldItem::Interface {
            id,
            docs,
            stability,
            ..
        } => {
            settle_docs(docs);
            settle_since(stability, version);
            let interface = &mut resolve.interfaces[*id];
            if interface.name.is_some() {
                return;
            }
            settle_since(&mut interface.stability, version);
            for function in interface.functions.values_mut() {
                settle_since(&mut function.stability, version);
            }
            for id in interface.types.values() {
                settle_since(&mut resolve.types[*id].stability, version);
            }
        }
    }
}

/// What a world includes from another package's world says since which version of *that* package it is there. Parsers refuse
/// such a version if it is later than the including package's own.
fn settle_since(stability: &mut Stability, version: Option<&Version>) {
    if let (Stability::Stable { since, .. }, Some(version)) = (&*stability, version)
        && since > version
    {
        *stability = Stability::Unknown;
    }
}

/// The feature without which something is not there.
pub(super) fn feature(stability: &Stability) -> Option<&str> {
    match stability {
        Stability::Unstable { feature, .. } => Some(feature),
        Stability::Stable { .. } | Stability::Unknown => None,
    }
}
