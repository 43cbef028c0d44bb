//! `cargo warg lock --at`: what would have been locked then, byte for byte, whatever happened since.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use fixtures::server::Server;
use fixtures::world::World;
use registry::sequencer::Sequencer;
use registry::storage::Folder;
use transparency::digest::Digest;
use transparency::operator::{Action, Role};
use transparency::package::{self, Permission};
use transparency::record::{Record, Subject};

use crate::story::{self, Registry, clock, stocked};
use crate::support::{Project, Sandbox};

fn app(sandbox: &Sandbox, registry: &Registry) -> Project {
    registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    )
}

fn size(registry: &Registry) -> String {
    registry.world.size().to_string()
}

/// The lock of a project that has none yet.
fn fresh(app: &Project) -> String {
    let lock = app.path().join("warg.lock");
    if lock.exists() {
        fs::remove_file(lock).unwrap();
    }
    app.warg(&["lock"]).code(0);
    app.read("warg.lock")
}

fn at(app: &Project, size: &str) -> String {
    let said = app.warg(&["lock", "--at", size, "-o", "-"]).code(0);
    said.stdout
}

/// Everything that can be taken back is: the release that was locked is yanked, the publisher's key goes, and the key
/// that signed every checkpoint until now.
fn everything_changes(world: &mut World<Folder>) {
    world.yank("acme:clock", "1.1.0", "it is late");
    let new = world.stranger("acme/new");
    let keys = vec![
        package::Action::Grant {
            key: new.verifying_key().clone(),
            permissions: [Permission::Own].into(),
            under: None,
        },
        package::Action::Revoke {
            key: world.publisher().verifying_key().clone(),
            permissions: [Permission::Own].into(),
        },
    ];
    let record = world.record("acme:logger", keys);
    world.append(&[record]).unwrap();
    world.operate(vec![Action::Refresh(3600)]);
    let signer = world.stranger(world.origin().as_str());
    let roles = || [Role::Checkpoint].into();
    world.operate(vec![Action::Grant(signer.verifying_key().clone(), roles())]);
    let session = world.session();
    let operator = session.checkpoint().operator();
    let old = world.checkpoint_key().verifying_key().clone();
    let record = Record {
        origin: world.origin().clone(),
        subject: Subject::Operator,
        position: operator.length().next(),
        previous: operator.head(),
        time: world.now(),
        signer: world.operate_key().verifying_key().clone(),
        actions: vec![Action::Revoke(old, roles())],
    };
    let record = record.sign(world.operate_key()).unwrap();
    let sequencer = Sequencer::new(world.storage(), world.policy(), &signer);
    sequencer.append(&[record], world.now()).unwrap();
}

#[test]
fn what_was_locked_then_is_locked_again_whatever_happened_since() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let then = size(&registry);
    let was = fresh(&app);
    assert_eq!(at(&app, &then), was, "the newest is a past as any other");

    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    everything_changes(&mut registry.world);
    let now = size(&registry);
    let said = app.warg(&["lock", "--at", &then, "-o", "-"]).code(0);
    assert_eq!(said.stdout, was);
    // The lock is at that very size, and current: nothing is solved.
    let said = app.warg(&["lock", "--at", &then]).code(0);
    said.stderr_contains("Up to date warg.lock");

    let newest = fresh(&app);
    assert_ne!(newest, was);
    assert_eq!(at(&app, &now), newest);
    app.warg(&["lock", "-v", "--at", &then, "-o", "then.lock"])
        .code(0)
        .stderr_contains("acme:clock@1.1.0 was yanked since: it is late")
        .stderr_contains("Downgrading acme:clock v1.2.0 -> v1.1.0")
        .stderr_contains(&format!("`registry.example/world-1` at size {then}"))
        .stderr_contains("Locked 2 packages → then.lock");
    assert_eq!(app.read("then.lock"), was);
    assert_eq!(app.read("warg.lock"), newest, "the lock stays as it is");
    // Nothing of that was remembered: what is newest is newest.
    assert_eq!(fresh(&app), newest);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    // A lock of the past is a lock: it is current, and the next one continues it.
    fs::write(app.path().join("warg.lock"), &was).unwrap();
    app.warg(&["lock", "--locked"]).code(0);
    app.warg(&["verify"])
        .code(0)
        .stderr_contains("acme:clock@1.1.0 is yanked");
}

