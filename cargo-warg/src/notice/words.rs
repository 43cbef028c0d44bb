//! What notices say: the message of each, and what to do about it.

use std::fmt;

use transparency::selection::Selection;

use super::Notice;

impl fmt::Display for Notice {
    /// Its message, without a level before it. It may have several lines.
    #[expect(clippy::too_many_lines, reason = "a text a kind")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yanked {
                release, reason, ..
            } => write!(f, "{} is yanked: {reason}", named(release)),
            Self::YankedSince { release, reason } => {
                write!(f, "{} was yanked since: {reason}", named(release))
            }
            Self::Withdrawn {
                release,
                origin,
                reason,
            } => write!(
                f,
                "{} was withdrawn by the operator of `{origin}`: {reason}",
                named(release)
            ),
            Self::WithdrawnSince { release, reason } => write!(
                f,
                "{} was withdrawn since by the registry's operator: {reason}",
                named(release)
            ),
            Self::PassedOver {
                release,
                obstacle,
                instead,
                others,
            } => {
                let Selection { name, version, .. } = release;
                write!(f, "{name} {version} is no choice: it {obstacle}")?;
                match others {
                    0 => Ok(()),
                    1 => write!(f, "; nor is another release above {instead}"),
                    count => write!(f, "; nor are {count} other releases above {instead}"),
                }
            }
            Self::RefusedLog { address, why } => {
                write!(f, "nothing of {} can be chosen: {why}", address.name)
            }
            Self::Unasked { origin, since, why } => write!(
                f,
                "what happened in `{origin}` since {since} is not known: {why}"
            ),
            Self::Silent {
                origin,
                time,
                refresh,
            } => write!(
                f,
                "the newest checkpoint of `{origin}` is of {time}, and its operator promised one every {refresh} seconds"
            ),
            Self::StaleLock(why) | Self::UnreadableLock(why) => f.write_str(&why.message),
            Self::MergedLock => f.write_str(
                "warg.lock had conflict markers of a merge: what either side locked is kept, the greater version of each \
                 package first",
            ),
            Self::RewrittenLock { why } => write!(
                f,
                "warg.lock was not as cargo warg writes it ({why}): what it selects is kept where it can be"
            ),
            Self::GaveUp(gave_up) => write!(
                f,
                "{gave_up}: what `update` would give is not known there, and what is locked stands for it"
            ),
            Self::UnusedPatch { release, path, .. } => write!(
                f,
                "the patch of `{}` is not used: nothing requires version {}, which is in {path}",
                release.name, release.version
            ),
            Self::UnreadTexts { path } => write!(f, "the texts in {path} are not read"),
            Self::OwnTexts {
                release,
                path,
                others,
            } => {
                let release = named(release);
                match others {
                    0 => write!(f, "{release} is taken from {path}, which")?,
                    others => write!(
                        f,
                        "{release} is taken from {path}, and {} as it is, which",
                        counted(*others, "other package")
                    )?,
                }
                f.write_str(
                    " `cargo warg fetch` did not write: `cargo warg lock --adopt-deps` hands over what a registry has",
                )
            }
            Self::Unvouched { packages } => write!(
                f,
                "{} in folders: no record vouches for what lies there",
                counted(*packages, "package")
            ),
            Self::TwinPins {
                member,
                package,
                pins,
            } => {
                let pins: Vec<_> = pins.iter().map(|(version, _)| version.to_string()).collect();
                write!(
                    f,
                    "{package} stays at {} in wit/ of `{member}`: a world names one interface at several versions, and at one \
                     version it would name it twice",
                    pins.join(" and ")
                )
            }
            Self::HeldPins {
                count,
                package,
                version,
                available,
                ..
            } => write!(
                f,
                "{} in wit/ {} back newer ones, as {package}@{version}, and {available} is there",
                counted(*count, "version"),
                if *count == 1 { "holds" } else { "hold" }
            ),
            Self::StillReferredTo { reference, .. } => {
                write!(f, "wit/ still refers to {reference}")
            }
            Self::StaysLocked { release } => {
                write!(f, "{} v{} stays locked", release.name, release.version)
            }
            Self::Unused { unused, .. } => unused.fmt(f),
            Self::Redirected { import, package } => write!(
                f,
                "`{import}` is redirected to `{package}`: whoever made the bundle chose that, and no record says so"
            ),
            Self::NotDerived { solver } => write!(
                f,
                "the closed set was checked, not derived again: solving algorithm {solver} is not known to this cargo warg"
            ),
            Self::NotComposed { format } => write!(
                f,
                "the bundle was not composed again: format {format} is not known to this cargo warg"
            ),
            Self::NotImported {
                package, imports, ..
            } => {
                let imports: Vec<_> = imports.iter().map(|one| format!("`{one}`")).collect();
                write!(
                    f,
                    "the component does not import {}, for which it requires `{package}`",
                    imports.join(", ")
                )
            }
            Self::NothingImported { package, .. } => write!(
                f,
                "the component imports nothing that `{package}` exports, which it requires"
            ),
            Self::OtherMembersComponent {
                release,
                member,
                package,
            } => {
                let release = named(release);
                write!(
                    f,
                    "{release} requires nothing, and imports what `{member}` depends on"
                )?;
                match package {
                    Some(package) => write!(f, ", which is published as `{package}`"),
                    None => Ok(()),
                }
            }
            Self::ComponentsName { package, member } => write!(
                f,
                "`{package}` would be a WIT package for good, and is the name that `{member}` publishes its component under: the \
                 component will need another one"
            ),
            Self::EmptyPackage(why) => write!(f, "{}, and is left out", why.message),
            Self::ImportedUnusable {
                package,
                version,
                reason,
            } => write!(
                f,
                "{package}@{version} is kept for the record and unusable: {reason}"
            ),
            Self::Skipped { from, why, .. } => {
                write!(f, "skipped what {from} declares: {}", why.message)
            }
            Self::MovedUpstream {
                package,
                version,
                from,
                released,
                found,
            } => write!(
                f,
                "{package}@{version} moved, or was never what lies there: {released} was released, and {from} has {found}; what \
                 was released stays"
            ),
        }
    }
}

