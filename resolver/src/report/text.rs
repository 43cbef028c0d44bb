//! The derivation in words: one deduction a sentence.
//!
//! The member is "you" where it is solved by itself, and has its name beside others. Requirements are printed as they
//! are written, versions as runs of those that exist. The kind of a package is said only where two kinds meet, a track
//! only where the package has several.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::version::{Track, VersionReq};

use super::gather::{Subject, subject};
use super::{
    Conclusion, Conflict, Extent, Fact, Group, MAX_STEPS, Need, Premise, Step, Unmet, Wish,
};
use crate::cutoff::Cutoff;
use crate::problem::Written;
use crate::reason::Reason;
use crate::scope::Exclusion;

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// The same of whole clauses, with a comma before the last where one of them holds the word itself.
fn clauses(items: &[String]) -> String {
    match items {
        [most @ .., last]
            if items.iter().any(|item| item.contains(" and ")) && !most.is_empty() =>
        {
            format!("{}, and {last}", most.join(", "))
        }
        _ => list(items, "and"),
    }
}

/// The items, or the first and last few of very many.
fn shortened(texts: &[String], word: &str) -> String {
    const ENDS: usize = 4;
    let hidden = texts.len().saturating_sub(ENDS.saturating_mul(2));
    if hidden > 1 {
        let (first, rest) = texts.split_at(ENDS);
        let last = rest.get(hidden..).unwrap_or_default();
        return format!("{}, {hidden} more, {}", first.join(", "), list(last, word));
    }
    list(texts, word)
}

fn shortened_versions(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    shortened(&texts, "and")
}

/// A track as people write it: `1.x`, `0.2.x`.
struct Family<'t>(&'t Track);

impl fmt::Display for Family<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Track::Major(_) | Track::Minor(_) => write!(f, "{}.x", self.0),
            Track::Patch(_) | Track::Pre(..) => self.0.fmt(f),
        }
    }
}

/// Whether a verb after this stands in the singular.
fn is_one(group: &Group) -> bool {
    match group.runs.as_slice() {
        [] => true,
        [(first, last)] if first == last => true,
        _ => group.extent != Extent::Some,
    }
}

fn is_single(group: &Group) -> bool {
    matches!(group.runs.as_slice(), [(first, last)] if first == last)
}

/// The words for what a conflict is made of.
struct Words<'c> {
    conflict: &'c Conflict,
    /// Packages of which the kind must be said.
    of_two_kinds: BTreeSet<&'c PackageName>,
}

