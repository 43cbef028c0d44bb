//! What stays the same through all solves of one member: what it sees, and where its requirements lead.
//!
//! Which registry a name belongs to, which local package stands in for a track, and which releases are no
//! candidates is decided here, and nowhere else.

use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::number::Time;
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::cutoff::Cutoff;
use crate::index::{Address, Choices, Entry, Index, leads_to};
use crate::problem::{Local, Member, Options};
use crate::reason::Reason;
use crate::requirement::Versions;
use transparency::selection::Selection;

/// Why a release is no candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusion {
    /// Its package log or the operator speaks against it, and nothing that is locked lets it stay.
    Objection(Objection),
    /// Later than `exclude-newer` allows.
    TooNew {
        /// When it was released.
        time: Time,
        /// The cut-off that `exclude-newer` sets.
        cutoff: Cutoff,
        /// The last moment that this allows. None where the time of the registry's checkpoint is not known.
        limit: Option<Time>,
    },
    /// Its track is held at another version.
    NotHeld {
        /// The requirement that holds it.
        held: Requirement,
    },
}

/// Why a solve cannot go on, other than that it has no solution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{} packages are not loaded", .0.len())]
    Missing(BTreeSet<Address>),
    #[error("the budget is spent")]
    Spent,
}

/// Where a version comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    Registry(&'a Choices, &'a Arc<Release>),
    Local(&'a Local),
}

impl<'a> Source<'a> {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Registry(package, _) => package.kind(),
            Self::Local(local) => local.kind,
        }
    }

    pub(crate) fn name(self) -> &'a PackageName {
        match self {
            Self::Registry(package, _) => &package.address().name,
            Self::Local(local) => &local.name,
        }
    }

    pub(crate) fn version(self) -> &'a Version {
        match self {
            Self::Registry(_, release) => release.version(),
            Self::Local(local) => &local.version,
        }
    }

    pub(crate) fn requirements(self) -> &'a BTreeSet<Requirement> {
        match self {
            Self::Registry(_, release) => leads_to(release),
            Self::Local(local) => &local.requirements,
        }
    }

    /// What it exports, where this is known.
    pub(crate) fn exports(self) -> Option<&'a BTreeSet<ExternName>> {
        match self {
            Self::Registry(_, release) => Some(release.exports()),
            Self::Local(local) => local.exports.as_ref(),
        }
    }

    pub(crate) fn selection(self) -> Selection {
        match self {
            Self::Registry(package, release) => Selection {
                kind: package.kind(),
                name: package.address().name.clone(),
                version: release.version().clone(),
            },
            Self::Local(local) => local.selection(),
        }
    }
}

/// The local packages of one track.
#[derive(Debug)]
pub(crate) struct LocalTrack<'a> {
    pub(crate) versions: Versions,
    pub(crate) locals: Vec<&'a Local>,
}

/// What stays the same through all solves of one member.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) options: &'a Options,
    pub(crate) index: &'a Index,
    pub(crate) member: &'a Member,
    pub(crate) locals: BTreeMap<Kind, BTreeMap<&'a PackageName, BTreeMap<Track, LocalTrack<'a>>>>,
    pub(crate) direct: BTreeSet<(Kind, &'a PackageName)>,
}

/// Where a requirement leads.
pub(crate) enum Found<'a> {
    /// Local packages that can serve it.
    Local,
    Registry(&'a Choices),
    Nowhere(Reason),
    Missing(Address),
}

