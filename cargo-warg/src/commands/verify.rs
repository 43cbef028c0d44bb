//! `cargo warg verify`.

mod carried;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::mem;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use transparency::name::PackageName;

use super::of_registry::RegistryArgs;
use super::publish::ReleaseName;
use super::solving::SolvingArgs;
use super::{Context, report};
use crate::clock;
use crate::error::{Class, Error, Result};
use crate::message::Message;
use crate::notice::Notice;
use crate::ops::contents::verify::{Verified, verify};
use crate::ops::lock::deny::{Asked, Deny};
use crate::ops::session::proved::Proved;
use crate::ops::session::registries::Registries;
use crate::output;
use crate::shell::{Summary, Table};

/// `cargo warg verify`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg verify
          cargo warg verify acme:app@1.2.0   a release with its closed set and bundle: solved and composed again
          cargo warg verify app.wasm         a bundle, by the lock that is in it
          cargo warg verify --offline        what is in the cache is checked, by the same rules
          cargo warg verify --deny yanked    in CI: exit code 10 where something locked was yanked since")]
pub struct VerifyArgs {
    /// A release, such as acme:app@1.2.0, or a bundle as a file; `-` is stdin. By default warg.lock
    #[arg(value_name = "NAME@VERSION|FILE")]
    subject: Option<Subject>,
    /// Fail where there would be a warning; may be given more than once
    #[arg(long, value_name = "WARNING")]
    deny: Vec<Denied>,
    #[command(flatten)]
    of: RegistryArgs,
    /// How to solve.
    #[command(flatten)]
    pub solving: SolvingArgs,
}

/// What is to be verified instead of warg.lock.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Release(ReleaseName),
    File(PathBuf),
}

impl FromStr for Subject {
    type Err = Infallible;

    /// No file's name is a release's, unless a folder is written before it.
    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(match text.parse() {
            Ok(release) => Self::Release(release),
            Err(_) => Self::File(text.into()),
        })
    }
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
            Self::Warnings => &[Deny::Yanked, Deny::Silent, Deny::Other],
        }
    }
}

impl VerifyArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let this = match &self.subject {
            None => "warg.lock".to_owned(),
            Some(Subject::Release(release)) => release.to_string(),
            Some(Subject::File(path)) => output::shown(path),
        };
        let mut summary = Summary::default();
        let result = self.check(context, &mut summary);
        if let Err(error) = &result {
            summary.lines.push(failed(error));
        }
        summary.heading = match &result {
            Ok(()) => format!("cargo warg verify: {this} holds"),
            Err(error) => format!("cargo warg verify: exit code {}", error.class().exit_code()),
        };
        context.shell.summary(&summary);
        result
    }

    fn check(&self, context: &Context, summary: &mut Summary) -> Result<()> {
        let kinds = self.deny.iter().flat_map(|denied| denied.kinds());
        let asked = Asked {
            offline: context.offline,
            deny: kinds.copied().collect::<BTreeSet<_>>(),
            now: clock::now()?,
        };
        match &self.subject {
            None if self.of.registry.is_some() => Err(Error::new(
                Class::Usage,
                "`--registry` says where a release or a bundle is from, and none is named",
            )
            .with_help("the registries of warg.lock are those of Cargo.toml: leave it out")),
            None => self.lock(context, &asked, summary),
            Some(Subject::Release(release)) => {
                let registries = self.registries(context, Some(&release.package))?;
                carried::release(context, &registries, release, &asked, summary)
            }
            Some(Subject::File(path)) => {
                let registries = || self.registries(context, None);
                carried::bundle(context, registries, path, &asked, summary)
            }
        }
    }

    fn registries(&self, context: &Context, package: Option<&PackageName>) -> Result<Registries> {
        let (workspace, alias) = self.of.workspace(context, package)?;
        let registries = Registries::open(&workspace, &context.dirs()?, &context.network)?;
        if let Some(alias) = alias {
            registries.of_alias(&alias)?;
        }
        Ok(registries)
    }

    fn lock(&self, context: &Context, asked: &Asked, summary: &mut Summary) -> Result<()> {
        let project = context.project(&self.solving.manifest(context))?;
        let mut verified = verify(&project, asked);
        tell(context, &verified, asked);
        summarize(&verified, asked, summary);
        fail(context, mem::take(&mut verified.failures), summary)?;
        context.message(&Message::Verify((&verified).into()))
    }
}

fn tell(context: &Context, verified: &Verified, asked: &Asked) {
    let shell = &context.shell;
    report::proved_at(context, &verified.proved, asked.now);
    let packages = report::counted(verified.packages.len(), "package");
    if verified.failures.is_empty() && verified.members + verified.files == 0 {
        shell.status(
            "Nothing",
            "to verify: no member needs anything from elsewhere",
        );
    } else if verified.failures.is_empty() {
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
    context.tell(&verified.notices);
}

/// Says what failed, all but the gravest, which is the failure of the command. It is the last.
fn fail(context: &Context, mut failures: Vec<Error>, summary: &mut Summary) -> Result<()> {
    let gravest = failures.pop();
    for failure in &failures {
        context.shell.error(failure);
        summary.lines.push(failed(failure));
    }
    gravest.map_or(Ok(()), Err)
}

fn told(notice: &Notice) -> (&'static str, String) {
    (notice.level().word(), notice.to_string())
}

fn failed(error: &Error) -> (&'static str, String) {
    let chain: Vec<_> = error.chain().collect();
    ("error", chain.join(": "))
}

/// The page for the job's summary: registries, packages, and what the user should know.
fn summarize(verified: &Verified, asked: &Asked, summary: &mut Summary) {
    summary.lines.extend(verified.notices.iter().map(told));
    summary.tables.push(registries(&verified.proved, asked));
    let packages = verified.packages.iter().map(|(selection, package)| {
        let (origin, digest) = match &package.release {
            Some(release) => (release.origin.to_string(), release.digest.to_string()),
            None => ("in a folder".to_owned(), String::new()),
        };
        vec![selection.to_string(), origin, digest]
    });
    summary.tables.push(Table {
        heads: vec!["locked", "registry", "digest"],
        rows: packages.collect(),
    });
}

/// What was shown of each registry.
fn registries(proved: &[Proved], asked: &Asked) -> Table {
    let rows = proved.iter().map(|one| {
        vec![
            one.checkpoint.origin.to_string(),
            one.checkpoint.size.to_string(),
            format!("{}, {}", one.time, report::old(one.age(asked.now))),
            format!(
                "{} with {}",
                report::counted(one.logs, "log"),
                report::counted_long(one.records, "record")
            ),
        ]
    });
    Table {
        heads: vec!["registry", "size", "checkpoint of", "proved"],
        rows: rows.collect(),
    }
}
