//! What a file of keys says of each: two sorts of comments, right above its line.

use std::fmt;
use std::str::FromStr;

use transparency::field::is_free_text;

const ROLE: &str = "# role: ";
const LABEL: &str = "# label: ";

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Role {
    /// Records of packages: whatever a file says nothing of.
    #[default]
    Publisher,
    /// An operator's records, of the registry whose origin is the key's name.
    Operate,
    /// A registry's checkpoints, of the registry whose origin is the key's name.
    Checkpoint,
    /// All of these, of this user's personal registry.
    Personal,
}

impl Role {
    const ALL: [Self; 4] = [
        Self::Publisher,
        Self::Operate,
        Self::Checkpoint,
        Self::Personal,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Publisher => "publisher",
            Self::Operate => "operate",
            Self::Checkpoint => "checkpoint",
            Self::Personal => "personal",
        })
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|role| role.to_string() == text);
        named.ok_or("expected `publisher`, `operate`, `checkpoint` or `personal`")
    }
}

/// What is said of a key. Its text are the lines that say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What it signs.
    pub role: Role,
    /// What its owner calls it.
    pub label: Option<String>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.role != Role::Publisher {
            writeln!(f, "{ROLE}{}", self.role)?;
        }
        match &self.label {
            Some(label) => writeln!(f, "{LABEL}{label}"),
            None => Ok(()),
        }
    }
}

/// Whether a line says something of the key below it.
pub(super) fn is_said(line: &str) -> bool {
    line.starts_with(ROLE) || line.starts_with(LABEL)
}

/// What the lines above a key say, as far as they were read.
#[derive(Default)]
pub(super) struct Above(About);

impl Above {
    /// Reads a comment or an empty line. Whatever says nothing of a key parts it from what is above.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(role) = line.strip_prefix(ROLE) {
            self.0.role = role.trim().parse().unwrap_or_default();
        } else if let Some(label) = line.strip_prefix(LABEL) {
            let label = label.trim();
            self.0.label = is_free_text(label).then(|| label.to_owned());
        } else {
            self.0 = About::default();
        }
    }

    /// For the key that comes next.
    pub(super) fn take(&mut self) -> About {
        std::mem::take(&mut self.0)
    }
}
