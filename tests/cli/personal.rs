//! Projects that configured nothing: the registry of one user, and what others need of it.

use std::fs;
use std::path::Path;

use fixtures::{component, oci};

use crate::merge::{git, try_git};
use crate::support::{Project, Sandbox, copy, files};

/// Texts of WASI as an upstream has them: `wasi:http`, which uses `wasi:io`, in some versions; and `acme:clock`.
fn upstream(sandbox: &Sandbox, versions: &[&str]) {
    let texts = sandbox.folder_project("upstream");
    for version in versions {
        texts.write(
            &format!("io-{version}/io.wit"),
            format!("package wasi:io@{version};\ninterface streams {{ type source = u32; }}\n"),
        );
        texts.write(
            &format!("http-{version}/http.wit"),
            format!(
                "package wasi:http@{version};\n\
                 interface types {{ use wasi:io/streams@{version}.{{source}}; get: func() -> source; }}\n"
            ),
        );
    }
    texts.write(
        "cli/cli.wit",
        "package wasi:cli@0.2.3;\ninterface run { run: func(); }\n",
    );
}

/// A crate whose WIT names `wasi:http` 0.2.3. It configures nothing.
fn app(sandbox: &Sandbox, name: &str) -> Project {
    let app = sandbox.cargo_project(name, "");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import wasi:http/types@0.2.3; }\n",
    );
    app
}

/// The same, locked by a user who imported what it needs.
fn locked(sandbox: &Sandbox) -> Project {
    upstream(sandbox, &["0.2.3"]);
    let app = app(sandbox, "app");
    import(&app);
    app.warg(&["lock"]).code(0);
    app
}

fn import(app: &Project) {
    app.warg(&[
        "registry",
        "import",
        "../upstream",
        "--registry",
        "personal",
    ])
    .code(0);
}

/// The project as a colleague has it, who has nothing else.
fn cloned(app: &Project, sandbox: &Sandbox, name: &str) -> Project {
    let folder = format!("{name}/app");
    copy(app.path(), &sandbox.join(&folder));
    let _ = fs::remove_dir_all(sandbox.join(&folder).join("wit/deps"));
    let home = sandbox.join(format!("{name}/home"));
    sandbox.folder_project(&folder).with_home(home)
}

/// The one origin of a personal registry that a lock names.
fn origin(app: &Project) -> String {
    let lock = app.read("warg.lock");
    let origins = lock
        .lines()
        .filter_map(|line| line.strip_prefix("origin = \""));
    let mut origins: Vec<_> = origins
        .map(|line| line.trim_end_matches('"').to_owned())
        .collect();
    origins.sort();
    origins.dedup();
    match <[String; 1]>::try_from(origins) {
        Ok([origin]) => origin,
        Err(several) => panic!("{several:?} in {lock}"),
    }
}

