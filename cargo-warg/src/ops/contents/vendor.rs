//! What is locked, into a folder of the project: contents, and the evidence for every claim.
//!
//! The folder is one more mirror of each registry, cut down to the files that checking the lock reads, at the checkpoint
//! that is trusted now. Which files these are is found out by checking the lock once more, from what this machine has
//! just verified. Also there: what shows that the log continues any earlier checkpoint, so that a machine which saw an
//! older folder can read a newer one.
//!
//! A file never changes under its name; only checkpoints do, and they are written last. What is not needed is removed after
//! that. So a run that stops in between leaves the old folder, or the new one with files too many.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use registry::cache::Cache;
use registry::client::{Client, Session};
use registry::file::{self, Tree};
use registry::layout::{self, ObjectPath};
use registry::storage::{Source, StorageError};
use resolver::lockfile::Lockfile;
use transparency::name::Origin;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::address::{address_text, resolve};
use crate::notice::{Notice, leave_out_yanks};
use crate::ops::lock::verify::Whose;
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::manifest::add::wait_for_turn;
use crate::ops::session::Sessions;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::{PREFIX, policy_path, policy_text};
use crate::ops::session::policy::read_policy_file;
use crate::ops::session::project::Project;
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;

/// Where what is locked goes, unless somebody says otherwise: beside what `cargo vendor` writes.
pub const FOLDER: &str = "vendor/warg";

/// The file that says whose folder it is. git must not touch line endings: every byte counts.
const MARK: &str = ".gitattributes";
const MARK_TEXT: &str = "# Written by `cargo warg vendor`, which replaces and removes what lies in content/ and registry/.\n* -text\n";

/// More than the mark has; what is longer is another file.
const MAX_MARK: u64 = 4096;

/// The folders that are ours, below the one that was asked for.
const OURS: [&str; 2] = ["content", "registry"];

/// The most entries of a log whose whole past can be shown: two megabytes of tiles.
const PAST: u64 = 65_536;

/// What becomes of what lies there of personal registries that the lock does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// It goes.
    Removed,
    /// It stays: another branch may still name it, and what this one removed would be missing where the two are merged.
    Kept,
}

/// What vendoring did.
#[derive(Debug)]
pub struct Vendored {
    /// What became of the lock on the way.
    pub lock: Outcome,
    /// Where it is.
    pub folder: PathBuf,
    /// How many files there are.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them are contents.
    pub contents: usize,
    /// How many were written.
    pub written: usize,
    /// How many were removed.
    pub removed: usize,
    /// Whether Cargo.toml was changed.
    pub configured: bool,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// What the user should know, beside what there is to know of the lock.
    pub notices: Vec<Notice>,
}

/// Puts what is locked, and its evidence, into a folder of the project, and names it in Cargo.toml; locks first where the
/// lock is missing or stale, unless nothing may change.
///
/// # Errors
/// Whatever locking or checking says; a folder that holds something else; files that cannot be written.
pub fn vendor(
    project: &Project,
    dirs: &Dirs,
    path: Option<&Path>,
    flags: Flags,
    others: Others,
) -> Result<Option<Vendored>> {
    let root = project.workspace.root();
    let folder = match (path, project.workspace.vendor()) {
        (Some(path), _) => path.to_owned(),
        (None, Some(configured)) => configured.to_owned(),
        (None, None) => root.join(FOLDER),
    };
    let given = folder;
    let folder =
        resolve(&given).or_fail(Class::Other, || format!("cannot find {}", given.display()))?;
    check_leads_nowhere(root, &given, &folder)?;
    let text = address_text(root, &folder, "the folder to vendor into")?;
    check_ours(&folder)?;
    let mut sessions = Sessions::new(&project.registries, Reading::now(flags.offline));
    let mut outcome = lock::lock(project, &mut sessions, &[], flags)?;
    let Some(lock) = outcome.lock.as_ref() else {
        return Ok(None);
    };
    // A lock that was just written is checked under the table that it was solved under.
    let origins = sessions.origins().clone();
    let checked = lock::verify::check(
        &origins,
        Whose::Workspace(project.workspace.lock_file()),
        lock,
        &mut sessions,
        |_| false,
    )?;
    let proved = sessions.proved();
    let files = collect(project, lock, &mut sessions, flags.offline)?;
    let _turn = wait_for_turn(dirs)?;
    let cannot = || format!("cannot write into {}", folder.display());
    // It is committed, and read by others; what a power cut takes is written again.
    let tree = Tree::shared(&folder).unsynced();
    let written = write(&tree, &files, flags.offline)?;
    let kept = keep_policies(project, lock, others)?;
    let needed: BTreeSet<_> = files.iter().map(|file| file.target.clone()).collect();
    let mut removed = 0;
    for left in file::left_in(&folder) {
        let name = Path::new(left.file_name().unwrap_or_default());
        tree.remove_all(name).or_fail(Class::Other, cannot)?;
    }
    for ours in OURS {
        removed += sweep(&tree, Path::new(ours), &needed, &kept).or_fail(Class::Other, cannot)?;
    }
    let mut edit = project.workspace.edit_root().classified()?;
    edit.set_vendor(&text).classified()?;
    let configured = edit.save().classified()?;
    leave_out_yanks(&mut outcome.notices, &checked.yanked);
    Ok(Some(Vendored {
        folder,
        files: files.len(),
        bytes: written.bytes,
        contents: checked.count,
        written: written.files,
        removed,
        configured,
        proved,
        notices: checked.yanked,
        lock: outcome,
    }))
}

