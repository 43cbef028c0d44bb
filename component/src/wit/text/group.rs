//! What one folder, or one file, declares: a main package, and those that are nested in its text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;
use transparency::digest::Digest;
use wit_parser::{
    AstItem, PackageName as WitName, SourceMap, Span, UnresolvedPackage, UnresolvedPackageGroup,
};

use super::{MARK, MAX_TEXT, TextError, refusal};
use crate::span::{Location, Text};
use crate::wit::guard::guarded;

/// What a text that `fetch` wrote was printed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// One content, which has this digest.
    Of(Digest),
    /// What several contents hold of the package, so it is none of its contents.
    OfParts,
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(digest) => digest.fmt(f),
            Self::OfParts => f.write_str("what several components hold of it"),
        }
    }
}

/// A use of another package's interface or world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The package whose text it stands in.
    pub user: WitName,
    /// The package meant, with its version where the text has one.
    pub package: WitName,
    /// The interface or world.
    pub item: String,
    /// Whether the item is included as a world.
    pub world: bool,
    /// The types used of it.
    pub types: BTreeSet<String>,
    /// Where it is used first.
    pub location: Option<Location>,
}

impl Reference {
    /// The name that a component exports the item under: `ns:pkg/item@1.2.3`.
    pub fn extern_name(&self) -> String {
        self.package.interface_id(&self.item)
    }
}

/// The packages that one folder or file declares.
#[derive(Debug, Clone)]
pub struct Group {
    pub(super) path: PathBuf,
    /// Of the texts: two groups of the same files are the same packages.
    digest: Digest,
    /// Shared, since the same groups come together in many ways.
    pub(super) parsed: Arc<UnresolvedPackageGroup>,
    pub(super) texts: Arc<Texts>,
}

impl Group {
    /// The packages in some texts together, each with its path.
    ///
    /// # Errors
    /// Texts that are larger than [`MAX_TEXT`] together, and those that do not parse.
    pub fn of_texts(
        path: &Path,
        texts: impl IntoIterator<Item = (PathBuf, String)>,
    ) -> Result<Self, TextError> {
        let mut map = SourceMap::new();
        let mut kept = Texts::default();
        let mut all = String::new();
        for (file, text) in texts {
            all.push_str(&text);
            if is_too_large(&all) {
                return Err(TextError::TooLarge {
                    path: path.to_owned(),
                });
            }
            kept.push(&mut map, &file, text);
            all.push('\0'); // no WIT text holds one
        }
        Self::of_sources(path, map, kept, Digest::of(all.as_bytes()))
    }

    /// The packages in a text; the path is for messages only.
    pub fn parse(path: &Path, text: &str) -> Result<Self, TextError> {
        if is_too_large(text) {
            return Err(TextError::TooLarge {
                path: path.to_owned(),
            });
        }
        let (mut map, mut texts) = (SourceMap::new(), Texts::default());
        texts.push(&mut map, path, text.to_owned());
        Self::of_sources(path, map, texts, Digest::of(text.as_bytes()))
    }

    fn of_sources(
        path: &Path,
        map: SourceMap,
        texts: Texts,
        digest: Digest,
    ) -> Result<Self, TextError> {
        match guarded(|| map.parse())? {
            Ok(parsed) => Ok(Self {
                path: path.to_owned(),
                digest,
                parsed: Arc::new(parsed),
                texts: Arc::new(texts),
            }),
            Err((map, error)) => {
                let location = texts.locate(&map, error.kind().span());
                Err(refusal(path, location, error.to_string()))
            }
        }
    }

    /// A package version that it declares and another file or folder has.
    pub(in crate::wit) fn duplicate(
        &self,
        name: &WitName,
        first: &Path,
        first_text: Option<&Self>,
    ) -> TextError {
        let groups = [Some(self), first_text];
        TextError::Duplicate {
            package: name.to_string(),
            first: first.to_owned(),
            second: self.path.clone(),
            declarations: groups
                .into_iter()
                .flatten()
                .filter_map(|group| group.texts.declaration(name))
                .collect(),
        }
    }

