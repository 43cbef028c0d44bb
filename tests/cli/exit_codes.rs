//! The table of docs/exit-codes.md: in each situation each command ends as it says there.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use fixtures::component::from_wit;

use crate::support::{Project, Sandbox, copy, files};

const PAGE: &str = include_str!("../../docs/exit-codes.md");

const CLOCK: &str =
    "package acme:clock@1.0.0;\ninterface now { get: func() -> u64; }\nworld w { export now; }\n";

/// An app with a key, a registry in a folder beside it, and what it depends on fetched.
fn prepared() -> (Sandbox, Project) {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.publish_component("acme:clock", "1.0.0", CLOCK).code(0);
    let spare = CLOCK.replace("clock", "spare");
    app.publish_component("acme:spare", "1.0.0", &spare).code(0);
    app.write("next.wasm", from_wit(&CLOCK.replace("now", "then"), "w"));
    app.append_to_manifest("[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n");
    app.warg(&["fetch"]).code(0);
    (sandbox, app)
}

/// A situation: what is done to a prepared project, and what becomes of a command's line.
struct Situation {
    name: &'static str,
    arrange: fn(&Sandbox, &Project),
    line: fn(Vec<String>) -> Vec<String>,
}

fn as_it_is(line: Vec<String>) -> Vec<String> {
    line
}

fn with(line: Vec<String>, flags: &[&str]) -> Vec<String> {
    let flags = flags.iter().map(|&flag| flag.to_owned());
    line.into_iter().chain(flags).collect()
}

fn renamed(line: Vec<String>, from: &str, to: &str) -> Vec<String> {
    line.into_iter()
        .map(|word| word.replace(from, to))
        .collect()
}

fn require(app: &Project, from: &str, to: &str) {
    let manifest = app.read("Cargo.toml");
    assert!(manifest.contains(from), "{manifest}");
    app.write("Cargo.toml", manifest.replace(from, to));
}

/// One requirement more, so that the lock has to change.
fn require_more(app: &Project) {
    let clock = "\"acme:clock\" = \"1\"\n";
    require(app, clock, &format!("{clock}\"acme:spare\" = \"=1.0.0\"\n"));
}

fn protect(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o444)).unwrap();
}

const SITUATIONS: &[Situation] = &[
    Situation {
        name: "all is well",
        arrange: |_, _| (),
        line: as_it_is,
    },
    Situation {
        name: "no such flag",
        arrange: |_, _| (),
        line: |line| with(line, &["--what"]),
    },
    Situation {
        name: "no such member",
        arrange: |_, _| (),
        line: |line| with(line, &["-p", "nosuch"]),
    },
    Situation {
        name: "no lock, and `--locked`",
        arrange: |_, app| fs::remove_file(app.path().join("warg.lock")).unwrap(),
        line: |line| with(line, &["--locked"]),
    },
    Situation {
        name: "no such version",
        arrange: |_, app| {
            require(app, "\"acme:clock\" = \"1\"", "\"acme:clock\" = \"9\"");
        },
        line: |line| {
            let line = renamed(line, "acme:clock@1.0.0", "acme:clock@9.0.0");
            let line = renamed(line, "acme:spare", "acme:spare@9");
            let versioned = |word: String| match word.as_str() {
                "acme:clock" => "acme:clock@9".to_owned(),
                _ => word,
            };
            line.into_iter().map(versioned).collect()
        },
    },
    Situation {
        name: "no such package",
        arrange: |_, app| require(app, "\"acme:clock\" =", "\"acme:nobody\" ="),
        line: |line| {
            let line = renamed(line, "acme:clock", "acme:nobody");
            renamed(line, "acme:spare", "acme:nothing")
        },
    },
    Situation {
        name: "the registry is gone",
        arrange: |sandbox, _| fs::remove_dir_all(sandbox.join("acme-registry")).unwrap(),
        line: as_it_is,
    },
    Situation {
        name: "a file that may not be written",
        arrange: |sandbox, app| {
            require_more(app);
            protect(&app.path().join("warg.lock"));
            protect(&app.path().join("Cargo.toml"));
            protect(&sandbox.join("acme-registry/checkpoint"));
        },
        line: |line| renamed(line, "acme:spare", "acme:spare@1"),
    },
    Situation {
        name: "a disk that is full",
        arrange: |_, app| {
            fs::remove_dir_all(app.home().join("cache")).unwrap();
            fs::remove_dir_all(app.home().join("state")).unwrap();
        },
        // A lock that is current is not written.
        line: |line| match line.as_slice() {
            [lock] if lock == "lock" => with(line, &["-o", "other.lock"]),
            _ => line,
        },
    },
    Situation {
        name: "a content was changed",
        arrange: |sandbox, app| {
            fs::remove_dir_all(app.home().join("cache")).unwrap();
            let folder = sandbox.join("acme-registry/content");
            for (path, mut bytes) in files(&folder) {
                bytes.push(0);
                fs::write(folder.join(path), bytes).unwrap();
            }
        },
        line: as_it_is,
    },
    Situation {
        name: "the registry contradicts itself",
        arrange: |sandbox, app| {
            // Its keys sign two pasts: this machine saw the one, and reads the other.
            let folder = sandbox.join("acme-registry");
            let aside = sandbox.join("aside");
            copy(&folder, &aside);
            let other = app.with_home(sandbox.join("other-home"));
            copy(&app.home().join("config"), &other.home().join("config"));
            let keys = other.home().join("config/keys");
            fs::set_permissions(keys, Permissions::from_mode(0o600)).unwrap();
            app.publish_wit("package acme:one@1.0.0;\ninterface i {}\n")
                .code(0);
            fs::remove_dir_all(&folder).unwrap();
            copy(&aside, &folder);
            for name in ["two", "three"] {
                let text = format!("package acme:{name}@1.0.0;\ninterface i {{}}\n");
                other.publish_wit(&text).code(0);
            }
        },
        line: as_it_is,
    },
];

