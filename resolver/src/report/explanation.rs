//! From pubgrub's derivation tree to steps that speak of packages.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{DerivationTree, External, Term};
use semver::Version;
use transparency::name::PackageName;
use transparency::version::Track;
use version_ranges::Ranges;

use super::hint::existing;
use super::{Conclusion, Fact, Group, Premise, Step, Wish};
use crate::graph::{Body, Key, MemberGraph, Reason};
use crate::problem::RootRequirement;
use crate::provider::NodeId;
use crate::scope::{Exclusion, Source};

pub(super) type Tree = DerivationTree<NodeId, Ranges<u32>, Reason>;

pub(super) struct Explainer<'g, 'a> {
    pub(super) graph: &'g MemberGraph<'a>,
    pub(super) steps: Vec<Step>,
    /// The member's own requirements that the conflict speaks of.
    pub(super) roots: BTreeSet<&'a RootRequirement>,
}

impl Explainer<'_, '_> {
    /// Makes a step of each derived node, causes first. A shared node becomes one step, and the walk keeps its own
    /// stack, since trees of hard conflicts are deep.
    pub(super) fn walk(&mut self, tree: &Tree) {
        let address = |tree: &Tree| std::ptr::from_ref(tree).addr();
        let mut done: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut stack = vec![(tree, false)];
        while let Some((tree, causes_done)) = stack.pop() {
            let DerivationTree::Derived(derived) = tree else {
                if stack.is_empty() && self.steps.is_empty() {
                    self.lone_fact(tree);
                }
                continue;
            };
            if done.contains_key(&address(tree)) {
                continue;
            }
            let causes = [derived.cause1.as_ref(), derived.cause2.as_ref()];
            if !causes_done {
                stack.push((tree, true));
                stack.extend(causes.into_iter().rev().map(|cause| (cause, false)));
                continue;
            }
            let mut premises: Vec<Premise> = Vec::new();
            for cause in causes {
                let premise = match cause {
                    DerivationTree::External(external) => self.fact(external).map(Premise::Fact),
                    DerivationTree::Derived(_) => {
                        let step = done.get(&address(cause)).copied().flatten();
                        step.map(Premise::Step)
                    }
                };
                premises.extend(premise.filter(|premise| !premises.contains(premise)));
            }
            premises.sort_by_key(|premise| match premise {
                Premise::Fact(Fact::Requires { .. }) => 0,
                Premise::Fact(Fact::Unavailable { .. }) => 1,
                Premise::Fact(Fact::Excluded { .. }) => 2,
                Premise::Step(_) => 3,
            });
            let step = match premises.as_slice() {
                [] => None,
                // Nothing new but a definition: the step before says it all, unless this is the end.
                [Premise::Step(step)] if !derived.terms.is_empty() => Some(*step),
                _ => {
                    let conclusion = self.conclusion(&derived.terms);
                    self.steps.push(Step {
                        premises,
                        conclusion,
                    });
                    Some(self.steps.len().saturating_sub(1))
                }
            };
            done.insert(address(tree), step);
        }
    }

    fn lone_fact(&mut self, tree: &Tree) {
        if let DerivationTree::External(external) = tree
            && let Some(fact) = self.fact(external)
        {
            self.steps.push(Step {
                premises: vec![Premise::Fact(fact)],
                conclusion: Conclusion {
                    with: Vec::new(),
                    needs: Vec::new(),
                },
            });
        }
    }

    /// What an external cause says; nothing where it only says which versions exist, as every group does, or what a
    /// choice is.
    fn fact(&mut self, external: &External<NodeId, Ranges<u32>, Reason>) -> Option<Fact> {
        match external {
            External::NotRoot(..) => None,
            External::NoVersions(id, set) => {
                let (name, versions) = self.excluded(*id, set)?;
                (!versions.is_empty()).then_some(Fact::Excluded { name, versions })
            }
            External::Custom(id, set, reason) => Some(Fact::Unavailable {
                group: self.group(*id, set)?,
                reason: reason.clone(),
            }),
            External::FromDependencyOf(by, versions, on, set) => {
                self.requires(*by, versions, *on, set)
            }
        }
    }

    fn excluded(
        &self,
        id: NodeId,
        set: &Ranges<u32>,
    ) -> Option<(PackageName, Vec<(Version, Exclusion)>)> {
        let node = self.graph.node(id);
        let mut versions = Vec::new();
        match &node.body {
            Body::Track { candidates, .. } => {
                let excluded = (0..).zip(candidates);
                let excluded = excluded.filter(|(number, _)| set.contains(number));
                versions.extend(excluded.filter_map(|(_, candidate)| {
                    let why = candidate.exclusion.clone()?;
                    Some((candidate.source.version().clone(), why))
                }));
            }
            Body::Choice(tracks) => {
                // Every track of the choice that is left has only excluded versions.
                for (number, (_, track, matching)) in (0u32..).zip(tracks) {
                    if set.contains(&number) {
                        let (_, more) = self.excluded(*track, matching)?;
                        versions.extend(more);
                    }
                }
            }
            Body::Root | Body::Nowhere(_) => {}
        }
        Some((key_name(&node.key)?.clone(), versions))
    }

