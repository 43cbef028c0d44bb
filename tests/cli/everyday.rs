//! `docs/everyday.md` is a transcript: its commands run, from an empty home, and say what stands there.
//!
//! `CARGO_WARG_BLESS=1` writes what they say into the page. What differs in every run (keys, times, hashes) is written
//! as `…`.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fixtures::component;

use crate::user::User;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/everyday.md")
}

/// What the publisher releases: name, version, what it requires, the text of its interface, and its world. Where there is
/// no world, it is a WIT package.
const RELEASES: [(&str, &str, &str, &str, &str); 12] = [
    ("log", "1.0.0", "", SINK, ""),
    ("log", "1.1.0", "", SINK, ""),
    ("log", "1.2.0", "", SINK, ""),
    ("log", "2.0.0", "", SINK, ""),
    ("clock", "1.0.0", "", NOW, "export now;"),
    ("clock", "1.1.0", "", NOW, "export now;"),
    ("clock", "2.0.0", "", NOW, "export now;"),
    (
        "logger",
        "1.2.0",
        "1.0",
        "",
        "import acme:clock/now@1.0.0; export acme:log/sink@1.0.0;",
    ),
    (
        "logger",
        "1.2.1",
        "1.0",
        "",
        "import acme:clock/now@1.0.0; export acme:log/sink@1.0.0;",
    ),
    (
        "logger",
        "1.3.0",
        "1.1",
        "",
        "import acme:clock/now@1.1.0; export acme:log/sink@1.1.0;",
    ),
    (
        "audit",
        "0.3.0",
        "=1.0.0",
        "",
        "import acme:clock/now@1.0.0; export trail;",
    ),
    (
        "audit",
        "0.4.0",
        "1.1",
        "",
        "import acme:clock/now@1.1.0; export trail;",
    ),
];

const SINK: &str = "/// Where messages go.\ninterface sink {\n  write: func(line: string);\n}\n";
const NOW: &str = "interface now {\n  get: func() -> u64;\n}\n";
const TRAIL: &str = "interface trail {\n  note: func(line: string);\n}\n";

/// A content as its publisher built it.
fn content(name: &str, version: &str, interface: &str, world: &str) -> Vec<u8> {
    let interface = if name == "audit" { TRAIL } else { interface };
    let mut text = format!("package acme:{name}@{version};\n\n{interface}");
    if world.is_empty() {
        return component::wit_package(&text);
    }
    writeln!(text, "world w {{ {world} }}").unwrap();
    for (foreign, interface) in [("clock/now", NOW), ("log/sink", SINK)] {
        let (package, _) = foreign.split_once('/').unwrap();
        for version in ["1.0.0", "1.1.0"] {
            if package != name && world.contains(&format!("acme:{foreign}@{version}")) {
                writeln!(text, "package acme:{package}@{version} {{\n{interface}}}").unwrap();
            }
        }
    }
    component::from_wit(&text, "w")
}

/// A folder `acme` with a folder for each release, and a folder `shop` with a workspace of two members.
fn lay_out(folder: &Path) {
    let write = |path: &str, contents: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    };
    for (name, version, clock, interface, world) in RELEASES {
        let project = format!("acme/{name}-{version}");
        let requires = match clock {
            "" => String::new(),
            clock => {
                format!("[package.metadata.warg.dependencies]\n\"acme:clock\" = \"{clock}\"\n")
            }
        };
        // A WIT package says its own name; the name of the crate's component would be another one.
        let package = match world {
            "" => String::new(),
            _ => format!("package = \"acme:{name}\"\n"),
        };
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n\
             [package.metadata.warg]\n{package}{requires}\n\
             [workspace]\n[workspace.metadata.warg]\ndefault-registry = \"acme\"\n\
             [workspace.metadata.warg.registries]\n\
             acme = {{ url = \"../../registry\", policy = \"../../shop/trust/acme.policy\" }}\n"
        );
        write(&format!("{project}/Cargo.toml"), manifest.as_bytes());
        write(&format!("{project}/src/lib.rs"), b"");
        let content = content(name, version, interface, world);
        write(&format!("{project}/release.wasm"), &content);
    }
    write(
        "shop/Cargo.toml",
        b"[workspace]\nresolver = \"3\"\nmembers = [\"cart\", \"till\"]\n",
    );
    for member in ["cart", "till"] {
        let manifest =
            format!("[package]\nname = \"{member}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        write(&format!("shop/{member}/Cargo.toml"), manifest.as_bytes());
        write(&format!("shop/{member}/src/lib.rs"), b"");
        let world = format!(
            "package acme:{member}@0.1.0;\n\nworld {member} {{\n  import acme:log/sink@1.0.0;\n}}\n"
        );
        write(&format!("shop/{member}/wit/{member}.wit"), world.as_bytes());
    }
    write("shop/.gitignore", b"target/\nwit/deps/\n");
}

