//! What a server wrote, as messages repeat it.

use transparency::field::is_deceptive;

/// The most characters of it.
pub const MAX_EXCERPT: usize = 200;

/// One line, without characters that hide others, and no longer than [`MAX_EXCERPT`].
pub fn excerpt(text: &str) -> String {
    let mut written = text.chars().flat_map(|character| {
        let is_bad = is_deceptive(character);
        let escaped = is_bad.then(|| character.escape_default());
        let plain = (!is_bad).then_some(character);
        plain.into_iter().chain(escaped.into_iter().flatten())
    });
    let mut shown: String = written.by_ref().take(MAX_EXCERPT).collect();
    if written.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_wrote_is_one_short_line() {
        assert_eq!(excerpt("a `b` ä"), "a `b` ä");
        assert_eq!(
            excerpt("a\r\n::error::\u{1b}[31m\u{202e}"),
            "a\\r\\n::error::\\u{1b}[31m\\u{202e}"
        );
        assert_eq!(excerpt(&"ä".repeat(200)), "ä".repeat(200));
        assert_eq!(excerpt(&"ä".repeat(201)), "ä".repeat(199) + "…");
        assert_eq!(excerpt(&"\n".repeat(201)).chars().count(), 200);
    }
}
