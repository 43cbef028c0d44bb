//! What one package asks of another.

use alloc::collections::{BTreeSet, btree_set};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use crate::field::split_word;
use crate::name::{ExternName, Kind, NameError, Origin, PackageName};
use crate::version::{VersionError, VersionReq};

/// A text that is not a requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// Not of the form `KIND NAME REQ [from ORIGIN] [for IMPORT,…]`.
    #[error(
        "`{text}` is not a requirement: expected `KIND NAME REQUIREMENT [from ORIGIN] [for IMPORT,…]`"
    )]
    Form {
        /// What stood there.
        text: String,
    },
    /// One of the names in it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version requirement in it.
    #[error(transparent)]
    Version(#[from] VersionError),
}

/// What one package asks of another: `component acme:clock ^1.0 for acme:clock/now`.
///
/// The same text stands in records (after `require`) and in locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// The kind asked for.
    pub kind: Kind,
    /// The package asked for.
    pub name: PackageName,
    /// Which versions will do.
    pub req: VersionReq,
    /// The registry meant, where the text says so.
    pub origin: Option<Origin>,
    /// Which imports it serves, ascending; only of a component. Empty where the package's own name decides.
    pub serves: BTreeSet<ExternName>,
}

impl Requirement {
    /// A requirement without origin and without `for`.
    pub fn new(kind: Kind, name: PackageName, req: VersionReq) -> Self {
        Self {
            kind,
            name,
            req,
            origin: None,
            serves: BTreeSet::new(),
        }
    }
}

impl Requirement {
    /// Whether a component with these exports can serve all that `for` names: each under that very name, or as a later
    /// version of the interface in its track; of a name without version, any version.
    pub fn is_served_by(&self, exports: &BTreeSet<ExternName>) -> bool {
        self.unserved_by(exports).next().is_none()
    }

    /// What `for` names and a component with these exports cannot serve.
    pub fn unserved_by<'r>(
        &'r self,
        exports: &'r BTreeSet<ExternName>,
    ) -> impl Iterator<Item = &'r ExternName> {
        let serves = |asked: &ExternName| {
            let found = || {
                let asked = asked.interface()?;
                let mut found = exports.iter().filter_map(ExternName::interface);
                found.find(|found| found.serves(&asked))
            };
            exports.contains(asked) || found().is_some()
        };
        self.serves.iter().filter(move |asked| !serves(asked))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind, self.name, self.req)?;
        if let Some(origin) = &self.origin {
            write!(f, " from {origin}")?;
        }
        for (position, import) in self.serves.iter().enumerate() {
            f.write_str(if position == 0 { " for " } else { "," })?;
            write!(f, "{import}")?;
        }
        Ok(())
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        Self::parse_behind(text, &mut None)
    }
}

impl Requirement {
    /// Reads one of many, which mostly name one origin: where it is the one last read, it is shared with what was read.
    ///
    /// # Errors
    /// As `FromStr`.
    pub fn parse_behind(text: &str, last: &mut Option<Origin>) -> Result<Self, RequirementError> {
        let form = || RequirementError::Form {
            text: text.to_string(),
        };
        let mut rest = Some(text);
        let mut next = || {
            let (word, behind) = rest.map(|rest| match split_word(rest, b' ') {
                Some((word, behind)) => (word, Some(behind)),
                None => (rest, None),
            })?;
            rest = behind;
            Some(word)
        };
        let mut word = || next().ok_or_else(form);
        let mut requirement = Self::new(word()?.parse()?, word()?.parse()?, word()?.parse()?);
        let mut following = next();
        if following == Some("from") {
            let origin = Origin::parse_behind(next().ok_or_else(form)?, last)?;
            requirement.origin = Some(origin);
            following = next();
        }
        let mut ascending = true;
        if following == Some("for") {
            for import in next().ok_or_else(form)?.split(',') {
                let import: ExternName = import.parse()?;
                ascending &= requirement.serves.last() < Some(&import);
                requirement.serves.insert(import);
            }
            following = next();
        }
        let wit_serves = requirement.kind == Kind::Wit && !requirement.serves.is_empty();
        // Each word has one spelling, and stands behind one space: what is left is their order.
        if following.is_some() || wit_serves || !ascending {
            return Err(form());
        }
        Ok(requirement)
    }
}

/// What a release requires, ascending. Copies share it, so that a log, and what is made of it, hold it once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements(Arc<BTreeSet<Requirement>>);

impl Requirements {
    /// Adds a requirement, unless it is there already.
    pub fn insert(&mut self, requirement: Requirement) {
        Arc::make_mut(&mut self.0).insert(requirement);
    }
}

impl Deref for Requirements {
    type Target = BTreeSet<Requirement>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<BTreeSet<Requirement>> for Requirements {
    fn from(requirements: BTreeSet<Requirement>) -> Self {
        Self(Arc::new(requirements))
    }
}

impl Extend<Requirement> for Requirements {
    fn extend<I: IntoIterator<Item = Requirement>>(&mut self, requirements: I) {
        Arc::make_mut(&mut self.0).extend(requirements);
    }
}

impl FromIterator<Requirement> for Requirements {
    fn from_iter<I: IntoIterator<Item = Requirement>>(requirements: I) -> Self {
        BTreeSet::from_iter(requirements).into()
    }
}

impl<'r> IntoIterator for &'r Requirements {
    type Item = &'r Requirement;
    type IntoIter = btree_set::Iter<'r, Requirement>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
