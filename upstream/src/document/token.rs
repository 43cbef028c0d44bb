//! What servers of tokens answer.

use serde::Deserialize;

use super::challenge::ChallengeError;

/// Why no token was got.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// What the registry asks for is not known here.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// Tokens would come without TLS, or from this machine for another one's registry.
    #[error("it has its tokens given at {realm}, which is without TLS, or this very machine")]
    Unsafe {
        /// The host that gives them.
        realm: String,
    },
    /// What came is not JSON with a token.
    #[error("what {realm} answered is no token in JSON")]
    Malformed {
        /// Where it came from.
        realm: String,
    },
    /// A token that cannot be in a header.
    #[error(
        "the token that {realm} gave has a line break, a space or another character that no token has"
    )]
    Characters {
        /// Where it came from.
        realm: String,
    },
    /// An answer that makes no sense.
    #[error("{realm} answered {status}")]
    Status {
        /// The host that answered.
        realm: String,
        /// The status of the answer.
        status: u16,
    },
}

/// What a server of tokens answers. Some call it by the one name, some by the other, some by both.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

/// The token in an answer, whatever characters it has; none where there is none.
pub fn parse_token(body: &[u8]) -> Option<String> {
    let answer: TokenAnswer = serde_json::from_slice(body).ok()?;
    let token = answer.token.filter(|token| !token.is_empty());
    token.or(answer.access_token.filter(|token| !token.is_empty()))
}

/// Whether a text can be a token in a header.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
