//! Completion scripts, manual pages, and `cargo help warg`.

use std::path::Path;
use std::process::Command;

use crate::support::{Project, Sandbox, files};

/// What bash offers after a line, by the script and whatever completed cargo before.
fn offered(app: &Project, before: &str, words: &[&str]) -> Vec<String> {
    let script = app.warg(&["completions", "bash"]).code(0).stdout;
    app.write("completions.bash", script);
    let list: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let (command, last) = (words[0], words[words.len() - 1]);
    let program = format!(
        "{before}\nsource completions.bash\nsource completions.bash\n\
         COMP_WORDS=({})\nCOMP_CWORD={}\nCOMP_LINE='{}'\nCOMP_POINT=${{#COMP_LINE}}\n\
         function=$(complete -p {command} | sed -n 's/.* -F \\([^ ]*\\) .*/\\1/p')\n\
         $function {command} '{last}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        list.join(" "),
        words.len() - 1,
        words.join(" "),
        words[words.len() - 2],
    );
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &program])
        .current_dir(app.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.is_empty(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    stdout
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn bash_completes_the_subcommand_and_the_program_and_leaves_cargo_alone() {
    let sandbox = Sandbox::new();
    let app = sandbox.folder_project("app");
    let offers = |words: &[&str]| offered(&app, "", words);
    assert_eq!(offers(&["cargo", "warg", "unya"]), ["unyank"]);
    assert_eq!(offers(&["cargo-warg", "warg", "unya"]), ["unyank"]);
    assert_eq!(offers(&["cargo", "warg", "registry", "im"]), ["import"]);
    assert_eq!(offers(&["cargo", "warg", "yank", "--rea"]), ["--reason"]);
    assert_eq!(offers(&["cargo", "warg", "completions", "ba"]), ["bash"]);
    assert_eq!(
        offers(&["cargo", "warg", "self-check", "--off"]),
        ["--offline"]
    );
    assert!(offers(&["cargo", "warg", ""]).contains(&"verify".to_owned()));
    assert_eq!(offers(&["cargo", "w"]), ["warg"]);
    let before = "_cargo() { COMPREPLY=(build \"$2\"); }\ncomplete -F _cargo cargo\n";
    let offers = |words: &[&str]| offered(&app, before, words);
    assert_eq!(offers(&["cargo", "b"]), ["build", "b"]);
    assert_eq!(offers(&["cargo", "build", "warg"]), ["build", "warg"]);
    assert_eq!(offers(&["cargo", "warg", "unya"]), ["unyank"]);
}

#[test]
fn every_shell_has_a_script() {
    let sandbox = Sandbox::new();
    let app = sandbox.folder_project("app");
    for (shell, text) in [
        ("zsh", "shift words"),
        (
            "fish",
            "complete -c cargo -n \"__fish_cargo_warg_using_subcommand warg",
        ),
        ("elvish", "cargo-warg;warg;unyank"),
        ("powershell", "'cargo-warg;warg;unyank'"),
    ] {
        let said = app.warg(&["completions", shell]).code(0);
        assert!(said.stdout.contains(text), "{shell}: {said}");
    }
    app.warg(&["completions", "csh"]).code(2);
    app.warg(&["completions"]).code(2);
}

#[test]
fn each_command_has_its_page() {
    let sandbox = Sandbox::new();
    let app = sandbox.folder_project("app");
    app.warg(&["man", "pages"])
        .code(0)
        .stderr_contains("Wrote ");
    let pages = files(&app.path().join("pages"));
    for (name, text) in [
        ("cargo-warg.1", "Exit codes: 0 ok"),
        ("cargo-warg-lock.1", "cargo warg lock"),
        ("cargo-warg-registry-new.1", "NAMESPACE=KEY"),
        ("cargo-warg-self-check.1", "self\\-check"),
    ] {
        let page = pages
            .get(Path::new(name))
            .unwrap_or_else(|| panic!("{name}: {:?}", pages.keys()));
        let page = String::from_utf8_lossy(page);
        let title = name.trim_end_matches(".1");
        assert!(page.contains(&format!(".TH {title} 1")), "{name}: {page}");
        assert!(page.contains(text), "{name}: {page}");
    }
    assert!(
        !pages
            .keys()
            .any(|name| name.to_str().unwrap().contains("help"))
    );
    let printed = app.warg(&["man"]).code(0).stdout;
    assert_eq!(
        printed.trim_end().as_bytes(),
        pages[Path::new("cargo-warg.1")].trim_ascii_end()
    );
    app.write("file", "");
    app.warg(&["man", "file"])
        .code(101)
        .stderr_contains("cannot write into file");
}

/// What cargo itself does with `cargo help warg`, whatever that is in this version of it.
#[test]
fn cargo_helps_with_warg() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    let program = Path::new(env!("CARGO_BIN_EXE_cargo-warg"))
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap();
    let run = |arguments: &[&str]| {
        let ours = app.command(&[]);
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(app.path());
        command.envs(
            ours.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.env("PATH", format!("{}:{path}", program.display()));
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = run(&["help", "warg"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Usage: cargo warg [OPTIONS] <COMMAND>"),
        "{said}"
    );
    assert!(said.contains("Exit codes: 0 ok"), "{said}");
    assert_eq!(run(&["warg", "--help"]), (code, said));
    let (code, said) = run(&["warg", "help", "yank"]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("Usage: cargo warg yank [OPTIONS] --reason <TEXT> <NAME@VERSION>"),
        "{said}"
    );
    let (_, said) = run(&["--list"]);
    assert!(said.lines().any(|line| line.trim() == "warg"), "{said}");
}
