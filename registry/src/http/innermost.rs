//! What lies at the bottom of an error of the HTTP library.

use std::error::Error;
use std::fmt;

/// An error of which only the innermost cause is said: the layers above it each say "error sending request".
#[derive(Debug)]
pub(super) struct Innermost(reqwest::Error);

impl Innermost {
    pub(super) fn of(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }
}

impl fmt::Display for Innermost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut innermost: &dyn Error = &self.0;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        fmt::Display::fmt(innermost, f)
    }
}

impl Error for Innermost {}
