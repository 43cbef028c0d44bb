//! The file `warg.lock` of a workspace: read once a command, and written whole.
//!
//! It is read when something first asks for it. The whole command goes by what was read: registries are held to the
//! checkpoints of the very lock that is checked, and a new lock is written only over the one that it was solved from.
//!
//! With its checkpoints a lock is the project's memory of its registries. It lies in version control, so a machine that never
//! saw a registry, as a CI runner, has it. Of a lock that a merge left with both sides, it is that of both. A lock that does
//! not read remembers nothing that could be held against a registry, and that is an error: forgetting would be the attack.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use component::span::{Location, Text};
use registry::file;
use resolver::lockfile::merge::{Merge, MergeError};
use resolver::lockfile::{Lockfile, MAX_LOCK, ReadError};
use transparency::checkpoint::Checkpoint;
use transparency::name::{Namespace, Origin, PackageName};
use transparency::selection::Selection;

use crate::error::{Class, Error, OrFail as _, Result};

/// The file of a workspace, and what it held when it was first asked for.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug, Clone)]
enum Read {
    NotYet,
    NoFile,
    Text(Arc<LockText>),
}

/// What the file held.
#[derive(Debug)]
pub(crate) struct LockText {
    path: PathBuf,
    text: Text,
    lock: std::result::Result<Arc<Lockfile>, ReadError>,
    merge: OnceLock<std::result::Result<Merge, MergeError>>,
    /// The line that names each package.
    lines: OnceLock<BTreeMap<Selection, u64>>,
}

impl LockFile {
    /// The file at this path, which need not be there.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: Mutex::new(Read::NotYet),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it held; none where there was no file.
    ///
    /// # Errors
    /// A file that cannot be read, or is longer than any lock.
    pub(crate) fn text(&self) -> Result<Option<Arc<LockText>>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*read, Read::NotYet) {
            *read = match read_text(&self.path)? {
                Some(text) => Read::Text(Arc::new(LockText::parse(&self.path, text))),
                None => Read::NoFile,
            };
        }
        Ok(match &*read {
            Read::Text(text) => Some(Arc::clone(text)),
            Read::NotYet | Read::NoFile => None,
        })
    }

    /// The lock; none where there was no file.
    ///
    /// # Errors
    /// A file that cannot be read, or is no lock.
    pub fn lock(&self) -> Result<Option<Arc<Lockfile>>> {
        let text = self.text()?;
        text.map(|text| text.lock().map_err(|error| text.refuse(error)))
            .transpose()
    }

    /// The line that names a package; none of one that is not locked.
    pub(crate) fn location(&self, selection: &Selection) -> Option<Location> {
        self.text().ok()??.location(selection)
    }

    /// The checkpoints of one registry.
    ///
    /// # Errors
    /// A lock that does not read.
    pub(crate) fn checkpoints_of(&self, origin: &Origin) -> Result<Vec<Checkpoint>> {
        let mut checkpoints = Vec::new();
        if let Some(text) = self.text()? {
            for lock in text.sides()? {
                checkpoints.extend(lock.registries.get(origin).cloned());
            }
        }
        Ok(checkpoints)
    }

    /// The names of the packages that are locked, as far as the lock reads.
    pub(crate) fn package_names(&self) -> BTreeSet<PackageName> {
        let selections = self.selections().into_iter();
        selections.map(|selection| selection.name).collect()
    }

    /// The packages that are locked, as far as the lock reads.
    pub(crate) fn selections(&self) -> BTreeSet<Selection> {
        let Ok(Some(text)) = self.text() else {
            return BTreeSet::new();
        };
        let sides = text.sides().unwrap_or_default().into_iter();
        sides
            .flat_map(|lock| lock.packages.keys())
            .cloned()
            .collect()
    }

    /// Which namespaces the lock takes from registries of a sort, as far as it reads: each with each of them. The text of a
    /// lock that names one has a sign of it.
    pub(crate) fn claims(
        &self,
        sign: &str,
        of: impl Fn(&Origin) -> bool,
    ) -> BTreeSet<(Namespace, Origin)> {
        let text = self.text().ok().flatten();
        // Most locks name none.
        let Some(text) = text.filter(|text| text.as_str().contains(sign)) else {
            return BTreeSet::new();
        };
        let mut claims = BTreeSet::new();
        for lock in text.sides().unwrap_or_default() {
            let table = lock.options.origins.namespaces.iter();
            let table = table.map(|(namespace, origin)| (namespace.clone(), origin));
            // Of what a merge put together, the table may be one side's and an entry the other's.
            let entries = lock.packages.iter().filter_map(|(selection, package)| {
                let release = package.release.as_ref()?;
                Some((selection.name.namespace(), &release.origin))
            });
            let of_sort = table.chain(entries).filter(|(_, origin)| of(origin));
            claims.extend(of_sort.map(|(namespace, origin)| (namespace, origin.clone())));
        }
        claims
    }

    /// Writes a new lock, whole or not at all, if its lines change; and only over what this command read.
    ///
    /// # Errors
    /// A file that another program changed meanwhile; one that cannot be written.
    pub(crate) fn write(&self, lock: &Arc<Lockfile>) -> Result<bool> {
        let before = self.text()?;
        let path = &self.path;
        let now = read_text(path)?;
        if now.as_deref().is_some_and(|text| lock.has_lines_of(text)) {
            return Ok(false);
        }
        if now.as_deref() != before.as_deref().map(LockText::as_str) {
            let message = format!(
                "{} was changed by another program meanwhile",
                path.display()
            );
            return Err(Error::new(Class::Other, message).with_help("run the command again"));
        }
        let text = lock.to_string();
        file::replace(path, text.as_bytes())
            .or_fail(Class::Other, || format!("cannot write {}", path.display()))?;
        let written = LockText::of(path, text, Ok(Arc::clone(lock)));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read = Read::Text(Arc::new(written));
        Ok(true)
    }
}

