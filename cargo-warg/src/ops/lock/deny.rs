//! What `verify --deny` makes errors of.
//!
//! A check finds out things that need not fail it: a release that was yanked since, a registry that fell silent. Each is a
//! [notice](Notice), until its user says that a notice of this kind is an error.

use std::collections::{BTreeMap, BTreeSet};

use transparency::number::Time;
use transparency::selection::Selection;

use crate::error::{Class, Error};
use crate::notice::{Kind, Level, Notice};
use crate::ops::lock::held_by::HeldBy;
use crate::ops::session::proved::Proved;

/// Notices that are to be errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deny {
    /// A release was yanked.
    Yanked,
    /// What a registry is now is not known.
    Silent,
    /// Any other warning.
    Other,
}

impl Deny {
    /// What makes an error of a notice of this kind; nothing does of a note.
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Yanked | Kind::YankedSince => Some(Self::Yanked),
            Kind::RegistryUnasked | Kind::RegistrySilent => Some(Self::Silent),
            other => (other.level() == Level::Warning).then_some(Self::Other),
        }
    }
}

/// What a check depends on beside what it checks.
pub struct Asked {
    /// Nothing is read but what this machine keeps.
    pub offline: bool,
    /// The notices that are errors.
    pub deny: BTreeSet<Deny>,
    /// The time of this machine: how old a checkpoint is follows from it.
    pub now: Time,
}

impl Asked {
    /// Takes what is denied out of the notices of a check, and makes errors of it: one of each sort, the gravest last.
    /// `this` is what was checked. Where it is the lock of a project, `held` has those of its yanked releases that nothing
    /// else can take the place of, and what requires them; nothing, where no release of the package can be used at all.
    pub fn denied(
        &self,
        this: &str,
        notices: &mut Vec<Notice>,
        held: Option<&BTreeMap<Selection, Vec<HeldBy>>>,
    ) -> Vec<Error> {
        let mut denied: BTreeMap<Deny, Vec<Notice>> = BTreeMap::new();
        let (refused, told): (Vec<_>, Vec<_>) = notices.drain(..).partition(|notice| {
            Deny::of(notice.kind()).is_some_and(|deny| self.deny.contains(&deny))
        });
        *notices = told;
        for notice in refused {
            let deny = Deny::of(notice.kind()).unwrap_or(Deny::Other);
            denied.entry(deny).or_default().push(notice);
        }
        let mut errors: Vec<_> = denied
            .iter()
            .map(|(deny, notices)| match deny {
                Deny::Yanked => yanked(this, notices, held),
                Deny::Silent => silent(notices),
                Deny::Other => listed(this, "warnings", "warnings", notices),
            })
            .collect();
        errors.sort_by_key(|error| error.class().gravity());
        errors
    }

    /// What is known of how things stand in the registries now: of those that could not be asked, and those that say
    /// nothing new for longer than their operators promised. Offline, the latter is this machine's doing.
    pub fn silence(&self, proved: &[Proved]) -> Vec<Notice> {
        let silence = |one: &Proved| {
            if let Some(unasked) = one.unasked() {
                return Some(unasked);
            }
            let refresh = one.refresh?;
            (one.age(self.now) > refresh && !self.offline).then(|| Notice::Silent {
                origin: one.checkpoint.origin.clone(),
                time: one.time,
                refresh,
            })
        };
        proved.iter().filter_map(silence).collect()
    }
}

fn silent(notices: &[Notice]) -> Error {
    let message = format!("{}, and `--deny silent` was given", joined(notices, "; "));
    Error::new(Class::Unavailable, message).with_help(
        "read a registry that is up to date; what was yanked or withdrawn since cannot be known",
    )
}

/// What a check has that is denied, each with its lines. A retry does not help, so the class is [`Class::Lock`].
fn listed(this: &str, what: &str, flag: &str, notices: &[Notice]) -> Error {
    let lines = joined(notices, "\n  ");
    let message = format!("{this} has {what}, and `--deny {flag}` was given\n  {lines}");
    let locations = notices.iter().flat_map(Notice::annotations);
    locations.fold(Error::new(Class::Lock, message), Error::at)
}

/// The yanked releases that a check has. Of a project's lock, help says how to move off them; of a lock that others made, only
/// they can.
fn yanked(
    this: &str,
    notices: &[Notice],
    held: Option<&BTreeMap<Selection, Vec<HeldBy>>>,
) -> Error {
    let mut error = listed(this, "yanked releases", "yanked", notices);
    let Some(held) = held else {
        return error;
    };
    let releases = notices.iter().filter_map(Notice::yanked);
    let movable = releases.filter(|release| !held.contains_key(release));
    let names: BTreeSet<_> = movable.map(|one| one.name.to_string()).collect();
    if !names.is_empty() {
        let names = names.into_iter().collect::<Vec<_>>().join(" ");
        error = error.with_help(format!(
            "run `cargo warg update {names}`, and commit what it changes"
        ));
    }
    for (Selection { name, version, .. }, by) in held {
        if by.is_empty() {
            error = error.with_help(format!(
                "no other release of {name} can be used: ask its publisher for one, or require another package"
            ));
            continue;
        }
        let by: Vec<_> = by.iter().map(ToString::to_string).collect();
        error = error.with_help(format!(
            "{name} {version} is held by {}: change that, then run `cargo warg update {name}`",
            by.join(" and ")
        ));
    }
    error
}

fn joined(notices: &[Notice], between: &str) -> String {
    let messages: Vec<_> = notices.iter().map(ToString::to_string).collect();
    messages.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_can_be_denied_and_no_note() {
        for kind in Kind::ALL {
            let is_warning = kind.level() == Level::Warning;
            assert_eq!(Deny::of(*kind).is_some(), is_warning, "{}", kind.word());
        }
    }
}
