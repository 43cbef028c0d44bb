//! The map: one root for one set of packages, however it came about; presence and absence proved; nothing else believed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use proptest::prelude::*;
use transparency::digest::{Digest, Hash};
use transparency::map::{
    EMPTY, Key, MAX_PAGE, MapError, Page, Slot, UpdateError, Updated, VerifiedPages, build,
    check_presence, for_each, update,
};
use transparency::number::{Index, Length};

type Pages = BTreeMap<Digest, Vec<u8>>;

fn package(i: u64) -> Slot {
    let name = format!("seed:p{i}").parse().unwrap();
    slot(Key::of(&name), i)
}

fn slot(key: Key, i: u64) -> Slot {
    Slot {
        key,
        length: Length::new(i % 9 + 1),
        head: Hash::of_leaf(&i.to_be_bytes()),
        index: Index::new(i),
    }
}

/// A package whose key begins with these bytes: names with such hashes cannot be had.
fn under(prefix: &[u8], i: u64) -> Slot {
    let mut bytes = *package(i).key.as_bytes();
    bytes[..prefix.len()].copy_from_slice(prefix);
    slot(Key::from_bytes(bytes), i)
}

/// A small generator of numbers, so that every run shuffles alike.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// A map that lies in a folder, so to speak, and grows there.
struct Folder {
    pages: Pages,
    root: Digest,
    count: u64,
}

impl Folder {
    fn empty() -> Self {
        let root = Digest::of(EMPTY);
        Self {
            pages: Pages::from([(root, EMPTY.to_vec())]),
            root,
            count: 0,
        }
    }

    fn of(slots: &[Slot]) -> Self {
        let built = build(slots.to_vec()).unwrap();
        Self {
            pages: built.pages.into_iter().collect(),
            root: built.root,
            count: built.count,
        }
    }

    fn update(&mut self, slots: &[Slot]) -> Updated {
        let fetch = |page: &Digest| Ok::<_, Infallible>(self.pages[page].clone());
        let updated = update(&self.root, slots.to_vec(), fetch).unwrap();
        for (page, bytes) in &updated.pages {
            assert_eq!(*page, Digest::of(bytes));
            self.pages.insert(*page, bytes.clone());
        }
        (self.root, self.count) = (updated.root, updated.count);
        updated
    }

    /// The pages that lead to a key, root first.
    fn way(&self, key: &Key) -> Vec<Vec<u8>> {
        let mut pages = VerifiedPages::open(self.root, self.count);
        let mut way = Vec::new();
        while let [(_, page)] = pages.needed(&[*key])[..] {
            way.push(self.pages[&page].clone());
            pages.admit(key, &self.pages[&page]).unwrap();
        }
        way
    }

    /// All pages that keys lead to.
    fn verified(&self, keys: &[Key]) -> VerifiedPages {
        let mut pages = VerifiedPages::open(self.root, self.count);
        loop {
            let needed = pages.needed(keys);
            if needed.is_empty() {
                return pages;
            }
            for (key, page) in needed {
                pages.admit(&key, &self.pages[&page]).unwrap();
            }
        }
    }
}

#[test]
fn a_key_is_the_digest_of_a_name_and_prints_as_one() {
    let key = Key::of(&"acme:logger".parse().unwrap());
    let digest = Digest::of(b"acme:logger");
    assert_eq!(key.as_bytes(), digest.as_bytes());
    assert_eq!(key.to_string(), digest.hex());
    assert_eq!(format!("{key:?}"), digest.hex());
}

#[test]
fn every_map_of_up_to_600_packages_has_one_root_whatever_the_order() {
    let mut dice = Dice(7);
    for n in 0..=600 {
        let packages: Vec<Slot> = (0..n).map(package).collect();
        let expected = Folder::of(&packages);
        assert_eq!(expected.count, n);

        let mut shuffled = packages.clone();
        dice.shuffle(&mut shuffled);
        let mut folder = Folder::empty();
        let mut left = &shuffled[..];
        let most = [1, 4, 64, 700][dice.below(4)].max(shuffled.len() / 16);
        while !left.is_empty() {
            let (batch, rest) = left.split_at(1 + dice.below(left.len().min(most)));
            folder.update(batch);
            left = rest;
        }
        assert_eq!(
            (folder.root, folder.count),
            (expected.root, n),
            "{n} packages"
        );
        for (page, bytes) in &expected.pages {
            assert_eq!(folder.pages.get(page), Some(bytes), "{n} packages");
        }

        let absent: Vec<Key> = (n..n + 20).map(|i| package(i).key).collect();
        let present: Vec<Key> = packages.iter().map(|slot| slot.key).collect();
        let pages = folder.verified(&[present, absent.clone()].concat());
        for slot in &packages {
            assert_eq!(pages.slot(&slot.key), Ok(Some(*slot)), "of {n} packages");
        }
        for key in absent {
            assert_eq!(pages.slot(&key), Ok(None), "of {n} packages");
        }
    }
}

