//! Solving: one closed set per member, or the reason why there is none.
//!
//! [`resolve`] is pure and synchronous. It visits the members in name order and lets each prefer what it had locked, then
//! what members before it selected. A run that finishes saw only loaded packages, so what else the index holds cannot
//! change the answer. [`check_closed_set`] is the other half: it judges a closed set from requirements alone, and knows
//! nothing of how it was found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use pubgrub::PubGrubError;
use semver::Version;
use transparency::name::{ExternName, Kind, NameError, Origin, PackageName};
use transparency::release::Requirement;
use transparency::version::{Track, VersionError, parse_version};

use crate::graph::{Body, MemberGraph, Scope, Source, Stop};
use crate::index::{Address, Index, Release};
use crate::preference::Preferences;
use crate::problem::{Local, Member, Problem, RootRequirement};
use crate::provider::{NodeId, Provider};
use crate::report::Conflict;

/// One package of a closed set: `component acme:clock@1.0.4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selection {
    /// What it holds.
    pub kind: Kind,
    /// Its name.
    pub name: PackageName,
    /// The version selected.
    pub version: Version,
}

/// A text that is not a selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Not of the form `KIND NAME@VERSION`.
    #[error("`{text}` is not of the form `KIND NAME@VERSION`")]
    Form {
        /// What stood there.
        text: String,
    },
    /// The kind or name in it.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version in it.
    #[error(transparent)]
    Version(#[from] VersionError),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}@{}", self.kind, self.name, self.version)
    }
}

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let form = || SelectionError::Form {
            text: text.to_owned(),
        };
        let (kind, rest) = text.split_once(' ').ok_or_else(form)?;
        let (name, version) = rest.split_once('@').ok_or_else(form)?;
        Ok(Self {
            kind: kind.parse()?,
            name: name.parse()?,
            version: parse_version(version)?,
        })
    }
}

/// Where a selected package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A registry.
    Registry {
        /// Which one.
        origin: Origin,
        /// The release.
        release: Release,
    },
    /// A folder.
    Local(Local),
}

impl Provenance {
    /// What the package requires.
    pub fn requirements(&self) -> &BTreeSet<Requirement> {
        match self {
            Self::Registry { release, .. } => &release.requirements,
            Self::Local(local) => &local.requirements,
        }
    }

    /// What the component exports.
    pub fn exports(&self) -> &BTreeSet<ExternName> {
        match self {
            Self::Registry { release, .. } => &release.exports,
            Self::Local(local) => &local.exports,
        }
    }

    fn of(source: Source<'_>) -> Self {
        match source {
            Source::Registry(package, release) => Self::Registry {
                origin: package.address().origin.clone(),
                release: release.clone(),
            },
            Source::Local(local) => Self::Local(local.clone()),
        }
    }
}

/// What was selected for one root, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedSet {
    /// The packages and where each comes from.
    pub packages: BTreeMap<Selection, Provenance>,
}

/// The answer: a closed set for each member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// By the member's name.
    pub members: BTreeMap<String, ClosedSet>,
}

impl Resolution {
    /// All that any member selects.
    pub fn packages(&self) -> BTreeMap<&Selection, &Provenance> {
        self.members
            .values()
            .flat_map(|set| &set.packages)
            .collect()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// These packages are needed to go on. Load them all, then solve again.
    #[error("{} packages are not loaded", .0.len())]
    Missing(BTreeSet<Address>),
    /// A member's requirements cannot all be met.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// A name belongs to no registry.
    #[error("{} requires `{requirement}`, and no registry is configured for the namespace `{}`", who(member, by.as_ref()), requirement.name.namespace())]
    NoRegistry {
        /// The member whose solve came to it.
        member: String,
        /// What requires it; none where the member itself does.
        by: Option<Selection>,
        /// What is required.
        requirement: Requirement,
    },
    /// A requirement names another registry than the one its name belongs to here.
    #[error("{} requires `{requirement}`, but {}", who(member, by.as_ref()), belongs(requirement, configured.as_ref()))]
    TwoRegistries {
        /// The member whose solve came to it.
        member: String,
        /// What requires it; none where the member itself does.
        by: Option<Selection>,
        /// What is required.
        requirement: Requirement,
        /// The registry of this name here.
        configured: Option<Origin>,
    },
    /// Two members see different local packages under one name and version.
    #[error(
        "`{one}` and `{other}` each have a local package `{selection}`, and the two differ in what they require"
    )]
    LocalsDiffer {
        /// A member.
        one: String,
        /// Another.
        other: String,
        /// What both call their package.
        selection: Selection,
    },
}

fn who(member: &str, by: Option<&Selection>) -> String {
    by.map_or_else(
        || format!("`{member}`"),
        |by| format!("`{by}`, which `{member}` depends on,"),
    )
}

