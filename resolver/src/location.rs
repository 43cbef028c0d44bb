//! Where something is written, as whoever asks knows it.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A location of the caller's: a stretch of a text, say, or an argument of a command.
///
/// Here it only has a name, for messages, and an order. A report hands it back, so the caller can show what is written
/// there. Two locations of one name are the same.
#[derive(Clone)]
pub struct NamedLocation {
    name: Arc<str>,
    known: Arc<dyn Any + Send + Sync>,
}

impl NamedLocation {
    /// A location, by the name that it prints as: `Cargo.toml:12:5`, or a word.
    pub fn new<L: fmt::Display + Any + Send + Sync>(known: L) -> Self {
        Self {
            name: known.to_string().into(),
            known: Arc::new(known),
        }
    }

    /// What the caller put in, where it is of this type.
    pub fn known<L: Any>(&self) -> Option<&L> {
        self.known.downcast_ref()
    }

    /// Its name in parts, so that `Cargo.toml:9:1` comes before `Cargo.toml:10:1`.
    fn parts(&self) -> impl Iterator<Item = (u64, &str)> {
        let parts = self.name.split(':');
        parts.map(|part| part.parse().map_or((0, part), |number| (number, "")))
    }
}

impl fmt::Display for NamedLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for NamedLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for NamedLocation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedLocation {}

impl PartialOrd for NamedLocation {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NamedLocation {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = self.parts().cmp(other.parts());
        parts.then_with(|| self.name.cmp(&other.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_ordered_as_numbers_and_what_was_put_in_comes_back() {
        let line = |number: u32| NamedLocation::new(format!("Cargo.toml:{number}:1"));
        assert!(line(9) < line(10) && line(10) < NamedLocation::new("wit/world.wit:1:1"));
        assert_eq!(line(9), line(9));
        assert_ne!(NamedLocation::new("f:1"), NamedLocation::new("f:01"));
        let known = line(9);
        assert_eq!(
            known.known::<String>().map(String::as_str),
            Some("Cargo.toml:9:1")
        );
        assert!(known.known::<u32>().is_none());
    }
}
