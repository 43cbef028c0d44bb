//! How an upstream is written, in one spelling.
//!
//! | address | upstream |
//! |---|---|
//! | `oci:ghcr.io/webassembly` | an OCI registry, and what its repositories begin with |
//! | `wasm-pkg:wasi.dev` | a host that says by its well-known file in which OCI registry its packages lie |
//! | `crate:wasip2@=1.0.1` | the WIT in one version of a crate of cargo's registry |
//! | `local:PATH` | a folder in wkg's layout: `PATH/<namespace>/<name>/<version>.wasm` |
//! | `PATH` | a folder of WIT texts |

use std::cmp::Ordering;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use registry::http::{self, excerpt};
use semver::Version;
use transparency::name::PackageName;
use transparency::version::parse_version;

/// The longest name of a repository, in bytes: what registries take.
const MAX_REPOSITORY: usize = 255;

/// The longest host with its port, in bytes: names have 253 at most.
const MAX_HOST: usize = 253 + 6;

/// Why a text is no upstream's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamAddressError {
    /// The host of an OCI registry that cannot be one.
    #[error("`{text}` cannot be a host: {reason}")]
    Host {
        /// What stood there.
        text: String,
        /// What is wrong with it.
        reason: http::AddressError,
    },
    /// More or less than a host and a port.
    #[error("`{text}` is not a host, or a host and a port")]
    NotHost {
        /// What stood there.
        text: String,
    },
    /// A host that would be asked without TLS, and is not this machine.
    #[error("`{text}` would be read without TLS, which is done on this machine alone")]
    InTheClear {
        /// What stood there.
        text: String,
    },
    /// What no repository can begin with.
    #[error(
        "`{text}` cannot be what a repository begins with: expected lower-case words with `-`, `_` or `.` between them, and \
         `/` between parts"
    )]
    Prefix {
        /// What stood there.
        text: String,
    },
    /// A crate without an exact version, or under no name.
    #[error("`{text}` is not a crate at one version: expected `crate:NAME@=1.2.3`")]
    Crate {
        /// What stood there.
        text: String,
    },
    /// Nothing stands there.
    #[error("an upstream is missing")]
    Empty,
}

/// An upstream's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// An OCI registry, and what its repositories begin with.
    Oci(OciAddress),
    /// A host that says where its packages lie.
    WasmPkg(OciHost),
    /// One version of a crate of cargo's registry.
    Crate {
        /// Its name in cargo's registry.
        name: String,
        /// Exactly this version of it.
        version: Version,
    },
    /// A folder in wkg's layout.
    Local(PathBuf),
    /// A folder of WIT texts.
    Folder(PathBuf),
}

impl FromStr for UpstreamAddress {
    type Err = UpstreamAddressError;

    fn from_str(text: &str) -> Result<Self, UpstreamAddressError> {
        if let Some(rest) = text.strip_prefix("oci:") {
            return rest.parse().map(Self::Oci);
        }
        if let Some(host) = text.strip_prefix("wasm-pkg:") {
            return host.parse().map(Self::WasmPkg);
        }
        if let Some(rest) = text.strip_prefix("crate:") {
            return parse_crate(rest).ok_or_else(|| UpstreamAddressError::Crate {
                text: text.to_owned(),
            });
        }
        let (make, path): (fn(PathBuf) -> Self, _) = match text.strip_prefix("local:") {
            Some(path) => (Self::Local, path),
            None => (Self::Folder, text),
        };
        if path.is_empty() {
            return Err(UpstreamAddressError::Empty);
        }
        Ok(make(path.into()))
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci(address) => address.fmt(f),
            Self::WasmPkg(host) => write!(f, "wasm-pkg:{host}"),
            Self::Crate { name, version } => write!(f, "crate:{name}@={version}"),
            Self::Local(path) => write!(f, "local:{}", path.display()),
            Self::Folder(path) => path.display().fmt(f),
        }
    }
}

fn parse_crate(text: &str) -> Option<UpstreamAddress> {
    let (name, version) = text.split_once("@=")?;
    // Cargo's own rule for crates of its registry. It is written into a manifest.
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let begins = name.bytes().next()?.is_ascii_alphabetic();
    let is_name = begins && name.len() <= 64 && name.bytes().all(is_word);
    is_name.then_some(UpstreamAddress::Crate {
        name: name.to_owned(),
        version: parse_version(version).ok()?,
    })
}

