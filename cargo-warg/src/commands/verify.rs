//! `cargo warg verify`.

use clap::Args;

use super::{Context, not_yet};
use crate::error::Result;

/// `cargo warg verify`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg verify --offline

Without the network, what is in the cache is checked, by the same rules.")]
pub struct VerifyArgs {}

impl VerifyArgs {
    pub(super) fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "verify"))
    }
}
