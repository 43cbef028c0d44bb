//! WIT texts that are to become contents together, and where what they refer to is found.
//!
//! Three sources can serve a reference, in this order:
//!
//! 1. The texts that are *given*. They are released together.
//! 2. The registries, at exactly the version that the reference names.
//! 3. The texts *beside*, which lie in a `deps`. If a registry has the version too, its content counts, and a text beside that
//!    contradicts it is reported.
//!
//! What none of them has is reported with its location.
//!
//! Nothing is solved or fetched here: the caller says what the registries have, and brings the contents of a closed set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use semver::Version;
use transparency::name::PackageName;
use transparency::version::Track;
use wit_parser::{Package, PackageName as WitName};

use super::agreement::Comparison;
use super::binary::{Decoded, Refusal, release_name, unversioned};
use super::guard::guarded;
use super::publish::{Contents, PublishError, encode_group};
use super::selected::{Form, Selected};
use super::text::{Group, Groups, Reference, TextError, print_meaning, wit_name};
use crate::order::{Next, Sorted, sort};

/// Texts that are given, and texts that lie beside them.
#[derive(Debug, Clone, Default)]
pub struct AtHand {
    given: Groups,
    beside: Groups,
}

/// What one of the given packages refers to, directly or through other texts.
#[derive(Debug, Default)]
pub struct Needs {
    /// What the registries have, each version once, where it is referred to first.
    pub from_registries: Vec<Reference>,
    /// What nothing has.
    pub unmet: Vec<Reference>,
    /// The packages that texts beside serve.
    beside: BTreeSet<WitName>,
}

impl Needs {
    /// The packages of texts that serve it: they count instead of releases.
    pub fn beside(&self) -> impl Iterator<Item = &WitName> {
        self.beside.iter()
    }
}

/// A text beside that says another thing than the content of that version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The package version.
    pub package: WitName,
    /// The file or folder that declares it.
    pub path: PathBuf,
    /// The interface in which the two differ; none where it is a world.
    pub interface: Option<String>,
}

impl AtHand {
    /// Texts that are given, and nothing beside them.
    pub fn new(given: Groups) -> Self {
        Self {
            given,
            beside: Groups::default(),
        }
    }

    /// Adds a text that is given. A package version may be declared twice by the same text.
    ///
    /// # Errors
    /// Two texts for one package version.
    pub fn give(&mut self, group: Group) -> Result<(), TextError> {
        self.given.add(group)
    }

    /// Adds a text that lies beside; what is given counts more.
    ///
    /// # Errors
    /// Two texts for one package version.
    pub fn put_beside(&mut self, group: Group) -> Result<(), TextError> {
        self.beside.add(group)
    }

    /// The texts that are given.
    pub fn given(&self) -> &Groups {
        &self.given
    }

    /// The same with another text instead of those that declare its packages.
    #[must_use]
    pub fn instead(&self, group: &Group) -> Self {
        let mut given = Groups::default();
        let others = self.given.iter();
        let others = others.filter(|other| {
            other
                .names()
                .all(|name| group.names().all(|one| one != name))
        });
        for text in std::iter::once(group).chain(others) {
            // None of them declares what another does.
            let _ = given.insert(text.clone());
        }
        Self {
            given,
            beside: self.beside.clone(),
        }
    }

    /// The text that declares a given package.
    pub fn text_of(&self, name: &WitName) -> Option<&Group> {
        self.given.get(name)
    }

    /// Whether a text beside declares a package.
    pub fn lies_beside(&self, name: &WitName) -> bool {
        self.beside.get(name).is_some()
    }

