//! Sets of features.

use std::collections::BTreeSet;
use std::fmt;

use wit_parser::Stability;

use crate::wit::normal_form::feature;

/// Features that are enabled.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Features(pub(super) BTreeSet<String>);

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [] => f.write_str("enables no feature"),
            [one] => write!(f, "enables the feature {one} alone"),
            all => write!(f, "enables the features {} alone", all.join(", ")),
        }
    }
}

impl Features {
    pub(super) fn of<'s>(gates: impl IntoIterator<Item = &'s Stability>) -> Self {
        let features = gates.into_iter().filter_map(feature);
        Self(features.map(ToOwned::to_owned).collect())
    }
}
