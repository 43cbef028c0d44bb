//! Registries of shapes that are hard for solvers, of any size: for tests that count steps, and for benches that measure
//! the same beside plain pubgrub.
#![expect(
    clippy::unwrap_used,
    reason = "a shape that cannot be made is a mistake in it"
)]

use std::collections::BTreeMap;

use pubgrub::{OfflineDependencyProvider, Ranges};
use resolver::index::Index;
use resolver::problem::{Member, Problem, RootRequirement};
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{Kind, Origin};
use transparency::number::{Size, Time};
use transparency::package::{Absence, Log};
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::statement::{Defect, Statement};

/// What a version depends on: a package, from a number, and below another. None: all above.
pub(crate) type Needs = Vec<(usize, u32, Option<u32>)>;

/// Packages by number, each with its versions 0, 1, 2 and so on. The member requires all of `roots`.
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) packages: Vec<Vec<Needs>>,
    pub(crate) roots: Needs,
    /// Whether every version is a track of its own, so that requirements span tracks.
    pub(crate) tracks: bool,
    /// Whether no version of package 0 can be used.
    pub(crate) unusable: bool,
}

impl Shape {
    pub(crate) fn new(packages: usize) -> Self {
        Self {
            kind: Kind::Component,
            packages: vec![Vec::new(); packages],
            roots: Vec::new(),
            tracks: false,
            unusable: false,
        }
    }

