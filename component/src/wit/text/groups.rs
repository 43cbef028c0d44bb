//! Groups that may refer to each other, resolved together.

#[cfg(test)]
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{PackageId, PackageName as WitName, Resolve, UnresolvedPackageGroup};

use super::features::Features;
use super::group::Group;
use super::print::print;
use super::{TextError, reach, refusal};
use crate::wit::guard::guarded;
use crate::wit::normal_form::settle;

#[cfg(test)]
thread_local! {
    /// How many times groups were resolved.
    pub(in crate::wit) static RESOLVED: Cell<usize> = const { Cell::new(0) };
}

/// Groups that may refer to each other, and every package version at most once.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    pub(super) all: Vec<Group>,
    positions: BTreeMap<WitName, usize>,
    pub(super) binaries: Vec<Resolve>,
}

impl Groups {
    /// Adds a group, unless it is there already as the same text.
    ///
    /// # Errors
    /// As [`Groups::insert`].
    pub fn add(&mut self, group: Group) -> Result<(), TextError> {
        let is_there = |other: &Group| other.same_text(&group);
        if self.get(group.name()).is_some_and(is_there) {
            return Ok(());
        }
        self.insert(group)
    }

    /// Adds a group.
    ///
    /// # Errors
    /// One of its packages stands in another group already.
    pub fn insert(&mut self, group: Group) -> Result<(), TextError> {
        let position = self.all.len();
        for name in group.names() {
            if let Some(other) = self
                .positions
                .get(name)
                .and_then(|position| self.all.get(*position))
            {
                return Err(group.duplicate(name, &other.path, Some(other)));
            }
        }
        for name in group.names() {
            self.positions.insert(name.clone(), position);
        }
        self.all.push(group);
        Ok(())
    }

    /// Puts a group where the one is that was read from the same path.
    pub(in crate::wit) fn replace(&mut self, group: Group) {
        self.all.retain(|other| other.path != group.path);
        self.all.push(group);
        self.index();
    }

    /// Takes away the group that declares a package, if any.
    pub(in crate::wit) fn remove(&mut self, name: &WitName) {
        self.all
            .retain(|group| group.names().all(|found| found != name));
        self.index();
    }

    fn index(&mut self) {
        self.positions = (0..)
            .zip(&self.all)
            .flat_map(|(position, group)| group.names().map(move |name| (name.clone(), position)))
            .collect();
    }

    /// Adds packages that were decoded from bytes, with all they refer to.
    pub(in crate::wit) fn insert_binary(&mut self, resolve: Resolve) {
        self.binaries.push(resolve);
    }

    /// The groups, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.all.iter()
    }

    /// The names of all packages, ascending.
    pub fn names(&self) -> impl Iterator<Item = &WitName> {
        self.positions.keys()
    }

    /// The group that declares a package.
    pub fn get(&self, name: &WitName) -> Option<&Group> {
        self.positions
            .get(name)
            .and_then(|position| self.all.get(*position))
    }

    /// Resolves one package, with the groups that it needs and no others.
    pub fn resolve(&self, name: &WitName) -> Result<Option<(Resolve, PackageId)>, TextError> {
        let needed = self.needed(name);
        let Some((main, others)) = needed.split_first() else {
            return Ok(None);
        };
        let resolve = self.push(main, others, Parsing::Whole)?;
        let id = resolve.package_names.get(name).copied();
        Ok(id.map(|id| (resolve, id)))
    }

    /// Resolves the packages of the group that declares one, all at once, by the texts that will be printed of them: what
    /// is encoded of those is printed as the same texts again. A text has freedoms that no print keeps, but the encoder
    /// does: the order of functions among resources, two ways of writing one type.
    ///
    /// Where what is printed does not resolve, they are as their own text says.
    pub(in crate::wit) fn resolve_as_printed(
        &self,
        name: &WitName,
    ) -> Result<Option<Resolve>, TextError> {
        let needed = self.needed(name);
        let Some((main, others)) = needed.split_first() else {
            return Ok(None);
        };
        let resolve = self.push(main, others, Parsing::Whole)?;
        let printed = || -> Result<_, TextError> {
            let ids = main
                .names()
                .filter_map(|name| resolve.package_names.get(name));
            let printed = ids.map(|id| Group::parse(&main.path, &print(&resolve, *id)?));
            let printed: Vec<_> = printed.collect::<Result<_, _>>()?;
            let mut texts: Vec<&Group> = printed.iter().collect();
            texts.extend(others);
            let (main, others) = texts.split_first().unwrap_or((main, others));
            self.push(main, others, Parsing::Whole)
        };
        Ok(Some(printed().unwrap_or(resolve)))
    }

    /// The group that declares a package, and behind it those that it needs; none where no group does.
    pub(super) fn needed(&self, name: &WitName) -> Vec<&Group> {
        let mut needed: Vec<&Group> = self.get(name).into_iter().collect();
        let mut seen: BTreeSet<&WitName> = needed.iter().map(|main| main.name()).collect();
        let mut next = 0;
        while let Some(group) = needed.get(next) {
            next += 1;
            let foreign = group
                .packages()
                .flat_map(|package| package.foreign_deps.keys());
            for dependency in foreign.filter_map(|name| self.get(name)) {
                if seen.insert(dependency.name()) {
                    needed.push(dependency);
                }
            }
        }
        needed
    }

    /// Resolves everything together: the check that a `wit/` folder is sound.
    pub fn check(&self) -> Result<(), TextError> {
        let Some((main, others)) = self.all.split_first() else {
            return Ok(());
        };
        self.push(main, &others.iter().collect::<Vec<_>>(), Parsing::Whole)?;
        Ok(())
    }

    pub(super) fn push(
        &self,
        main: &Group,
        others: &[&Group],
        parsing: Parsing<'_>,
    ) -> Result<Resolve, TextError> {
        reach::check(main, others.iter().copied())?;
        #[cfg(test)]
        RESOLVED.set(RESOLVED.get() + 1);
        let parsed = |group: &Group| UnresolvedPackageGroup::clone(&group.parsed);
        guarded(|| {
            let mut resolve = match parsing {
                Parsing::Whole => Resolve {
                    all_features: true,
                    ..Resolve::default()
                },
                Parsing::With(Features(features)) => Resolve {
                    features: features.iter().cloned().collect(),
                    ..Resolve::default()
                },
            };
            for binary in &self.binaries {
                if let Err(error) = resolve.merge(binary.clone()) {
                    return Err(TextError::Package {
                        path: main.path.clone(),
                        message: format!("{error:#}"),
                    });
                }
            }
            let others_parsed = others.iter().map(|group| parsed(group)).collect();
            match resolve.push_groups(parsed(main), others_parsed) {
                Ok(_) => {
                    settle(&mut resolve);
                    Ok(resolve)
                }
                Err(error) => {
                    let span = error.kind().span();
                    let location = std::iter::once(&main)
                        .chain(others)
                        .find_map(|group| group.texts.locate(&resolve.source_map, span));
                    Err(refusal(&main.path, location, error.to_string()))
                }
            }
        })?
    }
}

/// As whom texts are parsed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parsing<'f> {
    /// As it is read here: whatever it says.
    Whole,
    /// As somebody does who has enabled these features.
    With(&'f Features),
}
