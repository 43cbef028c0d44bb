//! `cargo warg lock`.

use clap::Args;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::lock::{Flags, lock};
use crate::ops::solve::Sessions;

/// `cargo warg lock`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg lock
          cargo warg lock --locked     in CI: exit code 10 where warg.lock is stale, and what is stale, by name")]
pub struct LockArgs {
    /// The same as --locked: write nothing, and fail if there is something to write
    #[arg(long)]
    pub check: bool,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl LockArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let mut sessions = Sessions::new(&project.registries, context.offline);
        let flags = Flags {
            locked: context.locked || self.check,
            offline: context.offline,
        };
        let outcome = lock(&project, &mut sessions, &context.manifest.packages, flags)?;
        report::notes(context, &project);
        report::lock(context, &outcome);
        context.message(&Message::Lock((&outcome).into()))
    }
}
