//! Changes of a Cargo.toml that keep its comments, order and line endings.
//!
//! A [`ManifestEdit`] holds one manifest. Its verbs change the text in memory and say whether anything changed.
//! [`save`](ManifestEdit::save) writes the file only where the text differs: whole, to a new file that then replaces the
//! old one. [`revert`](ManifestEdit::revert) puts back what was there, for a command that fails later on. A new
//! key goes where order asks for it if the table was in order, and to the end otherwise, as `cargo add` does it.

use std::path::{Path, PathBuf};

use registry::file;
use toml_edit::{Decor, DocumentMut, InlineTable, Item, Table, Value};
use transparency::name::{Kind, Namespace, PackageName};

use super::alias::Alias;
use super::error::ManifestError;
use super::source::{Source, read_text};
use component::span::Location;

/// A dependency to be stated in a manifest.
#[derive(Debug, Clone)]
pub struct NewDependency<'a> {
    /// The kind, which decides the table.
    pub kind: Kind,
    /// The key in the table: the package's name, or what it is renamed to.
    pub alias: &'a PackageName,
    /// The package's name, where it is renamed.
    pub package: Option<&'a PackageName>,
    /// The requirement as the user reads it: `0.2.12`.
    pub requirement: Option<&'a str>,
    /// A path, relative to the manifest's folder.
    pub path: Option<&'a str>,
    /// The registry, where the dependency names it itself.
    pub registry: Option<&'a Alias>,
}

/// A registry to be stated in the root manifest.
#[derive(Debug, Clone)]
pub struct NewRegistry<'a> {
    /// Its short name.
    pub alias: &'a Alias,
    /// An http address, or a folder relative to the workspace root.
    pub url: &'a str,
    /// The policy file, relative to the workspace root.
    pub policy: &'a str,
    /// The namespaces that belong to it.
    pub namespaces: &'a [Namespace],
}

/// A manifest that is being changed.
pub struct ManifestEdit {
    path: PathBuf,
    /// The file's own text.
    before: String,
    /// The text with line feeds only, and where its keys stand.
    source: Source,
    document: DocumentMut,
    crlf: bool,
}

const MARK: char = '\u{feff}';

impl ManifestEdit {
    /// Reads the manifest. `root` is the folder that messages name it from.
    pub fn open(path: &Path, root: &Path) -> Result<Self, ManifestError> {
        Self::parse(path, root, read_text(path)?)
    }

    /// Reads the text of a manifest that lies there.
    ///
    /// # Errors
    /// A text that is no TOML.
    pub fn parse(path: &Path, root: &Path, before: String) -> Result<Self, ManifestError> {
        // The parser passes over a mark too: of two, it must see both to refuse the second, as others do.
        let text = match before.strip_prefix(MARK) {
            Some(rest) if !rest.starts_with(MARK) => rest,
            _ => &before,
        };
        // The printer knows line feeds only. A file of mixed endings gets those of most of its lines.
        let returns = text.matches("\r\n").count();
        let crlf = returns.saturating_mul(2) > text.matches('\n').count();
        // A return before a line ending is no TOML. Without its line ending it would be one itself, and nobody's error.
        let text = if text.contains("\r\r\n") {
            text.to_owned()
        } else {
            text.replace("\r\n", "\n")
        };
        let source = Source::parse(path, root, &text)?;
        Ok(Self {
            path: path.to_owned(),
            document: source.document.clone().into_mut(),
            before,
            source,
            crlf,
        })
    }

