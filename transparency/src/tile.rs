//! Where tiles, bundles and package files lie, and how their bytes read: C2SP tlog-tiles.
//!
//! All that grows is cut into files of 256: `<N>` is the file's number, and `.p/<W>` follows where it holds only the first
//! W of its 256 so far. A reader that does not find a partial file takes the full one and cuts it.
//!
//! Paths and contents have one spelling each. Nothing here is believed: what a tile says is admitted by
//! [`VerifiedTiles`](crate::log::VerifiedTiles), what a bundle says by the hashes of its entries.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::digest::Hash;
use crate::number::{Index, Size};

/// How many hashes, entries or records a full file holds.
pub const WIDTH: u16 = 256;
/// The highest level of tiles that a path can name.
pub const MAX_LEVEL: u8 = 63;
/// The largest number of a file: what it holds is numbered with 64 bits.
pub const MAX_NUMBER: u64 = u64::MAX / 256;
/// The longest entry or record, in bytes: its length is written in two.
pub const MAX_ENTRY: usize = 0xffff;
/// The longest tile, in bytes: 256 hashes.
pub const MAX_TILE: usize = 256 * 32;
/// The longest entry bundle, in bytes: 256 entries and their lengths.
pub const MAX_ENTRIES: usize = 256 * (2 + MAX_ENTRY);
/// The longest package or operator file, in bytes: 256 records, their indices and lengths.
pub const MAX_RECORDS: usize = 256 * (8 + 2 + MAX_ENTRY);
/// The longest path of a tile or bundle, in bytes: six groups of digits, and the words around them.
const MAX_PATH: usize = 64;

/// Where no file can lie.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Not the path of a tile, bundle or numbered file in its one spelling.
    #[error("`{text}` is not the path of a tile or of a numbered file")]
    Path {
        /// What stood there.
        text: String,
    },
    /// A level above [`MAX_LEVEL`].
    #[error("tiles have levels up to 63, not {level}")]
    Level {
        /// The level asked for.
        level: u8,
    },
    /// A number above [`MAX_NUMBER`].
    #[error("files are numbered up to {MAX_NUMBER}, not {number}")]
    Number {
        /// The number asked for.
        number: u64,
    },
    /// A width of none, or above [`WIDTH`].
    #[error("a file holds 1 to 256, not {width}")]
    Width {
        /// The width asked for.
        width: u16,
    },
}

/// Bytes that are not a tile, bundle or package file of the width asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A tile of another length.
    #[error("a tile of {width} hashes has {expected} bytes, not {found}")]
    Length {
        /// How many hashes it should have.
        width: u16,
        /// How many bytes that makes.
        expected: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// The bytes end before the last entry does.
    #[error("the file ends within entry {number} of {width}")]
    Truncated {
        /// The entry that is not whole, from 0 within the file.
        number: u16,
        /// How many there should be.
        width: u16,
    },
    /// There is more behind the last entry.
    #[error("{bytes} bytes follow the last of {width} entries")]
    Trailing {
        /// How many bytes.
        bytes: usize,
        /// How many entries there should be.
        width: u16,
    },
    /// An entry that is too long to be written.
    #[error("entry {number} has {bytes} bytes; at most 65535 can be written")]
    TooLong {
        /// The entry, from 0 within the file.
        number: usize,
        /// How many bytes it has.
        bytes: usize,
    },
    /// More or fewer hashes, entries or records than the file holds.
    #[error("the file holds {width}, not {found}")]
    Width {
        /// How many it should hold.
        width: u16,
        /// How many were given.
        found: usize,
    },
}

/// One file of a sequence that is cut into files of 256: `<N>[.p/<W>]`.
///
/// ```
/// use transparency::tile::Part;
/// let part: Part = "x001/x234/067.p/8".parse().unwrap();
/// assert_eq!((part.number(), part.width()), (1_234_067, 8));
/// assert_eq!(part.full().to_string(), "x001/x234/067");
/// assert_eq!(part.entries_path(), "tile/entries/x001/x234/067.p/8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    number: u64,
    width: u16,
}

