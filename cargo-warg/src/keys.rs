//! This user's secret keys: a file that nobody else can read, and `CARGO_WARG_KEY`.
//!
//! The file lies in the config folder, one key a line in the text form of Go's `note` package. Right above a key, `# role:`
//! and `# label:` say what it is for (`keys/about.rs`); other lines that start with `#`, and blank ones, are kept and mean nothing.
//! It is changed under a lock, written whole to a new file that replaces the old one; a key that is removed goes to a file
//! beside it. In continuous integration the variable holds the keys, one a line; [`without_secrets`] takes it out of the
//! environment of every child.
//!
//! Keys are never printed, and no error repeats a line of the file.

mod about;

use std::env;
use std::fs;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use registry::file::{self, Exposed, Obstacle, Tree};
use transparency::key::{Algorithm, KeyError, SigningKey, VerifyingKey};

use crate::dirs::{Dirs, DirsError};
use crate::error::{Class, Classify};
use crate::secret::{closing, is_missing, read_secret};
use crate::tokens::TOKENS_VARIABLE;

use self::about::Above;
pub use self::about::{About, Role};

/// The variable that holds secret keys, one a line.
pub const KEY_VARIABLE: &str = "CARGO_WARG_KEY";

/// The largest key file, in bytes: thousands of keys. A larger one is some other file.
pub const MAX_KEY_FILE: u64 = 1024 * 1024;

const FILE: &str = "keys";
const REMOVED: &str = "keys.removed";
const LOCK: &str = "keys.lock";

/// Why a key cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The config folder.
    #[error(transparent)]
    Dirs(#[from] DirsError),
    /// The file cannot be read.
    #[error("cannot read the key file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the key file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Others than its owner can read or write the file, or replace it.
    #[error("the key file `{}` {how}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// How others get at it.
        how: Exposed,
    },
    /// The file is longer than [`MAX_KEY_FILE`].
    #[error("the key file `{}` is longer than {MAX_KEY_FILE} bytes, which none is", path.display())]
    Size {
        /// The file.
        path: PathBuf,
    },
    /// A line of the file or of the variable that is no key. The line is not repeated, nor is any part of it.
    #[error(
        "line {line} of {read_from} is not a secret key: expected `PRIVATE+KEY+NAME+ID+BASE64`"
    )]
    Line {
        /// The file, or the variable.
        read_from: String,
        /// Counted from 1.
        line: usize,
    },
    /// The variable is not UTF-8.
    #[error("the variable `{KEY_VARIABLE}` is not text")]
    Variable,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    Random(#[source] getrandom::Error),
    /// A name that no key can have.
    #[error(transparent)]
    Name(KeyError),
    /// A new key's name is taken.
    #[error("there is a key named `{name}` already: {key}")]
    Taken {
        /// The name.
        name: String,
        /// The public half of the key that has it.
        key: VerifyingKey,
    },
    /// No key has that name.
    #[error("there is no secret key named `{name}`")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Several keys have that name.
    #[error("{} secret keys are named `{name}`", keys.len())]
    Several {
        /// The name asked for.
        name: String,
        /// Their public halves.
        keys: Vec<VerifyingKey>,
    },
}

impl Classify for KeysError {
    fn class(&self) -> Class {
        match self {
            Self::Dirs(error) => error.class(),
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Open { .. }
            | Self::Size { .. }
            | Self::Line { .. }
            | Self::Variable
            | Self::Random(_)
            | Self::Name(_)
            | Self::Taken { .. }
            | Self::Unknown { .. }
            | Self::Several { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Dirs(error) => error.help(),
            Self::Open { path, how } => Some(closing(path, how)),
            Self::Taken { .. } => Some("choose another name: a key is never replaced".to_owned()),
            Self::Unknown { name, known } if known.is_empty() => Some(format!(
                "`cargo warg key new {name}` makes one; a key from elsewhere goes into `{KEY_VARIABLE}`"
            )),
            Self::Unknown { known, .. } => Some(format!("the keys here are: {}", known.join(", "))),
            Self::Several { keys, .. } => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                Some(format!("they are: {}", keys.join(", ")))
            }
            Self::Line { .. } | Self::Variable => {
                Some("a key is what `cargo warg key new NAME` wrote to the key file".to_owned())
            }
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => Some(
                "it is a link to a file that is not there: bring that back, or remove the link"
                    .to_owned(),
            ),
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Size { .. }
            | Self::Random(_)
            | Self::Name(_) => None,
        }
    }
}

