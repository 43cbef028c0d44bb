//! `cargo warg publish`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use semver::Version;
use transparency::name::PackageName;
use transparency::version::parse_version;

use super::Context;
use super::of_registry::RegistryArgs;
use super::report::at;
use super::sure::Sure;
use crate::clock;
use crate::error::{Class, Error, Result};
use crate::message::{Message, Publish};
use crate::ops::registry::append::{Item, Outcome};
use crate::ops::release::attach::Carries;
use crate::ops::release::publish::{Publication, Published, publish};
use crate::shell::Shell;

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
          cargo warg publish io/wit http/wit     both, or none; each may refer to the other
          cargo warg publish --workspace     the wit/ of each member that declares a version
          cargo warg publish logger.wasm --as acme:logger@1.2.0
          cargo warg publish logger.wasm --as acme:logger@1.2.0 --registry ../registry --policy acme.policy
                                             the same without a Cargo.toml

With --offline, what is referred to, required and locked comes from what this machine keeps; the folder that is written to is \
read as it is.")]
pub struct PublishArgs {
    /// A component, or WIT packages as folders of .wit files or in their binary form; `-` is stdin. Without any, and with
    /// `--workspace` or `-p`, the `wit/` of each member that declares a version
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The name and version of a component, by default those of the selected package; a WIT package's are in its text
    #[arg(long = "as", value_name = "NAME@VERSION")]
    pub release: Option<ReleaseName>,
    #[command(flatten)]
    pub(super) of: RegistryArgs,
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
    #[command(flatten)]
    pub(super) sure: Sure,
}

impl PublishArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        if self.paths.is_empty()
            && !context.manifest.workspace
            && context.manifest.packages.is_empty()
        {
            return Err(Error::new(Class::Usage, "what is to be published?").with_help(
                "name a component, or folders of .wit files; or give `--workspace`, for the `wit/` of each member that \
                 declares a version",
            ));
        }
        context.shell.show_lines_of(&self.paths);
        let release = self.release.as_ref();
        let named = release.map(|release| &release.package);
        let (workspace, registry) = self.of.workspace(context, named)?;
        let publication = Publication {
            paths: &self.paths,
            release: release.map(|release| (&release.package, &release.version)),
            registry: registry.as_deref(),
            key: self.key.as_deref(),
            carries: match (self.with_lock, self.bundle) {
                (_, true) => Some(Carries::LockAndBundle),
                (true, false) => Some(Carries::Lock),
                (false, false) => None,
            },
            dry_run: self.dry_run,
            offline: context.offline,
            now: clock::now()?,
            sure: self.sure.yes,
        };
        let published = publish(
            workspace.publishing(context.offline),
            &context.dirs()?,
            &context.network,
            &publication,
        )?;
        let shell = &context.shell;
        context.tell(&published.notices);
        if !published.taken.is_empty() {
            let taken: Vec<_> = published
                .taken
                .iter()
                .map(|one| format!("{}@{}", one.name, one.version))
                .collect();
            shell.status(
                "Using",
                format!("{}, from the registries", taken.join(", ")),
            );
        }
        if let Some(member) = &published.found {
            shell.status("Using", format!("the requirements of `{member}`"));
        }
        for (item, outcome) in &published.releases {
            say(shell, item, outcome, &published);
            context.message(&Message::Publish(Publish::of(item, outcome, &published)))?;
        }
        Ok(())
    }
}

/// What became of a release.
fn say(shell: &Shell, item: &Item, outcome: &Outcome, published: &Published) {
    let release = format!("{}@{}", item.name, item.statement.version);
    let statement = &item.statement;
    let carried = match (&statement.lock, &statement.bundle) {
        (None, _) => "",
        (Some(_), None) => ", with its lock",
        (Some(_), Some(_)) => ", with its lock and bundle",
    };
    let registry = &published.registry;
    let at = at(published.folder.as_deref());
    let what = format!("{release} ({}{carried}) in `{registry}`{at}", item.kind);
    shell.status_verbose(
        "Content",
        format!("{}, {} bytes", statement.digest, statement.size),
    );
    for requirement in &statement.requirements {
        shell.status_verbose("Requiring", requirement);
    }
    match outcome {
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
            shell.status_verbose(
                "Proved",
                format!("entry {index} of `{registry}` is its record, signed by `{signer}`"),
            );
        }
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
