//! A shape as resolvo wants it: packages, versions and what is required of them, all numbered before anything is timed.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider,
    HintDependenciesAvailable, Interner, KnownDependencies, NameId, Problem, SolvableId, Solver,
    SolverCache, StringId, UnsolvableOrCancelled, VersionSetId, VersionSetUnionId,
};

use crate::measured::spent;
use crate::shape::{Needs, Shape};

/// When a solve is broken off.
const MOST: Duration = Duration::from_secs(60);

/// How a solve ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Solved,
    Conflict,
    /// It took more than a minute.
    Cancelled,
}

/// A set of versions: the package, the first number, and the number behind the last.
type Set = (u32, u32, u32);

/// A registry whose versions and sets are numbers, as resolvo asks for them.
pub(crate) struct Numbers {
    /// The solvables of each package, ascending by version.
    packages: Vec<Vec<SolvableId>>,
    /// The package and number of each solvable, and what it requires.
    solvables: Vec<(u32, u32, Vec<VersionSetId>)>,
    sets: Vec<Set>,
    roots: Vec<VersionSetId>,
}

impl Numbers {
    pub(crate) fn of(shape: &Shape) -> Self {
        let mut known: HashMap<Set, VersionSetId> = HashMap::new();
        let mut sets = Vec::new();
        let mut number = |needs: &Needs| -> Vec<VersionSetId> {
            let needs = needs.iter().map(|(on, from, to)| {
                let set = (id(*on), *from, to.unwrap_or(u32::MAX));
                *known.entry(set).or_insert_with(|| {
                    sets.push(set);
                    VersionSetId(id(sets.len() - 1))
                })
            });
            needs.collect()
        };
        let roots = number(&shape.roots);
        let (mut packages, mut solvables) = (Vec::new(), Vec::new());
        for (package, versions) in shape.packages.iter().enumerate() {
            let mut all = Vec::new();
            for (version, needs) in (0u32..).zip(versions) {
                all.push(SolvableId::from_raw(id(solvables.len())));
                solvables.push((id(package), version, number(needs)));
            }
            packages.push(all);
        }
        Self {
            packages,
            solvables,
            sets,
            roots,
        }
    }

    pub(crate) fn solve(&self) -> End {
        let began = spent();
        let mut solver = Solver::new(Provider {
            numbers: self,
            began,
        });
        let roots = self.roots.iter().map(|set| (*set).into()).collect();
        match solver.solve(Problem::new().requirements(roots)) {
            Ok(_) => End::Solved,
            Err(UnsolvableOrCancelled::Unsolvable(_)) => End::Conflict,
            Err(UnsolvableOrCancelled::Cancelled(_)) => End::Cancelled,
        }
    }

    fn solvable(&self, id: SolvableId) -> &(u32, u32, Vec<VersionSetId>) {
        &self.solvables[id.into_raw() as usize]
    }

    fn set(&self, id: VersionSetId) -> Set {
        self.sets[id.0 as usize]
    }
}

fn id(position: usize) -> u32 {
    u32::try_from(position).expect("a shape has less than four billion of anything")
}

struct Provider<'n> {
    numbers: &'n Numbers,
    began: Duration,
}

impl Interner for Provider<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        let (package, number, _) = self.numbers.solvable(solvable);
        format!("p{package} 1.{number}.0")
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        format!("p{}", name.into_raw())
    }

    fn display_version_set(&self, set: VersionSetId) -> impl Display + '_ {
        let (_, from, past) = self.numbers.set(set);
        format!(">=1.{from}.0,<1.{past}.0")
    }

    fn display_string(&self, _: StringId) -> impl Display + '_ {
        ""
    }

    fn version_set_name(&self, set: VersionSetId) -> NameId {
        NameId::from_raw(self.numbers.set(set).0)
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        NameId::from_raw(self.numbers.solvable(solvable).0)
    }

    fn version_sets_in_union(&self, _: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        std::iter::empty()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("no requirement of a shape has a condition")
    }
}

impl DependencyProvider for Provider<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let (_, from, past) = self.numbers.set(set);
        let candidates = candidates.iter().copied();
        let meant = candidates.filter(|one| {
            let number = self.numbers.solvable(*one).1;
            (from <= number && number < past) != inverse
        });
        meant.collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        let candidates = &self.numbers.packages[name.into_raw() as usize];
        (!candidates.is_empty()).then(|| Candidates {
            candidates: candidates.clone(),
            hint_dependencies_available: HintDependenciesAvailable::All,
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        solvables.sort_unstable_by_key(|one| Reverse(self.numbers.solvable(*one).1));
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let needs = self.numbers.solvable(solvable).2.iter();
        Dependencies::Known(KnownDependencies {
            requirements: needs.map(|set| (*set).into()).collect(),
            constrains: Vec::new(),
        })
    }

    fn should_cancel_with_value(&self) -> Option<Box<dyn Any>> {
        (spent().saturating_sub(self.began) > MOST).then(|| Box::new(()) as Box<dyn Any>)
    }
}
