//! `cargo warg lock`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::bundle::Require;
use super::solving::SolvingArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::bundle::{embedded_requirements, lock_component};
use crate::ops::lock::{Flags, lock};
use crate::ops::output;
use crate::ops::solve::Sessions;

/// `cargo warg lock`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg lock
          cargo warg lock --locked     in CI: exit code 10 where warg.lock is stale, and what is stale, by name
          cargo warg lock --component app.wasm --require acme:clock@1.0 -o app.lock")]
pub struct LockArgs {
    /// The same as --locked: write nothing, and fail if there is something to write
    #[arg(long)]
    pub check: bool,
    /// Lock this component instead, which no cargo project built; `-` is stdin. Its imports are the host's, but for what
    /// `--require` says, or what it says itself where it is a bundle
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub component: Option<PathBuf>,
    /// What the component requires: `acme:clock@1.0`, or `acme:clock@1.0 for IMPORT,…`
    #[arg(long, value_name = "NAME@REQ", requires = "component")]
    pub require: Vec<Require>,
    /// Where to write the component's lock; by default to stdout
    #[arg(short, long, value_name = "FILE", requires = "component")]
    pub output: Option<PathBuf>,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl LockArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        if let Some(component) = &self.component {
            return self.lock_component(context, component);
        }
        let project = context.project(&self.solving.manifest(context))?;
        let mut sessions = Sessions::new(&project.registries, context.offline);
        let flags = Flags {
            locked: context.locked || self.check,
            offline: context.offline,
        };
        let outcome = lock(&project, &mut sessions, &context.manifest.packages, flags)?;
        report::notes(context, &project);
        report::lock(context, &outcome);
        context.message(&Message::Lock((&outcome).into()))
    }

    fn lock_component(&self, context: &Context, component: &Path) -> Result<()> {
        let content = output::read(component)?;
        let mut requires: Vec<_> = self.require.iter().map(|one| one.0.clone()).collect();
        let embedded = embedded_requirements(&content)?;
        if requires.is_empty() {
            requires = embedded;
        }
        let project = context.project_if_any(&self.solving.manifest(context))?;
        let locked = lock_component(project.as_ref(), &requires, context.offline)?;
        report::warnings(context, &locked.warnings);
        report::proved(context, &locked.proved);
        let text = locked.lock.to_string();
        let to = self
            .output
            .as_deref()
            .filter(|path| !output::is_stream(path));
        match to {
            Some(path) => output::write(path, text.as_bytes())?,
            None if context.json => {}
            None => context.data(text.trim_end())?,
        }
        let packages = report::counted(locked.lock.packages.len(), "package");
        let place = to.unwrap_or(Path::new("stdout")).display();
        context
            .shell
            .status("Locked", format!("{packages} → {place}"));
        context.message(&Message::Lock((&locked, to.is_some()).into()))
    }
}
