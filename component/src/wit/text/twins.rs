//! Two versions of one interface in one world: a text may name both, but never one of them twice.

use std::collections::{BTreeMap, BTreeSet};

use transparency::version::Track;
use wit_parser::{AstItem, PackageName as WitName, WorldKey};

use super::group::Group;

impl Group {
    /// The packages, and their tracks, of which a world imports, or exports, one interface in several versions.
    pub(crate) fn twins(&self) -> BTreeSet<(String, Track)> {
        let mut twins = BTreeSet::new();
        for package in self.packages() {
            let mut foreign = BTreeMap::new();
            for (name, items) in &package.foreign_deps {
                let Some(track) = name.version.as_ref().map(Track::of) else {
                    continue;
                };
                for (item, (id, _)) in items {
                    if let AstItem::Interface(id) = id {
                        let package = format!("{}:{}", name.namespace, name.name);
                        foreign.insert(*id, (name, (package, track.clone()), item));
                    }
                }
            }
            for (_, world) in &package.worlds {
                for items in [&world.imports, &world.exports] {
                    let mut named: BTreeMap<_, &WitName> = BTreeMap::new();
                    for key in items.keys() {
                        if let WorldKey::Interface(id) = key
                            && let Some((name, track, item)) = foreign.get(id)
                            && let Some(other) = named.insert((track, item), name)
                            && other != *name
                        {
                            twins.insert(track.clone());
                        }
                    }
                }
            }
        }
        twins
    }
}