impl<'c> Words<'c> {
    fn new(conflict: &'c Conflict) -> Self {
        let mut kinds: BTreeMap<&PackageName, BTreeSet<Kind>> = BTreeMap::new();
        for premise in conflict.steps.iter().flat_map(|step| &step.premises) {
            match premise {
                Premise::Fact(Fact::Requires { wishes, .. }) => {
                    for wish in wishes {
                        let known = kinds.entry(&wish.requirement.name).or_default();
                        known.insert(wish.requirement.kind);
                    }
                }
                Premise::Fact(Fact::Unavailable {
                    group,
                    reason: Reason::OtherKind { actual },
                }) => {
                    kinds.entry(&group.name).or_default().insert(*actual);
                }
                Premise::Fact(_) | Premise::Step(_) => {}
            }
        }
        let several = kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1);
        Self {
            conflict,
            of_two_kinds: several.map(|(name, _)| name).collect(),
        }
    }

    fn name(&self, kind: Kind, name: &PackageName) -> String {
        if self.of_two_kinds.contains(name) {
            format!("the {} {name}", kind.noun())
        } else {
            name.to_string()
        }
    }

    /// `acme:clock 1.0.0 to 1.1.0 or 1.3.0`.
    fn runs(&self, group: &Group, word: &str) -> String {
        let name = self.name(group.kind, &group.name);
        let texts: Vec<String> = group
            .runs
            .iter()
            .map(|(first, last)| {
                if first == last {
                    first.to_string()
                } else {
                    format!("{first} to {last}")
                }
            })
            .collect();
        let local = match &group.local {
            Some(_) if is_single(group) => "the local ",
            _ => "",
        };
        format!("{local}{name} {}", shortened(&texts, word))
    }

    /// A group as what something is said of.
    fn subject(&self, group: &Group) -> String {
        let name = self.name(group.kind, &group.name);
        match &group.extent {
            Extent::Nothing => name,
            Extent::Package if !is_single(group) => format!("every version of {name}"),
            Extent::Track(track) if !is_single(group) => format!("every {name} {}", Family(track)),
            Extent::Some | Extent::Package | Extent::Track(_) => self.runs(group, "and"),
        }
    }

    /// A group of which one is meant: `a` version, or `any`.
    fn object(&self, group: &Group, article: &str) -> String {
        let name = self.name(group.kind, &group.name);
        match &group.extent {
            Extent::Nothing => name,
            Extent::Package if !is_single(group) => format!("{article} version of {name}"),
            Extent::Track(track) if !is_single(group) && article == "any" => {
                format!("any {name} {}", Family(track))
            }
            Extent::Track(track) if !is_single(group) => format!("{name} {}", Family(track)),
            Extent::Some | Extent::Package | Extent::Track(_) => self.runs(group, "or"),
        }
    }

    /// A group as what something is denied of, and whether that denies it already: `no version of acme:clock`.
    fn denied(&self, group: &Group) -> (String, bool) {
        let name = self.name(group.kind, &group.name);
        match &group.extent {
            Extent::Package if !is_single(group) => (format!("no version of {name}"), true),
            Extent::Track(track) if !is_single(group) => {
                (format!("no {name} {}", Family(track)), true)
            }
            Extent::Nothing | Extent::Some | Extent::Package | Extent::Track(_) => {
                (self.subject(group), false)
            }
        }
    }

    fn wish(&self, wish: &Wish) -> String {
        let requirement = &wish.requirement;
        let name = self.name(requirement.kind, &requirement.name);
        let mut text = match (&wish.written, requirement.req.pinned()) {
            (Some(Written::Text(text)), _) => format!("{name} \"{text}\""),
            (Some(Written::Path(path)), _) => format!("{name} {{ path = \"{path}\" }}"),
            (Some(Written::Reference), Some(version)) => format!("{name}@{version}"),
            (Some(Written::Through(by)), _) => {
                let location = wish.location.as_ref().map(|at| format!(", {at}"));
                return format!(
                    "{name} {} (through {}@{}{})",
                    requirement.req,
                    by.name,
                    by.version,
                    location.unwrap_or_default()
                );
            }
            _ => format!("{name} {}", requirement.req),
        };
        if let Some(location) = &wish.location {
            text = format!("{text} ({location})");
        }
        if !wish.exports.is_empty() {
            let exports: Vec<String> = wish
                .exports
                .iter()
                .map(|(export, location)| match location {
                    Some(location) => format!("{export} ({location})"),
                    None => export.to_string(),
                })
                .collect();
            text = format!("{text} for {}", list(&exports, "and"));
        }
        text
    }

    fn unmet(unmet: &Unmet, wish: Option<&Wish>) -> String {
        let Unmet {
            existing,
            local,
            exported,
        } = unmet;
        if let Some(exported) = exported {
            let exported: Vec<String> = exported.iter().map(ToString::to_string).collect();
            return match exported.as_slice() {
                [] => ", which no such release exports".to_owned(),
                exported => format!(", but its releases export {}", list(exported, "and")),
            };
        }
        if let Some((version, location)) = local {
            let location = location.as_ref().map(|at| format!(" ({at})"));
            return format!(
                ", whose place is taken by the local {version}{}",
                location.unwrap_or_default()
            );
        }
        match &**existing {
            [] => ", which has no release at all".to_owned(),
            [one] if !one.pre.is_empty() => {
                format!(", of which only the pre-release {one} exists")
            }
            [one] => format!(", of which only {one} exists"),
            several => {
                let passed = wish.and_then(|wish| passed_over(several, &wish.requirement.req));
                format!(
                    ", of which only {} exist{}",
                    shortened_versions(several),
                    passed.unwrap_or_default()
                )
            }
        }
    }

    /// What the member itself requires, in one.
    fn own(&self, premises: &[Premise]) -> Option<String> {
        let wishes = own_wishes(premises);
        let texts: Vec<String> = wishes.into_iter().map(|wish| self.wish(wish)).collect();
        let who = if self.conflict.by_itself {
            "you require".to_owned()
        } else {
            format!("`{}` requires", self.conflict.member)
        };
        (!texts.is_empty()).then(|| format!("{who} {}", list(&texts, "and")))
    }

    /// What many versions of one package require of another, each its own, in one clause.
    fn gathered(&self, premises: &[Premise]) -> Vec<(Subject, String)> {
        const MANY: usize = 4;
        let mut by_subject: BTreeMap<Subject, Vec<&Fact>> = BTreeMap::new();
        for premise in premises {
            if let Premise::Fact(fact) = premise
                && let Some(subject) = subject(fact)
            {
                by_subject.entry(subject).or_default().push(fact);
            }
        }
        by_subject.retain(|_, facts| facts.len() >= MANY);
        let told = by_subject.into_iter().map(|(subject, facts)| {
            let (kind, name, wanted_kind, wanted) = &subject;
            let each = facts.iter().filter_map(|fact| match fact {
                Fact::Requires {
                    by: Some(group),
                    wishes,
                    ..
                } => {
                    let versions = self.runs(group, "and");
                    let name = format!("{} ", self.name(group.kind, &group.name));
                    let versions = versions.rsplit_once(&name).map_or("", |(_, rest)| rest);
                    let reqs = wishes.iter().map(|wish| wish.requirement.req.to_string());
                    let reqs: Vec<String> = reqs.collect();
                    Some(format!("{versions} {}", list(&reqs, "or")))
                }
                _ => None,
            });
            let each: Vec<String> = each.collect();
            let text = format!(
                "{} requires another {} in each version ({})",
                self.name(*kind, name),
                self.name(*wanted_kind, wanted),
                shortened(&each, "and")
            );
            (subject, text)
        });
        told.collect()
    }

    fn fact(&self, fact: &Fact) -> String {
        match fact {
            Fact::Requires { by, wishes, unmet } => {
                let (who, one) = match by {
                    None if self.conflict.by_itself => ("you".to_owned(), false),
                    None => (format!("`{}`", self.conflict.member), true),
                    Some(group) => (self.subject(group), is_one(group)),
                };
                let first = wishes.first();
                let wishes: Vec<String> = wishes.iter().map(|wish| self.wish(wish)).collect();
                let word = if by.is_some() { "or" } else { "and" };
                format!(
                    "{who} require{} {}{}",
                    if one { "s" } else { "" },
                    list(&wishes, word),
                    unmet
                        .as_ref()
                        .map_or_else(String::new, |unmet| Self::unmet(unmet, first))
                )
            }
            Fact::Excluded {
                kind,
                name,
                versions,
            } => self.excluded(*kind, name, versions),
            Fact::Unavailable { group, reason } => match reason {
                Reason::Absent { size } => format!(
                    "{} does not exist (proved at the checkpoint of size {size})",
                    group.name
                ),
                Reason::Outside | Reason::Refused { .. } | Reason::OtherRegistry { .. } => {
                    format!("{} {reason}", group.name)
                }
                Reason::NoRegistry { said } => {
                    let said = said
                        .as_ref()
                        .map(|said| format!(" (the requirement names `{said}`)"));
                    format!(
                        "no registry is configured for the namespace `{}`{}",
                        group.name.namespace(),
                        said.unwrap_or_default()
                    )
                }
                Reason::OtherKind { actual } => {
                    format!("{} is a {}", group.name, actual.noun())
                }
                Reason::Itself { requirement } => format!(
                    "{} require{} another version of itself, {}",
                    self.subject(group),
                    if is_one(group) { "s" } else { "" },
                    requirement.req
                ),
            },
        }
    }

    /// `acme:clock 1.0.0 and 1.0.1 are yanked (drifts) and 1.1.0 is withdrawn (court order)`.
    fn excluded(
        &self,
        kind: Kind,
        name: &PackageName,
        versions: &[(Version, Exclusion)],
    ) -> String {
        let mut by_reason: Vec<(&Exclusion, Vec<&Version>)> = Vec::new();
        for (version, why) in versions {
            match by_reason.iter_mut().find(|(known, _)| is_alike(known, why)) {
                Some((_, versions)) => versions.push(version),
                None => by_reason.push((why, vec![version])),
            }
        }
        let texts: Vec<String> = by_reason
            .into_iter()
            .map(|(why, versions)| {
                let one = versions.len() == 1;
                let versions: Vec<String> = versions.into_iter().map(ToString::to_string).collect();
                let versions = shortened(&versions, "and");
                let is = if one { "is" } else { "are" };
                match why {
                    Exclusion::Objection(objection) => {
                        let reason = bracketed(&objection.reason());
                        format!("{versions} {is} {}{reason}", objection.word())
                    }
                    Exclusion::TooNew {
                        time,
                        cutoff,
                        limit,
                    } => {
                        let of = if one {
                            format!(" (of {time})")
                        } else {
                            String::new()
                        };
                        let ends = match (cutoff, limit) {
                            (Cutoff::Before(_), Some(limit)) => format!(", which ends at {limit}"),
                            _ => String::new(),
                        };
                        format!("{versions}{of} {is} later than `exclude-newer` {cutoff}{ends}")
                    }
                    Exclusion::NotHeld { held } => format!("is held at {}", held.req),
                }
            })
            .collect();
        format!("{} {}", self.name(kind, name), clauses(&texts))
    }

    fn needs(&self, needs: &[Need]) -> String {
        let mut texts: Vec<String> = Vec::new();
        let mut last: Option<&PackageName> = None;
        for Need { group, .. } in needs {
            let mut text = self.object(group, "a");
            // `acme:clock 1.0.0 or 2.0.0`
            let is_listed = group.extent == Extent::Some || is_single(group);
            if last == Some(&group.name)
                && is_listed
                && let Some((_, versions)) = text.rsplit_once(&format!("{} ", group.name))
            {
                text = versions.to_string();
            }
            last = is_listed.then_some(&group.name);
            texts.push(text);
        }
        list(&texts, "or")
    }

    fn conclusion(&self, conclusion: &Conclusion) -> String {
        let Conclusion { with, needs } = conclusion;
        let only = needs.iter().any(|need| need.only_of.is_some());
        match (with.as_slice(), needs.as_slice()) {
            ([], []) if self.conflict.by_itself => "your requirements cannot be met".to_owned(),
            ([], []) => format!(
                "the requirements of `{}` cannot be met",
                self.conflict.member
            ),
            ([], needs) if only => format!("only {} is left", self.needs(needs)),
            ([], needs) if self.conflict.by_itself => format!("you need {}", self.needs(needs)),
            ([], needs) => format!("`{}` needs {}", self.conflict.member, self.needs(needs)),
            ([one], []) => {
                let (subject, negated) = self.denied(one);
                let can = if negated { "can" } else { "cannot" };
                format!("{subject} {can} be used")
            }
            ([one, rest @ ..], []) => {
                let (subject, negated) = self.denied(one);
                let rest: Vec<String> =
                    rest.iter().map(|group| self.object(group, "any")).collect();
                let verb = match (negated, is_one(one)) {
                    (true, _) => "works",
                    (false, true) => "does not work",
                    (false, false) => "do not work",
                };
                format!("{subject} {verb} with {}", list(&rest, "and"))
            }
            (with, needs) if only => {
                let with: Vec<String> =
                    with.iter().map(|group| self.object(group, "any")).collect();
                format!(
                    "with {} only {} is left",
                    list(&with, "and"),
                    self.needs(needs)
                )
            }
            ([one], needs) => format!(
                "{} need{} {}",
                self.subject(one),
                if is_one(one) { "s" } else { "" },
                self.needs(needs)
            ),
            ([one, rest @ ..], needs) => {
                let rest: Vec<String> =
                    rest.iter().map(|group| self.object(group, "any")).collect();
                format!(
                    "{} with {} need{} {}",
                    self.subject(one),
                    list(&rest, "and"),
                    if is_one(one) { "s" } else { "" },
                    self.needs(needs)
                )
            }
        }
    }
}

