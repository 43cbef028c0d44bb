//! What the provider costs over pubgrub by itself, on the same numbered data.
//!
//! The data are pubgrub's own benchmark registries. Each version of each package is solved for, by pubgrub with its
//! offline provider and by pubgrub with ours, fed below requirements: nodes, numbers and sets. A third figure has
//! everything on top: names, versions 1.n.0, requirements, an index and closed sets.
#![expect(clippy::unwrap_used, reason = "a benchmark without data is none")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;

use criterion::{Criterion, criterion_group, criterion_main};
use pubgrub::{Dependencies, OfflineDependencyProvider, Ranges};
use resolver::Numbers;
use resolver::index::{Address, Index};
use resolver::numbers::NodeId;
use resolver::order::Order;
use resolver::problem::{Member, Problem, RootRequirement};
use resolver::provider::{Graph, Offer, Provider};
use transparency::digest::{Digest, Hash};
use transparency::name::{Kind, Origin};
use transparency::number::Time;
use transparency::package::Log;
use transparency::release::Release;
use transparency::requirement::Requirement;
use transparency::statement::Statement;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/pubgrub");
const CASES: [&str; 3] = [
    "large_case_u16_NumberVersion",
    "large_case_1_u16_NumberVersion",
    "large_case_2_u16_NumberVersion",
];

/// package → version → dependency → ranges of versions, half open.
type Data = BTreeMap<u32, BTreeMap<u32, BTreeMap<u32, Vec<(u32, Option<u32>)>>>>;

fn versions(ranges: &[(u32, Option<u32>)], number: impl Fn(u32) -> u32) -> Ranges<u32> {
    let mut set = Ranges::empty();
    for (from, to) in ranges {
        let from = number(*from);
        set = set.union(&match to.map(&number) {
            Some(to) if to <= from => Ranges::empty(),
            Some(to) => Ranges::between(from, to),
            None => Ranges::higher_than(from),
        });
    }
    set
}

fn by_itself(data: &Data) -> OfflineDependencyProvider<u32, Ranges<u32>> {
    let mut provider = OfflineDependencyProvider::new();
    for (package, releases) in data {
        for (version, dependencies) in releases {
            let dependencies = dependencies.iter();
            let dependencies = dependencies.map(|(on, ranges)| (*on, versions(ranges, |n| n)));
            provider.add_dependencies(*package, *version, dependencies);
        }
    }
    provider
}

type Edges = Vec<(NodeId, Ranges<u32>)>;

/// The same data as nodes and numbers.
struct Numbered {
    nodes: Vec<(Rc<str>, Rc<Offer>, Vec<Edges>)>,
}

