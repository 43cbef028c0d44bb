#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;

use super::*;
use crate::error::Classify as _;

/// A workspace in a folder of its own.
struct Project {
    folder: tempfile::TempDir,
    args: ManifestArgs,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap().join("src")).unwrap();
            fs::write(path.parent().unwrap().join("src/lib.rs"), "").unwrap();
            fs::write(path, text).unwrap();
        }
        let args = ManifestArgs {
            manifest_path: Some(folder.path().join("Cargo.toml")),
            offline: true,
            ..ManifestArgs::default()
        };
        Self { folder, args }
    }

    /// A package whose manifest starts with four lines and then has these.
    fn package(tables: &str) -> Self {
        Self::new(&[("Cargo.toml", &package("app", tables))])
    }

    fn load(&self) -> Result<Workspace, ManifestError> {
        Workspace::load(&self.args)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }
}

/// Four lines, so that the tables start on line 5.
fn package(name: &str, tables: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{tables}")
}

fn said(dependency: &Dependency) -> String {
    let Dependency {
        kind,
        alias,
        name,
        requirement,
        written: _,
        path,
        registry,
        serves,
        location,
    } = dependency;
    let mut words = vec![format!("{kind} {name}")];
    if alias != name {
        words.push(format!("as {alias}"));
    }
    words.extend(requirement.iter().map(ToString::to_string));
    if let Some(path) = path {
        words.push(format!("in {}", path.file_name().unwrap().display()));
    }
    words.extend(registry.iter().map(|registry| format!("from {registry}")));
    words.extend(serves.iter().map(|name| format!("for {name}")));
    words.push(format!("({}:{})", location.line(), location.column()));
    words.join(" ")
}

fn dependencies(tables: &str) -> Vec<String> {
    let project = Project::package(tables);
    let workspace = project.load().unwrap();
    workspace.members()[0]
        .dependencies
        .iter()
        .map(said)
        .collect()
}

/// The error that these tables of a package give: its message, causes after a colon, and its help.
fn refusal(tables: &str) -> (String, String) {
    refusal_of(&Project::package(tables))
}

fn refusal_of(project: &Project) -> (String, String) {
    let Err(error) = project.load() else {
        panic!("no error");
    };
    (with_locations(&error), error.help().unwrap_or_default())
}

/// The locations, the message and its causes.
pub(super) fn with_locations(error: &ManifestError) -> String {
    let mut chain = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        chain.push(cause.to_string());
        source = cause.source();
    }
    let locations = error.annotations();
    let locations = locations.iter().map(|one| one.location.to_string());
    locations.chain(chain).collect::<Vec<_>>().join(": ")
}

#[test]
fn a_package_without_our_tables_asks_for_nothing() {
    let project = Project::package("");
    let workspace = project.load().unwrap();
    let member = workspace.only_selected().unwrap();
    assert_eq!(
        (member.name.as_str(), member.package.is_none()),
        ("app", true)
    );
    assert_eq!(member.version.to_string(), "0.1.0");
    assert_eq!(member.wit, project.path("wit"));
    assert!(member.dependencies.is_empty());
    assert!(!workspace.is_virtual());
    assert_eq!(workspace.lock_path(), project.path("warg.lock"));
}

#[test]
fn every_form_of_a_dependency_is_read_with_its_location() {
    let read = dependencies(
        r#"[package.metadata.warg]
package = "acme:app"
registries.acme = { url = "r", policy = "p" }
[package.metadata.warg.dependencies]
"acme:logger" = "1.2"
"acme:local" = { path = "../local", version = "0.3" }
"acme:only-path" = { path = "comp.wasm" }
  "my:alias" = { package = "foo:bar", version = ">=1.2, <1.5", registry = "acme" }
"acme:clock" = { version = "=1.0.0", for = ["acme:clock/now@1.0.0", "run"] }
[package.metadata.warg.wit-dependencies]
"wasi:http" = "0.2.3"
[package.metadata.warg.wit-dependencies."wasi:io"]
version = "0.2"
"#,
    );
    assert_eq!(
        read,
        [
            "component acme:clock =1.0.0 for acme:clock/now@1.0.0 for run (13:1)",
            "component acme:local ^0.3 in local (10:1)",
            "component acme:logger ^1.2 (9:1)",
            "component acme:only-path in comp.wasm (11:1)",
            "component foo:bar as my:alias >=1.2,<1.5 from acme (12:3)",
            "wit wasi:http ^0.2.3 (15:1)",
            "wit wasi:io ^0.2 (16:41)",
        ]
    );
}

