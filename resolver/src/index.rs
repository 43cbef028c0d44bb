//! What the solver may choose from: the releases of every package that was loaded, and which packages do not exist.
//!
//! The index holds the releases of verified package logs themselves, shared with the logs. It never loads anything: a solve that needs a package which is
//! not here ends with [`Missing`](crate::Unresolved::Missing), and the caller loads it and solves again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use semver::Version;
use transparency::checkpoint::TrustedCheckpoint;
use transparency::name::{Kind, Origin, PackageName};
use transparency::number::{Size, Time};
use transparency::package;
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::numbered::{Numbered, Required};
use crate::requirement::Versions;

/// Where a package's name belongs: a registry, and the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The registry that the name belongs to.
    pub origin: Origin,
    /// The name of the package there.
    pub name: PackageName,
}

/// The releases of one track, ascending. A version's number is its index here.
#[derive(Debug, Clone)]
pub(crate) struct TrackReleases {
    pub(crate) versions: Versions,
    pub(crate) releases: Vec<Arc<Release>>,
    /// What each release requires.
    pub(crate) required: Required,
    /// The numbers of those that are not simply usable.
    pub(crate) doubtful: Vec<u32>,
}

/// What there is to choose from of one package: all its releases, by track.
#[derive(Debug, Clone)]
pub struct Choices {
    address: Address,
    kind: Kind,
    tracks: BTreeMap<Track, TrackReleases>,
}

impl Choices {
    fn new(
        address: Address,
        kind: Kind,
        releases: impl Iterator<Item = Arc<Release>>,
        numbered: &mut Numbered,
    ) -> Self {
        let mut by_track: BTreeMap<Track, Vec<Arc<Release>>> = BTreeMap::new();
        for release in releases {
            by_track
                .entry(Track::of(release.version()))
                .or_default()
                .push(release);
        }
        let tracks = by_track.into_iter().map(|(track, releases)| {
            let numbered_releases = (0u32..).zip(&releases);
            let doubtful = numbered_releases
                .filter(|(_, release)| !release.is_usable())
                .map(|(number, _)| number);
            let track_releases = TrackReleases {
                versions: Versions::new(releases.iter().map(|one| one.version().clone())),
                doubtful: doubtful.collect(),
                required: required(kind, &address.name, &releases, numbered),
                releases,
            };
            (track, track_releases)
        });
        let tracks = tracks.collect();
        Self {
            address,
            kind,
            tracks,
        }
    }

    /// Its registry and name.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// All its releases, ascending by version.
    pub fn releases(&self) -> Vec<&Release> {
        let tracks = self.tracks.values();
        let mut releases: Vec<&Release> = tracks
            .flat_map(|track| track.releases.iter().map(Arc::as_ref))
            .collect();
        releases.sort_by(|a, b| a.version().cmp(b.version()));
        releases
    }

    /// The release of a version, build metadata counted.
    pub fn release(&self, version: &Version) -> Option<&Arc<Release>> {
        let track = self.tracks.get(&Track::of(version))?;
        let number = track.versions.number(version)?;
        track.releases.get(crate::requirement::index(number))
    }

    pub(crate) fn track(&self, track: &Track) -> Option<&TrackReleases> {
        self.tracks.get(track)
    }

    pub(crate) fn tracks(&self) -> impl Iterator<Item = (&Track, &TrackReleases)> {
        self.tracks.iter()
    }
}

/// What a release leads to: what it requires, and nothing where it never was good, since that can never be chosen.
pub(crate) fn leads_to(release: &Release) -> &BTreeSet<Requirement> {
    static NOTHING: BTreeSet<Requirement> = BTreeSet::new();
    match release.objection() {
        Some(Objection::Unusable { .. }) => &NOTHING,
        Some(Objection::Yanked { .. } | Objection::Withdrawn { .. }) | None => {
            release.requirements()
        }
    }
}

