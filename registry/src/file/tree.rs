//! Folders below which files are written and removed, never through a link: see [`file`](super) for the rules.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use super::{
    Obstacle, STAGED, check_regular, check_writable, fill, folder_of, is_absent, open_to,
    sync_parent,
};

/// A folder below which whole files are written and removed, never through a link. It need not exist yet. (The folder itself
/// may be a link: whoever names it decides that.)
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
    private: bool,
    synced: bool,
    staging: Option<PathBuf>,
}

impl Tree {
    /// One that others read, too.
    pub fn shared(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            private: false,
            synced: true,
            staging: None,
        }
    }

    /// One that is this user's alone.
    pub fn private(root: impl Into<PathBuf>) -> Self {
        Self {
            private: true,
            ..Self::shared(root)
        }
    }

    /// The same, of files that can be had again: they are written whole, but a power cut may take them.
    #[must_use]
    pub fn unsynced(self) -> Self {
        Self {
            synced: false,
            ..self
        }
    }

    /// The same, with its temporary files in this folder below it, and not beside what they become.
    #[must_use]
    pub fn staged_in(self, below: impl Into<PathBuf>) -> Self {
        Self {
            staging: Some(below.into()),
            ..self
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder itself, where it is missing.
    ///
    /// # Errors
    /// A system that says no.
    pub fn make(&self) -> io::Result<()> {
        if self.root.is_dir() {
            return Ok(());
        }
        let parent = folder_of(&self.root);
        if self.synced {
            make_synced(parent)?;
        } else {
            fs::create_dir_all(parent)?; // made as others would make it
        }
        self.make_folder(&self.root)
    }

    /// Writes a file. What has its name is replaced.
    ///
    /// # Errors
    /// A link on the way; where others read, a link or a read-only file under its name; a system that says no.
    pub fn replace(&self, below: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = self.make_path(below)?;
        if !self.private {
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                about => {
                    let about = about?;
                    check_no_link(&path, &about)?;
                    check_writable(&about)?;
                }
            }
        }
        let staged = self.stage(&path, bytes)?;
        staged.persist(&path).map_err(|error| error.error)?;
        self.sync_name(&path)
    }

    /// Writes a file that is not there yet; false where something is.
    ///
    /// # Errors
    /// A link on the way; a system that says no.
    pub fn create(&self, below: &Path, bytes: &[u8]) -> io::Result<bool> {
        let path = self.make_path(below)?;
        let created = match self.stage(&path, bytes)?.persist_noclobber(&path) {
            Ok(_) => true,
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error.error),
        };
        self.sync_name(&path)?; // whoever made it may have died before its name was safe
        Ok(created)
    }

    /// Makes sure that a file that is there survives a power cut under its name, whoever wrote it.
    ///
    /// # Errors
    /// A system that says no.
    pub fn sync(&self, below: &Path) -> io::Result<()> {
        self.sync_name(&self.root.join(below))
    }

    /// Makes a folder that appears with a file in it; false where there is a folder, unless that is empty.
    ///
    /// # Errors
    /// A link on the way, or under its name; a system that says no.
    pub fn begin(&self, below: &Path, name: &OsStr, bytes: &[u8]) -> io::Result<bool> {
        let path = self.make_path(below)?;
        if let Ok(about) = fs::symlink_metadata(&path) {
            check_no_link(&path, &about)?;
        }
        let staged = self.stage_folder(&self.staging_for(&path)?)?;
        let inside = Self {
            root: staged.path().to_owned(),
            staging: None,
            ..self.clone()
        };
        inside.create(Path::new(name), bytes)?;
        match fs::rename(staged.path(), &path) {
            Ok(()) => {
                let _ = staged.keep(); // it has another name now: nothing to remove
                self.sync_name(&path)?;
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes a file, or what stands under its name; false where nothing does.
    ///
    /// # Errors
    /// A link on the way; where others read, a link under its name; a system that says no.
    pub fn remove(&self, below: &Path) -> io::Result<bool> {
        self.remove_by(below, |path, _| fs::remove_file(path))
    }

    /// Removes a folder that is empty; false where there is none.
    ///
    /// # Errors
    /// As [`Tree::remove`]; a folder that is not empty.
    pub fn remove_folder(&self, below: &Path) -> io::Result<bool> {
        self.remove_by(below, |path, _| fs::remove_dir(path))
    }

    /// Removes a file, or a folder with all that is in it; false where there is nothing. Links in it are removed, and what
    /// they lead to stays.
    ///
    /// # Errors
    /// As [`Tree::remove`].
    pub fn remove_all(&self, below: &Path) -> io::Result<bool> {
        self.remove_by(below, |path, about| {
            if about.is_dir() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            }
        })
    }

    /// Removes a folder with all that is in it so that it goes whole: a reader sees all of it, or nothing.
    ///
    /// # Errors
    /// As [`Tree::remove`].
    pub fn remove_whole(&self, below: &Path) -> io::Result<bool> {
        self.remove_by(below, |path, _| {
            let away = self.stage_folder(&self.staging_for(path)?)?;
            match fs::rename(path, away.path().join("removed")) {
                Ok(()) => away.close(),
                Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
                // Where the system does not move it, it goes piece by piece.
                Err(_) => fs::remove_dir_all(path),
            }
        })
    }

    fn remove_by(
        &self,
        below: &Path,
        remove: impl FnOnce(&Path, &Metadata) -> io::Result<()>,
    ) -> io::Result<bool> {
        let path = self.find_path(below)?;
        let removed = fs::symlink_metadata(&path).and_then(|about| {
            if !self.private {
                check_no_link(&path, &about)?;
            }
            remove(&path, &about)
        });
        match removed {
            Ok(()) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until no other process holds this file, and holds it until it is dropped.
    ///
    /// # Errors
    /// A link on the way, or under its name; a system that says no.
    pub fn lock(&self, below: &Path) -> io::Result<File> {
        self.lock_at(self.make_path(below)?)
    }

    /// The same, in a folder that is there: it makes none.
    ///
    /// # Errors
    /// As [`Tree::lock`]; no such folder.
    pub fn lock_in(&self, below: &Path) -> io::Result<File> {
        self.lock_at(self.find_path(below)?)
    }

    fn lock_at(&self, path: PathBuf) -> io::Result<File> {
        if let Ok(about) = fs::symlink_metadata(&path) {
            check_no_link(&path, &about)?;
            check_regular(&about)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(if self.private { 0o600 } else { 0o666 });
        }
        let file = options.open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// The path of what lies below. Demands that no link lies on the way to it, as far as the way is there.
    fn find_path(&self, below: &Path) -> io::Result<PathBuf> {
        let mut path = self.root.clone();
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                return Err(ErrorKind::InvalidInput.into()); // it would lead out of the folder
            };
            path.push(name);
            if parts.peek().is_some()
                && let Ok(about) = fs::symlink_metadata(&path)
            {
                check_no_link(&path, &about)?;
            }
        }
        Ok(path)
    }

    /// The same, with the folders on the way made where they are missing.
    fn make_path(&self, below: &Path) -> io::Result<PathBuf> {
        let path = self.find_path(below)?;
        let folder = folder_of(&path);
        if !folder.is_dir() {
            self.make()?;
            let mut on_the_way = self.root.clone();
            for part in below.parent().into_iter().flat_map(Path::components) {
                on_the_way.push(part);
                if !on_the_way.is_dir() {
                    self.make_folder(&on_the_way)?;
                }
            }
        }
        Ok(path)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => {
                return Err(error);
            }
            Ok(()) if self.private => set_mode(folder, 0o700)?,
            // Somebody else may have made it in between.
            Ok(()) | Err(_) => {}
        }
        self.sync_name(folder)
    }

    fn staging_for(&self, path: &Path) -> io::Result<PathBuf> {
        match &self.staging {
            None => Ok(folder_of(path).to_owned()),
            Some(staging) => {
                let inside = self.make_path(&staging.join(STAGED))?;
                Ok(folder_of(&inside).to_owned())
            }
        }
    }

    /// A temporary file with these bytes.
    fn stage(&self, path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let staging = self.staging_for(path)?;
        let staged = if self.private {
            let staged = Builder::new().prefix(STAGED).tempfile_in(staging)?;
            set_mode(staged.path(), 0o600)?;
            staged
        } else {
            open_to(0o666).tempfile_in(staging)?
        };
        fill(&staged, bytes, self.synced)?;
        Ok(staged)
    }

    fn stage_folder(&self, staging: &Path) -> io::Result<TempDir> {
        if !self.private {
            return open_to(0o777).tempdir_in(staging);
        }
        let staged = open_to(0o700).tempdir_in(staging)?;
        set_mode(staged.path(), 0o700)?;
        Ok(staged)
    }

    fn sync_name(&self, path: &Path) -> io::Result<()> {
        if self.synced {
            sync_parent(path)
        } else {
            Ok(())
        }
    }
}

/// A folder that is filled before it has its name. It goes away unless it is given that name.
#[derive(Debug)]
pub struct NewFolder {
    staged: TempDir,
    target: PathBuf,
}

impl NewFolder {
    /// A folder beside the path that it is to have, for others to read, too.
    ///
    /// # Errors
    /// A system that says no.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        Ok(Self {
            staged: open_to(0o777).tempdir_in(folder)?,
            target: path.to_owned(),
        })
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        self.staged.path()
    }

    /// Gives it its name, where nothing has it, or an empty folder.
    ///
    /// # Errors
    /// A system that says no.
    pub fn finish(self) -> io::Result<()> {
        fs::rename(self.staged.path(), &self.target)?;
        let _ = self.staged.keep(); // it has another name now: nothing to remove
        sync_parent(&self.target)
    }
}

fn check_no_link(path: &Path, about: &Metadata) -> io::Result<()> {
    if about.is_symlink() {
        Err(Obstacle::Link(path.to_owned()).into())
    } else {
        Ok(())
    }
}

/// Gives a new file or folder a mode, whatever the umask.
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, mode);
        Ok(())
    }
}

/// Makes a folder and those above it, each durably.
fn make_synced(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_synced(if parent == Path::new("") {
            Path::new(".")
        } else {
            parent
        })?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_parent(folder),
    }
}
