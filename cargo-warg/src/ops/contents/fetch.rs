//! Bringing what is locked to this machine, and writing `wit/deps`.
//!
//! What is locked is checked as `verify` checks it, and with the contents the evidence is kept: so `verify --offline`
//! works afterwards. `wit/deps` gets the WIT packages of each member's closed set, and the WIT of what its component
//! dependencies export.

use std::collections::{BTreeMap, BTreeSet};

use resolver::lockfile::{Lockfile, Root as LockedRoot};
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Error, Result};
use crate::notice::{Notice, leave_out_yanks};
use crate::ops::lock::verify::{Checked, Whose};
use crate::ops::lock::{self, Flags, Outcome};
use crate::ops::session::Sessions;
use crate::ops::session::project::{Held, Project};
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;
use crate::wit::deps::{apply, plan};
use component::wit::deps::Plan;
use component::wit::selected::Form;
use component::wit::selected::Selected;
use component::wit::text::Group;

/// What fetching did.
pub struct Fetched {
    /// What became of the lock on the way.
    pub lock: Outcome,
    /// How many contents are there and checked.
    pub contents: usize,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// Files below `wit/deps` that were written, by member.
    pub written: BTreeMap<String, usize>,
    /// Files below `wit/deps` that were removed, by member.
    pub removed: BTreeMap<String, usize>,
    /// What the user should know, beside what there is to know of the lock.
    pub notices: Vec<Notice>,
}

/// Fetches what is locked; locks first where the lock is missing or stale, unless nothing may change.
///
/// # Errors
/// Whatever locking or checking says; contents that make no sound `wit/deps`; files that cannot be written.
pub fn fetch(project: &Project, packages: &[String], flags: Flags) -> Result<Fetched> {
    // What is to be locked first is solved at what the registry has now, as `lock` does, whatever lies with the project.
    let reading = if lock::is_current(project) {
        Reading::using(flags.offline)
    } else {
        Reading::now(flags.offline)
    };
    let mut sessions = Sessions::new(&project.registries, reading);
    let outcome = lock::lock(project, &mut sessions, packages, flags)?;
    let mut fetched = Fetched {
        contents: 0,
        proved: Vec::new(),
        written: BTreeMap::new(),
        removed: BTreeMap::new(),
        notices: Vec::new(),
        lock: outcome,
    };
    let empty = Lockfile::empty(project.problem.options.clone());
    let lock = fetched.lock.lock.as_deref().unwrap_or(&empty);
    let checked = check(project, lock, &mut sessions)?;
    let mut plans = Vec::new();
    for (member, root) in writable(project, lock) {
        if packages.is_empty() || packages.contains(member) {
            plans.push((member, plan_of(project, member, root, &checked)?));
        }
    }
    // All plans are sound before the first file is written.
    for (member, plan) in &plans {
        apply(plan).classified()?;
        fetched.written.insert((*member).clone(), plan.write.len());
        fetched.removed.insert((*member).clone(), plan.remove.len());
    }
    fetched.contents = checked.count;
    fetched.proved = sessions.proved();
    fetched.notices = sessions.silent();
    leave_out_yanks(&mut fetched.lock.notices, &checked.yanked);
    fetched.notices.extend(checked.yanked);
    Ok(fetched)
}

/// The contents that WIT is made of are kept; all are checked.
pub(crate) fn check(
    project: &Project,
    lock: &Lockfile,
    sessions: &mut Sessions<'_>,
) -> Result<Checked> {
    let direct: BTreeSet<(Kind, PackageName)> = lock
        .roots
        .values()
        .flat_map(|root| &root.requires)
        .map(|requirement| (requirement.kind, requirement.name.clone()))
        .collect();
    // A lock that was just written is checked under the table that it was solved under.
    let origins = sessions.origins().clone();
    lock::verify::check(
        &origins,
        Whose::Workspace(project.workspace.lock_file()),
        lock,
        sessions,
        |selection| {
            selection.kind == Kind::Wit
                || direct.contains(&(selection.kind, selection.name.clone()))
        },
    )
}

/// The members for which something is to be in `wit/deps`, or was, with their parts of the lock.
pub(crate) fn writable<'l>(
    project: &'l Project,
    lock: &'l Lockfile,
) -> impl Iterator<Item = (&'l String, &'l LockedRoot)> {
    static NOTHING: LockedRoot = LockedRoot {
        requires: BTreeSet::new(),
        selects: BTreeSet::new(),
        held: BTreeSet::new(),
    };
    let roots = project.roots.iter();
    roots.filter_map(|(member, wit)| match lock.roots.get(member) {
        Some(root) => Some((member, root)),
        // It asked for something once.
        None => (!wit.fetched().is_empty()).then_some((member, &NOTHING)),
    })
}

/// What a member's `wit/deps` is to hold.
pub(crate) fn plan_of(
    project: &Project,
    member: &str,
    root: &LockedRoot,
    checked: &Checked,
) -> Result<Plan> {
    let wit = project
        .roots
        .get(member)
        .ok_or_else(|| Error::new(Class::Lock, format!("`{member}` is no member any more")))?;
    let is_wit = |selection: &Selection| selection.kind == Kind::Wit;
    let requirements: Vec<_> = root.requires.iter().chain(project.used(member)).collect();
    let is_component = |selection: &Selection| {
        let required = |one: &&Requirement| {
            one.kind == selection.kind
                && one.name == selection.name
                && one.req.matches(&selection.version)
        };
        selection.kind == Kind::Component && requirements.iter().any(required)
    };
    let contents = Contents {
        project,
        member,
        checked,
    };
    let packages = contents.of(root, is_wit);
    let mut components = contents.of(root, is_component);
    components.extend(project.texts(member).map(|(selection, texts)| Selected {
        name: &selection.name,
        version: &selection.version,
        digest: digest(texts),
        form: Form::Text(texts),
    }));
    plan(wit, &packages, &components)
        .classified()
        .map_err(|error| {
            error
                .below(project.workspace.root())
                .context(format!("wit/deps of `{member}` cannot be made"))
        })
}

/// Where the contents of a member's closed set are: fetched ones, and those that lie in a folder.
struct Contents<'c> {
    project: &'c Project,
    member: &'c str,
    checked: &'c Checked,
}

impl<'c> Contents<'c> {
    fn of(&self, root: &'c LockedRoot, of: impl Fn(&Selection) -> bool) -> Vec<Selected<'c>> {
        let selects = root.selects.iter().filter(|selection| of(selection));
        let found = selects.filter_map(|selection| {
            let (digest, form) = self.form(selection)?;
            Some(Selected {
                name: &selection.name,
                version: &selection.version,
                digest,
                form,
            })
        });
        found.collect()
    }

    fn form(&self, selection: &Selection) -> Option<(Digest, Form<'c>)> {
        if let Some(content) = self.checked.contents.get(selection) {
            return Some((content.digest(), Form::Binary(content.bytes())));
        }
        match self.project.held(self.member, selection)? {
            Held::Wit(texts) => Some((digest(texts), Form::Text(texts))),
            Held::Component { bytes, .. } => Some((Digest::of(bytes), Form::Binary(bytes))),
            // Of what is not built, the texts are taken that are needed.
            Held::Project(_) => None,
        }
    }
}

/// The digest of all texts of a package that lies in a folder.
fn digest(texts: &[Group]) -> Digest {
    if let [only] = texts {
        return only.digest();
    }
    let digests = texts.iter().flat_map(|text| *text.digest().as_bytes());
    Digest::of(&digests.collect::<Vec<u8>>())
}
