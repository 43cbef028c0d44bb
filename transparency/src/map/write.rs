//! Writing a map: from all its packages, or from the map before and what changed. Both give the same pages.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Branch, Child, Key, Leaf, MAX_LEAF, MapError, Page, Slot};
use crate::digest::Digest;

/// A map that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError<E> {
    /// A page, or what should be written, is not right.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A page could not be fetched.
    #[error("the map page {page} could not be read")]
    Fetch {
        /// The page's digest.
        page: Digest,
        /// The error that caused it.
        source: E,
    },
}

/// A map after writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The digest of the root page.
    pub root: Digest,
    /// How many packages there are.
    pub count: u64,
    /// Every page that the map has now and did not have before, by ascending digest, with its bytes.
    pub pages: Vec<(Digest, Vec<u8>)>,
}

/// Writes a map of these packages, in any order.
///
/// # Errors
/// Two slots with one key, or one without records.
pub fn build(slots: Vec<Slot>) -> Result<Updated, MapError> {
    let slots = sorted(slots)?;
    let mut writer = Writer::default();
    let root = writer.build(&slots, 0)?;
    Ok(writer.finish(root))
}

/// Writes a map in which these packages are added or replaced, in any order. Fetches, by digest, only pages that lead to
/// one of them, and believes those only if they are what their parents name.
///
/// # Errors
/// Two slots with one key, or one without records; a page that is not right; whatever `fetch` says.
pub fn update<E>(
    root: &Digest,
    slots: Vec<Slot>,
    mut fetch: impl FnMut(&Digest) -> Result<Vec<u8>, E>,
) -> Result<Updated, UpdateError<E>> {
    let slots = sorted(slots)?;
    let mut writer = Writer::default();
    let root = writer.update(root, None, &[], &slots, &mut fetch)?;
    Ok(writer.finish(root))
}

/// Shows every package of a map, by ascending key. Each page is believed only if it is what its parent names.
///
/// # Errors
/// A page that is not right; whatever `fetch` says. What was shown before then is right nevertheless.
pub fn for_each<E>(
    root: &Digest,
    mut fetch: impl FnMut(&Digest) -> Result<Vec<u8>, E>,
    mut visit: impl FnMut(&Slot),
) -> Result<(), UpdateError<E>> {
    // What is left to see, the last first: a stack, since a map may have millions of packages.
    let mut left = Vec::from([(Vec::new(), *root, None)]);
    while let Some((prefix, digest, count)) = left.pop() {
        match read(&digest, count, &prefix, &mut fetch)? {
            Page::Leaf(leaf) => leaf.slots.iter().for_each(&mut visit),
            Page::Branch(branch) => {
                for (byte, child) in branch.children.iter().rev() {
                    left.push((under(&prefix, *byte), child.page, Some(child.count)));
                }
            }
        }
    }
    Ok(())
}

fn read<E>(
    digest: &Digest,
    count: Option<u64>,
    prefix: &[u8],
    fetch: &mut impl FnMut(&Digest) -> Result<Vec<u8>, E>,
) -> Result<Page, UpdateError<E>> {
    let page = *digest;
    let bytes = fetch(digest).map_err(|source| UpdateError::Fetch { page, source })?;
    Ok(Page::open(&bytes, digest, count, prefix)?)
}

fn under(prefix: &[u8], byte: u8) -> Vec<u8> {
    let mut longer = prefix.to_vec();
    longer.push(byte);
    longer
}

fn sorted(mut slots: Vec<Slot>) -> Result<Vec<Slot>, MapError> {
    slots.sort_unstable_by_key(|slot| slot.key);
    let twice = slots
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.key == b.key))
        .and_then(<[Slot]>::first);
    match twice {
        Some(slot) => Err(MapError::Twice { key: slot.key }),
        None => Ok(slots),
    }
}

/// Parts of a sorted list whose keys go on with the same byte at a depth.
fn by_byte(slots: &[Slot], depth: usize) -> impl Iterator<Item = (u8, &[Slot])> {
    let byte = move |slot: &Slot| slot.key.byte(depth);
    slots
        .chunk_by(move |a, b| byte(a) == byte(b))
        .filter_map(move |part| Some((byte(part.first()?), part)))
}

#[derive(Default)]
struct Writer {
    pages: BTreeMap<Digest, Vec<u8>>,
}

impl Writer {
    fn finish(self, root: Child) -> Updated {
        Updated {
            root: root.page,
            count: root.count,
            pages: self.pages.into_iter().collect(),
        }
    }

    fn write(&mut self, page: &Page) -> Child {
        let bytes = page.print();
        let digest = Digest::of(&bytes);
        self.pages.insert(digest, bytes);
        Child {
            count: page.count(),
            page: digest,
        }
    }

    fn build(&mut self, slots: &[Slot], depth: usize) -> Result<Child, MapError> {
        let page = if slots.len() <= MAX_LEAF {
            let prefix = slots.first().map_or(&[][..], |slot| slot.key.prefix(depth));
            Page::Leaf(Leaf::new(slots.to_vec(), prefix)?)
        } else {
            let mut children = BTreeMap::new();
            for (byte, part) in by_byte(slots, depth) {
                children.insert(byte, self.build(part, depth.saturating_add(1))?);
            }
            Page::Branch(Branch::new(children, depth)?)
        };
        Ok(self.write(&page))
    }

    fn update<E>(
        &mut self,
        digest: &Digest,
        count: Option<u64>,
        prefix: &[u8],
        slots: &[Slot],
        fetch: &mut impl FnMut(&Digest) -> Result<Vec<u8>, E>,
    ) -> Result<Child, UpdateError<E>> {
        let depth = prefix.len();
        let page = read(digest, count, prefix, fetch)?;
        let child = match page {
            Page::Leaf(leaf) => {
                let mut merged: BTreeMap<Key, Slot> =
                    leaf.slots.iter().map(|slot| (slot.key, *slot)).collect();
                merged.extend(slots.iter().map(|slot| (slot.key, *slot)));
                let merged: Vec<Slot> = merged.into_values().collect();
                self.build(&merged, depth)?
            }
            Page::Branch(mut branch) => {
                for (byte, part) in by_byte(slots, depth) {
                    let child = match branch.child(byte) {
                        None => self.build(part, depth.saturating_add(1))?,
                        Some(child) => {
                            let (page, count) = (child.page, Some(child.count));
                            self.update(&page, count, &under(prefix, byte), part, fetch)?
                        }
                    };
                    branch.children.insert(byte, child);
                }
                let branch = Branch::new(branch.children, depth)?;
                self.write(&Page::Branch(branch))
            }
        };
        // What did not change is not new.
        if child.page == *digest {
            self.pages.remove(digest);
        }
        Ok(child)
    }
}
