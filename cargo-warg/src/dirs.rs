//! The folders of this machine and user: cache, config, state and data.
//!
//! They follow the platform's conventions; `CARGO_WARG_HOME` puts all of them under one folder. Nothing is made before it
//! is needed. Config (secret keys), state (what was seen of each registry) and data (the personal registry) are made for
//! their owner alone.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use registry::file::Tree;

use crate::error::{Class, Classify, Error};

/// The variable that puts all folders under one.
pub const HOME_VARIABLE: &str = "CARGO_WARG_HOME";

/// The folder of this program inside each of the platform's.
const APPLICATION: &str = "cargo-warg";

/// Why there is no such folder.
#[derive(Debug, thiserror::Error)]
pub enum DirsError {
    /// Neither `HOME` nor `CARGO_WARG_HOME` says where.
    #[error("cannot find a home folder")]
    NoHome,
    /// `CARGO_WARG_HOME` would be another folder wherever a command runs.
    #[error("`{HOME_VARIABLE}` is {}, which is no absolute path", home.display())]
    Relative {
        /// What it is set to.
        home: PathBuf,
    },
    /// A folder that cannot be made.
    #[error("cannot make the folder `{}`", path.display())]
    Make {
        /// The folder.
        path: PathBuf,
        /// The error that caused it.
        source: io::Error,
    },
}

impl Classify for DirsError {
    fn class(&self) -> Class {
        match self {
            Self::NoHome | Self::Relative { .. } | Self::Make { .. } => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NoHome => Some(format!(
                "set `HOME`, or `{HOME_VARIABLE}` to an absolute path"
            )),
            Self::Relative { .. } => Some("set it to an absolute path".to_owned()),
            Self::Make { .. } => None,
        }
    }
}

/// The folders. That they are named does not mean that they exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    cache: PathBuf,
    config: PathBuf,
    state: PathBuf,
    data: PathBuf,
}

impl Dirs {
    /// Those of the environment.
    pub fn find() -> Result<Self, DirsError> {
        if let Some(home) = env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            let home = PathBuf::from(home);
            if !home.is_absolute() {
                return Err(DirsError::Relative { home });
            }
            return Ok(Self::under(&home));
        }
        let base = etcetera::choose_base_strategy().map_err(|_| DirsError::NoHome)?;
        if !base.home_dir().is_absolute() {
            return Err(DirsError::NoHome);
        }
        Ok(Self {
            cache: base.cache_dir().join(APPLICATION),
            config: base.config_dir().join(APPLICATION),
            // Windows knows no state folder.
            state: base
                .state_dir()
                .unwrap_or_else(|| base.data_dir())
                .join(APPLICATION),
            data: base.data_dir().join(APPLICATION),
        })
    }

    /// All under one folder: `cache`, `config`, `state`, `data`.
    pub fn under(home: &Path) -> Self {
        Self {
            cache: home.join("cache"),
            config: home.join("config"),
            state: home.join("state"),
            data: home.join("data"),
        }
    }

    /// What can be fetched again: verified contents, records and tiles.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Secret keys.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What must not be lost: the checkpoints that this machine has seen.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What this user made and nobody else has: the personal registry.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What to do about a failure of the system below one of these folders; nothing about any other.
    pub fn help(&self, error: &Error) -> Option<String> {
        error.system()?;
        let (folder, what, variable) = [
            (&self.cache, "what is fetched", "XDG_CACHE_HOME"),
            (&self.config, "this user's keys", "XDG_CONFIG_HOME"),
            (&self.state, "what was seen of registries", "XDG_STATE_HOME"),
            (&self.data, "the personal registry", "XDG_DATA_HOME"),
        ]
        .into_iter()
        .find(|(folder, ..)| {
            let folder = folder.display().to_string();
            error.chain().any(|message| message.contains(&folder))
        })?;
        let moved = match env::var_os(HOME_VARIABLE) {
            Some(home) if !home.is_empty() => {
                format!("`{HOME_VARIABLE}` says so, and may name another folder")
            }
            _ if cfg!(unix) => format!(
                "`{HOME_VARIABLE}` puts it elsewhere, with all else that is this user's; `{variable}` or `HOME` say so otherwise"
            ),
            _ => format!("`{HOME_VARIABLE}` puts it elsewhere, with all else that is this user's"),
        };
        Some(format!(
            "cargo warg keeps {what} in {}, which must be a folder that this user can write: {moved}",
            folder.display()
        ))
    }

    /// The config folder, made for its owner alone where it is missing.
    pub fn make_config(&self) -> Result<&Path, DirsError> {
        make_private(&self.config)?;
        Ok(&self.config)
    }

    /// The state folder, made for its owner alone where it is missing.
    pub fn make_state(&self) -> Result<&Path, DirsError> {
        make_private(&self.state)?;
        Ok(&self.state)
    }

    /// The data folder, made for its owner alone where it is missing.
    pub fn make_data(&self) -> Result<&Path, DirsError> {
        make_private(&self.data)?;
        Ok(&self.data)
    }
}

/// Makes a folder that only its owner can enter. One that is there is left as it is.
fn make_private(path: &Path) -> Result<(), DirsError> {
    let made = Tree::private(path).make();
    made.map_err(|source| DirsError::Make {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_empty_home_gets_folders_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(&home.path().join("not/there/yet"));
        assert!(
            !dirs.config().exists(),
            "nothing is made before it is needed"
        );
        dirs.make_config().unwrap();
        dirs.make_state().unwrap();
        dirs.make_data().unwrap();
        dirs.make_config().unwrap();
        #[cfg(unix)]
        for path in [dirs.config(), dirs.state(), dirs.data()] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o700, "{}", path.display());
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("config"), "").unwrap();
        let error = Dirs::under(home.path()).make_config().unwrap_err();
        assert!(error.to_string().contains("config`"), "{error}");
    }
}
