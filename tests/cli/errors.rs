//! The catalogue of errors: each is provoked through the program, and what it says is a page of the documents.
//!
//! What must be there is not a list that someone keeps: a variant of an error that [`variants`] does not name does not
//! compile, one without a case fails here, and so does a failure that an operation finds itself, whose text stands in
//! the sources ([`sources`]). Where a help says what to do, the case does it, and the command then works.
//! `CARGO_WARG_BLESS=1` writes the page anew.

mod bundles;
mod changes;
mod contents;
mod locks;
mod machine;
mod manifests;
mod registries;
mod sources;
mod stage;
mod texts;
mod unseen;
mod variants;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use self::stage::{Shown, Stage};

/// An error, and how it comes about.
struct Case {
    /// The variants that it shows; none where an operation finds it itself.
    shows: &'static [&'static str],
    /// What is the matter, in a line.
    title: &'static str,
    /// Does it.
    run: fn(&Stage) -> Shown,
}

const PAGE: &str = "../docs/errors.md";

const INTRODUCTION: &str = "\
# Errors

Every error of the program, as it looks. This page is made by a test, `tests/cli/errors.rs`, which provokes each of
them through the program and holds the page against what it said. *Mended* means that the test then did what `help:`
says, and that the same command succeeded.

Exit codes: 2 usage · 10 the lock is missing, stale or does not read · 11 no solution · 12 unavailable, a retry may
help · 13 refused · 14 misbehavior, evidence saved · 101 anything else.
";

/// The parts of the page, each with its cases.
const PARTS: &[(&str, &[Case])] = &[
    ("Cargo.toml", manifests::CASES),
    ("wit/", texts::CASES),
    ("warg.lock", locks::CASES),
    ("Registries", registries::CASES),
    ("Publishing", contents::CASES),
    ("Bundles", bundles::CASES),
    ("Changes of packages", changes::CASES),
    ("This machine", machine::CASES),
];

/// Runs all cases, a few at once, and returns what each showed, in their order; none where one went otherwise.
fn play(cases: &[&Case]) -> Vec<Option<Shown>> {
    let next = AtomicUsize::new(0);
    let shown = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(case) = cases.get(at) else {
                        break;
                    };
                    let stage = Stage::new(case.title);
                    // Its own panic says why; the others are played nevertheless.
                    if let Ok(one) = catch_unwind(AssertUnwindSafe(|| (case.run)(&stage))) {
                        shown.lock().unwrap().push((at, one));
                    }
                }
            });
        }
    });
    let mut all: Vec<_> = cases.iter().map(|_| None).collect();
    for (at, one) in shown.into_inner().unwrap() {
        all[at] = Some(one);
    }
    all
}

#[test]
fn every_error_is_catalogued_as_it_looks() {
    let cases: Vec<&Case> = PARTS.iter().flat_map(|(_, cases)| *cases).collect();
    let shown = play(&cases);
    let texts = sources::texts();
    let mut page = INTRODUCTION.to_owned();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut results = cases.iter().zip(&shown);
    for (part, cases) in PARTS {
        writeln!(page, "\n## {part}").unwrap();
        for (case, shown) in results.by_ref().take(cases.len()) {
            let Some(shown) = shown else {
                wrong.push(case.title);
                continue;
            };
            for name in case.shows {
                // What makes a lock stale has its text in code: the page shows it.
                let text = (!name.starts_with("Stale::")).then(|| texts.of_variant(name));
                if text.is_some_and(|text| !text.is_said_in(&shown.said)) {
                    wrong.push(case.title);
                }
                seen.insert(*name);
            }
            page.push_str(&shown.section(case));
        }
    }
    page.push_str(&unseen::section(&texts, &mut seen));
    page.push_str(&texts.causes());

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("CARGO_WARG_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let lacking: Vec<_> = variants::ALL
        .iter()
        .filter(|name| !seen.contains(*name))
        .collect();
    assert!(lacking.is_empty(), "no case shows {lacking:#?}");
    let unknown: Vec<_> = seen
        .iter()
        .filter(|name| !variants::ALL.contains(name))
        .collect();
    assert!(unknown.is_empty(), "there are no variants {unknown:?}");
    let unsaid: Vec<_> = texts.unsaid(&shown);
    assert!(unsaid.is_empty(), "nothing shows {unsaid:#?}");

    assert!(wrong.is_empty(), "these went otherwise: {wrong:#?}");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (line, (was, is)) in committed.lines().zip(page.lines()).enumerate() {
        assert_eq!(was, is, "docs/errors.md, line {}", line + 1);
    }
    assert_eq!(committed, page, "CARGO_WARG_BLESS=1 writes docs/errors.md");
}
