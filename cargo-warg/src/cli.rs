//! The command line: `cargo warg COMMAND`, which cargo hands over as `cargo-warg warg COMMAND`.
//!
//! Parses, makes the shell, runs the command, and turns its failure into an exit code. What a command does stands in
//! its file of [`crate::commands`].

mod heeded;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};

use anstyle::{AnsiColor, Effects};
use clap::builder::Styles;
use clap::{
    ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use crate::commands::{self, Context};
use crate::dirs::Dirs;
use crate::error::{Class, Error};
use crate::keys::KEY_VARIABLE;
use crate::manifest::{ManifestArgs, Solving};
use crate::message::{Failure, Message};
use crate::network::Network;
use crate::shell::{self, Shell, Verbosity, has_secret};
use component::wit::guard::with_stack;

/// cargo's own colours of help texts.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::BrightGreen.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::BrightGreen.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::BrightCyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::BrightRed.on_default().effects(Effects::BOLD))
    .valid(AnsiColor::BrightCyan.on_default().effects(Effects::BOLD))
    .invalid(AnsiColor::BrightYellow.on_default().effects(Effects::BOLD));

/// What cargo starts: `cargo-warg`, with `warg` as its first argument.
#[derive(Parser)]
#[command(name = "cargo-warg", bin_name = "cargo", version, styles = STYLES)]
#[command(about = "A subcommand of cargo: run `cargo warg`")]
pub struct Cargo {
    #[command(subcommand)]
    warg: CargoSubcommand,
}

#[derive(Subcommand)]
enum CargoSubcommand {
    Warg(Warg),
}

/// Dependencies of WebAssembly components, from verified package logs
#[derive(Args)]
#[command(version, display_name = "cargo-warg", arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 ok, 2 usage, 10 the lock is missing or stale, 11 no solution, 12 unavailable (a retry may help), \
13 refused (a signature, proof, digest or permission failed), 14 misbehavior of a registry (evidence saved), \
101 anything else.")]
pub struct Warg {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: commands::Command,
}

/// The flags of every command.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct GlobalArgs {
    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", display_order = 100)]
    verbose: u8,
    /// Print errors only
    #[arg(short, long, global = true, display_order = 101)]
    quiet: bool,
    /// Coloring
    #[arg(long, global = true, value_name = "WHEN", display_order = 102)]
    color: Option<Color>,
    /// How results are printed: for people, or as JSON, one document a line on stdout
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        hide_default_value = true,
        display_order = 103
    )]
    message_format: MessageFormat,

    /// Package of the workspace to work on; may be given more than once
    #[arg(
        short,
        long,
        global = true,
        value_name = "PACKAGE",
        help_heading = "Package Selection"
    )]
    package: Vec<String>,
    /// Work on all packages of the workspace
    #[arg(long, global = true, help_heading = "Package Selection")]
    workspace: bool,

    /// Path to Cargo.toml
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "Manifest Options"
    )]
    manifest_path: Option<PathBuf>,
    /// Fail if `warg.lock` would change
    #[arg(long, global = true, help_heading = "Manifest Options")]
    locked: bool,
    /// Run without the network
    #[arg(long, global = true, help_heading = "Manifest Options")]
    offline: bool,
    /// The same as both --locked and --offline
    #[arg(long, global = true, help_heading = "Manifest Options")]
    frozen: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MessageFormat {
    Human,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl GlobalArgs {
    fn shell(&self) -> Shell {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, 0) => Verbosity::Normal,
            _ => Verbosity::Verbose,
        };
        let color = match self.color {
            None => shell::Color::from_env(),
            Some(Color::Auto) => shell::Color::Auto,
            Some(Color::Always) => shell::Color::Always,
            Some(Color::Never) => shell::Color::Never,
        };
        Shell::new(verbosity, color)
    }

    fn context(self) -> Context {
        let shell = self.shell();
        Context {
            grammar,
            offered,
            network: Network::new(shell.progress()),
            shell,
            end: AtomicU8::new(0),
            json: self.message_format == MessageFormat::Json,
            locked: self.locked || self.frozen,
            offline: self.offline || self.frozen,
            manifest: ManifestArgs {
                manifest_path: self.manifest_path,
                packages: self.package,
                workspace: self.workspace,
                locked: self.locked || self.frozen,
                offline: self.offline || self.frozen,
                solving: Solving::default(),
            },
        }
    }
}

