//! Importing: package versions that lie elsewhere, released as they are, in one append.
//!
//! An import keeps what is. A package that could not be published is released as unusable, with the reason, so that its
//! bytes and its absence from solving are both on the record. What a registry has already is left as it is. One that is
//! wrong, or that nobody could use, is left out and told, and the others are imported.

pub mod folders;
pub mod upstreams;

use std::collections::BTreeSet;

use semver::Version;
use transparency::digest::Digest;
use transparency::field::{MAX_FREE_TEXT, is_free_text};
use transparency::name::{Kind, PackageName};
use transparency::statement::Statement;

use crate::error::{Class, Error, Result};
use crate::manifest::Alias;
use crate::notice::{Notice, Tolerated};
use crate::ops::registry::append::{AppendError, Destination, Draft, Item, Outcome, Unusable};
use crate::ops::session::Sessions;
use component::wit::binary::Refusal;
use component::wit::import::Imported as Found;

/// A package version that was found.
#[derive(Debug)]
pub struct Imported {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// Why nobody will be able to use it, if so.
    pub unusable: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A file, folder or package that was left out.
#[derive(Debug)]
pub struct Skipped {
    /// The file or folder; or the reference, as its upstream has it.
    pub from: String,
    /// Why it was left out.
    pub why: Error,
    /// Whether nothing is wrong with it: it belongs to another registry.
    pub is_elsewhere: bool,
}

/// What came of an import.
#[derive(Debug)]
pub struct Report {
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// Every package version that was looked at, each behind those it refers to.
    pub packages: Vec<Imported>,
    /// How many versions of an upstream were released before, and were not fetched again.
    pub unchanged: usize,
    /// How many tags of an upstream are no versions.
    pub unversioned: usize,
    /// Versions that are other bytes upstream than those that were released.
    pub moved: Vec<Moved>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

impl Report {
    /// What the run ends with though it did what it could: something was left out that is wrong, or an upstream gives other
    /// bytes than it gave.
    pub fn class(&self) -> Option<Class> {
        let moved = self.moved.first().map(|_| Class::Refused);
        let classes = class_of(&self.skipped).into_iter().chain(moved);
        classes.max_by_key(|class| class.gravity())
    }