fn belongs(requirement: &Requirement, configured: Option<&Origin>) -> String {
    let namespace = requirement.name.namespace();
    configured.map_or_else(
        || format!("no registry is configured for the namespace `{namespace}`"),
        |origin| format!("here the namespace `{namespace}` belongs to `{origin}`"),
    )
}

impl Unresolved {
    fn stop(member: &str, stop: Stop) -> Self {
        let member = member.to_owned();
        match stop {
            Stop::Missing(addresses) => Self::Missing(addresses),
            Stop::NoRegistry { by, requirement } => Self::NoRegistry {
                member,
                by,
                requirement,
            },
            Stop::TwoRegistries {
                by,
                requirement,
                configured,
            } => Self::TwoRegistries {
                member,
                by,
                requirement,
                configured,
            },
        }
    }
}

/// Solves every member's requirements.
///
/// # Errors
/// What is to be loaded first, or why there is no answer.
pub fn resolve(problem: &Problem, index: &Index) -> Result<Resolution, Unresolved> {
    check_locals(problem)?;
    let mut scopes = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (name, member) in &problem.members {
        let scope = Scope::new(&problem.options, index, member);
        missing.extend(first_needed(&scope).map_err(|stop| Unresolved::stop(name, stop))?);
        scopes.insert(name, scope);
    }
    if !missing.is_empty() {
        return Err(Unresolved::Missing(missing));
    }
    let mut resolution = Resolution::default();
    let mut earlier: Vec<Selection> = Vec::new();
    for (name, scope) in &scopes {
        let mut preferences = Preferences::default();
        preferences.extend(&scope.member.selects);
        preferences.extend(&earlier);
        let set = match kept(scope, &preferences) {
            Some(kept) => kept,
            None => solve(name, scope, &preferences)?,
        };
        earlier.extend(set.packages.keys().cloned());
        resolution.members.insert((*name).clone(), set);
    }
    Ok(resolution)
}

fn check_locals(problem: &Problem) -> Result<(), Unresolved> {
    let mut seen: BTreeMap<Selection, (&String, &Local)> = BTreeMap::new();
    for (name, member) in &problem.members {
        for local in &member.locals {
            let (other, before) = *seen.entry(local.selection()).or_insert((name, local));
            if before.requirements != local.requirements {
                return Err(Unresolved::LocalsDiffer {
                    one: other.clone(),
                    other: name.clone(),
                    selection: local.selection(),
                });
            }
        }
    }
    Ok(())
}

/// What a member's solve looks at before anything else.
fn first_needed(scope: &Scope<'_>) -> Result<BTreeSet<Address>, Stop> {
    let member = scope.member;
    let roots = member.requirements.iter().map(|root| &root.requirement);
    let mut missing = scope.missing(None, roots)?;
    if member.keep {
        for selection in &member.selects {
            if scope.local(selection).is_none()
                && let Some(origin) = scope.options.origins.of(&selection.name)
            {
                missing.insert(Address {
                    origin: origin.clone(),
                    name: selection.name.clone(),
                });
            }
        }
        missing.retain(|address| !scope.index.holds(address));
    }
    Ok(missing)
}

/// The old selection of a member that is to keep it, where it is still valid.
fn kept(scope: &Scope<'_>, preferences: &Preferences) -> Option<ClosedSet> {
    let member = scope.member;
    if !member.keep {
        return None;
    }
    let mut set = ClosedSet::default();
    for selection in &member.selects {
        let source = source_of(scope, selection)?;
        if scope.exclusion(source, preferences).is_some() {
            return None;
        }
        for requirement in source.requirements() {
            let is_local = member.locals.iter().any(|local| {
                local.kind == requirement.kind
                    && local.name == requirement.name
                    && requirement.req.matches(&local.version)
            });
            if !is_local {
                scope.address(Some(selection), requirement).ok()?;
            }
        }
        set.packages
            .insert(selection.clone(), Provenance::of(source));
    }
    check_member(member, &set).is_empty().then_some(set)
}

fn source_of<'a>(scope: &Scope<'a>, selection: &'a Selection) -> Option<Source<'a>> {
    if let Some(local) = scope.local(selection) {
        return Some(Source::Local(local));
    }
    if scope.shadows(
        selection.kind,
        &selection.name,
        &Track::of(&selection.version),
    ) {
        return None;
    }
    let address = Address {
        origin: scope.options.origins.of(&selection.name)?.clone(),
        name: selection.name.clone(),
    };
    let package = scope.index.package(&address)?;
    let release = package.release(&selection.version)?;
    (package.kind() == selection.kind).then_some(Source::Registry(package, release))
}

