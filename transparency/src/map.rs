//! The map: which packages there are, and where each one's log ends. A 256-way trie of SHA-256(package name), in pages
//! named by the SHA-256 of their bytes, so that its root is a pure function of its entries.
//!
//! A leaf page is `warg-map-leaf/v1\n` and up to 256 slots of 80 bytes, keys strictly ascending: key 32, length u64 (not
//! zero), head 32, log index of the head u64. A branch page is `warg-map-branch/v1\n` and 256 children of 40 bytes, for
//! the key's next byte 0 to 255: count u64, SHA-256 of the child's page 32, all zeros where there are none. Integers are
//! big-endian; a page stores neither its prefix nor a count of its own, as both follow. Up to 256 packages under one
//! prefix are a leaf and more are a branch, always; the map without packages is the leaf page without slots.
//!
//! [`VerifiedPages`] believes a page only by the digest and count that its parent has; [`check_presence`] is the same for
//! pages that lie at hand. [`update`] and [`build`] write pages. That the map is what the log says, only replay can tell.

mod pages;
mod write;

pub use pages::{VerifiedPages, check_presence};
pub use write::{UpdateError, Updated, build, for_each, update};

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::{Digest, Hash};
use crate::name::PackageName;
use crate::number::{Index, Length};

/// The most packages that a leaf page holds; with one more it splits. A leaf stays below 21 kB.
pub const MAX_LEAF: usize = 256;
/// The longest page, in bytes: a full leaf.
pub const MAX_PAGE: usize = LEAF.len() + MAX_LEAF * SLOT;
/// The page of the map without packages.
pub const EMPTY: &[u8] = LEAF;

const LEAF: &[u8] = b"warg-map-leaf/v1\n";
const BRANCH: &[u8] = b"warg-map-branch/v1\n";
const SLOT: usize = 32 + 8 + 32 + 8;
const CHILD: usize = 8 + 32;
/// The bytes of a key. Below a prefix of 31 there are but 256 keys, so no branch can be.
const KEY: usize = 32;

/// A page that its parent does not vouch for, or that is malformed or lacking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// The bytes have another digest than the one they were asked for by.
    #[error("the map page {expected} has digest {found}")]
    Digest {
        /// The digest in the parent page or map entry.
        expected: Digest,
        /// That of the bytes.
        found: Digest,
    },
    /// The page holds another number of packages than its parent says.
    #[error("a map page holds {found} packages where {expected} are announced")]
    Count {
        /// The number in the parent page or map entry.
        expected: u64,
        /// The number in the page.
        found: u64,
    },
    /// Neither a leaf nor a branch of version 1.
    #[error("a map page begins with neither `warg-map-leaf/v1` nor `warg-map-branch/v1`")]
    Header,
    /// Not a whole number of slots or children, or too many.
    #[error("a map page has {found} bytes, which no page of its sort has")]
    Length {
        /// How many bytes it has.
        found: usize,
    },
    /// A key that is not greater than the one before it.
    #[error("the key {key} of a map page is not greater than the one before")]
    Order {
        /// The key that is out of order.
        key: Key,
    },
    /// A key that does not belong under the page's prefix.
    #[error("the key {key} of a map page does not begin with the page's prefix")]
    Prefix {
        /// The key that belongs elsewhere.
        key: Key,
    },
    /// A package without records: no such package is in a map.
    #[error("the package with key {key} has no records")]
    NoRecords {
        /// The package's key.
        key: Key,
    },
    /// A child without packages that has a digest, or the other way round.
    #[error("child {byte} of a map page has a count or a digest, and not both")]
    Child {
        /// The byte of the key that leads there.
        byte: u8,
    },
    /// A branch with no more packages than fit into a leaf, or with more than there are keys.
    #[error("a map page branches for {count} packages at depth {depth}")]
    Branch {
        /// How many packages its children hold together.
        count: u64,
        /// How many bytes of the key lead to it.
        depth: usize,
    },
    /// A page that is needed.
    #[error("the map page {page} is needed and was not given")]
    Missing {
        /// The page's digest.
        page: Digest,
    },
    /// A page that is not needed.
    #[error("the answer for the key {key} needs no further map page")]
    Superfluous {
        /// The key that was looked up.
        key: Key,
    },
    /// Two slots for one package.
    #[error("two slots were given for the key {key}")]
    Twice {
        /// The package's key.
        key: Key,
    },
}

