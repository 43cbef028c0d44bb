//! `cargo warg lock`.

use std::mem;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::bundle::Require;
use super::personal::{asking, share, supplier, tell_imports};
use super::solving::SolvingArgs;
use super::sure::Agreed;
use super::{Context, report};
use crate::error::{Class, Context as _, Error, Result};
use crate::message::{self, Message};
use crate::ops::bundle::{embedded_requirements, lock_component};
use crate::ops::contents::adopt::{TakenOut, adopt};
use crate::ops::lock::at::{Past, check_is_other, lock_at, sizes, write_to};
use crate::ops::lock::{Flags, Outcome, Put, lock_to};
use crate::ops::session::Sessions;
use crate::ops::session::project::{Project, relative};
use crate::ops::session::reading::Reading;
use crate::ops::session::supply::Supply;
use crate::output;

/// `cargo warg lock`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg lock
          cargo warg lock --locked     in CI: exit code 10 where warg.lock is stale, and what is stale, by name
          cargo warg lock --adopt-deps     a wit/deps that was filled by hand becomes one that `fetch` fills
          cargo warg lock --at 4711 -o then.lock     what would have been locked when the registry had 4711 entries
          cargo warg lock --component app.wasm --require acme:clock@1.0 -o app.lock

Where warg.lock is what the manifests ask for, and with --locked, it asks no registry: whether what is locked still may be \
used is said by `cargo warg verify`.")]
pub struct LockArgs {
    /// The same as --locked: write nothing, and fail if there is something to write
    #[arg(long)]
    pub check: bool,
    /// Solve at a past checkpoint: that of SIZE log entries; of one registry of several, ALIAS=SIZE, which may be given
    /// more than once
    #[arg(long, value_name = "[ALIAS=]SIZE", conflicts_with_all = ["check", "component"])]
    pub at: Vec<Past>,
    /// Lock this component instead, which no cargo project built; `-` is stdin. Its imports are the host's, but for what
    /// `--require` says, or what it says itself where it is a bundle
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub component: Option<PathBuf>,
    /// What the component requires: `acme:clock@1.0`, or `acme:clock@1.0 for IMPORT,…`
    #[arg(long, value_name = "NAME@REQ", requires = "component")]
    pub require: Vec<Require>,
    /// First hand over what was put into wit/deps by hand, where a registry has it with the same text: it is locked and fetched
    /// then, like all else
    #[arg(long, conflicts_with_all = ["at", "check", "component", "output"])]
    pub adopt_deps: bool,
    /// Write the lock to another file than warg.lock, which then stays as it is; `-` is stdout, where a component's lock
    /// goes anyway
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What may be imported.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

/// Takes out of wit/deps what a registry has with the same text, and says what and what not.
fn adopt_deps(context: &Context, project: &Project) -> Result<TakenOut> {
    let mut sessions = Sessions::new(&project.registries, Reading::now(context.offline));
    let adoption = adopt(project, &mut sessions)?;
    let taken_out = adoption.take_out()?;
    let shell = &context.shell;
    for (package, path) in &adoption.adopted {
        let path = relative(&project.workspace, &path.display().to_string());
        shell.status_verbose("Adopted", format!("{package}, from {path}"));
    }
    let packages = report::counted(adoption.adopted.len(), "package");
    shell.status("Adopted", format!("{packages} of wit/deps"));
    for (path, why) in &adoption.left {
        let path = relative(&project.workspace, &path.display().to_string());
        shell.note(format!("{path} stays: {why}"));
    }
    Ok(taken_out)
}

impl FromStr for Past {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (alias, size) = match text.split_once('=') {
            Some((alias, size)) => (Some(alias.to_owned()), size),
            None => (None, text),
        };
        let size = size
            .parse()
            .map_err(|_| "expected SIZE or ALIAS=SIZE, such as 4711 or acme=4711")?;
        Ok(Self { alias, size })
    }
}