/// Writes what differs in every run as `…`: folders of the run, roots, digests, keys, times.
fn settled(said: &str, folder: &Path) -> String {
    let said = said.replace(&folder.display().to_string(), "~");
    let mut settled = String::with_capacity(said.len());
    let mut rest = said.as_str();
    while let Some(first) = rest.chars().next() {
        let skip = unsettled(rest, settled.chars().next_back());
        if skip > 0 {
            settled.push('…');
            rest = rest.get(skip..).unwrap();
        } else {
            settled.push(first);
            rest = rest.get(first.len_utf8()..).unwrap();
        }
    }
    settled
}

/// How many bytes at the beginning of a text differ in every run.
fn unsettled(text: &str, before: Option<char>) -> usize {
    if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return 0;
    }
    let run = |good: fn(char) -> bool| text.find(|c| !good(c)).unwrap_or(text.len());
    let hex = run(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    let base64 = run(|c| c.is_ascii_alphanumeric() || "+/".contains(c));
    let time = run(|c| c.is_ascii_digit() || "-:TZ".contains(c));
    if base64 >= 40 && text.get(base64..).is_some_and(|rest| rest.starts_with('=')) {
        base64 + 1 + usize::from(text[base64 + 1..].starts_with('='))
    } else if hex == 64 {
        64
    } else if matches!(before, Some('+' | '(')) && hex == 8 {
        8
    } else if before == Some('+') && base64 >= 40 {
        base64
    } else if time == "2026-11-22T20:06:00Z".len() {
        time
    } else {
        0
    }
}

/// The page as it should be: every command followed by what it says now.
fn run(text: &str, user: &mut User, root: &Path) -> String {
    let mut page = String::new();
    let mut console = false;
    for line in text.lines() {
        match (console, line.strip_prefix("$ ")) {
            (false, _) => console = line == "```console",
            (true, None) if line == "```" => console = false,
            (true, None) => continue, // what it said in another run
            (true, Some(command)) => {
                writeln!(page, "{line}").unwrap();
                let merged = match command.strip_prefix("cd ") {
                    Some(_) => command.to_owned(),
                    None => format!("exec 2>&1; {command}"),
                };
                let Some(output) = user.try_line(&merged) else {
                    continue;
                };
                let said = settled(&String::from_utf8_lossy(&output.stdout), root);
                page.push_str(&said);
                if !said.is_empty() && !said.ends_with('\n') {
                    page.push('\n');
                }
                match output.status.code() {
                    Some(0) => {}
                    Some(code) => writeln!(page, "(exit code {code})").unwrap(),
                    None => panic!("`{command}` was ended by a signal"),
                }
                continue;
            }
        }
        writeln!(page, "{line}").unwrap();
    }
    page
}

#[test]
fn the_transcript_is_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let mut user = User::new(&root, "home/shop");
    let home = root.join("home");
    lay_out(&home);
    fs::write(
        home.join(".gitconfig"),
        "[user]\n\tname = Shop\n\temail = shop@example.com\n[init]\n\tdefaultBranch = main\n[advice]\n\tmergeConflict = false\n",
    )
    .unwrap();
    let text = fs::read_to_string(page()).unwrap();
    let now = run(&text, &mut user, &home);
    if env::var_os("CARGO_WARG_BLESS").is_some() {
        fs::write(page(), &now).unwrap();
        return;
    }
    snapbox::assert_data_eq!(now, snapbox::Data::text(text).raw());
}
