//! One question to one server, with the redirects that are followed, and what is taken of the answer.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use reqwest::{Response, StatusCode, Url};

use super::Options;
use super::address::is_same_origin;
use super::connection::Connections;
use super::innermost::Innermost;
use super::tag::{self, Condition};
use crate::fetch::FetchError;
use crate::fetch::RetryAfter;
use crate::storage::Tag;

/// How often a redirect is followed: to TLS, to a bucket behind an address, and one in reserve.
const MAX_REDIRECTS: usize = 3;

/// How many pieces a body may come in at least. Servers send a packet or more at once, and each piece costs its reader as
/// much as many bytes do.
const MAX_PIECES: u64 = 4096;
/// For so many bytes it may come in one piece more.
const PIECE: u64 = 64;

/// No more is set aside for an answer before it comes, whatever length it announces.
const MAX_FORESIGHT: u64 = 1024 * 1024;

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

/// The files that come together, and how many bytes of them there may be.
#[derive(Debug)]
pub(super) struct Round {
    came: AtomicU64,
    most: u64,
}

impl Round {
    pub(super) fn of(most: u64) -> Self {
        Self {
            came: AtomicU64::new(0),
            most,
        }
    }

    /// Counts bytes that came.
    pub(super) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.came.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether more has come than may.
    pub(super) fn is_full(&self) -> bool {
        self.came.load(Ordering::Relaxed) > self.most
    }
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
    pub(super) async fn send(
        self,
        connections: &Connections,
        options: &Options,
    ) -> Result<Answer, FetchError> {
        let token = options.tokens.of(&self.url);
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            // Whoever was redirected to another server has no credentials for it, whatever they are.
            let token = token.filter(|_| is_same_origin(&self.url, &url));
            let mut request = connections
                .of(&url)?
                .get(url.clone())
                .header(ACCEPT_ENCODING, "identity");
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if self.changes {
                request = request.header(CACHE_CONTROL, "no-cache");
            }
            if let Some(condition) = &self.condition {
                for (name, value) in [
                    (IF_NONE_MATCH, &condition.etag),
                    (IF_MODIFIED_SINCE, &condition.modified),
                ] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
            }
            let sent = request.send().await;
            let response = sent.map_err(|error| failure(error, options))?;
            let status = response.status();
            match status.as_u16() {
                200 => return self.read(response, options).await,
                304 if self.condition.is_some() => return Ok(Answer::Unchanged),
                404 | 410 => return Ok(Answer::Absent),
                301 | 302 | 303 | 307 | 308 => url = follow(&url, response.headers())?,
                401 | 403 | 407 => {
                    let token = token.is_some();
                    return Err(FetchError::Denied { status, token });
                }
                408 | 425 | 429 | 500..=599 => {
                    let after = text(response.headers(), &RETRY_AFTER).and_then(RetryAfter::parse);
                    return Err(FetchError::Busy { status, after });
                }
                _ => return Err(FetchError::Status { status }),
            }
        }
        Err(FetchError::Redirects {
            limit: MAX_REDIRECTS,
        })
    }

    /// Takes in the body, no more of it than the object may have.
    async fn read(&self, mut response: Response, options: &Options) -> Result<Answer, FetchError> {
        debug_assert_eq!(response.status(), StatusCode::OK);
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
            && encoding != "identity"
        {
            return Err(FetchError::Encoded {
                encoding: String::from_utf8_lossy(encoding.as_bytes()).into(),
            });
        }
        let tag = self
            .changes
            .then(|| tag::of_answer(&self.url, response.headers()));
        let said = text(response.headers(), &CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let foresight = said.unwrap_or(0).min(self.limit).min(MAX_FORESIGHT);
        let mut bytes = Vec::with_capacity(usize::try_from(foresight).unwrap_or(0));
        let (mut came, mut pieces) = (0_u64, 0_u64);
        let mut is_judged = false;
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(error, options))?
        {
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            came = came.saturating_add(length);
            pieces = pieces.saturating_add(1);
            if pieces > MAX_PIECES.saturating_add(came / PIECE) {
                return Err(FetchError::Pieces { pieces, came });
            }
            options.progress.received(length);
            bytes.extend_from_slice(&chunk);
            if !is_judged && let Some(is_page) = is_web_page(&bytes) {
                if is_page {
                    return Err(FetchError::WebPage);
                }
                is_judged = true;
            }
            if let Some(round) = self.round {
                round.add(chunk.len());
                if round.is_full() {
                    return Ok(Answer::Later);
                }
            }
            if came > self.limit || said.is_some_and(|said| said > self.limit) {
                return Err(FetchError::TooLarge { limit: self.limit });
            }
        }
        match said {
            Some(said) if said != came => Err(FetchError::Length { said, came }),
            _ => Ok(Answer::Found {
                bytes,
                tag: tag.flatten(),
            }),
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Where a redirect leads: never from TLS to none, and never to anything but a web server.
fn follow(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = text(headers, &LOCATION).unwrap_or("nowhere");
    let refused = || FetchError::Redirect {
        to: location.into(),
    };
    let to = from.join(location).map_err(|_| refused())?;
    let as_safe = matches!(
        (from.scheme(), to.scheme()),
        ("https" | "http", "https") | ("http", "http")
    );
    let plain = to.username().is_empty() && to.password().is_none();
    if headers.contains_key(LOCATION) && as_safe && plain {
        Ok(to)
    } else {
        Err(refused())
    }
}

/// The most bytes before the first tag of a web page, and of that tag.
const MAX_PREAMBLE: usize = 256;

/// Whether these are the first bytes of a web page; none where more are needed to tell. No file of a registry begins so:
/// each is a note, a text with a first line of its own, hashes, or a component. What begins with more empty space than
/// pages do is none, so an answer is looked at so often as its first bytes come in pieces, and not again.
fn is_web_page(bytes: &[u8]) -> Option<bool> {
    let is_all = bytes.len() >= MAX_PREAMBLE;
    let bytes = bytes.get(..MAX_PREAMBLE).unwrap_or(bytes);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.trim_ascii_start();
    let mut is_open = bytes.is_empty();
    for start in ["<!doctype html", "<html"] {
        let length = start.len().min(bytes.len());
        let (begin, same) = (bytes.get(..length)?, start.as_bytes().get(..length)?);
        if begin.eq_ignore_ascii_case(same) {
            if length == start.len() {
                return Some(true);
            }
            is_open = true;
        }
    }
    (is_all || !is_open).then_some(false)
}

/// Gives a failed exchange its name.
fn failure(error: reqwest::Error, options: &Options) -> FetchError {
    let timeouts = &options.timeouts;
    if error.is_connect() {
        let source = Box::new(Innermost::of(error));
        return FetchError::Connect { source };
    }
    if error.is_timeout() {
        let limit = timeouts.idle;
        return FetchError::Stalled { limit };
    }
    FetchError::Broken {
        source: Box::new(Innermost::of(error)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_redirect_never_leads_to_less_than_there_was() {
        for (from, location, to) in [
            ("https://a.example/x/y", "z", Some("https://a.example/x/z")),
            (
                "https://a.example/x",
                "//b.example/y",
                Some("https://b.example/y"),
            ),
            (
                "https://a.example/x",
                "https://b.example:8443/y?sig=1",
                Some("https://b.example:8443/y?sig=1"),
            ),
            (
                "http://a.example/x",
                "https://a.example/x",
                Some("https://a.example/x"),
            ),
            (
                "http://a.example/x",
                "http://b.example/x",
                Some("http://b.example/x"),
            ),
            ("https://a.example/x", "http://a.example/x", None),
            ("https://a.example/x", "http://127.0.0.1/x", None),
            ("https://a.example/x", "https://user@a.example/x", None),
            ("https://a.example/x", "ftp://a.example/x", None),
            ("https://a.example/x", "data:text/plain,x", None),
            ("https://a.example/x", "https://", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_static(location));
            let followed = follow(&from.parse().unwrap(), &headers);
            let followed = followed.as_ref().ok().map(Url::as_str);
            assert_eq!(followed, to, "from {from} to {location}");
        }
        let nowhere = follow(&"https://a.example".parse().unwrap(), &HeaderMap::new());
        assert!(nowhere.is_err());
    }

    #[test]
    fn a_web_page_is_known_by_its_first_bytes() {
        for page in [
            "<!DOCTYPE html>",
            "\n\t <HTML lang=en>",
            "\u{feff}<!doctype HTML >",
        ] {
            assert_eq!(is_web_page(page.as_bytes()), Some(true), "{page}");
        }
        for file in ["registry.example/x\n2\n", "\0asm", "<htm?", " <!DOCTYPE x"] {
            assert_eq!(is_web_page(file.as_bytes()), Some(false), "{file}");
        }
        for begun in ["", " ", "<", "<!DOCTYPE", "<htm", "\u{feff}"] {
            assert_eq!(is_web_page(begun.as_bytes()), None, "{begun}");
        }
        // However much of it comes, and in whatever pieces: it is looked at no further than its first bytes.
        assert_eq!(is_web_page(&[b' '; MAX_PREAMBLE]), Some(false));
    }
}