/// Where a package is in the map: the SHA-256 of its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; KEY]);

impl Key {
    /// The key of a package.
    pub fn of(package: &PackageName) -> Self {
        Self(*Digest::of(package.as_str().as_bytes()).as_bytes())
    }

    /// A key as a page holds it.
    pub const fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; KEY] {
        &self.0
    }

    /// Its first bytes, which lead to the page at that depth.
    fn prefix(&self, depth: usize) -> &[u8] {
        self.0.get(..depth).unwrap_or(&self.0)
    }

    /// The byte that chooses among the children of a branch at that depth.
    fn byte(&self, depth: usize) -> u8 {
        self.0.get(depth).copied().unwrap_or(0) // no branch is as deep as a key is long
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the map says of one package. A claim, unless [`check_presence`] or [`VerifiedPages::slot`] returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The SHA-256 of the package's name.
    pub key: Key,
    /// How many records its log has; never zero.
    pub length: Length,
    /// The hash of the last of them.
    pub head: Hash,
    /// Where that record is in the registry's log.
    pub index: Index,
}

/// One page of the map, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Up to 256 packages.
    Leaf(Leaf),
    /// More than 256 packages, in child pages.
    Branch(Branch),
}

/// Up to 256 packages, by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    slots: Vec<Slot>,
}

/// More than 256 packages, in child pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    children: BTreeMap<u8, Child>,
    count: u64,
}

/// What a branch knows of a child page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Child {
    /// How many packages are in it and below it; never zero.
    pub count: u64,
    /// The SHA-256 of its bytes.
    pub page: Digest,
}

impl Page {
    /// Reads a page that stands under `prefix`: the bytes of the key that lead to it, none for the root.
    ///
    /// # Errors
    /// Whatever is not the one way to write a page that can stand there.
    pub fn parse(bytes: &[u8], prefix: &[u8]) -> Result<Self, MapError> {
        if let Some(slots) = bytes.strip_prefix(LEAF) {
            let slots = chunks(slots, bytes.len())?;
            let slots: Vec<Slot> = slots.iter().map(parse_slot).collect();
            Leaf::new(slots, prefix).map(Self::Leaf)
        } else if let Some(children) = bytes.strip_prefix(BRANCH) {
            let children: &[[u8; CHILD]] = chunks(children, bytes.len())?;
            if children.len() != 256 {
                let found = bytes.len();
                return Err(MapError::Length { found });
            }
            let mut nonempty = BTreeMap::new();
            for (byte, child) in (0..=u8::MAX).zip(children) {
                if let Some(child) = parse_child(byte, child)? {
                    nonempty.insert(byte, child);
                }
            }
            Branch::new(nonempty, prefix.len()).map(Self::Branch)
        } else {
            Err(MapError::Header)
        }
    }

