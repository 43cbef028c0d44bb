//! `cargo warg registry import`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr as _;

use clap::Args;
use transparency::version::parse_version;
use upstream::UpstreamAddress;

use super::super::Context;
use super::super::report::counted;
use super::super::sure::Sure;
use crate::clock;
use crate::error::{Class, Error, Result};
use crate::message::Message;
use crate::ops::registry::append::Outcome;
use crate::ops::registry::import::upstreams::{Named, Versions, Wanted};
use crate::ops::registry::import::{Report, folders, upstreams};

/// `cargo warg registry import`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg registry import oci:ghcr.io/webassembly wasi:http wasi:cli --registry team
          cargo warg registry import 'crate:wasip2@=1.0.1' --registry team
          cargo warg registry import wit/deps --registry team

An upstream is `oci:HOST/PREFIX`, `wasm-pkg:HOST`, `crate:NAME@=VERSION` or `local:DIR` (the layout of wkg). Of it every \
package is imported that is named: `wasi:http` with all versions, `wasi:http@0.2.3`, or `wasi:*` where the upstream says \
which packages it has. What a WIT package refers to comes along. A version is released once: other bytes under the same \
name are told, and replace nothing.")]
pub struct RegistryImportArgs {
    /// An upstream, and packages of it; or folders that hold .wit files
    #[arg(required = true, value_name = "UPSTREAM_OR_DIR")]
    pub sources: Vec<String>,
    /// The registry, as Cargo.toml calls it
    #[arg(long, value_name = "NAME")]
    pub registry: Option<String>,
    /// The key to sign with, by its name
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Compare with what lies upstream now what was imported before, too
    #[arg(long)]
    pub recheck: bool,
    #[command(flatten)]
    pub(super) sure: Sure,
}

/// What is imported.
enum Source {
    Upstream(UpstreamAddress, Vec<Named>),
    Folders(Vec<PathBuf>),
}

impl RegistryImportArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let workspace = context.workspace()?.publishing(context.offline);
        let dirs = context.dirs()?;
        let now = clock::now()?;
        let report = match source(&self.sources)? {
            Source::Folders(folders) => {
                if self.recheck {
                    let message = "`--recheck` asks an upstream, and folders were given";
                    return Err(Error::new(Class::Usage, message));
                }
                context.shell.show_lines_of(&folders);
                let wanted = folders::Import {
                    folders: &folders,
                    registry: self.registry.as_deref(),
                    key: self.key.as_deref(),
                    offline: context.offline,
                    now,
                    sure: self.sure.yes,
                };
                folders::import(&workspace, &dirs, &context.network, &wanted)?
            }
            Source::Upstream(address, named) => {
                let (network, offline) = (&context.network, context.offline);
                let mut upstream = crate::upstreams::open(&address, network, &dirs, offline)?;
                let left_out = upstreams::left_out(&mut *upstream);
                let wanted = upstreams::Import {
                    upstream: &*upstream,
                    left_out,
                    named: &named,
                    registry: self.registry.as_deref(),
                    key: self.key.as_deref(),
                    recheck: self.recheck,
                    now,
                    sure: self.sure.yes,
                };
                upstreams::import(&workspace, &dirs, &context.network, wanted)?
            }
        };
        tell(context, &report);
        if let Some(class) = report.class() {
            context.end_with(class.exit_code());
        }
        context.message(&Message::RegistryImport((&report).into()))
    }
}

/// What the arguments name: an upstream and packages of it, or folders.
fn source(sources: &[String]) -> Result<Source> {
    let Some((first, rest)) = sources.split_first() else {
        return Ok(Source::Folders(Vec::new()));
    };
    let address = UpstreamAddress::from_str(first).map_err(|error| {
        Error::new(Class::Usage, error.to_string()).with_help(
            "an upstream is `oci:HOST/PREFIX`, `wasm-pkg:HOST`, `crate:NAME@=VERSION`, `local:DIR`, or a folder",
        )
    })?;
    if matches!(address, UpstreamAddress::Folder(_)) {
        return Ok(Source::Folders(sources.iter().map(PathBuf::from).collect()));
    }
    let all = rest.iter().map(|text| {
        named(text).ok_or_else(|| {
            let message = format!("`{text}` names no package of {address}");
            Error::new(Class::Usage, message)
                .with_help("write `wasi:http`, `wasi:http@0.2.3`, or `wasi:*` for a namespace")
        })
    });
    Ok(Source::Upstream(
        address.clone(),
        all.collect::<Result<_>>()?,
    ))
}

/// `wasi:*`, `wasi:http`, `wasi:http@0.2.3`.
fn named(text: &str) -> Option<Named> {
    if let Some(namespace) = text.strip_suffix(":*") {
        return namespace.parse().ok().map(Named::Namespace);
    }
    let (name, versions) = match text.split_once('@') {
        Some((name, version)) => (name, Versions::One(parse_version(version).ok()?)),
        None => (text, Versions::All),
    };
    Some(Named::Package(Wanted {
        name: name.parse().ok()?,
        versions,
    }))
}

fn tell(context: &Context, report: &Report) {
    let shell = &context.shell;
    let (mut new, mut unusable) = (0_usize, 0_usize);
    for package in &report.packages {
        let release = format!("{}@{}", package.name, package.version);
        if package.unusable.is_some() {
            unusable = unusable.saturating_add(1);
        }
        match &package.outcome {
            Outcome::Published { signer, index } => {
                new = new.saturating_add(1);
                shell.status_verbose(
                    "Published",
                    format!("{release}, entry {index}, signed by `{signer}`"),
                );
            }
            Outcome::Existed | Outcome::Checked { .. } => {
                shell.status_verbose("Unchanged", release);
            }
        }
    }
    context.tell(&report.notices());
    let names: BTreeSet<_> = report
        .packages
        .iter()
        .map(|package| &package.name)
        .collect();
    let there = report.packages.len().saturating_sub(new);
    let there = there.saturating_add(report.unchanged);
    shell.status(
        "Imported",
        format!(
            "{} of {} into `{}`{}",
            counted(new, "version"),
            counted(names.len(), "package"),
            report.registry,
            others(&[
                (there, "already there"),
                (unusable, "unusable"),
                (report.moved.len(), "moved upstream"),
                (report.skipped.len(), "skipped"),
                (report.unversioned, "tags that are no version"),
            ])
        ),
    );
}

/// What else there was, where there was any: ` (3 already there, 1 skipped)`.
fn others(counts: &[(usize, &str)]) -> String {
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if counts.is_empty() {
        return String::new();
    }
    format!(" ({})", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_told_from_folders_by_its_scheme() {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let is_upstream = |all: &[&str]| match source(&texts(all)) {
            Ok(Source::Upstream(_, named)) => Some(named.len()),
            Ok(Source::Folders(_)) => None,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(
            is_upstream(&["oci:ghcr.io/webassembly", "wasi:http", "wasi:*"]),
            Some(2)
        );
        assert_eq!(is_upstream(&["crate:wasip2@=1.0.1"]), Some(0));
        assert_eq!(is_upstream(&["wit/deps", "more"]), None);
        for wrong in [
            &["oci:", "wasi:http"][..],
            &["crate:wasip2@1"],
            &["local:x", "wasi"],
            &["local:x", "wasi:http@0.2"],
        ] {
            assert!(source(&texts(wrong)).is_err(), "{wrong:?}");
        }
    }
}