/// Names, versions and digests of what is locked.
fn contents(app: &Project) -> Vec<String> {
    let lock = app.read("warg.lock");
    let lines = lock.lines().filter(|line| {
        ["name = ", "version = \"", "digest = "]
            .iter()
            .any(|key| line.starts_with(key))
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn a_project_that_configured_nothing_locks_from_its_users_own_registry() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    let app = app(&sandbox, "app");
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("no registry is configured for the namespace `wasi`");
    assert!(!app.home().join("data").exists(), "reading founds nothing");
    import(&app);
    app.warg(&["add", "wasi:cli"])
        .code(0)
        .stderr_contains("      Adding WIT package wasi:cli 0.2.3 to Cargo.toml")
        .stderr_contains("      Locked 3 packages in warg.lock")
        .stderr_contains("    Vendored 3 contents and the evidence into ");
    let origin = origin(&app);
    let digits = origin.strip_prefix("personal/").unwrap();
    assert_eq!(digits.len(), 16, "{origin}");
    let manifest = app.read("Cargo.toml");
    assert!(manifest.contains("vendor = \"vendor/warg\""), "{manifest}");
    assert!(!manifest.contains("registries"), "no address: {manifest}");
    assert!(app.has(&format!("trust/personal-{digits}.policy")));
    for command in [
        &["lock", "--locked"][..],
        &["fetch"],
        &["verify", "--deny", "warnings"],
        &["verify", "--offline"],
        &["tree"],
    ] {
        app.warg(command).code(0);
    }
    let keys = app.warg(&["key", "list"]).code(0);
    assert_eq!(
        keys.stdout.matches("personal/").count(),
        1,
        "one key: {keys}"
    );
    // The same registry serves the user's next project, and is founded once.
    let other = sandbox.cargo_project("other", "");
    other.warg(&["add", "wasi:io"]).code(0);
    assert_eq!(self::origin(&other), origin);
}

#[test]
fn a_colleague_and_a_pipeline_need_nothing_but_the_repository() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let far = cloned(&app, &sandbox, "far");
    // Neither the registry nor its upstream is in reach.
    fs::rename(sandbox.join("home"), sandbox.join("gone")).unwrap();
    fs::remove_dir_all(sandbox.join("upstream")).unwrap();
    let before = files(far.path());
    far.warg(&["lock", "--locked"]).code(0);
    far.warg(&["verify", "--deny", "warnings"])
        .code(0)
        .stderr_lacks("warning")
        .stderr_contains("Verified warg.lock: 2 packages, 2 contents");
    far.warg(&["tree"]).code(0);
    assert_eq!(files(far.path()), before, "nothing was written");
    far.warg(&["fetch", "--locked"])
        .code(0)
        .stderr_lacks("warning");
    assert!(far.has("wit/deps/wasi-io-0.2.3/package.wit"));
    far.warg(&["verify"]).code(0);
    far.warg(&["lock"]).code(0).stderr_contains("Up to date");
    assert!(!far.home().join("data").exists(), "reading founds nothing");
    far.warg(&["vendor"]).code(0).stderr_contains("Up to date");
}

#[test]
fn what_does_not_lie_with_the_project_is_told_and_no_retry_is_advised() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    for missing in ["vendor", "trust"] {
        let far = cloned(&app, &sandbox, missing);
        fs::remove_dir_all(far.path().join(missing)).unwrap();
        for command in [&["verify"][..], &["fetch"], &["verify", "--offline"]] {
            far.warg(command)
                .code(101)
                .stderr_contains("is the personal registry of another machine")
                .stderr_contains("`cargo warg vendor`");
        }
        far.warg(&["tree"]).code(0);
        far.warg(&["lock", "--locked"]).code(0);
    }
}

#[test]
fn a_colleague_who_changes_dependencies_adopts_what_is_locked() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    app.warg(&["add", "wasi:cli"]).code(0);
    let (before, theirs) = (contents(&app), origin(&app));
    let far = cloned(&app, &sandbox, "far");
    fs::rename(sandbox.join("home"), sandbox.join("gone")).unwrap();
    fs::remove_dir_all(sandbox.join("upstream")).unwrap();
    far.warg(&["update", "--dry-run"]).code(10);
    assert!(!far.home().join("data").exists());
    far.warg(&["remove", "wasi:cli"])
        .code(0)
        .stderr_contains("Adopted 3 releases of another machine")
        .stderr_contains("Removing wasi:cli v0.2.3");
    let ours = origin(&far);
    assert_ne!(ours, theirs);
    let left: Vec<_> = contents(&far);
    assert!(
        left.iter().all(|line| before.contains(line)),
        "{left:?} of {before:?}"
    );
    for command in [
        &["verify", "--deny", "warnings"][..],
        &["fetch"],
        &["lock", "--locked"],
    ] {
        far.warg(command).code(0);
    }
    // What was adopted is there for whoever has it locked.
    far.warg(&["lock"]).code(0).stderr_contains("Up to date");
    // Another machine takes it from there.
    let third = cloned(&far, &sandbox, "third");
    third.warg(&["verify", "--deny", "warnings"]).code(0);
    // The first one comes back, and adopts nothing: it has all of it.
    fs::rename(sandbox.join("gone"), sandbox.join("home")).unwrap();
    let back = cloned(&far, &sandbox, "back").with_home(sandbox.join("home"));
    back.warg(&["add", "wasi:cli"])
        .code(0)
        .stderr_lacks("Adopted");
    assert_eq!(origin(&back), theirs);
    assert_eq!(contents(&back), before);
}