/// The grammar of all commands. Each shows the flags about a project that it heeds.
pub fn grammar() -> clap::Command {
    heeded::shown(Cargo::command())
}

/// The same for completion scripts.
pub fn offered() -> clap::Command {
    heeded::offered(Cargo::command())
}

/// Runs the command that the arguments name. The first argument is the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    with_stack(|| {
        registry::arena::reserve();
        run_command(arguments)
    })
}

fn run_command(arguments: Vec<OsString>) -> ExitCode {
    let json = asks_for_json(&arguments);
    if arguments
        .iter()
        .any(|one| has_secret(&one.to_string_lossy()))
    {
        let message = "an argument holds a secret key, and no command takes one";
        return refused(
            &Error::new(Class::Usage, message).with_help(format!(
                "what was typed may be in the history of the shell, or in the log of a job: make another key, and let that \
                 one be revoked. Secret keys lie in the key file or in `{KEY_VARIABLE}`, and `--key` takes a key's name"
            )),
            json,
        );
    }
    let mut grammar = grammar();
    let matches = match grammar.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        // Help and versions arrive here too, and go to stdout. A reader that went away is no error.
        Err(error) => {
            let _ = error.print();
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            if json {
                print_json(usage_failure(&error));
            }
            return ExitCode::from(Class::Usage.exit_code());
        }
    };
    if let Err(error) = heeded::check(&matches) {
        return refused(&error, json);
    }
    let CargoSubcommand::Warg(Warg { global, command }) = match Cargo::from_arg_matches(&matches) {
        Ok(cargo) => cargo.warg,
        Err(error) => {
            let _ = error.format(&mut grammar).print();
            return ExitCode::from(Class::Usage.exit_code());
        }
    };
    let context = global.context();
    match command.run(&context) {
        Ok(()) => ExitCode::from(context.end.load(Ordering::Relaxed)),
        Err(error) => {
            let help = Dirs::find().ok().and_then(|dirs| dirs.help(&error));
            let is_told = !error.help().is_empty();
            let error = match help.filter(|_| !is_told) {
                Some(help) => error.with_help(help),
                None => error,
            };
            context.shell.error(&error);
            // Whoever reads JSON has the same there; a stdout that fails too leaves the exit code.
            let _ = context.message(&Message::from(&error));
            ExitCode::from(error.class().exit_code())
        }
    }
}

/// What is wrong with the command line itself.
fn refused(error: &Error, json: bool) -> ExitCode {
    Shell::new(Verbosity::Normal, shell::Color::from_env()).error(error);
    if json {
        print_json(Failure::from(error));
    }
    ExitCode::from(error.class().exit_code())
}

fn print_json(failure: Failure) {
    let shell = Shell::new(Verbosity::Quiet, shell::Color::Never);
    if let Ok(text) = serde_json::to_string(&Message::Error(failure)) {
        let _ = shell.data(shell::clean_json(&text));
    }
}

/// Whether the document of a failure is wanted, of a command line that does not parse.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let mut pairs = arguments.windows(2);
    arguments.iter().any(|one| one == "--message-format=json")
        || pairs.any(|pair| pair == ["--message-format", "json"])
}

