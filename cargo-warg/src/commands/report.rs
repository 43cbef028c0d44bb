//! What several commands say in the same words.

use std::path::Path;

use resolver::lockfile::LockedRelease;
use transparency::key::VerifyingKey;
use transparency::number::Time;
use transparency::selection::Selection;

use super::Context;
use crate::error::Result;
use crate::ops::lock::Outcome;
use crate::ops::session::proved::Proved;
use crate::shell::clean_line;

/// `1 package`, `2 packages`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{end}")
}

/// The same, of a long count.
pub(super) fn counted_long(count: u64, noun: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{end}")
}

/// In which folder something was written, where readers have another address.
pub(super) fn at(folder: Option<&Path>) -> String {
    folder.map_or_else(String::new, |folder| format!(", at {}", folder.display()))
}

/// A key as people know it again: its name, and its id.
pub(super) fn key(key: &VerifyingKey) -> String {
    format!("{} ({})", key.name(), key.id())
}

/// `588 bytes`, `123 kB`, `1.7 MB`.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => counted(bytes, "byte"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// A line of data for each value, the first with what they are.
pub(super) fn field<T: ToString>(
    context: &Context,
    what: &str,
    values: impl IntoIterator<Item = T>,
) -> Result<()> {
    let mut what = format!("{what}:");
    for value in values {
        // What strangers wrote stays on its line.
        let value = value.to_string();
        context.data(format!("{what:<11} {}", clean_line(&value)))?;
        what.clear();
    }
    Ok(())
}

/// Things with commas between them.
pub(super) fn listed<T: ToString>(things: &[T]) -> String {
    let things = things.iter().map(ToString::to_string);
    things.collect::<Vec<_>>().join(", ")
}

/// What became of the lock: what changed, and what was proved on the way.
pub(super) fn lock(context: &Context, outcome: &Outcome) {
    lock_with(context, outcome, &|_| None, false);
}

/// The same, of a command that locks on its way to something else: that a lock is up to date is no news then.
pub(super) fn lock_on_the_way(context: &Context, outcome: &Outcome) {
    lock_with(context, outcome, &|_| None, true);
    match &outcome.lock {
        Some(lock) if outcome.written => {
            let packages = counted(lock.packages.len(), "package");
            let locked = format!("{packages} in warg.lock");
            context.shell.status("Locked", locked);
        }
        Some(_) => {}
        None => context.shell.status(
            "Nothing",
            "to lock: no member needs anything from elsewhere",
        ),
    }
}

/// The same, with a remark on what is locked now; or of what was not written.
pub(super) fn lock_with(
    context: &Context,
    outcome: &Outcome,
    remark: &dyn Fn(&Selection) -> Option<String>,
    dry_run: bool,
) {
    let shell = &context.shell;
    context.tell(&outcome.notices);
    if outcome.adopted > 0 {
        let releases = counted(outcome.adopted, "release");
        shell.status(
            "Adopted",
            format!("{releases} of another machine into this user's personal registry"),
        );
    }
    for change in &outcome.changes {
        match change.after().and_then(|after| remark(&after)) {
            Some(remark) => shell.status(change.verb(), format!("{change} {remark}")),
            None => shell.status(change.verb(), change),
        }
    }
    for (selection, package) in outcome.lock.iter().flat_map(|lock| &lock.packages) {
        match &package.release {
            Some(LockedRelease { digest, origin, .. }) => {
                shell.status_verbose(
                    "Selected",
                    format_args!("{selection}, {digest} of `{origin}`"),
                );
            }
            None => shell.status_verbose("Selected", format_args!("{selection}, in a folder")),
        }
    }
    proved(context, &outcome.proved);
    if dry_run {
        return;
    }
    match (&outcome.lock, outcome.written) {
        (None, _) => shell.status(
            "Nothing",
            "to lock: no member needs anything from elsewhere",
        ),
        (Some(lock), true) => {
            let packages = counted(lock.packages.len(), "package");
            shell.status("Locked", format!("{packages} in warg.lock"));
            if lock.packages.values().any(|one| one.release.is_some()) {
                shell.note(
                    "`cargo warg fetch` brings what is locked here, and its WIT into wit/deps",
                );
            }
        }
        (Some(lock), false) => {
            let packages = counted(lock.packages.len(), "package");
            shell.status("Up to date", format!("warg.lock, {packages}"));
        }
    }
}

/// What was shown of each registry, and at which checkpoint; with `-v` only, since nothing is to be done about it.
pub(super) fn proved(context: &Context, proved: &[Proved]) {
    proved_with(context, proved, |_| String::new());
}

/// The same, and how old each checkpoint is.
pub(super) fn proved_at(context: &Context, proved: &[Proved], now: Time) {
    proved_with(context, proved, |one| {
        format!(", of {}, {}", one.time, old(one.age(now)))
    });
}

/// `3 days old`, of seconds: the greatest unit that there is at least one of.
pub(super) fn old(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |(unit, noun): &(u64, &str)| {
        let count = usize::try_from(seconds / unit).unwrap_or(usize::MAX);
        (count > 0).then(|| format!("{} old", counted(count, noun)))
    };
    let found = units.iter().find_map(fits);
    found.unwrap_or_else(|| "less than a minute old".to_owned())
}

fn proved_with(context: &Context, proved: &[Proved], remark: impl Fn(&Proved) -> String) {
    for one in proved {
        let checkpoint = &one.checkpoint;
        let absent = match one.absent {
            0 => String::new(),
            absent => format!(", {} absent", counted(absent, "package")),
        };
        context.shell.status_verbose(
            "Proved",
            format!(
                "{} with {}{absent} of `{}` at size {} ({}){}",
                counted(one.logs, "log"),
                counted_long(one.records, "record"),
                checkpoint.origin,
                checkpoint.size,
                checkpoint.root.base64(),
                remark(one)
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_greatest_unit() {
        for (seconds, said) in [
            (0, "less than a minute old"),
            (59, "less than a minute old"),
            (60, "1 minute old"),
            (7_199, "1 hour old"),
            (86_399, "23 hours old"),
            (172_800, "2 days old"),
            (u64::MAX, "213503982334601 days old"),
        ] {
            assert_eq!(old(seconds), said);
        }
    }
}
