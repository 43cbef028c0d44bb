//! `cargo warg verify` in pipelines: what a job log shows, what is denied, and what the forge is told.

use resolver::lockfile::Lockfile;
use transparency::digest::Digest;
use transparency::operator;
use transparency::selection::Selection;

use crate::story::{self, fetched};
use crate::support::{Project, Said, Sandbox};

/// The line of warg.lock that names a package, counted from 1.
fn line_of(app: &Project, name: &str) -> usize {
    let lock = app.read("warg.lock");
    let wanted = format!("name = \"{name}\"");
    lock.lines().position(|line| line == wanted).unwrap() + 1
}

#[test]
fn yanked_since_is_a_warning_with_its_line_and_an_error_where_it_is_denied() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    app.warg(&["verify", "--deny", "yanked", "--deny", "warnings"])
        .code(0);
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    registry.world.yank("acme:io", "1.0.1", "it leaks");
    let (clock, io) = (line_of(&app, "acme:clock"), line_of(&app, "acme:io"));
    let said = app.warg(&["verify"]).code(0);
    let shown = |line: usize, name: &str| {
        let column = " ".repeat(line.to_string().len());
        let named = format!("name = \"{name}\"");
        let under = "^".repeat(named.len());
        format!(
            "{column}--> warg.lock:{line}:1\n{column} |\n{line} | {named}\n{column} | {under}\n\n\
             help: `cargo warg update {name}` moves off it, where another release will do; `cargo warg outdated` says what \
             holds it\n"
        )
    };
    let end = format!(
        "    Verified warg.lock: 4 packages, 4 contents, and 3 files of wit/deps\n\
         warning: acme:clock@1.1.0 is yanked: it is slow\n{}\
         warning: acme:io@1.0.1 is yanked: it leaks\n{}",
        shown(clock, "acme:clock"),
        shown(io, "acme:io")
    );
    assert!(said.stderr.ends_with(&end), "{said}");
    let document = app.json(&["verify"]);
    let notices = document["notices"].as_array().unwrap();
    let [first, second] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert_eq!(
        (&first["kind"], &first["level"]),
        (&"yanked".into(), &"warning".into())
    );
    assert_eq!(first["package"], "acme:clock");
    assert_eq!(first["version"], "1.1.0");
    assert_eq!(first["message"], "acme:clock@1.1.0 is yanked: it is slow");
    assert_eq!(first["locations"][0]["file"], "warg.lock");
    assert_eq!(first["locations"][0]["line"], clock);
    assert_eq!(second["package"], "acme:io");
    for deny in ["yanked", "warnings"] {
        let said = app.warg(&["verify", "--deny", deny]).code(10);
        let said = said
            .stderr_contains("Checked 4 contents against their records\n")
            .stderr_lacks("Verified")
            .stderr_lacks("warning: ")
            .stderr_contains(
                "error: warg.lock has yanked releases, and `--deny yanked` was given\n",
            )
            .stderr_contains(
                "\n  acme:clock@1.1.0 is yanked: it is slow\n  acme:io@1.0.1 is yanked: it leaks\n",
            )
            .stderr_contains(&format!("warg.lock:{clock}:1\n"))
            .stderr_contains(&format!("{io} | name = \"acme:io\"\n"));
        assert!(
            said.stderr.ends_with(
                "help: run `cargo warg update acme:clock acme:io`, and commit what it changes\n"
            ),
            "{said}"
        );
    }
    // What the help says helps, for what has another release.
    registry.world.yank("acme:http", "1.0.0", "never mind");
    registry.component("acme:clock", "1.1.1", &[], &story::clock("1.1.1"));
    app.warg(&["update", "acme:clock"]).code(0);
    app.warg(&["verify", "--deny", "yanked"])
        .code(10)
        .stderr_lacks("acme:clock");
    app.warg(&["verify", "--deny", "all"]).code(2);
}

