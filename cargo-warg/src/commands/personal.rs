//! What commands that lock have to do with this user's personal registry.

use super::{Context, report};
use crate::clock;
use crate::dirs::Dirs;
use crate::error::Result;
use crate::manifest::ManifestArgs;
use crate::ops::contents::vendor::{Others, vendor};
use crate::ops::lock::{Flags, Outcome};
use crate::ops::registry::personal::Supplier;
use crate::ops::session::personal::is_personal;

/// What may fill this user's personal registry; nothing may with `--locked`.
pub(super) fn supplier<'a>(context: &Context, dirs: &'a Dirs) -> Result<Option<Supplier<'a>>> {
    if context.locked {
        return Ok(None);
    }
    let now = clock::now()?;
    Ok(Some(Supplier { dirs, now }))
}

/// Puts what was locked from a personal registry beside the lock that was just written: nobody else can ask that registry.
pub(super) fn share(context: &Context, manifest: &ManifestArgs, outcome: &Outcome) -> Result<()> {
    let Some(lock) = outcome.lock.as_ref().filter(|_| outcome.written) else {
        return Ok(());
    };
    if !lock.registries.keys().any(is_personal) {
        return Ok(());
    }
    // What was locked is read again, as everybody else will read it.
    let project = context.project(manifest)?;
    let flags = Flags {
        locked: true,
        offline: context.offline,
    };
    let done = vendor(&project, &context.dirs()?, None, flags, Others::Kept)?;
    if let Some(done) = done {
        let contents = report::counted(done.contents, "content");
        let folder = done.folder.display();
        context.shell.status(
            "Vendored",
            format!("{contents} and the evidence into {folder}: commit it, and trust/"),
        );
    }
    Ok(())
}
