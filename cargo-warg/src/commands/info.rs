//! `cargo warg info`.

use clap::Args;
use transparency::release::Role;
use transparency::statement::Attachment;

use super::of_registry::RegistryArgs;
use super::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::release::info::{Info, Released, info};
use crate::ops::session::registries::Registries;
use crate::spec::PackageSpec;

/// `cargo warg info`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg info acme:logger
          cargo warg info acme:logger@1.2.0      this release
          cargo warg info wasi:http@0.2          the releases of this track

All of it is read from the package's log and proved, as `lock` reads it.")]
pub struct InfoArgs {
    /// The package; or some of its versions
    #[arg(value_name = "NAME[@VERSION]")]
    pub spec: PackageSpec,
    #[command(flatten)]
    pub(super) of: RegistryArgs,
}

impl InfoArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let (workspace, alias) = self.of.workspace(context, Some(&self.spec.name))?;
        let registries = Registries::open(&workspace, &context.dirs()?, &context.network)?;
        if let Some(alias) = alias {
            registries.of_alias(&alias)?;
        }
        let info = info(&workspace, &registries, context.offline, &self.spec)?;
        context.tell(&info.notices);
        if context.json {
            return context.message(&Message::Info((&info).into()));
        }
        summary(context, &info)?;
        let Some(shown) = info.shown.and_then(|position| info.releases.get(position)) else {
            return Ok(());
        };
        context.data(format!("\n{} {}", info.name, shown.release.version()))?;
        release(context, shown)
    }
}

/// A line for each value, the first with what they are.
fn lines(context: &Context, what: &str, values: impl IntoIterator<Item = String>) -> Result<()> {
    let mut what = format!("{what}:");
    for value in values {
        // What strangers wrote stays on its line.
        let value = crate::shell::clean_line(&value).into_owned();
        context.data(format!("{what:<10} {value}"))?;
        what.clear();
    }
    Ok(())
}

fn summary(context: &Context, info: &Info) -> Result<()> {
    let Info {
        name,
        kind,
        registry,
        checkpoint,
        records,
        head,
        ..
    } = info;
    context.data(format!("{name} ({kind})"))?;
    lines(
        context,
        "registry",
        [format!("{registry}, {}", checkpoint.origin)],
    )?;
    let fingerprint = info.fingerprint.iter();
    lines(context, "policy", fingerprint.map(ToString::to_string))?;
    let count = usize::try_from(records.get()).unwrap_or(usize::MAX);
    let proved = format!(
        "{}, proved at size {}; the last is {head}",
        report::counted(count, "record"),
        checkpoint.size
    );
    lines(context, "log", [proved])?;
    let keys = info.keys.iter().map(|(key, permissions)| {
        let permissions: Vec<_> = permissions.iter().copied().collect();
        format!("{key}: {}", report::listed(&permissions))
    });
    lines(context, "may", keys)?;
    let holders = info
        .holders
        .iter()
        .map(|key| format!("{key} holds `{}`", name.namespace()));
    lines(context, "namespace", holders)?;
    let annotations = info
        .annotations
        .iter()
        .map(|(key, value)| format!("{key} = {value}"));
    lines(context, "annotated", annotations)?;
    let locked = info.locked.iter().map(|(member, versions)| {
        let versions: Vec<_> = versions.iter().collect();
        format!("{} of `{member}`", report::listed(&versions))
    });
    lines(context, "locked", locked)?;
    let width = info
        .releases
        .iter()
        .map(|one| one.release.version().to_string().len())
        .max();
    let width = width.unwrap_or(0);
    let releases = info.releases.iter().map(|Released { release, .. }| {
        let version = release.version().to_string();
        let line = format!(
            "{version:<width$}  {}  {}",
            release.time(),
            release.signer().name()
        );
        match release.objection() {
            Some(objection) => format!("{line}  {}: {}", objection.word(), objection.reason()),
            None => line,
        }
    });
    lines(context, "releases", releases)
}

fn release(context: &Context, shown: &Released) -> Result<()> {
    let release = &shown.release;
    let signer = release.signer();
    let by = format!("{} by {} ({})", release.time(), signer.name(), signer.id());
    lines(context, "released", [by])?;
    let objection = release.objection();
    let standing = objection.map(|one| format!("{}: {}", one.word(), one.reason()));
    lines(context, "standing", standing)?;
    lines(context, "digest", [release.digest().to_string()])?;
    lines(context, "size", [format!("{} bytes", release.size())])?;
    let position = release.position();
    let index = match shown.index {
        Some(index) => {
            format!("entry {index} of the registry, proved; record {position} of the package")
        }
        None => format!("record {position} of the package"),
    };
    lines(
        context,
        "recorded",
        [format!("{index}, {}", release.record())],
    )?;
    lines(
        context,
        "requires",
        release.requirements().iter().map(ToString::to_string),
    )?;
    lines(
        context,
        "imports",
        release.imports().iter().map(ToString::to_string),
    )?;
    lines(
        context,
        "exports",
        release.exports().iter().map(ToString::to_string),
    )?;
    let carried = [Role::Lock, Role::Bundle].into_iter().filter_map(|role| {
        let Attachment { digest, size } = release.attachment(role)?;
        Some(format!("{role} {digest} ({size} bytes)"))
    });
    lines(context, "carries", carried)?;
    let annotations = shown.annotations.iter();
    lines(
        context,
        "annotated",
        annotations.map(|(key, value)| format!("{key} = {value}")),
    )
}
