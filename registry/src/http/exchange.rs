//! One message to one server, with the redirects that are followed, and the bytes of its answer.

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response, Url};

use super::Options;
use super::address::is_same_origin;
use super::connection::Connections;
use super::credential::Credential;
use super::excerpt::excerpt;
use super::innermost::Innermost;
use super::round::Round;
use crate::fetch::{FetchError, RetryAfter};

/// How often a redirect is followed: to TLS, to a bucket behind an address, and one in reserve.
const MAX_REDIRECTS: usize = 3;

/// How many pieces a body may come in at least. Servers send a packet or more at once, and each piece costs its reader as
/// much as many bytes do.
const MAX_PIECES: u64 = 4096;
/// For so many bytes it may come in one piece more.
const PIECE: u64 = 64;

/// No more is set aside for an answer before it comes, whatever length it announces.
const MAX_FORESIGHT: u64 = 1024 * 1024;

/// What is sent.
pub(super) struct Message<'m> {
    pub(super) method: Method,
    pub(super) url: &'m Url,
    pub(super) headers: HeaderMap,
    pub(super) credential: Option<&'m Credential>,
    pub(super) body: Option<&'m str>,
}

/// The way that a message goes.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'e> {
    pub(super) connections: &'e Connections,
    pub(super) options: &'e Options,
}

impl Exchange<'_> {
    /// Sends a message to where redirects lead. What comes back is no redirect, and not from a busy server.
    pub(super) async fn send(self, message: Message<'_>) -> Result<Response, FetchError> {
        let mut url = message.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let client = self.connections.of(&url)?;
            let mut request = client
                .request(message.method.clone(), url.clone())
                .headers(message.headers.clone())
                .header(ACCEPT_ENCODING, "identity");
            // Whoever was redirected to another server has no credentials for it, whatever they are.
            if let Some(credential) = message.credential
                && is_same_origin(message.url, &url)
            {
                request = credential.put_on(request);
            }
            if let Some(body) = message.body {
                request = request.body(body.to_owned());
            }
            let sent = request.send().await;
            let response = sent.map_err(|error| failure(error, self.options))?;
            let (status, headers) = (response.status(), response.headers());
            match status.as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    let to = follow(&url, headers)?;
                    // What is in a body is for one server, and may be a secret.
                    if message.body.is_some() {
                        let to = excerpt(to.as_str()).into();
                        return Err(FetchError::Redirect { to });
                    }
                    url = to;
                }
                408 | 425 | 429 | 500..=599 => {
                    let after = text(headers, &RETRY_AFTER).and_then(RetryAfter::parse);
                    return Err(FetchError::Busy { status, after });
                }
                _ => return Ok(response),
            }
        }
        Err(FetchError::Redirects {
            limit: MAX_REDIRECTS,
        })
    }

    /// Takes in a body of at most so many bytes; none where the round that it comes in is full.
    pub(super) async fn read(
        self,
        mut response: Response,
        limit: u64,
        round: Option<&Round>,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
            && encoding != "identity"
        {
            return Err(FetchError::Encoded {
                encoding: excerpt(&String::from_utf8_lossy(encoding.as_bytes())).into(),
            });
        }
        let said = text(response.headers(), &CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let foresight = said.unwrap_or(0).min(limit).min(MAX_FORESIGHT);
        let mut bytes = Vec::with_capacity(usize::try_from(foresight).unwrap_or(0));
        let (mut came, mut pieces) = (0_u64, 0_u64);
        let mut is_judged = false;
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(error, self.options))?
        {
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            came = came.saturating_add(length);
            pieces = pieces.saturating_add(1);
            if pieces > MAX_PIECES.saturating_add(came / PIECE) {
                return Err(FetchError::Pieces { pieces, came });
            }
            self.options.progress.received(length);
            bytes.extend_from_slice(&chunk);
            if !is_judged && let Some(is_page) = is_web_page(&bytes) {
                if is_page {
                    return Err(FetchError::WebPage);
                }
                is_judged = true;
            }
            if let Some(round) = round {
                round.add(chunk.len());
                if round.is_full() {
                    return Ok(None);
                }
            }
            if came > limit || said.is_some_and(|said| said > limit) {
                return Err(FetchError::TooLarge { limit });
            }
        }
        match said {
            Some(said) if said != came => Err(FetchError::Length { said, came }),
            _ => Ok(Some(bytes)),
        }
    }
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Where a redirect leads: never from TLS to none, and never to anything but a web server.
fn follow(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = text(headers, &LOCATION).unwrap_or("nowhere");
    let refused = || FetchError::Redirect {
        to: excerpt(location).into(),
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
