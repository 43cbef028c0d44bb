//! By what a web server knows a file again: `ETag` and `Last-Modified`, of one address.

use reqwest::Url;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

use crate::storage::Tag;

/// The longest value that is remembered; a longer one is no help.
const MAX_VALUE: usize = 1024;

/// What a server is asked to compare.
pub(super) struct Condition {
    /// For `If-None-Match`.
    pub(super) etag: Option<HeaderValue>,
    /// For `If-Modified-Since`.
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

/// The tag of an answer; none where the server gave nothing to compare.
pub(super) fn of_answer(url: &Url, headers: &HeaderMap) -> Option<Tag> {
    let value = |name| {
        let text = headers.get(name)?.to_str().ok()?;
        (text.len() <= MAX_VALUE).then_some(text)
    };
    let (etag, modified) = (value(ETAG), value(LAST_MODIFIED));
    (etag.is_some() || modified.is_some()).then(|| {
        let (etag, modified) = (etag.unwrap_or(""), modified.unwrap_or(""));
        Tag(format!("{url}\n{etag}\n{modified}"))
    })
}