    /// What a given package refers to. `has` says whether the registries have the version that a reference names.
    ///
    /// # Errors
    /// What `has` says.
    pub fn needs<E>(
        &self,
        name: &WitName,
        mut has: impl FnMut(&Reference) -> Result<bool, E>,
    ) -> Result<Needs, E> {
        let mut needs = Needs::default();
        let mut open: Vec<&Group> = self.given.get(name).into_iter().collect();
        let mut seen: BTreeSet<WitName> =
            open.iter().flat_map(|one| one.names()).cloned().collect();
        let mut next = 0;
        while let Some(group) = open.get(next) {
            next += 1;
            for reference in group.references() {
                if !seen.insert(reference.package.clone()) {
                    continue;
                }
                let text = if let Some(text) = self.given.get(&reference.package) {
                    text
                } else if has(&reference)? {
                    needs.from_registries.push(reference);
                    continue;
                } else if let Some(text) = self.beside.get(&reference.package) {
                    needs.beside.extend(text.names().cloned());
                    text
                } else {
                    needs.unmet.push(reference);
                    continue;
                };
                seen.extend(text.names().cloned());
                open.push(text);
            }
        }
        Ok(needs)
    }

    /// The contents of a given package, and of those that its text declares with it. `contents` are a closed set of what the
    /// registries have for them.
    ///
    /// # Errors
    /// Texts that do not resolve.
    pub fn encode(
        &self,
        name: &WitName,
        needs: &Needs,
        contents: &[Selected<'_>],
    ) -> Result<Contents, PublishError> {
        if needs.beside.is_empty() && contents.is_empty() {
            return encode_group(&self.given, name);
        }
        encode_group(&self.groups(needs, contents)?, name)
    }

    /// The texts beside that contradict one of the contents, as far as a package, and those that its text declares with it,
    /// are concerned.
    ///
    /// # Errors
    /// A text beside that does not resolve.
    pub fn contradiction(
        &self,
        name: &WitName,
        needs: &Needs,
        contents: &[Selected<'_>],
    ) -> Result<Option<Contradiction>, PublishError> {
        let names = needs.from_registries.iter().map(|one| &one.package);
        let twice: Vec<_> = names
            .filter(|name| self.beside.get(name).is_some())
            .collect();
        if twice.is_empty() {
            return Ok(None);
        }
        let theirs = self.groups(needs, contents)?;
        let mut ours = self.given.clone();
        for group in self.beside.iter().chain(theirs.iter()) {
            if group.names().all(|name| ours.get(name).is_none()) {
                ours.insert(group.clone())?;
            }
        }
        for package in &twice {
            let interface = match (ours.resolve(package)?, theirs.resolve(package)?) {
                (Some((ours, id)), Some((theirs, _))) => {
                    let (ours, theirs) = (unversioned(ours), unversioned(theirs));
                    let mut interfaces = ours.packages[id].interfaces.iter();
                    let differs = guarded(|| {
                        let mut comparison = Comparison::new(&ours, &theirs);
                        interfaces.find(|(_, id)| !comparison.agrees(**id))
                    })?;
                    differs.map(|(name, _)| name.clone())
                }
                _ => None,
            };
            if interface.is_some() {
                return Ok(Some(self.contradicts(package, interface)));
            }
        }
        // What they include of a world stands in their own contents.
        let (ours, theirs) = (encode_group(&ours, name)?, encode_group(&theirs, name)?);
        for (name, bytes) in ours {
            let differs = match (bytes, theirs.get(&name)) {
                (Ok(bytes), Some(Ok(other))) => meaning(&bytes, &name)? != meaning(other, &name)?,
                _ => false,
            };
            if let Some(package) = twice.first().filter(|_| differs) {
                return Ok(Some(self.contradicts(package, None)));
            }
        }
        Ok(None)
    }

    fn contradicts(&self, package: &WitName, interface: Option<String>) -> Contradiction {
        let text = self.beside.get(package);
        Contradiction {
            package: package.clone(),
            path: text.map_or_else(PathBuf::new, |text| text.path().to_owned()),
            interface,
        }
    }

    /// The texts given, those that serve beside them, and the contents as text, which name each other as they were selected.
    fn groups(&self, needs: &Needs, contents: &[Selected<'_>]) -> Result<Groups, PublishError> {
        let mut groups = self.given.clone();
        for group in self.beside.iter() {
            if group.names().any(|name| needs.beside.contains(name)) {
                groups.insert(group.clone())?;
            }
        }
        let mut versions: BTreeMap<(String, Track), Version> = BTreeMap::new();
        let texts = groups.names().cloned();
        let selected = contents.iter().map(|one| wit_name(one.name, one.version));
        for name in texts.chain(selected) {
            if let (key, Some(version)) = (key(&name), name.version) {
                versions.extend(key.map(|key| (key, version)));
            }
        }
        for content in contents {
            let name = wit_name(content.name, content.version);
            let select = |name: &WitName| versions.get(&key(name)?).cloned();
            match content.form {
                Form::Binary(bytes) => {
                    let text = Decoded::open(bytes)?.print_with(select)?;
                    let path = PathBuf::from(format!("{name}.wit"));
                    groups.insert(Group::parse(&path, &text)?)?;
                }
                Form::Text(texts) => {
                    for text in texts {
                        groups.insert(text.clone().with_versions(select))?;
                    }
                }
            }
        }
        Ok(groups)
    }
}

/// What a content says of its own package, whatever the versions of others are that it refers to. Comments say nothing.
///
/// # Errors
/// Bytes that are no WIT package.
pub fn meaning(bytes: &[u8], name: &WitName) -> Result<Option<String>, PublishError> {
    let resolve = unversioned(Decoded::open(bytes)?.into_resolve());
    let own = |(_, package): &(_, &Package)| {
        (&package.name.namespace, &package.name.name) == (&name.namespace, &name.name)
    };
    let package = resolve.packages.iter().find(own).map(|(id, _)| id);
    Ok(package.map(|id| print_meaning(&resolve, id)).transpose()?)
}

/// The package and the track of a version of it.
fn key(name: &WitName) -> Option<(String, Track)> {
    let track = Track::of(name.version.as_ref()?);
    Some((format!("{}:{}", name.namespace, name.name), track))
}

/// The names of all packages, each after those it refers to, in rounds of ascending names. At the end stand those that refer
/// to each other in a circle, and what refers to them.
pub fn in_order(groups: &Groups) -> Vec<&WitName> {
    let names: BTreeSet<&WitName> = groups.names().collect();
    let mut uses: BTreeMap<&WitName, BTreeSet<&WitName>> =
        names.iter().map(|name| (*name, BTreeSet::new())).collect();
    for reference in groups.iter().flat_map(Group::references) {
        if let Some(uses) = uses.get_mut(&reference.user) {
            uses.extend(names.get(&reference.package));
        }
    }
    let Sorted { mut order, stuck } = sort(&uses, Next::OfRound);
    order.extend(stuck);
    order
}

/// Why a reference cannot be looked for in any registry.
///
/// # Errors
/// A reference without a version, and a name or version that no registry can hold.
pub fn release_of(reference: &Reference) -> Result<(PackageName, Version), Refusal> {
    if reference.package.version.is_none() {
        return Err(Refusal::Unversioned {
            package: reference.package.to_string(),
            item: reference.item.clone(),
        });
    }
    release_name(&reference.package)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::super::text::RESOLVED;
    use super::*;

    #[test]
    fn what_a_text_nests_is_resolved_together() {
        let mut text = "package a:root@1.0.0;\ninterface i {}\n".to_owned();
        for number in 0..50 {
            let _ = writeln!(text, "package a:n{number}@1.0.0 {{ interface i {{}} }}");
        }
        let mut at_hand = AtHand::default();
        at_hand
            .give(Group::parse(Path::new("a.wit"), &text).unwrap())
            .unwrap();
        let name = at_hand.given().names().next().unwrap();
        let needs = at_hand
            .needs(name, |_| Ok::<_, PublishError>(false))
            .unwrap();
        let before = RESOLVED.get();
        let contents = at_hand.encode(name, &needs, &[]).unwrap();
        assert_eq!(contents.len(), 51);
        assert!(contents.values().all(Result::is_ok));
        // By its own text, and by what is printed of it.
        assert_eq!(RESOLVED.get() - before, 2);
    }
}
