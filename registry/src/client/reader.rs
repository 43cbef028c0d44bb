//! Getting files: from the shelf where it has them, from the registry otherwise, all that are needed at once.
//!
//! What was read waits here until the session says that it verified; only then is it kept.

use std::collections::BTreeMap;

use transparency::digest::Hash;
use transparency::log::VerifiedTiles;
use transparency::name::PackageName;
use transparency::number::{Index, Length, Size};
use transparency::policy::Policy;
use transparency::tile::{FileError, Part, Tile};

use super::ClientError;
use crate::cache::Shelf;
use crate::layout::{self, ObjectPath};
use crate::storage::Source;

/// The most files of one log that are asked for at once, while the number of its records is only a claim.
const FILES_AT_ONCE: usize = 16;

pub(super) struct Reader<'a> {
    source: Option<&'a dyn Source>,
    shelf: Option<&'a Shelf>,
    /// Whether the shelf is read, as well as written.
    trusts_shelf: bool,
    /// What was read from the source and waits for its verification.
    fresh: Vec<(ObjectPath, Vec<u8>)>,
}

/// A file that grows until it holds 256 items. A registry may remove a partial one once its full one exists.
#[derive(Clone, Copy)]
enum Growing {
    Tile(Tile),
    Records(Part),
}

impl Growing {
    fn full(self) -> Option<Self> {
        match self {
            Self::Tile(tile) => (!tile.is_full()).then(|| Self::Tile(tile.full())),
            Self::Records(part) => (!part.is_full()).then(|| Self::Records(part.full())),
        }
    }

