//! Text from outside, made harmless before it is printed: nothing hidden in it, and no line longer than anybody reads.

use std::borrow::Cow;

/// Characters that change what a reader sees without being seen: those that records refuse.
pub(super) fn is_hidden(c: char) -> bool {
    transparency::field::is_deceptive(c)
}

/// The text with every hidden character but line feed and tab written out, `\u{1b}` for an escape.
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_except(text, |c| matches!(c, '\n' | '\t'))
}

/// The same for text that must stay on one line, such as what a stranger wrote into a record.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    clean_except(text, |_| false)
}

fn clean_except(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |c: char| is_hidden(c) && !keep(c);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if bad(c) {
            cleaned.extend(c.escape_default());
        } else {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}

/// The longest line of a message, in bytes: more than anybody reads, and what a stranger's names may make of it.
const MAX_MESSAGE_LINE: usize = 4096;

/// A message whose lines are cut where they get too long, each with a word on how much is missing.
pub(super) fn shortened(message: &str) -> String {
    let lines = message.split('\n').map(|line| {
        if line.len() <= MAX_MESSAGE_LINE {
            return Cow::Borrowed(line);
        }
        let (shown, rest) = line.split_at(line.floor_char_boundary(MAX_MESSAGE_LINE));
        let more = rest.chars().count();
        Cow::Owned(format!("{shown}… and {more} characters more"))
    });
    lines.collect::<Vec<_>>().join("\n")
}