    /// The folder or file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the other was read from the same texts, wherever they lie.
    pub fn same_text(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// The SHA-256 of the texts.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The name of the main package.
    pub fn name(&self) -> &WitName {
        &self.parsed.main.name
    }

    /// What it was printed from, where its last line says that `fetch` wrote it.
    pub fn printed_from(&self) -> Option<Printed> {
        let mut texts = self.texts.0.values();
        let text = texts.next().filter(|_| texts.next().is_none())?;
        let last = text.as_str().trim_end().lines().next_back()?;
        let hex = last.strip_prefix(MARK)?;
        let digest = format!("sha256:{hex}").parse();
        Some(digest.map_or(Printed::OfParts, Printed::Of))
    }

    /// Where it declares one of its packages; none where the text spells the name in another way than usual.
    pub fn declaration(&self, name: &WitName) -> Option<Location> {
        self.texts.declaration(name)
    }

    /// In bytes, all texts together.
    pub(super) fn length(&self) -> usize {
        self.texts.0.values().map(|text| text.as_str().len()).sum()
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &UnresolvedPackage> {
        std::iter::once(&self.parsed.main).chain(&self.parsed.nested)
    }

    /// The names of all packages, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &WitName> {
        self.packages().map(|package| &package.name)
    }

    /// All uses of other packages, in the order of the text; those of packages nested here included.
    pub fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        for package in self.packages() {
            for (name, items) in &package.foreign_deps {
                for (item, (id, _)) in items {
                    let (world, span, types) = match id {
                        AstItem::Interface(id) => {
                            let interface = &package.interfaces[*id];
                            (
                                false,
                                interface.span,
                                interface.types.keys().cloned().collect(),
                            )
                        }
                        AstItem::World(id) => (true, package.worlds[*id].span, BTreeSet::new()),
                    };
                    references.push(Reference {
                        user: package.name.clone(),
                        package: name.clone(),
                        item: item.clone(),
                        world,
                        types,
                        location: self.texts.locate(&self.parsed.source_map, span),
                    });
                }
            }
        }
        references
    }

    /// The same packages, with the foreign packages that `select` answers referred to at that version.
    #[must_use]
    pub(in crate::wit) fn with_versions(
        mut self,
        select: impl Fn(&WitName) -> Option<Version>,
    ) -> Self {
        let parsed = Arc::make_mut(&mut self.parsed);
        let own: BTreeSet<WitName> = std::iter::once(&parsed.main)
            .chain(&parsed.nested)
            .map(|package| package.name.clone())
            .collect();
        for package in std::iter::once(&mut parsed.main).chain(&mut parsed.nested) {
            let foreign = std::mem::take(&mut package.foreign_deps).into_iter();
            package.foreign_deps = foreign
                .map(|(mut name, items)| {
                    if let Some(version) = select(&name).filter(|_| !own.contains(&name)) {
                        name.version = Some(version);
                    }
                    (name, items)
                })
                .collect();
        }
        self
    }

    /// What a reference asks for that these packages lack; none where they hold all of it, or where it means another
    /// package.
    pub fn lacks(&self, reference: &Reference) -> Option<Lack> {
        let package = self
            .packages()
            .find(|package| package.name == reference.package)?;
        if reference.world {
            let found = package
                .worlds
                .iter()
                .any(|(_, world)| world.name == reference.item);
            return (!found).then_some(Lack::World);
        }
        let interface = package
            .interfaces
            .iter()
            .find(|(_, interface)| interface.name.as_ref() == Some(&reference.item));
        let Some((_, interface)) = interface else {
            return Some(Lack::Interface);
        };
        reference
            .types
            .iter()
            .find(|name| !interface.types.contains_key(*name))
            .map(|name| Lack::Type(name.clone()))
    }
}

/// What a package lacks that another uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The whole interface.
    Interface,
    /// The whole world that is included.
    World,
    /// A type of the interface, by name.
    Type(String),
}

/// The texts of a group, by the name that the parser knows each by.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(BTreeMap<String, Text>);

impl Texts {
    fn push(&mut self, map: &mut SourceMap, path: &Path, text: String) {
        self.0
            .insert(path.display().to_string(), Text::new(path, text.clone()));
        map.push(path, text);
    }

    /// None where the span is in none of them.
    pub(super) fn locate(&self, map: &SourceMap, span: Span) -> Option<Location> {
        let found = map.resolve_span(span)?;
        Some(self.0.get(found.path)?.at(found.range))
    }

    /// Where a package is declared; none where the text spells it in another way than usual.
    fn declaration(&self, name: &WitName) -> Option<Location> {
        let name = name.to_string();
        self.0.values().find_map(|text| {
            let mut found = text.as_str().match_indices(&name);
            let (start, _) = found.find(|(start, _)| {
                let (before, after) = text.as_str().split_at(*start);
                let after = after.get(name.len()..).unwrap_or("").trim_start();
                before.trim_end().ends_with("package") && after.starts_with([';', '{'])
            })?;
            Some(text.at(start..start.saturating_add(name.len())))
        })
    }
}

fn is_too_large(text: &str) -> bool {
    u64::try_from(text.len()).map_or(true, |size| size > MAX_TEXT)
}
