//! `cargo warg verify`.

use clap::Args;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::verify::verify;

/// `cargo warg verify`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg verify --offline

Without the network, what is in the cache is checked, by the same rules.")]
pub struct VerifyArgs {
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl VerifyArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let verified = verify(&project, context.offline)?;
        report::notes(context, &project);
        report::warnings(context, &verified.warnings);
        report::proved(context, &verified.proved);
        let files = match verified.files {
            0 => String::new(),
            files => format!(", and {} of wit/deps", report::counted(files, "file")),
        };
        context.shell.status(
            "Verified",
            format!(
                "warg.lock: {}, {}{files}",
                report::counted(verified.packages, "package"),
                report::counted(verified.contents, "content")
            ),
        );
        context.message(&Message::Verify((&verified).into()))
    }
}
