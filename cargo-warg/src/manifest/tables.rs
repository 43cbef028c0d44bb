//! `[package.metadata.warg]` and `[workspace.metadata.warg]`: strict, every error says where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;

use resolver::cutoff::ExcludeNewer;
use toml_edit::{Item, Key, TableLike};
use transparency::name::{ExternName, Kind, NameError, PackageName};
use transparency::version::VersionReq;

use super::Dependency;
use super::alias::Alias;
use super::error::ManifestError;
use super::known::{DEPENDENCY, PACKAGE_TABLE, PATCH, REGISTRY, WIT_DEPENDENCY, WORKSPACE_TABLE};
use super::registries::{Address, Registries, Registry};
use super::settings::{Patch, Settings};
use super::source::Source;
use crate::path::joined;
use component::span::Location;

const PACKAGE: [&str; 3] = ["package", "metadata", "warg"];
const WORKSPACE: [&str; 3] = ["workspace", "metadata", "warg"];

/// What a table of a package says.
#[derive(Default)]
pub(super) struct PackageTable {
    pub(super) package: Option<(PackageName, Location)>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) wire: BTreeMap<ExternName, (PackageName, Location)>,
}

/// Reads `[package.metadata.warg]`. In the root manifest it may also hold what `[workspace.metadata.warg]` may.
pub(super) fn read_package(
    source: &Source,
    root: Option<(&Path, &mut Settings)>,
) -> Result<PackageTable, ManifestError> {
    let mut read = PackageTable::default();
    let Some(table) = Table::open(source, &PACKAGE)? else {
        return Ok(read);
    };
    if let Some((root, settings)) = root {
        table.deny_unknown(&[PACKAGE_TABLE, WORKSPACE_TABLE].concat())?;
        read_settings(&table, root, settings)?;
    } else {
        for &key in WORKSPACE_TABLE {
            if let Some((at, _)) = table.keys.get_key_value(key) {
                return Err(ManifestError::Misplaced {
                    location: source.at_key(at),
                    key,
                });
            }
        }
        table.deny_unknown(PACKAGE_TABLE)?;
    }
    read.package = table.parse("package")?;
    for (kind, key) in [
        (Kind::Component, "dependencies"),
        (Kind::Wit, "wit-dependencies"),
    ] {
        let Some(dependencies) = table.table(key)? else {
            continue;
        };
        for (key, item) in dependencies.entries() {
            let dependency = read_dependency(&dependencies, kind, key, item)?;
            read.dependencies.push(dependency);
        }
    }
    if let Some(wire) = table.table("wire")? {
        for (key, item) in wire.entries() {
            let location = wire.source.at_key(key);
            let import: ExternName = parse_name(key.get(), &location)?;
            let Some(text) = item.as_str() else {
                return Err(wire.wrong_type(key, item, "the name of a package"));
            };
            let name = parse_name(text, &wire.source.at_value(key, item))?;
            read.wire.insert(import, (name, location));
        }
    }
    Ok(read)
}

/// Reads `[workspace.metadata.warg]` of the root manifest.
pub(super) fn read_workspace(
    source: &Source,
    root: &Path,
    settings: &mut Settings,
) -> Result<(), ManifestError> {
    let Some(table) = Table::open(source, &WORKSPACE)? else {
        return Ok(());
    };
    table.deny_unknown(WORKSPACE_TABLE)?;
    read_settings(&table, root, settings)
}

fn read_settings(
    table: &Table<'_>,
    root: &Path,
    settings: &mut Settings,
) -> Result<(), ManifestError> {
    read_registries(table, root, &mut settings.registries)?;
    read_solving(table, settings)?;
    if let Some((path, location)) = table.text("vendor")? {
        settings.once("vendor", location)?;
        settings.vendor = Some(joined(root, path));
    }
    read_patches(table, root, settings)
}

fn read_solving(table: &Table<'_>, settings: &mut Settings) -> Result<(), ManifestError> {
    if let Some((text, location)) = table.text("resolution")? {
        settings.once("resolution", location.clone())?;
        let mode = text
            .parse()
            .map_err(|problem| ManifestError::Resolution { location, problem })?;
        settings.solving.resolution = Some(mode);
    }
    if let Some((says, location)) = table.exclude_newer("exclude-newer")? {
        settings.once("exclude-newer", location)?;
        settings.solving.exclude_newer = Some(says);
    }
    if let Some(entries) = table.table("exclude-newer-package")? {
        settings.once("exclude-newer-package", entries.location.clone())?;
        for (key, _) in entries.entries() {
            let name = parse_name(key.get(), &entries.source.at_key(key))?;
            if let Some((says, _)) = entries.exclude_newer(key.get())? {
                settings.solving.exclude_newer_package.insert(name, says);
            }
        }
    }
    Ok(())
}

