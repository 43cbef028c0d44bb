//! Which of the flags about a project each command heeds. A command's help does not show the others, and the command
//! refuses them: whoever writes `--offline` relies on it.

use std::mem;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::error::{Class, Error, Result};

/// The flags, by their names in the grammar.
const ALL: &[&str] = &[
    "package",
    "workspace",
    "manifest_path",
    "locked",
    "offline",
    "frozen",
];

/// Those that a command heeds, or has nothing to do for (`tree --offline`). None for a command that is not known here.
fn heeded(command: &str) -> Option<&'static [&'static str]> {
    Some(match command {
        "lock" | "fetch" | "update" | "outdated" | "tree" | "sbom" | "publish" => ALL,
        "add" | "remove" | "bundle" => &["package", "manifest_path", "locked", "offline", "frozen"],
        // The lock is one for the whole workspace.
        "verify" | "vendor" => &["manifest_path", "locked", "offline", "frozen"],
        "init" | "clean" => &["package", "workspace", "manifest_path"],
        "info" | "self-check" | "registry import" | "registry add" => &["manifest_path", "offline"],
        "registry new" | "registry list" | "registry remove" | "registry check"
        | "registry clock" | "yank" | "unyank" | "grant" | "revoke" | "annotate" => {
            &["manifest_path"]
        }
        "key new" | "key list" | "key export" | "key import" | "key remove" | "inspect"
        | "completions" | "man" => &[],
        _ => return None,
    })
}

/// Whether a command works on one member, and cannot on several.
fn is_about_one(command: &str) -> bool {
    matches!(command, "add" | "remove" | "bundle")
}

/// Whether a command writes to a registry, and to nothing else.
fn writes(command: &str) -> bool {
    matches!(
        command,
        "yank" | "unyank" | "grant" | "revoke" | "annotate" | "registry clock"
    )
}

/// The grammar, in which each command shows the flags that it heeds.
pub(super) fn shown(mut cargo: Command) -> Command {
    cargo.build();
    if let Some(warg) = cargo.find_subcommand_mut("warg") {
        for command in warg.get_subcommands_mut() {
            let name = command.get_name().to_owned();
            hide(command, &name);
        }
    }
    cargo
}

fn hide(command: &mut Command, name: &str) {
    // A group of commands has none of its own: each below says what it takes.
    let heeded = if command.has_subcommands() {
        &[]
    } else {
        heeded(name).unwrap_or(ALL)
    };
    let adapt = |flag: Arg| {
        let id = flag.get_id().as_str();
        if ALL.contains(&id) && !heeded.contains(&id) {
            flag.hide(true)
        } else if id == "package" && is_about_one(name) {
            flag.action(ArgAction::Set)
                .help("Package of the workspace to work on")
        } else {
            flag
        }
    };
    *command = mem::take(command).mut_args(adapt);
    for below in command.get_subcommands_mut() {
        hide(below, &format!("{name} {}", below.get_name()));
    }
}

/// The grammar for completion scripts. Those offer hidden flags, too, so here each command has only the flags that it
/// heeds.
pub(super) fn offered(mut cargo: Command) -> Command {
    let Some(warg) = cargo.find_subcommand_mut("warg") else {
        return cargo;
    };
    let alone = |flag: Arg| {
        let is_shared = !ALL.contains(&flag.get_id().as_str());
        let is_global = flag.is_global_set();
        flag.global(is_global && is_shared)
    };
    *warg = mem::take(warg).mut_args(alone);
    let flags = warg.get_arguments().cloned();
    let flags: Vec<_> = flags
        .filter(|flag| ALL.contains(&flag.get_id().as_str()))
        .collect();
    for command in warg.get_subcommands_mut() {
        let name = command.get_name().to_owned();
        give(command, &name, &flags);
    }
    cargo
}

fn give(command: &mut Command, name: &str, flags: &[Arg]) {
    if !command.has_subcommands() {
        let heeded = heeded(name).unwrap_or(ALL);
        let heeded = flags
            .iter()
            .filter(|flag| heeded.contains(&flag.get_id().as_str()));
        *command = mem::take(command).args(heeded.cloned());
    }
    for below in command.get_subcommands_mut() {
        let name = format!("{name} {}", below.get_name());
        give(below, &name, flags);
    }
}