#[test]
fn branches_of_two_machines_are_merged_by_lock() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    app.write(".gitignore", "target\nCargo.lock\nwit/deps\n");
    git(app.path(), &["init", "-q", "-b", "main"]);
    commit(&app);
    let far = cloned(&app, &sandbox, "far");
    git(far.path(), &["checkout", "-q", "-b", "topic"]);
    // The colleague adds what only they imported.
    let texts = sandbox.folder_project("theirs");
    texts.write(
        "poll/p.wit",
        "package wasi:poll@0.2.3;\ninterface p { type t = u8; }\n",
    );
    far.warg(&[
        "registry",
        "import",
        "../../theirs",
        "--registry",
        "personal",
    ])
    .code(0);
    far.write(
        "wit/poll.wit",
        "package example:app@0.1.0;\nworld poll { import wasi:poll/p@0.2.3; }\n",
    );
    far.warg(&["lock"])
        .code(0)
        .stderr_contains("Adopted 2 releases");
    commit(&far);
    // The first one adds something else.
    app.write(
        "wit/cli.wit",
        "package example:app@0.1.0;\nworld cli { import wasi:cli/run@0.2.3; }\n",
    );
    app.warg(&["lock"]).code(0);
    commit(&app);
    let (ours, theirs) = (origin(&app), origin(&far));
    assert_ne!(ours, theirs);
    let url = far.path().display().to_string();
    git(app.path(), &["fetch", "-q", &url, "topic"]);
    git(
        far.path(),
        &["fetch", "-q", &app.path().display().to_string(), "main"],
    );
    for (machine, own) in [(&app, &ours), (&far, &theirs)] {
        assert!(
            !try_git(machine.path(), &["merge", "-q", "--no-edit", "FETCH_HEAD"]),
            "no conflict"
        );
        assert!(machine.read("warg.lock").contains("<<<<<<<"));
        machine.warg(&["verify"]).code(10);
        machine
            .warg(&["lock"])
            .code(0)
            .stderr_contains("conflict markers")
            .stderr_contains("Locked 4 packages");
        assert_eq!(origin(machine), *own, "the one who merges vouches for it");
        machine.warg(&["verify", "--deny", "warnings"]).code(0);
        let third = cloned(
            machine,
            &sandbox,
            &format!("third-{}", own.replace('/', "-")),
        );
        third.warg(&["verify", "--deny", "warnings"]).code(0);
        third.warg(&["fetch", "--locked"]).code(0);
    }
    assert_eq!(
        contents(&app),
        contents(&far),
        "whoever merges gets the same releases"
    );
}

fn commit(app: &Project) {
    git(app.path(), &["add", "-A"]);
    git(app.path(), &["commit", "-q", "-m", "a change"]);
}

#[test]
fn explicit_vendoring_removes_what_no_branch_needs_any_more() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let far = cloned(&app, &sandbox, "far");
    far.write(
        "wit/none.wit",
        "package example:app@0.1.0;\nworld none {}\n",
    );
    far.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"0.2.3\"\n");
    far.warg(&["lock"]).code(0).stderr_contains("Adopted");
    let policies = |app: &Project| files(&app.path().join("trust")).len();
    let registries = |app: &Project| {
        fs::read_dir(app.path().join("vendor/warg/registry"))
            .unwrap()
            .count()
    };
    assert_eq!((policies(&far), registries(&far)), (2, 2));
    far.warg(&["vendor"]).code(0);
    assert_eq!((policies(&far), registries(&far)), (1, 1));
    far.warg(&["verify"]).code(0);
}

#[test]
fn a_namespace_moves_to_a_teams_registry_by_configuring_it() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let before = contents(&app);
    app.registry("team", &["wasi"]);
    app.warg(&["registry", "import", "../upstream", "--registry", "team"])
        .code(0);
    app.warg(&["verify"]).code(10);
    app.warg(&["lock"]).code(0);
    assert!(!app.read("warg.lock").contains("personal/"));
    assert_eq!(contents(&app), before);
    app.warg(&["verify"]).code(0);
    app.warg(&["vendor"]).code(0);
    assert_eq!(
        files(&app.path().join("trust")).keys().collect::<Vec<_>>(),
        [Path::new("team.policy")]
    );
}

#[test]
fn a_teams_registry_with_other_contents_is_told() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let lock = app.read("warg.lock");
    app.registry("team", &["wasi"]);
    app.publish_wit("package wasi:io@0.2.3;\ninterface streams { type source = u64; }\n")
        .code(0);
    app.warg(&[
        "registry",
        "import",
        "../upstream/http-0.2.3",
        "--registry",
        "team",
    ])
    .code(0);
    app.warg(&["lock"])
        .code(13)
        .stderr_contains("another registry has other contents")
        .stderr_contains("wasi:io@0.2.3 was sha256:");
    assert_eq!(app.read("warg.lock"), lock);
}