/// A host, with its port where it is not the usual one. It is asked over TLS, but for this very machine.
#[derive(Debug, Clone)]
pub struct OciHost {
    /// As in a reference: `ghcr.io`, `127.0.0.1:5000`.
    text: String,
    tls: bool,
    /// Where it is asked.
    base: http::Address,
}

/// As whom people know Docker Hub, and who answers for it.
pub(crate) const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", DOCKER_HUB_REGISTRY];
/// Docker Hub's registry.
pub(crate) const DOCKER_HUB_REGISTRY: &str = "registry-1.docker.io";

impl OciHost {
    /// The host and the port, as in a reference.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this very machine, which is alone asked without TLS.
    pub fn is_local(&self) -> bool {
        Self::parse_with("http", &self.text).is_ok()
    }

    /// Whether it is Docker Hub, by any of its names.
    pub(crate) fn is_docker_hub(&self) -> bool {
        self.tls && DOCKER_HUB.contains(&self.text.as_str())
    }

    /// Where it is asked.
    pub fn base(&self) -> &http::Address {
        &self.base
    }

    fn parse_with(scheme: &str, text: &str) -> Result<Self, UpstreamAddressError> {
        let parse = |host: &str| format!("{scheme}://{host}").parse::<http::Address>();
        // What stands before an `@` may be a password.
        let shown = || excerpt(text.rsplit('@').next().unwrap_or_default());
        let refused = |reason| UpstreamAddressError::Host {
            text: shown(),
            reason,
        };
        let base = parse(text).map_err(refused)?;
        // As it would be asked: in lower case, and without the usual port.
        let asked = base.to_string();
        let asked = asked.strip_prefix(scheme).unwrap_or(&asked);
        let host = asked.strip_prefix("://").unwrap_or(asked);
        // Line breaks, which addresses are read without, would be no part of the host that was asked.
        let is_other = |c: char| c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
        if host.contains('/') || text.contains(is_other) || text.len() > MAX_HOST {
            return Err(UpstreamAddressError::NotHost { text: shown() });
        }
        if !base.is_private() {
            return Err(UpstreamAddressError::InTheClear { text: shown() });
        }
        let tls = scheme == "https";
        let base = if tls && DOCKER_HUB.contains(&host) {
            parse(DOCKER_HUB_REGISTRY).map_err(refused)?
        } else {
            base.clone()
        };
        Ok(Self {
            text: host.to_owned(),
            tls,
            base,
        })
    }

    /// What makes it this one: its base follows from that.
    fn key(&self) -> (&str, bool) {
        (&self.text, self.tls)
    }
}

impl PartialEq for OciHost {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for OciHost {}

impl PartialOrd for OciHost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OciHost {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl FromStr for OciHost {
    type Err = UpstreamAddressError;

    fn from_str(text: &str) -> Result<Self, UpstreamAddressError> {
        if let Some((scheme @ ("http" | "https"), host)) = text.split_once("://") {
            return Self::parse_with(scheme, host);
        }
        match Self::parse_with("http", text) {
            Err(UpstreamAddressError::InTheClear { .. }) => Self::parse_with("https", text),
            parsed => parsed,
        }
    }
}

impl fmt::Display for OciHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_usual = self.text.parse() == Ok(self.clone());
        if !is_usual {
            f.write_str(if self.tls { "https://" } else { "http://" })?;
        }
        f.write_str(&self.text)
    }
}

/// An OCI registry, and what its repositories begin with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OciAddress {
    host: OciHost,
    /// Whatever stands before the namespace: empty, or mostly with a `/` at its end.
    prefix: String,
}

impl OciAddress {
    /// Repositories whose names begin with a text, as wasm-pkg joins them: nothing is put between it and the namespace.
    ///
    /// # Errors
    /// What no repository can begin with.
    pub fn new(host: OciHost, prefix: &str) -> Result<Self, UpstreamAddressError> {
        if !is_repository(&format!("{prefix}a")) {
            return Err(UpstreamAddressError::Prefix {
                text: excerpt(prefix),
            });
        }
        Ok(Self {
            host,
            prefix: prefix.to_owned(),
        })
    }

    /// The registry's host.
    pub fn host(&self) -> &OciHost {
        &self.host
    }

    /// The repository of a package: `webassembly/wasi/http`.
    pub fn repository(&self, package: &PackageName) -> String {
        let (namespace, name) = (package.namespace_text(), package.name());
        format!("{}{namespace}/{name}", self.prefix)
    }

    /// A package version as others refer to it: `ghcr.io/webassembly/wasi/http:0.2.3`.
    pub fn reference(&self, package: &PackageName, version: &Version) -> String {
        let repository = self.repository(package);
        format!("{}/{repository}:{}", self.host.text, tag_of(version))
    }
}