impl Part {
    /// The file `number`, holding its first `width` of 256.
    ///
    /// # Errors
    /// A number above [`MAX_NUMBER`], or a width that is not 1 to 256.
    pub fn new(number: u64, width: u16) -> Result<Self, PathError> {
        if number > MAX_NUMBER {
            Err(PathError::Number { number })
        } else if !(1..=WIDTH).contains(&width) {
            Err(PathError::Width { width })
        } else {
            Ok(Self { number, width })
        }
    }

    /// The file `number` of a sequence of `count`, as full as it is then; none where it does not exist yet.
    pub fn of(count: u64, number: u64) -> Option<Self> {
        let held = count.checked_sub(number.checked_mul(256)?)?.min(256);
        Self::new(number, u16::try_from(held).ok()?).ok()
    }

    /// The file that holds the item `item` of a sequence of `count`, and the item's position in it, from 0; none where the
    /// sequence is shorter.
    pub fn holding(count: u64, item: u64) -> Option<(Self, usize)> {
        let part = Self::of(count, item / 256)?;
        let position = u16::try_from(item % 256).ok()?;
        (position < part.width).then_some((part, usize::from(position)))
    }

    /// All files of a sequence of `count`, in order: full ones, then at most one partial.
    pub fn all(count: u64) -> impl Iterator<Item = Self> {
        (0..count.div_ceil(256)).filter_map(move |number| Self::of(count, number))
    }