/// A secret key, and what is said of it. No `Debug`: keys are never printed.
pub struct Kept {
    /// The key.
    pub key: SigningKey,
    /// What it is for.
    pub about: About,
}

impl Kept {
    /// A key in this role, without a label.
    pub fn new(key: SigningKey, role: Role) -> Self {
        let about = About { role, label: None };
        Self { key, about }
    }

    /// The secret itself, as the key file has it: for files of keys, and for nothing else.
    pub fn danger_secret_text(&self) -> String {
        format!("{}{}\n", self.about, self.key.danger_secret_text())
    }
}

/// The secret keys at hand. No `Debug`: they are never printed.
pub struct Keys(Vec<Kept>);

impl Keys {
    /// Those of `CARGO_WARG_KEY`, then those of the key file.
    ///
    /// # Errors
    /// A line that is no key, or a file that others can read.
    pub fn open(dirs: &Dirs) -> Result<Self, KeysError> {
        let variable = match env::var(KEY_VARIABLE) {
            Ok(text) => Some(text),
            Err(env::VarError::NotPresent) => None,
            Err(env::VarError::NotUnicode(_)) => return Err(KeysError::Variable),
        };
        Self::read(dirs, variable.as_deref())
    }

    /// Those of the key file alone.
    ///
    /// # Errors
    /// A line that is no key, or a file that others can read.
    pub fn open_file(dirs: &Dirs) -> Result<Self, KeysError> {
        Self::read(dirs, None)
    }

    fn read(dirs: &Dirs, variable: Option<&str>) -> Result<Self, KeysError> {
        let mut keys = Self(Vec::new());
        if let Some(text) = variable {
            keys.extend(text, || format!("`{KEY_VARIABLE}`"))?;
        }
        let path = file(dirs);
        let text = read_file(&path)?;
        keys.extend(&text, || format!("`{}`", path.display()))?;
        Ok(keys)
    }

    /// Those of a text, one a line. `read_from` says where from, for messages.
    ///
    /// # Errors
    /// A line that is no key.
    pub fn parse(read_from: &str, text: &str) -> Result<Self, KeysError> {
        let mut keys = Self(Vec::new());
        keys.extend(text, || read_from.to_owned())?;
        Ok(keys)
    }

