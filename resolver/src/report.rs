//! Why there is no solution: the derivation as data, and its text.
//!
//! pubgrub's derivation tree speaks of nodes and numbers. This file turns it into steps that speak of packages,
//! versions that exist, and requirements as they were written. Choices between tracks are left out. Everything that a
//! step rests on is in it as data, with the location where it is written. `text` only puts it into words.
//!
//! Two things are tried out by solving again: which of the member's requirements the conflict does without, and which
//! single change would make it solvable (`hint`). Nothing else is decided here.

mod explanation;
mod gather;
mod hint;
mod text;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use semver::Version;
use transparency::name::{ExternName, Kind, Namespace, PackageName};
use transparency::requirement::Requirement;
use transparency::version::{Track, VersionReq};

use crate::attempt::Attempt;
use crate::attempt::MessageBudget;
use crate::attempt::attempt;
use crate::derivation::Derivation;
use crate::graph::MemberGraph;
use crate::ground::Ground;
use crate::index::Address;
use crate::location::NamedLocation;
use crate::problem::{RootRequirement, Written};
use crate::reason::Reason;
use crate::scope::Exclusion;

use gather::gathered;
pub use hint::{Hint, MAX_HINTS, MAX_TRIES};
pub(crate) use text::list;

/// How many steps are printed. Nobody follows more, and the last ones conclude.
pub const MAX_STEPS: usize = 60;

/// How far versions reach that are spoken of together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Some of those that exist.
    Some,
    /// All of a track, where the package has others.
    Track(Track),
    /// All of the package.
    Package,
    /// None: the package is not there, or not as what it is required as.
    Nothing,
}

/// Some versions of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the package holds, or is required as.
    pub kind: Kind,
    /// The name of the package.
    pub name: PackageName,
    /// Runs of versions that exist, each within a track and with its first and last. They ascend.
    pub runs: Vec<(Version, Version)>,
    /// How far they reach.
    pub extent: Extent,
    /// Where the package lies, if it is local.
    pub local: Option<String>,
}

/// A requirement, and for the member's own what else it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What is required.
    pub requirement: Requirement,
    /// What must be exported, and where that is asked for.
    pub exports: Vec<(ExternName, Option<NamedLocation>)>,
    /// Where it is written.
    pub location: Option<NamedLocation>,
    /// How it is written there.
    pub written: Option<Written>,
}

impl Wish {
    fn of(root: &RootRequirement) -> Self {
        let location = |export: &ExternName| root.export_locations.get(export).cloned();
        Self {
            requirement: root.requirement.clone(),
            exports: root
                .exports
                .iter()
                .map(|export| (export.clone(), location(export)))
                .collect(),
            location: root.location.clone(),
            written: root.written.clone(),
        }
    }

    fn of_release(requirement: &Requirement) -> Self {
        let serves = requirement.serves.iter();
        Self {
            requirement: requirement.clone(),
            exports: serves.map(|export| (export.clone(), None)).collect(),
            location: None,
            written: None,
        }
    }
}

/// What there is, where none of it will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// All versions of the package that the member can see, ascending.
    pub existing: Arc<[Version]>,
    /// The local package that stands in for the track asked for.
    pub local: Option<(Version, Option<String>)>,
    /// Where only an export lacks: other versions of it that matching releases export, ascending.
    pub exported: Option<Vec<ExternName>>,
}

/// What is said where not every change could be tried.
const GAVE_OUT: &str = "not every change was tried that may help, and the conflict may take fewer of your requirements than it names: \
                        that takes more steps than a message may";

/// Something that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Some versions, or the member itself, require something.
    Requires {
        /// Who requires it. None: the member itself.
        by: Option<Group>,
        /// What: the member all of it, each version at least one of it. All lead to the same versions.
        wishes: Vec<Wish>,
        /// What there is, where none of it will do.
        unmet: Option<Unmet>,
    },
    /// Versions that match, but are no candidates.
    Excluded {
        /// What the package holds.
        kind: Kind,
        /// The name of the package.
        name: PackageName,
        /// Why each is none, ascending.
        versions: Vec<(Version, Exclusion)>,
    },
    /// Versions that cannot be chosen.
    Unavailable {
        /// The versions in question.
        group: Group,
        /// Why none of them can be chosen.
        reason: Reason,
    },
}