    /// Which file of the sequence, from 0.
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many of its 256 it holds, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it holds all 256, and so never changes again.
    pub fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The same file once it is full: what to read where the partial one is gone.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            width: WIDTH,
            ..self
        }
    }

    /// The position of its first item in the sequence.
    pub fn first(self) -> u64 {
        self.number.saturating_mul(256) // exact: `number` is at most MAX_NUMBER
    }

    /// The path of the entry bundle: `tile/entries/<N>[.p/<W>]`.
    pub fn entries_path(self) -> String {
        alloc::format!("tile/entries/{self}")
    }

    /// The most bytes that its entry bundle has.
    pub fn max_entries(self) -> usize {
        (MAX_ENTRIES / 256).saturating_mul(usize::from(self.width))
    }

    /// The most bytes that its file of records has.
    pub fn max_records(self) -> usize {
        (MAX_RECORDS / 256).saturating_mul(usize::from(self.width))
    }

    /// Reads an entry bundle: (u16 length ‖ entry)*, exactly as many as the file holds.
    ///
    /// # Errors
    /// Fewer or more bytes than those entries have.
    pub fn parse_entries(self, bytes: &[u8]) -> Result<Vec<&[u8]>, FileError> {
        self.parse_items(bytes, split_entry)
    }

    /// The first entries of the bundle that is full by now, as many as this partial one holds.
    ///
    /// # Errors
    /// As for [`Part::parse_entries`] of the full bundle.
    pub fn cut_entries(self, full: &[u8]) -> Result<Vec<&[u8]>, FileError> {
        let mut entries = self.full().parse_entries(full)?;
        entries.truncate(usize::from(self.width));
        Ok(entries)
    }

    /// Writes an entry bundle.
    ///
    /// # Errors
    /// Another number of entries than the file holds, or one above [`MAX_ENTRY`].
    pub fn print_entries(self, entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, FileError> {
        self.expect(entries.len())?;
        let mut bytes = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            push_entry(&mut bytes, number, entry.as_ref())?;
        }
        Ok(bytes)
    }

    /// Reads a package or operator file: (u64 log index ‖ u16 length ‖ record)*, exactly as many as the file holds. The
    /// indices are hints until proved.
    ///
    /// # Errors
    /// Fewer or more bytes than those records have.
    pub fn parse_records(self, bytes: &[u8]) -> Result<Vec<(Index, &[u8])>, FileError> {
        self.parse_items(bytes, |bytes| {
            let (index, rest) = bytes.split_first_chunk()?;
            let (record, rest) = split_entry(rest)?;
            Some(((Index::new(u64::from_be_bytes(*index)), record), rest))
        })
    }

    /// The first records of the file that is full by now, as many as this partial one holds.
    ///
    /// # Errors
    /// As for [`Part::parse_records`] of the full file.
    pub fn cut_records(self, full: &[u8]) -> Result<Vec<(Index, &[u8])>, FileError> {
        let mut records = self.full().parse_records(full)?;
        records.truncate(usize::from(self.width));
        Ok(records)
    }

    /// Writes a package or operator file.
    ///
    /// # Errors
    /// Another number of records than the file holds, or one above [`MAX_ENTRY`].
    pub fn print_records(
        self,
        records: &[(Index, impl AsRef<[u8]>)],
    ) -> Result<Vec<u8>, FileError> {
        self.expect(records.len())?;
        let mut bytes = Vec::new();
        for (number, (index, record)) in records.iter().enumerate() {
            bytes.extend(index.get().to_be_bytes());
            push_entry(&mut bytes, number, record.as_ref())?;
        }
        Ok(bytes)
    }

    fn expect(self, found: usize) -> Result<(), FileError> {
        if found == usize::from(self.width) {
            Ok(())
        } else {
            Err(FileError::Width {
                width: self.width,
                found,
            })
        }
    }

    fn parse_items<'a, T>(
        self,
        bytes: &'a [u8],
        split: impl Fn(&'a [u8]) -> Option<(T, &'a [u8])>,
    ) -> Result<Vec<T>, FileError> {
        let width = self.width;
        let mut items = Vec::new();
        let mut rest = bytes;
        for number in 0..width {
            let (item, tail) = split(rest).ok_or(FileError::Truncated { number, width })?;
            items.push(item);
            rest = tail;
        }
        if rest.is_empty() {
            Ok(items)
        } else {
            Err(FileError::Trailing {
                bytes: rest.len(),
                width,
            })
        }
    }
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn push_entry(bytes: &mut Vec<u8>, number: usize, entry: &[u8]) -> Result<(), FileError> {
    let length = u16::try_from(entry.len()).map_err(|_| FileError::TooLong {
        number,
        bytes: entry.len(),
    })?;
    bytes.extend(length.to_be_bytes());
    bytes.extend(entry);
    Ok(())
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn write_groups(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if number == 0 {
                return Ok(());
            }
            write_groups(number / 1000, f)?;
            write!(f, "x{:03}/", number % 1000)
        }
        write_groups(self.number / 1000, f)?;
        write!(f, "{:03}", self.number % 1000)?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl FromStr for Part {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let read = || {
            let (groups, width) = match text.split_once(".p/") {
                Some((groups, width)) => (groups, width.parse().ok()?),
                None => (text, WIDTH),
            };
            let mut number = 0u64;
            for group in groups.split('/') {
                let digits = group.strip_prefix('x').unwrap_or(group);
                let digits = digits.parse::<u16>().ok()?;
                number = number.checked_mul(1000)?.checked_add(u64::from(digits))?;
            }
            Self::new(number, width).ok()
        };
        // The reading is generous; only the one spelling that is printed counts.
        match read() {
            Some(part) if text.len() <= MAX_PATH && part.to_string() == text => Ok(part),
            _ => Err(PathError::Path {
                text: text.to_string(),
            }),
        }
    }
}

/// A tile of the log's Merkle tree: `width` hashes of complete subtrees of 256^level entries each, of which the first is
/// subtree number 256 × `index`. A full tile has 256, and its own tree's root is one hash of the level above.
///
/// ```
/// use transparency::tile::Tile;
/// let tile = Tile::new(1, 1_234_067, 8).unwrap();
/// assert_eq!(tile.path(), "tile/1/x001/x234/067.p/8");
/// assert_eq!(tile.path().parse(), Ok(tile));
/// assert!("tile/1/067.p/256".parse::<Tile>().is_err(), "a full tile is written without a width");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    part: Part,
}

