//! A bill of materials, from the lock of a workspace or from what a bundle says of itself.
//!
//! No registry is read: a lock that `verify` holds true makes a bill that is true.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::Lockfile;
use transparency::digest::Digest;
use transparency::selection::Selection;

use crate::error::{Classified as _, Result};
use crate::notice::{Notice, Tolerated};
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::lock;
use crate::ops::lock::tree::MemberGraph;
use crate::ops::session::project::Project;
use crate::sbom::{Bom, Materials, Subject};

/// A bill, and what the user should know of it.
pub struct Bill {
    /// The bill.
    pub bom: Bom,
    /// Why the lock is stale, if it is.
    pub notices: Vec<Notice>,
}

/// The bill of the selected members.
///
/// # Errors
/// A lock that is missing or does not read; one that is stale, unless that is allowed.
pub fn of_workspace(project: &Project, allow_stale: bool) -> Result<Bill> {
    let lock = lock::read_existing(project)?;
    let mut notices = Vec::new();
    if let Err(error) = lock::check_current(&lock, project) {
        if !allow_stale {
            return Err(error
                .with_help("or pass `--allow-stale`: the bill then says that the lock was stale"));
        }
        notices.push(Notice::StaleLock(Tolerated::from(&error)));
    }
    let mut edges = BTreeMap::new();
    let mut members = Vec::new();
    for member in project.workspace.selected() {
        members.push(Subject {
            name: member.name.clone(),
            version: Some(member.version.to_string()),
            digest: None,
            direct: graph(&lock, &member.name, &mut edges),
        });
    }
    members.sort();
    let (subject, members) = match <[Subject; 1]>::try_from(members) {
        Ok([only]) => (only, Vec::new()),
        Err(members) => (
            Subject {
                name: "workspace".to_owned(),
                version: None,
                digest: None,
                direct: BTreeSet::new(),
            },
            members,
        ),
    };
    let materials = Materials {
        lock: &lock,
        stale: !notices.is_empty(),
        subject,
        members,
        edges,
    };
    Ok(Bill {
        bom: Bom::of(&materials),
        notices,
    })
}

/// The bill of a bundle, by what is embedded in it: claims, until the bundle is verified.
///
/// # Errors
/// A component that is no bundle, or one that was changed after it was made.
pub fn of_bundle(content: &[u8]) -> Result<Bill> {
    let bundle = LockedBundle::open(content).classified()?;
    let mut edges = BTreeMap::new();
    let name = bundle.name().to_owned();
    let subject = Subject {
        version: None,
        digest: Some(Digest::of(content)),
        direct: graph(&bundle.lock, &name, &mut edges),
        name,
    };
    let bom = Bom::of(&Materials {
        lock: &bundle.lock,
        stale: false,
        subject,
        members: Vec::new(),
        edges,
    });
    Ok(Bill {
        bom,
        notices: Vec::new(),
    })
}

/// What a member requires, as selected; and the same of each package of its closed set, added to what is known already:
/// in another member's, a package may depend on another version.
fn graph(
    lock: &Lockfile,
    member: &str,
    edges: &mut BTreeMap<Selection, BTreeSet<Selection>>,
) -> BTreeSet<Selection> {
    let Some(root) = lock.roots.get(member) else {
        return BTreeSet::new();
    };
    let graph = MemberGraph::new(lock, root);
    for (selection, met) in graph.edges {
        let all = edges.entry(selection.clone()).or_default();
        all.extend(met.into_iter().cloned());
    }
    graph.direct.into_iter().cloned().collect()
}
