//! `cargo warg registry`.

mod configured;
mod import;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use transparency::name::{Namespace, Origin};
use transparency::number::Time;

use super::Context;
use super::sure::Sure;
use crate::clock;
use crate::error::{Class, Error, Result};
use crate::manifest::Alias;
use crate::message::Message;
use crate::ops::registry::check::Subject;
use crate::ops::registry::clock::{Setting, set};
use crate::ops::registry::create::{Wanted, make};

use configured::{RegistryAddArgs, RegistryListArgs, RegistryRemoveArgs};
use import::RegistryImportArgs;

/// `cargo warg registry`.
#[derive(Subcommand)]
pub enum RegistryCommand {
    /// Make a registry in a folder, with its keys and policy, and add it to Cargo.toml
    New(RegistryNewArgs),
    /// Release what lies elsewhere: packages of an OCI registry, a crate or a folder, in order of their dependencies
    Import(RegistryImportArgs),
    /// Add a registry that is there to Cargo.toml, with its policy
    Add(RegistryAddArgs),
    /// Show the registries that Cargo.toml configures
    List(RegistryListArgs),
    /// Take a registry out of Cargo.toml
    Remove(RegistryRemoveArgs),
    /// Replay a registry's whole log, apply every rule, and compare every committed map
    Check(RegistryCheckArgs),
    /// Say, as its operator, that a registry's later times were wrong: a record by a fast clock dated it ahead
    Clock(RegistryClockArgs),
}

impl RegistryCommand {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::New(args) => args.run(context),
            Self::Add(args) => args.run(context),
            Self::List(args) => args.run(context),
            Self::Remove(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Check(args) => args.run(context),
            Self::Clock(args) => args.run(context),
        }
    }
}

/// A namespace, and the name of the key that may publish in it: `wasi=acme/ci`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceKey {
    /// The namespace.
    pub namespace: Namespace,
    /// The name of one of this user's keys, or a vkey.
    pub key: String,
}

impl std::str::FromStr for NamespaceKey {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((namespace, key)) if !key.is_empty() => Ok(Self {
                namespace: namespace.parse().map_err(|error| format!("{error}"))?,
                key: key.to_owned(),
            }),
            _ => Err("expected NAMESPACE=KEY, such as wasi=acme/ci".to_owned()),
        }
    }
}

/// `cargo warg registry new`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg registry new ../wasi-registry --name wasi --namespace wasi=acme/ci")]
pub struct RegistryNewArgs {
    /// The folder to make
    pub path: PathBuf,
    /// What Cargo.toml calls it
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// A namespace, and the key that may publish in it (a name of your own, or a public key); may be given more than once
    #[arg(long, required = true, value_name = "NAMESPACE=KEY")]
    pub namespace: Vec<NamespaceKey>,
    /// What its log is called, in every record and for good; a unique one is made up otherwise
    #[arg(long)]
    pub origin: Option<Origin>,
}

impl RegistryNewArgs {
    fn run(self, context: &Context) -> Result<()> {
        let alias = parse_alias(&self.name)?;
        let namespaces: Vec<_> = self
            .namespace
            .into_iter()
            .map(|given| (given.namespace, given.key))
            .collect();
        let workspace = context.workspace_or_folder()?;
        let wanted = Wanted {
            path: &self.path,
            alias: &alias,
            namespaces: &namespaces,
            origin: self.origin.as_ref(),
            now: clock::now()?,
        };
        let made = make(&workspace, &context.dirs()?, &wanted)?;
        let shell = &context.shell;
        let found = if made.founded { "Founded" } else { "Found" };
        let folder = made.folder.display();
        let policy = made.policy.display();
        shell.status(
            found,
            format!("`{}` in {folder}, trusted by {policy}", made.origin),
        );
        if made.founded {
            let keys = made.keys.display();
            shell.status_verbose("Created", format!("two keys in {keys}"));
            shell.status_verbose("Operate", &made.operate);
            shell.status_verbose("Checkpoint", &made.checkpoint);
        }
        shell.status_verbose("Policy", made.fingerprint);
        if made.configured {
            shell.status_verbose("Changed", workspace.root_manifest().display());
        }
        if made.founded {
            shell.note(format!(
                "the operate key decides who may publish, and every policy names it: `cargo warg key export {} --role operate \
                 -o FILE` makes a copy to keep offline",
                made.origin
            ));
        }
        if !workspace.has_manifest() {
            shell.note(format!(
                "in a project, `cargo warg registry add {folder} --policy {policy}` adds it"
            ));
        }
        context.message(&Message::RegistryNew((&made).into()))
    }
}