#[test]
fn a_lock_never_goes_back() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let then = size(&registry);
    let was = at(&app, &then);
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    let later = size(&registry);
    let newer = fresh(&app);
    registry.component("acme:clock", "1.3.0", &[], &clock("1.3.0"));
    let now = size(&registry);
    let component = fixtures::component::from_wit("package a:c;\nworld w {}\n", "w");
    app.write("c.wasm", component);
    let before = registry.snapshot(&app);
    app.warg(&["lock", "--at", &then])
        .code(2)
        .stderr_contains(&format!(
            "was solved at size {later} of `registry.example/world-1`, and a lock never goes back to {then}"
        ))
        .stderr_contains("`-o FILE` writes");
    app.warg(&["lock", "--at", &then, "-o", "warg.lock"])
        .code(2)
        .stderr_contains("`-o warg.lock` is the lock itself");
    // A component's lock is another than the workspace's.
    for path in ["warg.lock", "src/../warg.lock"] {
        app.warg(&["lock", "--component", "c.wasm", "-o", path])
            .code(2)
            .stderr_contains(&format!("`-o {path}` is the lock itself"))
            .stderr_contains("name another file");
    }
    assert_eq!(registry.snapshot(&app), before);
    assert_eq!(at(&app, &then), was);
    // Forward it goes, and what it selects is preferred, as always.
    app.warg(&["lock", "--at", &now])
        .code(0)
        .stderr_contains("Locked 2 packages");
    let moved = app.read("warg.lock");
    assert!(moved.contains(&format!("size = {now}")) && moved.contains("acme:clock@1.2.0"));
    assert_ne!(moved, newer);
    // Where there is none, it may be of any time.
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock", "--at", &then]).code(0);
    assert_eq!(app.read("warg.lock"), was);
}

#[test]
fn an_output_alone_is_the_lock_that_would_be_written() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let said = app.warg(&["lock", "-o", "-"]).code(0);
    assert!(!app.has("warg.lock"));
    assert_eq!(fresh(&app), said.stdout);
    fs::create_dir(app.path().join("out")).unwrap();
    let document = app.json(&["lock", "-o", "out/other.lock"]);
    assert_eq!(document["output"], "out/other.lock");
    assert_eq!(document["written"], false);
    assert_eq!(
        app.read("out/other.lock"),
        said.stdout,
        "a current one, as it is"
    );
    let document = app.json(&["lock"]);
    assert!(document["output"].is_null());
    app.warg(&["lock", "-o", "/dev/null"]).code(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    app.warg(&["lock", "-o", "nowhere/other.lock"])
        .code(101)
        .stderr_contains("cannot write nowhere/other.lock");
}

#[test]
fn an_output_replaces_what_is_of_its_own_kind_and_nothing_else() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock"]).code(0);
    app.write(
        "app.wasm",
        fixtures::component::from_wit("package a:b;\nworld w {}\n", "w"),
    );
    app.write("src/lib.rs", "//! Mine.\n");
    app.write("empty", "");
    app.warg(&["key", "new", "acme/ci"]).code(0);
    let keys = app.home().join("config/keys").display().to_string();
    let outputs = [
        (&["lock"][..], "a.lock"),
        (&["sbom"], "bill.json"),
        (&["bundle", "app.wasm"], "bundle.wasm"),
    ];
    let all = [
        "Cargo.toml",
        "trust/acme.policy",
        "src/lib.rs",
        "warg.lock",
        "a.lock",
        "bill.json",
        "bundle.wasm",
        &keys,
    ];
    for _ in 0..2 {
        for (command, file) in outputs {
            // The second time it is there.
            app.warg(&[command, &["-o", file]].concat()).code(0);
            app.write("empty", "");
            app.warg(&[command, &["-o", "empty"]].concat()).code(0);
        }
    }
    for (command, file) in outputs {
        for other in all.iter().filter(|other| **other != file) {
            let before = fs::read(app.path().join(other)).unwrap();
            let said = app.warg(&[command, &["-o", other]].concat()).code(2);
            let is_lock = command == ["lock"] && *other == "warg.lock";
            let why = if is_lock {
                "`-o warg.lock` is the lock itself"
            } else {
                "holds something else than what is to be written to it"
            };
            assert!(said.stderr.contains(why), "{other}: {said}");
            assert_eq!(fs::read(app.path().join(other)).unwrap(), before, "{other}");
        }
    }
}

