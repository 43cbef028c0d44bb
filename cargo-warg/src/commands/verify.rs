//! `cargo warg verify`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::clock;
use crate::ops::verify::{Asked, Deny, Verified, verify};

/// `cargo warg verify`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg verify
          cargo warg verify --offline        what is in the cache is checked, by the same rules
          cargo warg verify --deny yanked    in CI: exit code 10 where something locked was yanked since")]
pub struct VerifyArgs {
    /// Fail where there would be a warning; may be given more than once
    #[arg(long, value_name = "WARNING")]
    deny: Vec<Denied>,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

/// A warning on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Denied {
    /// A locked release was yanked since
    Yanked,
    /// A registry says nothing new for longer than its operator promised
    Silent,
    /// All of these
    Warnings,
}

impl Denied {
    fn kinds(self) -> &'static [Deny] {
        match self {
            Self::Yanked => &[Deny::Yanked],
            Self::Silent => &[Deny::Silent],
            Self::Warnings => &[Deny::Yanked, Deny::Silent],
        }
    }
}

impl VerifyArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let kinds = self.deny.iter().flat_map(|denied| denied.kinds());
        let asked = Asked {
            offline: context.offline,
            deny: kinds.copied().collect::<BTreeSet<_>>(),
            now: clock::now()?,
        };
        let mut verified = verify(&project, &asked);
        report::notes(context, &project);
        tell(context, &verified, &asked);
        let gravest = verified.failures.pop();
        for failure in &verified.failures {
            context.shell.error(failure);
        }
        match gravest {
            Some(failure) => Err(failure),
            None => context.message(&Message::Verify((&verified).into())),
        }
    }
}

fn tell(context: &Context, verified: &Verified, asked: &Asked) {
    let shell = &context.shell;
    report::proved_at(context, &verified.proved, asked.now);
    let packages = report::counted(verified.packages.len(), "package");
    if verified.failures.is_empty() {
        let files = match verified.files {
            0 => String::new(),
            files => format!(", and {} of wit/deps", report::counted(files, "file")),
        };
        let contents = report::counted(verified.contents, "content");
        shell.status(
            "Verified",
            format!("warg.lock: {packages}, {contents}{files}"),
        );
    } else if verified.members > 0 {
        // What was good until it failed.
        let members = report::counted(verified.members, "member");
        shell.status("Up to date", format!("warg.lock, {packages} for {members}"));
        if verified.contents > 0 {
            let contents = report::counted(verified.contents, "content");
            shell.status("Checked", format!("{contents} against their records"));
        }
    }
    match verified.locals() {
        0 => {}
        locals => shell.note(format!(
            "{} in folders: no record vouches for what lies there",
            report::counted(locals, "package")
        )),
    }
    for yanked in &verified.yanked {
        match &yanked.location {
            Some(location) => shell.warning_at(yanked, location),
            None => shell.warning(yanked),
        }
    }
    report::warnings(context, &verified.warnings);
}
