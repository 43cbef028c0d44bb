//! Where a case is played: a project of its own, beside a registry that all of them read.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::Case;
use crate::story::{self, Registry};
use crate::support::{Project, Said, Sandbox, copy};

/// A stocked registry, made once, and a folder of another.
struct Shared {
    _sandbox: Sandbox,
    acme: PathBuf,
    policy: String,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    Shared {
        acme: registry.folder.clone(),
        policy: registry.world.policy_text(),
        _sandbox: sandbox,
    }
});

/// A published registry with its keys: for those who write.
static FOUNDED: LazyLock<(Sandbox, Project)> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.write("logger.wasm", fixtures::component::from_wit(LOGGER, "w"));
    app.warg(&["publish", "logger.wasm", "--as", "acme:logger@1.0.0"])
        .code(0);
    (sandbox, app)
});

/// A component that exports an interface.
pub(super) const LOGGER: &str = "package acme:logger@1.0.0;\ninterface api { log: func(line: string); }\nworld w { export api; }\n";

/// A project whose manifest has the shared registry as its default, and no dependencies.
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) app: Project,
    pub(super) title: &'static str,
}

impl Stage {
    pub(super) fn new(title: &'static str) -> Self {
        let sandbox = Sandbox::new();
        let app = sandbox.cargo_project("app", "");
        copy(&SHARED.acme, &sandbox.join("acme-registry"));
        app.write("trust/acme.policy", &SHARED.policy);
        app.append_to_manifest(
            "[package.metadata.warg]\ndefault-registry = \"acme\"\n\
             [package.metadata.warg.registries]\n\
             acme = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }",
        );
        Self {
            sandbox,
            app,
            title,
        }
    }

    /// Adds lines to the manifest.
    pub(super) fn manifest(&self, lines: &str) -> &Self {
        self.app.append_to_manifest(lines);
        self
    }

    /// A component dependency, as a line of its table.
    pub(super) fn depends(&self, line: &str) -> &Self {
        self.manifest(&format!("[package.metadata.warg.dependencies]\n{line}"))
    }

    /// A manifest that has just these lines beside cargo's.
    pub(super) fn only(&self, lines: &str) -> &Self {
        self.write(
            "Cargo.toml",
            format!(
                "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{lines}\n"
            ),
        )
    }

    /// Writes a file of the project.
    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        self.app.write(path, text);
        self
    }

    /// Makes a link in the project.
    #[cfg(unix)]
    pub(super) fn link(&self, path: &str, to: &str) -> &Self {
        std::os::unix::fs::symlink(to, self.app.path().join(path)).unwrap();
        self
    }

    /// The project's `wit/world.wit`.
    pub(super) fn world(&self, items: &str) -> &Self {
        self.write(
            "wit/world.wit",
            format!("package example:app@0.1.0;\n\nworld app {{\n{items}}}\n"),
        )
    }

    /// Puts another text for one in a file of the project.
    pub(super) fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let text = self.app.read(path);
        assert!(text.contains(from), "{}: no {from:?} in {text}", self.title);
        self.write(path, text.replacen(from, to, 1))
    }

    /// Runs a command that must succeed.
    pub(super) fn does(&self, arguments: &[&str]) -> &Self {
        self.app.warg(arguments).code(0);
        self
    }

    /// A user with keys, and a registry that may be written to, instead of the shared one.
    pub(super) fn founded(&self) -> &Self {
        let (from, app) = &*FOUNDED;
        fs::remove_dir_all(self.sandbox.path().join("acme-registry")).unwrap();
        copy(&from.path(), &self.sandbox.path());
        let keys = self.sandbox.join("home/config/keys");
        let permissions = fs::metadata(app.home().join("config/keys"))
            .unwrap()
            .permissions();
        fs::set_permissions(keys, permissions).unwrap();
        self
    }

    /// The shared registry once more, with an operator and a publisher who can go on.
    pub(super) fn registry(&self) -> Registry {
        fs::remove_dir_all(self.sandbox.join("acme-registry")).unwrap();
        story::stocked(&self.sandbox)
    }

    /// Runs the command that fails.
    pub(super) fn fails(&self, code: i32, arguments: &[&str]) -> Shown {
        self.fails_with(code, &[], arguments)
    }

    /// The same, with variables in its environment.
    pub(super) fn fails_with(
        &self,
        code: i32,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Shown {
        let said = self.app.warg_with(variables, arguments);
        self.shown(code, &said, &arguments.join(" "))
    }

    /// What a run said.
    pub(super) fn shown(&self, code: i32, said: &Said, line: &str) -> Shown {
        assert_eq!(
            said.code,
            Some(code),
            "{}: cargo warg {line}\n{said}",
            self.title
        );
        assert!(!said.stderr.contains("panicked"), "{said}");
        let error = said.stderr.find("error: ").unwrap_or(0);
        Shown {
            code,
            line: line.to_owned(),
            said: self.plain(&said.stderr[error..]),
            mended: None,
        }
    }

    fn plain(&self, text: &str) -> String {
        plain(text, &self.sandbox)
    }
}

