//! pubgrub's derivation as a list: each node comes behind its causes, and the last one concludes.
//!
//! A derivation can be as deep as a registry is large. A tree is walked, and even dropped, by recursion. A list is not.

use std::collections::HashMap;
use std::sync::Arc;

use pubgrub::{DerivationTree, External, Term};

use crate::graph::MemberGraph;
use crate::numbers::NodeId;
use crate::numbers::Numbers;
use crate::reason::Reason;

pub(crate) type Tree = DerivationTree<NodeId, Numbers, Reason>;
pub(crate) type Given = External<NodeId, Numbers, Reason>;

/// Why something cannot be.
#[derive(Debug)]
pub(crate) enum Cause {
    /// It is given, and follows from nothing else.
    Given(Given),
    /// It follows from two causes, given by their indices.
    Derived {
        terms: Vec<(NodeId, Term<Numbers>)>,
        causes: [usize; 2],
    },
}

/// The causes of a conflict, each once.
#[derive(Debug)]
pub(crate) struct Derivation {
    pub(crate) causes: Vec<Cause>,
}

impl Derivation {
    pub(crate) fn of(tree: Tree) -> Self {
        let address = |node: &Arc<Tree>| Arc::as_ptr(node).addr();
        let mut positions: HashMap<usize, usize> = HashMap::new();
        let mut order: Vec<Arc<Tree>> = Vec::new();
        let mut stack = vec![(Arc::new(tree), false)];
        while let Some((node, causes_done)) = stack.pop() {
            if positions.contains_key(&address(&node)) {
                continue;
            }
            if let DerivationTree::Derived(derived) = &*node
                && !causes_done
            {
                let causes = [&derived.cause2, &derived.cause1].map(Arc::clone);
                stack.push((node, true));
                stack.extend(causes.map(|cause| (cause, false)));
                continue;
            }
            positions.insert(address(&node), order.len());
            order.push(node);
        }
        // From the end, nobody holds a node any more but this list: each is taken apart, and none is dropped whole.
        let mut causes = Vec::with_capacity(order.len());
        while let Some(node) = order.pop() {
            causes.push(match Arc::unwrap_or_clone(node) {
                DerivationTree::External(external) => Cause::Given(external),
                DerivationTree::Derived(derived) => Cause::Derived {
                    causes: [&derived.cause1, &derived.cause2]
                        .map(|cause| positions.get(&address(cause)).copied().unwrap_or_default()),
                    terms: derived.terms.into_iter().collect(),
                },
            });
        }
        causes.reverse();
        Self { causes }
    }

    pub(crate) fn get(&self, position: usize) -> Option<&Cause> {
        self.causes.get(position)
    }

    /// What of it the member itself requires: which nodes, and of these which numbers.
    pub(crate) fn required(&self) -> impl Iterator<Item = (NodeId, &Numbers)> {
        self.causes.iter().filter_map(|cause| match cause {
            Cause::Given(External::FromDependencyOf(by, _, on, set))
                if *by == MemberGraph::ROOT =>
            {
                Some((*on, set))
            }
            Cause::Given(_) | Cause::Derived { .. } => None,
        })
    }
}

/// Whether two say the same.
pub(crate) fn is_same(one: &Given, other: &Given) -> bool {
    match (one, other) {
        (External::NoVersions(id, set), External::NoVersions(other, others)) => {
            id == other && set == others
        }
        (External::Custom(id, set, why), External::Custom(other, others, because)) => {
            id == other && set == others && why == because
        }
        (
            External::FromDependencyOf(by, versions, on, set),
            External::FromDependencyOf(other, theirs, on_other, others),
        ) => by == other && on == on_other && versions == theirs && set == others,
        _ => false,
    }
}
