//! Which newer versions there are.

use serde::Serialize;
use transparency::release::Objection;

use super::{Kind, Notice, Proved};
use crate::ops;

/// Which newer versions there are of what is locked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Outdated {
    /// What is outdated, or should not be used any more.
    pub packages: Vec<OutdatedPackage>,
    /// What was shown of each registry.
    pub proved: Vec<Proved>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A locked package of which something newer is there, or which should not be used any more.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct OutdatedPackage {
    /// The member whose closed set it is in.
    pub member: String,
    /// What it holds.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version that is locked.
    pub locked: String,
    /// Why that should not be used any more; null where nothing is wrong with it.
    pub mark: Option<Mark>,
    /// The publisher's or operator's words with that.
    pub mark_reason: Option<String>,
    /// The version that `cargo warg update` would give; null where the package would be gone.
    pub compatible: Option<String>,
    /// The newest usable version, of any track; null where there is none.
    pub latest: Option<String>,
    /// What keeps `update` from giving the newest.
    pub held_by: Vec<HeldBy>,
}

/// Why a locked release should not be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Its publisher advises against it.
    Yanked,
    /// The operator took its content away.
    Withdrawn,
    /// Something is wrong with it.
    Unusable,
}

impl From<&Objection> for Mark {
    fn from(objection: &Objection) -> Self {
        match objection {
            Objection::Yanked { .. } => Self::Yanked,
            Objection::Withdrawn { .. } => Self::Withdrawn,
            Objection::Unusable { .. } => Self::Unusable,
        }
    }
}

/// What keeps a newer version away.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HeldBy {
    /// The package that requires another version, `NAME@VERSION`; null where the member itself does.
    pub by: Option<String>,
    /// Which versions are required; null where nothing but the rule holds it that a WIT package goes to its lowest.
    pub requirement: Option<String>,
    /// Where that stands, `FILE:LINE:COLUMN`.
    pub location: Option<String>,
    /// Why the newer version itself is no choice, since what it requires is nowhere; null where that is not why.
    pub obstacle: Option<String>,
}

impl From<&ops::manifest::outdated::Outdated> for Outdated {
    fn from(outdated: &ops::manifest::outdated::Outdated) -> Self {
        let rows = outdated.members.iter();
        let packages = rows.flat_map(|(member, rows)| rows.iter().map(move |row| (member, row)));
        Self {
            packages: packages.map(OutdatedPackage::from).collect(),
            proved: Proved::all(&outdated.proved),
            notices: Notice::all(&outdated.notices),
        }
    }
}

impl From<(&String, &ops::manifest::outdated::Row)> for OutdatedPackage {
    fn from((member, row): (&String, &ops::manifest::outdated::Row)) -> Self {
        Self {
            member: member.clone(),
            kind: row.locked.kind.into(),
            name: row.locked.name.to_string(),
            locked: row.locked.version.to_string(),
            mark: row.objection.as_ref().map(Mark::from),
            mark_reason: row.objection.as_ref().map(Objection::reason),
            compatible: row.compatible.as_ref().map(ToString::to_string),
            latest: row.latest.as_ref().map(ToString::to_string),
            held_by: row.held_by.iter().map(HeldBy::from).collect(),
        }
    }
}

impl From<&ops::lock::held_by::HeldBy> for HeldBy {
    fn from(held_by: &ops::lock::held_by::HeldBy) -> Self {
        match held_by {
            ops::lock::held_by::HeldBy::Member {
                requirement,
                location,
            } => Self {
                by: None,
                requirement: Some(requirement.clone()),
                location: location.clone(),
                obstacle: None,
            },
            ops::lock::held_by::HeldBy::Package { by, requirement } => Self {
                by: Some(format!("{}@{}", by.name, by.version)),
                requirement: Some(requirement.clone()),
                location: None,
                obstacle: None,
            },
            ops::lock::held_by::HeldBy::Obstacle(obstacle) => Self {
                by: None,
                requirement: None,
                location: None,
                obstacle: Some(obstacle.to_string()),
            },
            ops::lock::held_by::HeldBy::Lowest => Self {
                by: None,
                requirement: None,
                location: None,
                obstacle: None,
            },
        }
    }
}
