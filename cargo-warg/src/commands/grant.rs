//! `cargo warg grant` and `cargo warg revoke`.

use std::collections::BTreeSet;

use clap::Args;
use transparency::name::PackageName;
use transparency::package::Permission;

use super::Context;
use super::change::ChangeArgs;
use crate::error::{Class, Error, Result};
use crate::ops::registry::append::Change;

fn parse_permission(text: &str) -> std::result::Result<Permission, String> {
    let all = [
        Permission::Own,
        Permission::Release,
        Permission::Yank,
        Permission::Annotate,
    ];
    let named = all.into_iter().find(|one| one.to_string() == text);
    named.ok_or_else(|| "expected `own`, `release`, `yank` or `annotate`".to_owned())
}

/// `cargo warg grant`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg grant acme:logger bob+faaae7ba+AezB… release,yank
          cargo warg grant acme:logger acme/ci own --recover

`own` gives and takes permissions, and implies the rest. Where the owners of a package are gone, a key that holds its \
namespace can give `own` with --recover; the record says so, for everyone to see.")]
pub struct GrantArgs {
    /// The package
    #[arg(value_name = "NAME")]
    pub name: PackageName,
    /// The key: its public line, or the name of one of the package's keys or of yours
    #[arg(value_name = "KEY")]
    pub to: String,
    /// What it may do: `own`, `release`, `yank`, `annotate`
    #[arg(required = true, value_delimiter = ',', value_parser = parse_permission)]
    pub permissions: Vec<Permission>,
    /// Give `own` as a holder of the namespace, who need not own the package
    #[arg(long)]
    pub recover: bool,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

impl GrantArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let permissions: BTreeSet<_> = self.permissions.into_iter().collect();
        let (to, recover) = (self.to, self.recover);
        if recover && permissions != BTreeSet::from([Permission::Own]) {
            return Err(
                Error::new(Class::Usage, "--recover gives `own` and nothing else")
                    .with_help("who owns the package then can give the rest"),
            );
        }
        self.change.run(context, &self.name, |key| {
            Ok(Change::Grant {
                key: key(&to)?,
                permissions,
                recover,
            })
        })
    }
}

/// `cargo warg revoke`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg revoke acme:logger bob release

What a key signed while it had the permission stays good. The last owner cannot go.")]
pub struct RevokeArgs {
    /// The package
    #[arg(value_name = "NAME")]
    pub name: PackageName,
    /// The key: its public line, or the name of one of the package's keys
    #[arg(value_name = "KEY")]
    pub from: String,
    /// What it may not do any more: `own`, `release`, `yank`, `annotate`
    #[arg(required = true, value_delimiter = ',', value_parser = parse_permission)]
    pub permissions: Vec<Permission>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

impl RevokeArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let permissions = self.permissions.into_iter().collect();
        let from = self.from;
        self.change.run(context, &self.name, |key| {
            Ok(Change::Revoke {
                key: key(&from)?,
                permissions,
            })
        })
    }
}
