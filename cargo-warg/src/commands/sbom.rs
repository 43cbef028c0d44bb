//! `cargo warg sbom`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::{Context as _, Result};
use crate::message::{Message, Sbom};
use crate::ops::contents::sbom::{of_bundle, of_workspace};
use crate::output;

/// `cargo warg sbom`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg sbom -o sbom.cdx.json
          cargo warg sbom -p app
          cargo warg sbom app.wasm           of a bundle, by the lock that it carries

CycloneDX 1.5, from warg.lock alone: it asks no registry. `cargo warg verify` shows that the lock is true; the same lock \
gives the same bytes.")]
pub struct SbomArgs {
    /// A bundle, instead of this workspace; `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Where to write it; `-` or nothing is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Take a lock that is not what the workspace asks for any more; the bill then says so
    #[arg(long, conflicts_with = "file")]
    pub allow_stale: bool,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl SbomArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let bill = if let Some(file) = &self.file {
            let shown = output::shown(file);
            of_bundle(&output::read(file)?)
                .context(|| format!("{shown} has no closed set to list"))?
        } else {
            let project = context.project(&self.solving.manifest(context))?;
            of_workspace(&project, self.allow_stale)?
        };
        context.tell(&bill.notices);
        let bom = &bill.bom;
        let to = output::named(self.output.as_deref());
        match to {
            Some(path) => output::write(path, format!("{bom}\n").as_bytes())?,
            None if context.json => {}
            None => context.data(bom)?,
        }
        let components = report::counted(bom.components(), "component");
        let file = to.unwrap_or(Path::new("stdout")).display();
        context
            .shell
            .status("Listed", format!("{components} → {file}"));
        context.message(&Message::Sbom(Sbom::new(&bill, to)))
    }
}