    fn extend(&mut self, text: &str, read_from: impl Fn() -> String) -> Result<(), KeysError> {
        let mut above = Above::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                above.read(line);
                continue;
            }
            let key: SigningKey = line.parse().map_err(|_| KeysError::Line {
                read_from: read_from(),
                line: number.saturating_add(1),
            })?;
            let about = above.take();
            let mut present = self.0.iter_mut();
            match present.find(|kept| kept.key.verifying_key() == key.verifying_key()) {
                // The variable says less of a key than the file.
                Some(kept) if kept.about == About::default() => kept.about = about,
                Some(_) => {}
                None => self.0.push(Kept { key, about }),
            }
        }
        Ok(())
    }

    /// All of them, those of the variable first.
    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        self.kept().map(|kept| &kept.key)
    }

    /// The same, with what is said of each.
    pub fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.0.iter()
    }

    /// The same, to be kept elsewhere.
    pub fn into_kept(self) -> Vec<Kept> {
        self.0
    }

    /// The one of this name or with this public half; where the role is given, in that role.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_kept(&self, text: &str, role: Option<Role>) -> Result<&Kept, KeysError> {
        let vkey = text.parse::<VerifyingKey>().ok();
        let is_it = |kept: &&Kept| {
            let key = kept.key.verifying_key();
            let is_named = key.name() == text || vkey.as_ref() == Some(key);
            is_named && role.is_none_or(|role| kept.about.role == role)
        };
        let named: Vec<_> = self.kept().filter(is_it).collect();
        self.only(text, &named)
    }

    /// The one of this name.
    ///
    /// # Errors
    /// There is none, or there are several (a registry's operate and checkpoint keys share its origin as their name).
    pub fn find(&self, name: &str) -> Result<&SigningKey, KeysError> {
        Ok(&self.find_kept(name, None)?.key)
    }

    fn only<'k>(&self, name: &str, named: &[&'k Kept]) -> Result<&'k Kept, KeysError> {
        match named {
            [one] => Ok(one),
            [] => Err(KeysError::Unknown {
                name: name.to_owned(),
                known: self
                    .all()
                    .map(|key| key.verifying_key().name().to_owned())
                    .collect(),
            }),
            several => Err(KeysError::Several {
                name: name.to_owned(),
                keys: several
                    .iter()
                    .map(|kept| kept.key.verifying_key().clone())
                    .collect(),
            }),
        }
    }

    /// The one whose public half this is.
    pub fn find_vkey(&self, key: &VerifyingKey) -> Option<&SigningKey> {
        self.all().find(|secret| secret.verifying_key() == key)
    }
}

/// The file that holds the keys that were removed. It may not exist.
pub fn removed_file(dirs: &Dirs) -> PathBuf {
    dirs.config().join(REMOVED)
}

/// The file that holds this user's keys. It may not exist.
pub fn file(dirs: &Dirs) -> PathBuf {
    dirs.config().join(FILE)
}

/// A new Ed25519 key from the system's randomness. It is not kept anywhere yet.
pub fn generate(name: &str) -> Result<SigningKey, KeysError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeysError::Random)?;
    SigningKey::from_seed(name, Algorithm::Ed25519, seed).map_err(KeysError::Name)
}

/// Makes a key of a name that no key in the file has, keeps it there, and gives its public half.
///
/// # Errors
/// The name is taken or cannot name a key, or the file cannot be read or written; then it is as it was.
pub fn create(dirs: &Dirs, name: &str, label: Option<String>) -> Result<VerifyingKey, KeysError> {
    let key = generate(name)?;
    let public = key.verifying_key().clone();
    let about = About {
        role: Role::Publisher,
        label,
    };
    append(dirs, &[Kept { key, about }], |present| {
        let mut named = present.all().map(SigningKey::verifying_key);
        let taken = named.find(|key| key.name() == name).cloned();
        taken.map_or(Ok(()), Err)
    })?;
    Ok(public)
}

/// Keeps keys in the file; those that it holds already stay as they are.
///
/// # Errors
/// The file cannot be read or written; then it is as it was.
pub fn add(dirs: &Dirs, keys: &[Kept]) -> Result<(), KeysError> {
    append(dirs, keys, |_| Ok(()))
}

/// The same of keys from elsewhere. Gives the public halves of those that are new here.
///
/// # Errors
/// Another key here has the name of one, in the same role; the file cannot be read or written. Then it is as it was.
pub fn import(dirs: &Dirs, keys: &[Kept]) -> Result<Vec<VerifyingKey>, KeysError> {
    let mut new = Vec::new();
    append(dirs, keys, |present| {
        for kept in keys {
            let key = kept.key.verifying_key();
            let is_in_the_way = |other: &&Kept| {
                let other_key = other.key.verifying_key();
                other_key.name() == key.name()
                    && other.about.role == kept.about.role
                    && other_key != key
            };
            if let Some(other) = present.kept().find(is_in_the_way) {
                return Err(other.key.verifying_key().clone());
            }
            if present.find_vkey(key).is_none() {
                new.push(key.clone());
            }
        }
        Ok(())
    })?;
    Ok(new)
}

