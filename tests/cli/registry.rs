//! `cargo warg registry`: making, filling and checking.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fixtures::forge::{Forge, spill};
use fixtures::world::World;
use transparency::Unverified;
use transparency::misbehavior::Misbehavior;

use crate::support::{Sandbox, copy, files, seed};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_registry_has_keys_a_policy_and_an_entry_in_the_manifest() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "# mine\n");
    app.warg(&["key", "new", "acme/ci"]).code(0);
    let said = app
        .warg(&[
            "registry",
            "new",
            "../reg",
            "--name",
            "acme",
            "--namespace",
            "acme=acme/ci",
        ])
        .code(0)
        .stderr_contains("to keep offline");
    assert_eq!(said.stdout, "");
    assert_eq!(said.stderr.lines().count(), 2, "{said}");
    let manifest = app.read("Cargo.toml");
    assert!(manifest.contains("# mine"), "{manifest}");
    assert!(
        manifest.contains("acme = { url = \"../reg\", policy = \"trust/acme.policy\" }"),
        "{manifest}"
    );
    let policy = app.read("trust/acme.policy");
    let origin = policy
        .split("log ")
        .nth(1)
        .unwrap()
        .split('+')
        .next()
        .unwrap();
    let unique = origin
        .strip_prefix("acme-")
        .and_then(|rest| rest.strip_suffix(".local"));
    let hex =
        |digits: &str| digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    assert!(unique.is_some_and(hex), "{origin}");
    assert_eq!(app.secrets().len(), 3, "acme/ci, operate, checkpoint");
    assert_eq!(mode(&app.home().join("config/keys")), 0o600);
    assert_eq!(mode(&app.home().join("config")), 0o700);
    for (path, bytes) in files(&sandbox.join("reg")) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            app.secrets()
                .iter()
                .all(|secret| !text.contains(seed(secret))),
            "a secret in {}",
            path.display()
        );
    }
    app.warg(&["registry", "check", "acme"])
        .code(0)
        .stderr_contains("Good acme-");
    assert_eq!(mode(&app.home().join("state")), 0o700);
    app.warg(&["registry", "check", "../reg"]).code(0);
    let twice = fs::read_dir(sandbox.path()).unwrap().count();
    assert_eq!(twice, 3, "app, home and reg; nothing else is left behind");
}

#[test]
fn two_registries_have_different_origins_and_a_given_one_is_taken() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("one", &["one"]);
    app.registry("two", &["two"]);
    let key = "acme/ci";
    let named = format!("three={key}");
    app.warg(&[
        "registry",
        "new",
        "../three",
        "--name",
        "three",
        "--namespace",
        &named,
        "--origin",
        "registry.example/three",
    ])
    .code(0)
    .stderr_contains("`registry.example/three`");
    assert!(
        app.read("trust/three.policy")
            .contains("log registry.example/three+")
    );
    assert_ne!(app.read("trust/one.policy"), app.read("trust/two.policy"));
}

#[test]
fn a_virtual_workspace_and_a_public_key_of_somebody_else_will_do() {
    let sandbox = Sandbox::new();
    let other = sandbox
        .cargo_project("other", "")
        .with_home(sandbox.join("other-home"));
    let key = other.warg(&["key", "new", "ben/laptop"]).code(0).stdout;
    let work = sandbox.virtual_workspace("work", &["a", "b"]);
    work.warg(&["key", "new", "acme/ci"]).code(0);
    let ben = format!("acme={}", key.trim());
    work.warg(&[
        "registry",
        "new",
        "reg",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
        "--namespace",
        &ben,
    ])
    .code(0);
    assert!(
        work.read("Cargo.toml")
            .contains("[workspace.metadata.warg.registries]")
    );
    assert!(work.read("Cargo.toml").contains("url = \"reg\""));
    work.warg(&["registry", "check", "acme"]).code(0);
    work.publish_wit("package acme:a@1.0.0;\ninterface i {}\n")
        .code(0);
}

#[test]
fn what_is_cut_off_is_finished_by_running_it_again() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.warg(&["key", "new", "acme/ci"]).code(0);
    let bare = app.read("Cargo.toml");
    let make = [
        "registry",
        "new",
        "../reg",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
    ];
    app.warg(&make).code(0);
    let manifest = app.read("Cargo.toml");
    let policy = app.read("trust/acme.policy");
    let registry = files(&sandbox.join("reg"));
    for lost in ["nothing", "the manifest", "the policy too"] {
        if lost != "nothing" {
            app.write("Cargo.toml", &bare);
        }
        if lost == "the policy too" {
            fs::remove_dir_all(app.path().join("trust")).unwrap();
        }
        app.warg(&make).code(0).stderr_contains("Found");
        assert_eq!(app.read("Cargo.toml"), manifest, "without {lost}");
        assert_eq!(app.read("trust/acme.policy"), policy, "without {lost}");
        assert_eq!(files(&sandbox.join("reg")), registry, "without {lost}");
    }
    assert_eq!(app.secrets().len(), 3, "no further keys");
}