/// Numbers that follow from a seed.
struct Dice(u64, u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 += 1;
        let digest = Digest::of(format!("{} {}", self.0, self.1).as_bytes());
        let roll = u64::from_be_bytes(*digest.as_bytes().first_chunk().unwrap());
        usize::try_from(roll % u64::try_from(sides).unwrap()).unwrap()
    }
}

#[test]
fn every_lock_of_a_growing_registry_is_made_again_at_its_size() {
    for seed in [3, 4] {
        let sandbox = Sandbox::new();
        let mut registry = Registry::new(&sandbox, "acme", seed);
        registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
        registry.component("acme:logger", "1.0.0", &[("acme:clock", "^1.0")], LOGGER);
        let app = app(&sandbox, &registry);
        let mut dice = Dice(seed, 0);
        let mut locks = BTreeMap::new();
        let mut clocks = vec!["1.0.0".to_owned()];
        let mut yanked = BTreeSet::new();
        locks.insert(size(&registry), fresh(&app));
        for step in 1..=10 {
            let version = format!("1.{step}.0");
            let old = clocks[dice.roll(clocks.len())].clone();
            match dice.roll(5) {
                0 if clocks.len() > yanked.len() + 1 && !yanked.contains(&old) => {
                    registry.world.yank("acme:clock", &old, "it is late");
                    yanked.insert(old);
                }
                1 if old != "1.0.0" && !yanked.contains(&old) => {
                    registry.world.withdraw("acme:clock", &old, "unlawful");
                    yanked.insert(old);
                }
                2 => registry.component(
                    "acme:logger",
                    &version,
                    &[(
                        "acme:clock",
                        ["^1.0", "^1.1"][usize::from(clocks.len() > 3)],
                    )],
                    &LOGGER.replace("acme:logger@1.0.0", &format!("acme:logger@{version}")),
                ),
                3 => registry.wit("test:other", &version, &[], "interface other {}\n"),
                _ => {
                    registry.component("acme:clock", &version, &[], &clock(&version));
                    clocks.push(version);
                }
            }
            let said = app.warg(&["lock", "--at", &size(&registry), "-o", "-"]);
            if said.exit_code() == 0 {
                locks.insert(size(&registry), fresh(&app));
            }
        }
        registry.component("acme:clock", "1.99.0", &[], &clock("1.99.0"));
        if !yanked.contains("1.1.0") && clocks.iter().any(|one| one == "1.1.0") {
            everything_changes(&mut registry.world);
        }
        assert!(locks.len() > 5, "seed {seed}: {}", locks.len());
        let newest = fresh(&app);
        for (size, lock) in &locks {
            assert_eq!(at(&app, size), *lock, "seed {seed}, size {size}");
        }
        assert_eq!(app.read("warg.lock"), newest);
    }
}

const LOGGER: &str = "package acme:logger@1.0.0;\ninterface api { log: func(line: string); }\n\
                      world w { import acme:clock/now@1.0.0; export api; }\n\
                      package acme:clock@1.0.0 { interface now { get: func() -> u64; } }\n";

#[test]
fn a_past_is_read_in_as_few_round_trips_and_again_without_the_server() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let then = size(&registry);
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    let server = Server::of_folder(&registry.folder);
    server.hold_until_quiet(Duration::from_millis(300));
    let waves = |app: &Project, arguments: &[&str]| {
        let before = server.waves();
        let said = app.warg(arguments).code(0);
        (server.waves() - before, said.stdout)
    };
    let app = |name: &str| {
        let app = sandbox.cargo_project(name, "");
        app.append_to_manifest(&format!(
            "{}\n[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
            registry.configure_at(&app, &server.url())
        ));
        app.with_home(sandbox.join(format!("home-{name}")))
    };
    let (now, _) = waves(&app("one"), &["lock", "-o", "-"]);
    let other = app("two");
    let (past, lock) = waves(&other, &["lock", "--at", &then, "-o", "-"]);
    assert_eq!(
        past, now,
        "what is needed of then comes with what is needed of now"
    );
    drop(server);
    let said = other
        .warg(&["lock", "--at", &then, "-o", "-", "--offline"])
        .code(0);
    assert_eq!(said.stdout, lock);
    // Another past was never read, and nobody is there to be asked.
    other
        .warg(&["lock", "--at", "4", "-o", "-", "--offline"])
        .code(12)
        .stderr_contains("map/at/4 is missing")
        .stderr_contains("without `--offline`");
}