/// What each of these releases of a package leads to, in numbers.
fn required(
    kind: Kind,
    name: &PackageName,
    releases: &[Arc<Release>],
    numbered: &mut Numbered,
) -> Required {
    let mut required = Required::default();
    let mut before = None;
    for release in releases {
        let requirements = leads_to(release);
        // Mostly a release requires what the one before it did, and the log holds that once.
        if before.is_some_and(|before| std::ptr::eq(before, requirements) || before == requirements)
        {
            required.push_same();
        } else {
            let numbers = requirements.iter().map(|one| numbered.number(one));
            let is_itself = |one: &Requirement| one.kind == kind && one.name == *name;
            required.push(numbers, requirements.iter().any(is_itself));
        }
        before = Some(requirements);
    }
    required
}

#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Present(Choices),
    Absent(Size),
    /// Of a registry that has no say.
    Outside,
    /// Its log breaks the rules.
    Refused(String),
}

/// All packages that were loaded.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// Found by address only, so that no order of theirs decides anything.
    entries: HashMap<Address, Entry>,
    times: BTreeMap<Origin, Time>,
    numbered: Numbered,
}

impl Index {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a package as its verified log has it. A log without any record is no package, and changes nothing.
    pub fn insert(&mut self, log: &package::Log) {
        self.insert_without(log, &BTreeSet::new());
    }

    /// The same without some of its releases: for who has no say in whether these may be chosen.
    pub fn insert_without(&mut self, log: &package::Log, left_out: &BTreeSet<Version>) {
        let Some(kind) = log.kind() else { return };
        let address = Address {
            origin: log.origin().clone(),
            name: log.name().clone(),
        };
        let releases = log.shared_releases().map(Arc::clone);
        let releases = releases.filter(|release| !left_out.contains(release.version()));
        let choices = Choices::new(address.clone(), kind, releases, &mut self.numbered);
        self.entries.insert(address, Entry::Present(choices));
    }

    /// Takes in that a registry's map was proved not to hold a package.
    pub fn insert_absent(&mut self, absence: &package::Absence) {
        let checkpoint = absence.checkpoint();
        let address = Address {
            origin: checkpoint.origin.clone(),
            name: absence.name().clone(),
        };
        self.entries.insert(address, Entry::Absent(checkpoint.size));
    }

    /// Takes in that a package is of a registry that has no say: whatever it has, nothing of it may be chosen.
    pub fn insert_outside(&mut self, address: Address) {
        self.entries.insert(address, Entry::Outside);
    }

    /// Takes in that a package's log breaks the rules, as its registry committed to it. Nothing of it may be chosen. The
    /// reason is for messages.
    pub fn insert_refused(&mut self, address: Address, reason: String) {
        self.entries.insert(address, Entry::Refused(reason));
    }

    /// Takes in the checkpoint that a registry's packages are loaded at: spans of `exclude-newer` count from its time.
    pub fn insert_checkpoint(&mut self, checkpoint: &TrustedCheckpoint) {
        let origin = checkpoint.checkpoint().origin.clone();
        self.times.insert(origin, checkpoint.entry().time);
    }

    /// The time of the checkpoint that a registry's packages are loaded at.
    pub fn time(&self, origin: &Origin) -> Option<Time> {
        self.times.get(origin).copied()
    }

    /// The package, where it was loaded and exists.
    pub fn package(&self, address: &Address) -> Option<&Choices> {
        match self.entries.get(address) {
            Some(Entry::Present(choices)) => Some(choices),
            Some(Entry::Absent(_) | Entry::Outside | Entry::Refused(_)) | None => None,
        }
    }

    /// Whether the package was loaded, present or absent.
    pub fn holds(&self, address: &Address) -> bool {
        self.entries.contains_key(address)
    }

    pub(crate) fn entry(&self, address: &Address) -> Option<&Entry> {
        self.entries.get(address)
    }

    /// The requirements of all its releases.
    pub(crate) fn numbered(&self) -> &Numbered {
        &self.numbered
    }
}