/// The tag of a version. A tag has no `+`.
pub(crate) fn tag_of(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

impl FromStr for OciAddress {
    type Err = UpstreamAddressError;

    fn from_str(text: &str) -> Result<Self, UpstreamAddressError> {
        let after = text.find("://").map_or(0, |scheme| scheme + 3);
        let slash = text.get(after..).and_then(|rest| rest.find('/'));
        let end = slash.map_or(text.len(), |slash| after + slash);
        let (host, path) = text.split_at_checked(end).unwrap_or((text, ""));
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let prefix = match path.strip_suffix('*') {
            Some(begin) => begin.to_owned(),
            None if path.is_empty() => String::new(),
            None => format!("{path}/"),
        };
        Self::new(host.parse()?, &prefix)
    }
}

impl fmt::Display for OciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}", self.host)?;
        match (self.prefix.strip_suffix('/'), self.prefix.as_str()) {
            (Some(path), _) => write!(f, "/{path}"),
            (None, "") => Ok(()),
            (None, begin) => write!(f, "/{begin}*"),
        }
    }
}

/// Whether a text can be a repository's name, by OCI's rule: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, with `/` between.
fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut between = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let ends = part.bytes().next().is_some_and(is_word)
            && part.bytes().next_back().is_some_and(is_word);
        ends && between.all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
    };
    text.len() <= MAX_REPOSITORY && text.split('/').all(is_part)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, printed) in [
            ("oci:ghcr.io/webassembly", "oci:ghcr.io/webassembly"),
            ("oci:GHCR.io:443/webassembly/", "oci:ghcr.io/webassembly"),
            ("oci:ghcr.io", "oci:ghcr.io"),
            ("oci:ghcr.io/acme/wit-*", "oci:ghcr.io/acme/wit-*"),
            ("oci:127.0.0.1:5000/x", "oci:127.0.0.1:5000/x"),
            ("oci:http://[::1]:5000", "oci:[::1]:5000"),
            (
                "oci:https://localhost:5000/x",
                "oci:https://localhost:5000/x",
            ),
            ("wasm-pkg:wasi.dev", "wasm-pkg:wasi.dev"),
            ("crate:wasip2@=1.0.1", "crate:wasip2@=1.0.1"),
            ("local:a/b", "local:a/b"),
            ("../wit", "../wit"),
        ] {
            let address: UpstreamAddress = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), printed);
            assert_eq!(printed.parse(), Ok(address), "{printed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for (text, error) in [
            ("oci:http://ghcr.io/x", "without TLS"),
            ("oci:", "cannot be a host"),
            ("oci:user:pass@ghcr.io/x", "names a user"),
            (
                "oci:ghcr.io/Upper",
                "cannot be what a repository begins with",
            ),
            (
                "oci:ghcr.io/a//b",
                "cannot be what a repository begins with",
            ),
            (
                "oci:ghcr.io/a..b",
                "cannot be what a repository begins with",
            ),
            (
                "oci:ghcr.io/../b",
                "cannot be what a repository begins with",
            ),
            ("oci:ghcr.io?x/y", "it has a query"),
            ("wasm-pkg:wasi.dev/x", "is not a host"),
            ("crate:wasip2", "not a crate at one version"),
            ("crate:wasip2@1.0.1", "not a crate at one version"),
            ("crate:a\"]@=1.0.1", "not a crate at one version"),
            ("local:", "is missing"),
            ("", "is missing"),
        ] {
            let refused = text.parse::<UpstreamAddress>().unwrap_err().to_string();
            assert!(refused.contains(error), "{text}: {refused}");
            assert!(!refused.contains("pass"), "{refused}");
        }
    }

    #[test]
    fn a_package_lies_behind_the_prefix_as_wasm_pkg_joins_them() {
        let name = "wasi:http".parse().unwrap();
        let version = Version::new(0, 2, 3);
        for (address, reference) in [
            ("ghcr.io/webassembly", "ghcr.io/webassembly/wasi/http:0.2.3"),
            ("ghcr.io", "ghcr.io/wasi/http:0.2.3"),
            ("ghcr.io/acme/wit-*", "ghcr.io/acme/wit-wasi/http:0.2.3"),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x/wasi/http:0.2.3"),
        ] {
            let address: OciAddress = address.parse().unwrap();
            assert_eq!(address.reference(&name, &version), reference);
        }
    }
}
