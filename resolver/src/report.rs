//! Why there is no solution: the derivation as data, and its text.
//!
//! pubgrub's derivation tree speaks of nodes and numbers. This file turns it into steps that speak of
//! packages, versions that exist, and requirements as they were written; choices between tracks have no place in them.
//! Nothing is decided here, but which pins of the member's own could be changed to make it work: that is tried out.
mod explanation;
mod hint;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::release::Requirement;
use transparency::version::{Track, VersionReq};

use crate::graph::{MemberGraph, Reason};
use crate::preference::Preferences;
use crate::scope::Exclusion;

use explanation::{Explainer, Tree};
pub use hint::{Hint, MAX_TRIES};

/// How many steps are printed. Nobody follows more, and the last ones conclude.
pub const MAX_STEPS: usize = 60;

/// Some versions of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// Versions of a track.
    Versions {
        /// The package.
        name: PackageName,
        /// The track.
        track: Track,
        /// Whether these are all that exist in the track.
        all: bool,
        /// Runs of versions that exist, each with its first and last.
        runs: Vec<(Version, Version)>,
    },
    /// Whatever meets a requirement that spans tracks.
    Matching {
        /// The package.
        name: PackageName,
        /// The requirement.
        req: VersionReq,
        /// In which tracks alone; empty where in any.
        tracks: Vec<Track>,
    },
    /// A package that is not there, or not as what it is required as.
    Nothing {
        /// As what it is required.
        kind: Kind,
        /// Its name.
        name: PackageName,
    },
}

/// A requirement, and for the member's own what else it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The requirement.
    pub requirement: Requirement,
    /// What must be exported.
    pub exports: BTreeSet<ExternName>,
    /// Where it is written.
    pub location: Option<String>,
}

/// Something that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Some versions, or the member itself, require something.
    Requires {
        /// Who; none for the member.
        by: Option<Group>,
        /// What.
        wishes: Vec<Wish>,
        /// The versions that exist, where none of them will do.
        unmet: Option<Vec<Version>>,
    },
    /// Versions that match, but are no candidates.
    Excluded {
        /// The package.
        name: PackageName,
        /// Why each is none.
        versions: Vec<(Version, Exclusion)>,
    },
    /// Versions that cannot be chosen.
    Unavailable {
        /// Which.
        group: Group,
        /// Why.
        reason: Reason,
    },
}

/// What follows from a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// All of these together …
    pub with: Vec<Group>,
    /// … need one of these.
    pub needs: Vec<Group>,
}

/// What a step rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Premise {
    /// A fact.
    Fact(Fact),
    /// The conclusion of an earlier step, by its place.
    Step(usize),
}

/// One deduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it rests on.
    pub premises: Vec<Premise>,
    /// What follows.
    pub conclusion: Conclusion,
}

/// Why a member's requirements cannot all be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    member: String,
    steps: Vec<Step>,
    hints: Vec<Hint>,
}

impl std::error::Error for Conflict {}

impl Conflict {
    /// The member.
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The derivation, each step after those that it rests on; the last concludes that there is no solution.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Changes to the member's own pins of which each alone would make it solvable.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    pub(crate) fn explain(
        member: &str,
        graph: &MemberGraph<'_>,
        tree: &Tree,
        preferences: &Preferences,
    ) -> Self {
        let mut explainer = Explainer {
            graph,
            steps: Vec::new(),
            roots: BTreeSet::new(),
        };
        explainer.walk(tree);
        let hints = hint::hints(graph, &explainer.roots, preferences);
        Self {
            member: member.to_owned(),
            steps: explainer.steps,
            hints,
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// The versions, or the first and last few of very many.
fn versions_text(versions: &[Version]) -> String {
    const ENDS: usize = 4;
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    let hidden = texts.len().saturating_sub(ENDS.saturating_mul(2));
    if hidden > 1 {
        let (first, rest) = texts.split_at(ENDS);
        let last = rest.get(hidden..).unwrap_or_default();
        return format!("{}, {hidden} more, {}", first.join(", "), list(last, "and"));
    }
    list(&texts, "and")
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Versions {
                name,
                track,
                all,
                runs,
            } => {
                if runs.is_empty() {
                    return write!(f, "another {name} {}", Family(track));
                }
                if *all && !is_one(runs) {
                    return write!(f, "every {name} {}", Family(track));
                }
                let texts: Vec<String> = runs
                    .iter()
                    .map(|(first, last)| {
                        if first == last {
                            first.to_string()
                        } else {
                            format!("{first} to {last}")
                        }
                    })
                    .collect();
                write!(f, "{name} {}", list(&texts, "or"))
            }
            Self::Matching { name, req, tracks } => {
                write!(f, "{name} {req}")?;
                let texts: Vec<String> = tracks
                    .iter()
                    .map(|track| Family(track).to_string())
                    .collect();
                match texts.as_slice() {
                    [] => Ok(()),
                    texts => write!(f, " in {}", list(texts, "or")),
                }
            }
            Self::Nothing { kind, name } => write!(f, "{kind} {name}"),
        }
    }
}

