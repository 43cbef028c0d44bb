//! `cargo warg clean`.

use std::path::Path;

use clap::Args;

use super::Context;
use super::report::counted_long;
use crate::error::Result;
use crate::keys;
use crate::message::{Clean, Message};
use crate::ops::machine::clean::{Wanted, clean};

/// `cargo warg clean`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg clean --dry-run
          cargo warg clean --deps

The cache is one for all projects of this user, and everything in it can be fetched again. Secret keys, and what this \
machine saw of registries, are never removed: `cargo warg self-check` says where they are.")]
pub struct CleanArgs {
    /// Also remove the folders of wit/deps that `fetch` wrote
    #[arg(long)]
    pub deps: bool,
    /// Only say what would be removed
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

impl CleanArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let workspace = if is_in_a_workspace(context) {
            Some(context.workspace()?)
        } else {
            None
        };
        let wanted = Wanted {
            workspace: workspace.as_ref(),
            deps: self.deps,
            dry_run: self.dry_run,
        };
        let removed = clean(&dirs, wanted)?;
        let shell = &context.shell;
        let (mut files, mut bytes) = (0_u64, 0_u64);
        for one in &removed {
            files = files.saturating_add(one.files);
            bytes = bytes.saturating_add(one.bytes);
            let verb = if self.dry_run { "Found" } else { "Removing" };
            shell.status_verbose(
                verb,
                format!("{}: {}", one.path.display(), measured(one.files, one.bytes)),
            );
        }
        if self.dry_run {
            shell.status("Summary", measured(files, bytes));
            shell.warning("nothing was removed: this is a dry run");
        } else {
            shell.status("Removed", measured(files, bytes));
        }
        shell.status_verbose(
            "Keeping",
            format!(
                "keys in {}, and what was seen of registries in {}",
                keys::file(&dirs).display(),
                dirs.state().join("trust").display()
            ),
        );
        context.message(&Message::Clean(Clean::new(&removed, self.dry_run)))
    }
}

/// Whether there is a Cargo.toml that the flags or the current folder lead to.
pub(super) fn is_in_a_workspace(context: &Context) -> bool {
    if context.manifest.manifest_path.is_some() {
        return true;
    }
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .any(|folder: &Path| folder.join("Cargo.toml").is_file())
}

/// `1 file, 4 bytes`.
fn measured(files: u64, bytes: u64) -> String {
    let (files, bytes) = (counted_long(files, "file"), counted_long(bytes, "byte"));
    format!("{files}, {bytes}")
}
