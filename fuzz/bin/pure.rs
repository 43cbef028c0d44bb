//! libFuzzer with one of the pure targets: the one that `FUZZ_TARGET` names. One program serves all, and is built once.

#![no_main]

#[path = "../src/pure.rs"]
mod pure;

use std::sync::OnceLock;

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let target = pure::TARGETS.iter().find(|(target, _)| *target == name);
        let (_, run) = target.unwrap_or_else(|| panic!("FUZZ_TARGET={name} is no pure target"));
        RUN.get_or_init(|| *run);
    },
    |data: &[u8]| {
        if let Some(run) = RUN.get() {
            run(data);
        }
    }
);