#[test]
fn dotted_keys_and_inline_tables_say_the_same() {
    for tables in [
        "[package.metadata.warg.dependencies]\n\"a:b\" = \"1\"",
        "[package.metadata.warg]\ndependencies.\"a:b\" = \"1\"",
        "[package.metadata]\nwarg.dependencies.\"a:b\" = \"1\"",
        "[package.metadata]\nwarg = { dependencies = { \"a:b\" = \"1\" } }",
        "[package.metadata.warg.dependencies.'a:b']\nversion = '1'",
        "[package.metadata.warg.dependencies]\n\"a:b\".version = \"1\"",
        "metadata.warg.dependencies.\"a:b\" = \"1\"",
        "[package.metadata.warg.dependencies]\r\n\"a:b\" = \"1\"\r\n",
    ] {
        let read = dependencies(tables);
        let [one] = read.as_slice() else {
            panic!("{tables}: {read:?}");
        };
        assert!(one.starts_with("component a:b ^1 ("), "{tables}: {one}");
    }
}

#[test]
fn what_cargo_component_users_have_is_read_unchanged() {
    let read = dependencies(
        r#"[package.metadata.component]
package = "acme:app"
proxy = true
[package.metadata.component.target]
path = "world"
world = "proxy"
[package.metadata.component.target.dependencies]
"wasi:io" = "0.2.0"
"wasi:clocks" = { version = "0.2", registry = "nowhere" }
"wasi:http" = { path = "../http" }
[package.metadata.component.dependencies]
"foo:bar" = "1.2"
"alias:name" = { package = "foo:baz", version = "1.2", registry = "r" }
"local:comp" = { path = "comp.wasm" }
[package.metadata.component.registries]
r = "https://example.com"
[package.metadata.component.bindings]
derives = ["Clone"]
"#,
    );
    assert_eq!(
        read,
        [
            "component foo:bar ^1.2 (16:1)",
            "component foo:baz as alias:name ^1.2 (17:1)",
            "component local:comp in comp.wasm (18:1)",
            "wit wasi:clocks ^0.2 (13:1)",
            "wit wasi:http in http (14:1)",
            "wit wasi:io ^0.2.0 (12:1)",
        ]
    );
    let project = Project::package(
        "[package.metadata.component]\npackage = \"a:b\"\ntarget = { path = \"other\" }\n",
    );
    let workspace = project.load().unwrap();
    let member = &workspace.members()[0];
    assert_eq!(member.wit, project.path("other"));
    assert_eq!(member.package.as_ref().unwrap().as_str(), "a:b");
}

#[test]
fn a_target_of_a_registry_is_a_wit_requirement() {
    for (target, requirement) in [
        (
            "target = \"wasi:http/proxy@0.2.0\"",
            "wit wasi:http ^0.2.0 (6:10)",
        ),
        ("target = \"wasi:http@0.2\"", "wit wasi:http ^0.2 (6:10)"),
        (
            "target = { package = \"wasi:http\", version = \"=0.2.0\", world = \"proxy\" }",
            "wit wasi:http =0.2.0 (6:22)",
        ),
    ] {
        let read = dependencies(&format!("[package.metadata.component]\n{target}\n"));
        assert_eq!(read, [requirement], "{target}");
    }
    for (target, message) in [
        (
            "\"wasi:http\"",
            "Cargo.toml:6:10: `wasi:http` is not a target: expected `PACKAGE[/WORLD]@VERSION`",
        ),
        (
            "{ package = \"wasi:http\", version = \"1\", path = \"wit\" }",
            "Cargo.toml:6:10: `package` and `path` cannot stand together",
        ),
        (
            "{ package = \"wasi:http\" }",
            "Cargo.toml:6:22: `wasi:http` has neither a version nor a path",
        ),
        (
            "7",
            "Cargo.toml:6:10: `target` must be a string or a table, and is an integer",
        ),
    ] {
        let (said, _) = refusal(&format!(
            "[package.metadata.component]\ntarget = {target}\n"
        ));
        assert_eq!(said, message);
    }
}

