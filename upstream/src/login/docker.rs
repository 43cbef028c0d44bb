//! This user's logins as docker and podman keep them: in a file of JSON, or by a helper that the file names.
//!
//! The file is read when a registry wants a login. It is never one of a project: whoever makes this says where it lies.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64ct::{Base64, Base64Unpadded, Encoding as _};
use registry::file::{self, is_absent};
use serde::Deserialize;

use super::{Login, Logins};
use crate::address::{DOCKER_HUB, OciHost};
use crate::process::{self, ProcessError};

/// The largest file of logins.
const MAX_FILE: u64 = 1 << 20;
/// The most that a helper may say.
const MAX_ANSWER: u64 = 64 * 1024;
/// How long a helper may take. It may ask the user for a password.
const TIME: Duration = Duration::from_mins(1);
/// Under what docker keeps the login for Docker Hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// What a helper says where it has no login: all of them, as docker's own.
const NOT_FOUND: &str = "credentials not found";

/// Why a login cannot be had. No part of a file or an answer is repeated: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file of logins.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file is not what docker writes.
    #[error("{} is not what docker writes, at line {line}", path.display())]
    File {
        /// The file of logins.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A login in the file that does not read.
    #[error("the login for {host} in {} is no name and password in base64", path.display())]
    Encoding {
        /// The file of logins.
        path: PathBuf,
        /// The registry's host.
        host: String,
    },
    /// The name of a helper that is a path, or no name at all.
    #[error("{} names the helper `{name}`, which is no name of a program", path.display())]
    Name {
        /// The file of logins.
        path: PathBuf,
        /// What stands there.
        name: String,
    },
    /// A helper that does not do its work.
    #[error("the helper `{program}` brings no login")]
    Helper {
        /// The name of the program.
        program: String,
        /// What became of it.
        #[source]
        source: ProcessError,
    },
    /// A helper that fails, or says something else than helpers do.
    #[error("the helper `{program}` failed, or answered nothing that can be read")]
    Answer {
        /// The name of the program.
        program: String,
    },
}

/// Where docker's and podman's logins lie.
#[derive(Debug, Clone)]
pub struct DockerLogins {
    files: Vec<PathBuf>,
    /// Where helpers are looked for.
    path: OsString,
    time: Duration,
}

impl DockerLogins {
    /// These files, of which the first with a login for a registry counts. A file may be missing. Helpers are looked for in the
    /// folders of `path`, which has the form of the variable.
    pub fn new(files: Vec<PathBuf>, path: OsString) -> Self {
        let time = TIME;
        Self { files, path, time }
    }

    /// The same, with another time for helpers.
    #[must_use]
    pub fn with_time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    fn find(&self, path: &Path, host: &OciHost) -> Result<Option<Login>, DockerError> {
        let bytes = match file::read(path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => {
                let path = path.to_owned();
                return Err(DockerError::Read { path, source });
            }
        };
        let config: DockerConfig = parse_config(&bytes).map_err(|error| DockerError::File {
            path: path.to_owned(),
            line: error.line(),
        })?;
        if let Some(helper) = of_host(&config.cred_helpers, host) {
            return self.ask(path, helper, host);
        }
        if let Some(entry) = of_host(&config.auths, host) {
            let login = entry.login().map_err(|NotBase64| DockerError::Encoding {
                path: path.to_owned(),
                host: host.to_string(),
            })?;
            if login.is_some() {
                return Ok(login);
            }
        }
        match config.creds_store.as_deref() {
            None | Some("") => Ok(None),
            Some(store) => self.ask(path, store, host),
        }
    }

