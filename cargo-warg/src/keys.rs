//! This user's secret keys: a file that nobody else can read, and `CARGO_WARG_KEY`.
//!
//! The file lies in the config folder, one key a line in the text form of Go's `note` package; blank lines and lines
//! that start with `#` are kept and mean nothing. It only ever grows: under a lock, written whole to a new file that
//! replaces the old one. In continuous integration the variable holds the keys, one a line; [`without_secrets`]
//! takes it out of the environment of every child.
//!
//! Keys are never printed, and no error repeats a line of the file.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use registry::file::{self, Exposed, Obstacle, Tree};
use transparency::key::{Algorithm, KeyError, SigningKey, VerifyingKey};

use crate::dirs::{Dirs, DirsError};
use crate::error::{Class, Classify};
use crate::secret::{closing, is_missing, read_secret};
use crate::tokens::TOKENS_VARIABLE;

/// The variable that holds secret keys, one a line.
pub const KEY_VARIABLE: &str = "CARGO_WARG_KEY";

/// The largest key file, in bytes: thousands of keys. A larger one is some other file.
pub const MAX_KEY_FILE: u64 = 1024 * 1024;

const FILE: &str = "keys";
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

/// The secret keys at hand. No `Debug`: they are never printed.
pub struct Keys(Vec<SigningKey>);

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
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key: SigningKey = line.parse().map_err(|_| KeysError::Line {
                read_from: read_from(),
                line: number.saturating_add(1),
            })?;
            if self.find_vkey(key.verifying_key()).is_none() {
                self.0.push(key);
            }
        }
        Ok(())
    }

    /// All of them, those of the variable first.
    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        self.0.iter()
    }

    /// The one of this name.
    ///
    /// # Errors
    /// There is none, or there are several (a registry's operate and checkpoint keys share its origin as their name).
    pub fn find(&self, name: &str) -> Result<&SigningKey, KeysError> {
        let named: Vec<&SigningKey> = self
            .all()
            .filter(|key| key.verifying_key().name() == name)
            .collect();
        match named.as_slice() {
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
                    .map(|key| key.verifying_key().clone())
                    .collect(),
            }),
        }
    }

    /// The one whose public half this is.
    pub fn find_vkey(&self, key: &VerifyingKey) -> Option<&SigningKey> {
        self.all().find(|secret| secret.verifying_key() == key)
    }
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
pub fn create(dirs: &Dirs, name: &str) -> Result<VerifyingKey, KeysError> {
    let key = generate(name)?;
    let public = key.verifying_key().clone();
    append(dirs, &[key], |present| match present.find(name) {
        Ok(taken) => Err(taken.verifying_key().clone()),
        Err(KeysError::Several { keys, .. }) => keys.into_iter().next().map_or(Ok(()), Err),
        Err(_) => Ok(()),
    })?;
    Ok(public)
}

/// Keeps keys in the file; those that it holds already stay as they are.
///
/// # Errors
/// The file cannot be read or written; then it is as it was.
pub fn add(dirs: &Dirs, keys: &[SigningKey]) -> Result<(), KeysError> {
    append(dirs, keys, |_| Ok(()))
}

/// Reads, asks `permit` (which gives the key that is in the way), and writes, all under the lock.
fn append(
    dirs: &Dirs,
    keys: &[SigningKey],
    permit: impl FnOnce(&Keys) -> Result<(), VerifyingKey>,
) -> Result<(), KeysError> {
    let folder = dirs.make_config()?;
    let path = resolve(folder.join(FILE))?;
    let failed = |source| KeysError::Write {
        path: path.clone(),
        source,
    };
    let _lock = Tree::private(folder)
        .lock(Path::new(LOCK))
        .map_err(failed)?;

    let mut text = read_file(&path)?;
    let present = Keys::parse(&format!("`{}`", path.display()), &text)?;
    permit(&present).map_err(|key| KeysError::Taken {
        name: key.name().to_owned(),
        key,
    })?;
    let before = text.len();
    for key in keys {
        if present.find_vkey(key.verifying_key()).is_none() {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&key.danger_secret_text());
            text.push('\n');
        }
    }
    if text.len() == before {
        return Ok(());
    }
    write_file(&path, &text).map_err(failed)
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
        let ci = create(&dirs, "acme/ci").unwrap();
        let other = create(&dirs, "acme/dev").unwrap();
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
        let first = create(&dirs, "acme/ci").unwrap();
        let before = fs::read(dirs.config().join(FILE)).unwrap();
        match create(&dirs, "acme/ci") {
            Err(KeysError::Taken { key, .. }) => assert_eq!(key, first),
            other => panic!("{other:?}"),
        }
        assert!(matches!(create(&dirs, "a b"), Err(KeysError::Name(_))));
        assert_eq!(fs::read(dirs.config().join(FILE)).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_an_error_and_stays() {
        let (home, dirs) = home();
        let path = dirs.make_config().unwrap().join(FILE);
        let elsewhere = home.path().join("disk");
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let error = create(&dirs, "acme/ci").unwrap_err();
        assert!(matches!(error, KeysError::Read { .. }), "{error:?}");
        assert!(error.help().unwrap().contains("a link"));
        assert!(Keys::read(&dirs, None).is_err());
        assert_eq!(fs::read_link(&path).unwrap(), elsewhere);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn adding_keeps_comments_and_what_is_there_and_repeats_nothing() {
        let (_home, dirs) = home();
        create(&dirs, "acme/ci").unwrap();
        let path = dirs.config().join(FILE);
        let text = format!("# mine\n\n{}", fs::read_to_string(&path).unwrap());
        write_file(&path, text.trim_end()).unwrap();
        let pair = [
            generate("registry.example").unwrap(),
            generate("registry.example").unwrap(),
        ];
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
            create(&dirs, "registry.example"),
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
        create(&dirs, "acme/dev").unwrap();
        add(&dirs, &[key]).unwrap();
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
        create(&dirs, "acme/ci").unwrap();
        let path = dirs.config().join(FILE);
        for mode in [0o640, 0o604, 0o660, 0o601, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for result in [
                Keys::read(&dirs, None).map(|_| ()),
                create(&dirs, "acme/dev").map(|_| ()),
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
    fn two_at_once_lose_no_key() {
        let (_home, dirs) = home();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let dirs = &dirs;
                scope.spawn(move || create(dirs, &format!("key-{number}")).unwrap());
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