#[test]
fn one_dependency_in_both_tables_must_say_the_same() {
    let both = |ours: &str, theirs: &str| {
        format!(
            "[package.metadata.warg.dependencies]\n\"a:b\" = {ours}\n[package.metadata.component.dependencies]\n\"a:b\" = {theirs}\n"
        )
    };
    for (ours, theirs) in [
        ("\"1.2\"", "\"^1.2\""),
        ("{ path = \"x\" }", "{ path = \"x\" }"),
    ] {
        assert_eq!(
            dependencies(&both(ours, theirs)).len(),
            1,
            "{ours} {theirs}"
        );
    }
    for (ours, theirs) in [("\"1.2\"", "\"1.3\""), ("\"1\"", "{ path = \"x\" }")] {
        let (said, help) = refusal(&both(ours, theirs));
        assert_eq!(
            said,
            "Cargo.toml:8:1: Cargo.toml:6:1: `a:b` is stated twice, and differently"
        );
        assert!(help.contains("both tables are read"), "{help}");
    }
    let (said, _) = refusal(
        "[package.metadata.warg]\npackage = \"a:b\"\n[package.metadata.component]\npackage = \"a:c\"\n",
    );
    assert_eq!(
        said,
        "Cargo.toml:8:11: Cargo.toml:6:11: the name to publish under is stated twice, and differently"
    );
}

#[test]
fn what_does_not_parse_is_named_with_line_and_column() {
    let table = "[package.metadata.warg.dependencies]";
    for (tables, message, help) in [
        (
            "[package.metadata.warg]\npakage = \"a:b\"".to_owned(),
            "Cargo.toml:6:1: unknown key `pakage` in [package.metadata.warg]",
            "did you mean `package`?",
        ),
        (
            format!("{table}\n\"a:b\" = {{ version = \"1\", features = [] }}"),
            "Cargo.toml:6:26: unknown key `features` in [package.metadata.warg.dependencies.\"a:b\"]",
            "known keys: `version`, `path`, `registry`, `package`, `for`",
        ),
        (
            "[package.metadata.warg.wit-dependencies]\n\"a:b\" = { version = \"1\", for = [] }"
                .to_owned(),
            "Cargo.toml:6:26: unknown key `for` in [package.metadata.warg.wit-dependencies.\"a:b\"]",
            "known keys: `version`, `path`, `registry`, `package`",
        ),
        (
            format!("{table}\n# é\nlogger = \"1\""),
            "Cargo.toml:7:1: `logger` is not a package name: expected `namespace:name`, each in lower-case words joined by `-`, at most 64 bytes",
            "",
        ),
        (
            format!("{table}\n\"a:é\" = \"1\""),
            "Cargo.toml:6:1: `a:é` is not a package name: expected `namespace:name`, each in lower-case words joined by `-`, at most 64 bytes",
            "",
        ),
        (
            format!("{table}\n\"a:b\" = \"latest\""),
            "Cargo.toml:6:9: `latest` is not a version requirement: expected one such as `1.2`, `^0.2.3`, `=1.0.0` or `>=1.2, <1.5`",
            "",
        ),
        (
            format!("{table}\n\"a:b\" = {{ registry = \"r\" }}"),
            "Cargo.toml:6:1: `a:b` has neither a version nor a path",
            "add one, such as `version = \"1.2\"`",
        ),
        (
            format!("{table}\n\"a:b\" = 1"),
            "Cargo.toml:6:9: `a:b` must be a version or a table, and is an integer",
            "",
        ),
        (
            format!("{table}\n\"a:b\" = {{ version = true }}"),
            "Cargo.toml:6:21: `version` must be a string, and is a boolean",
            "",
        ),
        (
            format!("{table}\n\"a:b\" = {{ version = \"1\", for = [\"a b\"] }}"),
            "Cargo.toml:6:33: `a b` is not the name of an import or export: expected up to 512 printable ASCII characters without space or comma",
            "",
        ),
        (
            "[package.metadata]\nwarg = 3".to_owned(),
            "Cargo.toml:6:8: `warg` must be a table, and is an integer",
            "",
        ),
        (
            "[package.metadata.warg]\ndependencies = [\"a:b\"]".to_owned(),
            "Cargo.toml:6:16: `dependencies` must be a table, and is an array",
            "",
        ),
    ] {
        assert_eq!(
            refusal(&tables),
            (message.to_owned(), help.to_owned()),
            "{tables}"
        );
    }
}

