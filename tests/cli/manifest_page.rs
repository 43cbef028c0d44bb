//! `docs/manifest.md` against the parser: it has every key, no other one, and its examples are read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_warg::manifest::known::TABLES;
use cargo_warg::manifest::read_tables;

const PAGE: &str = include_str!("../../docs/manifest.md");

/// The keys of each table that has a heading.
fn shown() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let sections = PAGE.split("\n## ").skip(1).map(|section| {
        let (table, text) = section.split_once('\n').unwrap();
        let keys = text.split("\n### `").skip(1);
        let keys = keys.map(|key| key.split_once("`\n").unwrap().0);
        (table, keys.collect())
    });
    sections.collect()
}

#[test]
fn the_page_has_the_keys_that_are_read_and_no_others() {
    let read: BTreeMap<&str, BTreeSet<&str>> = TABLES
        .iter()
        .map(|(table, keys)| (*table, keys.iter().copied().collect()))
        .collect();
    assert_eq!(shown(), read);
}

#[test]
fn every_key_says_what_holds_without_it() {
    for key in PAGE.split("\n### `").skip(1) {
        let text = key.split("\n## ").next().unwrap();
        let prose = text.split("```").next().unwrap();
        let is_said = [
            "by default",
            "must be there",
            "As of a component",
            "beside",
            "Which versions will do",
        ];
        assert!(
            is_said
                .iter()
                .any(|words| prose.replace('\n', " ").contains(words)),
            "{text}"
        );
    }
}

#[test]
fn the_examples_are_read_and_show_every_key() {
    let examples: Vec<_> = PAGE
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    assert!(examples.len() > 20, "{}", examples.len());
    for example in &examples {
        if let Err(error) = read_tables(Path::new("/w/Cargo.toml"), example) {
            panic!("{error}:\n{example}");
        }
    }
    let all = examples.concat();
    for (table, keys) in TABLES {
        for key in *keys {
            let written = [format!("{key} ="), format!(".{key}"), format!("{key}.")];
            assert!(
                written.iter().any(|text| all.contains(text)),
                "{table} {key}"
            );
        }
    }
}
