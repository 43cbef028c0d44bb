//! This user's tokens for registries that ask for one: a file that nobody else can read, and `CARGO_WARG_TOKENS`.
//!
//! Both hold lines `ADDRESS TOKEN`. A token goes to its address and to what lies below it, and nowhere else. What a project
//! calls a registry does not matter. Tokens are never printed, and no error repeats a line.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use registry::file::{self, Exposed, Obstacle};
use registry::http::{TokenError, Tokens};

use crate::dirs::Dirs;
use crate::error::{Class, Classify};
use crate::secret::{closing, read_secret};

/// The variable that holds tokens, each behind the address that it is for, one a line.
pub const TOKENS_VARIABLE: &str = "CARGO_WARG_TOKENS";

const FILE: &str = "tokens";

/// The largest file of tokens, in bytes: thousands of them.
const MAX_TOKENS: u64 = 1024 * 1024;

/// Why the tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The file cannot be read.
    #[error("cannot read the tokens file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Others than its owner can read or write the file, or replace it.
    #[error("the tokens file `{}` {how}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// How others get at it.
        how: Exposed,
    },
    /// What stands there is not what should.
    #[error("{read_from} cannot be used")]
    Malformed {
        /// The file, or the variable.
        read_from: String,
        /// What is wrong with a line.
        #[source]
        source: TokenError,
    },
    /// The variable is not UTF-8.
    #[error("the variable `{TOKENS_VARIABLE}` is not text")]
    Variable,
}

impl Classify for TokensError {
    fn class(&self) -> Class {
        match self {
            Self::Read { .. } | Self::Open { .. } | Self::Malformed { .. } | Self::Variable => {
                Class::Other
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Open { path, how } => Some(closing(path, how)),
            Self::Malformed {
                source: TokenError::InTheClear { .. },
                ..
            } => Some("use an `https://` address".to_owned()),
            Self::Malformed { .. } | Self::Variable => Some(
                "each line is the address of a registry, a space, and the token for it".to_owned(),
            ),
            Self::Read { .. } => None,
        }
    }
}

/// The tokens of the variable, and those of the file for other addresses.
///
/// # Errors
/// A line that is no address with a token, or a file that others can read.
pub fn read(dirs: &Dirs) -> Result<Tokens, TokensError> {
    let variable = match env::var(TOKENS_VARIABLE) {
        Ok(text) => parse(&text, || format!("the variable `{TOKENS_VARIABLE}`"))?,
        Err(env::VarError::NotPresent) => Tokens::default(),
        Err(env::VarError::NotUnicode(_)) => return Err(TokensError::Variable),
    };
    let path = file(dirs);
    let text = read_file(&path)?;
    let kept = parse(&text, || format!("the tokens file `{}`", path.display()))?;
    Ok(variable.or(kept))
}

/// Every word of the variable and the file that may be a token, even on a line that is wrong. None of them is ever printed.
pub fn words() -> Vec<String> {
    let variable = env::var_os(TOKENS_VARIABLE).unwrap_or_default();
    let file = Dirs::find().ok().map(|dirs| file(&dirs));
    let kept = file.and_then(|file| file::read(&file, MAX_TOKENS).ok());
    let texts = [variable.into_encoded_bytes(), kept.unwrap_or_default()];
    let texts = texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    let secret = words.filter(|word| !word.contains("://") && !word.starts_with('#'));
    secret.map(str::to_owned).collect()
}

/// The file that holds this user's tokens. It may not exist.
pub fn file(dirs: &Dirs) -> PathBuf {
    dirs.config().join(FILE)
}

fn parse(text: &str, read_from: impl FnOnce() -> String) -> Result<Tokens, TokensError> {
    Tokens::parse(text).map_err(|source| TokensError::Malformed {
        read_from: read_from(),
        source,
    })
}

/// The file's text, empty where there is none.
fn read_file(path: &Path) -> Result<String, TokensError> {
    let text = read_secret(path, MAX_TOKENS).map_err(|source| {
        let path = path.to_owned();
        match Obstacle::of(&source) {
            Some(Obstacle::Exposed(how)) => TokensError::Open {
                how: how.clone(),
                path,
            },
            _ => TokensError::Read { path, source },
        }
    })?;
    Ok(text.unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_an_error_and_a_file_that_is_missing_is_none() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tokens");
        assert_eq!(read_file(&path).unwrap(), "");
        std::os::unix::fs::symlink(home.path().join("disk"), &path).unwrap();
        let error = read_file(&path).unwrap_err();
        assert!(matches!(error, TokensError::Read { .. }), "{error:?}");
    }
}
