//! Where the packages of a lock stand in its text, so that what is said of one names its line.

use std::collections::BTreeMap;
use std::path::Path;

use resolver::lockfile::Lockfile;
use transparency::selection::Selection;

use component::span::{Location, Text};

/// The entries of a lock, by what they lock.
pub(crate) struct Entries {
    text: Text,
    lines: BTreeMap<Selection, u64>,
}

impl Entries {
    /// Those of a lock. A lock has one spelling, so its lines are those of the file that it was read from.
    pub(crate) fn of(lock: &Lockfile) -> Self {
        let text = lock.to_string();
        let numbered = (1..).zip(text.lines());
        let entries = numbered.filter(|(_, line)| *line == "[[package]]");
        // The kind stands in the line after, the name in the one after that.
        let lines = entries.map(|(number, _): (u64, _)| number.saturating_add(2));
        Self {
            lines: lock.packages.keys().cloned().zip(lines).collect(),
            text: Text::new(Path::new("warg.lock"), text),
        }
    }

    /// The line that names a package; none of one that is not locked.
    pub(crate) fn location(&self, selection: &Selection) -> Option<Location> {
        let line = self.lines.get(selection)?;
        Some(self.text.line(*line))
    }
}