#[test]
fn nothing_that_names_a_personal_registry_is_published() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    let app = sandbox.cargo_project("app", "[package.metadata.warg]\npackage = \"acme:app\"\n");
    app.registry("acme", &["acme"]);
    import(&app);
    app.warg(&["add", "wasi:io"]).code(0);
    let wasm = component::from_wit(
        "package acme:app@0.1.0;\ninterface api { f: func(); }\nworld w { export api; }\n",
        "w",
    );
    app.write("app.wasm", wasm);
    app.warg(&["publish", "app.wasm", "--with-lock"])
        .code(10)
        .stderr_contains("names the personal registry `personal/")
        .stderr_contains("a registry of your team");
    app.warg(&["publish", "app.wasm", "--registry", "personal"])
        .code(2)
        .stderr_contains("is a personal registry: it holds what was imported");
}

#[test]
fn cargo_toml_names_no_personal_registry() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let policy = format!("trust/{}.policy", origin(&app).replace('/', "-"));
    app.warg(&["key", "new", "acme/ci"]).code(0);
    app.warg(&[
        "registry",
        "new",
        "../r",
        "--name",
        "personal",
        "--namespace",
        "acme=acme/ci",
    ])
    .code(2);
    app.warg(&[
        "registry",
        "new",
        "../r",
        "--name",
        "r",
        "--origin",
        "personal/0123456789abcdef",
        "--namespace",
        "acme=acme/ci",
    ])
    .code(2);
    let manifest = app.read("Cargo.toml");
    for (name, code) in [("personal", 101), ("mine", 101)] {
        app.write(
            "Cargo.toml",
            format!(
                "{manifest}[package.metadata.warg.registries]\n\
                 {name} = {{ url = \"https://registry.invalid\", policy = \"{policy}\" }}\n"
            ),
        );
        app.warg(&["lock", "--locked"])
            .code(code)
            .stderr_contains("Cargo.toml:");
    }
}

/// A project of a stranger, who locked `wasi:io` in a version and with a text of their choice.
fn stranger(sandbox: &Sandbox, version: &str, text: &str) -> Project {
    let texts = sandbox.folder_project("strange");
    texts.write("io/io.wit", format!("package wasi:io@{version};\n{text}"));
    let theirs = sandbox
        .cargo_project("theirs/app", "")
        .with_home(sandbox.join("theirs/home"));
    theirs.write(
        "Cargo.toml",
        theirs.read("Cargo.toml").replace("theirs/app", "app"),
    );
    theirs
        .warg(&[
            "registry",
            "import",
            "../../strange",
            "--registry",
            "personal",
        ])
        .code(0);
    theirs.write(
        "wit/world.wit",
        format!("package example:app@0.1.0;\nworld app {{ import wasi:io/streams@{version}; }}\n"),
    );
    theirs.warg(&["lock"]).code(0);
    theirs
}

/// The same project, with something in it that its owner changes: then it has to be locked anew.
fn changed(theirs: &Project, sandbox: &Sandbox, name: &str) -> Project {
    let mine = cloned(theirs, sandbox, name).with_home(sandbox.join("home"));
    mine.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"*\"\n");
    mine
}

/// Every file of this user's personal registry.
fn own(sandbox: &Sandbox) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    files(&sandbox.join("home/data/personal/registry"))
}

#[test]
fn what_a_project_brings_is_there_for_that_project_alone() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    let app = app(&sandbox, "app");
    import(&app);
    let theirs = stranger(
        &sandbox,
        "0.2.9",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    mine.warg(&["lock"])
        .code(0)
        .stderr_contains("Adopted 1 release of another machine");
    mine.warg(&["verify", "--deny", "warnings"]).code(0);
    assert!(mine.read("warg.lock").contains("version = \"0.2.9\""));
    // Another project of this user gets what was imported.
    let other = sandbox.cargo_project("other", "");
    other
        .warg(&["add", "wasi:io"])
        .code(0)
        .stderr_contains("wasi:io 0.2.3");
    other.warg(&["add", "wasi:io@0.2.9"]).code(11);
    other.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import wasi:io/streams@0.2.9; }\n",
    );
    other.warg(&["lock"]).code(11);
    // Once this user finds it where they import from, it is for all.
    other
        .warg(&["registry", "import", "../strange", "--registry", "personal"])
        .code(0);
    other.warg(&["lock"]).code(0);
    assert!(other.read("warg.lock").contains("version = \"0.2.9\""));
}