/// What to say of pre-releases that a requirement would match, did it name one.
fn passed_over(existing: &[Version], req: &VersionReq) -> Option<String> {
    let release = |version: &Version| Version::new(version.major, version.minor, version.patch);
    let passed = existing
        .iter()
        .filter(|version| !version.pre.is_empty() && req.matches(&release(version)));
    let passed: Vec<Version> = passed.cloned().collect();
    let (are, taken) = match passed.as_slice() {
        [] => return None,
        [_] => ("is a pre-release", "it is"),
        _ => ("are pre-releases", "they are"),
    };
    Some(format!(
        " ({} {are}, taken only where {taken} named)",
        shortened_versions(&passed)
    ))
}

/// Whether two exclusions are said in one.
fn is_alike(one: &Exclusion, other: &Exclusion) -> bool {
    match (one, other) {
        (Exclusion::TooNew { cutoff, .. }, Exclusion::TooNew { cutoff: other, .. }) => {
            cutoff == other
        }
        _ => one == other,
    }
}

fn bracketed(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

/// What the member itself requires, in the order in which it is told.
pub(super) fn own_wishes(premises: &[Premise]) -> Vec<&Wish> {
    let mut wishes: Vec<&Wish> = Vec::new();
    for premise in premises {
        if let Premise::Fact(fact) = premise
            && let Fact::Requires { wishes: more, .. } = fact
            && is_own(fact)
        {
            wishes.extend(more);
        }
    }
    wishes.sort_by_key(|wish| wish.location.as_ref());
    wishes
}

/// Whether the member itself requires it, and there is something that will do.
fn is_own(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Requires {
            by: None,
            unmet: None,
            ..
        }
    )
}

