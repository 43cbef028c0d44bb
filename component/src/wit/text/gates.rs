//! Gates: whether a package can be parsed by those who have not enabled all features.
//!
//! The parser leaves out an item that `@unstable` gates with a feature that is not enabled. It refuses a text if an item that
//! is left refers to one that is not. So whether a text parses depends on the features that its reader enabled, and a package
//! for others must parse with any of them.
//!
//! Not all sets of features need to be tried. Take an item that refers to a gated one. It is there from a smallest set of
//! features on: its own gate, and that of the interface or world around it. If the reference holds with this smallest set, it
//! holds with more features too. So the texts are resolved with no feature, and with the smallest set of each item of the
//! package. Other packages are checked when they are published themselves.

use std::collections::BTreeSet;

use wit_parser::{
    AstItem, Function, Handle, InterfaceId, PackageName as WitName, Span, Stability, Type,
    TypeDefKind, TypeId, TypeOwner, UnresolvedPackage, WorldId, WorldItem,
};

use super::TextError;
use super::features::Features;
use super::group::Group;
use super::groups::{Groups, Parsing};
use crate::span::Location;
use crate::wit::normal_form::feature;

/// The most bytes of text that are resolved for all sets of features together. The closed set of `wasi:http` has 160
/// thousand, and names four features.
const MAX_TRIED: usize = 16 << 20;

impl Groups {
    /// Resolves the packages of the text that declares one, as those will who have enabled some features of its, or none.
    ///
    /// # Errors
    /// What they cannot parse, and where; more features than are tried.
    pub fn check_gates(&self, name: &WitName) -> Result<(), TextError> {
        let needed = self.needed(name);
        let Some((main, others)) = needed.split_first() else {
            return Ok(());
        };
        let mut packages = needed.iter().flat_map(|group| group.packages());
        if !packages.any(|package| gate_sets(package).any(|features| !features.0.is_empty())) {
            return Ok(());
        }
        let mut tried: BTreeSet<Features> = main.packages().flat_map(gate_sets).collect();
        tried.insert(Features::default());
        let length: usize = needed.iter().map(|group| group.length()).sum();
        if tried.len().saturating_mul(length) > MAX_TRIED {
            return Err(TextError::TooManyFeatures {
                path: main.path.clone(),
            });
        }
        for features in tried {
            let Err(why) = self.push(main, others, Parsing::With(&features)) else {
                continue;
            };
            let location = match &why {
                TextError::Parse { location, .. } => Some(location.clone()),
                _ => None,
            };
            let found = location
                .as_ref()
                .and_then(|location| self.reference_at(&needed, location, &features));
            let why = match (found, why) {
                (Some(found), _) => found,
                (None, TextError::Parse { message, .. }) => message,
                (None, error @ TextError::Package { .. }) => error.to_string(),
                (None, error) => return Err(error),
            };
            return Err(TextError::Gated {
                location,
                features,
                why,
            });
        }
        Ok(())
    }

    /// What stands at a location where the parser found something left out, and what that is.
    fn reference_at(
        &self,
        groups: &[&Group],
        location: &Location,
        features: &Features,
    ) -> Option<String> {
        groups.iter().find_map(|group| {
            group.packages().find_map(|package| {
                let search = Search {
                    groups: self,
                    group,
                    package,
                    location,
                    features,
                };
                search.references()
            })
        })
    }
}

/// The features with which each item of a package is there: at least these.
fn gate_sets(package: &UnresolvedPackage) -> impl Iterator<Item = Features> {
    let interfaces = package.interfaces.iter().flat_map(|(_, interface)| {
        let own = &interface.stability;
        let functions = interface.functions.values();
        let functions = functions.map(move |function| Features::of([own, &function.stability]));
        functions.chain([Features::of([own])])
    });
    let types = package.types.iter();
    let types = types.map(|(_, ty)| Features::of([&ty.stability]));
    let worlds = package.worlds.iter().flat_map(move |(_, world)| {
        let own = &world.stability;
        let items = world.imports.values().chain(world.exports.values());
        let items = items.map(move |item| Features::of([own, stability(package, item)]));
        let includes = world.includes.iter();
        let includes = includes.map(move |include| Features::of([own, &include.stability]));
        items.chain(includes).chain([Features::of([own])])
    });
    interfaces.chain(types).chain(worlds)
}

