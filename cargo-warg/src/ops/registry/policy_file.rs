//! A registry's policy as a file: where it comes from, by what people compare it, and where a project keeps it.
//!
//! A policy decides whom a project believes, so one from the web is believed only by its fingerprint, which comes from the
//! operator by another way ([why the whole file](../../../../docs/decisions/fingerprint-of-the-policy.md)).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use registry::client::ClientError;
use registry::file::{self, Tree};
use registry::layout;
use registry::storage::Source as _;
use transparency::digest::Digest;
use transparency::policy::Policy;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::Alias;
use crate::network::Network;
use crate::ops::session::policy::{MAX_POLICY, parse_policy, read_policy_file};

/// By what people compare policies: the SHA-256 of the file, as `sha256sum` prints it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// That of a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Digest::of(bytes))
    }

    /// That of the policy that a project keeps; none where it cannot be read.
    pub fn of_file(path: &Path) -> Option<Self> {
        file::read(path, MAX_POLICY)
            .ok()
            .map(|bytes| Self::of(&bytes))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// `sha256:` and 64 hexadecimal digits, or those alone.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        format!("sha256:{}", hex.to_ascii_lowercase())
            .parse()
            .map(Self)
            .map_err(|_| "expected sha256: and 64 hexadecimal digits".to_owned())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A policy, and the bytes that say it.
#[derive(Debug)]
pub struct PolicyFile {
    /// What it says.
    pub policy: Policy,
    bytes: Vec<u8>,
}

impl PolicyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// One that is not there, cannot be read, or is no policy.
    pub fn read(path: &Path) -> Result<Self> {
        let policy = read_policy_file(path, None).classified()?;
        let bytes = file::read(path, MAX_POLICY)
            .or_fail(Class::Other, || format!("cannot read {}", path.display()))?;
        Ok(Self { policy, bytes })
    }

    /// Reads what a web server has, if it has this fingerprint.
    ///
    /// # Errors
    /// An address that cannot be one; a server that does not answer; another fingerprint; what is no policy.
    pub fn fetch(
        url: &str,
        fingerprint: Fingerprint,
        dirs: &Dirs,
        network: &Network,
    ) -> Result<Self> {
        let (folder, name) = url.rsplit_once('/').unwrap_or((url, ""));
        let source = network.registry(folder, &[], dirs)?;
        let read = source.get(&layout::policy(name, MAX_POLICY));
        let bytes = read
            .map_err(|error| Error::classified(ClientError::from(error)))?
            .ok_or_else(|| {
                Error::new(Class::Unavailable, format!("there is no policy at {url}"))
                    .with_help("ask the registry's operator where it is")
            })?;
        check(&bytes, fingerprint, url)?;
        Ok(Self {
            policy: parse_policy(&bytes, Path::new(url)).classified()?,
            bytes,
        })
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.bytes)
    }

    /// Demands the fingerprint. `named` is where the file is.
    ///
    /// # Errors
    /// Another one.
    pub fn check(&self, fingerprint: Fingerprint, named: &str) -> Result<()> {
        check(&self.bytes, fingerprint, named)
    }

    /// Puts it among those that a project trusts.
    ///
    /// # Errors
    /// Another policy lies there; a disk that says no.
    pub fn keep(&self, root: &Path, alias: &Alias) -> Result<PathBuf> {
        let below = below(alias);
        let path = root.join(&below);
        match file::read(&path, MAX_POLICY) {
            Ok(bytes) if bytes == self.bytes => return Ok(path),
            Ok(_) => return Err(in_the_way(&path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot read {}", path.display());
                return Err(Error::caused(Class::Other, message, error));
            }
        }
        let created = Tree::shared(root).create(Path::new(&below), &self.bytes);
        if created.or_fail(Class::Other, || format!("cannot write {}", path.display()))? {
            Ok(path)
        } else {
            Err(in_the_way(&path))
        }
    }
}

/// Where a project keeps a registry's policy, below its root.
pub fn below(alias: &Alias) -> String {
    format!("trust/{alias}.policy")
}

/// The failure to write a policy where another one lies.
pub fn in_the_way(path: &Path) -> Error {
    let message = format!("{} is the policy of another registry", path.display());
    Error::new(Class::Other, message).with_help("choose another `--name`, or move the file away")
}

fn check(bytes: &[u8], fingerprint: Fingerprint, named: &str) -> Result<()> {
    let found = Fingerprint::of(bytes);
    if found == fingerprint {
        return Ok(());
    }
    let message = format!("the policy at {named} has the fingerprint {found}, not {fingerprint}");
    Err(Error::new(Class::Refused, message).with_help(
        "ask the registry's operator, by a way that nobody else can write on, which of the two it is: whoever chose the file \
         decides what this project trusts",
    ))
}