/// The numbers of steps that are spoken of later than right after them.
fn numbers(steps: &[Step]) -> BTreeMap<usize, usize> {
    let mut referred = BTreeSet::new();
    for (here, step) in steps.iter().enumerate() {
        for premise in &step.premises {
            if let Premise::Step(earlier) = premise
                && earlier.checked_add(1) != Some(here)
            {
                referred.insert(*earlier);
            }
        }
    }
    referred.into_iter().zip(1..).collect()
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Words::new(self);
        write!(f, "the requirements of `{}` cannot all be met", self.member)?;
        let numbers = numbers(&self.steps);
        let hidden = self.steps.len().saturating_sub(MAX_STEPS);
        let left_out = self.left_out.saturating_add(hidden);
        if left_out > 0 {
            write!(f, "\n  ({left_out} steps are left out)")?;
        }
        for (here, step) in self.steps.iter().enumerate().skip(hidden) {
            let mut follows = false;
            let mut because = Vec::new();
            because.extend(words.own(&step.premises));
            let gathered = words.gathered(&step.premises);
            because.extend(gathered.iter().map(|(_, text)| text.clone()));
            let is_told = |fact: &Fact| {
                gathered
                    .iter()
                    .any(|(one, _)| subject(fact).as_ref() == Some(one))
            };
            for premise in &step.premises {
                match premise {
                    Premise::Fact(fact) if is_own(fact) || is_told(fact) => {}
                    Premise::Fact(fact) => because.push(words.fact(fact)),
                    Premise::Step(earlier) if earlier.checked_add(1) == Some(here) => {
                        follows = true;
                    }
                    Premise::Step(earlier) => {
                        let conclusion = self.steps.get(*earlier).map(|step| &step.conclusion);
                        if let (Some(conclusion), Some(number)) = (conclusion, numbers.get(earlier))
                        {
                            let conclusion = words.conclusion(conclusion);
                            because.push(format!("{conclusion} ({number})"));
                        }
                    }
                }
            }
            let reasons = clauses(&because);
            let conclusion = words.conclusion(&step.conclusion);
            match (follows, because.is_empty()) {
                (true, true) => write!(f, "\n  So {conclusion}")?,
                (true, false) => write!(f, "\n  And because {reasons}, {conclusion}")?,
                (false, _) => write!(f, "\n  Because {reasons}, {conclusion}")?,
            }
            match numbers.get(&here) {
                Some(number) => write!(f, ". ({number})")?,
                None => f.write_str(".")?,
            }
        }
        Ok(())
    }
}