#[test]
fn a_version_that_is_there_with_other_contents_is_not_adopted() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    import(&app(&sandbox, "app"));
    let theirs = stranger(
        &sandbox,
        "0.2.3",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    let (before, lock) = (own(&sandbox), mine.read("warg.lock"));
    mine.warg(&["lock"])
        .code(13)
        .stderr_contains("has other contents under the same version")
        .stderr_contains("wasi:io@0.2.3 is sha256:")
        .stderr_contains("nothing of it was adopted");
    mine.warg(&["add", "wasi:cli"]).code(13);
    assert_eq!(own(&sandbox), before);
    assert_eq!(mine.read("warg.lock"), lock);
    // To read it is another thing: it is theirs, and nothing of it becomes this user's.
    let reads = cloned(&theirs, &sandbox, "reads").with_home(sandbox.join("home"));
    reads.warg(&["verify"]).code(0);
    assert_eq!(own(&sandbox), before);
}

/// What is changed of somebody's project, and how.
type Case<'c> = (&'c str, &'c dyn Fn(&Project));

#[test]
fn what_no_verified_log_vouches_for_is_not_adopted() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    import(&app(&sandbox, "app"));
    let theirs = stranger(
        &sandbox,
        "0.2.9",
        "interface streams { type source = u8; }\n",
    );
    let before = own(&sandbox);
    let digest = |project: &Project| {
        let lock = project.read("warg.lock");
        let line = lock
            .lines()
            .find(|line| line.starts_with("digest = "))
            .unwrap();
        line.trim_start_matches("digest = \"sha256:")
            .trim_end_matches('"')
            .to_owned()
    };
    let content = |project: &Project| {
        let digest = digest(project);
        format!(
            "vendor/warg/content/sha256/{}/{}",
            &digest[..2],
            &digest[2..]
        )
    };
    let cases: [Case<'_>; 4] = [
        ("bytes", &|mine| {
            let path = content(mine);
            let mut bytes = fs::read(mine.path().join(&path)).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            mine.write(&path, bytes);
        }),
        ("digest", &|mine| {
            let digest = digest(mine);
            let other = digest.replace(&digest[..4], "0000");
            mine.write("warg.lock", mine.read("warg.lock").replace(&digest, &other));
        }),
        ("key", &|mine| {
            let policy = files(&mine.path().join("trust"));
            let (path, _) = policy.first_key_value().unwrap();
            let own = fs::read_to_string(sandbox.join("home/data/personal/policy")).unwrap();
            mine.write(&format!("trust/{}", path.display()), own);
        }),
        ("version", &|mine| {
            let lock = mine.read("warg.lock");
            mine.write("warg.lock", lock.replace("0.2.9", "0.2.8"));
            let world = mine.read("wit/world.wit");
            mine.write("wit/world.wit", world.replace("0.2.9", "0.2.8"));
        }),
    ];
    for (what, change) in cases {
        let mine = changed(&theirs, &sandbox, what);
        change(&mine);
        let said = mine.warg(&["lock"]);
        assert_eq!(said.exit_code(), 13, "{what}: {said}");
        assert_eq!(own(&sandbox), before, "{what}");
    }
}

#[test]
fn what_lies_with_a_project_leads_nowhere_else() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let far = cloned(&app, &sandbox, "far");
    // A project cannot make its policy be read from elsewhere, nor what is vendored be written there.
    fs::remove_dir_all(far.path().join("trust")).unwrap();
    let elsewhere = sandbox.join("elsewhere");
    copy(&app.path().join("trust"), &elsewhere);
    std::os::unix::fs::symlink(&elsewhere, far.path().join("trust")).unwrap();
    let before = files(&elsewhere);
    far.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"*\"\n");
    far.warg(&["lock"]).code_is_no_success();
    assert_eq!(files(&elsewhere), before);
}

