//! The real binary in a folder of its own, and what it said.
//!
//! ```ignore
//! let sandbox = Sandbox::new();
//! let app = sandbox.cargo_project("app", "");
//! app.warg(&["key", "new", "acme/ci"]).code(0);
//! app.registry("acme", &["acme"]);                     // founded, with a key `acme/ci` that holds the namespace
//! app.write("wit/a.wit", "package acme:a@1.0.0; interface i {}");
//! app.warg(&["publish", "wit"]).code(0);
//! app.warg(&["lock", "--locked"]).code(10).stderr_contains("missing");
//! assert_eq!(app.json(&["lock"])["written"], true);     // held against docs/schemas/message.json
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::schema;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-warg");

/// What the clock says in every run: 25 days behind the beginning of worlds, whose publishers let days pass.
pub(crate) const NOW: &str = "2026-12-17T20:06:00Z";

/// A temporary folder with a home for cargo warg, and cargo projects beside each other. It goes when it is dropped.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cargo-warg-test-")
            .tempdir();
        Self {
            folder: folder.unwrap(),
        }
    }

    /// Its folder, without links in its path.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// A file or folder in it.
    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    /// A library crate in a folder of this name. `extra` is added to its Cargo.toml.
    pub(crate) fn cargo_project(&self, name: &str, extra: &str) -> Project {
        let project = self.folder_project(name);
        project.write(
            "Cargo.toml",
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{extra}"
            ),
        );
        project.write("src/lib.rs", "");
        project
    }

    /// A virtual workspace in a folder of this name, with library crates as its members.
    pub(crate) fn virtual_workspace(&self, name: &str, members: &[&str]) -> Project {
        let project = self.folder_project(name);
        project.write(
            "Cargo.toml",
            format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
        );
        for member in members {
            project.write(
                &format!("{member}/Cargo.toml"),
                format!(
                    "[package]\nname = \"{member}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"
                ),
            );
            project.write(&format!("{member}/src/lib.rs"), "");
        }
        project
    }

    /// A folder from which commands run, with nothing in it.
    pub(crate) fn folder_project(&self, name: &str) -> Project {
        let folder = self.join(name);
        fs::create_dir_all(&folder).unwrap();
        Project {
            folder,
            home: self.join("home"),
        }
    }
}

/// A folder in a sandbox, from which commands run.
#[derive(Clone)]
pub(crate) struct Project {
    folder: PathBuf,
    home: PathBuf,
}

impl Project {
    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The same folder as another user, or on another machine, has it: with another home.
    pub(crate) fn with_home(&self, home: impl Into<PathBuf>) -> Self {
        Self {
            folder: self.folder.clone(),
            home: home.into(),
        }
    }

