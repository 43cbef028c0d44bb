//! `cargo warg fetch`.

use clap::Args;

use super::{Context, not_yet};
use crate::error::Result;

/// `cargo warg fetch`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg fetch --locked

Only the folders of wit/deps that it wrote itself are replaced or removed.")]
pub struct FetchArgs {}

impl FetchArgs {
    pub(super) fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "fetch"))
    }
}
