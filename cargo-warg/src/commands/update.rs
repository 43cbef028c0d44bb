//! `cargo warg update`.

use clap::Args;
use semver::Version;
use transparency::version::parse_version;

use super::personal::{asking, share, supplier, tell_imports};
use super::solving::SolvingArgs;
use super::sure::Agreed;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::lock::Flags;
use crate::ops::manifest::update::{Request, StatedChange, Updated, update};
use crate::ops::session::Sessions;
use crate::ops::session::reading::Reading;
use crate::ops::session::supply::Supply;
use crate::spec::Pattern;

/// `cargo warg update`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg update                                  everything that may move
          cargo warg update acme:logger                      this package, and nothing that need not
          cargo warg update acme:logger --precise 1.2.0      up or down, to just this version
          cargo warg update wasi:http --pins                 also in the texts of wit/, which name exact versions
          cargo warg update 'wasi:*' --pins --precise 0.2.12     all of WASI, in texts, manifests and lock

A component moves to its highest version, a WIT package to the lowest that its requirements allow: a higher version \
of an interface only asks more of the host. NAME@TRACK is the package in that track alone: acme:logger@1, wasi:http@0.2. \
With --locked it fails where something would move; a newer checkpoint alone is no such change.")]
pub struct UpdateArgs {
    /// Packages to update; everything where none is given
    #[arg(value_name = "NAME[@TRACK]")]
    pub packages: Vec<Pattern>,
    /// Update the packages to exactly this version
    #[arg(long, value_name = "VERSION", value_parser = parse_version, requires = "packages", conflicts_with = "recursive")]
    pub precise: Option<Version>,
    /// Update what the packages depend on, too
    #[arg(long, requires = "packages")]
    pub recursive: bool,
    /// Change the exact versions in wit/*.wit where they hold an update back; and what Cargo.toml says of the WIT packages that
    /// are named
    #[arg(long)]
    pub pins: bool,
    /// Say what would change, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// What may be imported.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl UpdateArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let (mut specs, mut namespaces) = (Vec::new(), Vec::new());
        for named in &self.packages {
            match named.clone() {
                Pattern::Package(spec) => specs.push(spec),
                Pattern::Namespace(spec) => namespaces.push(spec),
            }
        }
        let manifest = self.solving.manifest(context);
        let project = context.project(&manifest)?;
        let dirs = context.dirs()?;
        let ask = asking(context, self.agreed.yes);
        let supplier = supplier(context, &dirs, &ask)?.filter(|_| !self.dry_run);
        let reading = Reading::now(context.offline);
        let mut sessions = Sessions::new(&project.registries, reading)
            .supplied_by(supplier.as_ref().map(|one| one as &dyn Supply));
        let request = Request {
            specs: &specs,
            namespaces: &namespaces,
            members: &context.manifest.packages,
            precise: self.precise.as_ref(),
            recursive: self.recursive,
            pins: self.pins,
            dry_run: self.dry_run,
        };
        let flags = Flags {
            locked: context.locked,
            offline: context.offline,
        };
        let updated = update(&project, &mut sessions, request, flags)?;
        tell_imports(context, supplier.as_ref());
        self.say(context, &updated);
        share(context, &manifest, &updated.lock)?;
        context.message(&Message::Update((self.dry_run, &updated).into()))
    }

    fn say(&self, context: &Context, updated: &Updated) {
        let shell = &context.shell;
        for pin in &updated.pins {
            let component::wit::pins::PinChange {
                file,
                line,
                name,
                before,
                after,
            } = pin;
            let path = file.display();
            shell.status(
                "Changing",
                format!("{path}:{line} {name}@{before} -> {after}"),
            );
        }
        for stated in &updated.stated {
            let StatedChange {
                location,
                name,
                before,
                after,
            } = stated;
            let (path, line) = (location.file().display(), location.line());
            shell.status(
                "Changing",
                format!("{path}:{line} {name} \"{before}\" -> \"{after}\""),
            );
        }
        let available = |selection: &_| {
            let newer = updated.newer.get(selection)?;
            Some(format!("(available: v{newer})"))
        };
        report::lock_with(context, &updated.lock, &available, self.dry_run);
        let mut behind = 0_usize;
        for (selection, newer) in &updated.newer {
            let changed = updated
                .lock
                .changes
                .iter()
                .any(|change| change.after().as_ref() == Some(selection));
            if !changed {
                behind = behind.saturating_add(1);
                let (name, version) = (&selection.name, &selection.version);
                shell.status_verbose(
                    "Unchanged",
                    format!("{name} v{version} (available: v{newer})"),
                );
            }
        }
        if behind > 0 && !context.shell.is_verbose() {
            let packages = report::counted(behind, "unchanged package");
            shell.note(format!(
                "pass `--verbose` to see {packages} behind the latest"
            ));
        }
        context.tell(&updated.notices);
        if self.dry_run {
            let texts = if updated.pins.is_empty() {
                ""
            } else {
                " or wit/"
            };
            shell.warning(format!("not updating warg.lock{texts} due to dry run"));
        }
    }
}