fn parse_alias(text: &str) -> Result<Alias> {
    Alias::parse(text).ok_or_else(|| {
        let message = format!("`{text}` cannot name a registry");
        Error::new(Class::Usage, message)
            .with_help("a name has 1 to 64 letters, digits, `-` and `_`")
    })
}

/// `cargo warg registry check`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg registry check ../wasi-registry
          cargo warg registry check /srv/wasi --policy trust/wasi.policy")]
pub struct RegistryCheckArgs {
    /// A registry's folder, or what Cargo.toml calls it
    #[arg(value_name = "PATH_OR_NAME")]
    pub registry: String,
    /// Whom to believe, for a folder that Cargo.toml does not name
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

impl RegistryCheckArgs {
    fn run(self, context: &Context) -> Result<()> {
        let subject = match &self.policy {
            Some(policy) => Subject::with_policy(Path::new(&self.registry), policy)?,
            None => Subject::find(&context.workspace()?.publishing(true), &self.registry)?,
        };
        let checked = subject.check(&context.dirs()?)?;
        let report = &checked.report;
        let shell = &context.shell;
        shell.status(
            "Replayed",
            format!(
                "{} entries of `{}`: {} records and {} maps, every rule applied, every map computed again",
                report.size, checked.origin, report.records, report.map_entries
            ),
        );
        shell.status(
            "Compared",
            format!(
                "every file of the log, of {} packages and of {} releases, and {} contents with what their records say",
                report.packages, report.releases, report.contents
            ),
        );
        shell.status("Good", &checked.origin);
        context.message(&Message::RegistryCheck((&checked).into()))
    }
}

/// `cargo warg registry clock`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg registry clock wasi 2026-11-22T20:06:00Z

What was written before counts as no later than that time, and what is written from now on bears the right one.
It needs the operate key and the checkpoint key.")]
pub struct RegistryClockArgs {
    /// The registry, as Cargo.toml calls it
    #[arg(value_name = "NAME")]
    pub registry: String,
    /// Its last time that was right
    #[arg(value_parser = Time::from_user)]
    pub time: Time,
    #[command(flatten)]
    pub(super) sure: Sure,
}

impl RegistryClockArgs {
    fn run(self, context: &Context) -> Result<()> {
        let setting = Setting {
            registry: &self.registry,
            time: self.time,
            now: clock::now()?,
            sure: self.sure.yes,
        };
        let set = set(
            &context.workspace()?.publishing(false),
            &context.dirs()?,
            &context.network,
            &setting,
        )?;
        context.shell.status(
            "Set",
            format!(
                "the clock of `{}`: it was at {}; times later than {} before entry {} were wrong",
                set.registry, set.was, set.time, set.index
            ),
        );
        context.message(&Message::RegistryClock((&set).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_and_its_key_are_told_apart() {
        for (text, parts) in [
            ("wasi=acme/ci", Some(("wasi", "acme/ci"))),
            (
                "wasi=acme/ci+5b9a3c1e+AZ==",
                Some(("wasi", "acme/ci+5b9a3c1e+AZ==")),
            ),
            ("wasi", None),
            ("wasi=", None),
            ("=acme/ci", None),
            ("Wasi=acme/ci", None),
        ] {
            let read = text.parse::<NamespaceKey>().ok();
            let read = read
                .as_ref()
                .map(|read| (read.namespace.as_str(), read.key.as_str()));
            assert_eq!(read, parts, "{text}");
        }
    }
}