impl Notice {
    /// What to do about it, a line each; empty where nothing is to be done, or the message says it.
    pub fn help(&self) -> Vec<String> {
        let one = |line: String| vec![line];
        match self {
            Self::StaleLock(why) => {
                let goes_on = "what is shown here is what the lock says".to_owned();
                [goes_on]
                    .into_iter()
                    .chain(why.help.iter().cloned())
                    .collect()
            }
            Self::UnreadableLock(why) | Self::Skipped { why, .. } => why.help.clone(),
            Self::MovedUpstream { .. } => one(
                "a version that changes under its name is a mistake or an attack: ask its publisher. Whoever locked it keeps \
                 what was released"
                    .to_owned(),
            ),
            Self::UnreadTexts { .. } => one("packages of your own belong into wit/deps".to_owned()),
            Self::TwinPins { .. } => one("remove all of these lines but one, and run it again".to_owned()),
            Self::HeldPins { .. } => one("pass `--pins` to change them".to_owned()),
            Self::StaysLocked { release } => one(format!(
                "`cargo warg tree -i {}` shows what requires it",
                release.name
            )),
            Self::NotImported { .. } | Self::NothingImported { .. } => {
                one("build the component again, or take that out of the manifest".to_owned())
            }
            Self::OtherMembersComponent { release, .. } => one(format!(
                "if it is that one's component, write `package = \"{}\"` into its [package.metadata.warg]",
                release.name
            )),
            Self::NotDerived { .. } | Self::NotComposed { .. } => {
                one("install a newer cargo warg to check that too".to_owned())
            }
            // Only the lock of a project is the user's to move.
            Self::Yanked {
                release,
                location: Some(_),
                ..
            } => one(format!(
                "`cargo warg update {}` moves off it, where another release will do; `cargo warg outdated` says what holds it",
                release.name
            )),
            Self::Unasked { .. } => one(
                "what was yanked or withdrawn since then is not seen: run it again when the registry can be reached".to_owned(),
            ),
            Self::Silent { .. } => one(
                "what was yanked or withdrawn since then is not seen: ask its operator, or read another mirror".to_owned(),
            ),
            Self::UnusedPatch { .. } => {
                one("take the patch out, or let a member require that version".to_owned())
            }
            Self::StillReferredTo { .. } => {
                one("take it out there too, if it is not needed any more".to_owned())
            }
            Self::Unused {
                location: Some(_), ..
            } => one("take that out of the manifest, or build the component again".to_owned()),
            Self::Yanked { location: None, .. }
            | Self::YankedSince { .. }
            | Self::Withdrawn { .. }
            | Self::WithdrawnSince { .. }
            | Self::PassedOver { .. }
            | Self::RefusedLog { .. }
            | Self::MergedLock
            | Self::RewrittenLock { .. }
            | Self::GaveUp(_)
            | Self::OwnTexts { .. }
            | Self::Unvouched { .. }
            | Self::Unused { location: None, .. }
            | Self::Redirected { .. }
            | Self::ComponentsName { .. }
            | Self::EmptyPackage(_)
            | Self::ImportedUnusable { .. } => Vec::new(),
        }
    }
}

/// `acme:clock@1.1.0`.
fn named(release: &Selection) -> String {
    format!("{}@{}", release.name, release.version)
}

/// `1 package`, `2 packages`.
fn counted(count: usize, noun: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{end}")
}
