//! libFuzzer with one of the targets of registry and cargo-warg: the one that `FUZZ_TARGET` names. One program serves all, and is built once.

#![no_main]

#[path = "../src/program.rs"]
mod program;

use std::sync::OnceLock;

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let target = program::TARGETS.iter().find(|(target, _)| *target == name);
        let (_, run) = target.unwrap_or_else(|| panic!("FUZZ_TARGET={name} is no such target"));
        RUN.get_or_init(|| *run);
    },
    |data: &[u8]| {
        if let Some(run) = RUN.get() {
            run(data);
        }
    }
);