fn read_patches(
    table: &Table<'_>,
    root: &Path,
    settings: &mut Settings,
) -> Result<(), ManifestError> {
    let Some(entries) = table.table("patch")? else {
        return Ok(());
    };
    settings.once("patch", entries.location.clone())?;
    for (key, item) in entries.entries() {
        let location = entries.source.at_key(key);
        let name: PackageName = parse_name(key.get(), &location)?;
        let expected = "a table with a path";
        let entry = entries.below_or(key, item, expected)?;
        if let Some((other, _)) = entry.entries().find(|(key, _)| key.get() != "path") {
            return Err(match other.get() {
                "registry" | "version" | "url" | "git" => ManifestError::PatchElsewhere {
                    location: entry.source.at_key(other),
                    name,
                    key: other.get().to_owned(),
                },
                key => ManifestError::UnknownKey {
                    location: entry.source.at_key(other),
                    key: key.to_owned(),
                    table: entry.bracketed(),
                    known: PATCH.to_vec(),
                },
            });
        }
        let (path, _) = entry.required("path")?;
        let path = joined(root, path);
        settings.patches.insert(
            name.clone(),
            Patch {
                name,
                path,
                location,
            },
        );
    }
    Ok(())
}

fn read_registries(
    table: &Table<'_>,
    root: &Path,
    registries: &mut Registries,
) -> Result<(), ManifestError> {
    if let Some((alias, location)) = table.alias("default-registry")? {
        registries.set_default(alias, location)?;
    }
    if let Some(entries) = table.table("registries")? {
        for (key, item) in entries.entries() {
            let location = entries.source.at_key(key);
            let alias = parse_alias(key.get(), &location)?;
            let entry = entries.below(key, item)?;
            entry.deny_unknown(REGISTRY)?;
            let (url, at) = entry.required("url")?;
            let (policy, _) = entry.required("policy")?;
            let address = parse_address(url, root, &at)?;
            let publish = match entry.text("publish")? {
                Some((text, at)) => match parse_address(text, root, &at)? {
                    Address::Folder(folder) => Some(folder),
                    Address::Http(url) => {
                        return Err(ManifestError::Publish { location: at, url });
                    }
                },
                None => None,
            };
            registries.insert(Registry {
                alias,
                mirrors: entry.mirrors(&address)?,
                address,
                publish,
                served: None,
                policy: joined(root, policy),
                location,
            })?;
        }
    }
    if let Some(entries) = table.table("namespaces")? {
        for (key, _) in entries.entries() {
            let location = entries.source.at_key(key);
            let namespace = parse_name(key.get(), &location)?;
            if let Some((alias, location)) = entries.alias(key.get())? {
                registries.claim(namespace, alias, location)?;
            }
        }
    }
    Ok(())
}

fn read_dependency(
    table: &Table<'_>,
    kind: Kind,
    key: &Key,
    item: &Item,
) -> Result<Dependency, ManifestError> {
    let location = table.source.at_key(key);
    let alias: PackageName = parse_name(key.get(), &location)?;
    let mut dependency = Dependency {
        kind,
        name: alias.clone(),
        alias,
        requirement: None,
        written: None,
        path: None,
        registry: None,
        serves: BTreeSet::new(),
        location,
    };
    if let Some(text) = item.as_str() {
        let at = table.source.at_value(key, item);
        dependency.requirement = Some(parse_requirement(text, at)?);
        dependency.written = Some(text.to_owned());
        return Ok(dependency);
    }
    let entry = table.below_or(key, item, "a version or a table")?;
    if let (Kind::Component, Some((text, location))) = (kind, entry.text("instance")?) {
        return Err(ManifestError::Instance {
            location,
            text: text.to_owned(),
        });
    }
    entry.deny_unknown(match kind {
        Kind::Component => DEPENDENCY,
        Kind::Wit => WIT_DEPENDENCY,
    })?;
    entry.read_source(&mut dependency)?;
    dependency.registry = entry.alias("registry")?.map(|(alias, _)| alias);
    dependency.serves = entry.serves()?;
    Ok(dependency)
}

