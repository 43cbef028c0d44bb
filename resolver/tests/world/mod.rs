//! Registries as stories: what was released, yanked, withdrawn, and what a workspace requires.

#![expect(
    dead_code,
    reason = "each test file is a program of its own and tells other stories"
)]

use std::collections::{BTreeMap, BTreeSet};

use resolver::index::{Address, Index};
use resolver::lockfile::Lockfile;
use resolver::problem::{Local, Member, Problem, RootRequirement, Written};
use resolver::report::Conflict;
use resolver::resolution::Resolution;
use resolver::{NamedLocation, Unresolved};
use semver::Version;
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{ExternName, Kind, Origin, PackageName};
use transparency::number::{Index as LogIndex, Size, Time};
use transparency::package::{Absence, Log};
use transparency::release::{self, Objection};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::statement::{Defect, Statement};
use transparency::version::{VersionReq, parse_version};

pub(crate) const ORIGIN: &str = "registry.example/components";

pub(crate) fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

pub(crate) fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address {
        origin: origin(),
        name: name(text),
    }
}

/// Where the registry stands in every lock of these stories.
pub(crate) fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: origin(),
        size: Size::new(48_213),
        root: Hash::of_leaf(b"root"),
    }
}

pub(crate) fn requirement(text: &str) -> Requirement {
    text.parse().unwrap()
}

pub(crate) fn selection(text: &str) -> Selection {
    text.parse().unwrap()
}

/// A requirement as a person writes it, `component acme:clock 1.1`, in a line of a manifest.
fn written(text: &str, location: &str) -> RootRequirement {
    let (package, version) = text.rsplit_once(' ').unwrap();
    let (kind, package) = package.split_once(' ').unwrap();
    let req = VersionReq::from_user(version).unwrap();
    RootRequirement {
        location: Some(NamedLocation::new(location.to_owned())),
        written: Some(Written::Text(version.to_owned())),
        ..RootRequirement::new(Requirement::new(kind.parse().unwrap(), name(package), req))
    }
}

/// A release, as a story has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: Version,
    pub(crate) requirements: BTreeSet<Requirement>,
    pub(crate) exports: BTreeSet<ExternName>,
    pub(crate) time: Time,
    pub(crate) objection: Option<Objection>,
    /// Its package and version: what its digest and its record are made of.
    text: String,
}

impl Release {
    /// It as the index has it, though no log holds it.
    pub(crate) fn unverified(&self, kind: Kind) -> release::Release {
        let mut statement =
            Statement::new(self.version.clone(), Digest::of(self.text.as_bytes()), 1);
        statement.requirements = self.requirements.clone().into();
        statement.exports.clone_from(&self.exports);
        let record = Hash::of_leaf(self.text.as_bytes());
        let objection = self.objection.clone();
        release::Release::danger_unverified(kind, statement, record, self.time, objection)
    }
}

/// A release of which nothing matters but its version and requirements.
pub(crate) fn release(package: &str, version: &str, requires: &[&str]) -> Release {
    Release {
        version: parse_version(version).unwrap(),
        requirements: requires.iter().map(|text| requirement(text)).collect(),
        exports: BTreeSet::new(),
        time: Time::from_unix(1_000_000).unwrap(),
        objection: None,
        text: format!("{package}@{version}"),
    }
}

