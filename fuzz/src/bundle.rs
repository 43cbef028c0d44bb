//! Bundles: reading the section that says what is inside, and composing a component that somebody else made.

use std::collections::{BTreeMap, BTreeSet};

use component::bundle::{Composition, FORMAT, Part, Wiring, compose, open};
use transparency::digest::Digest;

pub(crate) fn bundle(data: &[u8]) {
    match open(data) {
        Ok(embedded) => {
            for nested in &embedded.nested {
                let bytes = data
                    .get(nested.range.clone())
                    .expect("a range of the bundle");
                assert_eq!(Digest::of(bytes), nested.digest);
            }
            let root = embedded.root().expect("it was looked for");
            assert_eq!(root.digest, embedded.root);
        }
        Err(error) => drop(error.to_string()),
    }
    let (nothing, wire) = (BTreeSet::new(), Wiring::default());
    let composition = Composition {
        root: Part {
            requirements: &nothing,
            content: data,
        },
        digest: Digest::of(data),
        parts: BTreeMap::new(),
        wire: &wire,
        name: "component",
        lock: "a lock\n",
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