    /// Another folder of the same user.
    pub(crate) fn in_folder(&self, folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            home: self.home.clone(),
        }
    }

    /// Cache, config and state of cargo warg lie below this folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Adds lines to the end of its Cargo.toml.
    pub(crate) fn append_to_manifest(&self, lines: &str) {
        let manifest = self.read("Cargo.toml");
        self.write("Cargo.toml", format!("{manifest}\n{lines}"));
    }

    /// Reads a text.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.folder.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder.join(path).exists()
    }

    /// `cargo warg …`, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(PROGRAM), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .arg("warg")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_WARG_HOME", &self.home)
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1")
            .env("__CARGO_WARG_TEST_CLOCK", NOW)
            .env_remove("CARGO_WARG_KEY")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_WORKSPACE")
            .env_remove("GITHUB_STEP_SUMMARY")
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // cargo and rustup live in the true home, and are needed for `cargo metadata`.
        if let (Some(home), None) = (std::env::var_os("HOME"), std::env::var_os("CARGO_HOME")) {
            command.env("CARGO_HOME", Path::new(&home).join(".cargo"));
        }
        if let (Some(home), None) = (std::env::var_os("HOME"), std::env::var_os("RUSTUP_HOME")) {
            command.env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
        }
        command.env("HOME", &self.home);
        command
    }

    /// Runs `cargo warg …` to its end.
    #[track_caller]
    pub(crate) fn warg(&self, arguments: &[&str]) -> Said {
        self.run(self.command(arguments), arguments)
    }

    /// The same, with variables in its environment.
    #[track_caller]
    pub(crate) fn warg_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        self.run(command, arguments)
    }

    /// Starts `cargo warg …`; [`Said::of_child`] waits for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// The same, as a program that Ctrl-C ends: where a shell runs the tests in the background, they ignore it, and what they
    /// start would, too.
    pub(crate) fn start_interruptible(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", PROGRAM]);
        self.prepared(command, arguments).spawn().unwrap()
    }

    /// Runs `cargo warg …` with these bytes as its stdin.
    #[track_caller]
    pub(crate) fn warg_stdin(&self, stdin: &[u8], arguments: &[&str]) -> Said {
        use std::io::Write as _;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        self.check(Said::of_child(child, &arguments.join(" ")))
    }

    #[track_caller]
    fn run(&self, mut command: Command, arguments: &[&str]) -> Said {
        let output = command.output().unwrap();
        self.check(Said::new(&output, &arguments.join(" ")))
    }

    /// Runs `cargo warg … --message-format json`, demands success, and gives the one document that it printed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--message-format", "json"]].concat();
        self.warg(&arguments).code(0).document()
    }

    /// Whatever is run, no secret is ever printed; and where JSON is asked for, stdout is what the schema says.
    #[track_caller]
    fn check(&self, said: Said) -> Said {
        if said.line.contains("--message-format json") {
            said.documents();
        }
        said.holds_no_secret(&self.secrets());
        said
    }

    /// The lines of the key file.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.join("config/keys")).unwrap_or_default();
        let keys = text.lines().filter(|line| line.starts_with("PRIVATE+KEY+"));
        keys.map(str::to_owned).collect()
    }

    /// Makes a registry in a folder beside this one, `NAME-registry`, and a key `acme/ci` that holds these namespaces.
    pub(crate) fn registry(&self, name: &str, namespaces: &[&str]) {
        let _ = self.warg(&["key", "new", "acme/ci"]); // it may be there
        let folder = format!("../{name}-registry");
        let mut arguments = vec!["registry", "new", &folder, "--name", name];
        let namespaces: Vec<_> = namespaces
            .iter()
            .map(|name| format!("{name}=acme/ci"))
            .collect();
        for namespace in &namespaces {
            arguments.extend(["--namespace", namespace]);
        }
        self.warg(&arguments).code(0);
    }

    /// Publishes a component that imports and exports what the world `w` of this WIT text says.
    pub(crate) fn publish_component(&self, name: &str, version: &str, wit: &str) -> Said {
        let release = format!("{name}@{version}");
        let file = format!("{}.wasm", release.replace([':', '@'], "-"));
        self.write(&file, fixtures::component::from_wit(wit, "w"));
        self.warg(&["publish", &file, "--as", &release])
    }

    /// Publishes the WIT package that a text declares.
    pub(crate) fn publish_wit(&self, text: &str) -> Said {
        self.write("published.wit", text);
        let said = self.warg(&["publish", "published.wit"]);
        fs::remove_file(self.folder.join("published.wit")).unwrap();
        said
    }
}

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// The command line, for messages.
    line: String,
    /// How it ended; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Data.
    pub(crate) stdout: String,
    /// Everything else.
    pub(crate) stderr: String,
}

impl Said {
    fn new(output: &Output, line: &str) -> Self {
        Self {
            line: line.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Waits for what [`Project::start`] started.
    pub(crate) fn of_child(child: Child, line: &str) -> Self {
        Self::new(&child.wait_with_output().unwrap(), line)
    }

    /// How it ended.
    pub(crate) fn exit_code(&self) -> i32 {
        self.code.unwrap_or_else(|| panic!("a signal: {self}"))
    }

    /// What it printed as JSON, each line held against the schema.
    #[track_caller]
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.stdout.lines().map(schema::document).collect()
    }

    /// The one document that it printed.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        match <[Value; 1]>::try_from(self.documents()) {
            Ok([document]) => document,
            Err(others) => panic!("{} documents in {self}", others.len()),
        }
    }

    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Demands that it failed, however.
    #[track_caller]
    pub(crate) fn code_is_no_success(self) -> Self {
        assert_ne!(self.code, Some(0), "{self}");
        self
    }

    /// Demands a text on stderr.
    #[track_caller]
    pub(crate) fn stderr_contains(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` on stderr of {self}"
        );
        self
    }

    /// Demands just this on stderr.
    #[track_caller]
    pub(crate) fn stderr_is(self, text: &str) -> Self {
        assert_eq!(self.stderr, text, "{self}");
        self
    }

    /// Demands that a text is not on stderr.
    #[track_caller]
    pub(crate) fn stderr_lacks(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "`{text}` on stderr of {self}");
        self
    }

    /// Demands that no part of these lines of a key file is repeated that must not be.
    #[track_caller]
    pub(crate) fn holds_no_secret(&self, secrets: &[String]) {
        for secret in secrets {
            let seed = seed(secret);
            assert!(
                !self.stdout.contains(seed) && !self.stderr.contains(seed),
                "a secret in {self}"
            );
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            line,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "`cargo warg {line}`, which ended with {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}"
        )
    }
}

/// The secret part of a line of a key file, `PRIVATE+KEY+NAME+ID+SEED`.
pub(crate) fn seed(secret: &str) -> &str {
    let seed = secret.splitn(5, '+').nth(4).unwrap();
    assert!(seed.len() > 40, "this is no key");
    seed
}

/// Every file below a folder, by its path from there.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// Copies a folder and all below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Lets a file be run.
pub(crate) fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
