//! What the solver may choose from: the releases of every package that was loaded, and which packages do not exist.
//!
//! The index holds what package logs were proved to say. It never loads anything: a solve that needs a package which is
//! not here ends with [`Missing`](crate::Unresolved::Missing), and the caller loads it and solves again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use semver::Version;
use transparency::checkpoint::TrustedCheckpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{ExternName, Kind, Origin, PackageName};
use transparency::number::{Size, Time};
use transparency::package;
use transparency::release::Status;
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

/// Whether a release may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Whoever requires it may get it.
    Usable,
    /// Only where it is locked already.
    Yanked {
        /// Why, in the publisher's words.
        reason: String,
    },
    /// Never: its content is gone.
    Withdrawn {
        /// Why, in the operator's words.
        reason: String,
    },
    /// Never: it stands in the log for the record only.
    Unusable {
        /// What is wrong with it.
        reason: String,
    },
}

/// A release, as its package log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version that was released.
    pub version: Version,
    /// What it requires, ascending. Shared with all copies of the release, and with its neighbours that require the same.
    pub requirements: Arc<BTreeSet<Requirement>>,
    /// What a component imports, ascending.
    pub imports: BTreeSet<ExternName>,
    /// What a component exports, ascending.
    pub exports: BTreeSet<ExternName>,
    /// The SHA-256 of its content.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// The hash of the record that released it.
    pub record: Hash,
    /// When that record was signed.
    pub time: Time,
    /// Whether it may be chosen.
    pub standing: Standing,
}

impl Release {
    fn of(release: &transparency::release::Release) -> Self {
        Self {
            version: release.version().clone(),
            // What can never be chosen leads nowhere.
            requirements: match release.status() {
                Status::Unusable { .. } => Arc::default(),
                Status::Usable | Status::Yanked { .. } | Status::Withdrawn { .. } => {
                    release.requirements().shared()
                }
            },
            imports: release.imports().clone(),
            exports: release.exports().clone(),
            digest: *release.digest(),
            size: release.size(),
            record: release.record(),
            time: release.time(),
            standing: match release.status() {
                Status::Usable => Standing::Usable,
                Status::Yanked { reason } => Standing::Yanked { reason },
                Status::Withdrawn { reason } => Standing::Withdrawn { reason },
                Status::Unusable { defect } => Standing::Unusable {
                    reason: defect.to_string(),
                },
            },
        }
    }
}

/// The releases of one track, ascending. A version's number is its index here.
#[derive(Debug, Clone)]
pub(crate) struct TrackReleases {
    pub(crate) versions: Versions,
    pub(crate) releases: Vec<Release>,
    /// What each release requires.
    pub(crate) required: Required,
    /// The numbers of those that are not simply usable.
    pub(crate) doubtful: Vec<u32>,
}

/// A package and all its releases.
#[derive(Debug, Clone)]
pub struct Package {
    address: Address,
    kind: Kind,
    tracks: BTreeMap<Track, TrackReleases>,
}

impl Package {
    fn new(
        address: Address,
        kind: Kind,
        releases: impl IntoIterator<Item = Release>,
        numbered: &mut Numbered,
    ) -> Self {
        let mut by_track: BTreeMap<Track, BTreeMap<Version, Release>> = BTreeMap::new();
        for release in releases {
            by_track
                .entry(Track::of(&release.version))
                .or_default()
                .insert(release.version.clone(), release);
        }
        let tracks = by_track
            .into_iter()
            .map(|(track, releases)| {
                let versions = Versions::new(releases.keys().cloned());
                let mut releases: Vec<Release> = releases.into_values().collect();
                share(&mut releases);
                let numbered_releases = (0u32..).zip(&releases);
                let doubtful = numbered_releases
                    .filter(|(_, release)| release.standing != Standing::Usable)
                    .map(|(number, _)| number);
                let track_releases = TrackReleases {
                    versions,
                    doubtful: doubtful.collect(),
                    required: required(kind, &address.name, &releases, numbered),
                    releases,
                };
                (track, track_releases)
            })
            .collect();
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
        let mut releases: Vec<&Release> = self
            .tracks
            .values()
            .flat_map(|track| &track.releases)
            .collect();
        releases.sort_by(|a, b| a.version.cmp(&b.version));
        releases
    }

    /// The release of a version, build metadata counted.
    pub fn release(&self, version: &Version) -> Option<&Release> {
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

/// Lets neighbours that require the same share it.
fn share(releases: &mut [Release]) {
    let mut before: Option<Arc<BTreeSet<Requirement>>> = None;
    for release in releases {
        match &before {
            Some(before) if **before == *release.requirements => {
                release.requirements = Arc::clone(before);
            }
            _ => before = Some(Arc::clone(&release.requirements)),
        }
    }
}

/// What each of these releases of a package requires, in numbers.
fn required(
    kind: Kind,
    name: &PackageName,
    releases: &[Release],
    numbered: &mut Numbered,
) -> Required {
    let mut required = Required::default();
    let mut before = None;
    for Release { requirements, .. } in releases {
        if before.is_some_and(|before| Arc::ptr_eq(before, requirements)) {
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
    Present(Package),
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
        let Some(kind) = log.kind() else { return };
        let address = Address {
            origin: log.origin().clone(),
            name: log.name().clone(),
        };
        self.danger_insert_unverified(address, kind, log.releases().map(Release::of));
    }

    /// Takes in that a registry's map was proved not to hold a package.
    pub fn insert_absent(&mut self, absence: &package::Absence) {
        let checkpoint = absence.checkpoint();
        let address = Address {
            origin: checkpoint.origin.clone(),
            name: absence.name().clone(),
        };
        self.danger_insert_unproved_absence(address, checkpoint.size);
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
        self.danger_insert_unproved_time(origin, checkpoint.entry().time);
    }

    /// Takes in the time of a registry's checkpoint, on the caller's word: for tests and benchmarks.
    pub fn danger_insert_unproved_time(&mut self, origin: Origin, time: Time) {
        self.times.insert(origin, time);
    }

    /// The time of the checkpoint that a registry's packages are loaded at.
    pub fn time(&self, origin: &Origin) -> Option<Time> {
        self.times.get(origin).copied()
    }

    /// Takes in that a package does not exist, on the caller's word: for tests and benchmarks.
    pub fn danger_insert_unproved_absence(&mut self, address: Address, size: Size) {
        self.entries.insert(address, Entry::Absent(size));
    }

    /// Takes in releases that nothing was proved of: for tests and benchmarks.
    pub fn danger_insert_unverified(
        &mut self,
        address: Address,
        kind: Kind,
        releases: impl IntoIterator<Item = Release>,
    ) {
        let package = Package::new(address.clone(), kind, releases, &mut self.numbered);
        self.entries.insert(address, Entry::Present(package));
    }

    /// The package, where it was loaded and exists.
    pub fn package(&self, address: &Address) -> Option<&Package> {
        match self.entries.get(address) {
            Some(Entry::Present(package)) => Some(package),
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