/// Puts bytes where wkg's layout has a version, in the folder `up`.
fn put(sandbox: &Sandbox, name: &str, version: &str, bytes: &[u8]) {
    let path = format!("up/{}/{version}.wasm", name.replace(':', "/"));
    let path = sandbox.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// An upstream of binaries: `wasi:io`, and `wasi:http`, which uses it; and the component `ba:tool`.
fn binaries(sandbox: &Sandbox) {
    for version in ["0.2.0", "0.2.3"] {
        let io =
            format!("package wasi:io@{version};\ninterface streams {{ type source = u32; }}\n");
        put(sandbox, "wasi:io", version, &component::wit_package(&io));
        let http = format!(
            "package wasi:http@{version};\n\
             interface types {{ use wasi:io/streams@{version}.{{source}}; get: func() -> source; }}\n\
             package wasi:io@{version} {{ interface streams {{ type source = u32; }} }}\n"
        );
        put(
            sandbox,
            "wasi:http",
            version,
            &component::wit_package(&http),
        );
    }
    tool(sandbox, "1.0.0");
}

fn tool(sandbox: &Sandbox, version: &str) {
    let text = format!(
        "package ba:tool@{version};\ninterface api {{ f: func(); }}\nworld w {{ export api; }}\n"
    );
    put(
        sandbox,
        "ba:tool",
        version,
        &component::from_wit(&text, "w"),
    );
}

/// This user's wasm-pkg configuration, which says where `wasi` and `ba` lie: the variable, and the file.
fn known(sandbox: &Sandbox) -> (&'static str, String) {
    let file = sandbox.join("wkg.toml");
    let up = sandbox.join("up");
    let text = format!(
        "[namespace_registries]\nwasi = \"up.example\"\nba = \"up.example\"\n\
         [registry.\"up.example\"]\ntype = \"local\"\n[registry.\"up.example\".local]\nroot = \"{}\"\n",
        up.display()
    );
    fs::write(&file, text).unwrap();
    ("WKG_CONFIG_FILE", file.display().to_string())
}

#[test]
fn from_a_new_crate_to_a_verified_lock() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let app = sandbox.cargo_project("app", "");
    let env = [(variable, file.as_str())];
    // Nobody can be asked here, and nothing happens without a word.
    let manifest = app.read("Cargo.toml");
    app.warg_with(&env, &["add", "wasi:http"])
        .code(101)
        .stderr_contains("no registry is configured for the namespace `wasi`")
        .stderr_contains("pass `--yes`, which imports packages of `wasi` from local:");
    assert_eq!(app.read("Cargo.toml"), manifest);
    assert!(!app.home().join("data").exists());
    app.warg_with(&env, &["add", "wasi:http", "--yes"])
        .code(0)
        .stderr_contains("    Imported 4 versions into this user's personal registry")
        .stderr_contains("      Adding WIT package wasi:http 0.2.3 to Cargo.toml")
        .stderr_contains("      Locked 2 packages in warg.lock")
        .stderr_contains("    Vendored 2 contents");
    app.warg(&["verify", "--deny", "warnings"]).code(0);
    // The word was given for this pair, and for every project of this user.
    let agreed = fs::read_to_string(app.home().join("config/upstreams.toml")).unwrap();
    assert!(agreed.contains("wasi = \"local:"), "{agreed}");
    let other = sandbox.cargo_project("other", "");
    fs::rename(sandbox.join("up"), sandbox.join("gone")).unwrap();
    other
        .warg(&["add", "wasi:http"])
        .code(0)
        .stderr_lacks("Imported");
    other.warg(&["verify"]).code(0);
}

#[test]
fn with_every_upstream_gone_what_is_locked_goes_on_working() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "wasi:http", "ba:tool", "--yes"])
        .code(0);
    app.warg(&["fetch"]).code(0);
    fs::remove_dir_all(sandbox.join("up")).unwrap();
    for command in [
        &["lock"][..],
        &["fetch"],
        &["verify", "--deny", "warnings"],
        &["remove", "wasi:http"],
        &["add", "wasi:io"],
        &["lock", "--offline"],
        &["fetch", "--offline"],
        &["verify", "--offline"],
    ] {
        app.warg_with(&env, command).code(0);
    }
    // What is not there is told with the reason, and a retry may help or not, as the upstream says.
    app.warg_with(&env, &["add", "wasi:cli"])
        .code_is_no_success()
        .stderr_contains("`wasi:cli` is not in the registry `personal/");
}

#[test]
fn lock_lists_nothing_anew_and_update_does() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "ba:tool", "--yes"]).code(0);
    tool(&sandbox, "1.1.0");
    app.append_to_manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"0.2.0\"\n");
    app.warg_with(&env, &["lock", "--yes"])
        .code(0)
        .stderr_lacks("1.1.0");
    app.warg_with(&env, &["update", "--dry-run"])
        .code(0)
        .stderr_lacks("1.1.0");
    app.warg_with(&env, &["update", "ba:tool"])
        .code(0)
        .stderr_contains("ba:tool v1.0.0 -> v1.1.0");
    app.warg(&["verify"]).code(0);
}

