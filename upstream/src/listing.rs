//! What versions there are of a package.

use std::collections::BTreeSet;

use semver::Version;

/// The versions that an upstream has of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those that tags or names say, ascending.
    pub versions: BTreeSet<Version>,
    /// Names that are no version, such as `latest`: to be told.
    pub others: Vec<String>,
}
