//! README.md is true: its tour runs, from an empty home, as written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_warg::cli::Cargo;
use cargo_warg::error::Class;
use clap::CommandFactory as _;
use fixtures::population::Population;

use crate::user::User;

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

/// The commands of the first screen, and what each is shown to say.
fn first_screen(readme: &str) -> Vec<(&str, Vec<&str>)> {
    let block = readme.split("```console\n").nth(1).unwrap();
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block.split("```").next().unwrap().lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command, Vec::new())),
            None => commands.last_mut().unwrap().1.push(line),
        }
    }
    commands
}

#[test]
fn the_first_screen_runs_from_an_empty_home_with_nothing_but_upstreams() {
    let readme = document("README.md");
    let folder = tempfile::tempdir().unwrap();
    let upstream = Population::light();
    let mut user = User::new(folder.path(), "");
    // What wasm-pkg knows of itself leads out of this machine.
    let config = folder.path().join("home/.config/wasm-pkg");
    fs::create_dir_all(&config).unwrap();
    let text = format!(
        "[namespace_registries]\nwasi = {{ registry = \"up\", metadata = {{ oci = {{ registry = \"{}\", \
         namespacePrefix = \"{}/\" }} }} }}\n",
        upstream.registry.host(),
        fixtures::population::PREFIX
    );
    fs::write(config.join("config.toml"), text).unwrap();
    let commands = first_screen(&readme);
    assert!(commands.len() > 3, "{commands:?}");
    for (command, shown) in commands {
        let said = user.line(command);
        for line in shown {
            // Versions and numbers are those of the real packages.
            let verb = line.split_whitespace().next().unwrap();
            let says = |line: &str| line.split_whitespace().next() == Some(verb);
            assert!(
                said.lines().any(says),
                "`{command}` did not say `{verb}`:\n{said}"
            );
        }
    }
}

#[test]
fn the_tour_runs_as_written() {
    let readme = document("README.md");
    let commands = tour(&readme);
    let folder = tempfile::tempdir().unwrap();
    let mut user = User::new(folder.path(), "tour");
    fixtures::tour::lay_out(&user.folder).unwrap();
    for line in &commands {
        let said = user.line(line);
        let expected = match *line {
            "cargo warg registry import ../wasi --registry wasi" => "60 versions of 7 packages",
            "cargo warg lock --locked" => "Up to date",
            "cargo warg fetch" => "wrote wit/deps",
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
}

#[test]
fn every_command_is_listed_and_no_other() {
    let readme = document("README.md");
    let listed: BTreeSet<&str> = section(&readme, "Commands")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let program = Cargo::command();
    let warg = program.find_subcommand("warg").unwrap();
    let mut commands = BTreeSet::new();
    for command in warg.get_subcommands().filter(|one| !one.is_hide_set()) {
        commands.insert(command.get_name());
        if ["key", "registry"].contains(&command.get_name()) {
            commands.extend(command.get_subcommands().map(clap::Command::get_name));
        }
    }
    assert_eq!(listed, commands);
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