    /// Asks a helper.
    fn ask(&self, path: &Path, name: &str, host: &OciHost) -> Result<Option<Login>, DockerError> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > 100 || !name.bytes().all(is_word) {
            return Err(DockerError::Name {
                path: path.to_owned(),
                name: name.chars().take(100).collect(),
            });
        }
        let program = format!("docker-credential-{name}");
        let limits = process::Limits {
            time: self.time,
            output: MAX_ANSWER,
        };
        let mut command = Command::new(&program);
        let command = command.arg("get").env("PATH", &self.path);
        // Not in the project: what lies there has no say.
        let command = command.current_dir(file::folder_of(path));
        let ran = process::run(command, server_of(host).as_bytes(), limits);
        let output = ran.map_err(|source| DockerError::Helper {
            program: program.clone(),
            source,
        })?;
        if !output.success {
            let said = String::from_utf8_lossy(&output.stdout);
            if said.trim_start().starts_with(NOT_FOUND) {
                return Ok(None);
            }
            return Err(DockerError::Answer { program });
        }
        let answer: HelperAnswer =
            serde_json::from_slice(&output.stdout).map_err(|_| DockerError::Answer { program })?;
        Ok(answer.login())
    }
}

impl Logins for DockerLogins {
    fn of(&self, host: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        for path in &self.files {
            let found = self.find(path, host)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// What docker writes, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

fn parse_config(bytes: &[u8]) -> Result<DockerConfig, serde_json::Error> {
    serde_json::from_slice(bytes)
}

#[derive(Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// A login that does not read.
struct NotBase64;

impl Entry {
    /// The login, if the entry holds one: with a helper, it is empty.
    fn login(&self) -> Result<Option<Login>, NotBase64> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = filled(&self.registrytoken) {
            return Ok(Some(Login::Bearer(token)));
        }
        if let Some(token) = filled(&self.identitytoken) {
            return Ok(Some(Login::Identity(token)));
        }
        if let Some(auth) = filled(&self.auth) {
            return decode_login(&auth).map(Some).ok_or(NotBase64);
        }
        let both = filled(&self.username).zip(filled(&self.password));
        Ok(both.map(|(user, password)| Login::Basic { user, password }))
    }
}

/// Reads `NAME:PASSWORD` in base64, with padding or without.
pub(crate) fn decode_login(text: &str) -> Option<Login> {
    let text = text.trim_end_matches('=');
    let bytes = Base64Unpadded::decode_vec(text).or_else(|_| Base64::decode_vec(text));
    let text = String::from_utf8(bytes.ok()?).ok()?;
    let (user, password) = text.trim_end_matches('\0').split_once(':')?;
    Some(Login::Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

/// What a helper says.
#[derive(Deserialize)]
struct HelperAnswer {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

impl HelperAnswer {
    fn login(self) -> Option<Login> {
        if self.secret.is_empty() {
            return None;
        }
        Some(if self.user == "<token>" {
            Login::Identity(self.secret)
        } else {
            Login::Basic {
                user: self.user,
                password: self.secret,
            }
        })
    }
}

/// What is kept for a host, under any of the names that docker gives it.
fn of_host<'m, T>(kept: &'m BTreeMap<String, T>, host: &OciHost) -> Option<&'m T> {
    kept.get(&server_of(host))
        .or_else(|| kept.get(host.as_str()))
        .or_else(|| Some(kept.iter().find(|(key, _)| is_key_of(key, host))?.1))
}

/// Whether docker keeps something for a host under a key: `https://ghcr.io/v1/`.
fn is_key_of(key: &str, host: &OciHost) -> bool {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let (name, path) = bare.split_once('/').unwrap_or((bare, ""));
    // What is kept for a part of a registry is not shown to all of it.
    let is_whole = matches!(path.trim_end_matches('/'), "" | "v1" | "v2");
    let hub = DOCKER_HUB.contains(&host.as_str());
    is_whole && (name.eq_ignore_ascii_case(host.as_str()) || (hub && DOCKER_HUB.contains(&name)))
}

/// What docker calls a host.
fn server_of(host: &OciHost) -> String {
    if DOCKER_HUB.contains(&host.as_str()) {
        DOCKER_HUB_KEY.to_owned()
    } else {
        host.as_str().to_owned()
    }
}
