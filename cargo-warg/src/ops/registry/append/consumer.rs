//! Before releases are appended: whether those who will require them can use them.
//!
//! The registries are taken as they will be afterwards. Each of the releases is required, exactly, by somebody who has
//! nothing else. That must have a solution. The WIT that `fetch` would write of it must parse. A component must compose
//! with what it requires, by its record.
//!
//! A release is for good, so what nobody could use is not to be signed. A release that was checked against its own folder
//! alone may be one that nobody can use.
//!
//! What a release brings along in texts that it has alone is not checked again once the release has passed: a text may nest
//! thousands of packages, each of which uses the one before.

use std::collections::{BTreeMap, BTreeSet};

use resolver::problem::{Member, Options, Problem, RootRequirement};
use resolver::resolution::Resolution;
use transparency::name::{Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::VersionReq;

use crate::error::{Classified as _, Error, Result};
use crate::ops::registry::append::{Destination, Draft, Item};
use crate::ops::registry::references::{
    ReferenceError, absence, all_selected, content_of, contents, is_of_a_registry, selected,
};
use crate::ops::session::Sessions;
use component::bundle::{ComposeError, Composition, FORMAT, Part, Wiring, compose};
use component::wit::binary::Decoded;
use component::wit::deps::check_alone;
use component::wit::publish::PublishError;
use component::wit::text::wit_name;

/// A release to append that the registry would not take, or that nobody could use.
#[derive(Debug)]
pub struct Unusable {
    /// Its position among the drafts.
    pub position: usize,
    /// Why it would not be taken, or not be used.
    pub why: Error,
    /// The package that it refers to and that is not there, where that is the only reason.
    pub reference: Option<PackageName>,
}

impl Destination<'_> {
    /// The releases that the registry would not take; where there is none, those that nobody could use. What the registry
    /// has already is not asked about.
    ///
    /// # Errors
    /// As [`Destination::check`], but for what is wrong with one release; whatever keeps a registry from being read or
    /// believed.
    pub fn unusable(&self, drafts: &[Draft<'_>], sessions: &Sessions<'_>) -> Result<Vec<Unusable>> {
        self.registry.folder()?;
        let mut written = self.write(drafts)?;
        let (mut records, mut refused) = (Vec::new(), Vec::new());
        for (position, record) in written.records.into_iter().enumerate() {
            match record {
                Ok(record) => records.push(Ok(record)),
                Err(why) => refused.push(Unusable {
                    position,
                    why,
                    reference: None,
                }),
            }
        }
        if !refused.is_empty() {
            return Ok(refused);
        }
        written.records = records;
        let Some(signed) = self.seal(written)? else {
            return Ok(Vec::new());
        };
        // What an earlier call supposed may have held what these lack.
        let sessions = &mut sessions.afresh();
        for log in signed.logs.values() {
            sessions.suppose(log)?;
        }
        let releases = drafts.iter().filter_map(|draft| match draft {
            Draft::Release(item) => Some((selection(item), item.content.as_slice())),
            Draft::Change(..) => None,
        });
        let releases: BTreeMap<_, _> = releases.collect();
        let settled = Settled::of(drafts);
        let mut passed: BTreeSet<&Selection> = BTreeSet::new();
        let mut unusable = Vec::new();
        let records = drafts.iter().zip(&signed.records);
        // Whatever uses others stands behind them.
        for (position, (draft, record)) in records.enumerate().rev() {
            let Draft::Release(item) = draft else {
                continue;
            };
            if record.is_none() || item.statement.unusable.is_some() {
                continue;
            }
            let absent = absent(item, sessions)?;
            let reference = absent.as_ref().map(|(name, _)| name.clone());
            let checked = match absent {
                Some((_, why)) => Err(why),
                None if passed.contains(&selection(item)) => {
                    check_copies(item, &releases, sessions).map(|()| None)
                }
                None => check(item, &releases, sessions).map(Some),
            };
            match checked {
                Ok(resolution) => {
                    if let Some(resolution) = resolution {
                        passed.extend(settled.within(resolution.packages().into_keys()));
                    }
                }
                Err(error) if is_of_a_registry(&error) => return Err(error),
                Err(why) => {
                    let (name, version) = (&item.name, &item.statement.version);
                    unusable.push(Unusable {
                        position,
                        why: why.context(format!("{name}@{version} could not be used by anyone")),
                        reference,
                    });
                }
            }
        }
        unusable.reverse();
        Ok(unusable)
    }
}

/// The WIT packages among the releases that nothing gates and that use only others of the releases, each at the very version that it
/// names: what is selected for one of them is known without solving.
struct Settled {
    /// The position of each, behind all that it uses.
    positions: BTreeMap<Selection, usize>,
    /// What each uses, by position.
    uses: Vec<Vec<Selection>>,
}

impl Settled {
    fn of(drafts: &[Draft<'_>]) -> Self {
        let mut settled: BTreeMap<Requirement, Selection> = BTreeMap::new();
        let (mut positions, mut all_uses) = (BTreeMap::new(), Vec::new());
        for draft in drafts {
            let Draft::Release(item) = draft else {
                continue;
            };
            let requirements = item.statement.requirements.iter();
            let uses = requirements.map(|requirement| settled.get(requirement).cloned());
            let Some(uses) = uses.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let is_gated = || Decoded::open(&item.content).is_ok_and(|decoded| decoded.is_gated());
            if item.kind != Kind::Wit || item.statement.unusable.is_some() || is_gated() {
                continue;
            }
            let own = selection(item);
            for req in [
                VersionReq::caret(&own.version),
                VersionReq::exact(&own.version),
            ] {
                settled.insert(
                    Requirement::new(own.kind, own.name.clone(), req),
                    own.clone(),
                );
            }
            positions.insert(own, all_uses.len());
            all_uses.push(uses);
        }
        Self {
            positions,
            uses: all_uses,
        }
    }

    /// Those that stand in a closed set with all that they use, as they would alone.
    fn within<'s>(
        &self,
        selected: impl IntoIterator<Item = &'s Selection>,
    ) -> BTreeSet<&Selection> {
        let selected = selected.into_iter();
        let selected = selected.filter_map(|one| self.positions.get_key_value(one));
        let mut selected: Vec<_> = selected.collect();
        selected.sort_by_key(|(_, position)| **position);
        let mut within = BTreeSet::new();
        for (package, position) in selected {
            let uses = self.uses.get(*position);
            if uses.is_some_and(|uses| uses.iter().all(|used| within.contains(used))) {
                within.insert(package);
            }
        }
        within
    }
}

fn selection(item: &Item) -> Selection {
    Selection {
        kind: item.kind,
        name: item.name.clone(),
        version: item.statement.version.clone(),
    }
}

/// A requirement of which the registries have nothing at all, and will have nothing.
fn absent(item: &Item, sessions: &mut Sessions<'_>) -> Result<Option<(PackageName, Error)>> {
    for requirement in &item.statement.requirements {
        let Some(why) = absence(requirement.kind, &requirement.name, None, sessions)? else {
            continue;
        };
        let error = ReferenceError::Unmet {
            user: format!("{}@{}", item.name, item.statement.version),
            target: format!("{} {}", requirement.name, requirement.req),
            why,
            location: None,
        };
        return Ok(Some((requirement.name.clone(), Error::classified(error))));
    }
    Ok(None)
}

/// Requires a release as somebody will who has nothing else, and answers what is selected then.
fn check(
    item: &Item,
    releases: &BTreeMap<Selection, &[u8]>,
    sessions: &mut Sessions<'_>,
) -> Result<Resolution> {
    let own = selection(item);
    let exact = VersionReq::exact(&own.version);
    let requirement = Requirement::new(own.kind, own.name.clone(), exact);
    let member = Member {
        requirements: [RootRequirement::new(requirement)].into(),
        ..Member::default()
    };
    let resolution = sessions.solve(&Problem {
        options: Options {
            origins: sessions.origins().clone(),
            ..Options::default()
        },
        members: [("whoever requires it".to_owned(), member)].into(),
        ..Problem::default()
    })?;
    let has = |one: &Selection| releases.contains_key(one);
    let fetched = contents(Kind::Wit, &resolution, sessions, has)?;
    let mut wit = all_selected(&fetched);
    let packages = resolution.packages();
    let ours = packages.keys().filter(|one| one.kind == Kind::Wit);
    let ours = ours.filter_map(|one| releases.get_key_value(one));
    wit.extend(ours.map(|(selection, bytes)| selected(selection, bytes)));
    let component = [selected(&own, &item.content)];
    let components = match item.kind {
        Kind::Component => component.as_slice(),
        Kind::Wit => &[],
    };
    let release = wit_name(&own.name, &own.version);
    check_alone(&release, &wit, components).classified()?;
    match item.kind {
        Kind::Wit => check_copies(item, releases, sessions)?,
        Kind::Component => check_wiring(item, &resolution, sessions)?,
    }
    Ok(resolution)
}

/// Composes a component with what its record requires, as whoever bundles it will. Nothing else finds an export that is
/// missing or of another type.
fn check_wiring(item: &Item, resolution: &Resolution, sessions: &mut Sessions<'_>) -> Result<()> {
    let mut requirements = item.statement.requirements.iter();
    if !requirements.any(|one| one.kind == Kind::Component) {
        return Ok(());
    }
    let own = selection(item);
    let contents = contents(Kind::Component, resolution, sessions, |one| *one == own)?;
    let packages = resolution.packages();
    let parts = contents.iter().filter_map(|(selection, content)| {
        let part = Part {
            requirements: packages.get(selection)?.requirements(),
            content: content.bytes(),
        };
        Some((selection.clone(), part))
    });
    let composition = Composition {
        root: Part {
            requirements: &item.statement.requirements,
            content: &item.content,
        },
        digest: item.statement.digest,
        parts: parts.collect(),
        wire: &Wiring::default(),
        name: item.name.as_str(),
        lock: "",
    };
    match compose(&composition, FORMAT) {
        // What a bundle cannot export, a component that is required may.
        Ok(_) | Err(ComposeError::Export { .. }) => Ok(()),
        Err(error) => Err(Error::classified(error)),
    }
}

/// A WIT package holds what it uses of others: that must be what their releases say, where those versions are released. What
/// is appended along with it is what it was made with.
fn check_copies(
    item: &Item,
    releases: &BTreeMap<Selection, &[u8]>,
    sessions: &mut Sessions<'_>,
) -> Result<()> {
    let decoded = Decoded::open(&item.content).map_err(PublishError::from);
    let decoded = decoded.classified()?;
    for (name, version) in decoded.others() {
        let other = Selection {
            kind: Kind::Wit,
            name,
            version,
        };
        if releases.contains_key(&other) {
            continue;
        }
        let Some(content) = content_of(&other, sessions)? else {
            continue;
        };
        let released = Decoded::open(content.bytes()).map_err(PublishError::from);
        let released = released.classified()?;
        if let Some(interface) = decoded
            .contradicts(&released)
            .map_err(PublishError::from)
            .classified()?
        {
            return Err(Error::classified(ReferenceError::Copy {
                package: format!("{}@{}", other.name, other.version),
                interface,
            }));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use semver::Version;
    use transparency::digest::Digest;
    use transparency::statement::Statement;

    use super::*;

    fn item(name: &str, version: Version, uses: &[(&str, Version)]) -> Item {
        let mut statement = Statement::new(version, Digest::of(b""), 0);
        for (used, version) in uses {
            let req = VersionReq::caret(version);
            let requirement = Requirement::new(Kind::Wit, used.parse().unwrap(), req);
            statement.requirements.insert(requirement);
        }
        Item {
            name: name.parse().unwrap(),
            kind: Kind::Wit,
            statement,
            content: Vec::new(),
            attached: Vec::new(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn what_a_release_brings_along_as_it_would_be_alone_is_not_checked_again() {
        let [low, high] = [Version::new(1, 0, 0), Version::new(1, 1, 0)];
        let items = [
            item("a:base", low.clone(), &[]),
            item("a:base", high.clone(), &[]),
            item("a:low", low.clone(), &[("a:base", low.clone())]),
            item("a:far", low.clone(), &[("b:elsewhere", low.clone())]),
            item("a:over", low.clone(), &[("a:far", low.clone())]),
            item(
                "a:top",
                low.clone(),
                &[("a:low", low.clone()), ("a:base", high.clone())],
            ),
        ];
        let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
        let settled = Settled::of(&drafts);
        let within = |positions: &[usize]| {
            let selected: Vec<_> = positions
                .iter()
                .map(|position| selection(&items[*position]))
                .collect();
            let within = settled.within(&selected);
            let of = |one: &&Selection| items.iter().position(|item| selection(item) == **one);
            let mut positions: Vec<_> = within.iter().filter_map(of).collect();
            positions.sort_unstable();
            positions
        };
        assert_eq!(within(&[5, 2, 1, 0]), [0, 1, 2, 5]);
        // Raised to the higher version, one has other texts than it has alone.
        assert_eq!(within(&[5, 2, 1]), [1]);
        // What is used of other registries, or was there before, is for the solver to say.
        assert_eq!(within(&[4, 3]), [0; 0]);
    }
}
