//! Why an object could not be fetched over the network, as [`http`](crate::http) finds and [`storage`](crate::storage) reports it.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use crate::date;

/// Why an object could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// What is configured here does not work: certificates that do not read, mostly.
    #[error("the connection cannot be set up")]
    Setup {
        /// The error that caused it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No connection: no such host, nobody listens there, a certificate that is not believed.
    #[error("cannot connect")]
    Connect {
        /// The error that caused it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Nothing came for too long.
    #[error("nothing came for {} seconds", limit.as_secs_f64())]
    Stalled {
        /// How long was waited.
        limit: Duration,
    },
    /// It took too long in all.
    #[error("it was not there after {} seconds", limit.as_secs_f64())]
    Slow {
        /// How long was waited.
        limit: Duration,
    },
    /// The answer broke off, or is no HTTP.
    #[error("the answer broke off or is not HTTP")]
    Broken {
        /// The error that caused it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer has another length than it said.
    #[error("{came} bytes came, but the server had announced {said}")]
    Length {
        /// What `Content-Length` said.
        said: u64,
        /// How many bytes came.
        came: u64,
    },
    /// More bytes than such an object may have.
    #[error("more than {limit} bytes came")]
    TooLarge {
        /// The most it may have.
        limit: u64,
    },
    /// Compressed, which was not asked for, and could be small here and large unpacked.
    #[error("the answer is encoded as `{encoding}`, which was not asked for")]
    Encoded {
        /// What `Content-Encoding` said.
        encoding: Box<str>,
    },
    /// A web page, as some servers send for what they have not.
    #[error("a web page came instead of the file")]
    WebPage,
    /// The server is busy, or has a fault that may pass.
    #[error("the server answered {status}")]
    Busy {
        /// What it answered.
        status: StatusCode,
        /// When to come back, by its own words.
        after: Option<RetryAfter>,
    },
    /// The server does not let us.
    #[error("the server answered {status}")]
    Denied {
        /// What it answered.
        status: StatusCode,
        /// Whether a token was sent.
        token: bool,
    },
    /// An answer that makes no sense for a file.
    #[error("the server answered {status}")]
    Status {
        /// What it answered.
        status: StatusCode,
    },
    /// A body in crumbs.
    #[error("{came} bytes came in {pieces} pieces")]
    Pieces {
        /// How many came.
        pieces: u64,
        /// The bytes in all of them.
        came: u64,
    },
    /// Redirected again and again.
    #[error("the server redirected more than {limit} times")]
    Redirects {
        /// How often is followed.
        limit: usize,
    },
    /// Redirected to where nothing is followed: to an address without TLS, or to none at all.
    #[error("the server redirected to {to}, which is not followed")]
    Redirect {
        /// The address that the server names.
        to: Box<str>,
    },
}

/// When a server wants to be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so long.
    Pause(Duration),
    /// At a time.
    Date(SystemTime),
}

impl RetryAfter {
    /// Reads the header: seconds, or a date as HTTP writes it.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self::Pause(Duration::from_secs(seconds)));
        }
        date::parse(text).map(Self::Date)
    }
}

impl FetchError {
    /// Whether the next try may do better.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Stalled { .. }
            | Self::Broken { .. }
            | Self::Length { .. }
            | Self::Busy { .. } => true,
            Self::Setup { .. }
            | Self::Slow { .. }
            | Self::TooLarge { .. }
            | Self::Encoded { .. }
            | Self::WebPage
            | Self::Denied { .. }
            | Self::Status { .. }
            | Self::Pieces { .. }
            | Self::Redirects { .. }
            | Self::Redirect { .. } => false,
        }
    }

    /// How long the server wants us to wait.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        match self {
            Self::Busy {
                after: Some(RetryAfter::Pause(pause)),
                ..
            } => Some(*pause),
            Self::Busy {
                after: Some(RetryAfter::Date(date)),
                ..
            } => Some(date.duration_since(now).unwrap_or_default()),
            _ => None,
        }
    }
}
