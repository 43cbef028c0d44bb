//! Who serves which import of a closed set: decided from requirements, the root's redirections and the exports that
//! there are.
//!
//! An import is served by the requirement whose `for` names it; else by the one direct requirement whose package exports
//! that interface on the same track, in the same version or a later one; else by the host. Types are not compared here.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use transparency::digest::Digest;
use transparency::name::{ExternName, InterfaceName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::Track;
use wasmparser::{ComponentTypeRef, TypeBounds};

use super::error::{ComposeError, Part as PartName};
use super::outside::{Import, Outside, Type};
use super::{Composition, FORMAT, Part, section};
use crate::content::{ContentError, check_valid};
use crate::order::{Next, sort};

/// Who serves an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server<'a> {
    Host,
    /// An export of the package that serves another import, by that import's number: a type that is said to be that one.
    Type {
        import: usize,
        name: &'a str,
    },
    /// An export of a part, both by number.
    Part {
        part: usize,
        export: usize,
    },
}

/// A component of the closed set and who serves its imports.
pub(super) struct Wired<'a> {
    pub(super) name: PartName,
    pub(super) content: &'a [u8],
    pub(super) outside: Outside<'a>,
    /// One for each import.
    pub(super) servers: Vec<Server<'a>>,
}

/// A whole closed set, wired.
pub struct Plan<'a> {
    /// The parts ascending by selection, then the root.
    pub(super) parts: Vec<Wired<'a>>,
    /// Those that the root needs, each after all that serve it; the root is last.
    pub(super) order: Vec<usize>,
    unused: Vec<Unused>,
    /// What the bundle is to say of itself.
    pub(super) embedded: String,
}

/// Something that was asked for and does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unused {
    /// A requirement that serves no import.
    Requirement {
        /// Who requires.
        by: PartName,
        /// The package.
        name: PackageName,
    },
    /// A redirection of an import that no part has.
    Redirection {
        /// The import.
        import: ExternName,
    },
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requirement { by, name } => write!(
                f,
                "{by} requires `{name}`, which exports nothing that it imports"
            ),
            Self::Redirection { import } => write!(
                f,
                "`{import}` is redirected, and nothing in the closed set imports it"
            ),
        }
    }
}

/// How well an export fits an import; smaller is better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    /// A later version of the same track.
    Later(semver::Version),
}

fn fit(import: &Import<'_>, export: &ExternName) -> Option<Fit> {
    if import.name == *export {
        return Some(Fit::Exact);
    }
    let named = import.written.implements;
    let wanted = import.name.interface();
    let wanted = wanted.or_else(|| named?.parse().ok())?;
    fit_of_interfaces(wanted, export.interface()?)
}

fn fit_of_interfaces(wanted: InterfaceName, found: InterfaceName) -> Option<Fit> {
    if (&wanted.package, &wanted.interface) != (&found.package, &found.interface) {
        return None;
    }
    if wanted.version == found.version {
        return Some(Fit::Exact);
    }
    let (wanted, found) = (wanted.version?, found.version?);
    (Track::of(&wanted) == Track::of(&found) && found >= wanted).then_some(Fit::Later(found))
}

/// Whether an export serves an import, as far as their names say: not what an import under a plain name implements.
pub fn serves(export: &ExternName, import: &ExternName) -> bool {
    let fit = || fit_of_interfaces(import.interface()?, export.interface()?);
    import == export || fit().is_some()
}

/// Whether a name that stands in a `for` or in a redirection means an import; without a version it means all.
fn means(pattern: &ExternName, import: &ExternName) -> bool {
    if pattern == import {
        return true;
    }
    match (pattern.interface(), import.interface()) {
        (Some(pattern), Some(import)) => {
            let same =
                (&pattern.package, &pattern.interface) == (&import.package, &import.interface);
            same && pattern.version.is_none()
        }
        _ => false,
    }
}

fn content(part: &PartName, source: ContentError) -> ComposeError {
    ComposeError::Content {
        part: part.clone(),
        source: Box::new(source),
    }
}

fn check_root(part: &PartName, bytes: &[u8]) -> Result<(), ComposeError> {
    check_valid(bytes).map_err(|error| match error {
        ContentError::Invalid { message, .. } => ComposeError::Invalid {
            part: part.clone(),
            message,
        },
        error => content(part, error),
    })
}

/// The name of an interface in all of its versions.
fn unversioned(import: &ExternName) -> Option<ExternName> {
    let interface = import.interface()?;
    let text = format!("{}/{}", interface.package, interface.interface);
    text.parse().ok()
}

