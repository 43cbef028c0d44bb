//! The commands: each reads its arguments, calls one operation, and says what came of it.

pub mod add;
pub mod annotate;
pub mod bundle;
mod change;
pub mod clean;
pub mod completions;
pub mod fetch;
pub mod grant;
pub mod info;
pub mod init;
pub mod inspect;
pub mod key;
pub mod lock;
pub mod man;
mod of_registry;
pub mod outdated;
mod personal;
pub mod publish;
pub mod registry;
pub mod remove;
mod report;
pub mod sbom;
pub mod self_check;
mod solving;
mod sure;
pub mod tree;
pub mod update;
pub mod vendor;
pub mod verify;
pub mod yank;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};

use clap::Subcommand;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::{ManifestArgs, Workspace};
use crate::message::Message;
use crate::network::Network;
use crate::notice::Notice;
use crate::ops::session::project::Project;
use crate::shell::{Shell, clean_json};

/// What every command gets beside its own arguments.
pub struct Context {
    /// The grammar of all commands, as help shows it.
    pub grammar: fn() -> clap::Command,
    /// The same, as completion scripts offer it.
    pub offered: fn() -> clap::Command,
    /// Where it talks to the user.
    pub shell: Shell,
    /// How it reaches web servers.
    pub network: Network,
    /// Which workspace and members.
    pub manifest: ManifestArgs,
    /// `--locked` or `--frozen`: the lock must not change.
    pub locked: bool,
    /// `--offline` or `--frozen`: no network.
    pub offline: bool,
    /// `--message-format json`: results are documents on stdout.
    pub json: bool,
    /// How a run ends that succeeds: 0, but where the user asked for another code.
    pub end: AtomicU8,
}

impl Context {
    /// This user's folders.
    pub fn dirs(&self) -> Result<Dirs> {
        Dirs::find().classified()
    }

    /// The workspace that the flags name.
    pub fn workspace(&self) -> Result<Workspace> {
        self.workspace_of(&self.manifest)
    }

    /// The same, of flags that say more than those of every command.
    pub fn workspace_of(&self, manifest: &ManifestArgs) -> Result<Workspace> {
        let workspace = Workspace::load(manifest).classified()?;
        self.shell.name_paths_from(workspace.root());
        Ok(workspace)
    }

    /// The workspace, or this folder where there is none.
    pub fn workspace_or_folder(&self) -> Result<Workspace> {
        if self.manifest.manifest_path.is_some() || find_manifest()? {
            return self.workspace();
        }
        let workspace = Workspace::nowhere(&current()?);
        self.shell.name_paths_from(workspace.root());
        Ok(workspace)
    }

    /// What that workspace asks for.
    pub fn project(&self, manifest: &ManifestArgs) -> Result<Project> {
        let workspace = self.workspace_of(manifest)?;
        Project::of(workspace, &self.dirs()?, &self.network)
    }

    /// What the workspace asks for, if there is one: a flag names it, or a Cargo.toml lies here or further up.
    pub fn project_if_any(&self, manifest: &ManifestArgs) -> Result<Option<Project>> {
        if manifest.manifest_path.is_none() && !find_manifest()? {
            return Ok(None);
        }
        self.project(manifest).map(Some)
    }

    /// Refuses to put a component on stdout where a person or a JSON document is.
    pub fn check_binary_stdout(&self) -> Result<()> {
        let message = if self.json {
            "a component and JSON documents cannot both go to stdout"
        } else if self.shell.is_terminal() {
            "a component is binary, and stdout is a terminal"
        } else {
            return Ok(());
        };
        Err(Error::new(Class::Usage, message).with_help("name a file with `-o FILE`"))
    }

    /// Puts bytes on stdout, as they are.
    pub fn binary(&self, bytes: &[u8]) -> Result<()> {
        let printed = self.shell.binary(bytes);
        printed.or_fail(Class::Other, || "cannot write to stdout")
    }

    /// Tells what the user should know beside a result.
    pub fn tell(&self, notices: &[Notice]) {
        for notice in notices {
            self.shell.notice(notice);
        }
    }

    /// Ends with this exit code, if nothing fails.
    pub fn end_with(&self, code: u8) {
        self.end.store(code, Ordering::Relaxed);
    }

