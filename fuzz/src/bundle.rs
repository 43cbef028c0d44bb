//! Bundles: what a component says that is in it, and what is composed of a stranger's component.

use std::collections::{BTreeMap, BTreeSet};

use cargo_warg::bundle::{Composition, FORMAT, Part, Wiring, compose, open};
use resolver::lockfile::Lockfile;
use transparency::digest::Digest;

/// The lock of a root that requires nothing.
pub(crate) const LOCK: &str = "\
# This file is written by cargo warg. It is not meant to be edited.
version = 1

[[root]]
name = \"component\"
requires = []
selects = []
";

pub(crate) fn bundle(data: &[u8]) {
    match open(data) {
        Ok(embedded) => {
            for nested in &embedded.nested {
                let bytes = data
                    .get(nested.range.clone())
                    .expect("a place in the bundle");
                assert_eq!(Digest::of(bytes), nested.digest);
            }
            let root = embedded.root().expect("it was looked for");
            assert_eq!(root.digest, embedded.root);
            assert_eq!(embedded.lock.roots.len(), 1);
        }
        Err(error) => drop(error.to_string()),
    }
    let lock: Lockfile = LOCK.parse().expect("a lock");
    let (nothing, wire) = (BTreeSet::new(), Wiring::default());
    let composition = Composition {
        root: Part {
            requirements: &nothing,
            content: data,
        },
        parts: BTreeMap::new(),
        wire: &wire,
        lock: &lock,
    };
    match compose(&composition, FORMAT) {
        Ok(bundle) => {
            let embedded = open(&bundle).expect("it was just made");
            assert_eq!(embedded.root, Digest::of(data));
            assert_eq!(embedded.nested.len(), 1);
            assert_eq!(compose(&composition, FORMAT).ok(), Some(bundle));
        }
        Err(error) => drop(error.to_string()),
    }
}
