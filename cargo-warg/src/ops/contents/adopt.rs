//! Handing over a `wit/deps` that was filled by hand: what a registry has, and says the same, is `fetch`'s from then on.
//!
//! Such texts serve the project by themselves, and nothing vouches for them. Those that are a release's text are taken out;
//! then their packages are required, locked and fetched like all others. What differs from the release, or is in no registry,
//! stays where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use component::wit::at_hand::meaning;
use component::wit::root::Root;
use component::wit::text::{MAX_TEXT, wit_name};
use registry::file::{self, Tree};
use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::selection::Selection;
use upstream::{Texts, Upstream as _};

use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::ops::session::Sessions;
use crate::ops::session::contents::Wanted;
use crate::ops::session::project::Project;

/// What is handed over, and what stays.
#[derive(Debug, Default)]
pub struct Adoption {
    /// The packages, as `name@version`, with the file or folder that each lies in.
    pub adopted: Vec<(String, PathBuf)>,
    /// The files and folders that stay, and why.
    pub left: Vec<(PathBuf, String)>,
}

/// Files that were taken out, with their texts.
#[derive(Debug)]
pub struct TakenOut(BTreeMap<PathBuf, Vec<u8>>);

/// Finds what can be handed over. Nothing is changed.
///
/// # Errors
/// Texts that cannot be read; a registry that cannot be read or believed.
pub fn adopt(project: &Project, sessions: &mut Sessions<'_>) -> Result<Adoption> {
    let mut adoption = Adoption::default();
    for root in project.roots.values() {
        let by_path = by_path(root);
        if by_path.is_empty() {
            continue;
        }
        let texts = Texts::open(root.deps()).classified()?;
        for (path, packages) in by_path {
            let mut why = other_files(path);
            for package in &packages {
                if why.is_none() {
                    why = objection(package.as_ref(), &texts, sessions)?;
                }
            }
            match why {
                Some(why) => adoption.left.push((path.to_owned(), why)),
                None => adoption.adopted.extend(
                    packages
                        .into_iter()
                        .flatten()
                        .map(|(name, version)| (format!("{name}@{version}"), path.to_owned())),
                ),
            }
        }
    }
    Ok(adoption)
}

/// A package that a text declares; none where no registry can hold it.
type Declared = Option<(PackageName, Version)>;

/// The files and folders of `wit/deps` that `fetch` did not write, with the packages that they declare.
fn by_path(root: &Root) -> BTreeMap<&Path, Vec<Declared>> {
    let mut by_path: BTreeMap<&Path, Vec<Declared>> = BTreeMap::new();
    let deps = root.deps();
    for local in root
        .locals()
        .iter()
        .filter(|local| local.path.starts_with(&deps))
    {
        let package = &local.package;
        let name = format!("{}:{}", package.namespace, package.name);
        let declared = name.parse().ok().zip(package.version.clone());
        by_path.entry(&local.path).or_default().push(declared);
    }
    by_path
}

/// Why a folder cannot go whole: it holds something else than texts.
fn other_files(path: &Path) -> Option<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let is_text = |path: &Path| path.is_file() && path.extension().is_some_and(|end| end == "wit");
    let mut others = entries
        .map(|entry| entry.path())
        .filter(|path| !is_text(path));
    let other = others.next()?;
    Some(format!("it holds {}", other.file_name()?.to_string_lossy()))
}

/// Why a package stays where it is; none where a registry has it and says the same.
fn objection(
    declared: Option<&(PackageName, Version)>,
    texts: &Texts,
    sessions: &mut Sessions<'_>,
) -> Result<Option<String>> {
    let Some((name, version)) = declared else {
        return Ok(Some(
            "no registry can hold it: it has no version".to_owned(),
        ));
    };
    if sessions.origins().of(name).is_none() {
        return Ok(Some(format!(
            "no registry is configured for the namespace of `{name}`"
        )));
    }
    let (address, log) = sessions.find(name)?;
    let log = log.map(registry::client::LoadedLog::log);
    let Some(release) = log.and_then(|log| log.release(version)).cloned() else {
        return Ok(Some(format!(
            "`{}` has no {name}@{version}",
            address.origin
        )));
    };
    if release.kind() != Kind::Wit || !release.is_usable() {
        return Ok(Some(format!("{name}@{version} cannot be used")));
    }
    let own = match texts.fetch(name, version) {
        Ok(own) => own.bytes,
        Err(error) => return Ok(Some(format!("{:#}", Error::classified(error)))),
    };
    if transparency::digest::Digest::of(&own) == *release.digest() {
        return Ok(None);
    }
    // Another tool may have encoded the release, or the copy lacks a comment.
    let selection = Selection {
        kind: Kind::Wit,
        name: name.clone(),
        version: version.clone(),
    };
    let mut wanted = Wanted::default();
    wanted.push(&address.origin, &selection, release);
    let contents = wanted.read(sessions, |_| true)?;
    let package = wit_name(name, version);
    let says = |bytes: &[u8]| meaning(bytes, &package).ok().flatten();
    let theirs = contents
        .get(&selection)
        .and_then(|content| says(content.bytes()));
    let is_same = theirs.is_some() && theirs == says(&own);
    Ok((!is_same).then(|| {
        format!(
            "its text differs from that of {name}@{version} in `{}`",
            address.origin
        )
    }))
}

impl Adoption {
    /// Takes the texts out. What fails half-way is put back.
    ///
    /// # Errors
    /// A file that cannot be read or removed.
    pub fn take_out(&self) -> Result<TakenOut> {
        let paths: BTreeSet<&PathBuf> = self.adopted.iter().map(|(_, path)| path).collect();
        let mut taken = TakenOut(BTreeMap::new());
        for path in &paths {
            for file in files(path) {
                let text = file::read(&file, MAX_TEXT);
                let text =
                    text.or_fail(Class::Other, || format!("cannot read {}", file.display()))?;
                taken.0.insert(file, text);
            }
        }
        for path in paths {
            if let Err(error) = remove(path) {
                let message = format!("cannot remove {}", path.display());
                let error = Error::caused(Class::Other, message, error);
                return Err(taken.put_back(error));
            }
        }
        Ok(taken)
    }
}

impl TakenOut {
    /// Puts the texts back, and says in the failure whether they are.
    pub fn put_back(&self, failure: Error) -> Error {
        for (path, text) in &self.0 {
            if let Err(error) = create(path, text) {
                return failure.with_help(format!("{} was not put back ({error})", path.display()));
            }
        }
        failure.with_help("wit/deps is as it was before")
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn remove(path: &Path) -> std::io::Result<bool> {
    let name = path.file_name().map_or(path, Path::new);
    Tree::shared(file::folder_of(path)).remove_all(name)
}

fn create(path: &Path, text: &[u8]) -> std::io::Result<bool> {
    let folder = file::folder_of(path);
    let below = path.strip_prefix(file::folder_of(folder)).unwrap_or(path);
    Tree::shared(file::folder_of(folder)).create(below, text)
}
