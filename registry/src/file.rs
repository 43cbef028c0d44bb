//! Files of this machine: the one module where they are opened, written, moved and removed.
//!
//! **Read** are regular files only, and no more of one than a limit. A pipe makes its reader wait for ever, and a device has
//! no end.
//!
//! **Written** are whole files: a new one is written beside and then renamed, so whoever stops in between leaves the old one.
//! There are three sorts of paths, each with one rule:
//!
//! | path | permissions | what lies in the way |
//! |---|---|---|
//! | a file that is the user's own: `Cargo.toml`, `warg.lock`, `wit/*.wit` ([`replace`]), what `-o` names ([`output`]) | it keeps its own; of a new one, the umask decides | a link stays one, and what it leads to is written; a read-only file is refused |
//! | below a folder that others read: `wit/`, a vendored folder, a registry ([`Tree::shared`]) | the umask decides | no link is followed; a link or a read-only file under a file's name is refused |
//! | below a folder of this user alone: keys, state, cache ([`Tree::private`]) | folders 0700 and files 0600, whatever the umask | no link is followed; what lies under a file's name is replaced |

mod left;
mod tree;

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

pub use left::{is_staged, left_below, left_in};
pub use tree::{NewFolder, Tree};

/// What the names of temporary files and folders begin with; six letters and digits follow.
pub const STAGED: &str = ".cargo-warg-";

/// Why a file is not read or written although the system would. Each comes as the inside of an [`io::Error`].
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// A link on the way to a file, or under its name.
    #[error("{} is a link, and nothing is written or removed through one", .0.display())]
    Link(PathBuf),
    /// A link to something that is not there: it may be there again when a disk is back.
    #[error("it is a link to something that is not there")]
    Dangling,
    /// A link to a folder in which it lies itself.
    #[error("it is a link to a folder in which it lies itself")]
    Upward,
    /// A link out of the folder that is read.
    #[error("it is a link to what does not lie in the folder that is read")]
    Outward,
    /// A file that its owner protects. (Giving its name to another would ask the folder alone.)
    #[error("it is read-only")]
    ReadOnly,
    /// A pipe, a device or the like.
    #[error("it is {0}, not a regular file")]
    Special(&'static str),
    /// More bytes than are read.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// A secret file that others get at.
    #[error("it {0}")]
    Exposed(Exposed),
    /// The folder that a file is to lie in.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
}

/// How others get at a secret file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposed {
    /// Others than its owner can read or write it.
    File {
        /// Its permission bits.
        mode: u32,
    },
    /// Others can replace it by another file.
    Folder {
        /// The folder that others may write to.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { mode } => write!(
                f,
                "is open to others: its mode is {mode:03o}, and must be 600"
            ),
            Self::Folder { folder, mode } => write!(
                f,
                "lies in {}, where others may write: the mode of that folder is {mode:03o}, and must be 700",
                folder.display()
            ),
        }
    }
}

impl From<Obstacle> for io::Error {
    fn from(obstacle: Obstacle) -> Self {
        let kind = match obstacle {
            Obstacle::Link(_)
            | Obstacle::Special(_)
            | Obstacle::Dangling
            | Obstacle::Upward
            | Obstacle::Outward => ErrorKind::InvalidInput,
            Obstacle::ReadOnly | Obstacle::Exposed(_) => ErrorKind::PermissionDenied,
            Obstacle::TooLarge(_) => ErrorKind::FileTooLarge,
            Obstacle::NoFolder(_) => ErrorKind::NotFound,
        };
        Self::new(kind, obstacle)
    }
}

