//! `cargo warg remove`.

use clap::Args;
use transparency::name::PackageName;

use super::personal::{asking, share, supplier, tell_imports};
use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::lock::Flags;
use crate::ops::manifest::remove::{Removal, remove};
use crate::ops::session::supply::Supply;

/// `cargo warg remove`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg remove acme:logger

Where what is left cannot be locked, Cargo.toml stays as it is.")]
pub struct RemoveArgs {
    /// Packages to remove
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<PackageName>,
    /// Say what would be removed, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl RemoveArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let flags = Flags {
            locked: context.locked,
            offline: context.offline,
        };
        let manifest = self.solving.manifest(context);
        let dirs = context.dirs()?;
        let ask = asking(context, false);
        let supplier = supplier(context, &dirs, &ask)?;
        let removed = remove(
            &context.workspace_of(&manifest)?,
            &manifest,
            &dirs,
            &context.network,
            Removal {
                names: &self.packages,
                flags,
                dry_run: self.dry_run,
                supply: supplier.as_ref().map(|one| one as &dyn Supply),
            },
        )?;
        tell_imports(context, supplier.as_ref());
        let shell = &context.shell;
        for (name, tables) in &removed.dependencies {
            for table in tables {
                shell.status("Removing", format!("{name} from [{table}]"));
            }
        }
        if let Some(outcome) = &removed.lock {
            report::lock(context, outcome);
            share(context, &manifest, outcome)?;
        }
        context.tell(&removed.notices);
        if self.dry_run {
            shell.warning("not changing Cargo.toml due to dry run");
        }
        context.message(&Message::Remove((self.dry_run, &removed).into()))
    }
}