/// Versions of which one is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The versions that would do.
    pub group: Group,
    /// The requirement over several tracks that leaves nothing else of the package: all else that it matches is ruled
    /// out as well.
    pub only_of: Option<VersionReq>,
}

/// What follows from a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conclusion {
    /// All of these together …
    pub with: Vec<Group>,
    /// … need one of these.
    pub needs: Vec<Need>,
}

/// What a step rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are facts, and there are few"
)]
pub enum Premise {
    /// What is given: by a manifest, a release or a registry.
    Fact(Fact),
    /// The conclusion of an earlier step, by its index.
    Step(usize),
}

/// One deduction: what it rests on, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it rests on.
    pub premises: Vec<Premise>,
    /// What follows from the premises together.
    pub conclusion: Conclusion,
}

/// Why a member's requirements cannot all be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    member: String,
    by_itself: bool,
    steps: Vec<Step>,
    /// How many steps there were before these.
    left_out: usize,
    hints: Vec<Hint>,
    leaves_another: bool,
    /// Whether the steps of a message were spent before every change was tried.
    gave_out: bool,
    unexplored: BTreeSet<Address>,
}

impl std::error::Error for Conflict {}

impl Conflict {
    /// The name of the member.
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The derivation, each step after those that it rests on. The last concludes that there is no solution. A very long
    /// one has only its last steps, and without premises what these rest on.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Changes of which each by itself makes the member solvable, the nearest first. Where this conflict
    /// [leaves another](Self::leaves_another), each mends only this one. Each was tried.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// Whether no single change makes the member solvable, since there is another conflict beside this one.
    pub fn leaves_another(&self) -> bool {
        self.leaves_another
    }

    /// Whether not every change was tried, or not every needless requirement left out, since that took too long.
    pub fn gave_out(&self) -> bool {
        self.gave_out
    }

    /// The changes in words, one a line.
    pub fn help(&self) -> Vec<String> {
        let rest = if self.leaves_another {
            "; it mends this, and another conflict remains"
        } else {
            ""
        };
        let numbered = self.hints.iter().enumerate();
        let mut help: Vec<String> = numbered
            .map(|(position, hint)| match position {
                0 => format!("{hint}{rest}"),
                _ => format!("or {hint}{rest}"),
            })
            .collect();
        if self.gave_out {
            help.push(GAVE_OUT.to_owned());
        }
        help
    }

    /// Where it is written what the derivation rests on: each location once, in the order in which the text names them.
    pub fn locations(&self) -> Vec<&NamedLocation> {
        let wishes = self.steps.iter().flat_map(|step| {
            let all = step.premises.iter().flat_map(|premise| match premise {
                Premise::Fact(Fact::Requires { wishes, .. }) => wishes.as_slice(),
                Premise::Fact(Fact::Excluded { .. } | Fact::Unavailable { .. })
                | Premise::Step(_) => &[],
            });
            text::own_wishes(&step.premises).into_iter().chain(all)
        });
        let locations = wishes.flat_map(|wish| {
            let exports = wish.exports.iter();
            let exports = exports.filter_map(|(_, location)| location.as_ref());
            wish.location.iter().chain(exports)
        });
        let mut seen = BTreeSet::new();
        locations
            .filter(|location| seen.insert(*location))
            .collect()
    }

    /// The references in the member's WIT texts that the derivation speaks of: packages, each with its version.
    pub fn references(&self) -> BTreeSet<(PackageName, Version)> {
        let premises = self.steps.iter().flat_map(|step| &step.premises);
        let wishes = premises.filter_map(|premise| match premise {
            Premise::Fact(Fact::Requires {
                by: None, wishes, ..
            }) => Some(wishes),
            Premise::Fact(_) | Premise::Step(_) => None,
        });
        let references = wishes
            .flatten()
            .filter(|wish| wish.written == Some(Written::Reference));
        references
            .filter_map(|wish| {
                let requirement = &wish.requirement;
                Some((requirement.name.clone(), requirement.req.pinned()?))
            })
            .collect()
    }

