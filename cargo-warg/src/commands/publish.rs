//! `cargo warg publish`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use semver::Version;
use transparency::name::PackageName;
use transparency::version::parse_version;

use super::Context;
use crate::error::Result;
use crate::message::Message;
use crate::ops::batch::Outcome;
use crate::ops::clock;
use crate::ops::publish::{Carries, Publication, publish};

/// A package and a version: `acme:logger@1.2.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseName {
    /// The package.
    pub package: PackageName,
    /// The version.
    pub version: Version,
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.package, self.version)
    }
}

impl FromStr for ReleaseName {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (package, version) = text
            .split_once('@')
            .ok_or("expected NAMESPACE:NAME@VERSION, such as acme:logger@1.2.0")?;
        Ok(Self {
            package: package.parse().map_err(|error| format!("{error}"))?,
            version: parse_version(version).map_err(|error| error.to_string())?,
        })
    }
}

/// `cargo warg publish`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg publish wit/ --registry wasi
          cargo warg publish logger.wasm --as acme:logger@1.2.0")]
pub struct PublishArgs {
    /// A component, or a WIT package as a folder of .wit files or in its binary form; `-` is stdin
    pub path: PathBuf,
    /// The name and version of a component, by default those of the selected package; a WIT package's are in its text
    #[arg(long = "as", value_name = "NAME@VERSION")]
    pub release: Option<ReleaseName>,
    /// The registry, as Cargo.toml calls it; by default the one that has the namespace
    #[arg(long, value_name = "NAME")]
    pub registry: Option<String>,
    /// The key to sign with, by its name; by default the one that may
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Publish the closed set with it, so that anyone can solve it again: the member's part of warg.lock
    #[arg(long)]
    pub with_lock: bool,
    /// Compose the closed set into one component and publish that too; implies `--with-lock`
    #[arg(long)]
    pub bundle: bool,
    /// Do everything but publish
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

impl PublishArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let release = self.release.as_ref();
        let publication = Publication {
            path: &self.path,
            release: release.map(|release| (&release.package, &release.version)),
            registry: self.registry.as_deref(),
            key: self.key.as_deref(),
            carries: match (self.with_lock, self.bundle) {
                (_, true) => Some(Carries::LockAndBundle),
                (true, false) => Some(Carries::Lock),
                (false, false) => None,
            },
            dry_run: self.dry_run,
            now: clock::now()?,
        };
        let published = publish(
            context.workspace()?,
            &context.dirs()?,
            &context.network,
            &publication,
        )?;
        let shell = &context.shell;
        for warning in &published.warnings {
            shell.warning(warning);
        }
        let item = &published.item;
        let release = format!("{}@{}", item.name, item.statement.version);
        let registry = &published.registry;
        let statement = &item.statement;
        let carried = match (&statement.lock, &statement.bundle) {
            (None, _) => "",
            (Some(_), None) => ", with its lock",
            (Some(_), Some(_)) => ", with its lock and bundle",
        };
        let what = format!(
            "{release} ({}, {} bytes, {}{carried})",
            item.kind, statement.size, statement.digest
        );
        for requirement in &item.statement.requirements {
            shell.status_verbose("Requiring", requirement);
        }
        match &published.outcome {
            Outcome::Existed => {
                shell.status(
                    "Unchanged",
                    format!("{release} is in `{registry}` already, the same"),
                );
            }
            Outcome::Checked { signer } => {
                shell.status("Checked", what);
                shell.note(format!(
                    "a dry run: nothing was published; `{signer}` may release it in `{registry}`"
                ));
            }
            Outcome::Published { signer, index } => {
                shell.status("Published", what);
                shell.status(
                    "Proved",
                    format!("entry {index} of `{registry}` is its record, signed by `{signer}`"),
                );
            }
        }
        context.message(&Message::Publish((&published).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_a_name_and_a_full_version() {
        for (text, good) in [
            ("acme:logger@1.2.0", true),
            ("acme:logger@1.2.0-rc.1+build", true),
            ("acme:logger@1.2", false),
            ("acme:logger@^1.2.0", false),
            ("acme:logger", false),
            ("logger@1.2.0", false),
        ] {
            assert_eq!(text.parse::<ReleaseName>().is_ok(), good, "{text}");
        }
    }
}