    /// What the user should know. What to do about several things that were left out is said at the last of them.
    pub fn notices(&self) -> Vec<Notice> {
        let unusable = self.packages.iter().filter_map(|one| {
            Some(Notice::ImportedUnusable {
                package: one.name.clone(),
                version: one.version.clone(),
                reason: one.unusable.clone()?,
            })
        });
        let mut said = BTreeSet::new();
        let skipped = self.skipped.iter().rev().map(|one| {
            let mut why = Tolerated::from(&one.why);
            why.help.retain(|help| said.insert(help.clone()));
            Notice::Skipped {
                from: one.from.clone(),
                why,
                is_elsewhere: one.is_elsewhere,
            }
        });
        let skipped: Vec<_> = skipped.collect();
        let moved = self.moved.iter().map(|one| Notice::MovedUpstream {
            package: one.name.clone(),
            version: one.version.clone(),
            from: one.from.clone(),
            released: one.released,
            found: one.found,
        });
        let all = unusable.chain(skipped.into_iter().rev());
        all.chain(moved).collect()
    }
}

fn class_of(skipped: &[Skipped]) -> Option<Class> {
    let wrong = skipped.iter().filter(|one| !one.is_elsewhere);
    wrong
        .map(|one| one.why.class())
        .max_by_key(|class| class.gravity())
}

/// A version that is other bytes upstream than those that were released. What was released stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// Where it lies upstream.
    pub from: String,
    /// The digest of the content that was released.
    pub released: Digest,
    /// The digest of the content that lies there now.
    pub found: Digest,
}

/// What was found, and where: the file, folder or reference.
type FoundItem = (String, Item);

/// Releases what can be, in one append; what cannot be is left out and told.
///
/// # Errors
/// A registry that cannot be read, believed or written. Then nothing is released.
fn release(
    destination: &Destination<'_>,
    mut found: Vec<FoundItem>,
    sessions: &Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Imported>> {
    leave_out(destination, &mut found, sessions, skipped)?;
    let appended = destination.append(&drafts(&found));
    let was_released = |error: &Error| {
        let cause = error.cause();
        matches!(
            cause,
            Some(AppendError::OtherContent { .. } | AppendError::OtherClaims { .. })
        )
    };
    let outcomes = match appended {
        // Somebody released one of them in between, perhaps this user in a run that was cut off.
        Err(error) if was_released(&error) => {
            leave_out(destination, &mut found, sessions, skipped)?;
            destination.append(&drafts(&found))?
        }
        appended => appended?,
    };
    let packages = found.into_iter().zip(outcomes);
    let packages = packages.map(|((_, item), outcome)| Imported {
        name: item.name,
        version: item.statement.version,
        unusable: item.statement.unusable,
        outcome,
    });
    Ok(packages.collect())
}

fn drafts(found: &[FoundItem]) -> Vec<Draft<'_>> {
    found.iter().map(|(_, item)| Draft::Release(item)).collect()
}

/// Leaves out what the registry would not take, then what nobody could use, and then what nobody can use without that.
fn leave_out(
    destination: &Destination<'_>,
    found: &mut Vec<FoundItem>,
    sessions: &Sessions<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<()> {
    loop {
        let unusable = destination.unusable(&drafts(found), sessions)?;
        if unusable.is_empty() {
            return Ok(());
        }
        for Unusable { position, why, .. } in unusable.into_iter().rev() {
            let (from, item) = found.remove(position);
            let why = match why.cause() {
                Some(AppendError::NotHolder { .. }) => {
                    let (name, version) = (item.name, item.statement.version);
                    why.context(format!("{name}@{version} cannot be released"))
                }
                _ => why,
            };
            skip(skipped, &from, why);
        }
    }
}

/// Leaves something out that is wrong. One fault of a text that declares several packages is told once.
fn skip(skipped: &mut Vec<Skipped>, from: &str, why: Error) {
    let skip = Skipped {
        from: from.to_owned(),
        why,
        is_elsewhere: false,
    };
    let is_told = |one: &Skipped| one.from == skip.from && one.reason() == skip.reason();
    if !skipped.iter().any(is_told) {
        skipped.push(skip);
    }
}

impl Skipped {
    /// What is said of it, in a line: the location, where there is one, and the reason.
    pub fn reason(&self) -> String {
        let reason: Vec<_> = self.why.chain().collect();
        let reason = reason.join(": ");
        match self.why.annotations().next() {
            Some(annotation) => format!("{}: {reason}", annotation.location),
            None => reason,
        }
    }
}

/// Nothing is left of what was found.
fn nothing_to_release(skipped: &[Skipped]) -> Error {
    let mut message = "nothing was found that can be released".to_owned();
    for one in skipped {
        message.push_str("\n  ");
        message.push_str(&one.from);
        message.push_str(": ");
        message.push_str(&one.reason());
    }
    let class = class_of(skipped).unwrap_or(Class::Other);
    let error = Error::new(class, message);
    helps(skipped).into_iter().fold(error, Error::with_help)
}

/// What to do about what was left out, each advice once.
fn helps(skipped: &[Skipped]) -> BTreeSet<&String> {
    skipped.iter().flat_map(|one| one.why.help()).collect()
}

fn item(found: Found, digest: Digest) -> Item {
    let size = u64::try_from(found.bytes.len()).unwrap_or(u64::MAX);
    let mut statement = Statement::new(found.version, digest, size);
    match found.requirements {
        Ok(requirements) => statement.requirements = requirements.into(),
        Err(refusal) => statement.unusable = Some(reason(&refusal)),
    }
    Item {
        name: found.name,
        kind: Kind::Wit,
        statement,
        content: found.bytes,
        attached: Vec::new(),
        annotations: Vec::new(),
    }
}

/// The reason as a record can hold it: of one line, and of limited length.
fn reason(refusal: &Refusal) -> String {
    let mut text = String::new();
    for character in refusal.to_string().chars() {
        let mut next = [0; 4];
        let fits = text.len().saturating_add(character.len_utf8()) <= MAX_FREE_TEXT;
        if fits && is_free_text(character.encode_utf8(&mut next)) {
            text.push(character);
        }
    }
    text
}