#[test]
fn what_fails_on_its_own_is_all_reported_and_the_gravest_comes_last() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    let file = "wit/deps/acme-io-1.0.1/package.wit";
    app.write(file, app.read(file).replace("u32", "u64"));
    let said = app.warg(&["verify", "--deny", "yanked"]).code(13);
    let yanked = said.stderr.find("error: warg.lock has yanked releases");
    let deps = said.stderr.find("error: what `cargo warg fetch` wrote");
    assert!(yanked.unwrap() < deps.unwrap(), "{said}");
    assert!(
        said.stderr
            .trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("writes it anew")
    );

    // Every claim that does not hold, with its line.
    let mut lock: Lockfile = app.read("warg.lock").parse().unwrap();
    let edited: [Selection; 2] = [
        "component acme:clock@1.1.0".parse().unwrap(),
        "wit acme:io@1.0.1".parse().unwrap(),
    ];
    for selection in &edited {
        let package = lock.packages.get_mut(selection).unwrap();
        package.release.as_mut().unwrap().digest = Digest::of(b"evil");
    }
    app.write("warg.lock", lock.to_string());
    for command in ["verify", "fetch"] {
        let said = app
            .warg(&[command])
            .code(13)
            .stderr_contains("error: 2 claims of the lock do not hold\n");
        let said = said
            .stderr_contains("the digest of component acme:clock@1.1.0 is sha256:")
            .stderr_contains("the digest of wit acme:io@1.0.1 is sha256:");
        for name in ["acme:clock", "acme:io"] {
            let line = line_of(&app, name);
            assert!(
                said.stderr
                    .contains(&format!("{line} | name = \"{name}\"\n")),
                "{said}"
            );
        }
        assert_eq!(said.stderr.matches("help: ").count(), 1, "{said}");
    }

    // Every reason why the lock is stale, and where it is written.
    app.append_to_manifest(
        "\n[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@2.0.0;\n}\n",
    );
    app.warg(&["verify"])
        .code(10)
        .stderr_contains("test:other")
        .stderr_contains(" --> wit/world.wit:4:18\n")
        .stderr_contains(" ::: Cargo.toml:16:1\n");
}

#[test]
fn a_registry_that_is_silent_for_longer_than_promised_is_seen() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    app.warg(&["verify", "-v"])
        .code(0)
        .stderr_contains(" old\n")
        .stderr_lacks("promised");
    registry.world.operate(vec![operator::Action::Refresh(60)]);
    // The world's clock stands in 2026-11-22.
    let says = "the newest checkpoint of `registry.example/world-1` is of 2026-11-22T";
    app.warg(&["verify"])
        .code(0)
        .stderr_contains(&format!("warning: {says}"))
        .stderr_contains("Z, and its operator promised one every 60 seconds\n");
    app.warg(&["verify", "--deny", "silent"])
        .code(12)
        .stderr_contains(&format!("error: {says}"))
        .stderr_contains("help: read a registry that is up to date");
    app.warg(&["verify", "--deny", "silent", "--offline"])
        .code(0);
}

/// What a job on GitHub has in its environment; the repository is the sandbox, the project lies in a folder of it.
fn on_github(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_WORKSPACE", sandbox.path().display().to_string()),
        (
            "GITHUB_STEP_SUMMARY",
            sandbox.join("summary.md").display().to_string(),
        ),
    ]
}

#[track_caller]
fn job(sandbox: &Sandbox, app: &Project, arguments: &[&str]) -> Said {
    let variables = on_github(sandbox);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    app.warg_with(&variables, arguments)
}

/// The lines that a runner would take for commands.
fn commands(said: &Said) -> Vec<&str> {
    let lines = said.stderr.lines().chain(said.stdout.lines());
    lines
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}