    fn requires(
        &mut self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Fact> {
        let (group, wishes) = if by == MemberGraph::ROOT {
            let mut wishes = Vec::new();
            for root in self.graph.roots() {
                let edge = self.graph.edge(None, &root.requirement, &root.exports);
                if edge.is_ok_and(|edge| edge.is_some_and(|(id, found)| id == on && found == *set))
                {
                    self.roots.insert(root);
                    wishes.push(Wish {
                        requirement: root.requirement.clone(),
                        exports: root.exports.clone(),
                        location: root.location.clone(),
                    });
                }
            }
            (None, wishes)
        } else {
            (
                Some(self.group(by, versions)?),
                self.wishes(by, versions, on, set)?,
            )
        };
        Some(Fact::Requires {
            by: group,
            unmet: self.unmet(on, set, &wishes),
            wishes,
        })
    }

    /// What these versions require of that node; nothing where the dependency is a choice's own.
    fn wishes(
        &self,
        by: NodeId,
        versions: &Ranges<u32>,
        on: NodeId,
        set: &Ranges<u32>,
    ) -> Option<Vec<Wish>> {
        let node = self.graph.node(by);
        let Body::Track { candidates, .. } = &node.body else {
            return None;
        };
        let sources: Vec<Source<'_>> = (0..)
            .zip(candidates)
            .filter(|(number, _)| versions.contains(number))
            .map(|(_, candidate)| candidate.source)
            .collect();
        let target = self.graph.node(on);
        let name = key_name(&target.key)?.clone();
        drop((node, target));
        let mut found = BTreeSet::new();
        for source in sources {
            let requirements = source.requirements().iter();
            for requirement in requirements.filter(|requirement| requirement.name == name) {
                let selection = source.selection();
                let edge = self
                    .graph
                    .edge(Some(&selection), requirement, &BTreeSet::new());
                if edge.is_ok_and(|edge| edge.is_some_and(|(id, found)| id == on && found == *set))
                {
                    found.insert(requirement.clone());
                }
            }
        }
        let wishes = found.into_iter().map(|requirement| Wish {
            requirement,
            exports: BTreeSet::new(),
            location: None,
        });
        Some(wishes.collect())
    }

    /// The versions that exist, where a requirement matches none of them.
    fn unmet(&self, on: NodeId, set: &Ranges<u32>, wishes: &[Wish]) -> Option<Vec<Version>> {
        let node = self.graph.node(on);
        let is_unmet = match &node.body {
            Body::Track { versions, .. } => !(0..)
                .zip(versions.all())
                .any(|(number, _)| set.contains(&number)),
            Body::Choice(tracks) => tracks.is_empty(),
            Body::Root | Body::Nowhere(_) => false,
        };
        let wish = wishes.first().filter(|_| is_unmet)?;
        Some(existing(self.graph, &wish.requirement))
    }

    fn group(&self, id: NodeId, set: &Ranges<u32>) -> Option<Group> {
        let node = self.graph.node(id);
        match (&*node.key, &node.body) {
            (Key::Track(_, name, track), Body::Track { versions, .. }) => {
                let mut runs: Vec<(Version, Version)> = Vec::new();
                let mut all = true;
                let mut open = false;
                for (number, version) in (0..).zip(versions.all()) {
                    let contained = set.contains(&number);
                    match runs.last_mut() {
                        _ if !contained => all = false,
                        Some((_, last)) if open => *last = version.clone(),
                        _ => runs.push((version.clone(), version.clone())),
                    }
                    open = contained;
                }
                Some(Group::Versions {
                    name: name.clone(),
                    track: track.clone(),
                    all,
                    runs,
                })
            }
            (Key::Choice(_, name, req, _), Body::Choice(options)) => {
                let within = (0u32..).zip(options);
                let within = within.filter(|(number, _)| set.contains(number));
                let mut tracks: Vec<Track> = within.map(|(_, (track, ..))| track.clone()).collect();
                if tracks.len() == options.len() {
                    tracks.clear();
                }
                Some(Group::Matching {
                    name: name.clone(),
                    req: req.clone(),
                    tracks,
                })
            }
            (Key::Nowhere(kind, name), _) => Some(Group::Nothing {
                kind: *kind,
                name: name.clone(),
            }),
            (Key::Root | Key::Track(..) | Key::Choice(..), _) => None,
        }
    }

    fn conclusion(&self, terms: &pubgrub::Map<NodeId, Term<Ranges<u32>>>) -> Conclusion {
        let mut sorted: Vec<_> = terms.iter().collect();
        sorted.sort_by(|a, b| self.graph.node(*a.0).key.cmp(&self.graph.node(*b.0).key));
        let mut conclusion = Conclusion {
            with: Vec::new(),
            needs: Vec::new(),
        };
        for (id, term) in sorted {
            match term {
                Term::Positive(set) => conclusion.with.extend(self.group(*id, set)),
                Term::Negative(set) => conclusion.needs.extend(self.group(*id, set)),
            }
        }
        conclusion
    }
}

fn key_name(key: &Key) -> Option<&PackageName> {
    match key {
        Key::Root => None,
        Key::Track(_, name, _) | Key::Choice(_, name, ..) | Key::Nowhere(_, name) => Some(name),
    }
}