impl Obstacle {
    /// What is inside of an error, if it is one of these.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Opens a regular file for reading.
///
/// # Errors
/// What is no regular file; a system that says no.
pub fn open(path: &Path) -> io::Result<File> {
    // Already opening a pipe waits, and opening a device may do anything. What is open is looked at again: it may be another.
    check_regular(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    check_regular(&file.metadata()?)?;
    Ok(file)
}

/// Reads a regular file of at most so many bytes.
///
/// # Errors
/// As [`open`]; a longer file, of which nothing is read that need not be.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_open(open(path)?, limit)
}

fn read_open(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let about = file.metadata()?;
    let length = if about.is_file() { about.len() } else { 0 };
    if length > limit {
        return Err(Obstacle::TooLarge(limit).into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
    // It may grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    check_length(&bytes, limit)?;
    Ok(bytes)
}

/// Reads a regular file of text of at most so many bytes.
///
/// # Errors
/// As [`read`]; bytes that are no text.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text_of(read(path, limit)?)
}

/// The error says nothing of the bytes: they may be a secret.
fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads a secret: as [`read_text`], of a file that is its owner's alone, in a folder that only its owner may write.
///
/// # Errors
/// As [`read_text`]; permissions of others.
pub fn read_secret(path: &Path, limit: u64) -> io::Result<String> {
    let file = open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |about: Metadata| about.permissions().mode() & 0o777;
        let about = file.metadata()?;
        let is_file = about.is_file();
        let of_file = mode(about);
        if is_file && of_file & 0o077 != 0 {
            return Err(Obstacle::Exposed(Exposed::File { mode: of_file }).into());
        }
        // Where it really lies: behind a link, the folder of the link says nothing.
        let folder = folder_of(&fs::canonicalize(path)?).to_owned();
        let of_folder = mode(fs::metadata(&folder)?);
        if of_folder & 0o022 != 0 {
            let exposed = Exposed::Folder {
                folder,
                mode: of_folder,
            };
            return Err(Obstacle::Exposed(exposed).into());
        }
    }
    text_of(read_open(file, limit)?)
}

/// Reads at most so many bytes of what a command was told to read: that may be a pipe, which the user's shell made.
///
/// # Errors
/// A folder; more bytes; a system that says no.
pub fn read_argument(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() {
        return read(path, limit);
    }
    read_stream(File::open(path)?, limit)
}

/// Reads at most so many bytes of a stream.
///
/// # Errors
/// More bytes; a system that says no.
pub fn read_stream(stream: impl io::Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    check_length(&bytes, limit)?;
    Ok(bytes)
}

fn check_length(bytes: &[u8], limit: u64) -> io::Result<()> {
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(()),
        _ => Err(Obstacle::TooLarge(limit).into()),
    }
}

fn check_regular(about: &Metadata) -> io::Result<()> {
    // Of a folder the system says by itself what is wrong.
    if about.is_file() || about.is_dir() {
        return Ok(());
    }
    Err(Obstacle::Special(sort_of(about)).into())
}

#[cfg(unix)]
fn sort_of(about: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let sort = about.file_type();
    if sort.is_fifo() {
        "a named pipe"
    } else if sort.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn sort_of(_: &Metadata) -> &'static str {
    "something else"
}

/// Writes a file that is the user's own, durably.
///
/// # Errors
/// A link that leads nowhere; a read-only file, or no file; a folder that is not there; a system that says no.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut path = path.to_owned();
    let there = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        about => {
            if about?.is_symlink() {
                path = canonicalize(&path)?;
            }
            Some(fs::metadata(&path)?)
        }
    };
    let folder = folder_of(&path);
    let staged = match there {
        Some(about) => {
            check_regular(&about)?;
            check_writable(&about)?;
            OpenOptions::new().write(true).open(&path)?; // its owner may be another
            let staged = Builder::new().prefix(STAGED).tempfile_in(folder)?;
            staged.as_file().set_permissions(about.permissions())?;
            staged
        }
        None if !folder.is_dir() => return Err(Obstacle::NoFolder(folder.to_owned()).into()),
        None => open_to(0o666).tempfile_in(folder)?,
    };
    fill(&staged, bytes, true)?;
    staged.persist(&path).map_err(|error| error.error)?;
    sync_parent(&path)
}

fn canonicalize(link: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(link).map_err(|error| explained(link, error))
}

/// Writes what a command was told to write: as [`replace`], but a link need not lead to a file yet, and what is no file, as
/// `/dev/null`, is written to.
///
/// # Errors
/// As [`replace`].
pub fn output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            OpenOptions::new().write(true).open(path)?.write_all(bytes)
        }
        Ok(_) => replace(path, bytes),
        Err(_) => match fs::read_link(path) {
            Ok(to) => replace(&folder_of(path).join(to), bytes),
            Err(_) => replace(path, bytes),
        },
    }
}

/// Adds to the end of a file that somebody else keeps, such as the summary of a job.
///
/// # Errors
/// A system that says no.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(bytes)
}

/// Demands that files can be made in a folder.
///
/// # Errors
/// A system that says no.
pub fn check_folder_writable(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// The folder of a file; the current one, where only a name is given.
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// A builder of what is open to others as far as the umask lets: left alone, it is for its owner.
fn open_to(mode: u32) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(STAGED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

fn fill(staged: &NamedTempFile, bytes: &[u8], synced: bool) -> io::Result<()> {
    let mut file = staged.as_file();
    file.write_all(bytes)?;
    if synced { file.sync_all() } else { Ok(()) }
}

fn check_writable(about: &Metadata) -> io::Result<()> {
    if about.is_file() && about.permissions().readonly() {
        Err(Obstacle::ReadOnly.into())
    } else {
        Ok(())
    }
}

/// A failure to read what has a name, but is a link that leads nowhere, is told as that.
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::NotFound && path.is_symlink() {
        return Obstacle::Dangling.into();
    }
    error
}

/// No such file: also where a part of its path is a file.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Syncs the folder that holds a file, so that its name survives a crash too.
#[cfg(unix)]
fn sync_parent(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; its names are the file system's to keep.
#[cfg(not(unix))]
fn sync_parent(_: &Path) -> io::Result<()> {
    Ok(())
}
