//! A node of a graph: what it stands for, what can be chosen of it, and what that depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use transparency::name::{ExternName, Kind, Origin, PackageName};
use transparency::requirement::Requirement;
use transparency::version::{Track, VersionReq};
use version_ranges::Ranges;

use crate::numbers::NodeId;
use crate::provider::Offer;
use crate::reason::Reason;
use crate::requirement::index;
use crate::scope::Exclusion;
use crate::stock::Stock;

/// What a node stands for. Its order settles ties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// The member itself.
    Root,
    /// The versions of one track.
    Track(Kind, PackageName, Track),
    /// The tracks of a requirement that spans several. It says what they must export, and whether letter by letter.
    Choice(Kind, PackageName, VersionReq, BTreeSet<ExternName>, bool),
    /// What no release can be: a package that does not exist, or not with that kind, or not in the registry that a
    /// requirement names.
    Nowhere(Kind, PackageName, Option<Origin>),
}

/// What a node is made of.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Root,
    Track {
        stock: Stock<'a>,
        /// What of it is no candidate, and why.
        excluded: BTreeMap<u32, Exclusion>,
    },
    /// Each track by its node, with the numbers that match there. The tracks ascend by their highest match.
    Choice(Vec<(Track, NodeId, Ranges<u32>)>),
    Nowhere(Reason),
}

#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) key: Rc<Key>,
    pub(crate) offer: Rc<Offer>,
    pub(crate) body: Body<'a>,
    /// What each number depends on, as far as that was asked for.
    needs: Vec<Option<Needs<'a>>>,
}

impl<'a> Node<'a> {
    pub(crate) fn new(key: Rc<Key>, offer: Offer, body: Body<'a>) -> Self {
        Self {
            key,
            offer: Rc::new(offer),
            body,
            needs: Vec::new(),
        }
    }

    /// What can be chosen of it.
    pub(crate) fn offer(&self) -> &Offer {
        &self.offer
    }

    /// What a number depends on, where that was asked for before.
    pub(crate) fn needs(&self, number: u32) -> Option<&Needs<'a>> {
        self.needs.get(index(number))?.as_ref()
    }

    /// Keeps what a number depends on.
    pub(crate) fn keep(&mut self, number: u32, needs: Needs<'a>) {
        let known = self.needs.len().max(index(number).saturating_add(1));
        self.needs.resize(known, None);
        if let Some(slot) = self.needs.get_mut(index(number)) {
            *slot = Some(needs);
        }
    }
}

/// Where a requirement leads.
#[derive(Debug, Clone)]
pub(crate) struct Edge<'a> {
    pub(crate) target: NodeId,
    /// The numbers of it that will do.
    pub(crate) set: Ranges<u32>,
    /// The requirement. None where a choice leads to one of its tracks.
    pub(crate) requirement: Option<&'a Requirement>,
}

/// What a number depends on, or why it cannot be chosen after all.
#[derive(Debug, Clone)]
pub(crate) enum Needs<'a> {
    Edges(Rc<[Edge<'a>]>),
    Unavailable(Rc<Reason>),
}