#[test]
fn registries_are_read_from_a_single_package_and_from_a_workspace() {
    let text = |owner: &str| {
        format!(
            r#"[{owner}.metadata.warg]
default-registry = "acme"
[{owner}.metadata.warg.registries]
acme = {{ url = "https://registry.example/components/", policy = "trust/acme.policy" }}
wasi = {{ url = "../wasi-registry", policy = "trust/wasi.policy" }}
[{owner}.metadata.warg.namespaces]
wasi = "wasi"
"#
        )
    };
    let member = package("app", "");
    for project in [
        Project::package(&text("package")),
        Project::package(&format!("[workspace]\n{}", text("workspace"))),
        Project::new(&[
            (
                "Cargo.toml",
                &format!(
                    "[workspace]\nmembers = [\"app\"]\nresolver = \"3\"\n{}",
                    text("workspace")
                ),
            ),
            ("app/Cargo.toml", &member),
        ]),
    ] {
        let workspace = project.load().unwrap();
        let registries = workspace.registries();
        let acme = registries.find("acme").unwrap();
        assert_eq!(
            acme.address.to_string(),
            "https://registry.example/components"
        );
        assert_eq!(acme.policy, project.path("trust/acme.policy"));
        let wasi = registries.find("wasi").unwrap();
        let beside = project.path("").parent().unwrap().join("wasi-registry");
        assert_eq!(wasi.address, Address::Folder(beside));
        let of = |name: &str| {
            let registry = registries.of_package(&name.parse().unwrap());
            registry.unwrap().alias.as_str()
        };
        assert_eq!(
            (of("wasi:http"), of("acme:logger"), of("other:one")),
            ("wasi", "acme", "acme")
        );
        assert_eq!(registries.namespaces().count(), 1);
        assert_eq!(registries.iter().count(), 2);
    }
}

#[test]
fn bad_registries_are_named_with_their_location_and_a_way_out() {
    let good = "registries.r = { url = \"r\", policy = \"p\" }\nregistries.s = { url = \"s\", policy = \"p\" }\n";
    for (lines, message, help) in [
        (
            "registries.r = { url = \"../r\" }".to_owned(),
            "Cargo.toml:6:12: [package.metadata.warg.registries.r] lacks the key `policy`",
            "nothing is trusted without it",
        ),
        (
            "registries.r = { url = \"r\", policy = \"p\", branch = [] }".to_owned(),
            "Cargo.toml:6:43: unknown key `branch` in [package.metadata.warg.registries.r]",
            "known keys: `url`, `mirrors`, `policy`",
        ),
        (
            "registries.r = { url = \"ftp://r\", policy = \"p\" }".to_owned(),
            "Cargo.toml:6:24: `ftp://r` is neither an http address nor a folder",
            "path as it is",
        ),
        (
            "registries.\"a b\" = { url = \"r\", policy = \"p\" }".to_owned(),
            "Cargo.toml:6:12: `a b` cannot name a registry",
            "letters, digits",
        ),
        (
            format!("{good}namespaces.wasi = \"rr\""),
            "Cargo.toml:8:19: there is no registry `rr`",
            "did you mean `r`?",
        ),
        (
            "namespaces.wasi = \"wasi\"".to_owned(),
            "Cargo.toml:6:19: there is no registry `wasi`",
            "[workspace.metadata.warg.registries]",
        ),
        (
            "default-registry = \"far\"\nregistries.r = { url = \"r\", policy = \"p\" }".to_owned(),
            "Cargo.toml:6:20: there is no registry `far`",
            "registries: `r`",
        ),
        (
            format!("{good}namespaces.Wasi = \"r\""),
            "Cargo.toml:8:12: `Wasi` is not a namespace: expected lower-case words joined by `-`, at most 64 bytes",
            "",
        ),
        (
            format!(
                "{good}namespaces.a = \"r\"\ndependencies.\"a:b\" = {{ version = \"1\", registry = \"s\" }}"
            ),
            "Cargo.toml:9:14: Cargo.toml:8:16: the namespace `a` belongs to two registries, `r` and `s`",
            "give the namespace to one",
        ),
        (
            format!(
                "{good}dependencies.\"a:b\" = {{ version = \"1\", registry = \"s\" }}\nwit-dependencies.\"a:c\" = {{ version = \"1\", registry = \"r\" }}"
            ),
            "Cargo.toml:9:18: Cargo.toml:8:14: the namespace `a` belongs to two registries, `s` and `r`",
            "give the namespace to one",
        ),
        (
            "dependencies.\"a:b\" = { version = \"1\", registry = \"s\" }".to_owned(),
            "Cargo.toml:6:14: there is no registry `s`",
            "registries",
        ),
    ] {
        let (said, way_out) = refusal(&format!("[package.metadata.warg]\n{lines}\n"));
        assert_eq!(said, message, "{lines}");
        assert!(way_out.contains(help), "{lines}: {way_out}");
    }
}

