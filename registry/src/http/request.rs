//! One question for an object of a registry, and what is taken of the answer.

use reqwest::Method;
use reqwest::Url;
use reqwest::header::{CACHE_CONTROL, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use super::address::is_same_origin;
use super::credential::Credential;
use super::exchange::{Exchange, Message};
use super::round::Round;
use super::tag::{self, Condition};
use crate::fetch::FetchError;
use crate::storage::Tag;

/// What a server says of an object.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has none.
    Absent,
    /// It is what it was.
    Unchanged,
    /// These bytes, and by what to know them again.
    Found { bytes: Vec<u8>, tag: Option<Tag> },
    /// It is to be asked for again: too much has come together with it.
    Later,
}

/// A question for an object.
pub(super) struct Request<'r> {
    pub(super) url: Url,
    /// The most bytes it may have.
    pub(super) limit: u64,
    /// Whether it may be another one next time: then no cache on the way may answer by itself.
    pub(super) changes: bool,
    /// What is known of it.
    pub(super) condition: Option<Condition>,
    /// With which others it comes.
    pub(super) round: Option<&'r Round>,
}

impl Request<'_> {
    pub(super) async fn send(self, exchange: Exchange<'_>) -> Result<Answer, FetchError> {
        let token = exchange.options.tokens.of(&self.url);
        let credential = token.map(|token| Credential::Bearer(token.to_owned()));
        let mut headers = HeaderMap::new();
        if self.changes {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        if let Some(condition) = &self.condition {
            for (name, value) in [
                (IF_NONE_MATCH, &condition.etag),
                (IF_MODIFIED_SINCE, &condition.modified),
            ] {
                headers.extend(value.clone().map(|value| (name, value)));
            }
        }
        let message = Message {
            method: Method::GET,
            url: &self.url,
            headers,
            credential: credential.as_ref(),
            body: None,
        };
        let response = exchange.send(message).await?;
        let status = response.status();
        match status.as_u16() {
            200 => {
                let tag = self
                    .changes
                    .then(|| tag::of_answer(&self.url, response.headers()));
                let bytes = exchange.read(response, self.limit, self.round).await?;
                Ok(match bytes {
                    Some(bytes) => Answer::Found {
                        bytes,
                        tag: tag.flatten(),
                    },
                    None => Answer::Later,
                })
            }
            304 if self.condition.is_some() => Ok(Answer::Unchanged),
            404 | 410 => Ok(Answer::Absent),
            401 | 403 | 407 => {
                let token = credential.is_some() && is_same_origin(&self.url, response.url());
                Err(FetchError::Denied { status, token })
            }
            _ => Err(FetchError::Status { status }),
        }
    }
}