#[test]
fn what_a_registry_refers_to_is_imported_where_nobody_else_has_it() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let maker = sandbox.cargo_project("maker", "");
    maker.registry("acme", &["acme", "wasi"]);
    maker
        .publish_wit("package wasi:io@0.2.3;\ninterface streams { type source = u32; }\n")
        .code(0);
    maker
        .publish_wit(
            "package acme:api@1.0.0;\ninterface a { use wasi:io/streams@0.2.3.{source}; }\n",
        )
        .code(0);
    // Who configured `acme` for its own namespace alone has WASI from elsewhere.
    let app = sandbox.cargo_project("app", "");
    let tables = maker.read("Cargo.toml");
    let tables = tables.split_once("[package.metadata.warg").unwrap().1;
    let tables: String = tables
        .lines()
        .filter(|line| !line.starts_with("wasi"))
        .flat_map(|line| [line, "\n"])
        .collect();
    app.append_to_manifest(&format!("[package.metadata.warg{tables}"));
    copy(&maker.path().join("trust"), &app.path().join("trust"));
    app.warg_with(&env, &["add", "acme:api"])
        .code_is_no_success()
        .stderr_contains("pass `--yes`");
    app.warg_with(&env, &["add", "acme:api", "--yes"]).code(0);
    let lock = app.read("warg.lock");
    assert!(lock.contains("wasi = \"personal/"), "{lock}");
    app.warg(&["verify", "--deny", "warnings"]).code(0);
}

#[test]
fn what_a_project_brought_is_compared_with_what_lies_upstream() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let (variable, file) = known(&sandbox);
    let env = [(variable, file.as_str())];
    let theirs = stranger(
        &sandbox,
        "0.2.3",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    mine.warg_with(&env, &["lock"])
        .code(0)
        .stderr_contains("Adopted");
    let other = sandbox.cargo_project("other", "");
    other
        .warg_with(&env, &["add", "wasi:io@0.2.3", "--yes"])
        .code(13)
        .stderr_contains("wasi:io@0.2.3 is sha256:")
        .stderr_contains("in this user's personal registry, and sha256:");
}

/// An OCI registry on this machine that has `wasi:http` and `wasi:io`, and a wasm-pkg configuration that leads there.
fn oci(sandbox: &Sandbox) -> (oci::Registry, String) {
    let registry = oci::Registry::new();
    binaries(sandbox);
    for name in ["io", "http"] {
        for version in ["0.2.0", "0.2.3"] {
            let bytes = fs::read(sandbox.join(format!("up/wasi/{name}/{version}.wasm"))).unwrap();
            registry.push(&format!("webassembly/wasi/{name}"), version, &bytes);
        }
    }
    let file = sandbox.join("wkg.toml");
    let host = registry.host();
    let text = format!(
        "[namespace_registries]\nwasi = {{ registry = \"mine\", metadata = {{ oci = {{ registry = \"{host}\", \
         namespacePrefix = \"webassembly/\" }} }} }}\n"
    );
    fs::write(&file, text).unwrap();
    (registry, file.display().to_string())
}

#[test]
fn an_oci_registry_is_asked_once_for_what_is_imported_and_never_again() {
    let sandbox = Sandbox::new();
    let (registry, file) = oci(&sandbox);
    let env = [("WKG_CONFIG_FILE", file.as_str())];
    let app = sandbox.cargo_project("app", "");
    app.warg_with(&env, &["add", "wasi:http", "--yes"]).code(0);
    let asked = registry.server().requests().len();
    // The tags of two packages; manifest, config and content of four versions.
    assert!(asked <= 2 + 4 * 3, "{asked} requests");
    for command in [
        &["verify", "--deny", "warnings"][..],
        &["lock"],
        &["fetch"],
        &["vendor"],
        &["verify"],
        &["add", "wasi:io"],
        &["remove", "wasi:io"],
    ] {
        app.warg_with(&env, command).code(0);
    }
    let other = sandbox.cargo_project("other", "");
    other.warg_with(&env, &["add", "wasi:http"]).code(0);
    other.warg_with(&env, &["verify"]).code(0);
    assert_eq!(
        registry.server().requests().len(),
        asked,
        "nothing more was asked"
    );
    // What there is anew is two requests a package at most: here, the tags of each.
    other.warg_with(&env, &["update"]).code(0);
    assert!(registry.server().requests().len() <= asked + 2 * 2);
}

