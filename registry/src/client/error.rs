//! Why a registry cannot be read or believed, and what can be done about it.

use std::io;

use semver::Version;
use transparency::checkpoint::TrustError;
use transparency::content::ContentError;
use transparency::digest::{Digest, Hash};
use transparency::log::{ProofError, TileError};
use transparency::map::MapError;
use transparency::misbehavior::Misbehavior;
use transparency::name::{Origin, PackageName};
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::package::{ExtensionError, HeadError, LogError};
use transparency::policy::Policy;
use transparency::record::Subject;
use transparency::tile::FileError;

use crate::fetch::FetchError;
use crate::storage::StorageError;
use crate::trust::{Saved, TrustStoreError};

/// What the reader of an error should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again, or elsewhere: something is not there.
    Retry,
    /// Find out who changed what: a claim, signature, proof or digest does not hold.
    Investigate,
    /// Show the evidence: the registry contradicted itself under its own signature.
    Report,
    /// Mend this machine: its disk, its permissions, its own files.
    Mend,
    /// Ask for something else: what was asked for never was.
    Ask,
}

/// Why a registry cannot be read or believed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Something could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no checkpoint where the registry should be.
    #[error("there is no registry at {address}")]
    NoRegistry {
        /// Where its checkpoint would be.
        address: String,
    },
    /// Offline, and this machine keeps nothing of the registry.
    #[error("nothing of the registry `{origin}` is kept on this machine")]
    NothingKept {
        /// The origin of the registry.
        origin: Origin,
    },
    /// A file that must be there is not.
    #[error("{address} is missing")]
    Missing {
        /// Where it should be.
        address: String,
    },
    /// The registry is behind what this machine saw of it.
    #[error(
        "the registry `{origin}` at {address} has {size} entries, but this machine saw it with {seen}: it is a lagging copy, or was set back"
    )]
    SetBack {
        /// The origin of the registry.
        origin: Origin,
        /// Where it was read.
        address: String,
        /// The size of its log, in entries.
        size: Size,
        /// The size that was seen.
        seen: Size,
    },
    /// The registry is behind what is asked about.
    #[error(
        "the registry `{origin}` at {address} has {size} entries, and knows nothing yet of size {asked}"
    )]
    Behind {
        /// The origin of the registry.
        origin: Origin,
        /// Where it was read.
        address: String,
        /// The size that was asked about.
        asked: Size,
        /// The size of its log, in entries.
        size: Size,
    },
    /// The checkpoint is not trusted.
    #[error("the checkpoint of the registry `{origin}` is refused")]
    Trust {
        /// The origin of the registry.
        origin: Origin,
        /// The error that caused it.
        #[source]
        source: Box<TrustError>,
    },
    /// A file of tiles, entries or records that does not read.
    #[error("{address} is damaged")]
    File {
        /// Where the file lies: a path or a URL.
        address: String,
        /// What is wrong with it.
        #[source]
        source: FileError,
    },
    /// Tiles that do not lead to the checkpoint's root.
    #[error("the tiles of the log do not belong to its checkpoint")]
    Tile(#[source] Box<TileError>),
    /// A map page that is not the one its parent names.
    #[error("{address} is not the map page that the registry committed to")]
    Map {
        /// Where the page lies: a path or a URL.
        address: String,
        /// What is wrong with it.
        #[source]
        source: MapError,
    },
    /// What the map says of a package.
    #[error(transparent)]
    Head(Box<HeadError>),
    /// A package log.
    #[error("the package log at {address} is refused")]
    Log {
        /// Where its first file lies.
        address: String,
        /// The error that caused it.
        #[source]
        source: Box<LogError>,
    },
    /// Records that are not on the way to the head that the map names.
    #[error("{address} holds other records than those that the registry's map leads to")]
    Unchained {
        /// Where the file lies: a path or a URL.
        address: String,
    },
    /// More records than the registry's log has entries.
    #[error(
        "the log of `{subject}` is said to have {length} records, but the registry's has {size} entries in all"
    )]
    Longer {
        /// Whose log it is: a package's or the operator's.
        subject: Subject,
        /// How many records it is said to have.
        length: Length,
        /// The size of the registry's log.
        size: Size,
    },
    /// An index outside the log.
    #[error("there is no entry {index} in a log of {size}")]
    Outside {
        /// The index that was asked for.
        index: Index,
        /// The log's size.
        size: Size,
    },
    /// Another entry lies there.
    #[error("the record {hash} is not entry {index} of the log")]
    NotIncluded {
        /// The record, by its hash as a leaf of the log.
        hash: Hash,
        /// Where it was said to be.
        index: Index,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The log of that size does not end with a map entry, so there never was a checkpoint of it.
    #[error(
        "the registry `{origin}` never had a checkpoint of {size} entries{}",
        and_nearest(nearest)
    )]
    NoCheckpoint {
        /// The origin of the registry.
        origin: Origin,
        /// The size that was asked for.
        size: Size,
        /// The nearest sizes that had one, as far as they were seen.
        nearest: Vec<Size>,
    },
    /// A checkpoint is claimed that the registry cannot have signed: its log does not end with a map entry at that size.
    #[error("the registry `{origin}` never had a checkpoint of {size} entries, which is claimed")]
    NeverCheckpoint {
        /// The origin of the registry.
        origin: Origin,
        /// The size that the claimed checkpoint has.
        size: Size,
    },
    /// A past map does not count a record that lies before it.
    #[error(
        "the map of size {size} does not count record {position} of `{name}`, which is entry {index} of the log"
    )]
    LeftOut {
        /// The package whose record it is.
        name: PackageName,
        /// The record's position in the package's log.
        position: Position,
        /// Where the log holds it.
        index: Index,
        /// The size that the log had.
        size: Size,
    },
    /// The log never had that root at that size.
    #[error("the log of `{origin}` never had the root that is claimed for size {size}")]
    NotPrefix {
        /// The origin of the registry.
        origin: Origin,
        /// The size for which a root is claimed.
        size: Size,
        /// What is wrong with the proof.
        #[source]
        source: ProofError,
    },
    /// The log does not contain the checkpoint that this machine saw, and no evidence could be made of it.
    #[error(
        "the log of `{origin}` does not continue the checkpoint of size {seen} that this machine saw"
    )]
    Diverged {
        /// The origin of the registry.
        origin: Origin,
        /// The size of that checkpoint.
        seen: Size,
    },
    /// Another operator under the same key.
    #[error(
        "the operator log of `{origin}` began with {seen} when this machine first saw it, and begins with {found} now"
    )]
    OtherOperator {
        /// The origin of the registry.
        origin: Origin,
        /// The first record that was seen.
        seen: Hash,
        /// The first record now.
        found: Hash,
    },
    /// The operator log does not continue what was seen of it, and what would prove that is not to be had.
    #[error(
        "the operator log of `{origin}` had {seen} records, and does not continue them: it has {found} now"
    )]
    OperatorCut {
        /// The origin of the registry.
        origin: Origin,
        /// How many it had.
        seen: Length,
        /// How many it has.
        found: Length,
    },
    /// A package log does not continue what was seen of it, and what would prove that is not to be had.
    #[error("`{name}` in `{origin}` lost records that this machine saw")]
    Lost {
        /// The origin of the registry.
        origin: Origin,
        /// The package whose records are gone.
        name: PackageName,
        /// How the log differs; none where the package is gone.
        #[source]
        source: Option<Box<ExtensionError>>,
    },
    /// A record is said to lie elsewhere in the log than it did, and not both indices are proved.
    #[error(
        "the last record of `{subject}` that was seen is entry {seen} of the log of `{origin}`, but is said to be entry {found} now"
    )]
    Moved {
        /// The origin of the registry.
        origin: Origin,
        /// Whose log it is: a package's or the operator's.
        subject: Subject,
        /// Where it lay.
        seen: Index,
        /// Where it is said to lie.
        found: Index,
    },
    /// The registry's time went back, and no record of its operator says that the later time was wrong.
    #[error(
        "the time of the registry `{origin}` went back: it was {seen} when it was last seen, and is {found} now"
    )]
    TimeBack {
        /// The origin of the registry.
        origin: Origin,
        /// The time that was seen.
        seen: Time,
        /// The time now.
        found: Time,
    },
    /// The registry contradicted itself, provably.
    #[error("the registry `{origin}` misbehaved: {}", evidence.explain())]
    Misbehavior {
        /// The origin of the registry.
        origin: Origin,
        /// The proof, for others.
        evidence: Box<Misbehavior>,
        /// Where the proof is kept.
        saved: Saved,
    },
    /// A content has more bytes than its record says; it was not read to its end.
    #[error("the content of {name}@{version}, {digest}, is longer than its record says")]
    Long {
        /// The package that the content is of.
        name: PackageName,
        /// The version that the content is of.
        version: Version,
        /// What it should be.
        digest: Digest,
        /// Where it lies, and how long it may be.
        #[source]
        source: StorageError,
    },
    /// A content is not what its record says.
    #[error(transparent)]
    Content(Box<ContentError>),
    /// A content that cannot be parsed.
    #[error("the content of {name}@{version} cannot be read")]
    Underivable {
        /// The package that the content is of.
        name: PackageName,
        /// The version that the content is of.
        version: Version,
        /// The error that caused it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What this machine remembers.
    #[error(transparent)]
    Memory(#[from] TrustStoreError),
    /// What was kept on this machine cannot be read.
    #[error("cannot read what was kept")]
    Kept(#[source] StorageError),
    /// A verified file could not be kept.
    #[error("cannot keep what was verified")]
    Keep(#[source] StorageError),
    /// A package that was not asked for; a defect of this program.
    #[error("`{name}` was not loaded")]
    Unasked {
        /// The package that was not loaded.
        name: PackageName,
    },
}

fn and_nearest(sizes: &[Size]) -> String {
    match sizes {
        [] => String::new(),
        [one] => format!("; the nearest one that was seen is of {one}"),
        [before, behind, ..] => format!("; the nearest ones are of {before} and {behind}"),
    }
}

impl StorageError {
    /// What the reader should do.
    pub fn remedy(&self) -> Remedy {
        match self {
            // The disk, or who may do what on it: nobody else mends that, and no waiting does.
            Self::Io { source, .. } if is_local(source) => Remedy::Mend,
            Self::Io { action: "read", .. } => Remedy::Retry,
            Self::Io { .. } => Remedy::Mend,
            Self::Fetch { source, .. } => source.remedy(),
            Self::TooLarge { .. } | Self::Exists { .. } | Self::Moved | Self::Back { .. } => {
                Remedy::Investigate
            }
        }
    }
}

impl FetchError {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            // Neither is mended by trying again, and nobody changed anything: the token or the certificates here are to be
            // looked at.
            Self::Denied { .. } | Self::Setup { .. } => Remedy::Mend,
            Self::TooLarge { .. } => Remedy::Investigate,
            Self::Connect { .. }
            | Self::Stalled { .. }
            | Self::Slow { .. }
            | Self::Broken { .. }
            | Self::Length { .. }
            | Self::Encoded { .. }
            | Self::WebPage
            | Self::Busy { .. }
            | Self::Status { .. }
            | Self::Pieces { .. }
            | Self::Redirects { .. }
            | Self::Redirect { .. } => Remedy::Retry,
        }
    }
}

fn is_local(source: &io::Error) -> bool {
    matches!(
        source.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

impl ClientError {
    pub(super) fn nothing_kept(policy: &Policy) -> Self {
        Self::NothingKept {
            origin: policy.origin().clone(),
        }
    }

    pub(super) fn trust(policy: &Policy, source: TrustError) -> Self {
        Self::Trust {
            origin: policy.origin().clone(),
            source: Box::new(source),
        }
    }

    /// What the reader should do.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Storage(error) => error.remedy(),
            Self::NoRegistry { .. }
            | Self::NothingKept { .. }
            | Self::Missing { .. }
            | Self::SetBack { .. }
            | Self::Behind { .. } => Remedy::Retry,
            Self::Kept(StorageError::TooLarge { .. })
            | Self::Trust { .. }
            | Self::File { .. }
            | Self::Tile(_)
            | Self::Map { .. }
            | Self::Head(_)
            | Self::Log { .. }
            | Self::Unchained { .. }
            | Self::Longer { .. }
            | Self::Outside { .. }
            | Self::NotIncluded { .. }
            | Self::NotPrefix { .. }
            | Self::NeverCheckpoint { .. }
            | Self::LeftOut { .. }
            | Self::OtherOperator { .. }
            | Self::Diverged { .. }
            | Self::Lost { .. }
            | Self::OperatorCut { .. }
            | Self::Moved { .. }
            | Self::TimeBack { .. }
            | Self::Long { .. }
            | Self::Content(_)
            | Self::Underivable { .. }
            | Self::Memory(TrustStoreError::Damaged { .. } | TrustStoreError::OtherKey { .. }) => {
                Remedy::Investigate
            }
            Self::NoCheckpoint { .. } => Remedy::Ask,
            Self::Misbehavior { .. } => Remedy::Report,
            Self::Memory(TrustStoreError::Io { .. })
            | Self::Kept(_)
            | Self::Keep(_)
            | Self::Unasked { .. } => Remedy::Mend,
        }
    }
}

impl From<TileError> for ClientError {
    fn from(source: TileError) -> Self {
        Self::Tile(Box::new(source))
    }
}