fn stability<'p>(package: &'p UnresolvedPackage, item: &'p WorldItem) -> &'p Stability {
    match item {
        WorldItem::Interface { stability, .. } => stability,
        WorldItem::Function(function) => &function.stability,
        WorldItem::Type { id, .. } => &package.types[*id].stability,
    }
}

/// A search for the item at a location, and for what it refers to in vain.
struct Search<'g> {
    groups: &'g Groups,
    group: &'g Group,
    package: &'g UnresolvedPackage,
    location: &'g Location,
    features: &'g Features,
}

impl Search<'_> {
    fn is_at(&self, span: Span) -> bool {
        let map = &self.group.parsed.source_map;
        self.group.texts.locate(map, span).as_ref() == Some(self.location)
    }

    fn references(&self) -> Option<String> {
        let package = self.package;
        let said = |user: &str, what: String| format!("`{user}` refers to {what}");
        for (_, interface) in &package.interfaces {
            for function in interface.functions.values() {
                if self.is_at(function.span) {
                    return Some(said(&function.name, self.of_function(function)?));
                }
            }
        }
        for (_, world) in &package.worlds {
            for item in world.imports.values().chain(world.exports.values()) {
                if !self.is_at(item.span()) {
                    continue;
                }
                let found = match item {
                    WorldItem::Interface { id, .. } => self.of_interface(*id),
                    WorldItem::Function(function) => self.of_function(function),
                    WorldItem::Type { id, .. } => self.of_type(*id),
                };
                return Some(said(&world.name, found?));
            }
            for include in &world.includes {
                if self.is_at(include.span) {
                    return Some(said(&world.name, self.of_world(include.id)?));
                }
            }
        }
        // One of another package stands at its first `use`, which has a name of its own.
        let types = package.types.iter();
        let own = types.filter(|(_, ty)| !matches!(ty.kind, TypeDefKind::Unknown));
        for (id, ty) in own {
            if self.is_at(ty.span) {
                let name = ty.name.as_deref().unwrap_or_default();
                let found = self.of_type(id).or_else(|| match ty.owner {
                    TypeOwner::Interface(id) => self.of_interface(id),
                    TypeOwner::World(id) => self.of_world(id),
                    TypeOwner::None => None,
                });
                let of_another = match ty.kind {
                    TypeDefKind::Type(Type::Id(used)) => package.types[used].owner != ty.owner,
                    _ => false,
                };
                return Some(if of_another {
                    format!("this `use` refers to {}", found?)
                } else {
                    said(name, found?)
                });
            }
        }
        for (id, interface) in &package.interfaces {
            if self.is_at(interface.span) {
                return Some(said(&package.name.to_string(), self.of_interface(id)?));
            }
        }
        None
    }

    /// That a gate keeps something out.
    fn gates(&self, gate: &Stability) -> Option<String> {
        let feature = feature(gate).filter(|feature| !self.features.0.contains(*feature))?;
        Some(format!("`@unstable(feature = {feature})` gates"))
    }

    fn of_function(&self, function: &Function) -> Option<String> {
        let types = function.params.iter().map(|param| &param.ty);
        let resource = function.kind.resource().map(Type::Id);
        let mut types = types.chain(&function.result).chain(&resource);
        types.find_map(|ty| self.of_use(ty))
    }

    /// A type that is used, where it is not there itself, or what it is made of where it has no name.
    fn of_use(&self, ty: &Type) -> Option<String> {
        let Type::Id(id) = ty else {
            return None;
        };
        let ty = &self.package.types[*id];
        let Some(name) = &ty.name else {
            return self.of_type(*id);
        };
        if let (TypeDefKind::Unknown, TypeOwner::Interface(id)) = (&ty.kind, ty.owner) {
            // The parser has a type of another package but once, gated as its first `use` is.
            let of_use = || {
                Some(format!(
                    "`{name}`, whose first `use` {}",
                    self.gates(&ty.stability)?
                ))
            };
            return self.of_foreign_type(id, name).or_else(of_use);
        }
        Some(format!("`{name}`, which {}", self.gates(&ty.stability)?))
    }

    fn of_type(&self, id: TypeId) -> Option<String> {
        let ty = &self.package.types[id];
        let used: Vec<Type> = match &ty.kind {
            TypeDefKind::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
            TypeDefKind::Tuple(tuple) => tuple.types.clone(),
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().filter_map(|case| case.ty).collect()
            }
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => vec![Type::Id(*id)],
            TypeDefKind::Option(ty)
            | TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Type(ty) => vec![*ty],
            TypeDefKind::Map(key, value) => vec![*key, *value],
            TypeDefKind::Result(result) => result.ok.into_iter().chain(result.err).collect(),
            TypeDefKind::Future(ty) | TypeDefKind::Stream(ty) => ty.iter().copied().collect(),
            TypeDefKind::Resource
            | TypeDefKind::Flags(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Unknown => Vec::new(),
        };
        used.iter().find_map(|ty| self.of_use(ty))
    }

    fn of_interface(&self, id: InterfaceId) -> Option<String> {
        let own = &self.package.interfaces[id];
        if let Some((name, gate)) = self.foreign(&AstItem::Interface(id)) {
            return Some(format!("`{name}`, which {}", self.gates(gate)?));
        }
        let name = own.name.as_deref().unwrap_or_default();
        Some(format!("`{name}`, which {}", self.gates(&own.stability)?))
    }

    fn of_world(&self, id: WorldId) -> Option<String> {
        let own = &self.package.worlds[id];
        if let Some((name, gate)) = self.foreign(&AstItem::World(id)) {
            return Some(format!("`{name}`, which {}", self.gates(gate)?));
        }
        Some(format!(
            "`{}`, which {}",
            own.name,
            self.gates(&own.stability)?
        ))
    }

    fn of_foreign_type(&self, id: InterfaceId, name: &str) -> Option<String> {
        let (package, item) = self.foreign_name(&AstItem::Interface(id))?;
        let provider = self.provider(package)?;
        let mut interfaces = provider.interfaces.iter();
        let (_, interface) = interfaces.find(|(_, one)| one.name.as_deref() == Some(item))?;
        let ty = &provider.types[*interface.types.get(name)?];
        Some(format!("`{name}`, which {}", self.gates(&ty.stability)?))
    }

    /// The name and the gate of another package's item.
    fn foreign(&self, wanted: &AstItem) -> Option<(String, &Stability)> {
        let (package, item) = self.foreign_name(wanted)?;
        let provider = self.provider(package)?;
        let gate = match wanted {
            AstItem::Interface(_) => {
                let mut all = provider.interfaces.iter();
                let (_, found) = all.find(|(_, one)| one.name.as_deref() == Some(item))?;
                &found.stability
            }
            AstItem::World(_) => {
                let mut all = provider.worlds.iter();
                &all.find(|(_, one)| one.name == item)?.1.stability
            }
        };
        Some((package.interface_id(item), gate))
    }

    fn foreign_name(&self, wanted: &AstItem) -> Option<(&WitName, &str)> {
        let foreign = self.package.foreign_deps.iter();
        let mut items = foreign.flat_map(|(package, items)| {
            items
                .iter()
                .map(move |(name, (item, _))| (package, name, item))
        });
        let (package, name, _) = items.find(|(_, _, item)| match (item, wanted) {
            (AstItem::Interface(one), AstItem::Interface(other)) => one == other,
            (AstItem::World(one), AstItem::World(other)) => one == other,
            _ => false,
        })?;
        Some((package, name))
    }

    fn provider(&self, name: &WitName) -> Option<&UnresolvedPackage> {
        let group = self.groups.get(name)?;
        group.packages().find(|package| package.name == *name)
    }
}
