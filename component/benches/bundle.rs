//! Composing 50 components of 100 kB, and how much memory that takes.
#![expect(clippy::unwrap_used, reason = "a benchmark without data is none")]
#![expect(clippy::print_stderr, reason = "the peak is no time")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;

use component::bundle::{Composition, FORMAT, Part, Wiring, compose};
use criterion::{Criterion, criterion_group, criterion_main};
use transparency::digest::Digest;
use transparency::requirement::Requirement;
use transparency::selection::Selection;

const COMPONENTS: usize = 50;
const SIZE: usize = 100_000;

/// A component of that many bytes, nearly all of it code. Each needs the next two, and the host.
fn component(position: usize) -> Vec<u8> {
    let mut text = String::from("(component\n");
    let mut core = String::from("(core module $m\n");
    let mut with = String::new();
    let next = (position + 1..COMPONENTS)
        .take(2)
        .map(|next| format!("bench:part-{next}/api@1.0.0"));
    let imports = next.chain(["wasi:clocks/monotonic-clock@0.2.6".to_owned()]);
    for (number, import) in imports.enumerate() {
        writeln!(
            text,
            "(import \"{import}\" (instance $i{number} (export \"get\" (func (result u32)))))"
        )
        .unwrap();
        writeln!(
            text,
            "(core func $l{number} (canon lower (func $i{number} \"get\")))"
        )
        .unwrap();
        writeln!(
            core,
            "(import \"\" \"f{number}\" (func $f{number} (result i32)))"
        )
        .unwrap();
        write!(with, "(export \"f{number}\" (func $l{number}))").unwrap();
    }
    core.push_str("(memory 1) (func (export \"get\") (result i32) (i32.const 1))\n");
    // 98 bytes a function, as compilers make them: locals, memory, arithmetic, branches.
    for number in 0..SIZE / 98 {
        writeln!(core, "(func (param i32 i32) (result i32) (local i32)").unwrap();
        for step in 0..4 {
            writeln!(
                core,
                "(local.set 2 (i32.add (i32.load offset={step} (local.get 0)) (i32.mul (local.get 1) (i32.const {number}))))
                (if (i32.lt_u (local.get 2) (local.get 1)) (then (i32.store (local.get 0) (local.get 2))))"
            )
            .unwrap();
        }
        core.push_str("(local.get 2))\n");
    }
    write!(
        text,
        "{core})(core instance $c (instantiate $m (with \"\" (instance {with}))))"
    )
    .unwrap();
    writeln!(
        text,
        "(func $g (result u32) (canon lift (core func $c \"get\")))"
    )
    .unwrap();
    writeln!(text, "(instance $x (export \"get\" (func $g)))(export \"bench:part-{position}/api@1.0.0\" (instance $x)))").unwrap();
    wat::parse_str(text).unwrap()
}

/// A line of what the system says of this process, in kB.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn bundle(c: &mut Criterion) {
    let contents: Vec<Vec<u8>> = (0..COMPONENTS).map(component).collect();
    let requirements: Vec<BTreeSet<Requirement>> = (0..COMPONENTS)
        .map(|position| {
            let next = (position + 1..COMPONENTS).take(2);
            next.map(|next| format!("component bench:part-{next} ^1.0").parse().unwrap())
                .collect()
        })
        .collect();
    let part = |position: usize| Part {
        requirements: &requirements[position],
        content: &contents[position],
    };
    let selection = |position| -> Selection {
        format!("component bench:part-{position}@1.0.0")
            .parse()
            .unwrap()
    };
    let wire = Wiring::default();
    let composition = Composition {
        root: part(0),
        digest: Digest::of(&contents[0]),
        parts: (1..COMPONENTS)
            .map(|position| (selection(position), part(position)))
            .collect::<BTreeMap<_, _>>(),
        wire: &wire,
        name: "app",
        lock: "a lock\n",
    };
    let (resident, before) = (memory("VmRSS:"), memory("VmHWM:"));
    let bytes = compose(&composition, FORMAT).unwrap();
    let inputs: usize = contents.iter().map(Vec::len).sum();
    eprintln!(
        "inputs {inputs} bytes, output {} bytes; resident before {resident} kB (peak before {before} kB), peak after {} kB",
        bytes.len(),
        memory("VmHWM:")
    );
    c.bench_function("compose 50 × 100 kB", |b| {
        b.iter(|| compose(black_box(&composition), FORMAT).unwrap());
    });
    let mut validator = || {
        wasmparser::Validator::new()
            .validate_all(black_box(&bytes))
            .unwrap()
    };
    c.bench_function("of which validating the result", |b| b.iter(&mut validator));
}

criterion_group!(benches, bundle);
criterion_main!(benches);