/// What clap says, in its parts: what is wrong, then what to do.
fn usage_failure(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let mut parts = text
        .split("\n\n")
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty());
    let message = parts.next().unwrap_or_default();
    Failure {
        code: Class::Usage.exit_code(),
        message: message.trim_start_matches("error: ").to_owned(),
        causes: Vec::new(),
        locations: Vec::new(),
        help: parts.collect(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Warg, clap::Error> {
        let words = line.split(' ').map(OsString::from);
        let CargoSubcommand::Warg(warg) = Cargo::try_parse_from(words)?.warg;
        Ok(warg)
    }

    #[test]
    fn the_grammar_is_sound() {
        Cargo::command().debug_assert();
    }

    /// clap keeps an argument's value under its name, and notices only when it is read that two of them share one.
    #[test]
    fn no_command_has_an_argument_of_the_name_of_a_global_one() {
        let mut cargo = Cargo::command();
        let warg = cargo.find_subcommand_mut("warg").unwrap();
        let global: Vec<_> = warg
            .get_arguments()
            .map(|one| one.get_id().clone())
            .collect();
        let mut commands: Vec<_> = warg.get_subcommands().collect();
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for argument in command.get_arguments() {
                let (name, id) = (command.get_name(), argument.get_id());
                assert!(!global.contains(id), "{name} has an argument `{id}`");
            }
        }
    }

    #[test]
    fn every_command_of_the_tour_parses() {
        for line in [
            "key new acme/ci",
            "key list",
            "init",
            "registry new ../wasi-registry --name wasi --namespace wasi=acme/ci",
            "registry new ../r --name r --namespace a=k1 --namespace b=k2 --origin registry.example/r",
            "registry import ../some/wit/deps ../more --registry wasi",
            "registry check ../wasi-registry",
            "registry clock wasi 2026-11-22T20:06:00Z --yes",
            "publish wit/ --registry wasi",
            "publish logger.wasm --as acme:logger@1.2.0 --key acme/ci --dry-run",
            "add wasi:http@0.2.3 acme:logger",
            "lock",
            "lock --locked",
            "lock --check",
            "lock --at 4711 -o then.lock",
            "lock --at acme=4711 --at wasi=12 -o - --offline",
            "lock -o other.lock",
            "fetch -p app",
            "verify --offline",
            "verify --message-format json",
            "verify --deny yanked --deny silent",
            "sbom -p app -o sbom.cdx.json --allow-stale",
            "sbom app.wasm",
            "tree -p app --depth 2 --kind wit --charset ascii",
            "tree -i wasi:io@0.2 -i wasi:clocks --workspace",
            "tree --duplicates",
            "update",
            "update acme:logger wasi:http@0.2 --recursive -n",
            "update acme:logger --precise 1.2.0 -p app",
            "update --pins --dry-run",
            "remove acme:logger wasi:http",
            "info acme:logger",
            "info acme:logger@1 --offline",
            "outdated --offline --exit-code 1",
            "lock --frozen -vv --manifest-path x/Cargo.toml --workspace --color never",
            "-q lock",
        ] {
            if let Err(error) = parse(&format!("cargo-warg warg {line}")) {
                panic!("cargo warg {line}: {error}");
            }
        }
    }

    #[test]
    fn what_is_not_a_command_is_a_usage_error() {
        for line in [
            "warg",
            "warg lokc",
            "warg lock --what",
            "warg lock --at",
            "warg lock --at acme",
            "warg lock --at acme=",
            "warg lock --at -1",
            "warg lock --at 04",
            "warg lock --at 4 --check",
            "warg lock -q -v",
            "warg add",
            "warg remove",
            "warg update --precise 1.0.0",
            "warg update acme:a --precise 1.0",
            "warg update --recursive",
            "warg update acme:a --recursive --precise 1.0.0",
            "warg update acme:a@^1",
            "warg key",
            "warg registry new",
            "warg publish x.wasm --as acme:logger",
            "warg registry new r --name r --namespace wasi",
            "warg registry import --registry wasi",
            "lock",
        ] {
            let Err(error) = parse(&format!("cargo-warg {line}")) else {
                panic!("{line} was accepted");
            };
            assert!(
                error.use_stderr(),
                "{line}: {error} must be an error, not help"
            );
        }
    }

    #[test]
    fn the_version_is_that_of_the_program_in_every_position() {
        for line in [
            "cargo-warg warg --version",
            "cargo-warg warg -V",
            "cargo-warg --version",
        ] {
            let Err(error) = parse(line) else {
                panic!("{line} was a command");
            };
            let said = error.to_string();
            assert_eq!(
                said,
                format!("cargo-warg {}\n", env!("CARGO_PKG_VERSION")),
                "{line}"
            );
        }
    }

    #[test]
    fn frozen_is_locked_and_offline() {
        let context = parse("cargo-warg warg lock --frozen -p a -p b")
            .unwrap()
            .global
            .context();
        assert!(context.locked && context.offline);
        assert_eq!(context.manifest.packages, ["a", "b"]);
        let context = parse("cargo-warg warg lock").unwrap().global.context();
        assert!(!context.locked && !context.offline);
    }
}
