//! `cargo warg init`.

use clap::Args;
use transparency::name::PackageName;

use super::Context;
use crate::error::{Class, Classified as _, Error, Result};
use crate::message::{self, Message};

/// `cargo warg init`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg init --name acme:logger

Running it again changes nothing.")]
pub struct InitArgs {
    /// The name to publish under, such as acme:logger
    #[arg(long, value_name = "NAMESPACE:NAME")]
    pub name: Option<PackageName>,
}

impl InitArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let workspace = context.workspace()?;
        let mut changed = Vec::new();
        if workspace.is_virtual() {
            let mut edit = workspace.edit_root().classified()?;
            edit.init_workspace().classified()?;
            if edit.save().classified()? {
                changed.push(workspace.root_manifest());
            }
        }
        if self.name.is_some() {
            workspace.only_selected().classified()?;
        }
        for member in workspace.selected() {
            if let (Some(wanted), Some(there)) = (&self.name, &member.package)
                && wanted != there
            {
                let message = format!("`{}` is published under `{there}` already", member.name);
                return Err(Error::new(Class::Usage, message).with_help(format!(
                    "to rename it, change `package` in {}: what is released stays under its name",
                    member.manifest.display()
                )));
            }
            let mut edit = workspace.edit(member).classified()?;
            edit.init_package(self.name.as_ref()).classified()?;
            if edit.save().classified()? {
                changed.push(member.manifest.clone());
            }
        }
        for path in &changed {
            context.shell.status("Changed", path.display());
        }
        if changed.is_empty() {
            context.shell.status("Unchanged", "the tables are there");
        }
        let changed = changed.iter().map(|path| path.display().to_string());
        context.message(&Message::Init(message::Init {
            changed: changed.collect(),
        }))
    }
}
