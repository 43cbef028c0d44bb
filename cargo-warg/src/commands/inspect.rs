//! `cargo warg inspect`.

use std::path::PathBuf;

use clap::Args;

use super::{Context, report};
use crate::error::{Context as _, Result};
use crate::message::Message;
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::bundle::inspect::{Inspected, inspect};
use crate::output;

/// `cargo warg inspect`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg inspect app.wasm
          cargo warg bundle app.wasm | cargo warg inspect

What it prints are claims of the file. It reads no registry, and verifies nothing.")]
pub struct InspectArgs {
    /// The component; `-` or nothing is stdin
    #[arg(default_value = "-", hide_default_value = true)]
    pub file: PathBuf,
}

impl InspectArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let shown = output::shown(&self.file);
        let content = output::read(&self.file)?;
        let inspected = inspect(&content).context(|| format!("{shown} cannot be inspected"))?;
        if context.json {
            return context.message(&Message::Inspect((&inspected).into()));
        }
        print(context, &inspected)?;
        match &inspected.bundle {
            Some(_) if output::is_stream(&self.file) => {
                context.shell.note("nothing was verified: these are claims of the component");
            }
            Some(bundle) if has_folders(bundle) => context.shell.note(
                "nothing was verified: these are claims of the component; a part of it comes from a folder, which no \
                 registry vouches for",
            ),
            Some(_) => context.shell.note(format!(
                "nothing was verified: these are claims of the component; `cargo warg verify {shown}` checks them"
            )),
            None => context.shell.note("it carries no lock: what is in it cannot be said"),
        }
        Ok(())
    }
}

fn print(context: &Context, inspected: &Inspected) -> Result<()> {
    let size = report::size(inspected.size);
    report::field(
        context,
        "component",
        [format!("{} ({size})", inspected.digest)],
    )?;
    if let Some(bundle) = &inspected.bundle {
        print_bundle(context, bundle)?;
    }
    report::field(context, "imports", &inspected.imports)?;
    report::field(context, "exports", &inspected.exports)
}

fn print_bundle(context: &Context, bundle: &LockedBundle) -> Result<()> {
    let LockedBundle { embedded, lock, .. } = bundle;
    report::field(context, "format", [embedded.format])?;
    let root = format!("{} {}", bundle.name(), embedded.root);
    report::field(context, "root", [root])?;
    let root = lock.roots.values();
    report::field(context, "requires", root.flat_map(|root| &root.requires))?;
    let packages = lock
        .packages
        .iter()
        .map(|(selection, package)| match &package.release {
            Some(release) => format!("{selection} {} of {}", release.digest, release.origin),
            None => format!("{selection} in a folder of who bundled it"),
        });
    report::field(context, "packages", packages)?;
    let wire = embedded.wire.0.iter();
    let wire = wire.map(|(import, name)| format!("{import} → {name}"));
    report::field(context, "wire", wire)?;
    let checkpoints = lock.registries.values();
    let checkpoints = checkpoints.map(|one| {
        format!(
            "{} at size {} ({})",
            one.origin,
            one.size,
            one.root.base64()
        )
    });
    report::field(context, "checkpoint", checkpoints)
}

/// Whether a part comes from a folder: then nobody can verify it.
fn has_folders(bundle: &LockedBundle) -> bool {
    let mut packages = bundle.lock.packages.values();
    packages.any(|package| package.release.is_none())
}