#[test]
fn each_of_several_registries_has_its_own_past() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let mut other = Registry::new(&sandbox, "wasi", 2);
    other.wit("wasi:io", "0.2.0", &[], story::IO);
    let app = app(&sandbox, &registry);
    app.write("trust/wasi.policy", other.world.policy_text());
    app.append_to_manifest(&format!(
        "wasi = {{ url = \"{}\", policy = \"trust/wasi.policy\" }}\n\
         [workspace.metadata.warg.namespaces]\nwasi = \"wasi\"\n\
         [package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"0.2\"\n",
        other.folder.display()
    ));
    let sizes = [size(&registry), size(&other)];
    let was = fresh(&app);
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    other.wit("wasi:io", "0.2.1", &[], story::IO);
    let half = fresh(&app);
    let [acme, wasi] = [format!("acme={}", sizes[0]), format!("wasi={}", sizes[1])];
    let said = app
        .warg(&["lock", "--at", &acme, "--at", &wasi, "-o", "-"])
        .code(0);
    assert_eq!(said.stdout, was);
    // The one that is not named is as it is now.
    let said = app.warg(&["lock", "--at", &acme, "-o", "-"]).code(0).stdout;
    assert!(said != was && said != half);
    let sizes_of = |lock: &str| {
        let lines = lock.lines().filter(|line| line.starts_with("size = "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mixed = [&sizes_of(&was)[0], &sizes_of(&half)[1]].map(String::clone);
    assert_eq!(sizes_of(&said), mixed);

    app.warg(&["lock", "--at", "4", "-o", "-"])
        .code(2)
        .stderr_contains("`--at 4` does not say of which registry")
        .stderr_contains("write `--at acme=4` or `--at wasi=4`");
    app.warg(&["lock", "--at", "acme=4", "--at", "acme=6", "-o", "-"])
        .code(2)
        .stderr_contains("`--at` asks for registry `acme` at 4 and at 6");
    app.warg(&["lock", "--at", "nobody=4", "-o", "-"])
        .code(2)
        .stderr_contains("there is no registry `nobody`");
}

#[test]
fn what_cannot_be_asked_is_said_before_anything_is_done() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    app.warg(&["lock", "--at", "4", "--locked"])
        .code(2)
        .stderr_contains("with --locked nothing is solved");
    app.warg(&["lock", "--at", "4", "--frozen"]).code(2);
    app.warg(&["lock", "-o", "-", "--message-format", "json"])
        .code(2)
        .stderr_contains("both `-o -` and `--message-format json`");
    app.warg(&["lock", "--at", "5"])
        .code(2)
        .stderr_contains("never had a checkpoint of 5 entries; the nearest ones are of 4 and 6");
    app.warg(&["lock", "--at", "0"])
        .code(2)
        .stderr_contains("never had a checkpoint of 0 entries");
    app.warg(&["lock", "--at", "4000"])
        .code(12)
        .stderr_contains("knows nothing yet of size 4000")
        .stderr_lacks("without `--offline`");
    // There was no logger yet.
    app.warg(&["lock", "--at", "4"])
        .code(11)
        .stderr_contains("acme:logger");
    assert!(!app.has("warg.lock"));
}

#[test]
fn a_span_counts_from_the_time_of_the_past() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let app = app(&sandbox, &registry);
    let day = ["lock", "--exclude-newer", "1d"];
    registry.world.wait(3 * 86_400);
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    let then = size(&registry);
    app.warg(&day).code(0);
    let was = app.read("warg.lock");
    assert!(was.contains("acme:clock@1.1.0"));
    registry.world.wait(3 * 86_400);
    registry.wit("test:other", "2.0.0", &[], "interface other {}\n");
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&day).code(0);
    assert!(app.read("warg.lock").contains("acme:clock@1.2.0"));
    let again = [&day[..], &["--at", &then, "-o", "-"]].concat();
    assert_eq!(app.warg(&again).code(0).stdout, was);
}