impl Numbered {
    fn new(data: &Data) -> Self {
        let mut packages: Vec<u32> = data.keys().copied().collect();
        packages.extend(
            data.values()
                .flatten()
                .flat_map(|(_, on)| on.keys().copied()),
        );
        packages.sort_unstable();
        packages.dedup();
        let node = |package: u32| {
            NodeId(u32::try_from(packages.binary_search(&package).unwrap()).unwrap())
        };
        let nothing = BTreeMap::new();
        let nodes = packages.iter().map(|package| {
            let releases = data.get(package).unwrap_or(&nothing);
            let edges = releases.values().map(|dependencies| {
                let edges = dependencies.iter().map(|(on, ranges)| {
                    let numbers: Vec<u32> =
                        data.get(on).unwrap_or(&nothing).keys().copied().collect();
                    let number = |version| {
                        let below = numbers.partition_point(|found| *found < version);
                        u32::try_from(below).unwrap()
                    };
                    (node(*on), versions(ranges, number))
                });
                edges.collect()
            });
            let offer = Offer::new(
                releases.keys().map(|_| true),
                Vec::new(),
                Order::HighestFirst,
            );
            (
                Rc::from(format!("bench:p{package}")),
                Rc::new(offer),
                edges.collect(),
            )
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    fn node(&self, id: NodeId) -> &(Rc<str>, Rc<Offer>, Vec<Edges>) {
        &self.nodes[usize::try_from(id.0).unwrap()]
    }
}

impl Graph for Numbered {
    type Name = Rc<str>;
    type Reason = String;
    type Stop = Infallible;

    fn name(&self, node: NodeId) -> Rc<str> {
        Rc::clone(&self.node(node).0)
    }

    fn offer(&self, node: NodeId) -> Rc<Offer> {
        Rc::clone(&self.node(node).1)
    }

    fn dependencies(
        &self,
        node: NodeId,
        number: u32,
    ) -> Result<Dependencies<NodeId, Numbers, String>, Infallible> {
        let edges = self.node(node).2[usize::try_from(number).unwrap()].clone();
        let edges = edges.into_iter().map(|(id, set)| (id, set.into()));
        Ok(Dependencies::Available(edges.collect()))
    }
}

fn name(package: u32) -> String {
    format!("bench:p{package}")
}

fn requirements(
    dependencies: &BTreeMap<u32, Vec<(u32, Option<u32>)>>,
) -> impl Iterator<Item = Requirement> {
    dependencies.iter().map(|(on, ranges)| {
        let [(from, to)] = ranges.as_slice() else {
            panic!("a dependency of two ranges");
        };
        let text = match to {
            Some(to) => format!("component {} >=1.{from}.0,<1.{to}.0", name(*on)),
            None => format!("component {} >=1.{from}.0,<2.0.0", name(*on)),
        };
        text.parse().unwrap()
    })
}

fn index(data: &Data, origin: &Origin) -> Index {
    let mut index = Index::new();
    for package in data
        .values()
        .flatten()
        .flat_map(|(_, on)| on.keys())
        .chain(data.keys())
    {
        let address = Address {
            origin: origin.clone(),
            name: name(*package).parse().unwrap(),
        };
        if index.holds(&address) {
            continue;
        }
        let releases = data.get(package).into_iter().flatten();
        let releases = releases.map(|(version, dependencies)| {
            let version = format!("1.{version}.0").parse().unwrap();
            let mut statement = Statement::new(version, Digest::of(b""), 0);
            statement.requirements = requirements(dependencies).collect();
            let time = Time::from_unix(0).unwrap();
            Release::danger_unverified(Kind::Component, statement, Hash::ZERO, time, None)
        });
        let Address { origin, name } = address;
        index.insert(&Log::danger_unverified(
            origin,
            name,
            Kind::Component,
            releases,
        ));
    }
    index
}

fn problems(data: &Data, origin: &Origin) -> Vec<Problem> {
    let roots = data.iter().flat_map(|(package, releases)| {
        let versions = releases.keys();
        versions.map(move |version| format!("component {} =1.{version}.0", name(*package)))
    });
    let problem = |root: String| {
        let mut problem = Problem::default();
        problem.options.origins.default = Some(origin.clone());
        let mut member = Member::default();
        member
            .requirements
            .insert(RootRequirement::new(root.parse().unwrap()));
        problem.members.insert("bench".to_owned(), member);
        problem
    };
    roots.map(problem).collect()
}

fn benches(criterion: &mut Criterion) {
    for case in CASES {
        let path = Path::new(VECTORS).join(format!("{case}.ron"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            #[expect(clippy::print_stderr, reason = "says that nothing was measured")]
            {
                eprintln!("skipped: {} is not there", path.display());
            }
            continue;
        };
        let data: Data = ron::from_str(&text).unwrap();
        let origin: Origin = "bench.example/data".parse().unwrap();
        let by_itself = by_itself(&data);
        let ours = Provider(Numbered::new(&data));
        let index = index(&data, &origin);
        let problems = problems(&data, &origin);
        let solve_by_itself = || {
            let mut solved = 0;
            for (package, releases) in &data {
                for version in releases.keys() {
                    solved += u32::from(pubgrub::resolve(&by_itself, *package, *version).is_ok());
                }
            }
            solved
        };
        let solve_ours = || {
            let mut solved = 0;
            for (node, (_, _, releases)) in (0..).zip(&ours.0.nodes) {
                for (number, _) in (0u32..).zip(releases) {
                    solved += u32::from(pubgrub::resolve(&ours, NodeId(node), number).is_ok());
                }
            }
            solved
        };
        let solve_whole = || {
            let solved = problems
                .iter()
                .map(|problem| resolver::resolve(problem, &index).is_ok());
            solved.map(u32::from).sum::<u32>()
        };
        let solved = solve_by_itself();
        assert_eq!(
            solved,
            solve_ours(),
            "{case}: other answers than pubgrub's own"
        );
        assert_eq!(
            solved,
            solve_whole(),
            "{case}: other answers through requirements"
        );
        let mut group = criterion.benchmark_group(case);
        group.sample_size(20);
        group.bench_function("pubgrub alone", |bench| {
            bench.iter(|| black_box(solve_by_itself()));
        });
        group.bench_function("our provider", |bench| {
            bench.iter(|| black_box(solve_ours()));
        });
        group.bench_function("resolve", |bench| bench.iter(|| black_box(solve_whole())));
        group.finish();
    }
}

criterion_group!(solve, benches);
criterion_main!(solve);
