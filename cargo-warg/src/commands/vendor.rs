//! `cargo warg vendor`.

use std::path::PathBuf;

use clap::Args;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::{Message, Vendor};
use crate::ops::contents::vendor::{Others, vendor};
use crate::ops::lock::Flags;

/// `cargo warg vendor`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg vendor
          cargo warg vendor third-party/warg

Commit the folder: then `cargo warg fetch --offline` and `cargo warg verify --offline` need nothing else, on any machine. \
What lies there is believed no more than a registry, and checked the same way. Files of it that warg.lock no longer \
needs are removed.")]
pub struct VendorArgs {
    /// The folder; by default the one that Cargo.toml names, or vendor/warg
    pub path: Option<PathBuf>,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl VendorArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let project = context.project(&self.solving.manifest(context))?;
        let flags = Flags {
            locked: context.locked,
            offline: context.offline,
        };
        let done = vendor(
            &project,
            &dirs,
            self.path.as_deref(),
            flags,
            Others::Removed,
        )?;
        let shell = &context.shell;
        let Some(done) = done else {
            shell.status(
                "Nothing",
                "to vendor: no member needs anything from elsewhere",
            );
            return context.message(&Message::Vendor(Vendor::nothing()));
        };
        report::lock_on_the_way(context, &done.lock);
        context.tell(&done.notices);
        report::proved(context, &done.proved);
        let folder = done.folder.display();
        let files = report::counted(done.files, "file");
        let contents = report::counted(done.contents, "content");
        if done.written + done.removed == 0 {
            shell.status("Up to date", format!("{folder}: {files}, {contents}"));
        } else {
            shell.status(
                "Vendored",
                format!(
                    "{contents} and the evidence into {folder}: {files}, {} bytes, of them {} written; {} removed",
                    done.bytes, done.written, done.removed
                ),
            );
        }
        if done.configured {
            let manifest = project.workspace.root_manifest();
            shell.status("Changed", manifest.display());
        }
        context.message(&Message::Vendor(Vendor::from(&done)))
    }
}
