//! What `--yes` says: of every command that signs for a registry, and of those that may fill the personal one.

use clap::Args;

/// Whether the user is sure of the clock.
#[derive(Args)]
pub(super) struct Sure {
    /// Sign although the registry was idle for more than 30 days: the clock of this machine is right
    #[arg(long)]
    pub yes: bool,
}

/// Whether the user agrees to what is imported.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Agreed {
    /// Import what is missing into this user's personal registry, from where it is known to lie: of WASI, from wasi.dev
    #[arg(long)]
    pub yes: bool,
}
