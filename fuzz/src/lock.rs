//! `warg.lock`, and locks with the markers of a merge in them.

use resolver::Lockfile;
use resolver::lockfile::{changes, sides};
use toml_edit::{DocumentMut, Item};
use transparency::checkpoint::Checkpoint;
use transparency::digest::Hash;

/// The text itself, and the text with the right digest for each checkpoint, which random changes would never find.
pub(crate) fn lock(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    read(text);
    if let Some(mended) = mended(text)
        && mended != text
    {
        read(&mended);
    }
}

fn read(text: &str) {
    let Ok(lock) = text.parse::<Lockfile>() else {
        return;
    };
    let written = lock.to_string();
    assert_eq!(
        written,
        text.replace("\r\n", "\n"),
        "one spelling, but for CRLF"
    );
    assert!(lock.has_lines_of(text));
    assert_eq!(lock.check_consistency(), Ok(()));
    assert!(changes(Some(&lock), &lock).is_empty(), "of nothing");
    same_as_toml(text, &lock);
}

/// A general TOML parser reads the same.
fn same_as_toml(text: &str, lock: &Lockfile) {
    let document: DocumentMut = text.parse().expect("what the strict reader takes is TOML");
    let texts = |table: &str, key: &str| -> Vec<String> {
        let tables = document.get(table).and_then(Item::as_array_of_tables);
        tables
            .into_iter()
            .flatten()
            .map(|table| {
                table
                    .get(key)
                    .and_then(Item::as_str)
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    };
    let roots: Vec<String> = lock.roots.keys().cloned().collect();
    assert_eq!(texts("root", "name"), roots);
    let origins: Vec<String> = lock.registries.keys().map(ToString::to_string).collect();
    assert_eq!(texts("registry", "origin"), origins);
    let names: Vec<String> = lock
        .packages
        .keys()
        .map(|one| one.name.to_string())
        .collect();
    assert_eq!(texts("package", "name"), names);
    let versions: Vec<String> = lock
        .packages
        .keys()
        .map(|one| one.version.to_string())
        .collect();
    assert_eq!(texts("package", "version"), versions);
    let tables = document.get("root").and_then(Item::as_array_of_tables);
    for (table, root) in tables.into_iter().flatten().zip(lock.roots.values()) {
        let selects: Vec<&str> = table
            .get("selects")
            .and_then(Item::as_array)
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str())
            .collect();
        let selected: Vec<String> = root.selects.iter().map(ToString::to_string).collect();
        assert_eq!(selects, selected);
    }
}

fn mended(text: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for position in 0..lines.len() {
        let value = |back: usize, key: &str| {
            let line = lines.get(position.checked_sub(back)?)?;
            line.strip_prefix(key)?
                .strip_prefix(" = ")
                .map(|value| value.trim_matches('"'))
        };
        if value(0, "checkpoint").is_none() {
            continue;
        }
        let checkpoint = Checkpoint {
            origin: value(3, "origin")?.parse().ok()?,
            size: value(2, "size")?.parse().ok()?,
            root: Hash::from_base64(value(1, "root")?).ok()?,
        };
        let line = format!("checkpoint = \"{}\"", checkpoint.digest());
        *lines.get_mut(position)? = line;
    }
    Some(lines.join("\n") + "\n")
}

/// Conflict markers: seven equal characters at the start of a line, with nothing or a label behind them.
fn is_marker(line: &str, kind: char) -> bool {
    let rest = line.trim_start_matches(kind);
    line.len() - rest.len() == 7 * kind.len_utf8() && (rest.is_empty() || rest.starts_with(' '))
}

/// A text with markers, and four parts between which markers are set.
pub(crate) fn conflict(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some((ours, theirs)) = sides(text) {
        assert!(text.lines().any(|line| is_marker(line, '<')));
        assert!(text.lines().any(|line| is_marker(line, '>')));
        let lines = |side: &str| side.lines().count();
        assert!(lines(&ours) < lines(text) && lines(&theirs) < lines(text));
        // Not `lines`, which would take a second carriage return from an end that had several.
        for line in ours
            .split_terminator('\n')
            .chain(theirs.split_terminator('\n'))
        {
            assert!(text.lines().any(|one| one == line), "a line from nowhere");
        }
        let _ = (ours.parse::<Lockfile>(), theirs.parse::<Lockfile>());
    }
    // A line that ends with only a carriage return loses it.
    let plain = |line: &&str| {
        let labelled = ['<', '|', '>'].iter().any(|kind| is_marker(line, *kind));
        !labelled && *line != "=======" && !line.ends_with('\r')
    };
    let mut parts = [const { String::new() }; 4];
    for (position, line) in text.lines().filter(plain).enumerate() {
        parts[(position + line.len()) % 4].extend([line, "\n"]);
    }
    let [both, ours, base, theirs] = &parts;
    let merged = |base: &str| {
        format!("{both}<<<<<<< ours\n{ours}{base}=======\n{theirs}>>>>>>> theirs\n{both}")
    };
    let expected = (
        format!("{both}{ours}{both}"),
        format!("{both}{theirs}{both}"),
    );
    assert_eq!(sides(&merged("")), Some(expected.clone()));
    assert_eq!(
        sides(&merged(&format!("||||||| base\n{base}"))),
        Some(expected)
    );
    assert_eq!(sides(both), None, "no markers");
}