impl Tile {
    /// The tile `index` of a level, with its first `width` hashes.
    ///
    /// # Errors
    /// A level above [`MAX_LEVEL`], an index above [`MAX_NUMBER`], or a width that is not 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, PathError> {
        if level > MAX_LEVEL {
            return Err(PathError::Level { level });
        }
        let part = Part::new(index, width)?;
        Ok(Self { level, part })
    }

    /// The tile `index` of a level in a log of `size` entries, as wide as it is then; none where it does not exist yet.
    pub fn of(size: Size, level: u8, index: u64) -> Option<Self> {
        let part = Part::of(hashes_at(size, level), index)?;
        Some(Self { level, part })
    }

    /// The level, 0 (hashes of entries) to 63.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Which tile of its level, from 0.
    pub fn index(self) -> u64 {
        self.part.number
    }

    /// How many hashes it has, 1 to 256.
    pub fn width(self) -> u16 {
        self.part.width
    }

    /// Whether it has all 256 hashes, and so never changes again.
    pub fn is_full(self) -> bool {
        self.part.is_full()
    }

    /// The same tile once it is full: what to read where the partial one is gone.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            part: self.part.full(),
            ..self
        }
    }

    /// How many bytes it has: 32 a hash.
    pub fn byte_len(self) -> usize {
        usize::from(self.width()).saturating_mul(32) // at most 8192
    }

    /// Its path: `tile/<L>/<N>[.p/<W>]`.
    pub fn path(self) -> String {
        self.to_string()
    }

    /// Reads the hashes of the tile. They prove nothing yet.
    ///
    /// # Errors
    /// Another number of bytes than [`Tile::byte_len`].
    pub fn parse_hashes(self, bytes: &[u8]) -> Result<Vec<Hash>, FileError> {
        let (hashes, _) = bytes.as_chunks();
        if bytes.len() == self.byte_len() {
            Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
        } else {
            Err(FileError::Length {
                width: self.width(),
                expected: self.byte_len(),
                found: bytes.len(),
            })
        }
    }

    /// Writes the tile.
    ///
    /// # Errors
    /// Another number of hashes than its width.
    pub fn print_hashes(self, hashes: &[Hash]) -> Result<Vec<u8>, FileError> {
        self.part.expect(hashes.len())?;
        Ok(hashes.iter().flat_map(Hash::as_bytes).copied().collect())
    }

    /// The bytes of this partial tile, out of those of the full one.
    ///
    /// # Errors
    /// Bytes that are not a full tile's in number.
    pub fn cut(self, full: &[u8]) -> Result<&[u8], FileError> {
        match full.get(..self.byte_len()) {
            Some(cut) if full.len() == MAX_TILE => Ok(cut),
            _ => Err(FileError::Length {
                width: WIDTH,
                expected: MAX_TILE,
                found: full.len(),
            }),
        }
    }
}

/// How many hashes all tiles of a level hold together, in a log of `size` entries.
pub(crate) fn hashes_at(size: Size, level: u8) -> u64 {
    let shift = u32::from(level).saturating_mul(8);
    size.get().checked_shr(shift).unwrap_or(0)
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.level, self.part)
    }
}

impl FromStr for Tile {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let read = || {
            let (level, part) = text.strip_prefix("tile/")?.split_once('/')?;
            let part: Part = part.parse().ok()?;
            Self::new(level.parse().ok()?, part.number, part.width).ok()
        };
        match read() {
            Some(tile) if tile.to_string() == text => Ok(tile),
            _ => Err(PathError::Path {
                text: text.to_string(),
            }),
        }
    }
}
