//! What the user should know beside a result.

use serde::Serialize;

use super::Location;
use crate::notice::{self, Kind, Level};

/// Something that the user should know.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// What kind of notice it is. The words stay as they are; there may be more of them.
    pub kind: Kind,
    /// How much it weighs.
    pub level: Level,
    /// What there is to know, in words that may change.
    pub message: String,
    /// What to do about it.
    pub help: Vec<String>,
    /// The package that it is about; null where it is about none, or several.
    pub package: Option<String>,
    /// The version of that package.
    pub version: Option<String>,
    /// The origin of the registry that it is about.
    pub registry: Option<String>,
    /// The member of the workspace that it is about.
    pub member: Option<String>,
    /// The file or folder that it is about, as the message writes it.
    pub path: Option<String>,
    /// Where it is, if it is in a text.
    pub locations: Vec<Location>,
}

impl Notice {
    /// All that a command has to tell.
    pub fn all(notices: &[notice::Notice]) -> Vec<Self> {
        notices.iter().map(Self::from).collect()
    }
}

impl From<&notice::Notice> for Notice {
    fn from(notice: &notice::Notice) -> Self {
        let subject = notice.subject();
        Self {
            kind: notice.kind(),
            level: notice.level(),
            message: notice.to_string(),
            help: notice.help(),
            package: subject.package.map(ToString::to_string),
            version: subject.version.map(ToString::to_string),
            registry: subject.registry.map(ToString::to_string),
            member: subject.member.map(str::to_owned),
            path: subject.path.map(str::to_owned),
            locations: notice.annotations().iter().map(Location::from).collect(),
        }
    }
}
