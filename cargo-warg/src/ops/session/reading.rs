//! What a command reads of a registry, and what it asks it.

use registry::client::StandIn;

/// What a registry is opened for: what is read, and what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What the registry is now: it is asked, and nothing else will do.
    Now,
    /// What a lock names, to check it. The registry is asked what it is now; what lies with the project is read before it,
    /// and stands in for one that cannot be asked.
    Checking,
    /// What a lock names, to use it. The registry is asked once; what lies with the project, or what this machine keeps,
    /// stands in for one that does not answer.
    Using,
    /// What this machine keeps, and what lies with the project. Nothing is asked.
    Offline,
}

impl Reading {
    /// To check what a lock names.
    pub fn checking(offline: bool) -> Self {
        if offline {
            Self::Offline
        } else {
            Self::Checking
        }
    }

    /// To use what a lock names.
    pub fn using(offline: bool) -> Self {
        if offline { Self::Offline } else { Self::Using }
    }

    /// What the registries are now.
    pub fn now(offline: bool) -> Self {
        if offline { Self::Offline } else { Self::Now }
    }

    pub(super) fn stand_in(self) -> StandIn {
        match self {
            Self::Now | Self::Offline => StandIn::Nothing,
            Self::Checking => StandIn::Vendored,
            Self::Using => StandIn::Kept,
        }
    }
}
