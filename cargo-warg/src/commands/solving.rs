//! The flags that say how to solve, of every command that locks or reads a lock.

use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use resolver::cutoff::ExcludeNewer;
use resolver::problem::Mode;
use transparency::name::PackageName;

use super::Context;
use crate::manifest::{ManifestArgs, Solving};

/// How to solve, in this run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Resolution Options")]
pub struct SolvingArgs {
    /// Which of several good versions to take; by default the lowest of a WIT package, the highest of a component
    #[arg(
        long,
        value_name = "MODE",
        value_parser = PossibleValuesParser::new(["lowest", "lowest-direct", "highest", "default"])
            .try_map(|text| text.parse::<Mode>())
    )]
    pub resolution: Option<Mode>,
    /// Leave aside what was released later: after a date or time (2026-11-22), or within a span before the registry's
    /// checkpoint (36h, 14d, 1w)
    #[arg(long, value_name = "TIME|SPAN")]
    pub exclude_newer: Option<ExcludeNewer>,
    /// The same for one package, whatever holds for the others; `false` leaves nothing of it aside
    #[arg(long, value_name = "NAME=TIME|SPAN")]
    pub exclude_newer_package: Vec<PackageCutoff>,
}

impl SolvingArgs {
    /// Which workspace, to be solved in this way.
    pub(super) fn manifest(&self, context: &Context) -> ManifestArgs {
        let packages = self.exclude_newer_package.iter();
        ManifestArgs {
            solving: Solving {
                resolution: self.resolution,
                exclude_newer: self.exclude_newer,
                exclude_newer_package: packages.map(|one| (one.name.clone(), one.says)).collect(),
            },
            ..context.manifest.clone()
        }
    }
}

/// A package, and what `exclude-newer` says of it: `acme:logger=7d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageCutoff {
    /// The package.
    pub name: PackageName,
    /// What is said of it.
    pub says: ExcludeNewer,
}

impl FromStr for PackageCutoff {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, says) = text
            .split_once('=')
            .ok_or("expected NAME=TIME or NAME=SPAN, such as acme:logger=7d")?;
        Ok(Self {
            name: name.parse().map_err(|error| format!("{error}"))?,
            says: says.parse().map_err(|error| format!("{error}"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packages_own_cutoff_has_a_name_and_a_time_or_span() {
        for (text, good) in [
            ("acme:logger=7d", true),
            ("acme:logger=2026-11-22", true),
            ("acme:logger=2026-11-22T20:06:00Z", true),
            ("acme:logger=false", true),
            ("acme:logger=true", false),
            ("acme:logger=", false),
            ("acme:logger", false),
            ("7d", false),
            ("logger=7d", false),
        ] {
            assert_eq!(text.parse::<PackageCutoff>().is_ok(), good, "{text}");
        }
    }
}
