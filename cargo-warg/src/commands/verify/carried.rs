//! What `verify` says of a release or a bundle.

use std::mem;
use std::path::Path;

use transparency::name::{Kind, PackageName};

use super::{fail, registries as table, told};
use crate::commands::publish::ReleaseName;
use crate::commands::{Context, report};
use crate::error::{Context as _, Error, Result};
use crate::message::Message;
use crate::ops::bundle::rebuild::Rebuilt;
use crate::ops::bundle::verify::verify_bundle;
use crate::ops::lock::deny::Asked;
use crate::ops::release::derivation::Derivation;
use crate::ops::release::verify::{VerifiedSet, verify_release};
use crate::ops::session::registries::Registries;
use crate::output;
use crate::shell::Summary;

pub(super) fn release(
    context: &Context,
    registries: &Registries,
    named: &ReleaseName,
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    let ReleaseName { package, version } = named;
    let mut verified = verify_release(registries, package, version, asked)?;
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
    if let Some(set) = &verified.closed_set {
        closed_set(context, set);
    }
    context.tell(&verified.notices);
    summary.lines.extend(verified.notices.iter().map(told));
    fail(context, mem::take(&mut verified.failures), summary)?;
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

fn closed_set(context: &Context, set: &VerifiedSet) {
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
            shell.status_verbose(
                "Derived",
                format!("the same closed set, with {versions} held: {held}"),
            );
        }
        Derivation::Checked { .. } => {}
    }
    if let Some(bundle) = set.bundle {
        rebuilt(context, bundle);
    }
}

fn rebuilt(context: &Context, bundle: Rebuilt) {
    match bundle {
        Rebuilt::Same { size } => {
            let what = format!("the same bundle, {size} bytes");
            context.shell.status_verbose("Composed", what);
        }
        Rebuilt::Unknown { .. } => {}
    }
}

pub(super) fn bundle(
    context: &Context,
    registries: impl FnOnce() -> Result<Registries>,
    path: &Path,
    asked: &Asked,
    summary: &mut Summary,
) -> Result<()> {
    let bytes = output::read(path).map_err(|error| with_release_hint(error, path))?;
    let this = output::shown(path);
    let mut verified = verify_bundle(&registries()?, &bytes, &this, asked)
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
    rebuilt(context, verified.bundle);
    context.tell(&verified.notices);
    summary.lines.extend(verified.notices.iter().map(told));
    fail(context, mem::take(&mut verified.failures), summary)?;
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