#[test]
fn on_github_warnings_and_errors_are_annotations_and_the_summary_has_tables() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    let reason = "50% slow, ##[error]no ::error::no <b>|`";
    registry.world.yank("acme:clock", "1.1.0", reason);
    let line = line_of(&app, "acme:clock");
    let said = job(&sandbox, &app, &["verify"]).code(0);
    let annotation = format!(
        "::warning file=app/warg.lock,line={line},col=1,title=cargo warg%2C yanked::acme:clock@1.1.0 is yanked: \
         50%25 slow, \\u{{23}}\\u{{23}}[error]no ::error::no <b>|`%0Ahelp: `cargo warg update acme:clock` moves off it, \
         where another release will do; `cargo warg outdated` says what holds it"
    );
    assert_eq!(commands(&said), [annotation.as_str()], "{said}");
    let said = said.stderr_contains("50% slow, \\u{23}\\u{23}[error]no");
    let said = said.stderr_contains(&format!("--> warg.lock:{line}:1\n"));
    drop(said);
    let summary = std::fs::read_to_string(sandbox.join("summary.md")).unwrap();
    assert!(
        summary.starts_with(
            "### cargo warg verify\\: warg\\.lock holds\n\n- **warning**: acme\\:clock"
        )
    );
    assert!(summary.contains("| registry | size | checkpoint of | proved |\n| --- | --- | --- | --- |\n| registry\\.example\\/world\\-1 | "));
    assert!(summary.contains(
        "\n| component acme\\:clock\\@1\\.1\\.0 | registry\\.example\\/world\\-1 | sha256\\:"
    ));
    assert!(
        summary.contains("50\\% slow\\, \\#\\#\\[error\\]no \\:\\:error\\:\\:no \\<b\\>\\|\\`\n")
    );

    // Of JSON, stdout stays as it is for those who read it.
    let document = job(&sandbox, &app, &["verify", "--message-format", "json"]).code(0);
    assert_eq!(commands(&document).len(), 1, "{document}");
    let notice = document.document()["notices"][0].clone();
    assert_eq!(
        notice["message"],
        format!("acme:clock@1.1.0 is yanked: {reason}")
    );

    let said = job(&sandbox, &app, &["verify", "--deny", "yanked"]).code(10);
    let found = commands(&said);
    assert_eq!(found.len(), 1, "{said}");
    let begins = format!(
        "::error file=app/warg.lock,line={line},col=1,title=cargo warg%2C exit code 10::warg.lock has yanked"
    );
    assert!(found[0].starts_with(&begins), "{said}");
    assert!(
        found[0].contains("%0Ahelp: run `cargo warg update acme:clock`"),
        "{said}"
    );
    let summary = std::fs::read_to_string(sandbox.join("summary.md")).unwrap();
    assert!(summary.contains(
        "\n### cargo warg verify\\: exit code 10\n\n- **error**: warg\\.lock has yanked"
    ));

    // Any other command, too; and what has no location.
    app.append_to_manifest(
        "\n[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    let said = job(&sandbox, &app, &["fetch", "--locked"]).code(10);
    assert!(
        commands(&said)[0].starts_with("::error file=app/Cargo.toml,line=16,col=1,title="),
        "{said}"
    );
    std::fs::remove_file(app.path().join("warg.lock")).unwrap();
    let said = job(&sandbox, &app, &["lock", "--locked"]).code(10);
    assert!(
        commands(&said)[0].starts_with("::error title=cargo warg%2C exit code 10::/"),
        "{said}"
    );
    // A summary that cannot be written is no reason to fail.
    let variables = [("GITHUB_STEP_SUMMARY", "no/such/folder")];
    app.warg(&["fetch"]).code(0);
    app.warg_with(&variables, &["verify"])
        .code(0)
        .stderr_contains("warning: cannot write the summary of this job: ");
    assert!(commands(&app.warg(&["verify"]).code(0)).is_empty());
}