fn solve(
    name: &str,
    scope: &Scope<'_>,
    preferences: &Preferences,
) -> Result<ClosedSet, Unresolved> {
    let roots: Vec<&RootRequirement> = scope.member.requirements.iter().collect();
    let provider = Provider(MemberGraph::new(scope, roots, preferences));
    match pubgrub::resolve(&provider, MemberGraph::ROOT, 0u32) {
        Ok(answer) => {
            let chosen = answer.into_iter().collect();
            Ok(closed_set(&provider.0, &chosen))
        }
        Err(PubGrubError::NoSolution(tree)) => {
            let conflict = Conflict::explain(name, &provider.0, &tree, preferences);
            Err(Unresolved::Conflict(Box::new(conflict)))
        }
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => Err(Unresolved::stop(name, source)),
    }
}

/// Whether these requirements of a member's have an answer; not so where packages are missing.
pub(crate) fn is_solvable<'a>(
    scope: &'a Scope<'a>,
    roots: impl IntoIterator<Item = &'a RootRequirement>,
    preferences: &'a Preferences,
) -> bool {
    let provider = Provider(MemberGraph::new(scope, roots, preferences));
    pubgrub::resolve(&provider, MemberGraph::ROOT, 0u32).is_ok()
}

/// What can be reached from the root among the versions chosen.
fn closed_set(graph: &MemberGraph<'_>, chosen: &BTreeMap<NodeId, u32>) -> ClosedSet {
    let mut set = ClosedSet::default();
    let mut reached = BTreeSet::new();
    let mut ahead = vec![MemberGraph::ROOT];
    while let Some(id) = ahead.pop() {
        let Some(number) = chosen.get(&id).filter(|_| reached.insert(id)) else {
            continue;
        };
        if let Body::Track { candidates, .. } = &graph.node(id).body
            && let Some(candidate) = candidates.get(crate::requirement::place(*number))
        {
            let source = candidate.source;
            set.packages
                .insert(source.selection(), Provenance::of(source));
        }
        ahead.extend(graph.targets(id, *number));
    }
    set
}

/// What is wrong with a closed set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Nothing in it meets a requirement.
    Unsatisfied {
        /// Who requires it; none where the member itself does.
        by: Option<Selection>,
        /// What is required.
        requirement: Requirement,
    },
    /// Two versions of one track.
    TwoOfOneTrack {
        /// One.
        one: Selection,
        /// The other.
        other: Selection,
    },
    /// Nothing in it requires the package.
    Unneeded {
        /// The package.
        selection: Selection,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfied {
                by: None,
                requirement,
            } => write!(f, "nothing selected meets `{requirement}`"),
            Self::Unsatisfied {
                by: Some(by),
                requirement,
            } => write!(
                f,
                "nothing selected meets `{requirement}`, which `{by}` requires"
            ),
            Self::TwoOfOneTrack { one, other } => {
                write!(f, "`{one}` and `{other}` are of one track")
            }
            Self::Unneeded { selection } => {
                write!(f, "nothing selected requires `{selection}`")
            }
        }
    }
}

/// A package of a closed set, as far as the check needs it.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// What it requires.
    pub requirements: &'a BTreeSet<Requirement>,
    /// What it exports, where this is known.
    pub exports: Option<&'a BTreeSet<ExternName>>,
}

/// Packages of which closed sets are made, and which of them meets which requirement.
///
/// It judges from requirements alone, and knows nothing of how a set was found. A lock's members share one.
#[derive(Debug)]
pub struct Claims<'a> {
    /// Ascending by selection; a package's place is its number here.
    packages: Vec<(&'a Selection, Claim<'a>)>,
    /// For each package, its requirements and who meets them.
    met_by: Vec<Vec<(&'a Requirement, Vec<usize>)>>,
}

impl<'a> Claims<'a> {
    /// Takes the packages in ascending order, as maps hold them.
    pub fn new(packages: impl IntoIterator<Item = (&'a Selection, Claim<'a>)>) -> Self {
        let mut claims = Self {
            packages: packages.into_iter().collect(),
            met_by: Vec::new(),
        };
        let met_by = claims.packages.iter().map(|(_, claim)| {
            let requirements = claim.requirements.iter();
            requirements
                .map(|requirement| (requirement, claims.meeting(requirement, None)))
                .collect()
        });
        claims.met_by = met_by.collect();
        claims
    }

