//! `cargo warg yank` and `cargo warg unyank`.

use clap::Args;

use super::Context;
use super::change::{ChangeArgs, parse_text};
use super::publish::ReleaseName;
use crate::error::Result;
use crate::ops::registry::append::Change;

/// `cargo warg yank`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg yank acme:logger@1.2.0 --reason 'loses lines under load'

Nothing is removed: who has the release locked keeps it, with a warning that says why; nobody else selects it.")]
pub struct YankArgs {
    /// The release
    #[arg(value_name = "NAME@VERSION")]
    pub release: ReleaseName,
    /// Why, in a sentence: it is on record, and shown to who has the release locked
    #[arg(long, value_name = "TEXT", value_parser = parse_text)]
    pub reason: String,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

impl YankArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let ReleaseName { package, version } = self.release;
        let reason = self.reason;
        self.change
            .run(context, &package, |_| Ok(Change::Yank { version, reason }))
    }
}

/// `cargo warg unyank`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg unyank acme:logger@1.2.0 --reason 'the load was another's fault'")]
pub struct UnyankArgs {
    /// The release
    #[arg(value_name = "NAME@VERSION")]
    pub release: ReleaseName,
    /// Why, in a sentence: it is on record
    #[arg(long, value_name = "TEXT", value_parser = parse_text)]
    pub reason: String,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

impl UnyankArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let ReleaseName { package, version } = self.release;
        let reason = self.reason;
        self.change.run(context, &package, |_| {
            Ok(Change::Unyank { version, reason })
        })
    }
}
