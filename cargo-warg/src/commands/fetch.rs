//! `cargo warg fetch`.

use clap::Args;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::contents::fetch::fetch;
use crate::ops::lock::Flags;

/// `cargo warg fetch`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg fetch --locked

Each registry is asked once what it is now. Where one does not answer and all is at hand, that is a warning.
Only the folders of wit/deps that it wrote itself are replaced or removed.")]
pub struct FetchArgs {
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl FetchArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let flags = Flags {
            locked: context.locked,
            offline: context.offline,
        };
        let fetched = fetch(&project, &context.manifest.packages, flags)?;
        report::lock_on_the_way(context, &fetched.lock);
        context.tell(&fetched.notices);
        report::proved(context, &fetched.proved);
        let shell = &context.shell;
        let mut wrote = Vec::new();
        for (member, written) in &fetched.written {
            let removed = fetched.removed.get(member).copied().unwrap_or(0);
            if *written + removed > 0 {
                wrote.push(format!("`{member}`"));
                shell.status_verbose(
                    "Wrote",
                    format!("wit/deps of `{member}`: {written} written, {removed} removed"),
                );
            }
        }
        let contents = report::counted(fetched.contents, "content");
        shell.status(
            "Fetched",
            if wrote.is_empty() {
                contents
            } else {
                format!("{contents}, and wrote wit/deps of {}", wrote.join(", "))
            },
        );
        context.message(&Message::Fetch((&fetched).into()))
    }
}