#[test]
fn presence_and_absence_are_proved_by_exactly_the_pages_on_the_way() {
    let deep: Vec<Slot> = (0..300).map(|i| under(&[7, 7], i)).collect();
    let numbers = [0, 1, 2, 255, 256, 257, 300, 600];
    let maps = numbers.map(|n| (0..n).map(package).collect::<Vec<_>>());
    for packages in maps.into_iter().chain([deep]) {
        let n = packages.len();
        let folder = Folder::of(&packages);
        let claims = packages.iter().map(|slot| (slot.key, Some(*slot)));
        let lacking = (1000..1100).map(|i| (package(i).key, None));
        let close = (1000..1100).map(|i| (under(&[7], i).key, None));
        for (key, expected) in claims.chain(lacking).chain(close) {
            let way = folder.way(&key);
            assert_eq!(
                check_presence(&folder.root, &key, &way),
                Ok(expected),
                "{key} of {n}"
            );

            let mut fewer = way.clone();
            fewer.pop();
            let fewer = check_presence(&folder.root, &key, &fewer);
            assert!(
                matches!(fewer, Err(MapError::Missing { .. })),
                "{key} of {n}"
            );
            let mut more = way.clone();
            more.push(EMPTY.to_vec());
            let more = check_presence(&folder.root, &key, &more);
            assert_eq!(more, Err(MapError::Superfluous { key }), "{key} of {n}");
            if way.len() > 1 {
                let mut backwards = way;
                backwards.reverse();
                let backwards = check_presence(&folder.root, &key, &backwards);
                assert!(
                    matches!(backwards, Err(MapError::Digest { .. })),
                    "{key} of {n}"
                );
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_page_is_refused() {
    for n in [0, 2, 300] {
        let packages: Vec<Slot> = (0..n).map(package).collect();
        let mut folder = Folder::of(&packages);
        let key = package(1).key;
        let way = folder.way(&key);
        for page in 0..way.len() {
            for at in 0..way[page].len() {
                let mut way = way.clone();
                way[page][at] ^= 1;
                let refused = check_presence(&folder.root, &key, &way);
                assert!(refused.is_err(), "byte {at} of page {page} of {n} packages");
            }
        }
        // What was changed on disk is not built upon.
        let page = Digest::of(way.last().unwrap());
        folder.pages.get_mut(&page).unwrap()[5] ^= 1;
        let fetch = |page: &Digest| Ok::<_, Infallible>(folder.pages[page].clone());
        let refused = update(&folder.root, vec![package(1)], fetch);
        assert!(
            matches!(refused, Err(UpdateError::Map(MapError::Digest { .. }))),
            "{n} packages"
        );
        let refused = for_each(&folder.root, fetch, |_| ());
        assert!(
            matches!(refused, Err(UpdateError::Map(MapError::Digest { .. }))),
            "{n} packages"
        );
    }
}

/// A registry that signs a wrong page has a good digest for it: the counts and the grammar must tell.
#[test]
fn a_page_at_another_position_or_with_another_count_is_refused() {
    let packages: Vec<Slot> = (0..300).map(package).collect();
    let folder = Folder::of(&packages);
    let key = packages[0].key;
    let way = folder.way(&key);
    let [root, leaf] = &way[..] else {
        panic!("300 packages are two levels")
    };
    let byte = usize::from(key.as_bytes()[0]);
    let child = |byte: usize| 19 + 40 * byte..19 + 40 * (byte + 1);
    let other = (0..256)
        .find(|other| *other != byte && root[child(*other)] != [0; 40])
        .unwrap();

    // The child of another byte, so that this key seems absent.
    let mut forged = root.clone();
    forged.copy_within(child(other), child(byte).start);
    let other_leaf =
        &folder.pages[&Digest::from_bytes(root[child(other)][8..].try_into().unwrap())];
    let answer = check_presence(&Digest::of(&forged), &key, &[&forged, other_leaf]);
    assert!(matches!(answer, Err(MapError::Prefix { .. })), "{answer:?}");

    // One package less, in the leaf only; and then in the count only.
    let less = &leaf[..leaf.len() - 80];
    let mut forged = root.clone();
    forged[child(byte)][8..].copy_from_slice(Digest::of(less).as_bytes());
    let answer = check_presence(&Digest::of(&forged), &key, &[&forged[..], less]);
    assert!(matches!(answer, Err(MapError::Count { .. })), "{answer:?}");
    let mut forged = root.clone();
    forged[child(byte).start + 7] += 1;
    let answer = check_presence(&Digest::of(&forged), &key, &[&forged, leaf]);
    assert!(matches!(answer, Err(MapError::Count { .. })), "{answer:?}");

    // Nor is such a map read as a whole or built upon.
    let page = Digest::of(&forged);
    let mut folder = folder;
    folder.pages.insert(page, forged);
    let fetch = |page: &Digest| Ok::<_, Infallible>(folder.pages[page].clone());
    let refused = [
        for_each(&page, fetch, |_| ()),
        update(&page, vec![packages[0]], fetch).map(|_| ()),
    ];
    for refused in refused {
        let count = matches!(refused, Err(UpdateError::Map(MapError::Count { .. })));
        assert!(count, "{refused:?}");
    }

    // The root has another number than the map entry says.
    let mut pages = VerifiedPages::open(folder.root, 299);
    let answer = pages.admit(&key, root);
    let announced = MapError::Count {
        expected: 299,
        found: 300,
    };
    assert_eq!(answer, Err(announced));
}

#[test]
fn a_page_has_one_spelling() {
    let packages: Vec<Slot> = (0..300).map(package).collect();
    let folder = Folder::of(&packages);
    let branch = &folder.pages[&folder.root];
    let mut leaf = build(packages[..3].to_vec()).unwrap().pages.remove(0).1;
    let refused =
        |what: &str, bytes: &[u8], prefix: &[u8]| Page::parse(bytes, prefix).expect_err(what);
    assert!(Page::parse(&leaf, &[]).is_ok() && Page::parse(branch, &[]).is_ok());
    assert!(matches!(refused("no header", b"", &[]), MapError::Header));
    let newer = b"warg-map-leaf/v2\n";
    assert!(matches!(
        refused("another version", newer, &[]),
        MapError::Header
    ));
    for bytes in [&leaf, branch] {
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for end in header..bytes.len() {
            // A leaf that ends between two slots is another leaf; its parent's digest and count tell.
            if !bytes.starts_with(b"warg-map-leaf") || (end - header) % 80 != 0 {
                refused("truncated", &bytes[..end], &[]);
            }
        }
        refused("with a byte more", &[bytes, &[0][..]].concat(), &[]);
    }
    refused("with a 257th child", &[branch, &[0; 40][..]].concat(), &[]);
    let elsewhere = refused("under another prefix", &leaf, &[leaf[17] ^ 1]);
    assert!(matches!(elsewhere, MapError::Prefix { .. }));
    assert!(matches!(
        refused("too deep", branch, &[0; 31]),
        MapError::Branch { depth: 31, .. }
    ));

    let mut twice = leaf.clone();
    twice.copy_within(17..97, 97);
    assert!(matches!(
        refused("a key twice", &twice, &[]),
        MapError::Order { .. }
    ));
    leaf[17 + 32..17 + 40].fill(0);
    assert!(matches!(
        refused("no records", &leaf, &[]),
        MapError::NoRecords { .. }
    ));

    let mut full: Vec<Slot> = (0..257).map(package).collect();
    full.sort_by_key(|slot| slot.key);
    let print = |slots: &[Slot]| {
        let leaves = slots
            .iter()
            .map(|slot| build(vec![*slot]).unwrap().pages.remove(0).1);
        leaves.fold(EMPTY.to_vec(), |mut page, leaf| {
            page.extend(&leaf[17..]);
            page
        })
    };
    assert_eq!(print(&full[..256]).len(), MAX_PAGE);
    assert!(Page::parse(&print(&full[..256]), &[]).is_ok());
    assert!(matches!(
        refused("257 slots", &print(&full), &[]),
        MapError::Length { .. }
    ));

    let with = |byte: usize, count: u64, page: [u8; 32]| {
        let mut bytes = branch.clone();
        bytes[19 + 40 * byte..][..8].copy_from_slice(&count.to_be_bytes());
        bytes[19 + 40 * byte + 8..][..32].copy_from_slice(&page);
        bytes
    };
    let refused = |bytes: Vec<u8>| Page::parse(&bytes, &[]).unwrap_err();
    assert_eq!(refused(with(3, 0, [1; 32])), MapError::Child { byte: 3 });
    assert_eq!(refused(with(3, 1, [0; 32])), MapError::Child { byte: 3 });
    assert!(matches!(
        refused(with(3, u64::MAX, [1; 32])),
        MapError::Branch { .. }
    ));
    let few = [
        b"warg-map-branch/v1\n",
        &with(0, 256, [1; 32])[19..59],
        &[0; 255 * 40],
    ]
    .concat();
    assert_eq!(
        refused(few.clone()),
        MapError::Branch {
            count: 256,
            depth: 0
        }
    );
    let mut enough = few;
    enough[19 + 7] = 1;
    assert!(
        Page::parse(&enough, &[]).is_ok(),
        "257 packages under one byte are a branch"
    );
}

#[test]
fn an_update_touches_only_the_pages_on_its_way() {
    let packages: Vec<Slot> = (0..600).map(package).collect();
    let mut folder = Folder::of(&packages);
    let again = folder.update(&packages[..5]);
    assert_eq!(again.pages, [], "what is there already changes nothing");
    let nothing = folder.update(&[]);
    assert_eq!((nothing.pages, nothing.count), (vec![], 600));

    let mut newer = packages[9];
    newer.length = Length::new(77);
    let mut asked = BTreeSet::new();
    let before = folder.root;
    let fetch = |page: &Digest| {
        asked.insert(*page);
        Ok::<_, Infallible>(folder.pages[page].clone())
    };
    let updated = update(&before, vec![newer], fetch).unwrap();
    assert_eq!(
        (asked.len(), updated.pages.len(), updated.count),
        (2, 2, 600)
    );
    folder.update(&[newer]);
    let way = folder.way(&newer.key);
    assert_eq!(
        check_presence(&folder.root, &newer.key, &way),
        Ok(Some(newer))
    );
    folder.update(&[packages[9]]);
    assert_eq!(folder.root, before, "and back again");
}

#[test]
fn a_whole_map_is_shown_by_ascending_key() {
    for n in [0, 1, 256, 257, 600] {
        let mut packages: Vec<Slot> = (0..n).map(package).collect();
        packages.extend((0..n).map(|i| under(&[0, 0, 0], i + 1000)));
        let folder = Folder::of(&packages);
        packages.sort_by_key(|slot| slot.key);
        let mut shown = Vec::new();
        let fetch = |page: &Digest| folder.pages.get(page).cloned().ok_or(Gone);
        for_each(&folder.root, fetch, |slot| shown.push(*slot)).unwrap();
        assert_eq!(shown, packages, "{n} packages, and as many deep ones");
    }
    let nowhere = for_each(&Digest::ZERO, |_| Err::<Vec<u8>, _>(Gone), |_| ());
    let page = Digest::ZERO;
    assert_eq!(nowhere, Err(UpdateError::Fetch { page, source: Gone }));
}

#[derive(Debug, PartialEq, Eq)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the page is gone")
    }
}

impl std::error::Error for Gone {}

#[test]
fn maps_as_deep_as_keys_allow_are_built_and_read() {
    // 257 keys that differ in the last two bytes only.
    let keys = (0..257u16).map(|i| {
        let mut bytes = [9; 32];
        bytes[30..].copy_from_slice(&i.to_be_bytes());
        Key::from_bytes(bytes)
    });
    let packages: Vec<Slot> = keys.map(|key| slot(key, 5)).collect();
    let folder = Folder::of(&packages);
    let way = folder.way(&packages[256].key);
    assert_eq!(way.len(), 32, "31 branches and a leaf");
    let mut grown = Folder::empty();
    for slot in &packages {
        grown.update(&[*slot]);
    }
    assert_eq!(grown.root, folder.root);
    for slot in &packages {
        let way = folder.way(&slot.key);
        assert_eq!(
            check_presence(&folder.root, &slot.key, &way),
            Ok(Some(*slot))
        );
    }
}

#[test]
fn slots_that_cannot_be_written_are_refused() {
    let one = package(1);
    let twice = MapError::Twice { key: one.key };
    assert_eq!(build(vec![one, package(2), one]), Err(twice.clone()));
    let fetch = |_: &Digest| Ok::<_, Infallible>(EMPTY.to_vec());
    let updated = update(&Digest::of(EMPTY), vec![one, one], fetch);
    assert_eq!(updated, Err(UpdateError::Map(twice)));
    let mut none = one;
    none.length = Length::ZERO;
    assert_eq!(build(vec![none]), Err(MapError::NoRecords { key: one.key }));
    assert_eq!(EMPTY, b"warg-map-leaf/v1\n");
}

proptest! {
    #[test]
    fn bytes_that_read_as_a_page_are_how_it_is_written(
        header in prop_oneof![Just(&b"warg-map-leaf/v1\n"[..]), Just(&b"warg-map-branch/v1\n"[..]), Just(&b""[..])],
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..400),
            (0u8..4, 0u8..4).prop_map(|(a, b)| [vec![a; 80], vec![b; 80]].concat()),
            prop::collection::vec(prop_oneof![20 => Just([0; 40]), 1 => any::<[u8; 5]>().prop_map(|b| {
                let mut child = [1; 40];
                child[..3].fill(0);
                child[3..8].copy_from_slice(&b);
                child
            })], 256).prop_map(|children| children.concat()),
        ],
        prefix in prop::collection::vec(0u8..4, 0..3),
    ) {
        let bytes = [header, &body].concat();
        if let Ok(page) = Page::parse(&bytes, &prefix) {
            prop_assert_eq!(page.print(), bytes);
        }
    }
}