/// A table of a manifest, with what messages call it.
pub(super) struct Table<'a> {
    pub(super) source: &'a Source,
    pub(super) keys: &'a dyn TableLike,
    name: String,
    location: Location,
}

impl<'a> Table<'a> {
    /// The table at a path of keys; none where there is none.
    pub(super) fn open(source: &'a Source, path: &[&str]) -> Result<Option<Self>, ManifestError> {
        let mut table = Self {
            source,
            keys: source.document.as_table(),
            name: String::new(),
            location: source.at_path(&[]),
        };
        for name in path {
            match table.table(name)? {
                Some(below) => table = below,
                None => return Ok(None),
            }
        }
        Ok(Some(table))
    }

    /// Its keys and values, in the order written.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a Key, &'a Item)> {
        let keys = self.keys;
        keys.iter()
            .filter_map(move |(name, _)| keys.get_key_value(name))
    }

    fn deny_unknown(&self, known: &[&'static str]) -> Result<(), ManifestError> {
        match self.entries().find(|(key, _)| !known.contains(&key.get())) {
            None => Ok(()),
            Some((key, _)) => Err(ManifestError::UnknownKey {
                location: self.source.at_key(key),
                key: key.get().to_owned(),
                table: self.bracketed(),
                known: known.to_vec(),
            }),
        }
    }

    fn bracketed(&self) -> String {
        format!("[{}]", self.name)
    }

    fn wrong_type(&self, key: &Key, item: &Item, expected: &'static str) -> ManifestError {
        ManifestError::Type {
            location: self.source.at_value(key, item),
            key: key.get().to_owned(),
            expected,
            found: item.type_name(),
        }
    }

    /// The table of this key.
    pub(super) fn table(&self, key: &str) -> Result<Option<Self>, ManifestError> {
        match self.keys.get_key_value(key) {
            Some((key, item)) => self.below(key, item).map(Some),
            None => Ok(None),
        }
    }

    /// An entry that must be a table.
    pub(super) fn below(&self, key: &Key, item: &'a Item) -> Result<Self, ManifestError> {
        self.below_or(key, item, "a table")
    }

    pub(super) fn below_or(
        &self,
        key: &Key,
        item: &'a Item,
        expected: &'static str,
    ) -> Result<Self, ManifestError> {
        let Some(keys) = item.as_table_like() else {
            return Err(self.wrong_type(key, item, expected));
        };
        let dot = if self.name.is_empty() { "" } else { "." };
        Ok(Self {
            source: self.source,
            keys,
            name: format!("{}{dot}{}", self.name, key.display_repr()),
            location: self.source.at_key(key),
        })
    }

    /// The text of this key, and where it stands.
    pub(super) fn text(&self, key: &str) -> Result<Option<(&'a str, Location)>, ManifestError> {
        let Some((key, item)) = self.keys.get_key_value(key) else {
            return Ok(None);
        };
        match item.as_str() {
            Some(text) => Ok(Some((text, self.source.at_value(key, item)))),
            None => Err(self.wrong_type(key, item, "a string")),
        }
    }

    /// A date, time or span of this key, or `false`.
    fn exclude_newer(&self, key: &str) -> Result<Option<(ExcludeNewer, Location)>, ManifestError> {
        let Some((key, item)) = self.keys.get_key_value(key) else {
            return Ok(None);
        };
        let location = self.source.at_value(key, item);
        // TOML has dates and times of its own; one without quotes means the same.
        let text = match (item.as_str(), item.as_datetime(), item.as_bool()) {
            (Some(text), _, _) => text.to_owned(),
            (_, Some(time), _) => time.to_string(),
            (_, _, Some(false)) => return Ok(Some((ExcludeNewer::Nothing, location))),
            _ => {
                let expected = "a date, a time, a span such as \"14d\", or false";
                return Err(self.wrong_type(key, item, expected));
            }
        };
        match text.parse() {
            Ok(cutoff) => Ok(Some((ExcludeNewer::After(cutoff), location))),
            Err(problem) => Err(ManifestError::Cutoff { location, problem }),
        }
    }

    fn required(&self, key: &'static str) -> Result<(&'a str, Location), ManifestError> {
        self.text(key)?.ok_or_else(|| ManifestError::Missing {
            location: self.location.clone(),
            key,
            table: self.bracketed(),
        })
    }

    /// A name of this key.
    pub(super) fn parse<T: FromStr<Err = NameError>>(
        &self,
        key: &str,
    ) -> Result<Option<(T, Location)>, ManifestError> {
        let Some((text, location)) = self.text(key)? else {
            return Ok(None);
        };
        Ok(Some((parse_name(text, &location)?, location)))
    }

    fn alias(&self, key: &str) -> Result<Option<(Alias, Location)>, ManifestError> {
        let Some((text, location)) = self.text(key)? else {
            return Ok(None);
        };
        Ok(Some((parse_alias(text, &location)?, location)))
    }

    /// `version`, `path` and `package` of a dependency: alike in our tables and in cargo-component's.
    pub(super) fn read_source(&self, dependency: &mut Dependency) -> Result<(), ManifestError> {
        if let Some((text, at)) = self.text("version")? {
            dependency.requirement = Some(parse_requirement(text, at)?);
            dependency.written = Some(text.to_owned());
        }
        if let Some((path, _)) = self.text("path")? {
            dependency.path = Some(joined(self.source.folder(), path));
        }
        if let Some((name, _)) = self.parse("package")? {
            dependency.name = name;
        }
        if dependency.requirement.is_none() && dependency.path.is_none() {
            return Err(ManifestError::NoVersion {
                location: dependency.location.clone(),
                name: dependency.name.clone(),
            });
        }
        Ok(())
    }

    /// `mirrors = […]`, of a registry on a web server.
    fn mirrors(&self, address: &Address) -> Result<Vec<String>, ManifestError> {
        let mut mirrors = Vec::new();
        let Some((key, item)) = self.keys.get_key_value("mirrors") else {
            return Ok(mirrors);
        };
        let expected = "a list of http addresses";
        let (Some(list), Address::Http(_)) = (item.as_array(), address) else {
            return Err(match address {
                Address::Http(_) => self.wrong_type(key, item, expected),
                Address::Folder(_) => ManifestError::FolderMirrors {
                    location: self.source.at_key(key),
                },
            });
        };
        for value in list {
            let Some(text) = value.as_str() else {
                return Err(self.wrong_type(key, item, expected));
            };
            let location = self.source.at(value.span().or_else(|| key.span()));
            match parse_address(text, Path::new(""), &location)? {
                Address::Http(url) => mirrors.push(url),
                Address::Folder(_) => {
                    return Err(ManifestError::Mirror {
                        location,
                        url: text.to_owned(),
                    });
                }
            }
        }
        Ok(mirrors)
    }

    /// `for = […]`.
    fn serves(&self) -> Result<BTreeSet<ExternName>, ManifestError> {
        let mut names = BTreeSet::new();
        let Some((key, item)) = self.keys.get_key_value("for") else {
            return Ok(names);
        };
        let expected = "a list of interface names";
        let Some(list) = item.as_array() else {
            return Err(self.wrong_type(key, item, expected));
        };
        for value in list {
            let Some(text) = value.as_str() else {
                return Err(self.wrong_type(key, item, expected));
            };
            let location = self.source.at(value.span().or_else(|| key.span()));
            names.insert(parse_name(text, &location)?);
        }
        Ok(names)
    }
}

pub(super) fn parse_name<T: FromStr<Err = NameError>>(
    text: &str,
    location: &Location,
) -> Result<T, ManifestError> {
    text.parse().map_err(|problem| ManifestError::Name {
        location: location.clone(),
        problem,
    })
}

pub(super) fn parse_requirement(
    text: &str,
    location: Location,
) -> Result<VersionReq, ManifestError> {
    VersionReq::from_user(text).map_err(|problem| ManifestError::Version { location, problem })
}

fn parse_alias(text: &str, location: &Location) -> Result<Alias, ManifestError> {
    Alias::parse(text).ok_or_else(|| ManifestError::Alias {
        location: location.clone(),
        text: text.to_owned(),
    })
}

/// An http address, or a folder relative to the workspace root.
fn parse_address(url: &str, root: &Path, location: &Location) -> Result<Address, ManifestError> {
    match url.split_once("://") {
        Some(("http" | "https", rest)) if !rest.is_empty() => {
            Ok(Address::Http(url.trim_end_matches('/').to_owned()))
        }
        None if !url.is_empty() => Ok(Address::Folder(joined(root, url))),
        _ => Err(ManifestError::Url {
            location: location.clone(),
            url: url.to_owned(),
        }),
    }
}
