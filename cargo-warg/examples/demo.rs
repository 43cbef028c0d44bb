//! The main job, from nothing: a registry of WASI is made of the WIT that crates of cargo's registry ship; then an app
//! that includes `wasi:http/proxy` is locked, fetched and verified, and what was proved is printed.
//!
//! Runs the real binary in `target/demo/`, which each run makes anew; keys, cache and trust store lie there too.

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program of its own")]
fn demo() -> Result<()> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let programs = programs(&sources)?;
    let folder = programs.parent().unwrap_or(&programs).join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let app = folder.join("app");
    copy(&sources.join("fixtures/app"), &app)?;
    let shell = Shell {
        path: search_path(&programs)?,
        home: folder.join("home"),
        app: app.clone(),
    };

    println!("\nA registry of WASI, from the crates that ship its WIT:");
    shell.run(&["key", "new", "demo/ci"])?;
    shell.run(&[
        "registry",
        "new",
        "../registry",
        "--name",
        "wasi",
        "--namespace",
        "wasi=demo/ci",
    ])?;
    let wit = fixtures::wasi::folders()?;
    let mut import = vec![OsStr::new("registry"), OsStr::new("import")];
    import.extend(wit.iter().map(|folder| folder.as_os_str()));
    import.extend([OsStr::new("--registry"), OsStr::new("wasi")]);
    shell.run(&import)?;

    println!(
        "\nAn app that includes wasi:http/proxy@0.2.3, in {}:",
        app.display()
    );
    shell.run(&["lock"])?;
    shell.run(&["fetch", "--locked"])?;
    shell.run(&["verify"])?;
    shell.run(&["verify", "--offline"])?;
    shell.run(&["lock", "--locked"])?;

    println!("\nThe whole registry, replayed from its first entry:");
    shell.run(&["registry", "check", "wasi"])?;

    println!(
        "\nProved, by signatures and hashes that start at {}:\n\
         - which releases of WASI there are, and that none was hidden: each package log whole, up to the head in the map\n\
         - that `warg.lock` names releases of these logs, each in the log where it says, and when: its checkpoint is a\n  \
           prefix of the one that is trusted now\n\
         - that every fetched byte, and every file of `wit/deps`, is what those records say; offline too\n\
         - that the registry is what its log says, entry by entry, map by map, file by file",
        app.join("trust/wasi.policy").display()
    );
    Ok(())
}

/// Builds the program that a user installs, and returns the folder it is in. The example is named too, so that cargo
/// takes the same features, and with them what it built for this example.
fn programs(sources: &Path) -> Result<PathBuf> {
    let example = env::current_exe()?;
    let folder = example
        .ancestors()
        .nth(2)
        .ok_or("an example lies in target/PROFILE/examples")?;
    let mut cargo = Command::new(cargo());
    cargo.current_dir(sources);
    cargo.args([
        "build",
        "--quiet",
        "--bin",
        "cargo-warg",
        "--example",
        "demo",
    ]);
    if folder.file_name() == Some(OsStr::new("release")) {
        cargo.arg("--release");
    }
    if cargo.status()?.success() {
        Ok(folder.to_owned())
    } else {
        Err("cargo-warg does not build".into())
    }
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// As if `cargo-warg` were installed.
fn search_path(programs: &Path) -> Result<OsString> {
    let mut folders = vec![programs.to_owned()];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    Ok(env::join_paths(folders)?)
}

struct Shell {
    path: OsString,
    home: PathBuf,
    app: PathBuf,
}

impl Shell {
    /// Runs `cargo warg …` in the app, with its output on the terminal.
    #[expect(clippy::print_stdout, reason = "a program of its own")]
    fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<()> {
        let words: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let shown = match shown.as_slice() {
            [first, second, .., last] if shown.len() > 10 => {
                format!(
                    "{first} {second} (folders of {} crates) --registry {last}",
                    shown.len() - 4
                )
            }
            all => all.join(" "),
        };
        println!("\n$ cargo warg {shown}");
        let started = Instant::now();
        let mut cargo = Command::new(cargo());
        cargo.arg("warg").args(&words).current_dir(&self.app);
        cargo.env("PATH", &self.path);
        cargo.env("CARGO_WARG_HOME", &self.home);
        cargo.env_remove("CARGO_WARG_KEY");
        let status = cargo.status()?;
        println!("  ({} ms)", started.elapsed().as_millis());
        if status.success() {
            return Ok(());
        }
        Err(format!("`cargo warg {shown}` ended with {status}").into())
    }
}

/// Copies what git keeps of the example: no build, and nothing that `fetch` wrote.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "target" || name == "deps" {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
