//! Getting files: from the cache where it has them, from the registry otherwise, all that are needed at once.
//!
//! What was read waits here until the session says that it was verified, and only then is it kept. What will probably be
//! needed next is read in the same round trip. It waits too, and is dropped if nobody asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use transparency::digest::{Digest, Hash};
use transparency::log::VerifiedTiles;
use transparency::number::Size;
use transparency::record::Subject;
use transparency::tile::{FileError, Part, Tile};

use super::{Client, ClientError};
use crate::cache::Cache;
use crate::layout::{self, ObjectPath};
use crate::storage::{Current, Source, Tag};

/// The bytes of a file, which are kept once they verified.
pub(super) type Bytes = Arc<Vec<u8>>;

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[derive(Clone)]
pub(super) struct Reader<'a> {
    source: Option<&'a dyn Source>,
    /// Files that lie with the project: read before all others, and never written.
    vendored: Option<&'a Cache>,
    cache: Option<&'a Cache>,
    /// Whether the cache is read, as well as written.
    trusts_cache: bool,
    /// What was read from the source and waits for its verification.
    fresh: BTreeMap<ObjectPath, Bytes>,
    /// What is to come along with the next files that are read from the source.
    guesses: BTreeSet<ObjectPath>,
    /// What came along.
    ahead: BTreeMap<ObjectPath, Vec<u8>>,
}

/// A file that must be there.
pub(super) struct Wanted {
    path: ObjectPath,
    /// Where it may go once it is full: where the full one lies, and how to cut it.
    full: Option<(ObjectPath, Cut)>,
}

/// How to make a partial file of the full one.
enum Cut {
    Tile(Tile),
    Entries(Part),
    Records(Part),
}

impl Wanted {
    /// A file that never goes.
    pub(super) fn fixed(path: ObjectPath) -> Self {
        Self { path, full: None }
    }

    pub(super) fn tile(tile: Tile) -> Self {
        let full = (layout::tile(tile.full()), Cut::Tile(tile));
        Self {
            path: layout::tile(tile),
            full: (!tile.is_full()).then_some(full),
        }
    }

    /// An entry bundle.
    pub(super) fn entries(part: Part) -> Self {
        let full = (layout::entries(part.full()), Cut::Entries(part));
        Self {
            path: layout::entries(part),
            full: (!part.is_full()).then_some(full),
        }
    }

    pub(super) fn records(subject: &Subject, part: Part) -> Self {
        let full = (layout::records(subject, part.full()), Cut::Records(part));
        Self {
            path: layout::records(subject, part),
            full: (!part.is_full()).then_some(full),
        }
    }
}