/// Whether a name is of an interface of this package.
fn is_of(package: &PackageName, name: &ExternName) -> bool {
    name.interface().is_some_and(|one| one.package == *package)
}

/// What a requirement asks of the releases that will do, for a component that imports this: what `for` names; without one,
/// the imports of the package's own name; and where there are none, whatever serves an import. Of imports under plain names it
/// is not known what they are, so nothing is said where one of them may be served.
///
/// By this a release is required in its record: what later ones export beside it takes nothing from the host, and those that
/// lack it are no choice.
pub fn purpose(
    requirement: &Requirement,
    imports: &BTreeSet<ExternName>,
    exports: &BTreeSet<ExternName>,
) -> BTreeSet<ExternName> {
    if !requirement.serves.is_empty() {
        // What a text refers to and the component does not import is asked of nobody.
        let named = requirement.serves.intersection(imports).cloned();
        let named: BTreeSet<ExternName> = named.collect();
        let mut serves = requirement.serves.iter();
        let is_own = serves.all(|one| is_of(&requirement.name, one));
        return if is_own && !named.is_empty() {
            named
        } else {
            requirement.serves.clone()
        };
    }
    let is_served = |import: &&ExternName| exports.iter().any(|export| serves(export, import));
    let own = imports.iter().filter(|one| is_of(&requirement.name, one));
    let own: BTreeSet<ExternName> = own.cloned().collect();
    let is_unknown = |import: &ExternName| import.interface().is_none() && !is_served(&import);
    if own.is_empty() && imports.iter().any(is_unknown) {
        return BTreeSet::new();
    }
    let among = if own.is_empty() { imports } else { &own };
    let served: BTreeSet<ExternName> = among.iter().filter(is_served).cloned().collect();
    if served.is_empty() { own } else { served }
}

/// A requirement of a part, with the releases that meet it.
struct Offer<'r> {
    requirement: &'r Requirement,
    met: Vec<usize>,
    /// Whether it is for its own package's interfaces: it says nothing of what it is for, and some of them are imported.
    is_for_its_own: bool,
}

impl Offer<'_> {
    /// Whether it may serve an import that its `for` does not name: where it has one, only what is of its own package, or of
    /// one that the `for` names; without one, nothing else where anything of its own package is imported. Otherwise a later
    /// release, by exporting more, could take what is the host's.
    fn is_asked(&self, import: &ExternName) -> bool {
        let serves = &self.requirement.serves;
        let is_open = serves.is_empty() && !self.is_for_its_own;
        let Some(import) = import.interface() else {
            return is_open;
        };
        let mut named = serves.iter().filter_map(ExternName::interface);
        is_open
            || import.package == self.requirement.name
            || named.any(|named| named.package == import.package)
    }
}

impl<'a> Plan<'a> {
    /// Decides who serves what.
    ///
    /// # Errors
    /// Parts that do not read; imports that the requirements do not settle; components that need each other.
    pub fn new(composition: &Composition<'a>) -> Result<Self, ComposeError> {
        let root_name = PartName::Root(composition.name.to_owned());
        let selections = composition.parts.iter();
        let named =
            selections.map(|(selection, part)| (PartName::Package(selection.clone()), *part));
        let named: Vec<_> = named.chain([(root_name, composition.root)]).collect();
        let mut parts = Vec::with_capacity(named.len());
        for (name, part) in &named {
            // Planning takes as long as the types are many and deep, which the validator bounds. What was published went
            // through it; the root is whatever lay in a file.
            if matches!(name, PartName::Root(_)) {
                check_root(name, part.content)?;
            }
            let outside = Outside::read(part.content).map_err(|source| content(name, source))?;
            parts.push(Wired {
                name: name.clone(),
                content: part.content,
                outside,
                servers: Vec::new(),
            });
        }
        let wirer = Wirer::new(&parts, composition)?;
        let mut unused = Vec::new();
        let mut wired = Vec::with_capacity(parts.len());
        let mut redirected = BTreeSet::new();
        for (number, (_, part)) in named.iter().enumerate() {
            wired.push(wirer.servers(number, part, &mut redirected, &mut unused)?);
        }
        let unmet = composition.wire.0.keys();
        let unmet = unmet.filter(|import| !redirected.contains(import));
        unused.extend(unmet.map(|import| Unused::Redirection {
            import: import.clone(),
        }));
        for (part, mut servers) in parts.iter_mut().zip(wired) {
            settle_types(&part.outside, &mut servers);
            part.servers = servers;
        }
        let order = order(&parts)?;
        Ok(Self {
            parts,
            order,
            unused,
            embedded: section::text(
                FORMAT,
                &Digest::of(composition.root.content),
                composition.wire,
                composition.lock,
            ),
        })
    }

