//! Projects that configured nothing: the registry of one user, and what others need of it.

mod upstreams;

use std::fs;
use std::path::Path;

use fixtures::component;

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
