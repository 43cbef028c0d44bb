//! Where a registry is served: the address below which its files lie.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::layout::ObjectPath;

/// Why an address cannot be a registry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no `http://` or `https://` address.
    #[error("it is not an http:// or https:// address")]
    Malformed,
    /// It has a user's name or password in it, which would stand in messages and logs.
    #[error("it names a user: credentials belong into the tokens file")]
    Credentials,
    /// It has a query or a fragment, behind which no path can go.
    #[error("it has a query or a fragment")]
    Query,
    /// Its path has parts that some servers read as a way elsewhere: it would lie below an address that has a token, and lead
    /// out of it.
    #[error(
        "its path has an encoded `/` or `\\`, or dots with a `;`: servers do not agree where that leads"
    )]
    Ambiguous,
}

/// An `http://` or `https://` address, below which a registry's files lie.
#[derive(Clone)]
pub struct Address(Url);

impl Address {
    /// The address of a file.
    pub(super) fn of(&self, path: &ObjectPath) -> Url {
        self.below(path.as_str())
    }

    /// The address of what lies below, by a path that does not begin with a `/`.
    pub fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/');
        let path = format!("{base}/{path}");
        url.set_path(&path);
        url
    }

    /// Whether an address lies at or below this one: same scheme, host and port, and the path goes on where a part ends.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let base = self.0.path().trim_end_matches('/');
        is_same_origin(&self.0, url)
            && url
                .path()
                .strip_prefix(base)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the same files lie below both: a `/` at the end means nothing.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.covers(&other.0) && other.covers(&self.0)
    }

    /// How long its path is: of two that cover an address, the longer one is meant.
    pub(super) fn depth(&self) -> usize {
        self.0.path().trim_end_matches('/').len()
    }

    /// Whether nobody on the way can read what goes there: TLS, or this very machine.
    pub fn is_private(&self) -> bool {
        self.0.scheme() == "https" || is_loopback(&self.0)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(AddressError::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Query);
        }
        if is_ambiguous(url.path()) {
            return Err(AddressError::Ambiguous);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether servers may take a path for another one than its text is. Plain parts of dots are gone by then, encoded or not.
fn is_ambiguous(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.split('/').any(|part| {
        let plain = part.split(';').next().unwrap_or(part).replace("%2e", ".");
        part.contains("%2f") || part.contains("%5c") || plain == "." || plain == ".."
    })
}

/// Same scheme, host and port.
pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether an address is this very machine's, by its text: a name that merely resolves to it does not count.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}