impl<'a> Scope<'a> {
    pub(crate) fn new(options: &'a Options, index: &'a Index, member: &'a Member) -> Self {
        let mut grouped: BTreeMap<Kind, BTreeMap<&PackageName, BTreeMap<Track, Vec<&Local>>>> =
            BTreeMap::new();
        for local in &member.locals {
            grouped
                .entry(local.kind)
                .or_default()
                .entry(&local.name)
                .or_default()
                .entry(Track::of(&local.version))
                .or_default()
                .push(local);
        }
        let by_versions = |mut locals: Vec<&'a Local>| {
            locals.sort_by(|a, b| a.version.cmp(&b.version));
            locals.dedup_by(|a, b| a.version == b.version);
            LocalTrack {
                versions: Versions::new(locals.iter().map(|local| local.version.clone())),
                locals,
            }
        };
        let by_tracks = |tracks: BTreeMap<Track, Vec<&'a Local>>| {
            let tracks = tracks.into_iter();
            tracks
                .map(|(track, locals)| (track, by_versions(locals)))
                .collect()
        };
        let mut locals = BTreeMap::new();
        for (kind, packages) in grouped {
            let packages = packages.into_iter();
            let packages = packages.map(|(name, tracks)| (name, by_tracks(tracks)));
            locals.insert(kind, packages.collect());
        }
        let direct = member
            .requirements
            .iter()
            .map(|root| (root.requirement.kind, &root.requirement.name))
            .collect();
        Self {
            options,
            index,
            member,
            locals,
            direct,
        }
    }

    pub(crate) fn locals_of(
        &self,
        kind: Kind,
        name: &PackageName,
    ) -> Option<&BTreeMap<Track, LocalTrack<'a>>> {
        self.locals.get(&kind)?.get(name)
    }

    /// The local package of a selection.
    pub(crate) fn local(&self, selection: &Selection) -> Option<&'a Local> {
        let tracks = self.locals_of(selection.kind, &selection.name)?;
        let locals = &tracks.get(&Track::of(&selection.version))?.locals;
        locals
            .iter()
            .copied()
            .find(|local| local.version == selection.version)
    }

    /// Whether local packages stand in for this track.
    pub(crate) fn shadows(&self, kind: Kind, name: &PackageName, track: &Track) -> bool {
        self.locals_of(kind, name)
            .is_some_and(|tracks| tracks.contains_key(track))
    }

    /// The registry that a requirement's name belongs to, or why there is none that may serve it.
    pub(crate) fn address(&self, requirement: &Requirement) -> Result<Address, Reason> {
        match (
            &requirement.origin,
            self.options.origins.of(&requirement.name),
        ) {
            (Some(said), Some(here)) if said != here => Err(Reason::OtherRegistry {
                said: said.clone(),
                here: here.clone(),
            }),
            (_, Some(here)) => Ok(Address {
                origin: here.clone(),
                name: requirement.name.clone(),
            }),
            (said, None) => Err(Reason::NoRegistry { said: said.clone() }),
        }
    }

    pub(crate) fn find(&self, requirement: &Requirement) -> Found<'a> {
        if let Some(tracks) = self.locals_of(requirement.kind, &requirement.name) {
            let serves = match requirement.req.track() {
                Some(track) => tracks.contains_key(&track),
                None => tracks.values().any(|track| {
                    let mut versions = track.versions.all().iter();
                    versions.any(|version| requirement.req.matches(version))
                }),
            };
            if serves {
                return Found::Local;
            }
        }
        let address = match self.address(requirement) {
            Ok(address) => address,
            Err(reason) => return Found::Nowhere(reason),
        };
        match self.index.entry(&address) {
            None => Found::Missing(address),
            Some(Entry::Absent(size)) => Found::Nowhere(Reason::Absent { size: *size }),
            Some(Entry::Outside) => Found::Nowhere(Reason::Outside),
            Some(Entry::Refused(reason)) => Found::Nowhere(Reason::Refused {
                reason: reason.clone(),
            }),
            Some(Entry::Present(package)) if package.kind() != requirement.kind => {
                Found::Nowhere(Reason::OtherKind {
                    actual: package.kind(),
                })
            }
            Some(Entry::Present(package)) => Found::Registry(package),
        }
    }

    /// Which of the packages that these requirements lead to are not loaded.
    pub(crate) fn missing<'r>(
        &self,
        requirements: impl IntoIterator<Item = &'r Requirement>,
    ) -> BTreeSet<Address> {
        let found = requirements.into_iter().map(|one| self.find(one));
        let missing = found.filter_map(|found| match found {
            Found::Missing(address) => Some(address),
            Found::Local | Found::Registry(_) | Found::Nowhere(_) => None,
        });
        missing.collect()
    }

    /// Everything of a package that the member can see, ascending by version.
    pub(crate) fn sources(&self, kind: Kind, name: &PackageName) -> Vec<Source<'a>> {
        let locals = self.member.locals.iter();
        let mut found: Vec<Source<'a>> = locals
            .filter(|local| local.kind == kind && local.name == *name)
            .map(Source::Local)
            .collect();
        let shadowed: BTreeSet<Track> = found
            .iter()
            .map(|source| Track::of(source.version()))
            .collect();
        let package = self.options.origins.of(name).and_then(|origin| {
            self.index.package(&Address {
                origin: origin.clone(),
                name: name.clone(),
            })
        });
        if let Some(package) = package.filter(|package| package.kind() == kind) {
            let tracks = package.tracks();
            let tracks = tracks.filter(|(track, _)| !shadowed.contains(*track));
            let releases = tracks.flat_map(|(_, track)| &track.releases);
            found.extend(releases.map(|release| Source::Registry(package, release)));
        }
        found.sort_by(|a, b| a.version().cmp(b.version()));
        found
    }
}
