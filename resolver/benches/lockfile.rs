//! Reading, writing and checking a lock of 500 packages.
#![expect(clippy::unwrap_used, reason = "a benchmark without data is none")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use resolver::Lockfile;
use resolver::index::Index;
use resolver::problem::{Member, Problem, RootRequirement};
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::name::{Kind, Origin};
use transparency::number::{Index as LogIndex, Size, Time};
use transparency::package::Log;
use transparency::release::Release;
use transparency::statement::Statement;

const PACKAGES: usize = 500;

/// Members that between them need 500 packages, each of which requires up to four others. The first member needs all
/// of them, the others nearly all.
fn workspace(members: usize) -> (Problem, Index) {
    let origin: Origin = "registry.example/components".parse().unwrap();
    let name = |position: usize| format!("bench:package-{position}");
    let mut problem = Problem::default();
    problem.options.origins.default = Some(origin.clone());
    let mut index = Index::new();
    for position in 0..PACKAGES {
        let below = [
            position * 2 + 1,
            position * 2 + 2,
            position + 7,
            position + 31,
        ];
        let below = below.into_iter().filter(|below| *below < PACKAGES);
        let requires = below.map(|below| format!("component {} ^1.2", name(below)));
        let text = name(position);
        let mut statement =
            Statement::new("1.2.3".parse().unwrap(), Digest::of(text.as_bytes()), 0);
        statement.requirements = requires.map(|text| text.parse().unwrap()).collect();
        let record = Hash::of_leaf(text.as_bytes());
        let time = Time::from_unix(0).unwrap();
        let release = Release::danger_unverified(Kind::Component, statement, record, time, None);
        let name = text.parse().unwrap();
        let log = Log::danger_unverified(origin.clone(), name, Kind::Component, [release]);
        index.insert(&log);
    }
    for member in 0..members {
        let mut roots = Member::default();
        let root = format!("component {} ^1", name(member));
        roots
            .requirements
            .insert(RootRequirement::new(root.parse().unwrap()));
        problem.members.insert(format!("member-{member}"), roots);
    }
    (problem, index)
}

fn benches(criterion: &mut Criterion) {
    bench(criterion, 1);
    bench(criterion, 5);
}

fn bench(criterion: &mut Criterion, members: usize) {
    let (problem, index) = workspace(members);
    let resolution = resolver::resolve(&problem, &index).unwrap();
    let checkpoint = Checkpoint {
        origin: "registry.example/components".parse().unwrap(),
        size: Size::new(100_000),
        root: Hash::of_leaf(b"root"),
    };
    let index_of = |_: &Origin, _: &transparency::selection::Selection| Some(LogIndex::new(4711));
    let lock = Lockfile::from_resolution(&problem, &resolution, [checkpoint], index_of).unwrap();
    assert_eq!(lock.packages.len(), PACKAGES);
    let text = lock.to_string();
    let selected: usize = lock.roots.values().map(|root| root.selects.len()).sum();
    let mut group = criterion.benchmark_group(format!(
        "{PACKAGES} packages, {members} members that select {selected}, {} bytes",
        text.len()
    ));
    group.bench_function("read", |bench| {
        bench.iter(|| black_box(&text).parse::<Lockfile>().unwrap());
    });
    group.bench_function("write", |bench| bench.iter(|| black_box(&lock).to_string()));
    group.bench_function("read, check, write", |bench| {
        bench.iter(|| {
            let lock: Lockfile = black_box(&text).parse().unwrap();
            lock.check(&problem).unwrap();
            lock.to_string()
        });
    });
    group.bench_function("solve", |bench| {
        bench.iter(|| resolver::resolve(black_box(&problem), &index).unwrap());
    });
    group.finish();
}

criterion_group!(lockfile, benches);
criterion_main!(lockfile);