    /// The manifest as it would be written.
    pub fn text(&self) -> String {
        let text = self.document.to_string();
        // The printer ends a last line that the file leaves open, so printed texts are compared.
        if text == self.source.document.clone().into_mut().to_string() {
            return self.before.clone();
        }
        let text = if self.crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        };
        if self.before.starts_with(MARK) {
            format!("{MARK}{text}")
        } else {
            text
        }
    }

    /// Writes the manifest, if its text changed; says whether it did. The file is never seen half-written, and keeps
    /// its permissions.
    ///
    /// # Errors
    /// The file is read-only, cannot be written, or was changed by another program since it was read.
    pub fn save(&self) -> Result<bool, ManifestError> {
        let text = self.text();
        if text == self.before {
            return Ok(false);
        }
        self.replace(&self.before, &text)?;
        Ok(true)
    }

    /// Puts back the text from before [`save`](Self::save).
    ///
    /// # Errors
    /// As those of `save`.
    pub fn revert(&self) -> Result<(), ManifestError> {
        let text = self.text();
        if text == self.before {
            return Ok(());
        }
        self.replace(&text, &self.before)
    }

    /// Whether a location is one of the text that is to be written, and not of what the file held before.
    pub fn is_new(&self, location: &Location) -> bool {
        let (text, end) = (self.text(), location.span().end);
        location.text() == text && text.get(..end) != self.before.get(..end)
    }

    fn replace(&self, expected: &str, text: &str) -> Result<(), ManifestError> {
        if read_text(&self.path)? != expected {
            return Err(ManifestError::Changed {
                path: self.path.clone(),
            });
        }
        file::replace(&self.path, text.as_bytes()).map_err(|source| ManifestError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Adds the tables of a package, and its name to publish under, where they are missing.
    pub fn init_package(&mut self, package: Option<&PackageName>) -> Result<bool, ManifestError> {
        self.change(|edit| {
            let table = edit.table(&["package", "metadata", "warg"])?;
            if let Some(package) = package
                && table.get("package").is_none()
            {
                insert_last(table, "package", package.as_str().into());
            }
            edit.table(&["package", "metadata", "warg", "dependencies"])?;
            edit.table(&["package", "metadata", "warg", "wit-dependencies"])?;
            Ok(())
        })
    }

    /// Adds the table of a workspace where it is missing.
    pub fn init_workspace(&mut self) -> Result<bool, ManifestError> {
        self.change(|edit| {
            edit.table(&["workspace", "metadata", "warg"])?;
            Ok(())
        })
    }

    /// States the folder where what is locked lies with the project, where it is stated already or as for a registry.
    ///
    /// # Errors
    /// A table on the way is none.
    pub fn set_vendor(&mut self, folder: &str) -> Result<bool, ManifestError> {
        let owner = self.owner();
        self.change(|edit| {
            for owner in ["workspace", "package"] {
                let table = find(&mut edit.document, &[owner, "metadata", "warg"]);
                if let Some(item) = table.and_then(|table| child(table, "vendor"))
                    && let Some(value) = item.as_value_mut()
                {
                    set(value, folder);
                    return Ok(());
                }
            }
            let table = edit.table(&[owner, "metadata", "warg"])?;
            insert_last(table, "vendor", folder.into());
            Ok(())
        })
    }

    /// Whose table what holds for all members goes into.
    fn owner(&self) -> &'static str {
        if self.document.contains_key("workspace") {
            "workspace"
        } else {
            "package"
        }
    }

    /// States a registry and its namespaces, in the workspace's table where there is a workspace and in the package's
    /// otherwise. What is there already and the same stays as it is.
    ///
    /// # Errors
    /// A registry of that name is another one, or a namespace belongs to another.
    pub fn add_registry(&mut self, registry: &NewRegistry<'_>) -> Result<bool, ManifestError> {
        let owner = self.owner();
        self.change(|edit| {
            let path = [owner, "metadata", "warg", "registries"];
            let alias = registry.alias.as_str();
            let taken = ManifestError::Taken {
                location: edit.source.at_path(&[&path[..], &[alias]].concat()),
                alias: registry.alias.clone(),
            };
            let registries = edit.table(&path)?;
            match registries.get(alias) {
                None => {
                    let mut entry = InlineTable::new();
                    entry.insert("url", registry.url.into());
                    entry.insert("policy", registry.policy.into());
                    insert(registries, alias, Value::InlineTable(entry));
                }
                Some(entry) => {
                    let stated = |key| entry.get(key).and_then(Item::as_str);
                    if stated("url") != Some(registry.url)
                        || stated("policy") != Some(registry.policy)
                    {
                        return Err(taken);
                    }
                }
            }
            for namespace in registry.namespaces {
                edit.add_namespace(owner, namespace, registry.alias)?;
            }
            Ok(())
        })
    }

    /// States the registry that has all namespaces which no other one has.
    ///
    /// # Errors
    /// Another one has them; a table on the way is none.
    pub fn set_default_registry(&mut self, alias: &Alias) -> Result<bool, ManifestError> {
        const KEY: &str = "default-registry";
        let owner = self.owner();
        self.change(|edit| {
            for owner in ["workspace", "package"] {
                let path = [owner, "metadata", "warg"];
                let table = find(&mut edit.document, &path);
                let stated = table.and_then(|table| child(table, KEY)?.as_str().map(str::to_owned));
                match stated {
                    Some(stated) if stated == alias.as_str() => return Ok(()),
                    Some(stated) => {
                        return Err(ManifestError::OtherDefault {
                            location: edit.source.at_path(&[&path[..], &[KEY]].concat()),
                            alias: stated,
                        });
                    }
                    None => {}
                }
            }
            insert_last(
                edit.table(&[owner, "metadata", "warg"])?,
                KEY,
                alias.as_str().into(),
            );
            Ok(())
        })
    }

    /// Takes out a registry, and the namespaces that belong to it, wherever they stand.
    pub fn remove_registry(&mut self, alias: &Alias) {
        for owner in ["workspace", "package"] {
            let Some(table) = find(&mut self.document, &[owner, "metadata", "warg"]) else {
                continue;
            };
            let is_this = |item: &Item| item.as_str() == Some(alias.as_str());
            if let Some(registries) = child(table, "registries") {
                remove(registries, alias.as_str());
            }
            if let Some(namespaces) = child(table, "namespaces") {
                let entries = namespaces.as_table_like().map(|table| table.iter());
                let keys: Vec<_> = entries
                    .into_iter()
                    .flatten()
                    .filter(|(_, item)| is_this(item))
                    .map(|(key, _)| key.to_owned())
                    .collect();
                for key in keys {
                    remove(namespaces, &key);
                }
            }
            if child(table, "default-registry").is_some_and(|item| is_this(item)) {
                remove(table, "default-registry");
            }
        }
    }

    fn add_namespace(
        &mut self,
        owner: &str,
        namespace: &Namespace,
        alias: &Alias,
    ) -> Result<(), ManifestError> {
        let path = [owner, "metadata", "warg", "namespaces"];
        let location = self
            .source
            .at_path(&[&path[..], &[namespace.as_str()]].concat());
        let namespaces = self.table(&path)?;
        let stated = namespaces.get(namespace.as_str()).map(|item| {
            // A value of another type was refused when the manifest was read.
            item.as_str().and_then(Alias::parse)
        });
        match stated {
            None => insert(namespaces, namespace.as_str(), alias.as_str().into()),
            Some(Some(other)) if other != *alias => {
                return Err(ManifestError::TwoRegistries {
                    namespace: namespace.clone(),
                    first: Box::new((other, location.clone())),
                    second: Box::new((alias.clone(), location)),
                });
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// States a dependency, or changes the one that is stated: wherever it stands, in our table or in
    /// cargo-component's; a new one goes into ours.
    ///
    /// # Errors
    /// A table on the way is none.
    pub fn set_dependency(&mut self, new: &NewDependency<'_>) -> Result<bool, ManifestError> {
        let (ours, theirs): (_, &[&str]) = match new.kind {
            Kind::Component => (
                "dependencies",
                &["package", "metadata", "component", "dependencies"],
            ),
            Kind::Wit => (
                "wit-dependencies",
                &["package", "metadata", "component", "target", "dependencies"],
            ),
        };
        let ours = ["package", "metadata", "warg", ours];
        self.change(|edit| {
            let key = new.alias.as_str();
            let mut stated = edit.set_target(new);
            for path in [&ours[..], theirs] {
                let table = find(&mut edit.document, path);
                if let Some(item) = table.and_then(|table| child(table, key)) {
                    new.update(item);
                    stated = true;
                }
            }
            if !stated {
                insert(edit.table(&ours)?, key, new.value());
            }
            Ok(())
        })
    }

    /// Takes out the dependencies of a package, wherever they stand and whatever they are called there. Says which
    /// tables had one.
    pub fn remove_dependency(&mut self, name: &PackageName) -> Vec<String> {
        const TABLES: [&[&str]; 4] = [
            &["package", "metadata", "warg", "dependencies"],
            &["package", "metadata", "warg", "wit-dependencies"],
            &["package", "metadata", "component", "dependencies"],
            &["package", "metadata", "component", "target", "dependencies"],
        ];
        let mut tables = Vec::new();
        for path in TABLES {
            let Some(table) = find(&mut self.document, path) else {
                continue;
            };
            let is_this = |key: &str, item: &Item| {
                let package = item.get("package").and_then(Item::as_str);
                package.unwrap_or(key) == name.as_str()
            };
            let entries = table.as_table_like().map(|table| table.iter());
            let keys: Vec<_> = entries
                .into_iter()
                .flatten()
                .filter(|(key, item)| is_this(key, item))
                .map(|(key, _)| key.to_owned())
                .collect();
            for key in &keys {
                remove(table, key);
            }
            if !keys.is_empty() {
                tables.push(path.join("."));
            }
        }
        tables
    }

    /// cargo-component's `target`, if it is a package of a registry, and this one. Says whether it is.
    fn set_target(&mut self, new: &NewDependency<'_>) -> bool {
        let target = find(
            &mut self.document,
            &["package", "metadata", "component", "target"],
        );
        let (Some(target), Kind::Wit, Some(requirement)) = (target, new.kind, new.requirement)
        else {
            return false;
        };
        let name = new.package.unwrap_or(new.alias).as_str();
        let is_this = match target.as_str().map(|text| text.split_once('@')) {
            Some(Some((package, _))) => {
                let text = format!("{package}@{requirement}");
                let is_this = package.split('/').next() == Some(name);
                if let Some(value) = target.as_value_mut().filter(|_| is_this) {
                    set(value, &text);
                }
                is_this
            }
            Some(None) => false,
            None => target.get("package").and_then(Item::as_str) == Some(name),
        };
        if is_this && target.is_table_like() {
            set_key(target, "version", requirement);
        }
        is_this
    }

    /// Runs a change and says whether the text differs afterwards.
    fn change(
        &mut self,
        verb: impl FnOnce(&mut Self) -> Result<(), ManifestError>,
    ) -> Result<bool, ManifestError> {
        let before = self.document.to_string();
        verb(self)?;
        Ok(self.document.to_string() != before)
    }

    /// The table at a path, made in its parent's style where it is missing.
    fn table(&mut self, path: &[&str]) -> Result<&mut Item, ManifestError> {
        let mut item = self.document.as_item_mut();
        for (depth, name) in path.iter().enumerate() {
            let last = depth.saturating_add(1) == path.len();
            let found = item.type_name();
            if item.get(name).is_none() && item.is_inline_table() {
                insert_last(item, name, Value::InlineTable(InlineTable::new()));
            }
            let Some(table) = item.as_table_like_mut() else {
                let location = self.source.at_path(path);
                return Err(not_a_table(location, path, depth, found));
            };
            let dotted = table.is_dotted();
            item = table.entry(name).or_insert_with(|| {
                let mut new = Table::new();
                new.set_implicit(!last);
                new.set_dotted(dotted);
                Item::Table(new)
            });
        }
        if item.is_table_like() {
            return Ok(item);
        }
        let location = self.source.at_path(path);
        Err(not_a_table(location, path, path.len(), item.type_name()))
    }
}

fn not_a_table(
    location: Location,
    path: &[&str],
    depth: usize,
    found: &'static str,
) -> ManifestError {
    ManifestError::Type {
        location,
        key: path.get(..depth).unwrap_or(path).join("."),
        expected: "a table",
        found,
    }
}

/// The item at a path, if it is there.
fn find<'a>(document: &'a mut DocumentMut, path: &[&str]) -> Option<&'a mut Item> {
    let mut item = document.as_item_mut();
    for name in path {
        item = child(item, name)?;
    }
    Some(item)
}

/// The item of a key, if it is there. (`Item::get_mut` makes what is not there.)
fn child<'a>(item: &'a mut Item, key: &str) -> Option<&'a mut Item> {
    item.as_table_like_mut()?
        .get_mut(key)
        .filter(|item| !item.is_none())
}

