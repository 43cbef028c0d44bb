//! What shows a server who asks.

use std::fmt;

use reqwest::RequestBuilder;

/// What shows a server who asks. It goes to the scheme, host and port that it is given for, whatever redirects say.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A bearer token, as the server gave it.
    Bearer(String),
    /// A name and a password.
    Basic {
        /// The name of the user.
        user: String,
        /// The password that belongs to it.
        password: String,
    },
}

impl Credential {
    pub(super) fn put_on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Bearer(token) => request.bearer_auth(token),
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
        }
    }
}

/// Its sort only: it is never printed.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer(…)",
            Self::Basic { .. } => "Basic(…)",
        })
    }
}
