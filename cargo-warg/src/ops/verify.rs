//! Every claim of `warg.lock`, checked again from bytes.
//!
//! The lock is what the workspace asks for; its claims hold against the registries as they are trusted now; and what
//! `fetch` wrote into `wit/deps`, if it did, is what follows from it. The checks themselves are [`claims`](super::claims)'.

use super::fetch;
use super::lock;
use super::project::Project;
use super::solve::{Proved, Sessions};
use crate::error::{Class, Error, OrFail as _, Result};
use crate::wit::deps::{Difference, compare};

/// What verifying showed.
pub struct Verified {
    /// How many packages the lock has.
    pub packages: usize,
    /// How many contents were checked.
    pub contents: usize,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// Files below `wit/deps` that say what they should.
    pub files: usize,
    /// Things that the user should know.
    pub warnings: Vec<String>,
}

/// Checks every claim of the lock again, and what `fetch` wrote, if it did.
///
/// # Errors
/// A lock that is missing or stale; a claim that does not hold; files below `wit/deps` that say something else.
pub fn verify(project: &Project, offline: bool) -> Result<Verified> {
    let lock = lock::read_existing(project)?;
    lock::check_current(&lock, project)?;
    let mut sessions = Sessions::of_lock(&project.registries, offline);
    let checked = fetch::check(project, &lock, &mut sessions)?;
    let mut files = 0;
    for (member, root) in &lock.roots {
        let Some(wit) = project
            .roots
            .get(member)
            .filter(|wit| !wit.fetched().is_empty())
        else {
            continue;
        };
        let plan = fetch::plan_of(project, member, root, &checked)?;
        let differences = compare(wit, &plan).or_fail(Class::Refused, || {
            format!("cannot read what `cargo warg fetch` wrote for `{member}`")
        })?;
        if !differences.is_empty() {
            return Err(different(member, &differences));
        }
        files += plan.keep.len() + plan.write.len();
    }
    Ok(Verified {
        packages: lock.packages.len(),
        contents: checked.count,
        proved: sessions.proved(),
        files,
        warnings: checked.warnings,
    })
}

fn different(member: &str, differences: &[Difference]) -> Error {
    let mut message =
        format!("what `cargo warg fetch` wrote for `{member}` is not what follows from warg.lock");
    for difference in differences {
        message.push_str("\n  ");
        message.push_str(&difference.to_string());
    }
    Error::new(Class::Refused, message)
        .with_help("`cargo warg fetch` writes it anew; folders of your own belong beside it, without its first line")
}