    /// The packages that the derivation finds not to exist.
    pub fn absent(&self) -> BTreeSet<&PackageName> {
        let absent = self.unavailable();
        let absent = absent.filter(|(_, reason)| matches!(reason, Reason::Absent { .. }));
        absent.map(|(name, _)| name).collect()
    }

    /// The namespaces that the derivation finds no registry for.
    pub fn unowned(&self) -> BTreeSet<Namespace> {
        let unowned = self.unavailable();
        let unowned = unowned.filter(|(_, reason)| matches!(reason, Reason::NoRegistry { .. }));
        unowned.map(|(name, _)| name.namespace()).collect()
    }

    /// Whether a package whose log breaks the rules has a part in it.
    pub fn has_refused(&self) -> bool {
        self.unavailable()
            .any(|(_, reason)| matches!(reason, Reason::Refused { .. }))
    }

    fn unavailable(&self) -> impl Iterator<Item = (&PackageName, &Reason)> {
        let premises = self.steps.iter().flat_map(|step| &step.premises);
        premises.filter_map(|premise| match premise {
            Premise::Fact(Fact::Unavailable { group, reason }) => Some((&group.name, reason)),
            Premise::Fact(_) | Premise::Step(_) => None,
        })
    }

    /// Packages that were not loaded where a change was tried: with them there may be more hints, or fewer steps.
    pub fn unexplored(&self) -> &BTreeSet<Address> {
        &self.unexplored
    }

    /// Explains the tree that a member's solve ended with. The member is `by_itself` where no other is solved beside it.
    pub(crate) fn explain(
        (member, by_itself): (&str, bool),
        graph: MemberGraph<'_, '_>,
        derivation: Derivation,
        allowance: &mut MessageBudget,
    ) -> Self {
        let ground = Rc::clone(graph.ground());
        let mut unexplored = BTreeSet::new();
        let (graph, derivation) =
            without_needless(&ground, (graph, derivation), allowance, &mut unexplored);
        let explanation = explanation::explain(&graph, &derivation);
        let roots = explanation::roots(&graph, &derivation);
        drop(derivation);
        let hints = hint::hints(
            &ground,
            &roots,
            &explanation.steps,
            allowance,
            &mut unexplored,
        );
        Self {
            member: member.to_owned(),
            by_itself,
            steps: gathered(explanation.steps),
            left_out: explanation.left_out,
            leaves_another: hints.are_partial && !hints.all.is_empty(),
            hints: hints.all,
            gave_out: allowance.gave_out(),
            unexplored,
        }
    }
}

/// The same conflict without those of the member's requirements that it does not take: each that the derivation speaks
/// of is left out once, and stays out if there is still no solution.
fn without_needless<'a, 'r>(
    ground: &Rc<Ground<'a>>,
    end: (MemberGraph<'a, 'r>, Derivation),
    allowance: &mut MessageBudget,
    unexplored: &mut BTreeSet<Address>,
) -> (MemberGraph<'a, 'r>, Derivation) {
    let (mut graph, mut derivation) = end;
    let mut tried: BTreeSet<&RootRequirement> = BTreeSet::new();
    let mut roots = explanation::roots(&graph, &derivation);
    while let Some(root) = roots.iter().find(|root| !tried.contains(*root)).copied() {
        tried.insert(root);
        let rest = roots.iter().copied().filter(|other| *other != root);
        match attempt(ground, rest, allowance) {
            Attempt::Unsolvable(smaller) => {
                (graph, derivation) = *smaller;
                roots = explanation::roots(&graph, &derivation);
            }
            Attempt::Missing(addresses) => unexplored.extend(addresses),
            Attempt::Solved | Attempt::GaveUp => {}
        }
    }
    (graph, derivation)
}
