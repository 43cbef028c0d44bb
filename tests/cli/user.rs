//! What a user has who just installed Rust and cargo warg: an empty home, and `cargo-warg` in the path. Documents are
//! run this way, line by line.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Somebody at a terminal, in a folder.
pub(crate) struct User {
    home: PathBuf,
    path: OsString,
    /// Where the next line runs.
    pub(crate) folder: PathBuf,
}

impl User {
    /// With an empty home in `folder`, at this subfolder, which need not be there yet.
    pub(crate) fn new(folder: &Path, subfolder: &str) -> Self {
        let programs = Path::new(env!("CARGO_BIN_EXE_cargo-warg"))
            .parent()
            .unwrap();
        let mut path = vec![programs.to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let home = folder.join("home");
        fs::create_dir(&home).unwrap();
        Self {
            home,
            path: env::join_paths(path).unwrap(),
            folder: folder.join(subfolder),
        }
    }

    /// With the programs of one more folder in the path, before all others.
    pub(crate) fn with_programs(mut self, folder: &Path) -> Self {
        let path = env::split_paths(&self.path).collect::<Vec<_>>();
        let path = [folder.to_owned()].into_iter().chain(path);
        self.path = env::join_paths(path).unwrap();
        self
    }

    /// Runs a line with the shell; `cd` alone changes the folder for those after it.
    pub(crate) fn try_line(&mut self, line: &str) -> Option<Output> {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder = self.folder.join(folder).canonicalize().unwrap();
            return None;
        }
        let true_home = PathBuf::from(env::var_os("HOME").unwrap());
        let toolchain = |variable: &str, folder: &str| {
            env::var_os(variable).map_or_else(|| true_home.join(folder), PathBuf::from)
        };
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", line])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .env("CARGO_HOME", toolchain("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", toolchain("RUSTUP_HOME", ".rustup"))
            .env("HOME", &self.home)
            .env("CARGO_TERM_COLOR", "never")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for variable in [
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
            "CARGO_WARG_HOME",
            "CARGO_WARG_KEY",
            "GITHUB_ACTIONS",
            "GITHUB_STEP_SUMMARY",
            "CARGO_TARGET_DIR",
        ] {
            command.env_remove(variable);
        }
        Some(command.output().unwrap())
    }

    /// Runs a line, which must succeed; returns what it said on stderr.
    pub(crate) fn line(&mut self, line: &str) -> String {
        let Some(output) = self.try_line(line) else {
            return String::new();
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "`{line}` ended with {}:\n{said}",
            output.status
        );
        said
    }
}
