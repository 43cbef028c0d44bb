//! Bearer tokens, each bound to the addresses it was given for.
//!
//! The binding is the user's own: an address and a token stand on one line. What a project calls a registry never decides
//! where a credential goes, since the project could call any host so.

use std::fmt;

use reqwest::Url;

use super::{Address, AddressError};

/// Why a text of tokens cannot be used. No part of a line is repeated: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A line that is not an address and a token.
    #[error("line {line} is not an address, a space, and a token")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// An address that cannot be one of a registry.
    #[error("the address of line {line} cannot be a registry's: {reason}")]
    Address {
        /// Counted from 1.
        line: usize,
        /// What is wrong with the address.
        reason: AddressError,
    },
    /// An address to which the token would go in the clear.
    #[error("the address of line {line} has no TLS: the token could be read on the way")]
    InTheClear {
        /// Counted from 1.
        line: usize,
    },
    /// Two tokens for one address.
    #[error("line {line} has a second token for the same address")]
    Twice {
        /// Counted from 1.
        line: usize,
    },
}

/// Tokens by the address that they are for.
#[derive(Clone, Default)]
pub struct Tokens(Vec<(Address, String)>);

impl Tokens {
    /// Reads lines `ADDRESS TOKEN`; blank lines and those that begin with `#` mean nothing.
    ///
    /// # Errors
    /// A line that is something else, or an address without TLS that is not this very machine's.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut tokens = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let mut words = text.split_ascii_whitespace();
            let (Some(address), Some(token), None) = (words.next(), words.next(), words.next())
            else {
                return Err(TokenError::Line { line });
            };
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(TokenError::Line { line });
            }
            let address: Address = address
                .parse()
                .map_err(|reason| TokenError::Address { line, reason })?;
            if !address.is_private() {
                return Err(TokenError::InTheClear { line });
            }
            if tokens.0.iter().any(|(other, _)| other.is_same(&address)) {
                return Err(TokenError::Twice { line });
            }
            tokens.0.push((address, token.to_owned()));
        }
        Ok(tokens)
    }

    /// These, and those of another text for addresses that these do not name.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (address, token) in others.0 {
            if !self.0.iter().any(|(known, _)| known.is_same(&address)) {
                self.0.push((address, token));
            }
        }
        self
    }

    /// The addresses that have a token.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().map(|(address, _)| address)
    }

    /// The token for an address: that of the longest one which covers it.
    pub(super) fn of(&self, url: &Url) -> Option<&str> {
        let covering = self.0.iter().filter(|(address, _)| address.covers(url));
        let closest = covering.max_by_key(|(address, _)| address.depth());
        closest.map(|(_, token)| token.as_str())
    }
}

/// Addresses only: a token is never printed.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.addresses()).finish()
    }
}
