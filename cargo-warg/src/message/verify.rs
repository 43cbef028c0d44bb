//! What was verified.

use serde::Serialize;

use super::{Kind, Proved};
use crate::ops::claims;
use crate::ops::verify::Verified;

/// What was checked, and found good.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Verify {
    /// Members whose manifests and `wit/` the lock is up to date with.
    pub members: usize,
    /// Packages of the lock.
    pub packages: usize,
    /// Those of them that lie in folders: no record vouches for these.
    pub locals: usize,
    /// Contents that are what their records say.
    pub contents: usize,
    /// Files of `wit/deps` that say what follows from the lock.
    pub files: usize,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// Locked releases that are advised against. The warnings say so, too.
    pub yanked: Vec<YankedRelease>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A locked release that is advised against.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct YankedRelease {
    /// What the package holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The line of warg.lock that names it, counted from 1.
    pub line: Option<usize>,
}

impl From<&Verified> for Verify {
    fn from(verified: &Verified) -> Self {
        Self {
            members: verified.members,
            packages: verified.packages.len(),
            locals: verified.locals(),
            contents: verified.contents,
            files: verified.files,
            proved: Proved::all(&verified.proved),
            yanked: verified.yanked.iter().map(YankedRelease::from).collect(),
            warnings: verified.all_warnings().collect(),
        }
    }
}

impl From<&claims::Yanked> for YankedRelease {
    fn from(yanked: &claims::Yanked) -> Self {
        let location = yanked.location.as_ref();
        Self {
            kind: yanked.selection.kind.into(),
            name: yanked.selection.name.to_string(),
            version: yanked.selection.version.to_string(),
            line: location.map(crate::place::Location::line),
        }
    }
}
