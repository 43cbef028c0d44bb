//! README.md is true: its tour runs, from an empty home, as written.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_warg::cli::Cargo;
use cargo_warg::error::Class;
use clap::CommandFactory as _;

fn document(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text between a heading and the next one of its rank.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, rest) = text
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no `## {heading}`"));
    rest.split("\n## ").next().unwrap()
}

/// The commands of the tour: the lines of its console blocks that start with a prompt.
fn tour(readme: &str) -> Vec<&str> {
    let blocks = section(readme, "Tour").split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines
        .map(|line| {
            line.strip_prefix("$ ")
                .unwrap_or_else(|| panic!("`{line}` of the tour is no command"))
        })
        .collect()
}

/// What a user has who just installed Rust and cargo warg: an empty home, and `cargo-warg` in the path.
struct User {
    home: PathBuf,
    path: OsString,
    folder: PathBuf,
}

impl User {
    fn new(folder: &Path) -> Self {
        let programs = Path::new(env!("CARGO_BIN_EXE_cargo-warg"))
            .parent()
            .unwrap();
        let mut path = vec![programs.to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let home = folder.join("home");
        fs::create_dir(&home).unwrap();
        Self {
            home,
            path: env::join_paths(path).unwrap(),
            folder: folder.join("tour"),
        }
    }

    /// Runs one line of the tour, which must succeed; returns what it said.
    fn run(&mut self, line: &str) -> String {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder.push(folder);
            return String::new();
        }
        let true_home = PathBuf::from(env::var_os("HOME").unwrap());
        let toolchain = |variable: &str, folder: &str| {
            env::var_os(variable).map_or_else(|| true_home.join(folder), PathBuf::from)
        };
        let output = Command::new("sh")
            .args(["-e", "-c", line])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .env("CARGO_HOME", toolchain("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", toolchain("RUSTUP_HOME", ".rustup"))
            .env("HOME", &self.home)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("CARGO_WARG_HOME")
            .env_remove("CARGO_WARG_KEY")
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "`{line}` ended with {}:\n{said}",
            output.status
        );
        said
    }
}

#[test]
fn the_tour_runs_as_written() {
    let readme = document("README.md");
    let commands = tour(&readme);
    let folder = tempfile::tempdir().unwrap();
    let mut user = User::new(folder.path());
    fixtures::tour::lay_out(&user.folder).unwrap();
    for line in &commands {
        let said = user.run(line);
        let expected = match *line {
            "cargo warg registry import ../wasi --registry wasi" => "60 versions of 7 packages",
            "cargo warg lock --locked" => "Up to date",
            "cargo warg fetch" => "Wrote wit/deps",
            "cargo warg verify" | "cargo warg verify --offline" => "9 packages, 9 contents",
            "cargo warg registry check ../wasi-registry" => "61 records and 2 maps",
            _ => continue,
        };
        assert!(
            said.contains(expected),
            "`{line}` did not say `{expected}`, but\n{said}"
        );
    }
    let http = user.folder.join("wit/deps/wasi-http-0.2.3/package.wit");
    assert!(http.is_file(), "the tour ends with wit/deps in place");

    // Every command has its place in the tour.
    let program = Cargo::command();
    let warg = program.find_subcommand("warg").unwrap();
    for command in warg.get_subcommands() {
        let shown = format!("cargo warg {}", command.get_name());
        assert!(
            commands.iter().any(|line| line.starts_with(&shown)),
            "`{shown}` is not in the tour"
        );
    }
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let readme = document("README.md");
    let rows: Vec<u8> = section(&readme, "Exit codes")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let codes = Class::ALL.map(Class::exit_code);
    let codes: Vec<u8> = [0].into_iter().chain(codes).collect();
    assert_eq!(rows, codes);
}

#[test]
fn the_locks_example_is_a_lock() {
    let text = document("docs/lockfile.md");
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    if let Err(error) = example.parse::<resolver::Lockfile>() {
        panic!("the example of docs/lockfile.md: {error}");
    }
}
