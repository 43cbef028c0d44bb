//! The flag of every command that signs for a registry.

use clap::Args;

/// Whether the user is sure of the clock.
#[derive(Args)]
pub(super) struct Sure {
    /// Sign although the registry was idle for more than 30 days: the clock of this machine is right
    #[arg(long)]
    pub yes: bool,
}
