//! `cargo warg outdated`.

use clap::Args;
use semver::Version;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::lock::held_by::HeldBy;
use crate::ops::manifest::outdated::{Row, outdated};

/// `cargo warg outdated`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg outdated
          cargo warg outdated --exit-code 1      in CI: ends with 1 where something is outdated

Compatible is what `cargo warg update` would give, Latest the newest usable version of any track, and the last column \
what keeps update from giving that.")]
pub struct OutdatedArgs {
    /// How to end where something is outdated
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    pub exit_code: u8,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl OutdatedArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let selected = project.workspace.selected();
        let members: Vec<_> = selected.map(|member| member.name.clone()).collect();
        let outdated = outdated(&project, context.offline, context.locked, &members)?;
        context.tell(&outdated.notices);
        report::proved(context, &outdated.proved);
        let nothing = outdated.members.values().all(Vec::is_empty);
        if nothing {
            context.shell.status("Up to date", "nothing newer is there");
        }
        if context.json {
            context.message(&Message::Outdated((&outdated).into()))?;
        } else {
            let several = outdated
                .members
                .values()
                .filter(|rows| !rows.is_empty())
                .count()
                > 1;
            for (position, (member, rows)) in outdated
                .members
                .iter()
                .filter(|(_, rows)| !rows.is_empty())
                .enumerate()
            {
                if several {
                    let gap = if position == 0 { "" } else { "\n" };
                    context.data(format!("{gap}{member}"))?;
                }
                for line in table(rows) {
                    context.data(line)?;
                }
            }
        }
        if !nothing {
            context.end_with(self.exit_code);
        }
        Ok(())
    }
}

/// The rows in columns, with a head.
fn table(rows: &[Row]) -> Vec<String> {
    let head = ["Name", "Kind", "Locked", "Compatible", "Latest", "Held by"].map(str::to_owned);
    let version = |version: Option<&Version>, none: &str| {
        version.map_or_else(|| none.to_owned(), ToString::to_string)
    };
    let cells = rows.iter().map(|row| {
        let mark = row.objection.as_ref();
        let mark = mark.map_or_else(String::new, |objection| format!(" ({})", objection.word()));
        [
            row.locked.name.to_string(),
            row.locked.kind.to_string(),
            format!("{}{mark}", row.locked.version),
            version(row.compatible.as_ref(), "removed"),
            version(row.latest.as_ref(), "none"),
            held_by(&row.held_by),
        ]
    });
    let lines: Vec<_> = std::iter::once(head).chain(cells).collect();
    let mut widths = [0_usize; 6];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |line: &[String; 6]| {
        let cells = line.iter().zip(widths);
        let padded: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

/// What keeps a version away, the first in full: more requirements of the same sort say little more.
fn held_by(held: &[HeldBy]) -> String {
    match held {
        [] => String::new(),
        [one] => one.to_string(),
        [one, other] => format!("{one}, {other}"),
        [one, others @ ..] => format!("{one}, and {} more", others.len()),
    }
}