/// Demands that a folder in the project is not elsewhere, by a link: its author could make one that leads to another project.
fn check_leads_nowhere(root: &Path, given: &Path, folder: &Path) -> Result<()> {
    let cannot = || format!("cannot find {}", given.display());
    let given = std::path::absolute(given).or_fail(Class::Other, cannot)?;
    // With `..` it says itself that it leads elsewhere, and whoever runs this wrote it, or Cargo.toml shows it.
    let is_within =
        given.starts_with(root) && !given.components().any(|one| one == Component::ParentDir);
    if !is_within || folder.starts_with(resolve(root).or_fail(Class::Other, cannot)?) {
        return Ok(());
    }
    let message = format!(
        "{} leads out of the project by a link, to {}",
        given.display(),
        folder.display()
    );
    Err(Error::new(Class::Usage, message).with_help(
        "remove the link: what is vendored lies in the folder itself, and what is not needed there is removed",
    ))
}

/// Demands a folder that is empty or not there, or one that this command wrote. What a run left that was killed before it
/// wrote its mark is nobody else's.
fn check_ours(folder: &Path) -> Result<()> {
    let read = || format!("cannot read {}", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.or_fail(Class::Other, read)?,
    };
    let mut is_empty = true;
    for entry in entries {
        let name = entry.or_fail(Class::Other, read)?.file_name();
        is_empty &= file::is_staged(&name);
    }
    if is_empty {
        return Ok(());
    }
    let text = file::read_text(&folder.join(MARK), MAX_MARK);
    if text.is_ok_and(|text| text == MARK_TEXT) {
        return check_no_links(folder);
    }
    let message = format!(
        "{} holds something that `cargo warg vendor` did not write",
        folder.display()
    );
    Err(Error::new(Class::Usage, message).with_help(
        "choose a folder that is empty or not there: what is not needed in it is removed",
    ))
}

/// Demands that no link lies where files are written and removed. This command makes none. The mark does not
/// vouch for what is behind a link: the author of a project could make one that leads to any folder of this user.
fn check_no_links(folder: &Path) -> Result<()> {
    let mut paths: Vec<_> = OURS.iter().map(|ours| folder.join(ours)).collect();
    while let Some(path) = paths.pop() {
        let read = || format!("cannot read {}", path.display());
        let kind = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            about => about.or_fail(Class::Other, read)?.file_type(),
        };
        if kind.is_symlink() {
            let message = format!(
                "{} is a link, which `cargo warg vendor` did not write",
                path.display()
            );
            return Err(Error::new(Class::Usage, message).with_help(
                "remove it: what is vendored lies in the folder itself, and what is not needed there is removed",
            ));
        }
        if kind.is_dir() {
            for entry in fs::read_dir(&path).or_fail(Class::Other, read)? {
                paths.push(entry.or_fail(Class::Other, read)?.path());
            }
        }
    }
    Ok(())
}

/// A registry as it is checked once more: the files that this machine verified, at one checkpoint, and which of them were
/// asked for.
struct Recorder<'a> {
    registry: &'a Configured,
    offline: bool,
    note: Vec<u8>,
    asked: Mutex<BTreeSet<ObjectPath>>,
}

impl Source for Recorder<'_> {
    fn get(&self, path: &ObjectPath) -> std::result::Result<Option<Vec<u8>>, StorageError> {
        if *path == layout::checkpoint() {
            return Ok(Some(self.note.clone()));
        }
        let found = self.registry.kept(path, self.offline)?;
        if found.is_some() {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(path.clone());
        }
        Ok(found)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.registry.kept_address(path)
    }
}

/// A file to be written, and where it comes from.
struct File<'a> {
    /// Where it is written, below the folder.
    target: PathBuf,
    path: ObjectPath,
    registry: &'a Configured,
    /// The bytes of a checkpoint.
    note: Option<Vec<u8>>,
}