#[test]
fn nothing_is_vendored_into_a_folder_of_another_project_unasked() {
    let sandbox = Sandbox::new();
    let app = locked(&sandbox);
    let other = sandbox.cargo_project("other", "");
    other.append_to_manifest("[package.metadata.warg]\nvendor = \"../app/vendor/warg\"\n");
    let before = files(app.path());
    other
        .warg(&["add", "wasi:cli"])
        .code(0)
        .stderr_contains("run `cargo warg vendor`")
        .stderr_lacks("Vendored");
    assert_eq!(files(app.path()), before);
}

#[test]
fn whatever_locks_first_checks_the_lock_as_it_was_solved() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, &["0.2.3"]);
    import(&app(&sandbox, "importer"));
    for command in ["fetch", "vendor"] {
        let app = app(&sandbox, command);
        app.warg(&[command])
            .code(0)
            .stderr_contains("Locked 2 packages");
        app.warg(&[command, "--locked"]).code(0);
        fs::remove_file(app.path().join("warg.lock")).unwrap();
        app.warg(&[command])
            .code(0)
            .stderr_contains("Locked 2 packages");
        app.warg(&["vendor"]).code(0);
        app.warg(&["verify", "--deny", "warnings"]).code(0);
    }
}

/// A project whose lock has `wasi:http` and `wasi:io` as another machine imported them from `up`; this user adopted them.
fn adopted(sandbox: &Sandbox) -> (&'static str, String) {
    binaries(sandbox);
    let (variable, file) = known(sandbox);
    let theirs = sandbox
        .cargo_project("theirs", "")
        .with_home(sandbox.join("theirs-home"));
    theirs
        .warg_with(&[(variable, &file)], &["add", "wasi:http", "--yes"])
        .code(0);
    let mine = cloned(&theirs, sandbox, "mine").with_home(sandbox.join("home"));
    mine.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app { import wasi:io/streams@0.2.3; }\n",
    );
    mine.warg(&["lock"])
        .code(0)
        .stderr_contains("Adopted 2 releases");
    (variable, file)
}

#[test]
fn what_was_adopted_is_for_all_projects_once_it_is_imported_by_hand() {
    let sandbox = Sandbox::new();
    adopted(&sandbox);
    let other = sandbox.cargo_project("other", "");
    other.warg(&["add", "wasi:io@0.2.3"]).code(11);
    let up = format!("local:{}", sandbox.join("up").display());
    let imported = [
        "registry",
        "import",
        &up,
        "wasi:http",
        "--registry",
        "personal",
    ];
    other.warg(&imported).code(0);
    // What it refers to was confirmed with it.
    other.warg(&["add", "wasi:io@0.2.3"]).code(0);
    other.warg(&["add", "wasi:http@0.2.3"]).code(0);
    other.warg(&["verify", "--deny", "warnings"]).code(0);
    let before = own(&sandbox);
    other.warg(&imported).code(0);
    assert_eq!(own(&sandbox), before, "confirmed once");
}

#[test]
fn what_was_adopted_is_for_all_projects_once_it_is_imported_along() {
    let sandbox = Sandbox::new();
    let (variable, file) = adopted(&sandbox);
    let env = [(variable, file.as_str())];
    let other = sandbox.cargo_project("other", "");
    other
        .warg_with(&env, &["add", "wasi:http", "--yes"])
        .code(0);
    other.warg(&["verify", "--deny", "warnings"]).code(0);
    other.warg(&["add", "wasi:io@0.2.3"]).code(0);
}

#[test]
fn what_was_adopted_with_other_bytes_is_told_when_it_is_imported_by_hand() {
    let sandbox = Sandbox::new();
    binaries(&sandbox);
    let theirs = stranger(
        &sandbox,
        "0.2.3",
        "interface streams { type source = u8; }\n",
    );
    let mine = changed(&theirs, &sandbox, "mine");
    mine.warg(&["lock"]).code(0).stderr_contains("Adopted");
    let up = format!("local:{}", sandbox.join("up").display());
    let other = sandbox.cargo_project("other", "");
    let imported = [
        "registry",
        "import",
        &up,
        "wasi:io",
        "--registry",
        "personal",
    ];
    other.warg(&imported).code(13);
    other.warg(&["add", "wasi:io@0.2.3"]).code(11);
}
