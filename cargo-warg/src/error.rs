//! What an operation reports when it fails, and the exit code that follows from it.
//!
//! Each failure has a [`Class`]: what the caller should do about it. A library's error enum gets its class from one
//! exhaustive match, in its [`Classify`] implementation; a failure that an operation finds itself says its class where
//! it is made. There is no `From`, so nothing gets a class by accident.
//!
//! This file prints nothing: [`crate::shell`] does.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::path::shown_from;
use component::span::{Annotation, Location};

/// What an operation returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure it is, by what the caller should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The command line asks for something that cannot be: read the help.
    Usage,
    /// The lock is missing, stale, not canonical or does not parse: run `cargo warg lock`.
    Lock,
    /// No choice of releases meets every requirement: change one.
    Unsolved,
    /// Something could not be reached or read: a retry may help.
    Unavailable,
    /// A claim, signature, proof, digest or permission failed: look at who made it.
    Refused,
    /// A registry contradicted itself, and the evidence is saved: wake someone.
    Misbehavior,
    /// What none of the other classes is for.
    Other,
}

impl Class {
    /// Every class, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Lock,
        Self::Unsolved,
        Self::Unavailable,
        Self::Refused,
        Self::Misbehavior,
        Self::Other,
    ];

    /// The exit code of a run that fails this way. Success is 0; a panic is 101, as cargo's is.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Lock => 10,
            Self::Unsolved => 11,
            Self::Unavailable => 12,
            Self::Refused => 13,
            Self::Misbehavior => 14,
            Self::Other => 101,
        }
    }

    /// Which of several failures of one run decides its exit code: the greatest.
    pub fn gravity(self) -> u8 {
        match self {
            Self::Usage => 0,
            Self::Lock => 1,
            Self::Unsolved => 2,
            Self::Unavailable => 3,
            Self::Other => 4,
            Self::Refused => 5,
            Self::Misbehavior => 6,
        }
    }
}

/// An error enum whose variants a caller must tell apart.
pub trait Classify: std::error::Error + Send + Sync + Sized + 'static {
    /// The class of this very error: an exhaustive match.
    fn class(&self) -> Class;

    /// What the user can do about it, where there is something to say.
    fn help(&self) -> Option<String> {
        None
    }

    /// Where it is, if it is in a text: first what is wrong, then what it is at odds with.
    fn annotations(&self) -> Vec<Annotation> {
        Vec::new()
    }
}

/// How many annotations of one failure are shown. The message says how many more there are: a stranger's lock may be wrong
/// in forty thousand lines.
pub(crate) const MAX_ANNOTATIONS: usize = 10;

/// A failure: its class, what went wrong and why, where, and what to do about it.
pub struct Error {
    class: Class,
    chain: anyhow::Error,
    /// Each with the length of the chain when it was said: contexts come on top.
    annotations: Vec<(usize, Annotation)>,
    help: Vec<String>,
    /// The folder that messages name what lies below it from.
    base: Option<PathBuf>,
}

impl Error {
    /// A failure that an operation found itself.
    pub fn new(class: Class, message: impl fmt::Display) -> Self {
        Self {
            class,
            chain: anyhow::Error::msg(message.to_string()),
            annotations: Vec::new(),
            help: Vec::new(),
            base: None,
        }
    }

    /// A failure of a library, with the class and the help that its own match gives it.
    pub fn classified(error: impl Classify) -> Self {
        let annotations = error.annotations();
        let new = Self {
            class: error.class(),
            help: error.help().into_iter().collect(),
            annotations: Vec::new(),
            base: None,
            chain: anyhow::Error::new(error),
        };
        annotations.into_iter().fold(new, Self::at)
    }

