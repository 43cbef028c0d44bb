//! Replaying a package log of 1,000 records, beside a bare loop that verifies the same signatures over the same bytes.
//!
//! The loop is the floor: what replay adds is parsing, hashing, chaining and permissions. The target is 1.3 times the floor.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on says where it stopped"
)]

#[path = "../tests/story/mod.rs"]
mod story;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use story::{World, grant, release, vkey};
use transparency::Unverified;
use transparency::key::Verifier;
use transparency::note::Note;
use transparency::package::{Action, Log, Permission};
use transparency::record::SignedRecord;

const LOGGER: &str = "acme:logger";
const RECORDS: usize = 1000;
const SIGNERS: [&str; 3] = ["alice", "bob", "carol"];

/// A log as publishers write it: releases with requirements and imports, now and then a yank, three signers.
fn world() -> World {
    let mut world = World::with_logger();
    world.write(
        LOGGER,
        "alice",
        SIGNERS[1..]
            .iter()
            .map(|name| grant(name, &[Permission::Release, Permission::Yank]))
            .collect(),
    );
    for number in 2..RECORDS {
        let signer = SIGNERS[number % SIGNERS.len()];
        let mut action = release(&format!("1.{number}.0"));
        if let Action::Release(statement) = &mut action {
            for require in [
                "component acme:clock ^1.0 for acme:clock/now",
                "wit acme:types ^0.2.1",
            ] {
                statement.requirements.insert(require.parse().unwrap());
            }
            for import in [
                "wasi:io/streams@0.2.3",
                "wasi:io/poll@0.2.3",
                "acme:clock/now",
            ] {
                statement.imports.insert(import.parse().unwrap());
            }
            statement
                .exports
                .insert("acme:logger/api@1.2.0".parse().unwrap());
        }
        world.write(LOGGER, signer, vec![action]);
    }
    world
}

fn replay(criterion: &mut Criterion) {
    let shown = world().publish();
    let (head, checkpoint) = (shown.head(LOGGER), shown.open().unwrap());
    let (records, proofs) = (shown.records(LOGGER), shown.proofs(LOGGER));
    assert_eq!(records.len(), RECORDS);
    let notes: Vec<Note> = records
        .iter()
        .map(|(_, bytes)| Note::parse(bytes).unwrap())
        .collect();
    let verifiers: Vec<Verifier> = SIGNERS
        .iter()
        .map(|name| vkey(name).verifier().unwrap())
        .collect();
    let signed: Vec<(&Verifier, &[u8], &[u8])> = notes
        .iter()
        .map(|note| {
            let line = &note.signatures()[0];
            let verifier = verifiers
                .iter()
                .find(|verifier| line.is_by(verifier))
                .unwrap();
            (verifier, note.text().as_bytes(), line.signature())
        })
        .collect();

    let mut group = criterion.benchmark_group("1000 records");
    group.sample_size(20);
    group.bench_function("verify_strict", |bencher| {
        bencher.iter(|| {
            for (verifier, message, signature) in &signed {
                verifier.verify(message, signature).unwrap();
            }
        });
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            for (_, bytes) in &records {
                black_box(Unverified::<SignedRecord<Action>>::parse(bytes).unwrap());
            }
        });
    });
    group.bench_function("replay", |bencher| {
        bencher.iter(|| Log::replay(&head, &checkpoint, &records, &proofs).unwrap());
    });
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
