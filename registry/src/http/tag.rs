//! By what a web server knows a file again: `ETag` and `Last-Modified`, of one address.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{DATE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

use crate::date;
use crate::storage::Tag;

/// The longest value that is remembered; a longer one is no help.
const MAX_VALUE: usize = 1024;

/// How old a file must be for its time to tell it from the next one: times have seconds, and what is written within the same
/// one would be taken for this. Many servers make their `ETag` of that time, too.
const SETTLED: Duration = Duration::from_secs(2);

/// What a server is asked to compare.
pub(super) struct Condition {
    /// The value of `If-None-Match`.
    pub(super) etag: Option<HeaderValue>,
    /// The value of `If-Modified-Since`.
    pub(super) modified: Option<HeaderValue>,
}

impl Condition {
    /// What to ask the server at an address; none where the tag is another one's.
    pub(super) fn of(tag: &Tag, url: &Url) -> Option<Self> {
        let mut lines = tag.0.split('\n');
        if lines.next() != Some(url.as_str()) {
            return None;
        }
        let mut value = || {
            let line = lines.next().filter(|line| !line.is_empty())?;
            HeaderValue::from_str(line).ok()
        };
        let (etag, modified) = (value(), value());
        (etag.is_some() || modified.is_some()).then_some(Self { etag, modified })
    }
}

/// The tag of an answer; none where the server gave nothing to compare, or what it gave may be the next version's too.
pub(super) fn of_answer(url: &Url, headers: &HeaderMap) -> Option<Tag> {
    let value = |name| {
        let text = headers.get(name)?.to_str().ok()?;
        (text.len() <= MAX_VALUE).then_some(text)
    };
    let (etag, modified) = (value(ETAG), value(LAST_MODIFIED));
    let is_settled = match modified {
        None => etag.is_some(),
        Some(modified) => {
            let times = date::parse(modified).zip(value(DATE).and_then(date::parse));
            times
                .and_then(|(modified, now)| now.duration_since(modified).ok())
                .is_some_and(|age| age >= SETTLED)
        }
    };
    is_settled.then(|| {
        let (etag, modified) = (etag.unwrap_or(""), modified.unwrap_or(""));
        Tag(format!("{url}\n{etag}\n{modified}"))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_the_next_version_s_too_is_no_tag() {
        const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";
        const ONE_SECOND: &str = "Sun, 06 Nov 1994 12:00:01 GMT";
        const TWO_SECONDS: &str = "Sun, 06 Nov 1994 12:00:02 GMT";
        for (etag, modified, now, kept) in [
            (Some("\"a\""), None, None, true),
            (None, None, Some(NOON), false),
            (None, Some(NOON), Some(NOON), false),
            (None, Some(NOON), Some(ONE_SECOND), false),
            (None, Some(NOON), Some(TWO_SECONDS), true),
            // As nginx makes it: of the time and the length.
            (Some("\"2ebcc9c0-12c\""), Some(NOON), Some(NOON), false),
            (
                Some("\"2ebcc9c0-12c\""),
                Some(NOON),
                Some(TWO_SECONDS),
                true,
            ),
            (None, Some(NOON), None, false),
            (None, Some(TWO_SECONDS), Some(NOON), false),
            (None, Some("yesterday"), Some(NOON), false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(ETAG, etag), (LAST_MODIFIED, modified), (DATE, now)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            let tag = of_answer(&"https://r.example/checkpoint".parse().unwrap(), &headers);
            assert_eq!(tag.is_some(), kept, "{etag:?} {modified:?} {now:?}");
        }
    }
}
