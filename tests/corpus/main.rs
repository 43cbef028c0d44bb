//! The corpus of `fuzz/`, by an ordinary build: what is demanded of the fuzz targets holds for every input that they found
//! worth keeping, and for one of each format that this very version writes.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

#[path = "../../fuzz/src/program.rs"]
mod program;
#[path = "../../fuzz/src/pure.rs"]
mod pure;
mod seeds;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

fn targets() -> BTreeMap<&'static str, fn(&[u8])> {
    pure::TARGETS.into_iter().chain(program::TARGETS).collect()
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// Runs a target, and says which input it was that it fails on.
fn run(target: fn(&[u8]), input: &[u8], what: &str) {
    let holds = catch_unwind(AssertUnwindSafe(|| target(input))).is_ok();
    assert!(holds, "{what} fails its target: {}", input.escape_ascii());
}

#[test]
fn every_input_of_the_corpus_holds() {
    for (name, target) in targets() {
        let folder = corpus().join(name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: {error}")) {
            let path = entry.unwrap().path();
            run(
                target,
                &fs::read(&path).unwrap(),
                &path.display().to_string(),
            );
            count += 1;
        }
        assert!(count > 0, "{name} has no corpus");
    }
}

#[test]
fn every_folder_of_the_corpus_is_of_a_target() {
    let targets = targets();
    for entry in fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(targets.contains_key(name.as_str()), "{name}");
    }
}

/// With `CARGO_WARG_SEEDS` they are also written, into a folder for each target: what fuzzing begins with.
#[test]
fn every_format_as_it_is_written_holds() {
    let targets = targets();
    let seeds = seeds::all();
    for name in targets.keys() {
        assert!(seeds.iter().any(|(of, _)| of == name), "no seed for {name}");
    }
    for (place, (name, input)) in seeds.iter().enumerate() {
        run(targets[name], input, &format!("a seed of {name}"));
        if let Some(folder) = std::env::var_os("CARGO_WARG_SEEDS") {
            let folder = Path::new(&folder).join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("seed-{place:03}")), input).unwrap();
        }
    }
}