#[test]
fn what_is_in_the_way_is_named_and_left_as_it_is() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let keys = app.secrets();
    let manifest = app.read("Cargo.toml");
    app.write("full/file", "mine");
    app.write("trust/b.policy", "log example.org+1c1eee1f+mine\n");
    let new = |path: &str, name: &str, namespace: &str, more: &[&str]| {
        let mut line = vec![
            "registry",
            "new",
            path,
            "--name",
            name,
            "--namespace",
            namespace,
        ];
        line.extend(more);
        app.warg(&line)
    };
    new("full", "x", "x=acme/ci", &[])
        .code(101)
        .stderr_contains("is not empty");
    new("full/file", "x", "x=acme/ci", &[])
        .code(101)
        .stderr_contains("cannot read");
    new("../b", "b", "b=acme/ci", &[])
        .code(101)
        .stderr_contains("is the policy of another registry");
    new("../c", "c", "c=nobody", &[])
        .code(101)
        .stderr_contains("no secret key named `nobody`");
    new("../c", "a b", "c=acme/ci", &[])
        .code(2)
        .stderr_contains("cannot name a registry");
    new("../c", "acme", "c=acme/ci", &[])
        .code(101)
        .stderr_contains("acme");
    new("../c", "c", "acme=acme/ci", &[])
        .code(101)
        .stderr_contains("acme");
    new(
        "../acme-registry",
        "acme",
        "acme=acme/ci",
        &["--origin", "other.example"],
    )
    .code(101)
    .stderr_contains("another origin");
    new(".", "c", "c=acme/ci", &[])
        .code(2)
        .stderr_contains("the folder of Cargo.toml itself");
    app.warg(&["registry", "new", "../c", "--name", "c"])
        .code(2)
        .stderr_contains("--namespace");
    let stranger = app.with_home(sandbox.join("stranger"));
    stranger.warg(&["key", "new", "acme/ci"]).code(0);
    let line = [
        "registry",
        "new",
        "../acme-registry",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
    ];
    stranger
        .warg(&line)
        .code(101)
        .stderr_contains("none that your keys made");
    assert_eq!(app.secrets(), keys);
    assert_eq!(app.read("Cargo.toml"), manifest);
    assert!(!sandbox.join("b").exists() && !sandbox.join("c").exists());
}

#[test]
fn a_folder_is_checked_under_a_policy_outside_of_any_project() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let nowhere = sandbox.folder_project("nowhere");
    let policy = app.path().join("trust/acme.policy").display().to_string();
    let check = ["registry", "check", "../acme-registry", "--policy", &policy];
    nowhere.warg(&check).code(0).stderr_contains("2 entries");
    app.warg(&["registry", "check", "../somewhere"])
        .code(2)
        .stderr_contains("--policy FILE");
    app.warg(&[
        "registry",
        "check",
        "../acme-registry",
        "--policy",
        "Cargo.toml",
    ])
    .code(13)
    .stderr_contains("is not a policy");
    app.warg(&["registry", "check", "../acme-registry", "--policy", "none"])
        .code(101);
    fs::remove_file(app.path().join("trust/acme.policy")).unwrap();
    app.warg(&["registry", "check", "acme"])
        .code(13)
        .stderr_contains("ask the registry's operator");
}