#[test]
fn a_dependency_that_names_its_registry_settles_its_namespace() {
    let project = Project::package(
        r#"[package.metadata.warg]
default-registry = "r"
registries.r = { url = "r", policy = "p" }
registries.s = { url = "s", policy = "p" }
dependencies."a:b" = { version = "1", registry = "s" }
dependencies."a:c" = "1"
dependencies."x:y" = "1"
"#,
    );
    let workspace = project.load().unwrap();
    let from: Vec<_> = workspace.members()[0]
        .dependencies
        .iter()
        .map(|one| workspace.registry_of(one).unwrap().alias.to_string())
        .collect();
    assert_eq!(from, ["s", "s", "r"], "a:b, a:c, x:y");

    let project = Project::package("[package.metadata.warg]\ndependencies.\"a:b\" = \"1\"\n");
    let workspace = project.load().unwrap();
    let error = workspace
        .registry_of(&workspace.members()[0].dependencies[0])
        .unwrap_err();
    assert_eq!(
        with_locations(&error),
        "Cargo.toml:6:14: no registry is configured for `a:b`"
    );
    assert!(error.help().unwrap().contains("a = \"REGISTRY\""));
}

#[test]
fn a_member_names_its_own_file_and_leaves_registries_to_the_root() {
    let root = "[workspace]\nmembers = [\"x/app\"]\nresolver = \"3\"\n";
    let member = package("app", "[package.metadata.warg]\ndefault-registry = \"r\"\n");
    let (said, help) = refusal_of(&Project::new(&[
        ("Cargo.toml", root),
        ("x/app/Cargo.toml", &member),
    ]));
    let file = Path::new("x").join("app").join("Cargo.toml");
    assert_eq!(
        said,
        format!(
            "{}:6:1: `default-registry` belongs in the root manifest of the workspace",
            file.display()
        )
    );
    assert!(help.contains("[workspace.metadata.warg]"));

    let table = |owner: &str| {
        format!("[{owner}.metadata.warg]\nregistries.r = {{ url = \"r\", policy = \"p\" }}\n")
    };
    let both = format!("{}[workspace]\n{}", table("package"), table("workspace"));
    let (said, _) = refusal(&both);
    assert_eq!(
        said,
        "Cargo.toml:6:12: Cargo.toml:9:12: the registry `r` is stated twice"
    );
}

#[test]
fn members_are_selected_as_cargo_selects_them() {
    let (a, b) = (package("a", ""), package("b", ""));
    let root = "[workspace]\nmembers = [\"b\", \"a\"]\nresolver = \"3\"\n";
    let mut project = Project::new(&[
        ("Cargo.toml", root),
        ("a/Cargo.toml", &a),
        ("b/Cargo.toml", &b),
    ]);
    let selected = |project: &Project| -> Vec<String> {
        let workspace = project.load().unwrap();
        workspace
            .selected()
            .map(|member| member.name.clone())
            .collect()
    };
    assert_eq!(selected(&project), ["a", "b"], "a virtual root means all");
    assert!(project.load().unwrap().is_virtual());
    assert!(matches!(
        project.load().unwrap().only_selected(),
        Err(ManifestError::WhichMember { members }) if members == ["a", "b"]
    ));

    project.args.packages = vec!["b".to_owned()];
    assert_eq!(selected(&project), ["b"]);
    project.args.workspace = true;
    assert_eq!(selected(&project), ["a", "b"]);
    project.args.workspace = false;
    project.args.packages = vec!["c".to_owned()];
    let (said, help) = refusal_of(&project);
    assert_eq!(said, "the workspace has no package `c`");
    assert_eq!(help, "its packages are: `a`, `b`");

    project.args.packages = Vec::new();
    project.args.manifest_path = Some(project.path("a/Cargo.toml"));
    assert_eq!(
        selected(&project),
        ["a"],
        "a member's manifest means that member"
    );
    assert_eq!(project.load().unwrap().members().len(), 2);

    let project = Project::new(&[
        ("Cargo.toml", &format!("{root}default-members = [\"b\"]\n")),
        ("a/Cargo.toml", &a),
        ("b/Cargo.toml", &b),
    ]);
    assert_eq!(selected(&project), ["b"], "default-members");
}

#[test]
fn a_workspace_that_cargo_cannot_read_gives_cargos_own_words() {
    let (said, _) = refusal_of(&Project::new(&[("Cargo.toml", "[package]\nname = 3\n")]));
    assert!(said.contains("invalid type"), "{said}");
    assert!(!said.starts_with("error"), "{said}");
}

#[test]
fn broken_toml_is_named_with_line_and_column() {
    let root = Path::new("/w");
    let Err(error) = Source::parse(&root.join("Cargo.toml"), root, "[a]\nb = é = 1\n") else {
        panic!("no error");
    };
    let said = with_locations(&error);
    assert!(said.starts_with("Cargo.toml:2:7: "), "{said}");
}