/// Refuses a flag that the command does not heed.
pub(super) fn check(cargo: &ArgMatches) -> Result<()> {
    let mut matches = cargo;
    let mut names = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        names.push(name);
        matches = below;
    }
    let name = names.get(1..).unwrap_or_default().join(" ");
    let heeded = heeded(&name).unwrap_or(ALL);
    let is_given = |flag: &str| matches.value_source(flag) == Some(ValueSource::CommandLine);
    let unheeded = ALL
        .iter()
        .find(|flag| !heeded.contains(flag) && is_given(flag));
    let Some(flag) = unheeded else {
        return Ok(());
    };
    if writes(&name) && matches!(*flag, "offline" | "frozen") {
        let message = format!(
            "`cargo warg {name}` reads the registry that it writes to, and nothing that --offline could spare"
        );
        return Err(Error::new(Class::Usage, message).with_help("leave it out"));
    }
    let flag = match *flag {
        "package" => "-p".to_owned(),
        flag => format!("--{}", flag.replace('_', "-")),
    };
    let message = format!("`{flag}` means nothing to `cargo warg {name}`");
    Err(Error::new(Class::Usage, message).with_help(format!(
        "leave it out: `cargo warg {name} --help` shows what it takes"
    )))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Cargo;
    use super::*;

    /// All commands that run, by name, as the help shows them.
    fn commands() -> Vec<(String, Command)> {
        let cargo = shown(Cargo::command());
        let warg = cargo.find_subcommand("warg").unwrap();
        let mut open: Vec<_> = warg
            .get_subcommands()
            .map(|one| (one.get_name().to_owned(), one.clone()))
            .collect();
        let mut found = Vec::new();
        while let Some((name, command)) = open.pop() {
            if command.get_name() == "help" {
                continue;
            }
            if !command.has_subcommands() {
                found.push((name, command));
                continue;
            }
            let below = command.get_subcommands();
            open.extend(below.map(|one| (format!("{name} {}", one.get_name()), one.clone())));
        }
        assert!(found.len() > 25, "{}", found.len());
        found
    }

    #[test]
    fn a_command_shows_the_flags_that_it_heeds_and_no_others() {
        for (name, mut command) in commands() {
            let heeded = heeded(&name).unwrap_or_else(|| panic!("what does `{name}` heed?"));
            let help = command.render_long_help().to_string();
            for flag in ALL {
                let long = format!("--{}", flag.replace('_', "-"));
                let words = |line: &str| {
                    line.trim_start()
                        .split([' ', ',', '='])
                        .any(|word| word == long)
                };
                let is_shown = help
                    .lines()
                    .filter(|line| line.trim_start().starts_with('-'))
                    .any(words);
                assert_eq!(is_shown, heeded.contains(flag), "{name} {long}:\n{help}");
            }
            let is_repeated = help.contains("to work on; may be given more than once");
            let may_be = heeded.contains(&"package") && !is_about_one(&name);
            assert!(!is_repeated || may_be, "{name}: {help}");
        }
    }

    #[test]
    fn a_completion_script_offers_the_flags_that_a_command_heeds_and_no_others() {
        let mut offered = offered(Cargo::command());
        offered.build();
        for (name, _) in commands() {
            let mut command = offered.find_subcommand("warg").unwrap();
            for word in name.split(' ') {
                command = command.find_subcommand(word).unwrap();
            }
            let ids: Vec<_> = command
                .get_arguments()
                .map(|one| one.get_id().as_str())
                .collect();
            for flag in ALL {
                let is_heeded = heeded(&name).unwrap().contains(flag);
                assert_eq!(ids.contains(flag), is_heeded, "{name} {flag}");
            }
            assert!(ids.contains(&"quiet"), "{name}: {ids:?}");
        }
    }

    #[test]
    fn a_flag_that_is_not_heeded_is_refused_wherever_it_stands() {
        let examples = [
            ("key new", "key new a"),
            ("key list", "key list"),
            ("completions", "completions bash"),
            ("man", "man"),
            ("inspect", "inspect a.wasm"),
            ("init", "init"),
            ("clean", "clean"),
            ("registry new", "registry new r --name r --namespace a=k"),
            ("registry check", "registry check r"),
            ("registry import", "registry import wit --registry r"),
            ("yank", "yank a:b@1.0.0 --reason x"),
            ("verify", "verify"),
            ("vendor", "vendor"),
            ("info", "info a:b"),
            ("self-check", "self-check"),
            ("add", "add a:b"),
            ("remove", "remove a:b"),
        ];
        for (name, line) in examples {
            for flag in ALL {
                let given = match *flag {
                    "package" => "-p a".to_owned(),
                    "manifest_path" => "--manifest-path a".to_owned(),
                    flag => format!("--{flag}"),
                };
                for line in [format!("{given} {line}"), format!("{line} {given}")] {
                    let line = format!("cargo-warg warg {line}");
                    let parsed = shown(Cargo::command()).try_get_matches_from(line.split(' '));
                    let parsed = parsed.unwrap_or_else(|error| panic!("{line}: {error}"));
                    let is_heeded = heeded(name).unwrap().contains(flag);
                    assert_eq!(check(&parsed).is_ok(), is_heeded, "{line}");
                }
            }
        }
    }

    #[test]
    fn one_member_is_named_once() {
        let parse = |line: &str| shown(Cargo::command()).try_get_matches_from(line.split(' '));
        for name in ["add", "remove"] {
            assert!(parse(&format!("cargo-warg warg {name} a:b -p a")).is_ok());
            assert!(parse(&format!("cargo-warg warg {name} a:b -p a -p b")).is_err());
        }
        assert!(parse("cargo-warg warg lock -p a -p b").is_ok());
    }
}
