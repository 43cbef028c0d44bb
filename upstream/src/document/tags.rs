//! The tags of a repository: pages of JSON, and where the next one is.

use std::collections::BTreeSet;
use std::fmt;

use registry::http::{Url, excerpt};
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, de};
use transparency::version::parse_version;

use super::excerpt_of;
use crate::listing::Listing;

/// The largest page of tags.
pub(crate) const MAX_PAGE: u64 = 8 << 20;
/// The most tags of one repository. Registries of images have some ten thousand.
pub const MAX_TAGS: usize = 100_000;
/// The most bytes of all pages: those of the most tags, each as long as tags can be.
pub(crate) const MAX_LISTING: u64 = 16 << 20;
/// The most pages. Each may take as long as any answer. A registry that is asked for a thousand tags and sends a hundred
/// can list 6,400.
pub(crate) const MAX_PAGES: usize = 64;
/// The longest tag, by OCI's rule.
const MAX_TAG: usize = 128;

/// One page. Tags that are longer than tags can be are left out.
#[derive(Debug, Default)]
pub struct TagPage {
    /// In the order that they came.
    pub tags: Vec<String>,
    /// How many came, those that were left out included.
    pub count: usize,
}

/// Reads a page.
///
/// # Errors
/// What is not JSON of that form, and more than [`MAX_TAGS`] tags.
pub fn parse_page(body: &[u8]) -> Result<TagPage, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(expecting = "a list of tags")]
    struct Answer {
        /// Some send `null` for a repository without any.
        tags: Option<TagPage>,
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|error| excerpt_of(&error))?;
    Ok(answer.tags.unwrap_or_default())
}

impl<'de> Deserialize<'de> for TagPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tags;
        impl<'de> Visitor<'de> for Tags {
            type Value = TagPage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tags")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TagPage, A::Error> {
                let mut page = TagPage::default();
                while page.count < MAX_TAGS {
                    let Some(tag) = list.next_element::<String>()? else {
                        return Ok(page);
                    };
                    page.count = page.count.saturating_add(1);
                    if tag.len() <= MAX_TAG {
                        page.tags.push(tag);
                    }
                }
                if list.next_element::<IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_length(MAX_TAGS, &"fewer tags"));
                }
                Ok(page)
            }
        }
        deserializer.deserialize_seq(Tags)
    }
}

/// Where a `Link` header says that the next page is; none where it says nothing of it.
pub fn next_link<'h>(headers: impl IntoIterator<Item = &'h str>) -> Option<String> {
    for header in headers {
        let mut rest = header;
        while let Some((_, behind)) = rest.split_once('<') {
            let (target, behind) = behind.split_once('>')?;
            let end = behind.find('<').unwrap_or(behind.len());
            let (parameters, behind) = behind.split_at_checked(end)?;
            let is_next = parameters.split([';', ',']).any(|parameter| {
                let parameter = parameter.split_once('=');
                parameter.is_some_and(|(name, value)| {
                    let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
                    name.trim().eq_ignore_ascii_case("rel")
                        && words.any(|word| word.eq_ignore_ascii_case("next"))
                })
            });
            if is_next {
                return Some(target.to_owned());
            }
            rest = behind;
        }
    }
    None
}

/// Whether an address is another page of the same list.
pub(crate) fn is_page_of(list: &Url, page: &Url) -> bool {
    let origin = |url: &Url| {
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.port_or_known_default(),
        )
    };
    let plain = page.username().is_empty() && page.password().is_none();
    origin(list) == origin(page) && list.path() == page.path() && plain
}

/// What tags say of versions. What registries keep beside an artifact under its digest is passed over.
pub fn listing(tags: BTreeSet<String>) -> Listing {
    let mut listing = Listing::default();
    for tag in tags {
        if is_attachment(&tag) {
            continue;
        }
        // A tag has no `+`.
        match parse_version(&tag.replacen('_', "+", 1)) {
            Ok(version) => {
                listing.versions.insert(version);
            }
            Err(_) => listing.others.push(excerpt(&tag)),
        }
    }
    listing
}

/// Whether a tag is no version but holds signatures and the like of a manifest: `sha256-<hex>`, `sha256-<hex>.sig`.
fn is_attachment(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-") else {
        return false;
    };
    let Some((hex, rest)) = rest.split_at_checked(64) else {
        return false;
    };
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        !word.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_hex = hex
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_hex && (rest.is_empty() || rest.strip_prefix('.').is_some_and(is_word))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_where_the_header_says() {
        for (header, next) in [
            (
                "</v2/a/tags/list?last=x&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=x&n=2"),
            ),
            ("<a>; rel=prev, <b>; rel=next", Some("b")),
            ("<a>; rel=\"prev next\"", Some("a")),
            ("<a,b>; Rel=\"NEXT\"", Some("a,b")),
            ("<a>; rel=\"nexto\"", None),
            ("<a", None),
            ("a; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_link([header]).as_deref(), next, "{header}");
        }
    }

    #[test]
    fn versions_are_told_from_other_tags_and_from_signatures() {
        let hex = "0123456789abcdef".repeat(4);
        let tags = [
            "1.0.0",
            "0.3.0-rc-2025-09-16",
            "1.0.0_build.1",
            "latest",
            "v1.0.0",
            "1.0",
            &format!("sha256-{hex}"),
            &format!("sha256-{hex}.sig"),
            &format!("sha256-{hex}.x-y"),
            "sha256-12",
        ];
        let found = listing(tags.map(str::to_owned).into());
        let versions: Vec<_> = found.versions.iter().map(ToString::to_string).collect();
        assert_eq!(versions, ["0.3.0-rc-2025-09-16", "1.0.0", "1.0.0+build.1"]);
        let others: Vec<_> = found.others.iter().map(String::as_str).collect();
        assert_eq!(
            others,
            [
                "1.0",
                "latest",
                &format!("sha256-{hex}.x-y"),
                "sha256-12",
                "v1.0.0"
            ]
        );
    }

    #[test]
    fn a_page_has_a_limited_number_of_tags() {
        let page = |count: usize| {
            format!(
                "{{\"name\":\"a\",\"tags\":[{}]}}",
                vec!["\"1\""; count].join(",")
            )
        };
        assert_eq!(
            parse_page(page(MAX_TAGS).as_bytes()).unwrap().count,
            MAX_TAGS
        );
        assert!(parse_page(page(MAX_TAGS + 1).as_bytes()).is_err());
        assert_eq!(parse_page(b"{\"tags\":null}").unwrap().count, 0);
        assert_eq!(parse_page(b"{}").unwrap().count, 0);
        let long = format!("{{\"tags\":[\"{}\",\"1.0.0\"]}}", "x".repeat(129));
        let long = parse_page(long.as_bytes()).unwrap();
        assert_eq!((long.count, long.tags), (2, vec!["1.0.0".to_owned()]));
        for wrong in [
            &b"[]"[..],
            b"{\"tags\":{}}",
            b"{\"tags\":[1]}",
            b"<html>",
            b"",
        ] {
            assert!(parse_page(wrong).is_err());
        }
    }
}
