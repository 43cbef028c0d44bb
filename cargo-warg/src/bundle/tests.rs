#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fmt::Write as _;

use wasmparser::{Payload, Validator};

use super::outside::{Outside, each_section};
use super::*;
use crate::component::{ContentError, features};

/// A closed set in the making.
struct World {
    root: (BTreeSet<Requirement>, Vec<u8>),
    parts: BTreeMap<Selection, (BTreeSet<Requirement>, Vec<u8>)>,
    wire: Wiring,
    lock: Lockfile,
}

fn requirements(requires: &[&str]) -> BTreeSet<Requirement> {
    let parse = |text: &&str| format!("component {text}").parse().unwrap();
    requires.iter().map(parse).collect()
}

impl World {
    fn new(requires: &[&str], wat: &str) -> Self {
        let header =
            "# This file is written by cargo warg. It is not meant to be edited.\nversion = 1\n";
        let root = "\n[[root]]\nname = \"app\"\nrequires = []\nselects = []\n";
        Self {
            root: (requirements(requires), wat::parse_str(wat).unwrap()),
            parts: BTreeMap::new(),
            wire: Wiring::default(),
            lock: format!("{header}{root}").parse().unwrap(),
        }
    }

    fn part(mut self, spec: &str, requires: &[&str], wat: &str) -> Self {
        let selection = format!("component {spec}").parse().unwrap();
        let content = wat::parse_str(wat).unwrap();
        self.parts
            .insert(selection, (requirements(requires), content));
        self
    }

    fn redirect(mut self, import: &str, name: &str) -> Self {
        self.wire
            .0
            .insert(import.parse().unwrap(), name.parse().unwrap());
        self
    }

    fn composition(&self) -> Composition<'_> {
        fn part((requirements, content): &(BTreeSet<Requirement>, Vec<u8>)) -> Part<'_> {
            Part {
                requirements,
                content,
            }
        }
        let parts = self.parts.iter();
        Composition {
            root: part(&self.root),
            parts: parts
                .map(|(selection, of)| (selection.clone(), part(of)))
                .collect(),
            wire: &self.wire,
            lock: &self.lock,
        }
    }

    fn compose(&self) -> Result<Vec<u8>, ComposeError> {
        compose(&self.composition(), FORMAT)
    }

    /// Composed, valid, and the same the second time.
    fn bundle(&self) -> Vec<u8> {
        let bytes = self.compose().unwrap();
        Validator::new_with_features(features())
            .validate_all(&bytes)
            .unwrap();
        assert_eq!(bytes, self.compose().unwrap());
        bytes
    }

    fn refusal(&self) -> String {
        self.compose().unwrap_err().to_string()
    }
}

/// A component whose exports call its imports: each interface has one function `get`.
fn relay(imports: &[&str], exports: &[&str]) -> String {
    let mut text = String::from("(component\n");
    let mut core = String::from("(core module $m\n");
    let mut with = String::new();
    let mut sum = String::from("(i32.const 1)");
    for (place, import) in imports.iter().enumerate() {
        writeln!(
            text,
            "(import \"{import}\" (instance $i{place} (export \"get\" (func (result u32)))))"
        )
        .unwrap();
        writeln!(
            text,
            "(core func $l{place} (canon lower (func $i{place} \"get\")))"
        )
        .unwrap();
        writeln!(
            core,
            "(import \"\" \"f{place}\" (func $f{place} (result i32)))"
        )
        .unwrap();
        write!(with, "(export \"f{place}\" (func $l{place}))").unwrap();
        sum = format!("(i32.add {sum} (call $f{place}))");
    }
    writeln!(core, "(func (export \"get\") (result i32) {sum}))").unwrap();
    write!(
        text,
        "{core}(core instance $c (instantiate $m (with \"\" (instance {with}))))"
    )
    .unwrap();
    writeln!(
        text,
        "(func $g (result u32) (canon lift (core func $c \"get\")))"
    )
    .unwrap();
    writeln!(text, "(instance $x (export \"get\" (func $g)))").unwrap();
    for export in exports {
        writeln!(text, "(export \"{export}\" (instance $x))").unwrap();
    }
    text + ")"
}

/// The names at the outside: imports and exports.
fn outside(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let outside = Outside::read(bytes).unwrap();
    let imports = outside.imports.iter().map(|one| one.name.to_string());
    let exports = outside.exports.iter().map(|one| one.name.to_string());
    (imports.collect(), exports.collect())
}

/// How many components and instances of them there are.
fn structure(bytes: &[u8]) -> (usize, usize) {
    let (mut components, mut instances) = (0, 0);
    each_section(bytes, |payload| {
        match payload {
            Payload::ComponentSection { .. } => components += 1,
            Payload::ComponentInstanceSection(section) => {
                instances += usize::try_from(section.count()).unwrap();
            }
            _ => {}
        }
        Ok::<(), ContentError>(())
    })
    .unwrap();
    (components, instances)
}

fn diamond() -> World {
    World::new(
        &["acme:left ^1.0", "acme:right ^1.0"],
        &relay(
            &["acme:left/api@1.0.0", "acme:right/api@1.0.0"],
            &["acme:app/api@0.1.0"],
        ),
    )
    .part(
        "acme:left@1.0.0",
        &["acme:base ^1.0"],
        &relay(&["acme:base/api@1.0.0"], &["acme:left/api@1.0.0"]),
    )
    .part(
        "acme:right@1.2.0",
        &["acme:base ^1.0"],
        &relay(&["acme:base/api@1.0.0"], &["acme:right/api@1.0.0"]),
    )
    .part(
        "acme:base@1.1.0",
        &[],
        &relay(&["wasi:clocks/now@0.2.3"], &["acme:base/api@1.0.0"]),
    )
}

#[test]
fn a_diamond_has_one_instance_of_what_both_sides_need() {
    let bytes = diamond().bundle();
    assert_eq!(structure(&bytes), (4, 4));
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        outside(&bytes),
        (
            names(&["wasi:clocks/now@0.2.3"]),
            names(&["acme:app/api@0.1.0"])
        )
    );
}

#[test]
fn a_chain_of_ten() {
    let name = |place: usize| format!("acme:link-{place}/api@1.0.0");
    let mut world = World::new(
        &["acme:link-1 ^1.0"],
        &relay(&[&name(1)], &["acme:app/api@1.0.0"]),
    );
    for place in 1..10 {
        let next = format!("acme:link-{} ^1.0", place + 1);
        world = world.part(
            &format!("acme:link-{place}@1.0.0"),
            &[&next],
            &relay(&[&name(place + 1)], &[&name(place)]),
        );
    }
    let bytes = world
        .part("acme:link-10@1.0.0", &[], &relay(&[], &[&name(10)]))
        .bundle();
    assert_eq!(structure(&bytes), (11, 11));
    assert_eq!(outside(&bytes).0, Vec::<String>::new());
}
