//! What `verify` says of a release or a bundle.

use std::path::Path;

use transparency::name::{Kind, PackageName};

use super::registries as table;
use crate::commands::publish::ReleaseName;
use crate::commands::{Context, report};
use crate::error::{Context as _, Error, Result};
use crate::message::Message;
use crate::ops::bundle::rebuild::Rebuilt;
use crate::ops::bundle::verify::verify_bundle;
use crate::ops::contents::verify::{Asked, Deny, denied, denied_silent, silent};
use crate::ops::release::derivation::Derivation;
use crate::ops::release::verify::{VerifiedSet, verify_release};
use crate::ops::session::proved::Proved;
use crate::ops::session::registries::Registries;
use crate::output;
use crate::shell::Summary;

fn registries(context: &Context) -> Result<Registries> {
    Registries::open(&context.workspace()?, &context.dirs()?, &context.network)
}

pub(super) fn release(
    context: &Context,
    named: &ReleaseName,
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    let ReleaseName { package, version } = named;
    let verified = verify_release(&registries(context)?, package, version, asked.offline)?;
    report::proved_at(context, &verified.proved, asked.now);
    summary.tables.push(table(&verified.proved, asked));
    let index = match verified.index {
        Some(index) => format!(", entry {index} of the log"),
        None => String::new(),
    };
    let signer = &verified.signer;
    context.shell.status_verbose(
        "Checked",
        format!(
            "{named}: its record, signed by `{signer}`{index}, and its content ({})",
            verified.digest
        ),
    );
    let mut warnings = Vec::new();
    if let Some(set) = &verified.closed_set {
        closed_set(context, set, &mut warnings);
    }
    weigh_others(context, &named.to_string(), warnings, asked, summary)?;
    weigh(
        context,
        &named.to_string(),
        &verified.yanked,
        &verified.proved,
        asked,
        summary,
    )?;
    let also = match (&verified.closed_set, verified.kind) {
        (Some(set), _) => also(set),
        (None, Kind::Component) => {
            ", which carries no lock: nothing says which releases it was made with".to_owned()
        }
        (None, Kind::Wit) => String::new(),
    };
    context.shell.status("Verified", format!("{named}{also}"));
    context.message(&Message::VerifyRelease((&verified).into()))
}

/// What was verified beside the release itself.
fn also(set: &VerifiedSet) -> String {
    let packages = report::counted(set.packages, "package");
    let derived = match &set.derivation {
        Derivation::Derived { held } if held.is_empty() => ", derived from nothing".to_owned(),
        Derivation::Derived { held } => {
            let versions = report::counted(held.len(), "version");
            format!(", derived with {versions} held")
        }
        Derivation::Checked { .. } => String::new(),
    };
    let bundle = match set.bundle {
        Some(Rebuilt::Same { .. }) => ", and its bundle, composed again",
        Some(Rebuilt::Unknown { .. }) | None => "",
    };
    format!(", with its closed set of {packages}{derived}{bundle}")
}

fn closed_set(context: &Context, set: &VerifiedSet, warnings: &mut Vec<String>) {
    let shell = &context.shell;
    let packages = report::counted(set.packages, "package");
    let contents = report::counted(set.contents, "content");
    shell.status_verbose("Checked", format!("its closed set: {packages}, {contents}"));
    match &set.derivation {
        Derivation::Derived { held } if held.is_empty() => {
            shell.status_verbose("Derived", "the same closed set, from nothing");
        }
        Derivation::Derived { held } => {
            let versions = report::counted(held.len(), "version");
            let held: Vec<_> = held.iter().map(ToString::to_string).collect();
            let held = held.join(", ");
            shell.status_verbose("Derived", format!("the same closed set, with {versions} held: {held}"));
        }
        Derivation::Checked { solver } => warnings.push(format!(
            "the closed set was checked, not derived again: solving algorithm {solver} is not known to this cargo warg"
        )),
    }
    if let Some(bundle) = set.bundle {
        rebuilt(context, bundle, warnings);
    }
}

fn rebuilt(context: &Context, bundle: Rebuilt, warnings: &mut Vec<String>) {
    match bundle {
        Rebuilt::Same { size } => {
            let what = format!("the same bundle, {size} bytes");
            context.shell.status_verbose("Composed", what);
        }
        Rebuilt::Unknown { format } => warnings.push(format!(
            "the bundle was not composed again: format {format} is not known to this cargo warg"
        )),
    }
}

pub(super) fn bundle(
    context: &Context,
    path: &Path,
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    let bytes = output::read(path).map_err(|error| with_release_hint(error, path))?;
    let this = output::shown(path);
    let verified = verify_bundle(&registries(context)?, &bytes, asked.offline)
        .context(|| format!("{this} cannot be verified"))?;
    report::proved_at(context, &verified.proved, asked.now);
    summary.tables.push(table(&verified.proved, asked));
    let packages = report::counted(verified.packages, "package");
    let contents = report::counted(verified.contents, "content");
    let shell = &context.shell;
    let root = verified.root;
    shell.status_verbose(
        "Checked",
        format!("its closed set: {packages}, {contents}; its root is {root}"),
    );
    let mut warnings = Vec::new();
    rebuilt(context, verified.bundle, &mut warnings);
    warnings.extend(verified.wire.0.iter().map(|(import, name)| {
        format!("`{import}` is redirected to `{name}`: whoever made the bundle chose that, and no record says so")
    }));
    weigh_others(context, &this, warnings, asked, summary)?;
    weigh(
        context,
        &this,
        &verified.yanked,
        &verified.proved,
        asked,
        summary,
    )?;
    let name = &verified.name;
    let composed = match verified.bundle {
        Rebuilt::Same { .. } => ", composed again",
        Rebuilt::Unknown { .. } => "",
    };
    shell.status(
        "Verified",
        format!("{this}: `{name}` with its closed set of {packages}{composed}"),
    );
    context.message(&Message::VerifyBundle((&verified).into()))
}

/// Whoever names a package without its version has no such file, and meant none.
fn with_release_hint(error: Error, path: &Path) -> Error {
    let name = path
        .to_str()
        .and_then(|text| text.parse::<PackageName>().ok());
    match name {
        Some(name) if !path.exists() => {
            error.with_help(format!("a release has a version: `{name}@1.2.0`"))
        }
        _ => error,
    }
}

fn warn(context: &Context, warnings: Vec<String>, summary: &mut Summary) {
    report::warnings(context, &warnings);
    let lines = warnings.into_iter().map(|one| ("warning", one));
    summary.lines.extend(lines);
}

/// Warns of what could not be checked, or fails where any warning is denied.
fn weigh_others(
    context: &Context,
    this: &str,
    warnings: Vec<String>,
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    if asked.deny.contains(&Deny::Other) && !warnings.is_empty() {
        return Err(denied(this, "warnings", "warnings", &warnings));
    }
    warn(context, warnings, summary);
    Ok(())
}

/// Warns of what was found out since, or fails where that is denied.
fn weigh(
    context: &Context,
    this: &str,
    yanked: &[String],
    proved: &[Proved],
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    let silent = silent(proved, asked);
    if asked.deny.contains(&Deny::Silent) && !silent.is_empty() {
        return Err(denied_silent(&silent));
    }
    warn(context, silent, summary);
    if asked.deny.contains(&Deny::Yanked) && !yanked.is_empty() {
        return Err(denied(this, "yanked releases", "yanked", yanked));
    }
    warn(context, yanked.to_vec(), summary);
    Ok(())
}
