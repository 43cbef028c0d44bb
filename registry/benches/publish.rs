//! Publishing one release to a folder registry: to one of 100 packages, and to one of 10,000.
//!
//! Timed is what the sequencer does: staging the content, and appending the signed record. Each registry is measured on
//! the disk that the target folder is on and, where there is one, in memory (`/dev/shm`), where fsync costs nothing: the
//! difference is what fsync and the disk take.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on says where it stopped; its output is what it is for"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use fixtures::crowd::Crowd;
use fixtures::world::World;
use registry::storage::Folder;
use transparency::digest::Digest;
use transparency::name::Kind;
use transparency::package::Action;
use transparency::statement::Statement;

const SIZES: [usize; 2] = [100, 10_000];
const RUNS: usize = 41;
const DISK: &str = env!("CARGO_TARGET_TMPDIR");
const MEMORY: &str = "/dev/shm";

fn main() {
    println!("medians of {RUNS} publishings each, in milliseconds");
    println!("packages   medium   new release   new package");
    for packages in SIZES {
        let crowd = Crowd {
            packages,
            records: 1,
        };
        let world = crowd.world(1);
        for (medium, parent) in [("disk", DISK), ("memory", MEMORY)] {
            if !Path::new(parent).is_dir() {
                continue;
            }
            let folder = tempfile::tempdir_in(parent).unwrap();
            world.storage().write_to(folder.path()).unwrap();
            let mut world = World::of_folder(folder.path(), 1);
            let (mut releases, mut packages_made) = (Vec::new(), Vec::new());
            for run in 0..RUNS {
                let known = Crowd::name(run).to_string();
                releases.push(publish(&mut world, &known, "1.1.0", false));
                let new = format!("acme:new-p{run}");
                packages_made.push(publish(&mut world, &new, "1.0.0", true));
            }
            let [releases, new] = [releases, packages_made].map(median);
            println!("{packages:>8}   {medium:<6}   {releases:>11.2}   {new:>11.2}");
        }
    }
}

/// How long one publishing takes.
fn publish(world: &mut World<Folder>, name: &str, version: &str, new: bool) -> Duration {
    let content = format!("the content of {name}@{version}").into_bytes();
    let size = u64::try_from(content.len()).unwrap();
    let statement = Statement::new(version.parse().unwrap(), Digest::of(&content), size);
    let mut actions = vec![Action::Release(statement)];
    if new {
        let under = world.under(&"acme".parse().unwrap());
        let kind = Kind::Component;
        actions.insert(0, Action::Init { kind, under });
    }
    let record = world.record(name, actions);
    let start = Instant::now();
    world.sequencer().stage(&content).unwrap();
    let receipts = world.append(&[record]).unwrap();
    let taken = start.elapsed();
    assert!(!receipts[0].existed);
    taken
}

/// In milliseconds.
fn median(mut taken: Vec<Duration>) -> f64 {
    taken.sort();
    taken[taken.len() / 2].as_secs_f64() * 1e3
}