    /// Writes the page.
    pub fn print(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Leaf(leaf) => {
                bytes.extend(LEAF);
                for slot in &leaf.slots {
                    bytes.extend(slot.key.as_bytes());
                    bytes.extend(slot.length.get().to_be_bytes());
                    bytes.extend(slot.head.as_bytes());
                    bytes.extend(slot.index.get().to_be_bytes());
                }
            }
            Self::Branch(branch) => {
                bytes.extend(BRANCH);
                for byte in 0..=u8::MAX {
                    let child = branch.child(byte);
                    let page = child.map_or(Digest::ZERO, |child| child.page);
                    bytes.extend(child.map_or(0, |child| child.count).to_be_bytes());
                    bytes.extend(page.as_bytes());
                }
            }
        }
        bytes
    }

    /// How many packages are in the page and below it.
    pub fn count(&self) -> u64 {
        match self {
            Self::Leaf(leaf) => u64::try_from(leaf.slots.len()).unwrap_or(u64::MAX), // at most 256
            Self::Branch(branch) => branch.count,
        }
    }

    /// Reads the page that a parent names, and believes it only if it is that page.
    fn open(
        bytes: &[u8],
        digest: &Digest,
        count: Option<u64>,
        prefix: &[u8],
    ) -> Result<Self, MapError> {
        let found = Digest::of(bytes);
        if found != *digest {
            let expected = *digest;
            return Err(MapError::Digest { expected, found });
        }
        let page = Self::parse(bytes, prefix)?;
        match count {
            Some(expected) if expected != page.count() => Err(MapError::Count {
                expected,
                found: page.count(),
            }),
            _ => Ok(page),
        }
    }
}

impl Leaf {
    fn new(slots: Vec<Slot>, prefix: &[u8]) -> Result<Self, MapError> {
        let mut before = None;
        for slot in &slots {
            let key = slot.key;
            if before.is_some_and(|before| before >= key) {
                return Err(MapError::Order { key });
            }
            if !key.0.starts_with(prefix) {
                return Err(MapError::Prefix { key });
            }
            if slot.length == Length::ZERO {
                return Err(MapError::NoRecords { key });
            }
            before = Some(key);
        }
        Ok(Self { slots })
    }

    /// The package with this key; none proves its absence, where the key belongs under the page's prefix.
    pub fn slot(&self, key: &Key) -> Option<Slot> {
        let found = self.slots.binary_search_by_key(key, |slot| slot.key).ok()?;
        self.slots.get(found).copied()
    }
}

impl Branch {
    fn new(children: BTreeMap<u8, Child>, depth: usize) -> Result<Self, MapError> {
        let mut counts = children.values().map(|child| child.count);
        let count = counts.try_fold(0u64, u64::checked_add).unwrap_or(0);
        if count > 256 && depth < KEY - 1 {
            Ok(Self { children, count })
        } else {
            Err(MapError::Branch { count, depth })
        }
    }

    /// The child that a byte of the key leads to; none proves that no such key is in the map.
    pub fn child(&self, byte: u8) -> Option<&Child> {
        self.children.get(&byte)
    }
}

/// The slots or children of a page of `found` bytes: whole ones only, and no more than there can be.
fn chunks<const N: usize>(body: &[u8], found: usize) -> Result<&[[u8; N]], MapError> {
    match body.as_chunks() {
        (chunks, []) if chunks.len() <= MAX_LEAF => Ok(chunks),
        _ => Err(MapError::Length { found }),
    }
}

fn parse_slot(bytes: &[u8; SLOT]) -> Slot {
    let (key, rest) = take(bytes);
    let (length, rest) = take(rest);
    let (head, rest) = take(rest);
    let (index, _) = take(rest);
    Slot {
        key: Key(key),
        length: Length::new(u64::from_be_bytes(length)),
        head: Hash::from_bytes(head),
        index: Index::new(u64::from_be_bytes(index)),
    }
}

fn parse_child(byte: u8, bytes: &[u8; CHILD]) -> Result<Option<Child>, MapError> {
    let (count, rest) = take(bytes);
    let (page, _) = take(rest);
    let child = Child {
        count: u64::from_be_bytes(count),
        page: Digest::from_bytes(page),
    };
    match (child.count == 0, child.page == Digest::ZERO) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(child)),
        _ => Err(MapError::Child { byte }),
    }
}

/// The first bytes of a field whose length its caller knows to suffice.
fn take<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    bytes
        .split_first_chunk()
        .map_or(([0; N], &[]), |(first, rest)| (*first, rest))
}