#[test]
fn what_is_for_programs_is_the_same_on_github() {
    let sandbox = Sandbox::new();
    let app = sandbox.folder_project("app");
    for arguments in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["completions", "elvish"],
        &["completions", "powershell"],
        &["man"],
    ] {
        let said = job(&sandbox, &app, arguments).code(0);
        assert_eq!(
            said.stdout,
            app.warg(arguments).code(0).stdout,
            "{arguments:?}"
        );
    }
}

fn document(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    std::fs::read_to_string(path).unwrap()
}

/// The scripts of an action's steps, by the line of their indentation.
fn scripts(action: &str) -> Vec<String> {
    let blocks = action.split("      run: |\n").skip(1);
    let script = |block: &str| {
        let lines = block
            .lines()
            .map_while(|line| line.strip_prefix("        "));
        lines.fold(String::new(), |script, line| script + line + "\n")
    };
    blocks.map(script).collect()
}

/// Runs a step's script as a runner does, with the program on its path.
fn step(script: &str, app: &Project, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_cargo-warg"));
    let mut path = vec![program.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut command = std::process::Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(app.path());
    for (name, value) in app.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("PATH", std::env::join_paths(path).unwrap());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

#[test]
fn the_actions_steps_verify_a_good_lock_and_fail_on_others() {
    let action = document(".github/actions/verify/action.yml");
    let (declared, steps) = action.split_once("\nruns:\n").unwrap();
    let (_, inputs) = declared.split_once("\ninputs:\n").unwrap();
    let inputs: Vec<_> = inputs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    assert_eq!(inputs.len(), 4);
    for input in &inputs {
        assert!(
            steps.contains(&format!("${{{{ inputs.{input} }}}}")),
            "{input}"
        );
    }
    assert_eq!(steps.matches("inputs.").count(), inputs.len());
    let scripts = scripts(&action);
    let [install, verify] = scripts.as_slice() else {
        panic!("two steps")
    };
    // Inputs come by the environment, never as text of a script.
    assert!(!install.contains("${{") && !verify.contains("${{"));

    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    // The program is there already, so nothing is installed.
    let said = step(install, &app, &[("SOURCES", "")]);
    assert_eq!(said, (Some(0), String::new()));
    let inputs = |deny: &'static str, offline| [("DENY", deny), ("OFFLINE", offline)];
    for good in [
        inputs("", "false"),
        inputs("yanked silent", "false"),
        inputs("warnings", "true"),
    ] {
        let (code, said) = step(verify, &app, &good);
        assert_eq!(code, Some(0), "{good:?}: {said}");
        assert!(said.contains("Verified warg.lock: 4 packages"), "{said}");
    }
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    assert_eq!(step(verify, &app, &inputs("", "false")).0, Some(0));
    assert_eq!(
        step(verify, &app, &inputs("silent yanked", "false")).0,
        Some(10)
    );
    assert_eq!(step(verify, &app, &inputs("$(exit 7)", "false")).0, Some(2));
    let lock = app.read("warg.lock");
    let edited = lock.replacen("record = \"sha256:", "record = \"sha256:0", 1);
    app.write("warg.lock", &edited);
    assert_eq!(step(verify, &app, &inputs("", "false")).0, Some(10));
    std::fs::remove_dir_all(&registry.folder).unwrap();
    app.write("warg.lock", &lock);
    assert_eq!(step(verify, &app, &inputs("", "false")).0, Some(12));
}

#[test]
fn the_commands_of_the_page_run_as_written() {
    let sandbox = Sandbox::new();
    let (_registry, app) = fetched(&sandbox);
    let page = document("docs/ci.md");
    let lines = page.lines().filter_map(|line| {
        let (before, command) = line.split_once("cargo warg ")?;
        ["$ ", "    - ", "      - run: "]
            .contains(&before)
            .then_some(command)
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 9, "{lines:#?}");
    for line in lines {
        let arguments: Vec<_> = line.split(' ').collect();
        app.warg(&arguments).code(0);
    }
    assert!(app.has("sbom.cdx.json"));
}