/// Takes a key out of the file, into the one of those that were removed. Without it, nothing changes.
///
/// # Errors
/// A file that cannot be read or written.
pub fn remove(dirs: &Dirs, key: &VerifyingKey) -> Result<(), KeysError> {
    let (_lock, path) = lock(dirs)?;
    let text = read_file(&path)?;
    let read_from = format!("`{}`", path.display());
    let present = Keys::parse(&read_from, &text)?;
    let mut kept = present.kept();
    let Some(gone) = kept.find(|kept| kept.key.verifying_key() == key) else {
        return Ok(());
    };
    let removed = removed_file(dirs);
    let mut all = read_file(&removed)?;
    close_line(&mut all);
    all.push_str(&gone.danger_secret_text());
    // It is in both files for a moment, and never in none.
    write_file(&removed, &all).map_err(failed(&removed))?;
    let mut rest = String::new();
    let mut above = String::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if about::is_said(bare) {
            above.push_str(line);
            continue;
        }
        let is_gone = bare
            .parse::<SigningKey>()
            .is_ok_and(|one| one.verifying_key() == key);
        if !is_gone {
            rest.push_str(&above);
            rest.push_str(line);
        }
        above.clear();
    }
    rest.push_str(&above);
    write_file(&path, &rest).map_err(failed(&path))
}

/// Reads, asks `permit` (which gives the key that is in the way), and writes, all under the lock.
fn append(
    dirs: &Dirs,
    keys: &[Kept],
    permit: impl FnOnce(&Keys) -> Result<(), VerifyingKey>,
) -> Result<(), KeysError> {
    let (_lock, path) = lock(dirs)?;
    let mut text = read_file(&path)?;
    let present = Keys::parse(&format!("`{}`", path.display()), &text)?;
    permit(&present).map_err(|key| KeysError::Taken {
        name: key.name().to_owned(),
        key,
    })?;
    let before = text.len();
    for kept in keys {
        if present.find_vkey(kept.key.verifying_key()).is_none() {
            close_line(&mut text);
            text.push_str(&kept.danger_secret_text());
        }
    }
    if text.len() == before {
        return Ok(());
    }
    write_file(&path, &text).map_err(failed(&path))
}