/// Takes a key out of a table. A comment right above it goes with it; what an empty line parts from it stays.
fn remove(item: &mut Item, key: &str) {
    let Some(table) = item.as_table_like_mut() else {
        return;
    };
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let next = keys.iter().skip_while(|other| *other != key).nth(1);
    let prefix_of = |decor: &Decor| {
        let prefix = decor.prefix().and_then(|raw| raw.as_str());
        prefix.unwrap_or_default().to_owned()
    };
    let above = table.key(key).map(|key| prefix_of(key.leaf_decor()));
    let above = above.unwrap_or_default();
    table.remove(key);
    let detached = above.rfind("\n\n").and_then(|end| above.get(..end + 2));
    if let (Some(detached), Some(mut next)) = (detached, next.and_then(|next| table.key_mut(next)))
    {
        let own = prefix_of(next.leaf_decor());
        next.leaf_decor_mut().set_prefix(format!("{detached}{own}"));
    }
}

/// Adds a key that is not there to a table: where order asks for it if the table is in order, at the end otherwise.
fn insert(item: &mut Item, key: &str, value: Value) {
    let sorted = item
        .as_table_like()
        .is_some_and(|table| table.iter().map(|(key, _)| key).is_sorted());
    insert_last(item, key, value);
    if let Some(table) = item.as_table_like_mut().filter(|_| sorted) {
        table.sort_values();
    }
}

