//! `[package.metadata.component]`, as users of cargo-component have it, read unchanged.
//!
//! Its component dependencies become component requirements. Its target, or the dependencies of a local target, become WIT
//! requirements. Its `registries`, and a dependency's `registry`, have no effect in cargo-component, and none here. Keys
//! that only concern building (`adapter`, `bindings`, `proxy`) are ignored: cargo-component itself checks them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use toml_edit::{Item, Key};
use transparency::name::{Kind, PackageName};

use super::Dependency;
use super::error::ManifestError;
use super::source::Source;
use super::tables::{Table, parse_name, parse_requirement};
use crate::path::joined;
use component::span::Location;

const COMPONENT: [&str; 3] = ["package", "metadata", "component"];

/// What the table says.
#[derive(Default)]
pub(super) struct ComponentTable {
    pub(super) package: Option<(PackageName, Location)>,
    pub(super) dependencies: Vec<Dependency>,
    /// The local target's `path`.
    pub(super) wit: Option<PathBuf>,
}

/// Reads the table.
pub(super) fn read(source: &Source) -> Result<ComponentTable, ManifestError> {
    let mut read = ComponentTable::default();
    let Some(table) = Table::open(source, &COMPONENT)? else {
        return Ok(read);
    };
    read.package = table.parse("package")?;
    if let Some((key, item)) = table.keys.get_key_value("target") {
        read_target(&table, key, item, &mut read)?;
    }
    if let Some(dependencies) = table.table("dependencies")? {
        read_dependencies(&dependencies, Kind::Component, &mut read)?;
    }
    Ok(read)
}

fn read_target(
    table: &Table<'_>,
    key: &Key,
    item: &Item,
    read: &mut ComponentTable,
) -> Result<(), ManifestError> {
    let location = table.source.at_value(key, item);
    if let Some(text) = item.as_str() {
        read.dependencies.push(parse_target(text, location)?);
        return Ok(());
    }
    let target = table.below_or(key, item, "a string or a table")?;
    let has = |key| target.keys.contains_key(key);
    if !has("package") {
        if let Some((path, _)) = target.text("path")? {
            read.wit = Some(joined(table.source.folder(), path));
        }
        if let Some(dependencies) = target.table("dependencies")? {
            read_dependencies(&dependencies, Kind::Wit, read)?;
        }
        return Ok(());
    }
    for second in ["path", "dependencies"] {
        if has(second) {
            return Err(ManifestError::Together {
                location,
                first: "package",
                second,
            });
        }
    }
    if let Some((name, location)) = target.parse::<PackageName>("package")? {
        let mut dependency = wit_dependency(name, location);
        target.read_source(&mut dependency)?;
        read.dependencies.push(dependency);
    }
    Ok(())
}

/// `wasi:http/proxy@0.2.0`; the world is for bindings.
fn parse_target(text: &str, location: Location) -> Result<Dependency, ManifestError> {
    let Some((name, version)) = text.split_once('@') else {
        return Err(ManifestError::Target {
            location,
            text: text.to_owned(),
        });
    };
    let name = name.split_once('/').map_or(name, |(name, _world)| name);
    let name = parse_name(name, &location)?;
    let mut dependency = wit_dependency(name, location.clone());
    dependency.requirement = Some(parse_requirement(version, location)?);
    dependency.written = Some(version.to_owned());
    Ok(dependency)
}

fn wit_dependency(name: PackageName, location: Location) -> Dependency {
    Dependency {
        kind: Kind::Wit,
        alias: name.clone(),
        name,
        requirement: None,
        written: None,
        path: None,
        registry: None,
        serves: BTreeSet::new(),
        location,
    }
}

fn read_dependencies(
    table: &Table<'_>,
    kind: Kind,
    read: &mut ComponentTable,
) -> Result<(), ManifestError> {
    for (key, item) in table.entries() {
        let location = table.source.at_key(key);
        let name = parse_name(key.get(), &location)?;
        let mut dependency = Dependency {
            kind,
            ..wit_dependency(name, location)
        };
        if let Some(text) = item.as_str() {
            let at = table.source.at_value(key, item);
            dependency.requirement = Some(parse_requirement(text, at)?);
            dependency.written = Some(text.to_owned());
        } else {
            let entry = table.below_or(key, item, "a version or a table")?;
            entry.read_source(&mut dependency)?;
            for second in ["version", "registry", "package"] {
                if dependency.path.is_some() && entry.keys.contains_key(second) {
                    return Err(ManifestError::Together {
                        location: dependency.location,
                        first: "path",
                        second,
                    });
                }
            }
        }
        read.dependencies.push(dependency);
    }
    Ok(())
}
