//! Pages of the map.

use transparency::digest::{Digest, Hash};
use transparency::map::{Key, Page, Slot, VerifiedPages, build, check_presence};
use transparency::number::{Index, Length};

/// An input is a depth, a key and a page. The page is read at that depth, and as the root of a map. The same bytes are
/// also cut into slots, which make another map.
pub(crate) fn map_page(data: &[u8]) {
    let Some((depth, rest)) = data.split_first() else {
        return;
    };
    let Some((key, bytes)) = rest.split_first_chunk::<32>() else {
        return;
    };
    let prefix = key.get(..usize::from(*depth) % 33).unwrap_or_default();
    if let Ok(page) = Page::parse(bytes, prefix) {
        assert_eq!(page.print(), bytes);
    }
    let key = Key::from_bytes(*key);
    let root = Page::parse(bytes, &[]);
    let digest = Digest::of(bytes);
    let count = root.as_ref().map_or(1, Page::count);
    let mut pages = VerifiedPages::open(digest, count);
    assert_eq!(pages.needed(&[key]), [(key, digest)]);
    assert!(
        pages.admit(&key, &[bytes, b"x"].concat()).is_err(),
        "other bytes"
    );
    assert_eq!(pages.admit(&key, bytes).is_ok(), root.is_ok());
    match root {
        Ok(Page::Leaf(leaf)) => {
            let slot = leaf.slot(&key);
            assert_eq!(pages.slot(&key), Ok(slot));
            assert_eq!(check_presence(&digest, &key, &[bytes]), Ok(slot));
        }
        Ok(Page::Branch(branch)) => {
            let child = branch.child(key.as_bytes()[0]);
            assert_eq!(pages.slot(&key).is_ok(), child.is_none());
        }
        Err(_) => assert!(check_presence(&digest, &key, &[bytes]).is_err()),
    }

    let (keys, _) = bytes.as_chunks::<32>();
    let slots: Vec<Slot> = keys
        .iter()
        .map(|bytes| Slot {
            key: Key::from_bytes(*bytes),
            length: Length::new(u64::from(bytes[0])),
            head: Hash::of_leaf(bytes),
            index: Index::new(u64::from(bytes[1])),
        })
        .collect();
    let Ok(map) = build(slots.clone()) else {
        return;
    };
    for slot in &slots {
        let pages: Vec<&[u8]> = map
            .pages
            .iter()
            .map(|(_, bytes)| bytes.as_slice())
            .collect();
        // Fewer slots than a leaf has: one page.
        assert_eq!(
            check_presence(&map.root, &slot.key, &pages),
            Ok(Some(*slot))
        );
    }
    assert_eq!(map.count, u64::try_from(slots.len()).expect("few slots"));
}