/// Adds a key that is not there at the end of a table, whose keys have an order of their own.
fn insert_last(item: &mut Item, key: &str, value: Value) {
    let inline = item.is_inline_table();
    if let Some(table) = item.as_table_like_mut() {
        table.insert(key, Item::Value(value));
        // In an inline table the space before the closing brace belongs to the last value. Comments can stand there only if
        // the table spans lines.
        if inline
            && !table
                .get_values()
                .iter()
                .any(|(_, value)| spans_lines(value))
        {
            table.fmt();
        }
    }
}

fn spans_lines(value: &Value) -> bool {
    let decor = value.decor();
    [decor.prefix(), decor.suffix()]
        .into_iter()
        .flatten()
        .any(|raw| raw.as_str().is_none_or(|text| text.contains('\n')))
}

/// Gives a value another text, and keeps the space and the comment around it.
fn set(value: &mut Value, text: &str) {
    if value.as_str() != Some(text) {
        let decor = value.decor().clone();
        *value = Value::from(text);
        *value.decor_mut() = decor;
    }
}

/// Gives a key of a table a text.
fn set_key(item: &mut Item, key: &str, text: &str) {
    match child(item, key).and_then(Item::as_value_mut) {
        Some(value) => set(value, text),
        None => insert_last(item, key, text.into()),
    }
}