/// The files that checking the lock reads; the checkpoints last.
fn collect<'a>(
    project: &'a Project,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
    offline: bool,
) -> Result<Vec<File<'a>>> {
    let mut recorders: BTreeMap<Origin, Recorder<'a>> = BTreeMap::new();
    for origin in lock.registries.keys() {
        sessions.with(origin, |session| session.read_past(PAST))?;
        let recorder = Recorder {
            registry: project.registries.of_origin(origin)?,
            offline,
            note: sessions
                .of(origin)?
                .checkpoint()
                .note()
                .to_string()
                .into_bytes(),
            asked: Mutex::default(),
        };
        recorders.insert(origin.clone(), recorder);
    }
    let mut open: BTreeMap<Origin, Session<'_>> = BTreeMap::new();
    for (origin, recorder) in &recorders {
        let registry = recorder.registry;
        let session = Client::new(&registry.policy, recorder)
            .saving_evidence(registry.trust())
            .open()
            .and_then(|mut session| session.read_past(PAST).map(|()| session))
            .map_err(|error| registry.failure(error))?;
        open.insert(origin.clone(), session);
    }
    lock::verify::check(
        sessions.origins(),
        Whose::Workspace(project.workspace.lock_file()),
        lock,
        &mut Sessions::opened(&project.registries, open),
        |_| false,
    )?;
    let mut files: BTreeMap<PathBuf, File<'a>> = BTreeMap::new();
    let mut checkpoints = Vec::new();
    for recorder in recorders.into_values() {
        let registry = recorder.registry;
        let asked = recorder.asked.into_inner();
        for path in asked.unwrap_or_else(PoisonError::into_inner) {
            let target = Cache::file(&registry.policy, &path);
            let file = File {
                target: target.clone(),
                path,
                registry,
                note: None,
            };
            files.insert(target, file);
        }
        let path = layout::checkpoint();
        checkpoints.push(File {
            target: Cache::file(&registry.policy, &path),
            path,
            registry,
            note: Some(recorder.note),
        });
    }
    Ok(files.into_values().chain(checkpoints).collect())
}

/// What was written, and how many bytes all files have.
struct Written {
    files: usize,
    bytes: u64,
}

/// Writes the files that are not there already, in order.
fn write(tree: &Tree, files: &[File<'_>], offline: bool) -> Result<Written> {
    let cannot = || format!("cannot write into {}", tree.root().display());
    let mut written = Written { files: 0, bytes: 0 };
    keep(tree, Path::new(MARK), MARK_TEXT.as_bytes()).or_fail(Class::Other, cannot)?;
    for file in files {
        let bytes = match &file.note {
            Some(note) => note.clone(),
            None => file
                .registry
                .kept(&file.path, offline)
                .map_err(|error| file.registry.failure(error.into()))?
                .ok_or_else(|| {
                    let shown = file.registry.kept_address(&file.path);
                    Error::new(Class::Unavailable, format!("{shown} was removed meanwhile"))
                })?,
        };
        let new = keep(tree, &file.target, &bytes).or_fail(Class::Other, cannot)?;
        written.files += usize::from(new);
        written.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }
    Ok(written)
}

/// Writes the policies of the personal registries that a lock names, and removes those of others, if they are not kept; gives
/// the folders of registries whose files stay, though the lock does not need them.
fn keep_policies(project: &Project, lock: &Lockfile, others: Others) -> Result<BTreeSet<PathBuf>> {
    let root = project.workspace.root();
    let tree = Tree::shared(root).unsynced();
    let cannot = || format!("cannot write into {}", root.join("trust").display());
    let mut needed = BTreeSet::new();
    for origin in lock.registries.keys() {
        let Some(path) = policy_path(origin) else {
            continue;
        };
        let registry = project.registries.of_origin(origin)?;
        // That of another machine lies there already: it was read.
        if !root.join(&path).exists() {
            let text = policy_text(registry.policy.operate_key());
            keep(&tree, &path, text.as_bytes()).or_fail(Class::Other, cannot)?;
        }
        needed.insert(path);
    }
    let mut kept = BTreeSet::new();
    for path in policies(root).difference(&needed) {
        match others {
            Others::Removed => _ = tree.remove(path).or_fail(Class::Other, cannot)?,
            Others::Kept => {
                let policy = read_policy_file(&root.join(path), None);
                let folder = policy.ok().and_then(|policy| {
                    let file = Cache::file(&policy, &layout::checkpoint());
                    file.parent().map(Path::to_owned)
                });
                kept.extend(folder);
            }
        }
    }
    Ok(kept)
}

/// The policies of personal registries that lie with a project, from its root.
fn policies(root: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(root.join("trust"))
        .into_iter()
        .flatten()
        .flatten();
    let origins = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let digits = name.strip_prefix("personal-")?.strip_suffix(".policy")?;
        policy_path(&format!("{PREFIX}{digits}").parse().ok()?)
    });
    origins.collect()
}

/// Writes a file whole, unless it is there with these bytes; says whether it did.
fn keep(tree: &Tree, below: &Path, bytes: &[u8]) -> io::Result<bool> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if file::read(&tree.root().join(below), length).is_ok_and(|found| found == bytes) {
        return Ok(false);
    }
    tree.replace(below, bytes)?;
    Ok(true)
}

/// Removes what is not needed below a folder, but for folders that are kept, and folders that are empty then; says how many
/// files that were.
fn sweep(
    tree: &Tree,
    below: &Path,
    needed: &BTreeSet<PathBuf>,
    kept: &BTreeSet<PathBuf>,
) -> io::Result<usize> {
    let folder = tree.root().join(below);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if kept.contains(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            removed += sweep(tree, &path, needed, kept)?;
        } else if !needed.contains(&path) {
            removed += usize::from(tree.remove(&path)?);
        }
    }
    if fs::read_dir(&folder)?.next().is_none() {
        tree.remove_folder(below)?;
    }
    Ok(removed)
}