fn is_one(runs: &[(Version, Version)]) -> bool {
    matches!(runs, [(first, last)] if first == last)
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

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requirement {
            kind, name, req, ..
        } = &self.requirement;
        write!(f, "{kind} {name} {req}")?;
        if !self.exports.is_empty() {
            let exports: Vec<String> = self.exports.iter().map(ToString::to_string).collect();
            write!(f, " with the export {}", list(&exports, "and"))?;
        }
        match &self.location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requires { by, wishes, unmet } => {
                match by {
                    None => f.write_str("you require ")?,
                    Some(group) => write!(f, "{group} requires ")?,
                }
                let texts: Vec<String> = wishes.iter().map(ToString::to_string).collect();
                f.write_str(&list(&texts, "and"))?;
                match unmet.as_deref() {
                    None => Ok(()),
                    Some([]) => f.write_str(", which has no release at all"),
                    Some([one]) => {
                        write!(f, ", which no release meets (the only version is {one})")
                    }
                    Some(versions) => write!(
                        f,
                        ", which no release meets (the existing versions are {})",
                        versions_text(versions)
                    ),
                }
            }
            Self::Excluded { name, versions } => {
                let texts: Vec<String> = versions
                    .iter()
                    .map(|(version, why)| format!("{name} {version} {why}"))
                    .collect();
                f.write_str(&list(&texts, "and"))
            }
            Self::Unavailable { group, reason } => match (group, reason) {
                (Group::Nothing { name, .. }, Reason::Absent { .. }) => {
                    write!(f, "{name} {reason}")
                }
                (Group::Nothing { kind, name }, Reason::OtherKind { actual }) => {
                    write!(f, "{name} is a {actual}, required as {kind}")
                }
                _ => write!(f, "{group} {reason}"),
            },
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts =
            |groups: &[Group]| -> Vec<String> { groups.iter().map(ToString::to_string).collect() };
        let (with, needs) = (texts(&self.with), texts(&self.needs));
        let (with, needs) = (with.as_slice(), needs.as_slice());
        match (with, needs) {
            ([], []) => f.write_str("your requirements cannot be met"),
            ([_], []) => match self.with.first() {
                Some(Group::Versions {
                    name,
                    track,
                    all: true,
                    runs,
                }) if !is_one(runs) => write!(f, "no {name} {} can be used", Family(track)),
                _ => write!(f, "{} cannot be used", list(with, "and")),
            },
            (with, []) => write!(f, "{} cannot be used together", list(with, "and")),
            ([], needs) => write!(f, "you need {}", list(needs, "or")),
            ([one], needs) => write!(f, "{one} needs {}", list(needs, "or")),
            (with, needs) => write!(f, "{} need {}", list(with, "and"), list(needs, "or")),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the requirements of `{}` cannot all be met", self.member)?;
        let referred: BTreeSet<usize> = (0..)
            .zip(&self.steps)
            .flat_map(|(here, step): (usize, &Step)| {
                step.premises
                    .iter()
                    .filter_map(move |premise| match premise {
                        Premise::Step(step) if step.checked_add(1) != Some(here) => Some(*step),
                        Premise::Step(_) | Premise::Fact(_) => None,
                    })
            })
            .collect();
        let numbers: BTreeMap<usize, usize> = referred.into_iter().zip(1..).collect();
        let hidden = self.steps.len().saturating_sub(MAX_STEPS);
        if hidden > 0 {
            write!(f, "\n({hidden} steps are left out)")?;
        }
        for (here, step) in self.steps.iter().enumerate().skip(hidden) {
            let mut follows = false;
            let mut because = Vec::new();
            for premise in &step.premises {
                match premise {
                    Premise::Fact(fact) => because.push(fact.to_string()),
                    Premise::Step(earlier) if earlier.checked_add(1) == Some(here) => {
                        follows = true;
                    }
                    Premise::Step(earlier) => {
                        let conclusion = self.steps.get(*earlier).map(|step| &step.conclusion);
                        if let (Some(conclusion), Some(number)) = (conclusion, numbers.get(earlier))
                        {
                            because.push(format!("{conclusion} ({number})"));
                        }
                    }
                }
            }
            let reasons = list(&because, "and");
            let conclusion = &step.conclusion;
            match (follows, because.is_empty()) {
                (true, true) => write!(f, "\nSo {conclusion}")?,
                (true, false) => write!(f, "\nAnd because {reasons}, {conclusion}")?,
                (false, _) => write!(f, "\nBecause {reasons}, {conclusion}")?,
            }
            match numbers.get(&here) {
                Some(number) => write!(f, ". ({number})")?,
                None => f.write_str(".")?,
            }
        }
        Ok(())
    }
}