    /// What was asked for and does nothing.
    pub fn unused(&self) -> &[Unused] {
        &self.unused
    }

    /// How many components are in the bundle, the root among them.
    pub fn components(&self) -> usize {
        self.order.len()
    }
}

/// All parts, to find out which of them serve an import.
struct Wirer<'p, 'a> {
    parts: &'p [Wired<'a>],
    /// The numbers of the selected releases of each package, ascending by version.
    by_name: BTreeMap<PackageName, Vec<usize>>,
    /// For each redirected import, the numbers of the releases that may serve it.
    wire: BTreeMap<&'p ExternName, Vec<usize>>,
}

impl<'p, 'a> Wirer<'p, 'a> {
    fn new(parts: &'p [Wired<'a>], composition: &Composition<'a>) -> Result<Self, ComposeError>
    where
        'a: 'p,
    {
        let mut by_name: BTreeMap<PackageName, Vec<usize>> = BTreeMap::new();
        for (number, part) in parts.iter().enumerate() {
            if let PartName::Package(selection) = &part.name {
                let numbers = by_name.entry(selection.name.clone()).or_default();
                numbers.push(number);
            }
        }
        let mut wire = BTreeMap::new();
        for (import, name) in &composition.wire.0 {
            let numbers = by_name.get(name).cloned();
            let numbers = numbers.ok_or_else(|| ComposeError::Redirected {
                import: import.clone(),
                name: name.clone(),
            })?;
            wire.insert(import, numbers);
        }
        Ok(Self {
            parts,
            by_name,
            wire,
        })
    }

    fn selection(&self, number: usize) -> Option<&Selection> {
        match &self.parts.get(number)?.name {
            PartName::Package(selection) => Some(selection),
            PartName::Root(_) => None,
        }
    }

    /// The selected releases that meet a requirement.
    fn meeting(
        &self,
        by: &PartName,
        requirement: &Requirement,
    ) -> Result<Vec<usize>, ComposeError> {
        let numbers = self.by_name.get(&requirement.name);
        let numbers = numbers.into_iter().flatten().copied();
        let met: Vec<usize> = numbers
            .filter(|number| {
                let selection = self.selection(*number);
                selection.is_some_and(|selection| requirement.req.matches(&selection.version))
            })
            .collect();
        if met.is_empty() {
            return Err(ComposeError::Unmet {
                by: by.clone(),
                requirement: requirement.clone(),
            });
        }
        Ok(met)
    }

    /// The export of one of these releases that fits best: the best fit, and of several the latest release.
    fn best(&self, import: &Import<'_>, numbers: &[usize]) -> Option<(usize, usize)> {
        let candidates = numbers.iter().rev().flat_map(|number| {
            let exports = self.parts.get(*number).map(|part| &part.outside.exports);
            let exports = exports.into_iter().flatten().enumerate();
            exports.filter_map(move |(position, export)| {
                Some((fit(import, &export.name)?, (*number, position)))
            })
        });
        // The first of equals is taken.
        let best = candidates.reduce(|best, next| if next.0 < best.0 { next } else { best });
        best.map(|(_, found)| found)
    }