    /// A failure of which the call site knows the class: an I/O error, say.
    pub fn caused(
        class: Class,
        message: impl fmt::Display,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            class,
            chain: anyhow::Error::new(cause).context(message.to_string()),
            annotations: Vec::new(),
            help: Vec::new(),
            base: None,
        }
    }

    /// The same failure, as the cause of what was being done.
    #[must_use]
    pub fn context(mut self, message: impl fmt::Display) -> Self {
        self.chain = self.chain.context(message.to_string());
        self
    }

    /// The same failure, with a location that its message is about.
    #[must_use]
    pub fn at(mut self, annotation: impl Into<Annotation>) -> Self {
        let depth = self.chain.chain().count();
        self.annotations.push((depth, annotation.into()));
        self
    }

    /// The same failure, with these words beside those of its annotations that are meant.
    #[must_use]
    pub fn labelled(mut self, words: &str, is_meant: impl Fn(&Location) -> bool) -> Self {
        for (_, annotation) in &mut self.annotations {
            if is_meant(&annotation.location) {
                annotation.label = Some(match annotation.label.take() {
                    Some(label) => format!("{label}; {words}"),
                    None => words.to_owned(),
                });
            }
        }
        self
    }

    /// The same failure, what lies below this folder named from there: in its annotations, and in its messages.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        self.base = Some(folder.to_owned());
        for (_, annotation) in &mut self.annotations {
            let file = shown_from(folder, annotation.location.file());
            annotation.location = annotation.location.named(Path::new(&file));
        }
        self
    }

    /// The same failure, with one more line on what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Its class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What went wrong first, then each cause.
    pub fn chain(&self) -> impl Iterator<Item = String> {
        self.chain.chain().map(|one| self.named(&one.to_string()))
    }

    /// A message, with paths as they are shown.
    fn named(&self, message: &str) -> String {
        match &self.base {
            Some(base) if base.parent().is_some() => {
                message.replace(&format!("{}/", base.display()), "")
            }
            _ => message.to_owned(),
        }
    }

    /// The annotations of the message, or the cause, at this position in the chain; `MAX_ANNOTATIONS` of them.
    pub fn annotations_of(&self, position: usize) -> impl Iterator<Item = &Annotation> {
        let depth = self.chain.chain().count().saturating_sub(position);
        let annotations = self.annotations.iter();
        let annotations =
            annotations.filter_map(move |(of, annotation)| (*of == depth).then_some(annotation));
        annotations.take(MAX_ANNOTATIONS)
    }

    /// All annotations, those of the message first.
    pub fn annotations(&self) -> impl Iterator<Item = &Annotation> {
        let positions = 0..self.chain.chain().count();
        positions.flat_map(|position| self.annotations_of(position))
    }

    /// What the user can do about it.
    pub fn help(&self) -> &[String] {
        &self.help
    }

    /// What the system said, where it is the system that says no.
    pub fn system(&self) -> Option<&io::Error> {
        self.chain.chain().find_map(|cause| cause.downcast_ref())
    }

    /// The library's own error in the chain, for a caller that can mend it.
    pub fn cause<E: std::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        self.chain.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if f.alternate() {
            format!("{:#}", self.chain)
        } else {
            self.chain.to_string()
        };
        f.write_str(&self.named(&text))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.class)?;
        for (position, message) in self.chain().enumerate() {
            let between = if position == 0 { "" } else { ": " };
            write!(f, "{between}{message}")?;
        }
        Ok(())
    }
}

/// Gives a library's failure its class.
pub trait Classified<T> {
    /// The value, or the failure with the class of its own match.
    fn classified(self) -> Result<T>;
}

impl<T, E: Classify> Classified<T> for std::result::Result<T, E> {
    fn classified(self) -> Result<T> {
        self.map_err(Error::classified)
    }
}

/// Gives a failure the class that the call site knows, and says what was being done.
pub trait OrFail<T> {
    /// The value, or a failure of this class with this message and the error as its cause.
    fn or_fail<M: fmt::Display>(self, class: Class, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> OrFail<T> for std::result::Result<T, E> {
    fn or_fail<M: fmt::Display>(self, class: Class, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| Error::caused(class, message(), error))
    }
}

/// Says what was being done when it failed.
pub trait Context<T> {
    /// The value, or the failure as the cause of what was being done.
    fn context<M: fmt::Display>(self, message: impl FnOnce() -> M) -> Result<T>;
    /// The value, or the failure with one more line on what to do.
    fn help<M: Into<String>>(self, help: impl FnOnce() -> M) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context<M: fmt::Display>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| error.context(message()))
    }

    fn help<M: Into<String>>(self, help: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| error.with_help(help()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::path::Path;

    use super::*;
    use component::span::Text;

    /// Fails to compile when a class is added, and so points at `ALL` and at the table below.
    fn documented(class: Class) -> (u8, &'static str) {
        match class {
            Class::Usage => (2, "usage"),
            Class::Lock => (10, "lock"),
            Class::Unsolved => (11, "no solution"),
            Class::Unavailable => (12, "a retry may help"),
            Class::Refused => (13, "refused"),
            Class::Misbehavior => (14, "evidence saved"),
            Class::Other => (101, "anything else"),
        }
    }

    #[test]
    fn every_class_has_its_documented_code_and_no_two_share_one() {
        let mut seen = std::collections::BTreeSet::from([0]);
        for class in Class::ALL {
            let (code, word) = documented(class);
            assert_eq!(class.exit_code(), code, "{word}");
            assert!(seen.insert(code), "code {code} is used twice");
        }
        assert_eq!(seen, [0, 2, 10, 11, 12, 13, 14, 101].into());
    }

    #[derive(Debug, thiserror::Error)]
    #[error("tile 7 does not match the root")]
    struct BadTile;

    impl Classify for BadTile {
        fn class(&self) -> Class {
            Class::Refused
        }
        fn help(&self) -> Option<String> {
            Some("tell the operator".to_owned())
        }
    }

    #[test]
    fn context_keeps_class_cause_and_help() {
        let error = Err::<(), _>(BadTile)
            .classified()
            .context(|| "cannot verify acme:logger")
            .help(|| "or choose another registry")
            .unwrap_err();
        assert_eq!(error.class(), Class::Refused);
        let chain: Vec<String> = error.chain().collect();
        assert_eq!(
            chain,
            [
                "cannot verify acme:logger",
                "tile 7 does not match the root"
            ]
        );
        assert_eq!(
            error.help(),
            ["tell the operator", "or choose another registry"]
        );
        assert!(error.cause::<BadTile>().is_some());
    }

    #[test]
    fn of_many_annotations_some_are_shown() {
        let text = Text::new(Path::new("warg.lock"), "a lock\n".repeat(1_000));
        let annotations = (1..=1_000).map(|line| text.line(line));
        let error = annotations.fold(Error::new(Class::Lock, "all of it is wrong"), Error::at);
        assert_eq!(error.annotations().count(), MAX_ANNOTATIONS);
    }
}