    /// The places of the packages that meet a requirement and have the exports asked for, as far as theirs are known.
    fn meeting(
        &self,
        requirement: &Requirement,
        exports: Option<&BTreeSet<ExternName>>,
    ) -> Vec<usize> {
        let key = (requirement.kind, &requirement.name);
        let key_of = |selection: &'a Selection| (selection.kind, &selection.name);
        let from = self
            .packages
            .partition_point(|(selection, _)| key_of(selection) < key);
        let exporting = |claim: &Claim<'_>| match (exports, claim.exports) {
            (Some(asked), Some(found)) => asked.is_subset(found),
            (None, _) | (_, None) => true,
        };
        (from..)
            .zip(self.packages.iter().skip(from))
            .take_while(|(_, (selection, _))| key_of(selection) == key)
            .filter(|(_, (selection, _))| requirement.req.matches(&selection.version))
            .filter(|(_, (_, claim))| exporting(claim))
            .map(|(place, _)| place)
            .collect()
    }

    /// The places of a closed set's packages.
    ///
    /// # Errors
    /// The first that is none of these.
    pub fn places<'s>(&self, set: &'s BTreeSet<Selection>) -> Result<Vec<usize>, &'s Selection> {
        let mut ahead = self.packages.iter().map(|(found, _)| *found).enumerate();
        // Both ascend, so one walk finds all.
        set.iter()
            .map(|selection| {
                ahead
                    .find(|(_, found)| *found >= selection)
                    .filter(|(_, found)| *found == selection)
                    .map(|(place, _)| place)
                    .ok_or(selection)
            })
            .collect()
    }

    /// Judges a closed set, given by ascending places: every requirement met, one version per track, and nothing that
    /// is not needed.
    ///
    /// Each root comes with the exports that it asks for; they are checked where a claim has its exports.
    pub fn check<'r>(
        &self,
        roots: impl IntoIterator<Item = (&'r Requirement, &'r BTreeSet<ExternName>)>,
        set: &[usize],
    ) -> Vec<Flaw> {
        let mut flaws = self.check_tracks(set);
        let mut chosen = vec![false; self.packages.len()];
        for place in set {
            if let Some(chosen) = chosen.get_mut(*place) {
                *chosen = true;
            }
        }
        let is_chosen = |place: &usize| chosen.get(*place).copied().unwrap_or(false);
        let mut needed = vec![false; self.packages.len()];
        let mut ahead: Vec<usize> = Vec::new();
        for (requirement, exports) in roots {
            let mut met = self.meeting(requirement, Some(exports));
            met.retain(is_chosen);
            if met.is_empty() {
                flaws.push(Flaw::Unsatisfied {
                    by: None,
                    requirement: requirement.clone(),
                });
            }
            ahead.extend(met);
        }
        while let Some(place) = ahead.pop() {
            match needed.get_mut(place) {
                Some(needed) if !*needed => *needed = true,
                _ => continue,
            }
            let Some((selection, _)) = self.packages.get(place) else {
                continue;
            };
            for (requirement, met) in self.met_by.get(place).into_iter().flatten() {
                let before = ahead.len();
                ahead.extend(met.iter().copied().filter(is_chosen));
                if ahead.len() == before {
                    flaws.push(Flaw::Unsatisfied {
                        by: Some((*selection).clone()),
                        requirement: (*requirement).clone(),
                    });
                }
            }
        }
        for (place, (selection, _)) in self.packages.iter().enumerate() {
            if is_chosen(&place) && !needed.get(place).copied().unwrap_or(false) {
                flaws.push(Flaw::Unneeded {
                    selection: (*selection).clone(),
                });
            }
        }
        flaws.sort();
        flaws
    }

    fn check_tracks(&self, set: &[usize]) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let mut before: Vec<&Selection> = Vec::new();
        for (selection, _) in set.iter().filter_map(|place| self.packages.get(*place)) {
            let same_package = before.first().is_some_and(|other| {
                (other.kind, &other.name) == (selection.kind, &selection.name)
            });
            if !same_package {
                before.clear();
            }
            for other in &before {
                if Track::of(&other.version) == Track::of(&selection.version) {
                    flaws.push(Flaw::TwoOfOneTrack {
                        one: (*other).clone(),
                        other: (*selection).clone(),
                    });
                }
            }
            before.push(selection);
        }
        flaws
    }
}

/// Judges one closed set of which every package is part; see [`Claims::check`].
pub fn check_closed_set<'a>(
    roots: impl IntoIterator<Item = (&'a Requirement, &'a BTreeSet<ExternName>)>,
    set: &BTreeMap<&'a Selection, Claim<'a>>,
) -> Vec<Flaw> {
    let claims = Claims::new(set.iter().map(|(selection, claim)| (*selection, *claim)));
    let all: Vec<usize> = (0..set.len()).collect();
    claims.check(roots, &all)
}

/// Judges a member's closed set against what the member requires now.
pub fn check_member(member: &Member, set: &ClosedSet) -> Vec<Flaw> {
    let roots = member.requirements.iter();
    let claims = set.packages.iter().map(|(selection, provenance)| {
        let claim = Claim {
            requirements: provenance.requirements(),
            exports: Some(provenance.exports()),
        };
        (selection, claim)
    });
    check_closed_set(
        roots.map(|root| (&root.requirement, &root.exports)),
        &claims.collect(),
    )
}
