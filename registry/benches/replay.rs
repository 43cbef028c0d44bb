//! Replaying package logs: one of 1,000 records, and 100 of 20 each, from memory.
//!
//! Timed is `Session::load`: reading, every chain, signature and permission. All cores are used; run it with
//! `taskset -c 0` for what one alone takes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on says where it stopped; its output is what it is for"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use fixtures::crowd::Crowd;
use registry::client::Client;

const RUNS: usize = 21;

fn main() {
    let cores = std::thread::available_parallelism().unwrap();
    println!("medians of {RUNS} loads each on {cores} cores, in milliseconds");
    println!("packages   records each   load");
    for (packages, records) in [(1, 1000), (100, 20), (256, 1)] {
        let crowd = Crowd { packages, records };
        let world = crowd.world(1);
        let names: BTreeSet<_> = (0..packages).map(Crowd::name).collect();
        let mut times: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let mut session = Client::new(world.policy(), world.storage()).open().unwrap();
                let begun = Instant::now();
                let loaded = session.load(&names).unwrap();
                let time = begun.elapsed();
                assert_eq!(loaded.len(), packages);
                time
            })
            .collect();
        times.sort();
        let median = times[RUNS / 2].as_secs_f64() * 1000.0;
        println!("{packages:>8}   {records:>12}   {median:>6.2}");
    }
}
