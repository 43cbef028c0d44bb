//! Versions in WIT are names: what a text refers to is there under exactly that version, build metadata included.
//!
//! Requirements ignore build metadata, as in cargo, and a package log has each version once whatever its metadata are.
//! So a pin may lead to a release under another name, which no text could refer to.

use resolver::lockfile::Lockfile;
use semver::BuildMetadata;
use transparency::name::Kind;
use transparency::selection::Selection;

use crate::error::{Class, Error, Result};
use crate::ops::session::project::Project;

/// Demands that every pin is selected under the version that the text writes.
///
/// # Errors
/// The first that is not.
pub(crate) fn check(lock: &Lockfile, project: &Project) -> Result<()> {
    for (member, pins) in &project.pins {
        let Some(root) = lock.roots.get(member) else {
            continue;
        };
        for pin in pins {
            let is_it = |one: &&Selection| {
                let same = |build: BuildMetadata| semver::Version {
                    build,
                    ..pin.version.clone()
                };
                one.kind == Kind::Wit
                    && one.name == pin.name
                    && one.version == same(one.version.build.clone())
            };
            let mut found = root.selects.iter().filter(is_it);
            let Some(other) = found.next().filter(|one| one.version != pin.version) else {
                continue;
            };
            let message = format!(
                "`{member}` refers to `{}@{}`, which is released as `{}@{}`",
                pin.name, pin.version, other.name, other.version
            );
            let error = Error::new(Class::Unsolved, message);
            let location = pin.location.as_ref();
            let location = location.map(|location| location.below(project.workspace.root()));
            return Err(location
                .into_iter()
                .fold(error, Error::at)
                .with_help(format!(
                    "versions in WIT are names, build metadata included: write `@{}`",
                    other.version
                )));
        }
    }
    Ok(())
}
