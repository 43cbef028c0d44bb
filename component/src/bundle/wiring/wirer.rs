//! The decision who serves an import.

use std::collections::{BTreeMap, BTreeSet};

use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::Track;

use super::fit::{fit, is_of, means, unversioned};
use super::{Server, Unused, Wired};
use crate::bundle::error::{ComposeError, Part as PartName};
use crate::bundle::outside::Import;
use crate::bundle::{Composition, Part};

/// All parts, to find out which of them serve an import.
pub(super) struct Wirer<'p, 'a> {
    parts: &'p [Wired<'a>],
    /// The numbers of the selected releases of each package, ascending by version.
    by_name: BTreeMap<PackageName, Vec<usize>>,
    /// For each redirected import, the numbers of the releases that may serve it.
    wire: BTreeMap<&'p ExternName, Vec<usize>>,
}

impl<'p, 'a> Wirer<'p, 'a> {
    pub(super) fn new(
        parts: &'p [Wired<'a>],
        composition: &Composition<'a>,
    ) -> Result<Self, ComposeError>
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
    pub(super) fn servers(
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
        // Another part may import it on the track that is there. Then the interface is wanted on two tracks.
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

/// A requirement of a part, with the releases that meet it.
struct Offer<'r> {
    requirement: &'r Requirement,
    met: Vec<usize>,
    /// It has no `for`, and the part imports interfaces of the required package: then it is for those alone.
    is_for_its_own: bool,
}

impl Offer<'_> {
    /// Whether it may serve an import that its `for` does not name.
    ///
    /// Imports of the required package, and of packages that stand in the `for`, always. Other imports only if it has no
    /// `for` and the part imports nothing of the required package. Without this rule, a later release that exports more could
    /// serve an import that was left to the host.
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