impl LockArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let anew = match &self.component {
            Some(_) => Some("--component"),
            None if self.adopt_deps => Some("--adopt-deps"),
            None => (!self.at.is_empty()).then_some("--at"),
        };
        if let Some(flag) = anew.filter(|_| context.locked) {
            let message = format!("`{flag}` solves anew, and with --locked nothing is solved");
            return Err(Error::new(Class::Usage, message).with_help("leave one of the two out"));
        }
        if let Some(component) = &self.component {
            return self.lock_component(context, component);
        }
        let to_stdout = self.output.as_deref().is_some_and(output::is_stream);
        if to_stdout && context.json {
            return Err(Error::new(
                Class::Usage,
                "both `-o -` and `--message-format json` would write to stdout",
            )
            .with_help("name a file instead of `-`"));
        }
        let manifest = self.solving.manifest(context);
        let mut project = context.project(&manifest)?;
        let dirs = context.dirs()?;
        let ask = asking(context, self.agreed.yes);
        let supplier = supplier(context, &dirs, &ask)?.filter(|_| !self.check);
        let supply = supplier.as_ref().map(|one| one as &dyn Supply);
        let outcome = if self.adopt_deps {
            let taken_out = adopt_deps(context, &project)?;
            let solved = context
                .project(&manifest)
                .and_then(|project| Ok((self.solve(context, &project, supply)?, project)));
            let solved = solved.map_err(|error| taken_out.put_back(error))?;
            project = solved.1;
            solved.0
        } else {
            self.solve(context, &project, supply)?
        };
        tell_imports(context, supplier.as_ref());
        let mut output = None;
        if let (Some(path), Some(lock)) = (&self.output, &outcome.lock) {
            report::lock_with(context, &outcome, &|_| None, true);
            if to_stdout {
                context.data(lock.to_string().trim_end())?;
            } else {
                write_to(path, lock, &project)?;
                output = Some(path.display().to_string());
            }
            let packages = report::counted(lock.packages.len(), "package");
            let file = output.as_deref().unwrap_or("stdout");
            let shell = &context.shell;
            shell.status("Locked", format!("{packages} → {file}"));
        } else {
            report::lock(context, &outcome);
            share(context, &manifest, &outcome)?;
        }
        if !context.json {
            // Thousands of packages: nobody asked for them as a document, and the process that ends gives them back at once.
            mem::forget((outcome, project));
            return Ok(());
        }
        let message = message::Lock::from(&outcome);
        context.message(&Message::Lock(message::Lock { output, ..message }))
    }

    fn solve(
        &self,
        context: &Context,
        project: &Project,
        supply: Option<&dyn Supply>,
    ) -> Result<Outcome> {
        let packages = &context.manifest.packages;
        let put = match self.output {
            Some(_) => Put::Aside,
            None => Put::Workspace,
        };
        if self.at.is_empty() {
            let flags = Flags {
                locked: context.locked || self.check,
                offline: context.offline,
            };
            let reading = Reading::now(context.offline);
            let mut sessions = Sessions::new(&project.registries, reading).supplied_by(supply);
            return lock_to(project, &mut sessions, packages, flags, put);
        }
        let sizes = sizes(&project.registries, &self.at)?;
        let mut sessions = Sessions::at(&project.registries, Reading::now(context.offline), &sizes);
        lock_at(project, &mut sessions, &sizes, packages, put)
    }

    fn lock_component(&self, context: &Context, component: &Path) -> Result<()> {
        let content = output::read(component)?;
        let mut requires: Vec<_> = self.require.iter().map(|one| one.0.clone()).collect();
        let embedded = embedded_requirements(&content)
            .context(|| format!("{} cannot be locked", output::shown(component)))?;
        if requires.is_empty() {
            requires = embedded;
        }
        let project = context.project_if_any(&self.solving.manifest(context))?;
        let to = output::named(self.output.as_deref());
        if let (Some(path), Some(project)) = (to, &project) {
            check_is_other(path, project, "name another file for the component's lock")?;
        }
        let locked = lock_component(project.as_ref(), &requires, context.offline)?;
        context.tell(&locked.notices);
        report::proved(context, &locked.proved);
        let text = locked.lock.to_string();
        match to {
            Some(path) => output::write(path, text.as_bytes())?,
            None if context.json => {}
            None => context.data(text.trim_end())?,
        }
        let packages = report::counted(locked.lock.packages.len(), "package");
        let file = to.unwrap_or(Path::new("stdout")).display();
        context
            .shell
            .status("Locked", format!("{packages} → {file}"));
        let mut message = message::Lock::from((&locked, to.is_some()));
        message.output = to.map(|path| path.display().to_string());
        context.message(&Message::Lock(message))
    }
}