    /// WIT packages that require others at least at their own version's height, as WIT's references are.
    pub(crate) fn carets(packages: usize, versions: u32) -> Self {
        let mut shape = Self::new(packages);
        shape.kind = Kind::Wit;
        let mut state = 7u64;
        let mut below = |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % bound.max(1)
        };
        for package in 0..packages {
            let ahead = packages - package - 1;
            let on: Vec<usize> = (0..3.min(ahead))
                .map(|_| package + 1 + below(ahead))
                .collect();
            for version in 0..versions {
                let mut needs: Needs = on
                    .iter()
                    .map(|on| {
                        (
                            *on,
                            version.saturating_sub(u32::try_from(below(3)).unwrap()),
                            None,
                        )
                    })
                    .collect();
                needs.sort_unstable();
                needs.dedup_by_key(|(on, ..)| *on);
                shape.packages[package].push(needs);
            }
        }
        shape.roots = (0..packages.min(10))
            .map(|package| (package, u32::try_from(package).unwrap() % versions, None))
            .collect();
        shape
    }

    /// Two that must agree on a third and nearly never do, as boto3 and aiobotocore on botocore.
    pub(crate) fn boto(versions: u32) -> Self {
        let mut shape = Self::new(4);
        let (core, boto, aio, fs) = (0, 1, 2, 3);
        for version in 0..versions {
            shape.packages[core].push(vec![]);
            shape.packages[boto].push(vec![(core, version, Some(version + 1))]);
            let old = version * 2 / 3;
            shape.packages[aio].push(vec![(core, old, Some(old + 2))]);
            shape.packages[fs].push(vec![(boto, 0, None), (aio, version, Some(version + 1))]);
        }
        shape.roots = vec![(boto, 0, None), (aio, 0, None), (fs, 0, None)];
        shape
    }

    /// This many pigeons, and one hole fewer.
    pub(crate) fn pigeons(count: usize) -> Self {
        let holes = count - 1;
        let mut shape = Self::new(holes + count);
        for hole in 0..holes {
            shape.packages[hole] = vec![vec![]; count];
        }
        for pigeon in 0..count {
            let number = u32::try_from(pigeon).unwrap();
            shape.packages[holes + pigeon] = (0..holes)
                .map(|hole| vec![(hole, number, Some(number + 1))])
                .collect();
            shape.roots.push((holes + pigeon, 0, None));
        }
        shape
    }

    /// One package of which every version wants another that does not exist.
    pub(crate) fn wanting(versions: usize) -> Self {
        let mut shape = Self::new(versions + 1);
        shape.packages[0] = (1..=versions).map(|other| vec![(other, 0, None)]).collect();
        shape.roots = vec![(0, 0, None)];
        shape
    }

    /// The same, where every version is a track of its own.
    pub(crate) fn tracks(versions: usize) -> Self {
        Self {
            tracks: true,
            ..Self::wanting(versions)
        }
    }

    /// The same, where nothing of it can be used.
    pub(crate) fn unusable(versions: usize) -> Self {
        Self {
            unusable: true,
            ..Self::tracks(versions)
        }
    }

    /// Each requires the next. The last wants what does not exist.
    pub(crate) fn chain(length: usize) -> Self {
        let mut shape = Self::new(length + 1);
        for package in 0..length {
            shape.packages[package] = vec![vec![(package + 1, 0, None)]];
        }
        shape.roots = vec![(0, 0, None)];
        shape
    }

    /// For pubgrub by itself: package 0 is the root, version 0.
    pub(crate) fn by_itself(&self) -> OfflineDependencyProvider<u32, Ranges<u32>> {
        let mut provider = OfflineDependencyProvider::new();
        let id = |package: usize| u32::try_from(package + 1).unwrap();
        let needs = |needs: &Needs| -> Vec<(u32, Ranges<u32>)> {
            let needs = needs.iter().map(|(on, from, to)| {
                let set = match to {
                    Some(to) => Ranges::between(*from, *to),
                    None => Ranges::higher_than(*from),
                };
                (id(*on), set)
            });
            needs.collect()
        };
        provider.add_dependencies(0, 0u32, needs(&self.roots));
        for (package, versions) in self.packages.iter().enumerate() {
            for (version, on) in (0u32..).zip(versions) {
                provider.add_dependencies(id(package), version, needs(on));
            }
        }
        provider
    }

    fn requirement(&self, (on, from, to): &(usize, u32, Option<u32>)) -> Requirement {
        let kind = self.kind;
        let req = match (self.tracks && *on == 0, to) {
            (true, _) => "*".to_owned(),
            (false, None) => format!("^1.{from}.0"),
            (false, Some(to)) if *to == from + 1 => format!("=1.{from}.0"),
            (false, Some(to)) => format!(">=1.{from}.0,<1.{to}.0"),
        };
        format!("{kind} t:p{on} {req}").parse().unwrap()
    }

    pub(crate) fn index(&self) -> Index {
        let mut index = Index::new();
        for package in 0..self.packages.len() {
            self.load(&mut index, package);
        }
        index
    }

    /// Loads one package.
    pub(crate) fn load(&self, index: &mut Index, package: usize) {
        if self.packages[package].is_empty() {
            let name = format!("t:p{package}").parse().unwrap();
            let checkpoint = Checkpoint {
                origin: origin(),
                size: Size::new(48),
                root: Hash::ZERO,
            };
            index.insert_absent(&Absence::danger_unproved(name, checkpoint));
            return;
        }
        index.insert(&self.log(package));
    }

    /// The log of a package, which nobody wrote.
    pub(crate) fn log(&self, package: usize) -> Log {
        let name = format!("t:p{package}").parse().unwrap();
        let releases = (0u32..)
            .zip(&self.packages[package])
            .map(|(version, needs)| {
                let version = if self.tracks {
                    format!("{}.0.0", version + 1)
                } else {
                    format!("1.{version}.0")
                };
                let mut statement = Statement::new(version.parse().unwrap(), Digest::of(b""), 0);
                statement.requirements = needs.iter().map(|need| self.requirement(need)).collect();
                let objection = (self.unusable && package == 0).then(|| Objection::Unusable {
                    defect: Defect::Stated {
                        reason: "it is broken".to_owned(),
                    },
                });
                let time = Time::from_unix(0).unwrap();
                Release::danger_unverified(self.kind, statement, Hash::ZERO, time, objection)
            });
        Log::danger_unverified(origin(), name, self.kind, releases)
    }

    pub(crate) fn problem(&self) -> Problem {
        let mut problem = Problem::default();
        problem.options.origins.default = Some(origin());
        let roots = self.roots.iter();
        let roots = roots.map(|need| RootRequirement::new(self.requirement(need)));
        let member = Member {
            requirements: roots.collect(),
            ..Member::default()
        };
        problem.members = BTreeMap::from([("app".to_owned(), member)]);
        problem
    }
}

fn origin() -> Origin {
    "bench.example/data".parse().unwrap()
}