/// What speaks against a release whose publisher says so himself.
pub(crate) fn unusable(reason: &str) -> Objection {
    let reason = reason.to_owned();
    Objection::Unusable {
        defect: Defect::Stated { reason },
    }
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) packages: BTreeMap<PackageName, (Kind, Vec<Release>)>,
    pub(crate) absent: BTreeSet<PackageName>,
    pub(crate) problem: Problem,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut problem = Problem::default();
        problem.options.origins.default = Some(origin());
        Self {
            packages: BTreeMap::new(),
            absent: BTreeSet::new(),
            problem,
        }
    }

    fn publish(
        &mut self,
        kind: Kind,
        package: &str,
        version: &str,
        requires: &[&str],
    ) -> &mut Release {
        let entry = self.packages.entry(name(package));
        let (_, releases) = entry.or_insert_with(|| (kind, Vec::new()));
        releases.push(release(package, version, requires));
        releases.last_mut().unwrap()
    }

    pub(crate) fn component(
        &mut self,
        package: &str,
        version: &str,
        requires: &[&str],
    ) -> &mut Release {
        self.publish(Kind::Component, package, version, requires)
    }

    pub(crate) fn wit(&mut self, package: &str, version: &str, requires: &[&str]) -> &mut Release {
        self.publish(Kind::Wit, package, version, requires)
    }

    pub(crate) fn exports(&mut self, package: &str, version: &str, exports: &[&str]) {
        let exports = exports.iter().map(|text| text.parse().unwrap()).collect();
        self.find(package, version).exports = exports;
    }

    pub(crate) fn find(&mut self, package: &str, version: &str) -> &mut Release {
        let version = parse_version(version).unwrap();
        let (_, releases) = self.packages.get_mut(&name(package)).unwrap();
        releases
            .iter_mut()
            .find(|release| release.version == version)
            .unwrap()
    }

    pub(crate) fn yank(&mut self, package: &str, version: &str, reason: &str) {
        let reason = reason.to_owned();
        self.find(package, version).objection = Some(Objection::Yanked { reason });
    }

    pub(crate) fn withdraw(&mut self, package: &str, version: &str, reason: &str) {
        let reason = reason.to_owned();
        self.find(package, version).objection = Some(Objection::Withdrawn { reason });
    }

    pub(crate) fn unusable(&mut self, package: &str, version: &str, reason: &str) {
        self.find(package, version).objection = Some(unusable(reason));
    }

    pub(crate) fn nobody_has(&mut self, package: &str) {
        self.absent.insert(name(package));
    }

    pub(crate) fn member(&mut self, member: &str) -> &mut Member {
        self.problem.members.entry(member.to_owned()).or_default()
    }

    pub(crate) fn app_requires(&mut self, text: &str) {
        let root = RootRequirement::new(requirement(text));
        self.member("app").requirements.insert(root);
    }

    pub(crate) fn app_requires_at(&mut self, text: &str, location: &str, exports: &[&str]) {
        let root = RootRequirement {
            exports: exports.iter().map(|text| text.parse().unwrap()).collect(),
            location: Some(NamedLocation::new(location.to_owned())),
            ..RootRequirement::new(requirement(text))
        };
        self.member("app").requirements.insert(root);
    }

    /// A line of a manifest: `component acme:clock 1.1`, as a person writes it.
    pub(crate) fn writes(&mut self, member: &str, text: &str, location: &str) {
        let root = written(text, location);
        self.member(member).requirements.insert(root);
    }

    /// The same, whose component must export interfaces that WIT text names: each `NAME at LOCATION`.
    pub(crate) fn writes_for(&mut self, text: &str, location: &str, exports: &[&str]) {
        let mut root = written(text, location);
        for export in exports {
            let (export, location) = export.split_once(" at ").unwrap();
            let export: ExternName = export.parse().unwrap();
            root.export_locations
                .insert(export.clone(), NamedLocation::new(location.to_owned()));
            root.exports.insert(export);
        }
        self.member("app").requirements.insert(root);
    }

    /// A reference in WIT text: `wasi:http@0.2.3`.
    pub(crate) fn refers(&mut self, text: &str, location: &str) {
        let (package, version) = text.split_once('@').unwrap();
        let root = RootRequirement {
            location: Some(NamedLocation::new(location.to_owned())),
            written: Some(Written::Reference),
            ..RootRequirement::new(requirement(&format!("wit {package} ={version}")))
        };
        self.member("app").requirements.insert(root);
    }

    pub(crate) fn app_has_local(
        &mut self,
        kind: Kind,
        package: &str,
        version: &str,
        requires: &[&str],
    ) {
        let mut local = Local::new(kind, name(package), parse_version(version).unwrap());
        local.requirements = requires.iter().map(|text| requirement(text)).collect();
        local.location = Some(format!("../{}", package.split_once(':').unwrap().1));
        self.member("app").locals.insert(local);
    }

    pub(crate) fn load(&self, index: &mut Index, package: &PackageName) {
        let name = package.clone();
        match self.packages.get(package) {
            Some((kind, releases)) => {
                let releases = releases.iter().map(|release| release.unverified(*kind));
                index.insert(&Log::danger_unverified(origin(), name, *kind, releases));
            }
            None if self.absent.contains(package) => {
                let checkpoint = Checkpoint {
                    size: Size::new(48),
                    ..checkpoint()
                };
                index.insert_absent(&Absence::danger_unproved(name, checkpoint));
            }
            None => panic!("the story does not say whether {package} exists"),
        }
    }

    /// Everything loaded.
    pub(crate) fn index(&self) -> Index {
        let mut index = Index::new();
        for package in self.packages.keys().chain(&self.absent) {
            self.load(&mut index, package);
        }
        index
    }

    pub(crate) fn solve(&self) -> Result<Resolution, Unresolved> {
        resolver::resolve(&self.problem, &self.index())
    }

    /// Solves by loading only what is missing, and `extra` before that.
    pub(crate) fn solve_lazily(&self, extra: &[PackageName]) -> Result<Resolution, Unresolved> {
        let mut index = Index::new();
        for package in extra {
            self.load(&mut index, package);
        }
        loop {
            match resolver::resolve(&self.problem, &index) {
                Err(Unresolved::Missing(addresses)) => {
                    assert!(!addresses.is_empty(), "a solve stopped for nothing");
                    for address in addresses {
                        assert!(!index.holds(&address), "{address:?} was asked for twice");
                        self.load(&mut index, &address.name);
                    }
                }
                // As the program does: what a change was tried with is loaded, so that it can be told.
                Err(Unresolved::Conflict(conflict)) if !conflict.unexplored().is_empty() => {
                    for address in conflict.unexplored() {
                        assert!(!index.holds(address), "{address:?} was asked for twice");
                        self.load(&mut index, &address.name);
                    }
                }
                done => return done,
            }
        }
    }

    /// What `app` gets, one selection after the other.
    pub(crate) fn app(&self) -> Vec<String> {
        self.got("app")
    }

    pub(crate) fn got(&self, member: &str) -> Vec<String> {
        let resolution = self
            .solve()
            .unwrap_or_else(|error| panic!("no solution: {error}"));
        let packages = resolution.members[member].packages.keys();
        packages.map(ToString::to_string).collect()
    }

    pub(crate) fn conflict(&self) -> Conflict {
        match self.solve() {
            Err(Unresolved::Conflict(conflict)) => *conflict,
            other => panic!("expected a conflict, got {other:?}"),
        }
    }

    pub(crate) fn lock(&self) -> Lockfile {
        let resolution = self
            .solve()
            .unwrap_or_else(|error| panic!("no solution: {error}"));
        let index_of = |_: &Origin, selection: &Selection| {
            let bytes = Digest::of(selection.to_string().as_bytes());
            Some(LogIndex::new(u64::from(bytes.as_bytes()[0])))
        };
        Lockfile::from_resolution(&self.problem, &resolution, [checkpoint()], index_of).unwrap()
    }

    /// Takes what a lock selected as what each member prefers.
    pub(crate) fn prefer(&mut self, lock: &Lockfile) {
        for (name, root) in &lock.roots {
            self.member(name).selects.clone_from(&root.selects);
        }
    }
}