/// The words of a command of the table's head.
fn line_of(command: &str) -> Vec<String> {
    let words: &[&str] = match command {
        "lock" => &["lock"],
        "fetch" => &["fetch"],
        "verify" => &["verify"],
        "verify NAME@V" => &["verify", "acme:clock@1.0.0"],
        "info" => &["info", "acme:clock"],
        "add" => &["add", "acme:spare"],
        "publish" => &["publish", "next.wasm", "--as", "acme:next@1.0.0"],
        "yank" => &["yank", "acme:clock@1.0.0", "--reason", "slow"],
        other => panic!("the table has a command `{other}`"),
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The cells of the table's lines.
fn table() -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let lines = PAGE.lines().filter(|line| line.starts_with("| "));
    lines.map(cells).collect()
}

/// The line, where no file can get a byte more. (A write beyond the limit fails, where the signal for it is ignored.)
fn on_a_full_disk(app: &Project, line: &[&str]) -> Command {
    let command = app.command(line);
    let mut full = Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(app.path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => full.env(name, value),
            None => full.env_remove(name),
        };
    }
    full
}

#[test]
fn each_command_ends_as_the_table_says() {
    let table = table();
    let (head, rows) = table.split_first().unwrap();
    let named: Vec<_> = rows.iter().map(|row| row[0].as_str()).collect();
    let known: Vec<_> = SITUATIONS.iter().map(|one| one.name).collect();
    assert_eq!(named, known, "the rows of docs/exit-codes.md");
    let (template, _) = prepared();
    let mut wrong = Vec::new();
    for (situation, row) in SITUATIONS.iter().zip(rows) {
        assert_eq!(row.len(), head.len(), "{}", situation.name);
        for (command, code) in head.iter().zip(row).skip(1) {
            let command = command.trim_matches('`');
            let Ok(code) = code.parse::<i32>() else {
                assert_eq!(code, "·", "{}, {command}", situation.name);
                continue;
            };
            let sandbox = Sandbox::new();
            copy(&template.path(), &sandbox.path());
            let keys = sandbox.join("home/config/keys");
            fs::set_permissions(keys, Permissions::from_mode(0o600)).unwrap();
            let app = sandbox.folder_project("app");
            (situation.arrange)(&sandbox, &app);
            let line = (situation.line)(line_of(command));
            let line: Vec<_> = line.iter().map(String::as_str).collect();
            let (is, said) = if situation.name == "a disk that is full" {
                let output = on_a_full_disk(&app, &line).output().unwrap();
                (
                    output.status.code(),
                    "nothing: that cannot be written either".to_owned(),
                )
            } else {
                let said = app.warg(&line);
                (said.code, said.stderr)
            };
            if is != Some(code) {
                let line = line.join(" ");
                let name = situation.name;
                wrong.push(format!("{name}: `{line}`: {is:?}, not {code}\n{said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
