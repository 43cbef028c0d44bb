//! `cargo warg tree`: what depends on what, from the lock.

use serde_json::Value;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// A member on `acme:logger` and `acme:http`, and one on `acme:clock` 1.0.0 alone; and what they say stands where.
fn workspace(sandbox: &Sandbox, registry: &Registry) -> Project {
    let project = sandbox.virtual_workspace("work", &["app", "tool"]);
    let registries = registry
        .configure(&project)
        .replace("package.", "workspace.");
    project.append_to_manifest(&registries);
    let app = project.read("app/Cargo.toml");
    project.write(
        "app/Cargo.toml",
        format!("{app}[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n"),
    );
    project.write(
        "app/wit/world.wit",
        "package example:app@0.1.0;\nworld app { import acme:http/types@1.0.0; }\n",
    );
    let tool = project.read("tool/Cargo.toml");
    project.write(
        "tool/Cargo.toml",
        format!(
            "{tool}[package.metadata.warg.dependencies]\n\"acme:clock\" = \"=1.0.0\"\n\"acme:logger\" = \"1.0\"\n"
        ),
    );
    project.warg(&["lock"]).code(0);
    project
}

fn stdout(project: &Project, arguments: &[&str]) -> String {
    let said = project.warg(arguments).code(0);
    let folder = project.path().display().to_string();
    said.stdout.replace(&folder, "WORK")
}

#[test]
fn each_member_is_a_tree_and_what_differs_is_shown_again() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let project = workspace(&sandbox, &registry);
    assert_eq!(
        stdout(&project, &["tree"]),
        "\
app v0.1.0 (WORK/app)
├── acme:logger v1.0.0
│   └── acme:clock v1.1.0
└── acme:http v1.0.0 (wit)
    └── acme:io v1.0.1 (wit)

tool v0.1.0 (WORK/tool)
├── acme:clock v1.0.0
└── acme:logger v1.0.0
    └── acme:clock v1.0.0
"
    );
    assert_eq!(
        stdout(
            &project,
            &[
                "tree",
                "-p",
                "app",
                "--charset",
                "ascii",
                "--kind",
                "component"
            ]
        ),
        "app v0.1.0 (WORK/app)\n`-- acme:logger v1.0.0\n    `-- acme:clock v1.1.0\n"
    );
    assert_eq!(
        stdout(&project, &["tree", "-p", "app", "--depth", "1"]),
        "app v0.1.0 (WORK/app)\n├── acme:logger v1.0.0\n└── acme:http v1.0.0 (wit)\n"
    );
}

#[test]
fn inverted_it_says_who_needs_a_package() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let project = workspace(&sandbox, &registry);
    assert_eq!(
        stdout(&project, &["tree", "-i", "acme:clock@1.1", "--workspace"]),
        "\
acme:clock v1.1.0
└── acme:logger v1.0.0
    └── app v0.1.0 (WORK/app)
"
    );
    assert_eq!(
        stdout(&project, &["tree", "--duplicates"]),
        "\
acme:clock v1.0.0
├── acme:logger v1.0.0
│   └── tool v0.1.0 (WORK/tool)
└── tool v0.1.0 (WORK/tool)

acme:clock v1.1.0
└── acme:logger v1.0.0
    └── app v0.1.0 (WORK/app)
"
    );
    project
        .warg(&["tree", "-i", "acme:loger"])
        .code(2)
        .stderr_contains("`acme:loger` is not among the packages that are locked")
        .stderr_contains("a package of a similar name is locked: `acme:logger`");
    project
        .warg(&["tree", "-i", "acme:clock@2"])
        .code(2)
        .stderr_contains("of `acme:clock` is locked 1.0.0, 1.1.0");
}

#[test]
fn it_reads_nothing_of_the_registry_and_says_where_a_lock_is_stale() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let project = workspace(&sandbox, &registry);
    std::fs::remove_dir_all(&registry.folder).unwrap();
    std::fs::remove_dir_all(sandbox.join("home")).unwrap();
    project.warg(&["tree"]).code(0);
    let tool = project.read("tool/Cargo.toml").replace("=1.0.0", "1.0.0");
    project.write("tool/Cargo.toml", tool);
    project
        .warg(&["tree"])
        .code(0)
        .stderr_contains("is not up to date")
        .stderr_contains("help: what is shown here is what the lock says\n")
        .stderr_contains("help: run `cargo warg lock`, and commit what it changes\n");
    project.warg(&["tree", "--locked"]).code(10);
    std::fs::remove_file(project.path().join("warg.lock")).unwrap();
    project
        .warg(&["tree"])
        .code(10)
        .stderr_contains("run `cargo warg lock`");
}

#[test]
fn as_json_each_line_has_its_depth() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let project = workspace(&sandbox, &registry);
    let tree = project.json(&["tree", "-p", "app"]);
    let nodes: Vec<_> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node: &Value| {
            let word = |field| node[field].as_str().unwrap().to_owned();
            (node["depth"].as_u64().unwrap(), word("kind"), word("name"))
        })
        .collect();
    let expected = [
        (0, "member", "app"),
        (1, "component", "acme:logger"),
        (2, "component", "acme:clock"),
        (1, "wit", "acme:http"),
        (2, "wit", "acme:io"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(depth, kind, name)| (*depth, (*kind).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(nodes, expected);
}
