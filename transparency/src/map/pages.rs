//! Pages that a map's root vouches for, and what they say of a package.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Key, MapError, Page, Slot};
use crate::digest::Digest;

/// The pages of one map that its root vouches for.
///
/// Does no I/O: it says which pages it needs for some keys, and the caller brings their bytes. One page serves all the keys
/// that lead through it.
///
/// ```
/// # use transparency::{digest::Hash, map::{Key, Slot, VerifiedPages, build}, number::{Index, Length}};
/// let key = Key::of(&"acme:logger".parse().unwrap());
/// let head = Hash::of_leaf(b"a record");
/// let slot = Slot { key, length: Length::new(1), head, index: Index::new(2) };
/// let map = build(vec![slot]).unwrap();
///
/// let mut pages = VerifiedPages::open(map.root, map.count);
/// for (key, page) in pages.needed(&[key]) {
///     let (_, bytes) = map.pages.iter().find(|(digest, _)| *digest == page).unwrap();
///     pages.admit(&key, bytes).unwrap();
/// }
/// assert_eq!(pages.slot(&key), Ok(Some(slot)));
/// assert_eq!(pages.slot(&Key::of(&"acme:clock".parse().unwrap())), Ok(None), "proved absent");
/// ```
#[derive(Debug, Clone)]
pub struct VerifiedPages {
    root: Digest,
    packages: Option<u64>,
    /// By the prefix that leads there.
    pages: BTreeMap<Vec<u8>, Page>,
}

enum Answer {
    Known(Option<Slot>),
    Needs {
        depth: usize,
        page: Digest,
        count: Option<u64>,
    },
}

impl VerifiedPages {
    /// The map with this root, as its map entry has it: the digest of the root page, and the number of packages.
    pub fn open(root: Digest, packages: u64) -> Self {
        Self {
            root,
            packages: Some(packages),
            pages: BTreeMap::new(),
        }
    }

    /// Whether it is the map with this root and this number of packages.
    pub(crate) fn is_of(&self, root: &Digest, packages: u64) -> bool {
        self.root == *root && self.packages == Some(packages)
    }

    /// The next pages that are needed to answer for these keys: each page once, with one of the keys that lead to it. Once
    /// they are admitted, ask again, until there is none.
    pub fn needed(&self, keys: &[Key]) -> Vec<(Key, Digest)> {
        let mut needed = BTreeMap::new();
        for key in keys {
            if let Answer::Needs { page, .. } = self.answer(key) {
                needed.insert(page, *key);
            }
        }
        needed.into_iter().map(|(page, key)| (key, page)).collect()
    }

    /// Takes in the page that is needed next on the way to `key`.
    ///
    /// # Errors
    /// Bytes that are not the page which the parent names, with as many packages as it says; or no page is needed.
    pub fn admit(&mut self, key: &Key, bytes: &[u8]) -> Result<(), MapError> {
        match self.answer(key) {
            Answer::Known(_) => Err(MapError::Superfluous { key: *key }),
            Answer::Needs { depth, page, count } => {
                let prefix = key.prefix(depth);
                let page = Page::open(bytes, &page, count, prefix)?;
                self.pages.insert(prefix.to_vec(), page);
                Ok(())
            }
        }
    }

    /// What the map says of a package; none is proved absence.
    ///
    /// # Errors
    /// A page that is needed and was not admitted.
    pub fn slot(&self, key: &Key) -> Result<Option<Slot>, MapError> {
        match self.answer(key) {
            Answer::Known(slot) => Ok(slot),
            Answer::Needs { page, .. } => Err(MapError::Missing { page }),
        }
    }

    fn answer(&self, key: &Key) -> Answer {
        let (mut page, mut count) = (self.root, self.packages);
        let mut depth = 0usize;
        loop {
            match self.pages.get(key.prefix(depth)) {
                None => return Answer::Needs { depth, page, count },
                Some(Page::Leaf(leaf)) => return Answer::Known(leaf.slot(key)),
                Some(Page::Branch(branch)) => match branch.child(key.byte(depth)) {
                    None => return Answer::Known(None),
                    Some(child) => (page, count) = (child.page, Some(child.count)),
                },
            }
            depth = depth.saturating_add(1); // ends: no branch is deeper than 30
        }
    }
}

/// What the map with this root says of a package, from exactly the pages on the way to it, root first. None is proved
/// absence.
///
/// # Errors
/// A page that is not the one which its parent names, a page too few or too many.
pub fn check_presence(
    root: &Digest,
    key: &Key,
    pages: &[impl AsRef<[u8]>],
) -> Result<Option<Slot>, MapError> {
    let mut verified = VerifiedPages {
        root: *root,
        packages: None,
        pages: BTreeMap::new(),
    };
    for page in pages {
        verified.admit(key, page.as_ref())?;
    }
    verified.slot(key)
}
