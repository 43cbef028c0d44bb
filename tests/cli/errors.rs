//! The catalogue of errors: each is provoked through the program, and what it says is in the pages of the documents.
//!
//! What must be there is not a list that someone keeps: a variant of an error that [`variants`] does not name does not
//! compile, one without a case fails here, and so does a failure that an operation finds itself, whose text stands in
//! the sources ([`sources`]). Where a help says what to do, the case does it, and the command then works.
//! `CARGO_WARG_BLESS=1` writes the pages anew.

mod bundles;
mod changes;
mod configured;
mod contents;
mod locks;
mod machine;
mod manifests;
mod network;
mod personal;
mod registries;
mod sources;
pub(crate) mod stage;
mod texts;
mod unseen;
mod upstreams;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
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

/// A page of the catalogue.
struct Part {
    /// The file's name in `docs/errors/`.
    file: &'static str,
    heading: &'static str,
    /// What the page is about, and what to do where a message does not say it.
    about: &'static str,
    cases: &'static [Case],
}

const DOCS: &str = "../docs";

const INTRODUCTION: &str = "\
# Errors

The errors of the program, as they look. Search the files in `docs/errors/` for the words of a message, or look for the
situation below. An error says what is wrong, where, and behind `help:` what to do. Its reasons stand under
`Caused by:`, the nearest first. The number is the [exit code](exit-codes.md).

These pages are made by a test, `tests/cli/errors.rs`. It provokes each error through the program, and fails where a page
says something else. *Mended* means that the test then did what `help:` says, and that the same command succeeded.
[Warnings and notes](notices.md) end no command, and have a page of their own.
";

const PARTS: &[Part] = &[
    Part {
        file: "manifest",
        heading: "Cargo.toml",
        about: "What is wrong in a `Cargo.toml`, or in a folder that it names. The message points at the line: change it there.",
        cases: manifests::CASES,
    },
    Part {
        file: "wit",
        heading: "wit/",
        about: "What is wrong in the WIT of a project, and in `wit/deps`. The message points at the text: change it there.",
        cases: texts::CASES,
    },
    Part {
        file: "lock",
        heading: "warg.lock",
        about: "A lock that is missing, out of date, damaged, or not true. `cargo warg lock` writes one that is up to date.",
        cases: locks::CASES,
    },
    Part {
        file: "registries",
        heading: "Registries",
        about: "What is wrong with a registry, with the policy that says whom to believe about it, or with what this machine \
                remembers of it. Exit code 13 means that something was refused, and 14 that the registry contradicted itself: \
                [Trust](../trust.md) says what is checked.",
        cases: registries::CASES,
    },
    Part {
        file: "network",
        heading: "Registries on servers",
        about: "What is wrong with the address of a server, with a token for it, or with its answers. \
                [HTTP](../http.md) says what a server must do.",
        cases: network::CASES,
    },
    Part {
        file: "upstreams",
        heading: "Upstreams",
        about: "What is wrong with packages that no log vouches for, and with where they lie: OCI registries, crates, folders. \
                Nothing of it was imported. [Upstreams](../upstreams.md) says what is read there.",
        cases: upstreams::CASES,
    },
    Part {
        file: "personal",
        heading: "The personal registry",
        about: "What is wrong with what was locked from a personal registry, with this user's own, or with where it is filled from. \
                [From nothing](../personal.md) says what it is.",
        cases: personal::CASES,
    },
    Part {
        file: "publishing",
        heading: "Publishing",
        about: "Why something cannot be released with `publish` or `registry import`. Nothing was written, unless the message \
                says so. [Publishing](../publishing.md) has the rules.",
        cases: contents::CASES,
    },
    Part {
        file: "bundles",
        heading: "Bundles",
        about: "Why components cannot be composed with `bundle`, or why a bundle is not accepted. [Bundles](../bundles.md) has the rules.",
        cases: bundles::CASES,
    },
    Part {
        file: "changes",
        heading: "Changes of packages and dependencies",
        about: "Why `yank`, `grant`, `revoke`, `annotate`, `update`, `remove` or `vendor` was refused.",
        cases: changes::CASES,
    },
    Part {
        file: "machine",
        heading: "This machine",
        about: "What is wrong with keys, with the folders of cargo warg, or with a folder for a new registry.",
        cases: machine::CASES,
    },
    Part {
        file: "configuring",
        heading: "Registries of a project, and keys",
        about: "Why a registry cannot be added to a project or taken out of it, or which one is meant; and why a key cannot be \
                copied, taken in or removed. [Manifest](../manifest.md) has every key of Cargo.toml.",
        cases: configured::CASES,
    },
];

/// `A file, and none` → `a-file-and-none`, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

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

/// The pages that lie there, by their paths below `docs/`.
fn committed() -> BTreeMap<String, String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCS);
    let names = fs::read_dir(docs.join("errors"))
        .into_iter()
        .flatten()
        .map(|entry| format!("errors/{}", entry.unwrap().file_name().display()));
    names
        .chain(["errors.md".to_owned()])
        .map(|name| {
            let text = fs::read_to_string(docs.join(&name)).unwrap_or_default();
            (name, text)
        })
        .collect()
}

#[test]
fn every_error_is_catalogued_as_it_looks() {
    let cases: Vec<&Case> = PARTS.iter().flat_map(|part| part.cases).collect();
    let shown = play(&cases);
    let texts = sources::texts();
    let (mut index, mut pages) = (INTRODUCTION.to_owned(), BTreeMap::new());
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut results = cases.iter().zip(&shown);
    for part in PARTS {
        let name = format!("errors/{}.md", part.file);
        writeln!(index, "\n## [{}]({name})\n", part.heading).unwrap();
        let mut page = format!("# {}\n\n{}\n", part.heading, part.about);
        let mut anchors = BTreeSet::new();
        for (case, shown) in results.by_ref().take(part.cases.len()) {
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
            let anchor = anchor(case.title);
            writeln!(index, "- [{}]({name}#{anchor}): {}", case.title, shown.code).unwrap();
            assert!(anchors.insert(anchor), "two titles `{}`", case.title);
        }
        pages.insert(name, page);
    }
    index.push_str("\n## [Rare errors](errors/rare.md)\n\nTheir words, and what they mean.\n");
    pages.insert("errors/rare.md".to_owned(), unseen::page(&texts, &mut seen));
    pages.insert("errors.md".to_owned(), index);

    if std::env::var_os("CARGO_WARG_BLESS").is_some() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCS);
        fs::create_dir_all(docs.join("errors")).unwrap();
        for (name, page) in &pages {
            fs::write(docs.join(name), page).unwrap();
        }
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
    let unlisted = texts.unlisted(variants::ALL);
    assert!(unlisted.is_empty(), "variants.rs lacks {unlisted:?}");
    let unsaid: Vec<_> = texts.unsaid(&shown);
    assert!(unsaid.is_empty(), "nothing shows {unsaid:#?}");

    assert!(wrong.is_empty(), "these went otherwise: {wrong:#?}");
    let committed = committed();
    let (are, were): (Vec<_>, Vec<_>) = (pages.keys().collect(), committed.keys().collect());
    assert_eq!(are, were, "the pages of docs/errors/");
    for (name, page) in &pages {
        for (line, (was, is)) in committed[name].lines().zip(page.lines()).enumerate() {
            assert_eq!(was, is, "docs/{name}, line {}", line + 1);
        }
        assert_eq!(
            &committed[name], page,
            "CARGO_WARG_BLESS=1 writes docs/{name}"
        );
    }
}
