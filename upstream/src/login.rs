//! Who asks an OCI registry: this user's logins, which somebody else keeps.

pub mod docker;

pub(crate) use docker::decode_login;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::address::OciHost;

/// What this user has for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A name and a password.
    Basic {
        /// The user's name.
        user: String,
        /// The password, or a token instead of one.
        password: String,
    },
    /// What is exchanged for tokens: docker's identity token.
    Identity(String),
    /// A token for the registry itself.
    Bearer(String),
}

/// Its sort only: it is never printed.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Identity(_) => "Identity(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

/// What became of this user's login, where a registry says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginUse {
    /// There is none.
    None,
    /// It was shown.
    Shown,
    /// It was shown, and is not accepted.
    Refused,
    /// It was not shown, because tokens are given elsewhere.
    Withheld {
        /// The host, and the port where it is not the usual one.
        realm: String,
    },
}

impl fmt::Display for LoginUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Shown => f.write_str(", for the login that is kept here"),
            Self::Refused => f.write_str("; it does not accept the login that is kept here"),
            Self::Withheld { realm } => write!(
                f,
                "; the login that is kept here was not sent, since tokens are given at {realm}"
            ),
        }
    }
}

/// Where this user's logins are kept.
pub trait Logins: Send + Sync {
    /// The one for a registry. It is asked for when the registry wants one, and once.
    ///
    /// # Errors
    /// What the keeper says; never a secret.
    fn of(&self, host: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>>;
}

/// Nobody: registries are asked without a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

impl Logins for Anonymous {
    fn of(&self, _: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        Ok(None)
    }
}

/// Several keepers, of whom the first with a login counts.
#[derive(Clone, Default)]
pub struct Keepers(pub Vec<Arc<dyn Logins>>);

impl Logins for Keepers {
    fn of(&self, host: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        for keeper in &self.0 {
            let found = keeper.of(host)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
