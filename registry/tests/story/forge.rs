//! A registry that lies: it signs, with the world's own checkpoint key, whatever it is told to.

use std::collections::BTreeMap;

use fixtures::storage::Memory;
use fixtures::world::World;
use registry::layout::{self, ObjectPath};
use registry::storage::Source as _;
use transparency::checkpoint::{Checkpoint, MapEntry};
use transparency::digest::{Digest, Hash};
use transparency::log::Appender;
use transparency::map::{self, Key, Slot};
use transparency::name::PackageName;
use transparency::number::Index;
use transparency::tile::Part;

use super::name;

pub struct Forge<'w> {
    world: &'w World<Memory>,
    entries: Vec<Vec<u8>>,
    slots: BTreeMap<Key, Slot>,
    /// What the map entry will say, but for root and number of packages.
    pub entry: MapEntry,
    root_page: Option<(Vec<u8>, u64)>,
}

impl<'w> Forge<'w> {
    /// Begins with all entries of an honest registry, and its map.
    pub fn of(world: &'w World<Memory>) -> Self {
        let session = world.session();
        let size = session.size().get();
        let mut entries = Vec::new();
        for part in Part::all(size) {
            let bundle = world
                .storage()
                .get(&layout::entries(part))
                .unwrap()
                .unwrap();
            let bundle = part.parse_entries(&bundle).unwrap();
            entries.extend(bundle.into_iter().map(<[u8]>::to_vec));
        }
        let entry = session.checkpoint().entry().clone();
        let mut slots = BTreeMap::new();
        let page = |page: &Digest| {
            let bytes = world.storage().get(&layout::map_page(page));
            bytes.map(Option::unwrap_or_default)
        };
        map::for_each(&entry.root, page, |slot| {
            slots.insert(slot.key, *slot);
        })
        .unwrap();
        Self {
            world,
            entries,
            slots,
            entry,
            root_page: None,
        }
    }

    /// Appends any bytes to the log.
    pub fn append(&mut self, entry: impl Into<Vec<u8>>) -> Index {
        self.entries.push(entry.into());
        Index::new(u64::try_from(self.entries.len() - 1).unwrap())
    }

    /// Replaces an entry in the middle of the log.
    pub fn replace(&mut self, index: Index, entry: impl Into<Vec<u8>>) {
        self.entries[usize::try_from(index.get()).unwrap()] = entry.into();
    }

    /// Where the map says that a package ends.
    pub fn slot(&mut self, package: &str) -> &mut Slot {
        self.slots.get_mut(&Key::of(&name(package))).unwrap()
    }

    /// Leaves a package out of the map.
    pub fn omit(&mut self, package: &str) -> Slot {
        self.slots.remove(&Key::of(&name(package))).unwrap()
    }

    /// Puts a package back into the map.
    pub fn restore(&mut self, slot: Slot) {
        self.slots.insert(slot.key, slot);
    }

    /// The map's root page will be these bytes, and the map entry will announce so many packages.
    pub fn root_page(&mut self, bytes: Vec<u8>, packages: u64) {
        self.root_page = Some((bytes, packages));
    }

    /// Ends the log with its map entry, writes tiles, bundles, map pages and map entry, signs, and replaces the checkpoint.
    pub fn sign(mut self) -> Checkpoint {
        let slots = self.slots.values().copied().collect();
        let built = map::build(slots).unwrap();
        for (page, bytes) in built.pages {
            write(self.world, &layout::map_page(&page), bytes);
        }
        (self.entry.root, self.entry.packages) = (built.root, built.count);
        if let Some((bytes, packages)) = self.root_page.take() {
            (self.entry.root, self.entry.packages) = (Digest::of(&bytes), packages);
            write(self.world, &layout::map_page(&self.entry.root), bytes);
        }
        let map_entry = self.entry.to_string().into_bytes();
        self.append(map_entry.clone());
        let leaves: Vec<_> = self
            .entries
            .iter()
            .map(|entry| Hash::of_leaf(entry))
            .collect();
        let appended = Appender::empty().append(&leaves).unwrap();
        for (tile, bytes) in &appended.tiles {
            write(self.world, &layout::tile(*tile), bytes.clone());
        }
        for (part, entries) in Part::all(appended.size.get()).zip(self.entries.chunks(256)) {
            write(
                self.world,
                &layout::entries(part),
                part.print_entries(entries).unwrap(),
            );
        }
        write(self.world, &layout::map_at(appended.size), map_entry);
        let checkpoint = Checkpoint {
            origin: self.world.origin().clone(),
            size: appended.size,
            root: appended.root,
        };
        sign(self.world, &checkpoint);
        checkpoint
    }
}

/// Signs a checkpoint with the world's checkpoint key, and makes it the registry's.
pub fn sign(world: &World<Memory>, checkpoint: &Checkpoint) {
    let note = checkpoint.sign(world.checkpoint_key()).to_string();
    world.storage().tamper(|objects| {
        objects.insert("checkpoint".into(), note.into_bytes());
    });
}

/// Writes a package's first file.
pub fn write_package(world: &World<Memory>, package: &PackageName, records: &[(Index, &[u8])]) {
    let part = Part::new(0, u16::try_from(records.len()).unwrap()).unwrap();
    let bytes = part.print_records(records).unwrap();
    write(world, &layout::package(package, part), bytes);
}

/// Writes any file of the registry.
pub fn write(world: &World<Memory>, path: &ObjectPath, bytes: Vec<u8>) {
    world.storage().tamper(|objects| {
        objects.insert(path.to_string(), bytes);
    });
}