impl<'a> NewDependency<'a> {
    /// What is to be stated, in the order of writing.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        [
            ("package", self.package.map(PackageName::as_str)),
            ("version", self.requirement),
            ("path", self.path),
            ("registry", self.registry.map(Alias::as_str)),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)))
    }

    /// A bare string where a version is all there is to say.
    fn bare(&self) -> Option<&'a str> {
        let mut fields = self.fields();
        match (fields.next(), fields.next()) {
            (Some(("version", version)), None) => Some(version),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        if let Some(version) = self.bare() {
            return version.into();
        }
        let mut table = InlineTable::new();
        for (key, text) in self.fields() {
            table.insert(key, text.into());
        }
        Value::InlineTable(table)
    }

    /// Changes a stated dependency to say this; what it says besides stays.
    fn update(&self, item: &mut Item) {
        let Some(value) = item.as_value_mut().filter(|value| value.is_str()) else {
            for (key, text) in self.fields() {
                set_key(item, key, text);
            }
            return;
        };
        if let Some(version) = self.bare() {
            set(value, version);
            return;
        }
        let mut table = InlineTable::new();
        if self.requirement.is_none()
            && let Some(version) = value.as_str()
        {
            table.insert("version", version.into());
        }
        for (key, text) in self.fields() {
            table.insert(key, text.into());
        }
        let decor = value.decor().clone();
        *value = Value::InlineTable(table);
        *value.decor_mut() = decor;
    }
}

#[cfg(test)]
mod tests;