    /// Who serves each import of a part.
    fn servers(
        &self,
        number: usize,
        part: &Part<'_>,
        redirected: &mut BTreeSet<ExternName>,
        unused: &mut Vec<Unused>,
    ) -> Result<Vec<Server<'a>>, ComposeError> {
        let Some(wired) = self.parts.get(number) else {
            return Ok(Vec::new());
        };
        let requirements = part.requirements.iter();
        let requirements = requirements.filter(|one| one.kind == Kind::Component);
        let mut offers = Vec::new();
        for requirement in requirements {
            let mut imports = wired.outside.imports.iter();
            let is_own = |import: &Import<'_>| is_of(&requirement.name, &import.name);
            offers.push(Offer {
                requirement,
                met: self.meeting(&wired.name, requirement)?,
                is_for_its_own: requirement.serves.is_empty() && imports.any(is_own),
            });
        }
        let mut useful: BTreeSet<usize> = BTreeSet::new();
        let mut servers = Vec::with_capacity(wired.outside.imports.len());
        for import in &wired.outside.imports {
            let redirection = self.redirection(number, wired, import, redirected)?;
            let found = match redirection {
                Some(found) => {
                    // The requirement did what it could: it was overruled.
                    for (position, offer) in offers.iter().enumerate() {
                        if self.best(import, &offer.met).is_some() {
                            useful.insert(position);
                        }
                    }
                    Some(found)
                }
                None => self.required(wired, import, &offers, &mut useful)?,
            };
            servers.push(match found {
                Some((part, export)) => Server::Part { part, export },
                None => Server::Host,
            });
        }
        for (position, Offer { requirement, .. }) in offers.iter().enumerate() {
            let mut redirected_to = self.wire.values().flatten();
            let is_redirected_to = redirected_to.any(|number| {
                self.selection(*number)
                    .is_some_and(|selection| selection.name == requirement.name)
            });
            if !useful.contains(&position) && !is_redirected_to {
                unused.push(Unused::Requirement {
                    by: wired.name.clone(),
                    name: requirement.name.clone(),
                });
            }
        }
        Ok(servers)
    }

    /// The export that the root redirects an import to. What a package itself imports is not redirected to it.
    fn redirection(
        &self,
        number: usize,
        wired: &Wired<'_>,
        import: &Import<'_>,
        redirected: &mut BTreeSet<ExternName>,
    ) -> Result<Option<(usize, usize)>, ComposeError> {
        // One that names the version says more.
        let named = self.wire.get_key_value(&import.name);
        let of_all = || self.wire.get_key_value(&unversioned(&import.name)?);
        let Some((pattern, numbers)) = named.or_else(of_all) else {
            return Ok(None);
        };
        redirected.insert((*pattern).clone());
        if numbers.contains(&number) {
            return Ok(None);
        }
        match self.best(import, numbers) {
            Some(found) => Ok(Some(found)),
            None => Err(self.nothing(wired, import, numbers)),
        }
    }

    /// The export that the requirements of a part choose for an import.
    fn required(
        &self,
        wired: &Wired<'_>,
        import: &Import<'_>,
        offers: &[Offer<'_>],
        useful: &mut BTreeSet<usize>,
    ) -> Result<Option<(usize, usize)>, ComposeError> {
        let by_for: Vec<_> = offers
            .iter()
            .enumerate()
            .filter(|(_, offer)| {
                let mut serves = offer.requirement.serves.iter();
                serves.any(|pattern| means(pattern, &import.name))
            })
            .collect();
        let mut candidates: BTreeMap<usize, usize> = BTreeMap::new();
        for (position, Offer { met, .. }) in &by_for {
            let found = self.best(import, met);
            let (part, export) = found.ok_or_else(|| self.nothing(wired, import, met))?;
            candidates.insert(part, export);
            useful.insert(*position);
        }
        if by_for.is_empty() {
            for (position, offer) in offers.iter().enumerate() {
                let is_asked = offer.is_asked(&import.name);
                let found = is_asked.then(|| self.best(import, &offer.met));
                if let Some((part, export)) = found.flatten() {
                    candidates.insert(part, export);
                    useful.insert(position);
                }
            }
        }
        let mut found = candidates.iter();
        match (found.next(), found.next()) {
            (Some((one, _)), Some((other, _))) => Err(ComposeError::Ambiguous {
                by: wired.name.clone(),
                import: import.name.clone(),
                one: Box::new(self.selections(&[*one])),
                other: Box::new(self.selections(&[*other])),
            }),
            (Some((part, export)), None) => Ok(Some((*part, *export))),
            (None, _) => self.left_to_host(wired, import, offers).map(|()| None),
        }
    }

    /// Lets an import be the host's, unless that can hardly be meant: a required package has the interface and does not
    /// fit, or is the one that the import names.
    fn left_to_host(
        &self,
        wired: &Wired<'_>,
        import: &Import<'_>,
        offers: &[Offer<'_>],
    ) -> Result<(), ComposeError> {
        let Some(wanted) = import.name.interface() else {
            return Ok(());
        };
        // A requirement that says what it is for is for nothing else.
        let open = offers
            .iter()
            .filter(|offer| offer.requirement.serves.is_empty() && offer.is_asked(&import.name));
        for Offer {
            requirement, met, ..
        } in open
        {
            let exports = met.iter().filter_map(|number| self.parts.get(*number));
            let mut exports = exports.flat_map(|part| &part.outside.exports);
            let has_it = exports.any(|export| {
                export.name.interface().is_some_and(|found| {
                    (found.package, found.interface)
                        == (wanted.package.clone(), wanted.interface.clone())
                })
            });
            if has_it || requirement.name == wanted.package {
                return Err(self.nothing(wired, import, met));
            }
        }
        Ok(())
    }

    /// Why none of these releases can serve an import that they ought to.
    fn nothing(&self, wired: &Wired<'_>, import: &Import<'_>, numbers: &[usize]) -> ComposeError {
        let parts = numbers.iter().filter_map(|number| self.parts.get(*number));
        let exports = parts.flat_map(|part| &part.outside.exports);
        let exports: BTreeSet<ExternName> = exports.map(|export| export.name.clone()).collect();
        let server = Box::new(self.selections(numbers));
        let (by, wanted) = (wired.name.clone(), import.name.clone());
        let interface = wanted.interface();
        let same = exports.iter().find(|export| {
            let (Some(wanted), Some(found)) = (&interface, export.interface()) else {
                return false;
            };
            (&wanted.package, &wanted.interface) == (&found.package, &found.interface)
        });
        let Some(same) = same.cloned() else {
            return ComposeError::ExportsNothing {
                by,
                import: wanted,
                server,
                exports,
            };
        };
        let track = |name: &ExternName| Some(Track::of(&name.interface()?.version?));
        if track(&same) == track(&wanted) {
            return ComposeError::Older {
                by,
                import: wanted,
                server,
                export: same,
            };
        }
        // Who wants it as it is there: then it is wanted twice.
        let wants = |part: &&Wired<'_>| {
            let mut imports = part.outside.imports.iter();
            imports.any(|import| fit(import, &same).is_some())
        };
        let other = self.parts.iter().find(wants);
        ComposeError::OtherTrack {
            by,
            import: wanted,
            server,
            export: same,
            other: other.map(|other| Box::new(other.name.clone())),
        }
    }

    fn selections(&self, numbers: &[usize]) -> Vec<Selection> {
        let selections = numbers.iter().filter_map(|number| self.selection(*number));
        selections.cloned().collect()
    }
}