impl Cut {
    fn cut(&self, full: &[u8]) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Tile(tile) => tile.cut(full).map(<[u8]>::to_vec),
            Self::Entries(part) => part.print_entries(&part.cut_entries(full)?),
            Self::Records(part) => part.print_records(&part.cut_records(full)?),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &Client<'a>) -> Self {
        Self {
            source: client.source,
            vendored: client.vendored,
            cache: client.cache,
            trusts_cache: true,
            fresh: BTreeMap::new(),
            guesses: BTreeSet::new(),
            ahead: BTreeMap::new(),
        }
    }

    /// The same, reading nothing but what lies with the project, or nothing but the registry.
    pub(super) fn only(self, vendored: bool) -> Self {
        Self {
            source: self.source.filter(|_| !vendored),
            vendored: self.vendored.filter(|_| vendored),
            cache: None,
            ..self
        }
    }

    /// The same, reading what this machine kept as well.
    pub(super) fn beside(self, cache: &'a Cache) -> Self {
        Self {
            cache: Some(cache),
            ..self
        }
    }

    /// Guesses what will be needed soon: it is read together with whatever is needed next. A guess that is wrong, or a file
    /// that is not to be had, changes nothing.
    pub(super) fn guess(&mut self, paths: impl IntoIterator<Item = ObjectPath>) {
        if self.source.is_some() {
            self.guesses.extend(paths);
        }
    }

    /// The same of tiles.
    pub(super) fn guess_tiles(&mut self, tiles: &[Tile]) {
        self.guess(tiles.iter().copied().map(layout::tile));
    }

    /// Where an object lies, for messages.
    pub(super) fn address_of(&self, path: &ObjectPath) -> String {
        let vendored = self.vendored.filter(|vendored| {
            // What is missing is missing in the project's folder, where nothing stands behind it.
            self.source.is_none() || vendored.get(path).is_ok_and(|found| found.is_some())
        });
        if let Some(vendored) = vendored {
            return vendored.address_of(path);
        }
        match (self.source, self.cache) {
            (Some(source), _) => source.address_of(path),
            (None, Some(cache)) => cache.address_of(path),
            (None, None) => path.to_string(),
        }
    }

    /// Stops reading the cache; false where that changes nothing. What was verified by then stays fresh and need not be read
    /// again. What was not is read again, and replaces what was read first.
    pub(super) fn distrust_cache(&mut self) -> bool {
        let had = self.source.is_some() && self.cache.is_some() && self.trusts_cache;
        self.trusts_cache = false;
        had
    }

    /// Keeps what was read since the last time: it verified.
    pub(super) fn keep(&mut self) -> Result<(), ClientError> {
        let fresh = std::mem::take(&mut self.fresh);
        match self.cache {
            Some(cache) => cache.keep(&fresh).map_err(ClientError::Keep),
            None => Ok(()),
        }
    }

    /// Keeps nothing of what was read since the last time: it did not verify, or not all of it.
    pub(super) fn forget(&mut self) {
        self.fresh.clear();
    }

    /// The signed checkpoint that lies with the project.
    pub(super) fn vendored_checkpoint(&self) -> Result<Option<Vec<u8>>, ClientError> {
        match self.vendored {
            Some(vendored) => Ok(vendored.get(&layout::checkpoint())?),
            None => Ok(None),
        }
    }

    /// The signed checkpoint of the registry: the one file of which it is always asked. Where it says that nothing changed,
    /// the kept bytes are read instead, and go through the same checks as any others. To ask `once` is to do without an
    /// answer that does not come at once.
    pub(super) fn checkpoint(
        &mut self,
        source: &dyn Source,
        once: bool,
    ) -> Result<Vec<u8>, ClientError> {
        let path = layout::checkpoint();
        let ask = |known: Option<&Tag>| {
            if once {
                source.get_once(&path, known)
            } else {
                source.get_again(&path, known)
            }
        };
        let kept = self.kept_checkpoint();
        let known = kept.as_ref().map(|(_, tag)| tag);
        let current = match (ask(known)?, kept) {
            (Current::Same, Some((kept, _))) => return Ok(kept),
            (Current::Same, None) => ask(None)?, // no tag was given
            (current, _) => current,
        };
        match current {
            Current::Found { bytes, tag } => {
                if let Some(Tag(tag)) = tag {
                    let text = format!("{}\n{tag}", Digest::of(&bytes));
                    self.fresh.insert(path, Arc::new(bytes.clone()));
                    let tag = Arc::new(text.into_bytes());
                    self.fresh.insert(layout::checkpoint_tag(), tag);
                }
                Ok(bytes)
            }
            Current::Absent | Current::Same => Err(ClientError::NoRegistry {
                address: source.address_of(&path),
            }),
        }
    }

    /// The checkpoint of last time, if the tag beside it is its own.
    fn kept_checkpoint(&self) -> Option<(Vec<u8>, Tag)> {
        let kept = |path| self.get_kept(&path).ok().flatten();
        let bytes = kept(layout::checkpoint())?;
        let text = String::from_utf8(kept(layout::checkpoint_tag())?).ok()?;
        let (digest, tag) = text.split_once('\n')?;
        (digest.parse() == Ok(Digest::of(&bytes))).then(|| (bytes, Tag(tag.to_owned())))
    }

    /// Objects in the order asked for, as many from the front as have no more than `most` bytes together, one at least; none
    /// where neither cache nor source has one.
    fn get_many(
        &mut self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Bytes>>, ClientError> {
        let mut found = Vec::new();
        let mut came = 0_u64;
        for path in paths {
            let bytes = match self.get_kept(path)? {
                Some(bytes) => Some(Arc::new(bytes)),
                None => self.take_ahead(path),
            };
            came = came.saturating_add(bytes.as_ref().map_or(0, length));
            if came > most && !found.is_empty() {
                break;
            }
            found.push(bytes);
        }
        let Some(source) = self.source else {
            return Ok(found);
        };
        // Several packages may have one content: it is read once.
        let mut missing: Vec<ObjectPath> = Vec::new();
        let mut asked = BTreeSet::new();
        for (path, bytes) in paths.iter().zip(&found) {
            if bytes.is_none() && asked.insert(path) {
                missing.push(path.clone());
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let fetched = self.get_with_guesses(source, &missing, most)?;
        let later: BTreeSet<_> = missing.iter().skip(fetched.len()).collect();
        for (path, bytes) in missing.iter().zip(fetched) {
            if let Some(bytes) = bytes {
                self.fresh.insert(path.clone(), Arc::new(bytes));
            }
        }
        let mut whole = 0;
        for (path, bytes) in paths.iter().zip(&mut found) {
            if bytes.is_none() {
                if later.contains(path) {
                    break;
                }
                *bytes = self.fresh.get(path).cloned();
            }
            whole += 1;
        }
        found.truncate(whole);
        Ok(found)
    }

    /// What came along before, which is as good as read now.
    fn take_ahead(&mut self, path: &ObjectPath) -> Option<Bytes> {
        let bytes = Arc::new(self.ahead.remove(path)?);
        self.fresh.insert(path.clone(), Arc::clone(&bytes));
        Some(bytes)
    }

    /// A file that is kept, or came along: the source is not asked.
    pub(super) fn take_here(&mut self, path: &ObjectPath) -> Option<Vec<u8>> {
        let kept = self.get_kept(path).ok().flatten();
        kept.or_else(|| self.take_ahead(path).map(Arc::unwrap_or_clone))
    }

    /// Reads what is needed, as much from the front as fits, and what was guessed, in one round trip.
    fn get_with_guesses(
        &mut self,
        source: &dyn Source,
        needed: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, ClientError> {
        let mut paths = needed.to_vec();
        for guess in std::mem::take(&mut self.guesses) {
            let is_here = matches!(self.get_kept(&guess), Ok(Some(_)));
            if !is_here && !self.ahead.contains_key(&guess) && !needed.contains(&guess) {
                paths.push(guess);
            }
        }
        let mut found = match source.get_many(&paths, most) {
            // Perhaps a guess failed: then it is as if there had been none.
            Err(_) if paths.len() > needed.len() => source.get_many(needed, most)?,
            found => found?,
        };
        let came = found.split_off(needed.len().min(found.len()));
        let guessed = paths.into_iter().skip(needed.len());
        for (path, bytes) in guessed.zip(came) {
            if let Some(bytes) = bytes {
                self.ahead.insert(path, bytes);
            }
        }
        Ok(found)
    }

    fn get_kept(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, ClientError> {
        if let Some(vendored) = self.vendored
            && let Some(bytes) = vendored.get(path)?
        {
            return Ok(Some(bytes));
        }
        match self.cache {
            Some(cache) if self.trusts_cache => match cache.get(path) {
                // A cache that cannot be read is as good as none, where there is a source.
                Err(_) if self.source.is_some() => Ok(None),
                kept => kept.map_err(ClientError::Kept),
            },
            _ => Ok(None),
        }
    }

    /// Files in the order asked for. Where a partial one is gone, the full one is read and cut to what the partial one
    /// held; no more than that is ever kept. All are in memory together: they are small, or their sizes were signed.
    pub(super) fn need(&mut self, wanted: &[Wanted]) -> Result<Vec<Bytes>, ClientError> {
        let mut all = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        while !rest.is_empty() {
            let some = self.need_some(rest, u64::MAX)?;
            rest = rest.get(some.len()..).unwrap_or_default();
            all.extend(some);
        }
        Ok(all)
    }

    /// The same, as many from the front as have no more than `most` bytes together; one at least.
    pub(super) fn need_some(
        &mut self,
        wanted: &[Wanted],
        most: u64,
    ) -> Result<Vec<Bytes>, ClientError> {
        let paths: Vec<_> = wanted.iter().map(|file| file.path.clone()).collect();
        let mut found = self.get_many(&paths, most)?;
        self.cut_fulls(wanted, &mut found, most)?;
        let missing = |path| ClientError::Missing {
            address: self.address_of(path),
        };
        if let (Some(first), true) = (paths.first(), found.is_empty()) {
            return Err(missing(first));
        }
        let files = paths.iter().zip(found);
        files
            .map(|(path, bytes)| bytes.ok_or_else(|| missing(path)))
            .collect()
    }

    /// Cuts partial files that are gone out of the full ones, of which no more comes than `most` bytes. Each is cut to what
    /// is needed of it; those that did not come are left for the next time, with all that follow.
    fn cut_fulls(
        &mut self,
        wanted: &[Wanted],
        found: &mut Vec<Option<Bytes>>,
        most: u64,
    ) -> Result<(), ClientError> {
        let Some(source) = self.source else {
            return Ok(());
        };
        let files = wanted.iter().zip(found.iter()).enumerate();
        let gone: Vec<_> = files
            .filter(|(_, (_, bytes))| bytes.is_none())
            .filter_map(|(position, (file, _))| Some((position, &file.path, file.full.as_ref()?)))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let fulls: Vec<_> = gone.iter().map(|(_, _, (full, _))| full.clone()).collect();
        let fetched = source.get_many(&fulls, most)?;
        if let Some((left, _, _)) = gone.get(fetched.len().max(1)) {
            found.truncate(*left);
        }
        for ((position, path, (full_path, cut)), full) in gone.into_iter().zip(fetched) {
            let Some(full) = full else { continue };
            let part = cut.cut(&full).map_err(|error| ClientError::File {
                address: source.address_of(full_path),
                source: error,
            })?;
            let part = Arc::new(part);
            self.fresh.insert(path.clone(), Arc::clone(&part));
            if let Some(bytes) = found.get_mut(position) {
                *bytes = Some(part);
            }
        }
        Ok(())
    }

    /// One file that need not be there.
    pub(super) fn find(&mut self, path: &ObjectPath) -> Result<Option<Vec<u8>>, ClientError> {
        let mut found = self.get_many(std::slice::from_ref(path), u64::MAX)?;
        Ok(found.pop().flatten().map(Arc::unwrap_or_clone))
    }

    /// Whether there is a source, which is read for what is not here.
    pub(super) fn asks(&self) -> bool {
        self.source.is_some()
    }

    /// One file that is not kept.
    pub(super) fn pass(&mut self, wanted: Wanted) -> Result<Vec<u8>, ClientError> {
        let path = wanted.path.clone();
        let bytes = self.need_one(wanted)?;
        self.fresh.remove(&path);
        Ok(Arc::unwrap_or_clone(bytes))
    }

    /// One file, which must be there.
    pub(super) fn need_one(&mut self, wanted: Wanted) -> Result<Bytes, ClientError> {
        let address = self.address_of(&wanted.path);
        let mut found = self.need(&[wanted])?;
        found.pop().ok_or(ClientError::Missing { address })
    }

    /// The map entry that is said to end the log at a size, and the right edge of that log.
    pub(super) fn ending(
        &mut self,
        size: Size,
        root: Hash,
    ) -> Result<(Bytes, VerifiedTiles), ClientError> {
        let edge = VerifiedTiles::edge(size);
        let map_entry = [Wanted::fixed(layout::map_at(size))].into_iter();
        let wanted: Vec<_> = map_entry
            .chain(edge.iter().copied().map(Wanted::tile))
            .collect();
        let mut files = self.need(&wanted)?.into_iter();
        let map_entry = files.next().unwrap_or_default();
        let files = files.map(Arc::unwrap_or_clone);
        let tiles = edge.into_iter().zip(files).collect();
        Ok((map_entry, VerifiedTiles::open(size, root, tiles)?))
    }

    /// The right edge of a log, authenticated by its root.
    pub(super) fn edge(&mut self, size: Size, root: Hash) -> Result<VerifiedTiles, ClientError> {
        let edge = VerifiedTiles::edge(size);
        let wanted: Vec<_> = edge.iter().copied().map(Wanted::tile).collect();
        let files = self.need(&wanted)?.into_iter();
        let files = files.map(Arc::unwrap_or_clone);
        let tiles = edge.into_iter().zip(files).collect();
        Ok(VerifiedTiles::open(size, root, tiles)?)
    }

    /// Tiles that came along and were not needed: those that verify are kept, so that they need not come again.
    pub(super) fn keep_tiles_ahead(&mut self, verified: &mut VerifiedTiles, tiles: &[Tile]) {
        for tile in tiles {
            let path = layout::tile(*tile);
            self.guesses.remove(&path); // nothing had to be read: no need to begin with it
            if let Some(bytes) = self.ahead.remove(&path)
                && verified.admit(*tile, &bytes).is_ok()
            {
                self.fresh.insert(path, Arc::new(bytes));
            }
        }
    }

    /// Reads and authenticates further tiles, parents first.
    pub(super) fn admit(
        &mut self,
        verified: &mut VerifiedTiles,
        needed: &[Tile],
    ) -> Result<(), ClientError> {
        let wanted: Vec<_> = needed.iter().copied().map(Wanted::tile).collect();
        for (tile, bytes) in needed.iter().zip(self.need(&wanted)?) {
            verified.admit(*tile, &bytes)?;
        }
        Ok(())
    }
}
