//! The texts of errors, as the sources have them: those of enums, and those that operations write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::stage::Shown;

/// All texts.
pub(super) struct Texts {
    variants: BTreeMap<String, Text>,
    own: Vec<(PathBuf, Text)>,
    /// The types that have a class, and so can end a command.
    classified: BTreeSet<String>,
}

/// A text with holes, between its fixed parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(Vec<String>);

impl Text {
    fn parse(literal: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut characters = literal.chars().peekable();
        let mut depth = 0;
        while let Some(c) = characters.next() {
            match c {
                '{' if characters.peek() == Some(&'{') => {
                    characters.next();
                    parts.last_mut().unwrap().push('{');
                }
                '}' if depth == 0 && characters.peek() == Some(&'}') => {
                    characters.next();
                    parts.last_mut().unwrap().push('}');
                }
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    parts.push(String::new());
                }
                _ if depth > 0 => {}
                c => parts.last_mut().unwrap().push(c),
            }
        }
        Self(parts)
    }

    /// Whether its fixed parts stand in a text, in their order. Lines of causes are indented.
    pub(super) fn is_said_in(&self, said: &str) -> bool {
        let said = said.replace("\n  ", "\n");
        let mut rest = said.as_str();
        self.0.iter().all(|part| match rest.find(part.as_str()) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    }

    fn fixed(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    fn shown(&self) -> String {
        self.0.join("…")
    }
}

/// The first string literal of a text, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let start = text.find('"')? + 1;
    let mut value = String::new();
    let mut characters = text[start..].char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[start + at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                '\n' => {
                    let rest = characters.as_str();
                    let blank = rest.len() - rest.trim_start().len();
                    for _ in 0..rest[..blank].chars().count() {
                        characters.next();
                    }
                }
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The code of a file, without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let tests = text
        .find("#[cfg(test)]\n#[expect")
        .or_else(|| text.find("#[cfg(test)]\nmod tests {"));
    text[..tests.unwrap_or(text.len())].to_owned()
}

/// `Enum::Variant` with its text, for every `#[error("…")]`.
fn of_enums(code: &str) -> Vec<(String, Text)> {
    let mut found = Vec::new();
    for part in code.split("\npub enum ").skip(1) {
        let name: String = part
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let body = part.split("\n}\n").next().unwrap();
        let mut rest = body;
        while let Some(at) = rest.find("#[error(") {
            rest = &rest[at + "#[error(".len()..];
            let (text, after) = if rest.starts_with("transparent") {
                (String::new(), rest)
            } else {
                literal(rest).unwrap()
            };
            let after = &after[after.find(")]").unwrap()..];
            // Behind the attributes' end stands the variant.
            let variant = after
                .lines()
                .skip(1)
                .map(str::trim)
                .find(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
                .unwrap();
            let variant: String = variant
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            found.push((format!("{name}::{variant}"), Text::parse(&text)));
            rest = after;
        }
    }
    found
}

/// The texts that code writes into an error itself.
fn of_operations(code: &str) -> Vec<Text> {
    let mut found = Vec::new();
    for call in ["Error::new(", "or_fail(", "Error::caused("] {
        for part in code.split(call).skip(1) {
            let end = part.find(";\n").unwrap_or(part.len());
            let call = &part[..end];
            // A message that is made before the call is found by `let message = format!(`.
            if let Some((text, _)) = call.split(".with_help(").next().and_then(literal) {
                found.push(Text::parse(&text));
            }
        }
    }
    for part in code.split("let message = format!(").skip(1) {
        found.push(Text::parse(&literal(part).unwrap().0));
    }
    found
}

/// The texts of all sources.
pub(super) fn texts() -> Texts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Texts {
        variants: BTreeMap::new(),
        own: Vec::new(),
        classified: BTreeSet::new(),
    };
    for folder in [
        "cargo-warg/src",
        "component/src",
        "resolver/src",
        "registry/src",
        "upstream/src",
        "upstream/src",
    ] {
        let mut paths = Vec::new();
        files(&root.join(folder), &mut paths);
        for path in paths {
            let code = code(&path);
            for (name, text) in of_enums(&code) {
                // Of two enums with one name, the catalogue has the one of the crate that is named first.
                texts.variants.entry(name).or_insert(text);
            }
            let classified = code.split("impl Classify for ").skip(1);
            let name = |part: &str| part.split(' ').next().unwrap().to_owned();
            texts.classified.extend(classified.map(name));
            let shown = path.strip_prefix(&root).unwrap().to_owned();
            if shown.starts_with("cargo-warg/src/ops")
                || shown.starts_with("cargo-warg/src/commands")
            {
                for text in of_operations(&code) {
                    texts.own.push((shown.clone(), text));
                }
            }
        }
    }
    assert!(texts.variants.len() > 100 && texts.own.len() > 40);
    texts
}

impl Texts {
    /// The text of a variant.
    pub(super) fn of_variant(&self, name: &str) -> &Text {
        self.variants
            .get(name)
            .unwrap_or_else(|| panic!("the sources have no {name}"))
    }

    /// The text of a variant as it is shown; none where it is made in code.
    pub(super) fn of_variant_if_any(&self, name: &str) -> Option<String> {
        self.variants.get(name).map(Text::shown)
    }

    /// The enums that have a class and are not among these variants.
    pub(super) fn unlisted(&self, listed: &[&str]) -> Vec<&str> {
        let is_listed = |name: &str| listed.iter().any(|one| one.starts_with(name));
        let enums = self.classified.iter().map(|name| format!("{name}::"));
        let known: Vec<_> = enums
            .filter(|name| self.variants.keys().any(|one| one.starts_with(name)))
            .collect();
        assert!(known.len() > 25, "{known:?}");
        let names = self.classified.iter().map(String::as_str);
        names
            .filter(|name| known.contains(&format!("{name}::")) && !is_listed(&format!("{name}::")))
            .collect()
    }

    /// What operations write and nobody saw.
    pub(super) fn unsaid(&self, shown: &[Option<Shown>]) -> Vec<String> {
        self.own
            .iter()
            .filter(|(_, text)| text.fixed() > 3)
            .filter(|(_, text)| !shown.iter().flatten().any(|one| text.is_said_in(&one.said)))
            .map(|(path, text)| format!("{}: {}", path.display(), text.shown()))
            .filter(|line| {
                !super::unseen::OWN
                    .iter()
                    .any(|(unseen, _)| line.ends_with(unseen))
            })
            .collect()
    }
}