/// A type import that is said to be a type of an instance has that instance's server.
fn settle_types<'a>(outside: &Outside<'a>, servers: &mut [Server<'a>]) {
    for position in 0..servers.len() {
        let import = outside.imports.get(position);
        let Some(ComponentTypeRef::Type(TypeBounds::Eq(mut index))) =
            import.map(|import| import.ty)
        else {
            continue;
        };
        let server = loop {
            match outside.ty(index) {
                // What stands further up, so this ends.
                Some(Type::Same(same) | Type::Export { same, .. }) if *same < index => {
                    index = *same;
                }
                Some(Type::Import(other)) if *other < position => {
                    break servers
                        .get(*other)
                        .copied()
                        .filter(|server| matches!(server, Server::Type { .. }));
                }
                Some(Type::Alias { instance, name }) => {
                    let import = outside.instance(*instance);
                    let of_part =
                        |import: &usize| matches!(servers.get(*import), Some(Server::Part { .. }));
                    break import
                        .filter(of_part)
                        .map(|import| Server::Type { import, name });
                }
                _ => break None,
            }
        };
        if let (Some(slot @ Server::Host), Some(server)) = (servers.get_mut(position), server) {
            *slot = server;
        }
    }
}

/// Those of the parts that the root needs, each after what serves it, in the order of their numbers where that leaves
/// a choice.
fn order(parts: &[Wired<'_>]) -> Result<Vec<usize>, ComposeError> {
    let served_by = |number: usize| -> BTreeSet<usize> {
        let servers = parts.get(number).into_iter().flat_map(|part| &part.servers);
        let servers = servers.filter_map(|server| match server {
            Server::Host | Server::Type { .. } => None,
            Server::Part { part, .. } => Some(*part),
        });
        servers.collect()
    };
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut ahead: Vec<usize> = parts.len().checked_sub(1).into_iter().collect();
    while let Some(number) = ahead.pop() {
        if let Entry::Vacant(entry) = needs.entry(number) {
            ahead.extend(entry.insert(served_by(number)).iter());
        }
    }
    let sorted = sort(&needs, Next::Least);
    if sorted.stuck.is_empty() {
        return Ok(sorted.order);
    }
    let cycle = sorted.circle(&needs).into_iter();
    Err(ComposeError::Cycle {
        cycle: cycle
            .filter_map(|number| Some(parts.get(number)?.name.clone()))
            .collect(),
    })
}
