//! What commands that lock have to do with this user's personal registry.

use std::path::Path;

use transparency::name::Namespace;
use upstream::{UpstreamAddress, built_in};

use super::{Context, report};
use crate::clock;
use crate::dirs::Dirs;
use crate::error::{Class, OrFail as _, Result};
use crate::manifest::address::resolve;
use crate::manifest::{ManifestArgs, Workspace};
use crate::ops::contents::vendor::{FOLDER, Others, vendor};
use crate::ops::lock::{Flags, Outcome};
use crate::ops::registry::supplier::{Ask, Consent, Supplier};
use crate::ops::session::personal::is_personal;

/// How this user is asked whether something may be imported. `yes` is their answer for the namespaces that need no
/// configuration; a project could bring any other one.
pub(super) fn asking(
    context: &Context,
    yes: bool,
) -> impl Fn(&Namespace, &UpstreamAddress) -> Result<Consent> + '_ {
    move |namespace, address| {
        if yes && built_in(namespace).is_some() {
            return Ok(Consent::Given);
        }
        if context.json || !context.shell.can_ask() {
            return Ok(Consent::Unasked);
        }
        let question = format!(
            "No registry is configured for `{namespace}`. Import its packages from {address} into your personal registry?"
        );
        let answer = context.shell.ask(question);
        let agrees = answer.or_fail(Class::Other, || "cannot read an answer")?;
        Ok(if agrees {
            Consent::Given
        } else {
            Consent::Refused
        })
    }
}

/// What may fill this user's personal registry; nothing may with `--locked`.
pub(super) fn supplier<'a>(
    context: &'a Context,
    dirs: &'a Dirs,
    ask: &'a Ask<'a>,
) -> Result<Option<Supplier<'a>>> {
    if context.locked {
        return Ok(None);
    }
    let (network, now) = (&context.network, clock::now()?);
    Ok(Some(Supplier::new(
        dirs,
        network,
        now,
        context.offline,
        ask,
    )))
}

/// Whether the folder to vendor into lies in the project. Elsewhere nothing is written that was not asked for: a project could
/// name a folder of another one.
fn lies_within(workspace: &Workspace) -> bool {
    let root = workspace.root();
    let folder = workspace
        .vendor()
        .map_or_else(|| root.join(FOLDER), Path::to_owned);
    match (resolve(&folder), resolve(root)) {
        (Ok(folder), Ok(root)) => folder.starts_with(root),
        _ => false,
    }
}

/// Says what was imported on the way.
pub(super) fn tell_imports(context: &Context, supplier: Option<&Supplier<'_>>) {
    for imported in supplier.iter().flat_map(|supplier| supplier.reports()) {
        if !imported.packages.is_empty() {
            let versions = report::counted(imported.packages.len(), "version");
            context.shell.status(
                "Imported",
                format!("{versions} into this user's personal registry"),
            );
        }
        context.tell(&imported.notices());
    }
}

/// Puts what was locked from a personal registry beside the lock that was just written: nobody else can ask that registry.
pub(super) fn share(context: &Context, manifest: &ManifestArgs, outcome: &Outcome) -> Result<()> {
    let shell = &context.shell;
    let Some(lock) = outcome.lock.as_ref().filter(|_| outcome.written) else {
        return Ok(());
    };
    if !lock.registries.keys().any(is_personal) {
        return Ok(());
    }
    // What was locked is read again, as everybody else will read it.
    let project = context.project(manifest)?;
    if !lies_within(&project.workspace) {
        shell.note(
            "what is locked from a personal registry has to lie with the project, and its folder lies elsewhere: run `cargo warg vendor`",
        );
        return Ok(());
    }
    let flags = Flags {
        locked: true,
        offline: context.offline,
    };
    let done = vendor(&project, &context.dirs()?, None, flags, Others::Kept)?;
    if let Some(done) = done {
        let contents = report::counted(done.contents, "content");
        let folder = done.folder.display();
        shell.status(
            "Vendored",
            format!("{contents} and the evidence into {folder}: commit it, and trust/"),
        );
    }
    Ok(())
}