    /// Prints a result as a JSON document, where `--message-format json` asks for it.
    pub fn message(&self, message: &Message) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string(message)
            .or_fail(Class::Other, || "cannot write a result as JSON")?;
        self.data(clean_json(&text))
    }

    /// Prints a line of data.
    pub fn data(&self, line: impl std::fmt::Display) -> Result<()> {
        let printed: io::Result<()> = self.shell.data(line);
        printed.or_fail(Class::Other, || "cannot write to stdout")
    }
}

/// Whether a Cargo.toml lies here or further up.
fn find_manifest() -> Result<bool> {
    let here = current()?;
    let mut folders = here.ancestors();
    Ok(folders.any(|folder| folder.join("Cargo.toml").is_file()))
}

fn current() -> Result<PathBuf> {
    std::env::current_dir().or_fail(Class::Other, || "there is no current folder")
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Make, list, copy and remove signing keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Add the tables of cargo warg to Cargo.toml
    Init(init::InitArgs),
    /// Make, add, fill and check registries
    #[command(subcommand)]
    Registry(registry::RegistryCommand),
    /// Publish a component or a WIT package
    Publish(publish::PublishArgs),
    /// Advise against a release: only who has it locked still gets it
    Yank(yank::YankArgs),
    /// Take a yank back
    Unyank(yank::UnyankArgs),
    /// Give a key permissions in a package
    Grant(grant::GrantArgs),
    /// Take permissions in a package from a key
    Revoke(grant::RevokeArgs),
    /// Say something about a package or a release, for everyone to read
    Annotate(annotate::AnnotateArgs),
    /// Add dependencies to Cargo.toml, and lock them
    Add(add::AddArgs),
    /// Solve, and write warg.lock
    Lock(lock::LockArgs),
    /// Make one component of a component and its closed set
    Bundle(bundle::BundleArgs),
    /// Show what a component says of itself, and what is in a bundle
    Inspect(inspect::InspectArgs),
    /// Bring what is locked to this machine, and write wit/deps
    Fetch(fetch::FetchArgs),
    /// Put what is locked into a folder of the project, with the evidence
    Vendor(vendor::VendorArgs),
    /// Check every claim of warg.lock again, from bytes
    Verify(verify::VerifyArgs),
    /// List what is locked, as a bill of materials
    Sbom(sbom::SbomArgs),
    /// Move what is locked to other versions
    Update(update::UpdateArgs),
    /// Remove dependencies from Cargo.toml, and lock what is left
    Remove(remove::RemoveArgs),
    /// Show which newer versions there are, and what holds them back
    Outdated(outdated::OutdatedArgs),
    /// Show who may publish a package, and what was released, by whom and when
    Info(info::InfoArgs),
    /// Remove what can be fetched again, and what killed runs left
    Clean(clean::CleanArgs),
    /// Look at what is configured, trusted and reachable
    SelfCheck(self_check::SelfCheckArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(man::ManArgs),
    /// Show what depends on what, from warg.lock
    Tree(tree::TreeArgs),
}

impl Command {
    /// Runs it.
    pub fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Key(command) => command.run(context),
            Self::Init(args) => args.run(context),
            Self::Registry(command) => command.run(context),
            Self::Publish(args) => args.run(context),
            Self::Yank(args) => args.run(context),
            Self::Unyank(args) => args.run(context),
            Self::Grant(args) => args.run(context),
            Self::Revoke(args) => args.run(context),
            Self::Annotate(args) => args.run(context),
            Self::Add(args) => args.run(context),
            Self::Lock(args) => args.run(context),
            Self::Bundle(args) => args.run(context),
            Self::Inspect(args) => args.run(context),
            Self::Fetch(args) => args.run(context),
            Self::Vendor(args) => args.run(context),
            Self::Verify(args) => args.run(context),
            Self::Sbom(args) => args.run(context),
            Self::Update(args) => args.run(context),
            Self::Remove(args) => args.run(context),
            Self::Outdated(args) => args.run(context),
            Self::Info(args) => args.run(context),
            Self::Clean(args) => args.run(context),
            Self::SelfCheck(args) => args.run(context),
            Self::Completions(args) => args.run(context),
            Self::Man(args) => args.run(context),
            Self::Tree(args) => args.run(context),
        }
    }
}