    /// What this partial file held, from the full one.
    fn cut(self, full: &[u8]) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Tile(tile) => tile.cut(full).map(<[u8]>::to_vec),
            Self::Records(part) => part.print_records(&part.cut_records(full)?),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Option<&'a dyn Source>, shelf: Option<&'a Shelf>) -> Self {
        Self {
            source,
            shelf,
            trusts_shelf: true,
            fresh: Vec::new(),
        }
    }

    /// Where an object lies, for messages.
    pub(super) fn place(&self, path: &ObjectPath) -> String {
        match (self.source, self.shelf) {
            (Some(source), _) => source.place(path),
            (None, Some(shelf)) => shelf.place(path),
            (None, None) => path.to_string(),
        }
    }

    /// Stops reading the shelf; false where that changes nothing.
    pub(super) fn distrust_shelf(&mut self) -> bool {
        let had = self.source.is_some() && self.shelf.is_some() && self.trusts_shelf;
        self.trusts_shelf = false;
        self.fresh.clear();
        had
    }

    /// Keeps what was read since the last time: it verified.
    pub(super) fn keep(&mut self) -> Result<(), ClientError> {
        let fresh = std::mem::take(&mut self.fresh);
        match self.shelf {
            Some(shelf) => shelf.keep(&fresh).map_err(ClientError::Keep),
            None => Ok(()),
        }
    }

    /// The signed checkpoint: the one file that the shelf never answers for, but offline.
    pub(super) fn checkpoint(&mut self, policy: &Policy) -> Result<Vec<u8>, ClientError> {
        let path = layout::checkpoint();
        match (self.source, self.shelf) {
            (Some(source), _) => {
                let note = source.get(&path)?.ok_or_else(|| ClientError::NoRegistry {
                    place: source.place(&path),
                })?;
                self.fresh.push((path, note.clone()));
                Ok(note)
            }
            (None, shelf) => {
                let note = shelf.map(|shelf| shelf.get(&path)).transpose()?.flatten();
                note.ok_or_else(|| ClientError::NothingKept {
                    origin: policy.origin().clone(),
                })
            }
        }
    }

    /// Objects in the order asked for; none where neither shelf nor source has one.
    fn get_all(&mut self, paths: &[ObjectPath]) -> Result<Vec<Option<Vec<u8>>>, ClientError> {
        let mut found = Vec::with_capacity(paths.len());
        for path in paths {
            found.push(match self.shelf {
                Some(shelf) if self.trusts_shelf => shelf.get(path)?,
                _ => None,
            });
        }
        let Some(source) = self.source else {
            return Ok(found);
        };
        let missing: Vec<_> = paths
            .iter()
            .zip(&found)
            .filter(|(_, bytes)| bytes.is_none())
            .map(|(path, _)| path.clone())
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let mut fetched = source.get_all(&missing)?.into_iter();
        for (path, bytes) in paths.iter().zip(&mut found) {
            if bytes.is_none() {
                *bytes = fetched.next().flatten();
                if let Some(bytes) = bytes {
                    self.fresh.push((path.clone(), bytes.clone()));
                }
            }
        }
        Ok(found)
    }

    /// Objects that must be there.
    pub(super) fn need_all(&mut self, paths: &[ObjectPath]) -> Result<Vec<Vec<u8>>, ClientError> {
        let found = self.get_all(paths)?;
        paths
            .iter()
            .zip(found)
            .map(|(path, bytes)| bytes.ok_or_else(|| self.missing(path)))
            .collect()
    }

    /// An object that must be there.
    pub(super) fn need(&mut self, path: &ObjectPath) -> Result<Vec<u8>, ClientError> {
        let mut found = self.need_all(std::slice::from_ref(path))?;
        found.pop().ok_or_else(|| self.missing(path))
    }

    fn missing(&self, path: &ObjectPath) -> ClientError {
        ClientError::Missing {
            place: self.place(path),
        }
    }

    /// Files that may have grown since. Where the partial one is gone, the full one is read and cut to what the partial
    /// one held; no more than that is ever kept.
    fn need_growing(
        &mut self,
        files: &[Growing],
        path: impl Fn(usize, Growing) -> ObjectPath,
    ) -> Result<Vec<(ObjectPath, Vec<u8>)>, ClientError> {
        let paths: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(place, file)| path(place, *file))
            .collect();
        let mut found = self.get_all(&paths)?;
        let gone: Vec<_> = (0..)
            .zip(files)
            .zip(&found)
            .filter(|(_, bytes)| bytes.is_none())
            .filter_map(|((place, file), _)| Some((place, path(place, file.full()?))))
            .collect();
        if let (Some(source), false) = (self.source, gone.is_empty()) {
            let fulls: Vec<_> = gone.iter().map(|(_, full)| full.clone()).collect();
            let fetched = source.get_all(&fulls)?;
            for ((place, full_path), full) in gone.iter().zip(fetched) {
                let file = files.get(*place).zip(paths.get(*place));
                if let (Some((file, path)), Some(full), Some(slot)) =
                    (file, full, found.get_mut(*place))
                {
                    let bytes = file.cut(&full).map_err(|source| ClientError::File {
                        place: self.place(full_path),
                        source,
                    })?;
                    self.fresh.push((path.clone(), bytes.clone()));
                    *slot = Some(bytes);
                }
            }
        }
        paths
            .into_iter()
            .zip(found)
            .map(|(path, bytes)| match bytes {
                Some(bytes) => Ok((path, bytes)),
                None => Err(self.missing(&path)),
            })
            .collect()
    }

    fn parse(
        &self,
        part: Part,
        (path, bytes): &(ObjectPath, Vec<u8>),
    ) -> Result<Vec<(Index, Vec<u8>)>, ClientError> {
        let records = part
            .parse_records(bytes)
            .map_err(|source| ClientError::File {
                place: self.place(path),
                source,
            })?;
        Ok(records
            .into_iter()
            .map(|(index, record)| (index, record.to_vec()))
            .collect())
    }

    /// The first records of the operator log, as many as are claimed.
    pub(super) fn operator(&mut self, length: Length) -> Result<Records, ClientError> {
        let mut records = Vec::new();
        let mut parts = Part::all(length.get());
        loop {
            let some: Vec<_> = parts.by_ref().take(FILES_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(records);
            }
            let growing: Vec<_> = some.iter().copied().map(Growing::Records).collect();
            let files = self.need_growing(&growing, |_, file| match file {
                Growing::Records(part) => layout::operator(part),
                Growing::Tile(tile) => layout::tile(tile),
            })?;
            for (part, file) in some.into_iter().zip(&files) {
                records.extend(self.parse(part, file)?);
            }
        }
    }

    /// The records of some packages, each of the length that the map says.
    pub(super) fn packages(
        &mut self,
        lengths: &BTreeMap<&PackageName, Length>,
    ) -> Result<BTreeMap<PackageName, Records>, ClientError> {
        let parts: Vec<(&PackageName, Part)> = lengths
            .iter()
            .flat_map(|(name, length)| Part::all(length.get()).map(|part| (*name, part)))
            .collect();
        let growing: Vec<_> = parts
            .iter()
            .map(|(_, part)| Growing::Records(*part))
            .collect();
        let files = self.need_growing(&growing, |place, file| match (parts.get(place), file) {
            (Some((name, _)), Growing::Records(part)) => layout::package(name, part),
            (_, Growing::Records(part)) => layout::operator(part),
            (_, Growing::Tile(tile)) => layout::tile(tile),
        })?;
        let mut packages: BTreeMap<PackageName, Records> = BTreeMap::new();
        for ((name, part), file) in parts.iter().zip(&files) {
            let records = self.parse(*part, file)?;
            packages.entry((*name).clone()).or_default().extend(records);
        }
        Ok(packages)
    }

    fn tiles(&mut self, tiles: &[Tile]) -> Result<Vec<(ObjectPath, Vec<u8>)>, ClientError> {
        let growing: Vec<_> = tiles.iter().copied().map(Growing::Tile).collect();
        self.need_growing(&growing, |_, file| match file {
            Growing::Tile(tile) => layout::tile(tile),
            Growing::Records(part) => layout::entries(part),
        })
    }

    /// The right edge of a log, authenticated by its root.
    pub(super) fn edge(&mut self, size: Size, root: Hash) -> Result<VerifiedTiles, ClientError> {
        let edge = VerifiedTiles::edge(size);
        let files = self.tiles(&edge)?;
        let tiles = edge
            .into_iter()
            .zip(files.into_iter().map(|(_, bytes)| bytes))
            .collect();
        Ok(VerifiedTiles::open(size, root, tiles)?)
    }

    /// Reads and authenticates further tiles, parents first.
    pub(super) fn admit(
        &mut self,
        verified: &mut VerifiedTiles,
        needed: &[Tile],
    ) -> Result<(), ClientError> {
        let files = self.tiles(needed)?;
        for (tile, (_, bytes)) in needed.iter().zip(&files) {
            verified.admit(*tile, bytes)?;
        }
        Ok(())
    }
}

/// Records with the indices at which the log is said to hold them.
pub(super) type Records = Vec<(Index, Vec<u8>)>;
