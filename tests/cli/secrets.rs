//! What is never printed: a user's tokens, and lines of files that a project only leads to.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

const WORLD: &str = "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n";
/// With what annotations and Markdown write in other ways.
const TOKEN: &str = "Q7zx-Wvut_Yh%%J";

/// Commands that read what a project names.
const COMMANDS: &[&[&str]] = &[
    &["lock"],
    &["lock", "--locked"],
    &["fetch"],
    &["vendor"],
    &["verify"],
    &["update"],
    &["outdated"],
    &["tree"],
    &["sbom"],
    &["info", "acme:clock"],
    &["add", "acme:logger"],
    &["remove", "acme:clock"],
    &["publish", "wit"],
    &["registry", "import", "wit", "--registry", "acme"],
    &["self-check"],
];

/// How a project leads to a file of its user.
type Trap = (&'static str, fn(&Project, &Path));

fn link(app: &Project, from: &str, to: &Path) {
    let from = app.path().join(from);
    let _ = fs::remove_file(&from);
    symlink(to, from).unwrap();
}

const TRAPS: &[Trap] = &[
    ("the policy", |app, file| {
        let named = format!("policy = \"{}\"", file.display());
        let manifest = app.read("Cargo.toml");
        app.write(
            "Cargo.toml",
            manifest.replace("policy = \"trust/acme.policy\"", &named),
        );
    }),
    ("a link in the policy's place", |app, file| {
        link(app, "trust/acme.policy", file);
    }),
    ("a link among the texts", |app, file| {
        link(app, "wit/more.wit", file);
    }),
    ("a link in the lock's place", |app, file| {
        link(app, "warg.lock", file);
    }),
    ("a path dependency", |app, file| {
        app.append_to_manifest(&format!(
            "[package.metadata.warg.wit-dependencies]\n\"acme:other\" = {{ path = \"{}\" }}\n",
            file.parent().unwrap().display()
        ));
    }),
];

fn app(registry: &Registry, sandbox: &Sandbox, name: &str) -> Project {
    let dependencies = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n";
    let app = registry.app(sandbox, name, dependencies);
    app.write("wit/world.wit", WORLD);
    app.warg(&["lock"]).code(0);
    app
}

#[test]
fn no_line_is_shown_of_a_file_that_a_project_only_leads_to() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let file = sandbox.join("of-the-user/notes.wit");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, "interface i { func what-nobody-else-knows }\n").unwrap();
    for (number, (trap, lead)) in TRAPS.iter().enumerate() {
        let app = app(&registry, &sandbox, &format!("app{number}"));
        lead(&app, &file);
        let mut failed = 0;
        for command in COMMANDS {
            let said = app.warg(command);
            failed += usize::from(said.exit_code() != 0);
            let all = format!("{}{}", said.stdout, said.stderr);
            assert!(!all.contains("nobody-else"), "{trap}, {command:?}: {said}");
        }
        assert!(failed > 5, "{trap} is read");
    }
}

#[test]
fn lines_are_shown_of_what_lies_in_the_project_and_of_what_a_command_is_told_to_read() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    app.write("texts/more.wit", "interface i { func of-the-project }\n");
    link(&app, "wit/more.wit", &app.path().join("texts/more.wit"));
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("1 | interface i { func of-the-project }");
    fs::create_dir(sandbox.join("told")).unwrap();
    fs::rename(
        app.path().join("texts/more.wit"),
        sandbox.join("told/more.wit"),
    )
    .unwrap();
    fs::remove_file(app.path().join("wit/more.wit")).unwrap();
    for folder in ["../told", "../../told"] {
        let app = match folder {
            "../told" => app.clone(),
            _ => app.in_folder(app.path().join("wit")),
        };
        app.warg(&["publish", folder])
            .code_is_no_success()
            .stderr_contains("1 | interface i { func of-the-project }");
    }
}

#[test]
fn a_token_is_printed_nowhere_wherever_it_stands() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = app(&registry, &sandbox, "app");
    let line = format!("https://registry.example/x {TOKEN}\n");
    let tokens = app.home().join("config/tokens");
    app.write("summary.md", "");
    app.write("wit/more.wit", format!("interface i {{ f: {TOKEN} }}\n"));
    let manifest = app.read("Cargo.toml");
    let summary = app.path().join("summary.md").display().to_string();
    let on_github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
    ];
    for in_file in [true, false] {
        let mut variables = on_github.to_vec();
        if in_file {
            fs::create_dir_all(tokens.parent().unwrap()).unwrap();
            fs::write(&tokens, &line).unwrap();
            fs::set_permissions(&tokens, Permissions::from_mode(0o600)).unwrap();
        } else {
            fs::remove_file(&tokens).unwrap();
            variables.push(("CARGO_WARG_TOKENS", line.as_str()));
        }
        for key in ["wit", "package", "no-such-key"] {
            let table = format!("{manifest}\n[package.metadata.warg]\n{key} = \"{TOKEN}\"\n");
            app.write("Cargo.toml", table);
            for command in [&["lock", "--message-format", "json"][..], &["verify"]] {
                let said = app.warg_with(&variables, command).code_is_no_success();
                let all = format!("{}{}{}", said.stdout, said.stderr, app.read("summary.md"));
                for part in ["Q7zx", "Wvut"] {
                    assert!(!all.contains(part), "{key}, {command:?}: {said}\n{all}");
                }
            }
        }
        app.write("Cargo.toml", &manifest);
        let said = app.warg_with(&variables, &["verify"]).code_is_no_success();
        assert!(said.stderr.contains("interface i { f: ****"), "{said}");
    }
}
