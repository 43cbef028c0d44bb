//! What holds for a whole workspace: its registries, how to solve, and what is patched.

use std::collections::BTreeMap;
use std::path::PathBuf;

use resolver::cutoff::{Cutoff, ExcludeNewer};
use resolver::problem::Mode;
use transparency::name::PackageName;

use super::error::ManifestError;
use super::registries::Registries;
use component::span::Location;

/// How to solve, as a manifest or the flags of one run say; what neither says is as by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Solving {
    /// `resolution`.
    pub resolution: Option<Mode>,
    /// `exclude-newer`.
    pub exclude_newer: Option<ExcludeNewer>,
    /// `exclude-newer-package`.
    pub exclude_newer_package: BTreeMap<PackageName, ExcludeNewer>,
}

impl Solving {
    /// These settings, with what the flags say instead of the same entries.
    #[must_use]
    pub fn overridden_by(mut self, flags: &Self) -> Self {
        self.resolution = flags.resolution.or(self.resolution);
        self.exclude_newer = flags.exclude_newer.or(self.exclude_newer);
        let packages = flags.exclude_newer_package.iter();
        self.exclude_newer_package
            .extend(packages.map(|(name, says)| (name.clone(), *says)));
        self
    }

    /// Which of several good versions is taken.
    pub fn mode(&self) -> Mode {
        self.resolution.unwrap_or_default()
    }

    /// Up to when releases are candidates, where no package says otherwise.
    pub fn cutoff(&self) -> Option<Cutoff> {
        self.exclude_newer.and_then(ExcludeNewer::cutoff)
    }
}

/// A package that is taken from a folder in development, for all members and all that they depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The package.
    pub name: PackageName,
    /// Where it lies, absolute; it may not exist.
    pub path: PathBuf,
    /// Where that is stated.
    pub location: Location,
}

/// What the root manifest says for all members.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The registries.
    pub registries: Registries,
    /// How to solve.
    pub solving: Solving,
    /// What is patched, by name.
    pub patches: BTreeMap<PackageName, Patch>,
    /// The folder where what is locked lies with the project, absolute; it may not exist.
    pub vendor: Option<PathBuf>,
    locations: BTreeMap<&'static str, Location>,
}

impl Settings {
    /// Remembers where a key stands, which may stand only once.
    pub(super) fn once(
        &mut self,
        key: &'static str,
        location: Location,
    ) -> Result<(), ManifestError> {
        match self.locations.insert(key, location.clone()) {
            None => Ok(()),
            Some(first) => Err(ManifestError::Twice {
                what: format!("`{key}`"),
                first,
                second: location,
            }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_flag_stands_for_its_entry_and_for_no_other() {
        let says = |text: &str| text.parse::<ExcludeNewer>().unwrap();
        let name = |text: &str| text.parse::<PackageName>().unwrap();
        let manifest = Solving {
            resolution: Some(Mode::Lowest),
            exclude_newer: Some(says("14d")),
            exclude_newer_package: [(name("a:a"), says("7d")), (name("b:b"), says("1d"))].into(),
        };
        assert_eq!(
            manifest.clone().overridden_by(&Solving::default()),
            manifest
        );
        let flags = Solving {
            resolution: Some(Mode::Default),
            exclude_newer: None,
            exclude_newer_package: [(name("b:b"), says("false"))].into(),
        };
        let both = manifest.overridden_by(&flags);
        assert_eq!(both.mode(), Mode::Default);
        assert_eq!(both.cutoff().unwrap().to_string(), "14d");
        assert_eq!(both.exclude_newer_package[&name("a:a")], says("7d"));
        assert_eq!(
            both.exclude_newer_package[&name("b:b")],
            ExcludeNewer::Nothing
        );
        let off = Solving {
            exclude_newer: Some(ExcludeNewer::Nothing),
            ..Solving::default()
        };
        assert_eq!(both.overridden_by(&off).cutoff(), None);
    }
}
