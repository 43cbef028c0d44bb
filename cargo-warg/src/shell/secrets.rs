//! What is never printed, wherever it comes from: secret keys, which are recognized by their form, and this user's tokens
//! for registries, which the shell is told.
//!
//! A key or token may stand where it does not belong: in a manifest, in a variable, in a file that a link leads to. A
//! message about that must not put it into a log.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What a secret key begins with, in the text form of Go's `note` package.
const SECRET: &str = "PRIVATE+KEY+";

/// What follows where a message says how one looks.
const NO_SECRET: &str = "NAME+ID+BASE64";

/// The shortest token that is hidden, in bytes: a shorter one is a part of many words, and none of a token's worth.
const SHORTEST: usize = 8;

/// Whether a text holds a secret key.
pub fn has_secret(text: &str) -> bool {
    text.contains(SECRET)
}

/// This user's tokens. Secret keys need not be known.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    tokens: Vec<String>,
}

impl Secrets {
    /// These tokens, and each as JSON writes it in a string.
    pub(super) fn of(tokens: impl IntoIterator<Item = String>) -> Self {
        let long = tokens.into_iter().filter(|token| token.len() >= SHORTEST);
        let spelled = |token: String| {
            let in_json = token.replace('\\', "\\\\").replace('"', "\\\"");
            [token, in_json]
        };
        let mut tokens: Vec<_> = long.flat_map(spelled).collect();
        tokens.sort();
        tokens.dedup();
        Self { tokens }
    }

    /// The text with `…` for each secret.
    pub(super) fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.replaced(text, |_| "…".to_owned())
    }

    /// The text with asterisks for each secret, as many as it has bytes: so columns stay.
    pub(super) fn covered<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.replaced(text, |secret| "*".repeat(secret.len()))
    }

    fn replaced<'t>(&self, text: &'t str, with: impl Fn(&str) -> String) -> Cow<'t, str> {
        let spans = self.find(text);
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut safe, mut done) = (String::with_capacity(text.len()), 0);
        for span in spans {
            safe.push_str(text.get(done..span.start).unwrap_or_default());
            safe.push_str(&with(text.get(span.clone()).unwrap_or_default()));
            done = span.end;
        }
        safe.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(safe)
    }

    /// Where secrets stand, in order, those that overlap as one.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<_> = keys(text).collect();
        for token in &self.tokens {
            let matches = text.match_indices(token.as_str());
            found.extend(matches.map(|(at, token)| at..at.saturating_add(token.len())));
        }
        found.sort_by_key(|span| span.start);
        let mut spans: Vec<Range<usize>> = Vec::new();
        for span in found {
            match spans.last_mut() {
                Some(last) if span.start < last.end => last.end = last.end.max(span.end),
                _ => spans.push(span),
            }
        }
        spans
    }
}

/// What follows the first words of each secret key.
fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let starts = text.match_indices(SECRET);
    let starts = starts.map(|(at, _)| at.saturating_add(SECRET.len()));
    let spans = starts.map(|start| {
        let rest = text.get(start..).unwrap_or_default();
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = rest.get(..word).unwrap_or_default();
        start..start.saturating_add(whole(word).unwrap_or_else(|| broken(word)))
    });
    spans.filter(|span| text.get(span.clone()) != Some(NO_SECRET))
}

/// How long the `NAME+ID+BASE64` is that a word begins with. A name has every character but `+` and white space.
fn whole(word: &str) -> Option<usize> {
    let (_, rest) = word.split_once('+')?;
    let (id, rest) = rest.split_once('+')?;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let behind = rest.trim_start_matches(is_base64);
    let is_key = id.chars().all(|c| c.is_ascii_alphanumeric()) && behind.len() < rest.len();
    is_key.then(|| word.len().saturating_sub(behind.len()))
}

/// How much of a word is hidden that is no whole key: all of it, but for the quotes and brackets that close around it.
fn broken(word: &str) -> usize {
    word.trim_end_matches(['"', '`', '\'', '\\', ')', '}', ']', ','])
        .len()
}

/// Nothing of them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_every_secret_and_nothing_else() {
        let secrets = Secrets::of(["0123456789abcdef", "short", "a\"b\\c-_d%"].map(str::to_owned));
        for (text, hidden) in [
            (
                "https://r.example/x 0123456789abcdef\n",
                "https://r.example/x …\n",
            ),
            ("x0123456789abcdef0123456789abcdefx", "x……x"),
            ("a short word", "a short word"),
            (r#"{"a":"a\"b\\c-_d%"}"#, r#"{"a":"…"}"#),
            (
                "`PRIVATE+KEY+a+1+AaBb` and 0123456789abcdef",
                "`PRIVATE+KEY+…` and …",
            ),
            ("PRIVATE+KEY+a+0123456789abcdef+x y", "PRIVATE+KEY+… y"),
            (
                "write PRIVATE+KEY+NAME+ID+BASE64",
                "write PRIVATE+KEY+NAME+ID+BASE64",
            ),
        ] {
            assert_eq!(secrets.hidden(text), hidden);
            let covered = secrets.covered(text);
            assert_eq!(covered.len(), text.len(), "{covered}");
            assert_eq!(covered == text, hidden == text, "{covered}");
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(3)");
    }

    #[test]
    fn a_secret_key_is_hidden_whatever_its_name_has() {
        for name in ["a)b", "a'b", "a`b", r"a\b", "a\"b", "…b", "é,{}]b"] {
            let key = format!("PRIVATE+KEY+{name}+0a1b2c3d+AaBb/+c=");
            for (before, behind) in [
                ("", ""),
                ("`", "`"),
                ("{\"a\":\"", "\",\"b\":\"c+d+e\"}"),
                ("(", ") b"),
            ] {
                let hidden = format!("{before}PRIVATE+KEY+…{behind}");
                let once = Secrets::default()
                    .hidden(&format!("{before}{key}{behind}"))
                    .into_owned();
                assert_eq!(once, hidden);
            }
            let broken = format!("`PRIVATE+KEY+{name}AaBbCc` d");
            assert_eq!(Secrets::default().hidden(&broken), "`PRIVATE+KEY+…` d");
        }
    }
}