/// The text as it is in every run: without the sandbox's path, keys and hashes.
pub(crate) fn plain(text: &str, sandbox: &Sandbox) -> String {
    let text = text.replace(&sandbox.path().display().to_string(), "/w");
    // A registry that was founded here has sixteen random digits in its origin, and its keys differ.
    let words = text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | '`' | ';'));
    words
        .map(without_key)
        .map(|word| without_hashes(&word))
        .collect()
}

/// `acme/ci+5b9a3c1e+AZx…` as `acme/ci+…`.
fn without_key(word: &str) -> String {
    let mut parts = word.splitn(3, '+');
    let (name, id, key) = (parts.next(), parts.next(), parts.next());
    match (name, id, key) {
        (Some(name), Some(id), Some(key))
            if id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            let end = key.trim_end_matches(|c: char| {
                !c.is_ascii_alphanumeric() && !matches!(c, '=' | '/' | '+')
            });
            format!("{name}+…{}", &key[end.len()..])
        }
        _ => word.to_owned(),
    }
}

/// Hashes in hexadecimal, the digits of a random origin, and the names of temporary files, as `…`.
fn without_hashes(word: &str) -> String {
    let mut plain = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let is_personal = plain.ends_with("personal/") || plain.ends_with("personal-");
        let is_random = is_personal
            || rest
                .get(digits..)
                .is_some_and(|end| end.starts_with(".local"));
        let random = digits == 16 && is_random;
        let temporary = rest.strip_prefix(".tmp").filter(|rest| rest.len() >= 6);
        if let Some(name) = temporary {
            plain.push_str(".tmp…");
            rest = &name[6..];
        } else if digits >= 40 || random {
            plain.push('…');
            rest = &rest[digits..];
        } else {
            let step = digits.max(first.len_utf8());
            plain.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    plain
}

/// What a case showed.
pub(super) struct Shown {
    pub(super) code: i32,
    pub(super) line: String,
    pub(super) said: String,
    mended: Option<&'static str>,
}

impl Shown {
    /// Does what the help says, and demands that the command then succeeds.
    pub(super) fn mended(
        mut self,
        stage: &Stage,
        how: &'static str,
        mend: impl FnOnce(&Stage),
    ) -> Self {
        let title = stage.title;
        assert!(self.said.contains("help: "), "{title}: {}", self.said);
        mend(stage);
        let arguments: Vec<&str> = self.line.split(' ').collect();
        let said = stage.app.warg(&arguments);
        assert_eq!(said.code, Some(0), "{title}: {how} did not help: {said}");
        self.mended = Some(how);
        self
    }

    /// Runs the command that the help names, and demands that the one that failed then succeeds.
    pub(super) fn mended_by(self, stage: &Stage, line: &'static str) -> Self {
        let named = format!("`cargo warg {line}`");
        assert!(
            self.said.contains(&named),
            "{}: no {named} in {}",
            stage.title,
            self.said
        );
        self.mended(stage, "what it names was run", |stage| {
            stage.does(&line.split(' ').collect::<Vec<_>>());
        })
    }

    /// The same with one text for another, which differs with each run.
    pub(super) fn with(mut self, from: &str, to: &str) -> Self {
        self.said = self.said.replace(from, to);
        self.line = self.line.replace(from, to);
        self
    }

    /// Its section of a page.
    pub(super) fn section(&self, case: &Case) -> String {
        let mended = self
            .mended
            .map_or_else(String::new, |how| format!(" Mended: {how}."));
        format!(
            "\n## {}\n\nExit code {}.{mended}\n\n```text\n$ cargo warg {}\n{}```\n",
            case.title, self.code, self.line, self.said
        )
    }
}