#[test]
fn a_check_finds_what_was_changed_or_taken_away_or_set_back() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let folder = sandbox.join("acme-registry");
    let young = sandbox.join("young");
    copy(&folder, &young);
    app.publish_wit("package acme:a@1.0.0;\ninterface i {}\n")
        .code(0);
    let fresh = app.with_home(sandbox.join("fresh"));
    let good = files(&folder);
    let public = good
        .iter()
        .filter(|(path, _)| !path.starts_with(".private"));
    for (path, bytes) in public {
        let path = folder.join(path);
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        fs::write(&path, &flipped).unwrap();
        for user in [&app, &fresh] {
            let said = user.warg(&["registry", "check", "acme"]);
            assert!(
                matches!(said.code, Some(12..=14)),
                "{}: {said}",
                path.display()
            );
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(good.len() > 12, "{:?}", good.keys());
    app.warg(&["registry", "check", "acme"]).code(0);
    fs::remove_dir_all(&folder).unwrap();
    copy(&young, &folder);
    app.warg(&["registry", "check", "acme"])
        .code(12)
        .stderr_contains("this machine saw it with 4");
    app.publish_wit("package acme:b@1.0.0;\ninterface i {}\n")
        .code(12)
        .stderr_contains("was set back");
    fs::remove_dir_all(&folder).unwrap();
    app.warg(&["registry", "check", "acme"])
        .code(12)
        .stderr_contains("there is no registry at");
}

#[test]
fn a_check_saves_evidence_of_what_the_registry_signed_and_no_honest_one_does() {
    let sandbox = Sandbox::new();
    let app = sandbox.folder_project("app");
    for (sort, lie) in [
        (
            "omitted",
            (|forge| _ = forge.omit("acme:clock")) as fn(&mut Forge<'_>),
        ),
        ("repeated", |forge| {
            let record = forge.entry_at(2).to_vec();
            forge.append(record);
        }),
    ] {
        let mut world = World::in_memory(1);
        world.release("acme:clock", "1.0.0").publish();
        let mut forge = Forge::of(&world);
        lie(&mut forge);
        forge.sign();
        spill(&world, &sandbox.join(sort));
        app.write("acme.policy", world.policy_text());
        let folder = format!("../{sort}");
        let said = app
            .with_home(sandbox.join(format!("{sort}-home")))
            .warg(&["registry", "check", &folder, "--policy", "acme.policy"])
            .code(14);
        let (_, rest) = said.stderr.split_once("the evidence is saved in ").unwrap();
        let file = fs::read(rest.split(';').next().unwrap()).unwrap();
        let evidence = Unverified::<Misbehavior>::parse(&file).unwrap();
        evidence.open(world.policy()).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text.lines().nth(1), Some(sort));
    }
}

#[test]
fn all_of_wasi_is_imported_in_one_run_and_a_second_run_finds_it_there() {
    let folders = match fixtures::wasi::folders() {
        Ok(folders) => folders,
        Err(error) => panic!("{error}"),
    };
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("wasi", &["wasi"]);
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let mut line = vec!["registry", "import"];
    line.extend(folders.iter().map(String::as_str));
    app.warg(&line)
        .code(0)
        .stderr_contains("60 versions of 7 packages into `wasi`");
    line.extend(["--registry", "wasi", "--key", "acme/ci"]);
    app.warg(&line)
        .code(0)
        .stderr_contains("0 versions of 7 packages into `wasi` (60 already there");
    app.warg(&["registry", "check", "wasi"])
        .code(0)
        .stderr_contains("63 entries")
        .stderr_contains("7 packages and of 60 releases, and 60 contents");
}

#[test]
fn an_import_keeps_what_cannot_be_used_and_refuses_two_contents_of_one_version() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.write("one/b.wit", "package acme:b@1.0.0;\ninterface i {}\n");
    app.write("two/b1/b.wit", "package acme:b@1.1.0;\ninterface i {}\n");
    app.write("two/b0/b.wit", "package acme:b@1.0.0;\ninterface i {}\n");
    app.write("two/c/c.wit", "package acme:c;\ninterface i {}\n");
    app.write(
        "two/d/d.wit",
        "package acme:d@1.0.0;\nworld w { import acme:b/i@1.0.0; import acme:b/i@1.1.0; }\n",
    );
    app.warg(&["registry", "import", "one"])
        .code(0)
        .stderr_contains("1 version of 1 package");
    app.warg(&["registry", "import", "one", "two"])
        .code(101)
        .stderr_contains("acme:d@1.0.0 is kept for the record and unusable")
        .stderr_contains("acme:c` has no version")
        .stderr_contains(
            "2 versions of 2 packages into `acme` (1 already there, 1 unusable, 1 skipped)",
        );
    app.warg(&["registry", "check", "acme"]).code(0);

    app.write("other/b.wit", "package acme:b@1.0.0;\ninterface j {}\n");
    app.warg(&["registry", "import", "one", "other"])
        .code(101)
        .stderr_contains("different contents are called acme:b@1.0.0: sha256:")
        .stderr_contains("other");
    app.warg(&["registry", "import", "other"])
        .code(13)
        .stderr_contains("acme:b@1.0.0 is released already, with other contents: sha256:");
    app.write("empty/readme.txt", "");
    app.warg(&["registry", "import", "empty"])
        .code(101)
        .stderr_contains("holds no WIT package");
    app.write("bad/a.wit", "package acme:bad@1.0.0;\ninterface {\n");
    app.warg(&["registry", "import", "bad"])
        .code(101)
        .stderr_contains("a.wit:2");
    app.warg(&["registry", "import", "one", "--registry", "x"])
        .code(2)
        .stderr_contains("no registry `x`");
}

#[test]
fn a_second_text_of_a_package_that_does_not_resolve_is_left_out_and_ends_no_import() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.write("one/b.wit", "package acme:b@1.0.0;\ninterface i {}\n");
    app.write(
        "two/b.wit",
        "package acme:b@1.0.0;\ninterface i { use acme:gone/j@1.0.0.{t}; }\n",
    );
    app.warg(&["registry", "import", "one", "two"])
        .code(11)
        .stderr_contains("`acme:b@1.0.0` needs `acme:gone/j@1.0.0`")
        .stderr_contains("1 version of 1 package into `acme` (1 skipped)");
}
