//! What `yank`, `unyank`, `grant`, `revoke` and `annotate` have in common: their flags, and how they tell what came of it.

use clap::Args;
use transparency::field::{MAX_FREE_TEXT, is_free_text};
use transparency::key::VerifyingKey;
use transparency::name::PackageName;
use transparency::package::Scope;

use super::Context;
use super::of_registry::RegistryArgs;
use super::report::{self, at};
use super::sure::Sure;
use crate::clock;
use crate::error::Result;
use crate::message::Message;
use crate::ops::registry::append::{Change, Outcome};
use crate::ops::registry::change::{Changing, change};

/// The flags of every command that changes a package.
#[derive(Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    pub of: RegistryArgs,
    /// The key to sign with, by its name; by default the one that may
    #[arg(long = "key", value_name = "NAME")]
    pub signer: Option<String>,
    /// Do everything but write
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sure: Sure,
}

/// A text that records hold as it is: a reason, a note.
pub(super) fn parse_text(text: &str) -> std::result::Result<String, String> {
    if is_free_text(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "a text in a record has 1 to {MAX_FREE_TEXT} bytes on one line, and nothing that is invisible"
    ))
}

impl ChangeArgs {
    /// Changes a package, and says what came of it. `wanted` is told what a text means that names a key.
    pub(super) fn run(
        &self,
        context: &Context,
        name: &PackageName,
        wanted: impl FnOnce(&dyn Fn(&str) -> Result<VerifyingKey>) -> Result<Change>,
    ) -> Result<()> {
        let (workspace, registry) = self.of.workspace(context, Some(name))?;
        let changing = Changing {
            name,
            registry: registry.as_deref(),
            key: self.signer.as_deref(),
            dry_run: self.dry_run,
            now: clock::now()?,
            sure: self.sure.yes,
        };
        let changed = change(
            &workspace.publishing(false),
            &context.dirs()?,
            &context.network,
            &changing,
            wanted,
        )?;
        let shell = &context.shell;
        let (verb, what) = tell(name, &changed.change);
        let registry = &changed.registry;
        let at = at(changed.folder.as_deref());
        if let Change::Grant { key, .. } | Change::Revoke { key, .. } = &changed.change {
            shell.status_verbose("Key", key);
        }
        match &changed.outcome {
            Outcome::Existed => {
                let already = tell_already(name, &changed.change);
                shell.status("Unchanged", format!("{already} in `{registry}`"));
            }
            Outcome::Checked { signer } => {
                shell.status("Checked", format!("{}: {what}", verb.to_lowercase()));
                shell.note(format!(
                    "a dry run: nothing was written; `{signer}` may do it in `{registry}`"
                ));
            }
            Outcome::Published { signer, index } => {
                shell.status(verb, format!("{what}{at}"));
                shell.status_verbose(
                    "Proved",
                    format!("entry {index} of `{registry}` is its record, signed by `{signer}`"),
                );
            }
        }
        context.message(&Message::of_change(name, &changed))
    }
}

fn about(name: &PackageName, scope: &Scope) -> String {
    match scope {
        Scope::Package => name.to_string(),
        Scope::Version(version) => format!("{name}@{version}"),
    }
}

/// A verb, and what was done.
fn tell(name: &PackageName, change: &Change) -> (&'static str, String) {
    match change {
        Change::Yank { version, reason } => ("Yanked", format!("{name}@{version}: {reason}")),
        Change::Unyank { version, reason } => ("Unyanked", format!("{name}@{version}: {reason}")),
        Change::Grant {
            key,
            permissions,
            recover,
        } => {
            let recovered = if *recover {
                ", in the name of the namespace's holder"
            } else {
                ""
            };
            let words = words(permissions);
            (
                "Granted",
                format!("{words} of {name} to {}{recovered}", report::key(key)),
            )
        }
        Change::Revoke { key, permissions } => (
            "Revoked",
            format!("{} of {name} from {}", words(permissions), report::key(key)),
        ),
        Change::Annotate { scope, key, value } => (
            "Annotated",
            format!("{}: {key} = {value}", about(name, scope)),
        ),
    }
}

/// What was so already.
fn tell_already(name: &PackageName, change: &Change) -> String {
    match change {
        Change::Yank { version, .. } => {
            format!("{name}@{version} is yanked already, for this reason,")
        }
        Change::Unyank { version, .. } => format!("{name}@{version} is not yanked"),
        Change::Grant {
            key, permissions, ..
        } => format!(
            "{} has {} of {name} already",
            report::key(key),
            words(permissions)
        ),
        Change::Revoke { key, permissions } => {
            let words: Vec<_> = permissions.iter().map(ToString::to_string).collect();
            format!(
                "{} does not have {} of {name}",
                report::key(key),
                words.join(" or ")
            )
        }
        Change::Annotate { scope, key, .. } => {
            format!("{} says so under `{key}` already", about(name, scope))
        }
    }
}

fn words(permissions: &std::collections::BTreeSet<transparency::package::Permission>) -> String {
    let words: Vec<_> = permissions.iter().map(ToString::to_string).collect();
    words.join(", ")
}
