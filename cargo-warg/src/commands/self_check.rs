//! `cargo warg self-check`.

use clap::Args;

use super::{Context, clean, report};
use crate::error::{Error, Result};
use crate::message::{Message, SelfCheck, time_text};
use crate::ops::machine::self_check::{RegistryReport, Report, WorkspaceReport, self_check};

/// `cargo warg self-check`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg self-check

Looks at this user's folders and keys (never at their secret halves), the registries of Cargo.toml and their policies, what \
this machine saw of them, whether they can be read now and continue that, and whether warg.lock is up to date. With \
--offline no registry is read. The exit code is that of the gravest problem.")]
pub struct SelfCheckArgs {}

impl SelfCheckArgs {
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let manifest = clean::is_in_a_workspace(context).then_some(&context.manifest);
        let dirs = context.dirs()?;
        let found = self_check(manifest, &dirs, &context.network, context.offline);
        tell(context, &found);
        context.message(&Message::SelfCheck(SelfCheck::from(&found)))?;
        match found.worst() {
            None => {
                context.shell.status("Good", "all of it");
                Ok(())
            }
            Some(class) => {
                let problems = report::counted(found.problems().len(), "problem");
                Err(Error::new(class, format!("{problems} found")))
            }
        }
    }
}

fn problem(context: &Context, what: &str, error: &Error) {
    let chain: Vec<_> = error.chain().collect();
    let help = error.help().iter().map(|help| format!("\n  help: {help}"));
    let help: String = help.collect();
    let shell = &context.shell;
    shell.status("Problem", format!("{what}: {}{help}", chain.join(": ")));
}

fn tell(context: &Context, found: &Report) {
    let shell = &context.shell;
    let cargo = found.cargo.as_deref().unwrap_or("no cargo");
    shell.status(
        "Version",
        format!("cargo-warg {}, {cargo}", env!("CARGO_PKG_VERSION")),
    );
    for folder in &found.folders {
        let path = folder.path.display();
        match &folder.writable {
            Ok(()) => shell.status("Folder", format!("{}: {path}", folder.purpose)),
            Err(error) => problem(context, folder.purpose, error),
        }
    }
    match &found.keys {
        Ok(keys) if keys.is_empty() => shell.status("Keys", "none: `cargo warg key new` makes one"),
        Ok(keys) => {
            for key in keys {
                shell.status("Key", format!("{} ({})", key.name(), key.id()));
            }
        }
        Err(error) => problem(context, "keys", error),
    }
    match &found.workspace {
        None => shell.status("Workspace", "none here"),
        Some(Err(error)) => problem(context, "workspace", error),
        Some(Ok(workspace)) => tell_workspace(context, workspace),
    }
}

fn tell_workspace(context: &Context, workspace: &WorkspaceReport) {
    let shell = &context.shell;
    shell.status("Workspace", workspace.manifest.display());
    if workspace.registries.is_empty() {
        shell.status("Registries", "none: `cargo warg registry new` makes one");
    }
    for registry in &workspace.registries {
        tell_registry(context, registry);
    }
    if let Some((folder, there)) = &workspace.vendor {
        let missing = if *there {
            ""
        } else {
            " (not there: `cargo warg vendor` writes it)"
        };
        shell.status("Vendored", format!("{}{missing}", folder.display()));
    }
    match &workspace.lock {
        None => {}
        Some(Ok(Some(packages))) => {
            let packages = report::counted(*packages, "package");
            shell.status("Up to date", format!("warg.lock, {packages}"));
        }
        Some(Ok(None)) => shell.status("Lock", "none, and nothing asks for one"),
        Some(Err(error)) => problem(context, "lock", error),
    }
}

fn tell_registry(context: &Context, registry: &RegistryReport) {
    let shell = &context.shell;
    let name = registry.configured.alias.as_str();
    shell.status(
        "Registry",
        format!("`{name}` at {}", registry.configured.address),
    );
    match &registry.policy {
        Ok(policy) => {
            let quorum = match &policy.quorum {
                None => "no witness has to sign".to_owned(),
                Some(quorum) => format!(
                    "`{quorum}` of {} has to sign",
                    report::counted(policy.witnesses.len(), "witness key")
                ),
            };
            shell.status("Trusting", format!("{}; {quorum}", policy.key));
        }
        Err(error) => problem(context, name, error),
    }
    match &registry.seen {
        Ok(Some(seen)) => {
            let when = seen.when.and_then(time_text).unwrap_or_default();
            let folder = seen.folder.display();
            shell.status(
                "Seen",
                format!("at size {} ({when}), kept in {folder}", seen.size),
            );
        }
        Ok(None) => shell.status("Seen", "never on this machine"),
        Err(error) => problem(context, name, error),
    }
    match &registry.now {
        Some(Ok(size)) => shell.status(
            "Reached",
            match &registry.seen {
                Ok(Some(_)) => format!("size {size}, proved, and it continues what was seen"),
                _ => format!("size {size}, proved"),
            },
        ),
        Some(Err(error)) => problem(context, name, error),
        None => shell.status_verbose("Skipped", "whether it can be reached"),
    }
}
