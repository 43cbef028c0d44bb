//! `cargo warg add`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use transparency::name::PackageName;
use transparency::version::VersionReq;

use super::personal::{asking, share, supplier, tell_imports};
use super::solving::SolvingArgs;
use super::sure::Agreed;
use super::{Context, report};
use crate::error::{Class, Error, Result};
use crate::message::Message;
use crate::ops::lock::Flags;
use crate::ops::manifest::add::{Wanted, add};
use crate::ops::session::supply::Supply;

/// A package, and a requirement where one is given: `wasi:http@0.2.3`, `acme:logger`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencySpec {
    /// The package.
    pub package: PackageName,
    /// The requirement's text, as it goes into the manifest, and what it means.
    pub requirement: Option<(String, VersionReq)>,
}

impl FromStr for DependencySpec {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (package, requirement) = match text.split_once('@') {
            Some((package, requirement)) => (package, Some(requirement)),
            None => (text, None),
        };
        let requirement = requirement
            .map(|text| VersionReq::from_user(text).map(|read| (text.to_owned(), read)))
            .transpose();
        Ok(Self {
            package: package.parse().map_err(|error| format!("{error}"))?,
            requirement: requirement.map_err(|error| error.to_string())?,
        })
    }
}

/// `cargo warg add`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg add wasi:http@0.2.3 acme:logger
          cargo warg add acme:clock --path ../clock     what lies there, until it is published

Whether a package is a component or WIT is found out. Without a version the newest is written; of a WIT package \
that the texts in wit/ name already, the version that they name.")]
pub struct AddArgs {
    /// Packages, each with a version requirement or without
    #[arg(required = true, value_name = "PACKAGE[@REQUIREMENT]")]
    pub packages: Vec<DependencySpec>,
    /// Take the one package from here in development: a folder with a Cargo.toml or with .wit files, or a component
    #[arg(long, value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// What may be imported.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

impl AddArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        if self.path.is_some() && self.packages.len() > 1 {
            let message = "`--path` says where one package lies, and several are named";
            return Err(Error::new(Class::Usage, message).with_help("add them one by one"));
        }
        let manifest = self.solving.manifest(context);
        let wanted: Vec<_> = self
            .packages
            .into_iter()
            .map(|spec| Wanted {
                name: spec.package,
                requirement: spec.requirement,
                path: self.path.clone(),
            })
            .collect();
        let flags = Flags {
            locked: context.locked,
            offline: context.offline,
        };
        let dirs = context.dirs()?;
        let ask = asking(context, self.agreed.yes);
        let supplier = supplier(context, &dirs, &ask)?;
        let (added, outcome) = add(
            &context.workspace_of(&manifest)?,
            &manifest,
            &dirs,
            &context.network,
            &wanted,
            flags,
            supplier.as_ref().map(|one| one as &dyn Supply),
        )?;
        tell_imports(context, supplier.as_ref());
        for one in &added {
            let mut what = format!("{} {}", one.kind.noun(), one.name);
            for said in [&one.requirement, &one.path].into_iter().flatten() {
                what.push(' ');
                what.push_str(said);
            }
            if one.changed {
                let what = format!("{what} to Cargo.toml");
                context.shell.status("Adding", what);
            } else {
                let what = format!("{what} is in Cargo.toml already");
                context.shell.status("Unchanged", what);
            }
        }
        report::lock(context, &outcome);
        share(context, &manifest, &outcome)?;
        context.message(&Message::Add((added.as_slice(), &outcome).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_has_a_requirement_or_none() {
        for (text, good) in [
            ("acme:logger", true),
            ("wasi:http@0.2.3", true),
            ("wasi:http@=0.2.3", true),
            ("wasi:http@>=0.2, <0.4", true),
            ("wasi:http@", false),
            ("wasi:http@latest", false),
            ("wasi/http", false),
            ("logger", false),
        ] {
            assert_eq!(text.parse::<DependencySpec>().is_ok(), good, "{text}");
        }
    }
}