/// Until the file is dropped, nobody else changes the keys; and where these lie.
fn lock(dirs: &Dirs) -> Result<(File, PathBuf), KeysError> {
    let folder = dirs.make_config()?;
    let path = resolve(folder.join(FILE))?;
    let lock = Tree::private(folder).lock(Path::new(LOCK));
    Ok((lock.map_err(failed(&path))?, path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> KeysError {
    let path = path.to_owned();
    |source| KeysError::Write { path, source }
}

/// Ends the last line, if it is open.
fn close_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Where the file lies: a link to a file elsewhere stays a link. One that leads nowhere is an error, since it may lead to
/// keys again when a disk is back.
fn resolve(named: PathBuf) -> Result<PathBuf, KeysError> {
    match fs::canonicalize(&named) {
        Ok(path) => Ok(path),
        Err(_) if is_missing(&named) => Ok(named),
        Err(source) => Err(KeysError::Read {
            path: named,
            source,
        }),
    }
}

/// The file's text, empty where there is none.
fn read_file(path: &Path) -> Result<String, KeysError> {
    let text = read_secret(path, MAX_KEY_FILE).map_err(|source| {
        let path = path.to_owned();
        match Obstacle::of(&source) {
            Some(Obstacle::Exposed(how)) => KeysError::Open {
                how: how.clone(),
                path,
            },
            Some(Obstacle::TooLarge(_)) => KeysError::Size { path },
            _ => KeysError::Read { path, source },
        }
    })?;
    Ok(text.unwrap_or_default())
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let name = Path::new(path.file_name().ok_or(io::ErrorKind::NotFound)?);
    Tree::private(file::folder_of(path)).replace(name, text.as_bytes())
}

/// The command, with the secret keys and tokens taken out of its environment. Every child process is made through this.
pub fn without_secrets(mut command: Command) -> Command {
    command.env_remove(KEY_VARIABLE);
    command.env_remove(TOKENS_VARIABLE);
    command
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Dirs) {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        (home, dirs)
    }

    fn names(keys: &Keys) -> Vec<&str> {
        keys.all().map(|key| key.verifying_key().name()).collect()
    }

    #[test]
    fn a_new_key_is_found_by_name_and_by_vkey_and_its_file_is_private() {
        let (_home, dirs) = home();
        let ci = create(&dirs, "acme/ci", None).unwrap();
        let other = create(&dirs, "acme/dev", None).unwrap();
        assert_ne!(ci, other);
        let keys = Keys::read(&dirs, None).unwrap();
        assert_eq!(names(&keys), ["acme/ci", "acme/dev"]);
        assert_eq!(keys.find("acme/ci").unwrap().verifying_key(), &ci);
        assert!(keys.find_vkey(&other).is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(dirs.config().join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_name_that_is_taken_is_refused_and_the_file_stays_as_it_is() {
        let (_home, dirs) = home();
        let first = create(&dirs, "acme/ci", None).unwrap();
        let before = fs::read(dirs.config().join(FILE)).unwrap();
        match create(&dirs, "acme/ci", None) {
            Err(KeysError::Taken { key, .. }) => assert_eq!(key, first),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            create(&dirs, "a b", None),
            Err(KeysError::Name(_))
        ));
        assert_eq!(fs::read(dirs.config().join(FILE)).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_an_error_and_stays() {
        let (home, dirs) = home();
        let path = dirs.make_config().unwrap().join(FILE);
        let elsewhere = home.path().join("disk");
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let error = create(&dirs, "acme/ci", None).unwrap_err();
        assert!(matches!(error, KeysError::Read { .. }), "{error:?}");
        assert!(error.help().unwrap().contains("a link"));
        assert!(Keys::read(&dirs, None).is_err());
        assert_eq!(fs::read_link(&path).unwrap(), elsewhere);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn adding_keeps_comments_and_what_is_there_and_repeats_nothing() {
        let (_home, dirs) = home();
        create(&dirs, "acme/ci", None).unwrap();
        let path = dirs.config().join(FILE);
        let text = format!("# mine\n\n{}", fs::read_to_string(&path).unwrap());
        write_file(&path, text.trim_end()).unwrap();
        let pair = [Role::Operate, Role::Checkpoint]
            .map(|role| Kept::new(generate("registry.example").unwrap(), role));
        add(&dirs, &pair).unwrap();
        add(&dirs, &pair).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(&text), "what was there is kept");
        let keys = Keys::read(&dirs, None).unwrap();
        assert_eq!(
            names(&keys),
            ["acme/ci", "registry.example", "registry.example"]
        );
        assert!(matches!(
            keys.find("registry.example"),
            Err(KeysError::Several { keys, .. }) if keys.len() == 2
        ));
        assert!(matches!(
            create(&dirs, "registry.example", None),
            Err(KeysError::Taken { .. })
        ));
    }

    #[test]
    fn keys_of_the_variable_come_first_and_need_no_file() {
        let (_home, dirs) = home();
        let key = generate("acme/ci").unwrap();
        let text = format!("\n{}\n", key.danger_secret_text());
        let keys = Keys::read(&dirs, Some(&text)).unwrap();
        assert_eq!(names(&keys), ["acme/ci"]);
        assert!(!dirs.config().exists(), "reading makes nothing");
        create(&dirs, "acme/dev", None).unwrap();
        add(&dirs, &[Kept::new(key, Role::Publisher)]).unwrap();
        let keys = Keys::read(&dirs, Some(&text)).unwrap();
        assert_eq!(
            names(&keys),
            ["acme/ci", "acme/dev"],
            "one key in both places is one"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_home, dirs) = home();
        create(&dirs, "acme/ci", None).unwrap();
        let path = dirs.config().join(FILE);
        for mode in [0o640, 0o604, 0o660, 0o601, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for result in [
                Keys::read(&dirs, None).map(|_| ()),
                create(&dirs, "acme/dev", None).map(|_| ()),
            ] {
                let error = result.unwrap_err();
                assert!(matches!(error, KeysError::Open { .. }), "{mode:o}: {error}");
                assert!(error.help().unwrap().starts_with("run `chmod 600 "));
            }
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(Keys::read(&dirs, None).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn no_error_repeats_a_secret() {
        let (_home, dirs) = home();
        let secret = generate("acme/ci").unwrap().danger_secret_text();
        let bare = secret.replace("PRIVATE+KEY+", "");
        let cut = &secret[..secret.len() - 4];
        let swapped = secret.replace("acme/ci", "acme/xx");
        for line in [bare.as_str(), cut, swapped.as_str(), "hunter2"] {
            let text = format!("# one\n{line}\n");
            let Err(error) = Keys::read(&dirs, Some(&text)) else {
                panic!("{line} was read as a key");
            };
            assert!(matches!(error, KeysError::Line { line: 2, .. }), "{error}");
            let mut said = format!("{error} {error:?} {:?}", error.help());
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                said.push_str(&cause.to_string());
                source = cause.source();
            }
            assert!(!said.contains(line), "{said}");
        }
    }

    #[test]
    fn what_is_said_of_a_key_goes_where_it_goes() {
        let (_home, dirs) = home();
        let label = Some("the office's".to_owned());
        let office = create(&dirs, "acme/ci", label.clone()).unwrap();
        let [operate, checkpoint] = [Role::Operate, Role::Checkpoint]
            .map(|role| Kept::new(generate("acme.example").unwrap(), role));
        let public = operate.key.verifying_key().clone();
        add(&dirs, &[operate, checkpoint]).unwrap();
        let path = dirs.config().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        write_file(&path, &format!("# mine\n\n{text}# the end\n")).unwrap();
        let keys = Keys::open_file(&dirs).unwrap();
        assert_eq!(keys.find_kept("acme/ci", None).unwrap().about.label, label);
        assert!(keys.find_kept("acme.example", None).is_err());
        let found = keys.find_kept("acme.example", Some(Role::Operate)).unwrap();
        assert_eq!(found.key.verifying_key(), &public);
        assert!(keys.find_kept(&public.to_string(), None).is_ok());
        let exported = found.danger_secret_text();

        remove(&dirs, &public).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("# mine\n\n# label: the office's\n"),
            "comments stay"
        );
        assert!(
            text.ends_with("# the end\n") && !text.contains("operate"),
            "and no other"
        );
        let keys = Keys::open_file(&dirs).unwrap();
        assert_eq!(names(&keys), ["acme/ci", "acme.example"]);
        assert!(keys.find_vkey(&office).is_some());
        assert_eq!(fs::read_to_string(removed_file(&dirs)).unwrap(), exported);

        let back = || Keys::parse("a file", &exported).unwrap().into_kept();
        assert_eq!(
            import(&dirs, &back()).unwrap(),
            std::slice::from_ref(&public)
        );
        assert_eq!(import(&dirs, &back()).unwrap(), []);
        let keys = Keys::open_file(&dirs).unwrap();
        let found = keys.find_kept("acme.example", Some(Role::Operate)).unwrap();
        assert_eq!(found.key.verifying_key(), &public);
        let other = [Kept::new(generate("acme/ci").unwrap(), Role::Publisher)];
        assert!(matches!(
            import(&dirs, &other),
            Err(KeysError::Taken { .. })
        ));
    }

    #[test]
    fn two_at_once_lose_no_key() {
        let (_home, dirs) = home();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let dirs = &dirs;
                scope.spawn(move || create(dirs, &format!("key-{number}"), None).unwrap());
            }
        });
        assert_eq!(Keys::read(&dirs, None).unwrap().all().count(), 8);
    }

    #[test]
    fn children_do_not_see_the_variable() {
        let command = without_secrets(Command::new("cargo"));
        let removed = command
            .get_envs()
            .any(|(name, value)| name == KEY_VARIABLE && value.is_none());
        assert!(removed);
    }
}
