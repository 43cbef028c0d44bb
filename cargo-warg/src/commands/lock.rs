//! `cargo warg lock`.

use clap::Args;

use super::{Context, not_yet};
use crate::error::Result;

/// `cargo warg lock`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg lock
          cargo warg lock --locked     in CI: exit code 10 where warg.lock is stale, and what is stale, by name")]
pub struct LockArgs {
    /// The same as --locked: write nothing, and fail if there is something to write
    #[arg(long)]
    pub check: bool,
}

impl LockArgs {
    pub(super) fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "lock"))
    }
}