impl LockText {
    fn parse(path: &Path, text: String) -> Self {
        let lock = text.parse().map(Arc::new);
        Self::of(path, text, lock)
    }

    fn of(path: &Path, text: String, lock: std::result::Result<Arc<Lockfile>, ReadError>) -> Self {
        Self {
            text: Text::new(path, text),
            path: path.to_owned(),
            lock,
            merge: OnceLock::new(),
            lines: OnceLock::new(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The lock.
    ///
    /// # Errors
    /// Why it is none: [`LockText::refuse`] says it.
    pub(crate) fn lock(&self) -> std::result::Result<Arc<Lockfile>, &ReadError> {
        self.lock.as_ref().map(Arc::clone)
    }

    /// What a merge left of two locks.
    ///
    /// # Errors
    /// Sides that cannot be told apart, or are no locks.
    pub(crate) fn merge(&self) -> std::result::Result<&Merge, &MergeError> {
        let merge = self.merge.get_or_init(|| Merge::read(self.as_str()));
        merge.as_ref()
    }

    /// The lock; both sides of one that a merge left.
    fn sides(&self) -> Result<Vec<&Lockfile>> {
        match &self.lock {
            Ok(lock) => Ok(vec![lock]),
            Err(refused) => match self.merge() {
                Ok(merge) => Ok(merge.sides().iter().collect()),
                Err(_) => Err(self.refuse(refused)),
            },
        }
    }

    /// The failure to read it, at its line.
    pub(crate) fn refuse(&self, error: &ReadError) -> Error {
        let line = error.line();
        self.located(Error::classified(error.clone()), line)
            .context(format!("{} cannot be used", self.path.display()))
    }

    /// The failure, at a line of the lock.
    pub(crate) fn located(&self, error: Error, line: Option<u64>) -> Error {
        match line {
            Some(line) => error
                .at(self.text.line(line))
                .below(self.path.parent().unwrap_or(&self.path)),
            None => error,
        }
    }

    /// The line that names a package. A lock has one spelling: each package begins with a line of its own, the kind stands in
    /// the line after that, and the name in the next.
    fn location(&self, selection: &Selection) -> Option<Location> {
        let lock = self.lock.as_ref().ok()?;
        let lines = self.lines.get_or_init(|| {
            let numbered = (1..).zip(self.as_str().lines());
            let entries = numbered.filter(|(_, line)| *line == "[[package]]");
            let names = entries.map(|(number, _): (u64, _)| number.saturating_add(2));
            lock.packages.keys().cloned().zip(names).collect()
        });
        let line = self.text.line(*lines.get(selection)?);
        Some(line.named(Path::new("warg.lock")))
    }
}

/// The lock in another file than a workspace's own; none where there is none.
///
/// # Errors
/// A file that cannot be read, or is no lock.
pub fn read(path: &Path) -> Result<Option<Arc<Lockfile>>> {
    LockFile::new(path.to_owned()).lock()
}

/// The text of a lock; none where there is no file.
fn read_text(path: &Path) -> Result<Option<String>> {
    let failed = || format!("cannot read {}", path.display());
    let limit = u64::try_from(MAX_LOCK).unwrap_or(u64::MAX);
    match file::read(path, limit) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .or_fail(Class::Lock, failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let text = LockText::of(path, String::new(), Err(ReadError::TooLong));
            Err(text.refuse(&ReadError::TooLong))
        }
        Err(error) => Err(Error::caused(Class::Other, failed(), error)),
    }
}
